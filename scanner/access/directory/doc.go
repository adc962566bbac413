// Package directory finds out who exists and who is in what: from a file
// server over SAMR and LSARPC (its own accounts and groups) and SRVSVC (the
// share's access rules), from Active Directory over LDAP, and from the account
// data base of this machine. Exported LDIF and CSV files are read by package
// entries.
//
// It only asks; nothing on a server is ever changed. What could not be read is
// left out with a note and makes the directory incomplete. No password ever
// appears in an error.
//
// Start reading at FromServer, LDAP, Cached and Local.
package directory

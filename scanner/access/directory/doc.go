// Package directory finds out who exists and who is in what: from a file
// server over SAMR and LSARPC (its own accounts and groups) and SRVSVC (the
// share's access rules), from Active Directory over LDAP, from an exported
// LDIF or CSV file, and from the account data base of this machine.
//
// It only asks; nothing on a server is ever changed. What could not be read is
// left out with a note and makes the directory incomplete. No password ever
// appears in an error.
//
// Start reading at FromServer, LDAP, Export and Local.
package directory

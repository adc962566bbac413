// Package access works out who can really read a document: it parses the
// access rules that a file server stores (Windows security descriptors, POSIX
// modes and ACLs) and folds them over the living accounts of a directory.
//
// A Resolver answers for one server and share. What could not be read or
// decided widens the interval from People to PeopleMax and clears Complete;
// unknown is never taken for fine.
//
// "Can read" is FILE_READ_DATA on NT and r on Unix, with x on every folder
// between the target and the file. What others than living people may do
// (machines, administrators, disabled accounts) is never counted as people.
//
// The answer is exact for rules on a share with the semantics of Windows, as
// an oracle in the tests shows that opens every file as every account. Known
// differences that tell of too many readers: "valid users" and the like in
// smb.conf cannot be seen from outside; Samba with POSIX ACLs in force beside
// the NT ACL (acl_xattr without "ignore system acls") may let fewer in; Samba
// that hides a share's rules from RPC is taken to have none, with a note; Samba
// may ignore conditions, object rules and former SIDs; on Windows a share's
// rules hold for its administrators and backup operators, too, which Samba
// lets through.
//
// One difference tells of too few: on Samba a Unix group can be mapped to a
// BUILTIN or local group, or be its whole membership, and its members carry
// that group's SID without standing in the list that Samba gives over SAMR.
// Where such a group has rules, compare with an ordinary account (aktvakt access
// --check), or give it its members by "net sam addmem".
//
// The package opens no connection itself: accounts and groups are loaded by
// package access/directory.
package access

import "aktvakt/scanner/finding"

// Kind is the family of access rules.
type Kind uint8

const (
	// None: the source has no access rules that can be read.
	None Kind = iota
	// NT: Raw is a self-relative security descriptor, MS-DTYP 2.4.6,
	// https://learn.microsoft.com/openspecs/windows_protocols/ms-dtyp/7d4dac05-9cef-4563-a058-f108abecce1d
	NT
	// POSIX: Raw is made by POSIXRules.Descriptor.
	POSIX
	// NFS4: Raw is made by NFS4Rules.Descriptor.
	NFS4
)

// Descriptor is the access rules of one entry in the server's own form.
// Equal descriptors have equal audiences on one server, so answers are cached
// by it.
type Descriptor struct {
	Kind Kind
	Raw  string
}

// Audience is who can read an entry.
type Audience struct {
	// Complete tells that every rule and every principal could be resolved.
	Complete bool
	// People is the number of living accounts that surely can read, PeopleMax
	// of those that perhaps can. Administrators and service accounts are left
	// out of both and counted in Administrators.
	People, PeopleMax int
	// NoBound tells that PeopleMax is no true upper bound: the directory is
	// not complete, an unlisted account may get in, and nobody said how many
	// people work here.
	NoBound bool
	// Staff is the number of people who work here: what the operator said, or
	// the living accounts of the directory without those counted apart.
	Staff int
	// Administrators counts the accounts counted apart that can read: members
	// of an administrators' group and those that the operator named.
	Administrators int
	// Wide names the wide groups that let someone in, such as Everyone.
	Wide []string
	// NullDACL tells that the entry has no DACL: everyone has every right.
	NullDACL bool
	// Unresolved are SIDs or ids that no directory could name. Those of
	// accounts that were deleted are among them; they let nobody in.
	Unresolved []string
	// Via are the rules that grant reading, the widest first. InheritedFrom
	// is filled in by Origins, which needs the folders above.
	Via []finding.Via
	// CouldObtain is the number of accounts that cannot read but could grant
	// themselves the right (owner, WRITE_DAC, WRITE_OWNER).
	CouldObtain int
	// Owner is the name of the owning account.
	Owner string
	// Notes say in a sentence each why the answer is incomplete.
	Notes []string
}

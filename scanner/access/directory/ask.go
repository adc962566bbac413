package directory

import (
	"context"

	"aktvakt/scanner/access"
)

// Answers is what a file server told of itself, or why it did not.
type Answers struct {
	// Accounts is the error of listing the server's own accounts and groups,
	// Groups and Users how many it listed.
	Accounts      error
	Users, Groups int
	// ShareRules is the error of reading the share's own access rules. Silent
	// tells that the server sent none, which some do that have rules.
	ShareRules error
	Silent     bool
	// Domain is the short name of the domain that the server is a member of and
	// whose accounts it does not tell itself; empty where there is none.
	Domain    string
	DomainSID access.SID
	Member    error
}

// Ask asks a server for each thing that judging its shares takes, one by one,
// so that an operator can be told which right is missing.
func Ask(ctx context.Context, s Server) Answers {
	ctx, cancel := context.WithTimeout(ctx, serverTimeout)
	defer cancel()
	var a Answers
	sam, err := samDirectory(ctx, s)
	if a.Accounts = err; err == nil {
		a.Users, a.Groups = len(sam.Accounts), len(sam.Groups)
	}
	share, err := shareRules(ctx, s)
	a.ShareRules, a.Silent = err, err == nil && len(share.Raw) == 0
	m, err := primaryDomain(ctx, s)
	a.Member = err
	if m.known && m.sid != "" && !(sam != nil && Holds(sam, m.sid)) {
		a.Domain, a.DomainSID = m.name, m.sid
	}
	return a
}

// Denied tells that a server refused a call to an account that is no
// administrator.
func Denied(err error) bool { return denied(err) }

// Holds tells whether a directory has a domain in full.
func Holds(d *access.Directory, sid access.SID) bool {
	for _, x := range d.Domains {
		if x.SID == sid {
			return x.Complete
		}
	}
	return false
}

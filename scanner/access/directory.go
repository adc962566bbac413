package access

import (
	"slices"
	"strings"
)

// Account is someone who can log on: a person, a service or a machine.
type Account struct {
	SID SID
	// Name is what the audience shows, such as "LAB\u01".
	Name string
	// Disabled and Expired accounts hold their memberships and can open
	// nothing.
	Disabled, Expired bool
	// Machine marks computer accounts. They can read and are not people.
	Machine bool
	// Service marks an account that the directory itself says is no person,
	// such as a managed service account or a system user of Unix.
	Service bool
	// Primary is the primary group; a group's member list leaves out those
	// whose primary group it is.
	Primary SID
	// Groups are further groups that the account itself lists.
	Groups []SID
	// History are former SIDs that its token carries as well (sIDHistory).
	History []SID
}

// Group is a set of accounts and groups.
type Group struct {
	SID     SID
	Name    string
	Members []SID
	// Distribution groups exist for mail and grant nothing.
	Distribution bool
	History      []SID
	// Partial tells that the member list could not be read in full.
	Partial bool
}

// Domain is a name space of accounts: an Active Directory domain, a server's
// own accounts, its BUILTIN groups.
type Domain struct {
	SID  SID
	Name string
	// Complete tells that every account and group of the domain is in the
	// directory, so an id that is not there belongs to nobody.
	Complete bool
	// Trusted tells that accounts of the domain can log on although the
	// directory was read from another. While it is not Complete, the directory
	// is not either.
	Trusted bool
}

// Directory is who exists and who is in what, as far as it could be read. It
// is plain data, made by package access/directory.
type Directory struct {
	// Name says where it comes from, for people.
	Name     string
	Domains  []Domain
	Accounts []Account
	Groups   []Group
	// Complete tells that everyone who can log on is in Accounts.
	Complete bool
	// Notes say in a sentence each what could not be read.
	Notes []string
}

// Merge adds other to d: what both hold is taken from other, and member lists
// are joined, because a server's own view of a group of the domain may hold
// less than the domain's. The whole is complete if both are.
func (d *Directory) Merge(other *Directory) {
	if other == nil {
		return
	}
	d.Complete = d.Complete && other.Complete
	switch {
	case d.Name == "":
		d.Name = other.Name
	case other.Name != "":
		d.Name += " and " + other.Name
	}
	accounts := make(map[SID]int, len(d.Accounts))
	for i, a := range d.Accounts {
		accounts[a.SID] = i
	}
	for _, a := range other.Accounts {
		if i, ok := accounts[a.SID]; ok {
			a.Groups = union(d.Accounts[i].Groups, a.Groups)
			a.History = union(d.Accounts[i].History, a.History)
			d.Accounts[i] = a
		} else {
			d.Accounts = append(d.Accounts, a)
		}
	}
	groups := make(map[SID]int, len(d.Groups))
	for i, g := range d.Groups {
		groups[g.SID] = i
	}
	for _, g := range other.Groups {
		if i, ok := groups[g.SID]; ok {
			g.Members = union(d.Groups[i].Members, g.Members)
			g.History = union(d.Groups[i].History, g.History)
			d.Groups[i] = g
		} else {
			d.Groups = append(d.Groups, g)
		}
	}
	for _, o := range other.Domains {
		if i := slices.IndexFunc(d.Domains, func(x Domain) bool { return x.SID == o.SID }); i >= 0 {
			d.Domains[i].Complete = d.Domains[i].Complete || o.Complete
			d.Domains[i].Trusted = d.Domains[i].Trusted || o.Trusted
		} else {
			d.Domains = append(d.Domains, o)
		}
	}
	for _, n := range other.Notes {
		if !slices.Contains(d.Notes, n) {
			d.Notes = append(d.Notes, n)
		}
	}
}

func union(a, b []SID) []SID {
	if len(a) == 0 {
		return b
	}
	have := make(map[SID]bool, len(a))
	out := slices.Clone(a)
	for _, s := range a {
		have[s] = true
	}
	for _, s := range b {
		if !have[s] {
			have[s] = true
			out = append(out, s)
		}
	}
	return out
}

// shortName is the part of a name after the domain.
func shortName(name string) string {
	return name[strings.LastIndexByte(name, '\\')+1:]
}

// Package entries turns entries of Active Directory, as they come over LDAP, in
// an LDIF file or in a table, into an access.Directory. It reads bytes and never
// asks a server. Start reading at Builder and Export.
package entries

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"aktvakt/scanner/access"
)

// Object is one entry of Active Directory, from LDAP or from a file.
type Object struct {
	DN string
	// Attrs holds the values by lower-case attribute name.
	Attrs map[string][][]byte
	// Partial tells that the member list was not read to its end.
	Partial bool
}

func (o Object) text(name string) string {
	if v := o.Attrs[name]; len(v) > 0 {
		return string(v[0])
	}
	return ""
}

func (o Object) number(name string) int64 {
	v, _ := strconv.ParseInt(o.text(name), 10, 64)
	return v
}

func (o Object) is(class string) bool {
	for _, v := range o.Attrs["objectclass"] {
		if strings.EqualFold(string(v), class) {
			return true
		}
	}
	return false
}

// Builder turns entries into a directory.
type Builder struct {
	// Domain is the short name that accounts go by, "LAB" in "LAB\u01".
	Domain string

	now       time.Time
	dir       *access.Directory
	sidOf     map[string]access.SID // by lower-case DN
	dnOf      map[access.SID]string
	members   map[access.SID][][]byte // DNs
	contacts  map[string]bool
	domainSID access.SID
}

// New makes a builder for the domain of that short name.
func New(domain string) *Builder {
	return &Builder{Domain: domain, now: time.Now(), dir: &access.Directory{}, sidOf: map[string]access.SID{}, dnOf: map[access.SID]string{},
		members: map[access.SID][][]byte{}, contacts: map[string]bool{}}
}

// Bits of userAccountControl, MS-ADTS 2.2.16, and of groupType, 2.2.12.
const (
	uacDisabled   = 0x2
	uacTrust      = 0x800
	groupSecurity = 0x80000000
)

// dnKey makes DNs comparable: Active Directory writes them one way and
// compares them without regard to case.
func dnKey(dn string) string { return strings.ToLower(dn) }

// Add takes an entry; one without a SID counts only as a contact.
func (b *Builder) Add(o Object) {
	if o.is("contact") && len(o.Attrs["objectsid"]) == 0 {
		b.contacts[dnKey(o.DN)] = true
		return
	}
	sid, err := access.SIDFromBytes([]byte(o.text("objectsid")))
	if err != nil {
		return
	}
	b.sidOf[dnKey(o.DN)] = sid
	b.dnOf[sid] = o.DN
	if strings.HasPrefix(sid.String(), "S-1-5-32-") {
		return // BUILTIN belongs to each server
	}
	name := o.text("samaccountname")
	switch {
	case o.is("group"):
		g := access.Group{SID: sid, Name: name, Partial: o.Partial, History: b.history(o),
			Distribution: uint32(o.number("grouptype"))&groupSecurity == 0}
		b.members[sid] = o.Attrs["member"]
		b.dir.Groups = append(b.dir.Groups, g)
	case o.is("user") || o.is("inetOrgPerson"): // computers are users, too
		uac := o.number("useraccountcontrol")
		a := access.Account{SID: sid, Name: name, Disabled: uac&uacDisabled != 0, History: b.history(o),
			Expired: access.FileTimePast(o.number("accountexpires"), b.now),
			Service: o.is("msDS-ManagedServiceAccount") || o.is("msDS-GroupManagedServiceAccount"),
			Machine: o.is("computer") || uac&uacTrust != 0}
		a.Machine = a.Machine && !a.Service
		if p := o.number("primarygroupid"); p > 0 {
			a.Primary = sid.Domain().WithRID(uint32(p))
		}
		b.dir.Accounts = append(b.dir.Accounts, a)
	case o.is("domain") || o.is("domainDNS"):
		b.domainSID = sid
	}
}

func (b *Builder) history(o Object) []access.SID {
	var out []access.SID
	for _, v := range o.Attrs["sidhistory"] {
		if s, err := access.SIDFromBytes(v); err == nil {
			out = append(out, s)
		}
	}
	return out
}

// Directory resolves member DNs and names.
func (b *Builder) Directory() *access.Directory {
	d := b.dir
	if b.domainSID == "" && len(d.Accounts) > 0 {
		b.domainSID = d.Accounts[0].SID.Domain()
	}
	unseen := 0
	for i := range d.Groups {
		g := &d.Groups[i]
		for _, m := range b.members[g.SID] {
			key := dnKey(string(m))
			if s, ok := b.sidOf[key]; ok {
				g.Members = append(g.Members, s)
			} else if !b.contacts[key] && !g.Distribution {
				g.Partial = true
				unseen++
			}
		}
		g.Name = b.qualify(g.Name)
	}
	for i := range d.Accounts {
		d.Accounts[i].Name = b.qualify(d.Accounts[i].Name)
	}
	if unseen > 0 {
		d.Notes = append(d.Notes, fmt.Sprintf("%d members of groups lie outside of what could be read.", unseen))
	}
	if b.domainSID != "" {
		d.Domains = []access.Domain{{SID: b.domainSID, Name: b.Domain, Complete: true}}
	}
	return d
}

func (b *Builder) qualify(name string) string {
	if b.Domain == "" {
		return name
	}
	return b.Domain + `\` + name
}

// DN is the name of the entry with that SID.
func (b *Builder) DN(sid access.SID) (string, bool) {
	dn, ok := b.dnOf[sid]
	return dn, ok
}

// DomainName turns DC=lab,DC=test into lab.test.
func DomainName(dn string) string {
	var out []string
	for _, p := range strings.Split(dn, ",") {
		if k, v, ok := strings.Cut(strings.TrimSpace(p), "="); ok && strings.EqualFold(k, "DC") {
			out = append(out, v)
		}
	}
	return strings.Join(out, ".")
}

package directory

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"aktvakt/scanner/access"
)

// object is one entry of Active Directory, from LDAP or from a file.
type object struct {
	dn string
	// attrs holds the values by lower-case attribute name.
	attrs map[string][][]byte
	// partial tells that the member list was not read to its end.
	partial bool
}

func (o object) text(name string) string {
	if v := o.attrs[name]; len(v) > 0 {
		return string(v[0])
	}
	return ""
}

func (o object) number(name string) int64 {
	v, _ := strconv.ParseInt(o.text(name), 10, 64)
	return v
}

func (o object) is(class string) bool {
	for _, v := range o.attrs["objectclass"] {
		if strings.EqualFold(string(v), class) {
			return true
		}
	}
	return false
}

// builder turns entries into a directory.
type builder struct {
	base, domain string
	now          time.Time
	dir          *access.Directory
	sidOf        map[string]access.SID // by lower-case DN
	dnOf         map[access.SID]string
	members      map[access.SID][][]byte // DNs
	contacts     map[string]bool
	domainSID    access.SID
}

func newBuilder(base string) *builder {
	return &builder{base: base, now: time.Now(), dir: &access.Directory{}, sidOf: map[string]access.SID{}, dnOf: map[access.SID]string{},
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

func (b *builder) add(o object) {
	if o.is("contact") && len(o.attrs["objectsid"]) == 0 {
		b.contacts[dnKey(o.dn)] = true
		return
	}
	sid, err := access.SIDFromBytes([]byte(o.text("objectsid")))
	if err != nil {
		return
	}
	b.sidOf[dnKey(o.dn)] = sid
	b.dnOf[sid] = o.dn
	if strings.HasPrefix(sid.String(), "S-1-5-32-") {
		return // BUILTIN belongs to each server
	}
	name := o.text("samaccountname")
	switch {
	case o.is("group"):
		g := access.Group{SID: sid, Name: name, Partial: o.partial, History: b.history(o),
			Distribution: uint32(o.number("grouptype"))&groupSecurity == 0}
		b.members[sid] = o.attrs["member"]
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

func (b *builder) history(o object) []access.SID {
	var out []access.SID
	for _, v := range o.attrs["sidhistory"] {
		if s, err := access.SIDFromBytes(v); err == nil {
			out = append(out, s)
		}
	}
	return out
}

// directory resolves member DNs and names.
func (b *builder) directory() *access.Directory {
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
		d.Domains = []access.Domain{{SID: b.domainSID, Name: b.domain, Complete: true}}
	}
	return d
}

func (b *builder) qualify(name string) string {
	if b.domain == "" {
		return name
	}
	return b.domain + `\` + name
}

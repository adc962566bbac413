package directory

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"
	"github.com/go-ldap/ldap/v3/gssapi"

	"aktvakt/scanner/access"
	"aktvakt/scanner/access/directory/entries"
	"aktvakt/scanner/access/kerberos"
)

// LDAPServer is a domain controller and the account that reads it; any
// ordinary account of the domain will do.
type LDAPServer struct {
	// URL is ldaps://host[:port], or ldap://host[:port], which is upgraded by
	// StartTLS before anything is said. Plain LDAP is not offered.
	URL string
	// Base is the naming context; empty means the server's own domain.
	Base string
	// User and Password make a simple bind; User is "name@domain" or a DN.
	User, Password string
	// Kerberos logs on with a ticket instead, to the service SPN, "ldap/" and
	// the host of the URL when empty.
	Kerberos *kerberos.Account
	SPN      string
	// TLS may hold the authority that signed the controller's certificate;
	// nil means the system's.
	TLS *tls.Config
	// PageSize is the number of entries in one answer; 0 means 1000, the most
	// that Active Directory gives.
	PageSize uint32

	// firstRange asks for member lists in parts of this length, as a server
	// does by itself for long ones; 0 lets the server choose.
	firstRange int
}

const (
	ldapTimeout    = 60 * time.Second // one answer
	ldapDownload   = 10 * time.Minute // the whole directory
	defaultPage    = 1000
	maxRanges      = 10_000 // of one member list, 1,500 values each
	selfCheckCount = 5
)

// ldapAttributes are all that is downloaded.
var ldapAttributes = []string{"objectSid", "objectClass", "sAMAccountName", "userAccountControl", "primaryGroupID",
	"accountExpires", "groupType", "member", "sIDHistory"}

// LDAP downloads the accounts and groups of an Active Directory domain. Groups
// under BUILTIN are left out: they are those of the domain controllers, and
// each file server has its own.
func LDAP(ctx context.Context, s LDAPServer) (*access.Directory, error) {
	ctx, cancel := context.WithTimeout(ctx, ldapDownload)
	defer cancel()
	c, err := connect(ctx, s)
	if err != nil {
		return nil, fmt.Errorf("directory %s: %w", s.URL, ctxErr(ctx, err))
	}
	defer c.Close()
	stop := context.AfterFunc(ctx, func() { c.Close() })
	defer stop()
	l := &ldapReader{c: c, page: s.PageSize, base: s.Base, attrs: ldapAttributes}
	if s.firstRange > 0 {
		l.attrs = append(slices.Clone(l.attrs), fmt.Sprintf("member;range=0-%d", s.firstRange-1))
		l.attrs = slices.DeleteFunc(l.attrs, func(a string) bool { return a == "member" })
	}
	if l.page == 0 {
		l.page = defaultPage
	}
	d, err := l.download()
	if err != nil {
		return nil, fmt.Errorf("directory %s: %w", s.URL, ctxErr(ctx, err))
	}
	return d, nil
}

// connect opens an encrypted connection and binds.
func connect(ctx context.Context, s LDAPServer) (*ldap.Conn, error) {
	u, err := url.Parse(s.URL)
	if err != nil || u.Hostname() == "" {
		return nil, errors.New("want ldaps://host or ldap://host")
	}
	conf := &tls.Config{}
	if s.TLS != nil {
		conf = s.TLS.Clone()
	}
	if conf.ServerName == "" {
		conf.ServerName = u.Hostname()
	}
	d := &net.Dialer{Timeout: dialTimeout}
	if t, ok := ctx.Deadline(); ok {
		d.Deadline = t
	}
	var c *ldap.Conn
	switch u.Scheme {
	case "ldaps":
		c, err = ldap.DialURL(s.URL, ldap.DialWithDialer(d), ldap.DialWithTLSConfig(conf))
	case "ldap":
		if c, err = ldap.DialURL(s.URL, ldap.DialWithDialer(d)); err == nil {
			c.SetTimeout(ldapTimeout)
			err = c.StartTLS(conf)
		}
	default:
		return nil, fmt.Errorf("unknown scheme %q: want ldaps or ldap", u.Scheme)
	}
	if err != nil {
		if c != nil {
			c.Close()
		}
		return nil, err
	}
	c.SetTimeout(ldapTimeout)
	if err := bind(c, s, u.Hostname()); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func bind(c *ldap.Conn, s LDAPServer, host string) error {
	if s.Kerberos == nil {
		if s.Password == "" { // an empty password would bind as anonymous and succeed
			return errors.New("log on: no password")
		}
		if err := c.Bind(s.User, s.Password); err != nil {
			return fmt.Errorf("log on as %q: %w", s.User, err)
		}
		return nil
	}
	spn, err := kerberos.Service("ldap", host, s.SPN)
	if err != nil {
		return err
	}
	k, err := s.Kerberos.Client()
	if err != nil {
		return err
	}
	// Not to be closed: that would end the account's other connections.
	if err := c.GSSAPIBind(&gssapi.Client{Client: k}, spn, ""); err != nil {
		return fmt.Errorf("log on as %q at %q with Kerberos: %w", s.Kerberos.Name(), spn, err)
	}
	return nil
}

// ldapReader downloads one domain.
type ldapReader struct {
	c      *ldap.Conn
	page   uint32
	base   string
	config string
	attrs  []string
}

func (l *ldapReader) download() (*access.Directory, error) {
	root, err := l.c.Search(&ldap.SearchRequest{Scope: ldap.ScopeBaseObject, Filter: "(objectClass=*)",
		Attributes: []string{"defaultNamingContext", "configurationNamingContext"}})
	if err != nil {
		return nil, fmt.Errorf("read the root: %w", err)
	}
	if len(root.Entries) == 1 {
		l.config = root.Entries[0].GetAttributeValue("configurationNamingContext")
		if l.base == "" {
			l.base = root.Entries[0].GetAttributeValue("defaultNamingContext")
		}
	}
	r, err := l.c.SearchWithPaging(&ldap.SearchRequest{BaseDN: l.base, Scope: ldap.ScopeWholeSubtree,
		Filter: "(|(objectSid=*)(objectClass=contact))", Attributes: l.attrs}, l.page)
	if err != nil {
		return nil, fmt.Errorf("list accounts and groups: %w", err)
	}
	b := entries.New(l.netBIOSName())
	for _, e := range r.Entries {
		o := entries.Object{DN: e.DN, Attrs: map[string][][]byte{}}
		for _, a := range e.Attributes {
			o.Attrs[strings.ToLower(a.Name)] = a.ByteValues
		}
		if err := l.ranges(&o); err != nil {
			o.Partial = true
		}
		b.Add(o)
	}
	d := b.Directory()
	d.Name = "the directory " + entries.DomainName(l.base)
	d.Complete = true
	l.trusts(d)
	l.selfCheck(d, b)
	return d, nil
}

// ranges follows a member list that the server gives in parts
// ("member;range=0-1499"), MS-ADTS 3.1.1.3.1.3.3.
func (l *ldapReader) ranges(o *entries.Object) error {
	const prefix = "member;range="
	part := ""
	for name, v := range o.Attrs {
		if strings.HasPrefix(name, prefix) {
			part = name
			o.Attrs["member"] = append(o.Attrs["member"], v...)
		}
	}
	for range maxRanges {
		if part == "" || strings.HasSuffix(part, "-*") {
			return nil
		}
		_, last, _ := strings.Cut(strings.TrimPrefix(part, prefix), "-")
		n, ok := id(last)
		if !ok {
			return fmt.Errorf("range %q", part)
		}
		r, err := l.c.Search(&ldap.SearchRequest{BaseDN: o.DN, Scope: ldap.ScopeBaseObject, Filter: "(objectClass=*)",
			Attributes: []string{fmt.Sprintf("%s%d-%s", prefix, n+1, l.until(n))}})
		if err != nil {
			return err
		}
		part = ""
		for _, e := range r.Entries {
			for _, a := range e.Attributes {
				if name := strings.ToLower(a.Name); strings.HasPrefix(name, prefix) && len(a.ByteValues) > 0 {
					part = name
					o.Attrs["member"] = append(o.Attrs["member"], a.ByteValues...)
				}
			}
		}
		if part == "" {
			return errNoAnswer
		}
	}
	return errors.New("endless member list")
}

// until is the end of the next part of a member list: all that the server will
// give, or as much as the first part.
func (l *ldapReader) until(n uint32) string {
	for _, a := range l.attrs {
		if first, ok := strings.CutPrefix(a, "member;range=0-"); ok {
			if k, ok := id(first); ok {
				return fmt.Sprint(n + 1 + k)
			}
		}
	}
	return "*"
}

// netBIOSName is the domain's short name, "LAB" in "LAB\u01".
func (l *ldapReader) netBIOSName() string {
	if l.config != "" {
		r, err := l.c.Search(&ldap.SearchRequest{BaseDN: "CN=Partitions," + l.config, Scope: ldap.ScopeSingleLevel,
			Filter: "(&(objectClass=crossRef)(nCName=" + ldap.EscapeFilter(l.base) + "))", Attributes: []string{"nETBIOSName"}})
		if err == nil && len(r.Entries) == 1 {
			if n := r.Entries[0].GetAttributeValue("nETBIOSName"); n != "" {
				return n
			}
		}
	}
	first, _, _ := strings.Cut(entries.DomainName(l.base), ".")
	return strings.ToUpper(first)
}

// trusts notes the domains whose accounts can log on here although they are
// not in this directory, MS-ADTS 6.1.6.7.
func (l *ldapReader) trusts(d *access.Directory) {
	r, err := l.c.Search(&ldap.SearchRequest{BaseDN: "CN=System," + l.base, Scope: ldap.ScopeSingleLevel,
		Filter: "(objectClass=trustedDomain)", Attributes: []string{"trustPartner", "trustDirection", "securityIdentifier"}})
	if err != nil {
		d.Complete = false
		d.Notes = append(d.Notes, "Whether the domain trusts others could not be read.")
		return
	}
	const outbound = 2
	for _, e := range r.Entries {
		if dir, ok := id(e.GetAttributeValue("trustDirection")); ok && dir&outbound == 0 {
			continue
		}
		sid, err := access.SIDFromBytes(e.GetRawAttributeValue("securityIdentifier"))
		if err != nil { // a Kerberos realm
			d.Complete = false
			d.Notes = append(d.Notes, fmt.Sprintf("The domain trusts %s, whose accounts were not read.", e.GetAttributeValue("trustPartner")))
			continue
		}
		d.Domains = append(d.Domains, access.Domain{SID: sid, Name: e.GetAttributeValue("trustPartner"), Trusted: true})
	}
}

// selfCheck compares the groups that the server itself computes for some
// accounts (tokenGroups) with those that follow from the download.
func (l *ldapReader) selfCheck(d *access.Directory, b *entries.Builder) {
	step := max(1, len(d.Accounts)/selfCheckCount)
	checked, agreed := 0, 0
	for i := step / 2; i < len(d.Accounts) && checked < selfCheckCount; i += step {
		a := d.Accounts[i]
		dn, ok := b.DN(a.SID)
		if !ok {
			continue
		}
		r, err := l.c.Search(&ldap.SearchRequest{BaseDN: dn, Scope: ldap.ScopeBaseObject, Filter: "(objectClass=*)", Attributes: []string{"tokenGroups"}})
		if err != nil || len(r.Entries) != 1 || len(r.Entries[0].GetRawAttributeValues("tokenGroups")) == 0 {
			continue
		}
		checked++
		want := map[access.SID]bool{}
		for _, v := range r.Entries[0].GetRawAttributeValues("tokenGroups") {
			if s, err := access.SIDFromBytes(v); err == nil && s.Domain() == a.SID.Domain() {
				want[s] = true
			}
		}
		got := groupsOf(d, a)
		same := len(got) == len(want)
		for s := range want {
			same = same && got[s]
		}
		if same {
			agreed++
		}
	}
	if agreed < checked {
		d.Complete = false
		d.Notes = append(d.Notes, fmt.Sprintf("Self-check: for %d of %d accounts the server computes other groups than the download gives.", checked-agreed, checked))
	}
}

// groupsOf walks up from an account to every security group of its domain.
func groupsOf(d *access.Directory, a access.Account) map[access.SID]bool {
	up := map[access.SID][]access.SID{}
	for _, g := range d.Groups {
		if g.Distribution {
			continue
		}
		for _, m := range g.Members {
			up[m] = append(up[m], g.SID)
		}
	}
	out := map[access.SID]bool{}
	todo := []access.SID{a.SID, a.Primary}
	for len(todo) > 0 {
		s := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if s != a.SID {
			if s == "" || out[s] {
				continue
			}
			out[s] = true
		}
		todo = append(todo, up[s]...)
	}
	for s := range out {
		if s.Domain() != a.SID.Domain() {
			delete(out, s)
		}
	}
	return out
}

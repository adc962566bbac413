package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"aktvakt/scanner/access"
	"aktvakt/scanner/source"
	"aktvakt/scanner/source/web/multistatus"
	"aktvakt/scanner/source/web/session"
)

var errNoRules = errors.New("the portal does not tell the access rules of this entry")

// rules are what a WebDAV server tells of who can read, RFC 3744. They are
// turned into the form of Windows, which can say all that they say: the
// server's principals get SIDs that follow from their addresses.
type rules struct {
	of *folder

	mu         sync.Mutex
	asked, has bool
	sids       map[string]access.SID // by the path of the principal
	taken      map[access.SID]bool
}

// ruled is a source whose server tells rules.
type ruled struct{ s *Source }

var (
	_ source.ACLReader = ruled{}
	_ source.Auditor   = ruled{}
	_ source.Source    = ruled{}
)

// Unwrap implements source.Wrapper: behind the source is one with access rules
// if the server, which was asked by Root, tells them.
func (s *Source) Unwrap() source.Source {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, ok := s.in.(*folder)
	if !ok {
		return nil
	}
	f.rules.mu.Lock()
	defer f.rules.mu.Unlock()
	if !f.rules.has {
		return nil
	}
	return ruled{s}
}

func (r ruled) Name() string                                   { return r.s.Name() }
func (r ruled) Root(ctx context.Context) (source.Entry, error) { return r.s.Root(ctx) }
func (r ruled) Close() error                                   { return r.s.Close() }
func (r ruled) List(ctx context.Context, e source.Entry) iter.Seq2[source.Entry, error] {
	return r.s.List(ctx, e)
}
func (r ruled) Open(ctx context.Context, e source.Entry) (source.File, error) {
	return r.s.Open(ctx, e)
}

// told asks the server once whether it tells rules.
func (r *rules) told(ctx context.Context) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.asked {
		return r.has
	}
	rep, err := r.of.s.own.Do(ctx, session.Request{Method: http.MethodOptions, URL: r.of.s.cfg.URL})
	if err != nil {
		return false
	}
	rep.Body.Close()
	r.asked = true
	for _, v := range rep.Header.Values("DAV") {
		for c := range strings.SplitSeq(v, ",") {
			r.has = r.has || strings.TrimSpace(c) == "access-control"
		}
	}
	return r.has
}

// ACL implements source.ACLReader.
func (r ruled) ACL(ctx context.Context, e source.Entry) (access.Descriptor, error) {
	in, err := r.s.reader(ctx)
	if err != nil {
		return access.Descriptor{}, err
	}
	f, ok := in.(*folder)
	if !ok {
		return access.Descriptor{}, errNoRules
	}
	res, ok := e.Sys.(*multistatus.Resource)
	if !ok || res.ACL == nil {
		got, err := f.ask(ctx, e.Path, "0")
		if err != nil {
			return access.Descriptor{}, pathError("access rules", e.Path, err)
		}
		res = &got
	}
	if res.ACL == nil {
		return access.Descriptor{}, pathError("access rules", e.Path, errNoRules)
	}
	return f.rules.descriptor(res, r.s.Name(), e.Path), nil
}

// principal is the key of a principal's address.
func principal(href string) string {
	p := strings.TrimSuffix(hrefPath(href), "/")
	if u, err := url.PathUnescape(p); err == nil {
		p = u
	}
	return p
}

// sid is the SID that stands for a principal. They are of a domain of their
// own, so that they meet none of a real one.
func (r *rules) sid(href string) access.SID {
	key := principal(href)
	r.mu.Lock()
	defer r.mu.Unlock()
	if s, ok := r.sids[key]; ok {
		return s
	}
	if r.sids == nil {
		r.sids, r.taken = map[string]access.SID{}, map[access.SID]bool{}
	}
	// The SID is the same in every run, for incidents are known by it; the high
	// bit keeps it from the numbers that mean something in every domain.
	domain, rid := domainSID(r.of.s.cfg.URL.Host), uint32(number(key)>>32)
	s := domain.WithRID(rid | 1<<31)
	for r.taken[s] {
		rid++
		s = domain.WithRID(rid | 1<<31)
	}
	r.sids[key], r.taken[s] = s, true
	return s
}

// domainSID is the SID of a server's principals.
func domainSID(host string) access.SID {
	n := number("principals of " + host)
	return access.MustSID(fmt.Sprintf("S-1-5-21-3744-%d-%d", uint32(n>>32), uint32(n)))
}

// descriptor writes rules in the form of Windows. An owner has no rights of his
// own in RFC 3744: OWNER RIGHTS without any takes them away.
func (r *rules) descriptor(res *multistatus.Resource, name, path string) access.Descriptor {
	b := newDescriptor()
	if res.Owner != "" {
		b.sd.Owner = r.sid(res.Owner)
	}
	for _, a := range res.ACL.ACEs {
		if !a.Read && !a.Odd {
			continue
		}
		var who access.SID
		switch a.Principal {
		case multistatus.All:
			// DAV:all holds for sessions without account as well, which Everyone
			// does not on a Windows server.
			if !a.Deny && !a.Invert && a.Read {
				b.add(sidAnonymous, ace{inherited: a.Inherited != ""})
			}
			who = sidEveryone
		case multistatus.Authenticated:
			who = sidAuthenticated
		case multistatus.Unauthenticated:
			who = sidAnonymous
		case multistatus.OwnerOf:
			who = b.sd.Owner
		case multistatus.Self, multistatus.Unknown, "":
			a.Odd, a.Read, who = true, false, sidEveryone
		default:
			who = r.sid(a.Principal)
		}
		if who == "" {
			continue
		}
		if a.Invert { // everyone but: no bound from here
			who, a.Read = sidEveryone, false
		}
		b.add(who, ace{deny: a.Deny, doubtful: !a.Read, inherited: a.Inherited != ""})
	}
	return access.Descriptor{Kind: access.NT, Raw: b.String()}
}

// Bounds of the list of principals.
const mostPrincipals = 500_000

// Resolver implements source.Auditor: it downloads the server's principals and
// who is in its groups.
func (r ruled) Resolver(ctx context.Context, opt access.Options) (*access.Resolver, error) {
	in, err := r.s.reader(ctx)
	if err != nil {
		return nil, err
	}
	f, ok := in.(*folder)
	if !ok {
		return nil, errNoRules
	}
	d, err := f.rules.principals(ctx)
	if err != nil {
		return nil, err
	}
	return access.NewResolver(d, nil, nil, opt), nil
}

const propsPrincipal = `<D:resourcetype/><D:displayname/><D:group-member-set/>`

// principals reads the collections in which the server keeps them.
func (r *rules) principals(ctx context.Context) (*access.Directory, error) {
	s := r.of.s
	rep, err := propfind(ctx, s.own, s.cfg.URL, "0", `<D:principal-collection-set/>`)
	if err != nil {
		return nil, err
	}
	var roots []string
	err = readReply(rep, func(m multistatus.Resource) error { roots = append(roots, m.Collections...); return nil })
	if err != nil {
		return nil, err
	}
	host := s.cfg.URL.Host
	// A principal that is not in the collections may still exist elsewhere, so
	// the domain never counts as known in full.
	d := &access.Directory{Name: "principals of " + host, Complete: true, Domains: []access.Domain{{SID: domainSID(host), Name: host}}}
	walk := principalWalk{r: r, d: d, seen: map[string]bool{}}
	for _, root := range roots {
		walk.collection(ctx, root, 0)
	}
	if len(d.Accounts) == 0 && len(d.Groups) == 0 || walk.partial {
		d.Complete = false
		d.Notes = append(d.Notes, "Not all accounts and groups of the portal could be read.")
	}
	return d, nil
}

// principalWalk reads principals into a directory.
type principalWalk struct {
	r       *rules
	d       *access.Directory
	seen    map[string]bool
	partial bool
}

func (w *principalWalk) collection(ctx context.Context, href string, depth int) {
	key := principal(href)
	if w.seen[key] || depth > 4 {
		return
	}
	w.seen[key] = true
	u, err := w.r.of.s.cfg.URL.Parse(href)
	if err != nil || session.Host(u) != w.r.of.s.cfg.URL.Host {
		w.partial = true
		return
	}
	rep, err := propfind(ctx, w.r.of.s.own, u, "1", propsPrincipal)
	if err != nil {
		w.partial = true
		return
	}
	var below []string
	err = readReply(rep, func(m multistatus.Resource) error {
		switch {
		case len(w.seen) > mostPrincipals:
			return multistatus.ErrBounds
		case principal(m.Href) == key || w.seen[principal(m.Href)]:
		case m.Principal:
			w.add(m)
		case m.Collection:
			below = append(below, m.Href)
		}
		return nil
	})
	w.partial = w.partial || err != nil
	for _, b := range below {
		w.collection(ctx, b, depth+1)
	}
}

// add takes a principal for a group if the server says who is in it or its
// address says that it is one, and for a person otherwise.
func (w *principalWalk) add(m multistatus.Resource) {
	key := principal(m.Href)
	w.seen[key] = true
	sid, name := w.r.sid(m.Href), cmp.Or(m.DisplayName, key[strings.LastIndexByte(key, '/')+1:])
	group := len(m.Members) > 0 || strings.Contains(strings.ToLower(key), "/group")
	if !group {
		w.d.Accounts = append(w.d.Accounts, access.Account{SID: sid, Name: name})
		return
	}
	g := access.Group{SID: sid, Name: name, Partial: !m.Group}
	for _, h := range m.Members {
		g.Members = append(g.Members, w.r.sid(h))
	}
	w.d.Groups = append(w.d.Groups, g)
}

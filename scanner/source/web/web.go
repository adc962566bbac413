// Package web reads portals: WebDAV folders (SharePoint, Nextcloud, Apache,
// IIS) and intranet sites, which it crawls politely within a scope.
//
// It changes nothing: package session lets no method but those that read leave
// the process, links that would do something are not followed, locks are never
// taken. Who can read is told by the server's own rules where it tells them
// (RFC 3744), and else found by looking with other eyes: probe accounts that
// each stand for an audience, and nobody at all.
//
// Start reading at New; dav.go and crawl.go are the two kinds of portal,
// look.go has the other eyes.
package web

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"aktvakt/scanner/source"
	"aktvakt/scanner/source/web/multistatus"
	"aktvakt/scanner/source/web/session"
)

// Kind is how a portal is read.
type Kind string

// Kinds. Auto asks the server whether it speaks WebDAV.
const (
	Auto   Kind = ""
	WebDAV Kind = "webdav"
	Site   Kind = "site"
)

// Probe is an account that stands for an audience.
type Probe struct {
	// Name and People are the audience: "all staff", 1300.
	Name    string
	People  int
	Account session.Account
	// Check is the address of a page that this audience can read and nobody
	// else, to prove that the account still works; the start page when empty.
	Check string
	// SignedIn is a text on that page that only who is logged in sees.
	SignedIn string
}

// Search is a search page of the portal, asked as the probes.
type Search struct {
	// URL has {term} where the term belongs.
	URL   string
	Terms []string
}

// Scope bounds a crawl.
type Scope struct {
	// Hosts beside that of the target, Paths on them; the folder of the target
	// when there are none.
	Hosts, Paths []string
	// Exclude are globs of addresses, "/calendar/**".
	Exclude []string
	// Depth is how many links away from the start; 0 means 20.
	Depth int
	// Pages is how many addresses are fetched; 0 means 100,000.
	Pages int
	// Robots obeys robots.txt.
	Robots bool
}

// Config says what to read and as whom. URL is needed.
type Config struct {
	URL *url.URL
	// Home is the start page of the portal where URL is a document in it: what
	// every account can open that is logged on. URL when nil.
	Home    *url.URL
	Kind    Kind
	Account session.Account
	Probes  []Probe
	// NoAnonymous leaves out the look without log-in.
	NoAnonymous bool
	Scope       Scope
	Search      []Search
	// TLS, Plain and Limiter are those of session.Config.
	TLS     *tls.Config
	Plain   bool
	Limiter *session.Limiter
	Timeout time.Duration
}

// reader is one kind of portal.
type reader interface {
	root(ctx context.Context) (source.Entry, error)
	list(ctx context.Context, dir source.Entry) iter.Seq2[source.Entry, error]
	open(ctx context.Context, e source.Entry) (source.File, error)
	// addresses are where the content of an entry was met.
	addresses(e source.Entry) ([]*url.URL, error)
	// nameOf is the full name of an address.
	nameOf(u *url.URL) string
}

// Source is a portal.
type Source struct {
	cfg    Config
	own    *session.Session
	eyes   []*eye
	closed context.Context
	close  context.CancelFunc

	mu sync.Mutex
	in reader
}

var (
	_ source.Source  = (*Source)(nil)
	_ source.Viewer  = (*Source)(nil)
	_ source.Wrapper = (*Source)(nil)
)

// New returns a portal. It connects when first used.
func New(cfg Config) *Source {
	u := *cfg.URL
	u.User, u.Fragment = nil, ""
	u.Scheme, u.Host = strings.ToLower(u.Scheme), session.Host(&u)
	cfg.URL = &u
	if cfg.Home == nil {
		cfg.Home = cfg.URL
	}
	if cfg.Limiter == nil {
		cfg.Limiter = session.NewLimiter(session.Limits{})
	}
	s := &Source{cfg: cfg}
	s.closed, s.close = context.WithCancel(context.Background())
	sc := session.Config{Hosts: s.hosts(), Plain: cfg.Plain, TLS: cfg.TLS, Limiter: cfg.Limiter, Timeout: cfg.Timeout}
	s.own = session.New(sc, cfg.Account)
	for _, p := range cfg.Probes {
		s.eyes = append(s.eyes, &eye{Session: session.New(sc, p.Account), probe: p})
	}
	if !cfg.NoAnonymous {
		s.eyes = append(s.eyes, &eye{Session: session.New(sc, session.Account{Logon: session.Anonymous}), anonymous: true})
	}
	switch cfg.Kind {
	case WebDAV:
		s.in = newFolder(s)
	case Site:
		s.in = newSite(s)
	}
	return s
}

// hosts are all hosts that may be asked.
func (s *Source) hosts() []string {
	out := []string{session.Host(s.cfg.URL)}
	for _, h := range s.cfg.Scope.Hosts {
		h = session.Host(&url.URL{Scheme: s.cfg.URL.Scheme, Host: h})
		if !slices.Contains(out, h) {
			out = append(out, h)
		}
	}
	return out
}

// Name implements source.Source.
func (s *Source) Name() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch in := s.in.(type) {
	case *site:
		return in.name
	case *folder:
		return in.name
	}
	u := *s.cfg.URL
	u.RawQuery = ""
	return u.Scheme + "://" + u.Host + strings.TrimSuffix(u.Path, "/")
}

// Kind is how the portal is read, Auto as long as nobody asked.
func (s *Source) Kind() Kind {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch s.in.(type) {
	case *site:
		return Site
	case *folder:
		return WebDAV
	}
	return Auto
}

// reader finds out what kind of portal it is.
func (s *Source) reader(ctx context.Context) (reader, error) {
	if s.closed.Err() != nil {
		return nil, fs.ErrClosed
	}
	s.mu.Lock()
	in := s.in
	s.mu.Unlock()
	if in != nil {
		return in, nil
	}
	dav, err := s.speaksDAV(ctx)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.in == nil {
		if dav {
			s.in = newFolder(s)
		} else {
			s.in = newSite(s)
		}
	}
	return s.in, nil
}

// speaksDAV asks for the properties of the start page: only a WebDAV server
// answers that with a multistatus.
func (s *Source) speaksDAV(ctx context.Context) (bool, error) {
	rep, err := propfind(ctx, s.own, s.cfg.URL, "0", propsListing)
	if err != nil {
		return false, fmt.Errorf("%s: %w", s.Name(), err)
	}
	defer rep.Body.Close()
	if rep.Status != 207 {
		return false, nil
	}
	found := false
	err = multistatus.Read(rep.Body, func(multistatus.Resource) error { found = true; return nil })
	return err == nil && found, nil
}

// Root implements source.Source.
func (s *Source) Root(ctx context.Context) (source.Entry, error) {
	in, err := s.reader(ctx)
	if err != nil {
		return source.Entry{}, err
	}
	e, err := in.root(ctx)
	if err != nil {
		return source.Entry{}, fmt.Errorf("%s: %w", s.Name(), err)
	}
	return e, nil
}

// Start is the entry at the address of the source, which Root has found: a
// document, or the start page of a site. A folder has none.
func (s *Source) Start() (source.Entry, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch in := s.in.(type) {
	case *site:
		return source.Entry{Path: in.pathOf(in.start)}, true
	case *folder:
		return source.Entry{}, !in.collection
	}
	return source.Entry{}, false
}

// List implements source.Source.
func (s *Source) List(ctx context.Context, dir source.Entry) iter.Seq2[source.Entry, error] {
	return func(yield func(source.Entry, error) bool) {
		in, err := s.reader(ctx)
		if err == nil && dir.Kind != source.Dir {
			err = errors.New("not a folder")
		}
		if err != nil {
			yield(source.Entry{}, pathError("list", dir.Path, err))
			return
		}
		in.list(ctx, dir)(yield)
	}
}

// Open implements source.Source.
func (s *Source) Open(ctx context.Context, e source.Entry) (source.File, error) {
	in, err := s.reader(ctx)
	switch {
	case err != nil:
	case e.Kind != source.Regular:
		err = errors.New("not a file")
	case e.Offline:
		err = source.ErrOffline
	default:
		var f source.File
		if f, err = in.open(ctx, e); err == nil {
			return f, nil
		}
	}
	return nil, pathError("open", e.Path, err)
}

// Close implements source.Source.
func (s *Source) Close() error {
	s.close()
	err := s.own.Close()
	for _, e := range s.eyes {
		err = errors.Join(err, e.Close())
	}
	return err
}

func pathError(op, path string, err error) error {
	return &fs.PathError{Op: op, Path: cmp.Or(path, "."), Err: err}
}

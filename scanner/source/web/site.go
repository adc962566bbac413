package web

import (
	"bytes"
	"cmp"
	"context"
	"io/fs"
	"iter"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"aktvakt/scanner/source"
	"aktvakt/scanner/source/web/page"
	"aktvakt/scanner/source/web/session"
)

// site is an intranet site: pages that link to each other. It is shown as one
// folder, whose listing is the crawl.
type site struct {
	s     *Source
	name  string
	base  string // percent-encoded path that names begin below, no slash at the end
	paths []string
	start *url.URL

	busy chan struct{} // holds one while somebody crawls
	tree *tree
}

// document is a page or attachment that the crawl met.
type document struct {
	urls []*url.URL // the first names it; the rest are further addresses of the same content
	// body is what the crawl has already fetched, where it is small.
	body []byte
	tag  string
}

const (
	defaultDepth = 20
	defaultPages = 100_000
)

func newSite(s *Source) *site {
	if s.cfg.Scope.Depth <= 0 {
		s.cfg.Scope.Depth = defaultDepth
	}
	if s.cfg.Scope.Pages <= 0 {
		s.cfg.Scope.Pages = defaultPages
	}
	x := &site{s: s, start: s.cfg.URL, busy: make(chan struct{}, 1)}
	if c, ok := page.Canonical(s.cfg.URL); ok {
		x.start = c
	}
	raw := x.start.EscapedPath()
	x.base = raw[:max(strings.LastIndexByte(raw, '/'), 0)]
	for _, p := range s.cfg.Scope.Paths {
		x.paths = append(x.paths, "/"+strings.TrimPrefix(p, "/"))
	}
	if len(x.paths) == 0 {
		x.paths = []string{unescape(x.base) + "/"}
	}
	for _, p := range x.paths {
		if !strings.HasPrefix(p, unescape(x.base)+"/") {
			x.base = ""
		}
	}
	x.name = x.start.Scheme + "://" + x.start.Host + readable(x.base)
	return x
}

func unescape(s string) string {
	if p, err := url.PathUnescape(s); err == nil {
		return p
	}
	return s
}

// within reports whether an address is part of the site.
func (x *site) within(u *url.URL) bool {
	if u.Scheme != x.start.Scheme && u.Scheme != "https" {
		return false
	}
	known := false
	for _, h := range x.s.hosts() {
		known = known || h == session.Host(u)
	}
	if !known || u.User != nil {
		return false
	}
	inside := u.String() == x.start.String()
	for _, p := range x.paths {
		inside = inside || strings.HasPrefix(u.Path, p) || u.Path+"/" == p
	}
	return inside && !x.excluded(u)
}

func (x *site) excluded(u *url.URL) bool {
	full := u.Path
	if u.RawQuery != "" {
		full += "?" + u.RawQuery
	}
	for _, g := range x.s.cfg.Scope.Exclude {
		for _, p := range []string{u.Path, full} {
			if ok, _ := doublestar.Match(g, p); ok {
				return true
			}
		}
	}
	return false
}

// otherHost begins the path of an entry on another host of the scope.
const otherHost = "@"

// pathOf is the path of an entry at an address.
func (x *site) pathOf(u *url.URL) string {
	raw := u.EscapedPath()
	rel, ok := strings.CutPrefix(raw, x.base+"/")
	if !ok {
		rel = strings.TrimPrefix(raw, "/")
	}
	if strings.HasPrefix(rel, otherHost) {
		rel = "%40" + rel[1:]
	}
	rel = readable(rel)
	if u.RawQuery != "" {
		rel += "?" + strings.ReplaceAll(readable(u.RawQuery), "/", "%2F")
	}
	if u.Host != x.start.Host {
		rel = otherHost + u.Host + "/" + rel
	}
	if rel == "" || strings.HasSuffix(rel, "/") {
		return rel + "." // the page of a folder, whose own path is without it
	}
	return rel
}

// urlOf is the address of a path.
func (x *site) urlOf(p string) (*url.URL, error) {
	host, base := x.start.Host, x.base
	if rest, ok := strings.CutPrefix(p, otherHost); ok {
		host, p, _ = strings.Cut(rest, "/")
		base = ""
	}
	if p == "." || strings.HasSuffix(p, "/.") {
		p = p[:len(p)-1]
	}
	raw, query, _ := strings.Cut(p, "?")
	u, err := url.Parse(x.start.Scheme + "://" + host + base + "/" + encoded(raw))
	if err != nil {
		return nil, errPath
	}
	u.RawQuery = encoded(query)
	if c, ok := page.Canonical(u); !ok || !x.within(c) {
		return nil, errPath
	}
	return u, nil
}

func (x *site) nameOf(u *url.URL) string { return source.Join(x.name, x.pathOf(u)) }

func (x *site) addresses(e source.Entry) ([]*url.URL, error) {
	if d, ok := e.Sys.(*document); ok {
		return d.urls, nil
	}
	u, err := x.urlOf(e.Path)
	return []*url.URL{u}, err
}

// root opens the start page: a site that shows none is no site.
func (x *site) root(ctx context.Context) (source.Entry, error) {
	a, err := x.s.ask(ctx, x.s.own, session.Request{URL: x.start})
	if err != nil {
		return source.Entry{}, err
	}
	defer a.Body.Close()
	if err := session.StatusError(a.Reply); err != nil {
		return source.Entry{}, err
	}
	if a.logon && a.redirected {
		return source.Entry{}, session.Refused("the portal shows a log-in page")
	}
	return source.Entry{Kind: source.Dir, ID: number(x.name), Volume: number(x.start.Host)}, nil
}

// list lists a folder of addresses. The first listing crawls the site: what a
// folder holds is known when everything is.
func (x *site) list(ctx context.Context, dir source.Entry) iter.Seq2[source.Entry, error] {
	return func(yield func(source.Entry, error) bool) {
		t, err := x.crawl(ctx)
		if err != nil {
			yield(source.Entry{}, pathError("list", dir.Path, err))
			return
		}
		leaves, ok := t.folders[dir.Path]
		if !ok {
			yield(source.Entry{}, pathError("list", dir.Path, fs.ErrNotExist))
			return
		}
		for _, l := range leaves {
			if ctx.Err() != nil || x.s.closed.Err() != nil {
				yield(source.Entry{}, pathError("list", dir.Path, cmp.Or(context.Cause(ctx), fs.ErrClosed)))
				return
			}
			if !yield(l.e, l.err) {
				return
			}
		}
		if dir.Path == "" && t.fatal != nil {
			yield(source.Entry{}, pathError("list", "", t.fatal))
		}
	}
}

// crawl walks the site, once.
func (x *site) crawl(ctx context.Context) (*tree, error) {
	select { // waiting must end with ctx, which a mutex does not
	case x.busy <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	defer func() { <-x.busy }()
	if x.tree != nil {
		return x.tree, nil
	}
	t, err := newCrawl(x).run(ctx)
	if err == nil {
		x.tree = t
	}
	return t, err
}

// tree is what a crawl met, by folder.
type tree struct {
	folders map[string][]leaf
	// fatal ended the crawl before its end.
	fatal error
}

// leaf is an entry of a listing.
type leaf struct {
	e   source.Entry
	err error
}

// add puts an entry into its folder, and the folders above into theirs.
func (t *tree) add(l leaf) {
	dir := l.e.Path[:max(strings.LastIndexByte(l.e.Path, '/'), 0)]
	t.folder(dir)
	t.folders[dir] = append(t.folders[dir], l)
}

func (t *tree) folder(dir string) {
	if _, ok := t.folders[dir]; ok {
		return
	}
	t.folders[dir] = nil
	if dir == "" {
		return
	}
	up := dir[:max(strings.LastIndexByte(dir, '/'), 0)]
	t.folder(up)
	t.folders[up] = append(t.folders[up], leaf{e: source.Entry{Path: dir, Kind: source.Dir, ID: number("folder " + dir)}})
}

func (x *site) open(ctx context.Context, e source.Entry) (source.File, error) {
	if d, ok := e.Sys.(*document); ok && d.body != nil {
		return &held{bytes.NewReader(d.body), false}, nil
	}
	all, err := x.addresses(e)
	if err != nil {
		return nil, err
	}
	a, err := x.s.ask(ctx, x.s.own, session.Request{Method: http.MethodHead, URL: all[0], Header: http.Header{"Accept-Encoding": {"identity"}}})
	if err != nil {
		return nil, err
	}
	a.Body.Close()
	// Pages have no length until they are made; some programs know no HEAD.
	n, ok := length(a.Header)
	if a.err() != nil || !ok || session.IsHTML(a.Header) {
		n = 0
	}
	return openURL(ctx, x.s, all[0], n)
}

// held is a document in memory.
type held struct {
	*bytes.Reader
	closed bool
}

func (h *held) Close() error {
	h.closed = true
	return nil
}

func (h *held) ReadAt(p []byte, off int64) (int, error) {
	if h.closed {
		return 0, fs.ErrClosed
	}
	return h.Reader.ReadAt(p, off)
}

// libraryOf is the page that a document belongs to, where its own address does
// not say: an address with parameters, or one in a place where the portal puts
// the documents of all its rooms. It is nil where the folder of the address
// says it.
func (x *site) libraryOf(u, from *url.URL) *url.URL {
	if from == nil {
		return nil
	}
	from = page.FirstPage(from)
	dir := path.Dir(from.Path + "x") // of a folder's own page the folder
	below := u.Host == from.Host && (strings.HasPrefix(u.Path, strings.TrimSuffix(dir, "/")+"/") || strings.HasPrefix(u.Path, from.Path+"/"))
	if below && u.RawQuery == "" && from.RawQuery == "" {
		return nil
	}
	return from
}

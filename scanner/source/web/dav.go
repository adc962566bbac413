package web

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strings"

	"aktvakt/scanner/source"
	"aktvakt/scanner/source/web/multistatus"
	"aktvakt/scanner/source/web/session"
)

// Properties to ask for. Asking for all of them makes some servers compute
// check sums.
const (
	propsListing = `<D:resourcetype/><D:getcontentlength/><D:getlastmodified/><D:creationdate/><D:getetag/><D:getcontenttype/><O:fileid xmlns:O="http://owncloud.org/ns"/>`
	propsRules   = propsListing + `<D:acl/><D:owner/>`
)

// mostEntries bounds the listing of one folder, which is held in memory: a
// connection must not wait for the pipeline while the pipeline waits for a
// connection.
const mostEntries = 2_000_000

// sameName is how often a name may be on the way to a folder. A server that
// follows symbolic links shows a folder inside itself, and tells no file ids.
const sameName = 8

// propfind asks for properties.
func propfind(ctx context.Context, s *session.Session, u *url.URL, depth, props string) (*session.Reply, error) {
	r := propfindOf(depth, props)
	r.URL = u
	return s.Do(ctx, r)
}

func propfindOf(depth, props string) session.Request {
	return session.Request{
		Method: "PROPFIND",
		Header: http.Header{"Depth": {depth}, "Content-Type": {`application/xml; charset="utf-8"`}},
		Body:   []byte(xml.Header + `<D:propfind xmlns:D="DAV:"><D:prop>` + props + `</D:prop></D:propfind>`),
	}
}

// folder is a WebDAV collection, or a single resource.
type folder struct {
	s    *Source
	base string // percent-encoded path of the root, without a slash at the end
	name string
	// collection tells that the root was seen to be a folder.
	collection bool
	rules
}

func newFolder(s *Source) *folder {
	f := &folder{s: s, base: strings.TrimSuffix(s.cfg.URL.EscapedPath(), "/")}
	path, err := url.PathUnescape(f.base)
	if err != nil {
		path = f.base
	}
	f.name = s.cfg.URL.Scheme + "://" + s.cfg.URL.Host + path
	f.rules.of = f
	return f
}

// address is where an entry lies; folders with a slash at the end, which saves
// a redirect.
func (f *folder) address(path string, dir bool) (*url.URL, error) {
	segs, err := segmentsOf(path)
	if err != nil {
		return nil, err
	}
	raw := f.base
	for _, s := range segs {
		raw += "/" + s
	}
	if dir || raw == "" {
		raw += "/"
	}
	u := &url.URL{Scheme: f.s.cfg.URL.Scheme, Host: f.s.cfg.URL.Host, RawPath: raw}
	if u.Path, err = url.PathUnescape(raw); err != nil {
		return nil, errPath
	}
	return u, nil
}

func (f *folder) nameOf(u *url.URL) string { return u.Scheme + "://" + u.Host + u.Path }

func (f *folder) addresses(e source.Entry) ([]*url.URL, error) {
	u, err := f.address(e.Path, false)
	return []*url.URL{u}, err
}

// props is what to ask for: rules too where the server tells them.
func (f *folder) props(ctx context.Context) string {
	if f.rules.told(ctx) {
		return propsRules
	}
	return propsListing
}

func (f *folder) root(ctx context.Context) (source.Entry, error) {
	r, err := f.ask(ctx, "", "0")
	if err != nil {
		return source.Entry{}, err
	}
	f.s.mu.Lock()
	f.collection = r.Collection
	f.s.mu.Unlock()
	return f.entry("", r), nil
}

// ask reads the properties of one entry.
func (f *folder) ask(ctx context.Context, path, depth string) (multistatus.Resource, error) {
	var out multistatus.Resource
	u, err := f.address(path, false)
	if err != nil {
		return out, err
	}
	if path == "" {
		u = f.s.cfg.URL
	}
	rep, err := propfind(ctx, f.s.own, u, depth, f.props(ctx))
	if err != nil {
		return out, err
	}
	n := 0
	err = readReply(rep, func(r multistatus.Resource) error {
		if n++; n == 1 {
			out = r
		}
		return nil
	})
	switch {
	case err != nil:
		return out, err
	case n == 0:
		return out, source.ErrVanished
	case out.Status >= 400:
		return out, session.StatusError(&session.Reply{Status: out.Status})
	}
	return out, nil
}

// readReply hands on each resource of an answer, and closes it.
func readReply(rep *session.Reply, fn func(multistatus.Resource) error) error {
	defer rep.Body.Close()
	if rep.Status == http.StatusMultiStatus {
		return multistatus.Read(rep.Body, fn)
	}
	if err := session.StatusError(rep); err != nil {
		return err
	}
	return fmt.Errorf("%w (HTTP %d)", multistatus.ErrNotMultistatus, rep.Status)
}

// entry makes an entry of a resource.
func (f *folder) entry(path string, r multistatus.Resource) source.Entry {
	e := source.Entry{
		Path: path, Size: max(r.Size, 0), Modified: r.Modified, Created: r.Created, Changed: r.Modified,
		Volume: number(f.s.cfg.URL.Host), Tag: r.ETag, Sys: &r,
	}
	if e.ID = r.FileID; e.ID == 0 {
		e.ID = number(path)
	}
	if r.Collection {
		e.Kind, e.Size = source.Dir, 0
	}
	return e
}

func (f *folder) list(ctx context.Context, dir source.Entry) iter.Seq2[source.Entry, error] {
	return func(yield func(source.Entry, error) bool) {
		fail := func(err error) { yield(source.Entry{}, pathError("list", dir.Path, err)) }
		if loops(dir.Path) {
			fail(errors.New("the folder seems to lie inside itself"))
			return
		}
		children, err := f.children(ctx, dir)
		if err != nil {
			fail(err)
			return
		}
		for _, c := range children {
			if ctx.Err() != nil {
				fail(context.Cause(ctx))
				return
			}
			var err error
			if c.Status >= 400 {
				err = session.StatusError(&session.Reply{Status: c.Status})
			}
			if err == nil && !yield(f.entry(c.path, c.Resource), nil) {
				return
			}
			if err != nil && !yield(source.Entry{Path: c.path}, pathError("list", c.path, err)) {
				return
			}
		}
	}
}

func loops(path string) bool {
	count := map[string]int{}
	for name := range strings.SplitSeq(path, "/") {
		if count[name]++; count[name] >= sameName {
			return true
		}
	}
	return false
}

// child is one resource in a folder.
type child struct {
	multistatus.Resource
	path string
}

// children reads a folder. Servers behind a proxy write the addresses of their
// own tree: the folder's own entry, which comes with the others, tells the
// difference.
func (f *folder) children(ctx context.Context, dir source.Entry) ([]child, error) {
	u, err := f.address(dir.Path, true)
	if err != nil {
		return nil, err
	}
	rep, err := propfind(ctx, f.s.own, u, "1", f.props(ctx))
	if err != nil {
		return nil, err
	}
	var all []multistatus.Resource
	err = readReply(rep, func(r multistatus.Resource) error {
		if len(all) > mostEntries {
			return multistatus.ErrBounds
		}
		all = append(all, r)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return f.place(dir.Path, u, all)
}

// place tells the folder itself from what is in it.
func (f *folder) place(dir string, u *url.URL, all []multistatus.Resource) ([]child, error) {
	own := strings.TrimSuffix(u.EscapedPath(), "/")
	at := -1
	for i, r := range all {
		if same(hrefPath(r.Href), own) {
			at = i
			break
		}
	}
	if at < 0 && len(all) > 0 { // a proxy between us
		at, own = 0, strings.TrimSuffix(hrefPath(all[0].Href), "/")
	}
	if at < 0 {
		return nil, source.ErrVanished
	}
	if !all[at].Collection && all[at].Status < 400 {
		return nil, errors.New("not a folder")
	}
	depth := strings.Count(own, "/")
	var out []child
	for i, r := range all {
		if i == at {
			continue
		}
		raw := strings.TrimSuffix(hrefPath(r.Href), "/")
		cut := strings.LastIndexByte(raw, '/')
		if cut < 0 || strings.Count(raw, "/") != depth+1 || !same(raw[:cut], own) {
			return nil, errors.New("the server lists what does not lie in the folder")
		}
		name, err := nameOfSegment(raw[cut+1:])
		if err != nil {
			return nil, errors.New("the server lists a name that is none")
		}
		r.Href = "" // 100 bytes an entry
		out = append(out, child{r, strings.TrimPrefix(dir+"/"+name, "/")})
	}
	return out, nil
}

// hrefPath is the path of an address as it stands.
func hrefPath(href string) string {
	if i := strings.Index(href, "://"); i >= 0 {
		rest := href[i+3:]
		j := strings.IndexByte(rest, '/')
		if j < 0 {
			return "/"
		}
		href = rest[j:]
	}
	href, _, _ = strings.Cut(href, "?")
	return href
}

// same compares paths whatever of them is percent-encoded.
func same(a, b string) bool {
	a, b = strings.TrimSuffix(a, "/"), strings.TrimSuffix(b, "/")
	if a == b {
		return true
	}
	pa, pb := strings.Split(a, "/"), strings.Split(b, "/")
	if len(pa) != len(pb) {
		return false
	}
	for i := range pa {
		x, err1 := url.PathUnescape(pa[i])
		y, err2 := url.PathUnescape(pb[i])
		if err1 != nil || err2 != nil || x != y {
			return false
		}
	}
	return true
}

func (f *folder) open(ctx context.Context, e source.Entry) (source.File, error) {
	u, err := f.address(e.Path, false)
	if err != nil {
		return nil, err
	}
	if e.Path == "" {
		u = f.s.cfg.URL
	}
	return openURL(ctx, f.s, u, e.Size)
}

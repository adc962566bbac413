package web

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"unicode"

	"aktvakt/scanner/source"
	"aktvakt/scanner/source/web/page"
	"aktvakt/scanner/source/web/session"
)

// Bounds of a crawl, beside those of the scope.
const (
	pageLimit = 4 << 20  // of a page, in bytes
	keptLimit = 4 << 20  // of an attachment that is kept for its opening
	keptTotal = 96 << 20 // of all that is kept
	hashLimit = 64 << 20 // beyond it the length stands for the rest
	aliases   = 16       // further addresses of one document that are remembered
	// stale is how many pages in a row that say nothing new are followed: the
	// months of a calendar differ in their numbers alone.
	stale = 4
	// sameShape bounds the pages of one shape, such as the entries of an
	// archive that makes up its texts.
	sameShape = 20_000
)

// item is an address to visit.
type item struct {
	u     *url.URL
	from  *url.URL // the page that links here; nil for a start
	shape string
	depth int
	// stale counts the pages on the way here that said nothing new.
	stale int
}

// crawl is one walk over a site.
type crawl struct {
	x      *site
	cancel context.CancelFunc
	robots *robots

	mu      sync.Mutex
	wake    *sync.Cond
	queue   []item
	working int
	fetched int
	seen    map[string]bool
	shapes  map[string]int
	said    map[[16]byte]bool // pages, without their numbers
	docs    map[[16]byte]*document
	order   []found
	kept    int64
	trapped map[string]fault
	faults  []fault
	fatal   error
}

// found is a document with what its listing tells.
type found struct {
	doc *document
	e   source.Entry
}

// fault is an address that could not be fetched, or one for many that were not
// even tried.
type fault struct {
	u   *url.URL
	err error
}

var (
	errEndless = fmt.Errorf("%w: addresses of this form go on without end from here", source.ErrEndless)
	errDepth   = fmt.Errorf("%w: addresses of this form lie deeper than scope.depth", source.ErrEndless)
)

func newCrawl(x *site) *crawl {
	c := &crawl{x: x, seen: map[string]bool{}, shapes: map[string]int{}, said: map[[16]byte]bool{}, docs: map[[16]byte]*document{}, trapped: map[string]fault{}}
	c.wake = sync.NewCond(&c.mu)
	return c
}

// run walks the site. Its error is the cause for which ctx ended.
func (c *crawl) run(ctx context.Context) (*tree, error) {
	work, cancel := context.WithCancel(ctx)
	defer cancel()
	c.cancel = cancel
	defer context.AfterFunc(work, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.wake.Broadcast()
	})()
	c.begin(work)
	var wg sync.WaitGroup
	for range c.x.s.cfg.Limiter.InFlight() {
		wg.Go(func() {
			for it, ok := c.next(work); ok; it, ok = c.next(work) {
				c.visit(work, it)
				c.done()
			}
		})
	}
	wg.Wait()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return c.harvest(), nil
}

// begin puts the starts into the queue: the site's own first, for the page that
// links to a document says where it belongs.
func (c *crawl) begin(ctx context.Context) {
	if c.x.s.cfg.Scope.Robots {
		c.robots = c.x.s.robots(ctx, c.x.start)
	}
	c.add(item{u: c.x.start})
	for _, u := range c.x.s.sitemap(ctx, c.x.start, c.robots) {
		c.add(item{u: u})
	}
	for _, u := range c.x.s.search(ctx) {
		c.add(item{u: u})
	}
}

// add puts an address into the queue, if it is one to visit.
func (c *crawl) add(it item) {
	u, ok := page.Canonical(it.u)
	if !ok || !c.x.within(u) || page.Asset(u) || c.robots.forbids(u) {
		return
	}
	it.u, it.shape = u, page.Shape(u)
	c.mu.Lock()
	defer c.mu.Unlock()
	key := u.String()
	if c.seen[key] {
		return
	}
	deep := it.depth > c.x.s.cfg.Scope.Depth
	if deep || it.stale > stale || c.shapes[it.shape] >= sameShape {
		if _, told := c.trapped[it.shape]; !told && len(c.trapped) < 1000 {
			what := errEndless
			if deep {
				what = errDepth
			}
			c.trapped[it.shape] = fault{u, what}
		}
		return
	}
	if len(c.seen) >= 4*c.x.s.cfg.Scope.Pages {
		return
	}
	c.seen[key] = true
	c.shapes[it.shape]++
	c.queue = append(c.queue, it)
	c.wake.Signal()
}

// next waits for an address; false means that the crawl is over.
func (c *crawl) next(ctx context.Context) (item, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.queue) == 0 && c.working > 0 && ctx.Err() == nil {
		c.wake.Wait()
	}
	if len(c.queue) == 0 || ctx.Err() != nil {
		return item{}, false
	}
	if c.fetched >= c.x.s.cfg.Scope.Pages {
		if c.fatal == nil {
			c.fatal = fmt.Errorf("the crawl ended after %d addresses; set scope.pages higher, or narrow the scope", c.fetched)
		}
		c.cancel()
		return item{}, false
	}
	it := c.queue[0]
	c.queue = c.queue[1:]
	c.working++
	c.fetched++
	return it, true
}

func (c *crawl) done() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.working--
	if c.working == 0 && len(c.queue) == 0 {
		c.wake.Broadcast()
	}
}

// failed records an address that could not be fetched. Links that lead nowhere
// are no entries.
func (c *crawl) failed(ctx context.Context, u *url.URL, err error) {
	if ctx.Err() != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case errors.Is(err, source.ErrLogon) || errors.Is(err, source.ErrUnreachable):
		if c.fatal == nil {
			c.fatal = err
		}
		c.cancel()
	case errors.Is(err, fs.ErrNotExist):
	default:
		c.faults = append(c.faults, fault{u, err})
	}
}

// visit fetches one address.
func (c *crawl) visit(ctx context.Context, it item) {
	a, err := c.x.s.ask(ctx, c.x.s.own, session.Request{URL: it.u})
	if err != nil {
		c.failed(ctx, it.u, err)
		return
	}
	defer a.Body.Close()
	if a.Elsewhere != nil {
		return // a link that leads out of the site
	}
	if err := a.err(); err != nil {
		c.failed(ctx, it.u, err)
		return
	}
	at, ok := page.Canonical(a.URL)
	if !ok || !c.x.within(at) {
		return
	}
	if a.redirected && !c.arrive(it.u, at) {
		return
	}
	it.u = at
	switch t := strings.ToLower(a.Header.Get("Content-Type")); {
	case session.IsHTML(a.Header):
		err = c.page(it, a)
	case strings.HasPrefix(t, "video/"), strings.HasPrefix(t, "audio/"), strings.HasPrefix(t, "font/"), strings.HasPrefix(t, "text/css"), strings.Contains(t, "javascript"):
	default:
		err = c.attachment(it, a)
	}
	if err != nil {
		c.failed(ctx, it.u, err)
	}
}

// arrive tells whether a redirect leads to an address that nobody visits yet.
func (c *crawl) arrive(from, at *url.URL) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := at.String()
	if key == from.String() {
		return true
	}
	known := c.seen[key]
	c.seen[key] = true
	return !known
}

// page reads a page and queues what it links to.
func (c *crawl) page(it item, a *answer) error {
	b, err := io.ReadAll(io.LimitReader(a.Body, pageLimit))
	if err != nil {
		return err
	}
	p, err := page.Parse(strings.NewReader(string(b)), a.URL)
	if err != nil {
		return err
	}
	isNew := c.say(p)
	if !c.keep(it, a, p.Hash(), b, int64(len(b))) {
		return nil // what another address said already
	}
	next := item{from: it.u, depth: it.depth + 1}
	if !isNew {
		next.stale = it.stale + 1
	}
	if p.NoFollow && c.robots != nil {
		return nil
	}
	for _, l := range p.Links {
		if page.Action(l) {
			continue
		}
		next.u, next.depth = l.URL, it.depth+1
		if isNew && page.Shape(l.URL) == it.shape { // the next page of a list
			next.depth = it.depth
		}
		c.add(next)
	}
	return nil
}

// say tells whether a page says something that no other did, numbers aside.
func (c *crawl) say(p *page.Page) bool {
	words := strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) {
			return -1
		}
		return r
	}, p.Text())
	h := sha256.Sum256([]byte(words))
	c.mu.Lock()
	defer c.mu.Unlock()
	isNew := !c.said[[16]byte(h[:16])]
	c.said[[16]byte(h[:16])] = true
	return isNew
}

func (c *crawl) attachment(it item, a *answer) error {
	h := sha256.New()
	b, err := io.ReadAll(io.TeeReader(io.LimitReader(a.Body, keptLimit+1), h))
	if err != nil {
		return err
	}
	n := int64(len(b))
	if n > keptLimit {
		b = nil
		rest, err := io.Copy(h, io.LimitReader(a.Body, hashLimit-n))
		if err != nil {
			return err
		}
		if n += rest; n >= hashLimit {
			if all, ok := length(a.Header); ok {
				n = all
			}
			fmt.Fprint(h, n, a.Header.Get("ETag"))
		}
	}
	c.keep(it, a, [16]byte(h.Sum(nil)[:16]), b, n)
	return nil
}

// keep records a document. It is false where its content was met already; then
// the address is one more of that document.
func (c *crawl) keep(it item, a *answer, hash [16]byte, body []byte, size int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if d := c.docs[hash]; d != nil {
		if len(d.urls) < aliases {
			d.urls = append(d.urls, it.u)
		}
		return false
	}
	d := &document{urls: []*url.URL{it.u}, tag: a.Header.Get("ETag")}
	if c.kept+int64(len(body)) <= keptTotal {
		c.kept += int64(len(body))
		d.body = body
	}
	c.docs[hash] = d
	e := source.Entry{Path: c.x.pathOf(it.u), Size: size, Tag: d.tag, Sys: d, Volume: number(it.u.Host)}
	if t, err := http.ParseTime(a.Header.Get("Last-Modified")); err == nil {
		e.Modified, e.Changed = t.UTC(), t.UTC()
	}
	if d.tag == "" { // the server tells no versions apart, the content does
		e.Tag = fmt.Sprintf("%x", hash)
	}
	if l := c.x.libraryOf(it.u, it.from); l != nil {
		// The start page stands for the site, which needs no name.
		e.Library = strings.TrimSuffix(strings.TrimSuffix(c.x.pathOf(l), "."), "/")
	}
	e.ID = number(e.Path)
	c.order = append(c.order, found{d, e})
	return true
}

// harvest sorts what the crawl met into folders.
func (c *crawl) harvest() *tree {
	t := &tree{folders: map[string][]leaf{"": nil}, fatal: c.fatal}
	for _, f := range c.order {
		t.add(leaf{e: f.e})
		for _, u := range f.doc.urls[1:] {
			t.add(leaf{e: source.Entry{Path: c.x.pathOf(u), Kind: source.Link}})
		}
	}
	for _, f := range c.faults {
		t.fail(c.x.pathOf(f.u), "open", f.err)
	}
	for _, f := range c.trapped {
		if !c.seen[f.u.String()] { // not reached on another way
			t.fail(c.x.pathOf(f.u), "list", f.err)
		}
	}
	return t
}

func (t *tree) fail(path, op string, err error) {
	t.add(leaf{source.Entry{Path: path}, pathError(op, path, err)})
}

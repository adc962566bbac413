package web

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/xml"
	"io"
	"log/slog"
	"net/url"
	"strings"

	"aktvakt/scanner/source/web/page"
	"aktvakt/scanner/source/web/session"
)

// Bounds of what is read to find starts.
const (
	robotsLimit  = 512 << 10
	sitemapLimit = 50 << 20 // of the protocol, sitemaps.org
	sitemapMost  = 50_000   // likewise
	sitemapFiles = 50
	searchPages  = 5 // of results of one term
)

// agent is what robots.txt calls this program.
const agent = "aktvakt"

// robots is what robots.txt forbids, RFC 9309.
type robots struct {
	rules    []robotRule
	sitemaps []string
}

type robotRule struct {
	path  string
	allow bool
}

// robots reads robots.txt; nil where there is none.
func (s *Source) robots(ctx context.Context, start *url.URL) *robots {
	u, err := start.Parse("/robots.txt")
	if err != nil {
		return nil
	}
	a, err := s.ask(ctx, s.own, session.Request{URL: u})
	if err != nil {
		return nil
	}
	defer a.Body.Close()
	if a.Status != 200 || session.IsHTML(a.Header) {
		return nil
	}
	return parseRobots(io.LimitReader(a.Body, robotsLimit))
}

// parseRobots reads the group of this program, and that of * where it has none.
func parseRobots(r io.Reader) *robots {
	var own, all, sitemaps = []robotRule(nil), []robotRule(nil), []string(nil)
	forUs, forAll, inRules, named := false, false, false, false
	sc := bufio.NewScanner(r)
	for sc.Scan() {
		line, _, _ := strings.Cut(strings.TrimPrefix(sc.Text(), "\ufeff"), "#")
		key, value, ok := strings.Cut(line, ":")
		if !ok {
			continue
		}
		key, value = strings.ToLower(strings.TrimSpace(key)), strings.TrimSpace(value)
		switch key {
		case "user-agent":
			if inRules {
				forUs, forAll, inRules = false, false, false
			}
			forUs = forUs || strings.EqualFold(value, agent)
			forAll = forAll || value == "*"
			named = named || forUs
		case "allow", "disallow":
			inRules = true
			if value == "" {
				continue
			}
			rule := robotRule{value, key == "allow"}
			if forUs {
				own = append(own, rule)
			}
			if forAll {
				all = append(all, rule)
			}
		case "sitemap":
			sitemaps = append(sitemaps, value)
		}
	}
	if !named {
		own = all
	}
	return &robots{own, sitemaps}
}

// forbids applies the longest rule that matches.
func (r *robots) forbids(u *url.URL) bool {
	if r == nil {
		return false
	}
	p := u.EscapedPath()
	if u.RawQuery != "" {
		p += "?" + u.RawQuery
	}
	best, allow := -1, true
	for _, rule := range r.rules {
		if matchRobot(rule.path, p) && (len(rule.path) > best || len(rule.path) == best && rule.allow) {
			best, allow = len(rule.path), rule.allow
		}
	}
	return !allow
}

// matchRobot matches a path with * and $ at the end.
func matchRobot(pattern, p string) bool {
	pattern, end := strings.CutSuffix(pattern, "$")
	parts := strings.Split(pattern, "*")
	if !strings.HasPrefix(p, parts[0]) {
		return false
	}
	p = p[len(parts[0]):]
	for i, x := range parts[1:] {
		if end && i == len(parts)-2 {
			return strings.HasSuffix(p, x)
		}
		at := strings.Index(p, x)
		if at < 0 {
			return false
		}
		p = p[at+len(x):]
	}
	return !end || p == ""
}

// sitemap returns the addresses that the site itself lists.
func (s *Source) sitemap(ctx context.Context, start *url.URL, r *robots) []*url.URL {
	var queue []string
	if r != nil {
		queue = append(queue, r.sitemaps...)
	}
	queue = append(queue, "/sitemap.xml")
	var out []*url.URL
	done := map[string]bool{}
	for len(queue) > 0 && len(done) < sitemapFiles && len(out) < sitemapMost {
		u, err := start.Parse(queue[0])
		queue = queue[1:]
		if err != nil || done[u.String()] || session.Host(u) != session.Host(start) {
			continue
		}
		done[u.String()] = true
		a, err := s.ask(ctx, s.own, session.Request{URL: u})
		if err != nil {
			return out
		}
		if a.Status == 200 && a.Elsewhere == nil && !session.IsHTML(a.Header) {
			pages, more := readSitemap(a.Body)
			for _, p := range pages[:min(len(pages), sitemapMost-len(out))] {
				if u, err := start.Parse(p); err == nil {
					out = append(out, u)
				}
			}
			queue = append(queue, more...)
		}
		a.Body.Close()
	}
	return out
}

// readSitemap reads a sitemap or a list of sitemaps, packed or not.
func readSitemap(r io.Reader) (pages, more []string) {
	b := bufio.NewReader(io.LimitReader(r, sitemapLimit))
	in := io.Reader(b)
	if head, _ := b.Peek(2); string(head) == "\x1f\x8b" {
		z, err := gzip.NewReader(b)
		if err != nil {
			return nil, nil
		}
		in = io.LimitReader(z, sitemapLimit)
	}
	d := xml.NewDecoder(in)
	inside, loc := "", false
	for len(pages)+len(more) < sitemapMost {
		t, err := d.Token()
		if err != nil {
			break
		}
		switch t := t.(type) {
		case xml.StartElement:
			switch t.Name.Local {
			case "url", "sitemap":
				inside = t.Name.Local
			}
			loc = t.Name.Local == "loc"
		case xml.EndElement:
			loc = false
		case xml.CharData:
			v := strings.TrimSpace(string(t))
			if !loc || v == "" {
				continue
			}
			if inside == "sitemap" {
				more = append(more, v)
			} else {
				pages = append(pages, v)
			}
		}
	}
	return pages, more
}

// Terms are what search pages are asked for where the configuration names
// none: what stands in cases and seldom elsewhere.
var Terms = []string{
	"cpr", "cpr-nr", "fortroligt", "underretning", "anbringelse", "børnesag",
	"personnummer", "sekretess", "orosanmälan", "LVU", "utredning",
	"fødselsnummer", "bekymringsmelding", "taushetsplikt",
	"henkilötunnus", "salassa pidettävä", "lastensuojelu",
}

// search asks the search pages as every probe, as anybody could, and returns
// what they link to.
func (s *Source) search(ctx context.Context) []*url.URL {
	var out []*url.URL
	known := map[string]bool{}
	for _, q := range s.cfg.Search {
		terms := q.Terms
		if len(terms) == 0 {
			terms = Terms
		}
		for _, e := range s.eyes {
			for _, term := range terms {
				u, err := s.cfg.URL.Parse(strings.ReplaceAll(q.URL, "{term}", url.QueryEscape(term)))
				if err != nil {
					continue
				}
				if err := s.results(ctx, e, u, func(u *url.URL) {
					if c, ok := page.Canonical(u); ok && !known[c.String()] {
						known[c.String()] = true
						out = append(out, c)
					}
				}); err != nil {
					slog.Warn("a search page of the portal could not be asked", "as", e.name(), "error", err)
					break
				}
			}
		}
	}
	return out
}

// results reads the result pages of one term.
func (s *Source) results(ctx context.Context, e *eye, u *url.URL, found func(*url.URL)) error {
	shape := page.Shape(u)
	queue, done := []*url.URL{u}, map[string]bool{}
	for len(queue) > 0 && len(done) < searchPages {
		u := queue[0]
		queue = queue[1:]
		if done[u.String()] {
			continue
		}
		done[u.String()] = true
		a, err := s.ask(ctx, e.Session, session.Request{URL: u})
		if err != nil {
			return err
		}
		if a.Status != 200 || a.Elsewhere != nil || a.logon || !session.IsHTML(a.Header) {
			a.Body.Close()
			return nil // this audience cannot search
		}
		p, err := page.Parse(io.LimitReader(a.Body, pageLimit), a.URL)
		a.Body.Close()
		if err != nil {
			return err
		}
		for _, l := range p.Links {
			if page.Action(l) {
				continue
			}
			if strings.HasPrefix(page.Shape(l.URL), shape) || l.URL.Path == u.Path {
				queue = append(queue, l.URL)
				continue
			}
			found(l.URL)
		}
	}
	return nil
}

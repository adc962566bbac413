package web_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"aktvakt/scanner/source"
	"aktvakt/scanner/source/web"
	"aktvakt/scanner/source/web/session"
	"aktvakt/scanner/source/web/webtest"
)

var now = time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)

var people = map[string]webtest.User{
	"scanner": {Password: "pw-scanner", Groups: []string{"scan"}},
	"anna":    {Password: "pw-anna"},
	"sofie":   {Password: "pw-sofie", Groups: []string{"social"}},
}

func formAccount(user string) session.Account {
	return session.Account{User: user, Password: people[user].Password}
}

func docs(prefix string, n int) map[string][]byte {
	out := map[string][]byte{}
	for i := range n {
		out[fmt.Sprintf("%s %03d.txt", prefix, i+1)] = fmt.Appendf(nil, "%s nummer %d", prefix, i)
	}
	return out
}

// portal is an intranet with rooms that say no in every way.
func portal(t testing.TB) *webtest.Portal {
	return webtest.NewPortal(t, people,
		&webtest.Room{Path: "/rum/aaben", Title: "Åbent rum", Groups: []string{"*"}, Docs: docs("Vejledning", 120)},
		&webtest.Room{Path: "/rum/forbudt", Title: "Forbudt", Groups: []string{"scan", "social"}, Docs: docs("Sag", 3), Denial: webtest.Forbidden},
		&webtest.Room{Path: "/rum/skjult", Title: "Skjult", Groups: []string{"scan"}, Docs: docs("Skjult", 2), Denial: webtest.NotFound},
		&webtest.Room{Path: "/rum/beklager", Title: "Beklager", Groups: []string{"scan"}, Docs: docs("Beklaget", 2), Denial: webtest.Polite},
		&webtest.Room{Path: "/rum/login", Title: "Log ind igen", Groups: []string{"scan"}, Docs: docs("Lukket", 2), Denial: webtest.ToLogin},
		&webtest.Room{Path: "/rum/flad", Title: "Fladt rum", Groups: []string{"*"}, Docs: docs("Flad", 4), Flat: true},
		&webtest.Room{Path: "/offentlig", Title: "Offentligt", Groups: []string{""}, Docs: docs("Presse", 1)},
	)
}

func site(t testing.TB, p *webtest.Portal, change ...func(*web.Config)) *web.Source {
	c := web.Config{URL: parse(t, p.URL+"/"), Account: formAccount("scanner"), Limiter: fast(),
		Probes: []web.Probe{{Name: "all staff", People: 1300, Account: formAccount("anna")}, {Name: "social services", People: 90, Account: formAccount("sofie")}}}
	for _, f := range change {
		f(&c)
	}
	s := web.New(c)
	t.Cleanup(func() { s.Close() })
	return s
}

func TestCrawl(t *testing.T) {
	leaks := goleak.IgnoreCurrent()
	p := portal(t)
	s := site(t, p)
	all, err := list(t, s)
	if err != nil {
		t.Fatal(err)
	}
	if s.Kind() != web.Site || s.Name() != p.URL {
		t.Errorf("%s is taken for %q", s.Name(), s.Kind())
	}
	count := map[string]int{}
	for path, e := range all {
		if e.Kind != source.Regular || strings.HasPrefix(e.Path, "error") {
			continue
		}
		dir := path[:max(strings.LastIndexByte(path, '/'), 0)]
		count[dir]++
		if e.Tag == "" || e.ID == 0 {
			t.Errorf("%q has no tag or no id", path)
		}
	}
	// The pages of the room lists count in their folders: three of the open room.
	for dir, want := range map[string]int{"rum/aaben": 123, "rum/forbudt": 4, "rum/skjult": 3, "rum/beklager": 3, "rum/login": 3, "offentlig": 2} {
		if count[dir] != want {
			t.Errorf("%q holds %d documents, want %d", dir, count[dir], want)
		}
	}
	if got := readEntry(t, s, all["rum/aaben/Vejledning 007.txt"]); got != "Vejledning nummer 6" {
		t.Errorf("content %q", got)
	}
	// a later run, from a record
	if got := readEntry(t, s, source.Entry{Path: "rum/aaben/Vejledning 007.txt", Size: 19}); got != "Vejledning nummer 6" {
		t.Errorf("content %q", got)
	}
	for path := range all {
		if strings.Contains(path, "logud") || strings.Contains(path, "slet") || strings.Contains(path, "jsessionid") || strings.Contains(path, "utm_") || strings.Contains(path, "example.org") {
			t.Errorf("%q is among the entries", path)
		}
	}
	if a := p.Acts(); len(a) > 0 {
		t.Errorf("the crawl changed something: %q", a)
	}
	if n := p.Hits("/kalender") + p.Hits("/vandring"); n > 60 {
		t.Errorf("%d requests into pages without end", n)
	}
	if n := p.Logins(); n != 1 {
		t.Errorf("%d log-ins", n)
	}
	for m, n := range p.Methods() {
		if !slices.Contains([]string{"GET", "HEAD", "OPTIONS", "PROPFIND", "REPORT"}, m) && !(m == "POST" && n == 1) {
			t.Errorf("%d requests %s", n, m)
		}
	}
	t.Log(p.Methods(), p.Hits("/kalender"), p.Hits("/vandring"))
	s.Close()
	p.Stop()
	goleak.VerifyNone(t, leaks)
}

func readEntry(t testing.TB, s source.Source, e source.Entry) string {
	t.Helper()
	f, err := s.Open(t.Context(), e)
	if err != nil {
		t.Fatalf("open %q: %v", e.Path, err)
	}
	defer f.Close()
	b := make([]byte, f.Size())
	if _, err := f.ReadAt(b, 0); err != nil && len(b) > 0 && err.Error() != "EOF" {
		t.Fatal(err)
	}
	return string(b)
}

// TestSights: what each view is shown of a document, by every way to say no.
func TestSights(t *testing.T) {
	p := portal(t)
	s := site(t, p)
	all, err := list(t, s)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string][]source.Seen{ // own, anna, sofie, anonymous
		"rum/aaben/Vejledning 001.txt":  {source.Shown, source.Shown, source.Shown, source.LogonPage},
		"rum/forbudt/Sag 001.txt":       {source.Shown, source.Refused, source.Shown, source.LogonPage},
		"rum/skjult/Skjult 001.txt":     {source.Shown, source.Missing, source.Missing, source.LogonPage},
		"rum/beklager/Beklaget 001.txt": {source.Shown, source.Refused, source.Refused, source.LogonPage},
		"rum/login/Lukket 001.txt":      {source.Shown, source.LogonPage, source.LogonPage, source.LogonPage},
		"offentlig/Presse 001.txt":      {source.Shown, source.Shown, source.Shown, source.Shown},
	} {
		var got []source.Seen
		for v := source.Own; v < 3; v++ {
			for x := range s.Look(t.Context(), all[path], v) {
				got = append(got, x.Seen)
				if want := p.URL + "/" + path; x.Address != want {
					t.Errorf("address %q, want %q", x.Address, want)
				}
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s:\n%s", path, d)
		}
	}
	if a := p.Acts(); len(a) > 0 {
		t.Errorf("looking changed something: %q", a)
	}
}

// TestSameDocument: a document under several addresses is one, and seen from
// each of them.
func TestSameDocument(t *testing.T) {
	same := map[string][]byte{"Referat.txt": []byte("det samme referat")}
	p := webtest.NewPortal(t, people,
		&webtest.Room{Path: "/rum/a", Title: "A", Groups: []string{"scan"}, Docs: same},
		&webtest.Room{Path: "/rum/b", Title: "B", Groups: []string{"*"}, Docs: same})
	s := site(t, p)
	all, err := list(t, s)
	if err != nil {
		t.Fatal(err)
	}
	var regular, links []string
	for path, e := range all {
		if strings.HasSuffix(path, "Referat.txt") {
			if e.Kind == source.Link {
				links = append(links, path)
			} else {
				regular = append(regular, path)
			}
		}
	}
	if len(regular) != 1 || len(links) != 1 {
		t.Fatalf("documents %q, further addresses %q", regular, links)
	}
	var seen []source.Seen
	for x := range s.Look(t.Context(), all[regular[0]], 0) {
		seen = append(seen, x.Seen)
	}
	slices.Sort(seen)
	if d := cmp.Diff([]source.Seen{source.Shown, source.Refused}, seen); d != "" {
		t.Error(d)
	}
}

// TestLibrary: documents whose addresses have no folder belong to the page that
// links to them.
func TestLibrary(t *testing.T) {
	p := portal(t)
	s := site(t, p)
	all, err := list(t, s)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for path, e := range all {
		if strings.HasPrefix(path, "hent?dok=") && e.Kind == source.Regular {
			n++
			if e.Library != "rum/flad" {
				t.Errorf("%q belongs to %q", path, e.Library)
			}
		} else if e.Library != "" && !strings.Contains(path, "?") {
			t.Errorf("%q belongs to %q", path, e.Library)
		}
	}
	if n != 4 {
		t.Errorf("%d documents without a folder", n)
	}
}

// TestSearch: what a probe finds by the search joins the crawl, though no page
// links to it.
func TestSearch(t *testing.T) {
	p := portal(t)
	s := site(t, p, func(c *web.Config) {
		c.Scope.Depth = 1 // too near to reach a document
		c.Search = []web.Search{{URL: "/soeg?q={term}", Terms: []string{"sag"}}}
	})
	all, err := list(t, s)
	if err != nil {
		t.Fatal(err)
	}
	got := []string{}
	for _, path := range slices.Sorted(maps.Keys(all)) {
		if strings.HasSuffix(path, ".txt") && all[path].Kind == source.Regular && !strings.HasPrefix(all[path].Path, "error") {
			got = append(got, path)
		}
	}
	// sofie may read them, so the search shows them to her
	if d := cmp.Diff([]string{"rum/forbudt/Sag 001.txt", "rum/forbudt/Sag 002.txt", "rum/forbudt/Sag 003.txt"}, got); d != "" {
		t.Error(d)
	}
	// anna and sofie before and after their log-in, and nobody
	if n := p.Hits("/soeg"); n < 3 || n > 7 {
		t.Errorf("%d searches", p.Hits("/soeg"))
	}
}

// TestSessionEnds: the portal forgets its sessions in the middle of the night.
func TestSessionEnds(t *testing.T) {
	p := portal(t)
	s := site(t, p)
	all, err := list(t, s)
	if err != nil {
		t.Fatal(err)
	}
	p.EndSessions()
	for _, v := range []int{source.Own, 1} {
		for x := range s.Look(t.Context(), all["rum/forbudt/Sag 001.txt"], v) {
			if x.Seen != source.Shown {
				t.Errorf("view %d: %v: %s", v, x.Seen, x.Why)
			}
		}
	}
}

// TestFormRefused: a wrong password is sent once.
func TestFormRefused(t *testing.T) {
	p := portal(t)
	s := site(t, p, func(c *web.Config) { c.Account = session.Account{User: "scanner", Password: "forkert-kode"} })
	for range 3 {
		if _, err := s.Root(t.Context()); err == nil || strings.Contains(err.Error(), "forkert") {
			t.Errorf("error %v", err)
		}
	}
	if p.Logins() != 1 {
		t.Errorf("%d log-ins", p.Logins())
	}
}

// TestCookieFile: a session that somebody opened in a browser.
func TestCookieFile(t *testing.T) {
	p := portal(t)
	c := p.Cookie("anna")
	u := parse(t, p.URL)
	file := fmt.Sprintf("# Netscape HTTP Cookie File\n#HttpOnly_%s\tFALSE\t/\tFALSE\t0\t%s\t%s\n", u.Hostname(), c.Name, c.Value)
	cookies, err := session.ParseCookies([]byte(file), now)
	if err != nil {
		t.Fatal(err)
	}
	s := site(t, p, func(c *web.Config) { c.Account = session.Account{Logon: session.Cookies, Cookies: cookies} })
	all, err := list(t, s)
	if err != nil {
		t.Fatal(err)
	}
	if got := readEntry(t, s, all["rum/aaben/Vejledning 001.txt"]); got != "Vejledning nummer 0" {
		t.Errorf("content %q", got)
	}
	if p.Logins() != 0 {
		t.Errorf("%d log-ins", p.Logins())
	}
	if e, ok := all["rum/forbudt/."]; !ok || !strings.Contains(e.Path, "permission denied") {
		t.Errorf("a refused room is told as %+v", e)
	}
}

// TestLimitOfPages: a crawl that is cut short says so.
func TestLimitOfPages(t *testing.T) {
	p := portal(t)
	s := site(t, p, func(c *web.Config) { c.Scope.Pages = 10 })
	all, err := list(t, s)
	if err != nil {
		t.Fatal(err)
	}
	if e := all[""]; !strings.Contains(e.Path, "the crawl ended after 10 addresses") {
		t.Errorf("the end of the listing is %+v", e)
	}
	if n := p.Hits("/"); n > 20 {
		t.Errorf("%d requests", n)
	}
}

// TestOneAtATime: with one request at once, whatever needs a second one while
// it deals with the first would wait for ever.
func TestOneAtATime(t *testing.T) {
	p := portal(t)
	s := site(t, p, func(c *web.Config) {
		c.Limiter = session.NewLimiter(session.Limits{InFlight: 1, RequestsPerSecond: 1e6})
		c.Search = []web.Search{{URL: "/soeg?q={term}", Terms: []string{"sag"}}}
	})
	all, err := list(t, s)
	if err != nil {
		t.Fatal(err)
	}
	p.EndSessions()
	for _, path := range []string{"rum/login/Lukket 001.txt", "rum/forbudt/Sag 001.txt", "rum/aaben/Vejledning 001.txt", "rum/beklager/Beklaget 001.txt"} {
		for v := source.Own; v < 3; v++ {
			for x := range s.Look(t.Context(), all[path], v) {
				if x.Seen == source.Unclear {
					t.Errorf("%s as %d: %s", path, v, x.Why)
				}
			}
		}
		e := all[path]
		e.Sys = nil
		readEntry(t, s, e)
	}
}

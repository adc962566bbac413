package web

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"aktvakt/scanner/source/web/multistatus"
)

func TestNames(t *testing.T) {
	for raw, want := range map[string]string{
		"a%20b.docx": "a b.docx", "%C3%A5": "å", "%2f": "\uFFFD2f", "%FF": "\uFFFDff", "%EF%BF%BD": "\uFFFDef\uFFFDbf\uFFFDbd", "%2E%2E": "\uFFFD2e\uFFFD2e", "a+b": "a+b", "100%25": "100%",
	} {
		got, err := nameOfSegment(raw)
		if err != nil || got != want {
			t.Errorf("%s: %q, %v", raw, got, err)
		}
		segs, err := segmentsOf("x/" + got)
		if err != nil || len(segs) != 2 {
			t.Fatalf("%s: %v", raw, err)
		}
		a, _ := url.PathUnescape(segs[1])
		if b, _ := url.PathUnescape(raw); a != b {
			t.Errorf("%s goes back to %s", raw, segs[1])
		}
	}
	for _, p := range []string{"a//b", "../x", "a/..", ".", "a\x00", "\uFFFD", "\uFFFDzz", "\uFFFD00"} {
		if _, err := segmentsOf(p); err == nil {
			t.Errorf("%q is a path", p)
		}
	}
}

func FuzzNames(f *testing.F) {
	f.Add("a%20b%2f%FF")
	f.Fuzz(func(t *testing.T, raw string) {
		name, err := nameOfSegment(raw)
		if err == nil {
			if !utf8.ValidString(name) || strings.Contains(name, "/") {
				t.Fatalf("%q", name)
			}
			segs, err := segmentsOf(name)
			if err != nil || len(segs) != 1 {
				t.Fatalf("%q does not go back: %v", name, err)
			}
			a, _ := url.PathUnescape(segs[0])
			if b, _ := url.PathUnescape(raw); a != b {
				t.Fatalf("%q goes back to %q", raw, segs[0])
			}
		}
		for i := range len(raw) { // an escaped address is ASCII
			if raw[i] >= 0x80 || raw[i] <= ' ' || raw[i] == 0x7f {
				return
			}
		}
		r := readable(raw)
		if again := readable(encoded(r)); again != r {
			t.Fatalf("%q: %q, then %q", raw, r, again)
		}
	})
}

func TestPathsOfASite(t *testing.T) {
	u, _ := url.Parse("https://intra.example/rum/start.aspx")
	x := newSite(New(Config{URL: u, Scope: Scope{Hosts: []string{"files.example"}, Paths: []string{"/rum/", "/"}}}))
	if x.name != "https://intra.example" {
		t.Errorf("name %q", x.name)
	}
	for raw, want := range map[string]string{
		"https://intra.example/":                            ".",
		"https://intra.example/rum/%C3%A5ben/":              "rum/åben/.",
		"https://intra.example/rum/a%20b.docx?id=7&x=a/b":   "rum/a b.docx?id=7&x=a%2Fb",
		"https://intra.example/a%2Fb":                       "a%2Fb",
		"https://files.example/d/x.pdf":                     "@files.example/d/x.pdf",
		"https://intra.example/@home":                       "%40home",
		"https://intra.example/vis?q=%C3%A6%26&x=1%20+2%3F": "vis?q=æ%26&x=1 +2%3F",
	} {
		u, err := url.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		got := x.pathOf(u)
		if got != want {
			t.Errorf("%s: %q, want %q", raw, got, want)
		}
		back, err := x.urlOf(got)
		if err != nil {
			t.Errorf("%q: %v", got, err)
			continue
		}
		a, _ := url.QueryUnescape(back.String())
		if b, _ := url.QueryUnescape(raw); a != b {
			t.Errorf("%q goes back to %s", got, back)
		}
	}
	for _, p := range []string{"@evil.example/x", "../x", "@files.example:99/x"} {
		if u, err := x.urlOf(p); err == nil && u.Host != "intra.example" {
			t.Errorf("%q leads to %s", p, u)
		}
	}
}

// TestPlace: the folder itself is told from what is in it, behind a proxy too.
func TestPlace(t *testing.T) {
	u, _ := url.Parse("https://h/dav/a%20b/")
	f := newFolder(New(Config{URL: u}))
	dir := func(h string) multistatus.Resource { return multistatus.Resource{Href: h, Collection: true} }
	file := func(h string) multistatus.Resource { return multistatus.Resource{Href: h} }
	for _, c := range []struct {
		name string
		all  []multistatus.Resource
		want string
	}{
		{"plain", []multistatus.Resource{dir("/dav/a%20b/"), file("/dav/a%20b/x.txt"), dir("/dav/a%20b/sub/")}, "d/x.txt d/sub"},
		{"last", []multistatus.Resource{file("/dav/a%20b/x.txt"), dir("/dav/a%20b")}, "d/x.txt"},
		{"absolute", []multistatus.Resource{dir("http://inside:8080/dav/a%20b/"), file("http://inside:8080/dav/a%20b/x.txt")}, "d/x.txt"},
		{"other escapes", []multistatus.Resource{dir("/dav/a b/"), file("/dav/%61%20b/x.txt")}, "d/x.txt"},
		{"proxy", []multistatus.Resource{dir("/internal/store/"), file("/internal/store/x.txt")}, "d/x.txt"},
		{"elsewhere", []multistatus.Resource{dir("/dav/a%20b/"), file("/dav/other/x.txt")}, "error"},
		{"above", []multistatus.Resource{dir("/dav/a%20b/"), file("/dav/a%20b/../../etc")}, "error"},
		{"dots", []multistatus.Resource{dir("/dav/a%20b/"), dir("/dav/a%20b/..")}, "d/\uFFFD2e\uFFFD2e"},
		{"no name", []multistatus.Resource{dir("/dav/a%20b/"), dir("/dav/a%20b//")}, "error"},
		{"a file", []multistatus.Resource{file("/dav/a%20b")}, "error"},
		{"nothing", nil, "error"},
	} {
		got, err := f.place("d", u, c.all)
		var paths []string
		for _, k := range got {
			paths = append(paths, k.path)
		}
		s := strings.Join(paths, " ")
		if err != nil {
			s = "error"
		}
		if s != c.want {
			t.Errorf("%s: %q, want %q (%v)", c.name, s, c.want, err)
		}
	}
	if !loops("a/x/a/x/a/x/a/x/a/x/a/x/a/x/a/x") || loops("2024/1/2024/2/2024") {
		t.Error("loops")
	}
}

func TestContentRange(t *testing.T) {
	for in, want := range map[string][2]int64{"bytes 0-99/1234": {0, 1234}, "bytes 5-9/*": {5, -1}} {
		start, total, ok := contentRange(in)
		if !ok || start != want[0] || total != want[1] {
			t.Errorf("%q: %d, %d, %v", in, start, total, ok)
		}
	}
	for _, in := range []string{"", "bytes", "bytes 0-1", "bytes x-1/2", "bytes -1-2/3", "items 0-1/2", "bytes 0-1/x"} {
		if _, _, ok := contentRange(in); ok {
			t.Errorf("%q is understood", in)
		}
	}
}

// TestOpenFaults: servers without HEAD, without lengths, that lie about either.
func TestOpenFaults(t *testing.T) {
	big := bytes.Repeat([]byte("0123456789abcdef"), fetchWhole>>3) // 8 MiB
	mux := http.NewServeMux()
	mux.HandleFunc("/nohead", func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(big))
	})
	stream := func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush() // chunked: no length
		if r.Method != http.MethodHead {
			w.Write(big)
		}
	}
	mux.HandleFunc("/nolength", stream)
	mux.HandleFunc("/other", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Range", "bytes 7-9/8388608")
		w.Header().Set("Content-Length", "8388608")
		if r.Header.Get("Range") != "" {
			w.WriteHeader(http.StatusPartialContent)
		}
	})
	version := 0
	mux.HandleFunc("/changes", func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			version++
		}
		w.Header().Set("ETag", fmt.Sprintf("%q", fmt.Sprint(version)))
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(big))
	})
	srv := httptest.NewServer(mux)
	defer srv.Close()
	for _, c := range []struct {
		path       string
		listed     int64
		open, read error
	}{
		{"nohead", int64(len(big)), nil, nil}, {"nohead", 0, nil, nil}, {"nolength", 0, errNoLength, nil}, {"nolength", int64(len(big)), nil, nil},
		{"other", int64(len(big)), nil, errOther}, {"changes", int64(len(big)), nil, errChanged},
	} {
		u, _ := url.Parse(srv.URL + "/" + c.path)
		s := New(Config{URL: u, Kind: WebDAV})
		f, err := openURL(t.Context(), s, u, c.listed)
		if !errors.Is(err, c.open) {
			t.Errorf("%s: open: %v, want %v", c.path, err, c.open)
		}
		if err == nil {
			b := make([]byte, 100)
			_, err := f.ReadAt(b, 5<<20)
			if err == nil {
				_, err = f.ReadAt(b, 1<<20)
			}
			if !errors.Is(err, c.read) || err == nil && !bytes.Equal(b, big[1<<20:][:100]) {
				t.Errorf("%s: read: %v, want %v", c.path, err, c.read)
			}
			f.Close()
		}
		s.Close()
	}
}

func TestRobots(t *testing.T) {
	r := parseRobots(strings.NewReader("\ufeffUser-agent: *\nDisallow: /\n\nUser-agent: other\nUser-agent: AktVakt # us\nDisallow: /hemmeligt\nAllow: /hemmeligt/aabent$\nDisallow: /*.php?\nDisallow:\nSitemap: https://h/s.xml\n"))
	for p, want := range map[string]bool{"/": false, "/hemmeligt/x": true, "/hemmeligt/aabent": false, "/hemmeligt/aabent2": true, "/a/b.php?x=1": true, "/a/b.php": false} {
		u, _ := url.Parse("https://h" + p)
		if got := r.forbids(u); got != want {
			t.Errorf("%s: %v", p, got)
		}
	}
	if d := cmp.Diff([]string{"https://h/s.xml"}, r.sitemaps); d != "" {
		t.Error(d)
	}
	all := parseRobots(strings.NewReader("User-agent: *\nDisallow: /x"))
	u, _ := url.Parse("https://h/x/y")
	if !all.forbids(u) || (*robots)(nil).forbids(u) {
		t.Error("rules for all")
	}
}

const sitemap = `<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc> https://h/a?x=1&amp;y=2 </loc><lastmod>2026</lastmod></url><url><loc>https://h/b</loc></url></urlset>`

func TestSitemap(t *testing.T) {
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	w.Write([]byte(sitemap))
	w.Close()
	for name, in := range map[string]string{"plain": sitemap, "packed": z.String(), "cut": sitemap[:len(sitemap)-20]} {
		pages, more := readSitemap(strings.NewReader(in))
		if d := cmp.Diff([]string{"https://h/a?x=1&y=2", "https://h/b"}, pages); d != "" || len(more) > 0 {
			t.Errorf("%s: %s %q", name, d, more)
		}
	}
	pages, more := readSitemap(strings.NewReader(`<sitemapindex><sitemap><loc>/s1.xml.gz</loc></sitemap></sitemapindex>`))
	if len(pages) != 0 || len(more) != 1 || more[0] != "/s1.xml.gz" {
		t.Errorf("%q, %q", pages, more)
	}
}

func FuzzSeeds(f *testing.F) {
	f.Add([]byte(sitemap), "/a/b?c")
	f.Add([]byte("User-agent: *\nDisallow: /a*b$"), "/ab")
	f.Fuzz(func(t *testing.T, b []byte, p string) {
		pages, more := readSitemap(bytes.NewReader(b))
		if len(pages)+len(more) > sitemapMost {
			t.Errorf("%d addresses", len(pages)+len(more))
		}
		r := parseRobots(bytes.NewReader(b))
		if u, err := url.Parse(p); err == nil {
			r.forbids(u)
		}
	})
}

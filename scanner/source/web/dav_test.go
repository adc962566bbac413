package web_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"aktvakt/scanner/source"
	"aktvakt/scanner/source/sourcetest"
	"aktvakt/scanner/source/web"
	"aktvakt/scanner/source/web/session"
	"aktvakt/scanner/source/web/webtest"
)

// fast is a limiter that waits for nothing.
func fast() *session.Limiter {
	return session.NewLimiter(session.Limits{InFlight: 8, RequestsPerSecond: 1e6})
}

func parse(t testing.TB, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// place is a folder that a real Apache serves over WebDAV.
type place struct {
	a      *webtest.Apache
	folder string
}

func (p *place) path(path string) string {
	return filepath.Join(p.a.Root, p.folder, filepath.FromSlash(path))
}

func (p *place) Source(t *testing.T, path string) source.Source {
	u := parse(t, p.a.URL)
	u.Path = "/dav/" + p.folder
	if path != "" {
		u.Path += "/" + path
	}
	return web.New(web.Config{URL: u, Kind: web.WebDAV, Limiter: fast()})
}

func (p *place) Write(t *testing.T, path string, data []byte) { p.a.Put(t, p.folder+"/"+path, data) }

func (p *place) Mkdir(t *testing.T, path string) {
	if err := os.MkdirAll(p.path(path), 0o755); err != nil {
		t.Fatal(err)
	}
}

func (p *place) Rename(t *testing.T, from, to string) {
	if err := os.Rename(p.path(from), p.path(to)); err != nil {
		t.Fatal(err)
	}
}

func (p *place) Remove(t *testing.T, path string) {
	if err := os.RemoveAll(p.path(path)); err != nil {
		t.Fatal(err)
	}
}

func (p *place) Deny(t *testing.T, path string) {
	if err := os.Chmod(p.path(path), 0); err != nil {
		t.Fatal(err)
	}
}

func (p *place) WriteSparse(t *testing.T, path string, size int64) {
	p.Write(t, path, nil)
	if err := os.Truncate(p.path(path), size); err != nil {
		t.Fatal(err)
	}
}

func (p *place) Snapshot(t *testing.T) map[string]string {
	out := map[string]string{}
	err := filepath.WalkDir(filepath.Join(p.a.Root, p.folder), func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		i, err := d.Info()
		if err != nil {
			return err
		}
		out[name] = fmt.Sprint(i.Mode(), i.Size(), i.ModTime())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestAcceptance runs the suite of all sources against Apache with mod_dav.
func TestAcceptance(t *testing.T) {
	if os.Getuid() != 0 {
		t.Fatal("run the tests as root, for instance in a container: the server must not be able to read what only its owner may")
	}
	a := webtest.Start(t, webtest.Config{})
	n := 0
	sourcetest.Run(t, func(t *testing.T) sourcetest.Place {
		n++
		p := &place{a, fmt.Sprintf("p%d", n)}
		p.Mkdir(t, "")
		return p
	})
	for m, n := range a.Methods(t) {
		if m != "GET" && m != "HEAD" && m != "PROPFIND" && m != "OPTIONS" {
			t.Errorf("%d requests %s left the program", n, m)
		}
	}
	t.Log(a.Methods(t))
}

// folderConf gives each folder its readers.
const folderConf = `
<Directory {root}>
  AuthType Basic
  AuthName portal
  AuthBasicProvider file
  AuthUserFile {dir}/users
  Require valid-user
</Directory>
<Directory {root}/social>
  Require user scan sofie
</Directory>
<Directory {root}/open>
  Require all granted
</Directory>
`

var users = map[string]string{"scan": "pw-scan", "anna": "pw-anna", "sofie": "pw-sofie"}

func account(user string) session.Account {
	return session.Account{User: user, Password: users[user]}
}

func list(t testing.TB, s source.Source) (map[string]source.Entry, error) {
	t.Helper()
	root, err := s.Root(t.Context())
	if err != nil {
		return nil, err
	}
	out := map[string]source.Entry{}
	var walk func(dir source.Entry)
	walk = func(dir source.Entry) {
		for e, err := range s.List(t.Context(), dir) {
			if err != nil {
				t.Logf("%q: %v", e.Path, err)
				out[e.Path] = source.Entry{Path: "error: " + err.Error()}
				continue
			}
			out[e.Path] = e
			if e.Kind == source.Dir {
				walk(e)
			}
		}
	}
	walk(root)
	return out, nil
}

// TestFolderRights: who may read which folder is seen by looking as each probe.
func TestFolderRights(t *testing.T) {
	a := webtest.Start(t, webtest.Config{Conf: folderConf, Users: users})
	a.Put(t, "social/sag.txt", []byte("sag"))
	a.Put(t, "alle/nyt.txt", []byte("nyt"))
	a.Put(t, "open/presse.txt", []byte("presse"))
	s := web.New(web.Config{
		URL: parse(t, a.URL+"/dav/"), Account: account("scan"), Limiter: fast(),
		Probes: []web.Probe{
			{Name: "all staff", People: 1300, Account: account("anna")}, {Name: "social services", People: 90, Account: account("sofie")},
			{Name: "broken", People: 10, Account: session.Account{User: "anna", Password: "wrong"}},
		},
	})
	defer s.Close()
	all, err := list(t, s)
	if err != nil {
		t.Fatal(err)
	}
	if s.Kind() != web.WebDAV {
		t.Errorf("the portal is taken for %q", s.Kind())
	}
	for i, ok := range []bool{true, true, false, true} {
		if err := s.Ready(t.Context(), i); (err == nil) != ok {
			t.Errorf("view %d: %v", i, err)
		}
	}
	want := map[string][]source.Seen{ // scan, anna, sofie, broken, anonymous
		"social/sag.txt":  {source.Shown, source.Refused, source.Shown, source.Unclear, source.Refused},
		"alle/nyt.txt":    {source.Shown, source.Shown, source.Shown, source.Unclear, source.Refused},
		"open/presse.txt": {source.Shown, source.Shown, source.Shown, source.Unclear, source.Shown},
	}
	for path, seen := range want {
		for i, w := range seen {
			for x := range s.Look(t.Context(), all[path], i-1) {
				// A server that asks for no account cannot refuse one.
				if x.Seen != w && !(i == 3 && path == "open/presse.txt") {
					t.Errorf("%s as %d: %v (%s), want %v", path, i-1, x.Seen, x.Why, w)
				}
				if x.Seen == source.Shown && string(x.Body) == "" {
					t.Errorf("%s as %d: nothing was shown", path, i-1)
				}
			}
		}
	}
}

// TestRefusedOnce: a wrong password is sent once, whatever is asked for.
func TestRefusedOnce(t *testing.T) {
	a := webtest.Start(t, webtest.Config{Conf: folderConf, Users: users})
	a.Put(t, "alle/nyt.txt", []byte("nyt"))
	s := web.New(web.Config{URL: parse(t, a.URL+"/dav/"), Account: session.Account{User: "scan", Password: "hemligt-fel"}, Limiter: fast()})
	defer s.Close()
	for range 3 {
		_, err := s.Root(t.Context())
		if !errors.Is(err, source.ErrLogon) || strings.Contains(err.Error(), "hemligt") {
			t.Errorf("error %v", err)
		}
	}
	if n := a.Methods(t)["PROPFIND"]; n > 2 { // without and with the password
		t.Errorf("%d requests", n)
	}
}

// TestTag: a version has its ETag, so that the next run knows it again.
func TestTag(t *testing.T) {
	a := webtest.Start(t, webtest.Config{})
	a.Put(t, "f.txt", []byte("one"))
	tag := func() string {
		s := web.New(web.Config{URL: parse(t, a.URL+"/dav/"), Limiter: fast()})
		defer s.Close()
		all, err := list(t, s)
		if err != nil {
			t.Fatal(err)
		}
		return all["f.txt"].Tag
	}
	first := tag()
	if first == "" || tag() != first {
		t.Errorf("tags %q and %q of the same version", first, tag())
	}
	a.Put(t, "f.txt", []byte("three"))
	if tag() == first {
		t.Error("another version has the same tag")
	}
}

// TestWithoutRanges reads from a server that sends whole files only.
func TestWithoutRanges(t *testing.T) {
	a := webtest.Start(t, webtest.Config{Conf: "RequestHeader unset Range early\nHeader unset Accept-Ranges\n"})
	want := bytes.Repeat([]byte("0123456789abcdef"), 6<<16)
	a.Put(t, "big", want)
	s := web.New(web.Config{URL: parse(t, a.URL+"/dav/big"), Kind: web.WebDAV, Limiter: fast()})
	defer s.Close()
	root, err := s.Root(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	f, err := s.Open(context.Background(), root)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.NewSectionReader(f, 3<<20, f.Size()))
	if err != nil || !bytes.Equal(b, want[3<<20:]) {
		t.Errorf("%d bytes, %v", len(b), err)
	}
	if n := a.Methods(t)["GET"]; n != 1 {
		t.Errorf("the file was fetched %d times", n)
	}
}

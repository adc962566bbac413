package multistatus

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func read(t *testing.T, name string) []Resource {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []Resource
	if err := Read(f, func(r Resource) error { out = append(out, r); return nil }); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestListing(t *testing.T) {
	when := time.Date(2026, 11, 24, 10, 20, 30, 0, time.UTC)
	want := []Resource{
		{Href: "/dav/", Collection: true, Size: -1, Modified: when, Created: when.Add(-time.Hour), ETag: `"1000-5f"`},
		{Href: "/dav/Referat%20%c3%85se.docx", Size: 1234, Modified: when, Created: when, ETag: `"4d2-5f"`, MediaType: "application/vnd.openxmlformats-officedocument.wordprocessingml.document", FileID: 77, DisplayName: "Referat Åse.docx"},
		{Href: "http://h/dav/gone", Status: 404, Size: -1},
	}
	if d := cmp.Diff(want, read(t, "listing.xml")); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestACL(t *testing.T) {
	want := &ACL{[]ACE{
		{Principal: "/principals/users/bob", Deny: true, Read: true},
		{Principal: Authenticated, Read: true, Inherited: "/top"},
		{Principal: OwnerOf, Read: true},
		{Principal: "/principals/groups/hr", Invert: true, Deny: true, Read: true},
		{Principal: All},
		{Principal: Unauthenticated, Odd: true},
		{Principal: Unknown, Read: true},
	}}
	got := read(t, "acl.xml")
	if d := cmp.Diff(want, got[0].ACL); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if got[0].Owner != "/principals/users/ann" || got[0].Self != "/principals/users/scan" {
		t.Errorf("owner %q, self %q", got[0].Owner, got[0].Self)
	}
	g := got[1]
	if !g.Principal || !g.Group || len(g.Members) != 2 || g.Members[1] != "/principals/users/bob" {
		t.Errorf("group %+v", g)
	}
	if got[2].ACL != nil {
		t.Error("rules that the server refused to tell are not nil")
	}
}

func TestFaults(t *testing.T) {
	const head = `<D:multistatus xmlns:D="DAV:">`
	for _, c := range []struct {
		name, in string
		want     error
	}{
		{"page", `<html xmlns="http://www.w3.org/1999/xhtml"></html>`, ErrNotMultistatus},
		{"text", `hello`, ErrNotMultistatus},
		{"cut", head + `<D:response><D:href>/a`, nil},
		{"depth", head + strings.Repeat("<a>", 100), ErrBounds},
		{"long token", head + `<D:response><D:href>` + strings.Repeat("a", 2<<20) + `</D:href></D:response></D:multistatus>`, ErrBounds},
		{"long attribute", head + `<a b="` + strings.Repeat("a", 2<<20) + `"/></D:multistatus>`, ErrBounds},
		{"entity", `<!DOCTYPE x [<!ENTITY a "aaaa">]>` + head + `<D:response><D:href>&a;</D:href></D:response></D:multistatus>`, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := Read(strings.NewReader(c.in), func(Resource) error { return nil })
			if err == nil || c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
		})
	}
	stop := errors.New("enough")
	n := 0
	err := Read(strings.NewReader(head+strings.Repeat(`<D:response/>`, 10)+`</D:multistatus>`), func(Resource) error {
		if n++; n == 3 {
			return stop
		}
		return nil
	})
	if err != stop || n != 3 {
		t.Errorf("%d resources, error %v", n, err)
	}
}

func TestLatin1(t *testing.T) {
	in := "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?><multistatus xmlns=\"DAV:\"><response><href>/\xe5</href></response></multistatus>"
	var got string
	if err := Read(strings.NewReader(in), func(r Resource) error { got = r.Href; return nil }); err != nil || got != "/å" {
		t.Errorf("%q, %v", got, err)
	}
}

// TestStreams reads a folder of many files from an endless line.
func TestStreams(t *testing.T) {
	r, w := io.Pipe()
	go func() {
		io.WriteString(w, `<D:multistatus xmlns:D="DAV:">`)
		for range 3000 {
			if _, err := io.WriteString(w, `<D:response><D:href>/x</D:href><D:propstat><D:prop><D:getcontentlength>5</D:getcontentlength></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>`); err != nil {
				return
			}
		}
		w.Close()
	}()
	n := 0
	err := Read(r, func(x Resource) error {
		if n++; n == 1000 {
			return io.EOF
		}
		return nil
	})
	r.Close()
	if err != io.EOF || n != 1000 {
		t.Errorf("%d resources before the end of the line, %v", n, err)
	}
}

func FuzzRead(f *testing.F) {
	for _, n := range []string{"listing.xml", "acl.xml"} {
		b, err := os.ReadFile(filepath.Join("testdata", n))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		n := 0
		Read(strings.NewReader(string(b)), func(r Resource) error {
			if n++; len(r.Href) > maxText || r.Size < -1 {
				t.Errorf("out of bounds: %d bytes, size %d", len(r.Href), r.Size)
			}
			return nil
		})
		if n > len(b) {
			t.Errorf("%d resources of %d bytes", n, len(b))
		}
	})
}

func BenchmarkRead(b *testing.B) {
	one := `<D:response><D:href>/dav/file%20name.docx</D:href><D:propstat><D:prop><D:resourcetype/><D:getcontentlength>5</D:getcontentlength><D:getetag>"x"</D:getetag>` +
		`<D:getlastmodified>Tue, 24 Nov 2026 10:20:30 GMT</D:getlastmodified></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>`
	in := `<D:multistatus xmlns:D="DAV:">` + strings.Repeat(one, 1000) + `</D:multistatus>`
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		if err := Read(strings.NewReader(in), func(Resource) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}

package sourcetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aktvakt/scanner/source"
)

func testVanished(t *testing.T, p Place) {
	p.Write(t, "file", content(10))
	p.Write(t, "large", content(1<<20))
	p.Write(t, "dir/x", nil)
	s, root := start(t, p, "")
	all := tree(t, s, root)
	for _, n := range []string{"file", "large", "dir/x", "dir"} {
		p.Remove(t, n)
	}
	for _, n := range []string{"file", "large", "dir/x"} {
		if _, err := s.Open(t.Context(), all[n]); !errors.Is(err, source.ErrVanished) {
			t.Errorf("open of the removed %q: %v", n, err)
		}
	}
	checkListError(t, s, all["dir"], source.ErrVanished)
}

// checkListError lists a folder that must fail as a whole.
func checkListError(t *testing.T, s source.Source, dir source.Entry, want error) {
	t.Helper()
	n := 0
	for e, err := range s.List(t.Context(), dir) {
		n++
		if e.Path != "" || !errors.Is(err, want) {
			t.Errorf("list %q: entry %q, error %v; want the zero entry and %v", dir.Path, e.Path, err, want)
		}
		if err != nil && !strings.Contains(err.Error(), dir.Path) {
			t.Errorf("error %q does not name %q", err, dir.Path)
		}
	}
	if n != 1 {
		t.Errorf("list %q: %d results, want one error", dir.Path, n)
	}
}

func testDenied(t *testing.T, p Place) {
	p.Write(t, "file", content(10))
	p.Write(t, "large", content(1<<20))
	p.Write(t, "dir/x", nil)
	p.Write(t, "fine", []byte("fine"))
	for _, n := range []string{"file", "large", "dir"} {
		p.Deny(t, n)
	}
	s, root := start(t, p, "")
	all := map[string]source.Entry{}
	for e, err := range s.List(t.Context(), root) {
		if err != nil {
			t.Fatal(err)
		}
		all[e.Path] = e
	}
	if len(all) != 4 {
		t.Errorf("%d entries, want 4", len(all))
	}
	for _, n := range []string{"file", "large"} {
		if _, err := s.Open(t.Context(), all[n]); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("open of the denied %q: %v", n, err)
		}
	}
	checkListError(t, s, all["dir"], fs.ErrPermission)
	if got := readAll(t, s, all["fine"]); string(got) != "fine" {
		t.Errorf("fine holds %q", got)
	}
}

func testNotAFile(t *testing.T, p Place) {
	p.Write(t, "dir/x", nil)
	p.Write(t, "f", content(10))
	s, root := start(t, p, "")
	all := tree(t, s, root)
	if _, err := s.Open(t.Context(), all["dir"]); err == nil {
		t.Error("a folder can be opened")
	}
	lied := all["dir"]
	lied.Kind, lied.Size = source.Regular, 10
	if _, err := s.Open(t.Context(), lied); err == nil {
		t.Error("a folder can be opened as a file")
	}
	for _, k := range []source.Kind{source.Link, source.Other} {
		e := all["f"]
		e.Kind = k
		if _, err := s.Open(t.Context(), e); err == nil {
			t.Errorf("kind %d can be opened", k)
		}
	}
	off := all["f"]
	off.Offline = true
	if _, err := s.Open(t.Context(), off); !errors.Is(err, source.ErrOffline) {
		t.Errorf("open of an offline file: %v", err)
	}
	for _, err := range s.List(t.Context(), all["f"]) {
		if err == nil {
			t.Error("a file can be listed")
		}
	}
}

// testWithoutListing gives back entries as a later run would: from a record
// of path, kind and size.
func testWithoutListing(t *testing.T, p Place) {
	p.Write(t, "a/b/small å.txt", content(100))
	p.Write(t, "a/b/large", content(1<<20))
	s, root := start(t, p, "")
	acls, hasACL := source.As[source.ACLReader](s)
	for path, e := range tree(t, s, root) {
		bare := source.Entry{Path: path, Kind: e.Kind, Size: e.Size}
		if e.Kind == source.Regular && !bytes.Equal(readAll(t, s, bare), content(int(e.Size))) {
			t.Errorf("content of %q differs", path)
		}
		if e.Kind == source.Dir {
			n := 0
			for _, err := range s.List(t.Context(), bare) {
				if err != nil {
					t.Error(err)
				}
				n++
			}
			if n == 0 {
				t.Errorf("%q is empty", path)
			}
		}
		if !hasACL {
			continue
		}
		listed, err := acls.ACL(t.Context(), e)
		if err != nil {
			t.Error(err)
		}
		asked, err := acls.ACL(t.Context(), bare)
		if err != nil {
			t.Error(err)
		}
		if listed != asked || listed.Raw == "" {
			t.Errorf("access rules of %q: %d bytes with the listing, %d when asked for", path, len(listed.Raw), len(asked.Raw))
		}
	}
}

func testCancelled(t *testing.T, p Place) {
	for i := range crowd / 2 {
		p.Write(t, fmt.Sprintf("f%d", i), content(10))
	}
	p.Write(t, "large", content(1<<20))
	s, root := start(t, p, "")
	all := tree(t, s, root)

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	f, err := s.Open(ctx, all["large"])
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n, ended := 0, false
	for e, err := range s.List(ctx, root) {
		if err != nil {
			if e.Path != "" || !errors.Is(err, context.Canceled) {
				t.Errorf("entry %q, error %v", e.Path, err)
			}
			ended = true
			continue
		}
		if n++; n == 5 {
			cancel()
		}
	}
	if !ended || n >= crowd/2 {
		t.Errorf("%d entries after cancelling, error seen: %v", n, ended)
	}
	if _, err := s.Open(ctx, all["f1"]); !errors.Is(err, context.Canceled) {
		t.Errorf("open after cancelling: %v", err)
	}
	if _, err := f.ReadAt(make([]byte, 10), 900_000); !errors.Is(err, context.Canceled) {
		t.Errorf("read after cancelling: %v", err)
	}
	// The source is as good as before.
	if got := readAll(t, s, all["large"]); !bytes.Equal(got, content(1<<20)) {
		t.Error("content differs after cancelling")
	}
}

func testChangedWhileOpen(t *testing.T, p Place) {
	p.Write(t, "grows", content(3<<20))
	p.Write(t, "shrinks", content(3<<20))
	s, root := start(t, p, "")
	all := tree(t, s, root)
	open := func(n string) source.File {
		f, err := s.Open(t.Context(), all[n])
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		return f
	}
	f := open("grows")
	p.Write(t, "grows", append(content(3<<20), "more"...))
	checkRead(t, "grows", f, content(3<<20), 3<<20-10, 100)

	f = open("shrinks")
	p.Write(t, "shrinks", nil)
	if n, err := f.ReadAt(make([]byte, 1000), 2_900_000); n == 1000 && err == nil {
		t.Error("a file that became shorter reads as before")
	} else if err == io.EOF {
		t.Error("a file that became shorter seems complete")
	}
}

func testRenamedWhileOpen(t *testing.T, p Place) {
	for _, size := range []int{1000, 3 << 20} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			name := fmt.Sprintf("f%d", size)
			want := content(size)
			p.Write(t, name, want)
			s, root := start(t, p, "")
			f, err := s.Open(t.Context(), tree(t, s, root)[name])
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			checkRead(t, name, f, want, 0, 100)
			p.Rename(t, name, name+" renamed")
			checkRead(t, name, f, want, 200, 300)
			p.Remove(t, name+" renamed")
			checkRead(t, name, f, want, 300, 300)
		})
	}
}

func testNothingChanges(t *testing.T, p Place) {
	p.Write(t, "a/small", content(100))
	p.Write(t, "a/b/large", content(2<<20))
	p.Write(t, "empty", nil)
	before := p.Snapshot(t)
	if len(before) < 5 {
		t.Fatalf("the snapshot has %d entries", len(before))
	}
	s, root := start(t, p, "")
	for _, e := range tree(t, s, root) {
		if e.Kind == source.Regular {
			readAll(t, s, e)
		}
		if a, ok := source.As[source.ACLReader](s); ok {
			if _, err := a.ACL(t.Context(), e); err != nil {
				t.Error(err)
			}
		}
	}
	if d := cmp.Diff(before, p.Snapshot(t)); d != "" {
		t.Errorf("reading changed something:\n%s", d)
	}
}

// testSparse reads here and there in a file of 100 GB.
func testSparse(t *testing.T, p Place) {
	sparse, ok := p.(Sparse)
	if !ok {
		return
	}
	const size = 100_000_000_000
	sparse.WriteSparse(t, "image.vhdx", size)
	s, root := start(t, p, "")
	e := tree(t, s, root)["image.vhdx"]
	if e.Size != size {
		t.Fatalf("%d bytes", e.Size)
	}
	before := heap()
	f, err := s.Open(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := make([]byte, 100_000)
	for _, off := range []int64{0, size / 3, size/3 + 50_000, size/2 + 1, 4096, size - 100_000, size - 50_000} {
		clear(b)
		b[0], b[49_999] = 1, 1
		n, err := f.ReadAt(b, off)
		want := min(int64(len(b)), size-off)
		if int64(n) != want || err != nil && (err != io.EOF || n == len(b)) || len(bytes.Trim(b[:n], "\x00")) > 0 {
			t.Errorf("read at %d: %d bytes, want %d zeros, %v", off, n, want, err)
		}
	}
	if n := heap() - before; n > 4<<20 {
		t.Errorf("an open file holds %d bytes", n)
	}
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func testClosed(t *testing.T, p Place) {
	p.Write(t, "f", content(1<<20))
	s := p.Source(t, "")
	root, err := s.Root(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	e := tree(t, s, root)["f"]
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("second close: %v", err)
	}
	if _, err := s.Open(t.Context(), e); err == nil {
		t.Error("a closed source opens a file")
	}
	for _, err := range s.List(t.Context(), root) {
		if err == nil {
			t.Error("a closed source lists")
		}
	}
}

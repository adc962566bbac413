// Package sourcetest is the acceptance suite of sources: what package source
// promises, checked against an implementation on a real server or disk.
//
// A source's test builds a Place, a folder that it can change behind the
// source's back, and calls Run.
package sourcetest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"aktvakt/scanner/source"
)

// Place is an empty folder and two views of it: that of the source under test
// and that of its other users. Paths are relative, with slashes.
type Place interface {
	// Source returns a new source of the folder, or of what is at path in it.
	Source(t *testing.T, path string) source.Source
	// Write makes a file and the folders above it, or replaces its content.
	Write(t *testing.T, path string, data []byte)
	// Mkdir makes a folder and those above it.
	Mkdir(t *testing.T, path string)
	// Rename and Remove act as a user would, through the server.
	Rename(t *testing.T, from, to string)
	Remove(t *testing.T, path string)
	// Deny takes the right to read a file, or to list a folder, from the
	// account of the source.
	Deny(t *testing.T, path string)
	// Snapshot tells of each entry all that must not change: times, rules,
	// size.
	Snapshot(t *testing.T) map[string]string
}

// Sparse is a Place that can make a file of a size of which nothing is stored.
type Sparse interface {
	Place
	WriteSparse(t *testing.T, path string, size int64)
}

// crowd is the number of entries of the large folder: several buffers of any
// source.
const crowd = 1600

// Run checks the source of the places that fresh makes, one for each test.
func Run(t *testing.T, fresh func(t *testing.T) Place) {
	for _, c := range []struct {
		name string
		test func(*testing.T, Place)
	}{
		{"Listing", testListing},
		{"OddNames", testOddNames},
		{"SingleFile", testSingleFile},
		{"Subfolder", testSubfolder},
		{"MissingTarget", testMissingTarget},
		{"ReadAt", testReadAt},
		{"ConcurrentReads", testConcurrentReads},
		{"ConcurrentWalks", testConcurrentWalks},
		{"StopEarly", testStopEarly},
		{"Vanished", testVanished},
		{"Denied", testDenied},
		{"NotAFile", testNotAFile},
		{"WithoutListing", testWithoutListing},
		{"Cancelled", testCancelled},
		{"ChangedWhileOpen", testChangedWhileOpen},
		{"RenamedWhileOpen", testRenamedWhileOpen},
		{"NothingChanges", testNothingChanges},
		{"Sparse", testSparse},
		{"Closed", testClosed},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := fresh(t)
			// After the sources of the test are closed, nothing may be left.
			leaks := goleak.IgnoreCurrent()
			t.Cleanup(func() { goleak.VerifyNone(t, leaks) })
			c.test(t, p)
		})
	}
}

// start opens a source and its root.
func start(t *testing.T, p Place, path string) (source.Source, source.Entry) {
	t.Helper()
	s := p.Source(t, path)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	root, err := s.Root(t.Context())
	if err != nil {
		t.Fatalf("root: %v", err)
	}
	return s, root
}

// tree lists all below dir. Errors of single entries end the test.
func tree(t *testing.T, s source.Source, dir source.Entry) map[string]source.Entry {
	t.Helper()
	out := map[string]source.Entry{}
	var list func(source.Entry)
	list = func(dir source.Entry) {
		for e, err := range s.List(t.Context(), dir) {
			if err != nil {
				t.Fatalf("list %q: entry %q: %v", dir.Path, e.Path, err)
			}
			if _, twice := out[e.Path]; twice {
				t.Errorf("%q is listed twice", e.Path)
			}
			out[e.Path] = e
			if e.Kind == source.Dir {
				list(e)
			}
		}
	}
	list(dir)
	return out
}

// content is what a test file of that size holds.
func content(size int) []byte {
	b := make([]byte, size)
	r := rand.New(rand.NewPCG(1, uint64(size)))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func readAll(t *testing.T, s source.Source, e source.Entry) []byte {
	t.Helper()
	f, err := s.Open(t.Context(), e)
	if err != nil {
		t.Fatalf("open %q: %v", e.Path, err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.NewSectionReader(f, 0, f.Size()))
	if err != nil {
		t.Fatalf("read %q: %v", e.Path, err)
	}
	return b
}

func testListing(t *testing.T, p Place) {
	want := map[string]source.Kind{}
	file := func(path string, size int) {
		p.Write(t, path, content(size))
		want[path] = source.Regular
	}
	file("a.txt", 1)
	file("empty.txt", 0)
	file("docs/b.pdf", 70<<10)
	file("docs/sub/c.docx", 300)
	for i := range crowd {
		file(fmt.Sprintf("crowd/file %04d with a name of some length.txt", i), i%5)
	}
	p.Mkdir(t, "hollow/inner")
	for _, d := range []string{"docs", "docs/sub", "crowd", "hollow", "hollow/inner"} {
		want[d] = source.Dir
	}

	s, root := start(t, p, "")
	if root.Path != "" || root.Kind != source.Dir {
		t.Errorf("root is %q, kind %d; want a folder with an empty path", root.Path, root.Kind)
	}
	first := tree(t, s, root)
	got := map[string]source.Kind{}
	for path, e := range first {
		got[path] = e.Kind
		if e.Modified.IsZero() || e.Changed.IsZero() {
			t.Errorf("%q has no times", path)
		}
		if e.ID == 0 {
			t.Errorf("%q has no ID", path)
		}
		if e.Volume != root.Volume {
			t.Errorf("%q is on volume %d, the root on %d", path, e.Volume, root.Volume)
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("listing (-want +got):\n%s", d)
	}
	if n := first["docs/b.pdf"].Size; n != 70<<10 {
		t.Errorf("size of b.pdf is %d", n)
	}
	for path, e := range tree(t, s, root) {
		if f := first[path]; f.ID != e.ID || !f.Modified.Equal(e.Modified) || f.Size != e.Size {
			t.Errorf("%q differs from one listing to the next", path)
		}
	}
	for _, path := range []string{"docs/b.pdf", "empty.txt", "crowd/file 0004 with a name of some length.txt"} {
		if got, want := readAll(t, s, first[path]), content(int(first[path].Size)); !bytes.Equal(got, want) {
			t.Errorf("content of %q differs", path)
		}
	}
}

func testOddNames(t *testing.T, p Place) {
	names := []string{
		"blank here.txt", " leading", "ångström.txt", "a\u030Angstro\u0308m.txt", "日本語.txt", "emoji😀.txt", "%41.txt", "%2f",
		"#hash", "semi;colon", "quote'd", "[brackets]", "{x}", "~1", "$RECYCLE", "..dots", ".hidden", "UPPER.TXT", "x\uFFFD.txt", "x\uFFFDfffd.txt",
		strings.Repeat("n", 200),
	}
	for _, n := range names {
		p.Write(t, "odd/"+n, []byte(n))
		p.Write(t, n+"/inside", []byte(n))
	}
	s, root := start(t, p, "")
	got := tree(t, s, root)
	files := 0
	texts := map[string]int{}
	for _, e := range got {
		if e.Kind == source.Regular {
			files++
			texts[string(readAll(t, s, e))]++
		}
	}
	if files != 2*len(names) {
		t.Errorf("%d files, want %d", files, 2*len(names))
	}
	for _, n := range names {
		if texts[n] != 2 {
			t.Errorf("%q was read %d times, want 2", n, texts[n])
		}
	}
}

func testSingleFile(t *testing.T, p Place) {
	want := content(1000)
	p.Write(t, "sub/one.txt", want)
	s, root := start(t, p, "sub/one.txt")
	if root.Path != "" || root.Kind != source.Regular || root.Size != 1000 {
		t.Errorf("root is %q, kind %d, %d bytes", root.Path, root.Kind, root.Size)
	}
	if !bytes.Equal(readAll(t, s, root), want) {
		t.Error("content differs")
	}
	if a, ok := source.As[source.ACLReader](s); ok {
		if _, err := a.ACL(t.Context(), root); err != nil {
			t.Error(err)
		}
	}
}

func testSubfolder(t *testing.T, p Place) {
	p.Write(t, "sub/folder/in.txt", []byte("in"))
	p.Write(t, "out.txt", []byte("out"))
	s, root := start(t, p, "sub")
	got := slices.Sorted(maps.Keys(tree(t, s, root)))
	if d := cmp.Diff([]string{"folder", "folder/in.txt"}, got); d != "" {
		t.Error(d)
	}
	if _, err := s.Open(t.Context(), source.Entry{Path: "../out.txt"}); err == nil {
		t.Error("a path leads out of the source")
	}
}

func testMissingTarget(t *testing.T, p Place) {
	s := p.Source(t, "not/there")
	defer s.Close()
	if _, err := s.Root(t.Context()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error is %v, want fs.ErrNotExist", err)
	}
}

// sizes are around the edges of what sources read at once.
var sizes = []int{0, 1, 4096, 64 << 10, 128<<10 - 1, 128 << 10, 128<<10 + 1, 256 << 10, 1<<20 + 17, 3<<20 + 5}

func testReadAt(t *testing.T, p Place) {
	for _, n := range sizes {
		p.Write(t, fmt.Sprint(n), content(n))
	}
	s, root := start(t, p, "")
	for _, e := range tree(t, s, root) {
		want := content(int(e.Size))
		f, err := s.Open(t.Context(), e)
		if err != nil {
			t.Fatal(err)
		}
		if f.Size() != e.Size {
			t.Errorf("%s: size %d", e.Path, f.Size())
		}
		r := rand.New(rand.NewPCG(2, uint64(e.Size)))
		for range 60 {
			checkRead(t, e.Path, f, want, r.Int64N(e.Size+10), r.IntN(1<<r.IntN(22)+1))
		}
		for off := int64(0); off < e.Size+100; off += 50_000 { // front to back
			checkRead(t, e.Path, f, want, off, 50_000)
		}
		checkRead(t, e.Path, f, want, 0, int(e.Size)+1)
		checkRead(t, e.Path, f, want, e.Size, 0)
		if _, err := f.ReadAt(make([]byte, 1), -1); err == nil || err == io.EOF {
			t.Errorf("%s: negative offset: %v", e.Path, err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
		if _, err := f.ReadAt(make([]byte, 1), 0); !errors.Is(err, fs.ErrClosed) {
			t.Errorf("%s: read of a closed file: %v", e.Path, err)
		}
	}
}

// checkRead reads once and compares with io.ReaderAt's contract.
func checkRead(t *testing.T, name string, f source.File, want []byte, off int64, n int) {
	t.Helper()
	b := make([]byte, n)
	got, err := f.ReadAt(b, off)
	expect := 0
	if off < int64(len(want)) {
		expect = min(n, len(want)-int(off))
	}
	switch {
	case got != expect:
		t.Errorf("%s: ReadAt(%d bytes, %d) = %d, %v; want %d", name, n, off, got, err, expect)
	case got < n && err != io.EOF:
		t.Errorf("%s: ReadAt(%d bytes, %d) = %d, %v; want io.EOF", name, n, off, got, err)
	case got == n && err != nil && err != io.EOF:
		t.Errorf("%s: ReadAt(%d bytes, %d): %v", name, n, off, err)
	case !bytes.Equal(b[:got], want[min(int64(len(want)), off):][:got]):
		t.Errorf("%s: ReadAt(%d bytes, %d): content differs", name, n, off)
	}
}

func testConcurrentReads(t *testing.T, p Place) {
	want := content(2 << 20)
	p.Write(t, "big", want)
	s, root := start(t, p, "")
	f, err := s.Open(t.Context(), tree(t, s, root)["big"])
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(3, uint64(i)))
			for range 30 {
				checkRead(t, "big", f, want, r.Int64N(2<<20), r.IntN(100_000))
			}
		})
	}
	wg.Wait()
}

func testConcurrentWalks(t *testing.T, p Place) {
	for i := range 200 {
		p.Write(t, fmt.Sprintf("d%d/e%d/f%d", i%5, i%3, i), content(i))
	}
	s, root := start(t, p, "")
	want := len(tree(t, s, root))
	var wg sync.WaitGroup
	for range 12 {
		wg.Go(func() {
			n := 0
			var list func(source.Entry)
			list = func(dir source.Entry) {
				for e, err := range s.List(t.Context(), dir) {
					if err != nil {
						t.Error(err)
						return
					}
					n++
					switch e.Kind {
					case source.Dir:
						list(e)
					case source.Regular:
						f, err := s.Open(t.Context(), e)
						if err != nil {
							t.Error(err)
							return
						}
						b, err := io.ReadAll(io.NewSectionReader(f, 0, f.Size()))
						if err != nil || !bytes.Equal(b, content(int(e.Size))) {
							t.Errorf("%q: %v", e.Path, err)
						}
						f.Close()
					}
				}
			}
			list(root)
			if n != want {
				t.Errorf("%d entries, want %d", n, want)
			}
		})
	}
	wg.Wait()
}

func testStopEarly(t *testing.T, p Place) {
	for i := range crowd / 2 {
		p.Write(t, fmt.Sprintf("f%d", i), nil)
	}
	s, root := start(t, p, "")
	for range 20 {
		n := 0
		for _, err := range s.List(t.Context(), root) {
			if err != nil {
				t.Fatal(err)
			}
			if n++; n == 7 {
				break
			}
		}
	}
}

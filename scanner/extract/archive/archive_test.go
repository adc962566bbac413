package archive_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/archive"
	"aktvakt/scanner/extract/extracttest"
	"aktvakt/scanner/extract/ooxml"
	"aktvakt/scanner/extract/plain"
	"aktvakt/scanner/finding"
)

func TestSuite(t *testing.T) {
	extracttest.Run(t, extracttest.Suite{Extractor: archive.New(), Files: []string{
		"testdata/a.zip", "testdata/a.7z", "testdata/a.tar", "testdata/a.tar.gz", "testdata/t.txt.xz", "testdata/a.rar",
	}, Mutations: 150})
}

func exts() []extract.Extractor {
	return []extract.Extractor{ooxml.New(), archive.New(), plain.New()}
}

func run(b []byte, name string, lim extract.Limits) extract.Document {
	return extract.Run(context.Background(), extract.Bytes(b), name, exts(), lim)
}

func TestArchives(t *testing.T) {
	tests := []struct {
		file, want string
		reason     finding.Reason
		partial    bool
		error      string
	}{
		{file: "a.zip", want: "brev.docx|Beslut|t.txt|19900101-2385"},
		{file: "a.7z", want: "brev.docx|t.txt|19900101-2385"},
		{file: "a.tar", want: "brev.docx|19900101-2385|t.txt|19900101-2385"},
		{file: "a.tar.gz", want: "brev.docx|19900101-2385|t.txt|19900101-2385"},
		{file: "nested.zip", want: "a.tar.gz|brev.docx|t.txt|19900101-2385"},
		{file: "t.txt.xz", want: "t.txt|19900101-2385"},
		{file: "t.txt.zst", want: "t.txt|19900101-2385"},
		{file: "cp865.zip", want: "æ.txt|hej"},
		{file: "a.rar", want: "förskola/t.txt|19900101-2385|två.txt|rad"},
		{file: "enc.zip", want: "t.txt", reason: finding.Encrypted, error: `"t.txt": is encrypted`},
		{file: "enc.7z", want: "t.txt", reason: finding.Encrypted, error: `"t.txt": is encrypted`},
		{file: "encnames.7z", reason: finding.Encrypted},
		{file: "a.tar.bz2", want: "t.txt|19900101-2385"},
		{file: "enc.rar", want: "hemlig.txt|två.txt|rad", reason: finding.Encrypted, partial: true, error: `"hemlig.txt": is encrypted`},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			b, err := os.ReadFile("testdata/" + tt.file)
			if err != nil {
				t.Fatal(err)
			}
			doc := run(b, tt.file, extract.Limits{})
			rest := string(doc.Text)
			for part := range strings.SplitSeq(tt.want, "|") {
				i := strings.Index(rest, part)
				if i < 0 {
					t.Fatalf("%q not in order in %q", part, doc.Text)
				}
				rest = rest[i+len(part):]
			}
			if tt.reason == "" {
				if doc.Skip != nil {
					t.Errorf("skip %+v", doc.Skip)
				}
				return
			}
			if doc.Skip == nil || doc.Skip.Reason != tt.reason || doc.Skip.Partial != tt.partial || (tt.error != "" && doc.Skip.Error != tt.error) {
				t.Errorf("skip %+v", doc.Skip)
			}
		})
	}
}

func TestPlaceInNested(t *testing.T) {
	b, err := os.ReadFile("testdata/nested.zip")
	if err != nil {
		t.Fatal(err)
	}
	doc := run(b, "nested.zip", extract.Limits{})
	i := bytes.Index(doc.Text, []byte("19900101-2385"))
	if got := doc.At(i).String(); !strings.HasPrefix(got, "a.tar.gz/a.zip/") {
		t.Errorf("place %q", got)
	}
	if doc.MediaType != "application/zip" || doc.Members == 0 {
		t.Errorf("%q, %d members", doc.MediaType, doc.Members)
	}
}

// pack makes a zip whose members are stored.
func pack(t testing.TB, members ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(members); i += 2 {
		w, err := z.CreateHeader(&zip.FileHeader{Name: members[i], Method: zip.Store})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, members[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestBadMember: one bad member never ends the rest.
func TestBadMember(t *testing.T) {
	b := pack(t, "a.txt", "first text", "b.txt", "second text", "c.txt", "third text")
	bad := bytes.Replace(b, []byte("second text"), []byte("sec\x00nd text"), 1) // its checksum fails
	doc := run(bad, "x.zip", extract.Limits{})
	if got := string(doc.Text); !strings.Contains(got, "first text") || !strings.Contains(got, "third text") {
		t.Errorf("%q", got)
	}
	if s := doc.Skip; s == nil || s.Reason != finding.Corrupt || !s.Partial || !strings.HasPrefix(s.Error, `"b.txt": `) {
		t.Errorf("skip %+v", s)
	}
}

// TestCutZip: without its directory the members are searched for.
func TestCutZip(t *testing.T) {
	b := pack(t, "a.txt", "first text", "b.txt", "second text")
	doc := run(b[:bytes.Index(b, []byte("PK\x01\x02"))], "x.zip", extract.Limits{})
	if got := string(doc.Text); !strings.Contains(got, "a.txt\nfirst text") || !strings.Contains(got, "b.txt\nsecond text") {
		t.Errorf("%q", got)
	}
	if s := doc.Skip; s == nil || s.Reason != finding.Corrupt || !s.Partial {
		t.Errorf("skip %+v", s)
	}
}

func TestUnreadMembers(t *testing.T) {
	doc := run(pack(t, "a.txt", "text", "p.png", "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00"), "x.zip", extract.Limits{})
	if doc.Skip != nil || doc.Unread != 1 {
		t.Errorf("a picture: skip %+v, unread %d", doc.Skip, doc.Unread)
	}
	doc = run(pack(t, "a.txt", "text", "p.exe", "MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00"), "x.zip", extract.Limits{})
	if s := doc.Skip; s == nil || s.Reason != finding.Unsupported || !s.Partial {
		t.Errorf("a program: skip %+v", s)
	}
}

func TestNestingEnds(t *testing.T) {
	b := []byte("text 19900101-2385")
	for range 20 {
		b = pack(t, "inner.zip", string(b))
	}
	doc := run(b, "x.zip", extract.Limits{})
	if s := doc.Skip; s == nil || s.Reason != finding.TooLarge || doc.Members != extract.DefaultDepth+1 {
		t.Errorf("skip %+v, %d members", s, doc.Members)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestBombs(t *testing.T) {
	var z bytes.Buffer
	w := zip.NewWriter(&z)
	for i := range 20 {
		m, err := w.Create(fmt.Sprintf("%d.bin", i))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.CopyN(m, zeros{}, 2<<20); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	var g bytes.Buffer
	gw := gzip.NewWriter(&g)
	if _, err := io.CopyN(gw, zeros{}, 20<<20); err != nil {
		t.Fatal(err)
	}
	if err := gw.Close(); err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{"x.zip": z.Bytes(), "x.gz": g.Bytes()} {
		doc := run(b, name, extract.Limits{Unpacked: 10 << 20, Member: 4 << 20})
		if s := doc.Skip; s == nil || s.Reason != finding.TooLarge {
			t.Errorf("%s: skip %+v", name, s)
		}
	}
}

// TestOldTar: a tar from before POSIX has no magic.
func TestOldTar(t *testing.T) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if err := w.WriteHeader(&tar.Header{Name: "gammal.txt", Size: 4, Mode: 0o644, Format: tar.FormatUSTAR}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("text")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	old := b.Bytes()
	clear(old[257:512])
	copy(old[148:156], "        ")
	sum := 0
	for _, c := range old[:512] {
		sum += int(c)
	}
	copy(old[148:156], fmt.Sprintf("%06o\x00 ", sum))
	doc := run(old, "x", extract.Limits{})
	if diff := cmp.Diff("gammal.txt\ntext\n", string(doc.Text)); diff != "" {
		t.Error(diff)
	}
}

// rarFile is a member of an archive in format 4, stored.
type rarFile struct {
	name, text string
	encrypted  bool
}

// makeRAR writes an archive after the technical note of RAR 4.
func makeRAR(files []rarFile) []byte {
	block := func(head []byte) []byte { // the CRC covers what follows it
		binary.LittleEndian.PutUint16(head, uint16(crc32.ChecksumIEEE(head[2:])))
		return head
	}
	b := []byte("Rar!\x1A\x07\x00")
	b = append(b, block([]byte{0, 0, 0x73, 0, 0, 13, 0, 0, 0, 0, 0, 0, 0})...)
	for _, f := range files {
		const fixed = 32
		h := make([]byte, fixed, fixed+len(f.name))
		h[2] = 0x74
		flags := uint16(0x8000)
		if f.encrypted {
			flags |= 4
		}
		le := binary.LittleEndian
		le.PutUint16(h[3:], flags)
		le.PutUint16(h[5:], uint16(fixed+len(f.name)))
		le.PutUint32(h[7:], uint32(len(f.text)))
		le.PutUint32(h[11:], uint32(len(f.text)))
		h[15] = 3 // Unix
		le.PutUint32(h[16:], crc32.ChecksumIEEE([]byte(f.text)))
		h[24], h[25] = 29, 0x30 // version 2.9, stored
		le.PutUint16(h[26:], uint16(len(f.name)))
		b = append(append(b, block(append(h, f.name...))...), f.text...)
	}
	return append(b, block([]byte{0, 0, 0x7B, 0, 0x40, 7, 0})...)
}

// TestRARFixtures keeps the committed archives equal to what makeRAR writes.
func TestRARFixtures(t *testing.T) {
	files := []rarFile{{name: "förskola/t.txt", text: "pnr 19900101-2385\n"}, {name: "två.txt", text: "en rad\n"}}
	for name, b := range map[string][]byte{
		"testdata/a.rar":   makeRAR(files),
		"testdata/enc.rar": makeRAR([]rarFile{{name: "hemlig.txt", text: strings.Repeat("x", 16), encrypted: true}, files[1]}),
	} {
		if os.Getenv("UPDATE") != "" {
			if err := os.WriteFile(name, b, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(name)
		if err != nil || !bytes.Equal(got, b) {
			t.Errorf("%s differs: %v", name, err)
		}
	}
}

func FuzzZip(f *testing.F) {
	f.Add(pack(f, "a.txt", "text"))
	f.Fuzz(func(t *testing.T, b []byte) {
		run(append([]byte("PK\x03\x04"), b...), "x.zip", extract.Limits{Time: 5 * time.Second, Unpacked: 1 << 20})
	})
}

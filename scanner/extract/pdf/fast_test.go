package pdf

import (
	"os"
	"strings"
	"testing"

	"aktvakt/scanner/extract"
)

func TestFastReadsPlainDocuments(t *testing.T) {
	for _, name := range []string{"testdata/libreoffice.pdf", "testdata/chromium.pdf"} {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		blocks, err := readFast(readerAt{newReader(extract.Bytes(data))}, int64(len(data)))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		fast := map[string]bool{}
		for _, b := range blocks {
			for _, w := range strings.Fields(b.Text) {
				fast[w] = true
			}
		}
		slow := run(t, shared(), extract.Bytes(data))
		lost := 0
		words := strings.Fields(string(slow.Text))
		for _, w := range words {
			if !fast[w] {
				lost++
			}
		}
		if lost*25 > len(words) {
			t.Errorf("%s: %d of %d words lost", name, lost, len(words))
		}
		if !strings.Contains(blocks[0].Text, "150676-9995") || blocks[0].Place.Page != 1 {
			t.Errorf("%s: number not on page 1", name)
		}
	}
}

// TestFastFallsBack: what the fast reader does not read comes from PDFium.
func TestFastFallsBack(t *testing.T) {
	e := New(Options{CacheDir: shared().opt.CacheDir, Fast: true})
	defer e.Close()
	scan, err := os.ReadFile("testdata/scan.pdf")
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"annotations": places(), "picture": scan, "few letters": simple("hej"), "encrypted": encrypt(t, simple("en hel mening med text i"), ""),
		"corrupt": []byte("%PDF-1.4\n"), "noise": append([]byte("%PDF-1.4\n"), noise(4096)...),
	} {
		if _, err := readFast(readerAt{newReader(extract.Bytes(data))}, int64(len(data))); err == nil {
			t.Errorf("%s: read by the fast reader", name)
		}
		want, got := run(t, shared(), extract.Bytes(data)), run(t, e, extract.Bytes(data))
		if string(got.Text) != string(want.Text) || (got.Skip == nil) != (want.Skip == nil) {
			t.Errorf("%s: %q, want %q", name, got.Text, want.Text)
		}
	}
}

func TestLegible(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		want     bool
	}{
		{"letter", "Du indkaldes hermed til tjenstlig samtale torsdag den 3. oktober.", true},
		{"no spaces", strings.Repeat("Duindkaldeshermedtiltjenstlig", 3), false},
		{"spaced out", strings.Repeat("D u i n d k a l d e s ", 5), false},
		{"no letters", strings.Repeat("\x01\x02 ", 50), false},
		{"private use", "En mening " + strings.Repeat("\uE010\uE011 och ", 20), false},
		{"short", "hej", false},
	} {
		if got := legible(tt.in); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

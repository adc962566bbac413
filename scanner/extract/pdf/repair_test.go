package pdf

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"os"
	"strings"
	"testing"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/finding"
)

// TestCutOff: pages of a file without its end are read.
func TestCutOff(t *testing.T) {
	whole := simple("Anna 20121224-2389", "Erik 20130101-2380", "Eva 20140202-2385")
	cut := func(mark string) []byte {
		at := bytes.Index(whole, []byte(mark))
		if at < 0 {
			t.Fatalf("no %q", mark)
		}
		return whole[:at]
	}
	inStream := bytes.LastIndex(whole, []byte("endstream")) - 4
	for _, c := range []struct {
		name string
		file []byte
		want []string
	}{
		{"no trailer", cut("trailer"), []string{"20121224-2389", "20130101-2380", "20140202-2385"}},
		{"no table", cut("xref\n"), []string{"20121224-2389", "20130101-2380", "20140202-2385"}},
		{"no catalog, no font", cut("\n1 0 obj"), []string{"20121224-2389", "20130101-2380", "20140202-2385"}},
		{"in the last page's content", whole[:inStream], []string{"20121224-2389", "20130101-2380"}},
		{"after the first page", cut("\n12 0 obj"), []string{"20121224-2389"}},
		{"objects in a stream", packed(true), []string{"20121224-2389"}},
		{"objects in a stream, twice", append(bytes.Clone(packed(true)), packed(false)...), []string{"20121224-2389"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			doc := extract.Run(t.Context(), extract.Bytes(c.file), "cut.pdf", []extract.Extractor{shared()}, extract.Limits{})
			for _, w := range c.want {
				if n := strings.Count(string(doc.Text), w); n != 1 {
					t.Errorf("%q %d times in %q", w, n, doc.Text)
				}
			}
			if doc.Skip == nil || doc.Skip.Reason != finding.Corrupt || !doc.Skip.Partial {
				t.Errorf("skip %+v", doc.Skip)
			}
		})
	}
}

// packed returns a document that is cut off and has its page and catalog in
// an object stream.
func packed(catalog bool) []byte {
	b := newBuilder()
	b.deflated(11, "", content("Anna 20121224-2389"))
	inner := map[int]string{
		10: "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F1 3 0 R>>>>/Contents 11 0 R>>",
		2:  "<</Type/Pages/Count 1/Kids[10 0 R]>>",
		3:  "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
	}
	if catalog {
		inner[1] = "<</Type/Catalog/Pages 2 0 R>>"
	}
	var head, body strings.Builder
	for n, s := range inner {
		fmt.Fprintf(&head, "%d %d ", n, body.Len())
		body.WriteString(s + " ")
	}
	b.deflated(20, fmt.Sprintf("/Type/ObjStm/N %d/First %d", len(inner), head.Len()), head.String()+body.String())
	return b.Bytes()
}

// TestCutOffEncrypted: what a trailer at the beginning tells of encryption
// goes into the new one.
func TestCutOffEncrypted(t *testing.T) {
	s := &salvage{}
	s.security(map[string]string{"Encrypt": "7", "ID": "[<00><01>]"})
	if s.trailer != "/Encrypt 7 0 R/ID[<00><01>]" {
		t.Errorf("%q", s.trailer)
	}
}

func TestDictionary(t *testing.T) {
	for _, c := range []struct {
		in   string
		want string
		end  int
	}{
		{"<</Type/Page>>", "/Page", 14},
		{" << /A (\\) >> ( ) ) /Type /Page >> x", "/Page", 34},
		{"<</Group<</Type/Group>>/Kids[1 0 R[<</Type/X>>]]/Type/Pages>>", "/Pages", 61},
		{"<</A 4 0 R/Type/Page/B<3E3E>>>", "/Page", 30},
		{"<</Type/Page", "/Page", 0},
		{"<</A((/Type/Page>>", "", 0},
		{"<<]/Type/Page>>", "", 0},
		{"[/Type/Page]", "", 0},
		{"", "", 0},
	} {
		d, end := dictionary([]byte(c.in))
		if d["Type"] != c.want || end != c.end {
			t.Errorf("%q: type %q, end %d, want %q, %d", c.in, d["Type"], end, c.want, c.end)
		}
	}
}

// TestRepairBounds: an object stream that unpacks without end is charged to
// the budget, and ends with it.
func TestRepairBounds(t *testing.T) {
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	_, _ = w.Write(bytes.Repeat([]byte("1 0 "), 8<<20))
	_ = w.Close()
	b := newBuilder()
	for n := 1; n < 40; n++ {
		b.stream(n, "/Type/ObjStm/N 1000000/First 1000000/Filter/FlateDecode", z.String())
	}
	doc := extract.Run(t.Context(), extract.Bytes(b.Bytes()), "bomb.pdf", []extract.Extractor{shared()}, extract.Limits{Unpacked: 20 << 20})
	if doc.Skip == nil || len(doc.Text) > 0 {
		t.Errorf("%d bytes of text, skip %+v", len(doc.Text), doc.Skip)
	}
}

func FuzzRepair(f *testing.F) {
	f.Add(simple("a", "b"))
	f.Add(packed(true))
	f.Add([]byte("1 0 obj<</Type/ObjStm/N 3/First 9>>stream\n1 0 2 5 3<</Type/Page>>"))
	f.Fuzz(func(t *testing.T, b []byte) {
		tail, err := repair(t.Context(), newReader(extract.Bytes(b)))
		if err != nil {
			t.Fatal(err)
		}
		if len(tail) > 64*len(b)+1024 {
			t.Errorf("%d bytes are appended to %d", len(tail), len(b))
		}
	})
}

func TestGlyphText(t *testing.T) {
	encode := func(s string, high rune) string {
		return strings.Map(func(c rune) rune {
			switch {
			case c == '|':
				return ' ' // a space of PDFium's
			case c >= 0x80:
				return c - high
			}
			return c - ' ' + glyphSpace
		}, s)
	}
	mac := map[rune]rune{'å': 0x8C, 'ä': 0x8A, 'ö': 0x9A}
	macRoman := func(s string) string {
		return strings.Map(func(c rune) rune {
			if m, ok := mac[c]; ok {
				return m
			}
			return c
		}, s)
	}
	const text = "Vårdnadshavare|till|Östen|19121212-1212|far|Märta|19380405-0677|hör|av|sig"
	want := strings.ReplaceAll(text, "|", " ")
	for name, in := range map[string]string{
		"latin":        encode(text, glyphLatin),
		"own spaces":   encode(want, glyphLatin),
		"mac":          encode(macRoman(strings.ReplaceAll(text, "Ö", "O")), glyphMac),
		"another font": "Rubrik som kan\r\nläsas\r\n" + encode(text+"|igen|"+text, glyphLatin),
	} {
		got, ok := glyphText(in)
		if name == "mac" {
			want := strings.ReplaceAll(want, "Ö", "O")
			if !ok || strings.TrimSpace(got) != want {
				t.Errorf("%s: %v %q", name, ok, got)
			}
			continue
		}
		if !ok || !strings.Contains(got, want) || name == "another font" && !strings.Contains(got, "Rubrik som kan") {
			t.Errorf("%s: %v %q", name, ok, got)
		}
	}
	for _, in := range []string{"", "En vanlig text med 19121212-1212 i.", "\x07 punkt\r\n\x07 punkt\r\n\x07 en punkt till", strings.Repeat("LVU LVM 1990:52 ", 20)} {
		if got, ok := glyphText(in); ok {
			t.Errorf("%q was decoded to %q", in, got)
		}
	}
}

// LibreOffice writes all page objects and tables of characters at the end of
// the file: what is left of one that was cut off is numbers of glyphs. It
// must not pass for a document without text.
func TestCutOffLibreOffice(t *testing.T) {
	data, err := os.ReadFile("testdata/libreoffice.pdf")
	if err != nil {
		t.Fatal(err)
	}
	for _, percent := range []int{10, 50, 90, 98} {
		doc := run(t, shared(), extract.Bytes(data[:len(data)*percent/100]))
		if doc.Skip == nil || doc.Skip.Reason != finding.Corrupt {
			t.Errorf("%d %%: text %q, skip %+v", percent, doc.Text, doc.Skip)
		}
	}
}

package pdf

import (
	"fmt"
	"strings"
	"testing"

	"aktvakt/scanner/extract"
)

// numbered is a document whose font of type 3 numbers its glyphs as they
// come and names them.
func numbered(update bool) []byte {
	b := newBuilder()
	b.pages("", []string{"x"})
	names := []string{"space", "one", "nine", "two", "zero", "hyphen", "aring", "Odieresis", "uni00E4", "b1234"}
	b.object(3, fmt.Sprintf("<</Type/Font/Subtype/Type3/FontBBox[0 0 10 10]/FontMatrix[.1 0 0 .1 0 0]/CharProcs<</x 30 0 R>>"+
		"/Encoding 31 0 R/FirstChar 0/LastChar 9/Widths[%s]/Resources<<>>>>", strings.Repeat("6 ", 10)))
	b.stream(30, "", "6 0 0 0 6 6 d1 0 0 6 6 re f")
	b.object(31, "<</Type/Encoding/Differences[0/"+strings.Join(names, "/")+"]>>")
	b.stream(11, "", "BT /F1 12 Tf 1 0 0 1 50 700 Tm <0102010203010203050102010300060708> Tj ET")
	out := b.end("")
	if update {
		b.object(50, "<</Of/nothing>>")
		out = b.end("")
	}
	return out
}

func TestNamedGlyphs(t *testing.T) {
	for _, data := range [][]byte{numbered(false), numbered(true)} {
		doc := run(t, shared(), extract.Bytes(data))
		if got := strings.TrimSpace(string(doc.Text)); got != "19192192-1912 åÖä" || doc.Skip != nil {
			t.Errorf("%q, skip %+v", got, doc.Skip)
		}
	}
}

func TestGlyphNamed(t *testing.T) {
	for name, want := range map[string]rune{
		"A": 'A', "z": 'z', "seven": '7', "Aring": 'Å', "odieresis": 'ö', "ohungarumlaut": 'ő', "oslash": 'ø',
		"uni20AC": '€', "u1F600": '\U0001F600', "a.sc": 'a', "xcedilla": 0, "g17": 0, "": 0, "uniD800": 0, "1": 0,
	} {
		if got := glyphNamed(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

// A character that its font maps to nothing is no hyphen.
func TestCharacterWithoutMeaning(t *testing.T) {
	b := newBuilder()
	b.pages("", []string{"Example~text"})
	b.object(3, "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding/ToUnicode 30 0 R>>")
	b.stream(30, "", "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CMapType 2 def\n1 begincodespacerange\n<00> <FF>\nendcodespacerange\n"+
		"1 beginbfchar\n<7e> <0000>\nendbfchar\n1 beginbfrange\n<20> <7d> <0020>\nendbfrange\nendcmap\nend\nend")
	doc := run(t, shared(), extract.Bytes(b.end("")))
	if got := strings.TrimSpace(string(doc.Text)); got != "Example text" {
		t.Errorf("%q", got)
	}
}

// The block of a table has more entries than it says.
func TestMiscountedTable(t *testing.T) {
	for _, count := range []string{"1", "12", "101"} {
		entries := "<01> <0031>\n<02> <0039>\n<03> <0032>\n<04> <0030>\n<05> <002d>\n"
		for i := range 96 {
			entries += fmt.Sprintf("<%02x> <%04x>\n", 0x40+i, 0x40+i)
		}
		b := newBuilder()
		b.pages("", []string{"x"})
		b.object(3, "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode 30 0 R>>")
		b.deflated(30, "", "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CMapType 2 def\n1 begincodespacerange\n<00> <FF>\nendcodespacerange\n"+
			count+" beginbfchar\n"+entries+"endbfchar\nendcmap\nend\nend")
		b.stream(11, "", "BT /F1 12 Tf 1 0 0 1 50 700 Tm <0102010203010203050102010341> Tj ET")
		doc := run(t, shared(), extract.Bytes(b.end("")))
		if got := strings.TrimSpace(string(doc.Text)); got != "19192192-1912A" || doc.Skip != nil {
			t.Errorf("%s: %q, skip %+v", count, got, doc.Skip)
		}
	}
}

func FuzzNamedFonts(f *testing.F) {
	f.Add(numbered(false))
	f.Add(numbered(true))
	f.Add(packed(true))
	f.Fuzz(func(t *testing.T, b []byte) {
		tail, err := namedFonts(t.Context(), newReader(extract.Bytes(b)))
		if err != nil {
			t.Fatal(err)
		}
		if len(tail) > maxNamedFonts*(repairDict+8<<10)+8*(tablesLimit+tableLimit) {
			t.Errorf("%d bytes are appended to %d", len(tail), len(b))
		}
	})
}

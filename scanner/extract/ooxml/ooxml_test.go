package ooxml_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/extracttest"
	"aktvakt/scanner/extract/ooxml"
	"aktvakt/scanner/finding"
)

func TestSuite(t *testing.T) {
	extracttest.Run(t, extracttest.Suite{Extractor: ooxml.New(), Files: []string{
		"testdata/places.docx", "testdata/places.xlsx", "testdata/places.pptx", "testdata/libreoffice.docx",
	}})
}

// pack makes a container of parts, each a name and its content.
func pack(t testing.TB, parts ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(parts); i += 2 {
		w, err := z.Create(parts[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, parts[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func run(b []byte, lim extract.Limits) extract.Document {
	return extract.Run(context.Background(), extract.Bytes(b), "x", []extract.Extractor{ooxml.New()}, lim)
}

func word(t testing.TB, body string, more ...string) []byte {
	return pack(t, append([]string{"[Content_Types].xml", "<Types/>", "word/document.xml", `<w:document><w:body>` + body + `</w:body></w:document>`}, more...)...)
}

func TestWord(t *testing.T) {
	p := func(inner string) string { return "<w:p>" + inner + "</w:p>" }
	r := func(text string) string { return "<w:r><w:t>" + text + "</w:t></w:r>" }
	tests := []struct{ name, body, want string }{
		{"runs join", p(r("1990") + r("0101-") + r("2385")), "19900101-2385\n"},
		{"tab stops are no tabs", p(`<w:pPr><w:tabs><w:tab w:val="left"/></w:tabs></w:pPr>` + r("a") + `<w:r><w:tab/></w:r>` + r("b")), "a\tb\n"},
		{"fallback repeats", p(`<mc:AlternateContent><mc:Choice>` + r("once") + `</mc:Choice><mc:Fallback>` + r("once") + `</mc:Fallback></mc:AlternateContent>`), "once\n"},
		{"a replaced number", p(r("nr ") + `<w:ins>` + r("19900101-2385") + `</w:ins><w:del><w:r><w:delText>19900202-2383</w:delText></w:r></w:del>` + r(" klart")),
			"nr 19900101-2385 klart\n19900202-2383\n"},
		{"a number changed in part", p(r("nr 1990") + `<w:del><w:r><w:delText>02</w:delText></w:r></w:del><w:ins>` + r("01") + `</w:ins>` + r("01-2385 x")),
			"nr 19900101-2385 x\n19900201-2385\n"},
		{"table with paragraphs in cells", `<w:tbl><w:tr><w:tc>` + p(r("a")) + p(r("b")) + `</w:tc><w:tc>` + p(r("c")) + `</w:tc></w:tr><w:tr><w:tc>` + p("") + `</w:tc><w:tc>` + p(r("d")) + `</w:tc></w:tr></w:tbl>` + p(r("e")),
			"a\nb\tc\n\td\ne\n"},
		{"field code and default text", p(`<w:r><w:ffData><w:textInput><w:default w:val="19900101-2385"/></w:textInput></w:ffData></w:r><w:r><w:instrText> HYPER</w:instrText></w:r><w:r><w:instrText>LINK "http://a" </w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r>` + r("b")),
			"19900101-2385   HYPERLINK \"http://a\"  b\n"},
		{"alternative text", p(`<wp:docPr id="1" name="Picture 1" descr="Foto av Åsa"/>`), "Foto av Åsa \n"},
		{"text box inside a paragraph", p(r("before") + `<w:txbxContent>` + p(r("box")) + `</w:txbxContent>` + r("after")), "before\nbox\nafter\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			doc := run(word(t, tt.body), extract.Limits{})
			if diff := cmp.Diff(tt.want, string(doc.Text)); diff != "" {
				t.Error(diff)
			}
			if doc.Skip != nil {
				t.Errorf("skip %+v", doc.Skip)
			}
		})
	}
}

func TestWordPages(t *testing.T) {
	app := `<Properties><Pages>2</Pages><Application>Microsoft Office Word</Application></Properties>`
	body := `<w:p><w:r><w:t>one</w:t></w:r></w:p><w:p><w:r><w:lastRenderedPageBreak/><w:t>two</w:t></w:r></w:p>`
	doc := run(word(t, body, "docProps/app.xml", app), extract.Limits{})
	if got := doc.At(strings.Index(string(doc.Text), "two")).String(); got != "page 2" {
		t.Errorf("got %q", got)
	}
	doc = run(word(t, body), extract.Limits{})
	if got := doc.At(0).String(); got != "" {
		t.Errorf("without a page count: got %q", got)
	}
}

// TestUTF16Part: XML may be UTF-16.
func TestUTF16Part(t *testing.T) {
	xml := `<?xml version="1.0" encoding="UTF-16"?><w:document><w:p><w:t>Åsa</w:t></w:p></w:document>`
	u := []byte{0xFF, 0xFE}
	for _, r := range xml {
		u = append(u, byte(r), byte(r>>8))
	}
	doc := run(pack(t, "[Content_Types].xml", "<Types/>", "word/document.xml", string(u)), extract.Limits{})
	if string(doc.Text) != "Åsa\n" {
		t.Errorf("%q", doc.Text)
	}
}

func book(t testing.TB, rows string, more ...string) []byte {
	return pack(t, append([]string{
		"[Content_Types].xml", "<Types/>",
		"xl/workbook.xml", `<workbook><sheets><sheet name="Elever" sheetId="1" r:id="rId1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels", `<Relationships><Relationship Id="rId1" Type="http://x/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`,
		"xl/worksheets/sheet1.xml", `<worksheet><sheetData>` + rows + `</sheetData></worksheet>`,
	}, more...)...)
}

func TestSheetPlaces(t *testing.T) {
	doc := run(book(t, `<row r="1"><c r="A1" t="inlineStr"><is><t>Namn</t></is></c><c r="C1" t="inlineStr"><is><t>Personnr</t></is></c></row>
<row r="2"><c r="C2"><v>9001012385</v></c></row>
<row r="9"><c r="B9" t="str"><v>två
rader</v></c><c><v>1012385</v></c></row>
<row r="10"><c r="XFD10" t="str"><v>far</v></c><c r="A10" t="str"><v>back</v></c></row>`), extract.Limits{})
	want := "Elever\nNamn\t\tPersonnr\n\t\t9001012385\n\ttvå rader\t0001012385\nfar\tback\n"
	if diff := cmp.Diff(want, string(doc.Text)); diff != "" {
		t.Error(diff)
	}
	for word, place := range map[string]string{
		"9001012385": "sheet Elever, row 2, column C", "två": "sheet Elever, row 9, column B", "0001": "sheet Elever, row 9, column C",
		"back": "sheet Elever, row 10",
	} {
		if got := doc.At(strings.Index(string(doc.Text), word)).String(); got != place {
			t.Errorf("%q: got %q, want %q", word, got, place)
		}
	}
	if doc.MediaType != "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" {
		t.Errorf("media type %q", doc.MediaType)
	}
}

// brt makes a record of a binary workbook.
func brt(id int, data ...[]byte) []byte {
	var b []byte
	if b = append(b, byte(id)); id > 0x7F {
		b = []byte{byte(id) | 0x80, byte(id >> 7)}
	}
	body := bytes.Join(data, nil)
	n := len(body)
	for ; n > 0x7F; n >>= 7 {
		b = append(b, byte(n)|0x80)
	}
	return append(append(b, byte(n)), body...)
}

func u32(v uint32) []byte { return binary.LittleEndian.AppendUint32(nil, v) }

func xlText(s string) []byte {
	b := u32(uint32(len([]rune(s))))
	for _, r := range s {
		b = append(b, byte(r), byte(r>>8))
	}
	return b
}

func binaryBook(t testing.TB) []byte {
	at := func(col uint32) []byte { return append(u32(col), u32(0)...) }
	real := binary.LittleEndian.AppendUint64(nil, math.Float64bits(9001012385))
	sheet := bytes.Join([][]byte{
		brt(0, u32(0), make([]byte, 13)), brt(7, at(0), u32(0)), brt(6, at(1), xlText("Personnr")),
		brt(0, u32(1), make([]byte, 13)), brt(62, at(0), []byte{0}, xlText("Åsa")), brt(5, at(1), real),
		brt(0, u32(2), make([]byte, 13)), brt(2, at(1), u32(101012385<<2|2)), brt(8, at(2), xlText("930405-2384")),
		brt(479, []byte{0, 0}, xlText("&CHuvud 717171-7171")),
	}, nil)
	return pack(t, "[Content_Types].xml", "<Types/>",
		"xl/workbook.bin", string(bytes.Join([][]byte{brt(156, u32(0), u32(1), xlText("rId1"), xlText("Elever")), brt(39, make([]byte, 9), xlText("klient"), []byte{0x17, 11, 0}, xlText("797979-7979")[4:])}, nil)),
		"xl/_rels/workbook.bin.rels", `<Relationships><Relationship Id="rId1" Type="x/worksheet" Target="worksheets/sheet1.bin"/></Relationships>`,
		"xl/worksheets/sheet1.bin", string(sheet), "xl/sharedStrings.bin", string(brt(19, []byte{0}, xlText("Namn"))),
		"xl/styles.bin", string(bytes.Join([][]byte{brt(44, []byte{164, 0}, xlText("000000-0000")), brt(617, u32(1)), brt(47, []byte{0, 0, 164, 0}, make([]byte, 12)), brt(618)}, nil)),
		"xl/comments1.bin", string(brt(637, []byte{0}, xlText("Kommentar"))))
}

func TestBinaryWorkbook(t *testing.T) {
	doc := run(binaryBook(t), extract.Limits{})
	want := "Elever\nklient\t797979-7979\nNamn\tPersonnr\nÅsa\t900101-2385\n\t010101-2385\t930405-2384\nHuvud 717171-7171\nKommentar\n"
	if diff := cmp.Diff(want, string(doc.Text)); diff != "" || doc.Skip != nil {
		t.Errorf("%s skip %+v", diff, doc.Skip)
	}
	if got := doc.At(strings.Index(string(doc.Text), "930405")).String(); got != "sheet Elever, row 3, column C" {
		t.Errorf("place %q", got)
	}
}

func FuzzBinarySheet(f *testing.F) {
	f.Add([]byte{0, 4, 0, 0, 0, 0, 2, 12, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		run(pack(t, "[Content_Types].xml", "<Types/>", "xl/workbook.bin", string(b), "xl/worksheets/sheet1.bin", string(b), "xl/sharedStrings.bin", string(b), "xl/styles.bin", string(b)), extract.Limits{})
	})
}

// TestPivotCache: the source of a pivot table stays in the file when its
// sheet is deleted.
func TestPivotCache(t *testing.T) {
	doc := run(book(t, "", "xl/pivotCache/pivotCacheDefinition1.xml",
		`<pivotCacheDefinition><cacheFields><cacheField name="Personnr"><sharedItems><s v="19900101-2385"/></sharedItems></cacheField></cacheFields></pivotCacheDefinition>`), extract.Limits{})
	if !strings.Contains(string(doc.Text), "Personnr\n19900101-2385\n") {
		t.Errorf("%q", doc.Text)
	}
}

func TestSlideOrder(t *testing.T) {
	slide := func(s string) string { return `<p:sld><a:p><a:r><a:t>` + s + `</a:t></a:r></a:p></p:sld>` }
	doc := run(pack(t, "[Content_Types].xml", "<Types/>",
		"ppt/presentation.xml", `<p:presentation><p:sldIdLst><p:sldId id="256" r:id="rId9"/><p:sldId id="257" r:id="rId8"/></p:sldIdLst></p:presentation>`,
		"ppt/_rels/presentation.xml.rels", `<Relationships><Relationship Id="rId8" Type="x/slide" Target="slides/slide1.xml"/><Relationship Id="rId9" Type="x/slide" Target="/ppt/slides/slide2.xml"/></Relationships>`,
		"ppt/slides/slide1.xml", slide("second"), "ppt/slides/slide2.xml", slide("first"), "ppt/slides/slide3.xml", slide("lost"),
		"ppt/slides/_rels/slide2.xml.rels", `<Relationships><Relationship Id="r" Type="x/notesSlide" Target="../notesSlides/notesSlide7.xml"/></Relationships>`,
		"ppt/notesSlides/notesSlide7.xml", slide("note")), extract.Limits{})
	if want := "first\nnote\nsecond\nlost\n"; string(doc.Text) != want {
		t.Errorf("got %q, want %q", doc.Text, want)
	}
	if got := doc.At(7).String(); got != "page 1, notes" {
		t.Errorf("place of the note: %q", got)
	}
	if doc.Pages != 3 {
		t.Errorf("%d pages", doc.Pages)
	}
}

// TestBrokenHalfWay: the text before a break stays, with the reason.
func TestBrokenHalfWay(t *testing.T) {
	var body strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&body, "<w:p><w:r><w:t>stycke %d</w:t></w:r></w:p>", i*7919%3001)
	}
	b := word(t, body.String())
	doc := run(b[:len(b)*2/3], extract.Limits{})
	if doc.Skip == nil || doc.Skip.Reason != finding.Corrupt || !doc.Skip.Partial || !strings.HasPrefix(string(doc.Text), "stycke 0\nstycke 1917\n") {
		t.Errorf("skip %+v, %d bytes of text", doc.Skip, len(doc.Text))
	}
}

func TestNotOffice(t *testing.T) {
	doc := run(pack(t, "a.txt", "text"), extract.Limits{})
	if doc.Skip == nil || doc.Skip.Reason != finding.Unsupported {
		t.Errorf("skip %+v", doc.Skip)
	}
}

// filler repeats a unit up to a size, cheaply.
type filler struct {
	unit string
	n    int64
}

func (f *filler) Read(p []byte) (int, error) {
	if f.n <= 0 {
		return 0, io.EOF
	}
	n := 0
	for n+len(f.unit) <= len(p) && f.n > 0 {
		n += copy(p[n:], f.unit)
		f.n -= int64(len(f.unit))
	}
	return n, nil
}

// TestHostile: bombs end at a limit, or with all that is in them.
func TestHostile(t *testing.T) {
	bomb := func(name, before, unit string, n int64, after string) []byte {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		for _, p := range []string{"[Content_Types].xml", name} {
			w, err := z.Create(p)
			if err != nil {
				t.Fatal(err)
			}
			var r io.Reader = strings.NewReader("<Types/>")
			if p == name {
				r = io.MultiReader(strings.NewReader(before), &filler{unit, n}, strings.NewReader(after))
			}
			if _, err := io.Copy(w, r); err != nil {
				t.Fatal(err)
			}
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	const doc = "word/document.xml"
	tests := []struct {
		name string
		b    []byte
		want finding.Reason
	}{
		{"text", bomb(doc, "<w:document>", "<w:p><w:t>xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx</w:t></w:p>", 12<<20, ""), finding.TooLarge},
		{"one paragraph", bomb(doc, "<w:document><w:p><w:t>", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 12<<20, ""), finding.TooLarge},
		{"attribute", bomb(doc, `<w:document><w:p w:x="`, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 12<<20, `"><w:t>tail</w:t></w:p>`), finding.TooLarge},
		{"comment", bomb(doc, `<w:document><!-- `, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 12<<20, ` --><w:p><w:t>tail</w:t></w:p>`), ""},
		{"deep", bomb(doc, "<w:document>", "<w:tbl><w:tr><w:tc><w:p>", 4<<20, ""), ""},
		{"shared strings", bomb("xl/sharedStrings.xml", "<sst>", "<si><t>xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx</t></si>", 12<<20, ""), ""},
		{"entities", word(t, `<w:p><w:t>&a;</w:t></w:p>`), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := run(tt.b, extract.Limits{Text: 2 << 20, Unpacked: 64 << 20})
			reason := finding.Reason("")
			if got.Skip != nil {
				reason = got.Skip.Reason
			}
			if reason != tt.want {
				t.Errorf("reason %q, want %q (%d bytes of text)", reason, tt.want, len(got.Text))
			}
		})
	}
}

func FuzzWord(f *testing.F) {
	f.Add(`<w:p><w:r><w:t>a</w:t></w:r></w:p>`)
	f.Add(`<w:tbl><w:tr><w:tc><w:p><w:del><w:delText>x</w:delText></w:del></w:p></w:tc></w:tr></w:tbl>`)
	f.Fuzz(func(t *testing.T, body string) { run(word(t, body), extract.Limits{}) })
}

func FuzzSheet(f *testing.F) {
	f.Add(`<row r="1"><c r="A1" t="s"><v>0</v></c></row>`, `<sst><si><t>x</t></si></sst>`)
	f.Add(`<row><c r="ZZ1" s="1"><f>"a"&amp;"b"</f><v>1e9</v></c></row>`, ``)
	f.Fuzz(func(t *testing.T, rows, shared string) {
		doc := run(book(t, rows, "xl/sharedStrings.xml", shared), extract.Limits{})
		for i := range len(doc.Text) {
			_ = doc.At(i).String()
		}
	})
}

func BenchmarkWord(b *testing.B) {
	in := word(b, strings.Repeat(`<w:p w:rsidR="00FC693F"><w:r><w:rPr><w:b/></w:rPr><w:t xml:space="preserve">Handläggaren tog emot </w:t></w:r><w:r><w:t>en anmälan.</w:t></w:r></w:p>`, 5_000))
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		run(in, extract.Limits{})
	}
}

func BenchmarkSheet(b *testing.B) {
	var rows strings.Builder
	for i := range 5_000 {
		fmt.Fprintf(&rows, `<row r="%d"><c r="A%[1]d" t="s"><v>%d</v></c><c r="B%[1]d"><v>9001012385</v></c><c r="C%[1]d" s="1"><v>32874.5</v></c></row>`, i+1, i%3)
	}
	in := book(b, rows.String(), "xl/sharedStrings.xml", `<sst><si><t>Namn</t></si><si><t>Åsa</t></si><si><t>Östra</t></si></sst>`)
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		run(in, extract.Limits{})
	}
}

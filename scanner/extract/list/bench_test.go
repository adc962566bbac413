package list_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/nguyenthenguyen/docx"
	"github.com/xuri/excelize/v2"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/list"
)

// sentence makes up a sentence, so that files are packed as real ones are.
func sentence(rnd *rand.Rand) string {
	const syllables = "barn hem ut red ning soci al sekre ta re för äld rar an mäl an bi stånd be slut skol a um gäng e boend e stöd fam ilj in sats"
	parts := strings.Fields(syllables)
	var b strings.Builder
	for range 8 + rnd.IntN(10) {
		for range 1 + rnd.IntN(4) {
			b.WriteString(parts[rnd.IntN(len(parts))])
		}
		b.WriteByte(' ')
	}
	fmt.Fprintf(&b, "%d.", 1000+rnd.IntN(9000))
	return b.String()
}

// bigDocx is a letter of 4,000 paragraphs in three runs each.
func bigDocx(b *testing.B) []byte {
	var body strings.Builder
	rnd := rand.New(rand.NewPCG(1, 1))
	body.WriteString(`<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>`)
	for i := range 4000 {
		fmt.Fprintf(&body, `<w:p w:rsidR="00A77B3E"><w:pPr><w:pStyle w:val="Normal"/></w:pPr><w:r><w:rPr><w:b/><w:lang w:val="sv-SE"/></w:rPr><w:t>Rad %d</w:t></w:r><w:r><w:t xml:space="preserve">: %s </w:t></w:r><w:r><w:t>%s</w:t></w:r></w:p>`, i, sentence(rnd), sentence(rnd))
	}
	body.WriteString(`</w:body></w:document>`)
	return zipped(b, [][2]string{
		{"[Content_Types].xml", `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>`},
		{"_rels/.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>`},
		{"word/_rels/document.xml.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"/>`},
		{"word/document.xml", body.String()},
	})
}

// bigODT is the same letter in OpenDocument.
func bigODT(b *testing.B) []byte {
	var body strings.Builder
	rnd := rand.New(rand.NewPCG(1, 1))
	body.WriteString(`<?xml version="1.0" encoding="UTF-8"?><office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:text>`)
	for i := range 4000 {
		fmt.Fprintf(&body, `<text:p text:style-name="P1"><text:span text:style-name="T1">Rad %d</text:span>: %s<text:s/><text:span text:style-name="T2">%s</text:span></text:p>`, i, sentence(rnd), sentence(rnd))
	}
	body.WriteString(`</office:text></office:body></office:document-content>`)
	return zipped(b, [][2]string{{"mimetype", "application/vnd.oasis.opendocument.text"}, {"content.xml", body.String()}})
}

func zipped(b *testing.B, parts [][2]string) []byte {
	b.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, p := range parts {
		f, err := w.Create(p[0])
		if err != nil {
			b.Fatal(err)
		}
		if _, err := f.Write([]byte(p[1])); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	return out.Bytes()
}

// bigXlsx is a register of 5,000 rows in ten columns.
func bigXlsx(b *testing.B) []byte {
	f := excelize.NewFile()
	rnd := rand.New(rand.NewPCG(1, 1))
	for row := range 5000 {
		cells := make([]any, 10)
		for col := range cells {
			if col%2 == 0 {
				cells[col] = sentence(rnd)[:12]
			} else {
				cells[col] = 199001012385 + row*10 + col
			}
		}
		if err := f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", row+1), &cells); err != nil {
			b.Fatal(err)
		}
	}
	out, err := f.WriteToBuffer()
	if err != nil {
		b.Fatal(err)
	}
	return out.Bytes()
}

func fixture(b *testing.B, path string) []byte {
	b.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		b.Fatal(err)
	}
	return data
}

// ours reads a file as the scanner does. It returns the length of the text.
func ours(b *testing.B, data []byte) int {
	doc := extract.Run(b.Context(), extract.Bytes(data), "x", list.All(), extract.Limits{})
	if doc.Skip != nil && doc.Skip.Reason != "unsupported" { // pictures
		b.Fatal(doc.Skip)
	}
	return len(doc.Text)
}

// theirDocx gets the parts of a docx that the library knows, XML with tags.
func theirDocx(b *testing.B, data []byte) int {
	r, err := docx.ReadDocxFromMemory(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	return len(r.Editable().GetContent())
}

// theirDocxText takes the tags out of that, which is the least that a search
// for numbers needs, as words are split over runs.
func theirDocxText(b *testing.B, data []byte) int {
	r, err := docx.ReadDocxFromMemory(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	var text strings.Builder
	for rest := r.Editable().GetContent(); rest != ""; {
		before, after, _ := strings.Cut(rest, "<")
		text.WriteString(before)
		tag, next, _ := strings.Cut(after, ">")
		if tag == "/w:p" {
			text.WriteByte('\n')
		}
		rest = next
	}
	return text.Len()
}

// theirXlsx reads all rows of all sheets.
func theirXlsx(b *testing.B, data []byte) int {
	f, err := excelize.OpenReader(bytes.NewReader(data))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	n := 0
	for _, sheet := range f.GetSheetList() {
		rows, err := f.GetRows(sheet)
		if err != nil {
			b.Fatal(err)
		}
		for _, row := range rows {
			for _, cell := range row {
				n += len(cell) + 1
			}
		}
	}
	return n
}

// BenchmarkPeers compares the readers with the Go libraries for the same
// formats, on the same files in one run. text_KB is what they found.
func BenchmarkPeers(b *testing.B) {
	type reader struct {
		name string
		read func(*testing.B, []byte) int
	}
	us, excel := reader{"aktvakt", ours}, reader{"excelize", theirXlsx}
	word, wordText := reader{"nguyenthenguyen-docx-xml", theirDocx}, reader{"nguyenthenguyen-docx-text", theirDocxText}
	tests := []struct {
		name    string
		data    []byte
		readers []reader
	}{
		{"docx/small", fixture(b, "../ooxml/testdata/libreoffice.docx"), []reader{us, word, wordText}},
		{"docx/large", bigDocx(b), []reader{us, word, wordText}},
		{"xlsx/small", fixture(b, "../ooxml/testdata/libreoffice.xlsx"), []reader{us, excel}},
		{"xlsx/large", bigXlsx(b), []reader{us, excel}},
		{"odt/small", fixture(b, "../odf/testdata/places.odt"), []reader{us}},
		{"odt/large", bigODT(b), []reader{us}},
	}
	for _, tt := range tests {
		for _, r := range tt.readers {
			b.Run(tt.name+"/"+r.name, func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(len(tt.data)))
				n := 0
				for b.Loop() {
					n = r.read(b, tt.data)
				}
				b.ReportMetric(float64(n)/1000, "text_KB")
			})
		}
	}
}

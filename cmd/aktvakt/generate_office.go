package main

import (
	"archive/zip"
	"bytes"
	"compress/zlib"
	"encoding/xml"
	"fmt"
	"strings"
)

// part is a member of an archive.
type part struct {
	name string
	data []byte
}

func packed(parts []part) ([]byte, error) {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, p := range parts {
		w, err := z.Create(p.name)
		if err != nil {
			return nil, err
		}
		if _, err := w.Write(p.data); err != nil {
			return nil, err
		}
	}
	err := z.Close()
	return out.Bytes(), err
}

const (
	openXML   = "application/vnd.openxmlformats-officedocument."
	openTypes = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
)

// openPackage is an Office file: its parts with their types, the first of them
// the main one.
func (m *maker) openPackage(types []string, parts []part, rels string) ([]byte, error) {
	var ct strings.Builder
	ct.WriteString(xml.Header + `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="odttf" ContentType="application/vnd.openxmlformats-officedocument.obfuscatedFont"/>`)
	for i, p := range parts {
		fmt.Fprintf(&ct, `<Override PartName="/%s" ContentType="%s%s+xml"/>`, p.name, openXML, types[i])
	}
	ct.WriteString(`</Types>`)
	main := parts[0].name
	dir, base, _ := strings.Cut(main, "/")
	all := []part{
		{"[Content_Types].xml", []byte(ct.String())},
		{"_rels/.rels", []byte(relations(`<Relationship Id="rId1" Type="` + openTypes + `/officeDocument" Target="` + main + `"/>`))},
		{dir + "/_rels/" + base + ".rels", []byte(relations(rels))},
	}
	all = append(all, parts...)
	if m.rnd.IntN(2) == 0 {
		all = append(all, part{dir + "/fonts/font1.odttf", m.noise(40_000)})
	}
	return packed(all)
}

func relations(rels string) string {
	return xml.Header + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` + rels + `</Relationships>`
}

func (m *maker) docx() ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(xml.Header + `<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>`)
	for line := range strings.Lines(m.text()) {
		b.WriteString(`<w:p w:rsidR="00A77B3E" w:rsidRDefault="00A77B3E"><w:pPr><w:pStyle w:val="Normal"/><w:spacing w:after="120"/></w:pPr><w:r><w:rPr><w:lang w:val="sv-SE"/></w:rPr><w:t xml:space="preserve">`)
		escape(&b, line)
		b.WriteString(`</w:t></w:r></w:p>`)
	}
	b.WriteString(`<w:sectPr/></w:body></w:document>`)
	return m.openPackage([]string{"wordprocessingml.document.main"}, []part{{"word/document.xml", b.Bytes()}}, "")
}

// escape writes a line into XML; a bytes.Buffer does not fail.
func escape(b *bytes.Buffer, line string) {
	_ = xml.EscapeText(b, []byte(strings.TrimSuffix(line, "\n")))
}

func (m *maker) xlsx() ([]byte, error) {
	const ns = ` xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"`
	var words, sheet bytes.Buffer
	strs := 40
	fmt.Fprintf(&words, xml.Header+`<sst%s count="%d" uniqueCount="%d">`, ns, strs, strs)
	for range strs {
		fmt.Fprintf(&words, `<si><t>%s</t></si>`, m.trade())
	}
	words.WriteString(`</sst>`)
	sheet.WriteString(xml.Header + `<worksheet` + ns + `><sheetData>`)
	for row, n := 1, m.length()/30; row <= n; row++ {
		fmt.Fprintf(&sheet, `<row r="%d"><c r="A%d" t="s"><v>%d</v></c><c r="B%d"><v>%d</v></c><c r="C%d"><v>%d.5</v></c><c r="D%d" t="s"><v>%d</v></c></row>`,
			row, row, m.rnd.IntN(strs), row, m.rnd.IntN(100_000), row, m.rnd.IntN(1000), row, m.rnd.IntN(strs))
	}
	sheet.WriteString(`</sheetData></worksheet>`)
	book := xml.Header + `<workbook` + ns + ` xmlns:r="` + openTypes + `"><sheets><sheet name="Blad1" sheetId="1" r:id="rId1"/></sheets></workbook>`
	return m.openPackage(
		[]string{"spreadsheetml.sheet.main", "spreadsheetml.worksheet", "spreadsheetml.sharedStrings"},
		[]part{{"xl/workbook.xml", []byte(book)}, {"xl/worksheets/sheet1.xml", sheet.Bytes()}, {"xl/sharedStrings.xml", words.Bytes()}},
		`<Relationship Id="rId1" Type="`+openTypes+`/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="`+openTypes+`/sharedStrings" Target="sharedStrings.xml"/>`)
}

func (m *maker) pptx() ([]byte, error) {
	const ns = ` xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" xmlns:r="` + openTypes + `"`
	types, parts := []string{"presentationml.presentation.main"}, []part{{name: "ppt/presentation.xml"}}
	var ids, rels strings.Builder
	for i := range 3 + m.rnd.IntN(25) {
		var b bytes.Buffer
		b.WriteString(xml.Header + `<p:sld` + ns + `><p:cSld><p:spTree><p:sp><p:txBody>`)
		for range 2 + m.rnd.IntN(6) {
			b.WriteString(`<a:p><a:r><a:t>`)
			escape(&b, m.sentence())
			b.WriteString(`</a:t></a:r></a:p>`)
		}
		b.WriteString(`</p:txBody></p:sp></p:spTree></p:cSld></p:sld>`)
		types, parts = append(types, "presentationml.slide"), append(parts, part{fmt.Sprintf("ppt/slides/slide%d.xml", i+1), b.Bytes()})
		fmt.Fprintf(&ids, `<p:sldId id="%d" r:id="rId%d"/>`, 256+i, i+1)
		fmt.Fprintf(&rels, `<Relationship Id="rId%d" Type="%s/slide" Target="slides/slide%d.xml"/>`, i+1, openTypes, i+1)
	}
	parts[0].data = []byte(xml.Header + `<p:presentation` + ns + `><p:sldIdLst>` + ids.String() + `</p:sldIdLst></p:presentation>`)
	return m.openPackage(types, parts, rels.String())
}

func (m *maker) odt() ([]byte, error) {
	const ns = ` xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"`
	var b bytes.Buffer
	b.WriteString(xml.Header + `<office:document-content` + ns + ` office:version="1.2"><office:body><office:text>`)
	for line := range strings.Lines(m.text()) {
		b.WriteString(`<text:p text:style-name="P1">`)
		escape(&b, line)
		b.WriteString(`</text:p>`)
	}
	b.WriteString(`</office:text></office:body></office:document-content>`)
	return packed([]part{
		{"mimetype", []byte("application/vnd.oasis.opendocument.text")},
		{"META-INF/manifest.xml", []byte(xml.Header + `<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><manifest:file-entry manifest:full-path="/" manifest:media-type="application/vnd.oasis.opendocument.text"/><manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>`)},
		{"content.xml", b.Bytes()},
	})
}

// pdf is a document in a standard font, 48 lines a page, with a colour profile
// or the like that is no text.
func (m *maker) pdf() ([]byte, error) {
	var b bytes.Buffer
	var offsets []int
	object := func(body string) {
		offsets = append(offsets, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", len(offsets), body)
	}
	stream := func(dict, data string) {
		object(fmt.Sprintf("<<%s/Length %d>>\nstream\n%s\nendstream", dict, len(data), data))
	}
	b.WriteString("%PDF-1.5\n%\xe2\xe3\xcf\xd3\n")
	lines := wrapped(m.text(), 90)
	pages := (len(lines) + 47) / 48
	var kids strings.Builder
	for i := range pages {
		fmt.Fprintf(&kids, "%d 0 R ", 5+2*i)
	}
	object("<</Type/Catalog/Pages 2 0 R/OutputIntents[<</Type/OutputIntent/S/GTS_PDFA1/OutputConditionIdentifier(sRGB)/DestOutputProfile 4 0 R>>]>>")
	object(fmt.Sprintf("<</Type/Pages/Count %d/Kids[%s]>>", pages, kids.String()))
	object("<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>")
	stream("/N 3", string(m.noise(30_000)))
	for i := range pages {
		object(fmt.Sprintf("<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F1 3 0 R>>>>/Contents %d 0 R>>", 6+2*i))
		var c, z bytes.Buffer
		c.WriteString("BT /F1 11 Tf 15 TL 50 790 Td\n")
		for _, line := range lines[48*i : min(48*i+48, len(lines))] {
			fmt.Fprintf(&c, "(%s) Tj T*\n", strings.NewReplacer(`\`, `\\`, "(", `\(`, ")", `\)`).Replace(latin1(line)))
		}
		c.WriteString("ET\n")
		w := zlib.NewWriter(&z)
		if _, err := w.Write(c.Bytes()); err != nil {
			return nil, err
		}
		if err := w.Close(); err != nil {
			return nil, err
		}
		stream("/Filter/FlateDecode", z.String())
	}
	at := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(offsets)+1)
	for _, off := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", off)
	}
	fmt.Fprintf(&b, "trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(offsets)+1, at)
	return b.Bytes(), nil
}

// wrapped breaks a text into lines of some width, between words.
func wrapped(text string, width int) []string {
	var out []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		for len(line) > width {
			at := strings.LastIndexByte(line[:width], ' ')
			if at <= 0 {
				break
			}
			out, line = append(out, line[:at]), line[at+1:]
		}
		out = append(out, line)
	}
	return out
}

// latin1 is a text in ISO 8859-1, in which these texts can all be written.
func latin1(s string) string {
	b := make([]byte, 0, len(s))
	for _, c := range s {
		b = append(b, byte(c))
	}
	return string(b)
}

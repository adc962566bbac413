package dossier

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/nguyenthenguyen/docx"

	"aktvakt/scanner/report/lang"
)

// order is the fields of the default template from top to bottom. Their
// placeholders are {{name}}; their labels {{label.name}}.
var order = []string{
	"organisation", "reference", "made", "nature", "cause", "place", "categories", "special", "criminal", "protected",
	"persons", "records", "readers", "opened", "since", "found", "seen", "deadline", "consequences", "measures", "done",
	"notify", "inform", "decision", "documents",
}

// Limits on a template: it is the organisation's own file, but a wrong one
// must not fill the memory.
const (
	maxTemplate = 16 << 20
	maxUnpacked = 64 << 20
)

// lineBreak stands for a new line while values are filled in: the template
// library writes a break inside a run's text, where Word does not allow it.
const lineBreak = "\uE000"

// placeholder matches {{name}}, also where Word has cut it into several runs.
var placeholder = regexp.MustCompile(`\{(?:<[^<>]*>)*\{((?:<[^<>]*>|[\w.\- ])*)\}(?:<[^<>]*>)*\}`)

var tags = regexp.MustCompile(`<[^<>]*>`)

// Word fills a template and writes the document. A nil template is the
// default one. Placeholders that the template has and the dossier has not are
// an error, which names them.
func (d *Dossier) Word(w io.Writer, template []byte) error {
	if template == nil {
		var err error
		if template, err = Template(); err != nil {
			return err
		}
	}
	if err := checkTemplate(template); err != nil {
		return fmt.Errorf("template: %w", err)
	}
	r, err := docx.ReadDocxFromMemory(bytes.NewReader(template), int64(len(template)))
	if err != nil {
		return fmt.Errorf("template: %w", err)
	}
	defer r.Close()
	doc := r.Editable()
	doc.SetContent(join(doc.GetContent()))
	values := d.fields()
	for k, v := range labels(d.text) {
		values["label."+k] = v
	}
	for _, k := range slices.Sorted(maps.Keys(values)) {
		v := strings.ReplaceAll(plain(values[k]), "\n", lineBreak)
		v = strings.ReplaceAll(strings.ReplaceAll(v, "{{", "{ {"), "}}", "} }") // a value is no placeholder
		if err := errors.Join(doc.Replace("{{"+k+"}}", v, -1), doc.ReplaceHeader("{{"+k+"}}", v), doc.ReplaceFooter("{{"+k+"}}", v)); err != nil {
			return fmt.Errorf("template: %w", err)
		}
	}
	if left := placeholder.FindAllString(doc.GetContent(), -1); len(left) > 0 {
		for i := range left {
			left[i] = tags.ReplaceAllString(left[i], "")
		}
		slices.Sort(left)
		return fmt.Errorf("template: unknown placeholders %s; known are %s", strings.Join(slices.Compact(left), ", "), strings.Join(order, ", "))
	}
	doc.ReplaceRaw(lineBreak, `</w:t><w:br/><w:t xml:space="preserve">`, -1)
	return doc.Write(w)
}

// join puts placeholders together that Word has cut into runs: the tags
// between the braces go, where they close and open the same elements.
func join(content string) string {
	return placeholder.ReplaceAllStringFunc(content, func(m string) string {
		inner := tags.FindAllString(m, -1)
		depth := 0
		for _, t := range inner {
			switch {
			case strings.HasPrefix(t, "<w:p>") || strings.HasPrefix(t, "<w:p ") || strings.HasPrefix(t, "</w:p>") || strings.Contains(t, "w:tc"):
				return m // across paragraphs or cells: not one placeholder
			case strings.HasPrefix(t, "</"):
				depth--
			case !strings.HasSuffix(t, "/>"):
				depth++
			}
		}
		if depth != 0 {
			return m
		}
		return strings.ReplaceAll(tags.ReplaceAllString(m, ""), " ", "")
	})
}

func checkTemplate(b []byte) error {
	if len(b) > maxTemplate {
		return fmt.Errorf("%d bytes are too many for a template", len(b))
	}
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return fmt.Errorf("not a Word document (.docx): %w", err)
	}
	var sum uint64
	for _, f := range z.File {
		sum += f.UncompressedSize64
		if sum > maxUnpacked {
			return errors.New("it unpacks to more than a template can need")
		}
	}
	return nil
}

func labels(t lang.Text) map[string]string {
	out := map[string]string{"title": t.Say("dos.title"), "intro": t.Say("dos.intro")}
	for _, k := range order {
		out[k] = t.Say("dos." + k)
	}
	return out
}

// Template returns the default template, a Word document that an organisation
// can make its own.
func Template() ([]byte, error) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range []struct{ name, text string }{
		{"[Content_Types].xml", contentTypes},
		{"_rels/.rels", packageRels},
		{"word/_rels/document.xml.rels", documentRels},
		{"word/styles.xml", styles},
		{"word/document.xml", documentXML()},
	} {
		w, err := z.Create(f.name)
		if err != nil {
			return nil, err
		}
		if _, err := io.WriteString(w, f.text); err != nil {
			return nil, err
		}
	}
	err := z.Close()
	return b.Bytes(), err
}

func documentXML() string {
	var b strings.Builder
	b.WriteString(xml.Header + `<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>`)
	paragraph := func(style, text string) string {
		return `<w:p><w:pPr><w:pStyle w:val="` + style + `"/></w:pPr><w:r><w:t xml:space="preserve">` + text + `</w:t></w:r></w:p>`
	}
	b.WriteString(paragraph("Title", "{{label.title}}") + paragraph("Intro", "{{label.intro}}"))
	b.WriteString(`<w:tbl><w:tblPr><w:tblStyle w:val="Facts"/><w:tblW w:w="5000" w:type="pct"/><w:tblLayout w:type="fixed"/></w:tblPr><w:tblGrid><w:gridCol w:w="3400"/><w:gridCol w:w="6238"/></w:tblGrid>`)
	for _, k := range order {
		b.WriteString(`<w:tr><w:trPr><w:cantSplit w:val="0"/></w:trPr><w:tc><w:tcPr><w:tcW w:w="3400" w:type="dxa"/></w:tcPr>` + paragraph("Label", "{{label."+k+"}}") +
			`</w:tc><w:tc><w:tcPr><w:tcW w:w="6238" w:type="dxa"/></w:tcPr>` + paragraph("Value", "{{"+k+"}}") + `</w:tc></w:tr>`)
	}
	b.WriteString(`</w:tbl><w:p/><w:sectPr><w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="1134" w:right="1134" w:bottom="1134" w:left="1134" w:header="567" w:footer="567" w:gutter="0"/></w:sectPr></w:body></w:document>`)
	return b.String()
}

const (
	contentTypes = xml.Header + `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/><Override PartName="/word/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.styles+xml"/></Types>`
	packageRels  = xml.Header + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>`
	documentRels = xml.Header + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>`
	styles       = xml.Header + `<w:styles xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:docDefaults><w:rPrDefault><w:rPr><w:rFonts w:ascii="Calibri" w:hAnsi="Calibri" w:cs="Calibri"/><w:sz w:val="21"/></w:rPr></w:rPrDefault></w:docDefaults>` +
		`<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style>` +
		`<w:style w:type="paragraph" w:styleId="Title"><w:name w:val="Title"/><w:basedOn w:val="Normal"/><w:pPr><w:spacing w:after="120"/></w:pPr><w:rPr><w:b/><w:sz w:val="36"/></w:rPr></w:style>` +
		`<w:style w:type="paragraph" w:styleId="Intro"><w:name w:val="Intro"/><w:basedOn w:val="Normal"/><w:pPr><w:spacing w:after="240"/></w:pPr><w:rPr><w:i/><w:color w:val="444444"/></w:rPr></w:style>` +
		`<w:style w:type="paragraph" w:styleId="Label"><w:name w:val="Label"/><w:basedOn w:val="Normal"/><w:pPr><w:spacing w:before="50" w:after="50"/></w:pPr><w:rPr><w:b/></w:rPr></w:style>` +
		`<w:style w:type="paragraph" w:styleId="Value"><w:name w:val="Value"/><w:basedOn w:val="Normal"/><w:pPr><w:spacing w:before="50" w:after="50"/></w:pPr></w:style>` +
		`<w:style w:type="table" w:styleId="Facts"><w:name w:val="Facts"/><w:tblPr><w:tblBorders><w:top w:val="single" w:sz="4" w:color="999999"/><w:left w:val="single" w:sz="4" w:color="999999"/><w:bottom w:val="single" w:sz="4" w:color="999999"/><w:right w:val="single" w:sz="4" w:color="999999"/><w:insideH w:val="single" w:sz="4" w:color="999999"/><w:insideV w:val="single" w:sz="4" w:color="999999"/></w:tblBorders></w:tblPr></w:style></w:styles>`
)

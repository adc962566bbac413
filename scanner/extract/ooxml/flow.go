package ooxml

import (
	"bytes"
	"strings"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/cell"
	"aktvakt/scanner/extract/tracked"
	"aktvakt/scanner/extract/xmlstream"
)

// blockSize is about how much text makes a block, in bytes.
const blockSize = 32 << 10

// line collects text and sends it in blocks that end with a paragraph.
type line struct {
	out   extract.Out
	place extract.Place
	buf   []byte
}

// end ends the current line, if there is text on it.
func (l *line) end() error {
	if n := len(l.buf); n > 0 && l.buf[n-1] != '\n' {
		l.buf = append(l.buf, '\n')
	}
	if len(l.buf) >= blockSize {
		return l.flush()
	}
	return nil
}

// flush sends what was collected.
func (l *line) flush() error {
	if len(l.buf) == 0 {
		return nil
	}
	err := l.out.Text(extract.Block{Text: string(l.buf), Place: l.place})
	l.buf = l.buf[:0]
	return err
}

// midLine reports whether the current line has text.
func (l *line) midLine() bool { return len(l.buf) > 0 && l.buf[len(l.buf)-1] != '\n' }

// flow reads a part made of paragraphs: WordprocessingML and DrawingML share
// the local names of paragraph, run, text, table row and cell.
func (d *document) flow(p *part, place extract.Place) error {
	f := flow{d: d, line: line{out: d.out, place: place}, master: p.role == master, vml: strings.HasSuffix(p.name, ".vml")}
	if p.role == body && d.pages {
		f.line.place.Page = 1
	}
	f.counting = p.role == body && d.pages
	if err := d.scan(p, f.token); err != nil {
		return err
	}
	return f.line.flush()
}

type flow struct {
	d    *document
	line line

	text     int  // depth of elements whose characters are text
	fallback int  // depth of mc:Fallback, which repeats mc:Choice
	tabs     bool // inside a definition of tab stops
	code     bool // inside the code of a field, which may stand in several runs
	vml      bool // the part is VML, whose text boxes hold HTML
	cells    []cellState
	counting bool // of pages
	master   bool
	holder   bool // inside a placeholder of a master
	changes  tracked.Changes
}

// cellState is a table cell being read, for cells within cells.
type cellState struct {
	row     bool // a cell of this row was read before
	inCell  bool
	newline bool // a paragraph ended; more text of the cell starts a line
}

// maxTables bounds tables nested in cells.
const maxTables = 64

func (f *flow) cell() *cellState {
	if len(f.cells) == 0 {
		return nil
	}
	return &f.cells[len(f.cells)-1]
}

func (f *flow) token(kind xmlstream.Kind) error {
	switch kind {
	case xmlstream.Text:
		return f.chars(f.d.xml.Bytes())
	case xmlstream.Start:
		return f.start(f.d.xml.Name(), f.d.xml.SelfClosing())
	case xmlstream.End:
		return f.end(f.d.xml.Name())
	case xmlstream.EOF:
	}
	return nil
}

func (f *flow) chars(b []byte) error {
	if f.text == 0 || f.fallback > 0 || f.holder || len(b) == 0 {
		return nil
	}
	if f.changes.Del > 0 {
		f.changes.Deleted(b, f.line.buf)
		return nil
	}
	f.changes.Kept(b)
	f.write(b)
	if len(f.line.buf) > 8*blockSize { // a paragraph without end
		return f.line.flush()
	}
	return nil
}

// write appends text to the line; what separates it from the last paragraph
// of the same cell comes first.
func (f *flow) write(b []byte) {
	if c := f.cell(); c != nil && c.newline {
		c.newline = false
		f.line.buf = append(f.line.buf, '\n')
	}
	f.line.buf = append(f.line.buf, b...)
}

// sign writes a character that stands for an element such as w:tab.
func (f *flow) sign(s string) {
	switch {
	case f.fallback > 0 || f.holder:
	case f.changes.Del > 0:
		f.changes.Deleted([]byte(s), f.line.buf)
	default:
		f.changes.Kept([]byte(s))
		f.write([]byte(s))
	}
}

func (f *flow) start(name []byte, empty bool) error {
	switch string(name) {
	case "Fallback":
		if !empty {
			f.fallback++
		}
	case "t", "delText", "v", "text", "delInstrText", "pt", "calculatedColumnFormula", "totalsRowFormula":
		if !empty {
			f.text++
		}
	case "instrText":
		if !empty {
			f.text++
			if !f.code {
				f.sign(" ")
			}
			f.code = true
		}
	case "fldChar":
		f.endCode()
	case "textbox":
		if !empty && f.vml {
			f.text++
		}
	case "del", "moveFrom":
		if !empty {
			f.changes.Del++
		}
	case "ins", "moveTo":
		if !empty {
			f.changes.Ins++
		}
	case "tabs":
		f.tabs = !empty
	case "tab", "ptab":
		if !f.tabs {
			f.sign("\t")
		}
	case "br", "cr":
		f.sign("\n")
	case "noBreakHyphen":
		f.sign("-")
	case "lastRenderedPageBreak":
		return f.pageBreak()
	case "txbxContent", "comment", "footnote", "endnote", "cm", "docPart":
		return f.line.end()
	case "tr":
		if !empty && len(f.cells) < maxTables {
			if f.fallback == 0 && f.line.midLine() && len(f.cells) == 0 {
				if err := f.line.end(); err != nil {
					return err
				}
			}
			f.cells = append(f.cells, cellState{})
		}
	case "tc":
		f.startCell()
	case "ph":
		f.holder = f.master
	case "sp":
		f.holder = false
	default:
		return f.attributes(name)
	}
	return nil
}

// endCode ends the code of a field.
func (f *flow) endCode() {
	if f.code {
		f.code = false
		f.sign(" ")
	}
}

func (f *flow) startCell() {
	c := f.cell()
	if c == nil || f.fallback > 0 {
		return
	}
	c.newline = false
	if c.row {
		f.sign("\t")
	}
	c.row, c.inCell = true, true
}

// told are attributes that hold what nothing else does: alternative text,
// default values of form fields, choices of a list, names that the author
// gave.
var told = map[string][]string{
	// text
	"docPr": {"descr", "title"}, "cNvPr": {"descr", "title"}, "shape": {"alt"}, "textpath": {"string"},
	"tblCaption": {"val"}, "tblDescription": {"val"}, "hyperlink": {"tooltip"}, "hlinkClick": {"tooltip"}, "hlinkHover": {"tooltip"},
	"alias": {"val"}, "tag": {"val"}, "attr": {"val"}, "listItem": {"displayText", "value"}, "listEntry": {"val"},
	"default": {"val"}, "helpText": {"val"}, "statusText": {"val"}, "fldSimple": {"instr"}, "ocxPr": {"value"},
	// workbooks
	"table": {"comment"}, "connection": {"description"}, "dbPr": {"connection", "command"}, "textPr": {"sourceFile"}, "webPr": {"url"},
	"sheetName": {"val"}, "slicer": {"caption"}, "formControlPr": {"val"}, "item": {"val"},
	// presentations
	"cSld": {"name"},
}

func (f *flow) attributes(name []byte) error {
	x := f.d.xml
	keys := told[string(name)]
	if keys == nil {
		return nil
	}
	if f.fallback > 0 || f.holder {
		return nil
	}
	last := ""
	for _, k := range keys {
		v, ok := x.Attr(k)
		// Short values are switches and numbers; a field's code is told only
		// where it quotes something.
		if !ok || len(v) < 3 || v == last || (k == "instr" && !strings.Contains(v, `"`) && cell.LongestDigits(v) < 6) {
			continue
		}
		last = v
		if f.line.midLine() {
			f.line.buf = append(f.line.buf, ' ')
		}
		f.write([]byte(v))
		f.line.buf = append(f.line.buf, ' ')
	}
	return nil
}

func (f *flow) end(name []byte) error {
	switch string(name) {
	case "Fallback":
		f.fallback = max(f.fallback-1, 0)
	case "t", "delText", "text", "delInstrText", "instrText", "pt", "calculatedColumnFormula", "totalsRowFormula":
		f.text = max(f.text-1, 0)
		if name[0] == 'p' || name[0] == 'c' { // a value of a chart, a formula
			return f.line.end()
		}
	case "textbox":
		if f.vml {
			f.text = max(f.text-1, 0)
			return f.paragraph()
		}
	case "v":
		f.text = max(f.text-1, 0)
		return f.paragraph()
	case "del", "moveFrom":
		f.changes.Del = max(f.changes.Del-1, 0)
	case "ins", "moveTo":
		f.changes.Ins = max(f.changes.Ins-1, 0)
		f.changes.Inserted = len(f.line.buf)
	case "tabs":
		f.tabs = false
	case "p", "si", "is", "comment", "footnote", "endnote":
		return f.paragraph()
	case "tc":
		if c := f.cell(); c != nil {
			c.newline, c.inCell = false, false
		}
	case "tr":
		if n := len(f.cells); n > 0 {
			f.cells = f.cells[:n-1]
		}
		return f.paragraph()
	case "sp":
		f.holder = false
	}
	return nil
}

// paragraph ends a line, or in a cell remembers to.
func (f *flow) paragraph() error {
	if f.fallback > 0 {
		return nil
	}
	if c := f.cell(); c != nil && c.inCell {
		c.newline = f.line.midLine()
		return nil
	}
	f.code = false
	if err := f.line.end(); err != nil {
		return err
	}
	if old := f.changes.Take(); len(old) > 0 {
		f.line.buf = append(f.line.buf, old...)
		return f.line.end()
	}
	return nil
}

// pageBreak starts the next page where Word last broke it.
func (f *flow) pageBreak() error {
	if !f.counting || f.fallback > 0 {
		return nil
	}
	// Text before the break on the same line belongs to one paragraph: the
	// page changes with the next block, whose first line is the rest of it.
	i := bytes.LastIndexByte(f.line.buf, '\n') + 1
	rest := append([]byte(nil), f.line.buf[i:]...)
	f.line.buf = f.line.buf[:i]
	if err := f.line.flush(); err != nil {
		return err
	}
	f.line.buf = append(f.line.buf, rest...)
	f.line.place.Page++
	return nil
}

// trustPages reports whether Word wrote the document and it has more than one
// page, so that breaks as rendered can be counted.
func (d *document) trustPages() bool {
	p := d.find("docprops/app.xml")
	if p == nil {
		return false
	}
	var element string
	word, pages := false, false
	err := d.scan(p, func(kind xmlstream.Kind) error {
		switch kind {
		case xmlstream.Start:
			element = string(d.xml.Name())
		case xmlstream.Text:
			v := string(bytes.TrimSpace(d.xml.Bytes()))
			switch {
			case v == "":
			case element == "Application":
				word = strings.Contains(v, "Word")
			case element == "Pages":
				pages = v != "0" && v != "1"
			}
		case xmlstream.End, xmlstream.EOF:
		}
		return nil
	})
	return err == nil && word && pages
}

// textRule picks text from a token; element is the innermost open element.
type textRule func(x *xmlstream.Scanner, kind xmlstream.Kind, element string) []byte

// each sends every piece that the rule picks as a line of its own.
func (d *document) each(p *part, place extract.Place, rule textRule) error {
	l := line{out: d.out, place: place}
	element := ""
	err := d.scan(p, func(kind xmlstream.Kind) error {
		switch kind {
		case xmlstream.Start:
			element = string(d.xml.Name())
		case xmlstream.End:
			element = ""
			return l.end()
		case xmlstream.Text, xmlstream.EOF:
		}
		b := bytes.TrimSpace(rule(d.xml, kind, element))
		if len(b) == 0 {
			return nil
		}
		l.buf = append(l.buf, b...)
		if kind == xmlstream.Text && len(l.buf) < 8*blockSize {
			return nil // the element may go on behind a reference or CDATA
		}
		return l.end()
	})
	if err != nil {
		return err
	}
	return l.flush()
}

// customText picks all text, and of attributes, most of which belong to the
// format, those with a number of some length.
func customText(x *xmlstream.Scanner, kind xmlstream.Kind, _ string) []byte {
	switch kind {
	case xmlstream.Text:
		return x.Bytes()
	case xmlstream.Start:
		var found []byte
		x.EachAttr(func(name, value []byte) bool {
			if cell.LongestDigits(string(value)) >= 6 && !bytes.HasPrefix(name, []byte("xmlns")) && !bytes.Contains(value, []byte("://")) {
				found = append(append(found, value...), ' ')
			}
			return true
		})
		return found
	case xmlstream.End, xmlstream.EOF:
	}
	return nil
}

// counters are properties that a program wrote for itself.
var counters = map[string]bool{
	"Template": true, "TotalTime": true, "Pages": true, "Words": true, "Characters": true, "Application": true,
	"DocSecurity": true, "Lines": true, "Paragraphs": true, "ScaleCrop": true, "LinksUpToDate": true,
	"SharedDoc": true, "HyperlinksChanged": true, "AppVersion": true, "CharactersWithSpaces": true,
	"Slides": true, "Notes": true, "HiddenSlides": true, "MMClips": true, "PresentationFormat": true,
	"created": true, "modified": true, "revision": true, "lastPrinted": true, "i4": true, "bool": true, "version": true, "language": true,
}

func propertyText(x *xmlstream.Scanner, kind xmlstream.Kind, element string) []byte {
	if kind == xmlstream.Start && element == "property" { // of the author's own
		name, _ := x.Attr("name")
		return []byte(name)
	}
	if kind != xmlstream.Text || counters[element] {
		return nil
	}
	return x.Bytes()
}

// linkText picks the targets outside the package.
func linkText(x *xmlstream.Scanner, kind xmlstream.Kind, element string) []byte {
	if kind != xmlstream.Start || element != "Relationship" {
		return nil
	}
	if mode, _ := x.Attr("TargetMode"); mode != "External" {
		return nil
	}
	target, _ := x.Attr("Target")
	return []byte(target)
}

// settingsText picks document variables and the source of a mail merge.
func settingsText(x *xmlstream.Scanner, kind xmlstream.Kind, element string) []byte {
	if kind != xmlstream.Start {
		return nil
	}
	switch element {
	case "docVar", "connectString", "query", "mailSubject":
		v, _ := x.Attr("val")
		return []byte(v)
	}
	return nil
}

// pivotText picks the values that a pivot table keeps of its source, which
// may be gone from the workbook.
func pivotText(x *xmlstream.Scanner, kind xmlstream.Kind, element string) []byte {
	if kind != xmlstream.Start {
		return nil
	}
	keys := map[string][]string{
		"s": {"v"}, "n": {"v"}, "d": {"v"}, "cacheField": {"name", "caption"}, "pivotField": {"name"}, "dataField": {"name"},
		"calculatedItem": {"formula"},
	}[element]
	var found []byte
	for _, k := range keys {
		if v, ok := x.Attr(k); ok && v != "" {
			found = append(append(found, v...), ' ')
		}
	}
	return found
}

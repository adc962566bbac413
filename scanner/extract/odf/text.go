package odf

import (
	"bytes"
	"strconv"
	"strings"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/xmlstream"
)

// blockSize is about how much text makes a block, in bytes.
const blockSize = 32 << 10

// reader turns the elements of one XML document into text. Elements are told
// by their local names, which are unambiguous where it matters.
type reader struct {
	d     *document
	flat  bool // all of the document in one
	meta  bool // meta.xml: properties
	style bool // styles.xml: only headers, footers and master pages count

	place extract.Place
	buf   []byte // whole lines, then the current paragraph
	aside []byte // notes, comments, links: told after the paragraph
	depth int    // of paragraphs in paragraphs
	away  int    // depth of elements whose text goes aside
	mute  int    // depth of elements whose text is left out
	muted string // the element that muted
	soft  bool   // page breaks as laid out are in the text

	rows []rowState
	grid *sheet // the sheet being read in a spreadsheet
	calc bool   // inside a spreadsheet
	prop bool   // inside an element of meta.xml that is told
}

// rowState is a table row being read in a text.
type rowState struct {
	cells   int
	inCell  bool
	newline bool // a paragraph ended; more text of the cell starts a line
}

func newReader(d *document, base string) *reader {
	r := &reader{d: d, flat: base == "", meta: base == "meta.xml", style: base == "styles.xml"}
	if r.meta {
		r.place.Part = "properties"
	}
	return r
}

func (r *reader) token(kind xmlstream.Kind) error {
	x := r.d.xml
	switch kind {
	case xmlstream.Text:
		r.chars(x.Bytes())
		if len(r.buf)+len(r.aside) > 8*blockSize && r.grid == nil {
			r.buf = append(r.buf, r.takeAside()...)
			return r.flush()
		}
	case xmlstream.Start:
		if r.mute > 0 {
			if string(x.Name()) == r.muted && !x.SelfClosing() {
				r.mute++
			}
			return nil
		}
		if err := r.start(x); err != nil || !x.SelfClosing() {
			return err
		}
		return r.end(string(x.Name()))
	case xmlstream.End:
		name := string(x.Name())
		if r.mute > 0 {
			if name == r.muted {
				r.mute--
			}
			return nil
		}
		return r.end(name)
	case xmlstream.EOF:
	}
	return nil
}

// target is where text goes now.
func (r *reader) target() *[]byte {
	switch {
	case r.away > 0:
		return &r.aside
	case r.grid != nil && r.grid.inCell:
		return &r.grid.text
	}
	return &r.buf
}

func (r *reader) chars(b []byte) {
	if r.mute > 0 || (r.depth == 0 && !r.prop) {
		return
	}
	if bytes.Contains(b, hardHyphen) { // the format's way of a hyphen that does not break
		b = bytes.ReplaceAll(b, hardHyphen, []byte("-"))
	}
	r.write(b)
}

var hardHyphen = []byte("\u2011")

func (r *reader) write(b []byte) {
	t := r.target()
	if len(*t) > 64<<20 {
		return
	}
	if row := r.row(); row != nil && row.newline && t == &r.buf {
		row.newline = false
		r.buf = append(r.buf, '\n')
	}
	*t = append(*t, b...)
}

func (r *reader) row() *rowState {
	if len(r.rows) == 0 {
		return nil
	}
	return &r.rows[len(r.rows)-1]
}

// muters are elements whose text is not the author's.
var muters = map[string]bool{
	"note-citation": true, "change-info": true, "script": true, "binary-data": true, "tracked-changes-view-settings": true,
	"generator": true, "creation-date": true, "date": true, "editing-cycles": true, "editing-duration": true, "print-date": true,
	"language": true, "creator-initials": true, "sender-initials": true,
}

// maxTables bounds tables within tables.
const maxTables = 64

func (r *reader) start(x *xmlstream.Scanner) error {
	name := string(x.Name())
	if r.meta {
		return r.startMeta(name, x)
	}
	if name == "meta" && r.flat { // in a package it is a document of its own
		r.meta = !x.SelfClosing()
		return r.part("properties")
	}
	if muters[name] {
		r.silence(name, x)
		return nil
	}
	switch name {
	case "p", "h":
		if r.depth++; r.depth > 1 || r.away > 0 {
			r.breakLine()
		}
	case "s":
		n := attrInt(x, "c", 1)
		r.write(bytes.Repeat([]byte(" "), min(n, 64)))
	case "tab":
		if r.depth > 0 { // not a tab stop
			r.write([]byte("\t"))
		}
	case "line-break":
		r.write([]byte("\n"))
	case "soft-page-break":
		return r.softBreak()
	case "text":
		if v, _ := x.Attr("use-soft-page-breaks"); v == "true" {
			r.soft, r.place.Page = true, 1
		}
		r.attrs(x, "value", "current-value")
	case "note-body", "annotation", "deletion", "desc", "title":
		r.away++
		r.breakLine()
		if name == "desc" || name == "title" {
			r.depth++
		}
	case "creator": // of a comment
		r.silence(name, x)
	case "a":
		r.attrs(x, "href")
	case "header-decl", "footer-decl", "date-time-decl", "math": // their text stands in no paragraph
		r.depth++
	case "page":
		return r.startPage(x)
	case "notes":
		return r.part("notes")
	case "frame":
		if v, _ := x.Attr("placeholder"); v == "true" {
			r.silence(name, x)
		}
	case "header", "header-left", "header-first", "footer", "footer-left", "footer-first":
		return r.part(strings.TrimSuffix(strings.TrimSuffix(name, "-left"), "-first"))
	case "master-page":
		return r.part("master")
	default:
		return r.startTable(name, x)
	}
	return nil
}

// startTable handles tables and, last, elements that only have attributes.
func (r *reader) startTable(name string, x *xmlstream.Scanner) error {
	switch name {
	case "spreadsheet":
		r.calc = true
	case "table":
		if r.calc && r.grid == nil {
			return r.startSheet(x)
		}
	case "table-row":
		if r.grid != nil {
			r.grid.startRow(x)
		} else if len(r.rows) < maxTables {
			if len(r.rows) == 0 {
				r.endLine()
			}
			r.rows = append(r.rows, rowState{})
		}
	case "table-cell", "covered-table-cell":
		if r.grid != nil {
			r.grid.startCell(x)
			return nil
		}
		if row := r.row(); row != nil {
			row.newline = false
			if row.cells++; row.cells > 1 {
				r.buf = append(r.buf, '\t')
			}
			row.inCell = true
		}
	default:
		r.attributes(name, x)
	}
	return nil
}

// attributes tells what only attributes hold.
func (r *reader) attributes(name string, x *xmlstream.Scanner) {
	switch name {
	case "user-field-decl", "hidden-text", "variable-set", "conditional-text", "variable-input":
		r.attrs(x, "string-value", "string-value-if-true", "string-value-if-false")
	case "content-validation":
		r.attrs(x, "condition")
	case "alphabetical-index-mark", "alphabetical-index-mark-start", "toc-mark", "user-index-mark":
		r.attrs(x, "string-value", "key1", "key2")
	case "data-pilot-table", "data-pilot-member":
		r.attrs(x, "name")
	case "scenario":
		r.attrs(x, "comment")
	case "condition": // of a conditional format
		r.attrs(x, "value")
	case "hidden-paragraph", "section":
		r.attrs(x, "condition")
	case "named-expression":
		r.attrs(x, "name", "expression")
	case "textarea", "formatted-text", "combobox", "listbox", "option", "item", "hidden", "checkbox", "radio", "fixed-text", "button", "generic-control":
		r.attrs(x, "value", "current-value", "label", "title")
	case "database-display", "placeholder", "text-input":
		r.attrs(x, "description")
	case "help-message", "error-message":
		r.attrs(x, "title")
	case "filter-condition", "filter-set-item":
		r.attrs(x, "value")
	}
}

// attrs puts attributes aside, to be told after the paragraph.
func (r *reader) attrs(x *xmlstream.Scanner, names ...string) {
	for _, n := range names {
		v, ok := x.Attr(n)
		if ok && len(v) > 2 && len(r.aside) < 64<<20 {
			r.aside = append(endLine(r.aside), v...)
			r.aside = append(r.aside, '\n')
		}
	}
}

func attrInt(x *xmlstream.Scanner, name string, otherwise int) int {
	v, ok := x.Attr(name)
	if !ok {
		return otherwise
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 0 {
		return otherwise
	}
	return n
}

func (r *reader) silence(name string, x *xmlstream.Scanner) {
	if !x.SelfClosing() {
		r.mute, r.muted = 1, name
	}
}

func endLine(b []byte) []byte {
	if n := len(b); n > 0 && b[n-1] != '\n' {
		b = append(b, '\n')
	}
	return b
}

// breakLine ends the line of the current target.
func (r *reader) breakLine() {
	t := r.target()
	if r.grid != nil && t == &r.grid.text {
		if len(*t) > 0 {
			*t = append(*t, ' ')
		}
		return
	}
	*t = endLine(*t)
}

// endLine ends the line of the body.
func (r *reader) endLine() { r.buf = endLine(r.buf) }

func (r *reader) takeAside() []byte {
	b := endLine(r.aside)
	r.aside = r.aside[:0]
	return b
}

func (r *reader) end(name string) error {
	if r.meta {
		if r.prop {
			r.prop = false
			r.endLine()
		}
		if name == "meta" && r.flat {
			r.meta = false
			return r.part("")
		}
		return nil
	}
	switch name {
	case "p", "h", "header-decl", "footer-decl", "date-time-decl", "math":
		r.depth = max(r.depth-1, 0)
		return r.paragraph()
	case "note-body", "annotation", "deletion", "desc", "title":
		if name == "desc" || name == "title" {
			r.depth = max(r.depth-1, 0)
		}
		r.breakLine()
		r.away = max(r.away-1, 0)
		if r.away == 0 && r.depth == 0 && r.grid == nil {
			return r.paragraph()
		}
	case "page", "notes", "header", "header-left", "header-first", "footer", "footer-left", "footer-first", "master-page":
		return r.part("")
	case "table":
		if r.grid != nil {
			return r.endSheet()
		}
	case "table-row":
		if r.grid != nil {
			return nil
		}
		if n := len(r.rows); n > 0 {
			r.rows = r.rows[:n-1]
		}
		return r.paragraph()
	case "table-cell", "covered-table-cell":
		if r.grid != nil {
			return r.grid.endCell()
		}
		if row := r.row(); row != nil {
			row.newline, row.inCell = false, false
		}
	}
	return nil
}

// paragraph ends a line of the body and tells what was put aside.
func (r *reader) paragraph() error {
	switch {
	case r.away > 0:
		r.aside = endLine(r.aside)
		return nil
	case r.grid != nil && r.grid.inCell:
		return nil
	case r.depth > 0:
		r.endLine()
		return nil
	}
	if row := r.row(); row != nil && row.inCell {
		n := len(r.buf)
		row.newline = n > 0 && r.buf[n-1] != '\n' && r.buf[n-1] != '\t'
		return nil
	}
	r.endLine()
	r.buf = append(r.buf, r.takeAside()...)
	if len(r.buf) >= blockSize {
		return r.flush()
	}
	return nil
}

func (r *reader) flush() error {
	if len(r.buf) == 0 {
		return nil
	}
	err := r.d.out.Text(extract.Block{Text: string(r.buf), Place: r.place})
	r.buf = r.buf[:0]
	return err
}

// part ends the block: what follows stands elsewhere in the document.
func (r *reader) part(name string) error {
	r.endLine()
	r.buf = append(r.buf, r.takeAside()...)
	if err := r.flush(); err != nil {
		return err
	}
	r.place.Part = name
	return nil
}

func (r *reader) startPage(x *xmlstream.Scanner) error {
	if err := r.part(""); err != nil {
		return err
	}
	r.place.Page++
	if name, ok := x.Attr("name"); ok && !strings.HasPrefix(name, "page") {
		r.buf = append(append(r.buf, name...), '\n')
	}
	return nil
}

// softBreak counts a page of a text as it was last laid out.
func (r *reader) softBreak() error {
	if !r.soft || r.away > 0 {
		return nil
	}
	i := bytes.LastIndexByte(r.buf, '\n') + 1
	rest := bytes.Clone(r.buf[i:])
	r.buf = r.buf[:i]
	if err := r.flush(); err != nil {
		return err
	}
	r.buf = append(r.buf, rest...)
	r.place.Page++
	return nil
}

func (r *reader) startMeta(name string, x *xmlstream.Scanner) error {
	switch {
	case muters[name]:
		r.silence(name, x)
	case name == "document-meta", name == "meta", name == "document-statistic", name == "template", name == "auto-reload":
	default:
		r.prop = !x.SelfClosing()
	}
	return nil
}

// close sends what is left.
func (r *reader) close() error {
	if r.grid != nil {
		if err := r.endSheet(); err != nil {
			return err
		}
	}
	r.endLine()
	r.buf = append(r.buf, r.takeAside()...)
	return r.flush()
}

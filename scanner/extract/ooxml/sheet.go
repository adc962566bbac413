package ooxml

import (
	"bytes"
	"strconv"
	"strings"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/cell"
	"aktvakt/scanner/extract/xmlstream"
)

// sheet reads one sheet: a line for each row that has content, cells
// separated by tabs and in their columns, so that Document.At can tell both.
func (b *book) sheet(p *part, name string) error {
	s := sheet{b: b, name: name}
	s.side.out = b.d.out
	s.side.place = extract.Place{Sheet: name, Part: "sheet data"}
	s.rows.out = b.d.out
	if err := b.d.scan(p, s.token); err != nil {
		return err
	}
	if err := s.endRow(); err != nil {
		return err
	}
	if err := s.rows.flush(); err != nil {
		return err
	}
	return s.side.flush()
}

type sheet struct {
	b    *book
	name string
	cols cell.Columns

	rows line // rows of one block
	side line // headers, links, validation lists

	row, next int // number of the current row and of the next without one
	lastRow   int // last row in the block
	cur       []byte
	col       int  // column of the last cell of cur
	gap       bool // cur does not keep columns

	// the current cell
	typ      string
	style    int
	cellCol  int
	value    []byte
	formula  []byte
	capture  *[]byte
	inSide   bool
	phonetic bool
}

// maxGap is how many empty cells in a row are written as tabs.
const maxGap = 64

// maxCell bounds one cell's text in bytes; Excel's own limit is 32,767
// characters.
const maxCell = 1 << 20

func (s *sheet) token(kind xmlstream.Kind) error {
	switch kind {
	case xmlstream.Start:
		return s.start(s.b.d.xml.Name())
	case xmlstream.Text:
		switch {
		case s.capture != nil && !s.phonetic:
			if len(*s.capture) < maxCell {
				*s.capture = append(*s.capture, s.b.d.xml.Bytes()...)
			}
		case s.inSide:
			s.side.buf = append(s.side.buf, s.b.d.xml.Bytes()...)
			if len(s.side.buf) > 8*blockSize {
				return s.side.flush()
			}
		}
	case xmlstream.End:
		return s.end(s.b.d.xml.Name())
	case xmlstream.EOF:
	}
	return nil
}

func (s *sheet) start(name []byte) error {
	x := s.b.d.xml
	switch string(name) {
	case "row":
		s.row = attrInt("r", x)
		if s.row < 1 {
			s.row = s.next + 1
		}
		s.next = s.row
		s.cur, s.col, s.gap = s.cur[:0], 0, false
	case "c":
		s.startCell()
		if x.SelfClosing() {
			s.value = s.value[:0]
		}
	case "v", "t":
		if !x.SelfClosing() {
			s.capture = &s.value
		}
	case "f":
		if !x.SelfClosing() {
			s.capture = &s.formula
		}
	case "rPh":
		s.phonetic = !x.SelfClosing()
	case "oddHeader", "oddFooter", "evenHeader", "evenFooter", "firstHeader", "firstFooter", "formula1", "formula2", "formula":
		s.inSide = !x.SelfClosing()
	case "hyperlink":
		return s.attrs("location", "display", "tooltip")
	case "dataValidation":
		return s.attrs("error", "prompt", "errorTitle", "promptTitle")
	case "filter", "customFilter":
		return s.attrs("val")
	case "inputCells":
		return s.attrs("val")
	}
	return nil
}

// attrs writes attributes to the side.
func (s *sheet) attrs(names ...string) error {
	for _, n := range names {
		if v, ok := s.b.d.xml.Attr(n); ok && v != "" {
			s.side.buf = append(s.side.buf, v...)
			if err := s.side.end(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *sheet) startCell() {
	x := s.b.d.xml
	s.typ, s.style, s.cellCol = "n", 0, 0
	s.value, s.formula, s.capture = s.value[:0], s.formula[:0], nil
	x.EachAttr(func(name, value []byte) bool {
		switch string(name) {
		case "r":
			s.cellCol = column(value)
		case "t":
			s.typ = string(value)
		case "s":
			n, err := strconv.Atoi(string(value))
			if err == nil {
				s.style = n
			}
		}
		return true
	})
	if s.cellCol == 0 {
		s.cellCol = s.col + 1
	}
}

// column reads the letters of a cell's reference such as BC12.
func column(ref []byte) int {
	n := 0
	for _, c := range ref {
		switch {
		case c >= 'A' && c <= 'Z':
			n = n*26 + int(c-'A') + 1
		case c >= 'a' && c <= 'z':
			n = n*26 + int(c-'a') + 1
		default:
			return n
		}
		if n > 1<<20 {
			return 0
		}
	}
	return n
}

func (s *sheet) end(name []byte) error {
	switch string(name) {
	case "v", "t", "f":
		s.capture = nil
	case "rPh":
		s.phonetic = false
	case "c":
		s.endCell()
	case "row":
		return s.endRow()
	case "oddHeader", "oddFooter", "evenHeader", "evenFooter", "firstHeader", "firstFooter", "formula1", "formula2", "formula":
		return s.endSide(name[0] != 'f' || bytes.HasPrefix(name, []byte("first")))
	}
	return nil
}

// endSide ends a header or a formula of a validation list. Short formulas are
// bounds and flags.
func (s *sheet) endSide(pageHeader bool) error {
	if !s.inSide {
		return nil
	}
	s.inSide = false
	start := bytes.LastIndexByte(s.side.buf, '\n') + 1
	text := s.side.buf[start:]
	switch {
	case pageHeader:
		clean := plainHeader(text)
		s.side.buf = append(s.side.buf[:start], clean...)
	case len(text) < 3:
		s.side.buf = s.side.buf[:start]
		return nil
	}
	return s.side.end()
}

// plainHeader drops the codes of fonts, positions and page numbers from a
// page header, section 18.3.1.39 of ECMA-376 part 1.
func plainHeader(b []byte) []byte {
	var out []byte
	for i := 0; i < len(b); i++ {
		if b[i] != '&' || i+1 == len(b) {
			out = append(out, b[i])
			continue
		}
		i++
		switch c := b[i]; {
		case c == '&':
			out = append(out, '&')
		case c == '"':
			end := bytes.IndexByte(b[i+1:], '"')
			if end < 0 {
				return append(out, b[i:]...)
			}
			i += end + 1
		case c >= '0' && c <= '9': // a font size has at most three digits
			for n := 1; n < 3 && i+1 < len(b) && b[i+1] >= '0' && b[i+1] <= '9'; n++ {
				i++
			}
		case c == 'K': // a colour: six hexadecimal digits or a theme's number
			i = min(i+6, len(b)-1)
		case c == 'L' || c == 'C' || c == 'R':
			out = append(out, ' ')
		}
	}
	return bytes.TrimSpace(out)
}

func (s *sheet) endCell() {
	s.capture = nil
	text := s.display()
	if f := joinLiterals(s.formula); tellFormula(f, text) {
		if len(text) > 0 {
			text = append(text, ' ')
		}
		text = append(text, f...)
	}
	if len(text) == 0 {
		return
	}
	s.advance()
	for _, c := range text { // a row is one line, a cell one field
		if c == '\n' || c == '\r' || c == '\t' {
			c = ' '
		}
		s.cur = append(s.cur, c)
	}
}

// advance writes the tabs up to the current cell.
func (s *sheet) advance() {
	n := s.cellCol - s.col
	switch {
	case s.col == 0 && n <= maxGap:
		n--
	case n < 1 || n > maxGap:
		s.gap = true
		n = 1
		if s.col == 0 {
			n = 0
		}
	}
	for range n {
		s.cur = append(s.cur, '\t')
	}
	s.col = max(s.cellCol, s.col)
}

// display returns what the cell shows, in a buffer of its own.
func (s *sheet) display() []byte {
	switch s.typ {
	case "s":
		i, err := strconv.Atoi(string(bytes.TrimSpace(s.value)))
		if err != nil {
			return nil
		}
		text := append([]byte(nil), s.b.strings.get(i)...)
		s.cols.Header(s.cellCol, string(text[:min(len(text), 64)]))
		return text
	case "n", "":
		if len(s.value) == 0 {
			return nil
		}
		text := s.b.number(nil, string(bytes.TrimSpace(s.value)), s.style)
		return []byte(s.cols.Pad(s.cellCol, string(text)))
	case "b":
		if string(s.value) == "1" {
			return []byte("TRUE")
		}
		return []byte("FALSE")
	}
	text := append([]byte(nil), s.value...)
	s.cols.Header(s.cellCol, string(text[:min(len(text), 64)]))
	return text
}

// endRow adds the row to the block. Rows that do not follow each other or
// keep no columns start a block.
func (s *sheet) endRow() error {
	if len(s.cur) == 0 {
		return nil
	}
	if s.gap || s.row != s.lastRow+1 || len(s.rows.buf) >= blockSize {
		if err := s.rows.flush(); err != nil {
			return err
		}
	}
	if len(s.rows.buf) == 0 {
		s.rows.place = extract.Place{Sheet: s.name, Row: s.row, Col: 1}
		if s.gap {
			s.rows.place.Col = 0
		}
	}
	s.rows.buf = append(append(s.rows.buf, s.cur...), '\n')
	s.lastRow = s.row
	if s.gap {
		s.lastRow = -1
	}
	s.cur, s.col, s.gap = s.cur[:0], 0, false
	return nil
}

// tellFormula reports whether a formula says more than its value: it has no
// value yet, or quotes digits that the value does not show.
func tellFormula(formula string, shown []byte) bool {
	if formula == "" {
		return false
	}
	if len(shown) == 0 {
		return strings.Contains(formula, `"`) || longestDigits(formula) >= 6
	}
	return longestDigits(formula) >= 6 && !bytes.Contains(shown, []byte(digitsOf(formula)))
}

func longestDigits(s string) int {
	best, n := 0, 0
	for i := range len(s) {
		if s[i] >= '0' && s[i] <= '9' {
			n++
			best = max(best, n)
		} else if s[i] != '-' {
			n = 0
		}
	}
	return best
}

// digitsOf returns the longest run of digits, with hyphens inside.
func digitsOf(s string) string {
	best := ""
	for i := 0; i < len(s); i++ {
		j := i
		for j < len(s) && (s[j] >= '0' && s[j] <= '9' || (s[j] == '-' && j > i)) {
			j++
		}
		if run := strings.TrimRight(s[i:j], "-"); len(run) > len(best) {
			best = run
		}
		if j > i {
			i = j - 1
		}
	}
	return best
}

// joinLiterals joins literals that a formula only strings together, so that
// CONCATENATE("930405","-","2384") shows the number it makes.
func joinLiterals(formula []byte) string {
	f := string(formula)
	if !strings.Contains(f, `"`) {
		return f
	}
	f = strings.NewReplacer(`"&"`, "", `" & "`, "").Replace(f)
	if upper := strings.ToUpper(f); strings.Contains(upper, "CONCAT") {
		f = strings.NewReplacer(`","`, "", `", "`, "", `";"`, "").Replace(f)
	}
	return f
}

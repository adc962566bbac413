package ooxml

import (
	"bytes"
	"strconv"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/cell"
	"aktvakt/scanner/extract/xmlstream"
)

// sheet reads one sheet: a line for each row that has content, cells
// separated by tabs and in their columns, so that Document.At can tell both.
func (b *book) sheet(p *part, name string) error {
	s := sheet{b: b}
	s.side.out = b.d.out
	s.side.place = extract.Place{Sheet: name, Part: "sheet data"}
	s.grid = cell.NewGrid(b.d.out, name)
	if err := b.d.scan(p, s.token); err != nil {
		return err
	}
	if err := s.grid.Close(); err != nil {
		return err
	}
	return s.side.flush()
}

type sheet struct {
	b    *book
	grid *cell.Grid
	side line // headers, links, validation lists

	row, next int // number of the current row and of the next without one
	col       int // column of the last cell

	// the current cell
	typ      string
	style    int
	cellCol  int
	value    []byte
	shown    []byte
	formula  []byte
	capture  *[]byte
	inSide   bool
	inCell   bool
	rules    bool // in the rules of newer versions, whose formulas have another name
	phonetic bool
}

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
		s.col = 0
	case "c":
		s.inCell = !x.SelfClosing()
		s.startCell()
	case "v", "t":
		if !x.SelfClosing() {
			s.capture = &s.value
		}
	case "f":
		switch {
		case x.SelfClosing():
		case s.rules:
			s.inSide = true
		case s.inCell:
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
	case "filter", "customFilter", "inputCells", "cellSmartTagPr":
		return s.attrs("val")
	case "scenario":
		return s.attrs("name", "comment")
	case "extLst":
		s.rules = true
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
		if s.rules && name[0] == 'f' {
			return s.endSide(false)
		}
	case "rPh":
		s.phonetic = false
	case "c":
		s.inCell = false
		return s.endCell()
	case "extLst":
		s.rules = false
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
	case len(text) < 3, s.rules && bytes.IndexByte(text, '"') < 0 && cell.LongestDigits(string(text)) < 6:
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

func (s *sheet) endCell() error {
	s.capture = nil
	text, number := s.display()
	row, col := s.row, s.cellCol
	s.col = col
	var err error
	if number {
		err = s.grid.Number(row, col, text)
	} else {
		err = s.grid.Text(row, col, text)
	}
	if err != nil || len(s.formula) == 0 {
		return err
	}
	f, ok := cell.Formula(string(s.formula), text)
	switch {
	case !ok:
		return nil
	case len(text) == 0:
		return s.grid.Text(row, col, []byte(f))
	}
	s.grid.More([]byte(f))
	return nil
}

// display returns what the cell shows, and whether that is a number.
func (s *sheet) display() (text []byte, number bool) {
	switch s.typ {
	case "s":
		i, err := strconv.Atoi(string(bytes.TrimSpace(s.value)))
		if err != nil {
			return nil, false
		}
		return s.b.strings.get(i), false
	case "n", "":
		if len(s.value) == 0 {
			return nil, false
		}
		s.shown = s.b.number(s.shown[:0], string(bytes.TrimSpace(s.value)), s.style)
		return s.shown, true
	case "b":
		if string(s.value) == "1" {
			return []byte("TRUE"), false
		}
		return []byte("FALSE"), false
	}
	return s.value, false
}

package odf

import (
	"bytes"
	"strconv"
	"strings"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/cell"
	"aktvakt/scanner/extract/xmlstream"
)

// sheet is a table of a spreadsheet being read.
type sheet struct {
	grid *cell.Grid
	name string

	row, nextRow int
	col, nextCol int
	repeat       int
	inCell       bool
	kind, value  string
	formula      string
	text         []byte
}

// startSheet begins a sheet; its name is text.
func (r *reader) startSheet(x *xmlstream.Scanner) error {
	name, _ := x.Attr("name")
	if err := r.part(""); err != nil {
		return err
	}
	if name != "" {
		if err := r.d.out.Text(extract.Block{Text: name + "\n", Place: extract.Place{Part: "names"}}); err != nil {
			return err
		}
	}
	r.grid = &sheet{grid: cell.NewGrid(r.d.out, name), name: name, nextRow: 1}
	return nil
}

// endSheet sends the last rows and what was put aside, such as comments.
func (r *reader) endSheet() error {
	g := r.grid
	r.grid = nil
	if err := g.grid.Close(); err != nil {
		return err
	}
	if aside := r.takeAside(); len(aside) > 0 {
		return r.d.out.Text(extract.Block{Text: string(aside), Place: extract.Place{Sheet: g.name, Part: "comments"}})
	}
	return nil
}

// maxRow bounds row numbers; spreadsheets have 2^20 rows.
const maxRow = 1 << 30

func (s *sheet) startRow(x *xmlstream.Scanner) {
	s.row = s.nextRow
	s.nextRow = min(s.row+max(attrInt(x, "number-rows-repeated", 1), 1), maxRow)
	s.nextCol = 1
}

func (s *sheet) startCell(x *xmlstream.Scanner) {
	s.col = s.nextCol
	s.repeat = max(attrInt(x, "number-columns-repeated", 1), 1)
	s.nextCol = min(s.col+s.repeat, maxRow)
	s.inCell, s.text = true, s.text[:0]
	s.kind, _ = x.Attr("value-type")
	s.value = ""
	switch s.kind {
	case "float", "percentage", "currency":
		s.value, _ = x.Attr("value")
	case "date":
		s.value, _ = x.Attr("date-value")
	case "string":
		s.value, _ = x.Attr("string-value")
	}
	s.formula, _ = x.Attr("formula")
}

// maxRepeat is how many equal cells in a row are told one by one.
const maxRepeat = 16

func (s *sheet) endCell() error {
	if !s.inCell {
		return nil
	}
	s.inCell = false
	shown, number := s.shown()
	more, ok := cell.Formula(s.formula, shown)
	if len(shown) == 0 {
		if !ok {
			return nil
		}
		shown = []byte(more) // without a result yet
		ok = false
	}
	n := s.repeat
	if n > maxRepeat {
		n = 1
	}
	for i := range n {
		var err error
		if number {
			err = s.grid.Number(s.row, s.col+i, shown)
		} else {
			err = s.grid.Text(s.row, s.col+i, shown)
		}
		if err != nil {
			return err
		}
	}
	if ok {
		s.grid.More([]byte(more))
	}
	return nil
}

// shown is what the cell shows: its text, or its value where the text says
// less, as 1.99E+11 does.
func (s *sheet) shown() (text []byte, number bool) {
	switch s.kind {
	case "float":
		if v, err := strconv.ParseFloat(s.value, 64); err == nil {
			raw := cell.AppendNumber(nil, v)
			if len(s.text) == 0 || (bytes.ContainsAny(s.text, "Ee#") && len(raw) >= 6) {
				return raw, true
			}
		}
		return s.text, true
	case "date":
		day, clock, _ := strings.Cut(s.value, "T")
		if len(day) != len("1990-01-01") || cell.LongestDigits(string(s.text)) >= 6 && !bytes.ContainsRune(s.text, '-') {
			return s.text, false // such as 900101, half an identity number
		}
		if clock != "" && strings.Contains(string(s.text), ":") {
			day += " " + clock
		}
		return []byte(day), false
	}
	if len(s.text) == 0 {
		return []byte(s.value), false
	}
	return s.text, false
}

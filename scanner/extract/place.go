package extract

import (
	"bytes"
	"sort"
	"strconv"
	"strings"

	"aktvakt/scanner/finding"
)

// PartFileName is the part of a place in an embedded file's name.
const PartFileName = "file name"

// IsZero reports whether the place is the body, of which no more is known.
func (p Place) IsZero() bool { return p == Place{} }

// String says the place for people: "page 3", "sheet Elever, row 4",
// "annex.zip/letter.docx, page 2", "header". The body is "". Digits of what
// could be an identity number in a sheet's or member's name are masked.
func (p Place) String() string {
	var parts []string
	if p.Member != "" {
		parts = append(parts, MaskDigits(p.Member))
	}
	if p.Sheet != "" {
		parts = append(parts, "sheet "+MaskDigits(p.Sheet))
	}
	if p.Page > 0 {
		parts = append(parts, "page "+strconv.Itoa(p.Page))
	}
	if p.Row > 0 {
		parts = append(parts, "row "+strconv.Itoa(p.Row))
	}
	if p.Col > 0 {
		parts = append(parts, "column "+ColumnName(p.Col))
	}
	if p.Part != "" {
		parts = append(parts, p.Part)
	}
	return strings.Join(parts, ", ")
}

// ColumnName returns the letters of a spreadsheet's column: 1 is A, 27 is AA.
func ColumnName(col int) string {
	var b []byte
	for ; col > 0; col = (col - 1) / 26 {
		b = append([]byte{byte('A' + (col-1)%26)}, b...)
	}
	return string(b)
}

// At returns the place of the byte at offset of Text. Within a block of a
// sheet it counts rows by newlines and columns by tabs.
func (d Document) At(offset int) Place {
	i := sort.Search(len(d.Spans), func(i int) bool { return d.Spans[i].Start > offset }) - 1
	if i < 0 {
		return Place{}
	}
	s := d.Spans[i]
	p := s.Place
	if p.Row > 0 && offset <= len(d.Text) {
		before := d.Text[s.Start:min(offset, s.End)]
		p.Row += bytes.Count(before, []byte("\n"))
		if p.Col > 0 {
			line := before[bytes.LastIndexByte(before, '\n')+1:]
			p.Col += bytes.Count(line, []byte("\t"))
		}
	}
	return p
}

// MaskDigits replaces the digits of every group that holds nine or more of
// them, the least that an identity number has. Groups may be broken by single
// signs or letters, as in 131052-308T. Dates stay readable.
func MaskDigits(s string) string {
	digit := func(i int) bool { return i < len(s) && s[i] >= '0' && s[i] <= '9' }
	var b []byte
	for i := 0; i < len(s); {
		if !digit(i) {
			if b != nil {
				b = append(b, s[i])
			}
			i++
			continue
		}
		end, n := i, 0
		for digit(end) || (end < len(s) && s[end] < 0x80 && digit(end+1)) {
			if digit(end) {
				n++
			}
			end++
		}
		if n >= 9 && b == nil {
			b = append(make([]byte, 0, len(s)+3*n), s[:i]...)
		}
		for ; i < end; i++ {
			switch {
			case b == nil:
			case n >= 9 && digit(i):
				b = append(b, "•"...)
			default:
				b = append(b, s[i])
			}
		}
	}
	if b == nil {
		return s
	}
	return string(b)
}

// skipFor returns the skip that err stands for, to be completed by the caller
// with path and target.
func skipFor(member string, err error) *finding.Skip {
	text := err.Error()
	if member != "" {
		text = strconv.Quote(MaskDigits(member)) + ": " + text
	}
	return &finding.Skip{Stage: finding.StageExtract, Reason: ReasonOf(err), Error: text}
}

package ooxml

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/cell"
	"aktvakt/scanner/extract/xmlstream"
)

// book is a workbook being read.
type book struct {
	d        *document
	date1904 bool
	formats  []cell.Format // by style of a cell
	strings  sharedStrings
}

// sheetEntry is a sheet as the workbook lists it.
type sheetEntry struct{ name, id string }

// workbook reads the sheets in their order, hidden ones too.
func (d *document) workbook(p *part) error {
	// The parts that are read by way of the workbook have no role.
	rels, err := d.relations(p.name)
	if err != nil {
		return err
	}
	b := &book{d: d}
	var sheets []sheetEntry
	names := line{out: d.out, place: extract.Place{Part: "names"}}
	if isBinary(p.name) {
		sheets, err = b.binaryWorkbook(p, &names)
	} else {
		sheets, err = b.names(p, &names)
	}
	if err != nil {
		return err
	}
	if err := names.flush(); err != nil {
		return err
	}
	if err := b.load(rels); err != nil {
		return err
	}
	read := map[string]bool{}
	for _, s := range sheets {
		target := rels[s.id].target
		if read[target] {
			continue
		}
		read[target] = true
		if m := d.member(target); m != nil {
			if err := b.read(m, s.name); err != nil {
				return err
			}
		}
	}
	return b.orphans(read)
}

func isBinary(name string) bool { return strings.HasSuffix(name, ".bin") }

// read reads one sheet in either form.
func (b *book) read(p *part, name string) error {
	if isBinary(p.name) {
		return b.binarySheet(p, name)
	}
	return b.sheet(p, name)
}

// names reads the list of sheets and the defined names.
func (b *book) names(p *part, names *line) (sheets []sheetEntry, err error) {
	d := b.d
	inName := false
	err = d.scan(p, func(kind xmlstream.Kind) error {
		switch kind {
		case xmlstream.Start:
			switch string(d.xml.Name()) {
			case "workbookPr":
				v, _ := d.xml.Attr("date1904")
				b.date1904 = v == "1" || v == "true"
			case "sheet":
				name, _ := d.xml.Attr("name")
				id, _ := d.xml.Attr("id")
				if len(sheets) < maxRelations {
					sheets = append(sheets, sheetEntry{name, id})
				}
				names.buf = append(names.buf, name...)
				return names.end()
			case "definedName":
				name, _ := d.xml.Attr("name")
				comment, _ := d.xml.Attr("comment")
				inName = !d.xml.SelfClosing()
				if !strings.HasPrefix(name, "_xlnm.") {
					names.buf = append(append(append(names.buf, name...), ' '), comment...)
					names.buf = append(names.buf, '\t')
				}
			}
		case xmlstream.Text:
			if inName {
				names.buf = append(names.buf, d.xml.Bytes()...)
			}
		case xmlstream.End:
			if inName {
				inName = false
				return names.end()
			}
		case xmlstream.EOF:
		}
		return nil
	})
	return sheets, err
}

// member returns a part by name, be its role what it may.
func (d *document) member(name string) *part {
	if p := d.find(name); p != nil {
		return p
	}
	for _, m := range d.rest {
		if partName(m.Name) == name {
			return &part{Member: m, name: name}
		}
	}
	return nil
}

// first returns the first of the named parts that there is.
func (d *document) first(names ...string) *part {
	for _, n := range names {
		if p := d.member(n); n != "" && p != nil {
			return p
		}
	}
	return nil
}

func partName(name string) string { return strings.TrimLeft(strings.ToLower(name), "/") }

// orphans reads sheets that the workbook does not list.
func (b *book) orphans(read map[string]bool) error {
	for _, m := range b.d.rest {
		name := partName(m.Name)
		if strings.HasPrefix(name, "xl/worksheets/") && (strings.HasSuffix(name, ".xml") || strings.HasPrefix(name, "xl/worksheets/sheet") && isBinary(name)) && !read[name] {
			if err := b.read(&part{Member: m, name: name}, ""); err != nil {
				return err
			}
		}
	}
	return nil
}

// load reads shared strings and styles.
func (b *book) load(rels map[string]relation) error {
	styles, shared := "", ""
	for _, r := range rels {
		switch r.kind {
		case "styles":
			styles = r.target
		case "sharedStrings":
			shared = r.target
		}
	}
	if p := b.d.first(styles, "xl/styles.xml", "xl/styles.bin"); p != nil {
		load := b.loadStyles
		if isBinary(p.name) {
			load = b.binaryStyles
		}
		if err := load(p); err != nil {
			return err
		}
	}
	if p := b.d.first(shared, "xl/sharedstrings.xml", "xl/sharedstrings.bin"); p != nil {
		if isBinary(p.name) {
			return b.binaryStrings(p)
		}
		return b.loadStrings(p)
	}
	return nil
}

// maxStyles is the most cell styles that are kept; Excel allows 65,490.
const maxStyles = 70_000

func (b *book) loadStyles(p *part) error {
	x := b.d.xml
	codes := map[int]cell.Format{}
	inCells := false
	return b.d.scan(p, func(kind xmlstream.Kind) error {
		switch kind {
		case xmlstream.Start:
			switch string(x.Name()) {
			case "numFmt":
				id, code := attrInt("numFmtId", x), ""
				code, _ = x.Attr("formatCode")
				if len(codes) < maxStyles {
					codes[id] = cell.ParseFormat(code)
				}
			case "cellXfs":
				inCells = true
			case "xf":
				if !inCells || len(b.formats) >= maxStyles {
					return nil
				}
				id := attrInt("numFmtId", x)
				f, ok := codes[id]
				if !ok {
					f = cell.Builtin(id)
				}
				b.formats = append(b.formats, f)
			}
		case xmlstream.End:
			if string(x.Name()) == "cellXfs" {
				inCells = false
			}
		case xmlstream.Text, xmlstream.EOF:
		}
		return nil
	})
}

func attrInt(name string, x *xmlstream.Scanner) int {
	v, _ := x.Attr(name)
	n, err := strconv.Atoi(v)
	if err != nil {
		return -1
	}
	return n
}

// sharedStrings is the table of strings, in one piece of memory.
type sharedStrings struct {
	text []byte
	ends []uint32
}

// Limits of the table: 64 MB of text are about a million names with address.
const (
	maxShared     = 64 << 20
	maxSharedEnds = 4 << 20
)

func (s *sharedStrings) get(i int) []byte {
	if i < 0 || i >= len(s.ends) {
		return nil
	}
	start := uint32(0)
	if i > 0 {
		start = s.ends[i-1]
	}
	return s.text[start:s.ends[i]]
}

func (b *book) loadStrings(p *part) error {
	x, s := b.d.xml, &b.strings
	text, phonetic := false, false
	s.text = make([]byte, 0, min(p.Size, maxShared)/2)
	return b.d.scan(p, func(kind xmlstream.Kind) error {
		switch kind {
		case xmlstream.Start:
			switch string(x.Name()) {
			case "t":
				text = !x.SelfClosing()
			case "rPh":
				phonetic = !x.SelfClosing()
			case "si":
				if x.SelfClosing() {
					s.ends = append(s.ends, uint32(len(s.text)))
				}
			}
		case xmlstream.Text:
			if text && !phonetic {
				s.text = append(s.text, x.Bytes()...)
			}
		case xmlstream.End:
			switch string(x.Name()) {
			case "t":
				text = false
			case "rPh":
				phonetic = false
			case "si":
				s.ends = append(s.ends, uint32(len(s.text)))
			}
		case xmlstream.EOF:
		}
		if len(s.text) > maxShared || len(s.ends) > maxSharedEnds {
			s.text = s.text[:min(len(s.text), maxShared)]
			if err := b.d.broken(p, fmt.Errorf("table of strings %w", extract.ErrTooLarge)); err != nil {
				return err
			}
			return errEnough
		}
		return nil
	})
}

// number returns what a numeric cell shows.
func (b *book) number(dst []byte, raw string, style int) []byte {
	v, err := strconv.ParseFloat(raw, 64)
	if err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
		return append(dst, raw...)
	}
	var f cell.Format
	if style >= 0 && style < len(b.formats) {
		f = b.formats[style]
	}
	return f.Append(dst, v, b.date1904)
}

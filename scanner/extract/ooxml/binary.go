package ooxml

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"strings"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/cell"
	"aktvakt/scanner/extract/charset"
)

// Records of a binary workbook (xlsb), [MS-XLSB] 2.3.2.
const (
	brtRowHdr       = 0
	brtCellRk       = 2
	brtCellBool     = 4
	brtCellReal     = 5
	brtCellSt       = 6
	brtCellIsst     = 7
	brtFmlaString   = 8
	brtFmlaNum      = 9
	brtSSTItem      = 19
	brtName         = 39
	brtFmt          = 44
	brtXF           = 47
	brtCellRString  = 62
	brtWbProp       = 153
	brtBundleSh     = 156
	brtHeaderFooter = 479
	brtHLink        = 494
	brtBeginCellXFs = 617
	brtEndCellXFs   = 618
	brtCommentText  = 637
	brtDVal         = 64
)

// maxRecord is the longest record that is read, in bytes.
const maxRecord = 4 << 20

// records calls f with each record of a binary part. Faults of the part are
// recorded, not returned.
func (d *document) records(p *part, f func(id int, b []byte) error) error {
	rc, err := p.Open(d.ctx)
	if err != nil {
		return d.broken(p, err)
	}
	defer rc.Close()
	r := bufio.NewReaderSize(rc, 64<<10)
	var buf []byte
	for n := 0; ; n++ {
		if n&0x3FF == 0 {
			if err := extract.Alive(d.ctx); err != nil {
				return err
			}
		}
		id, err := varint(r, 2)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return d.broken(p, err)
		}
		size, err := varint(r, 4)
		if err != nil {
			return d.broken(p, cutShort(err))
		}
		if size > maxRecord {
			return d.broken(p, fmt.Errorf("record of %d bytes: %w", size, extract.ErrTooLarge))
		}
		if cap(buf) < size {
			buf = make([]byte, size)
		}
		buf = buf[:size]
		if _, err := io.ReadFull(r, buf); err != nil {
			return d.broken(p, cutShort(err))
		}
		if err := f(id, buf); err == errEnough {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func cutShort(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return fmt.Errorf("record cut at its end: %w", extract.ErrCorrupt)
	}
	return err
}

// varint reads a number of at most n bytes, seven bits each, 2.1.4.
func varint(r *bufio.Reader, n int) (int, error) {
	v := 0
	for i := range n {
		b, err := r.ReadByte()
		if err != nil {
			return 0, err
		}
		v |= int(b&0x7F) << (7 * i)
		if b&0x80 == 0 {
			break
		}
	}
	return v, nil
}

// take is a record's content, read from its beginning; beyond its end
// everything is zero.
type take struct{ b []byte }

func (t *take) bytes(n int) []byte {
	n = max(min(n, len(t.b)), 0)
	b := t.b[:n]
	t.b = t.b[n:]
	return b
}

func (t *take) u32() int {
	if b := t.bytes(4); len(b) == 4 {
		return int(binary.LittleEndian.Uint32(b))
	}
	return 0
}

func (t *take) u16() int {
	if b := t.bytes(2); len(b) == 2 {
		return int(binary.LittleEndian.Uint16(b))
	}
	return 0
}

// text reads a string with its length in characters; all bits set is none.
func (t *take) text() []byte {
	n := t.u32()
	if n == 0xFFFFFFFF {
		return nil
	}
	return charset.UTF16LE.Append(nil, t.bytes(2*min(n, len(t.b))))
}

// binaryWorkbook reads names of sheets and defined names.
func (b *book) binaryWorkbook(p *part, names *line) (sheets []sheetEntry, err error) {
	err = b.d.records(p, func(id int, rec []byte) error {
		t := take{rec}
		switch id {
		case brtWbProp:
			b.date1904 = t.u32()&1 != 0
		case brtBundleSh:
			t.bytes(8)
			e := sheetEntry{id: string(t.text())}
			e.name = string(t.text())
			if len(sheets) < maxRelations {
				sheets = append(sheets, e)
			}
			names.buf = append(names.buf, e.name...)
			return names.end()
		case brtName:
			t.bytes(9)
			if name := t.text(); !strings.HasPrefix(string(name), "_xlnm.") {
				names.buf = append(append(names.buf, name...), '\t')
				names.buf = append(names.buf, strings.Join(wideRuns(t.b), " ")...)
				return names.end()
			}
		}
		return nil
	})
	return sheets, err
}

func (b *book) binaryStyles(p *part) error {
	codes := map[int]cell.Format{}
	inCells := false
	return b.d.records(p, func(id int, rec []byte) error {
		t := take{rec}
		switch id {
		case brtFmt:
			if n := t.u16(); len(codes) < maxStyles {
				codes[n] = cell.ParseFormat(string(t.text()))
			}
		case brtBeginCellXFs, brtEndCellXFs:
			inCells = id == brtBeginCellXFs
		case brtXF:
			if !inCells || len(b.formats) >= maxStyles {
				return nil
			}
			t.bytes(2)
			n := t.u16()
			f, ok := codes[n]
			if !ok {
				f = cell.Builtin(n)
			}
			b.formats = append(b.formats, f)
		}
		return nil
	})
}

func (b *book) binaryStrings(p *part) error {
	s := &b.strings
	return b.d.records(p, func(id int, rec []byte) error {
		if id != brtSSTItem {
			return nil
		}
		t := take{rec}
		t.bytes(1)
		s.text = append(s.text, t.text()...)
		s.ends = append(s.ends, uint32(len(s.text)))
		if len(s.text) > maxShared || len(s.ends) > maxSharedEnds {
			if err := b.d.broken(p, fmt.Errorf("table of strings %w", extract.ErrTooLarge)); err != nil {
				return err
			}
			return errEnough
		}
		return nil
	})
}

// binarySheet reads the cells of a sheet.
func (b *book) binarySheet(p *part, name string) error {
	s := binarySheet{b: b, grid: cell.NewGrid(b.d.out, name)}
	s.side.out = b.d.out
	s.side.place = extract.Place{Sheet: name, Part: "sheet data"}
	if err := b.d.records(p, s.record); err != nil {
		return err
	}
	if err := s.grid.Close(); err != nil {
		return err
	}
	return s.side.flush()
}

type binarySheet struct {
	b     *book
	grid  *cell.Grid
	side  line
	row   int
	shown []byte
}

func (s *binarySheet) record(id int, rec []byte) error {
	t := take{rec}
	switch id {
	case brtRowHdr:
		s.row = t.u32() + 1
		return nil
	case brtHeaderFooter:
		t.bytes(2)
		for len(t.b) >= 4 {
			s.side.buf = append(s.side.buf, plainHeader(t.text())...)
			if err := s.side.end(); err != nil {
				return err
			}
		}
		return nil
	case brtHLink:
		t.bytes(16)
		t.text() // the relation
		for range 3 {
			s.side.buf = append(s.side.buf, t.text()...)
			if err := s.side.end(); err != nil {
				return err
			}
		}
		return nil
	case brtDVal:
		s.side.buf = append(s.side.buf, strings.Join(wideRuns(rec), " ")...)
		return s.side.end()
	case brtCellRk, brtCellBool, brtCellReal, brtCellSt, brtCellIsst, brtFmlaString, brtFmlaNum, brtCellRString:
	default:
		return nil
	}
	col := t.u32() + 1
	style := t.u32() & 0xFFFFFF
	return s.cell(id, col, style, &t)
}

func (s *binarySheet) cell(id, col, style int, t *take) error {
	switch id {
	case brtCellSt, brtFmlaString:
		return s.grid.Text(s.row, col, t.text())
	case brtCellRString:
		t.bytes(1)
		return s.grid.Text(s.row, col, t.text())
	case brtCellIsst:
		return s.grid.Text(s.row, col, s.b.strings.get(t.u32()))
	case brtCellBool:
		text := "FALSE"
		if b := t.bytes(1); len(b) == 1 && b[0] == 1 {
			text = "TRUE"
		}
		return s.grid.Text(s.row, col, []byte(text))
	case brtCellRk:
		return s.number(col, style, rkNumber(uint32(t.u32())))
	}
	if v := t.bytes(8); len(v) == 8 {
		return s.number(col, style, math.Float64frombits(binary.LittleEndian.Uint64(v)))
	}
	return nil
}

func (s *binarySheet) number(col, style int, v float64) error {
	var f cell.Format
	if style < len(s.b.formats) {
		f = s.b.formats[style]
	}
	s.shown = f.Append(s.shown[:0], v, s.b.date1904)
	return s.grid.Number(s.row, col, s.shown)
}

// rkNumber unpacks a number of 30 bits, 2.5.123.
func rkNumber(v uint32) float64 {
	f := math.Float64frombits(uint64(v&^3) << 32)
	if v&2 != 0 {
		f = float64(int32(v) >> 2)
	}
	if v&1 != 0 {
		f /= 100
	}
	return f
}

// binaryComments reads the comments of a sheet.
func (d *document) binaryComments(p *part) error {
	l := line{out: d.out, place: extract.Place{Part: "comments"}}
	err := d.records(p, func(id int, rec []byte) error {
		if id != brtCommentText {
			return nil
		}
		t := take{rec}
		t.bytes(1)
		l.buf = append(l.buf, t.text()...)
		return l.end()
	})
	if err != nil {
		return err
	}
	return l.flush()
}

// wideRuns returns runs of four or more printable UTF-16 characters at even
// or odd offsets of b.
func wideRuns(b []byte) []string {
	const least = 4
	var found []string
	for i := 0; i+1 < len(b); {
		n := 0
		for i+n+1 < len(b) {
			c := rune(b[i+n]) | rune(b[i+n+1])<<8
			if c < 0x20 || c >= 0x250 || c >= 0x7F && c < 0xA0 {
				break
			}
			n += 2
		}
		if n >= 2*least {
			found = append(found, charset.UTF16(b[i:i+n]))
			i += n
		} else {
			i++
		}
	}
	return found
}

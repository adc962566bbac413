package main

import (
	"bytes"
	"encoding/binary"
	"math"
	"strings"
)

// doc is a Word 97 document: a file information block, the text in one piece,
// and the piece table ([MS-DOC] 2.5, 2.8.35).
func (m *maker) doc() ([]byte, error) {
	const textAt, counts, clxAt = 0x400, 0x4C, 0x1A2
	text := []byte(latin1(strings.ReplaceAll(m.text(), "\n", "\r")))
	text = text[:min(len(text), 1<<20)]
	le := binary.LittleEndian
	fib := make([]byte, textAt)
	le.PutUint16(fib, 0xA5EC)
	le.PutUint16(fib[2:], 0xC1)
	le.PutUint16(fib[10:], 0x0200) // the table is in 1Table
	le.PutUint32(fib[0x18:], textAt)
	le.PutUint32(fib[0x1C:], textAt+uint32(len(text)))
	le.PutUint16(fib[0x20:], 14)
	le.PutUint16(fib[0x3E:], 22)
	le.PutUint32(fib[counts:], uint32(len(text)))
	le.PutUint16(fib[0x98:], 93)
	clx := le.AppendUint32([]byte{2}, 16)
	clx = le.AppendUint32(clx, 0)
	clx = le.AppendUint32(clx, uint32(len(text)))
	clx = append(clx, 0, 0)
	clx = le.AppendUint32(clx, 2*textAt|1<<30) // a byte a character
	clx = append(clx, 0, 0)
	le.PutUint32(fib[clxAt+4:], uint32(len(clx)))
	return compound([]part{{"1Table", clx}, {"WordDocument", append(fib, text...)}}), nil
}

// xls is a workbook of Excel 97 with one sheet ([MS-XLS] 2.1.7).
func (m *maker) xls() ([]byte, error) {
	le := binary.LittleEndian
	var b bytes.Buffer
	rec := func(id uint16, data []byte) {
		b.Write(le.AppendUint16(le.AppendUint16(nil, id), uint16(len(data))))
		b.Write(data)
	}
	bof := func(kind uint16) {
		data := le.AppendUint16(le.AppendUint16(nil, 0x0600), kind)
		rec(0x0809, append(data, make([]byte, 12)...))
	}
	name := "Blad1"
	bof(0x0005)
	at := b.Len() + 4
	rec(0x0085, append([]byte{0, 0, 0, 0, 0, 0, byte(len(name)), 0}, name...))
	rec(0x000A, nil)
	le.PutUint32(b.Bytes()[at:], uint32(b.Len()))
	bof(0x0010)
	for row, n := 0, min(m.length()/30, 60_000); row < n; row++ {
		word := latin1(m.trade())
		cell := func(column uint16) []byte {
			return []byte{byte(row), byte(row >> 8), byte(column), 0, 15, 0}
		}
		rec(0x0204, append(append(cell(0), byte(len(word)), 0, 0), word...))
		rec(0x0203, le.AppendUint64(cell(1), math.Float64bits(float64(m.rnd.IntN(100_000)))))
		rec(0x0203, le.AppendUint64(cell(2), math.Float64bits(float64(m.rnd.IntN(1000))+.5)))
	}
	rec(0x000A, nil)
	return compound([]part{{"Workbook", b.Bytes()}}), nil
}

// compound packs at most three streams, of 7 MB together, into a compound file
// ([MS-CFB]). Streams are filled up to 4096 bytes: shorter ones would have to
// lie in the mini stream.
func compound(streams []part) []byte {
	const sector, free, end, fatSector = 512, ^uint32(0), ^uint32(1), ^uint32(2)
	le := binary.LittleEndian
	sectors := 1 // the directory
	for i := range streams {
		s := &streams[i]
		n := max(len(s.data), 4096)
		s.data = append(s.data, make([]byte, (n+sector-1)/sector*sector-len(s.data))...)
		sectors += len(s.data) / sector
	}
	tables := (sectors + 126) / 127
	head := make([]byte, sector)
	copy(head, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
	for at, v := range map[int]uint16{24: 0x3E, 26: 3, 28: 0xFFFE, 30: 9, 32: 6} {
		le.PutUint16(head[at:], v)
	}
	for at, v := range map[int]uint32{44: uint32(tables), 48: uint32(tables), 56: 4096, 60: end, 68: end} {
		le.PutUint32(head[at:], v)
	}
	fat := make([]byte, 0, tables*sector)
	for i := range 109 {
		v := free
		if i < tables {
			v, fat = uint32(i), le.AppendUint32(fat, fatSector)
		}
		le.PutUint32(head[76+4*i:], v)
	}
	chain := func(sectors int) {
		for range sectors - 1 {
			fat = le.AppendUint32(fat, uint32(len(fat)/4+1))
		}
		fat = le.AppendUint32(fat, end)
	}
	chain(1)
	dir := dirEntry("Root Entry", 5, end, 0)
	le.PutUint32(dir[76:], 1)
	var body []byte
	for i, s := range streams {
		e := dirEntry(s.name, 2, uint32(len(fat)/4), len(s.data))
		if i+1 < len(streams) { // the tree is a list: names come in the order of MS-CFB, shorter ones first
			le.PutUint32(e[72:], uint32(i+2))
		}
		dir = append(dir, e...)
		chain(len(s.data) / sector)
		body = append(body, s.data...)
	}
	for len(fat) < tables*sector {
		fat = le.AppendUint32(fat, free)
	}
	dir = append(dir, make([]byte, sector-len(dir))...)
	return bytes.Join([][]byte{head, fat, dir, body}, nil)
}

// dirEntry is an entry of the directory; kind is 5 for the root, 2 for a stream.
func dirEntry(name string, kind byte, start uint32, size int) []byte {
	le := binary.LittleEndian
	e := make([]byte, 128)
	for i := range len(name) {
		e[2*i] = name[i]
	}
	le.PutUint16(e[64:], uint16(2*len(name)+2))
	e[66], e[67] = kind, 1
	for _, at := range []int{68, 72, 76} { // left, right, child
		le.PutUint32(e[at:], ^uint32(0))
	}
	le.PutUint32(e[116:], start)
	le.PutUint32(e[120:], uint32(size))
	return e
}

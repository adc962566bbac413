package pst

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"sort"
	"testing"
	"unicode/utf16"

	"aktvakt/scanner/extract/mapi"
)

// builder writes mailbox files, so that the tests need nobody's mail.
type builder struct {
	layout
	version int
	crypt   byte
	blocks  []built
	nodes   []node
	next    uint64
}

type built struct {
	bid  uint64
	data []byte
	full int
}

func newBuilder(version int, crypt byte) *builder {
	b := &builder{layout: unicode, version: version, crypt: crypt, next: 4}
	switch {
	case version < 20:
		b.layout = ansi
	case version >= 36:
		b.layout = wide
	}
	return b
}

func (b *builder) put(words ...uint64) []byte {
	var out []byte
	for _, w := range words {
		if b.wordSize == 4 {
			out = binary.LittleEndian.AppendUint32(out, uint32(w))
		} else {
			out = binary.LittleEndian.AppendUint64(out, w)
		}
	}
	return out
}

// encode is the inverse of decode.
func encode(method byte, b []byte, bid uint64) []byte {
	b = bytes.Clone(b)
	switch method {
	case cryptPermute:
		for i, c := range b {
			b[i] = unpermuted[c]
		}
	case cryptCyclic: // its own inverse
		decode(method, b, bid)
	}
	return b
}

func (b *builder) block(data []byte, inner bool) uint64 {
	bid := b.next
	b.next += 4
	if inner {
		bid |= 2
	} else {
		data = encode(b.crypt, data, bid)
	}
	full := len(data)
	if b.wideHeap && len(data) > 256 {
		var z bytes.Buffer
		w := zlib.NewWriter(&z)
		w.Write(data)
		w.Close()
		data = z.Bytes()
	}
	b.blocks = append(b.blocks, built{bid, data, full})
	return bid
}

// data stores bytes in as many blocks as they need, over two levels of lists
// where they are many.
func (b *builder) data(data []byte) uint64 {
	const room = 8000
	if len(data) <= room {
		return b.block(data, false)
	}
	var lists []uint64
	for len(data) > 0 {
		var bids []uint64
		for range 3 {
			if len(data) == 0 {
				break
			}
			n := min(room, len(data))
			bids = append(bids, b.block(data[:n], false))
			data = data[n:]
		}
		lists = append(lists, b.list(1, bids))
	}
	if len(lists) == 1 {
		return lists[0]
	}
	return b.list(2, lists)
}

func (b *builder) list(level byte, bids []uint64) uint64 {
	head := []byte{1, level, byte(len(bids)), byte(len(bids) >> 8), 0, 0, 0, 0}
	return b.block(append(head, b.put(bids...)...), true)
}

// sub stores nodes within a node, in two leaves under a list.
func (b *builder) sub(nodes []node) uint64 {
	if len(nodes) == 0 {
		return 0
	}
	sort.Slice(nodes, func(i, j int) bool { return nodes[i].id < nodes[j].id })
	leaf := func(nodes []node) uint64 {
		data := append([]byte{2, 0, byte(len(nodes)), 0}, make([]byte, b.wordSize-4)...)
		for _, n := range nodes {
			data = append(data, b.put(uint64(n.id), n.data, n.sub)...)
		}
		return b.block(data, true)
	}
	half := len(nodes) / 2
	if half == 0 {
		return leaf(nodes)
	}
	data := append([]byte{2, 1, 2, 0}, make([]byte, b.wordSize-4)...)
	data = append(data, b.put(uint64(nodes[0].id), leaf(nodes[:half]), uint64(nodes[half].id), leaf(nodes[half:]))...)
	return b.block(data, true)
}

// items is a heap being built.
type items struct {
	list [][]byte
}

func (h *items) add(v []byte) uint32 {
	h.list = append(h.list, v)
	return uint32(len(h.list)) << 5
}

func (h *items) bytes(client byte, root uint32) []byte {
	out := []byte{0, 0, 0xEC, client}
	out = binary.LittleEndian.AppendUint32(out, root)
	out = append(out, 0, 0, 0, 0)
	ends := []int{len(out)}
	for _, v := range h.list {
		out = append(out, v...)
		ends = append(ends, len(out))
	}
	binary.LittleEndian.PutUint16(out, uint16(len(out)))
	out = binary.LittleEndian.AppendUint16(out, uint16(len(h.list)))
	out = append(out, 0, 0)
	for _, e := range ends {
		out = binary.LittleEndian.AppendUint16(out, uint16(e))
	}
	return out
}

// prop is a property of an object being built.
type prop struct {
	id, typ int
	value   any // string, []byte, int
}

func wideString(s string) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(s)) {
		out = binary.LittleEndian.AppendUint16(out, u)
	}
	return out
}

func (p prop) bytes() []byte {
	switch v := p.value.(type) {
	case string:
		if p.typ == mapi.TypeUnicode {
			return wideString(v)
		}
		return []byte(v)
	case []byte:
		return v
	}
	return nil
}

// object stores properties and the nodes within. Long values become nodes.
func (b *builder) object(props []prop, subs []node) (data, sub uint64) {
	var h items
	var records []byte
	sort.Slice(props, func(i, j int) bool { return props[i].id < props[j].id })
	for i, p := range props {
		value := uint32(0)
		if n, ok := p.value.(int); ok {
			value = uint32(n)
		} else if v := p.bytes(); len(v) > 3000 {
			id := uint32(0x1000+i)<<5 | 0x1F
			subs = append(subs, node{id: id, data: b.data(v)})
			value = id
		} else {
			value = h.add(v)
		}
		records = binary.LittleEndian.AppendUint16(records, uint16(p.id))
		records = binary.LittleEndian.AppendUint16(records, uint16(p.typ))
		records = binary.LittleEndian.AppendUint32(records, value)
	}
	// Two levels, as large objects have.
	half := len(records) / 16 * 8
	var index []byte
	for _, part := range [][]byte{records[:half], records[half:]} {
		if len(part) == 0 {
			continue
		}
		index = append(index, part[:2]...)
		index = binary.LittleEndian.AppendUint32(index, h.add(part))
	}
	head := []byte{0xB5, 2, 6, 1}
	head = binary.LittleEndian.AppendUint32(head, h.add(index))
	root := h.add(head)
	return b.data(h.bytes(0xBC, root)), b.sub(subs)
}

// table stores rows of name and address.
func (b *builder) table(rows [][2]string) (data, sub uint64) {
	var h items
	var matrix []byte
	for _, r := range rows {
		matrix = binary.LittleEndian.AppendUint32(matrix, h.add(wideString(r[0])))
		matrix = binary.LittleEndian.AppendUint32(matrix, h.add(wideString(r[1])))
		matrix = append(matrix, 0xC0)
	}
	head := []byte{0x7C, 2, 8, 0, 8, 0, 8, 0, 9, 0, 0, 0, 0, 0}
	const rowsAt = 1<<5 | 0x1F
	head = binary.LittleEndian.AppendUint32(head, rowsAt)
	head = append(head, 0, 0, 0, 0)
	for i, tag := range []int{mapi.Display, mapi.SMTP} {
		head = append(head, mapi.TypeUnicode, 0, byte(tag), byte(tag>>8), byte(4*i), 0, 4, byte(i))
	}
	root := h.add(head)
	return b.data(h.bytes(0x7C, root)), b.sub([]node{{id: rowsAt, data: b.data(matrix)}})
}

func (b *builder) node(id, parent uint32, data, sub uint64) {
	b.nodes = append(b.nodes, node{id: id, parent: parent, data: data, sub: sub})
}

// pages stores a tree over entries and returns where its root is.
func (b *builder) pages(file *[]byte, entries [][]byte) uint64 {
	const perPage = 5
	size := len(entries[0])
	for level := 0; ; level++ {
		var above [][]byte
		for i := 0; i < len(entries); i += perPage {
			page := entries[i:min(i+perPage, len(entries))]
			at := uint64(len(*file))
			p := make([]byte, b.pageSize)
			copy(p, bytes.Join(page, nil))
			c := p[b.countAt:]
			if b.wideHeap {
				c[0], c[4], c[5] = byte(len(page)), byte(size), byte(level)
			} else {
				c[0], c[2], c[3] = byte(len(page)), byte(size), byte(level)
			}
			*file = append(*file, p...)
			key := b.word(page[0], 0)
			above = append(above, b.put(key, 0, at))
		}
		if len(above) == 1 {
			return b.word(above[0], 2*b.wordSize)
		}
		entries, size = above, 3*b.wordSize
	}
}

func (b *builder) file() []byte {
	file := make([]byte, 1024)
	copy(file, magic)
	copy(file[8:], "SM")
	binary.LittleEndian.PutUint16(file[10:], uint16(b.version))
	file[b.cryptAt] = b.crypt
	var blocks, nodes [][]byte
	for _, x := range b.blocks {
		e := b.put(x.bid, uint64(len(file)))
		e = binary.LittleEndian.AppendUint16(e, uint16(len(x.data)))
		if b.wideHeap {
			e = binary.LittleEndian.AppendUint16(e, uint16(x.full))
		}
		e = append(e, 2, 0)
		blocks = append(blocks, append(e, make([]byte, 3*b.wordSize-len(e))...))
		file = append(file, x.data...)
		file = append(file, make([]byte, 64)...)
	}
	sort.Slice(blocks, func(i, j int) bool { return b.word(blocks[i], 0)&^1 < b.word(blocks[j], 0)&^1 })
	sort.Slice(b.nodes, func(i, j int) bool { return b.nodes[i].id < b.nodes[j].id })
	for _, n := range b.nodes {
		e := b.put(uint64(n.id), n.data, n.sub)
		e = binary.LittleEndian.AppendUint32(e, n.parent)
		nodes = append(nodes, append(e, make([]byte, b.wordSize-4)...))
	}
	nodeRoot := b.pages(&file, nodes)
	blockRoot := b.pages(&file, blocks)
	copy(file[b.rootAt+b.wordSize:], b.put(nodeRoot))
	copy(file[b.rootAt+3*b.wordSize:], b.put(blockRoot))
	return file
}

// sample is a mailbox with one of everything.
func sample(t testing.TB, version int, crypt byte, long []byte) []byte {
	t.Helper()
	b := newBuilder(version, crypt)
	const root, inbox = 0x122, 0x8082
	d, s := b.object([]prop{{mapi.Display, mapi.TypeUnicode, ""}}, nil)
	b.node(root, root, d, s)
	d, s = b.object([]prop{{mapi.Display, mapi.TypeUnicode, "Inkorgen"}}, nil)
	b.node(inbox, root, d, s)

	d, s = b.object([]prop{{mapi.Subject, mapi.TypeUnicode, "Bifogat ärende"}, {mapi.Body, mapi.TypeUnicode, "I det bifogade brevet: 19900101-2385"}}, nil)
	inner := node{id: 0x200004, data: d, sub: s}
	object := binary.LittleEndian.AppendUint32(nil, inner.id)
	d, s = b.object([]prop{{mapi.Display, mapi.TypeUnicode, "Brevet"}, {mapi.AttachData, mapi.TypeObject, append(object, 0, 0, 0, 0)}}, []node{inner})
	attached := node{id: 0x8025, data: d, sub: s}
	d, s = b.object([]prop{{mapi.LongName, mapi.TypeUnicode, "utredning.txt"}, {mapi.AttachData, mapi.TypeBinary, long}}, nil)
	file := node{id: 0x8045, data: d, sub: s}
	d, s = b.object([]prop{{mapi.ShortName, mapi.TypeUnicode, "KORT.TXT"}, {mapi.AttachData, mapi.TypeBinary, []byte("Kort bilaga")}}, nil)
	short := node{id: 0x8065, data: d, sub: s}
	d, s = b.table([][2]string{{"Åsa Öberg", "asa@kommun.example"}, {"Jón Þór", "jon@kommun.example"}})
	to := node{id: 0x692, data: d, sub: s}

	d, s = b.object([]prop{
		{mapi.Subject, mapi.TypeUnicode, "\x01\x05Re: Orosanmälan"}, {0x0C1A, mapi.TypeUnicode, "Bo Ek"}, {0x0C1F, mapi.TypeUnicode, "/O=KOMMUN/CN=BOEK"},
		{mapi.Body, mapi.TypeUnicode, "Text i klartext"}, {mapi.HTML, mapi.TypeBinary, []byte("<p>Text i klartext</p><p>Endast i html</p>")},
		{0x8001, mapi.TypeUnicode | mapi.Multiple, list("Sekretess", "Barn och unga")},
	}, []node{attached, file, short, to})
	b.node(0x200024, inbox, d, s)
	d, s = b.object([]prop{
		{mapi.Subject, mapi.TypeANSI, "S\xF8ren \xC6r\xF8"}, {mapi.Codepage, mapi.TypeInt32, 1252}, {mapi.RTF, mapi.TypeBinary, packRTF(`{\rtf1 Endast i rtf}`)},
	}, nil)
	b.node(0x200044, inbox, d, s)
	b.node(0x200064, inbox, 0xBAD0, 0)                                               // lost
	d, s = b.object([]prop{{mapi.Subject, mapi.TypeUnicode, "Herrelöst brev"}}, nil) // of no folder
	b.node(0x200084, 0, d, s)
	return b.file()
}

// list is a property of several strings.
func list(all ...string) []byte {
	out := binary.LittleEndian.AppendUint32(nil, uint32(len(all)))
	at := 4 + 4*len(all)
	for _, s := range all {
		out = binary.LittleEndian.AppendUint32(out, uint32(at))
		at += 2 * len(utf16.Encode([]rune(s)))
	}
	for _, s := range all {
		out = append(out, wideString(s)...)
	}
	return out
}

// packRTF stores RTF uncompressed.
func packRTF(s string) []byte {
	out := binary.LittleEndian.AppendUint32(nil, uint32(len(s)+12))
	out = binary.LittleEndian.AppendUint32(out, uint32(len(s)))
	out = append(out, "MELA"...)
	return append(append(out, 0, 0, 0, 0), s...)
}

package ole_test

import (
	"encoding/binary"
	"strings"
)

// node is a stream or storage of a compound file that a test makes.
type node struct {
	name string
	data []byte // of a stream
	kids []node // of a storage
}

const sector = 512

// makeCFB writes a compound file of version 3 ([MS-CFB]) whose streams are all
// filled up with zeros to the size from which they have sectors of their own.
func makeCFB(root []node) []byte {
	type entry struct {
		name         string
		kind         byte
		right, child uint32
		start, size  uint32
	}
	const none = 0xFFFFFFFF
	entries := []entry{{name: "Root Entry", kind: 5, right: none, child: none, start: 0xFFFFFFFE}}
	var data []byte
	var chains [][2]uint32 // first sector and count of each stream
	var add func(kids []node) uint32
	add = func(kids []node) uint32 {
		first, last := uint32(none), uint32(none)
		for _, k := range kids {
			i := uint32(len(entries))
			entries = append(entries, entry{name: k.name, kind: 1, right: none, child: none})
			if last == none {
				first = i
			} else {
				entries[last].right = i
			}
			last = i
			if k.kids != nil {
				entries[i].child = add(k.kids)
				continue
			}
			d := append([]byte(nil), k.data...)
			for len(d) < 4096 || len(d)%sector != 0 {
				d = append(d, 0)
			}
			entries[i].kind, entries[i].size = 2, uint32(max(len(k.data), 4096))
			entries[i].start = uint32(len(data) / sector)
			chains = append(chains, [2]uint32{entries[i].start, uint32(len(d) / sector)})
			data = append(data, d...)
		}
		return first
	}
	entries[0].child = add(root)
	le := binary.LittleEndian
	dirStart := uint32(len(data) / sector)
	for len(entries)%4 != 0 {
		entries = append(entries, entry{right: none, child: none})
	}
	for _, e := range entries {
		b := make([]byte, 128)
		n := 0
		for _, r := range e.name {
			le.PutUint16(b[n:], uint16(r))
			n += 2
		}
		if e.kind != 0 {
			le.PutUint16(b[64:], uint16(n+2))
		}
		b[66], b[67] = e.kind, 1
		le.PutUint32(b[68:], none)
		le.PutUint32(b[72:], e.right)
		le.PutUint32(b[76:], e.child)
		le.PutUint32(b[116:], e.start)
		le.PutUint32(b[120:], e.size)
		data = append(data, b...)
	}
	chains = append(chains, [2]uint32{dirStart, uint32(len(entries) / 4)})
	fatStart := uint32(len(data) / sector)
	fatLen := fatStart/(sector/4-1) + 1
	fat := make([]uint32, fatLen*sector/4)
	for i := range fat {
		fat[i] = none
	}
	for _, c := range chains {
		for i := range c[1] {
			fat[c[0]+i] = c[0] + i + 1
		}
		fat[c[0]+c[1]-1] = 0xFFFFFFFE
	}
	for i := range fatLen {
		fat[fatStart+i] = 0xFFFFFFFD
	}
	for _, v := range fat {
		data = le.AppendUint32(data, v)
	}
	h := make([]byte, sector)
	copy(h, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1")
	le.PutUint16(h[24:], 0x3E)
	le.PutUint16(h[26:], 3)
	le.PutUint16(h[28:], 0xFFFE)
	le.PutUint16(h[30:], 9)
	le.PutUint16(h[32:], 6)
	le.PutUint32(h[44:], fatLen)
	le.PutUint32(h[48:], dirStart)
	le.PutUint32(h[56:], 4096)
	le.PutUint32(h[60:], 0xFFFFFFFE)
	le.PutUint32(h[68:], 0xFFFFFFFE)
	for i := range 109 {
		v := uint32(none)
		if uint32(i) < fatLen {
			v = fatStart + uint32(i)
		}
		le.PutUint32(h[76+4*i:], v)
	}
	return append(h, data...)
}

func wide(s string) []byte {
	var b []byte
	for _, r := range s {
		b = append(b, byte(r), byte(r>>8))
	}
	return b
}

func stream(name, text string) node { return node{name: name, data: []byte(text)} }

func prop(tag, text string) node { return node{name: "__substg1.0_" + tag + "001F", data: wide(text)} }

// long makes a text long enough to need no filling up.
func long(text string) string { return text + strings.Repeat("\nen rad till", 400) }

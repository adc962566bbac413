package tnef

import (
	"encoding/binary"
	"fmt"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/mapi"
)

// property is a value of a list of properties, [MS-OXTNEF] 2.1.3.4.
type property struct {
	id, typ int
	index   int // in a list of values, from 0
	value   []byte
}

func (p property) isString() bool { return p.typ == mapi.TypeANSI || p.typ == mapi.TypeUnicode }

// maxProperties bounds the values of one list.
const maxProperties = 100_000

// properties calls f for the values of a list and returns its length in
// bytes. What comes before a fault is told.
func (t *reader) properties(b []byte, f func(property)) (int, error) {
	c := cursor{b: b}
	told := 0
	for n := c.int(); n > 0; n-- {
		tag := c.int()
		p := property{id: tag >> 16, typ: tag & 0xFFF}
		if p.id >= 0x8000 {
			c.name()
		}
		size, variable := sizeOf(p.typ)
		if size == 0 && !variable && !c.failed {
			return c.at, fmt.Errorf("property of type %#x: %w", p.typ, extract.ErrCorrupt)
		}
		values := 1
		if tag&mapi.Multiple != 0 || variable {
			values = c.int()
		}
		for p.index = 0; p.index < values && !c.failed; p.index++ {
			if told++; told > maxProperties {
				return c.at, fmt.Errorf("over %d properties: %w", maxProperties, extract.ErrTooLarge)
			}
			length := size
			if variable {
				length = c.int()
			}
			p.value = c.bytes(length)
			f(p)
		}
		if c.failed {
			return c.at, fmt.Errorf("properties cut short: %w", extract.ErrCorrupt)
		}
	}
	return c.at, nil
}

// sizeOf returns the bytes of a value, or that it says its length itself.
func sizeOf(typ int) (size int, variable bool) {
	switch typ {
	case mapi.TypeInt16, mapi.TypeInt32, 0x01, 0x04, 0x0A, 0x0B: // shorter ones are padded
		return 4, false
	case 0x05, 0x06, 0x07, 0x14, 0x40: // numbers and times
		return 8, false
	case 0x48: // identifiers
		return 16, false
	case mapi.TypeANSI, mapi.TypeUnicode, mapi.TypeBinary, mapi.TypeObject:
		return 0, true
	}
	return 0, false
}

// cursor reads values one after the other.
type cursor struct {
	b      []byte
	at     int
	failed bool // read beyond the end
}

func (c *cursor) int() int {
	if c.at+4 > len(c.b) {
		c.failed, c.at = true, len(c.b)
		return 0
	}
	c.at += 4
	return u32(c.b, c.at-4)
}

// bytes reads n bytes and their padding to four. What is cut short is
// returned as far as it goes.
func (c *cursor) bytes(n int) []byte {
	v := slice(c.b, c.at, n)
	if len(v) < n {
		c.failed = true
	}
	c.at = min(c.at+(n+3)&^3, len(c.b))
	return v
}

// name skips the name of a property that is known by name.
func (c *cursor) name() {
	c.bytes(16)
	if c.int() == 0 {
		c.int()
		return
	}
	c.bytes(c.int())
}

func u32(b []byte, at int) int {
	if at < 0 || at > len(b)-4 {
		return 0
	}
	return int(binary.LittleEndian.Uint32(b[at:]))
}

// slice returns the n bytes of b from at on, or as many as there are.
func slice(b []byte, at, n int) []byte {
	if at < 0 || n <= 0 || at >= len(b) {
		return nil
	}
	return b[at : at+min(n, len(b)-at)]
}

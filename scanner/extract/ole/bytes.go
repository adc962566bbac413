package ole

import (
	"encoding/binary"

	"aktvakt/scanner/extract/charset"
)

// The functions below read hostile structures: what lies outside is zero or
// empty.

func u16(b []byte, at int) int {
	if at < 0 || at > len(b)-2 {
		return 0
	}
	return int(binary.LittleEndian.Uint16(b[at:]))
}

func u32(b []byte, at int) int {
	if at < 0 || at > len(b)-4 {
		return 0
	}
	return int(binary.LittleEndian.Uint32(b[at:]))
}

func u8(b []byte, at int) int {
	if at < 0 || at >= len(b) {
		return 0
	}
	return int(b[at])
}

// slice returns the n bytes of b from at on, or as many as there are.
func slice(b []byte, at, n int) []byte {
	if at < 0 || n <= 0 || at >= len(b) {
		return nil
	}
	return b[at : at+min(n, len(b)-at)]
}

func utf16(b []byte) string { return charset.UTF16(b) }

func latin(b []byte) string { return charset.CP1252.Decode(b) }

// decodeName decodes a name in an unknown code page.
func decodeName(s string) string { return charset.Detect([]byte(s), true).Decode([]byte(s)) }

package mapi

import (
	"encoding/binary"
	"fmt"

	"aktvakt/scanner/extract"
)

// rtfDictionary is what the dictionary begins with, [MS-OXRTFCP] 2.1.2.1.
const rtfDictionary = "{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript " +
	"\\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par " +
	"\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"

const (
	rtfCompressed   = 0x75465A4C
	rtfUncompressed = 0x414C454D
	rtfWindow       = 4096
	maxRTF          = 64 << 20
)

// DecompressRTF unpacks the RTF form of a message's text. What is cut short
// is returned as far as it goes.
func DecompressRTF(b []byte) ([]byte, error) {
	if len(b) < 16 {
		return nil, fmt.Errorf("header of %d bytes: %w", len(b), extract.ErrCorrupt)
	}
	size := int(binary.LittleEndian.Uint32(b[4:]))
	switch binary.LittleEndian.Uint32(b[8:]) {
	case rtfUncompressed:
		return b[16:min(len(b), 16+size)], nil
	case rtfCompressed:
	default:
		return nil, fmt.Errorf("unknown compression: %w", extract.ErrCorrupt)
	}
	if size > maxRTF {
		return nil, fmt.Errorf("of %d bytes: %w", size, extract.ErrTooLarge)
	}
	var dict [rtfWindow]byte
	at := copy(dict[:], rtfDictionary)
	var out []byte
	put := func(c byte) {
		out = append(out, c)
		dict[at%rtfWindow] = c
		at++
	}
	for in := b[16:]; len(in) > 0 && len(out) <= size; {
		control := in[0]
		in = in[1:]
		for bit := 0; bit < 8 && len(in) > 0; bit++ {
			if control&(1<<bit) == 0 {
				put(in[0])
				in = in[1:]
				continue
			}
			if len(in) < 2 {
				return out, nil
			}
			ref := int(in[0])<<8 | int(in[1])
			in = in[2:]
			from, n := ref>>4, ref&15+2
			if from == at%rtfWindow {
				return out, nil
			}
			for i := range n {
				put(dict[(from+i)%rtfWindow])
			}
		}
	}
	return out, nil
}

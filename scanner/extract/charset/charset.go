// Package charset turns the bytes of a text into UTF-8 when nobody says what
// they are. It knows the encodings in which Nordic offices have written since
// 1990: UTF-8 and UTF-16 with and without byte order mark, Windows-1252,
// ISO 8859-1 and -15, the DOS pages 850 and 865, and Mac Roman with its
// Icelandic variant. It never tells what a text is about.
//
// Start reading at Detect; NewReader does the same for a stream.
package charset

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
)

// Charset is a way to write text in bytes. The zero value is UTF8.
type Charset struct {
	name string
	kind kind
	high *[128]rune // of bytes 0x80 to 0xFF; single-byte charsets only
}

type kind uint8

const (
	utf8Kind kind = iota
	utf16LE
	utf16BE
	utf32LE
	utf32BE
	single
	binary
)

// The charsets that Detect tells apart, and Binary for what is no text.
var (
	UTF8      = Charset{name: "utf-8"}
	UTF16LE   = Charset{name: "utf-16le", kind: utf16LE}
	UTF16BE   = Charset{name: "utf-16be", kind: utf16BE}
	UTF32LE   = Charset{name: "utf-32le", kind: utf32LE}
	UTF32BE   = Charset{name: "utf-32be", kind: utf32BE}
	Binary    = Charset{name: "binary", kind: binary}
	CP1252    = table("windows-1252", charmap.Windows1252)
	ISO885915 = table("iso-8859-15", charmap.ISO8859_15)
	CP850     = table("ibm850", charmap.CodePage850)
	CP865     = table("ibm865", charmap.CodePage865)
	CP437     = table("ibm437", charmap.CodePage437)
	MacRoman  = table("macintosh", charmap.Macintosh)
	// MacIceland differs from Mac Roman in six letters.
	// https://www.unicode.org/Public/MAPPINGS/VENDORS/APPLE/ICELAND.TXT
	MacIceland = replaced("x-mac-icelandic", MacRoman, map[byte]rune{
		0xA0: 'Ý', 0xDC: 'Ð', 0xDD: 'ð', 0xDE: 'Þ', 0xDF: 'þ', 0xE0: 'ý',
	})
)

func table(name string, m *charmap.Charmap) Charset {
	c := Charset{name: name, kind: single, high: new([128]rune)}
	for i := range c.high {
		c.high[i] = m.DecodeByte(byte(0x80 + i))
		if c.high[i] == utf8.RuneError && m == charmap.Windows1252 {
			c.high[i] = rune(0x80 + i) // five unassigned bytes, as browsers do
		}
	}
	return c
}

func replaced(name string, from Charset, with map[byte]rune) Charset {
	c := Charset{name: name, kind: single, high: new([128]rune)}
	*c.high = *from.high
	for b, r := range with {
		c.high[b-0x80] = r
	}
	return c
}

// String returns the charset's usual name, in lower case.
func (c Charset) String() string {
	if c.name == "" {
		return UTF8.name
	}
	return c.name
}

var codepages = map[int]Charset{
	65001: UTF8, 1200: UTF16LE, 1201: UTF16BE,
	1252: CP1252, 28591: CP1252, 28605: ISO885915, 20127: CP1252,
	850: CP850, 858: replaced("ibm858", CP850, map[byte]rune{0xD5: '€'}), 865: CP865, 437: CP437,
	10000: MacRoman, 10079: MacIceland,
	1250: table("windows-1250", charmap.Windows1250), 1251: table("windows-1251", charmap.Windows1251),
	1253: table("windows-1253", charmap.Windows1253), 1254: table("windows-1254", charmap.Windows1254),
	1255: table("windows-1255", charmap.Windows1255), 1256: table("windows-1256", charmap.Windows1256),
	1257: table("windows-1257", charmap.Windows1257), 28592: table("iso-8859-2", charmap.ISO8859_2),
	28594: table("iso-8859-4", charmap.ISO8859_4), 28600: table("iso-8859-10", charmap.ISO8859_10),
	852: table("ibm852", charmap.CodePage852), 866: table("ibm866", charmap.CodePage866),
}

// ByCodepage returns the charset of a Windows code page number, and CP1252
// for a number it does not know.
func ByCodepage(n int) Charset {
	if c, ok := codepages[n]; ok {
		return c
	}
	return CP1252
}

var labels = map[string]Charset{
	"ibm850": CP850, "cp850": CP850, "850": CP850, "cp858": codepages[858], "ibm865": CP865, "cp865": CP865,
	"865": CP865, "ibm437": CP437, "cp437": CP437, "437": CP437, "x-mac-icelandic": MacIceland,
	"unicode": UTF16LE, "cp-850": CP850, "cp-437": CP437,
}

var byStandardName = map[string]Charset{
	"utf-8": UTF8, "utf-16le": UTF16LE, "utf-16be": UTF16BE, "windows-1252": CP1252, "iso-8859-15": ISO885915,
	"macintosh": MacRoman, "windows-1250": codepages[1250], "windows-1251": codepages[1251],
	"windows-1253": codepages[1253], "windows-1254": codepages[1254], "windows-1255": codepages[1255],
	"windows-1256": codepages[1256], "windows-1257": codepages[1257], "iso-8859-2": codepages[28592],
	"iso-8859-4": codepages[28594], "iso-8859-10": codepages[28600], "ibm866": codepages[866],
}

// ByLabel returns the charset that a label in HTML, XML or mail names, such as
// "ISO-8859-1", and whether it is known.
func ByLabel(label string) (Charset, bool) {
	label = strings.ToLower(strings.Trim(strings.TrimSpace(label), `"'`))
	if c, ok := labels[label]; ok {
		return c, true
	}
	e, err := htmlindex.Get(label)
	if err != nil {
		return Charset{}, false
	}
	name, err := htmlindex.Name(e)
	if err != nil {
		return Charset{}, false
	}
	c, ok := byStandardName[name]
	return c, ok
}

// Decode returns src, a whole text, as UTF-8. Bytes that are wrong in UTF-8
// are read as Windows-1252, others become U+FFFD.
func (c Charset) Decode(src []byte) string { return string(c.Append(nil, src)) }

// Append appends src, a whole text in c, to dst as UTF-8.
func (c Charset) Append(dst, src []byte) []byte {
	dst, rest := c.append(dst, src, true)
	_ = rest // none at the end of a text
	return dst
}

// append decodes src and returns what it could not yet decode because a
// character is cut at its end. At the end of the text nothing is left.
func (c Charset) append(dst, src []byte, atEnd bool) (_, rest []byte) {
	switch c.kind {
	case utf8Kind:
		return appendUTF8(dst, src, atEnd)
	case utf16LE, utf16BE:
		return c.appendUTF16(dst, src, atEnd)
	case utf32LE, utf32BE:
		return c.appendUTF32(dst, src, atEnd)
	case single:
		for _, b := range src {
			if b < 0x80 {
				dst = append(dst, b)
			} else {
				dst = utf8.AppendRune(dst, c.high[b-0x80])
			}
		}
	case binary:
	}
	return dst, nil
}

func appendUTF8(dst, src []byte, atEnd bool) (_, rest []byte) {
	if utf8.Valid(src) {
		return append(dst, src...), nil
	}
	for len(src) > 0 {
		if src[0] < 0x80 {
			n := 1
			for n < len(src) && src[n] < 0x80 {
				n++
			}
			dst, src = append(dst, src[:n]...), src[n:]
			continue
		}
		r, n := utf8.DecodeRune(src)
		if r == utf8.RuneError && n == 1 {
			if !atEnd && !utf8.FullRune(src) {
				return dst, src
			}
			r = CP1252.high[src[0]-0x80]
		}
		dst, src = utf8.AppendRune(dst, r), src[n:]
	}
	return dst, nil
}

func (c Charset) unit(b []byte) uint16 {
	if c.kind == utf16LE {
		return uint16(b[0]) | uint16(b[1])<<8
	}
	return uint16(b[1]) | uint16(b[0])<<8
}

func (c Charset) appendUTF16(dst, src []byte, atEnd bool) (_, rest []byte) {
	for len(src) >= 2 {
		r, n := rune(c.unit(src)), 2
		if utf16.IsSurrogate(r) {
			if len(src) < 4 && !atEnd {
				return dst, src
			}
			pair := utf8.RuneError
			if len(src) >= 4 {
				pair = utf16.DecodeRune(r, rune(c.unit(src[2:])))
			}
			if pair != utf8.RuneError {
				n = 4
			}
			r = pair
		}
		dst, src = utf8.AppendRune(dst, r), src[n:]
	}
	if atEnd {
		return dst, nil // half a unit at the end says nothing
	}
	return dst, src
}

func (c Charset) appendUTF32(dst, src []byte, atEnd bool) (_, rest []byte) {
	for ; len(src) >= 4; src = src[4:] {
		var r uint32
		for i := range 4 {
			shift := 8 * i
			if c.kind == utf32BE {
				shift = 24 - shift
			}
			r |= uint32(src[i]) << shift
		}
		if r > utf8.MaxRune {
			r = utf8.RuneError
		}
		dst = utf8.AppendRune(dst, rune(r))
	}
	if atEnd {
		return dst, nil
	}
	return dst, src
}

// UTF16 decodes little-endian UTF-16, the form of Microsoft's binary formats.
func UTF16(b []byte) string { return UTF16LE.Decode(b) }

package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// escape begins four hexadecimal digits that stand for one UTF-16 unit.
const escape = '\uFFFD'

// DecodeName turns a file name, UTF-16 in little-endian order, into UTF-8.
// What UTF-8 or a path cannot hold (halves of surrogate pairs, slashes, NUL)
// and the escape character itself become U+FFFD and four hexadecimal digits,
// so that different names stay different and EncodeName can go back.
func DecodeName(b []byte) string {
	n := len(b) / 2
	ascii := true
	for i := range n {
		if c := binary.LittleEndian.Uint16(b[2*i:]); c >= utf8.RuneSelf || c == 0 || c == '/' || c == '\\' {
			ascii = false
			break
		}
	}
	out := make([]byte, 0, n+n/8)
	for i := 0; i < n; i++ {
		u := binary.LittleEndian.Uint16(b[2*i:])
		if ascii {
			out = append(out, byte(u))
			continue
		}
		r := rune(u)
		if utf16.IsSurrogate(r) && i+1 < n {
			if full := utf16.DecodeRune(r, rune(binary.LittleEndian.Uint16(b[2*i+2:]))); full != utf8.RuneError {
				out = utf8.AppendRune(out, full)
				i++
				continue
			}
		}
		if utf16.IsSurrogate(r) || r == escape || r == '/' || r == '\\' || r == 0 {
			out = fmt.Appendf(out, "%c%04x", escape, u)
			continue
		}
		out = utf8.AppendRune(out, r)
	}
	return string(out)
}

// EncodePath turns a slash-separated path of decoded names into the UTF-16 of
// the protocol. It refuses what no listing can have given, such as a path that
// leads upwards.
func EncodePath(p string) ([]byte, error) {
	if p == "" {
		return nil, nil
	}
	for name := range strings.SplitSeq(p, "/") {
		if name == "" || name == "." || name == ".." {
			return nil, errors.New("path holds an empty name, \".\" or \"..\"")
		}
	}
	out := make([]byte, 0, 2*len(p))
	for len(p) > 0 {
		r, n := utf8.DecodeRuneInString(p)
		switch {
		case r == escape && n == 1:
			return nil, errors.New("path is not valid UTF-8")
		case r == escape:
			if len(p) < n+4 {
				return nil, errors.New("path ends inside an escape")
			}
			digits := p[n : n+4]
			u, err := strconv.ParseUint(digits, 16, 16)
			if err != nil || strings.ToLower(digits) != digits {
				return nil, errors.New("path holds a bad escape")
			}
			out = binary.LittleEndian.AppendUint16(out, uint16(u))
			n += 4
		case r == '\\' || r == 0:
			return nil, errors.New("path holds a backslash or NUL")
		case r == '/':
			out = binary.LittleEndian.AppendUint16(out, '\\')
		case r > 0xFFFF:
			a, b := utf16.EncodeRune(r)
			out = binary.LittleEndian.AppendUint16(out, uint16(a))
			out = binary.LittleEndian.AppendUint16(out, uint16(b))
		default:
			out = binary.LittleEndian.AppendUint16(out, uint16(r))
		}
		p = p[n:]
	}
	return out, nil
}

package source

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Escape begins two hexadecimal digits that stand for one byte of a name that
// a path cannot hold as it is.
const Escape = "\uFFFD"

// EscapeName turns a name, any bytes, into UTF-8. Bytes that are not valid
// UTF-8, the escape character itself and the ASCII characters in also become
// Escape and two hexadecimal digits each, so that different names stay
// different and UnescapeName can go back.
func EscapeName(name, also string) string {
	if utf8.ValidString(name) && !strings.Contains(name, Escape) && !strings.ContainsAny(name, also) {
		return name
	}
	var b strings.Builder
	for len(name) > 0 {
		r, n := utf8.DecodeRuneInString(name)
		if r == utf8.RuneError || strings.ContainsRune(also, r) {
			for i := range n {
				fmt.Fprintf(&b, Escape+"%02x", name[i])
			}
		} else {
			b.WriteString(name[:n])
		}
		name = name[n:]
	}
	return b.String()
}

// UnescapeName is the inverse of EscapeName; ok is false for what that does not
// write. An escaped slash is taken only where also holds it.
func UnescapeName(name, also string) (raw string, ok bool) {
	if !strings.Contains(name, Escape) {
		return name, true
	}
	var b strings.Builder
	for {
		before, after, found := strings.Cut(name, Escape)
		b.WriteString(before)
		if !found {
			return b.String(), true
		}
		if len(after) < 2 {
			return "", false
		}
		c, err := strconv.ParseUint(after[:2], 16, 8)
		if err != nil || c == 0 || c == '/' && !strings.Contains(also, "/") || strings.ToLower(after[:2]) != after[:2] {
			return "", false
		}
		b.WriteByte(byte(c))
		name = after[2:]
	}
}

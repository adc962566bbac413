package local

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// escape begins two hexadecimal digits that stand for one byte.
const escape = "\uFFFD"

var errPath = errors.New("not a path of this source")

// encodeName turns a file name, any bytes, into UTF-8. Bytes that are not
// valid UTF-8, and the escape character itself, become U+FFFD and two
// hexadecimal digits each, so that different names stay different and
// decodePath can go back.
func encodeName(name string) string {
	if utf8.ValidString(name) && !strings.Contains(name, escape) {
		return name
	}
	var b strings.Builder
	for len(name) > 0 {
		r, n := utf8.DecodeRuneInString(name)
		if r == utf8.RuneError {
			for i := range n {
				fmt.Fprintf(&b, escape+"%02x", name[i])
			}
		} else {
			b.WriteString(name[:n])
		}
		name = name[n:]
	}
	return b.String()
}

// decodePath turns a path of encoded names back. It refuses paths that lead
// out of the source.
func decodePath(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	for name := range strings.SplitSeq(path, "/") {
		if name == "" || name == "." || name == ".." {
			return "", errPath
		}
	}
	if strings.IndexByte(path, 0) >= 0 || !utf8.ValidString(path) {
		return "", errPath
	}
	if !strings.Contains(path, escape) {
		return path, nil
	}
	var b strings.Builder
	for {
		before, after, ok := strings.Cut(path, escape)
		b.WriteString(before)
		if !ok {
			return b.String(), nil
		}
		if len(after) < 2 {
			return "", errPath
		}
		c, err := strconv.ParseUint(after[:2], 16, 8)
		if err != nil || c == 0 || c == '/' || strings.ToLower(after[:2]) != after[:2] {
			return "", errPath
		}
		b.WriteByte(byte(c))
		path = after[2:]
	}
}

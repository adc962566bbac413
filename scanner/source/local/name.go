package local

import (
	"errors"
	"strings"
	"unicode/utf8"

	"aktvakt/scanner/source"
)

var errPath = errors.New("not a path of this source")

// encodeName turns a file name, any bytes, into UTF-8.
func encodeName(name string) string { return source.EscapeName(name, "") }

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
	native, ok := source.UnescapeName(path, "")
	if !ok {
		return "", errPath
	}
	return native, nil
}

package web

import (
	"errors"
	"fmt"
	"hash/fnv"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"aktvakt/scanner/source"
)

var errPath = errors.New("not a path of this source")

// nameOfSegment turns one part of an address, percent-encoded, into a name. A
// slash in it is escaped, and so is a name that would be a step in a path.
func nameOfSegment(raw string) (string, error) {
	name, err := url.PathUnescape(raw)
	if err != nil || name == "" || strings.IndexByte(name, 0) >= 0 {
		return "", errPath
	}
	if name == "." || name == ".." {
		return source.EscapeName(name, "."), nil
	}
	return source.EscapeName(name, "/"), nil
}

// segmentsOf turns a path of names into percent-encoded parts of an address.
func segmentsOf(path string) ([]string, error) {
	if path == "" {
		return nil, nil
	}
	if !utf8.ValidString(path) || strings.IndexByte(path, 0) >= 0 {
		return nil, errPath
	}
	parts := strings.Split(path, "/")
	for i, p := range parts {
		if p == "" || p == "." || p == ".." {
			return nil, errPath
		}
		name, ok := source.UnescapeName(p, "/")
		if !ok {
			return nil, errPath
		}
		parts[i] = strings.ReplaceAll(url.PathEscape(name), "..", "%2E%2E")
		if parts[i] == "." {
			parts[i] = "%2E"
		}
	}
	return parts, nil
}

// readable writes a percent-encoded address for people: letters and blanks as
// themselves, all else as it stands. encoded goes back.
func readable(raw string) string {
	if !strings.Contains(raw, "%") {
		return raw
	}
	var b strings.Builder
	for i := 0; i < len(raw); {
		if raw[i] != '%' {
			b.WriteByte(raw[i])
			i++
			continue
		}
		var run []byte
		j := i
		for j+2 < len(raw) && raw[j] == '%' {
			c, err := strconv.ParseUint(raw[j+1:j+3], 16, 8)
			if err != nil {
				break
			}
			run = append(run, byte(c))
			j += 3
		}
		if len(run) == 0 {
			b.WriteByte(raw[i])
			i++
			continue
		}
		for len(run) > 0 {
			r, n := utf8.DecodeRune(run)
			if r == ' ' || r != utf8.RuneError && r > 127 && unicode.IsPrint(r) {
				b.WriteRune(r)
			} else {
				for _, c := range run[:n] {
					fmt.Fprintf(&b, "%%%02X", c)
				}
			}
			run = run[n:]
		}
		i = j
	}
	return b.String()
}

// encoded turns a readable address back.
func encoded(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c > 127 || c <= ' ' || c == 127 {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// number is an id that follows from a text; never 0.
func number(s string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(s))
	return h.Sum64() | 1
}

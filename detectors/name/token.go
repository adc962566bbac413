package name

import (
	"unicode"
	"unicode/utf8"
)

// token is a word of letters, with hyphens and apostrophes inside.
type token struct {
	start, end int
	lower      string
	// upper: begins with a capital; caps: all capitals, at least two.
	upper, caps bool
	// first: begins a sentence, a line, a cell or a quotation.
	first bool
	// gap is what stands between the token before and this one.
	gap gap
	// line counts lines from 0.
	line int
}

type gap uint8

const (
	space gap = iota // one space
	wide             // a tab, several spaces, or a table's separator
	comma
	colon
	stop // the end of a sentence
	newline
	other
)

// tokens splits text. It stops at max tokens.
func tokens(text []byte, max int) []token {
	var out []token
	line, gapStart := 0, 0
	for i := 0; i < len(text) && len(out) < max; {
		r, n := rune(text[i]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRune(text[i:])
		}
		if !unicode.IsLetter(r) {
			if r == '\n' {
				line++
			}
			i += n
			continue
		}
		end, lower, caps := word(text, i)
		t := token{start: i, end: end, lower: lower, upper: unicode.IsUpper(r), caps: caps, line: line}
		t.gap = between(text[gapStart:i])
		if len(out) == 0 {
			t.gap = newline
		}
		t.first = t.gap == newline || t.gap == stop || t.gap == wide || t.gap == other && opens(text[gapStart:i])
		out = append(out, t)
		i, gapStart = end, end
	}
	return out
}

// word returns the end of the word at i, its lower case and whether it is all
// capitals.
func word(text []byte, i int) (end int, lower string, caps bool) {
	buf := make([]byte, 0, 24)
	letters, uppers := 0, 0
	for i < len(text) && len(buf) < 80 {
		r, n := utf8.DecodeRune(text[i:])
		if !unicode.IsLetter(r) && !unicode.IsMark(r) {
			next, _ := utf8.DecodeRune(text[min(i+n, len(text)):])
			if (r != '-' && r != '\'' && r != '’') || !unicode.IsLetter(next) {
				break
			}
		}
		if unicode.IsLetter(r) {
			letters++
			if unicode.IsUpper(r) {
				uppers++
			}
		}
		buf = utf8.AppendRune(buf, unicode.ToLower(r))
		i += n
	}
	return i, string(buf), letters > 1 && uppers == letters
}

func between(b []byte) gap {
	if len(b) == 1 && b[0] == ' ' {
		return space
	}
	g, spaces := space, 0
	for i, c := range b {
		switch c {
		case '\n':
			return newline
		case '\t', ';', '|':
			g = wide
		case '.', '!', '?':
			if i == 0 && g == space {
				g = stop
			}
		case ',':
			g = comma
		case ':':
			g = colon
		case ' ':
			if spaces++; spaces > 2 && g == space {
				g = wide
			}
		case '\r':
		default:
			if g != wide {
				g = other
			}
		}
	}
	return g
}

// opens tells a quotation, a bullet or a bracket before the word.
func opens(b []byte) bool {
	for i := len(b) - 1; i >= 0; i-- {
		switch b[i] {
		case '"', '*', '>', 0x9D, 0x9C, 0xAB, 0xBB, '-':
			return true
		case ' ':
			continue
		}
		return false
	}
	return false
}

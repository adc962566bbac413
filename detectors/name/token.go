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
	out := make([]token, 0, min(len(text)/6, max)+1)
	// The lower case of all words is one string of which each takes a piece.
	lower := make([]byte, 0, len(text)+64)
	var ends []int
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
		var end int
		var caps bool
		end, lower, caps = word(text, i, lower)
		ends = append(ends, len(lower))
		t := token{start: i, end: end, upper: unicode.IsUpper(r), caps: caps, line: line}
		t.gap = between(text[gapStart:i])
		if len(out) == 0 {
			t.gap = newline
		}
		t.first = t.gap == newline || t.gap == stop || t.gap == wide || t.gap == other && opens(text[gapStart:i])
		out = append(out, t)
		i, gapStart = end, end
	}
	words, from := string(lower), 0
	for k := range out {
		out[k].lower, from = words[from:ends[k]], ends[k]
	}
	return out
}

// word returns the end of the word at i, appends its lower case to buf and
// tells whether it is all capitals.
func word(text []byte, i int, buf []byte) (end int, lower []byte, caps bool) {
	letters, uppers := 0, 0
	most := len(buf) + 80
	for i < len(text) && len(buf) < most {
		if c := text[i]; c|0x20 >= 'a' && c|0x20 <= 'z' {
			letters++
			if c < 'a' {
				uppers++
			}
			buf = append(buf, c|0x20)
			i++
			continue
		}
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
	return i, buf, letters > 1 && uppers == letters
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
			if g != wide && (i == 0 || i+1 < len(b) && b[i+1] == ' ') {
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

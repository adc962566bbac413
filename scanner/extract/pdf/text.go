package pdf

import (
	"strings"
	"unicode"
)

// hyphenMark is what PDFium writes for a hyphen at the end of a line, without
// the line break.
const hyphenMark = '\uFFFE'

// clean turns PDFium's text of a page into ours: lines end in a newline, and
// a word that a hyphen splits over two lines is one word again. A hyphen
// beside a digit or a capital is kept, since it belongs to an identity
// number or a compound: 19121212-|1212, IT-|avdelning.
func clean(s string) string {
	if !strings.ContainsFunc(s, unclean) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 1)
	runes := []rune(s)
	for i, c := range runes {
		switch {
		case c == hyphenMark || c == 2:
			var before, after rune
			if i > 0 {
				before = runes[i-1]
			}
			if i+1 < len(runes) {
				after = runes[i+1]
			}
			if !unicode.IsLetter(before) || !unicode.IsLower(after) {
				b.WriteByte('-')
			}
		case c == '\r':
			if i+1 >= len(runes) || runes[i+1] != '\n' {
				b.WriteByte('\n')
			}
		case c == 0 || c == '\uFEFF' || c == '\uFFFF':
		case unclean(c):
			b.WriteByte(' ')
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}

// unclean is true of what clean looks at: all control characters but tab and
// newline, and the non-characters that PDFium uses.
func unclean(c rune) bool {
	return c < ' ' && c != '\t' && c != '\n' || c == hyphenMark || c == '\uFEFF' || c == '\uFFFF'
}

// letters counts the characters of s that are no white space, up to most.
func letters(s string, most int) int {
	n := 0
	for _, c := range s {
		if !unicode.IsSpace(c) {
			if n++; n >= most {
				break
			}
		}
	}
	return n
}

// garbled reports whether over a third of the characters are none: the fonts
// of the page do not tell what their glyphs mean, so only a picture of the
// page can be read. Some converters of PostScript make such files.
func garbled(s string) bool {
	odd, all := 0, 0
	for _, c := range s {
		if unicode.IsSpace(c) && c != '\v' && c != '\f' {
			continue
		}
		all++
		if unclean(c) && c != hyphenMark && c != 2 || c == unicode.ReplacementChar || unicode.Is(unicode.Co, c) {
			odd++
		}
	}
	return all >= scanLetters && odd*3 > all
}

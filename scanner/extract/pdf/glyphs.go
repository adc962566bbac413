package pdf

import (
	"strings"
	"unicode"

	"golang.org/x/text/encoding/charmap"
)

// Fonts that neither tell what their glyphs mean nor are embedded leave
// glyph numbers in place of characters. Old printer drivers write such
// documents, and a cut-off one has often lost its fonts. Most TrueType fonts
// keep one order for their first glyphs: from number 3 on the characters from
// the space to the tilde, then those of Mac OS Roman from 0x80 on (Apple,
// https://developer.apple.com/fonts/TrueType-Reference-Manual/RM06/Chap6post.html)
// or those of Latin-1 from 0xA0 on (Liberation and other free fonts).
const (
	glyphSpace = 3
	glyphTilde = 97
	glyphMac   = 0x80 - glyphTilde - 1
	glyphLatin = 0xA0 - glyphTilde - 1
	glyphLast  = 193
)

// glyphText decodes a page whose text is glyph numbers in that order. It
// reports false where the page does not look like one: the digits' numbers
// are control characters, and a small letter's number is that of a capital
// or a sign. Words in a font that tells its characters are left alone.
func glyphText(s string) (string, bool) {
	var digits [10]bool
	kinds, control, small, all := 0, 0, 0, 0
	for _, c := range s {
		all++
		switch {
		case c == glyphSpace:
			control++
		case c >= '0'-' '+glyphSpace && c <= '9'-' '+glyphSpace:
			control++
			if d := &digits[c-('0'-' '+glyphSpace)]; !*d {
				*d = true
				kinds++
			}
		case c >= 'a' && c <= 'z':
			small++
		}
	}
	if control < 4 || control*40 < all || kinds < 3 && control*10 < all || small*4 > all {
		return "", false
	}
	only := small*8 < all // hardly a word is not in glyphs
	mac, latin := decodeGlyphs(s, glyphMac, only), decodeGlyphs(s, glyphLatin, only)
	if nordic(latin) > nordic(mac) {
		return latin, true
	}
	return mac, true
}

// decodeGlyphs decodes word by word, since fonts change within lines. PDFium
// separates words by spaces and lines by CR LF.
func decodeGlyphs(s string, high rune, only bool) string {
	decode := func(c rune) rune {
		switch {
		case c < glyphSpace || c > glyphLast:
			return ' '
		case c <= glyphTilde:
			return c + ' ' - glyphSpace
		case high == glyphMac:
			return charmap.Macintosh.DecodeByte(byte(c + high))
		}
		return c + high
	}
	var b strings.Builder
	for line := range strings.SplitSeq(s, "\r\n") {
		for i, word := range strings.Split(line, " ") {
			if i > 0 {
				b.WriteByte(' ')
			}
			if plain := strings.Map(decode, word); inGlyphs(word, plain, only) {
				word = plain
			}
			b.WriteString(word)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// inGlyphs reports whether a word is glyph numbers: it has control
// characters, or reads better when it is decoded, or hardly another word of
// the page is not (only).
func inGlyphs(word, plain string, only bool) bool {
	vowels, small, all := 0, 0, 0
	for _, c := range word {
		all++
		switch {
		case c < ' ' && c >= glyphSpace && c != '\t':
			return true
		case c >= 'a' && c <= 'z': // some of Mac OS Roman's letters have such numbers
			small++
		case strings.ContainsRune("AEIOUY", c):
			vowels--
		}
	}
	if small*2 > all {
		return false
	}
	for _, c := range plain {
		if strings.ContainsRune("aeiouyåäöæø", unicode.ToLower(c)) {
			vowels++
		}
	}
	return vowels > 0 || only && len(word) > 1
}

// nordic counts the letters that Nordic texts have beyond a to z.
func nordic(s string) int {
	n := 0
	for _, c := range s {
		if strings.ContainsRune("åäöæøéðþÅÄÖÆØÉÐÞ", c) {
			n++
		}
	}
	return n
}

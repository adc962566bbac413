package marker

import (
	"bytes"
	"encoding/binary"
	"sort"
	"unicode"
	"unicode/utf8"
)

// folder rewrites a stretch of text so that the automaton sees one spelling:
// no soft hyphens, ASCII quotes, dashes and spaces, composed accents, words
// divided at a line end joined, letter-spaced words joined, the digits 0 and 1
// between letters read as o and l (a common fault of OCR). Case is kept. It
// remembers where each byte came from.
type folder struct {
	// buf is the folded text: own, or the text itself where nothing changed.
	buf, own []byte
	breaks   []point
}

// point says that the folded byte at fold stands at orig; the bytes after it
// run in step up to the next point.
type point struct{ fold, orig int }

// special marks bytes at which the rewriting may have something to do.
var special = func() (t [256]bool) {
	for _, b := range []byte{'-', '0', '1', 0xC2, 0xCC, 0xE2, 0xEF} {
		t[b] = true
	}
	return t
}()

func (f *folder) fold(text []byte) {
	f.own, f.breaks = f.own[:0], append(f.breaks[:0], point{})
	spaced := f.letterSpaced(text)
	copied, i := 0, 0
	next := func() int {
		if len(spaced) > 0 {
			return spaced[0][0]
		}
		return len(text)
	}
	limit := next()
	for i < len(text) {
		if i >= limit {
			f.copy(text, copied, i)
			f.join(text, spaced[0][0], spaced[0][1])
			i = spaced[0][1]
			copied, spaced = i, spaced[1:]
			f.at(i)
			limit = next()
			continue
		}
		if !special[text[i]] {
			i++
			continue
		}
		n, repl := rewrite(text, i)
		if n == 0 {
			i++
			continue
		}
		start := i
		if repl == composed { // takes the letter before with it
			start--
			repl = compose(text[i-1], text[i+1])
		}
		f.copy(text, copied, start)
		f.at(start)
		f.own = append(f.own, repl...)
		i += n
		copied = i
		f.at(i)
	}
	if copied == 0 {
		f.buf = text
		return
	}
	f.copy(text, copied, len(text))
	f.buf = f.own
}

func (f *folder) copy(text []byte, from, to int) { f.own = append(f.own, text[from:to]...) }

// at notes that the next folded byte stands at orig.
func (f *folder) at(orig int) { f.breaks = append(f.breaks, point{len(f.own), orig}) }

// orig turns a folded offset into one of the text.
func (f *folder) orig(i int) int {
	k := sort.Search(len(f.breaks), func(k int) bool { return f.breaks[k].fold > i }) - 1
	return f.breaks[k].orig + i - f.breaks[k].fold
}

const composed = "\x00"

// rewrite returns how many bytes at i are replaced and by what; 0 is none.
func rewrite(text []byte, i int) (n int, repl string) {
	rest := text[i:]
	switch text[i] {
	case '-':
		if i > 0 && isASCIILetterOrHigh(text[i-1]) {
			return hyphenated(rest), ""
		}
	case '0', '1':
		if i > 0 && i+1 < len(text) && isASCIILetterOrHigh(text[i-1]) && isASCIILetterOrHigh(text[i+1]) {
			if text[i] == '0' {
				return 1, "o"
			}
			return 1, "l"
		}
	case 0xC2:
		if len(rest) < 2 {
			return 0, ""
		}
		switch rest[1] {
		case 0xA0:
			return 2, " "
		case 0xAD:
			return 2 + lineBreak(rest[2:]), ""
		case 0xAB, 0xBB, 0xB4:
			return 2, `"`
		case 0xB7:
			return 2, " "
		}
	case 0xCC:
		if len(rest) < 2 || rest[1]&0xC0 != 0x80 {
			return 0, ""
		}
		if i > 0 && compose(text[i-1], rest[1]) != "" {
			return 2, composed
		}
		return 2, ""
	case 0xE2:
		return punctuation(rest)
	case 0xEF:
		if len(rest) >= 3 && rest[1] == 0xBB && rest[2] == 0xBF {
			return 3, " "
		}
	}
	return 0, ""
}

// hyphenated returns the length of a hyphen, line end and indentation that
// divide a word, or 0.
func hyphenated(rest []byte) int {
	n := lineBreak(rest[1:])
	if n == 0 || 1+n >= len(rest) {
		return 0
	}
	if c := rest[1+n]; (c < 'a' || c > 'z') && c != 0xC3 {
		return 0
	}
	for _, w := range conjunctions { // "barn-\noch ungdom" keeps its hyphen
		if bytes.HasPrefix(rest[1+n:], w) {
			return 0
		}
	}
	return 1 + n
}

var conjunctions = [][]byte{
	[]byte("och "), []byte("og "), []byte("eller "), []byte("samt "), []byte("ja "), []byte("tai "), []byte("sekä "),
	[]byte("eða "), []byte("and "), []byte("or "), []byte("och\n"), []byte("og\n"), []byte("ja\n"),
}

// lineBreak returns the length of one line end with indentation, or 0.
func lineBreak(b []byte) int {
	i := 0
	for i < len(b) && i < 80 && (b[i] == ' ' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	if i >= len(b) || b[i] != '\n' {
		return 0
	}
	for i++; i < len(b) && i < 80 && (b[i] == ' ' || b[i] == '\t'); i++ {
	}
	return i
}

// punctuation gives the ASCII form of the general punctuation of Unicode
// (U+2000 to U+206F) and a space for other symbols that begin with E2.
func punctuation(rest []byte) (int, string) {
	if len(rest) < 3 || !utf8.FullRune(rest) {
		return 0, ""
	}
	r, n := utf8.DecodeRune(rest)
	switch {
	case n != 3:
		return 0, ""
	case r >= 0x200B && r <= 0x200F || r == 0x2060:
		return 3, ""
	case r >= 0x2010 && r <= 0x2015 || r == 0x2212:
		return 3, "-"
	case r == 0x2018 || r == 0x2019 || r == 0x201A || r == 0x201B:
		return 3, "'"
	case r >= 0x201C && r <= 0x201F:
		return 3, `"`
	case unicode.IsLetter(r):
		return 0, ""
	}
	return 3, " "
}

// compose returns the letter of Latin-1 that a base letter and the second byte
// of a combining accent (U+0300 to U+030A) make, or "".
func compose(base, accent byte) string {
	var low string
	switch base | 0x20 {
	case 'a':
		low = map[byte]string{0x80: "à", 0x81: "á", 0x82: "â", 0x88: "ä", 0x8A: "å"}[accent]
	case 'e':
		low = map[byte]string{0x80: "è", 0x81: "é", 0x82: "ê", 0x88: "ë"}[accent]
	case 'i':
		low = map[byte]string{0x81: "í", 0x88: "ï"}[accent]
	case 'o':
		low = map[byte]string{0x80: "ò", 0x81: "ó", 0x82: "ô", 0x88: "ö"}[accent]
	case 'u':
		low = map[byte]string{0x81: "ú", 0x88: "ü"}[accent]
	case 'y':
		low = map[byte]string{0x81: "ý"}[accent]
	}
	if low != "" && base < 'a' {
		return string([]byte{low[0], low[1] - 0x20})
	}
	return low
}

// letterSpaced finds runs of at least four single letters with one space
// between, as headings in PDF text come out. Most texts have none, which
// eight bytes at a time tell.
func (f *folder) letterSpaced(text []byte) (runs [][2]int) {
	const spaces, low7 = 0x0020002000200020, 0x7f7f7f7f7f7f7f7f
	for i := 0; i+8 <= len(text); i += 4 {
		w := binary.LittleEndian.Uint64(text[i:])
		if w&0x00ff00ff00ff00ff != spaces && w>>8&0x00ff00ff00ff00ff != spaces {
			continue
		}
		if len(runs) > 0 && i < runs[len(runs)-1][1] {
			continue
		}
		if a, b := spacedRun(text, i); b-a >= 7 {
			if len(runs) == 0 || a >= runs[len(runs)-1][1] {
				runs = append(runs, [2]int{a, b})
			}
		}
	}
	return runs
}

// spacedRun returns the bounds of the run of single letters around i.
func spacedRun(text []byte, i int) (int, int) {
	single := func(j int) int { // length of a letter at j that stands alone
		r, n := utf8.DecodeRune(text[j:])
		if !unicode.IsLetter(r) || j > 0 && !isSpace(text[j-1]) {
			return 0
		}
		if j+n < len(text) && !isSpace(text[j+n]) {
			return 0
		}
		return n
	}
	for k := 0; k < 4 && i < len(text) && (isSpace(text[i]) || text[i]&0xC0 == 0x80); k++ {
		i++
	}
	if i >= len(text) || single(i) == 0 {
		return i, i
	}
	a := i
	for k := 0; k < 200 && a >= 2; k++ {
		j := a - 2
		for j > 0 && text[j]&0xC0 == 0x80 {
			j--
		}
		if text[a-1] != ' ' || single(j) == 0 {
			break
		}
		a = j
	}
	b := i + single(i)
	for b+1 < len(text) && text[b] == ' ' {
		n := single(b + 1)
		if n == 0 {
			break
		}
		b += 1 + n
	}
	return a, b
}

// join appends text[a:b] without its spaces.
func (f *folder) join(text []byte, a, b int) {
	for i := a; i < b; i++ {
		if text[i] == ' ' {
			continue
		}
		if i == a || text[i-1] == ' ' {
			f.at(i)
		}
		f.own = append(f.own, text[i])
	}
}

func isSpace(b byte) bool { return b == ' ' || b >= '\t' && b <= '\r' }

// isASCIILetterOrHigh takes every byte of a multi-byte rune for a letter.
func isASCIILetterOrHigh(b byte) bool {
	return b|0x20 >= 'a' && b|0x20 <= 'z' || b >= 0x80
}

// foldString returns s as the automaton sees it: rewritten, lower case, runs
// of white space as one space.
func foldString(s string) string {
	var f folder
	f.fold([]byte(s))
	out := make([]byte, 0, len(f.buf))
	for i := range f.buf {
		b := lower(f.buf, i)
		if isSpace(b) {
			b = ' '
			if len(out) > 0 && out[len(out)-1] == ' ' {
				continue
			}
		}
		out = append(out, b)
	}
	return string(out)
}

// lower returns the byte at i in lower case, reading the second bytes of the
// letters of Latin-1 with the first.
func lower(b []byte, i int) byte {
	c := b[i]
	if c >= 'A' && c <= 'Z' {
		return c + 0x20
	}
	if c >= 0x80 && c <= 0x9E && c != 0x97 && i > 0 && b[i-1] == 0xC3 {
		return c + 0x20
	}
	return c
}

package pdf

import (
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
)

// PDFium decides where words and lines end. It is mostly right, but breaks up
// text that some programs set a letter at a time: turned tables, spaced
// letters, numbers in the boxes of a form, the text layer of scans. Where a
// page looks broken up, the places of its characters are asked for, a call
// each, and breaks that have no gap to show for are taken out.

const (
	// layoutChars bounds the characters that are asked for: some 4 µs each.
	layoutChars = 30_000
	// Gaps are in widths of an em. Up to noGap there is none; up to lineGap (or
	// down to backGap) the line goes on.
	noGap   = 0.1
	lineGap = 4
	backGap = -0.7
	// letterGap is the widest gap between spaced letters and letterEven how
	// much such gaps differ; boxGap and boxEven are of digits in the boxes of
	// a form.
	letterGap, letterEven = 0.8, 0.03
	boxGap, boxEven       = 2.0, 0.15
	// partGap is how far two characters without a break between them stand
	// above one another to be parted. Vertical writing has an em to one and a
	// half.
	partGap = 2.0
	// smallPage is a page whose characters are always asked for: PDFium takes
	// the labels of an axis, one above the other, for one word.
	smallPage = 200
	// spacedRun is how many letters in a row make spaced text.
	spacedRun = 5
)

// brokenUp reports whether many words of s are a single letter, or many lines
// a few.
func brokenUp(s string) bool {
	words, single, lines, short := 0, 0, 0, 0
	for line := range strings.Lines(s) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		lines++
		if n := utf8.RuneCountInString(line); n < 8 {
			short++
		}
		for word := range strings.FieldsSeq(line) {
			words++
			if isSingle(word) {
				single++
			}
		}
	}
	return single >= 8 && single*4 > words || short >= 8 && short*3 > lines
}

// isSingle reports whether word is one letter or digit.
func isSingle(word string) bool {
	c, n := utf8.DecodeRuneInString(word)
	return n == len(word) && (unicode.IsLetter(c) || unicode.IsDigit(c))
}

// glyph is a character in its place: u runs along its line, v across.
type glyph struct {
	char   rune
	made   bool // by PDFium: a break
	turn   int  // of its line, in quarters, clockwise
	u0, u1 float64
	v      float64 // of the line's lower edge
	height float64
}

// layout returns the page's text with words and lines by the places of its
// characters, or false where s is to stay: it is not broken up, or no better
// so, or set at an angle.
func (p *page) layout(tp references.FPDF_TEXTPAGE, count int, s string) (string, bool, error) {
	if count > layoutChars || count > smallPage && !brokenUp(s) {
		return "", false, nil
	}
	glyphs := make([]glyph, 0, count)
	for i := range count {
		g, ok, err := p.glyph(tp, i)
		if err != nil {
			return "", false, err
		}
		if !ok {
			return "", false, nil
		}
		if n := len(glyphs); n > 0 && utf16.IsSurrogate(glyphs[n-1].char) {
			glyphs[n-1].char = utf16.DecodeRune(glyphs[n-1].char, g.char)
			continue
		}
		glyphs = append(glyphs, g)
	}
	text, parted := setLines(glyphs)
	made := clean(text)
	return made, pieces(made) < pieces(s) && brokenUp(s) || parted, nil
}

// pieces counts the words and lines of s.
func pieces(s string) int { return len(strings.Fields(s)) + strings.Count(s, "\n") }

// glyph asks for character i. It reports false of one that has no place or is
// set at an angle.
func (p *page) glyph(tp references.FPDF_TEXTPAGE, i int) (glyph, bool, error) {
	made, err := p.in.FPDFText_IsGenerated(&requests.FPDFText_IsGenerated{TextPage: tp, Index: i})
	if err != nil {
		return glyph{}, false, onlyTrap(err)
	}
	c, err := p.in.FPDFText_GetUnicode(&requests.FPDFText_GetUnicode{TextPage: tp, Index: i})
	if err != nil {
		return glyph{}, false, onlyTrap(err)
	}
	if made.IsGenerated {
		return glyph{char: rune(c.Unicode), made: true}, true, nil
	}
	box, err := p.in.FPDFText_GetLooseCharBox(&requests.FPDFText_GetLooseCharBox{TextPage: tp, Index: i})
	if err != nil {
		return glyph{}, false, onlyTrap(err)
	}
	angle, err := p.in.FPDFText_GetCharAngle(&requests.FPDFText_GetCharAngle{TextPage: tp, Index: i})
	if err != nil {
		return glyph{}, false, onlyTrap(err)
	}
	quarters := float64(angle.CharAngle) / (math.Pi / 2)
	turn := math.Round(quarters)
	if math.Abs(quarters-turn) > 0.02 || math.IsNaN(quarters) {
		return glyph{}, false, nil
	}
	g := glyph{char: rune(c.Unicode), turn: int(turn) & 3}
	left, right := float64(box.Rect.Left), float64(box.Rect.Right)
	low, high := float64(box.Rect.Bottom), float64(box.Rect.Top)
	switch g.turn {
	case 0:
		g.u0, g.u1, g.v, g.height = left, right, low, high-low
	case 1: // clockwise
		g.u0, g.u1, g.v, g.height = -high, -low, left, right-left
	case 2:
		g.u0, g.u1, g.v, g.height = -right, -left, -high, high-low
	case 3:
		g.u0, g.u1, g.v, g.height = low, high, -right, right-left
	}
	return g, true, nil
}

// setLines writes characters, in the order of the document, without the
// breaks that have no gap to show for. It parts characters that are far from
// each other, and reports whether there were any.
func setLines(glyphs []glyph) (text string, parted bool) {
	var b strings.Builder
	var line []glyph // of characters that go on, with the breaks between them
	flush := func() {
		setLine(&b, line)
		line = line[:0]
	}
	for i, g := range glyphs {
		if n := len(line); n > 0 && !g.made && !goesOn(line, g) {
			// The breaks before it stay.
			for n > 0 && line[n-1].made {
				n--
			}
			breaks := slices.Clone(line[n:])
			line = line[:n]
			apart := len(breaks) == 0 && farApart(line, g)
			flush()
			if apart {
				parted = true
				b.WriteByte('\n')
			}
			for _, m := range breaks {
				b.WriteRune(m.char)
			}
		}
		line = append(line, g)
		if i == len(glyphs)-1 {
			flush()
		}
	}
	return b.String(), parted
}

// farApart reports whether g is far above or below the last character of
// line.
func farApart(line []glyph, g glyph) bool {
	if len(line) == 0 {
		return false
	}
	last := line[len(line)-1]
	em := max(last.height, g.height, 0.01)
	return last.turn == g.turn && math.Abs(last.v-g.v) > partGap*em &&
		!unicode.IsSpace(last.char) && !unicode.IsSpace(g.char)
}

// goesOn reports whether g stands on the line after its last character.
func goesOn(line []glyph, g glyph) bool {
	for i := len(line) - 1; i >= 0; i-- {
		if last := line[i]; !last.made {
			em := max(last.height, g.height)
			gap := (g.u0 - last.u1) / max(em, 0.01)
			return last.turn == g.turn && math.Abs(last.v-g.v) < 0.5*em && gap > backGap && gap < lineGap
		}
	}
	return true
}

// setLine writes the characters of one line. PDFium's breaks in it become
// spaces, or nothing where there is no gap.
func setLine(b *strings.Builder, line []glyph) {
	var chars []glyph
	broken := make([]bool, 0, len(line)) // before each of chars
	pending := false
	for _, g := range line {
		if g.made {
			pending = true
			continue
		}
		chars = append(chars, g)
		broken = append(broken, pending)
		pending = false
	}
	em := lineEm(chars)
	gaps := make([]float64, len(chars)) // before each
	for i := 1; i < len(chars); i++ {
		gaps[i] = (chars[i].u0 - chars[i-1].u1) / em
	}
	joined := spaced(chars, gaps, em)
	for i, g := range chars {
		if broken[i] && i > 0 && !joined[i] && gaps[i] > noGap {
			b.WriteByte(' ')
		}
		b.WriteRune(g.char)
	}
}

// lineEm returns the size of a line's letters: the height that their font
// gives them, but no more than their width lets expect, since some fonts are
// high for a few signs.
func lineEm(chars []glyph) float64 {
	var widths []float64
	height := 0.0
	for _, g := range chars {
		height = max(height, g.height)
		if w := g.u1 - g.u0; w > 0 && !unicode.IsSpace(g.char) {
			widths = append(widths, w)
		}
	}
	em := height
	if len(widths) > 0 {
		slices.Sort(widths)
		em = min(em, 2.2*widths[len(widths)/2])
	}
	return max(em, 0.01)
}

// spaced marks the characters that are joined to the one before in spite of
// their gap: in rows of at least spacedRun characters with even gaps. Only
// digits, and what stands between them, may be as far apart as boxes, which
// hold them in their middle.
func spaced(line []glyph, gaps []float64, em float64) []bool {
	joined := make([]bool, len(line))
	pitch := make([]float64, len(line)) // from the middle of the one before
	for i := 1; i < len(line); i++ {
		pitch[i] = gaps[i] + (line[i].u1-line[i].u0+line[i-1].u1-line[i-1].u0)/2/em
	}
	row := func(from int, widest, even float64, by []float64) int {
		end := from
		for end < len(line) && gaps[end] > noGap && gaps[end] < widest && math.Abs(by[end]-by[from]) < even &&
			!unicode.IsSpace(line[end].char) && !unicode.IsSpace(line[end-1].char) {
			end++
		}
		return end
	}
	for i := 1; i < len(line); {
		end := row(i, boxGap, boxEven, pitch)
		if end-i+1 < 2*spacedRun || !mostlyDigits(line[i-1:end]) {
			end = row(i, letterGap, letterEven, gaps)
		}
		if end-i+1 < spacedRun {
			i++
			continue
		}
		for ; i < end; i++ {
			joined[i] = true
		}
	}
	return joined
}

func mostlyDigits(row []glyph) bool {
	others := 0
	for _, g := range row {
		if !unicode.IsDigit(g.char) {
			others++
		}
	}
	return others <= 3
}

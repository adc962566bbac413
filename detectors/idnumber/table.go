package idnumber

import "bytes"

// column is one column of a table in the text: its header and the numbers in
// it.
type column struct {
	header surroundings
	stat   stat
}

// tables assigns numbers to columns. Positions must come in rising order.
type tables struct {
	b       []byte
	columns []column

	lineStart, lineEnd int // of the current line
	field, scanned     int // field at offset scanned of that line
	quoted             bool

	active             bool
	delim              byte
	count              int // delimiters in a row
	base               int // first column's index
	headStart, headEnd int
	lastEnd            int // end of the block's last line
}

const (
	maxLine     = 1 << 16 // longer lines are no rows
	maxColumns  = 1 << 14
	maxRowsUp   = 4000 // rows between a header and the first number
	spacesDelim = ' '  // columns apart by two spaces or more
)

func (t *tables) reset(b []byte) {
	clear(t.columns)
	*t = tables{b: b, columns: t.columns[:0]}
}

// at tells the column at pos, -1 outside tables.
func (t *tables) at(pos int) int32 {
	if pos >= t.lineEnd || pos < t.lineStart {
		t.line(pos)
	}
	if !t.active {
		return -1
	}
	for t.scanned < pos {
		if n := t.delimAt(t.scanned); n > 0 {
			t.field++
			t.scanned += n
		} else {
			t.scanned++
		}
	}
	if t.field > t.count {
		return -1
	}
	return int32(t.base + t.field)
}

// delimAt is the width of a delimiter at i, 0 if there is none.
func (t *tables) delimAt(i int) int {
	c := t.b[i]
	if c == '"' {
		t.quoted = !t.quoted
	}
	if c != t.delim || t.quoted {
		return 0
	}
	if c != spacesDelim {
		return 1
	}
	n := 0
	for i+n < len(t.b) && t.b[i+n] == ' ' {
		n++
	}
	if n < 2 {
		return 0
	}
	return n
}

// line moves to the line that holds pos.
func (t *tables) line(pos int) {
	low := max(t.lineEnd, pos-maxLine)
	if pos < t.lineEnd {
		low = max(0, pos-maxLine)
	}
	t.lineStart = low
	if i := bytes.LastIndexByte(t.b[low:pos], '\n'); i >= 0 {
		t.lineStart = low + i + 1
	} else if low > 0 && t.b[low-1] != '\n' {
		t.active = false
	}
	high := min(len(t.b), pos+maxLine)
	t.lineEnd = high
	if i := bytes.IndexByte(t.b[pos:high], '\n'); i >= 0 {
		t.lineEnd = pos + i + 1
	}
	t.field, t.scanned, t.quoted = 0, t.lineStart, false
	if t.active && t.continues() {
		t.lastEnd = t.lineEnd
		return
	}
	t.open()
}

// continues reports whether the current line and those since the block's last
// one have the block's delimiters.
func (t *tables) continues() bool {
	for i := t.lastEnd; i < t.lineEnd; {
		e := t.endOfLine(i)
		if t.delims(i, e, t.delim) != t.count {
			return false
		}
		i = e
	}
	return true
}

func (t *tables) endOfLine(i int) int {
	high := min(len(t.b), i+maxLine)
	if j := bytes.IndexByte(t.b[i:high], '\n'); j >= 0 {
		return i + j + 1
	}
	return high
}

// delimiters are tried in this order.
var delimiters = [...]byte{'\t', ';', '|', ',', spacesDelim}

// delimIndex is 1 + a byte's index in delimiters, 0 for others, 6 for quotes.
var delimIndex = func() (t [256]uint8) {
	for i, d := range delimiters {
		t[d] = uint8(i + 1)
	}
	t['"'] = 6
	return t
}()

// hasDelimiters reports whether a text may hold tables at all.
func hasDelimiters(b []byte) bool {
	for _, d := range delimiters {
		if d != spacesDelim && bytes.IndexByte(b, d) >= 0 {
			return true
		}
	}
	return bytes.Contains(b, []byte("  "))
}

// counts counts each delimiter in a line, outside quotes.
type counts [len(delimiters)]int

func (t *tables) counts(a, e int) (n counts) {
	for e > a && (t.b[e-1] == '\n' || t.b[e-1] == '\r') {
		e--
	}
	line := t.b[a:e]
	quoted := false
	for i := 0; i < len(line); i++ {
		k := delimIndex[line[i]]
		switch {
		case k == 0:
		case k == 6:
			quoted = !quoted
		case quoted:
		case line[i] != spacesDelim:
			n[k-1]++
		case i > 0 && i+1 < len(line) && line[i+1] == ' ':
			for i+1 < len(line) && line[i+1] == ' ' {
				i++
			}
			n[k-1]++
		}
	}
	return n
}

func (t *tables) delims(a, e int, d byte) int {
	n := t.counts(a, e)
	return n[delimIndex[d]-1]
}

// open looks for a table around the current line: a neighbour with as many
// delimiters.
func (t *tables) open() {
	t.active = false
	if t.lineEnd-t.lineStart >= maxLine {
		return
	}
	here := t.counts(t.lineStart, t.lineEnd)
	if here == (counts{}) {
		return
	}
	up := t.counts(t.lineAbove(t.lineStart), t.lineStart)
	down := t.counts(t.lineEnd, t.endOfLine(t.lineEnd))
	match := func(i int) bool { return here[i] > 0 && here[i] <= 255 && (up[i] == here[i] || down[i] == here[i]) }
	for i, d := range delimiters {
		if d == ',' && match(i+1) && here[i+1] > here[i] {
			continue // decimal commas in columns that spaces part
		}
		if match(i) {
			t.start(d, here[i])
			return
		}
	}
}

// lineAbove is the start of the line that ends at i, or i.
func (t *tables) lineAbove(i int) int {
	if i == 0 {
		return 0
	}
	low := max(0, i-1-maxLine)
	return low + bytes.LastIndexByte(t.b[low:i-1], '\n') + 1
}

// start opens a block with n delimiters d at the current line, finds its
// header above and makes its columns.
func (t *tables) start(d byte, n int) {
	if len(t.columns)+n+1 > maxColumns {
		return
	}
	t.active, t.delim, t.count = true, d, n
	t.lastEnd = t.lineEnd
	t.headStart, t.headEnd = t.lineStart, t.lineEnd
	for range maxRowsUp {
		up := t.lineAbove(t.headStart)
		if up == t.headStart || t.delims(up, t.headStart, d) != n {
			break
		}
		t.headStart, t.headEnd = up, t.headStart
	}
	t.base = len(t.columns)
	t.columns = append(t.columns, make([]column, n+1)...)
	if t.headStart == t.lineStart {
		return
	}
	t.quoted = false
	a, f := t.headStart, 0
	for i := t.headStart; i <= t.headEnd && f <= n; {
		if i == t.headEnd {
			t.columns[t.base+f].header = headerWords(t.b[a:i])
			break
		}
		if w := t.delimAt(i); w > 0 {
			t.columns[t.base+f].header = headerWords(t.b[a:i])
			f++
			i += w
			a = i
			continue
		}
		i++
	}
	t.quoted = false
}

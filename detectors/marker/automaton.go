package marker

import (
	"slices"
	"sort"
	"unicode"
	"unicode/utf8"
)

const (
	// maxForm is the longest form in bytes.
	maxForm = 120
	// maxPrefix is how much of a form the automaton knows; the rest is
	// compared. Longer prefixes cost memory, and with it speed.
	maxPrefix = 9
	// maxSpace is the longest run of white space inside a match, in bytes.
	maxSpace = 100
)

// form is one string to look for.
type form struct {
	text  string // folded; '#' stands for any digit in a trigger
	exact string // where case counts: the form as written, else ""
	id    int32
	kind  formKind
	// endings are the inflections that may follow a whole word.
	endings *endings
}

type formKind uint8

const (
	whole    formKind = iota // boundaries on both sides
	prefix                   // boundary on the left, letters may follow
	compound                 // like prefix, and may be the later part of a compound
	trigger                  // no boundaries: a regular expression is tried here
)

// automaton is a dense Aho-Corasick machine over the first maxPrefix bytes of
// each form, in byte classes that fold case. It has two roots: state 0 inside
// a word, state 1 where a word may begin; forms with a left boundary hang from
// the second, so that inside words nearly all of the time is spent in one row
// of the table.
type automaton struct {
	class [256]uint8
	shift uint
	next  []uint32 // state<<shift+class to state, with outFlag
	out   [][]int32
	forms []form
}

const outFlag = 1 << 31

type node struct {
	kids  []edge
	forms []int32
	depth int32
	space bool // reached by white space
}

type edge struct {
	class uint8
	to    int32
}

func (n *node) kid(class uint8) int32 {
	for _, e := range n.kids {
		if e.class == class {
			return e.to
		}
	}
	return -1
}

// class numbers that have a meaning of their own.
const (
	classSpace  = 0
	classDigit  = 1
	classPunct  = 2 // punctuation that no form holds
	classLetter = 3 // letters and high bytes that no form holds
	classFirst  = 4
)

func newAutomaton(forms []form) *automaton {
	a := &automaton{forms: forms}
	classes := a.classify()
	nodes := a.trie()
	for a.shift = 1; 1<<a.shift < classes; a.shift++ {
	}
	a.compile(nodes, classes)
	return a
}

// classify numbers the bytes that forms hold; upper and lower case share a
// number, as do the second bytes of upper and lower case letters of Latin-1.
// White space is one class, digits are another.
func (a *automaton) classify() int {
	for b := range 256 {
		switch {
		case isSpace(byte(b)):
			a.class[b] = classSpace
		case b >= '0' && b <= '9':
			a.class[b] = classDigit
		case isASCIILetterOrHigh(byte(b)) && b != 0xC2:
			a.class[b] = classLetter
		default:
			a.class[b] = classPunct
		}
	}
	n := classFirst
	for _, f := range a.forms {
		for i := range len(f.text) {
			b := f.text[i]
			if b == '#' || isSpace(b) || b >= '0' && b <= '9' || a.class[b] >= classFirst {
				continue
			}
			a.class[b] = uint8(n)
			n++
		}
	}
	for b := 'a'; b <= 'z'; b++ {
		a.class[b-0x20] = a.class[b]
	}
	for b := 0xA0; b <= 0xBE; b++ {
		if b != 0xB7 {
			a.class[b-0x20] = a.class[b]
		}
	}
	return n
}

func (a *automaton) classOf(b byte) uint8 {
	if b == '#' {
		return classDigit
	}
	return a.class[b]
}

// wordByte reports whether a byte in a form belongs to a word.
func wordByte(b byte) bool {
	return isASCIILetterOrHigh(b) && b != 0xC2 || b >= '0' && b <= '9' || b == '#'
}

func (a *automaton) trie() []node {
	nodes := []node{{}, {depth: 1}}
	for id, f := range a.forms {
		at := int32(1)
		if f.kind == compound || f.kind == trigger || !wordByte(f.text[0]) {
			at = 0
		}
		for i := range f.known() {
			c := a.classOf(f.text[i])
			kid := nodes[at].kid(c)
			if kid < 0 {
				kid = int32(len(nodes))
				nodes = append(nodes, node{depth: nodes[at].depth + 1, space: c == classSpace})
				nodes[at].kids = append(nodes[at].kids, edge{c, kid})
			}
			at = kid
		}
		nodes[at].forms = append(nodes[at].forms, int32(id))
	}
	return nodes
}

// compile fills the table. A state's row is that of the state it fails to,
// which is less deep and so filled before, with its own children over it.
func (a *automaton) compile(nodes []node, classes int) {
	order := make([]int32, len(nodes))
	for i := range order {
		order[i] = int32(i)
	}
	sort.SliceStable(order, func(i, j int) bool { return nodes[order[i]].depth < nodes[order[j]].depth })
	// Rows are numbered by depth, so that the rows used most lie together.
	row := make([]uint32, len(nodes))
	for i, n := range order {
		row[n] = uint32(i)
	}
	width := uint32(1) << a.shift
	a.next = make([]uint32, len(nodes)<<a.shift)
	a.out = make([][]int32, len(nodes))
	fail := make([]int32, len(nodes))
	isWord := make([]bool, classes)
	for b := range 256 {
		if b != '#' && wordByte(byte(b)) {
			isWord[a.class[b]] = true
		}
	}
	// The roots come first, so their outputs are known to be none.
	for _, n := range order {
		r := row[n]
		cells := a.next[r*width : (r+1)*width]
		a.out[r] = nodes[n].forms
		switch {
		case n == 0:
			for c := range classes {
				if !isWord[c] {
					cells[c] = row[1] << a.shift
				}
			}
		default:
			f := row[fail[n]]
			copy(cells, a.next[f*width:(f+1)*width])
			if more := a.out[f]; len(more) > 0 {
				a.out[r] = append(slices.Clone(nodes[n].forms), more...)
			}
		}
		if nodes[n].space {
			cells[classSpace] = r<<a.shift | a.flag(r)
		}
		for _, e := range nodes[n].kids {
			fail[e.to] = a.node(order, cells[e.class])
			cells[e.class] = row[e.to] << a.shift
		}
	}
	for i, cell := range a.next {
		to := cell &^ outFlag
		a.next[i] = to | a.flag(to>>a.shift)
	}
}

// flag returns outFlag if forms end at the state in row r.
func (a *automaton) flag(r uint32) uint32 {
	if len(a.out[r]) > 0 {
		return outFlag
	}
	return 0
}

func (a *automaton) node(order []int32, cell uint32) int32 { return order[(cell&^outFlag)>>a.shift] }

// find calls hit for every form in text, which is folded. begin tells that
// the text's first byte begins a word.
func (a *automaton) find(text []byte, begin bool, hit func(f *form, start, end int)) {
	var s uint32
	if begin {
		s = 1 << a.shift
	}
	next, class := a.next, &a.class
	for i := 0; i < len(text); i++ {
		s = next[s+uint32(class[text[i]])]
		if s&outFlag == 0 {
			continue
		}
		s &^= outFlag
		for _, id := range a.out[s>>a.shift] {
			f := &a.forms[id]
			if start, end, ok := f.at(text, i); ok {
				hit(f, start, end)
			}
		}
	}
}

// known returns how many bytes of the form the automaton knows. They never end
// in white space: there the machine stays in its state.
func (f *form) known() int {
	n := min(len(f.text), maxPrefix)
	for n > 1 && f.text[n-1] == ' ' {
		n--
	}
	return n
}

// at checks the form whose first bytes end with the byte at i and returns its
// bounds.
func (f *form) at(text []byte, i int) (start, end int, ok bool) {
	n := f.known()
	j := i
	for k := n - 1; k >= 0; k-- { // backwards over the known bytes
		if j < 0 || !f.same(text, j, k) {
			return 0, 0, false
		}
		if f.text[k] == ' ' && k > 0 {
			for m := 0; m < maxSpace && j > 0 && isSpace(text[j-1]); m++ {
				j--
			}
		}
		j--
	}
	start, end = j+1, i+1
	for k := n; k < len(f.text); k++ {
		if f.text[k-1] == ' ' {
			for m := 0; m < maxSpace && end < len(text) && isSpace(text[end]); m++ {
				end++
			}
		}
		if end >= len(text) || !f.same(text, end, k) {
			return 0, 0, false
		}
		end++
	}
	if f.kind == trigger {
		// What a trigger begins with begins a word or a number.
		return start, end, start == 0 || !wordByte(f.text[0]) || isDigit(f.text[0]) != isDigit(text[start-1]) && !isASCIILetterOrHigh(text[start-1]) ||
			!wordByte(text[start-1])
	}
	if f.exact != "" && !sameCase(text[start:end], f.exact) {
		return 0, 0, false
	}
	return f.bound(text, start, end)
}

func (f *form) same(text []byte, i, k int) bool {
	switch want := f.text[k]; want {
	case '#':
		return text[i] >= '0' && text[i] <= '9'
	case ' ':
		return isSpace(text[i])
	default:
		return lower(text, i) == want
	}
}

func isDigit(b byte) bool { return b >= '0' && b <= '9' || b == '#' }

// sameCase compares byte by byte, runs of white space as one space.
func sameCase(text []byte, want string) bool {
	k := 0
	for i := 0; i < len(text); i++ {
		b := text[i]
		if isSpace(b) {
			if i > 0 && isSpace(text[i-1]) {
				continue
			}
			b = ' '
		}
		if k >= len(want) || want[k] != b {
			return false
		}
		k++
	}
	return k == len(want)
}

// bound checks the boundaries and takes inflections and the rest of a prefixed
// word into the match.
func (f *form) bound(text []byte, start, end int) (int, int, bool) {
	rest := wordEnd(text, end)
	if f.kind == whole {
		if rest > end && wordByte(f.text[len(f.text)-1]) && !f.endings.allow(text[end:rest]) {
			return 0, 0, false
		}
		return start, rest, true
	}
	for m := 0; f.kind == compound && m < 40 && start > 0 && isASCIILetterOrHigh(text[start-1]); m++ {
		start-- // the whole compound is the match
	}
	return start, rest, true
}

// wordEnd returns the end of the letters and digits from i on, within reason.
func wordEnd(text []byte, i int) int {
	for n := 0; i < len(text) && n < 60; n++ {
		b := text[i]
		if b < utf8.RuneSelf {
			if b|0x20 >= 'a' && b|0x20 <= 'z' || b >= '0' && b <= '9' {
				i++
				continue
			}
			return i
		}
		r, size := utf8.DecodeRune(text[i:])
		if !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) {
			return i
		}
		i += size
	}
	return i
}

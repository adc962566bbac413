package idnumber

import "unicode/utf8"

// stride is the distance of the bytes that the scan looks at. Every way of
// writing a number has a digit (or the first byte of a full-width digit) at
// any five consecutive offsets at least once: runs of six digits do; dates
// such as 27.01.13-9928 have digits at most two apart; letter-spaced digits
// alternate with spaces and five is odd; full-width digits are three bytes
// long and five is not a multiple of three.
const stride = 5

// hot marks the bytes at which the scan stops: digits, the first byte of
// full-width digits, and letters that may have been read for digits.
var hot = func() (t [256]uint8) {
	for b := '0'; b <= '9'; b++ {
		t[b] = hotDigit
	}
	t[0xEF] = hotWide
	for b := range t {
		if ocrDigit(byte(b)) != 0 {
			t[b] = hotLetter
		}
	}
	return t
}()

const (
	hotDigit = 1 + iota
	hotWide
	hotLetter
)

// form is how a number is written.
type form uint8

const (
	formBare   form = iota // 9001012385
	formHyphen             // 900101-2385, whatever dash
	formPlus               // 900101+2385
	formSpaced             // 900101 - 2385
	formSpace              // 900101 2385
	formSlash              // 900101/2385, 900101_2385
	formBreak              // 900101-<line break>2385
	formDots               // 27.01.13-9928, 1990-01-01-2385
	formGroups             // 040517 526 81
	formSplit              // over two cells or lines
	formLost               // leading zeros lost
	formText               // letters in it: hetu, reserve numbers
	nForms
)

// dashed reports whether a hyphen parts the number's date from the rest, as in
// few other numbers.
func (f form) dashed() bool { return f == formHyphen || f == formSpaced || f == formBreak }

// flag is what else is known of a candidate.
type flag uint16

const (
	flagLetterSpaced flag = 1 << iota // 9 0 0 1 0 1 - 2 3 8 5
	flagLoose                         // spaces at odd places
	flagOCR                           // O for 0, l for 1
	flagGlued                         // letters before it
	flagAmount                        // decimal comma before or after
	flagPath                          // a slash and a digit beside it
	flagMail                          // an @ after it
	flagMinus                         // a minus sign before it
	flagTime                          // the last four digits are a time
	flagRow                           // digits and a space beside it
	flagIdent                         // ends an identifier such as td.id_1
	flagDull                          // a pattern such as 0102030405
	flagFile                          // part of a document's file name
	flagTail                          // a word behind it without a space
)

// cand is a number whose date and check digits hold for some kind.
type cand struct {
	start, end int
	c          chars
	n          uint8
	form       form
	sign       byte // '-' or '+', or the separator of a hetu
	flags      flag
	date, full kindSet
	// column is the table column it stands in, -1 outside tables.
	column int32
}

// cell is a number of the right shape, valid or not: the population that
// statistics are about.
type cell struct {
	pos        int
	date, full kindSet
	prefix     uint16 // hash of the first six digits
	shape      shape
}

// limits on what one text may hold. A text with more numbers than that is
// graded by those found.
const (
	maxCands = 1 << 18
	maxCells = 1 << 20
)

// scan is the state of one pass; scans are pooled.
type scan struct {
	body    []byte
	relaxed bool // Norwegian numbers of 2032 are possible
	cands   []cand
	cells   []cell

	// the folded window of fold.go
	win    [96]byte
	at     [97]int
	folded bool
	dots   bool // the window is a date without its dots
	extra  flag
}

func (s *scan) reset(body []byte, relaxed bool) {
	s.body, s.relaxed = body, relaxed
	s.cands, s.cells = s.cands[:0], s.cells[:0]
}

// run walks the text.
func (s *scan) run() {
	b := s.body
	done := 0 // end of the last run that was tried
	for i := stride - 1; i < len(b); {
		a := i
		switch hot[b[i]] {
		case 0:
			i += stride
			continue
		case hotWide:
			i = s.fullWidth(i, &done)
			continue
		case hotLetter: // counts beside a digit only
			if i+1 < len(b) && isDigit(b[i+1]) {
				a = i + 1
			} else if isDigit(b[i-1]) && i > done {
				a = i - 1
			} else {
				i += stride
				continue
			}
		}
		for a > done && isDigit(b[a-1]) {
			a--
		}
		if i-a < 9 {
			a = back(b, a, done)
		}
		i = s.cluster(a, &done)
	}
}

// back walks from the digit at a to the first digit of a group such as
// 27.01.13 or 9 0 0 1, at most a number's length, not before done.
func back(b []byte, a, done int) int {
	for low := max(done, a-24); a-2 >= low; {
		j := a - 1
		switch b[j] {
		case ' ':
			for j > low && j > a-3 && b[j-1] == ' ' {
				j--
			}
		case '.', '-', '/', '|', '\t', '\n':
		case 0xA0, 0xAF: // NBSP and narrow NBSP end in these
			j--
		default:
			return a
		}
		if j-1 < low || !isDigit(b[j-1]) {
			return a
		}
		k := j - 1
		for k > low && isDigit(b[k-1]) {
			k--
		}
		if j-k > 4 {
			return a
		}
		a = k
	}
	return a
}

// cluster tries the digit run at a and those that follow closely; it returns
// the next offset to probe.
func (s *scan) cluster(a int, done *int) int {
	b := s.body
	for {
		e := a + 1
		for e < len(b) && isDigit(b[e]) {
			e++
		}
		s.try(b, a, e)
		*done = e
		// The next run, if it starts within four bytes.
		j := e
		for j < len(b) && j < e+4 && !isDigit(b[j]) {
			j++
		}
		if j >= len(b) || j == e+4 || len(s.cands) >= maxCands {
			return e + stride
		}
		a = j
	}
}

// fullWidth handles a byte 0xEF at i.
func (s *scan) fullWidth(i int, done *int) int {
	b := s.body
	if !isWide(b, i) {
		return i + stride
	}
	for i-3 >= *done && isWide(b, i-3) {
		i -= 3
	}
	e := s.foldWide(i)
	*done = e
	return e + stride - 1
}

// isWide reports whether a full-width digit starts at i.
func isWide(b []byte, i int) bool {
	return i+2 < len(b) && b[i] == 0xEF && b[i+1] == 0xBC && b[i+2] >= 0x90 && b[i+2] <= 0x99
}

func isDigit(b byte) bool { return b-'0' <= 9 }

func isASCIILetter(b byte) bool { return b|0x20 >= 'a' && b|0x20 <= 'z' }

// upper is b in upper case if it is an ASCII letter.
func upper(b byte) byte {
	if b >= 'a' && b <= 'z' {
		return b - 0x20
	}
	return b
}

// letterBefore reports whether the rune that ends at i is a letter. Bytes that
// are no UTF-8 are none.
func letterBefore(b []byte, i int) bool {
	if i <= 0 {
		return false
	}
	if b[i-1] < utf8.RuneSelf {
		return isASCIILetter(b[i-1])
	}
	r, _ := utf8.DecodeLastRune(b[:i])
	return isLetter(r)
}

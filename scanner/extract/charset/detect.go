package charset

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// SampleSize is how many bytes Detect makes use of.
const SampleSize = 256 << 10

// Detect says in what charset a text is written, by byte order mark, parity
// of NUL bytes, validity as UTF-8 and at last by which reading makes the most
// of its letters Nordic and in sensible case. It returns Binary when no
// reading makes it text. The sample need not be the beginning of the text,
// and whole says whether it ends where the text ends.
func Detect(sample []byte, whole bool) Charset {
	if len(sample) > SampleSize {
		sample, whole = sample[:SampleSize], false
	}
	if c, ok := byMark(sample); ok {
		return c
	}
	if c, ok := byParity(sample); ok {
		return c
	}
	if looksBinary(sample) {
		return Binary
	}
	good, bad := countUTF8(sample, whole)
	if bad == 0 || good > 4*bad {
		return UTF8
	}
	return byLetters(sample, candidates)
}

// nameCandidates are tried for file names in archives, which DOS and Windows
// write in the OEM page: of equals that wins.
var nameCandidates = []Charset{CP850, CP865, CP1252, MacRoman, MacIceland}

// DetectNames says in what charset file names are written that come from an
// archive. The names are separated by newlines.
func DetectNames(names []byte) Charset {
	if utf8.Valid(names) {
		return UTF8
	}
	if c := byLetters(names, nameCandidates); c.kind != binary {
		return c
	}
	return CP850
}

// IsASCII reports whether b holds no byte over 0x7F.
func IsASCII(b []byte) bool {
	for len(b) >= 8 {
		if (b[0]|b[1]|b[2]|b[3]|b[4]|b[5]|b[6]|b[7])&0x80 != 0 {
			return false
		}
		b = b[8:]
	}
	for _, c := range b {
		if c&0x80 != 0 {
			return false
		}
	}
	return true
}

// mark returns the length of the byte order mark that b begins with.
func (c Charset) mark(b []byte) int {
	for _, m := range marks {
		if m.c.kind == c.kind && bytes.HasPrefix(b, m.bytes) {
			return len(m.bytes)
		}
	}
	return 0
}

var marks = []struct {
	bytes []byte
	c     Charset
}{
	{[]byte{0xEF, 0xBB, 0xBF}, UTF8},
	{[]byte{0xFF, 0xFE, 0, 0}, UTF32LE},
	{[]byte{0, 0, 0xFE, 0xFF}, UTF32BE},
	{[]byte{0xFF, 0xFE}, UTF16LE},
	{[]byte{0xFE, 0xFF}, UTF16BE},
}

func byMark(b []byte) (Charset, bool) {
	for _, m := range marks {
		if !bytes.HasPrefix(b, m.bytes) {
			continue
		}
		// FF FE also begins pictures and sound: the rest must be text.
		if m.c.kind != utf8Kind && !plausible(m.c, b[len(m.bytes):]) {
			return Binary, true
		}
		if m.c.kind == utf8Kind && looksBinary(b) {
			return Binary, true
		}
		return m.c, true
	}
	return Charset{}, false
}

// byParity finds UTF-16 without a mark: text in Latin letters has a NUL in
// every other byte.
func byParity(b []byte) (Charset, bool) {
	b = b[:min(len(b), 64<<10)]
	var nul [2]int
	for i, c := range b {
		if c == 0 {
			nul[i&1]++
		}
	}
	half := len(b) / 2
	if half < 2 {
		return Charset{}, false
	}
	c := UTF16LE
	few, many := nul[0], nul[1]
	if few > many {
		c, few, many = UTF16BE, many, few
	}
	if many*10 < half*4 || few*20 > half || !plausible(c, b) {
		return Charset{}, false
	}
	return c, true
}

// plausible reports whether nearly all characters of b in c are assigned
// letters, digits, signs or white space.
func plausible(c Charset, b []byte) bool {
	text, _ := c.append(nil, b[:min(len(b), 16<<10)], false)
	n, odd := 0, 0
	for _, r := range string(text) {
		n++
		if r == utf8.RuneError || r == 0 || (r < ' ' && !unicode.IsSpace(r)) || !(unicode.IsPrint(r) || unicode.IsSpace(r) || r == '\u00AD' || r == '\uFEFF') {
			odd++
		}
	}
	return odd*20 <= n
}

// looksBinary reports control bytes that no text has: more than one in a
// hundred, or NULs in a row of other bytes. Form feed, escape and the DOS
// signs for section and end of file are text.
func looksBinary(b []byte) bool {
	var odd, nul int
	for _, c := range b {
		switch {
		case c == 0:
			nul++
		case c < ' ' && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != '\v' && c != 0x1B && c != 0x15 && c != 0x14 && c != 0x1A && c != '\b':
			odd++
		}
	}
	if nul > 0 && nul*256 > len(b) {
		return true
	}
	return odd*100 > len(b)
}

func countUTF8(b []byte, whole bool) (good, bad int) {
	for len(b) > 0 {
		if b[0] < 0x80 {
			b = b[1:]
			continue
		}
		r, n := utf8.DecodeRune(b)
		switch {
		case r != utf8.RuneError || n > 1:
			good++
		case !whole && !utf8.FullRune(b):
			return good, bad
		default:
			bad++
		}
		b = b[n:]
	}
	return good, bad
}

// candidates are tried in this order; of equals the first wins. 850 stands
// before 865, which has no letter of its own.
var candidates = []Charset{CP1252, CP850, MacRoman, CP865, ISO885915, MacIceland}

// byLetters picks the single-byte charset in which the bytes over 0x7F make
// the best letters.
func byLetters(b []byte, candidates []Charset) Charset {
	high := 0
	scores := make([]int, len(candidates))
	quoting := inQuotes(b)
	weigh := weight
	if isEstonian(b) {
		weigh = estonianWeight
	}
	for i, c := range b {
		if c < 0x80 {
			continue
		}
		high++
		n := neighbours(b, i)
		for k := range candidates {
			if quoting && c == quoteByte && unicode.IsLetter(candidates[k].high[c-0x80]) {
				scores[k] -= 6
				continue
			}
			scores[k] += score(candidates[k].high, c, n, weigh)
		}
	}
	best := 0
	for k, s := range scores {
		if s > scores[best] {
			best = k
		}
	}
	// Compressed and encrypted bytes are over 0x7F half of the time and make
	// nonsense in every charset.
	if high*4 > len(b) && scores[best] < 0 && len(b) > 32 {
		return Binary
	}
	return candidates[best]
}

// quoteByte is the quotation mark ” of CP1252, which Finnish and Swedish put
// on both sides of a word, and the letter ö of the DOS pages.
const quoteByte = 0x94

// inQuotes reports whether that byte stands at the edges of words alone, as
// often before as behind one: as a letter it would be inside of some.
func inQuotes(b []byte) bool {
	before, behind := 0, 0
	for i, c := range b {
		if c != quoteByte {
			continue
		}
		n := neighbours(b, i)
		switch left, right := isWordByte(n.prev), isWordByte(n.next); {
		case left && right:
			return false
		case right, n.prev <= ' ' && n.next > ' ':
			before++
		case left, n.prev > ' ':
			behind++
		}
	}
	return before > 0 && before == behind
}

func isWordByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= 0x80 && c != quoteByte
}

// estonian are common Estonian words of ASCII letters that no Nordic language
// shares; they tell that õ and ü are to be expected.
var estonian = map[string]bool{
	"ning": true, "kas": true, "mis": true, "kui": true, "kes": true, "seda": true, "selle": true, "pole": true,
	"saab": true, "tuleb": true, "mitte": true, "faili": true, "peab": true, "ainult": true, "isikukood": true,
	"lapse": true, "vaja": true, "juba": true, "lubatud": true, "vigane": true, "kasutaja": true, "kirje": true, "fail": true, "teate": true, "sellest": true, "mida": true, "kus": true,
}

// isEstonian reports whether a text has such a word and none of the
// commonest of other languages.
func isEstonian(b []byte) bool {
	n := 0
	for word := range bytes.FieldsFuncSeq(b[:min(len(b), 16<<10)], func(r rune) bool { return !(r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r >= 0x80) }) {
		switch w := strings.ToLower(string(word)); w {
		case "och", "og", "att", "til", "som", "det", "tai", "ett", "eller", "ikke", "inte", "med", "af", "av", "sem", "jos", "ovat", "joka", "kun":
			return false
		default:
			if estonian[w] {
				n++
			}
		}
	}
	return n > 0
}

// estonianWeight is weight for Estonian texts.
func estonianWeight(r rune) int {
	switch r {
	case 'õ', 'ä', 'ö', 'ü', 'Õ', 'Ä', 'Ö', 'Ü':
		return 30
	case 'å', 'æ', 'ø', 'Å', 'Æ', 'Ø':
		return 2
	}
	return weight(r)
}

// around is what stands beside a byte.
type around struct {
	prev, next byte // 0 at the ends
	wide       byte // the byte after the next
}

func neighbours(b []byte, i int) (n around) {
	if i > 0 {
		n.prev = b[i-1]
	}
	if i+1 < len(b) {
		n.next = b[i+1]
	}
	if i+2 < len(b) {
		n.wide = b[i+2]
	}
	return n
}

// readAs returns the character of a neighbour in the same charset.
func readAs(high *[128]rune, c byte) rune {
	if c < 0x80 {
		return rune(c)
	}
	return high[c-0x80]
}

// score says how well byte c, read with the table, fits between its
// neighbours. The weights: a core letter must outweigh one rare letter, and a
// sign inside a word or a capital after a small letter must cost more than
// any letter earns.
func score(high *[128]rune, c byte, n around, weigh func(rune) int) int {
	r := high[c-0x80]
	prev, next := readAs(high, n.prev), readAs(high, n.next)
	inWord := unicode.IsLetter(prev) || unicode.IsLetter(next)
	between := unicode.IsLetter(prev) && unicode.IsLetter(next)
	w := weigh(r)
	switch {
	case r == utf8.RuneError || (r >= 0x80 && r < 0xA0):
		return -60
	case unicode.IsLetter(r):
		if n.prev == c && n.next == c {
			return -10 // a drawn line read as ÄÄÄÄ
		}
		if !inWord {
			if strings.ContainsRune("åäöæøíáàÅÄÖÆØÍÁ", r) {
				return 4 // a word or a mark of its own
			}
			return -12
		}
		if unicode.IsLower(r) && unicode.IsUpper(next) {
			return -15
		}
		if unicode.IsUpper(r) {
			if unicode.IsLower(prev) {
				return -30
			}
			// A capital after a capital or before a small letter.
			return w * 2 / 3
		}
		return w
	case r >= 0x2500 && r < 0x25A0: // frames: in rows of their own
		if inWord {
			return -30
		}
		return 2
	case between && r != '\u00AD' && r != '’' && r != '–' && r != '·' && r != '\u00A0':
		return -30
	case r == '§' && (next == '§' || isDigit(next) || (next == ' ' && (isDigit(rune(n.wide)) || n.wide == '(' || n.wide == c))):
		return 6
	case (r == '”' || r == '“' || r == '„') && unicode.IsLetter(prev) != unicode.IsLetter(next):
		return 6
	case r == '«' && prev != next && next > ' ' && next < 0x80 && prev <= ' ', r == '»' && prev > ' ' && prev < 0x80 && (next <= ' ' || next == '.' || next == ','):
		return 6
	case r == '€' && (prev == ' ' || isDigit(prev)), r == '€' && next == ' ' && isDigit(rune(n.wide)):
		return 4
	case w != 0:
		return w
	}
	if inWord {
		return -12
	}
	return -3
}

// weight says how usual a character is in Nordic office texts.
func weight(r rune) int {
	switch r {
	case 'å', 'ä', 'ö', 'æ', 'ø', 'Å', 'Ä', 'Ö', 'Æ', 'Ø':
		return 30
	case 'ð', 'þ', 'Þ', 'Ð', 'í', 'á', 'ó', 'ú', 'ý', 'Í', 'Á', 'Ó', 'Ú', 'Ý':
		return 20
	case 'é', 'É':
		return 16
	case 'ü', 'Ü', 'š', 'ž', 'Š', 'Ž':
		return 8
	case 'è', 'à', 'ô', 'ê', 'ë', 'ç', 'ñ', 'õ', 'ß':
		return -4
	case '§', '€', '“', '”', '’', '‘', '–', '—', '…', '•', '°', '»', '«', '½', '\u00A0', '\u00AD', '´', '·', '±', '²', '³', '©', '®', '£', '„', '×', '¼', '¾', '™':
		return 2
	case '¤':
		return -4
	}
	if unicode.IsLetter(r) {
		return -10
	}
	return 0
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

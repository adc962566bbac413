package grade

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// layout counts what a text looks like, without its words.
type layout struct {
	bytes, lines        int
	digits, capitals    int
	blanks              int // runs of ____ or ..... to fill in
	boxes, checked      int // [ ] or ☐, and [x] or ☒
	brackets, guillemet int // [name] and «name» to fill in
	dates, times, ages  int
	minors              int // ages under 18
	percents, money     int
	urls, mails         int
	quotes, questions   int
	exclaims            int
	bullets, numbered   int // lines
	cells               int // lines with several cells
	headers             int // lines of a mail's header
	capitalLines        int
	filled              int  // label: value
	notes               int  // lines that begin with a date or time
	inCells             bool // the line at hand
}

func measure(text []byte) layout {
	l := layout{bytes: len(text)}
	for line := range bytes.Lines(text) {
		l.line(bytes.TrimRight(line, "\r\n"))
	}
	l.brackets = placeholders(text, '[', ']')
	l.guillemet = bytes.Count(text, []byte("«"))
	return l
}

func (l *layout) line(line []byte) {
	trim := bytes.TrimSpace(line)
	if len(trim) == 0 {
		return
	}
	l.lines++
	l.inCells = false
	seps := bytes.Count(line, []byte{';'}) + bytes.Count(line, []byte{'\t'}) + bytes.Count(line, []byte{'|'})
	if seps >= 2 || bytes.Count(line, []byte{','}) >= 4 && !bytes.Contains(line, []byte(", ")) {
		l.cells++
		l.inCells = true
	}
	switch c := trim[0]; {
	case c == '-' || c == '*' || bytes.HasPrefix(trim, []byte("•")) || bytes.HasPrefix(trim, []byte("–")) || bytes.HasPrefix(trim, []byte("☐")):
		l.bullets++
	case c >= '0' && c <= '9':
		if n := digitsAt(trim, 0); n <= 2 && n < len(trim) && (trim[n] == '.' || trim[n] == ')' || trim[n] == ' ') && n+1 < len(trim) && !(trim[n+1] >= '0' && trim[n+1] <= '9') {
			l.numbered++
		}
	}
	if startsDated(trim) {
		l.notes++
	}
	if i := bytes.IndexByte(trim, ':'); i > 1 && i < 40 && i+2 < len(trim) {
		l.filled++
	}
	for _, h := range mailHeaders {
		if len(trim) > len(h) && bytes.EqualFold(trim[:len(h)], h) {
			l.headers++
		}
	}
	l.chars(line)
}

var mailHeaders = [][]byte{
	[]byte("Från:"), []byte("Fra:"), []byte("Frå:"), []byte("From:"), []byte("Lähettäjä:"), []byte("Frá:"),
	[]byte("Till:"), []byte("Til:"), []byte("To:"), []byte("Vastaanottaja:"), []byte("Ämne:"), []byte("Emne:"),
	[]byte("Subject:"), []byte("Aihe:"), []byte("Efni:"), []byte("Skickat:"), []byte("Sendt:"), []byte("Sent:"),
}

func (l *layout) chars(line []byte) {
	letters, caps := 0, 0
	for i := 0; i < len(line); {
		r, n := rune(line[i]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRune(line[i:])
		}
		switch {
		case r >= '0' && r <= '9':
			m := digitsAt(line, i)
			l.digits += m
			l.number(line, i, i+m)
			i += m
			continue
		case unicode.IsLetter(r):
			letters++
			if unicode.IsUpper(r) {
				caps++
			}
		case r == '_' || r == '.':
			m := run(line, i, byte(r))
			if m >= 4 {
				l.blanks++
			}
			i += m
			continue
		case r == '%':
			l.percents++
		case r == '"' || r == '“' || r == '”' || r == '«':
			l.quotes++
		case r == '?':
			l.questions++
		case r == '!':
			l.exclaims++
		case r == '@':
			l.mails++
		case r == '☐' || r == '□':
			l.boxes++
		case r == '☒' || r == '☑':
			l.checked++
		case r == '[' || r == '(':
			l.box(line[i:])
		case r == '/':
			if i > 1 && line[i-1] == ':' {
				l.urls++
			}
		}
		i += n
	}
	l.capitals += caps
	if letters > 3 && caps*10 > letters*8 {
		l.capitalLines++
	}
}

func (l *layout) box(b []byte) {
	switch {
	case bytes.HasPrefix(b, []byte("[ ]")) || bytes.HasPrefix(b, []byte("( )")) || bytes.HasPrefix(b, []byte("[]")):
		l.boxes++
	case len(b) > 2 && b[0] == '[' && b[2] == ']' && (b[1]|0x20 == 'x'):
		l.checked++
	}
}

// number classifies the digits line[a:b] by what stands around.
func (l *layout) number(line []byte, a, b int) {
	if l.inCells {
		return // columns of dates and times say nothing of a narrative
	}
	rest := line[b:]
	switch n := b - a; {
	case n <= 2 && len(rest) > 2 && (rest[0] == '.' || rest[0] == ':') && digitsAt(rest, 1) == 2 && (len(rest) == 3 || rest[3] != '.'):
		l.times++
	case n <= 2 && len(rest) > 3 && (rest[0] == '/' || rest[0] == '-' || rest[0] == '.') && digitsAt(rest, 1) > 0 && digitsAt(rest, 1) <= 2:
		l.dates++
	case n <= 2 && len(rest) > 4 && (rest[0] == ' ' || rest[0] == '.') && month(rest):
		l.dates++
	case n == 4 && len(rest) > 5 && rest[0] == '-' && digitsAt(rest, 1) == 2 && rest[3] == '-':
		l.dates++
	case n <= 2 && (bytes.HasPrefix(rest, []byte(" år")) || bytes.HasPrefix(rest, []byte("-år")) || bytes.HasPrefix(rest, []byte(" v,")) || bytes.HasPrefix(rest, []byte(" v.")) || bytes.HasPrefix(rest, []byte("-vuo")) || bytes.HasPrefix(rest, []byte(" ára")) || bytes.HasPrefix(rest, []byte(")")) && a > 0 && line[a-1] == '('):
		l.ages++
		if n == 1 || line[a] == '1' && line[a+1] < '8' {
			l.minors++
		}
	case bytes.HasPrefix(rest, []byte(" kr")) || bytes.HasPrefix(rest, []byte(" €")) || bytes.HasPrefix(rest, []byte(" e")) || bytes.HasPrefix(rest, []byte(",00")):
		l.money++
	}
}

var monthStems = [][]byte{
	[]byte("jan"), []byte("feb"), []byte("mar"), []byte("apr"), []byte("maj"), []byte("mai"), []byte("jun"), []byte("jul"),
	[]byte("aug"), []byte("sep"), []byte("okt"), []byte("oct"), []byte("nov"), []byte("dec"), []byte("des"),
	[]byte("tammik"), []byte("helmik"), []byte("maalisk"), []byte("huhtik"), []byte("toukok"), []byte("kesäk"),
	[]byte("heinäk"), []byte("elok"), []byte("syysk"), []byte("lokak"), []byte("marrask"), []byte("jouluk"),
	[]byte("ágú"), []byte("maí"), []byte("jún"), []byte("júl"),
}

func month(rest []byte) bool {
	rest = bytes.TrimLeft(rest, ". ")
	for _, m := range monthStems {
		if len(rest) >= len(m) && bytes.EqualFold(rest[:len(m)], m) {
			return true
		}
	}
	return false
}

// startsDated tells a line of a journal: "3.11. klo 9.20", "10/9 Samtal",
// "[22.41]", "kl. 18.40".
func startsDated(b []byte) bool {
	b = bytes.TrimLeft(b, "[(*- ")
	if n := digitsAt(b, 0); n > 0 && n <= 4 && n+1 < len(b) {
		return (b[n] == '.' || b[n] == '/' || b[n] == '-' || b[n] == ':') && digitsAt(b, n+1) > 0
	}
	return len(b) > 4 && (bytes.HasPrefix(b, []byte("kl")) || bytes.HasPrefix(b, []byte("Kl"))) && digitsAt(bytes.TrimLeft(b[2:], "o. "), 0) > 0
}

// placeholders counts short bracketed texts of letters: [kommunens namn].
func placeholders(text []byte, open, end byte) (n int) {
	for {
		i := bytes.IndexByte(text, open)
		if i < 0 {
			return n
		}
		text = text[i+1:]
		j := bytes.IndexByte(text[:min(len(text), 60)], end)
		if j > 2 && (text[0]|0x20 >= 'a' && text[0]|0x20 <= 'z' || text[0] >= 0x80) && !bytes.ContainsRune(text[:j], '\n') {
			n++
		}
	}
}

func digitsAt(b []byte, i int) (n int) {
	for i+n < len(b) && b[i+n] >= '0' && b[i+n] <= '9' {
		n++
	}
	return n
}

func run(b []byte, i int, c byte) (n int) {
	for i+n < len(b) && b[i+n] == c {
		n++
	}
	return n
}

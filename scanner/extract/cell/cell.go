// Package cell writes the cells of a spreadsheet: the value of a numeric cell as its reader
// sees it, as far as that matters to what the number is (dates as dates,
// leading zeros that the format shows, integers in full), and rows as lines
// of fields. It knows number formats of Excel, no formulas.
//
// Start reading at ParseFormat and Grid.
package cell

import (
	"math"
	"strconv"
	"strings"
	"time"
)

type kind uint8

const (
	general kind = iota
	date
	clock   // time of day or a duration
	decimal // a fixed number of decimals
	percent
	whole   // no decimals
	pattern // digits between signs of its own, such as 000000-0000
)

// Format is a parsed number format. The zero value is General.
type Format struct {
	kind     kind
	decimals int
	zeros    int  // least digits of a pattern
	hasTime  bool // a date with a time of day
	// layout is that of a date in digits alone, such as 060102 for yymmdd: the
	// first half of an identity number. Other dates are told the ISO way.
	layout string
	// pattern holds 0 for each digit and the other signs as they are.
	pattern string
}

// Builtin returns the format of an id below 164, from section 18.8.30 of
// ECMA-376 part 1; the ids 27 to 36 and 50 to 58 are dates in East Asian
// locales.
func Builtin(id int) Format {
	switch {
	case id == 1 || id == 3 || id == 37 || id == 38 || id == 5 || id == 6 || id == 41 || id == 42:
		return Format{kind: whole}
	case id == 2 || id == 4 || id == 39 || id == 40 || id == 7 || id == 8 || id == 43 || id == 44:
		return Format{kind: decimal, decimals: 2}
	case id == 9:
		return Format{kind: percent}
	case id == 10:
		return Format{kind: percent, decimals: 2}
	case id == 22:
		return Format{kind: date, hasTime: true}
	case id >= 14 && id <= 17, id >= 27 && id <= 36, id >= 50 && id <= 58:
		return Format{kind: date}
	case id >= 18 && id <= 21, id >= 45 && id <= 47:
		return Format{kind: clock}
	}
	return Format{}
}

// maxCode is the longest format code that is looked at; Excel allows 255.
const maxCode = 1024

// minZeros is the least number of digits that a format pads to for its
// pattern to be followed: shorter ones are postal codes and counters.
const minZeros = 5

// ParseFormat reads a format code such as yyyy\-mm\-dd or 000000"-"0000.
func ParseFormat(code string) Format {
	code = code[:min(len(code), maxCode)]
	switch strings.ToLower(code) {
	case "", "general", "standard", "@", "yleinen", "generelt", "normal":
		return Format{}
	}
	p := parser{code: code}
	p.parse()
	return p.format()
}

type parser struct {
	code    string
	pattern []byte
	zeros   int
	digits  int
	dots    int // position of the decimal point in pattern, plus one
	decs    int
	year, month, day, hour, second,
	elapsed, per, odd bool
	comma, thousands bool // a comma before more digits parts thousands, one behind the last scales
	letters          []byte
}

// parse walks over the first section of the code.
func (p *parser) parse() {
	for i := 0; i < len(p.code); i++ {
		c := p.code[i]
		switch c {
		case ';':
			return
		case '"':
			end := strings.IndexByte(p.code[i+1:], '"')
			if end < 0 {
				return
			}
			p.pattern = append(p.pattern, p.code[i+1:i+1+end]...)
			i += end + 1
		case '\\':
			if i++; i < len(p.code) {
				p.pattern = append(p.pattern, p.code[i])
			}
		case '_', '*': // space as wide as, or filled with, the next sign
			i++
		case '[':
			end := strings.IndexByte(p.code[i:], ']')
			if end < 0 {
				return
			}
			switch strings.ToLower(p.code[i+1 : i+end]) {
			case "h", "hh", "m", "mm", "s", "ss":
				p.elapsed = true
			}
			i += end
		default:
			p.sign(c)
		}
	}
}

func (p *parser) sign(c byte) {
	if 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' {
		p.letters = append(p.letters, c|0x20)
	}
	switch c {
	case '0', '#', '?':
		p.thousands = p.thousands || p.comma
		p.comma = false
		if c == '0' {
			p.zeros++
		}
		p.digits++
		if p.dots > 0 {
			p.decs++
		}
		p.pattern = append(p.pattern, '0')
	case '.':
		p.dots = len(p.pattern) + 1
	case ',':
		p.comma = true
	case '%':
		p.per = true
	case 'E', 'e':
		p.odd = true
	case 'y', 'Y':
		p.year = true
	case 'd', 'D':
		p.day = true
	case 'm', 'M':
		p.month = true
	case 'h', 'H':
		p.hour = true
	case 's', 'S':
		p.second = true
	case '/':
		if p.digits > 0 {
			p.odd = true // a fraction
		}
		p.pattern = append(p.pattern, c)
	default:
		p.pattern = append(p.pattern, c)
	}
}

func (p *parser) format() Format {
	hours := p.hour || p.second || p.elapsed
	switch {
	case p.year || p.day || (p.month && !hours):
		f := Format{kind: date, hasTime: p.hour}
		if len(p.pattern) == 0 {
			f.layout = compactDates[string(p.letters)]
		}
		return f
	case hours:
		return Format{kind: clock}
	case p.per:
		return Format{kind: percent, decimals: min(p.decs, 15)}
	case p.odd || p.comma || p.digits == 0:
		return Format{}
	case p.dots > 0:
		return Format{kind: decimal, decimals: min(p.decs, 15)}
	case !p.thousands && (p.zeros >= minZeros || p.digits > minZeros && strings.Contains(string(p.pattern), "-")):
		return Format{kind: pattern, zeros: p.zeros, pattern: strings.TrimSpace(string(p.pattern))}
	}
	return Format{kind: whole}
}

// compactDates are the dates without a sign between, as Go lays them out.
var compactDates = map[string]string{
	"yyyymmdd": "20060102", "yymmdd": "060102", "ddmmyy": "020106", "ddmmyyyy": "02012006", "mmddyy": "010206", "mmddyyyy": "01022006", "mmdd": "0102", "ddmm": "0201",
}

// IsDate reports whether the format shows a date.
func (f Format) IsDate() bool { return f.kind == date }

// maxSerial is the first number after the last date, 9999-12-31.
const maxSerial = 2_958_466

// Append appends v as the format shows it. date1904 tells that days count
// from 1904. What cannot be a date is written as a number.
func (f Format) Append(dst []byte, v float64, date1904 bool) []byte {
	switch f.kind {
	case date:
		if v >= 1 && v < maxSerial {
			return f.appendDate(dst, v, date1904)
		}
		if v >= 0 && v < 1 && f.hasTime {
			return appendClock(dst, v)
		}
	case clock:
		if v >= 0 && v < maxSerial {
			return appendClock(dst, v)
		}
	case decimal:
		if v != math.Trunc(v) && math.Abs(v) < 1e15 {
			return strconv.AppendFloat(dst, v, 'f', f.decimals, 64)
		}
	case percent:
		if math.Abs(v) < 1e13 {
			return append(strconv.AppendFloat(dst, v*100, 'f', f.decimals, 64), '%')
		}
	case pattern:
		if math.Abs(v) < 1e15 {
			v = math.Round(v)
			if v < 0 {
				dst = append(dst, '-')
			}
			return f.appendPattern(dst, strconv.FormatInt(int64(math.Abs(v)), 10))
		}
	case whole:
		if math.Abs(v) < 1e15 {
			return strconv.AppendInt(dst, int64(math.Round(v)), 10)
		}
	}
	return AppendNumber(dst, v)
}

// AppendNumber appends v without a format: integers in full, others with the
// 15 digits that spreadsheets keep.
func AppendNumber(dst []byte, v float64) []byte {
	if v == math.Trunc(v) && math.Abs(v) < 1e18 {
		return strconv.AppendInt(dst, int64(v), 10)
	}
	short := strconv.AppendFloat(nil, v, 'g', -1, 64)
	if len(short) > 16 {
		short = strconv.AppendFloat(nil, v, 'g', 15, 64)
		if x, err := strconv.ParseFloat(string(short), 64); err == nil {
			short = strconv.AppendFloat(nil, x, 'g', -1, 64)
		}
	}
	if a := math.Abs(v); a < 1e-6 || a >= 1e15 {
		return append(dst, short...)
	}
	if x, err := strconv.ParseFloat(string(short), 64); err == nil {
		v = x
	}
	return strconv.AppendFloat(dst, v, 'f', -1, 64) // not 1.23e+06
}

func (f Format) appendDate(dst []byte, v float64, date1904 bool) []byte {
	days := int(v)
	base := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	switch {
	case date1904:
		base = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	case days < 60: // before Excel's 29 February 1900, which never was
		days++
	}
	day := base.AddDate(0, 0, days)
	if f.layout != "" {
		return day.AppendFormat(dst, f.layout)
	}
	dst = day.AppendFormat(dst, time.DateOnly)
	if frac := v - math.Trunc(v); f.hasTime && frac > 0 {
		dst = appendClock(append(dst, ' '), frac)
	}
	return dst
}

func appendClock(dst []byte, v float64) []byte {
	s := int64(math.Round(v * 24 * 60 * 60))
	two := func(n int64) {
		if n < 10 {
			dst = append(dst, '0')
		}
		dst = strconv.AppendInt(dst, n, 10)
	}
	two(s / 3600)
	dst = append(dst, ':')
	two(s / 60 % 60)
	if s%60 != 0 {
		dst = append(dst, ':')
		two(s % 60)
	}
	return dst
}

// appendPattern lays digits into the pattern from the right; more digits than
// places stand before the first.
func (f Format) appendPattern(dst []byte, digits string) []byte {
	if n := f.zeros - len(digits); n > 0 {
		digits = strings.Repeat("0", n) + digits
	}
	extra := len(digits) - strings.Count(f.pattern, "0")
	for i := range len(f.pattern) {
		if f.pattern[i] != '0' {
			dst = append(dst, f.pattern[i])
			continue
		}
		if extra > 0 {
			dst = append(dst, digits[:extra+1]...)
			digits = digits[extra+1:]
			extra = 0
			continue
		}
		if extra < 0 { // places of # that the number does not fill
			extra++
			continue
		}
		dst = append(dst, digits[0])
		digits = digits[1:]
	}
	return dst
}

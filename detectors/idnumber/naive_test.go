package idnumber_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"aktvakt/detectors"
)

// A second implementation of the rules, as plainly as possible and without a
// line in common with the first: a regular expression and arithmetic on
// strings. It knows the common forms only, and no context.

type naive struct {
	label string
	re    *regexp.Regexp
	valid func(digits string, sep string) bool
}

var naives = map[string]naive{
	"se-personnummer": {"Personnummer", regexp.MustCompile(`^(?:19|20)?(\d{6})([-+]?)(\d{4})$`), func(d, _ string) bool {
		return naiveDate(d[:2], d[2:4], d[4:6]) && d[6:9] != "000" && naiveLuhn(d)
	}},
	"se-samordningsnummer": {"Samordningsnummer", regexp.MustCompile(`^(?:19|20)?(\d{6})([-+]?)(\d{4})$`), func(d, _ string) bool {
		day, _ := strconv.Atoi(d[4:6])
		month, _ := strconv.Atoi(d[2:4])
		unknown := day == 60 && month <= 12 || month == 0 && day >= 60 && day <= 91
		return (unknown || day > 60 && naiveDate(d[:2], d[2:4], fmt.Sprintf("%02d", day-60))) && d[6:9] != "000" && naiveLuhn(d)
	}},
	"dk-cpr": {"CPR", regexp.MustCompile(`^(\d{6})(-?)(\d{4})$`), func(d, _ string) bool {
		return naiveDate(d[4:6], d[2:4], d[:2]) && d[6:] != "0000"
	}},
	"no-fodselsnummer": {"Fødselsnummer", regexp.MustCompile(`^(\d{6})( ?)(\d{5})$`), func(d, _ string) bool {
		month, _ := strconv.Atoi(d[2:4])
		for _, add := range []int{0, 65, 80} {
			if naiveDate(d[4:6], fmt.Sprintf("%02d", month-add), d[:2]) {
				return naiveSum(d[:9], 3, 7, 6, 1, 8, 9, 4, 5, 2) == d[9:10] && naiveSum(d[:10], 5, 4, 3, 2, 7, 6, 5, 4, 3, 2) == d[10:]
			}
		}
		return false
	}},
	"fi-hetu": {"Henkilötunnus", regexp.MustCompile(`^(\d{6})([-A-FU-Y])(\d{3}[0-9A-Y])$`), func(d, _ string) bool {
		n, _ := strconv.Atoi(d[:9])
		serial, _ := strconv.Atoi(d[6:9])
		return naiveDate(d[4:6], d[2:4], d[:2]) && serial >= 2 && "0123456789ABCDEFHJKLMNPRSTUVWXY"[n%31] == d[9]
	}},
	"is-kennitala": {"Kennitala", regexp.MustCompile(`^(\d{6})(-?)(\d{4})$`), func(d, _ string) bool {
		return naiveDate(d[4:6], d[2:4], d[:2]) && strings.Contains("890", d[9:])
	}},
}

func naiveDate(yy, mm, dd string) bool {
	for _, century := range []string{"19", "20"} {
		if _, err := time.Parse("20060102", century+yy+mm+dd); err == nil {
			return true
		}
	}
	return false
}

func naiveLuhn(d string) bool {
	sum := 0
	for i, c := range d {
		v := strconv.Itoa(int(c-'0') * (2 - i%2))
		for _, x := range v {
			sum += int(x - '0')
		}
	}
	return sum%10 == 0
}

// naiveSum is the control digit: 11 less the weighted sum modulo 11, or "x".
func naiveSum(d string, weights ...int) string {
	sum := 0
	for i, w := range weights {
		sum += w * int(d[i]-'0')
	}
	k := (11 - sum%11) % 11
	if k == 10 {
		return "x"
	}
	return strconv.Itoa(k)
}

// TestDifferential compares with the naive implementation behind a label: on
// random numbers, and on random numbers with a plausible date.
func TestDifferential(t *testing.T) {
	f := newFinder(t, detectors.Options{})
	now := time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)
	for name, n := range naives {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(5, uint64(len(name))))
			valid := 0
			for range 60_000 {
				text := randomNumber(r, name)
				m := n.re.FindStringSubmatch(text)
				if m == nil {
					t.Fatalf("the generator of %s gave a wrong shape", name)
				}
				want := n.valid(m[1]+m[3], m[2])
				line := n.label + ": " + text
				ms := f.Find(detectors.Text{Body: []byte(line), Date: now})
				i := slices.IndexFunc(ms, func(m detectors.Match) bool { return m.Detector == name })
				switch got := i >= 0; {
				case got && !want:
					t.Fatalf("found %q, which the naive rule rejects", line)
				case want && !got && !future(name, m[1]+m[3], m[2], text, now) && !otherKind(ms, name):
					t.Fatalf("missed %q, which the naive rule accepts", line)
				case want:
					valid++
				}
			}
			if valid < 20 {
				t.Errorf("only %d valid numbers tried", valid)
			}
		})
	}
}

// otherKind reports whether the number was found as another kind that its
// label may mean as well.
func otherKind(ms []detectors.Match, name string) bool {
	return len(ms) == 1 && ms[0].Detector[:2] != name[:2] && ms[0].Labelled
}

// future reports whether the number's century, series or date cannot be: the
// naive rule does not know centuries.
func future(name, d, sep, text string, now time.Time) bool {
	at := func(y int, mm, dd string) bool {
		b, err := time.Parse("20060102", fmt.Sprintf("%04d", y)+mm+dd)
		return err != nil || b.After(now)
	}
	yy, _ := strconv.Atoi(d[4:6])
	switch name {
	case "se-personnummer", "se-samordningsnummer":
		day, _ := strconv.Atoi(d[4:6])
		dd := fmt.Sprintf("%02d", day%60)
		yy, _ = strconv.Atoi(d[:2])
		if day == 60 || d[2:4] == "00" {
			c, _ := strconv.Atoi(text[:2])
			return strings.HasPrefix(text, "20") && c*100+yy >= now.Year()
		}
		if len(strings.NewReplacer("-", "", "+", "").Replace(text)) == 12 {
			c, _ := strconv.Atoi(text[:2])
			return at(c*100+yy, d[2:4], dd)
		}
		y := 2000 + yy
		if b, err := time.Parse("20060102", fmt.Sprintf("%04d", y)+d[2:4]+dd); err == nil && b.After(now) || err != nil && yy > now.Year()%100 {
			y -= 100
		}
		if sep == "+" {
			y -= 100
		}
		return at(y, d[2:4], dd) || y < 1840
	case "dk-cpr":
		y := 1900 + yy
		switch s := d[6]; {
		case (s == '4' || s == '9') && yy <= 36, s >= '5' && s <= '8' && yy <= 57:
			y = 2000 + yy
		case s >= '5' && s <= '8':
			y = 1800 + yy
		}
		return at(y, d[2:4], d[:2])
	case "no-fodselsnummer":
		return true // series and months are covered by the vectors
	case "fi-hetu":
		y := 1900 + yy
		if strings.Contains("ABCDEF", sep) {
			y += 100
		}
		return at(y, d[2:4], d[:2])
	case "is-kennitala":
		return at(map[byte]int{'8': 1800, '9': 1900, '0': 2000}[d[9]]+yy, d[2:4], d[:2])
	}
	return false
}

// randomNumber gives digits in a kind's shape; half of them have a date and a
// right check digit in every tenth or so.
func randomNumber(r *rand.Rand, name string) string {
	pick := func(s string) string { return string(s[r.IntN(len(s))]) }
	date := func(order string, add int) string {
		y, m, d := r.IntN(100), 1+r.IntN(12), 1+r.IntN(31)+add
		if r.IntN(4) == 0 {
			y, m, d = r.IntN(100), r.IntN(100), r.IntN(100)
		}
		if order == "ymd" {
			return fmt.Sprintf("%02d%02d%02d", y, m, d)
		}
		return fmt.Sprintf("%02d%02d%02d", d, m, y)
	}
	hyphen := []string{"", "-"}[r.IntN(2)]
	switch name {
	case "se-personnummer", "se-samordningsnummer":
		add := 0
		if name != "se-personnummer" {
			add = 60
		}
		s := date("ymd", add)
		century := []string{"", "19", "20"}[r.IntN(3)]
		if century == "" && r.IntN(5) == 0 {
			hyphen = "+"
		}
		return century + s + hyphen + fmt.Sprintf("%04d", r.IntN(10000))
	case "no-fodselsnummer":
		s := date("dmy", 0)
		if r.IntN(2) == 0 {
			m, _ := strconv.Atoi(s[2:4])
			s = s[:2] + fmt.Sprintf("%02d", (m+80)%100) + s[4:]
		}
		s += fmt.Sprintf("%03d", r.IntN(1000))
		k := naiveSum(s, 3, 7, 6, 1, 8, 9, 4, 5, 2)
		if k == "x" || r.IntN(8) == 0 {
			k = "5"
		}
		k2 := naiveSum(s+k, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
		if k2 == "x" {
			k2 = "1"
		}
		return s[:6] + []string{"", " "}[r.IntN(2)] + s[6:] + k + k2
	case "fi-hetu":
		s := date("dmy", 0)
		return s + pick("-ABCDEFUVWXY") + fmt.Sprintf("%03d", r.IntN(1000)) + pick("0123456789ABCDEFHJKLMNPRSTUVWXY")
	}
	return date("dmy", 0) + hyphen + fmt.Sprintf("%04d", r.IntN(10000))
}

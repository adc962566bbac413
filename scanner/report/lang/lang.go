// Package lang holds the words of the reports in Swedish, Danish, Norwegian,
// Finnish and English, and writes numbers and dates the way each language
// does.
//
// All phrases stand in phrases.txt, the languages beside each other, so that
// whoever mends one sees the rest.
package lang

import (
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

//go:embed phrases.txt
var phrases string

// Codes are the languages, BCP 47.
var Codes = []string{"en", "sv", "da", "nb", "fi"}

var tables = sync.OnceValue(func() map[string]map[string]string {
	t, err := parse(phrases)
	if err != nil {
		panic("lang: " + err.Error()) // the file is part of the program; a test reads it
	}
	return t
})

// parse reads "[key]" lines, each followed by one "code phrase" line a
// language.
func parse(s string) (map[string]map[string]string, error) {
	out := map[string]map[string]string{}
	for _, c := range Codes {
		out[c] = map[string]string{}
	}
	key := ""
	for n, line := range strings.Split(s, "\n") {
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '[':
			key = strings.Trim(line, "[]")
			if _, twice := out["en"][key]; twice {
				return nil, fmt.Errorf("line %d: %q is there twice", n+1, key)
			}
		default:
			code, text, ok := strings.Cut(line, " ")
			if !ok || out[code] == nil || key == "" {
				return nil, fmt.Errorf("line %d: not a phrase", n+1)
			}
			out[code][key] = text
		}
	}
	return out, nil
}

// Text is one language.
type Text struct {
	// Code is the language's BCP 47 code.
	Code    string
	phrases map[string]string
}

// Get returns a language, English for one that is not among Codes.
func Get(code string) Text {
	if tables()[code] == nil {
		code = "en"
	}
	return Text{Code: code, phrases: tables()[code]}
}

// Has reports whether there is a phrase for the key.
func (t Text) Has(key string) bool { _, ok := t.phrases[key]; return ok }

// Say returns the phrase of a key with its {names} filled in: pairs of name
// and value. A key that is not known returns itself.
func (t Text) Say(key string, pairs ...string) string {
	s, ok := t.phrases[key]
	if !ok {
		return key
	}
	if len(pairs) == 0 {
		return s
	}
	r := make([]string, len(pairs))
	for i := 0; i+1 < len(pairs); i += 2 {
		r[i], r[i+1] = "{"+pairs[i]+"}", pairs[i+1]
	}
	return strings.NewReplacer(r...).Replace(s)
}

// Word returns the phrase of kind.id, and the id itself where there is none,
// such as for a category that an organisation added.
func (t Text) Word(kind, id string) string {
	if t.Has(kind + "." + id) {
		return t.phrases[kind+"."+id]
	}
	return id
}

// Count returns "3 documents" in the language; key is "n.documents" without
// its ending.
func (t Text) Count(key string, n int) string {
	if n == 1 {
		return t.Say(key + ".one")
	}
	return t.Say(key+".other", "n", t.Number(n))
}

// nbsp keeps the groups of a number on one line.
const nbsp = "\u00a0"

// Number writes a count with its thousands apart.
func (t Text) Number(n int) string {
	sep := nbsp
	switch t.Code {
	case "en":
		sep = ","
	case "da":
		sep = "."
	}
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + sep + s[i:]
	}
	return s
}

// Percent writes a share of 1 without decimals, "<1 %" where that would be 0.
func (t Text) Percent(share float64) string {
	n := strconv.Itoa(int(share*100 + 0.5))
	if share > 0 && n == "0" {
		n = "<1"
	}
	if share < 1 && n == "100" {
		n = ">99"
	}
	if t.Code == "en" {
		return n + "%"
	}
	return n + nbsp + "%"
}

var months = map[string][12]string{
	"en": {"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
	"sv": {"januari", "februari", "mars", "april", "maj", "juni", "juli", "augusti", "september", "oktober", "november", "december"},
	"da": {"januar", "februar", "marts", "april", "maj", "juni", "juli", "august", "september", "oktober", "november", "december"},
	"nb": {"januar", "februar", "mars", "april", "mai", "juni", "juli", "august", "september", "oktober", "november", "desember"},
	"fi": {"tammikuuta", "helmikuuta", "maaliskuuta", "huhtikuuta", "toukokuuta", "kesäkuuta", "heinäkuuta", "elokuuta", "syyskuuta", "lokakuuta", "marraskuuta", "joulukuuta"},
}

// Date writes a day in words, "24. november 2026". A zero time is "".
func (t Text) Date(d time.Time) string {
	if d.IsZero() {
		return ""
	}
	dot := "."
	if t.Code == "en" || t.Code == "sv" {
		dot = ""
	}
	return fmt.Sprintf("%d%s%s%s %d", d.Day(), dot, nbsp, months[t.Code][d.Month()-1], d.Year())
}

// DateTime writes a day in words and the time of day.
func (t Text) DateTime(d time.Time) string {
	if d.IsZero() {
		return ""
	}
	clock := d.Format("15:04")
	if t.Code == "da" || t.Code == "fi" {
		clock = d.Format("15.04")
	}
	return t.Date(d) + nbsp + clock
}

// ShortDate is the layout of a day in a table, for package time.
func (t Text) ShortDate(d time.Time) string {
	if d.IsZero() {
		return ""
	}
	switch t.Code {
	case "sv":
		return d.Format("2006-01-02")
	case "en":
		return d.Format("2 Jan 2006")
	case "da":
		return d.Format("02.01.2006")
	}
	return d.Format("2.1.2006")
}

// Duration writes a time span in its one or two largest units.
func (t Text) Duration(d time.Duration) string {
	s := int(d.Round(time.Second).Seconds())
	unit := func(key string, n int) string { return t.Say("dur."+key, "n", t.Number(n)) }
	switch {
	case s < 60:
		return unit("s", max(s, 1))
	case s < 3600:
		return unit("m", s/60) + " " + unit("s", s%60)
	}
	return unit("h", s/3600) + " " + unit("m", s%3600/60)
}

// Bytes writes a size in decimal units.
func (t Text) Bytes(n int64) string {
	units := []string{"B", "kB", "MB", "GB", "TB"}
	f, i := float64(n), 0
	for f >= 1000 && i < len(units)-1 {
		f, i = f/1000, i+1
	}
	s := strconv.FormatFloat(f, 'f', 1, 64)
	if f >= 10 || i == 0 {
		s = strconv.FormatFloat(f, 'f', 0, 64)
	}
	if t.Code != "en" {
		s = strings.Replace(s, ".", ",", 1)
	}
	return s + nbsp + units[i]
}

// Under returns the phrases whose keys begin with one of the prefixes, for
// those who fill them in elsewhere.
func (t Text) Under(prefixes ...string) map[string]string {
	out := map[string]string{}
	for _, k := range slices.Sorted(maps.Keys(t.phrases)) {
		for _, p := range prefixes {
			if strings.HasPrefix(k, p) {
				out[k] = t.phrases[k]
			}
		}
	}
	return out
}

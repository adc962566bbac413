package lang

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Every language has every phrase, with the same places to fill in.
func TestLanguagesAreWhole(t *testing.T) {
	hole := regexp.MustCompile(`\{\w+\}`)
	holes := func(s string) []string {
		h := hole.FindAllString(s, -1)
		slices.Sort(h)
		return h
	}
	en := tables()["en"]
	if len(en) < 100 {
		t.Fatalf("only %d phrases", len(en))
	}
	for _, code := range Codes {
		got := tables()[code]
		for _, k := range slices.Sorted(maps.Keys(en)) {
			if strings.TrimSpace(got[k]) == "" {
				t.Errorf("%s has no phrase for %s", code, k)
			} else if diff := cmp.Diff(holes(en[k]), holes(got[k])); diff != "" {
				t.Errorf("%s: %s: %s", code, k, diff)
			}
		}
		if len(got) != len(en) {
			t.Errorf("%s has %d phrases, English %d", code, len(got), len(en))
		}
	}
	for k := range en {
		if base, ok := strings.CutSuffix(k, ".one"); ok && en[base+".other"] == "" {
			t.Errorf("%s has no .other", k)
		}
	}
}

func TestParseFaults(t *testing.T) {
	for _, s := range []string{"[a]\nen x\n[a]\nen y", "[a]\nxx y", "en x", "[a]\nen"} {
		if _, err := parse(s); err == nil {
			t.Errorf("%q: no error", s)
		}
	}
}

func TestForms(t *testing.T) {
	d := time.Date(2026, 5, 3, 6, 7, 0, 0, time.UTC)
	tests := []struct{ code, number, percent, date, when, short, bytes, docs string }{
		{"en", "1,234,567", "5%", "3\u00a0May 2026", "3\u00a0May 2026\u00a006:07", "3 May 2026", "1.5\u00a0MB", "1,243 documents"},
		{"sv", "1\u00a0234\u00a0567", "5\u00a0%", "3\u00a0maj 2026", "3\u00a0maj 2026\u00a006:07", "2026-05-03", "1,5\u00a0MB", "1\u00a0243 dokument"},
		{"da", "1.234.567", "5\u00a0%", "3.\u00a0maj 2026", "3.\u00a0maj 2026\u00a006.07", "03.05.2026", "1,5\u00a0MB", "1.243 dokumenter"},
		{"nb", "1\u00a0234\u00a0567", "5\u00a0%", "3.\u00a0mai 2026", "3.\u00a0mai 2026\u00a006:07", "3.5.2026", "1,5\u00a0MB", "1\u00a0243 dokumenter"},
		{"fi", "1\u00a0234\u00a0567", "5\u00a0%", "3.\u00a0toukokuuta 2026", "3.\u00a0toukokuuta 2026\u00a006.07", "3.5.2026", "1,5\u00a0MB", "1\u00a0243 asiakirjaa"},
	}
	for _, tt := range tests {
		x := Get(tt.code)
		got := []string{x.Number(1234567), x.Percent(0.05), x.Date(d), x.DateTime(d), x.ShortDate(d), x.Bytes(1_500_000), x.Count("n.documents", 1243)}
		want := []string{tt.number, tt.percent, tt.date, tt.when, tt.short, tt.bytes, tt.docs}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", tt.code, diff)
		}
	}
	en := Get("xx")
	for _, tt := range []struct{ got, want string }{
		{en.Code, "en"},
		{en.Number(-1234), "-1,234"}, {en.Number(-123), "-123"}, {en.Number(999), "999"},
		{en.Percent(0.001), "<1%"}, {en.Percent(0.999), ">99%"}, {en.Percent(1), "100%"}, {en.Percent(0), "0%"},
		{en.Count("n.documents", 1), "1 document"},
		{en.Word("cat", "our-own"), "our-own"}, {en.Word("cat", "debt"), "Debt"},
		{en.Say("no.such.key"), "no.such.key"},
		{en.Duration(300 * time.Millisecond), "1 s"}, {en.Duration(75 * time.Second), "1 min 15 s"}, {en.Duration(3 * time.Hour), "3 h 0 min"},
		{en.Bytes(999), "999\u00a0B"}, {en.Bytes(12_345), "12\u00a0kB"},
		{en.Date(time.Time{}) + en.DateTime(time.Time{}) + en.ShortDate(time.Time{}), ""},
	} {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
}

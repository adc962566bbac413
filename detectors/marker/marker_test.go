package marker

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func embeddedMatcher(t testing.TB) (*Catalogue, *Matcher) {
	t.Helper()
	c, err := Embedded()
	if err != nil {
		t.Fatal(err)
	}
	return c, New([]*Catalogue{c}, nil)
}

// found returns the ids of the markers in a text, each with what it covers.
func found(m *Matcher, text string) []string {
	var out []string
	m.Find([]byte(text), func(h Hit) bool {
		out = append(out, fmt.Sprintf("%s %q", h.Entry.ID, text[h.Start:h.End]))
		return true
	})
	return out
}

func TestEveryFormMatches(t *testing.T) {
	c, m := embeddedMatcher(t)
	for i := range c.Markers {
		e := &c.Markers[i]
		if e.Match == "regex" {
			continue
		}
		forms := e.Forms
		if e.Stem != "" {
			forms = append([]string{e.Stem}, forms...)
		}
		for _, form := range forms {
			for _, text := range []string{form, "x " + form + ".", "å, " + form + "\n", strings.ReplaceAll(form, " ", "\n  ")} {
				hit := false
				m.Find([]byte(text), func(h Hit) bool {
					hit = hit || h.Entry == e
					return true
				})
				if !hit {
					t.Errorf("%s: form %q does not match in %q", e.ID, form, text)
				}
			}
		}
	}
}

// TestPatterns holds one text for each kind of pattern and a near miss.
func TestPatterns(t *testing.T) {
	_, m := embeddedMatcher(t)
	for _, test := range []struct {
		text string
		want string // the id, empty for none
	}{
		{"vård med stöd av 2 § LVU", "sv-0044"},
		{"enligt 11 kap. 1 § SoL", "sv-0047"},
		{"enligt 11 kap.\n1 § SoL", "sv-0047"},
		{"jfr 19 kap. 1 § socialtjänstlagen (2025:400)", "sv-0049"},
		{"Dnr: SN 2025/0113", "sv-0259"},
		{"akten SN 2024-118.2", "sv-0260"},
		{"den 2024-11-18 kl. 10", ""},
		{"bet. 5000-K123456-25", "sv-0211"},
		{"diagnos F32.1 enligt intyg", "sv-0144"},
		{"reg.nr F32 står i garaget", ""},
		{"jf. barnets lov § 20", "da-0031"},
		{"27.24.00-G01-114-25", "da-0177"},
		{"den 27.05.25 blev det", ""},
		{"etter barnevernsloven § 4-2", "no-0021"},
		{"lastensuojelulain 25 §", "fi-0020"},
		{"22. gr. barnaverndarlaga nr. 80/2002", "is-0014"},
		{"Sak: 24/01944-3", "no-0104"},
		{"ransakning 24/01944", ""},
		{"SEKRETESS enligt 26 kap. 1 § OSL", "sv-0249"},
		{"§ 14 Ärende", ""},
	} {
		ids := strings.Join(found(m, test.text), " ")
		if test.want == "" && strings.Contains(ids, "0") || !strings.Contains(ids, test.want) {
			t.Errorf("%q: found %q, want %q", test.text, ids, test.want)
		}
	}
}

const testCatalogue = `
version: 1
lang: sv
categories:
  c: {label: C, floor: sensitive}
markers:
- {id: a, category: c, term: orosanmälan, match: prefix, stem: orosanmäl, promote: title}
- {id: b, category: c, term: LVU}
- {id: c, category: c, term: barnets behov, promote: heading}
- {id: d, category: c, term: vräkning}
- {id: e, category: c, term: sekretess, kind: stamp, promote: stamp}
- {id: f, category: c, kind: lawref, term: old, match: regex, pattern: '11 ?kap\. ?1 ?§ ?SoL', until: 2025-06-30, promote: lawref}
- {id: g, category: c, kind: lawref, term: new, match: regex, pattern: '11 ?kap\. ?1 ?§ ?SoL', from: 2025-07-01, promote: lawref}
- {id: h, category: c, term: mors inställning, promote: heading}
- {id: i, category: c, term: fars inställning, promote: heading}
`

func parsed(t testing.TB, data string) (*Catalogue, *Matcher) {
	t.Helper()
	c, err := Parse([]byte(data), nil)
	if err != nil {
		t.Fatal(err)
	}
	return c, New([]*Catalogue{c}, nil)
}

func TestSpellings(t *testing.T) {
	_, m := parsed(t, testCatalogue)
	for _, test := range []struct {
		name, text string
		want       []string
	}{
		{"case", "OROSANMÄLAN", []string{`a "OROSANMÄLAN"`}},
		{"inflection", "orosanmälningarna kom", []string{`a "orosanmälningarna"`}},
		{"inflected word", "vräkningen skedde", []string{`d "vräkningen"`}},
		{"compound", "tvillingorosanmälan", []string{`a "tvillingorosanmälan"`}},
		{"no compound of a whole word", "hushållsvräkning", nil},
		{"longer word", "vräkningshotad", nil},
		{"Unicode boundary before", "åvräkning", nil},
		{"digit boundary", "3vräkning", nil},
		{"soft hyphen", "oros\u00adanmälan", []string{`a "oros\u00adanmälan"`}},
		{"divided at the line end", "oros-\n  anmälan i dag", []string{`a "oros-\n  anmälan"`}},
		{"hyphen of a compound", "oros-anmälan", nil},
		{"no-break space", "barnets\u00a0behov", []string{`c "barnets\u00a0behov"`}},
		{"line break and tabs", "barnets\r\n\t behov", []string{`c "barnets\r\n\t behov"`}},
		{"combining accent", "orosanma\u0308lan", []string{"a \"orosanma\u0308lan\""}},
		{"letter-spaced", "en  V R Ä K N I N G  i dag", []string{`d "V R Ä K N I N G"`}},
		{"OCR zero", "0rosanmälan och or0sanmälan", []string{`a "or0sanmälan"`}},
		{"abbreviation", "enligt LVU.", []string{`b "LVU"`}},
		{"abbreviation in lower case", "enligt lvu", nil},
		{"curly quotes", "”vräkning”", []string{`d "vräkning"`}},
		{"dash", "hot–vräkning", []string{`d "vräkning"`}},
		{"law over a line break", "11 kap.\n1 §\u00a0SoL", []string{`f "11 kap.\n1 §\u00a0SoL"`, `g "11 kap.\n1 §\u00a0SoL"`}},
		{"law inside a number", "111 kap. 1 § SoL", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, found(m, test.text)); diff != "" {
				t.Errorf("%q (-want +got):\n%s", test.text, diff)
			}
		})
	}
}

func TestPromote(t *testing.T) {
	_, m := parsed(t, testCatalogue)
	filler := strings.Repeat("Nämnden behandlade budgeten för gator och torg under året. ", 12)
	for _, test := range []struct {
		name, text, person string
		want               string
	}{
		{"title on its own line", "Orosanmälan\n" + filler, "", "a strong"},
		{"title far from a person", filler + "en orosanmälan kan göras. " + filler + "Anna", "Anna", "a medium"},
		{"title beside a person", filler + "en orosanmälan om Anna. " + filler, "Anna", "a strong"},
		{"one heading", "Barnets behov\nx\nAnna", "Anna", "c medium"},
		{"three headings", "Barnets behov\nx\nMors inställning\nx\nFars inställning\nx\nAnna", "Anna", "c strong,h strong,i strong"},
		{"headings without a person", "Barnets behov\nx\nMors inställning\nx\nFars inställning\nx", "", "c medium,h medium,i medium"},
		{"stamp at the edge", "SEKRETESS\n" + filler, "", "e strong"},
		{"stamp in running text", strings.Repeat(filler+"\n", 6) + "om sekretess gäller. " + strings.Repeat(filler+"\n", 6), "", "e medium"},
		{"law with a person", filler + "Anna, 11 kap. 1 § SoL", "Anna", "g strong"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var hits []Hit
			m.Find([]byte(test.text), func(h Hit) bool { hits = append(hits, h); return true })
			SortHits(hits)
			var persons []Span
			if i := strings.Index(test.text, test.person); test.person != "" && i >= 0 {
				persons = append(persons, Span{i, i + len(test.person)})
			}
			hits = Promote([]byte(test.text), hits, persons, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
			var got []string
			for _, h := range hits {
				got = append(got, h.Entry.ID+" "+h.Strength)
			}
			if diff := cmp.Diff(test.want, strings.Join(got, ",")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestValidity(t *testing.T) {
	_, m := parsed(t, testCatalogue)
	text := []byte("enligt 11 kap. 1 § SoL")
	for day, want := range map[string]string{"2025-06-30": "f", "2025-07-01": "g", "": "fg"} {
		var hits []Hit
		m.Find(text, func(h Hit) bool { hits = append(hits, h); return true })
		var d time.Time
		if day != "" {
			d, _ = time.Parse(time.DateOnly, day)
		}
		got := ""
		for _, h := range Promote(text, hits, nil, d) {
			got += h.Entry.ID
		}
		if got != want {
			t.Errorf("day %q: %s, want %s", day, got, want)
		}
	}
}

func TestParseFaults(t *testing.T) {
	_, err := Parse([]byte(`
version: 1
markers:
- {id: x, category: nowhere, term: t, kind: novel, weight: heavy, promote: luck}
- {id: x, category: nowhere, term: t, match: regex, pattern: '[0-9]+'}
- {category: nowhere, match: regex, pattern: '('}
- {id: y, category: nowhere, term: t, match: prefix, from: yesterday}
`), nil)
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		`marker "x": unknown category "nowhere"`, `unknown kind "novel" (known: casenumber,`, `unknown weight "heavy"`,
		`unknown promotion "luck"`, `the id is used twice`, `holds no fixed text`, `marker "number 3": has no id`,
		`missing closing )`, `match prefix needs a stem`, `from: "yesterday" is not a date`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error lacks %q:\n%v", want, err)
		}
	}
	for _, data := range []string{"", "version: 2", "version: 1\nmarker: []", "\t", "version: 1\nmarkers: 3"} {
		if _, err := Parse([]byte(data), nil); err == nil {
			t.Errorf("%q: no error", data)
		}
	}
	if _, err := Parse([]byte("version: 1\nmarker: []"), nil); !strings.Contains(fmt.Sprint(err), "marker") {
		t.Errorf("unknown key is not named: %v", err)
	}
}

func TestChunks(t *testing.T) {
	_, m := parsed(t, testCatalogue)
	for _, offset := range []int{0, 1, chunkSize - overlap - 3, chunkSize - overlap, chunkSize - 5, chunkSize, 2*chunkSize - 7} {
		text := bytes.Repeat([]byte("å x. "), 60_000)
		copy(text[offset:], " vräkning ")
		n := 0
		m.Find(text, func(h Hit) bool {
			n++
			if got := string(text[h.Start:h.End]); got != "vräkning" {
				t.Errorf("offset %d: hit covers %q", offset, got)
			}
			return true
		})
		if n != 1 {
			t.Errorf("offset %d: %d hits", offset, n)
		}
	}
}

func TestName(t *testing.T) {
	_, m := embeddedMatcher(t)
	for path, want := range map[string]string{
		"IFO/LVU_pågående/beslut.docx":  "sv-0317",
		"HR/rehab_plan 2024.docx":       "sv-0318",
		"Børn/underretning_140326.pdf":  "da-0261",
		"kommun/budget/prognos 3.xlsx":  "",
		"barnevern/bekymringsmelding.d": "no-0122",
	} {
		var ids []string
		for _, e := range m.Name(path) {
			ids = append(ids, e.ID)
		}
		if got := strings.Join(ids, " "); want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%q: %q, want %q", path, got, want)
		}
	}
}

func TestTriggers(t *testing.T) {
	for pattern, want := range map[string][]string{
		`\d{1,2} ?§ ?LVU`:       {"# §lvu", "# § lvu"},
		`[0-9]+`:                nil,
		`a?b?`:                  nil,
		`(?:Dnr|Aktnr)\.?: ?\d`: {"dnr:#"},
	} {
		got := triggers(pattern)
		if len(want) == 0 && len(got) > 0 {
			t.Errorf("%q: %q", pattern, got)
		}
		for _, w := range want {
			if !oneOf(w, got) {
				t.Errorf("%q: %q lacks %q", pattern, got, w)
			}
		}
	}
}

// TestHostile: no text may take more than linear time; a quadratic one would
// not end before the test is ended.
func TestHostile(t *testing.T) {
	_, m := embeddedMatcher(t)
	for _, unit := range []string{
		" ", "\n", "a", "å", "orosanmälan", "orosanmälan ", "barnets  ", "11 kap. 1 § ", "a ", "\u00ad", "\u0308", "-\n", "0", "a0", "barnets\t\t\t\t\t\t",
		"§ ", "1 § LVU 2 § LVU ", "sak ", "\xff", "\xc3", "\xe2\x80",
	} {
		text := bytes.Repeat([]byte(unit), 1<<19/len(unit))
		hits := 0
		m.Find(text, func(h Hit) bool {
			hits++
			if h.Start < 0 || h.End > len(text) || h.Start >= h.End {
				t.Fatalf("%q: a hit at %d to %d of %d", unit, h.Start, h.End, len(text))
			}
			return true
		})
		if hits > len(text) {
			t.Errorf("%q: %d hits in %d bytes", unit, hits, len(text))
		}
	}
}

func FuzzFind(f *testing.F) {
	c, m := embeddedMatcher(f)
	_ = c
	for _, s := range []string{"orosanmälan", "O R O S A N M Ä L A N", "11 kap.\n1 § SoL", "a\u0308\u00ad-\nb", "\xc3\xc3\xe2", "SN 2024-118.2"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		count := func(text []byte, shift int) map[string]int {
			n := map[string]int{}
			m.Find(text, func(h Hit) bool {
				if h.Start < 0 || h.End > len(text) || h.Start >= h.End {
					t.Fatalf("%s at %d..%d of %d", h.Entry.ID, h.Start, h.End, len(text))
				}
				n[fmt.Sprint(h.Entry.ID, h.Start-shift, h.End-shift)]++
				return true
			})
			return n
		}
		neutral := "xyz qq.\n\n"
		a, b := count(text, 0), count(append([]byte(neutral), text...), len(neutral))
		if diff := cmp.Diff(a, b); diff != "" && bytes.IndexFunc(text, func(r rune) bool { return r == '\u0308' }) != 0 {
			t.Errorf("a neutral prefix changes hits of %q:\n%s", text, diff)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(testCatalogue))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse(data, nil)
		if err == nil && len(data) < 10_000 {
			New([]*Catalogue{c}, nil)
		}
	})
}

package name

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// mentions describes each mention: the text, * for an official, ! for a
// client, and before it the number of the person.
func mentions(text string) []string {
	var out []string
	for _, m := range Find([]byte(text)) {
		s := text[m.Start:m.End]
		if m.Official {
			s += "*"
		}
		if m.Client {
			s += "!"
		}
		out = append(out, fmt.Sprintf("%d %s", m.Person, s))
	}
	return out
}

func TestFind(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       []string
	}{
		{"given and family name", "Vi träffade Malin Skoglycke i dag.", []string{"0 Malin Skoglycke"}},
		{"same person again", "Malin Skoglycke kom. Sedan gick Malin hem.", []string{"0 Malin Skoglycke!", "0 Malin"}},
		{"two families", "Anna Berg och Anna Lind", []string{"0 Anna Berg", "1 Anna Lind"}},
		{"field", "Barn: Tindra Skoglycke", []string{"0 Tindra Skoglycke"}},
		{"age", "med Noel, 9 år, och", []string{"0 Noel!"}},
		{"age in brackets", "dottern Lisa (7) sov", []string{"0 Lisa!"}},
		{"verb", "Malthe fortalte det", []string{"0 Malthe!"}},
		{"unknown name beside family", "fadern Hêvar slog", []string{"0 Hêvar!"}},
		{"official by title", "socialsekreterare Annika Fors ringde", []string{"0 Annika Fors*!"}},
		{"official by title after", "Åsa Brink, enhetschef", []string{"0 Åsa Brink*"}},
		{"signature", "Text.\n\nVenlig hilsen\nLone Birkeby\nDaglig leder", []string{"0 Lone Birkeby*"}},
		{"mail header", "Fra: Gitte Lauesgaard\nTil: HR\n\nHej", []string{"0 Gitte Lauesgaard*"}},
		{"party", "Inger Wallmark (S) yrkade avslag", []string{"0 Inger Wallmark*"}},
		{"chat speaker", "[09:02] Bo: hvad siger hun", []string{"0 Bo*"}},
		{"initials", "samtal med T.M. om", []string{"0 T.M"}},
		{"initial and age", "A. (13 år) rymde", []string{"0 A!"}},
		{"given name and initial", "klienten Melker H sa", []string{"0 Melker H!"}},
		{"list", "Ekvall, Lotta;1976;x\nHaile, Yonas;1980;y", []string{"0 Ekvall, Lotta", "1 Haile, Yonas"}},
		{"Finnish case", "Puhuttiin Siirin ja Kyllikin kanssa", []string{"0 Siirin", "1 Kyllikin"}},
		{"Icelandic patronymic", "Arndís Hallsdóttir kom", []string{"0 Arndís Hallsdóttir!"}},
		{"genitive", "i Leons rum", []string{"0 Leons"}},
		{"two given names", "Per Olav Kirkeby", []string{"0 Per Olav Kirkeby"}},
		{"street", "på Annas gata och Karlavägen 3", nil},
		{"word at a sentence's start", "Per person kostar det 100. Else nothing.", nil},
		{"school", "på Olaus Petri skola", nil},
		{"weekday", "Mandag kom. Tirsdag gik.", nil},
		{"common words", "Kommunen beslutade. Skolan ringde. Barnet sov.", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, mentions(test.text)); diff != "" {
				t.Errorf("%q (-want +got):\n%s", test.text, diff)
			}
		})
	}
}

func TestLists(t *testing.T) {
	l := load()
	if len(l.given) < 1500 || len(l.family) < 500 {
		t.Errorf("%d given and %d family names", len(l.given), len(l.family))
	}
	for _, n := range []string{"sigríður", "väinö", "øystein", "tindra", "fatima", "jean"} {
		if n != "jean" && !l.given[n] {
			t.Errorf("%q is missing", n)
		}
	}
}

func TestHostile(t *testing.T) {
	for _, unit := range []string{"A", "A.", "Anna ", "Anna\n", "Anna: ", "/", "Hilsen\n", "a", "Å", "\xff", "Anna-", ";", "Anna (", "mor Anna "} {
		text := bytes.Repeat([]byte(unit), 1<<20/len(unit))
		start := time.Now()
		Find(text)
		if d := time.Since(start); d > 20*time.Second {
			t.Errorf("%q: %v for 1 MiB", unit, d)
		}
	}
}

func FuzzFind(f *testing.F) {
	for _, s := range []string{"Malin Skoglycke, 9 år", "Från: A\n/Bo", "A. (13) B.S. Ekvall, Lotta", "mor Å\u0308nna-\xff"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		last := 0
		for _, m := range Find(text) {
			if m.Start < last || m.End <= m.Start || m.End > len(text) {
				t.Fatalf("mention %d..%d after %d of %d", m.Start, m.End, last, len(text))
			}
			last = m.End
		}
	})
}

func BenchmarkFind(b *testing.B) {
	text := []byte(strings.Repeat("Den 3 mars ringde Malin Skoglycke och sade att sonen Noel, 9 år, inte ville gå till skolan. Kommunen har inte svarat.\n", 1000))
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		Find(text)
	}
}

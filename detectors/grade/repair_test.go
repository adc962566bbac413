package grade

import (
	"bytes"
	"strings"
	"testing"
)

func TestRepaired(t *testing.T) {
	const scan = "K1ient: Torb en Aa gaard, mødt e beru set. Han har s1ået sin sam lever, og hu n ville ikke på skade stuen. Urinprøve posi tiv for koka in."
	mended, at := Repaired([]byte(scan))
	for _, want := range []string{"Klient", "Torben", "beruset", "slået", "samlever", "skadestuen", "kokain", " ville ikke på "} {
		if !strings.Contains(string(mended), want) {
			t.Errorf("no %q in %q", want, mended)
		}
	}
	i := strings.Index(string(mended), "samlever")
	if got := scan[at[i]:at[i+len("samlever")]]; got != "sam lever" {
		t.Errorf("samlever stood as %q", got)
	}
	for _, whole := range []string{
		"",
		"Mamman ringde kl 02.10 och sa att pojken på 5 år inte vill gå till dagis. BVC och SoL 11 kap. 1 §, rum 8B.",
		"x := a1 + b2; for i := 0; i < n; i++ { y1 = f(x1, z5) }",
		strings.Repeat("a1b ", maxRepaired),
	} {
		if mended, _ := Repaired([]byte(whole)); mended != nil {
			t.Errorf("mended %.60q to %.60q", whole, mended)
		}
	}
}

// FuzzRepaired: offsets rise, stay inside the text, and nothing but white space
// and misread digits changes.
func FuzzRepaired(f *testing.F) {
	f.Add([]byte("Hän delse: Hitta d på go1vet k1 5 bred vid sänge n. B1od i hår et, kund e ej säga va d som hänt. B löja"))
	f.Add([]byte("a b c d e f g \xff h i j k 1l o0o 1\xc3 b5b b5b b5b b5b b5b"))
	f.Fuzz(func(t *testing.T, text []byte) {
		mended, at := Repaired(text)
		if mended == nil {
			return
		}
		if len(at) != len(mended)+1 || at[len(mended)] != int32(len(text)) {
			t.Fatalf("%d offsets for %d bytes", len(at), len(mended))
		}
		for i, b := range mended {
			if at[i] >= at[i+1] {
				t.Fatalf("offset %d at %d, then %d", at[i], i, at[i+1])
			}
			if was := text[at[i]]; was != b && !bytes.ContainsRune([]byte("015"), rune(was)) {
				t.Fatalf("%q became %q", was, b)
			}
		}
		if spaces := bytes.Count(text, []byte(" ")) - bytes.Count(mended, []byte(" ")); spaces != len(text)-len(mended) {
			t.Fatalf("%d bytes and %d spaces gone", len(text)-len(mended), spaces)
		}
	})
}

func TestTenses(t *testing.T) {
	for text, want := range map[string][2]int{
		"hon ringde och slutade sent, han väntade": {3, 0},
		"blanketten skickas och arkiveras":         {0, 2},
		"hun fortalte og svarede":                  {2, 0},
		"skemaet udfyldes og sendes":               {0, 2},
		"hän on itkenyt, lähtenyt":                 {2, 0},
		"lomake täytetään ja lähetetään":           {0, 2},
		"she called and refused":                   {2, 0},
		"måste, nästa, första, hans, Ringde":       {0, 0},
	} {
		if got := tenses([]byte(text)); got.past != want[0] || got.passive != want[1] {
			t.Errorf("%q: %+v, want %v", text, got, want)
		}
	}
}

// TestRoleStems: no word has two roles, or the last one read would win.
func TestRoleStems(t *testing.T) {
	total := 0
	for _, stems := range rolesOf {
		total += len(strings.Fields(stems))
	}
	if total != len(roleStems) {
		t.Errorf("%d words for %d stems", total, len(roleStems))
	}
}

// TestThinned: a thinned grader does not know a part of the open words, the
// same each time, and knows all words that everybody uses.
func TestThinned(t *testing.T) {
	g := &Grader{voc: loadVocabulary()}
	out := 0
	for w := range g.voc.words {
		gone := g.Thinned(1).unknown(w)
		if g.unknown(w) || gone != g.Thinned(1).unknown(w) {
			t.Fatalf("word %d: %v", w, gone)
		}
		if gone {
			out++
			if closedGroups[g.voc.groups[g.voc.group[w]]] {
				t.Errorf("%q is left out", g.voc.words[w].Text)
			}
		}
	}
	if share := float64(out) / float64(len(g.voc.words)); share < 0.35 || share > 0.6 {
		t.Errorf("%.2f of the words left out", share)
	}
}

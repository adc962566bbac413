package idnumber

import (
	"bytes"
	"testing"
)

func TestHeads(t *testing.T) {
	for _, x := range []struct {
		word string
		want class
	}{
		{"kortelev", wordPerson},         // a pupil
		{"elevkort", wordOther},          // a card: people's or not
		{"bankkonto", wordNegative},      // an account
		{"kontoinnehavaren", wordPerson}, // who has it
		{"kundfakturan", wordNegative},
		{"fakturamottagaren", wordPerson},
		{"telefonsamtal", wordRecord},
		{"vattenmätare", wordThing},
		{"asylsökande", wordPerson},
		{"klagande", wordPerson},
		{"meddelande", wordOther},
		{"elevnummer", wordID},
		{"hissnummer", wordUnknown},
		{"varaosa", wordThing},
		{"leiguíbúð", wordOther},
		{"henkilö", wordPerson},
		{"mands", wordPerson},
		{"Storgatan", wordOther},
		{"Teresa", wordOther},
	} {
		if got := classifySplit([]byte(x.word)); got.class != x.want {
			t.Errorf("%q: class %d, want %d", x.word, got.class, x.want)
		}
	}
}

// Each noun is listed once and long enough to be told from the ends of other
// words.
func TestHeadLists(t *testing.T) {
	seen := map[string]bool{}
	for _, l := range headLists {
		for _, n := range bytes.Fields([]byte(l.nouns)) {
			if len(n) < 4 {
				t.Errorf("%q is too short", n)
			}
			for _, b := range n {
				if b < 'a' || b > 'z' {
					t.Errorf("%q is not folded", n)
				}
			}
			if key := l.endings + string(n); seen[key] {
				t.Errorf("%q is listed twice", n)
			} else {
				seen[key] = true
			}
		}
	}
}

package idnumber

import "testing"

// TestMisread: a misspelt label is the label, another word is not.
func TestMisread(t *testing.T) {
	for _, c := range []struct {
		word string
		want bool
	}{
		{"persannummer", true}, {"personnurnmer", true}, {"personumer", true}, {"fodselsnumrner", true}, {"henkilotunmus", true},
		{"kennitola", true}, {"kennltala", true}, {"cprnumer", true}, {"samordningsnumer", true},
		{"postnummer", false}, {"kundnummer", false}, {"kidnummer", false}, {"telefonnummer", false}, {"ordrenummer", false},
		{"testsson", false}, {"rensnummer", false}, {"kontonummer", false},
	} {
		if _, got := misread([]byte(c.word)); got != c.want {
			t.Errorf("misread(%q) = %v, want %v", c.word, got, c.want)
		}
	}
}

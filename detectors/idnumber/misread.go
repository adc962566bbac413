package idnumber

// A label that optical recognition or a hasty hand got wrong, such as
// persannummer or henkil0tunmus, is still the label: a long word that is one
// or two letters from it is believed to be it. Words in which a letter looks
// like two (rn for m) count as one error each.

// labelWords are labels long enough for that, folded.
var labelWords = []struct {
	text string
	word word
}{
	{"personnummer", word{wordLabel, kindsPersonnummer}},
	{"personnummeret", word{wordLabel, kindsPersonnummer}},
	{"personnumret", word{wordLabel, kindsPersonnummer}},
	{"personbeteckning", word{wordLabel, 1 << fiHetu}},
	{"samordningsnummer", word{wordLabel, 1<<seSamordning | 1<<sePersonnummer}},
	{"fodselsnummer", word{wordLabel, kindsNO}},
	{"fodselsnummeret", word{wordLabel, kindsNO}},
	{"henkilotunnus", word{wordLabel, 1 << fiHetu}},
	{"kennitala", word{wordLabel, kindsIS}},
	{"cprnummer", word{wordLabel, kindsDK}},
}

const maxLabel = 24

// misread finds the label that w is a misspelling of.
func misread(w []byte) (word, bool) {
	if len(w) < 8 || len(w) > maxLabel {
		return word{}, false
	}
	for _, l := range labelWords {
		limit := 1
		if len(l.text) >= 12 {
			limit = 2
		}
		if d := len(w) - len(l.text); d > limit || -d > limit {
			continue
		}
		// The ending alone names any number: an error must not be all that
		// tells the words apart.
		if distance(w, l.text) <= limit {
			return l.word, true
		}
	}
	return word{}, false
}

// distance is the number of letters to change, add or leave out between a
// word and a label; rn and m, vv and w count as one letter.
func distance(w []byte, s string) int {
	var prev, before, row [maxLabel + 1]int
	for j := range len(s) + 1 {
		prev[j] = j
	}
	for i := 1; i <= len(w); i++ {
		row[0] = i
		for j := 1; j <= len(s); j++ {
			cost := 1
			if w[i-1] == s[j-1] {
				cost = 0
			}
			row[j] = min(prev[j-1]+cost, prev[j]+1, row[j-1]+1)
			if i > 1 && w[i-2] == 'r' && w[i-1] == 'n' && s[j-1] == 'm' {
				row[j] = min(row[j], before[j-1]+1)
			}
		}
		before, prev = prev, row
	}
	return prev[len(s)]
}

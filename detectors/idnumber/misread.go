package idnumber

import "math/bits"

// A label that optical recognition or a hasty hand got wrong, such as
// persannummer or henkil0tunmus, is still the label: a long word that is one
// or two letters from it is believed to be it.

// labelWords are labels long enough for that, folded.
var labelWords = func() []labelWord {
	list := []labelWord{
		{text: "personnummer", word: word{wordLabel, kindsPersonnummer}},
		{text: "personnummeret", word: word{wordLabel, kindsPersonnummer}},
		{text: "personnumret", word: word{wordLabel, kindsPersonnummer}},
		{text: "personbeteckning", word: word{wordLabel, 1 << fiHetu}},
		{text: "samordningsnummer", word: word{wordLabel, 1<<seSamordning | 1<<sePersonnummer}},
		{text: "fodselsnummer", word: word{wordLabel, kindsNO}},
		{text: "fodselsnummeret", word: word{wordLabel, kindsNO}},
		{text: "henkilotunnus", word: word{wordLabel, 1 << fiHetu}},
		{text: "kennitala", word: word{wordLabel, kindsIS}},
		{text: "cprnummer", word: word{wordLabel, kindsDK}},
	}
	for i := range list {
		list[i].letters = letters([]byte(list[i].text))
	}
	return list
}()

type labelWord struct {
	text    string
	word    word
	letters uint32
}

// letters is the set of letters in a folded word, a bit each.
func letters(w []byte) (set uint32) {
	for _, c := range w {
		set |= 1 << (c & 31)
	}
	return set
}

const maxLabel = 24

// misread finds the label that w is a misspelling of.
func misread(w []byte) (word, bool) {
	if len(w) < 8 || len(w) > maxLabel {
		return word{}, false
	}
	set := letters(w)
	for i := range labelWords {
		l := &labelWords[i]
		limit := 1
		if len(l.text) >= 12 {
			limit = 2
		}
		// An error changes the set by two letters at most, rn for m by three.
		if d := len(w) - len(l.text); d > limit || -d > limit || bits.OnesCount32(set^l.letters) > 2*limit+1 {
			continue
		}
		if distance(w, l.text) <= limit {
			return l.word, true
		}
	}
	return word{}, false
}

// distance is the number of letters to change, add or leave out between a
// word and a label; rn and m count as one letter.
func distance(w []byte, s string) int {
	var rows [3][maxLabel + 1]uint8
	for j := range len(s) + 1 {
		rows[0][j] = uint8(j)
	}
	for i := 1; i <= len(w); i++ {
		row, prev, before := &rows[i%3], &rows[(i+2)%3], &rows[(i+1)%3]
		row[0] = uint8(i)
		for j := 1; j <= len(s); j++ {
			change := prev[j-1]
			if w[i-1] != s[j-1] {
				change++
			}
			row[j] = min(change, prev[j]+1, row[j-1]+1)
			if i > 1 && w[i-2] == 'r' && w[i-1] == 'n' && s[j-1] == 'm' {
				row[j] = min(row[j], before[j-1]+1)
			}
		}
	}
	return int(rows[len(w)%3][len(s)])
}

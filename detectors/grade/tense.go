package grade

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// tense counts verbs by their endings, whatever the verb: what happened is told
// in the past ("ringde", "slutade", "fortalte", "kertoi"), what shall be done in
// the passive or the imperative ("skickas", "udfyldes", "kirjataan"). It needs
// no list of verbs, so it also speaks where every word of a text is new.
type tense struct {
	words, past, passive int
}

// The endings of the past and of the passive in the Nordic languages and
// English. An ending that many nouns share is left out: Norwegian "-et",
// Finnish "-i" alone.
var (
	pastEndings = wordSet(`ade ades gde lde jde vde rde dde ddes ttes ede edes lte nte ste kte gte rte ftet
		nut nyt neet ttiin tiin oitti eitti otti htti asi äsi
		aði uðu aðist ði tti lti nti kti pti sti
		ed`)
	passiveEndings = wordSet(`as eras ras des res ges kes ses tes ves nes jes
		taan tään daan dään ketaan kaa kää
		ið`)
	noPast = wordSet(`bilde vilde kulde värde verde borde burde gärde herde siste sidste beste bedste neste næste første förste største största største minste mindste mindsta fleste flesta
		måste konst tjänste kvarte parte kunste posten feste gäste tante sted städ hundrede
		need seed feed speed breed bed red wed indeed based related required used united limited
		yksi kaksi uusi vuosi kuusi viisi asti vasti johti koti neiti seitti lasi kuntosi
		hätti þetta hálfti fyrsti besti síðasti næsti stærsti minnsti flesti mesti`)
	noPassive = wordSet(`deras annas andras hans dess deres alles ellers desse disse samtidig langs andres jeres vores vårdas barnas alas
		mukaan kanssaan ainakaan kuitenkaan vaikkakaan takaa aikaa paikkaa rahaa ruokaa matkaa lihaa koskaan
		við lið mið svið snið`)
)

func wordSet(list string) map[string]bool {
	m := map[string]bool{}
	for _, w := range bytes.Fields([]byte(list)) {
		m[string(w)] = true
	}
	return m
}

// longestEnding is that of the lists above, in bytes.
const longestEnding = 6

// lastBytes are those with which an ending ends.
var lastBytes = func() (last [256]bool) {
	for _, list := range []map[string]bool{pastEndings, passiveEndings} {
		for e := range list {
			last[e[len(e)-1]] = true
		}
	}
	return last
}()

// tenses counts the verbs of a text.
func tenses(text []byte) tense {
	var t tense
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRune(text[i:])
		if !unicode.IsLetter(r) {
			i += n
			continue
		}
		start, letters, upper := i, 0, unicode.IsUpper(r)
		for i < len(text) {
			r, n := utf8.DecodeRune(text[i:])
			if !unicode.IsLetter(r) {
				break
			}
			letters++
			i += n
		}
		t.words++
		// Names and beginnings of sentences are no verbs of interest.
		if upper || letters < 4 {
			continue
		}
		w := text[start:i]
		if !lastBytes[w[len(w)-1]] {
			continue
		}
		switch {
		case ends(w, pastEndings) && !noPast[string(w)]:
			t.past++
		case ends(w, passiveEndings) && !noPassive[string(w)]:
			t.passive++
		}
	}
	return t
}

// ends reports whether w ends with one of the endings and has a letter or two
// before it.
func ends(w []byte, endings map[string]bool) bool {
	for n := 2; n <= longestEnding && n+2 <= len(w); n++ {
		if endings[string(w[len(w)-n:])] {
			return true
		}
	}
	return false
}

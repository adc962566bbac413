package grade

import (
	"bytes"
	"unicode"
	"unicode/utf8"

	"aktvakt/detectors"
)

// rules apply what law or harm dictates beside the model.
func (g *Grader) rules(d *Document, o *opinion) {
	body := d.Text.Body[o.start:o.end]
	ids, _ := distinctNumbers(o.ids, maxPersons)
	words := func(group string) int { return o.distinct[g.voc.index[group]] }
	invented := words("fiction") > 0 || words("test-system") > 1
	named := o.people.clients + o.people.others + o.people.initials
	if words("fiction") > 0 && (words("training") > 0 || words("test-system") > 0) {
		o.shift(-1.5, "says that its people are invented")
	}
	if blank := o.layout.blanks + o.layout.boxes; blank >= 4 && ids == 0 && o.layout.checked == 0 && o.people.clientMentions == 0 {
		o.shift(-1.5, "form without values")
	}
	topics := 0
	for i := range topicGroups {
		topics += o.distinct[i]
	}
	// A long text that hardly touches a subject is no case, however much it
	// speaks of people: novels, minutes, programs with names in comments.
	if touched := topics + o.strong + o.medium; ids < 3 && touched < min(o.layout.bytes/1000, 6) {
		o.shift(-3, "hardly a subject in a text of this length")
	}
	if ids >= 5 && o.layout.cells >= 5 && topics >= 2 && !invented {
		o.shift(1.5, "list of people with a sensitive column")
		if ids >= manyPeople && o.value > 0 {
			o.least = detectors.HighlySensitive
		}
	}
	i := g.voc.index["protected-identity"]
	if (o.points["protected-identity"] >= 2 || o.distinct[i] >= 2) && named+ids+o.people.roles > 0 && !invented &&
		o.value > -1 && address(body) {
		o.shift(1, "protected identity and an address")
		if o.value > 0 {
			o.least = detectors.HighlySensitive
		}
	}
	g.formula(d, o)
}

// streets are the ends of the names of streets.
var streets = [][]byte{
	[]byte("gatan "), []byte("vägen "), []byte("gränd "), []byte("stigen "), []byte("vej "), []byte("vejen "), []byte("gade "),
	[]byte("allé "), []byte("stræde "), []byte("gata "), []byte("veien "), []byte("vegen "), []byte("vei "), []byte("veg "), []byte("gate "),
	[]byte("katu "), []byte("tie "), []byte("kuja "), []byte("polku "), []byte("gården "), []byte("parken "),
	[]byte("braut "), []byte("stígur "), []byte("gata "), []byte("vegur "), []byte("Road "), []byte("Street "), []byte("torget "), []byte("backen "),
}

// address reports whether the text holds a street with a number: a word that
// begins with a capital and ends like a street, and digits.
func address(text []byte) bool {
	for _, s := range streets {
		for from := 0; ; {
			i := bytes.Index(text[from:], s)
			if i < 0 {
				break
			}
			i += from
			from = i + len(s)
			if from < len(text) && text[from] >= '1' && text[from] <= '9' && capitalised(text, i) {
				return true
			}
		}
	}
	return false
}

// capitalised reports whether the word around i begins with a capital.
func capitalised(text []byte, i int) bool {
	for n := 0; n < 40 && i > 0; n++ {
		r, size := utf8.DecodeLastRune(text[:i])
		if !unicode.IsLetter(r) {
			break
		}
		i -= size
	}
	r, _ := utf8.DecodeRune(text[i:])
	return unicode.IsUpper(r)
}

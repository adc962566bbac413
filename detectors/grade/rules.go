package grade

import (
	"bytes"

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
}

// streets are the ends of the names of streets.
var streets = [][]byte{
	[]byte("gatan "), []byte("vägen "), []byte("gränd "), []byte("stigen "), []byte("vej "), []byte("vejen "), []byte("gade "),
	[]byte("allé "), []byte("stræde "), []byte("gata "), []byte("veien "), []byte("vegen "), []byte("vei "), []byte("veg "), []byte("gate "),
	[]byte("katu "), []byte("tie "), []byte("kuja "), []byte("polku "), []byte("gården "), []byte("parken "),
	[]byte("braut "), []byte("stígur "), []byte("gata "), []byte("vegur "), []byte("Road "), []byte("Street "), []byte("torget "), []byte("backen "),
}

// address reports whether the text holds a street with a number.
func address(text []byte) bool {
	for _, s := range streets {
		for rest := text; ; {
			i := bytes.Index(rest, s)
			if i < 0 {
				break
			}
			rest = rest[i+len(s):]
			if i >= 3 && len(rest) > 0 && rest[0] >= '1' && rest[0] <= '9' {
				return true
			}
		}
	}
	return false
}

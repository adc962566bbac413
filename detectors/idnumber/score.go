package idnumber

import (
	"bytes"
	"math"
)

// Weights are in log-odds: 1.39 is a confidence of 0.8, 2.94 is 0.95. Those of
// dates and check digits are the logarithms of the odds that random digits
// pass; the others were set on labelled texts and on random and real noise.
const (
	wDate        = 3.3 // a real day and month: 1 in 27
	wCentury     = 3.7 // and a century before it
	wLabel       = 5.0
	wID          = 1.6
	wPerson      = 1.3
	wName        = 1.2
	wNegative    = -7.2
	wUnknown     = -2.4 // a label that is not known
	wOtherNr     = -6.0 // a label that names the number of something else
	wNoun        = -3.9 // a noun that is not known, at the start of a line
	wNounLong    = -2.6 // the same before more digits, or digits in groups
	wFate        = -1.6 // what befalls things behind it
	wInside      = -2.4 // a noun inside a sentence before digits in a row
	wDashed      = -1.6 // a label or noun that is not known before a date, a hyphen and the rest
	wCode        = -2.0 // capitals as in a code
	wWrong       = -3.0 // the label is another kind's
	wUnit        = -3.0
	wAmount      = -3.0
	wPath        = -1.5
	wMail        = -2.0
	wMinus       = -2.5
	wHome        = 0.8
	wNotHome     = -0.7
	wLanguage    = 1.0
	wOther       = -1.2 // the text is in the language of another country
	wAlone       = 1.2  // the text is nothing but the number
	wCompanion   = 0.9  // labelled numbers of the kind stand elsewhere in the text
	wBare        = -0.7 // ten digits in a row of which nothing is known
	wAbout       = 0.8  // a preposition before it, which things' numbers seldom have
	wTo          = 0.4  // a preposition that they may have
	wDanishSpace = 0.8  // what else would Danes group like that
	floor        = 0.1  // a labelled number stays possible
)

// priorOf is the log-odds of a number of n digits before looking at it.
func priorOf(n uint8) float64 {
	switch n {
	case 12:
		return -6.3
	case 11:
		return -5.2
	}
	return -4.6
}

// formWeight is how much a way of writing points to an identity number.
var formWeight = [nForms]float64{
	formBare: 0, formHyphen: 3.2, formPlus: 1.5, formSpaced: 2.4, formSpace: 1.6, formSlash: 1.3,
	formBreak: 2.6, formDots: 2.8, formGroups: 0.8, formSplit: -1.5, formLost: -2.5, formText: 3.2,
}

// checkWeight is what a kind's check digits add when they hold.
var checkWeight = [nKinds]float64{
	sePersonnummer: 2.3, seSamordning: 1.8, seReserv: 2.3, dkCPR: 2.4, noFodselsnummer: 4.8,
	noDNummer: 4.6, noHNummer: 3.2, noFHNummer: 0, fiHetu: 3.4, isKennitala: 2.6, eeIsikukood: 2.3,
}

// own is the weight of a candidate as one kind without its surroundings.
func (c *cand) own(k kind) float64 {
	v := priorOf(c.n) + wDate + formWeight[c.form]
	if c.n == 12 {
		v += wCentury
	}
	switch {
	case c.full.has(k):
		v += checkWeight[k]
	case k == dkCPR:
		v -= 0.5
	case k == isKennitala:
		v -= 2.6 // since 2026 only
	}
	switch k {
	case fiHetu:
		if c.form == formText && c.sign != '-' && c.sign != '+' {
			v += 1.5 // a letter in the middle
		}
	case isKennitala:
		v += 1.0 // the century digit, less the country's size
	case dkErstatning:
		v -= 2.5
	case seSamordning:
		v -= 1
	case isKerfis, foPtal, eeIsikukood, noFHNummer:
		v -= 3
	case seReserv:
		v -= 3
	}
	if c.form == formBare && c.n == 10 && phone(&c.c) {
		v -= 1.5
	}
	if c.flags&flagLetterSpaced != 0 && c.form == formBare {
		v++ // the boxes of a form
	}
	if c.flags&flagTime != 0 && c.n != 11 {
		switch {
		case c.n == 12 && c.c.num4(0) < firstLog:
			v--
		case c.n == 12:
			v -= 6.5
		case c.form != formBare:
			v -= 2.5
			if c.full.has(k) {
				v += 0.5
			}
		}
	}
	for _, p := range [...]struct {
		f flag
		w float64
	}{{flagAmount, wAmount}, {flagPath, wPath}, {flagMail, wMail}, {flagMinus, wMinus}, {flagRow, -1.6}, {flagIdent, -1.5}, {flagDull, -3}, {flagFile, 0.9}} {
		if c.flags&p.f != 0 && (p.f != flagRow && p.f != flagIdent || p.f == flagIdent && c.form == formBare || c.form == formSpace || c.form == formGroups) {
			v += p.w
		}
	}
	return v
}

// firstLog is the year of the oldest time stamps to expect.
const firstLog = 1990

// phone reports whether ten digits look like a Swedish mobile number.
func phone(c *chars) bool {
	return c[0] == '0' && c[1] == '7' && (c[2] == '0' || c[2] == '2' || c[2] == '3' || c[2] == '6' || c[2] == '9')
}

// needsLabel lists the kinds that are believed beside a label only.
const needsLabel = 1<<isKerfis | 1<<foPtal | 1<<eeIsikukood | 1<<noFHNummer

// fewer is by how much less the digits are expected to be a country's, for its
// few people; it decides between countries only.
var fewer = [nCountries]float64{is: 2, ee: 1, fo: 2}

// wChoice is how much better the digits must fit another country to be read
// as its number rather than as the home country's.
const wChoice = 3.0

// wTrusted is the score from which a number without a label speaks for others.
const wTrusted = 3.0

// wSpoken is the same for the country whose language the text is in.
const wSpoken = 2.0

// weigh scores a candidate as every kind it fits. The score is the highest;
// the kind may be one of the home country with a lower score, since what makes
// the number believable as either makes it believable as an identity number.
func (f *pass) weigh(c *cand) (best kind, score float64, labelled bool) {
	s := f.around(c)
	best, score = noKind, math.Inf(-1)
	choice := score
	for set := c.date | c.full; set != 0; set &= set - 1 {
		k := lowest(set)
		if chance[k].checked && !c.full.has(k) && k != seReserv {
			continue
		}
		v, l, ok := f.weighAs(c, k, &s)
		w := v - fewer[rules[k].country]
		if v > 0 && f.hasHome && rules[k].country == f.home {
			w += wChoice
		}
		if v > 0 && f.spoken[rules[k].country] {
			w += wSpoken
		}
		if !ok || v <= score && w <= choice {
			continue
		}
		if _, _, _, ok := f.born(c, k); !ok {
			continue
		}
		score = max(score, v)
		if w > choice {
			best, choice, labelled = k, w, l
		}
	}
	return best, score, labelled
}

// context is what stands around a candidate, in its line and its column.
type context struct {
	surroundings
	header surroundings
	behind surroundings
}

func (f *pass) around(c *cand) (s context) {
	s.surroundings = before(f.scan.body, c.start)
	if s.label == 0 {
		s.behind = after(f.scan.body, c.end)
	}
	if c.column >= 0 {
		s.header = f.tables.columns[c.column].header
		if s.prev && s.header != (surroundings{}) {
			s.surroundings = surroundings{} // the row above is about something else
		}
		if c.form == formSplit && s.header.label == 0 && s.header.id > 0 && int(c.column)+1 < len(f.tables.columns) {
			// Date of birth in one column, the rest in the next.
			if next := f.tables.columns[c.column+1].header; next.label != 0 {
				s.header.label = next.label
			} else if next.id > 0 || next.negative == 0 && !next.thing {
				s.header.label = kindsAll
			}
		}
	}
	return s
}

// wrapped reports whether a number that is split over two lines stands in
// running text: a word before it on its line and one behind it on the next.
func (f *pass) wrapped(c *cand) bool {
	b := f.scan.body
	if bytes.IndexByte(b[c.start:c.end], '\n') < 0 || c.start < 3 || b[c.start-1] != ' ' ||
		!letterBefore(b, c.start-1) && (b[c.start-2] != ',' && b[c.start-2] != ':' || !letterBefore(b, c.start-2)) {
		return false
	}
	e := c.end
	if e == len(b) {
		return true
	}
	if b[e] == ',' || b[e] == ')' {
		e++
	}
	if e < len(b) && b[e] == '.' && (e+1 == len(b) || b[e+1] == '\n' || b[e+1] == ' ') {
		return true
	}
	return e+1 < len(b) && b[e] == ' ' && isWordByte(b[e+1])
}

// item reports whether a Norwegian number that is split over two lines is a
// list's item with text behind it.
func (f *pass) item(c *cand) bool {
	b := f.scan.body
	if c.n != 11 || c.start < 3 || b[c.start-1] != ' ' || b[c.start-2] != '-' && b[c.start-2] != '*' || b[c.start-3] != '\n' {
		return false
	}
	e := c.end
	return e+2 < len(b) && (b[e] == ':' || b[e] == ',') && b[e+1] == ' ' && isWordByte(b[e+2])
}

// weighAs scores a candidate as kind k. ok is false where the kind may not be
// believed.
func (f *pass) weighAs(c *cand, k kind, s *context) (v float64, labelled, ok bool) {
	label := s.labelWeight(k)
	labelled = label > 0.45
	switch {
	case needsLabel&(1<<k) != 0 && !labelled,
		k == seReserv && !c.full.has(k) && !labelled,
		c.flags&flagLoose != 0 && !labelled && !f.grouped(c, k, s),
		c.flags&flagTail != 0 && !labelled,
		c.flags&flagOCR != 0 && !labelled && !s.damageAllowed(c, k):
		return 0, false, false
	}
	pop := f.population(c)
	stats := pop.term(k)
	if (c.form == formLost || c.form == formSplit) && !labelled && (!chance[k].checked || pop.full[k] < 4 || stats < 1.5) {
		person := c.column < 0 && (s.person >= 0.8 || s.name || f.item(c)) || f.wrapped(c) || c.column >= 0 && s.header.id > 0
		if c.form != formSplit || !person || !chance[k].checked {
			return 0, false, false
		}
		v += 0.8
	}
	if !labelled && s.id+s.person+s.header.id+s.header.person == 0 && pop.random(k) {
		stats = min(stats, -3)
	}
	if s.negative > 0.5 || s.header.thing && s.header.label == 0 {
		stats = min(stats, 0) // the label owns this number
	}
	v += c.own(k) + stats + f.country[rules[k].country]
	if !labelled || k != dkCPR {
		v -= f.foreign * (1 - min(1, label))
	}
	if labelled {
		switch {
		case c.form == formLost || c.form == formSplit:
			v += 1.5
		case k == seReserv:
			v += 2
		}
		if c.flags&flagTime != 0 && c.n != 11 && c.form != formBare {
			v += 2
		}
		if c.flags&flagTime != 0 && c.n == 12 {
			v += 3
		}
	}
	v += wLabel * label
	if label > 0 && rules[k].country == dk && s.label.has(sePersonnummer) {
		v -= 0.5 // Danes say CPR
	}
	rest := s.rest(c, k, label)
	if k == fiHetu && c.form == formText {
		rest = max(rest, -3.5-3*s.negative) // letters in the middle are like nothing else
	}
	v += rest
	switch {
	case f.foreign > 0:
	case s.about:
		v += wAbout
	case s.to && s.negative < 0.2:
		v += wTo
	}
	switch {
	case label > 0:
	case k == dkCPR && c.form == formSpace && f.spoken[dk]:
		v += wDanishSpace
	case stats <= 0 && !f.alone && !f.companions.has(k) && s.bare(c):
		v += wBare
	}
	if f.companions.has(k) && !labelled {
		v += wCompanion
	}
	if f.alone && (c.flags&flagTime == 0 || c.n != 12) {
		v += wAlone
	}
	if labelled {
		v = max(v, floor)
	}
	return v, labelled, true
}

// grouped reports whether digits in groups of two, 16 08 46 9903, are believed
// without a label.
func (f *pass) grouped(c *cand, k kind, s *context) bool {
	return c.form == formSpace && c.end-c.start == 13 && f.spoken[rules[k].country] &&
		(s.person > 0 || s.behind.person > 0 || s.about || s.name)
}

// damageAllowed reports whether digits that recognition took for letters are
// believed without a label.
func (s *context) damageAllowed(c *cand, k kind) bool {
	if chance[k].checked {
		return s.person >= 0.6 || s.name || s.id >= 0.8
	}
	return c.form == formHyphen && (s.person >= 0.45 || s.id >= 0.8)
}

// bare reports whether nothing but its own digits speaks for a candidate of
// ten digits in a row.
func (s *context) bare(c *cand) bool {
	return c.form == formBare && c.n == 10 && c.flags&flagFile == 0 &&
		s.id+s.person+s.header.id+s.header.person+s.behind.person == 0 && !s.name && !s.behind.name && !s.org
}

// labelWeight is how strongly a label or header names kind k: 0 to 1.
func (s *context) labelWeight(k kind) float64 {
	w := 0.0
	if s.label.has(k) {
		w = s.weight
	}
	if s.behind.label.has(k) {
		w = max(w, s.behind.weight)
	}
	if s.header.label.has(k) && s.negative < 0.5 {
		w = max(w, 1)
	}
	if s.org && k == sePersonnummer {
		w = max(w, 0.6)
	}
	return w
}

// ownedBy is how much a word that names another number counts for a candidate
// of this form, 0 to 1.
func (s *context) ownedBy(c *cand) float64 {
	n := s.negative
	if s.clock && c.flags&flagTime == 0 {
		return 0
	}
	if s.to && (c.form != formBare || c.n == 12) {
		n *= 0.5 // sent to a person
	}
	if s.phone && (c.c[0] != '0' || c.form != formBare) {
		n *= 0.3 // no telephone has such a number
	}
	return n
}

// rest is what all else around the number adds.
func (s *context) rest(c *cand, k kind, label float64) (v float64) {
	if label == 0 {
		if (s.label | s.header.label | s.behind.label) != 0 {
			v += wWrong
		}
		v += wNegative * max(s.ownedBy(c), s.header.negative)
		switch {
		case s.otherNumber:
			v += wOtherNr
		case (s.unknown || s.noun) && (c.form.dashed() || c.form == formDots || c.full.has(k) && (c.n == 12 && c.form != formSpace && c.flags&flagTime == 0 || c.n != 12 && c.form != formBare)):
			v += wDashed
		case s.unknown && (s.behind.person > 0 || c.n == 11):
			v += wUnknown / 2
		case s.unknown:
			v += wUnknown
		case s.noun && (c.n > 10 || c.form != formBare):
			v += wNounLong
		case s.noun:
			v += wNoun
		case s.inside && c.form == formBare && c.n == 11:
			v += wNounLong
		case s.inside && c.form == formBare && c.n == 10:
			v += wInside
		case s.code && c.form == formBare:
			v += 1.5 * wCode
		case s.code:
			v += wCode
		}
		if s.header.unknown || s.header.otherNumber {
			v += wUnknown
		}
		if (s.org || s.header.org) && k != sePersonnummer {
			v += wNegative
		}
		if s.unit || s.behind.unit {
			v += wUnit
		}
		if s.behind.fate && s.person == 0 && !s.about && !s.to {
			v += wFate
		}
	}
	v += wID * max(s.id, s.header.id)
	v += wPerson * max(s.person, s.behind.person, s.header.person)
	if s.name || s.behind.name {
		v += wName
	}
	return v
}

// confidence turns log-odds into a probability.
func confidence(v float64) float64 { return 1 / (1 + math.Exp(-v)) }

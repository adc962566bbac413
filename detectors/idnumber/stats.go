package idnumber

import "math"

// clockBit marks a cell whose last four digits are a time of day.
const clockBit kindSet = 1 << 15

// stat counts the numbers of one column, or of one shape in the text.
type stat struct {
	total, clock int32
	date, full   [nKinds]int32
	// seen holds the first six digits of the numbers counted, hashed. Those
	// that repeat count once: a counter or a constant is no population.
	seen [8]uint64
	// terms are what term found, by the kinds in known.
	terms [nKinds]float64
	known kindSet
}

// distinctLimit is how many numbers are told apart; a text with more is a
// population by any measure.
const distinctLimit = 200

func (t *stat) add(c *cell) {
	if t.total < distinctLimit {
		i, m := c.prefix>>6&7, uint64(1)<<(c.prefix&63)
		if t.seen[i]&m != 0 {
			return
		}
		t.seen[i] |= m
	}
	t.total++
	if c.date|c.full == 0 {
		return
	}
	if c.date&clockBit != 0 {
		t.clock++
	}
	for s := (c.date | c.full) &^ clockBit; s != 0; s &= s - 1 {
		k := lowest(s)
		if c.date.has(k) {
			t.date[k]++
		}
		if c.full.has(k) {
			t.full[k]++
		}
	}
}

func lowest(s kindSet) kind {
	k := kind(0)
	for s&1 == 0 {
		s >>= 1
		k++
	}
	return k
}

// chance is how often random digits of the right length pass a kind's date
// and then its check digits. CPR and kennitala are valid without the latter.
var chance = [nKinds]struct {
	date, check float64
	checked     bool
}{
	sePersonnummer:  {0.037, 0.10, true},
	seSamordning:    {0.037, 0.10, true},
	seReserv:        {0.037, 0.10, true},
	dkCPR:           {0.037, 0.091, false},
	dkErstatning:    {0.037, 1, false},
	noFodselsnummer: {0.11, 0.0083, true},
	noDNummer:       {0.07, 0.0083, true},
	noHNummer:       {0.037, 0.0083, true},
	noFHNummer:      {0.2, 0.0083, true},
	fiHetu:          {0.037, 0.032, true},
	isKennitala:     {0.011, 0.091, false},
	isKerfis:        {0.2, 1, false},
	eeIsikukood:     {0.022, 0.1, true},
	foPtal:          {0.037, 1, false},
}

// term is what the population of a number says about it, in log-odds: of all
// numbers of its shape, how many hold against chance. 0 with fewer than three.
//
// The share p of real numbers follows from observed = p + (1-p) chance. It is
// taken over all numbers and over those with a possible date, and the lower
// counts: order numbers that start with a date pass the first test, random
// ones the second.
func (t *stat) term(k kind) float64 {
	if !t.known.has(k) {
		t.known |= 1 << k
		t.terms[k] = t.weigh(k)
	}
	return t.terms[k]
}

func (t *stat) weigh(k kind) float64 {
	n := float64(t.total)
	c := chance[k]
	if t.total < 3 {
		if t.total == 2 && !c.checked && t.date[k] == 2 {
			return 0.4
		}
		return 0
	}
	date, full := float64(t.date[k]), float64(t.full[k])
	var p float64
	if c.checked {
		p = trueShare(full/n, c.date*c.check)
		if date > 0 {
			p = min(p, trueShare(full/date, c.check))
		}
	} else {
		p = trueShare(date/n, c.date)
		if k == isKennitala && t.date[dkCPR] > 0 {
			// The century digit is 8, 9 or 0 in three of ten by chance.
			p = min(p, trueShare(date/max(date, float64(t.date[dkCPR])), 0.3))
		}
		if date > 0 && c.check < 1 && n >= 5 {
			// A share above chance of check digits lifts, none sinks a little.
			p = max(p, trueShare(full/date, c.check)*p)
		}
	}
	eps := 0.5 / (n + 1)
	p = min(max(p, eps), 1-eps)
	v := math.Log(p/(1-p)) + math.Log(3)
	if float64(t.clock) > 0.6*n && trueShare(full/max(date, 1), c.check) < 0.5 {
		v = min(v-6, -4)
	}
	most := 3.0
	if !c.checked && t.total < 8 {
		most = 1.2 // dates alone are common
	}
	v = min(max(v, -5), most)
	if c.checked && p > 0.8 && full >= 5 {
		// Chance does not make five dates with the right check digits: not
		// even a header that names something else counts against that.
		v += min(0.8*full, 7)
	}
	return v
}

// random reports whether a population of dates looks unlike the numbers that
// need no check digit: most CPR numbers and kennitölur still have one.
func (t *stat) random(k kind) bool {
	return (k == dkCPR || k == isKennitala) && t.date[k] >= 8 && 10*t.full[k] < 3*t.date[k]
}

// trueShare solves observed = p + (1-p) chance for p.
func trueShare(observed, chance float64) float64 {
	if chance >= 1 {
		return observed
	}
	return (observed - chance) / (1 - chance)
}

// populations counts all cells by column and by shape.
func (f *pass) populations() {
	t := &f.tables
	t.reset(f.scan.body)
	cells, cands := f.scan.cells, f.scan.cands
	if !hasDelimiters(f.scan.body) {
		for i := range cells {
			f.shapes[cells[i].shape].add(&cells[i])
		}
		return
	}
	for i, j := 0, 0; i < len(cells) || j < len(cands); {
		if j >= len(cands) || i < len(cells) && cells[i].pos <= cands[j].start {
			c := &cells[i]
			if col := t.at(c.pos); col >= 0 {
				t.columns[col].stat.add(c)
			}
			f.shapes[c.shape].add(c)
			i++
			continue
		}
		cands[j].column = t.at(cands[j].start)
		j++
	}
}

// population is the stat that a candidate is compared with.
func (f *pass) population(c *cand) *stat {
	if c.column >= 0 {
		if st := &f.tables.columns[c.column].stat; st.total >= 3 {
			return st
		}
	}
	return &f.shapes[c.shape()]
}

// shape is the population that a candidate belongs to.
func (c *cand) shape() shape {
	switch {
	case c.form == formSplit:
		return shapeSplit
	case c.form == formText || c.c[6] > '9' || c.c[6] < '0':
		return shapeText
	case c.form == formLost && c.n == 10:
		return shape9
	case c.form == formLost:
		return shape10
	case c.form == formBare:
		return [...]shape{9: shape9, 10: shape10, 11: shape11, 12: shape12}[c.n]
	case c.n == 11:
		return shape65
	case c.n == 12:
		return shape84
	}
	return shape64
}

package idnumber

import (
	"bytes"
	"fmt"
	"math"
	"regexp"
	"slices"
	"sync"
	"time"

	"aktvakt/detectors"
)

// Finder finds all identity numbers of the Nordic countries in one pass. It
// is safe for use by many goroutines.
type Finder struct {
	home    country
	hasHome bool
	now     time.Time
	never   []*regexp.Regexp
	pool    sync.Pool
}

// New makes a Finder. It fails where a pattern of o.NotIdentity is no regular
// expression.
func New(o detectors.Options) (*Finder, error) {
	f := &Finder{now: o.Now}
	f.pool.New = func() any { return new(pass) }
	for i, c := range countryCode {
		if c == o.HomeCountry {
			f.home, f.hasHome = country(i), true
		}
	}
	for _, p := range o.NotIdentity {
		re, err := regexp.Compile(p)
		if err != nil {
			return nil, fmt.Errorf("pattern of numbers that are no identity: %w", err)
		}
		f.never = append(f.never, re)
	}
	return f, nil
}

// Info describes the Finder as one detector; Infos lists its numbers.
func (f *Finder) Info() detectors.Info {
	return detectors.Info{Name: "idnumber", Source: "see Infos"}
}

// Find returns the identity numbers in t.Body, in order of offset. No two
// overlap: each number is reported as the kind that fits best. Confidence is
// 0.5 at least. A match may be a published test number.
func (f *Finder) Find(t detectors.Text) []detectors.Match {
	return f.find(t.Body, t.Date, false)
}

// FindInName returns the identity numbers in t.Name. Offsets are those in the
// name.
func (f *Finder) FindInName(t detectors.Text) []detectors.Match {
	return f.find([]byte(t.Name), t.Date, true)
}

// pass is the state of one Find; passes are pooled.
type pass struct {
	scan    scan
	tables  tables
	shapes  [nShapes]stat
	profile profile
	// country is what home country and language add for each country, foreign
	// what a text that is not Nordic takes from all.
	country    [nCountries]float64
	foreign    float64
	spoken     [nCountries]bool // the text is in the country's language
	alone      bool
	home       country
	hasHome    bool
	companions kindSet
	today, ref day
	all        []scored
	values     []byte
	lengths    []uint8
}

func (f *Finder) find(body []byte, date time.Time, name bool) []detectors.Match {
	now := f.now
	if now.IsZero() {
		now = time.Now()
	}
	st := f.pool.Get().(*pass)
	defer f.pool.Put(st)
	st.today = dayOf(now)
	st.ref = st.today
	if !date.IsZero() && date.Before(now) {
		st.ref = dayOf(date)
	}
	st.scan.reset(body, st.today.y >= noRelaxedFrom)
	st.scan.run()
	if len(st.scan.cands) == 0 {
		return nil
	}
	f.prepare(st, name)
	return f.choose(st)
}

// prepare looks at the text as a whole.
func (f *Finder) prepare(st *pass, name bool) {
	s := &st.scan
	slices.SortStableFunc(s.cands, func(a, b cand) int { return a.start - b.start })
	clear(st.shapes[:])
	st.populations()
	st.profile = profileOf(s.body, s.cands[0].start)
	p := &st.profile
	st.foreign = p.foreign()
	if name {
		st.foreign = 0
	}
	known := p.nordic >= 2
	for c := range nCountries {
		v := 0.0
		st.spoken[c] = known && p.share[c] >= 0.75
		switch {
		case p.nordic == 0:
		case p.nordic == 1 && p.share[c] == 1: // one word says little
			v += wLanguage / 2
		case p.nordic == 1:
			v += wOther / 2
		case p.share[c] >= 0.75:
			v += wLanguage
		case p.share[c] < 0.4:
			v += wOther
		default:
			v += wOther / 2
		}
		if f.hasHome {
			if c == f.home {
				v += wHome
			} else {
				v += wNotHome
			}
		}
		st.country[c] = v
	}
	first := s.cands[0]
	st.alone = len(bytes.TrimSpace(s.body)) <= first.end-first.start+2
	st.companions = 0
	st.home, st.hasHome = f.home, f.hasHome
}

// scored is a candidate with its best kind.
type scored struct {
	i        int
	kind     kind
	score    float64
	labelled bool
}

// choose scores the candidates, keeps the best of those that overlap and
// makes the matches.
func (f *Finder) choose(st *pass) []detectors.Match {
	s := &st.scan
	all := slices.Grow(st.all[:0], len(s.cands))
	var companions kindSet
	for i := range s.cands {
		c := &s.cands[i]
		k, v, l := st.weigh(c)
		if k != noKind && f.excluded(s.body, c) {
			k = noKind
		}
		all = append(all, scored{i, k, v, l})
		if k != noKind && (l && v > 1.4 || v > wTrusted) {
			companions |= 1 << k
		}
	}
	if st.companions = companions; companions != 0 {
		// Those without a label gain from those with one.
		for i := range all {
			c := &s.cands[i]
			if x := &all[i]; x.kind != noKind && !x.labelled && x.score <= wTrusted && (c.date|c.full)&companions != 0 {
				x.kind, x.score, x.labelled = st.weigh(c)
			}
		}
	}
	keep := all[:0] // writes behind what it reads
	for _, x := range all {
		if x.kind == noKind || x.score < 0 {
			continue
		}
		if n := len(keep); n > 0 && s.cands[keep[n-1].i].end > s.cands[x.i].start {
			if keep[n-1].score < x.score {
				keep[n-1] = x
			}
			continue
		}
		keep = append(keep, x)
	}
	st.all = all
	return st.matches(keep)
}

// excluded reports whether an own pattern of the organisation covers the
// candidate.
func (f *Finder) excluded(b []byte, c *cand) bool {
	if len(f.never) == 0 {
		return false
	}
	low, high := max(0, c.start-64), min(len(b), c.end+64)
	if i := bytes.LastIndexByte(b[low:c.start], '\n'); i >= 0 {
		low += i + 1
	}
	if i := bytes.IndexByte(b[c.end:high], '\n'); i >= 0 {
		high = c.end + i
	}
	for _, re := range f.never {
		for _, m := range re.FindAllIndex(b[low:high], -1) {
			if low+m[0] <= c.start && low+m[1] >= c.end {
				return true
			}
		}
	}
	return false
}

// matches makes the matches. Their values share one string.
func (st *pass) matches(keep []scored) []detectors.Match {
	if len(keep) == 0 {
		return nil
	}
	out := make([]detectors.Match, 0, len(keep))
	values := st.values[:0]
	for _, x := range keep {
		c := &st.scan.cands[x.i]
		n, norm, birth, ok := st.born(c, x.kind)
		if !ok {
			continue
		}
		r := &rules[x.kind]
		m := detectors.Match{
			Detector:   r.name,
			Start:      c.start,
			End:        c.end,
			Confidence: math.Round(confidence(x.score)*1000) / 1000,
			Masked:     masked(birth),
			TestNumber: r.test(norm, n),
			Labelled:   x.labelled,
		}
		if birth.y > 0 {
			m.Minor = birth.under(18, st.today)
			m.MinorThen = birth.under(18, st.ref)
			if birth.m > 0 && birth.d > 0 {
				m.Birth = birth.time()
			}
		}
		values = append(values, norm[:12]...) // the normal forms are 9 to 12 long
		st.lengths = append(st.lengths[:len(out)], uint8(n))
		out = append(out, m)
	}
	st.values = values
	all := string(values)
	for i := range out {
		out[i].Value = detectors.NewSecret(all[i*12 : i*12+int(st.lengths[i])])
	}
	return out
}

// born completes a candidate as kind k: its normal form and date of birth.
func (st *pass) born(c *cand, k kind) (n int, norm chars, birth day, ok bool) {
	n, norm = int(c.n), c.c
	if k == fiHetu && n == 10 {
		var h chars
		copy(h[:], c.c[:6])
		hetu(&h, c.c[6:10], c.sign)
		n, norm = 11, h
	}
	birth, ok = rules[k].birth(norm, n, c.sign, st.ref)
	if !ok && st.ref != st.today {
		// The file's date may be wrong; the number is younger.
		birth, ok = rules[k].birth(norm, n, c.sign, st.today)
	}
	switch k {
	case isKerfis, noFHNummer:
		return n, norm, day{}, true
	case seReserv:
		if !ok {
			birth = day{}
		}
		return n, norm, birth, true
	case sePersonnummer, seSamordning:
		if ok {
			norm, n = normalSE(&norm, n, birth)
		}
	}
	return n, norm, birth, ok
}

// masked shows the year of birth and nothing else of a number.
func masked(b day) string {
	if b.y < 1800 || b.y >= 1800+len(maskedYears) {
		return "••••••••-••••"
	}
	return maskedYears[b.y-1800]
}

var maskedYears = func() (t [300]string) {
	for i := range t {
		t[i] = fmt.Sprintf("%04d••••-••••", 1800+i)
	}
	return t
}()

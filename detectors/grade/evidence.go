package grade

import (
	"math"
	"sort"

	"aktvakt/detectors"
	"aktvakt/detectors/marker"
	"aktvakt/detectors/name"
)

// Document is what the finders found in a text.
type Document struct {
	Text detectors.Text
	// Matches are the identity numbers, Hits the markers, promoted, and the
	// words of the vocabulary, Mentions the people named; all in order of
	// offset.
	Matches  []detectors.Match
	Hits     []marker.Hit
	Mentions []name.Mention
	// Path are the markers in the document's name, PathMatches the numbers;
	// the offsets of those are of the name.
	Path        []*marker.Entry
	PathMatches []detectors.Match
	// At is set where Text is a damaged text that was mended: the offsets that
	// its bytes and its end had (Repaired).
	At []int32
}

// Original returns the offset in the text as it was before it was mended.
func (d *Document) Original(i int) int {
	if d.At == nil {
		return i
	}
	return int(d.At[i])
}

// span is a stretch of the text, in bytes.
type span struct{ start, end int }

// evidence is what a stretch of text holds, counted.
type evidence struct {
	span
	words    [64]int                  // hits by group of the vocabulary
	distinct [64]int                  // different words by group
	formal   int                      // different words of subjects that are terms of the trade
	markers  map[*marker.Entry]string // the best strength of each
	points   map[string]float64       // of markers, by category
	strong   int                      // markers of subjects, by strength
	medium   int
	structur int // of case structure: fields, headings, roles, verbs
	stamps   int
	lawrefs  int
	caseno   int
	counters float64 // points of counter-markers
	ids      []detectors.Match
	people   people
	layout   layout
	tense    tense
}

// people are the mentions of a stretch.
type people struct {
	mentions                   int
	clients, others, officials int // distinct people
	full, given, initials      int // distinct people by the fullest mention
	fields                     int
	clientMentions             int
	roles                      int // distinct roles of family without a name
	unnamed                    int // children and clients without a name
	// those of others whose name fills a field, stands more than once or in
	// full, or stands once
	inFields, known, once int
	several               int // plurals: "the boys"
	childRoles            int // roles of children and siblings, named or not
	// main are the clients, those in fields and those known, by Person.
	main map[int]bool
}

func (g *Grader) collect(d *Document, s span) *evidence {
	e := &evidence{span: s, markers: map[*marker.Entry]string{}, points: map[string]float64{}}
	e.layout = measure(d.Text.Body[s.start:s.end])
	e.tense = tenses(d.Text.Body[s.start:s.end])
	seen := map[int]bool{}
	hits := within(d.Hits, s, func(h marker.Hit) int { return h.Start })
	mentions := within(d.Mentions, s, mentionStart)
	var stamps []marker.Hit // the last ones
	generic, testing := g.voc.index["generic"], g.voc.index["test-system"]
	for _, h := range hits {
		if h.Entry != nil {
			if h.Entry.Category == "secrecy-stamp" {
				stamps = append(stamps[max(0, len(stamps)-3):], h)
			}
			if e.markers[h.Entry] != marker.Strong {
				e.markers[h.Entry] = h.Strength
			}
			continue
		}
		group := g.voc.group[h.Word]
		if g.unknown(h.Word) {
			continue
		}
		if group >= topicGroups && group != testing && (inStamp(stamps, h) || inName(mentions, h)) || group == generic && inOffice(d.Text.Body, h) {
			continue
		}
		e.words[group]++
		if !seen[h.Word] {
			seen[h.Word] = true
			e.distinct[group]++
			if g.voc.formal[h.Word] && group < topicGroups {
				e.formal++
			}
		}
	}
	for _, m := range within(d.Matches, s, func(m detectors.Match) int { return m.Start }) {
		if g.counts(m) {
			e.ids = append(e.ids, m)
		}
	}
	e.people = count(d, mentions, s)
	g.weighMarkers(e)
	return e
}

func mentionStart(m name.Mention) int { return m.Start }

// counts reports whether a number counts as a person's.
func (g *Grader) counts(m detectors.Match) bool {
	return m.Confidence >= 0.5 && (!m.TestNumber || g.countTest)
}

// within returns the items that start in s; list is in order of offset.
func within[T any](list []T, s span, start func(T) int) []T {
	i := sort.Search(len(list), func(i int) bool { return start(list[i]) >= s.start })
	j := sort.Search(len(list), func(j int) bool { return start(list[j]) >= s.end })
	return list[i:max(i, j)]
}

// weighMarkers adds up the points of markers, each marker once, after
// promotion.
func (g *Grader) weighMarkers(e *evidence) {
	for m, w := range e.markers {
		switch {
		case m.Category == marker.Counter:
			e.counters += counterWeight(m)
			continue
		case m.Category == "case-structure":
			e.structur++
			continue
		case m.Category == "case-number":
			e.caseno++
			continue
		case m.Category == "secrecy-stamp":
			e.stamps++
			if m.Kind == "lawref" {
				e.lawrefs++
			}
			continue
		}
		switch {
		case m.Kind == "lawref":
			e.lawrefs++
			e.points[m.Category] += 1.5
		case w == marker.Strong:
			e.strong++
			e.points[m.Category] += 4
		case w == marker.Medium:
			e.medium++
			e.points[m.Category] += 2
		default:
			e.points[m.Category] += 0.5
		}
	}
}

// features are the numbers that the model weighs. Their order is fixed by the
// code; their names tie them to the weights.
type features struct {
	names []string
	x     []float64
}

// mostFeatures saves growing the lists; there may be more.
const mostFeatures = 320

func (f *features) add(name string, x float64) {
	f.names = append(f.names, name)
	f.x = append(f.x, x)
}

func (f *features) count(name string, n int) { f.add(name, math.Log1p(float64(n))) }

// features turns the evidence of a stretch into numbers. Counts enter as
// logarithms: the first says more than the tenth.
func (g *Grader) features(e *evidence) *features {
	f := &features{make([]string, 0, mostFeatures), make([]float64, 0, mostFeatures)}
	topics, kinds, top := 0, 0, 0
	for i, group := range g.voc.groups {
		if i >= topicGroups {
			f.count("words:"+group, e.distinct[i])
		} else {
			f.count("topic:"+group, e.distinct[i])
			topics += e.distinct[i]
			top = max(top, e.distinct[i])
			if e.distinct[i] > 1 {
				kinds++
			}
		}
	}
	plain := topics - e.formal
	f.count("topics:formal", e.formal)
	f.count("topics:plain", plain)
	size := math.Log1p(float64(e.layout.bytes) / 500)
	f.add("size", size)
	f.count("topics", topics)
	f.count("peak", top)
	f.count("kinds", kinds)
	f.count("markers:strong", e.strong)
	f.count("markers:medium", e.medium)
	f.count("markers:structure", e.structur)
	f.count("markers:stamp", e.stamps)
	f.count("markers:law", e.lawrefs)
	f.count("markers:case number", e.caseno)
	f.add("markers:counter", math.Log1p(e.counters))
	g.personFeatures(f, e, topics, plain)
	g.layoutFeatures(f, &e.layout)
	g.sceneFeatures(f, e)
	g.subjectFeatures(f, e)
	countFeatures(f, e)
	g.minorFeatures(f, e)
	return f
}

// minorFeatures estimate the number of minors.
func (g *Grader) minorFeatures(f *features, e *evidence) {
	n := func(name string, v int, most int) { f.add("minors:"+name, float64(min(v, most))) }
	_, minors := distinctNumbers(e.ids, maxPersons)
	n("numbers", minors, 12)
	n("ages", e.layout.minors, 8)
	n("children", e.people.unnamed, 2)
	n("several", e.people.several, 2)
	n("child words", e.distinct[g.voc.index["the-child"]], 4)
	n("child roles", e.people.childRoles, 4)
	n("school", e.distinct[g.voc.index["school-support"]], 4)
	n("child protection", e.distinct[g.voc.index["child-protection"]], 6)
	n("foster", e.distinct[g.voc.index["adoption-foster"]], 3)
	n("family law", e.distinct[g.voc.index["family-law"]], 3)
	n("personnel", e.distinct[g.voc.index["personnel"]], 4)
	n("elderly", e.distinct[g.voc.index["elderly-care"]], 4)
	n("named", e.people.clients+e.people.inFields, 8)
	if e.layout.minors+e.people.unnamed+e.people.several+minors == 0 {
		n("no sign", 1, 1)
	} else {
		n("no sign", 0, 1)
	}
}

// countFeatures estimate the number of people. They are counts, not
// logarithms: people add up.
func countFeatures(f *features, e *evidence) {
	p := &e.people
	n := func(name string, v int, most int) { f.add("persons:"+name, float64(min(v, most))) }
	ids, _ := distinctNumbers(e.ids, maxPersons)
	named := p.clients + p.inFields + p.known
	n("clients", p.clients, 12)
	n("in fields", p.inFields, 12)
	n("known", p.known, 12)
	n("once", p.once, 12)
	n("officials", p.officials, 6)
	n("initials", p.initials, 6)
	n("roles", p.roles, 6)
	n("children", p.unnamed, 2)
	n("several", p.several, 2)
	n("several beyond names", max(0, 2*min(p.several, 1)-max(0, named-1)), 2)
	n("more numbers than names", max(0, ids-named), 6)
	n("roles beyond names", max(0, p.roles+p.unnamed-named), 6)
	one := 0
	if named == 0 {
		one = 1
	}
	n("no name", one, 1)
	n("ages", e.layout.ages, 6)
}

// subjectFeatures tell of what the text treats; they decide between the two
// highest grades.
func (g *Grader) subjectFeatures(f *features, e *evidence) {
	high, low, topHigh, topLow := 0.0, 0.0, 0.0, 0.0
	for i := range topicGroups {
		c := g.voc.groups[i]
		p := e.subject(c, e.distinct[i])
		f.add("subject:"+c, math.Log1p(p))
		if g.floor[c] == detectors.HighlySensitive {
			high, topHigh = high+p, max(topHigh, p)
		} else {
			low, topLow = low+p, max(topLow, p)
		}
	}
	f.add("subjects:high", math.Log1p(high))
	f.add("subjects:low", math.Log1p(low))
	f.add("subjects:top high", math.Log1p(topHigh))
	f.add("subjects:top low", math.Log1p(topLow))
	f.add("subjects:share", (high+1)/(high+low+2))
	f.add("subjects:top share", (topHigh+1)/(topHigh+topLow+2))
	many := 0.0
	if n, _ := distinctNumbers(e.ids, maxPersons); n >= manyPeople {
		many = 1
	}
	f.add("subjects:many", many)
}

// manyPeople with a number in one document of a sensitive subject make it
// highly sensitive: such a list harms many at once.
const manyPeople = 10

// subject returns the points of a category: those of its markers and one for
// each of its everyday words.
func (e *evidence) subject(category string, words int) float64 {
	return e.points[category] + float64(min(words, 8))
}

func (g *Grader) personFeatures(f *features, e *evidence, topics, plain int) {
	p := &e.people
	words := max(e.layout.bytes/6, 20)
	per := func(n int) float64 { return math.Sqrt(float64(n) / float64(words) * 100) }
	group := func(name string) int { return e.words[g.voc.index[name]] }
	f.count("ids", len(e.ids))
	f.count("people:clients", p.clients)
	f.count("people:others", p.others)
	f.count("people:officials", p.officials)
	f.count("people:initials", p.initials)
	f.count("people:given", p.given)
	f.count("people:full", p.full)
	f.count("people:fields", p.fields)
	f.count("people:client mentions", p.clientMentions)
	f.count("people:roles", p.roles)
	f.add("density:names", per(p.mentions))
	f.add("density:he-she", per(group("he-she")))
	f.add("density:i-we", per(group("i-we")))
	f.add("density:you", per(group("you")))
	f.add("density:kin", per(group("kin")+group("the-child")))
	f.add("density:said", per(group("said")))
	f.add("density:happened", per(group("happened")))
	f.add("density:modal", per(group("modal")))
	f.add("density:generic", per(group("generic")))
	f.add("density:guidance", per(group("guidance")))
	f.add("density:public", per(group("public")))
	f.add("density:topics", per(topics))
	f.add("density:plain", per(plain))
	f.add("both:person+plain", math.Min(math.Log1p(float64(plain)), math.Log1p(float64(len(e.ids)*2+p.clients*2+p.others+p.initials+p.roles+p.unnamed))))
	instance := math.Log1p(float64(len(e.ids)*2 + p.clients*2 + p.others + p.initials + p.roles + p.unnamed))
	acts := math.Log1p(float64(group("he-she") + group("said") + group("happened") + group("feeling") + group("decision") + group("watch")))
	subject := math.Log1p(float64(topics) + 2*float64(e.strong) + float64(e.medium))
	f.add("both:person+subject", math.Min(instance, subject))
	logOf := func(groups ...string) float64 {
		n := 0
		for _, name := range groups {
			n += e.words[g.voc.index[name]]
		}
		return math.Log1p(float64(n))
	}
	f.add("both:you+modal", math.Min(logOf("you"), logOf("modal", "guidance")))
	f.add("both:generic+modal", math.Min(logOf("generic"), logOf("modal", "guidance")))
	f.add("both:you+decision", math.Min(logOf("you"), logOf("decision")))
	f.add("both:you+dates", math.Min(logOf("you"), math.Log1p(float64(min(e.layout.dates, 8)))))
	f.add("both:you+past", math.Min(logOf("you"), math.Log1p(float64(e.tense.past))))
	f.add("both:you+personnel", math.Min(logOf("you"), g.variety(e, "personnel")))
	f.add("both:I+wrongdoing", math.Min(logOf("i-we"), g.variety(e, "whistleblowing")+g.variety(e, "personnel")/2))
	f.add("both:I+colleagues", math.Min(logOf("i-we"), logOf("colleagues")))
	f.add("both:training+fiction", math.Min(logOf("training"), logOf("fiction")))
	f.add("share:formal", float64(topics-plain)/float64(topics+2))
	f.add("share:case", float64(group("he-she")+group("said")+group("happened")+1)/float64(group("he-she")+group("said")+group("happened")+group("modal")+group("generic")+group("guidance")+2))
	nobody := 0.0
	if len(e.ids) == 0 && p.clients+p.others+p.initials == 0 {
		nobody = 1
	}
	f.add("people:nobody named", nobody)
	f.add("both:acts+subject", math.Min(acts, subject))
	f.add("both:person+acts", math.Min(instance, acts))
	f.add("all three", math.Min(math.Min(instance, acts), subject))
}

// sceneFeatures tell of a scene that someone saw: what happened, when, where in
// a home and to which part of a body. They speak where nobody is named.
func (g *Grader) sceneFeatures(f *features, e *evidence) {
	words := math.Max(float64(e.tense.words), 20)
	past, passive := float64(e.tense.past), float64(e.tense.passive)
	f.add("scene:past", math.Sqrt(past/words*100))
	f.add("scene:passive", math.Sqrt(passive/words*100))
	f.add("scene:told", (past+1)/(past+passive+2))
	f.add("scene:words", g.variety(e, "body", "home", "when", "emergency"))
	acts := math.Log1p(past + float64(e.words[g.voc.index["happened"]]+e.words[g.voc.index["said"]]))
	f.add("scene:acts", math.Min(g.variety(e, "body", "home", "when", "emergency", "feeling"), acts))
	p := &e.people
	nobody := 0.0
	if len(e.ids) == 0 && p.clients+p.others+p.initials == 0 {
		nobody = 1
	}
	f.add("scene:nobody, he or she", nobody*math.Log1p(float64(e.words[g.voc.index["he-she"]])))
	f.add("scene:nobody, the person", nobody*g.variety(e, "the-person", "the-child", "kin"))
}

// variety is the logarithm of how many different words of some groups stand in
// a stretch.
func (g *Grader) variety(e *evidence, groups ...string) float64 {
	sum := 0.0
	for _, name := range groups {
		sum += float64(e.distinct[g.voc.index[name]])
	}
	return math.Log1p(sum)
}

func (g *Grader) layoutFeatures(f *features, l *layout) {
	lines := float64(max(l.lines, 1))
	f.count("layout:blanks", l.blanks)
	f.count("layout:boxes", l.boxes)
	f.count("layout:checked", l.checked)
	f.count("layout:placeholders", l.brackets+l.guillemet)
	f.count("layout:dates", min(l.dates, 8))
	f.count("layout:times", min(l.times, 8))
	f.count("layout:ages", l.ages)
	f.count("layout:percent", l.percents)
	f.count("layout:money", l.money)
	f.count("layout:addresses", l.urls+l.mails)
	f.count("layout:quotes", l.quotes)
	f.count("layout:questions", l.questions)
	f.count("layout:exclaims", l.exclaims)
	f.add("layout:bullets", math.Sqrt(float64(l.bullets)/lines))
	f.add("layout:numbered", math.Sqrt(float64(l.numbered)/lines))
	f.add("layout:cells", math.Sqrt(float64(l.cells)/lines))
	f.add("layout:filled", math.Sqrt(float64(l.filled)/lines))
	f.add("layout:notes", math.Sqrt(float64(l.notes)/lines))
	f.count("layout:mail", l.headers)
	f.count("layout:capital lines", l.capitalLines)
}

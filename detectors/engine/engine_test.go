package engine

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"aktvakt/detectors"
	"aktvakt/detectors/grade/fit"
	"aktvakt/detectors/marker"
)

var testNow = time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)

func newEngine(t testing.TB, o detectors.Options) *Engine {
	t.Helper()
	if o.Now.IsZero() {
		o.Now = testNow
	}
	e, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// The number is one of Skatteverket's published test numbers.
const concern = `Orosanmälan

Barn: Tindra Skoglycke, 20150404-2381
Vårdnadshavare: Malin Skoglycke

Tindra har berättat för skolsköterskan att mamma inte vaknar på morgonen och att hon själv lämnar
lillebror på förskolan. Hon hade blåmärken på armen och grät. Skolan misstänker missbruk.
Socialnämnden beslutade den 12 mars 2025 att inleda utredning.
`

const routine = `Rutin för orosanmälan
Gäller för: samtliga enheter. Fastställd av nämnden. Revideras årligen.
1. Den som får kännedom om att ett barn far illa ska genast anmäla det.
2. Handläggaren ska göra en skyddsbedömning samma dag.
3. Vårdnadshavare ska informeras. Exempel på uppgifter: missbruk, våld, brister i omsorgen.
4. Elever och föräldrar bör få veta vart de kan vända sig.
`

func TestInspect(t *testing.T) {
	e := newEngine(t, detectors.Options{CountTestNumbers: true})
	r := e.Inspect(detectors.Text{Body: []byte(concern)})
	if r.Grade != detectors.HighlySensitive || r.Score < 12 {
		t.Errorf("grade %q, score %.1f; reasons %v", r.Grade, r.Score, r.Reasons)
	}
	if len(r.Matches) != 1 || r.Matches[0].Detector != "se-personnummer" {
		t.Errorf("matches %v", r.Matches)
	}
	if len(r.Markers) == 0 || r.Markers[0].Term != "orosanmälan" || r.Markers[0].Strength == "" {
		t.Errorf("markers %v", r.Markers)
	}
	if !strings.Contains(strings.Join(r.Categories, " "), "child-protection") {
		t.Errorf("categories %q", r.Categories)
	}
	if r.Persons < 2 || r.Persons > 4 || r.Minors < 1 || r.Minors > 2 {
		t.Errorf("%d persons, %d minors", r.Persons, r.Minors)
	}
	r = e.Inspect(detectors.Text{Body: []byte(routine)})
	if r.Grade != detectors.None {
		t.Errorf("routine: grade %q, score %.1f", r.Grade, r.Score)
	}
}

// TestReasons: what counted and what counted against is told, without a word
// that only the document holds.
func TestReasons(t *testing.T) {
	e := newEngine(t, detectors.Options{CountTestNumbers: true})
	reasons := func(text string) string { return fmt.Sprint(e.Inspect(detectors.Text{Body: []byte(text)}).Reasons) }
	for _, want := range []string{"identity number", "people named", "everyday words of"} {
		if got := reasons(concern); !strings.Contains(got, want) {
			t.Errorf("reasons lack %q: %s", want, got)
		}
	}
	if got := reasons(routine); !strings.Contains(got, "guidance") {
		t.Errorf("reasons of a routine lack guidance: %s", got)
	}
	for _, secret := range []string{"Tindra", "Skoglycke", "2381"} {
		if strings.Contains(reasons(concern), secret) {
			t.Errorf("reasons tell %q", secret)
		}
	}
}

func TestName(t *testing.T) {
	e := newEngine(t, detectors.Options{CountTestNumbers: true})
	r := e.Inspect(detectors.Text{Body: []byte("Se bilaga."), Name: "IFO/akter/20150404-2381.docx"})
	if r.Grade == detectors.None {
		t.Errorf("a number in the name counts for nothing: %v", r.Reasons)
	}
	if len(r.Matches) != 0 {
		t.Errorf("a match in the name has offsets of the body: %v", r.Matches)
	}
	with := e.Inspect(detectors.Text{Body: []byte(concern), Name: "LVU/orosanmälan.docx"})
	without := e.Inspect(detectors.Text{Body: []byte(concern)})
	if with.Score <= without.Score {
		t.Errorf("score %.1f with a telling name, %.1f without", with.Score, without.Score)
	}
}

func TestFurtherMarkers(t *testing.T) {
	own := []byte(`
version: 1
lang: sv
categories:
  harbour: {label: Harbour matters, floor: sensitive}
markers:
- {id: own-1, category: harbour, term: båtplatskonflikt, weight: strong}
`)
	e := newEngine(t, detectors.Options{Markers: [][]byte{own}})
	r := e.Inspect(detectors.Text{Body: []byte("En båtplatskonflikt har uppstått.")})
	if len(r.Markers) != 1 || r.Markers[0].ID != "own-1" || r.Markers[0].Category != "harbour" {
		t.Errorf("markers %v", r.Markers)
	}
	_, err := New(detectors.Options{Markers: [][]byte{own, []byte("version: 1\nmarkers: [{id: x, category: y, term: z}]")}})
	if err == nil || !strings.Contains(err.Error(), `file 2`) || !strings.Contains(err.Error(), `unknown category "y"`) {
		t.Errorf("error %v", err)
	}
}

func TestTestNumbers(t *testing.T) {
	text := detectors.Text{Body: []byte("Barn: 20150404-2381")}
	with := newEngine(t, detectors.Options{CountTestNumbers: true}).Inspect(text)
	without := newEngine(t, detectors.Options{}).Inspect(text)
	if with.Persons != 1 || without.Persons != 0 {
		t.Errorf("%d persons with test numbers, %d without", with.Persons, without.Persons)
	}
}

// TestOwnTexts: the weights built in must agree with the labelled texts of the
// project. They were trained on them: this guards against mistakes, not for
// quality, which Evaluate measures on writers left out.
func TestOwnTexts(t *testing.T) {
	e := newEngine(t, detectors.Options{CountTestNumbers: true})
	samples, _, err := e.OwnSamples()
	if err != nil {
		t.Fatal(err)
	}
	var tally Tally
	for _, s := range samples {
		tally.add(&s.Label, e.grader.Grade(s.Document))
	}
	t.Log(&tally)
	if tally.Precision() < 0.9 || tally.Recall() < 0.9 || share(tally.Grade, tally.Graded) < 0.8 || share(tally.Persons, tally.Graded) < 0.85 {
		t.Error(&tally)
	}
}

// TestCorpus measures on writers left out, on the labelled folder that
// AKTVAKT_CORPUS names, where there is one.
func TestCorpus(t *testing.T) {
	dir := os.Getenv("AKTVAKT_CORPUS")
	if dir == "" {
		dir = t.TempDir()
		small := `{"file": "a.txt", "writer": "x", "sensitivity": "highly-sensitive", "categories": ["child-protection"], "persons": 3, "minors": 1}
{"file": "b.txt", "writer": "y", "sensitivity": "none", "categories": [], "persons": 0, "minors": 0}
`
		for name, text := range map[string]string{"labels.jsonl": small, "a.txt": concern, "b.txt": routine} {
			if err := os.WriteFile(dir+"/"+name, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	e := newEngine(t, detectors.Options{CountTestNumbers: true})
	v, err := e.Evaluate(os.DirFS(dir), true)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	v.Print(&out, false)
	t.Log(out.String())
	if v.Total.Precision() < 0.95 || v.Total.Recall() < 0.93 {
		t.Error(&v.Total)
	}
}

func TestEvaluateFaults(t *testing.T) {
	e := newEngine(t, detectors.Options{})
	for want, folder := range map[string]fstest.MapFS{
		"labels.jsonl":   {},
		"labels.jsonl:2": {"labels.jsonl": {Data: []byte("{\"file\": \"a.txt\"}\n{")}, "a.txt": {Data: []byte("x")}},
		"a.txt":          {"labels.jsonl": {Data: []byte("{\"file\": \"a.txt\"}\n")}},
	} {
		if _, err := e.Evaluate(folder, false); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
}

func TestConcurrent(t *testing.T) {
	e := newEngine(t, detectors.Options{CountTestNumbers: true})
	want := e.Inspect(detectors.Text{Body: []byte(concern)})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 10 {
				got := e.Inspect(detectors.Text{Body: []byte(concern)})
				if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(detectors.Secret{})); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
	wg.Wait()
}

// TestHostile: what is kept of a text is bounded whatever the text, and none
// of these takes more than linear time: a quadratic one would not end before
// the test is ended.
func TestHostile(t *testing.T) {
	e := newEngine(t, detectors.Options{CountTestNumbers: true})
	const size = 1 << 19
	for _, unit := range []string{
		"orosanmälan ", "20150404-2381 ", "Anna Berg, 9 år\n", "mamma slog ", " ", "\n", "A", "\xff", "a;b;c\n", "[x] ____ ", "11 kap. 1 § SoL ", "Fra: A\n",
		"Anna Berg;20150404-2381;missbruk\n",
	} {
		text := detectors.Text{Body: bytes.Repeat([]byte(unit), size/len(unit)), Name: strings.Repeat(unit, 20)}
		r := e.Inspect(text)
		if len(r.Markers) > maxMarkers {
			t.Errorf("%q: %d markers", unit, len(r.Markers))
		}
	}
}

// TestBuried: a case in a long text of other things is found.
func TestBuried(t *testing.T) {
	e := newEngine(t, detectors.Options{CountTestNumbers: true})
	filler := strings.Repeat("Gatan ska asfalteras och vattenledningen bytas under hösten.\n", 2000)
	r := e.Inspect(detectors.Text{Body: []byte(filler + concern + concern + filler)})
	if r.Grade != detectors.HighlySensitive {
		t.Errorf("grade %q, score %.1f: %v", r.Grade, r.Score, r.Reasons)
	}
	if r := e.Inspect(detectors.Text{Body: []byte(filler)}); r.Grade != detectors.None {
		t.Errorf("filler alone: %q", r.Grade)
	}
}

// TestSegments: a case at any place of a text of many megabytes is found, once.
func TestSegments(t *testing.T) {
	e := newEngine(t, detectors.Options{CountTestNumbers: true})
	line := "Gatan ska asfalteras och vattenledningen bytas under hösten.\n"
	for _, before := range []int{0, segmentSize - 500, segmentSize - segmentOverlap - 400, 2 * segmentSize} {
		filler := strings.Repeat(line, before/len(line))
		body := filler + concern + concern + strings.Repeat(line, 3*segmentSize/len(line))
		r := e.Inspect(detectors.Text{Body: []byte(body)})
		if r.Grade != detectors.HighlySensitive {
			t.Errorf("%d bytes before: grade %q, score %.1f", before, r.Grade, r.Score)
		}
		titles := 0
		for _, m := range r.Markers {
			if m.Term == "orosanmälan" {
				titles++
				if got := body[m.Start:m.End]; got != "Orosanmälan" {
					t.Errorf("%d bytes before: marker covers %q", before, got)
				}
			}
		}
		if titles != 2 || len(r.Matches) != 2 {
			t.Errorf("%d bytes before: %d markers, %d numbers, want 2 and 2", before, titles, len(r.Matches))
		}
	}
}

func TestEmpty(t *testing.T) {
	r := newEngine(t, detectors.Options{}).Inspect(detectors.Text{})
	if r.Grade != detectors.None || r.Persons != 0 {
		t.Errorf("%+v", r)
	}
}

func FuzzInspect(f *testing.F) {
	e := newEngine(f, detectors.Options{CountTestNumbers: true})
	f.Add([]byte(concern), "a/b.txt")
	f.Add([]byte(routine), "LVU/20150404-2381")
	f.Add([]byte("a;b;c\n\xff\xc3 [ ] ____"), "")
	f.Fuzz(func(t *testing.T, body []byte, name string) {
		r := e.Inspect(detectors.Text{Body: body, Name: name})
		for _, m := range r.Matches {
			if m.Start < 0 || m.End > len(body) || m.Start >= m.End {
				t.Fatalf("match %d..%d of %d", m.Start, m.End, len(body))
			}
		}
		for _, m := range r.Markers {
			if m.Start < 0 || m.End > len(body) || m.Start >= m.End {
				t.Fatalf("marker %d..%d of %d", m.Start, m.End, len(body))
			}
		}
		if r.Persons < 0 || r.Minors < 0 || r.Minors > max(r.Persons, len(r.Matches)) || r.Score < 0 {
			t.Fatalf("%d persons, %d minors, score %f", r.Persons, r.Minors, r.Score)
		}
	})
}

func BenchmarkInspect(b *testing.B) {
	e := newEngine(b, detectors.Options{CountTestNumbers: true})
	prose := bytes.Repeat([]byte("Kommunstyrelsen behandlade frågan om gång- och cykelvägen vid sammanträdet i mars.\n"), 10_000)
	for name, text := range map[string][]byte{"letter": []byte(concern), "prose": prose} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				e.Inspect(detectors.Text{Body: text})
			}
		})
	}
}

// BenchmarkSearch is the search for numbers and markers alone, without names
// and grade: what compares with a search by regular expressions.
func BenchmarkSearch(b *testing.B) {
	e := newEngine(b, detectors.Options{CountTestNumbers: true})
	prose := bytes.Repeat([]byte("Kommunstyrelsen behandlade frågan om gång- och cykelvägen vid sammanträdet i mars.\n"), 10_000)
	dense := bytes.Repeat([]byte("Anna;20150404-2381;2025-03-11;112233-4455;x\n"), 20_000)
	for name, text := range map[string][]byte{"prose": prose, "dense": dense} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				e.numbers.Find(detectors.Text{Body: text})
				e.matcher.Find(text, func(marker.Hit) bool { return true })
			}
		})
	}
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		newEngine(b, detectors.Options{})
	}
}

// TestMarkersApart: of markers that overlap one is reported, the longest.
func TestMarkersApart(t *testing.T) {
	e := newEngine(t, detectors.Options{})
	_, texts, err := fit.Own()
	if err != nil {
		t.Fatal(err)
	}
	several := 0
	for _, text := range texts {
		last := detectors.Marker{}
		for _, m := range e.Inspect(detectors.Text{Body: text}).Markers {
			if m.Start < last.End {
				t.Errorf("%q and %q overlap", text[last.Start:last.End], text[m.Start:m.End])
			}
			last = m
		}
		hits := e.Examine(detectors.Text{Body: text}).Hits
		for i := 1; i < len(hits); i++ {
			if hits[i].Entry != nil && hits[i-1].Entry != nil && hits[i].Start < hits[i-1].End {
				several++
			}
		}
	}
	if several == 0 {
		t.Error("no markers overlap in the texts, which then test nothing")
	}
	long := detectors.Marker{Start: 1, End: 9, Strength: "weak"}
	short := detectors.Marker{Start: 1, End: 5, Strength: "strong"}
	weak := detectors.Marker{Start: 2, End: 6, Strength: "weak"}
	if !says(long, short) || says(short, long) || !says(short, weak) || says(weak, short) {
		t.Error("the longest, then the strongest, must be told")
	}
}

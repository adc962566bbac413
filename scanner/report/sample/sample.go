// Package sample draws documents for a check by hand: after its breach, Lejre
// was to look through a part of its folders regularly. The draw is seeded and
// stratified by folder, so that every department is in it and anybody can
// draw the same sample again; the checker's answers give an estimate of what
// the scan missed, with an interval.
//
// Start reading at Sampler, then at Estimate.
package sample

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"aktvakt/scanner/finding"
	"aktvakt/scanner/report"
)

// Pick is one drawn document.
type Pick struct {
	// Stratum is the folder directly below the target.
	Stratum string
	Path    string
	Grade   finding.Grade
	Verdict finding.Verdict
	// Population is how many documents of the stratum could have been drawn,
	// Drawn how many were.
	Population, Drawn int

	rank uint64
}

// Sampler draws while a run goes on. It keeps the drawn documents and a
// counter a stratum. It is for one goroutine.
type Sampler struct {
	seed   string
	limit  uint64
	strata map[string]*stratum
}

type stratum struct {
	population int
	picks      []Pick
	// least is the document that comes first whatever the share, so that no
	// stratum goes without.
	least Pick
}

// New returns a sampler for a share of the documents, 0.05 for 5 %. The same
// seed draws the same documents.
func New(share float64, seed string) (*Sampler, error) {
	if !(share > 0 && share <= 1) {
		return nil, fmt.Errorf("the share of a sample must be over 0 and at most 1, not %v", share)
	}
	limit := uint64(math.MaxUint64)
	if share < 1 {
		limit = uint64(share * math.MaxUint64)
	}
	return &Sampler{seed: seed, limit: limit, strata: map[string]*stratum{}}, nil
}

// Add offers one judged document. Findings are not drawn: they are looked at
// anyway, and what the sample is for is what the scan let pass.
func (s *Sampler) Add(f finding.Finding) {
	if f.Grade != finding.GradeNone && f.Verdict != finding.Allowed {
		return
	}
	key := stratumOf(f.Target, f.Path)
	st := s.strata[key]
	if st == nil {
		st = &stratum{}
		s.strata[key] = st
	}
	st.population++
	p := Pick{Stratum: key, Path: f.Path, Grade: f.Grade, Verdict: f.Verdict, rank: s.rank(f.Path)}
	if st.population == 1 || p.rank < st.least.rank {
		st.least = p
	}
	if p.rank <= s.limit {
		st.picks = append(st.picks, p)
	}
}

// rank is a number that nobody can choose without choosing the seed.
func (s *Sampler) rank(path string) uint64 {
	h := sha256.Sum256([]byte(s.seed + "\x00" + path))
	return binary.BigEndian.Uint64(h[:])
}

// Picks returns the sample, by stratum and then in the order drawn.
func (s *Sampler) Picks() []Pick {
	var out []Pick
	for _, key := range slices.Sorted(maps.Keys(s.strata)) {
		st := s.strata[key]
		picks := slices.Clone(st.picks)
		if len(picks) == 0 {
			picks = []Pick{st.least}
		}
		slices.SortFunc(picks, func(a, b Pick) int { return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.Path, b.Path)) })
		for _, p := range picks {
			p.Population, p.Drawn = st.population, len(picks)
			out = append(out, p)
		}
	}
	return out
}

func stratumOf(target, path string) string {
	base := strings.TrimSuffix(target, "/")
	rest, ok := strings.CutPrefix(path, base+"/")
	if !ok {
		return target
	}
	first, _, below := strings.Cut(rest, "/")
	if !below {
		return target
	}
	return base + "/" + first
}

var header = []string{"stratum", "path", "grade", "verdict", "population", "drawn", "missed", "checked by"}

// Write writes the sample as a table for the checker, who writes yes into the
// column "missed" where the document should have been reported, and no where
// not.
func Write(w io.Writer, picks []Pick) error {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return err
	}
	c := csv.NewWriter(w)
	c.UseCRLF = true
	rows := [][]string{header}
	for _, p := range picks {
		rows = append(rows, []string{
			cell(p.Stratum), cell(p.Path), string(p.Grade), string(p.Verdict), strconv.Itoa(p.Population), strconv.Itoa(p.Drawn), "", "",
		})
	}
	return c.WriteAll(rows)
}

// cell keeps a spreadsheet from taking a name for a formula.
func cell(s string) string {
	s = report.Plain(s)
	if s != "" && strings.ContainsAny(s[:1], "=+-@") {
		return "'" + s
	}
	return s
}

// Result is what a checked sample tells.
type Result struct {
	// Population is how many documents the scan let pass, Checked how many of
	// them were looked at, Missed how many of those should have been reported.
	Population, Checked, Missed int
	// Rate is the estimated share of missed documents, Low and High the ends
	// of its 95 % interval.
	Rate, Low, High float64
	// Unchecked is how many rows have no answer.
	Unchecked int
}

// ErrUnchecked: no row of the table has an answer.
var ErrUnchecked = errors.New("no row of the sample is checked: write yes or no into the column missed")

// tally is one stratum of a checked table.
type tally struct{ population, checked, missed int }

// Estimate reads a checked table, separated by commas or semicolons as
// spreadsheets save it, and estimates over the strata by their size.
func Estimate(r io.Reader) (Result, error) {
	strata, unchecked, err := read(r)
	if err != nil {
		return Result{}, err
	}
	res := Result{Unchecked: unchecked}
	for _, t := range strata {
		if t.checked > 0 { // nothing is known of a stratum that nobody looked at
			res.Population += t.population
			res.Checked += t.checked
			res.Missed += t.missed
		}
	}
	if res.Checked == 0 {
		return res, ErrUnchecked
	}
	variance := 0.0
	for _, key := range slices.Sorted(maps.Keys(strata)) {
		t := strata[key]
		if t.checked == 0 {
			continue
		}
		weight := float64(t.population) / float64(res.Population)
		p, n := float64(t.missed)/float64(t.checked), float64(t.checked)
		res.Rate += weight * p
		// The finite population matters: a stratum that was checked whole is
		// certain.
		rest := 1 - n/float64(max(t.population, t.checked))
		variance += weight * weight * p * (1 - p) / max(n-1, 1) * rest
	}
	n := float64(res.Checked)
	if variance > 0 {
		n = min(n, res.Rate*(1-res.Rate)/variance)
	}
	res.Low, res.High = wilson(res.Rate, n)
	if res.Checked >= res.Population {
		res.Low, res.High = res.Rate, res.Rate
	}
	return res, nil
}

// wilson returns Wilson's 95 % interval of a share p seen in n documents: it
// holds for few documents and for none missed, where the usual one is empty,
// https://doi.org/10.1080/01621459.1927.10502953.
func wilson(p, n float64) (low, high float64) {
	const z = 1.959964
	if n <= 0 {
		return 0, 1
	}
	mid := (p + z*z/(2*n)) / (1 + z*z/n)
	half := z / (1 + z*z/n) * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return max(0, mid-half), min(1, mid+half)
}

// read reads the answers of a table.
func read(r io.Reader) (map[string]*tally, int, error) {
	b, err := io.ReadAll(io.LimitReader(r, 256<<20))
	if err != nil {
		return nil, 0, err
	}
	text := strings.TrimPrefix(string(b), "\ufeff")
	c := csv.NewReader(strings.NewReader(text))
	c.FieldsPerRecord, c.LazyQuotes = -1, true
	if first, _, _ := strings.Cut(text, "\n"); strings.Count(first, ";") > strings.Count(first, ",") {
		c.Comma = ';'
	}
	head, err := c.Read()
	if err != nil {
		return nil, 0, fmt.Errorf("not a table: %w", err)
	}
	col := map[string]int{}
	for _, name := range []string{"stratum", "population", "missed"} {
		i := slices.IndexFunc(head, func(h string) bool { return strings.EqualFold(strings.TrimSpace(h), name) })
		if i < 0 {
			return nil, 0, fmt.Errorf("the table has no column %q", name)
		}
		col[name] = i
	}
	strata, unchecked := map[string]*tally{}, 0
	for line := 2; ; line++ {
		row, err := c.Read()
		if errors.Is(err, io.EOF) {
			return strata, unchecked, nil
		}
		if err != nil {
			return nil, 0, err
		}
		get := func(name string) string {
			if col[name] < len(row) {
				return strings.TrimSpace(row[col[name]])
			}
			return ""
		}
		n, err := strconv.Atoi(get("population"))
		if err != nil || n < 1 || n > 1<<40 {
			return nil, 0, fmt.Errorf("line %d: population %q is not a count", line, get("population"))
		}
		t := strata[get("stratum")]
		if t == nil {
			t = &tally{population: n}
			strata[get("stratum")] = t
		}
		switch answer(get("missed")) {
		case "yes":
			t.checked++
			t.missed++
		case "no":
			t.checked++
		case "":
			unchecked++
		default:
			return nil, 0, fmt.Errorf("line %d: missed must be yes or no, not %q", line, get("missed"))
		}
	}
}

// answer understands yes and no in the languages of the report.
func answer(s string) string {
	switch strings.ToLower(s) {
	case "":
		return ""
	case "yes", "y", "ja", "j", "kyllä", "k", "já", "1", "x":
		return "yes"
	case "no", "n", "nej", "nei", "ei", "e", "0":
		return "no"
	}
	return "?"
}

package sample

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aktvakt/scanner/finding"
)

const target = "smb://fs1/docs"

// offer gives a sampler n ordinary documents in a folder.
func offer(s *Sampler, dir string, n int) {
	for i := range n {
		s.Add(finding.Finding{Target: target, Path: fmt.Sprintf("%s/%s/sub/%04d.docx", target, dir, i), Grade: finding.GradeNone, Verdict: finding.Allowed})
	}
}

func draw(t *testing.T, share float64, seed string) []Pick {
	t.Helper()
	s, err := New(share, seed)
	if err != nil {
		t.Fatal(err)
	}
	offer(s, "Skola", 4000)
	offer(s, "Teknik", 1000)
	offer(s, "Överförmyndare", 3)
	s.Add(finding.Finding{Target: target, Path: target + "/found.docx", Grade: finding.Sensitive, Verdict: finding.TooWide})
	return s.Picks()
}

func TestDraw(t *testing.T) {
	picks := draw(t, 0.05, "2026-11")
	n := map[string]int{}
	for _, p := range picks {
		n[p.Stratum]++
		if p.Path == target+"/found.docx" {
			t.Error("a finding was drawn")
		}
	}
	// Three standard deviations of a draw of 5 %.
	if s, k := n[target+"/Skola"], n[target+"/Teknik"]; s < 158 || s > 242 || k < 29 || k > 71 {
		t.Errorf("drew %v of 4,000 and 1,000", n)
	}
	if n[target+"/Överförmyndare"] == 0 {
		t.Error("a small folder goes without")
	}
	for _, p := range picks {
		if p.Drawn != n[p.Stratum] || p.Population < p.Drawn {
			t.Fatalf("%+v", p)
		}
	}
	if diff := cmp.Diff(paths(picks), paths(draw(t, 0.05, "2026-11"))); diff != "" {
		t.Errorf("the same seed draws others: %s", diff)
	}
	if slices.Equal(paths(picks), paths(draw(t, 0.05, "2026-12"))) {
		t.Error("another seed draws the same")
	}
	if all := draw(t, 1, ""); len(all) != 5003 {
		t.Errorf("the whole is %d documents", len(all))
	}
	for _, bad := range []float64{0, -1, 1.5} {
		if _, err := New(bad, ""); err == nil {
			t.Errorf("a share of %v is taken", bad)
		}
	}
}

func paths(picks []Pick) (out []string) {
	for _, p := range picks {
		out = append(out, p.Path)
	}
	return out
}

// checked fills in the column as a person would.
func checked(t *testing.T, picks []Pick, comma rune, missed func(Pick) string) *bytes.Buffer {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, picks); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&b).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range picks {
		rows[i+1][6] = missed(p)
	}
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	w.Comma = comma
	if err := w.WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	return &out
}

func TestEstimate(t *testing.T) {
	picks := draw(t, 0.05, "2026-11")
	none, err := Estimate(checked(t, picks, ',', func(Pick) string { return "no" }))
	if err != nil {
		t.Fatal(err)
	}
	// None missed in some 250 is not "none missed": up to 1.5 %.
	if none.Missed != 0 || none.Rate != 0 || none.Low != 0 || none.High < 0.01 || none.High > 0.02 || none.Population != 5003 {
		t.Errorf("%+v", none)
	}
	half, err := Estimate(checked(t, picks, ';', func(p Pick) string {
		if strings.Contains(p.Stratum, "Teknik") {
			return "Ja"
		}
		return "nej"
	}))
	if err != nil {
		t.Fatal(err)
	}
	if half.Rate < 0.199 || half.Rate > 0.201 { // 1,000 of 5,003, whatever was drawn
		t.Errorf("%+v", half)
	}
	if _, err := Estimate(checked(t, picks, ',', func(Pick) string { return "" })); !errors.Is(err, ErrUnchecked) {
		t.Errorf("error %v", err)
	}
	whole, err := Estimate(checked(t, draw(t, 1, ""), ',', func(p Pick) string {
		if strings.Contains(p.Stratum, "Överf") {
			return "yes"
		}
		return "no"
	}))
	if err != nil || whole.Low != whole.High || whole.Missed != 3 {
		t.Errorf("a sample of everything is certain: %+v, %v", whole, err)
	}
}

// The interval holds the true rate about as often as it says.
func TestIntervalCovers(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	picks := draw(t, 0.05, "cover")
	const rounds = 400
	for _, rate := range []float64{0.01, 0.05, 0.3} {
		held := 0
		for range rounds {
			res, err := Estimate(checked(t, picks, ',', func(Pick) string {
				if r.Float64() < rate {
					return "yes"
				}
				return "no"
			}))
			if err != nil {
				t.Fatal(err)
			}
			if res.Low <= rate && rate <= res.High {
				held++
			}
		}
		if got := float64(held) / rounds; got < 0.91 {
			t.Errorf("the interval holds a rate of %v in %.1f %% of %d samples", rate, 100*got, rounds)
		}
	}
}

func TestFaults(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"", "not a table"},
		{"a,b\n1,2\n", `no column "stratum"`},
		{"stratum,population,missed\nx,many,no\n", "line 2: population"},
		{"stratum,population,missed\nx,5,perhaps\n", `line 2: missed must be yes or no, not "perhaps"`},
	} {
		if _, err := Estimate(strings.NewReader(tt.in)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: %v", tt.in, err)
		}
	}
}

func TestTableIsSafe(t *testing.T) {
	var b bytes.Buffer
	if err := Write(&b, []Pick{{Stratum: "=1+1", Path: "@a\nb", Population: 1, Drawn: 1}}); err != nil {
		t.Fatal(err)
	}
	if got := b.String(); !strings.Contains(got, "'=1+1,'@a\ufffdb,") {
		t.Errorf("table %q", got)
	}
}

func FuzzEstimate(f *testing.F) {
	f.Add("stratum,population,missed\nx,5,no\n")
	f.Add("stratum;population;missed\nx;5;ja\ny;1;\n")
	f.Fuzz(func(t *testing.T, s string) {
		r, err := Estimate(strings.NewReader(s))
		if err == nil && !(r.Low >= 0 && r.Low <= r.High && r.High <= 1) {
			t.Errorf("%+v", r)
		}
	})
}

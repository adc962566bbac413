package fit

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// samples are cases where the first feature is high; the second is noise and
// the third constant.
func samples() []*Sample {
	var out []*Sample
	for i := range 40 {
		x, sensitivity := float64(i%7)/10, "none"
		if i%2 == 0 {
			x, sensitivity = x+2, "sensitive"
		}
		out = append(out, &Sample{
			Label: Label{Graded: true, Sensitivity: sensitivity, Persons: 1 + i%3},
			X:     []float64{x, float64(i % 5), 1},
		})
	}
	return out
}

var names = []string{"a", "noise", "one"}

func all(string) bool { return true }

func TestLogistic(t *testing.T) {
	l := logistic(samples(), names, all, func(s *Sample) bool { return s.Case() }, 1)
	for _, s := range samples() {
		v := l.Bias
		for j, n := range names {
			v += l.Weights[n] * s.X[j]
		}
		if (v > 0) != s.Case() {
			t.Errorf("%v: value %.2f", s.X, v)
		}
	}
	if l.Weights["a"] < 10*math.Abs(l.Weights["noise"]) || l.Weights["one"] != 0 {
		t.Errorf("weights %v", l.Weights)
	}
	again := logistic(samples(), names, all, func(s *Sample) bool { return s.Case() }, 1)
	if diff := cmp.Diff(l, again); diff != "" {
		t.Errorf("not deterministic:\n%s", diff)
	}
}

// TestRidge: a few wild values do not bend the line y = 2 + 3x.
func TestRidge(t *testing.T) {
	var list []*Sample
	y := map[*Sample]float64{}
	for i := range 60 {
		s := &Sample{X: []float64{float64(i) / 10}}
		y[s] = 2 + 3*s.X[0]
		if i%20 == 7 {
			y[s] += 100
		}
		list = append(list, s)
	}
	l := ridge(list, []string{"x"}, all, func(s *Sample) float64 { return y[s] }, 0.001)
	if math.Abs(l.Weights["x"]-3) > 0.1 || math.Abs(l.Bias-2) > 0.3 {
		t.Errorf("bias %.2f, weight %.2f, want 2 and 3", l.Bias, l.Weights["x"])
	}
}

func TestSolve(t *testing.T) {
	a := [][]float64{{4, 0, 0}, {2, 5, 0}, {1, 1, 3}}
	x := solve(a, []float64{4 + 4 + 3, 2 + 10 + 3, 1 + 2 + 9})
	for i, want := range []float64{1, 2, 3} {
		if math.Abs(x[i]-want) > 1e-9 {
			t.Errorf("x[%d] = %v, want %v", i, x[i], want)
		}
	}
}

func TestOwn(t *testing.T) {
	labels, texts, err := Own()
	if err != nil {
		t.Fatal(err)
	}
	cases, seen := 0, map[string]bool{}
	for i, l := range labels {
		if seen[l.File] || len(texts[i]) < 150 {
			t.Errorf("%q: twice or too short", l.File)
		}
		seen[l.File] = true
		if l.Case() {
			cases++
			if l.Persons == 0 || len(l.Categories) == 0 {
				t.Errorf("%q: a case without persons or categories", l.File)
			}
		}
	}
	if cases < 25 || len(labels)-cases < 25 {
		t.Errorf("%d cases of %d texts", cases, len(labels))
	}
}

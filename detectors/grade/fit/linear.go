package fit

import (
	"math"

	"aktvakt/detectors/grade"
)

// logistic fits a logistic regression with L2 regularisation by Newton's
// method on standardised features, and returns the weights for raw ones.
func logistic(samples []*Sample, all []string, use func(string) bool, y func(*Sample) bool, lambda float64) grade.Linear {
	names, x := columns(samples, all, use)
	k := len(names)
	mean, sd := standardise(x, k)
	w := make([]float64, k+1)
	for range 30 {
		grad, hess := make([]float64, k+1), square(k+1)
		for i, s := range samples {
			z := dot(w, x[i])
			p := 1 / (1 + math.Exp(-z))
			t := 0.0
			if y(s) {
				t = 1
			}
			r := math.Max(p*(1-p), 1e-6)
			for a := range grad {
				grad[a] += (p - t) * x[i][a]
				if x[i][a] == 0 {
					continue
				}
				for b := 0; b <= a; b++ {
					hess[a][b] += r * x[i][a] * x[i][b]
				}
			}
		}
		for a := range k {
			grad[a] += lambda * w[a]
			hess[a][a] += lambda
		}
		hess[k][k] += 1e-6
		step := solve(hess, grad)
		size := 0.0
		for a := range w {
			w[a] -= step[a]
			size += step[a] * step[a]
		}
		if size < 1e-10 {
			break
		}
	}
	return raw(w, names, mean, sd)
}

// columns returns the features in use, with a last column of ones.
func columns(samples []*Sample, all []string, use func(string) bool) (names []string, x [][]float64) {
	var column []int
	for j, name := range all {
		if use(name) {
			names, column = append(names, name), append(column, j)
		}
	}
	x = make([][]float64, len(samples))
	for i, s := range samples {
		x[i] = make([]float64, len(names)+1)
		for j := range names {
			x[i][j] = s.X[column[j]]
		}
		x[i][len(names)] = 1
	}
	return names, x
}

// ridge fits a linear regression that minimises absolute errors, by weights
// that are adapted in turns: a few texts with a wrong count must not bend it.
func ridge(samples []*Sample, all []string, use func(string) bool, y func(*Sample) float64, lambda float64) grade.Linear {
	names, x := columns(samples, all, use)
	k := len(names)
	mean, sd := standardise(x, k)
	w := make([]float64, k+1)
	for range 20 {
		a, b := square(k+1), make([]float64, k+1)
		for i, s := range samples {
			r := 1 / math.Max(math.Abs(y(s)-dot(w, x[i])), 0.5)
			for p := range b {
				b[p] += r * x[i][p] * y(s)
				for q := 0; q <= p; q++ {
					a[p][q] += r * x[i][p] * x[i][q]
				}
			}
		}
		for p := range k {
			a[p][p] += lambda
		}
		w = solve(a, b)
	}
	return raw(w, names, mean, sd)
}

// raw turns weights of standardised features into those of raw ones, rounded
// so that the file does not depend on the last bits of a machine.
func raw(w []float64, names []string, mean, sd []float64) grade.Linear {
	l := grade.Linear{Bias: w[len(names)], Weights: map[string]float64{}}
	for j, name := range names {
		v := w[j] / sd[j]
		l.Bias -= v * mean[j]
		l.Weights[name] = math.Round(v*1e5) / 1e5
	}
	l.Bias = math.Round(l.Bias*1e5) / 1e5
	return l
}

// standardise brings the first k columns to mean 0 and deviation 1.
func standardise(x [][]float64, k int) (mean, sd []float64) {
	mean, sd = make([]float64, k), make([]float64, k)
	n := float64(len(x))
	for j := range k {
		for i := range x {
			mean[j] += x[i][j] / n
		}
		for i := range x {
			d := x[i][j] - mean[j]
			sd[j] += d * d / n
		}
		// A feature that is almost always 0 must not get a huge weight.
		sd[j] = math.Sqrt(sd[j]) + 0.05
		for i := range x {
			x[i][j] = (x[i][j] - mean[j]) / sd[j]
		}
	}
	return mean, sd
}

func dot(a, b []float64) (s float64) {
	for i := range a {
		s += a[i] * b[i]
	}
	return s
}

func square(n int) [][]float64 {
	m := make([][]float64, n)
	for i := range m {
		m[i] = make([]float64, n)
	}
	return m
}

// solve solves a symmetric positive definite system by Cholesky; only the
// lower half of a is read.
func solve(a [][]float64, b []float64) []float64 {
	n := len(b)
	l := square(n)
	for i := range n {
		for j := 0; j <= i; j++ {
			s := a[i][j]
			for k := range j {
				s -= l[i][k] * l[j][k]
			}
			if i == j {
				l[i][i] = math.Sqrt(math.Max(s, 1e-12))
			} else {
				l[i][j] = s / l[j][j]
			}
		}
	}
	x := make([]float64, n)
	for i := range n {
		s := b[i]
		for k := range i {
			s -= l[i][k] * x[k]
		}
		x[i] = s / l[i][i]
	}
	for i := n - 1; i >= 0; i-- {
		s := x[i]
		for k := i + 1; k < n; k++ {
			s -= l[k][i] * x[k]
		}
		x[i] = s / l[i][i]
	}
	return x
}

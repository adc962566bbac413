package main

import (
	"math"

	"aktvakt/detectors/grade"
)

// logistic fits a logistic regression with L2 regularisation by Newton's
// method on standardised features, and returns the weights for raw ones.
func logistic(samples []*sample, names []string, y func(*sample) bool, lambda float64) grade.Linear {
	n, k := len(samples), len(names)
	mean, sd := standard(samples, k)
	x := make([][]float64, n)
	for i, s := range samples {
		x[i] = make([]float64, k+1)
		for j := range k {
			x[i][j] = (s.x[j] - mean[j]) / sd[j]
		}
		x[i][k] = 1
	}
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

func standard(samples []*sample, k int) (mean, sd []float64) {
	mean, sd = make([]float64, k), make([]float64, k)
	for _, s := range samples {
		for j := range k {
			mean[j] += s.x[j]
		}
	}
	for j := range mean {
		mean[j] /= float64(len(samples))
	}
	for _, s := range samples {
		for j := range k {
			d := s.x[j] - mean[j]
			sd[j] += d * d
		}
	}
	for j := range sd {
		sd[j] = math.Sqrt(sd[j]/float64(len(samples))) + 0.05
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

package cell

import (
	"bytes"
	"strings"
)

// Formula returns a formula's text, with literals that it only strings
// together joined, and whether it says more than the cell shows: there is no
// result yet, or it quotes a number that the result does not show.
func Formula(formula string, shown []byte) (string, bool) {
	if formula == "" {
		return "", false
	}
	formula = joinLiterals(formula)
	digits := LongestDigits(formula)
	if len(shown) == 0 {
		return formula, digits >= 6 || strings.Contains(formula, `"`)
	}
	return formula, digits >= 6 && !bytes.Contains(shown, []byte(digitsOf(formula)))
}

// LongestDigits returns the number of digits in the longest run of digits of
// s; hyphens do not end one.
func LongestDigits(s string) int {
	best, n := 0, 0
	for i := range len(s) {
		if s[i] >= '0' && s[i] <= '9' {
			n++
			best = max(best, n)
		} else if s[i] != '-' {
			n = 0
		}
	}
	return best
}

// digitsOf returns the longest run of digits, with hyphens inside.
func digitsOf(s string) string {
	best := ""
	for i := 0; i < len(s); i++ {
		j := i
		for j < len(s) && (s[j] >= '0' && s[j] <= '9' || (s[j] == '-' && j > i)) {
			j++
		}
		if run := strings.TrimRight(s[i:j], "-"); len(run) > len(best) {
			best = run
		}
		if j > i {
			i = j - 1
		}
	}
	return best
}

// joinLiterals joins literals that a formula only strings together, so that
// CONCATENATE("930405","-","2384") shows the number it makes.
func joinLiterals(f string) string {
	if !strings.Contains(f, `"`) {
		return f
	}
	f = strings.NewReplacer(`"&"`, "", `" & "`, "").Replace(f)
	if upper := strings.ToUpper(f); strings.Contains(upper, "CONCAT") {
		f = strings.NewReplacer(`","`, "", `", "`, "", `";"`, "").Replace(f)
	}
	return f
}

package main

import (
	_ "embed"
	"log"
	"strconv"
	"strings"
)

//go:embed own.txt
var own string

// ownTexts are the texts written for this project.
func ownTexts() (samples []*sample) {
	for _, part := range strings.Split("\n"+own, "\n== ")[1:] {
		head, text, _ := strings.Cut(part, "\n")
		f := strings.Split(head, "|")
		if len(f) != 5 {
			log.Fatalf("own.txt: %q is no heading", head)
		}
		for i := range f {
			f[i] = strings.TrimSpace(f[i])
		}
		s := &sample{graded: true, text: []byte(text)}
		s.File, s.Sensitivity, s.Writer = f[0], f[1], "own"
		s.Language, _, _ = strings.Cut(f[0], "-")
		for _, c := range strings.Split(f[2], ",") {
			s.Categories = append(s.Categories, strings.TrimSpace(c))
		}
		s.Persons = number(f[3])
		s.Minors = number(f[4])
		s.high = s.Sensitivity == "highly-sensitive"
		s.case_ = s.high || s.Sensitivity == "sensitive"
		samples = append(samples, s)
	}
	return samples
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		log.Fatalf("own.txt: %q is no number", s)
	}
	return n
}

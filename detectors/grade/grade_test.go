package grade

import (
	"math"
	"strings"
	"testing"

	"aktvakt/detectors"
	"aktvakt/detectors/marker"
)

func TestVocabulary(t *testing.T) {
	v := loadVocabulary()
	c, err := marker.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	for i, g := range v.groups[:topicGroups] {
		if _, ok := c.Categories[g]; !ok {
			t.Errorf("group %d, %q, is no category", i, g)
		}
	}
	if len(v.groups) > len(evidence{}.words) {
		t.Fatalf("%d groups", len(v.groups))
	}
	formal := 0
	for i, w := range v.words {
		if v.formal[i] {
			formal++
		}
		if strings.Trim(w.Text, "* ") == "" {
			t.Errorf("empty word in %q", v.groups[v.group[i]])
		}
	}
	if formal < 300 {
		t.Errorf("%d terms of the trade", formal)
	}
}

// TestModel: every weight belongs to a feature, so that a renamed feature
// cannot lose its weight in silence.
func TestModel(t *testing.T) {
	g := New(detectors.Options{}, nil)
	names, _ := g.Features(&Document{Text: detectors.Text{Body: []byte("x")}})
	known := map[string]bool{}
	for _, n := range names {
		if known[n] {
			t.Errorf("feature %q twice", n)
		}
		known[n] = true
	}
	m := loadModel()
	for part, l := range map[string]Linear{"case": m.Case, "high": m.High, "internal": m.Internal, "persons": m.Persons, "minors": m.Minors} {
		if len(l.Weights) == 0 {
			t.Errorf("%s: no weights", part)
		}
		for n, w := range l.Weights {
			if !known[n] || math.IsNaN(w) {
				t.Errorf("%s: weight %v of unknown feature %q", part, w, n)
			}
		}
	}
}

func TestMeasure(t *testing.T) {
	l := measure([]byte("Från: A\nTill: B\n" +
		"Namn: ____________  [ ] ja [x] nej ☐\n" +
		"- punkt\n1. första\n3.11. klo 9.20 soitto\n" +
		"den 12 mars, kl. 10.42, 2025-03-11, 4/5\n" +
		"Noel, 9 år, och hans mor, 34 år\n" +
		"a;b;c;d\n12 %, 300 kr. Varför? Nej!\n[kommunens namn]\n«Navn»\n\"citat\"\nRUBRIK HÄR\n"))
	for what, got := range map[string][2]int{
		"headers": {l.headers, 2}, "blanks": {l.blanks, 1}, "boxes": {l.boxes, 2}, "checked": {l.checked, 1},
		"bullets": {l.bullets, 1}, "notes": {l.notes, 1}, "ages": {l.ages, 2}, "minors": {l.minors, 1}, "cells": {l.cells, 1},
		"percents": {l.percents, 1}, "money": {l.money, 1}, "questions": {l.questions, 1}, "exclaims": {l.exclaims, 1},
		"brackets": {l.brackets, 1}, "guillemets": {l.guillemet, 1}, "capital lines": {l.capitalLines, 1},
	} {
		if got[0] != got[1] {
			t.Errorf("%s: %d, want %d", what, got[0], got[1])
		}
	}
	if l.dates < 3 || l.times < 1 {
		t.Errorf("%d dates, %d times", l.dates, l.times)
	}
}

func TestAddress(t *testing.T) {
	for text, want := range map[string]bool{
		"bor på Kvarnholmsvägen 31 i": true, "Kastanjegården 4, 2. tv.": true, "Kuusitarhantie 9 on": true,
		"på vägen 2 mil bort": false, "ingen gata här": false, "vej": false, "": false, "Storgatan x": false,
	} {
		if got := address([]byte(text)); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestRoles(t *testing.T) {
	for text, want := range map[string][3]int{
		"mamman ringde och pappan kom":       {2, 0, 0},
		"drengen og hans mor":                {1, 1, 0},
		"äiti soitti, isä ei":                {2, 0, 0},
		"pigerne og drengene":                {0, 0, 2},
		"socialnämnden behandlade ärendet x": {0, 0, 0},
	} {
		var p people
		roles(&p, []byte(text), nil, 0)
		if got := [3]int{p.roles, p.unnamed, p.several}; got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

// TestSpans: the number of stretches is bounded and each is inside the text.
func TestSpans(t *testing.T) {
	e := &marker.Entry{ID: "x", Category: "violence"}
	for _, n := range []int{0, 1, windowSize, windowSize*3/2 + 1, 100 * windowSize, 2000 * windowSize} {
		d := &Document{Text: detectors.Text{Body: make([]byte, n)}}
		for i := 0; i < n; i += 10 {
			d.Hits = append(d.Hits, marker.Hit{Entry: e, Start: i, End: min(i+1, n)})
		}
		s := spans(d)
		if len(s) == 0 || len(s) > maxWindows+1 {
			t.Errorf("%d bytes: %d stretches", n, len(s))
		}
		for _, x := range s {
			if x.start < 0 || x.end > n || x.start > x.end {
				t.Errorf("%d bytes: stretch %v", n, x)
			}
		}
	}
}

func TestDistinctNumbers(t *testing.T) {
	m := func(v string, minor bool) detectors.Match {
		return detectors.Match{Value: detectors.NewSecret(v), Minor: minor}
	}
	persons, minors := distinctNumbers([]detectors.Match{m("a", true), m("b", false), m("a", true)}, 10)
	if persons != 2 || minors != 1 {
		t.Errorf("%d persons, %d minors", persons, minors)
	}
}

func TestInField(t *testing.T) {
	for text, want := range map[string]bool{
		"Barn: Alva, N": true, "x\nCPR-nr.: N": true, "a: b\nAlva N": false, "N": false, ": N": false, "ett långt stycke som fortsätter ganska länge: N": false,
		strings.Repeat("x", 200) + "N": false,
	} {
		if got := inField([]byte(text), strings.Index(text, "N")); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestInOffice(t *testing.T) {
	for text, want := range map[string]bool{
		"Center for Børn og Unge": true, "for børn og unge": false, "\nBørn": false, "slut. Børn": false, "Børn": false,
	} {
		i := strings.LastIndex(strings.ToLower(text), "børn")
		if got := inOffice([]byte(text), marker.Hit{Start: i, End: len(text)}); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

package idnumber_test

import (
	"bytes"
	"testing"
	"time"
	"unicode/utf8"

	"aktvakt/detectors"
	"aktvakt/detectors/detecttest"
	"aktvakt/detectors/idnumber"
)

// FuzzFind: no input panics, and matches are sound.
func FuzzFind(f *testing.F) {
	for _, c := range cases {
		f.Add([]byte(c.text))
	}
	f.Add([]byte("\xef\xbc\x90\xef\xbc"))
	finders := make([]*idnumber.Finder, 0, 2)
	for _, home := range []string{"", "dk"} {
		finders = append(finders, newFinder(f, detectors.Options{HomeCountry: home, Now: time.Date(2033, 2, 1, 0, 0, 0, 0, time.UTC)}))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, d := range finders {
			detecttest.Sound(t, b, d.Find(detectors.Text{Body: b, Date: time.Date(2015, 1, 1, 0, 0, 0, 0, time.UTC)}))
			d.FindInName(detectors.Text{Name: string(b)})
		}
	})
}

// FuzzPrefix: blank lines before a text shift its matches and change nothing.
// A stride of blank lines keeps the scan's phase: damaged digits may be seen
// in one phase and not in another.
func FuzzPrefix(f *testing.F) {
	for _, c := range cases {
		f.Add([]byte(c.text))
	}
	d := newFinder(f, detectors.Options{})
	f.Fuzz(func(t *testing.T, b []byte) {
		if !utf8.Valid(b) || len(b) > 3000 {
			return
		}
		want := d.Find(detectors.Text{Body: b})
		got := d.Find(detectors.Text{Body: append(bytes.Repeat([]byte("\n"), 5), b...)})
		if len(got) != len(want) {
			t.Fatalf("%d matches after blank lines, %d before, in %q", len(got), len(want), b)
		}
		for i := range got {
			if got[i].Start-5 != want[i].Start || got[i].End-5 != want[i].End || got[i].Detector != want[i].Detector {
				t.Errorf("match %d differs after blank lines in %q", i, b)
			}
		}
	})
}

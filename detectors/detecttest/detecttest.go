// Package detecttest is the acceptance suite for detectors. Every
// detectors.Detector passes it:
//
//	func TestDetector(t *testing.T) {
//		detecttest.Run(t, mine, []detecttest.Sample{{Text: "...", Want: 1}})
//	}
//
// It checks what callers rely on: matches lie in the text, on whole runes, in
// order and apart; the text is neither kept nor changed; goroutines do not
// disturb each other; and no raw value gets out of a match by printing it.
package detecttest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"aktvakt/detectors"
)

// Sample is a text and how many matches it must give. Samples hold published
// test numbers only.
type Sample struct {
	Text string
	Want int
}

// Run runs the suite.
func Run(t *testing.T, d detectors.Detector, samples []Sample) {
	t.Helper()
	if len(samples) == 0 {
		t.Fatal("detecttest needs samples")
	}
	t.Run("info", func(t *testing.T) { info(t, d) })
	t.Run("samples", func(t *testing.T) { found(t, d, samples) })
	t.Run("hostile", func(t *testing.T) { hostile(t, d, samples) })
	t.Run("shifted", func(t *testing.T) { shifted(t, d, samples) })
	t.Run("text unchanged", func(t *testing.T) { unchanged(t, d, samples) })
	t.Run("goroutines", func(t *testing.T) { concurrent(t, d, samples) })
	t.Run("secrets", func(t *testing.T) { secrets(t, d, samples) })
}

func info(t *testing.T, d detectors.Detector) {
	i := d.Info()
	if i.Name == "" || i.Source == "" {
		t.Errorf("Info = %+v, want name and source", i)
	}
}

func found(t *testing.T, d detectors.Detector, samples []Sample) {
	for _, s := range samples {
		ms := d.Find(detectors.Text{Body: []byte(s.Text)})
		if len(ms) != s.Want {
			t.Errorf("%d matches in %q, want %d", len(ms), s.Text, s.Want)
		}
		Sound(t, []byte(s.Text), ms)
	}
}

// Sound checks matches against the text that they were found in.
func Sound(t testing.TB, text []byte, ms []detectors.Match) {
	t.Helper()
	end := 0
	for i, m := range ms {
		switch {
		case m.Start < 0 || m.End > len(text) || m.Start >= m.End:
			t.Fatalf("match %d is [%d:%d) in a text of %d bytes", i, m.Start, m.End, len(text))
		case m.Start < end:
			t.Errorf("match %d starts at %d, before the end of the last, %d", i, m.Start, end)
		case !boundary(text, m.Start) || !boundary(text, m.End):
			t.Errorf("match %d [%d:%d) cuts a rune", i, m.Start, m.End)
		case !(m.Confidence >= 0.5 && m.Confidence <= 1):
			t.Errorf("match %d has confidence %v", i, m.Confidence)
		case m.Detector == "":
			t.Errorf("match %d has no detector", i)
		case m.Value.IsZero():
			t.Errorf("match %d has no value", i)
		case digits(m.Masked) > 4:
			t.Errorf("match %d is masked as %q: more than a year", i, m.Masked)
		case !m.Birth.IsZero() && (m.Birth.Year() < 1800 || m.Birth.After(time.Now().AddDate(20, 0, 0))):
			t.Errorf("match %d has an impossible birth", i)
		}
		end = m.End
	}
}

// boundary reports whether i does not lie inside an encoded rune. Bytes that
// are no UTF-8 have no inside.
func boundary(text []byte, i int) bool {
	if i >= len(text) || utf8.RuneStart(text[i]) {
		return true
	}
	for j := max(0, i-3); j < i; j++ {
		if r, n := utf8.DecodeRune(text[j:]); r != utf8.RuneError && j+n > i {
			return false
		}
	}
	return true
}

func digits(s string) (n int) {
	for _, r := range s {
		if unicode.IsDigit(r) {
			n++
		}
	}
	return n
}

// hostile feeds cut, repeated and damaged samples, noise and nothing.
func hostile(t *testing.T, d detectors.Detector, samples []Sample) {
	r := rand.New(rand.NewPCG(3, 4))
	try := func(b []byte) { Sound(t, b, d.Find(detectors.Text{Body: b})) }
	try(nil)
	try([]byte{})
	for _, s := range samples {
		b := []byte(s.Text)
		for i := range b {
			try(b[:i])
			try(b[i:])
		}
		try(bytes.Repeat(b, 50))
		for range 200 {
			c := bytes.Clone(b)
			for range 1 + r.IntN(4) {
				c[r.IntN(len(c))] = byte(r.UintN(256))
			}
			try(c)
		}
	}
	for _, alphabet := range []string{"0123456789", "0123456789-+ \t\n;", "01 \u00a0\uff10\uff11-\u00ad", "Ol01-|\t", "%0123456789ABCDEF"} {
		runes := []rune(alphabet)
		for range 20 {
			var s strings.Builder
			for range r.IntN(400) {
				s.WriteRune(runes[r.IntN(len(runes))])
			}
			try([]byte(s.String()))
		}
	}
	noise := make([]byte, 1<<16)
	for i := range noise {
		noise[i] = byte(r.UintN(256))
	}
	try(noise)
	try(bytes.Repeat([]byte("7"), 1<<20))
	try(bytes.Repeat([]byte("7 "), 1<<19))
	try(bytes.Repeat([]byte("x;"), 1<<19))
}

// shifted puts blank lines before the samples.
func shifted(t *testing.T, d detectors.Detector, samples []Sample) {
	for _, s := range samples {
		want := d.Find(detectors.Text{Body: []byte(s.Text)})
		for n := 1; n <= 16; n++ {
			got := d.Find(detectors.Text{Body: []byte(strings.Repeat("\n", n) + s.Text)})
			for i := range got {
				got[i].Start -= n
				got[i].End -= n
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%d blank lines before %q change the matches: %v, want %v", n, s.Text, got, want)
			}
		}
	}
}

func unchanged(t *testing.T, d detectors.Detector, samples []Sample) {
	for _, s := range samples {
		b := []byte(s.Text)
		before := d.Find(detectors.Text{Body: b})
		if string(b) != s.Text {
			t.Fatalf("Find changed the text %q", s.Text)
		}
		keys := make([][16]byte, len(before))
		for i, m := range before {
			keys[i] = m.Value.Key([]byte("k"))
		}
		clear(b) // a match that kept the text would change with it
		for i, m := range before {
			if m.Value.Key([]byte("k")) != keys[i] {
				t.Errorf("a match keeps the text of %q", s.Text)
			}
		}
	}
}

func concurrent(t *testing.T, d detectors.Detector, samples []Sample) {
	want := make([][]detectors.Match, len(samples))
	for i, s := range samples {
		want[i] = d.Find(detectors.Text{Body: []byte(s.Text)})
	}
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for n := range 50 {
				i := (g + n) % len(samples)
				if got := d.Find(detectors.Text{Body: []byte(samples[i].Text)}); !reflect.DeepEqual(got, want[i]) {
					t.Errorf("goroutines disturb each other on %q", samples[i].Text)
					return
				}
			}
		})
	}
	wg.Wait()
}

// secrets prints matches in every common way and looks for the number.
func secrets(t *testing.T, d detectors.Detector, samples []Sample) {
	for _, s := range samples {
		for _, m := range d.Find(detectors.Text{Body: []byte(s.Text)}) {
			raw := s.Text[m.Start:m.End]
			m.Birth = time.Time{} // a date of birth is no secret of this kind
			js, err := json.Marshal(m)
			if err != nil {
				t.Fatal(err)
			}
			out := fmt.Sprintf("%v %+v %#v %s %s", m, m, m, m.Value, js)
			if strings.Contains(out, raw) {
				t.Errorf("printing a match shows the number in %q", s.Text)
			}
			if tail := raw[max(0, len(raw)-4):]; strings.Contains(m.Masked, tail) {
				t.Errorf("the masked form %q shows the end of the number", m.Masked)
			}
		}
	}
}

package carve_test

import (
	"context"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/carve"
	"aktvakt/scanner/extract/extracttest"
	"aktvakt/scanner/finding"
)

const oneNote = "\xE4\x52\x5C\x7B\x8C\xD8\xA7\x4D\xAE\xB1\x53\x78\xD0\x29\x96\xD3"

// sample makes a OneNote-like file: strings in both forms between noise.
func sample() []byte {
	rnd := rand.New(rand.NewPCG(1, 2))
	noise := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(rnd.Uint32())
		}
		return append(b, 0)
	}
	wide := func(s string) []byte {
		var b []byte
		for _, r := range s {
			b = append(b, byte(r), byte(r>>8))
		}
		return append(b, 0, 0)
	}
	b := append([]byte(oneNote), noise(301)...)
	b = append(append(b, wide("Möte om 19900101-2385")...), noise(500)...)
	b = append(append(b, "Orosanm\xE4lan fr\xE5n f\xF6rskolan\x00"...), noise(500)...)
	b = append(append(b, "Sören på Østerbro\x00"...), noise(500)...)
	b = append(append(b, 0), wide("udda läge")...)
	return append(b, noise(100)...)
}

func TestSuite(t *testing.T) {
	file := t.TempDir() + "/sample.one"
	if err := os.WriteFile(file, sample(), 0o600); err != nil {
		t.Fatal(err)
	}
	extracttest.Run(t, extracttest.Suite{Extractor: carve.New(), Files: []string{file}})
}

func TestCarve(t *testing.T) {
	doc := extract.Run(context.Background(), extract.Bytes(sample()), "x", []extract.Extractor{carve.New()}, extract.Limits{})
	for _, want := range []string{"Möte om 19900101-2385", "Orosanmälan från förskolan", "Sören på Østerbro", "udda läge"} {
		if !strings.Contains(string(doc.Text), want) {
			t.Errorf("%q not found", want)
		}
	}
	if s := doc.Skip; s == nil || s.Reason != finding.Unsupported || !s.Partial {
		t.Errorf("skip %+v", s)
	}
	if n := len(doc.Text); n > 400 {
		t.Errorf("%d bytes of text: noise is told", n)
	}
}

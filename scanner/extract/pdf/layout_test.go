package pdf

import (
	"fmt"
	"strings"
	"testing"

	"aktvakt/scanner/extract"
)

// TestLayout: numbers that are painted a letter at a time come out whole.
func TestLayout(t *testing.T) {
	const number, digits = "121212-1212", "191212121212"
	// at paints each character by itself, advance by advance; m is the text
	// matrix without the place.
	at := func(m string, dx, dy float64) func(x, y float64, s string) string {
		return func(x, y float64, s string) string {
			var b strings.Builder
			for i, c := range s {
				if c == ' ' {
					continue
				}
				fmt.Fprintf(&b, "BT /F1 10 Tf %s %.2f %.2f Tm (%c) Tj ET\n", m, x+float64(i)*dx, y+float64(i)*dy, c)
			}
			return b.String()
		}
	}
	var boxes, spacedOut, up, down, table strings.Builder
	for i := range 12 {
		y := 700 - 30*float64(i)
		boxes.WriteString(at("1 0 0 1", 16, 0)(100, y, number))
		fmt.Fprintf(&spacedOut, "BT /F1 10 Tf 5 Tc 1 0 0 1 50 %.0f Tm (namn %s mor) Tj ET\n", y, number)
		up.WriteString(at("0 1 -1 0", 0, 5.56)(100+20*float64(i), 100, digits))
		down.WriteString(at("0 -1 1 0", 0, -5.56)(100+20*float64(i), 700, digits))
		for k := range 6 {
			fmt.Fprintf(&table, "BT /F1 10 Tf 1 0 0 1 %d %.0f Tm (%d) Tj ET\n", 50+40*k, y, k)
		}
	}
	for _, c := range []struct{ name, content, want string }{
		{"boxes", boxes.String(), number},
		{"spaced out", spacedOut.String(), "namn " + number + " mor"},
		{"turned up", up.String(), digits},
		{"turned down", down.String(), digits},
		{"table of single digits", table.String(), "0 1 2 3 4 5"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBuilder()
			b.pages("", []string{""})
			b.deflated(11, "", c.content)
			doc := extract.Run(t.Context(), extract.Bytes(b.end("")), "x.pdf", []extract.Extractor{shared()}, extract.Limits{})
			if n := strings.Count(string(doc.Text), c.want); n != 12 || doc.Skip != nil {
				t.Errorf("%q %d times, skip %+v, in %q", c.want, n, doc.Skip, doc.Text)
			}
		})
	}
}

// PDFium takes single characters one above the other for a word.
func TestAxisLabels(t *testing.T) {
	b := newBuilder()
	b.pages("", []string{"x"})
	labels := ""
	for i, n := range []string{"0", "2", "4", "6", "8"} {
		labels += fmt.Sprintf("BT /F1 10 Tf 1 0 0 1 50 %d Tm (%s) Tj ET\n", 100+54*i, n)
	}
	b.stream(11, "", labels)
	doc := run(t, shared(), extract.Bytes(b.end("")))
	if got := strings.Join(strings.Fields(string(doc.Text)), " "); got != "0 2 4 6 8" {
		t.Errorf("%q", got)
	}
}

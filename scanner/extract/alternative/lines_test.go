package alternative_test

import (
	"testing"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/alternative"
	"aktvakt/scanner/extract/extracttest"
)

func TestFilter(t *testing.T) {
	var r extracttest.Recorder
	f := &alternative.Filter{Out: &r, Known: alternative.NewLines("Hej Åsa\r\nrad två\n")}
	for _, s := range []string{"Hej  Åsa\nny rad\n", "rad två\n", "ny rad\nannan\n"} {
		if err := f.Text(extract.Block{Text: s}); err != nil {
			t.Fatal(err)
		}
	}
	if got := r.All(); got != "ny rad\n\nannan\n\n" {
		t.Errorf("%q", got)
	}
}

package pdf

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"aktvakt/scanner/extract/extracttest"
)

// mutations is raised for long runs: go test -run Suite -mutations 3000.
var mutations = flag.Int("mutations", 150, "broken variants of each document")

func TestSuite(t *testing.T) {
	e := shared()
	if err := e.Warm(); err != nil {
		t.Fatal(err)
	}
	built := filepath.Join(t.TempDir(), "places.pdf")
	if err := os.WriteFile(built, places(), 0o600); err != nil {
		t.Fatal(err)
	}
	extracttest.Run(t, extracttest.Suite{
		Extractor: e,
		Files:     []string{built, "testdata/libreoffice.pdf"},
		Mutations: *mutations,
	})
}

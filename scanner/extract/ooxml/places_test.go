package ooxml_test

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/ooxml"
)

func read(t testing.TB, file string) extract.Document {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return extract.Run(context.Background(), extract.Bytes(b), file, []extract.Extractor{ooxml.New()}, extract.Limits{})
}

// TestPlaces: a document of each kind has a known token in every place where
// text can hide. A token with a bar is two that stand in this order.
func TestPlaces(t *testing.T) {
	b, err := os.ReadFile("testdata/truth.json")
	if err != nil {
		t.Fatal(err)
	}
	var truth map[string]map[string]string
	if err := json.Unmarshal(b, &truth); err != nil {
		t.Fatal(err)
	}
	for file, kind := range map[string]string{
		"testdata/places.docx": "docx", "testdata/libreoffice.docx": "docx", "testdata/places.xlsx": "xlsx",
		"testdata/libreoffice.xlsx": "xlsx", "testdata/places.pptx": "pptx",
	} {
		t.Run(file, func(t *testing.T) {
			doc := read(t, file)
			if doc.Skip != nil {
				t.Errorf("skip %+v", doc.Skip)
			}
			found := 0
			for place, token := range truth[kind] {
				rest, ok := string(doc.Text), true
				for part := range strings.SplitSeq(token, "|") {
					i := strings.Index(rest, part)
					if i < 0 {
						ok = false
						break
					}
					rest = rest[i+len(part):]
				}
				if !ok {
					t.Errorf("%s: %q not found", place, token)
					continue
				}
				found++
			}
			t.Logf("%d of %d places", found, len(truth[kind]))
			if os.Getenv("DUMP") != "" {
				t.Log(string(doc.Text))
			}
		})
	}
}

package list_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/list"
)

// TestEachFormatFindsItsReader: of the whole list, the right extractor reads
// each file, whatever it is called.
func TestEachFormatFindsItsReader(t *testing.T) {
	tests := []struct{ file, mediaType, token string }{
		{"../ooxml/testdata/places.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "19850709-9805"},
		{"../ooxml/testdata/places.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "900101-2385"},
		{"../ooxml/testdata/places.pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation", "868686-8686"},
		{"../odf/testdata/places.odt", "application/vnd.oasis.opendocument.text", "19850709-9805"},
		{"../odf/testdata/places.ods", "application/vnd.oasis.opendocument.spreadsheet", "900101-2385"},
		{"../odf/testdata/places.fodp", "text/xml", "868686-8686"},
		{"../ole/testdata/places.doc", "application/msword", "19850709-9805"},
		{"../ole/testdata/places.xls", "application/vnd.ms-excel", "900101-2385"},
		{"../ole/testdata/places.ppt", "application/vnd.ms-powerpoint", "868686-8686"},
		{"../rtf/testdata/places.rtf", "text/rtf", "19850709-9805"},
		{"../html/testdata/writer.html", "text/html", "282930-3132"},
		{"../mail/testdata/brev.eml", "message/rfc822", "Endast i html"},
		{"../mail/testdata/lada.mbox", "application/mbox", "Endast i html"},
		{"../pst/testdata/unicode.pst", "application/vnd.ms-outlook-pst", "930405-2384"},
		{"../tnef/testdata/winmail.dat", "application/vnd.ms-tnef", "930405-2384"},
		{"../archive/testdata/a.7z", "application/x-7z-compressed", "19900101-2385"},
		{"../archive/testdata/a.tar.gz", "application/gzip", "Beslut"},
		{"../plain/testdata/cp865.csv", "text/csv", "Søren Ærø"},
	}
	for _, tt := range tests {
		t.Run(filepath.Base(tt.file), func(t *testing.T) {
			b, err := os.ReadFile(tt.file)
			if err != nil {
				t.Fatal(err)
			}
			name := "x" + filepath.Ext(tt.file)
			if tt.mediaType != "text/csv" {
				name = "no name"
			}
			doc := extract.Run(t.Context(), extract.Bytes(b), name, list.All(), extract.Limits{})
			if doc.Skip != nil || doc.MediaType != tt.mediaType || !strings.Contains(string(doc.Text), tt.token) {
				t.Errorf("media type %q, skip %+v, token found: %v", doc.MediaType, doc.Skip, strings.Contains(string(doc.Text), tt.token))
			}
		})
	}
}

// TestRichTextCell: a number in a cell whose parts look different is one word.
// LibreOffice wrote the xls and ods files from the xlsx one.
func TestRichTextCell(t *testing.T) {
	for _, file := range []string{"richtext.xlsx", "richtext.xls", "richtext.ods"} {
		doc := readFile(t, filepath.Join("testdata", file))
		if want := "19900101-2385"; doc.Skip != nil || !strings.Contains(string(doc.Text), want) {
			t.Errorf("%s: %q missing in %q, skip %+v", file, want, doc.Text, doc.Skip)
		}
	}
}

// TestCorpus measures the labelled files that AKTVAKT_CORPUS points to: the
// tokens found in every format, and time and memory on hostile files.
func TestCorpus(t *testing.T) {
	dir := os.Getenv("AKTVAKT_CORPUS")
	if dir == "" {
		return // an evaluation on demand
	}
	b, err := os.ReadFile(filepath.Join(dir, "places", "truth.json"))
	if err != nil {
		t.Fatal(err)
	}
	var truth map[string]map[string]string
	if err := json.Unmarshal(b, &truth); err != nil {
		t.Fatal(err)
	}
	for _, pair := range [][2]string{
		{"src/allt.docx", "docx"}, {"w_docx/allt.docx", "docx"}, {"w_doc/allt.doc", "docx"}, {"w_odt/allt.odt", "docx"}, {"w_rtf/allt.rtf", "docx"},
		{"w_html/allt.html", "docx"}, {"src/allt.xlsx", "xlsx"}, {"c_xlsx/allt.xlsx", "xlsx"}, {"c_xls/allt.xls", "xlsx"}, {"c_ods/allt.ods", "xlsx"},
		{"c_html/allt.html", "xlsx"}, {"p_pptx/allt.pptx", "pptx"}, {"p_ppt/allt.ppt", "pptx"}, {"p_odp/allt.odp", "pptx"}, {"src/allt.fodp", "pptx"},
	} {
		doc := readFile(t, filepath.Join(dir, "places", pair[0]))
		var missing []string
		for place, token := range truth[pair[1]] {
			rest := string(doc.Text)
			for part := range strings.SplitSeq(token, "|") {
				i := strings.Index(rest, part)
				if i < 0 {
					missing = append(missing, place)
					break
				}
				rest = rest[i+len(part):]
			}
		}
		t.Logf("%s: %d of %d, missing %v", pair[0], len(truth[pair[1]])-len(missing), len(truth[pair[1]]), missing)
	}
	hostile, err := filepath.Glob(filepath.Join(dir, "hostile", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range hostile {
		runtime.GC()
		start := time.Now()
		doc := readFile(t, f)
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		t.Logf("%s: %v, heap %d MB of %d MB from the system, %d bytes of text, skip %+v", filepath.Base(f), time.Since(start).Round(time.Millisecond),
			m.HeapInuse>>20, m.Sys>>20, len(doc.Text), doc.Skip)
	}
}

func readFile(t *testing.T, path string) extract.Document {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return extract.Run(context.Background(), extract.Bytes(b), filepath.Base(path), list.All(), extract.Limits{})
}

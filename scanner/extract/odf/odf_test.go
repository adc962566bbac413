package odf_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"hash/crc32"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/extracttest"
	"aktvakt/scanner/extract/odf"
	"aktvakt/scanner/finding"
)

func TestSuite(t *testing.T) {
	extracttest.Run(t, extracttest.Suite{Extractor: odf.New(), Files: []string{
		"testdata/places.odt", "testdata/places.ods", "testdata/places.odp", "testdata/places.fodp",
	}})
}

func run(b []byte) extract.Document {
	return extract.Run(context.Background(), extract.Bytes(b), "x", []extract.Extractor{odf.New()}, extract.Limits{})
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
	for file, kind := range map[string]string{"places.odt": "docx", "places.ods": "xlsx", "places.odp": "pptx", "places.fodp": "pptx"} {
		t.Run(file, func(t *testing.T) {
			b, err := os.ReadFile("testdata/" + file)
			if err != nil {
				t.Fatal(err)
			}
			doc := run(b)
			if doc.Skip != nil {
				t.Errorf("skip %+v", doc.Skip)
			}
			for place, token := range truth[kind] {
				rest := string(doc.Text)
				for part := range strings.SplitSeq(token, "|") {
					i := strings.Index(rest, part)
					if i < 0 {
						t.Errorf("%s: %q not found", place, token)
						break
					}
					rest = rest[i+len(part):]
				}
			}
			if os.Getenv("DUMP") != "" {
				t.Log(string(doc.Text))
			}
		})
	}
}

func flat(body string) []byte {
	return []byte(`<?xml version="1.0"?><office:document xmlns:office="x"><office:body>` + body + `</office:body></office:document>`)
}

func TestText(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"spans join", `<text:p>1990<text:span>0101</text:span>-2385</text:p>`, "19900101-2385\n"},
		{"a comment inside a number", `<text:p>1990<office:annotation><dc:creator>Bo</dc:creator><text:p>obs</text:p></office:annotation>0101-2385</text:p>`, "19900101-2385\nobs\n"},
		{"table", `<table:table><table:table-row><table:table-cell><text:p>a</text:p><text:p>b</text:p></table:table-cell><table:table-cell><text:p>c</text:p></table:table-cell></table:table-row></table:table><text:p>d</text:p>`, "a\nb\tc\nd\n"},
		{"spaces and tabs", `<text:p>a<text:s text:c="3"/>b<text:tab/>c<text:line-break/>d</text:p>`, "a   b\tc\nd\n"},
		{"hidden text", `<text:p>a<text:hidden-text text:string-value="19900101-2385"/></text:p>`, "a\n19900101-2385\n"},
		{"header of slides", `<presentation:footer-decl presentation:name="f">19900101-2385</presentation:footer-decl><text:p>a</text:p>`, "19900101-2385\na\n"},
		{"properties of a flat document", `<office:meta><dc:subject>19900101-2385</dc:subject><meta:user-defined meta:name="a">far</meta:user-defined></office:meta><text:p>a</text:p>`, "19900101-2385\nfar\na\n"},
		{"title of a help text", `<table:help-message table:title="19900101-2385"><text:p>a</text:p></table:help-message>`, "a\n19900101-2385\n"},
		{"mark of an index", `<text:p>a<text:alphabetical-index-mark text:string-value="19900101-2385"/></text:p>`, "a\n19900101-2385\n"},
		{"entry of a pivot table", `<table:data-pilot-member table:name="19900101-2385"/>`, "19900101-2385\n"},
		{"date in digits alone", `<office:spreadsheet><table:table table:name="S"><table:table-row><table:table-cell office:value-type="date" office:date-value="1990-01-01"><text:p>900101</text:p></table:table-cell><table:table-cell office:value-type="date" office:date-value="1990-01-01"><text:p>1.1.1990</text:p></table:table-cell></table:table-row></table:table></office:spreadsheet>`,
			"S\n900101\t1990-01-01\n"},
		{"formula that quotes", `<office:spreadsheet><table:table table:name="S"><table:table-row><table:table-cell table:formula="of:=IF([.A1]=&quot;19900101-2385&quot;;1;0)" office:value-type="float" office:value="1"><text:p>1</text:p></table:table-cell></table:table-row></table:table></office:spreadsheet>`,
			"S\n1 of:=IF([.A1]=\"19900101-2385\";1;0)\n"},
		{"sheet", `<office:spreadsheet><table:table table:name="Elever"><table:table-row table:number-rows-repeated="4"><table:table-cell table:number-columns-repeated="9"/></table:table-row>
<table:table-row><table:table-cell table:number-columns-repeated="2"/><table:table-cell office:value-type="float" office:value="199001012385"><text:p>1,99E+11</text:p></table:table-cell></table:table-row></table:table></office:spreadsheet>`,
			"Elever\n\t\t199001012385\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, string(run(flat(tt.in)).Text)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestMacros: modules of macros are text.
func TestMacros(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, m := range [][2]string{
		{"mimetype", "application/vnd.oasis.opendocument.text"},
		{"content.xml", `<office:document-content><text:p>brev</text:p></office:document-content>`},
		{"Basic/Standard/Module1.xml", `<script:module script:name="Module1">pnr = &quot;19900101-2385&quot;</script:module>`},
		{"Basic/script-lc.xml", `<library:libraries/>`},
	} {
		w, err := z.CreateHeader(&zip.FileHeader{Name: m[0], Method: zip.Store})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(m[1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if doc := run(b.Bytes()); doc.Skip != nil || !strings.Contains(string(doc.Text), `pnr = "19900101-2385"`) {
		t.Errorf("%q, skip %+v", doc.Text, doc.Skip)
	}
}

func TestPlace(t *testing.T) {
	b, err := os.ReadFile("testdata/places.ods")
	if err != nil {
		t.Fatal(err)
	}
	doc := run(b)
	if got := doc.At(strings.Index(string(doc.Text), "dold rad")).String(); got != "sheet Ärenden ••••••-••••, row 12, column A" {
		t.Errorf("got %q", got)
	}
}

func TestEncrypted(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, m := range [][2]string{
		{"mimetype", "application/vnd.oasis.opendocument.text"},
		{"content.xml", "\x93\x01\x88 noise"},
		{"META-INF/manifest.xml", `<manifest:manifest><manifest:file-entry manifest:full-path="content.xml"><manifest:encryption-data/></manifest:file-entry></manifest:manifest>`},
	} {
		w, err := z.CreateRaw(&zip.FileHeader{Name: m[0], Method: zip.Store, CRC32: crc32.ChecksumIEEE([]byte(m[1])), CompressedSize64: uint64(len(m[1])), UncompressedSize64: uint64(len(m[1]))})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(m[1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if s := run(b.Bytes()).Skip; s == nil || s.Reason != finding.Encrypted || s.Partial {
		t.Errorf("skip %+v", s)
	}
}

func FuzzFlat(f *testing.F) {
	f.Add(`<text:p>a<text:note><text:note-body><text:p>b</text:p></text:note-body></text:note></text:p>`)
	f.Add(`<office:spreadsheet><table:table><table:table-row><table:table-cell office:value="1"/></table:table-row></table:table></office:spreadsheet>`)
	f.Fuzz(func(t *testing.T, body string) { run(flat(body)) })
}

func BenchmarkText(b *testing.B) {
	in := flat(strings.Repeat(`<text:p text:style-name="Standard">Handläggaren <text:span text:style-name="T1">tog emot</text:span> en anmälan.</text:p>`, 10_000))
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		run(in)
	}
}

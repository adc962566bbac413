package dossier

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"aktvakt/scanner/finding"
	"aktvakt/scanner/report/lang"
	"aktvakt/scanner/report/reporttest"
)

func options(code string) Options {
	return Options{Language: code, Location: time.UTC, Organisation: "Exempel & kommun", Seen: reporttest.Night.Add(6 * time.Hour), Made: reporttest.Night.Add(7 * time.Hour)}
}

func TestFacts(t *testing.T) {
	run := reporttest.Sample()
	d := New(run.Incidents[0], run.Findings, options("sv"))
	if d.Persons != 452 || d.Minors != 452 || d.Documents != 452 || len(d.Files) != 452 || d.People != 1243 {
		t.Errorf("%d persons, %d minors, %d documents, %d files, %d readers", d.Persons, d.Minors, d.Documents, len(d.Files), d.People)
	}
	if got := d.NotifyBefore.Sub(reporttest.Night); got != 78*time.Hour {
		t.Errorf("deadline %v after the scan, want 72 h after a person saw it", got)
	}
	if got := strings.Join(d.Reasons, " "); got != "special minors many wide" || !d.HighRisk {
		t.Errorf("reasons %q, high risk %v", got, d.HighRisk)
	}
	var b bytes.Buffer
	if err := d.JSON(&b); err != nil {
		t.Fatal(err)
	}
	var back map[string]any
	if err := json.Unmarshal(b.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	for _, k := range []string{"reference", "persons", "minors", "documents", "people", "via", "cure", "notify_before", "exposed_since", "categories", "reasons", "files"} {
		if back[k] == nil {
			t.Errorf("JSON has no %s", k)
		}
	}
}

func TestAssessment(t *testing.T) {
	tests := []struct {
		name string
		in   finding.Incident
		want string
		high bool
	}{
		{"personnel case, sixty readers", finding.Incident{Grade: finding.Sensitive, Categories: []string{"personnel"}, Persons: 1, Beyond: 10}, "", false},
		{"with a diagnosis", finding.Incident{Grade: finding.Sensitive, Categories: []string{"personnel", "health"}, Persons: 1, Beyond: 10}, "special", false},
		{"one protected address", finding.Incident{Grade: finding.Sensitive, Categories: []string{"protected-identity"}, Persons: 1}, "protected", true},
		{"a child's case, all staff", finding.Incident{Grade: finding.HighlySensitive, Categories: []string{"child-protection"}, Persons: 1, Minors: 1, Wide: []string{"Everyone"}}, "special minors wide", true},
		{"a crime", finding.Incident{Grade: finding.Sensitive, Categories: []string{"criminal"}, Persons: 1}, "special", false},
	}
	for _, tt := range tests {
		d := New(tt.in, nil, Options{})
		if got := strings.Join(d.Reasons, " "); got != tt.want || d.HighRisk != tt.high {
			t.Errorf("%s: %q, high risk %v", tt.name, got, d.HighRisk)
		}
		if d.NotifyBefore != (time.Time{}) {
			t.Errorf("%s: a deadline although nobody saw it", tt.name)
		}
	}
}

// text returns what stands in word/document.xml, a line a paragraph, and
// fails where it is not well-formed.
func text(t *testing.T, b []byte) string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	f, err := z.Open("word/document.xml")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out strings.Builder
	dec := xml.NewDecoder(f)
	inText := 0
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return out.String()
		}
		if err != nil {
			t.Fatal(err)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			switch tok.Name.Local {
			case "t":
				inText++
			case "br":
				if inText > 0 {
					t.Error("a break inside a text")
				}
				out.WriteByte('\n')
			}
		case xml.EndElement:
			switch tok.Name.Local {
			case "t":
				inText--
			case "p":
				out.WriteByte('\n')
			}
		case xml.CharData:
			out.Write(tok)
		}
	}
}

func TestWord(t *testing.T) {
	run := reporttest.Sample()
	for _, code := range lang.Codes {
		for _, in := range run.Incidents {
			var b bytes.Buffer
			if err := New(in, run.Findings, options(code)).Word(&b, nil); err != nil {
				t.Fatalf("%s: %v", code, err)
			}
			got := text(t, b.Bytes())
			if strings.Contains(got, "{{") || strings.Contains(got, "dos.") {
				t.Errorf("%s: something is not filled in:\n%s", code, got)
			}
			for _, want := range []string{in.ID, "Exempel & kommun", in.Root, lang.Get(code).Say("dos.notify")} {
				if !strings.Contains(got, want) {
					t.Errorf("%s: %q is missing", code, want)
				}
			}
			for _, raw := range append(reporttest.Raw, "••••") {
				if strings.Contains(got, raw) {
					t.Errorf("%s: a number is in the document", code)
				}
			}
		}
	}
}

// What a person reads, in one language.
func TestWordSays(t *testing.T) {
	run := reporttest.Sample()
	var b bytes.Buffer
	if err := New(run.Incidents[0], run.Findings, options("sv")).Word(&b, nil); err != nil {
		t.Fatal(err)
	}
	got := strings.ReplaceAll(text(t, b.Bytes()), "\u00a0", " ")
	for _, want := range []string{
		"Underlag för anmälan", "452 personer (varav 452 minderåriga)", "Anmäl senast\n27 november 2026 08:15", "och 352 till, i findings.csv",
		"Talar för: känsliga uppgifter, barn, många personer, många kunde läsa.", "Referat 001.docx\nsmb://",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
}

// build makes a template with this body.
func build(t *testing.T, body string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, s := range map[string]string{
		"[Content_Types].xml": contentTypes, "_rels/.rels": packageRels, "word/_rels/document.xml.rels": documentRels, "word/styles.xml": styles,
		"word/document.xml": xml.Header + `<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>` + body + `</w:body></w:document>`,
	} {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, s)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestOwnTemplate(t *testing.T) {
	run := reporttest.Sample()
	hostile := run.Incidents[0]
	hostile.Root = `smb://h/<w:p>{{persons}}&"]]>`
	d := New(hostile, run.Findings, options("en"))
	tests := []struct{ name, body, want, fault string }{
		{"plain", `<w:p><w:r><w:t>Who: {{persons}}</w:t></w:r></w:p>`, "Who: 452 persons", ""},
		{"cut into runs by Word", `<w:p><w:r><w:t>{{per</w:t></w:r><w:proofErr w:type="spellStart"/><w:r><w:rPr><w:b/></w:rPr><w:t>sons}</w:t></w:r><w:r><w:t>}</w:t></w:r></w:p>`, "452 persons", ""},
		{"with spaces", `<w:p><w:r><w:t>{{ persons }}</w:t></w:r></w:p>`, "452 persons", ""},
		{"unknown", `<w:p><w:r><w:t>{{persnos}}</w:t></w:r></w:p>`, "", "unknown placeholders {{persnos}}"},
		{"a value that looks like markup", `<w:p><w:r><w:t>{{place}}</w:t></w:r></w:p>`, `smb://h/<w:p>{ {persons} }&"]]>`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var b bytes.Buffer
			err := d.Word(&b, build(t, tt.body))
			if tt.fault != "" {
				if err == nil || !strings.Contains(err.Error(), tt.fault) {
					t.Errorf("error %v, want %q", err, tt.fault)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := text(t, b.Bytes()); !strings.Contains(got, tt.want) {
				t.Errorf("got %q", got)
			}
		})
	}
	if err := d.Word(io.Discard, []byte("no zip")); err == nil || !strings.Contains(err.Error(), "not a Word document") {
		t.Errorf("error %v", err)
	}
}

func FuzzTemplate(f *testing.F) {
	run := reporttest.Sample()
	d := New(run.Incidents[1], nil, options("en"))
	tpl, err := Template()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(tpl)
	f.Fuzz(func(t *testing.T, b []byte) { d.Word(io.Discard, b) })
}

package report_test

import (
	"archive/zip"
	"bytes"
	stdcsv "encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"aktvakt/scanner/finding"
	"aktvakt/scanner/report"
	"aktvakt/scanner/report/csv"
	"aktvakt/scanner/report/html"
	"aktvakt/scanner/report/jsonl"
	"aktvakt/scanner/report/reporttest"
	"aktvakt/scanner/report/xlsx"
)

// form is one rendering and how to read the ids back from it.
type form struct {
	name string
	make func(io.Writer) report.Sink
	ids  func(*testing.T, []byte) []string
}

var forms = []form{
	{"jsonl", jsonl.New, func(t *testing.T, b []byte) []string {
		run, err := jsonl.Read(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, f := range run.Findings {
			ids = append(ids, f.ID)
		}
		return ids
	}},
	{"csv", csv.New, func(t *testing.T, b []byte) []string {
		rows, err := stdcsv.NewReader(bytes.NewReader(b)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		return column(rows)
	}},
	{"xlsx", xlsx.NewWriter, func(t *testing.T, b []byte) []string {
		f, err := excelize.OpenReader(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		rows, err := f.GetRows("Findings")
		if err != nil {
			t.Fatal(err)
		}
		return column(rows)
	}},
	{"html", func(w io.Writer) report.Sink { return html.NewWriter(w, html.Options{Language: "fi"}) }, func(t *testing.T, b []byte) []string {
		_, data, _ := strings.Cut(string(b), `<script id="data" type="application/json">`)
		data, _, _ = strings.Cut(data, "</script>")
		var d struct{ Rows [][]any }
		if err := json.Unmarshal([]byte(data), &d); err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, r := range d.Rows {
			ids = append(ids, r[0].(string))
		}
		return ids
	}},
}

func column(rows [][]string) (ids []string) {
	i := slices.Index(rows[0], "id")
	for _, r := range rows[1:] {
		ids = append(ids, r[i])
	}
	return ids
}

// Every form carries the same set of findings.
func TestFormsAgree(t *testing.T) {
	run := reporttest.Sample()
	var want []string
	for _, f := range run.Findings {
		want = append(want, f.ID)
	}
	slices.Sort(want)
	for _, f := range forms {
		var b bytes.Buffer
		if err := run.Replay(f.make(&b)); err != nil {
			t.Fatalf("%s: %v", f.name, err)
		}
		got := f.ids(t, b.Bytes())
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", f.name, diff)
		}
	}
}

// The raw numbers behind the masks stand in no form, nor does anything else
// of their shape. XLSX is looked at unzipped.
func TestNoRawNumbers(t *testing.T) {
	shape := regexp.MustCompile(`\b(19|20)?\d{6}[-+ ]?\d{4}\b`)
	run := reporttest.Sample()
	for _, f := range forms {
		var b bytes.Buffer
		if err := run.Replay(f.make(&b)); err != nil {
			t.Fatal(err)
		}
		for name, text := range unzip(t, f.name, b.Bytes()) {
			for _, raw := range reporttest.Raw {
				if strings.Contains(text, raw) {
					t.Errorf("%s: %s holds a raw number", f.name, name)
				}
			}
			if f.name == "csv" || f.name == "jsonl" {
				if n := len(shape.FindAllString(text, -1)); n > 0 {
					t.Errorf("%s holds %d texts of the shape of a number", f.name, n)
				}
			}
		}
	}
}

func unzip(t *testing.T, form string, b []byte) map[string]string {
	if form != "xlsx" {
		return map[string]string{form: string(b)}
	}
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, m := range z.File {
		r, err := m.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out[m.Name] = string(text)
	}
	return out
}

// A run that is written and read again is the same run, except for the keys of
// persons, which no report holds.
func TestJSONLRoundTrip(t *testing.T) {
	run := reporttest.Sample()
	var b bytes.Buffer
	if err := run.Replay(jsonl.New(&b)); err != nil {
		t.Fatal(err)
	}
	for i := range run.Findings {
		f := &run.Findings[i]
		f.PersonKeys, f.Root, f.OnFile = nil, "", false // known to the state alone
	}
	got, err := jsonl.Read(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(run, got); diff != "" {
		t.Error(diff)
	}
	lines := bytes.Split(bytes.TrimSpace(b.Bytes()), []byte("\n"))
	if want := len(run.Findings) + len(run.Incidents) + len(run.Skips) + 1; len(lines) != want {
		t.Errorf("%d lines, want %d", len(lines), want)
	}
	var last struct{ Type string }
	if err := json.Unmarshal(lines[len(lines)-1], &last); err != nil || last.Type != "summary" {
		t.Errorf("last line is a %q", last.Type)
	}
	for _, l := range lines {
		if bytes.Contains(l, []byte(":null")) {
			t.Fatalf("a null in %s", l)
		}
	}
}

func TestJSONLReadFaults(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		findings int
		want     string
	}{
		{"cut off between lines", `{"type":"finding","id":"F-1"}` + "\n", 1, "no summary"},
		{"cut off in a line", `{"type":"finding","id":"F-1"}` + "\n" + `{"type":"fin`, 1, "line 2"},
		{"a finding of another shape", `{"type":"finding","id":7}`, 0, "line 1: finding"},
		{"not JSON", "PK\x03\x04", 0, "line 1"},
		{"from a later version", `{"type":"finding","id":"F-1","aura":7}{"type":"omen"}{"type":"summary"}`, 1, ""},
	} {
		run, err := jsonl.Read(strings.NewReader(tt.in))
		if len(run.Findings) != tt.findings || (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %d findings, %v", tt.name, len(run.Findings), err)
		}
	}
	if _, err := jsonl.Read(strings.NewReader("")); !errors.Is(err, jsonl.ErrNoSummary) {
		t.Errorf("empty file: %v", err)
	}
}

// No cell is a formula to a spreadsheet.
func TestTablesHoldNoFormula(t *testing.T) {
	evil := []string{"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "a\n=1", `=HYPERLINK("http://x")`}
	var run jsonl.Run
	for i, e := range evil {
		run.Findings = append(run.Findings, finding.Finding{
			ID: fmt.Sprintf("F-%d", i), Path: e, Owner: e, Wide: []string{e}, Via: []finding.Via{{Name: e, ACE: "allow", InheritedFrom: e}}, Why: e,
			Cure: &finding.Cure{At: e, ACE: e, To: e}, Target: e, MediaType: e, Status: e, Categories: []string{e},
		})
	}
	var b bytes.Buffer
	if err := run.Replay(csv.New(&b)); err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(b.Bytes(), []byte("\ufeffseverity,")) {
		t.Errorf("begins with %q", b.Bytes()[:20])
	}
	rows, err := stdcsv.NewReader(&b).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		for _, c := range r {
			if c != "" && strings.ContainsAny(c[:1], "=+-@\t\r") || strings.HasPrefix(c, "＝") {
				t.Errorf("cell %q", c)
			}
		}
	}
	b.Reset()
	if err := run.Replay(xlsx.NewWriter(&b)); err != nil {
		t.Fatal(err)
	}
	for name, text := range unzip(t, "xlsx", b.Bytes()) {
		if strings.Contains(text, "<f>") || strings.Contains(text, "<f ") {
			t.Errorf("%s holds a formula", name)
		}
	}
}

func TestWorkbook(t *testing.T) {
	name := filepath.Join(t.TempDir(), "findings.xlsx")
	s, err := xlsx.New(name)
	if err != nil {
		t.Fatal(err)
	}
	run := reporttest.Sample()
	if err := run.Replay(s); err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenFile(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if diff := cmp.Diff([]string{"Findings", "Incidents", "Skipped", "Summary"}, f.GetSheetList()); diff != "" {
		t.Error(diff)
	}
	for sheet, want := range map[string]int{"Findings": len(run.Findings), "Incidents": len(run.Incidents), "Skipped": len(run.Skips)} {
		rows, err := f.GetRows(sheet)
		if err != nil || len(rows) != want+1 {
			t.Errorf("%s: %d rows, want %d (%v)", sheet, len(rows), want+1, err)
		}
		panes, err := f.GetPanes(sheet)
		if err != nil || !panes.Freeze || panes.YSplit != 1 {
			t.Errorf("%s: header is not frozen", sheet)
		}
	}
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if sheet := unzip(t, "xlsx", b)["xl/worksheets/sheet1.xml"]; !strings.Contains(sheet, "<autoFilter") {
		t.Error("no filter on the findings")
	}
	if v, err := f.GetCellValue("Findings", "G2"); err != nil || v == "" {
		t.Errorf("persons of the first finding: %q, %v", v, err)
	}
	if fi, err := os.Stat(name); err != nil || fi.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", fi.Mode())
	}
}

// failing is a sink whose every call fails.
type failing struct{ closed bool }

var errFull = errors.New("disk is full")

func (failing) Finding(finding.Finding) error   { return errFull }
func (failing) Incident(finding.Incident) error { return errFull }
func (failing) Skip(finding.Skip) error         { return errFull }
func (f *failing) Close(finding.Summary) error  { f.closed = true; return errFull }

func TestMultiGoesOn(t *testing.T) {
	var b bytes.Buffer
	bad := &failing{}
	m := report.Multi(bad, jsonl.New(&b))
	for _, err := range []error{m.Finding(finding.Finding{ID: "F-1"}), m.Incident(finding.Incident{}), m.Skip(finding.Skip{}), m.Close(finding.Summary{})} {
		if !errors.Is(err, errFull) {
			t.Errorf("the fault is not told: %v", err)
		}
	}
	if run, err := jsonl.Read(&b); err != nil || len(run.Findings) != 1 || !bad.closed {
		t.Errorf("the other sink did not get its part: %+v, %v", run, err)
	}
}

// A report that cannot be finished leaves last night's in place and nothing
// beside it.
func TestFailedFileLeavesTheOld(t *testing.T) {
	name := filepath.Join(t.TempDir(), "r", "findings.csv")
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := report.ToFile(name, func(io.Writer) report.Sink { return &failing{} })
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(finding.Summary{}); !errors.Is(err, errFull) || !strings.Contains(err.Error(), "findings.csv") {
		t.Errorf("error %v", err)
	}
	if b, err := os.ReadFile(name); err != nil || string(b) != "old" {
		t.Errorf("%q, %v", b, err)
	}
	if all, _ := os.ReadDir(filepath.Dir(name)); len(all) != 1 {
		t.Errorf("%d files left", len(all))
	}
}

func TestCell(t *testing.T) {
	when := time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600))
	for _, tt := range []struct {
		in   any
		want string
	}{{when, "2026-01-02 02:04"}, {time.Time{}, ""}, {"a\u202eb\x00", "a\ufffdb\ufffd"}, {"å", "å"}} {
		if got := report.Cell(tt.in); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.in, got, tt.want)
		}
	}
}

func FuzzRead(f *testing.F) {
	var b bytes.Buffer
	if err := reporttest.Sample().Replay(jsonl.New(&b)); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes()[:2000])
	f.Add([]byte(`{"type":"summary"}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		run, err := jsonl.Read(bytes.NewReader(in))
		if err == nil && run.Replay(jsonl.New(io.Discard)) != nil {
			t.Error("what was read cannot be written")
		}
	})
}

func BenchmarkForms(b *testing.B) {
	run := reporttest.Large(20000)
	for _, f := range forms {
		b.Run(f.name, func(b *testing.B) {
			for b.Loop() {
				if err := run.Replay(f.make(io.Discard)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// A redacted report names no folder and no file, and still tells what lies
// together.
func TestRedact(t *testing.T) {
	run := reporttest.Sample()
	var b bytes.Buffer
	if err := run.Replay(report.Redact(jsonl.New(&b), []byte("thrown away"))); err != nil {
		t.Fatal(err)
	}
	got, err := jsonl.Read(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	text := b.String()
	for _, name := range []string{"Center for", "Referat", "Kommunledning/", "Utredning", "Personal\u00e4renden", "Elevh\u00e4lsa", "icacls", "pwned", "IMG_", "L\u00f6ner", "Arbejdsrum"} {
		if strings.Contains(text, name) {
			t.Errorf("%q is still there", name)
		}
	}
	dirs := func(fs []finding.Finding) int {
		seen := map[string]bool{}
		for _, f := range fs {
			seen[f.Path[:strings.LastIndexByte(f.Path, '/')]] = true
		}
		return len(seen)
	}
	plain := reporttest.Sample()
	plain.Findings = slices.DeleteFunc(plain.Findings, func(f finding.Finding) bool { return strings.Contains(f.Path, "Inkorg") })
	got.Findings = slices.DeleteFunc(got.Findings, func(f finding.Finding) bool { return len(f.Categories) > 1 && f.Categories[1] == "our-own-category" })
	if a, b := dirs(plain.Findings), dirs(got.Findings); a != b {
		t.Errorf("%d folders of %d are left", b, a)
	}
	in := got.Incidents[0]
	if !strings.HasPrefix(in.Root, run.Incidents[0].Target+"/") || in.Root != in.Cure.At || !strings.Contains(in.Title, in.Root[strings.LastIndexByte(in.Root, '/')+1:]) {
		t.Errorf("root %q, cure at %q, title %q", in.Root, in.Cure.At, in.Title)
	}
	if !strings.HasSuffix(got.Findings[0].Path, ".docx") || !strings.Contains(text, `KOMMUN\\Domain Users`) {
		t.Errorf("too much is gone: %q", got.Findings[0].Path)
	}
	if run.Incidents[0].Cure.Command == "" || run.Findings[0].Via[0].InheritedFrom == got.Findings[0].Via[0].InheritedFrom {
		t.Error("the run itself was changed")
	}
}

// What a killed run left is swept up, what another one is writing is not.
func TestAbandonedFilesAreSwept(t *testing.T) {
	dir := t.TempDir()
	old, young, other := filepath.Join(dir, ".r.csv.1.tmp"), filepath.Join(dir, ".r.csv.2.tmp"), filepath.Join(dir, ".x.csv.3.tmp")
	for _, name := range []string{old, young, other} {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	past := time.Now().AddDate(0, 0, -3)
	for _, name := range []string{old, other} {
		if err := os.Chtimes(name, past, past); err != nil {
			t.Fatal(err)
		}
	}
	f, err := report.Create(filepath.Join(dir, "r.csv"))
	if err != nil {
		t.Fatal(err)
	}
	f.Abort()
	left, err := filepath.Glob(filepath.Join(dir, ".*"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{young, other}, left); diff != "" {
		t.Error(diff)
	}
}

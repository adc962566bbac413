// Package xlsx writes the report as a workbook: the findings with filters and
// a frozen header, the incidents, what was skipped, and the coverage.
//
// Text is always written as text, so no cell is ever a formula, whatever a
// file on a share is called.
package xlsx

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"aktvakt/scanner/finding"
	"aktvakt/scanner/report"
)

// New returns a sink that writes a workbook to the file path, which appears on
// Close with mode 0600.
func New(path string) (report.Sink, error) {
	return report.ToFile(path, NewWriter)
}

// NewWriter returns a sink that writes a workbook to w on Close. Rows are kept
// in a temporary file of mode 0600 beyond 16 MiB, not in memory.
func NewWriter(w io.Writer) report.Sink {
	return &sink{w: w, f: excelize.NewFile()}
}

// maxRows is the number of rows that a sheet can hold, header included.
const maxRows = 1 << 20

type sink struct {
	w        io.Writer
	f        *excelize.File
	styles   styles
	findings *table
	incident *table
	skips    *table
	err      error
}

type styles struct{ head, when, number, bold int }

func (s *sink) start() error {
	if s.findings != nil || s.err != nil {
		return s.err
	}
	s.err = s.setup()
	return s.err
}

func (s *sink) setup() (err error) {
	if s.styles, err = newStyles(s.f); err != nil {
		return err
	}
	names, widths := make([]string, len(report.Columns)), make([]float64, len(report.Columns))
	for i, c := range report.Columns {
		names[i], widths[i] = c.Name, c.Width
	}
	if err := s.f.SetSheetName("Sheet1", "Findings"); err != nil {
		return err
	}
	s.findings = &table{s: s, base: "Findings", names: names, widths: widths}
	s.incident = &table{s: s, base: "Incidents",
		names:  []string{"severity", "status", "id", "mode", "title", "root", "grade", "documents", "persons", "minors", "people", "beyond", "wide", "categories", "cure", "cure_at", "cure_ace", "cure_to", "command", "exposed_since", "exposed_by", "first_seen"},
		widths: []float64{10, 10, 21, 12, 60, 50, 16, 11, 9, 9, 9, 9, 26, 26, 8, 50, 30, 30, 50, 17, 12, 17}}
	s.skips = &table{s: s, base: "Skipped", names: []string{"reason", "stage", "path", "error", "partial", "folder", "size", "target"},
		widths: []float64{14, 10, 70, 50, 8, 8, 10, 26}}
	for _, t := range []*table{s.findings, s.incident, s.skips} {
		if err := t.open(); err != nil {
			return err
		}
	}
	return nil
}

func newStyles(f *excelize.File) (st styles, err error) {
	when, number := "yyyy-mm-dd hh:mm", "#,##0"
	for _, x := range []struct {
		id    *int
		style excelize.Style
	}{
		{&st.head, excelize.Style{
			Font:      &excelize.Font{Bold: true, Color: "FFFFFF"},
			Fill:      excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"1F3A4D"}},
			Alignment: &excelize.Alignment{Vertical: "center"},
		}},
		{&st.when, excelize.Style{CustomNumFmt: &when}},
		{&st.number, excelize.Style{CustomNumFmt: &number}},
		{&st.bold, excelize.Style{Font: &excelize.Font{Bold: true}}},
	} {
		if *x.id, err = f.NewStyle(&x.style); err != nil {
			return st, err
		}
	}
	return st, nil
}

func (s *sink) Finding(f finding.Finding) error {
	if err := s.start(); err != nil {
		return err
	}
	row := make([]any, len(report.Columns))
	for i, c := range report.Columns {
		row[i] = c.Value(f)
	}
	return s.findings.add(row)
}

func (s *sink) Incident(i finding.Incident) error {
	if err := s.start(); err != nil {
		return err
	}
	var cure finding.Cure
	if i.Cure != nil {
		cure = *i.Cure
	}
	return s.incident.add([]any{string(i.Severity), i.Status, i.ID, string(i.Mode), i.Title, i.Root, string(i.Grade),
		i.Documents, i.Persons, i.Minors, i.People, i.Beyond, strings.Join(i.Wide, "; "), strings.Join(i.Categories, "; "),
		cure.Kind, cure.At, cure.ACE, cure.To, strings.ReplaceAll(cure.Command, "\n", " & "), i.ExposedSince, i.ExposedBy, i.FirstSeen})
}

func (s *sink) Skip(k finding.Skip) error {
	if err := s.start(); err != nil {
		return err
	}
	return s.skips.add([]any{string(k.Reason), string(k.Stage), k.Path, k.Error, yes(k.Partial), yes(k.Dir), k.Size, k.Target})
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func (s *sink) Close(sum finding.Summary) error {
	defer s.f.Close()
	if err := s.start(); err != nil {
		return err
	}
	for _, t := range []*table{s.findings, s.incident, s.skips} {
		if err := t.close(); err != nil {
			return err
		}
	}
	if err := s.summary(sum); err != nil {
		return err
	}
	return s.f.Write(s.w)
}

// summary writes the coverage as pairs.
func (s *sink) summary(sum finding.Summary) error {
	const sheet = "Summary"
	if _, err := s.f.NewSheet(sheet); err != nil {
		return err
	}
	rows := [][]any{
		{"version", sum.Version}, {"started", sum.Started}, {"finished", sum.Finished},
		{"complete", yes(sum.Complete)}, {"targets", sum.Targets}, {"entries", sum.Entries}, {"folders", sum.Folders},
		{"scanned", sum.Scanned}, {"partial", sum.Partial}, {"unchanged", sum.Unchanged},
		{"incidents", sum.Incidents}, {"resolved", sum.Resolved}, {"accepted", sum.Accepted}, {"persons", sum.Persons}, {"minors", sum.Minors}, {"bytes", sum.Bytes},
	}
	for _, v := range finding.Severities {
		rows = append(rows, []any{"findings " + string(v), sum.Findings[v]})
	}
	for _, r := range slices.Sorted(maps.Keys(sum.Skipped)) {
		rows = append(rows, []any{"skipped " + string(r), sum.Skipped[r]})
	}
	for _, t := range sum.PerTarget {
		rows = append(rows, []any{"target", t.Name, t.Status, t.Error})
	}
	for _, n := range sum.Notes {
		rows = append(rows, []any{"note", n})
	}
	sw, err := s.f.NewStreamWriter(sheet)
	if err != nil {
		return err
	}
	if err := sw.SetColWidth(1, 1, 24); err != nil {
		return err
	}
	if err := sw.SetColWidth(2, 4, 40); err != nil {
		return err
	}
	for i, r := range rows {
		cells := s.cells(r)
		cells[0] = excelize.Cell{StyleID: s.styles.bold, Value: r[0]}
		if err := sw.SetRow(fmt.Sprintf("A%d", i+1), cells); err != nil {
			return err
		}
	}
	return sw.Flush()
}

// cells makes cells of the values that report.Column can return.
func (s *sink) cells(row []any) []any {
	out := make([]any, len(row))
	for i, v := range row {
		switch v := v.(type) {
		case time.Time:
			if !v.IsZero() {
				out[i] = excelize.Cell{StyleID: s.styles.when, Value: v.UTC()}
			}
		case int, int64:
			out[i] = excelize.Cell{StyleID: s.styles.number, Value: v}
		case string:
			out[i] = report.Plain(v) // excelize cuts what a cell cannot hold
		default:
			out[i] = v
		}
	}
	return out
}

// table is a header and rows over as many sheets as they need.
type table struct {
	s      *sink
	base   string
	names  []string
	widths []float64
	sheet  string
	sheets int
	rows   int // in the open sheet, header included
	w      *excelize.StreamWriter
}

func (t *table) open() error {
	t.sheets++
	t.sheet = t.base
	if t.sheets > 1 {
		t.sheet = fmt.Sprintf("%s %d", t.base, t.sheets)
	}
	if _, err := t.s.f.NewSheet(t.sheet); err != nil {
		return err
	}
	w, err := t.s.f.NewStreamWriter(t.sheet)
	if err != nil {
		return err
	}
	t.w, t.rows = w, 0
	for i, width := range t.widths {
		if err := w.SetColWidth(i+1, i+1, width); err != nil {
			return err
		}
	}
	if err := w.SetPanes(&excelize.Panes{
		Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft",
		Selection: []excelize.Selection{{SQRef: "A2", ActiveCell: "A2", Pane: "bottomLeft"}},
	}); err != nil {
		return err
	}
	head := make([]any, len(t.names))
	for i, n := range t.names {
		head[i] = excelize.Cell{StyleID: t.s.styles.head, Value: n}
	}
	t.rows = 1
	return w.SetRow("A1", head, excelize.RowOpts{Height: 20})
}

func (t *table) add(row []any) error {
	if t.rows >= maxRows {
		if err := t.close(); err != nil {
			return err
		}
		if err := t.open(); err != nil {
			return err
		}
	}
	t.rows++
	return t.w.SetRow(fmt.Sprintf("A%d", t.rows), t.s.cells(row))
}

func (t *table) close() error {
	last, err := excelize.CoordinatesToCellName(len(t.names), max(t.rows, 2))
	if err != nil {
		return err
	}
	// The filter goes into the sheet that Flush writes out.
	return errors.Join(t.s.f.AutoFilter(t.sheet, "A1:"+last, nil), t.w.Flush())
}

// Package csv writes the findings as a table, RFC 4180 with a header.
//
// Spreadsheets take a cell that begins with =, +, - or @ for a formula, and
// whoever may create a file on a share chooses what stands in the path
// column. Such a cell gets an apostrophe in front. The file begins with a
// byte-order mark, without which Excel shows "lÃ¶n" for "lön"; a program
// that splits lists with semicolons, as Excel does in the Nordic languages,
// opens it with its text import or uses the XLSX report.
package csv

import (
	"encoding/csv"
	"io"
	"strconv"
	"unicode/utf8"

	"aktvakt/scanner/finding"
	"aktvakt/scanner/report"
)

type sink struct {
	out    io.Writer
	w      *csv.Writer
	header bool
	row    []string
}

// New returns a sink that writes a table to w. Close flushes; it does not
// close w. Incidents and skips are not part of the table.
func New(w io.Writer) report.Sink {
	c := csv.NewWriter(w)
	c.UseCRLF = true // RFC 4180, section 2
	return &sink{out: w, w: c, row: make([]string, len(report.Columns))}
}

func (s *sink) Finding(f finding.Finding) error {
	if err := s.begin(); err != nil {
		return err
	}
	for i, c := range report.Columns {
		switch v := c.Value(f).(type) {
		case int:
			s.row[i] = strconv.Itoa(v)
		case int64:
			s.row[i] = strconv.FormatInt(v, 10)
		case float64:
			s.row[i] = strconv.FormatFloat(v, 'f', 1, 64)
		default:
			s.row[i] = safe(report.Cell(v))
		}
	}
	return s.w.Write(s.row)
}

func (s *sink) Incident(finding.Incident) error { return nil }

func (s *sink) Skip(finding.Skip) error { return nil }

func (s *sink) Close(finding.Summary) error {
	if err := s.begin(); err != nil {
		return err
	}
	s.w.Flush()
	return s.w.Error()
}

func (s *sink) begin() error {
	if s.header {
		return nil
	}
	s.header = true
	if _, err := io.WriteString(s.out, "\ufeff"); err != nil {
		return err
	}
	for i, c := range report.Columns {
		s.row[i] = c.Name
	}
	return s.w.Write(s.row)
}

// safe returns a cell that no spreadsheet takes for a formula, see
// https://owasp.org/www-community/attacks/CSV_Injection. Full-width forms
// count: some locales fold them. Tab and carriage return, which OWASP lists
// too, are control characters and gone already.
func safe(s string) string {
	switch r, _ := utf8.DecodeRuneInString(s); r {
	case '=', '+', '-', '@', '＝', '＋', '－', '＠':
		return "'" + s
	}
	return s
}

package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"aktvakt/scanner/config"
	"aktvakt/scanner/finding"
	"aktvakt/scanner/report"
	"aktvakt/scanner/report/dossier"
	"aktvakt/scanner/report/jsonl"
)

// writeDossier writes the dossier of one incident as Word and JSON.
func writeDossier(c *cobra.Command, r config.Report, f reportFlags, run jsonl.Run) error {
	in, err := findIncident(run, f.incident)
	if err != nil {
		return err
	}
	seen, err := parseSeen(f.seen)
	if err != nil {
		return err
	}
	var template []byte
	if r.DossierTemplate != "" {
		if template, err = os.ReadFile(r.DossierTemplate); err != nil {
			return &usageError{"dossier template: " + err.Error(), ""}
		}
	}
	d := dossier.New(in, run.Findings, dossier.Options{
		Language: r.Language, Organisation: r.Organisation, Seen: seen, Made: time.Now(),
	})
	base := filepath.Join(r.Dir, "dossier-"+in.ID)
	if err := writeFile(base+".docx", func(w io.Writer) error { return d.Word(w, template) }); err != nil {
		return err
	}
	if err := writeFile(base+".json", d.JSON); err != nil {
		return err
	}
	fmt.Fprintf(c.OutOrStdout(), "%s.docx\n%s.json\n", base, base)
	if seen.IsZero() {
		say(c.ErrOrStderr(), "notice", "the 72 hours of GDPR article 33 run from when a person saw the incident", "say when with --seen 2026-11-25T08:15")
	}
	return nil
}

// writeTemplate writes the default template, to be made one's own.
func writeTemplate(c *cobra.Command, r config.Report) error {
	b, err := dossier.Template()
	if err != nil {
		return err
	}
	name := filepath.Join(r.Dir, "dossier-template.docx")
	if err := writeFile(name, func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	}); err != nil {
		return err
	}
	_, err = fmt.Fprintln(c.OutOrStdout(), name)
	return err
}

func writeFile(name string, write func(io.Writer) error) error {
	f, err := report.Create(name)
	if err != nil {
		return err
	}
	if err := write(f); err != nil {
		f.Abort()
		return err
	}
	return f.Commit()
}

func findIncident(run jsonl.Run, id string) (finding.Incident, error) {
	var known []string
	for _, i := range run.Incidents {
		if strings.EqualFold(i.ID, id) {
			return i, nil
		}
		known = append(known, i.ID)
	}
	what := fmt.Sprintf("the run has no incident %q", id)
	if id == "" {
		what = "no incident named"
	}
	hint := "the run has no incident at all"
	if len(known) > 0 {
		hint = "--incident takes one of " + strings.Join(known[:min(len(known), 5)], ", ")
	}
	return finding.Incident{}, &usageError{what, hint}
}

// parseSeen reads a point in local time; empty is not known.
func parseSeen(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, s, time.Local); err == nil {
			return t, nil
		}
	}
	return time.Time{}, &usageError{fmt.Sprintf("--seen %q is not a point in time", s), "write 2026-11-25T08:15"}
}

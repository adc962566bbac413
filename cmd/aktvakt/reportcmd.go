package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"aktvakt/scanner/config"
	"aktvakt/scanner/finding"
	"aktvakt/scanner/report"
	"aktvakt/scanner/report/csv"
	"aktvakt/scanner/report/html"
	"aktvakt/scanner/report/jsonl"
	"aktvakt/scanner/report/text"
	"aktvakt/scanner/report/xlsx"
	"aktvakt/scanner/state"
)

func newReport() *cobra.Command {
	var f struct {
		config, state, dir, language string
		formats                      []string
		run                          int64
		json                         bool
	}
	c := &cobra.Command{
		Use:   "report [flags]",
		Short: "Render the last run again, in any format",
		Example: `  aktvakt report --format html --lang sv
  aktvakt report --run 17 --report /srv/reports/old
  aktvakt report --json | jq 'select(.type=="finding")'`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			flags := scanFlags{config: f.config, state: f.state, report: f.dir, language: f.language, formats: f.formats}
			cfg, err := flags.configure([]string{"."})
			if err != nil {
				return err
			}
			store, err := openState(c.Context(), cfg.State)
			if err != nil {
				return err
			}
			defer store.Close()
			past, err := pick(c, store, f.run)
			if err != nil {
				return err
			}
			var sinks []report.Sink
			if f.json {
				sinks = append(sinks, jsonl.New(c.OutOrStdout()))
			} else {
				if sinks, err = reportSinks(cfg.Report); err != nil {
					return &hinted{err, "say where the report may be written with --report DIR"}
				}
				sinks = append(sinks, text.New(c.OutOrStdout(), reportFile(cfg.Report)))
			}
			return replay(past, report.Multi(sinks...))
		},
	}
	fl := c.Flags()
	fl.StringVar(&f.config, "config", "", "the configuration `FILE`")
	fl.StringVar(&f.state, "state", "", "where earlier runs are kept, `sqlite:PATH`")
	fl.StringVar(&f.dir, "report", "", "the `DIR` the report is written to (default ./aktvakt-report)")
	fl.StringSliceVar(&f.formats, "format", nil, "report formats: html, jsonl, csv, xlsx (default all)")
	fl.StringVar(&f.language, "lang", "", "language of the report: sv, da, nb, fi, en")
	fl.Int64Var(&f.run, "run", 0, "the `NUMBER` of an earlier run (default the last)")
	fl.BoolVar(&f.json, "json", false, "print JSON Lines on standard output and write no files")
	return c
}

func pick(c *cobra.Command, s *state.Store, id int64) (state.PastRun, error) {
	past, err := s.Last(c.Context())
	if id > 0 {
		past, err = s.Run(c.Context(), id)
	}
	if errors.Is(err, state.ErrNoRun) {
		return past, &hinted{err, "run aktvakt scan first, or name the store it used with --state"}
	}
	return past, err
}

// replay feeds the output of a past run to a sink.
func replay(past state.PastRun, sink report.Sink) error {
	z, err := gzip.NewReader(bytes.NewReader(past.Output))
	if err != nil {
		return fmt.Errorf("stored run %d: %w", past.ID, err)
	}
	run, err := jsonl.Read(z)
	if err != nil {
		return fmt.Errorf("stored run %d: %w", past.ID, err)
	}
	var errs []error
	for _, x := range run.Findings {
		errs = append(errs, sink.Finding(x))
	}
	for _, x := range run.Incidents {
		errs = append(errs, sink.Incident(x))
	}
	for _, x := range run.Skips {
		errs = append(errs, sink.Skip(x))
	}
	return errors.Join(append(errs, sink.Close(run.Summary))...)
}

// reportSinks opens the files of a report. The folder holds what a breach is
// made of, so only its owner may enter.
func reportSinks(c config.Report) ([]report.Sink, error) {
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, err
	}
	first, err := report.ToFile(filepath.Join(c.Dir, "summary.json"), func(w io.Writer) report.Sink { return summarySink{w} })
	if err != nil {
		return nil, err
	}
	sinks := []report.Sink{first}
	for _, f := range c.Formats {
		s, err := openFormat(f, c)
		if err != nil {
			return nil, err
		}
		sinks = append(sinks, s)
	}
	return sinks, nil
}

func openFormat(format string, c config.Report) (report.Sink, error) {
	name := filepath.Join(c.Dir, "findings."+format)
	switch format {
	case "html":
		return html.New(filepath.Join(c.Dir, "report.html"), html.Options{Language: c.Language})
	case "jsonl":
		return report.ToFile(name, jsonl.New)
	case "csv":
		return report.ToFile(name, csv.New)
	case "xlsx":
		return xlsx.New(name)
	}
	return nil, fmt.Errorf("unknown report format %q", format)
}

// reportFile is the file to open first.
func reportFile(c config.Report) string {
	for _, f := range c.Formats {
		if f == "html" {
			return filepath.Join(c.Dir, "report.html")
		}
	}
	return c.Dir
}

// summarySink writes summary.json: the summary alone, for a person or a
// monitoring system.
type summarySink struct{ w io.Writer }

func (summarySink) Finding(finding.Finding) error   { return nil }
func (summarySink) Incident(finding.Incident) error { return nil }
func (summarySink) Skip(finding.Skip) error         { return nil }

func (s summarySink) Close(sum finding.Summary) error {
	e := json.NewEncoder(s.w)
	e.SetIndent("", "  ")
	return e.Encode(struct {
		Type string `json:"type"`
		finding.Summary
	}{"summary", sum})
}

package main

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"aktvakt/scanner/config"
	"aktvakt/scanner/finding"
	"aktvakt/scanner/report"
	"aktvakt/scanner/report/csv"
	"aktvakt/scanner/report/diff"
	"aktvakt/scanner/report/html"
	"aktvakt/scanner/report/jsonl"
	"aktvakt/scanner/report/metrics"
	"aktvakt/scanner/report/ocsf"
	"aktvakt/scanner/report/text"
	"aktvakt/scanner/report/xlsx"
	"aktvakt/scanner/state"
)

type reportFlags struct {
	scanFlags
	run, since int64
	incident   string
	seen       string
	estimate   string
}

func newReport() *cobra.Command {
	var f reportFlags
	c := &cobra.Command{
		Use:   "report [flags]",
		Short: "Render the last run again, in any format",
		Long: `report renders an earlier run again. --diff compares it with the run before, or
with --diff=NUMBER. --format dossier --incident ID writes what an organisation
needs to decide on an incident and to notify it (GDPR articles 33 and 34), as a
Word document and as JSON; --seen tells when a person first saw it, from which
the 72 hours run.`,
		Example: `  aktvakt report --format html --lang sv
  aktvakt report --run 17 --report /srv/reports/old
  aktvakt report --diff
  aktvakt report --format dossier --incident I-7K2QXAMPLE234567 --lang da
  aktvakt report --json | jq 'select(.type=="finding")'`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			wantsDossier := slices.Contains(f.formats, "dossier") || slices.Contains(f.formats, "dossier-template")
			formats := f.formats
			if wantsDossier {
				f.formats = nil
			}
			cfg, err := f.configure([]string{"."})
			if err != nil {
				return err
			}
			if f.estimate != "" {
				return estimate(c, f.estimate)
			}
			if slices.Contains(formats, "dossier-template") {
				return writeTemplate(c, cfg.Report)
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
			run, err := unpack(past)
			switch {
			case err != nil:
				return err
			case wantsDossier:
				return writeDossier(c, cfg.Report, f, run)
			case c.Flags().Changed("diff"):
				return showDiff(c, store, past.ID, f.since, run)
			}
			history, err := store.History(c.Context(), past.ID, maxNights)
			if err != nil {
				return err
			}
			return render(c, f, cfg, run, nights(history))
		},
	}
	fl := c.Flags()
	fl.StringVar(&f.config, "config", "", "the configuration `FILE`")
	fl.StringVar(&f.state, "state", "", "where earlier runs are kept, `sqlite:PATH`")
	fl.StringVar(&f.report, "report", "", "the `DIR` the report is written to (default ./aktvakt-report)")
	fl.StringSliceVar(&f.formats, "format", nil, "html, jsonl, csv, xlsx, metrics, ocsf, dossier, dossier-template (default the first four)")
	fl.StringVar(&f.language, "lang", "", "language of the report: sv, da, nb, fi, en")
	fl.Int64Var(&f.run, "run", 0, "the `NUMBER` of an earlier run (default the last)")
	fl.Int64Var(&f.since, "diff", 0, "compare with the run `NUMBER`, or without a number with the one before")
	fl.Lookup("diff").NoOptDefVal = "0"
	fl.StringVar(&f.incident, "incident", "", "the `ID` of the dossier's incident")
	fl.StringVar(&f.seen, "seen", "", "when a person first saw the incident, such as 2026-11-25T08:15")
	fl.StringVar(&f.estimate, "estimate", "", "say what a checked sample.csv tells of what the scan missed")
	fl.BoolVar(&f.redact, "redact-paths", false, "replace the names of folders and files by tokens, to show the report to others")
	fl.BoolVar(&f.json, "json", false, "print JSON Lines on standard output and write no files")
	return c
}

// render writes a past run in the formats asked for.
func render(c *cobra.Command, f reportFlags, cfg config.Config, run jsonl.Run, history []html.Night) error {
	var sinks []report.Sink
	var err error
	if f.json {
		sinks = append(sinks, jsonl.New(c.OutOrStdout()))
	} else {
		if sinks, err = reportSinks(cfg.Report, history); err != nil {
			return &hinted{err, "say where the report may be written with --report DIR"}
		}
		sinks = append(sinks, text.New(c.OutOrStdout(), reportFile(cfg.Report)))
	}
	return run.Replay(redacted(cfg.Report, report.Multi(sinks...)))
}

// redacted takes names out of what a sink gets, where that is asked for.
func redacted(c config.Report, s report.Sink) report.Sink {
	if !c.RedactPaths {
		return s
	}
	key := make([]byte, 32) // thrown away with the process
	rand.Read(key)
	return report.Redact(s, key)
}

// showDiff compares a run with an earlier one.
func showDiff(c *cobra.Command, store *state.Store, id, since int64, run jsonl.Run) error {
	if since == 0 {
		before, err := store.Before(c.Context(), id)
		if errors.Is(err, state.ErrNoRun) {
			return &hinted{fmt.Errorf("there is no run before run %d to compare with", id), ""}
		}
		if err != nil {
			return err
		}
		since = before.ID
	}
	past, err := pick(c, store, since)
	if err != nil {
		return err
	}
	before, err := unpack(past)
	if err != nil {
		return err
	}
	return diff.Compare(before, run).Write(c.OutOrStdout())
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

// unpack reads the output of a past run.
func unpack(past state.PastRun) (jsonl.Run, error) {
	z, err := gzip.NewReader(bytes.NewReader(past.Output))
	if err != nil {
		return jsonl.Run{}, fmt.Errorf("stored run %d: %w", past.ID, err)
	}
	run, err := jsonl.Read(z)
	if err != nil {
		return jsonl.Run{}, fmt.Errorf("stored run %d: %w", past.ID, err)
	}
	return run, nil
}

// maxNights is how far the trend goes back.
const maxNights = 60

// nights are runs as points of the trend.
func nights(sums []finding.Summary) []html.Night {
	out := make([]html.Night, len(sums))
	for i, s := range sums {
		out[i] = html.NightOf(s)
	}
	return out
}

// reportSinks opens the files of a report. The folder holds what a breach is
// made of, so only its owner may enter.
func reportSinks(c config.Report, history []html.Night) ([]report.Sink, error) {
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, err
	}
	first, err := report.ToFile(filepath.Join(c.Dir, "summary.json"), func(w io.Writer) report.Sink { return summarySink{w} })
	if err != nil {
		return nil, err
	}
	sinks := []report.Sink{first}
	for _, f := range c.Formats {
		s, err := openFormat(f, c, history)
		if err != nil {
			return nil, err
		}
		sinks = append(sinks, s)
	}
	return sinks, nil
}

func openFormat(format string, c config.Report, history []html.Night) (report.Sink, error) {
	name := filepath.Join(c.Dir, "findings."+format)
	switch format {
	case "html":
		return html.New(filepath.Join(c.Dir, "report.html"), html.Options{Language: c.Language, History: history})
	case "jsonl":
		return report.ToFile(name, jsonl.New)
	case "csv":
		return report.ToFile(name, csv.New)
	case "xlsx":
		return xlsx.New(name)
	case "metrics":
		return metrics.New(filepath.Join(c.Dir, "aktvakt.prom"))
	case "ocsf":
		return report.ToFile(filepath.Join(c.Dir, "findings.ocsf.jsonl"), ocsf.New)
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

package main

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"aktvakt/scanner"
	"aktvakt/scanner/config"
	"aktvakt/scanner/finding"
	"aktvakt/scanner/judge"
	"aktvakt/scanner/report"
	"aktvakt/scanner/report/jsonl"
	"aktvakt/scanner/report/text"
	"aktvakt/scanner/state"
)

type scanFlags struct {
	config, state, report, failOn, country, language string
	formats                                          []string
	json, full, dryRun, countTest, redact            bool
	accept, sample, sampleSeed                       string
	maxDuration                                      config.Duration
	window                                           config.Window
	listen                                           string
	bandwidth                                        config.Size
	workers                                          int
	staff                                            int
	include, exclude                                 []string
}

func newScan() *cobra.Command {
	var f scanFlags
	c := &cobra.Command{
		Use:   "scan [flags] TARGET...",
		Short: "Scan shares and folders and write the report",
		Long: `scan walks every target, reads its documents, and reports those that more
people can read than their content allows. A target is a folder, or
smb://[domain;user@]host[:port][/share[/path]]; without a share every share
that the server lists is scanned. A portal is named by its https:// address;
its probe accounts stand in the configuration (docs/portals.md). Without a target those of the configuration
are scanned.

Accounts come from the configuration or the environment: AKTVAKT_SMB_USER
(DOMAIN\user), AKTVAKT_SMB_PASSWORD or AKTVAKT_SMB_PASSWORD_FILE. A password
never stands on the command line.

With AKTVAKT_PROBE_USER and AKTVAKT_PROBE_PASSWORD_FILE, an ordinary account,
a sample of files is opened as it, and the report says how often the answer was
what the access rules say.

Exit codes: 0 complete, 1 failed, 3 incomplete (a target could not be reached
or walked, or --max-duration was up), 4 usage or configuration, 10 --fail-on
reached, 130 cancelled.`,
		Example: `  aktvakt scan /srv/share
  AKTVAKT_SMB_USER='KOMMUN\svc-aktvakt' AKTVAKT_SMB_PASSWORD_FILE=/run/secrets/pw \
    aktvakt scan smb://fs1/docs
  aktvakt scan --config /etc/aktvakt/config.yaml --max-duration 6h
  aktvakt scan --json /srv/share | jq 'select(.type=="incident")'`,
		RunE: func(c *cobra.Command, args []string) error {
			cfg, err := f.configure(args)
			if err != nil {
				return err
			}
			if c.Flags().Changed("window") {
				cfg.Limits.Window = f.window
			}
			if f.dryRun {
				return runSurvey(c, cfg)
			}
			return runScan(c, f, cfg)
		},
	}
	fl := c.Flags()
	fl.StringVar(&f.config, "config", "", "the configuration `FILE`")
	fl.StringVar(&f.state, "state", "", "where earlier runs are kept, `sqlite:PATH` (default a file in your state directory)")
	fl.StringVar(&f.report, "report", "", "the `DIR` the report is written to (default ./aktvakt-report)")
	fl.StringSliceVar(&f.formats, "format", nil, "report formats: html, jsonl, csv, xlsx, metrics, ocsf (default the first four)")
	fl.StringVar(&f.language, "lang", "", "language of the report: sv, da, nb, fi, en")
	fl.StringVar(&f.sample, "sample", "", "draw this `SHARE` of the documents that passed, such as 5%, for a check by hand (sample.csv)")
	fl.StringVar(&f.sampleSeed, "sample-seed", "aktvakt", "the seed of the draw: the same seed draws the same documents")
	fl.StringVar(&f.accept, "accept", "", "a YAML `FILE` of decisions on findings that may stay")
	fl.BoolVar(&f.redact, "redact-paths", false, "replace the names of folders and files by tokens, to show the report to others")
	fl.BoolVar(&f.json, "json", false, "print JSON Lines on standard output")
	fl.BoolVar(&f.full, "full", false, "read every document, changed or not")
	fl.BoolVar(&f.dryRun, "dry-run", false, "walk the targets and count, read no document, write no report")
	fl.Var(&f.maxDuration, "max-duration", "stop after this time, such as 6h; the next scan goes on there")
	fl.Var(&f.window, "window", "scan only in this time of day, such as 22:00-05:30; any is always")
	fl.StringVar(&f.listen, "pprof", "", "serve metrics and profiles at this `ADDRESS` of the loopback interface, such as localhost:6060")
	fl.Var(&f.bandwidth, "max-bandwidth", "bytes a second read from each host, such as 20MiB")
	fl.StringVar(&f.failOn, "fail-on", "", "exit with 10 if a finding has this `SEVERITY` or more: low, medium, high, critical")
	fl.StringVar(&f.country, "home-country", "", "se, dk, no, fi or is: its numbers need less context")
	fl.BoolVar(&f.countTest, "count-test-numbers", false, "treat published test numbers as real, for trials")
	fl.IntVar(&f.workers, "workers", 0, "documents worked on at once (default one per core)")
	fl.IntVar(&f.staff, "staff", 0, "how many people work here (default the living accounts)")
	fl.StringSliceVar(&f.include, "include", nil, "scan only paths that match this `GLOB`; ** spans folders")
	fl.StringSliceVar(&f.exclude, "exclude", nil, "leave out paths that match this `GLOB`; they are counted")
	return c
}

// configure lays flags and arguments over the configuration file.
func (f *scanFlags) configure(args []string) (config.Config, error) {
	cfg, err := loadConfig(f.config)
	if err != nil {
		return cfg, err
	}
	var faults []error
	bad := func(what, hint string) { faults = append(faults, &usageError{what, hint}) }
	choice := func(flag, v string, known []string) {
		if v != "" && !slices.Contains(known, v) {
			hint := "known values are " + strings.Join(known, ", ")
			if s := config.Suggest(v, known); s != "" {
				hint = fmt.Sprintf("did you mean %s? %s", s, hint)
			}
			bad(fmt.Sprintf("--%s: unknown value %q", flag, v), hint)
		}
	}
	severities := []string{"low", "medium", "high", "critical"}
	choice("fail-on", f.failOn, severities)
	choice("home-country", f.country, config.Countries)
	choice("lang", f.language, config.Languages)
	for _, x := range f.formats {
		choice("format", x, config.Formats)
	}
	if len(args) > 0 {
		cfg.Targets = nil
		for _, a := range args {
			cfg.Targets = append(cfg.Targets, config.Target{URL: a})
		}
	}
	if len(cfg.Targets) == 0 {
		bad("nothing to scan", "name a folder or smb://host/share, or list targets in the configuration: aktvakt config init")
	}
	for i := range cfg.Targets {
		cfg.Targets[i].Include = append(cfg.Targets[i].Include, f.include...)
		cfg.Targets[i].Exclude = append(cfg.Targets[i].Exclude, f.exclude...)
	}
	set(&cfg.State, f.state)
	set(&cfg.Report.Dir, f.report)
	set(&cfg.Report.Language, f.language)
	set(&cfg.Detectors.HomeCountry, f.country)
	set(&cfg.Limits.MaxDuration, f.maxDuration)
	set(&cfg.Limits.Bandwidth, f.bandwidth)
	set(&cfg.Limits.Workers, f.workers)
	set(&cfg.Access.Staff, f.staff)
	if f.formats != nil {
		cfg.Report.Formats = f.formats
	}
	set(&cfg.Report.Accept, f.accept)
	cfg.Report.RedactPaths = cfg.Report.RedactPaths || f.redact
	cfg.Detectors.CountTestNumbers = cfg.Detectors.CountTestNumbers || f.countTest
	if cfg.State != "" && !strings.HasPrefix(cfg.State, "sqlite:") {
		bad(fmt.Sprintf("--state %q: unknown kind of store", cfg.State), "write sqlite:/var/lib/aktvakt/state.db")
	}
	if len(faults) > 0 {
		return cfg, joinUsage(faults)
	}
	return cfg, nil
}

func set[T comparable](dst *T, v T) {
	var zero T
	if v != zero {
		*dst = v
	}
}

// defaultState is a file in the user's state directory.
func defaultState() (string, error) {
	dir := os.Getenv("XDG_STATE_HOME")
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", &usageError{"no state directory: " + err.Error(), "say where with --state sqlite:PATH"}
		}
		dir = filepath.Join(home, ".local", "state")
	}
	return "sqlite:" + filepath.Join(dir, "aktvakt", "state.db"), nil
}

// stateDSN is the DSN of a state; an empty one is the default.
func stateDSN(dsn string) (string, error) {
	if dsn == "" {
		return defaultState()
	}
	return dsn, nil
}

// statePath is the file that the DSN of a state names.
func statePath(dsn string) (string, error) {
	dsn, err := stateDSN(dsn)
	return strings.TrimPrefix(dsn, "sqlite:"), err
}

// stateDir is the folder of the state, for what else is kept between runs;
// empty where there is none.
func stateDir(dsn string) string {
	path, err := statePath(dsn)
	if err != nil {
		return ""
	}
	return filepath.Dir(path)
}

func openState(ctx context.Context, dsn string) (*state.Store, error) {
	dsn, err := stateDSN(dsn)
	if err != nil {
		return nil, err
	}
	s, err := state.Open(ctx, dsn)
	if err != nil {
		return nil, &hinted{err, "say where it may be written with --state sqlite:PATH"}
	}
	return s, nil
}

func runScan(c *cobra.Command, f scanFlags, cfg config.Config) error {
	ctx, leave, err := inWindow(c.Context(), cfg.Limits.Window, c.ErrOrStderr(), time.Now)
	if err != nil {
		return err
	}
	defer leave()
	eng, err := newEngine(cfg.Detectors)
	if err != nil {
		return err
	}
	jdg, err := judge.New(cfg.Policy)
	if err != nil {
		return &usageError{"policy: " + err.Error(), ""}
	}
	accept, err := loadAcceptances(cfg.Report.Accept)
	if err != nil {
		return err
	}
	targets, err := openTargets(ctx, cfg)
	if err != nil {
		return err
	}
	if err := withProbe(targets); err != nil {
		return err
	}
	store, err := openState(ctx, cfg.State)
	if err != nil {
		return err
	}
	defer store.Close()
	release, err := claim(cfg.State)
	if err != nil {
		return err
	}
	defer release()
	ext, err := newExtractor(cfg)
	if err != nil {
		return err
	}
	defer ext.Close()

	draw, err := newDraw(f.sample, f.sampleSeed)
	if err != nil {
		return err
	}
	history, err := store.History(ctx, 0, maxNights)
	if err != nil {
		return err
	}
	var past bytes.Buffer
	zip := gzip.NewWriter(&past)
	sinks, err := reportSinks(cfg.Report, nights(history))
	if err != nil {
		return &hinted{err, "say where the report may be written with --report DIR"}
	}
	if f.json {
		sinks = append(sinks, jsonl.New(c.OutOrStdout()))
	} else {
		sinks = append(sinks, text.New(c.OutOrStdout(), reportFile(cfg.Report)))
	}
	// What is stored keeps its names: ids and incidents follow from them.
	tell := new(told)
	sink := report.Multi(redacted(cfg.Report, report.Multi(sinks...)), jsonl.New(zip), tell)
	count := new(scanner.Count)
	opt := scanner.Options{
		Extractor: ext, Inspector: eng, Judge: jdg, Sink: sink, Accept: accept, Key: store.Key(),
		Limits:  limitsOf(cfg.Extract),
		Version: versionString(), MaxFileSize: int64(cfg.Extract.MaxFileSize), Workers: ext.Size(),
		CountTestNumbers: cfg.Detectors.CountTestNumbers, Notes: ext.Notes(), Count: count, Sample: draw.add(),
		Full: f.full, RefreshNights: cmp.Or(cfg.Limits.RefreshNights, 7),
	}
	reader, err := readerOf(cfg, len(ext.Notes()) == 0)
	if err != nil {
		return err
	}
	run, err := begin(ctx, store, reader, &opt)
	if err != nil {
		return err
	}
	stop, err := watch(c.ErrOrStderr(), f.listen, cfg.State, count, history)
	if err != nil {
		return err
	}
	work, cancel := withMaxDuration(ctx, cfg.Limits.MaxDuration.Std())
	defer cancel()
	sum, err := scanner.Run(work, opt, targets)
	stop()
	err = errors.Join(err, finish(run, zip, &past, sum), draw.write(cfg.Report.Dir))
	for _, fault := range notifyAll(c.Context(), cfg.Notify, cfg.Report.Language, tell, sum) {
		say(c.ErrOrStderr(), "warning", fault, "")
	}
	return outcome(c, f, sum, err)
}

// begin records a run and opens what earlier ones remember.
func begin(ctx context.Context, store *state.Store, reader uint32, opt *scanner.Options) (*state.Run, error) {
	now := time.Now()
	run, err := store.Begin(ctx, now)
	if err != nil {
		return nil, err
	}
	since, killed, err := run.Interrupted(ctx)
	if err != nil {
		return nil, err
	}
	if killed {
		opt.Notes = append(opt.Notes[:len(opt.Notes):len(opt.Notes)], fmt.Sprintf("The run that began at %s was killed or lost power. What it had read was kept, and this run went on from there.", since.Local().Format("2006-01-02 15:04")))
	}
	opt.Life = run
	opt.Memory, err = run.Remember(ctx, reader, now)
	return run, err
}

// watch tells how far the run has come: on standard error, beside the state,
// and at an address.
func watch(stderr io.Writer, listen, dsn string, count *scanner.Count, history []finding.Summary) (stop func(), err error) {
	started := time.Now()
	var expect int64
	if n := len(history); n > 0 && history[n-1].Complete {
		expect = int64(history[n-1].Entries)
	}
	report := func() progressReport { return reportOf(count, started, expect) }
	hide, err := serve(listen, report)
	if err != nil {
		return nil, err
	}
	unpublish, err := publish(dsn, report)
	if err != nil {
		hide()
		return nil, err
	}
	quiet := showProgress(stderr, report)
	return func() { quiet(); unpublish(); hide() }, nil
}

// loadAcceptances reads the decisions on findings; an empty name is none.
func loadAcceptances(name string) (*judge.Acceptances, error) {
	if name == "" {
		return nil, nil
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, &usageError{"acceptances: " + err.Error(), ""}
	}
	a, err := judge.ParseAcceptances(b)
	if err != nil {
		f := &config.Faults{File: name}
		for line := range strings.Lines(err.Error()) {
			f.List = append(f.List, config.Fault{What: strings.TrimSpace(line)})
		}
		return nil, f
	}
	return a, nil
}

// withMaxDuration ends a context with ErrMaxDuration; 0 is no limit.
func withMaxDuration(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	if d <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, d, scanner.ErrMaxDuration)
}

// finish stores the run, also when it was cancelled.
func finish(run *state.Run, zip *gzip.Writer, past *bytes.Buffer, sum finding.Summary) error {
	if err := zip.Close(); err != nil {
		return err
	}
	b, err := json.Marshal(sum)
	if err != nil {
		return err
	}
	return run.Finish(context.Background(), sum.Finished, sum.Complete, b, past.Bytes())
}

// outcome prints what went wrong with targets and chooses the exit code.
func outcome(c *cobra.Command, f scanFlags, sum finding.Summary, err error) error {
	failed := 0
	for _, t := range sum.PerTarget {
		if t.Status == "complete" {
			continue
		}
		if t.Status == "failed" {
			failed++
			say(c.ErrOrStderr(), "error", fmt.Sprintf("target %s: %s", t.Name, t.Error), t.Hint)
		} else {
			say(c.ErrOrStderr(), "warning", fmt.Sprintf("target %s: %s", t.Name, t.Error), t.Hint)
		}
	}
	if err != nil && !errors.Is(err, scanner.ErrMaxDuration) {
		return err
	}
	if f.failOn != "" {
		least := finding.Severity(f.failOn).Rank()
		for s, n := range sum.Findings {
			if n > 0 && s.Rank() >= least {
				return errFailOn
			}
		}
	}
	switch {
	case err != nil:
		return err
	case failed > 0:
		return fmt.Errorf("%w: %d of %d targets could not be scanned", errIncomplete, failed, sum.Targets)
	case !sum.Complete:
		return errIncomplete
	}
	return nil
}

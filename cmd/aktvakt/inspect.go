package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"aktvakt/detectors"
	"aktvakt/scanner"
	"aktvakt/scanner/config"
	"aktvakt/scanner/extract"
	"aktvakt/scanner/finding"
)

type inspectFlags struct {
	config, country       string
	json, text, countTest bool
}

func newInspect() *cobra.Command {
	var f inspectFlags
	c := &cobra.Command{
		Use:   "inspect [flags] PATH...",
		Short: "Show what a document contains and how sensitive it is",
		Long: `inspect reads local files, folders or standard input (-) and shows what aktvakt
found in them: identity numbers (masked), markers of social cases, persons, the
grade, and which evidence counted for and against it.`,
		Example: `  aktvakt inspect letter.docx
  aktvakt inspect --json /srv/share/hr | jq .grade
  pdftotext old.pdf - | aktvakt inspect -`,
		Args: needArgs("nothing to inspect", "name files or folders, or - for standard input"),
		RunE: func(c *cobra.Command, args []string) error { return runInspect(c, f, args) },
	}
	fl := c.Flags()
	fl.StringVar(&f.config, "config", "", "the configuration `FILE`")
	fl.BoolVar(&f.json, "json", false, "print one JSON object a file")
	fl.BoolVar(&f.text, "text", false, "print the extracted text and nothing else")
	fl.StringVar(&f.country, "home-country", "", "se, dk, no, fi or is: its numbers need less context")
	fl.BoolVar(&f.countTest, "count-test-numbers", false, "treat published test numbers as real, for trials")
	c.MarkFlagsMutuallyExclusive("json", "text")
	return c
}

// inspection is one line of inspect --json.
type inspection struct {
	Type       string             `json:"type"`
	Path       string             `json:"path"`
	MediaType  string             `json:"media_type"`
	Status     string             `json:"status"`
	TextBytes  int                `json:"text_bytes"`
	Grade      detectors.Grade    `json:"grade"`
	Score      float64            `json:"score"`
	Categories []string           `json:"categories"`
	Persons    int                `json:"persons"`
	Minors     int                `json:"minors"`
	Matches    []matchLine        `json:"matches"`
	Markers    []markerLine       `json:"markers"`
	Reasons    []detectors.Reason `json:"reasons,omitempty"`
	Skip       *skipLine          `json:"skip,omitempty"`

	text []byte
	doc  extract.Document
}

type matchLine struct {
	Detector   string  `json:"detector"`
	Start      int     `json:"start"`
	End        int     `json:"end"`
	Masked     string  `json:"masked"`
	Confidence float64 `json:"confidence"`
	Minor      bool    `json:"minor"`
	MinorThen  bool    `json:"minor_then,omitempty"`
	TestNumber bool    `json:"test_number"`
	Birth      string  `json:"birth_year,omitempty"`
	Place      string  `json:"place,omitempty"`
}

type markerLine struct {
	ID       string `json:"id"`
	Category string `json:"category"`
	Term     string `json:"term"`
	Start    int    `json:"start"`
	End      int    `json:"end"`
	Strength string `json:"strength"`
	Place    string `json:"place,omitempty"`
}

type skipLine struct {
	Stage  finding.Stage  `json:"stage"`
	Reason finding.Reason `json:"reason"`
	Error  string         `json:"error,omitempty"`
}

func runInspect(c *cobra.Command, f inspectFlags, args []string) error {
	cfg, err := loadConfig(f.config)
	if err != nil {
		return err
	}
	set(&cfg.Detectors.HomeCountry, f.country)
	cfg.Detectors.CountTestNumbers = cfg.Detectors.CountTestNumbers || f.countTest
	eng, err := newEngine(cfg.Detectors)
	if err != nil {
		return err
	}
	ext, err := newExtractor(cfg)
	if err != nil {
		return err
	}
	defer ext.Close()
	in := inspector{engine: eng, extractor: ext, cfg: cfg, stdin: c.InOrStdin()}
	out := printer{w: c.OutOrStdout(), flags: f}
	missing := 0
	err = in.each(c.Context(), args, func(x inspection, err error) error {
		if err != nil {
			missing++
			say(c.ErrOrStderr(), "error", err.Error(), "")
			return nil
		}
		return out.print(x)
	})
	if err == nil && missing > 0 {
		return fmt.Errorf("%d of the named paths could not be read", missing)
	}
	return err
}

type inspector struct {
	engine    scanner.Inspector
	extractor scanner.Extractor
	cfg       config.Config
	stdin     io.Reader
}

// each inspects every file that the arguments name, several at once, and
// calls do in their order. An error given to do concerns one argument alone.
func (in *inspector) each(ctx context.Context, args []string, do func(inspection, error) error) error {
	type answer struct {
		x   inspection
		err error
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// The queue is as long as there are workers: order is kept by reading the
	// answers in the order of the questions.
	queue := make(chan chan answer, runtime.GOMAXPROCS(0))
	ask := func(path string, work func() (inspection, error)) error {
		a := make(chan answer, 1)
		select {
		case queue <- a:
		case <-ctx.Done():
			return ctx.Err()
		}
		go func() {
			x, err := work()
			a <- answer{x, err}
		}()
		return nil
	}
	go func() {
		defer close(queue)
		for _, arg := range args {
			if in.argument(ctx, arg, ask) != nil {
				return
			}
		}
	}()
	for a := range queue {
		r := <-a
		if err := do(r.x, r.err); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// argument asks for every file of one argument.
func (in *inspector) argument(ctx context.Context, arg string, ask func(string, func() (inspection, error)) error) error {
	if arg == "-" {
		return ask(arg, func() (inspection, error) {
			b, err := io.ReadAll(io.LimitReader(in.stdin, int64(in.cfg.Extract.MaxFileSize)))
			if err != nil {
				return inspection{}, fmt.Errorf("standard input: %w", err)
			}
			return in.inspect(ctx, arg, extract.Bytes(b), time.Time{})
		})
	}
	return filepath.WalkDir(arg, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return ask(path, func() (inspection, error) { return inspection{}, err })
		case d.IsDir():
			return nil
		case !d.Type().IsRegular() && path != arg:
			return nil
		}
		return ask(path, func() (inspection, error) { return in.file(ctx, path) })
	})
}

func (in *inspector) file(ctx context.Context, path string) (inspection, error) {
	f, err := os.Open(path)
	if err != nil {
		return inspection{}, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return inspection{}, err
	}
	if !st.Mode().IsRegular() {
		return inspection{}, fmt.Errorf("%s: not a regular file", path)
	}
	return in.inspect(ctx, path, sized{f, st.Size()}, st.ModTime())
}

// sized is an open file with its size.
type sized struct {
	io.ReaderAt
	n int64
}

func (s sized) Size() int64 { return s.n }

func (in *inspector) inspect(ctx context.Context, path string, f extract.File, date time.Time) (inspection, error) {
	x := inspection{
		Type: "inspection", Path: filepath.ToSlash(path), Status: "scanned", Grade: detectors.None,
		Categories: []string{}, Matches: []matchLine{}, Markers: []markerLine{},
	}
	if most := int64(in.cfg.Extract.MaxFileSize); most > 0 && f.Size() > most {
		x.Status, x.Skip = "skipped", &skipLine{finding.StageOpen, finding.TooLarge, ""}
		return x, nil
	}
	doc, err := in.extractor.Extract(ctx, path, f, limitsOf(in.cfg.Extract))
	if err != nil {
		return x, fmt.Errorf("%s: %w", path, err)
	}
	x.doc, x.text, x.MediaType, x.TextBytes = doc, doc.Text, doc.MediaType, len(doc.Text)
	if s := doc.Skip; s != nil {
		x.Status = "partial"
		x.Skip = &skipLine{s.Stage, s.Reason, s.Error}
		if len(doc.Text) == 0 {
			x.Status = "skipped"
			return x, nil
		}
	}
	x.fill(in.engine.Inspect(detectors.Text{Body: doc.Text, Name: x.Path, Date: date}))
	return x, nil
}

func (x *inspection) fill(r detectors.Result) {
	x.Grade, x.Score, x.Persons, x.Minors, x.Reasons = r.Grade, r.Score, r.Persons, r.Minors, r.Reasons
	x.Categories = append(x.Categories, r.Categories...)
	for _, m := range r.Matches {
		l := matchLine{
			Detector: m.Detector, Start: m.Start, End: m.End, Masked: m.Masked, Confidence: m.Confidence,
			Minor: m.Minor, MinorThen: m.MinorThen, TestNumber: m.TestNumber, Place: x.doc.At(m.Start).String(),
		}
		if !m.Birth.IsZero() {
			l.Birth = m.Birth.Format("2006")
		}
		x.Matches = append(x.Matches, l)
	}
	for _, m := range r.Markers {
		x.Markers = append(x.Markers, markerLine{m.ID, m.Category, m.Term, m.Start, m.End, m.Strength, x.doc.At(m.Start).String()})
	}
}

// printer prints inspections as the flags ask.
type printer struct {
	w     io.Writer
	flags inspectFlags
	some  bool
}

func (p *printer) print(x inspection) error {
	switch {
	case p.flags.json:
		b, err := json.Marshal(x)
		if err != nil {
			return err
		}
		_, err = p.w.Write(append(b, '\n'))
		return err
	case p.flags.text:
		_, err := p.w.Write(x.text)
		return err
	}
	var b strings.Builder
	if p.some {
		b.WriteByte('\n')
	}
	p.some = true
	x.describe(&b)
	_, err := io.WriteString(p.w, b.String())
	return err
}

// maxLines is how many numbers and how many markers are shown to a person.
const maxLines = 12

func (x *inspection) describe(b *strings.Builder) {
	fmt.Fprintf(b, "%s\n", x.Path)
	if s := x.Skip; s != nil {
		fmt.Fprintf(b, "  %s: %s", x.Status, s.Reason)
		if s.Error != "" {
			fmt.Fprintf(b, " (%s)", s.Error)
		}
		b.WriteByte('\n')
		if x.Status == "skipped" {
			return
		}
	}
	fmt.Fprintf(b, "  %s (score %.1f)", strings.ToUpper(string(x.Grade)), x.Score)
	if len(x.Categories) > 0 {
		fmt.Fprintf(b, ": %s", strings.Join(x.Categories, ", "))
	}
	fmt.Fprintf(b, "\n  %d persons, %d minors; %s, %d bytes of text\n", x.Persons, x.Minors, cmp.Or(x.MediaType, "unknown type"), x.TextBytes)
	for _, m := range x.Matches[:min(len(x.Matches), maxLines)] {
		fmt.Fprintf(b, "  %-20s %s  %.2f", m.Detector, m.Masked, m.Confidence)
		if m.Minor {
			b.WriteString("  minor")
		}
		if m.TestNumber {
			b.WriteString("  test number")
		}
		if m.Place != "" {
			fmt.Fprintf(b, "  %s", m.Place)
		}
		b.WriteByte('\n')
	}
	more(b, len(x.Matches), "number")
	for _, m := range x.Markers[:min(len(x.Markers), maxLines)] {
		fmt.Fprintf(b, "  %-20s %q %s", m.Category, m.Term, m.Strength)
		if m.Place != "" {
			fmt.Fprintf(b, "  %s", m.Place)
		}
		b.WriteByte('\n')
	}
	more(b, len(x.Markers), "marker")
	if len(x.Reasons) > 0 {
		b.WriteString("  why:\n")
	}
	for _, r := range x.Reasons {
		if r.Points == 0 { // what would change it
			fmt.Fprintf(b, "            %s\n", r.What)
			continue
		}
		fmt.Fprintf(b, "    %+6.1f  %s\n", r.Points, r.What)
	}
}

func more(b *strings.Builder, n int, what string) {
	if n > maxLines {
		fmt.Fprintf(b, "  and %d more %ss (--json lists them all)\n", n-maxLines, what)
	}
}

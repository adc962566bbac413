// Package html writes the report that a security officer reads in the
// morning: one file that needs nothing else, works without a network, prints,
// and is usable by keyboard and screen reader, in five languages.
//
// The incidents, the coverage and what could not be judged are plain HTML and
// need no script. The table of all documents is drawn by a small script from
// data in the page, so that 20,000 of them stay quick. A strict content
// security policy names that script and the style sheet by their hashes:
// whatever a file on a share is called, nothing in its name ever runs, and
// the page can send nothing anywhere.
//
// Start reading at New, then page.go (what the page says) and data.go (what
// the script gets).
package html

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"io"
	"time"

	"aktvakt/scanner/finding"
	"aktvakt/scanner/report"
	"aktvakt/scanner/report/lang"
)

var (
	//go:embed page.tmpl.html
	pageSource string
	//go:embed app.css
	style string
	//go:embed app.js
	script string
)

// Options are the choices for a page.
type Options struct {
	// Language is sv, da, nb, fi or en; anything else is en.
	Language string
	// Location is the time zone of the dates; nil is the local one.
	Location *time.Location
	// History is the earlier runs, oldest first, for the trend; this run is
	// not part of it.
	History []Night
}

// Night is one run in the trend.
type Night struct {
	Day       time.Time
	Incidents map[finding.Severity]int
}

// NightOf returns an earlier run as a point of the trend.
func NightOf(sum finding.Summary) Night {
	return Night{Day: sum.Started, Incidents: sum.IncidentSeverity}
}

// New returns a sink that writes a page to the file path, which appears on
// Close with mode 0600.
func New(path string, opt Options) (report.Sink, error) {
	return report.ToFile(path, func(w io.Writer) report.Sink { return NewWriter(w, opt) })
}

// NewWriter returns a sink that writes a page to w on Close.
func NewWriter(w io.Writer, opt Options) report.Sink {
	if opt.Location == nil {
		opt.Location = time.Local
	}
	return &sink{w: w, opt: opt, text: lang.Get(opt.Language), perReason: map[finding.Reason]int{}}
}

type sink struct {
	w         io.Writer
	opt       Options
	text      lang.Text
	findings  []finding.Finding
	incidents []finding.Incident
	skips     []finding.Skip
	// skipped counts all skips, perReason those that are kept.
	skipped   int
	perReason map[finding.Reason]int
}

func (s *sink) Finding(f finding.Finding) error {
	f.PersonKeys = nil
	s.findings = append(s.findings, f)
	return nil
}

func (s *sink) Incident(i finding.Incident) error {
	s.incidents = append(s.incidents, i)
	return nil
}

// maxSkips is how many skips of one reason the page shows. A share holds a
// million pictures that nobody reads; two thousand say as much, and a rare
// reason is not crowded out.
const maxSkips = 2000

func (s *sink) Skip(k finding.Skip) error {
	s.skipped++
	if s.perReason[k.Reason] < maxSkips {
		s.perReason[k.Reason]++
		s.skips = append(s.skips, k)
	}
	return nil
}

var page = template.Must(template.New("page").Parse(pageSource))

func (s *sink) Close(sum finding.Summary) error {
	p, err := s.page(sum)
	if err != nil {
		return err
	}
	return page.Execute(s.w, p)
}

// hashOf is a source expression of a content security policy.
func hashOf(s string) template.HTMLAttr {
	h := sha256.Sum256([]byte(s))
	return template.HTMLAttr("sha256-" + base64.StdEncoding.EncodeToString(h[:]))
}

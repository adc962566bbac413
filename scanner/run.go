package scanner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"aktvakt/detectors"
	"aktvakt/scanner/access"
	"aktvakt/scanner/extract"
	"aktvakt/scanner/finding"
	"aktvakt/scanner/judge"
	"aktvakt/scanner/report"
	"aktvakt/scanner/source"
	"aktvakt/scanner/state"
)

// Extractor turns a file into text. Both the extractors in this process and
// the pool of worker processes are one.
type Extractor interface {
	// Extract never fails for what the document is: that is the Skip of the
	// result. Its error means that no extractor could be asked.
	Extract(ctx context.Context, name string, f extract.File, lim extract.Limits) (extract.Document, error)
}

// Inspector finds what a text contains.
type Inspector interface {
	Inspect(detectors.Text) detectors.Result
	// MaskName hides the identity numbers in a name or message.
	MaskName(string) string
}

// Life keeps what is known of findings from run to run.
type Life interface {
	// Past returns what earlier runs left.
	Past(ctx context.Context) (state.Past, error)
	// Settle stores how this run leaves them.
	Settle(ctx context.Context, s state.Settlement) error
	// Coverage tells how much of a target was looked at.
	Coverage(ctx context.Context, target string) (state.Coverage, error)
}

// Target is one source and how to treat it.
type Target struct {
	// Name is what the user calls it, in the summary.
	Name   string
	Source source.Source
	Filter Filter
	// Access are the rules for counting people.
	Access access.Options
	// Probe, where set, is the same place logged on to as the ordinary account
	// ProbeAs (names it may go by in the directory): a sample of files is
	// opened with it to check who is said to read them.
	Probe   Prober
	ProbeAs []string
	// Err is set instead of Source where the target could not be opened.
	Err error
}

// Prober opens entries as an ordinary account.
type Prober interface {
	source.Prober
	Close() error
}

// Options say how a run goes. Extractor, Inspector, Judge, Sink and Key are
// needed.
type Options struct {
	Extractor Extractor
	Inspector Inspector
	Judge     *judge.Judge
	Sink      report.Sink
	// Life may be nil: then every finding is new.
	Life Life
	// Memory is what earlier runs remember of files; nil means that all are
	// read. The run closes it.
	Memory *state.Memory
	// Full reads every file, whatever is remembered.
	Full bool
	// RefreshNights is the number of nights over which unchanged files are read
	// anew after a change of the program or its settings; 0 is one.
	RefreshNights int
	// Accept are the decisions on findings that may stay; nil is none.
	Accept *judge.Acceptances
	// Key is the key of the HMACs that stand for people and findings.
	Key     []byte
	Limits  extract.Limits
	Version string
	// MaxFileSize is in bytes; larger files are skipped. 0 is no limit.
	MaxFileSize int64
	// Workers is how many documents are worked on at once; 0 means one per
	// core. Four times as many are being fetched, more from a distant source.
	Workers int
	// CountTestNumbers lets published test numbers stand for people.
	CountTestNumbers bool
	// Sample, where set, is offered every judged document, ordinary ones
	// included, for a check by hand. It is called from one goroutine.
	Sample func(finding.Finding)
	// Notes are said in the summary.
	Notes []string
	// Count is told how far the run has come; nil is allowed.
	Count *Count
}

// Count is how far a run has come. It may be read while the run goes on.
type Count struct {
	Entries, Folders, Scanned, Unchanged, Skipped, Sensitive, Bytes atomic.Int64
	busy                                                            sync.Map // of files that are being read, by their number among jobs
	jobs                                                            atomic.Int64
}

// ErrMaxDuration is the cause of a run that stopped because its time was up.
var ErrMaxDuration = errors.New("the time for the run was up")

// target is a target in the making.
type target struct {
	Target
	src      source.Source
	resolver *access.Resolver
	// probing is nil where the target cannot be looked at as others.
	probing *probing
	acl     source.ACLReader
	count   Count
	// total is the count of the whole run.
	total *Count
	// mask hides the identity numbers in names and messages.
	mask func(string) string
	sum  finding.TargetSummary
	// unseen are the folders and files that could not be looked at.
	unseen []string
	// hashes are those of access rules, hashed how many there are.
	hashes sync.Map
	hashed atomic.Int64
}

// listed counts one entry.
func (t *target) listed() {
	t.count.Entries.Add(1)
	t.total.Entries.Add(1)
}

func (t *target) name() string {
	if t.src != nil {
		return t.src.Name()
	}
	return t.Name
}

// runner is one run.
type runner struct {
	Options
	started time.Time
	results chan []result
	summary finding.Summary
	census  *judge.Census
	found   []finding.Finding
	// known is what earlier runs left of findings.
	known past
	// unseen are full names of files and folders that could not be looked at;
	// what was found there stands.
	unseen []string
	// texts are where sensitive documents lie, by the print of their text.
	texts map[uint64][]string
	// cpu bounds the documents being worked on as opposed to fetched.
	cpu chan struct{}
	// sinkErr is the first error of the sink: it ends the run.
	sinkErr error
	// stop ends the work.
	stop context.CancelFunc
}

// result is what became of one file, or a skip.
type result struct {
	skip *finding.Skip
	// doc is set for a document that was judged.
	doc *judged
	// bytes is the size of a file that was read.
	bytes int64
	// unchanged tells that the file was not read, and postponed that another
	// version of the program did. stale tells that it could not be read and is
	// judged by what it held.
	unchanged, postponed, stale bool
	// ordinary tells that it is an unchanged document without anything
	// sensitive: doc is nil, and target, dir and people say all that counts.
	ordinary    bool
	target, dir string
	people      int
	// unseen is the full name of a file of which nothing is known tonight.
	unseen string
}

// Run scans the targets and feeds the sink, which it closes. Its error is
// that of the sink or the state, or the cause for which ctx ended
// (ErrMaxDuration or a cancellation); the summary is right in every case.
// Targets that fail do not end the run: they are told in the summary, whose
// Complete is then false.
func Run(ctx context.Context, opt Options, targets []Target) (finding.Summary, error) {
	r := &runner{Options: opt, started: time.Now(), results: make(chan []result, 16), texts: map[uint64][]string{}, census: judge.NewCensus()}
	if r.Count == nil {
		r.Count = new(Count)
	}
	r.Workers = cmp.Or(r.Workers, runtime.GOMAXPROCS(0))
	r.cpu = make(chan struct{}, r.Workers)
	r.summary = finding.Summary{
		Version: opt.Version, Started: r.started, Targets: len(targets), Notes: opt.Notes, Complete: true,
		Skipped: map[finding.Reason]int{}, Grades: map[finding.Grade]int{},
		Findings: map[finding.Severity]int{}, Verdicts: map[finding.Verdict]int{},
		IncidentSeverity: map[finding.Severity]int{}, Fates: map[string]int{},
	}
	if r.Life != nil {
		p, err := r.Life.Past(ctx)
		if err != nil {
			return r.summary, errors.Join(err, r.Sink.Close(r.summary))
		}
		r.known = newPast(p)
		r.census.Watch(slices.Collect(maps.Keys(r.known.open))...)
	}
	work, stop := context.WithCancel(ctx)
	defer stop()
	r.stop = stop
	collected := make(chan struct{})
	go func() {
		defer close(collected)
		for xs := range r.results {
			for _, x := range xs {
				if r.sinkErr == nil {
					if r.sinkErr = r.collect(x); r.sinkErr != nil {
						stop()
					}
				}
			}
		}
	}()
	ts := make([]*target, len(targets))
	var g errgroup.Group
	g.SetLimit(maxTargets)
	for i, t := range targets {
		ts[i] = &target{Target: t, src: t.Source, total: r.Count, mask: opt.Inspector.MaskName}
		g.Go(func() error {
			r.scan(work, ts[i])
			return nil
		})
	}
	g.Wait()
	close(r.results)
	<-collected
	return r.finish(ctx, ts)
}

// maxTargets is how many targets are walked at once, so that one slow server
// does not hold the others.
const maxTargets = 8

// walkers is how many folders of a target are listed at once.
const walkers = 4

// scan walks one target and works on its files.
func (r *runner) scan(ctx context.Context, t *target) {
	t.sum = finding.TargetSummary{Name: t.name(), Status: "complete"}
	defer r.settleTarget(t)
	if t.Err != nil {
		t.fail(t.Err)
		return
	}
	root, err := t.src.Root(ctx)
	if err != nil {
		if ctx.Err() != nil {
			t.stopped()
			return
		}
		t.fail(err)
		return
	}
	r.resolve(ctx, t)
	files := make(chan []job)
	var g errgroup.Group
	for range r.fetchers(t.src) {
		g.Go(func() error {
			for js := range files {
				r.files(ctx, js)
			}
			return nil
		})
	}
	w := newWalk(t, files, func(s finding.Skip) {
		t.count.Skipped.Add(1)
		r.results <- []result{{skip: &s}}
	})
	w.memory = r.Memory
	w.broken = r.stop // the error is told when the memory is closed
	w.all(ctx, root)
	close(files)
	g.Wait()
	t.unseen = w.unseen
	switch {
	case ctx.Err() != nil:
		t.stopped()
		return
	case w.fault != nil:
		t.sum.Status, t.sum.Error = "incomplete", "not every folder could be listed: "+t.plain(w.fault)
	}
	t.check(ctx)
}

// maxFetchers bounds the files of a target that are being fetched, each of
// which holds prefetch bytes at most.
const maxFetchers = 64

// fetchers is how many files of a source are fetched at once: enough that the
// workers never wait, and more where round trips may be long.
func (r *runner) fetchers(s source.Source) int {
	n := 4 * r.Workers
	if d, ok := source.As[source.Distant](s); ok {
		n = max(n, min(d.InFlight(), maxFetchers))
	}
	return n
}

// files takes files through the pipeline, one after the other.
func (r *runner) files(ctx context.Context, js []job) {
	out := make([]result, 0, len(js))
	for _, j := range js {
		out = append(out, r.file(ctx, j))
	}
	r.results <- out
	for _, j := range js {
		j.in.release()
	}
}

// checkLimit bounds the entries that a check of the nightly run looks at to
// draw its sample from.
const checkLimit = 20_000

// check opens a sample of files as the probe account and tells how often the
// answer was what the access rules say.
func (t *target) check(ctx context.Context) {
	if t.Probe == nil || t.resolver == nil {
		return
	}
	as := t.ProbeAs[0]
	for _, name := range t.ProbeAs {
		if _, ok := t.resolver.Predict(access.Descriptor{}, name); ok {
			as = name
			break
		}
	}
	c, err := SelfCheck(ctx, t.src, t.resolver, t.Probe, as, checkLimit)
	if err != nil {
		t.sum.Notes = append(t.sum.Notes, "The check as an ordinary account failed: "+t.plain(err))
		return
	}
	note := fmt.Sprintf("Checked as %s: %d of %d sampled files opened or stayed shut as predicted", c.Account, c.Agreed, c.Files)
	if n := len(c.TooFew); n > 0 {
		note += fmt.Sprintf("; %d could be read against the prediction, so audiences here are wider than said", n)
	}
	if n := len(c.TooMany); n > 0 {
		note += fmt.Sprintf("; %d could not be read although predicted", n)
	}
	t.sum.Notes = append(t.sum.Notes, note+".")
}

func (t *target) fail(err error) {
	t.sum.Status, t.sum.Error, t.sum.Hint = "failed", t.plain(err), Hint(err)
}

func (t *target) stopped() {
	t.sum.Status, t.sum.Error = "incomplete", "the run was stopped before the target was finished"
}

// resolve finds out who the accounts behind the target's ACLs are. A failure
// makes verdicts unknown; it does not end the target.
func (r *runner) resolve(ctx context.Context, t *target) {
	t.acl, _ = source.As[source.ACLReader](t.src)
	if t.probing = newProbing(t.src, t.Access); t.probing != nil {
		var notes []string
		t.sum.Directory, notes = t.probing.describe(ctx)
		t.sum.Staff, t.sum.Notes = t.probing.staff, append(t.sum.Notes, notes...)
	}
	a, ok := source.As[source.Auditor](t.src)
	if !ok && t.probing != nil {
		return
	}
	if !ok {
		t.sum.Notes = append(t.sum.Notes, "this kind of target tells nothing about who can read: verdicts are unknown")
		return
	}
	res, err := a.Resolver(ctx, t.Access)
	if err != nil {
		t.sum.Notes = append(t.sum.Notes, "accounts and groups could not be read, verdicts are unknown: "+t.plain(err))
		return
	}
	t.resolver = res
	dir, _, notes := res.Describe()
	t.sum.Directory, t.sum.Staff = dir, res.Staff()
	t.sum.Notes = append(t.sum.Notes, notes...)
}

// settleTarget adds the target's counts to its summary and closes it.
func (r *runner) settleTarget(t *target) {
	t.sum.Entries, t.sum.Folders = int(t.count.Entries.Load()), int(t.count.Folders.Load())
	t.sum.Scanned, t.sum.Skipped = int(t.count.Scanned.Load()), int(t.count.Skipped.Load())
	t.sum.Unchanged = int(t.count.Unchanged.Load())
	if t.src != nil {
		t.src.Close()
	}
	if t.Probe != nil {
		t.Probe.Close()
	}
}

// collect takes in one result. It runs on one goroutine.
func (r *runner) collect(x result) error {
	if x.skip != nil {
		if !x.skip.Partial {
			r.summary.Skipped[x.skip.Reason]++
			r.Count.Skipped.Add(1)
		}
		if err := r.Sink.Skip(*x.skip); err != nil {
			return fmt.Errorf("write report: %w", err)
		}
	}
	if x.unseen != "" {
		r.unseen = append(r.unseen, x.unseen)
	}
	if x.unchanged {
		r.summary.Unchanged++
		r.Count.Unchanged.Add(1)
	}
	if x.postponed {
		r.summary.Postponed++
	}
	if x.ordinary {
		f := finding.Finding{Target: x.target, Path: x.dir + "/", Grade: finding.GradeNone, Verdict: finding.Allowed, People: x.people}
		r.summary.Grades[f.Grade]++
		r.summary.Verdicts[f.Verdict]++
		r.census.Add(f)
		return nil
	}
	if x.doc != nil {
		r.collectDocument(x)
	}
	return nil
}

// maxTexts bounds the documents whose text is looked for elsewhere.
const maxTexts = 200_000

func (r *runner) collectDocument(x result) {
	d := x.doc
	if !x.unchanged && !x.stale {
		r.Count.Scanned.Add(1)
		r.Count.Bytes.Add(x.bytes)
		r.summary.Scanned++
		r.summary.Bytes += x.bytes
		if d.partial {
			r.summary.Partial++
		}
	}
	r.summary.Grades[d.found.Grade]++
	r.summary.Verdicts[d.found.Verdict]++
	r.census.Add(d.found)
	if d.found.Print != 0 && d.found.Grade != finding.GradeNone && len(r.texts) < maxTexts {
		r.texts[d.found.Print] = append(r.texts[d.found.Print], d.found.Path)
	}
	if r.Sample != nil {
		r.Sample(d.found)
	}
	if d.reported {
		r.Count.Sensitive.Add(1)
		r.found = append(r.found, d.found)
	}
}

// finish decides what needs the whole run (mode, cure, incidents, what is
// new), writes it and closes the sink.
func (r *runner) finish(ctx context.Context, ts []*target) (finding.Summary, error) {
	cause := context.Cause(ctx)
	// The report is written even when the run was cancelled.
	ctx = context.WithoutCancel(ctx)
	now := time.Now()
	var completed []string
	for _, t := range ts {
		r.summary.PerTarget = append(r.summary.PerTarget, t.sum)
		r.summary.Entries += t.sum.Entries
		r.summary.Folders += t.sum.Folders
		if t.sum.Status == "complete" {
			completed = append(completed, t.sum.Name)
		} else {
			r.summary.Complete = false
		}
	}
	var err error
	if r.Memory != nil {
		err = r.Memory.Close(completed)
	}
	r.duplicates()
	gone, moved := r.live(ts, now)
	found, incidents := r.decide(now)
	if r.Life != nil {
		err = errors.Join(err, r.Life.Settle(ctx, state.Settlement{Found: found, Resolved: gone, Moved: moved, Now: now}), r.cover(ctx))
	}
	r.count(found, incidents)
	r.summary.Finished, r.summary.DurationS = now, now.Sub(r.started).Seconds()
	if werr := r.write(found, incidents); werr != nil {
		err = errors.Join(err, fmt.Errorf("write report: %w", werr))
	}
	return r.summary, errors.Join(err, r.sinkErr, cause)
}

// decide gathers incidents and lays the operator's decisions over the
// findings. An incident's status is that of its findings, so incidents are
// gathered again once those are known.
func (r *runner) decide(now time.Time) ([]finding.Finding, []finding.Incident) {
	found, incidents := r.Judge.Incidents(r.found, r.census)
	if r.Accept == nil {
		return found, incidents
	}
	for _, u := range r.Accept.Apply(found, now) {
		r.summary.Notes = append(r.summary.Notes, fmt.Sprintf("The acceptance of %s by %s covers nothing: %s.", u.Finding+u.Incident, u.By, u.Why))
	}
	return r.Judge.Incidents(found, r.census)
}

func (r *runner) write(found []finding.Finding, incidents []finding.Incident) error {
	var errs []error
	if r.sinkErr == nil {
		for _, f := range found {
			errs = append(errs, r.Sink.Finding(f))
		}
		for _, i := range incidents {
			errs = append(errs, r.Sink.Incident(i))
		}
	}
	errs = append(errs, r.Sink.Close(r.summary))
	return errors.Join(errs...)
}

// count sums up findings and distinct people.
func (r *runner) count(found []finding.Finding, incidents []finding.Incident) {
	for _, f := range found {
		if f.Closed() {
			r.summary.Accepted++
		} else {
			r.summary.Findings[f.Severity]++
		}
	}
	for _, i := range incidents {
		if i.Status != finding.StatusAccepted && i.Status != finding.StatusFalsePositive {
			r.summary.Incidents++
			r.summary.IncidentSeverity[i.Severity]++
		}
	}
	r.summary.Persons, r.summary.Minors = judge.People(found)
}

// once runs f while a place among the working documents is held.
func (r *runner) once(ctx context.Context, f func()) bool {
	select {
	case r.cpu <- struct{}{}:
	case <-ctx.Done():
		return false
	}
	defer func() { <-r.cpu }()
	f()
	return true
}

package scanner

import (
	"context"
	"fmt"
	"io/fs"
	"iter"
	"path"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"aktvakt/detectors"
	"aktvakt/scanner/access"
	"aktvakt/scanner/extract"
	"aktvakt/scanner/finding"
	"aktvakt/scanner/judge"
	"aktvakt/scanner/source"
)

// memory is a source in memory: files by path, faults by path.
type memory struct {
	files map[string]string
	// kinds overrides what a path is, open and list what goes wrong with it.
	kinds map[string]source.Entry
	open  map[string]error
	list  map[string]error
	// block, when set, is waited for by every Open.
	block chan struct{}
	// acl is the rules of every entry; nil is everyone.
	acl map[string]access.POSIXRules

	mu     sync.Mutex
	opened []string
	// asked are the paths whose rules were asked for.
	asked  []string
	closed atomic.Bool
	// left is how many files can be opened before stop is called.
	left int
	stop func()
}

// after lets n files be opened, then calls stop; nil is never.
func (m *memory) after(n int, stop func()) { m.left, m.stop = n, stop }

func (m *memory) Name() string { return "mem" }
func (m *memory) Root(context.Context) (source.Entry, error) {
	return source.Entry{Kind: source.Dir, ID: 1}, m.list["ROOT"]
}
func (m *memory) Close() error {
	m.closed.Store(true)
	return nil
}

func (m *memory) List(_ context.Context, dir source.Entry) iter.Seq2[source.Entry, error] {
	return func(yield func(source.Entry, error) bool) {
		seen := map[string]bool{}
		for p := range m.files {
			rest, ok := strings.CutPrefix(p, dir.Path)
			rest = strings.TrimPrefix(rest, "/")
			if !ok || rest == "" || (dir.Path != "" && !strings.HasPrefix(p, dir.Path+"/")) {
				continue
			}
			name, _, sub := strings.Cut(rest, "/")
			full := path.Join(dir.Path, name)
			if seen[full] {
				continue
			}
			seen[full] = true
			e := source.Entry{Path: full, Size: int64(len(m.files[p]))}
			if sub {
				e = source.Entry{Path: full, Kind: source.Dir}
			}
			if k, ok := m.kinds[full]; ok {
				k.Path = full
				e = k
			}
			if !yield(e, nil) {
				return
			}
		}
		if err := m.list[dir.Path]; err != nil && dir.Path != "" {
			yield(source.Entry{}, err)
		}
	}
}

type memFile struct{ extract.Bytes }

func (memFile) Close() error { return nil }

func (m *memory) Open(ctx context.Context, e source.Entry) (source.File, error) {
	if m.block != nil {
		select {
		case <-m.block:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.stop != nil {
		if m.left--; m.left < 0 {
			m.stop()
			return nil, context.Canceled
		}
	}
	m.opened = append(m.opened, e.Path)
	if err := m.open[e.Path]; err != nil {
		return nil, &fs.PathError{Op: "open", Path: e.Path, Err: err}
	}
	return memFile{extract.Bytes(m.files[e.Path])}, nil
}

func (m *memory) ACL(_ context.Context, e source.Entry) (access.Descriptor, error) {
	m.mu.Lock()
	m.asked = append(m.asked, e.Path)
	m.mu.Unlock()
	r, ok := m.acl[e.Path]
	if !ok {
		r = access.POSIXRules{Mode: 0o100644}
	}
	return r.Descriptor(), nil
}

func (m *memory) Resolver(_ context.Context, opt access.Options) (*access.Resolver, error) {
	d := &access.Directory{Name: "memory", Complete: true, Domains: []access.Domain{{SID: access.MustSID("S-1-22-1"), Complete: true}, {SID: access.MustSID("S-1-22-2"), Complete: true}}}
	for i := range 200 {
		d.Accounts = append(d.Accounts, access.Account{SID: access.UserSID(uint32(1000 + i)), Name: fmt.Sprintf("u%d", i)})
	}
	return access.NewResolver(d, nil, nil, opt), nil
}

// plainText takes every file for text, except those that begin with a word
// that names a fault.
type plainText struct{}

func (plainText) Extract(_ context.Context, _ string, f extract.File, _ extract.Limits) (extract.Document, error) {
	b := make([]byte, f.Size())
	f.ReadAt(b, 0)
	doc := extract.Document{MediaType: "text/plain"}
	switch word, rest, _ := strings.Cut(string(b), " "); word {
	case "CORRUPT":
		doc.Skip = &finding.Skip{Stage: finding.StageExtract, Reason: finding.Corrupt}
	case "PARTIAL":
		doc.Skip = &finding.Skip{Stage: finding.StageExtract, Reason: finding.Encrypted}
		doc.Text = []byte(rest)
	default:
		doc.Text = b
	}
	return doc, nil
}

// word finds a case wherever the text says CASE.
type word struct{}

func (word) Inspect(t detectors.Text) detectors.Result {
	if !strings.Contains(string(t.Body), "CASE") {
		return detectors.Result{Grade: detectors.None}
	}
	return detectors.Result{
		Grade: detectors.HighlySensitive, Score: 20, Categories: []string{"child-protection"}, Persons: 1,
		Matches: []detectors.Match{{Detector: "se-personnummer", End: 4, Confidence: 1, Masked: "2009••••-••••", Minor: true, Value: detectors.NewSecret("200905282380")}},
	}
}

// MaskName hides the one number that the tests know.
func (word) MaskName(s string) string {
	return strings.ReplaceAll(s, number, "2009••••-••••")
}

const number = "20090528-2380"

// kept is a sink that keeps what it is given.
type kept struct {
	findings  []finding.Finding
	incidents []finding.Incident
	skips     []finding.Skip
	summary   finding.Summary
	closed    int
	// fail is returned by the n-th Skip.
	fail error
}

func (k *kept) Finding(f finding.Finding) error {
	k.findings = append(k.findings, f)
	return nil
}

func (k *kept) Incident(i finding.Incident) error {
	k.incidents = append(k.incidents, i)
	return nil
}

func (k *kept) Skip(s finding.Skip) error {
	k.skips = append(k.skips, s)
	return k.fail
}

func (k *kept) Close(s finding.Summary) error {
	k.summary, k.closed = s, k.closed+1
	return nil
}

func options(t testing.TB, sink *kept) Options {
	t.Helper()
	j, err := judge.New(judge.DefaultPolicy())
	if err != nil {
		t.Fatal(err)
	}
	return Options{Extractor: plainText{}, Inspector: word{}, Judge: j, Sink: sink, Key: []byte("key of thirty-two bytes, for test"), Workers: 2}
}

// scan runs a scan of one source in memory and checks what holds for each.
func scan(t *testing.T, ctx context.Context, m *memory, opts ...func(*Options, *Target)) (*kept, error) {
	t.Helper()
	sink := &kept{}
	opt, target := options(t, sink), Target{Name: "mem", Source: m}
	for _, f := range opts {
		f(&opt, &target)
	}
	type answer struct {
		s   finding.Summary
		err error
	}
	done := make(chan answer, 1)
	go func() {
		s, err := Run(ctx, opt, []Target{target})
		done <- answer{s, err}
	}()
	var a answer
	select {
	case a = <-done:
	case <-time.After(30 * time.Second):
		t.Fatal("the run hangs")
	}
	if sink.closed != 1 {
		t.Errorf("the sink was closed %d times", sink.closed)
	}
	if !m.closed.Load() {
		t.Error("the source was not closed")
	}
	skipped := 0
	for _, n := range a.s.Skipped {
		skipped += n
	}
	if a.s.Scanned+a.s.Unchanged+skipped != a.s.Entries {
		t.Errorf("counts do not add up: %d entries, %d scanned, %d skipped %v", a.s.Entries, a.s.Scanned, skipped, a.s.Skipped)
	}
	return sink, a.err
}

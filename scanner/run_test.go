package scanner

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"aktvakt/scanner/access"
	"aktvakt/scanner/finding"
	"aktvakt/scanner/source"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func skips(k *kept) map[string]string {
	out := map[string]string{}
	for _, s := range k.skips {
		v := string(s.Stage) + " " + string(s.Reason)
		if s.Partial {
			v += " partial"
		}
		out[s.Path] = v
	}
	return out
}

func TestEveryEntryIsAccountedFor(t *testing.T) {
	m := &memory{
		files: map[string]string{
			"a.txt": "hello", "b/case.txt": "CASE", "b/broken.txt": "CORRUPT", "b/half.txt": "PARTIAL CASE",
			"c/denied.txt": "x", "c/gone.txt": "x", "c/locked.txt": "x", "c/tape.txt": "x", "c/link.txt": "x", "c/fifo": "x",
			"d/big.bin": strings.Repeat("x", 100), "skip/me.txt": "x", "e/f/g.tmp": "x", "loop/again/x": "x", "shut/x": "x",
		},
		kinds: map[string]source.Entry{
			"c/tape.txt": {Offline: true}, "c/link.txt": {Kind: source.Link}, "c/fifo": {Kind: source.Other},
			"loop": {Kind: source.Dir, ID: 7}, "loop/again": {Kind: source.Dir, ID: 7},
		},
		open: map[string]error{"c/denied.txt": fs.ErrPermission, "c/gone.txt": fs.ErrNotExist, "c/locked.txt": source.ErrLocked},
		list: map[string]error{"shut": fs.ErrPermission},
	}
	k, err := scan(t, t.Context(), m, func(o *Options, x *Target) {
		o.MaxFileSize = 50
		x.Filter.Exclude = []string{"*.tmp", "skip"}
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"mem/b/broken.txt": "extract corrupt",
		"mem/b/half.txt":   "extract encrypted partial",
		"mem/c/denied.txt": "open access-denied",
		"mem/c/gone.txt":   "open vanished",
		"mem/c/locked.txt": "open locked",
		"mem/c/tape.txt":   "open offline",
		"mem/c/link.txt":   "list link",
		"mem/c/fifo":       "list unsupported",
		"mem/d/big.bin":    "open too-large",
		"mem/skip":         "list excluded",
		"mem/e/f/g.tmp":    "list excluded",
		"mem/loop/again":   "list loop",
		"mem/shut":         "list access-denied",
	}
	if d := cmp.Diff(want, skips(k)); d != "" {
		t.Errorf("skips -want +got:\n%s", d)
	}
	if !k.summary.Complete {
		t.Error("a folder that may not be listed is a skip, not an incomplete run")
	}
	if k.summary.Entries != 16 || k.summary.Scanned != 4 || k.summary.Partial != 1 {
		t.Errorf("summary: %+v", k.summary)
	}
	if slices.Contains(m.opened, "c/tape.txt") {
		t.Error("an offline file was opened")
	}
	var found []string
	for _, f := range k.findings {
		found = append(found, f.Path)
	}
	slices.Sort(found)
	if d := cmp.Diff([]string{"mem/b/case.txt", "mem/b/half.txt"}, found); d != "" {
		t.Errorf("findings -want +got:\n%s", d)
	}
	if k.summary.Persons != 1 || k.summary.Minors != 1 {
		t.Errorf("%d persons, %d minors: the same number twice is one person", k.summary.Persons, k.summary.Minors)
	}
}

func TestNarrowAudienceIsNoFinding(t *testing.T) {
	m := &memory{
		files: map[string]string{"narrow.txt": "CASE", "wide.txt": "CASE"},
		acl:   map[string]access.POSIXRules{"narrow.txt": {UID: 1001, Mode: 0o100600}},
	}
	k, err := scan(t, t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	if len(k.findings) != 1 || k.findings[0].Path != "mem/wide.txt" || k.findings[0].Verdict != finding.TooWide {
		t.Errorf("findings: %+v", k.findings)
	}
	if d := cmp.Diff(map[finding.Verdict]int{finding.TooWide: 1, finding.Allowed: 1}, k.summary.Verdicts); d != "" {
		t.Errorf("verdicts -want +got:\n%s", d)
	}
}

// blind is a source that tells nothing of access.
type blind struct{ source.Source }

func TestUnknownIsNeverFine(t *testing.T) {
	m := &memory{files: map[string]string{"a.txt": "CASE"}}
	k, err := scan(t, t.Context(), m, func(_ *Options, x *Target) { x.Source = blind{m} })
	if err != nil {
		t.Fatal(err)
	}
	if len(k.findings) != 1 || k.findings[0].Verdict != finding.Unknown {
		t.Errorf("findings: %+v", k.findings)
	}
	if len(k.summary.PerTarget[0].Notes) == 0 {
		t.Error("nothing says why")
	}
}

// Identity numbers stand in names too. They reach no output.
func TestNumbersInNamesAreMasked(t *testing.T) {
	m := &memory{
		files: map[string]string{number + "/utredning " + number + ".txt": "CASE", "x/" + number + ".txt": "CORRUPT", "y/" + number + ".pdf": "x"},
		open:  map[string]error{"y/" + number + ".pdf": fs.ErrPermission},
		list:  map[string]error{"x": fmt.Errorf("list %q: broken", number)},
	}
	k, err := scan(t, t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	all := fmt.Sprintf("%+v %+v %+v %+v", k.findings, k.incidents, k.skips, k.summary)
	if strings.Contains(all, "2380") || strings.Contains(all, "0528") {
		t.Errorf("a number reached the output: %s", all)
	}
	if len(k.findings) != 1 || len(k.skips) != 3 {
		t.Errorf("%d findings, %d skips", len(k.findings), len(k.skips))
	}
}

func TestFindingIDsAreKeyedAndStable(t *testing.T) {
	m := &memory{files: map[string]string{"a.txt": "CASE", "b.txt": "CASE"}}
	ids := func(key string) []string {
		m.closed.Store(false)
		k, err := scan(t, t.Context(), m, func(o *Options, _ *Target) { o.Key = []byte(key) })
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, f := range k.findings {
			out = append(out, f.ID)
		}
		slices.Sort(out)
		return out
	}
	one, again, other := ids("one"), ids("one"), ids("other")
	if d := cmp.Diff(one, again); d != "" || len(one) != 2 || one[0] == one[1] {
		t.Errorf("ids %v, then %v", one, again)
	}
	if slices.Equal(one, other) {
		t.Error("the key makes no difference: an id could be guessed from a path")
	}
}

func TestTargetFaults(t *testing.T) {
	for _, tc := range []struct {
		name, at, status string
		err              error
		hint             bool
	}{
		{"unreachable", "ROOT", "failed", fmt.Errorf("dial: %w", source.ErrUnreachable), true},
		{"log-on", "ROOT", "failed", source.ErrLogon, true},
		{"listing breaks off", "b", "incomplete", errors.New("connection reset"), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := &memory{files: map[string]string{"a.txt": "x", "b/c.txt": "x"}, list: map[string]error{tc.at: tc.err}}
			k, err := scan(t, t.Context(), m)
			if err != nil {
				t.Fatal(err)
			}
			got := k.summary.PerTarget[0]
			if k.summary.Complete || got.Status != tc.status || got.Error == "" || (got.Hint != "") != tc.hint {
				t.Errorf("target: %+v, complete = %v", got, k.summary.Complete)
			}
		})
	}
}

func TestCancelledRunWritesWhatItHas(t *testing.T) {
	files := map[string]string{}
	for i := range 200 {
		files[fmt.Sprintf("d%d/f%d.txt", i%7, i)] = "CASE"
	}
	for _, cause := range []error{context.Canceled, ErrMaxDuration} {
		m := &memory{files: files, block: make(chan struct{})}
		ctx, cancel := context.WithCancelCause(t.Context())
		go func() {
			for range 20 {
				m.block <- struct{}{}
			}
			cancel(cause)
		}()
		k, err := scan(t, ctx, m)
		if !errors.Is(err, cause) {
			t.Errorf("error %v, want %v", err, cause)
		}
		if k.summary.Complete || k.summary.PerTarget[0].Status != "incomplete" {
			t.Errorf("summary: %+v", k.summary)
		}
		if len(k.findings) == 0 || k.summary.Skipped[finding.Stopped] == 0 {
			t.Errorf("%d findings, skipped %v", len(k.findings), k.summary.Skipped)
		}
	}
}

func TestSinkErrorEndsTheRun(t *testing.T) {
	m := &memory{files: map[string]string{}}
	for i := range 500 {
		m.files[fmt.Sprintf("f%d", i)] = "CORRUPT"
	}
	full := errors.New("no space left on device")
	sink := &kept{fail: full}
	_, err := Run(t.Context(), func() Options { o := options(t, sink); return o }(), []Target{{Name: "mem", Source: m}})
	if !errors.Is(err, full) {
		t.Errorf("error %v, want %v", err, full)
	}
	if len(m.opened) > 400 {
		t.Errorf("%d files were opened after the report could not be written", len(m.opened))
	}
}

func TestWalkCounts(t *testing.T) {
	m := &memory{files: map[string]string{"a": "12345", "b/c": "123", "b/d.tmp": "1"}}
	s, err := Walk(t.Context(), []Target{{Name: "mem", Source: m, Filter: Filter{Exclude: []string{"*.tmp"}}}}, new(Count))
	if err != nil {
		t.Fatal(err)
	}
	if x := s[0]; x.Files != 2 || x.Bytes != 8 || x.Folders != 2 || x.Skipped[finding.Excluded] != 1 {
		t.Errorf("%+v", x)
	}
	if len(m.opened) != 0 {
		t.Errorf("opened %v", m.opened)
	}
}

func BenchmarkRun(b *testing.B) {
	m := &memory{files: map[string]string{}}
	for i := range 2000 {
		m.files[fmt.Sprintf("d%d/f%d.txt", i%20, i)] = "ordinary text"
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Run(context.Background(), options(b, &kept{}), []Target{{Name: "mem", Source: m}}); err != nil {
			b.Fatal(err)
		}
	}
}

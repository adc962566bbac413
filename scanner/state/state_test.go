package state

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"aktvakt/scanner/finding"
)

var night = time.Date(2026, 11, 25, 22, 0, 0, 0, time.UTC)

func open(t *testing.T, path string) *Store {
	t.Helper()
	s, err := Open(t.Context(), "sqlite:"+path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// settle is one night that leaves these findings of target "t".
func settle(t *testing.T, s *Store, n int, fs []finding.Finding, resolved ...string) {
	t.Helper()
	now := night.AddDate(0, 0, n)
	r, err := s.Begin(t.Context(), now)
	if err != nil {
		t.Fatal(err)
	}
	for i := range fs {
		if fs[i].FirstSeen.IsZero() {
			fs[i].FirstSeen = now
		}
		fs[i].LastSeen = now
	}
	moved := map[string]string{}
	if len(fs) > 0 {
		moved["F-X"] = "F-A"
	}
	if err := r.Settle(t.Context(), Settlement{Found: fs, Resolved: resolved, Moved: moved, Now: now}); err != nil {
		t.Fatal(err)
	}
	if err := r.Finish(t.Context(), now, true, []byte("{}"), []byte{byte(n)}); err != nil {
		t.Fatal(err)
	}
}

func past(t *testing.T, s *Store) Past {
	t.Helper()
	r, err := s.Begin(t.Context(), night)
	if err != nil {
		t.Fatal(err)
	}
	p, err := r.Past(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPastIsWhatWasSettled(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "state.db"))
	a := finding.Finding{ID: "F-A", Target: "t", Path: "t/a", People: 10, Persons: 1, Grade: finding.Sensitive, Print: 1 << 63,
		PersonKeys: []finding.PersonKey{{Key: [16]byte{1, 2}, Minor: true}}, Wide: []string{"Everyone"}}
	b := finding.Finding{ID: "F-B", Target: "t", Path: "t/b"}
	settle(t, s, 0, []finding.Finding{a, b})
	settle(t, s, 1, []finding.Finding{a}, "F-B")
	p := past(t, s)
	a.FirstSeen, a.LastSeen = night.AddDate(0, 0, 1), night.AddDate(0, 0, 1)
	if d := cmp.Diff(Past{Open: []finding.Finding{a}, Moved: map[string]string{"F-X": "F-A"}}, p); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	settle(t, s, 2, nil, "F-A")
	if p := past(t, s); len(p.Open)+len(p.Moved) != 0 {
		t.Errorf("resolved findings are left: %+v", p)
	}
}

func TestPastRuns(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "state.db"))
	for i := range 6 {
		settle(t, s, i, nil)
	}
	last, err := s.Last(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if want := (PastRun{ID: 6, Started: night.AddDate(0, 0, 5), Finished: night.AddDate(0, 0, 5), Complete: true, Output: []byte{5}}); !cmp.Equal(want, last) {
		t.Errorf("last run: %s", cmp.Diff(want, last))
	}
	if h, err := s.History(t.Context(), 0, 3); err != nil || len(h) != 3 {
		t.Errorf("history: %v, %v", h, err)
	}
	if h, err := s.History(t.Context(), 2, 30); err != nil || len(h) != 1 {
		t.Errorf("history before the second run: %v, %v", h, err)
	}
	if before, err := s.Before(t.Context(), 6); err != nil || before.ID != 5 {
		t.Errorf("before the sixth run: %v, %v", before.ID, err)
	}
	if _, err := s.Before(t.Context(), 1); !errors.Is(err, ErrNoRun) {
		t.Errorf("before the first run: %v", err)
	}
	if first, err := s.Run(t.Context(), 1); err != nil || first.Output[0] != 0 {
		t.Errorf("first run: %v, %v", first, err)
	}
}

// What is old is not kept.
func TestOldRunsAreForgotten(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "state.db"))
	for i := range keepRuns + 2 {
		settle(t, s, i, nil)
	}
	if _, err := s.Run(t.Context(), 2); !errors.Is(err, ErrNoRun) {
		t.Errorf("the output of an old run is there: %v", err)
	}
	if _, err := s.Run(t.Context(), 3); err != nil {
		t.Error(err)
	}
	if h, err := s.History(t.Context(), 0, 200); err != nil || len(h) != keepRuns+2 {
		t.Errorf("%d summaries, %v", len(h), err)
	}
}

func TestKilledRunIsNoResult(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s := open(t, path)
	if _, err := s.Begin(t.Context(), night); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Last(t.Context()); !errors.Is(err, ErrNoRun) {
		t.Errorf("a run that never finished is shown: %v", err)
	}
}

func TestOnlyTheOwnerReads(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	path := filepath.Join(dir, "state.db")
	s := open(t, path)
	settle(t, s, 0, nil)
	for name, want := range map[string]fs.FileMode{dir: 0o700, path: 0o600, path + ".key": 0o600, path + "-wal": 0o600} {
		st, err := os.Stat(name)
		if err != nil {
			t.Error(err)
			continue
		}
		if got := st.Mode().Perm(); got != want {
			t.Errorf("%s has mode %o, want %o", filepath.Base(name), got, want)
		}
	}
}

func TestKeyStays(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s := open(t, path)
	key := string(s.Key())
	s.Close()
	if again := open(t, path); string(again.Key()) != key {
		t.Error("the key changed between two openings: findings would all be new")
	}
	if err := os.WriteFile(path+".key", []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), "sqlite:"+path); err == nil || !strings.Contains(err.Error(), "too short") {
		t.Errorf("a short key is taken: %v", err)
	}
}

func TestUnknownDSN(t *testing.T) {
	for _, dsn := range []string{"", "sqlite:", "postgres://x", "/a/b"} {
		if _, err := Open(context.Background(), dsn); err == nil {
			t.Errorf("Open(%q) succeeds", dsn)
		}
	}
}

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

// settle is one night with these findings of target "t".
func settle(t *testing.T, s *Store, n int, completed []string, fs ...finding.Finding) ([]string, int) {
	t.Helper()
	now := night.AddDate(0, 0, n)
	r, err := s.Begin(t.Context(), now)
	if err != nil {
		t.Fatal(err)
	}
	resolved, err := r.Settle(t.Context(), fs, completed, now)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Finish(t.Context(), now, true, []byte("{}"), []byte{byte(n)}); err != nil {
		t.Fatal(err)
	}
	var status []string
	for _, f := range fs {
		status = append(status, f.ID+" "+f.Status+" since "+f.FirstSeen.Format("01-02"))
	}
	return status, len(resolved)
}

func TestLifeOfFindings(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "state.db"))
	a := finding.Finding{ID: "F-A", Target: "t", People: 10, Persons: 1}
	b := finding.Finding{ID: "F-B", Target: "t", People: 10, Persons: 1}
	wider := a
	wider.People = 11
	for i, step := range []struct {
		name      string
		completed []string
		found     []finding.Finding
		want      []string
		resolved  int
	}{
		{"first night", []string{"t"}, []finding.Finding{a, b}, []string{"F-A new since 11-25", "F-B new since 11-25"}, 0},
		{"the same", []string{"t"}, []finding.Finding{a, b}, []string{"F-A open since 11-25", "F-B open since 11-25"}, 0},
		{"one gone, one wider", []string{"t"}, []finding.Finding{wider}, []string{"F-A changed since 11-25"}, 1},
		{"a failed target resolves nothing", nil, nil, nil, 0},
		{"still there", []string{"t"}, []finding.Finding{wider}, []string{"F-A open since 11-25"}, 0},
		{"back again", []string{"t"}, []finding.Finding{wider, b}, []string{"F-A open since 11-25", "F-B new since 11-25"}, 0},
	} {
		got, resolved := settle(t, s, i, step.completed, step.found...)
		if d := cmp.Diff(step.want, got); d != "" {
			t.Errorf("%s -want +got:\n%s", step.name, d)
		}
		if resolved != step.resolved {
			t.Errorf("%s: %d resolved, want %d", step.name, resolved, step.resolved)
		}
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

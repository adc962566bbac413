package directory

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"aktvakt/scanner/access"
)

func sid(rid string) access.SID { return access.MustSID("S-1-5-21-10-20-30-" + rid) }

func TestCached(t *testing.T) {
	path := filepath.Join(t.TempDir(), "directory")
	calls := 0
	fetch := func() (*access.Directory, error) {
		calls++
		if calls == 3 {
			return nil, errors.New("unreachable")
		}
		return &access.Directory{Name: "lab", Complete: true, Accounts: []access.Account{{SID: sid("1"), Name: `LAB\a`, Groups: []access.SID{sid("2")}}}}, nil
	}
	first, err := Cached(path, time.Hour, fetch)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Cached(path, time.Hour, fetch)
	if err != nil || calls != 1 {
		t.Fatalf("%v, fetched %d times", err, calls)
	}
	if diff := cmp.Diff(first.Accounts, again.Accounts); diff != "" || len(again.Notes) != 1 {
		t.Errorf("%s %q", diff, again.Notes)
	}
	if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", st.Mode(), err)
	}
	if _, err := Cached(path, -1, fetch); err != nil || calls != 2 {
		t.Errorf("too old: %v, fetched %d times", err, calls)
	}
	stale, err := Cached(path, -1, fetch)
	if err != nil || stale.Complete || len(stale.Notes) != 1 || len(stale.Accounts) != 1 {
		t.Errorf("unreachable: %+v, %v: want the old one, incomplete", stale, err)
	}
	calls = 2
	if _, err := Cached(filepath.Join(t.TempDir(), "none"), time.Hour, fetch); err == nil {
		t.Error("unreachable and nothing kept: no error")
	}
	if err := os.WriteFile(path, []byte("garbage"), 0o600); err != nil {
		t.Fatal(err)
	}
	if d, err := Cached(path, time.Hour, fetch); err != nil || len(d.Accounts) != 1 {
		t.Errorf("damaged file: %v", err)
	}
}

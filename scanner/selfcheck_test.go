package scanner

import (
	"context"
	"fmt"
	"io/fs"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aktvakt/scanner/access"
	"aktvakt/scanner/finding"
	"aktvakt/scanner/source"
)

// opens is a prober that knows what opens.
type opens struct {
	may map[string]bool
	err map[string]error
}

func (o opens) Probe(_ context.Context, e source.Entry) (bool, error) {
	return o.may[e.Path], o.err[e.Path]
}

func checkTree() (*memory, *access.Resolver) {
	m := &memory{
		files: map[string]string{"open.txt": "", "mine.txt": "", "others.txt": "", "gone.txt": "", "theirs/a.txt": "", "theirs/b.txt": "", "group.txt": ""},
		acl: map[string]access.POSIXRules{
			"open.txt":     {UID: 1001, Mode: 0o644},
			"mine.txt":     {UID: 1000, Mode: 0o600},
			"others.txt":   {UID: 1001, Mode: 0o600},
			"gone.txt":     {UID: 1001, Mode: 0o604},
			"theirs/a.txt": {UID: 1001, Mode: 0o604},
			"theirs/b.txt": {UID: 1001, Mode: 0o600},
			"group.txt":    {UID: 1001, GID: 77, Mode: 0o640},
		},
	}
	dir := &access.Directory{Name: "passwd", Complete: true, Accounts: []access.Account{
		{SID: access.UserSID(1000), Name: `LAB\anna`}, {SID: access.UserSID(1001), Name: `LAB\bo`},
	}}
	return m, access.NewResolver(dir, nil, nil, access.Options{})
}

func TestSelfCheck(t *testing.T) {
	m, r := checkTree()
	for _, tt := range []struct {
		name string
		as   opens
		want Check
	}{
		{"all agree", opens{may: map[string]bool{"open.txt": true, "mine.txt": true, "gone.txt": true, "theirs/a.txt": true}},
			Check{Files: 7, Agreed: 6, Undecided: 1}},
		{"reads more than said", opens{may: map[string]bool{"open.txt": true, "mine.txt": true, "others.txt": true, "gone.txt": true, "theirs/a.txt": true, "group.txt": true}},
			Check{Files: 7, Agreed: 5, Undecided: 1, TooFew: []string{"mem/others.txt"}}},
		{"reads less than said", opens{may: map[string]bool{"mine.txt": true, "gone.txt": true, "theirs/a.txt": true}},
			Check{Files: 7, Agreed: 5, Undecided: 1, TooMany: []string{"mem/open.txt"}}},
		{"one is gone", opens{may: map[string]bool{"open.txt": true, "mine.txt": true, "theirs/a.txt": true}, err: map[string]error{"gone.txt": fs.ErrNotExist}},
			Check{Files: 6, Agreed: 5, Undecided: 1, Failed: 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.want.Account = "anna"
			got, err := SelfCheck(t.Context(), m, r, tt.as, "anna", 100)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
		})
	}
	if _, err := SelfCheck(t.Context(), m, r, opens{}, "eva", 100); err == nil {
		t.Error("an account that nobody knows was checked")
	}
	if _, err := SelfCheck(t.Context(), m, r, opens{err: map[string]error{"mine.txt": source.ErrLogon}}, "anna", 100); err == nil {
		t.Error("a refused log-on is no error")
	}
}

// TestSelfCheckDraw: many files with one rule do not crowd out the others.
func TestSelfCheckDraw(t *testing.T) {
	m, r := checkTree()
	want := Check{Account: "anna", Files: checkPerRule + 1, Agreed: checkPerRule + 1}
	m.files, m.acl = map[string]string{"rare.txt": ""}, map[string]access.POSIXRules{"rare.txt": {UID: 1000, Mode: 0o600}}
	as := opens{may: map[string]bool{"rare.txt": true}}
	for i := range 200 {
		p := fmt.Sprintf("common %d.txt", i)
		m.files[p], m.acl[p], as.may[p] = "", access.POSIXRules{UID: 1001, Mode: 0o644}, true
	}
	got, err := SelfCheck(t.Context(), m, r, as, "anna", 1000)
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("-want +got:\n%s%v", d, err)
	}
}

func TestSpread(t *testing.T) {
	m, r := checkTree()
	rule := finding.Via{Name: "Everyone (other)"}
	got, err := SpreadOf(t.Context(), m, r, rule, "mem", 100)
	if err != nil {
		t.Fatal(err)
	}
	// the folder itself has no rule set, which the fake takes for open to all
	if want := (Spread{Entries: 8, Files: 3, Folders: 1, Differ: 4, All: true}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got, err = SpreadOf(t.Context(), m, r, rule, "mem", 3); err != nil || got.All || got.Entries != 3 {
		t.Errorf("with a limit of 3: %+v, %v", got, err)
	}
}

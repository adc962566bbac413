package scanner

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"aktvakt/scanner/access"
	"aktvakt/scanner/finding"
	"aktvakt/scanner/source"
	"aktvakt/scanner/state"
)

// nights are runs over one source with one state.
type nights struct {
	store *state.Store
	m     *memory
	// reader is what reads documents.
	reader uint32
	// now is when the run remembers to have begun, for what is spread over
	// nights.
	now time.Time
}

func newNights(t *testing.T, files map[string]string) *nights {
	t.Helper()
	s, err := state.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return &nights{store: s, m: &memory{files: files, kinds: map[string]source.Entry{}, open: map[string]error{}, list: map[string]error{}, acl: map[string]access.POSIXRules{}}, reader: 1, now: time.Now()}
}

// run is one night. It returns what came of it and the paths that were opened.
func (n *nights) run(t *testing.T, opts ...func(*Options, *Target)) (*kept, []string) {
	t.Helper()
	k, err := n.try(t, t.Context(), opts...)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(n.m.opened)
	return k, n.m.opened
}

func (n *nights) try(t *testing.T, ctx context.Context, opts ...func(*Options, *Target)) (*kept, error) {
	t.Helper()
	n.m.opened, n.m.asked = nil, nil
	n.m.closed.Store(false)
	r, err := n.store.Begin(ctx, n.now)
	if err != nil {
		t.Fatal(err)
	}
	mem, err := r.Remember(ctx, n.reader, n.now)
	if err != nil {
		t.Fatal(err)
	}
	k, err := scan(t, ctx, n.m, append([]func(*Options, *Target){func(o *Options, _ *Target) {
		o.Life, o.Memory, o.Key = r, mem, n.store.Key()
	}}, opts...)...)
	if err := r.Finish(t.Context(), n.now, k.summary.Complete, []byte("{}"), nil); err != nil {
		t.Fatal(err)
	}
	return k, err
}

// statuses are the findings with their status, and the resolved ones.
func statuses(k *kept) []string {
	var out []string
	for _, f := range k.findings {
		out = append(out, f.Path+" "+f.Status)
	}
	for _, g := range k.summary.Gone {
		s := g.Path + " " + g.Fate
		if g.To != "" {
			s += " to " + g.To
		}
		out = append(out, s)
	}
	slices.Sort(out)
	return out
}

func want[T any](t *testing.T, what string, want, got T) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s -want +got:\n%s", what, d)
	}
}

// long makes a text long enough to be found again elsewhere.
func long(s string) string { return s + " " + strings.Repeat("and so on ", leastText/8) }

func TestUnchangedIsJudgedAndNotRead(t *testing.T) {
	n := newNights(t, map[string]string{"a/case.txt": "CASE", "a/note.txt": "hello", "b/half.txt": "PARTIAL CASE", "b/shut.txt": "CORRUPT"})
	first, opened := n.run(t)
	want(t, "opened", []string{"a/case.txt", "a/note.txt", "b/half.txt", "b/shut.txt"}, opened)
	second, opened := n.run(t)
	want(t, "opened again: what failed gets a second attempt", []string{"b/shut.txt"}, opened)
	third, opened := n.run(t)
	want(t, "opened the third night", 0, len(opened))
	for i, k := range []*kept{first, second, third} {
		want(t, fmt.Sprint("skips of night ", i+1), map[string]string{"mem/b/half.txt": "extract encrypted partial", "mem/b/shut.txt": "extract corrupt"}, skips(k))
		if len(k.findings) != 2 || k.findings[0].Persons != 1 || k.summary.Persons != 1 || k.summary.Minors != 1 || len(k.findings[0].Evidence) == 0 {
			t.Errorf("night %d: %+v", i+1, k.findings)
		}
	}
	want(t, "third night", []int{0, 3, 1}, []int{third.summary.Scanned, third.summary.Unchanged, third.summary.Skipped[finding.Corrupt]})
	for _, s := range third.skips {
		if s.Reason == finding.Corrupt && !strings.Contains(s.Error, "left alone until the file changes") {
			t.Errorf("skip says %q", s.Error)
		}
	}
	n.m.files["b/shut.txt"], n.m.files["a/note.txt"] = "CASE", "hello, world"
	k, opened := n.run(t)
	want(t, "opened when changed", []string{"a/note.txt", "b/shut.txt"}, opened)
	want(t, "findings", []string{"mem/a/case.txt open", "mem/b/half.txt open", "mem/b/shut.txt new"}, statuses(k))
	_, opened = n.run(t, func(o *Options, _ *Target) { o.Full = true })
	want(t, "opened with --full", 4, len(opened))
}

func TestWidenedFileIsTonightsFinding(t *testing.T) {
	n := newNights(t, map[string]string{"old.txt": "CASE"})
	n.m.acl["old.txt"] = access.POSIXRules{UID: 1001, Mode: 0o100600}
	k, _ := n.run(t)
	want(t, "narrow", 0, len(k.findings))
	n.m.acl["old.txt"] = access.POSIXRules{UID: 1001, Mode: 0o100604}
	n.m.kinds["old.txt"] = source.Entry{Size: 4, Changed: time.Unix(9, 0)} // chmod moves the ctime
	k, opened := n.run(t)
	want(t, "findings", []string{"mem/old.txt new"}, statuses(k))
	want(t, "opened", 0, len(opened))
	if k.incidents[0].ExposedBy != "rules-changed" {
		t.Errorf("exposed by %s", k.incidents[0].ExposedBy)
	}
	n.m.acl["old.txt"] = access.POSIXRules{UID: 1001, Mode: 0o100600}
	k, _ = n.run(t)
	want(t, "closed again", []string{"mem/old.txt narrowed"}, statuses(k))
}

// Rules are asked for where something depends on them.
func TestRulesOfOrdinaryFilesAreAskedForOnce(t *testing.T) {
	n := newNights(t, map[string]string{"a/1.txt": "one", "a/2.txt": "two", "a/3.txt": "three", "a/case.txt": "CASE", "a/shut.txt": "PARTIAL", "b/4.txt": "four"})
	asked := func() []string {
		n.run(t)
		for i, p := range n.m.asked { // any of the three may be the one
			if strings.HasPrefix(p, "a/") && len(p) == len("a/1.txt") {
				n.m.asked[i] = "a/N.txt"
			}
		}
		// Folders are asked for the place where the rule of a finding is set.
		return slices.DeleteFunc(slices.Sorted(slices.Values(n.m.asked)), func(p string) bool { return !strings.HasSuffix(p, ".txt") })
	}
	n.run(t)
	want(t, "unchanged", []string{"a/N.txt", "a/case.txt", "b/4.txt"}, asked())
	for i := range 3 {
		n.m.acl[fmt.Sprintf("a/%d.txt", i+1)] = access.POSIXRules{Mode: 0o100640}
	}
	n.m.kinds["a/3.txt"] = source.Entry{Size: 5, Changed: time.Unix(9, 0)}
	want(t, "with other rules", []string{"a/N.txt", "a/N.txt", "a/N.txt", "a/case.txt", "b/4.txt"}, asked())
	want(t, "with these rules again", []string{"a/N.txt", "a/case.txt", "b/4.txt"}, asked())
}

// A ctime that moves while rules, size and time stay is a change of content.
func TestTimeSetBackIsRead(t *testing.T) {
	n := newNights(t, map[string]string{"a.txt": "hell"})
	n.m.kinds["a.txt"] = source.Entry{Size: 4, Modified: time.Unix(1, 0), Changed: time.Unix(1, 0)}
	n.run(t)
	n.m.files["a.txt"] = "CASE"
	n.m.kinds["a.txt"] = source.Entry{Size: 4, Modified: time.Unix(1, 0), Changed: time.Unix(2, 0)}
	k, _ := n.run(t)
	want(t, "findings", []string{"mem/a.txt new"}, statuses(k))
}

func TestOtherVersionsReadAnewOverTheNights(t *testing.T) {
	files := map[string]string{}
	for i := range 200 {
		files[fmt.Sprintf("d%d/f%d.txt", i%7, i)] = "hello"
	}
	n := newNights(t, files)
	for p := range files {
		n.m.kinds[p] = source.Entry{Size: 5, ID: uint64(len(p)*1000) + uint64(p[len(p)-5])*7 + uint64(p[1])}
	}
	n.run(t)
	n.reader = 2
	k, opened := n.run(t, func(o *Options, _ *Target) { o.RefreshNights = 4 })
	if len(opened) == 0 || len(opened) == 200 || k.summary.Postponed != 200-len(opened) {
		t.Errorf("first night: %d read anew, %d postponed", len(opened), k.summary.Postponed)
	}
	since := time.Now()
	for night, all := range []bool{false, false, false, true} {
		r := runner{Options: Options{RefreshNights: 4}, started: since.Add(time.Duration(night)*24*time.Hour + time.Hour)}
		due := 0
		for id := range uint64(1000) {
			if r.due(state.Known{Identity: id}, since) {
				due++
			}
		}
		if due != 250*(night+1) || all != (due == 1000) {
			t.Errorf("night %d: %d of 1000 due", night, due)
		}
	}
}

func TestWhatCannotBeLookedAtStands(t *testing.T) {
	n := newNights(t, map[string]string{"a/case.txt": "CASE", "b/case.txt": "CASE", "c/case.txt": "CASE", "d/case.txt": "CASE", "e/case.txt": "CASE"})
	n.run(t)
	n.m.list["a"] = fs.ErrPermission
	n.m.files["b/case.txt"] = "CASE, longer"
	n.m.open["b/case.txt"] = source.ErrLocked
	n.m.kinds["c/case.txt"] = source.Entry{Size: 4, Offline: true}
	delete(n.m.files, "d/case.txt")
	delete(n.m.files, "a/case.txt") // as far as anybody can tell
	n.m.files["a/x"] = ""
	k, _ := n.run(t, func(_ *Options, x *Target) { x.Filter.Exclude = []string{"e"} })
	want(t, "findings", []string{"mem/a/case.txt open", "mem/b/case.txt open", "mem/c/case.txt open", "mem/d/case.txt deleted", "mem/e/case.txt excluded"}, statuses(k))
	for _, f := range k.findings {
		if f.Path == "mem/b/case.txt" && !strings.Contains(strings.Join(f.Notes, " "), "could not be read tonight (locked)") {
			t.Errorf("notes: %v", f.Notes)
		}
	}
	if k.summary.Carried != 2 || k.incidents[0].Documents+len(k.incidents) < 2 {
		t.Errorf("%d carried, incidents %+v", k.summary.Carried, k.incidents)
	}
	// The server is down: everything stands.
	n.m.list["ROOT"] = source.ErrUnreachable
	k, _ = n.run(t)
	want(t, "server down", []string{"mem/a/case.txt open", "mem/b/case.txt open", "mem/c/case.txt open"}, statuses(k))
	// All is back.
	n.m.list, n.m.open, n.m.kinds = map[string]error{}, map[string]error{}, map[string]source.Entry{}
	k, _ = n.run(t)
	want(t, "back", []string{"mem/a/case.txt deleted", "mem/b/case.txt open", "mem/c/case.txt open", "mem/e/case.txt new"}, statuses(k))
}

func TestMovedFindingKeepsItsID(t *testing.T) {
	n := newNights(t, map[string]string{"a/case.txt": long("CASE one"), "a/other.txt": long("CASE two")})
	k, _ := n.run(t)
	id := k.findings[slices.IndexFunc(k.findings, func(f finding.Finding) bool { return f.Path == "mem/a/case.txt" })].ID
	n.m.files["b/renamed.txt"] = n.m.files["a/case.txt"]
	delete(n.m.files, "a/case.txt")
	for night := range 2 {
		k, _ = n.run(t)
		i := slices.IndexFunc(k.findings, func(f finding.Finding) bool { return f.Path == "mem/b/renamed.txt" })
		if k.findings[i].ID != id || k.summary.Resolved != 0 {
			t.Errorf("night %d: %s is not %s, %d resolved", night, k.findings[i].ID, id, k.summary.Resolved)
		}
	}
	// Another document takes its place.
	n.m.files["a/case.txt"] = long("CASE three")
	k, _ = n.run(t)
	ids := map[string]bool{}
	for _, f := range k.findings {
		ids[f.ID] = true
	}
	want(t, "findings", []string{"mem/a/case.txt new", "mem/a/other.txt open", "mem/b/renamed.txt open"}, statuses(k))
	want(t, "distinct ids", 3, len(ids))
	// Moved to where few can read.
	n.m.files["c/safe.txt"], n.m.acl["c/safe.txt"] = n.m.files["b/renamed.txt"], access.POSIXRules{UID: 1001, Mode: 0o100600}
	delete(n.m.files, "b/renamed.txt")
	k, _ = n.run(t)
	want(t, "findings", []string{"mem/a/case.txt open", "mem/a/other.txt open", "mem/b/renamed.txt moved to mem/c/safe.txt"}, statuses(k))
}

func TestSameTextElsewhere(t *testing.T) {
	n := newNights(t, map[string]string{"a/case.txt": long("CASE"), "b/safe.txt": long("CASE"), "c/x.txt": "CASE", "d/x.txt": "CASE"})
	n.m.acl["b/safe.txt"] = access.POSIXRules{UID: 1001, Mode: 0o100600}
	k, _ := n.run(t)
	got := map[string][]string{}
	for _, f := range k.findings {
		got[f.Path] = f.Duplicates
	}
	want(t, "duplicates; short texts are alike by chance", map[string][]string{"mem/a/case.txt": {"mem/b/safe.txt"}, "mem/c/x.txt": nil, "mem/d/x.txt": nil}, got)
	for _, in := range k.incidents {
		if in.Root == "mem/a" {
			want(t, "incident", []string{"mem/b/safe.txt"}, in.Duplicates)
		}
	}
}

// A run that is stopped every night covers everything over the nights, and in
// each night the findings of all nights are reported.
func TestStoppedRunsGoOn(t *testing.T) {
	files := map[string]string{}
	for i := range 60 {
		files[fmt.Sprintf("d%02d/case.txt", i)] = "CASE"
	}
	n := newNights(t, files)
	read := map[string]bool{}
	var k *kept
	night := 0
	for ; len(read) < len(files) && night < 60; night++ {
		ctx, stop := context.WithCancel(t.Context())
		n.m.after(15, stop)
		k, _ = n.try(t, ctx, func(o *Options, _ *Target) { o.Workers = 1 })
		stop()
		for _, p := range n.m.opened {
			read[p] = true
		}
	}
	if night > 20 {
		t.Errorf("%d nights for 60 files at 15 a night", night)
	}
	n.m.after(0, nil)
	whole, opened := n.run(t)
	if len(opened) > 8 || len(whole.findings) != 60 || !whole.summary.Complete {
		t.Errorf("%d opened at last, %d findings", len(opened), len(whole.findings))
	}
	if len(k.findings) < 45 {
		t.Errorf("the last of the stopped nights reports %d findings", len(k.findings))
	}
	if whole.summary.Fresh != whole.summary.Remembered || whole.summary.Remembered != 60 {
		t.Errorf("%d of %d fresh", whole.summary.Fresh, whole.summary.Remembered)
	}
}

// A server that is down changes nothing about its incidents.
func TestIncidentsStandWhileTheServerIsDown(t *testing.T) {
	files := map[string]string{"head office/warning.txt": "CASE", "safe/warning.txt": "CASE"}
	for i := range 6 {
		files[fmt.Sprintf("head office/note %d.txt", i)] = "hello"
		files[fmt.Sprintf("room/case %d.txt", i)] = "CASE"
	}
	n := newNights(t, files)
	n.m.acl["safe/warning.txt"] = access.POSIXRules{UID: 1001, Mode: 0o100600}
	up, _ := n.run(t)
	n.m.list["ROOT"] = source.ErrUnreachable
	for night := range 2 {
		down, _ := n.run(t)
		tell := func(k *kept) (out []string) {
			for _, i := range k.incidents {
				out = append(out, fmt.Sprintln(i.ID, i.Mode, i.Root, i.Documents, i.Persons, i.Severity, i.Cure.Kind, i.Cure.At))
			}
			return out
		}
		want(t, fmt.Sprintf("incidents of night %d", night), tell(up), tell(down))
		want(t, "carried", len(up.findings), down.summary.Carried)
	}
}

func TestWithin(t *testing.T) {
	for _, tc := range []struct {
		unseen, name string
		want         bool
	}{
		{"/srv/a", "/srv/a", true},
		{"/srv/a", "/srv/a/b/c.txt", true},
		{"/srv/a", "/srv/ab.txt", false},
		{"/srv/a", "/srv", false},
		{"/", "/srv/a", true},
		{"smb://fs1/docs", "smb://fs1/docs/a", true},
		{"https://portal/", "https://portal/a", true},
		{"https://portal/room/", "https://portal/rooms/a", false},
	} {
		r := runner{unseen: []string{tc.unseen}}
		if got := within(tc.name, r.allUnseen(nil)); got != tc.want {
			t.Errorf("%s within %s: %t", tc.name, tc.unseen, got)
		}
	}
}

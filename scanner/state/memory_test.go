package state

import (
	"bytes"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// remembering begins a run with its memory.
func remembering(t testing.TB, s *Store, n int) (*Run, *Memory) {
	t.Helper()
	r, err := s.Begin(t.Context(), night.AddDate(0, 0, n))
	if err != nil {
		t.Fatal(err)
	}
	m, err := r.Remember(t.Context(), 7, night.AddDate(0, 0, n))
	if err != nil {
		t.Fatal(err)
	}
	return r, m
}

func folderOf(t testing.TB, m *Memory, path string) *Folder {
	t.Helper()
	f, err := m.Folder(t.Context(), "t", path)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func closeMemory(t testing.TB, m *Memory, completed ...string) {
	t.Helper()
	if err := m.Close(completed); err != nil {
		t.Fatal(err)
	}
}

func known(n int) Known {
	return Known{
		Identity: uint64(n) << 40, Size: int64(n), Modified: -int64(n), Changed: 1 << 60, Rules: 1<<63 + uint64(n), RulesSince: 5,
		Read: 1700000000, Reader: 7, Attempts: uint8(n), Data: bytes.Repeat([]byte{byte(n)}, n%7),
	}
}

// look returns what is remembered of names.
func look(f *Folder, names ...string) map[string]Known {
	out := map[string]Known{}
	for _, n := range names {
		if k, ok := f.Look(n); ok {
			if len(k.Data) == 0 {
				k.Data = nil
			}
			k.name = 0
			out[n] = k
		}
	}
	return out
}

func TestFolderIsRemembered(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "state.db"))
	_, m := remembering(t, s, 0)
	f := folderOf(t, m, "a")
	want := map[string]Known{}
	var names []string
	for i := range 100 {
		n := fmt.Sprintf("file %d", i)
		names, want[n] = append(names, n), known(i)
		f.Put(n, known(i))
	}
	f.Close(true)
	closeMemory(t, m)
	for n, k := range want {
		if len(k.Data) == 0 {
			k.Data = nil
			want[n] = k
		}
	}

	_, m = remembering(t, s, 1)
	if m.Covered("t", "a") != 1 || m.Covered("t", "b") != 0 || m.Covered("u", "a") != 0 {
		t.Errorf("covered: %d, %d, %d", m.Covered("t", "a"), m.Covered("t", "b"), m.Covered("u", "a"))
	}
	f = folderOf(t, m, "a")
	if d := cmp.Diff(want, look(f, append(names, "file 100", "")...), cmp.AllowUnexported(Known{})); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	if g := folderOf(t, m, "b"); len(look(g, names...)) != 0 {
		t.Error("another folder remembers the same")
	}
	// Half is kept, one changes, the rest is gone.
	for _, n := range names[:50] {
		k, _ := f.Look(n)
		f.Keep(k)
	}
	f.Put("file 3", known(200))
	f.Close(true)
	closeMemory(t, m)

	r, m := remembering(t, s, 2)
	f = folderOf(t, m, "a")
	got := look(f, names...)
	if len(got) != 50 || got["file 3"].Size != 200 || got["file 4"].Size != 4 {
		t.Errorf("%d files, %d", len(got), got["file 3"].Size)
	}
	f.Close(false) // nothing was looked at: all stays
	closeMemory(t, m)
	if c, err := r.Coverage(t.Context(), "t"); err != nil || c != (Coverage{Files: 50}) {
		t.Errorf("coverage %+v, %v", c, err)
	}
	_, m = remembering(t, s, 3)
	if f = folderOf(t, m, "a"); len(look(f, names...)) != 50 {
		t.Error("a folder that was not looked at was forgotten")
	}
	closeMemory(t, m)
}

// A run that is killed loses no more than the last second.
func TestJournal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s := open(t, path)
	_, m := remembering(t, s, 0)
	f := folderOf(t, m, "a")
	f.Put("1", known(1))
	f.Put("2", known(2))
	if err := m.flush(); err != nil {
		t.Fatal(err)
	}
	f.Put("3", known(3))
	// Killed: nothing is closed.
	again := open(t, path)
	_, m2 := remembering(t, again, 1)
	g := folderOf(t, m2, "a")
	if got := look(g, "1", "2", "3"); len(got) != 2 || got["2"].Size != 2 {
		t.Errorf("remembered: %v", got)
	}
	k, _ := g.Look("1")
	g.Keep(k)
	g.Put("3", known(33))
	g.Close(false)
	closeMemory(t, m2)
	_, m3 := remembering(t, again, 2)
	if m3.left {
		t.Error("the journal is left")
	}
	if got := look(folderOf(t, m3, "a"), "1", "2", "3"); len(got) != 3 || got["3"].Size != 33 {
		t.Errorf("remembered: %v", got)
	}
	closeMemory(t, m3)
}

func TestFoldersThatAreGoneAreForgotten(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "state.db"))
	for n := range kept + 2 {
		_, m := remembering(t, s, n)
		f := folderOf(t, m, "a")
		f.Put("1", known(1))
		f.Close(true)
		if n == 0 {
			g := folderOf(t, m, "b")
			g.Put("1", known(1))
			g.Close(true)
		}
		closeMemory(t, m, "t")
	}
	var folders, listings int
	if err := s.db.QueryRow(`SELECT (SELECT count(*) FROM folders), (SELECT count(*) FROM listings)`).Scan(&folders, &listings); err != nil {
		t.Fatal(err)
	}
	if folders != 1 || listings != 1 {
		t.Errorf("%d folders, %d listings", folders, listings)
	}
}

func TestDamagedFolderIsReadAgain(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "state.db"))
	_, m := remembering(t, s, 0)
	f := folderOf(t, m, "a")
	f.Put("1", known(1))
	f.Close(true)
	closeMemory(t, m)
	if _, err := s.db.Exec(`UPDATE listings SET data = x'ffff'`); err != nil {
		t.Fatal(err)
	}
	_, m = remembering(t, s, 1)
	f = folderOf(t, m, "a")
	if len(look(f, "1")) != 0 {
		t.Error("something is remembered")
	}
	f.Put("1", known(2))
	f.Close(true)
	closeMemory(t, m)
	_, m = remembering(t, s, 2)
	if got := look(folderOf(t, m, "a"), "1"); got["1"].Size != 2 {
		t.Errorf("%v", got)
	}
	closeMemory(t, m)
}

// A state that can no longer be written ends in an error, never in a hang.
func TestStateIsGone(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "state.db"))
	_, m := remembering(t, s, 0)
	s.db.Close()
	var wg sync.WaitGroup
	for i := range 3 * cap(m.room) / 2 {
		f, err := m.Folder(t.Context(), "t", fmt.Sprint(i))
		if err != nil {
			break
		}
		wg.Go(func() {
			f.Put("1", known(1))
			f.Close(true)
		})
	}
	wg.Wait()
	if err := m.Close(nil); err == nil {
		t.Error("no error")
	}
}

func FuzzUnpack(f *testing.F) {
	f.Add(pack([]Known{known(1), known(6)}))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := unpack(b)
		if err != nil {
			return
		}
		for i := range p.n {
			p.at(i)
			p.find(p.name(i))
		}
	})
}

// BenchmarkNight remembers 100 files in each folder and looks at all of them
// again; AKTVAKT_ENTRIES folders.
func BenchmarkNight(b *testing.B) {
	s, err := Open(b.Context(), "sqlite:"+filepath.Join(b.TempDir(), "state.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	const folders, files = 1000, 100
	names := make([]string, files)
	for i := range names {
		names[i] = fmt.Sprintf("document %04d.docx", i)
	}
	data := append([]byte{1}, make([]byte, 8)...)
	night := func(b *testing.B, n int, visit func(*Folder, string)) {
		_, m := remembering(b, s, n)
		for d := range folders {
			f := folderOf(b, m, fmt.Sprintf("department/%d", d))
			for _, name := range names {
				visit(f, name)
			}
			f.Close(true)
		}
		closeMemory(b, m, "t")
	}
	n := 0
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			night(b, n, func(f *Folder, name string) { f.Put(name, Known{Modified: time.Now().UnixNano(), Data: data}) })
			n++
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*folders*files), "ns/file")
	})
	b.Run("second", func(b *testing.B) {
		for b.Loop() {
			night(b, n, func(f *Folder, name string) {
				k, ok := f.Look(name)
				if !ok {
					b.Fatal("forgotten")
				}
				f.Keep(k)
			})
			n++
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*folders*files), "ns/file")
	})
}

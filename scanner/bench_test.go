package scanner

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"aktvakt/scanner/source/local"
	"aktvakt/scanner/state"
)

// BenchmarkNights walks a tree of files without content, 100 in a folder, with
// their access rules and what is remembered of them: 20,000, or as many as
// AKTVAKT_ENTRIES says. The first night reads all of them, the second none.
// find prints of each file what decides whether it changed.
func BenchmarkNights(b *testing.B) {
	entries := 20_000
	if v := os.Getenv("AKTVAKT_ENTRIES"); v != "" {
		var err error
		if entries, err = strconv.Atoi(v); err != nil {
			b.Fatal(err)
		}
	}
	dir := b.TempDir()
	for d := range entries / 100 {
		folder := fmt.Sprintf("%s/department %02d/case folder %05d", dir, d%50, d)
		if err := os.MkdirAll(folder, 0o755); err != nil {
			b.Fatal(err)
		}
		for f := range 100 {
			if err := os.WriteFile(fmt.Sprintf("%s/document %04d.docx", folder, f), nil, 0o644); err != nil {
				b.Fatal(err)
			}
		}
	}
	store, err := state.Open(b.Context(), "sqlite:"+filepath.Join(b.TempDir(), "state.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	night := func(b *testing.B, unchanged int) {
		r, err := store.Begin(b.Context(), time.Now())
		if err != nil {
			b.Fatal(err)
		}
		opt := options(b, &kept{})
		opt.Life, opt.Key = r, store.Key()
		if opt.Memory, err = r.Remember(b.Context(), 1, time.Now()); err != nil {
			b.Fatal(err)
		}
		sum, err := Run(b.Context(), opt, []Target{{Name: dir, Source: local.New(dir)}})
		if err != nil || sum.Unchanged != unchanged || sum.Entries != entries/100*100 {
			b.Fatalf("%d of %d unchanged, %v", sum.Unchanged, sum.Entries, err)
		}
	}
	per := func(b *testing.B) {
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*entries), "ns/entry")
	}
	done := 0
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			night(b, done)
			done = entries / 100 * 100
		}
		per(b)
	})
	b.Run("second", func(b *testing.B) {
		var peak uint64
		for b.Loop() {
			night(b, entries/100*100)
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak = max(peak, m.Sys)
		}
		per(b)
		b.ReportMetric(float64(peak)/(1<<20), "MiB-of-system")
	})
	b.Run("find -printf", func(b *testing.B) {
		for b.Loop() {
			if err := exec.Command("find", dir, "-printf", `%p %s %T@ %C@ %m %U %G %i\n`).Run(); err != nil {
				b.Fatal(err)
			}
		}
		per(b)
	})
}

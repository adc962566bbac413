package local_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"aktvakt/scanner/source"
	"aktvakt/scanner/source/local"
)

// BenchmarkWalk lists files, 100 in a folder, with their access rules: 50,000,
// or as many as AKTVAKT_ENTRIES says. find prints the same of each but its
// ACL.
func BenchmarkWalk(b *testing.B) {
	entries := 50_000
	if v := os.Getenv("AKTVAKT_ENTRIES"); v != "" {
		var err error
		entries, err = strconv.Atoi(v)
		must(b, err)
	}
	const files = 100
	dir := b.TempDir()
	for d := range entries / files {
		folder := fmt.Sprintf("%s/department %02d/case folder %05d", dir, d%50, d)
		must(b, os.MkdirAll(folder, 0o755))
		for f := range files {
			must(b, os.WriteFile(fmt.Sprintf("%s/document %04d.docx", folder, f), nil, 0o644))
		}
	}
	for _, goroutines := range []int{1, 4} {
		b.Run(fmt.Sprintf("aktvakt/goroutines=%d", goroutines), func(b *testing.B) {
			b.ReportAllocs()
			var n int64
			for b.Loop() {
				n = walkAll(b, dir, goroutines)
			}
			perEntry(b, n)
		})
	}
	b.Run("find -printf", func(b *testing.B) {
		for b.Loop() {
			cmd := exec.Command("find", dir, "-printf", `%p %s %T@ %C@ %m %U %G %i\n`)
			must(b, cmd.Run())
		}
		perEntry(b, int64(entries+entries/files))
	})
}

func perEntry(b *testing.B, n int64) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(int64(b.N)*n), "ns/entry")
}

// walkAll lists a tree with so many goroutines and returns how many entries
// there are.
func walkAll(b *testing.B, dir string, goroutines int) int64 {
	s := local.New(dir)
	defer s.Close()
	root, err := s.Root(b.Context())
	must(b, err)
	var n atomic.Int64
	var wg sync.WaitGroup
	places := make(chan struct{}, goroutines)
	var list func(context.Context, source.Entry)
	list = func(ctx context.Context, in source.Entry) {
		for e, err := range s.List(ctx, in) {
			if err == nil {
				_, err = s.ACL(ctx, e)
			}
			if err != nil {
				b.Error(err)
				return
			}
			n.Add(1)
			if e.Kind != source.Dir {
				continue
			}
			select {
			case places <- struct{}{}:
				wg.Go(func() {
					list(ctx, e)
					<-places
				})
			default:
				list(ctx, e)
			}
		}
	}
	places <- struct{}{}
	list(b.Context(), root)
	wg.Wait()
	return n.Load()
}

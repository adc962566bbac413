package smb_test

import (
	"context"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"aktvakt/scanner/source"
	"aktvakt/scanner/source/smb/sambatest"
)

// share makes a share of folders with files of 2,000 bytes.
func share(b *testing.B, folders, files int) *sambatest.Server {
	s := sambatest.Start(b, office())
	data := make([]byte, 2000)
	for d := range folders {
		for f := range files {
			s.WriteFile("docs", fmt.Sprintf("folder %03d/document %04d.docx", d, f), data)
		}
	}
	return s
}

// parallel walks a tree as the scanner does, with n goroutines.
func parallel(ctx context.Context, src source.Source, root source.Entry, n int, see func(source.Entry)) error {
	var mu sync.Mutex
	var first error
	var wg sync.WaitGroup
	sem := make(chan struct{}, n)
	var list func(source.Entry)
	list = func(dir source.Entry) {
		defer wg.Done()
		sem <- struct{}{}
		defer func() { <-sem }()
		for e, err := range src.List(ctx, dir) {
			if err != nil {
				mu.Lock()
				first = err
				mu.Unlock()
				return
			}
			if e.Kind == source.Dir {
				wg.Add(1)
				go list(e)
			}
			see(e)
		}
	}
	wg.Add(1)
	list(root)
	wg.Wait()
	return first
}

// BenchmarkWalk lists a share: as the scanner does, with the access rules of
// every tenth file (those that hold something), with all access rules, and
// with smbclient, which reads none.
func BenchmarkWalk(b *testing.B) {
	const folders, files = 20, 500
	s := share(b, folders, files)
	for _, c := range []struct {
		name  string
		eager bool
		every int
	}{{"list", false, 0}, {"rules of 1 in 10", false, 10}, {"all rules", true, 1}} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				cfg := as(s, "scan", "docs")
				cfg.RulesWithListing = c.eager
				src, root := open(b, cfg)
				var n atomic.Int64
				err := parallel(b.Context(), src, root, 8, func(e source.Entry) {
					if i := n.Add(1); c.every > 0 && i%int64(c.every) == 0 {
						if _, err := src.ACL(b.Context(), e); err != nil {
							b.Error(err)
						}
					}
				})
				if err != nil || n.Load() != folders*(files+1) {
					b.Fatalf("%d entries, %v", n.Load(), err)
				}
				src.Close()
			}
			b.ReportMetric(float64(folders*files*b.N)/b.Elapsed().Seconds(), "files/s")
		})
	}
	b.Run("smbclient recurse ls", func(b *testing.B) {
		for b.Loop() {
			if _, err := s.Smbclient("scan", "docs", "recurse; ls"); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(folders*files*b.N)/b.Elapsed().Seconds(), "files/s")
	})
}

// BenchmarkSmallFiles reads files of 2,000 bytes, on loopback and at a round
// trip of 20 ms, opening each with its access rules the first time.
func BenchmarkSmallFiles(b *testing.B) {
	s := share(b, 2, 500)
	far := s.Proxy(10 * time.Millisecond)
	for _, c := range []struct {
		name       string
		far        bool
		goroutines int
	}{
		{"loopback/goroutines=1", false, 1},
		{"loopback/goroutines=128", false, 128},
		{"20ms/goroutines=1", true, 1},
		{"20ms/goroutines=128", true, 128},
	} {
		b.Run(c.name, func(b *testing.B) {
			cfg := as(s, "scan", "docs")
			if c.far {
				cfg.Port = far.Port
			}
			src, root := open(b, cfg)
			var es []source.Entry
			walk(b.Context(), src, root, func(e source.Entry) {
				if e.Kind == source.Regular {
					es = append(es, e)
				}
			}, func(_ source.Entry, err error) { b.Fatal(err) })
			b.SetBytes(2000)
			var wg sync.WaitGroup
			jobs := make(chan source.Entry)
			b.ResetTimer()
			for range c.goroutines {
				wg.Go(func() {
					buf := make([]byte, 4096)
					for e := range jobs {
						f, err := src.Open(b.Context(), e)
						if err != nil {
							b.Error(err)
							continue
						}
						if _, err := f.ReadAt(buf, 0); err != io.EOF {
							b.Error(err)
						}
						f.Close()
					}
				})
			}
			for i := range b.N {
				jobs <- es[i%len(es)]
			}
			close(jobs)
			wg.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "files/s")
		})
	}
}

// BenchmarkLargeFile reads 64 MiB front to back in pieces of 32 KiB, as an
// extractor does.
func BenchmarkLargeFile(b *testing.B) {
	for _, c := range []struct {
		name string
		edit func(*sambatest.Config)
	}{
		{"plain", func(*sambatest.Config) {}},
		{"signing", func(c *sambatest.Config) { c.RequireSigning = true }},
		{"encryption", func(c *sambatest.Config) { c.RequireEncryption = true }},
	} {
		b.Run(c.name, func(b *testing.B) {
			s := sambatest.Start(b, office(c.edit))
			s.WriteFile("docs", "large", make([]byte, 64<<20))
			src, _ := open(b, as(s, "scan", "docs"))
			b.SetBytes(64 << 20)
			for b.Loop() {
				f, err := src.Open(b.Context(), source.Entry{Path: "large", Size: 64 << 20})
				if err != nil {
					b.Fatal(err)
				}
				if _, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, io.NewSectionReader(f, 0, f.Size()), make([]byte, 32<<10)); err != nil {
					b.Fatal(err)
				}
				f.Close()
			}
		})
	}
}

package smb_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"aktvakt/scanner/source"
	"aktvakt/scanner/source/smb/sambatest"
)

// share makes a share of folders with files of 2,000 bytes. Each has a
// security descriptor and attributes of its own, as what came over SMB has.
func share(b *testing.B, folders, files int) *sambatest.Server {
	s := sambatest.Start(b, office())
	s.Put("anna", "docs", "first", make([]byte, 2000))
	s.SetACL("docs", "first", "O:BAG:BAD:AI(A;ID;FA;;;BA)(A;ID;FR;;;{scan})(A;ID;0x1301bf;;;{anna})(A;ID;FR;;;WD)")
	kept := s.Kept("docs", "first")
	must(b, os.Remove(s.Dir("docs")+"/first"))
	data := make([]byte, 2000)
	for d := range folders {
		for f := range files {
			path := fmt.Sprintf("folder %03d/document %04d.docx", d, f)
			s.WriteFile("docs", path, data)
			s.SetKept("docs", path, kept)
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
// with smbclient, without and with them.
func BenchmarkWalk(b *testing.B) {
	const folders, files = 20, 500
	s := share(b, folders, files)
	for _, c := range []struct {
		name  string
		eager bool
		every int
	}{{"list", false, 0}, {"rules of 1 in 10", false, 10}, {"all rules", false, 1}, {"all rules with the listing", true, 1}} {
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
	for _, commands := range []string{"recurse; ls", "showacls; recurse; ls"} {
		b.Run("smbclient "+commands, func(b *testing.B) {
			for b.Loop() {
				if _, err := s.Smbclient("scan", "docs", commands); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(folders*files*b.N)/b.Elapsed().Seconds(), "files/s")
		})
	}
}

// BenchmarkSmallFiles reads files of 2,000 bytes, on loopback and at a round
// trip of 20 ms, opening each with its access rules the first time.
func BenchmarkSmallFiles(b *testing.B) {
	s := share(b, 2, 500)
	readFiles(b, s, []int{1, 128})
}

// BenchmarkMediumFiles reads files of 500,000 bytes, as a document with
// pictures has.
func BenchmarkMediumFiles(b *testing.B) {
	s := sambatest.Start(b, office())
	for i := range 60 {
		s.WriteFile("docs", fmt.Sprintf("document %d.docx", i), make([]byte, 500_000))
	}
	readFiles(b, s, []int{1, 8})
}

// readFiles reads the files of a share from front to end.
func readFiles(b *testing.B, s *sambatest.Server, goroutines []int) {
	far := s.Proxy(10 * time.Millisecond)
	for _, n := range goroutines {
		for _, where := range []string{"loopback", "20ms"} {
			b.Run(fmt.Sprintf("%s/goroutines=%d", where, n), func(b *testing.B) {
				cfg := as(s, "scan", "docs")
				if where != "loopback" {
					cfg.Port = far.Port
				}
				src, root := open(b, cfg)
				var es []source.Entry
				walk(b.Context(), src, root, func(e source.Entry) {
					if e.Kind == source.Regular {
						es = append(es, e)
					}
				}, func(_ source.Entry, err error) { b.Fatal(err) })
				b.SetBytes(es[0].Size)
				var wg sync.WaitGroup
				jobs := make(chan source.Entry)
				b.ResetTimer()
				for range n {
					wg.Go(func() {
						buf := make([]byte, es[0].Size)
						for e := range jobs {
							f, err := src.Open(b.Context(), e)
							if err != nil {
								b.Error(err)
								continue
							}
							if n, err := f.ReadAt(buf, 0); n != len(buf) {
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

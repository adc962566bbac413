package local_test

import (
	"fmt"
	"os"
	"os/exec"
	"testing"

	"aktvakt/scanner/source"
	"aktvakt/scanner/source/local"
)

// BenchmarkWalk lists 50,000 files with their rules; find prints as much of
// them, without ACLs.
func BenchmarkWalk(b *testing.B) {
	const folders, files = 100, 500
	dir := b.TempDir()
	for d := range folders {
		must(b, os.Mkdir(fmt.Sprintf("%s/folder %d", dir, d), 0o755))
		for f := range files {
			must(b, os.WriteFile(fmt.Sprintf("%s/folder %d/document %d.docx", dir, d, f), nil, 0o644))
		}
	}
	b.Run("aktvakt", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			s := local.New(dir)
			root, err := s.Root(b.Context())
			must(b, err)
			n := 0
			var list func(source.Entry)
			list = func(dir source.Entry) {
				for e, err := range s.List(b.Context(), dir) {
					must(b, err)
					if _, err := s.ACL(b.Context(), e); err != nil {
						b.Fatal(err)
					}
					n++
					if e.Kind == source.Dir {
						list(e)
					}
				}
			}
			list(root)
			s.Close()
			if n != folders*(files+1) {
				b.Fatalf("%d entries", n)
			}
		}
		b.ReportMetric(float64(folders*files*b.N)/b.Elapsed().Seconds(), "files/s")
	})
	b.Run("find -printf", func(b *testing.B) {
		for b.Loop() {
			cmd := exec.Command("find", dir, "-printf", `%p %s %T@ %C@ %m %u %g %i\n`)
			must(b, cmd.Run())
		}
		b.ReportMetric(float64(folders*files*b.N)/b.Elapsed().Seconds(), "files/s")
	})
}

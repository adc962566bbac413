package list_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/extracttest"
	"aktvakt/scanner/extract/worker"
)

// The test binary is its own worker: with this argument it serves documents.
const workerArg = "extract-worker-for-test"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == workerArg {
		os.Exit(worker.Main(context.Background(), os.Stdin, os.Stdout))
	}
	os.Exit(m.Run())
}

// sampleFiles returns the test files of all formats.
func sampleFiles(t *testing.T) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob("../*/testdata/*.*")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, p := range paths {
		if filepath.Base(p) == "truth.json" {
			continue
		}
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		files[p] = b
	}
	if len(files) < 40 {
		t.Fatalf("only %d files", len(files))
	}
	return files
}

// mutant breaks a file. Of a zip, every other time what is inside is broken,
// since a broken deflate stream tests no reader.
func mutant(rnd *rand.Rand, b []byte) []byte {
	if bytes.HasPrefix(b, []byte("PK\x03\x04")) && rnd.IntN(2) == 0 {
		if m, err := brokenMember(rnd, b); err == nil {
			return m
		}
	}
	b = bytes.Clone(b)
	for range 1 + rnd.IntN(8) {
		b = extracttest.Mutate(rnd, b)
	}
	if len(b) > 0 && rnd.IntN(8) == 0 {
		b = b[:rnd.IntN(len(b))]
	}
	return b
}

func brokenMember(rnd *rand.Rand, b []byte) ([]byte, error) {
	r, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil || len(r.File) == 0 {
		return nil, fmt.Errorf("no members: %w", err)
	}
	victim := rnd.IntN(len(r.File))
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for i, f := range r.File {
		rc, err := f.Open()
		if err != nil {
			return nil, err
		}
		data, err := io.ReadAll(rc)
		if err != nil {
			return nil, err
		}
		for i == victim && rnd.IntN(4) > 0 {
			data = extracttest.Mutate(rnd, data)
		}
		to, err := w.Create(f.Name)
		if err != nil {
			return nil, err
		}
		if _, err := to.Write(data); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), w.Close()
}

// TestMutatedFiles sends broken files of all formats through worker
// processes: every one is accounted for, and none takes the pool down. How
// long the slowest took is told, not judged.
// AKTVAKT_MUTATIONS sets their number.
func TestMutatedFiles(t *testing.T) {
	n := 300
	if s := os.Getenv("AKTVAKT_MUTATIONS"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	files := sampleFiles(t)
	names := slices.Sorted(maps.Keys(files))
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	const limit, grace = 20 * time.Second, 5 * time.Second
	cache := filepath.Join(os.TempDir(), fmt.Sprintf("aktvakt-pdf-test-%d", os.Getuid()))
	p, err := worker.NewPool(worker.Options{Command: []string{program, workerArg}, Size: 2, Grace: grace, Settings: worker.Settings{PDFCache: cache}})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	var mu sync.Mutex
	counts, reasons := map[string]int{}, map[string]int{}
	var slowest time.Duration
	var slowestFile string
	work := make(chan int)
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for i := range work {
				name := names[i%len(names)]
				b := mutant(rand.New(rand.NewPCG(42, uint64(i))), files[name])
				start := time.Now()
				doc, err := p.Extract(t.Context(), filepath.Base(name), extract.Bytes(b), extract.Limits{Time: limit})
				took := time.Since(start)
				if err != nil {
					t.Errorf("%s, mutation %d: no answer: %v", name, i, err)
					continue
				}
				outcome := "scanned"
				mu.Lock()
				if s := doc.Skip; s != nil {
					outcome = "skipped"
					if s.Partial {
						outcome = "partial"
					}
					reasons[string(s.Reason)]++
					if s.Reason == "" || s.Error == "" {
						t.Errorf("%s, mutation %d: skip without a reason: %+v", name, i, s)
					}
					if s.Reason == "error" || strings.Contains(s.Error, "fault in") {
						t.Logf("%s, mutation %d: %s", name, i, s.Error)
					}
				}
				counts[outcome]++
				if took > slowest {
					slowest, slowestFile = took, fmt.Sprintf("%s, mutation %d", name, i)
				}
				mu.Unlock()
			}
		})
	}
	for i := range n {
		work <- i
	}
	close(work)
	wg.Wait()
	if sum := counts["scanned"] + counts["partial"] + counts["skipped"]; sum != n {
		t.Errorf("%d of %d accounted for", sum, n)
	}
	// A good file is still read.
	doc, err := p.Extract(t.Context(), "brev.txt", extract.Bytes("Barnet 19900101-2385"), extract.Limits{})
	if err != nil || doc.Skip != nil || !strings.Contains(string(doc.Text), "19900101-2385") {
		t.Errorf("after all that: %v, %+v", err, doc.Skip)
	}
	t.Logf("%d files: %v, reasons %v, slowest %v (%s), processes %+v", n, counts, reasons, slowest.Round(time.Millisecond), slowestFile, p.Stats())
}

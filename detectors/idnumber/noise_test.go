package idnumber_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"aktvakt/detectors"
)

// TestNoise counts the numbers found in texts that hold none, such as source
// code, logs and manuals, per GiB:
//
//	AKTVAKT_NOISE=/usr/share/doc:/root/go/pkg/mod go test -run TestNoise -v ./detectors/idnumber
//
// It prints the text around each hit: point it at files without real people.
func TestNoise(t *testing.T) {
	dirs := os.Getenv("AKTVAKT_NOISE")
	if dirs == "" {
		t.Log("AKTVAKT_NOISE is not set")
		return
	}
	f := newFinder(t, detectors.Options{HomeCountry: os.Getenv("AKTVAKT_HOME")})
	var size, files int64
	var possible, reported int
	var spent time.Duration
	for dir := range strings.SplitSeq(dirs, ":") {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return nil
			}
			b, err := os.ReadFile(path)
			if err != nil || len(b) > 64<<20 || !utf8.Valid(b[:min(len(b), 4096)]) && !strings.HasSuffix(path, ".txt") {
				return nil
			}
			if strings.ContainsRune(string(b[:min(len(b), 4096)]), 0) {
				return nil
			}
			size, files = size+int64(len(b)), files+1
			start := time.Now()
			ms := f.Find(detectors.Text{Body: b, Name: path})
			spent += time.Since(start)
			for _, m := range ms {
				possible++
				if m.Confidence >= 0.8 {
					reported++
				}
				if m.Confidence >= 0.8 || possible < 40 {
					t.Logf("%.3f %s label=%v %s:%d %q", m.Confidence, m.Detector, m.Labelled, path, m.Start, b[max(0, m.Start-50):min(len(b), m.End+25)])
				}
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	gib := float64(size) / (1 << 30)
	t.Logf("%d files, %.3f GiB in %v (%.0f MB/s): %d reported (%.1f per GiB), %d possible (%.1f per GiB)",
		files, gib, spent.Round(time.Millisecond), float64(size)/1e6/spent.Seconds(), reported, float64(reported)/gib, possible, float64(possible)/gib)
}

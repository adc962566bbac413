package pdf

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"aktvakt/scanner/extract"
)

var (
	peerToken  = regexp.MustCompile(`[\pL\pN_]+`)
	peerNumber = regexp.MustCompile(`\d{6}[-+ ]?\d{4}|\d{8}[-+ ]?\d{4}|\d{6,}`)
)

// TestPeer compares the text of each document in the folder AKTVAKT_PDFS with
// that of pdftotext: recall of its words and of its numbers, and CPU time,
// process starts included. It is a measurement; it fails only when the goal
// of the mean recall is missed by far.
func TestPeer(t *testing.T) {
	dir := os.Getenv("AKTVAKT_PDFS")
	if dir == "" {
		return // a measurement on demand
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.pdf"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no documents: %v", err)
	}
	cache := filepath.Join(os.TempDir(), fmt.Sprintf("aktvakt-pdf-test-%d", os.Getuid()))
	e := New(Options{CacheDir: cache, Workers: 2, Fast: os.Getenv("AKTVAKT_PDF_FAST") != ""})
	defer e.Close()
	if err := e.Warm(); err != nil {
		t.Fatal(err)
	}
	before := cpu(syscall.RUSAGE_SELF)
	ours := everyFile(files, func(name string) string {
		b, err := os.ReadFile(name)
		if err != nil {
			return ""
		}
		doc := extract.Run(context.Background(), extract.Bytes(b), name, []extract.Extractor{e}, extract.Limits{Time: time.Minute})
		return string(doc.Text)
	})
	self := cpu(syscall.RUSAGE_SELF) - before
	theirs := everyFile(files, func(name string) string {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		out, _ := exec.CommandContext(ctx, "pdftotext", name, "-").Output()
		return string(out)
	})
	peer := cpu(syscall.RUSAGE_CHILDREN)

	type lack struct {
		recall float64
		file   string
	}
	var lacks []lack
	sum, words, found, numbers, foundNumbers := 0.0, 0, 0, 0, 0
	for i, name := range files {
		want := peerToken.FindAllString(theirs[i], -1)
		if len(want) < 5 {
			continue
		}
		n := common(want, peerToken.FindAllString(ours[i], -1))
		words, found = words+len(want), found+n
		recall := float64(n) / float64(len(want))
		sum += recall
		lacks = append(lacks, lack{recall, filepath.Base(name)})
		packed := strings.Join(strings.Fields(ours[i]), "")
		all := peerNumber.FindAllString(theirs[i], -1)
		slices.Sort(all)
		for _, number := range slices.Compact(all) {
			numbers++
			if strings.Contains(packed, strings.ReplaceAll(number, " ", "")) {
				foundNumbers++
			}
		}
	}
	slices.SortFunc(lacks, func(a, b lack) int { return int(1e6 * (a.recall - b.recall)) })
	for _, l := range lacks[:min(len(lacks), 20)] {
		t.Logf("%.3f %s", l.recall, l.file)
	}
	mean := sum / float64(max(len(lacks), 1))
	t.Logf("%d files, %d compared: mean recall %.4f, of all words %.4f, numbers %d of %d; CPU %v, pdftotext %v",
		len(files), len(lacks), mean, float64(found)/float64(max(words, 1)), foundNumbers, numbers, self, peer)
	if mean < 0.9 {
		t.Errorf("mean recall %.4f", mean)
	}
}

// everyFile calls read for each file, two at a time.
func everyFile(files []string, read func(string) string) []string {
	texts := make([]string, len(files))
	next := make(chan int)
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for i := range next {
				texts[i] = string(bytes.ToValidUTF8([]byte(read(files[i])), nil))
			}
		})
	}
	for i := range files {
		next <- i
	}
	close(next)
	wg.Wait()
	return texts
}

// common counts the words of want that have has, each as often as it is there.
func common(want, has []string) int {
	count := make(map[string]int)
	for _, w := range has {
		count[w]++
	}
	n := 0
	for _, w := range want {
		if count[w] > 0 {
			count[w]--
			n++
		}
	}
	return n
}

// cpu is the user and system time used so far.
func cpu(who int) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(who, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Round(time.Millisecond)
}

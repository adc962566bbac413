package engine

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"aktvakt/detectors"
	"aktvakt/detectors/marker"
)

// numberShapes is one regular expression of the shapes of Nordic numbers,
// without their dates and check digits.
const numberShapes = `\d{6}[-+ ]?\d{4,5}|(?:19|20)\d{6}[-+ ]?\d{4}|\d{6}[-+A-FYXWVU]\d{3}[0-9A-Z]`

// peerText is a file named by AKTVAKT_TEXT, or prose in which nothing is found.
func peerText(b *testing.B) []byte {
	b.Helper()
	if name := os.Getenv("AKTVAKT_TEXT"); name != "" {
		text, err := os.ReadFile(name)
		if err != nil {
			b.Fatal(err)
		}
		return text
	}
	return bytes.Repeat([]byte("Kommunstyrelsen behandlade frågan om gång- och cykelvägen vid sammanträdet i mars.\n"), 100_000)
}

// BenchmarkPeer searches the same text for the same things with aktvakt and
// with ripgrep, each on one core: numbers alone, and numbers and markers.
// ripgrep gets the numbers' shapes and every form of the catalogue and counts.
func BenchmarkPeer(b *testing.B) {
	e := newEngine(b, detectors.Options{CountTestNumbers: true})
	text := peerText(b)
	file := filepath.Join(b.TempDir(), "text")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		b.Fatal(err)
	}
	forms := numberShapes + "\n" + strings.Join(catalogueForms(b), "\n") + "\n"
	for _, x := range []struct {
		name, patterns string
		markers        bool
	}{{"numbers", numberShapes + "\n", false}, {"all", forms, true}} {
		b.Run(x.name+"/aktvakt", func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			best := time.Hour
			for b.Loop() {
				before := userTime(b)
				e.numbers.Find(detectors.Text{Body: text})
				if x.markers {
					e.matcher.Find(text, func(marker.Hit) bool { return true })
				}
				best = min(best, userTime(b)-before)
			}
			b.ReportMetric(float64(len(text))/1e6/best.Seconds(), "best-user-MB/s")
		})
		b.Run(x.name+"/ripgrep", func(b *testing.B) {
			patterns := filepath.Join(b.TempDir(), "patterns")
			if err := os.WriteFile(patterns, []byte(x.patterns), 0o600); err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(text)))
			best := time.Hour
			for b.Loop() {
				c := exec.Command("rg", "-j1", "-i", "--no-config", "--dfa-size-limit", "1G", "--regex-size-limit", "1G", "--count-matches", "-f", patterns, file)
				out, err := c.CombinedOutput()
				if err != nil && c.ProcessState.ExitCode() != 1 { // 1: nothing found
					b.Fatalf("apt-get install -y ripgrep (%v)\n%s", err, out)
				}
				best = min(best, c.ProcessState.UserTime())
			}
			b.ReportMetric(float64(len(text))/1e6/best.Seconds(), "best-user-MB/s")
		})
	}
}

// userTime is the user time of this process so far, the collector's too; other
// work on the machine disturbs it less than the clock.
func userTime(b *testing.B) time.Duration {
	b.Helper()
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return time.Duration(r.Utime.Nano())
}

// catalogueForms are the catalogue's forms and stems as patterns.
func catalogueForms(b *testing.B) []string {
	b.Helper()
	c, err := marker.Embedded()
	if err != nil {
		b.Fatal(err)
	}
	var out []string
	for _, m := range c.Markers {
		forms := m.Forms
		if m.Stem != "" {
			forms = append(forms, m.Stem)
		}
		if len(forms) == 0 && m.Pattern == "" {
			forms = append(forms, m.Term)
		}
		for _, f := range forms {
			out = append(out, regexp.QuoteMeta(f))
		}
	}
	return out
}

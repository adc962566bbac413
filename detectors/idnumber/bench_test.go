package idnumber_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"aktvakt/detectors"
)

// Each benchmark reads $AKTVAKT_BENCH/<name>.txt if that is set, so that rg
// can be run on the same bytes (see TestWriteBenchTexts), and the built text
// otherwise.
func benchText(b testing.TB, name string) []byte {
	b.Helper()
	if dir := os.Getenv("AKTVAKT_BENCH"); dir != "" {
		text, err := os.ReadFile(filepath.Join(dir, name+".txt"))
		if err != nil {
			b.Fatal(err)
		}
		return text
	}
	return buildText(name)
}

// buildText makes 8 MiB of one kind of text.
func buildText(name string) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	var s strings.Builder
	for s.Len() < 8<<20 {
		switch name {
		case "dense": // numbers of the right lengths, hardly any valid
			switch r.IntN(4) {
			case 0:
				fmt.Fprintf(&s, "%010d\n", r.Int64N(1e10))
			case 1:
				fmt.Fprintf(&s, "%012d\n", r.Int64N(1e12))
			case 2:
				fmt.Fprintf(&s, "%011d\n", r.Int64N(1e11))
			case 3:
				fmt.Fprintf(&s, "%06d-%04d\n", r.IntN(1e6), r.IntN(1e4))
			}
		case "valid": // a table of people
			fmt.Fprintf(&s, "%d;Anna Testsson;%s;Storgatan %d\n", r.IntN(1000), sePersonnummerText(r), r.IntN(99))
		case "prose":
			for range 12 {
				s.WriteString(proseWords[r.IntN(len(proseWords))])
				s.WriteByte(' ')
			}
			if r.IntN(8) == 0 {
				fmt.Fprintf(&s, "den %d mars %d ", 1+r.IntN(28), 1980+r.IntN(45))
			}
			s.WriteString("\n")
		case "code":
			fmt.Fprintf(&s, "\tif err := x%d.run(ctx, %d); err != nil {\n\t\treturn fmt.Errorf(\"row %%d: %%w\", %d, err)\n\t}\n", r.IntN(30), r.IntN(1000), r.IntN(1e5))
		}
	}
	return []byte(s.String())
}

var proseWords = strings.Fields("och att det barnet kommunen beslut om insats enligt socialtjänstlagen under hösten har en utredning inletts efter anmälan från skolan där flickan bor hos sin mormor i väntan på nytt möte med vårdnadshavare")

// sePersonnummerText is a made-up number with the published test serial 238
// or 239 of some day.
func sePersonnummerText(r *rand.Rand) string {
	d := fmt.Sprintf("%02d%02d%02d%03d", 80+r.IntN(20), 1+r.IntN(12), 1+r.IntN(28), 238+r.IntN(2))
	s := 0
	for i, c := range d {
		v := int(c-'0') * (2 - i%2)
		s += v/10 + v%10
	}
	return fmt.Sprintf("19%s-%s%d", d[:6], d[6:], (10-s%10)%10)
}

// userTime is the process's user time, which other work on the machine
// disturbs less than the clock.
func userTime() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano())
}

// The peer is rg with one regular expression for the same shapes, on the same
// bytes, one thread, in its faster mode for bytes:
//
//	AKTVAKT_BENCH=/tmp/b go test -run TestWriteBenchTexts ./detectors/idnumber
//	AKTVAKT_BENCH=/tmp/b go test -run - -bench Find ./detectors/idnumber
//	time rg -j1 --count-matches '(?-u)\b(?:(?:18|19|20)?\d{6}[-+ ]?\d{4}|\d{6} ?\d{5}|\d{6}[-+A-FU-Y]\d{3}[0-9A-Y])\b' /tmp/b/dense.txt
func BenchmarkFind(b *testing.B) {
	for _, name := range []string{"dense", "valid", "prose", "code"} {
		b.Run(name, func(b *testing.B) {
			text := detectors.Text{Body: benchText(b, name)}
			f := newFinder(b, detectors.Options{})
			b.SetBytes(int64(len(text.Body)))
			b.ReportAllocs()
			n := 0
			best := time.Hour
			for b.Loop() {
				start := userTime()
				n = len(f.Find(text))
				best = min(best, userTime()-start)
			}
			b.ReportMetric(float64(n), "matches")
			b.ReportMetric(float64(len(text.Body))/1e6/best.Seconds(), "best-cpu-MB/s")
		})
	}
}

// TestWriteBenchTexts writes the benchmarks' texts to $AKTVAKT_BENCH, where a
// text is not there yet.
func TestWriteBenchTexts(t *testing.T) {
	dir := os.Getenv("AKTVAKT_BENCH")
	if dir == "" {
		t.Log("AKTVAKT_BENCH is not set")
		return
	}
	for _, name := range []string{"dense", "valid", "prose", "code"} {
		path := filepath.Join(dir, name+".txt")
		if _, err := os.Stat(path); err == nil {
			continue
		}
		if err := os.WriteFile(path, buildText(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

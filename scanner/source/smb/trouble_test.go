package smb_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"aktvakt/scanner/source"
	"aktvakt/scanner/source/smb"
	"aktvakt/scanner/source/smb/sambatest"
)

// complete walks a share that holds an estate and checks that every entry is
// seen exactly once, with its content, and nothing failed.
func complete(t *testing.T, cfg smb.Config, want int, marks []int, hurt func()) {
	t.Helper()
	src, root := open(t, cfg)
	seen, faults := survey(t, src, root, at(marks, hurt))
	for _, err := range faults {
		t.Errorf("fault: %v", err)
	}
	if len(seen) != want {
		t.Errorf("%d entries, want %d", len(seen), want)
	}
	for p, n := range seen {
		if n != 1 {
			t.Errorf("%q seen %d times", p, n)
		}
	}
}

// inOwnNetwork runs the test again in a network namespace of its own and
// reports whether it is there: only then may it take the network down.
func inOwnNetwork(t *testing.T) bool {
	t.Helper()
	if os.Getenv("AKTVAKT_OWN_NETWORK") == t.Name() {
		link(t, "up")
		return true
	}
	cmd := exec.Command("unshare", "--net", "--", os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout=10m")
	cmd.Env = append(os.Environ(), "AKTVAKT_OWN_NETWORK="+t.Name())
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("in a network of its own (apt-get install -y util-linux iproute2, as root): %v\n%s", err, out)
	}
	return false
}

func link(t *testing.T, state string) {
	if out, err := exec.Command("ip", "link", "set", "lo", state).CombinedOutput(); err != nil {
		t.Errorf("ip link set lo %s: %v: %s", state, err, out)
	}
}

// TestNetworkDown: the network is gone for a while, shorter and longer than an
// operation may take. Nothing tells either side; packets are just lost.
func TestNetworkDown(t *testing.T) {
	t.Parallel()
	if !inOwnNetwork(t) {
		return
	}
	s := sambatest.Start(t, office())
	want := estate(s, 6, 60)
	cfg := as(s, "scan", "docs")
	cfg.Timeout, cfg.DialTimeout, cfg.Patience = 2*time.Second, 2*time.Second, 2*time.Minute
	outages := []time.Duration{500 * time.Millisecond, 5 * time.Second}
	complete(t, cfg, want, []int{want / 4, want / 2}, func() {
		link(t, "down")
		time.Sleep(outages[0])
		outages = outages[1:]
		link(t, "up")
	})
	if len(outages) != 0 {
		t.Errorf("%d outages did not happen", len(outages))
	}
}

// TestSessionEnds: the server ends sessions and lacks resources now and then,
// in the middle of anything. The statuses are put into a real server's
// answers.
func TestSessionEnds(t *testing.T) {
	const create, read, queryDirectory, queryInfo = 5, 8, 14, 16
	statuses := []uint32{
		0xC000035C, // NETWORK_SESSION_EXPIRED
		0xC000009A, // INSUFFICIENT_RESOURCES
		0xC0000203, // USER_SESSION_DELETED
		0xC000000D, // INVALID_PARAMETER, of servers short of credits
		0xC00000C9, // NETWORK_NAME_DELETED
		0xC000022D, // RETRY
	}
	s := sambatest.Start(t, office(func(c *sambatest.Config) { c.Global = []string{"server signing = disabled"} }))
	want := estate(s, 4, 60)
	var next, due atomic.Int64
	p := s.FaultyProxy(func(command uint16) uint32 {
		switch command {
		case create, read, queryDirectory, queryInfo:
			if i := next.Load(); i < due.Load() && next.CompareAndSwap(i, i+1) {
				return statuses[i%int64(len(statuses))]
			}
		}
		return 0
	})
	for _, eager := range []bool{false, true} {
		cfg := as(s, "scan", "docs")
		cfg.Port, cfg.RulesWithListing = p.Port, eager
		var marks []int
		for i := 5; i < want-20; i += 10 {
			marks = append(marks, i)
		}
		complete(t, cfg, want, marks, func() { due.Add(1) })
	}
	if next.Load() < 2*int64(len(statuses)) {
		t.Errorf("%d answers were changed", next.Load())
	}
}

// TestShareRemoved: a share that is taken away in the middle of a run says so
// for all that was left to do.
func TestShareRemoved(t *testing.T) {
	t.Parallel()
	s := sambatest.Start(t, office(func(c *sambatest.Config) {
		c.Shares = append(c.Shares, sambatest.Share{Name: "other", Lines: []string{everyone}})
	}))
	estate(s, 1, 60)
	s.WriteFile("docs", "large", content(3<<20))
	s.WriteFile("other", "a", []byte("a"))
	src, root := open(t, as(s, "scan", "docs"))
	other, otherRoot := open(t, as(s, "scan", "other"))
	all := list(t, src, root)
	f, err := src.Open(t.Context(), all["large"])
	must(t, err)
	defer f.Close()
	s.RemoveShare("docs")
	if _, err := f.ReadAt(make([]byte, 10), 2<<20); !errors.Is(err, source.ErrNoShare) {
		t.Errorf("read: %v", err)
	}
	for _, err := range src.List(t.Context(), all["d00"]) {
		if !errors.Is(err, source.ErrNoShare) {
			t.Errorf("list: %v", err)
		}
	}
	for i := range 60 {
		e := source.Entry{Path: fmt.Sprintf("d00/f%03d", i), Size: int64(i)}
		if _, err := src.Open(t.Context(), e); !errors.Is(err, source.ErrNoShare) || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("open: %v", err)
		}
	}
	if got := read(t, other, list(t, other, otherRoot)["a"]); got != "a" {
		t.Errorf("the other share holds %q", got)
	}
}

// TestLargeFolder: a folder of very many entries is streamed. What a listing
// holds is a page of it, and eight bytes an entry to go on from where it was
// when a connection breaks.
func TestLargeFolder(t *testing.T) {
	const files = 40_000
	s := sambatest.Start(t, office())
	for i := range files {
		must(t, os.WriteFile(fmt.Sprintf("%s/scanned document %06d.pdf", s.Dir("docs"), i), nil, 0o666))
	}
	src, root := open(t, as(s, "scan", "docs"))
	heap := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before, most := heap(), int64(0)
	seen, n := make([]bool, files), 0
	for e, err := range src.List(t.Context(), root) {
		must(t, err)
		i, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(e.Path, "scanned document "), ".pdf"))
		if err != nil || seen[i] {
			t.Fatalf("%q: %v, seen before", e.Path, err)
		}
		seen[i] = true
		if n++; n%5000 == 0 {
			most = max(most, heap()-before)
		}
		if n == files/3 || n == files*2/3 {
			s.DropClients()
		}
	}
	if n != files {
		t.Errorf("%d entries, want %d", n, files)
	}
	if bound := int64(8<<20 + 3*8*files); most > bound {
		t.Errorf("a listing of %d entries holds %d bytes, want %d at the most", files, most, bound)
	}
}

// TestRulesReadAhead: who asks for the rules of all files gets them in batches,
// each once; who asks for a few gets those.
func TestRulesReadAhead(t *testing.T) {
	const files, queryInfo = 200, 16
	s := sambatest.Start(t, office(func(c *sambatest.Config) { c.Global = []string{"server signing = disabled"} }))
	for i := range files {
		s.WriteFile("docs", fmt.Sprintf("f%03d", i), nil)
		s.WriteFile("docs", fmt.Sprintf("d%03d/f", i), nil) // folders are among them
	}
	var asked atomic.Int64
	p := s.FaultyProxy(func(command uint16) uint32 {
		if command == queryInfo {
			asked.Add(1)
		}
		return 0
	})
	cfg := as(s, "scan", "docs")
	cfg.Port = p.Port
	for _, c := range []struct {
		name              string
		every, goroutines int
		want              int64
	}{
		{"all", 1, 1, files},
		{"all, by many", 1, 16, files},
		{"few", 10, 1, files / 10},
		{"few, by many", 10, 4, files / 10},
	} {
		t.Run(c.name, func(t *testing.T) {
			src, root := open(t, cfg)
			asked.Store(0)
			jobs := make(chan source.Entry)
			var wg sync.WaitGroup
			for range c.goroutines {
				wg.Go(func() {
					for e := range jobs {
						if d, err := src.ACL(t.Context(), e); err != nil || d.Raw == "" {
							t.Errorf("%q: %v", e.Path, err)
						}
						if d, err := src.ACL(t.Context(), e); err != nil || d.Raw == "" {
							t.Errorf("%q again: %v", e.Path, err)
						}
					}
				})
			}
			n := 0
			for e, err := range src.List(t.Context(), root) {
				must(t, err)
				if e.Kind != source.Regular {
					continue
				}
				if n++; n == 5 && c.every == 1 && asked.Load() >= files/4 {
					t.Errorf("%d asked for at the beginning", asked.Load())
				}
				if n%c.every == 0 {
					jobs <- e
				}
			}
			close(jobs)
			wg.Wait()
			// Two may ask for one file at the same time, before it is known
			// that most are asked for.
			if got := asked.Load(); got < c.want || got >= c.want+int64(c.goroutines) {
				t.Errorf("the server was asked %d times, want %d", got, c.want)
			}
		})
	}
	src, root := open(t, cfg)
	asked.Store(0)
	n := 0
	for e, err := range src.List(t.Context(), root) {
		must(t, err)
		if e.Kind != source.Regular {
			continue
		}
		if _, err := src.ACL(t.Context(), e); err != nil {
			t.Error(err)
		}
		if n++; n == 20 {
			break
		}
	}
	if got := asked.Load(); got < 30 {
		t.Errorf("%d fetched when 20 were asked for, want a batch", got)
	}
}

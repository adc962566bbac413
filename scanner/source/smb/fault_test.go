package smb_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"regexp"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"aktvakt/scanner/source"
	"aktvakt/scanner/source/smb"
	"aktvakt/scanner/source/smb/sambatest"
)

// content is what a test file of that size holds.
func content(size int) []byte {
	b := make([]byte, size)
	r := rand.New(rand.NewPCG(7, uint64(size)))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// estate writes folders of files and returns how many entries there are.
func estate(s *sambatest.Server, folders, files int) (entries int) {
	for d := range folders {
		for f := range files {
			s.WriteFile("docs", fmt.Sprintf("d%02d/f%03d", d, f), content(f))
		}
	}
	return folders * (files + 1)
}

// survey walks a share as the scanner does, reading every file, and counts
// how often each entry is seen or reported. step is called after each entry.
func survey(t *testing.T, src *smb.Source, root source.Entry, step func(n int)) (seen map[string]int, faults []error) {
	t.Helper()
	seen = map[string]int{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	var list func(source.Entry)
	list = func(dir source.Entry) {
		for e, err := range src.List(t.Context(), dir) {
			if err == nil && e.Kind == source.Regular {
				err = readBack(t.Context(), src, e)
			}
			if err == nil {
				_, err = src.ACL(t.Context(), e)
			}
			mu.Lock()
			if e.Path != "" {
				seen[e.Path]++
			}
			if err != nil {
				faults = append(faults, err)
			}
			n := len(seen)
			mu.Unlock()
			step(n)
			if err == nil && e.Kind == source.Dir {
				wg.Go(func() { list(e) })
			}
		}
	}
	wg.Go(func() { list(root) })
	wg.Wait()
	return seen, faults
}

func readBack(ctx context.Context, src source.Source, e source.Entry) error {
	f, err := src.Open(ctx, e)
	if err != nil {
		return err
	}
	defer f.Close()
	b, err := io.ReadAll(io.NewSectionReader(f, 0, f.Size()))
	if err != nil {
		return err
	}
	if !bytes.Equal(b, content(int(e.Size))) {
		return fmt.Errorf("content of %q differs", e.Path)
	}
	return nil
}

// at calls f once when n reaches each of the marks.
func at(marks []int, f func()) func(n int) {
	var mu sync.Mutex
	next := 0
	return func(n int) {
		mu.Lock()
		defer mu.Unlock()
		if next < len(marks) && n >= marks[next] {
			next++
			f()
		}
	}
}

// TestFaults: whatever happens to the server in the middle of a walk, every
// entry is seen exactly once, with its right content.
func TestFaults(t *testing.T) {
	for _, eager := range []bool{false, true} {
		s := sambatest.Start(t, office())
		want := estate(s, 12, 60)
		proxy := s.Proxy(0)
		run := func(name string, cfg smb.Config, marks []int, hurt func()) {
			t.Run(fmt.Sprintf("%s, rules with listing %v", name, eager), func(t *testing.T) {
				leaks := goleak.IgnoreCurrent()
				cfg.RulesWithListing = eager
				src := smb.New(cfg)
				root, err := src.Root(t.Context())
				must(t, err)
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
				must(t, src.Close())
				goleak.VerifyNone(t, leaks, goleak.IgnoreAnyFunction("aktvakt/scanner/source/smb/sambatest.(*Server).up.func1"))
			})
		}
		cfg := as(s, "scan", "docs")
		cfg.Timeout, cfg.DialTimeout, cfg.Patience = 20*time.Second, 20*time.Second, 60*time.Second
		marks := []int{want / 6, want / 3, want / 2, want * 4 / 5}
		run("killed and restarted", cfg, marks, func() {
			s.Kill()
			time.Sleep(200 * time.Millisecond)
			if err := s.Restart(); err != nil {
				t.Error(err)
			}
		})
		run("connections killed", cfg, marks, s.DropClients)
		short := cfg
		short.Timeout = 2 * time.Second
		run("frozen", short, marks[1:2], func() {
			s.Pause()
			time.AfterFunc(4*time.Second, s.Resume)
		})
		cut := cfg
		cut.Port = proxy.Port
		run("network cut", cut, marks, proxy.Cut)
	}
}

// TestReadsSurvive: a large file that is being read goes on after its
// connection broke, unless it changed meanwhile.
func TestReadsSurvive(t *testing.T) {
	s := sambatest.Start(t, office())
	want := content(4 << 20)
	s.WriteFile("docs", "large", want)
	src, root := open(t, as(s, "scan", "docs"))
	var e source.Entry
	walk(t.Context(), src, root, func(x source.Entry) { e = x }, func(_ source.Entry, err error) { t.Error(err) })
	f, err := src.Open(t.Context(), e)
	must(t, err)
	defer f.Close()
	b := make([]byte, 100_000)
	for i, off := range []int64{0, 1 << 20, 2 << 20, 3 << 20} {
		if i > 0 {
			s.DropClients()
		}
		if _, err := f.ReadAt(b, off); err != nil || !bytes.Equal(b, want[off:off+int64(len(b))]) {
			t.Errorf("read at %d after %d broken connections: %v", off, i, err)
		}
	}
	s.DropClients()
	time.Sleep(10 * time.Millisecond) // the time stamp of a change
	s.WriteFile("docs", "large", content(4<<20+1))
	if _, err := f.ReadAt(b, 512<<10); err == nil {
		t.Error("a file that was replaced reads on")
	}
	must(t, os.Remove(s.Dir("docs")+"/large"))
	s.DropClients()
	if _, err := f.ReadAt(b, 700<<10); !errors.Is(err, source.ErrVanished) {
		t.Errorf("read of a file that was deleted: %v", err)
	}
}

// TestServerGone: when a host goes away for good, everything fails within
// Patience and then without many attempts to reach it; when it is back it is
// found again.
func TestServerGone(t *testing.T) {
	t.Parallel()
	s := sambatest.Start(t, office())
	estate(s, 1, 100)
	p := s.Proxy(0)
	cfg := as(s, "scan", "docs")
	cfg.Port, cfg.Patience = p.Port, 2*time.Second
	src, root := open(t, cfg)
	var es []source.Entry
	walk(t.Context(), src, root, func(e source.Entry) {
		if e.Kind == source.Regular {
			es = append(es, e)
		}
	}, func(_ source.Entry, err error) { t.Error(err) })
	p.Refuse(true)
	p.Cut()
	fail := func() (attempts int) {
		before := p.Connections()
		var wg sync.WaitGroup
		for _, e := range es {
			wg.Go(func() {
				if _, err := src.Open(t.Context(), e); !errors.Is(err, source.ErrUnreachable) {
					t.Errorf("open %q: %v", e.Path, err)
				}
			})
		}
		wg.Wait()
		return p.Connections() - before
	}
	if n := fail(); n > 8*len(es)/10 { // each session tries for as long as Patience is
		t.Errorf("%d attempts to connect for %d operations", n, len(es))
	}
	if n := fail(); n > len(es)/4 {
		t.Errorf("%d attempts to connect for %d operations, after the host was given up", n, len(es))
	}
	p.Refuse(false)
	for { // it is looked for every few seconds
		f, err := src.Open(t.Context(), es[0])
		if err == nil {
			f.Close()
			break
		}
		if !errors.Is(err, source.ErrUnreachable) {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// TestOneConnectionOnly: a server that allows an account one connection is
// read over that.
func TestOneConnectionOnly(t *testing.T) {
	s := sambatest.Start(t, office())
	estate(s, 4, 30)
	p := s.Proxy(time.Millisecond)
	cfg := as(s, "scan", "docs")
	cfg.Port, cfg.Sessions = p.Port, 4
	src, root := open(t, cfg)
	p.Refuse(true)
	var wg sync.WaitGroup
	for range 40 {
		wg.Go(func() {
			walk(t.Context(), src, root, func(e source.Entry) {
				if e.Kind == source.Regular && e.Size%10 == 0 {
					if err := readBack(t.Context(), src, e); err != nil {
						t.Error(err)
					}
				}
			}, func(_ source.Entry, err error) { t.Error(err) })
		})
	}
	wg.Wait()
	if n := p.Connections(); n < 2 || n > 4 {
		t.Errorf("%d attempts to connect, want one for each session at the most", n)
	}
}

// TestPoison: an operation during which the connection breaks each time is
// given up.
func TestPoison(t *testing.T) {
	t.Parallel()
	s := sambatest.Start(t, office())
	s.WriteFile("docs", "large", content(3<<20))
	p := s.Proxy(0)
	cfg := as(s, "scan", "docs")
	cfg.Port = p.Port
	src, _ := open(t, cfg)
	p.CutAfter(100_000) // enough to log on and open, not to read a block
	f, err := src.Open(t.Context(), source.Entry{Path: "large", Size: 3 << 20})
	must(t, err)
	defer f.Close()
	before := p.Connections()
	if _, err := f.ReadAt(make([]byte, 1<<20), 0); !errors.Is(err, source.ErrUnreachable) {
		t.Errorf("error is %v", err)
	}
	if n := p.Connections() - before; n > 10 {
		t.Errorf("%d connections for one operation", n)
	}
}

// TestPasswordChanged: a refused log-on in the middle of a run is final, for
// every connection and share. To try again would lock the account.
func TestPasswordChanged(t *testing.T) {
	s := sambatest.Start(t, office(func(c *sambatest.Config) {
		c.Shares = append(c.Shares, sambatest.Share{Name: "other"})
	}))
	estate(s, 1, 40)
	p := s.Proxy(0)
	cfg := as(s, "scan", "docs")
	cfg.Port, cfg.Accounts = p.Port, smb.NewAccounts()
	src, root := open(t, cfg)
	var es []source.Entry
	walk(t.Context(), src, root, func(e source.Entry) { es = append(es, e) }, func(_ source.Entry, err error) { t.Error(err) })
	s.Tool("pdbedit", "-P", "bad lockout attempt", "-C", "50") // or the server does not count
	s.Tool("pdbedit", "-u", "scan", "--set-nt-hash", "00112233445566778899AABBCCDDEEFF")
	cfg.Share = "other"
	other := smb.New(cfg)
	defer other.Close()
	p.Cut()
	var wg sync.WaitGroup
	for _, e := range es {
		wg.Go(func() {
			if e.Kind != source.Regular {
				return
			}
			if _, err := src.Open(t.Context(), e); !errors.Is(err, source.ErrLogon) {
				t.Errorf("open %q: %v", e.Path, err)
			}
		})
	}
	wg.Go(func() {
		if _, err := other.Root(t.Context()); !errors.Is(err, source.ErrLogon) {
			t.Errorf("another share: %v", err)
		}
	})
	wg.Wait()
	if out := s.Tool("pdbedit", "-L", "-v", "-u", "scan"); !regexp.MustCompile(`Bad password count +: 1\n`).MatchString(out) {
		t.Errorf("want one attempt to log on:\n%s", out)
	}
}

// TestFrozenAndCancelled: nobody waits for a frozen server after cancelling,
// long before the server would be given up.
func TestFrozenAndCancelled(t *testing.T) {
	t.Parallel()
	s := sambatest.Start(t, office())
	s.WriteFile("docs", "large", content(3<<20))
	cfg := as(s, "scan", "docs")
	cfg.Timeout, cfg.Patience = time.Hour, time.Hour
	src, root := open(t, cfg)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	f, err := src.Open(ctx, source.Entry{Path: "large", Size: 3 << 20})
	must(t, err)
	defer f.Close()
	s.Pause()
	defer s.Resume()
	time.AfterFunc(100*time.Millisecond, cancel)
	if _, err := f.ReadAt(make([]byte, 10), 0); !errors.Is(err, context.Canceled) {
		t.Errorf("read: %v", err)
	}
	for _, err := range src.List(ctx, root) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("list: %v", err)
		}
	}
}

package smb

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"aktvakt/scanner/source"
	"aktvakt/scanner/source/smb/internal/wire"
)

// TestLimiterBound: never more than InFlight run at a time, and all get
// their turn.
func TestLimiterBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLimiter(Limits{InFlight: 3})
		var mu sync.Mutex
		running, most, done := 0, 0, 0
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				if err := l.acquire(t.Context()); err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				running++
				most = max(most, running)
				mu.Unlock()
				time.Sleep(time.Second)
				mu.Lock()
				running--
				done++
				mu.Unlock()
				l.release()
			})
		}
		wg.Wait()
		if most != 3 || done != 50 {
			t.Errorf("%d at a time, %d done; want 3 and 50", most, done)
		}
	})
}

// TestLimiterCancel: who stops waiting takes no place.
func TestLimiterCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLimiter(Limits{InFlight: 1})
		_ = l.acquire(t.Context())
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		for range 5 {
			if err := l.acquire(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("acquire: %v", err)
			}
		}
		l.release()
		if err := l.acquire(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// clock feeds a limiter with operations that take as long as told, one every
// 50 ms.
type clock struct {
	l   *Limiter
	now time.Time
}

func (c *clock) run(k kind, n int, d time.Duration) {
	for range n {
		c.now = c.now.Add(50 * time.Millisecond)
		c.l.observe(k, d, c.now)
	}
}

// TestLimiterStepsBack: a host that grows slow is asked less, and more again
// when it recovers.
func TestLimiterStepsBack(t *testing.T) {
	c := clock{NewLimiter(Limits{InFlight: 16}), time.Now()}
	c.run(single, 1000, 2*time.Millisecond)
	if got := c.l.InFlight(); got != 16 {
		t.Errorf("in good times %d in flight, want 16", got)
	}
	c.run(single, 100, 10*time.Millisecond) // slower, but nobody would notice
	if got := c.l.InFlight(); got != 16 {
		t.Errorf("at 10 ms %d in flight, want 16", got)
	}
	c.run(single, 400, 300*time.Millisecond)
	if got := c.l.InFlight(); got > 4 {
		t.Errorf("in bad times %d in flight, want few", got)
	}
	c.run(single, 3000, 2*time.Millisecond)
	if got := c.l.InFlight(); got != 16 {
		t.Errorf("when it is over %d in flight, want 16", got)
	}
}

// TestLimiterKinds: pages of listings, batches of descriptors and file content
// take longer than single files, which is no sign of a slow host.
func TestLimiterKinds(t *testing.T) {
	c := clock{NewLimiter(Limits{InFlight: 16}), time.Now()}
	for range 500 {
		c.run(single, 4, time.Millisecond)
		c.run(batched, 1, 60*time.Millisecond)
		c.run(listed, 1, 25*time.Millisecond)
		c.run(data, 3, 4*time.Second)
	}
	if got := c.l.InFlight(); got != 16 {
		t.Errorf("%d in flight, want 16", got)
	}
	c.run(listed, 400, 2*time.Second)
	if got := c.l.InFlight(); got > 4 {
		t.Errorf("with slow listings %d in flight, want few", got)
	}
}

// TestLimiterFar: where operations wait for the way and not for the host, more
// are sent; never more than the operator said.
func TestLimiterFar(t *testing.T) {
	for _, c := range []struct {
		name         string
		limits       Limits
		alone, among time.Duration // what an operation takes
		demand       bool
		want         int
	}{
		{"near, busy", Limits{}, time.Millisecond, 8 * time.Millisecond, true, near},
		{"far", Limits{}, 20 * time.Millisecond, 25 * time.Millisecond, true, far},
		{"far and nobody waits", Limits{}, 20 * time.Millisecond, 25 * time.Millisecond, false, near},
		{"far and busy", Limits{}, 20 * time.Millisecond, 80 * time.Millisecond, true, near},
		{"far, bounded", Limits{InFlight: 4}, 20 * time.Millisecond, 25 * time.Millisecond, true, 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := clock{NewLimiter(c.limits), time.Now()}
			if c.demand {
				k.l.running = far // so that nobody is let in
				k.l.waiting = append(k.l.waiting, make(chan struct{}))
			}
			k.run(single, 40, c.alone)
			k.run(single, 4000, c.among)
			if got := k.l.InFlight(); got != c.want {
				t.Errorf("%d in flight, want %d", got, c.want)
			}
			// When the host becomes what is waited for, it is asked less again.
			k.run(single, 300, 5*c.among)
			if got, most := k.l.InFlight(), max(c.want/2, 4); c.want > near && got > most {
				t.Errorf("%d in flight at a host that became busy, want %d at the most", got, most)
			}
		})
	}
}

func TestLimiterRates(t *testing.T) {
	for _, c := range []struct {
		name   string
		limits Limits
		wait   func(l *Limiter, ctx context.Context) error
	}{
		// 10 MiB in pieces, of which the first is free.
		{"bytes", Limits{BytesPerSecond: 1 << 20}, func(l *Limiter, ctx context.Context) error { return l.wait(ctx, 512<<10) }},
		{"operations", Limits{OpsPerSecond: 80}, func(l *Limiter, ctx context.Context) error { return l.waitOps(ctx, 40) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := NewLimiter(c.limits)
				start := time.Now()
				for range 20 {
					if err := c.wait(l, t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				if d := time.Since(start); d < 8*time.Second || d > 10*time.Second {
					t.Errorf("what takes 10 s took %v", d)
				}
				// The end of the run is told as such, not as a fault.
				ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
				defer cancel()
				var err error
				for err == nil {
					err = c.wait(l, ctx)
				}
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("error is %v", err)
				}
			})
		})
	}
}

// TestSlots: sources share the places for connections; one that has none gets
// the second of another, then an idle one, and else waits.
func TestSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLimiter(Limits{Sessions: 3})
		source := func() *Source { return New(Config{Host: "h", Share: "s", Limiter: l}) }
		connect := func(s *Source) *link {
			t.Helper()
			if err := l.slots.take(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			conn, _ := net.Pipe()
			gone, cancel := context.WithCancelCause(context.Background())
			c := &link{src: s, conn: conn, gone: gone, cancel: cancel}
			c.running.Store(1)
			c.used.Store(time.Now().UnixNano())
			l.slots.keep(c)
			time.Sleep(time.Millisecond)
			return c
		}
		a, b, c := source(), source(), source()
		a1, a2, b1 := connect(a), connect(a), connect(b)
		if l.slots.try() {
			t.Error("a fourth connection is allowed")
		}
		c1 := connect(c)
		if a1.alive() || !a2.alive() || !b1.alive() || !c1.alive() {
			t.Errorf("alive: %v %v %v %v, want the second of the first source gone", a1.alive(), a2.alive(), b1.alive(), c1.alive())
		}
		b1.running.Store(0)
		start := time.Now()
		d1 := connect(source())
		if b1.alive() || time.Since(start) < idleAfter/2 {
			t.Errorf("an idle connection is alive: %v, after %v", b1.alive(), time.Since(start))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := l.slots.take(ctx, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a place among busy connections: %v", err)
		}
		if !errors.Is(l.slots.take(t.Context(), closedChan()), errClosed) {
			t.Error("a closed source waits")
		}
		for _, x := range []*link{a2, c1, d1, a1, a2} { // some twice
			x.drop(errClosed)
		}
		if l.slots.taken != 0 || len(l.slots.links) != 0 {
			t.Errorf("%d places taken, %d links", l.slots.taken, len(l.slots.links))
		}
	})
}

func closedChan() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

// TestAccounts: a refused password is not tried again, on no host, and before
// it has proven good it is tried on one host at a time.
func TestAccounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := NewAccounts()
		refusal := explain(wire.LogonFailure)
		cfg := func(host, user, password string) Config {
			return Config{Host: host, Port: 445, Domain: "D", User: user, Password: password}
		}
		var tries atomic.Int32
		attempt := func(c Config, err error) error {
			return a.of(c).try(t.Context(), c.Host, func() error {
				tries.Add(1)
				time.Sleep(time.Second)
				return err
			})
		}
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				if err := attempt(cfg(fmt.Sprint("h", i%5), "u", "wrong"), refusal); !errors.Is(err, source.ErrLogon) {
					t.Errorf("error is %v", err)
				}
			})
		}
		wg.Wait()
		if n := tries.Swap(0); n != 1 {
			t.Errorf("a wrong password was tried %d times", n)
		}
		for _, c := range []Config{cfg("h1", "u", "right"), cfg("h1", "other", "wrong")} {
			if err := attempt(c, nil); err != nil {
				t.Error(err)
			}
		}
		// A fault of the network, or of one host's rules, is no refusal.
		for _, err := range []error{errTimeout, explain(wire.LogonTypeNotGranted)} {
			if got := attempt(cfg("h1", "u", "right"), err); got != err {
				t.Errorf("error is %v, want %v", got, err)
			}
		}
		// What has proven good is tried on several hosts at a time, until it is
		// refused.
		tries.Store(0)
		start := time.Now()
		for i := range 20 {
			wg.Go(func() { _ = attempt(cfg(fmt.Sprint("h", i%5), "u", "right"), refusal) })
		}
		wg.Wait()
		if n, d := tries.Load(), time.Since(start); n != 5 || d != time.Second {
			t.Errorf("tried %d times in %v, want once on each of 5 hosts at the same time", n, d)
		}
		if a.of(Config{Host: "h", User: "u"}) == a.of(Config{Host: "i", User: "u"}) {
			t.Error("accounts of two servers are one")
		}
	})
}

func TestKindOf(t *testing.T) {
	for _, c := range []struct {
		name            string
		attributes, tag uint32
		kind            source.Kind
		offline         bool
	}{
		{"file", 0x20, 0, source.Regular, false},
		{"file without attributes", 0x80, 0, source.Regular, false},
		{"folder", 0x10, 0, source.Dir, false},
		{"symbolic link", 0x420, 0xA000000C, source.Link, false},
		{"junction", 0x410, 0xA0000003, source.Link, false},
		{"DFS link", 0x410, 0x8000000A, source.Link, false},
		{"link of a server that tells no tag", 0x410, 0, source.Link, false},
		{"file on a volume with deduplication", 0x620, 0x80000013, source.Regular, false},
		{"compressed system file", 0x420, 0x80000017, source.Regular, false},
		{"OneDrive file that is here", 0x420, 0x9000601A, source.Regular, false},
		{"OneDrive file that is in the cloud", 0x401420, 0x9000601A, source.Regular, true},
		{"Azure File Sync, tiered", 0x401620, 0x8000001E, source.Regular, true},
		{"on tape", 0x1020, 0, source.Regular, true},
		{"on tape, by tag", 0x420, 0xC0000004, source.Regular, true},
		{"folder that only exists in the cloud", 0x40010, 0, source.Dir, true},
		{"socket", 0x420, 0x80000023, source.Other, false},
		{"NFS special file", 0x420, 0x80000014, source.Other, false},
	} {
		if k, off := kindOf(c.attributes, c.tag); k != c.kind || off != c.offline {
			t.Errorf("%s: kind %d, offline %v; want %d, %v", c.name, k, off, c.kind, c.offline)
		}
	}
}

func TestExplain(t *testing.T) {
	for _, c := range []struct {
		status wire.Status
		want   error
		text   string
	}{
		{wire.AccessDenied, fs.ErrPermission, "access denied (STATUS_ACCESS_DENIED)"},
		{wire.DeletePending, source.ErrVanished, "is being deleted (STATUS_DELETE_PENDING)"},
		{wire.SharingViolation, source.ErrLocked, "held by another program (STATUS_SHARING_VIOLATION)"},
		{wire.FileLockConflict, source.ErrLocked, "locked by another program (STATUS_FILE_LOCK_CONFLICT)"},
		{wire.CloudFileProvider, source.ErrOffline, "in a cloud tier (STATUS_CLOUD_FILE_PROVIDER_NOT_RUNNING)"},
		{wire.AccountLockedOut, source.ErrLogon, "the account is locked out (STATUS_ACCOUNT_LOCKED_OUT)"},
		{wire.Status(0xC0000099), wire.Status(0xC0000099), "the server refused (NTSTATUS 0xC0000099)"},
	} {
		err := explain(c.status)
		if !errors.Is(err, c.want) || err.Error() != c.text {
			t.Errorf("%v is %q, want %q and %v", c.status, err, c.text, c.want)
		}
	}
}

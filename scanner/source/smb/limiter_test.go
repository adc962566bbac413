package smb

import (
	"context"
	"errors"
	"io/fs"
	"sync"
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

// TestLimiterStepsBack: a host that grows slow is asked less, and more again
// when it recovers.
func TestLimiterStepsBack(t *testing.T) {
	l := NewLimiter(Limits{InFlight: 16})
	now := time.Now()
	run := func(n int, d time.Duration) {
		for range n {
			now = now.Add(50 * time.Millisecond)
			l.observe(d, now)
		}
	}
	run(1000, 2*time.Millisecond)
	if got := l.InFlight(); got != 16 {
		t.Errorf("in good times %d in flight, want 16", got)
	}
	run(100, 10*time.Millisecond) // slower, but nobody would notice
	if got := l.InFlight(); got != 16 {
		t.Errorf("at 10 ms %d in flight, want 16", got)
	}
	run(400, 300*time.Millisecond)
	if got := l.InFlight(); got > 4 {
		t.Errorf("in bad times %d in flight, want few", got)
	}
	run(3000, 2*time.Millisecond)
	if got := l.InFlight(); got != 16 {
		t.Errorf("when it is over %d in flight, want 16", got)
	}
}

func TestLimiterBandwidth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLimiter(Limits{BytesPerSecond: 1 << 20})
		start := time.Now()
		for range 20 {
			if err := l.wait(t.Context(), 512<<10); err != nil {
				t.Fatal(err)
			}
		}
		// 10 MiB, of which the first is free.
		if d := time.Since(start); d < 8*time.Second || d > 10*time.Second {
			t.Errorf("10 MiB at 1 MiB/s took %v", d)
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

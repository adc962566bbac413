package smb

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Limits are what one host may be asked to bear.
type Limits struct {
	// InFlight is the number of operations at a time, 32 when 0: at a round
	// trip of 20 ms fewer leave the line idle.
	InFlight int
	// BytesPerSecond bounds reading; 0 is no bound.
	BytesPerSecond int64
}

// perSession is the most operations at a time on one session: beyond it,
// compound requests starve each other of credits.
const perSession = 16

// Limiter bounds the load on one host, across all sources that share it.
//
// It also steps back when the host grows slow: while operations without data
// take several times what they took in good times, it lets fewer run at a
// time, down to one, and goes up again step by step.
type Limiter struct {
	bytes *rate.Limiter

	mu      sync.Mutex
	max     int
	limit   float64 // current bound, 1..max
	running int
	waiting []chan struct{}

	// Latencies in seconds: the recent mean, and the mean of good times.
	recent, good float64
	samples      int
	lowered      time.Time
}

// NewLimiter returns a limiter for one host.
func NewLimiter(l Limits) *Limiter {
	if l.InFlight <= 0 {
		l.InFlight = defaultSessions * perSession
	}
	r := &Limiter{max: l.InFlight, limit: float64(l.InFlight)}
	if l.BytesPerSecond > 0 {
		r.bytes = rate.NewLimiter(rate.Limit(l.BytesPerSecond), int(min(l.BytesPerSecond, 1<<20)))
	}
	return r
}

// acquire waits for a place among the running operations.
func (l *Limiter) acquire(ctx context.Context) error {
	l.mu.Lock()
	if len(l.waiting) == 0 && float64(l.running) < l.limit {
		l.running++
		l.mu.Unlock()
		return nil
	}
	turn := make(chan struct{})
	l.waiting = append(l.waiting, turn)
	l.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, w := range l.waiting {
		if w == turn {
			l.waiting = append(l.waiting[:i], l.waiting[i+1:]...)
			return ctx.Err()
		}
	}
	// Its turn came at the same moment: pass it on.
	l.running--
	l.wake()
	return ctx.Err()
}

// release gives the place back.
func (l *Limiter) release() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.running--
	l.wake()
}

func (l *Limiter) wake() {
	for len(l.waiting) > 0 && float64(l.running) < l.limit {
		close(l.waiting[0])
		l.waiting = l.waiting[1:]
		l.running++
	}
}

// Constants of stepping back. A busy Samba on loopback varies by a factor of
// 3 from one second to the next, a disk shelf that is being rebuilt by 10 and
// more; under 20 ms nobody notices.
const (
	slowFactor = 5
	slowFloor  = 0.020
	stepBack   = 0.7
	settle     = time.Second
	warmUp     = 32
)

// observe takes the latency of an operation that moved no file content.
func (l *Limiter) observe(d time.Duration, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := d.Seconds()
	l.samples++
	if l.samples == 1 {
		l.recent, l.good = s, s
	}
	l.recent += (s - l.recent) / 16
	if l.samples < warmUp {
		l.good += (s - l.good) / 16
		return
	}
	slow := l.recent > slowFactor*l.good && l.recent > slowFloor
	switch {
	case slow && now.Sub(l.lowered) > settle:
		l.limit = max(1, l.limit*stepBack)
		l.lowered = now
	case !slow:
		// Good times follow the present slowly, so that a server that is
		// slow for hours is not taken for a good one.
		l.good += (s - l.good) / 4096
		l.good = min(l.good, l.recent*4)
		l.limit = min(float64(l.max), l.limit+1/(l.limit*4))
		l.wake()
	}
}

// InFlight returns how many operations may run at present.
func (l *Limiter) InFlight() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return int(l.limit)
}

// wait waits until n bytes may be read.
func (l *Limiter) wait(ctx context.Context, n int) error {
	if l.bytes == nil {
		return nil
	}
	for n > 0 {
		part := min(n, l.bytes.Burst())
		if err := l.bytes.WaitN(ctx, part); err != nil {
			return err
		}
		n -= part
	}
	return nil
}

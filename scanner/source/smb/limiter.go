package smb

import (
	"cmp"
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Limits are what one host may be asked to bear. The zero Limits bound
// operations and connections alone.
type Limits struct {
	// InFlight is the most operations at a time. 0 means 16 where the host is
	// near, and up to 128 where the way to it is long: at a round trip of 20 ms
	// sixteen leave the host idle most of the time.
	InFlight int
	// Sessions is the most connections, 8 when 0.
	Sessions int
	// BytesPerSecond bounds reading, OpsPerSecond the files opened, parts read
	// and pages listed; 0 is no bound.
	BytesPerSecond int64
	OpsPerSecond   int
}

const (
	// near and far are the most operations at a time when nobody said: at a
	// host that answers at once, and at one that is far away.
	near, far = 16, 128
	// perSession is the most operations at a time on one session: beyond it,
	// compound requests starve each other of credits.
	perSession = 16

	defaultHostSessions = 8
)

// Limiter bounds the load on one host, across all sources that share it.
//
// It also steps back when the host grows slow: while operations take several
// times what they took in good times, it lets fewer run at a time, down to
// one, and goes up again step by step. And it goes up where operations wait
// for the network and not for the host.
type Limiter struct {
	bytes, ops *rate.Limiter
	slots      slots

	mu      sync.Mutex
	base    int     // what a host that is near gets
	max     int     // what any host gets
	limit   float64 // current bound, 1..max
	running int
	waiting []chan struct{}
	kinds   [numKinds]latency
	lowered time.Time
}

// kind groups operations that take alike.
type kind uint8

const (
	single  kind = iota // one entry: opened, read, asked about
	listed              // a page of a listing
	batched             // the descriptors of a batch
	data                // content of a file: takes what the line gives, never observed
	numKinds
)

// latency is what operations of one kind take, in seconds.
type latency struct {
	recent  float64 // recent mean
	good    float64 // mean of good times
	least   float64 // what one takes when it waits for nobody
	samples int
}

// NewLimiter returns a limiter for one host.
func NewLimiter(l Limits) *Limiter {
	r := &Limiter{base: l.InFlight, max: l.InFlight}
	if l.InFlight <= 0 {
		r.base, r.max = near, far
	}
	r.limit = float64(r.base)
	r.slots.max = l.Sessions
	if l.Sessions <= 0 {
		r.slots.max = defaultHostSessions
	}
	if l.BytesPerSecond > 0 {
		r.bytes = rate.NewLimiter(rate.Limit(l.BytesPerSecond), int(min(l.BytesPerSecond, 1<<20)))
	}
	if l.OpsPerSecond > 0 {
		r.ops = rate.NewLimiter(rate.Limit(l.OpsPerSecond), max(1, l.OpsPerSecond/10))
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
	// farFactor: while an operation among many takes no longer than this many
	// times what it takes alone, the host is not what it waits for.
	farFactor = 1.5
)

// observe takes the latency of an operation, from when it was sent.
func (l *Limiter) observe(k kind, d time.Duration, now time.Time) {
	if k == data {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	y := &l.kinds[k]
	s := d.Seconds()
	y.add(s)
	if y.samples < warmUp {
		return
	}
	switch {
	case y.recent > slowFactor*y.good && y.recent > slowFloor:
		if now.Sub(l.lowered) > settle {
			l.limit = max(1, l.limit*stepBack)
			l.lowered = now
		}
		return
	case l.limit < float64(l.base):
		l.limit = min(float64(l.base), l.limit+1/(l.limit*4))
	case len(l.waiting) > 0 && y.recent < farFactor*y.least:
		l.limit = min(float64(l.max), l.limit+4/l.limit)
	case l.limit > float64(l.base) && y.recent > 2*farFactor*y.least:
		l.limit = max(float64(l.base), l.limit-1/l.limit)
	}
	// Good times follow the present slowly, so that a host that is slow for
	// hours is not taken for a good one.
	y.good += (s - y.good) / 4096
	y.good = min(y.good, y.recent*4)
	y.least += (s - y.least) / (1 << 14)
	l.wake()
}

func (y *latency) add(s float64) {
	y.samples++
	if y.samples == 1 {
		y.recent, y.good, y.least = s, s, s
	}
	y.recent += (s - y.recent) / 16
	y.least = min(y.least, s)
	if y.samples < warmUp {
		y.good += (s - y.good) / 16
	}
}

// InFlight returns how many operations may run at present.
func (l *Limiter) InFlight() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return int(l.limit)
}

// wait waits until n bytes may be read.
func (l *Limiter) wait(ctx context.Context, n int) error { return spend(ctx, l.bytes, n) }

// waitOps waits until n operations may begin.
func (l *Limiter) waitOps(ctx context.Context, n int) error { return spend(ctx, l.ops, n) }

func spend(ctx context.Context, r *rate.Limiter, n int) error {
	if r == nil {
		return nil
	}
	for n > 0 {
		part := min(n, r.Burst())
		if err := r.WaitN(ctx, part); err != nil {
			if _, ends := ctx.Deadline(); ends {
				<-ctx.Done() // it would come too late: the end is near
			}
			return cmp.Or(context.Cause(ctx), err)
		}
		n -= part
	}
	return nil
}

package session

import (
	"context"

	"golang.org/x/time/rate"
)

// Limits keep a portal unharmed. 0 is the default.
type Limits struct {
	// InFlight is how many requests are under way at once.
	InFlight int
	// RequestsPerSecond bounds how fast they are begun.
	RequestsPerSecond float64
	// BytesPerSecond is the bandwidth; 0 is no limit.
	BytesPerSecond int64
}

// Defaults for a portal that somebody works with: a quarter of what one
// employee's browser opens, at the pace of a few people.
const (
	DefaultInFlight = 4
	DefaultRate     = 20
)

// Limiter bounds the load on one host over all its sessions.
type Limiter struct {
	slots chan struct{}
	rate  *rate.Limiter
	band  *rate.Limiter
}

// NewLimiter returns a limiter.
func NewLimiter(l Limits) *Limiter {
	if l.InFlight <= 0 {
		l.InFlight = DefaultInFlight
	}
	if l.RequestsPerSecond <= 0 {
		l.RequestsPerSecond = DefaultRate
	}
	m := &Limiter{
		slots: make(chan struct{}, l.InFlight),
		rate:  rate.NewLimiter(rate.Limit(l.RequestsPerSecond), max(1, int(l.RequestsPerSecond))),
	}
	if l.BytesPerSecond > 0 {
		m.band = rate.NewLimiter(rate.Limit(l.BytesPerSecond), int(min(max(l.BytesPerSecond, 64<<10), 1<<30)))
	}
	return m
}

// InFlight is how many requests may be under way at once.
func (l *Limiter) InFlight() int { return cap(l.slots) }

// acquire waits for a place and for the pace.
func (l *Limiter) acquire(ctx context.Context) (release func(), err error) {
	select {
	case l.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if err := l.rate.Wait(ctx); err != nil {
		<-l.slots
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return nil, err
	}
	return func() { <-l.slots }, nil
}

// bytes waits until n more bytes are within the bandwidth.
func (l *Limiter) bytes(ctx context.Context, n int) error {
	if l.band == nil {
		return nil
	}
	return l.band.WaitN(ctx, n)
}

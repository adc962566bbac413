package worker

import (
	"context"
	"sync"
	"time"
)

// clock is a context that ends with context.DeadlineExceeded after some time
// of work. It can be stopped while a document waits for or is in OCR, which
// has a budget of its own.
type clock struct {
	context.Context
	mu      sync.Mutex
	done    chan struct{}
	err     error
	timer   *time.Timer
	left    time.Duration
	started time.Time // zero while stopped
	paused  int
	detach  func() bool
}

func newClock(parent context.Context, d time.Duration) *clock {
	c := &clock{Context: parent, done: make(chan struct{}), left: d}
	c.detach = context.AfterFunc(parent, func() { c.end(parent.Err()) })
	c.mu.Lock()
	c.start()
	c.mu.Unlock()
	return c
}

func (c *clock) start() {
	c.started = time.Now()
	c.timer = time.AfterFunc(c.left, func() { c.end(context.DeadlineExceeded) })
}

func (c *clock) end(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = err
		close(c.done)
	}
}

// pause stops the clock until as many calls of resume.
func (c *clock) pause() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.paused++
	if c.paused == 1 {
		c.timer.Stop()
		c.left -= time.Since(c.started)
	}
}

func (c *clock) resume() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.paused--
	if c.paused == 0 && c.err == nil {
		c.start()
	}
}

// stop frees the clock; its context ends with context.Canceled.
func (c *clock) stop() {
	c.detach()
	c.mu.Lock()
	c.timer.Stop()
	c.mu.Unlock()
	c.end(context.Canceled)
}

// Done implements context.Context.
func (c *clock) Done() <-chan struct{} { return c.done }

// Err implements context.Context.
func (c *clock) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Deadline implements context.Context. It is not known beforehand.
func (c *clock) Deadline() (time.Time, bool) { return time.Time{}, false }

package image

import (
	"context"
	"fmt"
	"sync"
	"time"

	"aktvakt/scanner/extract"
)

// Budget is a Gate with a number of places, and a budget of pages and of time
// over all its life. It may be used by many goroutines.
type Budget struct {
	places chan struct{}

	mu      sync.Mutex
	pages   int
	time    time.Duration
	used    int
	spent   time.Duration
	refused int
}

// NewBudget returns a Budget: so many pages at once (at least one), so many
// pages in all and so much time in all, added up over the pages; 0 is no
// limit.
func NewBudget(places, pages int, limit time.Duration) *Budget {
	return &Budget{places: make(chan struct{}, max(places, 1)), pages: pages, time: limit}
}

// Enter implements Gate.
func (b *Budget) Enter(ctx context.Context) (func(), error) {
	if err := b.check(); err != nil {
		return nil, err
	}
	select {
	case b.places <- struct{}{}:
	case <-ctx.Done():
		return nil, extract.Alive(ctx)
	}
	if err := b.check(); err != nil {
		<-b.places
		return nil, err
	}
	b.mu.Lock()
	b.used++
	b.mu.Unlock()
	start := time.Now()
	return sync.OnceFunc(func() {
		b.mu.Lock()
		b.spent += time.Since(start)
		b.mu.Unlock()
		<-b.places
	}), nil
}

func (b *Budget) check() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.pages > 0 && b.used >= b.pages:
		b.refused++
		return fmt.Errorf("OCR's budget of %d pages is used up: %w", b.pages, extract.ErrBudget)
	case b.time > 0 && b.spent >= b.time:
		b.refused++
		return fmt.Errorf("OCR's budget of %v is used up: %w", b.time, extract.ErrBudget)
	}
	return nil
}

// Used tells how many pages were admitted, how much time they took and how
// many were refused.
func (b *Budget) Used() (pages int, spent time.Duration, refused int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.used, b.spent, b.refused
}

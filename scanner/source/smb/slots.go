package smb

import (
	"context"
	"errors"
	"sync"
	"time"
)

// slots are the places for connections to a host, across all sources. A source
// that has none waits; who holds a place without using it gives it up.
type slots struct {
	mu    sync.Mutex
	max   int
	taken int            // those of links and of those who dial
	links map[*link]bool // connections that hold a place
	freed chan struct{}  // closed when a place is given back
}

const (
	// idleAfter is how long a connection is unused before another source may
	// have its place.
	idleAfter = time.Second
	// reclaim is how often one who waits looks for such a connection.
	reclaim = 200 * time.Millisecond
)

var errYield = errors.New("the connection made room for another share of the server")

// try takes a place if there is one.
func (s *slots) try() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken >= s.max {
		return false
	}
	s.taken++
	return true
}

// take waits for a place, until closed is.
func (s *slots) take(ctx context.Context, closed <-chan struct{}) error {
	for !s.try() {
		victim, freed := s.spare(time.Now())
		if victim != nil {
			victim.drop(errYield)
			continue
		}
		t := time.NewTimer(reclaim)
		select {
		case <-freed:
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return context.Cause(ctx)
		case <-closed:
			t.Stop()
			return errClosed
		}
		t.Stop()
	}
	return nil
}

// spare finds the connection that can best be spared: one that nobody uses, or
// the second one of a source. What is under way on it is done again on
// another.
func (s *slots) spare(now time.Time) (*link, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.freed == nil {
		s.freed = make(chan struct{})
	}
	per := map[*Source]int{}
	for l := range s.links {
		per[l.src]++
	}
	var best *link
	for l := range s.links {
		idle := l.running.Load() == 0 && now.Sub(time.Unix(0, l.used.Load())) > idleAfter
		if (idle || per[l.src] > 1) && (best == nil || l.used.Load() < best.used.Load()) {
			best = l
		}
	}
	return best, s.freed
}

// keep ties a place that was taken to a connection.
func (s *slots) keep(l *link) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.links == nil {
		s.links = map[*link]bool{}
	}
	s.links[l] = true
}

// give gives a place back; l is nil when no connection came of it.
func (s *slots) give(l *link) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l != nil {
		if !s.links[l] {
			return
		}
		delete(s.links, l)
	}
	s.taken--
	if s.freed != nil {
		close(s.freed)
		s.freed = nil
	}
}

package scanner

import (
	"slices"
	"time"

	"aktvakt/scanner/source"
)

// Work is a document that is being read.
type Work struct {
	// Path is the full name, without identity numbers.
	Path  string    `json:"path"`
	Size  int64     `json:"size"`
	Since time.Time `json:"since"`
}

// begin notes that a file is being read, until done is called.
func (c *Count) begin(j job) (done func()) {
	n := c.jobs.Add(1)
	c.busy.Store(n, busy{j, time.Now()})
	return func() { c.busy.Delete(n) }
}

type busy struct {
	j     job
	since time.Time
}

// Busy lists what is being worked on, the longest first.
func (c *Count) Busy() []Work {
	var out []Work
	c.busy.Range(func(_, v any) bool {
		b := v.(busy)
		out = append(out, Work{b.j.t.mask(source.Join(b.j.t.name(), b.j.entry.Path)), b.j.entry.Size, b.since})
		return true
	})
	slices.SortFunc(out, func(a, b Work) int { return a.Since.Compare(b.Since) })
	return out
}

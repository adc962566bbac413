package scanner

import (
	"context"
	"sync"

	"aktvakt/scanner/finding"
)

// Survey is what a walk without reading finds in one target.
type Survey struct {
	finding.TargetSummary
	// Files and Bytes are what a scan would open.
	Files int
	Bytes int64
	// Skipped counts what a scan would leave out, by reason.
	Skipped map[finding.Reason]int
}

// Walk lists the targets one after another and counts, opening no document.
// Its error is the cause for which ctx ended.
func Walk(ctx context.Context, targets []Target, count *Count) ([]Survey, error) {
	out := make([]Survey, len(targets))
	for i, x := range targets {
		t := &target{Target: x, src: x.Source, total: count, mask: func(s string) string { return s }}
		t.sum = finding.TargetSummary{Name: t.name(), Status: "complete"}
		s := &out[i]
		s.Skipped = map[finding.Reason]int{}
		t.survey(ctx, s)
		t.sum.Entries, t.sum.Folders = int(t.count.Entries.Load()), int(t.count.Folders.Load())
		s.TargetSummary = t.sum
		if t.src != nil {
			t.src.Close()
		}
	}
	return out, context.Cause(ctx)
}

func (t *target) survey(ctx context.Context, s *Survey) {
	if t.Err != nil {
		t.fail(t.Err)
		return
	}
	root, err := t.src.Root(ctx)
	if err != nil {
		t.fail(err)
		return
	}
	var mu sync.Mutex
	files := make(chan []job)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for js := range files {
			for _, j := range js {
				s.Files++
				s.Bytes += j.entry.Size
			}
		}
	}()
	w := newWalk(t, files, func(x finding.Skip) {
		mu.Lock()
		defer mu.Unlock()
		s.Skipped[x.Reason]++
		t.sum.Skipped++
	})
	w.all(ctx, root)
	close(files)
	<-done
	switch {
	case ctx.Err() != nil:
		t.stopped()
	case w.fault != nil:
		t.sum.Status, t.sum.Error = "incomplete", "not every folder could be listed: "+t.plain(w.fault)
	}
}

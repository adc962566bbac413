package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"path"
	"sync"
	"time"

	"golang.org/x/term"
)

// showProgress tells how far a run has come until the returned function is
// called: one line that is written over on a terminal, else one JSON log line
// a minute.
func showProgress(w io.Writer, report func() progressReport) (stop func()) {
	f, ok := w.(*os.File)
	tty := ok && term.IsTerminal(int(f.Fd()))
	every := time.Minute
	if tty {
		every = 200 * time.Millisecond
	}
	log := slog.New(slog.NewJSONHandler(w, nil))
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				if tty {
					width, _, err := term.GetSize(int(f.Fd()))
					if err != nil {
						width = 80
					}
					fmt.Fprintf(w, "\r\x1b[K%.*s", max(width-1, 20), progressLine(report()))
				} else {
					logProgress(log, report())
				}
			case <-done:
				if tty {
					fmt.Fprint(w, "\r\x1b[K")
				}
				return
			}
		}
	})
	return func() {
		close(done)
		wg.Wait()
	}
}

func progressLine(p progressReport) string {
	d := p.Updated.Sub(p.Started)
	sec := max(d.Seconds(), 0.001)
	line := fmt.Sprintf("%s  %d entries: %d scanned, %d unchanged, %d skipped, %d findings  %.0f files/s, %s/s",
		d.Round(time.Second), p.Entries, p.Scanned, p.Unchanged, p.Skipped, p.Findings,
		float64(p.done())/sec, bytesText(int64(float64(p.Bytes)/sec)))
	if p.LeftS > 0 {
		line += fmt.Sprintf(", %s left", time.Duration(p.LeftS)*time.Second)
	}
	if len(p.Busy) > 0 {
		line += "  " + path.Base(p.Busy[0].Path)
	}
	return line
}

func logProgress(log *slog.Logger, p progressReport) {
	log.Info("progress", "folders", p.Folders, "entries", p.Entries, "scanned", p.Scanned, "unchanged", p.Unchanged,
		"skipped", p.Skipped, "findings", p.Findings, "bytes", p.Bytes, "seconds", int(p.Updated.Sub(p.Started).Seconds()), "left_seconds", p.LeftS)
}

// bytesText prints a number of bytes with a unit a person can read.
func bytesText(n int64) string {
	const unit = 1024
	if n < unit {
		return fmt.Sprintf("%d B", n)
	}
	v, i := float64(n)/unit, 0
	for v >= unit && i < 4 {
		v /= unit
		i++
	}
	return fmt.Sprintf("%.1f %ciB", v, "KMGTP"[i])
}

package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"golang.org/x/term"

	"aktvakt/scanner"
)

// showProgress tells how far a run has come until the returned function is
// called: one line that is written over on a terminal, else one JSON log line
// a minute.
func showProgress(w io.Writer, n *scanner.Count) (stop func()) {
	f, ok := w.(*os.File)
	tty := ok && term.IsTerminal(int(f.Fd()))
	every := time.Minute
	if tty {
		every = 200 * time.Millisecond
	}
	log := slog.New(slog.NewJSONHandler(w, nil))
	started := time.Now()
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
					fmt.Fprintf(w, "\r\x1b[K%.*s", max(width-1, 20), progressLine(n, time.Since(started)))
				} else {
					logProgress(log, n, time.Since(started))
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

func progressLine(n *scanner.Count, d time.Duration) string {
	scanned, bytes := n.Scanned.Load(), n.Bytes.Load()
	s := max(d.Seconds(), 0.001)
	return fmt.Sprintf("%s  %d folders, %d entries: %d scanned, %d skipped, %d findings  %.0f files/s, %s/s",
		d.Round(time.Second), n.Folders.Load(), n.Entries.Load(), scanned, n.Skipped.Load(), n.Sensitive.Load(),
		float64(scanned)/s, bytesText(int64(float64(bytes)/s)))
}

func logProgress(log *slog.Logger, n *scanner.Count, d time.Duration) {
	log.Info("progress", "folders", n.Folders.Load(), "entries", n.Entries.Load(), "scanned", n.Scanned.Load(),
		"skipped", n.Skipped.Load(), "findings", n.Sensitive.Load(), "bytes", n.Bytes.Load(), "seconds", int(d.Seconds()))
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

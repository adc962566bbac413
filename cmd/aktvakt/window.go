package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"aktvakt/scanner"
	"aktvakt/scanner/config"
)

// patience is how long before its window a scan waits for it.
const patience = time.Hour

// inWindow waits for a window that opens soon, and ends the context with
// ErrMaxDuration when it closes.
func inWindow(ctx context.Context, w config.Window, log io.Writer, now func() time.Time) (context.Context, context.CancelFunc, error) {
	if w.IsZero() {
		c, cancel := context.WithCancel(ctx)
		return c, cancel, nil
	}
	opens, closes := w.Next(now())
	if wait := opens.Sub(now()); wait > patience {
		return nil, nil, &hinted{
			fmt.Errorf("%w: it is outside of the window %s, which opens at %s", errIncomplete, w, opens.Format("2006-01-02 15:04")),
			"start the scan in its window, or scan at once with --window any",
		}
	} else if wait > 0 {
		say(log, "info", fmt.Sprintf("waiting for the window to open at %s", opens.Format("15:04")), "")
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, nil, context.Cause(ctx)
		}
	}
	c, cancel := context.WithDeadlineCause(ctx, closes, scanner.ErrMaxDuration)
	return c, cancel, nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"aktvakt/scanner"
	"aktvakt/scanner/config"
)

// Exit codes. 2 stays unused: a Go panic exits with it.
const (
	exitOK         = 0
	exitFailed     = 1
	exitIncomplete = 3
	exitUsage      = 4
	exitFailOn     = 10
	exitCancelled  = 130
)

// usageError is a fault of the command line or the configuration.
type usageError struct{ what, hint string }

func (e *usageError) Error() string { return e.what }

// hinted is an error with advice.
type hinted struct {
	error
	hint string
}

func (e *hinted) Unwrap() error { return e.error }

// Outcomes that are no failures of the program.
var (
	errIncomplete = errors.New("the scan is incomplete")
	errNotReady   = errors.New("a scan would be incomplete")
	errFailOn     = errors.New("findings reached the severity of --fail-on")
)

// exitCode prints an error as the user should read it and returns the code
// that it stands for.
func exitCode(err error, stderr io.Writer) int {
	if err == nil {
		return exitOK
	}
	if f := config.AsFaults(err); f != nil {
		for _, x := range f.List {
			fmt.Fprintf(stderr, "aktvakt: error: %s\n", f.Line(x))
			if x.Hint != "" {
				fmt.Fprintf(stderr, "aktvakt: hint: %s\n", x.Hint)
			}
		}
		return exitUsage
	}
	var usage *usageError
	var h *hinted
	switch {
	case errors.As(err, &usage):
		say(stderr, "error", usage.what, usage.hint)
		return exitUsage
	case errors.Is(err, context.Canceled):
		say(stderr, "error", "cancelled; the report holds what was found until then", "")
		return exitCancelled
	case errors.Is(err, errFailOn):
		say(stderr, "notice", err.Error(), "")
		return exitFailOn
	case errors.Is(err, scanner.ErrMaxDuration), errors.Is(err, errIncomplete), errors.Is(err, errNotReady):
		say(stderr, "warning", err.Error(), "")
		return exitIncomplete
	case errors.As(err, &h):
		say(stderr, "error", err.Error(), h.hint)
	default:
		say(stderr, "error", err.Error(), "")
	}
	return exitFailed
}

func say(w io.Writer, kind, what, hint string) {
	fmt.Fprintf(w, "aktvakt: %s: %s\n", kind, what)
	if hint != "" {
		fmt.Fprintf(w, "aktvakt: hint: %s\n", hint)
	}
}

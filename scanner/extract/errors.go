package extract

import (
	"context"
	"errors"
	"io/fs"

	"aktvakt/scanner/finding"
)

// Sentinels an extractor wraps, so that the core knows what became of a
// document. Their texts complete the sentence "the document ...". An error
// that wraps none of them is reported as finding.Failed.
var (
	// ErrUnsupported: the file is not of the extractor's formats after all.
	// Returned before any text, it lets the next extractor try.
	ErrUnsupported = errors.New("is of no supported format")
	// ErrEncrypted: the content cannot be read without a password or right.
	ErrEncrypted = errors.New("is encrypted")
	// ErrCorrupt: the file breaks the rules of its format.
	ErrCorrupt = errors.New("is corrupt")
	// ErrTooLarge: one part is larger than a reader may hold.
	ErrTooLarge = errors.New("is too large")
	// ErrBudget: the document with all that it embeds used up its budget of
	// bytes, members or depth. It ends the whole document.
	ErrBudget = errors.New("is larger than its budget")
	// ErrTimeout: the document used up its time.
	ErrTimeout = errors.New("took too long")
	// ErrCarved: no reader knows the format; its text was carved out of the
	// bytes and may be incomplete or out of order.
	ErrCarved = errors.New("has no reader; readable strings were carved out")
)

// ReasonOf returns the reason for a skip that err stands for. A read error of
// the file below counts before what an extractor made of it.
func ReasonOf(err error) finding.Reason {
	var below *readError
	if errors.As(err, &below) {
		return reasonOfRead(below.err)
	}
	switch {
	case errors.Is(err, ErrEncrypted):
		return finding.Encrypted
	case errors.Is(err, ErrBudget), errors.Is(err, ErrTooLarge):
		return finding.TooLarge
	case errors.Is(err, ErrTimeout), errors.Is(err, context.DeadlineExceeded):
		return finding.Timeout
	case errors.Is(err, ErrCorrupt):
		return finding.Corrupt
	case errors.Is(err, ErrUnsupported), errors.Is(err, ErrCarved):
		return finding.Unsupported
	}
	return finding.Failed
}

func reasonOfRead(err error) finding.Reason {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return finding.Vanished
	case errors.Is(err, fs.ErrPermission):
		return finding.AccessDenied
	case errors.Is(err, context.DeadlineExceeded):
		return finding.Timeout
	}
	return finding.Failed
}

// gravity orders the reasons for which a document can be partial: the gravest
// is told.
func gravity(r finding.Reason) int {
	switch r {
	case finding.Unsupported:
		return 1
	case finding.TooLarge:
		return 2
	case finding.Corrupt:
		return 3
	case finding.Encrypted:
		return 4
	case finding.Timeout:
		return 5
	}
	return 6
}

// readError is an error of the file below, as opposed to one of its format.
type readError struct{ err error }

func (e *readError) Error() string { return "read: " + e.err.Error() }
func (e *readError) Unwrap() error { return e.err }

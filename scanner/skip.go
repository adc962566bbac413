package scanner

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/finding"
	"aktvakt/scanner/source"
)

// reasonOf returns the reason for a skip that an error of a source or of the
// extraction stands for.
func reasonOf(err error) finding.Reason {
	switch {
	case errors.Is(err, source.ErrLocked):
		return finding.Locked
	case errors.Is(err, source.ErrOffline):
		return finding.Offline
	case errors.Is(err, fs.ErrPermission):
		return finding.AccessDenied
	case errors.Is(err, fs.ErrNotExist):
		return finding.Vanished
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return finding.Timeout
	}
	return extract.ReasonOf(err)
}

// Hint says what the operator can do about a target's error, or "".
func Hint(err error) string {
	// A domain that refuses a ticket says more than that the log-on failed.
	var own interface{ Hint() string }
	if errors.As(err, &own) && own.Hint() != "" {
		return own.Hint()
	}
	switch {
	case errors.Is(err, source.ErrLogon):
		return "check the account and its password: AKTVAKT_SMB_USER and AKTVAKT_SMB_PASSWORD_FILE, or credentials in the configuration"
	case errors.Is(err, source.ErrNoShare):
		return "name the host alone, smb://host, to scan every share that it lists"
	case errors.Is(err, source.ErrUnreachable):
		return "check the host's name and port, and that this machine may reach it (TCP 445)"
	case errors.Is(err, fs.ErrPermission):
		return "grant the scanning account read access to the target, or run as one that has it"
	case errors.Is(err, fs.ErrNotExist):
		return "check the path"
	}
	return ""
}

// plain is an error's text for people: without the path of the entry or the
// name of the target, which are told beside it, and without identity numbers.
func (t *target) plain(err error) string {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	return t.mask(strings.TrimPrefix(err.Error(), t.name()+": "))
}

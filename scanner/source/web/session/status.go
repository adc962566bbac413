package session

import (
	"fmt"
	"io/fs"
	"net/http"

	"aktvakt/scanner/source"
)

var errPermission = fs.ErrPermission

// hinted is an error that says what to do.
type hinted struct {
	error
	hint string
}

func (h *hinted) Unwrap() error { return h.error }

// Hint says what to do.
func (h *hinted) Hint() string { return h.hint }

// Refused is a source.ErrLogon of a portal.
func Refused(what string) error {
	return &hinted{fmt.Errorf("%w: %s", source.ErrLogon, what),
		"check the account: AKTVAKT_WEB_USER and AKTVAKT_WEB_PASSWORD_FILE, or credentials and web.logon in the configuration (docs/portals.md)"}
}

func unreachable(why error) error {
	return &hinted{fmt.Errorf("%w: %w", source.ErrUnreachable, why), "check the address and its port, and that this machine may reach it; web.ca_file names an authority of your own"}
}

// Status is an answer that is none: 403, 404, 500.
type Status struct {
	Code int
	what string
	is   error
}

func (e *Status) Error() string {
	switch {
	case e.what != "":
		return e.what
	case e.is != nil:
		return fmt.Sprintf("%v (HTTP %d)", e.is, e.Code)
	}
	return fmt.Sprintf("the portal answered %d %s", e.Code, http.StatusText(e.Code))
}

func (e *Status) Unwrap() error { return e.is }

package session

import (
	"fmt"
	"io/fs"
	"net/http"
)

var errPermission = fs.ErrPermission

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

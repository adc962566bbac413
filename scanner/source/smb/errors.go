package smb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/cloudsoda/go-smb2"

	"aktvakt/scanner/source"
	"aktvakt/scanner/source/smb/internal/wire"
)

var (
	errClosed  = fmt.Errorf("source is closed: %w", fs.ErrClosed)
	errTimeout = errors.New("the server did not answer in time")
	errChanged = errors.New("file was changed while it was read")
	errFolder  = errors.New("is a folder")
)

// statusError is a status of the server and the error of package source or
// fs that callers branch on.
type statusError struct {
	status wire.Status
	kind   error // may be nil
	text   string
}

func (e *statusError) Error() string { return e.text + " (" + e.status.Error() + ")" }

func (e *statusError) Unwrap() []error {
	if e.kind == nil {
		return []error{e.status}
	}
	return []error{e.kind, e.status}
}

var kinds = map[wire.Status]statusError{
	wire.AccessDenied:        {kind: fs.ErrPermission, text: "access denied"},
	wire.NetworkAccessDenied: {kind: fs.ErrPermission, text: "access denied"},

	wire.ObjectNameNotFound: {kind: fs.ErrNotExist, text: "does not exist"},
	wire.ObjectPathNotFound: {kind: fs.ErrNotExist, text: "does not exist"},
	wire.NoSuchFile:         {kind: fs.ErrNotExist, text: "does not exist"},
	wire.NotFound:           {kind: fs.ErrNotExist, text: "does not exist"},
	wire.DeletePending:      {kind: fs.ErrNotExist, text: "is being deleted"},
	wire.FileDeleted:        {kind: fs.ErrNotExist, text: "was deleted"},

	wire.SharingViolation: {kind: source.ErrLocked, text: "held by another program"},
	wire.FileLockConflict: {kind: source.ErrLocked, text: "locked by another program"},
	wire.LockNotGranted:   {kind: source.ErrLocked, text: "locked by another program"},

	wire.FileIsOffline:         {kind: source.ErrOffline, text: "offline"},
	wire.FileNotAvailable:      {kind: source.ErrOffline, text: "offline"},
	wire.CloudFileProvider:     {kind: source.ErrOffline, text: "in a cloud tier"},
	wire.CloudFileUnsuccessful: {kind: source.ErrOffline, text: "in a cloud tier"},
	wire.CloudFileAccessDenied: {kind: source.ErrOffline, text: "in a cloud tier"},

	wire.BadNetworkName: {kind: source.ErrNoShare, text: "the server has no share of that name"},

	wire.LogonFailure:        {kind: source.ErrLogon, text: "unknown account or wrong password"},
	wire.NoSuchUser:          {kind: source.ErrLogon, text: "unknown account"},
	wire.WrongPassword:       {kind: source.ErrLogon, text: "wrong password"},
	wire.AccountRestriction:  {kind: source.ErrLogon, text: "the account may not log on"},
	wire.InvalidLogonHours:   {kind: source.ErrLogon, text: "the account may not log on at this hour"},
	wire.InvalidWorkstation:  {kind: source.ErrLogon, text: "the account may not log on from this computer"},
	wire.PasswordExpired:     {kind: source.ErrLogon, text: "the password has expired"},
	wire.PasswordMustChange:  {kind: source.ErrLogon, text: "the password must be changed first"},
	wire.AccountDisabled:     {kind: source.ErrLogon, text: "the account is disabled"},
	wire.AccountExpired:      {kind: source.ErrLogon, text: "the account has expired"},
	wire.AccountLockedOut:    {kind: source.ErrLogon, text: "the account is locked out"},
	wire.LogonTypeNotGranted: {kind: source.ErrLogon, text: "the account may not log on over the network"},

	wire.FileIsADirectory: {kind: errFolder, text: "is a folder"},
	wire.NotADirectory:    {text: "is not a folder"},
	wire.PathNotCovered:   {text: "is a DFS link"},
	wire.StoppedOnSymlink: {text: "is a symbolic link"},
}

// explain turns a status of the server into words and an error that callers
// branch on; other errors it leaves alone.
func explain(err error) error {
	st, ok := err.(wire.Status)
	if !ok {
		return err
	}
	e := kinds[st]
	e.status = st
	if e.text == "" {
		e.text = "the server refused"
	}
	return &e
}

// outcome is what an error means for the connection.
type outcome int

const (
	// answered: the server's answer, good or bad.
	answered outcome = iota
	// busy: the server asks to come back.
	busy
	// broken: the connection or the session is of no more use.
	broken
)

func outcomeOf(err error) outcome {
	if err == nil || err == io.EOF {
		return answered
	}
	st, ok := wire.AsStatus(err)
	if !ok {
		return broken
	}
	switch st {
	case wire.InsufficientResources, wire.InsuffServerResources, wire.RequestNotAccepted, wire.TooManyOpenedFiles,
		wire.IOTimeout, wire.Retry,
		// Servers short of credits answer directory queries with this.
		wire.InvalidParameter:
		return busy
	case wire.NetworkSessionExpired, wire.UserSessionDeleted, wire.NetworkNameDeleted, wire.ConnectionDisconnect,
		wire.ConnectionReset, wire.FileClosed:
		return broken
	}
	return answered
}

// logonError explains an error of the negotiation and log-on.
func logonError(err error) error {
	var re *smb2.ResponseError
	var ir *smb2.InvalidResponseError
	switch {
	case errors.As(err, &re):
		return explain(wire.Status(re.Code))
	case errors.Is(err, os.ErrPermission):
		return fmt.Errorf("%w: access denied (STATUS_ACCESS_DENIED)", source.ErrLogon)
	case errors.As(err, &ir) && strings.HasPrefix(ir.Message, "expected status"):
		return fmt.Errorf("%w: %s", source.ErrLogon, ir.Message)
	}
	return err
}

// mountError explains an error of connecting to the share.
func mountError(err error) error {
	var re *smb2.ResponseError
	switch {
	case errors.As(err, &re):
		return explain(wire.Status(re.Code))
	case errors.Is(err, os.ErrPermission):
		return fmt.Errorf("the share refuses the account: %w", explain(wire.AccessDenied))
	case errors.Is(err, os.ErrNotExist):
		return explain(wire.BadNetworkName)
	}
	return err
}

// final reports whether trying to connect again is of no use.
func final(err error) bool {
	return errors.Is(err, source.ErrLogon) || errors.Is(err, source.ErrNoShare) || errors.Is(err, fs.ErrPermission) ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

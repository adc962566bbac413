package web

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"

	"aktvakt/scanner/source/web/page"
	"aktvakt/scanner/source/web/session"
)

// answer is a reply of the portal that was looked at for a log-in page.
type answer struct {
	*session.Reply
	// logon tells that it is a page with a log-in form, redirected that the
	// portal led there from another address.
	logon, redirected bool
}

// peeked bounds what is read of a page to look for a log-in form, in bytes.
const peeked = 2 << 20

// ask asks the portal as a session, and logs on by form where it shows a log-in
// page instead. It logs on where the start page leads, if that wants a log-in
// too: a portal may show a log-in page to who is logged in and may not see the
// document, and that must not pass for a refused password.
func (s *Source) ask(ctx context.Context, as *session.Session, r session.Request) (*answer, error) {
	seen := as.Logons()
	a, err := s.look(ctx, as, r)
	if err != nil || !a.logon || !as.FormLogon() {
		return a, err
	}
	at := a.URL
	switch home := s.home(ctx, as); {
	case home != nil:
		at = home
	case seen > 0 || !a.redirected:
		return a, nil // the session is as good as before
	}
	a.Body.Close()
	if err := as.LogOn(ctx, at, seen); err != nil {
		return nil, err
	}
	return s.look(ctx, as, r)
}

// home is the log-in page to which the start page leads, nil where the start
// page is shown as it is.
func (s *Source) home(ctx context.Context, as *session.Session) *url.URL {
	a, err := s.look(ctx, as, session.Request{URL: s.cfg.Home})
	if err != nil {
		return nil
	}
	a.Body.Close()
	if !a.logon {
		return nil
	}
	return a.URL
}

// look asks once and looks for a log-in form.
func (s *Source) look(ctx context.Context, as *session.Session, r session.Request) (*answer, error) {
	rep, err := as.Do(ctx, r)
	if err != nil {
		return nil, err
	}
	a := &answer{Reply: rep, redirected: rep.URL.EscapedPath() != r.URL.EscapedPath()}
	if rep.Elsewhere != nil || !session.IsHTML(rep.Header) {
		return a, nil
	}
	if r.Method == http.MethodHead {
		rep.Body.Close() // it holds a place at the limiter, which the next request needs
		if a.redirected {
			get, err := s.look(ctx, as, session.Request{URL: rep.URL})
			if err != nil {
				return nil, err
			}
			get.Body.Close()
			a.logon = get.logon
		}
		return a, nil
	}
	b, err := io.ReadAll(io.LimitReader(rep.Body, peeked))
	if err != nil {
		rep.Body.Close()
		return nil, err
	}
	a.logon = hasLogonForm(b, rep.URL)
	if a.logon || len(b) < peeked {
		// Who meets a log-in page asks more before this page is done with.
		rep.Body.Close()
		rep.Body = io.NopCloser(bytes.NewReader(b))
		return a, nil
	}
	rep.Body = &peekedBody{io.MultiReader(bytes.NewReader(b), rep.Body), rep.Body}
	return a, nil
}

func hasLogonForm(b []byte, at *url.URL) bool {
	if !bytes.Contains(bytes.ToLower(b), []byte("password")) {
		return false
	}
	p, err := page.Parse(bytes.NewReader(b), at)
	return err == nil && p.LogonForm() != nil
}

// peekedBody is a body whose beginning was read already.
type peekedBody struct {
	io.Reader
	io.Closer
}

// err is the error that an answer to a document stands for.
func (a *answer) err() error {
	if err := session.StatusError(a.Reply); err != nil {
		return err
	}
	if a.logon && a.redirected {
		return errLogin
	}
	return nil
}

package session

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"aktvakt/scanner/source/web/page"
)

// FormFields say where a log-in form is. What is empty is found out: the page
// that the portal sends to, its first form with a password, the field before
// the password.
type FormFields struct {
	URL            string
	User, Password string
	// SignedIn is a text that only who is logged in sees.
	SignedIn string
}

// Logons counts the log-ons by form, for LogOn.
func (s *Session) Logons() int64 {
	s.logon.Lock()
	defer s.logon.Unlock()
	return s.logon.done
}

// mostLogons bounds how often a form is submitted in a run: sessions expire
// over a night, but an account that is asked for every time is not logged on.
const mostLogons = 20

// formLimit bounds a log-in page, in bytes.
const formLimit = 2 << 20

// LogOn logs on by form, unless somebody did since the caller saw that many
// Logons. at is the page that the portal showed instead of what was asked for.
// A refused account is not tried again.
func (s *Session) LogOn(ctx context.Context, at *url.URL, seen int64) error {
	s.logon.Lock()
	defer s.logon.Unlock()
	if err := s.refused.Load(); err != nil {
		return *err
	}
	if s.logon.done > seen {
		return nil
	}
	if s.logon.done >= mostLogons {
		return s.refuse("the portal asks " + s.who() + " to log in again and again")
	}
	if s.acc.Form.URL != "" {
		u, err := at.Parse(s.acc.Form.URL)
		if err != nil || !s.mayAsk(u) {
			return s.refuse("the address of the log-in form is not on a host of the target")
		}
		at = u
	}
	rep, err := s.try(ctx, Request{Method: http.MethodGet, URL: at})
	if err != nil {
		return err
	}
	p, err := readPage(rep)
	if err != nil {
		return err
	}
	form := p.LogonForm()
	if form == nil {
		return s.refuse(fmt.Sprintf("there is no form with a password on the log-in page (HTTP %d)", rep.Status))
	}
	s.logon.done++
	return s.submit(ctx, rep.URL, form)
}

// submit fills in the form and sends it once.
func (s *Session) submit(ctx context.Context, from *url.URL, form *page.Form) error {
	to, err := from.Parse(form.Action)
	if err != nil || !s.mayAsk(to) || form.Method != http.MethodPost {
		return s.refuse("the log-in form does not go to a host of the target by POST")
	}
	if from.Scheme == "https" && to.Scheme != "https" {
		return s.refuse("the log-in form goes over http without TLS")
	}
	to.Fragment = ""
	if err := s.secretMayGo(to); err != nil {
		return err
	}
	v, err := form.Fill(s.acc.Form.User, s.account(), s.acc.Form.Password, s.acc.Password)
	if err != nil {
		return s.refuse(err.Error())
	}
	h := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Referer": {from.Scheme + "://" + from.Host + from.EscapedPath()}}
	rep, err := s.send(withTicket(ctx, to.String()), s.client, http.MethodPost, to, h, []byte(v.Encode()))
	if err != nil {
		return s.explain(ctx, err)
	}
	if next, ok := redirect(rep); ok {
		rep.Body.Close()
		if !s.mayAsk(next) {
			return s.refuse("after the log-in form the portal sends to another host, " + Host(next))
		}
		if rep, err = s.try(ctx, Request{Method: http.MethodGet, URL: next}); err != nil {
			return err
		}
	}
	return s.signedIn(rep)
}

// signedIn looks whether the log-on worked.
func (s *Session) signedIn(rep *Reply) error {
	b, err := readBody(rep)
	if err != nil {
		return err
	}
	if want := s.acc.Form.SignedIn; want != "" {
		if !bytes.Contains(b, []byte(want)) {
			return s.refuse("the portal refused " + s.who() + ": the page after the log-in lacks the text of signed_in")
		}
		return nil
	}
	p, err := page.Parse(bytes.NewReader(b), rep.URL)
	if err != nil {
		return err
	}
	if rep.Status >= 400 && rep.Status != http.StatusNotFound && rep.Status != http.StatusForbidden || p.LogonForm() != nil {
		return s.refuse(fmt.Sprintf("the portal refused %s (HTTP %d after the log-in form)", s.who(), rep.Status))
	}
	return nil
}

func readBody(rep *Reply) ([]byte, error) {
	defer rep.Body.Close()
	return io.ReadAll(io.LimitReader(rep.Body, formLimit))
}

func readPage(rep *Reply) (*page.Page, error) {
	b, err := readBody(rep)
	if err != nil {
		return nil, err
	}
	return page.Parse(bytes.NewReader(b), rep.URL)
}

// IsHTML reports whether an answer is a page.
func IsHTML(h http.Header) bool {
	t, _, _ := strings.Cut(strings.ToLower(h.Get("Content-Type")), ";")
	t = strings.TrimSpace(t)
	return t == "text/html" || t == "application/xhtml+xml"
}

package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"aktvakt/scanner/source"
	"aktvakt/scanner/source/web/page"
	"aktvakt/scanner/source/web/session"
)

// eye is a pair of eyes on the portal.
type eye struct {
	*session.Session
	probe     Probe
	anonymous bool

	mu    sync.Mutex
	ready struct {
		at  time.Time
		err error
	}
}

// name is that of the audience.
func (e *eye) name() string {
	if e.anonymous {
		return "anonymous"
	}
	return e.probe.Name
}

// seenLimit bounds what is kept of a document that a view is shown; longer
// ones are compared by their beginning and length.
const seenLimit = 8 << 20

// readyFor is how long the proof that a view works holds, and refusedFor how long
// once it was refused something: a session that has ended is refused everything.
const (
	readyFor   = time.Minute
	refusedFor = 5 * time.Second
)

// Views implements source.Viewer.
func (s *Source) Views() []source.View {
	out := make([]source.View, len(s.eyes))
	for i, e := range s.eyes {
		out[i] = source.View{Name: e.name(), People: e.probe.People, Anonymous: e.anonymous}
	}
	return out
}

// Ready implements source.Viewer: an account is ready when it can open its
// check page. Nobody needs no proof.
func (s *Source) Ready(ctx context.Context, view int) error {
	return s.readyWithin(ctx, s.eyes[view], readyFor)
}

func (s *Source) readyWithin(ctx context.Context, e *eye, age time.Duration) error {
	if e.anonymous {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if time.Since(e.ready.at) < age {
		return e.ready.err
	}
	err := s.prove(ctx, e)
	if ctx.Err() != nil {
		return err
	}
	e.ready.at, e.ready.err = time.Now(), err
	return err
}

// prove opens the check page. A folder is asked for its properties: it has no
// page.
func (s *Source) prove(ctx context.Context, e *eye) error {
	u, r := s.cfg.Home, session.Request{}
	if s.Kind() == WebDAV && e.probe.Check == "" {
		r = propfindOf("0", propsListing)
	}
	if e.probe.Check != "" {
		var err error
		if u, err = s.cfg.URL.Parse(e.probe.Check); err != nil {
			return err
		}
	}
	r.URL = u
	a, err := s.ask(ctx, e.Session, r)
	if err != nil {
		return err
	}
	defer a.Body.Close()
	if err := session.StatusError(a.Reply); err != nil {
		if a.Status == http.StatusForbidden && e.Proven() && e.probe.Check == "" {
			return nil // who is refused there is known there
		}
		return err
	}
	if a.logon {
		return errors.New("the portal shows a log-in page")
	}
	if want := e.probe.SignedIn; want != "" {
		b, err := io.ReadAll(io.LimitReader(a.Body, peeked))
		if err != nil {
			return err
		}
		if !strings.Contains(string(b), want) {
			return errors.New("the check page lacks the text of signed_in")
		}
	}
	return nil
}

// Frame implements source.Viewer.
func (s *Source) Frame(ctx context.Context) []byte {
	if s.Kind() != Site {
		return nil
	}
	x := s.sight(ctx, s.own, s.cfg.Home)
	return x.Body
}

// Look implements source.Viewer.
func (s *Source) Look(ctx context.Context, e source.Entry, view int) iter.Seq[source.Sight] {
	return func(yield func(source.Sight) bool) {
		in, err := s.reader(ctx)
		if err != nil {
			yield(source.Sight{Why: err.Error()})
			return
		}
		all, err := in.addresses(e)
		if err != nil {
			yield(source.Sight{Why: err.Error()})
			return
		}
		as := s.own
		if view >= 0 {
			as = s.eyes[view].Session
		}
		for _, u := range all {
			x := s.sight(ctx, as, u)
			if view >= 0 && x.Seen != source.Shown && x.Seen != source.Unclear {
				if err := s.readyWithin(ctx, s.eyes[view], refusedFor); err != nil {
					x = source.Sight{Length: -1, Why: "the account no longer works: " + err.Error()}
				}
			}
			x.Address = in.nameOf(u)
			if !yield(x) {
				return
			}
		}
	}
}

// sight fetches an address and says what was shown.
func (s *Source) sight(ctx context.Context, as *session.Session, u *url.URL) source.Sight {
	x := source.Sight{Length: -1}
	a, err := s.ask(ctx, as, session.Request{URL: u, Header: http.Header{"Accept-Encoding": {"identity"}}})
	if err != nil {
		if errors.Is(err, source.ErrLogon) {
			// The account does not work: nothing is known of what it may see.
			x.Why = "the account is not logged on: " + err.Error()
			return x
		}
		x.Why = err.Error()
		return x
	}
	defer a.Body.Close()
	if n, ok := length(a.Header); ok {
		x.Length = n
	}
	switch {
	case a.Elsewhere != nil:
		x.Seen, x.Why = source.LogonPage, "it is sent to "+session.Host(a.Elsewhere)+" to log in"
		return x
	case a.Status == http.StatusUnauthorized, a.Status == http.StatusForbidden:
		x.Seen, x.Why = source.Refused, fmt.Sprintf("refused (HTTP %d)", a.Status)
		return x
	case a.Status == http.StatusNotFound, a.Status == http.StatusGone:
		x.Seen, x.Why = source.Missing, fmt.Sprintf("not found (HTTP %d)", a.Status)
		return x
	case a.Status >= 300:
		x.Why = fmt.Sprintf("the portal answered %d", a.Status)
		return x
	}
	b, err := io.ReadAll(io.LimitReader(a.Body, seenLimit))
	if err != nil {
		x.Why = err.Error()
		return x
	}
	x.Seen, x.Body = source.Shown, b
	if len(b) < seenLimit {
		x.Length = int64(len(b))
	}
	if session.IsHTML(a.Header) {
		refusal(&x, a, b)
	}
	return x
}

// refusal tells pages that say no with a status that says yes.
func refusal(x *source.Sight, a *answer, b []byte) {
	switch {
	case a.logon:
		x.Seen, x.Why = source.LogonPage, "a log-in page"
	case page.Refuses(b, a.URL):
		x.Seen, x.Why = source.Refused, "a page that says that access is denied"
	}
}

package session

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"
)

// errGuard means that the program was about to do more than read.
var errGuard = errors.New("not a reading request")

// reads are the methods that change nothing on a server: RFC 9110 section
// 9.2.1, RFC 4918 section 9.1, RFC 3253 section 3.6. LOCK and PUT are not among
// them, nor is POST.
var reads = []string{http.MethodGet, http.MethodHead, http.MethodOptions, "PROPFIND", "REPORT"}

// guard is what every request passes.
type guard struct {
	next  http.RoundTripper
	hosts []string
}

// RoundTrip implements http.RoundTripper.
func (g *guard) RoundTrip(req *http.Request) (*http.Response, error) {
	if !slices.Contains(g.hosts, Host(req.URL)) {
		return nil, fmt.Errorf("%w: a host that is not part of the target", errGuard)
	}
	if !slices.Contains(reads, req.Method) && !ticketOf(req).use(req) {
		return nil, fmt.Errorf("%w: %s", errGuard, req.Method)
	}
	return g.next.RoundTrip(req)
}

// ticket lets one log-in form be submitted once.
type ticket struct {
	to   string
	used atomic.Bool
}

type ticketKey struct{}

func withTicket(ctx context.Context, to string) context.Context {
	return context.WithValue(ctx, ticketKey{}, &ticket{to: to})
}

func ticketOf(req *http.Request) *ticket {
	t, _ := req.Context().Value(ticketKey{}).(*ticket)
	return t
}

func (t *ticket) use(req *http.Request) bool {
	return t != nil && req.Method == http.MethodPost && req.URL.String() == t.to && !t.used.Swap(true)
}

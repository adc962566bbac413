// Package session asks a portal as one account: it logs on (Basic, NTLM,
// Kerberos, a log-in form, cookies), keeps to the limits of the host, follows
// redirects as far as the target's hosts, and retries what failed in passing.
//
// It can only read. Every request of the process to a portal passes the guard
// in guard.go, which lets no method through but GET, HEAD, OPTIONS, PROPFIND and
// REPORT, and no host but those of the target. The one exception is the
// submission of a log-in form: one POST, to the address of that form, once for
// each log-on.
//
// Passwords, cookies and tickets appear in no error and no log line.
//
// Start reading at New and Session.Do.
package session

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"aktvakt/scanner/access/kerberos"
	"aktvakt/scanner/source"
)

// Logon is how an account proves itself.
type Logon string

// Ways to log on.
const (
	// Auto takes what the server asks for: Negotiate or NTLM, Basic, a form.
	Auto      Logon = ""
	Anonymous Logon = "anonymous"
	Basic     Logon = "basic"
	NTLM      Logon = "ntlm"
	Kerberos  Logon = "kerberos"
	Form      Logon = "form"
	Cookies   Logon = "cookies"
)

// Logons are all ways that a configuration can name.
var Logons = []Logon{Anonymous, Basic, NTLM, Kerberos, Form, Cookies}

// Account is whom a session asks as. The zero Account is nobody.
type Account struct {
	Logon                  Logon
	Domain, User, Password string
	// Kerberos logs on with tickets, for the service SPN; "HTTP/" and the host
	// when empty.
	Kerberos *kerberos.Account
	SPN      string
	// Form says where the log-in form is and what its fields are called.
	Form FormFields
	// Cookies are of a session that somebody opened in a browser.
	Cookies []Cookie
}

// Nobody reports whether the account logs on at all.
func (a Account) nobody() bool {
	return a.Logon == Anonymous || a.User == "" && a.Kerberos == nil && len(a.Cookies) == 0
}

// Config says what may be asked, and how gently.
type Config struct {
	// Hosts are the hosts that may be asked, with the port where the address
	// has one, in lower case. Secrets go to these alone.
	Hosts []string
	// Plain lets secrets go over HTTP without TLS. It is not needed for
	// loopback addresses.
	Plain bool
	// TLS may be nil.
	TLS *tls.Config
	// Limiter is shared by all sessions on a host.
	Limiter *Limiter
	// Timeout ends a request whose server sends nothing, 30 s when 0.
	Timeout time.Duration
}

const (
	defaultTimeout = 30 * time.Second
	userAgent      = "aktvakt (reads only; see docs/portals.md)"
	maxRedirects   = 10
	// retries of a request that a server or the network failed in passing.
	retries = 2
)

// Session is one account at one portal. It may be used by many goroutines.
type Session struct {
	cfg     Config
	acc     Account
	client  *http.Client
	base    *http.Transport
	lanes   chan *http.Client // NTLM: clients of one connection each
	jar     http.CookieJar
	closed  context.Context
	close   context.CancelFunc
	scheme  atomic.Pointer[Logon] // what Auto found
	proven  atomic.Bool           // the account was accepted once
	refused atomic.Pointer[error] // the account was refused: final

	logon struct {
		sync.Mutex
		// done counts log-ons by form, so that many who meet the log-in page at
		// once log on once.
		done int64
	}
}

// New returns a session. It sends nothing until it is used.
func New(cfg Config, acc Account) *Session {
	if cfg.Timeout <= 0 {
		cfg.Timeout = defaultTimeout
	}
	if cfg.Limiter == nil {
		cfg.Limiter = NewLimiter(Limits{})
	}
	s := &Session{cfg: cfg, acc: acc}
	s.jar, _ = cookiejar.New(nil) // never fails without options
	for _, c := range acc.Cookies {
		if slices.Contains(cfg.Hosts, c.host()) || c.covers(cfg.Hosts) {
			s.jar.SetCookies(c.url(), []*http.Cookie{c.Cookie})
		}
	}
	s.closed, s.close = context.WithCancel(context.Background())
	s.base = s.transport(0)
	s.client = s.clientOf(s.base)
	s.lanes = make(chan *http.Client, cfg.Limiter.InFlight())
	for range cap(s.lanes) {
		s.lanes <- nil
	}
	return s
}

// transport makes the connections; conns is how many to a host, 0 for as many
// as the limiter allows.
func (s *Session) transport(conns int) *http.Transport {
	t := &http.Transport{
		DialContext:           (&net.Dialer{Timeout: 15 * time.Second}).DialContext,
		TLSClientConfig:       s.cfg.TLS.Clone(),
		TLSHandshakeTimeout:   15 * time.Second,
		ResponseHeaderTimeout: s.cfg.Timeout,
		MaxIdleConnsPerHost:   s.cfg.Limiter.InFlight(),
		MaxConnsPerHost:       conns,
		IdleConnTimeout:       time.Minute,
		ForceAttemptHTTP2:     conns == 0,
	}
	if conns > 0 { // NTLM holds for a connection, which HTTP/2 shares
		t.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
	}
	return t
}

// clientOf is the only place that puts a transport into use: behind the guard.
func (s *Session) clientOf(t *http.Transport) *http.Client {
	return &http.Client{
		Transport:     &guard{next: t, hosts: s.cfg.Hosts},
		Jar:           s.jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Close ends all connections. It may be called twice.
func (s *Session) Close() error {
	s.close()
	s.base.CloseIdleConnections()
	for range cap(s.lanes) {
		if c := <-s.lanes; c != nil {
			c.CloseIdleConnections()
		}
		s.lanes <- nil
	}
	return nil
}

// Signed reports whether the session has an account.
func (s *Session) Signed() bool { return !s.acc.nobody() }

// Proven reports whether a server has accepted the account by Basic, NTLM or
// Kerberos.
func (s *Session) Proven() bool { return s.proven.Load() }

// FormLogon reports whether the account logs on by a form.
func (s *Session) FormLogon() bool {
	return s.acc.Logon == Form || s.acc.Logon == Auto && s.acc.User != "" && s.acc.Password != ""
}

// Request is what to ask.
type Request struct {
	Method string // GET when empty
	URL    *url.URL
	Header http.Header
	Body   []byte
}

// Reply is the answer, after redirects.
type Reply struct {
	Status int
	Header http.Header
	// URL is where the answer came from.
	URL *url.URL
	// Elsewhere is where the portal sends the browser when that is no host of
	// the target, or is without TLS: mostly a log-in page of a central service.
	Elsewhere *url.URL
	// Body must be closed. Reading it keeps to the limits of the host.
	Body io.ReadCloser
}

// Do asks. Its error means that no answer was had: an account that is refused
// (source.ErrLogon), a host that cannot be reached (source.ErrUnreachable), the
// end of ctx. A status of 400 and over is an answer; see StatusError.
func (s *Session) Do(ctx context.Context, r Request) (*Reply, error) {
	if r.Method == "" {
		r.Method = http.MethodGet
	}
	for n := 0; ; n++ {
		rep, err := s.try(ctx, r)
		wait, again := pause(rep, err, n)
		if !again || n >= retries {
			return rep, err
		}
		if rep != nil {
			rep.Body.Close()
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// pause says whether to ask again, and after what time.
func pause(rep *Reply, err error, n int) (time.Duration, bool) {
	wait := time.Duration(1+3*n) * 500 * time.Millisecond
	switch {
	case err != nil:
		var t *transient
		return wait, errors.As(err, &t)
	case rep.Status == http.StatusTooManyRequests, rep.Status == http.StatusServiceUnavailable:
		if d, ok := retryAfter(rep.Header); ok {
			wait = d
		}
		return wait, true
	case rep.Status == http.StatusBadGateway, rep.Status == http.StatusGatewayTimeout:
		return wait, true
	}
	return 0, false
}

// mostPatience bounds how long a server can ask to be left alone.
const mostPatience = 30 * time.Second

func retryAfter(h http.Header) (time.Duration, bool) {
	v := h.Get("Retry-After")
	if v == "" {
		return 0, false
	}
	d, err := time.ParseDuration(v + "s")
	if err != nil {
		at, err := http.ParseTime(v)
		if err != nil {
			return 0, false
		}
		d = time.Until(at)
	}
	return min(max(d, 0), mostPatience), true
}

// try asks once and follows redirects.
func (s *Session) try(ctx context.Context, r Request) (*Reply, error) {
	if err := s.refused.Load(); err != nil {
		return nil, *err
	}
	u := r.URL
	for range maxRedirects {
		rep, err := s.one(ctx, r.Method, u, r.Header, r.Body)
		if err != nil {
			return nil, err
		}
		next, ok := redirect(rep)
		if !ok {
			return rep, nil
		}
		if !s.mayAsk(next) || u.Scheme == "https" && next.Scheme != "https" {
			rep.Elsewhere = next
			return rep, nil
		}
		rep.Body.Close()
		u = next
	}
	return nil, errors.New("the portal redirects in circles")
}

func redirect(rep *Reply) (*url.URL, bool) {
	switch rep.Status {
	case 301, 302, 303, 307, 308:
	default:
		return nil, false
	}
	to, err := rep.URL.Parse(rep.Header.Get("Location"))
	if err != nil || rep.Header.Get("Location") == "" || to.Scheme != "http" && to.Scheme != "https" {
		return nil, false
	}
	to.Fragment = ""
	return to, true
}

func (s *Session) mayAsk(u *url.URL) bool { return slices.Contains(s.cfg.Hosts, Host(u)) }

// Host returns the host of an address as Config.Hosts has it: in lower case, with
// its port where that is not the usual one of the scheme.
func Host(u *url.URL) string {
	h, p := strings.ToLower(u.Hostname()), u.Port()
	if strings.Contains(h, ":") {
		h = "[" + h + "]"
	}
	if p == "" || p == "443" && u.Scheme == "https" || p == "80" && u.Scheme == "http" {
		return h
	}
	return h + ":" + p
}

// one asks one address, with the account's proof.
func (s *Session) one(ctx context.Context, method string, u *url.URL, header http.Header, body []byte) (*Reply, error) {
	rep, err := s.prove(ctx, method, u, header, body)
	if err != nil {
		return nil, s.explain(ctx, err)
	}
	return rep, nil
}

// send makes one request and returns its answer. The place at the limiter is
// held until the body is closed.
func (s *Session) send(ctx context.Context, c *http.Client, method string, u *url.URL, header http.Header, body []byte) (*Reply, error) {
	if s.closed.Err() != nil { // what AfterFunc does below comes too late for a near server
		return nil, errClosed
	}
	release, err := s.cfg.Limiter.acquire(ctx)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(s.closed, func() { cancel(errClosed) })
	end := sync.OnceFunc(func() { stop(); cancel(nil); release() })
	req, err := http.NewRequestWithContext(ctx, method, u.String(), bytes.NewReader(body))
	if err != nil {
		end()
		return nil, err
	}
	if len(body) == 0 {
		req.Body, req.GetBody, req.ContentLength = nil, nil, 0
	}
	for k, v := range header {
		req.Header[k] = v
	}
	req.Header.Set("User-Agent", userAgent)
	if req.Header.Get("Accept-Encoding") == "" && req.Header.Get("Range") != "" {
		req.Header.Set("Accept-Encoding", "identity")
	}
	res, err := c.Do(req)
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		end()
		return nil, err
	}
	b := &reading{body: res.Body, ctx: ctx, limiter: s.cfg.Limiter, timeout: s.cfg.Timeout, end: end}
	b.watch = time.AfterFunc(s.cfg.Timeout, func() { cancel(errStalled) })
	return &Reply{Status: res.StatusCode, Header: res.Header, URL: u, Body: b}, nil
}

var (
	errClosed  = errors.New("the portal's session is closed")
	errStalled = fmt.Errorf("the portal sends nothing any more: %w", context.DeadlineExceeded)
)

// explain turns an error of the network into one without address or secret.
func (s *Session) explain(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var ue *url.Error
	if errors.As(err, &ue) {
		err = ue.Err
	}
	var cert *tls.CertificateVerificationError
	var dns *net.DNSError
	var op *net.OpError
	switch {
	case errors.Is(err, source.ErrLogon), errors.Is(err, errGuard), errors.Is(err, errClosed):
		return err
	case errors.As(err, &cert):
		return unreachable(fmt.Errorf("its certificate is not trusted: %w", cert.Err))
	case errors.As(err, &dns):
		return unreachable(errors.New(dns.Err))
	case errors.As(err, &op) && op.Op == "dial":
		return &transient{unreachable(op.Err)}
	case errors.Is(err, errStalled):
		return err
	}
	return &transient{err}
}

// transient marks an error that another attempt may not meet.
type transient struct{ error }

func (t *transient) Unwrap() error { return t.error }

// reading is the body of an answer: bounded in bandwidth, ended where the
// server stalls.
type reading struct {
	body    io.ReadCloser
	ctx     context.Context
	limiter *Limiter
	timeout time.Duration
	watch   *time.Timer
	end     func()
	closed  atomic.Bool
}

func (r *reading) Read(p []byte) (int, error) {
	if len(p) > 32<<10 {
		p = p[:32<<10]
	}
	n, err := r.body.Read(p)
	r.watch.Reset(r.timeout)
	if n > 0 {
		if lerr := r.limiter.bytes(r.ctx, n); lerr != nil && err == nil {
			err = lerr
		}
	}
	if err != nil && err != io.EOF {
		if cause := context.Cause(r.ctx); cause != nil {
			err = cause
		}
	}
	return n, err
}

// drained is how much of an unread body is read to keep its connection.
const drained = 64 << 10

func (r *reading) Close() error {
	if r.closed.Swap(true) {
		return nil
	}
	io.CopyN(io.Discard, r.body, drained)
	r.watch.Stop()
	err := r.body.Close()
	r.end()
	return err
}

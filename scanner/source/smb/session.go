package smb

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cloudsoda/go-smb2"

	"aktvakt/scanner/source"
	"aktvakt/scanner/source/smb/internal/wire"
)

// The rules for connections, each learnt from a server that misbehaved:
//
//   - An operation on a connection is never cancelled: the library then races
//     with itself and leaves files open. Whoever cannot wait closes the
//     connection, and every operation on it is done again on a new one.
//   - Every operation has a time limit, for a frozen server answers nothing
//     and closes nothing.
//   - A refused log-on is final, for all sources with the account. Trying
//     again locks it out.
//   - While a host is away one goroutine tries to connect and the others
//     wait; after Patience all fail at once, and one attempt every few
//     seconds shows whether it is back.

// session makes and replaces one connection.
type session struct {
	src     *Source
	dialing chan struct{} // holds a token while someone dials
	cur     atomic.Pointer[link]
	busy    atomic.Int32 // operations that run or wait on it
	// rest is when the session may be dialled again although others are
	// there; its owner holds dialing.
	rest time.Time
}

// link is one connection with a mounted share.
type link struct {
	src    *Source
	conn   net.Conn
	tree   *wire.Tree
	gone   context.Context // ends with the connection
	cancel context.CancelCauseFunc

	running atomic.Int32 // operations that run on it
	used    atomic.Int64 // when the last one began, in Unix nanoseconds
}

func (l *link) drop(why error) {
	l.cancel(why)
	_ = l.conn.Close()
	l.src.limiter.slots.give(l)
}

func (l *link) alive() bool { return l.gone.Err() == nil }

func (s *session) drop(why error) {
	if l := s.cur.Load(); l != nil {
		l.drop(why)
	}
}

// Retries of one operation. A request that makes the server drop the
// connection each time must not be repeated for ever.
const (
	maxBroken = 5
	maxBusy   = 8
)

// work is one operation's share of the host: what kind it is, and how many
// files it opens or parts it reads.
type work struct {
	kind kind
	ops  int
}

// do runs an operation on any connection.
func (s *Source) do(ctx context.Context, w work, f func(*link) error) error {
	return s.retry(ctx, func() error {
		c := s.pick()
		c.busy.Add(1)
		defer c.busy.Add(-1)
		l, err := c.link(ctx)
		if err != nil {
			return err
		}
		return s.on(ctx, l, w, f)
	})
}

// pick returns the session with the least to do. A new connection is only worth
// its log-on when the others are busy, but the second soon is: Samba serves
// each with a process of its own.
func (s *Source) pick() *session {
	best := s.sessions[0]
	for i, c := range s.sessions[1:] {
		enough := int32(perSession / 2)
		if i == 0 {
			enough = 2
		}
		if b := best.busy.Load(); b >= enough && c.busy.Load() < b {
			best = c
		}
	}
	return best
}

// unavailable marks an error of connecting, which is not to be retried by the
// operation: session.link has done so.
type unavailable struct{ error }

func (u unavailable) Unwrap() error { return u.error }

// retry repeats an operation until the server answers, and explains errors.
func (s *Source) retry(ctx context.Context, f func() error) error {
	for nBroken, nBusy := 0, 0; ; {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		err := f()
		if ctx.Err() != nil && err != nil {
			return context.Cause(ctx)
		}
		if u, ok := err.(unavailable); ok {
			return u.error
		}
		if s.closed.Err() != nil && err != nil {
			return errClosed
		}
		var wait time.Duration
		switch outcomeOf(err) {
		case answered:
			return explain(err)
		case busy:
			if nBusy++; nBusy > maxBusy {
				return explain(err)
			}
			wait = 10 * time.Millisecond << nBusy
		case broken:
			if nBroken++; nBroken > maxBroken {
				return fmt.Errorf("%w: %w", source.ErrUnreachable, explain(err))
			}
			wait = 10 * time.Millisecond << nBroken
		}
		if err := s.sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// sleep waits about d.
func (s *Source) sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d/2 + rand.N(d))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-s.closed.Done():
		return errClosed
	}
}

// on runs one operation on a connection, within the host's and the time
// limit. When the connection breaks it is dropped.
func (s *Source) on(ctx context.Context, l *link, w work, f func(*link) error) error {
	if err := s.limiter.waitOps(ctx, w.ops); err != nil {
		return unavailable{err}
	}
	if err := s.limiter.acquire(ctx); err != nil {
		return unavailable{err}
	}
	defer s.limiter.release()
	start := time.Now()
	l.running.Add(1)
	defer l.running.Add(-1)
	l.used.Store(start.UnixNano())
	dog := watch(ctx, l, s.cfg.Timeout)
	err := f(l)
	dog.stop()
	if outcomeOf(err) == answered && l.alive() {
		now := time.Now()
		s.limiter.observe(w.kind, now.Sub(start), now)
	}
	if !l.alive() {
		if err == nil {
			return nil
		}
		if why := context.Cause(l.gone); why != nil && !errors.Is(why, context.Canceled) {
			return fmt.Errorf("%w (%w)", why, plain(err))
		}
		return err
	}
	if outcomeOf(err) == broken {
		l.drop(err)
	}
	return err
}

// plain hides a Status in an error from errors.As: what a server said on a
// connection that was dropped is no answer.
func plain(err error) error { return errors.New(err.Error()) }

// watchdog drops a connection when an operation takes too long.
type watchdog struct {
	mu        sync.Mutex
	timer     *time.Timer
	done      bool
	unwatched func() bool
}

// grace is how long an operation may go on when nobody wants it any more;
// most servers answer sooner, and the connection lives.
const grace = 2 * time.Second

func watch(ctx context.Context, l *link, limit time.Duration) *watchdog {
	w := &watchdog{timer: time.AfterFunc(limit, func() { l.drop(errTimeout) })}
	if ctx.Done() != nil {
		w.unwatched = context.AfterFunc(ctx, func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			if !w.done {
				w.timer.Reset(min(grace, limit))
			}
		})
	}
	return w
}

func (w *watchdog) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.done = true
	w.timer.Stop()
	if w.unwatched != nil {
		w.unwatched()
	}
}

// link returns the session's connection and makes one when there is none. Its
// errors are final for the operation.
func (s *session) link(ctx context.Context) (*link, error) {
	if l := s.cur.Load(); l != nil && l.alive() {
		return l, nil
	}
	select {
	case s.dialing <- struct{}{}:
		defer func() { <-s.dialing }()
	case <-ctx.Done():
		return nil, unavailable{context.Cause(ctx)}
	case <-s.src.closed.Done():
		return nil, unavailable{errClosed}
	}
	if l := s.cur.Load(); l != nil && l.alive() {
		return l, nil
	}
	l, lent, err := s.dial(ctx)
	if err != nil {
		return nil, unavailable{err}
	}
	if lent {
		return l, nil
	}
	s.cur.Store(l)
	if s.src.closed.Err() != nil { // perhaps after Close looked
		l.drop(errClosed)
		return nil, unavailable{errClosed}
	}
	return l, nil
}

// anotherTry is how long a session rests after a server that serves other
// sessions has refused it: some allow an account few connections.
const anotherTry = time.Minute

// dial makes the session's connection, or lends that of another session when
// the server allows no more.
func (s *session) dial(ctx context.Context) (l *link, lent bool, err error) {
	var other *link
	for _, c := range s.src.sessions {
		if l := c.cur.Load(); c != s && l != nil && l.alive() {
			other = l
		}
	}
	if other == nil {
		l, err = s.src.connect(ctx)
		return l, false, err
	}
	if time.Now().Before(s.rest) || !s.src.limiter.slots.try() {
		return other, true, nil
	}
	l, err = s.src.dialTaken(ctx)
	switch {
	case err == nil:
		return l, false, nil
	case ctx.Err() != nil:
		return nil, false, context.Cause(ctx)
	case errors.Is(err, source.ErrLogon):
		s.src.logon.CompareAndSwap(nil, &err)
		return nil, false, err
	}
	s.rest = time.Now().Add(anotherTry)
	return other, true, nil
}

// recheck is how often a host that is away is tried again.
const recheck = 5 * time.Second

// connect dials with patience.
func (s *Source) connect(ctx context.Context) (*link, error) {
	if p := s.logon.Load(); p != nil {
		return nil, *p
	}
	s.down.Lock()
	until, err := s.down.until, s.down.err
	s.down.Unlock()
	if time.Now().Before(until) {
		return nil, err
	}
	// A host that never was reached is perhaps misspelt, and one that was
	// given up before is tried once.
	var patience time.Duration
	if s.reached.Load() && until.IsZero() {
		patience = s.cfg.Patience
	}
	start := time.Now()
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, recheck) {
		l, err := s.dial(ctx)
		if err == nil {
			s.reached.Store(true)
			s.setDown(time.Time{}, nil)
			return l, nil
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if errors.Is(err, source.ErrLogon) {
			s.logon.CompareAndSwap(nil, &err)
		}
		if final(err) || time.Since(start)+wait > patience {
			s.setDown(time.Now().Add(recheck), err)
			return nil, err
		}
		if err := s.sleep(ctx, wait); err != nil {
			return nil, err
		}
	}
}

func (s *Source) setDown(until time.Time, err error) {
	s.down.Lock()
	defer s.down.Unlock()
	s.down.until, s.down.err = until, err
}

// dial waits for a place among the connections to the host, connects, logs on
// and mounts the share.
func (s *Source) dial(ctx context.Context) (*link, error) {
	if err := s.limiter.slots.take(ctx, s.closed.Done()); err != nil {
		return nil, err
	}
	return s.dialTaken(ctx)
}

// dialTaken is dial with a place that was taken; it gives it back when it
// fails.
func (s *Source) dialTaken(ctx context.Context) (*link, error) {
	var l *link
	err := dialSession(ctx, s.cfg, func(conn net.Conn, ses *smb2.Session) error {
		share, err := ses.Mount(s.cfg.Share)
		if err != nil {
			return mountError(err)
		}
		gone, cancel := context.WithCancelCause(context.Background())
		tree, err := wire.NewTree(gone, share)
		if err != nil {
			cancel(err)
			return err
		}
		if tree.Guest() && (s.cfg.User != "" || s.cfg.Kerberos != nil) {
			cancel(nil)
			return fmt.Errorf("%w: the server does not know the account and lets it in as a guest", source.ErrLogon)
		}
		l = &link{src: s, conn: conn, tree: tree, gone: gone, cancel: cancel}
		l.used.Store(time.Now().UnixNano())
		s.small.Store(int64(min(tree.MaxRead(), smallFile)))
		return nil
	})
	if err != nil {
		s.limiter.slots.give(nil)
		return nil, err
	}
	s.limiter.slots.keep(l)
	return l, nil
}

// credits is the credit balance that the client asks for. With the library's
// 128, sixteen compounds of forty files each starve.
const credits = 4096

// dialSession connects and logs on, and calls use with the session. When use
// returns an error the connection is closed.
func dialSession(ctx context.Context, cfg Config, use func(net.Conn, *smb2.Session) error) error {
	ctx, cancel := context.WithTimeout(ctx, cfg.DialTimeout)
	defer cancel()
	addr := net.JoinHostPort(cfg.Host, strconv.Itoa(cfg.Port))
	account := cfg.Accounts.of(cfg)
	if err := account.refusal(); err != nil {
		return err
	}
	conn, err := (&net.Dialer{KeepAlive: 15 * time.Second}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("%w: %s: %w", source.ErrUnreachable, addr, unwrapDial(err))
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	initiator, err := initiatorOf(cfg)
	if err == nil {
		var ses *smb2.Session
		d := smb2.Dialer{MaxCreditBalance: credits, Initiator: initiator}
		err = account.try(ctx, addr, func() (err error) {
			// No deadline reaches the library: the only abort is closing conn.
			if ses, err = d.DialConn(context.Background(), conn, cfg.Host); err != nil {
				return logonError(err)
			}
			return nil
		})
		if err == nil {
			err = use(conn, ses)
		}
	}
	if !stop() && err == nil {
		err = errTimeout
	}
	if err == nil {
		return nil
	}
	conn.Close()
	if ctx.Err() != nil && !final(err) {
		err = errTimeout
	}
	if !final(err) {
		err = fmt.Errorf("%w: %s: %w", source.ErrUnreachable, addr, err)
	}
	return err
}

// unwrapDial shortens "dial tcp 10.0.0.1:445: connect: connection refused" to
// its cause.
func unwrapDial(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		err = op.Err
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return errTimeout
	}
	var sys interface{ Timeout() bool }
	if errors.As(err, &sys) && sys.Timeout() {
		return errTimeout
	}
	if e := errors.Unwrap(err); e != nil {
		return e
	}
	return err
}

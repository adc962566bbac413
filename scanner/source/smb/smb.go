// Package smb reads a share of a Windows or Samba file server over SMB 2 and
// 3, signed or encrypted where the server asks for it.
//
// It is built to leave no trace and meet no user: files are opened for
// reading only, without a lock or lease, sharing everything, so that others
// can write, rename and delete what is being read; offline files are never
// opened; what one server bears is bounded by a Limiter. Connections that
// break, freeze or expire are replaced and the interrupted operation is done
// again; every operation ends within a time limit.
//
// Start reading at New; session.go has the rules for broken connections.
// Package wire speaks the protocol.
package smb

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"aktvakt/scanner/access"
	"aktvakt/scanner/access/kerberos"
	"aktvakt/scanner/source"
	"aktvakt/scanner/source/smb/internal/wire"
)

// Config says what to read and as whom. Host and Share are needed.
type Config struct {
	Host string
	// Port is 445 when 0.
	Port int
	// Share is the name of the share; Path a folder or file in it, with
	// slashes; empty is the whole share.
	Share, Path string

	// Domain may be empty for an account of the server itself.
	Domain, User, Password string
	// Kerberos logs on with a ticket instead of User and Password, to the
	// service SPN, "cifs/" and Host when empty.
	Kerberos *kerberos.Account
	SPN      string

	// BackupIntent opens with the right of backup operators to read what
	// their own rights do not allow. It has no effect on other accounts.
	BackupIntent bool

	// Directory holds the accounts and groups of the server's domain, nil
	// where there is none. Resolver uses it.
	Directory *access.Directory

	// RulesWithListing fetches every entry's security descriptor with the
	// listing, forty in a round trip, for callers that want them all. Without
	// it the descriptor of a file comes when it is opened, in the same round
	// trip, and others when they are asked for: a descriptor costs the server
	// an open, more than ten times the work of listing an entry.
	RulesWithListing bool

	// Limiter bounds the load on the host; share one among all sources of a
	// host. nil means one of its own with default limits.
	Limiter *Limiter
	// Accounts remembers refused accounts; share one among all sources. nil
	// means one of its own.
	Accounts *Accounts
	// Sessions is the number of connections; when 0, one for each 16
	// operations that the Limiter allows and at least 2. They are made when
	// needed, and as far as the Limiter allows.
	Sessions int
	// Timeout ends an operation that the server does not answer, 30 s when 0.
	// The connection is then replaced and the operation done again.
	Timeout time.Duration
	// DialTimeout ends an attempt to connect and log on, 15 s when 0.
	DialTimeout time.Duration
	// Patience is how long a host that was reached before is tried again, 2
	// minutes when 0, until operations fail with source.ErrUnreachable.
	Patience time.Duration
}

const (
	defaultPort        = 445
	defaultSessions    = 2
	defaultTimeout     = 30 * time.Second
	defaultDialTimeout = 15 * time.Second
	defaultPatience    = 2 * time.Minute
)

// Source is a share. It connects when first used.
type Source struct {
	cfg      Config
	name     string
	limiter  *Limiter
	sessions []*session
	options  uint32 // create options of every open
	volume   atomic.Uint64
	wanted   density
	small    atomic.Int64 // size up to which a file is read whole when it is opened

	closed  context.Context
	close   context.CancelFunc
	running sync.WaitGroup // operations in the background

	// logon is the first refusal of the account. It is final: trying again
	// would lock the account out.
	logon atomic.Pointer[error]
	// reached tells that a session was made once.
	reached atomic.Bool
	down    struct {
		sync.Mutex
		until time.Time
		err   error
	}
}

var (
	_ source.Source    = (*Source)(nil)
	_ source.ACLReader = (*Source)(nil)
)

// New returns the source of a share, or of a folder or file in it. Errors of
// the network and the log-on come from Root and later calls.
func New(cfg Config) *Source {
	if cfg.Port == 0 {
		cfg.Port = defaultPort
	}
	if cfg.Limiter == nil {
		cfg.Limiter = NewLimiter(Limits{})
	}
	if cfg.Accounts == nil {
		cfg.Accounts = NewAccounts()
	}
	if cfg.Sessions <= 0 {
		cfg.Sessions = max(defaultSessions, (cfg.Limiter.max+perSession-1)/perSession)
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = defaultTimeout
	}
	if cfg.DialTimeout <= 0 {
		cfg.DialTimeout = defaultDialTimeout
	}
	if cfg.Patience <= 0 {
		cfg.Patience = defaultPatience
	}
	cfg.Path = strings.Trim(cfg.Path, "/")
	s := &Source{cfg: cfg, limiter: cfg.Limiter}
	if cfg.BackupIntent {
		s.options |= wire.BackupIntent
	}
	s.name = "smb://" + hostName(cfg.Host, cfg.Port) + "/" + cfg.Share
	s.name = source.Join(s.name, cfg.Path)
	s.closed, s.close = context.WithCancel(context.Background())
	for range cfg.Sessions {
		s.sessions = append(s.sessions, &session{src: s, dialing: make(chan struct{}, 1)})
	}
	return s
}

func hostName(host string, port int) string {
	if port != defaultPort {
		return net.JoinHostPort(host, strconv.Itoa(port))
	}
	if strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	return host
}

// Name returns the URL of the share and path.
func (s *Source) Name() string { return s.name }

// InFlight is how many operations the host is given at best.
func (s *Source) InFlight() int { return s.limiter.max }

// Close drops all connections. Operations that are under way fail.
func (s *Source) Close() error {
	s.close()
	for _, c := range s.sessions {
		c.drop(errClosed)
	}
	s.running.Wait()
	return nil
}

// sys is what the source knows of an entry beside what it tells.
type sys struct {
	attributes uint32
	// index is the place among the files of the page that listed it; page is
	// nil for what no listing told, and for folders.
	index int32
	page  *page
	asked atomic.Bool // somebody wanted the rules
	rules atomic.Pointer[rules]
}

// known returns the entry's access rules, nil when nobody asked for them yet.
func (y *sys) known() *rules {
	if y == nil {
		return nil
	}
	return y.rules.Load()
}

func (y *sys) learn(r *rules) {
	if y != nil {
		y.rules.Store(r)
	}
}

// wirePath returns the path of an entry as the protocol has it.
func (s *Source) wirePath(p string) ([]byte, error) {
	full := s.cfg.Path
	if full == "" {
		full = p
	} else if p != "" {
		full += "/" + p
	}
	b, err := wire.EncodePath(full)
	if err == nil && len(b) > 0xFFFF {
		err = errors.New("path is longer than the protocol allows")
	}
	return b, err
}

// Root connects and returns the entry of the share, or of the folder or file
// in it that is the target.
func (s *Source) Root(ctx context.Context) (source.Entry, error) {
	name, err := s.wirePath("")
	if err != nil {
		return source.Entry{}, fmt.Errorf("%s: %w", s.name, err)
	}
	var st wire.Stat
	err = s.do(ctx, work{single, 1}, func(l *link) (err error) {
		st, err = l.tree.StatPath(name, s.options)
		return err
	})
	if err != nil {
		return source.Entry{}, fmt.Errorf("%s: %w", s.name, err)
	}
	s.volume.Store(st.Volume)
	e := s.entry("", wire.DirEntry{Info: st.Info, ID: st.ID, ReparseTag: st.ReparseTag})
	e.Sys = &sys{attributes: st.Attributes}
	return e, nil
}

// entry makes an entry of what the server listed.
func (s *Source) entry(path string, d wire.DirEntry) source.Entry {
	e := source.Entry{
		Path: path, Size: d.Size, Modified: d.Modified, Created: d.Created, Changed: d.Changed,
		ID: d.ID, Volume: s.volume.Load(),
	}
	e.Kind, e.Offline = kindOf(d.Attributes, d.ReparseTag)
	if e.Kind == source.Dir {
		e.Size = 0
	}
	return e
}

// pathError names the operation and the entry.
func (s *Source) pathError(op string, e source.Entry, err error) error {
	return &fs.PathError{Op: op, Path: source.Join(s.name, e.Path), Err: err}
}

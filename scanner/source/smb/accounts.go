package smb

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync"

	"aktvakt/scanner/source"
	"aktvakt/scanner/source/smb/internal/wire"
)

// Accounts remembers which accounts were refused, for all sources that share
// it: a password that is wrong on one share is wrong on the next, and a domain
// locks an account after a few attempts. A Kerberos log-on sends no password
// and is not remembered.
type Accounts struct {
	mu sync.Mutex
	m  map[accountKey]*logon
}

// NewAccounts returns an empty memory.
func NewAccounts() *Accounts { return &Accounts{m: map[accountKey]*logon{}} }

type accountKey struct {
	// host is set for an account of a server itself.
	domain, user, host string
	password           [sha256.Size]byte
}

// logon is what is known of an account.
type logon struct {
	// first is held by who logs on until a log-on has succeeded, hosts by who
	// logs on to a host.
	first   chan struct{}
	mu      sync.Mutex
	hosts   map[string]chan struct{}
	proven  bool
	refused error
}

func (a *Accounts) of(cfg Config) *logon {
	if cfg.Kerberos != nil || cfg.User == "" {
		return nil
	}
	k := accountKey{domain: cfg.Domain, user: cfg.User, password: sha256.Sum256([]byte(cfg.Password))}
	if k.domain == "" {
		k.host = hostName(cfg.Host, cfg.Port)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	l := a.m[k]
	if l == nil {
		l = &logon{first: make(chan struct{}, 1), hosts: map[string]chan struct{}{}}
		a.m[k] = l
	}
	return l
}

// try runs one log-on, or returns the refusal of an earlier one. Until the
// account has proven good, and on each host, one is tried at a time.
func (l *logon) try(ctx context.Context, host string, f func() error) error {
	if l == nil {
		return f()
	}
	release, err := l.enter(ctx, host)
	if err != nil {
		return err
	}
	defer release()
	err = f()
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case err == nil:
		l.proven = true
	case refusesAccount(err):
		l.refused = err
	}
	return err
}

func (l *logon) enter(ctx context.Context, host string) (release func(), err error) {
	l.mu.Lock()
	turn := l.hosts[host]
	if turn == nil {
		turn = make(chan struct{}, 1)
		l.hosts[host] = turn
	}
	l.mu.Unlock()
	var held []chan struct{}
	release = func() {
		for _, c := range held {
			<-c
		}
	}
	for _, c := range []chan struct{}{turn, l.first} {
		proven, refused := l.state()
		if refused == nil && c == l.first && proven {
			break
		}
		if refused == nil {
			select {
			case c <- struct{}{}:
				held = append(held, c)
			case <-ctx.Done():
				release()
				return nil, context.Cause(ctx)
			}
		}
	}
	if _, refused := l.state(); refused != nil {
		release()
		return nil, refused
	}
	return release, nil
}

// refusal is the refusal of an earlier log-on, nil for none.
func (l *logon) refusal() error {
	if l == nil {
		return nil
	}
	_, err := l.state()
	return err
}

func (l *logon) state() (proven bool, refused error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.proven, l.refused
}

// refusesAccount tells a refusal of the account, wherever it logs on, from one
// by the rules of one host.
func refusesAccount(err error) bool {
	if !errors.Is(err, source.ErrLogon) {
		return false
	}
	st, _ := wire.AsStatus(err)
	switch st {
	case wire.LogonFailure, wire.NoSuchUser, wire.WrongPassword, wire.PasswordExpired, wire.PasswordMustChange,
		wire.AccountDisabled, wire.AccountExpired, wire.AccountLockedOut, wire.InvalidLogonHours:
		return true
	}
	return false
}

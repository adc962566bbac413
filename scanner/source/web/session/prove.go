package session

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/Azure/go-ntlmssp"

	"aktvakt/scanner/access/kerberos"
	"aktvakt/scanner/source"
)

// prove asks with the proof that the server wants. An account that was never
// accepted is refused at its first 401, for good: more attempts would lock it
// out. After that a 401 means that this account may not see this address, for
// so do servers say it that know no 403.
func (s *Session) prove(ctx context.Context, method string, u *url.URL, header http.Header, body []byte) (*Reply, error) {
	how := s.how()
	rep, err := s.ask(ctx, how, method, u, header, body)
	if err != nil || s.acc.nobody() {
		return rep, err
	}
	if rep.Status == http.StatusUnauthorized && how == Auto {
		if how = s.choose(rep.Header); how != Auto {
			rep.Body.Close()
			if rep, err = s.ask(ctx, how, method, u, header, body); err != nil {
				return nil, err
			}
			if rep.Status != http.StatusUnauthorized {
				s.scheme.Store(&how)
			}
		}
	}
	switch {
	case rep.Status != http.StatusUnauthorized:
		if how == Basic || how == NTLM || how == Kerberos {
			s.proven.Store(true)
		}
	case !s.proven.Load() && (how == Basic || how == NTLM || how == Kerberos):
		rep.Body.Close()
		return nil, s.refuse("the portal refused " + s.who())
	}
	return rep, nil
}

// refuse remembers that the account is of no use.
func (s *Session) refuse(what string) error {
	err := Refused(what)
	s.refused.CompareAndSwap(nil, &err)
	return *s.refused.Load()
}

// who names the account for messages.
func (s *Session) who() string {
	switch {
	case s.acc.Kerberos != nil:
		return s.acc.Kerberos.Name()
	case s.acc.User != "":
		return s.acc.User
	case len(s.acc.Cookies) > 0:
		return "the cookies"
	}
	return "nobody"
}

func (s *Session) how() Logon {
	if s.acc.Logon != Auto {
		return s.acc.Logon
	}
	if h := s.scheme.Load(); h != nil {
		return *h
	}
	if s.acc.Kerberos != nil {
		return Kerberos
	}
	return Auto
}

// choose takes the best of what the server offers.
func (s *Session) choose(h http.Header) Logon {
	offered := map[string]bool{}
	for _, v := range h.Values("WWW-Authenticate") {
		for part := range strings.SplitSeq(v, ",") {
			word, _, _ := strings.Cut(strings.TrimSpace(part), " ")
			offered[strings.ToLower(word)] = true
		}
	}
	switch {
	case s.acc.Kerberos != nil && offered["negotiate"]:
		return Kerberos
	case s.acc.Password == "":
	case offered["ntlm"], offered["negotiate"] && !offered["basic"]:
		return NTLM
	case offered["basic"]:
		return Basic
	}
	return Auto
}

// ask makes the request with one kind of proof.
func (s *Session) ask(ctx context.Context, how Logon, method string, u *url.URL, header http.Header, body []byte) (*Reply, error) {
	switch how {
	case Basic:
		if err := s.secretMayGo(u); err != nil {
			return nil, err
		}
		pair := s.account() + ":" + s.acc.Password
		return s.send(ctx, s.client, method, u, with(header, "Basic "+base64.StdEncoding.EncodeToString([]byte(pair))), body)
	case Kerberos:
		token, err := s.negotiate(u)
		if err != nil {
			return nil, err
		}
		return s.send(ctx, s.client, method, u, with(header, token), body)
	case NTLM:
		return s.ntlm(ctx, method, u, header, body)
	}
	return s.send(ctx, s.client, method, u, header, body)
}

// account is the name as Basic and NTLM want it.
func (s *Session) account() string {
	if s.acc.Domain != "" {
		return s.acc.Domain + `\` + s.acc.User
	}
	return s.acc.User
}

func with(h http.Header, authorization string) http.Header {
	out := h.Clone()
	if out == nil {
		out = http.Header{}
	}
	out.Set("Authorization", authorization)
	return out
}

// secretMayGo keeps passwords off lines that anybody can listen to.
func (s *Session) secretMayGo(u *url.URL) error {
	if u.Scheme == "https" || s.cfg.Plain {
		return nil
	}
	if ip := net.ParseIP(u.Hostname()); ip != nil && ip.IsLoopback() || u.Hostname() == "localhost" {
		return nil
	}
	return s.refuse("a password does not go over http without TLS; write https://, or allow it with web.plain: true")
}

// negotiate makes the header of RFC 4559 for one request.
func (s *Session) negotiate(u *url.URL) (string, error) {
	if s.acc.Kerberos == nil {
		return "", s.refuse("kerberos needs a keytab or a credential cache")
	}
	spn, err := kerberos.Service("HTTP", u.Hostname(), s.acc.SPN)
	if err != nil {
		return "", s.noTicket(err)
	}
	token, err := s.acc.Kerberos.Negotiate(spn)
	if err != nil {
		return "", s.noTicket(err)
	}
	return token, nil
}

// noTicket tells a refusal, which is final, from a domain that does not answer.
func (s *Session) noTicket(err error) error {
	var ke *kerberos.Error
	if errors.As(err, &ke) && !ke.Refused() {
		return err
	}
	e := fmt.Errorf("%w: %w", source.ErrLogon, err)
	s.refused.CompareAndSwap(nil, &e)
	return e
}

// ntlm asks on a connection of its own, for the proof holds for the connection
// (MS-NTHT). It is shown anew where the server asks for it.
func (s *Session) ntlm(ctx context.Context, method string, u *url.URL, header http.Header, body []byte) (*Reply, error) {
	var c *http.Client
	select {
	case c = <-s.lanes:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if c == nil {
		c = s.clientOf(s.transport(1))
	}
	rep, err := s.shake(ctx, c, method, u, header, body)
	if err != nil {
		c.CloseIdleConnections()
		s.lanes <- nil
		return nil, err
	}
	rep.Body = &held{rep.Body, func() { s.lanes <- c }}
	return rep, nil
}

// shake is the exchange of NTLM: an empty offer, a challenge, the answer.
func (s *Session) shake(ctx context.Context, c *http.Client, method string, u *url.URL, header http.Header, body []byte) (*Reply, error) {
	rep, err := s.send(ctx, c, method, u, header, body)
	if err != nil || rep.Status != http.StatusUnauthorized || s.choose(rep.Header) != NTLM && s.acc.Logon != NTLM {
		return rep, err
	}
	word := "Negotiate"
	if offers(rep.Header, "NTLM") {
		word = "NTLM"
	}
	hello, err := ntlmssp.NewNegotiateMessage("", "")
	if err != nil {
		rep.Body.Close()
		return nil, err
	}
	drain(rep)
	if rep, err = s.send(ctx, c, method, u, with(header, word+" "+base64.StdEncoding.EncodeToString(hello)), body); err != nil {
		return nil, err
	}
	challenge := tokenOf(rep.Header, word)
	if rep.Status != http.StatusUnauthorized || len(challenge) == 0 {
		return rep, nil
	}
	answer, err := ntlmssp.NewAuthenticateMessage(challenge, s.account(), s.acc.Password, nil)
	drain(rep)
	if err != nil {
		return nil, errors.New("the server's NTLM challenge is malformed")
	}
	return s.send(ctx, c, method, u, with(header, word+" "+base64.StdEncoding.EncodeToString(answer)), body)
}

func drain(rep *Reply) {
	io.CopyN(io.Discard, rep.Body, 1<<20)
	rep.Body.Close()
}

func offers(h http.Header, scheme string) bool {
	for _, v := range h.Values("WWW-Authenticate") {
		if word, _, _ := strings.Cut(v, " "); strings.EqualFold(word, scheme) {
			return true
		}
	}
	return false
}

// tokenOf is the challenge of a scheme.
func tokenOf(h http.Header, scheme string) []byte {
	for _, v := range h.Values("WWW-Authenticate") {
		word, rest, _ := strings.Cut(v, " ")
		if strings.EqualFold(word, scheme) {
			b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(rest))
			if err == nil {
				return b
			}
		}
	}
	return nil
}

// held is a body that gives something back when it is closed.
type held struct {
	io.ReadCloser
	free func()
}

func (h *held) Close() error {
	err := h.ReadCloser.Close()
	if f := h.free; f != nil {
		h.free = nil
		f()
	}
	return err
}

// StatusError is the error that a status stands for, nil below 400.
func StatusError(rep *Reply) error {
	switch {
	case rep.Elsewhere != nil:
		return Refused("the portal sends to " + cmp.Or(Host(rep.Elsewhere), "another host") + " to log in")
	case rep.Status < 400:
		return nil
	case rep.Status == http.StatusUnauthorized || rep.Status == http.StatusForbidden:
		return &Status{rep.Status, "", errPermission}
	case rep.Status == http.StatusNotFound || rep.Status == http.StatusGone:
		return &Status{rep.Status, "", source.ErrVanished}
	case rep.Status == http.StatusLocked:
		return &Status{rep.Status, "", source.ErrLocked}
	}
	return &Status{rep.Status, "", nil}
}

package directory

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/oiweiwei/go-msrpc/dcerpc"
	"github.com/oiweiwei/go-msrpc/msrpc/dtyp"
	_ "github.com/oiweiwei/go-msrpc/msrpc/erref/ntstatus" // names of status codes
	_ "github.com/oiweiwei/go-msrpc/msrpc/erref/win32"    // the same of SRVSVC
	msmb "github.com/oiweiwei/go-msrpc/smb2"
	"github.com/oiweiwei/go-msrpc/ssp"
	"github.com/oiweiwei/go-msrpc/ssp/credential"
	"github.com/oiweiwei/go-msrpc/ssp/gssapi"
	rpcsmb "github.com/oiweiwei/go-smb2.fork"

	"aktvakt/scanner/access"
)

// dialTimeout bounds connecting and each pause within a call.
const dialTimeout = 10 * time.Second

// pipe is an open named pipe on a server, with a connection of its own.
type pipe struct {
	ctx  context.Context
	conn dcerpc.Conn
	stop func() bool
	net  *guarded
}

// guarded makes connections and closes them all when the context ends: a
// frozen server hangs calls, and closing the connection is what wakes them.
type guarded struct {
	mu    sync.Mutex
	conns []net.Conn
	done  bool
}

func (g *guarded) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	d := net.Dialer{Timeout: dialTimeout}
	c, err := d.DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.done {
		c.Close()
		return nil, context.Canceled
	}
	g.conns = append(g.conns, c)
	return c, nil
}

func (g *guarded) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.done = true
	for _, c := range g.conns {
		c.Close()
	}
}

// dial opens a named pipe with the server's credentials.
func dial(ctx context.Context, s Server, name string) (*pipe, error) {
	g := &guarded{}
	p := &pipe{net: g, stop: context.AfterFunc(ctx, g.close)}
	p.ctx = gssapi.NewSecurityContext(ctx)
	var err error
	if s.Kerberos != nil {
		p.conn, err = dcerpc.Dial(p.ctx, fmt.Sprintf("ncacn_ip_tcp:%s[%d]", s.Host, s.port()),
			dcerpc.WithDialer(ticketPipes{s, name, g}), dcerpc.WithTimeout(dialTimeout))
	} else {
		p.conn, err = dcerpc.Dial(p.ctx, "ncacn_np:"+s.Host+"["+name+"]", dcerpc.WithSMBDialer(passwordDialer(s)), dcerpc.WithDialer(g),
			dcerpc.WithSMBPort(s.port()), dcerpc.WithTimeout(dialTimeout))
	}
	if err != nil {
		p.close()
		return nil, fmt.Errorf("open pipe %q on %s: %w", name, net.JoinHostPort(s.Host, strconv.Itoa(s.port())), ctxErr(ctx, err))
	}
	return p, nil
}

// passwordDialer logs on with NTLM.
func passwordDialer(s Server) *rpcsmb.Dialer {
	user := s.User
	if s.Domain != "" {
		user = s.Domain + `\` + s.User
	}
	var creds credential.Credential
	if s.User == "" {
		creds = credential.Anonymous()
	} else {
		creds = credential.NewFromPassword(user, s.Password)
	}
	return msmb.NewDialer(msmb.WithSecurity(gssapi.WithCredential(creds),
		gssapi.WithMechanismFactory(ssp.SPNEGO), gssapi.WithMechanismFactory(ssp.NTLM)))
}

func (p *pipe) close() {
	if p.conn != nil {
		p.conn.Close(p.ctx)
	}
	p.stop()
	p.net.close()
}

// ctxErr shortens an RPC error and prefers the context's reason to the broken
// connection that it causes.
func ctxErr(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	err = rpcError{err}
	if c := context.Cause(ctx); c != nil {
		return fmt.Errorf("%w (%w)", c, err)
	}
	return err
}

// rpcError is an error of the RPC library on one line, without the layers that
// say nothing.
type rpcError struct{ error }

func (e rpcError) Unwrap() error { return e.error }

func (e rpcError) Error() string {
	s, _, _ := strings.Cut(e.error.Error(), "\n")
	for _, layer := range []string{"bind: could not bind the selected transport: ", "ncacn_np: ", "response error: ", "dcerpc: ", "invoke: "} {
		s = strings.ReplaceAll(s, layer, "")
	}
	return strings.TrimRight(s, ". ")
}

// denied tells that the server refused the call, as Windows does to accounts
// that are no administrators.
func denied(err error) bool {
	return err != nil && (strings.Contains(err.Error(), "ACCESS_DENIED") || strings.Contains(err.Error(), "LOGON_FAILURE"))
}

// more tells that a call succeeded and has more to give, or lacks some names:
// those codes arrive as errors.
func more(err error) bool {
	for _, s := range []string{"STATUS_MORE_ENTRIES", "STATUS_SOME_NOT_MAPPED", "ERROR_MORE_DATA"} {
		if err != nil && strings.Contains(err.Error(), s) {
			return true
		}
	}
	return false
}

// absent tells that there is nothing more to enumerate, or nothing at all.
func absent(err error) bool {
	return err != nil && (strings.Contains(err.Error(), "STATUS_NO_MORE_ENTRIES") || strings.Contains(err.Error(), "STATUS_NONE_MAPPED"))
}

var errNoAnswer = errors.New("the server's answer was empty")

func toSID(s *dtyp.SID) (access.SID, error) {
	if s == nil {
		return "", errNoAnswer
	}
	b, err := s.Bytes()
	if err != nil {
		return "", err
	}
	return access.SIDFromBytes(b)
}

func fromSID(s access.SID) (*dtyp.SID, error) { return dtyp.ParseSID(s.String()) }

package directory

import (
	"context"
	"net"
	"os"

	"github.com/cloudsoda/go-smb2"

	"aktvakt/scanner/access/kerberos"
)

// ticketPipes opens named pipes with a Kerberos ticket. The RPC library's own
// SMB client knows log-ons of several messages alone, and Kerberos has one; so
// the client of package smb opens the pipe and the library takes it for a
// stream.
type ticketPipes struct {
	server Server
	name   string
	net    *guarded
}

// DialContext connects, logs on and opens the pipe, whatever the address says.
func (d ticketPipes) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	spn, err := kerberos.Service("cifs", d.server.Host, d.server.SPN)
	if err != nil {
		return nil, err
	}
	initiator, err := d.server.Kerberos.Initiator(spn)
	if err != nil {
		return nil, err
	}
	conn, err := d.net.DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	// Closing conn is what ends a call that hangs; see guarded.
	ses, err := (&smb2.Dialer{Initiator: initiator}).DialConn(context.Background(), conn, d.server.Host)
	if err != nil {
		conn.Close()
		return nil, err
	}
	share, err := ses.Mount("IPC$")
	if err != nil {
		conn.Close()
		return nil, err
	}
	file, err := share.OpenFile(d.name, os.O_RDWR, 0o666)
	if err != nil {
		conn.Close()
		return nil, err
	}
	return ticketPipe{conn, file}, nil
}

// ticketPipe is an open pipe and its connection.
type ticketPipe struct {
	net.Conn
	file *smb2.File
}

func (p ticketPipe) Read(b []byte) (int, error)  { return p.file.Read(b) }
func (p ticketPipe) Write(b []byte) (int, error) { return p.file.Write(b) }

func (p ticketPipe) Close() error {
	err := p.file.Close()
	p.Conn.Close()
	return err
}

package notify

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"net/smtp"
	"strings"
	"time"
)

// Mail sends the text of a message by e-mail. The connection is encrypted
// before anything is said, or nothing is sent.
type Mail struct {
	// Server is host:port: 465 speaks TLS from the start, any other port is
	// asked for STARTTLS.
	Server string
	// User and Password log on; an empty user does not.
	User, Password string
	From           string
	To             []string
	// Language of the text, and Link to the report; both may be empty.
	Language, Link string
	// TLS is nil for the system's certificate authorities.
	TLS *tls.Config
}

// Send sends the message.
func (e Mail) Send(ctx context.Context, m Message) error {
	subject, body := m.Text(e.Language, e.Link)
	text, to, err := e.compose(subject, body, m.Finished)
	if err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	c, err := e.connect(ctx)
	if err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	defer c.Close()
	from, _ := mail.ParseAddress(e.From) // compose has checked it
	steps := []func() error{func() error { return c.Mail(from.Address) }}
	for _, a := range to {
		steps = append(steps, func() error { return c.Rcpt(a) })
	}
	steps = append(steps, func() error {
		w, err := c.Data()
		if err != nil {
			return err
		}
		if _, err := w.Write(text); err != nil {
			return err
		}
		return w.Close()
	}, c.Quit)
	for _, step := range steps {
		if err := step(); err != nil {
			return fmt.Errorf("mail: %w", err)
		}
	}
	return nil
}

// connect opens an encrypted session and logs on.
func (e Mail) connect(ctx context.Context) (*smtp.Client, error) {
	host, port, err := net.SplitHostPort(e.Server)
	if err != nil {
		return nil, err
	}
	conf := &tls.Config{}
	if e.TLS != nil {
		conf = e.TLS.Clone()
	}
	if conf.ServerName == "" {
		conf.ServerName = host
	}
	conf.MinVersion = max(conf.MinVersion, tls.VersionTLS12)
	d := net.Dialer{Timeout: 15 * time.Second}
	conn, err := d.DialContext(ctx, "tcp", e.Server)
	if err != nil {
		return nil, err
	}
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		conn.Close()
		return nil, err
	}
	if port == "465" {
		conn = tls.Client(conn, conf)
	}
	c, err := smtp.NewClient(conn, host)
	if err != nil {
		conn.Close()
		return nil, err
	}
	if port != "465" {
		if ok, _ := c.Extension("STARTTLS"); !ok {
			c.Close()
			return nil, errors.New("the server offers no encryption (STARTTLS)")
		}
		if err := c.StartTLS(conf); err != nil {
			c.Close()
			return nil, err
		}
	}
	if e.User != "" {
		if err := c.Auth(smtp.PlainAuth("", e.User, e.Password, host)); err != nil {
			c.Close()
			return nil, fmt.Errorf("log-on refused: %w", err)
		}
	}
	return c, nil
}

// compose writes the e-mail and returns the addresses of its readers.
func (e Mail) compose(subject, body string, date time.Time) (text []byte, to []string, err error) {
	from, err := mail.ParseAddress(e.From)
	if err != nil {
		return nil, nil, fmt.Errorf("from %q: %w", e.From, err)
	}
	if len(e.To) == 0 {
		return nil, nil, errors.New("nobody to send to")
	}
	var names []string
	for _, s := range e.To {
		a, err := mail.ParseAddress(s)
		if err != nil {
			return nil, nil, fmt.Errorf("to %q: %w", s, err)
		}
		names, to = append(names, a.String()), append(to, a.Address)
	}
	id := make([]byte, 12)
	rand.Read(id)
	_, domain, _ := strings.Cut(from.Address, "@")
	var b bytes.Buffer
	for _, h := range [][2]string{
		{"From", from.String()}, {"To", strings.Join(names, ", ")}, {"Subject", mime.QEncoding.Encode("utf-8", subject)},
		{"Date", date.Format(time.RFC1123Z)}, {"Message-ID", "<" + hex.EncodeToString(id) + "@" + domain + ">"},
		{"MIME-Version", "1.0"}, {"Content-Type", `text/plain; charset="utf-8"`}, {"Content-Transfer-Encoding", "quoted-printable"},
		{"Auto-Submitted", "auto-generated"}, // RFC 3834: no out-of-office replies
	} {
		fmt.Fprintf(&b, "%s: %s\r\n", h[0], h[1])
	}
	b.WriteString("\r\n")
	q := quotedprintable.NewWriter(&b)
	if _, err := q.Write([]byte(strings.ReplaceAll(body, "\n", "\r\n"))); err != nil {
		return nil, nil, err
	}
	return b.Bytes(), to, q.Close()
}

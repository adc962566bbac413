package notify

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"strings"
	"testing"
)

// postOffice is a mail server for one session.
type postOffice struct {
	addr     string
	starttls bool
	conf     *tls.Config
	got      chan []string // what the client said, the text of the mail last
}

func newPostOffice(t *testing.T, starttls bool) (*postOffice, *x509.CertPool) {
	t.Helper()
	web := httptest.NewTLSServer(http.NotFoundHandler()) // for its certificate
	t.Cleanup(web.Close)
	pool := x509.NewCertPool()
	pool.AddCert(web.Certificate())
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	p := &postOffice{addr: ln.Addr().String(), starttls: starttls, conf: &tls.Config{Certificates: web.TLS.Certificates}, got: make(chan []string, 1)}
	go func() {
		c, err := ln.Accept()
		if err != nil {
			p.got <- nil
			return
		}
		p.got <- p.serve(c)
	}()
	return p, pool
}

func (p *postOffice) serve(c net.Conn) (said []string) {
	defer func() { c.Close() }()
	r := bufio.NewReader(c)
	secret := false
	fmt.Fprint(c, "220 post.kommun.example\r\n")
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return said
		}
		line = strings.TrimSpace(line)
		verb := strings.ToUpper(strings.Fields(line + " x")[0])
		if secret {
			line = "(tls) " + line
		}
		said = append(said, line)
		switch verb {
		case "EHLO":
			ext := "250-post\r\n"
			if p.starttls && !secret {
				ext += "250-STARTTLS\r\n"
			}
			fmt.Fprint(c, ext+"250 AUTH PLAIN\r\n")
		case "STARTTLS":
			fmt.Fprint(c, "220 go\r\n")
			t := tls.Server(c, p.conf)
			c, r, secret = t, bufio.NewReader(t), true
		case "AUTH":
			fmt.Fprint(c, "235 welcome\r\n")
		case "DATA":
			fmt.Fprint(c, "354 go on\r\n")
			var text strings.Builder
			for {
				l, err := r.ReadString('\n')
				if err != nil || l == ".\r\n" {
					break
				}
				text.WriteString(strings.TrimPrefix(l, "."))
			}
			said = append(said, text.String())
			fmt.Fprint(c, "250 taken\r\n")
		case "QUIT":
			fmt.Fprint(c, "221 bye\r\n")
			return said
		default:
			fmt.Fprint(c, "250 ok\r\n")
		}
	}
}

func TestMail(t *testing.T) {
	p, pool := newPostOffice(t, true)
	e := Mail{
		Server: p.addr, User: "aktvakt", Password: "hemligt", From: "Aktvakt <aktvakt@kommun.example>",
		To: []string{"Säkerhet <sakerhet@kommun.example>", "dso@kommun.example"}, Language: "sv", Link: "https://rapport.kommun.example/", TLS: &tls.Config{RootCAs: pool},
	}
	if err := e.Send(t.Context(), message()); err != nil {
		t.Fatal(err)
	}
	said := <-p.got
	all := strings.Join(said, "\n")
	for _, want := range []string{"(tls) AUTH PLAIN", "(tls) RCPT TO:<sakerhet@kommun.example>", "(tls) RCPT TO:<dso@kommun.example>", "(tls) DATA"} {
		if !strings.Contains(all, want) {
			t.Errorf("the client did not say %q:\n%s", want, all)
		}
	}
	text := ""
	for i, l := range said {
		if l == "(tls) DATA" {
			text = said[i+1]
		}
	}
	m, err := mail.ReadMessage(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil || subject != "aktvakt: 4 incidenter kräver åtgärd" {
		t.Errorf("subject %q, %v", subject, err)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	if err != nil || !strings.Contains(string(body), "I-") || !strings.Contains(string(body), "https://rapport.kommun.example/") {
		t.Errorf("body %q, %v", body, err)
	}
	names(t, "mail", subject+string(body))
}

// Nothing is said in clear text, and not to a server that proves nothing.
func TestMailRefuses(t *testing.T) {
	good := Mail{From: "a@kommun.example", To: []string{"b@kommun.example"}, User: "aktvakt", Password: "hemligt"}
	for _, tt := range []struct {
		name     string
		starttls bool
		change   func(*Mail)
		want     string
	}{
		{"no encryption", false, func(*Mail) {}, "no encryption"},
		{"an unknown certificate", true, func(*Mail) {}, "certificate"},
		{"nobody", true, func(m *Mail) { m.To = nil }, "nobody"},
		{"a header in an address", true, func(m *Mail) { m.To = []string{"b@kommun.example\r\nBcc: c@x"} }, "to "},
		{"no sender", true, func(m *Mail) { m.From = "" }, "from"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, _ := newPostOffice(t, tt.starttls)
			m := good
			m.Server = p.addr
			tt.change(&m)
			err := m.Send(t.Context(), message())
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "hemligt") {
				t.Fatalf("error %v, want %q", err, tt.want)
			}
			if tt.name == "no encryption" {
				for _, l := range <-p.got {
					if strings.HasPrefix(l, "AUTH") || strings.HasPrefix(l, "MAIL") {
						t.Errorf("said in clear text: %q", l)
					}
				}
			}
		})
	}
}

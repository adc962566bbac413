package notify

import (
	"bufio"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"aktvakt/scanner/report/lang"
	"aktvakt/scanner/report/reporttest"
)

func message() Message {
	run := reporttest.Sample()
	return NewMessage(run.Summary, run.Findings, run.Incidents)
}

// names are what no message may hold.
func names(t *testing.T, what, s string) {
	t.Helper()
	for _, bad := range append([]string{"smb://", "KOMMUN", "Kommunledning", "Børn", "Referat", "•", "icacls", "fs1", "fs2"}, reporttest.Raw...) {
		if strings.Contains(s, bad) {
			t.Errorf("%s holds %q", what, bad)
		}
	}
}

func TestMessage(t *testing.T) {
	m := message()
	if m.Findings != 463 || m.Unknown != 5 || m.New != 2 || m.Failed != 1 || len(m.Cases) != 4 || m.Incidents["critical"] != 2 {
		t.Errorf("%+v", m)
	}
	b, err := m.JSON()
	if err != nil {
		t.Fatal(err)
	}
	names(t, "JSON", string(b))
	for _, code := range lang.Codes {
		subject, body := m.Text(code, "https://rapport.kommun.example/")
		names(t, code, subject+body)
		if strings.Contains(body, "{") || strings.Contains(body, "verdict.") || !strings.Contains(body, "https://rapport") || strings.ContainsAny(subject, "\r\n") {
			t.Errorf("%s: %s\n%s", code, subject, body)
		}
	}
	if subject, _ := (Message{Complete: true}).Text("sv", ""); subject != "aktvakt: Inget ligger öppet för fler än det ska" {
		t.Errorf("a clean run says %q", subject)
	}
	if subject, _ := (Message{Complete: true, Unknown: 1}).Text("en", ""); !strings.Contains(subject, "not everything") {
		t.Errorf("unknown counts as fine: %q", subject)
	}
}

func TestSyslog(t *testing.T) {
	web := httptest.NewTLSServer(nil) // for its certificate
	defer web.Close()
	ln, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: web.TLS.Certificates})
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	got := make(chan []string, 1)
	go func() {
		c, err := ln.Accept()
		if err != nil {
			got <- nil
			return
		}
		defer c.Close()
		got <- frames(bufio.NewReader(c))
	}()
	pool := x509.NewCertPool()
	pool.AddCert(web.Certificate())
	m := message()
	if err := m.Syslog(t.Context(), ln.Addr().String(), &tls.Config{RootCAs: pool}); err != nil {
		t.Fatal(err)
	}
	lines := <-got
	if len(lines) != 5 {
		t.Fatalf("%d messages, want one of the run and four of incidents: %q", len(lines), lines)
	}
	form := regexp.MustCompile(`^<(\d+)>1 2026-11-24T02:26:00\.000Z \S+ aktvakt \d+ (run|incident) \[aktvakt@32473( [a-z_]+="[^"]*")+\] \x{feff}.+$`)
	for _, l := range lines {
		if !form.MatchString(l) {
			t.Errorf("line %q", l)
		}
		names(t, "syslog", l)
	}
	if !strings.HasPrefix(lines[1], "<106>1") { // 13*8 + critical
		t.Errorf("priority of a critical incident: %q", lines[1][:8])
	}
}

// A server that cannot prove who it is gets nothing.
func TestSyslogChecksTheServer(t *testing.T) {
	web := httptest.NewTLSServer(http.NotFoundHandler())
	defer web.Close()
	err := message().Syslog(t.Context(), web.Listener.Addr().String(), nil)
	if err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("error %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := message().Syslog(ctx, "127.0.0.1:1", nil); err == nil {
		t.Error("a cancelled context sends")
	}
}

func frames(r *bufio.Reader) (out []string) {
	for {
		n, err := r.ReadString(' ')
		if err != nil {
			return out
		}
		size, err := strconv.Atoi(strings.TrimSpace(n))
		if err != nil {
			return append(out, "bad frame "+n)
		}
		b := make([]byte, size)
		if _, err := io.ReadFull(r, b); err != nil {
			return append(out, "short frame")
		}
		out = append(out, string(b))
	}
}

func TestParamEscapes(t *testing.T) {
	if got, want := param("a", `x]"\y`), `a="x\]\"\\y"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := field("söder host\n", 6); got != "s-der-" {
		t.Errorf("got %q", got)
	}
}

func TestWebhook(t *testing.T) {
	secret := []byte("0123456789abcdef")
	var calls atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if calls.Add(1) == 1 {
			http.Error(w, "not yet", http.StatusServiceUnavailable)
			return
		}
		body, _ := io.ReadAll(r.Body)
		stamp := r.Header.Get("Aktvakt-Timestamp")
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(stamp + "." + string(body)))
		if r.Header.Get("Aktvakt-Signature") != "v1="+hex.EncodeToString(mac.Sum(nil)) {
			http.Error(w, "signature", http.StatusForbidden)
			return
		}
		var m Message
		if sec, err := strconv.ParseInt(stamp, 10, 64); err != nil || time.Since(time.Unix(sec, 0)) > time.Minute || json.Unmarshal(body, &m) != nil || len(m.Cases) != 4 {
			http.Error(w, "message", http.StatusBadRequest)
		}
	}))
	defer s.Close()
	h := Webhook{URL: s.URL, Secret: secret}
	if err := h.Send(t.Context(), message()); err != nil {
		t.Fatal(err)
	}
	if n := calls.Load(); n != 2 {
		t.Errorf("%d calls, want a second one after 503", n)
	}
	h.Secret = []byte("another secret of some length")
	if err := h.Send(t.Context(), message()); err == nil || !strings.Contains(err.Error(), "403") {
		t.Errorf("error %v", err)
	}
	if n := calls.Load(); n != 3 {
		t.Errorf("%d calls: a refusal is not tried again", n)
	}
}

func TestWebhookRefuses(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	long := []byte("0123456789abcdef")
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	for _, tt := range []struct {
		name string
		h    Webhook
		want string
	}{
		{"clear text over the network", Webhook{URL: "http://siem.kommun.example/hook", Secret: long}, "not an https address"},
		{"a short secret", Webhook{URL: "https://siem.kommun.example/hook", Secret: []byte("x")}, "at least 16 bytes"},
		{"nobody there", Webhook{URL: "http://" + ln.Addr().String() + "/?token=hemligt", Secret: long}, "refused"},
	} {
		err := tt.h.Send(ctx, message())
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "hemligt") {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

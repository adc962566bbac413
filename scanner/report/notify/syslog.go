package notify

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"aktvakt/scanner/finding"
)

// Syslog sends the message to a syslog server over TLS: one line for the run,
// one for each incident, framed by length as RFC 5425 asks. addr is host:port
// (the port of syslog over TLS is 6514); conf is nil for the system's
// certificate authorities.
func (m Message) Syslog(ctx context.Context, addr string, conf *tls.Config) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("syslog: %w", err)
	}
	if conf == nil {
		conf = &tls.Config{}
	} else {
		conf = conf.Clone()
	}
	if conf.ServerName == "" {
		conf.ServerName = host
	}
	conf.MinVersion = max(conf.MinVersion, tls.VersionTLS12)
	d := tls.Dialer{NetDialer: &net.Dialer{Timeout: 15 * time.Second}, Config: conf}
	c, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("syslog: %w", err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		return fmt.Errorf("syslog: %w", err)
	}
	for _, line := range m.lines() {
		if _, err := fmt.Fprintf(c, "%d %s", len(line), line); err != nil {
			return fmt.Errorf("syslog: %w", err)
		}
	}
	if t, ok := c.(*tls.Conn); ok { // so that the server has read it all
		if err := t.CloseWrite(); err != nil {
			return fmt.Errorf("syslog: %w", err)
		}
	}
	return nil
}

// facility is 13, log audit (RFC 5424, table 1).
const facility = 13

// enterprise is the number of structured data without one of its own: 32473 is
// set aside for examples and private use (RFC 5612).
const enterprise = "aktvakt@32473"

// lines are the messages in the format of RFC 5424.
func (m Message) lines() []string {
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "-"
	}
	level := 6 // informational
	if m.Failed > 0 || !m.Complete || len(m.Cases) > 0 {
		level = 4 // warning
	}
	line := func(level int, id string, data []string, text string) string {
		return fmt.Sprintf("<%d>1 %s %s aktvakt %d %s [%s %s] \xef\xbb\xbf%s", facility*8+level, m.Finished.UTC().Format("2006-01-02T15:04:05.000Z"),
			field(host, 255), os.Getpid(), id, enterprise, strings.Join(data, " "), text)
	}
	out := []string{line(level, "run", []string{
		param("complete", strconv.FormatBool(m.Complete)), param("targets", strconv.Itoa(m.Targets)), param("failed_targets", strconv.Itoa(m.Failed)),
		param("entries", strconv.Itoa(m.Entries)), param("findings", strconv.Itoa(m.Findings)), param("unknown", strconv.Itoa(m.Unknown)),
		param("new_incidents", strconv.Itoa(m.New)), param("resolved", strconv.Itoa(m.Resolved)),
		param("persons", strconv.Itoa(m.Persons)), param("minors", strconv.Itoa(m.Minors)),
	}, fmt.Sprintf("scan ended: %d incidents, %d documents that too many can read", len(m.Cases), m.Findings))}
	for _, c := range m.Cases {
		out = append(out, line(levelOf(c.Severity), "incident", []string{
			param("id", c.ID), param("severity", string(c.Severity)), param("mode", string(c.Mode)), param("status", c.Status),
			param("documents", strconv.Itoa(c.Documents)), param("persons", strconv.Itoa(c.Persons)), param("minors", strconv.Itoa(c.Minors)),
			param("people", strconv.Itoa(c.People)),
		}, fmt.Sprintf("%s incident %s: %d documents", c.Severity, c.ID, c.Documents)))
	}
	return out
}

func levelOf(s finding.Severity) int {
	switch s {
	case finding.Critical:
		return 2
	case finding.High:
		return 3
	case finding.Medium:
		return 4
	}
	return 5
}

// param writes a pair of structured data, RFC 5424 section 6.3.3.
func param(name, value string) string {
	return name + `="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `]`, `\]`).Replace(value) + `"`
}

// field makes a header field of printable ASCII.
func field(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if r < 33 || r > 126 {
			return '-'
		}
		return r
	}, s)
	return s[:min(len(s), most)]
}

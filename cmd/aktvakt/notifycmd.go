package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"

	"aktvakt/scanner/config"
	"aktvakt/scanner/finding"
	"aktvakt/scanner/report/notify"
)

// told keeps what the notifications are made of. It is a report.Sink.
type told struct {
	findings  []finding.Finding
	incidents []finding.Incident
}

func (t *told) Finding(f finding.Finding) error {
	t.findings = append(t.findings, f)
	return nil
}

func (t *told) Incident(i finding.Incident) error {
	t.incidents = append(t.incidents, i)
	return nil
}

func (*told) Skip(finding.Skip) error     { return nil }
func (*told) Close(finding.Summary) error { return nil }

// notifyTimeout bounds all notifications of a run together.
const notifyTimeout = 2 * time.Minute

// notifyAll tells everybody that the configuration names. What goes wrong is
// returned in sentences: a receiver that is down does not undo a scan.
func notifyAll(ctx context.Context, n config.Notify, lang string, t *told, sum finding.Summary) (faults []string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), notifyTimeout)
	defer cancel()
	fault := func(what string, err error) {
		if err != nil {
			faults = append(faults, fmt.Sprintf("%s was not told: %v", what, err))
		}
	}
	m := notify.NewMessage(sum, t.findings, t.incidents)
	if n.Webhook.URL != "" {
		secret, err := readSecret(n.Webhook.SecretFile)
		if err == nil {
			err = notify.Webhook{URL: n.Webhook.URL, Secret: []byte(secret)}.Send(ctx, m)
		}
		fault("the webhook", err)
	}
	if n.Syslog.Address != "" {
		conf, err := trust(n.Syslog.CAFile)
		if err == nil {
			err = m.Syslog(ctx, n.Syslog.Address, conf)
		}
		fault("the log server", err)
	}
	if n.Mail.Server != "" {
		faults = append(faults, mailAll(ctx, n.Mail, lang, t, sum, m)...)
	}
	return faults
}

// mailAll writes to the security team about the run and to each owner of a
// folder about the incidents there.
func mailAll(ctx context.Context, c config.Mail, lang string, t *told, sum finding.Summary, all notify.Message) (faults []string) {
	e := notify.Mail{Server: c.Server, User: c.User, From: c.From, To: c.To, Language: lang, Link: c.Link}
	var err error
	if e.TLS, err = trust(c.CAFile); err == nil && c.PasswordFile != "" {
		e.Password, err = readSecret(c.PasswordFile)
	}
	if err != nil {
		return []string{"nobody was told by e-mail: " + err.Error()}
	}
	send := func(e notify.Mail, m notify.Message) {
		if err := e.Send(ctx, m); err != nil {
			faults = append(faults, fmt.Sprintf("%s was not told by e-mail: %v", strings.Join(e.To, ", "), err))
		}
	}
	if len(c.To) > 0 {
		send(e, all)
	}
	for _, o := range c.Owners {
		if own := t.of(o.Path); len(own.incidents) > 0 {
			e.To = o.To
			send(e, notify.NewMessage(ofOwner(sum, own), own.findings, own.incidents))
		}
	}
	return faults
}

// of picks out what lies in an owner's folders.
func (t *told) of(glob string) *told {
	var out told
	for _, f := range t.findings {
		if ok, _ := doublestar.Match(glob, f.Path); ok {
			out.findings = append(out.findings, f)
		}
	}
	for _, i := range t.incidents {
		if ok, _ := doublestar.Match(glob, i.Root); ok {
			out.incidents = append(out.incidents, i)
		}
	}
	return &out
}

// ofOwner cuts a run's summary down to what an owner is told.
func ofOwner(sum finding.Summary, own *told) finding.Summary {
	sum.Incidents, sum.Persons, sum.Minors, sum.Resolved = len(own.incidents), 0, 0, 0
	sum.Findings = map[finding.Severity]int{}
	for _, f := range own.findings {
		sum.Findings[f.Severity]++
	}
	for _, i := range own.incidents {
		sum.Persons += i.Persons
		sum.Minors += i.Minors
	}
	return sum
}

func readSecret(name string) (string, error) {
	b, err := os.ReadFile(name)
	return strings.TrimRight(string(b), "\r\n"), err
}

// readPassword reads a file that holds a password.
func readPassword(name string) (string, error) {
	secret, err := readSecret(name)
	if err != nil {
		return "", &usageError{"password file: " + err.Error(), "the file holds the password and nothing else"}
	}
	return secret, nil
}

// trust reads a certificate authority, the only one that is trusted then; an
// empty name is the system's.
func trust(file string) (*tls.Config, error) { return trustBeside(file, x509.NewCertPool()) }

// trustBeside adds a certificate authority to those that are trusted.
func trustBeside(file string, pool *x509.CertPool) (*tls.Config, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate in PEM form", file)
	}
	return &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, nil
}

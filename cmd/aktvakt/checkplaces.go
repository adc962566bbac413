package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"aktvakt/scanner/access"
	"aktvakt/scanner/access/directory"
	"aktvakt/scanner/access/directory/entries"
	"aktvakt/scanner/access/kerberos"
	"aktvakt/scanner/config"
)

// dialTime bounds one attempt to reach a server.
const dialTime = 10 * time.Second

// secrets checks every file that holds one: that it holds something and that
// not everybody on this machine can read it.
func (p *prover) secrets() {
	files := append(secretFiles(reflect.ValueOf(p.cfg)), os.Getenv("AKTVAKT_SMB_PASSWORD_FILE"), os.Getenv("AKTVAKT_SMB_KEYTAB"),
		os.Getenv("AKTVAKT_SMB_CCACHE"), os.Getenv("AKTVAKT_LDAP_PASSWORD_FILE"), os.Getenv("AKTVAKT_PROBE_PASSWORD_FILE"),
		os.Getenv("AKTVAKT_WEB_PASSWORD_FILE"), os.Getenv("AKTVAKT_WEB_KEYTAB"), os.Getenv("AKTVAKT_WEB_CCACHE"))
	for i := range files {
		files[i] = strings.TrimPrefix(files[i], "FILE:")
	}
	slices.Sort(files)
	for _, f := range slices.Compact(files) {
		if f == "" {
			continue
		}
		p.where = f
		fi, err := os.Stat(f)
		switch {
		case err != nil:
			p.fail("secret", plainPath(err), "make the file, readable by the account that runs aktvakt alone")
		case fi.Size() == 0:
			p.add("secret", missing, "the file is empty", "write the secret into it, and nothing else")
		case fi.Mode().Perm()&0o007 != 0:
			p.add("secret", limited, fmt.Sprintf("mode %04o: everybody on this machine can read it", fi.Mode().Perm()), "chmod 0600 "+f)
		default:
			p.ok("secret", "mode %04o", fi.Mode().Perm())
		}
	}
}

// secretKeys are the keys of the configuration that name a file with a secret.
var secretKeys = []string{"password_file", "secret_file", "keytab", "ccache", "cookie_file"}

// secretFiles finds the values of these keys, wherever they stand.
func secretFiles(v reflect.Value) []string {
	var out []string
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			out = secretFiles(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			out = append(out, secretFiles(v.Index(i))...)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			key, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
			if f := v.Field(i); f.Kind() == reflect.String && slices.Contains(secretKeys, key) {
				out = append(out, f.String())
			} else if key != "" {
				out = append(out, secretFiles(f)...)
			}
		}
	}
	return out
}

// directory logs on and downloads all that a scan will.
func (p *prover) directory(ctx context.Context, d config.Directory) {
	p.where = cmp.Or(d.URL, d.Export)
	const download = "read accounts and groups"
	if d.Export != "" {
		got, err := entries.Export(d.Export, d.Domain)
		if err != nil {
			p.fail(download, err, "export accounts and groups anew (docs/permissions.md, section 4)")
			return
		}
		p.learn(got)
		p.ok(download, "%d accounts, %d groups", len(got.Accounts), len(got.Groups))
		return
	}
	s, err := ldapServer(d)
	if err != nil {
		p.fail(checkLogon, err, "")
		return
	}
	name, secret := s.User, d.PasswordFile+d.Keytab+d.CCache
	if s.Kerberos != nil {
		name = s.Kerberos.Name()
	}
	if err := reach(ctx, d.URL, map[string]string{"ldaps": "636", "ldap": "389"}); err != nil {
		p.fail(checkReach, err, "check the controller's name, and open TCP 636 (ldaps) or 389 (ldap) from this machine to it")
		p.untried(checkLogon, download)
		return
	}
	p.ok(checkReach, "")
	if !p.mayTry(name, secret) {
		p.add(checkLogon, untried, "the account "+name+" was refused above and is not tried again", "")
		return
	}
	got, err := directory.LDAP(ctx, s)
	if err != nil {
		p.noDirectory(err, name, secret)
		p.untried(download)
		return
	}
	p.ok(checkLogon, "as %s", name)
	p.learn(got)
	if !got.Complete {
		p.add(download, missing, strings.Join(got.Notes, " "), "let the account read users, groups and their members (docs/permissions.md, section 4)")
		return
	}
	p.ok(download, "%d accounts, %d groups", len(got.Accounts), len(got.Groups))
}

func (p *prover) learn(d *access.Directory) {
	if p.domains == nil {
		p.domains = &access.Directory{Complete: true}
	}
	p.domains.Merge(d)
}

// noDirectory tells a refused account from a distrusted certificate.
func (p *prover) noDirectory(err error, name, secret string) {
	var unknown *tls.CertificateVerificationError
	var ticket *kerberos.Error
	switch {
	case errors.As(err, &unknown):
		p.fail(checkLogon, err, "write the authority's certificate in PEM form and name it as ca_file; the address must have the name in the certificate")
	case errors.As(err, &ticket) && !ticket.Refused():
		p.fail(checkLogon, err, "")
	default:
		p.refuse(name, secret)
		p.fail(checkLogon, err, "check user and password of "+name+"; any ordinary account of the domain will do")
	}
}

// reach opens and closes a connection to an address' host.
func reach(ctx context.Context, address string, ports map[string]string) error {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" {
		return fmt.Errorf("%q is no address", address)
	}
	return dialOnce(ctx, net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), ports[u.Scheme])))
}

func dialOnce(ctx context.Context, addr string) error {
	c, err := (&net.Dialer{Timeout: dialTime}).DialContext(ctx, "tcp", addr)
	if err != nil {
		var op *net.OpError
		if errors.As(err, &op) {
			err = op.Err
		}
		return fmt.Errorf("%s: %w", addr, err)
	}
	return c.Close()
}

// report checks that the report can be written and is nobody else's to read.
func (p *prover) report() {
	p.where = "report"
	p.folder(cmp.Or(p.cfg.Report.Dir, "aktvakt-report"), "name another folder as report: {dir: DIR}")
}

// state checks the folder of the state.
func (p *prover) state() {
	p.where = "state"
	path, err := statePath(p.cfg.State)
	if err != nil {
		p.fail("write", err, "")
		return
	}
	dir := filepath.Dir(path)
	if p.folder(dir, "name another place as state: sqlite:PATH") {
		if kind := networkFS(dir); kind != "" {
			p.add("local disk", missing, dir+" lies on "+kind, "keep the state on a local disk: SQLite loses data over a network")
		} else {
			p.ok("local disk", "")
		}
	}
}

// folder makes a folder as the scan would, writes into it and looks who may
// read it.
func (p *prover) folder(dir, grant string) bool {
	err := os.MkdirAll(dir, 0o700)
	var f *os.File
	if err == nil {
		f, err = os.CreateTemp(dir, ".check-*")
	}
	if err != nil {
		p.fail("write", err, "let the account that runs aktvakt write there, or "+grant)
		return false
	}
	_, err = f.WriteString("x")
	err = errors.Join(err, f.Close(), os.Remove(f.Name()))
	if err != nil {
		p.fail("write", err, "check the space on the disk, or "+grant)
		return false
	}
	fi, err := os.Stat(dir)
	switch {
	case err != nil:
		p.fail("write", err, grant)
		return false
	case fi.Mode().Perm()&0o007 != 0:
		p.add("write", missing, fmt.Sprintf("%s has mode %04o: everybody on this machine can look into it", dir, fi.Mode().Perm()), "chmod 0700 "+dir)
	case fi.Mode().Perm()&0o070 != 0:
		p.add("write", limited, fmt.Sprintf("%s has mode %04o: its group can look into it", dir, fi.Mode().Perm()), "chmod 0700 "+dir+", unless the group is meant")
	default:
		p.ok("write", "%s, mode %04o", dir, fi.Mode().Perm())
	}
	return true
}

// ocr checks the program and its languages.
func (p *prover) ocr(ctx context.Context) {
	p.where = "ocr"
	on := p.cfg.Extract.OCR
	if on != nil && !*on {
		p.add("tesseract", limited, "switched off: scanned pages and pictures are not read", "")
		return
	}
	lack := limited
	if on != nil {
		lack = missing // the operator asked for it
	}
	path, err := exec.LookPath("tesseract")
	if err != nil {
		p.add("tesseract", lack, "not installed: scanned pages and pictures are not read", "install tesseract-ocr and its languages, or use the image that has them, or set extract: {ocr: false}")
		return
	}
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	list, err := exec.CommandContext(ctx, path, "--list-langs").Output()
	if err != nil {
		p.add("tesseract", lack, "does not run: "+err.Error(), "")
		return
	}
	have := strings.Fields(string(list))
	var lacking []string
	for _, l := range p.cfg.Extract.Languages {
		if !slices.Contains(have, l) {
			lacking = append(lacking, l)
		}
	}
	if len(lacking) > 0 {
		p.add("tesseract", lack, "no language "+strings.Join(lacking, ", ")+": scanned pages and pictures are not read",
			"install tesseract-ocr-"+strings.Join(lacking, " tesseract-ocr-")+", or leave them out of extract: {languages: []}")
		return
	}
	p.ok("tesseract", "%s", strings.Join(p.cfg.Extract.Languages, ", "))
}

// shortestSecret is what the webhook's signature wants, in bytes.
const shortestSecret = 16

// notify checks that those who are told can be reached. Nothing is sent.
func (p *prover) notify(ctx context.Context) {
	n := p.cfg.Notify
	if n.Webhook.URL != "" {
		p.where = "notify.webhook"
		secret, err := readSecret(n.Webhook.SecretFile)
		switch {
		case err != nil:
			p.fail("secret", plainPath(err), "")
		case len(secret) < shortestSecret:
			p.add("secret", missing, fmt.Sprintf("it has %d bytes, at least %d are needed", len(secret), shortestSecret), "openssl rand -hex 32 > FILE, here and at the receiver")
		default:
			p.ok("secret", "%d bytes", len(secret))
		}
		p.receiver(reach(ctx, n.Webhook.URL, map[string]string{"https": "443", "http": "80"}))
	}
	if n.Syslog.Address != "" {
		p.where = "notify.syslog"
		p.authority(n.Syslog.CAFile)
		p.receiver(dialTLS(ctx, n.Syslog))
	}
	if n.Mail.Server != "" {
		p.where = "notify.mail"
		p.authority(n.Mail.CAFile)
		p.receiver(dialOnce(ctx, n.Mail.Server))
	}
}

func (p *prover) receiver(err error) {
	if err != nil {
		p.fail(checkReach, err, "check the address, and open the port from this machine to it")
		return
	}
	p.ok(checkReach, "")
}

func (p *prover) authority(file string) {
	if _, err := trust(file); err != nil {
		p.fail("ca_file", err, "write the authority's certificate in PEM form")
	}
}

// dialTLS makes the handshake of syslog over TLS.
func dialTLS(ctx context.Context, s config.Syslog) error {
	conf, err := trust(s.CAFile)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	c, err := (&tls.Dialer{Config: conf}).DialContext(ctx, "tcp", s.Address)
	if err != nil {
		return err
	}
	return c.Close()
}

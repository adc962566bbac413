package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"time"

	"aktvakt/scanner"
	"aktvakt/scanner/config"
	"aktvakt/scanner/source"
	"aktvakt/scanner/source/web"
	"aktvakt/scanner/source/web/session"
)

// portals makes the targets at https://; those on one host share its limits.
type portals struct {
	all  config.Limits
	held map[string]*session.Limiter
}

func newPortals(ts []config.Target, all config.Limits) *portals {
	x := &portals{all: all, held: map[string]*session.Limiter{}}
	limits := map[string]session.Limits{}
	for _, t := range ts {
		p, err := config.ParseTarget(t.URL)
		if err != nil || !p.Web() {
			continue
		}
		l := limits[host(p)]
		l.InFlight = stricter(l.InFlight, t.Limits.InFlight)
		l.RequestsPerSecond = float64(stricter(int(l.RequestsPerSecond), t.Limits.IOPS))
		l.BytesPerSecond = stricter(l.BytesPerSecond, int64(cmp.Or(t.Limits.Bandwidth, all.Bandwidth)))
		limits[host(p)] = l
	}
	for h, l := range limits {
		x.held[h] = session.NewLimiter(l)
	}
	return x
}

// target opens one portal. Its error names all that is wrong with accounts and
// files.
func (x *portals) target(base scanner.Target, p config.Place, t config.Target) (scanner.Target, error) {
	u, err := url.Parse(p.URL)
	if err != nil {
		return base, &usageError{"target " + p.Host + ": not a valid address", ""}
	}
	w := t.Web
	cfg := web.Config{
		URL: u, Kind: web.Kind(w.Kind), Plain: w.Plain, Limiter: x.held[host(p)],
		NoAnonymous: w.Anonymous != nil && !*w.Anonymous,
		Scope:       web.Scope{Hosts: w.Scope.Hosts, Paths: w.Scope.Paths, Exclude: w.Scope.Exclude, Depth: w.Scope.Depth, Pages: w.Scope.Pages, Robots: w.Scope.Robots},
	}
	if p.WebDAV {
		cfg.Kind = web.WebDAV
	}
	if h, err := config.ParseTarget(w.Home); err == nil && w.Home != "" {
		cfg.Home, _ = url.Parse(h.URL)
	}
	for _, s := range w.Search {
		cfg.Search = append(cfg.Search, web.Search{URL: s.URL, Terms: s.Terms})
	}
	var faults []error
	keep := func(err error) {
		if err != nil {
			faults = append(faults, err)
		}
	}
	cfg.TLS, err = portalTrust(w.CAFile)
	keep(err)
	cfg.Account, err = portalAccount(fmt.Sprintf("target %s", base.Name), p, t.Credentials, logonOf{w.Logon, w.Form, w.CookieFile})
	keep(err)
	for _, x := range w.Probes {
		a, err := portalAccount(fmt.Sprintf("target %s: probe %q", base.Name, x.Name), config.Place{Scheme: p.Scheme}, x.Credentials, logonOf{x.Logon, x.Form, x.CookieFile})
		keep(err)
		cfg.Probes = append(cfg.Probes, web.Probe{Name: x.Name, People: x.People, Account: a, Check: x.Check, SignedIn: x.Form.SignedIn})
	}
	if len(faults) > 0 {
		return base, joinUsage(faults)
	}
	base.Source = web.New(cfg)
	return base, nil
}

// portalTrust is the TLS of a portal whose certificate an authority of one's own
// signed. Those of the system are trusted too: a portal may send its users to
// hosts that they signed for.
func portalTrust(file string) (*tls.Config, error) {
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	conf, err := trustBeside(file, pool)
	if err != nil {
		return nil, &usageError{"ca_file: " + err.Error(), "write the authority's certificate in PEM form"}
	}
	return conf, nil
}

// logonOf is how an account logs on to a portal.
type logonOf struct {
	kind    string
	form    config.WebForm
	cookies string
}

// portalAccount finds an account: what the configuration names and, for the
// one that scans, the environment. Nobody is an account too: a portal may be
// open to all.
func portalAccount(who string, p config.Place, c config.Credentials, how logonOf) (session.Account, error) {
	a := session.Account{
		Logon: session.Logon(how.kind),
		Form:  session.FormFields{URL: how.form.URL, User: how.form.UserField, Password: how.form.PasswordField, SignedIn: how.form.SignedIn},
	}
	if a.Logon == session.Anonymous {
		return a, nil
	}
	if how.cookies != "" {
		b, err := os.ReadFile(how.cookies)
		if err == nil {
			a.Cookies, err = session.ParseCookies(b, time.Now())
		}
		if err != nil {
			return a, &usageError{who + ": cookie_file: " + err.Error(), "docs/portals.md tells how to save the cookies of a session"}
		}
		if c.User == "" && !c.Kerberos() {
			a.Logon = session.Cookies
			return a, nil
		}
	}
	scans := p.Host != "" // probes take nothing from the environment
	file := c.PasswordFile
	domain, user := "", ""
	if scans {
		domain, user = splitUser(os.Getenv("AKTVAKT_WEB_USER"))
		if file == "" && !c.Kerberos() {
			c.Keytab, c.CCache = os.Getenv("AKTVAKT_WEB_KEYTAB"), os.Getenv("AKTVAKT_WEB_CCACHE")
			file = os.Getenv("AKTVAKT_WEB_PASSWORD_FILE")
		}
	}
	a.User, a.Domain = cmp.Or(p.User, c.User, user), cmp.Or(c.Domain, domain)
	if c.Kerberos() {
		var err error
		a.SPN = c.SPN
		if a.Kerberos, err = ticketAccount(a.User, c); err == nil {
			a.User = a.Kerberos.User()
		}
		return a, named(who, err)
	}
	switch pw, given := os.LookupEnv("AKTVAKT_WEB_PASSWORD"); {
	case a.User == "":
	case scans && given && c.PasswordFile == "":
		a.Password = pw
	case file != "":
		var err error
		if a.Password, err = readPassword(file); err != nil {
			return a, named(who, err)
		}
	default:
		return a, &usageError{who + ": no password for " + a.User, "set AKTVAKT_WEB_PASSWORD_FILE or AKTVAKT_WEB_PASSWORD, or password_file in the configuration"}
	}
	return a, nil
}

// named says whose account a fault of usage is about.
func named(who string, err error) error {
	var u *usageError
	if errors.As(err, &u) {
		return &usageError{who + ": " + u.what, u.hint}
	}
	return err
}

// asConfigured is a target of the command line with what the configuration
// says of the portal on the same host.
func asConfigured(t config.Target, known []config.Target) config.Target {
	p, err := config.ParseTarget(t.URL)
	if err != nil || !p.Web() {
		return t
	}
	for _, k := range known {
		if q, err := config.ParseTarget(k.URL); err == nil && q.Web() && q.Address() == p.Address() {
			k.Web.Home, k.URL, k.Name = k.URL, t.URL, ""
			return k
		}
	}
	return t
}

// askPortal finds out by looking who can read a document of a portal that
// tells no rules. ok is false for any other target.
func askPortal(ctx context.Context, cfg config.Config, t scanner.Target, f accessFlags) (l accessLine, ok bool, err error) {
	s, ok := t.Source.(*web.Source)
	if !ok {
		return l, false, nil
	}
	if _, err := s.Root(ctx); err != nil {
		s.Close()
		return l, true, err
	}
	if _, told := source.As[source.ACLReader](s); told {
		return l, false, nil
	}
	defer s.Close()
	if f.below || f.self {
		return l, true, errors.New("--below and --check are for targets that tell their access rules")
	}
	e, one := s.Start()
	if !one {
		return l, true, &hinted{errors.New("this folder tells no access rules"), "name a document in it: it is looked at as each probe account"}
	}
	eng, err := newEngine(cfg.Detectors)
	if err != nil {
		return l, true, err
	}
	ext, err := newExtractor(cfg)
	if err != nil {
		return l, true, err
	}
	defer ext.Close()
	a, err := scanner.LookAt(ctx, scanner.Options{Extractor: ext, Inspector: eng, Key: make([]byte, 32), Limits: limitsOf(cfg.Extract)}, t, e)
	if err != nil {
		return l, true, err
	}
	return accessLine{
		Type: "access", Path: source.Join(s.Name(), e.Path), Complete: a.Complete, People: a.People, PeopleMax: a.PeopleMax, Staff: a.Staff,
		Wide: list0(a.Wide), Unresolved: []string{}, Via: list0(a.Via), Notes: a.Notes, NoBound: a.NoBound,
	}, true, nil
}

package main

import (
	"cmp"
	"fmt"
	"os"
	"strings"

	"aktvakt/scanner/access/kerberos"
	"aktvakt/scanner/config"
)

// account is how to log on to a server: with a password, or with tickets.
type account struct {
	domain, user, password string
	kerberos               *kerberos.Account
	spn                    string
}

// accountFor finds the account for a target: what the target itself names,
// then the configuration, then the environment. Secrets come from files or the
// environment only.
func accountFor(p config.Place, c config.Credentials) (account, error) {
	domain, user := splitUser(os.Getenv("AKTVAKT_SMB_USER"))
	a := account{
		domain: cmp.Or(p.Domain, c.Domain, os.Getenv("AKTVAKT_SMB_DOMAIN"), domain),
		user:   cmp.Or(p.User, c.User, user),
	}
	if c.PasswordFile == "" && !c.Kerberos() {
		c.Keytab, c.CCache = os.Getenv("AKTVAKT_SMB_KEYTAB"), os.Getenv("AKTVAKT_SMB_CCACHE")
	}
	if c.Kerberos() {
		var err error
		a.spn = c.SPN
		if c.Realm == "" && strings.Contains(a.domain, ".") { // svc@KOMMUN.EXAMPLE, not KOMMUN\svc
			c.Realm = a.domain
		}
		if a.kerberos, err = ticketAccount(a.user, c); err == nil {
			a.user = a.kerberos.User()
		}
		return a, err
	}
	if a.user == "" {
		return a, &usageError{
			fmt.Sprintf("no account to log on to %s", p.Address()),
			"set AKTVAKT_SMB_USER (DOMAIN\\user) and AKTVAKT_SMB_PASSWORD_FILE, or credentials in the configuration",
		}
	}
	file := cmp.Or(c.PasswordFile, os.Getenv("AKTVAKT_SMB_PASSWORD_FILE"))
	pw, given := os.LookupEnv("AKTVAKT_SMB_PASSWORD")
	switch {
	case file != "" && (c.PasswordFile != "" || !given):
		var err error
		if a.password, err = readPassword(file); err != nil {
			return a, err
		}
	case given:
		a.password = pw
	default:
		return a, &usageError{
			fmt.Sprintf("no password for %s on %s", a.user, p.Address()),
			"set AKTVAKT_SMB_PASSWORD_FILE or AKTVAKT_SMB_PASSWORD, or password_file in the configuration",
		}
	}
	return a, nil
}

// ticketAccount reads a keytab or a credential cache. KRB5_CONFIG serves where
// the configuration names no krb5.conf, as for other programs.
func ticketAccount(user string, c config.Credentials) (*kerberos.Account, error) {
	a, err := kerberos.New(kerberos.Config{
		Keytab: c.Keytab, CCache: c.CCache, User: user, Realm: c.Realm,
		Krb5Conf: cmp.Or(c.Krb5Conf, os.Getenv("KRB5_CONFIG")),
	})
	if err != nil {
		return nil, &usageError{err.Error(), "docs/permissions.md tells how to make a keytab"}
	}
	return a, nil
}

// splitUser reads DOMAIN\user, user@domain and DOMAIN;user.
func splitUser(s string) (domain, user string) {
	if d, u, ok := strings.Cut(s, `\`); ok {
		return d, u
	}
	if d, u, ok := strings.Cut(s, ";"); ok {
		return d, u
	}
	if u, d, ok := strings.Cut(s, "@"); ok {
		return d, u
	}
	return "", s
}

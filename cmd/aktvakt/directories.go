package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"aktvakt/scanner/access"
	"aktvakt/scanner/access/directory"
	"aktvakt/scanner/access/directory/entries"
	"aktvakt/scanner/config"
)

// directoryAge is how long the answer of a directory holds: one night.
const directoryAge = 16 * time.Hour

// readDirectories reads the configured domains and joins them. A domain that
// cannot be read makes the answers about its groups incomplete: the note says
// so in the report. What was downloaded is kept in cache, a folder, for the
// night; empty keeps nothing.
func readDirectories(ctx context.Context, ds []config.Directory, cache string) (*access.Directory, error) {
	var all *access.Directory
	for _, d := range ds {
		got, err := readDirectory(ctx, d, cache)
		var usage *usageError
		if errors.As(err, &usage) {
			return nil, err
		}
		name := cmp.Or(d.URL, d.Export)
		if err != nil {
			got = &access.Directory{Name: name, Notes: []string{fmt.Sprintf("The directory %s could not be read: %v", name, err)}}
		}
		if all == nil {
			all = got
		} else {
			all.Merge(got)
		}
	}
	return all, nil
}

func readDirectory(ctx context.Context, d config.Directory, cache string) (*access.Directory, error) {
	if d.Export != "" {
		return entries.Export(d.Export, d.Domain)
	}
	s, err := ldapServer(d)
	if err != nil {
		return nil, err
	}
	fetch := func() (*access.Directory, error) { return directory.LDAP(ctx, s) }
	if cache == "" {
		return fetch()
	}
	if err := os.MkdirAll(cache, 0o700); err != nil {
		return nil, fmt.Errorf("state: %w", err)
	}
	id := sha256.Sum256([]byte(d.URL + "\x00" + d.Base + "\x00" + s.User + "\x00" + d.Keytab + d.CCache))
	return directory.Cached(filepath.Join(cache, fmt.Sprintf("directory-%x.json", id[:8])), directoryAge, fetch)
}

func ldapServer(d config.Directory) (directory.LDAPServer, error) {
	s := directory.LDAPServer{
		URL: d.URL, Base: d.Base, User: cmp.Or(d.User, os.Getenv("AKTVAKT_LDAP_USER")), SPN: d.SPN,
	}
	conf, err := trust(d.CAFile)
	if err != nil {
		return s, &usageError{"ca_file: " + err.Error(), "write the authority's certificate in PEM form"}
	}
	s.TLS = conf
	if c := d.Credentials(); c.Kerberos() {
		s.Kerberos, err = ticketAccount(s.User, c)
		return s, err
	}
	if s.User == "" {
		return s, &usageError{"no account to log on to " + d.URL, "set user and password_file of the directory, or AKTVAKT_LDAP_USER and AKTVAKT_LDAP_PASSWORD_FILE"}
	}
	file := cmp.Or(d.PasswordFile, os.Getenv("AKTVAKT_LDAP_PASSWORD_FILE"))
	if file == "" {
		s.Password = os.Getenv("AKTVAKT_LDAP_PASSWORD")
	} else if s.Password, err = readPassword(file); err != nil {
		return s, err
	}
	if s.Password == "" {
		return s, &usageError{fmt.Sprintf("no password for %s on %s", s.User, d.URL), "set password_file of the directory, or AKTVAKT_LDAP_PASSWORD_FILE"}
	}
	return s, nil
}

// Package kerberos logs an account on to a domain with a keytab or a
// credential cache, and lets it log on to servers with the tickets it gets.
//
// One Account serves all connections of a run: to shares, to the pipes that
// tell a server's accounts, and to the directory. It asks the domain for one
// ticket a server, however many connections are made. Keys and tickets never
// appear in an error.
//
// Start reading at New and Account.Initiator.
package kerberos

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jcmturner/gokrb5/v8/client"
	"github.com/jcmturner/gokrb5/v8/config"
	"github.com/jcmturner/gokrb5/v8/credentials"
	"github.com/jcmturner/gokrb5/v8/keytab"
)

// Config says where the account's keys or tickets are.
type Config struct {
	// Keytab is the path of a file of keys, CCache that of a credential cache,
	// with or without "FILE:" in front; one of the two is needed.
	Keytab, CCache string
	// User and Realm name the account of a keytab. User may be "user@REALM";
	// an empty user is the keytab's only one, an empty realm that of the keytab's
	// entry for the user. A credential cache names its account itself.
	User, Realm string
	// Krb5Conf is the path of a krb5.conf. Where it is empty, /etc/krb5.conf is
	// read if it is there; else the domain controllers are found by DNS.
	Krb5Conf string
}

// Account is a principal of a domain. It may be used from many goroutines.
type Account struct {
	cfg         Config
	conf        *config.Config
	user, realm string
	keys        *keytab.Keytab

	mu     sync.Mutex
	client *client.Client
	// web is kept for a while by Negotiate, which is asked for each request.
	web   *client.Client
	webAt time.Time
}

// systemConf is where krb5.conf usually is.
const systemConf = "/etc/krb5.conf"

// New reads the files and finds out which account they are for. It opens no
// connection.
func New(c Config) (*Account, error) {
	a := &Account{cfg: c}
	if (c.Keytab == "") == (c.CCache == "") {
		return nil, errors.New("kerberos needs either a keytab or a credential cache")
	}
	var err error
	if c.Keytab == "" {
		cc, err := a.cache()
		if err != nil {
			return nil, err
		}
		a.user, a.realm = cc.DefaultPrincipal.PrincipalName.PrincipalNameString(), cc.DefaultPrincipal.Realm
	} else if err = a.fromKeytab(); err != nil {
		return nil, err
	}
	if a.conf, err = readConf(c.Krb5Conf, a.realm); err != nil {
		return nil, err
	}
	return a, nil
}

// Name returns the account as "user@REALM".
func (a *Account) Name() string { return a.user + "@" + a.realm }

// User returns the account's name without its realm.
func (a *Account) User() string { return a.user }

func (a *Account) cache() (cc *credentials.CCache, err error) {
	name := strings.TrimPrefix(a.cfg.CCache, "FILE:")
	// The library reads beyond the end of a file that was cut.
	defer func() {
		if recover() != nil {
			cc, err = nil, fmt.Errorf("credential cache %q: not a credential cache", name)
		}
	}()
	if _, err := os.Stat(name); err != nil {
		return nil, fmt.Errorf("credential cache: %w", err)
	}
	if cc, err = credentials.LoadCCache(name); err != nil {
		return nil, fmt.Errorf("credential cache %q: %w", name, err)
	}
	return cc, nil
}

func (a *Account) fromKeytab() (err error) {
	name := a.cfg.Keytab
	defer func() {
		if recover() != nil {
			err = fmt.Errorf("keytab %q: not a keytab", name)
		}
	}()
	if _, err := os.Stat(name); err != nil {
		return fmt.Errorf("keytab: %w", err)
	}
	if a.keys, err = keytab.Load(name); err != nil {
		return fmt.Errorf("keytab %q: %w", name, err)
	}
	user, realm, _ := strings.Cut(a.cfg.User, "@")
	realm = strings.ToUpper(cmp.Or(realm, a.cfg.Realm))
	var held, fit []string
	for _, e := range a.keys.Entries {
		n := strings.Join(e.Principal.Components, "/") + "@" + e.Principal.Realm
		if !slices.Contains(held, n) {
			held = append(held, n)
		}
		ofUser := user == "" || strings.EqualFold(strings.Join(e.Principal.Components, "/"), user)
		if ofUser && (realm == "" || e.Principal.Realm == realm) && !slices.Contains(fit, n) {
			fit = append(fit, n)
		}
	}
	switch {
	case len(held) == 0:
		return fmt.Errorf("keytab %q holds no keys", name)
	case len(fit) == 0:
		return fmt.Errorf("keytab %q holds no key of %s; it has keys of %s", name, cmp.Or(user, "*")+"@"+cmp.Or(realm, "*"), strings.Join(held, ", "))
	case len(fit) > 1:
		return fmt.Errorf("keytab %q holds keys of %s: say which by user and realm", name, strings.Join(fit, ", "))
	}
	at := strings.LastIndexByte(fit[0], '@')
	a.user, a.realm = fit[0][:at], fit[0][at+1:]
	return nil
}

// readConf reads krb5.conf, or makes one that finds the controllers by DNS.
func readConf(name, realm string) (*config.Config, error) {
	conf, err := config.Load(cmp.Or(name, systemConf))
	switch {
	case err == nil:
	case name == "" && isMissing(systemConf):
		conf = config.New()
		conf.LibDefaults.DNSLookupKDC = true
		conf.LibDefaults.RDNS = false
		// Tickets of Active Directory seldom fit into a datagram.
		conf.LibDefaults.UDPPreferenceLimit = 1
	default:
		var bad config.UnsupportedDirective
		if !errors.As(err, &bad) {
			return nil, fmt.Errorf("kerberos configuration %q: %w", cmp.Or(name, systemConf), err)
		}
	}
	if conf.LibDefaults.DefaultRealm == "" {
		conf.LibDefaults.DefaultRealm = realm
	}
	return conf, nil
}

func isMissing(name string) bool {
	_, err := os.Stat(name)
	return errors.Is(err, fs.ErrNotExist)
}

// Client returns the account, logged on to its domain. A keytab's ticket is
// renewed as long as the program runs; a credential cache is read anew each
// time, for someone else renews it.
func (a *Account) Client() (*client.Client, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.client != nil {
		return a.client, nil
	}
	// Active Directory does not offer FAST as this library expects it.
	plain := client.DisablePAFXFAST(true)
	if a.keys == nil {
		cc, err := a.cache()
		if err != nil {
			return nil, err
		}
		c, err := client.NewFromCCache(cc, a.conf, plain)
		if err == nil {
			err = c.Login() // no exchange; tells an expired ticket
		}
		if err != nil {
			return nil, a.explain("", err)
		}
		return c, nil
	}
	c := client.NewWithKeytab(a.user, a.realm, a.keys, a.conf, plain)
	if err := c.Login(); err != nil {
		c.Destroy()
		return nil, a.explain("", err)
	}
	a.client = c
	return c, nil
}

// Close ends the renewal of tickets and forgets them.
func (a *Account) Close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.client != nil {
		a.client.Destroy()
		a.client = nil
	}
}

// Service returns the name that a service of a host has in the domain, such as
// "cifs/fs1.kommun.example". given, where it is not empty, is what the operator
// wrote instead.
func Service(kind, host, given string) (string, error) {
	if given != "" {
		return given, nil
	}
	if net.ParseIP(host) != nil {
		return "", &Error{refused: true, text: fmt.Sprintf("kerberos needs the name of the server, not the address %s", host),
			hint: "name the server as the domain knows it, fs1.kommun.example, or set spn: " + kind + "/fs1.kommun.example"}
	}
	return kind + "/" + strings.ToLower(host), nil
}

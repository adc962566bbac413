package smb

import (
	"fmt"
	"os"
	"strings"

	"github.com/cloudsoda/go-smb2"
	"github.com/jcmturner/gokrb5/v8/client"
	"github.com/jcmturner/gokrb5/v8/config"
	"github.com/jcmturner/gokrb5/v8/credentials"
	"github.com/jcmturner/gokrb5/v8/keytab"
)

// Kerberos says where the ticket comes from: a keytab with Principal, or a
// credential cache.
type Kerberos struct {
	// Config is the path of krb5.conf, /etc/krb5.conf when empty.
	Config string
	// Keytab is the path of a keytab that holds Principal ("user@REALM").
	Keytab, Principal string
	// CCache is the path of a credential cache; an optional "FILE:" is cut.
	CCache string
}

func (k *Kerberos) client() (*client.Client, error) {
	path := k.Config
	if path == "" {
		path = "/etc/krb5.conf"
	}
	conf, err := config.Load(path)
	if err != nil {
		return nil, fmt.Errorf("kerberos configuration %q: %w", path, err)
	}
	if k.Keytab == "" {
		cc, err := credentials.LoadCCache(strings.TrimPrefix(k.CCache, "FILE:"))
		if err != nil {
			return nil, fmt.Errorf("kerberos credential cache %q: %w", k.CCache, err)
		}
		return client.NewFromCCache(cc, conf, client.DisablePAFXFAST(true))
	}
	if _, err := os.Stat(k.Keytab); err != nil {
		return nil, fmt.Errorf("kerberos keytab: %w", err)
	}
	kt, err := keytab.Load(k.Keytab)
	if err != nil {
		return nil, fmt.Errorf("kerberos keytab %q: %w", k.Keytab, err)
	}
	user, realm, ok := strings.Cut(k.Principal, "@")
	if !ok {
		realm = conf.LibDefaults.DefaultRealm
	}
	c := client.NewWithKeytab(user, strings.ToUpper(realm), kt, conf, client.DisablePAFXFAST(true))
	if err := c.Login(); err != nil {
		return nil, fmt.Errorf("kerberos log-on of %q: %w", k.Principal, err)
	}
	return c, nil
}

func (k *Kerberos) initiator(host string) (smb2.Initiator, error) {
	c, err := k.client()
	if err != nil {
		return nil, err
	}
	return &smb2.Krb5Initiator{Client: c, TargetSPN: "cifs/" + host}, nil
}

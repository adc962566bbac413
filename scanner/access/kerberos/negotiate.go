package kerberos

import (
	"encoding/base64"
	"time"

	"github.com/jcmturner/gokrb5/v8/client"
	"github.com/jcmturner/gokrb5/v8/spnego"
)

// Negotiate returns the value of an Authorization header that proves the
// account to a web server (RFC 4559), for one request. The service of a web
// server is "HTTP/" and its host, with and without TLS.
func (a *Account) Negotiate(spn string) (header string, err error) {
	c, err := a.webClient()
	if err != nil {
		return "", err
	}
	defer guard(&err)
	if _, _, err := c.GetServiceTicket(spn); err != nil {
		return "", a.explain(spn, err)
	}
	t, err := spnego.SPNEGOClient(c, spn).InitSecContext()
	if err != nil {
		return "", a.explain(spn, err)
	}
	b, err := t.Marshal()
	if err != nil {
		return "", errAnswer
	}
	return "Negotiate " + base64.StdEncoding.EncodeToString(b), nil
}

// webFor is how long the client of a credential cache serves: a new one has no
// ticket of the service, and asking the domain for one with every request would
// be a burden to it.
const webFor = 5 * time.Minute

func (a *Account) webClient() (*client.Client, error) {
	if a.keys != nil {
		return a.Client()
	}
	a.mu.Lock()
	c, at := a.web, a.webAt
	a.mu.Unlock()
	if c != nil && time.Since(at) < webFor {
		return c, nil
	}
	c, err := a.Client()
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.web, a.webAt = c, time.Now()
	return c, nil
}

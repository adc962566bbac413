package kerberos

import (
	"encoding/base64"

	"github.com/jcmturner/gokrb5/v8/spnego"
)

// Negotiate returns the value of an Authorization header that proves the
// account to a web server (RFC 4559), for one request. The service of a web
// server is "HTTP/" and its host, with and without TLS.
func (a *Account) Negotiate(spn string) (header string, err error) {
	c, err := a.Client()
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

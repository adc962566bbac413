package kerberos

import (
	"crypto/rand"
	"encoding/asn1"
	"errors"

	"github.com/cloudsoda/go-smb2"
)

// Initiator proves the account to an SMB server. The ticket is fetched here,
// so that what a domain says is told from what the server says. Each
// connection needs an Initiator of its own.
func (a *Account) Initiator(spn string) (smb2.Initiator, error) {
	c, err := a.Client()
	if err != nil {
		return nil, err
	}
	if _, _, err := c.GetServiceTicket(spn); err != nil {
		return nil, a.explain(spn, err)
	}
	return &initiator{in: &smb2.Krb5Initiator{Client: c, TargetSPN: spn}}, nil
}

// initiator guards the library's: it indexes into what the server sent, and a
// server that sends less must end a log-on, not the program.
type initiator struct{ in *smb2.Krb5Initiator }

var errAnswer = errors.New("the server's answer to the Kerberos ticket is malformed")

func guard(err *error) {
	if recover() != nil {
		*err = errAnswer
	}
}

func (i *initiator) OID() asn1.ObjectIdentifier { return i.in.OID() }

func (i *initiator) InitSecContext() (b []byte, err error) {
	defer guard(&err)
	return i.in.InitSecContext()
}

func (i *initiator) AcceptSecContext(sc []byte) (b []byte, err error) {
	defer guard(&err)
	return i.in.AcceptSecContext(sc)
}

// Sum is nil where there is no key, which no server's checksum equals.
func (i *initiator) Sum(b []byte) (sum []byte) {
	var err error
	defer guard(&err)
	return i.in.Sum(b)
}

// SessionKey is random where the server did not prove itself: nothing it signs
// then fits.
func (i *initiator) SessionKey() (key []byte) {
	defer func() {
		if recover() != nil {
			key = make([]byte, 16)
			rand.Read(key)
		}
	}()
	return i.in.SessionKey()
}

package smb

import (
	"errors"
	"fmt"

	"github.com/cloudsoda/go-smb2"

	"aktvakt/scanner/access/kerberos"
	"aktvakt/scanner/source"
)

// initiatorOf makes the side of the client of one log-on. A domain's refusal is
// an ErrLogon; a domain that does not answer is not.
func initiatorOf(cfg Config) (smb2.Initiator, error) {
	if cfg.Kerberos == nil {
		return &smb2.NTLMInitiator{Domain: cfg.Domain, User: cfg.User, Password: cfg.Password}, nil
	}
	spn, err := kerberos.Service("cifs", cfg.Host, cfg.SPN)
	if err == nil {
		var i smb2.Initiator
		if i, err = cfg.Kerberos.Initiator(spn); err == nil {
			return i, nil
		}
	}
	var ke *kerberos.Error
	if !errors.As(err, &ke) || ke.Refused() { // a file that is gone is final too
		return nil, fmt.Errorf("%w: %w", source.ErrLogon, err)
	}
	return nil, err
}

package smb

import (
	"context"

	"aktvakt/scanner/access"
	"aktvakt/scanner/access/directory"
	"aktvakt/scanner/source"
)

var _ source.Auditor = (*Source)(nil)

// Resolver asks the server for the share's own ACL, its accounts and groups,
// and takes those of the domain from Config.Directory.
func (s *Source) Resolver(ctx context.Context, opt access.Options) (*access.Resolver, error) {
	return directory.FromServer(ctx, s.server(), opt)
}

// Ask asks the server for each of these things by itself.
func (s *Source) Ask(ctx context.Context) directory.Answers { return directory.Ask(ctx, s.server()) }

func (s *Source) server() directory.Server {
	return directory.Server{
		Host: s.cfg.Host, Port: s.cfg.Port, Domain: s.cfg.Domain, User: s.cfg.User, Password: s.cfg.Password,
		Kerberos: s.cfg.Kerberos, SPN: s.cfg.SPN, Share: s.cfg.Share, AD: s.cfg.Directory,
	}
}

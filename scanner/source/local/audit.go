package local

import (
	"context"

	"aktvakt/scanner/access"
	"aktvakt/scanner/access/directory"
	"aktvakt/scanner/source"
)

var _ source.Auditor = (*Source)(nil)

// Resolver tells of the accounts and groups of this machine.
func (s *Source) Resolver(ctx context.Context, opt access.Options) (*access.Resolver, error) {
	return directory.Local(ctx, opt)
}

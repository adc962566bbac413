package smb

import (
	"context"
	"fmt"
	"net"
	"strings"

	"github.com/cloudsoda/go-smb2"
)

// Share is a folder that a server offers.
type Share struct {
	Name, Comment string
	// Special marks the administrative shares that a Windows server makes for
	// itself (C$, ADMIN$); they show the same files again to administrators.
	Special bool
	// Hidden marks names that end in "$", which no browser shows.
	Hidden bool
}

// ListShares returns the disk shares that a server tells the account of, in
// the server's order. Printers and pipes are left out. Share and Path of cfg
// are not used.
func ListShares(ctx context.Context, cfg Config) ([]Share, error) {
	cfg = New(cfg).cfg
	var out []Share
	err := dialSession(ctx, cfg, func(conn net.Conn, ses *smb2.Session) error {
		defer conn.Close()
		infos, err := ses.ListShares()
		if err != nil {
			return mountError(err)
		}
		for _, i := range infos {
			if i.Type() != smb2.ShareTypeDiskTree {
				continue
			}
			out = append(out, Share{
				Name: i.Name, Comment: i.Comment, Special: i.IsSpecial(), Hidden: strings.HasSuffix(i.Name, "$"),
			})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list the shares of smb://%s: %w", hostName(cfg.Host, cfg.Port), err)
	}
	return out, nil
}

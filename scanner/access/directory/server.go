package directory

import (
	"context"
	"fmt"
	"time"

	"aktvakt/scanner/access"
	"aktvakt/scanner/access/kerberos"
)

// Server is a file server and the account that asks it. Share is the share
// whose own access rules narrow those of its files.
type Server struct {
	Host string
	// Port is that of SMB; 0 means 445.
	Port                   int
	Domain, User, Password string
	// Kerberos logs on with a ticket instead of User and Password, to the
	// service SPN, "cifs/" and Host when empty.
	Kerberos *kerberos.Account
	SPN      string
	Share    string
	// AD is the directory of the domain that the server is a member of, as
	// LDAP or Export gave it; nil where there is none. It is only read.
	AD *access.Directory
}

func (s Server) port() int {
	if s.Port == 0 {
		return 445
	}
	return s.Port
}

// serverTimeout bounds the whole download from one server.
const serverTimeout = 10 * time.Minute

// FromServer asks a file server for the access rules of a share and for its
// own accounts and groups. The server's domain comes from s.AD; without it the
// accounts of the domain are unknown and widen the interval. An error means
// that nothing could be read at all.
func FromServer(ctx context.Context, s Server, opt access.Options) (*access.Resolver, error) {
	ctx, cancel := context.WithTimeout(ctx, serverTimeout)
	defer cancel()
	dir := &access.Directory{Complete: true}
	sam, samErr := samDirectory(ctx, s)
	share, shareErr := shareRules(ctx, s)
	if samErr != nil && shareErr != nil && !denied(shareErr) && s.AD == nil {
		return nil, samErr
	}
	if err := ctx.Err(); err != nil && s.AD == nil && samErr != nil {
		return nil, ctxErr(ctx, samErr)
	}
	switch {
	case samErr == nil:
		dir = sam
	default:
		dir.Complete = s.AD != nil
		dir.Notes = append(dir.Notes, fmt.Sprintf("The accounts and groups of %s itself could not be listed: %s.", s.Host, reason(samErr)))
	}
	if shareErr == nil && len(share.Raw) == 0 {
		// Windows has none then; Samba 4.17 sends none when its RPC process may
		// not open share_info.tdb. Everyone is the upper bound in both cases.
		dir.Notes = append(dir.Notes, fmt.Sprintf("%s sent no access rules for the share %s; if it has some, fewer people can read than said.", s.Host, s.Share))
	}
	joinDomain(ctx, s, dir)
	return access.NewResolver(dir, &share, lookup(s), opt), nil
}

// joinDomain adds the domain that the server is a member of, or says that it
// is missing.
func joinDomain(ctx context.Context, s Server, dir *access.Directory) {
	m, err := primaryDomain(ctx, s)
	if s.AD != nil {
		dir.Merge(s.AD)
		if m.known && m.sid != "" && !Holds(dir, m.sid) {
			dir.Complete = false
			dir.Notes = append(dir.Notes, fmt.Sprintf("%s is a member of the domain %s, which the directory does not hold in full.", s.Host, m.name))
		}
		return
	}
	switch {
	case err != nil:
		dir.Complete = false
		dir.Notes = append(dir.Notes, fmt.Sprintf("%s did not say whether it is a member of a domain: %s.", s.Host, reason(err)))
	case m.sid == "" || Holds(dir, m.sid):
		// a server on its own, or a domain controller that listed its domain
	default:
		dir.Complete = false
		dir.Notes = append(dir.Notes, fmt.Sprintf("%s is a member of the domain %s, whose accounts and groups were not read; configure the directory to count them.", s.Host, m.name))
	}
}

package directory

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/oiweiwei/go-msrpc/dcerpc"
	"github.com/oiweiwei/go-msrpc/msrpc/dtyp"
	"github.com/oiweiwei/go-msrpc/msrpc/samr/samr/v1"

	"aktvakt/scanner/access"
)

// Rights on SAM objects, MS-SAMR 2.2.1.
const (
	serverLook   = 0x30  // SAM_SERVER_ENUMERATE_DOMAINS | SAM_SERVER_LOOKUP_DOMAIN
	domainLook   = 0x304 // DOMAIN_READ_OTHER_PARAMETERS | DOMAIN_LIST_ACCOUNTS | DOMAIN_LOOKUP
	aliasMembers = 0x4   // ALIAS_LIST_MEMBERS
	groupMembers = 0x10  // GROUP_LIST_MEMBERS
	userRead     = 0x11b // general, preferences, logon, account, list of groups
)

// User account control, MS-SAMR 2.2.1.12.
const (
	samDisabled = 0x1
	samTrusts   = 0x40 | 0x80 | 0x100 // trust, workstation and server accounts
)

// sam is a pipe to a server's account manager.
type sam struct {
	p   *pipe
	cli samr.SamrClient
	srv *samr.Handle
}

func openSAM(ctx context.Context, s Server) (*sam, error) {
	p, err := dial(ctx, s, "samr")
	if err != nil {
		return nil, err
	}
	m := &sam{p: p}
	if m.cli, err = samr.NewSamrClient(p.ctx, p.conn, dcerpc.WithInsecure()); err == nil {
		var c *samr.Connect2Response
		if c, err = m.cli.Connect2(p.ctx, &samr.Connect2Request{ServerName: s.Host, DesiredAccess: serverLook}); err == nil {
			m.srv = c.Server
			return m, nil
		}
	}
	p.close()
	return nil, fmt.Errorf("list accounts of %s: %w", s.Host, ctxErr(ctx, err))
}

// domain opens a domain.
func (m *sam) domain(id *dtyp.SID) (*samr.Handle, error) {
	o, err := m.cli.OpenDomain(m.p.ctx, &samr.OpenDomainRequest{Server: m.srv, DesiredAccess: domainLook, DomainID: id})
	if err != nil {
		return nil, err
	}
	return o.Domain, nil
}

// samReader reads the accounts and groups of a server.
type samReader struct {
	*sam
	// beside opens a further pipe.
	beside func() (*sam, error)
	dir    *access.Directory
	now    time.Time
	// unread counts accounts whose state the server did not tell.
	unread int
}

// samDirectory downloads every domain of a server's account manager into a directory.
func samDirectory(ctx context.Context, s Server) (*access.Directory, error) {
	m, err := openSAM(ctx, s)
	if err != nil {
		return nil, err
	}
	defer m.p.close()
	r := &samReader{
		sam: m, beside: func() (*sam, error) { return openSAM(ctx, s) },
		dir: &access.Directory{Name: "the accounts of " + s.Host, Complete: true}, now: time.Now(),
	}
	names, err := r.cli.EnumerateDomainsInSAMServer(r.p.ctx, &samr.EnumerateDomainsInSAMServerRequest{Server: r.srv, PreferredMaximumLength: 0xffff})
	if err != nil && !more(err) {
		return nil, fmt.Errorf("list accounts of %s: %w", s.Host, ctxErr(ctx, err))
	}
	if names.Buffer == nil {
		return nil, errNoAnswer
	}
	for _, d := range names.Buffer.Buffer {
		if err := r.domain(text(d.Name)); err != nil {
			return nil, fmt.Errorf("list accounts of domain %q of %s: %w", text(d.Name), s.Host, ctxErr(ctx, err))
		}
	}
	if r.unread > 0 {
		r.dir.Notes = append(r.dir.Notes, fmt.Sprintf("The state of %d accounts of %s could not be read; they count as enabled.", r.unread, s.Host))
	}
	return r.dir, nil
}

// samDomain is an open domain.
type samDomain struct {
	name   string
	sid    access.SID
	id     *dtyp.SID
	handle *samr.Handle
}

func (r *samReader) domain(name string) error {
	l, err := r.cli.LookupDomainInSAMServer(r.p.ctx, &samr.LookupDomainInSAMServerRequest{Server: r.srv, Name: &dtyp.UnicodeString{Buffer: name}})
	if err != nil {
		return err
	}
	d := samDomain{name: name, id: l.DomainID}
	if d.sid, err = toSID(l.DomainID); err != nil {
		return err
	}
	if strings.EqualFold(name, "builtin") {
		d.name = "BUILTIN"
	}
	if d.handle, err = r.sam.domain(d.id); err != nil {
		return err
	}
	complete := true
	for _, part := range []struct {
		what string
		read func(samDomain) error
	}{{"accounts", r.users}, {"groups", r.groups}, {"local groups", r.aliases}} {
		if err := part.read(d); err != nil {
			if r.p.ctx.Err() != nil {
				return err
			}
			complete = false
			r.dir.Complete = r.dir.Complete && part.what != "accounts"
			r.dir.Notes = append(r.dir.Notes, fmt.Sprintf("The %s of %s could not be listed: %s.", part.what, d.name, reason(err)))
		}
	}
	r.dir.Domains = append(r.dir.Domains, access.Domain{SID: d.sid, Name: d.name, Complete: complete})
	return nil
}

// reason shortens an RPC error to what a person can use.
func reason(err error) string {
	if denied(err) {
		return "access denied"
	}
	return err.Error()
}

// enumerate walks one of SAMR's paged listings.
func enumerate(next func(resume uint32) (*samr.EnumerationBuffer, uint32, error), each func(rid uint32, name string) error) error {
	resume := uint32(0)
	for {
		b, at, err := next(resume)
		if absent(err) {
			return nil
		}
		if err != nil && !more(err) {
			return err
		}
		again := more(err)
		if b != nil {
			for _, e := range b.Buffer {
				if e == nil {
					continue
				}
				if err := each(e.RelativeID, text(e.Name)); err != nil {
					return err
				}
			}
		}
		if !again || b == nil || len(b.Buffer) == 0 || at == resume {
			return nil
		}
		resume = at
	}
}

const pageBytes = 0xffff

// Pipes for accounts: each takes four calls, which on a far server are a second
// for every six accounts. One pipe takes what another one would be opened for.
const (
	accountsOfPipe = 10
	maxPipes       = 8
)

func (r *samReader) users(d samDomain) error {
	var rids []uint32
	first := len(r.dir.Accounts)
	err := enumerate(func(at uint32) (*samr.EnumerationBuffer, uint32, error) {
		e, err := r.cli.EnumerateUsersInDomain(r.p.ctx, &samr.EnumerateUsersInDomainRequest{Domain: d.handle, EnumerationContext: at, PreferredMaximumLength: pageBytes})
		if e == nil {
			return nil, 0, err
		}
		return e.Buffer, e.EnumerationContext, err
	}, func(rid uint32, name string) error {
		rids = append(rids, rid)
		r.dir.Accounts = append(r.dir.Accounts, access.Account{SID: d.sid.WithRID(rid), Name: d.name + `\` + name})
		return nil
	})
	if err != nil {
		return err
	}
	accounts := r.dir.Accounts[first:]
	var next atomic.Int64
	// read takes accounts from those left and returns those that it could not.
	read := func(m *sam, domain *samr.Handle) (failed []int) {
		for m.p.ctx.Err() == nil {
			i := int(next.Add(1)) - 1
			if i >= len(rids) {
				break
			}
			if err := m.user(d.sid, domain, rids[i], &accounts[i], r.now); err != nil {
				failed = append(failed, i)
			}
		}
		return failed
	}
	var wg sync.WaitGroup
	failed := make([][]int, min(maxPipes-1, len(rids)/accountsOfPipe))
	for n := range failed {
		wg.Go(func() {
			m, err := r.beside()
			if err != nil {
				return // the others read what is left
			}
			defer m.p.close()
			if domain, err := m.domain(d.id); err == nil {
				failed[n] = read(m, domain)
			}
		})
	}
	unread := len(read(r.sam, d.handle))
	wg.Wait()
	// It may have been the pipe that failed.
	for _, i := range slices.Concat(failed...) {
		if err := r.user(d.sid, d.handle, rids[i], &accounts[i], r.now); err != nil {
			unread++
		}
	}
	r.unread += unread
	return r.p.ctx.Err()
}

// user reads the state and the groups of one account. The account's own list
// of groups matters: Samba counts members of the Unix group behind a local
// group in it, and leaves them out of the group's list of members.
func (m *sam) user(domain access.SID, handle *samr.Handle, rid uint32, a *access.Account, now time.Time) error {
	o, err := m.cli.OpenUser(m.p.ctx, &samr.OpenUserRequest{Domain: handle, DesiredAccess: userRead, UserID: rid})
	if err != nil {
		return err
	}
	defer m.cli.CloseHandle(m.p.ctx, &samr.CloseHandleRequest{SAMHandle: o.UserHandle})
	q, err := m.cli.QueryInformationUser(m.p.ctx, &samr.QueryInformationUserRequest{UserHandle: o.UserHandle,
		UserInformationClass: samr.UserInformationClassAllInformation})
	if err != nil {
		return err
	}
	all, ok := q.Buffer.Value.(*samr.UserInfoBuffer_All)
	if !ok || all.All == nil {
		return errNoAnswer
	}
	a.Disabled = all.All.UserAccountControl&samDisabled != 0
	a.Machine = all.All.UserAccountControl&samTrusts != 0
	if e := all.All.AccountExpires; e != nil {
		a.Expired = access.FileTimePast(int64(e.HighPart)<<32|int64(e.LowPart), now)
	}
	a.Primary = domain.WithRID(all.All.PrimaryGroupID)
	g, err := m.cli.GetGroupsForUser(m.p.ctx, &samr.GetGroupsForUserRequest{UserHandle: o.UserHandle})
	if err != nil {
		return err
	}
	if g.Groups != nil {
		for _, of := range g.Groups.Groups {
			if sid := domain.WithRID(of.RelativeID); sid != a.Primary {
				a.Groups = append(a.Groups, sid)
			}
		}
	}
	return nil
}

// groups reads the global groups of a domain.
func (r *samReader) groups(d samDomain) error {
	return enumerate(func(at uint32) (*samr.EnumerationBuffer, uint32, error) {
		e, err := r.cli.EnumerateGroupsInDomain(r.p.ctx, &samr.EnumerateGroupsInDomainRequest{Domain: d.handle, EnumerationContext: at, PreferredMaximumLength: pageBytes})
		if e == nil {
			return nil, 0, err
		}
		return e.Buffer, e.EnumerationContext, err
	}, func(rid uint32, name string) error {
		g := access.Group{SID: d.sid.WithRID(rid), Name: d.name + `\` + name}
		members, err := r.groupMembers(d, rid)
		if err != nil {
			if r.p.ctx.Err() != nil {
				return err
			}
			g.Partial = true
		}
		g.Members = members
		r.dir.Groups = append(r.dir.Groups, g)
		return nil
	})
}

func (r *samReader) groupMembers(d samDomain, rid uint32) ([]access.SID, error) {
	o, err := r.cli.OpenGroup(r.p.ctx, &samr.OpenGroupRequest{Domain: d.handle, DesiredAccess: groupMembers, GroupID: rid})
	if err != nil {
		return nil, err
	}
	defer r.cli.CloseHandle(r.p.ctx, &samr.CloseHandleRequest{SAMHandle: o.GroupHandle})
	m, err := r.cli.GetMembersInGroup(r.p.ctx, &samr.GetMembersInGroupRequest{GroupHandle: o.GroupHandle})
	if err != nil || m.Members == nil {
		return nil, err
	}
	var out []access.SID
	for _, rid := range m.Members.Members {
		out = append(out, d.sid.WithRID(rid))
	}
	return out, nil
}

// aliases reads the local groups of a domain, among them those of BUILTIN.
func (r *samReader) aliases(d samDomain) error {
	return enumerate(func(at uint32) (*samr.EnumerationBuffer, uint32, error) {
		e, err := r.cli.EnumerateAliasesInDomain(r.p.ctx, &samr.EnumerateAliasesInDomainRequest{Domain: d.handle, EnumerationContext: at, PreferredMaximumLength: pageBytes})
		if e == nil {
			return nil, 0, err
		}
		return e.Buffer, e.EnumerationContext, err
	}, func(rid uint32, name string) error {
		g := access.Group{SID: d.sid.WithRID(rid), Name: d.name + `\` + name}
		members, err := r.aliasMembers(d, rid)
		if err != nil {
			if r.p.ctx.Err() != nil {
				return err
			}
			g.Partial = true
		}
		g.Members = members
		r.dir.Groups = append(r.dir.Groups, g)
		return nil
	})
}

func (r *samReader) aliasMembers(d samDomain, rid uint32) ([]access.SID, error) {
	o, err := r.cli.OpenAlias(r.p.ctx, &samr.OpenAliasRequest{Domain: d.handle, DesiredAccess: aliasMembers, AliasID: rid})
	if err != nil {
		return nil, err
	}
	defer r.cli.CloseHandle(r.p.ctx, &samr.CloseHandleRequest{SAMHandle: o.AliasHandle})
	m, err := r.cli.GetMembersInAlias(r.p.ctx, &samr.GetMembersInAliasRequest{AliasHandle: o.AliasHandle})
	if err != nil || m.Members == nil {
		return nil, err
	}
	var out []access.SID
	for _, s := range m.Members.SIDs {
		sid, err := toSID(s.SIDPointer)
		if err != nil {
			return out, err
		}
		out = append(out, sid)
	}
	return out, nil
}

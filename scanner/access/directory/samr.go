package directory

import (
	"context"
	"fmt"
	"strings"
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

// samReader reads the accounts and groups of a server.
type samReader struct {
	p   *pipe
	cli samr.SamrClient
	dir *access.Directory
	now time.Time
	// unread counts accounts whose state the server did not tell.
	unread int
}

// samDirectory downloads every domain of a server's account manager into a directory.
func samDirectory(ctx context.Context, s Server) (*access.Directory, error) {
	p, err := dial(ctx, s, "samr")
	if err != nil {
		return nil, err
	}
	defer p.close()
	r := &samReader{p: p, dir: &access.Directory{Name: "the accounts of " + s.Host, Complete: true}, now: time.Now()}
	if r.cli, err = samr.NewSamrClient(p.ctx, p.conn, dcerpc.WithInsecure()); err != nil {
		return nil, fmt.Errorf("list accounts of %s: %w", s.Host, ctxErr(ctx, err))
	}
	srv, err := r.cli.Connect2(p.ctx, &samr.Connect2Request{ServerName: s.Host, DesiredAccess: serverLook})
	if err != nil {
		return nil, fmt.Errorf("list accounts of %s: %w", s.Host, ctxErr(ctx, err))
	}
	names, err := r.cli.EnumerateDomainsInSAMServer(p.ctx, &samr.EnumerateDomainsInSAMServerRequest{Server: srv.Server, PreferredMaximumLength: 0xffff})
	if err != nil && !more(err) {
		return nil, fmt.Errorf("list accounts of %s: %w", s.Host, ctxErr(ctx, err))
	}
	if names.Buffer == nil {
		return nil, errNoAnswer
	}
	for _, d := range names.Buffer.Buffer {
		if err := r.domain(srv.Server, text(d.Name)); err != nil {
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
	handle *samr.Handle
}

func (r *samReader) domain(srv *samr.Handle, name string) error {
	l, err := r.cli.LookupDomainInSAMServer(r.p.ctx, &samr.LookupDomainInSAMServerRequest{Server: srv, Name: &dtyp.UnicodeString{Buffer: name}})
	if err != nil {
		return err
	}
	d := samDomain{name: name}
	if d.sid, err = toSID(l.DomainID); err != nil {
		return err
	}
	if strings.EqualFold(name, "builtin") {
		d.name = "BUILTIN"
	}
	o, err := r.cli.OpenDomain(r.p.ctx, &samr.OpenDomainRequest{Server: srv, DesiredAccess: domainLook, DomainID: l.DomainID})
	if err != nil {
		return err
	}
	d.handle = o.Domain
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

func (r *samReader) users(d samDomain) error {
	return enumerate(func(at uint32) (*samr.EnumerationBuffer, uint32, error) {
		e, err := r.cli.EnumerateUsersInDomain(r.p.ctx, &samr.EnumerateUsersInDomainRequest{Domain: d.handle, EnumerationContext: at, PreferredMaximumLength: pageBytes})
		if e == nil {
			return nil, 0, err
		}
		return e.Buffer, e.EnumerationContext, err
	}, func(rid uint32, name string) error {
		a := access.Account{SID: d.sid.WithRID(rid), Name: d.name + `\` + name}
		if err := r.user(d, rid, &a); err != nil {
			if r.p.ctx.Err() != nil {
				return err
			}
			r.unread++
		}
		r.dir.Accounts = append(r.dir.Accounts, a)
		return nil
	})
}

// user reads the state and the groups of one account. The account's own list
// of groups matters: Samba counts members of the Unix group behind a local
// group in it, and leaves them out of the group's list of members.
func (r *samReader) user(d samDomain, rid uint32, a *access.Account) error {
	o, err := r.cli.OpenUser(r.p.ctx, &samr.OpenUserRequest{Domain: d.handle, DesiredAccess: userRead, UserID: rid})
	if err != nil {
		return err
	}
	defer r.cli.CloseHandle(r.p.ctx, &samr.CloseHandleRequest{SAMHandle: o.UserHandle})
	q, err := r.cli.QueryInformationUser(r.p.ctx, &samr.QueryInformationUserRequest{UserHandle: o.UserHandle,
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
		a.Expired = access.FileTimePast(int64(e.HighPart)<<32|int64(e.LowPart), r.now)
	}
	a.Primary = d.sid.WithRID(all.All.PrimaryGroupID)
	g, err := r.cli.GetGroupsForUser(r.p.ctx, &samr.GetGroupsForUserRequest{UserHandle: o.UserHandle})
	if err != nil {
		return err
	}
	if g.Groups != nil {
		for _, m := range g.Groups.Groups {
			if sid := d.sid.WithRID(m.RelativeID); sid != a.Primary {
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

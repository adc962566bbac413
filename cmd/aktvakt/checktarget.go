package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"aktvakt/scanner"
	"aktvakt/scanner/access/directory"
	"aktvakt/scanner/access/kerberos"
	"aktvakt/scanner/config"
	"aktvakt/scanner/source"
	"aktvakt/scanner/source/smb"
	"aktvakt/scanner/source/web"
)

// targetTime bounds the checks of one target.
const targetTime = 3 * time.Minute

// Checks of a target, in the order in which they depend on each other.
const (
	checkReach  = "reach"
	checkLogon  = "log on"
	checkShare  = "open"
	checkList   = "list"
	checkRules  = "read access rules"
	checkRead   = "read a file"
	checkRights = "read the share's own rules"
	checkGroups = "list the server's accounts"
	checkDomain = "know the domain"
)

// who is the account of a target for messages and commands.
type who struct{ name, user, secret string }

// target checks one entry of the configuration, which may be many shares.
func (p *prover) target(ctx context.Context, t config.Target) {
	ctx, cancel := context.WithTimeout(ctx, targetTime)
	defer cancel()
	p.where = t.URL
	one := p.cfg
	one.Targets, one.Directories = []config.Target{t}, nil
	var w who
	if place, err := config.ParseTarget(t.URL); err == nil && place.Scheme == "smb" {
		a, err := accountFor(place, t.Credentials)
		if err != nil {
			p.fail(checkLogon, err, "")
			return
		}
		w = whoIs(a, t.Credentials)
		if !p.mayTry(w.user, w.secret) {
			p.add(checkLogon, untried, "the account "+w.name+" was refused above and is not tried again", "")
			return
		}
	}
	one.Targets[0].Web.Scope.Pages = checkedPages
	opened, err := openTargets(ctx, one)
	if err != nil {
		p.fail(checkLogon, err, "")
		return
	}
	for _, o := range opened {
		p.where = o.Name
		if s, ok := o.Source.(*web.Source); ok {
			p.portal(ctx, s, t)
			continue
		}
		if o.Source == nil {
			p.cannotOpen(o.Err, w)
			continue
		}
		p.source(ctx, o, w)
		if err := o.Source.Close(); err != nil {
			p.fail("close", err, "")
		}
	}
}

// whoIs names an account as an administrator would.
func whoIs(a account, c config.Credentials) who {
	w := who{name: a.user, user: a.user, secret: c.PasswordFile + c.Keytab + c.CCache}
	switch {
	case a.kerberos != nil:
		w.name = a.kerberos.Name()
	case a.domain != "":
		w.name = a.domain + `\` + a.user
	}
	return w
}

// source checks one share, folder or portal.
func (p *prover) source(ctx context.Context, t scanner.Target, w who) {
	root, err := t.Source.Root(ctx)
	if err != nil {
		p.cannotOpen(err, w)
		return
	}
	share, isShare := source.As[*smb.Source](t.Source)
	p.ok(checkReach, "")
	if isShare {
		p.ok(checkLogon, "as %s", w.name)
		p.ok(checkShare, "")
	}
	p.documents(ctx, t.Source, root, w)
	if isShare {
		p.server(share.Ask(ctx), w)
	}
}

// cannotOpen says at which step a target was lost.
func (p *prover) cannotOpen(err error, w who) {
	later := []string{checkList, checkRules, checkRead}
	reached := func(more ...string) {
		p.ok(checkReach, "")
		for _, m := range more {
			p.ok(m, "as %s", w.name)
		}
	}
	var ticket *kerberos.Error
	switch {
	case errors.As(err, &ticket) && !ticket.Refused():
		reached()
		p.fail(checkLogon, ticket, "")
	case errors.Is(err, source.ErrLogon):
		p.refuse(w.user, w.secret)
		reached()
		p.fail(checkLogon, err, "check user and password of "+w.name+"; it needs 'Access this computer from the network'")
	case errors.Is(err, source.ErrUnreachable):
		p.fail(checkReach, err, "check the host's name, and open the port from this machine to it (SMB: TCP 445, HTTPS: TCP 443)")
		later = append([]string{checkLogon}, later...)
	case errors.Is(err, source.ErrNoShare):
		reached(checkLogon)
		p.fail(checkShare, err, "check the name of the share; smb://host alone lists them")
	case errors.Is(err, fs.ErrPermission) && w.name != "":
		reached(checkLogon)
		p.fail(checkShare, err, "on the file server: Grant-SmbShareAccess -Name SHARE -AccountName '"+w.name+"' -AccessRight Read")
	case errors.Is(err, fs.ErrNotExist) && w.name != "":
		reached(checkLogon)
		p.fail(checkShare, err, "check the path in the target")
	default:
		p.fail(checkReach, err, scanner.Hint(err))
	}
	p.untried(later...)
}

// How far is looked for a file that can be read.
const (
	mostFolders = 40
	mostEntries = 2000
)

// documents lists, reads the rules of a folder and a file, and the first byte
// of a file. What it opened is not named: names of files may name people.
func (p *prover) documents(ctx context.Context, s source.Source, root source.Entry, w who) {
	grant := "let the account read the folder"
	if w.name != "" {
		grant = `on the file server: icacls FOLDER /grant "` + w.name + `:(OI)(CI)RX" (docs/permissions.md)`
	}
	look := look{s: s}
	file, found := root, root.Kind == source.Regular
	if !found {
		if err := look.walk(ctx, root); err != nil {
			p.fail(checkList, err, grant)
			p.untried(checkRules, checkRead)
			return
		}
		if look.denied > 0 {
			p.add(checkList, limited, fmt.Sprintf("%d of %d folders looked into refuse the account", look.denied, look.folders), grant+"; aktvakt scan --dry-run names them")
		} else {
			p.ok(checkList, "%d entries in %d folders looked into", look.entries, look.folders)
		}
		file, found = look.file, look.found
	}
	entries := []source.Entry{root}
	if found {
		entries = append(entries, file)
	}
	p.rules(ctx, s, entries, grant)
	switch {
	case found:
		p.firstByte(ctx, s, file, grant)
	case look.refused != nil:
		p.fail(checkRead, plainPath(look.refused), grant)
	default:
		p.add(checkRead, limited, "no file was found to try", "name a folder that holds documents, if this one should")
	}
}

// look walks a little way in search of a file that opens.
type look struct {
	s                        source.Source
	folders, entries, denied int
	file                     source.Entry
	found                    bool
	refused                  error
}

// walk lists folders until a file opened; its error is that of the root.
func (l *look) walk(ctx context.Context, root source.Entry) error {
	queue := []source.Entry{root}
	for len(queue) > 0 && l.folders < mostFolders && l.entries < mostEntries && !l.found {
		dir := queue[0]
		queue = queue[1:]
		l.folders++
		for e, err := range l.s.List(ctx, dir) {
			if err != nil && e.Path == "" {
				if dir.Path == root.Path {
					return plainPath(err)
				}
				l.denied++
				break
			}
			if err != nil {
				continue
			}
			if l.entries++; l.entries > mostEntries {
				break
			}
			switch {
			case e.Kind == source.Dir:
				queue = append(queue, e)
			case e.Kind == source.Regular && !e.Offline && e.Size > 0 && !l.found:
				l.try(ctx, e)
			}
		}
	}
	return nil
}

func (l *look) try(ctx context.Context, e source.Entry) {
	f, err := l.s.Open(ctx, e)
	if err != nil {
		l.refused = err
		return
	}
	f.Close()
	l.file, l.found = e, true
}

// plainPath is an error without the name of what it is about.
func plainPath(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

func (p *prover) rules(ctx context.Context, s source.Source, entries []source.Entry, grant string) {
	r, ok := source.As[source.ACLReader](s)
	if !ok {
		p.add(checkRules, limited, "this kind of target tells no access rules", "")
		return
	}
	for _, e := range entries {
		if _, err := r.ACL(ctx, e); err != nil {
			p.fail(checkRules, plainPath(err), grant+": RX holds the right to read permissions")
			return
		}
	}
	p.ok(checkRules, "")
}

func (p *prover) firstByte(ctx context.Context, s source.Source, e source.Entry, grant string) {
	f, err := s.Open(ctx, e)
	if err == nil {
		defer f.Close()
		_, err = f.ReadAt(make([]byte, 1), 0)
		if errors.Is(err, io.EOF) {
			err = nil
		}
	}
	if err != nil {
		p.fail(checkRead, plainPath(err), grant)
		return
	}
	p.ok(checkRead, "")
}

// server reports what a file server told of itself. What it keeps from the
// account makes verdicts unknown, which the operator may accept.
func (p *prover) server(a directory.Answers, w who) {
	switch {
	case a.ShareRules == nil && a.Silent:
		p.add(checkRights, limited, "the server sent none; if there are some, fewer people can read than said", "")
	case a.ShareRules == nil:
		p.ok(checkRights, "")
	default:
		p.add(checkRights, limited, reasonOf(a.ShareRules)+"; verdicts on files behind the share are unknown",
			"on the file server: Add-LocalGroupMember 'Power Users' '"+w.name+"' (docs/permissions.md, section 6)")
	}
	if a.Accounts == nil {
		p.ok(checkGroups, "%d accounts, %d groups", a.Users, a.Groups)
	} else {
		p.add(checkGroups, limited, reasonOf(a.Accounts)+"; rules for its local groups are unknown",
			"allow "+w.name+" in 'Network access: Restrict clients allowed to make remote calls to SAM' (docs/permissions.md, section 5)")
	}
	switch {
	case a.Member != nil:
		p.add(checkDomain, limited, "the server did not say whether it is a member: "+reasonOf(a.Member), "")
	case a.Domain == "":
		p.ok(checkDomain, "the server is in no domain, or tells it itself")
	case directory.Holds(p.domains, a.DomainSID):
		p.ok(checkDomain, "%s", a.Domain)
	default:
		p.add(checkDomain, limited, "the accounts and groups of "+a.Domain+" are not known; rules for them are unknown",
			"name the domain under directories: in the configuration")
	}
}

func reasonOf(err error) string {
	if directory.Denied(err) {
		return "access denied"
	}
	if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) {
		return "the server did not answer in time"
	}
	return strings.TrimSpace(err.Error())
}

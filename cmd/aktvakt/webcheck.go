package main

import (
	"context"
	"errors"
	"fmt"

	"aktvakt/scanner"
	"aktvakt/scanner/config"
	"aktvakt/scanner/source"
	"aktvakt/scanner/source/web"
)

// checkedPages is how many addresses of a site are fetched to check it.
const checkedPages = 30

const checkViews = "look as others"

// portal checks a target at https://: that it answers, that the account is
// logged on, that documents are found and can be opened, and that each probe
// account works.
func (p *prover) portal(ctx context.Context, s *web.Source, t config.Target) {
	defer s.Close()
	root, err := s.Root(ctx)
	switch {
	case errors.Is(err, source.ErrUnreachable):
		p.fail(checkReach, err, "check the address, and open its port from this machine; web.ca_file names an authority of your own")
		p.untried(checkLogon, checkList, checkRead, checkViews)
		return
	case errors.Is(err, source.ErrLogon):
		p.ok(checkReach, "")
		p.fail(checkLogon, err, "check user and password, and web.logon (docs/portals.md)")
		p.untried(checkList, checkRead, checkViews)
		return
	case err != nil:
		p.fail(checkReach, err, scanner.Hint(err))
		p.untried(checkList, checkRead, checkViews)
		return
	}
	p.ok(checkReach, "%s", map[web.Kind]string{web.WebDAV: "WebDAV folders", web.Site: "a site of pages"}[s.Kind()])
	look := look{s: s}
	if root.Kind == source.Regular {
		look.try(ctx, root)
	} else if err := look.walk(ctx, root); err != nil && look.entries == 0 {
		p.fail(checkList, err, "let the account read the portal")
		p.untried(checkRead, checkViews)
		return
	}
	p.ok(checkList, "%d entries looked at", look.entries)
	switch {
	case look.found:
		p.ok(checkRead, "")
	case look.refused != nil:
		p.fail(checkRead, plainPath(look.refused), "let the account read the portal")
	default:
		p.add(checkRead, limited, "no document was found to try", "check web.scope")
	}
	p.views(ctx, s, t)
}

// views tries the probe accounts. Without one for most of the staff, verdicts
// are unknown, unless the server tells its rules.
func (p *prover) views(ctx context.Context, s *web.Source, t config.Target) {
	_, told := source.As[source.ACLReader](s)
	if told {
		p.ok(checkRules, "the server tells them")
	}
	most, staff := 0, t.Staff
	if staff == 0 {
		staff = p.cfg.Access.Staff
	}
	for i, v := range s.Views() {
		if v.Anonymous {
			continue
		}
		if err := s.Ready(ctx, i); err != nil {
			p.add(checkViews, missing, fmt.Sprintf("%s: %v", v.Name, err), "check its account; web.probes.check names a page that this audience can read")
			continue
		}
		most = max(most, v.People)
		p.ok(checkViews, "%s, %d people", v.Name, v.People)
	}
	if !told && 2*most <= max(staff, 1) {
		p.add(checkViews, limited, "no probe account that works stands for most of the staff; verdicts are unknown", "name one under web.probes (docs/portals.md)")
	}
}

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"aktvakt/scanner"
	"aktvakt/scanner/access"
	"aktvakt/scanner/config"
	"aktvakt/scanner/source/local"
	"aktvakt/scanner/source/smb"
)

// openTargets turns what the user named into sources. Faults of usage are
// returned together; a server that cannot be asked for its shares becomes a
// target with an error, which the scan reports without ending the others.
func openTargets(ctx context.Context, cfg config.Config) ([]scanner.Target, error) {
	var out []scanner.Target
	var faults []error
	hosts, accounts, sites := limiters(cfg.Targets, cfg.Limits), smb.NewAccounts(), newPortals(cfg.Targets, cfg.Limits)
	dir, err := readDirectories(ctx, cfg.Directories, stateDir(cfg.State))
	if err != nil {
		faults = append(faults, err)
	}
	for _, t := range cfg.Targets {
		p, err := config.ParseTarget(t.URL)
		if err != nil {
			var te *config.TargetError
			errors.As(err, &te)
			faults = append(faults, &usageError{te.What, te.Hint})
			continue
		}
		base := scanner.Target{
			Name:   cmp.Or(t.Name, p.String()),
			Filter: scanner.Filter{Include: t.Include, Exclude: t.Exclude},
			Access: access.Options{
				Staff: cmp.Or(t.Staff, cfg.Access.Staff), WideShare: cfg.Access.WideShare,
				Administrators: cfg.Access.Administrators, ServiceAccounts: cfg.Access.ServiceAccounts,
			},
		}
		if p.Scheme == "file" {
			base.Source = local.New(p.Path).WithDirectory(dir)
			out = append(out, base)
			continue
		}
		if p.Web() {
			one, err := sites.target(base, p, t)
			if err != nil {
				faults = append(faults, err)
				continue
			}
			out = append(out, one)
			continue
		}
		acc, err := accountFor(p, t.Credentials)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		// The account that scans is no person, whatever it may read.
		base.Access.ServiceAccounts = append(slices.Clone(base.Access.ServiceAccounts), acc.user)
		out = append(out, smbTargets(ctx, base, smb.Config{
			Host: p.Host, Port: p.Port, Share: p.Share, Path: p.Path,
			Domain: acc.domain, User: acc.user, Password: acc.password, Kerberos: acc.kerberos, SPN: acc.spn,
			Directory: dir, Limiter: hosts[host(p)], Accounts: accounts,
		})...)
	}
	if len(faults) > 0 {
		return nil, joinUsage(faults)
	}
	return out, nil
}

// limiters returns a limiter for each host, which all its targets share. Of
// their limits the strictest hold.
func limiters(ts []config.Target, all config.Limits) map[string]*smb.Limiter {
	limits := map[string]smb.Limits{}
	for _, t := range ts {
		p, err := config.ParseTarget(t.URL)
		if err != nil || p.Scheme != "smb" {
			continue
		}
		l := limits[host(p)]
		l.InFlight = stricter(l.InFlight, t.Limits.InFlight)
		l.Sessions = stricter(l.Sessions, t.Limits.Sessions)
		l.OpsPerSecond = stricter(l.OpsPerSecond, t.Limits.IOPS)
		l.BytesPerSecond = stricter(l.BytesPerSecond, int64(cmp.Or(t.Limits.Bandwidth, all.Bandwidth)))
		limits[host(p)] = l
	}
	out := map[string]*smb.Limiter{}
	for h, l := range limits {
		out[h] = smb.NewLimiter(l)
	}
	return out
}

// host is the same for all targets of a host.
func host(p config.Place) string { return strings.ToLower(p.Address()) }

// stricter returns the lower of two limits, of which 0 is none.
func stricter[N int | int64](a, b N) N {
	if a == 0 || b == 0 {
		return a + b
	}
	return min(a, b)
}

// smbTargets returns one target for a named share, or one for each disk share
// that the server lists.
func smbTargets(ctx context.Context, base scanner.Target, c smb.Config) []scanner.Target {
	if c.Share != "" {
		base.Source = smb.New(c)
		return []scanner.Target{base}
	}
	shares, err := smb.ListShares(ctx, c)
	if err != nil {
		base.Err = err
		return []scanner.Target{base}
	}
	var out []scanner.Target
	for _, s := range shares {
		if s.Special {
			slog.Info("administrative share left out", "host", c.Host, "share", s.Name)
			continue
		}
		one, at := base, c
		at.Share = s.Name
		one.Source = smb.New(at)
		one.Name = one.Source.Name()
		out = append(out, one)
	}
	if len(out) == 0 {
		base.Err = &hinted{fmt.Errorf("%s lists no share that holds files", base.Name), "name the share: smb://host/share"}
		out = append(out, base)
	}
	return out
}

// joinUsage makes one usage error of several, each on its own line.
func joinUsage(errs []error) error {
	if len(errs) == 1 {
		return errs[0]
	}
	f := &config.Faults{File: "command line"}
	for _, e := range errs {
		var u *usageError
		if errors.As(e, &u) {
			f.List = append(f.List, config.Fault{What: u.what, Hint: u.hint})
		} else {
			f.List = append(f.List, config.Fault{What: e.Error()})
		}
	}
	return f
}

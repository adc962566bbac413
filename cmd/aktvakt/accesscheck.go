package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"aktvakt/scanner"
	"aktvakt/scanner/access"
	"aktvakt/scanner/source"
	"aktvakt/scanner/source/smb"
)

// lookLimit bounds how many entries --below and --check look at: some minutes
// on a share of the size that is common.
const lookLimit = 500_000

// withRules makes a source fetch access rules with its listings, where that
// saves round trips.
func withRules(s source.Source) source.Source {
	if share, ok := source.As[*smb.Source](s); ok {
		defer share.Close()
		return share.With(func(c *smb.Config) { c.RulesWithListing = true })
	}
	return s
}

// askBelow counts how far the widest rule of a folder reaches. nil means that
// there is no rule or no folder.
func askBelow(ctx context.Context, s source.Source, r *access.Resolver, l *accessLine) (*reachBelow, error) {
	v, at, ok := l.widest()
	if !ok {
		return nil, nil
	}
	n, err := scanner.SpreadOf(ctx, s, r, v, at, lookLimit)
	if err != nil || n.Entries == 0 && n.All {
		return nil, err
	}
	return &reachBelow{Rule: v.Name, SID: v.SID, At: at, Spread: n}, nil
}

func (n *reachBelow) describe(b *strings.Builder, kind access.Kind) {
	if n == nil {
		return
	}
	verb := "also on"
	if kind == access.NT {
		verb = "inherited by"
	}
	fmt.Fprintf(b, "  %s, set on %s, %s %d files and %d folders below; %d have other rules", n.Rule, n.At, verb, n.Files, n.Folders, n.Differ)
	if n.Unknown > 0 {
		fmt.Fprintf(b, ", the rules of %d could not be read", n.Unknown)
	}
	if !n.All {
		fmt.Fprintf(b, " (of the %d entries that were looked at: there are more)", n.Entries)
	}
	b.WriteByte('\n')
}

// probeAccount is the ordinary account of --check.
func probeAccount() (account, error) {
	domain, user := splitUser(os.Getenv("AKTVAKT_PROBE_USER"))
	file := os.Getenv("AKTVAKT_PROBE_PASSWORD_FILE")
	if user == "" || file == "" {
		return account{}, &usageError{"a check needs an ordinary account and its password", "set AKTVAKT_PROBE_USER (DOMAIN\\user) and AKTVAKT_PROBE_PASSWORD_FILE"}
	}
	pw, err := readPassword(file)
	if err != nil {
		return account{}, err
	}
	return account{domain: domain, user: user, password: pw}, nil
}

// on is a share logged on to as the account.
func (a account) on(share *smb.Source) *smb.Source {
	return share.With(func(c *smb.Config) {
		c.Domain, c.User, c.Password, c.Kerberos = a.domain, a.user, a.password, nil
		c.BackupIntent = false
	})
}

// withProbe lets a scan check its shares as an ordinary account, where the
// environment names one.
func withProbe(targets []scanner.Target) error {
	if os.Getenv("AKTVAKT_PROBE_USER") == "" {
		return nil
	}
	probe, err := probeAccount()
	if err != nil {
		return err
	}
	for i := range targets {
		if share, ok := targets[i].Source.(*smb.Source); ok {
			targets[i].Probe = probe.on(share)
			targets[i].ProbeAs = []string{probe.domain + `\` + probe.user, probe.user}
		}
	}
	return nil
}

// checkAccess compares what the resolver says of the account with what it can
// open.
func checkAccess(ctx context.Context, s source.Source, r *access.Resolver, probe account) (*scanner.Check, error) {
	share, ok := source.As[*smb.Source](s)
	if !ok {
		return nil, errors.New("only shares, smb://host/share, can be opened as another account")
	}
	as := probe.on(share)
	defer as.Close()
	name := probe.user
	if _, ok := r.Predict(access.Descriptor{}, probe.domain+`\`+probe.user); ok {
		name = probe.domain + `\` + probe.user
	}
	c, err := scanner.SelfCheck(ctx, s, r, as, name, lookLimit)
	if err != nil {
		return nil, err
	}
	return &c, nil
}

// namedFiles bounds the files that are listed for people.
const namedFiles = 10

func describeCheck(b *strings.Builder, c *scanner.Check) {
	if c == nil {
		return
	}
	fmt.Fprintf(b, "  check as %s: %d of %d files as predicted", c.Account, c.Agreed, c.Files)
	if c.Undecided > 0 {
		fmt.Fprintf(b, ", %d could not be predicted", c.Undecided)
	}
	if c.Failed > 0 {
		fmt.Fprintf(b, ", %d could not be tried", c.Failed)
	}
	b.WriteByte('\n')
	list := func(what string, names []string) {
		for i, n := range names {
			if i == namedFiles {
				fmt.Fprintf(b, "    and %d more\n", len(names)-i)
				break
			}
			fmt.Fprintf(b, "    %s: %s\n", what, n)
		}
	}
	list("could read, against the prediction", c.TooFew)
	list("could not read, against the prediction", c.TooMany)
}

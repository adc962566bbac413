package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"aktvakt/scanner"
	"aktvakt/scanner/access"
	"aktvakt/scanner/config"
	"aktvakt/scanner/finding"
	"aktvakt/scanner/source"
)

type accessFlags struct {
	config      string
	json, list  bool
	below, self bool
	staff       int
}

func newAccess() *cobra.Command {
	var f accessFlags
	c := &cobra.Command{
		Use:   "access [flags] TARGET...",
		Short: "Show who can read a file or folder, and through which rule",
		Long: `access works out who can really read a file or folder: through the share's ACL,
its own ACL, nested groups and living accounts. A target is a path,
smb://host/share/path or the https:// address of a document in a portal, which is
looked at as each probe account of the configuration. The commands it shows are for an administrator to run;
aktvakt never runs them.

--below looks at everything below a folder and counts what has the widest rule
from the same place. --check opens a sample of the files below as an ordinary
account (AKTVAKT_PROBE_USER, AKTVAKT_PROBE_PASSWORD_FILE) and tells how often
the prediction came true; it reads nothing, and exits with 1 if the account
could open a file that it was said not to read.`,
		Example: `  aktvakt access /srv/share/hr/plan.xlsx
  aktvakt access --list smb://fs1/docs/hr
  aktvakt access --json smb://fs1/docs/hr | jq .people
  aktvakt access --below smb://fs1/docs/hr
  AKTVAKT_PROBE_USER='KOMMUN\anna' AKTVAKT_PROBE_PASSWORD_FILE=/run/secrets/anna \
    aktvakt access --check smb://fs1/docs`,
		Args: needArgs("no target", "name a path or smb://host/share/path"),
		RunE: func(c *cobra.Command, args []string) error { return runAccess(c, f, args) },
	}
	fl := c.Flags()
	fl.StringVar(&f.config, "config", "", "the configuration `FILE`")
	fl.BoolVar(&f.json, "json", false, "print one JSON object a target")
	fl.BoolVar(&f.list, "list", false, "name every account that can read")
	fl.BoolVar(&f.below, "below", false, "count what below the folder has the widest rule, too")
	fl.BoolVar(&f.self, "check", false, "compare with what an ordinary account can open")
	fl.IntVar(&f.staff, "staff", 0, "how many people work here (default the living accounts)")
	return c
}

// accessLine is one line of access --json.
type accessLine struct {
	Type           string        `json:"type"`
	Path           string        `json:"path"`
	Complete       bool          `json:"complete"`
	People         int           `json:"people"`
	PeopleMax      int           `json:"people_max"`
	Staff          int           `json:"staff"`
	Administrators int           `json:"administrators"`
	CouldObtain    int           `json:"could_obtain"`
	Wide           []string      `json:"wide"`
	NullDACL       bool          `json:"null_dacl"`
	Unresolved     []string      `json:"unresolved"`
	Via            []finding.Via `json:"via"`
	Owner          string        `json:"owner,omitempty"`
	Notes          []string      `json:"notes,omitempty"`
	Readers        []string      `json:"readers,omitempty"`
	// NoBound tells that people_max is no true bound.
	NoBound bool `json:"no_bound,omitempty"`
	// Below says how far the widest rule reaches, with --below.
	Below *reachBelow `json:"below,omitempty"`
	// Check is the outcome of --check.
	Check *scanner.Check `json:"check,omitempty"`

	rules access.Descriptor
}

// reachBelow is a rule and where it is set, and how far it reaches.
type reachBelow struct {
	Rule string `json:"rule"`
	SID  string `json:"sid,omitempty"`
	At   string `json:"at"`
	scanner.Spread
}

func runAccess(c *cobra.Command, f accessFlags, args []string) error {
	cfg, err := loadConfig(f.config)
	if err != nil {
		return err
	}
	set(&cfg.Access.Staff, f.staff)
	known := cfg.Targets
	cfg.Targets = nil
	for _, a := range args {
		cfg.Targets = append(cfg.Targets, asConfigured(config.Target{URL: a, Credentials: credentialsFor(a, known)}, known))
	}
	targets, err := openTargets(c.Context(), cfg)
	if err != nil {
		return err
	}
	var probe account
	if f.self {
		if probe, err = probeAccount(); err != nil {
			return err
		}
	}
	failed, wrong := 0, 0
	for _, t := range targets {
		l, portal, err := askPortal(c.Context(), cfg, t, f)
		if !portal {
			l, err = askAccess(c.Context(), t, f, probe)
		}
		if err != nil {
			failed++
			say(c.ErrOrStderr(), "error", fmt.Sprintf("target %s: %v", t.Name, err), scanner.Hint(err))
			continue
		}
		if l.Check != nil {
			wrong += len(l.Check.TooFew)
		}
		if err := printAccess(c.OutOrStdout(), f, l); err != nil {
			return err
		}
	}
	if wrong > 0 {
		return &hinted{fmt.Errorf("%s could open %d files that it was said not to read", probe.user, wrong), "please report this: verdicts on such files are wrong"}
	}
	if failed > 0 {
		return fmt.Errorf("%w: %d of %d targets could not be asked", errIncomplete, failed, len(targets))
	}
	return nil
}

// credentialsFor takes the account of the configured target on the same host.
func credentialsFor(url string, known []config.Target) config.Credentials {
	p, err := config.ParseTarget(url)
	if err != nil || p.Host == "" {
		return config.Credentials{}
	}
	for _, t := range known {
		if k, err := config.ParseTarget(t.URL); err == nil && k.Host == p.Host && k.Port == p.Port {
			return t.Credentials
		}
	}
	return config.Credentials{}
}

// askAccess works out the audience of one target's root.
func askAccess(ctx context.Context, t scanner.Target, f accessFlags, probe account) (accessLine, error) {
	if t.Err != nil {
		return accessLine{}, t.Err
	}
	if f.below || f.self {
		t.Source = withRules(t.Source)
	}
	defer t.Source.Close()
	root, err := t.Source.Root(ctx)
	if err != nil {
		return accessLine{}, err
	}
	rules, ok := source.As[source.ACLReader](t.Source)
	who, ok2 := source.As[source.Auditor](t.Source)
	if !ok || !ok2 {
		return accessLine{}, errors.New("this kind of target tells no access rules")
	}
	d, err := rules.ACL(ctx, root)
	if err != nil {
		return accessLine{}, fmt.Errorf("access rules: %w", err)
	}
	r, err := who.Resolver(ctx, t.Access)
	if err != nil {
		return accessLine{}, fmt.Errorf("accounts and groups: %w", err)
	}
	a := r.Audience(d)
	_, _, notes := r.Describe()
	for _, n := range a.Notes {
		if !slices.Contains(notes, n) {
			notes = append(notes, n)
		}
	}
	l := accessLine{
		Type: "access", Path: t.Source.Name(), Complete: a.Complete, People: a.People, PeopleMax: a.PeopleMax,
		Staff: a.Staff, Administrators: a.Administrators, CouldObtain: a.CouldObtain,
		Wide: list0(a.Wide), NullDACL: a.NullDACL, Unresolved: list0(a.Unresolved), Owner: a.Owner, Notes: notes, NoBound: a.NoBound,
		Via: list0(access.Origins(a, d, scanner.Above(ctx, t.Source))), rules: d,
	}
	if f.list {
		l.Readers = list0(r.Readers(d))
		slices.Sort(l.Readers)
	}
	if f.below {
		if l.Below, err = askBelow(ctx, t.Source, r, &l); err != nil {
			return l, fmt.Errorf("below: %w", err)
		}
	}
	if f.self {
		if l.Check, err = checkAccess(ctx, t.Source, r, probe); err != nil {
			return l, fmt.Errorf("check: %w", err)
		}
	}
	return l, nil
}

// list0 makes an empty list of nil, so that JSON has [] and not null.
func list0[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

func printAccess(w io.Writer, f accessFlags, l accessLine) error {
	if f.json {
		b, err := json.Marshal(l)
		if err != nil {
			return err
		}
		_, err = w.Write(append(b, '\n'))
		return err
	}
	var b strings.Builder
	l.describe(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

func (l *accessLine) describe(b *strings.Builder) {
	n := fmt.Sprint(l.People)
	switch {
	case l.NoBound:
		n = fmt.Sprintf("%d, and perhaps any number more,", l.People)
	case l.PeopleMax > l.People:
		n = fmt.Sprintf("%d to %d", l.People, l.PeopleMax)
	}
	fmt.Fprintf(b, "%s\n  %s of %d people can read", l.Path, n, l.Staff)
	if l.Administrators > 0 {
		fmt.Fprintf(b, ", and %d administrators", l.Administrators)
	}
	if l.CouldObtain > 0 {
		fmt.Fprintf(b, "; %d more could grant themselves the right", l.CouldObtain)
	}
	b.WriteByte('\n')
	if l.NullDACL {
		b.WriteString("  there is no DACL: everyone has every right\n")
	}
	if len(l.Wide) > 0 {
		fmt.Fprintf(b, "  wide: %s\n", strings.Join(l.Wide, ", "))
	}
	for _, v := range l.Via {
		at := "set here"
		if v.By == "probe" {
			at = "seen with its probe account"
		}
		if v.InheritedFrom != "" {
			at = "set on " + v.InheritedFrom
		}
		fmt.Fprintf(b, "  %-5s %-8s %6d  %s, %s\n", v.ACE, v.Rights, v.People, v.Name, at)
		if len(v.Path) > 0 {
			fmt.Fprintf(b, "        through %s\n", strings.Join(v.Path, " > "))
		}
	}
	for _, s := range l.Unresolved {
		fmt.Fprintf(b, "  not resolved: %s\n", s)
	}
	if !l.Complete {
		b.WriteString("  incomplete:\n")
	} else if len(l.Notes) > 0 {
		b.WriteString("  notes:\n")
	}
	for _, note := range l.Notes {
		fmt.Fprintf(b, "    %s\n", note)
	}
	l.Below.describe(b, l.rules.Kind)
	describeCheck(b, l.Check)
	if cmd := l.cure(); cmd != "" {
		fmt.Fprintf(b, "  to close the widest rule: %s\n", cmd)
	}
	if len(l.Readers) > 0 {
		fmt.Fprintf(b, "  readers: %s\n", strings.Join(l.Readers, ", "))
	}
}

// cure is the command that would take away the widest rule.
func (l *accessLine) cure() string {
	if v, at, ok := l.widest(); ok && len(l.Wide) > 0 {
		return access.Cure(l.rules, at, v)
	}
	return ""
}

// widest is the first wide rule, or the first where none is wide, and the place
// where it is set.
func (l *accessLine) widest() (v finding.Via, at string, ok bool) {
	for _, x := range l.Via {
		if x.ACE != "deny" && (len(l.Wide) == 0 || slices.Contains(l.Wide, x.Name)) {
			return x, cmp.Or(x.InheritedFrom, l.Path), true
		}
	}
	return v, "", false
}

package config

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"aktvakt/scanner/judge"
)

// checker adds the faults that the types cannot tell.
type checker struct {
	lines  map[string]int
	faults *Faults
	staff  int // of the whole organisation, 0 where it is not told
}

func (c *checker) fault(path, hint, format string, args ...any) {
	c.faults.List = append(c.faults.List, Fault{Line: c.lines[path], What: fmt.Sprintf(format, args...), Hint: hint})
}

func (c *Config) check(lines map[string]int, faults *Faults) {
	k := checker{lines: lines, faults: faults, staff: c.Access.Staff}
	names := map[string]bool{}
	for i, t := range c.Targets {
		k.target(fmt.Sprintf("targets.%d", i), t, names)
	}
	for i, d := range c.Directories {
		k.directory(fmt.Sprintf("directories.%d", i), d)
	}
	k.oneOf("detectors.home_country", c.Detectors.HomeCountry, Countries)
	k.oneOf("extract.pdf", c.Extract.PDF, []string{"pdfium", "fast"})
	k.oneOf("report.language", c.Report.Language, Languages)
	for i, f := range c.Report.Formats {
		k.oneOf(fmt.Sprintf("report.formats.%d", i), f, Formats)
	}
	for i, re := range c.Detectors.NotIdentity {
		if _, err := regexp.Compile(re); err != nil {
			k.fault(fmt.Sprintf("detectors.not_identity.%d", i), "", "detectors.not_identity: %v", err)
		}
	}
	for i, f := range c.Detectors.Markers {
		if _, err := os.Stat(f); err != nil {
			k.fault(fmt.Sprintf("detectors.markers.%d", i), "", "detectors.markers: %v", err)
		}
	}
	k.files(map[string]string{"report.accept": c.Report.Accept, "report.dossier_template": c.Report.DossierTemplate})
	k.notify(c.Notify)
	if c.Access.WideShare < 0 || c.Access.WideShare > 1 {
		k.fault("access.wide_share", "write 0.5 for half of the staff", "access.wide_share must be from 0 to 1, not %v", c.Access.WideShare)
	}
	k.notNegative("access.staff", c.Access.Staff)
	k.notNegative("limits.workers", c.Limits.Workers)
	if c.State != "" && !strings.HasPrefix(c.State, "sqlite:") {
		k.fault("state", "write sqlite:/var/lib/aktvakt/state.db", "state %q: unknown kind of store", c.State)
	}
	if _, err := judge.New(c.Policy); err != nil {
		k.fault("policy", "", "policy: %v", err)
	}
}

func (k *checker) target(at string, t Target, names map[string]bool) {
	name := t.Name
	if name == "" {
		name = t.URL
	}
	if names[name] {
		k.fault(at, "", "target %q is there twice", name)
	}
	names[name] = true
	p, err := ParseTarget(t.URL)
	if err != nil {
		var te *TargetError
		errors.As(err, &te)
		line := at + ".url"
		if t.URL == "" {
			line = at
		}
		k.fault(line, te.Hint, "%s", te.What)
	}
	for _, l := range []struct {
		key   string
		globs []string
	}{{"include", t.Include}, {"exclude", t.Exclude}} {
		for i, g := range l.globs {
			if !doublestar.ValidatePattern(g) {
				k.fault(fmt.Sprintf("%s.%s.%d", at, l.key, i), "", "target %q: %s %q is not a valid glob", name, l.key, g)
			}
		}
	}
	k.logon(at+".credentials", fmt.Sprintf("target %q", name), t.Credentials)
	if p.Scheme == "file" && t.Credentials != (Credentials{}) {
		k.fault(at+".credentials", "remove it, or write the target as smb://", "target %q: a local folder takes no credentials", name)
	}
	for _, l := range []struct {
		key    string
		v, max int
	}{{"in_flight", t.Limits.InFlight, 256}, {"sessions", t.Limits.Sessions, 64}, {"iops", t.Limits.IOPS, 1 << 30}} {
		if l.v < 0 || l.v > l.max {
			k.fault(at+".limits."+l.key, "", "target %q: %s must be from 1 to %d, not %d", name, l.key, l.max, l.v)
		}
	}
	if p.Scheme == "file" && t.Limits != (TargetLimits{}) {
		k.fault(at+".limits", "remove it", "target %q: limits are for file servers, a local folder takes none", name)
	}
	k.notNegative(at+".staff", t.Staff)
	if err == nil {
		k.portal(at, fmt.Sprintf("target %q", name), p, t)
	}
}

// logon checks the files of an account; who is the place for messages.
func (k *checker) logon(at, who string, c Credentials) {
	var given []string
	for _, f := range []struct{ key, name string }{
		{"password_file", c.PasswordFile}, {"keytab", c.Keytab}, {"ccache", strings.TrimPrefix(c.CCache, "FILE:")}, {"krb5_conf", c.Krb5Conf},
	} {
		if f.name == "" {
			continue
		}
		if f.key != "krb5_conf" {
			given = append(given, f.key)
		}
		if _, err := os.Stat(f.name); err != nil {
			k.fault(at+"."+f.key, "", "%s: %s: %v", who, f.key, err)
		}
	}
	if len(given) > 1 {
		k.fault(at, "keep the one that is meant", "%s: there are several ways to log on: %s", who, strings.Join(given, ", "))
	}
	if !c.Kerberos() && (c.SPN != "" || c.Realm != "" || c.Krb5Conf != "") {
		k.fault(at, "add keytab or ccache", "%s: realm, krb5_conf and spn are for Kerberos alone", who)
	}
}

func (k *checker) notify(n Notify) {
	if (n.Webhook.URL == "") != (n.Webhook.SecretFile == "") {
		k.fault("notify.webhook", "", "notify.webhook needs both url and secret_file")
	}
	if m := n.Mail; m.Server == "" && (m.From != "" || len(m.To) > 0 || len(m.Owners) > 0) || m.Server != "" && m.From == "" {
		k.fault("notify.mail", "", "notify.mail needs server and from")
	}
	for i, o := range n.Mail.Owners {
		if !doublestar.ValidatePattern(o.Path) || len(o.To) == 0 {
			k.fault(fmt.Sprintf("notify.mail.owners.%d", i), "", "notify.mail.owners: an owner needs a valid glob in path and an address in to")
		}
	}
	k.files(map[string]string{
		"notify.webhook.secret_file": n.Webhook.SecretFile, "notify.syslog.ca_file": n.Syslog.CAFile,
		"notify.mail.password_file": n.Mail.PasswordFile, "notify.mail.ca_file": n.Mail.CAFile,
	})
}

// files reports the named files that are not there; the keys are their paths
// in the configuration.
func (k *checker) files(names map[string]string) {
	for _, path := range slices.Sorted(maps.Keys(names)) {
		if names[path] == "" {
			continue
		}
		if _, err := os.Stat(names[path]); err != nil {
			k.fault(path, "", "%s: %v", path, err)
		}
	}
}

func (k *checker) directory(at string, d Directory) {
	if (d.URL == "") == (d.Export == "") {
		k.fault(at, "write url: ldaps://dc1.kommun.example, or export: FILE", "a directory needs either url or export")
		return
	}
	if d.Export == "" && !strings.HasPrefix(d.URL, "ldaps://") && !strings.HasPrefix(d.URL, "ldap://") {
		k.fault(at, "write ldaps://dc1.kommun.example", "directory %q: the address must be ldaps:// or ldap://", d.URL)
	}
	who := fmt.Sprintf("directory %q", cmp.Or(d.URL, d.Export))
	for _, f := range []struct{ key, name string }{{"export", d.Export}, {"ca_file", d.CAFile}} {
		if f.name == "" {
			continue
		}
		if _, err := os.Stat(f.name); err != nil {
			k.fault(at+"."+f.key, "", "%s: %s: %v", who, f.key, err)
		}
	}
	k.logon(at, who, d.Credentials())
}

func (k *checker) oneOf(path, v string, known []string) {
	if v == "" || slices.Contains(known, v) {
		return
	}
	hint := "known values are " + strings.Join(known, ", ")
	if s := Suggest(v, known); s != "" {
		hint = fmt.Sprintf("did you mean %q? %s", s, hint)
	}
	k.fault(path, hint, "%s: unknown value %q", strings.TrimRight(path, ".0123456789"), v)
}

func (k *checker) notNegative(path string, v int) {
	if v < 0 {
		k.fault(path, "", "%s must not be negative", path)
	}
}

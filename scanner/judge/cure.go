package judge

import (
	"slices"
	"strings"

	"aktvakt/scanner/finding"
)

// cure says what one change closes the incident.
func (p place) cure(members []*finding.Finding, in finding.Incident, c *Census) *finding.Cure {
	if p.mode == finding.Misplaced {
		cure := &finding.Cure{Kind: "move", At: in.Root, Closes: len(members)}
		cure.To = c.suggest(in.Target, in.Root, in.Categories)
		if len(members) == 1 {
			cure.At = members[0].Path
			cure.Command = moveCommand(cure.At, cure.To)
		}
		return cure
	}
	cure := &finding.Cure{Kind: "acl", At: in.Root, Closes: len(members)}
	if p.onFile && len(members) == 1 {
		cure.At = members[0].Path
	} else {
		p.onFile = false
	}
	if p.nullDACL {
		cure.ACE = "no DACL: everyone has every right"
		return cure
	}
	rules := p.rules
	for _, f := range members { // a file may have a wide rule more than the rest
		if len(f.Via) > len(members[0].Via) {
			rules = mergeRules(rules, f.Via, f.Wide)
		}
	}
	var aces []string
	for _, r := range rules {
		s := "allow " + r.Name
		if r.Rights != "" {
			s += ": " + r.Rights
		}
		aces = append(aces, s)
	}
	cure.ACE = strings.Join(aces, "; ")
	cure.Command = aclCommand(cure.At, p, removable(rules, in.Wide))
	return cure
}

// removable returns the rules that a command may take away: the wide ones, or
// the widest where none is. A group that works with the documents and is only
// too large is for people to narrow.
func removable(rules []finding.Via, wide []string) []finding.Via {
	var out []finding.Via
	for _, r := range rules {
		if slices.Contains(wide, r.Name) {
			out = append(out, r)
		}
	}
	if out == nil {
		return rules[:min(len(rules), 1)]
	}
	return out
}

func mergeRules(rules, via []finding.Via, wide []string) []finding.Via {
	rules = slices.Clone(rules)
	for _, v := range via {
		known := slices.ContainsFunc(rules, func(r finding.Via) bool { return r.Name == v.Name && r.SID == v.SID })
		if !known && v.ACE != "deny" && slices.Contains(wide, v.Name) {
			rules = append(rules, v)
		}
	}
	return rules
}

// aclCommand is what an administrator could run on the file server to remove
// the rules: icacls for Windows, chmod for a local folder. It is empty where no
// single command would do or a name could mislead a shell.
func aclCommand(at string, p place, rules []finding.Via) string {
	if len(rules) == 0 {
		return ""
	}
	if !strings.Contains(at, "://") {
		return posixCommand(at, rules)
	}
	folder, ok := windowsQuote(at)
	if !ok {
		return ""
	}
	var lines []string
	if p.from != "" && p.from != at {
		// The rule comes from above: keep a copy of what is inherited, then
		// remove the rule from the copy.
		lines = append(lines, "icacls "+folder+" /inheritance:d")
	}
	for _, r := range rules {
		name := r.Name
		if r.SID != "" {
			name = "*" + r.SID // names differ by language, SIDs do not
		}
		if strings.ContainsAny(name, "\"%\r\n") || name == "" {
			return ""
		}
		line := "icacls " + folder + ` /remove:g "` + name + `"`
		if p.from == "" && !p.onFile {
			line += " /T"
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// posixCommand takes read and search from others. For the rules of users and
// groups it depends on who owns each file, which no finding tells.
func posixCommand(at string, rules []finding.Via) string {
	path, ok := shellQuote(at)
	if !ok || len(rules) != 1 || rules[0].SID != "" {
		return ""
	}
	return "chmod -R o-rwx -- " + path
}

// moveCommand moves a file and lets it take the rules of its new folder: a
// move within one volume keeps those of the old one.
func moveCommand(from, to string) string {
	if to == "" {
		return ""
	}
	if !strings.Contains(from, "://") {
		a, ok1 := shellQuote(from)
		b, ok2 := shellQuote(strings.TrimSuffix(to, "/") + "/")
		if !ok1 || !ok2 {
			return ""
		}
		return "mv -n -- " + a + " " + b
	}
	a, ok1 := windowsQuote(from)
	b, ok2 := windowsQuote(to)
	moved, ok3 := windowsQuote(strings.TrimSuffix(to, "/") + "/" + baseName(from))
	if !ok1 || !ok2 || !ok3 {
		return ""
	}
	return "move /-Y " + a + " " + b + "\nicacls " + moved + " /reset"
}

// windowsQuote turns smb://host/share/path into a quoted UNC path. It refuses
// what cmd would read in another way and a port, which UNC paths cannot name.
func windowsQuote(name string) (string, bool) {
	rest, ok := strings.CutPrefix(name, "smb://")
	if !ok {
		return "", false
	}
	host, path, _ := strings.Cut(rest, "/")
	if i := strings.LastIndexByte(host, '@'); i >= 0 {
		host = host[i+1:]
	}
	if host == "" || strings.Contains(host, ":") || strings.ContainsFunc(path, func(r rune) bool {
		return r < ' ' || strings.ContainsRune("\"%\\<>|*?\x7f", r)
	}) {
		return "", false
	}
	return `"\\` + host + `\` + strings.ReplaceAll(path, "/", `\`) + `"`, true
}

// shellQuote quotes for a POSIX shell and refuses control characters.
func shellQuote(s string) (string, bool) {
	if s == "" || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return "", false
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'", true
}

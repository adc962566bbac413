package access

import (
	"fmt"
	"strings"

	"aktvakt/scanner/finding"
)

// Cure returns the command that an administrator could run to take away the
// rule via at path, the full name of the file or folder to change. d are the
// rules of that entry, or of one below it that inherits the rule from path.
// aktvakt never runs it. It is empty where no single command would do.
func Cure(d Descriptor, path string, via finding.Via) string {
	switch d.Kind {
	case NT:
		return cureNT(d, path, via)
	case POSIX:
		return curePOSIX(d, path, via)
	}
	return ""
}

// cureNT takes the rule out by SID, which holds in every language of Windows.
// An inherited rule can only be taken out once the folder keeps its own copy.
func cureNT(d Descriptor, path string, via finding.Via) string {
	sd, err := ParseSecurityDescriptor([]byte(d.Raw))
	if err != nil || via.SID == "" {
		return ""
	}
	if strings.HasPrefix(path, "/") {
		return "" // a mount: icacls runs elsewhere, under another name
	}
	if strings.HasPrefix(path, "http://") || strings.HasPrefix(path, "https://") {
		return "" // a portal has its own way to set rules
	}
	name := cmdQuote(unc(path))
	if sd.NullDACL {
		return "icacls " + name + " /reset"
	}
	inherited := false
	for _, a := range sd.DACL {
		e, _ := a.effect()
		if e == allows && a.SID.String() == via.SID && a.Flags&flagInherited != 0 {
			inherited = via.InheritedFrom != path // it is explicit where it comes from
		}
	}
	remove := " /remove:g *" + via.SID
	if inherited {
		// icacls takes the copy and the removal as two runs
		return "icacls " + name + " /inheritance:d && icacls " + name + remove
	}
	return "icacls " + name + remove
}

// unc turns smb://host/share/path into \\host\share\path.
func unc(path string) string {
	rest, ok := strings.CutPrefix(path, "smb://")
	if !ok {
		return path
	}
	host, tail, _ := strings.Cut(rest, "/")
	host = host[strings.LastIndexByte(host, '@')+1:]
	return `\\` + host + `\` + strings.ReplaceAll(tail, "/", `\`)
}

// cmdQuote quotes a name for cmd.exe. No file name holds a double quote there;
// a percent sign could name a variable, so a name with one gets a caret.
func cmdQuote(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == '"' || r < ' ' {
			return '?'
		}
		return r
	}, s)
	return `"` + strings.ReplaceAll(s, "%", `"^%"`) + `"`
}

func curePOSIX(d Descriptor, path string, via finding.Via) string {
	nodes, err := unpackPOSIX(d.Raw)
	if err != nil {
		return ""
	}
	n, name := nodes[len(nodes)-1], shQuote(path)
	if via.Name == otherName {
		return "chmod o-rwx -- " + name
	}
	sid, err := ParseSID(via.SID)
	if err != nil {
		return ""
	}
	for _, e := range n.acl {
		switch {
		case e.tag == tagUser && sid == UserSID(e.id) && e.id != n.uid:
			return fmt.Sprintf("setfacl -x u:%d -- %s", e.id, name)
		case e.tag == tagGroup && sid == GroupSID(e.id) && e.id != n.gid:
			return fmt.Sprintf("setfacl -x g:%d -- %s", e.id, name)
		}
	}
	switch {
	case sid == UserSID(n.uid):
		return "chmod u-r -- " + name
	case sid == GroupSID(n.gid) && n.acl != nil:
		return "setfacl -m g::--- -- " + name
	case sid == GroupSID(n.gid):
		return "chmod g-rwx -- " + name
	}
	return ""
}

// shQuote quotes a name for a POSIX shell; control characters become octal
// escapes, so that the command stays on one line.
func shQuote(s string) string {
	plain := true
	for i := range len(s) {
		if s[i] < ' ' || s[i] == 0x7f {
			plain = false
		}
	}
	if plain {
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	}
	var b strings.Builder
	b.WriteString("$'")
	for i := range len(s) {
		switch c := s[i]; {
		case c < ' ' || c == 0x7f:
			fmt.Fprintf(&b, `\%03o`, c)
		case c == '\'' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('\'')
	return b.String()
}

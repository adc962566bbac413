package sambatest

import (
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"unicode/utf16"

	//lint:ignore SA1019 NT hashes are MD4, MS-NLMP 3.3.1
	"golang.org/x/crypto/md4"
)

const (
	firstUID = 70001
	usersGID = 71000
	firstGID = 71001
	firstRID = 2001
)

// accounts writes the Unix files and Samba's account data base. Accounts are
// imported in one go from an smbpasswd file: a pdbedit call each takes 50 ms.
func (s *Server) accounts(cfg Config) error {
	users := append([]User{{Name: Admin}}, cfg.Users...)
	groups := withAdministrators(cfg.Groups)

	var passwd, group, smbpasswd strings.Builder
	passwd.WriteString("root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n")
	group.WriteString("root:x:0:\nnogroup:x:65534:\n")
	var names []string
	isUser := map[string]bool{}
	for i, u := range users {
		names = append(names, u.Name)
		isUser[u.Name] = true
		fmt.Fprintf(&passwd, "%s:x:%d:%d:%s:/:/usr/sbin/nologin\n", u.Name, firstUID+i, usersGID, u.Name)
		flags := "U"
		if u.Disabled {
			flags = "UD"
		}
		fmt.Fprintf(&smbpasswd, "%s:%d:%s:%s:[%-11s]:LCT-50000000:\n", u.Name, firstUID+i, strings.Repeat("X", 32), ntHash(Password), flags)
	}
	fmt.Fprintf(&group, "u_users:x:%d:%s\n", usersGID, strings.Join(names, ","))
	for i, g := range groups {
		var m []string
		for _, name := range g.Members {
			if isUser[name] {
				m = append(m, name)
			}
		}
		fmt.Fprintf(&group, "g_%d:x:%d:%s\n", i, firstGID+i, strings.Join(m, ","))
	}
	for name, text := range map[string]string{"passwd": passwd.String(), "group": group.String(), "smbpasswd": smbpasswd.String()} {
		if err := os.WriteFile(s.root+"/"+name, []byte(text), 0o644); err != nil {
			return err
		}
	}
	if _, err := s.tool("net", "setlocalsid", DomainSID); err != nil {
		return err
	}
	if _, err := s.tool("pdbedit", "-i", "smbpasswd:"+s.root+"/smbpasswd", "-e", "tdbsam:"+s.root+"/private/passdb.tdb"); err != nil {
		return err
	}
	if err := s.readSIDs(len(users)); err != nil {
		return err
	}
	return s.mapGroups(groups)
}

// withAdministrators adds Admin to BUILTIN\Administrators.
func withAdministrators(groups []Group) []Group {
	groups = append([]Group(nil), groups...)
	for i, g := range groups {
		if g.Kind == Builtin && g.RID == 544 {
			groups[i].Members = append([]string{Admin}, g.Members...)
			return groups
		}
	}
	return append(groups, Group{Name: "Administrators", Kind: Builtin, RID: 544, Members: []string{Admin}})
}

func (s *Server) readSIDs(want int) error {
	out, err := s.tool("pdbedit", "-L", "-v")
	if err != nil {
		return err
	}
	name := ""
	for l := range strings.Lines(out) {
		k, v, _ := strings.Cut(l, ":")
		switch v = strings.TrimSpace(v); k {
		case "Unix username":
			name = v
		case "User SID":
			s.sids[name] = v
		}
	}
	if len(s.sids) != want {
		return fmt.Errorf("the server holds %d of %d accounts: %s", len(s.sids), want, out)
	}
	return nil
}

func (s *Server) mapGroups(groups []Group) error {
	s.sids[UsersGroup] = DomainSID + "-513"
	if _, err := s.tool("net", "groupmap", "add", "ntgroup="+UsersGroup, "rid=513", "unixgroup=u_users", "type=domain"); err != nil {
		return err
	}
	for i, g := range groups {
		rid := g.RID
		if rid == 0 {
			rid = uint32(firstRID + i)
		}
		sid, typ := fmt.Sprintf("%s-%d", DomainSID, rid), "local"
		switch g.Kind {
		case Global:
			typ = "domain"
		case Builtin:
			sid = fmt.Sprintf("S-1-5-32-%d", g.RID)
		}
		if _, err := s.tool("net", "groupmap", "add", "sid="+sid, "ntgroup="+g.Name, fmt.Sprintf("unixgroup=g_%d", i), "type="+typ); err != nil {
			return err
		}
		s.sids[g.Name] = sid
	}
	for _, g := range groups {
		if g.Kind == Global {
			continue
		}
		for _, m := range g.Members {
			sid, ok := s.sids[m]
			if !ok {
				return fmt.Errorf("group %q: no account or group %q", g.Name, m)
			}
			// Access tokens know the members of the Unix group too, but SAMR
			// lists only those added here.
			if _, err := s.tool("net", "groupmap", "addmem", s.sids[g.Name], sid); err != nil {
				return err
			}
		}
	}
	return nil
}

// SID returns the SID of an account or group by its name.
func (s *Server) SID(name string) string {
	s.t.Helper()
	sid, ok := s.sids[name]
	if !ok {
		s.t.Fatalf("sambatest: no account or group %q", name)
	}
	return sid
}

// fileRights spells the rights of SDDL out: Samba 4.17 takes FA for the lower
// nine bits alone. [MS-DTYP] 2.5.1.1.
var fileRights = strings.NewReplacer(";FA;", ";0x1f01ff;", ";FR;", ";0x120089;", ";FW;", ";0x120116;", ";FX;", ";0x1200a0;")

// expand replaces {name} by the SID of that account or group.
func (s *Server) expand(spec string) (string, error) {
	spec = fileRights.Replace(spec)
	var b strings.Builder
	for {
		pre, rest, ok := strings.Cut(spec, "{")
		b.WriteString(pre)
		if !ok {
			return b.String(), nil
		}
		name, after, ok := strings.Cut(rest, "}")
		sid := s.sids[name]
		if !ok || sid == "" {
			return "", fmt.Errorf("ACL: no account or group %q", name)
		}
		b.WriteString(sid)
		spec = after
	}
}

func ntHash(password string) string {
	h := md4.New()
	for _, u := range utf16.Encode([]rune(password)) {
		h.Write([]byte{byte(u), byte(u >> 8)})
	}
	return strings.ToUpper(hex.EncodeToString(h.Sum(nil)))
}

package directory

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"aktvakt/scanner/access"
)

// System accounts of Unix lie below this uid; login.defs may say otherwise.
const defaultUIDMin = 1000

// nobodyUID is the account that stands for nobody on Linux.
const nobodyUID = 65534

// Local reads the accounts and groups of this machine through the name service
// (getent, which knows SSSD and winbind), or from passwd and group where there
// is none. Root is left out: it reads everything.
func Local(ctx context.Context, opt access.Options) (*access.Resolver, error) {
	d, err := local(ctx, "/etc", getent)
	if err != nil {
		return nil, err
	}
	return access.NewResolver(d, nil, nil, opt), nil
}

// getent asks the name service for a whole data base.
func getent(ctx context.Context, base string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	return exec.CommandContext(ctx, "getent", base).Output()
}

// local makes a directory from the data bases; ask is the name service.
func local(ctx context.Context, etc string, ask func(context.Context, string) ([]byte, error)) (*access.Directory, error) {
	read := func(base string) ([]byte, error) {
		if b, err := ask(ctx, base); err == nil && len(b) > 0 {
			return b, nil
		}
		return os.ReadFile(etc + "/" + base)
	}
	passwd, err := read("passwd")
	if err != nil {
		return nil, fmt.Errorf("read the accounts of this machine: %w", err)
	}
	group, err := read("group")
	if err != nil {
		return nil, fmt.Errorf("read the groups of this machine: %w", err)
	}
	d := &access.Directory{Name: "the accounts of this machine", Complete: true}
	byName := map[string]access.SID{}
	readPasswd(d, passwd, uidMin(etc), byName)
	readShadow(d, etc)
	readGroup(d, group, byName)
	if s := otherServices(etc); s != "" {
		d.Complete = false
		d.Notes = append(d.Notes, "Accounts also come from "+s+", which may not list them all.")
	}
	d.Domains = []access.Domain{
		{SID: access.MustSID("S-1-22-1"), Name: "Unix User", Complete: false}, // a folder may be mounted from elsewhere
		{SID: access.MustSID("S-1-22-2"), Name: "Unix Group", Complete: false},
	}
	return d, nil
}

// fields calls each with the colon-separated fields of every line.
func fields(b []byte, atLeast int, each func(f []string)) {
	sc := bufio.NewScanner(bytes.NewReader(b))
	sc.Buffer(nil, 16<<20) // a group of all staff is one line
	for sc.Scan() {
		if f := strings.Split(sc.Text(), ":"); len(f) >= atLeast && !strings.HasPrefix(f[0], "#") {
			each(f)
		}
	}
}

func id(s string) (uint32, bool) {
	v, err := strconv.ParseUint(s, 10, 32)
	return uint32(v), err == nil
}

// readPasswd reads passwd(5). Two names of one uid are one account.
func readPasswd(d *access.Directory, b []byte, least uint32, byName map[string]access.SID) {
	have := map[access.SID]bool{}
	fields(b, 4, func(f []string) {
		uid, ok1 := id(f[2])
		gid, ok2 := id(f[3])
		if !ok1 || !ok2 || uid == 0 {
			return
		}
		a := access.Account{SID: access.UserSID(uid), Name: f[0], Primary: access.GroupSID(gid),
			Service: uid < least || uid == nobodyUID}
		byName[f[0]] = a.SID
		if !have[a.SID] {
			have[a.SID] = true
			d.Accounts = append(d.Accounts, a)
		}
	})
}

func readGroup(d *access.Directory, b []byte, byName map[string]access.SID) {
	at := map[access.SID]int{}
	fields(b, 4, func(f []string) {
		gid, ok := id(f[2])
		if !ok {
			return
		}
		g := access.Group{SID: access.GroupSID(gid), Name: f[0]}
		for _, n := range strings.Split(f[3], ",") {
			if n = strings.TrimSpace(n); n == "" || n == "root" {
				continue
			}
			if s, ok := byName[n]; ok {
				g.Members = append(g.Members, s)
			} else {
				g.Partial = true
			}
		}
		if i, ok := at[g.SID]; ok {
			d.Groups[i].Members = append(d.Groups[i].Members, g.Members...)
			d.Groups[i].Partial = d.Groups[i].Partial || g.Partial
			return
		}
		at[g.SID] = len(d.Groups)
		d.Groups = append(d.Groups, g)
	})
}

// readShadow marks expired accounts, shadow(5), where we may read it. A locked
// password expires nobody: keys and file services still let people in.
func readShadow(d *access.Directory, etc string) {
	b, err := os.ReadFile(etc + "/shadow")
	if err != nil {
		return
	}
	today := time.Now().Unix() / 86400
	expired := map[string]bool{}
	fields(b, 8, func(f []string) {
		if day, err := strconv.ParseInt(f[7], 10, 64); err == nil && day >= 0 && day <= today {
			expired[f[0]] = true
		}
	})
	for i := range d.Accounts {
		d.Accounts[i].Expired = expired[d.Accounts[i].Name]
	}
}

// uidMin reads UID_MIN from login.defs(5).
func uidMin(etc string) uint32 {
	b, err := os.ReadFile(etc + "/login.defs")
	if err != nil {
		return defaultUIDMin
	}
	for l := range strings.Lines(string(b)) {
		if f := strings.Fields(l); len(f) == 2 && f[0] == "UID_MIN" {
			if v, ok := id(f[1]); ok {
				return v
			}
		}
	}
	return defaultUIDMin
}

// otherServices names the sources of accounts beyond the files, nsswitch.conf(5).
func otherServices(etc string) string {
	b, err := os.ReadFile(etc + "/nsswitch.conf")
	if errors.Is(err, os.ErrNotExist) {
		return ""
	}
	var out []string
	for l := range strings.Lines(string(b)) {
		rest, ok := strings.CutPrefix(strings.TrimSpace(l), "passwd:")
		if !ok {
			continue
		}
		for _, s := range strings.Fields(rest) {
			switch s {
			case "sss", "winbind", "ldap", "nis", "nisplus":
				out = append(out, s)
			}
		}
	}
	return strings.Join(out, " and ")
}

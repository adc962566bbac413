//go:build linux

package access_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"aktvakt/scanner/access"
)

const (
	oracleUID, oracleUsers  = 50000, 20
	oracleGID, oracleGroups = 60000, 8
)

// TestPOSIXOracle makes folders and files with random modes and ACLs, opens
// every file as every account with real credentials, and compares with the
// prediction. It needs root and setpriv (util-linux).
func TestPOSIXOracle(t *testing.T) {
	if os.Getuid() != 0 {
		t.Fatal("files of other accounts need root: run the tests as root, for instance in a container")
	}
	if _, err := exec.LookPath("setpriv"); err != nil {
		t.Fatal("setpriv is not installed: apt-get install -y util-linux")
	}
	rnd := rand.New(rand.NewPCG(7, 7))
	root, err := os.MkdirTemp("/tmp", "aktp") // all accounts must get there
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(root)
	if err := os.Chmod(root, 0o755); err != nil {
		t.Fatal(err)
	}
	files := posixTree(t, root, rnd)
	dir, gids := posixAccounts(rnd)
	truth := map[string][]bool{}
	for _, a := range dir.Accounts {
		truth[a.Name] = openAs(t, a, gids[a.Name], files)
	}
	rules := map[string]access.POSIXRules{}
	r := access.NewResolver(dir, nil, nil, access.Options{})
	compare := func(change func(*access.POSIXRules)) (bad, allowed int) {
		for i, f := range files {
			p := posixRules(t, root, f, rules)
			if change != nil {
				change(&p)
			}
			readers := r.Readers(p.Descriptor())
			for _, a := range dir.Accounts {
				if truth[a.Name][i] {
					allowed++
				}
				if slices.Contains(readers, a.Name) != truth[a.Name][i] {
					bad++
					if change == nil && bad < 6 {
						t.Errorf("%s: %s: really %v: %+v", f, a.Name, truth[a.Name][i], p)
					}
				}
			}
		}
		return bad, allowed
	}
	bad, allowed := compare(nil)
	pairs := len(files) * len(dir.Accounts)
	t.Logf("%d pairs, %d readable, %d wrong", pairs, allowed, bad)
	if allowed == 0 || allowed == pairs {
		t.Error("the rules tell nothing apart")
	}
	for name, change := range map[string]func(*access.POSIXRules){
		"ACL ignored":     func(p *access.POSIXRules) { p.ACL = nil },
		"folders ignored": func(p *access.POSIXRules) { p.Parents = nil },
		"folders' ACL ignored": func(p *access.POSIXRules) {
			p.Parents = slices.Clone(p.Parents)
			for i := range p.Parents {
				p.Parents[i].ACL = nil
			}
		},
		"mask ignored": func(p *access.POSIXRules) {
			p.ACL = bytes.Clone(p.ACL)
			for i := 4; i+8 <= len(p.ACL); i += 8 {
				if p.ACL[i] == 0x10 {
					p.ACL[i+2] = 7
				}
			}
			p.Mode |= 0o070
		},
		"owner's own entry ignored": func(p *access.POSIXRules) { p.UID = 1 },
	} {
		n, _ := compare(change)
		t.Logf("%s: %d pairs wrong", name, n)
		if n == 0 {
			t.Errorf("a predictor with %s was not caught", name)
		}
	}
}

// posixTree makes files in folders two deep, all with random rules.
func posixTree(t *testing.T, root string, rnd *rand.Rand) []string {
	perms := []uint16{0, 4, 5, 6, 7, 1}
	perm := func(dir bool) uint16 {
		if dir && rnd.IntN(3) > 0 {
			return 5
		}
		return perms[rnd.IntN(len(perms))]
	}
	entries := func(dir bool) []byte {
		text := []string{"u::" + word(perm(dir))}
		ids := func(base, n, most int, kind string) {
			var some []int
			for _, k := range rnd.Perm(n)[:rnd.IntN(most)] {
				some = append(some, base+k)
			}
			slices.Sort(some) // as the kernel wants them
			for _, id := range some {
				text = append(text, fmt.Sprintf("%s:%d:%s", kind, id, word(perm(dir))))
			}
		}
		ids(oracleUID, oracleUsers, 3, "u")
		text = append(text, "g::"+word(perm(dir)))
		ids(oracleGID, oracleGroups, 4, "g")
		text = append(text, "m::"+word(perms[rnd.IntN(len(perms))]|uint16(rnd.IntN(2))*4), "o::"+word(perm(dir)))
		return acl(t, strings.Join(text, ","))
	}
	set := func(p string, dir bool) {
		mode := os.FileMode(rnd.IntN(512))
		if dir && rnd.IntN(2) == 0 {
			mode |= 0o555
		}
		if err := os.Lchown(p, oracleUID+rnd.IntN(oracleUsers), oracleGID+rnd.IntN(oracleGroups)); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(p, mode); err != nil {
			t.Fatal(err)
		}
		if rnd.IntN(2) == 0 {
			if err := unix.Setxattr(p, "system.posix_acl_access", entries(dir), 0); err != nil {
				t.Fatalf("the file system of %s keeps no ACLs: %v", p, err)
			}
		}
	}
	var files []string
	for d := range 25 {
		outer := fmt.Sprintf("%s/d%d", root, d)
		inner := outer + "/s"
		if err := os.MkdirAll(inner, 0o755); err != nil {
			t.Fatal(err)
		}
		for f := range 12 {
			p := fmt.Sprintf("%s/f%d", []string{outer, inner}[f%2], f)
			if err := os.WriteFile(p, []byte("x\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			set(p, false)
			files = append(files, p)
		}
		set(inner, true)
		set(outer, true)
	}
	return files
}

func word(p uint16) string {
	out := []byte("---")
	for i, c := range "rwx" {
		if p&(4>>i) != 0 {
			out[i] = byte(c)
		}
	}
	return string(out)
}

// posixAccounts is the account data base that the prediction uses, and the
// gids that each account has.
func posixAccounts(rnd *rand.Rand) (*access.Directory, map[string][]string) {
	d := &access.Directory{Complete: true}
	gids := map[string][]string{}
	for g := range oracleGroups {
		d.Groups = append(d.Groups, access.Group{SID: access.GroupSID(uint32(oracleGID + g)), Name: fmt.Sprint("g", g)})
	}
	for u := range oracleUsers {
		primary := oracleGID + rnd.IntN(oracleGroups)
		a := access.Account{SID: access.UserSID(uint32(oracleUID + u)), Name: fmt.Sprintf("u%02d", u), Primary: access.GroupSID(uint32(primary))}
		gids[a.Name] = []string{fmt.Sprint(primary)}
		for _, k := range rnd.Perm(oracleGroups)[:rnd.IntN(4)] {
			d.Groups[k].Members = append(d.Groups[k].Members, a.SID)
			gids[a.Name] = append(gids[a.Name], fmt.Sprint(oracleGID+k))
		}
		d.Accounts = append(d.Accounts, a)
	}
	return d, gids
}

// openAs opens the files with the account's credentials and nothing else.
func openAs(t *testing.T, a access.Account, gids []string, files []string) []bool {
	t.Helper()
	c := exec.Command("setpriv", "--reuid", fmt.Sprint(a.SID.RID()), "--regid", gids[0], "--groups", strings.Join(gids, ","),
		"--bounding-set", "-all", "--inh-caps", "-all", "sh", "-c", `while IFS= read -r f; do if read -r x <"$f"; then echo 1; else echo 0; fi; done 2>/dev/null`)
	c.Dir = "/"
	c.Stdin = strings.NewReader(strings.Join(files, "\n") + "\n")
	out, err := c.Output()
	if err != nil {
		t.Fatalf("setpriv: %v", err)
	}
	got := strings.Fields(string(out))
	if len(got) != len(files) {
		t.Fatalf("%d answers for %d files", len(got), len(files))
	}
	res := make([]bool, len(got))
	for i := range got {
		res[i] = got[i] == "1"
	}
	return res
}

// posixRules reads mode and ACL of a file and of the folders up to root.
func posixRules(t *testing.T, root, path string, seen map[string]access.POSIXRules) access.POSIXRules {
	t.Helper()
	one := func(p string) access.POSIXRules {
		if r, ok := seen[p]; ok {
			return r
		}
		var st unix.Stat_t
		if err := unix.Lstat(p, &st); err != nil {
			t.Fatal(err)
		}
		r := access.POSIXRules{UID: st.Uid, GID: st.Gid, Mode: st.Mode}
		buf := make([]byte, 4096)
		if n, err := unix.Lgetxattr(p, "system.posix_acl_access", buf); err == nil {
			r.ACL = buf[:n]
		}
		seen[p] = r
		return r
	}
	r := one(path)
	for d := filepath.Dir(path); strings.HasPrefix(d, root); d = filepath.Dir(d) {
		r.Parents = append(r.Parents, one(d))
	}
	slices.Reverse(r.Parents)
	return r
}

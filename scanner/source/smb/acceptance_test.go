package smb_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"aktvakt/scanner/source"
	"aktvakt/scanner/source/smb"
	"aktvakt/scanner/source/smb/sambatest"
	"aktvakt/scanner/source/sourcetest"
)

// place is a folder of a share. The source is account "scan", the other user
// is "anna".
type place struct {
	s   *sambatest.Server
	dir string
}

func office(more ...func(*sambatest.Config)) sambatest.Config {
	c := sambatest.Config{
		Users: []sambatest.User{{Name: "scan"}, {Name: "anna"}},
		// Files that were written behind Samba's back are everyone's.
		Shares: []sambatest.Share{{Name: "docs", Lines: []string{"acl_xattr:default acl style = everyone"}}},
	}
	for _, f := range more {
		f(&c)
	}
	return c
}

func (p place) at(path string) string { return filepath.Join(p.s.Dir("docs"), p.dir, path) }

func (p place) Source(t *testing.T, path string) source.Source {
	cfg := as(p.s, "scan", "docs")
	cfg.Path = p.dir + "/" + path
	return smb.New(cfg)
}

func (p place) Write(t *testing.T, path string, data []byte) {
	at := p.at(path)
	if _, err := os.Stat(filepath.Dir(at)); err != nil {
		p.Mkdir(t, filepath.Dir(path))
	}
	must(t, os.WriteFile(at, data, 0o666))
	must(t, os.Chmod(at, 0o666))
}

func (p place) WriteSparse(t *testing.T, path string, size int64) {
	p.Write(t, path, nil)
	must(t, os.Truncate(p.at(path), size))
}

func (p place) Mkdir(t *testing.T, path string) { p.s.Mkdir("docs", p.dir+"/"+path) }

func (p place) user(t *testing.T, format string, a ...any) {
	t.Helper()
	out, err := p.s.Smbclient("anna", "docs", fmt.Sprintf(format, a...))
	if err != nil || strings.Contains(out, "NT_STATUS") {
		t.Fatalf("%s: %v: %s", fmt.Sprintf(format, a...), err, out)
	}
}

func (p place) dos(path string) string { return strings.ReplaceAll(p.dir+"/"+path, "/", `\`) }

func (p place) Rename(t *testing.T, from, to string) {
	p.user(t, `rename "%s" "%s"`, p.dos(from), p.dos(to))
}

func (p place) Remove(t *testing.T, path string) {
	cmd := "del"
	if fi, err := os.Stat(p.at(path)); err == nil && fi.IsDir() {
		cmd = "rmdir"
	}
	p.user(t, `%s "%s"`, cmd, p.dos(path))
}

func (p place) Deny(t *testing.T, path string) {
	p.s.SetACL("docs", p.dir+"/"+path, "O:BAG:BAD:PAI(D;;0x1;;;{scan})(A;;FA;;;WD)")
}

// Snapshot looks at the server's disk. The kernel of the server sets access
// times as its mount says, which no client can prevent; files get one in the
// future, which relatime leaves alone, so that only a change over the
// protocol shows.
func (p place) Snapshot(t *testing.T) map[string]string {
	var paths []string
	must(t, filepath.WalkDir(p.at(""), func(path string, d fs.DirEntry, err error) error {
		paths = append(paths, path)
		return err
	}))
	out := map[string]string{}
	for _, path := range paths {
		var st unix.Stat_t
		must(t, unix.Lstat(path, &st))
		if time.Unix(st.Atim.Unix()).Before(time.Now()) {
			must(t, os.Chtimes(path, time.Now().Add(time.Hour), time.Unix(st.Mtim.Unix())))
			must(t, unix.Lstat(path, &st))
		}
		var x []string
		names := make([]byte, 4096)
		n, err := unix.Llistxattr(path, names)
		must(t, err)
		for name := range bytes.SplitSeq(names[:n], []byte{0}) {
			v := make([]byte, 64<<10)
			n, _ := unix.Lgetxattr(path, string(name), v)
			x = append(x, fmt.Sprintf("%s=%x", name, v[:max(n, 0)]))
		}
		out[path] = fmt.Sprintf("mode %o size %d atime %v mtime %v ctime %v attributes %v", st.Mode, st.Size, st.Atim, st.Mtim, st.Ctim, x)
	}
	return out
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestAcceptance(t *testing.T) {
	for _, c := range []struct {
		name string
		edit func(*sambatest.Config)
	}{
		{"plain", func(*sambatest.Config) {}},
		{"signing", func(c *sambatest.Config) { c.RequireSigning = true }},
		{"encryption", func(c *sambatest.Config) { c.RequireEncryption = true }},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := sambatest.Start(t, office(c.edit))
			n := 0
			sourcetest.Run(t, func(t *testing.T) sourcetest.Place {
				n++
				p := place{s, fmt.Sprintf("place%d", n)}
				s.Mkdir("docs", p.dir)
				return p
			})
		})
	}
}

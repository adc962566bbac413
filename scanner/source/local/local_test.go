package local_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"aktvakt/scanner/source"
	"aktvakt/scanner/source/local"
	"aktvakt/scanner/source/sourcetest"
)

// place is a folder of this machine.
type place struct{ dir string }

func (p place) at(path string) string { return filepath.Join(p.dir, filepath.FromSlash(path)) }

func (p place) Source(t *testing.T, path string) source.Source {
	return local.New(filepath.Join(p.dir, path))
}

func (p place) Write(t *testing.T, path string, data []byte) {
	p.Mkdir(t, filepath.Dir(path))
	must(t, os.WriteFile(p.at(path), data, 0o644))
	// Older than any access time that relatime would leave alone.
	old := time.Now().Add(-72 * time.Hour)
	must(t, os.Chtimes(p.at(path), old, old.Add(time.Hour)))
}

func (p place) WriteSparse(t *testing.T, path string, size int64) {
	p.Write(t, path, nil)
	must(t, os.Truncate(p.at(path), size))
}

func (p place) Mkdir(t *testing.T, path string)      { must(t, os.MkdirAll(p.at(path), 0o755)) }
func (p place) Rename(t *testing.T, from, to string) { must(t, os.Rename(p.at(from), p.at(to))) }
func (p place) Remove(t *testing.T, path string)     { must(t, os.Remove(p.at(path))) }

// Deny makes the entry unreadable for others and this thread one of them:
// root may read everything.
func (p place) Deny(t *testing.T, path string) {
	runtime.LockOSThread()
	_, err := unix.SetfsuidRetUid(os.Getuid())
	must(t, err)
	must(t, os.Chmod(p.at(path), 0o700))
	_, err = unix.SetfsuidRetUid(65534)
	must(t, err)
	t.Cleanup(func() {
		_, err := unix.SetfsuidRetUid(os.Getuid())
		must(t, err)
		runtime.UnlockOSThread()
	})
}

func (p place) Snapshot(t *testing.T) map[string]string {
	paths := []string{p.dir}
	for i := 0; i < len(paths); i++ {
		// Looking must not touch the access times that are looked at.
		d, err := os.OpenFile(paths[i], os.O_RDONLY|unix.O_NOATIME|unix.O_NOFOLLOW, 0)
		must(t, err)
		names, err := d.Readdirnames(-1)
		if err != nil && !errors.Is(err, unix.ENOTDIR) {
			t.Fatal(err)
		}
		must(t, d.Close())
		for _, n := range names {
			paths = append(paths, filepath.Join(paths[i], n))
		}
	}
	out := map[string]string{}
	for _, path := range paths {
		var st unix.Stat_t
		must(t, unix.Lstat(path, &st))
		acl := make([]byte, 1000)
		n, _ := unix.Lgetxattr(path, "system.posix_acl_access", acl)
		out[path] = fmt.Sprintf("mode %o size %d atime %v mtime %v ctime %v acl %x", st.Mode, st.Size, st.Atim, st.Mtim, st.Ctim, acl[:max(n, 0)])
	}
	return out
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newPlace(t *testing.T) sourcetest.Place {
	dir := t.TempDir()
	for d := dir; d != "/" && d != os.TempDir(); d = filepath.Dir(d) {
		must(t, os.Chmod(d, 0o755)) // the account that Deny takes on comes through
	}
	return place{dir}
}

func TestAcceptance(t *testing.T) { sourcetest.Run(t, newPlace) }

func list(t *testing.T, s source.Source, dir source.Entry) map[string]source.Entry {
	t.Helper()
	out := map[string]source.Entry{}
	for e, err := range s.List(t.Context(), dir) {
		if err != nil {
			t.Fatalf("%q: %v", e.Path, err)
		}
		out[e.Path] = e
	}
	return out
}

func TestSpecialEntries(t *testing.T) {
	dir := t.TempDir()
	must(t, os.WriteFile(dir+"/file", []byte("x"), 0o644))
	must(t, os.Mkdir(dir+"/folder", 0o755))
	must(t, unix.Mkfifo(dir+"/pipe", 0o644))
	must(t, os.Symlink("file", dir+"/link"))
	must(t, os.Symlink("/etc", dir+"/outside"))
	must(t, os.Symlink("nowhere", dir+"/dangling"))
	must(t, unix.Mknod(dir+"/null", unix.S_IFCHR|0o666, int(unix.Mkdev(1, 3))))
	s := local.New(dir)
	defer s.Close()
	root, err := s.Root(t.Context())
	must(t, err)
	all := list(t, s, root)
	for name, kind := range map[string]source.Kind{
		"file": source.Regular, "folder": source.Dir, "pipe": source.Other, "null": source.Other,
		"link": source.Link, "outside": source.Link, "dangling": source.Link,
	} {
		if e, ok := all[name]; !ok || e.Kind != kind {
			t.Errorf("%s: listed %v, kind %d, want %d", name, ok, e.Kind, kind)
		}
	}
	// What takes the place of a file after it was listed must not hang or lead
	// elsewhere.
	for _, name := range []string{"pipe", "null", "link", "folder"} {
		if _, err := s.Open(t.Context(), source.Entry{Path: name, Kind: source.Regular, Size: 1}); err == nil {
			t.Errorf("%s can be opened as a file", name)
		}
	}
	for _, path := range []string{"outside/passwd", "../x", "/etc/passwd", "folder/../file", "a//b", "file\x00"} {
		if _, err := s.Open(t.Context(), source.Entry{Path: path, Kind: source.Regular}); err == nil {
			t.Errorf("%q can be opened", path)
		}
	}
}

func TestTargetIsLink(t *testing.T) {
	dir := t.TempDir()
	must(t, os.Mkdir(dir+"/real", 0o755))
	must(t, os.WriteFile(dir+"/real/f", []byte("x"), 0o644))
	must(t, os.Symlink("real", dir+"/dirlink"))
	must(t, os.Symlink("real/f", dir+"/filelink"))
	s := local.New(dir + "/dirlink")
	defer s.Close()
	root, err := s.Root(t.Context())
	must(t, err)
	if root.Kind != source.Dir || len(list(t, s, root)) != 1 {
		t.Errorf("a link to a folder is kind %d", root.Kind)
	}
	f := local.New(dir + "/filelink")
	defer f.Close()
	if root, err = f.Root(t.Context()); err != nil || root.Kind != source.Regular {
		t.Fatalf("a link to a file is kind %d: %v", root.Kind, err)
	}
	open, err := f.Open(t.Context(), root)
	must(t, err)
	defer open.Close()
	if _, err := f.ACL(t.Context(), source.Entry{}); err != nil {
		t.Error(err)
	}
}

func TestNamesThatAreNotUTF8(t *testing.T) {
	dir := t.TempDir()
	names := []string{"bad\xff\xfe", "bad\uFFFD", "bad\xef\xbf", "l\xe4ngd.txt", "\xed\xa0\x80", "new\nline", "back\\slash", "\uFFFDff"}
	for _, n := range names {
		must(t, os.MkdirAll(dir+"/"+n, 0o755))
		must(t, os.WriteFile(dir+"/"+n+"/"+n, []byte(n), 0o644))
	}
	s := local.New(dir)
	defer s.Close()
	root, err := s.Root(t.Context())
	must(t, err)
	seen := map[string]bool{}
	for _, d := range list(t, s, root) {
		for path, e := range list(t, s, d) {
			if strings.ToValidUTF8(path, "") != path {
				t.Errorf("%q is not UTF-8", path)
			}
			f, err := s.Open(t.Context(), e)
			must(t, err)
			b := make([]byte, f.Size())
			_, err = f.ReadAt(b, 0)
			must(t, err)
			f.Close()
			seen[string(b)] = true
		}
	}
	for _, n := range names {
		if !seen[n] {
			t.Errorf("%q was not read", n)
		}
	}
}

func TestDeepAndLong(t *testing.T) {
	dir := t.TempDir()
	fd, err := unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY, 0)
	must(t, err)
	name := strings.Repeat("d", 250)
	for range 40 { // 10,000 bytes of path, more than the kernel takes at once
		must(t, unix.Mkdirat(fd, name, 0o755))
		next, err := unix.Openat(fd, name, unix.O_PATH|unix.O_DIRECTORY, 0)
		must(t, err)
		unix.Close(fd)
		fd = next
	}
	f, err := unix.Openat(fd, "bottom", unix.O_CREAT|unix.O_WRONLY, 0o644)
	must(t, err)
	_, err = unix.Write(f, []byte("deep"))
	must(t, err)
	unix.Close(f)
	unix.Close(fd)
	s := local.New(dir)
	defer s.Close()
	at, err := s.Root(t.Context())
	must(t, err)
	for at.Kind == source.Dir {
		for _, at = range list(t, s, at) {
			if _, err := s.ACL(t.Context(), at); err != nil {
				t.Fatal(err)
			}
		}
	}
	o, err := s.Open(t.Context(), at)
	must(t, err)
	defer o.Close()
	b := make([]byte, 4)
	if _, err := o.ReadAt(b, 0); err != nil || string(b) != "deep" {
		t.Errorf("read %q, %v", b, err)
	}
	if _, err := s.ACL(t.Context(), source.Entry{Path: at.Path}); err != nil {
		t.Errorf("rules of a deep entry: %v", err)
	}
}

// TestChangedCoversRules: Changed moves with the mode, the ACL and the rules of
// Samba, so that rules need not be judged again while it stands still.
func TestChangedCoversRules(t *testing.T) {
	dir := t.TempDir()
	must(t, os.WriteFile(dir+"/file", nil, 0o644))
	s := local.New(dir)
	defer s.Close()
	root, err := s.Root(t.Context())
	must(t, err)
	last := list(t, s, root)["file"]
	for _, change := range []func() error{
		func() error { return os.Chmod(dir+"/file", 0o600) },
		func() error { return os.Chown(dir+"/file", 4711, -1) },
		func() error { return unix.Setxattr(dir+"/file", "security.NTACL", []byte("x"), 0) },
		func() error { return unix.Removexattr(dir+"/file", "security.NTACL") },
	} {
		time.Sleep(20 * time.Millisecond) // the clock of a file system
		must(t, change())
		e := list(t, s, root)["file"]
		if !e.Changed.After(last.Changed) || !e.Modified.Equal(last.Modified) {
			t.Errorf("changed %v, before %v; modified %v, before %v", e.Changed, last.Changed, e.Modified, last.Modified)
		}
		last = e
	}
}

func TestErrors(t *testing.T) {
	s := local.New(filepath.Join(t.TempDir(), "gone"))
	defer s.Close()
	_, err := s.Root(t.Context())
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "gone") {
		t.Errorf("error is %v", err)
	}
}

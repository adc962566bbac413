package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"aktvakt/scanner/access"
	"aktvakt/scanner/source"
)

// dacl makes a security descriptor that lets one SID read.
func dacl(sid string) string {
	return string((&access.SecurityDescriptor{
		Owner: access.MustSID("S-1-5-32-544"), DACL: []access.ACE{{Mask: 0x120089, SID: access.MustSID(sid)}},
	}).Encode())
}

// fake are attributes of which one cannot be read.
type fake struct {
	has   map[string]string
	fails string
}

func (f fake) get(name string) (string, error) {
	if name == f.fails {
		return "", errors.New("permission denied")
	}
	return f.has[name], nil
}

func (f fake) names() []byte {
	b := []byte("security.selinux\x00")
	if f.fails != "" {
		b = append(b, f.fails+"\x00"...)
	}
	for name := range f.has {
		b = append(b, name+"\x00"...)
	}
	return b
}

// TestReadRules: which rules count on which file system. The values come from
// a map in place of a mount, because a kernel without NFS and CIFS runs this.
func TestReadRules(t *testing.T) {
	nt, posix := dacl("S-1-1-0"), "\x02\x00\x00\x00"
	hashed, alone := sambaRules(nt, 1), sambaRules(nt, 0)
	for _, tt := range []struct {
		name  string
		on    dialect
		has   map[string]string
		fails string // reading this one is refused
		kind  access.Kind
		acl   string
		fault string
	}{
		{name: "mode alone", kind: access.POSIX},
		{name: "posix acl", has: map[string]string{posixName: posix}, kind: access.POSIX, acl: posix},
		{name: "samba alone decides", has: map[string]string{posixName: posix, ntaclName: alone}, kind: access.NT, acl: alone},
		{name: "samba beside posix", has: map[string]string{posixName: posix, ntaclName: hashed}, kind: access.POSIX, acl: posix},
		{name: "native takes no foreign rules", has: map[string]string{cifsName: nt, nfs4Name: "x"}, kind: access.POSIX},
		{name: "posix refused", fails: posixName, kind: access.POSIX, fault: "denied"},
		{name: "samba refused", fails: ntaclName, kind: access.POSIX, fault: ntaclName + ": permission denied"},
		{name: "nfs4", on: nfs, has: map[string]string{nfs4Name: "x", posixName: posix}, kind: access.NFS4, acl: "x"},
		{name: "nfs3", on: nfs, has: map[string]string{posixName: posix}, kind: access.POSIX, acl: posix},
		{name: "nfs ignores samba's", on: nfs, has: map[string]string{ntaclName: alone}, kind: access.POSIX},
		{name: "nfs4 refused", on: nfs, fails: nfs4Name, kind: access.POSIX, fault: "denied"},
		{name: "cifs", on: cifs, has: map[string]string{cifsName: nt, cifsOldName: "old", posixName: posix}, kind: access.NT, acl: nt},
		{name: "cifs of old kernels", on: cifs, has: map[string]string{cifsOldName: nt}, kind: access.NT, acl: nt},
		{name: "cifs without rules", on: cifs, has: map[string]string{posixName: posix}, kind: access.POSIX, fault: "smb://"},
		{name: "cifs refused", on: cifs, fails: cifsName, kind: access.POSIX, fault: "denied"},
		{name: "fuse of cifs", on: passing, has: map[string]string{cifsName: nt}, kind: access.NT, acl: nt},
		{name: "fuse of nfs", on: passing, has: map[string]string{nfs4Name: "x"}, kind: access.NFS4, acl: "x"},
		{name: "fuse of samba", on: passing, has: map[string]string{ntaclName: alone}, kind: access.NT, acl: alone},
		{name: "fuse of nothing", on: passing, kind: access.POSIX},
		{name: "listed, none", on: listed, kind: access.POSIX},
		{name: "listed, posix", on: listed, has: map[string]string{posixName: posix}, kind: access.POSIX, acl: posix},
		{name: "listed, samba", on: listed, has: map[string]string{posixName: posix, ntaclName: alone}, kind: access.NT, acl: alone},
		{name: "listed, samba beside posix", on: listed, has: map[string]string{posixName: posix, ntaclName: hashed}, kind: access.POSIX, acl: posix},
		{name: "listed, refused", on: listed, fails: ntaclName, kind: access.POSIX, fault: "denied"},
		{name: "zfs", on: zfs, has: map[string]string{posixName: posix}, kind: access.POSIX, acl: posix},
		{name: "zfs with NFSv4", on: zfs, has: map[string]string{zfsName: "x"}, kind: access.POSIX, fault: "ZFS"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			y := &sys{kind: access.POSIX}
			y.readRules(max(tt.on, native), fake{tt.has, tt.fails})
			if tt.fault != "" {
				if y.err == nil || !strings.Contains(y.err.Error(), tt.fault) {
					t.Errorf("error %v, want %q", y.err, tt.fault)
				}
				return
			}
			if y.err != nil || y.kind != tt.kind || y.acl != tt.acl {
				t.Errorf("kind %d, %q, %v; want kind %d, %q", y.kind, y.acl, y.err, tt.kind, tt.acl)
			}
		})
	}
}

// sambaRules wraps a descriptor as Samba does (source3/librpc/idl/xattr.idl,
// version 3), with a hash that consists of this byte.
func sambaRules(sd string, hash byte) string {
	head := "\x03\x00\x03\x00\x00\x00\x02\x00\x04\x00\x02\x00\x01\x00" + strings.Repeat(string([]byte{hash}), 64) + "\x00\x00"
	b := []byte(head + sd)
	for _, at := range []int{4, 8, 12, 16} { // offsets count from the start
		p := len(head) + at
		if v := uint32(b[p]) | uint32(b[p+1])<<8; v != 0 {
			v += uint32(len(head))
			b[p], b[p+1] = byte(v), byte(v>>8)
		}
	}
	return string(b)
}

// TestSambaFolder sets real attributes on a real folder.
func TestSambaFolder(t *testing.T) {
	dir := t.TempDir()
	write := func(name, rules string) {
		t.Helper()
		if err := os.WriteFile(dir+"/"+name, []byte("x"), 0o666); err != nil {
			t.Fatal(err)
		}
		if rules == "" {
			return
		}
		if err := unix.Setxattr(dir+"/"+name, ntaclName, []byte(rules), 0); err != nil {
			t.Fatalf("%v: run as root, on a file system that keeps extended attributes", err)
		}
	}
	const hr = "S-1-5-21-1-2-3-1001"
	write("alone", sambaRules(dacl(hr), 0))
	write("beside", sambaRules(dacl(hr), 1))
	write("torn", "\x04\x00\x04\x00")
	write("plain", "")
	ad := &access.Directory{Name: "the domain", Complete: true,
		Domains:  []access.Domain{{SID: access.MustSID("S-1-5-21-1-2-3"), Name: "LAB", Complete: true}},
		Accounts: []access.Account{{SID: access.MustSID("S-1-5-21-1-2-3-1100"), Name: `LAB\anna`}, {SID: access.MustSID("S-1-5-21-1-2-3-1101"), Name: `LAB\bo`}},
		Groups:   []access.Group{{SID: access.MustSID(hr), Name: `LAB\HR`, Members: []access.SID{access.MustSID("S-1-5-21-1-2-3-1100")}}}}
	s := New(dir).WithDirectory(ad)
	defer s.Close()
	root, err := s.Root(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Resolver(t.Context(), access.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, complete, notes := r.Describe(); complete || !slices.ContainsFunc(notes, func(n string) bool { return strings.Contains(n, "security.NTACL") }) {
		t.Errorf("complete %v, notes %q", complete, notes)
	}
	for e, err := range s.List(t.Context(), root) {
		if err != nil {
			t.Fatal(err)
		}
		d, err := s.ACL(t.Context(), e)
		if again, err2 := s.ACL(t.Context(), source.Entry{Path: e.Path}); again != d || (err == nil) != (err2 == nil) {
			t.Errorf("%s: by name %v, %v; by listing %v, %v", e.Path, again, err2, d, err)
		}
		switch e.Path {
		case "alone":
			if got := r.Readers(d); err != nil || !slices.Equal(got, []string{`LAB\anna`}) {
				t.Errorf("alone: readers %q, %v", got, err)
			}
			if a := r.Audience(d); a.People != 1 || a.PeopleMax != 1 || !a.Complete {
				t.Errorf("alone: %+v", a)
			}
		case "torn":
			if !errors.Is(err, access.ErrDescriptor) {
				t.Errorf("torn: %v", err)
			}
		default:
			if err != nil || d.Kind != access.POSIX {
				t.Errorf("%s: kind %d, %v", e.Path, d.Kind, err)
			}
			if a := r.Audience(d); a.Complete || len(a.Wide) != 1 {
				t.Errorf("%s: everybody's mode among those who are not known: %+v", e.Path, a)
			}
		}
	}
}

// TestOldKernel: rules read by the calls of Linux 6.13 and by those of older
// kernels are the same.
func TestOldKernel(t *testing.T) {
	dir := t.TempDir()
	set := func(name, attribute, value string) {
		t.Helper()
		if err := os.WriteFile(dir+"/"+name, nil, 0o640); err != nil {
			t.Fatal(err)
		}
		if attribute == "" {
			return
		}
		if err := unix.Setxattr(dir+"/"+name, attribute, []byte(value), 0); err != nil {
			t.Fatalf("%s: %v: run as root, on a file system that keeps extended attributes", attribute, err)
		}
	}
	big := &access.SecurityDescriptor{Owner: access.MustSID("S-1-5-32-544")}
	for i := range uint32(60) {
		big.DACL = append(big.DACL, access.ACE{Mask: 0x120089, SID: access.MustSID(fmt.Sprintf("S-1-5-21-1-2-3-%d", 1000+i))})
	}
	set("plain", "", "")
	set("samba", ntaclName, sambaRules(dacl("S-1-1-0"), 0))
	set("many rules", ntaclName, sambaRules(string(big.Encode()), 0))
	set("posix", posixName, "\x02\x00\x00\x00\x01\x00\x06\x00\xff\xff\xff\xff\x02\x00\x04\x00\x0a\x00\x00\x00\x04\x00\x04\x00\xff\xff\xff\xff\x10\x00\x04\x00\xff\xff\xff\xff\x20\x00\x00\x00\xff\xff\xff\xff")
	set("many names", "user."+strings.Repeat("n", 240), "x")
	set("not UTF-8 \xff", ntaclName, sambaRules(dacl("S-1-1-0"), 0))
	read := func(old bool) map[string]access.Descriptor {
		defer noXattrat.Store(noXattrat.Swap(old))
		s := New(dir)
		defer s.Close()
		out := map[string]access.Descriptor{}
		for e, err := range s.List(t.Context(), source.Entry{Kind: source.Dir}) {
			if err != nil {
				t.Fatal(err)
			}
			if out[e.Path], err = s.ACL(t.Context(), e); err != nil {
				t.Error(err)
			}
		}
		return out
	}
	now, before := read(false), read(true)
	if d := cmp.Diff(before, now); d != "" || len(now) != 6 {
		t.Errorf("%d entries (-old +new):\n%s", len(now), d)
	}
	for name, want := range map[string]access.Kind{"plain": access.POSIX, "samba": access.NT, "many rules": access.NT, "posix": access.POSIX, "not UTF-8 \uFFFDff": access.NT} {
		if got := now[name]; got.Kind != want {
			t.Errorf("%s: kind %d, want %d", name, got.Kind, want)
		}
	}
	if now["posix"] == now["plain"] {
		t.Error("a POSIX ACL makes no difference")
	}
}

// TestOffline: on a mounted share the server's attributes tell what lies on tape.
func TestOffline(t *testing.T) {
	for _, tt := range []struct {
		on   dialect
		name string
		v    string
		want bool
	}{
		{cifs, "user.cifs.dosattrib", "\x20\x10\x00\x00", true}, // archive, offline
		{cifs, "user.smb3.dosattrib", "\x20\x00\x40\x00", true}, // recall on data access
		{passing, "user.cifs.dosattrib", "\x20\x00\x04\x00", true},
		{cifs, "user.cifs.dosattrib", "\x20\x00\x00\x00", false},
		{cifs, "user.cifs.dosattrib", "\x20", false},
		{cifs, "user.other", "\x20\x10\x00\x00", false},
		{listed, "user.cifs.dosattrib", "\x20\x10\x00\x00", false}, // anybody may write that there
	} {
		if got := isOffline(tt.on, fake{has: map[string]string{tt.name: tt.v}}); got != tt.want {
			t.Errorf("%s = %q on %d: offline %v, want %v", tt.name, tt.v, tt.on, got, tt.want)
		}
	}
	dir := t.TempDir()
	for name, v := range map[string]string{"here": "\x20\x00\x00\x00", "tape": "\x20\x10\x00\x00"} {
		if err := os.WriteFile(dir+"/"+name, []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := unix.Setxattr(dir+"/"+name, dosNames[0], []byte(v), 0); err != nil {
			t.Fatal(err)
		}
	}
	s := New(dir)
	defer s.Close()
	var st unix.Stat_t
	if err := unix.Stat(dir, &st); err != nil {
		t.Fatal(err)
	}
	s.dialectOf(st.Dev, func(b *unix.Statfs_t) error { b.Type = unix.CIFS_SUPER_MAGIC; return nil })
	for e, err := range s.List(t.Context(), source.Entry{Kind: source.Dir}) {
		if err != nil || e.Offline != (e.Path == "tape") {
			t.Errorf("%s: offline %v, %v", e.Path, e.Offline, err)
		}
		for _, e := range []source.Entry{e, {Path: e.Path, Size: 1}} {
			f, err := s.Open(t.Context(), e)
			if errors.Is(err, source.ErrOffline) != (e.Path == "tape") {
				t.Errorf("open %s: %v", e.Path, err)
			}
			if err == nil {
				f.Close()
			}
		}
	}
}

// TestMountedShare: the mode of a mounted share is never taken for the rules
// of its server.
func TestMountedShare(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/f", []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := New(dir)
	defer s.Close()
	var st unix.Stat_t
	if err := unix.Stat(dir, &st); err != nil {
		t.Fatal(err)
	}
	s.dialectOf(st.Dev, func(b *unix.Statfs_t) error { b.Type = unix.CIFS_SUPER_MAGIC; return nil })
	if _, err := s.ACL(t.Context(), source.Entry{Path: "f"}); !errors.Is(err, errMount) {
		t.Errorf("rules of a mount that shows none: %v", err)
	}
	r, err := s.Resolver(context.Background(), access.Options{Staff: 40})
	if err != nil {
		t.Fatal(err)
	}
	a := r.Audience(access.Descriptor{Kind: access.NT, Raw: dacl("S-1-1-0")})
	if a.Complete || a.People != 0 || a.PeopleMax != 40 || len(a.Wide) != 1 {
		t.Errorf("Everyone, behind a share whose rules are not known: %+v", a)
	}
}

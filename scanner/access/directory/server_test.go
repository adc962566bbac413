package directory_test

import (
	"context"
	"errors"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	smb2 "github.com/cloudsoda/go-smb2"

	"aktvakt/scanner/access"
	"aktvakt/scanner/access/directory"
	"aktvakt/scanner/source/smb/sambatest"
)

// office is a server with a few people, groups in groups and a disabled account.
func office(more ...func(*sambatest.Config)) sambatest.Config {
	cfg := sambatest.Config{
		Shares: []sambatest.Share{{Name: "docs"}, {Name: "hr", ACL: "O:BAG:BAD:(A;;0x1200a9;;;{HR-Local})(A;;0x1f01ff;;;BA)"}},
		Users: []sambatest.User{{Name: "alice"}, {Name: "bob"}, {Name: "carol"}, {Name: "dave"}, {Name: "erin"}, {Name: "frank"},
			{Name: "gone", Disabled: true}, {Name: "scanner"}},
		Groups: []sambatest.Group{
			{Name: "Finance", Kind: sambatest.Global, Members: []string{"alice", "bob"}},
			{Name: "HR-Local", Kind: sambatest.Local, Members: []string{"carol", "Finance", "gone"}},
			{Name: "Users", Kind: sambatest.Builtin, RID: 545, Members: []string{"dave"}},
		},
	}
	for _, f := range more {
		f(&cfg)
	}
	return cfg
}

func resolver(t *testing.T, s *sambatest.Server, user, share string) *access.Resolver {
	t.Helper()
	r, err := directory.FromServer(context.Background(), directory.Server{Host: s.Addr, User: user, Password: sambatest.Password, Share: share},
		access.Options{ServiceAccounts: []string{"scanner"}})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// descriptor reads a file's rules as the production source does.
func descriptor(t *testing.T, s *sambatest.Server, share, path string) access.Descriptor {
	t.Helper()
	d := &smb2.Dialer{Initiator: &smb2.NTLMInitiator{User: sambatest.Admin, Password: sambatest.Password}}
	sess, err := d.Dial(context.Background(), net.JoinHostPort(s.Addr, "445"))
	if err != nil {
		t.Fatal(err)
	}
	defer sess.Logoff()
	sh, err := sess.Mount(share)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := sh.SecurityInfoRaw(path, 7)
	if err != nil {
		t.Fatal(err)
	}
	return access.Descriptor{Kind: access.NT, Raw: string(raw)}
}

func TestFromServer(t *testing.T) {
	for _, mode := range []string{"plain", "signing required", "encryption required"} {
		t.Run(mode, func(t *testing.T) {
			s := sambatest.Start(t, office(func(c *sambatest.Config) {
				c.RequireSigning = mode == "signing required"
				c.RequireEncryption = mode == "encryption required"
			}))
			r := resolver(t, s, "scanner", "docs")
			if name, complete, notes := r.Describe(); !complete {
				t.Errorf("%s: incomplete: %q", name, notes)
			}
			if r.Staff() != 6 {
				t.Errorf("staff %d, want 6", r.Staff())
			}
			for _, tt := range []struct {
				name, sddl, readers string
				people, most        int
				complete            bool
				wide                []string
			}{
				{"nested", "O:BAG:{Domain Users}D:(A;;FR;;;{HR-Local})(A;;FA;;;BA)", "adm alice bob carol", 3, 3, true, nil},
				{"denied", "O:BAG:{Domain Users}D:(D;;FR;;;{Finance})(A;;FR;;;{Domain Users})", "adm carol dave erin frank scanner", 4, 4, true, []string{`SMBTEST\Domain Users`}},
				{"users", "O:BAG:{Domain Users}D:(A;;FR;;;BU)", "dave", 1, 1, true, []string{`BUILTIN\Users`}},
				{"unknown", "O:BAG:{Domain Users}D:(A;;FR;;;{alice})(A;;FR;;;S-1-5-21-1-2-3-4444)", "alice", 1, 6, false, nil},
				{"unix group", "O:BAG:{Domain Users}D:(A;;FR;;;S-1-22-2-71000)", "", 0, 6, false, nil},
			} {
				s.WriteFile("docs", tt.name, []byte("x"))
				s.SetACL("docs", tt.name, tt.sddl)
				d := descriptor(t, s, "docs", tt.name)
				compareNTACL(t, s.Dir("docs")+"/"+tt.name, d)
				a := r.Audience(d)
				var got []string
				for _, n := range r.Readers(d) {
					got = append(got, strings.TrimPrefix(n, `SMBTEST\`))
				}
				if strings.Join(got, " ") != tt.readers || a.People != tt.people || a.PeopleMax != tt.most || a.Complete != tt.complete {
					t.Errorf("%s: readers %q, %+v", tt.name, got, a)
				}
				if diff := cmp.Diff(tt.wide, a.Wide); diff != "" {
					t.Errorf("%s: %s", tt.name, diff)
				}
				if tt.name == "unix group" && !strings.Contains(a.Via[0].Name, "u_users") {
					t.Errorf("%s: the server was not asked for the name: %+v", tt.name, a.Via)
				}
			}
			if _, _, notes := r.Describe(); len(notes) != 1 || !strings.Contains(notes[0], "sent no access rules for the share docs") {
				t.Errorf("notes %q", notes)
			}
			openShareRules(t, s)
			hr := resolver(t, s, "scanner", "hr")
			if a := hr.Audience(descriptor(t, s, "docs", "denied")); a.People != 1 || len(a.Wide) != 0 {
				t.Errorf("behind the share of HR: %+v, want carol alone", a)
			}
		})
	}
}

// compareNTACL reads the rules from the disk, as a scan on the file server
// itself does.
func compareNTACL(t *testing.T, path string, served access.Descriptor) {
	t.Helper()
	buf := make([]byte, 64<<10)
	n, err := unix.Lgetxattr(path, "security.NTACL", buf)
	if err != nil {
		t.Fatal(err)
	}
	d, err := access.NTACL(buf[:n])
	if err != nil {
		t.Errorf("%s: %v", path, err)
		return
	}
	disk, _ := access.ParseSecurityDescriptor([]byte(d.Raw))
	net, _ := access.ParseSecurityDescriptor([]byte(served.Raw))
	if disk.SDDL() != net.SDDL() {
		t.Errorf("on disk %s\nserved  %s", disk.SDDL(), net.SDDL())
	}
	for i := range n {
		access.NTACL(buf[:i]) // cut short: an error or a descriptor, no panic
	}
}

// openShareRules lets Samba's RPC process read the rules of shares. Samba 4.17
// as packaged opens them as the client's user, fails, and sends none.
func openShareRules(t *testing.T, s *sambatest.Server) {
	t.Helper()
	if err := os.Chmod(s.Root()+"/state/share_info.tdb", 0o666); err != nil {
		t.Fatal(err)
	}
}

func TestFromServerRefused(t *testing.T) {
	s := sambatest.Start(t, office())
	for name, srv := range map[string]directory.Server{
		"wrong password": {Host: s.Addr, User: "alice", Password: "Wrong-Passw0rd", Share: "docs"},
		"closed port":    {Host: s.Addr, Port: 9, User: "alice", Password: sambatest.Password, Share: "docs"},
	} {
		r, err := directory.FromServer(context.Background(), srv, access.Options{})
		if err == nil {
			t.Errorf("%s: no error, %+v", name, r)
			continue
		}
		if strings.Contains(err.Error(), "Passw0rd") {
			t.Errorf("%s: the password is in %q", name, err)
		}
		t.Logf("%s: %v", name, err)
	}
}

func TestFrozenServer(t *testing.T) {
	s := sambatest.Start(t, office())
	s.Pause()
	defer s.Resume()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	t0 := time.Now()
	_, err := directory.FromServer(ctx, directory.Server{Host: s.Addr, User: "alice", Password: sambatest.Password, Share: "docs"}, access.Options{})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want the deadline", err)
	}
	if d := time.Since(t0); d > 10*time.Second {
		t.Errorf("took %v", d)
	}
}

func TestOracleStandalone(t *testing.T) {
	s := sambatest.Start(t, office())
	o := &oracle{t: t, addr: s.Addr, prefix: `SMBTEST\`, admin: [2]string{sambatest.Admin, sambatest.Password}, password: sambatest.Password,
		share: "docs", accounts: []string{"alice", "bob", "carol", "dave", "erin", "frank", "gone", "scanner"},
		setShare: func(sddl string) { s.SetShareACL("docs", sddl) }}
	for _, n := range []string{"Domain Users", "Finance", "HR-Local", "gone"} {
		o.principals = append(o.principals, s.SID(n))
	}
	for _, n := range []string{"alice", "bob", "carol", "dave", "erin"} {
		o.owners = append(o.owners, s.SID(n))
	}
	srv := directory.Server{Host: s.Addr, User: "scanner", Password: sambatest.Password, Share: "docs"}
	o.readShare = func() ([]byte, error) { return directory.ShareRules(srv) }
	openShareRules(t, s)
	var err error
	if o.dir, err = directory.SAM(context.Background(), srv); err != nil {
		t.Fatal(err)
	}
	for _, seed := range seeds(t) {
		o.run([]string{"O:BAG:BAD:(A;;0x1f01ff;;;WD)", "O:BAG:BAD:(D;;0x1f01ff;;;" + s.SID("alice") + ")(A;;0x1200a9;;;" + s.SID("HR-Local") + ")(A;;0x1200a9;;;" + s.SID("gone") + ")"}, 100, seed)
	}
}

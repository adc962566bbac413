package directory_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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
			s.WriteFile("docs", "a.txt", []byte("x"))
			s.SetACL("docs", "a.txt", "O:BAG:{Domain Users}D:(A;;FR;;;{HR-Local})(A;;FA;;;BA)")
			s.WriteFile("docs", "b.txt", []byte("x"))
			s.SetACL("docs", "b.txt", "O:BAG:{Domain Users}D:(A;;FR;;;BU)(A;;FR;;;S-1-5-21-1-2-3-4444)(A;;FA;;;BA)")
			r := resolver(t, s, "scanner", "docs")
			name, complete, notes := r.Describe()
			t.Log(name, complete, notes)
			sd, _ := access.ParseSecurityDescriptor([]byte(descriptor(t, s, "docs", "a.txt").Raw))
			t.Log(sd.SDDL())
			a := r.Audience(descriptor(t, s, "docs", "a.txt"))
			t.Logf("%+v", a)
			t.Log(r.Readers(descriptor(t, s, "docs", "a.txt")))
			t.Logf("%+v", r.Audience(descriptor(t, s, "docs", "b.txt")))
			if diff := cmp.Diff([]string{`SMBTEST\adm`, `SMBTEST\alice`, `SMBTEST\bob`, `SMBTEST\carol`}, r.Readers(descriptor(t, s, "docs", "a.txt"))); diff != "" {
				t.Error(diff)
			}
		})
	}
	_ = strings.Contains
	_ = time.Now
}

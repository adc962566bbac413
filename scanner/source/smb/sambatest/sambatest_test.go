package sambatest

import (
	"os"
	"strconv"
	"strings"
	"testing"
)

func TestServer(t *testing.T) {
	s := Start(t, Config{
		Shares: []Share{{Name: "docs"}, {Name: "hr", ACL: "O:BAG:BAD:(A;;0x1200a9;;;{carol})(A;;0x1f01ff;;;BA)"}},
		Users:  []User{{Name: "alice"}, {Name: "bob"}, {Name: "carol"}, {Name: "gone", Disabled: true}},
		Groups: []Group{
			{Name: "Finance", Members: []string{"alice", "bob"}},
			{Name: "Readers", Kind: Local, Members: []string{"Finance"}},
		},
	})
	s.WriteFile("docs", "a/plain.txt", []byte("plain"))
	s.WriteFile("docs", "a/group.txt", []byte("group"))
	s.WriteFile("docs", "a/specs.txt", []byte("specs"))
	s.SetACL("docs", "a/group.txt", "O:BAG:BAD:PAI(A;;FR;;;{Readers})(A;;FA;;;BA)")
	s.SetACL("docs", "a/specs.txt", `ACL:SMBTEST\bob:DENIED/0x0/FULL,ACL:S-1-5-11:ALLOWED/0x0/READ,ACL:SMBTEST\adm:ALLOWED/0x0/FULL`)
	if got := s.ACL("docs", "a/group.txt"); !strings.Contains(got, s.SID("Readers")) {
		t.Errorf("ACL of group.txt = %q, want one that names %s", got, s.SID("Readers"))
	}
	s.SetACL("docs", "a", "O:BAG:BAD:PAI(A;OICI;FA;;;WD)")
	s.Put("alice", "docs", "a/own.txt", []byte("own"))
	if got := s.ACL("docs", "a/own.txt"); !strings.Contains(got, "O:"+s.SID("alice")) || !strings.Contains(got, "(A;ID;") {
		t.Errorf("ACL of own.txt = %q, want alice's and inherited", got)
	}
	s.SetShareACL("hr", "O:BAG:BAD:(A;;0x1200a9;;;{carol})(A;;0x1f01ff;;;BA)")

	reads := func(user, share, file string) bool {
		out, err := s.Smbclient(user, share, "get "+file+" /dev/null")
		return err == nil && !strings.Contains(out, "NT_STATUS_")
	}
	s.WriteFile("hr", "x.txt", []byte("x"))
	for _, c := range []struct {
		user, share, file string
		want              bool
	}{
		{"alice", "docs", `a\plain.txt`, true},
		{"alice", "docs", `a\group.txt`, true},
		{"bob", "docs", `a\group.txt`, true},
		{"carol", "docs", `a\group.txt`, false},
		{"alice", "docs", `a\specs.txt`, true},
		{"bob", "docs", `a\specs.txt`, false},
		{"gone", "docs", `a\plain.txt`, false},
		{"carol", "hr", "x.txt", true},
		{"alice", "hr", "x.txt", false},
		{Admin, "hr", "x.txt", true},
	} {
		if got := reads(c.user, c.share, c.file); got != c.want {
			t.Errorf("%s reads %s of %s: %v, want %v", c.user, c.file, c.share, got, c.want)
		}
	}
}

func TestKillAndRestart(t *testing.T) {
	s := Start(t, Config{})
	other := Start(t, Config{})
	if s.Addr == other.Addr {
		t.Fatalf("two servers at %s", s.Addr)
	}
	if _, err := s.Smbclient(Admin, "docs", "ls"); err != nil {
		t.Fatal(err)
	}
	s.Kill()
	if _, err := s.Smbclient(Admin, "docs", "ls"); err == nil {
		t.Error("a killed server answers")
	}
	if _, err := other.Smbclient(Admin, "docs", "ls"); err != nil {
		t.Errorf("the other server died with it: %v", err)
	}
	if err := s.Restart(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Smbclient(Admin, "docs", "ls"); err != nil {
		t.Error(err)
	}
	s.Pause()
	for _, pid := range s.pids() {
		b, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		if _, after, _ := strings.Cut(string(b), ") "); !strings.HasPrefix(after, "T") {
			t.Errorf("process %d runs while the server is paused: %s", pid, b)
		}
	}
	s.Resume()
	if _, err := s.Smbclient(Admin, "docs", "ls"); err != nil {
		t.Error(err)
	}
}

func TestRequire(t *testing.T) {
	s := Start(t, Config{RequireSigning: true, RequireEncryption: true})
	if _, err := s.Smbclient(Admin, "docs", "ls"); err != nil {
		t.Error(err)
	}
	out := s.Tool("testparm", "--suppress-prompt")
	for _, want := range []string{"server signing = required", "server smb encrypt = required"} {
		if !strings.Contains(out, want) {
			t.Errorf("the server's configuration lacks %q", want)
		}
	}
}

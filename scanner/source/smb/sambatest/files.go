package sambatest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// env is the environment of Samba's programs; wrapped tells whether they see
// the private users.
func (s *Server) env(wrapped bool) []string {
	e := []string{
		"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=" + s.root, "TMPDIR=/tmp", "LC_ALL=C.UTF-8",
		"_NO_WINBINDD=1", // never ask a winbindd that happens to run here
		"NSS_WRAPPER_PASSWD=" + s.root + "/passwd", "NSS_WRAPPER_GROUP=" + s.root + "/group",
	}
	if wrapped {
		e = append(e, "LD_PRELOAD="+s.wrap)
	}
	return e
}

// tool runs one of Samba's programs with the server's configuration.
func (s *Server) tool(name string, args ...string) (string, error) {
	return s.run(true, name, append([]string{"-s", s.conf}, args...)...)
}

func (s *Server) run(wrapped bool, name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Env = s.env(wrapped)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return string(out), fmt.Errorf("%s %q: %w: %s", name, args, err, bytes.TrimSpace(out))
	}
	return string(out), nil
}

// Tool runs one of Samba's programs (net, pdbedit, sharesec, testparm, …)
// with the server's configuration and users, and returns what it printed.
func (s *Server) Tool(name string, args ...string) string {
	s.t.Helper()
	out, err := s.tool(name, args...)
	if err != nil {
		s.t.Fatalf("sambatest: %v", err)
	}
	return out
}

// Smbclient runs commands of smbclient on a share as a user and returns what
// it printed. The error holds its output.
func (s *Server) Smbclient(user, share, commands string) (string, error) {
	return s.run(false, "smbclient", "-s", s.conf, "-U", user+"%"+Password, "//"+s.Addr+"/"+share, "-c", commands)
}

// Dir returns the folder behind a share.
func (s *Server) Dir(share string) string {
	s.t.Helper()
	d, ok := s.shares[share]
	if !ok {
		s.t.Fatalf("sambatest: no share %q", share)
	}
	return d
}

// Root returns the server's private folder, which holds smb.conf.
func (s *Server) Root() string { return s.root }

// Mkdir makes a folder and those above it behind the share's back, without an
// NT ACL of its own.
func (s *Server) Mkdir(share, path string) {
	s.t.Helper()
	at := s.Dir(share)
	for part := range strings.SplitSeq(path, "/") {
		at = filepath.Join(at, part)
		err := os.Mkdir(at, 0o777)
		if err == nil {
			err = os.Chmod(at, 0o777)
		}
		if err != nil && !os.IsExist(err) {
			s.t.Fatalf("sambatest: %v", err)
		}
	}
}

// WriteFile writes a file behind the share's back, and the folders above it.
// It has no NT ACL of its own; Put makes one that inherits.
func (s *Server) WriteFile(share, path string, data []byte) {
	s.t.Helper()
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		s.Mkdir(share, path[:i])
	}
	at := filepath.Join(s.Dir(share), path)
	if err := os.WriteFile(at, data, 0o666); err != nil {
		s.t.Fatalf("sambatest: %v", err)
	}
	if err := os.Chmod(at, 0o666); err != nil {
		s.t.Fatalf("sambatest: %v", err)
	}
}

// Put writes a file through the share as a user, so that it has that owner
// and inherits the folder's ACL. The folder must exist.
func (s *Server) Put(user, share, path string, data []byte) {
	s.t.Helper()
	tmp, err := os.CreateTemp(s.root, "put")
	if err != nil {
		s.t.Fatalf("sambatest: %v", err)
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(data)
	tmp.Close()
	if err == nil {
		_, err = s.Smbclient(user, share, fmt.Sprintf(`put "%s" "%s"`, tmp.Name(), strings.ReplaceAll(path, "/", `\`)))
	}
	if err != nil {
		s.t.Fatalf("sambatest: %v", err)
	}
}

// PutDir makes a folder through the share as a user, so that it has that
// owner and inherits. The folder above must exist.
func (s *Server) PutDir(user, share, path string) {
	s.t.Helper()
	if _, err := s.Smbclient(user, share, fmt.Sprintf(`mkdir "%s"`, strings.ReplaceAll(path, "/", `\`))); err != nil {
		s.t.Fatalf("sambatest: %v", err)
	}
}

// SetACL replaces the security descriptor of a file or folder, as Admin. spec
// is SDDL ("O:BAG:BAD:PAI(A;OICI;FA;;;BA)") or a list as smbcacls has it
// ("ACL:SMBTEST\alice:ALLOWED/0x0/READ,…"); in both {name} stands for the SID
// of the account or group of that name. Entries below keep what they have.
func (s *Server) SetACL(share, path, spec string) {
	s.t.Helper()
	spec, err := s.expand(spec)
	if err == nil {
		args := []string{"-s", s.conf, "-U", Admin + "%" + Password, "//" + s.Addr + "/" + share, strings.ReplaceAll(path, "/", `\`), "-S", spec}
		if len(spec) > 1 && spec[1] == ':' {
			args[len(args)-1] = requestInherit(spec)
			args = append(args, "--sddl")
		}
		_, err = s.run(false, "smbcacls", args...)
	}
	if err != nil {
		s.t.Fatalf("sambatest: set ACL of %q: %v", path, err)
	}
}

// requestInherit adds AR to the flags of the DACL where they hold AI: a server
// keeps AI only where the client asks for it so, MS-DTYP 2.4.6 calls it
// SE_DACL_AUTO_INHERIT_REQ, and only below such a folder does it mark what is
// inherited.
func requestInherit(sddl string) string {
	head, acl, ok := strings.Cut(sddl, "D:")
	flags, aces, aceOK := strings.Cut(acl, "(")
	if !ok || !aceOK || !strings.Contains(flags, "AI") || strings.Contains(flags, "AR") {
		return sddl
	}
	return head + "D:" + flags + "AR(" + aces
}

// ACL returns the security descriptor of a file or folder as SDDL.
func (s *Server) ACL(share, path string) string {
	s.t.Helper()
	out, err := s.run(false, "smbcacls", "-s", s.conf, "-U", Admin+"%"+Password, "//"+s.Addr+"/"+share, strings.ReplaceAll(path, "/", `\`), "--sddl", "--numeric")
	if err != nil {
		s.t.Fatalf("sambatest: %v", err)
	}
	return strings.TrimSpace(out)
}

// SetShareACL replaces the share's own ACL with SDDL; {name} as in SetACL.
func (s *Server) SetShareACL(share, sddl string) {
	s.t.Helper()
	if err := s.setShareACL(share, sddl); err != nil {
		s.t.Fatalf("sambatest: %v", err)
	}
}

func (s *Server) setShareACL(share, sddl string) error {
	sddl, err := s.expand(sddl)
	if err == nil {
		_, err = s.tool("sharesec", share, "-S", sddl)
	}
	return err
}

// Kept is what Samba keeps beside a file that came over SMB: its security
// descriptor and its DOS attributes. SetKept gives the same to another one,
// thousands a second.
func (s *Server) Kept(share, path string) map[string][]byte {
	s.t.Helper()
	kept := map[string][]byte{"security.NTACL": nil, "user.DOSATTRIB": nil}
	for name := range kept {
		v := make([]byte, 4096)
		n, err := unix.Getxattr(filepath.Join(s.Dir(share), path), name, v)
		if err != nil {
			s.t.Fatalf("sambatest: %s of %s: %v", name, path, err)
		}
		kept[name] = v[:n]
	}
	return kept
}

// SetKept gives a file what Kept returned of another.
func (s *Server) SetKept(share, path string, kept map[string][]byte) {
	s.t.Helper()
	for name, v := range kept {
		if err := unix.Setxattr(filepath.Join(s.Dir(share), path), name, v, 0); err != nil {
			s.t.Fatalf("sambatest: %s of %s: %v", name, path, err)
		}
	}
}

package sambatest

import (
	"bufio"
	"os/exec"
	"strconv"
	"strings"
)

// holdScript opens a file with Samba's own Python client, which Debian's
// samba package depends on, and keeps it open until its input ends.
const holdScript = `
import sys
from samba.samba3 import libsmb_samba_internal as libsmb, param
from samba.credentials import Credentials
conf, addr, share, user, password, path, mode = sys.argv[1:]
lp = param.get_context()
lp.load(conf)
creds = Credentials()
creds.guess(lp)
creds.set_username(user)
creds.set_password(password)
c = libsmb.Conn(addr, share, lp, creds)
f = c.create(path, DesiredAccess=0x3, ShareAccess=int(mode), CreateDisposition=1)
print("held", flush=True)
sys.stdin.read()
c.close(f)
`

// Hold opens a file for reading and writing as a user, as a program does that
// works on it, and returns the function that closes it; the end of the test
// does too. others is what it leaves to others: 0 nothing, else a sum of 1
// reading, 2 writing and 4 renaming and deleting.
func (s *Server) Hold(user, share, path string, others int) (release func()) {
	s.t.Helper()
	cmd := exec.Command("/usr/bin/python3", "-c", holdScript, s.conf, s.Addr, share, user, Password,
		strings.ReplaceAll(path, "/", `\`), strconv.Itoa(others))
	cmd.Env = s.env(false)
	in, err := cmd.StdinPipe()
	if err != nil {
		s.t.Fatalf("sambatest: %v", err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		s.t.Fatalf("sambatest: %v", err)
	}
	var fault strings.Builder
	cmd.Stderr = &fault
	if err := cmd.Start(); err != nil {
		s.t.Fatalf("sambatest: hold %q: %v", path, err)
	}
	done := false
	release = func() {
		if !done {
			done = true
			in.Close()
			_ = cmd.Wait()
		}
	}
	line, _ := bufio.NewReader(out).ReadString('\n')
	if line != "held\n" {
		release()
		s.t.Fatalf("sambatest: hold %q: %s (%s)", path, fault.String(), aptLine)
	}
	s.t.Cleanup(release)
	return release
}

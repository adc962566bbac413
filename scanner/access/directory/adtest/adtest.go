// Package adtest starts a real Active Directory domain for tests: a Samba
// domain controller DC1 and a file server FS1 that is a member, in a network
// namespace of their own. Nothing on the machine is changed but the namespace,
// its files under /etc/netns and one pair of virtual network devices, which
// all go at the end of the test.
//
// The domain LAB (lab.test) has people u00 to u23 in nested groups of all
// scopes, a loop, primary groups, disabled and expired accounts, a former SID,
// a foreign principal, and as many more people as wanted; populate.py has the
// list. Provisioning takes 15 to 40 s, so a test binary should start it once.
// It needs root. A missing program fails the test and says what to install.
package adtest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

//go:embed populate.py
var populate []byte

// Names and passwords of the domain.
const (
	Domain        = "LAB"
	Realm         = "LAB.TEST"
	Password      = "Lab-Passw0rd!"
	Administrator = "Administrator"
	AdminPassword = "Adm1n-Pass!"
	// DCName is the name in the certificate.
	DCName = "dc1.lab.test"
)

const aptLine = "apt-get install -y samba samba-ad-dc samba-ad-provision samba-vfs-modules winbind smbclient python3-samba libnss-wrapper openssl iproute2"

// Config says what the domain holds beyond the fixed part.
type Config struct {
	// Extra is the number of further accounts, which cannot log on.
	Extra int
	// ShareLines are more lines of the member's share "docs".
	ShareLines []string
}

// Lab is a running domain.
type Lab struct {
	// DC and FS are the addresses of the domain controller and the member.
	DC, FS string
	// DomainSID is the SID of the domain, Base its naming context.
	DomainSID, Base string
	// SIDs holds the SID of each account and group by name.
	SIDs map[string]string
	// Krb5Conf and Keytab (of the account "scanner") are files.
	Krb5Conf, Keytab string

	t     testing.TB
	root  string
	ns    string
	link  string
	procs []*exec.Cmd
}

// People are the accounts that can log on with Password and are ordinary.
func (l *Lab) People() []string {
	var out []string
	for i := range 24 {
		out = append(out, fmt.Sprintf("u%02d", i))
	}
	return append(out, "moved")
}

// Start starts the domain; it stops at the end of the test.
func Start(t testing.TB, cfg Config) *Lab {
	t.Helper()
	l := &Lab{t: t, SIDs: map[string]string{}}
	t.Cleanup(l.stop)
	if err := l.start(cfg); err != nil {
		t.Fatalf("adtest: %v", err)
	}
	return l
}

func (l *Lab) start(cfg Config) error {
	if os.Getuid() != 0 {
		return errors.New("a domain controller needs root: run the tests as root, for instance in a container")
	}
	for _, p := range []string{"samba", "samba-tool", "winbindd", "smbd", "smbclient", "ip", "openssl", "/usr/bin/python3"} {
		if _, err := exec.LookPath(p); err != nil {
			return fmt.Errorf("%s is not installed: %s", p, aptLine)
		}
	}
	var err error
	if l.root, err = os.MkdirTemp("/tmp", "aktd"); err != nil { // short: it holds sockets
		return err
	}
	for _, step := range []struct {
		what string
		do   func() error
	}{
		{"network", l.network}, {"provision", l.provision}, {"populate", func() error { return l.populate(cfg) }},
		{"start the domain controller", l.startDC}, {"start the member", func() error { return l.startMember(cfg) }},
	} {
		t0 := time.Now()
		if err := step.do(); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
		l.t.Logf("adtest: %s: %v", step.what, time.Since(t0).Round(time.Millisecond))
	}
	return nil
}

// TLS trusts the domain controller's certificate.
func (l *Lab) TLS() *tls.Config {
	pool := x509.NewCertPool()
	b, err := os.ReadFile(l.root + "/cert.pem")
	if err != nil || !pool.AppendCertsFromPEM(b) {
		l.t.Fatalf("adtest: certificate: %v", err)
	}
	return &tls.Config{RootCAs: pool, ServerName: DCName}
}

// CAFile is the authority behind the domain controller's certificate.
func (l *Lab) CAFile() string { return l.root + "/cert.pem" }

// Command makes a command that runs in the domain's network, where hosts have
// their names.
func (l *Lab) Command(name string, args ...string) *exec.Cmd { return l.in(name, args...) }

// SID returns the SID of an account or group; well-known domain groups go by
// their usual names.
func (l *Lab) SID(name string) string {
	l.t.Helper()
	s, ok := l.SIDs[name]
	if !ok {
		l.t.Fatalf("adtest: no account or group %q", name)
	}
	return s
}

// in makes a command that runs in the namespace.
func (l *Lab) in(name string, args ...string) *exec.Cmd {
	c := exec.Command("ip", append([]string{"netns", "exec", l.ns, name}, args...)...)
	c.Env = append(os.Environ(), "KRB5_CONFIG="+l.Krb5Conf, "TDB_NO_FSYNC=1")
	return c
}

func run(c *exec.Cmd) error {
	if out, err := c.CombinedOutput(); err != nil {
		s := string(out)
		return fmt.Errorf("%s: %w: %s", strings.Join(c.Args, " "), err, s[max(0, len(s)-800):])
	}
	return nil
}

// network makes the namespace and a pair of devices into it.
func (l *Lab) network() error {
	id := os.Getpid() % 100000
	l.ns, l.link = fmt.Sprintf("aktd%d", id), fmt.Sprintf("ad%d", id)
	l.Krb5Conf = l.root + "/krb5.conf"
	subnet, err := freeSubnet()
	if err != nil {
		return err
	}
	l.DC, l.FS = subnet+".10", subnet+".11"
	etc := "/etc/netns/" + l.ns
	if err := os.MkdirAll(etc, 0o755); err != nil {
		return err
	}
	for name, text := range map[string]string{
		"resolv.conf": "nameserver " + l.DC + "\nsearch lab.test\n",
		"hosts":       "127.0.0.1 localhost\n" + l.DC + " " + DCName + " dc1\n" + l.FS + " fs1.lab.test fs1\n",
	} {
		if err := os.WriteFile(etc+"/"+name, []byte(text), 0o644); err != nil {
			return err
		}
	}
	for _, args := range [][]string{
		{"netns", "add", l.ns},
		{"link", "add", l.link, "type", "veth", "peer", "name", "eth0", "netns", l.ns},
		{"addr", "add", subnet + ".1/24", "dev", l.link},
		{"link", "set", l.link, "up"},
		{"-n", l.ns, "link", "set", "lo", "up"},
		{"-n", l.ns, "addr", "add", l.DC + "/24", "dev", "eth0"},
		{"-n", l.ns, "addr", "add", l.FS + "/24", "dev", "eth0"},
		{"-n", l.ns, "link", "set", "eth0", "up"},
	} {
		if err := run(exec.Command("ip", args...)); err != nil {
			return err
		}
	}
	return nil
}

// freeSubnet finds a /24 that no device of this machine has.
func freeSubnet() (string, error) {
	used := map[string]bool{}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return "", err
	}
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil {
			used[n.IP.Mask(net.CIDRMask(24, 32)).String()] = true
		}
	}
	for i := range 200 {
		s := fmt.Sprintf("10.213.%d", (os.Getpid()+i)%250)
		if !used[s+".0"] {
			return s, nil
		}
	}
	return "", errors.New("no free network")
}

// stop ends every process and removes what start made.
func (l *Lab) stop() {
	if l.t.Failed() && os.Getenv("ADTEST_KEEP") != "" {
		l.t.Logf("adtest: kept %s and namespace %s", l.root, l.ns)
		return
	}
	for i := len(l.procs) - 1; i >= 0; i-- {
		// unshare ends with its child, and its child takes the whole process
		// namespace along
		l.procs[i].Process.Kill()
		l.procs[i].Wait()
	}
	if l.ns != "" {
		exec.Command("ip", "link", "del", l.link).Run()
		exec.Command("ip", "netns", "del", l.ns).Run()
		os.RemoveAll("/etc/netns/" + l.ns)
	}
	if l.root != "" {
		os.RemoveAll(l.root)
	}
}

// daemon starts a shell line in the network namespace and process, mount
// namespaces of its own; killing it ends all its children.
func (l *Lab) daemon(log, line string, args ...string) error {
	c := l.in("unshare", append([]string{"--mount", "--pid", "--fork", "--mount-proc", "--kill-child=KILL", "sh", "-c", line}, args...)...)
	f, err := os.Create(log)
	if err != nil {
		return err
	}
	defer f.Close()
	c.Stdout, c.Stderr = f, f
	if err := c.Start(); err != nil {
		return err
	}
	l.procs = append(l.procs, c)
	return nil
}

// wait repeats a probe until it works.
func wait(log string, probe func() error) error {
	ctx, cancel := context.WithTimeout(context.Background(), 90*time.Second)
	defer cancel()
	for {
		err := probe()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			b, _ := os.ReadFile(log)
			return fmt.Errorf("did not come up: %w: %s", err, b[max(0, len(b)-800):])
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (l *Lab) populate(cfg Config) error {
	script, out := l.root+"/populate.py", l.root+"/dir.json"
	if err := os.WriteFile(script, populate, 0o600); err != nil {
		return err
	}
	if err := run(l.in("/usr/bin/python3", script, l.root+"/dc/etc/smb.conf", fmt.Sprint(cfg.Extra), Password, out)); err != nil {
		return err
	}
	b, err := os.ReadFile(out)
	if err != nil {
		return err
	}
	var d struct {
		SID, Base string
		SIDs      map[string]string
	}
	if err := json.Unmarshal(b, &d); err != nil {
		return err
	}
	l.DomainSID, l.Base, l.SIDs = d.SID, d.Base, d.SIDs
	for n, rid := range map[string]string{Administrator: "500", "Domain Users": "513", "Domain Admins": "512", "Domain Computers": "515"} {
		l.SIDs[n] = d.SID + "-" + rid
	}
	return nil
}

package adtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

func (l *Lab) provision() error {
	dc := l.root + "/dc"
	if err := run(l.in("samba-tool", "domain", "provision", "--realm="+Realm, "--domain="+Domain, "--host-name=dc1", "--server-role=dc",
		"--dns-backend=SAMBA_INTERNAL", "--use-rfc2307", "--adminpass="+AdminPassword, "--host-ip="+l.DC, "--targetdir="+dc,
		"--option=interfaces="+l.DC+"/24", "--option=bind interfaces only=yes")); err != nil {
		return err
	}
	// Samba's own certificate may carry a negative serial, which Go refuses.
	if err := run(exec.Command("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-set_serial", "4097",
		"-subj", "/CN="+DCName, "-addext", "subjectAltName=DNS:"+DCName+",IP:"+l.DC, "-keyout", l.root+"/key.pem", "-out", l.root+"/cert.pem")); err != nil {
		return err
	}
	if err := os.Chmod(l.root+"/key.pem", 0o600); err != nil {
		return err
	}
	krb := fmt.Sprintf("[libdefaults]\n default_realm = %[1]s\n dns_lookup_realm = false\n dns_lookup_kdc = false\n rdns = false\n udp_preference_limit = 1\n"+
		"[realms]\n %[1]s = {\n  kdc = %[2]s:88\n }\n[domain_realm]\n .lab.test = %[1]s\n lab.test = %[1]s\n", Realm, l.DC)
	if err := os.WriteFile(l.Krb5Conf, []byte(krb), 0o644); err != nil {
		return err
	}
	conf := fmt.Sprintf(`[global]
server role = active directory domain controller
netbios name = DC1
realm = %[1]s
workgroup = %[2]s
interfaces = %[3]s/24
bind interfaces only = yes
nbt port = 0
server services = s3fs, rpc, ldap, cldap, kdc, winbindd, dns
dcerpc endpoint servers = epmapper, wkssvc, samr, netlogon, lsarpc, drsuapi, dssetup
ldap server require strong auth = allow_sasl_over_tls
tls keyfile = %[4]s/key.pem
tls certfile = %[4]s/cert.pem
tls cafile =
idmap_ldb:use rfc2307 = yes
load printers = no
disable spoolss = yes
log file = %[4]s/dc.%%m.log
log level = 1
private dir = %[4]s/dc/private
lock directory = %[4]s/dc
state directory = %[4]s/dc/state
cache directory = %[4]s/dc/cache
binddns dir = %[4]s/dc/bind-dns
[sysvol]
path = %[4]s/dc/state/sysvol
read only = no
`, Realm, Domain, l.DC, l.root)
	return os.WriteFile(dc+"/etc/smb.conf", []byte(conf), 0o644)
}

func (l *Lab) startDC() error {
	conf := l.root + "/dc/etc/smb.conf"
	if err := os.MkdirAll("/run/samba", 0o755); err != nil {
		return err
	}
	if err := os.MkdirAll(l.root+"/rundc", 0o755); err != nil {
		return err
	}
	// the folder of winbindd's socket is private, so that other servers of the
	// machine do not meet it
	if err := l.daemon(l.root+"/dc.out", `mount --bind "$0" /run/samba && exec samba -F --no-process-group -s "$1"`, l.root+"/rundc", conf); err != nil {
		return err
	}
	if err := wait(l.root+"/dc.out", func() error {
		return run(l.in("smbclient", "-s", conf, "-U", Domain+"/scanner%"+Password, "-L", "//"+l.DC))
	}); err != nil {
		return err
	}
	l.Keytab = l.root + "/scanner.keytab"
	return run(l.in("samba-tool", "domain", "exportkeytab", l.Keytab, "--principal=scanner@"+Realm, "-s", conf))
}

// idmapBase is where the member's uids and gids begin: uid = idmapBase + RID.
const idmapBase = 100000

// startMember joins FS1 and starts it. Its accounts reach the C library through
// files (nss_wrapper) that say what winbind would, so that nsswitch.conf of the
// machine stays as it is.
func (l *Lab) startMember(cfg Config) error {
	wrap, _ := filepath.Glob("/usr/lib/*/libnss_wrapper.so")
	if len(wrap) == 0 {
		return fmt.Errorf("libnss_wrapper.so is not installed: %s", aptLine)
	}
	m := l.root + "/fs1"
	for _, d := range []string{"private", "lock", "state", "cache", "run", "log", "ncalrpc", "docs"} {
		if err := os.MkdirAll(m+"/"+d, 0o755); err != nil {
			return err
		}
	}
	if err := os.Chmod(l.root, 0o755); err != nil {
		return err
	}
	if err := os.Chmod(m+"/docs", 0o777); err != nil { // NT ACLs alone decide
		return err
	}
	conf := fmt.Sprintf(`[global]
security = ads
realm = %[1]s
workgroup = %[2]s
netbios name = FS1
interfaces = %[3]s/24
bind interfaces only = yes
disable netbios = yes
smb ports = 445
private dir = %[4]s/private
lock directory = %[4]s/lock
state directory = %[4]s/state
cache directory = %[4]s/cache
pid directory = %[4]s/run
ncalrpc dir = %[4]s/ncalrpc
log file = %[4]s/log/log.%%m
idmap config * : backend = tdb
idmap config * : range = 3000-7999
idmap config %[2]s : backend = rid
idmap config %[2]s : range = %[5]d-999999
vfs objects = acl_xattr
acl_xattr:ignore system acls = yes
load printers = no
disable spoolss = yes
kerberos method = secrets only
dns proxy = no
[docs]
path = %[4]s/docs
read only = no
admin users = %[2]s\Administrator
`, Realm, Domain, l.FS, m, idmapBase) + strings.Join(cfg.ShareLines, "\n") + "\n"
	if err := os.WriteFile(m+"/smb.conf", []byte(conf), 0o644); err != nil {
		return err
	}
	if err := l.unixNames(m); err != nil {
		return err
	}
	if err := run(l.in("net", "ads", "join", "-s", m+"/smb.conf", "-U", Administrator+"%"+AdminPassword, "-S", DCName, "--no-dns-updates")); err != nil {
		return err
	}
	line := `mount --bind "$0/run" /run/samba; export KRB5_CONFIG="$1"
winbindd -F --no-process-group -s "$0/smb.conf" &
export LD_PRELOAD="$2" NSS_WRAPPER_PASSWD="$0/passwd" NSS_WRAPPER_GROUP="$0/group"
exec smbd -F --no-process-group -s "$0/smb.conf"`
	if err := l.daemon(m+"/log/out", line, m, l.Krb5Conf, wrap[0]); err != nil {
		return err
	}
	return wait(m+"/log/out", func() error {
		return run(l.in("smbclient", "-s", m+"/smb.conf", "//"+l.FS+"/docs", "-U", Domain+"/u00%"+Password, "-c", "ls"))
	})
}

// unixNames writes the passwd and group files of the member.
func (l *Lab) unixNames(m string) error {
	passwd := "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n"
	group := "root:x:0:\nnogroup:x:65534:\n"
	for name, sid := range l.SIDs {
		rid, err := strconv.Atoi(sid[strings.LastIndexByte(sid, '-')+1:])
		if err != nil {
			return err
		}
		passwd += fmt.Sprintf("%s\\%s:x:%d:%d::/:/usr/sbin/nologin\n", Domain, name, idmapBase+rid, idmapBase+513)
		group += fmt.Sprintf("%s\\%s:x:%d:\n", Domain, strings.ReplaceAll(strings.ToLower(name), " ", "_"), idmapBase+rid)
	}
	if err := os.WriteFile(m+"/passwd", []byte(passwd), 0o644); err != nil {
		return err
	}
	return os.WriteFile(m+"/group", []byte(group), 0o644)
}

// SetShareACL replaces the ACL of the member's share, in Microsoft's
// definition language with full SIDs.
func (l *Lab) SetShareACL(sddl string) {
	l.t.Helper()
	if err := run(l.in("sharesec", "-s", l.root+"/fs1/smb.conf", "docs", "-S", sddl)); err != nil {
		l.t.Fatalf("adtest: %v", err)
	}
	// Samba 4.17 as packaged opens the rules of shares as the client's user;
	// without this it sends none over RPC.
	if err := os.Chmod(l.root+"/fs1/state/share_info.tdb", 0o666); err != nil {
		l.t.Fatalf("adtest: %v", err)
	}
}

// Dir is the folder of the member's share on disk.
func (l *Lab) Dir() string { return l.root + "/fs1/docs" }

// PutDir makes a folder of the member's share with an ACL in Microsoft's
// definition language, full SIDs, and files of this machine in it, which
// inherit. The administrator does it through the share, as in life.
func (l *Lab) PutDir(folder, sddl string, files ...string) {
	l.t.Helper()
	as, share, conf := Domain+"/"+Administrator+"%"+AdminPassword, "//"+l.FS+"/docs", l.root+"/fs1/smb.conf"
	steps := []*exec.Cmd{l.in("smbclient", "-s", conf, share, "-U", as, "-c", "mkdir "+folder)}
	// AR asks the server to keep AI, MS-DTYP 2.4.6
	sddl = strings.Replace(sddl, "D:PAI(", "D:PAIAR(", 1)
	steps = append(steps, l.in("smbcacls", "-s", conf, "-U", as, share, folder, "-S", sddl, "--sddl"))
	for _, f := range files {
		steps = append(steps, l.in("smbclient", "-s", conf, share, "-U", as, "-c", fmt.Sprintf("cd %s; put %s %s", folder, f, filepath.Base(f))))
	}
	for _, c := range steps {
		if err := run(c); err != nil {
			l.t.Fatalf("adtest: %v", err)
		}
	}
}

// RefuseNTLM makes the member accept Kerberos alone, as a hardened server does,
// until the returned function is called.
func (l *Lab) RefuseNTLM() (restore func()) {
	l.t.Helper()
	conf := l.root + "/fs1/smb.conf"
	old, err := os.ReadFile(conf)
	if err != nil {
		l.t.Fatalf("adtest: %v", err)
	}
	set := func(text string) {
		l.t.Helper()
		if err := os.WriteFile(conf, []byte(text), 0o644); err != nil {
			l.t.Fatalf("adtest: %v", err)
		}
		if err := reload(conf); err != nil {
			l.t.Fatalf("adtest: %v", err)
		}
	}
	ntlm := func() error {
		return run(l.in("smbclient", "-s", l.root+"/dc/etc/smb.conf", "//"+l.FS+"/docs", "-U", Domain+"/u00%"+Password, "--use-kerberos=off", "-c", "ls"))
	}
	set(strings.Replace(string(old), "[global]\n", "[global]\ngensec:ntlmssp = no\n", 1))
	if err := wait(l.root+"/fs1/log/out", func() error {
		if ntlm() == nil {
			return errors.New("the member still accepts NTLM")
		}
		return nil
	}); err != nil {
		l.t.Fatalf("adtest: %v", err)
	}
	return func() {
		l.t.Helper()
		set(string(old))
		if err := wait(l.root+"/fs1/log/out", ntlm); err != nil {
			l.t.Fatalf("adtest: %v", err)
		}
	}
}

// reload makes the smbd of a configuration read it again.
func reload(conf string) error {
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		return err
	}
	found := false
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil || !strings.HasPrefix(string(b), "smbd\x00") || !strings.Contains(string(b), conf) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(f)))
		if err != nil {
			return err
		}
		if err := syscall.Kill(pid, syscall.SIGHUP); err != nil {
			return err
		}
		found = true
	}
	if !found {
		return fmt.Errorf("no smbd runs with %s", conf)
	}
	return nil
}

// StaleKeytab makes a keytab of an account with a key that was never its own,
// as one is left with when the password was changed.
func (l *Lab) StaleKeytab(account string) string {
	l.t.Helper()
	path := l.root + "/stale.keytab"
	c := l.in("ktutil")
	c.Stdin = strings.NewReader("addent -password -p " + account + "@" + Realm + " -k 1 -e aes256-cts-hmac-sha1-96\nOld-Passw0rd!\nwkt " + path + "\nquit\n")
	if err := run(c); err != nil {
		l.t.Fatalf("adtest: %v", err)
	}
	return path
}

// Package sambatest starts a real Samba file server for tests.
//
// Each Server is a private standalone smbd on a loopback address of its own:
// users and groups come from files through nss_wrapper, everything else lies
// in one temporary folder, and nothing on the machine is changed. Servers of
// test packages that run side by side do not meet. Start with Start.
//
// Samba acts as its users, so the tests run as root (a container will do). A
// missing program fails the test and says what to install.
package sambatest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Names and numbers that every server has.
const (
	// Host is the server's NetBIOS name, the domain part of its accounts.
	Host = "SMBTEST"
	// Password is the password of every account.
	Password = "Passw0rd.1"
	// Admin is an account that Samba lets do anything on any share. It is a
	// member of BUILTIN\Administrators.
	Admin = "adm"
	// DomainSID is the server's SID, under which its accounts lie.
	DomainSID = "S-1-5-21-1111111111-2222222222-3333333333"
	// UsersGroup is the primary group of every account, RID 513.
	UsersGroup = "Domain Users"
)

// aptLine installs all that the package needs on Debian and Ubuntu.
const aptLine = "apt-get install -y samba smbclient samba-vfs-modules libnss-wrapper"

// Config says what the server offers. The zero Config is a server with the
// share "docs" and the account Admin.
type Config struct {
	// Shares to offer; none means one named "docs".
	Shares []Share
	// Users beside Admin.
	Users []User
	// Groups of NT accounts.
	Groups []Group
	// RequireSigning refuses clients that do not sign.
	RequireSigning bool
	// RequireEncryption refuses clients that do not encrypt, on every share.
	RequireEncryption bool
	// Global are more lines of the [global] section.
	Global []string
}

// Share is one folder that the server offers.
type Share struct {
	Name string
	// Dir is an existing folder; empty makes one that dies with the server.
	Dir string
	// ACL is the share's own ACL as SDDL; {name} stands for the SID of the
	// account or group of that name. Empty is Samba's default, everyone.
	ACL string
	// Lines are more lines of the share's section.
	Lines []string
}

// User is an account that can log on with Password.
type User struct {
	Name     string
	Disabled bool
}

// GroupKind is the kind of NT group.
type GroupKind int

const (
	// Global groups are domain groups; only accounts can be members.
	Global GroupKind = iota
	// Local groups are aliases; accounts and global groups can be members.
	Local
	// Builtin groups lie under S-1-5-32; RID says which (544 Administrators,
	// 545 Users, 546 Guests).
	Builtin
)

// Group is a group of NT accounts.
type Group struct {
	Name string
	Kind GroupKind
	// RID is chosen when 0, except for Builtin.
	RID uint32
	// Members are names of users or of global groups of the same Config.
	Members []string
}

// Server is a running Samba.
type Server struct {
	// Addr is the loopback address; the server listens on AltPort and on 445.
	Addr string

	t      testing.TB
	root   string
	conf   string
	wrap   string
	shares map[string]string
	sids   map[string]string
	guard  net.Listener
	proc   *process
}

// AltPort is a second port on which every server listens.
const AltPort = 1445

// Start starts a server that stops at the end of the test. It fails the test
// when the server cannot run.
func Start(t testing.TB, cfg Config) *Server {
	t.Helper()
	s, err := start(t, cfg)
	if err != nil {
		t.Fatalf("sambatest: %v", err)
	}
	return s
}

func start(t testing.TB, cfg Config) (*Server, error) {
	if os.Getuid() != 0 {
		return nil, errors.New("smbd acts as its users and needs root: run the tests as root, for instance in a container")
	}
	for _, p := range []string{"smbd", "smbclient", "smbcacls", "sharesec", "pdbedit", "net"} {
		if _, err := exec.LookPath(p); err != nil {
			return nil, fmt.Errorf("%s is not installed: %s", p, aptLine)
		}
	}
	wrap, _ := filepath.Glob("/usr/lib/*/libnss_wrapper.so")
	if len(wrap) == 0 {
		return nil, fmt.Errorf("libnss_wrapper.so is not installed: %s", aptLine)
	}
	// The folder holds Unix sockets, whose paths end at 108 bytes: stay short,
	// whatever TMPDIR is.
	root, err := os.MkdirTemp("/tmp", "akts")
	if err != nil {
		return nil, err
	}
	s := &Server{t: t, root: root, conf: root + "/smb.conf", wrap: wrap[0], shares: map[string]string{}, sids: map[string]string{}}
	t.Cleanup(s.close)
	if err := os.Chmod(root, 0o755); err != nil {
		return nil, err
	}
	if err := unix.Setxattr(root, "security.NTACL", []byte{0}, 0); err != nil {
		return nil, fmt.Errorf("%s cannot keep NT ACLs (xattr security.NTACL: %v): run on a file system and with rights that can", root, err)
	}
	if err := unix.Removexattr(root, "security.NTACL"); err != nil {
		return nil, err
	}
	if s.guard, s.Addr, err = pickAddr(); err != nil {
		return nil, err
	}
	if len(cfg.Shares) == 0 {
		cfg.Shares = []Share{{Name: "docs"}}
	}
	if err := s.layout(cfg); err != nil {
		return nil, err
	}
	if err := s.accounts(cfg); err != nil {
		return nil, err
	}
	for _, sh := range cfg.Shares {
		if sh.ACL != "" {
			if err := s.setShareACL(sh.Name, sh.ACL); err != nil {
				return nil, err
			}
		}
	}
	return s, s.up()
}

// layout makes the folders and writes smb.conf.
func (s *Server) layout(cfg Config) error {
	for _, d := range []string{"private", "lock", "state", "cache", "pid", "ncalrpc", "log", "shares"} {
		if err := os.Mkdir(filepath.Join(s.root, d), 0o755); err != nil {
			return err
		}
	}
	if err := os.Chmod(s.root+"/private", 0o700); err != nil {
		return err
	}
	var b strings.Builder
	p := func(format string, a ...any) { fmt.Fprintf(&b, format+"\n", a...) }
	p("[global]")
	p("netbios name = %s", Host)
	p("workgroup = TESTGRP")
	p("server role = standalone server")
	p("map to guest = never")
	p("interfaces = %s/8", s.Addr)
	p("bind interfaces only = yes")
	p("smb ports = 445 %d", AltPort)
	p("disable netbios = yes")
	p("load printers = no")
	p("printcap name = /dev/null")
	p("disable spoolss = yes")
	p("usershare path =")
	p("passdb backend = tdbsam:%s/private/passdb.tdb", s.root)
	p("private dir = %s/private", s.root)
	p("lock directory = %s/lock", s.root)
	p("state directory = %s/state", s.root)
	p("cache directory = %s/cache", s.root)
	p("pid directory = %s/pid", s.root)
	p("ncalrpc dir = %s/ncalrpc", s.root)
	p("log file = %s/log/smbd.log", s.root)
	p("log level = 1")
	p("max log size = 0")
	p("server min protocol = SMB2_02")
	p("host msdfs = yes")
	p("vfs objects = acl_xattr streams_xattr")
	p("acl_xattr:ignore system acls = yes")
	p("store dos attributes = yes")
	p("map acl inherit = yes")
	p("ea support = yes")
	if cfg.RequireSigning {
		p("server signing = mandatory")
	}
	if cfg.RequireEncryption {
		p("server smb encrypt = required")
	}
	for _, l := range cfg.Global {
		p("%s", l)
	}
	for _, sh := range cfg.Shares {
		dir := sh.Dir
		if dir == "" {
			dir = filepath.Join(s.root, "shares", strings.TrimSuffix(sh.Name, "$"))
			if err := os.Mkdir(dir, 0o777); err != nil {
				return err
			}
			if err := os.Chmod(dir, 0o777); err != nil { // the NT ACL decides, not the mode
				return err
			}
		}
		s.shares[sh.Name] = dir
		p("[%s]", sh.Name)
		p("path = %s", dir)
		p("read only = no")
		p("admin users = %s", Admin)
		for _, l := range sh.Lines {
			p("%s", l)
		}
	}
	return os.WriteFile(s.conf, []byte(b.String()), 0o644)
}

// pickAddr reserves an address in 127.77.0.0/16 against other servers by
// holding one of its ports.
func pickAddr() (net.Listener, string, error) {
	seed := uint32(os.Getpid())*2654435761 ^ uint32(time.Now().UnixNano())
	for range 200 {
		seed = seed*1664525 + 1013904223
		addr := fmt.Sprintf("127.77.%d.%d", 1+seed>>24%254, 1+seed>>16%254)
		guard, err := net.Listen("tcp", addr+":44577")
		if err != nil {
			continue
		}
		l, err := net.Listen("tcp", addr+":445")
		if err == nil {
			l.Close()
			return guard, addr, nil
		}
		guard.Close()
		if errors.Is(err, unix.EACCES) {
			return nil, "", fmt.Errorf("port 445 on loopback cannot be used: %w", err)
		}
	}
	return nil, "", errors.New("no free address in 127.77.0.0/16 with port 445")
}

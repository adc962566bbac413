package local

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"aktvakt/scanner/access"
)

// dialect says which access rules a mounted file system shows.
type dialect uint8

const (
	unknown dialect = iota
	// native: the mode and POSIX ACL of this machine, and beside them what a
	// Samba that serves the folder keeps for its own clients.
	native
	// nfs: the server's NFSv4 ACL where it has one, else its mode.
	nfs
	// cifs: the server's security descriptor. Owner and mode of a CIFS mount
	// are made up by its mount options and say nothing of who reads.
	cifs
	// passing: a FUSE file system, which may hand through any of these.
	passing
	// zfs: as native, and perhaps NFSv4 ACLs in a form of its own.
	zfs
	// listed: as native, and the names of an entry's attributes tell whether
	// there is an ACL. Most entries have none: one call instead of two.
	listed
)

// Types of file systems, statfs(2).
var dialects = map[int64]dialect{
	unix.NFS_SUPER_MAGIC:  nfs,
	unix.CIFS_SUPER_MAGIC: cifs,
	unix.SMB_SUPER_MAGIC:  cifs,
	0xfe534d42:            cifs, // SMB2_MAGIC_NUMBER
	unix.FUSE_SUPER_MAGIC: passing,
	0x2fc12fc1:            zfs,

	unix.EXT4_SUPER_MAGIC:      listed,
	unix.XFS_SUPER_MAGIC:       listed,
	unix.BTRFS_SUPER_MAGIC:     listed,
	unix.TMPFS_MAGIC:           listed,
	unix.OVERLAYFS_SUPER_MAGIC: listed,
}

// Names of extended attributes that hold access rules.
const (
	posixName   = "system.posix_acl_access"
	nfs4Name    = "system.nfs4_acl"
	zfsName     = "system.nfs4_acl_xdr"
	ntaclName   = "security.NTACL"
	cifsName    = "system.cifs_ntsd" // Linux 5.8 and later
	cifsOldName = "system.cifs_acl"
)

// dosNames hold the attributes of a file on a mounted share, 32 bits in
// little-endian order.
var dosNames = []string{"user.cifs.dosattrib", "user.smb3.dosattrib"}

// recalled are the attributes of a file that lies on tape or in a cloud tier and
// would come back when it is opened or read: OFFLINE, RECALL_ON_OPEN and
// RECALL_ON_DATA_ACCESS, MS-FSCC 2.6.
const recalled = 0x1000 | 0x40000 | 0x400000

// isOffline reports whether reading a file would recall it.
func isOffline(d dialect, a attributes) bool {
	if d != cifs && d != passing {
		return false
	}
	for _, name := range dosNames {
		if v, err := a.get(name); err == nil && len(v) == 4 {
			return binary.LittleEndian.Uint32([]byte(v))&recalled != 0
		}
	}
	return false
}

var (
	errMount = errors.New("the mount does not show the server's access rules (name the share itself, as smb://host/share)")
	errZFS   = errors.New("NFSv4 ACLs of ZFS are not understood")
)

// attributes are the extended attributes of one entry.
type attributes interface {
	// get reads one. Empty means that there is none, or that the file system
	// has no such thing.
	get(name string) (string, error)
	// names returns the names of all, each followed by a NUL; nil is unknown.
	// It is valid until the next call.
	names() []byte
}

// readRules reads the access rules of an entry into y. What decides there but
// cannot be read becomes y.err: the mode beneath would be a guess.
//
// Of a folder that Samba serves there may be two sets of rules. With
// "acl_xattr:ignore system acls" the files' modes are open to all and Samba's
// own descriptor alone decides for those who come over SMB, who are the
// readers of such a folder, so it is taken. Without, the kernel holds Samba to
// mode and POSIX ACL as well, and Samba falls back on them when they were
// changed behind its back; they are the bound that always holds, so they are
// taken.
func (y *sys) readRules(d dialect, a attributes) {
	if d == cifs || d == passing {
		for _, name := range []string{cifsName, cifsOldName} {
			if y.take(access.NT, name, a) {
				return
			}
		}
		if d == cifs {
			y.err = errMount
			return
		}
	}
	if d == nfs || d == passing {
		if y.take(access.NFS4, nfs4Name, a) {
			return
		}
	}
	if d == zfs {
		if v, err := a.get(zfsName); err != nil || v != "" {
			y.err = errZFS
			return
		}
	}
	samba, posix := d != nfs, true
	if d == listed {
		if all := a.names(); all != nil {
			samba = bytes.Contains(all, []byte(ntaclName+"\x00"))
			posix = bytes.Contains(all, []byte(posixName+"\x00"))
		}
	}
	if samba {
		v, err := a.get(ntaclName)
		switch {
		case err != nil:
			y.err = fmt.Errorf("%s: %w", ntaclName, err)
			return
		case v != "" && access.NTACLDecides([]byte(v)):
			y.kind, y.samba, y.acl = access.NT, true, v
			return
		}
	}
	if posix {
		y.acl, y.err = a.get(posixName)
	}
}

// take reads one kind of rules; false means that there are none.
func (y *sys) take(k access.Kind, name string, a attributes) bool {
	v, err := a.get(name)
	if err != nil {
		y.err = fmt.Errorf("%s: %w", name, err)
		return true
	}
	if v == "" {
		return false
	}
	y.kind, y.acl = k, v
	return true
}

// maxDialects bounds what is remembered of mounts.
const maxDialects = 4096

// dialectOf tells which rules the file system with this device number shows;
// stat asks for its type when it is new.
func (s *Source) dialectOf(volume uint64, stat func(*unix.Statfs_t) error) dialect {
	s.mu.Lock()
	d, ok := s.dialects[volume]
	s.mu.Unlock()
	if ok {
		return d
	}
	var st unix.Statfs_t
	if err := stat(&st); err != nil {
		return passing // ask for everything
	}
	if d = dialects[int64(uint32(st.Type))]; d == unknown {
		d = native
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dialects == nil || len(s.dialects) >= maxDialects {
		s.dialects = map[uint64]dialect{}
	}
	s.dialects[volume] = d
	return d
}

func fstatfs(fd int) func(*unix.Statfs_t) error {
	return func(st *unix.Statfs_t) error { return unix.Fstatfs(fd, st) }
}

package main

import "golang.org/x/sys/unix"

// networkFS names the network file system that a folder lies on, or "".
// Numbers are those of statfs(2).
func networkFS(dir string) string {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return ""
	}
	switch uint32(st.Type) {
	case unix.NFS_SUPER_MAGIC:
		return "NFS"
	case unix.SMB_SUPER_MAGIC, unix.SMB2_SUPER_MAGIC, unix.CIFS_SUPER_MAGIC:
		return "a mounted share (SMB)"
	case unix.CEPH_SUPER_MAGIC:
		return "Ceph"
	}
	return ""
}

package main

import (
	"fmt"
	"testing"

	"golang.org/x/sys/unix"
)

// times are all time stamps, owner and mode of a file or folder.
func times(t *testing.T, path string) string {
	t.Helper()
	var st unix.Statx_t
	if err := unix.Statx(unix.AT_FDCWD, path, unix.AT_SYMLINK_NOFOLLOW, unix.STATX_ALL, &st); err != nil {
		t.Fatal(err)
	}
	at := func(x unix.StatxTimestamp) string { return fmt.Sprintf("%d.%09d", x.Sec, x.Nsec) }
	return fmt.Sprintf("modified %s changed %s read %s mode %o uid %d", at(st.Mtime), at(st.Ctime), at(st.Atime), st.Mode, st.Uid)
}

// ntACL is the security descriptor as Samba stores it beside the file.
func ntACL(t *testing.T, path string) string {
	t.Helper()
	b := make([]byte, 64<<10)
	n, err := unix.Lgetxattr(path, "security.NTACL", b)
	if err != nil {
		t.Fatalf("%s has no stored ACL: %v", path, err)
	}
	return fmt.Sprintf("%x", b[:n])
}

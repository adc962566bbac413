package main

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// apply sets the rule on a file or folder, and tells whether the file system
// keeps ACLs: without them the mode alone is set.
func (r accessRule) apply(path string) (bool, error) {
	if err := os.Chmod(path, r.mode); err != nil || len(r.acl) == 0 {
		return true, err
	}
	err := unix.Setxattr(path, "system.posix_acl_access", r.posix(), 0)
	if errors.Is(err, unix.ENOTSUP) {
		return false, nil
	}
	return true, err
}

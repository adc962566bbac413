//go:build !linux

package main

import "os"

// apply sets the mode of the rule: ACLs are set on Linux only.
func (r accessRule) apply(path string) (bool, error) {
	return len(r.acl) == 0, os.Chmod(path, r.mode)
}

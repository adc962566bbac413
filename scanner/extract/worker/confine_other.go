//go:build !linux

package worker

import "runtime/debug"

// confineMemory bounds the process' memory as far as the Go runtime can.
func confineMemory(limit int64) error {
	if limit > 0 {
		debug.SetMemoryLimit(limit / 4 * 3)
	}
	return nil
}

func confineFiles() error { return nil }

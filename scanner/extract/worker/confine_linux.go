package worker

import (
	"os"
	"os/signal"
	"runtime/debug"

	"golang.org/x/sys/unix"
)

// confineMemory bounds the process' memory. RLIMIT_DATA counts what can be
// written (heap, WebAssembly memory, stacks of threads), not the address
// space that Go reserves and does not use, as RLIMIT_AS would. The soft limit
// makes the garbage collector work harder before that.
func confineMemory(limit int64) error {
	// Where memory ends for all, a worker is what the system can spare. Nothing
	// depends on it.
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0)
	// No dump of memory, and with it of documents, after a crash; no other
	// process of the account may look into this one; nothing that it starts
	// gains rights.
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return err
	}
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return err
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	if limit <= 0 || raceEnabled {
		return nil
	}
	debug.SetMemoryLimit(limit / 4 * 3)
	return unix.Setrlimit(unix.RLIMIT_DATA, &unix.Rlimit{Cur: uint64(limit), Max: uint64(limit)})
}

// confineFiles forbids the process and all that it starts to write to files.
// Pipes are not concerned.
func confineFiles() error {
	signal.Ignore(unix.SIGXFSZ) // a write fails instead
	return unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{})
}

package image

import (
	"os/exec"
	"syscall"
)

// bindToParent ends the program with the process that started it.
func bindToParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}

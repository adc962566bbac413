package sambatest

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is the running smbd.
type process struct {
	pid  int
	done chan struct{}
}

// up starts smbd and waits until it listens.
func (s *Server) up() error {
	cmd := exec.Command("smbd", "-F", "--no-process-group", "-s", s.conf, "-l", s.root+"/log")
	cmd.Env = s.env(true)
	// The server dies with the test, even with one that is killed. The signal
	// comes when the starting thread ends, so that thread is kept.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = time.Second
	started := make(chan error)
	p := &process{done: make(chan struct{})}
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		if err == nil {
			p.pid = cmd.Process.Pid
		}
		started <- err
		if err == nil {
			_ = cmd.Wait()
			close(p.done)
		}
	}()
	if err := <-started; err != nil {
		return err
	}
	s.proc = p
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		select {
		case <-p.done:
			return fmt.Errorf("smbd ended at once: %s", out.String())
		default:
		}
		if c, err := net.Dial("tcp", s.Addr+":445"); err == nil {
			c.Close()
			return nil
		}
	}
	return fmt.Errorf("smbd does not listen on %s:445; its log: %s", s.Addr, s.log())
}

func (s *Server) log() string {
	b, _ := os.ReadFile(s.root + "/log/smbd.log")
	if len(b) > 2000 {
		b = b[len(b)-2000:]
	}
	return string(b)
}

// pids finds the processes of this server, which all name its folder in their
// command line: smbd, a child per connection and the RPC helpers.
func (s *Server) pids() []int {
	var r []int
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil || !bytes.Contains(b, []byte(s.conf)) {
			continue
		}
		if exe, err := os.Readlink(filepath.Dir(f) + "/exe"); err != nil || !serverPrograms[filepath.Base(exe)] && !isRPCHelper(filepath.Base(exe)) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(f))); err == nil {
			r = append(r, pid)
		}
	}
	return r
}

var serverPrograms = map[string]bool{"smbd": true, "samba-dcerpcd": true, "samba-bgqd": true}

func isRPCHelper(name string) bool { return len(name) > 5 && name[:5] == "rpcd_" }

func (s *Server) signal(sig syscall.Signal) {
	for _, pid := range s.pids() {
		_ = syscall.Kill(pid, sig)
	}
}

// Pause freezes every process of the server: connections stay open and
// nothing is answered, until Resume.
func (s *Server) Pause() { s.signal(syscall.SIGSTOP) }

// Resume ends Pause.
func (s *Server) Resume() { s.signal(syscall.SIGCONT) }

// Kill ends every process of the server at once, as a crash would. Start it
// again with Restart.
func (s *Server) Kill() {
	for range 100 {
		s.signal(syscall.SIGKILL)
		if len(s.pids()) == 0 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if s.proc != nil {
		<-s.proc.done
		s.proc = nil
	}
}

// DropClients kills the processes that serve connections and leaves the
// server listening.
func (s *Server) DropClients() {
	for _, pid := range s.pids() {
		if s.proc != nil && pid != s.proc.pid {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

// Restart starts the server again on the same address with the same data,
// after Kill or in place of the running one.
func (s *Server) Restart() error {
	s.Kill()
	return s.up()
}

// RemoveShare takes a share off the running server as an administrator does:
// it is gone from the configuration and its clients are thrown out. The folder
// stays.
func (s *Server) RemoveShare(name string) {
	s.t.Helper()
	conf, err := os.ReadFile(s.conf)
	if err != nil {
		s.t.Fatalf("sambatest: %v", err)
	}
	head, section, ok := strings.Cut(string(conf), "["+name+"]\n")
	if !ok {
		s.t.Fatalf("sambatest: no share %q", name)
	}
	if _, after, more := strings.Cut(section, "\n["); more {
		head += "[" + after
	}
	if err := os.WriteFile(s.conf, []byte(head), 0o644); err != nil {
		s.t.Fatalf("sambatest: %v", err)
	}
	s.Tool("smbcontrol", "smbd", "reload-config")
	s.Tool("smbcontrol", "smbd", "close-share", name)
}

// close ends the server and removes its folder.
func (s *Server) close() {
	s.Resume()
	if s.proc != nil {
		_ = syscall.Kill(s.proc.pid, syscall.SIGTERM)
		select {
		case <-s.proc.done:
		case <-time.After(3 * time.Second):
		}
	}
	s.Kill()
	if s.guard != nil {
		s.guard.Close()
	}
	if s.t.Failed() && os.Getenv("AKTVAKT_KEEP_SAMBA") != "" {
		s.t.Logf("sambatest: kept %s", s.root)
		return
	}
	if err := os.RemoveAll(s.root); err != nil {
		s.t.Logf("sambatest: %v", err)
	}
}

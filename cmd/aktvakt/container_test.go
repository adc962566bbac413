package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"aktvakt/scanner/finding"
	"aktvakt/scanner/source/smb/sambatest"
)

// uid is the user of the images.
const uid = 65532

// images builds and runs images in a store of its own, which goes at the end
// of the test.
type images struct {
	t     *testing.T
	store []string
}

func newImages(t *testing.T) *images {
	t.Helper()
	if os.Getuid() != 0 {
		t.Fatal("images are built as root: run the tests as root, for instance in a container")
	}
	for _, p := range []string{"buildah", "podman", "runc", "tesseract"} {
		if _, err := exec.LookPath(p); err != nil {
			t.Fatalf("%s is not installed: apt-get install -y buildah podman runc tesseract-ocr (make tools installs all)", p)
		}
	}
	dir, err := os.MkdirTemp("", "aktc")
	if err != nil {
		t.Fatal(err)
	}
	driver := "overlay"
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err == nil && st.Type == unix.OVERLAYFS_SUPER_MAGIC {
		driver = "vfs" // overlay does not lie on overlay
	}
	e := &images{t: t, store: []string{"--root", dir + "/root", "--runroot", dir + "/run", "--storage-driver", driver}}
	t.Cleanup(func() {
		e.podman("rm", "--all", "--force", "--time", "0").Run()
		exec.Command("umount", "-R", dir+"/root/overlay").Run()
		if err := os.RemoveAll(dir); err != nil {
			t.Logf("%v", err)
		}
	})
	return e
}

func (e *images) podman(args ...string) *exec.Cmd {
	return exec.Command("podman", append(append([]string{"--runtime", "runc", "--cgroup-manager", "cgroupfs"}, e.store...), args...)...)
}

// build makes the base image out of this machine's packages, and both images.
func (e *images) build() {
	e.t.Helper()
	const base = "localhost/aktvakt-base:test"
	script := exec.Command("../../deploy/test/base.sh", base)
	script.Env = append(os.Environ(), "BUILDAH_OPTIONS="+strings.Join(e.store, " "))
	e.must(script)
	for _, target := range []string{"slim", "ocr"} {
		args := append(append([]string{}, e.store...), "build", "--isolation", "chroot", "--network", "host", "--pull-never", "--layers",
			// The toolchain and what it has downloaded and compiled already.
			"--volume", goEnv(e.t, "GOROOT")+":/usr/local/go:ro", "--volume", goEnv(e.t, "GOMODCACHE")+":/go/pkg/mod",
			"--volume", goEnv(e.t, "GOCACHE")+":/root/.cache/go-build", "--volume", "/etc/ssl/certs:/etc/ssl/certs:ro",
			"--build-arg", "GO_IMAGE="+base, "--build-arg", "OS_IMAGE="+base, "--build-arg", "VERSION=9.9.9-test",
			"--build-arg", "TARGETARCH="+runtime.GOARCH, "--target", target, "--tag", "localhost/aktvakt:"+target, "../..")
		e.must(exec.Command("buildah", args...))
	}
}

func goEnv(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.Command("go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

func (e *images) must(c *exec.Cmd) string {
	e.t.Helper()
	out, err := c.CombinedOutput()
	if err != nil {
		e.t.Fatalf("%s: %v\n%s", strings.Join(c.Args, " "), err, out[max(0, len(out)-3000):])
	}
	return string(out)
}

// hardened are the flags of a production job: nothing is writable but the
// volumes, no right is held, no new one can be got.
var hardened = []string{"run", "--rm", "--read-only", "--read-only-tmpfs=false", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges",
	"--ulimit", "nofile=4096:4096", "--ulimit", "nproc=4096:4096"}

// run runs a container and returns what it printed and its exit code.
func (e *images) run(network string, args ...string) (stdout, stderr string, code int) {
	e.t.Helper()
	c := e.podman(append(append(append([]string{}, hardened...), "--network", network), args...)...)
	var out, errs strings.Builder
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil {
		var x *exec.ExitError
		if !errors.As(err, &x) {
			e.t.Fatal(err)
		}
		code = x.ExitCode()
	}
	return out.String(), errs.String(), code
}

// job is a mounted configuration, secret, report and state.
type job struct {
	dir    string
	mounts []string
}

func newJob(t *testing.T, password, config string) *job {
	t.Helper()
	j := &job{dir: t.TempDir()}
	for _, d := range []string{"report", "state"} {
		p := filepath.Join(j.dir, d)
		if err := errors.Join(os.Mkdir(p, 0o700), os.Chown(p, uid, uid)); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{"config.yaml": config, "password": password + "\n"} {
		p := filepath.Join(j.dir, name)
		if err := errors.Join(os.WriteFile(p, []byte(text), 0o400), os.Chown(p, uid, uid)); err != nil {
			t.Fatal(err)
		}
	}
	// t.TempDir lies in folders that only root may enter; a volume is mounted
	// by root, so that it does not matter.
	j.mounts = []string{"--volume", j.dir + "/config.yaml:/etc/aktvakt/config.yaml:ro", "--volume", j.dir + "/password:/run/secrets/aktvakt:ro",
		"--volume", j.dir + "/report:/report", "--volume", j.dir + "/state:/var/lib/aktvakt"}
	return j
}

func (j *job) args(more ...string) []string { return append(append([]string{}, j.mounts...), more...) }

func (j *job) summary(t *testing.T) finding.Summary {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(j.dir, "report", "summary.json"))
	if err != nil {
		t.Fatal(err)
	}
	var s finding.Summary
	if err := json.Unmarshal(b, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestContainer builds the images and runs them as a nightly job against a real
// file server.
func TestContainer(t *testing.T) {
	e := newImages(t)
	e.build()
	s := municipality(t)
	t.Run("image", func(t *testing.T) { e.t = t; e.testImage(t) })
	t.Run("scan", func(t *testing.T) { e.t = t; e.testScan(t, s) })
	t.Run("stop and go on", func(t *testing.T) { e.t = t; e.testStop(t, s) })
	t.Run("ocr", func(t *testing.T) { e.t = t; e.testOCR(t) })
	e.t = t
}

// testImage: what the images are and what they are not.
func (e *images) testImage(t *testing.T) {
	if packages := e.list(t, "localhost/aktvakt:ocr", "/var/lib/dpkg/status.d"); !slices.Contains(packages, "tesseract-ocr") || !slices.Contains(packages, "libc6") {
		t.Errorf("packages for image scanners: %q", packages)
	}
	for _, target := range []string{"slim", "ocr"} {
		image := "localhost/aktvakt:" + target
		var meta []struct {
			User   string
			Labels map[string]string
			Size   int64
		}
		out, err := e.podman("image", "inspect", image).Output()
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(out, &meta); err != nil {
			t.Fatal(err)
		}
		m := meta[0]
		if m.User != "65532:65532" || m.Labels["org.opencontainers.image.version"] != "9.9.9-test" || m.Labels["org.opencontainers.image.title"] != "aktvakt" {
			t.Errorf("%s: user %q, labels %v", target, m.User, m.Labels)
		}
		t.Logf("%s: %d MB", target, m.Size>>20)
		stdout, stderr, code := e.run("none", image, "version")
		if code != 0 || !strings.HasPrefix(stdout, "aktvakt 9.9.9-test ") {
			t.Errorf("%s: version: %d %q %q", target, code, stdout, stderr)
		}
		if licences := e.list(t, image, "/usr/share/licenses"); !slices.Contains(licences, "github.com") || !slices.Contains(licences, "aktvakt") {
			t.Errorf("%s: licences of %q", target, licences)
		}
		for _, program := range []string{"/bin/sh", "/usr/bin/apt-get"} {
			if _, _, code := e.run("none", "--entrypoint", program, image, "-c", "true"); code != 127 {
				t.Errorf("%s: exit code %d of %s, want 127: there should be none", target, code, program)
			}
		}
	}
}

// list returns the names in a folder of an image.
func (e *images) list(t *testing.T, image, folder string) []string {
	t.Helper()
	const name = "aktvakt-list"
	e.must(e.podman("create", "--network", "none", "--name", name, image))
	defer e.must(e.podman("rm", name))
	to := filepath.Join(t.TempDir(), "folder")
	e.must(e.podman("cp", name+":"+folder, to))
	entries, err := os.ReadDir(to)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, x := range entries {
		out = append(out, x.Name())
	}
	return out
}

func (e *images) testScan(t *testing.T, s *sambatest.Server) {
	j := newJob(t, sambatest.Password, fmt.Sprintf(`targets:
  - url: smb://%s/docs
    credentials: {domain: %s, user: scanner, password_file: /run/secrets/aktvakt}
detectors: {home_country: se, count_test_numbers: true}
report: {dir: /report, language: sv}
extract: {ocr: false}
`, s.Addr, sambatest.Host))
	stdout, stderr, code := e.run("host", j.args("localhost/aktvakt:slim", "config", "check", "--config", "/etc/aktvakt/config.yaml")...)
	if code != 0 || !strings.Contains(stdout, `as SMBTEST\scanner`) {
		t.Errorf("config check: exit code %d\n%s%s", code, stdout, stderr)
	}
	scan := j.args("localhost/aktvakt:slim", "scan", "--config", "/etc/aktvakt/config.yaml")
	stdout, stderr, code = e.run("host", append(scan, "--fail-on", "high")...)
	if code != exitFailOn || !strings.Contains(stdout, "CRITICAL") {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
	if strings.Contains(stdout+stderr, sambatest.Password) {
		t.Error("the password is in the output")
	}
	sum := j.summary(t)
	if !sum.Complete || sum.Scanned == 0 || sum.Incidents == 0 {
		t.Errorf("summary: %+v", sum)
	}
	for _, name := range []string{"report.html", "findings.jsonl", "findings.csv", "findings.xlsx", "summary.json"} {
		fi, err := os.Stat(filepath.Join(j.dir, "report", name))
		if err != nil {
			t.Error(err)
			continue
		}
		if owner := fi.Sys().(*syscall.Stat_t).Uid; owner != uid || fi.Mode().Perm() != 0o600 {
			t.Errorf("%s: owner %d, mode %v", name, owner, fi.Mode())
		}
	}
	// The second night knows the first: nothing is new.
	if stdout, stderr, code = e.run("host", append(scan, "--json")...); code != 0 {
		t.Errorf("second night: exit code %d\n%s", code, stderr)
	}
	if strings.Contains(stdout, `"status":"new"`) || !strings.Contains(stdout, `"status":"open"`) {
		t.Error("the second night does not know the findings of the first")
	}
}

// testStop: SIGTERM in the middle of a run ends it in the grace period with a
// report, and the next run goes on.
func (e *images) testStop(t *testing.T, s *sambatest.Server) {
	const files = 60
	doc := bytes.Repeat([]byte("Protokoll från nämnden, paragraf tolv.\n"), 1600) // 62 KiB
	for i := range files {
		s.WriteFile("docs", fmt.Sprintf("gemensamt/arkiv/%02d.txt", i), doc)
	}
	config := func(bandwidth string) string {
		return fmt.Sprintf(`targets:
  - url: smb://%s/docs/gemensamt/arkiv
    credentials: {domain: %s, user: %s, password_file: /run/secrets/aktvakt}
    limits: {bandwidth: %s}
report: {dir: /report}
extract: {ocr: false}
`, s.Addr, sambatest.Host, sambatest.Admin, bandwidth)
	}
	j := newJob(t, sambatest.Password, config("200KiB"))
	const name = "aktvakt-stop"
	args := append(append(append([]string{}, hardened...), "--network", "host", "--name", name),
		j.args("localhost/aktvakt:slim", "scan", "--config", "/etc/aktvakt/config.yaml")...)
	c := e.podman(args...)
	var errs bytes.Buffer
	c.Stdout, c.Stderr = &errs, &errs
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the container to read", func() bool { return connected(s.Addr) })
	time.Sleep(time.Second) // 20 s are needed for all files
	start := time.Now()
	const grace = 20
	stop := e.podman("stop", "--time", fmt.Sprint(grace), name)
	if out, err := stop.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	err := c.Wait()
	var x *exec.ExitError
	if !errors.As(err, &x) || x.ExitCode() != exitCancelled {
		t.Errorf("stopped: %v, want exit code %d\n%s", err, exitCancelled, errs.String())
	}
	if took := time.Since(start); took >= grace*time.Second {
		t.Errorf("it had to be killed after %v", took)
	}
	sum := j.summary(t)
	if sum.Complete || sum.Scanned >= files {
		t.Errorf("stopped: %d scanned, complete %v", sum.Scanned, sum.Complete)
	}
	t.Logf("stopped after %d of %d files, in %v", sum.Scanned, files, time.Since(start).Round(time.Millisecond))
	if err := os.WriteFile(filepath.Join(j.dir, "config.yaml"), []byte(config("100MiB")), 0o400); err != nil {
		t.Fatal(err)
	}
	if _, stderr, code := e.run("host", j.args("localhost/aktvakt:slim", "scan", "--config", "/etc/aktvakt/config.yaml")...); code != 0 {
		t.Fatalf("next night: exit code %d\n%s", code, stderr)
	}
	if sum = j.summary(t); !sum.Complete || sum.Scanned+sum.Unchanged != files {
		t.Errorf("next night: %d scanned and %d unchanged of %d, complete %v", sum.Scanned, sum.Unchanged, files, sum.Complete)
	}
}

// testOCR reads a picture of text in the image that has tesseract.
func (e *images) testOCR(t *testing.T) {
	dir := t.TempDir()
	b, err := os.ReadFile("../../scanner/extract/image/testdata/letter.png")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir+"/page.png", b, 0o644); err != nil {
		t.Fatal(err)
	}
	stdout, stderr, code := e.run("none", "--volume", dir+":/data:ro", "localhost/aktvakt:ocr", "inspect", "--text", "/data/page.png")
	if code != 0 || !strings.Contains(stdout, "ekonomiskt bistånd") {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
}

// connected tells whether someone is connected to the server's SMB port.
func connected(addr string) bool {
	f, err := os.Open("/proc/net/tcp")
	if err != nil {
		return false
	}
	defer f.Close()
	var a, b, c, d byte
	fmt.Sscanf(addr, "%d.%d.%d.%d", &a, &b, &c, &d)
	remote := fmt.Sprintf("%02X%02X%02X%02X:01BD", d, c, b, a) // 445
	for sc := bufio.NewScanner(f); sc.Scan(); {
		// sl, local address, remote address, state; 01 is established
		if w := strings.Fields(sc.Text()); len(w) > 3 && w[2] == remote && w[3] == "01" {
			return true
		}
	}
	return false
}

func waitFor(t *testing.T, what string, ready func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if ready() {
			return
		}
	}
	t.Fatalf("waited too long for %s", what)
}

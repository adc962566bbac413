package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"
)

const deployDir = "../../deploy"

func readFile(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// The example of a municipality is a valid configuration.
func TestDeployConfig(t *testing.T) {
	dir := t.TempDir()
	text := readFile(t, deployDir+"/config.yaml")
	for _, mounted := range regexp.MustCompile(`/(run/secrets|etc)/aktvakt/[a-z.-]+`).FindAllString(text, -1) {
		p := dir + mounted
		if err := os.MkdirAll(filepath.Dir(p), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		text = strings.ReplaceAll(text, " "+mounted, " "+p)
	}
	file := dir + "/config.yaml"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	stdout, stderr, code := aktvakt(t, nil, "config", "check", "--offline", file)
	if code != 0 || !strings.Contains(stdout, "is valid: 3 targets") {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
}

// Every way of deployment carries the same configuration and all its secrets.
func TestDeployAgrees(t *testing.T) {
	text := readFile(t, deployDir+"/config.yaml")
	var m struct{ Data map[string]string }
	if err := yaml.Unmarshal([]byte(readFile(t, deployDir+"/kubernetes/20-configmap.yaml")), &m); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(text, m.Data["config.yaml"]); d != "" {
		t.Errorf("the ConfigMap holds another configuration:\n%s", d)
	}
	var want []string
	for _, f := range regexp.MustCompile(`/run/secrets/aktvakt/([a-z.-]+)`).FindAllStringSubmatch(text, -1) {
		want = append(want, f[1])
	}
	slices.Sort(want)
	want = slices.Compact(want)
	for name, pattern := range map[string]string{
		"compose.yaml":                      `target: aktvakt/([a-z.-]+)\}`,
		"kubernetes/10-secret.example.yaml": `(?m)^  ([a-z.-]+): [A-Z]`,
		"systemd/aktvakt.service":           `LoadCredential=([a-z.-]+):`,
	} {
		var got []string
		body := readFile(t, filepath.Join(deployDir, name))
		if _, after, ok := strings.Cut(body, "type: Opaque"); ok {
			body = after
		}
		for _, f := range regexp.MustCompile(pattern).FindAllStringSubmatch(body, -1) {
			got = append(got, f[1])
		}
		slices.Sort(got)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: secrets -config +file:\n%s", name, d)
		}
	}
}

// Kubernetes and compose decode their files strictly.
func TestDeployManifests(t *testing.T) {
	files, err := filepath.Glob(deployDir + "/kubernetes/*.yaml")
	if err != nil || len(files) < 5 {
		t.Fatalf("%d manifests, %v", len(files), err)
	}
	files = append(files, deployDir+"/compose.yaml")
	args := []string{"run", "-C", "../manifestcheck", "."}
	for _, f := range files {
		abs, err := filepath.Abs(f)
		if err != nil {
			t.Fatal(err)
		}
		args = append(args, abs)
	}
	out, err := exec.Command("go", args...).CombinedOutput()
	if err != nil || strings.Count(string(out), ": ok\n") != len(files) {
		t.Errorf("%v\n%s", err, out)
	}
	// What it must find, it finds.
	bad := filepath.Join(t.TempDir(), "50-cronjob.yaml")
	text := readFile(t, deployDir+"/kubernetes/50-cronjob.yaml")
	for _, c := range []struct{ old, new, want string }{
		{"concurrencyPolicy: Forbid", "concurencyPolicy: Forbid", "unknown field"},
		{"allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true", "not restricted"},
		{"concurrencyPolicy: Forbid", "concurrencyPolicy: Allow", "must be Forbid"},
	} {
		if err := os.WriteFile(bad, []byte(strings.Replace(text, c.old, c.new, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command("go", "run", "-C", "../manifestcheck", ".", bad).CombinedOutput()
		if err == nil || !strings.Contains(string(out), c.want) {
			t.Errorf("%s: %v\n%s", c.new, err, out)
		}
	}
}

// The units are valid, and the service is as closed as it says.
func TestDeploySystemd(t *testing.T) {
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Fatal("systemd-analyze is not installed: apt-get install -y systemd (make tools installs all)")
	}
	self, err := exec.LookPath("aktvakt")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	units, err := filepath.Glob(deployDir + "/systemd/*")
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"verify"}
	for _, u := range units {
		text := strings.ReplaceAll(readFile(t, u), "/usr/local/bin/aktvakt", self)
		name := filepath.Join(dir, filepath.Base(u))
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		args = append(args, strings.Replace(name, "@.", "@x.", 1))
	}
	if out, err := exec.Command("systemd-analyze", args...).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
	out, err := exec.Command("systemd-analyze", "security", "--offline=yes", "--no-pager", dir+"/aktvakt.service").CombinedOutput()
	m := regexp.MustCompile(`exposure level for aktvakt.service: ([0-9.]+)`).FindSubmatch(out)
	if err != nil || m == nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if level, err := strconv.ParseFloat(string(m[1]), 64); err != nil || level > 1.5 {
		t.Errorf("exposure %s, want 1.5 at most", m[1])
	}
}

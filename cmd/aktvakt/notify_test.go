package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"aktvakt/scanner/finding"
)

const secret = "a secret of more than sixteen bytes"

// TestWebhook: the end of a scan is told to a program, signed, without a path.
func TestWebhook(t *testing.T) {
	var body, signed string
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		m := hmac.New(sha256.New, []byte(secret))
		m.Write([]byte(r.Header.Get("Aktvakt-Timestamp") + "." + string(b)))
		body = string(b)
		signed = strings.TrimPrefix(r.Header.Get("Aktvakt-Signature"), "v1=")
		if signed != hex.EncodeToString(m.Sum(nil)) {
			t.Errorf("signature %q does not hold", signed)
		}
	}))
	defer hook.Close()
	dir := t.TempDir()
	share := filepath.Join(dir, "hemlig mapp")
	if err := os.MkdirAll(share, 0o755); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile("testdata/share/journal.docx")
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string]string{
		filepath.Join(share, "journal.docx"): string(b),
		filepath.Join(dir, "secret"):         secret + "\n",
		filepath.Join(dir, "config.yaml"):    fmt.Sprintf("notify: {webhook: {url: %q, secret_file: %q}}\n", hook.URL, filepath.Join(dir, "secret")),
	} {
		if err := os.WriteFile(name, []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	scan := func() string {
		_, stderr, code := aktvakt(t, []string{"XDG_STATE_HOME=" + dir}, "scan", "--config", filepath.Join(dir, "config.yaml"),
			"--count-test-numbers", "--sample", "100%", "--report", filepath.Join(dir, "report"), share)
		if code != 0 {
			t.Fatalf("exit code %d\n%s", code, stderr)
		}
		return stderr
	}
	stderr := scan()
	var m struct {
		Complete bool `json:"complete"`
		Findings int  `json:"findings"`
	}
	if err := json.Unmarshal([]byte(body), &m); err != nil || !m.Complete || m.Findings != 1 {
		t.Errorf("message %s, %v\n%s", body, err, stderr)
	}
	if strings.Contains(body, "hemlig") || strings.Contains(body, "journal") {
		t.Errorf("the message holds a path: %s", body)
	}
	hook.Close()
	if stderr := scan(); !strings.Contains(stderr, "aktvakt: warning: the webhook was not told") {
		t.Errorf("nothing says that the webhook is down:\n%s", stderr)
	}
}

func TestOwnersAreToldOfTheirFolders(t *testing.T) {
	all := &told{
		findings:  []finding.Finding{{Path: "smb://fs1/docs/Barn/a"}, {Path: "smb://fs1/docs/HR/b"}},
		incidents: []finding.Incident{{Root: "smb://fs1/docs/Barn", Persons: 3}, {Root: "smb://fs1/docs/HR/x", Persons: 5}},
	}
	own := all.of("smb://fs1/docs/Barn/**")
	if len(own.findings) != 1 || len(own.incidents) != 1 || own.incidents[0].Root != "smb://fs1/docs/Barn" {
		t.Errorf("got %+v", own)
	}
	if s := ofOwner(finding.Summary{Persons: 8, Incidents: 2}, own); s.Persons != 3 || s.Incidents != 1 {
		t.Errorf("summary %+v", s)
	}
}

func TestShareOfSample(t *testing.T) {
	for in, ok := range map[string]bool{"": true, "5%": true, "0.05": true, "100%": true, "0": false, "200%": false, "few": false} {
		if _, err := newDraw(in, "x"); (err == nil) != ok {
			t.Errorf("newDraw(%q): %v", in, err)
		}
	}
}

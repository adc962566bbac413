// Package webtest starts portals for tests: a real Apache with mod_dav, from a
// configuration of its own on a port of the loopback, and a small intranet with
// a log-in form, workrooms and a search. Nothing on the machine is changed. A
// missing program fails the test and says what to install.
package webtest

import (
	"context"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const aptLine = "apt-get install -y apache2-bin media-types libapache2-mod-auth-gssapi gss-ntlmssp"

// Config says how Apache is to run.
type Config struct {
	// Conf is put at the end of the configuration; {root} is the folder that is
	// served under /dav, {dir} a folder for other files.
	Conf string
	// Users and passwords of the file {dir}/users, for AuthUserFile.
	Users map[string]string
	// Files are made in {dir}, readable by the server.
	Files map[string][]byte
	// Command wraps the server's command line, such as to run it in another
	// network; Listen is then the address there.
	Command func(name string, args ...string) *exec.Cmd
	Listen  string
	Env     []string
}

// Apache is a running server.
type Apache struct {
	// URL is http://127.0.0.1:PORT, Root the folder under /dav.
	URL, Root string
	// Log is the path of the access log: method, status and path in each line.
	Log string
	dir string
}

// Start starts Apache; it stops at the end of the test.
func Start(t testing.TB, c Config) *Apache {
	t.Helper()
	if _, err := exec.LookPath("/usr/sbin/apache2"); err != nil {
		t.Fatalf("webtest: apache2 is not installed: %s", aptLine)
	}
	dir, err := os.MkdirTemp("", "aktweb")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	a := &Apache{Root: filepath.Join(dir, "root"), Log: filepath.Join(dir, "access.log"), dir: dir}
	if err := a.prepare(c); err != nil {
		t.Fatal(err)
	}
	listen := c.Listen
	if listen == "" {
		listen = freePort(t)
	}
	a.URL = "http://" + listen
	conf := filepath.Join(dir, "apache.conf")
	if err := os.WriteFile(conf, []byte(a.conf(listen, c)), 0o644); err != nil {
		t.Fatal(err)
	}
	command := c.Command
	if command == nil {
		command = exec.Command
	}
	cmd := command("/usr/sbin/apache2", "-DFOREGROUND", "-f", conf)
	if cmd.Env == nil {
		cmd.Env = os.Environ()
	}
	for _, e := range c.Env {
		cmd.Env = append(cmd.Env, strings.ReplaceAll(e, "{dir}", dir))
	}
	out, err := os.Create(filepath.Join(dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	out.Close()
	t.Cleanup(func() {
		cmd.Process.Signal(os.Interrupt)
		cmd.Wait()
		if t.Failed() {
			for _, f := range []string{"out", "error.log"} {
				b, _ := os.ReadFile(filepath.Join(dir, f))
				t.Logf("%s: %s", f, b[max(0, len(b)-3000):])
			}
		}
	})
	if err := wait(listen); err != nil {
		b, _ := os.ReadFile(filepath.Join(dir, "out"))
		e, _ := os.ReadFile(filepath.Join(dir, "error.log"))
		t.Fatalf("webtest: apache2: %v: %s %s", err, b, e)
	}
	return a
}

func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func wait(addr string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	var d net.Dialer
	for {
		c, err := d.DialContext(ctx, "tcp", addr)
		if err == nil {
			return c.Close()
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// prepare makes the folders so that the server, which runs as www-data when
// the test is root, can read them.
func (a *Apache) prepare(c Config) error {
	if err := os.Chmod(a.dir, 0o755); err != nil {
		return err
	}
	if err := os.Mkdir(a.Root, 0o755); err != nil {
		return err
	}
	users := ""
	for u, p := range c.Users {
		h := sha1.Sum([]byte(p))
		users += u + ":{SHA}" + base64.StdEncoding.EncodeToString(h[:]) + "\n"
	}
	if err := os.WriteFile(filepath.Join(a.dir, "users"), []byte(users), 0o644); err != nil {
		return err
	}
	for name, b := range c.Files {
		if err := os.WriteFile(filepath.Join(a.dir, name), b, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func (a *Apache) conf(listen string, c Config) string {
	text := fmt.Sprintf(`ServerRoot {dir}
ServerName localhost
Listen %s
PidFile {dir}/pid
ErrorLog {dir}/error.log
LogFormat "%%m %%>s %%U" short
CustomLog {dir}/access.log short
Mutex file:{dir} default
`, listen)
	if os.Getuid() == 0 {
		text += "User www-data\nGroup www-data\n"
	}
	for _, m := range []string{"mpm_event", "authn_core", "authn_file", "authz_core", "authz_user", "auth_basic", "mime", "alias", "dir", "autoindex", "dav", "dav_fs", "setenvif", "headers", "env"} {
		text += fmt.Sprintf("LoadModule %s_module /usr/lib/apache2/modules/mod_%s.so\n", m, m)
	}
	text += `TypesConfig /etc/mime.types
DocumentRoot {root}
DavLockDB {dir}/locks
<Directory />
  Require all denied
</Directory>
Alias /dav {root}
<Directory {root}>
  Dav On
  DirectoryIndex disabled
  Options FollowSymLinks
  Require all granted
  ReadmeName disabled
</Directory>
` + c.Conf
	return strings.NewReplacer("{dir}", a.dir, "{root}", a.Root).Replace(text)
}

// Methods returns how often each method was asked for. The server writes its
// log after it has answered: a last request of the test shows that nearly all is
// there, but for what another of its processes has still to write.
func (a *Apache) Methods(t testing.TB) map[string]int {
	t.Helper()
	mark := fmt.Sprintf("/mark%d", time.Now().UnixNano())
	Get(t, a.URL+mark, "", "")
	for {
		b, err := os.ReadFile(a.Log)
		if err != nil {
			t.Fatal(err)
		}
		out, done := map[string]int{}, false
		for line := range strings.Lines(string(b)) {
			m, path, _ := strings.Cut(strings.TrimSpace(line), " ")
			if strings.HasSuffix(path, mark) {
				done = true
			} else if !strings.Contains(path, " /mark") {
				out[m]++
			}
		}
		if done {
			return out
		}
		if t.Context().Err() != nil {
			t.Fatal("the server's log ends")
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// Put writes a file under /dav.
func (a *Apache) Put(t testing.TB, path string, data []byte) {
	t.Helper()
	p := filepath.Join(a.Root, filepath.FromSlash(path))
	if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// Get is a request of a user, for tests of the server itself.
func Get(t testing.TB, url, user, password string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if user != "" {
		req.SetBasicAuth(user, password)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	return res.StatusCode
}

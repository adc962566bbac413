package session

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"aktvakt/scanner/source"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func serve(t *testing.T, h http.HandlerFunc) *url.URL {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func open(t *testing.T, u *url.URL, acc Account, change ...func(*Config)) *Session {
	t.Helper()
	c := Config{Hosts: []string{Host(u)}, Limiter: NewLimiter(Limits{RequestsPerSecond: 1e6})}
	for _, f := range change {
		f(&c)
	}
	s := New(c, acc)
	t.Cleanup(func() { s.Close() })
	return s
}

// TestGuard: whatever the program asks for, nothing but reading leaves it, and
// nothing goes to another host.
func TestGuard(t *testing.T) {
	var reached atomic.Int64
	u := serve(t, func(w http.ResponseWriter, r *http.Request) { reached.Add(1) })
	other := serve(t, func(w http.ResponseWriter, r *http.Request) { reached.Add(1) })
	s := open(t, u, Account{})
	for _, m := range []string{"POST", "PUT", "DELETE", "PATCH", "LOCK", "UNLOCK", "MKCOL", "MOVE", "COPY", "PROPPATCH", "ACL", "CONNECT", "get", "POST "} {
		if rep, err := s.Do(t.Context(), Request{Method: m, URL: u}); err == nil {
			rep.Body.Close()
			t.Errorf("%s was sent", m)
		}
	}
	if rep, err := s.Do(t.Context(), Request{URL: other}); err == nil {
		rep.Body.Close()
		t.Error("another host was asked")
	}
	if n := reached.Load(); n != 0 {
		t.Fatalf("%d requests left the program", n)
	}
	for _, m := range []string{"GET", "HEAD", "OPTIONS", "PROPFIND", "REPORT"} {
		rep, err := s.Do(t.Context(), Request{Method: m, URL: u})
		if err != nil {
			t.Fatalf("%s: %v", m, err)
		}
		rep.Body.Close()
	}
	if n := reached.Load(); n != 5 {
		t.Errorf("%d requests", n)
	}
}

// TestTicket: a ticket is for one POST to one address.
func TestTicket(t *testing.T) {
	var reached atomic.Int64
	u := serve(t, func(w http.ResponseWriter, r *http.Request) { reached.Add(1) })
	s := open(t, u, Account{})
	login := *u
	login.Path = "/login"
	ctx := withTicket(t.Context(), login.String())
	for i, c := range []struct {
		method string
		to     *url.URL
		ok     bool
	}{{"POST", u, false}, {"PUT", &login, false}, {"POST", &login, true}, {"POST", &login, false}} {
		rep, err := s.send(ctx, s.client, c.method, c.to, nil, []byte("x"))
		if (err == nil) != c.ok {
			t.Errorf("%d: %v", i, err)
		}
		if err == nil {
			rep.Body.Close()
		}
	}
	if reached.Load() != 1 {
		t.Errorf("%d requests", reached.Load())
	}
}

// TestRedirects: they are followed on the target's hosts with the method as it
// was, and told elsewhere.
func TestRedirects(t *testing.T) {
	var methods []string
	u := serve(t, func(w http.ResponseWriter, r *http.Request) {
		methods = append(methods, r.Method+" "+r.URL.Path)
		switch r.URL.Path {
		case "/moved":
			http.Redirect(w, r, "/there#part", http.StatusMovedPermanently)
		case "/away":
			http.Redirect(w, r, "https://adfs.example/login", http.StatusFound)
		case "/round":
			http.Redirect(w, r, "/round", http.StatusFound)
		}
	})
	s := open(t, u, Account{})
	at := func(p string) *url.URL { c := *u; c.Path = p; return &c }
	rep, err := s.Do(t.Context(), Request{Method: "PROPFIND", URL: at("/moved")})
	if err != nil {
		t.Fatal(err)
	}
	rep.Body.Close()
	if rep.URL.Path != "/there" || strings.Join(methods, " ") != "PROPFIND /moved PROPFIND /there" {
		t.Errorf("at %s after %q", rep.URL, methods)
	}
	rep, err = s.Do(t.Context(), Request{URL: at("/away")})
	if err != nil || rep.Elsewhere == nil || rep.Elsewhere.Host != "adfs.example" {
		t.Fatalf("%+v, %v", rep, err)
	}
	rep.Body.Close()
	if err := StatusError(rep); !errors.Is(err, source.ErrLogon) || !strings.Contains(err.Error(), "adfs.example") {
		t.Errorf("error %v", err)
	}
	if _, err := s.Do(t.Context(), Request{URL: at("/round")}); err == nil {
		t.Error("a redirect in a circle ends")
	}
}

// TestPasswordOverPlainHTTP: it does not leave the machine.
func TestPasswordOverPlainHTTP(t *testing.T) {
	s := New(Config{Hosts: []string{"portal.example"}}, Account{Logon: Basic, User: "u", Password: "hemligt"})
	defer s.Close()
	u, _ := url.Parse("http://portal.example/")
	_, err := s.Do(t.Context(), Request{URL: u})
	if !errors.Is(err, source.ErrLogon) || !strings.Contains(err.Error(), "without TLS") || strings.Contains(err.Error(), "hemligt") {
		t.Errorf("error %v", err)
	}
}

// TestBasic: the password goes where it is asked for, and from then on at once.
func TestBasic(t *testing.T) {
	var got []string
	u := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r.Header.Get("Authorization"))
		if user, pw, ok := r.BasicAuth(); !ok || user != `KOMMUN\svc` || pw != "pw" {
			w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
			w.WriteHeader(401)
		}
	})
	s := open(t, u, Account{Domain: "KOMMUN", User: "svc", Password: "pw"})
	for range 3 {
		rep, err := s.Do(t.Context(), Request{URL: u})
		if err != nil || rep.Status != 200 {
			t.Fatalf("%+v, %v", rep, err)
		}
		rep.Body.Close()
	}
	if len(got) != 4 || got[0] != "" || got[1] == "" || got[3] == "" {
		t.Errorf("%d requests, the first with proof: %v", len(got), got[0] != "")
	}
}

// TestRefusedOnce: a password that is refused is sent once, and so is one of an
// account that was accepted before, for what it may not see.
func TestRefusedOnce(t *testing.T) {
	var sent atomic.Int64
	u := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			sent.Add(1)
		}
		if r.URL.Path != "/mine" || r.Header.Get("Authorization") == "" {
			w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
			w.WriteHeader(401)
		}
	})
	at := func(p string) *url.URL { c := *u; c.Path = p; return &c }
	s := open(t, u, Account{User: "svc", Password: "hemligt"})
	for range 3 {
		if _, err := s.Do(t.Context(), Request{URL: at("/other")}); !errors.Is(err, source.ErrLogon) || strings.Contains(err.Error(), "hemligt") {
			t.Errorf("error %v", err)
		}
	}
	if sent.Load() != 1 {
		t.Errorf("the password was sent %d times", sent.Load())
	}
	s = open(t, u, Account{User: "svc", Password: "hemligt"})
	for _, c := range []struct {
		path string
		want int
	}{{"/mine", 200}, {"/other", 401}, {"/mine", 200}} {
		rep, err := s.Do(t.Context(), Request{URL: at(c.path)})
		if err != nil || rep.Status != c.want {
			t.Fatalf("%s: %v", c.path, err)
		}
		rep.Body.Close()
	}
}

// TestTransientFaults: a server that is busy is asked again, later and not for
// ever.
func TestTransientFaults(t *testing.T) {
	var n atomic.Int64
	u := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch k := n.Add(1); {
		case r.URL.Path == "/busy":
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(503)
		case k == 1:
			panic(http.ErrAbortHandler)
		case k == 2:
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(429)
		default:
			io.WriteString(w, "fine")
		}
	})
	s := open(t, u, Account{})
	rep, err := s.Do(t.Context(), Request{URL: u})
	if err != nil {
		t.Fatal(err)
	}
	b, _ := io.ReadAll(rep.Body)
	rep.Body.Close()
	if string(b) != "fine" {
		t.Errorf("%q", b)
	}
	n.Store(0)
	busy := *u
	busy.Path = "/busy"
	if rep, err = s.Do(t.Context(), Request{URL: &busy}); err != nil || rep.Status != 503 || n.Load() != retries+1 {
		t.Errorf("%v after %d requests", err, n.Load())
	}
	rep.Body.Close()
}

// TestStall: a server that stops in the middle of an answer ends the request.
func TestStall(t *testing.T) {
	release := make(chan struct{})
	u := serve(t, func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "begin")
		w.(http.Flusher).Flush()
		<-release
	})
	defer close(release)
	s := open(t, u, Account{}, func(c *Config) { c.Timeout = 50 * time.Millisecond })
	rep, err := s.Do(t.Context(), Request{URL: u})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(rep.Body); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	rep.Body.Close()
}

func TestUnreachable(t *testing.T) {
	u := serve(t, func(http.ResponseWriter, *http.Request) {})
	dead, _ := url.Parse("http://127.0.0.1:1/")
	s := open(t, dead, Account{})
	if _, err := s.Do(t.Context(), Request{URL: dead}); !errors.Is(err, source.ErrUnreachable) {
		t.Errorf("error %v", err)
	}
	s = open(t, u, Account{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Do(ctx, Request{URL: u}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	s.Close()
	if _, err := s.Do(t.Context(), Request{URL: u}); err == nil {
		t.Error("a closed session asks")
	}
}

// TestTLS: an unknown authority is not trusted.
func TestTLS(t *testing.T) {
	srv := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer srv.Close()
	srv.Config.ErrorLog = nil
	u, _ := url.Parse(srv.URL)
	s := open(t, u, Account{})
	if _, err := s.Do(t.Context(), Request{URL: u}); !errors.Is(err, source.ErrUnreachable) || !strings.Contains(err.Error(), "certificate is not trusted") {
		t.Errorf("error %v", err)
	}
	s = open(t, u, Account{}, func(c *Config) { c.TLS = srv.Client().Transport.(*http.Transport).TLSClientConfig })
	rep, err := s.Do(t.Context(), Request{URL: u})
	if err != nil {
		t.Fatal(err)
	}
	rep.Body.Close()
}

// TestInFlight: no more requests are under way than are allowed.
func TestInFlight(t *testing.T) {
	var now, most atomic.Int64
	u := serve(t, func(w http.ResponseWriter, r *http.Request) {
		k := now.Add(1)
		for m := most.Load(); k > m && !most.CompareAndSwap(m, k); m = most.Load() {
		}
		time.Sleep(time.Millisecond)
		now.Add(-1)
	})
	s := open(t, u, Account{}, func(c *Config) { c.Limiter = NewLimiter(Limits{InFlight: 2, RequestsPerSecond: 1e6}) })
	done := make(chan error)
	for range 20 {
		go func() {
			rep, err := s.Do(context.Background(), Request{URL: u})
			if err == nil {
				rep.Body.Close()
			}
			done <- err
		}()
	}
	for range 20 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if most.Load() > 2 {
		t.Errorf("%d requests at once", most.Load())
	}
}

func TestParseCookies(t *testing.T) {
	now := time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name, in, want, err string
	}{
		{"curl", "# Netscape HTTP Cookie File\n\n#HttpOnly_intra.example\tFALSE\t/\tTRUE\t0\tsid\tabc\n.example\tTRUE\t/x\tFALSE\t1900000000\ta\tb\n", "sid=abc;a=b", ""},
		{"empty value", "h\tFALSE\t/\tFALSE\t0\tsid\t\n", "sid=", ""},
		{"expired", "h\tFALSE\t/\tFALSE\t1700000000\tsid\tsecret\n", "", "all 1 cookies have expired"},
		{"none", "# nothing\n", "", "no cookies"},
		{"other form", "sid=secret; Path=/\n", "", "line 1: not a line of a cookie file"},
		{"expiry", "h\tFALSE\t/\tFALSE\tsoon\tsid\tsecret\n", "", "line 1: the expiry is no number"},
	} {
		got, err := ParseCookies([]byte(c.in), now)
		if (err == nil) != (c.err == "") || err != nil && (!strings.Contains(err.Error(), c.err) || strings.Contains(err.Error(), "secret")) {
			t.Errorf("%s: error %v", c.name, err)
		}
		var all []string
		for _, k := range got {
			all = append(all, k.Name+"="+k.Value)
		}
		if strings.Join(all, ";") != c.want {
			t.Errorf("%s: %q", c.name, all)
		}
	}
}

func TestCookieScope(t *testing.T) {
	cookies, err := ParseCookies([]byte("intra.kommun.example\tFALSE\t/\tTRUE\t0\town\t1\n.kommun.example\tTRUE\t/\tTRUE\t0\twide\t2\nother.example\tFALSE\t/\tTRUE\t0\tother\t3\n"), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	s := New(Config{Hosts: []string{"intra.kommun.example:8443"}}, Account{Logon: Cookies, Cookies: cookies})
	defer s.Close()
	u, _ := url.Parse("https://intra.kommun.example:8443/")
	var names []string
	for _, c := range s.jar.Cookies(u) {
		names = append(names, c.Name)
	}
	if strings.Join(names, " ") != "own wide" {
		t.Errorf("cookies %q", names)
	}
}

func FuzzParseCookies(f *testing.F) {
	f.Add([]byte("#HttpOnly_intra.example\tFALSE\t/\tTRUE\t0\tsid\tabc\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := ParseCookies(b, time.Unix(0, 0))
		if err == nil && len(got) == 0 {
			t.Error("no cookies and no error")
		}
		s := New(Config{Hosts: []string{"intra.example"}}, Account{Cookies: got})
		s.Close()
	})
}

// TestOnlyGuard: nothing in the sources of this folder makes a client or a
// connection of its own.
func TestOnlyGuard(t *testing.T) {
	for _, dir := range []string{".", ".."} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatal(err)
		}
		for _, f := range files {
			if strings.HasSuffix(f, "_test.go") {
				continue
			}
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			for _, bad := range []string{"http.DefaultClient", "http.DefaultTransport", "http.Get(", "http.Post(", "net.Dial"} {
				if strings.Contains(string(b), bad) && !(bad == "net.Dial" && filepath.Base(f) == "session.go") {
					t.Errorf("%s uses %s", f, bad)
				}
			}
			if n := strings.Count(string(b), "http.Client{"); n > 0 && !(n == 1 && filepath.Base(f) == "session.go") {
				t.Errorf("%s makes a client", f)
			}
		}
	}
}

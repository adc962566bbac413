package smb_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"strings"
	"testing"

	"aktvakt/scanner/source"
	"aktvakt/scanner/source/smb"
	"aktvakt/scanner/source/smb/sambatest"
)

// as returns the configuration to read a share of s as a user.
func as(s *sambatest.Server, user, share string) smb.Config {
	return smb.Config{Host: s.Addr, Share: share, User: user, Password: sambatest.Password}
}

// open connects and closes at the end of the test.
func open(t testing.TB, cfg smb.Config) (*smb.Source, source.Entry) {
	t.Helper()
	src := smb.New(cfg)
	t.Cleanup(func() {
		if err := src.Close(); err != nil {
			t.Error(err)
		}
	})
	root, err := src.Root(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return src, root
}

// walk lists everything below dir; errors go to fault.
func walk(ctx context.Context, src source.Source, dir source.Entry, see func(source.Entry), fault func(source.Entry, error)) {
	for e, err := range src.List(ctx, dir) {
		if err != nil {
			if e.Path == "" {
				e = dir
			}
			fault(e, err)
			continue
		}
		see(e)
		if e.Kind == source.Dir {
			walk(ctx, src, e, see, fault)
		}
	}
}

func read(t *testing.T, src source.Source, e source.Entry) string {
	t.Helper()
	f, err := src.Open(t.Context(), e)
	if err != nil {
		t.Errorf("open %q: %v", e.Path, err)
		return ""
	}
	defer f.Close()
	b, err := io.ReadAll(io.NewSectionReader(f, 0, f.Size()))
	if err != nil {
		t.Errorf("read %q: %v", e.Path, err)
	}
	return string(b)
}

func TestErrorsOfConnecting(t *testing.T) {
	s := sambatest.Start(t, sambatest.Config{
		Shares: []sambatest.Share{{Name: "docs"}, {Name: "closed", ACL: "O:BAG:BAD:(A;;0x1f01ff;;;BA)"}},
		Users:  []sambatest.User{{Name: "anna"}, {Name: "gone", Disabled: true}},
	})
	for _, c := range []struct {
		name string
		edit func(*smb.Config)
		want error
		text string
	}{
		{"wrong password", func(c *smb.Config) { c.Password = "guess" }, source.ErrLogon, "wrong password"},
		{"unknown account", func(c *smb.Config) { c.User = "nobodyhere" }, source.ErrLogon, "unknown account"},
		{"disabled account", func(c *smb.Config) { c.User = "gone" }, source.ErrLogon, "disabled"},
		{"no such share", func(c *smb.Config) { c.Share = "dox" }, source.ErrNoShare, "no share"},
		{"share refuses", func(c *smb.Config) { c.Share = "closed" }, fs.ErrPermission, "share refuses the account"},
		{"no such folder", func(c *smb.Config) { c.Path = "a/b" }, fs.ErrNotExist, "does not exist"},
		{"refused", func(c *smb.Config) { c.Port = 4 }, source.ErrUnreachable, "connection refused"},
		{"no such host", func(c *smb.Config) { c.Host = "nowhere.invalid" }, source.ErrUnreachable, "nowhere.invalid"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := as(s, "anna", "docs")
			c.edit(&cfg)
			src := smb.New(cfg)
			defer src.Close()
			_, err := src.Root(t.Context())
			if !errors.Is(err, c.want) {
				t.Errorf("error is %v, want %v", err, c.want)
			}
			if err != nil && !strings.Contains(err.Error(), c.text) {
				t.Errorf("error %q lacks %q", err, c.text)
			}
			t.Log(err)
		})
	}
}

func TestListShares(t *testing.T) {
	s := sambatest.Start(t, sambatest.Config{
		Shares: []sambatest.Share{{Name: "docs", Lines: []string{"comment = Dokument"}}, {Name: "secret$"}, {Name: "off", Lines: []string{"browseable = no"}}},
	})
	got, err := smb.ListShares(t.Context(), as(s, sambatest.Admin, ""))
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]smb.Share{}
	for _, sh := range got {
		names[sh.Name] = sh
	}
	if names["docs"].Comment != "Dokument" || names["docs"].Special || names["docs"].Hidden {
		t.Errorf("docs is %+v", names["docs"])
	}
	if !names["secret$"].Hidden {
		t.Errorf("secret$ is %+v", names["secret$"])
	}
	if _, ok := names["IPC$"]; ok {
		t.Error("IPC$ is listed as a disk share")
	}
	cfg := as(s, sambatest.Admin, "")
	cfg.Password = "guess"
	if _, err := smb.ListShares(t.Context(), cfg); !errors.Is(err, source.ErrLogon) {
		t.Errorf("wrong password: %v", err)
	}
}

func TestWalkAndRead(t *testing.T) {
	for _, c := range []struct {
		name string
		cfg  sambatest.Config
	}{
		{"plain", sambatest.Config{}},
		{"signing required", sambatest.Config{RequireSigning: true}},
		{"encryption required", sambatest.Config{RequireEncryption: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := sambatest.Start(t, c.cfg)
			want := map[string]string{
				"a.txt": "a", "empty": "", "åäö/ж.txt": "utf", "big.bin": strings.Repeat("0123456789abcdef", 300<<10/16),
				"deep/er/and/deeper/x": "x", "huge.bin": strings.Repeat("fedcba9876543210", 3<<20/16),
			}
			for p, data := range want {
				s.WriteFile("docs", p, []byte(data))
			}
			src, root := open(t, as(s, sambatest.Admin, "docs"))
			got := map[string]string{}
			walk(t.Context(), src, root, func(e source.Entry) {
				if _, err := src.ACL(t.Context(), e); err != nil {
					t.Error(err)
				}
				if e.Kind == source.Regular {
					got[e.Path] = read(t, src, e)
				}
			}, func(e source.Entry, err error) { t.Error(err) })
			for p, data := range want {
				if got[p] != data {
					t.Errorf("%s: %d bytes, want %d, equal %v", p, len(got[p]), len(data), got[p] == data)
				}
			}
			if len(got) != len(want) {
				t.Errorf("%d files, want %d", len(got), len(want))
			}
		})
	}
}

package smb_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"strings"
	"testing"

	hiro "github.com/hirochachacha/go-smb2"

	"aktvakt/scanner/source"
	"aktvakt/scanner/source/smb"
	"aktvakt/scanner/source/smb/sambatest"
)

// everyone makes files that were written behind Samba's back everyone's.
const everyone = "acl_xattr:default acl style = everyone"

func list(t *testing.T, src source.Source, dir source.Entry) map[string]source.Entry {
	t.Helper()
	out := map[string]source.Entry{}
	for e, err := range src.List(t.Context(), dir) {
		if err != nil {
			t.Fatalf("%q: %v", e.Path, err)
		}
		out[e.Path] = e
	}
	return out
}

// TestNamesOfUnixServers: names that Windows does not allow are told by short
// names that open, and one that Samba itself cannot open is told and fails
// alone. smbclient 4.17 ends its listing at the first of these.
func TestNamesOfUnixServers(t *testing.T) {
	s := sambatest.Start(t, office())
	names := []string{
		"trail.", "trail ", " lead", "..dots", "a:b", "q?.txt", "star*.txt", "back\\slash.txt", "new\nline.txt", "CON",
		"pipe|.txt", "\"quoted\".txt", "<lt>.txt", "Case.txt", "case.txt", "tab\there.txt", "xxxxxxxx~1.TXT",
		"caf\u00e9", "cafe\u0301", "fffd\uFFFD",
	}
	for _, n := range append(names, "\xed\xa0\x80half.txt") {
		s.WriteFile("docs", n, []byte(n))
	}
	src, root := open(t, as(s, "scan", "docs"))
	all := list(t, src, root)
	if len(all) != len(names)+1 {
		t.Errorf("%d entries, want %d", len(all), len(names)+1)
	}
	read := map[string]bool{}
	for path, e := range all {
		f, err := src.Open(t.Context(), e)
		if path == "\uFFFDd800half.txt" {
			if err == nil {
				t.Error("the server opens half a surrogate pair")
			}
			continue
		}
		if err != nil {
			t.Error(err)
			continue
		}
		b, err := io.ReadAll(io.NewSectionReader(f, 0, f.Size()))
		if err != nil {
			t.Error(err)
		}
		read[string(b)] = true
		f.Close()
	}
	for _, n := range names {
		if !read[n] {
			t.Errorf("%q was not read", n)
		}
	}
}

// TestLinksAndLoops: a DFS link is a link, and a folder that is its own
// ancestor (Samba follows symbolic links without a word) shows by its ID.
func TestLinksAndLoops(t *testing.T) {
	s := sambatest.Start(t, sambatest.Config{
		Users:  []sambatest.User{{Name: "scan"}},
		Shares: []sambatest.Share{{Name: "docs", Lines: []string{everyone, "msdfs root = yes"}}},
	})
	s.Mkdir("docs", "loop")
	must(t, os.Symlink("..", s.Dir("docs")+"/loop/up"))
	must(t, os.Symlink("msdfs:fs2\\docs", s.Dir("docs")+"/dfs"))
	src, root := open(t, as(s, "scan", "docs"))
	all := list(t, src, root)
	if all["dfs"].Kind != source.Link {
		t.Errorf("a DFS link is kind %d", all["dfs"].Kind)
	}
	up := list(t, src, all["loop"])["loop/up"]
	if up.ID == 0 || up.ID != root.ID || up.Volume != root.Volume {
		t.Errorf("loop/up is %d on %d, the root %d on %d", up.ID, up.Volume, root.ID, root.Volume)
	}
}

// TestChangedOfSamba: Samba tells the time of the last change of content for
// that of any change, so it says nothing of access rules: they must be read to
// know that they are as before.
func TestChangedOfSamba(t *testing.T) {
	s := sambatest.Start(t, office())
	s.WriteFile("docs", "a", []byte("a"))
	src, root := open(t, as(s, "scan", "docs"))
	before := list(t, src, root)["a"]
	was, err := src.ACL(t.Context(), before)
	must(t, err)
	s.SetACL("docs", "a", "O:BAG:BAD:PAI(A;;FR;;;{scan})(A;;FA;;;BA)")
	after := list(t, src, root)["a"]
	is, err := src.ACL(t.Context(), after)
	must(t, err)
	if was == is {
		t.Error("the rules are as before")
	}
	if !after.Changed.Equal(before.Changed) {
		t.Errorf("changed %v, before %v: Samba has begun to tell; Entry.Changed and the decision note on the SMB client may say so", after.Changed, before.Changed)
	}
}

// TestOffline: a file on tape is told and not opened, even by a caller that
// does not know.
func TestOffline(t *testing.T) {
	s := sambatest.Start(t, sambatest.Config{
		Users:  []sambatest.User{{Name: "scan"}},
		Shares: []sambatest.Share{{Name: "tape", Lines: []string{everyone, "vfs objects = offline acl_xattr"}}},
	})
	s.WriteFile("tape", "old.doc", []byte("old"))
	src, root := open(t, as(s, "scan", "tape"))
	e := list(t, src, root)["old.doc"]
	if !e.Offline || e.Kind != source.Regular {
		t.Errorf("entry is %+v", e)
	}
	for _, e := range []source.Entry{e, {Path: "old.doc", Size: 3}} {
		if _, err := src.Open(t.Context(), e); !errors.Is(err, source.ErrOffline) {
			t.Errorf("open: %v", err)
		}
	}
}

// TestLocked: a file that a program keeps for itself is locked; one that it
// shares is read, and stays writable for it.
func TestLocked(t *testing.T) {
	s := sambatest.Start(t, office())
	s.WriteFile("docs", "mine.doc", []byte("mine"))
	s.WriteFile("docs", "ours.doc", []byte("ours"))
	src, root := open(t, as(s, "scan", "docs"))
	all := list(t, src, root)
	release := s.Hold("anna", "docs", "mine.doc", 0)
	s.Hold("anna", "docs", "ours.doc", 7)
	for _, e := range []source.Entry{all["mine.doc"], {Path: "mine.doc", Size: 4}} {
		if _, err := src.Open(t.Context(), e); !errors.Is(err, source.ErrLocked) {
			t.Errorf("open of a locked file: %v", err)
		}
	}
	if got := read(t, src, all["ours.doc"]); got != "ours" {
		t.Errorf("a shared file holds %q", got)
	}
	// The rules of a locked file can be read all the same.
	if _, err := src.ACL(t.Context(), all["mine.doc"]); err != nil {
		t.Error(err)
	}
	release()
	if got := read(t, src, all["mine.doc"]); got != "mine" {
		t.Errorf("a released file holds %q", got)
	}
}

// TestReadersMeetNobody: while we hold a file open, a user may open it with
// any share mode that does not forbid readers.
func TestReadersMeetNobody(t *testing.T) {
	s := sambatest.Start(t, office())
	s.WriteFile("docs", "large.doc", make([]byte, 1<<20))
	src, _ := open(t, as(s, "scan", "docs"))
	f, err := src.Open(t.Context(), source.Entry{Path: "large.doc", Size: 1 << 20})
	must(t, err)
	defer f.Close()
	for _, mode := range []int{1, 3, 5, 7} {
		s.Hold("anna", "docs", "large.doc", mode)()
	}
}

// TestGuest: a server that lets unknown accounts in as guests is told, not
// scanned with other eyes.
func TestGuest(t *testing.T) {
	s := sambatest.Start(t, sambatest.Config{
		Global: []string{"map to guest = bad user"},
		Shares: []sambatest.Share{{Name: "docs", Lines: []string{everyone, "guest ok = yes"}}},
	})
	s.WriteFile("docs", "a", []byte("a"))
	src := smb.New(as(s, "unknown", "docs"))
	defer src.Close()
	if _, err := src.Root(t.Context()); !errors.Is(err, source.ErrLogon) || !strings.Contains(err.Error(), "guest") {
		t.Errorf("error is %v", err)
	}
}

// TestIndependentClient compares what we can read with what the other SMB
// client for Go can, logged on as each account. That client asks for
// GENERIC_READ, so the rules grant that or nothing.
func TestIndependentClient(t *testing.T) {
	s := sambatest.Start(t, sambatest.Config{
		Users:  []sambatest.User{{Name: "anna"}, {Name: "bo"}, {Name: "cilla"}},
		Groups: []sambatest.Group{{Name: "Social", Members: []string{"anna", "bo"}}, {Name: "All", Kind: sambatest.Local, Members: []string{"Social", "cilla"}}},
		Shares: []sambatest.Share{{Name: "docs", Lines: []string{everyone}}},
	})
	acls := []string{
		"O:BAG:BAD:PAI(A;;FA;;;WD)",
		"O:BAG:BAD:PAI(A;;FA;;;BA)",
		"O:BAG:BAD:PAI(A;;FR;;;{anna})",
		"O:BAG:BAD:PAI(A;;FR;;;{Social})",
		"O:BAG:BAD:PAI(A;;FR;;;{All})",
		"O:BAG:BAD:PAI(D;;FR;;;{bo})(A;;FR;;;{Social})",
		"O:BAG:BAD:PAI(A;;FR;;;{Social})(D;;FR;;;{bo})",
		"O:BAG:BAD:PAI",
	}
	for i, acl := range acls {
		name := fmt.Sprintf("f%d", i)
		s.WriteFile("docs", name, []byte(acl))
		s.SetACL("docs", name, acl)
	}
	for _, user := range []string{"anna", "bo", "cilla", sambatest.Admin} {
		src, root := open(t, as(s, user, "docs"))
		all := list(t, src, root)
		conn, err := net.Dial("tcp", s.Addr+":445")
		must(t, err)
		other, err := (&hiro.Dialer{Initiator: &hiro.NTLMInitiator{User: user, Password: sambatest.Password}}).Dial(conn)
		must(t, err)
		share, err := other.Mount("docs")
		must(t, err)
		for i, acl := range acls {
			name := fmt.Sprintf("f%d", i)
			theirs, theirErr := share.ReadFile(name)
			var ours []byte
			f, err := src.Open(t.Context(), all[name])
			if err == nil {
				ours, err = io.ReadAll(io.NewSectionReader(f, 0, f.Size()))
				f.Close()
			}
			if (err == nil) != (theirErr == nil) || string(ours) != string(theirs) {
				t.Errorf("%s reads %s: we %v, the other client %v", user, acl, err, theirErr)
			}
			if err != nil && !errors.Is(err, fs.ErrPermission) {
				t.Errorf("%s reads %s: %v", user, acl, err)
			}
		}
		must(t, share.Umount())
		must(t, other.Logoff())
	}
}

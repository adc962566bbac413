package pdf

import (
	"crypto/md5"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"aktvakt/scanner/extract"
)

// The files were written by qpdf, with the user password "geheim" where the
// owner password is empty.
func TestUnlock(t *testing.T) {
	for _, name := range []string{
		"owner-password-empty-r5", "owner-password-empty-r6", "owner-password-empty-streams",
		"key-length-missing", "permissions-unsigned", "permissions-unsigned-r6",
	} {
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join("testdata", name+".pdf"))
			if err != nil {
				t.Fatal(err)
			}
			for header, data := range map[string][]byte{"": data, "junk": append([]byte("junk before it\r\n"), data...)} {
				doc := run(t, shared(), extract.Bytes(data))
				if doc.Skip != nil || !strings.Contains(string(doc.Text), "19121212-1212") {
					t.Errorf("%s: text %q, skip %+v", header, doc.Text, doc.Skip)
				}
			}
		})
	}
}

func TestOwnersUserPassword(t *testing.T) {
	for _, rev := range []int{2, 3, 4} {
		l := lock{rev: rev, length: 5, owner: []byte(("geheim" + passwordPad)[:32])}
		sum := md5.Sum([]byte(passwordPad))
		if rev > 2 {
			for range 50 {
				sum = md5.Sum(sum[:])
			}
		}
		for i := range l.rounds() {
			scramble(l.owner, sum[:5], byte(i))
		}
		if got := l.ownersUserPassword(); got != "geheim" {
			t.Errorf("revision %d: %q", rev, got)
		}
	}
}

func TestStringValue(t *testing.T) {
	for in, want := range map[string]string{
		`<41 4>`:                           "A@",
		`(a\)\(\\\n\101\7x\` + "\n" + `y)`: "a)(\\\nA\ax" + "y",
		"(a\r\nb\rc)":                      "a\nb\nc",
		`/Name`:                            "",
		`<zz>`:                             "",
		`(`:                                "",
	} {
		if got := string(stringValue(in)); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func FuzzUnlock(f *testing.F) {
	files, err := filepath.Glob("testdata/*-*.pdf")
	if err != nil || len(files) == 0 {
		f.Fatal("no files")
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		tail, _, err := unlock(t.Context(), newReader(extract.Bytes(b)))
		if err != nil {
			t.Fatal(err)
		}
		if len(tail) > 8*len(b)+4096 {
			t.Errorf("%d bytes are appended to %d", len(tail), len(b))
		}
	})
}

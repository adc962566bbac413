package local

import (
	"testing"
	"unicode/utf8"
)

// FuzzName: any name goes there and back, and stays apart from others.
func FuzzName(f *testing.F) {
	for _, s := range []string{"a.txt", "åäö", "bad\xff", "\uFFFD", "\uFFFDff", "\xed\xa0\x80", "\xef\xbf"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if name == "" || name == "." || name == ".." {
			return
		}
		for i := range len(name) {
			if name[i] == '/' || name[i] == 0 {
				return // no file system has such a name
			}
		}
		enc := encodeName(name)
		if !utf8.ValidString(enc) {
			t.Errorf("encodeName(%q) = %q is not UTF-8", name, enc)
		}
		if p := pathOf("dir/", []byte(name)); p != "dir/"+enc {
			t.Errorf("pathOf(%q) = %q, encodeName says %q", name, p, enc)
		}
		if dec, err := decodePath(enc); err != nil || dec != name {
			t.Errorf("decodePath(encodeName(%q)) = %q, %v", name, dec, err)
		}
	})
}

// FuzzPath: a path that decodes is the only one for what it decodes to.
func FuzzPath(f *testing.F) {
	for _, s := range []string{"a/b", "\uFFFDff", "\uFFFD2f", "\uFFFD41", "..", "a//b", "\uFFFDFF"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, path string) {
		dec, err := decodePath(path)
		if err != nil || path == "" {
			return
		}
		for i := range len(dec) {
			if dec[i] == 0 {
				t.Errorf("decodePath(%q) holds a NUL", path)
			}
		}
	})
}

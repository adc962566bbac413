package wire

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

func utf16le(units ...uint16) []byte {
	var b []byte
	for _, u := range units {
		b = le.AppendUint16(b, u)
	}
	return b
}

func TestName(t *testing.T) {
	for _, c := range []struct {
		units []uint16
		want  string
	}{
		{utf16.Encode([]rune("plain.txt")), "plain.txt"},
		{utf16.Encode([]rune("åäö 日本 😀")), "åäö 日本 😀"},
		{[]uint16{'a', 0xD800}, "a\uFFFDd800"},
		{[]uint16{0xDC00, 0xD800, 'b'}, "\uFFFDdc00\uFFFDd800b"},
		{[]uint16{0xFFFD}, "\uFFFDfffd"},
		{[]uint16{'a', '/', '.', '.', '\\', 0}, "a\uFFFD002f..\uFFFD005c\uFFFD0000"},
	} {
		got := DecodeName(utf16le(c.units...))
		if got != c.want {
			t.Errorf("DecodeName(%x) = %q, want %q", c.units, got, c.want)
		}
		back, err := EncodePath(got)
		if err != nil || !bytes.Equal(back, utf16le(c.units...)) {
			t.Errorf("EncodePath(%q) = %x, %v", got, back, err)
		}
	}
	for _, bad := range []string{"a//b", "/a", "a/", "..", "a/../b", "./a", "a\\b", "\xff", "\uFFFDd8", "\uFFFDD800", "\uFFFDzzzz", "a\x00"} {
		if b, err := EncodePath(bad); err == nil {
			t.Errorf("EncodePath(%q) = %x, want an error", bad, b)
		}
	}
}

// FuzzName: any name goes there and back.
func FuzzName(f *testing.F) {
	f.Add([]byte("a\x00b\x00"))
	f.Add(utf16le(0xD800, 0xDC00, 0xD800, 'x', 0xFFFD))
	f.Add(utf16le('/', '\\', 0, '.'))
	f.Fuzz(func(t *testing.T, b []byte) {
		b = b[:len(b)/2*2]
		name := DecodeName(b)
		if !utf8.ValidString(name) || strings.ContainsAny(name, "/\\\x00") {
			t.Fatalf("DecodeName(%x) = %q", b, name)
		}
		if name == "" || name == "." || name == ".." {
			return
		}
		if back, err := EncodePath(name); err != nil || !bytes.Equal(back, b) {
			t.Fatalf("DecodeName(%x) = %q, and back %x, %v", b, name, back, err)
		}
	})
}

// entry makes one entry of a listing; next is 0 for the last.
func entry(next uint32, name []byte, attributes, tag uint32, id uint64) []byte {
	b := make([]byte, 80)
	le.PutUint32(b, next)
	le.PutUint64(b[8:], 132_500_000_000_000_000)
	le.PutUint64(b[40:], 42)
	le.PutUint32(b[56:], attributes)
	le.PutUint32(b[60:], uint32(len(name)))
	le.PutUint32(b[64:], tag)
	le.PutUint64(b[72:], id)
	b = append(b, name...)
	for len(b) < int(next) {
		b = append(b, 0)
	}
	return b
}

func TestParseDirectory(t *testing.T) {
	dot, a, link := utf16le('.'), utf16le('a'), utf16le('l')
	b := append(entry(96, dot, 0x10, 0, 1), entry(96, a, 0x20, 7, 2)...)
	b = append(b, entry(0, link, 0x420, 0xA000000C, 3)...)
	es, err := parseDirectory(nil, b)
	if err != nil || len(es) != 2 {
		t.Fatalf("%d entries, %v", len(es), err)
	}
	if e := es[0]; e.Name != "a" || e.ID != 2 || e.Size != 42 || e.ReparseTag != 0 || e.Created.Year() != 2020 {
		t.Errorf("first entry is %+v", e)
	}
	if e := es[1]; e.Name != "l" || e.ReparseTag != 0xA000000C {
		t.Errorf("second entry is %+v", e)
	}
	for name, bad := range map[string][]byte{
		"cut":            b[:90],
		"name too long":  entry(0, a, 0, 0, 0)[:81],
		"next outside":   entry(4096, a, 0, 0, 0)[:82],
		"next backwards": append(entry(0, a, 0, 0, 0)[:0], append([]byte{8, 0, 0, 0}, make([]byte, 100)...)...),
	} {
		if _, err := parseDirectory(nil, bad); !errors.As(err, new(Malformed)) {
			t.Errorf("%s: error is %v", name, err)
		}
	}
}

// TestPages: what came of several queries is kept whatever became of the others.
func TestPages(t *testing.T) {
	page := func(name uint16) answer {
		list := entry(0, utf16le(name), 0x20, 0, 9)
		b := make([]byte, headerSize+8, 256)
		le.PutUint16(b[headerSize+2:], headerSize+8)
		le.PutUint32(b[headerSize+4:], uint32(len(list)))
		return answer{pkt: append(b, list...)}
	}
	fails := func(err error) answer { return answer{err: err} }
	for _, c := range []struct {
		name string
		as   []answer
		want string
		done bool
		err  error
	}{
		{"all", []answer{page('a'), page('b')}, "ab", false, nil},
		{"end", []answer{page('a'), fails(NoMoreFiles), fails(NoMoreFiles)}, "a", true, nil},
		{"empty", []answer{fails(NoMoreFiles)}, "", true, nil},
		{"one short of credits", []answer{page('a'), fails(InvalidParameter), page('b')}, "ab", false, nil},
		{"first short of credits", []answer{fails(InvalidParameter), page('a')}, "a", false, nil},
		{"all short of credits", []answer{fails(InvalidParameter), fails(InvalidParameter)}, "", false, InvalidParameter},
		{"end after a fault", []answer{fails(InvalidParameter), fails(NoMoreFiles)}, "", true, nil},
		{"session gone", []answer{fails(NetworkSessionExpired), fails(NetworkSessionExpired)}, "", false, NetworkSessionExpired},
		{"malformed", []answer{page('a'), {pkt: make([]byte, 3)}}, "", false, Malformed("short query answer")},
	} {
		es, done, err := pages(c.as)
		got := ""
		for _, e := range es {
			got += e.Name
		}
		if got != c.want || done != c.done || err != c.err {
			t.Errorf("%s: %q, done %v, %v; want %q, %v, %v", c.name, got, done, err, c.want, c.done, c.err)
		}
	}
}

func TestFileTime(t *testing.T) {
	if got := fileTime(116444736000000000); !got.Equal(time.Unix(0, 0)) {
		t.Errorf("1970 is %v", got)
	}
	for _, u := range []uint64{0, 1<<64 - 1, 1 << 63} {
		if got := fileTime(u); !got.IsZero() {
			t.Errorf("fileTime(%d) = %v, want unknown", u, got)
		}
	}
}

// TestRequests pins the bytes of each request, field by field as in MS-SMB2
// 2.2.13, 2.2.15, 2.2.19, 2.2.33 and 2.2.37.
func TestRequests(t *testing.T) {
	id := FileID{1, 2, 3}
	for _, c := range []struct {
		name string
		body []byte
		want string
	}{
		{"create", createBody(utf16le('a'), ReadData, NonDirectoryFile), "39000000" + "02000000" + strings.Repeat("00", 16) + "01000000" + "00000000" + "07000000" + "01000000" + "40000000" + "78000200" + strings.Repeat("00", 8) + "6100"},
		{"create root", createBody(nil, ReadData, 0), "39000000" + "02000000" + strings.Repeat("00", 16) + "01000000" + "00000000" + "07000000" + "01000000" + "00000000" + "78000000" + strings.Repeat("00", 8) + "00"},
		{"close", closeBody(id), "1800000000000000" + "01020300000000000000000000000000"},
		{"read", readBody(id, 5, 100), "31005000" + "64000000" + "0500000000000000" + "01020300000000000000000000000000" + strings.Repeat("00", 17)},
		{"list", queryDirectoryBody(id, 65536), "21002600" + "00000000" + "01020300000000000000000000000000" + "60000200" + "00000100" + "2a00"},
		{"security", securityBody(id), "29000300" + "00000100" + "00000000" + "00000000" + "07000000" + "00000000" + "01020300000000000000000000000000" + "00"},
	} {
		if got := hex.EncodeToString(c.body); got != c.want {
			t.Errorf("%s is\n%s, want\n%s", c.name, got, c.want)
		}
	}
}

// FuzzAnswers: no answer of a server makes a parser panic or run for ever.
func FuzzAnswers(f *testing.F) {
	pkt := func(body []byte) []byte { return append(make([]byte, headerSize), body...) }
	list := entry(0, utf16le('a', 'b'), 0x20, 0, 9)
	head := make([]byte, 8)
	le.PutUint16(head[2:], headerSize+8)
	le.PutUint32(head[4:], uint32(len(list)))
	f.Add(pkt(append(head, list...)))
	f.Add(pkt(make([]byte, 88)))
	f.Add(pkt([]byte{17, 0, 80, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4}))
	f.Fuzz(func(t *testing.T, b []byte) {
		_ = check(b, cmdRead)
		_, _, _ = parseCreate(b)
		if d, err := parseRead(b); err == nil && len(d) > len(b) {
			t.Error("more data than the answer holds")
		}
		if out, err := outputBuffer(b); err == nil {
			es, _ := parseDirectory(nil, out)
			for _, e := range es {
				if e.Name == "" || e.Name == "." || e.Name == ".." || strings.ContainsAny(e.Name, "/\\\x00") {
					t.Errorf("name %q", e.Name)
				}
			}
		}
	})
}

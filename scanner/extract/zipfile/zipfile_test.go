package zipfile_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"testing"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/zipfile"
)

// pack makes a container; flags are set in every member's header.
func pack(t testing.TB, flags uint16, method uint16, members ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(members); i += 2 {
		w, err := z.CreateRaw(&zip.FileHeader{Name: members[i], Flags: flags, Method: method, CompressedSize64: uint64(len(members[i+1])), UncompressedSize64: uint64(len(members[i+1]))})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, members[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestMembers(t *testing.T) {
	tests := []struct {
		name, member, want string
		flags, method      uint16
		err                error
	}{
		{name: "encrypted", member: "a.txt", want: "a.txt", flags: 1, err: extract.ErrEncrypted},
		{name: "AES", member: "a.txt", want: "a.txt", method: 99, err: extract.ErrEncrypted},
		{name: "unknown method", member: "a.txt", want: "a.txt", method: 14, err: extract.ErrUnsupported},
		{name: "page 850", member: "f\x94rskola\\\x86r.txt", want: "förskola/år.txt", method: 14, err: extract.ErrUnsupported},
		{name: "UTF-8 without its flag", member: "förskola.txt", want: "förskola.txt", method: 14, err: extract.ErrUnsupported},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			members, err := zipfile.Open(t.Context(), extract.Bytes(pack(t, tt.flags, tt.method, tt.member, "content")))
			if err != nil || len(members) != 1 || members[0].Name != tt.want {
				t.Fatalf("%+v %v", members, err)
			}
			if _, err := members[0].Open(t.Context()); !errors.Is(err, tt.err) {
				t.Errorf("got %v, want %v", err, tt.err)
			}
		})
	}
}

// TestCountedEntries: a directory that states too many members is not read.
func TestCountedEntries(t *testing.T) {
	b := []byte("PK\x05\x06\x00\x00\x00\x00\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x00\x00\x00\x00\x00\x00")
	rec := make([]byte, 56)
	copy(rec, "PK\x06\x06")
	rec[35] = 1 // 2^24 members
	in := append(append(make([]byte, 1<<30/64), rec...), b...)
	if _, err := zipfile.Open(t.Context(), extract.Bytes(in)); !errors.Is(err, extract.ErrTooLarge) {
		t.Errorf("got %v", err)
	}
}

func FuzzOpen(f *testing.F) {
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, b []byte) {
		members, err := zipfile.Open(t.Context(), extract.Bytes(b))
		if err != nil {
			return
		}
		for _, m := range members {
			rc, err := m.Open(t.Context())
			if err != nil {
				continue
			}
			_, _ = io.Copy(io.Discard, io.LimitReader(rc, 1<<20))
			rc.Close()
		}
	})
}

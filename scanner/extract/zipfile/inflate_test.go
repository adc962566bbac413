package zipfile

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"errors"
	"io"
	"testing"
)

// TestInflate: inflaters that are used again unpack what the standard library
// does, also after a broken stream.
func TestInflate(t *testing.T) {
	text := bytes.Repeat([]byte("Barnet bor hos sin mormor. 19900101-2385\n"), 5000)
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, 6)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		r := inflate(bytes.NewReader(packed.Bytes()))
		if i%2 == 0 {
			broken := bytes.Clone(packed.Bytes()[:packed.Len()/2])
			broken[20] ^= 0xFF
			r = inflate(bytes.NewReader(broken))
		}
		got, err := io.ReadAll(r)
		if i%2 == 0 && err == nil {
			t.Errorf("round %d: broken stream told as whole", i)
		}
		if i%2 == 1 && (err != nil || !bytes.Equal(got, text)) {
			t.Errorf("round %d: %d bytes, error %v", i, len(got), err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if _, err := r.Read(make([]byte, 1)); err == nil {
			t.Error("read after close")
		}
	}
}

// FuzzInflate: of a broken stream the error is one that content.Read takes for
// that, and what is unpacked is what the standard library unpacks.
func FuzzInflate(f *testing.F) {
	f.Add([]byte("\x4b\x4a\x4e\x49\x4d\x03\x00"))
	f.Add([]byte("\x05\xe0\x81\x08\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		const most = 1 << 20
		r := inflate(bytes.NewReader(b))
		defer r.Close()
		got, err := io.ReadAll(io.LimitReader(r, most))
		want, werr := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(b)), most))
		if (err == nil) != (werr == nil) || (err == nil && !bytes.Equal(got, want)) {
			t.Fatalf("%d bytes, error %v; want %d bytes, error %v", len(got), err, len(want), werr)
		}
		var corrupt flate.CorruptInputError
		if err != nil && !errors.As(err, &corrupt) && !errors.Is(err, zip.ErrFormat) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("error without a reason: %v", err)
		}
	})
}

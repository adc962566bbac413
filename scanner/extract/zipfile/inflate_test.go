package zipfile

import (
	"bytes"
	"compress/flate"
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

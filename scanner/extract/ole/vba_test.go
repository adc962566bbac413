package ole

import (
	"encoding/hex"
	"testing"
)

// TestUnpackVBA: examples of [MS-OVBA] 3.2, and broken ones.
func TestUnpackVBA(t *testing.T) {
	for _, c := range []struct{ packed, want string }{
		{"0119b000616263646566676800696a6b6c6d6e6f7000717273747576 2e", "abcdefghijklmnopqrstuv."},
		{"0103b0026145 00", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
		{"01", ""},
		{"0103b00261", "a"},
		{"02", ""},
	} {
		var clean []byte
		for i := range len(c.packed) {
			if c.packed[i] != ' ' {
				clean = append(clean, c.packed[i])
			}
		}
		b, err := hex.DecodeString(string(clean))
		if err != nil {
			t.Fatal(err)
		}
		if got := string(unpackVBA(b)); got != c.want {
			t.Errorf("%s: %q, want %q", c.packed, got, c.want)
		}
	}
}

package tracked_test

import (
	"testing"

	"aktvakt/scanner/extract/tracked"
)

// TestChanges: pieces are letters k(ept), d(eleted), i(nserted) and a text.
func TestChanges(t *testing.T) {
	tests := []struct {
		name   string
		pieces []string
		now    string
		old    string
	}{
		{"nothing deleted", []string{"ka b"}, "a b", ""},
		{"a word", []string{"kett ", "dtvå ", "ktre"}, "ett tre", "två tre\n"},
		{"within a number", []string{"knr 1990", "d02", "i01", "k01-2385 slut"}, "nr 19900101-2385 slut", "19900201-2385\n"},
		{"beside an insertion", []string{"i19900101-2385", "d19900202-2383"}, "19900101-2385", "19900202-2383\n"},
		{"two pieces", []string{"da", "k b ", "dc"}, " b ", "a\nc\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var c tracked.Changes
			var line []byte
			for _, p := range tt.pieces {
				text := []byte(p[1:])
				c.Ins = 0
				switch p[0] {
				case 'd':
					c.Deleted(text, line)
					continue
				case 'i':
					c.Ins = 1
				}
				c.Kept(text)
				line = append(line, text...)
				if p[0] == 'i' {
					c.Inserted = len(line)
				}
			}
			if string(line) != tt.now {
				t.Errorf("now %q, want %q", line, tt.now)
			}
			if old := string(c.Take()); old != tt.old {
				t.Errorf("old %q, want %q", old, tt.old)
			}
		})
	}
}

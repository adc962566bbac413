package scanner

import (
	"fmt"
	"testing"

	"aktvakt/scanner/source"
)

type advised struct{ error }

func (advised) Hint() string { return "make the keytab anew" }

// An error that brings advice of its own keeps it.
func TestHintOfItsOwn(t *testing.T) {
	err := fmt.Errorf("%w: %w", source.ErrLogon, advised{fmt.Errorf("the key is wrong")})
	if got := Hint(err); got != "make the keytab anew" {
		t.Errorf("hint %q", got)
	}
	if got := Hint(source.ErrLogon); got == "" || got == "make the keytab anew" {
		t.Errorf("hint %q", got)
	}
}

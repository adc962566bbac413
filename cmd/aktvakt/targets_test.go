package main

import (
	"testing"

	"aktvakt/scanner/config"
)

// TestLimiters: targets of one host share a limiter, whatever the case of its
// name, and the strictest of their limits holds.
func TestLimiters(t *testing.T) {
	got := limiters([]config.Target{
		{URL: "smb://FS1/a", Limits: config.TargetLimits{InFlight: 12}},
		{URL: "smb://fs1/b", Limits: config.TargetLimits{InFlight: 5}},
		{URL: "smb://fs1/c"},
		{URL: "smb://fs1:1445/c", Limits: config.TargetLimits{InFlight: 7}},
		{URL: "/srv"},
	}, config.Limits{})
	for host, want := range map[string]int{"fs1": 5, "fs1:1445": 7} {
		if l := got[host]; l == nil || l.InFlight() != want {
			t.Errorf("%s: limiter %v, want %d in flight", host, l, want)
		}
	}
	if len(got) != 2 {
		t.Errorf("%d limiters, want 2", len(got))
	}
	for _, c := range []struct{ a, b, want int }{{0, 0, 0}, {0, 3, 3}, {4, 0, 4}, {4, 3, 3}} {
		if n := stricter(c.a, c.b); n != c.want {
			t.Errorf("stricter(%d, %d) = %d, want %d", c.a, c.b, n, c.want)
		}
	}
}

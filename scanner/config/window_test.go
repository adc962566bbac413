package config

import (
	"testing"
	"time"
)

func TestWindow(t *testing.T) {
	at := func(day, hour, minute int) time.Time { return time.Date(2026, 11, day, hour, minute, 0, 0, time.UTC) }
	for _, tc := range []struct {
		window        string
		now           time.Time
		opens, closes time.Time
	}{
		{"22:00-05:30", at(25, 22, 0), at(25, 22, 0), at(26, 5, 30)},
		{"22:00-05:30", at(25, 23, 59), at(25, 22, 0), at(26, 5, 30)},
		{"22:00-05:30", at(25, 5, 29), at(24, 22, 0), at(25, 5, 30)},
		{"22:00-05:30", at(25, 5, 30), at(25, 22, 0), at(26, 5, 30)},
		{"22:00-05:30", at(25, 12, 0), at(25, 22, 0), at(26, 5, 30)},
		{"1:00-4:00", at(25, 0, 30), at(25, 1, 0), at(25, 4, 0)},
		{"1:00-4:00", at(25, 4, 0), at(26, 1, 0), at(26, 4, 0)},
	} {
		var w Window
		if err := w.Set(tc.window); err != nil {
			t.Fatal(err)
		}
		if o, c := w.Next(tc.now); !o.Equal(tc.opens) || !c.Equal(tc.closes) {
			t.Errorf("%s at %s: %s to %s", w, tc.now, o, c)
		}
	}
	for _, bad := range []string{"", "22", "22:00", "24:00-05:00", "22:00-05:60", "5:00-5:00", "22:00 - 05:30"} {
		var w Window
		if w.Set(bad) == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	w := Window{60, 120}
	if err := w.Set("any"); err != nil || !w.IsZero() {
		t.Errorf("any: %v, %v", w, err)
	}
}

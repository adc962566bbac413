package config

import (
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/invopop/jsonschema"
)

// Window is a time of day, in minutes since midnight, local time. It may span
// midnight. The zero Window is the whole day.
type Window struct{ from, to int }

var windowForm = regexp.MustCompile(`^([01]?[0-9]|2[0-3]):([0-5][0-9])-([01]?[0-9]|2[0-3]):([0-5][0-9])$`)

// Set reads a window such as "22:00-05:30", also as a flag; "any" is the whole
// day.
func (w *Window) Set(v string) error {
	if v == "any" {
		*w = Window{}
		return nil
	}
	m := windowForm.FindStringSubmatch(v)
	if m == nil {
		return fmt.Errorf("%q is not a time of day: write 22:00-05:30, or any", v)
	}
	var n [4]int
	for i := range n {
		n[i], _ = strconv.Atoi(m[i+1])
	}
	*w = Window{n[0]*60 + n[1], n[2]*60 + n[3]}
	if w.from == w.to {
		return fmt.Errorf("%q is no time at all: write any for the whole day", v)
	}
	return nil
}

// Type names the flag's value in the help text.
func (w *Window) Type() string { return "window" }

// String prints the window as it is written.
func (w Window) String() string {
	if w.IsZero() {
		return "any"
	}
	return fmt.Sprintf("%02d:%02d-%02d:%02d", w.from/60, w.from%60, w.to/60, w.to%60)
}

// IsZero reports whether the window is the whole day.
func (w Window) IsZero() bool { return w == Window{} }

// UnmarshalText reads the form of the configuration file.
func (w *Window) UnmarshalText(b []byte) error { return w.Set(string(b)) }

// MarshalText writes the form of the configuration file.
func (w Window) MarshalText() ([]byte, error) { return []byte(w.String()), nil }

// JSONSchema describes the accepted forms.
func (Window) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Pattern: `^(any|[0-2]?[0-9]:[0-5][0-9]-[0-2]?[0-9]:[0-5][0-9])$`}
}

// Next returns when the window that holds t, or else the next one, opens and
// closes.
func (w Window) Next(t time.Time) (opens, closes time.Time) {
	at := func(day, minutes int) time.Time {
		return time.Date(t.Year(), t.Month(), t.Day()+day, minutes/60, minutes%60, 0, 0, t.Location())
	}
	for day := -1; ; day++ {
		opens, closes = at(day, w.from), at(day, w.to)
		if w.to < w.from {
			closes = at(day+1, w.to)
		}
		if closes.After(t) {
			return opens, closes
		}
	}
}

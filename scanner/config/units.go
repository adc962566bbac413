package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/invopop/jsonschema"
)

// Size is a number of bytes, written as 1048576, 20MiB or 20MB.
type Size int64

var units = []struct {
	suffix string
	factor int64
}{
	{"kib", 1 << 10}, {"mib", 1 << 20}, {"gib", 1 << 30}, {"tib", 1 << 40},
	{"kb", 1e3}, {"mb", 1e6}, {"gb", 1e9}, {"tb", 1e12},
	{"k", 1 << 10}, {"m", 1 << 20}, {"g", 1 << 30}, {"t", 1 << 40}, {"b", 1},
}

// ParseSize reads a size such as "20MiB", "1.5GB" or "4096".
func ParseSize(s string) (Size, error) {
	t := strings.ToLower(strings.ReplaceAll(strings.TrimSpace(s), " ", ""))
	t = strings.TrimSuffix(t, "/s")
	factor := int64(1)
	for _, u := range units {
		if rest, ok := strings.CutSuffix(t, u.suffix); ok {
			t, factor = rest, u.factor
			break
		}
	}
	v, err := strconv.ParseFloat(t, 64)
	if err != nil || v < 0 || v*float64(factor) > 1<<60 {
		return 0, fmt.Errorf("%q is not a size: write a number of bytes or a unit such as 20MiB", s)
	}
	return Size(v * float64(factor)), nil
}

// String prints the size in the largest binary unit that divides it.
func (s Size) String() string {
	for _, u := range []struct {
		name   string
		factor Size
	}{{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}} {
		if s >= u.factor && s%u.factor == 0 {
			return fmt.Sprintf("%d%s", s/u.factor, u.name)
		}
	}
	return strconv.FormatInt(int64(s), 10)
}

// Set makes Size a command-line flag.
func (s *Size) Set(v string) (err error) { *s, err = ParseSize(v); return err }

// Type names the flag's value in the help text.
func (s *Size) Type() string { return "size" }

// UnmarshalText reads the form of the configuration file.
func (s *Size) UnmarshalText(b []byte) error { return s.Set(string(b)) }

// MarshalText writes the form of the configuration file.
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// JSONSchema describes the accepted forms.
func (Size) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{OneOf: []*jsonschema.Schema{
		{Type: "integer", Minimum: "0"},
		{Type: "string", Pattern: `^[0-9]+(\.[0-9]+)? ?([KkMmGgTt]i?)?[Bb]?(/s)?$`},
	}}
}

// Duration is a span of time, written as 90s, 45m or 6h30m.
type Duration time.Duration

// Set makes Duration a command-line flag.
func (d *Duration) Set(v string) error {
	t, err := time.ParseDuration(v)
	if err != nil || t < 0 {
		return fmt.Errorf("%q is not a duration: write 90s, 45m or 6h30m", v)
	}
	*d = Duration(t)
	return nil
}

// Type names the flag's value in the help text.
func (d *Duration) Type() string { return "duration" }

// String prints the duration as Go does.
func (d Duration) String() string { return time.Duration(d).String() }

// UnmarshalText reads the form of the configuration file.
func (d *Duration) UnmarshalText(b []byte) error { return d.Set(string(b)) }

// MarshalText writes the form of the configuration file.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// JSONSchema describes the accepted forms.
func (Duration) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Pattern: `^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$`}
}

// Std returns the duration as package time's.
func (d Duration) Std() time.Duration { return time.Duration(d) }

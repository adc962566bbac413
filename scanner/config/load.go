package config

import (
	"cmp"
	"encoding"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Fault is one thing that is wrong with a configuration.
type Fault struct {
	// Line counts from 1; 0 is the file as a whole.
	Line int
	What string
	// Hint says what to do, empty where What says it all.
	Hint string
}

// Faults is all that is wrong with a configuration file.
type Faults struct {
	File string
	List []Fault
}

// Error prints one fault a line.
func (f *Faults) Error() string {
	var b strings.Builder
	for i, x := range f.List {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(f.Line(x))
	}
	return b.String()
}

// Line prints one fault with its place, without the hint.
func (f *Faults) Line(x Fault) string {
	if x.Line > 0 {
		return fmt.Sprintf("%s:%d: %s", f.File, x.Line, x.What)
	}
	return fmt.Sprintf("%s: %s", f.File, x.What)
}

// Load reads and validates a configuration file on top of Default. The error
// is a *Faults where the file could be read.
func Load(name string) (Config, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return Config{}, fmt.Errorf("read configuration: %w", err)
	}
	return Parse(name, b)
}

// Parse is Load for bytes in memory; name is for messages.
func Parse(name string, b []byte) (Config, error) {
	c := Default()
	faults := &Faults{File: name}
	var doc yaml.Node
	if err := yaml.Unmarshal(b, &doc); err != nil {
		faults.List = append(faults.List, yamlFault(err))
		return c, faults
	}
	if len(doc.Content) > 0 {
		d := decoder{faults: faults}
		d.value(doc.Content[0], reflect.ValueOf(&c).Elem(), "")
		c.check(d.lines, faults)
	}
	if len(faults.List) > 0 {
		slices.SortStableFunc(faults.List, func(a, b Fault) int { return cmp.Compare(a.Line, b.Line) })
		return c, faults
	}
	return c, nil
}

func yamlFault(err error) Fault {
	msg := strings.TrimPrefix(err.Error(), "yaml: ")
	var line int
	if n, _ := fmt.Sscanf(msg, "line %d:", &line); n == 1 {
		_, msg, _ = strings.Cut(msg, ": ")
	}
	return Fault{Line: line, What: "not valid YAML: " + msg, Hint: "indent with spaces, not tabs, and quote values that hold a colon"}
}

// decoder fills a struct from YAML nodes and collects every fault on the way.
type decoder struct {
	faults *Faults
	// lines keeps the line of each key's value by its path, "targets.0.url".
	lines map[string]int
}

func (d *decoder) fault(n *yaml.Node, hint, format string, args ...any) {
	d.faults.List = append(d.faults.List, Fault{Line: n.Line, What: fmt.Sprintf(format, args...), Hint: hint})
}

var textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()

func (d *decoder) value(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if d.lines == nil {
		d.lines = map[string]int{}
	}
	d.lines[path] = n.Line
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return
	}
	if v.Kind() == reflect.Pointer {
		p := reflect.New(v.Type().Elem())
		d.value(n, p.Elem(), path)
		v.Set(p)
		return
	}
	if v.CanAddr() && v.Addr().Type().Implements(textUnmarshaler) {
		d.text(n, v.Addr().Interface().(encoding.TextUnmarshaler), path)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.mapping(n, v, path)
	case reflect.Slice:
		d.list(n, v, path)
	case reflect.Map:
		d.dict(n, v, path)
	default:
		if n.Kind != yaml.ScalarNode || n.Decode(v.Addr().Interface()) != nil {
			d.fault(n, "", "%s must be %s", path, kindName(v.Kind()))
		}
	}
}

func (d *decoder) text(n *yaml.Node, u encoding.TextUnmarshaler, path string) {
	if n.Kind != yaml.ScalarNode {
		d.fault(n, "", "%s must be a single value", path)
		return
	}
	if err := u.UnmarshalText([]byte(n.Value)); err != nil {
		d.fault(n, "", "%s: %v", path, err)
	}
}

func (d *decoder) mapping(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.MappingNode {
		d.fault(n, "", "%s must be a mapping of keys", cmp.Or(path, "the configuration"))
		return
	}
	fields := map[string]int{}
	var known []string
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
		if name != "" && name != "-" {
			fields[name] = i
			known = append(known, name)
		}
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		at := join(path, k.Value)
		f, ok := fields[k.Value]
		switch {
		case !ok && strings.HasPrefix(k.Value, "x-"):
			// Extension keys hold the operator's own YAML anchors.
		case !ok:
			d.fault(k, suggestion(k.Value, known), "unknown key %q%s", k.Value, in(path))
		case seen[k.Value]:
			d.fault(k, "", "key %q is there twice%s", k.Value, in(path))
		default:
			d.value(n.Content[i+1], v.Field(f), at)
		}
		seen[k.Value] = true
	}
}

func (d *decoder) list(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.SequenceNode {
		d.fault(n, fmt.Sprintf("write it as a list: %s: [a, b]", path[strings.LastIndexByte(path, '.')+1:]), "%s must be a list", path)
		return
	}
	s := reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content))
	for i, c := range n.Content {
		d.value(c, s.Index(i), fmt.Sprintf("%s.%d", path, i))
	}
	v.Set(s)
}

func (d *decoder) dict(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.MappingNode {
		d.fault(n, "", "%s must be a mapping", path)
		return
	}
	m := reflect.MakeMap(v.Type())
	if !v.IsNil() {
		for _, k := range v.MapKeys() {
			m.SetMapIndex(k, v.MapIndex(k))
		}
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := reflect.ValueOf(n.Content[i].Value).Convert(v.Type().Key())
		e := reflect.New(v.Type().Elem()).Elem()
		if old := m.MapIndex(key); old.IsValid() {
			e.Set(old)
		}
		d.value(n.Content[i+1], e, join(path, n.Content[i].Value))
		m.SetMapIndex(key, e)
	}
	v.Set(m)
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func in(path string) string {
	if path == "" {
		return ""
	}
	return " in " + path
}

func kindName(k reflect.Kind) string {
	switch k {
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64, reflect.Uint32:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	}
	return "a text"
}

// Suggest returns the known word nearest to a misspelt one, or "" where none
// is near enough to be meant.
func Suggest(word string, known []string) string {
	best, bestD := "", len(word)/3+2
	for _, k := range known {
		if d := distance(strings.ToLower(word), k); d < bestD {
			best, bestD = k, d
		}
	}
	return best
}

func suggestion(word string, known []string) string {
	if s := Suggest(word, known); s != "" {
		return fmt.Sprintf("did you mean %q?", s)
	}
	k := slices.Clone(known)
	slices.Sort(k)
	return "known keys are " + strings.Join(k, ", ")
}

// distance is the edit distance of two words where a swap of neighbours
// counts once (optimal string alignment).
func distance(a, b string) int {
	prev2, prev, cur := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			c := 1
			if a[i-1] == b[j-1] {
				c = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+c)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], prev2[j-2]+1)
			}
		}
		prev2, prev, cur = prev, cur, prev2
	}
	return prev[len(b)]
}

// AsFaults returns the faults inside an error, or nil.
func AsFaults(err error) *Faults {
	var f *Faults
	if errors.As(err, &f) {
		return f
	}
	return nil
}

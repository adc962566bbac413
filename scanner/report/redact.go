package report

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"slices"
	"strings"

	"aktvakt/scanner/finding"
)

// Redact returns a sink that takes the names of folders and files out before
// the next one sees them, for a report that is shown outside the organisation.
// A folder's name becomes a token that is the same all over the report, so
// that what lies together still does; the target, the depth and the ending of
// a file stay. key makes the tokens; with a key that is thrown away, nobody
// can test whether a token stands for a name.
//
// Commands, error messages and places inside a document go, since they hold
// names too. Groups and accounts stay: they are what a report is about.
func Redact(next Sink, key []byte) Sink { return &redactor{Sink: next, key: slices.Clone(key)} }

type redactor struct {
	Sink
	key []byte
}

func (r *redactor) Finding(f finding.Finding) error {
	t := f.Target
	f.Path = r.path(t, f.Path)
	f.Via = r.via(t, f.Via)
	f.Cure = r.cure(t, f.Cure)
	f.Owner, f.MovedFrom = "", r.path(t, f.MovedFrom)
	f.Duplicates = r.paths(t, f.Duplicates)
	f.Notes = nil
	f.Accepted = nil
	f.Evidence = slices.Clone(f.Evidence)
	for i := range f.Evidence {
		if !strings.HasPrefix(f.Evidence[i].Place, "page ") || strings.ContainsAny(f.Evidence[i].Place, ",./") {
			f.Evidence[i].Place = ""
		}
	}
	return r.Sink.Finding(f)
}

func (r *redactor) Incident(i finding.Incident) error {
	root := r.path(i.Target, i.Root)
	i.Title = strings.ReplaceAll(i.Title, base(i.Root), base(root))
	i.Root = root
	i.Duplicates = r.paths(i.Target, i.Duplicates)
	i.Via = r.via(i.Target, i.Via)
	i.Cure = r.cure(i.Target, i.Cure)
	return r.Sink.Incident(i)
}

func (r *redactor) Skip(k finding.Skip) error {
	k.Path, k.Error = r.path(k.Target, k.Path), ""
	return r.Sink.Skip(k)
}

// Close takes the names out of the summary.
func (r *redactor) Close(s finding.Summary) error {
	s.Gone = slices.Clone(s.Gone)
	for i := range s.Gone {
		g := &s.Gone[i]
		g.Path, g.To = r.path(g.Target, g.Path), r.path(g.Target, g.To)
	}
	return r.Sink.Close(s)
}

func (r *redactor) paths(target string, ps []string) []string {
	ps = slices.Clone(ps)
	for i := range ps {
		ps[i] = r.path(target, ps[i])
	}
	return ps
}

func (r *redactor) via(target string, vs []finding.Via) []finding.Via {
	vs = slices.Clone(vs)
	for i := range vs {
		vs[i].InheritedFrom = r.path(target, vs[i].InheritedFrom)
	}
	return vs
}

func (r *redactor) cure(target string, c *finding.Cure) *finding.Cure {
	if c == nil {
		return nil
	}
	d := *c
	d.At, d.To, d.Command = r.path(target, d.At), r.path(target, d.To), ""
	return &d
}

// path replaces what comes after the target; all of it where the path does not
// lie there.
func (r *redactor) path(target, path string) string {
	if path == "" || path == target {
		return path
	}
	rest, ok := strings.CutPrefix(path, strings.TrimSuffix(target, "/")+"/")
	if !ok {
		return r.token(path)
	}
	parts := strings.Split(rest, "/")
	for i, p := range parts {
		parts[i] = r.token(p)
		if i == len(parts)-1 {
			parts[i] += ending(p)
		}
	}
	return strings.TrimSuffix(target, "/") + "/" + strings.Join(parts, "/")
}

func (r *redactor) token(name string) string {
	m := hmac.New(sha256.New, r.key)
	m.Write([]byte(name))
	return strings.ToLower(base32.StdEncoding.EncodeToString(m.Sum(nil)[:5]))
}

// ending is a file's extension where it looks like one: a dot and up to five
// letters or digits. "Anna.Andersson" has none.
func ending(name string) string {
	i := strings.LastIndexByte(name, '.')
	if i <= 0 || len(name)-i > 6 || len(name)-i < 3 {
		return ""
	}
	for _, c := range name[i+1:] {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9') {
			return ""
		}
	}
	return strings.ToLower(name[i:])
}

func base(path string) string {
	path = strings.TrimSuffix(path, "/")
	return path[strings.LastIndexByte(path, '/')+1:]
}

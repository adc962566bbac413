package scanner

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"io"
	"maps"
	"slices"

	"aktvakt/detectors"
	"aktvakt/scanner/access"
	"aktvakt/scanner/extract"
	"aktvakt/scanner/finding"
	"aktvakt/scanner/judge"
	"aktvakt/scanner/source"
)

// judged is a document at the end of the pipeline.
type judged struct {
	bytes   int64
	partial bool
	// found is the judgement, ordinary documents' included; reported tells
	// whether it is a finding.
	found    finding.Finding
	reported bool
}

// prefetch is the size in bytes up to which a file is read whole before a
// worker takes it on, so that the network is never waited for while a core
// could work. Nine tenths of the documents on office shares are smaller.
const prefetch = 1 << 20

// file takes one file through the pipeline.
func (r *runner) file(ctx context.Context, j job) {
	doc, size, err := r.read(ctx, j)
	if err != nil {
		stage, reason := finding.StageOpen, reasonOf(err)
		if ctx.Err() != nil {
			reason, err = finding.Stopped, nil
		}
		r.skip(j, stage, reason, err)
		return
	}
	if s := doc.Skip; s != nil && len(doc.Text) == 0 {
		if ctx.Err() != nil {
			r.skip(j, finding.StageExtract, finding.Stopped, nil)
			return
		}
		x := j.t.skipOf(j.entry, s.Stage, s.Reason, nil)
		x.Error = j.t.mask(s.Error)
		j.t.count.Skipped.Add(1)
		r.results <- result{skip: &x}
		return
	}
	res := result{doc: r.judge(ctx, j, doc, size)}
	j.t.count.Scanned.Add(1)
	if doc.Skip != nil {
		x := j.t.skipOf(j.entry, doc.Skip.Stage, doc.Skip.Reason, nil)
		x.Error, x.Partial = j.t.mask(doc.Skip.Error), true
		res.skip = &x
	}
	r.results <- res
}

// skip reports a file that was not read.
func (r *runner) skip(j job, stage finding.Stage, reason finding.Reason, err error) {
	x := j.t.skipOf(j.entry, stage, reason, err)
	j.t.count.Skipped.Add(1)
	r.results <- result{skip: &x}
}

// skipOf is the skip of an entry of the target.
func (t *target) skipOf(e source.Entry, stage finding.Stage, reason finding.Reason, err error) finding.Skip {
	s := finding.Skip{
		Path: t.mask(source.Join(t.name(), e.Path)), Target: t.name(), Stage: stage, Reason: reason,
		Dir: e.Kind == source.Dir, Size: e.Size,
	}
	if err != nil {
		s.Error = t.plain(err)
	}
	return s
}

// read fetches a file and extracts its text.
func (r *runner) read(ctx context.Context, j job) (doc extract.Document, size int64, err error) {
	if r.MaxFileSize > 0 && j.entry.Size > r.MaxFileSize {
		return doc, 0, extract.ErrTooLarge
	}
	f, err := j.t.src.Open(ctx, j.entry)
	if err != nil {
		return doc, 0, err
	}
	defer f.Close()
	in := extract.File(f)
	size = f.Size()
	if size <= prefetch {
		b := make([]byte, size)
		n, err := f.ReadAt(b, 0)
		if err != nil && err != io.EOF {
			return doc, 0, err
		}
		in = extract.Bytes(b[:n])
	}
	if !r.once(ctx, func() { doc, err = r.Extractor.Extract(ctx, j.entry.Path, in, r.Limits) }) {
		err = context.Cause(ctx)
	}
	return doc, size, err
}

// judge grades a text and holds it against its audience.
func (r *runner) judge(ctx context.Context, j job, doc extract.Document, size int64) *judged {
	var content detectors.Result
	text := detectors.Text{Body: doc.Text, Name: j.entry.Path, Date: j.entry.Modified}
	r.once(context.WithoutCancel(ctx), func() { content = r.Inspector.Inspect(text) })
	raw := source.Join(j.t.name(), j.entry.Path)
	ev := judge.Evidence{
		ID: r.id(raw), Target: j.t.name(), Path: j.t.mask(raw),
		Size: j.entry.Size, Modified: j.entry.Modified, Created: j.entry.Created,
		MediaType: doc.MediaType, Partial: doc.Skip != nil, Content: content,
		Places: r.evidence(doc, content), PersonKeys: r.people(content),
	}
	desc, rules := r.audience(ctx, j, &ev)
	d := &judged{bytes: size, partial: ev.Partial}
	d.found, d.reported = r.Judge.Judge(ev)
	if d.reported && rules {
		d.found.Via = access.Origins(ev.Audience, desc, j.t.masked(j.in.chain(ctx, j.t.src)))
	}
	return d
}

// masked hides the identity numbers in the names of folders.
func (t *target) masked(fs []access.Folder) []access.Folder {
	for i := range fs {
		fs[i].Name = t.mask(fs[i].Name)
	}
	return fs
}

// audience works out who can read the entry. ok is false when its rules could
// not be read or understood: the verdict is then unknown.
func (r *runner) audience(ctx context.Context, j job, ev *judge.Evidence) (d access.Descriptor, ok bool) {
	switch {
	case j.t.acl == nil:
		ev.AudienceErr = "this kind of target tells no access rules"
		return d, false
	case j.t.resolver == nil:
		ev.AudienceErr = "accounts and groups of the target could not be read"
		return d, false
	}
	d, err := j.t.acl.ACL(ctx, j.entry)
	if err != nil {
		ev.AudienceErr = "the access rules could not be read: " + j.t.plain(err)
		return d, false
	}
	ev.Audience = j.t.resolver.Audience(d)
	return d, true
}

// id is a name for a finding that is the same in every run and, being keyed,
// tells nothing of a path that may hold a number.
func (r *runner) id(path string) string {
	m := hmac.New(sha256.New, r.Key)
	m.Write([]byte("finding\x00" + path))
	return "F-" + base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(m.Sum(nil)[:10])
}

// Confidence from which a match is reported and stands for a person.
const reported = 0.8

// people returns the distinct persons whose numbers the document holds.
func (r *runner) people(c detectors.Result) []finding.PersonKey {
	seen := map[[16]byte]bool{}
	var out []finding.PersonKey
	for _, m := range c.Matches {
		if m.Confidence < reported || m.Value.IsZero() || (m.TestNumber && !r.CountTestNumbers) {
			continue
		}
		k := m.Value.Key(r.Key)
		if !seen[k] {
			seen[k] = true
			out = append(out, finding.PersonKey{Key: k, Minor: m.Minor})
		}
	}
	return out
}

// maxEvidence is how many pieces of evidence a finding shows; the counts of
// people say how many there are in all.
const maxEvidence = 24

// evidence lists what was found and where, masked.
func (r *runner) evidence(doc extract.Document, c detectors.Result) []finding.Evidence {
	type key struct{ detector, masked, place string }
	counts := map[key]int{}
	var order []key
	add := func(k key) {
		if counts[k] == 0 {
			order = append(order, k)
		}
		counts[k]++
	}
	for _, m := range c.Matches {
		if m.Confidence >= reported {
			add(key{m.Detector, m.Masked, doc.At(m.Start).String()})
		}
	}
	for _, m := range strongest(c.Markers) {
		add(key{"marker", m.Term, doc.At(m.Start).String()})
	}
	if len(order) > maxEvidence {
		order = order[:maxEvidence]
	}
	out := make([]finding.Evidence, len(order))
	for i, k := range order {
		out[i] = finding.Evidence{Detector: k.detector, Masked: k.masked, Place: k.place, Count: counts[k]}
	}
	return out
}

// strongest returns the first hit of each of the document's dozen strongest
// markers.
func strongest(ms []detectors.Marker) []detectors.Marker {
	rank := map[string]int{"strong": 2, "medium": 1}
	first := map[string]detectors.Marker{}
	for _, m := range ms {
		if _, ok := first[m.ID]; !ok && rank[m.Strength] > 0 && m.Category != "counter" {
			first[m.ID] = m
		}
	}
	out := slices.Collect(maps.Values(first))
	slices.SortFunc(out, func(a, b detectors.Marker) int {
		return cmp.Or(cmp.Compare(rank[b.Strength], rank[a.Strength]), cmp.Compare(a.Start, b.Start), cmp.Compare(a.ID, b.ID))
	})
	return out[:min(len(out), 12)]
}

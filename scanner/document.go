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
	"sync"

	"aktvakt/detectors"
	"aktvakt/scanner/access"
	"aktvakt/scanner/extract"
	"aktvakt/scanner/finding"
	"aktvakt/scanner/judge"
	"aktvakt/scanner/source"
)

// judged is a document at the end of the pipeline.
type judged struct {
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

// file takes one file through the pipeline. What is remembered of an unchanged
// file is judged again; any other is read.
func (r *runner) file(ctx context.Context, j job) result {
	if j.same && !r.Full && !j.looked() {
		if m, ok := recall(j.known.Data); ok {
			if x := r.rulesAgain(ctx, j, m); r.fresh(j, x) {
				if res, ok := r.again(ctx, j, m, x); ok {
					return res
				}
			}
		}
	}
	return r.first(ctx, j)
}

// first reads a file and judges it. Its access rules are asked for after that:
// some sources get them when they open it.
func (r *runner) first(ctx context.Context, j job) result {
	defer r.Count.begin(j)()
	if j.t.probing != nil {
		j.sum = new(sum)
	}
	doc, size, err := r.read(ctx, j)
	if ctx.Err() != nil && (err != nil || doc.Skip != nil) {
		return r.unread(ctx, j, finding.StageOpen, finding.Stopped, nil)
	}
	if err != nil {
		return r.unread(ctx, j, finding.StageOpen, reasonOf(err), err)
	}
	rules := r.rules(ctx, j)
	var skip *finding.Skip
	if doc.Skip != nil {
		x := j.t.skipOf(j.entry, doc.Skip.Stage, doc.Skip.Reason, nil)
		x.Error = j.t.mask(doc.Skip.Error)
		skip = &x
	}
	if skip != nil && len(doc.Text) == 0 {
		r.remember(j, rules, remembered{Skip: &remSkip{skip.Stage, skip.Reason, skip.Error}})
		j.t.count.Skipped.Add(1)
		return result{skip: skip}
	}
	ev := r.evidenceOf(ctx, j, doc)
	ev.RulesSince = clock(r.remember(j, rules, remember(ev, skip)).RulesSince)
	rules = r.looked(ctx, j, rules, doc, ev)
	j.t.count.Scanned.Add(1)
	if skip != nil {
		skip.Partial = true
	}
	return result{skip: skip, doc: r.judge(ctx, j, ev, rules), bytes: size}
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
	w := &watched{File: f}
	in := extract.File(w)
	size = f.Size()
	if size <= prefetch {
		b := make([]byte, size)
		n, err := f.ReadAt(b, 0)
		if err != nil && err != io.EOF {
			return doc, 0, err
		}
		in = extract.Bytes(b[:n])
		j.sum.of(b[:n])
	}
	if !r.once(ctx, func() { doc, err = r.Extractor.Extract(ctx, j.entry.Path, in, r.Limits) }) {
		err = context.Cause(ctx)
	}
	if err == nil && doc.Skip != nil {
		// What the source could not give says nothing of the document.
		err = w.fault()
	}
	return doc, size, err
}

// watched is a file that remembers the first error of its source.
type watched struct {
	source.File
	mu  sync.Mutex
	err error
}

func (w *watched) ReadAt(p []byte, off int64) (int, error) {
	n, err := w.File.ReadAt(p, off)
	if err != nil && err != io.EOF {
		w.mu.Lock()
		w.err = cmp.Or(w.err, err)
		w.mu.Unlock()
	}
	return n, err
}

func (w *watched) fault() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// leastText is the length in bytes from which a text counts as the same as
// another: shorter ones are alike by chance.
const leastText = 200

// evidenceOf finds what a text contains.
func (r *runner) evidenceOf(ctx context.Context, j job, doc extract.Document) judge.Evidence {
	var content detectors.Result
	text := detectors.Text{Body: doc.Text, Name: j.entry.Path, Date: j.entry.Modified}
	r.once(context.WithoutCancel(ctx), func() { content = r.Inspector.Inspect(text) })
	ev := judge.Evidence{
		MediaType: doc.MediaType, Partial: doc.Skip != nil, Content: content,
		Places: r.evidence(doc, content), PersonKeys: r.people(content),
	}
	if r.Memory != nil && len(doc.Text) >= leastText {
		ev.Print = r.Memory.Print(doc.Text)
	}
	return ev
}

// judge holds the evidence on a document against its audience.
func (r *runner) judge(ctx context.Context, j job, ev judge.Evidence, rules rules) *judged {
	raw := source.Join(j.t.name(), j.entry.Path)
	ev.ID, ev.Target, ev.Path = r.id(raw), j.t.name(), j.t.mask(raw)
	if l := j.entry.Library; l != "" {
		ev.Library = j.t.mask(source.Join(j.t.name(), l))
	}
	ev.Size, ev.Modified, ev.Created = j.entry.Size, j.entry.Modified, j.entry.Created
	ev.Audience, ev.AudienceErr = rules.audience, rules.why
	d := &judged{partial: ev.Partial}
	d.found, d.reported = r.Judge.Judge(ev)
	if d.reported && rules.audience != nil && rules.desc.Kind != access.None {
		d.found.Via = access.Origins(ev.Audience, rules.desc, j.t.masked(j.in.chain(ctx, j.t.src)))
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

// rules are the access rules of an entry and who can read by them.
type rules struct {
	desc access.Descriptor
	// audience is nil where it is not known; why says why.
	audience *access.Audience
	why      string
	// err is the error with which the rules could not be read.
	err error
}

// rules works out who can read the entry.
func (r *runner) rules(ctx context.Context, j job) (x rules) {
	switch {
	case j.t.acl == nil:
		x.why = "this kind of target tells no access rules"
		return x
	case j.t.resolver == nil:
		x.why = "accounts and groups of the target could not be read"
		return x
	}
	if x.desc, x.err = j.t.acl.ACL(ctx, j.entry); x.err != nil {
		x.why = "the access rules could not be read: " + j.t.plain(x.err)
		return x
	}
	x.audience = j.t.resolver.Audience(x.desc)
	return x
}

// id is a name for a finding that is the same in every run and, being keyed,
// tells nothing of a path that may hold a number.
func (r *runner) id(path string) string {
	m := hmac.New(sha256.New, r.Key)
	m.Write([]byte("finding\x00" + path))
	return r.known.name("F-" + base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(m.Sum(nil)[:10]))
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

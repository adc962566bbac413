package scanner

import (
	"context"
	"errors"

	"aktvakt/scanner/access"
	"aktvakt/scanner/source"
)

// ErrNoViews means that a source cannot be looked at as others.
var ErrNoViews = errors.New("no probe account is configured for this portal, and it tells no access rules")

// LookAt finds out who can read one document of a portal by looking at it as
// each of its views. opt needs Extractor, Inspector and Key.
func LookAt(ctx context.Context, opt Options, t Target, e source.Entry) (*access.Audience, error) {
	p := newProbing(t.Source, t.Access)
	if p == nil || len(p.views) == 0 {
		return nil, ErrNoViews
	}
	r := &runner{Options: opt, cpu: make(chan struct{}, 1)}
	j := job{t: &target{Target: t, src: t.Source, mask: opt.Inspector.MaskName}, entry: e, sum: new(sum)}
	doc, _, err := r.read(ctx, j)
	if err != nil {
		return nil, err
	}
	_, notes := p.describe(ctx)
	a, why := r.look(ctx, j, p, doc, r.evidenceOf(ctx, j, doc).Content)
	if a == nil {
		a = &access.Audience{PeopleMax: p.staff, Staff: p.staff, NoBound: p.staff == 0, Notes: []string{why}}
	}
	a.Notes = append(notes, a.Notes...)
	return a, nil
}

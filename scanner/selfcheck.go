package scanner

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"aktvakt/scanner/access"
	"aktvakt/scanner/source"
)

// Check is how often the prediction of who can read came true for one
// ordinary account.
type Check struct {
	// Account is whom the files were opened as.
	Account string `json:"account"`
	// Files were tried; Agreed of them turned out as predicted.
	Files  int `json:"files"`
	Agreed int `json:"agreed"`
	// Undecided had rules that left the account open, so that neither outcome
	// is a disagreement.
	Undecided int `json:"undecided"`
	// TooMany names files that the account was said to read and could not:
	// harmless, such as "valid users" in smb.conf. TooFew names those that it
	// read against the prediction; there the tool is wrong.
	TooMany []string `json:"too_many,omitempty"`
	TooFew  []string `json:"too_few,omitempty"`
	// Failed could not be tried.
	Failed int `json:"failed"`
}

// Bounds of a check: opens cost a file server little, and distinct rules are
// what there is to check.
const (
	checkFiles   = 300
	checkPerRule = 3
)

// SelfCheck opens a sample of the files below the root of a source as an
// ordinary account and compares with what the resolver says. Files are drawn
// so that as many distinct rules as possible are tried, from at most limit
// entries. probe is the same place, logged on to as the account; its Probe
// reads nothing.
func SelfCheck(ctx context.Context, s source.Source, r *access.Resolver, probe source.Prober, account string, limit int) (Check, error) {
	c := Check{Account: account}
	acl, ok := source.As[source.ACLReader](s)
	if !ok {
		return c, errors.New("this kind of target tells no access rules")
	}
	if _, ok := r.Predict(access.Descriptor{}, account); !ok {
		return c, fmt.Errorf("the account %s is in no directory that was read, so nothing is predicted about it", account)
	}
	root, err := s.Root(ctx)
	if err != nil {
		return c, err
	}
	sample := draw{of: map[access.Descriptor]*drawn{}}
	offer := func(e source.Entry) error {
		if e.Kind != source.Regular || e.Offline {
			return nil
		}
		if d, err := acl.ACL(ctx, e); err == nil {
			sample.offer(d, e)
		}
		return nil
	}
	if err := offer(root); err != nil {
		return c, err
	}
	if _, err := below(ctx, s, root, limit, func(_ *folder, e source.Entry) error { return offer(e) }); err != nil {
		return c, err
	}
	for _, d := range sample.order {
		want, _ := r.Predict(d, account)
		for _, e := range sample.of[d].entries {
			if err := c.try(ctx, probe, e, source.Join(s.Name(), e.Path), want); err != nil {
				return c, err
			}
		}
	}
	return c, nil
}

// try opens one file.
func (c *Check) try(ctx context.Context, probe source.Prober, e source.Entry, name string, want access.Prediction) error {
	opens, err := probe.Probe(ctx, e)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, source.ErrLogon), errors.Is(err, source.ErrUnreachable), errors.Is(err, source.ErrNoShare):
		return fmt.Errorf("as %s: %w", c.Account, err)
	case err != nil:
		c.Failed++
		return nil
	}
	c.Files++
	switch {
	case want == access.Undecided:
		c.Undecided++
	case opens == (want == access.CanRead):
		c.Agreed++
	case opens:
		c.TooFew = append(c.TooFew, name)
	default:
		c.TooMany = append(c.TooMany, name)
	}
	return nil
}

// draw keeps a few entries of each distinct descriptor, drawn evenly.
type draw struct {
	of    map[access.Descriptor]*drawn
	order []access.Descriptor
}

type drawn struct {
	entries []source.Entry
	seen    int
}

func (w *draw) offer(d access.Descriptor, e source.Entry) {
	g := w.of[d]
	if g == nil {
		if len(w.order) >= checkFiles/checkPerRule {
			return
		}
		g = &drawn{}
		w.of[d] = g
		w.order = append(w.order, d)
	}
	g.seen++
	if len(g.entries) < checkPerRule {
		g.entries = append(g.entries, e)
	} else if i := rand.IntN(g.seen); i < checkPerRule {
		g.entries[i] = e
	}
}

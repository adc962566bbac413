package smb

import (
	"context"
	"unique"

	"aktvakt/scanner/access"
	"aktvakt/scanner/source"
	"aktvakt/scanner/source/smb/internal/wire"
)

// rules is the security descriptor of an entry or why it cannot be read. A
// million files have some 500 descriptors, so each is kept once.
type rules struct {
	sd  unique.Handle[string]
	err error
}

func newRules(r wire.Rules) *rules {
	if r.Err != nil {
		return &rules{err: explain(r.Err)}
	}
	return &rules{sd: unique.Make(string(r.SD))}
}

// ACL returns the security descriptor of an entry. The server is asked for it
// at most once: it is there already when the entry was opened before, or with
// Config.RulesWithListing. Who asks for those of most files gets them in batches:
// those of the files that were listed next come along.
func (s *Source) ACL(ctx context.Context, e source.Entry) (access.Descriptor, error) {
	y, _ := e.Sys.(*sys)
	r := y.known()
	if y != nil && y.page != nil {
		if !y.asked.Swap(true) {
			s.wanted.count(y.page.pass(int(y.index)))
		}
		if r == nil {
			if err := s.readAhead(ctx, y); err != nil {
				return access.Descriptor{}, s.pathError("read access rules", e, err)
			}
			r = y.known()
		}
	}
	if r == nil {
		name, err := s.wirePath(e.Path)
		if err != nil {
			return access.Descriptor{}, s.pathError("read access rules", e, err)
		}
		rs, err := s.fetchRules(ctx, [][]byte{name})
		if err != nil {
			return access.Descriptor{}, s.pathError("read access rules", e, err)
		}
		r = rs[0]
		y.learn(r)
	}
	if r.err != nil {
		return access.Descriptor{}, s.pathError("read access rules", e, r.err)
	}
	return access.Descriptor{Kind: access.NT, Raw: r.sd.Value()}, nil
}

// fetchRules asks for the descriptors of entries in one round trip. Entries'
// own errors are in the answers.
func (s *Source) fetchRules(ctx context.Context, names [][]byte) ([]*rules, error) {
	out := make([]*rules, len(names))
	w := work{batched, len(names)}
	if len(names) == 1 {
		w.kind = single
	}
	err := s.do(ctx, w, func(l *link) error {
		rs, err := l.tree.Security(names, s.options)
		if err != nil {
			return err
		}
		for i, r := range rs {
			if !isAnswer(r) {
				return r.Err
			}
			out[i] = newRules(r)
		}
		return nil
	})
	return out, err
}

// isAnswer tells the server's word on an entry from that of a busy server or
// an expired session.
func isAnswer(r wire.Rules) bool {
	_, malformed := r.Err.(wire.Malformed)
	return malformed || r.Err == wire.InvalidParameter || outcomeOf(r.Err) == answered
}

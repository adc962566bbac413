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
	set bool
}

// ACL returns the security descriptor of an entry. It came with the listing;
// only for an entry from elsewhere is the server asked.
func (s *Source) ACL(ctx context.Context, e source.Entry) (access.Descriptor, error) {
	var r rules
	if y, ok := e.Sys.(*sys); ok {
		r = y.rules
	}
	if !r.set {
		name, err := s.wirePath(e.Path)
		if err != nil {
			return access.Descriptor{}, s.pathError("read access rules", e, err)
		}
		rs, err := s.fetchRules(ctx, [][]byte{name})
		if err != nil {
			return access.Descriptor{}, s.pathError("read access rules", e, err)
		}
		r = rs[0]
	}
	if r.err != nil {
		return access.Descriptor{}, s.pathError("read access rules", e, r.err)
	}
	return access.Descriptor{Kind: access.NT, Raw: r.sd.Value()}, nil
}

// fetchRules asks for the descriptors of entries in one round trip. Entries'
// own errors are in the answers.
func (s *Source) fetchRules(ctx context.Context, names [][]byte) ([]rules, error) {
	out := make([]rules, len(names))
	err := s.do(ctx, func(l *link) error {
		rs, err := l.tree.Security(names, s.options)
		if err != nil {
			return err
		}
		for i, r := range rs {
			// A busy server or an expired session is no answer.
			if outcomeOf(r.Err) != answered {
				if _, malformed := r.Err.(wire.Malformed); !malformed && r.Err != wire.InvalidParameter {
					return r.Err
				}
			}
			out[i] = rules{set: true, err: explain(r.Err)}
			if r.Err == nil {
				out[i].sd = unique.Make(string(r.SD))
			}
		}
		return nil
	})
	return out, err
}

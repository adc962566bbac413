package smb

import (
	"context"
	"strings"

	"aktvakt/scanner/access"
	"aktvakt/scanner/source/smb/internal/wire"
)

// Above returns the folders of the share above the target, the share itself
// first, with their security descriptors. It implements source.Insider.
func (s *Source) Above(ctx context.Context) ([]access.Folder, error) {
	if s.cfg.Path == "" {
		return nil, nil
	}
	share := strings.TrimSuffix(s.name, "/"+s.cfg.Path)
	var names [][]byte
	var out []access.Folder
	for end := 0; end >= 0; {
		above := s.cfg.Path[:end]
		b, err := wire.EncodePath(above)
		if err != nil {
			return nil, err
		}
		names = append(names, b)
		out = append(out, access.Folder{Name: strings.TrimSuffix(share+"/"+above, "/")})
		from := end
		if from > 0 {
			from++
		}
		next := strings.IndexByte(s.cfg.Path[from:], '/')
		if next < 0 {
			break
		}
		end = from + next
	}
	rs, err := s.fetchRules(ctx, names)
	if err != nil {
		return nil, err
	}
	for i, r := range rs {
		if r.err == nil {
			out[i].Descriptor = access.Descriptor{Kind: access.NT, Raw: r.sd.Value()}
		}
	}
	return out, nil
}

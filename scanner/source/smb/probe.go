package smb

import (
	"context"
	"errors"
	"io/fs"

	"aktvakt/scanner/source"
	"aktvakt/scanner/source/smb/internal/wire"
)

var _ source.Prober = (*Source)(nil)

// Probe tells whether the account may read the content of a file: it asks for
// FILE_READ_DATA (0x1) and nothing else, and closes at once. Nothing is read.
func (s *Source) Probe(ctx context.Context, e source.Entry) (bool, error) {
	if e.Offline {
		return false, s.pathError("open", e, source.ErrOffline)
	}
	name, err := s.wirePath(e.Path)
	if err != nil {
		return false, s.pathError("open", e, err)
	}
	err = s.do(ctx, work{single, 1}, func(l *link) error {
		id, _, err := l.tree.Open(name, wire.ReadData, s.options|fileOptions)
		if err != nil {
			return err
		}
		return l.tree.Close(id)
	})
	switch {
	case errors.Is(err, fs.ErrPermission) && !errors.Is(err, source.ErrLogon):
		return false, nil // by the file, or by the share as a whole
	case err != nil:
		return false, s.pathError("open", e, err)
	}
	return true, nil
}

// With returns a source of the same place with another configuration, such as
// another account. It shares the limiter, and no connection.
func (s *Source) With(change func(*Config)) *Source {
	c := s.cfg
	change(&c)
	return New(c)
}

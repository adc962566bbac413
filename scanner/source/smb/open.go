package smb

import (
	"context"
	"errors"
	"io/fs"

	"aktvakt/scanner/source"
	"aktvakt/scanner/source/smb/internal/wire"
)

const (
	// smallFile is the most that a file may hold to be opened, read and closed
	// in one round trip: what the scanner reads whole anyway. Servers whose
	// answers hold less set a lower bound.
	smallFile = 1 << 20
	// tinyFile is the size up to which reading takes no longer than opening.
	tinyFile = 128 << 10
)

// Open opens a file for reading. Others may write, rename and delete it
// meanwhile. ctx holds for the reads of the file too. A small file is read at
// once and not held open.
func (s *Source) Open(ctx context.Context, e source.Entry) (source.File, error) {
	f, err := s.open(ctx, e)
	if err != nil {
		return nil, s.pathError("open", e, err)
	}
	return f, nil
}

func (s *Source) open(ctx context.Context, e source.Entry) (source.File, error) {
	switch {
	case e.Offline:
		return nil, source.ErrOffline
	case e.Kind == source.Dir:
		return nil, errFolder
	case e.Kind != source.Regular:
		return nil, errNotFile
	}
	name, err := s.wirePath(e.Path)
	if err != nil {
		return nil, err
	}
	// Only what a listing told to be online is read blindly.
	y, listed := e.Sys.(*sys)
	if listed && e.Size <= s.small.Load() {
		f, err := s.openSmall(ctx, name, e, y)
		if f != nil || err != nil {
			return f, err
		}
	}
	f := &file{s: s, ctx: ctx, entry: e, name: name}
	if err := f.open(); err != nil {
		return nil, err
	}
	return f, nil
}

const fileOptions = wire.NonDirectoryFile | wire.OpenNoRecall

// openSmall reads a whole file in one round trip. nil means that it has grown
// beyond a small one.
func (s *Source) openSmall(ctx context.Context, name []byte, e source.Entry, y *sys) (source.File, error) {
	if err := s.limiter.wait(ctx, int(e.Size)); err != nil {
		return nil, err
	}
	var info wire.Info
	var content []byte
	w := work{single, 1}
	if e.Size > tinyFile {
		w.kind = data
	}
	err := s.withRules(ctx, w, y, func(l *link, access uint32) (r wire.Rules, err error) {
		info, content, r, err = l.tree.ReadWhole(name, access, s.options|fileOptions, max(int(e.Size), 1))
		return r, err
	})
	if err != nil {
		return nil, err
	}
	if int64(len(content)) < info.Size {
		return nil, nil
	}
	content = content[:info.Size]
	if len(content) < tinyFile {
		// The answer's buffer also holds what came with it; keep no more.
		content = append([]byte(nil), content...)
	}
	return &memory{ctx: ctx, entry: e, s: s, data: content}, nil
}

// withRules opens a file, asking for its descriptor too when that is not
// known. An account that may read the file but not its rules gets the file.
func (s *Source) withRules(ctx context.Context, w work, y *sys, open func(l *link, access uint32) (wire.Rules, error)) error {
	if y != nil && y.known() == nil {
		err := s.do(ctx, w, func(l *link) error {
			r, err := open(l, wire.ReadData|wire.ReadControl)
			if err == nil && isAnswer(r) {
				y.learn(newRules(r))
			}
			return err
		})
		if !errors.Is(err, fs.ErrPermission) {
			return err
		}
	}
	err := s.do(ctx, w, func(l *link) error {
		_, err := open(l, wire.ReadData)
		return err
	})
	if err == nil && y.known() == nil {
		y.learn(newRules(wire.Rules{Err: wire.AccessDenied}))
	}
	return err
}

// Package local reads folders of this machine, among them shares that are
// mounted.
//
// It never follows a symbolic link below the target, never opens anything but
// regular files and folders, and leaves access times alone where the kernel
// lets it (O_NOATIME: for the owner of a file and for root). It works on
// Linux.
//
// Start reading at New. acl.go and xattr.go have the access rules.
package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"aktvakt/scanner/access"
	"aktvakt/scanner/source"
)

// Source is a folder, or a single file, and what lies below it.
type Source struct {
	path string
	dir  *access.Directory

	mu       sync.Mutex
	top      int // O_PATH descriptor of the target, -1 when not open
	single   bool
	closed   bool
	dialects map[uint64]dialect // by device number
}

var (
	_ source.Source    = (*Source)(nil)
	_ source.ACLReader = (*Source)(nil)
)

// New returns the source of a path of this machine.
func New(path string) *Source {
	return &Source{path: filepath.Clean(path), top: -1}
}

// WithDirectory says who the accounts and groups are that rules of Windows name
// here: in a mounted share, or a folder that Samba serves. It returns s.
func (s *Source) WithDirectory(d *access.Directory) *Source {
	s.dir = d
	return s
}

// Name returns the path.
func (s *Source) Name() string { return s.path }

// Close releases the target. Files that are open stay so.
func (s *Source) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.top >= 0 {
		unix.Close(s.top)
		s.top = -1
	}
	return nil
}

// Root returns the entry of the target. A symbolic link that the user names
// is followed.
func (s *Source) Root(ctx context.Context) (source.Entry, error) {
	if err := ctx.Err(); err != nil {
		return source.Entry{}, context.Cause(ctx)
	}
	top, err := s.open()
	if err != nil {
		return source.Entry{}, s.pathError("open", "", err)
	}
	e, y, err := describe(top, self, unix.AT_EMPTY_PATH)
	if err != nil {
		return source.Entry{}, s.pathError("open", "", err)
	}
	d, at := s.dialectOf(e.Volume, fstatfs(top)), opened(procPath(top))
	y.readRules(d, at)
	e.Offline = isOffline(d, at)
	e.Sys = y
	return e, nil
}

// open returns the descriptor of the target, which Close closes.
func (s *Source) open() (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return -1, fs.ErrClosed
	}
	if s.top >= 0 {
		return s.top, nil
	}
	fd, err := unix.Open(s.path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		unix.Close(fd)
		return -1, err
	}
	s.single = st.Mode&unix.S_IFMT != unix.S_IFDIR
	s.top = fd
	return fd, nil
}

// describe makes an entry of what lies at name in the folder at, without its
// path and ACL. The name ends with a NUL.
func describe(at int, name []byte, flags int) (source.Entry, *sys, error) {
	var st unix.Statx_t
	const mask = unix.STATX_BASIC_STATS | unix.STATX_BTIME
	if err := statxat(at, name, flags|unix.AT_SYMLINK_NOFOLLOW|unix.AT_NO_AUTOMOUNT, mask, &st); err != nil {
		return source.Entry{}, nil, err
	}
	e := source.Entry{
		Kind: kindOf(uint32(st.Mode)), Size: int64(min(st.Size, 1<<62)),
		Modified: when(st.Mtime), Changed: when(st.Ctime),
		ID: st.Ino, Volume: unix.Mkdev(st.Dev_major, st.Dev_minor),
	}
	if st.Mask&unix.STATX_BTIME != 0 {
		e.Created = when(st.Btime)
	}
	if e.Kind != source.Regular {
		e.Size = 0
	}
	return e, &sys{uid: st.Uid, gid: st.Gid, mode: uint32(st.Mode) & 0o7777, kind: access.POSIX}, nil
}

// self is the name of what is open itself.
var self = []byte{0}

func kindOf(mode uint32) source.Kind {
	switch mode & unix.S_IFMT {
	case unix.S_IFREG:
		return source.Regular
	case unix.S_IFDIR:
		return source.Dir
	case unix.S_IFLNK:
		return source.Link
	}
	return source.Other
}

func when(t unix.StatxTimestamp) time.Time { return time.Unix(t.Sec, int64(t.Nsec)) }

// pathError names the operation and the entry, and turns the kernel's words
// into errors that callers branch on.
func (s *Source) pathError(op, path string, err error) error {
	switch {
	case errors.Is(err, unix.ESTALE):
		// The file of a network mount that was removed on its server.
		err = fmt.Errorf("%w (%w)", source.ErrVanished, err)
	case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EBUSY), errors.Is(err, unix.ETXTBSY):
		err = fmt.Errorf("%w (%w)", source.ErrLocked, err)
	case errors.Is(err, unix.ELOOP):
		err = errLink
	}
	return &fs.PathError{Op: op, Path: source.Join(s.path, path), Err: err}
}

var (
	errLink   = errors.New("is a symbolic link")
	errFolder = errors.New("is a folder")
	errOther  = errors.New("is not a regular file")
)

// Open opens a regular file for reading. ctx holds for the reads too.
func (s *Source) Open(ctx context.Context, e source.Entry) (source.File, error) {
	f, err := s.openFile(ctx, e)
	if err != nil {
		return nil, s.pathError("open", e.Path, err)
	}
	return f, nil
}

func (s *Source) openFile(ctx context.Context, e source.Entry) (source.File, error) {
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case e.Offline:
		return nil, source.ErrOffline
	case e.Kind == source.Dir:
		return nil, errFolder
	case e.Kind != source.Regular:
		return nil, errOther
	}
	if _, listed := e.Sys.(*sys); !listed && s.recalls(e.Path) {
		return nil, source.ErrOffline
	}
	// Without O_NONBLOCK a pipe that took the file's place would hang us.
	fd, err := s.beneath(e.Path, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY)
	for try := 0; err == unix.EAGAIN && try < leaseTries; try++ {
		// Someone holds a lease, such as a Samba on this machine for a client
		// that caches the file. It was asked to give it up.
		time.Sleep(leaseWait)
		fd, err = s.beneath(e.Path, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY)
	}
	if err != nil {
		return nil, err
	}
	var st unix.Stat_t
	err = unix.Fstat(fd, &st)
	if err == nil && st.Mode&unix.S_IFMT != unix.S_IFREG {
		err = errOther
	}
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	return &file{ctx: ctx, f: os.NewFile(uintptr(fd), e.Path), size: st.Size, s: s, path: e.Path}, nil
}

// recalls reports whether opening what came from no listing would recall it.
func (s *Source) recalls(path string) bool {
	fd, err := s.beneathPath(path)
	if err != nil {
		return false // opening it will say why
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	return unix.Fstat(fd, &st) == nil && isOffline(s.dialectOf(st.Dev, fstatfs(fd)), opened(procPath(fd)))
}

// Leases are given up within milliseconds, or not before the kernel takes
// them away after 45 s.
const (
	leaseTries = 20
	leaseWait  = 50 * time.Millisecond
)

// file is an open file.
type file struct {
	ctx  context.Context
	s    *Source
	path string
	f    *os.File
	size int64
	done atomic.Bool
}

func (f *file) Size() int64 { return f.size }

func (f *file) ReadAt(p []byte, off int64) (int, error) {
	switch {
	case f.ctx.Err() != nil:
		return 0, f.s.pathError("read", f.path, context.Cause(f.ctx))
	case f.done.Load():
		return 0, f.s.pathError("read", f.path, fs.ErrClosed)
	case off < 0:
		return 0, f.s.pathError("read", f.path, errors.New("negative offset"))
	}
	// What was appended since Open is another version's.
	want := p
	if rest := f.size - off; int64(len(want)) > rest {
		want = want[:max(rest, 0)]
	}
	n, err := f.f.ReadAt(want, off)
	return f.result(n, err, len(p) > len(want))
}

func (f *file) Close() error {
	f.done.Store(true)
	if err := f.f.Close(); err != nil {
		return f.s.pathError("close", f.path, unwrap(err))
	}
	return nil
}

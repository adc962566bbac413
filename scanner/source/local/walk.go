package local

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"
	"unsafe"

	"golang.org/x/sys/unix"

	"aktvakt/scanner/source"
)

// List streams the entries of a folder. It holds one buffer of names at a
// time, however large the folder is.
func (s *Source) List(ctx context.Context, dir source.Entry) iter.Seq2[source.Entry, error] {
	return func(yield func(source.Entry, error) bool) {
		if err := s.list(ctx, dir, yield); err != nil {
			yield(source.Entry{}, s.pathError("list", dir.Path, err))
		}
	}
}

// Each buffer holds some 1,500 names.
var listBuffers = sync.Pool{New: func() any { return new([64 << 10]byte) }}

func (s *Source) list(ctx context.Context, dir source.Entry, yield func(source.Entry, error) bool) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	fd, err := s.beneath(dir.Path, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	l := &listing{s: s, place: place{at: fd, proc: procPath(fd) + "/", path: s.path + "/", buf: make([]byte, 256)}}
	if native, err := decodePath(dir.Path); err == nil && native != "" {
		l.dir, l.place.path = dir.Path+"/", l.place.path+native+"/"
	}
	if l.folder, err = s.folder(dir); err != nil {
		return err
	}
	buf := listBuffers.Get().(*[64 << 10]byte)
	defer listBuffers.Put(buf)
	for {
		n, err := unix.Getdents(fd, buf[:])
		if err != nil {
			return err
		}
		if n == 0 {
			return nil
		}
		for b := buf[:n]; len(b) > 0; {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			var name []byte
			if name, b = nextName(b); isDots(name) {
				continue
			}
			e, err := l.entry(name)
			if !yield(e, err) {
				return nil
			}
		}
	}
}

// nextName takes one struct linux_dirent64 off b, getdents64(2). The name ends
// with a NUL; nil is none.
func nextName(b []byte) (name, rest []byte) {
	const head = 19 // inode 8, offset 8, length 2, type 1
	if len(b) < head {
		return nil, nil
	}
	n := int(binary.NativeEndian.Uint16(b[16:]))
	if n < head || n > len(b) {
		return nil, nil
	}
	end := bytes.IndexByte(b[head:n], 0)
	if end < 0 {
		return nil, b[n:]
	}
	return b[head : head+end+1], b[n:]
}

// isDots reports whether a name with its NUL is none of an entry.
func isDots(name []byte) bool {
	switch string(name) {
	case "", "\x00", ".\x00", "..\x00":
		return true
	}
	return false
}

// listing is one listing under way.
type listing struct {
	s      *Source
	dir    string // with a slash at the end, or empty
	place  place
	folder *chain
	// dialect is that of volume, where the last entry lay.
	dialect dialect
	volume  uint64
}

// pathOf is dir + encodeName(name), in one allocation for a usual name.
func pathOf(dir string, name []byte) string {
	if !utf8.Valid(name) || bytes.Contains(name, []byte(source.Escape)) {
		return dir + encodeName(string(name))
	}
	b := append(append(make([]byte, 0, len(dir)+len(name)), dir...), name...)
	return unsafe.String(unsafe.SliceData(b), len(b))
}

func (l *listing) entry(name []byte) (source.Entry, error) {
	path := pathOf(l.dir, name[:len(name)-1])
	e, y, err := describe(l.place.at, name, 0)
	e.Path = path
	if err != nil {
		return e, l.s.pathError("stat", path, err)
	}
	if e.Kind != source.Link {
		l.place.name = name
		if l.dialect == unknown || e.Volume != l.volume {
			l.dialect, l.volume = l.s.dialectOf(e.Volume, l.place.statfs), e.Volume
		}
		y.readRules(l.dialect, &l.place)
		e.Offline = isOffline(l.dialect, &l.place)
	}
	y.in = l.folder
	e.Sys = y
	return e, nil
}

// maxPath is the most of a path that the kernel takes at once; PATH_MAX is
// 4,096 with the closing NUL.
const maxPath = 4000

// beneath opens what lies at a path below the target, however long the path,
// without following a symbolic link anywhere. The access time is left alone
// where the kernel allows it.
func (s *Source) beneath(path string, flags int) (int, error) {
	top, err := s.open()
	if err != nil {
		return -1, err
	}
	native, err := decodePath(path)
	if err != nil {
		return -1, err
	}
	switch {
	case s.single && native != "":
		return -1, unix.ENOTDIR
	case s.single:
		// The user named this file, perhaps by a link: open what is open.
		return withoutAtime(top, "", flags&^unix.O_NOFOLLOW, s.again)
	case native == "":
		native = "."
	}
	at := top
	for len(native) > maxPath {
		i := strings.LastIndexByte(native[:maxPath], '/')
		if i <= 0 {
			return -1, unix.ENAMETOOLONG
		}
		fd, err := openat(at, native[:i], unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC)
		if at != top {
			unix.Close(at)
		}
		if err != nil {
			return -1, err
		}
		at, native = fd, native[i+1:]
	}
	fd, err := withoutAtime(at, native, flags, openat)
	if at != top {
		unix.Close(at)
	}
	return fd, err
}

// beneathPath opens an O_PATH descriptor, which reads nothing and works on
// any kind of entry.
func (s *Source) beneathPath(path string) (int, error) {
	return s.beneath(path, unix.O_PATH|unix.O_NOFOLLOW)
}

func procPath(fd int) string { return fmt.Sprintf("/proc/self/fd/%d", fd) }

// again opens the target itself anew.
func (s *Source) again(top int, _ string, flags int) (int, error) {
	fd, err := unix.Open(procPath(top), flags, 0)
	if errors.Is(err, unix.ENOENT) {
		return unix.Open(s.path, flags, 0)
	}
	return fd, err
}

// withoutAtime opens with O_NOATIME, which only the owner may, or without.
func withoutAtime(at int, path string, flags int, open func(int, string, int) (int, error)) (int, error) {
	flags |= unix.O_CLOEXEC
	if flags&unix.O_PATH != 0 {
		return open(at, path, flags)
	}
	fd, err := open(at, path, flags|unix.O_NOATIME)
	if errors.Is(err, unix.EPERM) {
		return open(at, path, flags)
	}
	return fd, err
}

// noOpenat2 remembers that the kernel, or the sandbox, has no openat2(2).
var noOpenat2 atomic.Bool

// openat opens a relative path without following any symbolic link.
func openat(at int, path string, flags int) (int, error) {
	if !noOpenat2.Load() {
		how := unix.OpenHow{
			Flags:   uint64(flags),
			Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS,
		}
		for {
			fd, err := unix.Openat2(at, path, &how)
			if err == unix.EINTR {
				continue
			}
			if err != unix.ENOSYS {
				return fd, err
			}
			noOpenat2.Store(true)
			break
		}
	}
	return openSteps(at, path, flags)
}

// openSteps does the same one name at a time.
func openSteps(at int, path string, flags int) (int, error) {
	top := at
	for {
		name, rest, more := strings.Cut(path, "/")
		f := flags | unix.O_NOFOLLOW
		if more {
			f = unix.O_PATH | unix.O_DIRECTORY | unix.O_NOFOLLOW | unix.O_CLOEXEC
		}
		fd, err := unix.Openat(at, name, f, 0)
		if at != top {
			unix.Close(at)
		}
		if err != nil || !more {
			return fd, err
		}
		at, path = fd, rest
	}
}

// result makes the result of a read conform to io.ReaderAt.
func (f *file) result(n int, err error, short bool) (int, error) {
	switch {
	case err == nil && short:
		return n, io.EOF
	case err == nil, err == io.EOF && short:
		return n, err
	case err == io.EOF:
		return n, f.s.pathError("read", f.path, fmt.Errorf("file became shorter while it was read: %w", io.ErrUnexpectedEOF))
	}
	return n, f.s.pathError("read", f.path, unwrap(err))
}

// unwrap takes the cause out of an *fs.PathError of package os.
func unwrap(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

package local

import (
	"errors"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// maxXattr is the most that the kernel gives, XATTR_SIZE_MAX.
const maxXattr = 64 << 10

// place is an entry in an open folder. Linux 6.13 reads its attributes by the
// folder's descriptor and the name, twice as fast as by the name that it has
// below /proc/self/fd, which older kernels need.
type place struct {
	at   int    // the folder
	name []byte // with its closing NUL
	// proc and path name the folder, each with a slash at the end: below
	// /proc/self/fd, and in full for a machine where /proc is not mounted.
	proc, path string
	buf        []byte // used while it is large enough
}

func (p *place) get(name string) (string, error) { return growing(p.buf, name, p.read) }

func (p *place) read(name string, b []byte) (int, error) {
	if !noXattrat.Load() {
		n, err := getxattrat(p.at, p.name, name, b)
		if !refused(err) {
			return n, err
		}
	}
	entry := string(p.name[:len(p.name)-1])
	n, err := unix.Lgetxattr(p.proc+entry, name, b)
	if errors.Is(err, unix.ENOENT) && p.path != "" {
		n, err = unix.Lgetxattr(p.path+entry, name, b)
	}
	return n, err
}

func (p *place) names() []byte {
	var n int
	err := error(unix.ENOSYS)
	if !noXattrat.Load() {
		n, err = listxattrat(p.at, p.name, p.buf)
	}
	if refused(err) {
		n, err = unix.Llistxattr(p.proc+string(p.name[:len(p.name)-1]), p.buf)
	}
	if err != nil {
		return nil
	}
	return p.buf[:n]
}

func (p *place) statfs(st *unix.Statfs_t) error {
	return unix.Statfs(p.proc+string(p.name[:len(p.name)-1]), st)
}

// opened is what is open as an O_PATH descriptor, by its link in /proc.
type opened string

func (o opened) names() []byte { return nil }

func (o opened) get(name string) (string, error) {
	return growing(make([]byte, 1<<10), name, func(name string, b []byte) (int, error) {
		return unix.Getxattr(string(o), name, b)
	})
}

// growing reads an attribute into larger and larger buffers. Empty means that
// there is none.
func growing(b []byte, name string, read func(string, []byte) (int, error)) (string, error) {
	for {
		n, err := read(name, b)
		switch {
		case errors.Is(err, unix.ERANGE) && len(b) < maxXattr:
			b = make([]byte, min(4*len(b), maxXattr))
		case err == nil:
			return string(b[:n]), nil
		case errors.Is(err, unix.ENODATA), errors.Is(err, unix.EOPNOTSUPP):
			return "", nil
		default:
			return "", err
		}
	}
}

// noXattrat remembers that the kernel, or the sandbox, has no getxattrat(2).
var noXattrat atomic.Bool

// refused reports whether an error says that there is no such call: a kernel
// before 6.13 says ENOSYS, some sandboxes say EPERM to what they do not know.
func refused(err error) bool {
	if err == unix.ENOSYS {
		noXattrat.Store(true)
		return true
	}
	return err == unix.EPERM
}

// getxattrat reads an attribute of what lies at name, which ends with a NUL, in
// the folder at. A symbolic link is not followed.
func getxattrat(at int, name []byte, attribute string, b []byte) (int, error) {
	attr, err := unix.BytePtrFromString(attribute)
	if err != nil {
		return 0, err
	}
	args := struct { // struct xattr_args
		value       unsafe.Pointer
		_           [8 - unsafe.Sizeof(uintptr(0))]byte
		size, flags uint32
	}{value: unsafe.Pointer(&b[0]), size: uint32(len(b))}
	n, _, errno := unix.Syscall6(unix.SYS_GETXATTRAT, uintptr(at), uintptr(unsafe.Pointer(&name[0])), unix.AT_SYMLINK_NOFOLLOW,
		uintptr(unsafe.Pointer(attr)), uintptr(unsafe.Pointer(&args)), unsafe.Sizeof(args))
	return result(n, errno)
}

// listxattrat reads the names of all attributes.
func listxattrat(at int, name, b []byte) (int, error) {
	n, _, errno := unix.Syscall6(unix.SYS_LISTXATTRAT, uintptr(at), uintptr(unsafe.Pointer(&name[0])), unix.AT_SYMLINK_NOFOLLOW,
		uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)), 0)
	return result(n, errno)
}

// statxat is statx(2) of a name that ends with a NUL, as the listing has it.
func statxat(at int, name []byte, flags, mask int, st *unix.Statx_t) error {
	_, _, errno := unix.Syscall6(unix.SYS_STATX, uintptr(at), uintptr(unsafe.Pointer(&name[0])), uintptr(flags),
		uintptr(mask), uintptr(unsafe.Pointer(st)), 0)
	_, err := result(0, errno)
	return err
}

func result(n uintptr, errno unix.Errno) (int, error) {
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}

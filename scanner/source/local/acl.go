package local

import (
	"context"
	"errors"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"aktvakt/scanner/access"
	"aktvakt/scanner/source"
)

// sys is what comes with an entry of a listing.
type sys struct {
	uid, gid, mode uint32
	acl            string
	aclErr         error
	// in is the folder that holds the entry, nil for the target itself.
	in *chain
}

func (y *sys) own() access.POSIXRules {
	r := access.POSIXRules{UID: y.uid, GID: y.gid, Mode: y.mode}
	if y.acl != "" {
		r.ACL = []byte(y.acl)
	}
	return r
}

// chain is a folder with the access rules of itself and of those above it, up
// to the target.
type chain struct {
	rules []access.POSIXRules // the target first
	err   error               // one of them could not be read

	mu   sync.Mutex
	made map[ownKey]access.Descriptor
}

// ownKey is an entry's own rules, most of which are alike in one folder.
type ownKey struct {
	uid, gid, mode uint32
	acl            string
}

// madeLimit bounds the descriptors that one folder remembers.
const madeLimit = 256

func (c *chain) descriptor(y *sys) access.Descriptor {
	r := y.own()
	if c == nil {
		return r.Descriptor()
	}
	k := ownKey{y.uid, y.gid, y.mode, y.acl}
	c.mu.Lock()
	defer c.mu.Unlock()
	d, ok := c.made[k]
	if !ok {
		r.Parents = c.rules
		d = r.Descriptor()
		if c.made == nil || len(c.made) >= madeLimit {
			c.made = map[ownKey]access.Descriptor{}
		}
		c.made[k] = d
	}
	return d
}

// folder returns the chain of a folder, for the entries in it.
func (s *Source) folder(dir source.Entry) (*chain, error) {
	y, ok := dir.Sys.(*sys)
	if !ok {
		var err error
		if y, err = s.look(dir.Path); err != nil {
			return nil, err
		}
	}
	c := &chain{err: y.aclErr}
	if y.in != nil {
		c.rules = append(c.rules, y.in.rules...)
		if c.err == nil {
			c.err = y.in.err
		}
	}
	c.rules = append(c.rules, y.own())
	return c, nil
}

// look reads the rules of an entry that came from no listing, and of the
// folders above it.
func (s *Source) look(path string) (*sys, error) {
	fd, err := s.beneathPath(path)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	_, y, err := describe(fd, "", unix.AT_EMPTY_PATH)
	if err != nil {
		return nil, err
	}
	y.acl, y.aclErr = openACL(fd)
	if path == "" {
		return y, nil
	}
	up := ""
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		up = path[:i]
	}
	y.in, err = s.folder(source.Entry{Path: up, Kind: source.Dir})
	return y, err
}

// ACL returns the mode and POSIX ACL of an entry and of the folders above it,
// up to the target.
func (s *Source) ACL(ctx context.Context, e source.Entry) (access.Descriptor, error) {
	if ctx.Err() != nil {
		return access.Descriptor{}, context.Cause(ctx)
	}
	y, ok := e.Sys.(*sys)
	if !ok {
		var err error
		if y, err = s.look(e.Path); err != nil {
			return access.Descriptor{}, s.pathError("read access rules", e.Path, err)
		}
	}
	err := y.aclErr
	if err == nil && y.in != nil {
		err = y.in.err
	}
	if err != nil {
		return access.Descriptor{}, s.pathError("read access rules", e.Path, err)
	}
	return y.in.descriptor(y), nil
}

const aclName = "system.posix_acl_access"

// readACL reads the access ACL of an entry by the name that it has below
// /proc/self/fd, or by its full path where /proc is not mounted. Empty means
// that there is none. buf is used while it is large enough.
func readACL(proc, path string, buf []byte) (string, error) {
	for ; ; buf = make([]byte, 4*len(buf)) {
		n, err := unix.Lgetxattr(proc, aclName, buf)
		if errors.Is(err, unix.ENOENT) && path != "" {
			n, err = unix.Lgetxattr(path, aclName, buf)
		}
		if !errors.Is(err, unix.ERANGE) || len(buf) >= 64<<10 {
			return aclResult(buf, n, err)
		}
	}
}

// openACL reads the access ACL of what is open as an O_PATH descriptor.
func openACL(fd int) (string, error) {
	buf := make([]byte, 64<<10)
	n, err := unix.Getxattr(procPath(fd), aclName, buf)
	return aclResult(buf, n, err)
}

func aclResult(buf []byte, n int, err error) (string, error) {
	switch {
	case err == nil:
		return string(buf[:n]), nil
	case errors.Is(err, unix.ENODATA), errors.Is(err, unix.EOPNOTSUPP):
		return "", nil
	}
	return "", err
}

package local

import (
	"context"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"aktvakt/scanner/access"
	"aktvakt/scanner/source"
)

// sys is what comes with an entry of a listing.
type sys struct {
	uid, gid, mode uint32
	// kind says what acl holds: POSIX, the extended attribute (empty where
	// there is none); NFS4, likewise; NT, a security descriptor, wrapped as
	// Samba stores it when samba is set.
	kind  access.Kind
	samba bool
	acl   string
	// err says why the rules could not be read.
	err error
	// in is the folder that holds the entry, nil for the target itself.
	in *chain
}

func (y *sys) posix() access.POSIXRules {
	r := access.POSIXRules{UID: y.uid, GID: y.gid, Mode: y.mode}
	if y.kind == access.POSIX && y.acl != "" {
		r.ACL = []byte(y.acl)
	}
	return r
}

func (y *sys) nfs4() access.NFS4Rules {
	return access.NFS4Rules{UID: y.uid, GID: y.gid, ACL: []byte(y.acl)}
}

// chain is a folder with the access rules of itself and of those above it, up
// to the target, each kind apart: folders ask for the right to pass only those
// who come by the same way. No folder does over SMB, where everyone holds the
// privilege to pass.
type chain struct {
	posix []access.POSIXRules // the target first
	nfs4  []access.NFS4Rules
	err   error // one of them could not be read

	mu   sync.Mutex
	made map[ownKey]made
}

// made is what descriptor returned.
type made struct {
	d   access.Descriptor
	err error
}

// ownKey is an entry's own rules, most of which are alike in one folder.
type ownKey struct {
	uid, gid, mode uint32
	kind           access.Kind
	acl            string
}

// madeLimit bounds the descriptors that one folder remembers.
const madeLimit = 256

// descriptor makes the descriptor of an entry in the folder; c is nil for the
// target itself.
func (c *chain) descriptor(y *sys) (access.Descriptor, error) {
	if c == nil {
		return y.descriptor(nil, nil)
	}
	k := ownKey{y.uid, y.gid, y.mode, y.kind, y.acl}
	if y.kind == access.NT {
		k.uid, k.gid, k.mode = 0, 0, 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	m, ok := c.made[k]
	if !ok {
		m.d, m.err = y.descriptor(c.posix, c.nfs4)
		if c.made == nil || len(c.made) >= madeLimit {
			c.made = map[ownKey]made{}
		}
		c.made[k] = m
	}
	return m.d, m.err
}

func (y *sys) descriptor(posix []access.POSIXRules, nfs4 []access.NFS4Rules) (access.Descriptor, error) {
	switch {
	case y.kind == access.NT && y.samba:
		return access.NTACL([]byte(y.acl))
	case y.kind == access.NT:
		return access.Descriptor{Kind: access.NT, Raw: y.acl}, nil
	case y.kind == access.NFS4:
		r := y.nfs4()
		r.Parents = nfs4
		return r.Descriptor(), nil
	}
	r := y.posix()
	r.Parents = posix
	return r.Descriptor(), nil
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
	c := &chain{}
	if y.kind != access.NT {
		c.err = y.err
	}
	if y.in != nil {
		c.posix = append(c.posix, y.in.posix...)
		c.nfs4 = append(c.nfs4, y.in.nfs4...)
		if c.err == nil {
			c.err = y.in.err
		}
	}
	switch y.kind {
	case access.POSIX:
		c.posix = append(c.posix, y.posix())
	case access.NFS4:
		c.nfs4 = append(c.nfs4, y.nfs4())
	}
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
	e, y, err := describe(fd, self, unix.AT_EMPTY_PATH)
	if err != nil {
		return nil, err
	}
	y.readRules(s.dialectOf(e.Volume, fstatfs(fd)), opened(procPath(fd)))
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

// ACL returns the rules that decide about an entry, with those of the folders
// above it up to the target where they count: the server's own on a mounted
// share, else mode and POSIX ACL, or Samba's in a folder that it serves alone;
// see readRules.
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
	err := y.err
	if err == nil && y.kind != access.NT && y.in != nil {
		err = y.in.err
	}
	var d access.Descriptor
	if err == nil {
		d, err = y.in.descriptor(y)
	}
	if err != nil {
		return access.Descriptor{}, s.pathError("read access rules", e.Path, err)
	}
	return d, nil
}

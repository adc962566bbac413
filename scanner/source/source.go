// Package source says where documents come from: a Source is one place that
// holds files (a share, a mounted folder, a portal), an Entry is a thing in a
// listing, a File is an open document.
//
// A source lists and opens; it never walks a tree, extracts text or judges.
// The scanner owns traversal, budgets and loops. No source ever writes,
// locks, recalls an offline file or changes a time stamp on what it reads.
//
// Start reading at Source; the acceptance suite that each implementation
// passes is in package sourcetest.
package source

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"time"

	"aktvakt/scanner/access"
)

// Kind is what an entry is, as far as a scanner cares.
type Kind uint8

const (
	// Regular is a file that can be opened.
	Regular Kind = iota
	// Dir is a folder that can be listed.
	Dir
	// Link is a symbolic link, junction, mount point or DFS link. Links are
	// counted and never followed: what they lead to is scanned where it lies.
	Link
	// Other is a device, socket or pipe, never opened.
	Other
)

// Entry is one thing in a listing. The zero Path is the root of the source.
type Entry struct {
	// Path is slash-separated and relative to the root of the source, in
	// UTF-8; bytes that are not valid UTF-8 (or UTF-16 on SMB) are escaped by
	// the source so that Path is unique and can be given back to Open.
	Path string
	Kind Kind
	// Size is in bytes.
	Size int64
	// Modified is the last change of content, Created of birth, Changed of
	// content or metadata (ctime). A zero time is unknown. On a local file
	// system Changed moves with the access rules; over SMB it must not be
	// relied on for that, for Samba tells Modified in its place.
	Modified, Created, Changed time.Time
	// ID identifies the entry within Volume across renames; 0 is unknown.
	// The walk compares it with its ancestors to find loops.
	ID, Volume uint64
	// Tag is what the source itself tells versions of the content apart by, such
	// as an ETag; empty where it has none.
	Tag string
	// Offline tells that the content lies on tape or in a cloud tier and that
	// opening it would recall it. Such entries are never opened.
	Offline bool
	// Library is the path of the page that lists the entry, where its own path
	// does not say where it belongs, as in portals whose addresses have no
	// folders; empty elsewhere.
	Library string
	// Sys belongs to the source that made the entry, such as a security
	// descriptor that came with the listing.
	Sys any
}

// Source is one place that holds files. All methods may be called from many
// goroutines.
type Source interface {
	// Name is what the user knows the source by, such as "smb://fs1/docs" or
	// "/srv/share". The full name of an entry is Join(Name(), entry.Path).
	Name() string
	// Root returns the entry of the target itself, a folder or a single file.
	// Its error says that the target cannot be reached or does not exist.
	Root(ctx context.Context) (Entry, error)
	// List streams the entries of a folder in no particular order. An error
	// together with an entry whose Path is set concerns that entry alone and
	// the listing goes on; an error with the zero Entry ends the listing, and
	// the folder must count as incompletely listed.
	List(ctx context.Context, dir Entry) iter.Seq2[Entry, error]
	// Open opens a file for reading without a lock that any user can meet.
	// ctx holds for the reads of the file too.
	Open(ctx context.Context, e Entry) (File, error)
	// Close releases connections. The source is not used after it.
	Close() error
}

// File is an open document.
type File interface {
	io.ReaderAt
	io.Closer
	// Size is in bytes, as of Open.
	Size() int64
}

// ACLReader is a source that can tell the access rules of an entry. Find it
// through wrappers with As.
type ACLReader interface {
	// ACL returns the access rules of the entry as the server stores them. It
	// costs nothing where they came with the listing.
	ACL(ctx context.Context, e Entry) (access.Descriptor, error)
}

// Auditor is a source that can tell who the accounts and groups behind its
// ACLs are. Find it through wrappers with As.
type Auditor interface {
	// Resolver downloads the principals and the share's own ACL. What could
	// not be read is inside the resolver and makes its answers incomplete; an
	// error means that nothing could be read.
	Resolver(ctx context.Context, opt access.Options) (*access.Resolver, error)
}

// Insider is a source whose root lies inside something larger, such as a
// folder in a share. Find it through wrappers with As.
type Insider interface {
	// Above returns the folders above the root, the topmost first, with the
	// access rules that could be read.
	Above(ctx context.Context) ([]access.Folder, error)
}

// Prober is a source that can tell whether its account may read a file, without
// reading. Find it through wrappers with As.
type Prober interface {
	// Probe opens the file for reading content alone and closes it. Being
	// refused by the file is an answer, not an error.
	Probe(ctx context.Context, e Entry) (bool, error)
}

// Distant is a source that many files are worth being fetched from at once, so
// that its round trips overlap. Find it through wrappers with As.
type Distant interface {
	// InFlight is how many files at once are worth it at most.
	InFlight() int
}

// Wrapper is a source around another, such as one that limits bandwidth.
type Wrapper interface {
	Unwrap() Source
}

// As finds the first source in the chain of wrappers that is a T.
func As[T any](s Source) (T, bool) {
	for s != nil {
		if t, ok := s.(T); ok {
			return t, true
		}
		w, ok := s.(Wrapper)
		if !ok {
			break
		}
		s = w.Unwrap()
	}
	var zero T
	return zero, false
}

// Errors that callers branch on, found with errors.Is. A missing entry is
// fs.ErrNotExist and a refused one fs.ErrPermission.
var (
	// ErrUnreachable: no connection to the host could be made or kept.
	ErrUnreachable = errors.New("host cannot be reached")
	// ErrLogon: the host refused the account or its password.
	ErrLogon = errors.New("log-on refused")
	// ErrNoShare: the host has no share of that name.
	ErrNoShare = errors.New("no such share")
	// ErrLocked: another program holds the file so that it cannot be read.
	ErrLocked = errors.New("file is locked")
	// ErrOffline: opening would recall the file from tape or cloud.
	ErrOffline = errors.New("file is offline")
	// ErrEndless: the entry stands for others that were left out, because they go
	// on without end or farther than the scope.
	ErrEndless = errors.New("left out")
	// ErrVanished: the entry was listed and is gone.
	ErrVanished = fs.ErrNotExist
)

// Join returns the full name of an entry of a source.
func Join(name, path string) string {
	if path == "" {
		return name
	}
	if name != "" && name[len(name)-1] == '/' {
		return name + path
	}
	return name + "/" + path
}

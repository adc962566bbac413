package local

import (
	"context"

	"golang.org/x/sys/unix"

	"aktvakt/scanner/access"
	"aktvakt/scanner/access/directory"
	"aktvakt/scanner/source"
)

var _ source.Auditor = (*Source)(nil)

// Resolver tells of the accounts and groups of this machine, or, where the
// rules here are those of Windows, of the directory that the source was given.
func (s *Source) Resolver(ctx context.Context, opt access.Options) (*access.Resolver, error) {
	d, y, err := s.rulesHere(ctx)
	switch {
	case err != nil || y.kind != access.NT && d != cifs:
		return directory.Local(ctx, opt)
	case y.samba:
		dir := s.windows("The files here carry the rules that Samba keeps for those who come over SMB (security.NTACL), and those were taken. Log-ons on this machine and exports other than SMB meet the files' modes instead.")
		return access.NewResolver(dir, nil, nil, opt), nil
	}
	dir := s.windows("This is a mounted share: the rules are those of its server. Name the share itself, as smb://host/share, to count the server's own accounts and the share's rules as well.")
	return access.NewResolver(dir, &access.Share{}, nil, opt), nil
}

// windows is the given directory with a note. It is never complete: accounts
// and groups of the server itself are not in it.
func (s *Source) windows(note string) *access.Directory {
	dir := &access.Directory{Name: "no directory"}
	if s.dir != nil {
		*dir = *s.dir
	} else {
		note += " No directory is configured that knows their accounts and groups."
	}
	dir.Complete = false
	dir.Notes = append(dir.Notes[:len(dir.Notes):len(dir.Notes)], note)
	return dir
}

// peeked is how many entries of the target are looked at for rules of Windows:
// the folder that Samba serves was often made by hand and has none itself.
const peeked = 200

// rulesHere returns the target's own rules, or those of an entry in it if they are
// of Windows.
func (s *Source) rulesHere(ctx context.Context) (dialect, *sys, error) {
	root, err := s.Root(ctx)
	if err != nil {
		return native, nil, err
	}
	y := root.Sys.(*sys)
	d := s.dialectOf(root.Volume, func(*unix.Statfs_t) error { return unix.ENODATA })
	if y.kind == access.NT || root.Kind != source.Dir {
		return d, y, nil
	}
	n := 0
	for e, err := range s.List(ctx, root) {
		if in, ok := e.Sys.(*sys); ok && err == nil && in.kind == access.NT {
			return d, in, nil
		}
		if n++; n >= peeked {
			break
		}
	}
	return d, y, nil
}

// Package archive opens archives and compressed files: zip, 7z, rar, tar, gz,
// bz2, xz and zst. It hands every member back to the core, which reads it like
// any other document, nested archives too. A member that is encrypted or
// broken never ends the others, and its name is told all the same. No
// password is ever tried.
//
// Start reading at Extractor.Extract.
package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/charset"
	"aktvakt/scanner/extract/zipfile"
)

// Extractor reads archives.
type Extractor struct{}

// New returns the extractor.
func New() Extractor { return Extractor{} }

// Name implements extract.Extractor.
func (Extractor) Name() string { return "archive" }

// format is one kind of archive.
type format struct {
	magic     string
	at        int
	mediaType string
	read      func(a *archive) error
}

// formats are told apart by their first bytes.
var formats = []format{
	{"PK\x03\x04", 0, "application/zip", (*archive).zip},
	{"PK\x05\x06", 0, "application/zip", (*archive).zip},
	{"PK\x07\x08", 0, "application/zip", (*archive).zip},
	{"7z\xBC\xAF\x27\x1C", 0, "application/x-7z-compressed", (*archive).sevenZip},
	{"Rar!\x1A\x07", 0, "application/x-rar-compressed", (*archive).rar},
	{"\x1F\x8B\x08", 0, "application/gzip", (*archive).gzip},
	{"BZh", 0, "application/x-bzip2", (*archive).bzip2},
	{"\xFD7zXZ\x00", 0, "application/x-xz", (*archive).xz},
	{"\x28\xB5\x2F\xFD", 0, "application/zstd", (*archive).zstd},
	{tarMagic, tarMagicAt, "application/x-tar", (*archive).plainTar},
}

func formatOf(head []byte) *format {
	for i := range formats {
		f := &formats[i]
		if len(head) > f.at && bytes.HasPrefix(head[f.at:], []byte(f.magic)) {
			return f
		}
	}
	if oldTar(head) {
		return &formats[len(formats)-1]
	}
	return nil
}

// Wants implements extract.Extractor.
func (Extractor) Wants(_, _ string, head []byte) bool { return formatOf(head) != nil }

// archive is one archive being read.
type archive struct {
	ctx  context.Context
	name string
	f    extract.File
	out  extract.Out
}

// Extract implements extract.Extractor.
func (Extractor) Extract(ctx context.Context, name string, f extract.File, out extract.Out) error {
	head := make([]byte, min(f.Size(), 1024))
	n, err := f.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return err
	}
	format := formatOf(head[:n])
	if format == nil {
		return fmt.Errorf("no archive: %w", extract.ErrUnsupported)
	}
	if err := extract.Alive(ctx); err != nil {
		return err
	}
	extract.SetMediaType(out, format.mediaType)
	return format.read(&archive{ctx: ctx, name: name, f: f, out: out})
}

// guard calls a reader that is not ours. What it panics with is a fault of
// the archive; its text is not told, as it may quote the content.
func guard(what string, f func() error) (err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case runtime.Error:
			err = fmt.Errorf("%s: %w (%w)", what, extract.ErrCorrupt, p)
		default:
			err = fmt.Errorf("%s: %w", what, extract.ErrCorrupt)
		}
	}()
	return f()
}

// fatal reports errors that end the archive, whatever member they come from.
func (a *archive) fatal(err error) bool {
	return errors.Is(err, extract.ErrBudget) || errors.Is(err, extract.ErrTimeout) || extract.Alive(a.ctx) != nil
}

// broken tells a member's name and why it cannot be read.
func (a *archive) broken(name string, err error) error {
	if a.fatal(err) {
		return err
	}
	if err := a.out.File(name, nil); err != nil {
		return err
	}
	return extract.Broken(a.out, name, err)
}

// member reads a member into memory and hands it over. readErr is what went
// wrong in the archive's reader; a member that is cut short is handed over as
// far as it goes.
func (a *archive) member(name string, r io.Reader) (readErr, err error) {
	var data extract.Bytes
	readErr = guard("member", func() error {
		var err error
		data, err = extract.Buffer(a.ctx, r)
		return err
	})
	if readErr != nil && a.fatal(readErr) {
		return readErr, readErr
	}
	if readErr == nil || len(data) > 0 {
		if err := a.out.File(name, data); err != nil {
			return readErr, err
		}
		if readErr != nil {
			return readErr, extract.Broken(a.out, name, fault(readErr))
		}
		return nil, nil
	}
	return readErr, a.broken(name, fault(readErr))
}

// fault says of an error without a reason that the archive is corrupt.
func fault(err error) error {
	if extract.ReasonOf(err) != "error" {
		return err
	}
	return fmt.Errorf("%w (%w)", extract.ErrCorrupt, err)
}

func (a *archive) zip() error {
	members, openErr := zipfile.Open(a.ctx, a.f)
	for _, m := range members {
		if m.Dir {
			continue
		}
		rc, err := m.Open(a.ctx)
		if err != nil {
			if err := a.broken(m.Name, err); err != nil {
				return err
			}
			continue
		}
		_, err = a.member(m.Name, rc)
		rc.Close()
		if err != nil {
			return err
		}
	}
	return openErr
}

// text returns a name in UTF-8.
func text(name string) string {
	if c := charset.DetectNames([]byte(name)); c.String() != charset.UTF8.String() {
		name = c.Decode([]byte(name))
	}
	return strings.ReplaceAll(name, "\\", "/")
}

package archive

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"aktvakt/scanner/extract"
)

// maxDict is the largest window or dictionary a decompressor may ask for, in
// bytes; the strongest usual settings take 64 MB, 128 MB in rar.
const maxDict = 256 << 20

func (a *archive) reader() io.Reader {
	return bufio.NewReaderSize(io.NewSectionReader(a.f, 0, a.f.Size()), 64<<10)
}

func (a *archive) gzip() error {
	z, err := gzip.NewReader(a.reader())
	if err != nil {
		return fault(err)
	}
	return a.single(z, z.Name, ".gz", ".gzip", ".tgz")
}

func (a *archive) bzip2() error {
	return a.single(bzip2.NewReader(a.reader()), "", ".bz2", ".tbz2", ".tbz")
}

func (a *archive) xz() error {
	var r io.Reader
	err := guard("xz", func() error {
		var err error
		r, err = xz.ReaderConfig{DictCap: 8 << 20}.NewReader(a.reader())
		return err
	})
	if err != nil {
		return fault(err)
	}
	return a.single(r, "", ".xz", ".txz")
}

func (a *archive) zstd() error {
	z, err := zstd.NewReader(a.reader(), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxDict))
	if err != nil {
		return fault(err)
	}
	defer z.Close()
	return a.single(z, "", ".zst", ".tzst")
}

// single reads a compressed file, which has one member, or is a tar.
func (a *archive) single(r io.Reader, name string, suffixes ...string) error {
	in := bufio.NewReaderSize(extract.Unpack(a.ctx, r), 64<<10)
	var head []byte
	err := guard("compressed file", func() error {
		var err error
		head, err = in.Peek(1024)
		return err
	})
	if err != nil && err != io.EOF && len(head) == 0 {
		return fault(err)
	}
	if isTar(head) {
		return a.tar(in)
	}
	if name == "" {
		name = path.Base(a.name)
		for _, s := range suffixes {
			if strings.HasSuffix(strings.ToLower(name), s) {
				name = name[:len(name)-len(s)]
				break
			}
		}
	}
	// The bytes were charged above already.
	var data extract.Bytes
	readErr := guard("compressed file", func() error {
		var err error
		data, err = extract.Hold(a.ctx, in)
		return err
	})
	if readErr != nil && a.fatal(readErr) {
		return readErr
	}
	if len(data) > 0 {
		if err := a.out.File(text(name), data); err != nil {
			return err
		}
	}
	if readErr != nil {
		return fault(readErr)
	}
	return nil
}

// tarMagicAt is where "ustar" stands in a tar's first header.
const (
	tarMagicAt = 257
	tarMagic   = "ustar"
)

// isTar recognises a tar by its magic or its checksum.
func isTar(head []byte) bool {
	return len(head) > tarMagicAt && bytes.HasPrefix(head[tarMagicAt:], []byte(tarMagic)) || oldTar(head)
}

// oldTar recognises a tar without a magic by the checksum of its header.
func oldTar(head []byte) bool {
	const size, sumAt, sumLen = 512, 148, 8
	if len(head) < size || head[0] == 0 {
		return false
	}
	sum := int64(0)
	for i, b := range head[:size] {
		if i >= sumAt && i < sumAt+sumLen {
			b = ' '
		}
		sum += int64(b)
	}
	var want int64
	digits := 0
	for _, b := range head[sumAt : sumAt+sumLen] {
		if b >= '0' && b <= '7' {
			want = want*8 + int64(b-'0')
			digits++
		} else if digits > 0 {
			break
		}
	}
	return digits > 2 && want == sum
}

func (a *archive) plainTar() error { return a.tar(extract.Unpack(a.ctx, a.reader())) }

// tar reads members from a stream whose bytes are charged already.
func (a *archive) tar(r io.Reader) error {
	t := tar.NewReader(r)
	for {
		var h *tar.Header
		err := guard("tar", func() error {
			var err error
			h, err = t.Next()
			return err
		})
		switch {
		case err == io.EOF:
			return nil
		case err != nil && !errors.Is(err, tar.ErrInsecurePath):
			if a.fatal(err) {
				return err
			}
			return fmt.Errorf("next member: %w", fault(err))
		}
		if h.Typeflag != tar.TypeReg && h.Typeflag != tar.TypeGNUSparse {
			continue
		}
		data, readErr := extract.Hold(a.ctx, t)
		if readErr != nil && a.fatal(readErr) {
			return readErr
		}
		if err := a.out.File(text(h.Name), data); err != nil {
			return err
		}
		if readErr != nil {
			if err := extract.Broken(a.out, text(h.Name), fault(readErr)); err != nil {
				return err
			}
		}
	}
}

package image

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"golang.org/x/image/tiff"

	"aktvakt/scanner/extract"
)

func isTIFF(head []byte) bool {
	return bytes.HasPrefix(head, []byte("II*\x00")) || bytes.HasPrefix(head, []byte("MM\x00*"))
}

// tiff reads every page. The decoder reads the first only, so it is shown the
// file with the header pointing at each page's directory in turn.
func (e *Extractor) tiff(ctx context.Context, data []byte, out extract.Out) error {
	pages, whole := directories(data)
	if len(pages) == 0 {
		return fmt.Errorf("no picture in it: %w", extract.ErrCorrupt)
	}
	var failed error
	for i, at := range pages {
		if err := extract.Alive(ctx); err != nil {
			return err
		}
		err := e.tiffPage(ctx, &turned{data: data, header: header(data, at)}, i+1, out)
		if extract.Alive(ctx) != nil {
			return extract.Alive(ctx)
		}
		var stop *refusal
		if errors.As(err, &stop) {
			return err
		}
		if err != nil && failed == nil {
			failed = fmt.Errorf("page %d of %d: %w", i+1, len(pages), err)
		}
	}
	if failed == nil && !whole {
		failed = fmt.Errorf("list of pages breaks off: %w", extract.ErrCorrupt)
	}
	return failed
}

func (e *Extractor) tiffPage(ctx context.Context, r *turned, page int, out extract.Out) error {
	config, err := tiff.DecodeConfig(r.reader())
	if err != nil {
		return tiffError(err)
	}
	if err := checkSize(config); err != nil {
		return err
	}
	if config.Width < minWidth || config.Height < minHeight {
		return nil // a preview
	}
	if err := e.Available(); err != nil {
		return err
	}
	img, err := tiff.Decode(r.reader())
	if err != nil {
		return tiffError(err)
	}
	return e.read(ctx, img, page, out)
}

func tiffError(err error) error {
	if _, ok := err.(tiff.UnsupportedError); ok {
		return fmt.Errorf("unknown coding of the picture: %w", extract.ErrUnsupported)
	}
	return decodeError(err)
}

// directories returns the offsets of the pages' directories and whether their
// chain comes to an end (TIFF 6.0, section 2).
func directories(data []byte) (pages []uint32, whole bool) {
	if len(data) < 8 {
		return nil, false
	}
	order := orderOf(data)
	seen := make(map[uint32]bool)
	for at := order.Uint32(data[4:]); ; {
		if at == 0 {
			return pages, true
		}
		if seen[at] || len(pages) >= maxPages || int64(at)+2 > int64(len(data)) {
			return pages, false
		}
		seen[at] = true
		next := int64(at) + 2 + 12*int64(order.Uint16(data[at:]))
		pages = append(pages, at)
		if next+4 > int64(len(data)) {
			return pages, false
		}
		at = order.Uint32(data[next:])
	}
}

func orderOf(data []byte) binary.ByteOrder {
	if data[0] == 'M' {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

// header returns the file's first 8 bytes with another first directory.
func header(data []byte, at uint32) []byte {
	h := bytes.Clone(data[:8])
	orderOf(data).PutUint32(h[4:], at)
	return h
}

// turned is a TIFF with another header.
type turned struct{ data, header []byte }

// ReadAt implements io.ReaderAt.
func (t *turned) ReadAt(p []byte, off int64) (int, error) {
	n, err := extract.Bytes(t.data).ReadAt(p, off)
	if off >= 0 && off < int64(len(t.header)) {
		copy(p[:n], t.header[off:])
	}
	return n, err
}

func (t *turned) reader() *io.SectionReader { return io.NewSectionReader(t, 0, int64(len(t.data))) }

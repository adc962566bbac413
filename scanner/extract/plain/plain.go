// Package plain reads what is text already: notes, tables as CSV, JSON, XML,
// source code, logs, calendars and address cards. It detects the charset and
// streams in bounded memory. Binary files are not text, whatever their name.
package plain

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/charset"
)

// Extractor reads text files. It belongs last in the list: it wants whatever
// looks like text.
type Extractor struct{}

// New returns the extractor.
func New() Extractor { return Extractor{} }

// Name implements extract.Extractor.
func (Extractor) Name() string { return "plain" }

// Wants implements extract.Extractor.
func (Extractor) Wants(_, mediaType string, head []byte) bool {
	if mediaType == "application/pdf" || mediaType == extract.TypeZip {
		return false
	}
	return charset.Detect(head, len(head) < extract.HeadSize) != charset.Binary
}

// blockSize is how much text makes a block, in bytes.
const blockSize = 64 << 10

// Extract implements extract.Extractor.
func (Extractor) Extract(ctx context.Context, _ string, f extract.File, out extract.Out) error {
	head := make([]byte, min(f.Size(), 64))
	n, err := f.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return err
	}
	in := charset.NewReader(io.NewSectionReader(f, 0, f.Size()))
	var text io.Reader = in
	switch head = bytes.TrimLeft(head[:n], "\xEF\xBB\xBF \r\n\t"); {
	case bytes.HasPrefix(head, []byte("{")), bytes.HasPrefix(head, []byte("[")):
		text = newUnescaper(in)
	case isFolded(head):
		text = newUnfolder(in)
	}
	sent, err := Lines(ctx, text, out, extract.Place{})
	if err == nil && in.Charset() == charset.Binary {
		if sent == 0 {
			return fmt.Errorf("no text: %w", extract.ErrUnsupported)
		}
		return fmt.Errorf("no text after %d bytes: %w", sent, extract.ErrCorrupt)
	}
	return err
}

// Lines sends what r holds, UTF-8, to out in blocks that end at a line's end
// where there is one. It returns the number of bytes sent.
func Lines(ctx context.Context, r io.Reader, out extract.Out, place extract.Place) (sent int64, err error) {
	buf := make([]byte, 0, 4<<10) // most texts are short
	for {
		if err := extract.Alive(ctx); err != nil {
			return sent, err
		}
		n, rerr := r.Read(buf[len(buf):min(cap(buf), blockSize)])
		buf = buf[:len(buf)+n]
		if rerr == nil && len(buf) < blockSize {
			if len(buf) == cap(buf) {
				buf = slices.Grow(buf, min(len(buf), blockSize-len(buf)))
			}
			continue
		}
		end := len(buf)
		if rerr == nil {
			end = cutLine(buf)
		}
		if end > 0 {
			if err := out.Text(extract.Block{Text: string(buf[:end]), Place: place}); err != nil {
				return sent, err
			}
			sent += int64(end)
			buf = buf[:copy(buf, buf[end:])]
		}
		if rerr == io.EOF {
			return sent, nil
		}
		if rerr != nil {
			return sent, rerr
		}
	}
}

// cutLine returns where to end a block: after its last newline, or else at
// white space, since the core puts a newline between blocks.
func cutLine(b []byte) int {
	for _, sep := range []string{"\n", "\r", " ", "\t;,"} {
		if i := bytes.LastIndexAny(b, sep); i >= len(b)/2 {
			return i + 1
		}
	}
	end := len(b)
	for end > len(b)-4 && b[end-1]&0xC0 == 0x80 {
		end--
	}
	if end > 0 && b[end-1] >= 0xC0 {
		end--
	}
	return end
}

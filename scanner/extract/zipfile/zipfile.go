// Package zipfile opens zip containers that may be hostile, encrypted or cut
// short: archives, and the office formats built on zip. A container without
// its directory is searched for the members themselves.
//
// Start reading at Open.
package zipfile

import (
	"archive/zip"
	"bytes"
	"compress/bzip2"
	"compress/flate"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/charset"
)

// Compression methods beside those of archive/zip, from section 4.4.5 of
// https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
const (
	methodBzip2 = 12
	methodAES   = 99
)

// maxEntries bounds the memory that a directory takes: about 400 bytes each.
const maxEntries = 200_000

// Member is one file in a container.
type Member struct {
	// Name is in UTF-8 with forward slashes, as far as its charset is known.
	Name string
	// Dir tells that the member is a folder.
	Dir bool
	// Size is what the directory says of the unpacked size, in bytes; hostile
	// containers lie. 0 is unknown.
	Size uint64

	encrypted bool
	method    uint16
	file      *zip.File // nil when found by search
	raw       extract.File
	off, n    int64
}

// Open returns the members of a container in the order of its directory. When
// the directory is missing or broken the error is ErrCorrupt and the members
// are those found by search, of which the last may be cut short.
func Open(ctx context.Context, f extract.File) ([]Member, error) {
	if n := countEntries(f); n > maxEntries {
		return nil, fmt.Errorf("directory of %d members: %w", n, extract.ErrTooLarge)
	}
	z, err := zip.NewReader(f, f.Size())
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		members, serr := search(ctx, f)
		if serr != nil {
			return nil, serr
		}
		return members, fmt.Errorf("no directory of members: %w", extract.ErrCorrupt)
	}
	z.RegisterDecompressor(zip.Deflate, inflate)
	z.RegisterDecompressor(methodBzip2, func(r io.Reader) io.ReadCloser { return io.NopCloser(bzip2.NewReader(r)) })
	page := namePage(z.File)
	members := make([]Member, len(z.File))
	for i, zf := range z.File {
		m := &members[i]
		*m = Member{
			Name: zf.Name, Size: zf.UncompressedSize64, encrypted: zf.Flags&1 != 0, method: zf.Method, file: zf,
		}
		if zf.NonUTF8 && !utf8.ValidString(zf.Name) {
			m.Name = page.Decode([]byte(zf.Name))
		}
		m.Name = strings.ReplaceAll(m.Name, "\\", "/")
		m.Dir = strings.HasSuffix(m.Name, "/")
	}
	return members, nil
}

// namePage detects the charset of names that are not UTF-8 from all of them.
func namePage(files []*zip.File) charset.Charset {
	var names []byte
	for _, f := range files {
		if f.NonUTF8 && !utf8.ValidString(f.Name) && len(names) < charset.SampleSize {
			names = append(append(names, f.Name...), '\n')
		}
	}
	return charset.DetectNames(names)
}

// Encrypted reports whether the member needs a password.
func (m Member) Encrypted() bool { return m.encrypted || m.method == methodAES }

// Open returns the member's content, charged to the budget in ctx. Errors
// while reading wrap ErrCorrupt where the content is at fault.
func (m Member) Open(ctx context.Context) (io.ReadCloser, error) {
	if m.Encrypted() {
		return nil, extract.ErrEncrypted
	}
	var rc io.ReadCloser
	var err error
	if m.file != nil {
		rc, err = m.file.Open()
	} else {
		rc, err = m.openRaw()
	}
	switch {
	case errors.Is(err, zip.ErrAlgorithm):
		return nil, fmt.Errorf("compression method %d: %w", m.method, extract.ErrUnsupported)
	case err != nil:
		return nil, fmt.Errorf("%w (%w)", extract.ErrCorrupt, err)
	}
	return &content{r: extract.Unpack(ctx, rc), c: rc}, nil
}

type content struct {
	r io.Reader
	c io.Closer
}

func (c *content) Close() error { return c.c.Close() }

func (c *content) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	var bad flate.CorruptInputError
	var badBzip bzip2.StructuralError
	switch {
	case err == nil || err == io.EOF:
	case errors.As(err, &bad), errors.As(err, &badBzip), errors.Is(err, zip.ErrChecksum), errors.Is(err, zip.ErrFormat),
		errors.Is(err, io.ErrUnexpectedEOF):
		err = fmt.Errorf("%w (%w)", extract.ErrCorrupt, err)
	}
	return n, err
}

// countEntries reads the number of members that the end record states; 0 when
// there is none.
func countEntries(f extract.File) int64 {
	const endLen = 22
	tail := tailOf(f, 66<<10)
	i := bytes.LastIndex(tail, []byte("PK\x05\x06"))
	if i < 0 || i+endLen > len(tail) {
		return 0
	}
	count := int64(binary.LittleEndian.Uint16(tail[i+10:]))
	size := int64(binary.LittleEndian.Uint32(tail[i+12:]))
	if count == 0xFFFF || size == 0xFFFFFFFF { // zip64: the size bounds the count
		const least = 46
		if j := bytes.LastIndex(tail[:i], []byte("PK\x06\x06")); j >= 0 && j+56 <= len(tail) {
			entries := binary.LittleEndian.Uint64(tail[j+32:])
			return int64(min(entries, uint64(f.Size()/least)))
		}
	}
	return count
}

// tailOf returns the last bytes of a file, at most most.
func tailOf(f extract.File, most int64) []byte {
	if b, ok := f.(extract.Bytes); ok {
		return b[max(int64(len(b))-most, 0):]
	}
	tail := make([]byte, min(f.Size(), most))
	n, _ := f.ReadAt(tail, f.Size()-int64(len(tail)))
	return tail[:n]
}

// search finds members by their local headers.
func search(ctx context.Context, f extract.File) ([]Member, error) {
	var members []Member
	var names []byte
	buf := make([]byte, 1<<20)
	const headLen = 30
	for off := int64(0); off < f.Size() && len(members) < 10_000; {
		if err := extract.Alive(ctx); err != nil {
			return nil, err
		}
		n, err := f.ReadAt(buf, off)
		if n == 0 && err != nil {
			break
		}
		b := buf[:n]
		for at := 0; ; {
			i := bytes.Index(b[at:], []byte("PK\x03\x04"))
			if i < 0 {
				break
			}
			at += i
			if m, ok := localHeader(f, off+int64(at)); ok {
				members = append(members, m)
				names = append(append(names, m.Name...), '\n')
			}
			at += 4
		}
		if err == io.EOF || n < headLen {
			break
		}
		off += int64(n - 3)
	}
	page := charset.DetectNames(names)
	for i := range members {
		if !utf8.ValidString(members[i].Name) {
			members[i].Name = page.Decode([]byte(members[i].Name))
		}
		// A member whose size is unknown ends where the next begins.
		if m := &members[i]; m.n == 0 && !m.Dir {
			end := f.Size()
			if i+1 < len(members) {
				end = members[i+1].off - 30 - int64(len(members[i+1].Name))
			}
			m.n = max(end-m.off, 0)
			if m.method == zip.Store {
				m.n = withoutDescriptor(f, m.off, m.n)
			}
		}
	}
	return members, nil
}

// withoutDescriptor returns the length of a stored member without the sizes
// that may follow it, section 4.3.9.
func withoutDescriptor(f extract.File, off, n int64) int64 {
	for _, size := range []int64{16, 24} {
		var sign [4]byte
		if n < size {
			break
		}
		if _, err := f.ReadAt(sign[:], off+n-size); err == nil && string(sign[:]) == "PK\x07\x08" {
			return n - size
		}
	}
	return n
}

// localHeader reads the header before a member's content, section 4.3.7.
func localHeader(f extract.File, at int64) (Member, bool) {
	var h [30]byte
	if n, _ := f.ReadAt(h[:], at); n < len(h) {
		return Member{}, false
	}
	le := binary.LittleEndian
	flags, method := le.Uint16(h[6:]), le.Uint16(h[8:])
	nameLen, extraLen := int64(le.Uint16(h[26:])), int64(le.Uint16(h[28:]))
	if le.Uint16(h[4:]) > 63 || nameLen == 0 || nameLen > 4096 || (method > 20 && method < 90) || method > methodAES {
		return Member{}, false
	}
	name := make([]byte, nameLen)
	if n, _ := f.ReadAt(name, at+30); n < len(name) || bytes.IndexByte(name, 0) >= 0 {
		return Member{}, false
	}
	m := Member{
		Name: strings.ReplaceAll(string(name), "\\", "/"), encrypted: flags&1 != 0, method: method,
		raw: f, off: at + 30 + nameLen + extraLen, n: int64(le.Uint32(h[18:])), Size: uint64(le.Uint32(h[22:])),
	}
	if m.n == 0xFFFFFFFF || flags&8 != 0 {
		m.n, m.Size = 0, 0
	}
	m.Dir = strings.HasSuffix(m.Name, "/")
	return m, true
}

func (m Member) openRaw() (io.ReadCloser, error) {
	r := io.NewSectionReader(m.raw, m.off, min(m.n, m.raw.Size()-m.off))
	switch m.method {
	case zip.Store:
		return io.NopCloser(r), nil
	case zip.Deflate:
		return inflate(r), nil
	case methodBzip2:
		return io.NopCloser(bzip2.NewReader(r)), nil
	}
	return nil, zip.ErrAlgorithm
}

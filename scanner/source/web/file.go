package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"

	"aktvakt/scanner/source/web/session"
)

// How documents are fetched, in bytes. Nine tenths of those on portals are
// fetched in one request when they are opened; the next, up to some megabytes,
// whole at the first read; larger ones in ranges.
const (
	fetchAtOpen = 256 << 10
	fetchWhole  = 4 << 20
	blockSize   = 512 << 10
	blocksKept  = 4
	// mostWithoutRanges is the size of documents that are held in memory where
	// the server knows no ranges.
	mostWithoutRanges = 64 << 20
)

var (
	errChanged  = errors.New("the document changed while it was read")
	errNoRanges = fmt.Errorf("the server cannot send a part of a document, and this one is larger than %d MiB", mostWithoutRanges>>20)
	errOther    = errors.New("the server sent another part of the document than it was asked for")
	errNoLength = fmt.Errorf("the server does not tell how long the document is, and it is longer than %d MiB", fetchWhole>>20)
	errFolder   = errors.New("not a file but a folder")
	errLogin    = fmt.Errorf("a log-in page in place of the document: %w", fs.ErrPermission)
)

// file is an open document.
type file struct {
	s    *Source
	u    *url.URL
	ctx  context.Context
	size int64

	mu     sync.Mutex
	closed bool
	whole  []byte
	have   bool
	etag   string // of the first read
	blocks []block
}

type block struct {
	off  int64
	data []byte
}

// openURL opens a document of a size that the listing told.
func openURL(ctx context.Context, s *Source, u *url.URL, size int64) (*file, error) {
	f := &file{s: s, u: u, ctx: ctx, size: size}
	known := size > 0
	if size <= fetchAtOpen {
		done, err := f.atOnce()
		if err != nil {
			return nil, err
		}
		if done {
			return f, nil
		}
		known = f.size > fetchWhole // it is larger than the listing said
	}
	rep, err := s.ask(ctx, s.own, session.Request{Method: http.MethodHead, URL: u, Header: http.Header{"Accept-Encoding": {"identity"}}})
	if err != nil {
		return nil, err
	}
	rep.Body.Close()
	noHead := rep.Status == http.StatusMethodNotAllowed || rep.Status == http.StatusNotImplemented
	if err := f.check(rep); err != nil && !noHead {
		return nil, err
	}
	switch n, ok := length(rep.Header); {
	case ok && !noHead:
		f.size = n
	case !known:
		return nil, errNoLength
	}
	return f, nil
}

// check looks whether the answer is one to the document.
func (f *file) check(rep *answer) error {
	if err := rep.err(); err != nil {
		return err
	}
	if strings.HasSuffix(rep.URL.Path, "/") && !strings.HasSuffix(f.u.Path, "/") {
		return errFolder
	}
	return nil
}

func length(h http.Header) (int64, bool) {
	n, err := strconv.ParseInt(h.Get("Content-Length"), 10, 64)
	return n, err == nil && n >= 0
}

// atOnce fetches a small document whole; false where it has grown large.
func (f *file) atOnce() (bool, error) {
	rep, err := f.get(nil)
	if err != nil {
		return false, err
	}
	defer rep.Body.Close()
	if n, ok := length(rep.Header); ok && n > fetchWhole {
		f.size = n
		return false, nil
	}
	b, err := io.ReadAll(io.LimitReader(rep.Body, fetchWhole+1))
	if err != nil {
		return false, err
	}
	if len(b) > fetchWhole {
		return false, nil
	}
	f.whole, f.have, f.size = b, true, int64(len(b))
	return true, nil
}

func (f *file) get(header http.Header) (*answer, error) {
	h := header.Clone()
	if h == nil {
		h = http.Header{}
	}
	h.Set("Accept-Encoding", "identity")
	rep, err := f.s.ask(f.ctx, f.s.own, session.Request{URL: f.u, Header: h})
	if err != nil {
		return nil, err
	}
	if err := f.check(rep); err != nil {
		rep.Body.Close()
		return nil, err
	}
	return rep, nil
}

// Size implements source.File.
func (f *file) Size() int64 { return f.size }

// Close implements source.File.
func (f *file) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed, f.whole, f.blocks = true, nil, nil
	return nil
}

// ReadAt implements source.File.
func (f *file) ReadAt(p []byte, off int64) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.closed:
		return 0, fs.ErrClosed
	case off < 0:
		return 0, errors.New("read at a negative offset")
	case f.ctx.Err() != nil:
		return 0, context.Cause(f.ctx)
	case off >= f.size:
		return 0, io.EOF
	}
	if !f.have && f.size <= fetchWhole {
		if err := f.fetchWhole(); err != nil {
			return 0, err
		}
	}
	n := 0
	for n < len(p) && off+int64(n) < f.size {
		b, at, err := f.part(off + int64(n))
		if err != nil {
			return n, err
		}
		n += copy(p[n:], b[at:])
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// part returns bytes that begin at or before off.
func (f *file) part(off int64) (b []byte, at int64, err error) {
	if f.have {
		return f.whole, off, nil
	}
	start := off / blockSize * blockSize
	for i, k := range f.blocks {
		if k.off == start {
			copy(f.blocks[1:], f.blocks[:i]) // the last used comes first
			f.blocks[0] = k
			return k.data, off - start, nil
		}
	}
	data, err := f.fetch(start, min(start+blockSize, f.size)-start)
	if err != nil {
		return nil, 0, err
	}
	if f.have {
		return f.whole, off, nil
	}
	if len(f.blocks) < blocksKept {
		f.blocks = append(f.blocks, block{})
	}
	copy(f.blocks[1:], f.blocks)
	f.blocks[0] = block{start, data}
	return data, off - start, nil
}

// fetchWhole reads all of a document that fits into memory.
func (f *file) fetchWhole() error {
	rep, err := f.get(nil)
	if err != nil {
		return err
	}
	defer rep.Body.Close()
	return f.keep(rep.Body)
}

// keep holds the document from an answer that has all of it. One that became
// longer is read as far as it went when it was opened.
func (f *file) keep(body io.Reader) error {
	if f.size > mostWithoutRanges {
		return errNoRanges
	}
	b, err := exactly(body, f.size)
	if err != nil {
		return err
	}
	f.whole, f.have, f.blocks = b, true, nil
	return nil
}

// fetch reads a range, or the whole document where the server knows no ranges.
func (f *file) fetch(off, n int64) ([]byte, error) {
	rep, err := f.s.ask(f.ctx, f.s.own, session.Request{URL: f.u, Header: http.Header{
		"Range": {fmt.Sprintf("bytes=%d-%d", off, off+n-1)}, "Accept-Encoding": {"identity"},
	}})
	if err != nil {
		return nil, err
	}
	defer rep.Body.Close()
	if rep.Status == http.StatusRequestedRangeNotSatisfiable {
		return nil, errChanged
	}
	if err := f.check(rep); err != nil {
		return nil, err
	}
	tag := rep.Header.Get("ETag")
	if f.etag != "" && tag != "" && tag != f.etag {
		return nil, errChanged
	}
	f.etag = tag
	if rep.Status != http.StatusPartialContent {
		return nil, f.keep(rep.Body)
	}
	start, total, ok := contentRange(rep.Header.Get("Content-Range"))
	if !ok || start != off {
		return nil, errOther
	}
	if total >= 0 && total < f.size {
		return nil, errChanged
	}
	return exactly(rep.Body, n)
}

// exactly reads n bytes.
func exactly(body io.Reader, n int64) ([]byte, error) {
	b := make([]byte, n)
	_, err := io.ReadFull(body, b)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return nil, errChanged
	}
	if err != nil {
		return nil, err
	}
	return b, nil
}

// contentRange reads "bytes 0-99/1234"; a total of * is -1.
func contentRange(s string) (start, total int64, ok bool) {
	s, ok = strings.CutPrefix(s, "bytes ")
	if !ok {
		return 0, 0, false
	}
	span, all, ok1 := strings.Cut(s, "/")
	from, _, ok2 := strings.Cut(span, "-")
	start, err := strconv.ParseInt(from, 10, 64)
	if !ok1 || !ok2 || err != nil || start < 0 {
		return 0, 0, false
	}
	if all == "*" {
		return start, -1, true
	}
	total, err = strconv.ParseInt(all, 10, 64)
	return start, total, err == nil && total >= 0
}

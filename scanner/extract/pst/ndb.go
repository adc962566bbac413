package pst

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sort"

	"aktvakt/scanner/extract"
)

// layout is where things are in one of the three kinds of mailbox files,
// [MS-PST] 2.2.2.
type layout struct {
	wordSize int // of block identifiers and offsets
	cryptAt  int
	rootAt   int // BREFNBT in the header
	pageSize int
	countAt  int // of a page's entries
	wideHeap bool
}

var (
	ansi    = layout{wordSize: 4, cryptAt: 461, rootAt: 184, pageSize: 512, countAt: 496}
	unicode = layout{wordSize: 8, cryptAt: 513, rootAt: 216, pageSize: 512, countAt: 488}
	wide    = layout{wordSize: 8, cryptAt: 513, rootAt: 216, pageSize: 4096, countAt: 4056, wideHeap: true}
)

const (
	headerSize = 564
	// maxBlock is the largest block of a wide file, and more than any other.
	maxBlock = 64 << 10
	// maxLevels is more than the trees of a file of any size have.
	maxLevels = 8
	// cachedPages is how many pages of the indexes are kept: those above the
	// leaves and some.
	cachedPages = 1024
)

// Types of nodes, the low five bits of their identifiers, 2.2.2.1.
const (
	nodeType       = 0x1F
	typeFolder     = 0x02
	typeMessage    = 0x04
	typeAttachment = 0x05
	typeRecipients = 0x12
)

// errRead marks errors of the file below.
var errRead = errors.New("read")

// store finds blocks and nodes. It is used by one goroutine.
type store struct {
	layout
	ctx                 context.Context
	f                   extract.File
	crypt               byte
	nodeRoot, blockRoot uint64
	pages               map[uint64]page
	broken              int // pages left out by each
}

// node is a unit of the file: a folder, a message, an attachment.
type node struct {
	id, parent uint32
	data, sub  uint64 // blocks
}

// page is one of a tree's.
type page struct {
	entries []byte
	size    int // of an entry
	level   int
}

func (p page) len() int           { return len(p.entries) / p.size }
func (p page) entry(i int) []byte { return p.entries[i*p.size : (i+1)*p.size] }

// word reads an identifier or offset.
func (l layout) word(b []byte, at int) uint64 {
	if at < 0 || at+l.wordSize > len(b) {
		return 0
	}
	if l.wordSize == 4 {
		return uint64(binary.LittleEndian.Uint32(b[at:]))
	}
	return binary.LittleEndian.Uint64(b[at:])
}

// read fills b from an offset of the file.
func (s *store) read(b []byte, at uint64) error {
	if err := extract.Alive(s.ctx); err != nil {
		return err
	}
	size := uint64(s.f.Size())
	if at >= size || uint64(len(b)) > size-at {
		return fmt.Errorf("offset beyond the end: %w", extract.ErrCorrupt)
	}
	if n, err := s.f.ReadAt(b, int64(at)); n < len(b) {
		return fmt.Errorf("%w: %w", errRead, err)
	}
	return nil
}

// page reads a page of a tree whose leaves have entries of at least leaf
// bytes.
func (s *store) page(at uint64, leaf int) (page, error) {
	if p, ok := s.pages[at]; ok {
		return p, nil
	}
	b := make([]byte, s.pageSize)
	if err := s.read(b, at); err != nil {
		return page{}, err
	}
	c := b[s.countAt:]
	p := page{size: int(c[2]), level: int(c[3])}
	n := int(c[0])
	if s.wideHeap {
		p.size, p.level, n = int(c[4]), int(c[5]), u16(c, 0)
	}
	least := leaf
	if p.level > 0 {
		least = 3 * s.wordSize
	}
	if p.size < least || n*p.size > s.countAt || p.level > maxLevels {
		return page{}, fmt.Errorf("page of the index: %w", extract.ErrCorrupt)
	}
	p.entries = b[:n*p.size]
	if len(s.pages) >= cachedPages || s.pages == nil {
		s.pages = make(map[uint64]page)
	}
	s.pages[at] = p
	return p, nil
}

// nodeLeaf and blockLeaf are the sizes of entries of leaves, 2.2.2.7.7.
func (l layout) nodeLeaf() int  { return 3*l.wordSize + 4 }
func (l layout) blockLeaf() int { return 2*l.wordSize + 4 }

// each calls f for every node, in order of their identifiers. Pages that
// cannot be read are left out and counted.
func (s *store) each(f func(node) error) error {
	// A page that is reached twice belongs to a loop.
	seen := make(map[uint64]bool)
	var walk func(at uint64, above int) error
	walk = func(at uint64, above int) error {
		p, err := s.page(at, s.nodeLeaf())
		if err == nil && (seen[at] || p.level >= above) {
			err = fmt.Errorf("loop in the index: %w", extract.ErrCorrupt)
		}
		if err != nil {
			if !s.tolerable(err) || above > maxLevels {
				return err
			}
			s.broken++
			return nil
		}
		if p.level > 0 { // leaves need no remembering: they have no children
			seen[at] = true
		}
		for i := range p.len() {
			e := p.entry(i)
			if p.level > 0 {
				if err := walk(s.word(e, 2*s.wordSize), p.level); err != nil {
					return err
				}
				continue
			}
			n := node{id: uint32(s.word(e, 0)), data: s.word(e, s.wordSize), sub: s.word(e, 2*s.wordSize), parent: uint32(u32(e, 3*s.wordSize))}
			if err := f(n); err != nil {
				return err
			}
		}
		return nil
	}
	return walk(s.nodeRoot, maxLevels+1)
}

// find returns the entry of a leaf by its key. The lowest bit of a block's
// identifier is not part of it.
func (s *store) find(root uint64, leaf int, key, mask uint64) ([]byte, error) {
	at, above := root, maxLevels+1
	for {
		p, err := s.page(at, leaf)
		if err != nil {
			return nil, err
		}
		if p.level >= above {
			return nil, fmt.Errorf("loop in the index: %w", extract.ErrCorrupt)
		}
		// The last entry that is not greater.
		i := sort.Search(p.len(), func(i int) bool { return s.word(p.entry(i), 0)&mask > key&mask }) - 1
		if i < 0 {
			return nil, errMissing
		}
		e := p.entry(i)
		if p.level == 0 {
			if s.word(e, 0)&mask != key&mask {
				return nil, errMissing
			}
			return e, nil
		}
		at, above = s.word(e, 2*s.wordSize), p.level
	}
}

var errMissing = fmt.Errorf("reference to nothing: %w", extract.ErrCorrupt)

// node finds a node by its identifier.
func (s *store) node(id uint32) (node, error) {
	e, err := s.find(s.nodeRoot, s.nodeLeaf(), uint64(id), 1<<32-1)
	if err != nil {
		return node{}, err
	}
	return node{id: id, data: s.word(e, s.wordSize), sub: s.word(e, 2*s.wordSize), parent: uint32(u32(e, 3*s.wordSize))}, nil
}

// internal tells blocks that hold identifiers of others.
func internal(bid uint64) bool { return bid&2 != 0 }

// block reads one block.
func (s *store) block(bid uint64) ([]byte, error) {
	e, err := s.find(s.blockRoot, s.blockLeaf(), bid, ^uint64(1))
	if err != nil {
		return nil, err
	}
	size := u16(e, 2*s.wordSize)
	b := make([]byte, size)
	if err := s.read(b, s.word(e, s.wordSize)); err != nil {
		return nil, err
	}
	full := size
	if s.wideHeap {
		full = u16(e, 2*s.wordSize+2)
	}
	packed := full != size && full > 0
	if packed {
		// What was hidden and then packed; otherwise it was packed first.
		if plain, err := inflate(b, full); err == nil {
			b, packed = plain, false
		}
	}
	if !internal(bid) {
		decode(s.crypt, b, bid)
	}
	if packed {
		return inflate(b, full)
	}
	return b, nil
}

// inflate unpacks a block of a wide file.
func inflate(b []byte, size int) ([]byte, error) {
	r, err := zlib.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("packed block: %w", extract.ErrCorrupt)
	}
	out := make([]byte, min(size, maxBlock))
	if _, err := io.ReadFull(r, out); err != nil {
		return nil, fmt.Errorf("packed block: %w", extract.ErrCorrupt)
	}
	return out, nil
}

// leaves returns the blocks of data that a block stands for: itself, or those
// that it lists over one or two levels, 2.2.2.8.3.2.
func (s *store) leaves(bid uint64) ([]uint64, error) {
	var all []uint64
	var list func(bid uint64, levels int) error
	list = func(bid uint64, levels int) error {
		if !internal(bid) {
			if len(all) >= maxLeaves {
				return fmt.Errorf("over %d blocks: %w", maxLeaves, extract.ErrTooLarge)
			}
			all = append(all, bid)
			return nil
		}
		b, err := s.block(bid)
		if err != nil {
			return err
		}
		if levels == 0 || u8(b, 0) != 1 {
			return fmt.Errorf("list of blocks: %w", extract.ErrCorrupt)
		}
		for i := range u16(b, 2) {
			at := 8 + i*s.wordSize
			if at+s.wordSize > len(b) {
				return fmt.Errorf("list of blocks: %w", extract.ErrCorrupt)
			}
			if err := list(s.word(b, at), levels-1); err != nil {
				return err
			}
		}
		return nil
	}
	if bid == 0 {
		return nil, nil
	}
	return all, list(bid, 2)
}

// maxLeaves bounds the blocks of one value: 8 GB in blocks of 8 KB.
const maxLeaves = 1 << 20

// stream reads the data of a node. Its bytes are charged to the document.
func (s *store) stream(bid uint64) (io.Reader, error) {
	leaves, err := s.leaves(bid)
	return extract.Unpack(s.ctx, &blocks{s: s, rest: leaves, err: err}), err
}

type blocks struct {
	s    *store
	rest []uint64
	now  []byte
	err  error // after the rest
}

func (b *blocks) Read(p []byte) (int, error) {
	for len(b.now) == 0 {
		if len(b.rest) == 0 {
			if b.err != nil {
				return 0, b.err
			}
			return 0, io.EOF
		}
		var err error
		if b.now, err = b.s.block(b.rest[0]); err != nil {
			return 0, err
		}
		b.rest = b.rest[1:]
	}
	n := copy(p, b.now)
	b.now = b.now[n:]
	return n, nil
}

// content reads the data of a node, as far as it goes and at most most bytes.
func (s *store) content(bid uint64, most int64) ([]byte, error) {
	r, err := s.stream(bid)
	if err != nil && !s.tolerable(err) {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(r, most+1))
	if int64(len(b)) > most {
		return b[:most], fmt.Errorf("value over %d bytes: %w", most, extract.ErrTooLarge)
	}
	return b, err
}

// maxSubnodes bounds the nodes within one node.
const maxSubnodes = 100_000

// subnodes returns the nodes within a node, 2.2.2.8.3.3, as far as they go.
func (s *store) subnodes(bid uint64) ([]node, error) {
	if bid == 0 {
		return nil, nil
	}
	var all []node
	var list func(bid uint64, levels int) error
	list = func(bid uint64, levels int) error {
		b, err := s.block(bid)
		if err != nil {
			return err
		}
		level := u8(b, 1)
		if u8(b, 0) != 2 || level > levels {
			return fmt.Errorf("list of nodes: %w", extract.ErrCorrupt)
		}
		words := 3 - level
		for at, n := s.wordSize, u16(b, 2); n > 0 && at+words*s.wordSize <= len(b); n-- {
			if level > 0 {
				err = list(s.word(b, at+s.wordSize), level-1)
			} else if len(all) >= maxSubnodes {
				err = fmt.Errorf("over %d nodes: %w", maxSubnodes, extract.ErrTooLarge)
			} else {
				all = append(all, node{id: uint32(s.word(b, at)), data: s.word(b, at+s.wordSize), sub: s.word(b, at+2*s.wordSize)})
			}
			if err != nil {
				return err
			}
			at += words * s.wordSize
		}
		return nil
	}
	return all, list(bid, 1)
}

// The functions below read hostile structures: what lies outside is zero.

func u8(b []byte, at int) int {
	if at < 0 || at >= len(b) {
		return 0
	}
	return int(b[at])
}

func u16(b []byte, at int) int {
	if at < 0 || at > len(b)-2 {
		return 0
	}
	return int(binary.LittleEndian.Uint16(b[at:]))
}

func u32(b []byte, at int) int {
	if at < 0 || at > len(b)-4 {
		return 0
	}
	return int(binary.LittleEndian.Uint32(b[at:]))
}

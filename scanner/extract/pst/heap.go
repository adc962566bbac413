package pst

import (
	"fmt"
	"slices"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/charset"
	"aktvakt/scanner/extract/mapi"
)

// heap is a node's data as a heap of small values, [MS-PST] 2.3.1, beside the
// nodes within the node, which hold the large ones.
type heap struct {
	s      *store
	blocks [][]byte
	root   int
	sub    uint64
	nodes  []node // of sub, as far as they go
	broken error  // that cut them short
	loaded bool
}

const (
	// maxHeap is the largest heap that is read, in bytes. Values over 3.5 KB
	// lie outside, so that real ones take a few KB.
	maxHeap = 32 << 20
	// maxRecords bounds the properties of an object and the rows of a table.
	maxRecords = 100_000
	// maxValue is the longest string or text of a message, in bytes.
	maxValue = 64 << 20
)

// heap reads the heap of a node.
func (s *store) heap(n node) (*heap, error) {
	leaves, err := s.leaves(n.data)
	if err != nil {
		return nil, err
	}
	h := &heap{s: s, sub: n.sub}
	size := 0
	for _, bid := range leaves {
		b, err := s.block(bid)
		if err != nil {
			return nil, err
		}
		if size += len(b); size > maxHeap {
			return nil, fmt.Errorf("heap over %d bytes: %w", maxHeap, extract.ErrTooLarge)
		}
		h.blocks = append(h.blocks, b)
	}
	if len(h.blocks) == 0 || u8(h.blocks[0], 2) != 0xEC {
		return nil, fmt.Errorf("no heap in the node: %w", extract.ErrCorrupt)
	}
	h.root = u32(h.blocks[0], 4)
	return h, nil
}

// item returns a value of the heap, nil when there is none.
func (h *heap) item(id int) []byte {
	index, block := id>>5&0x7FF, id>>16
	if h.s.wideHeap {
		index, block = id>>5&0x3FFF, id>>19
	}
	if id&nodeType != 0 || index == 0 || block >= len(h.blocks) {
		return nil
	}
	b := h.blocks[block]
	at := u16(b, 0) // of the page map
	if index > u16(b, at) {
		return nil
	}
	from, to := u16(b, at+2+2*index), u16(b, at+4+2*index)
	if from > to || to > len(b) {
		return nil
	}
	return b[from:to]
}

// subnode finds a node within the node.
func (h *heap) subnode(id int) (node, error) {
	nodes, err := h.subnodes()
	if i := slices.IndexFunc(nodes, func(n node) bool { return n.id == uint32(id) }); i >= 0 {
		return nodes[i], nil
	}
	if err == nil {
		err = errMissing
	}
	return node{}, err
}

func (h *heap) subnodes() ([]node, error) {
	if !h.loaded {
		h.nodes, h.broken = h.s.subnodes(h.sub)
		h.loaded = true
	}
	return h.nodes, h.broken
}

// value reads a value that lies in the heap or in a node of its own.
func (h *heap) value(id int) ([]byte, error) {
	if id == 0 {
		return nil, nil
	}
	if id&nodeType == 0 {
		return h.item(id), nil
	}
	n, err := h.subnode(id)
	if err != nil {
		return nil, err
	}
	return h.s.content(n.data, maxValue)
}

// tree returns the records of a tree on the heap, 2.3.2: key and data of each.
func (h *heap) tree(root int) ([][]byte, error) {
	head := h.item(root)
	key, size, levels := u8(head, 1), u8(head, 2), u8(head, 3)
	if len(head) < 8 || head[0] != 0xB5 || key == 0 || size == 0 || levels > maxLevels {
		return nil, fmt.Errorf("tree of properties: %w", extract.ErrCorrupt)
	}
	var all [][]byte
	steps := 0
	var walk func(id, level int) error
	walk = func(id, level int) error {
		if steps++; steps > maxRecords {
			return fmt.Errorf("over %d records: %w", maxRecords, extract.ErrTooLarge)
		}
		b, size := h.item(id), size
		if level > 0 {
			size = 4
		}
		for ; len(b) >= key+size; b = b[key+size:] {
			if level > 0 {
				if err := walk(u32(b, key), level-1); err != nil {
					return err
				}
				continue
			}
			if len(all) >= maxRecords {
				return fmt.Errorf("over %d records: %w", maxRecords, extract.ErrTooLarge)
			}
			all = append(all, b[:key+size])
		}
		return nil
	}
	err := walk(u32(head, 4), levels)
	return all, err
}

// property is one of an object's: id and type, and where its value is, or the
// value itself where it has at most four bytes.
type property struct{ id, typ, value int }

// properties returns the properties of an object, 2.3.3.
func (h *heap) properties() ([]property, error) {
	records, err := h.tree(h.root)
	list := make([]property, 0, len(records))
	for _, r := range records {
		if len(r) >= 8 {
			list = append(list, property{u16(r, 0), u16(r, 2), u32(r, 4)})
		}
	}
	return list, err
}

// codePage returns the code page of the strings of an object, nil when it is
// not stated.
func codePage(list []property) *charset.Charset {
	for _, tag := range []int{mapi.Codepage, mapi.CPID} {
		for _, p := range list {
			if p.id == tag && p.typ == mapi.TypeInt32 && p.value > 0 {
				c := charset.ByCodepage(p.value)
				return &c
			}
		}
	}
	return nil
}

// rows calls f with the strings that tell a receiver of every row of a table,
// 2.3.4.
func (h *heap) rows(page *charset.Charset, f func(map[int]string) error) error {
	head := h.item(h.root)
	if len(head) < 22 || head[0] != 0x7C {
		return fmt.Errorf("table: %w", extract.ErrCorrupt)
	}
	bits, width, cols := u16(head, 6), u16(head, 8), head[22:]
	if width == 0 {
		return nil
	}
	blocks, err := h.matrix(u32(head, 14))
	if err != nil {
		return err
	}
	n := 0
	for _, b := range blocks {
		for ; len(b) >= width; b = b[width:] {
			if n++; n > maxRecords {
				return fmt.Errorf("over %d rows: %w", maxRecords, extract.ErrTooLarge)
			}
			if err := extract.Alive(h.s.ctx); err != nil {
				return err
			}
			strs, err := h.row(b[:width], b[min(bits, width):width], cols, page)
			if err != nil {
				return err
			}
			if err := f(strs); err != nil {
				return err
			}
		}
	}
	return nil
}

// matrix returns the blocks of a table's rows; no row goes over their ends.
func (h *heap) matrix(id int) ([][]byte, error) {
	if id&nodeType == 0 {
		return [][]byte{h.item(id)}, nil
	}
	n, err := h.subnode(id)
	if err != nil {
		return nil, err
	}
	leaves, err := h.s.leaves(n.data)
	if err != nil {
		return nil, err
	}
	var all [][]byte
	size := 0
	for _, bid := range leaves {
		b, err := h.s.block(bid)
		if err != nil {
			return nil, err
		}
		if size += len(b); size > maxHeap {
			return nil, fmt.Errorf("table over %d bytes: %w", maxHeap, extract.ErrTooLarge)
		}
		all = append(all, b)
	}
	return all, nil
}

// row returns strings of a row. bits tell which of the columns it has.
func (h *heap) row(b, bits, cols []byte, page *charset.Charset) (map[int]string, error) {
	strs := map[int]string{}
	for ; len(cols) >= 8; cols = cols[8:] {
		typ, tag, at, bit := u16(cols, 0), u16(cols, 2), u16(cols, 4), u8(cols, 7)
		if tag != mapi.Display && tag != mapi.SMTP && tag != mapi.Address || strs[tag] != "" {
			continue
		}
		if typ != mapi.TypeUnicode && typ != mapi.TypeANSI || u8(bits, bit/8)&(0x80>>(bit%8)) == 0 {
			continue
		}
		v, err := h.value(u32(b, at))
		if err != nil && !h.s.tolerable(err) {
			return nil, err
		}
		strs[tag] = mapi.Decode(v, typ, page)
	}
	return strs, nil
}

// multiple returns the strings of a list, 2.3.3.4.2: how many, where each
// begins, then the strings.
func multiple(b []byte, typ int, page *charset.Charset) []string {
	var all []string
	n := min(u32(b, 0), len(b)/4-1, maxRecords)
	last := 0
	for i := range n {
		from, to := u32(b, 4+4*i), len(b)
		if i+1 < n {
			to = u32(b, 8+4*i)
		}
		if from < last || from > to || to > len(b) {
			break
		}
		last = to
		all = append(all, mapi.Decode(b[from:to], typ, page))
	}
	return all
}

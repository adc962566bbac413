package state

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/klauspost/compress/s2"
)

// Known is what is remembered of one file: how it looked when it was read, and
// what came of that.
type Known struct {
	// Identity is a hash of what tells one file from another under the same
	// name: volume, file id, birth, ETag.
	Identity uint64
	// Size is in bytes; Modified and Changed are in nanoseconds since 1970, 0
	// where unknown.
	Size, Modified, Changed int64
	// Rules is a hash of the access rules, and RulesSince when they were first
	// seen to differ from those before, in seconds since 1970; 0 where they are
	// the first that were seen.
	Rules      uint64
	RulesSince int64
	// Read is when it was read, in seconds since 1970, and Reader by what.
	Read   int64
	Reader uint32
	// Attempts is how often reading it failed.
	Attempts uint8
	// Data is what was found, in the form of the scanner.
	Data []byte
	// name is the keyed hash of the file's name.
	name uint64
}

// The packed form of a folder is, all in little endian: the number of files,
// as uint32; for each, in the order of their names' hashes, a record of fixed
// length; then the data of all. It is compressed with S2.
const (
	fixed       = 8*4 + 8*4 + 4 + 1 + 4 + 4
	countLength = 4
	// maxListing bounds what an unpacked folder may take, in bytes: a damaged
	// state file must not eat the memory.
	maxListing = 1 << 30
)

var errDamaged = errors.New("a remembered folder is damaged")

// packed is an unpacked folder, read in place.
type packed struct {
	b []byte
	n int
}

func unpack(data []byte) (packed, error) {
	if len(data) == 0 {
		return packed{}, nil
	}
	n, err := s2.DecodedLen(data)
	if err != nil || n > maxListing {
		return packed{}, errDamaged
	}
	b, err := s2.Decode(nil, data)
	if err != nil || len(b) < countLength {
		return packed{}, errDamaged
	}
	p := packed{b: b, n: int(binary.LittleEndian.Uint32(b))}
	if p.n > (len(b)-countLength)/fixed {
		return packed{}, errDamaged
	}
	return p, nil
}

func (p packed) name(i int) uint64 {
	return binary.LittleEndian.Uint64(p.b[countLength+i*fixed:])
}

// find returns the place of a name, or -1.
func (p packed) find(name uint64) int {
	lo, hi := 0, p.n
	for lo < hi {
		m := (lo + hi) / 2
		if p.name(m) < name {
			lo = m + 1
		} else {
			hi = m
		}
	}
	if lo < p.n && p.name(lo) == name {
		return lo
	}
	return -1
}

// at returns the i-th record; its Data aliases p. ok is false where the folder
// is damaged.
func (p packed) at(i int) (r Known, ok bool) {
	return decode(p.b[countLength+i*fixed:], p.b[countLength+p.n*fixed:])
}

func decode(b, heap []byte) (r Known, ok bool) {
	le := binary.LittleEndian
	r.name, r.Identity = le.Uint64(b), le.Uint64(b[8:])
	r.Size, r.Modified, r.Changed = int64(le.Uint64(b[16:])), int64(le.Uint64(b[24:])), int64(le.Uint64(b[32:]))
	r.Rules, r.RulesSince, r.Read = le.Uint64(b[40:]), int64(le.Uint64(b[48:])), int64(le.Uint64(b[56:]))
	r.Reader, r.Attempts = le.Uint32(b[64:]), b[68]
	from, length := uint64(le.Uint32(b[69:])), uint64(le.Uint32(b[73:]))
	if from+length > uint64(len(heap)) {
		return r, false
	}
	r.Data = heap[from : from+length : from+length]
	return r, true
}

func appendFixed(b []byte, r Known, from int) []byte {
	le := binary.LittleEndian
	b = le.AppendUint64(b, r.name)
	b = le.AppendUint64(b, r.Identity)
	for _, v := range [...]int64{r.Size, r.Modified, r.Changed} {
		b = le.AppendUint64(b, uint64(v))
	}
	b = le.AppendUint64(b, r.Rules)
	b = le.AppendUint64(b, uint64(r.RulesSince))
	b = le.AppendUint64(b, uint64(r.Read))
	b = le.AppendUint32(b, r.Reader)
	b = append(b, r.Attempts)
	b = le.AppendUint32(b, uint32(from))
	return le.AppendUint32(b, uint32(len(r.Data)))
}

// pack makes the packed form; it sorts the records, of which no two have the
// same name.
func pack(rs []Known) []byte {
	slices.SortFunc(rs, func(a, b Known) int {
		if a.name < b.name {
			return -1
		}
		return 1
	})
	total := 0
	for _, r := range rs {
		total += len(r.Data)
	}
	b := make([]byte, 0, countLength+len(rs)*fixed+total)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(rs)))
	from := 0
	for _, r := range rs {
		b = appendFixed(b, r, from)
		from += len(r.Data)
	}
	for _, r := range rs {
		b = append(b, r.Data...)
	}
	return s2.Encode(nil, b)
}

// packOne is the form of one record in the journal.
func packOne(r Known) []byte {
	return append(appendFixed(nil, r, 0), r.Data...)
}

func unpackOne(b []byte) (Known, bool) {
	if len(b) < fixed {
		return Known{}, false
	}
	return decode(b, b[fixed:])
}

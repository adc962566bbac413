package state

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"sync"
	"time"
)

// Memory is what earlier runs remember of files, and takes in what this one
// learns. It may be used by many goroutines.
type Memory struct {
	s      *Store
	run    int64
	reader uint32
	// readerSince is when this reader was first used.
	readerSince time.Time
	// covered is the last run that looked at the whole of a folder, by the
	// first 8 bytes of its id. Its size is some 20 bytes a folder.
	covered map[uint64]int32
	// left tells that an earlier run left a journal.
	left    bool
	targets map[string]int64

	hashes sync.Pool // of hash.Hash: HMACs with the state's key
	byID   *sql.Stmt
	inLog  *sql.Stmt

	mu   sync.Mutex
	open map[*Folder]struct{}
	done []closed
	err  error

	// room bounds the folders that are open or wait to be written.
	room       chan struct{}
	wake, stop chan struct{}
	stopped    chan struct{}
}

// closed is a folder that is to be written.
type closed struct {
	f     *Folder
	whole bool
}

// flushEvery is how often what was read is written, so that a run that is
// killed loses no more work than this.
const flushEvery = time.Second

// flushAt is the number of finished folders that are written at once.
const flushAt = 2000

// Remember opens the memory for the run. reader is a hash of what reads
// documents: the program's version and its settings. Close it before the run
// is settled.
func (r *Run) Remember(ctx context.Context, reader uint32, now time.Time) (*Memory, error) {
	m := &Memory{
		s: r.s, run: r.id, reader: reader, covered: map[uint64]int32{}, targets: map[string]int64{},
		room: make(chan struct{}, 4*flushAt),
		open: map[*Folder]struct{}{}, wake: make(chan struct{}, 1), stop: make(chan struct{}), stopped: make(chan struct{}),
	}
	m.hashes.New = func() any { return hmac.New(sha256.New, r.s.key) }
	if err := m.load(ctx, now); err != nil {
		return nil, fmt.Errorf("state: %w", err)
	}
	go m.write()
	return m, nil
}

func (m *Memory) load(ctx context.Context, now time.Time) error {
	var first string
	err := m.s.db.QueryRowContext(ctx, `INSERT INTO readers (id, first) VALUES (?, ?)
		ON CONFLICT (id) DO UPDATE SET first = first RETURNING first`, m.reader, stamp(now)).Scan(&first)
	if err != nil {
		return err
	}
	if m.readerSince, err = time.Parse(time.RFC3339, first); err != nil {
		return err
	}
	var n int
	if err := m.s.db.QueryRowContext(ctx, `SELECT count(*) FROM (SELECT 1 FROM journal LIMIT 1)`).Scan(&n); err != nil {
		return err
	}
	m.left = n > 0
	rows, err := m.s.db.QueryContext(ctx, `SELECT id, run FROM folders`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id sql.RawBytes
		var run int32
		if err := rows.Scan(&id, &run); err != nil {
			return err
		}
		if len(id) >= 8 {
			m.covered[binary.LittleEndian.Uint64(id)] = run
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if m.byID, err = m.s.read.PrepareContext(ctx, `SELECT data FROM listings WHERE id = ?`); err != nil {
		return err
	}
	m.inLog, err = m.s.read.PrepareContext(ctx, `SELECT record FROM journal WHERE folder = ?`)
	return err
}

// Reader is the hash that Remember was given, and since when it is in use.
func (m *Memory) Reader() (id uint32, since time.Time) { return m.reader, m.readerSince }

// sum is the HMAC of the parts, kept apart by NUL.
func (m *Memory) sum(parts ...string) (out [sha256.Size]byte) {
	h := m.hashes.Get().(hash.Hash)
	h.Reset()
	var b [512]byte
	for _, p := range parts {
		h.Write(append(append(b[:0], p...), 0))
	}
	h.Sum(out[:0])
	m.hashes.Put(h)
	return out
}

// keyOf is the key of a folder's listing.
func keyOf(id []byte) int64 { return int64(binary.LittleEndian.Uint64(id)) }

// Covered returns the number of the last run that looked at every file in a
// folder, 0 where none did. A lower number means that it waits for longer.
func (m *Memory) Covered(target, path string) int {
	id := m.sum("folder", target, path)
	return int(m.covered[binary.LittleEndian.Uint64(id[:])])
}

// Print is a keyed hash of a text, to find it again elsewhere; never 0.
func (m *Memory) Print(text []byte) uint64 {
	h := m.hashes.Get().(hash.Hash)
	h.Reset()
	h.Write([]byte("text\x00"))
	h.Write(text)
	var out [sha256.Size]byte
	h.Sum(out[:0])
	m.hashes.Put(h)
	return binary.LittleEndian.Uint64(out[:]) | 1
}

// Folder opens what is remembered of a folder. Close it.
func (m *Memory) Folder(ctx context.Context, target, path string) (f *Folder, err error) {
	select {
	case m.room <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	defer func() {
		if err != nil {
			<-m.room
		}
	}()
	return m.folder(ctx, target, path)
}

func (m *Memory) folder(ctx context.Context, target, path string) (*Folder, error) {
	f := &Folder{m: m, target: target}
	both := m.sum("folder", target, path)
	copy(f.id[:], both[:16])
	copy(f.secret[:], both[16:])
	f.key = keyOf(f.id[:])
	var data []byte
	err := m.byID.QueryRowContext(ctx, f.key).Scan(&data)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("state: %w", err)
	}
	if f.old, err = unpack(data); err != nil {
		f.old, f.dirty = packed{}, true // its files are read again
	}
	if m.left {
		if err := f.replay(ctx); err != nil {
			return nil, fmt.Errorf("state: %w", err)
		}
	}
	f.kept = make([]uint64, (f.old.n+63)/64)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return nil, m.err
	}
	m.open[f] = struct{}{}
	return f, nil
}

// Folder is what is remembered of one folder.
type Folder struct {
	m  *Memory
	id [16]byte
	// secret is what names in the folder are hashed with; it is not stored.
	secret [16]byte
	key    int64
	target string
	old    packed
	// log is what a run that was killed had read.
	log map[uint64]Known

	mu    sync.Mutex
	kept  []uint64 // bits: old records that hold
	count int      // how many
	fresh []Known
	// flushed is how many of fresh are in the journal.
	flushed int
	// dirty tells that the stored form is not what it should be.
	dirty bool
}

// replay reads what a run that was killed had read of the folder.
func (f *Folder) replay(ctx context.Context) error {
	rows, err := f.m.inLog.QueryContext(ctx, f.key)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var b []byte
		if err := rows.Scan(&b); err != nil {
			return err
		}
		if r, ok := unpackOne(b); ok {
			if f.log == nil {
				f.log = map[uint64]Known{}
			}
			f.log[r.name] = r
		}
	}
	return rows.Err()
}

// name is a keyed hash of a file's name: SHA-256 after a secret of the folder.
// Equal names in two folders have nothing in common.
func (f *Folder) name(base string) uint64 {
	var b [256]byte
	s := sha256.Sum256(append(append(b[:0], f.secret[:]...), base...))
	return binary.LittleEndian.Uint64(s[:])
}

// Look returns what is remembered of the file of that name.
func (f *Folder) Look(base string) (Known, bool) {
	if f.old.n == 0 && f.log == nil {
		return Known{}, false
	}
	name := f.name(base)
	if r, ok := f.log[name]; ok {
		return r, true
	}
	if i := f.old.find(name); i >= 0 {
		if r, ok := f.old.at(i); ok {
			return r, true
		}
	}
	return Known{}, false
}

// Keep says that what Look returned holds.
func (f *Folder) Keep(k Known) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r, ok := f.log[k.name]; ok {
		f.fresh = append(f.fresh, r)
		return
	}
	if i := f.old.find(k.name); i >= 0 && f.kept[i/64]&(1<<(i%64)) == 0 {
		f.kept[i/64] |= 1 << (i % 64)
		f.count++
	}
}

// Put remembers a file in place of what was known of it. It keeps k.Data.
func (f *Folder) Put(base string, k Known) {
	k.name = f.name(base)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fresh = append(f.fresh, k)
}

// Close gives the folder up. whole tells that every file in it was kept, put,
// or is to be forgotten; else what was not looked at stays as it was.
func (f *Folder) Close(whole bool) {
	m := f.m
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.open, f)
	m.done = append(m.done, closed{f, whole})
	if len(m.done) >= flushAt {
		select {
		case m.wake <- struct{}{}:
		default:
		}
	}
}

// listing returns the records of the folder as they should be stored; same
// tells that they are stored so.
func (f *Folder) listing(whole bool) (rs []Known, same bool) {
	if !f.dirty && len(f.fresh) == 0 && (f.count == f.old.n || !whole) {
		return nil, true
	}
	put := make(map[uint64]bool, len(f.fresh))
	for i := len(f.fresh) - 1; i >= 0; i-- { // the last word counts
		if r := f.fresh[i]; !put[r.name] {
			put[r.name] = true
			rs = append(rs, r)
		}
	}
	if !whole {
		for name, r := range f.log {
			if !put[name] {
				put[name] = true
				rs = append(rs, r)
			}
		}
	}
	for i := range f.old.n {
		if whole && f.kept[i/64]&(1<<(i%64)) == 0 || put[f.old.name(i)] {
			continue
		}
		if r, ok := f.old.at(i); ok {
			rs = append(rs, r)
		}
	}
	return rs, false
}

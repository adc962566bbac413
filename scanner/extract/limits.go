package extract

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"
)

// Limits bound one document together with everything embedded in it. A zero
// field takes its default.
type Limits struct {
	// Text is the most text, in bytes.
	Text int64
	// Unpacked is the most decompressed bytes over all parts and members.
	Unpacked int64
	// Member is the most bytes of one embedded file that are held in memory.
	// It halves with each level of nesting, so that all levels together hold
	// less than twice as much.
	Member int64
	// Depth is how deep embedded files may nest; 1 is a member of the document.
	Depth int
	// Members is the most embedded files.
	Members int
	// Time is the most wall-clock time.
	Time time.Duration
}

// Defaults: a 45 MB novel in one docx passes; a zip bomb of 1.5 GB or a
// quine that contains itself ends within seconds.
const (
	DefaultText     = 64 << 20
	DefaultUnpacked = 1 << 30
	DefaultMember   = 128 << 20
	DefaultDepth    = 8
	DefaultMembers  = 100_000
	DefaultTime     = 2 * time.Minute
)

// WithDefaults returns l with its zero fields filled in.
func (l Limits) WithDefaults() Limits {
	def := func(v *int64, d int64) {
		if *v <= 0 {
			*v = d
		}
	}
	def(&l.Text, DefaultText)
	def(&l.Unpacked, DefaultUnpacked)
	def(&l.Member, DefaultMember)
	if l.Depth <= 0 {
		l.Depth = DefaultDepth
	}
	if l.Members <= 0 {
		l.Members = DefaultMembers
	}
	if l.Time <= 0 {
		l.Time = DefaultTime
	}
	return l
}

// budget travels in the context, so that readers deep inside an extractor
// charge the document they belong to.
type budget struct {
	unpacked atomic.Int64 // bytes left
	member   int64        // most bytes of one member at depth 1
	depth    int          // changed by the goroutine of Run alone
}

type budgetKey struct{}

func budgetOf(ctx context.Context) *budget {
	if b, ok := ctx.Value(budgetKey{}).(*budget); ok {
		return b
	}
	l := Limits{}.WithDefaults()
	b := &budget{member: l.Member}
	b.unpacked.Store(l.Unpacked)
	return b
}

// Unpack returns a reader whose bytes are charged to the document's budget of
// decompressed bytes. Extractors wrap every decompressor in it. Its error is
// that of r, ErrBudget, or ErrTimeout when ctx ended.
func Unpack(ctx context.Context, r io.Reader) io.Reader {
	return &unpacker{ctx: ctx, r: r, b: budgetOf(ctx)}
}

type unpacker struct {
	ctx context.Context
	r   io.Reader
	b   *budget
}

func (u *unpacker) Read(p []byte) (int, error) {
	if err := Alive(u.ctx); err != nil {
		return 0, err
	}
	n, err := u.r.Read(p)
	if u.b.unpacked.Add(-int64(n)) < 0 {
		return n, ErrBudget
	}
	return n, err
}

// Alive returns nil while ctx lasts, ErrTimeout once its deadline passed and
// the error of ctx when it was cancelled. Loops that neither read nor send
// call it now and then.
func Alive(ctx context.Context) error {
	err := ctx.Err()
	if err != nil && errors.Is(err, context.DeadlineExceeded) {
		return ErrTimeout
	}
	return err
}

// Bytes is a file in memory.
type Bytes []byte

// Size returns the number of bytes.
func (b Bytes) Size() int64 { return int64(len(b)) }

// ReadAt implements io.ReaderAt.
func (b Bytes) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errors.New("negative offset")
	}
	if off >= int64(len(b)) {
		return 0, io.EOF
	}
	n := copy(p, b[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// Section returns the n bytes of f from off as a file of its own, without
// copying them. What lies outside f is left out.
func Section(f File, off, n int64) File {
	off = min(max(off, 0), f.Size())
	n = min(max(n, 0), f.Size()-off)
	if b, ok := f.(Bytes); ok {
		return b[off : off+n]
	}
	return io.NewSectionReader(f, off, n)
}

// Buffer reads an embedded file into memory, to be handed to Out.File. It
// charges the budget like Unpack. What was read before an error is returned
// with it; ErrTooLarge says that the rest was left unread.
func Buffer(ctx context.Context, r io.Reader) (Bytes, error) {
	return Hold(ctx, Unpack(ctx, r))
}

// Hold is Buffer for a reader whose bytes are charged already.
func Hold(ctx context.Context, r io.Reader) (Bytes, error) {
	b := budgetOf(ctx)
	most := b.member >> min(b.depth, 62)
	data, err := io.ReadAll(io.LimitReader(r, most+1))
	if int64(len(data)) > most {
		return data[:most], fmt.Errorf("member over %d bytes: %w", most, ErrTooLarge)
	}
	return data, err
}

// ReadAll returns the bytes of f, at most max of them; beyond it the error is
// ErrTooLarge. A file in memory is not copied: the caller must not write to
// the result. It is for formats whose structure needs all bytes at hand.
func ReadAll(ctx context.Context, f File, most int64) ([]byte, error) {
	if f.Size() > most {
		return nil, fmt.Errorf("over %d bytes: %w", most, ErrTooLarge)
	}
	if b, ok := f.(Bytes); ok {
		return b, nil
	}
	data := make([]byte, f.Size())
	for off := 0; off < len(data); {
		if err := Alive(ctx); err != nil {
			return nil, err
		}
		n, err := f.ReadAt(data[off:min(off+1<<20, len(data))], int64(off))
		off += n
		if err == io.EOF || n == 0 {
			return data[:off], nil
		}
		if err != nil && off < len(data) {
			return data[:off], err
		}
	}
	return data, nil
}

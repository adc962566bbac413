// Package wire sends SMB2 requests of our own over a connection of
// github.com/cloudsoda/go-smb2.
//
// That library dials, logs on, counts credits, signs and encrypts; its file
// calls are not used. They open without FILE_SHARE_DELETE (a user's rename
// fails while we read), lose file names that are not valid UTF-16, cannot
// open and read in one round trip and leave finalizers behind that can block
// on a dead connection. Go's linker gives access to the four methods that
// send and receive. What they take is mirrored here field by field, so the
// package fits one version of the library; the test in guard_test.go compares
// with its source and says what to do after an upgrade.
//
// Start reading at Tree. Requests and answers follow MS-SMB2,
// https://learn.microsoft.com/openspecs/windows_protocols/ms-smb2/.
// A Tree knows nothing of retries, time limits or paths.
package wire

import (
	"context"
	"fmt"
	"reflect"
	"time"
	"unsafe"

	"github.com/cloudsoda/go-smb2"
)

// libraryVersion is the version whose internals are mirrored.
const libraryVersion = "v0.0.0-20260918041005-0c5d69b69701"

// header mirrors internal/smb2.PacketHeader.
type header struct {
	CreditCharge          uint16
	ChannelSequence       uint16
	Status                uint32
	Command               uint16
	CreditRequestResponse uint16
	Flags                 uint32
	MessageId             uint64
	AsyncId               uint64
	TreeId                uint32
	SessionId             uint64
}

// packet mirrors internal/smb2.Packet. A method table is laid out by method
// name, so the library can call one of ours.
type packet interface {
	Encode(dst []byte)
	Header() *header
	Size() int
}

// compoundEntry mirrors the library's type of that name.
type compoundEntry struct {
	req     packet
	tc      unsafe.Pointer
	related bool
}

//go:linkname sendOne github.com/cloudsoda/go-smb2.(*treeConn).send
func sendOne(tc unsafe.Pointer, ctx context.Context, req packet) (rr unsafe.Pointer, err error)

//go:linkname sendCompound github.com/cloudsoda/go-smb2.(*conn).sendCompound
func sendCompound(conn unsafe.Pointer, ctx context.Context, entries []compoundEntry) (rrs []unsafe.Pointer, err error)

//go:linkname receive github.com/cloudsoda/go-smb2.(*treeConn).recv
func receive(tc, rr unsafe.Pointer) (pkt []byte, err error)

//go:linkname freeReceived github.com/cloudsoda/go-smb2.(*requestResponse).freeRecvBuf
func freeReceived(rr unsafe.Pointer)

//go:linkname borrow github.com/cloudsoda/go-smb2.(*account).borrow
func borrow(account unsafe.Pointer, ctx context.Context, n uint16) (granted uint16, complete bool, err error)

//go:linkname refund github.com/cloudsoda/go-smb2.(*conn).refundCredits
func refund(conn unsafe.Pointer, n uint16)

// Tree is a connected share.
type Tree struct {
	tc, conn, account unsafe.Pointer
	share             *smb2.Share // keeps the three alive
	gone              context.Context

	maxRead  int
	largeMTU bool
	guest    bool
}

const (
	capLargeMTU       = 0x4
	sessionGuestOrNil = 0x1 | 0x2
)

// NewTree wraps a mounted share. gone ends when the connection is dropped, so
// that nobody waits for its credits any longer.
func NewTree(gone context.Context, share *smb2.Share) (*Tree, error) {
	t := &Tree{share: share, gone: gone}
	v := reflect.ValueOf(share).Elem()
	var flags uint64
	var err error
	ptr := func(v reflect.Value, name string) reflect.Value {
		f := v.FieldByName(name)
		if err == nil && (!f.IsValid() || f.Kind() != reflect.Pointer || f.IsNil()) {
			err = fmt.Errorf("go-smb2 is not the version that package wire was written for: no field %q", name)
		}
		if err != nil {
			return v
		}
		return f
	}
	num := func(v reflect.Value, name string) uint64 {
		f := v.FieldByName(name)
		if err == nil && (!f.IsValid() || !f.CanUint()) {
			err = fmt.Errorf("go-smb2 is not the version that package wire was written for: no field %q", name)
		}
		if err != nil {
			return 0
		}
		return f.Uint()
	}
	tc := ptr(v, "treeConn")
	if err != nil {
		return nil, err
	}
	session := ptr(tc.Elem(), "session")
	if err != nil {
		return nil, err
	}
	conn := ptr(session.Elem(), "conn")
	if err != nil {
		return nil, err
	}
	account := ptr(conn.Elem(), "account")
	t.maxRead = int(min(num(conn.Elem(), "maxReadSize"), 1<<20))
	t.largeMTU = num(conn.Elem(), "capabilities")&capLargeMTU != 0
	flags = num(session.Elem(), "sessionFlags")
	if err != nil {
		return nil, err
	}
	if !t.largeMTU {
		t.maxRead = min(t.maxRead, credit)
	}
	t.guest = flags&sessionGuestOrNil != 0
	t.tc, t.conn, t.account = tc.UnsafePointer(), conn.UnsafePointer(), account.UnsafePointer()
	return t, nil
}

// Guest tells that the server let us in as a guest or anonymously.
func (t *Tree) Guest() bool { return t.guest }

// MaxRead is the most bytes that one Read returns.
func (t *Tree) MaxRead() int { return t.maxRead }

// credit is the payload in bytes that one credit pays for, MS-SMB2 3.2.4.1.5.
const credit = 64 << 10

// charge is the number of credits for a payload.
func (t *Tree) charge(payload int) uint16 {
	if !t.largeMTU || payload <= credit {
		return 1
	}
	return uint16((payload-1)/credit + 1)
}

// borrowAll borrows exactly n credits. The library hands out fewer when few
// are left; then they are given back and tried for again.
func (t *Tree) borrowAll(n uint16) error {
	for wait := time.Millisecond; ; wait = min(2*wait, 50*time.Millisecond) {
		got, _, err := borrow(t.account, t.gone, n)
		if err != nil {
			return err
		}
		if got == n {
			return nil
		}
		refund(t.conn, got)
		select {
		case <-t.gone.Done():
			return t.gone.Err()
		case <-time.After(wait):
		}
	}
}

// request is one request in the making.
type request struct {
	hdr  header
	body []byte
}

func (r *request) Header() *header { return &r.hdr }
func (r *request) Size() int       { return headerSize + len(r.body) }

func (r *request) Encode(dst []byte) {
	encodeHeader(dst, &r.hdr)
	copy(dst[headerSize:], r.body)
}

// roundTrip sends one request and returns the answer's status and packet. The
// packet is valid until free is called.
func (t *Tree) roundTrip(r *request) (pkt []byte, free func(), err error) {
	if err := t.borrowAll(r.hdr.CreditCharge); err != nil {
		return nil, nil, err
	}
	rr, err := sendOne(t.tc, context.Background(), r)
	if err != nil {
		return nil, nil, err
	}
	pkt, err = receive(t.tc, rr)
	if err != nil {
		return nil, nil, err
	}
	if err := check(pkt, r.hdr.Command); err != nil {
		freeReceived(rr)
		return nil, nil, err
	}
	return pkt, func() { freeReceived(rr) }, nil
}

// answer is the answer to one request of a compound; pkt is valid when err is
// nil, and is never reused by the library.
type answer struct {
	pkt []byte
	err error
}

// compound sends requests in one message and returns their answers. The
// error, and any answer's error that is no Status, says that the connection
// is broken.
func (t *Tree) compound(reqs []*request, related func(i int) bool) ([]answer, error) {
	var total uint16
	entries := make([]compoundEntry, len(reqs))
	for i, r := range reqs {
		entries[i] = compoundEntry{req: r, tc: t.tc, related: related(i)}
	}
	for _, e := range entries {
		// This call through the interface also tells the linker to keep the
		// method: it does not see the library's calls, whose type is another.
		total += e.req.Header().CreditCharge
	}
	if err := t.borrowAll(total); err != nil {
		return nil, err
	}
	rrs, err := sendCompound(t.conn, context.Background(), entries)
	if err != nil {
		return nil, err
	}
	out := make([]answer, len(reqs))
	var broken error
	for i, rr := range rrs {
		pkt, err := receive(t.tc, rr)
		if err != nil {
			out[i].err, broken = err, err
			continue
		}
		out[i] = answer{pkt: pkt, err: check(pkt, reqs[i].hdr.Command)}
		if out[i].err == nil {
			continue
		}
		if _, ok := AsStatus(out[i].err); !ok {
			broken = out[i].err
		}
	}
	return out, broken
}

package wire

import "io"

func newRequest(cmd uint16, charge uint16, body []byte) *request {
	return &request{hdr: header{Command: cmd, CreditCharge: charge}, body: body}
}

// allRelated marks every request but the first as part of one chain.
func allRelated(i int) bool { return i > 0 }

// Open opens an existing file or folder; name comes from EncodePath.
func (t *Tree) Open(name []byte, access, options uint32) (FileID, Info, error) {
	pkt, free, err := t.roundTrip(newRequest(cmdCreate, 1, createBody(name, access, options)))
	if err != nil {
		return FileID{}, Info{}, err
	}
	defer free()
	return parseCreate(pkt)
}

// Close closes an open file.
func (t *Tree) Close(id FileID) error {
	_, free, err := t.roundTrip(newRequest(cmdClose, 1, closeBody(id)))
	if err == nil {
		free()
	}
	return err
}

// Read reads at most MaxRead bytes into p and returns io.EOF at the end.
func (t *Tree) Read(id FileID, p []byte, off int64) (int, error) {
	n := min(len(p), t.maxRead)
	pkt, free, err := t.roundTrip(newRequest(cmdRead, t.charge(n), readBody(id, off, n)))
	if err == EndOfFile {
		return 0, io.EOF
	}
	if err != nil {
		return 0, err
	}
	defer free()
	data, err := parseRead(pkt)
	if err != nil {
		return 0, err
	}
	if len(data) == 0 {
		return 0, io.EOF
	}
	return copy(p[:n], data), nil
}

// OpenRules opens a file and asks for its security descriptor in one round
// trip. access must hold ReadControl.
func (t *Tree) OpenRules(name []byte, access, options uint32) (FileID, Info, Rules, error) {
	as, err := t.compound([]*request{
		newRequest(cmdCreate, 1, createBody(name, access, options)),
		newRequest(cmdQueryInfo, 1, securityBody(previous)),
	}, allRelated)
	if err == nil {
		err = as[0].err
	}
	if err != nil {
		return FileID{}, Info{}, Rules{}, err
	}
	id, info, err := parseCreate(as[0].pkt)
	return id, info, as[1].rules(), err
}

// ReadWhole opens a file, reads up to n bytes and closes it, all in one round
// trip; with ReadControl in access it asks for the security descriptor too.
// The data is valid until it is copied. Where Info.Size is larger, there is
// more.
func (t *Tree) ReadWhole(name []byte, access, options uint32, n int) (Info, []byte, Rules, error) {
	n = min(n, t.maxRead)
	reqs := []*request{
		newRequest(cmdCreate, 1, createBody(name, access, options)),
		newRequest(cmdRead, t.charge(n), readBody(previous, 0, n)),
	}
	if access&ReadControl != 0 {
		reqs = append(reqs, newRequest(cmdQueryInfo, 1, securityBody(previous)))
	}
	reqs = append(reqs, newRequest(cmdClose, 1, closeBody(previous)))
	as, err := t.compound(reqs, allRelated)
	if err == nil {
		err = as[0].err
	}
	if err != nil {
		return Info{}, nil, Rules{}, err
	}
	_, info, err := parseCreate(as[0].pkt)
	if err != nil {
		return info, nil, Rules{}, err
	}
	var rules Rules
	if access&ReadControl != 0 {
		rules = as[2].rules()
	}
	if as[1].err == EndOfFile {
		return info, nil, rules, nil
	}
	if as[1].err != nil {
		return info, nil, rules, as[1].err
	}
	data, err := parseRead(as[1].pkt)
	return info, data, rules, err
}

// listBuffer is what one QUERY_DIRECTORY asks for: one credit's worth, some
// 500 entries. Larger buffers fail with INVALID_PARAMETER on servers that are
// short of credits.
const listBuffer = credit

// OpenDir opens a folder and returns its first entries. done tells that there
// are no more; the folder is open in any case unless err is set.
func (t *Tree) OpenDir(name []byte, options uint32) (id FileID, es []DirEntry, done bool, err error) {
	as, err := t.compound([]*request{
		newRequest(cmdCreate, 1, createBody(name, ReadData|ReadAttributes, options|DirectoryFile)),
		newRequest(cmdQueryDirectory, 1, queryDirectoryBody(previous, listBuffer)),
		// A small folder is complete with the first buffer, and only another
		// query tells: ask at once.
		newRequest(cmdQueryDirectory, 1, queryDirectoryBody(previous, listBuffer)),
	}, allRelated)
	if err != nil {
		return id, nil, false, err
	}
	if as[0].err != nil {
		return id, nil, false, as[0].err
	}
	if id, _, err = parseCreate(as[0].pkt); err != nil {
		return id, nil, false, err
	}
	for _, a := range as[1:] {
		es, done, err = listed(es, a.pkt, a.err)
		if done || err != nil {
			break
		}
	}
	if err != nil {
		_ = t.Close(id)
	}
	return id, es, done, err
}

// NextDir returns more entries of an open folder, several pages in one round
// trip.
func (t *Tree) NextDir(id FileID, n int) (es []DirEntry, done bool, err error) {
	reqs := make([]*request, n)
	for i := range reqs {
		reqs[i] = newRequest(cmdQueryDirectory, 1, queryDirectoryBody(id, listBuffer))
	}
	as, err := t.compound(reqs, func(int) bool { return false })
	if err != nil {
		return nil, false, err
	}
	return pages(as)
}

// pages joins the answers to several queries of one folder. A page that failed
// was not passed over: the next one holds what it would have held. It is an
// error only when nothing came.
func pages(as []answer) (es []DirEntry, done bool, err error) {
	for _, a := range as {
		var fault error
		if es, done, fault = listed(es, a.pkt, a.err); fault != nil {
			if _, ok := AsStatus(fault); !ok {
				return nil, false, fault
			}
			err = fault
		}
		if done {
			break
		}
	}
	if len(es) > 0 || done {
		err = nil
	}
	return es, done, err
}

func listed(dst []DirEntry, pkt []byte, err error) ([]DirEntry, bool, error) {
	if err == NoMoreFiles || err == NoSuchFile {
		return dst, true, nil
	}
	if err != nil {
		return dst, false, err
	}
	b, err := outputBuffer(pkt)
	if err != nil {
		return dst, false, err
	}
	dst, err = parseDirectory(dst, b)
	return dst, false, err
}

// Rules is the answer to one question for a security descriptor: a
// self-relative descriptor without SACL, or why there is none.
type Rules struct {
	SD  []byte
	Err error
}

// securityBuffer is the largest descriptor that NTFS holds.
const securityBuffer = 64 << 10

// Owner, group and DACL.
const securityParts = 0x1 | 0x2 | 0x4

func securityBody(id FileID) []byte {
	return queryInfoBody(id, 3, 0, securityParts, securityBuffer)
}

func (a answer) rules() (r Rules) {
	if a.err != nil {
		return Rules{Err: a.err}
	}
	r.SD, r.Err = outputBuffer(a.pkt)
	return r
}

// Security returns the security descriptors of files in one round trip. The
// answers' SD are only valid until they are copied. The error says that the
// connection is broken.
func (t *Tree) Security(names [][]byte, options uint32) ([]Rules, error) {
	reqs := make([]*request, 0, 3*len(names))
	for _, n := range names {
		reqs = append(reqs,
			newRequest(cmdCreate, 1, createBody(n, ReadControl, options|OpenReparsePoint|OpenNoRecall)),
			newRequest(cmdQueryInfo, 1, securityBody(previous)),
			newRequest(cmdClose, 1, closeBody(previous)))
	}
	as, err := t.compound(reqs, func(i int) bool { return i%3 > 0 })
	if err != nil {
		return nil, err
	}
	out := make([]Rules, len(names))
	for i := range out {
		if out[i] = as[3*i+1].rules(); as[3*i].err != nil {
			out[i] = Rules{Err: as[3*i].err}
		}
	}
	return out, nil
}

// Stat is what is known of an entry without a listing.
type Stat struct {
	Info
	ID         uint64
	ReparseTag uint32
	// Volume is the serial number of the volume.
	Volume uint64
}

// StatPath asks for an entry by its name, in one round trip. It needs no more
// than FILE_READ_ATTRIBUTES and follows no link.
func (t *Tree) StatPath(name []byte, options uint32) (Stat, error) {
	const (
		internalInformation     = 6
		attributeTagInformation = 35
		volumeInformation       = 1
	)
	as, err := t.compound([]*request{
		newRequest(cmdCreate, 1, createBody(name, ReadAttributes, options|OpenReparsePoint|OpenNoRecall)),
		newRequest(cmdQueryInfo, 1, queryInfoBody(previous, 1, internalInformation, 0, 8)),
		newRequest(cmdQueryInfo, 1, queryInfoBody(previous, 2, volumeInformation, 0, 1024)),
		newRequest(cmdQueryInfo, 1, queryInfoBody(previous, 1, attributeTagInformation, 0, 8)),
		newRequest(cmdClose, 1, closeBody(previous)),
	}, allRelated)
	if err != nil {
		return Stat{}, err
	}
	if as[0].err != nil {
		return Stat{}, as[0].err
	}
	var st Stat
	if _, st.Info, err = parseCreate(as[0].pkt); err != nil {
		return st, err
	}
	// A server that lacks one of these classes leaves the field 0, unknown.
	if b := buffer(as[1], 8); b != nil {
		st.ID = le.Uint64(b)
	}
	if b := buffer(as[2], 12); b != nil {
		st.Volume = uint64(le.Uint32(b[8:]))
	}
	if b := buffer(as[3], 8); b != nil && st.Attributes&attrReparsePoint != 0 {
		st.ReparseTag = le.Uint32(b[4:])
	}
	return st, nil
}

func buffer(a answer, least int) []byte {
	if a.err != nil {
		return nil
	}
	b, err := outputBuffer(a.pkt)
	if err != nil || len(b) < least {
		return nil
	}
	return b
}

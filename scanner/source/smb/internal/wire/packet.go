package wire

import (
	"encoding/binary"
	"time"
)

var le = binary.LittleEndian

const headerSize = 64

// Commands, MS-SMB2 2.2.1.2.
const (
	cmdCreate         = 5
	cmdClose          = 6
	cmdRead           = 8
	cmdQueryDirectory = 14
	cmdQueryInfo      = 16
)

// FileID names an open file on one connection.
type FileID [16]byte

// previous stands, in a compound, for the file that its CREATE opened.
var previous = FileID{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}

func encodeHeader(b []byte, h *header) {
	copy(b, "\xfeSMB")
	le.PutUint16(b[4:], headerSize)
	le.PutUint16(b[6:], h.CreditCharge)
	le.PutUint16(b[12:], h.Command)
	le.PutUint16(b[14:], h.CreditRequestResponse)
	le.PutUint32(b[16:], h.Flags)
	le.PutUint64(b[24:], h.MessageId)
	le.PutUint32(b[36:], h.TreeId)
	le.PutUint64(b[40:], h.SessionId)
}

// Access rights, MS-SMB2 2.2.13.1.1.
const (
	ReadData       = 0x1 // of a folder: list it
	ReadAttributes = 0x80
	ReadControl    = 0x20000
)

// Create options, MS-SMB2 2.2.13.
const (
	DirectoryFile    = 0x1
	NonDirectoryFile = 0x40
	BackupIntent     = 0x4000
	OpenReparsePoint = 0x200000
	OpenNoRecall     = 0x400000
)

// createBody opens an existing file for reading, sharing everything: others
// may read, write, rename and delete it meanwhile. No lease is asked for and
// no attribute can change.
func createBody(name []byte, access, options uint32) []byte {
	b := make([]byte, 56, 56+max(len(name), 1))
	le.PutUint16(b, 57)
	le.PutUint32(b[4:], 2) // impersonation
	le.PutUint32(b[24:], access)
	le.PutUint32(b[32:], 7) // FILE_SHARE_READ, WRITE and DELETE
	le.PutUint32(b[36:], 1) // FILE_OPEN: never create
	le.PutUint32(b[40:], options)
	le.PutUint16(b[44:], headerSize+56)
	le.PutUint16(b[46:], uint16(len(name)))
	if len(name) == 0 {
		return append(b, 0)
	}
	return append(b, name...)
}

func closeBody(id FileID) []byte {
	b := make([]byte, 24)
	le.PutUint16(b, 24)
	copy(b[8:], id[:])
	return b
}

func readBody(id FileID, off int64, n int) []byte {
	b := make([]byte, 49)
	le.PutUint16(b, 49)
	b[2] = headerSize + 16 // where the data should begin in the answer
	le.PutUint32(b[4:], uint32(n))
	le.PutUint64(b[8:], uint64(off))
	copy(b[16:], id[:])
	le.PutUint32(b[32:], 0) // minimum count
	return b
}

// fileIDFullDirectoryInformation is the smallest listing that has file ids
// and reparse tags, MS-FSCC 2.4.23.
const fileIDFullDirectoryInformation = 38

func queryDirectoryBody(id FileID, n int) []byte {
	b := make([]byte, 32, 34)
	le.PutUint16(b, 33)
	b[2] = fileIDFullDirectoryInformation
	copy(b[8:], id[:])
	le.PutUint16(b[24:], headerSize+32)
	le.PutUint16(b[26:], 2)
	le.PutUint32(b[28:], uint32(n))
	return append(b, '*', 0)
}

// queryInfoBody asks for information of a class; kind is 1 for a file, 2 for
// its file system and 3 for security.
func queryInfoBody(id FileID, kind, class byte, additional uint32, n int) []byte {
	b := make([]byte, 41)
	le.PutUint16(b, 41)
	b[2], b[3] = kind, class
	le.PutUint32(b[4:], uint32(n))
	le.PutUint32(b[16:], additional)
	copy(b[24:], id[:])
	return b
}

// check verifies that pkt answers a command and returns its status unless
// that is success.
func check(pkt []byte, cmd uint16) error {
	if len(pkt) < headerSize {
		return Malformed("short header")
	}
	if le.Uint16(pkt[12:]) != cmd {
		return Malformed("answer to another command")
	}
	if s := Status(le.Uint32(pkt[8:])); s != 0 {
		return s
	}
	return nil
}

// Info is what a server tells of a file when it is opened.
type Info struct {
	Created, Modified, Changed time.Time
	Size                       int64
	Attributes                 uint32
}

func parseCreate(pkt []byte) (FileID, Info, error) {
	var id FileID
	if len(pkt) < headerSize+80 {
		return id, Info{}, Malformed("short CREATE answer")
	}
	b := pkt[headerSize:]
	copy(id[:], b[64:])
	return id, Info{
		Created: fileTime(le.Uint64(b[8:])), Modified: fileTime(le.Uint64(b[24:])), Changed: fileTime(le.Uint64(b[32:])),
		Size: size(le.Uint64(b[48:])), Attributes: le.Uint32(b[56:]),
	}, nil
}

// size guards against sizes that do not fit.
func size(n uint64) int64 {
	if n > 1<<62 {
		return 1 << 62
	}
	return int64(n)
}

// fileTime turns 100 ns since 1601 into a time; 0 and the reserved negative
// values are unknown, MS-DTYP 2.3.3.
func fileTime(t uint64) time.Time {
	const epoch = 11644473600 // seconds from 1601 to 1970
	if t == 0 || t > 1<<63-1 {
		return time.Time{}
	}
	return time.Unix(int64(t/1e7)-epoch, int64(t%1e7)*100)
}

// outputBuffer returns the buffer of a QUERY_DIRECTORY or QUERY_INFO answer.
func outputBuffer(pkt []byte) ([]byte, error) {
	if len(pkt) < headerSize+8 {
		return nil, Malformed("short query answer")
	}
	off, n := int(le.Uint16(pkt[headerSize+2:])), int(le.Uint32(pkt[headerSize+4:]))
	if n == 0 {
		return nil, nil
	}
	if off < headerSize+8 || n < 0 || off > len(pkt) || n > len(pkt)-off {
		return nil, Malformed("query buffer outside the answer")
	}
	return pkt[off : off+n], nil
}

func parseRead(pkt []byte) ([]byte, error) {
	if len(pkt) < headerSize+16 {
		return nil, Malformed("short READ answer")
	}
	off, n := int(pkt[headerSize+2]), int(le.Uint32(pkt[headerSize+4:]))
	if n == 0 {
		return nil, nil
	}
	if off < headerSize+16 || n < 0 || off > len(pkt) || n > len(pkt)-off {
		return nil, Malformed("READ data outside the answer")
	}
	return pkt[off : off+n], nil
}

// DirEntry is one entry of a listing.
type DirEntry struct {
	// Name is decoded by DecodeName.
	Name string
	Info
	// ID is the server's file number, 0 if it has none.
	ID uint64
	// ReparseTag is 0 unless the attributes say that it is a reparse point.
	ReparseTag uint32
}

const attrReparsePoint = 0x400

// parseDirectory appends the entries of a listing buffer to dst, without "."
// and "..".
func parseDirectory(dst []DirEntry, b []byte) ([]DirEntry, error) {
	for len(b) > 0 {
		if len(b) < 80 {
			return dst, Malformed("short directory entry")
		}
		next, n := le.Uint32(b), int(le.Uint32(b[60:]))
		if n < 0 || n > len(b)-80 || next != 0 && (next < 80 || int64(next) > int64(len(b)) || n > int(next)-80) {
			return dst, Malformed("directory entry outside the answer")
		}
		e := DirEntry{
			Name: DecodeName(b[80 : 80+n]),
			Info: Info{
				Created: fileTime(le.Uint64(b[8:])), Modified: fileTime(le.Uint64(b[24:])), Changed: fileTime(le.Uint64(b[32:])),
				Size: size(le.Uint64(b[40:])), Attributes: le.Uint32(b[56:]),
			},
			ID: le.Uint64(b[72:]),
		}
		if e.Attributes&attrReparsePoint != 0 {
			e.ReparseTag = le.Uint32(b[64:])
		}
		if e.Name != "." && e.Name != ".." && e.Name != "" {
			dst = append(dst, e)
		}
		if next == 0 {
			break
		}
		b = b[next:]
	}
	return dst, nil
}

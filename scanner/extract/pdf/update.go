package pdf

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strconv"
)

// What PDFium stumbles over can often be said in another way by an
// incremental update (ISO 32000-2, 7.5.6): new versions of a few objects, or
// another trailer, appended to the file as PDFium sees it. The file on the
// share is never written to.

const (
	// endBytes is how much of the file's end is searched for "startxref", as
	// PDFium does.
	endBytes = 4 << 10
	// tableBytes is the longest cross-reference table that is looked through
	// for the trailer behind it.
	tableBytes = 8 << 20
)

// trailer is the newest trailer of a file.
type trailer struct {
	at     int64 // of its cross-reference section, as startxref tells it
	header int64 // where the PDF begins in the file; offsets count from there
	stream bool  // it is a cross-reference stream
	dict   map[string]string
	size   int // the first free object number
}

// lastTrailer reads the trailer that startxref leads to. It reports false
// where the file has none, as a reader can only guess then.
func lastTrailer(f *reader) (trailer, bool, error) {
	var t trailer
	head := make([]byte, min(f.size, 1024+8))
	if _, err := f.readAt(head, 0); err != nil && err != io.EOF {
		return t, false, err
	}
	t.header = int64(max(bytes.Index(head, []byte("%PDF-")), 0))
	end := make([]byte, min(f.size, endBytes))
	if _, err := f.readAt(end, f.size-int64(len(end))); err != nil && err != io.EOF {
		return t, false, err
	}
	i := bytes.LastIndex(end, []byte("startxref"))
	if i < 0 {
		return t, false, nil
	}
	fields := bytes.Fields(end[i:])
	if len(fields) < 2 {
		return t, false, nil
	}
	at, err := strconv.ParseInt(string(fields[1]), 10, 64)
	if err != nil || at <= 0 || at+t.header >= f.size {
		return t, false, nil
	}
	t.at = at
	section := make([]byte, min(f.size-at-t.header, tableBytes))
	if _, err := f.readAt(section, at+t.header); err != nil && err != io.EOF {
		return t, false, err
	}
	section = section[skipSpace(section, 0):]
	mark := []byte("trailer")
	if !bytes.HasPrefix(section, []byte("xref")) {
		t.stream = true
		mark = []byte("obj")
		section = section[:min(len(section), repairDict)]
	}
	i = bytes.Index(section, mark)
	if i < 0 || t.stream && i > 24 {
		return t, false, nil
	}
	section = section[i+len(mark):]
	t.dict, _ = dictionary(section[:min(len(section), repairDict)])
	t.size, err = strconv.Atoi(t.dict["Size"])
	return t, err == nil && t.size > 0 && t.size <= repairNumber && t.dict["Root"] != "", nil
}

// update writes an incremental update.
type update struct {
	trailer
	buf     bytes.Buffer
	base    int64 // offset of buf as the file counts them
	encrypt string
	rows    []updateRow
}

type updateRow struct {
	number, gen int
	at          int64
}

// newUpdate begins an update of the file. Its trailer has no encryption
// unless encrypt is set.
func newUpdate(f *reader, t trailer) *update {
	u := &update{trailer: t, base: f.size - t.header}
	u.buf.WriteString("\n")
	return u
}

// add appends a new object and returns its number.
func (u *update) add(body string) int {
	n := u.size
	u.size++
	u.replace(n, 0, body)
	return n
}

// replace appends a new version of an object.
func (u *update) replace(number, gen int, body string) {
	u.rows = append(u.rows, updateRow{number, gen, u.base + int64(u.buf.Len())})
	fmt.Fprintf(&u.buf, "%d %d obj\n%s\nendobj\n", number, gen, body)
}

// end writes the cross-reference section, of the kind that the file has, as
// PDFium follows chains of one kind only, and returns the update.
func (u *update) end() []byte {
	at := u.base + int64(u.buf.Len())
	if !u.stream {
		u.buf.WriteString("xref\n0 0\n")
		for _, r := range u.rows {
			fmt.Fprintf(&u.buf, "%d 1\n%010d %05d n \n", r.number, r.at, r.gen)
		}
		fmt.Fprintf(&u.buf, "trailer\n<<%s>>\n", u.entries())
	} else {
		number := u.size
		u.size++
		u.rows = append(u.rows, updateRow{number: number, at: at})
		var index, table bytes.Buffer
		for _, r := range u.rows {
			fmt.Fprintf(&index, "%d 1 ", r.number)
			var row [1 + 8 + 2]byte
			row[0] = 1
			binary.BigEndian.PutUint64(row[1:], uint64(r.at))
			binary.BigEndian.PutUint16(row[9:], uint16(r.gen))
			table.Write(row[:])
		}
		fmt.Fprintf(&u.buf, "%d 0 obj\n<</Type/XRef/W[1 8 2]/Index[%s]%s/Length %d>>\nstream\n%s\nendstream\nendobj\n",
			number, index.String(), u.entries(), table.Len(), table.String())
	}
	fmt.Fprintf(&u.buf, "startxref\n%d\n%%%%EOF\n", at)
	return u.buf.Bytes()
}

// entries are those of the new trailer.
func (u *update) entries() string {
	s := fmt.Sprintf("/Size %d/Prev %d/Root %s", u.size, u.at, reference(u.dict["Root"]))
	for _, key := range []string{"Info", "ID"} {
		if v := u.dict[key]; v != "" {
			s += "/" + key + " " + reference(v)
		}
	}
	if u.encrypt != "" {
		s += "/Encrypt " + u.encrypt
	}
	return s
}

// reference returns a value as dictionary tells it, with what it leaves out
// of a reference. Its generation is taken to be 0.
func reference(v string) string {
	if n, err := strconv.Atoi(v); err == nil {
		return fmt.Sprintf("%d 0 R", n)
	}
	return v
}

package pdf

import (
	"bytes"
	"cmp"
	"compress/zlib"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"

	"aktvakt/scanner/extract"
)

// A PDF that was cut off (a full disk, a broken copy) has lost what stands at
// its end: the cross-reference table, and with many producers the catalog and
// the page tree. Its pages may be whole nevertheless. repair looks for all
// objects, as they stand in the file and in object streams, and writes what
// lacks as it would be appended by an incremental update: a page tree of the
// pages found, a catalog and a cross-reference stream (ISO 32000-2, 7.5.8).

const (
	// repairBytes is the largest file that is searched, and repairObjects
	// the most objects that are noted.
	repairBytes   = 256 << 20
	repairObjects = 1 << 20
	// repairNumber is PDFium's own limit on object numbers.
	repairNumber = 4 << 20
	// repairDict is how much of an object is looked at, and repairPacked how
	// much of an object stream is unpacked, in bytes.
	repairDict   = 16 << 10
	repairPacked = 16 << 20
	// repairWindow is how much of the file is looked at in one go.
	repairWindow = 1 << 20
)

// object is where an object stands: at an offset of the file, or as the
// index-th of object stream in.
type object struct {
	number, gen int
	offset      int64
	in, index   int
	version     int // of the object stream
}

// salvage is what a search found.
type salvage struct {
	ctx     context.Context
	f       *reader
	buf     []byte
	objects map[int]object // the last of each number
	pages   []int          // in the order of the file
	isPage  map[int]bool
	streams map[int]int // how often an object stream was unpacked
	tree    int         // a root of a page tree, 0 if none
	catalog int
	trailer string // what a trailer says of encryption

	// Fonts of type 3 without a table of their characters, and the glyph
	// names of encodings, by object number; noted when the maps are there.
	fonts       map[int]map[string]string
	tables      map[int]bool // of characters, that fonts have
	differences map[int]string
}

// repair returns what is to be appended to the file so that it can be opened;
// nothing when no page was found.
func repair(ctx context.Context, f *reader) ([]byte, error) {
	if f.size > repairBytes {
		return nil, nil
	}
	s := newSalvage(ctx, f)
	if err := s.search(); err != nil {
		return nil, err
	}
	s.pages = slices.DeleteFunc(s.pages, func(n int) bool { return !s.has(n) })
	if len(s.pages) == 0 {
		return nil, nil
	}
	return s.appendix(), nil
}

func newSalvage(ctx context.Context, f *reader) *salvage {
	return &salvage{ctx: ctx, f: f, buf: make([]byte, repairDict), objects: make(map[int]object), isPage: make(map[int]bool), streams: make(map[int]int)}
}

// search notes all objects "12 0 obj" of the file.
func (s *salvage) search() error {
	buf := make([]byte, min(repairWindow, s.f.size))
	const before = 24 // bytes of an object's head
	for base := int64(0); base < s.f.size && len(s.objects) < repairObjects; {
		n, err := s.f.readAt(buf, base)
		if err != nil && err != io.EOF {
			return err
		}
		if err := s.window(buf[:n], base); err != nil {
			return err
		}
		if base+int64(n) >= s.f.size || n <= before {
			return nil
		}
		base += int64(n - before)
	}
	return nil
}

// window notes the objects and trailers of a piece of the file.
func (s *salvage) window(b []byte, base int64) error {
	for at := range marks(b, "obj") {
		number, gen, start, ok := objectHead(b[:at])
		if !ok || start == 0 && base > 0 {
			continue
		}
		s.note(object{number: number, gen: gen, offset: base + int64(start)})
		if err := s.look(number, base+int64(at+len("obj"))); err != nil {
			return err
		}
	}
	for at := range marks(b, "trailer") {
		rest := b[at+len("trailer"):]
		d, _ := dictionary(rest[:min(len(rest), repairDict)])
		s.security(d)
	}
	return nil
}

// marks yields where mark stands in b.
func marks(b []byte, mark string) iter.Seq[int] {
	return func(yield func(int) bool) {
		for at := 0; ; at += len(mark) {
			i := bytes.Index(b[at:], []byte(mark))
			if i < 0 {
				return
			}
			if at += i; !yield(at) {
				return
			}
		}
	}
}

// objectHead reads "12 0 " backwards from the end of b and returns where it
// starts.
func objectHead(b []byte) (number, gen, start int, ok bool) {
	end := len(b)
	field := func() (int, bool) {
		i := end
		for i > 0 && isSpace(b[i-1]) {
			i--
		}
		if i == end && end != len(b) {
			return 0, false // "120" is one number
		}
		last := i
		for i > 0 && b[i-1] >= '0' && b[i-1] <= '9' && last-i < 8 {
			i--
		}
		end = i
		n, err := strconv.Atoi(string(b[i:last]))
		return n, err == nil
	}
	if gen, ok = field(); !ok || gen > 65535 {
		return 0, 0, 0, false
	}
	if number, ok = field(); !ok || number == 0 || number > repairNumber {
		return 0, 0, 0, false
	}
	return number, gen, end, true
}

func (s *salvage) note(o object) {
	if len(s.objects) >= repairObjects {
		return
	}
	s.objects[o.number] = o
}

func (s *salvage) has(number int) bool {
	o, ok := s.objects[number]
	return ok && (o.in == 0 || o.version == s.streams[o.in])
}

// look reads the beginning of an object and notes what the document needs.
func (s *salvage) look(number int, at int64) error {
	var d map[string]string
	end := 0
	if err := extract.Alive(s.ctx); err != nil {
		return err
	}
	for _, size := range []int64{1 << 10, repairDict} {
		buf := s.buf[:min(size, max(s.f.size-at, 0))]
		n, err := s.f.readAt(buf, at)
		if err != nil && err != io.EOF {
			return err
		}
		if d, end = dictionary(buf[:n]); d == nil || end > 0 {
			break
		}
	}
	if d["Type"] == "/ObjStm" && end > 0 {
		return s.unpack(number, d, at+int64(end))
	}
	s.use(number, d, end > 0)
	return nil
}

// use notes an object by its type, of a page tree only a whole one.
func (s *salvage) use(number int, d map[string]string, whole bool) {
	switch d["Type"] {
	case "/Page":
		if !s.isPage[number] {
			s.isPage[number] = true
			s.pages = append(s.pages, number)
		}
	case "/Pages":
		if d["Parent"] == "" && whole {
			s.tree = number
		}
	case "/Catalog":
		s.catalog = number
	case "/XRef":
		s.security(d)
	}
	if s.fonts != nil {
		s.useNames(number, d, whole)
	}
}

// useNames notes an object that namedFonts looks for.
func (s *salvage) useNames(number int, d map[string]string, whole bool) {
	delete(s.fonts, number) // an earlier version
	delete(s.differences, number)
	if !whole {
		return
	}
	if n, err := strconv.Atoi(d["ToUnicode"]); err == nil {
		s.tables[n] = true
	}
	if d["Subtype"] == "/Type3" && d["ToUnicode"] == "" {
		s.fonts[number] = d
	}
	if names := d["Differences"]; names != "" {
		s.differences[number] = names
	}
}

// security notes how the document is encrypted, as a trailer tells it.
func (s *salvage) security(d map[string]string) {
	encrypt := d["Encrypt"]
	if encrypt == "" {
		return
	}
	if n, err := strconv.Atoi(encrypt); err == nil {
		encrypt = fmt.Sprintf("%d 0 R", n)
	}
	s.trailer = "/Encrypt " + encrypt
	if id := d["ID"]; id != "" {
		s.trailer += "/ID" + id
	}
}

// unpack notes the objects of an object stream whose dictionary ends at the
// given offset. A stream that is cut off yields what it can.
func (s *salvage) unpack(stream int, d map[string]string, at int64) error {
	count, err1 := strconv.Atoi(d["N"])
	first, err2 := strconv.Atoi(d["First"])
	if err1 != nil || err2 != nil || count < 1 || count > repairObjects || first < 0 || first > repairPacked {
		return nil
	}
	data := s.content(d, at, repairPacked)
	if err := extract.Alive(s.ctx); err != nil {
		return err
	}
	if len(data) < first {
		return nil
	}
	fields := bytes.Fields(data[:first])
	s.streams[stream]++ // it takes the place of an earlier one of this number
	for i := 0; i < count && 2*i+1 < len(fields); i++ {
		number, err1 := strconv.Atoi(string(fields[2*i]))
		offset, err2 := strconv.Atoi(string(fields[2*i+1]))
		if err1 != nil || err2 != nil || number < 1 || number > repairNumber || offset < 0 || offset >= len(data)-first {
			continue
		}
		s.note(object{number: number, in: stream, index: i, version: s.streams[stream]})
		body := data[first+offset:]
		found, end := dictionary(body[:min(len(body), repairDict)])
		s.use(number, found, end > 0)
	}
	return nil
}

// content returns up to limit bytes of the stream whose dictionary ends at
// the given offset, unpacked; nothing if it is packed in an unusual way.
func (s *salvage) content(d map[string]string, at int64, limit int64) []byte {
	var r io.Reader = io.NewSectionReader(readerAt{s.f}, at, s.f.size-at)
	head := make([]byte, 32)
	n, _ := io.ReadFull(r, head)
	start := bytes.Index(head[:n], []byte("stream"))
	if start < 0 {
		return nil
	}
	start += len("stream")
	if start < n && head[start] == '\r' {
		start++
	}
	if start < n && head[start] == '\n' {
		start++
	}
	r = io.NewSectionReader(readerAt{s.f}, at+int64(start), s.f.size-at-int64(start))
	switch strings.Trim(d["Filter"], "[] \t\r\n") {
	case "/FlateDecode":
		z, err := zlib.NewReader(r)
		if err != nil {
			return nil
		}
		defer z.Close()
		r = z
	case "":
	default:
		return nil
	}
	data, _ := io.ReadAll(io.LimitReader(extract.Unpack(s.ctx, r), limit))
	return data
}

// appendix writes the missing end. The first line ends a stream that was cut
// off in the middle, so that its beginning counts.
func (s *salvage) appendix() []byte {
	var b bytes.Buffer
	b.WriteString("\nendstream\nendobj\n")
	last := 0
	for n := range s.objects {
		last = max(last, n)
	}
	add := func(body string) int {
		last++
		s.objects[last] = object{number: last, offset: s.f.size + int64(b.Len())}
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", last, body)
		return last
	}
	if !s.has(s.catalog) || !s.has(s.tree) {
		if !s.has(s.tree) {
			var kids bytes.Buffer
			for _, p := range s.pages {
				fmt.Fprintf(&kids, "%d %d R ", p, s.objects[p].gen)
			}
			s.tree = add(fmt.Sprintf("<</Type/Pages/Count %d/Kids[%s]>>", len(s.pages), kids.String()))
		}
		s.catalog = add(fmt.Sprintf("<</Type/Catalog/Pages %d %d R>>", s.tree, s.objects[s.tree].gen))
	}
	at := s.f.size + int64(b.Len())
	last++
	s.objects[last] = object{number: last, offset: at}
	table, index := s.table()
	fmt.Fprintf(&b, "%d 0 obj\n<</Type/XRef/Size %d/W[1 5 3]/Index[%s]/Root %d %d R%s/Length %d>>\nstream\n",
		last, last+1, index, s.catalog, s.objects[s.catalog].gen, s.trailer, len(table))
	b.Write(table)
	fmt.Fprintf(&b, "\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n", at)
	return b.Bytes()
}

// table writes the rows of the cross-reference stream, and the ranges of
// object numbers that they are of.
func (s *salvage) table() (rows []byte, index string) {
	all := make([]object, 0, len(s.objects))
	for n, o := range s.objects {
		if s.has(n) {
			all = append(all, o)
		}
	}
	slices.SortFunc(all, func(a, b object) int { return cmp.Compare(a.number, b.number) })
	var ranges bytes.Buffer
	for i := 0; i < len(all); {
		n := 1
		for i+n < len(all) && all[i+n].number == all[i].number+n {
			n++
		}
		fmt.Fprintf(&ranges, "%d %d ", all[i].number, n)
		i += n
	}
	for _, o := range all {
		kind, second, third := byte(1), uint64(o.offset), uint32(o.gen)
		if o.in != 0 {
			kind, second, third = 2, uint64(o.in), uint32(o.index)
		}
		var row [1 + 8 + 4]byte
		binary.BigEndian.PutUint64(row[1:], second)
		binary.BigEndian.PutUint32(row[9:], third)
		rows = append(rows, kind)
		rows = append(rows, row[4:9]...)
		rows = append(rows, row[10:13]...)
	}
	return rows, ranges.String()
}

// dictionary reads the entries of the dictionary at the beginning of b, as
// far as it goes. Values are as they stand. end is where it ends, 0 if it
// does not.
func dictionary(b []byte) (d map[string]string, end int) {
	i := skipSpace(b, 0)
	if !bytes.HasPrefix(b[i:], []byte("<<")) {
		return nil, 0
	}
	d = make(map[string]string)
	for i += 2; ; {
		i = skipSpace(b, i)
		if bytes.HasPrefix(b[i:], []byte(">>")) {
			return d, i + 2
		}
		key, next := value(b, i)
		if next <= i {
			return d, 0
		}
		if len(key) < 2 || key[0] != '/' {
			i = next
			continue
		}
		i = skipSpace(b, next)
		v, next := value(b, i)
		if next <= i {
			return d, 0
		}
		i = next
		if _, twice := d[string(key[1:])]; !twice {
			d[string(key[1:])] = string(v)
		}
	}
}

// value returns the object at b[i:] as it stands and where it ends; a
// reference "4 0 R" is told by its number alone.
func value(b []byte, i int) ([]byte, int) {
	if i >= len(b) {
		return nil, i
	}
	start := i
	depth := 0
	for i < len(b) {
		switch c := b[i]; {
		case c == '(':
			i = skipString(b, i)
		case bytes.HasPrefix(b[i:], []byte("<<")):
			depth++
			i += 2
		case c == '[':
			depth++
			i++
		case c == '<':
			for i < len(b) && b[i] != '>' {
				i++
			}
			i++
		case c == '>' || c == ']':
			if depth == 0 {
				return b[start:i], i
			}
			depth--
			i++
			if c == '>' && i < len(b) && b[i] == '>' {
				i++
			}
		default:
			i++
			for i < len(b) && !isSpace(b[i]) && !bytes.ContainsRune([]byte("/()<>[]%"), rune(b[i])) {
				i++
			}
		}
		if depth == 0 {
			break
		}
		i = skipSpace(b, i)
	}
	return b[start:min(i, len(b))], min(i, len(b))
}

// skipString returns where the literal string at b[i] ends.
func skipString(b []byte, i int) int {
	depth := 0
	for ; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(b)
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && isSpace(b[i]) {
		i++
	}
	return i
}

// isSpace tells PDF's white space (ISO 32000-2, table 1).
func isSpace(c byte) bool {
	return c == 0 || c == '\t' || c == '\n' || c == '\f' || c == '\r' || c == ' '
}

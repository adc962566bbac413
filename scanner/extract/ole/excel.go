package ole

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"strings"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/cell"
	"aktvakt/scanner/extract/charset"
)

// Records of a workbook stream, [MS-XLS] 2.3.
const (
	recContinue   = 0x3C
	recBOF        = 0x809
	recBOF4       = 0x409
	recBOF3       = 0x209
	recEOF        = 0x0A
	recFilePass   = 0x2F
	recCodePage   = 0x42
	recDate1904   = 0x22
	recFormat     = 0x41E
	recFormat3    = 0x1E
	recXF         = 0xE0
	recXF4        = 0x443
	recXF3        = 0x243
	recBoundSheet = 0x85
	recSST        = 0xFC
	recLabelSST   = 0xFD
	recLabel      = 0x204
	recRString    = 0xD6
	recNumber     = 0x203
	recRK         = 0x27E
	recMulRK      = 0xBD
	recFormula    = 0x06
	recFormula3   = 0x206
	recFormula4   = 0x406
	recString     = 0x207
	recBoolErr    = 0x205
	recTXO        = 0x1B6
	recNote       = 0x1C
	recHeader     = 0x14
	recFooter     = 0x15
	recHLink      = 0x1B8
	recName       = 0x18
	recDV         = 0x1BE
	recSXString   = 0xCD
	recCF         = 0x1B1
)

// bareWorkbook recognises a workbook of Excel 3 to 5 without a container.
func bareWorkbook(head []byte) bool {
	if len(head) < 6 || head[0] != 9 || head[1] != 8 && head[1] != 4 && head[1] != 2 {
		return false
	}
	n := u16(head, 2)
	return n >= 4 && n <= 16
}

// excel reads a workbook of Excel 5 to 2003.
func (c *container) excel(in string, out extract.Out) error {
	data, err := c.stream(in, "Workbook")
	if len(data) == 0 && err == nil {
		data, err = c.stream(in, "Book")
	}
	if err != nil && len(data) == 0 {
		return err
	}
	if ferr := readWorkbook(c.ctx, data, out); ferr != nil {
		return ferr
	}
	return err
}

// workbook is a workbook being read.
type workbook struct {
	ctx  context.Context
	out  extract.Out
	data []byte
	at   int // of the next record

	biff8   bool
	page    charset.Charset
	d1904   bool
	formats map[int]cell.Format
	xf      []int
	strings []string
	names   map[int]string // of sheets, by offset of their first record
	sheet   string
	grid    *cell.Grid
	side    []byte // comments, headers, links of the sheet

	formulaAt  [2]int // row and column of a formula whose result is text
	pendingStr bool
	quotes     string // what that formula quotes
	cipher     cipher
}

// record is one record; its content is decrypted.
type record struct {
	id   int
	data []byte
}

// readWorkbook reads the records of a workbook stream.
func readWorkbook(ctx context.Context, data []byte, out extract.Out) error {
	w := &workbook{
		ctx: ctx, out: out, data: data, biff8: true, page: charset.CP1252,
		formats: map[int]cell.Format{}, names: map[int]string{}, grid: cell.NewGrid(out, ""),
	}
	for n := 0; ; n++ {
		if n&0x3FF == 0 {
			if err := extract.Alive(ctx); err != nil {
				return err
			}
		}
		start := w.at
		r, ok := w.next()
		if !ok {
			break
		}
		if err := w.record(r, start); err != nil {
			return err
		}
	}
	if err := w.endSheet(); err != nil {
		return err
	}
	if rest := len(data) - w.at; rest > 0 && len(data) >= 4 {
		return fmt.Errorf("record cut at its end: %w", extract.ErrCorrupt)
	}
	return nil
}

// next takes the next record.
func (w *workbook) next() (record, bool) {
	if w.at+4 > len(w.data) {
		w.at = len(w.data)
		return record{}, false
	}
	id, n := u16(w.data, w.at), u16(w.data, w.at+2)
	if w.at+4+n > len(w.data) {
		return record{}, false
	}
	data := w.data[w.at+4 : w.at+4+n]
	if w.cipher != nil {
		data = w.cipher.decrypt(id, w.at+4, data)
	}
	w.at += 4 + n
	return record{id, data}, true
}

// peek tells the id of the next record.
func (w *workbook) peek() int {
	if w.at+4 > len(w.data) {
		return -1
	}
	return u16(w.data, w.at)
}

func (w *workbook) record(r record, start int) error {
	b := r.data
	switch r.id {
	case recBOF, recBOF4, recBOF3:
		return w.startSheet(r, start)
	case recFilePass:
		c, err := defaultCipher(b, w.biff8)
		if err != nil {
			return err
		}
		w.cipher = c
	case recCodePage:
		w.page = charset.ByCodepage(codePage(u16(b, 0)))
	case recDate1904:
		w.d1904 = u16(b, 0) == 1
	case recFormat, recFormat3:
		if len(w.formats) < 10_000 {
			w.format(r)
		}
	case recXF, recXF4, recXF3:
		if len(w.xf) < 70_000 {
			w.xf = append(w.xf, xfFormat(r))
		}
	case recBoundSheet:
		return w.boundSheet(b)
	case recSST:
		w.readSST(b)
	default:
		return w.content(r)
	}
	return nil
}

// codePage maps the numbers of CODEPAGE records that are no Windows ones.
func codePage(n int) int {
	switch n {
	case 0x8000:
		return 10000
	case 0x8001:
		return 1252
	}
	return n
}

func xfFormat(r record) int {
	if r.id == recXF {
		return u16(r.data, 2)
	}
	return u8(r.data, 1)
}

func (w *workbook) format(r record) {
	b := r.data
	switch {
	case r.id == recFormat3: // numbered in their order
		w.formats[len(w.formats)] = cell.ParseFormat(w.page.Decode(slice(b, 1, u8(b, 0))))
	case w.biff8:
		w.formats[u16(b, 0)] = cell.ParseFormat(w.text(slice(b, 2, len(b))))
	default:
		w.formats[u16(b, 0)] = cell.ParseFormat(w.page.Decode(slice(b, 3, u8(b, 2))))
	}
}

// text reads a string with a length of two bytes.
func (w *workbook) text(b []byte) string {
	n := u16(b, 0)
	if !w.biff8 {
		return w.page.Decode(slice(b, 2, n))
	}
	if u8(b, 2)&1 != 0 {
		return utf16(slice(b, 3, 2*n))
	}
	return latin(slice(b, 3, n))
}

// startSheet begins a substream; that of a sheet is known by its offset.
func (w *workbook) startSheet(r record, start int) error {
	if r.id == recBOF {
		w.biff8 = u16(r.data, 0) >= 0x600
	} else {
		w.biff8 = false
	}
	if err := w.endSheet(); err != nil {
		return err
	}
	w.sheet = w.names[start]
	w.grid = cell.NewGrid(w.out, w.sheet)
	return nil
}

func (w *workbook) endSheet() error {
	if err := w.grid.Close(); err != nil {
		return err
	}
	return w.flushSide()
}

func (w *workbook) flushSide() error {
	if len(w.side) == 0 {
		return nil
	}
	text := string(w.side)
	w.side = w.side[:0]
	return w.out.Text(extract.Block{Text: text, Place: extract.Place{Sheet: w.sheet, Part: "sheet data"}})
}

// aside tells a line after the rows of the sheet.
func (w *workbook) aside(s string) error {
	s = strings.TrimSpace(strings.ReplaceAll(s, "\x00", " "))
	if s == "" {
		return nil
	}
	w.side = append(append(w.side, s...), '\n')
	if len(w.side) > 256<<10 {
		return w.flushSide()
	}
	return nil
}

func (w *workbook) boundSheet(b []byte) error {
	var name string
	switch n := u8(b, 6); {
	case !w.biff8:
		name = w.page.Decode(slice(b, 7, n))
	case u8(b, 7)&1 != 0:
		name = utf16(slice(b, 8, 2*n))
	default:
		name = latin(slice(b, 8, n))
	}
	if len(w.names) < 10_000 {
		w.names[u32(b, 0)] = name
	}
	return w.out.Text(extract.Block{Text: name + "\n", Place: extract.Place{Part: "names"}})
}

// content handles cells and what else a sheet holds.
func (w *workbook) content(r record) error {
	b := r.data
	row, col := u16(b, 0)+1, u16(b, 2)+1
	switch r.id {
	case recLabelSST:
		if i := u32(b, 6); i < len(w.strings) && len(b) >= 10 {
			return w.grid.Text(row, col, []byte(w.strings[i]))
		}
	case recLabel, recRString:
		return w.grid.Text(row, col, []byte(w.text(slice(b, 6, len(b)))))
	case recNumber:
		if len(b) >= 14 {
			return w.number(row, col, u16(b, 4), float(b[6:]))
		}
	case recRK:
		if len(b) >= 10 {
			return w.number(row, col, u16(b, 4), rk(binary.LittleEndian.Uint32(b[6:])))
		}
	case recMulRK:
		for i := 4; i+6 <= len(b)-2; i += 6 {
			if err := w.number(row, col, u16(b, i), rk(binary.LittleEndian.Uint32(b[i+2:]))); err != nil {
				return err
			}
			col++
		}
	case recFormula, recFormula3, recFormula4:
		return w.formula(row, col, b)
	case recString:
		if w.pendingStr {
			w.pendingStr = false
			text := w.text(b)
			if err := w.grid.Text(w.formulaAt[0], w.formulaAt[1], []byte(text)); err != nil {
				return err
			}
			w.quoted(text)
		}
	default:
		return w.beside(r)
	}
	return nil
}

// formula tells the result of a formula, which for a text follows in a record
// of its own, and the strings that it quotes beside.
func (w *workbook) formula(row, col int, b []byte) error {
	w.quotes = ""
	if w.biff8 {
		w.quotes = formulaStrings(slice(b, 22, u16(b, 20)))
	}
	if len(b) >= 14 && u16(b, 12) != 0xFFFF {
		v := float(b[6:])
		if err := w.number(row, col, u16(b, 4), v); err != nil {
			return err
		}
		w.quoted(string(cell.AppendNumber(nil, v)))
		return nil
	}
	w.pendingStr, w.formulaAt = true, [2]int{row, col}
	const blank = 3
	if kind := u8(b, 6); kind == blank && cell.LongestDigits(w.quotes) >= 6 {
		w.pendingStr = false
		return w.grid.Text(row, col, []byte(w.quotes))
	}
	return nil
}

// quoted tells what a formula quotes and its result does not show.
func (w *workbook) quoted(shown string) {
	if more, ok := cell.Formula(w.quotes, []byte(shown)); ok && shown != "" {
		w.grid.More([]byte(more))
	}
	w.quotes = ""
}

func (w *workbook) number(row, col, xf int, v float64) error {
	var f cell.Format
	if xf < len(w.xf) {
		var ok bool
		if f, ok = w.formats[w.xf[xf]]; !ok {
			f = cell.Builtin(w.xf[xf])
		}
	}
	return w.grid.Number(row, col, f.Append(nil, v, w.d1904))
}

func float(b []byte) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(b)) }

// rk unpacks a number of 30 bits, [MS-XLS] 2.5.122.
func rk(v uint32) float64 {
	var f float64
	if v&2 != 0 {
		f = float64(int32(v) >> 2)
	} else {
		f = math.Float64frombits(uint64(v&^3) << 32)
	}
	if v&1 != 0 {
		f /= 100
	}
	return f
}

// beside handles what is no cell: comments, headers, links, names, lists.
func (w *workbook) beside(r record) error {
	b := r.data
	switch r.id {
	case recTXO: // the text follows in the next record
		if w.peek() != recContinue {
			return nil
		}
		c, ok := w.next()
		if !ok {
			return nil
		}
		n := u16(b, 10)
		if u8(c.data, 0)&1 != 0 {
			return w.aside(utf16(slice(c.data, 1, 2*n)))
		}
		return w.aside(latin(slice(c.data, 1, n)))
	case recNote:
		if !w.biff8 {
			return w.aside(w.page.Decode(slice(b, 6, len(b))))
		}
	case recHeader, recFooter:
		if w.biff8 {
			return w.aside(headerText(w.text(b)))
		}
		return w.aside(headerText(w.page.Decode(slice(b, 1, u8(b, 0)))))
	case recHLink:
		return w.aside(strings.Join(wideStrings(slice(b, 8, len(b))), " "))
	case recName:
		return w.aside(w.definedName(b))
	case recDV:
		return w.aside(validation(b))
	case recSXString:
		return w.aside(w.text(b))
	case recCF: // two formulas at its end
		first, second := u16(b, 2), u16(b, 4)
		if at := len(b) - first - second; w.biff8 && at >= 6 {
			return w.aside(formulaStrings(slice(b, at, first)) + " " + formulaStrings(slice(b, at+first, second)))
		}
	}
	return nil
}

// definedName tells a name and the strings in its formula, 2.4.150.
func (w *workbook) definedName(b []byte) string {
	if !w.biff8 {
		return ""
	}
	n, formula := u8(b, 3), u16(b, 4)
	at := 14
	var name string
	if u8(b, at)&1 != 0 {
		name = utf16(slice(b, at+1, 2*n))
		at += 1 + 2*n
	} else {
		name = latin(slice(b, at+1, n))
		at += 1 + n
	}
	if u16(b, 0)&0x20 != 0 { // built in, such as the print area
		name = ""
	}
	return strings.TrimSpace(name + "\t" + formulaStrings(slice(b, at, formula)))
}

// validation tells prompts and the list of a data validation, 2.4.99.
func validation(b []byte) string {
	at := 4
	var texts []string
	for range 4 {
		n, flags := u16(b, at), u8(b, at+2)
		size := n
		if flags&1 != 0 {
			size = 2 * n
			texts = append(texts, utf16(slice(b, at+3, size)))
		} else {
			texts = append(texts, latin(slice(b, at+3, size)))
		}
		at += 3 + size
	}
	if n := u16(b, at); n > 0 {
		texts = append(texts, strings.ReplaceAll(formulaStrings(slice(b, at+4, n)), "\x00", ", "))
	}
	return strings.Join(texts, " ")
}

// headerText drops the codes of a page header: fonts in quotes, sizes and
// single letters.
func headerText(s string) string {
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '&' || i+1 == len(s) {
			out.WriteByte(s[i])
			continue
		}
		i++
		switch c := s[i]; {
		case c == '&':
			out.WriteByte('&')
		case c == '"':
			end := strings.IndexByte(s[i+1:], '"')
			if end < 0 {
				return out.String()
			}
			i += end + 1
		case c >= '0' && c <= '9':
			for n := 1; n < 3 && i+1 < len(s) && s[i+1] >= '0' && s[i+1] <= '9'; n++ {
				i++
			}
		case c == 'L' || c == 'C' || c == 'R':
			out.WriteByte(' ')
		}
	}
	return out.String()
}

// wideStrings returns runs of printable UTF-16 in b.
func wideStrings(b []byte) []string {
	const least = 4
	var found []string
	start := -1
	for i := 0; i+1 < len(b); i += 2 {
		c := u16(b, i)
		if c >= 0x20 && c < 0x250 && c != 0x7F {
			if start < 0 {
				start = i
			}
			continue
		}
		if start >= 0 && i-start >= 2*least {
			found = append(found, utf16(b[start:i]))
		}
		start = -1
	}
	if start >= 0 && len(b)-start >= 2*least {
		found = append(found, utf16(b[start:]))
	}
	return found
}

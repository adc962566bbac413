package plain

import (
	"bytes"
	"io"
	"mime/quotedprintable"
	"strings"
)

// isFolded reports calendars and address cards, whose long lines are folded:
// RFC 5545 section 3.1 and RFC 6350 section 3.2.
func isFolded(head []byte) bool {
	head = bytes.TrimLeft(head, "\xEF\xBB\xBF \r\n")
	for _, begin := range []string{"BEGIN:VCALENDAR", "BEGIN:VCARD", "BEGIN:VEVENT", "BEGIN:VNOTE"} {
		if len(head) >= len(begin) && strings.EqualFold(string(head[:len(begin)]), begin) {
			return true
		}
	}
	return false
}

// unfolder joins folded lines, decodes the quoted-printable of vCard 2.1 and
// the escapes \n and \, of the values.
type unfolder struct {
	r   io.Reader
	in  []byte
	out []byte
	err error
}

func newUnfolder(r io.Reader) io.Reader { return &unfolder{r: r} }

// maxFolded is the longest line that is joined, in bytes; pictures are longer.
const maxFolded = 1 << 20

// Read implements io.Reader.
func (u *unfolder) Read(p []byte) (int, error) {
	for len(u.out) == 0 {
		if u.err != nil && len(u.in) == 0 {
			return 0, u.err
		}
		u.step()
	}
	n := copy(p, u.out)
	u.out = u.out[n:]
	return n, nil
}

// step takes one logical line.
func (u *unfolder) step() {
	for {
		if end := logicalLine(u.in, u.err != nil); end > 0 {
			u.out = plainLine(u.in[:end])
			u.in = u.in[end:]
			return
		}
		if u.err != nil || len(u.in) > maxFolded {
			u.out = u.in
			u.in = nil
			return
		}
		buf := make([]byte, 16<<10)
		var n int
		n, u.err = u.r.Read(buf)
		u.in = append(u.in, buf[:n]...)
	}
}

// logicalLine returns the length of the first line with those that continue
// it, 0 when more input is needed to know.
func logicalLine(b []byte, all bool) int {
	end := 0
	for {
		i := bytes.IndexByte(b[end:], '\n')
		if i < 0 {
			if all {
				return len(b)
			}
			return 0
		}
		soft := isQuoted(b[:end+i]) && bytes.HasSuffix(bytes.TrimRight(b[:end+i], "\r"), []byte("="))
		end += i + 1
		if end == len(b) {
			if all {
				return end
			}
			return 0
		}
		if b[end] != ' ' && b[end] != '\t' && !soft {
			return end
		}
	}
}

func isQuoted(b []byte) bool {
	head, _, _ := bytes.Cut(b, []byte(":"))
	return bytes.Contains(bytes.ToUpper(head), []byte("QUOTED-PRINTABLE"))
}

// plainLine undoes what a logical line was wrapped in.
func plainLine(b []byte) []byte {
	line := bytes.TrimRight(b, "\r\n")
	if isQuoted(line) {
		head, value, _ := bytes.Cut(line, []byte(":"))
		if text, err := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(value))); err == nil {
			line = append(append(bytes.Clone(head), ':'), text...)
		}
	} else {
		for _, fold := range []string{"\r\n ", "\n ", "\r\n\t", "\n\t"} {
			line = bytes.ReplaceAll(line, []byte(fold), nil)
		}
	}
	for _, e := range [][2]string{{`\n`, "\n"}, {`\N`, "\n"}, {`\,`, ","}, {`\;`, ";"}} {
		line = bytes.ReplaceAll(line, []byte(e[0]), []byte(e[1]))
	}
	return append(bytes.Clone(line), '\n')
}

package pdf

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"strings"
)

// builder writes small PDF documents, object by object.
type builder struct {
	bytes.Buffer
	offsets map[int]int
	last    int // highest object number
	prev    int // offset of the last cross-reference table
}

func newBuilder() *builder {
	b := &builder{offsets: make(map[int]int), prev: -1}
	b.WriteString("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	return b
}

func (b *builder) object(n int, body string) {
	b.offsets[n] = b.Len()
	b.last = max(b.last, n)
	fmt.Fprintf(b, "%d 0 obj\n%s\nendobj\n", n, body)
}

func (b *builder) stream(n int, dict, data string) {
	b.object(n, fmt.Sprintf("<<%s/Length %d>>\nstream\n%s\nendstream", dict, len(data), data))
}

func (b *builder) deflated(n int, dict, data string) {
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	_, _ = w.Write([]byte(data))
	_ = w.Close()
	b.stream(n, dict+"/Filter/FlateDecode", z.String())
}

// end writes the cross-reference table and trailer of what was written since
// the last end: an incremental update when called again.
func (b *builder) end(trailer string) []byte {
	at := b.Len()
	b.WriteString("xref\n0 1\n0000000000 65535 f \n")
	for n := 1; n <= b.last; n++ {
		if off, ok := b.offsets[n]; ok {
			fmt.Fprintf(b, "%d 1\n%010d 00000 n \n", n, off)
		}
	}
	if b.prev >= 0 {
		trailer += fmt.Sprintf("/Prev %d", b.prev)
	}
	fmt.Fprintf(b, "trailer\n<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n", b.last+1, trailer, at)
	b.prev = at
	b.offsets = make(map[int]int)
	return b.Bytes()
}

// pages writes a document of one page for each text; extra goes into the
// catalog and, by page, into the page dictionaries. Object numbers: 1
// catalog, 2 pages, 3 font, 10+2i page i, 11+2i its content.
func (b *builder) pages(catalog string, texts []string, pageExtra ...string) {
	var kids []string
	for i, text := range texts {
		extra := ""
		if i < len(pageExtra) {
			extra = pageExtra[i]
		}
		kids = append(kids, fmt.Sprintf("%d 0 R", 10+2*i))
		b.object(10+2*i, fmt.Sprintf("<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F1 3 0 R>>>>/Contents %d 0 R%s>>", 11+2*i, extra))
		b.deflated(11+2*i, "", content(text))
	}
	b.object(1, "<</Type/Catalog/Pages 2 0 R"+catalog+">>")
	b.object(2, fmt.Sprintf("<</Type/Pages/Count %d/Kids[%s]>>", len(texts), strings.Join(kids, " ")))
	b.object(3, "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>")
}

// content paints each line of text (Latin-1) at its own place.
func content(text string) string {
	var c strings.Builder
	for i, line := range strings.Split(text, "\n") {
		fmt.Fprintf(&c, "BT /F1 12 Tf 1 0 0 1 50 %d Tm (%s) Tj ET\n", 780-16*i, literal(line))
	}
	return c.String()
}

func literal(s string) string {
	var b strings.Builder
	for _, c := range s {
		switch {
		case c == '(' || c == ')' || c == '\\':
			b.WriteString("\\" + string(c))
		case c < 256:
			b.WriteByte(byte(c))
		}
	}
	return b.String()
}

func simple(texts ...string) []byte {
	b := newBuilder()
	b.pages("", texts)
	return b.end("")
}

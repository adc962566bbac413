// Package html reads HTML as a stream: the text as a reader sees it, and what
// only the source shows, such as comments, alternative texts, values of
// hidden fields and addresses of links. Scripts and style sheets are left
// out. It follows no link and loads nothing.
package html

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/net/html"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/charset"
)

// Extractor reads HTML files.
type Extractor struct{}

// New returns the extractor.
func New() Extractor { return Extractor{} }

// Name implements extract.Extractor.
func (Extractor) Name() string { return "html" }

// Wants implements extract.Extractor.
func (Extractor) Wants(_, mediaType string, _ []byte) bool {
	return mediaType == "text/html" || mediaType == "application/xhtml+xml"
}

// Extract implements extract.Extractor.
func (Extractor) Extract(ctx context.Context, _ string, f extract.File, out extract.Out) error {
	r, err := decode(f)
	if err != nil {
		return err
	}
	return Text(ctx, r, out, extract.Place{})
}

// headSize is how far a page is searched for the name of its charset; the
// standard asks for 1,024 bytes.
const headSize = 16 << 10

// decode returns the page in UTF-8. What is valid UTF-8 is that, whatever the
// page claims.
func decode(f extract.File) (io.Reader, error) {
	head := make([]byte, min(f.Size(), headSize))
	n, err := f.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return nil, err
	}
	head = head[:n]
	r := io.NewSectionReader(f, 0, f.Size())
	c := charset.Detect(head, int64(n) == f.Size())
	if c.String() == charset.Binary.String() {
		return nil, fmt.Errorf("no text: %w", extract.ErrUnsupported)
	}
	if charset.IsASCII(head) || c.String() != charset.UTF8.String() {
		if named, ok := charset.ByLabel(label(head)); ok && !strings.HasPrefix(named.String(), "utf-") {
			return charset.NewReaderOf(r, named), nil
		}
	}
	return charset.NewReader(r), nil
}

// label finds charset=... in a page's first bytes.
func label(head []byte) string {
	// Lower case is longer where bytes are no UTF-8: all offsets are in it.
	head = bytes.ToLower(head)
	i := bytes.Index(head, []byte("charset="))
	if i < 0 {
		return ""
	}
	rest := bytes.TrimLeft(head[i+len("charset="):], `"' `)
	end := bytes.IndexAny(rest, "\"' />;\r\n")
	if end < 0 || end > 40 {
		return ""
	}
	return string(rest[:end])
}

// maxToken is the longest tag or stretch of text that is read, in bytes. Only
// tests change it.
var maxToken = 16 << 20

// blockSize is about how much text makes a block, in bytes.
const blockSize = 32 << 10

// Text sends the text of a page in UTF-8 to out.
func Text(ctx context.Context, r io.Reader, out extract.Out, place extract.Place) error {
	z := html.NewTokenizer(r)
	z.SetMaxBuf(maxToken)
	p := page{out: out, place: place}
	for n := 0; ; n++ {
		if n&0xFF == 0 {
			if err := extract.Alive(ctx); err != nil {
				return err
			}
		}
		kind := z.Next()
		if kind == html.ErrorToken {
			break
		}
		if err := p.token(kind, z); err != nil {
			return err
		}
	}
	err := z.Err()
	if errors.Is(err, html.ErrBufferExceeded) {
		err = fmt.Errorf("a tag or text over %d bytes: %w", maxToken, extract.ErrTooLarge)
	}
	p.newline()
	if ferr := p.flush(); ferr != nil {
		return ferr
	}
	if err == io.EOF {
		return nil
	}
	return err
}

// page is the text of a page as it is built.
type page struct {
	out   extract.Out
	place extract.Place
	buf   []byte // whole lines, then the current
	side  []byte // attributes and comments, told after the current line

	skip   string // element whose text is left out
	pre    int    // depth of pre
	brk    bool   // a line break is due before more text
	tabs   int    // tabs that are due before more text
	cell   bool   // a cell of the row was seen
	spaced bool   // white space is due before more text
}

func (p *page) token(kind html.TokenType, z *html.Tokenizer) error {
	switch kind {
	case html.TextToken:
		if p.skip == "" {
			p.text(z.Text())
		}
	case html.StartTagToken, html.SelfClosingTagToken:
		raw, more := z.TagName()
		name := string(raw)
		p.start(name, kind == html.SelfClosingTagToken)
		if more {
			p.attributes(name, z)
		}
	case html.EndTagToken:
		raw, _ := z.TagName()
		p.end(string(raw))
	case html.CommentToken:
		p.comment(string(z.Text()))
	case html.ErrorToken, html.DoctypeToken:
	}
	if len(p.buf)+len(p.side) >= blockSize && (p.brk || len(p.buf)+len(p.side) >= 8*blockSize) {
		p.newline()
		return p.flush()
	}
	return nil
}

// hardHyphen is a hyphen that does not break a line.
var hardHyphen = []byte("\u2011")

// text appends text with white space as the reader sees it.
func (p *page) text(s []byte) {
	if bytes.Contains(s, hardHyphen) {
		s = bytes.ReplaceAll(s, hardHyphen, []byte("-"))
	}
	if p.pre > 0 {
		p.due()
		p.buf = append(p.buf, s...)
		return
	}
	for i := 0; i < len(s); {
		if isSpace(s[i]) {
			p.spaced = true
			i++
			continue
		}
		end := i
		for end < len(s) && !isSpace(s[end]) {
			end++
		}
		p.due()
		p.buf = append(p.buf, s[i:end]...)
		i = end
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' }

// due writes the separator that stands before the next word.
func (p *page) due() {
	switch {
	case p.brk && p.midLine():
		p.newline()
	case p.brk:
	case p.spaced && p.tabs == 0 && p.midLine():
		p.buf = append(p.buf, ' ')
	}
	for range p.tabs {
		p.buf = append(p.buf, '\t')
	}
	p.brk, p.spaced, p.tabs = false, false, 0
}

func (p *page) midLine() bool { return len(p.buf) > 0 && p.buf[len(p.buf)-1] != '\n' }

// newline ends the current line; what was set aside follows.
func (p *page) newline() {
	if p.midLine() {
		p.buf = append(p.buf, '\n')
	}
	p.buf = append(p.buf, p.side...)
	p.side = p.side[:0]
}

func (p *page) flush() error {
	if len(p.buf) == 0 {
		return nil
	}
	err := p.out.Text(extract.Block{Text: string(p.buf), Place: p.place})
	p.buf = p.buf[:0]
	return err
}

// inline elements do not break the line.
var inline = map[string]bool{
	"a": true, "abbr": true, "acronym": true, "b": true, "bdi": true, "bdo": true, "big": true, "cite": true, "code": true,
	"data": true, "del": true, "dfn": true, "em": true, "font": true, "i": true, "img": true, "ins": true, "kbd": true, "label": true,
	"mark": true, "meter": true, "output": true, "progress": true, "q": true, "s": true, "samp": true, "small": true, "span": true,
	"strike": true, "strong": true, "sub": true, "sup": true, "time": true, "tt": true, "u": true, "var": true, "wbr": true, "nobr": true,
	"link": true, "meta": true, "base": true, "input": true, "o:p": true, "tbody": true, "thead": true, "tfoot": true, "col": true, "colgroup": true,
}

// maxTabs bounds the empty cells of a row that are kept.
const maxTabs = 64

func (p *page) start(name string, selfClosing bool) {
	switch name {
	case "script", "style":
		if !selfClosing {
			p.skip = name
		}
	case "pre":
		p.pre++
		p.brk = true
	case "tr":
		p.brk, p.tabs, p.cell = true, 0, false
	case "td", "th":
		if p.cell {
			p.tabs = min(p.tabs+1, maxTabs)
			p.brk = false
		}
		p.cell = true
	case "input", "img":
		p.spaced = true
	default:
		if !inline[name] {
			p.brk = p.brk || p.tabs == 0
		}
	}
}

func (p *page) end(name string) {
	switch name {
	case p.skip:
		p.skip = ""
	case "pre":
		p.pre = max(p.pre-1, 0)
		p.brk = true
	case "tr", "table":
		p.brk, p.tabs, p.cell = true, 0, false
	case "td", "th":
	default:
		if !inline[name] {
			p.brk = p.brk || p.tabs == 0
		}
	}
}

// maxAttr is the longest attribute that is told; longer ones are data.
const maxAttr = 8 << 10

func (p *page) attributes(tag string, z *html.Tokenizer) {
	hidden, content := false, ""
	for more := true; more; {
		var key, val []byte
		key, val, more = z.TagAttr()
		if tag == "meta" { // what a page says of itself, in any order
			switch string(key) {
			case "http-equiv":
				hidden = true
			case "name":
				hidden = hidden || machine[strings.ToLower(string(val))]
			case "content":
				content = string(val)
			}
			continue
		}
		if telling(tag, key) {
			p.attribute(string(val))
		}
	}
	if !hidden && content != "" {
		p.attribute(content)
	}
}

func (p *page) attribute(v string) {
	v = strings.TrimSpace(v)
	if len(v) < 2 || len(v) > maxAttr || strings.HasPrefix(v, "data:") || strings.HasPrefix(v, "javascript:") {
		return
	}
	p.aside(v)
}

// aside keeps what is told after the current line, or after the next where
// that has ended.
func (p *page) aside(s string) {
	if p.brk && p.midLine() {
		p.newline()
		p.brk = false
	}
	p.side = append(append(p.side, s...), '\n')
}

// telling reports whether an attribute may hold text.
func telling(tag string, key []byte) bool {
	switch string(key) {
	case "alt", "title", "value", "placeholder", "href", "label", "summary", "aria-label", "sdval", "cite", "datetime", "abbr":
		return tag != "link" && tag != "base"
	}
	return bytes.HasPrefix(key, []byte("data-"))
}

// machine is the metadata that programs write about themselves.
var machine = map[string]bool{
	"generator": true, "viewport": true, "robots": true, "progid": true, "originator": true, "created": true, "changed": true,
	"appversion": true, "csrf-token": true, "theme-color": true, "format-detection": true, "referrer": true,
}

// comment tells a comment's text without the markup in it.
func (p *page) comment(s string) {
	var b []byte
	depth := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c == '<':
			depth = 1
		case c == '>' && depth > 0:
			depth = 0
			b = append(b, ' ')
		case depth == 0:
			b = append(b, c)
		}
	}
	text := strings.Join(strings.Fields(string(b)), " ")
	if text == "" || strings.HasPrefix(text, "[if") || strings.HasPrefix(text, "[endif") || len(p.side) > maxToken {
		return
	}
	p.aside(text)
}

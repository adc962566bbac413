package ole

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"sort"
	"strings"

	"github.com/richardlehane/mscfb"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/alternative"
	"aktvakt/scanner/extract/charset"
	"aktvakt/scanner/extract/html"
	"aktvakt/scanner/extract/rtf"
)

// Properties of a message, [MS-OXPROPS].
const (
	tagSubject    = 0x0037
	tagBody       = 0x1000
	tagRTF        = 0x1009
	tagHTML       = 0x1013
	tagAttachData = 0x3701
	tagLongName   = 0x3707
	tagShortName  = 0x3704
	tagDisplay    = 0x3001
	tagCodepage   = 0x3FFD
	tagCPID       = 0x3FDE
)

// headings names the properties that open a message, in their order.
var headings = []struct {
	tag  int
	name string
}{
	{0x0C1A, "From"}, {0x5D01, "From"}, {0x0C1F, "From"}, {0x0E04, "To"}, {0x0E03, "Cc"}, {0x0E02, "Bcc"}, {tagSubject, "Subject"},
}

// machineTags are strings that programs exchange, or repeat others.
var machineTags = map[int]bool{
	0x001A: true, 0x003D: true, 0x0070: true, 0x0E1D: true, 0x0064: true, 0x0075: true, 0x0077: true, 0x0C1E: true, 0x3002: true,
	0x1035: true, 0x1042: true, 0x1039: true, 0x10F3: true, 0x3FF8: true, 0x3FFA: true, 0x0050: true, 0x0047: true, 0x3703: true,
	0x370E: true, 0x3712: true, 0x3708: true, 0x0E28: true, 0x0E29: true, 0x3A71: true, 0x4022: true, 0x4024: true, 0x4030: true, 0x4034: true, 0x4038: true,
}

// message reads an Outlook message: heading, text, then recipients and
// attachments, messages within messages too.
func (c *container) message(in string, out extract.Out) error { return c.mail(in, out, 0) }

// maxMails bounds messages attached to messages.
const maxMails = 16

func (c *container) mail(in string, out extract.Out, depth int) error {
	if depth > maxMails {
		return fmt.Errorf("messages nested over %d deep: %w", maxMails, extract.ErrTooLarge)
	}
	m := &mail{c: c, out: out, in: in, strings: map[int]string{}}
	if err := m.load(); err != nil {
		return err
	}
	if err := m.head(); err != nil {
		return err
	}
	if err := m.body(); err != nil {
		return err
	}
	return m.storages(depth)
}

// mail is one message being read.
type mail struct {
	c       *container
	out     extract.Out
	in      string // its storage
	page    charset.Charset
	named   bool // a code page is stated
	strings map[int]string
	binary  map[int]*mscfb.File
}

// property splits the name of a stream into tag and type.
func property(name string) (tag, typ int, ok bool) {
	rest, ok := strings.CutPrefix(name, "__substg1.0_")
	if !ok || len(rest) < 8 {
		return 0, 0, false
	}
	b, err := hex.DecodeString(rest[:8])
	if err != nil {
		return 0, 0, false
	}
	return int(b[0])<<8 | int(b[1]), int(b[2])<<8 | int(b[3]), true
}

const (
	typeANSI    = 0x1E
	typeUnicode = 0x1F
	typeBinary  = 0x102
	typeObject  = 0x0D
)

// load reads the strings of the message.
func (m *mail) load() error {
	m.codePage()
	m.binary = map[int]*mscfb.File{}
	for _, f := range m.c.all {
		if storage(f) != m.in {
			continue
		}
		tag, typ, ok := property(f.Name)
		if !ok {
			continue
		}
		if typ == typeBinary {
			m.binary[tag] = f
			continue
		}
		if typ != typeANSI && typ != typeUnicode {
			continue
		}
		b, err := m.c.bytes(f)
		if err != nil && m.c.fatal(err) {
			return err
		}
		m.strings[tag] = m.decode(b, typ)
	}
	return nil
}

func (m *mail) decode(b []byte, typ int) string {
	var s string
	switch {
	case typ == typeUnicode:
		s = utf16(b)
	case m.named:
		s = m.page.Decode(b)
	default:
		s = charset.Detect(b, true).Decode(b)
	}
	return strings.TrimRight(strings.ReplaceAll(s, "\r\n", "\n"), "\x00")
}

// codePage reads the code page of strings from the fixed properties, 16 bytes
// each after a header of 32, 24 or 8.
func (m *mail) codePage() {
	b, err := m.c.stream(m.in, "__properties_version1.0")
	if err != nil {
		return
	}
	header := 24
	if m.in == "" {
		header = 32
	}
	for at := header; at+16 <= len(b); at += 16 {
		tag, page := u16(b, at+2), u32(b, at+8)
		if (tag == tagCodepage || (tag == tagCPID && !m.named)) && page > 0 {
			m.page, m.named = charset.ByCodepage(page), true
		}
	}
}

func (m *mail) send(part, text string) error {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	return m.out.Text(extract.Block{Text: text, Place: extract.Place{Part: part}})
}

// head tells sender, receivers and subject, and all other strings after.
func (m *mail) head() error {
	var b strings.Builder
	told := map[string]bool{}
	for _, h := range headings {
		if s := m.strings[h.tag]; s != "" && !strings.HasPrefix(s, "/O=") && !told[s] {
			told[s] = true
			b.WriteString(h.name + ": " + s + "\n")
		}
	}
	if err := m.send("", b.String()); err != nil {
		return err
	}
	b.Reset()
	tags := make([]int, 0, len(m.strings))
	for tag := range m.strings {
		tags = append(tags, tag)
	}
	sort.Ints(tags)
	for _, tag := range tags {
		s := m.strings[tag]
		if tag == tagBody || tag == tagHTML || machineTags[tag] || told[s] || len(s) < 2 || strings.HasPrefix(s, "/O=") || strings.HasPrefix(s, "/o=") {
			continue
		}
		told[s] = true
		b.WriteString(s + "\n")
	}
	return m.send("properties", b.String())
}

// body tells the text; of its other forms, HTML and RTF, the lines that the
// plain one does not have.
func (m *mail) body() error {
	plain := m.strings[tagBody]
	if err := m.send("", plain); err != nil {
		return err
	}
	known := alternative.NewLines(plain)
	if err := m.htmlBody(known); err != nil {
		return err
	}
	if m.binary[tagRTF] == nil {
		return nil
	}
	b, err := m.c.bytes(m.binary[tagRTF])
	if err != nil && m.c.fatal(err) {
		return err
	}
	text, err := decompressRTF(b)
	if err != nil {
		return extract.Broken(m.out, "text in RTF", err)
	}
	return m.others(known, func(ctx context.Context, to extract.Out) error {
		return rtf.Text(ctx, bytes.NewReader(text), to)
	})
}

func (m *mail) htmlBody(known *alternative.Lines) error {
	if page := m.strings[tagHTML]; page != "" {
		return m.others(known, func(ctx context.Context, to extract.Out) error {
			return html.Text(ctx, strings.NewReader(page), to, extract.Place{})
		})
	}
	f := m.binary[tagHTML]
	if f == nil {
		return nil
	}
	b, err := m.c.bytes(f)
	if err != nil && m.c.fatal(err) {
		return err
	}
	return m.others(known, func(ctx context.Context, to extract.Out) error {
		return html.New().Extract(ctx, "", extract.Bytes(bytes.TrimRight(b, "\x00")), to)
	})
}

// others tells the lines of another form of the text that are not known yet.
func (m *mail) others(known *alternative.Lines, read func(context.Context, extract.Out) error) error {
	f := &alternative.Filter{Out: m.out, Known: known}
	if err := read(m.c.ctx, f); err != nil && m.c.fatal(err) {
		return err
	}
	return nil
}

// storages reads recipients and attachments in their order.
func (m *mail) storages(depth int) error {
	seen := map[string]bool{}
	for _, f := range m.c.all {
		in := storage(f)
		rest := in
		if m.in != "" {
			var ok bool
			if rest, ok = strings.CutPrefix(in, m.in+"/"); !ok {
				continue
			}
		}
		name, _, _ := strings.Cut(rest, "/")
		if name == "" || seen[name] {
			continue
		}
		seen[name] = true
		path := strings.TrimPrefix(m.in+"/"+name, "/")
		var err error
		switch {
		case strings.HasPrefix(name, "__attach_version1.0_"):
			err = m.attachment(path, depth)
		case strings.HasPrefix(name, "__recip_version1.0_"):
			err = m.recipient(path)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (m *mail) recipient(in string) error {
	r := &mail{c: m.c, out: m.out, in: in, page: m.page, named: m.named, strings: map[int]string{}}
	if err := r.load(); err != nil {
		return err
	}
	var b strings.Builder
	for _, tag := range []int{tagDisplay, 0x39FE, 0x3003} {
		if s := r.strings[tag]; s != "" && !strings.HasPrefix(strings.ToUpper(s), "/O=") && !strings.Contains(b.String(), s) {
			b.WriteString(s + "\n")
		}
	}
	return m.send("recipients", b.String())
}

func (m *mail) attachment(in string, depth int) error {
	a := &mail{c: m.c, out: m.out, in: in, page: m.page, named: m.named, strings: map[int]string{}}
	if err := a.load(); err != nil {
		return err
	}
	name := ""
	for _, tag := range []int{tagLongName, tagShortName, tagDisplay} {
		if name = a.strings[tag]; name != "" {
			break
		}
	}
	if f := a.binary[tagAttachData]; f != nil {
		data, err := m.c.bytes(f)
		if err != nil && m.c.fatal(err) {
			return err
		}
		return m.out.File(name, extract.Bytes(data))
	}
	inner := in + "/__substg1.0_3701000D"
	if m.c.find(inner, "__properties_version1.0") == nil {
		return m.send("", name)
	}
	if err := m.send("", name+"\n"); err != nil {
		return err
	}
	if err := m.c.mail(inner, m.out, depth+1); err != nil {
		if m.c.fatal(err) {
			return err
		}
		return extract.Broken(m.out, name, err)
	}
	return nil
}

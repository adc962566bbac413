package ole

import (
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/richardlehane/mscfb"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/charset"
	"aktvakt/scanner/extract/mapi"
)

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
	if err := m.tell(); err != nil {
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
		if typ == mapi.TypeBinary {
			m.binary[tag] = f
			continue
		}
		if typ != mapi.TypeANSI && typ != mapi.TypeUnicode {
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
	if m.named {
		return mapi.Decode(b, typ, &m.page)
	}
	return mapi.Decode(b, typ, nil)
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
		if (tag == mapi.Codepage || (tag == mapi.CPID && !m.named)) && page > 0 {
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

// tell tells heading and text.
func (m *mail) tell() error {
	msg := mapi.Message{Strings: m.strings}
	var err error
	if msg.HTML, err = m.form(mapi.HTML); err != nil {
		return err
	}
	if msg.RTF, err = m.form(mapi.RTF); err != nil {
		return err
	}
	if err := msg.Head(m.out); err != nil {
		return err
	}
	return msg.Text(m.c.ctx, m.out)
}

// form reads a form of the text that is kept as bytes, as far as it goes.
func (m *mail) form(tag int) ([]byte, error) {
	b, err := m.c.bytes(m.binary[tag])
	if err != nil && m.c.fatal(err) {
		return nil, err
	}
	return b, nil
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
	return m.send("recipients", mapi.Recipient(r.strings))
}

func (m *mail) attachment(in string, depth int) error {
	a := &mail{c: m.c, out: m.out, in: in, page: m.page, named: m.named, strings: map[int]string{}}
	if err := a.load(); err != nil {
		return err
	}
	name := mapi.AttachmentName(a.strings)
	if f := a.binary[mapi.AttachData]; f != nil {
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

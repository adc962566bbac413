// Package tnef reads the winmail.dat that Outlook attaches to mail for other
// Outlooks: the message's text, its properties and its attachments. Where it
// is cut short, what came before is told.
//
// Start reading at Extractor.Extract. The structures are those of
// [MS-OXTNEF]; checksums are not verified, as a wrong one is no reason to
// leave a text unread.
package tnef

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/charset"
	"aktvakt/scanner/extract/mapi"
)

// MediaType is that of a winmail.dat.
const MediaType = "application/vnd.ms-tnef"

const magic = "\x78\x9F\x3E\x22"

// Extractor reads TNEF.
type Extractor struct{}

// New returns the extractor.
func New() Extractor { return Extractor{} }

// Name implements extract.Extractor.
func (Extractor) Name() string { return "tnef" }

// Wants implements extract.Extractor.
func (Extractor) Wants(_, _ string, head []byte) bool { return bytes.HasPrefix(head, []byte(magic)) }

// maxFile is the largest winmail.dat that is read, in bytes. Mail servers
// refuse less than that.
const maxFile = 128 << 20

// Extract implements extract.Extractor.
func (Extractor) Extract(ctx context.Context, _ string, f extract.File, out extract.Out) error {
	data, err := extract.ReadAll(ctx, f, maxFile)
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(data, []byte(magic)) {
		return fmt.Errorf("no TNEF: %w", extract.ErrUnsupported)
	}
	t := &reader{ctx: ctx, out: out, msg: mapi.Message{Strings: map[int]string{}}}
	broken := t.attributes(data[min(6, len(data)):])
	if broken != nil && mapi.Fatal(ctx, broken) {
		return broken
	}
	if err := t.tell(); err != nil {
		return err
	}
	return broken
}

// Attributes of a file, [MS-OXTNEF] 2.1.3.3. The upper half is a type.
const (
	attSubject     = 0x018004
	attBody        = 0x02800C
	attRecipients  = 0x069004
	attProperties  = 0x069003
	attCodepage    = 0x069007
	attNewFile     = 0x069002
	attFileData    = 0x06800F
	attFileTitle   = 0x018010
	attFileProps   = 0x069005
	levelMessage   = 1
	levelFile      = 2
	attributeExtra = 11 // level, identifier and length before, checksum after
)

// reader is one file being read.
type reader struct {
	ctx   context.Context
	out   extract.Out
	page  *charset.Charset
	msg   mapi.Message
	to    string // receivers
	files []file
}

// file is an attachment.
type file struct {
	title string
	strs  map[int]string
	data  []byte
}

// maxFiles bounds the attachments of a message.
const maxFiles = 10_000

// attributes collects what the file holds, as far as it goes.
func (t *reader) attributes(b []byte) error {
	for len(b) > 0 {
		if err := extract.Alive(t.ctx); err != nil {
			return err
		}
		if len(b) < attributeExtra {
			return fmt.Errorf("attribute cut short: %w", extract.ErrCorrupt)
		}
		level, id, n := b[0], u32(b, 1), u32(b, 5)
		v := slice(b, 9, n)
		var err error
		switch level {
		case levelMessage:
			err = t.message(id, v)
		case levelFile:
			err = t.file(id, v)
		default:
			err = fmt.Errorf("attribute of level %d: %w", level, extract.ErrCorrupt)
		}
		if err != nil {
			return err
		}
		if len(v) < n || len(b) < n+attributeExtra {
			return fmt.Errorf("attribute cut short: %w", extract.ErrCorrupt)
		}
		b = b[n+attributeExtra:]
	}
	return nil
}

func (t *reader) message(id int, v []byte) error {
	switch id {
	case attCodepage:
		if n := u32(v, 0); n > 0 {
			c := charset.ByCodepage(n)
			t.page = &c
		}
	case attSubject:
		t.keep(mapi.Subject, v)
	case attBody:
		t.keep(mapi.Body, v)
	case attRecipients:
		return t.recipients(v)
	case attProperties:
		_, err := t.properties(v, func(p property) {
			switch {
			case p.typ == mapi.TypeBinary && p.id == mapi.HTML:
				t.msg.HTML = p.value
			case p.typ == mapi.TypeBinary && p.id == mapi.RTF:
				t.msg.RTF = p.value
			case p.isString():
				add(t.msg.Strings, p, t.page)
			}
		})
		return err
	}
	return nil
}

// keep keeps a string that the properties may repeat.
func (t *reader) keep(tag int, v []byte) {
	if t.msg.Strings[tag] == "" {
		t.msg.Strings[tag] = mapi.Decode(bytes.TrimRight(v, "\x00"), mapi.TypeANSI, t.page)
	}
}

// add keeps a string. The further ones of a list get keys beyond all tags.
func add(strs map[int]string, p property, page *charset.Charset) {
	strs[p.id|p.index<<16] = mapi.Decode(p.value, p.typ, page)
}

func (t *reader) recipients(v []byte) error {
	rows := u32(v, 0)
	v = slice(v, 4, len(v))
	var b strings.Builder
	for ; rows > 0 && len(v) > 0; rows-- {
		if err := extract.Alive(t.ctx); err != nil {
			return err
		}
		strs := map[int]string{}
		n, err := t.properties(v, func(p property) {
			if p.isString() {
				add(strs, p, t.page)
			}
		})
		b.WriteString(mapi.Recipient(strs))
		t.to = b.String()
		if err != nil {
			return err
		}
		v = v[n:]
	}
	return nil
}

func (t *reader) file(id int, v []byte) error {
	if id == attNewFile || len(t.files) == 0 {
		if len(t.files) >= maxFiles {
			return fmt.Errorf("over %d attachments: %w", maxFiles, extract.ErrTooLarge)
		}
		t.files = append(t.files, file{strs: map[int]string{}})
	}
	f := &t.files[len(t.files)-1]
	switch id {
	case attFileTitle:
		f.title = mapi.Decode(bytes.TrimRight(v, "\x00"), mapi.TypeANSI, t.page)
	case attFileData:
		f.data = v
	case attFileProps:
		_, err := t.properties(v, func(p property) {
			switch {
			case p.id == mapi.AttachData && p.typ == mapi.TypeObject:
				// The object's interface, 16 bytes, then a file of this format
				// or another.
				f.data = slice(p.value, 16, len(p.value))
			case p.id == mapi.AttachData && p.typ == mapi.TypeBinary && len(f.data) == 0:
				f.data = p.value
			case p.isString():
				add(f.strs, p, t.page)
			}
		})
		return err
	}
	return nil
}

// tell sends what was collected.
func (t *reader) tell() error {
	if err := t.msg.Head(t.out); err != nil {
		return err
	}
	if err := t.msg.Text(t.ctx, t.out); err != nil {
		return err
	}
	if t.to != "" {
		if err := t.out.Text(extract.Block{Text: t.to, Place: extract.Place{Part: "recipients"}}); err != nil {
			return err
		}
	}
	for _, f := range t.files {
		name := mapi.AttachmentName(f.strs)
		if name == "" {
			name = f.title
		}
		var err error
		switch {
		case name == "" && len(f.data) == 0:
		case name == "":
			err = extract.Embed(t.out, "attachment", extract.Bytes(f.data))
		default:
			err = t.out.File(name, extract.Bytes(f.data))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Package mapi knows what the properties of a message mean, which Outlook
// keeps in message files, in mailbox files and in the winmail.dat that it
// attaches to mail: which are for people, in what order, and how the text's
// forms relate. It opens no file; packages ole, pst and tnef find the
// properties.
//
// Start reading at Message. Tags are those of [MS-OXPROPS], types those of
// [MS-OXCDATA] 2.11.1.
package mapi

import (
	"bytes"
	"context"
	"errors"
	"sort"
	"strings"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/alternative"
	"aktvakt/scanner/extract/charset"
	"aktvakt/scanner/extract/html"
	"aktvakt/scanner/extract/rtf"
	"aktvakt/scanner/finding"
)

// Tags of properties.
const (
	Subject    = 0x0037
	Body       = 0x1000
	RTF        = 0x1009
	HTML       = 0x1013
	Display    = 0x3001
	Address    = 0x3003
	AttachData = 0x3701
	ShortName  = 0x3704
	LongName   = 0x3707
	SMTP       = 0x39FE
	CPID       = 0x3FDE // code page of the text as it was sent
	Codepage   = 0x3FFD // code page of strings
)

// Types of properties.
const (
	TypeInt16   = 0x02
	TypeInt32   = 0x03
	TypeObject  = 0x0D
	TypeANSI    = 0x1E
	TypeUnicode = 0x1F
	TypeBinary  = 0x102
	// Multiple is set for lists of values.
	Multiple = 0x1000
)

// headings names the properties that open a message, in their order.
var headings = []struct {
	tag  int
	name string
}{
	{0x0C1A, "From"}, {0x5D01, "From"}, {0x0C1F, "From"}, {0x0E04, "To"}, {0x0E03, "Cc"}, {0x0E02, "Bcc"}, {Subject, "Subject"},
}

// machineTags are strings that programs exchange, or repeat others.
var machineTags = map[int]bool{
	0x001A: true, 0x003D: true, 0x0070: true, 0x0E1D: true, 0x0064: true, 0x0075: true, 0x0077: true, 0x0C1E: true, 0x3002: true,
	0x1035: true, 0x1042: true, 0x1039: true, 0x10F3: true, 0x3FF8: true, 0x3FFA: true, 0x0050: true, 0x0047: true, 0x3703: true,
	0x370E: true, 0x3712: true, 0x3708: true, 0x0E28: true, 0x0E29: true, 0x3A71: true, 0x4022: true, 0x4024: true, 0x4030: true, 0x4034: true, 0x4038: true,
}

// Message is what is known of a message. Attachments are the caller's.
type Message struct {
	// Strings are the properties that are strings, decoded.
	Strings map[int]string
	// HTML and RTF are forms of the text that are kept as bytes. RTF is
	// compressed.
	HTML, RTF []byte
}

// distinguished tells an address of the directory, which says no more than
// the name beside it.
func distinguished(s string) bool { return len(s) > 2 && strings.EqualFold(s[:3], "/o=") }

// Head tells sender, receivers and subject, and all other strings after.
func (m *Message) Head(out extract.Out) error {
	var b strings.Builder
	told := map[string]bool{}
	for _, h := range headings {
		s := m.Strings[h.tag]
		if h.tag == Subject {
			s = subject(s)
		}
		if s != "" && !distinguished(s) && !told[s] {
			told[s] = true
			b.WriteString(h.name + ": " + s + "\n")
		}
	}
	if err := send(out, "", b.String()); err != nil {
		return err
	}
	b.Reset()
	tags := make([]int, 0, len(m.Strings))
	for tag := range m.Strings {
		tags = append(tags, tag)
	}
	sort.Ints(tags)
	for _, tag := range tags {
		s := m.Strings[tag]
		if tag == Body || tag == HTML || machineTags[tag] {
			continue
		}
		if tag == Subject {
			s = subject(s)
		}
		if told[s] || len(s) < 2 || distinguished(s) {
			continue
		}
		told[s] = true
		b.WriteString(s + "\n")
	}
	return send(out, "properties", b.String())
}

// subject drops the mark that says how long the "Re: " is, [MS-PST] 2.5.3.1.1.1.
func subject(s string) string {
	if len(s) >= 2 && s[0] == 1 {
		return s[2:]
	}
	return s
}

// Recipient tells name and addresses of a receiver.
func Recipient(strs map[int]string) string {
	var b strings.Builder
	for _, tag := range []int{Display, SMTP, Address} {
		if s := strs[tag]; s != "" && !distinguished(s) && !strings.Contains(b.String(), s) {
			b.WriteString(s + "\n")
		}
	}
	return b.String()
}

// AttachmentName returns the best of the names that an attachment has.
func AttachmentName(strs map[int]string) string {
	for _, tag := range []int{LongName, ShortName, Display} {
		if s := strs[tag]; s != "" {
			return s
		}
	}
	return ""
}

// Text tells the text; of its other forms, HTML and RTF, the lines that the
// plain one does not have. A form that cannot be read makes the document
// partial.
func (m *Message) Text(ctx context.Context, out extract.Out) error {
	plain := m.Strings[Body]
	if err := send(out, "", plain); err != nil {
		return err
	}
	f := &alternative.Filter{Out: out, Known: alternative.NewLines(plain)}
	if page := m.Strings[HTML]; page != "" {
		if err := form(ctx, out, "text in HTML", html.Text(ctx, strings.NewReader(page), f, extract.Place{})); err != nil {
			return err
		}
	}
	if len(m.HTML) > 0 {
		if err := form(ctx, out, "text in HTML", html.New().Extract(ctx, "", extract.Bytes(bytes.TrimRight(m.HTML, "\x00")), f)); err != nil {
			return err
		}
	}
	if len(m.RTF) == 0 {
		return nil
	}
	text, err := DecompressRTF(m.RTF)
	if err != nil {
		return extract.Broken(out, "text in RTF", err)
	}
	return form(ctx, out, "text in RTF", rtf.Text(ctx, bytes.NewReader(text), f))
}

// form lets a form of the text break without ending the message.
func form(ctx context.Context, out extract.Out, name string, err error) error {
	if err == nil || Fatal(ctx, err) {
		return err
	}
	return extract.Broken(out, name, err)
}

// Fatal reports errors that end the document, not only a part of it.
func Fatal(ctx context.Context, err error) bool {
	if errors.Is(err, extract.ErrBudget) || extract.Alive(ctx) != nil {
		return true
	}
	r := extract.ReasonOf(err)
	return r == finding.Timeout || r == finding.Failed
}

func send(out extract.Out, part, text string) error {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	return out.Text(extract.Block{Text: text, Place: extract.Place{Part: part}})
}

// Decode decodes a string of a type. page is its code page where typ is
// TypeANSI; nil lets the bytes tell.
func Decode(b []byte, typ int, page *charset.Charset) string {
	var s string
	switch {
	case typ == TypeUnicode:
		s = charset.UTF16(b)
	case page != nil:
		s = page.Decode(b)
	default:
		s = charset.Detect(b, true).Decode(b)
	}
	return strings.TrimRight(strings.ReplaceAll(s, "\r\n", "\n"), "\x00")
}

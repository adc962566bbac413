// Package mail reads messages (eml), mailboxes (mbox) and saved web pages
// (mht): headers, all forms of the text, and attachments, which go back to
// the core. It is lenient: what a mail program would show is read, however
// broken the message. No address is resolved and nothing is decrypted.
//
// Start reading at Extractor.Extract; mime.go takes messages apart.
package mail

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/alternative"
	"aktvakt/scanner/extract/charset"
	"aktvakt/scanner/extract/html"
)

// Extractor reads mail.
type Extractor struct{}

// New returns the extractor.
func New() Extractor { return Extractor{} }

// Name implements extract.Extractor.
func (Extractor) Name() string { return "mail" }

// Wants implements extract.Extractor.
func (Extractor) Wants(_, mediaType string, _ []byte) bool {
	return mediaType == extract.TypeMail || mediaType == extract.TypeMbox
}

// maxMessage is the largest message that is read, in bytes. Mail servers
// refuse more than half of that.
const maxMessage = 128 << 20

// Extract implements extract.Extractor.
func (Extractor) Extract(ctx context.Context, _ string, f extract.File, out extract.Out) error {
	head := make([]byte, min(f.Size(), extract.HeadSize))
	n, err := f.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return err
	}
	switch extract.Sniff("x.eml", head[:n]) {
	case extract.TypeMbox:
		return mailbox(ctx, f, out)
	case extract.TypeMail:
	default:
		return fmt.Errorf("no mail: %w", extract.ErrUnsupported)
	}
	data, err := extract.ReadAll(ctx, f, maxMessage)
	if err != nil {
		return err
	}
	return Message(ctx, data, out)
}

// mailbox splits a mailbox at lines that begin with "From " after an empty
// one, and hands every message to the core.
func mailbox(ctx context.Context, f extract.File, out extract.Out) error {
	r := bufio.NewReaderSize(io.NewSectionReader(f, 0, f.Size()), 64<<10)
	var msg []byte
	empty, number, over := true, 0, false
	send := func() error {
		if len(msg) == 0 {
			return nil
		}
		number++
		name := fmt.Sprintf("message %d.eml", number)
		if over {
			if err := extract.Broken(out, name, extract.ErrTooLarge); err != nil {
				return err
			}
		}
		// The core keeps nothing of it once it returns.
		err := extract.Embed(out, name, extract.Bytes(msg))
		msg, over = msg[:0], false
		return err
	}
	for {
		if err := extract.Alive(ctx); err != nil {
			return err
		}
		line, err := r.ReadSlice('\n')
		if empty && bytes.HasPrefix(line, []byte("From ")) {
			if err := send(); err != nil {
				return err
			}
		} else if len(msg)+len(line) <= maxMessage {
			if bytes.HasPrefix(line, []byte(">From ")) {
				line = line[1:]
			}
			msg = append(msg, line...)
		} else {
			over = true
		}
		empty = len(bytes.TrimRight(line, "\r\n")) == 0
		if err == nil || errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if serr := send(); serr != nil {
			return serr
		}
		if err == io.EOF {
			return nil
		}
		return err
	}
}

// Message sends the text of a message to out.
func Message(ctx context.Context, data []byte, out extract.Out) error {
	m := &message{ctx: ctx, out: out}
	root := parse(data)
	if err := m.headers(root); err != nil {
		return err
	}
	return m.part(root, 0)
}

// message is one message being read.
type message struct {
	ctx   context.Context
	out   extract.Out
	known *alternative.Lines // what another form of the text has told
	parts int
}

// leading headers are told first and by name.
var leading = []string{"From", "Sender", "Reply-To", "To", "Cc", "Bcc", "Date", "Subject"}

// machineHeader reports headers that programs write for programs.
func machineHeader(key string) bool {
	switch key {
	case "Received", "Message-Id", "Mime-Version", "Return-Path", "Delivered-To", "Authentication-Results", "References",
		"In-Reply-To", "User-Agent", "Importance", "X-Mailer", "X-Originating-Ip", "Accept-Language", "X-Priority",
		"Envelope-To", "Delivery-Date", "Received-Spf", "Dkim-Signature", "Domainkey-Signature", "X-Uid", "Status", "X-Status":
		return true
	}
	for _, p := range []string{"Content-", "Arc-", "X-Ms-", "X-Microsoft-", "X-Spam", "X-Google-", "Thread-", "X-Forefront", "X-Exchange", "List-", "Precedence", "Auto-Submitted"} {
		if strings.HasPrefix(key, p) {
			return true
		}
	}
	return false
}

func (m *message) headers(p *part) error {
	var b strings.Builder
	told := map[string]bool{}
	for _, key := range leading {
		told[key] = true
		for _, v := range p.header[key] {
			b.WriteString(key + ": " + v + "\n")
		}
	}
	for _, key := range p.order {
		if told[key] || machineHeader(key) {
			continue
		}
		told[key] = true
		for _, v := range p.header[key] {
			b.WriteString(key + ": " + v + "\n")
		}
	}
	return m.text(b.String(), "header")
}

func (m *message) text(s, part string) error {
	if strings.TrimSpace(s) == "" {
		return nil
	}
	return m.out.Text(extract.Block{Text: s, Place: extract.Place{Part: part}})
}

// Limits of a message's structure.
const (
	maxDepth = 32
	maxParts = 10_000
)

// part reads a part and the parts within.
func (m *message) part(p *part, depth int) error {
	if err := extract.Alive(m.ctx); err != nil {
		return err
	}
	if m.parts++; m.parts > maxParts || depth > maxDepth {
		return fmt.Errorf("over %d parts or %d levels: %w", maxParts, maxDepth, extract.ErrTooLarge)
	}
	switch {
	case p.mediaType == "multipart/encrypted",
		strings.HasSuffix(p.mediaType, "pkcs7-mime") && !strings.HasPrefix(p.params["smime-type"], "signed"):
		return extract.Broken(m.out, "text", extract.ErrEncrypted)
	case strings.HasPrefix(p.mediaType, "multipart/"):
		return m.multipart(p, depth)
	case p.mediaType == "message/rfc822" && p.encoding == "":
		name := p.name
		if name == "" {
			name = "message.eml"
		}
		return m.out.File(name, extract.Bytes(p.body))
	}
	return m.leaf(p)
}

// multipart reads the parts of a part. Of alternatives, the first is told in
// full and of the others what is new.
func (m *message) multipart(p *part, depth int) error {
	kids := p.split()
	if len(kids) == 0 {
		p.mediaType = "text/plain"
		return m.leaf(p)
	}
	before := m.known
	if p.mediaType == "multipart/alternative" {
		m.known = alternative.NewLines("")
	}
	for _, k := range kids {
		if err := m.part(k, depth+1); err != nil {
			return err
		}
	}
	m.known = before
	return nil
}

// leaf reads a part without parts: text is told, the rest handed over.
func (m *message) leaf(p *part) error {
	body := p.decode()
	if len(body) == 0 && p.name == "" {
		return nil
	}
	attached := p.disposition == "attachment" || (p.name != "" && !strings.HasPrefix(p.mediaType, "text/"))
	switch {
	case attached:
		return m.attachment(p, body)
	case p.mediaType == "text/html":
		return html.New().Extract(m.ctx, "", p.labelled(body), m.filter())
	case p.mediaType == "text/plain" || p.mediaType == "":
		return m.plain(p, body)
	case strings.HasPrefix(p.mediaType, "text/"), strings.HasPrefix(p.mediaType, "message/"):
		name := p.name
		if name == "" {
			name = strings.ReplaceAll(p.mediaType, "/", ".")
		}
		return extract.Embed(m.out, name, extract.Bytes(body))
	}
	return extract.Embed(m.out, "part", extract.Bytes(body))
}

func (m *message) attachment(p *part, body []byte) error {
	if p.name == "" {
		return extract.Embed(m.out, "attachment", extract.Bytes(body))
	}
	return m.out.File(p.name, extract.Bytes(body))
}

// filter is where alternatives of a text go.
func (m *message) filter() extract.Out {
	if m.known == nil {
		return m.out
	}
	return &alternative.Filter{Out: m.out, Known: m.known}
}

// plain tells a plain text; files that it holds in uuencode are handed over.
func (m *message) plain(p *part, body []byte) error {
	c := charset.Detect(body, true)
	if named, ok := charset.ByLabel(p.params["charset"]); ok && c.String() != charset.UTF8.String() {
		c = named
	}
	if c.String() == charset.Binary.String() {
		return extract.Embed(m.out, "part", extract.Bytes(body))
	}
	text := c.Decode(body)
	if strings.EqualFold(p.params["format"], "flowed") {
		text = unflow(text)
	}
	text, files := uudecode(text)
	if text != "" {
		if err := m.filter().Text(extract.Block{Text: text}); err != nil {
			return err
		}
	}
	for _, f := range files {
		if err := m.out.File(f.name, f.data); err != nil {
			return err
		}
	}
	return nil
}

// unflow joins lines that were broken to fit, RFC 3676: those that end in a
// space.
func unflow(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		bare := strings.TrimRight(line, "\r\n")
		if strings.HasSuffix(bare, " ") && bare != "-- " {
			b.WriteString(bare)
			continue
		}
		b.WriteString(line)
	}
	return b.String()
}

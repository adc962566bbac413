package mail

import (
	"bytes"
	"mime"
	"net/textproto"
	"path"
	"strings"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/charset"
)

// part is a message or a part of one, RFC 2045. Its body is a stretch of the
// message, not a copy.
type part struct {
	header      map[string][]string // decoded, by canonical name
	order       []string            // of the names
	mediaType   string
	params      map[string]string
	disposition string
	name        string
	encoding    string
	body        []byte
}

// maxHeaders bounds the headers of a part.
const maxHeaders = 1000

// parse splits a part into header and body.
func parse(b []byte) *part {
	p := &part{header: map[string][]string{}, params: map[string]string{}}
	raw := map[string]string{}
	b = bytes.TrimPrefix(b, []byte("\xEF\xBB\xBF"))
	for n := 0; ; {
		line, rest := cutLine(b)
		if len(bytes.TrimRight(line, "\r\n")) == 0 {
			b = rest
			break
		}
		// A header goes on in lines that begin with white space.
		for len(rest) > 0 && (rest[0] == ' ' || rest[0] == '\t') {
			more, after := cutLine(rest)
			line = b[:len(line)+len(more)]
			rest = after
		}
		key, value, ok := bytes.Cut(line, []byte(":"))
		if !ok {
			break // the body begins without an empty line
		}
		b = rest
		if n++; n > maxHeaders {
			continue
		}
		p.add(string(bytes.TrimSpace(key)), unfold(value), raw)
	}
	p.body = b
	p.content(raw)
	return p
}

// cutLine returns the first line with its end, and the rest.
func cutLine(b []byte) (line, rest []byte) {
	if i := bytes.IndexByte(b, '\n'); i >= 0 {
		return b[:i+1], b[i+1:]
	}
	return b, nil
}

func unfold(b []byte) string {
	fields := strings.FieldsFunc(string(b), func(r rune) bool { return r == '\r' || r == '\n' })
	for i := range fields {
		if i > 0 {
			fields[i] = " " + strings.TrimLeft(fields[i], " \t")
		}
	}
	return strings.TrimSpace(strings.Join(fields, ""))
}

func (p *part) add(key, value string, raw map[string]string) {
	key = textproto.CanonicalMIMEHeaderKey(key)
	if key == "" {
		return
	}
	if _, ok := raw[key]; !ok {
		raw[key] = value
		p.order = append(p.order, key)
	}
	p.header[key] = append(p.header[key], decodeHeader(value))
}

// decodeHeader decodes encoded words, RFC 2047, and bytes that should have
// been encoded.
func decodeHeader(s string) string {
	s = charset.Detect([]byte(s), true).Decode([]byte(s))
	if !strings.Contains(s, "=?") {
		return s
	}
	d := mime.WordDecoder{CharsetReader: charsetReader}
	if text, err := d.DecodeHeader(s); err == nil {
		return text
	}
	return s
}

// content reads the headers that describe the body.
func (p *part) content(raw map[string]string) {
	p.mediaType, p.params = mediaType(raw["Content-Type"])
	if p.mediaType == "" {
		p.mediaType = "text/plain"
	}
	p.encoding = strings.ToLower(strings.TrimSpace(raw["Content-Transfer-Encoding"]))
	switch p.encoding {
	case "7bit", "8bit", "binary":
		p.encoding = ""
	}
	var params map[string]string
	p.disposition, params = mediaType(raw["Content-Disposition"])
	for _, name := range []string{params["filename"], p.params["name"]} {
		if name = decodeHeader(name); name != "" {
			p.name = path.Base(strings.ReplaceAll(name, "\\", "/"))
			break
		}
	}
}

// mediaType reads a value with parameters; of a broken one what can be read.
func mediaType(v string) (string, map[string]string) {
	if v == "" {
		return "", map[string]string{}
	}
	if t, params, err := mime.ParseMediaType(v); err == nil {
		return t, params
	}
	t, rest, _ := strings.Cut(v, ";")
	params := map[string]string{}
	for field := range strings.SplitSeq(rest, ";") {
		key, value, ok := strings.Cut(field, "=")
		if ok {
			params[strings.ToLower(strings.TrimSpace(key))] = strings.Trim(strings.TrimSpace(value), `"`)
		}
	}
	return strings.ToLower(strings.TrimSpace(t)), params
}

// split returns the parts of a multipart body, RFC 2046 section 5.1. A
// missing last boundary is forgiven, a missing parameter is guessed.
func (p *part) split() []*part {
	boundary := p.params["boundary"]
	if boundary == "" {
		if boundary = guessBoundary(p.body); boundary == "" {
			return nil
		}
	}
	mark := []byte("--" + boundary)
	var kids []*part
	start := -1
	for at := 0; at < len(p.body); {
		line, _ := cutLine(p.body[at:])
		end := at + len(line)
		if bytes.HasPrefix(line, mark) {
			tail := bytes.TrimRight(line[len(mark):], " \t\r\n")
			if len(tail) == 0 || string(tail) == "--" {
				if start >= 0 {
					kids = append(kids, parse(trimBreak(p.body[start:at])))
				}
				start = end
				if len(tail) > 0 {
					start = -1
				}
				if len(kids) > maxParts {
					return kids
				}
			}
		}
		at = end
	}
	if start >= 0 && start < len(p.body) {
		kids = append(kids, parse(p.body[start:]))
	}
	return kids
}

// trimBreak drops the line break that belongs to the boundary after it.
func trimBreak(b []byte) []byte {
	b = bytes.TrimSuffix(b, []byte("\n"))
	return bytes.TrimSuffix(b, []byte("\r"))
}

// guessBoundary takes the first line that looks like one.
func guessBoundary(b []byte) string {
	for range 50 {
		line, rest := cutLine(b)
		if s, ok := bytes.CutPrefix(bytes.TrimSpace(line), []byte("--")); ok && len(s) > 3 && len(s) < 80 {
			return string(s)
		}
		if b = rest; len(b) == 0 {
			break
		}
	}
	return ""
}

// decode undoes the transfer encoding.
func (p *part) decode() []byte {
	switch p.encoding {
	case "base64":
		return decodeBase64(p.body)
	case "quoted-printable":
		return decodeQuoted(p.body)
	case "x-uuencode", "x-uue", "uuencode":
		if _, files := uudecode(string(p.body)); len(files) > 0 {
			return files[0].data
		}
	}
	return p.body
}

// decodeBase64 decodes what is base64 in b and passes over the rest.
func decodeBase64(b []byte) []byte {
	out := make([]byte, 0, len(b)*3/4)
	var bits uint32
	n := 0
	for _, c := range b {
		v := base64Value[c]
		if v < 0 {
			if c == '=' { // the end of a piece; another may follow
				bits, n = 0, 0
			}
			continue
		}
		bits = bits<<6 | uint32(v)
		if n += 6; n >= 8 {
			n -= 8
			out = append(out, byte(bits>>n))
		}
	}
	return out
}

var base64Value = func() (t [256]int8) {
	for i := range t {
		t[i] = -1
	}
	for i, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/" {
		t[c] = int8(i)
	}
	return t
}()

// decodeQuoted decodes quoted-printable, RFC 2045 section 6.7; what is broken
// stays as it is.
func decodeQuoted(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] != '=' {
			out = append(out, b[i])
			continue
		}
		rest := b[i+1:]
		// Spaces before the line's end are not part of the text.
		end := 0
		for end < len(rest) && (rest[end] == ' ' || rest[end] == '\t' || rest[end] == '\r') {
			end++
		}
		switch {
		case end < len(rest) && rest[end] == '\n':
			i += end + 1
		case len(rest) >= 2 && hexValue(rest[0]) >= 0 && hexValue(rest[1]) >= 0:
			out = append(out, byte(hexValue(rest[0])<<4|hexValue(rest[1])))
			i += 2
		default:
			out = append(out, '=')
		}
	}
	return out
}

func hexValue(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// attached is a file in uuencode.
type attached struct {
	name string
	data extract.Bytes
}

// uudecode takes files in uuencode out of a text: lines between "begin MODE
// NAME" and "end", whose first character tells how many bytes they hold.
func uudecode(text string) (rest string, files []attached) {
	if !strings.Contains(text, "begin ") {
		return text, nil
	}
	var b strings.Builder
	var file *attached
	for line := range strings.Lines(text) {
		bare := strings.TrimRight(line, "\r\n")
		switch {
		case file == nil:
			mode, name, ok := strings.Cut(strings.TrimPrefix(bare, "begin "), " ")
			if !ok || !strings.HasPrefix(bare, "begin ") || len(mode) < 3 || len(mode) > 4 || strings.Trim(mode, "01234567") != "" || len(files) > maxParts {
				b.WriteString(line)
				continue
			}
			file = &attached{name: strings.TrimSpace(name)}
		case bare == "end":
			files = append(files, *file)
			file = nil
		default:
			file.data = appendUU(file.data, bare)
		}
	}
	if file != nil {
		files = append(files, *file)
	}
	return b.String(), files
}

func appendUU(dst []byte, line string) []byte {
	if line == "" {
		return dst
	}
	n := int(line[0]-' ') & 63
	start := len(dst)
	for i := 1; i < len(line) && len(dst)-start < n; i += 4 {
		var v [4]byte
		for k := range v {
			if i+k < len(line) {
				v[k] = (line[i+k] - ' ') & 63
			}
		}
		dst = append(dst, v[0]<<2|v[1]>>4, v[1]<<4|v[2]>>2, v[2]<<6|v[3])
	}
	return dst[:min(len(dst), start+n)]
}

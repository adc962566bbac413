package extract

import (
	"bytes"
	"encoding/binary"
	"path"
	"strings"

	"github.com/gabriel-vasile/mimetype"

	"aktvakt/scanner/extract/charset"
)

func init() {
	// The default of 3 KiB misses the parts that tell a docx from a zip.
	mimetype.SetLimit(1 << 20)
}

// Media types that the library has no name for, or has another for.
const (
	TypeEmpty  = "application/x-empty"
	TypeText   = "text/plain"
	TypeBinary = "application/octet-stream"
	TypeZip    = "application/zip"
	TypeMbox   = "application/mbox"
	TypeMail   = "message/rfc822"
)

// magics are beginnings that the library does not know.
var magics = []struct {
	at        int
	bytes     string
	mediaType string
}{
	{0, "\xE4\x52\x5C\x7B\x8C\xD8\xA7\x4D\xAE\xB1\x53\x78\xD0\x29\x96\xD3", "application/onenote"},
	{0, "!BDN", "application/vnd.ms-outlook-pst"},
	{0, "{\\rt", "text/rtf"},
	{0, "\x09\x08", "application/vnd.ms-excel"}, // a workbook without a container
	{0, "\x09\x04\x06\x00", "application/vnd.ms-excel"},
	{0, "\x09\x02\x06\x00", "application/vnd.ms-excel"},
	{0, "\x78\x9F\x3E\x22", "application/vnd.ms-tnef"},
}

// Sniff returns the media type of a file, without parameters, from its first
// bytes. The name breaks ties between kinds of text and between kinds of the
// same container; it never makes text of what is not.
func Sniff(name string, head []byte) string {
	if len(head) == 0 {
		return TypeEmpty
	}
	for _, m := range magics {
		if len(head) > m.at && bytes.HasPrefix(head[m.at:], []byte(m.bytes)) {
			return m.mediaType
		}
	}
	found := mimetype.Detect(head)
	kind, _, _ := strings.Cut(found.String(), ";")
	kind = strings.TrimSpace(kind)
	ext := strings.ToLower(path.Ext(name))
	switch {
	case isTextType(kind):
		return textKind(kind, ext, head)
	case isContainer(kind) || !weakMagic(kind) || isBitmap(head):
		return kind
	case charset.Detect(head, len(head) < HeadSize) != charset.Binary:
		return textKind(TypeText, ext, head)
	}
	return kind
}

func isTextType(kind string) bool {
	if strings.HasPrefix(kind, "text/") {
		return true
	}
	switch kind {
	case "application/json", "application/x-ndjson", "application/geo+json", "application/javascript",
		"application/xml", "image/svg+xml", "application/rss+xml", "application/atom+xml":
		return true
	}
	return false
}

func isContainer(kind string) bool {
	return kind == TypeZip || kind == "application/pdf" || kind == "application/x-ole-storage" ||
		strings.HasPrefix(kind, "application/vnd.")
}

// weakMagic tells of types that are recognised by so few bytes that a text
// may begin with them: "BM", "MZ", "II*", "ID3".
func weakMagic(kind string) bool {
	switch kind {
	case TypeBinary, "image/bmp", "application/vnd.microsoft.portable-executable", "audio/mpeg", "image/tiff",
		"application/x-archive", "application/dicom", "audio/aac", "image/x-portable-pixmap", "image/x-portable-graymap",
		"image/x-portable-bitmap", "image/x-portable-arbitrarymap", "application/marc", "application/x-shockwave-flash", "text/vnd.wap.wml":
		return true
	}
	return strings.HasPrefix(kind, "audio/") || strings.HasPrefix(kind, "video/") || strings.HasPrefix(kind, "font/")
}

// isBitmap tells a BMP picture from a text that begins with "BM" by the zeros
// of its header and the size of the second one.
func isBitmap(head []byte) bool {
	if len(head) < 18 || string(head[:2]) != "BM" || string(head[6:10]) != "\x00\x00\x00\x00" {
		return false
	}
	switch size := binary.LittleEndian.Uint32(head[14:]); size {
	case 12, 40, 52, 56, 64, 108, 124:
		return true
	}
	return false
}

// textKind tells mail from other text by its first lines, and lets the name
// choose among kinds of text that look alike.
func textKind(kind, ext string, head []byte) string {
	if kind == TypeText && startsPage(head) {
		return "text/html"
	}
	if kind != "text/html" && kind != "text/rtf" {
		if t, ok := mailKind(ext, head); ok {
			return t
		}
	}
	if kind != TypeText {
		return kind
	}
	switch ext {
	case ".csv":
		return "text/csv"
	case ".tsv", ".tab":
		return "text/tab-separated-values"
	case ".md", ".markdown":
		return "text/markdown"
	case ".htm", ".html", ".xhtml":
		return "text/html"
	case ".ics":
		return "text/calendar"
	case ".vcf":
		return "text/vcard"
	}
	return kind
}

// startsPage finds the beginning of an HTML page that the library's stricter
// test lets pass.
func startsPage(head []byte) bool {
	head = bytes.ToLower(bytes.TrimLeft(head[:min(len(head), 1024)], "\xEF\xBB\xBF \t\r\n"))
	return bytes.HasPrefix(head, []byte("<!doctype html")) || bytes.HasPrefix(head, []byte("<html")) ||
		bytes.HasPrefix(head, []byte("<!--")) && bytes.Contains(head, []byte("<html"))
}

// mailKind finds mail: an mbox begins with a "From " line, a message with
// header fields among which are two that every message has.
func mailKind(ext string, head []byte) (string, bool) {
	head = bytes.TrimPrefix(head, []byte("\xEF\xBB\xBF"))
	head = head[:min(len(head), 16<<10)]
	if bytes.HasPrefix(head, []byte("From ")) {
		line, rest, _ := bytes.Cut(head, []byte("\n"))
		if next, _, _ := bytes.Cut(rest, []byte("\n")); len(line) < 200 && isField(next) {
			return TypeMbox, true
		}
	}
	usual, fields := 0, 0
	for len(head) > 0 && fields < 200 {
		line, rest, _ := bytes.Cut(head, []byte("\n"))
		head = rest
		line = bytes.TrimRight(line, "\r")
		if len(line) == 0 {
			break
		}
		if line[0] == ' ' || line[0] == '\t' {
			continue
		}
		if !isField(line) {
			return "", false
		}
		fields++
		key, _, _ := bytes.Cut(line, []byte(":"))
		switch strings.ToLower(string(key)) {
		case "received", "message-id", "mime-version", "return-path", "delivered-to", "content-type", "x-mailer", "content-transfer-encoding", "thread-topic", "x-unsent":
			usual += 2
		case "from", "to", "subject", "date", "cc", "reply-to", "sender":
			usual++
		}
	}
	need := 4
	if ext == ".eml" || ext == ".mht" || ext == ".mhtml" || ext == ".mim" {
		need = 1
	}
	return TypeMail, usual >= need
}

func isField(line []byte) bool {
	i := bytes.IndexByte(line, ':')
	if i < 1 || i > 76 {
		return false
	}
	for _, c := range line[:i] {
		if c <= ' ' || c >= 0x7F {
			return false
		}
	}
	return true
}

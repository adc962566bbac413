package mail

import (
	"bytes"
	"fmt"
	"io"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/charset"
)

// charsetReader decodes an encoded word.
func charsetReader(label string, r io.Reader) (io.Reader, error) {
	c, ok := charset.ByLabel(label)
	if !ok {
		return nil, fmt.Errorf("charset %q is unknown", label)
	}
	return charset.NewReaderOf(r, c), nil
}

// labelled returns a page in UTF-8 when its part names the charset, so that
// what the page says of itself does not count.
func (p *part) labelled(body []byte) extract.Bytes {
	c, ok := charset.ByLabel(p.params["charset"])
	if !ok || c.String() == charset.UTF8.String() || charset.Detect(body, true).String() == charset.UTF8.String() && !charset.IsASCII(body) {
		return body
	}
	return append(bytes.Clone([]byte("\xEF\xBB\xBF")), c.Append(nil, body)...)
}

package pdf

import (
	"bytes"
	"encoding/xml"
	"strings"
)

// xmlText returns the character data of an XML document, one line for each
// element as "name: text". What stands before a fault is kept.
func xmlText(data []byte) string {
	d := xml.NewDecoder(bytes.NewReader(data))
	d.Strict = false
	var b strings.Builder
	name := ""
	for {
		t, err := d.RawToken()
		if err != nil {
			return b.String()
		}
		switch t := t.(type) {
		case xml.StartElement:
			name = t.Name.Local
		case xml.EndElement:
			name = ""
		case xml.CharData:
			s := strings.TrimSpace(string(t))
			if s == "" {
				continue
			}
			if name != "" {
				b.WriteString(name + ": ")
			}
			b.WriteString(s)
			b.WriteByte('\n')
		}
	}
}

// xmlLines returns the character data of an XML document, a line for each
// piece. What stands before a fault is kept.
func xmlLines(data string) string {
	d := xml.NewDecoder(strings.NewReader(data))
	d.Strict = false
	var b strings.Builder
	for {
		t, err := d.RawToken()
		if err != nil {
			return b.String()
		}
		if c, ok := t.(xml.CharData); ok {
			b.Write(c)
			b.WriteByte('\n')
		}
	}
}

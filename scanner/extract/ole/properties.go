package ole

import (
	"strings"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/charset"
)

// Types of property values, [MS-OLEPS] 2.15.
const (
	vtI2     = 2
	vtLPSTR  = 30
	vtLPWSTR = 31
	vtVector = 0x1000
	vtVar    = 12
)

// machineProperties are what a program says of itself: template, revision,
// program name, and in the second set titles of parts.
var machineProperties = map[int]bool{7: true, 9: true, 18: true}

// properties tells the strings of the summary information of a storage.
func (c *container) properties(in string, out extract.Out) error {
	for _, name := range []string{"SummaryInformation", "DocumentSummaryInformation"} {
		f := c.find(in, name)
		if f == nil {
			continue
		}
		data, err := c.bytes(f)
		if err != nil && c.fatal(err) {
			return err
		}
		if text := propertyText(data, name == "SummaryInformation"); text != "" {
			if err := out.Text(extract.Block{Text: text, Place: extract.Place{Part: "properties"}}); err != nil {
				return err
			}
		}
	}
	return nil
}

// maxProperties bounds the properties of one set.
const maxProperties = 1000

// propertyText returns the strings of a property set stream, one a line.
func propertyText(b []byte, summary bool) string {
	var out strings.Builder
	for s := range min(u32(b, 24), 2) {
		set := slice(b, u32(b, 28+20*s+16), len(b))
		page := charset.CP1252
		n := min(u32(set, 4), maxProperties)
		for i := range n {
			if u32(set, 8+8*i) == 1 {
				page = charset.ByCodepage(u16(set, u32(set, 8+8*i+4)+4))
			}
		}
		for i := range n {
			id, at := u32(set, 8+8*i), u32(set, 8+8*i+4)
			if id <= 1 || (summary && machineProperties[id]) {
				continue
			}
			propertyValue(&out, slice(set, at, len(set)), page)
		}
	}
	return out.String()
}

func propertyValue(out *strings.Builder, v []byte, page charset.Charset) {
	switch u32(v, 0) {
	case vtLPSTR, vtLPWSTR:
		propertyString(out, u32(v, 0), v[min(4, len(v)):], page)
	case vtVector | vtLPSTR, vtVector | vtLPWSTR:
		rest := slice(v, 8, len(v))
		for range min(u32(v, 4), maxProperties) {
			rest = slice(rest, propertyString(out, u32(v, 0)&^vtVector, rest, page), len(rest))
		}
	case vtVector | vtVar:
		rest := slice(v, 8, len(v))
		for range min(u32(v, 4), maxProperties) {
			typ := u32(rest, 0)
			if typ != vtLPSTR && typ != vtLPWSTR {
				rest = slice(rest, 8, len(rest)) // a number
				continue
			}
			rest = slice(rest, 4, len(rest))
			rest = slice(rest, propertyString(out, typ, rest, page), len(rest))
		}
	}
}

// propertyString writes the string at the start of b and returns its length
// in bytes.
func propertyString(out *strings.Builder, typ int, b []byte, page charset.Charset) int {
	n := u32(b, 0)
	var s string
	if typ == vtLPWSTR {
		n *= 2
		s = utf16(slice(b, 4, n))
		n += n % 4
	} else {
		s = page.Decode(slice(b, 4, n))
	}
	if s = strings.TrimSpace(strings.TrimRight(s, "\x00")); s != "" {
		out.WriteString(strings.ReplaceAll(s, "\x00", " "))
		out.WriteByte('\n')
	}
	return 4 + n
}

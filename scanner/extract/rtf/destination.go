package rtf

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/cell"
	"aktvakt/scanner/extract/charset"
)

// dest is what the text of a group is for.
type dest uint8

const (
	destBody     dest = iota
	destAside         // notes, comments, text boxes, field codes
	destHeader        // told as a part of its own
	destFooter        //
	destProperty      //
	destSkip          // no text of the author's
	destField         // the code of a field, told if it quotes something or has a number
	destFonts         // the font table
	destPicture       // hexadecimal data
	destObject        //
)

// destinations are control words that begin a group of another destination.
var destinations = map[string]dest{
	"fonttbl": destFonts, "colortbl": destSkip, "stylesheet": destSkip, "themedata": destSkip, "colorschememapping": destSkip,
	"datastore": destSkip, "latentstyles": destSkip, "listtable": destSkip, "listoverridetable": destSkip, "rsidtbl": destSkip,
	"generator": destSkip, "xmlnstbl": destSkip, "fontemb": destSkip, "blipuid": destSkip, "panose": destSkip, "falt": destSkip,
	"bkmkstart": destSkip, "bkmkend": destSkip, "mmathPr": destSkip, "filetbl": destSkip, "revtbl": destSkip, "picprop": destSkip,
	"pgptbl": destSkip, "nonshppict": destSkip, "objclass": destSkip, "objname": destSkip, "datafield": destSkip, "atnid": destSkip,
	"atnref": destSkip, "atntime": destSkip, "atndate": destSkip, "atnparent": destSkip, "atrfstart": destSkip, "atrfend": destSkip,
	"atnicn": destSkip, "atnauthor": destSkip, "htmltag": destSkip, "mhtmltag": destSkip, "pnseclvl": destSkip, "ftnsep": destSkip,
	"ftnsepc": destSkip, "aftnsep": destSkip, "aftnsepc": destSkip, "sn": destSkip, "passwordhash": destSkip, "fldtype": destSkip,
	"ffname": destSkip, "ffformat": destSkip, "ffentrymcr": destSkip, "ffexitmcr": destSkip, "protusertbl": destSkip,

	"creatim": destSkip, "revtim": destSkip, "printim": destSkip, "buptim": destSkip,
	"title": destProperty, "subject": destProperty, "author": destProperty, "manager": destProperty, "company": destProperty,
	"operator": destProperty, "category": destProperty, "keywords": destProperty, "doccomm": destProperty, "comment": destProperty,
	"hlinkbase": destProperty, "propname": destProperty, "staticval": destProperty, "docvar": destProperty,

	"header": destHeader, "headerl": destHeader, "headerr": destHeader, "headerf": destHeader,
	"footer": destFooter, "footerl": destFooter, "footerr": destFooter, "footerf": destFooter,

	"footnote": destAside, "annotation": destAside, "shptxt": destAside, "dptxbxtext": destAside, "fldinst": destField,
	"ffdeftext": destAside, "ffl": destAside, "ffhelptext": destAside, "ffstattext": destAside, "sv": destAside,
	"pict": destPicture, "objdata": destObject,
}

// kept are groups marked as ignorable whose text is read all the same, in the
// destination of the group around them.
var kept = map[string]bool{
	"shpinst": true, "shppict": true, "userprops": true, "formfield": true, "do": true, "ud": true, "txfieldtext": true,
}

// startDest begins a destination at the first word of a group; it reports
// whether the word was one.
func (d *document) startDest(word string) bool {
	star := d.st.star
	d.st.star = false
	if kept[word] {
		if word == "ud" && d.st.dest == destSkip && len(d.stack) > 0 {
			d.st.dest = d.stack[len(d.stack)-1].dest
		}
		return true
	}
	to, ok := destinations[word]
	switch {
	case ok && d.st.dest != destSkip:
		d.st.dest = to
		switch to {
		case destAside:
			d.aside = endLine(d.aside)
		case destHeader, destFooter, destProperty:
			d.part = d.part[:0]
		case destPicture, destObject:
			d.hex, d.half = nil, 0
		case destField:
			d.field = d.field[:0]
		case destBody, destSkip, destFonts:
		}
		return true
	case star && !ok:
		d.st.dest = destSkip
		return true
	}
	return ok
}

// endDest tells what a destination held.
func (d *document) endDest(old dest) error {
	var place extract.Place
	switch old {
	case destAside:
		d.aside = endLine(d.aside)
		return nil
	case destHeader:
		place.Part = "header"
	case destFooter:
		place.Part = "footer"
	case destProperty:
		place.Part = "properties"
	case destField:
		if (bytes.IndexByte(d.field, '"') >= 0 || cell.LongestDigits(string(d.field)) >= 6) && len(d.aside) < maxAside {
			d.aside = append(endLine(d.aside), bytes.TrimSpace(d.field)...)
			d.aside = append(d.aside, '\n')
		}
		return nil
	case destPicture:
		return d.embed(d.hex)
	case destObject:
		return d.object(d.hex)
	case destBody, destSkip, destFonts:
		return nil
	}
	if len(d.part) == 0 {
		return nil
	}
	// Whole lines of the body come first; its current line goes on after.
	i := bytes.LastIndexByte(d.buf, '\n') + 1
	rest := bytes.Clone(d.buf[i:])
	if i > 0 {
		if err := d.out.Text(extract.Block{Text: string(d.buf[:i])}); err != nil {
			return err
		}
	}
	d.buf = append(d.buf[:0], rest...)
	text := string(d.part)
	d.part = d.part[:0]
	return d.out.Text(extract.Block{Text: text, Place: place})
}

// symbol handles \ and a sign.
func (d *document) symbol(b byte) error {
	if b == '*' {
		d.st.star = true
		return nil
	}
	if d.skip > 0 {
		d.skip--
		return nil
	}
	switch b {
	case '~':
		d.write([]byte("\u00A0"))
	case '_':
		d.write([]byte("-"))
	case '\\', '{', '}':
		d.write([]byte{b})
	case '\r', '\n':
		return d.paragraph()
	case '\t':
		d.write([]byte("\t"))
	}
	return nil // \- and the rest show nothing
}

// signs are control words that stand for a character.
var signs = map[string]string{
	"tab": "\t", "emdash": "—", "endash": "–", "lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”", "bullet": "•",
	"emspace": " ", "enspace": " ", "qmspace": " ",
}

func (d *document) word(s *scanner, t token) error {
	first := d.st.first
	d.st.first = false
	if t.word == "bin" {
		data := s.binary(max(t.value, 0), maxObject)
		if d.st.dest == destPicture || d.st.dest == destObject {
			d.hex = data
		}
		return nil
	}
	if t.word == "u" && t.has {
		d.unicode(t.value)
		return nil
	}
	if d.skip > 0 {
		d.skip--
		return nil
	}
	if d.st.star || first || t.word == "footnote" {
		if d.startDest(t.word) {
			return nil
		}
	}
	if sign, ok := signs[t.word]; ok {
		d.write([]byte(sign))
		return nil
	}
	switch t.word {
	case "par", "line", "sect", "page", "column", "lbr":
		return d.paragraph()
	case "cell", "nestcell":
		d.endCell()
	case "row", "nestrow":
		return d.paragraph()
	case "deleted":
		d.st.deleted = !t.has || t.value != 0
	case "revised":
		d.st.revised = !t.has || t.value != 0
	case "upr":
		d.st.upr = true
	default:
		d.charsetWord(t)
	}
	return nil
}

// endCell remembers a tab for the next cell that has text.
func (d *document) endCell() {
	switch d.st.dest {
	case destBody:
		d.tabs = min(d.tabs+1, 64)
	case destAside:
		d.aside = append(d.aside, '\t')
	case destHeader, destFooter, destProperty:
		d.part = append(d.part, '\t')
	case destSkip, destField, destFonts, destPicture, destObject:
	}
}

func (d *document) charsetWord(t token) {
	switch t.word {
	case "uc":
		d.st.skipChars = min(max(t.value, 0), 64)
	case "ansicpg":
		d.def = charset.ByCodepage(t.value)
	case "mac":
		d.def = charset.MacRoman
	case "pc":
		d.def = charset.CP437
	case "pca":
		d.def = charset.CP850
	case "plain":
		d.st.enc = nil
		d.st.deleted, d.st.revised = false, false
	case "f":
		if d.st.dest == destFonts {
			d.font = t.value
		} else if c, ok := d.fonts[t.value]; ok {
			d.st.enc = &c
		} else {
			d.st.enc = nil
		}
	case "fcharset":
		if page, ok := fontPages[t.value]; ok && d.st.dest == destFonts && len(d.fonts) < 10_000 {
			d.fonts[d.font] = charset.ByCodepage(page)
		}
	case "cpg":
		if d.st.dest == destFonts && len(d.fonts) < 10_000 {
			d.fonts[d.font] = charset.ByCodepage(t.value)
		}
	}
}

// fontPages are the code pages of \fcharset; 0 and 1 mean the document's own.
var fontPages = map[int]int{77: 10000, 161: 1253, 162: 1254, 177: 1255, 178: 1256, 186: 1257, 204: 1251, 238: 1250, 254: 437, 255: 850}

// unicode handles \uN, a signed 16-bit number.
func (d *document) unicode(n int) {
	d.skip = d.st.skipChars
	r := rune(uint16(n))
	if n > 0xFFFF {
		r = rune(n)
	}
	if utf16.IsSurrogate(r) {
		if d.high != 0 {
			if pair := utf16.DecodeRune(d.high, r); pair != utf8.RuneError {
				d.high = 0
				d.write(utf8.AppendRune(nil, pair))
				return
			}
		}
		d.high = r
		return
	}
	d.high = 0
	if r == 0x2011 {
		r = '-'
	}
	d.write(utf8.AppendRune(nil, r))
}

// maxObject is the largest picture or object that is kept, in bytes.
const maxObject = 64 << 20

// embed hands over a picture or an object.
func (d *document) embed(data []byte) error {
	d.hex = nil
	const least = 64 // smaller ones are icons and rules
	if len(data) < least {
		return nil
	}
	switch {
	case bytes.HasPrefix(data, []byte("\x89PNG")), bytes.HasPrefix(data, []byte("\xFF\xD8\xFF")),
		bytes.HasPrefix(data, []byte("\xD0\xCF\x11\xE0")), bytes.HasPrefix(data, []byte("PK\x03\x04")):
	default:
		return nil // metafiles repeat what the document shows
	}
	d.members++
	return extract.Embed(d.out, "object"+strconv.Itoa(d.members), extract.Bytes(data))
}

// object unwraps an OLE 1.0 object: version, format, three names with their
// lengths, then the native data ([MS-OLEDS] 2.2.5).
func (d *document) object(data []byte) error {
	rest := data
	take := func(n int) []byte {
		if n < 0 || n > len(rest) {
			rest = nil
			return nil
		}
		b := rest[:n]
		rest = rest[n:]
		return b
	}
	long := func() int {
		if b := take(4); len(b) == 4 {
			return int(binary.LittleEndian.Uint32(b))
		}
		return 0
	}
	take(8)
	for range 3 {
		take(long())
	}
	if native := take(long()); len(native) > 0 {
		return d.embed(native)
	}
	return d.embed(data)
}

package ole

import (
	"bytes"
	"compress/zlib"
	"strings"

	"aktvakt/scanner/extract"
)

// Records of a presentation, [MS-PPT] 2.13.24.
const (
	pptSlide        = 0x03EE
	pptNotes        = 0x03F0
	pptMaster       = 0x03F8
	pptHandout      = 0x0FC9
	pptChars        = 0x0FA0
	pptBytes        = 0x0FA8
	pptCString      = 0x0FBA
	pptEncrypted    = 0x2F14
	pptOLE          = 0x1011
	pptComment      = 0x2EE0
	pptFontCollect  = 0x07D5
	pptEnvironment  = 0x03F2
	pptSlideListing = 0x0FF0
	pptPlaceholder  = 0x0BC3
	pptShape        = 0xF004
	pptTagData      = 0x138B // an atom that holds records, such as comments
)

// powerPoint reads a presentation of PowerPoint 97 to 2003.
func (c *container) powerPoint(in string, out extract.Out) error {
	data, err := c.stream(in, "PowerPoint Document")
	if err != nil && len(data) == 0 {
		return err
	}
	p := &presentation{c: c, out: out}
	if werr := p.walk(data); werr != nil {
		return werr
	}
	if ferr := p.flush(); ferr != nil {
		return ferr
	}
	return err
}

// presentation is a presentation being read.
type presentation struct {
	c      *container
	out    extract.Out
	place  extract.Place
	slides int
	buf    []byte
	// holder tells that the shape is a placeholder, whose text in a master
	// only says where to click.
	holder bool
}

// maxPPTDepth bounds nested records.
const maxPPTDepth = 64

// span is a container that is being read, until end.
type span struct {
	end   int
	place extract.Place
}

// walk reads the records in their order without recursion.
func (p *presentation) walk(b []byte) error {
	var open []span
	for at, n := 0, 0; at+8 <= len(b); n++ {
		if n&0xFFF == 0 {
			if err := extract.Alive(p.c.ctx); err != nil {
				return err
			}
		}
		for len(open) > 0 && at >= open[len(open)-1].end {
			if err := p.setPlace(open[len(open)-1].place); err != nil {
				return err
			}
			open = open[:len(open)-1]
		}
		version, typ, size := u16(b, at)&0xF, u16(b, at+2), u32(b, at+4)
		body := slice(b, at+8, size)
		if typ == pptEncrypted {
			return extract.ErrEncrypted
		}
		if (version == 0xF || typ == pptTagData) && len(open) < maxPPTDepth && !dull(typ) {
			open = append(open, span{at + 8 + len(body), p.place})
			if err := p.enter(typ); err != nil {
				return err
			}
			at += 8
			continue
		}
		if version != 0xF && typ != pptTagData {
			if err := p.atom(typ, u16(b, at)>>4, body); err != nil {
				return err
			}
		}
		at += 8 + len(body)
	}
	return nil
}

// dull are containers without text of the author's.
func dull(typ int) bool { return typ == pptFontCollect || typ == pptEnvironment }

func (p *presentation) enter(typ int) error {
	place := p.place
	switch typ {
	case pptSlide:
		p.slides++
		place = extract.Place{Page: p.slides}
	case pptNotes:
		place = extract.Place{Part: "notes"}
	case pptMaster, pptHandout:
		place = extract.Place{Part: "master"}
	case pptComment:
		place.Part = "comments"
	case pptShape:
		p.holder = false
	case pptSlideListing:
		place = extract.Place{Part: "outline"}
	}
	return p.setPlace(place)
}

func (p *presentation) setPlace(place extract.Place) error {
	if place == p.place {
		return nil
	}
	if err := p.flush(); err != nil {
		return err
	}
	p.place = place
	return nil
}

func (p *presentation) flush() error {
	if len(p.buf) == 0 {
		return nil
	}
	err := p.out.Text(extract.Block{Text: string(p.buf), Place: p.place})
	p.buf = p.buf[:0]
	return err
}

func (p *presentation) atom(typ, instance int, body []byte) error {
	switch typ {
	case pptPlaceholder:
		p.holder = true
	case pptChars, pptBytes:
		if p.holder && p.place.Part == "master" {
			return nil
		}
		if typ == pptChars {
			return p.text(utf16(body))
		}
		return p.text(latin(body))
	case pptCString:
		s := utf16(body)
		if strings.HasPrefix(s, "___PPT") || (p.place.Part == "comments" && instance != 1) {
			return nil
		}
		return p.text(s)
	case pptOLE:
		return p.object(body, instance)
	}
	return nil
}

// text adds a stretch of text; line breaks inside are vertical tabs.
func (p *presentation) text(s string) error {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\r' || r == '\v':
			return '\n'
		case r < ' ' && r != '\t' && r != '\n':
			return -1
		}
		return r
	}, s)
	if s = strings.TrimSpace(s); s == "" || s == "*" {
		return nil
	}
	p.buf = append(append(p.buf, s...), '\n')
	if len(p.buf) > 256<<10 {
		return p.flush()
	}
	return nil
}

// object hands over an embedded OLE storage, which may be compressed.
func (p *presentation) object(body []byte, instance int) error {
	data := extract.Bytes(body)
	if instance == 1 {
		z, err := zlib.NewReader(bytes.NewReader(slice(body, 4, len(body))))
		if err != nil {
			return nil // told by nobody: an empty object
		}
		data, err = extract.Buffer(p.c.ctx, z)
		if err != nil && p.c.fatal(err) {
			return err
		}
	}
	if !bytes.HasPrefix(data, []byte(magic)) {
		return nil
	}
	if err := p.flush(); err != nil {
		return err
	}
	return extract.Embed(p.out, "embedded object", data)
}

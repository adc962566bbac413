package ooxml

import (
	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/xmlstream"
)

// slides reads the slides in the order in which they are shown, each with the
// notes to it, then those that no order names.
func (d *document) slides(p *part) error {
	rels, err := d.relations(p.name)
	if err != nil {
		return err
	}
	var order []string
	names := line{out: d.out, place: extract.Place{Part: "names"}}
	err = d.scan(p, func(kind xmlstream.Kind) error {
		if kind != xmlstream.Start {
			return nil
		}
		switch name := string(d.xml.Name()); {
		case name == "section", name == "custShow":
			v, _ := d.xml.Attr("name")
			names.buf = append(names.buf, v...)
			return names.end()
		case name == "sldId" && len(order) < maxRelations:
			// Both id and r:id have this local name; the link comes last.
			var id string
			d.xml.EachAttr(func(name, value []byte) bool {
				if string(name) == "id" {
					id = string(value)
				}
				return true
			})
			order = append(order, rels[id].target)
		}
		return nil
	})
	if err == nil {
		err = names.flush()
	}
	if err != nil {
		return err
	}
	read := map[string]bool{}
	page := 0
	one := func(name string) error {
		s := d.find(name)
		if s == nil || read[name] {
			return nil
		}
		read[name] = true
		page++
		return d.slide(s, page, read)
	}
	for _, name := range order {
		if err := one(name); err != nil {
			return err
		}
	}
	for i := range d.parts {
		if d.parts[i].role == slide {
			if err := one(d.parts[i].name); err != nil {
				return err
			}
		}
	}
	return nil
}

// slide reads a slide and what belongs to it.
func (d *document) slide(s *part, page int, read map[string]bool) error {
	if err := d.flow(s, extract.Place{Page: page}); err != nil {
		return err
	}
	rels, err := d.relations(s.name)
	if err != nil {
		return err
	}
	for _, r := range rels {
		if r.kind != "notesSlide" || read[r.target] {
			continue
		}
		if n := d.find(r.target); n != nil {
			read[r.target] = true
			n.role = ignored
			if err := d.flow(n, extract.Place{Page: page, Part: "notes"}); err != nil {
				return err
			}
		}
	}
	return nil
}

// notePlace is the place of notes that no slide claimed.
func (d *document) notePlace(p *part) extract.Place {
	switch {
	case len(p.name) > 4 && p.name[:4] == "ppt/":
		return extract.Place{Part: "notes"}
	case number(p.name) == 0 && len(p.name) > 13 && p.name[len(p.name)-12:] == "endnotes.xml":
		return extract.Place{Part: "endnotes"}
	}
	return extract.Place{Part: "footnotes"}
}

package ooxml

import (
	"path"
	"strings"

	"aktvakt/scanner/extract/xmlstream"
)

// relation is a link from one part to another.
type relation struct {
	target string // part name in lower case
	kind   string // last element of the type's address, such as "worksheet"
}

// maxRelations bounds what is kept of one part's links.
const maxRelations = 50_000

// relations reads the links of a part by their ids.
func (d *document) relations(of string) (map[string]relation, error) {
	rels := map[string]relation{}
	p := d.find(path.Dir(of) + "/_rels/" + path.Base(of) + ".rels")
	if p == nil {
		return rels, nil
	}
	err := d.scan(p, func(kind xmlstream.Kind) error {
		if kind != xmlstream.Start || string(d.xml.Name()) != "Relationship" || len(rels) >= maxRelations {
			return nil
		}
		if mode, _ := d.xml.Attr("TargetMode"); mode == "External" {
			return nil
		}
		id, _ := d.xml.Attr("Id")
		target, _ := d.xml.Attr("Target")
		typ, _ := d.xml.Attr("Type")
		target = strings.ToLower(strings.ReplaceAll(target, "\\", "/"))
		if !strings.HasPrefix(target, "/") {
			target = path.Join("/", path.Dir(of), target)
		}
		rels[id] = relation{target: strings.TrimPrefix(path.Clean(target), "/"), kind: path.Base(typ)}
		return nil
	})
	return rels, err
}

// Package odf reads OpenDocument files (odt, ods, odp, odg, their templates
// and flat forms) and those of OpenOffice.org 1 before them, as streams of
// XML: body, tables, notes, comments, deleted text, headers, hidden sheets
// and slides, speaker notes, fields, forms, properties, embedded files.
//
// Start reading at Extractor.Extract; text.go reads text, sheet.go cells.
package odf

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/xmlstream"
	"aktvakt/scanner/extract/zipfile"
)

// Extractor reads OpenDocument.
type Extractor struct{}

// New returns the extractor.
func New() Extractor { return Extractor{} }

// Name implements extract.Extractor.
func (Extractor) Name() string { return "odf" }

// Wants implements extract.Extractor. A package begins with a stored member
// that names its media type; the flat form is one XML document.
func (Extractor) Wants(_, _ string, head []byte) bool { return isPackage(head) || isFlat(head) }

func isPackage(head []byte) bool {
	const at = 30
	if !bytes.HasPrefix(head, []byte("PK\x03\x04")) || len(head) < at {
		return false
	}
	name := head[at:min(len(head), at+64)]
	return bytes.HasPrefix(name, []byte("mimetypeapplication/vnd.oasis.opendocument")) ||
		bytes.HasPrefix(name, []byte("mimetypeapplication/vnd.sun.xml"))
}

func isFlat(head []byte) bool {
	head = head[:min(len(head), 4096)]
	return bytes.HasPrefix(bytes.TrimLeft(head, "\xEF\xBB\xBF \r\n\t"), []byte("<?xml")) &&
		bytes.Contains(head, []byte("<office:document"))
}

// Extract implements extract.Extractor.
func (Extractor) Extract(ctx context.Context, _ string, f extract.File, out extract.Out) error {
	head := make([]byte, min(f.Size(), 4096))
	n, err := f.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return err
	}
	d := &document{ctx: ctx, out: out, xml: xmlstream.New(strings.NewReader(""))}
	switch head = head[:n]; {
	case isFlat(head):
		d.xml.Reset(extract.Unpack(ctx, io.NewSectionReader(f, 0, f.Size())))
		return d.part("")
	case isPackage(head):
		return d.pack(f)
	}
	return fmt.Errorf("no OpenDocument: %w", extract.ErrUnsupported)
}

// document is one file being read.
type document struct {
	ctx context.Context
	out extract.Out
	xml *xmlstream.Scanner
}

// pack reads the members of a package.
func (d *document) pack(f extract.File) error {
	members, openErr := zipfile.Open(d.ctx, f)
	if len(members) == 0 && openErr != nil {
		return openErr
	}
	if locked, err := d.encrypted(members); err != nil {
		return err
	} else if locked {
		return extract.ErrEncrypted
	}
	order := func(base string) error {
		for _, m := range members {
			if path.Base(m.Name) == base && !m.Dir && !strings.HasPrefix(m.Name, "META-INF/") {
				if err := d.xmlMember(m); err != nil {
					return err
				}
			}
		}
		return nil
	}
	for _, base := range []string{"content.xml", "styles.xml", "meta.xml"} {
		if err := order(base); err != nil {
			return err
		}
	}
	for _, m := range members {
		if strings.HasPrefix(m.Name, "Basic/") && path.Ext(m.Name) == ".xml" {
			if err := d.macros(m); err != nil {
				return err
			}
		}
		if err := d.embedded(m); err != nil {
			return err
		}
	}
	return openErr
}

// encrypted looks into the manifest, which is never encrypted itself.
func (d *document) encrypted(members []zipfile.Member) (locked bool, err error) {
	for _, m := range members {
		if m.Name != "META-INF/manifest.xml" {
			continue
		}
		rc, err := m.Open(d.ctx)
		if err != nil {
			return false, d.broken(m.Name, err)
		}
		defer rc.Close()
		d.xml.Reset(rc)
		for kind := d.xml.Next(); kind != xmlstream.EOF; kind = d.xml.Next() {
			if kind == xmlstream.Start && string(d.xml.Name()) == "encryption-data" {
				return true, nil
			}
		}
		if err := d.xml.Err(); err != nil {
			return false, d.broken(m.Name, err)
		}
	}
	return false, nil
}

func (d *document) xmlMember(m zipfile.Member) error {
	return d.member(m, func() error { return d.part(path.Base(m.Name)) })
}

// macros reads a module of macros: what it quotes may be about people.
func (d *document) macros(m zipfile.Member) error {
	text := func(kind xmlstream.Kind) error {
		if kind != xmlstream.Text || len(bytes.TrimSpace(d.xml.Bytes())) == 0 {
			return nil
		}
		return d.out.Text(extract.Block{Text: string(d.xml.Bytes()), Place: extract.Place{Part: "macros"}})
	}
	return d.member(m, func() error { return d.tokens(m.Name, text, func() error { return nil }) })
}

// member opens a member for read.
func (d *document) member(m zipfile.Member, read func() error) error {
	rc, err := m.Open(d.ctx)
	if err != nil {
		return d.broken(m.Name, err)
	}
	defer rc.Close()
	d.xml.Reset(rc)
	return read()
}

// part reads one XML document.
func (d *document) part(name string) error {
	r := newReader(d, name)
	return d.tokens(name, r.token, r.close)
}

// tokens hands on what an XML document is made of, then calls end. Faults of
// the document are recorded, not returned.
func (d *document) tokens(name string, token func(xmlstream.Kind) error, end func() error) error {
	for n := 0; ; n++ {
		kind := d.xml.Next()
		if kind == xmlstream.EOF {
			break
		}
		if err := token(kind); err != nil {
			return err
		}
		if n&0xFFF == 0 {
			if err := extract.Alive(d.ctx); err != nil {
				return err
			}
		}
	}
	if err := end(); err != nil {
		return err
	}
	if err := d.xml.Err(); err != nil {
		return d.broken(name, err)
	}
	if d.xml.Truncated() {
		return d.broken(name, fmt.Errorf("a tag in it %w", extract.ErrTooLarge))
	}
	return nil
}

// broken records a fault of one member. The end of the budget or of the time
// is returned instead.
func (d *document) broken(name string, err error) error {
	if errors.Is(err, extract.ErrBudget) || errors.Is(err, extract.ErrTimeout) || extract.Alive(d.ctx) != nil {
		return err
	}
	return extract.Broken(d.out, name, err)
}

// ignored are members without text of the document's author.
func ignored(name string) bool {
	for _, p := range []string{"META-INF/", "Thumbnails/", "Configurations", "ObjectReplacements/", "Dialogs/", "Fonts/", "layout-cache", "mimetype"} {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	switch path.Ext(name) {
	case ".xml", ".rdf", ".svm", ".wmf", ".emf", ".svg", ".xba", ".xlb":
		return true
	}
	return false
}

// embedded hands over pictures and objects of other programs.
func (d *document) embedded(m zipfile.Member) error {
	if m.Dir || ignored(m.Name) {
		return nil
	}
	rc, err := m.Open(d.ctx)
	if err != nil {
		return d.broken(m.Name, err)
	}
	defer rc.Close()
	data, err := extract.Buffer(d.ctx, rc)
	if err != nil {
		if err := d.broken(m.Name, err); err != nil {
			return err
		}
	}
	if len(data) == 0 {
		return nil
	}
	return extract.Embed(d.out, path.Base(m.Name), data)
}

// Package ooxml reads Word, Excel and PowerPoint files since 2007 (docx, docm,
// dotx, xlsx, xlsm, pptx, ppsx and the like) as streams of XML, wherever text
// can hide in them: body, tables, headers, notes, comments, text boxes,
// tracked and hidden text, properties, hidden sheets, pivot caches, links. It
// builds no tree and interprets no formula, field or macro.
//
// Start reading at Extractor.Extract, which sorts the parts of the package;
// flow.go reads paragraphs, sheet.go cells.
package ooxml

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"sort"
	"strconv"
	"strings"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/charset"
	"aktvakt/scanner/extract/xmlstream"
	"aktvakt/scanner/extract/zipfile"
)

// Extractor reads Office Open XML.
type Extractor struct{}

// New returns the extractor.
func New() Extractor { return Extractor{} }

// Name implements extract.Extractor.
func (Extractor) Name() string { return "ooxml" }

// Wants implements extract.Extractor. The parts that tell an office file from
// any other zip may come late, so it wants every zip and lets go of those
// without a list of content types.
func (Extractor) Wants(_, _ string, head []byte) bool {
	return strings.HasPrefix(string(head[:min(4, len(head))]), "PK\x03\x04")
}

// document is one file being read.
type document struct {
	ctx   context.Context
	out   extract.Out
	parts []part
	rest  []zipfile.Member // without a role, such as sheets
	xml   *xmlstream.Scanner
	pages bool // page breaks as rendered can be trusted
}

// part is a member of the package.
type part struct {
	zipfile.Member
	name string // lower case, no leading slash
	role role
	n    int // order within the role
}

// role is what a part is for, in the order in which parts are read.
type role uint8

const (
	ignored role = iota
	header
	body
	workbook
	slide
	note
	footer
	comments
	sidework // charts, diagrams, drawings, glossary
	master
	pivot
	settings
	custom
	properties
	relations
	embedded
	picture
)

// Extract implements extract.Extractor.
func (Extractor) Extract(ctx context.Context, _ string, f extract.File, out extract.Out) error {
	members, err := zipfile.Open(ctx, f)
	if len(members) == 0 && err != nil {
		return err
	}
	d := &document{ctx: ctx, out: out, xml: xmlstream.New(strings.NewReader(""))}
	mediaType := d.sort(members)
	if mediaType == "" {
		return fmt.Errorf("no office document in the container: %w", extract.ErrUnsupported)
	}
	extract.SetMediaType(out, mediaType)
	if rerr := d.read(); rerr != nil {
		return rerr
	}
	return err
}

// sort gives every part its role and returns the media type, "" when this is
// no office document.
func (d *document) sort(members []zipfile.Member) (mediaType string) {
	types := false
	for _, m := range members {
		name := strings.TrimLeft(strings.ToLower(m.Name), "/")
		switch {
		case m.Dir:
			continue
		case name == "[content_types].xml":
			types = true
		case strings.HasPrefix(name, "word/") && mediaType == "":
			mediaType = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
		case strings.HasPrefix(name, "xl/") && mediaType == "":
			mediaType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
		case strings.HasPrefix(name, "ppt/") && mediaType == "":
			mediaType = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
		case strings.HasPrefix(name, "visio/") && mediaType == "":
			mediaType = "application/vnd.ms-visio.drawing"
		}
		r := roleOf(name)
		if r == ignored {
			d.rest = append(d.rest, m)
			continue
		}
		d.parts = append(d.parts, part{Member: m, name: name, role: r, n: number(name)})
	}
	if !types && mediaType == "" {
		return ""
	}
	sort.SliceStable(d.parts, func(i, j int) bool {
		a, b := &d.parts[i], &d.parts[j]
		if a.role != b.role {
			return a.role < b.role
		}
		return a.n < b.n
	})
	return mediaType
}

// number is the last number in a part's name, so that slide10 follows slide9.
func number(name string) int {
	name = strings.TrimSuffix(name, path.Ext(name))
	i := len(name)
	for i > 0 && name[i-1] >= '0' && name[i-1] <= '9' {
		i--
	}
	n, err := strconv.Atoi(name[i:])
	if err != nil {
		return 0
	}
	return n
}

// skipped are parts that hold no text of the document's author.
var skipped = []string{
	"[content_types].xml", "styles", "stylewitheffects", "fonttable", "websettings", "numbering", "presprops", "viewprops",
	"tablestyles", "theme", "calcchain", "itemprops", "volatiledependencies", "metadata", "commentsextended",
	"commentsids", "commentsextensible", "people", "person", "printersettings", "thumbnail", "vbadata", "vbaprojectsignature",
	"colors", "quickstyle", "layout", "commentauthors", "slideupdateinfo", "rdrichvalue", "richvalue", "attachedtoolbars",
}

// roleOf sorts a part by its name, as all known producers name them.
func roleOf(name string) role {
	base, ext := path.Base(name), path.Ext(name)
	switch ext {
	case ".rels":
		return relations
	case ".xml", ".vml":
	case ".jpg", ".jpeg", ".png", ".gif", ".tif", ".tiff", ".bmp", ".jp2", ".webp":
		if strings.HasPrefix(base, "thumbnail") {
			return ignored
		}
		return picture
	case ".emf", ".wmf", ".wdp", ".svg", ".odttf", ".fntdata", ".sigs", ".psmdcp", ".xsd", ".ico":
		return ignored
	default:
		for _, s := range skipped {
			if strings.HasPrefix(base, s) {
				return ignored
			}
		}
		if ext == "" || strings.Contains(name, "/activex/") { // a binary control's own state
			return ignored
		}
		if base == "vbaproject.bin" {
			return embedded
		}
		if ext == ".bin" && strings.HasPrefix(name, "xl/") && !strings.Contains(name, "/embeddings/") {
			return roleOfBinary(base)
		}
		return embedded
	}
	return roleOfXML(name, base)
}

// roleOfBinary sorts the parts of a binary workbook.
func roleOfBinary(base string) role {
	switch {
	case base == "workbook.bin":
		return workbook
	case strings.HasPrefix(base, "comments"):
		return comments
	}
	return ignored // read by way of the workbook
}

func roleOfXML(name, base string) role {
	dir := path.Base(path.Dir(name))
	switch {
	case dir == "docprops":
		return properties
	case dir == "customxml" && strings.HasPrefix(base, "item") && !strings.HasPrefix(base, "itemprops"):
		return custom
	case dir == "slidemasters", dir == "slidelayouts", dir == "notesmasters", dir == "handoutmasters":
		return master
	case dir == "theme", dir == "_xmlsignatures":
		return ignored
	case base == "settings.xml":
		return settings
	case strings.HasPrefix(base, "header"):
		return header
	case strings.HasPrefix(base, "document"):
		if dir == "glossary" {
			return sidework
		}
		return body
	case base == "workbook.xml", base == "presentation.xml":
		return workbook
	case dir == "worksheets", dir == "chartsheets", dir == "dialogsheets", dir == "macrosheets", base == "sharedstrings.xml":
		return ignored // read by way of the workbook
	case dir == "slides":
		return slide
	case strings.HasPrefix(base, "footnotes"), strings.HasPrefix(base, "endnotes"), dir == "notesslides":
		return note
	case strings.HasPrefix(base, "footer"):
		return footer
	case dir == "pivotcache", dir == "pivottables":
		return pivot
	case strings.HasPrefix(base, "drawing") && dir == "diagrams":
		return ignored // repeats data1.xml
	case strings.HasPrefix(base, "comment") && !ignoredName(base), dir == "threadedcomments", dir == "comments":
		return comments
	case ignoredName(base):
		return ignored
	}
	return sidework
}

func ignoredName(base string) bool {
	for _, s := range skipped {
		if strings.HasPrefix(base, s) {
			return true
		}
	}
	return false
}

// read reads all parts. What is wrong with one part is recorded and the others
// are read; only the end of the budget or of the context ends it.
func (d *document) read() error {
	d.pages = d.trustPages()
	for i := range d.parts {
		p := &d.parts[i]
		if err := d.readPart(p); err != nil {
			return err
		}
	}
	return nil
}

func (d *document) readPart(p *part) error {
	switch p.role {
	case header:
		return d.flow(p, extract.Place{Part: "header"})
	case footer:
		return d.flow(p, extract.Place{Part: "footer"})
	case note:
		return d.flow(p, d.notePlace(p))
	case comments:
		if isBinary(p.name) {
			return d.binaryComments(p)
		}
		return d.flow(p, extract.Place{Part: "comments"})
	case body, sidework:
		return d.flow(p, extract.Place{})
	case slide:
		// Slides come in the order of the presentation, see slides.go.
		if d.find("ppt/presentation.xml") == nil {
			return d.flow(p, extract.Place{Page: p.n})
		}
	case master:
		return d.flow(p, extract.Place{Part: "master"})
	case workbook:
		if strings.HasPrefix(path.Base(p.name), "workbook.") {
			return d.workbook(p)
		}
		return d.slides(p)
	case pivot:
		return d.each(p, extract.Place{Part: "pivot data"}, pivotText)
	case settings:
		return d.each(p, extract.Place{Part: "properties"}, settingsText)
	case custom:
		return d.each(p, extract.Place{Part: "custom data"}, customText)
	case properties:
		return d.each(p, extract.Place{Part: "properties"}, propertyText)
	case relations:
		return d.each(p, extract.Place{Part: "links"}, linkText)
	case embedded, picture:
		return d.embed(p)
	}
	return nil
}

// find returns the part of a name, nil when there is none.
func (d *document) find(name string) *part {
	for i := range d.parts {
		if d.parts[i].name == name {
			return &d.parts[i]
		}
	}
	return nil
}

// open starts the scanner on a part.
func (d *document) open(p *part) (io.Closer, error) {
	rc, err := p.Open(d.ctx)
	if err != nil {
		return nil, err
	}
	var r io.Reader = rc
	// UTF-16 is allowed in XML and rare; its mark begins with a byte that
	// UTF-8 never has.
	var mark [2]byte
	n, err := io.ReadFull(rc, mark[:])
	if err != nil && err != io.EOF && !errors.Is(err, io.ErrUnexpectedEOF) {
		rc.Close()
		return nil, err
	}
	r = io.MultiReader(strings.NewReader(string(mark[:n])), rc)
	if mark[0] >= 0xFE {
		r = charset.NewReader(r)
	}
	d.xml.Reset(r)
	return rc, nil
}

// errEnough ends the reading of a part early, without fault.
var errEnough = errors.New("enough")

// scan opens a part and calls f with each token. Faults of the part are
// recorded, not returned.
func (d *document) scan(p *part, f func(xmlstream.Kind) error) error {
	c, err := d.open(p)
	if err != nil {
		return d.broken(p, err)
	}
	defer c.Close()
	for n := 0; ; n++ {
		kind := d.xml.Next()
		if kind == xmlstream.EOF {
			break
		}
		if err := f(kind); err == errEnough {
			return nil
		} else if err != nil {
			return err
		}
		if n&0xFFF == 0 {
			if err := extract.Alive(d.ctx); err != nil {
				return err
			}
		}
	}
	if err := d.xml.Err(); err != nil {
		return d.broken(p, err)
	}
	if d.xml.Truncated() {
		return d.broken(p, fmt.Errorf("a tag in it %w", extract.ErrTooLarge))
	}
	return nil
}

// broken records a fault of one part. The end of the budget or of the time is
// returned instead.
func (d *document) broken(p *part, err error) error {
	if errors.Is(err, extract.ErrBudget) || errors.Is(err, extract.ErrTimeout) || extract.Alive(d.ctx) != nil {
		return err
	}
	return extract.Broken(d.out, p.Name, err)
}

// embed hands over an embedded file.
func (d *document) embed(p *part) error {
	rc, err := p.Open(d.ctx)
	if err != nil {
		return d.broken(p, err)
	}
	defer rc.Close()
	data, err := extract.Buffer(d.ctx, rc)
	if err != nil {
		if err := d.broken(p, err); err != nil {
			return err
		}
	}
	if len(data) == 0 {
		return nil
	}
	return extract.Embed(d.out, path.Base(p.Name), data)
}

package pdf

import (
	"context"
	"fmt"
	"strings"

	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"

	"aktvakt/scanner/extract"
)

const (
	// maxBookmarks and maxBookmarkDepth end outlines that loop.
	maxBookmarks     = 20_000
	maxBookmarkDepth = 32
	// maxAttachments bounds the attached files of a document.
	maxAttachments = 20_000
)

// infoKeys are the keys of the information dictionary that hold text: the
// usual ones, and those that office programs write for their own properties.
var infoKeys = []string{"Title", "Author", "Subject", "Keywords", "Company", "Manager", "Category", "Comments", "Description"}

// properties reads the document's information dictionary.
func (d *document) properties(ctx context.Context) error {
	var lines []string
	for _, key := range infoKeys {
		v, err := d.in.FPDF_GetMetaText(&requests.FPDF_GetMetaText{Document: d.ref, Tag: key})
		if err != nil {
			if trapped(err) {
				return err
			}
			continue
		}
		if s := clean(v.Value); strings.TrimSpace(s) != "" {
			lines = append(lines, s)
		}
	}
	return d.text(ctx, strings.Join(lines, "\n"), extract.Place{Part: "properties"})
}

// bookmarks reads the titles of the outline.
func (d *document) bookmarks(ctx context.Context) error {
	w := &outline{document: d}
	if err := w.children(nil, 0); err != nil {
		return err
	}
	return d.text(ctx, w.titles.String(), extract.Place{Part: "bookmarks"})
}

type outline struct {
	*document
	titles strings.Builder
	seen   int
}

func (w *outline) children(parent *references.FPDF_BOOKMARK, depth int) error {
	if depth > maxBookmarkDepth {
		return nil
	}
	first, err := w.in.FPDFBookmark_GetFirstChild(&requests.FPDFBookmark_GetFirstChild{Document: w.ref, Bookmark: parent})
	if err != nil {
		return onlyTrap(err)
	}
	for b := first.Bookmark; b != nil && w.seen < maxBookmarks; {
		w.seen++
		title, err := w.in.FPDFBookmark_GetTitle(&requests.FPDFBookmark_GetTitle{Bookmark: *b})
		if err != nil && trapped(err) {
			return err
		}
		if err == nil && title.Title != "" {
			w.titles.WriteString(clean(title.Title))
			w.titles.WriteByte('\n')
		}
		if err := w.children(b, depth+1); err != nil {
			return err
		}
		next, err := w.in.FPDFBookmark_GetNextSibling(&requests.FPDFBookmark_GetNextSibling{Document: w.ref, Bookmark: *b})
		if err != nil {
			return onlyTrap(err)
		}
		b = next.Bookmark
	}
	return nil
}

// attachments hands over the files of the document's name tree.
func (d *document) attachments(ctx context.Context) error {
	count, err := d.in.FPDFDoc_GetAttachmentCount(&requests.FPDFDoc_GetAttachmentCount{Document: d.ref})
	if err != nil {
		return onlyTrap(err)
	}
	for i := range min(count.AttachmentCount, maxAttachments) {
		a, err := d.in.FPDFDoc_GetAttachment(&requests.FPDFDoc_GetAttachment{Document: d.ref, Index: i})
		if err != nil {
			if trapped(err) {
				return err
			}
			continue
		}
		if err := d.attachment(ctx, a.Attachment); err != nil {
			return err
		}
	}
	return nil
}

func (d *document) attachment(ctx context.Context, a references.FPDF_ATTACHMENT) error {
	name := "attachment"
	n, err := d.in.FPDFAttachment_GetName(&requests.FPDFAttachment_GetName{Attachment: a})
	if err != nil && trapped(err) {
		return err
	}
	if err == nil && strings.TrimSpace(n.Name) != "" {
		name = clean(n.Name)
	}
	content, err := d.in.FPDFAttachment_GetFile(&requests.FPDFAttachment_GetFile{Attachment: a})
	if err != nil {
		if trapped(err) {
			return err
		}
		return d.send(ctx, part{name: name, broken: fmt.Errorf("attached file cannot be read: %w", extract.ErrCorrupt)})
	}
	// The same file is often both in the name tree and on a page.
	key := fmt.Sprintf("%s\x00%d", name, len(content.Contents))
	if d.attached[key] {
		return nil
	}
	if d.attached == nil {
		d.attached = make(map[string]bool)
	}
	d.attached[key] = true
	return d.send(ctx, part{name: name, content: content.Contents})
}

// xfa hands over the data of an XFA form (Adobe LiveCycle), whose values
// stand on no page.
func (d *document) xfa(ctx context.Context) error {
	count, err := d.in.FPDF_GetXFAPacketCount(&requests.FPDF_GetXFAPacketCount{Document: d.ref})
	if err != nil {
		return onlyTrap(err)
	}
	for i := range min(count.Count, 64) {
		name, err := d.in.FPDF_GetXFAPacketName(&requests.FPDF_GetXFAPacketName{Document: d.ref, Index: i})
		if err != nil {
			if trapped(err) {
				return err
			}
			continue
		}
		switch name.Name {
		case "datasets", "form", "": // unnamed: all packets in one stream
		default:
			continue
		}
		content, err := d.in.FPDF_GetXFAPacketContent(&requests.FPDF_GetXFAPacketContent{Document: d.ref, Index: i})
		if err != nil {
			if trapped(err) {
				return err
			}
			continue
		}
		if err := d.text(ctx, xmlText(content.Content), extract.Place{Part: "form"}); err != nil {
			return err
		}
	}
	return nil
}

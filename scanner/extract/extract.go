// Package extract turns a document into text. An Extractor knows one family
// of formats; this package owns what they share: choosing an extractor by
// content, joining blocks into one text, and the budgets in bytes, depth,
// members and time that hold for a document and everything embedded in it.
//
// Documents are hostile input. An extractor gets no file name it could open
// and no network, hands embedded files back through Out.File instead of
// descending itself, and may assume nothing about the bytes.
//
// Start reading at Extractor and Run; the acceptance suite is in package
// extracttest and the list of extractors in package list.
package extract

import (
	"context"
	"io"

	"aktvakt/scanner/finding"
)

// File is random access to the bytes of a document. A source.File is one.
type File interface {
	io.ReaderAt
	// Size is in bytes.
	Size() int64
}

// Extractor reads one family of formats. It must be safe for use by many
// goroutines.
type Extractor interface {
	// Name is a short constant, such as "ooxml".
	Name() string
	// Wants reports whether the extractor reads such a file. head is the
	// first bytes (at most HeadSize) and mediaType what Sniff made of them;
	// name is a hint only.
	Wants(name, mediaType string, head []byte) bool
	// Extract sends the document's text in reading order to out. It returns
	// nil, or an error that wraps one of the sentinels below; text sent before
	// an error counts as a partial document. It returns soon after ctx ends
	// and stops at once when out returns an error.
	Extract(ctx context.Context, name string, f File, out Out) error
}

// HeadSize is how much of a file Wants may look at, in bytes.
const HeadSize = 64 << 10

// Out receives a document's parts.
type Out interface {
	// Text adds a block. The text is UTF-8; invalid bytes are replaced.
	Text(Block) error
	// File hands over an embedded file (a zip member, a mail attachment, an
	// OLE object). Its name counts as text too. The core extracts it at once,
	// before File returns. A nil f tells a name alone, of a file that cannot
	// be read; Broken says why. The error is only ever the end of the budget,
	// the time or the context: a broken member never ends its siblings.
	File(name string, f File) error
}

// Block is a stretch of text with one place. Inside it, paragraphs and rows
// end in a newline and cells are separated by a tab.
type Block struct {
	Text  string
	Place Place
}

// Place says where in a document a block stands. The zero value is the body.
type Place struct {
	// Member is the path of the embedded file, "inner.zip/letter.docx". The
	// core fills it in.
	Member string
	// Page counts from 1; 0 is none.
	Page int
	// Sheet is the name of a spreadsheet's sheet, Row the first row of the
	// block from 1; each row is one line, so that Document.At can count on.
	// Col is the first column from 1 where the lines have one cell a tab.
	Sheet string
	Row   int
	Col   int
	// Part names what is not the body: "header", "footnotes", "comments",
	// "properties", "notes", "file name".
	Part string
}

// Document is the text of a file, embedded files folded in.
type Document struct {
	// Text is all blocks joined; places are found by offset with At.
	Text      []byte
	MediaType string
	// Skip is nil when all of the document was read. Otherwise it says why not.
	// It is Partial when there is more text than names of embedded files.
	Skip *finding.Skip
	// Spans are the places of the blocks, in order of Start.
	Spans []Span
	// Members counts embedded files, Pages the pages.
	Members, Pages int
	// Unread counts embedded pictures, sounds and films that no extractor
	// reads. They alone do not make a document partial.
	Unread int
}

// Span is the place of Text[Start:End].
type Span struct {
	Start, End int
	Place      Place
}

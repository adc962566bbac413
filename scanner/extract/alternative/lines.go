// Package alternative tells a text that comes in several forms once: of the
// second form, such as the HTML of a mail whose plain text was told, only the
// lines that the first does not have.
package alternative

import (
	"strings"

	"aktvakt/scanner/extract"
)

// Lines remembers the lines of a text.
type Lines struct {
	seen map[string]bool
	size int
}

// maxLines bounds what is remembered, in bytes.
const maxLines = 16 << 20

// NewLines returns the lines of a text that was told.
func NewLines(text string) *Lines {
	l := &Lines{seen: map[string]bool{}}
	for s := range strings.Lines(text) {
		l.isNew(s)
	}
	return l
}

// isNew reports whether a line was not there before, white space aside.
func (l *Lines) isNew(s string) bool {
	key := strings.Join(strings.Fields(s), "")
	if key == "" || l.seen[key] {
		return false
	}
	if l.size < maxLines {
		l.seen[key] = true
		l.size += len(key)
	}
	return true
}

// Filter is an Out that passes on the lines that are new.
type Filter struct {
	Out   extract.Out
	Known *Lines
}

// Text implements extract.Out.
func (f *Filter) Text(b extract.Block) error {
	var kept strings.Builder
	for s := range strings.Lines(b.Text) {
		if f.Known.isNew(s) {
			kept.WriteString(s)
		}
	}
	if kept.Len() == 0 {
		return nil
	}
	b.Text = kept.String()
	return f.Out.Text(b)
}

// File implements extract.Out. Pictures of a text's other form are pictures.
func (f *Filter) File(name string, file extract.File) error {
	return extract.Embed(f.Out, name, file)
}

package ole

import (
	"strings"

	"aktvakt/scanner/extract"
)

// lines remembers the lines of a text, to tell another form of the same text
// only where it says more.
type lines struct {
	seen map[string]bool
	size int
}

// maxLines bounds what is remembered, in bytes.
const maxLines = 16 << 20

func newLines(text string) *lines {
	l := &lines{seen: map[string]bool{}}
	for s := range strings.Lines(text) {
		l.isNew(s)
	}
	return l
}

// isNew reports whether a line was not there before, white space aside.
func (l *lines) isNew(s string) bool {
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

// filter passes on the lines that are new.
type filter struct {
	out   extract.Out
	known *lines
}

// Text implements extract.Out.
func (f *filter) Text(b extract.Block) error {
	var kept strings.Builder
	for s := range strings.Lines(b.Text) {
		if f.known.isNew(s) {
			kept.WriteString(s)
		}
	}
	if kept.Len() == 0 {
		return nil
	}
	b.Text = kept.String()
	return f.out.Text(b)
}

// File implements extract.Out. Pictures of a text's other form are pictures.
func (f *filter) File(name string, file extract.File) error {
	return extract.Embed(f.out, name, file)
}

package pdf

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	fastpdf "github.com/ledongthuc/pdf"

	"aktvakt/scanner/extract"
)

// The fast reader takes only what it is known to read well: small plain
// documents. All else, and every text that fails the gate, goes to PDFium.
const (
	fastBytes = 8 << 20
	fastPages = 200
	fastText  = 8 << 20
	// fastTime is far over what such a document takes (milliseconds); beyond
	// it the reader is taken to be in one of its endless loops.
	fastTime = 5 * time.Second
)

// fastProducers are programs that place every word and number in one piece,
// which the fast reader needs: on documents of TeX it loses 40 % of the
// numbers, and the gate does not see it.
var fastProducers = []string{"LibreOffice", "Skia/PDF", "Microsoft"}

// errSlow says that the document is not for the fast reader.
var errSlow = errors.New("not for the fast reader")

// fast reads the document with the fast reader. It reports false when PDFium
// is to read it instead; nothing has been sent then.
//
// The reader's own goroutine cannot be stopped. When it does not come back in
// time, Options.Runaway decides: a worker process ends itself.
func (r *reading) fast(ctx context.Context) (bool, error) {
	if r.file.size == 0 || r.file.size > fastBytes {
		return false, nil
	}
	type result struct {
		parts []extract.Block
		err   error
	}
	done := make(chan result, 1)
	go func() {
		var res result
		defer func() {
			if recover() != nil {
				res = result{err: errSlow}
			}
			done <- res
		}()
		res.parts, res.err = readFast(readerAt{r.file}, r.file.size)
	}()
	timeout := time.NewTimer(fastTime)
	defer timeout.Stop()
	var res result
	select {
	case res = <-done:
	case <-timeout.C:
		if r.ext.opt.Runaway != nil {
			r.ext.opt.Runaway()
		}
		return false, nil
	case <-ctx.Done():
		return true, extract.Alive(ctx)
	}
	if res.err != nil {
		return false, nil
	}
	for _, b := range res.parts {
		if err := r.text(ctx, b.Text, b.Place); err != nil {
			return true, err
		}
	}
	return true, nil
}

// readFast returns the document's blocks, or an error when it holds anything
// that the fast reader does not read.
func readFast(f readerAt, size int64) ([]extract.Block, error) {
	doc, err := fastpdf.NewReader(f, size)
	if err != nil {
		return nil, errSlow
	}
	root := doc.Trailer().Key("Root")
	for _, v := range []fastpdf.Value{
		doc.Trailer().Key("Encrypt"), root.Key("AcroForm"), root.Key("Outlines"),
		root.Key("Names").Key("EmbeddedFiles"), root.Key("Collection"), root.Key("AF"),
	} {
		if !v.IsNull() {
			return nil, errSlow
		}
	}
	info := doc.Trailer().Key("Info")
	if producer := info.Key("Producer").Text(); !slices.ContainsFunc(fastProducers, func(p string) bool { return strings.Contains(producer, p) }) {
		return nil, errSlow
	}
	pages := doc.NumPage()
	if pages < 1 || pages > fastPages {
		return nil, errSlow
	}
	var blocks []extract.Block
	total := 0
	for n := 1; n <= pages; n++ {
		page := doc.Page(n)
		if !plainPage(page) {
			return nil, errSlow
		}
		text, err := page.GetPlainText(nil)
		if total += len(text); err != nil || total > fastText || !legible(text) {
			return nil, errSlow
		}
		blocks = append(blocks, extract.Block{Text: clean(text), Place: extract.Place{Page: n}})
	}
	var lines []string
	for _, key := range infoKeys {
		if s := strings.TrimSpace(clean(info.Key(key).Text())); s != "" {
			lines = append(lines, s)
		}
	}
	if len(lines) > 0 {
		blocks = append(blocks, extract.Block{Text: strings.Join(lines, "\n"), Place: extract.Place{Part: "properties"}})
	}
	return blocks, nil
}

// plainPage reports whether the page has no annotation but links, no form
// XObject (the reader skips their text), and fonts whose characters are told.
func plainPage(p fastpdf.Page) bool {
	if p.V.IsNull() {
		return false
	}
	notes := p.V.Key("Annots")
	for i := range min(notes.Len(), maxAnnotations) {
		if a := notes.Index(i); a.Key("Subtype").Name() != "Link" || !a.Key("Contents").IsNull() {
			return false
		}
	}
	objects := p.Resources().Key("XObject")
	for _, name := range objects.Keys() {
		if objects.Key(name).Key("Subtype").Name() != "Image" {
			return false
		}
	}
	fonts := p.Resources().Key("Font")
	for _, name := range fonts.Keys() {
		f := fonts.Key(name)
		if f.Key("ToUnicode").IsNull() && (f.Key("Subtype").Name() == "Type0" || f.Key("Encoding").Kind() != fastpdf.Name) {
			return false
		}
	}
	return true
}

// legible is the quality gate: enough letters, hardly a character that is
// none, and words of a length that words have. Lost spaces and lost
// encodings, the reader's usual faults, fail it.
func legible(s string) bool {
	letter, space, odd, longest, run := 0, 0, 0, 0, 0
	for _, c := range s {
		switch {
		case unicode.IsSpace(c):
			space++
			run = 0
			continue
		case c == utf8.RuneError || unicode.IsControl(c) || unicode.Is(unicode.Co, c):
			odd++
		case unicode.IsLetter(c) || unicode.IsDigit(c):
			letter++
		}
		if run++; run > longest {
			longest = run
		}
	}
	if letter < scanLetters || odd*200 > letter {
		return false
	}
	mean := float64(letter) / float64(space+1)
	return mean >= 2 && mean <= 12 && longest <= 120
}

// readerAt lets the fast reader share the document's blocks.
type readerAt struct{ r *reader }

func (a readerAt) ReadAt(p []byte, off int64) (int, error) { return a.r.readAt(p, off) }

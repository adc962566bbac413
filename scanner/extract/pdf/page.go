package pdf

import (
	"context"
	"errors"
	"image"
	"math"
	"strings"
	"unicode/utf16"

	"github.com/klippa-app/go-pdfium/enums"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
	"github.com/klippa-app/go-pdfium/responses"

	"aktvakt/scanner/extract"
)

const (
	// scanLetters: a page with fewer letters and a picture is taken for a
	// scan. Scanners stamp page numbers and dates beside the picture.
	scanLetters = 20
	// scanObjects bounds the search for a picture.
	scanObjects = 500
	// scanDPI and scanPixels bound the picture that OCR gets. A4 at 200 dpi
	// has 3.9 million pixels; larger pages get a lower resolution.
	scanDPI    = 200
	scanPixels = 16 << 20
)

// page reads page i, counted from 0. A page that PDFium cannot load is
// counted as damaged; the next is read.
func (d *document) page(ctx context.Context, i int) error {
	p := &page{document: d, number: i + 1}
	if err := p.load(); err != nil {
		return d.damage(err)
	}
	err := p.read(ctx)
	if err != nil && trapped(err) {
		return err
	}
	return errors.Join(err, p.unload())
}

func (d *document) damage(err error) error {
	if trapped(err) {
		return err
	}
	d.damaged++
	return nil
}

// page is one loaded page.
type page struct {
	*document
	number  int
	ref     requests.Page
	painted bool // has annotations whose text is in their appearance alone
	garbled bool // its text layer does not say which characters it shows
}

func (p *page) load() error {
	loaded, err := p.in.FPDF_LoadPage(&requests.FPDF_LoadPage{Document: p.document.ref, Index: p.number - 1})
	if err != nil {
		return err
	}
	p.ref = requests.Page{ByReference: &loaded.Page}
	return nil
}

func (p *page) unload() error {
	if p.ref.ByReference == nil {
		return nil
	}
	_, err := p.in.FPDF_ClosePage(&requests.FPDF_ClosePage{Page: *p.ref.ByReference})
	p.ref.ByReference = nil
	return err
}

func (p *page) read(ctx context.Context) error {
	text, err := p.content(ctx)
	if errors.Is(err, errNamed) || extract.Alive(ctx) != nil {
		return err
	}
	if err != nil {
		if err := p.damage(err); err != nil {
			return err
		}
	}
	if err := p.text(ctx, text, extract.Place{Page: p.number}); err != nil {
		return err
	}
	found := letters(text, scanLetters)
	notes, err := p.annotations(ctx)
	if err != nil {
		return err
	}
	found += letters(notes, scanLetters)
	if p.painted {
		n, err := p.appearances(ctx, text, notes)
		if err != nil {
			return err
		}
		found += n
	}
	if p.ref.ByReference == nil { // lost while annotations were painted
		return nil
	}
	if found >= scanLetters && !p.garbled {
		return nil
	}
	scan, err := p.hasPicture()
	if err != nil || !scan && !p.garbled {
		return err
	}
	return p.recognize(ctx)
}

// appearances reads what annotations paint on the page (stamps, typewriter
// text, captions and choices of form fields): it has PDFium paint them into
// the page, in memory, and tells the lines that are new.
func (p *page) appearances(ctx context.Context, text, notes string) (int, error) {
	flat, err := p.in.FPDFPage_Flatten(&requests.FPDFPage_Flatten{Page: p.ref, Usage: requests.FPDFPage_FlattenUsageNormalDisplay})
	if err != nil {
		return 0, onlyTrap(err)
	}
	if flat.Result != responses.FPDFPage_FlattenResultSuccess {
		return 0, nil
	}
	if err := p.unload(); err != nil {
		return 0, err
	}
	if err := p.load(); err != nil {
		return 0, p.damage(err)
	}
	painted, err := p.content(ctx)
	if errors.Is(err, errNamed) {
		return 0, err // the page is told again
	}
	if err != nil {
		return 0, onlyTrap(err)
	}
	s := newLines(painted, text, notes)
	return letters(s, scanLetters), p.text(ctx, s, extract.Place{Page: p.number, Part: "annotations"})
}

// newLines returns the lines of s that none of old holds.
func newLines(s string, old ...string) string {
	have := make(map[string]bool)
	for _, o := range old {
		s = strings.TrimPrefix(s, o)
		for line := range strings.SplitSeq(o, "\n") {
			have[strings.TrimSpace(line)] = true
		}
	}
	var b strings.Builder
	for line := range strings.SplitSeq(s, "\n") {
		if line = strings.TrimSpace(line); !have[line] && line != "" {
			b.WriteString(line)
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// content returns the text of the page itself.
func (p *page) content(ctx context.Context) (string, error) {
	tp, err := p.in.FPDFText_LoadPage(&requests.FPDFText_LoadPage{Page: p.ref})
	if err != nil {
		return "", err
	}
	text, err := p.characters(ctx, tp.TextPage)
	if err != nil {
		return "", err
	}
	_, err = p.in.FPDFText_ClosePage(&requests.FPDFText_ClosePage{TextPage: tp.TextPage})
	return text, err
}

func (p *page) characters(ctx context.Context, tp references.FPDF_TEXTPAGE) (string, error) {
	count, err := p.in.FPDFText_CountChars(&requests.FPDFText_CountChars{TextPage: tp})
	if err != nil || count.Count <= 0 {
		return "", err
	}
	// go-pdfium takes a leading U+FFFE, PDFium's hyphen, for the byte order
	// mark of the other order and returns garbage for the whole page.
	first, start := "", 0
	for ; start < count.Count; start++ {
		c, err := p.in.FPDFText_GetUnicode(&requests.FPDFText_GetUnicode{TextPage: tp, Index: start})
		if err != nil {
			return "", err
		}
		if c.Unicode != uint(hyphenMark) && c.Unicode != 2 && c.Unicode != 0xFEFF {
			break
		}
		first = "-"
	}
	if start == count.Count {
		return first, nil
	}
	text, err := p.in.FPDFText_GetText(&requests.FPDFText_GetText{TextPage: tp, StartIndex: start, Count: count.Count - start})
	if err != nil {
		return "", err
	}
	if err := p.nameFonts(ctx, tp, count.Count, text.Text); err != nil {
		return "", err
	}
	if err := p.tellHyphens(tp, start, text); err != nil {
		return "", err
	}
	if decoded, ok := glyphText(text.Text); ok {
		return first + clean(decoded), nil
	}
	p.garbled = p.garbled || garbled(text.Text)
	s := first + clean(text.Text)
	made, better, err := p.layout(tp, count.Count, s)
	if better {
		s = made
	}
	return s, err
}

// tellHyphens tells PDFium's mark for a hyphen from that for a character
// that is none (often a space), as both are the same in its text. The latter
// become control characters.
func (p *page) tellHyphens(tp references.FPDF_TEXTPAGE, start int, text *responses.FPDFText_GetText) error {
	if !strings.ContainsRune(text.Text, hyphenMark) {
		return nil
	}
	units := utf16.Encode([]rune(text.Text))
	for i, u := range units {
		if u != hyphenMark {
			continue
		}
		c, err := p.in.FPDFText_GetUnicode(&requests.FPDFText_GetUnicode{TextPage: tp, Index: start + i})
		if err != nil {
			return onlyTrap(err)
		}
		if c.Unicode == 0 {
			units[i] = 1
		}
	}
	text.Text = string(utf16.Decode(units))
	return nil
}

// nameFonts looks, once a document, for fonts that get a table of their
// characters, where the page has characters that are only numbers. It returns
// errNamed if the document has such fonts.
func (p *page) nameFonts(ctx context.Context, tp references.FPDF_TEXTPAGE, count int, text string) error {
	if p.naming {
		return nil
	}
	unknown := strings.ContainsFunc(text, func(c rune) bool { return c < ' ' && c > 2 && c != '\t' && c != '\n' && c != '\r' })
	for i := 0; i < count && !unknown; i += count/mapSamples + 1 {
		v, err := p.in.FPDFText_HasUnicodeMapError(&requests.FPDFText_HasUnicodeMapError{TextPage: tp, Index: i})
		if err != nil {
			return onlyTrap(err)
		}
		unknown = v.HasUnicodeMapError
	}
	if !unknown {
		return nil
	}
	p.naming = true
	tail, err := namedFonts(ctx, p.file)
	if err != nil || len(tail) == 0 {
		return err
	}
	p.file.extend(tail)
	return errNamed
}

// hasPicture looks for a picture among the page's objects and one level of
// forms below, where some scanners put it.
func (p *page) hasPicture() (bool, error) {
	count, err := p.in.FPDFPage_CountObjects(&requests.FPDFPage_CountObjects{Page: p.ref})
	if err != nil {
		return false, onlyTrap(err)
	}
	for i := range min(count.Count, scanObjects) {
		o, err := p.in.FPDFPage_GetObject(&requests.FPDFPage_GetObject{Page: p.ref, Index: i})
		if err != nil {
			return false, onlyTrap(err)
		}
		found, err := p.isPicture(o.PageObject, true)
		if err != nil || found {
			return found, err
		}
	}
	return false, nil
}

func (p *page) isPicture(o references.FPDF_PAGEOBJECT, descend bool) (bool, error) {
	kind, err := p.in.FPDFPageObj_GetType(&requests.FPDFPageObj_GetType{PageObject: o})
	if err != nil {
		return false, onlyTrap(err)
	}
	if kind.Type == enums.FPDF_PAGEOBJ_IMAGE {
		return true, nil
	}
	if kind.Type != enums.FPDF_PAGEOBJ_FORM || !descend {
		return false, nil
	}
	count, err := p.in.FPDFFormObj_CountObjects(&requests.FPDFFormObj_CountObjects{PageObject: o})
	if err != nil {
		return false, onlyTrap(err)
	}
	for i := range min(count.Count, scanObjects) {
		inner, err := p.in.FPDFFormObj_GetObject(&requests.FPDFFormObj_GetObject{PageObject: o, Index: uint64(i)})
		if err != nil {
			return false, onlyTrap(err)
		}
		found, err := p.isPicture(inner.PageObject, false)
		if err != nil || found {
			return found, err
		}
	}
	return false, nil
}

// recognize sends the page's picture to OCR.
func (p *page) recognize(ctx context.Context) error {
	if p.ext.opt.OCR == nil {
		p.pictures++
		return nil
	}
	if p.pictureOf != nil && (errors.Is(p.pictureOf, extract.ErrUnsupported) || errors.Is(p.pictureOf, extract.ErrBudget)) {
		p.pictures++ // it will not answer otherwise for this page
		return nil
	}
	img, err := p.render()
	if err != nil {
		return p.damage(err)
	}
	text, err := p.ext.opt.OCR.Recognize(ctx, img)
	if live := extract.Alive(ctx); live != nil {
		return live
	}
	if err != nil {
		p.pictures++
		p.pictureOf = pageError(err)
	}
	return p.text(ctx, text, extract.Place{Page: p.number})
}

// pageError makes ErrBudget, which would end everything, an error of this
// document alone.
func pageError(err error) error {
	if errors.Is(err, extract.ErrBudget) {
		return extract.ErrTooLarge
	}
	return err
}

// render paints the page in grey on white.
func (p *page) render() (*image.Gray, error) {
	size, err := p.in.GetPageSize(&requests.GetPageSize{Page: p.ref})
	if err != nil {
		return nil, err
	}
	dpi := float64(scanDPI)
	if pixels := size.Width * size.Height * dpi * dpi / (72 * 72); pixels > scanPixels {
		dpi = math.Floor(dpi * math.Sqrt(scanPixels/pixels))
	}
	if dpi < 1 || math.IsNaN(dpi) {
		return nil, errors.New("page has no size")
	}
	out, err := p.in.RenderPageInDPI(&requests.RenderPageInDPI{DPI: int(dpi), Page: p.ref})
	if err != nil {
		return nil, err
	}
	defer out.Cleanup()
	return gray(out.Result.Image), nil
}

// gray copies a picture, since its pixels lie in the sandbox's memory. What
// is transparent becomes white.
func gray(src *image.RGBA) *image.Gray {
	dst := image.NewGray(src.Rect)
	for i := range dst.Pix {
		px := src.Pix[4*i : 4*i+4 : 4*i+4]
		// ITU-R BT.601 luma, in 1/256.
		y := (77*uint32(px[0]) + 150*uint32(px[1]) + 29*uint32(px[2])) >> 8
		a := uint32(px[3])
		dst.Pix[i] = uint8(min((y*a+255*(255-a))/255, 255))
	}
	return dst
}

// onlyTrap drops PDFium's refusals, which mean "no more of this".
func onlyTrap(err error) error {
	if trapped(err) {
		return err
	}
	return nil
}

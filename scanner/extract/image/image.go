// Package image reads pictures of text with OCR: JPEG, PNG, GIF, BMP, WebP and
// TIFF files with all their pages, and, as a pdf.Recognizer, the scanned pages of
// PDF documents.
//
// The recognizer is the tesseract program, if there is one. Pictures are
// decoded here, in Go; tesseract, which is C++, gets nothing but grey pixels
// on its standard input, and nothing is written to disk. OCR takes seconds of
// CPU a page, so every page passes a Gate, which holds the queue and the
// budget.
//
// The package never judges what a picture shows, and reads no text that is
// smaller than OCR can. Start reading at Extractor.
package image

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	_ "image/gif"  // decoders
	_ "image/jpeg" // decoders
	_ "image/png"  // decoders
	"io"
	"strings"

	"golang.org/x/image/bmp"
	_ "golang.org/x/image/webp" // decoders

	"aktvakt/scanner/extract"
)

// ErrUnavailable says that pictures cannot be read here.
var ErrUnavailable = fmt.Errorf("OCR not available: %w", extract.ErrUnsupported)

const (
	// maxPixels is the most pixels of a picture that is read; A3 at 600 dpi
	// has 70 million.
	maxPixels = 80 << 20
	// minWidth and minHeight leave out icons, lines and logos, in pixels: at
	// 100 dpi, the least that OCR reads, a line of text is larger.
	minWidth, minHeight = 120, 40
	// maxFile is the most bytes of an encoded picture.
	maxFile = 128 << 20
	// maxPages bounds the pages of one TIFF.
	maxPages = 1000
)

// Extractor reads pictures. It implements extract.Extractor and
// pdf.Recognizer.
type Extractor struct{ ocr *tesseract }

// New returns an Extractor. When tesseract or a language is missing, the
// Extractor works nevertheless: every picture is told as unread, and
// Available says why.
func New(opt Options) *Extractor { return &Extractor{ocr: newTesseract(opt)} }

// Available returns nil, or an error that says why no picture can be read.
func (e *Extractor) Available() error { return e.ocr.missing }

// Name implements extract.Extractor.
func (e *Extractor) Name() string { return "image" }

// Wants implements extract.Extractor.
func (e *Extractor) Wants(_, mediaType string, head []byte) bool {
	switch mediaType {
	case "image/jpeg", "image/png", "image/gif", "image/tiff", "image/bmp", "image/webp":
		return true
	}
	return isTIFF(head)
}

// Extract implements extract.Extractor.
func (e *Extractor) Extract(ctx context.Context, _ string, f extract.File, out extract.Out) error {
	head := make([]byte, min(f.Size(), 16))
	if n, err := f.ReadAt(head, 0); err != nil && err != io.EOF {
		return err
	} else if head = head[:n]; !isTIFF(head) {
		return e.single(ctx, f, out)
	}
	data, err := extract.ReadAll(ctx, f, maxFile)
	if err != nil {
		return err
	}
	return e.tiff(ctx, data, out)
}

// single reads a file of one picture.
func (e *Extractor) single(ctx context.Context, f extract.File, out extract.Out) error {
	config, _, err := image.DecodeConfig(io.NewSectionReader(f, 0, f.Size()))
	if err != nil {
		return decodeError(err)
	}
	if err := checkSize(config); err != nil {
		return err
	}
	if config.Width < minWidth || config.Height < minHeight {
		return nil
	}
	if err := e.Available(); err != nil {
		return err
	}
	data, err := extract.ReadAll(ctx, f, maxFile)
	if err != nil {
		return err
	}
	img, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return decodeError(err)
	}
	return e.read(ctx, img, 1, out)
}

// read sends the text of one picture.
func (e *Extractor) read(ctx context.Context, img image.Image, page int, out extract.Out) error {
	text, err := e.Recognize(ctx, shrink(gray(img)))
	if live := extract.Alive(ctx); live != nil {
		return live
	}
	if err != nil {
		return notDocumentBudget(err)
	}
	if strings.TrimSpace(text) == "" {
		return nil
	}
	if err := out.Text(extract.Block{Text: text, Place: extract.Place{Page: page}}); err != nil {
		return &refusal{err}
	}
	return nil
}

// refusal is an error of Out, which ends the document; those of a page do not.
type refusal struct{ error }

func (r *refusal) Unwrap() error { return r.error }

// Recognize implements pdf.Recognizer. Text is "" for a picture that shows
// none.
func (e *Extractor) Recognize(ctx context.Context, img *image.Gray) (string, error) {
	return e.ocr.recognize(ctx, img)
}

func checkSize(c image.Config) error {
	if c.Width <= 0 || c.Height <= 0 {
		return fmt.Errorf("picture has no size: %w", extract.ErrCorrupt)
	}
	if int64(c.Width)*int64(c.Height) > maxPixels {
		return fmt.Errorf("picture of over %d million pixels: %w", maxPixels>>20, extract.ErrTooLarge)
	}
	return nil
}

// decodeError gives a decoder's error a reason.
func decodeError(err error) error {
	if errors.Is(err, image.ErrFormat) || errors.Is(err, bmp.ErrUnsupported) {
		return fmt.Errorf("unknown kind of picture: %w", extract.ErrUnsupported)
	}
	return fmt.Errorf("picture cannot be decoded: %w", extract.ErrCorrupt)
}

// notDocumentBudget keeps the end of OCR's budget from ending a document as a
// whole.
func notDocumentBudget(err error) error {
	if errors.Is(err, extract.ErrBudget) {
		return fmt.Errorf("%s: %w", err, extract.ErrTooLarge)
	}
	return err
}

// gray converts a picture; what is transparent becomes white.
func gray(img image.Image) *image.Gray {
	if g, ok := img.(*image.Gray); ok {
		return g
	}
	b := img.Bounds()
	dst := image.NewGray(image.Rect(0, 0, b.Dx(), b.Dy()))
	if y, ok := img.(*image.YCbCr); ok {
		for row := range b.Dy() {
			off := y.YOffset(b.Min.X, b.Min.Y+row)
			copy(dst.Pix[row*dst.Stride:row*dst.Stride+b.Dx()], y.Y[off:off+b.Dx()])
		}
		return dst
	}
	for row := range b.Dy() {
		for col := range b.Dx() {
			r, g, bl, a := img.At(b.Min.X+col, b.Min.Y+row).RGBA()
			// Premultiplied, 16 bits; ITU-R BT.601 luma in 1/256.
			luma := (77*r + 150*g + 29*bl) >> 8
			dst.Pix[row*dst.Stride+col] = uint8(min(luma+0xFFFF-a, 0xFFFF) >> 8)
		}
	}
	return dst
}

// enough is the most pixels that OCR profits from: A4 at 350 dpi.
const enough = 12 << 20

// shrink halves a picture until it has no more pixels than enough.
func shrink(img *image.Gray) *image.Gray {
	for img.Rect.Dx()*img.Rect.Dy() > enough {
		w, h := img.Rect.Dx()/2, img.Rect.Dy()/2
		dst := image.NewGray(image.Rect(0, 0, w, h))
		for y := range h {
			a := img.Pix[2*y*img.Stride:]
			b := img.Pix[(2*y+1)*img.Stride:]
			for x := range w {
				dst.Pix[y*dst.Stride+x] = uint8((uint(a[2*x]) + uint(a[2*x+1]) + uint(b[2*x]) + uint(b[2*x+1])) / 4)
			}
		}
		img = dst
	}
	return img
}

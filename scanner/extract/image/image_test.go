package image

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/extracttest"
	"aktvakt/scanner/extract/pdf"
	"aktvakt/scanner/finding"
)

// program returns an Extractor that works. Tesseract with the Nordic
// languages is a need of the tests, not a choice.
var program = sync.OnceValue(func() *Extractor { return New(Options{Languages: []string{"swe"}, Gate: NewBudget(2, 0, 0)}) })

func working(t testing.TB) *Extractor {
	t.Helper()
	if err := program().Available(); err != nil {
		t.Fatalf("%v (apt-get install tesseract-ocr tesseract-ocr-swe)", err)
	}
	return program()
}

func run(e *Extractor, data []byte) extract.Document {
	return extract.Run(context.Background(), extract.Bytes(data), "x", []extract.Extractor{e}, extract.Limits{})
}

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestReadsPictures(t *testing.T) {
	e := working(t)
	for _, tt := range []struct {
		file string
		want []string
	}{
		{"letter.png", []string{"19900101-2385", "ekonomiskt bistånd", "Åsa Öberg"}},
		{"sideways.png", []string{"19900101-2385", "ekonomiskt bistånd"}},
		{"pages.tif", []string{"19900101-2385", "20150314-2380"}},
	} {
		t.Run(tt.file, func(t *testing.T) {
			d := run(e, fixture(t, tt.file))
			if d.Skip != nil {
				t.Fatalf("skip %+v", d.Skip)
			}
			if i := bytes.Index(d.Text, []byte("20150314")); tt.file == "pages.tif" && (i < 0 || d.At(i).Page != 2 || d.Pages != 2) {
				t.Errorf("pages %d", d.Pages)
			}
			for _, w := range tt.want {
				if !strings.Contains(string(d.Text), w) {
					t.Errorf("%q not in:\n%s", w, d.Text)
				}
			}
		})
	}
}

// TestSamePicture: other formats of the same letter give OCR the same pixels.
func TestSamePicture(t *testing.T) {
	var pixels []*image.Gray
	for _, name := range []string{"letter.png", "letter.jpg", "lzw.tif"} {
		e := &Extractor{ocr: &tesseract{gate: NewBudget(1, 0, 0), fake: func(img *image.Gray) string {
			pixels = append(pixels, img)
			return "picture"
		}}}
		if d := run(e, fixture(t, name)); d.Skip != nil {
			t.Fatalf("%s: %+v", name, d.Skip)
		}
	}
	for i, img := range pixels[1:] {
		if img.Rect != pixels[0].Rect {
			t.Fatalf("picture %d: %v, want %v", i+1, img.Rect, pixels[0].Rect)
		}
		// Ink is in the same places; JPEG blurs its edges.
		ink, same := 0, 0
		for y := range img.Rect.Dy() {
			for x := range img.Rect.Dx() {
				if pixels[0].GrayAt(x, y).Y < 128 {
					ink++
					if img.GrayAt(x, y).Y < 200 {
						same++
					}
				}
			}
		}
		if ink == 0 || same*5 < ink*4 {
			t.Errorf("picture %d: %d of %d pixels of ink", i+1, same, ink)
		}
	}
}

func TestScannedPDF(t *testing.T) {
	b, err := os.ReadFile("../pdf/testdata/scan.pdf")
	if err != nil {
		t.Fatal(err)
	}
	p := pdf.New(pdf.Options{OCR: working(t), CacheDir: filepath.Join(os.TempDir(), "aktvakt-pdf-test-"+uid())})
	defer p.Close()
	d := extract.Run(context.Background(), extract.Bytes(b), "x.pdf", []extract.Extractor{p}, extract.Limits{})
	if d.Skip != nil {
		t.Fatalf("skip %+v", d.Skip)
	}
	for want, page := range map[string]int{"19900101-2385": 1, "20150314-2380": 2} {
		if i := bytes.Index(d.Text, []byte(want)); i < 0 || d.At(i).Page != page {
			t.Errorf("%q not on page %d:\n%s", want, page, d.Text)
		}
	}
}

func TestUnavailable(t *testing.T) {
	for _, tt := range []struct {
		name string
		opt  Options
		want string
	}{
		{"off", Options{Program: "off"}, "turned off: OCR not available"},
		{"no program", Options{Program: "/does/not/exist"}, "no program tesseract: OCR not available"},
		{"not tesseract", Options{Program: "/bin/false"}, "tesseract does not run: OCR not available"},
		{"no language", Options{Languages: []string{"tlh"}}, `tesseract has no language "tlh": OCR not available`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := New(tt.opt)
			if err := e.Available(); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("error %v", err)
			}
			for _, f := range []string{"letter.png", "pages.tif"} {
				d := run(e, fixture(t, f))
				if d.Skip == nil || d.Skip.Reason != finding.Unsupported || !strings.Contains(d.Skip.Error, "OCR not available") {
					t.Errorf("%s: %+v", f, d.Skip)
				}
			}
		})
	}
}

func TestSmallAndBlankPicturesCostNothing(t *testing.T) {
	gate := NewBudget(1, 1, 0)
	e := New(Options{Languages: []string{"swe"}, Gate: gate})
	blankPage := image.NewGray(image.Rect(0, 0, 1600, 2200))
	for i := range blankPage.Pix {
		blankPage.Pix[i] = uint8(250 - i%7)
	}
	for name, img := range map[string]image.Image{
		"icon": image.NewGray(image.Rect(0, 0, 64, 64)), "line": image.NewGray(image.Rect(0, 0, 2000, 4)), "blank page": blankPage,
	} {
		if d := run(e, encode(t, img)); d.Skip != nil || len(d.Text) > 0 {
			t.Errorf("%s: %q, %+v", name, d.Text, d.Skip)
		}
	}
	if pages, _, _ := gate.Used(); pages != 0 {
		t.Errorf("%d pages of OCR", pages)
	}
}

func encode(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestBlank(t *testing.T) {
	img := image.NewGray(image.Rect(0, 0, 1000, 1000))
	for i := range img.Pix {
		img.Pix[i] = 255
	}
	if !blank(img) {
		t.Error("white page is not blank")
	}
	for x := range 20 {
		for y := range 20 {
			img.SetGray(100+x, 100+y, color.Gray{Y: 0})
		}
	}
	if blank(img) {
		t.Error("page with a letter is blank")
	}
}

func TestBudget(t *testing.T) {
	b := NewBudget(1, 2, 0)
	ctx := context.Background()
	leave, err := b.Enter(ctx)
	if err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	if _, err := b.Enter(short); !errors.Is(err, extract.ErrTimeout) {
		t.Errorf("second page at once: %v", err)
	}
	leave()
	leave() // does no harm
	second, err := b.Enter(ctx)
	if err != nil {
		t.Fatal(err)
	}
	second()
	if _, err := b.Enter(ctx); !errors.Is(err, extract.ErrBudget) {
		t.Errorf("third page: %v", err)
	}
	if pages, _, refused := b.Used(); pages != 2 || refused != 1 {
		t.Errorf("%d pages, %d refused", pages, refused)
	}
	timed := NewBudget(1, 0, time.Millisecond)
	leave, err = timed.Enter(ctx)
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(2 * time.Millisecond)
	leave()
	if _, err := timed.Enter(ctx); !errors.Is(err, extract.ErrBudget) {
		t.Errorf("after the time: %v", err)
	}
}

func TestBudgetUsedUpIsPartial(t *testing.T) {
	d := run(withoutOCR(NewBudget(1, 1, 0)), fixture(t, "pages.tif"))
	if d.Skip == nil || d.Skip.Reason != finding.TooLarge || !d.Skip.Partial || string(d.Text) != "picture\n" {
		t.Errorf("%q %+v", d.Text, d.Skip)
	}
}

func TestHostileSizes(t *testing.T) {
	e := working(t)
	big := encode(t, image.NewGray(image.Rect(0, 0, 200, 200)))
	binary.BigEndian.PutUint32(big[16:], 60_000) // width, and the checksum of it is wrong
	for _, tt := range []struct {
		name   string
		data   []byte
		reason finding.Reason
	}{
		{"lying png", big, finding.Corrupt},
		{"huge tiff", tiffOf(60_000, 60_000), finding.TooLarge},
		{"tiff loop", loop(), finding.Corrupt},
		{"tiff no directory", []byte("II*\x00\x08\x00\x00\x00"), finding.Corrupt},
	} {
		d := run(e, tt.data)
		if d.Skip == nil || d.Skip.Reason != tt.reason {
			t.Errorf("%s: %+v", tt.name, d.Skip)
		}
	}
}

// tiffOf is a bilevel TIFF that claims a size and holds no picture.
func tiffOf(w, h uint32) []byte {
	b := []byte("II*\x00\x08\x00\x00\x00")
	entries := [][3]uint32{{256, 4, w}, {257, 4, h}, {258, 3, 1}, {259, 3, 1}, {262, 3, 1}, {273, 4, 8}, {278, 4, h}, {279, 4, 8}}
	b = binary.LittleEndian.AppendUint16(b, uint16(len(entries)))
	for _, e := range entries {
		b = binary.LittleEndian.AppendUint16(b, uint16(e[0]))
		b = binary.LittleEndian.AppendUint16(b, uint16(e[1]))
		b = binary.LittleEndian.AppendUint32(b, 1)
		b = binary.LittleEndian.AppendUint32(b, e[2])
	}
	return binary.LittleEndian.AppendUint32(b, 0)
}

// loop is a TIFF whose only page is followed by itself.
func loop() []byte {
	b := tiffOf(200, 200)
	binary.LittleEndian.PutUint32(b[len(b)-4:], 8)
	return b
}

func TestDirectories(t *testing.T) {
	pages, whole := directories(fixtureRaw("pages.tif"))
	if len(pages) != 2 || !whole {
		t.Errorf("%v %v", pages, whole)
	}
	if pages, whole := directories(loop()); !slices.Equal(pages, []uint32{8}) || whole {
		t.Errorf("%v %v", pages, whole)
	}
}

func fixtureRaw(name string) []byte {
	b, _ := os.ReadFile(filepath.Join("testdata", name))
	return b
}

func FuzzDirectories(f *testing.F) {
	f.Add(fixtureRaw("pages.tif"))
	f.Add(loop())
	f.Fuzz(func(t *testing.T, data []byte) {
		if !isTIFF(data) {
			return
		}
		pages, _ := directories(data)
		for _, at := range pages {
			if int64(at) > int64(len(data)) || len(pages) > maxPages {
				t.Fatalf("page at %d of %d", at, len(data))
			}
		}
	})
}

func TestShrink(t *testing.T) {
	img := image.NewGray(image.Rect(0, 0, 5001, 7001))
	if got := shrink(img).Bounds().Size(); got != image.Pt(2500, 3500) {
		t.Errorf("%v", got)
	}
}

// withoutOCR returns an extractor that decodes pictures and takes each for the
// word "picture".
func withoutOCR(gate Gate) *Extractor {
	return &Extractor{ocr: &tesseract{gate: gate, fake: func(*image.Gray) string { return "picture" }}}
}

// TestSuite runs without OCR: what is tested is the decoding of hostile
// pictures, and OCR of thousands of variants takes hours. The pictures are
// small, as each is decoded hundreds of times.
func TestSuite(t *testing.T) {
	extracttest.Run(t, extracttest.Suite{
		Extractor: withoutOCR(NewBudget(8, 0, 0)),
		Files: []string{"testdata/small/letter.png", "testdata/small/letter.jpg", "testdata/small/pages.tif", "testdata/small/lzw.tif",
			"testdata/small/letter.bmp", "testdata/small/letter.webp"},
		Mutations: 150,
	})
}

func uid() string { return strconv.Itoa(os.Getuid()) }

package pdf

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/finding"
)

var shared = sync.OnceValue(func() *Extractor {
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("aktvakt-pdf-test-%d", os.Getuid()))
	return New(Options{CacheDir: dir})
})

func run(t testing.TB, e *Extractor, f extract.File) extract.Document {
	t.Helper()
	return extract.Run(context.Background(), f, "x.pdf", []extract.Extractor{e, words{}}, extract.Limits{Time: time.Minute})
}

// words reads attached text files.
type words struct{}

func (words) Name() string                        { return "words" }
func (words) Wants(name, _ string, _ []byte) bool { return strings.HasSuffix(name, ".txt") }
func (words) Extract(ctx context.Context, _ string, f extract.File, out extract.Out) error {
	b, err := extract.ReadAll(ctx, f, 1<<20)
	if err != nil {
		return err
	}
	return out.Text(extract.Block{Text: string(b)})
}

// places is a document with text in every place that a PDF has.
func places() []byte {
	b := newBuilder()
	b.pages(`/Outlines 30 0 R/AcroForm<</Fields[40 0 R 42 0 R]/DR<<>>>>/Names<</EmbeddedFiles<</Names[(bilaga.txt) 50 0 R]>>>>`,
		[]string{"Personnummer 19900101-2385\nhandläggare Åsa", "Sida tva utan nummer"},
		`/Annots[20 0 R 21 0 R 22 0 R 41 0 R 24 0 R 42 0 R]`)
	b.object(20, `<</Type/Annot/Subtype/Text/Rect[0 0 9 9]/Contents(kommentar 990909-9909)/T(Granskare)/RC(<body><p>kommentar 990909-9909</p><p>rik 616263-6465</p></body>)>>`)
	b.object(21, `<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/Contents(lank 232425-2627)>>`)
	b.object(22, `<</Type/Annot/Subtype/Stamp/Rect[100 100 300 150]/AP<</N 23 0 R>>>>`)
	b.stream(23, `/Type/XObject/Subtype/Form/BBox[0 0 200 50]/Resources<</Font<</F1 3 0 R>>>>`, "BT /F1 12 Tf 10 10 Td (SEKRETESS) Tj ET")
	b.object(24, `<</Type/Annot/Subtype/FileAttachment/Rect[0 0 9 9]/FS 53 0 R>>`)
	// The value stands in the parent, the widget is its child.
	b.object(40, `<</FT/Tx/T(personnummer)/TU(Sokandes personnummer)/V(121314-1516)/Kids[41 0 R]>>`)
	b.object(41, `<</Type/Annot/Subtype/Widget/Rect[0 0 9 9]/Parent 40 0 R>>`)
	b.object(42, `<</Type/Annot/Subtype/Widget/Rect[0 0 99 99]/FT/Ch/T(barn)/V(Anna 515253-5455)/Opt[(Anna 515253-5455)(Erik 565758-5960)]>>`)
	b.object(30, `<</Type/Outlines/First 31 0 R/Last 31 0 R/Count 1>>`)
	b.object(31, `<</Title(Bokmarke 343536-3738)/Parent 30 0 R/Dest[10 0 R/Fit]>>`)
	b.object(50, `<</Type/Filespec/F(bilaga.txt)/UF(bilaga.txt)/EF<</F 51 0 R>>>>`)
	b.stream(51, `/Type/EmbeddedFile`, "bilagd text 394041-4243")
	b.object(53, `<</Type/Filespec/F(pahang.txt)/UF(pahang.txt)/EF<</F 54 0 R>>>>`)
	b.stream(54, `/Type/EmbeddedFile`, "hangande text 444546-4748")
	b.object(60, `<</Title(Titel 191212121212)/Company(Kommunen)>>`)
	return b.end("/Info 60 0 R")
}

func TestPlaces(t *testing.T) {
	doc := run(t, shared(), extract.Bytes(places()))
	if doc.Skip != nil {
		t.Fatalf("skip %+v", *doc.Skip)
	}
	for _, tt := range []struct {
		text  string
		place extract.Place
	}{
		{"Personnummer 19900101-2385\n", extract.Place{Page: 1}},
		{"handläggare Åsa", extract.Place{Page: 1}},
		{"Sida tva", extract.Place{Page: 2}},
		{"kommentar 990909-9909", extract.Place{Page: 1, Part: "comments"}},
		{"rik 616263-6465", extract.Place{Page: 1, Part: "comments"}},
		{"Granskare", extract.Place{Page: 1, Part: "comments"}},
		{"232425-2627", extract.Place{Page: 1, Part: "comments"}},
		{"SEKRETESS", extract.Place{Page: 1, Part: "annotations"}},
		{"Sokandes personnummer: 121314-1516", extract.Place{Page: 1, Part: "form"}},
		{"barn: Anna 515253-5455", extract.Place{Page: 1, Part: "form"}},
		{"Erik 565758-5960", extract.Place{Page: 1, Part: "form"}},
		{"Bokmarke 343536-3738", extract.Place{Part: "bookmarks"}},
		{"Titel 191212121212", extract.Place{Part: "properties"}},
		{"Kommunen", extract.Place{Part: "properties"}},
		{"394041-4243", extract.Place{Member: "bilaga.txt"}},
		{"444546-4748", extract.Place{Member: "pahang.txt"}},
	} {
		i := bytes.Index(doc.Text, []byte(tt.text))
		if i < 0 {
			t.Errorf("%q not found", tt.text)
			continue
		}
		if got := doc.At(i); got != tt.place {
			t.Errorf("%q: place %+v, want %+v", tt.text, got, tt.place)
		}
		if n := bytes.Count(doc.Text, []byte(tt.text)); n != 1 {
			t.Errorf("%q told %d times", tt.text, n)
		}
	}
	if doc.Pages != 2 || doc.Members != 2 {
		t.Errorf("pages %d, members %d", doc.Pages, doc.Members)
	}
	if t.Failed() {
		t.Logf("%s", doc.Text)
	}
}

func TestAttachedPDF(t *testing.T) {
	inner := simple("brev i bilagan 640823-3234")
	for range 4 {
		b := newBuilder()
		b.pages("/Names<</EmbeddedFiles<</Names[(bilaga.pdf) 50 0 R]>>>>", []string{"omslag som ar langt nog"})
		b.object(50, `<</Type/Filespec/F(bilaga.pdf)/EF<</F 51 0 R>>>>`)
		b.stream(51, "/Type/EmbeddedFile", string(inner))
		inner = b.end("")
	}
	e := New(Options{CacheDir: shared().opt.CacheDir, Workers: 1})
	defer e.Close()
	doc := run(t, e, extract.Bytes(inner))
	if doc.Skip != nil || !strings.Contains(string(doc.Text), "640823-3234") || doc.Members != 4 {
		t.Errorf("%q, %d members, skip %+v", doc.Text, doc.Members, doc.Skip)
	}
}

func TestIncrementalUpdate(t *testing.T) {
	b := newBuilder()
	b.pages("", []string{"forsta versionen"})
	b.end("")
	b.deflated(11, "", content("andra versionen 640823-3234"))
	doc := run(t, shared(), extract.Bytes(b.end("")))
	if doc.Skip != nil || !strings.Contains(string(doc.Text), "andra versionen 640823-3234") {
		t.Errorf("%q, skip %+v", doc.Text, doc.Skip)
	}
}

func TestReasons(t *testing.T) {
	good := simple("en mening som ar lang nog for en sida")
	twoPages := newBuilder()
	twoPages.pages("", []string{"forsta sidan ar lang nog har", "andra sidan ar lang nog har"})
	broken := bytes.Replace(twoPages.end(""), []byte("12 0 R]"), []byte("77 0 R]"), 1)
	for _, tt := range []struct {
		name    string
		data    []byte
		reason  finding.Reason
		partial bool
	}{
		{"good", good, "", false},
		{"header after rubbish", append([]byte("\r\n\x00mail gateway\r\n"), good...), "", false},
		{"cut in the middle", good[:len(good)/2], finding.Corrupt, true},
		{"header only", []byte("%PDF-1.4\n"), finding.Corrupt, false},
		{"noise", append([]byte("%PDF-1.4\n"), noise(4096)...), finding.Corrupt, false},
		{"page missing", broken, finding.Corrupt, true},
		{"picture", picture(), finding.Unsupported, false},
		{"no password", encrypt(t, good, ""), "", false},
		{"password", encrypt(t, good, "hemligt"), finding.Encrypted, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			doc := run(t, shared(), extract.Bytes(tt.data))
			var got finding.Reason
			if doc.Skip != nil {
				got = doc.Skip.Reason
				if doc.Skip.Partial != tt.partial {
					t.Errorf("partial %v", doc.Skip.Partial)
				}
			}
			if got != tt.reason {
				t.Errorf("reason %q, want %q; text %q, skip %+v", got, tt.reason, doc.Text, doc.Skip)
			}
		})
	}
}

// encrypt needs qpdf, which make test installs.
func encrypt(t *testing.T, data []byte, user string) []byte {
	t.Helper()
	cmd := exec.Command("qpdf", "--encrypt", user, "owner", "256", "--", "-", "-")
	in := filepath.Join(t.TempDir(), "in.pdf")
	if err := os.WriteFile(in, data, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd.Args[len(cmd.Args)-2] = in
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("qpdf (apt-get install qpdf): %v", err)
	}
	return out
}

func noise(n int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// picture is a page with an image and no text.
func picture() []byte {
	b := newBuilder()
	b.object(1, "<</Type/Catalog/Pages 2 0 R>>")
	b.object(2, "<</Type/Pages/Count 1/Kids[10 0 R]>>")
	b.object(10, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 72 72]/Resources<</XObject<</I 20 0 R>>>>/Contents 11 0 R>>")
	b.stream(11, "", "q 36 0 0 36 0 36 cm /I Do Q")
	b.stream(20, "/Type/XObject/Subtype/Image/Width 2/Height 2/BitsPerComponent 8/ColorSpace/DeviceGray", "\x00\x00\x00\x00")
	return b.end("")
}

type fakeOCR struct {
	text string
	err  error
	got  *image.Gray
	n    int
}

func (f *fakeOCR) Recognize(_ context.Context, img *image.Gray) (string, error) {
	f.got = img
	f.n++
	return f.text, f.err
}

func TestScannedPageGoesToOCR(t *testing.T) {
	ocr := &fakeOCR{text: "inskannad 550505-5505"}
	e := New(Options{CacheDir: shared().opt.CacheDir, OCR: ocr})
	defer e.Close()
	doc := run(t, e, extract.Bytes(picture()))
	if doc.Skip != nil || string(doc.Text) != "inskannad 550505-5505\n" || doc.At(0).Page != 1 {
		t.Fatalf("%q, skip %+v", doc.Text, doc.Skip)
	}
	// 72 points are 200 pixels at 200 dpi: a black square in the upper left
	// quarter, white elsewhere.
	if size := ocr.got.Bounds().Size(); size != image.Pt(200, 200) {
		t.Fatalf("picture is %v", size)
	}
	if a, b := ocr.got.GrayAt(50, 50).Y, ocr.got.GrayAt(150, 150).Y; a > 10 || b < 245 {
		t.Errorf("pixels %d and %d", a, b)
	}
	ocr.err = fmt.Errorf("no program: %w", extract.ErrUnsupported)
	ocr.text = ""
	doc = run(t, e, extract.Bytes(picture()))
	if doc.Skip == nil || doc.Skip.Reason != finding.Unsupported {
		t.Errorf("skip %+v", doc.Skip)
	}
}

// failing fails like a share that went away.
type failing struct {
	extract.File
	after int64
}

func (f failing) ReadAt(p []byte, off int64) (int, error) {
	if off >= f.after {
		return 0, fmt.Errorf("read: %w", fs.ErrPermission)
	}
	return f.File.ReadAt(p, off)
}

// long is larger than what Run looks at before it asks an extractor.
func long() []byte {
	b := newBuilder()
	b.pages("", []string{"text som finns pa sidan ett"})
	b.stream(90, "", strings.Repeat("x", 300<<10))
	b.deflated(91, "", "y")
	return b.end("")
}

func TestReadErrorIsNotCorruption(t *testing.T) {
	data := long()
	doc := run(t, shared(), failing{extract.Bytes(data), 100 << 10})
	if doc.Skip == nil || doc.Skip.Reason != finding.AccessDenied {
		t.Errorf("skip %+v", doc.Skip)
	}
}

// counting counts bytes read.
type counting struct {
	extract.File
	n int64
}

func (c *counting) ReadAt(p []byte, off int64) (int, error) {
	c.n += int64(len(p))
	return c.File.ReadAt(p, off)
}

func TestReadsByRanges(t *testing.T) {
	b := newBuilder()
	b.pages("", []string{"text som finns pa sidan ett"})
	b.stream(90, "", strings.Repeat("x", 20<<20))
	c := &counting{File: extract.Bytes(b.end(""))}
	doc := run(t, shared(), c)
	if doc.Skip != nil || !strings.Contains(string(doc.Text), "sidan ett") {
		t.Fatalf("%q, skip %+v", doc.Text, doc.Skip)
	}
	if c.n > 1<<20 {
		t.Errorf("read %d bytes of %d", c.n, c.Size())
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	err := shared().Extract(ctx, "x.pdf", extract.Bytes(simple("text")), nil)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestOutErrorStops(t *testing.T) {
	stop := errors.New("stop")
	pages := make([]string, 50)
	for i := range pages {
		pages[i] = fmt.Sprintf("sida %d", i)
	}
	out := &stopping{err: stop}
	if err := shared().Extract(context.Background(), "x.pdf", extract.Bytes(simple(pages...)), out); err != stop {
		t.Errorf("error %v", err)
	}
	if out.n != 1 {
		t.Errorf("%d blocks after the error", out.n-1)
	}
}

type stopping struct {
	err error
	n   int
}

func (s *stopping) Text(extract.Block) error        { s.n++; return s.err }
func (s *stopping) File(string, extract.File) error { s.n++; return s.err }

func TestClean(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"rad\r\nrad", "rad\nrad"},
		{"oros\uFFFEanmälan", "orosanmälan"},
		{"19121212\uFFFE1212", "19121212-1212"},
		{"IT\uFFFEAvdelning", "IT-Avdelning"},
		{"a\x02b", "ab"},
		{"1\x022", "1-2"},
		{"\uFFFE", "-"},
		{"a\x00b\x0bc\uFEFF", "ab c"},
		{"åäö\ttab", "åäö\ttab"},
		{"gammal\rmac", "gammal\nmac"},
	} {
		if got := clean(tt.in); got != tt.want {
			t.Errorf("clean(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestGarbled(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want bool
	}{
		{"en vanlig mening med 19121212-1212", false},
		{strings.Repeat("\x01\x03", 20), true},
		{strings.Repeat("\uE001", 30), true},
		{strings.Repeat("._", 40), false},
		{"\x01\x01", false},
	} {
		if got := garbled(tt.in); got != tt.want {
			t.Errorf("garbled(%q) = %v", tt.in, got)
		}
	}
}

func TestWants(t *testing.T) {
	e := New(Options{})
	for _, tt := range []struct {
		mediaType, head string
		want            bool
	}{
		{"application/pdf", "", true},
		{"text/plain", "%PDF-1.4", true},
		{"application/octet-stream", strings.Repeat("x", 1024) + "%PDF-", true},
		{"text/plain", strings.Repeat("x", 1030) + "%PDF-", false},
		{"text/plain", "hej", false},
	} {
		if got := e.Wants("x", tt.mediaType, []byte(tt.head)); got != tt.want {
			t.Errorf("%q: %v", tt.head, got)
		}
	}
}

func TestXMLText(t *testing.T) {
	got := xmlText([]byte(`<xfa:data><form><Personnummer>19900101-2385</Personnummer><a> </a></form>tail<broken`))
	if want := "Personnummer: 19900101-2385\ntail\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestReader(t *testing.T) {
	data := noise(5*blockSize + 123)
	r := newReader(struct{ extract.File }{extract.Bytes(data)})
	rng := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		off, n := rng.IntN(len(data)+10), rng.IntN(3*blockSize)
		p := make([]byte, n)
		got, err := r.readAt(p, int64(off))
		want := min(n, max(len(data)-off, 0))
		if got != want || (err != nil) != (got < n) || !bytes.Equal(p[:got], data[min(off, len(data)):min(off, len(data))+got]) {
			t.Fatalf("ReadAt(%d, %d) = %d, %v", n, off, got, err)
		}
	}
	if _, err := r.Seek(-1, io.SeekStart); err == nil {
		t.Error("negative seek passed")
	}
	r.detach()
	if _, err := r.Read(make([]byte, 1)); err == nil {
		t.Error("read after detach")
	}
}

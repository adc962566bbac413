package image

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"aktvakt/scanner/extract"
)

// Options are the settings of OCR. The zero value looks for tesseract in the
// path and uses those of the Nordic languages that it has.
type Options struct {
	// Program is the tesseract program's path; empty looks in the PATH, "off"
	// turns OCR off.
	Program string
	// Languages are tesseract's codes. Empty means those of swe, dan, nor,
	// fin, isl and eng that are installed.
	Languages []string
	// Gate admits pages; nil is a Budget of one page at a time.
	Gate Gate
	// PageTime is the most time of one page; default one minute.
	PageTime time.Duration
	// DPI of pictures that do not tell; default 200.
	DPI int
}

// Gate holds the queue and the budget of OCR.
type Gate interface {
	// Enter waits for the turn of a page. leave ends it. An error that wraps
	// extract.ErrBudget says that no more pages will be admitted.
	Enter(ctx context.Context) (leave func(), err error)
}

var nordic = []string{"swe", "dan", "nor", "fin", "isl", "eng"}

type tesseract struct {
	program string
	args    []string
	gate    Gate
	time    time.Duration
	missing error
	fake    func(*image.Gray) string // tests of decoding replace the program
}

func newTesseract(opt Options) *tesseract {
	t := &tesseract{gate: opt.Gate, time: opt.PageTime}
	if t.gate == nil {
		t.gate = NewBudget(1, 0, 0)
	}
	if t.time <= 0 {
		t.time = time.Minute
	}
	if opt.DPI <= 0 {
		opt.DPI = 200
	}
	if opt.Program == "off" {
		t.missing = fmt.Errorf("turned off: %w", ErrUnavailable)
		return t
	}
	program, err := exec.LookPath(cmpOr(opt.Program, "tesseract"))
	if err != nil {
		t.missing = fmt.Errorf("no program tesseract: %w", ErrUnavailable)
		return t
	}
	t.program = program
	languages, err := t.languages(opt.Languages)
	if err != nil {
		t.missing = err
		return t
	}
	// Page segmentation 1 finds the page's orientation first; it needs the
	// data of "osd".
	mode := "3"
	if slices.Contains(languages, "osd") {
		mode = "1"
		languages = slices.DeleteFunc(languages, func(l string) bool { return l == "osd" })
	}
	t.args = []string{"stdin", "stdout", "--dpi", strconv.Itoa(opt.DPI), "--psm", mode, "-l", strings.Join(languages, "+")}
	return t
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// languages returns those of want that tesseract has, and "osd" if it has it.
func (t *tesseract) languages(want []string) ([]string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	list, err := t.command(ctx, "--list-langs").Output()
	if err != nil {
		return nil, fmt.Errorf("tesseract does not run: %w", ErrUnavailable)
	}
	have := strings.Fields(string(list))
	all := want
	if len(want) == 0 {
		all = nordic
	}
	var found []string
	for _, l := range all {
		if slices.Contains(have, l) {
			found = append(found, l)
		} else if len(want) > 0 {
			return nil, fmt.Errorf("tesseract has no language %q: %w", l, ErrUnavailable)
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("tesseract has none of the languages %s: %w", strings.Join(all, ", "), ErrUnavailable)
	}
	if slices.Contains(have, "osd") {
		found = append(found, "osd")
	}
	return found, nil
}

// command prepares a run of the program with nothing of our environment but
// the path: OCR of one page on one core is fastest with one thread.
func (t *tesseract) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, t.program, args...)
	cmd.Env = []string{"OMP_THREAD_LIMIT=1", "LC_ALL=C", "PATH=/usr/local/bin:/usr/bin:/bin"}
	cmd.Dir = "/"
	cmd.WaitDelay = time.Second
	bindToParent(cmd)
	return cmd
}

// maxOutput is the most text of one page, in bytes.
const maxOutput = 4 << 20

func (t *tesseract) recognize(ctx context.Context, img *image.Gray) (string, error) {
	if t.missing != nil {
		return "", t.missing
	}
	if size := img.Bounds().Size(); size.X < minWidth || size.Y < minHeight || blank(img) {
		return "", nil
	}
	leave, err := t.gate.Enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	if t.fake != nil {
		return t.fake(img), extract.Alive(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, t.time)
	defer cancel()
	cmd := t.command(ctx, t.args...)
	cmd.Stdin = pgm(img)
	out := &limited{most: maxOutput}
	cmd.Stdout = out
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return "", fmt.Errorf("OCR of a page: %w", extract.ErrTimeout)
		}
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			// What it printed may quote the page.
			return "", fmt.Errorf("tesseract failed (%s)", exit.ProcessState)
		}
		return "", errors.New("tesseract could not be run")
	}
	return strings.ReplaceAll(out.String(), "\f", ""), nil
}

// pgm is a grey picture in the simplest of formats (netpbm, "P5").
func pgm(img *image.Gray) io.Reader {
	size := img.Bounds().Size()
	head := strings.NewReader(fmt.Sprintf("P5\n%d %d\n255\n", size.X, size.Y))
	if img.Stride == size.X {
		return io.MultiReader(head, bytes.NewReader(img.Pix[:size.X*size.Y]))
	}
	var b bytes.Buffer
	for y := range size.Y {
		b.Write(img.Pix[y*img.Stride : y*img.Stride+size.X])
	}
	return io.MultiReader(head, &b)
}

// blank reports whether a picture has next to no contrast, as an empty page
// has; OCR would spend seconds on it.
func blank(img *image.Gray) bool {
	var histogram [256]int
	size := img.Bounds().Size()
	for y := range size.Y {
		for _, p := range img.Pix[y*img.Stride : y*img.Stride+size.X] {
			histogram[p]++
		}
	}
	// The tenth of a thousandth darkest and lightest pixels: a single letter
	// on an A4 page is about that much.
	few := size.X * size.Y / 10_000
	low, high := 0, 255
	for n := histogram[0]; n <= few && low < 255; n += histogram[low] {
		low++
	}
	for n := histogram[255]; n <= few && high > 0; n += histogram[high] {
		high--
	}
	return high-low < 24
}

// limited keeps the first bytes written to it and drops the rest.
type limited struct {
	bytes.Buffer
	most int
}

func (l *limited) Write(p []byte) (int, error) {
	if room := l.most - l.Len(); room > 0 {
		l.Buffer.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

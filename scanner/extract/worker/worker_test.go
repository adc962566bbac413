package worker

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/image"
	"aktvakt/scanner/extract/list"
	"aktvakt/scanner/finding"
)

// The test binary is its own worker: with this argument it serves documents.
const workerArg = "extract-worker-for-test"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == workerArg {
		os.Exit(testWorker(os.Args[2:]))
	}
	os.Exit(m.Run())
}

func testWorker(args []string) int {
	if len(args) > 0 {
		switch args[0] {
		case "product":
			return Main(context.Background(), os.Stdin, os.Stdout)
		case "garbage":
			return garbage(args[1])
		case "dead":
			return 7
		}
	}
	err := Serve(context.Background(), os.Stdin, os.Stdout, func(s Settings, h Hooks) (Extractors, error) {
		if err := confineMemory(s.Memory); err != nil {
			return Extractors{}, err
		}
		if err := confineFiles(); err != nil {
			return Extractors{}, err
		}
		return Extractors{
			Normal:  []extract.Extractor{script{h, false}},
			Careful: []extract.Extractor{script{h, true}},
		}, nil
	}, os.Exit)
	if !isClosed(err) {
		return 1
	}
	return 0
}

// script is an extractor that does what the document says.
type script struct {
	Hooks
	careful bool
}

func (script) Name() string                      { return "script" }
func (script) Wants(string, string, []byte) bool { return true }

func (s script) Extract(ctx context.Context, name string, f extract.File, out extract.Out) error {
	head := make([]byte, min(f.Size(), 100))
	if _, err := f.ReadAt(head, 0); err != nil && err != io.EOF {
		return err
	}
	words := strings.Fields(string(head))
	if s.careful && words[0] != "always" {
		return out.Text(extract.Block{Text: "careful"})
	}
	if words[0] == "always" {
		words = words[1:]
	}
	switch words[0] {
	case "echo":
		b, err := io.ReadAll(io.NewSectionReader(f, 0, f.Size()))
		if err != nil {
			return err
		}
		return out.Text(extract.Block{Text: string(b), Place: extract.Place{Page: 3, Sheet: "Blad", Row: 2}})
	case "loop":
		//lint:ignore SA5002 a loop that never ends is what the test needs
		for {
		}
	case "sleep":
		_ = out.Text(extract.Block{Text: "before"})
		<-ctx.Done()
		return extract.Alive(ctx)
	case "hog":
		var all [][]byte
		for {
			//lint:ignore SA4010 memory that is never given back is what the test needs
			all = append(all, bytes.Repeat([]byte{1}, 16<<20))
		}
	case "die":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	case "panic":
		go func() { panic(string(head)) }()
		select {}
	case "exit":
		os.Exit(3)
	case "runaway":
		s.Runaway()
	case "abandon":
		s.Abandoned()
		return out.Text(extract.Block{Text: "left behind"})
	case "pid":
		return out.Text(extract.Block{Text: fmt.Sprint(os.Getpid())})
	case "env":
		return out.Text(extract.Block{Text: strings.Join(os.Environ(), "\n")})
	case "files":
		var open []string
		for fd := range 100 {
			if to, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd)); err == nil {
				open = append(open, to)
			}
		}
		return out.Text(extract.Block{Text: strings.Join(open, "\n")})
	case "write":
		err := os.WriteFile(words[1], []byte("secret"), 0o600)
		return fmt.Errorf("write: %w", err)
	case "ocr":
		leave, err := s.Gate.Enter(ctx)
		if err != nil {
			return err
		}
		defer leave()
		time.Sleep(1500 * time.Millisecond)
		return out.Text(extract.Block{Text: "ocr done"})
	case "encrypted":
		return fmt.Errorf("needs a password: %w", extract.ErrEncrypted)
	case "big":
		for range 40 {
			if err := out.Text(extract.Block{Text: strings.Repeat("x", 1<<20)}); err != nil {
				return err
			}
		}
		return nil
	}
	return extract.ErrUnsupported
}

func newPool(t testing.TB, opt Options, args ...string) *Pool {
	t.Helper()
	opt.Command = append([]string{os.Args[0], workerArg}, args...)
	p, err := NewPool(opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

func extractString(t testing.TB, p *Pool, s string, lim extract.Limits) extract.Document {
	t.Helper()
	d, err := p.Extract(context.Background(), "x", extract.Bytes(s), lim)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDocumentIsTheSameAsInProcess(t *testing.T) {
	p := newPool(t, Options{Size: 1})
	for _, size := range []int{10, inlineSize, inlineSize + 1, 5<<20 + 17} {
		text := "echo " + strings.Repeat("åäö ", size/7+1)
		text = strings.ToValidUTF8(text[:size], "")
		want := extract.Run(context.Background(), extract.Bytes(text), "x", []extract.Extractor{script{}}, extract.Limits{})
		got := extractString(t, p, text, extract.Limits{})
		if !bytes.Equal(got.Text, want.Text) {
			t.Fatalf("size %d: %d bytes of text, want %d", size, len(got.Text), len(want.Text))
		}
		got.Text, want.Text = nil, nil
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("size %d: %s", size, diff)
		}
	}
	d := extractString(t, p, "encrypted", extract.Limits{})
	if d.Skip == nil || d.Skip.Reason != finding.Encrypted || !strings.Contains(d.Skip.Error, "needs a password") {
		t.Errorf("skip %+v", d.Skip)
	}
	if s := p.Stats(); s.Started != 1 {
		t.Errorf("%+v", s)
	}
}

func TestFaults(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	p, err := NewPool(Options{Command: []string{os.Args[0], workerArg}, Size: 2, Grace: 500 * time.Millisecond, Settings: Settings{Memory: 300 << 20}})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for _, tt := range []struct {
		script, text string
		reason       finding.Reason
		err          string
	}{
		{"loop", "", finding.Timeout, "took too long (limit 2s)"},
		{"sleep", "before\n", finding.Timeout, "took too long (limit 2s)"},
		{"die", "careful\n", "", ""},
		{"always die", "", finding.Failed, "extraction process crashed"},
		{"always panic 191212121212", "", finding.Failed, "extraction process crashed"},
		{"always exit", "", finding.Failed, "extraction process crashed"},
		{"always hog", "", finding.Failed, "extraction ran out of memory (limit 300 MiB)"},
		{"hog", "careful\n", "", ""},
		{"runaway", "careful\n", "", ""},
		{"abandon", "left behind\n", "", ""},
		{"echo still here", "echo still here\n", "", ""},
	} {
		if strings.Contains(tt.script, "hog") && raceEnabled {
			continue // there is no limit that would end it
		}
		t.Run(tt.script, func(t *testing.T) {
			lim := extract.Limits{Time: 2 * time.Second}
			if strings.Contains(tt.script, "hog") {
				lim.Time = time.Minute
			}
			d := extractString(t, p, tt.script, lim)
			if string(d.Text) != tt.text {
				t.Errorf("text %q, want %q", d.Text, tt.text)
			}
			var reason finding.Reason
			if d.Skip != nil {
				reason = d.Skip.Reason
				if !strings.Contains(d.Skip.Error, tt.err) || strings.Contains(d.Skip.Error, "1912") {
					t.Errorf("error %q, want %q", d.Skip.Error, tt.err)
				}
			}
			if reason != tt.reason {
				t.Errorf("reason %q, want %q", reason, tt.reason)
			}
		})
	}
	t.Logf("%+v", p.Stats())
}

func TestKilledFromOutside(t *testing.T) {
	p := newPool(t, Options{Size: 1})
	var pid int
	if _, err := fmt.Sscan(string(extractString(t, p, "pid", extract.Limits{}).Text), &pid); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(300*time.Millisecond, func() { _ = syscall.Kill(pid, syscall.SIGKILL) })
	d := extractString(t, p, "sleep until killed", extract.Limits{Time: 30 * time.Second})
	if string(d.Text) != "careful\n" || d.Skip != nil {
		t.Errorf("%q %+v", d.Text, d.Skip)
	}
	if s := p.Stats(); s.Crashed != 1 || s.Started != 2 {
		t.Errorf("%+v", s)
	}
}

func TestWorkerHasNothing(t *testing.T) {
	t.Setenv("AKTVAKT_SMB_PASSWORD", "hemligt")
	p := newPool(t, Options{Size: 1, Settings: Settings{Memory: 1 << 30}})
	if env := string(extractString(t, p, "env", extract.Limits{}).Text); strings.Contains(env, "AKTVAKT") || strings.Contains(env, "HOME") {
		t.Errorf("environment:\n%s", env)
	}
	// Nothing but pipes and what the runtime opens for itself.
	for _, name := range strings.Fields(string(extractString(t, p, "files", extract.Limits{}).Text)) {
		switch {
		case strings.HasPrefix(name, "pipe:"), strings.HasPrefix(name, "anon_inode:"), strings.HasPrefix(name, "/sys/fs/cgroup"):
		default:
			t.Errorf("open: %s", name)
		}
	}
	name := filepath.Join(t.TempDir(), "left")
	if d := extractString(t, p, "write "+name, extract.Limits{}); d.Skip == nil || !strings.Contains(d.Skip.Error, "too large") {
		t.Errorf("%+v", d.Skip)
	}
	if b, err := os.ReadFile(name); err == nil && len(b) > 0 {
		t.Errorf("the worker wrote %q", b)
	}
}

// failing breaks after some bytes.
type failing struct {
	extract.File
	after int64
	err   error
}

func (f failing) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > f.after {
		return 0, f.err
	}
	return f.File.ReadAt(p, off)
}

func TestReadFaults(t *testing.T) {
	p := newPool(t, Options{Size: 1})
	small, large := extract.Bytes("echo x"), extract.Bytes("echo "+strings.Repeat("x", 3<<20))
	for _, tt := range []struct {
		err    error
		reason finding.Reason
	}{
		{fmt.Errorf("read: %w", fs.ErrPermission), finding.AccessDenied},
		{fmt.Errorf("read: %w", fs.ErrNotExist), finding.Vanished},
		{errors.New("connection reset"), finding.Failed},
	} {
		for _, f := range []failing{{small, 0, tt.err}, {large, 2 << 20, tt.err}} {
			d, err := p.Extract(context.Background(), "x", f, extract.Limits{})
			if err != nil || d.Skip == nil || d.Skip.Reason != tt.reason || !strings.Contains(d.Skip.Error, tt.err.Error()) {
				t.Errorf("%v: %+v, %v", tt.err, d.Skip, err)
			}
		}
	}
	if s := p.Stats(); s.Started != 1 || s.Crashed != 0 {
		t.Errorf("a read error cost a worker: %+v", s)
	}
}

func TestTextLimit(t *testing.T) {
	p := newPool(t, Options{Size: 1})
	d := extractString(t, p, "big", extract.Limits{Text: 10 << 20})
	if d.Skip == nil || d.Skip.Reason != finding.TooLarge || !d.Skip.Partial || len(d.Text) > 10<<20 || len(d.Text) < 9<<20 {
		t.Errorf("%d bytes, %+v", len(d.Text), d.Skip)
	}
}

func TestOCRStopsTheClockAndKeepsTheBudget(t *testing.T) {
	budget := image.NewBudget(1, 3, 0)
	p := newPool(t, Options{Size: 2, Budget: budget})
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			d := extractString(t, p, "ocr", extract.Limits{Time: time.Second})
			if string(d.Text) != "ocr done\n" || d.Skip != nil {
				t.Errorf("%q %+v", d.Text, d.Skip)
			}
		})
	}
	wg.Wait()
	if pages, _, _ := budget.Used(); pages != 2 {
		t.Errorf("%d pages", pages)
	}
	extractString(t, p, "ocr", extract.Limits{})
	if d := extractString(t, p, "ocr", extract.Limits{}); d.Skip == nil || !strings.Contains(d.Skip.Error, "budget of 3 pages") {
		t.Errorf("%+v", d.Skip)
	}
}

func TestCancel(t *testing.T) {
	p := newPool(t, Options{Size: 1})
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(200*time.Millisecond, cancel)
	// The document never ends by itself.
	if _, err := p.Extract(ctx, "x", extract.Bytes("loop"), extract.Limits{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestCloseEndsWork(t *testing.T) {
	p := newPool(t, Options{Size: 1})
	time.AfterFunc(200*time.Millisecond, func() { p.Close() })
	if _, err := p.Extract(context.Background(), "x", extract.Bytes("loop"), extract.Limits{}); !errors.Is(err, ErrClosed) {
		t.Errorf("error %v", err)
	}
	if _, err := p.Extract(context.Background(), "x", extract.Bytes("pid"), extract.Limits{}); !errors.Is(err, ErrClosed) {
		t.Errorf("error %v", err)
	}
}

func TestWorkerThatDoesNotStart(t *testing.T) {
	for _, command := range [][]string{{"/does/not/exist"}, {os.Args[0], workerArg, "dead"}, {"/bin/true"}, {"/bin/echo", "hello"}} {
		if p, err := NewPool(Options{Command: command}); err == nil {
			p.Close()
			t.Errorf("%q: no error", command)
		}
	}
}

func TestReplacedAfterManyDocuments(t *testing.T) {
	p := newPool(t, Options{Size: 1, Documents: 2})
	pids := map[string]int{}
	for range 6 {
		pids[string(extractString(t, p, "pid", extract.Limits{}).Text)]++
	}
	if len(pids) != 3 {
		t.Errorf("%v", pids)
	}
}

// garbage is a worker that was taken over.
func garbage(what string) int {
	in, out := bufio.NewReader(os.Stdin), bufio.NewWriter(os.Stdout)
	var buf []byte
	_, _, _ = readFrame(in, &buf)
	_ = sendJSON(out, kindReady, ready{})
	k, payload, _ := readFrame(in, &buf)
	if k != kindDocument {
		return 1
	}
	var j job
	_ = json.Unmarshal(payload, &j)
	send := func(k kind, b []byte) { _ = sendFrame(out, k, b) }
	switch what {
	case "huge frame":
		_, _ = os.Stdout.Write([]byte{byte(kindText), 0xFF, 0xFF, 0xFF, 0xFF})
	case "text without end":
		for {
			if sendFrame(out, kindText, bytes.Repeat([]byte("x"), maxFrame)) != nil {
				return 0
			}
		}
	case "range outside":
		send(kindRange, putRange(1<<40, 100))
	case "range too long":
		send(kindRange, putRange(0, maxFrame+1))
	case "spans outside":
		send(kindText, []byte("abc"))
		send(kindSpans, []byte{0, 99, 0, 0, 0, 0, 0, 1, 1})
	case "spans noise":
		send(kindText, []byte("abc"))
		send(kindSpans, bytes.Repeat([]byte{0xFF}, 1000))
	case "over without ocr":
		send(kindOver, nil)
	case "unknown kind":
		send('?', nil)
	case "result no json":
		send(kindResult, []byte("{"))
	case "half frame":
		_, _ = os.Stdout.Write([]byte{byte(kindText), 9, 0, 0, 0, 'a'})
		return 0
	case "noise":
		_, _ = io.CopyN(os.Stdout, strings.NewReader(strings.Repeat("\x07\x93T\x00", 1<<18)), 1<<20)
	case "lies":
		send(kindText, []byte("text \xff\xfe"))
		_ = sendJSON(out, kindResult, result{Reason: "owned", Error: "\x1b[31m" + strings.Repeat("19121212-1212 ", 1000), Pages: -5, Members: -1, MediaType: "a\nb"})
	}
	_, _ = io.Copy(io.Discard, in)
	return 0
}

func TestHostileWorker(t *testing.T) {
	large := extract.Bytes(strings.Repeat("x", inlineSize+1))
	for _, what := range []string{
		"huge frame", "text without end", "range outside", "range too long", "spans outside", "spans noise",
		"over without ocr", "unknown kind", "result no json", "half frame", "noise",
	} {
		t.Run(what, func(t *testing.T) {
			p := newPool(t, Options{Size: 1, Grace: time.Second}, "garbage", what)
			d, err := p.Extract(context.Background(), "x", large, extract.Limits{Time: 30 * time.Second, Text: 4 << 20})
			if err != nil || d.Skip == nil || d.Skip.Reason != finding.Failed || len(d.Text) > 0 {
				t.Errorf("%+v, %v", d.Skip, err)
			}
			if s := p.Stats(); s.Crashed != 2 {
				t.Errorf("%+v", s)
			}
		})
	}
	t.Run("lies", func(t *testing.T) {
		p := newPool(t, Options{Size: 1}, "garbage", "lies")
		d, err := p.Extract(context.Background(), "x", large, extract.Limits{Time: 30 * time.Second, Text: 4 << 20})
		if err != nil || d.Skip == nil || d.Skip.Reason != finding.Failed {
			t.Fatalf("%+v, %v", d.Skip, err)
		}
		if strings.ContainsAny(d.Skip.Error, "\x1b\n") || strings.Contains(d.Skip.Error, "1912") || len(d.Skip.Error) > maxError {
			t.Errorf("error %q", d.Skip.Error)
		}
		if string(d.Text) != "text \uFFFD" || d.Pages != 0 || d.Members != 0 || d.MediaType != "a b" {
			t.Errorf("%+v", d)
		}
	})
}

func TestProductWorker(t *testing.T) {
	cache := filepath.Join(os.TempDir(), fmt.Sprintf("aktvakt-pdf-test-%d", os.Getuid()))
	for _, fast := range []bool{false, true} {
		p := newPool(t, Options{Size: 1, Settings: Settings{PDFCache: cache, FastPDF: fast}}, "product")
		for _, name := range []string{"libreoffice.pdf", "chromium.pdf"} {
			b, err := os.ReadFile(filepath.Join("..", "pdf", "testdata", name))
			if err != nil {
				t.Fatal(err)
			}
			d := extractString(t, p, string(b), extract.Limits{})
			if !strings.Contains(string(d.Text), "150676-9995") || d.Skip != nil {
				t.Errorf("%s: %d bytes, skip %+v", name, len(d.Text), d.Skip)
			}
		}
		if d := extractString(t, p, "ett vanligt brev 640823-3234", extract.Limits{}); !strings.Contains(string(d.Text), "640823-3234") {
			t.Errorf("%q %+v", d.Text, d.Skip)
		}
		if p.OCR() == nil {
			t.Error("OCR is off, but not told")
		}
		if s := p.Stats(); s.Started != 1 {
			t.Errorf("fast %v: %+v", fast, s)
		}
	}
}

func TestProductWorkerReadsScans(t *testing.T) {
	cache := filepath.Join(os.TempDir(), fmt.Sprintf("aktvakt-pdf-test-%d", os.Getuid()))
	budget := image.NewBudget(1, 0, 0)
	p := newPool(t, Options{Size: 1, Budget: budget, Settings: Settings{PDFCache: cache, OCR: &OCR{Languages: []string{"swe"}}}}, "product")
	if err := p.OCR(); err != nil {
		t.Fatalf("%v (apt-get install tesseract-ocr tesseract-ocr-swe)", err)
	}
	b, err := os.ReadFile("../pdf/testdata/scan.pdf")
	if err != nil {
		t.Fatal(err)
	}
	d := extractString(t, p, string(b), extract.Limits{})
	if d.Skip != nil || !strings.Contains(string(d.Text), "19900101-2385") || !strings.Contains(string(d.Text), "20150314-2380") {
		t.Errorf("%q, skip %+v", d.Text, d.Skip)
	}
	if pages, spent, _ := budget.Used(); pages != 2 || spent <= 0 {
		t.Errorf("%d pages in %v", pages, spent)
	}
}

func BenchmarkExtract(b *testing.B) {
	text := extract.Bytes(strings.Repeat("Barnet bor hos sin mormor sedan i våras. ", 200))
	b.Run("in process", func(b *testing.B) {
		exts := list.All()
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			extract.Run(context.Background(), text, "x.txt", exts, extract.Limits{})
		}
	})
	for _, size := range []int{1, runtime.GOMAXPROCS(0)} {
		b.Run(fmt.Sprintf("workers %d", size), func(b *testing.B) {
			p := newPool(b, Options{Size: size}, "product")
			b.SetBytes(int64(len(text)))
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := p.Extract(context.Background(), "x.txt", text, extract.Limits{}); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
}

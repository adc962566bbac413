package extract_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/finding"
)

// fake wants files whose first line is "fake" and does what do says.
type fake struct {
	do func(ctx context.Context, f extract.File, out extract.Out) error
}

func (fake) Name() string { return "fake" }

func (fake) Wants(_, _ string, head []byte) bool { return strings.HasPrefix(string(head), "fake") }

func (x fake) Extract(ctx context.Context, _ string, f extract.File, out extract.Out) error {
	return x.do(ctx, f, out)
}

func run(t *testing.T, lim extract.Limits, do func(ctx context.Context, f extract.File, out extract.Out) error) extract.Document {
	t.Helper()
	return extract.Run(t.Context(), extract.Bytes("fake file"), "a.fake", []extract.Extractor{fake{do}}, lim)
}

func body(text string) extract.Block { return extract.Block{Text: text} }

func TestRunJoinsBlocks(t *testing.T) {
	doc := run(t, extract.Limits{}, func(_ context.Context, _ extract.File, out extract.Out) error {
		for _, b := range []extract.Block{
			body("one"), body("two\n"), body(""),
			{Text: "p\xFFq", Place: extract.Place{Page: 2}},
			{Text: "Namn\tNr\nÅsa\t1\nBo\t2", Place: extract.Place{Sheet: "Elever", Row: 3, Col: 1}},
		} {
			if err := out.Text(b); err != nil {
				return err
			}
		}
		return out.File(`dir\brev.txt`, extract.Bytes("unknown"))
	})
	want := "one\ntwo\np\uFFFDq\nNamn\tNr\nÅsa\t1\nBo\t2\ndir\\brev.txt\n"
	if diff := cmp.Diff(want, string(doc.Text)); diff != "" {
		t.Error(diff)
	}
	for word, place := range map[string]string{
		"one": "", "two": "", "p\uFFFDq": "page 2", "Namn": "sheet Elever, row 3, column A",
		"Nr": "sheet Elever, row 3, column B", "Bo": "sheet Elever, row 5, column A", "2\nd": "sheet Elever, row 5, column B",
		"brev": "dir/brev.txt, file name",
	} {
		if got := doc.At(strings.Index(string(doc.Text), word)).String(); got != place {
			t.Errorf("place of %q: got %q, want %q", word, got, place)
		}
	}
	if doc.Members != 1 || doc.Pages != 2 {
		t.Errorf("members %d, pages %d", doc.Members, doc.Pages)
	}
	if s := doc.Skip; s == nil || s.Reason != finding.Unsupported || !s.Partial || s.Error != `"dir/brev.txt": is of no supported format` {
		t.Errorf("skip %+v", s)
	}
}

func TestRunReasons(t *testing.T) {
	tests := []struct {
		name    string
		err     error
		text    string
		reason  finding.Reason
		partial bool
	}{
		{"unsupported", extract.ErrUnsupported, "", finding.Unsupported, false},
		{"encrypted", fmt.Errorf("x: %w", extract.ErrEncrypted), "", finding.Encrypted, false},
		{"broken half-way", fmt.Errorf("x: %w", extract.ErrCorrupt), "half", finding.Corrupt, true},
		{"too large", extract.ErrTooLarge, "a", finding.TooLarge, true},
		{"budget", extract.ErrBudget, "a", finding.TooLarge, true},
		{"timeout", context.DeadlineExceeded, "", finding.Timeout, false},
		{"carved", extract.ErrCarved, "a", finding.Unsupported, true},
		{"other", errors.New("odd"), "", finding.Failed, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			doc := run(t, extract.Limits{}, func(_ context.Context, _ extract.File, out extract.Out) error {
				if err := out.Text(body(tt.text)); err != nil {
					return err
				}
				return tt.err
			})
			if s := doc.Skip; s == nil || s.Reason != tt.reason || s.Partial != tt.partial || s.Stage != finding.StageExtract {
				t.Errorf("skip %+v", s)
			}
		})
	}
}

func TestRunPanics(t *testing.T) {
	doc := run(t, extract.Limits{}, func(_ context.Context, f extract.File, out extract.Out) error {
		if err := out.Text(body("before")); err != nil {
			return err
		}
		panic("19900101-2385 from the document")
	})
	if s := doc.Skip; s == nil || s.Reason != finding.Failed || !s.Partial || strings.Contains(s.Error, "1990") {
		t.Errorf("skip %+v", s)
	}
}

func TestRunBudgets(t *testing.T) {
	zeros := func() io.Reader { return io.LimitReader(zeroReader{}, 1<<40) }
	nest := func(_ context.Context, f extract.File, out extract.Out) error { return out.File("self", f) }
	tests := []struct {
		name string
		lim  extract.Limits
		do   func(ctx context.Context, f extract.File, out extract.Out) error
		want finding.Reason
	}{
		{"text", extract.Limits{Text: 1000}, func(_ context.Context, _ extract.File, out extract.Out) error {
			for {
				if err := out.Text(body(strings.Repeat("å", 99))); err != nil {
					return err
				}
			}
		}, finding.TooLarge},
		{"text, error not passed on", extract.Limits{Text: 10}, func(_ context.Context, _ extract.File, out extract.Out) error {
			_ = out.Text(body("much more than ten"))
			return nil
		}, finding.TooLarge},
		{"unpacked", extract.Limits{Unpacked: 1 << 20}, func(ctx context.Context, _ extract.File, out extract.Out) error {
			_, err := io.Copy(io.Discard, extract.Unpack(ctx, zeros()))
			return err
		}, finding.TooLarge},
		{"member", extract.Limits{Member: 1 << 20}, func(ctx context.Context, _ extract.File, out extract.Out) error {
			b, err := extract.Buffer(ctx, zeros())
			if len(b) != 1<<20 {
				return fmt.Errorf("%d bytes", len(b))
			}
			return err
		}, finding.TooLarge},
		{"depth", extract.Limits{}, nest, finding.TooLarge},
		{"members", extract.Limits{Members: 10}, func(_ context.Context, _ extract.File, out extract.Out) error {
			for {
				if err := out.File("m", extract.Bytes("x")); err != nil {
					return err
				}
			}
		}, finding.TooLarge},
		{"time", extract.Limits{Time: 10 * time.Millisecond}, func(_ context.Context, _ extract.File, out extract.Out) error {
			for {
				if err := out.Text(body("x")); err != nil {
					return err
				}
				time.Sleep(time.Millisecond)
			}
		}, finding.Timeout},
		{"time in a reader", extract.Limits{Time: 10 * time.Millisecond, Unpacked: 1 << 62}, func(ctx context.Context, _ extract.File, out extract.Out) error {
			_, err := io.Copy(io.Discard, extract.Unpack(ctx, zeros()))
			return err
		}, finding.Timeout},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			doc := run(t, tt.lim, tt.do)
			if s := doc.Skip; s == nil || s.Reason != tt.want {
				t.Errorf("skip %+v", s)
			}
			if most := tt.lim.WithDefaults().Text; int64(len(doc.Text)) > most {
				t.Errorf("%d bytes of text, limit %d", len(doc.Text), most)
			}
		})
	}
}

type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) { return len(p), nil }

func TestRunMembers(t *testing.T) {
	pic := extract.Bytes("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00")
	doc := run(t, extract.Limits{}, func(_ context.Context, _ extract.File, out extract.Out) error {
		if err := extract.Broken(out, "secret 19900101-2385.docx", extract.ErrEncrypted); err != nil {
			return err
		}
		if err := extract.Embed(out, "image1.png", pic); err != nil {
			return err
		}
		extract.SetMediaType(out, "application/x-test")
		return out.File("empty", extract.Bytes(nil))
	})
	if doc.Unread != 1 || doc.MediaType != "application/x-test" || string(doc.Text) != "empty\n" {
		t.Errorf("%+v", doc)
	}
	want := &finding.Skip{Stage: "extract", Reason: finding.Encrypted, Error: `"secret ••••••••-••••.docx": is encrypted`}
	if diff := cmp.Diff(want, doc.Skip); diff != "" {
		t.Error(diff)
	}
}

// TestRunGravestReason: an encrypted member counts before an unknown one.
func TestRunGravestReason(t *testing.T) {
	doc := run(t, extract.Limits{}, func(_ context.Context, _ extract.File, out extract.Out) error {
		for _, err := range []error{extract.ErrUnsupported, extract.ErrEncrypted, extract.ErrTooLarge} {
			if err := extract.Broken(out, "m", err); err != nil {
				return err
			}
		}
		return nil
	})
	if s := doc.Skip; s.Reason != finding.Encrypted || s.Error != `"m": is encrypted (and 2 more)` {
		t.Errorf("skip %+v", s)
	}
}

type failing struct{ err error }

func (f failing) Size() int64                       { return 100 }
func (f failing) ReadAt([]byte, int64) (int, error) { return 0, f.err }

func TestRunReadError(t *testing.T) {
	for err, want := range map[error]finding.Reason{
		fs.ErrPermission: finding.AccessDenied, fs.ErrNotExist: finding.Vanished, errors.New("connection reset"): finding.Failed,
		io.EOF: finding.Corrupt,
	} {
		doc := extract.Run(t.Context(), failing{err}, "x", nil, extract.Limits{})
		if doc.Skip == nil || doc.Skip.Reason != want || doc.Skip.Partial {
			t.Errorf("%v: skip %+v", err, doc.Skip)
		}
	}
}

func TestRunCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	doc := extract.Run(ctx, extract.Bytes("fake"), "x", []extract.Extractor{fake{func(_ context.Context, _ extract.File, out extract.Out) error {
		return out.Text(body("x"))
	}}}, extract.Limits{})
	if doc.Skip == nil || doc.Skip.Reason != finding.Failed || len(doc.Text) != 0 {
		t.Errorf("%+v", doc)
	}
}

func TestMaskDigits(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "Elever": "Elever", "2024-01-15": "2024-01-15", "19900101-2385": "••••••••-••••", "131052-308T.docx": "••••••-•••T.docx",
		"131052A308T": "••••••A•••T", "å0101901234ö": "å••••••••••ö", "1234 och 5678": "1234 och 5678", "010190 1234": "•••••• ••••",
	} {
		if got := extract.MaskDigits(in); got != want {
			t.Errorf("MaskDigits(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestSniff(t *testing.T) {
	tests := []struct{ name, head, want string }{
		{"a.docx", "PK\x03\x04", "application/zip"},
		{"a.txt", "BM är en rubrik och ingen bild\n", "text/plain"},
		{"a.bmp", "BM\x00\x01\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00\x28\x00\x00\x00", "image/bmp"},
		{"a.txt", "%PDF-1.7\n", "application/pdf"},
		{"a.csv", "Namn;Nr\nÅsa;1\n", "text/csv"},
		{"a.pdf", "just words\n", "text/plain"},
		{"a.doc", "{\\rtf1 x}", "text/rtf"},
		{"x", "<!DOCTYPE html><html>", "text/html"},
		{"x", "{\"a\": [1, 2]}", "application/json"},
		{"x", "From a@b Mon Jan  1 00:00:00 2024\nFrom: a@b\n\nhej\n", "application/mbox"},
		{"x", "Received: from x\r\n by y\r\nMessage-ID: <1@x>\r\nSubject: hej\r\n\r\ntext", "message/rfc822"},
		{"x.txt", "Till: chefen\nFrom: Bo\nRapport\n", "text/plain"},
		{"x.txt", "F\x00r\x00å\x00g\x00a\x00\n\x00", "text/plain"},
		{"x", "", "application/x-empty"},
		{"x", "\x00\x01\x02\x03\x80\x90\xff\x00\x00\x00\x07", "application/octet-stream"},
	}
	for _, tt := range tests {
		head := strings.ReplaceAll(tt.head, "\x00å\x00", "\x00\xe5\x00")
		if got := extract.Sniff(tt.name, []byte(head)); got != tt.want {
			t.Errorf("Sniff(%q, %q) = %q, want %q", tt.name, tt.head, got, tt.want)
		}
	}
}

package worker

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/finding"
)

// sendSpans codes spans and decodes them again.
func sendSpans(t *testing.T, spans []extract.Span, limit int) ([]extract.Span, error) {
	t.Helper()
	var b bytes.Buffer
	w := bufio.NewWriter(&b)
	if err := (&spanWriter{w: w}).send(spans); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	var r spanReader
	in := bufio.NewReader(&b)
	var buf []byte
	for {
		k, payload, err := readFrame(in, &buf)
		if err == io.EOF {
			return r.spans, nil
		}
		if err != nil || k != kindSpans {
			t.Fatalf("%q %v", k, err)
		}
		if err := r.add(payload, limit); err != nil {
			return nil, err
		}
	}
}

func TestSpans(t *testing.T) {
	var spans []extract.Span
	for i := range 200_000 {
		spans = append(spans, extract.Span{Start: 3 * i, End: 3*i + 1 + i%3, Place: extract.Place{
			Page: i % 7, Row: i, Col: i % 5, Sheet: fmt.Sprintf("Blad %d", i%100), Member: []string{"", "a.zip/ö.docx"}[i%2], Part: "header",
		}})
	}
	got, err := sendSpans(t, spans, 600_000)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(spans, got); diff != "" {
		t.Error(diff)
	}
	if _, err := sendSpans(t, spans, 599_000); !errors.Is(err, errProtocol) {
		t.Errorf("spans beyond the text: %v", err)
	}
	// More strings than the table holds: the places lose their names, the
	// spans stay.
	for i := range spans {
		spans[i].Place = extract.Place{Member: fmt.Sprint(i)}
	}
	got, err = sendSpans(t, spans, 600_000)
	if err != nil || len(got) != len(spans) || got[10].Place.Member != "10" {
		t.Errorf("%d spans, %v", len(got), err)
	}
	// A string that is too long is cut, not refused.
	got, err = sendSpans(t, []extract.Span{{End: 1, Place: extract.Place{Sheet: strings.Repeat("x", 9000)}}}, 1)
	if err != nil || len(got[0].Place.Sheet) != maxString {
		t.Error(err)
	}
}

func TestFrames(t *testing.T) {
	var b bytes.Buffer
	w := bufio.NewWriter(&b)
	if err := writeFrame(w, kindText, make([]byte, maxFrame+1)); !errors.Is(err, errProtocol) {
		t.Errorf("too long: %v", err)
	}
	if err := sendFrame(w, kindText, []byte("abc")); err != nil {
		t.Fatal(err)
	}
	var buf []byte
	r := bufio.NewReader(&b)
	if k, p, err := readFrame(r, &buf); k != kindText || string(p) != "abc" || err != nil {
		t.Errorf("%q %q %v", k, p, err)
	}
	if _, _, err := readFrame(r, &buf); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
}

func FuzzSpanReader(f *testing.F) {
	f.Add([]byte{0, 1, 0, 0, 0, 0, 1, 'a', 1, 1}, 10)
	f.Fuzz(func(t *testing.T, b []byte, limit int) {
		limit = max(limit, 0) % (1 << 30)
		var r spanReader
		_ = r.add(b, limit)
		end := 0
		for _, s := range r.spans {
			if s.Start < end || s.End <= s.Start || s.End > limit {
				t.Fatalf("%+v of %d", s, limit)
			}
			end = s.End
		}
	})
}

func FuzzFrames(f *testing.F) {
	f.Add([]byte("T\x03\x00\x00\x00abcF\x02\x00\x00\x00{}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := bufio.NewReader(bytes.NewReader(b))
		var buf []byte
		for {
			k, p, err := readFrame(r, &buf)
			if err != nil {
				return
			}
			if len(p) > maxFrame {
				t.Fatal("long frame")
			}
			if k == kindRange {
				if off, n, err := getRange(p); err == nil && (off < 0 || n <= 0 || n > maxFrame) {
					t.Fatalf("range %d %d", off, n)
				}
			}
		}
	})
}

// FuzzServe gives a worker nonsense from the pool's side.
func FuzzServe(f *testing.F) {
	frame := func(k kind, s string) string {
		return string(k) + string(binary.LittleEndian.AppendUint32(nil, uint32(len(s)))) + s
	}
	f.Add([]byte(frame(kindSettings, "{}") + frame(kindDocument, `{"size":3,"inline":true}`) + frame(kindBytes, "abc")))
	f.Add([]byte(frame(kindSettings, "{}") + frame(kindDocument, `{"size":30000}`) + frame(kindError, "{}")))
	f.Fuzz(func(t *testing.T, b []byte) {
		_ = Serve(t.Context(), bytes.NewReader(b), io.Discard, func(Settings, Hooks) (Extractors, error) {
			return Extractors{Normal: []extract.Extractor{whole{}}}, nil
		}, func(int) {})
	})
}

// whole reads all of a document.
type whole struct{}

func (whole) Name() string                      { return "whole" }
func (whole) Wants(string, string, []byte) bool { return true }
func (whole) Extract(ctx context.Context, _ string, f extract.File, out extract.Out) error {
	b, err := extract.ReadAll(ctx, f, 1<<20)
	if err != nil {
		return err
	}
	return out.Text(extract.Block{Text: string(b)})
}

func TestClock(t *testing.T) {
	c := newClock(context.Background(), 50*time.Millisecond)
	c.pause()
	c.pause()
	time.Sleep(100 * time.Millisecond)
	c.resume()
	if c.Err() != nil {
		t.Fatalf("stopped clock ended: %v", c.Err())
	}
	c.resume()
	<-c.Done()
	if c.Err() != context.DeadlineExceeded {
		t.Errorf("%v", c.Err())
	}
	parent, cancel := context.WithCancel(context.Background())
	c = newClock(parent, time.Hour)
	cancel()
	<-c.Done()
	if c.Err() != context.Canceled {
		t.Errorf("%v", c.Err())
	}
	c.stop()
}

func TestPrintable(t *testing.T) {
	for _, tt := range []struct {
		in, want string
		n        int
	}{
		{"Åsa\x1b[31m\n", "Åsa [31m ", 100},
		{"åäö", "å", 3},
		{"a\xffb", "a b", 100},
	} {
		if got := printable(tt.in, tt.n); got != tt.want {
			t.Errorf("%q: %q", tt.in, got)
		}
	}
}

func TestFaultOf(t *testing.T) {
	f := faultOf(fmt.Errorf("x: %w", io.ErrUnexpectedEOF))
	if f.Kind != finding.Failed || f.Text != "x: unexpected EOF" {
		t.Errorf("%+v", f)
	}
}

package worker

import (
	"errors"
	"io/fs"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/finding"
	"aktvakt/scanner/source"
)

// ready is a worker's first word.
type ready struct {
	// OCR is empty when OCR is on and works, otherwise it says why not.
	OCR string `json:"ocr,omitempty"`
}

// job is one document to be read.
type job struct {
	Name string `json:"name"`
	// Size is in bytes. Inline documents follow in kindBytes frames, others
	// are asked for by ranges.
	Size   int64          `json:"size"`
	Inline bool           `json:"inline"`
	Limits extract.Limits `json:"limits"`
	// Careful turns off what is fast but known to crash.
	Careful bool `json:"careful"`
}

// readFault is an error of the file below, told across the process boundary.
type readFault struct {
	Kind finding.Reason `json:"kind"`
	Text string         `json:"text"`
}

func (f *readFault) Error() string { return f.Text }

// Is lets package extract find the reason of a fault.
func (f *readFault) Is(target error) bool {
	switch f.Kind {
	case finding.Vanished:
		return target == fs.ErrNotExist
	case finding.AccessDenied:
		return target == fs.ErrPermission
	}
	return false
}

func faultOf(err error) *readFault {
	f := &readFault{Kind: finding.Failed, Text: err.Error()}
	switch {
	case errors.Is(err, source.ErrLocked):
		f.Kind = finding.Locked
	case errors.Is(err, source.ErrOffline):
		f.Kind = finding.Offline
	case errors.Is(err, fs.ErrNotExist):
		f.Kind = finding.Vanished
	case errors.Is(err, fs.ErrPermission):
		f.Kind = finding.AccessDenied
	}
	return f
}

func (f *readFault) skip() *finding.Skip {
	return &finding.Skip{Stage: finding.StageExtract, Reason: f.Kind, Error: "read: " + f.Text}
}

// grant is the answer to a worker that wants to begin OCR of a page.
type grant struct {
	OK bool `json:"ok"`
	// Refused says why not: the budget is used up.
	Refused string `json:"refused,omitempty"`
}

// result is what a document's text and spans leave to say.
type result struct {
	MediaType string         `json:"media_type,omitempty"`
	Reason    finding.Reason `json:"reason,omitempty"` // empty: no skip
	Error     string         `json:"error,omitempty"`
	Partial   bool           `json:"partial,omitempty"`
	Members   int            `json:"members,omitempty"`
	Pages     int            `json:"pages,omitempty"`
	Unread    int            `json:"unread,omitempty"`
	// Last says that the worker ends: an extractor did not come back from a
	// call that cannot be interrupted.
	Last bool `json:"last,omitempty"`
	// Took is the worker's own time, without waiting for OCR.
	Took time.Duration `json:"took,omitempty"`
}

func resultOf(d extract.Document) result {
	r := result{MediaType: d.MediaType, Members: d.Members, Pages: d.Pages, Unread: d.Unread}
	if d.Skip != nil {
		r.Reason, r.Error, r.Partial = d.Skip.Reason, d.Skip.Error, d.Skip.Partial
		if r.Reason == "" {
			r.Reason = finding.Failed
		}
	}
	return r
}

// maxError is the most of an error's text that is believed, in bytes.
const maxError = 600

// document makes a Document of what the worker sent. Strings that reach a
// report lose what a terminal or a log would choke on, and long numbers.
func (r result) document(text []byte, spans []extract.Span) extract.Document {
	d := extract.Document{
		Text:      text,
		MediaType: printable(r.MediaType, 200),
		Spans:     spans,
		Members:   max(r.Members, 0),
		Pages:     max(r.Pages, 0),
		Unread:    max(r.Unread, 0),
	}
	if r.Reason == "" {
		return d
	}
	d.Skip = &finding.Skip{
		Stage:   finding.StageExtract,
		Reason:  finding.Failed,
		Error:   printable(extract.MaskDigits(r.Error), maxError),
		Partial: r.Partial && len(text) > 0,
	}
	switch r.Reason {
	case finding.Unsupported, finding.Encrypted, finding.Corrupt, finding.TooLarge, finding.Timeout,
		finding.AccessDenied, finding.Vanished, finding.Locked, finding.Offline:
		d.Skip.Reason = r.Reason
	}
	return d
}

// printable cuts s to at most n bytes and replaces what is no printable
// character.
func printable(s string, n int) string {
	s = strings.Map(func(c rune) rune {
		if c == utf8.RuneError || !unicode.IsPrint(c) {
			return ' '
		}
		return c
	}, s)
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

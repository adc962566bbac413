package plain_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/extracttest"
	"aktvakt/scanner/extract/plain"
	"aktvakt/scanner/finding"
)

func TestSuite(t *testing.T) {
	extracttest.Run(t, extracttest.Suite{Extractor: plain.New(), Files: []string{
		"testdata/utf8.csv", "testdata/cp1252.csv", "testdata/cp865.csv", "testdata/utf16be.csv",
	}})
}

func run(b []byte, lim extract.Limits) extract.Document {
	return extract.Run(context.Background(), extract.Bytes(b), "x", []extract.Extractor{plain.New()}, lim)
}

// TestBlocks: joining blocks adds nothing to a text, whatever its line ends.
func TestBlocks(t *testing.T) {
	for name, in := range map[string]string{
		"lines":      strings.Repeat("en rad med åäö\n", 50_000),
		"DOS lines":  strings.Repeat("en rad med åäö\r\n", 50_000),
		"Mac lines":  strings.Repeat("en rad med åäö\r", 50_000),
		"no newline": "en rad",
	} {
		doc := run([]byte(in), extract.Limits{})
		want := in
		if !strings.HasSuffix(want, "\n") {
			want += "\n"
		}
		got := string(doc.Text)
		if name == "Mac lines" { // a block may end at a line's end
			got, want = strings.ReplaceAll(got, "\n", ""), strings.ReplaceAll(want, "\n", "")
		}
		if diff := cmp.Diff(len(want), len(got)); diff != "" || got != want {
			t.Errorf("%s: %s", name, diff)
		}
		if doc.Skip != nil {
			t.Errorf("%s: skip %+v", name, doc.Skip)
		}
	}
}

// TestOneLongLine: a number is not broken by the end of a block where there
// is any white space to end it at.
func TestOneLongLine(t *testing.T) {
	in := strings.Repeat("19900101-2385 ", 40_000)
	doc := run([]byte(in), extract.Limits{})
	if got := strings.Count(string(doc.Text), "19900101-2385"); got != 40_000 {
		t.Errorf("%d of 40000 numbers whole", got)
	}
	noSpace := run([]byte(strings.Repeat("å", 100_000)), extract.Limits{})
	if strings.Contains(string(noSpace.Text), "\uFFFD") {
		t.Error("a letter was broken")
	}
}

// TestEscapes: what programs write for letters is read as letters.
func TestEscapes(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"JSON", `{"namn": "\u00c5sa \ud83d\ude00 \\u00e5 \n \u0022 \uZZZZ"}`, `{"namn": "Åsa 😀 \\u00e5 \n \u0022 \uZZZZ"}` + "\n"},
		{"JSON cut in an escape", `["\u00c5", "\u00`, `["Å", "\u00` + "\n"},
		{"calendar", "BEGIN:VCALENDAR\r\nSUMMARY:Möte om 19900\r\n 101-2385\r\nDESCRIPTION:rad ett\\nrad två\\, slut\r\nEND:VCALENDAR\r\n",
			"BEGIN:VCALENDAR\nSUMMARY:Möte om 19900101-2385\nDESCRIPTION:rad ett\nrad två, slut\nEND:VCALENDAR\n"},
		{"old card", "BEGIN:VCARD\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=C3=85sa =\n=C3=96st\nEND:VCARD\n",
			"BEGIN:VCARD\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:Åsa Öst\nEND:VCARD\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, string(run([]byte(tt.in), extract.Limits{}).Text)); diff != "" {
				t.Error(diff)
			}
		})
	}
	long := `["` + strings.Repeat(`\u00e5`, 50_000) + `"]`
	if got := string(run([]byte(long), extract.Limits{}).Text); got != `["`+strings.Repeat("å", 50_000)+"\"]\n" && strings.Count(got, "å") != 50_000 {
		t.Errorf("%d of 50000 letters", strings.Count(got, "å"))
	}
}

func FuzzPlain(f *testing.F) {
	f.Add([]byte(`{"a":"\u00e5\`))
	f.Add([]byte("BEGIN:VCARD\nA:b\n c"))
	f.Fuzz(func(t *testing.T, b []byte) { run(b, extract.Limits{}) })
}

func TestBinary(t *testing.T) {
	if doc := run([]byte("\x7FELF\x02\x01\x01\x00\x00\x00\x00\x00\x00"), extract.Limits{}); doc.Skip == nil || doc.Skip.Reason != finding.Unsupported {
		t.Errorf("skip %+v", doc.Skip)
	}
	late := append([]byte(strings.Repeat("text\n", 100_000)), make([]byte, 200_000)...)
	if doc := run(late, extract.Limits{}); doc.Skip == nil || doc.Skip.Reason != finding.Corrupt || !doc.Skip.Partial {
		t.Errorf("text and then zeros: skip %+v", doc.Skip)
	}
}

func TestTextBudget(t *testing.T) {
	doc := run([]byte(strings.Repeat("en rad\n", 1<<20)), extract.Limits{Text: 1 << 20})
	if s := doc.Skip; s == nil || s.Reason != finding.TooLarge || !s.Partial || len(doc.Text) > 1<<20 {
		t.Errorf("skip %+v, %d bytes", s, len(doc.Text))
	}
}

func BenchmarkPlain(b *testing.B) {
	in := []byte(strings.Repeat("Handläggaren tog emot en anmälan från förskolan.\n", 100_000))
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		run(in, extract.Limits{})
	}
}

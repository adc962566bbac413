package rtf_test

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/extracttest"
	"aktvakt/scanner/extract/rtf"
	"aktvakt/scanner/finding"
)

func TestSuite(t *testing.T) {
	extracttest.Run(t, extracttest.Suite{Extractor: rtf.New(), Files: []string{"testdata/places.rtf"}})
}

func run(s string) extract.Document {
	return extract.Run(context.Background(), extract.Bytes(s), "x.rtf", []extract.Extractor{rtf.New()}, extract.Limits{})
}

func TestPlaces(t *testing.T) {
	b, err := os.ReadFile("testdata/truth.json")
	if err != nil {
		t.Fatal(err)
	}
	var truth map[string]map[string]string
	if err := json.Unmarshal(b, &truth); err != nil {
		t.Fatal(err)
	}
	f, err := os.ReadFile("testdata/places.rtf")
	if err != nil {
		t.Fatal(err)
	}
	doc := run(string(f))
	if doc.Skip != nil {
		t.Errorf("skip %+v", doc.Skip)
	}
	delete(truth["docx"], "textbox") // LibreOffice drops it when it writes RTF; see TestText
	for place, token := range truth["docx"] {
		rest := string(doc.Text)
		for part := range strings.SplitSeq(token, "|") {
			i := strings.Index(rest, part)
			if i < 0 {
				t.Errorf("%s: %q not found", place, token)
				break
			}
			rest = rest[i+len(part):]
		}
	}
	if os.Getenv("DUMP") != "" {
		t.Log(string(doc.Text))
	}
}

func TestText(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"runs join", `1990{\b 0101}-{\i 2385}\par`, "19900101-2385\n"},
		{"letters", `\'e5\u228?\u-10179?\u-8704?\par`, "åä😀\n"},
		{"skipped fallbacks", `{\uc2 \u229\'c3\'a5\u228 ??x}`, "åäx\n"},
		{"code page", `{\fonttbl{\f0\fcharset0 A;}{\f1\fcharset204 B;}}\f1\'ff\f0\'ff`, "яÿ\n"},
		{"hyphens", `120174\_3399 av\-bryt a\~b`, "120174-3399 avbryt a\u00A0b\n"},
		{"header and footer", `{\header Sidhuvud\par}text\par{\footer Sidfot}`, "Sidhuvud\ntext\nSidfot\n"},
		{"note inside a paragraph", `1990{\footnote obs}0101-2385\par`, "19900101-2385\nobs\n"},
		{"comment", `a{\*\annotation{\*\atnauthor Bo}viktigt}b\par`, "ab\nviktigt\n"},
		{"deleted", `nr {\revised 19900101-2385}{\deleted 19900202-2383} klart\par`, "nr 19900101-2385 klart\n19900202-2383\n"},
		{"hidden", `{\v dold}`, "dold\n"},
		{"field", `{\field{\*\fldinst HYPERLINK "mailto:a@b"}{\fldrslt text}}\par`, "text\nHYPERLINK \"mailto:a@b\"\n"},
		{"properties", `{\info{\title Titel}{\author Bo}{\creatim\yr2024}}x`, "Titel\nBo\nx\n"},
		{"table", `\trowd a\cell b\cell\row\trowd \cell c\cell\row\pard d\par`, "a\tb\n\tc\nd\n"},
		{"unknown destination", `{\*\unknown x}y{\zz z}`, "yz\n"},
		{"text box", `Textruta:{\shp{\*\shpinst{\sp{\sn shapeType}{\sv 202}}{\shptxt Ruta 550505-5505\par}}}\par`, "Textruta:\n202\nRuta 550505-5505\n"},
		{"old text box", `a{\*\do\dptxbx{\dptxbxtext Ruta\par}}\par`, "a\nRuta\n"},
		{"form field", `{\*\formfield{\fftype0{\*\ffdeftext 19900101-2385}{\*\ffname N}}}`, "19900101-2385\n"},
		{"both forms", `{\upr{ansi}{\*\ud{unicode}}}`, "unicode\n"},
		{"binary data", `{\pict\bin5 }{}{}}x`, "x\n"},
		{"Mac", `\mac\'8c`, "å\n"},
		{"document variable", `{\*\docvar {Pnr}{19900101-2385}}`, "Pnr19900101-2385\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			doc := run(`{\rtf1\ansi ` + tt.in + `}`)
			if diff := cmp.Diff(tt.want, string(doc.Text)); diff != "" {
				t.Error(diff)
			}
			if doc.Skip != nil {
				t.Errorf("skip %+v", doc.Skip)
			}
		})
	}
}

func TestBrokenHalfWay(t *testing.T) {
	doc := run(`{\rtf1 {\b text\par mer`)
	if string(doc.Text) != "text\nmer\n" || doc.Skip == nil || doc.Skip.Reason != finding.Corrupt || !doc.Skip.Partial {
		t.Errorf("%q %+v", doc.Text, doc.Skip)
	}
}

func TestDeepNesting(t *testing.T) {
	doc := run(`{\rtf1 ` + strings.Repeat("{", 1<<20) + "text" + strings.Repeat("}", 1<<20) + `}`)
	if string(doc.Text) != "text\n" || doc.Skip != nil {
		t.Errorf("%q %+v", doc.Text, doc.Skip)
	}
}

// TestEmbeddedPicture: pictures go back to the core, for OCR.
func TestEmbeddedPicture(t *testing.T) {
	doc := run(`{\rtf1 a{\*\shppict{\pict\pngblip 89504e470d0a1a0a0000000d49484452` + strings.Repeat("00", 100) + `}}b}`)
	if doc.Members != 1 || doc.Unread != 1 || string(doc.Text) != "ab\n" {
		t.Errorf("%d members, %d unread, %q", doc.Members, doc.Unread, doc.Text)
	}
}

func FuzzText(f *testing.F) {
	for _, s := range []string{`{\b a}\'e5\u228?`, `{\*\annotation x}{\header y}\cell\row`, `{\upr{a}{\*\ud{b}}}\bin3 abc`, `{\object{\*\objdata 0105}}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) { run(`{\rtf1 ` + in + `}`) })
}

func BenchmarkText(b *testing.B) {
	in := `{\rtf1\ansi ` + strings.Repeat(`\pard\plain\f4\fs22 Handl\'e4ggaren {\b tog emot} en anm\'e4lan fr\'e5n f\'f6rskolan.\par`+"\n", 10_000) + `}`
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		run(in)
	}
}

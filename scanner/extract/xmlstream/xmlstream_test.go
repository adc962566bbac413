package xmlstream

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

func tokens(r io.Reader) (string, *Scanner) {
	var b strings.Builder
	x := New(r)
	for {
		switch x.Next() {
		case EOF:
			return b.String(), x
		case Start:
			b.WriteString("<" + string(x.Name()))
			x.EachAttr(func(n, v []byte) bool {
				b.WriteString(" " + string(n) + "=" + unescape(v))
				return true
			})
			if x.SelfClosing() {
				b.WriteByte('/')
			}
			b.WriteByte('>')
		case End:
			b.WriteString("</" + string(x.Name()) + ">")
		case Text:
			b.Write(x.Bytes())
		}
	}
}

func TestTokens(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"names lose prefixes", `<w:p w:x="1"><w:r/></w:p>`, `<p x=1><r/></p>`},
		{"entities", `<a b="&lt;&#229;&#xE4;">&amp;&quot;&apos;&nope;&#0;</a>`, "<a b=<åä>&\"'&nope;\uFFFD</a>"},
		{"cdata", `<a><![CDATA[x<y>&amp;]]>z</a>`, `<a>x<y>&amp;z</a>`},
		{"comments and instructions", `<?xml v?><!-- <a> --><b/><?x ?>`, `<b/>`},
		{"doctype with entities", `<!DOCTYPE a [<!ENTITY b "<c>&d;"><!ELEMENT e ANY>]><a>&b;</a>`, `<a>&b;</a>`},
		{"greater-than in a value", `<a b='1>2' c="x/"/>`, `<a b=1>2 c=x//>`},
		{"spaces", "<a\n b = \"1\"\tc='2' >", `<a b=1 c=2>`},
		{"cut in a tag", `text<a b="1`, `text`},
		{"cut in text", `<a>text`, `<a>text`},
		{"lone ampersand", `a & b &c`, `a & b &c`},
		{"quote out of place", `<a "b>c`, `<a>c`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, r := range []io.Reader{strings.NewReader(tt.in), iotest.OneByteReader(strings.NewReader(tt.in))} {
				got, x := tokens(r)
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Error(diff)
				}
				if x.Err() != nil {
					t.Error(x.Err())
				}
			}
		})
	}
}

func TestLongTextStaysWhole(t *testing.T) {
	for pad := range 16 {
		in := strings.Repeat("x", textChunk-pad) + "&#229;å&amp;" + strings.Repeat("ö", 100_000)
		want := strings.Repeat("x", textChunk-pad) + "åå&" + strings.Repeat("ö", 100_000)
		if got, _ := tokens(strings.NewReader(in)); got != want {
			t.Fatalf("pad %d: text changed", pad)
		}
	}
}

func TestHugeTag(t *testing.T) {
	in := `<a b="1" c="` + strings.Repeat("y", 5<<20) + `"><d/>tail</a>`
	x := New(strings.NewReader(in))
	if x.Next() != Start || string(x.Name()) != "a" {
		t.Fatal("no start")
	}
	if v, _ := x.Attr("b"); v != "1" || !x.Truncated() {
		t.Errorf("b = %q, truncated %v", v, x.Truncated())
	}
	if x.Next() != Start || string(x.Name()) != "d" || x.Next() != Text || string(x.Bytes()) != "tail" {
		t.Error("what follows is lost")
	}
	if len(x.buf) > 4*maxTag {
		t.Errorf("buffer of %d bytes", len(x.buf))
	}
}

func TestReadError(t *testing.T) {
	got, x := tokens(io.MultiReader(strings.NewReader("<a>text"), iotest.ErrReader(io.ErrUnexpectedEOF)))
	if got != "<a>text" || x.Err() != io.ErrUnexpectedEOF {
		t.Errorf("%q %v", got, x.Err())
	}
}

func FuzzScanner(f *testing.F) {
	f.Add("<a b='1'>x<![CDATA[y]]></a>")
	f.Add("<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>")
	f.Add("<a><!--")
	f.Fuzz(func(t *testing.T, in string) {
		whole, _ := tokens(strings.NewReader(in))
		parts, _ := tokens(iotest.OneByteReader(strings.NewReader(in)))
		if whole != parts {
			t.Errorf("tokens depend on how the input is cut:\n%q\n%q", whole, parts)
		}
		if len(whole) > 8*len(in)+64 {
			t.Errorf("%d bytes became %d", len(in), len(whole))
		}
	})
}

func BenchmarkScanner(b *testing.B) {
	in := strings.Repeat(`<w:p w:rsidR="00FC693F"><w:r><w:rPr><w:b/></w:rPr><w:t xml:space="preserve">Handläggaren tog emot </w:t></w:r></w:p>`, 10_000)
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		x := New(strings.NewReader(in))
		for x.Next() != EOF {
		}
	}
}

func BenchmarkEncodingXML(b *testing.B) {
	in := strings.Repeat(`<w:p w:rsidR="00FC693F"><w:r><w:rPr><w:b/></w:rPr><w:t xml:space="preserve">Handläggaren tog emot </w:t></w:r></w:p>`, 10_000)
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		d := xml.NewDecoder(strings.NewReader(in))
		for {
			if _, err := d.RawToken(); err != nil {
				break
			}
		}
	}
}

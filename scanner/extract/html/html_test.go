package html_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/extracttest"
	"aktvakt/scanner/extract/html"
	"aktvakt/scanner/finding"
)

func TestSuite(t *testing.T) {
	extracttest.Run(t, extracttest.Suite{Extractor: html.New(), Files: []string{"testdata/writer.html", "testdata/calc.html"}})
}

func run(s string) extract.Document {
	return extract.Run(context.Background(), extract.Bytes(s), "x.html", []extract.Extractor{html.New()}, extract.Limits{})
}

func TestText(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"runs join", "<p>1990<b>0101</b>-<i>2385</i></p>", "19900101-2385\n"},
		{"white space", "<p> a\n  b <b> c</b>d</p><p>e</p>", "a b cd\ne\n"},
		{"table", "<table><tr><th>Namn</th><th>Nr</th></tr><tr><td><p>Åsa</p></td><td></td><td><p>1</p><p>2</p></td></tr></table>slut", "Namn\tNr\nÅsa\t\t1\n2\nslut\n"},
		{"entities", "<p>&aring;&#228;&shy;&nbsp;&lt;x&gt;</p>", "åä\u00AD\u00A0<x>\n"},
		{"script and style", "<style>a{b:c}</style><script>var x='19900101-2385'</script><p>a</p>", "a\n"},
		{"attributes", `<p>a<img alt="Foto av Åsa"><input type=hidden value="19900101-2385">b</p><p>c</p>`, "a b\nFoto av Åsa\n19900101-2385\nc\n"},
		{"links", `<a href="mailto:asa@example.se">Åsa</a>`, "Åsa\nmailto:asa@example.se\n"},
		{"comment", "<p>a</p><!-- 19900101-2385 <b>x</b> -->", "a\n19900101-2385 x\n"},
		{"pre", "<pre>a\n  b</pre>c", "a\n  b\nc\n"},
		{"line break", "a<br>b<br/>c", "a\nb\nc\n"},
		{"title and meta", `<head><title>Titel</title><meta name="description" content="Om barnet"><meta name=generator content=X></head>`, "Titel\nOm barnet\n"},
		{"form", `<textarea>skriven text</textarea><select><option value="19900101-2385">Åsa</select>`, "skriven text\nÅsa\n19900101-2385\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, string(run("<html>"+tt.in).Text)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCharset(t *testing.T) {
	for name, in := range map[string]string{
		"utf-8":             "<html><p>förskola",
		"claimed latin":     "<html><meta charset=iso-8859-1><p>förskola",
		"latin":             "<html><meta charset=iso-8859-1><p>f\xF6rskola",
		"claimed utf-8":     "<html><meta charset=utf-8><p>f\xF6rskola och barnet p\xE5 v\xE4g",
		"page 850":          "<html><meta charset=ibm850><p>f\x94rskola",
		"latin, told late":  "<html>" + strings.Repeat(" ", 900) + `<meta http-equiv="Content-Type" content="text/html; charset=windows-1252"><p>f` + "\xF6rskola",
		"nothing but ASCII": "<html><p>f&ouml;rskola",
	} {
		if got := string(run(in).Text); !strings.HasPrefix(got, "förskola") {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// TestLabelAfterBrokenBytes: bytes that are no UTF-8 before the label once
// moved it beyond the end.
func TestLabelAfterBrokenBytes(t *testing.T) {
	page := "<html" + strings.Repeat("\xff", 13) + "charset=utf"
	doc := extract.Run(t.Context(), extract.Bytes(page), "x.html", []extract.Extractor{html.New()}, extract.Limits{})
	if doc.Skip != nil {
		t.Errorf("skip %+v", doc.Skip)
	}
	page = "<html" + strings.Repeat("\xff", 13) + `><meta charset="CP865"><p>S` + "\x9bren" + strings.Repeat(" og bor her", 5)
	doc = extract.Run(t.Context(), extract.Bytes(page), "x.html", []extract.Extractor{html.New()}, extract.Limits{})
	if doc.Skip != nil || !strings.Contains(string(doc.Text), "Søren") {
		t.Errorf("%q, skip %+v", doc.Text, doc.Skip)
	}
}

func TestHugeToken(t *testing.T) {
	const most = 1 << 20
	defer html.SetMaxToken(most)()
	doc := run("<html><p>before</p><a title='" + strings.Repeat("x", most+1) + "'>after")
	if doc.Skip == nil || doc.Skip.Reason != finding.TooLarge || string(doc.Text) != "before\n" {
		t.Errorf("skip %+v, text %.40q", doc.Skip, doc.Text)
	}
}

func FuzzText(f *testing.F) {
	f.Add("<table><tr><td>a<td>b</table><!-- c --><pre>d")
	f.Fuzz(func(t *testing.T, in string) { run("<html>" + in) })
}

func BenchmarkText(b *testing.B) {
	in := "<html>" + strings.Repeat(`<tr><td align="left"><font color="#000000">Handläggaren</font></td><td>tog emot en anmälan</td></tr>`, 5_000)
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		run(in)
	}
}

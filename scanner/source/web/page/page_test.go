package page

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func at(t testing.TB, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

const sample = `<!DOCTYPE html><html><head><title>Rum &amp; mere</title><base href="/rum/a/">
<meta http-equiv=refresh content="5; URL='next.html'"><meta name="robots" content="noindex">
<link rel="stylesheet" href="x.css"><link rel="next" href="?side=2"><style>a{}</style></head>
<body><script>var a = "<a href='/in-script'>";</script>
<a href="Referat%20%C3%A5.docx" title="Hent">Referat <b>å</b></a> <A HREF=' //files.example/x.pdf '>X</A><a href="javascript:go()">no</a><a href="mailto:a@b">no</a><a href="#top">no</a>
<a href="/slet/1" data-method="delete">x</a><map><area href="area.html"></map><iframe src="frame.html"></iframe><object data="o.pdf"></object>
<!-- <a href="/in-comment">c</a> --><p>Tekst   her</p><a href="unclosed.html">sidste
</body></html>`

func TestParse(t *testing.T) {
	p, err := Parse(strings.NewReader(sample), at(t, "https://intra.example/forside?x=1"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range p.Links {
		s := l.URL.String() + " " + l.Text
		if l.Acts {
			s += " acts"
		}
		if l.Frame {
			s += " frame"
		}
		got = append(got, s)
	}
	want := []string{
		"https://intra.example/rum/a/next.html  frame",
		"https://intra.example/rum/a/?side=2 ",
		"https://intra.example/rum/a/Referat%20%C3%A5.docx Hent Referat å",
		"https://files.example/x.pdf X",
		"https://intra.example/slet/1 x acts",
		"https://intra.example/rum/a/area.html ",
		"https://intra.example/rum/a/frame.html  frame",
		"https://intra.example/rum/a/o.pdf  frame",
		"https://intra.example/rum/a/unclosed.html sidste",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if p.Title != "Rum & mere" || !p.NoIndex || p.NoFollow {
		t.Errorf("title %q, %v, %v", p.Title, p.NoIndex, p.NoFollow)
	}
	if text := p.Text(); text != "Rum & mere Referat å Xnonono x Tekst her sidste" {
		t.Errorf("text %q", text)
	}
}

func TestLogonForm(t *testing.T) {
	const in = `<form action="/find"><input name=q></form>
<form method=POST action="/login"><input type=hidden name=__VIEWSTATE value="a&amp;b"><input name=user value=""><input type=password name=pw>
<input type=checkbox name=keep value=1><input type=checkbox name=tos value=1 checked><select name=domain><option value=A><option value=B selected></select>
<button name=go value=login>Log in</button><button name=other value=reset>x</button></form>`
	p, err := Parse(strings.NewReader(in), at(t, "https://h/"))
	if err != nil {
		t.Fatal(err)
	}
	f := p.LogonForm()
	if f == nil || f.Method != "POST" || f.Action != "/login" {
		t.Fatalf("form %+v", f)
	}
	v, err := f.Fill("", "anna", "", "p&w")
	want := url.Values{"__VIEWSTATE": {"a&b"}, "user": {"anna"}, "pw": {"p&w"}, "tos": {"1"}, "domain": {"B"}, "go": {"login"}}
	if d := cmp.Diff(want, v); err != nil || d != "" {
		t.Errorf("%v\n%s", err, d)
	}
	change, _ := Parse(strings.NewReader(`<form method=post><input type=password name=a><input type=password name=b></form>`), at(t, "https://h/"))
	if change.LogonForm() != nil {
		t.Error("a form that sets a new password is taken for a log-in")
	}
	bare, _ := Parse(strings.NewReader(`<form method=post><input type=password name=a></form>`), at(t, "https://h/"))
	if _, err := bare.LogonForm().Fill("", "anna", "", "p"); err == nil {
		t.Error("a form without a field for the name is filled in")
	}
}

func TestCanonical(t *testing.T) {
	for in, want := range map[string]string{
		"HTTPS://Intra.Example:443/a/./b/../c?b=2&a=1#x":                       "https://intra.example/a/c?a=1&b=2",
		"http://h:80/x;jsessionid=AB12?PHPSESSID=1&utm_source=y&id=7":          "http://h/x?id=7",
		"https://h/(S(lit3py55t21z5v55vlm25s55))/x.aspx?ID=1":                  "https://h/x.aspx?ID=1",
		"https://h/list/?C=N;O=D":                                              "https://h/list/",
		"https://h/%C3%85%20b/?q=a%20b":                                        "https://h/%C3%85%20b/?q=a%20b",
		"https://h//a///b":                                                     "https://h/a/b",
		"https://h":                                                            "https://h/",
		"https://h/a%2Fb":                                                      "https://h/a%2Fb",
		"https://h/x?sort=name&page=2":                                         "https://h/x?page=2",
		"https://h/a/b/a/b/a/b/a/b":                                            "",
		"https://h/" + strings.Repeat("x", 3000):                               "",
		"https://h/?" + strings.Repeat("a=1&", 40) + "b=2":                     "https://h/?a=1&b=2",
		"https://h/a?x&x=&y":                                                   "https://h/a?x&x=&y",
		"https://h/vis;sid=9/under?id=1&back=%2Fforside&returnurl=https://h/y": "https://h/vis/under?id=1",
	} {
		c, ok := Canonical(at(t, in))
		if !ok {
			c = &url.URL{}
		}
		if c.String() != want {
			t.Errorf("%s: %q, want %q", in, c, want)
		}
	}
}

func TestAction(t *testing.T) {
	for _, c := range []struct {
		href, text string
		want       bool
	}{
		{"/logout", "", true}, {"/konto/log-ud", "", true}, {"/LogOff.aspx", "", true}, {"/x", "Log ud", true}, {"/x", "Logga ut", true}, {"/x", "Kirjaudu ulos", true}, {"/x", "Afmeld", true},
		{"/doc/5/delete", "", true}, {"/doc?action=delete&id=5", "", true}, {"/doc?do=slet", "", true}, {"/doc?id=5&delete=1", "", true}, {"/DeleteDocument.aspx?id=4", "", true}, {"/edit/5", "", false},
		{"/page/edit", "", true}, {"/page/ta-bort", "", true}, {"/x?handler=Approve", "", true}, {"/x", "Godkend", true}, {"/index.php?title=X&action=edit", "", true}, {"/users/new", "", true},
		{"/wiki?action=view", "", false}, {"/doc/5/download", "", false}, {"/new/", "", true}, {"/nyheder/slettemarker", "Slettemarker i kommunen", false}, {"/dok/Slet.docx", "", false},
		{"/rum/visitation/", "Visitationsudvalg", false}, {"/rum/opret-sag-vejledning.pdf", "Sådan opretter du en sag", false}, {"/?side=2", "næste", false}, {"/hr/ferie", "Ferie", false},
		{"/artikel/vi-slettede-alt", "Vi slettede alt det gamle på serveren i går", false}, {"/download?file=a.docx", "a.docx", false},
	} {
		if got := Action(Link{URL: at(t, "https://h"+c.href), Text: c.text}); got != c.want {
			t.Errorf("%s %q: %v, want %v", c.href, c.text, got, c.want)
		}
	}
}

func TestShape(t *testing.T) {
	for in, want := range map[string]string{
		"https://h/2026/11/25/x9":           "h/#/#/#/x#",
		"https://h/kalender?aar=1&maaned=2": "h/kalender?aar?maaned",
	} {
		if got := Shape(at(t, in)); got != want {
			t.Errorf("%s: %q", in, got)
		}
	}
	if got := FirstPage(at(t, "https://h/rum?id=7&side=3")).String(); got != "https://h/rum?id=7" {
		t.Errorf("first page %q", got)
	}
}

func TestRefuses(t *testing.T) {
	for in, want := range map[string]bool{
		"<h1>Beklager</h1><p>Du har ikke adgang til siden.</p>":                          true,
		"<title>Åtkomst nekad</title><p>x":                                               true,
		"<p>Sivua ei löydy":                                                              true,
		"<p>Referat fra visitationsudvalget":                                             false,
		"<p>Access denied " + strings.Repeat("and much more is said on this page ", 200): false,
	} {
		if got := Refuses([]byte(in), at(t, "https://h/")); got != want {
			t.Errorf("%.40q: %v", in, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(sample), "https://intra.example/a/b?c=d")
	f.Add([]byte(`<form><input type=password name=a><input name=b>`), "http://h")
	f.Fuzz(func(t *testing.T, b []byte, from string) {
		u, err := url.Parse(from)
		if err != nil {
			return
		}
		p, err := Parse(strings.NewReader(string(b)), u)
		if err != nil {
			return
		}
		if len(p.Links) > maxLinks || len(p.Forms) > maxForms || len(p.Text()) > maxText+utfMax*len(b) {
			t.Error("out of bounds")
		}
		for _, l := range p.Links {
			if l.URL.Scheme != "http" && l.URL.Scheme != "https" {
				t.Errorf("link to %q", l.URL)
			}
			Action(l)
			c, ok := Canonical(l.URL)
			if !ok {
				continue
			}
			if again, ok := Canonical(c); !ok || again.String() != c.String() {
				t.Errorf("%q is not canonical: %v", c, again)
			}
			if len(c.String()) > maxAddress {
				t.Errorf("%d bytes of address", len(c.String()))
			}
		}
		if form := p.LogonForm(); form != nil {
			form.Fill("", "u", "", "p")
		}
		Refuses(b, u)
	})
}

const utfMax = 4

func BenchmarkParse(b *testing.B) {
	in := strings.Repeat(`<li><a href="/rum/a/Referat%20001.docx?x=1">Referat 001</a> <p>Noget tekst om rummet.</p></li>`, 1000)
	u, _ := url.Parse("https://h/")
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		p, err := Parse(strings.NewReader(in), u)
		if err != nil || len(p.Links) != 1000 {
			b.Fatal(err, len(p.Links))
		}
	}
}

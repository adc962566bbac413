// Package page reads web pages for a crawler: which addresses they link to,
// which forms they hold, what they say. It fetches nothing and follows nothing.
//
// Address tells one place from another: Canonical writes an address in one way,
// Action tells links that would do something, Shape groups addresses that a
// program makes without end.
//
// Start reading at Parse.
package page

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Bounds of what is kept of one page.
const (
	maxLinks  = 20_000
	maxForms  = 64
	maxFields = 400
	maxText   = 1 << 20
	maxToken  = 1 << 20
)

// Link is one reference of a page.
type Link struct {
	URL *url.URL
	// Text is what the reader sees, cut to 80 bytes.
	Text string
	// Frame tells that the browser shows it without a click.
	Frame bool
	// Acts tells that the page itself says that a script turns the link into
	// something else than a visit.
	Acts bool
}

// Field is one field of a form.
type Field struct{ Name, Type, Value string }

// Form is one form of a page.
type Form struct {
	Action, Method string
	Fields         []Field
}

// Page is what a crawler needs of a page.
type Page struct {
	Title string
	Links []Link
	Forms []Form
	// NoIndex and NoFollow are what the page says to robots.
	NoIndex, NoFollow bool
	text              strings.Builder
	base              *url.URL
}

// Text is what the page says, with single blanks, bounded to 1 MiB.
func (p *Page) Text() string { return strings.TrimSpace(p.text.String()) }

// Hash is the same for pages that say the same, in whatever markup.
func (p *Page) Hash() [16]byte {
	h := sha256.Sum256([]byte(p.Text()))
	return [16]byte(h[:16])
}

// Parse reads a page that came from an address.
func Parse(r io.Reader, from *url.URL) (*Page, error) {
	p := &Page{base: from}
	z := html.NewTokenizer(r)
	z.SetMaxBuf(maxToken)
	s := state{Page: p}
	for {
		switch z.Next() {
		case html.ErrorToken:
			err := z.Err()
			if err == io.EOF || errors.Is(err, html.ErrBufferExceeded) {
				s.endLink()
				s.endForm()
				return p, nil
			}
			return p, err
		case html.TextToken:
			s.say(z.Text())
		case html.StartTagToken, html.SelfClosingTagToken:
			s.start(z)
		case html.EndTagToken:
			name, _ := z.TagName()
			s.end(atom.Lookup(name))
		}
	}
}

// state is a page in the making.
type state struct {
	*Page
	link   *Link
	form   *Form
	title  bool
	silent atom.Atom // script or style: what is in it is not said
	blank  bool
}

func (s *state) say(b []byte) {
	if s.silent != 0 {
		return
	}
	if s.title && len(s.Title) < 200 {
		s.Title += strings.TrimSpace(html.UnescapeString(string(b)))
	}
	t := html.UnescapeString(string(b))
	if s.link != nil && len(s.link.Text) < 80 {
		s.link.Text = strings.TrimSpace(s.link.Text + " " + cut(strings.Join(strings.Fields(t), " "), 80))
	}
	if s.text.Len() > maxText {
		return
	}
	for _, r := range t {
		if unicode.IsSpace(r) {
			s.blank = true
			continue
		}
		if s.blank {
			s.text.WriteByte(' ')
			s.blank = false
		}
		s.text.WriteRune(r)
	}
}

func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}

func attributes(z *html.Tokenizer) map[string]string {
	out := map[string]string{}
	for range 200 {
		k, v, more := z.TagAttr()
		if len(k) > 0 && len(v) < 16<<10 {
			if _, twice := out[string(k)]; !twice { // the first counts, as in browsers
				out[string(k)] = string(v)
			}
		}
		if !more {
			break
		}
	}
	return out
}

func (s *state) start(z *html.Tokenizer) {
	name, has := z.TagName()
	tag := atom.Lookup(name)
	var a map[string]string
	if has {
		a = attributes(z)
	}
	s.blank = s.blank || !inline[tag]
	switch tag {
	case atom.Script, atom.Style, atom.Template:
		s.silent = tag
	case atom.Title:
		s.title = true
	case atom.Base:
		if u, err := s.base.Parse(a["href"]); err == nil && a["href"] != "" && (u.Scheme == "http" || u.Scheme == "https") {
			s.base = u
		}
	case atom.A, atom.Area:
		s.endLink()
		s.add(a["href"], a, false)
		if tag == atom.Area {
			s.endLink()
		}
	case atom.Iframe, atom.Frame, atom.Embed:
		s.add(a["src"], a, true)
		s.endLink()
	case atom.Object:
		s.add(a["data"], a, true)
		s.endLink()
	case atom.Link:
		if rel := strings.ToLower(a["rel"]); rel == "next" || rel == "prev" || rel == "alternate" && strings.Contains(a["type"], "html") {
			s.add(a["href"], a, false)
			s.endLink()
		}
	case atom.Meta:
		s.meta(a)
	default:
		s.field(tag, a)
	}
}

var inline = map[atom.Atom]bool{atom.A: true, atom.B: true, atom.I: true, atom.Em: true, atom.Strong: true, atom.Span: true, atom.U: true, atom.Mark: true, atom.Small: true, atom.Wbr: true}

func (s *state) meta(a map[string]string) {
	content := strings.ToLower(a["content"])
	if strings.EqualFold(a["name"], "robots") {
		s.NoIndex = s.NoIndex || strings.Contains(content, "noindex")
		s.NoFollow = s.NoFollow || strings.Contains(content, "nofollow")
	}
	if strings.EqualFold(a["http-equiv"], "refresh") {
		if i := strings.Index(content, "url="); i >= 0 {
			s.add(strings.Trim(a["content"][i+4:], `'" `), a, true)
			s.endLink()
		}
	}
}

func (s *state) add(ref string, a map[string]string, frame bool) {
	ref = strings.TrimSpace(ref)
	if ref == "" || ref[0] == '#' || len(s.Links) >= maxLinks {
		return
	}
	u, err := s.base.Parse(ref)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return
	}
	_, method := a["data-method"]
	_, confirm := a["data-confirm"]
	s.link = &Link{URL: u, Frame: frame, Acts: method && !strings.EqualFold(a["data-method"], "get") || confirm}
	if t := a["title"]; t != "" && a["download"] == "" {
		s.link.Text = cut(t, 40)
	}
}

func (s *state) endLink() {
	if s.link != nil {
		s.Links = append(s.Links, *s.link)
		s.link = nil
	}
}

func (s *state) field(tag atom.Atom, a map[string]string) {
	switch tag {
	case atom.Form:
		s.endForm()
		s.form = &Form{Action: strings.TrimSpace(a["action"]), Method: strings.ToUpper(strings.TrimSpace(a["method"]))}
		if s.form.Method == "" {
			s.form.Method = http.MethodGet
		}
	case atom.Input:
		f := Field{a["name"], strings.ToLower(a["type"]), a["value"]}
		if f.Type == "" {
			f.Type = "text"
		}
		if _, on := a["checked"]; (f.Type == "checkbox" || f.Type == "radio") && !on {
			return
		}
		s.keep(f)
	case atom.Button:
		if t := strings.ToLower(a["type"]); t == "" || t == "submit" {
			s.keep(Field{a["name"], "submit", a["value"]})
		}
	case atom.Textarea:
		s.keep(Field{a["name"], "textarea", ""})
	case atom.Select:
		s.keep(Field{a["name"], "select", ""})
	case atom.Option:
		if _, on := a["selected"]; on && s.form != nil && len(s.form.Fields) > 0 {
			if last := &s.form.Fields[len(s.form.Fields)-1]; last.Type == "select" {
				last.Value = a["value"]
			}
		}
	}
}

func (s *state) keep(f Field) {
	if s.form != nil && len(s.form.Fields) < maxFields {
		s.form.Fields = append(s.form.Fields, f)
	}
}

func (s *state) endForm() {
	if s.form != nil && len(s.Forms) < maxForms {
		s.Forms = append(s.Forms, *s.form)
	}
	s.form = nil
}

func (s *state) end(tag atom.Atom) {
	s.blank = s.blank || !inline[tag]
	switch tag {
	case s.silent:
		s.silent = 0
	case atom.Title:
		s.title = false
	case atom.A:
		s.endLink()
	case atom.Form:
		s.endForm()
	}
}

// LogonForm returns the form by which the page wants a log-in: the first with
// one password to fill in. One that asks for it twice sets a new one.
func (p *Page) LogonForm() *Form {
	for i := range p.Forms {
		n := 0
		for _, f := range p.Forms[i].Fields {
			if f.Type == "password" {
				n++
			}
		}
		if n == 1 {
			return &p.Forms[i]
		}
	}
	return nil
}

// Fill fills in a log-in form: hidden fields stay as they are, user and
// password go where they belong. An empty name of a field means the last text
// field before the password, and the password field itself.
func (f *Form) Fill(userField, user, passwordField, password string) (url.Values, error) {
	v := url.Values{}
	before, submitted := "", false
	for _, x := range f.Fields {
		switch x.Type {
		case "text", "email", "tel":
			if passwordField == "" {
				before = x.Name
			}
			v.Set(x.Name, x.Value)
		case "password":
			if passwordField == "" {
				passwordField = x.Name
			}
		case "submit":
			if !submitted && x.Name != "" {
				v.Set(x.Name, x.Value)
			}
			submitted = true
		case "button", "reset", "image", "file":
		default:
			if x.Name != "" {
				v.Add(x.Name, x.Value)
			}
		}
	}
	if userField == "" {
		userField = before
	}
	if userField == "" || passwordField == "" {
		return nil, fmt.Errorf("the log-in form has no field for the user's name: set web.form.user_field")
	}
	v.Set(userField, user)
	v.Set(passwordField, password)
	delete(v, "")
	return v, nil
}

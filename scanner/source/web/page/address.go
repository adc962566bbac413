package page

import (
	"cmp"
	"net/url"
	"path"
	"slices"
	"strings"
	"unicode"
)

// Bounds of an address that a person may have made.
const (
	maxAddress  = 2048
	maxSegments = 30
	maxRepeats  = 4
)

// Pair is one parameter of an address.
type Pair struct {
	Key, Value string // as they stand, escaped
	equals     bool
}

// Query splits the parameters of an address at & and ;.
func Query(raw string) []Pair {
	var out []Pair
	for p := range strings.FieldsFuncSeq(raw, func(r rune) bool { return r == '&' || r == ';' }) {
		k, v, eq := strings.Cut(p, "=")
		out = append(out, Pair{k, v, eq})
		if len(out) == 64 {
			break
		}
	}
	return out
}

// visits are parameters that name a visit, not a place.
var visits = map[string]bool{
	"jsessionid": true, "phpsessid": true, "sid": true, "sessionid": true, "session_id": true, "aspsessionid": true, "cfid": true, "cftoken": true,
	"utm_source": true, "utm_medium": true, "utm_campaign": true, "utm_term": true, "utm_content": true, "fbclid": true, "gclid": true,
	"_": true, "returnurl": true, "return_url": true, "backurl": true, "back": true, "referer": true, "referrer": true, "source": true,
}

// orders are parameters that put the same list in another order or form.
var orders = map[string]bool{
	"sort": true, "sortby": true, "sortdir": true, "sortfield": true, "order": true, "orderby": true, "dir": true, "direction": true,
	"view": true, "layout": true, "print": true, "theme": true, "lang": true, "fontsize": true,
}

// pages are parameters that leaf through a list.
var pages = map[string]bool{"page": true, "p": true, "start": true, "offset": true, "from": true, "side": true, "sida": true, "sivu": true, "pagenumber": true, "p_prevlink": true, "paged": true}

// Canonical writes an address in one way: without a visit's id, a sort order
// or a fragment, parameters by name. ok is false for an address that no person
// made: endless, or one that repeats itself.
func Canonical(u *url.URL) (c *url.URL, ok bool) {
	c = &url.URL{Scheme: strings.ToLower(u.Scheme), Host: strings.ToLower(u.Host)}
	if p := u.Port(); p == "443" && c.Scheme == "https" || p == "80" && c.Scheme == "http" {
		c.Host = strings.TrimSuffix(c.Host, ":"+p)
	}
	raw := strings.TrimPrefix(u.EscapedPath(), "/")
	segments := strings.Split(raw, "/")
	count := map[string]int{}
	kept := segments[:0:0]
	for i, s := range segments {
		if at := strings.IndexByte(s, ';'); at >= 0 {
			if k, _, _ := strings.Cut(s[at+1:], "="); visits[strings.ToLower(k)] {
				s = s[:at]
			}
		}
		if strings.HasPrefix(s, "(S(") && strings.HasSuffix(s, "))") { // ASP.NET without cookies
			continue
		}
		if s == "" && i < len(segments)-1 {
			continue
		}
		if count[s]++; s != "" && count[s] >= maxRepeats {
			return nil, false
		}
		kept = append(kept, s)
	}
	if len(kept) > maxSegments {
		return nil, false
	}
	dirty := "/" + strings.Join(kept, "/")
	clean := path.Clean(dirty)
	if strings.HasSuffix(dirty, "/") && clean != "/" {
		clean += "/"
	}
	var err error
	if c.Path, err = url.PathUnescape(clean); err != nil {
		return nil, false
	}
	c.RawPath = clean
	c.RawQuery = canonicalQuery(u.RawQuery)
	if len(c.String()) > maxAddress || strings.ContainsFunc(c.Path, unicode.IsControl) {
		return nil, false
	}
	return c, true
}

func canonicalQuery(raw string) string {
	ps := slices.DeleteFunc(Query(raw), func(p Pair) bool {
		k := strings.ToLower(p.Key)
		return visits[k] || orders[k] || (k == "c" || k == "o") && len(p.Value) == 1 // C=N;O=D of Apache's listings
	})
	slices.SortStableFunc(ps, func(a, b Pair) int { return cmp.Compare(a.Key, b.Key) })
	ps = slices.Compact(ps)
	return joinQuery(ps)
}

func joinQuery(ps []Pair) string {
	var b strings.Builder
	for i, p := range ps {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(p.Key)
		if p.equals {
			b.WriteString("=" + p.Value)
		}
	}
	return b.String()
}

// FirstPage is the address of a list without the parameters that leaf through
// it.
func FirstPage(u *url.URL) *url.URL {
	c := *u
	c.RawQuery = joinQuery(slices.DeleteFunc(Query(u.RawQuery), func(p Pair) bool { return pages[strings.ToLower(p.Key)] }))
	return &c
}

// Shape is the address with every number and every value of a parameter left
// open: the days of a calendar have one shape, and so have the cases of a list.
func Shape(u *url.URL) string {
	var b strings.Builder
	b.WriteString(u.Host)
	digits := false
	for _, r := range u.Path {
		if unicode.IsDigit(r) {
			if !digits {
				b.WriteByte('#')
			}
			digits = true
			continue
		}
		digits = false
		b.WriteRune(r)
	}
	for _, p := range Query(u.RawQuery) {
		b.WriteString("?" + p.Key)
	}
	return b.String()
}

// acting are words that stand for doing something, in the languages of Nordic
// portals. They count as whole words of an address, or of a link's text.
var acting = wordSet("logout logoff signout signoff loggaut loggud logud loggut afmeld utloggning kirjauduulos uloskirjaudu uloskirjautuminen " +
	"delete remove destroy trash purge edit update create new add upload checkout checkin publish unpublish approve reject subscribe unsubscribe " +
	"slet rediger opret tilføj fjern godkend afvis frameld tilmeld gem " +
	"radera tabort redigera ändra andra skapa nytt läggtill godkänn avslå spara prenumerera avsluta " +
	"slett endre opprett leggtil godkjenn avvis lagre meldav meldpå " +
	"poista muokkaa luo uusi lisää hyväksy hylkää tallenna peruuta " +
	"lock unlock like vote move rename copy restore reset impersonate switchuser startworkflow workflow")

// mild are acting words that also name ordinary places; in a path they count
// only where they are the whole last part.
var mild = wordSet("new add create update edit like copy move nytt uusi luo lock reset andra gem workflow publish subscribe restore remove approve vote")

func wordSet(s string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(s) {
		m[w] = true
	}
	return m
}

// commands are parameters whose value is something to do.
var commands = map[string]bool{"action": true, "do": true, "cmd": true, "command": true, "op": true, "task": true, "event": true, "__eventtarget": true, "method": true, "handler": true, "func": true, "function": true, "mode": true, "a": true}

// harmless are values of such parameters that only show.
var harmless = map[string]bool{"view": true, "show": true, "list": true, "read": true, "download": true, "get": true, "open": true, "browse": true, "search": true, "default": true, "index": true, "details": true, "vis": true, "visa": true, "print": true, "display": true, "raw": true, "": true}

// Action reports whether following the link would do something, such as log
// out or delete. In doubt it says yes where a name says so: what is left out
// is a page, what is done cannot be undone.
func Action(l Link) bool {
	if l.Acts {
		return true
	}
	for _, w := range words(l.Text) {
		if acting[w] && !mild[w] && len(l.Text) < 30 {
			return true
		}
	}
	if joined := strings.Join(words(l.Text), ""); acting[joined] && !mild[joined] {
		return true
	}
	for _, p := range Query(l.URL.RawQuery) {
		k, _ := url.QueryUnescape(p.Key)
		v, _ := url.QueryUnescape(p.Value)
		k = strings.ToLower(k)
		if acts(k, true) || commands[k] && !harmless[strings.ToLower(v)] && (acts(v, true) || actsSomewhere(v)) || actsAlone(v) {
			return true
		}
	}
	last := path.Base(l.URL.Path)
	if ext := path.Ext(last); documents[strings.ToLower(ext)] {
		return false
	}
	last = strings.TrimSuffix(last, path.Ext(last))
	if acting[strings.ToLower(last)] {
		return true
	}
	for s := range strings.SplitSeq(strings.ToLower(l.URL.Path), "/") {
		if acts(strings.TrimSuffix(s, path.Ext(s)), false) {
			return true
		}
	}
	return actsSomewhere(last)
}

// acts reports whether a word, as a whole or with its joints taken out, stands
// for doing something.
func acts(s string, mildToo bool) bool {
	j := strings.Join(words(s), "")
	return acting[j] && (mildToo || !mild[j])
}

func actsAlone(v string) bool { return acts(v, false) && len(v) < 24 }

// actsSomewhere looks at the words of a name: DeleteDocument, log-out.
func actsSomewhere(s string) bool {
	ws := words(s)
	for i, w := range ws {
		if acting[w] && !mild[w] || i+1 < len(ws) && acting[w+ws[i+1]] {
			return true
		}
	}
	return false
}

// words splits a name at everything that is no letter and where a capital
// follows a small letter.
func words(s string) []string {
	var out []string
	var b strings.Builder
	flush := func() {
		if b.Len() > 0 {
			out = append(out, strings.ToLower(b.String()))
			b.Reset()
		}
	}
	small := false
	for _, r := range s {
		switch {
		case !unicode.IsLetter(r):
			flush()
			small = false
			continue
		case unicode.IsUpper(r) && small:
			flush()
		}
		small = unicode.IsLower(r)
		b.WriteRune(r)
	}
	flush()
	return out
}

// documents are endings that no program of a portal has.
var documents = map[string]bool{".pdf": true, ".doc": true, ".docx": true, ".docm": true, ".dotx": true, ".xls": true, ".xlsx": true, ".xlsm": true, ".csv": true, ".ppt": true, ".pptx": true,
	".odt": true, ".ods": true, ".odp": true, ".rtf": true, ".txt": true, ".msg": true, ".eml": true, ".zip": true, ".7z": true, ".tif": true, ".tiff": true, ".jpg": true, ".jpeg": true, ".png": true}

// assets are endings of what a page is made of; nobody's case lies in them.
var assets = map[string]bool{".css": true, ".js": true, ".mjs": true, ".map": true, ".woff": true, ".woff2": true, ".ttf": true, ".eot": true, ".ico": true, ".svg": true,
	".mp4": true, ".mp3": true, ".webm": true, ".avi": true, ".mov": true, ".wav": true, ".exe": true, ".msi": true, ".dmg": true, ".iso": true}

// Asset reports whether the address is of a part of pages, film or program.
func Asset(u *url.URL) bool { return assets[strings.ToLower(path.Ext(u.Path))] }

package webtest

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"html"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// User is an account of the portal.
type User struct {
	Password string
	Groups   []string
}

// Denial is how the portal says no.
type Denial int

// Ways to say no that real portals have.
const (
	Forbidden Denial = iota // 403
	NotFound                // 404
	Polite                  // 200 and a page that says so
	ToLogin                 // back to the log-in page
)

// Room is a workroom: a page that lists documents.
type Room struct {
	// Path is "/rum/visitation"; the page is there, with a slash at the end.
	Path, Title string
	// Groups may enter; "*" is every account, "" is everybody.
	Groups []string
	Docs   map[string][]byte
	// Flat gives the documents addresses without a folder: /hent?dok=…
	Flat   bool
	Denial Denial
}

// Portal is a small intranet: a log-in form with a token against forgery,
// workrooms, a search, news, a calendar without end, and links that change
// something. It notes every request that is more than reading.
type Portal struct {
	URL string

	server   *httptest.Server
	mu       sync.Mutex
	users    map[string]User
	rooms    []*Room
	sessions map[string]string // cookie to user
	tokens   map[string]bool
	// Acts are requests that changed something or would have.
	acts    []string
	methods map[string]int
	hits    map[string]int
	logins  int
}

// NewPortal starts a portal; it stops at the end of the test.
func NewPortal(t testing.TB, users map[string]User, rooms ...*Room) *Portal {
	p := &Portal{users: users, rooms: rooms, sessions: map[string]string{}, tokens: map[string]bool{}, methods: map[string]int{}, hits: map[string]int{}}
	p.server = httptest.NewServer(p)
	t.Cleanup(p.server.Close)
	p.URL = p.server.URL
	return p
}

// Stop ends the portal before the end of the test.
func (p *Portal) Stop() { p.server.Close() }

// Let says who may enter a room from now on.
func (p *Portal) Let(room string, groups ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.rooms {
		if r.Path == room {
			r.Groups = groups
		}
	}
}

// Acts returns the requests that were more than reading.
func (p *Portal) Acts() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.acts)
}

// Logins counts the log-in forms that were sent, Hits the requests below a path.
func (p *Portal) Logins() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.logins
}

// Hits counts the requests to addresses that begin with a path.
func (p *Portal) Hits(prefix string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for k, v := range p.hits {
		if strings.HasPrefix(k, prefix) {
			n += v
		}
	}
	return n
}

// Methods counts the requests by method.
func (p *Portal) Methods() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.methods)
}

// EndSessions logs everybody out, as a portal does over night.
func (p *Portal) EndSessions() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.sessions)
}

// Cookie logs a user in and returns the session's cookie, as a browser has it.
func (p *Portal) Cookie(user string) *http.Cookie {
	p.mu.Lock()
	defer p.mu.Unlock()
	id := random()
	p.sessions[id] = user
	return &http.Cookie{Name: "portalsession", Value: id}
}

func random() string {
	b := make([]byte, 12)
	rand.Read(b)
	return fmt.Sprintf("%x", b)
}

// ServeHTTP implements http.Handler.
func (p *Portal) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.methods[r.Method]++
	p.hits[r.URL.Path]++
	user := ""
	if c, err := r.Cookie("portalsession"); err == nil {
		user = p.sessions[c.Value]
	}
	p.mu.Unlock()
	switch {
	case r.URL.Path == "/login":
		p.login(w, r)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		if r.Method != "PROPFIND" && r.Method != http.MethodOptions {
			p.act(r)
		}
		http.Error(w, "not here", http.StatusMethodNotAllowed)
	case r.URL.Path == "/logud", strings.Contains(r.URL.Path, "/slet"), r.URL.Query().Get("action") == "delete", strings.HasSuffix(r.URL.Path, "/rediger"):
		p.act(r)
		http.Redirect(w, r, "/", http.StatusFound)
	case r.URL.Path == "/presse":
		p.page(w, user, "Presse", "<p>Pressemeddelelser om kommunens arbejde med nye cykelstier i byen.</p>")
	case user == "" && !p.mayEnter("", r.URL):
		http.Redirect(w, r, "/login?next="+url.QueryEscape(r.URL.RequestURI()), http.StatusFound)
	default:
		p.inside(w, r, user)
	}
}

func (p *Portal) act(r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.acts = append(p.acts, r.Method+" "+r.URL.RequestURI())
}

const loginForm = `<h1>Log ind</h1><form method="post" action="/login"><input type="hidden" name="csrf" value="%s">
<input type="hidden" name="next" value="%s"><label>Bruger <input name="bruger"></label><label>Adgangskode <input type="password" name="kode"></label>
<input type="checkbox" name="husk" value="ja"><button type="submit" name="ok" value="1">Log ind</button></form>`

func (p *Portal) login(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		r.ParseForm()
		p.mu.Lock()
		p.logins++
		ok := p.tokens[r.PostForm.Get("csrf")] && p.users[r.PostForm.Get("bruger")].Password == r.PostForm.Get("kode") && r.PostForm.Get("kode") != ""
		delete(p.tokens, r.PostForm.Get("csrf"))
		id := random()
		if ok {
			p.sessions[id] = r.PostForm.Get("bruger")
		}
		p.mu.Unlock()
		if ok {
			http.SetCookie(w, &http.Cookie{Name: "portalsession", Value: id, Path: "/", HttpOnly: true})
			next := r.PostForm.Get("next")
			if !strings.HasPrefix(next, "/") {
				next = "/"
			}
			http.Redirect(w, r, next, http.StatusSeeOther)
			return
		}
	}
	token := random()
	p.mu.Lock()
	p.tokens[token] = true
	p.mu.Unlock()
	p.page(w, "", "Log ind", fmt.Sprintf(loginForm, token, html.EscapeString(r.URL.Query().Get("next"))))
}

// page writes a page with the portal's frame, in which the time, the user and
// a token differ from view to view.
func (p *Portal) page(w http.ResponseWriter, user, title, body string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	frame := ""
	if user != "" {
		frame = fmt.Sprintf(`<p>Logget ind som %s kl. %s</p><nav><a href="/">Forside</a> <a href="/nyheder/">Nyheder</a> <a href="/kalender?aar=2026&amp;maaned=11">Kalender</a>
<a href="/min-side">Min side</a> <a href="/vandring?n=1">Vandring</a> <a href="/logud">Log ud</a> <a href="/rum/slet?alle=1">Ryd op</a> <a href="/?action=delete&amp;id=1">Fjern</a>
<a href="/rediger">Ret</a> <a href="https://example.org/">Ude</a></nav>`, html.EscapeString(user), time.Now().Format("15:04:05.000000"))
	}
	fmt.Fprintf(w, `<!doctype html><html><head><title>%s</title><meta name="csrf" content="%s"></head><body>%s<main><h1>%s</h1>%s</main></body></html>`,
		html.EscapeString(title), random(), frame, html.EscapeString(title), body)
}

// mayEnter reports whether a user may see what an address leads to.
func (p *Portal) mayEnter(user string, u *url.URL) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	r, _ := p.find(u)
	return r != nil && p.lets(r, user)
}

func (p *Portal) lets(r *Room, user string) bool {
	for _, g := range r.Groups {
		if g == "" || g == "*" && user != "" || slices.Contains(p.users[user].Groups, g) {
			return true
		}
	}
	return false
}

// find returns the room and the document that an address leads to.
func (p *Portal) find(u *url.URL) (*Room, string) {
	for _, r := range p.rooms {
		if rest, ok := strings.CutPrefix(u.Path, r.Path); ok && (rest == "" || rest[0] == '/') {
			return r, strings.TrimPrefix(rest, "/")
		}
		if u.Path == "/hent" {
			if _, ok := r.Docs[u.Query().Get("dok")]; ok {
				return r, u.Query().Get("dok")
			}
		}
	}
	return nil, ""
}

func (p *Portal) inside(w http.ResponseWriter, r *http.Request, user string) {
	p.mu.Lock()
	room, doc := p.find(r.URL)
	allowed := room != nil && p.lets(room, user)
	rooms := slices.Clone(p.rooms)
	p.mu.Unlock()
	q := r.URL.Query()
	switch {
	case room != nil && !allowed:
		p.deny(w, r, user, room.Denial)
	case room != nil && doc == "":
		p.room(w, r, user, room)
	case room != nil:
		b, ok := room.Docs[doc]
		if !ok {
			http.NotFound(w, r)
			return
		}
		h := sha256.Sum256(b)
		w.Header().Set("ETag", fmt.Sprintf(`"%x"`, h[:8]))
		http.ServeContent(w, r, doc, time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC), strings.NewReader(string(b)))
	case r.URL.Path == "/":
		body := "<ul>"
		for _, x := range rooms {
			body += fmt.Sprintf(`<li><a href="%s/">%s</a></li>`, x.Path, html.EscapeString(x.Title))
		}
		p.page(w, user, "Intranet", body+`</ul><form action="/soeg"><input name="q"></form>`)
	case r.URL.Path == "/nyheder/":
		body := ""
		for i := range 3 {
			body += fmt.Sprintf(`<a href="/nyheder/%d?utm_source=forside">Nyhed %d</a> <a href="/nyheder/%d;jsessionid=%s">igen</a>`, i, i, i, random())
		}
		p.page(w, user, "Nyheder", body)
	case strings.HasPrefix(r.URL.Path, "/nyheder/"):
		p.page(w, user, "Nyhed", "<p>Kantinen åbner igen efter ferien, nummer "+html.EscapeString(path.Base(r.URL.Path))+".</p>")
	case r.URL.Path == "/kalender":
		year, _ := strconv.Atoi(q.Get("aar"))
		month, _ := strconv.Atoi(q.Get("maaned"))
		next, last := year*12+month, year*12+month-2
		p.page(w, user, "Kalender", fmt.Sprintf(`<a href="/kalender?aar=%d&amp;maaned=%d">frem</a> <a href="/kalender?maaned=%d&amp;aar=%d">tilbage</a> måned %d i %d`,
			next/12, next%12+1, last%12+1, last/12, month, year))
	case r.URL.Path == "/vandring":
		n, _ := strconv.Atoi(q.Get("n"))
		p.page(w, user, "Vandring", fmt.Sprintf(`<a href="/vandring?n=%d">videre</a> <a href="/vandring?n=1&amp;x=%s">om</a>`, n+1, random()))
	case r.URL.Path == "/min-side":
		p.page(w, user, "Min side", "<p>Ferie til gode for "+html.EscapeString(user)+"</p>")
	case r.URL.Path == "/soeg":
		p.search(w, r, user)
	default:
		http.NotFound(w, r)
	}
}

func (p *Portal) deny(w http.ResponseWriter, r *http.Request, user string, how Denial) {
	switch how {
	case NotFound:
		w.WriteHeader(http.StatusNotFound)
		p.page(w, user, "Ikke fundet", "<p>Siden findes ikke.</p>")
	case Polite:
		p.page(w, user, "Beklager", "<p>Du har ikke adgang til dette rum. Kontakt rummets ejer.</p>")
	case ToLogin:
		http.Redirect(w, r, "/login?next="+url.QueryEscape(r.URL.RequestURI()), http.StatusFound)
	default:
		http.Error(w, "Forbudt", http.StatusForbidden)
	}
}

// perPage is how many documents a page of a room lists.
const perPage = 50

func (p *Portal) room(w http.ResponseWriter, r *http.Request, user string, room *Room) {
	names := slices.Sorted(maps.Keys(room.Docs))
	page := 0
	if n, err := strconv.Atoi(r.URL.Query().Get("side")); err == nil {
		page = max(n-1, 0)
	}
	from := min(page*perPage, len(names))
	to := min(from+perPage, len(names))
	body := fmt.Sprintf(`<p>%d dokumenter</p><ul>`, len(names))
	for _, n := range names[from:to] {
		a := room.Path + "/" + url.PathEscape(n)
		if room.Flat {
			a = "/hent?dok=" + url.QueryEscape(n)
		}
		body += fmt.Sprintf(`<li><a href="%s">%s</a> <a href="%s/slet?dok=%s">slet</a></li>`, a, html.EscapeString(n), room.Path, url.QueryEscape(n))
	}
	body += "</ul>"
	if to < len(names) {
		body += fmt.Sprintf(`<a href="%s/?side=%d">næste</a>`, room.Path, page+2)
	}
	p.page(w, user, room.Title, body)
}

// search finds documents by their names, for whoever may read them.
func (p *Portal) search(w http.ResponseWriter, r *http.Request, user string) {
	q := strings.ToLower(r.URL.Query().Get("q"))
	p.mu.Lock()
	body := ""
	for _, x := range p.rooms {
		for _, n := range slices.Sorted(maps.Keys(x.Docs)) {
			if p.lets(x, user) && strings.Contains(strings.ToLower(n), q) {
				body += fmt.Sprintf(`<a href="%s/%s">%s</a> `, x.Path, url.PathEscape(n), html.EscapeString(n))
			}
		}
	}
	p.mu.Unlock()
	p.page(w, user, "Søgning", body)
}

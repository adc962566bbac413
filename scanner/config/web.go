package config

import (
	"cmp"
	"fmt"
	"net"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// Web says how a portal, a target at https://, is read and looked at.
type Web struct {
	Kind       string   `yaml:"kind,omitempty" json:"kind,omitempty" jsonschema:"enum=webdav,enum=site,description=WebDAV folders or a site of linked pages; default what the server answers."`
	Logon      string   `yaml:"logon,omitempty" json:"logon,omitempty" jsonschema:"enum=anonymous,enum=basic,enum=ntlm,enum=kerberos,enum=form,enum=cookies,description=How the account logs on; default what the portal asks for."`
	Form       WebForm  `yaml:"form,omitempty" json:"form,omitempty"`
	CookieFile string   `yaml:"cookie_file,omitempty" json:"cookie_file,omitempty" jsonschema:"description=Cookies of a session that was opened in a browser (the format of Netscape and curl)."`
	CAFile     string   `yaml:"ca_file,omitempty" json:"ca_file,omitempty" jsonschema:"description=PEM file of the authority that signed the portal's certificate; default the system's."`
	Plain      bool     `yaml:"plain,omitempty" json:"plain,omitempty" jsonschema:"description=Let passwords go over http without TLS."`
	Scope      WebScope `yaml:"scope,omitempty" json:"scope,omitempty"`
	Probes     []Probe  `yaml:"probes,omitempty" json:"probes,omitempty" jsonschema:"description=Accounts that each stand for an audience. The first should stand for all staff."`
	Anonymous  *bool    `yaml:"anonymous,omitempty" json:"anonymous,omitempty" jsonschema:"description=Look without log-in as well; default true."`
	// Home is the address of the portal where the target is a document in it.
	Home   string    `yaml:"-" json:"-"`
	Search []WebFind `yaml:"search,omitempty" json:"search,omitempty" jsonschema:"description=Search pages of the portal, asked as the probes; what they list joins the crawl."`
}

// WebForm says where a log-in form is and what its fields are called. What is
// left out is found out.
type WebForm struct {
	URL           string `yaml:"url,omitempty" json:"url,omitempty" jsonschema:"description=The address of the form; default where the portal sends to."`
	UserField     string `yaml:"user_field,omitempty" json:"user_field,omitempty"`
	PasswordField string `yaml:"password_field,omitempty" json:"password_field,omitempty"`
	SignedIn      string `yaml:"signed_in,omitempty" json:"signed_in,omitempty" jsonschema:"description=A text that only who is logged in sees, such as Log out."`
}

// WebScope bounds the crawl of a site.
type WebScope struct {
	Hosts   []string `yaml:"hosts,omitempty" json:"hosts,omitempty" jsonschema:"description=Further hosts that belong to the site."`
	Paths   []string `yaml:"paths,omitempty" json:"paths,omitempty" jsonschema:"description=Beginnings of paths that belong to the site; default the folder of the address."`
	Exclude []string `yaml:"exclude,omitempty" json:"exclude,omitempty" jsonschema:"description=Globs of paths that are not visited, such as /calendar/**."`
	Depth   int      `yaml:"depth,omitempty" json:"depth,omitempty" jsonschema:"minimum=0,description=How many links away from the start; default 20."`
	Pages   int      `yaml:"pages,omitempty" json:"pages,omitempty" jsonschema:"minimum=0,description=How many addresses are fetched; default 100000."`
	Robots  bool     `yaml:"robots,omitempty" json:"robots,omitempty" jsonschema:"description=Obey robots.txt; not needed on a site of one's own."`
}

// Probe is an account that stands for an audience.
type Probe struct {
	Name        string      `yaml:"name" json:"name" jsonschema:"required,description=The audience, such as All staff."`
	People      int         `yaml:"people" json:"people" jsonschema:"required,minimum=1,description=How many they are."`
	Credentials Credentials `yaml:"credentials,omitempty" json:"credentials,omitempty"`
	Logon       string      `yaml:"logon,omitempty" json:"logon,omitempty" jsonschema:"enum=basic,enum=ntlm,enum=kerberos,enum=form,enum=cookies"`
	Form        WebForm     `yaml:"form,omitempty" json:"form,omitempty"`
	CookieFile  string      `yaml:"cookie_file,omitempty" json:"cookie_file,omitempty"`
	Check       string      `yaml:"check,omitempty" json:"check,omitempty" jsonschema:"description=A page that this audience can read, to prove that the account works; default the start page."`
}

// WebFind is a search page.
type WebFind struct {
	URL   string   `yaml:"url" json:"url" jsonschema:"required,description=The address of the results with {term} where the term belongs."`
	Terms []string `yaml:"terms,omitempty" json:"terms,omitempty" jsonschema:"description=What to ask for; default words that stand in cases."`
}

// empty reports whether nothing is set.
func (w Web) empty() bool {
	return w.Kind == "" && w.Logon == "" && w.Form == (WebForm{}) && w.CookieFile == "" && w.CAFile == "" && !w.Plain &&
		len(w.Scope.Hosts)+len(w.Scope.Paths)+len(w.Scope.Exclude)+w.Scope.Depth+w.Scope.Pages == 0 && !w.Scope.Robots &&
		len(w.Probes) == 0 && w.Anonymous == nil && len(w.Search) == 0
}

// webSchemes are what people write for a portal: the scheme and whether it must
// be WebDAV. Davs and webdavs are those of file managers.
var webSchemes = map[string]struct {
	scheme string
	dav    bool
}{
	"https": {"https", false}, "http": {"http", false},
	"davs": {"https", true}, "webdavs": {"https", true}, "dav+https": {"https", true},
	"dav": {"http", true}, "webdav": {"http", true}, "dav+http": {"http", true},
}

// Web reports whether the place is a portal.
func (p Place) Web() bool { return p.Scheme == "https" || p.Scheme == "http" }

// parseWeb reads the address of a portal.
func parseWeb(s, scheme string) (Place, error) {
	kind := webSchemes[scheme]
	_, rest, _ := strings.Cut(s, "://")
	u, err := url.Parse(kind.scheme + "://" + rest)
	if err != nil {
		// The error would repeat the address with what may be a password.
		return Place{}, &TargetError{What: "a target at " + scheme + ":// is not a valid address", Hint: "write https://intranet.kommun.example/"}
	}
	p := Place{Scheme: kind.scheme, Host: u.Hostname(), WebDAV: kind.dav}
	if _, secret := u.User.Password(); secret {
		return Place{}, &TargetError{
			What: fmt.Sprintf("target %s://…@%s: a password does not belong in the target", scheme, u.Host),
			Hint: "set AKTVAKT_WEB_PASSWORD_FILE, or password_file in the configuration",
		}
	}
	p.Port = map[string]int{"https": 443, "http": 80}[kind.scheme]
	if u.Port() != "" {
		n, err := strconv.Atoi(u.Port())
		if err != nil || n < 1 || n > 65535 {
			return Place{}, &TargetError{What: fmt.Sprintf("target %q: port %q is not a number from 1 to 65535", s, u.Port())}
		}
		p.Port = n
	}
	if p.Host == "" {
		return Place{}, &TargetError{What: fmt.Sprintf("target %q: no host", s), Hint: "write https://intranet.kommun.example/"}
	}
	p.Path, p.User = u.Path, u.User.Username()
	u.User, u.Fragment = nil, ""
	p.URL = u.String()
	return p, nil
}

// portal checks what only portals have.
func (k *checker) portal(at, who string, p Place, t Target) {
	w := t.Web
	if !p.Web() {
		if !w.empty() {
			k.fault(at+".web", "remove it, or write the target as https://", "%s: web is for portals alone", who)
		}
		return
	}
	if p.WebDAV && w.Kind == "site" {
		k.fault(at+".web.kind", "write the target as https://", "%s: a target at dav:// or davs:// is no site", who)
	}
	if t.Limits.Sessions != 0 {
		k.fault(at+".limits.sessions", "use in_flight", "%s: sessions are those of file servers", who)
	}
	k.oneOf(at+".web.kind", w.Kind, []string{"webdav", "site"})
	k.logonKind(at+".web", who, w.Logon, w.Form, w.CookieFile, t.Credentials, true)
	k.files(map[string]string{at + ".web.ca_file": w.CAFile})
	for i, g := range w.Scope.Exclude {
		if !doublestar.ValidatePattern(g) {
			k.fault(fmt.Sprintf("%s.web.scope.exclude.%d", at, i), "", "%s: scope.exclude %q is not a valid glob", who, g)
		}
	}
	for i, h := range w.Scope.Hosts {
		if strings.ContainsAny(h, "/@ ") {
			k.fault(fmt.Sprintf("%s.web.scope.hosts.%d", at, i), "write the name alone: files.kommun.example", "%s: scope.hosts: %q is not a host", who, h)
		}
	}
	k.notNegative(at+".web.scope.depth", w.Scope.Depth)
	k.notNegative(at+".web.scope.pages", w.Scope.Pages)
	for i, s := range w.Search {
		if !strings.Contains(s.URL, "{term}") {
			k.fault(fmt.Sprintf("%s.web.search.%d", at, i), "write /search?q={term}", "%s: the address of a search page needs {term}", who)
		}
	}
	names := map[string]bool{"anonymous": true}
	for i, x := range w.Probes {
		k.probe(fmt.Sprintf("%s.web.probes.%d", at, i), who, x, cmp.Or(t.Staff, k.staff), names)
	}
}

func (k *checker) probe(at, who string, x Probe, staff int, names map[string]bool) {
	switch {
	case strings.TrimSpace(x.Name) == "":
		k.fault(at, "name the audience: All staff", "%s: a probe needs a name", who)
	case names[strings.ToLower(x.Name)]:
		k.fault(at, "", "%s: two probes stand for %q", who, x.Name)
	}
	names[strings.ToLower(x.Name)] = true
	if x.People < 1 {
		k.fault(at, "say how many people it stands for", "%s: probe %q needs people", who, x.Name)
	}
	if staff > 0 && x.People > staff {
		k.fault(at+".people", "", "%s: probe %q stands for %d people, more than the staff of %d", who, x.Name, x.People, staff)
	}
	k.logon(at+".credentials", fmt.Sprintf("%s, probe %q", who, x.Name), x.Credentials)
	k.logonKind(at, fmt.Sprintf("%s, probe %q", who, x.Name), x.Logon, x.Form, x.CookieFile, x.Credentials, false)
	if x.Credentials.User == "" && !x.Credentials.Kerberos() && x.CookieFile == "" {
		k.fault(at, "give it credentials or a cookie_file", "%s: probe %q has no account", who, x.Name)
	}
	if x.Credentials.User != "" && x.Credentials.PasswordFile == "" && !x.Credentials.Kerberos() {
		k.fault(at+".credentials", "name a password_file", "%s: probe %q has no password", who, x.Name)
	}
}

// logonKind checks that there is what a way to log on needs.
func (k *checker) logonKind(at, who, logon string, form WebForm, cookies string, c Credentials, anonymous bool) {
	known := []string{"basic", "ntlm", "kerberos", "form", "cookies"}
	if anonymous {
		known = append(known, "anonymous")
	}
	k.oneOf(at+".logon", logon, known)
	if cookies != "" {
		if _, err := os.Stat(cookies); err != nil {
			k.fault(at+".cookie_file", "", "%s: cookie_file: %v", who, err)
		}
	}
	switch {
	case logon == "kerberos" && !c.Kerberos():
		k.fault(at+".logon", "add keytab or ccache to the credentials", "%s: Kerberos needs a keytab or a credential cache", who)
	case logon == "cookies" && cookies == "":
		k.fault(at+".logon", "name a cookie_file", "%s: there is no cookie_file", who)
	case logon != "" && logon != "form" && form != (WebForm{}):
		k.fault(at+".form", "remove it, or write logon: form", "%s: a form is for logon: form", who)
	case slices.Contains([]string{"basic", "ntlm", "form"}, logon) && c.Kerberos():
		k.fault(at+".logon", "remove one of them", "%s: logon: %s goes with a password, and the credentials are for Kerberos", who, logon)
	}
}

// hostPort prints host and, where it is not the usual one, port.
func (p Place) hostPort(usual int) string {
	if p.Port != usual {
		return net.JoinHostPort(p.Host, strconv.Itoa(p.Port))
	}
	if strings.Contains(p.Host, ":") {
		return "[" + p.Host + "]"
	}
	return p.Host
}

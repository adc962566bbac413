package web_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"aktvakt/scanner/access"
	"aktvakt/scanner/source"
	"aktvakt/scanner/source/web"
)

// aclServer is a WebDAV server that tells its rules as RFC 3744 wants it. The
// rules of the documents are in acls, by path.
func aclServer(t *testing.T, acls map[string]string) string {
	principal := func(path, kind, name, members string) string {
		set := ""
		if members != "" {
			set = "<group-member-set>"
			for m := range strings.FieldsSeq(members) {
				set += "<href>/p/" + m + "</href>"
			}
			set += "</group-member-set>"
		}
		return fmt.Sprintf(`<response><href>%s</href><propstat><prop><resourcetype><%s/></resourcetype><displayname>%s</displayname>%s</prop><status>HTTP/1.1 200 OK</status></propstat></response>`, path, kind, name, set)
	}
	principals := principal("/p/", "collection", "", "") + principal("/p/users/", "collection", "", "") + principal("/p/groups/", "collection", "", "")
	users := principal("/p/users/", "collection", "", "")
	for i := range 40 {
		users += principal(fmt.Sprintf("/p/users/u%02d", i), "principal", fmt.Sprintf("u%02d", i), "")
	}
	groups := principal("/p/groups/", "collection", "", "") + principal("/p/groups/social", "principal", "Social services", "users/u01 users/u02 users/u03 groups/heads") + principal("/p/groups/heads", "principal", "Heads", "users/u09")
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("DAV", "1, access-control")
		multi := func(s string) {
			w.WriteHeader(207)
			io.WriteString(w, `<multistatus xmlns="DAV:">`+s+`</multistatus>`)
		}
		item := func(p string) string {
			kind, acl := "", acls[p]
			if strings.HasSuffix(p, "/") {
				kind = "<collection/>"
			}
			if acl == "none" {
				return fmt.Sprintf(`<response><href>%s</href><propstat><prop><resourcetype>%s</resourcetype></prop><status>HTTP/1.1 200 OK</status></propstat><propstat><prop><acl/></prop><status>HTTP/1.1 403 Forbidden</status></propstat></response>`, p, kind)
			}
			return fmt.Sprintf(`<response><href>%s</href><propstat><prop><resourcetype>%s</resourcetype><getcontentlength>3</getcontentlength><owner><href>/p/users/u30</href></owner><acl>%s</acl></prop><status>HTTP/1.1 200 OK</status></propstat></response>`, p, kind, acl)
		}
		switch {
		case r.Method == "OPTIONS":
		case r.Method != "PROPFIND":
			io.WriteString(w, "sag")
		case strings.Contains(string(body), "principal-collection-set"):
			multi(`<response><href>/dav/</href><propstat><prop><principal-collection-set><href>/p/</href></principal-collection-set></prop><status>HTTP/1.1 200 OK</status></propstat></response>`)
		case r.URL.Path == "/p/":
			multi(principals)
		case r.URL.Path == "/p/users/":
			multi(users)
		case r.URL.Path == "/p/groups/":
			multi(groups)
		case r.URL.Path == "/dav/" && r.Header.Get("Depth") == "1":
			out := item("/dav/")
			for p := range acls {
				if p != "/dav/" {
					out += item(p)
				}
			}
			multi(out)
		default:
			multi(item(r.URL.Path))
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

const grant = `<grant><privilege><read/></privilege></grant>`

func TestRulesOfWebDAV(t *testing.T) {
	ace := func(who, what string) string { return "<ace><principal>" + who + "</principal>" + what + "</ace>" }
	href := func(s string) string { return "<href>/p/" + s + "</href>" }
	deny := strings.ReplaceAll(grant, "grant", "deny")
	acls := map[string]string{
		"/dav/":       ace("<authenticated/>", grant),
		"/dav/all":    ace("<all/>", grant),
		"/dav/staff":  "<ace><principal><authenticated/></principal>" + grant + "<inherited><href>/dav/</href></inherited></ace>",
		"/dav/social": ace(href("groups/social"), grant),
		"/dav/but":    ace(href("users/u01"), deny) + ace(href("groups/social"), grant),
		"/dav/owner":  ace("<property><owner/></property>", grant),
		"/dav/nobody": ace("<all/>", `<grant><privilege><write/></privilege></grant>`),
		"/dav/odd":    ace("<all/>", `<grant><privilege><x:look xmlns:x="urn:x"/></privilege></grant>`),
		"/dav/gone":   ace(href("groups/unknown"), grant),
		"/dav/secret": "none",
	}
	s := web.New(web.Config{URL: parse(t, aclServer(t, acls)+"/dav/"), Limiter: fast()})
	defer s.Close()
	all, err := list(t, s)
	if err != nil {
		t.Fatal(err)
	}
	rules, ok := source.As[source.ACLReader](s)
	who, ok2 := source.As[source.Auditor](s)
	if !ok || !ok2 {
		t.Fatal("the rules that the server tells are not found")
	}
	r, err := who.Resolver(t.Context(), access.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if what, complete, notes := r.Describe(); !complete || r.Staff() != 40 {
		t.Errorf("%q: complete %v, staff %d, notes %q", what, complete, r.Staff(), notes)
	}
	for name, want := range map[string]struct {
		min, max int
		complete bool
		wide     string
	}{
		"all": {40, 40, true, "Everyone"}, "staff": {40, 40, true, `NT AUTHORITY\Authenticated Users`}, "social": {4, 4, true, ""}, "but": {3, 3, true, ""}, "owner": {1, 1, true, ""},
		"nobody": {0, 0, true, ""}, "odd": {0, 40, false, "Everyone"}, "gone": {0, 40, false, ""},
	} {
		d, err := rules.ACL(t.Context(), all[name])
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		a := r.Audience(d)
		if a.People != want.min || a.PeopleMax != want.max || a.Complete != want.complete {
			t.Errorf("%s: %d to %d people, complete %v; want %+v; %q", name, a.People, a.PeopleMax, a.Complete, want, a.Notes)
		}
		if want.wide != "" && !strings.Contains(strings.Join(a.Wide, ";"), want.wide) {
			t.Errorf("%s: wide %q", name, a.Wide)
		}
	}
	if _, err := rules.ACL(t.Context(), all["secret"]); err == nil {
		t.Error("rules that the server does not tell are no error")
	}
	root, err := s.Root(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	d, err := rules.ACL(t.Context(), all["staff"])
	if err != nil {
		t.Fatal(err)
	}
	up, err := rules.ACL(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	via := access.Origins(r.Audience(d), d, []access.Folder{{Name: s.Name(), Descriptor: up}})
	if len(via) != 1 || via[0].InheritedFrom != s.Name() {
		t.Errorf("via %+v", via)
	}
	if c := access.Cure(d, s.Name()+"/staff", via[0]); c != "" {
		t.Errorf("a command of Windows for a portal: %s", c)
	}
	// A later run knows the entry by its path alone.
	bare, err := rules.ACL(t.Context(), source.Entry{Path: "staff"})
	if err != nil || bare != d {
		t.Errorf("rules when asked for differ from those of the listing: %v", err)
	}
}

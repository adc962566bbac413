// Package multistatus reads the answers of WebDAV servers to PROPFIND: RFC 4918
// section 13, with the access rules and principals of RFC 3744. It reads as a
// stream, one resource at a time, and keeps nothing but what it is asked to
// hand on; what a server sends beyond the bounds below ends the reading with an
// error.
//
// Start reading at Read.
package multistatus

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/encoding/charmap"
)

// Resource is one resource of an answer.
type Resource struct {
	// Href is its address as the server writes it, absolute or a path.
	Href string
	// Status is 0 or, where the server says one for the resource as a whole,
	// its HTTP status.
	Status int
	// Collection tells a folder, Principal an account or group.
	Collection, Principal bool
	// Size is in bytes, -1 where it is not told.
	Size              int64
	Modified, Created time.Time
	ETag, MediaType   string
	// FileID is ownCloud's and Nextcloud's number of a file, 0 elsewhere.
	FileID      uint64
	DisplayName string
	// Owner is the address of a principal.
	Owner string
	// ACL is nil where the server did not tell the rules.
	ACL *ACL
	// Members are the addresses of a group's principals; Group tells that the
	// server has said who they are.
	Members []string
	Group   bool
	// Collections are the addresses under which principals are found, and
	// Self the principal that asked.
	Collections []string
	Self        string
}

// ACL is the rules of a resource in the order in which they hold, RFC 3744
// section 5.5.
type ACL struct{ ACEs []ACE }

// ACE is one rule.
type ACE struct {
	// Principal is the address of a principal or one of the words All,
	// Authenticated, Unauthenticated, Self, OwnerOf and Unknown.
	Principal string
	// Invert tells that the rule is for everyone but the principal.
	Invert bool
	Deny   bool
	// Read tells that the rule is about reading: DAV:read or DAV:all. Odd are
	// the privileges that only the server knows; they may hold reading.
	Read, Odd bool
	// Inherited is the address of the resource where the rule is set.
	Inherited string
}

// Words for principals that are no address.
const (
	All             = "DAV:all"
	Authenticated   = "DAV:authenticated"
	Unauthenticated = "DAV:unauthenticated"
	Self            = "DAV:self"
	OwnerOf         = "DAV:property:owner"
	Unknown         = "?"
)

// Bounds on one answer. The largest real one, of a folder of a million files,
// has some 500 MB.
const (
	maxBytes   = 1 << 30
	maxToken   = 1 << 20
	maxDepth   = 64
	maxText    = 64 << 10
	maxACEs    = 10_000
	maxMembers = 1_000_000
)

// Errors of answers that are none.
var (
	ErrNotMultistatus = errors.New("not a WebDAV answer")
	ErrBounds         = errors.New("the WebDAV answer is beyond all bounds")
)

// dav is the name space of RFC 4918.
const dav = "DAV:"

// Read hands on each resource of an answer. It stops at the first error of
// fn, which it returns.
func Read(r io.Reader, fn func(Resource) error) error {
	m := &meter{r: io.LimitReader(r, maxBytes+1)}
	d := xml.NewDecoder(m)
	d.CharsetReader = charset
	p := &parser{d: d, m: m}
	root, err := p.next()
	if err != nil {
		if errors.Is(err, ErrBounds) {
			return err
		}
		return fmt.Errorf("%w: %w", ErrNotMultistatus, noText(err))
	}
	if root.Name.Space != dav || root.Name.Local != "multistatus" {
		return ErrNotMultistatus
	}
	err = p.davChildren(1, func(name string, depth int) error {
		if name != "response" {
			return p.skip(depth)
		}
		res := Resource{Size: -1}
		if err := p.response(&res, depth); err != nil {
			return err
		}
		return fn(res)
	})
	return noText(err)
}

// noText takes the server's own words out of errors of the XML reader.
func noText(err error) error {
	var se *xml.SyntaxError
	if errors.As(err, &se) {
		return fmt.Errorf("malformed XML in line %d of the WebDAV answer", se.Line)
	}
	return err
}

// meter bounds what the XML reader may swallow for one token.
type meter struct {
	r           io.Reader
	left, total int64
}

func (m *meter) Read(p []byte) (int, error) {
	if m.left <= 0 || m.total > maxBytes {
		return 0, ErrBounds
	}
	n, err := m.r.Read(p[:min(int64(len(p)), m.left)])
	m.left -= int64(n)
	m.total += int64(n)
	return n, err
}

func charset(label string, r io.Reader) (io.Reader, error) {
	switch strings.ToLower(label) {
	case "utf-8", "us-ascii", "":
		return r, nil
	case "iso-8859-1", "windows-1252":
		return charmap.ISO8859_1.NewDecoder().Reader(r), nil
	}
	return nil, errors.New("unknown encoding")
}

type parser struct {
	d *xml.Decoder
	m *meter
}

func (p *parser) token() (xml.Token, error) {
	p.m.left = maxToken
	return p.d.Token()
}

// next returns the next element that begins.
func (p *parser) next() (xml.StartElement, error) {
	for {
		t, err := p.token()
		if err != nil {
			return xml.StartElement{}, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			return t, nil
		case xml.CharData, xml.ProcInst, xml.Comment, xml.Directive:
		default:
			return xml.StartElement{}, ErrNotMultistatus
		}
	}
}

// children calls fn for each element inside the one that has just begun. fn
// must read it to its end.
func (p *parser) children(depth int, fn func(e xml.StartElement, depth int) error) error {
	if depth > maxDepth {
		return ErrBounds
	}
	for {
		t, err := p.token()
		if err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
		switch t := t.(type) {
		case xml.StartElement:
			if err := fn(t, depth+1); err != nil {
				return err
			}
		case xml.EndElement:
			return nil
		}
	}
}

// davChildren is children for the elements of RFC 4918 and 3744 alone; others
// are skipped.
func (p *parser) davChildren(depth int, fn func(name string, depth int) error) error {
	return p.children(depth, func(e xml.StartElement, depth int) error {
		if e.Name.Space != dav {
			return p.skip(depth)
		}
		return fn(e.Name.Local, depth)
	})
}

func (p *parser) skip(depth int) error {
	return p.children(depth, func(_ xml.StartElement, depth int) error { return p.skip(depth) })
}

// text returns what an element says, its children left out.
func (p *parser) text(depth int) (string, error) {
	var b strings.Builder
	if depth > maxDepth {
		return "", ErrBounds
	}
	for {
		t, err := p.token()
		if err != nil {
			return "", err
		}
		switch t := t.(type) {
		case xml.CharData:
			if b.Len()+len(t) > maxText {
				return "", ErrBounds
			}
			b.Write(t)
		case xml.StartElement:
			if err := p.skip(depth + 1); err != nil {
				return "", err
			}
		case xml.EndElement:
			return strings.TrimSpace(b.String()), nil
		}
	}
}

func (p *parser) response(r *Resource, depth int) error {
	return p.davChildren(depth, func(name string, depth int) error {
		switch name {
		case "href":
			s, err := p.text(depth)
			if r.Href == "" {
				r.Href = s
			}
			return err
		case "status":
			s, err := p.text(depth)
			r.Status = status(s)
			return err
		case "propstat":
			return p.propstat(r, depth)
		}
		return p.skip(depth)
	})
}

// status reads "HTTP/1.1 404 Not Found"; 0 is not understood.
func status(s string) int {
	f := strings.Fields(s)
	if len(f) < 2 {
		return 0
	}
	n, err := strconv.Atoi(f[1])
	if err != nil || n < 100 || n > 999 {
		return 0
	}
	return n
}

// propstat reads properties into a copy, for their status comes after them.
func (p *parser) propstat(r *Resource, depth int) error {
	got, code := *r, http.StatusOK
	err := p.davChildren(depth, func(name string, depth int) error {
		switch name {
		case "prop":
			return p.children(depth, func(e xml.StartElement, depth int) error { return p.property(&got, e, depth) })
		case "status":
			s, err := p.text(depth)
			code = status(s)
			return err
		}
		return p.skip(depth)
	})
	if err == nil && code >= 200 && code < 300 {
		*r = got
	}
	return err
}

// ownCloud is the name space of file ids.
const ownCloud = "http://owncloud.org/ns"

func (p *parser) property(r *Resource, e xml.StartElement, depth int) error {
	if e.Name.Space == ownCloud && e.Name.Local == "fileid" {
		s, err := p.text(depth)
		r.FileID, _ = strconv.ParseUint(s, 10, 64)
		return err
	}
	if e.Name.Space != dav {
		return p.skip(depth)
	}
	switch e.Name.Local {
	case "resourcetype":
		return p.davChildren(depth, func(name string, depth int) error {
			r.Collection = r.Collection || name == "collection"
			r.Principal = r.Principal || name == "principal"
			return p.skip(depth)
		})
	case "acl":
		r.ACL = &ACL{}
		return p.acl(r.ACL, depth)
	case "owner":
		s, err := p.hrefs(depth, 1)
		r.Owner = first(s)
		return err
	case "current-user-principal":
		s, err := p.hrefs(depth, 1)
		r.Self = first(s)
		return err
	case "group-member-set":
		var err error
		r.Members, err = p.hrefs(depth, maxMembers)
		r.Group = err == nil
		return err
	case "principal-collection-set":
		var err error
		r.Collections, err = p.hrefs(depth, 100)
		return err
	}
	s, err := p.text(depth)
	if err != nil {
		return err
	}
	switch e.Name.Local {
	case "getcontentlength":
		if n, err := strconv.ParseInt(s, 10, 64); err == nil && n >= 0 {
			r.Size = n
		}
	case "getlastmodified":
		r.Modified = date(s)
	case "creationdate":
		r.Created = date(s)
	case "getetag":
		r.ETag = s
	case "getcontenttype":
		r.MediaType = s
	case "displayname":
		r.DisplayName = s
	}
	return nil
}

func first(s []string) string {
	if len(s) == 0 {
		return ""
	}
	return s[0]
}

// date reads the forms that servers send in either property.
func date(s string) time.Time {
	if t, err := http.ParseTime(s); err == nil {
		return t.UTC()
	}
	for _, f := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", time.RFC1123Z} {
		if t, err := time.Parse(f, s); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

// hrefs reads the addresses inside an element.
func (p *parser) hrefs(depth, most int) ([]string, error) {
	var out []string
	err := p.davChildren(depth, func(name string, depth int) error {
		if name != "href" {
			return p.skip(depth)
		}
		s, err := p.text(depth)
		if len(out) >= most {
			return err
		}
		out = append(out, s)
		return err
	})
	return out, err
}

func (p *parser) acl(a *ACL, depth int) error {
	return p.davChildren(depth, func(name string, depth int) error {
		if name != "ace" {
			return p.skip(depth)
		}
		if len(a.ACEs) >= maxACEs {
			return ErrBounds
		}
		ace := ACE{Principal: Unknown}
		err := p.ace(&ace, depth)
		a.ACEs = append(a.ACEs, ace)
		return err
	})
}

func (p *parser) ace(a *ACE, depth int) error {
	return p.davChildren(depth, func(name string, depth int) error {
		switch name {
		case "principal":
			return p.principal(a, depth)
		case "invert":
			a.Invert = true
			return p.davChildren(depth, func(name string, depth int) error {
				if name == "principal" {
					return p.principal(a, depth)
				}
				return p.skip(depth)
			})
		case "grant", "deny":
			a.Deny = name == "deny"
			return p.privileges(a, depth)
		case "inherited":
			s, err := p.hrefs(depth, 1)
			a.Inherited = first(s)
			return err
		}
		return p.skip(depth)
	})
}

func (p *parser) principal(a *ACE, depth int) error {
	return p.davChildren(depth, func(name string, depth int) error {
		switch name {
		case "href":
			s, err := p.text(depth)
			a.Principal = s
			return err
		case "all", "authenticated", "unauthenticated", "self":
			a.Principal = dav + name
		case "property":
			return p.davChildren(depth, func(name string, depth int) error {
				if name == "owner" {
					a.Principal = OwnerOf
				}
				return p.skip(depth)
			})
		}
		return p.skip(depth)
	})
}

// notReading are the privileges of RFC 3744 section 3 and RFC 4791 that let
// nobody read a document.
var notReading = map[string]bool{"write": true, "write-properties": true, "write-content": true, "unlock": true, "read-acl": true,
	"read-current-user-privilege-set": true, "write-acl": true, "bind": true, "unbind": true, "read-free-busy": true, "schedule-deliver": true, "schedule-send": true}

func (p *parser) privileges(a *ACE, depth int) error {
	return p.davChildren(depth, func(name string, depth int) error {
		if name != "privilege" {
			return p.skip(depth)
		}
		return p.children(depth, func(e xml.StartElement, depth int) error {
			switch {
			case e.Name.Space == dav && (e.Name.Local == "read" || e.Name.Local == "all"):
				a.Read = true
			case !notReading[e.Name.Local]:
				a.Odd = true
			}
			return p.skip(depth)
		})
	})
}

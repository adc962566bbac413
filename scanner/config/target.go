package config

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// Place is a parsed target: where it is and, for servers, as whom to log on.
type Place struct {
	// Scheme is "file", "smb", "https" or "http".
	Scheme string
	// Path is a local path, or the folder inside the share, slash-separated
	// and without a leading slash.
	Path string
	// Host, Port, Domain, User and Share are for servers. Port is never 0.
	// An empty Share means every share that the server lists.
	Host         string
	Port         int
	Domain, User string
	Share        string
	// URL is the whole address of a portal, without an account, and WebDAV tells
	// that it must be one.
	URL    string
	WebDAV bool
}

// TargetError is a target that cannot be understood.
type TargetError struct{ What, Hint string }

func (e *TargetError) Error() string { return e.What }

// ParseTarget reads a target as a user names it: a path, a file:// address, a
// UNC path, smb://[domain;user@]host[:port][/share[/path]] or the https://
// address of a portal.
func ParseTarget(s string) (Place, error) {
	if s == "" {
		return Place{}, &TargetError{What: "the target is empty", Hint: "name a folder or smb://host/share"}
	}
	if strings.HasPrefix(s, `\\`) {
		s = "smb://" + strings.ReplaceAll(strings.TrimPrefix(s, `\\`), `\`, "/")
	}
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok || strings.ContainsAny(scheme, "/.\\") {
		return Place{Scheme: "file", Path: s}, nil
	}
	switch strings.ToLower(scheme) {
	case "file":
		p, err := url.PathUnescape(strings.TrimPrefix(rest, "localhost"))
		if err != nil || !strings.HasPrefix(p, "/") {
			return Place{}, &TargetError{What: fmt.Sprintf("target %q: not a file address", s), Hint: "write file:///srv/share or just /srv/share"}
		}
		return Place{Scheme: "file", Path: p}, nil
	case "smb", "cifs":
		return parseSMB(s, rest)
	}
	if _, ok := webSchemes[strings.ToLower(scheme)]; ok {
		return parseWeb(s, strings.ToLower(scheme))
	}
	hint := "known schemes are smb, file, https and davs"
	if k := Suggest(scheme, []string{"smb", "file", "cifs", "https", "http", "davs"}); k != "" {
		hint = fmt.Sprintf("did you mean %s://? %s", k, hint)
	}
	return Place{}, &TargetError{What: fmt.Sprintf("target %q: unknown scheme %q", s, scheme), Hint: hint}
}

func parseSMB(s, rest string) (Place, error) {
	p := Place{Scheme: "smb", Port: 445}
	authority, path, _ := strings.Cut(rest, "/")
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		user := authority[:at]
		authority = authority[at+1:]
		if strings.Contains(user, ":") {
			// The password itself must not be repeated in the message.
			return Place{}, &TargetError{
				What: fmt.Sprintf("target smb://…@%s: a password does not belong in the target", authority),
				Hint: "set AKTVAKT_SMB_PASSWORD_FILE, or password_file in the configuration",
			}
		}
		if d, u, ok := strings.Cut(user, ";"); ok {
			p.Domain, user = d, u
		}
		var err error
		if p.User, err = url.PathUnescape(user); err != nil {
			return Place{}, &TargetError{What: fmt.Sprintf("target %q: %v", s, err)}
		}
	}
	p.Host = authority
	if h, port, err := net.SplitHostPort(authority); err == nil {
		n, err := strconv.Atoi(port)
		if err != nil || n < 1 || n > 65535 {
			return Place{}, &TargetError{What: fmt.Sprintf("target %q: port %q is not a number from 1 to 65535", s, port)}
		}
		p.Host, p.Port = h, n
	}
	p.Host = strings.Trim(p.Host, "[]")
	if p.Host == "" {
		return Place{}, &TargetError{What: fmt.Sprintf("target %q: no host", s), Hint: "write smb://host/share"}
	}
	if u, err := url.PathUnescape(path); err == nil {
		path = u
	}
	p.Share, p.Path, _ = strings.Cut(strings.Trim(path, "/"), "/")
	return p, nil
}

// String prints the target as reports name it: without account and with the
// port only where it is not the usual one.
func (p Place) String() string {
	switch {
	case p.Scheme == "file":
		return p.Path
	case p.Web():
		return p.URL
	}
	var b strings.Builder
	b.WriteString("smb://")
	b.WriteString(p.Address())
	if p.Share != "" {
		b.WriteString("/" + p.Share)
	}
	if p.Path != "" {
		b.WriteString("/" + p.Path)
	}
	return b.String()
}

// Address prints host and, where it is not the usual one, port.
func (p Place) Address() string {
	switch p.Scheme {
	case "https":
		return p.hostPort(443)
	case "http":
		return p.hostPort(80)
	}
	return p.hostPort(445)
}

package session

import (
	"bufio"
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Cookie is one line of a cookie file.
type Cookie struct {
	*http.Cookie
	// all tells that it is for the hosts below its domain too.
	all bool
}

func (c Cookie) host() string { return strings.TrimPrefix(c.Domain, ".") }

func (c Cookie) url() *url.URL {
	u := &url.URL{Scheme: "http", Host: c.host(), Path: c.Path}
	if c.Secure {
		u.Scheme = "https"
	}
	return u
}

// covers reports whether the cookie is for one of the hosts; cookies know no
// ports.
func (c Cookie) covers(hosts []string) bool {
	return slices.ContainsFunc(hosts, func(h string) bool {
		if i := strings.LastIndexByte(h, ':'); i > 0 && !strings.HasSuffix(h, "]") {
			h = h[:i]
		}
		return h == c.host() || c.all && strings.HasSuffix(h, "."+c.host())
	})
}

// ParseCookies reads a cookie file as browsers' extensions and curl write it
// (the format of Netscape): domain, whether it holds for subdomains, path,
// whether TLS is needed, expiry in seconds since 1970, name, value, with tabs
// between. An error names the line and never its content.
func ParseCookies(b []byte, now time.Time) ([]Cookie, error) {
	var out []Cookie
	sc := bufio.NewScanner(bytes.NewReader(b))
	expired := 0
	for n := 1; sc.Scan(); n++ {
		line := strings.TrimRight(sc.Text(), "\r\n")
		only := strings.HasPrefix(line, "#HttpOnly_")
		line = strings.TrimPrefix(line, "#HttpOnly_")
		if strings.TrimSpace(line) == "" || line[0] == '#' {
			continue
		}
		f := strings.Split(line, "\t")
		if len(f) == 6 { // an empty value, its tab cut off
			f = append(f, "")
		}
		if len(f) != 7 {
			return nil, fmt.Errorf("line %d: not a line of a cookie file (seven fields with tabs between)", n)
		}
		until, err := strconv.ParseInt(f[4], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("line %d: the expiry is no number", n)
		}
		c := &http.Cookie{
			Name: f[5], Value: f[6], Domain: strings.ToLower(f[0]), Path: f[2],
			Secure: strings.EqualFold(f[3], "TRUE"), HttpOnly: only,
		}
		if until > 0 {
			c.Expires = time.Unix(until, 0)
			if c.Expires.Before(now) {
				expired++
				continue
			}
		}
		out = append(out, Cookie{c, strings.EqualFold(f[1], "TRUE") || strings.HasPrefix(f[0], ".")})
	}
	if err := sc.Err(); err != nil {
		return nil, fmt.Errorf("read cookies: %w", err)
	}
	if len(out) == 0 && expired > 0 {
		return nil, fmt.Errorf("all %d cookies have expired: log in with a browser and save them anew", expired)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("no cookies are in it")
	}
	return out, nil
}

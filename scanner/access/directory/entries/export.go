package entries

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"aktvakt/scanner/access"
)

// maxLine bounds one logical line of an export: a group of all staff is one
// long field of a CSV file.
const maxLine = 64 << 20

// Export reads a directory from a file, for a place that lets nobody ask its
// domain controllers. domain is the short name that accounts go by ("LAB");
// empty derives it from the file. The directory is as complete as the file.
//
// A .ldif file is what ldifde or ldapsearch writes, with at least objectSid,
// objectClass, sAMAccountName, userAccountControl, primaryGroupID, groupType
// and member of every account and group.
//
// A .csv file has a header and the columns sid, name, type (user, group,
// computer, service, distribution), and where they apply enabled (true or
// false), expires (2026-12-31), primary (SID), members (SIDs with | between).
func Export(path, domain string) (*access.Directory, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var d *access.Directory
	switch ext := strings.ToLower(filepath.Ext(path)); ext {
	case ".ldif", ".ldf":
		d, err = readLDIF(f, domain)
	case ".csv", ".txt":
		d, err = readCSV(f, domain)
	default:
		return nil, fmt.Errorf("directory export %q: unknown kind %q: want .ldif or .csv", path, ext)
	}
	if err != nil {
		return nil, fmt.Errorf("directory export %q: %w", path, err)
	}
	if len(d.Accounts) == 0 {
		return nil, fmt.Errorf("directory export %q: no account with a SID in it", path)
	}
	d.Name = "the export " + filepath.Base(path)
	d.Complete = true
	if st, err := f.Stat(); err == nil {
		d.Notes = append(d.Notes, "The directory is an export of "+st.ModTime().Format("2006-01-02 15:04")+".")
	}
	return d, nil
}

// readLDIF reads RFC 2849.
func readLDIF(r io.Reader, domain string) (*access.Directory, error) {
	b := New(domain)
	o := Object{Attrs: map[string][][]byte{}}
	end := func() {
		if o.DN == "" {
			return
		}
		if b.Domain == "" {
			first, _, _ := strings.Cut(DomainName(o.DN), ".")
			b.Domain = strings.ToUpper(first)
		}
		b.Add(o)
		o = Object{Attrs: map[string][][]byte{}}
	}
	err := ldifLines(r, func(line string) error {
		if line == "" {
			end()
			return nil
		}
		name, v, err := ldifValue(line)
		if err != nil {
			return err
		}
		base, option, _ := strings.Cut(name, ";")
		switch {
		case name == "dn":
			end()
			o.DN = string(v)
		case base == "objectsid" || base == "sidhistory":
			if s, err := access.ParseSID(string(v)); err == nil { // some tools write the text
				v = []byte(s)
			}
			o.Attrs[base] = append(o.Attrs[base], v)
		default:
			if base == "member" && strings.HasPrefix(option, "range=") && !strings.HasSuffix(option, "-*") {
				o.Partial = true
			}
			o.Attrs[base] = append(o.Attrs[base], v)
		}
		return nil
	})
	end()
	if err != nil {
		return nil, err
	}
	return b.Directory(), nil
}

// ldifLines joins continued lines and leaves comments out. An empty string is
// the end of an entry.
func ldifLines(r io.Reader, each func(string) error) error {
	sc := bufio.NewScanner(r)
	sc.Buffer(make([]byte, 0, 64<<10), maxLine)
	var cur []byte
	have, n := false, 0
	flush := func() error {
		if !have {
			return nil
		}
		have = false
		if bytes.HasPrefix(cur, []byte("#")) {
			return nil
		}
		if err := each(string(cur)); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		return nil
	}
	for sc.Scan() {
		line := bytes.TrimSuffix(sc.Bytes(), []byte("\r"))
		if n++; n == 1 {
			line = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))
		}
		if have && len(line) > 0 && line[0] == ' ' {
			if len(cur)+len(line) > maxLine {
				return fmt.Errorf("line %d: too long", n)
			}
			cur = append(cur, line[1:]...)
			continue
		}
		if err := flush(); err != nil {
			return err
		}
		if len(line) == 0 {
			if err := each(""); err != nil {
				return err
			}
			continue
		}
		cur, have = append(cur[:0], line...), true
	}
	if err := sc.Err(); err != nil {
		return err
	}
	return flush()
}

var errLDIF = errors.New("want NAME: VALUE")

func ldifValue(line string) (name string, value []byte, err error) {
	name, v, ok := strings.Cut(line, ":")
	if !ok {
		if line == "-" {
			return "-", nil, nil
		}
		return "", nil, errLDIF
	}
	name = strings.ToLower(strings.TrimSpace(name))
	if b64, ok := strings.CutPrefix(v, ":"); ok {
		value, err = base64.StdEncoding.DecodeString(strings.TrimSpace(b64))
		if err != nil {
			return name, nil, errors.New("bad base64")
		}
		return name, value, nil
	}
	return name, []byte(strings.TrimLeft(v, " ")), nil
}

// readCSV reads the table that Export describes.
func readCSV(r io.Reader, domain string) (*access.Directory, error) {
	br := bufio.NewReader(r)
	if head, _ := br.Peek(3); bytes.Equal(head, []byte("\xef\xbb\xbf")) {
		br.Discard(3)
	}
	head, _ := br.Peek(1024)
	line, _, _ := bytes.Cut(head, []byte("\n"))
	c := csv.NewReader(br)
	c.FieldsPerRecord, c.TrimLeadingSpace = -1, true
	for _, sep := range []rune{';', '\t'} {
		if bytes.ContainsRune(line, sep) {
			c.Comma = sep
			break
		}
	}
	header, err := c.Read()
	if err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	col := map[string]int{}
	for i, h := range header {
		col[strings.ToLower(strings.TrimSpace(h))] = i
	}
	for _, need := range []string{"sid", "name", "type"} {
		if _, ok := col[need]; !ok {
			return nil, fmt.Errorf("header: no column %q", need)
		}
	}
	d, seen := &access.Directory{}, map[access.SID]bool{}
	for {
		rec, err := c.Read()
		if err == io.EOF {
			return d, nil
		}
		if err != nil {
			return nil, err
		}
		get := func(name string) string {
			if i, ok := col[name]; ok && i < len(rec) {
				return strings.TrimSpace(rec[i])
			}
			return ""
		}
		if err := csvRow(d, get, domain, seen); err != nil {
			n, _ := c.FieldPos(0)
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
}

func csvRow(d *access.Directory, get func(string) string, domain string, seen map[access.SID]bool) error {
	sid, err := access.ParseSID(get("sid"))
	if err != nil {
		return fmt.Errorf("sid: %w", err)
	}
	name := get("name")
	if domain != "" && !strings.Contains(name, `\`) {
		name = domain + `\` + name
	}
	if dom := sid.Domain(); !seen[dom] {
		seen[dom] = true
		short, _, _ := strings.Cut(name, `\`)
		d.Domains = append(d.Domains, access.Domain{SID: dom, Name: short, Complete: true})
	}
	switch typ := strings.ToLower(get("type")); typ {
	case "group", "distribution":
		g := access.Group{SID: sid, Name: name, Distribution: typ == "distribution"}
		for m := range strings.SplitSeq(get("members"), "|") {
			if m = strings.TrimSpace(m); m == "" {
				continue
			}
			s, err := access.ParseSID(m)
			if err != nil {
				return fmt.Errorf("members: %w", err)
			}
			g.Members = append(g.Members, s)
		}
		d.Groups = append(d.Groups, g)
	case "user", "computer", "service":
		a := access.Account{SID: sid, Name: name, Machine: typ == "computer", Service: typ == "service"}
		switch strings.ToLower(get("enabled")) {
		case "false", "0", "no":
			a.Disabled = true
		}
		if e := get("expires"); e != "" {
			t, err := time.Parse("2006-01-02", e[:min(len(e), 10)])
			if err != nil {
				return errors.New("expires: want a date such as 2026-12-31")
			}
			a.Expired = t.Before(time.Now())
		}
		if p := get("primary"); p != "" {
			if a.Primary, err = access.ParseSID(p); err != nil {
				return fmt.Errorf("primary: %w", err)
			}
		}
		d.Accounts = append(d.Accounts, a)
	default:
		return fmt.Errorf("unknown type %q: want user, group, computer, service or distribution", typ)
	}
	return nil
}

package html

import (
	"encoding/json"
	"html/template"
	"strings"
	"time"

	"aktvakt/scanner/finding"
	"aktvakt/scanner/report"
	"aktvakt/scanner/report/lang"
)

// data is what the script draws its tables from. Text that returns in many
// rows (folders, groups, owners) stands once in Strings or Lists and rows
// hold its index: 20,000 findings are some 4 MB.
type data struct {
	Locale  string            `json:"locale"`
	Code    string            `json:"code"`
	Phrases map[string]string `json:"phrases"`
	Strings []string          `json:"strings"`
	Lists   [][]any           `json:"lists"`
	// Rows are findings; app.js names the columns.
	Rows  [][]any `json:"rows"`
	Skips [][]any `json:"skips"`
}

// packer gives texts their index.
type packer struct {
	strings map[string]int
	lists   map[string]int
	out     *data
	loc     *time.Location
}

func (p *packer) str(s string) int {
	s = report.Plain(s)
	i, ok := p.strings[s]
	if !ok {
		i = len(p.out.Strings)
		p.strings[s] = i
		p.out.Strings = append(p.out.Strings, s)
	}
	return i
}

// list packs values that are already plain or indices.
func (p *packer) list(v []any) int {
	if v == nil {
		v = []any{}
	}
	b, err := json.Marshal(v)
	if err != nil {
		return 0 // strings and ints always marshal
	}
	i, ok := p.lists[string(b)]
	if !ok {
		i = len(p.out.Lists)
		p.lists[string(b)] = i
		p.out.Lists = append(p.out.Lists, v)
	}
	return i
}

func (p *packer) strs(s []string) int {
	v := make([]any, len(s))
	for i, x := range s {
		v[i] = p.str(x)
	}
	return p.list(v)
}

func (p *packer) day(t time.Time) int {
	if t.IsZero() {
		return p.str("")
	}
	return p.str(t.In(p.loc).Format("2006-01-02"))
}

func (p *packer) via(vs []finding.Via) int {
	out := make([]any, len(vs))
	for i, v := range vs {
		out[i] = []any{p.str(v.Name), p.str(v.ACE), p.str(v.Rights), v.People, p.str(v.InheritedFrom), p.strs(v.Path)}
	}
	return p.list(out)
}

// pack makes the script's data.
func (s *sink) pack() (template.JS, error) {
	d := &data{
		Locale: s.text.Say("locale"), Code: s.text.Code,
		Phrases: s.text.Under("docs.", "det.", "grade.", "sev.", "verd.", "status.", "cat.", "reason.", "stage.", "skips.", "who.", "right.", "cure.cop", "mode."),
		Rows:    make([][]any, 0, len(s.findings)), Skips: make([][]any, 0, len(s.skips)),
	}
	p := &packer{strings: map[string]int{}, lists: map[string]int{}, out: d, loc: s.opt.Location}
	p.str("")
	for _, f := range s.findings {
		d.Rows = append(d.Rows, p.row(f))
	}
	for _, k := range s.skips {
		dir, name := split(k.Path)
		d.Skips = append(d.Skips, []any{p.str(string(k.Reason)), p.str(string(k.Stage)), p.str(dir), report.Plain(name), p.str(k.Error), asInt(k.Partial)})
	}
	b, err := json.Marshal(d) // escapes <, > and &, so no name can end the script element
	return template.JS(b), err
}

// row packs one finding in the order of the columns in app.js.
func (p *packer) row(f finding.Finding) []any {
	dir, name := split(f.Path)
	evidence := make([]any, len(f.Evidence))
	for i, e := range f.Evidence {
		evidence[i] = []any{p.str(e.Detector), report.Plain(e.Masked), p.str(e.Place), e.Count}
	}
	return []any{
		f.ID, p.str(dir), report.Plain(name), f.Severity.Rank(), p.str(string(f.Grade)), p.strs(f.Categories),
		f.Persons, f.Minors, p.str(string(f.Verdict)), f.People, f.PeopleMax, f.Allowed, f.Beyond,
		p.str(f.Incident), p.str(f.Status), p.day(f.Modified), evidence, p.via(f.Via), p.strs(f.Wide), f.Staff, f.Size,
		p.str(f.Owner), p.str(f.MediaType), asInt(f.Partial), asInt(f.NullDACL), p.strs(f.Notes), p.day(f.Created), p.day(f.FirstSeen),
		p.str(string(f.Mode)), p.strs(f.Unresolved), p.decision(f.Accepted),
	}
}

func (p *packer) decision(a *finding.Accepted) int {
	if a == nil {
		return p.strs(nil)
	}
	return p.strs([]string{a.Reason, a.By, a.Until})
}

func asInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// split cuts a full name at its last slash.
func split(path string) (dir, name string) {
	i := strings.LastIndexByte(strings.TrimSuffix(path, "/"), '/')
	return path[:i+1], path[i+1:]
}

// bar is one rectangle of the trend.
type bar struct {
	X, Y, W, H float64
	Class      string
	Title      string
}

// trend draws one bar a night, stacked by severity, for the last 30 nights.
func (s *sink) trend(now Night, t lang.Text) []bar {
	nights := append(append([]Night{}, s.opt.History...), now)
	nights = nights[max(0, len(nights)-maxNights):]
	if len(nights) < 2 {
		return nil
	}
	most := 1
	for _, n := range nights {
		sum := 0
		for _, k := range n.Incidents {
			sum += k
		}
		most = max(most, sum)
	}
	const width, height, gap = 600.0, 80.0, 3.0
	step := width / float64(max(len(nights), 14))
	var out []bar
	for i, n := range nights {
		y := height
		var parts []string
		for _, sev := range finding.Severities {
			if k := n.Incidents[sev]; k > 0 {
				parts = append(parts, t.Word("sev", string(sev))+" "+t.Number(k))
			}
		}
		title := t.Date(n.Day.In(s.opt.Location)) + ": " + strings.Join(parts, ", ")
		for _, sev := range finding.Severities {
			h := float64(n.Incidents[sev]) / float64(most) * height
			if h == 0 {
				continue
			}
			y -= h
			out = append(out, bar{X: float64(i) * step, Y: y, W: step - gap, H: h, Class: "f-" + string(sev), Title: title})
		}
	}
	return out
}

const maxNights = 30

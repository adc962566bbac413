package html

import (
	"strings"

	"aktvakt/scanner/finding"
	"aktvakt/scanner/report"
	"aktvakt/scanner/report/lang"
)

// card is one incident, written out.
type card struct {
	ID, Class, Severity, Title string
	Mode, Status, StatusClass  string
	Root                       string
	Grade                      string
	Categories                 []string
	Readers                    []string // sentences
	Rules                      []rule
	Since                      []string
	Cure                       string
	CureAt                     string
	CureACE                    []string
	CureTo                     string
	CureNote                   string
	Command                    string
	Documents                  string
	Duplicates                 []string
	Open                       bool
}

type rule struct {
	Name, Rights, People, From string
	Path                       []string
	Wide                       bool
}

// maxRules bounds the rules of a card: the widest ones decide.
const maxRules = 12

func (s *sink) card(in finding.Incident) card {
	t := s.text
	c := card{
		ID: in.ID, Class: string(in.Severity), Severity: t.Word("sev", string(in.Severity)), Title: headline(t, in),
		Mode: t.Say("mode." + string(in.Mode)), Status: t.Word("status", in.Status), StatusClass: in.Status,
		Root: report.Plain(in.Root), Grade: t.Word("grade", string(in.Grade)), Documents: t.Count("n.documents", in.Documents),
	}
	for _, cat := range in.Categories {
		c.Categories = append(c.Categories, t.Word("cat", cat))
	}
	c.Readers = readers(t, in, s.anyNullDACL(in))
	for _, v := range in.Via[:min(len(in.Via), maxRules)] {
		if v.ACE == "deny" {
			continue
		}
		r := rule{
			Name: report.Plain(v.Name), Rights: t.Word("right", v.Rights), People: t.Number(v.People),
			From: report.Plain(v.InheritedFrom), Wide: contains(in.Wide, v.Name),
		}
		switch {
		case v.By != "":
			r.From = t.Say("who." + v.By)
		case r.From == "":
			r.From = t.Say("who.itself")
		}
		for _, p := range v.Path {
			r.Path = append(r.Path, report.Plain(p))
		}
		c.Rules = append(c.Rules, r)
	}
	c.Since = s.since(in)
	for _, d := range in.Duplicates {
		c.Duplicates = append(c.Duplicates, report.Plain(d))
	}
	s.cure(&c, in)
	return c
}

// headline is the incident in one line, the root's last part standing for it.
func headline(t lang.Text, in finding.Incident) string {
	_, folder := split(strings.TrimSuffix(in.Root, "/"))
	if folder == "" {
		folder = in.Root
	}
	return t.Say("inc."+string(in.Mode),
		"documents", t.Count("n.documents", in.Documents), "persons", persons(t, in.Persons, in.Minors),
		"folder", report.Plain(folder), "users", readable(t, in))
}

// readable says who can read an incident: how many, or the wide group where
// the accounts that can be counted are not all it lets in. A mounted folder's
// "other" is everyone on the file server.
func readable(t lang.Text, in finding.Incident) string {
	if beyondCount(in) {
		return report.Plain(strings.Join(in.Wide, ", "))
	}
	return audience(t, in.People, in.PeopleMax)
}

func beyondCount(in finding.Incident) bool {
	return len(in.Wide) > 0 && in.Beyond == 0 && in.Grade != finding.Internal
}

// audience says how many can read, as an interval where it is one.
func audience(t lang.Text, people, most int) string {
	if most > people {
		return t.Say("who.between", "min", t.Number(people), "max", t.Number(most))
	}
	return t.Count("n.users", people)
}

func readers(t lang.Text, in finding.Incident, null bool) []string {
	var out []string
	switch {
	case beyondCount(in):
		out = append(out, t.Say("who.elsewhere", "wide", report.Plain(strings.Join(in.Wide, ", ")), "users", t.Count("n.users", in.People)))
	case in.PeopleMax > in.People:
		out = append(out, audience(t, in.People, in.PeopleMax)+".")
	case in.Staff > 0:
		out = append(out, t.Say("who.of", "users", t.Count("n.users", in.People), "staff", t.Number(in.Staff))+".")
	default:
		out = append(out, t.Count("n.users", in.People)+".")
	}
	switch {
	case in.Grade == finding.Internal:
		out = append(out, t.Say("who.anonymous"))
	case in.Beyond > 0:
		out = append(out, t.Say("who.allowed", "allowed", t.Number(in.People-in.Beyond), "beyond", t.Number(in.Beyond)))
	case len(in.Wide) > 0:
		out = append(out, t.Say("who.wide"))
	}
	if null {
		out = append(out, t.Say("who.null"))
	}
	return out
}

func (s *sink) anyNullDACL(in finding.Incident) bool {
	for _, f := range s.findings {
		if f.NullDACL && f.Incident == in.ID {
			return true
		}
	}
	return false
}

func (s *sink) since(in finding.Incident) []string {
	t := s.text
	seen := ""
	if !in.FirstSeen.IsZero() {
		seen = t.Say("since.seen", "date", t.Date(in.FirstSeen.In(s.opt.Location)))
	}
	if in.ExposedSince.IsZero() {
		if seen == "" {
			return []string{t.Say("since.unknown") + "."}
		}
		return []string{seen}
	}
	out := []string{t.Say("since."+in.ExposedBy, "date", t.Date(in.ExposedSince.In(s.opt.Location))) + "."}
	switch in.ExposedBy {
	case "first-seen":
	case "rules-changed":
		out = append(out, seen)
	default:
		if seen != "" {
			out = append(out, seen)
		}
		out = append(out, t.Say("since.acl"))
	}
	return out
}

func (s *sink) cure(c *card, in finding.Incident) {
	cure := in.Cure
	if cure == nil {
		return
	}
	t := s.text
	key := "cure." + cure.Kind
	if cure.Kind == "acl" && in.Documents == 1 && cure.At != in.Root {
		key = "cure.acl.file"
	}
	if cure.Kind == "acl" && cure.Portal() {
		key = "cure.acl.page"
	}
	c.Cure = t.Say(key, "documents", t.Count("n.documents", cure.Closes))
	c.CureAt, c.CureTo, c.Command = report.Plain(cure.At), report.Plain(cure.To), cure.Command
	if cure.ACE != "" {
		for _, a := range strings.Split(cure.ACE, "; ") {
			c.CureACE = append(c.CureACE, report.Plain(a))
		}
	}
	if cure.Kind == "acl" && len(in.Via) > 0 && strings.Contains(cure.At, "://") { // a local folder inherits nothing
		if from := in.Via[0].InheritedFrom; from != "" && from != cure.At {
			c.CureNote = t.Say("cure.above", "from", report.Plain(from))
		}
	}
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

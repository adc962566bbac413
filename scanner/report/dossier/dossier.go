// Package dossier writes what an organisation needs to decide on an incident
// and to notify it: the contents that GDPR article 33 asks for and that the
// forms of the Nordic authorities have fields for, as JSON and as a Word
// document.
//
// It states what was found and what speaks for notifying. It decides nothing:
// whether there is a breach to notify is for the controller, and the 72 hours
// run from when a person saw the finding, not from the scan. No identity
// number, not even masked, is in it: in Sweden a notification becomes a public
// document.
//
// https://eur-lex.europa.eu/eli/reg/2016/679/oj, articles 33 and 34
package dossier

import (
	"encoding/json"
	"io"
	"slices"
	"strings"
	"time"

	"aktvakt/scanner/finding"
	"aktvakt/scanner/report"
	"aktvakt/scanner/report/lang"
)

// Options are what the scan does not know.
type Options struct {
	// Language is sv, da, nb, fi or en; anything else is en.
	Language string
	// Location is the time zone of the times; nil is the local one.
	Location *time.Location
	// Organisation is the controller's name.
	Organisation string
	// Seen is when a person first saw the incident; zero is not recorded.
	Seen time.Time
	// Made is the time of writing.
	Made time.Time
}

// Deadline is how long a controller has from when it is aware, GDPR article
// 33(1).
const Deadline = 72 * time.Hour

// Dossier is the facts of one incident. Its JSON form is language-neutral.
type Dossier struct {
	Reference       string           `json:"reference"`
	Organisation    string           `json:"organisation,omitempty"`
	Made            time.Time        `json:"made"`
	Mode            finding.Mode     `json:"mode"`
	Severity        finding.Severity `json:"severity"`
	Grade           finding.Grade    `json:"grade"`
	Place           string           `json:"place"`
	Categories      []string         `json:"categories"`
	SpecialCategory bool             `json:"special_category"` // article 9
	Criminal        bool             `json:"criminal"`         // article 10
	Protected       bool             `json:"protected_identity"`
	Persons         int              `json:"persons"`
	Minors          int              `json:"minors"`
	Documents       int              `json:"documents"`
	People          int              `json:"people"`
	PeopleMax       int              `json:"people_max"`
	Staff           int              `json:"staff"`
	Beyond          int              `json:"beyond"`
	Wide            []string         `json:"wide"`
	Via             []finding.Via    `json:"via"`
	ExposedSince    time.Time        `json:"exposed_since,omitzero"`
	ExposedBy       string           `json:"exposed_by,omitempty"`
	FoundByScan     time.Time        `json:"found_by_scan"`
	SeenByPerson    time.Time        `json:"seen_by_person,omitzero"`
	NotifyBefore    time.Time        `json:"notify_before,omitzero"`
	Cure            *finding.Cure    `json:"cure,omitempty"`
	// Reasons speak for notifying: special, minors, many, wide, protected.
	Reasons []string `json:"reasons"`
	// HighRisk tells that the persons should probably be informed too.
	HighRisk bool     `json:"high_risk"`
	Files    []string `json:"files"`

	text lang.Text
	loc  *time.Location
}

// Categories whose documents hold data of article 9: health, sexual life,
// ethnic origin, union membership. Child-protection and elderly-care cases
// nearly always tell of health too, but it is their own sensitivity that the
// authorities weigh; they do not count here.
var specialCategories = []string{"health", "psychiatric", "addiction", "disability", "sexual-offence", "ethnicity-asylum", "union"}

const (
	manyPersons = 10  // a list, not a case
	manyReaders = 100 // beyond those allowed
)

// New gathers the facts. findings are the run's; those of the incident are
// picked out.
func New(in finding.Incident, findings []finding.Finding, opt Options) *Dossier {
	if opt.Location == nil {
		opt.Location = time.Local
	}
	d := &Dossier{
		Reference: in.ID, Organisation: opt.Organisation, Made: opt.Made, Mode: in.Mode, Severity: in.Severity, Grade: in.Grade,
		Place: in.Root, Categories: in.Categories, Persons: in.Persons, Minors: in.Minors, Documents: in.Documents,
		People: in.People, PeopleMax: in.PeopleMax, Staff: in.Staff, Beyond: in.Beyond, Wide: in.Wide, Via: in.Via,
		ExposedSince: in.ExposedSince, ExposedBy: in.ExposedBy, FoundByScan: in.FirstSeen, SeenByPerson: opt.Seen,
		Cure: in.Cure, Reasons: []string{}, Files: []string{}, text: lang.Get(opt.Language), loc: opt.Location,
	}
	if !opt.Seen.IsZero() {
		d.NotifyBefore = opt.Seen.Add(Deadline)
	}
	for _, f := range findings {
		if f.Incident == in.ID {
			d.Files = append(d.Files, f.Path)
		}
	}
	slices.Sort(d.Files)
	for _, c := range in.Categories {
		d.SpecialCategory = d.SpecialCategory || slices.Contains(specialCategories, c)
		d.Criminal = d.Criminal || c == "criminal" || c == "sexual-offence"
		d.Protected = d.Protected || c == "protected-identity"
	}
	d.assess()
	return d
}

// assess lists what the authorities weigh: the kind of data, children, the
// number of persons, how many could open it, protected identity.
func (d *Dossier) assess() {
	add := func(when bool, reason string) {
		if when {
			d.Reasons = append(d.Reasons, reason)
		}
	}
	add(d.Protected, "protected")
	add(d.SpecialCategory || d.Criminal || d.Grade == finding.HighlySensitive, "special")
	add(d.Minors > 0, "minors")
	add(d.Persons >= manyPersons, "many")
	add(len(d.Wide) > 0 || d.Beyond >= manyReaders, "wide")
	d.HighRisk = d.Protected || d.Grade == finding.HighlySensitive && len(d.Reasons) >= 2
}

// JSON writes the facts.
func (d *Dossier) JSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(d)
}

// maxFiles is how many documents the Word document names.
const maxFiles = 100

// fields are the values by the name of their placeholder, in words.
func (d *Dossier) fields() map[string]string {
	t := d.text
	f := map[string]string{
		"organisation": d.Organisation, "reference": d.Reference, "made": t.DateTime(d.Made.In(d.loc)),
		"nature": t.Say("dos.nature." + string(d.Mode)), "place": d.Place,
		"persons": d.persons(), "records": t.Number(d.Documents), "readers": d.readers(), "opened": t.Say("dos.opened.unknown"),
		"since": d.since(), "found": t.DateTime(d.FoundByScan.In(d.loc)), "special": d.yes(d.SpecialCategory), "criminal": d.yes(d.Criminal),
		"protected": d.yes(d.Protected), "cause": d.cause(), "measures": d.measures(), "done": "", "decision": "",
		"seen": t.Say("dos.seen.none"), "deadline": t.Say("dos.deadline.none"), "consequences": t.Say("dos.consequences.low"),
	}
	if !d.SeenByPerson.IsZero() {
		f["seen"], f["deadline"] = t.DateTime(d.SeenByPerson.In(d.loc)), t.DateTime(d.NotifyBefore.In(d.loc))
	}
	if d.Grade == finding.HighlySensitive {
		f["consequences"] = t.Say("dos.consequences.high")
	}
	cats := []string{t.Word("grade", string(d.Grade))}
	for _, c := range d.Categories {
		cats = append(cats, t.Word("cat", c))
	}
	f["categories"] = strings.Join(cats, ", ")
	f["notify"], f["inform"] = d.advice(len(d.Reasons) > 0), d.advice(d.HighRisk)
	files := d.Files[:min(len(d.Files), maxFiles)]
	f["documents"] = strings.Join(files, "\n")
	if n := len(d.Files) - maxFiles; n > 0 {
		f["documents"] += "\n" + t.Say("dos.more", "n", t.Number(n))
	}
	return f
}

func (d *Dossier) yes(b bool) string {
	if b {
		return d.text.Say("dos.yes")
	}
	return d.text.Say("dos.no")
}

func (d *Dossier) persons() string {
	s := d.text.Count("n.persons", d.Persons)
	if d.Minors > 0 {
		s += " (" + d.text.Count("n.minors", d.Minors) + ")"
	}
	return s
}

func (d *Dossier) readers() string {
	t := d.text
	s := t.Say("who.of", "users", t.Count("n.users", d.People), "staff", t.Number(d.Staff)) + "."
	if d.PeopleMax > d.People {
		s = t.Say("who.between", "min", t.Number(d.People), "max", t.Number(d.PeopleMax)) + "."
	}
	if d.Beyond > 0 {
		s += " " + t.Say("who.allowed", "allowed", t.Number(d.People-d.Beyond), "beyond", t.Number(d.Beyond))
	}
	return s
}

func (d *Dossier) since() string {
	if d.ExposedSince.IsZero() {
		return d.text.Say("since.unknown")
	}
	since := d.text.Say("since."+d.ExposedBy, "date", d.text.Date(d.ExposedSince.In(d.loc))) + "."
	if d.ExposedBy == "rules-changed" {
		return since
	}
	return since + " " + d.text.Say("since.acl")
}

func (d *Dossier) cause() string {
	s := d.text.Say("mode." + string(d.Mode))
	for _, v := range d.Via {
		if v.ACE == "deny" {
			continue
		}
		from := v.InheritedFrom
		switch {
		case v.By != "":
			from = d.text.Say("who." + v.By)
		case from == "":
			from = d.text.Say("who.itself")
		}
		return s + ". " + d.text.Say("dos.cause.rule", "rule", v.Name, "from", from)
	}
	return s
}

func (d *Dossier) measures() string {
	c := d.Cure
	if c == nil {
		return ""
	}
	key := "cure." + c.Kind
	if c.Kind == "acl" && c.Portal() {
		key = "cure.acl.page"
	}
	lines := []string{
		d.text.Say(key, "documents", d.text.Count("n.documents", c.Closes)),
		d.text.Say("cure.at") + ": " + c.At,
	}
	if c.ACE != "" {
		lines = append(lines, d.text.Say("cure.remove")+": "+c.ACE)
	}
	if c.To != "" {
		lines = append(lines, d.text.Say("cure.to")+": "+c.To)
	}
	return strings.Join(lines, "\n")
}

func (d *Dossier) advice(yes bool) string {
	t := d.text
	var why []string
	for _, r := range d.Reasons {
		why = append(why, t.Say("dos.why."+r))
	}
	if len(why) == 0 {
		why = []string{t.Say("dos.why.little")}
	}
	key := "dos.advice.open"
	if yes {
		key = "dos.advice.yes"
	}
	return t.Say(key, "why", strings.Join(why, ", "))
}

// plain makes a value fit for a document: no control characters but line
// breaks.
func plain(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = report.Plain(l)
	}
	return strings.Join(lines, "\n")
}

// Package finding holds what a scan produces: findings, incidents, skips and
// the summary. It is a leaf: every other room of the scanner may import it,
// it imports none. The JSON form of its types is the contract with machines:
// fields may be added, never renamed.
//
// No type here ever holds an identity number, a name from a document or an
// excerpt that identifies a person.
package finding

import (
	"strings"
	"time"
)

// Severity orders findings for the reader.
type Severity string

// Severities, from "can wait" to "now".
const (
	Low      Severity = "low"
	Medium   Severity = "medium"
	High     Severity = "high"
	Critical Severity = "critical"
)

// Severities lists all severities, the gravest first.
var Severities = []Severity{Critical, High, Medium, Low}

// Rank returns 4 for critical down to 1 for low and 0 for anything else.
func (s Severity) Rank() int {
	switch s {
	case Critical:
		return 4
	case High:
		return 3
	case Medium:
		return 2
	case Low:
		return 1
	}
	return 0
}

// Grade is how sensitive a document is.
type Grade string

// Grades, in rising order.
const (
	GradeNone       Grade = "none"
	Internal        Grade = "internal"
	Sensitive       Grade = "sensitive"
	HighlySensitive Grade = "highly-sensitive"
)

// Verdict is the grade held against the audience.
type Verdict string

// Verdicts.
const (
	TooWide Verdict = "too-wide"
	Allowed Verdict = "allowed"
	// Unknown: the audience could not be worked out far enough to decide.
	Unknown Verdict = "unknown"
)

// Mode is how the document came to be exposed.
type Mode string

// Modes.
const (
	// Misplaced: the folder's ACL is right, the file lies in the wrong place.
	Misplaced Mode = "misplaced"
	// Overexposed: a folder of such documents whose ACL is too wide.
	Overexposed Mode = "overexposed"
)

// Via is one rule that lets people read: an ACE or a POSIX entry.
type Via struct {
	SID  string `json:"sid,omitempty"`
	Name string `json:"name"`
	// ACE is "allow" or "deny".
	ACE string `json:"ace"`
	// Rights is a word a person understands: read, modify, full.
	Rights string `json:"rights"`
	// People is the number of accounts that this rule lets in.
	People int `json:"people"`
	// InheritedFrom is the full name of the folder where the rule is
	// explicit; empty when it is explicit on the entry itself.
	InheritedFrom string `json:"inherited_from,omitempty"`
	// Path is the chain of groups from Name to its members where nested.
	Path []string `json:"path,omitempty"`
	// By is "probe" for an audience that was seen to read, by an account that
	// stands for it; empty for a rule.
	By string `json:"by,omitempty"`
}

// Cure says what one change would close the exposure.
type Cure struct {
	// Kind is "acl" (mend the ACL at At) or "move" (move the file away from At).
	Kind string `json:"kind"`
	// At is the full name of the folder or file to change.
	At string `json:"at"`
	// ACE is the rule to remove or narrow, for people.
	ACE string `json:"ace,omitempty"`
	// Closes is the number of findings that the change closes.
	Closes int `json:"closes"`
	// To suggests a folder where documents of the kind lie behind a narrow ACL.
	To string `json:"to,omitempty"`
	// Command is what an administrator could run; aktvakt never runs it.
	Command string `json:"command,omitempty"`
}

// Portal reports whether the change is to be made in a portal.
func (c *Cure) Portal() bool {
	return strings.HasPrefix(c.At, "https://") || strings.HasPrefix(c.At, "http://")
}

// Evidence is one piece of masked evidence.
type Evidence struct {
	// Detector is a detector's name or "marker".
	Detector string `json:"detector"`
	// Masked is a masked number ("2009••••-••••") or a marker's own term from
	// the catalogue; never text that only the document holds.
	Masked string `json:"masked"`
	// Place says where: "page 3", "sheet Elever, row 4", "annex.docx".
	Place string `json:"place,omitempty"`
	Count int    `json:"count,omitempty"`
}

// Finding is one document that more people can read than its grade allows.
type Finding struct {
	ID         string     `json:"id"`
	Path       string     `json:"path"`
	Target     string     `json:"target"`
	Grade      Grade      `json:"grade"`
	Score      float64    `json:"score"`
	Categories []string   `json:"categories"`
	Persons    int        `json:"persons"`
	Minors     int        `json:"minors"`
	Verdict    Verdict    `json:"verdict"`
	Mode       Mode       `json:"mode,omitempty"`
	Severity   Severity   `json:"severity"`
	Why        string     `json:"why"`
	People     int        `json:"people"`
	PeopleMax  int        `json:"people_max"`
	Staff      int        `json:"staff"`
	Allowed    int        `json:"allowed"`
	Beyond     int        `json:"beyond"`
	Wide       []string   `json:"wide"`
	NullDACL   bool       `json:"null_dacl,omitempty"`
	Unresolved []string   `json:"unresolved,omitempty"`
	Via        []Via      `json:"via"`
	Cure       *Cure      `json:"cure,omitempty"`
	Incident   string     `json:"incident,omitempty"`
	Status     string     `json:"status"`
	FirstSeen  time.Time  `json:"first_seen"`
	LastSeen   time.Time  `json:"last_seen"`
	Size       int64      `json:"size"`
	Modified   time.Time  `json:"modified"`
	Created    time.Time  `json:"created,omitzero"`
	Owner      string     `json:"owner,omitempty"`
	MediaType  string     `json:"media_type,omitempty"`
	Partial    bool       `json:"partial,omitempty"`
	Evidence   []Evidence `json:"evidence,omitempty"`
	// Notes say why an audience is incomplete, in sentences.
	Notes []string `json:"notes,omitempty"`
	// Accepted is somebody's decision that the finding may stay.
	Accepted *Accepted `json:"accepted,omitempty"`
	// PersonKeys are keyed HMACs of the identity numbers, so that an incident
	// counts each person once. They stay out of every report.
	PersonKeys []PersonKey `json:"-"`
	// Carried tells that nobody could look at the document tonight. Its incident
	// is the one that it was in: Root is the folder that the incident is about,
	// OnFile tells that the document's own rules differ from its neighbours'.
	Carried, OnFile bool   `json:"-"`
	Root            string `json:"-"`
	// Print is a keyed hash of the text, to find the same text elsewhere; 0
	// is unknown.
	Print uint64 `json:"-"`
	// RulesSince is when the access rules were seen to have changed, where a
	// run saw it.
	RulesSince time.Time `json:"rules_since,omitzero"`
	// Duplicates are full names of other documents with the same text, a few
	// of them.
	Duplicates []string `json:"duplicates,omitempty"`
	// MovedFrom is the full name that the document had when it was last seen.
	MovedFrom string `json:"moved_from,omitempty"`
	// Library is the full name of the page that lists the document, where its
	// own name does not say where it belongs.
	Library string `json:"library,omitempty"`
}

// Place is the name that says where the document belongs: its own, or one in
// its library.
func (f Finding) Place() string {
	if f.Library != "" {
		return f.Library + "/."
	}
	return f.Path
}

// Resolved is a finding that is no longer so, and what became of it: deleted,
// moved, narrowed or cleaned.
type Resolved struct {
	ID     string `json:"id"`
	Target string `json:"target"`
	Path   string `json:"path"`
	Fate   string `json:"fate"`
	// To is where it was moved to.
	To string `json:"to,omitempty"`
}

// Accepted is a decision that a finding may stay as it is.
type Accepted struct {
	Reason string `json:"reason"`
	By     string `json:"by"`
	// Until is the last day on which it holds, "2027-03-31"; empty is for good.
	Until string `json:"until,omitempty"`
}

// Closed reports whether somebody decided that nothing is to be done.
func (f Finding) Closed() bool {
	return f.Status == StatusAccepted || f.Status == StatusFalsePositive
}

// PersonKey is the keyed HMAC of one identity number and what else is needed
// to count people.
type PersonKey struct {
	Key   [16]byte
	Minor bool
}

// Incident is the findings of one cause: same mode, same root folder, same rule.
type Incident struct {
	ID         string    `json:"id"`
	Target     string    `json:"target"`
	Mode       Mode      `json:"mode"`
	Severity   Severity  `json:"severity"`
	Grade      Grade     `json:"grade"`
	Verdict    Verdict   `json:"verdict"`
	Root       string    `json:"root"`
	Title      string    `json:"title"`
	Documents  int       `json:"documents"`
	Persons    int       `json:"persons"`
	Minors     int       `json:"minors"`
	Categories []string  `json:"categories"`
	People     int       `json:"people"`
	PeopleMax  int       `json:"people_max"`
	Staff      int       `json:"staff"`
	Beyond     int       `json:"beyond"`
	Wide       []string  `json:"wide"`
	Via        []Via     `json:"via"`
	Cure       *Cure     `json:"cure,omitempty"`
	Status     string    `json:"status"`
	FirstSeen  time.Time `json:"first_seen"`
	LastSeen   time.Time `json:"last_seen"`
	// ExposedSince is the earliest sign of exposure, and ExposedBy what it is:
	// created, modified, rules-changed or first-seen.
	ExposedSince time.Time `json:"exposed_since,omitzero"`
	ExposedBy    string    `json:"exposed_by,omitempty"`
	Findings     []string  `json:"findings"`
	// Duplicates are full names of documents outside of Root with the same text
	// as one of the findings, a few of them.
	Duplicates []string `json:"duplicates,omitempty"`
}

// Status of a finding or an incident over the nights.
const (
	StatusNew      = "new"
	StatusOpen     = "open"
	StatusChanged  = "changed"
	StatusResolved = "resolved"
	StatusAccepted = "accepted"
	// StatusFalsePositive: somebody decided that it is none.
	StatusFalsePositive = "false-positive"
)

// Stage is the step at which an entry was skipped.
type Stage string

// Stages, in the order of the pipeline.
const (
	StageList    Stage = "list"
	StageOpen    Stage = "open"
	StageExtract Stage = "extract"
	StageDetect  Stage = "detect"
	StageAccess  Stage = "access"
)

// Reason says why an entry was skipped.
type Reason string

// Reasons.
const (
	Unsupported  Reason = "unsupported"
	Encrypted    Reason = "encrypted"
	Corrupt      Reason = "corrupt"
	TooLarge     Reason = "too-large"
	Timeout      Reason = "timeout"
	AccessDenied Reason = "access-denied"
	Offline      Reason = "offline"
	Locked       Reason = "locked"
	Vanished     Reason = "vanished"
	Failed       Reason = "error"
	// Link: a symbolic link, junction or DFS link, never followed.
	LinkReason Reason = "link"
	// Loop: a folder that is its own ancestor.
	Loop Reason = "loop"
	// Stopped: the run ended before the entry's turn.
	Stopped Reason = "stopped"
	// Excluded: left out by the configuration.
	Excluded Reason = "excluded"
)

// Skip is an entry that could not be judged in full. A skip is output: it is
// reported and counted, never dropped.
type Skip struct {
	Path   string `json:"path"`
	Target string `json:"target"`
	Stage  Stage  `json:"stage"`
	Reason Reason `json:"reason"`
	// Error never holds text from the document.
	Error string `json:"error,omitempty"`
	// Partial tells that some text was read and judged all the same.
	Partial bool  `json:"partial,omitempty"`
	Dir     bool  `json:"dir,omitempty"`
	Size    int64 `json:"size,omitempty"`
}

// TargetSummary is how one target went.
type TargetSummary struct {
	Name string `json:"name"`
	// Status is complete, incomplete or failed.
	Status  string `json:"status"`
	Error   string `json:"error,omitempty"`
	Hint    string `json:"hint,omitempty"`
	Entries int    `json:"entries"`
	Folders int    `json:"folders"`
	Scanned int    `json:"scanned"`
	// Unchanged were judged again by what an earlier run found in them.
	Unchanged int `json:"unchanged"`
	Skipped   int `json:"skipped"`
	Staff     int `json:"staff"`
	// Directory says where accounts and groups come from and how complete.
	Directory string   `json:"directory,omitempty"`
	Notes     []string `json:"notes,omitempty"`
	// Remembered is how many files of the target are known, and Fresh how many
	// of them were looked at in this run.
	Remembered int `json:"remembered,omitempty"`
	Fresh      int `json:"fresh,omitempty"`
}

// Summary is the last line of a run. Entries counts everything that was
// listed except folders that were listed in turn; Entries = Scanned +
// Unchanged + the sum of Skipped.
type Summary struct {
	Version   string           `json:"version"`
	Started   time.Time        `json:"started"`
	Finished  time.Time        `json:"finished"`
	Targets   int              `json:"targets"`
	Entries   int              `json:"entries"`
	Folders   int              `json:"folders"`
	Scanned   int              `json:"scanned"`
	Partial   int              `json:"partial"`
	Unchanged int              `json:"unchanged"`
	Skipped   map[Reason]int   `json:"skipped"`
	Grades    map[Grade]int    `json:"grades"`
	Findings  map[Severity]int `json:"findings"`
	Verdicts  map[Verdict]int  `json:"verdicts"`
	Incidents int              `json:"incidents"`
	// IncidentSeverity counts the incidents by severity, for the trend.
	IncidentSeverity map[Severity]int `json:"incident_severity,omitempty"`
	// Resolved is how many findings of earlier runs are gone.
	Resolved int `json:"resolved"`
	// Fates tells what became of the resolved ones: deleted, moved (to where
	// fewer can read), narrowed (fewer can read), cleaned (the text is no longer
	// sensitive).
	Fates map[string]int `json:"resolved_as,omitempty"`
	// Gone are the resolved findings, a line each.
	Gone []Resolved `json:"gone,omitempty"`
	// Carried is how many findings stand as an earlier run saw them, because
	// their place could not be looked at or the time was up.
	Carried int `json:"carried,omitempty"`
	// Remembered is how many files are known, and Fresh how many of them were
	// looked at in this run.
	Remembered int `json:"remembered,omitempty"`
	Fresh      int `json:"fresh,omitempty"`
	// Postponed is how many unchanged files were read by an earlier version of
	// the program or its settings, to be read anew in the nights to come.
	Postponed int `json:"postponed,omitempty"`
	// Accepted is how many findings somebody decided to let be. They are in
	// no other count of findings.
	Accepted  int     `json:"accepted"`
	Persons   int     `json:"persons"`
	Minors    int     `json:"minors"`
	Bytes     int64   `json:"bytes"`
	DurationS float64 `json:"duration_s"`
	// Complete is false when a target failed or the run was stopped early.
	Complete  bool            `json:"complete"`
	PerTarget []TargetSummary `json:"per_target"`
	// Notes are said to every reader, such as that OCR was not available.
	Notes []string `json:"notes,omitempty"`
}

// Package ocsf writes findings as events of the Open Cybersecurity Schema
// Framework, one JSON object a line, for a SIEM: class 2006, Data Security
// Finding, https://schema.ocsf.io/1.3.0/classes/data_security_finding.
//
// The event tells what lies where and who can read it. It holds no evidence,
// not even masked.
package ocsf

import (
	"bufio"
	"encoding/json"
	"io"
	"strings"
	"time"

	"aktvakt/scanner/finding"
	"aktvakt/scanner/report"
)

// version is the version of the schema.
const version = "1.3.0"

// event is the part of the class that aktvakt fills.
type event struct {
	ActivityID   int        `json:"activity_id"`
	ActivityName string     `json:"activity_name"`
	CategoryUID  int        `json:"category_uid"`
	CategoryName string     `json:"category_name"`
	ClassUID     int        `json:"class_uid"`
	ClassName    string     `json:"class_name"`
	TypeUID      int        `json:"type_uid"`
	TypeName     string     `json:"type_name"`
	Time         int64      `json:"time"`
	SeverityID   int        `json:"severity_id"`
	Severity     string     `json:"severity"`
	StatusID     int        `json:"status_id"`
	Status       string     `json:"status"`
	IsAlert      bool       `json:"is_alert"`
	Message      string     `json:"message"`
	Metadata     metadata   `json:"metadata"`
	Info         info       `json:"finding_info"`
	DataSecurity security   `json:"data_security"`
	File         file       `json:"file"`
	Resources    []resource `json:"resources"`
	Unmapped     unmapped   `json:"unmapped"`
}

type metadata struct {
	Version string  `json:"version"`
	Product product `json:"product"`
	UID     string  `json:"uid"`
}

type product struct {
	Name       string `json:"name"`
	VendorName string `json:"vendor_name"`
	Version    string `json:"version,omitempty"`
}

type info struct {
	UID           string    `json:"uid"`
	Title         string    `json:"title"`
	Desc          string    `json:"desc"`
	Types         []string  `json:"types"`
	FirstSeenTime int64     `json:"first_seen_time,omitempty"`
	LastSeenTime  int64     `json:"last_seen_time,omitempty"`
	RelatedEvents []related `json:"related_events,omitempty"`
}

type related struct {
	UID  string `json:"uid"`
	Type string `json:"type"`
}

type security struct {
	CategoryID        int    `json:"category_id"`
	Category          string `json:"category"`
	ConfidentialityID int    `json:"confidentiality_id"`
	Confidentiality   string `json:"confidentiality"`
	LifecycleID       int    `json:"data_lifecycle_state_id"`
	Lifecycle         string `json:"data_lifecycle_state"`
}

type file struct {
	Name         string `json:"name"`
	Path         string `json:"path"`
	ParentFolder string `json:"parent_folder"`
	TypeID       int    `json:"type_id"`
	Type         string `json:"type"`
	Size         int64  `json:"size"`
	MimeType     string `json:"mime_type,omitempty"`
	CreatedTime  int64  `json:"created_time,omitempty"`
	ModifiedTime int64  `json:"modified_time,omitempty"`
	Owner        *user  `json:"owner,omitempty"`
}

type user struct {
	Name string `json:"name"`
}

type resource struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// unmapped is what the class has no place for.
type unmapped struct {
	Grade      string   `json:"grade"`
	Categories []string `json:"categories"`
	Verdict    string   `json:"verdict"`
	Mode       string   `json:"mode,omitempty"`
	Persons    int      `json:"persons"`
	Minors     int      `json:"minors"`
	People     int      `json:"people"`
	PeopleMax  int      `json:"people_max"`
	Allowed    int      `json:"allowed"`
	Staff      int      `json:"staff"`
	WideGroups []string `json:"wide_groups"`
	Cure       string   `json:"cure,omitempty"`
}

type sink struct {
	w   *bufio.Writer
	enc *json.Encoder
}

// New returns a sink that writes events to w. Close flushes; it does not close
// w.
func New(w io.Writer) report.Sink {
	b := bufio.NewWriter(w)
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	return &sink{w: b, enc: enc}
}

func (s *sink) Finding(f finding.Finding) error { return s.enc.Encode(eventOf(f)) }

func (s *sink) Incident(finding.Incident) error { return nil }

func (s *sink) Skip(finding.Skip) error { return nil }

func (s *sink) Close(finding.Summary) error { return s.w.Flush() }

func eventOf(f finding.Finding) event {
	activity, name := 1, "Create"
	statusID, status := 1, "New"
	switch f.Status {
	case finding.StatusOpen, finding.StatusChanged:
		activity, name = 2, "Update"
		statusID, status = 2, "In Progress"
	case finding.StatusAccepted, finding.StatusFalsePositive:
		activity, name = 2, "Update"
		statusID, status = 3, "Suppressed"
	case finding.StatusResolved:
		activity, name = 3, "Close"
		statusID, status = 4, "Resolved"
	}
	sevID, sev := severity(f.Severity)
	confID, conf := confidentiality(f.Grade)
	i := strings.LastIndexByte(f.Path, '/')
	e := event{
		ActivityID: activity, ActivityName: name, CategoryUID: 2, CategoryName: "Findings",
		ClassUID: 2006, ClassName: "Data Security Finding", TypeUID: 200600 + activity, TypeName: "Data Security Finding: " + name,
		Time: millis(f.LastSeen), SeverityID: sevID, Severity: sev, StatusID: statusID, Status: status, Message: f.Why,
		IsAlert:  !f.Closed() && f.Verdict == finding.TooWide && f.Status != finding.StatusOpen,
		Metadata: metadata{Version: version, UID: f.ID, Product: product{Name: "aktvakt", VendorName: "aktvakt"}},
		Info: info{
			UID: f.ID, Title: title(f), Desc: f.Why, Types: []string{string(f.Verdict)},
			FirstSeenTime: millis(f.FirstSeen), LastSeenTime: millis(f.LastSeen),
		},
		DataSecurity: security{
			CategoryID: 1, Category: "Personal", ConfidentialityID: confID, Confidentiality: conf,
			LifecycleID: 1, Lifecycle: "Data at-Rest",
		},
		File: file{
			Name: f.Path[i+1:], Path: f.Path, ParentFolder: f.Path[:max(i, 0)], TypeID: 1, Type: "Regular File", Size: f.Size, MimeType: f.MediaType,
			CreatedTime: millis(f.Created), ModifiedTime: millis(f.Modified),
		},
		Resources: []resource{{Name: f.Target, Type: "File Share"}},
		Unmapped: unmapped{
			Grade: string(f.Grade), Categories: list(f.Categories), Verdict: string(f.Verdict), Mode: string(f.Mode), Persons: f.Persons, Minors: f.Minors,
			People: f.People, PeopleMax: f.PeopleMax, Allowed: f.Allowed, Staff: f.Staff, WideGroups: list(f.Wide),
		},
	}
	if f.Owner != "" {
		e.File.Owner = &user{f.Owner}
	}
	if f.Incident != "" {
		e.Info.RelatedEvents = []related{{UID: f.Incident, Type: "incident"}}
	}
	if c := f.Cure; c != nil {
		e.Unmapped.Cure = strings.TrimSpace(cureVerb(c.Kind) + " " + c.At + " " + c.ACE)
	}
	return e
}

func title(f finding.Finding) string {
	if f.Verdict == finding.Unknown {
		return "Sensitive document whose readers are not known"
	}
	return "Sensitive document that too many can read"
}

func cureVerb(kind string) string {
	if kind == "move" {
		return "Move"
	}
	return "Narrow the access rules of"
}

// severity maps to severity_id.
func severity(s finding.Severity) (int, string) {
	switch s {
	case finding.Critical:
		return 5, "Critical"
	case finding.High:
		return 4, "High"
	case finding.Medium:
		return 3, "Medium"
	case finding.Low:
		return 2, "Low"
	}
	return 0, "Unknown"
}

// confidentiality maps to confidentiality_id.
func confidentiality(g finding.Grade) (int, string) {
	switch g {
	case finding.HighlySensitive:
		return 6, "Restricted"
	case finding.Sensitive:
		return 2, "Confidential"
	case finding.Internal:
		return 5, "Private"
	}
	return 1, "Not Confidential"
}

// millis is a timestamp_t: milliseconds since 1970. A zero time is 0.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func list(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

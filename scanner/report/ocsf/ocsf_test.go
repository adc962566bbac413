package ocsf

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"aktvakt/scanner/finding"
	"aktvakt/scanner/report/reporttest"
)

func events(t *testing.T, fs []finding.Finding) []map[string]any {
	t.Helper()
	var b bytes.Buffer
	s := New(&b)
	for _, f := range fs {
		if err := s.Finding(f); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(finding.Summary{}); err != nil {
		t.Fatal(err)
	}
	var out []map[string]any
	dec := json.NewDecoder(&b)
	for dec.More() {
		var e map[string]any
		if err := dec.Decode(&e); err != nil {
			t.Fatal(err)
		}
		out = append(out, e)
	}
	return out
}

// What the class requires of every event is there, and the ids agree with
// each other.
func TestRequired(t *testing.T) {
	run := reporttest.Sample()
	got := events(t, run.Findings)
	if len(got) != len(run.Findings) {
		t.Fatalf("%d events of %d findings", len(got), len(run.Findings))
	}
	for i, e := range got {
		for _, k := range []string{"activity_id", "category_uid", "class_uid", "type_uid", "time", "severity_id", "metadata", "finding_info", "file", "data_security"} {
			if e[k] == nil {
				t.Fatalf("event %d has no %s", i, k)
			}
		}
		if e["class_uid"] != 2006.0 || e["type_uid"].(float64) != 200600+e["activity_id"].(float64) || e["category_uid"] != 2.0 {
			t.Errorf("event %d: class %v, type %v, activity %v", i, e["class_uid"], e["type_uid"], e["activity_id"])
		}
		if e["time"].(float64) != float64(reporttest.Night.UnixMilli()) {
			t.Errorf("event %d is of %v", i, e["time"])
		}
		if e["finding_info"].(map[string]any)["uid"] != run.Findings[i].ID {
			t.Errorf("event %d is of another finding", i)
		}
		b, _ := json.Marshal(e)
		if strings.Contains(string(b), "••••") {
			t.Errorf("event %d holds evidence", i)
		}
	}
}

func TestMapping(t *testing.T) {
	tests := []struct {
		f                              finding.Finding
		activity, status, severity, of float64
		alert                          bool
	}{
		{finding.Finding{Status: "new", Severity: finding.Critical, Grade: finding.HighlySensitive, Verdict: finding.TooWide}, 1, 1, 5, 6, true},
		{finding.Finding{Status: "open", Severity: finding.High, Grade: finding.Sensitive, Verdict: finding.TooWide}, 2, 2, 4, 2, false},
		{finding.Finding{Status: "changed", Severity: finding.Medium, Grade: finding.Internal, Verdict: finding.TooWide}, 2, 2, 3, 5, true},
		{finding.Finding{Status: "accepted", Severity: finding.Low, Grade: finding.Sensitive, Verdict: finding.TooWide}, 2, 3, 2, 2, false},
		{finding.Finding{Status: "resolved", Severity: "odd"}, 3, 4, 0, 1, false},
		{finding.Finding{Status: "new", Severity: finding.Low, Grade: finding.Sensitive, Verdict: finding.Unknown}, 1, 1, 2, 2, false},
	}
	for _, tt := range tests {
		e := events(t, []finding.Finding{tt.f})[0]
		got := []any{e["activity_id"], e["status_id"], e["severity_id"], e["data_security"].(map[string]any)["confidentiality_id"], e["is_alert"]}
		want := []any{tt.activity, tt.status, tt.severity, tt.of, tt.alert}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%s: %v, want %v", tt.f.Status, got, want)
				break
			}
		}
	}
}

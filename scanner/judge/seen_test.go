package judge

import (
	"fmt"
	"testing"

	"aktvakt/scanner/finding"
)

// A portal tells no folder where a rule is set: the incident is the highest
// folder in which all the cases were seen to be open, and documents without
// a folder of their own belong to the page that lists them.
func TestPlaceOfWhatWasSeen(t *testing.T) {
	j, err := New(DefaultPolicy())
	if err != nil {
		t.Fatal(err)
	}
	const target = "https://intra"
	via := []finding.Via{{Name: "all staff", ACE: "allow", Rights: "read", People: 1300, By: "probe"}}
	var open []finding.Finding
	c := NewCensus()
	add := func(path, library string, verdict finding.Verdict) {
		f := finding.Finding{ID: path, Target: target, Path: target + "/" + path, Library: library, Grade: finding.HighlySensitive, Verdict: verdict,
			People: 1300, PeopleMax: 1300, Staff: 1300, Allowed: 15, Beyond: 1285, Wide: []string{"all staff"}, Via: via}
		if verdict == finding.TooWide {
			open = append(open, f)
		}
		c.Add(f)
	}
	for i := range 10 {
		add(fmt.Sprintf("rum/aaben/a/%d", i), "", finding.TooWide)
		add(fmt.Sprintf("rum/aaben/b/%d", i), "", finding.TooWide)
		add(fmt.Sprintf("rum/lukket/%d", i), "", finding.Allowed)
		add(fmt.Sprintf("hent?dok=%d", i), target+"/vis?rum=7", finding.TooWide)
	}
	_, incidents := j.Incidents(open, c)
	got := map[string]int{}
	for _, i := range incidents {
		got[i.Root] = i.Documents
		if i.Mode != finding.Overexposed || i.Cure.At != i.Root || i.Cure.Command != "" {
			t.Errorf("%s: %s, cure %+v", i.Root, i.Mode, i.Cure)
		}
	}
	if len(got) != 2 || got[target+"/rum/aaben"] != 20 || got[target+"/vis?rum=7"] != 10 {
		t.Errorf("incidents %v", got)
	}
}

// Package reporttest makes runs to render in tests: a small one with every
// kind of trouble in it, judged by the real judge, and a large one.
package reporttest

import (
	"fmt"
	"time"

	"aktvakt/detectors"
	"aktvakt/scanner/access"
	"aktvakt/scanner/finding"
	"aktvakt/scanner/judge"
	"aktvakt/scanner/report/jsonl"
)

// Raw are the identity numbers that stand behind the sample's evidence, from
// the published series of test numbers. None may appear in any report.
var Raw = []string{"200901052384", "20090105-2384", "0901052384", "090105-2384", "198002022386", "19800202-2386"}

// Hostile are names of files in the sample that attack a reader of the report.
var Hostile = []string{
	`</script><script>window.pwned=1</script>.docx`,
	`"><img src=x onerror=window.pwned=1>.docx`,
	"=HYPERLINK(\"http://evil.example\",\"x\").xlsx",
	"line\nbreak\u202excod.exe",
}

const share = "smb://fs1.kommun.example/gemensam"

// Night is when the sample was scanned.
var Night = time.Date(2026, 11, 24, 2, 15, 0, 0, time.UTC)

// builder judges documents and keeps what a scan would.
type builder struct {
	judge  *judge.Judge
	census *judge.Census
	run    jsonl.Run
	n      int
}

type doc struct {
	path       string
	grade      detectors.Grade
	cats       []string
	persons    int
	minors     int
	audience   *access.Audience
	err        string
	status     string
	firstSeen  time.Time
	evidence   []finding.Evidence
	mediaType  string
	partial    bool
	created    time.Time
	sharedKeys bool // persons are those of the documents before
}

func (b *builder) add(d doc) {
	b.n++
	e := judge.Evidence{
		Target: share, Path: d.path, Size: int64(20_000 + 137*b.n), Modified: Night.AddDate(0, 0, -b.n%900), Created: d.created,
		MediaType: d.mediaType, Partial: d.partial, Places: d.evidence, Audience: d.audience, AudienceErr: d.err,
		Content: detectors.Result{
			Grade: d.grade, Score: 14.5, Categories: d.cats, Persons: d.persons, Minors: d.minors,
			Matches: []detectors.Match{{Detector: "se-personnummer", Masked: "2009••••-••••", Confidence: 0.99, Value: detectors.NewSecret(Raw[0])}},
		},
	}
	if e.MediaType == "" {
		e.MediaType = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	}
	for i := range d.persons {
		k := finding.PersonKey{Key: [16]byte{byte(i), byte(b.n), byte(b.n >> 8)}, Minor: i < d.minors}
		if d.sharedKeys {
			k.Key = [16]byte{byte(i), 0xff, 0xff}
		}
		e.PersonKeys = append(e.PersonKeys, k)
	}
	f, report := b.judge.Judge(e)
	b.census.Add(f)
	if !report {
		return
	}
	f.Status, f.FirstSeen, f.LastSeen = d.status, d.firstSeen, Night
	if f.Status == "" {
		f.Status, f.FirstSeen = finding.StatusNew, Night
	}
	b.run.Findings = append(b.run.Findings, f)
}

func audience(people int, wide string, via ...finding.Via) *access.Audience {
	a := &access.Audience{Complete: true, People: people, PeopleMax: people, Staff: 1300, Via: via}
	if wide != "" {
		a.Wide = []string{wide}
	}
	return a
}

func allow(sid, name, rights string, people int, from string, path ...string) finding.Via {
	return finding.Via{SID: sid, Name: name, ACE: "allow", Rights: rights, People: people, InheritedFrom: from, Path: path}
}

const (
	usersSID = "S-1-5-21-397955417-626881126-188441444-513"
	hqSID    = "S-1-5-21-397955417-626881126-188441444-1107"
	hrSID    = "S-1-5-21-397955417-626881126-188441444-1108"
	schoolID = "S-1-5-21-397955417-626881126-188441444-1150"
)

// Sample returns a small run: both replays, an interval, an unknown audience,
// a file open to guests, hostile names, skips and a target that failed.
func Sample() jsonl.Run {
	j, err := judge.New(judge.DefaultPolicy())
	if err != nil {
		panic(err) // the default policy is valid
	}
	b := &builder{judge: j, census: judge.NewCensus()}
	b.lejre()
	b.laholm()
	b.rest()
	return b.finish()
}

func (b *builder) lejre() {
	room := share + "/Arbejdsrum/Center for Børn og Unge"
	all := audience(1243, `KOMMUN\Domain Users`, allow(usersSID, `KOMMUN\Domain Users`, "modify", 1243, room),
		allow("S-1-5-21-397955417-626881126-188441444-1120", `KOMMUN\DL-Børn-RW`, "modify", 41, room, `KOMMUN\G-Børn`, `KOMMUN\G-Familie`))
	for i := range 452 {
		d := doc{
			path: fmt.Sprintf("%s/Møder/Referat %03d.docx", room, i+1), grade: detectors.HighlySensitive,
			cats: []string{"child-protection"}, persons: 1, minors: 1, audience: all, created: Night.AddDate(-2, 0, i),
			evidence: []finding.Evidence{
				{Detector: "dk-cpr", Masked: "0501••-••••", Place: "page 1", Count: 2},
				{Detector: "marker", Masked: "børnefaglig undersøgelse", Place: "page 1"},
			},
		}
		if i%7 == 0 {
			d.cats = append(d.cats, "violence")
		}
		b.add(d)
	}
	for i := range 25 {
		b.add(doc{path: fmt.Sprintf("%s/Vejledning %d.pdf", room, i), grade: detectors.None, audience: all})
	}
}

func (b *builder) laholm() {
	lead := share + "/Kommunledning"
	hq := audience(64, "", allow(hqSID, `KOMMUN\Kommunledningskontoret`, "modify", 64, lead))
	for i := range 30 {
		b.add(doc{path: fmt.Sprintf("%s/Verksamhetsplan %d.docx", lead, 2000+i), grade: detectors.None, audience: hq})
	}
	b.add(doc{
		path: lead + "/Utredning medarbetare.docx", grade: detectors.Sensitive, cats: []string{"personnel", "health"}, persons: 2, audience: hq,
		status: finding.StatusOpen, firstSeen: Night.AddDate(0, 0, -12), created: Night.AddDate(-1, -2, 0),
		evidence: []finding.Evidence{{Detector: "se-personnummer", Masked: "1980••••-••••", Place: "page 2"}, {Detector: "marker", Masked: "rehabiliteringsutredning"}},
	})
	hr := audience(7, "", allow(hrSID, `KOMMUN\HR-specialister`, "modify", 7, share+"/HR"))
	for i := range 12 {
		b.add(doc{path: fmt.Sprintf("%s/HR/Personalärenden/%d/Utredning.docx", share, i), grade: detectors.Sensitive, cats: []string{"personnel"}, persons: 1, audience: hr})
	}
}

func (b *builder) rest() {
	school := share + "/Skola/Elevhälsa"
	s := audience(180, "", allow(schoolID, `KOMMUN\Skolpersonal`, "read", 180, share+"/Skola"))
	for i := range 9 {
		b.add(doc{path: fmt.Sprintf("%s/Åtgärdsprogram %d.docx", school, i), grade: detectors.Sensitive, cats: []string{"school-support"},
			persons: 3, minors: 3, sharedKeys: true, audience: s, status: finding.StatusChanged, firstSeen: Night.AddDate(0, -1, 0)})
	}
	list := share + "/Reception/Telefonlista.xlsx"
	b.add(doc{path: list, grade: detectors.Internal, persons: 120, mediaType: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
		audience: audience(1300, "Everyone", allow("S-1-1-0", "Everyone", "read", 1300, share+"/Reception"), allow("S-1-5-7", "ANONYMOUS LOGON", "read", 0, share+"/Reception"))})
	gap := audience(12, "", allow("S-1-5-21-397955417-626881126-188441444-1199", `KOMMUN\IFO`, "modify", 12, share+"/IFO"))
	gap.Complete, gap.PeopleMax, gap.Notes = false, 900, []string{"the share's own rules could not be read: access denied"}
	b.add(doc{path: share + "/IFO/Beslut.pdf", grade: detectors.HighlySensitive, cats: []string{"social-assistance", "addiction"}, persons: 1, audience: gap, mediaType: "application/pdf", partial: true})
	for i, name := range Hostile {
		b.add(doc{path: share + "/Inkorg/" + name, grade: detectors.Sensitive, cats: []string{"debt", "our-own-category"}, persons: i + 1, err: "the access rules could not be read: access denied"})
	}
	for i := range 40 {
		b.run.Skips = append(b.run.Skips, finding.Skip{Path: fmt.Sprintf("%s/Bilder/IMG_%04d.cr2", share, i), Target: share, Stage: finding.StageExtract, Reason: finding.Unsupported, Size: 1 << 20})
	}
	b.run.Skips = append(b.run.Skips,
		finding.Skip{Path: share + "/Ekonomi/Löner.xlsx", Target: share, Stage: finding.StageExtract, Reason: finding.Encrypted},
		finding.Skip{Path: share + "/Ekonomi/" + Hostile[0], Target: share, Stage: finding.StageExtract, Reason: finding.Corrupt, Error: "xref table is damaged"},
		finding.Skip{Path: share + "/IFO/Beslut.pdf", Target: share, Stage: finding.StageExtract, Reason: finding.Timeout, Partial: true, Error: "page 90 of 300 took too long"},
		finding.Skip{Path: share + "/Direktion", Target: share, Stage: finding.StageList, Reason: finding.AccessDenied, Dir: true, Error: "access denied (STATUS_ACCESS_DENIED)"},
	)
}

func (b *builder) finish() jsonl.Run {
	run := b.run
	run.Findings, run.Incidents = b.judge.Incidents(run.Findings, b.census)
	sum := finding.Summary{
		Version: "1.0.0", Started: Night, Finished: Night.Add(11 * time.Minute), Targets: 2, Folders: 34,
		Scanned: 530, Partial: 1, Unchanged: 18000, Skipped: map[finding.Reason]int{}, Grades: map[finding.Grade]int{},
		Findings: map[finding.Severity]int{}, Verdicts: map[finding.Verdict]int{}, Incidents: len(run.Incidents), Resolved: 3, Fates: map[string]int{"narrowed": 2, "moved": 1},
		Gone: []finding.Resolved{
			{ID: "F-GONE1", Target: share, Path: share + "/HR/Rehab/Plan 2.docx", Fate: "narrowed"},
			{ID: "F-GONE2", Target: share, Path: share + "/HR/Rehab/Plan 3.docx", Fate: "narrowed"},
			{ID: "F-GONE3", Target: share, Path: share + "/Projekt/Utredning.docx", Fate: "moved", To: share + "/Social/Barn/Utredning.docx"},
		},
		Bytes: 734_003_200, DurationS: 660,
		PerTarget: []finding.TargetSummary{
			{Name: share, Status: "complete", Entries: 18573, Folders: 34, Scanned: 530, Skipped: 43, Staff: 1300, Directory: "LDAP kommun.example (1,300 accounts, 212 groups)"},
			{Name: "smb://fs2.kommun.example/arkiv", Status: "failed", Error: "host cannot be reached: dial tcp 10.0.0.9:445: i/o timeout", Hint: "is the host switched on, and port 445 open to this machine?"},
		},
		Notes: []string{"The tesseract program was not found: scanned pages were not read."},
	}
	for _, k := range run.Skips {
		if !k.Partial {
			sum.Skipped[k.Reason]++
		}
	}
	skipped := 0
	for _, n := range sum.Skipped {
		skipped += n
	}
	sum.Entries = sum.Scanned + sum.Unchanged + skipped
	for _, f := range run.Findings {
		sum.Findings[f.Severity]++
		sum.Verdicts[f.Verdict]++
		sum.Grades[f.Grade]++
	}
	sum.Persons, sum.Minors = judge.People(run.Findings)
	run.Summary = sum
	return run
}

// Large returns a run of n findings in 400 folders.
func Large(n int) jsonl.Run {
	j, err := judge.New(judge.DefaultPolicy())
	if err != nil {
		panic(err) // the default policy is valid
	}
	b := &builder{judge: j, census: judge.NewCensus()}
	grades := []detectors.Grade{detectors.Sensitive, detectors.HighlySensitive, detectors.Sensitive}
	cats := []string{"personnel", "child-protection", "debt", "health", "school-support"}
	for i := range n {
		dir := fmt.Sprintf("%s/Förvaltning %02d/Ärenden %02d", share, i%20, i/20%20)
		people := 60 + i%1200
		wide := ""
		name, sid := fmt.Sprintf(`KOMMUN\G-%02d`, i%20), fmt.Sprintf("S-1-5-21-1-2-3-%d", 2000+i%20)
		if i%3 == 0 {
			wide, name, sid = `KOMMUN\Domain Users`, `KOMMUN\Domain Users`, usersSID
		}
		b.add(doc{
			path: fmt.Sprintf("%s/Utredning %05d.docx", dir, i), grade: grades[i%3], cats: []string{cats[i%5]}, persons: 1 + i%4, minors: i % 2,
			audience: audience(people, wide, allow(sid, name, "read", people, dir)),
			evidence: []finding.Evidence{{Detector: "se-personnummer", Masked: fmt.Sprintf("19%02d••••-••••", i%100), Place: fmt.Sprintf("page %d", 1+i%9), Count: 1 + i%3}, {Detector: "marker", Masked: "utredning"}},
		})
	}
	for i := range n / 4 {
		b.run.Skips = append(b.run.Skips, finding.Skip{Path: fmt.Sprintf("%s/Bilder %d/IMG_%05d.jpg", share, i%50, i), Target: share, Stage: finding.StageExtract, Reason: finding.Unsupported})
	}
	return b.finish()
}

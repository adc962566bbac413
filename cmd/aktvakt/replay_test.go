package main

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"database/sql"
	"io"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/s2"

	"aktvakt/scanner/finding"
	"aktvakt/scanner/report/jsonl"
)

// TestReplays runs the demo, which holds replays of two real breaches, applies
// the cures that the report names, and runs it again.
func TestReplays(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "demo")
	if _, stderr, code := aktvakt(t, nil, "demo", dir); code != 0 {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	run := readRun(t, dir)
	if len(run.Incidents) != 2 {
		t.Fatalf("%d incidents, want two", len(run.Incidents))
	}
	share := filepath.Join(dir, "share")
	lejre, laholm := run.Incidents[0], run.Incidents[1]

	// Lejre: one incident of 452 citizens, not 226 rows.
	if lejre.Mode != finding.Overexposed || lejre.Severity != finding.Critical || lejre.Grade != finding.HighlySensitive {
		t.Errorf("Lejre: %s, %s, %s", lejre.Mode, lejre.Severity, lejre.Grade)
	}
	if lejre.Documents != demoChildren || lejre.Persons != 452 || lejre.Minors != demoChildren || lejre.People != demoStaff {
		t.Errorf("Lejre: %d documents, %d persons, %d minors, %d readers", lejre.Documents, lejre.Persons, lejre.Minors, lejre.People)
	}
	if !strings.HasPrefix(lejre.Root, filepath.Join(share, "Intranet/Arbejdsrum")) || lejre.Cure == nil || lejre.Cure.Kind != "acl" || lejre.Cure.Closes != demoChildren {
		t.Errorf("Lejre: at %s, cure %+v", lejre.Root, lejre.Cure)
	}

	// Laholm: one personnel case in the folder that all of head office reads.
	if laholm.Mode != finding.Misplaced || laholm.Documents != 1 || laholm.Persons != 1 || laholm.Minors != 0 || laholm.People != demoStaff {
		t.Errorf("Laholm: %+v", laholm)
	}
	if laholm.Root != filepath.Join(share, "Huvudkontoret/Gemensamt") || laholm.Cure == nil || laholm.Cure.Kind != "move" ||
		laholm.Cure.To != filepath.Join(share, "Huvudkontoret/HR") {
		t.Errorf("Laholm: at %s, cure %+v", laholm.Root, laholm.Cure)
	}
	for _, i := range run.Incidents {
		if i.Status != finding.StatusNew {
			t.Errorf("%s is %s on the first night", i.Title, i.Status)
		}
		// The commands are for an administrator; here one runs them.
		if out, err := exec.Command("sh", "-c", i.Cure.Command).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", i.Cure.Command, err, out)
		}
	}

	stdout, stderr, code := aktvakt(t, nil, "demo", dir)
	if code != 0 {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	if want := "0 findings in 0 incidents, 227 resolved since the last run (moved 1, narrowed 226)"; !strings.Contains(stdout, want) {
		t.Errorf("output lacks %q:\n%s", want, stdout)
	}
	leak(t, dir)
}

func readRun(t *testing.T, dir string) jsonl.Run {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, "report", "findings.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	run, err := jsonl.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// leak looks for the documents' numbers and names in everything that the
// program wrote.
func leak(t *testing.T, dir string) {
	t.Helper()
	secrets := []string{"Prøvesen", "Testberg", "19780415", "780415-2382", "7804152382"} // four digits alone stand in hashes by chance
	for i := range demoChildren {
		for line := range strings.Lines(childCase(i)) {
			if _, number, ok := strings.Cut(line, "cpr-nr.: "); ok {
				number = strings.TrimSpace(number)
				secrets = append(secrets, number, strings.ReplaceAll(number, "-", ""))
			}
		}
	}
	kinds := map[string]int{}
	err := filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(p, filepath.Join(dir, "share")) || strings.HasSuffix(p, ".key") {
			return err
		}
		for what, b := range written(t, p) {
			kinds[what]++
			for _, s := range secrets {
				if bytes.Contains(b, []byte(s)) {
					t.Errorf("%s of %s holds %q", what, filepath.Base(p), s)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, what := range []string{"bytes", "workbook", "output of a run", "remembered folder"} {
		if kinds[what] == 0 {
			t.Errorf("no %s was looked into", what)
		}
	}
}

// written returns what a file holds, also packed.
func written(t *testing.T, p string) iter.Seq2[string, []byte] {
	t.Helper()
	b, err := os.ReadFile(p)
	if err != nil {
		t.Fatal(err)
	}
	return func(yield func(string, []byte) bool) {
		yield("bytes", b)
		switch filepath.Ext(p) {
		case ".xlsx":
			z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range z.File {
				r, err := f.Open()
				if err != nil {
					t.Fatal(err)
				}
				b, err := io.ReadAll(r)
				if err != nil {
					t.Fatal(err)
				}
				yield("workbook", b)
			}
		case ".db":
			db, err := sql.Open("sqlite", p)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			blobs(t, db, `SELECT output FROM runs`, func(b []byte) {
				r, err := gzip.NewReader(bytes.NewReader(b))
				if err != nil {
					t.Fatal(err)
				}
				b, err = io.ReadAll(r)
				if err != nil {
					t.Fatal(err)
				}
				yield("output of a run", b)
			})
			blobs(t, db, `SELECT data FROM listings`, func(b []byte) {
				b, err := s2.Decode(nil, b)
				if err != nil {
					t.Fatal(err)
				}
				yield("remembered folder", b)
			})
		}
	}
}

// blobs calls f for each value of a query.
func blobs(t *testing.T, db *sql.DB, query string, f func([]byte)) {
	t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var b []byte
		if err := rows.Scan(&b); err != nil {
			t.Fatal(err)
		}
		f(b)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

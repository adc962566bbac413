package state

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"aktvakt/scanner/finding"
)

// Past is what earlier runs left.
type Past struct {
	// Open are the findings that are not resolved, as last reported, with
	// their person keys and prints.
	Open []finding.Finding
	// Moved maps the id that follows from a path to the id under which the
	// document was found before it was moved there.
	Moved map[string]string
}

// keptFinding is the stored form of a finding.
type keptFinding struct {
	finding.Finding
	Keys   []finding.PersonKey `json:"person_keys,omitempty"`
	Root   string              `json:"root,omitempty"`
	OnFile bool                `json:"on_file,omitempty"`
}

// Past returns what earlier runs left.
func (r *Run) Past(ctx context.Context) (Past, error) {
	p := Past{Moved: map[string]string{}}
	rows, err := r.s.db.QueryContext(ctx, `SELECT id, target, first_seen, last_seen, people, persons, verdict, print, finding FROM findings WHERE resolved IS NULL`)
	if err != nil {
		return p, fmt.Errorf("state: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		f, err := scanFinding(rows)
		if err != nil {
			return p, fmt.Errorf("state: a stored finding: %w", err)
		}
		p.Open = append(p.Open, f)
	}
	if err := rows.Err(); err != nil {
		return p, fmt.Errorf("state: %w", err)
	}
	return p, r.moved(ctx, p.Moved)
}

func scanFinding(rows *sql.Rows) (finding.Finding, error) {
	var f finding.Finding
	var first, last string
	var print int64
	var body sql.NullString
	if err := rows.Scan(&f.ID, &f.Target, &first, &last, &f.People, &f.Persons, &f.Verdict, &print, &body); err != nil {
		return f, err
	}
	if body.Valid {
		var k keptFinding
		if err := json.Unmarshal([]byte(body.String), &k); err != nil {
			return f, err
		}
		f = k.Finding
		f.PersonKeys, f.Root, f.OnFile = k.Keys, k.Root, k.OnFile
	}
	f.Print = uint64(print)
	var err error
	if f.FirstSeen, err = time.Parse(time.RFC3339, first); err != nil {
		return f, err
	}
	f.LastSeen, err = time.Parse(time.RFC3339, last)
	return f, err
}

func (r *Run) moved(ctx context.Context, into map[string]string) error {
	rows, err := r.s.db.QueryContext(ctx, `SELECT path_id, id FROM moved`)
	if err != nil {
		return fmt.Errorf("state: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var from, to string
		if err := rows.Scan(&from, &to); err != nil {
			return fmt.Errorf("state: %w", err)
		}
		into[from] = to
	}
	return rows.Err()
}

// Settlement is how a run leaves the findings.
type Settlement struct {
	// Found are the findings of the run, with status and times of sighting.
	Found []finding.Finding
	// Resolved are the ids of findings that are so no longer.
	Resolved []string
	// Moved maps the ids that follow from paths to those of findings.
	Moved map[string]string
	Now   time.Time
}

// Settle stores how a run leaves the findings, all or nothing.
func (r *Run) Settle(ctx context.Context, s Settlement) error {
	tx, err := r.s.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("state: %w", err)
	}
	defer tx.Rollback()
	if err := r.settle(ctx, tx, s); err != nil {
		return fmt.Errorf("state: %w", err)
	}
	return tx.Commit()
}

func (r *Run) settle(ctx context.Context, tx *sql.Tx, s Settlement) error {
	put, err := tx.PrepareContext(ctx, `INSERT INTO findings (id, target, first_seen, last_seen, last_run, people, persons, verdict, print, finding)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET target = excluded.target, first_seen = excluded.first_seen, last_seen = excluded.last_seen,
			last_run = excluded.last_run, people = excluded.people, persons = excluded.persons, verdict = excluded.verdict,
			print = excluded.print, finding = excluded.finding, resolved = NULL`)
	if err != nil {
		return err
	}
	defer put.Close()
	for _, f := range s.Found {
		body, err := json.Marshal(keptFinding{f, f.PersonKeys, f.Root, f.OnFile})
		if err != nil {
			return err
		}
		if _, err := put.ExecContext(ctx, f.ID, f.Target, stamp(f.FirstSeen), stamp(f.LastSeen), r.id, f.People, f.Persons,
			string(f.Verdict), int64(f.Print), string(body)); err != nil {
			return err
		}
	}
	for _, id := range s.Resolved {
		if _, err := tx.ExecContext(ctx, `UPDATE findings SET resolved = ?, finding = NULL WHERE id = ?`, stamp(s.Now), id); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM moved WHERE id = ?`, id); err != nil {
			return err
		}
	}
	for from, to := range s.Moved {
		if _, err := tx.ExecContext(ctx, `INSERT INTO moved (path_id, id) VALUES (?, ?) ON CONFLICT (path_id) DO UPDATE SET id = excluded.id`, from, to); err != nil {
			return err
		}
	}
	return nil
}

// Interrupted returns when the runs began that were neither finished nor are
// this one: they were killed.
func (r *Run) Interrupted(ctx context.Context) (time.Time, bool, error) {
	var started sql.NullString
	err := r.s.db.QueryRowContext(ctx, `SELECT max(started) FROM runs WHERE finished IS NULL AND id <> ? AND id > coalesce((SELECT max(id) FROM runs WHERE finished IS NOT NULL), 0)`, r.id).Scan(&started)
	if err != nil {
		return time.Time{}, false, fmt.Errorf("state: %w", err)
	}
	if !started.Valid {
		return time.Time{}, false, nil
	}
	t, err := time.Parse(time.RFC3339, started.String)
	return t, err == nil, err
}

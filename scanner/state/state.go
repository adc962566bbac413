// Package state remembers what earlier runs saw: the life of each finding and
// the output of past runs, in one SQLite file. It holds no personal data:
// people are keyed HMACs or counts, evidence is masked.
//
// One process writes at a time. The file and its write-ahead log belong on a
// local disk, never on a network share.
package state

import (
	"context"
	"crypto/rand"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the database driver "sqlite"

	"aktvakt/scanner/finding"
)

//go:embed migrations/*.sql
var migrations embed.FS

// ErrNoRun: the state holds no finished run.
var ErrNoRun = errors.New("no earlier run is stored")

// Store is an open state file.
type Store struct {
	db *sql.DB
	// read is for queries beside the writing.
	read *sql.DB
	key  []byte
}

// Open opens or creates the state file that a DSN such as
// "sqlite:/var/lib/aktvakt/state.db" names, and the key of the HMACs beside
// it (mode 0600).
func Open(ctx context.Context, dsn string) (*Store, error) {
	path, ok := strings.CutPrefix(dsn, "sqlite:")
	if !ok || path == "" {
		return nil, fmt.Errorf("state %q: unknown kind of store, write sqlite:PATH", dsn)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("state: %w", err)
	}
	key, err := loadKey(path + ".key")
	if err != nil {
		return nil, fmt.Errorf("state: %w", err)
	}
	if err := touch(path); err != nil {
		return nil, fmt.Errorf("state: %w", err)
	}
	q := url.Values{"_pragma": {"journal_mode(WAL)", "synchronous(NORMAL)", "busy_timeout(5000)", "foreign_keys(1)"}}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+q.Encode())
	if err != nil {
		return nil, fmt.Errorf("state: %w", err)
	}
	db.SetMaxOpenConns(1)
	if err := migrate(ctx, db); err != nil {
		db.Close()
		return nil, fmt.Errorf("state %s: %w", path, err)
	}
	read, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+url.Values{"_pragma": {"busy_timeout(5000)", "query_only(1)"}}.Encode())
	if err != nil {
		db.Close()
		return nil, fmt.Errorf("state: %w", err)
	}
	read.SetMaxOpenConns(readers)
	read.SetMaxIdleConns(readers)
	return &Store{db: db, read: read, key: key}, nil
}

// readers is how many goroutines query at once.
const readers = 4

// touch creates the file so that only its owner can read it; SQLite gives its
// log files the same mode.
func touch(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

func migrate(ctx context.Context, db *sql.DB) error {
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, dir)
	if err != nil {
		return err
	}
	_, err = p.Up(ctx)
	return err
}

// loadKey reads the key of the HMACs, or makes one.
func loadKey(path string) ([]byte, error) {
	b, err := os.ReadFile(path)
	if err == nil {
		if len(b) < 32 {
			return nil, fmt.Errorf("key file %s is too short: 32 bytes are needed", path)
		}
		return b, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	key := make([]byte, 32)
	rand.Read(key)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	if _, err := f.Write(key); err != nil {
		f.Close()
		return nil, err
	}
	return key, f.Close()
}

// Close closes the file.
func (s *Store) Close() error { return errors.Join(s.read.Close(), s.db.Close()) }

// Key is the key of the HMACs that stand for people.
func (s *Store) Key() []byte { return s.key }

// Run is one run in the making.
type Run struct {
	s  *Store
	id int64
}

// Begin records that a run has started.
func (s *Store) Begin(ctx context.Context, started time.Time) (*Run, error) {
	r, err := s.db.ExecContext(ctx, `INSERT INTO runs (started) VALUES (?)`, stamp(started))
	if err != nil {
		return nil, fmt.Errorf("state: %w", err)
	}
	id, err := r.LastInsertId()
	if err != nil {
		return nil, fmt.Errorf("state: %w", err)
	}
	return &Run{s: s, id: id}, nil
}

// History returns the summaries of the newest finished runs before the one of
// that number (0 is after all), the oldest first, at most n.
func (s *Store) History(ctx context.Context, before int64, n int) ([]finding.Summary, error) {
	if before == 0 {
		before = math.MaxInt64
	}
	raw, err := column(s.db.QueryContext(ctx,
		`SELECT summary FROM runs WHERE finished IS NOT NULL AND id < ? ORDER BY id DESC LIMIT ?`, before, n))
	if err != nil {
		return nil, fmt.Errorf("state: %w", err)
	}
	out := make([]finding.Summary, len(raw))
	for i, x := range raw {
		if err := json.Unmarshal([]byte(x), &out[len(raw)-1-i]); err != nil {
			return nil, fmt.Errorf("state: a stored summary: %w", err)
		}
	}
	return out, nil
}

// column collects the one column of text of a query.
func column(rows *sql.Rows, err error) ([]string, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, rows.Err()
}

// Finish stores the run's output: its summary as JSON and its findings.jsonl,
// compressed with gzip.
func (r *Run) Finish(ctx context.Context, finished time.Time, complete bool, summary, output []byte) error {
	_, err := r.s.db.ExecContext(ctx, `UPDATE runs SET finished = ?, complete = ?, summary = ?, output = ? WHERE id = ?`,
		stamp(finished), complete, string(summary), output, r.id)
	if err != nil {
		return fmt.Errorf("state: %w", err)
	}
	// What is old serves nobody and is one thing more to protect.
	_, err = r.s.db.ExecContext(ctx, `UPDATE runs SET output = NULL WHERE id <= ? AND output IS NOT NULL`, r.id-keepRuns)
	if err == nil {
		_, err = r.s.db.ExecContext(ctx, `DELETE FROM findings WHERE resolved < ?`, stamp(finished.AddDate(-1, 0, 0)))
	}
	if err != nil {
		return fmt.Errorf("state: %w", err)
	}
	return nil
}

// keepRuns is how many runs can be rendered again. Of older ones the summary
// stays, for the trend.
const keepRuns = 90

// PastRun is a stored run.
type PastRun struct {
	ID                int64
	Started, Finished time.Time
	Complete          bool
	// Output is the gzip of the run's findings.jsonl.
	Output []byte
}

// Last returns the newest finished run, or ErrNoRun.
func (s *Store) Last(ctx context.Context) (PastRun, error) {
	return s.run(ctx, `SELECT id, started, finished, complete, output FROM runs WHERE finished IS NOT NULL AND output IS NOT NULL ORDER BY id DESC LIMIT 1`)
}

// Run returns a finished run by its number, or ErrNoRun.
func (s *Store) Run(ctx context.Context, id int64) (PastRun, error) {
	return s.run(ctx, `SELECT id, started, finished, complete, output FROM runs WHERE finished IS NOT NULL AND output IS NOT NULL AND id = ?`, id)
}

// Before returns the newest finished run before the one of that number, or
// ErrNoRun.
func (s *Store) Before(ctx context.Context, id int64) (PastRun, error) {
	return s.run(ctx, `SELECT id, started, finished, complete, output FROM runs WHERE finished IS NOT NULL AND output IS NOT NULL AND id < ? ORDER BY id DESC LIMIT 1`, id)
}

func (s *Store) run(ctx context.Context, query string, args ...any) (PastRun, error) {
	var p PastRun
	var started, finished string
	err := s.db.QueryRowContext(ctx, query, args...).Scan(&p.ID, &started, &finished, &p.Complete, &p.Output)
	if errors.Is(err, sql.ErrNoRows) {
		return p, ErrNoRun
	}
	if err != nil {
		return p, fmt.Errorf("state: %w", err)
	}
	if p.Started, err = time.Parse(time.RFC3339, started); err != nil {
		return p, fmt.Errorf("state: %w", err)
	}
	if p.Finished, err = time.Parse(time.RFC3339, finished); err != nil {
		return p, fmt.Errorf("state: %w", err)
	}
	return p, nil
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

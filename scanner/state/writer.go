package state

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

func (m *Memory) fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err == nil {
		m.err = fmt.Errorf("state: what was read could not be kept: %w", err)
	}
}

// write is the one goroutine that writes.
func (m *Memory) write() {
	defer close(m.stopped)
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		last := false
		select {
		case <-tick.C:
		case <-m.wake:
		case <-m.stop:
			last = true
		}
		if err := m.flush(); err != nil {
			m.fail(err)
		}
		if last {
			return
		}
	}
}

// flush writes finished folders, and what was read in those that are open
// into the journal.
func (m *Memory) flush() error {
	m.mu.Lock()
	if m.err != nil {
		defer m.leave(len(m.done))
		m.done = nil
		m.mu.Unlock()
		return nil
	}
	done := m.done
	m.done = nil
	defer m.leave(len(done))
	open := make([]*Folder, 0, len(m.open))
	for f := range m.open {
		open = append(open, f)
	}
	m.mu.Unlock()
	if len(done) == 0 && len(open) == 0 {
		return nil
	}
	ctx := context.Background()
	tx, err := m.s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	w := writer{m: m, tx: tx}
	for _, c := range done {
		if err := w.folder(ctx, c); err != nil {
			return err
		}
	}
	for _, f := range open {
		if err := w.journal(ctx, f); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// leave makes room for n folders.
func (m *Memory) leave(n int) {
	for range n {
		<-m.room
	}
}

// writer is one transaction.
type writer struct {
	m  *Memory
	tx *sql.Tx
	// statements by text
	stmts map[string]*sql.Stmt
}

func (w *writer) exec(ctx context.Context, query string, args ...any) error {
	s := w.stmts[query]
	if s == nil {
		var err error
		if s, err = w.tx.PrepareContext(ctx, query); err != nil {
			return err
		}
		if w.stmts == nil {
			w.stmts = map[string]*sql.Stmt{}
		}
		w.stmts[query] = s
	}
	_, err := s.ExecContext(ctx, args...)
	return err
}

func (w *writer) target(ctx context.Context, name string) (int64, error) {
	if id, ok := w.m.targets[name]; ok {
		return id, nil
	}
	var id int64
	err := w.tx.QueryRowContext(ctx, `INSERT INTO targets (name) VALUES (?) ON CONFLICT (name) DO UPDATE SET name = name RETURNING id`, name).Scan(&id)
	if err == nil {
		w.m.targets[name] = id
	}
	return id, err
}

func (w *writer) folder(ctx context.Context, c closed) error {
	f := c.f
	f.mu.Lock()
	defer f.mu.Unlock()
	rs, same := f.listing(c.whole)
	files := len(rs)
	if same {
		files = f.old.n
	}
	if !same {
		if err := w.exec(ctx, `INSERT INTO listings (id, data) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET data = excluded.data`, f.key, pack(rs)); err != nil {
			return err
		}
	}
	if f.flushed > 0 || f.log != nil {
		if err := w.exec(ctx, `DELETE FROM journal WHERE folder = ?`, f.key); err != nil {
			return err
		}
	}
	target, err := w.target(ctx, f.target)
	if err != nil {
		return err
	}
	run := int64(0)
	if c.whole {
		run = w.m.run
	}
	return w.exec(ctx, `INSERT INTO folders (id, target, run, files) VALUES (?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET target = excluded.target, run = max(run, excluded.run), files = excluded.files`, f.id[:], target, run, files)
}

// journal writes what was read in a folder that is still open.
func (w *writer) journal(ctx context.Context, f *Folder) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range f.fresh[f.flushed:] {
		if err := w.exec(ctx, `INSERT INTO journal (folder, name, record) VALUES (?, ?, ?)
			ON CONFLICT (folder, name) DO UPDATE SET record = excluded.record`, f.key, int64(r.name), packOne(r)); err != nil {
			return err
		}
	}
	f.flushed = len(f.fresh)
	return nil
}

// Close writes what is left and forgets the folders of the completed targets
// that the run did not meet. Folders that are still open count as not looked
// at in full.
func (m *Memory) Close(completed []string) error {
	m.mu.Lock()
	for f := range m.open {
		m.done = append(m.done, closed{f, false})
	}
	clear(m.open)
	m.mu.Unlock()
	close(m.stop)
	<-m.stopped
	m.byID.Close()
	m.inLog.Close()
	if m.err != nil { // nobody writes any more
		return m.err
	}
	for _, t := range completed {
		if err := m.forget(t); err != nil {
			return fmt.Errorf("state: %w", err)
		}
	}
	return nil
}

// kept is how many runs a folder that is not met any more is remembered for:
// one that could not be listed tonight is there again tomorrow.
const kept = 7

func (m *Memory) forget(target string) error {
	ctx := context.Background()
	tx, err := m.s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	rows, err := tx.QueryContext(ctx, `DELETE FROM folders WHERE target = (SELECT id FROM targets WHERE name = ?) AND run <= ? RETURNING id`, target, m.run-kept)
	if err != nil {
		return err
	}
	var gone [][]byte
	for rows.Next() {
		var id []byte
		if err := rows.Scan(&id); err != nil {
			rows.Close()
			return err
		}
		gone = append(gone, id)
	}
	if err := rows.Close(); err != nil {
		return err
	}
	for _, id := range gone {
		if _, err := tx.ExecContext(ctx, `DELETE FROM listings WHERE id = ?`, keyOf(id)); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// Coverage is how much of what is remembered of a target is fresh.
type Coverage struct {
	// Files are remembered, Fresh of them were looked at in this run.
	Files, Fresh int
}

// Coverage counts the files of a target.
func (r *Run) Coverage(ctx context.Context, target string) (c Coverage, err error) {
	err = r.s.db.QueryRowContext(ctx, `SELECT coalesce(sum(files), 0), coalesce(sum(CASE WHEN run = ? THEN files END), 0)
		FROM folders WHERE target = (SELECT id FROM targets WHERE name = ?)`, r.id, target).Scan(&c.Files, &c.Fresh)
	if err != nil {
		return c, fmt.Errorf("state: %w", err)
	}
	return c, nil
}

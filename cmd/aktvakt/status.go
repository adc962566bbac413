package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"aktvakt/scanner"
	"aktvakt/scanner/finding"
	"aktvakt/scanner/state"
)

// progressReport is how far a run has come, as `aktvakt status` shows it. It
// names files without identity numbers.
type progressReport struct {
	PID       int            `json:"pid"`
	Started   time.Time      `json:"started"`
	Updated   time.Time      `json:"updated"`
	Entries   int64          `json:"entries"`
	Folders   int64          `json:"folders"`
	Scanned   int64          `json:"scanned"`
	Unchanged int64          `json:"unchanged"`
	Skipped   int64          `json:"skipped"`
	Findings  int64          `json:"findings"`
	Bytes     int64          `json:"bytes"`
	LeftS     int64          `json:"left_s,omitempty"`
	Busy      []scanner.Work `json:"busy,omitempty"`
}

func reportOf(n *scanner.Count, started time.Time, expect int64) progressReport {
	p := progressReport{
		PID: os.Getpid(), Started: started, Updated: time.Now(),
		Entries: n.Entries.Load(), Folders: n.Folders.Load(), Scanned: n.Scanned.Load(), Unchanged: n.Unchanged.Load(),
		Skipped: n.Skipped.Load(), Findings: n.Sensitive.Load(), Bytes: n.Bytes.Load(), Busy: n.Busy(),
	}
	p.LeftS = int64(timeLeft(p.done(), expect, p.Updated.Sub(started)).Seconds())
	return p
}

func (p progressReport) done() int64 { return p.Scanned + p.Unchanged + p.Skipped }

// timeLeft guesses from the last run's number of entries and the rate so far;
// 0 is not known.
func timeLeft(done, expect int64, spent time.Duration) time.Duration {
	if expect <= done || done == 0 || spent < 5*time.Second {
		return 0
	}
	return time.Duration(float64(spent) / float64(done) * float64(expect-done))
}

// claim makes sure that one scan at a time works with a state. The claim ends
// with release, or with the process.
func claim(dsn string) (release func(), err error) {
	path, err := statePath(dsn)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, &hinted{fmt.Errorf("state: %w", err), "say where it may be written with --state sqlite:PATH"}
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("state: lock %s: %w", filepath.Base(path), err)
		}
		return nil, &hinted{errors.New("another scan works with this state"), "aktvakt status shows how far it has come; a scan of other targets can use a state of its own, --state sqlite:PATH"}
	}
	return func() { f.Close() }, nil
}

// publish writes the progress of the run beside the state until stop is called.
func publish(dsn string, report func() progressReport) (stop func(), err error) {
	path, err := statePath(dsn)
	if err != nil {
		return nil, err
	}
	path += ".progress"
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				if b, err := json.Marshal(report()); err == nil {
					replace(path, b) // a progress that is not told harms no scan
				}
			case <-done:
				os.Remove(path)
				return
			}
		}
	})
	return func() { close(done); wg.Wait() }, nil
}

// replace writes a file that readers never see in part.
func replace(path string, b []byte) error {
	tmp := path + ".new"
	if err := os.WriteFile(tmp, b, 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}

func newStatus() *cobra.Command {
	var conf, dsn string
	var asJSON bool
	c := &cobra.Command{
		Use:   "status",
		Short: "Show how far a running scan has come, and how the last one ended",
		Long: `status shows the scan that is in progress with a state: what it has looked at,
how fast, how long it may still take, and the documents that are being read.
Without one it shows how the last scan ended.

Exit codes: 0 shown, 1 failed, 4 usage or configuration.`,
		Example: `  aktvakt status
  aktvakt status --config /etc/aktvakt/config.yaml
  aktvakt status --json | jq .running.scanned`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := loadConfig(conf)
			if err != nil {
				return err
			}
			path, err := statePath(cmp.Or(dsn, cfg.State))
			if err != nil {
				return err
			}
			s, err := statusOf(c.Context(), path)
			if err != nil {
				return err
			}
			if asJSON {
				e := json.NewEncoder(c.OutOrStdout())
				return e.Encode(s)
			}
			return s.print(c.OutOrStdout())
		},
	}
	c.Flags().StringVar(&conf, "config", "", "the configuration `FILE`")
	c.Flags().StringVar(&dsn, "state", "", "the state of the scan, `sqlite:PATH` (default a file in your state directory)")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

// status is what the command shows.
type status struct {
	Running *progressReport  `json:"running"`
	Last    *finding.Summary `json:"last"`
	// Killed tells that the newest scan neither runs nor has ended.
	Killed bool `json:"killed,omitempty"`
}

func statusOf(ctx context.Context, path string) (s status, err error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	// A claim that can be had means that nothing runs.
	running := false
	if f, err := os.Open(path + ".lock"); err == nil {
		running = errors.Is(unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB), unix.EWOULDBLOCK)
		f.Close()
	}
	b, err := os.ReadFile(path + ".progress")
	switch {
	case err == nil && running:
		s.Running = new(progressReport)
		if err := json.Unmarshal(b, s.Running); err != nil {
			return s, fmt.Errorf("progress: %w", err)
		}
	case err == nil:
		s.Killed = true
	case running:
		s.Running = &progressReport{}
	}
	store, err := state.Open(ctx, "sqlite:"+path)
	if err != nil {
		return s, err
	}
	defer store.Close()
	h, err := store.History(ctx, 0, 1)
	if err == nil && len(h) > 0 {
		s.Last = &h[0]
	}
	return s, err
}

func (s status) print(w io.Writer) error {
	var b strings.Builder
	switch {
	case s.Running != nil && s.Running.Started.IsZero():
		b.WriteString("A scan is starting.\n")
	case s.Running != nil:
		p := s.Running
		d := p.Updated.Sub(p.Started)
		sec := max(d.Seconds(), 0.001)
		fmt.Fprintf(&b, "A scan is running since %s (%s, process %d).\n", p.Started.Local().Format("2006-01-02 15:04:05"), d.Round(time.Second), p.PID)
		fmt.Fprintf(&b, "  %d folders, %d entries: %d scanned, %d unchanged, %d skipped, %d findings\n", p.Folders, p.Entries, p.Scanned, p.Unchanged, p.Skipped, p.Findings)
		fmt.Fprintf(&b, "  %s read, %.0f files/s, %s/s\n", bytesText(p.Bytes), float64(p.done())/sec, bytesText(int64(float64(p.Bytes)/sec)))
		if p.LeftS > 0 {
			fmt.Fprintf(&b, "  about %s left, if there is as much as last time\n", time.Duration(p.LeftS)*time.Second)
		}
		for _, x := range p.Busy {
			fmt.Fprintf(&b, "  %8s  %10s  %s\n", p.Updated.Sub(x.Since).Round(100*time.Millisecond), bytesText(x.Size), x.Path)
		}
	case s.Killed:
		b.WriteString("No scan is running; the newest one was killed. The next goes on where it was.\n")
	default:
		b.WriteString("No scan is running.\n")
	}
	if l := s.Last; l != nil {
		end := "complete"
		if !l.Complete {
			end = "incomplete"
		}
		fmt.Fprintf(&b, "The last scan to end did so at %s, %s: %d entries, %d scanned, %d unchanged, %d incidents.\n",
			l.Finished.Local().Format("2006-01-02 15:04:05"), end, l.Entries, l.Scanned, l.Unchanged, l.Incidents)
	} else {
		b.WriteString("No earlier scan is on record.\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"
)

// newGenerate is for those who measure: it makes a share to scan.
func newGenerate() *cobra.Command {
	s := share{}
	c := &cobra.Command{
		Use:   "generate [flags] FOLDER",
		Short: "Make an invented municipal share to measure on",
		Long: `generate fills FOLDER, which must be empty or missing, with the files of an
invented municipality: documents of old and new Office, OpenDocument, PDF, mail,
archives, pictures, tables, logs and a few huge files with holes, in folders
up to some twenty deep. About one file in a hundred is a case of a person; people are
invented and their numbers are published test numbers, so scan it with
--count-test-numbers. The same seed makes the same share. Files belong to whoever
runs it; groups and users in ACLs are bare numbers.`,
		Example: `  aktvakt generate --files 20000 /tmp/share
  aktvakt scan --count-test-numbers /tmp/share`,
		Hidden: true,
		Args:   needArgs("no folder to fill", "name a folder that is empty or missing"),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 1 || s.files < 1 || s.rules < 1 {
				return &usageError{"generate takes one folder, --files and --acls of at least one", ""}
			}
			s.dir = args[0]
			if err := s.make(c.Context()); err != nil {
				return err
			}
			s.print(c)
			return nil
		},
	}
	c.Flags().IntVar(&s.files, "files", 10_000, "how many files")
	c.Flags().Uint64Var(&s.seed, "seed", 1, "another seed makes another share of the same kind")
	c.Flags().IntVar(&s.rules, "acls", 500, "how many different access rules")
	return c
}

// share is an invented share. Every file and folder follows from the seed and
// its own number, so that nothing has to be kept in memory.
type share struct {
	dir   string
	files int
	rules int
	seed  uint64

	folders, cases atomic.Int64
	bytes          atomic.Int64
	modesOnly      atomic.Bool // the file system keeps no ACLs
}

// What a random source is for; it is part of its seed.
const (
	forSize = iota
	forName
	forRule
	forTime
	forPlace
	forContent
)

func (s *share) random(what, n int) *rand.Rand {
	return rand.New(rand.NewPCG(s.seed<<3|uint64(what), uint64(n)))
}

// batch is one folder and the files that lie in it.
type batch struct{ folder, first, n int }

func (s *share) make(ctx context.Context) error {
	if list, err := os.ReadDir(s.dir); err == nil && len(list) > 0 {
		return &usageError{fmt.Sprintf("%q is not empty", s.dir), "generate only writes into a folder that is empty or missing"}
	}
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	batches := make(chan batch)
	folders := 0
	g.Go(func() error {
		defer close(batches)
		for first := 0; first < s.files; folders++ {
			b := batch{folder: folders, first: first, n: min(s.filesIn(folders), s.files-first)}
			select {
			case batches <- b:
			case <-ctx.Done():
				return ctx.Err()
			}
			first += b.n
		}
		return nil
	})
	for range runtime.GOMAXPROCS(0) {
		g.Go(func() error {
			for b := range batches {
				if err := s.fill(ctx, b); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	s.folders.Store(int64(folders))
	// Writing into a folder changes its time, so folders come last.
	for n := range folders {
		rnd := s.random(forTime, n)
		if err := s.finish(s.folder(n), s.ruleOf(n).forFolder(), modified(rnd)); err != nil {
			return err
		}
	}
	return nil
}

// filesIn is how many files a folder holds: half of them some twenty, a few
// thousands, one in ten none but folders.
func (s *share) filesIn(folder int) int {
	rnd := s.random(forSize, folder)
	if rnd.IntN(10) == 0 {
		return 0
	}
	return min(1+int(18*math.Exp(1.2*rnd.NormFloat64())), 5000)
}

// departments are the folders at the top.
var departments = []string{
	"Barn och utbildning", "Socialtjänst", "Omsorg", "Kommunledning", "HR", "Ekonomi", "Samhällsbyggnad",
	"Teknik och gata", "Kultur och fritid", "Miljø og plan", "Børn og unge", "Gemensamt",
}

var folderNames = []string{
	"Ärenden", "Protokoll", "Arkiv", "Budget", "Möten", "Projekt", "Gamla filer", "Sager", "Referater", "Skola",
	"Underlag", "Bilder", "Mallar", "Upphandling", "Personal", "Kopior", "Til gennemsyn", "Leverantörer", "Rapporter", "Asiakirjat",
}

// folder is the path of a folder. Each is put below any earlier one, which
// makes trees as deep as those that people make: eight levels of the mean
// with half a million files, twenty at the deepest.
func (s *share) folder(n int) string {
	if n < len(departments) {
		return filepath.Join(s.dir, departments[n])
	}
	rnd := s.random(forName, n)
	parent, name := rnd.IntN(n), folderNames[rnd.IntN(len(folderNames))]
	return filepath.Join(s.folder(parent), fmt.Sprintf("%s %d", name, n))
}

// fill makes a folder and its files.
func (s *share) fill(ctx context.Context, b batch) error {
	dir := s.folder(b.folder)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for i := b.first; i < b.first+b.n; i++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		rnd := s.random(forPlace, i)
		// One file in ten is a copy of another.
		source := i
		if i > 0 && rnd.IntN(10) == 0 && !isCase(i) {
			source = rnd.IntN(i)
		}
		m := maker{rnd: s.random(forContent, source), number: source}
		name, data, hole, err := m.file()
		if err != nil {
			return err
		}
		if m.cases {
			s.cases.Add(1)
		}
		s.bytes.Add(max(hole, int64(len(data))))
		path := filepath.Join(dir, copyName(name, i, source))
		if err := write(path, data, hole); err != nil {
			return err
		}
		rule := s.ruleOf(b.folder)
		if step := max(s.files/s.rules, 1); i%step == 0 {
			rule = ruleNumber(i / step % s.rules) // so that every rule is used
		} else if rnd.IntN(12) == 0 {
			rule = ruleNumber(rnd.IntN(s.rules))
		}
		if err := s.finish(path, rule, modified(rnd)); err != nil {
			return err
		}
	}
	return nil
}

func copyName(name string, number, source int) string {
	ext := filepath.Ext(name)
	name = fmt.Sprintf("%s %d", name[:len(name)-len(ext)], number)
	if source != number {
		name += " - Kopia"
	}
	return name + ext
}

// isCase tells whether a file is a case of a person: one in a hundred.
func isCase(n int) bool { return n%100 == 37 }

// ruleOf is the rule that a folder's files have in general: few rules are
// set on most folders.
func (s *share) ruleOf(folder int) accessRule {
	u := s.random(forRule, folder).Float64()
	return ruleNumber(int(u * u * u * float64(s.rules)))
}

// newest is the time of the newest file; a fixed one, so that shares are alike
// whenever they are made.
var newest = time.Date(2026, 6, 30, 15, 0, 0, 0, time.UTC)

// modified is a time within twenty years, recent years more often.
func modified(rnd *rand.Rand) time.Time {
	u := rnd.Float64()
	return newest.Add(-time.Duration(u * u * 20 * 365 * 24 * float64(time.Hour))).Truncate(time.Second)
}

// write makes a file of the data, and with a hole after them if it is to be
// larger.
func write(path string, data []byte, size int64) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if e := f.Close(); err == nil {
			err = e
		}
	}()
	if _, err := f.Write(data); err != nil {
		return err
	}
	if size > int64(len(data)) {
		return f.Truncate(size)
	}
	return nil
}

func (s *share) finish(path string, rule accessRule, t time.Time) error {
	kept, err := rule.apply(path)
	if err != nil {
		return fmt.Errorf("set the access rules of %q: %w", path, err)
	}
	if !kept {
		s.modesOnly.Store(true)
	}
	return os.Chtimes(path, t, t)
}

func (s *share) print(c *cobra.Command) {
	fmt.Fprintf(c.OutOrStdout(), "%d files in %d folders, %d MiB, %d of them cases, %d access rules, seed %d\n",
		s.files, s.folders.Load(), s.bytes.Load()>>20, s.cases.Load(), min(s.rules, s.files), s.seed)
	if s.modesOnly.Load() {
		fmt.Fprintf(c.ErrOrStderr(), "aktvakt: the file system keeps no ACLs: files have modes alone, fewer than asked for\n")
	}
}

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
)

func newDemo() *cobra.Command {
	var f scanFlags
	c := &cobra.Command{
		Use:   "demo [FOLDER]",
		Short: "Make a small invented municipality, scan it, show the report",
		Long: `demo makes the files of an invented municipality below FOLDER (default
./aktvakt-demo), scans them and prints the incidents and the path of the report.
Two real breaches are among them: the personnel case of Laholm, saved in a
folder that all of head office reads, and the 452 citizens of Lejre, whose cases
lay in a workroom open to every employee. All people are invented; their numbers
are published test numbers.`,
		Example: `  aktvakt demo
  aktvakt demo --lang da /tmp/demo`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			dir := "aktvakt-demo"
			if len(args) > 0 {
				dir = args[0]
			}
			return runDemo(c, f, dir)
		},
	}
	c.Flags().StringVar(&f.language, "lang", "", "language of the report: sv, da, nb, fi, en")
	return c
}

func runDemo(c *cobra.Command, f scanFlags, dir string) error {
	share := filepath.Join(dir, "share")
	entries, err := os.ReadDir(share)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if len(entries) > 0 {
		fmt.Fprintf(c.ErrOrStderr(), "aktvakt: %s is there already and is scanned as it is\n", share)
	} else if err := writeMunicipality(share); err != nil {
		return err
	}
	f.report, f.state = filepath.Join(dir, "report"), "sqlite:"+filepath.Join(dir, "state.db")
	f.countTest, f.staff = true, demoStaff
	cfg, err := f.configure([]string{share})
	if err != nil {
		return err
	}
	if err := runScan(c, f, cfg); err != nil {
		return err
	}
	fmt.Fprintf(c.OutOrStdout(), "\nNow run a cure that the report names and then the demo again: the next night says resolved.\n")
	return nil
}

package main

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"aktvakt/scanner"
	"aktvakt/scanner/config"
)

// runSurvey is scan --dry-run: it walks and counts.
func runSurvey(c *cobra.Command, cfg config.Config) error {
	targets, err := openTargets(c.Context(), cfg)
	if err != nil {
		return err
	}
	count, started := new(scanner.Count), time.Now()
	stop := showProgress(c.ErrOrStderr(), func() progressReport { return reportOf(count, started, 0) })
	surveys, err := scanner.Walk(c.Context(), targets, count)
	stop()
	incomplete := false
	for _, s := range surveys {
		if s.Status != "complete" {
			incomplete = true
			say(c.ErrOrStderr(), "error", fmt.Sprintf("target %s: %s", s.Name, s.Error), s.Hint)
			if s.Status == "failed" {
				continue
			}
		}
		fmt.Fprintf(c.OutOrStdout(), "%s: %d files (%s) in %d folders would be read", s.Name, s.Files, bytesText(s.Bytes), s.Folders)
		for _, r := range slices.Sorted(maps.Keys(s.Skipped)) {
			fmt.Fprintf(c.OutOrStdout(), ", %s %d", r, s.Skipped[r])
		}
		fmt.Fprintln(c.OutOrStdout())
	}
	if err != nil {
		return err
	}
	if incomplete {
		return errIncomplete
	}
	return nil
}

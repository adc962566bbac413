package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"aktvakt/scanner/finding"
	"aktvakt/scanner/report/sample"
)

// draw is a spot check in the making; its zero value draws nothing.
type draw struct{ s *sample.Sampler }

// newDraw reads a share such as "5%" or "0.05"; an empty one draws nothing.
func newDraw(share, seed string) (draw, error) {
	if share == "" {
		return draw{}, nil
	}
	text, percent := strings.CutSuffix(strings.TrimSpace(share), "%")
	v, err := strconv.ParseFloat(text, 64)
	if percent {
		v /= 100
	}
	if err != nil {
		return draw{}, &usageError{fmt.Sprintf("--sample %q is not a share", share), "write 5% or 0.05"}
	}
	s, err := sample.New(v, seed)
	if err != nil {
		return draw{}, &usageError{"--sample: " + err.Error(), "write 5% or 0.05"}
	}
	return draw{s}, nil
}

// add is what a scan calls for each document; nil where nothing is drawn.
func (d draw) add() func(finding.Finding) {
	if d.s == nil {
		return nil
	}
	return d.s.Add
}

// write writes the table for the checker into the report folder.
func (d draw) write(dir string) error {
	if d.s == nil {
		return nil
	}
	return writeFile(filepath.Join(dir, "sample.csv"), func(w io.Writer) error { return sample.Write(w, d.s.Picks()) })
}

// estimate reads a checked table and says what it tells.
func estimate(c *cobra.Command, name string) error {
	f, err := os.Open(name)
	if err != nil {
		return &usageError{"sample: " + err.Error(), "fill in the sample.csv that scan --sample wrote"}
	}
	defer f.Close()
	r, err := sample.Estimate(f)
	if err != nil {
		return &usageError{name + ": " + err.Error(), ""}
	}
	fmt.Fprintf(c.OutOrStdout(), "%d of %d documents checked, %d missed: an estimated %.2f %% (95 %% interval %.2f to %.2f %%)\n",
		r.Checked, r.Population, r.Missed, 100*r.Rate, 100*r.Low, 100*r.High)
	if r.Unchecked > 0 {
		fmt.Fprintf(c.OutOrStdout(), "%d rows have no answer and count for nothing\n", r.Unchecked)
	}
	return nil
}

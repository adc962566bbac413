package main

import (
	"os"

	"github.com/spf13/cobra"

	"aktvakt/scanner/config"
)

// newEval is for those who work on the detectors: it holds the grader against
// a folder of labelled texts.
func newEval() *cobra.Command {
	var leaveOut, errs bool
	var country string
	c := &cobra.Command{
		Use:   "eval DIR",
		Short: "Measure the grader on a folder of labelled texts",
		Long: `eval grades the texts of a folder that has a labels.jsonl (one object a line:
file, language, sensitivity, positive, categories, persons, minors, writer) and
prints precision, recall and what was confused with what. Published test numbers
count as people. --leave-out grades each writer's texts with weights learned
from the others, which is the figure to trust.`,
		Example: `  aktvakt eval --leave-out --errors labelled/`,
		Hidden:  true,
		Args:    needArgs("no folder of labelled texts", ""),
		RunE: func(c *cobra.Command, args []string) error {
			e, err := newEngine(config.Detectors{HomeCountry: country, CountTestNumbers: true})
			if err != nil {
				return err
			}
			v, err := e.Evaluate(os.DirFS(args[0]), leaveOut)
			if err != nil {
				return err
			}
			v.Print(c.OutOrStdout(), errs)
			return nil
		},
	}
	c.Flags().BoolVar(&leaveOut, "leave-out", false, "leave one writer out at a time")
	c.Flags().BoolVar(&errs, "errors", false, "list the texts that were graded wrong")
	c.Flags().StringVar(&country, "home-country", "", "se, dk, no, fi or is")
	return c
}

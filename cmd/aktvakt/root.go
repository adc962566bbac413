package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"aktvakt/scanner/config"
)

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "aktvakt",
		Short: "Find documents that more people can read than their content allows",
		Long: `aktvakt walks file shares and folders, reads every document, finds personal
identity numbers and social cases in it, works out who can really read it, and
reports the documents whose audience is wider than their content allows.

It only reads: nothing that is scanned is changed, locked or touched.`,
		Example: `  aktvakt scan /srv/share
  aktvakt scan smb://fs1/docs
  aktvakt inspect letter.docx
  aktvakt access smb://fs1/docs/hr/plan.xlsx`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return c.Help()
			}
			hint := "aktvakt --help lists the commands"
			if s := config.Suggest(args[0], commandNames(c)); s != "" {
				hint = fmt.Sprintf("did you mean %q?", "aktvakt "+s)
			}
			return &usageError{fmt.Sprintf("unknown command %q", args[0]), hint}
		},
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(newScan(), newInspect(), newAccess(), newReport(), newStatus(), newDemo(), newConfig(), newVersion(), newEval(), newGenerate(), newWorker())
	return root
}

func commandNames(c *cobra.Command) []string {
	var out []string
	for _, s := range c.Commands() {
		if !s.Hidden {
			out = append(out, s.Name())
		}
	}
	return out
}

// flagError turns a fault of pflag into one with a suggestion.
func flagError(c *cobra.Command, err error) error {
	msg := err.Error()
	hint := fmt.Sprintf("%s --help lists the flags", c.CommandPath())
	if name, ok := strings.CutPrefix(msg, "unknown flag: --"); ok {
		var known []string
		c.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
		if s := config.Suggest(name, known); s != "" {
			hint = fmt.Sprintf("did you mean --%s?", s)
		}
		msg = fmt.Sprintf("unknown flag --%s", name)
	}
	return &usageError{msg, hint}
}

// needArgs is cobra.MinimumNArgs with a message that says what is needed.
func needArgs(what, hint string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) == 0 {
			return &usageError{what, hint}
		}
		return nil
	}
}

// noArgs is cobra.NoArgs as a usage error.
func noArgs(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return &usageError{fmt.Sprintf("%s takes no arguments, got %q", c.CommandPath(), args[0]), ""}
	}
	return nil
}

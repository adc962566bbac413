package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"aktvakt/scanner/config"
)

// defaultConfig is where config init writes and config check looks.
const defaultConfig = "aktvakt.yaml"

func newConfig() *cobra.Command {
	c := &cobra.Command{
		Use:   "config",
		Short: "Write, check and describe the configuration file",
		Args:  cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return c.Help()
			}
			return &usageError{fmt.Sprintf("unknown command %q", "config "+args[0]), "commands are init, check and schema"}
		},
	}
	c.AddCommand(newConfigInit(), newConfigCheck(), newConfigSchema())
	return c
}

func newConfigInit() *cobra.Command {
	return &cobra.Command{
		Use:     "init [FILE]",
		Short:   "Write a commented example (default " + defaultConfig + ", - for standard output)",
		Example: "  aktvakt config init /etc/aktvakt/config.yaml",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			name := defaultConfig
			if len(args) > 0 {
				name = args[0]
			}
			if name == "-" {
				_, err := c.OutOrStdout().Write(config.Example)
				return err
			}
			f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
			if errors.Is(err, fs.ErrExist) {
				return &hinted{fmt.Errorf("%s is there already", name), "name another file, or - for standard output"}
			}
			if err != nil {
				return err
			}
			if _, err := f.Write(config.Example); err != nil {
				f.Close()
				return err
			}
			if err := f.Close(); err != nil {
				return err
			}
			fmt.Fprintf(c.ErrOrStderr(), "aktvakt: wrote %s; edit it, then run: aktvakt config check --config %s\n", name, name)
			return nil
		},
	}
}

func newConfigCheck() *cobra.Command {
	var file string
	var offline, asJSON bool
	c := &cobra.Command{
		Use:   "check [FILE]",
		Short: "Check a configuration and try everything that it needs",
		Long: `check lists every fault of a configuration file with its line. Then it tries
all that a scan with it will need: it reaches every target, logs on, lists,
reads the access rules and the first byte of a file, asks the server for the
share's own rules and its accounts, reads the directories, writes into the
folders of the report and the state, and reaches those who are told of a run.
It prints what works, what is missing, and what to grant. An account that was
refused once is not tried again.

With --offline the file alone is checked and no connection is made.

Exit codes: 0 nothing is missing (limited means that a scan is complete but some
verdicts are unknown), 3 something is missing, 4 faults in the file.`,
		Example: `  aktvakt config check --config /etc/aktvakt/config.yaml
  aktvakt config check --offline --config /etc/aktvakt/config.yaml`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				file = args[0]
			}
			file = cmp.Or(file, defaultConfig)
			cfg, err := loadConfig(file)
			if err != nil {
				return err
			}
			if offline {
				fmt.Fprintf(c.OutOrStdout(), "%s is valid: %d targets\n", file, len(cfg.Targets))
				return nil
			}
			all := prove(c.Context(), cfg)
			if err := c.Context().Err(); err != nil {
				return err
			}
			show := printProofs
			if asJSON {
				show = printProofLines
			}
			if err := show(c.OutOrStdout(), all); err != nil {
				return err
			}
			return verdict(all)
		},
	}
	c.Flags().StringVar(&file, "config", "", "the configuration `FILE` (default "+defaultConfig+")")
	c.Flags().BoolVar(&offline, "offline", false, "check the file alone, make no connection")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON Lines on standard output")
	return c
}

func newConfigSchema() *cobra.Command {
	return &cobra.Command{
		Use:     "schema",
		Short:   "Print the JSON Schema of the configuration file, for editors",
		Example: "  aktvakt config schema > aktvakt.schema.json",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			s, err := config.Schema()
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "%s\n", s)
			return err
		},
	}
}

// loadConfig reads a configuration; an empty name is the default one.
func loadConfig(name string) (config.Config, error) {
	if name == "" {
		return config.Default(), nil
	}
	cfg, err := config.Load(name)
	if err != nil && config.AsFaults(err) == nil {
		return cfg, &usageError{err.Error(), "aktvakt config init writes an example"}
	}
	return cfg, err
}

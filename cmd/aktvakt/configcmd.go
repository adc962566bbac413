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
	c := &cobra.Command{
		Use:     "check [FILE]",
		Short:   "Check a configuration file and list every fault",
		Example: "  aktvakt config check --config /etc/aktvakt/config.yaml",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				file = args[0]
			}
			file = cmp.Or(file, defaultConfig)
			cfg, err := loadConfig(file)
			if err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "%s is valid: %d targets\n", file, len(cfg.Targets))
			return nil
		},
	}
	c.Flags().StringVar(&file, "config", "", "the configuration `FILE` (default "+defaultConfig+")")
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

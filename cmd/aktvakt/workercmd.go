package main

import (
	"os"

	"github.com/spf13/cobra"

	"aktvakt/scanner/extract/worker"
)

// workerCommand is the hidden command of a worker process.
const workerCommand = "extract-worker"

func newWorker() *cobra.Command {
	return &cobra.Command{
		Use:    workerCommand,
		Short:  "Extract documents for the scan that started this process",
		Hidden: true,
		Args:   noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			os.Exit(worker.Main(c.Context(), os.Stdin, os.Stdout))
			return nil
		},
	}
}

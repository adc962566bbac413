// Command aktvakt finds documents on file shares that more people can read
// than their content allows.
//
// This package alone reads the environment, prints and exits. One file holds
// one command; errors become exit codes in exit.go.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// version is set at link time: -ldflags "-X main.version=1.2.3".
var version = "dev"

func main() { os.Exit(run()) }

func run() int {
	// The first signal stops the work and writes the report; the second kills.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	defer stop()
	cmd := newRoot()
	cmd.SetArgs(os.Args[1:])
	return exitCode(cmd.ExecuteContext(ctx), os.Stderr)
}

// Command dialplane is the control plane for desk phones; see the README.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/dialplane/dialplane/internal/app"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := app.Run(ctx, os.Args[1:], app.Streams{Out: os.Stdout, Err: os.Stderr})
	stop()
	os.Exit(code)
}

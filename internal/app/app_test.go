package app_test

import (
	"context"
	"net"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/dialplane/dialplane/internal/app"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"dialplane": func() {
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
			code := app.Run(ctx, os.Args[1:], app.Streams{Out: os.Stdout, Err: os.Stderr})
			stop()
			os.Exit(code)
		},
	})
}

// TestCommands runs the scripts under testdata/script: what an admin types and
// what comes back. $BUSY is an address that something else listens on.
func TestCommands(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("BUSY", l.Addr().String())
			return nil
		},
	})
}

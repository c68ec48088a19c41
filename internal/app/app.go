// Package app is the composition root: the command line and, behind each command,
// the wiring of the packages that do the work. It is the only package that sees
// all the others.
package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"

	"github.com/alecthomas/kong"
	"github.com/emiago/sipgo/sip"
)

// Streams are where a command writes: its result to Out, its log to Err.
type Streams struct{ Out, Err io.Writer }

// cli is every command and option. An option is a flag, an environment variable
// DIALPLANE_<FLAG> and a key of the same name in the YAML file given by --config.
type cli struct {
	Config    kong.ConfigFlag `help:"Read options from this YAML file; its keys are the flags' names." placeholder:"FILE"`
	LogFormat string          `help:"Write the log as text or json." enum:"text,json" default:"text"`
	LogLevel  string          `help:"Log from this level on." enum:"debug,info,warn,error" default:"info"`

	Serve    serveCmd    `cmd:"" help:"Run the server."`
	Simulate simulateCmd `cmd:"" help:"Boot simulated phones against a provisioning address."`
	Template templateCmd `cmd:"" help:"Check, list and render firmware templates."`
	Identify identifyCmd `cmd:"" help:"Say what a phone's request tells of it."`
	RPS      rpsCmd      `cmd:"" name:"rps" help:"Ask a running server about the vendors' redirect services."`
	Version  versionCmd  `cmd:"" help:"Print the version."`
}

// Run executes the command line and returns the exit status: 0 if the command did
// its work, 1 if it failed, 2 if the command line is wrong.
func Run(ctx context.Context, args []string, streams Streams) (code int) {
	type exit int
	defer func() {
		switch e := recover().(type) {
		case nil:
		case exit:
			code = int(e)
		default:
			panic(e)
		}
	}()
	var c cli
	parser, err := kong.New(&c,
		kong.Name("dialplane"),
		kong.Description("The control plane for desk phones: discovers, configures and commands them."),
		kong.UsageOnError(),
		kong.DefaultEnvars("DIALPLANE"),
		kong.Configuration(yamlOptions),
		kong.Writers(streams.Out, streams.Err),
		kong.Exit(func(code int) { panic(exit(code)) }),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(streams, &c),
	)
	if err != nil {
		_, _ = fmt.Fprintln(streams.Err, "dialplane:", err)
		return 2
	}
	command, err := parser.Parse(args)
	if err != nil {
		_, _ = fmt.Fprintln(streams.Err, "dialplane:", err)
		_, _ = fmt.Fprintln(streams.Err, "Run 'dialplane --help' for the commands and options.")
		return 2
	}
	log := newLog(streams.Err, c.LogFormat, c.LogLevel)
	if err := command.Run(log); err != nil {
		if !errors.Is(err, errReported) {
			_, _ = fmt.Fprintln(streams.Err, "dialplane:", err)
		}
		return 1
	}
	return 0
}

// errReported ends a command with status 1 after it has written why.
var errReported = errors.New("failed")

func newLog(w io.Writer, format, level string) *slog.Logger {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		l = slog.LevelInfo
	}
	options := &slog.HandlerOptions{Level: l}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// quietSIP keeps the SIP library from writing what strangers send to the log.
func quietSIP() { sip.SetDefaultLogger(slog.New(slog.DiscardHandler)) }

type versionCmd struct{}

func (versionCmd) Run(streams Streams) error {
	_, err := fmt.Fprintln(streams.Out, "dialplane", version())
	return err
}

// version is the module's version, or the revision it was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v := info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && (v == "" || v == "(devel)") {
			v = s.Value
		}
	}
	if v == "" {
		v = "(devel)"
	}
	return v
}

// Package cli is the command line of syncd: its grammar, its settings, the
// commands that work on a store which no syncd is serving, and those about who
// belongs, which ask a syncd that runs on the store or do without it.
//
// Run parses the arguments, calls one command and returns the code to exit
// with. The package never exits, and it serves nothing itself: main gives it
// the parts that open a store and serve one. Standard output carries only what
// was asked for; everything else goes to standard error.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/tavle-org/tavle/syncd/internal/config"
	"github.com/tavle-org/tavle/syncd/internal/store"
)

// Exit codes.
const (
	ExitOK    = 0
	ExitWrong = 1 // something is wrong: damage, a refused change, an error
	ExitUsage = 2 // the command line or a setting is wrong; nothing was done
	ExitFatal = 3 // serving ended because the outcome of a write is unknown
)

// ErrFatal is wrapped by what Parts.Serve returns for ExitFatal.
var ErrFatal = errors.New("stopped at once; opening the store again decides what was stored")

// usageError is an error of the user's, for ExitUsage.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// errWrong is returned by a command that has said already what is wrong.
var errWrong = errors.New("something is wrong")

// Env is what a command sees of the process it runs in.
type Env struct {
	Args    []string // without the name of the program
	Environ []string // in the form of os.Environ
	Stdin   io.Reader
	Stdout  io.Writer
	Stderr  io.Writer
}

// Parts are what main knows how to build.
type Parts struct {
	// OpenStore opens the store in a directory, for one command. Without create
	// a directory that holds no store is an error.
	OpenStore func(dir string, create bool, logger *slog.Logger) (store.Store, error)

	// Serve serves until ctx ends and everything is closed again. The settings
	// are checked. The error wraps ErrFatal after an unknown outcome.
	Serve func(ctx context.Context, cfg config.Config, optional Optional, logger *slog.Logger) error

	// DemoPosts are the posts of the demo board, as examples/data has them.
	DemoPosts []byte
}

// Optional tells which of the settings are mere defaults that may be left out
// with a warning.
type Optional struct {
	AdminListen bool
}

type grammar struct {
	Help   help   `short:"h" help:"Show this help."`
	Config string `placeholder:"FILE" help:"Read settings from FILE."`

	Serve  serveCmd  `cmd:"" help:"Serve sync clients."`
	Check  checkCmd  `cmd:"" help:"Check every stored document."`
	Docs   docsCmd   `cmd:"" help:"List the stored documents and their sizes."`
	Export exportCmd `cmd:"" help:"Write a document to a file."`
	Import importCmd `cmd:"" help:"Store a document from a file."`
	Demo   demoCmd   `cmd:"" help:"Fill the demo board."`

	Setup       setupCmd       `cmd:"" help:"Make a new link for whoever sets up the server."`
	Board       boardCmd       `cmd:"" help:"Make and look after boards."`
	Invite      inviteCmd      `cmd:"" help:"Make a code with which somebody joins a board."`
	Invites     invitesCmd     `cmd:"" help:"List and end invites."`
	Member      memberCmd      `cmd:"" help:"Members and their roles."`
	Device      deviceCmd      `cmd:"" help:"Devices: how they are, and shutting them out."`
	Quarantine  quarantineCmd  `cmd:"" help:"Changes that were refused."`
	Audit       auditCmd       `cmd:"" help:"What was done: who changed who may do what."`
	Sessions    sessionsCmd    `cmd:"" help:"End every session."`
	Revocations revocationsCmd `cmd:"" help:"The list of devices that were shut out, for backups."`
	Restored    restoredCmd    `cmd:"" help:"Say that the store was restored from a backup."`

	Config_ configCmd  `cmd:"" name:"config" help:"Print every setting and where it comes from."`
	Version versionCmd `cmd:"" help:"Print the version and the formats it speaks."`
}

const description = `Tavle's sync daemon: keeps documents, and brings automerge-repo clients together.

Every flag can also be set in the environment (TAVLE_LOG_LEVEL=debug) or in the file given by --config (a line: log-level = debug). A flag wins over the environment, and that over the file.`

// app is what a command needs to run.
type app struct {
	Env
	parts   Parts
	ctx     context.Context
	layers  config.Layers
	sources func(key string) config.Source
}

// Run runs one command and returns its exit code. Serving ends, cleanly, when
// ctx does.
func Run(ctx context.Context, env Env, parts Parts) int {
	a := &app{Env: env, parts: parts, ctx: ctx}
	a.layers.Env = config.Environ(env.Environ)
	g := &grammar{}
	parser, err := kong.New(g,
		kong.Name("syncd"), kong.Description(description),
		kong.Writers(env.Stdout, env.Stderr), kong.Bind(a),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true, FlagsLast: true, WrapUpperBound: 100}),
		kong.NoDefaultHelp())
	if err != nil {
		panic(err) // the grammar itself is wrong; every test meets this
	}
	args := env.Args
	if len(args) == 0 {
		args = []string{"--help"}
	}
	k, err := parser.Parse(args)
	switch {
	case errors.Is(err, errHelped) && len(env.Args) == 0:
		return ExitUsage
	case errors.Is(err, errHelped):
		return ExitOK
	case err != nil:
		code := a.fail(usageError{err})
		fmt.Fprint(env.Stderr, hint(err))
		return code
	}
	a.sources = func(key string) config.Source { return source(k, a.layers, key) }
	out := &output{Writer: env.Stdout}
	a.Stdout = out
	err = k.Run(a)
	if err == nil && out.err != nil {
		err = fmt.Errorf("write to standard output: %w", out.err)
	}
	return a.fail(err)
}

// output remembers that something could not be written, so that no command that
// prints loses it.
type output struct {
	io.Writer
	err error // the first
}

func (o *output) Write(b []byte) (int, error) {
	n, err := o.Writer.Write(b)
	if o.err == nil {
		o.err = err
	}
	return n, err
}

// fail says what went wrong and returns the exit code for it.
func (a *app) fail(err error) int {
	switch {
	case err == nil:
		return ExitOK
	case errors.Is(err, errWrong):
		return ExitWrong
	}
	fmt.Fprintf(a.Stderr, "syncd: %v\n", err)
	if _, ok := errors.AsType[usageError](err); ok {
		return ExitUsage
	}
	if errors.Is(err, ErrFatal) {
		return ExitFatal
	}
	return ExitWrong
}

func hint(err error) string {
	command := "syncd"
	if p, ok := errors.AsType[*kong.ParseError](err); ok && p.Context != nil && p.Context.Selected() != nil {
		command = p.Context.Selected().FullPath()
	}
	return fmt.Sprintf("Run %q to see what there is.\n", command+" --help")
}

// help prints the help and ends the parsing with errHelped.
type help bool

var errHelped = errors.New("help was printed")

func (help) IgnoreDefault() {}

func (help) BeforeReset(k *kong.Context) error {
	if err := k.PrintUsage(false); err != nil {
		return err
	}
	return errHelped
}

// BeforeResolve reads the settings file, if there is one, before kong asks for
// the values that no flag gave.
func (g *grammar) BeforeResolve(k *kong.Context, a *app) error {
	path := a.layers.Env[config.EnvName(config.FileKey)]
	for _, p := range k.Path {
		if p.Flag != nil && p.Flag.Name == config.FileKey {
			path, _ = k.FlagValue(p.Flag).(string)
		}
	}
	if path != "" {
		file, err := config.ReadFile(path)
		if err != nil {
			return err
		}
		a.layers.File = file
	}
	k.AddResolver(resolver{a})
	return nil
}

// resolver gives kong the values of the layers.
type resolver struct{ a *app }

func (resolver) Validate(*kong.Application) error { return nil }

func (r resolver) Resolve(_ *kong.Context, of *kong.Path, flag *kong.Flag) (any, error) {
	if flag.Name == boardKey && !serves(of) {
		return nil, nil
	}
	values, from, ok := r.a.layers.Lookup(flag.Name)
	if !ok || flag.Name == config.FileKey || flag.Name == "help" {
		return nil, nil
	}
	var value any = values[0]
	if flag.IsSlice() {
		list := make([]any, len(values))
		for i, v := range values {
			list[i] = v
		}
		value = list
	}
	// Kong parses the value again, but its error would not say where it is from.
	scan := kong.Scan().PushTyped(value, kong.FlagValueToken)
	if err := flag.Parse(scan, reflect.New(flag.Target.Type()).Elem()); err != nil {
		return nil, fmt.Errorf("from %s: %w", from, err)
	}
	if flag.Enum != "" && !flag.EnumMap()[values[0]] {
		return nil, fmt.Errorf("from %s: %q is none of %s", from, values[0], strings.ReplaceAll(flag.Enum, ",", ", "))
	}
	return value, nil
}

// boardKey is both a setting, the board that the web app opens, and a flag of the
// commands about one board, which the setting does not choose: what they do to a
// board cannot always be undone.
const boardKey = "board"

// serves tells whether a flag belongs to a command that has the settings.
func serves(of *kong.Path) bool {
	return of.Command != nil && (of.Command.Name == "serve" || of.Command.Name == "config")
}

// source tells where the value of a setting came from.
func source(k *kong.Context, layers config.Layers, key string) config.Source {
	for _, p := range k.Path {
		if p.Flag != nil && !p.Resolved && p.Flag.Name == key {
			return config.FromFlag
		}
	}
	if _, from, ok := layers.Lookup(key); ok {
		return from
	}
	return config.FromDefault
}

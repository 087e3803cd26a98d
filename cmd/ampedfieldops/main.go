// Command ampedfieldops is the whole product in one binary: the API with the
// web app, the worker that carries documents to Xero, the tools an
// administrator needs, and a Xero simulator for demonstrations and tests.
//
// This package reads the configuration and wires the other packages together;
// it decides nothing about the trade.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	_ "time/tzdata" // the firm's day must not depend on the machine's zone files
)

// version is set by the build: -ldflags "-X main.version=v1.2.3".
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	err := run(ctx, os.Args[1:], os.Getenv, os.Stdin, os.Stdout, os.Stderr)
	stop()
	switch {
	case err == nil:
	case errors.Is(err, flag.ErrHelp):
	default:
		fmt.Fprintln(os.Stderr, "ampedfieldops:", err)
		os.Exit(exitStatus(err))
	}
}

// environment is all that a command sees of the process it runs in.
type environment struct {
	getenv func(string) string
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
}

// command is one word after the program's name.
type command struct {
	name    string
	usage   string // the arguments, as the overview shows them
	summary string
	run     func(ctx context.Context, env environment, args []string) error
}

func commands() []command {
	return []command{
		{"serve", "[--listen ADDR] [--data DIR] [--no-worker]", "the API, the web app and the worker", serve},
		{"worker", "[--data DIR]", "a worker alone, beside serve --no-worker", work},
		{"migrate", "[--data DIR] [--dry-run | --verify | --rollback-v1 [--discard-new]]", "bring the database to this version, or upgrade the former product's; serve does it too", migrate},
		{"files", "migrate --from PLACE --to PLACE [--dry-run] | verify | orphans [--remove]", "move files between the folder, S3 and Google Drive, and compare them with what is written down", files},
		{"user", "create|reset-password --email ADDR …", "the way in when nobody can sign in", user},
		{"config", "[--data DIR]", "the configuration in force, without its secrets", showConfig},
		{"backup", "[--data DIR] [--include-secrets] FILE", "everything into one file, while the program runs", backup},
		{"restore", "[--data DIR] [--force] FILE", "everything out of such a file, while the program is stopped", restore},
		{"healthcheck", "[--listen ADDR]", "exit status 0 when the running program answers", healthcheck},
		{"demo", "[--listen ADDR] [--data DIR] [--xero-listen ADDR]", "a firm with a season's work and a simulated Xero", demo},
		{"xero-sim", "[--listen ADDR] [--token-life TIME]", "the Xero simulator alone", xeroSim},
		{"openapi", "", "the description of the API", openAPI},
		{"version", "", "the version", showVersion},
	}
}

// usageError is a command line that cannot be followed.
type usageError struct{ sentence string }

func (e usageError) Error() string { return e.sentence }

func misused(format string, args ...any) error { return usageError{fmt.Sprintf(format, args...)} }

// exitStatus is 2 for a command line that cannot be followed, else 1.
func exitStatus(err error) int {
	if _, ok := errors.AsType[usageError](err); ok {
		return 2
	}
	return 1
}

// run is the program, without the process around it.
func run(ctx context.Context, args []string, getenv func(string) string, stdin io.Reader, stdout, stderr io.Writer) error {
	env := environment{getenv: getenv, stdin: stdin, stdout: stdout, stderr: stderr}
	if len(args) == 0 {
		overview(stderr)
		return misused("say what to do, for example: ampedfieldops serve")
	}
	name := args[0]
	switch name {
	case "help", "-h", "-help", "--help":
		overview(stdout)
		return nil
	case "-version", "--version":
		name = "version"
	}
	for _, c := range commands() {
		if c.name == name {
			return c.run(ctx, env, args[1:])
		}
	}
	overview(stderr)
	return misused("there is no command %q", name)
}

func overview(w io.Writer) {
	fmt.Fprint(w, "ampedfieldops: field service for an electrical firm, with an exactly-once road to Xero\n\n")
	for _, c := range commands() {
		fmt.Fprintf(w, "  %s\n        %s\n", strings.TrimSpace(c.name+" "+c.usage), c.summary)
	}
	fmt.Fprint(w, "\nampedfieldops COMMAND --help says more. Configuration: environment variables, or a file .env; see config.\n")
}

// flags begins the flags of a command.
func (env environment) flags(name, usage, explanation string) *flag.FlagSet {
	set := flag.NewFlagSet(name, flag.ContinueOnError)
	set.SetOutput(env.stderr)
	set.Usage = func() {
		fmt.Fprintf(env.stderr, "ampedfieldops %s %s\n\n%s\n\n", name, usage, explanation)
		set.PrintDefaults()
	}
	return set
}

// parse reads flags and the words between them, of which there must be as many
// as names.
func parse(set *flag.FlagSet, args []string, names ...string) (words []string, err error) {
	for {
		if err := set.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return nil, err
			}
			return nil, usageError{err.Error()}
		}
		if set.NArg() == 0 {
			break
		}
		words, args = append(words, set.Arg(0)), set.Args()[1:]
	}
	switch {
	case len(words) < len(names):
		return nil, misused("%s needs %s", set.Name(), strings.Join(names[len(words):], " and "))
	case len(words) > len(names):
		return nil, misused("%s does not take %q", set.Name(), words[len(names)])
	}
	return words, nil
}

package main

import (
	"context"
	"fmt"
	"runtime"
)

// showVersion prints what is running, on one line.
func showVersion(_ context.Context, env environment, args []string) error {
	if _, err := parse(env.flags("version", "", "Prints the version of the program."), args); err != nil {
		return err
	}
	_, err := fmt.Fprintf(env.stdout, "ampedfieldops %s %s/%s %s\n", version, runtime.GOOS, runtime.GOARCH, runtime.Version())
	return err
}

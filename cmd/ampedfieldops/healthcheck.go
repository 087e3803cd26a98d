package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// healthcheck asks the program that runs with the same configuration whether it
// can serve requests.
func healthcheck(ctx context.Context, env environment, args []string) error {
	set := env.flags("healthcheck", "[--listen ADDR]", "Asks the running program whether it can serve requests. The exit status is 0 when it can.")
	o := configFlags(set, true)
	if _, err := parse(set, args); err != nil {
		return err
	}
	c, err := env.loadConfig(o)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	address := webAddress(c.listen, "127.0.0.1") + "/readyz"
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("no answer: %w", err)
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(response.Body, 4<<10)) // a cut-off body still says enough
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("not ready (%s): %s", response.Status, strings.TrimSpace(string(body)))
	}
	_, err = fmt.Fprintln(env.stdout, "ready")
	return err
}

package main

import (
	"context"
	"fmt"
	"net"
	"time"

	"ampedfieldops/internal/xero/xerosim"
)

// xeroSim runs the Xero simulator alone.
func xeroSim(ctx context.Context, env environment, args []string) error {
	set := env.flags("xero-sim", "[--listen ADDR] [--token-life TIME]",
		"A Xero of this machine's own, which keeps everything in memory. Point XERO_API_URL, XERO_IDENTITY_URL and XERO_LOGIN_URL at it; any client id and secret will do.")
	listen := set.String("listen", "127.0.0.1:3002", "`address` and port of this machine to listen on")
	life := set.Duration("token-life", 30*time.Minute, "how long an access token holds, a whole number of seconds")
	if _, err := parse(set, args); err != nil {
		return err
	}
	if *life < time.Second || *life%time.Second != 0 {
		return misused("--token-life must be a whole number of seconds, such as 30m")
	}
	log := (&config{}).logger(env.stderr)
	ln, err := listenLoopback(ctx, "--listen", *listen)
	if err != nil {
		return err
	}
	fmt.Fprintln(env.stdout, "ready", "http://"+ln.Addr().String())
	return xerosim.New(xerosim.Options{Logger: log, AccessTokenLife: *life}).Serve(ctx, ln)
}

// listenLoopback listens where only this machine can connect.
func listenLoopback(ctx context.Context, flag, address string) (net.Listener, error) {
	if err := requireLoopback(flag, address); err != nil {
		return nil, err
	}
	return listen(ctx, address)
}

func requireLoopback(flag, address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil || !isLoopback(host) {
		return misused("%s must be an address of this machine only, such as 127.0.0.1:3001: the simulated Xero and the demonstration's passwords are open to whoever reaches them", flag)
	}
	return nil
}

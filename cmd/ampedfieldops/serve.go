package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// serve runs the API, the web app and, unless told otherwise, the worker.
func serve(ctx context.Context, env environment, args []string) error {
	set := env.flags("serve", "[--listen ADDR] [--data DIR] [--no-worker]",
		"Answers requests and carries documents to Xero, until it gets SIGINT or SIGTERM. Prints one line, ready and its address, when it answers.")
	o := configFlags(set, true)
	withoutWorker := set.Bool("no-worker", false, "only answer requests; another process works")
	if _, err := parse(set, args); err != nil {
		return err
	}
	c, err := env.loadConfig(o)
	if err != nil {
		return err
	}
	log := c.logger(env.stderr)
	c.warn(log)
	return serveProgram(ctx, c, log, serveOptions{
		worker: !*withoutWorker,
		prepared: func(ctx context.Context, p *program) error {
			return p.offerSetup(ctx, env.stderr)
		},
		ready: func(address string) { fmt.Fprintln(env.stdout, "ready", address) },
	})
}

// work runs a worker alone.
func work(ctx context.Context, env environment, args []string) (err error) {
	set := env.flags("worker", "[--data DIR]",
		"Carries documents to Xero, until it gets SIGINT or SIGTERM. On PostgreSQL any number of workers may run; on SQLite one, beside serve --no-worker.")
	o := configFlags(set, false)
	if _, err := parse(set, args); err != nil {
		return err
	}
	c, err := env.loadConfig(o)
	if err != nil {
		return err
	}
	log := c.logger(env.stderr)
	c.warn(log)
	if path, ok := c.sqlite(); ok {
		release, err := lockWorker(path)
		if err != nil {
			return err
		}
		defer release()
	}
	p, err := newProgram(ctx, c, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	if err := p.beginWork(ctx); err != nil {
		return err
	}
	fmt.Fprintln(env.stdout, "ready")
	// Those who watch are connected to other processes, which are told.
	telling, quiet := context.WithCancel(ctx)
	var events sync.WaitGroup
	events.Go(func() { p.events.Run(telling) })
	err = p.work(ctx)
	quiet()
	events.Wait()
	log.Info("stopped")
	return err
}

// offerSetup prints a link with which to make the first admin, while there is
// nobody yet.
func (p *program) offerSetup(ctx context.Context, to io.Writer) error {
	if users, err := p.db.CountUsers(ctx); err != nil || users > 0 {
		return err
	}
	var secret string
	err := p.db.Write(ctx, fieldops.System, func(tx *store.Tx) (err error) {
		secret, err = tx.InsertLink(ctx, fieldops.LinkSetup, "", store.SetupLinkLife)
		return err
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(to, "Nobody can sign in yet. Make the first admin within 24 hours at:\n  %s/setup?token=%s\n", p.config.frontendURL, secret)
	return nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"ampedfieldops/internal/api"
	"ampedfieldops/internal/billing"
	"ampedfieldops/internal/blob"
	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/mail"
	"ampedfieldops/internal/ocr"
	"ampedfieldops/internal/paperwork"
	"ampedfieldops/internal/store"
	"ampedfieldops/internal/xero"
	"ampedfieldops/web"
)

const (
	// drainTime is how long requests and jobs under way may go on after the
	// program was told to stop.
	drainTime = 20 * time.Second
	// jobsAtOnce is how many jobs one worker does at the same time; the lane to
	// Xero takes five calls in flight from all workers together.
	jobsAtOnce = 4
)

// program is the parts of a running process, wired together.
type program struct {
	config   *config
	log      *slog.Logger
	db       *store.DB
	sync     *billing.Sync
	billing  *billing.Service
	events   *billing.Events
	post     *billing.Post
	traces   *tracing
	folder   *blob.Folder
	files    *paperwork.Files
	safety   *paperwork.Safety
	storages *paperwork.Storages
	pictures *paperwork.Pictures
	sealer   *billing.Sealer
	working  atomic.Bool // the worker of this process is at work
}

// newProgram opens the database, brings it to this version's schema, and wires
// the parts. Nothing runs yet. The caller closes it.
func newProgram(ctx context.Context, c *config, log *slog.Logger) (*program, error) {
	if err := c.ensureSecrets(); err != nil {
		return nil, err
	}
	sealer, err := billing.NewSealer(c.encryptionKey)
	if err != nil {
		return nil, err
	}
	folder, err := blob.OpenFolder(c.uploads())
	if err != nil {
		return nil, err
	}
	db, err := openDatabase(ctx, c, &store.Upgrading{
		Seal: sealer.Seal, KeepPhoto: paperwork.KeepEmbedded(folder),
		Tell: func(line string) { log.Info("upgrading the former product", "step", line) },
	})
	if err != nil {
		return nil, errors.Join(err, folder.Close())
	}
	traces, err := newTracing(ctx, c.tracing, log)
	if err != nil {
		return nil, errors.Join(err, db.Close(), folder.Close())
	}
	p := &program{config: c, log: log, db: db, traces: traces, folder: folder, sealer: sealer}
	p.storages = c.storages(db, sealer)
	p.files = paperwork.NewFiles(paperwork.FilesConfig{DB: db, Folder: folder, Places: c.places(p.storages), Reader: ocr.Find(c.tesseract, c.languages), Log: log})
	p.pictures = paperwork.NewPictures(p.files)
	p.safety = paperwork.NewSafety(db, p.files, p.pictures.Open)
	durations := fieldops.RealDurations(1)
	exchange := c.xero
	exchange.Timeout = durations.CallTimeout
	p.sync = billing.NewSync(billing.SyncConfig{
		DB: db, Provider: xero.New(exchange), Sealer: sealer, Log: log, Durations: durations,
		MaxAttempts: c.maxAttempts, AppURL: c.frontendURL,
		LaneChanged: func() { p.events.LaneChanged() },
		Tracer:      traces.tracer,
	})
	p.events = billing.NewEvents(db, p.sync)
	p.billing = billing.New(db, p.sync)
	p.billing.AttachPagesFrom(p.safety.Page)
	p.billing.PrintLogoFrom(p.pictures.Open)
	db.WatchSync(p.events.DocumentChanged)
	db.ReportTo(func(err error) { log.Error("something that follows a change failed", "error", err) })
	db.WatchNotifications(p.events.Notified)
	db.WatchScans(p.events.ScanChanged)
	p.post = billing.NewPost(billing.PostConfig{DB: db, Sealer: sealer, Transport: mail.New(), Server: c.mail, AppURL: c.frontendURL, Log: log})
	p.billing.SendBy(p.post)
	if c.redis.Host != "" {
		db.Queue().DeliverBy(c.redis)
	}
	p.sync.Register(db.Queue())
	p.post.Register(db.Queue())
	p.files.Register(db.Queue())
	p.safety.Register(db.Queue())
	return p, nil
}

// close gives back what newProgram opened. Nothing may run any more.
func (p *program) close() error {
	p.traces.close()
	return errors.Join(p.db.Close(), p.folder.Close())
}

// storages knows where files are kept, as the settings and this configuration say.
func (c *config) storages(db *store.DB, sealer *billing.Sealer) *paperwork.Storages {
	return &paperwork.Storages{
		DB: db, Sealer: sealer, Environment: c.storage, RedirectURI: c.backendURL + "/api/settings/storage/google-drive/callback",
		AuthURL: c.googleAuthURL, TokenURL: c.googleTokenURL,
	}
}

func (c *config) places(s *paperwork.Storages) *paperwork.Places {
	return &paperwork.Places{Read: s.Read, DriveToken: s.DriveToken, DriveURL: c.googleAPIURL, DriveUploadURL: c.googleUploadURL}
}

// openDatabase opens the database and brings it to this version's schema. That
// of the former product it upgrades.
func openDatabase(ctx context.Context, c *config, u *store.Upgrading) (*store.DB, error) {
	db, err := store.Open(ctx, c.databaseURL)
	if err != nil {
		return nil, err
	}
	report, err := db.MigrateOrUpgrade(ctx, u)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if report != nil {
		for _, line := range report.Lines() {
			u.Tell(line)
		}
	}
	return db, nil
}

// handler is everything that answers HTTP.
func (p *program) handler(worker bool) http.Handler {
	configuration := api.Config{
		DB: p.db, Files: p.files, Safety: p.safety, Storages: p.storages,
		JWTSecret: p.config.jwtSecret, FrontendURL: p.config.frontendURL, BackendURL: p.config.backendURL,
		TrustedProxies: p.config.trustedProxies, Web: web.Dist(), Log: p.log,
		Billing: p.billing, Sync: p.sync, Events: p.events, Post: p.post, Sealer: p.sealer, Pictures: p.pictures,
		XeroConfigured: p.config.xero.ClientID != "", XeroScopes: xero.Scopes, XeroRedirectURI: p.config.xero.RedirectURI,
		MetricsToken: p.config.metricsToken, Tracer: p.traces.tracer,
	}
	if worker {
		configuration.WorkerAlive = p.working.Load
	}
	return api.New(configuration)
}

// beginWork has jobs delivered from now on. Whoever calls it must call work.
func (p *program) beginWork(ctx context.Context) error {
	// The queue outlives ctx, so that jobs under way may end.
	if err := p.db.Queue().Start(context.WithoutCancel(ctx), jobsAtOnce, p.log); err != nil {
		return fmt.Errorf("starting the worker: %w", err)
	}
	p.working.Store(true)
	return nil
}

// work carries documents to Xero until ctx ends, then gives back what it has
// not finished within drainTime. On SQLite the caller holds the worker's lock.
func (p *program) work(ctx context.Context) error {
	telling, stop := context.WithCancel(ctx)
	var tellers sync.WaitGroup
	tellers.Go(func() { p.billing.RunReminders(telling) })
	tellers.Go(func() { p.billing.RunBacklogAlerts(telling) })
	tellers.Go(func() { p.files.Run(telling) })
	err := p.sync.Run(ctx)
	stop()
	tellers.Wait()
	p.working.Store(false)
	draining, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	return errors.Join(err, p.db.Queue().Stop(draining))
}

// answer serves HTTP on the listener until ctx ends, then lets requests under
// way end for drainTime. It owns the listener.
func (p *program) answer(ctx context.Context, ln net.Listener, handler http.Handler) error {
	front := &leaving{next: handler}
	server := &http.Server{
		Handler:           front,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		// Bodies and answers have their own limits in api: photos come over a
		// telephone, and live events last as long as the page is open.
		MaxHeaderBytes: 64 << 10,
		ErrorLog:       slog.NewLogLogger(p.log.Handler(), slog.LevelWarn),
	}
	watching, unwatch := context.WithCancel(ctx)
	defer unwatch()
	server.RegisterOnShutdown(unwatch)
	told := make(chan struct{})
	go func() {
		defer close(told)
		p.events.Run(watching) // its end ends every stream of live events
	}()
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ln) }()
	var err error
	select {
	case err = <-ended:
		err = fmt.Errorf("serving HTTP: %w", err)
	case <-ctx.Done():
		draining, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
		defer cancel()
		if len(p.config.trustedProxies) > 0 { // without a proxy there is nobody else to turn to
			front.begin()
		}
		if err = server.Shutdown(draining); err != nil {
			p.log.Warn("requests were cut off, because they did not end in time", "waited", drainTime)
			err = server.Close()
		}
		if stopped := <-ended; !errors.Is(stopped, http.ErrServerClosed) {
			err = errors.Join(err, stopped)
		}
	}
	unwatch()
	<-told
	return err
}

// serveOptions choose what a process does.
type serveOptions struct {
	worker bool
	// listener, unless nil, is where to answer instead of the configuration's
	// address.
	listener net.Listener
	// prepared is called when everything is wired and nothing runs yet.
	prepared func(ctx context.Context, p *program) error
	// ready is called once with the address when requests are answered.
	ready func(address string)
}

// serveProgram runs the API, and the worker unless told not to, until ctx ends.
func serveProgram(ctx context.Context, c *config, log *slog.Logger, o serveOptions) (err error) {
	if path, ok := c.sqlite(); ok && o.worker {
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
	handler := p.handler(o.worker)
	if o.prepared != nil {
		if err := o.prepared(ctx, p); err != nil {
			return err
		}
	}
	ln := o.listener
	if ln == nil {
		if ln, err = listen(ctx, c.listen); err != nil {
			return err
		}
	}
	if o.worker {
		if err := p.beginWork(ctx); err != nil {
			return errors.Join(err, ln.Close())
		}
	}
	group, running := errgroup.WithContext(ctx)
	group.Go(func() error { return p.answer(running, ln, handler) })
	if o.worker {
		group.Go(func() error { return p.work(running) })
	}
	// Starting needed memory that running does not: migrations, a password hash.
	debug.FreeOSMemory()
	o.ready(webAddress(ln.Addr().String(), "127.0.0.1"))
	err = group.Wait()
	log.Info("stopped")
	return err
}

func listen(ctx context.Context, address string) (net.Listener, error) {
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w", address, err)
	}
	return ln, nil
}

// warn tells of each of the configuration's warnings.
func (c *config) warn(log *slog.Logger) {
	for _, w := range c.warnings {
		log.Warn(w)
	}
}

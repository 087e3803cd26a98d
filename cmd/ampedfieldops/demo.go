package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"ampedfieldops/internal/xero"
	"ampedfieldops/internal/xero/xerosim"
)

// demoMarker is the file that says that a folder is a demonstration's, and so
// may be emptied.
const demoMarker = "this-is-a-demonstration.txt"

// demo runs the program for a firm that it makes up, beside a Xero that it
// simulates. Both begin anew at every start, because the simulator forgets:
// documents that it no longer knows would look like lost ones.
func demo(ctx context.Context, env environment, args []string) error {
	set := env.flags("demo", "[--listen ADDR] [--data DIR] [--xero-listen ADDR] [--size small|medium|large] [--database URL] [--google-drive URL] [--fill-only]",
		"Shows the program with the work of a firm that is made up, and a simulated Xero. Every start begins anew. Nothing leaves this machine, and only this machine can connect.")
	listen := set.String("listen", "127.0.0.1:3001", "`address` and port for the program")
	data := set.String("data", ".demo", "`folder` of the demonstration's own, emptied at every start")
	xeroListen := set.String("xero-listen", "127.0.0.1:3002", "`address` and port for the simulated Xero")
	sizeName := set.String("size", "small", "small, medium (10,000 timesheets) or large (1,000,000 timesheets, 50,000 invoices, 5,000 clients)")
	google := set.String("google-drive", "", "the `URL` of a simulated Google Drive, for which the program then takes it")
	database := set.String("database", "", "an empty PostgreSQL database to use instead of a file; its `URL`")
	fillOnly := set.Bool("fill-only", false, "make the firm up and end")
	if _, err := parse(set, args); err != nil {
		return err
	}
	size, ok := demoSizes[*sizeName]
	if !ok {
		return misused("--size must be small, medium or large")
	}
	if *database != "" && !strings.HasPrefix(*database, "postgres") {
		return misused("--database must be the address of a PostgreSQL database")
	}
	// Listening first settles which ports they are, should the system choose.
	ln, err := listenLoopback(ctx, "--listen", *listen)
	if err != nil {
		return err
	}
	defer ln.Close()
	xeroLn, err := listenLoopback(ctx, "--xero-listen", *xeroListen)
	if err != nil {
		return err
	}
	defer xeroLn.Close()
	release, err := emptyDemoFolder(*data)
	if err != nil {
		return err
	}
	defer release()

	c, err := demoConfig(env, ln.Addr().String(), *data, *database, "http://"+xeroLn.Addr().String(), *google)
	if err != nil {
		return err
	}
	log := c.logger(env.stderr)
	simulator := xerosim.New(xerosim.Options{
		Logger: log, OrganisationName: demoCompany, ClientID: c.xero.ClientID, ClientSecret: c.xero.ClientSecret,
	})
	if err := simulator.Seed(xerosim.Seed{Contacts: demoContacts()}); err != nil {
		return err
	}
	// Xero outlives the program, so that calls under way are answered.
	serving, stopXero := context.WithCancel(context.WithoutCancel(ctx))
	xeroEnded := make(chan error, 1)
	running, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		defer stop() // without Xero the demonstration shows nothing
		xeroEnded <- simulator.Serve(serving, xeroLn)
	}()
	err = serveProgram(running, c, log, serveOptions{
		worker:   true,
		listener: ln,
		prepared: func(ctx context.Context, p *program) error {
			if err := prepareDemo(ctx, p, simulator, size, env.stderr); err != nil || !*fillOnly {
				return err
			}
			return errFilled
		},
		ready: func(address string) {
			fmt.Fprintf(env.stderr, "Sign in as admin@demo.test, manager@demo.test or tech@demo.test, each with the password %s.\n", demoPassword)
			fmt.Fprintf(env.stderr, "The simulated Xero is at %s; its documents: %s/_sim/documents/Invoices\n", c.xero.APIURL, c.xero.APIURL)
			fmt.Fprintf(env.stderr, "Every start begins anew: what was entered before was removed from %s.\n", *data)
			fmt.Fprintln(env.stdout, "ready", address)
		},
	})
	stopXero()
	if errors.Is(err, errFilled) {
		fmt.Fprintln(env.stdout, "filled", c.databaseURL)
		err = nil
	}
	return errors.Join(err, <-xeroEnded)
}

// errFilled ends a demonstration that was only to be made up.
var errFilled = errors.New("the demonstration is made up")

// demoConfig is a configuration that leads to nothing but the demonstration,
// whatever the environment of the process names.
func demoConfig(env environment, listen, data, database, xeroURL, google string) (*config, error) {
	level := env.getenv("LOG_LEVEL")
	if level == "" {
		level = "warn"
	}
	if database == "" {
		database = "sqlite:" + filepath.Join(data, "ampedfieldops.db")
	}
	values := map[string]string{
		"DATABASE_URL":   database,
		"XERO_CLIENT_ID": "demo", "XERO_CLIENT_SECRET": "demo-client-secret",
		"XERO_API_URL": xeroURL, "XERO_IDENTITY_URL": xeroURL, "XERO_LOGIN_URL": xeroURL,
		"LOG_LEVEL": level, "LOG_FORMAT": env.getenv("LOG_FORMAT"),
	}
	if google != "" {
		values["GOOGLE_AUTH_URL"], values["GOOGLE_TOKEN_URL"] = google+"/o/oauth2/v2/auth", google+"/token"
		values["GOOGLE_DRIVE_API_URL"], values["GOOGLE_DRIVE_UPLOAD_URL"] = google+"/drive/v3", google+"/upload/drive/v3"
	}
	// Of PostgreSQL's databases these must be given; a demonstration keeps its own.
	for _, name := range []string{"JWT_SECRET", "ENCRYPTION_KEY"} {
		secret, err := keptSecret(filepath.Join(data, "secrets", strings.ToLower(name)))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		values[name] = string(secret)
	}
	return readConfig(func(name string) string { return values[name] }, "", &overrides{listen: listen, data: data})
}

// emptyDemoFolder makes the demonstration's folder, or empties it if it is one
// already. It refuses any other folder that holds something, and one in which
// another demonstration runs.
func emptyDemoFolder(path string) (release func(), err error) {
	marker := filepath.Join(path, demoMarker)
	there, err := os.ReadDir(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	if _, err := os.Stat(marker); err != nil && len(there) > 0 {
		return nil, fmt.Errorf("the folder %s holds something that is not a demonstration's; choose another with --data", path)
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(marker, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("another demonstration runs in the folder %s", path), file.Close())
	}
	release = func() { _ = file.Close() }
	if _, err := file.WriteAt([]byte("ampedfieldops demo empties this folder at every start.\n"), 0); err != nil {
		release()
		return nil, err
	}
	for _, f := range there {
		if f.Name() == demoMarker {
			continue
		}
		if err := os.RemoveAll(filepath.Join(path, f.Name())); err != nil {
			release()
			return nil, err
		}
	}
	return release, nil
}

// prepareDemo connects to the simulated Xero and makes up the firm.
func prepareDemo(ctx context.Context, p *program, simulator *xerosim.Sim, size demoSize, out io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, time.Hour)
	defer cancel()
	if n, err := p.db.CountUsers(ctx); err != nil || n > 0 {
		return errors.Join(err, errors.New("the database holds a firm already; a demonstration needs an empty one"))
	}
	code := simulator.Consent(p.config.xero.RedirectURI, xero.Scopes)
	if err := p.sync.ConnectWithCode(ctx, code); err != nil {
		return fmt.Errorf("connecting to the simulated Xero: %w", err)
	}
	contacts, err := simulatedContacts(ctx, p.config.xero.APIURL)
	if err != nil {
		return fmt.Errorf("reading the simulated Xero's contacts: %w", err)
	}
	f, err := makeUpFirm(ctx, p, contacts)
	if err == nil && size.timesheets > 0 {
		err = makeUpHistory(ctx, p.db, f, size, out)
	}
	if err != nil {
		return fmt.Errorf("making up the firm: %w", err)
	}
	return nil
}

// simulatedContacts are the ids of the simulated Xero's contacts by name.
func simulatedContacts(ctx context.Context, address string) (map[string]string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"/_sim/documents/Contacts", nil)
	if err != nil {
		return nil, err
	}
	client := &http.Client{Transport: &http.Transport{DialContext: (&net.Dialer{}).DialContext, DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	var contacts []struct{ ContactID, Name string }
	if err := json.NewDecoder(response.Body).Decode(&contacts); err != nil {
		return nil, err
	}
	ids := make(map[string]string, len(contacts))
	for _, c := range contacts {
		ids[c.Name] = c.ContactID
	}
	return ids, nil
}

package torture

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"ampedfieldops/internal/billing"
	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/job"
	"ampedfieldops/internal/store"
	"ampedfieldops/internal/xero"
)

// workerVariable makes the test binary a worker process; it holds the order.
const workerVariable = "AMPEDFIELDOPS_TORTURE_WORKER"

// order is what a worker process is told.
type order struct {
	Database string   // DATABASE_URL
	Xero     string   // address of the simulator
	Redis    int      // port, or 0 where the database delivers the jobs
	Log      string   // file
	Tokens   string   // file that every token is written to, for the search for secrets
	KillAt   []string // the labels at whose After-th passing it kills itself
	StopAt   []string // the same for stopping itself once, until the parent goes on with it
	After    int
}

// labels are the steps of the protocol at which a worker is killed or stopped.
var labels = []string{
	"claimed",
	"before begin create", "before begin update", "before begin void", "before begin look",
	"begun create", "begun update", "begun void", "begun look",
	"before send create", "before send update", "before send void", "before send look",
	"after send create", "after send update", "after send void", "after send look",
	"answered create", "answered update", "answered void", "looked",
	"written send create", "written send update", "written send void", "written settle", "written fail",
	"written finish void", "written finish absent", "written wait and look",
	"refresh begun", "refresh answered", "refresh written",
}

// someLabels chooses the labels of an order: now and then two of all, mostly
// several of those that are passed seldom.
func someLabels(r *rand.Rand) []string {
	from, n := slices.Clone(labels), 2
	if r.IntN(3) > 0 {
		n = 6
		from = slices.DeleteFunc(from, func(label string) bool {
			return !strings.Contains(label, "void") && !strings.Contains(label, "update") && !strings.HasPrefix(label, "written") && !strings.HasPrefix(label, "refresh")
		})
	}
	r.Shuffle(len(from), func(i, j int) { from[i], from[j] = from[j], from[i] })
	return from[:n]
}

const (
	clientID     = "torture"
	clientSecret = "torture-client-secret"
	redirectURI  = "http://localhost/callback"
	sealingKey   = "0123456789abcdef0123456789abcdef"
)

// newSync wires the engine as the program does, with scaled durations.
func newSync(db *store.DB, address string, note func(secrets ...string), log *slog.Logger, step func(string)) (*billing.Sync, error) {
	sealer, err := billing.NewSealer([]byte(sealingKey))
	if err != nil {
		return nil, err
	}
	client := xero.New(xero.Config{
		ClientID: clientID, ClientSecret: clientSecret, RedirectURI: redirectURI,
		APIURL: address, IdentityURL: address, LoginURL: address,
	})
	return billing.NewSync(billing.SyncConfig{
		DB: db, Provider: listener{client, note}, Sealer: sealer, Log: log, Durations: fieldops.RealDurations(scale),
		MaxAttempts: 3, AppURL: "http://localhost:3001", Step: step,
	}), nil
}

// listener writes down every token that passes, so that they can be looked for.
type listener struct {
	billing.Provider
	note func(secrets ...string)
}

func (l listener) Send(ctx context.Context, accessToken, tenantID string, call fieldops.Call) fieldops.Answer {
	l.note(accessToken)
	return l.Provider.Send(ctx, accessToken, tenantID, call)
}

func (l listener) Refresh(ctx context.Context, refreshToken string) (fieldops.TokenSet, fieldops.Answer, error) {
	set, a, err := l.Provider.Refresh(ctx, refreshToken)
	l.note(refreshToken, set.AccessToken, set.RefreshToken, set.IDToken)
	return set, a, err
}

func (l listener) Exchange(ctx context.Context, code, verifier string) (fieldops.TokenSet, fieldops.Answer, error) {
	set, a, err := l.Provider.Exchange(ctx, code, verifier)
	l.note(set.AccessToken, set.RefreshToken, set.IDToken)
	return set, a, err
}

// noteIn appends to a file what it is told, each text once.
func noteIn(path string) (func(texts ...string), error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex
	known := map[string]bool{"": true}
	return func(texts ...string) {
		mu.Lock()
		defer mu.Unlock()
		for _, text := range texts {
			if !known[text] {
				known[text] = true
				_, _ = io.WriteString(file, text+"\n") // a token that is not written is not looked for
			}
		}
	}, nil
}

// work is the worker process. It ends when its standard input does.
func work(o order) (err error) {
	log, err := os.OpenFile(o.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	note, err := noteIn(o.Tokens)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() { // ends with the process
		_, _ = io.Copy(io.Discard, os.Stdin) // its end is all that matters
		cancel()
	}()
	if path, ok := strings.CutPrefix(o.Database, "sqlite:"); ok {
		release, err := lockWorker(ctx, path)
		if err != nil {
			return err
		}
		defer release()
	}
	db, err := store.Open(ctx, o.Database)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	logger := slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelInfo})).With("pid", os.Getpid())
	sync, err := newSync(db, o.Xero, note, logger, o.steps())
	if err != nil {
		return err
	}
	if o.Redis > 0 {
		db.Queue().DeliverBy(job.Redis{Host: "127.0.0.1", Port: o.Redis})
	}
	sync.Register(db.Queue())
	if err := db.Queue().Start(context.WithoutCancel(ctx), 4, logger); err != nil {
		return err
	}
	fmt.Println("ready")
	err = sync.Run(ctx)
	draining, stop := context.WithTimeout(context.Background(), 5*time.Second)
	defer stop()
	return errors.Join(err, db.Queue().Stop(draining))
}

// lockWorker waits for the place of the one worker of a SQLite database, which
// proves that the one before is dead.
func lockWorker(ctx context.Context, database string) (release func(), err error) {
	file, err := os.OpenFile(database+".worker.lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { _ = file.Close() }, nil
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(err, file.Close())
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// steps tells the parent of every label when it is first passed, and kills or
// stops the process where the order says so.
func (o order) steps() func(label string) {
	var mu sync.Mutex
	passed := map[string]int{}
	stopped := false
	return func(label string) {
		mu.Lock()
		passed[label]++
		n := passed[label]
		stop := n == o.After && !stopped && slices.Contains(o.StopAt, label)
		stopped = stopped || stop
		mu.Unlock()
		if n == 1 {
			fmt.Println("pass", label)
		}
		switch {
		case n == o.After && slices.Contains(o.KillAt, label):
			fmt.Println("kill", label)
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL) // cannot fail for oneself
			select {}
		case stop:
			fmt.Println("stop", label)
			_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP) // cannot fail for oneself
		}
	}
}

// worker is a worker process as the parent sees it.
type worker struct {
	command *exec.Cmd
	input   io.Closer
	ended   chan struct{} // closed when the process is gone
}

// startWorker starts a worker process. said is called, from one goroutine, with
// every line that it says.
func startWorker(o order, said func(w *worker, what, label string)) (*worker, error) {
	text, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), workerVariable+"="+string(text))
	command.SysProcAttr = dieWithParent()
	input, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	output, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	log, err := os.OpenFile(o.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	command.Stderr = log
	if err := command.Start(); err != nil {
		return nil, err
	}
	w := &worker{command: command, input: input, ended: make(chan struct{})}
	go func() { // ends with the process
		defer close(w.ended)
		lines := bufio.NewScanner(output)
		for lines.Scan() {
			what, label, _ := strings.Cut(lines.Text(), " ")
			said(w, what, label)
		}
		said(w, "ended", fmt.Sprint(command.Wait()))
	}()
	return w, nil
}

func (w *worker) signal(s syscall.Signal) {
	_ = syscall.Kill(w.command.Process.Pid, s) // it may be gone already
}

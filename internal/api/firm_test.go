package api

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"image"
	imagejpeg "image/jpeg"
	imagepng "image/png"
	"io"
	"io/fs"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"ampedfieldops/internal/billing"
	"ampedfieldops/internal/blob"
	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/paperwork"
	"ampedfieldops/internal/store"
	"ampedfieldops/internal/store/storetest"
)

const password = "correct horse"

// passwordHash is made once: hashing is slow on purpose.
var passwordHash = sync.OnceValue(func() string { return fieldops.HashPassword(password) })

// firm is a whole API over a fresh database, with four people and the records
// that work is booked to.
type firm struct {
	t       testing.TB
	folder  string
	api     *api
	handler http.Handler
	db      *store.DB
	url     string // of the database
	now     time.Time
	log     *lockedBuffer
	post    *postbox // takes the mail of config.Post
	tokens  map[string]string
	people  map[string]fieldops.ID
	vars    map[string]string // what {name} stands for in paths and bodies
}

// postbox is a mail server.
type postbox struct {
	mu     sync.Mutex
	server fieldops.MailServer // of the last mail
	to     []string
	mails  []fieldops.MailMessage
}

// Send takes a mail.
func (p *postbox) Send(_ context.Context, server fieldops.MailServer, to string, m fieldops.MailMessage) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.server, p.to, p.mails = server, append(p.to, to), append(p.mails, m)
	return nil
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

var testWeb = fstest.MapFS{
	"index.html":       {Data: []byte("<!doctype html><title>app</title>")},
	"favicon.svg":      {Data: []byte("<svg/>")},
	"assets/app-1a.js": {Data: []byte("console.log(1)")},
}

func newFirm(t testing.TB, engine store.Engine, change ...func(*Config)) *firm {
	t.Helper()
	folder := t.TempDir()
	uploads, err := blob.OpenFolder(filepath.Join(folder, "uploads"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := uploads.Close(); err != nil {
			t.Error(err)
		}
	})
	url := storetest.Migrated(t, engine)
	f := &firm{t: t, folder: folder, db: storetest.Open(t, url), url: url, now: time.Now(), log: &lockedBuffer{}, tokens: map[string]string{}, people: map[string]fieldops.ID{}, vars: map[string]string{}}
	config := Config{
		DB: f.db, JWTSecret: []byte("0123456789abcdef0123456789abcdef"), FrontendURL: "http://firm.test", Web: testWeb,
		Log: slog.New(slog.NewTextHandler(f.log, &slog.HandlerOptions{Level: slog.LevelDebug})), Clock: func() time.Time { return f.now },
	}
	config.Sync = billing.NewSync(billing.SyncConfig{DB: f.db, Durations: fieldops.RealDurations(1), MaxAttempts: 3})
	config.Billing, config.Events = billing.New(f.db, config.Sync), billing.NewEvents(f.db, config.Sync)
	if config.Sealer, err = billing.NewSealer([]byte("fedcba9876543210fedcba9876543210")); err != nil {
		t.Fatal(err)
	}
	config.Storages = &paperwork.Storages{DB: f.db, Sealer: config.Sealer, Environment: fieldops.Storage{Place: fieldops.PlaceLocal}}
	config.Files = paperwork.NewFiles(paperwork.FilesConfig{
		DB: f.db, Folder: uploads, Clock: config.Clock, Places: &paperwork.Places{Read: config.Storages.Read, DriveToken: config.Storages.DriveToken},
	})
	config.Pictures = paperwork.NewPictures(config.Files)
	config.Billing.PrintLogoFrom(config.Pictures.Open)
	config.Safety = paperwork.NewSafety(f.db, config.Files, config.Pictures.Open)
	f.post = &postbox{}
	config.Post = billing.NewPost(billing.PostConfig{DB: f.db, Sealer: config.Sealer, Transport: f.post, AppURL: config.FrontendURL})
	for _, c := range change {
		c(&config)
	}
	f.handler = New(config)
	f.api = &api{Config: config, sessions: signer{config.JWTSecret, config.Clock}}

	client := fieldops.Client{Name: "Kōwhai Café"}
	center := fieldops.CostCenter{Code: "CC-1", Name: "Kitchen", IsActive: true}
	activity := fieldops.ActivityType{Name: "Labour", Icon: "Zap", Color: "blue", HourlyRate: 950_000, IsActive: true}
	project := fieldops.Project{Name: "Rewire", Budget: 10_000_00}
	f.write(func(ctx context.Context, tx *store.Tx) error {
		for _, p := range []struct {
			name string
			role fieldops.Role
		}{{"admin", fieldops.RoleAdmin}, {"manager", fieldops.RoleManager}, {"tech", fieldops.RoleUser}, {"other", fieldops.RoleUser}} {
			u := fieldops.User{Email: p.name + "@firm.nz", Name: p.name, Role: p.role, IsActive: true, PasswordHash: passwordHash()}
			if err := tx.InsertUser(ctx, &u); err != nil {
				return err
			}
			session := store.Session{UserID: u.ID}
			if err := tx.InsertSession(ctx, &session, sessionLife); err != nil {
				return err
			}
			f.people[p.name], f.vars[p.name] = u.ID, u.ID
			var err error
			if f.tokens[p.name], err = f.api.sessions.sign(&u, session.ID, tokenLife); err != nil {
				return err
			}
		}
		if err := tx.InsertClient(ctx, &client); err != nil {
			return err
		}
		if err := tx.InsertCostCenter(ctx, &center); err != nil {
			return err
		}
		if err := tx.InsertActivityType(ctx, &activity); err != nil {
			return err
		}
		project.ClientID = &client.ID
		return tx.InsertProject(ctx, &project, nil)
	})
	f.vars["client"], f.vars["center"], f.vars["activity"], f.vars["project"] = client.ID, center.ID, activity.ID, project.ID
	f.vars["nowhere"] = fieldops.NewID()
	return f
}

func (f *firm) write(change func(ctx context.Context, tx *store.Tx) error) {
	f.t.Helper()
	if err := f.db.Write(f.t.Context(), fieldops.System, func(tx *store.Tx) error { return change(f.t.Context(), tx) }); err != nil {
		f.t.Fatal(err)
	}
}

// sql brings the database into a state that nobody can bring it into by a
// request.
func (f *firm) sql(statement string) {
	f.t.Helper()
	driver, dsn := "pgx", f.url
	if path, ok := strings.CutPrefix(f.url, "sqlite:"); ok {
		driver, dsn = "sqlite", "file:"+path+"?_pragma=busy_timeout(10000)"
	}
	raw, err := sql.Open(driver, dsn)
	if err == nil {
		_, err = raw.ExecContext(f.t.Context(), f.fill(statement))
		err = errors.Join(err, raw.Close())
	}
	if err != nil {
		f.t.Fatal(err)
	}
}

// fill puts the firm's ids where {name} stands.
func (f *firm) fill(s string) string {
	for name, value := range f.vars {
		s = strings.ReplaceAll(s, "{"+name+"}", value)
	}
	return s
}

// ask sends a request of a person ("" is a stranger). Headers come in pairs.
func (f *firm) ask(who, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	f.t.Helper()
	r := httptest.NewRequestWithContext(f.t.Context(), method, f.fill(path), strings.NewReader(f.fill(body)))
	r.RemoteAddr = "192.0.2.1:1234"
	if who != "" {
		token, known := f.tokens[who]
		if !known {
			f.t.Fatalf("nobody is called %s", who)
		}
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	f.handler.ServeHTTP(w, r)
	return w
}

// photo is a file of a form.
type photo struct {
	field, name, content string
}

// jpeg is a small photo, pngPicture another.
var jpeg, pngPicture = func() (string, string) {
	m := image.NewGray(image.Rect(0, 0, 16, 12))
	var a, b bytes.Buffer
	if err := errors.Join(imagejpeg.Encode(&a, m, nil), imagepng.Encode(&b, m)); err != nil {
		panic(err)
	}
	return a.String(), b.String()
}()

// pdf is as short as a document can be.
const pdf = "%PDF-1.7\n1 0 obj\n<<>>\nendobj\nstartxref\n0\n%%EOF\n"

// submit sends a form of a person.
func (f *firm) submit(who, method, path string, fields map[string]string, photos []photo, headers ...string) *httptest.ResponseRecorder {
	f.t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	for name, value := range fields {
		if err := form.WriteField(name, f.fill(value)); err != nil {
			f.t.Fatal(err)
		}
	}
	for _, p := range photos {
		part, err := form.CreateFormFile(p.field, p.name)
		if err == nil {
			_, err = io.WriteString(part, p.content)
		}
		if err != nil {
			f.t.Fatal(err)
		}
	}
	if err := form.Close(); err != nil {
		f.t.Fatal(err)
	}
	return f.ask(who, method, path, b.String(), append([]string{"Content-Type", form.FormDataContentType()}, headers...)...)
}

// answer reads a JSON answer of an expected status.
func answer[T any](t testing.TB, w *httptest.ResponseRecorder, status int) (v T) {
	t.Helper()
	if w.Code != status {
		t.Fatalf("status %d, want %d: %s", w.Code, status, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatalf("%v in %s", err, w.Body)
	}
	return v
}

// scenario is one request and what must come of it: the status, and parts of
// the answer that must, or with a leading ! must not, be there.
type scenario struct {
	who, ask, body string
	status         int
	parts          []string
	headers        []string
	save           string // the answer's id becomes {save}
}

func (f *firm) play(scenarios []scenario) {
	f.t.Helper()
	for _, s := range scenarios {
		method, path, _ := strings.Cut(s.ask, " ")
		w := f.ask(s.who, method, path, s.body, s.headers...)
		got := w.Body.String()
		if w.Code != s.status {
			f.t.Errorf("%s: %s %s: status %d, want %d: %s", s.who, s.ask, s.body, w.Code, s.status, got)
		}
		for _, part := range s.parts {
			unwanted := strings.HasPrefix(part, "!")
			part = f.fill(strings.TrimPrefix(part, "!"))
			if strings.Contains(got, part) == unwanted {
				f.t.Errorf("%s: %s %s: %q must be there: %v, in %s", s.who, s.ask, s.body, part, !unwanted, got)
			}
		}
		if s.save != "" {
			var saved struct{ ID string }
			if err := json.Unmarshal(w.Body.Bytes(), &saved); err != nil || saved.ID == "" {
				f.t.Fatalf("%s: no id in %s", s.ask, got)
			}
			f.vars[s.save] = saved.ID
		}
	}
}

// afterTheBin has the files go whose time in the bin is over in a month.
func (f *firm) afterTheBin() {
	f.t.Helper()
	now := f.now
	f.now = now.Add(31 * 24 * time.Hour)
	if err := f.api.Files.Round(f.t.Context()); err != nil {
		f.t.Error(err)
	}
	f.now = now
}

// photosKept counts the files that lie where photos are kept.
func (f *firm) photosKept() (n int) {
	f.t.Helper()
	err := filepath.WalkDir(f.folder, func(_ string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			n++
		}
		return err
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return n
}

// both plays a test over both engines.
func both(t *testing.T, test func(t *testing.T, f *firm)) {
	t.Helper()
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			test(t, newFirm(t, engine))
		})
	}
}

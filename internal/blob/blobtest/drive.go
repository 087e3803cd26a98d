package blobtest

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ampedfieldops/internal/blob"
)

// Drive is a Google that is not Google's: the consent, the tokens, and of version 3
// of Drive's API what blob.Drive uses, as Google's own pages describe it. It keeps
// everything in memory, forgets it with the process, and believes anybody who has an
// access token. It is an http.Handler and safe for concurrent use.
//
//	/o/oauth2/v2/auth    consents at once and leads back
//	/token
//	/drive/v3            files, files/generateIds, files/{id}
//	/upload/drive/v3     files, in resumable sessions
type Drive struct {
	// ClientID and ClientSecret are those of the only app that is known.
	ClientID, ClientSecret string

	mux http.ServeMux

	mu       sync.Mutex
	faults   DriveFaults
	now      func() time.Time
	counts   map[string]int
	codes    map[string]consent     // by code
	grants   map[string]bool        // by refresh token: whether it works
	access   map[string]accessToken // by access token
	ids      map[string]bool        // made beforehand
	files    map[string]*DriveFile
	sessions map[string]*session
	spared   map[string]bool // by whom a fault has hit
}

// DriveFaults are what goes wrong, and how narrow things are. The zero value is a
// Google at which all goes well.
type DriveFaults struct {
	AccessLife time.Duration // of access tokens; 0: an hour
	PageSize   int           // at most as many files on a page; 0: as many as are asked for
	Quota      int64         // bytes of all files; 0: as many as memory has
	Latency    time.Duration // before each answer

	// Each n-th, when not 0: a call to Drive is refused with 403
	// userRateLimitExceeded; a chunk is kept in half and answered with 500; the
	// connection breaks after the last chunk was kept and the file made; a session is
	// forgotten when a chunk comes; a connection breaks in the middle of content. An
	// upload that was hit is spared until a chunk was kept, another call the next time.
	LimitEvery, FailChunkEvery, LoseAnswerEvery, ForgetSessionEvery, CutContentEvery int

	Down          bool // everything is answered with 503
	RefuseConsent bool // the person declines
	NarrowConsent bool // the person unticks the right to files
	CorruptEvery  int  // each n-th content is kept with a byte changed
	NoSHA256      bool // files are described without sha256Checksum
}

// DriveFile is a file or folder as the fake keeps it.
type DriveFile struct {
	ID, Name, MimeType string
	Parents            []string
	AppProperties      map[string]string
	Content            []byte
	Trashed            bool
	ModifiedAt         time.Time
}

type consent struct{ redirectURI, challenge, scope string }

type accessToken struct {
	refresh   string
	expiresAt time.Time
}

type session struct {
	file DriveFile
	size int64 // that was announced
	done bool
}

// DriveFolderType is the type of a folder.
const DriveFolderType = "application/vnd.google-apps.folder"

// NewDrive makes a Drive that knows an app and keeps nothing.
func NewDrive() *Drive {
	d := &Drive{
		ClientID: "client-id.apps.googleusercontent.com", ClientSecret: "client-secret-of-the-test", now: time.Now,
		counts: map[string]int{}, codes: map[string]consent{}, grants: map[string]bool{}, access: map[string]accessToken{},
		ids: map[string]bool{}, files: map[string]*DriveFile{}, sessions: map[string]*session{},
		spared: map[string]bool{},
	}
	d.mux.HandleFunc("GET /o/oauth2/v2/auth", d.consent)
	d.mux.HandleFunc("POST /token", d.token)
	d.mux.HandleFunc("GET /drive/v3/files/generateIds", d.authorised("generateIds", d.generateIDs))
	d.mux.HandleFunc("GET /drive/v3/files", d.authorised("list", d.list))
	d.mux.HandleFunc("POST /drive/v3/files", d.authorised("create", d.create))
	d.mux.HandleFunc("GET /drive/v3/files/{id}", d.authorised("get", d.get))
	d.mux.HandleFunc("DELETE /drive/v3/files/{id}", d.authorised("delete", d.remove))
	d.mux.HandleFunc("POST /upload/drive/v3/files", d.authorised("begin", d.begin))
	d.mux.HandleFunc("PUT /upload/drive/v3/files", d.authorised("chunk", d.chunk))
	return d
}

// Serve starts the fake on 127.0.0.1 until the test ends and returns its address.
func (d *Drive) Serve(t testing.TB) (address string) {
	t.Helper()
	served := httptest.NewServer(d)
	t.Cleanup(served.Close)
	return served.URL
}

// OAuth is what connects to the fake at an address.
func (d *Drive) OAuth(address, redirectURI string) blob.GoogleOAuth {
	return blob.GoogleOAuth{
		ClientID: d.ClientID, ClientSecret: d.ClientSecret, RedirectURI: redirectURI,
		AuthURL: address + "/o/oauth2/v2/auth", TokenURL: address + "/token",
	}
}

// APIURL and UploadURL are those of blob.DriveConfig for the fake at an address.
func (d *Drive) APIURL(address string) string { return address + "/drive/v3" }

// UploadURL is where content goes.
func (d *Drive) UploadURL(address string) string { return address + "/upload/drive/v3" }

// Fault changes what goes wrong, while no request is under way.
func (d *Drive) Fault(change func(*DriveFaults)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change(&d.faults)
}

// SetClock has the fake go by another clock, by which tokens expire.
func (d *Drive) SetClock(now func() time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.now = now
}

// Connect gives tokens as a consent does.
func (d *Drive) Connect() blob.Tokens {
	d.mu.Lock()
	defer d.mu.Unlock()
	refresh := "1//refresh-" + rand.Text()
	d.grants[refresh] = true
	access := d.newAccess(refresh)
	return blob.Tokens{AccessToken: access, RefreshToken: refresh, ExpiresAt: d.access[access].expiresAt, Scope: blob.DriveScope}
}

// newAccess makes an access token; d.mu is held.
func (d *Drive) newAccess(refresh string) string {
	access := "ya29.access-" + rand.Text()
	d.access[access] = accessToken{refresh, d.now().Add(cmp.Or(d.faults.AccessLife, time.Hour))}
	return access
}

// Expire ends all access tokens at once.
func (d *Drive) Expire() {
	d.mu.Lock()
	defer d.mu.Unlock()
	clear(d.access)
}

// Revoke withdraws all consents, as a person can in the account's settings.
func (d *Drive) Revoke() {
	d.mu.Lock()
	defer d.mu.Unlock()
	clear(d.access)
	clear(d.grants)
}

// Calls counts what the fake was asked, by name: consent, token, generateIds,
// list, create, get, content, delete, begin, chunk, and refused for those that a
// fault refused.
func (d *Drive) Calls() map[string]int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return maps.Clone(d.counts)
}

// Files are all files and folders, by id.
func (d *Drive) Files() []DriveFile {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := make([]DriveFile, 0, len(d.files))
	for _, id := range slices.Sorted(maps.Keys(d.files)) {
		all = append(all, *d.files[id])
	}
	return all
}

// Add puts a file or folder there as somebody else has made it, and returns its id,
// which is made unless it is given.
func (d *Drive) Add(file DriveFile) (id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	file.ID = cmp.Or(file.ID, "1"+rand.Text()+rand.Text()[:6])
	if file.ModifiedAt.IsZero() {
		file.ModifiedAt = d.now()
	}
	d.files[file.ID] = &file
	return file.ID
}

// AddAt puts a file below My Drive, under folders that are called as its path says.
func (d *Drive) AddAt(at, mimeType string, content []byte) (id string) {
	parent := "root"
	for name := range strings.SplitSeq(path.Dir(at), "/") {
		known := slices.IndexFunc(d.Files(), func(f DriveFile) bool { return f.Name == name && f.Parents[0] == parent })
		if known >= 0 {
			parent = d.Files()[known].ID
		} else {
			parent = d.Add(DriveFile{Name: name, MimeType: DriveFolderType, Parents: []string{parent}})
		}
	}
	return d.Add(DriveFile{Name: path.Base(at), MimeType: mimeType, Parents: []string{parent}, Content: content})
}

// Remove removes a file or folder behind the program's back.
func (d *Drive) Remove(id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.files, id)
}

// Trash puts a file or folder into the bin.
func (d *Drive) Trash(id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if file := d.files[id]; file != nil {
		file.Trashed = true
	}
}

// ServeHTTP answers as Google does, or as the faults say.
func (d *Drive) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	faults := d.faults
	d.mu.Unlock()
	if faults.Latency > 0 {
		wait := time.NewTimer(faults.Latency)
		defer wait.Stop()
		select {
		case <-wait.C:
		case <-r.Context().Done():
			return
		}
	}
	if faults.Down {
		http.Error(w, "Service Unavailable", http.StatusServiceUnavailable)
		return
	}
	d.mux.ServeHTTP(w, r)
}

// hits counts a call, and reports whether a fault hits it: when it is an n-th, unless
// whom it is about was hit before and has not got on since.
func (d *Drive) hits(name string, every int, whom string) bool {
	if !d.count(name, every) || d.spared[whom] {
		return false
	}
	d.spared[whom] = true
	return true
}

// count counts a call, and reports whether it is an n-th.
func (d *Drive) count(name string, every int) bool {
	d.counts[name]++
	return every > 0 && d.counts[name]%every == 0
}

// authorised lets through who has an access token, and each n-th not.
func (d *Drive) authorised(name string, handle http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		d.mu.Lock()
		token, known := d.access[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")]
		alive := known && d.now().Before(token.expiresAt)
		d.count(name, 0)
		limited := alive && d.limits(r)
		if !alive || limited {
			d.counts["refused"]++
		}
		d.mu.Unlock()
		switch {
		case !alive:
			refuse(w, http.StatusUnauthorized, "authError", "Invalid Credentials")
		case limited:
			refuse(w, http.StatusForbidden, "userRateLimitExceeded", "User Rate Limit Exceeded")
		default:
			handle(w, r)
		}
	}
}

// limits reports whether a call is refused. An upload gets on when a chunk was kept,
// any other call when it was let through.
func (d *Drive) limits(r *http.Request) bool {
	if s := d.sessions[r.URL.Query().Get("upload_id")]; s != nil {
		return d.hits("all", d.faults.LimitEvery, s.file.ID)
	}
	whom := r.Method + r.URL.String()
	limited := d.hits("all", d.faults.LimitEvery, whom)
	if !limited {
		delete(d.spared, whom)
	}
	return limited
}

// refuse answers with an error in Google's form
// (https://developers.google.com/workspace/drive/api/guides/handle-errors).
func refuse(w http.ResponseWriter, status int, reason, message string) {
	answer(w, status, map[string]any{"error": map[string]any{
		"code": status, "message": message,
		"errors": []map[string]any{{"domain": "global", "reason": reason, "message": message}},
	}})
}

func answer(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		panic(fmt.Sprintf("blobtest: an answer cannot be written as JSON: %v", err))
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(status)
	_, _ = w.Write(text)
}

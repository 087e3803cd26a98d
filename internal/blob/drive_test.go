package blob_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ampedfieldops/internal/blob"
	"ampedfieldops/internal/blob/blobtest"
)

// account is somebody who has connected Google Drive.
type account struct {
	oauth  blob.GoogleOAuth
	mu     sync.Mutex
	tokens blob.Tokens
	renews int
}

func (a *account) token(context.Context) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.tokens.AccessToken, nil
}

func (a *account) renew(ctx context.Context, stale string) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.tokens.AccessToken != stale {
		return a.tokens.AccessToken, nil
	}
	tokens, err := a.oauth.Refresh(ctx, a.tokens.RefreshToken)
	if err != nil {
		return "", err
	}
	a.tokens = tokens
	a.renews++
	return tokens.AccessToken, nil
}

type drive struct {
	*blob.Drive
	google  *blobtest.Drive
	account *account
	folder  string
	slept   *atomic.Int64 // nanoseconds that would have been waited
}

// Leftovers are files of the folder without a key, and folders that are none of ours.
func (d drive) Leftovers(context.Context) (left []string, err error) {
	for _, file := range d.google.Files() {
		if file.AppProperties["key"] == "" && file.MimeType != blobtest.DriveFolderType {
			left = append(left, file.Name)
		}
	}
	return left, nil
}

func openDrive(t testing.TB, faults blobtest.DriveFaults) drive {
	t.Helper()
	google := blobtest.NewDrive()
	google.Fault(func(f *blobtest.DriveFaults) { *f = faults })
	folder := google.Add(blobtest.DriveFile{Name: "Files of a firm", MimeType: blobtest.DriveFolderType, Parents: []string{"root"}})
	return openDriveOf(t, google, google.Serve(t), folder)
}

func openDriveOf(t testing.TB, google *blobtest.Drive, address, folder string) drive {
	t.Helper()
	a := &account{oauth: google.OAuth(address, "https://office.example.nz/callback"), tokens: google.Connect()}
	d := blob.OpenDrive(blob.DriveConfig{
		FolderID: folder, Token: a.token, Renew: a.renew, APIURL: google.APIURL(address), UploadURL: google.UploadURL(address),
	})
	t.Cleanup(func() { _ = d.Close() })
	slept := new(atomic.Int64)
	d.SetSleep(func(ctx context.Context, wait time.Duration) error {
		slept.Add(int64(wait))
		return ctx.Err()
	})
	return drive{d, google, a, folder, slept}
}

func TestDrive(t *testing.T) {
	t.Parallel()
	blobtest.Contract(t, func(t testing.TB) blob.Store { return openDrive(t, blobtest.DriveFaults{PageSize: 10}) })
}

// TestDriveWithFaults holds the whole contract against a Google at which much goes
// wrong that a second try mends.
func TestDriveWithFaults(t *testing.T) {
	t.Parallel()
	blobtest.Contract(t, func(t testing.TB) blob.Store {
		return openDrive(t, blobtest.DriveFaults{
			PageSize: 10, LimitEvery: 20, FailChunkEvery: 3, LoseAnswerEvery: 2, ForgetSessionEvery: 7, CutContentEvery: 3,
			Latency: time.Millisecond, NoSHA256: true,
		})
	})
}

func TestDriveMakesItsFolderOnce(t *testing.T) {
	t.Parallel()
	google := blobtest.NewDrive()
	address := google.Serve(t)
	first := openDriveOf(t, google, address, "")
	var group sync.WaitGroup
	for range 10 {
		group.Go(func() {
			key, content := blobtest.Photo(), []byte("content")
			if _, err := first.Put(t.Context(), blobtest.Describe(key, content), bytes.NewReader(content)); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	second := openDriveOf(t, google, address, "")
	put(t, second, "logo.png", []byte("logo"))
	if got := keys(t, second); len(got) != 11 {
		t.Errorf("listed: %v", got)
	}
	folders := 0
	for _, file := range google.Files() {
		if file.MimeType == blobtest.DriveFolderType {
			folders++
			if file.Name != blob.DriveFolder || !cmp.Equal(file.Parents, []string{"root"}) {
				t.Errorf("a folder %s in %v", file.Name, file.Parents)
			}
		}
	}
	if folders != 1 {
		t.Errorf("there are %d folders", folders)
	}
}

func TestDriveMakesItsFolderAnew(t *testing.T) {
	t.Parallel()
	google := blobtest.NewDrive()
	d := openDriveOf(t, google, google.Serve(t), "")
	put(t, d, "a.txt", []byte("a"))
	for _, file := range google.Files() {
		google.Remove(file.ID)
	}
	content := []byte("b")
	if _, err := d.Put(t.Context(), blobtest.Describe("b.txt", content), bytes.NewReader(content)); !errors.Is(err, blob.ErrUnavailable) {
		t.Errorf("the folder is gone: %v", err)
	}
	put(t, d, "b.txt", content)
}

func TestDriveFolderIsGone(t *testing.T) {
	t.Parallel()
	d := openDrive(t, blobtest.DriveFaults{})
	d.google.Remove(d.folder)
	errs := each(t, d)
	wantAll(t, map[string]error{"put": errs["put"], "put in parts": errs["put in parts"], "list": errs["list"]}, blob.ErrDenied)
}

func TestDriveFile(t *testing.T) {
	t.Parallel()
	d := openDrive(t, blobtest.DriveFaults{})
	key := blobtest.Photo()
	content := []byte("a photo")
	o := blobtest.Describe(key, content)
	o.ContentType = "image/jpeg"
	ref, err := d.Put(t.Context(), o, bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range d.google.Files() {
		if file.ID != ref {
			continue
		}
		file.ModifiedAt = time.Time{}
		want := blobtest.DriveFile{
			ID: ref, Name: key[strings.LastIndex(key, "/")+1:], MimeType: "image/jpeg", Parents: []string{d.folder},
			AppProperties: map[string]string{"key": key}, Content: content,
		}
		if diff := cmp.Diff(want, file); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

func TestDriveKeyTooLong(t *testing.T) {
	t.Parallel()
	d := openDrive(t, blobtest.DriveFaults{})
	put(t, d, strings.Repeat("k", 121), []byte("a"))
	_, err := d.Put(t.Context(), blobtest.Describe(strings.Repeat("k", 122), nil), bytes.NewReader(nil))
	if !errors.Is(err, blob.ErrKey) || !strings.HasSuffix(err.Error(), "it has 122 bytes, and there is room for 121") {
		t.Errorf("put: %v", err)
	}
}

func TestDriveRenewsOnce(t *testing.T) {
	t.Parallel()
	d := openDrive(t, blobtest.DriveFaults{})
	put(t, d, "a.txt", []byte("a"))
	d.google.Expire()
	ref := put(t, d, "b.txt", []byte("b"))
	d.google.Expire()
	if got := readAll(t, d, ref); string(got) != "b" {
		t.Errorf("read %q", got)
	}
	if d.account.renews != 2 {
		t.Errorf("%d renewals", d.account.renews)
	}
}

func TestDriveExpiresByTheClock(t *testing.T) {
	t.Parallel()
	d := openDrive(t, blobtest.DriveFaults{AccessLife: time.Minute})
	d.account.tokens = d.google.Connect()
	put(t, d, "a.txt", []byte("a"))
	d.google.SetClock(func() time.Time { return time.Now().Add(2 * time.Minute) })
	put(t, d, "b.txt", []byte("b"))
	if d.account.renews != 1 {
		t.Errorf("%d renewals", d.account.renews)
	}
}

func TestDriveIsRevoked(t *testing.T) {
	t.Parallel()
	d := openDrive(t, blobtest.DriveFaults{})
	secrets := []string{d.account.tokens.AccessToken, d.account.tokens.RefreshToken, d.google.ClientSecret}
	d.google.Revoke()
	wantAll(t, each(t, d), blob.ErrDenied, secrets...)
}

// TestDriveRefusesARenewedToken is about a token that is refused after it was renewed.
func TestDriveRefusesARenewedToken(t *testing.T) {
	t.Parallel()
	google := blobtest.NewDrive()
	address := google.Serve(t)
	var renews atomic.Int64
	d := blob.OpenDrive(blob.DriveConfig{
		FolderID: "folder", APIURL: google.APIURL(address), UploadURL: google.UploadURL(address),
		Token: func(context.Context) (string, error) { return "stale-token", nil },
		Renew: func(context.Context, string) (string, error) { renews.Add(1); return "no-better-token", nil },
	})
	t.Cleanup(func() { _ = d.Close() })
	errs := each(t, d)
	wantAll(t, errs, blob.ErrDenied, "stale-token", "no-better-token")
	if n := renews.Load(); n != int64(len(errs)) {
		t.Errorf("%d renewals for %d calls", n, len(errs))
	}
}

func TestDriveIsFull(t *testing.T) {
	t.Parallel()
	d := openDrive(t, blobtest.DriveFaults{Quota: 10_000})
	put(t, d, "a.bin", blobtest.Content(1, 9_000))
	content := blobtest.Content(2, 2_000)
	if _, err := d.Put(t.Context(), blobtest.Describe("b.bin", content), bytes.NewReader(content)); !errors.Is(err, blob.ErrFull) {
		t.Errorf("put: %v", err)
	}
	if got := keys(t, d); len(got) != 1 {
		t.Errorf("listed: %v", got)
	}
}

func TestDriveWaitsBetweenTries(t *testing.T) {
	t.Parallel()
	d := openDrive(t, blobtest.DriveFaults{Down: true})
	content := []byte("a")
	_, err := d.Put(t.Context(), blobtest.Describe("a.txt", content), bytes.NewReader(content))
	if !errors.Is(err, blob.ErrUnavailable) {
		t.Errorf("put: %v", err)
	}
	if slept := time.Duration(d.slept.Load()); slept < 15*time.Second || slept > 19*time.Second {
		t.Errorf("it waited %v", slept)
	}
}

func TestDriveIsGone(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	google := blobtest.NewDrive()
	d := openDriveOf(t, google, "http://"+listener.Addr().String(), "folder")
	wantAll(t, each(t, d), blob.ErrUnavailable, d.account.tokens.AccessToken)
}

// TestDriveLostAnswer loses the answer to each last chunk: the repeat must find the
// file, and make no second one.
func TestDriveLostAnswer(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1000, 2*blob.PartSize + 5} {
		d := openDrive(t, blobtest.DriveFaults{LoseAnswerEvery: 1})
		content := blobtest.Content(1, size)
		ref := put(t, d, "a.bin", content)
		if got := readAll(t, d, ref); !bytes.Equal(got, content) {
			t.Errorf("%d other bytes", len(got))
		}
		if got := keys(t, d); len(got) != 1 {
			t.Errorf("listed: %v", got)
		}
	}
}

func TestDriveGoesOnWhereAChunkFailed(t *testing.T) {
	t.Parallel()
	d := openDrive(t, blobtest.DriveFaults{FailChunkEvery: 2})
	content := blobtest.Content(1, 3*blob.PartSize)
	if got := readAll(t, d, put(t, d, "a.bin", content)); !bytes.Equal(got, content) {
		t.Error("other bytes")
	}
	calls := d.google.Calls()
	if calls["begin"] != 1 || calls["chunk"] < 5 {
		t.Errorf("calls: %v", calls)
	}
}

// TestDriveCorrupts is about content that arrives as another: it is removed again.
func TestDriveCorrupts(t *testing.T) {
	t.Parallel()
	for _, noSHA256 := range []bool{false, true} {
		d := openDrive(t, blobtest.DriveFaults{CorruptEvery: 2, NoSHA256: noSHA256})
		put(t, d, "a.bin", blobtest.Content(1, 1000))
		content := blobtest.Content(2, 1000)
		if _, err := d.Put(t.Context(), blobtest.Describe("b.bin", content), bytes.NewReader(content)); !errors.Is(err, blob.ErrUnavailable) {
			t.Errorf("put: %v", err)
		}
		if got := keys(t, d); !cmp.Equal(got, []string{"a.bin"}) {
			t.Errorf("listed: %v", got)
		}
	}
}

func TestDriveReadsOnlyWhatIsRead(t *testing.T) {
	t.Parallel()
	d := openDrive(t, blobtest.DriveFaults{})
	ref := put(t, d, "a.bin", blobtest.Content(1, 20_000_000))
	readAll(t, d, ref)
	if n := d.google.Calls()["content"]; n < 4 || n > 6 {
		t.Errorf("20 MB were fetched in %d windows", n)
	}
}

func TestDriveTrashIsAbsent(t *testing.T) {
	t.Parallel()
	d := openDrive(t, blobtest.DriveFaults{})
	content := []byte("a")
	ref := put(t, d, "a.txt", content)
	d.google.Trash(ref)
	if _, err := d.Open(t.Context(), ref); !errors.Is(err, blob.ErrAbsent) {
		t.Errorf("open: %v", err)
	}
	if again := put(t, d, "a.txt", content); again == ref {
		t.Error("what is in the bin was taken for the object")
	}
	if _, err := d.Open(t.Context(), d.folder); !errors.Is(err, blob.ErrAbsent) {
		t.Errorf("open a folder: %v", err)
	}
}

// consented follows the consent to where it leads back.
func consented(t *testing.T, at string) url.Values {
	t.Helper()
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, at, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	back, err := response.Location()
	if err != nil {
		t.Fatalf("status %d, %v", response.StatusCode, err)
	}
	if !strings.HasPrefix(back.String(), "https://office.example.nz/callback?") {
		t.Fatalf("it leads to %s", back)
	}
	return back.Query()
}

func TestGoogleOAuth(t *testing.T) {
	t.Parallel()
	google := blobtest.NewDrive()
	oauth := google.OAuth(google.Serve(t), "https://office.example.nz/callback")
	verifier := blob.NewVerifier()
	at := oauth.ConsentURL("the-state", verifier)
	u, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Del("code_challenge")
	want := url.Values{
		"access_type": {"offline"}, "prompt": {"consent"}, "response_type": {"code"}, "client_id": {google.ClientID},
		"redirect_uri": {"https://office.example.nz/callback"}, "scope": {"https://www.googleapis.com/auth/drive.file"},
		"state": {"the-state"}, "code_challenge_method": {"S256"},
	}
	if diff := cmp.Diff(want, q); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if strings.Contains(at, verifier) {
		t.Error("the verifier is in the address")
	}

	back := consented(t, at)
	if back.Get("state") != "the-state" {
		t.Errorf("the state is %s", back.Get("state"))
	}
	tokens, err := oauth.Exchange(t.Context(), back.Get("code"), verifier)
	if err != nil {
		t.Fatal(err)
	}
	if !tokens.Allows() || tokens.RefreshToken == "" || time.Until(tokens.ExpiresAt) < 59*time.Minute {
		t.Errorf("the tokens are %+v", tokens)
	}
	renewed, err := oauth.Refresh(t.Context(), tokens.RefreshToken)
	if err != nil {
		t.Fatal(err)
	}
	if renewed.AccessToken == tokens.AccessToken || renewed.RefreshToken != tokens.RefreshToken || !renewed.Allows() {
		t.Errorf("the tokens are %+v", renewed)
	}
}

func TestGoogleOAuthRefusals(t *testing.T) {
	t.Parallel()
	google := blobtest.NewDrive()
	oauth := google.OAuth(google.Serve(t), "https://office.example.nz/callback")
	verifier := blob.NewVerifier()
	code := func() string { return consented(t, oauth.ConsentURL("s", verifier)).Get("code") }
	check := func(what string, err error, want error, secrets ...string) {
		t.Helper()
		if !errors.Is(err, want) {
			t.Errorf("%s: %v", what, err)
			return
		}
		for _, secret := range append(secrets, google.ClientSecret, verifier) {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%s: the error holds a secret: %v", what, err)
			}
		}
	}

	used := code()
	if _, err := oauth.Exchange(t.Context(), used, verifier); err != nil {
		t.Fatal(err)
	}
	_, err := oauth.Exchange(t.Context(), used, verifier)
	check("a code that was used", err, blob.ErrDenied, used)
	_, err = oauth.Exchange(t.Context(), code(), blob.NewVerifier())
	check("another verifier", err, blob.ErrDenied)

	tokens := google.Connect()
	wrong := oauth
	wrong.ClientSecret = "not-the-secret"
	_, err = wrong.Refresh(t.Context(), tokens.RefreshToken)
	check("a wrong secret", err, blob.ErrDenied, "not-the-secret", tokens.RefreshToken)

	google.Revoke()
	_, err = oauth.Refresh(t.Context(), tokens.RefreshToken)
	check("a revoked grant", err, blob.ErrDenied, tokens.RefreshToken)
	_, err = oauth.Refresh(t.Context(), "")
	check("no refresh token", err, blob.ErrDenied)

	google.Fault(func(f *blobtest.DriveFaults) { f.Down = true })
	_, err = oauth.Refresh(t.Context(), tokens.RefreshToken)
	check("Google is down", err, blob.ErrUnavailable, tokens.RefreshToken)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = oauth.Refresh(ctx, tokens.RefreshToken)
	check("cancelled", err, blob.ErrUnavailable, tokens.RefreshToken)
}

func TestGoogleOAuthConsents(t *testing.T) {
	t.Parallel()
	google := blobtest.NewDrive()
	oauth := google.OAuth(google.Serve(t), "https://office.example.nz/callback")
	verifier := blob.NewVerifier()
	google.Fault(func(f *blobtest.DriveFaults) { f.RefuseConsent = true })
	if got := consented(t, oauth.ConsentURL("s", verifier)).Get("error"); got != "access_denied" {
		t.Errorf("declined: %q", got)
	}
	google.Fault(func(f *blobtest.DriveFaults) { f.RefuseConsent, f.NarrowConsent = false, true })
	tokens, err := oauth.Exchange(t.Context(), consented(t, oauth.ConsentURL("s", verifier)).Get("code"), verifier)
	if err != nil || tokens.Allows() {
		t.Errorf("without the right: %+v, %v", tokens, err)
	}
}

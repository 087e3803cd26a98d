// Package upgrade upgrades an installation of the former product with the real
// program, and looks whether every picture and file opens whose address it knew, in
// every form that it has ever given one, with the S3 store and the Google Drive that
// it kept them in.
package upgrade

import (
	"bytes"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/minio/minio-go/v7"
	"golang.org/x/crypto/bcrypt"

	"ampedfieldops/e2e/program"
	"ampedfieldops/internal/blob"
	"ampedfieldops/internal/blob/blobtest"
	"ampedfieldops/internal/store"
	"ampedfieldops/internal/store/storetest"
)

const (
	project = "00000000-0000-4000-8000-00000000b001"
	center  = "00000000-0000-4000-8000-0000000000c1"
	boss    = "office@sparky.test"
	secret  = "kererū over the marae"
)

// former is an installation of the former product, with its files.
type former struct {
	t      *testing.T
	db     *sql.DB
	data   string
	bucket blob.S3Config
	google *blobtest.Drive
	random *rand.Rand
}

// picture is a picture that no other is like.
func (f *former) picture() []byte {
	return program.Picture(2000, func() uint8 { return uint8(f.random.UintN(256)) })
}

func (f *former) exec(query string, args ...any) {
	f.t.Helper()
	if _, err := f.db.ExecContext(f.t.Context(), query, args...); err != nil {
		f.t.Fatal(err)
	}
}

func (f *former) inFolder(key string, content []byte) {
	f.t.Helper()
	file := filepath.Join(f.data, "uploads", filepath.FromSlash(key))
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		f.t.Fatal(err)
	}
	if err := os.WriteFile(file, content, 0o600); err != nil {
		f.t.Fatal(err)
	}
}

func (f *former) inS3(key string, content []byte) {
	f.t.Helper()
	client := blobtest.S3Client(f.t, f.bucket)
	if _, err := client.Client.PutObject(f.t.Context(), f.bucket.Bucket, key, bytes.NewReader(content), int64(len(content)), minio.PutObjectOptions{ContentType: "image/png"}); err != nil {
		f.t.Fatal(err)
	}
}

// kinds are the forms that the former product gave addresses in. Each keeps a
// content where it lay and returns its address.
func (f *former) kinds() map[string]func(name string, content []byte) string {
	signature := "?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=20260101T000000Z&X-Amz-Expires=3600&X-Amz-Signature=abcdef"
	drive := func(form string) func(string, []byte) string {
		return func(name string, content []byte) string {
			return fmt.Sprintf(form, f.google.AddAt("photos/"+name, "image/png", content))
		}
	}
	s3 := func(form string) func(string, []byte) string {
		return func(name string, content []byte) string {
			f.inS3("timesheets/"+name, content)
			return strings.ReplaceAll(strings.ReplaceAll(form, "BUCKET", f.bucket.Bucket), "KEY", "timesheets/"+name)
		}
	}
	return map[string]func(string, []byte) string{
		"a path": func(n string, c []byte) string { f.inFolder("timesheets/"+n, c); return "/uploads/timesheets/" + n },
		"a path by hash": func(n string, c []byte) string {
			k := "projects/" + project + "/ab/cd/" + n
			f.inFolder(k, c)
			return "/uploads/" + k
		},
		"a path without a slash": func(n string, c []byte) string { f.inFolder("timesheets/"+n, c); return "uploads/timesheets/" + n },
		"the firm's own address": func(n string, c []byte) string {
			f.inFolder("timesheets/"+n, c)
			return "https://field.sparky.co.nz/uploads/timesheets/" + n
		},
		"a path, kept in S3": func(n string, c []byte) string {
			k := "projects/" + project + "/ef/01/" + n
			f.inS3("uploads/"+k, c)
			return "/uploads/" + k
		},
		"a path, kept in Drive": func(n string, c []byte) string {
			k := "projects/" + project + "/23/45/" + n
			f.google.AddAt(k, "image/png", c)
			return "/uploads/" + k
		},
		"a link to S3":            s3("https://BUCKET.s3.ap-southeast-2.amazonaws.com/KEY"),
		"a link to S3 that ended": s3("https://BUCKET.s3.amazonaws.com/KEY" + signature),
		"S3 by path":              s3("https://s3.ap-southeast-2.amazonaws.com/BUCKET/KEY"),
		"S3 in the oldest form":   s3("https://s3-ap-southeast-2.amazonaws.com/BUCKET/KEY?AWSAccessKeyId=x&Signature=y&Expires=1"),
		"S3 of somebody else":     s3(f.bucket.Endpoint + "/BUCKET/KEY" + signature),
		"Drive to view":           drive("https://drive.google.com/file/d/%s/view?usp=drivesdk"),
		"Drive to download":       drive("https://drive.google.com/uc?id=%s&export=download"),
		"Drive to embed":          drive("https://drive.google.com/uc?export=view&id=%s"),
		"Drive to open":           drive("https://drive.google.com/open?id=%s"),
		"Drive as a thumbnail":    drive("https://drive.google.com/thumbnail?id=%s&sz=w400"),
		"Drive's content":         drive("https://lh3.googleusercontent.com/d/%s"),
		"a data URI": func(_ string, c []byte) string {
			return "data:image/png;base64," + base64.StdEncoding.EncodeToString(c)
		},
	}
}

func TestEveryAddressOfTheFormerProductOpens(t *testing.T) {
	t.Parallel()
	address := storetest.URL(t, store.Postgres)
	db, err := sql.Open("pgx", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	f := &former{t: t, db: db, data: t.TempDir(), bucket: blobtest.S3(t), google: blobtest.NewDrive(), random: rand.New(rand.NewPCG(seed, 1))}
	for _, name := range []string{"1_first_days", "2_first_version", "3_second_version", "4_last_state"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "internal", "store", "testdata", "v1", name+".sql"))
		if err != nil {
			t.Fatal(err)
		}
		f.exec(string(text))
	}
	f.useStores()

	// One entry and one file of a project for each form, one entry with all forms that
	// it has room for, and one whose pictures the former product knew in the cloud only.
	entries := map[string][][]byte{}
	files := map[string][]byte{}
	entry := func(n int, local, cloud []string, contents ...[]byte) {
		id := fmt.Sprintf("00000000-0000-4000-8000-0000000e%04d", n)
		f.exec(`insert into timesheets (id, user_id, project_id, client_id, activity_type_id, cost_center_id, date, hours, notes, image_urls, cloud_image_urls) values
			($1, '00000000-0000-4000-8000-000000000004', $2, '00000000-0000-4000-8000-000000000c01', '00000000-0000-4000-8000-0000000000a1', $3, '2026-01-10', 1, $4, $5, $6)`,
			id, project, center, fmt.Sprintf("entry %d", n), local, cloud)
		entries[id] = contents
	}
	n := 0
	for kind, keep := range f.kinds() {
		n++
		content := f.picture()
		entry(n, []string{keep(fmt.Sprintf("photo%d.png", n), content)}, nil, content)
		if strings.HasPrefix(kind, "a data") {
			continue
		}
		content = f.picture()
		id := fmt.Sprintf("00000000-0000-4000-8000-0000000f%04d", n)
		f.exec(`insert into project_files (id, project_id, file_name, file_path, file_type, file_size, mime_type) values ($1, $2, $3, $4, 'image', $5, 'image/png')`,
			id, project, kind+".png", keep(fmt.Sprintf("file%d.png", n), content), len(content))
		files[id] = content
	}
	kinds := f.kinds()
	inS3, inDrive, several := f.picture(), f.picture(), f.picture()
	entry(9001, nil, []string{kinds["a link to S3 that ended"]("cloud1.png", inS3), kinds["Drive to view"]("cloud2.png", inDrive)}, inS3, inDrive)
	shared := kinds["a path"]("shared.png", several) // several entries of one day were saved with the same picture
	entry(9002, []string{shared}, nil, several)
	entry(9003, []string{shared, kinds["Drive to open"]("second.png", inDrive)}, nil, several, inDrive)

	binary := program.Build(t)
	google := f.google.Serve(t)
	environment := append(program.Environment(f.data, address, "http://127.0.0.1:1"),
		"GOOGLE_AUTH_URL="+google+"/o/oauth2/v2/auth", "GOOGLE_TOKEN_URL="+google+"/token",
		"GOOGLE_DRIVE_API_URL="+f.google.APIURL(google), "GOOGLE_DRIVE_UPLOAD_URL="+f.google.UploadURL(google))
	program.Run(t, binary, environment, "", "migrate")
	serve := program.Start(t, binary, environment, "serve", "--listen", "127.0.0.1:0")
	office := program.NewCaller(t, serve.Address)
	office.SignIn(boss, secret)
	nobody := program.NewCaller(t, serve.Address)

	opens := func(by *program.Caller, at string, content []byte) {
		t.Helper()
		status, got, err := by.Send(t.Context(), "GET", at, nil)
		if err != nil || status != http.StatusOK || !bytes.Equal(got, content) {
			t.Errorf("GET %s: %d, %d bytes in place of %d, %v: %.200s", at, status, len(got), len(content), err, got)
		}
	}
	open := func() {
		for id, contents := range entries {
			var e struct {
				Images []string `json:"image_urls"`
				Cloud  []string `json:"cloud_image_urls"`
			}
			office.Call("GET", "/api/timesheets/"+id, nil, http.StatusOK, &e)
			if len(e.Images) != len(contents) {
				t.Errorf("entry %s has the pictures %q", id, e.Images)
				continue
			}
			for i, content := range contents {
				opens(office, e.Images[i], content)
				if status, _, err := nobody.Send(t.Context(), "GET", e.Images[i], nil); err != nil || status != http.StatusUnauthorized {
					t.Errorf("GET %s without a session: %d, %v", e.Images[i], status, err)
				}
			}
			for _, link := range e.Cloud {
				at, err := url.Parse(link)
				if err != nil {
					t.Fatal(err)
				}
				status, _, err := nobody.Send(t.Context(), "GET", at.RequestURI(), nil)
				if err != nil || status != http.StatusOK {
					t.Errorf("GET %s: %d, %v", link, status, err)
				}
			}
		}
		for id, content := range files {
			opens(office, "/api/files/"+id+"/download", content)
		}
	}
	open() // as soon as the program has started

	// And again when it has looked at them all, which gives each its hash.
	var unread int
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(200 * time.Millisecond) {
		if err := db.QueryRowContext(t.Context(), "select count(*) from stored_files where sha256 is null and unread_at is null").Scan(&unread); err != nil {
			t.Fatal(err)
		}
		if unread == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d files were not looked at in two minutes", unread)
		}
	}
	open()
	t.Logf("%d entries and %d files of a project, in %d forms", len(entries), len(files), len(kinds))
}

// useStores has the former product's settings name the bucket and the Drive, and
// somebody whose password is known.
func (f *former) useStores() {
	f.t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(secret), bcrypt.MinCost)
	if err != nil {
		f.t.Fatal(err)
	}
	f.exec("insert into users (email, password_hash, name, role) values ($1, $2, 'Ofisa Office', 'admin')", boss, string(hash))
	f.exec("delete from settings where key = 'google_drive_tokens'")
	access := f.google.Connect()
	tokens, err := json.Marshal(map[string]any{
		"access_token": access.AccessToken, "refresh_token": access.RefreshToken, "expiry_date": time.Now().Add(-time.Hour).UnixMilli(), "scope": access.Scope, "token_type": "Bearer",
	})
	if err != nil {
		f.t.Fatal(err)
	}
	for key, value := range map[string]string{
		"storage_driver": "s3", "storage_s3_bucket": f.bucket.Bucket, "storage_s3_region": f.bucket.Region, "storage_s3_endpoint": f.bucket.Endpoint,
		"storage_s3_access_key_id": f.bucket.AccessKeyID, "storage_s3_secret_access_key": f.bucket.SecretAccessKey,
		"google_drive_client_id": f.google.ClientID, "google_drive_client_secret": f.google.ClientSecret,
	} {
		f.exec("insert into settings (key, value) values ($1, $2)", key, value)
	}
	f.exec("insert into settings (key, value, user_id) values ('google_drive_tokens', $1, '00000000-0000-4000-8000-000000000001')", string(tokens))
}

package blob

import (
	"cmp"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"math/rand/v2"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"
)

// DriveConfig says where in Google Drive objects are kept, and by whose right.
type DriveConfig struct {
	// FolderID is the folder, of My Drive or of a shared drive. "": the folder
	// DriveFolder in My Drive, which is made when it is not there.
	FolderID string
	// Token gives an access token.
	Token func(ctx context.Context) (access string, err error)
	// Renew gives a new access token after Google refused one, which may have been
	// renewed by somebody else meanwhile.
	Renew func(ctx context.Context, stale string) (access string, err error)
	// APIURL and UploadURL are Google's own when "".
	APIURL, UploadURL string
}

// DriveFolder is the name of the folder in My Drive.
const DriveFolder = "AmpedFieldOps"

// The bounds of what Google is asked.
const (
	driveTries        = 5
	driveCallTimeout  = time.Minute     // of one try without content
	driveChunkTimeout = 5 * time.Minute // of one try of a chunk
	// driveProperty is the property of a file that holds our key. It and the key
	// have room for 124 bytes together
	// (https://developers.google.com/workspace/drive/api/guides/properties).
	driveProperty    = "key"
	drivePropertyMax = 124
	driveFileFields  = "id,size,md5Checksum,sha256Checksum,trashed"
)

// Drive keeps objects as files of a folder in Google Drive. The reference of an
// object is the id of its file. The sharing of files is left as Google makes it,
// which is the folder's: nobody else gets at them.
//
// Google's search knows of a new file after a moment only. Within one Drive the
// same content at once under the same key makes one file; by two programs at the
// same moment it can make two.
type Drive struct {
	config    DriveConfig
	transport *http.Transport
	client    *http.Client
	puts      flights
	folderID  remembered
	sleep     func(ctx context.Context, d time.Duration) error
}

// OpenDrive makes a Drive. Nothing is asked of Google yet.
func OpenDrive(config DriveConfig) *Drive {
	config.APIURL = strings.TrimSuffix(cmp.Or(config.APIURL, "https://www.googleapis.com/drive/v3"), "/")
	config.UploadURL = strings.TrimSuffix(cmp.Or(config.UploadURL, "https://www.googleapis.com/upload/drive/v3"), "/")
	transport := newTransport()
	return &Drive{config: config, transport: transport, client: &http.Client{Transport: transport}, sleep: sleep}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// Close lets go of idle connections.
func (d *Drive) Close() error {
	d.transport.CloseIdleConnections()
	return nil
}

// driveFile is a file as Google describes it. Files of Google's own formats have
// no size.
type driveFile struct {
	ID            string            `json:"id"`
	Size          *int64            `json:"size,string"`
	MD5           string            `json:"md5Checksum"`
	SHA256        string            `json:"sha256Checksum"`
	Trashed       bool              `json:"trashed"`
	ModifiedAt    time.Time         `json:"modifiedTime"`
	AppProperties map[string]string `json:"appProperties"`
}

type driveList struct {
	NextPageToken string      `json:"nextPageToken"`
	Files         []driveFile `json:"files"`
}

// Put sends content in chunks under an id that Google gave beforehand, so that an
// answer that got lost does not make a second file.
func (d *Drive) Put(ctx context.Context, o Object, content io.ReaderAt) (ref string, err error) {
	if err := checkObject(o); err != nil {
		return "", err
	}
	if len(driveProperty)+len(o.Key) > drivePropertyMax {
		return "", fail(ErrKey, nil, "the key %s is too long for Google Drive: it has %d bytes, and there is room for %d", o.Key, len(o.Key), drivePropertyMax-len(driveProperty))
	}
	return d.puts.once(ctx, o, func() (string, error) { return d.put(ctx, o, content) })
}

func (d *Drive) put(ctx context.Context, o Object, content io.ReaderAt) (ref string, err error) {
	whole, err := plan(ctx, o, content, maxSize)
	if err != nil {
		return "", d.failure(err, "reading", o.Key)
	}
	folder, err := d.folder(ctx)
	if err != nil {
		return "", err
	}
	sent := hex.EncodeToString(whole[0].md5[:])
	ref, err = d.find(ctx, folder, o, sent)
	if err != nil || ref != "" {
		return ref, err
	}
	id, err := d.newID(ctx)
	if err != nil {
		return "", err
	}
	file, err := d.upload(ctx, folder, id, o, content)
	if err != nil {
		return "", err
	}
	if !file.holds(o, sent) {
		err := fail(ErrUnavailable, nil, "what arrived in Google Drive of %s is not what was sent", o.Key)
		return "", errors.Join(err, d.Delete(context.WithoutCancel(ctx), id))
	}
	return id, nil
}

// holds reports whether a file has an object's content. For want of a SHA-256,
// which Google does not promise at once, the MD5 decides.
func (f driveFile) holds(o Object, md5 string) bool {
	if f.Size == nil || *f.Size != o.Size || f.Trashed {
		return false
	}
	if f.SHA256 != "" {
		return f.SHA256 == hex.EncodeToString(o.SHA256[:])
	}
	return f.MD5 == md5
}

// find looks for a file that holds the object already; "" when there is none.
func (d *Drive) find(ctx context.Context, folder string, o Object, md5 string) (ref string, err error) {
	q := "appProperties has { key=" + quoted(driveProperty) + " and value=" + quoted(o.Key) + " } and " + inFolder(folder)
	var list driveList
	err = d.get(ctx, "looking for "+o.Key, "/files", url.Values{
		"q": {q}, "orderBy": {"createdTime"}, "fields": {"files(" + driveFileFields + ")"},
		"includeItemsFromAllDrives": {"true"}, "spaces": {"drive"},
	}, &list)
	if errors.Is(err, ErrAbsent) {
		return "", d.noFolder("keeping "+o.Key, folder)
	}
	for _, file := range list.Files {
		if file.holds(o, md5) {
			return file.ID, err
		}
	}
	return "", err
}

func inFolder(folder string) string { return quoted(folder) + " in parents and trashed = false" }

// quoted is a string in Google's language of queries
// (https://developers.google.com/workspace/drive/api/guides/search-files).
func quoted(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}

func (d *Drive) newID(ctx context.Context) (string, error) {
	var made struct {
		IDs []string `json:"ids"`
	}
	err := d.get(ctx, "making an id", "/files/generateIds", url.Values{"count": {"1"}, "space": {"drive"}, "type": {"files"}}, &made)
	if err != nil {
		return "", err
	}
	if len(made.IDs) != 1 {
		return "", fail(ErrUnavailable, nil, "Google Drive gave %d ids in place of one", len(made.IDs))
	}
	return made.IDs[0], nil
}

const driveFolderType = "application/vnd.google-apps.folder"

// folder is the id of the folder for objects, found or made once.
func (d *Drive) folder(ctx context.Context) (string, error) {
	if d.config.FolderID != "" {
		return d.config.FolderID, nil
	}
	return d.folderID.get(ctx, d.findFolder)
}

func (d *Drive) findFolder(ctx context.Context) (string, error) {
	q := "mimeType = " + quoted(driveFolderType) + " and name = " + quoted(DriveFolder) + " and " + inFolder("root")
	var list driveList
	err := d.get(ctx, "looking for the folder "+DriveFolder, "/files",
		url.Values{"q": {q}, "orderBy": {"createdTime"}, "fields": {"files(id)"}, "spaces": {"drive"}}, &list)
	if err != nil {
		return "", err
	}
	if len(list.Files) > 0 {
		return list.Files[0].ID, nil
	}
	id, err := d.newID(ctx)
	if err != nil {
		return "", err
	}
	return id, d.makeFolder(ctx, id)
}

func (d *Drive) makeFolder(ctx context.Context, id string) error {
	doing := "making the folder " + DriveFolder
	body, err := json.Marshal(map[string]any{"id": id, "name": DriveFolder, "mimeType": driveFolderType, "parents": []string{"root"}})
	if err != nil {
		return fail(ErrUnavailable, err, "%s", doing) // unreachable: it is nothing but strings
	}
	a, err := d.ask(ctx, doing, call{
		method: http.MethodPost, url: d.config.APIURL + "/files?fields=id",
		header: http.Header{"Content-Type": {"application/json; charset=UTF-8"}}, body: body,
	})
	if err != nil {
		return err
	}
	if a.status == http.StatusConflict { // an earlier try made it
		return nil
	}
	return a.refusal(doing)
}

// Open opens a file.
func (d *Drive) Open(ctx context.Context, ref string) (File, error) {
	file, err := d.stat(ctx, ref)
	if err != nil {
		return nil, err
	}
	if file.Trashed || file.Size == nil {
		return nil, driveAbsent(ref)
	}
	get := func(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
		return d.content(ctx, ref, offset, length)
	}
	return &windowed{get: get, ctx: ctx, name: ref, size: *file.Size}, nil
}

func driveAbsent(ref string) error {
	return fail(ErrAbsent, nil, "the file %s is not in Google Drive", ref)
}

func (d *Drive) stat(ctx context.Context, ref string) (file driveFile, err error) {
	if !isDriveID(ref) {
		return file, driveAbsent(ref)
	}
	return file, d.get(ctx, "opening "+ref, "/files/"+ref, url.Values{"fields": {driveFileFields}}, &file)
}

func (d *Drive) content(ctx context.Context, ref string, offset, length int64) (io.ReadCloser, error) {
	doing := "reading " + ref
	response, a, err := d.open(ctx, doing, call{
		method: http.MethodGet, url: d.config.APIURL + "/files/" + ref + "?alt=media&supportsAllDrives=true",
		header: http.Header{"Range": {"bytes=" + strconv.FormatInt(offset, 10) + "-" + strconv.FormatInt(offset+length-1, 10)}},
	})
	if err != nil {
		return nil, err
	}
	if response == nil {
		return nil, cmp.Or(a.refusal(doing), fail(ErrUnavailable, nil, "%s: Google Drive gave no content", doing))
	}
	if response.StatusCode != http.StatusPartialContent && offset > 0 {
		return nil, errors.Join(fail(ErrUnavailable, nil, "%s: Google Drive gave all of it in place of a part", doing), response.Body.Close())
	}
	return response.Body, nil
}

// Find returns the reference of a file by its path below the folder, or below My
// Drive where none is set: ErrAbsent when there is none. Others arrange files so; Put
// does not. Of several with one name the oldest counts.
func (d *Drive) Find(ctx context.Context, path string) (ref string, err error) {
	at := cmp.Or(d.config.FolderID, "root")
	for name := range strings.SplitSeq(path, "/") {
		var list driveList
		err := d.get(ctx, "looking for "+path, "/files", url.Values{
			"q": {"name = " + quoted(name) + " and " + inFolder(at)}, "orderBy": {"createdTime"}, "fields": {"files(id)"},
			"includeItemsFromAllDrives": {"true"}, "spaces": {"drive"},
		}, &list)
		if err != nil {
			return "", err
		}
		if len(list.Files) == 0 {
			return "", driveAbsent(path)
		}
		at = list.Files[0].ID
	}
	return at, nil
}

// Delete removes a file for good, not to the bin.
func (d *Drive) Delete(ctx context.Context, ref string) error {
	if !isDriveID(ref) {
		return nil // there is no such object
	}
	doing := "removing " + ref
	a, err := d.ask(ctx, doing, call{method: http.MethodDelete, url: d.config.APIURL + "/files/" + ref + "?supportsAllDrives=true"})
	if err != nil {
		return err
	}
	err = a.refusal(doing)
	if errors.Is(err, ErrAbsent) {
		return nil
	}
	return err
}

// Objects lists the files of the folder that carry one of our keys.
func (d *Drive) Objects(ctx context.Context) iter.Seq2[Listed, error] {
	return func(yield func(Listed, error) bool) {
		folder, err := d.folder(ctx)
		if err != nil {
			yield(Listed{}, err)
			return
		}
		query := url.Values{
			"q": {inFolder(folder)}, "pageSize": {"1000"}, "spaces": {"drive"}, "includeItemsFromAllDrives": {"true"},
			"fields": {"nextPageToken,files(" + driveFileFields + ",modifiedTime,appProperties)"},
		}
		for {
			var list driveList
			err := d.get(ctx, "listing the folder", "/files", query, &list)
			if errors.Is(err, ErrAbsent) {
				err = d.noFolder("listing the folder", folder)
			}
			if err != nil {
				yield(Listed{}, err)
				return
			}
			for _, file := range list.Files {
				key := file.AppProperties[driveProperty]
				if key == "" || file.Size == nil {
					continue
				}
				if !yield(Listed{Key: key, Ref: file.ID, Size: *file.Size, ModifiedAt: file.ModifiedAt}, nil) {
					return
				}
			}
			if list.NextPageToken == "" {
				return
			}
			query.Set("pageToken", list.NextPageToken)
		}
	}
}

// get asks Google for something that is described in JSON.
func (d *Drive) get(ctx context.Context, doing, at string, query url.Values, into any) error {
	query.Set("supportsAllDrives", "true")
	if at == "/files/generateIds" {
		query.Del("supportsAllDrives")
	}
	a, err := d.ask(ctx, doing, call{method: http.MethodGet, url: d.config.APIURL + at + "?" + query.Encode()})
	if err != nil {
		return err
	}
	if err := a.refusal(doing); err != nil {
		return err
	}
	if err := json.Unmarshal(a.body, into); err != nil {
		return fail(ErrUnavailable, err, "%s: Google Drive's answer cannot be understood", doing)
	}
	return nil
}

// delay is how long to wait after a try, counted from 0, that is worth another:
// doubled each time, with up to a second of chance, so that many who were refused
// together do not come again together
// (https://developers.google.com/workspace/drive/api/guides/handle-errors).
func delay(try int) time.Duration {
	return time.Second<<try + time.Duration(rand.Int64N(int64(time.Second)))
}

// driveName is the name of a file, for who looks into the folder.
func driveName(key string) string { return path.Base(key) }

// isDriveID reports whether something can be an id of Google's, as far as these
// have been seen: letters, digits, - and _.
func isDriveID(id string) bool {
	return len(id) >= 10 && len(id) <= 128 && !strings.ContainsFunc(id, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
	})
}

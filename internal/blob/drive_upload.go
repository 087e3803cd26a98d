package blob

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// errSessionGone is an upload that Google has forgotten: it must begin anew.
var errSessionGone = errors.New("Google Drive has forgotten the upload")

// upload sends a content in chunks to a file with an id of its own, and returns
// the file. A file that is there already was made by an earlier try.
// (https://developers.google.com/workspace/drive/api/guides/manage-uploads#resumable)
func (d *Drive) upload(ctx context.Context, folder, id string, o Object, content io.ReaderAt) (file driveFile, err error) {
	doing := "sending " + o.Key
	for range driveTries {
		session, taken, err := d.begin(ctx, doing, folder, id, o)
		if err != nil {
			return file, err
		}
		if taken {
			return d.stat(ctx, id)
		}
		file, err = d.transfer(ctx, doing, session, id, o, content)
		if !errors.Is(err, errSessionGone) {
			return file, err
		}
	}
	return file, fail(ErrUnavailable, errSessionGone, "%s", doing)
}

// begin opens a session, whose address alone lets anybody send to it.
func (d *Drive) begin(ctx context.Context, doing, folder, id string, o Object) (session string, taken bool, err error) {
	meta := map[string]any{
		"id": id, "name": driveName(o.Key), "parents": []string{folder}, "appProperties": map[string]string{driveProperty: o.Key},
	}
	header := http.Header{
		"Content-Type":            {"application/json; charset=UTF-8"},
		"X-Upload-Content-Length": {strconv.FormatInt(o.Size, 10)},
	}
	if o.ContentType != "" {
		meta["mimeType"] = o.ContentType
		header.Set("X-Upload-Content-Type", o.ContentType)
	}
	body, err := json.Marshal(meta)
	if err != nil {
		return "", false, fail(ErrUnavailable, err, "%s", doing) // unreachable: it is nothing but strings
	}
	query := url.Values{"uploadType": {"resumable"}, "supportsAllDrives": {"true"}, "fields": {driveFileFields}}
	a, err := d.ask(ctx, doing, call{method: http.MethodPost, url: d.config.UploadURL + "/files?" + query.Encode(), header: header, body: body})
	if err != nil {
		return "", false, err
	}
	if a.status == http.StatusConflict {
		return "", true, nil
	}
	if a.status == http.StatusNotFound {
		return "", false, d.noFolder(doing, folder)
	}
	if err := a.refusal(doing); err != nil {
		return "", false, err
	}
	session = a.header.Get("Location")
	if !d.ours(session) {
		return "", false, fail(ErrUnavailable, nil, "%s: Google Drive gave no address to send to", doing)
	}
	return session, false, nil
}

// noFolder is about a folder that is gone. One that was found or made is looked
// for anew by the next try.
func (d *Drive) noFolder(doing, folder string) error {
	if d.config.FolderID == "" {
		d.folderID.forget(folder)
		return fail(ErrUnavailable, nil, "%s: the folder %s is gone from Google Drive", doing, DriveFolder)
	}
	return fail(ErrDenied, nil, "%s: the folder %s does not exist in Google Drive, or was not shared with the account that was connected", doing, folder)
}

// ours reports whether an address is of the server for uploads, which alone gets
// our token.
func (d *Drive) ours(session string) bool {
	theirs, err := url.Parse(session)
	ours, errOurs := url.Parse(d.config.UploadURL)
	return err == nil && errOurs == nil && theirs.Host == ours.Host && theirs.Scheme == ours.Scheme
}

// transfer sends a content to a session, and goes on where a chunk failed. It
// gives up after driveTries failures without progress.
func (d *Drive) transfer(ctx context.Context, doing, session, id string, o Object, content io.ReaderAt) (driveFile, error) {
	offset, ask := int64(0), false
	for try := 0; ; {
		a, err := d.advance(ctx, session, o, content, offset, ask)
		switch {
		case err == nil && a.status == http.StatusPermanentRedirect: // 308: go on
			next, err := received(a.header, o.Size)
			if err != nil {
				return driveFile{}, fail(ErrUnavailable, err, "%s", doing)
			}
			if next > offset {
				try = 0
			} else if !ask {
				try++ // a chunk of which nothing was kept
			}
			offset, ask = next, false
			if try < driveTries {
				continue
			}
		case err == nil && (a.status == http.StatusOK || a.status == http.StatusCreated):
			return d.made(ctx, doing, a, id)
		case err == nil && a.status == http.StatusConflict:
			return d.stat(ctx, id)
		case err == nil && (a.status == http.StatusNotFound || a.status == http.StatusGone):
			return driveFile{}, errSessionGone
		case err == nil && !a.again():
			return driveFile{}, errors.Join(a.refusal(doing))
		case final(err):
			return driveFile{}, d.failure(err, doing, "")
		default:
			ask = true
			try++
		}
		if try >= driveTries {
			if err == nil && a.status == http.StatusPermanentRedirect {
				return driveFile{}, fail(ErrUnavailable, nil, "%s: Google Drive keeps nothing of what is sent", doing)
			}
			return driveFile{}, d.givenUp(a, err, doing)
		}
		if err := d.sleep(ctx, delay(try-1)); err != nil {
			return driveFile{}, d.failure(err, doing, "")
		}
	}
}

// advance sends the chunk at an offset, or asks how much has arrived. The answer
// to both is the same.
func (d *Drive) advance(ctx context.Context, session string, o Object, content io.ReaderAt, offset int64, ask bool) (answer, error) {
	c := call{method: http.MethodPut, url: session, header: http.Header{}, body: []byte{}}
	size := min(partSize, o.Size-offset)
	if ask || size == 0 { // an empty content is whole by asking
		c.header.Set("Content-Range", "bytes */"+strconv.FormatInt(o.Size, 10))
		return d.once(ctx, c)
	}
	c.header.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", offset, offset+size-1, o.Size))
	chunk := part{offset: offset, size: size}
	c.content, c.length, c.timeout = chunk.body(ctx, content), size, driveChunkTimeout
	return d.once(ctx, c)
}

// received is how many bytes have arrived, by the header of a 308.
func received(header http.Header, size int64) (int64, error) {
	got := header.Get("Range")
	if got == "" {
		return 0, nil
	}
	last, ok := strings.CutPrefix(got, "bytes=0-")
	n, err := strconv.ParseInt(last, 10, 64)
	if !ok || err != nil || n < 0 || n >= size {
		return 0, fmt.Errorf("Google Drive says %q of what has arrived", got)
	}
	return n + 1, nil
}

// made reads the file from the answer to the last chunk, or asks for it.
func (d *Drive) made(ctx context.Context, doing string, a answer, id string) (file driveFile, err error) {
	if err := json.Unmarshal(a.body, &file); err != nil || file.ID == "" || file.Size == nil {
		return d.stat(ctx, id)
	}
	if file.ID != id {
		return file, fail(ErrUnavailable, nil, "%s: Google Drive gave the file another id", doing)
	}
	return file, nil
}

package blobtest

import (
	"bytes"
	"cmp"
	"crypto/md5" // Google describes files by it
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

func (d *Drive) generateIDs(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.Atoi(cmp.Or(r.FormValue("count"), "10"))
	if err != nil || n < 1 || n > 1000 || r.FormValue("space") != "drive" {
		refuse(w, http.StatusBadRequest, "invalidParameter", "Invalid value")
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	ids := make([]string, n)
	for i := range ids {
		ids[i] = "1" + rand.Text() + rand.Text()[:6]
		d.ids[ids[i]] = true
	}
	answer(w, http.StatusOK, map[string]any{"kind": "drive#generatedIds", "space": "drive", "ids": ids})
}

// describe is a file in Google's words, d.mu is held.
func (d *Drive) describe(f *DriveFile) map[string]any {
	all := map[string]any{
		"kind": "drive#file", "id": f.ID, "name": f.Name, "mimeType": f.MimeType, "parents": f.Parents, "trashed": f.Trashed,
		"modifiedTime": f.ModifiedAt.UTC().Format("2006-01-02T15:04:05.000Z"),
	}
	if len(f.AppProperties) > 0 {
		all["appProperties"] = f.AppProperties
	}
	if !strings.HasPrefix(f.MimeType, "application/vnd.google-apps.") {
		sumMD5, sumSHA := md5.Sum(f.Content), sha256.Sum256(f.Content)
		all["size"], all["md5Checksum"] = strconv.Itoa(len(f.Content)), hex.EncodeToString(sumMD5[:])
		if !d.faults.NoSHA256 {
			all["sha256Checksum"] = hex.EncodeToString(sumSHA[:])
		}
	}
	return all
}

// pick leaves what a request asks for, which without asking is little.
func pick(all map[string]any, fields string) map[string]any {
	wanted := strings.Split(cmp.Or(fields, "kind,id,name,mimeType"), ",")
	maps.DeleteFunc(all, func(name string, _ any) bool { return !slices.Contains(wanted, name) })
	return all
}

func (d *Drive) list(w http.ResponseWriter, r *http.Request) {
	matches, err := query(r.FormValue("q"))
	if err != nil {
		refuse(w, http.StatusBadRequest, "invalid", "Invalid Value: "+err.Error())
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if parent := matches.parent; parent != "" && parent != "root" && d.files[parent] == nil {
		refuse(w, http.StatusNotFound, "notFound", "File not found: .")
		return
	}
	size, err := strconv.Atoi(cmp.Or(r.FormValue("pageSize"), "100"))
	if err != nil || size < 1 || size > 1000 {
		refuse(w, http.StatusBadRequest, "invalidParameter", "Invalid pageSize")
		return
	}
	if d.faults.PageSize > 0 {
		size = min(size, d.faults.PageSize)
	}
	fields := listFields.FindStringSubmatch(r.FormValue("fields"))
	if fields == nil {
		fields = []string{"", ""}
	}
	// The token is the last id of the page before.
	body, page := map[string]any{}, []map[string]any{}
	for _, id := range slices.Sorted(maps.Keys(d.files)) {
		if id <= r.FormValue("pageToken") || !matches.match(d.files[id]) {
			continue
		}
		if len(page) == size {
			if strings.Contains(r.FormValue("fields"), "nextPageToken") {
				body["nextPageToken"] = page[size-1]["id"]
			}
			break
		}
		page = append(page, pick(d.describe(d.files[id]), fields[1]))
	}
	body["files"] = page
	answer(w, http.StatusOK, body)
}

var listFields = regexp.MustCompile(`files\(([^)]*)\)`)

// filter is a query, of the language as far as it is used here
// (https://developers.google.com/workspace/drive/api/guides/search-files).
type filter struct {
	parent, name, mimeType, property, value string
	notTrashed                              bool
}

// clause is one condition. What is quoted may hold \' and \\.
var clause = regexp.MustCompile(`^(?:` +
	`'((?:[^'\\]|\\.)*)' in parents` +
	`|(trashed) ?= ?false` +
	`|(name|mimeType) ?= ?'((?:[^'\\]|\\.)*)'` +
	`|appProperties has \{ ?key ?= ?'((?:[^'\\]|\\.)*)' and value ?= ?'((?:[^'\\]|\\.)*)' ?\}` +
	`)(?: and |$)`)

func query(q string) (f filter, err error) {
	unquoted := strings.NewReplacer(`\'`, `'`, `\\`, `\`).Replace
	for q != "" {
		found := clause.FindStringSubmatch(q)
		if found == nil {
			return f, fmt.Errorf("%q", q)
		}
		switch {
		case found[1] != "":
			f.parent = unquoted(found[1])
		case found[2] != "":
			f.notTrashed = true
		case found[3] == "name":
			f.name = unquoted(found[4])
		case found[3] == "mimeType":
			f.mimeType = unquoted(found[4])
		default:
			f.property, f.value = unquoted(found[5]), unquoted(found[6])
		}
		q = q[len(found[0]):]
	}
	return f, nil
}

func (f filter) match(file *DriveFile) bool {
	return (f.parent == "" || slices.Contains(file.Parents, f.parent)) &&
		(f.name == "" || file.Name == f.name) &&
		(f.mimeType == "" || file.MimeType == f.mimeType) &&
		(f.property == "" || file.AppProperties[f.property] == f.value) &&
		!(f.notTrashed && file.Trashed)
}

func (d *Drive) get(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	file := d.files[r.PathValue("id")]
	if file == nil {
		d.mu.Unlock()
		refuse(w, http.StatusNotFound, "notFound", "File not found: "+r.PathValue("id")+".")
		return
	}
	if r.FormValue("alt") != "media" {
		defer d.mu.Unlock()
		answer(w, http.StatusOK, pick(d.describe(file), r.FormValue("fields")))
		return
	}
	content, contentType, modifiedAt := file.Content, file.MimeType, file.ModifiedAt
	cut := d.count("content", d.faults.CutContentEvery)
	d.mu.Unlock()
	w.Header().Set("Content-Type", contentType)
	if cut {
		w = &cutShort{w, 1000}
	}
	http.ServeContent(w, r, "", modifiedAt, bytes.NewReader(content))
}

// cutShort breaks the connection after some bytes.
type cutShort struct {
	http.ResponseWriter
	left int
}

func (w *cutShort) Write(p []byte) (int, error) {
	if len(p) < w.left {
		w.left -= len(p)
		return w.ResponseWriter.Write(p)
	}
	_, _ = w.ResponseWriter.Write(p[:w.left])
	if flusher, ok := w.ResponseWriter.(http.Flusher); ok {
		flusher.Flush()
	}
	panic(http.ErrAbortHandler)
}

func (d *Drive) remove(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	id := r.PathValue("id")
	if d.files[id] == nil {
		refuse(w, http.StatusNotFound, "notFound", "File not found: "+id+".")
		return
	}
	delete(d.files, id)
	w.WriteHeader(http.StatusNoContent)
}

// described reads the description of a new file. Not nil, it is acceptable.
func (d *Drive) described(w http.ResponseWriter, r *http.Request) *DriveFile {
	var file DriveFile
	if err := json.NewDecoder(io.LimitReader(r.Body, 1<<20)).Decode(&file); err != nil {
		refuse(w, http.StatusBadRequest, "parseError", "Parse Error")
		return nil
	}
	file.Content, file.Trashed, file.ModifiedAt = nil, false, d.now()
	for name, value := range file.AppProperties {
		if len(name)+len(value) > 124 {
			refuse(w, http.StatusBadRequest, "propertyLengthLimitExceeded", "The maximum property length has been exceeded.")
			return nil
		}
	}
	if file.ID == "" {
		file.ID = "1" + rand.Text() + rand.Text()[:6]
		d.ids[file.ID] = true
	}
	if !d.ids[file.ID] {
		refuse(w, http.StatusBadRequest, "invalid", "The provided file ID is not usable.")
		return nil
	}
	for _, parent := range file.Parents {
		if parent != "root" && d.files[parent] == nil {
			refuse(w, http.StatusNotFound, "notFound", "File not found: "+parent+".")
			return nil
		}
	}
	if d.files[file.ID] != nil {
		refuse(w, http.StatusConflict, "fileIdInUse", "A file already exists with the provided ID.")
		return nil
	}
	return &file
}

func (d *Drive) create(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if file := d.described(w, r); file != nil {
		d.files[file.ID] = file
		answer(w, http.StatusOK, pick(d.describe(file), r.FormValue("fields")))
	}
}

// begin opens a session
// (https://developers.google.com/workspace/drive/api/guides/manage-uploads#resumable).
func (d *Drive) begin(w http.ResponseWriter, r *http.Request) {
	size, err := strconv.ParseInt(r.Header.Get("X-Upload-Content-Length"), 10, 64)
	if err != nil || size < 0 || r.FormValue("uploadType") != "resumable" {
		refuse(w, http.StatusBadRequest, "badRequest", "Bad Request")
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	file := d.described(w, r)
	if file == nil {
		return
	}
	if d.faults.Quota > 0 && d.used()+size > d.faults.Quota {
		refuse(w, http.StatusForbidden, "storageQuotaExceeded", "The user's Drive storage quota has been exceeded.")
		return
	}
	file.MimeType = cmp.Or(file.MimeType, r.Header.Get("X-Upload-Content-Type"), "application/octet-stream")
	id := rand.Text()
	d.sessions[id] = &session{file: *file, size: size}
	address := *r.URL
	address.Scheme, address.Host = "http", r.Host
	q := address.Query()
	q.Set("upload_id", id)
	address.RawQuery = q.Encode()
	w.Header().Set("Location", address.String())
	w.WriteHeader(http.StatusOK)
}

func (d *Drive) used() (bytes int64) {
	for _, file := range d.files {
		bytes += int64(len(file.Content))
	}
	return bytes
}

var contentRange = regexp.MustCompile(`^bytes (?:\*|(\d+)-(\d+))/(\d+)$`)

// chunk takes a piece of content, or says how much has arrived.
func (d *Drive) chunk(w http.ResponseWriter, r *http.Request) {
	body, errBody := io.ReadAll(io.LimitReader(r.Body, 64<<20)) // what came of a broken connection counts too
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.sessions[r.FormValue("upload_id")]
	if s == nil {
		refuse(w, http.StatusNotFound, "notFound", "Upload session not found")
		return
	}
	asked := contentRange.FindStringSubmatch(r.Header.Get("Content-Range"))
	if asked == nil || asked[3] != strconv.FormatInt(s.size, 10) {
		refuse(w, http.StatusBadRequest, "badRequest", "Bad Content-Range")
		return
	}
	if asked[1] != "" && !s.done {
		if d.hits("pieces", d.faults.ForgetSessionEvery, s.file.ID) {
			delete(d.sessions, r.FormValue("upload_id"))
			refuse(w, http.StatusNotFound, "notFound", "Upload session not found")
			return
		}
		if !s.take(w, asked[1], asked[2], body, errBody) {
			return
		}
		if d.hits("taken", d.faults.FailChunkEvery, s.file.ID) {
			half := len(body) / 2 / 256 / 1024 * 256 * 1024
			s.file.Content = s.file.Content[:len(s.file.Content)-len(body)+half]
			refuse(w, http.StatusInternalServerError, "backendError", "Internal Error")
			return
		}
		delete(d.spared, s.file.ID)
	}
	if int64(len(s.file.Content)) < s.size {
		if n := len(s.file.Content); n > 0 {
			w.Header().Set("Range", "bytes=0-"+strconv.Itoa(n-1))
		}
		w.WriteHeader(http.StatusPermanentRedirect)
		return
	}
	d.finish(w, r, s)
}

// take adds a piece where it belongs. All but the last have a multiple of 256 KiB.
func (s *session) take(w http.ResponseWriter, first, last string, body []byte, broken error) bool {
	from, errFrom := strconv.ParseInt(first, 10, 64)
	to, errTo := strconv.ParseInt(last, 10, 64)
	switch {
	case errFrom != nil || errTo != nil || from != int64(len(s.file.Content)) || to >= s.size || to < from:
		refuse(w, http.StatusBadRequest, "badRequest", "Invalid range")
		return false
	case broken != nil:
		s.file.Content = append(s.file.Content, body[:len(body)/(256<<10)*(256<<10)]...)
		return false
	case int64(len(body)) != to-from+1 || to+1 < s.size && len(body)%(256<<10) != 0:
		refuse(w, http.StatusBadRequest, "badRequest", "Invalid chunk size")
		return false
	}
	s.file.Content = append(s.file.Content, body...)
	return true
}

// finish makes the file, once; who asks again is told the same.
func (d *Drive) finish(w http.ResponseWriter, r *http.Request, s *session) {
	if !s.done {
		if d.files[s.file.ID] != nil {
			refuse(w, http.StatusConflict, "fileIdInUse", "A file already exists with the provided ID.")
			return
		}
		s.done = true
		file := s.file
		file.ModifiedAt = d.now().Truncate(time.Millisecond)
		if d.count("made", d.faults.CorruptEvery) && len(file.Content) > 0 {
			file.Content = bytes.Clone(file.Content)
			file.Content[len(file.Content)/2] ^= 1
		}
		d.files[file.ID] = &file
		s.file.Content = file.Content
		if d.count("completed", d.faults.LoseAnswerEvery) {
			panic(http.ErrAbortHandler)
		}
	}
	file := d.files[s.file.ID]
	if file == nil {
		refuse(w, http.StatusNotFound, "notFound", "File not found: "+s.file.ID+".")
		return
	}
	answer(w, http.StatusOK, pick(d.describe(file), r.FormValue("fields")))
}

package api

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/paperwork"
	"ampedfieldops/internal/store"
)

// shownInBrowsers are the kinds of file that a browser may show; any other is
// offered to be saved.
var shownInBrowsers = []string{"image/jpeg", "image/png", "image/gif", "image/webp", "application/pdf"}

// filePolicy keeps whatever a file holds from doing anything. Chromium shows no PDF
// in a sandbox, so what shows PDFs is left without one.
const (
	filePolicy = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
	pdfPolicy  = "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'"
)

// upload serves a file to those who may see the record that it belongs to: what is
// shown of it, its small picture by ?preview, or all of it as it came by ?original.
func (a *api) upload(w http.ResponseWriter, r *request) error {
	file, err := a.DB.FileAt(r.Context(), r.URL.Path)
	if err != nil {
		return err
	}
	if err := a.seesFile(r, &file); err != nil {
		return err
	}
	// A file never changes under its address, but who may see it can.
	w.Header().Set("Cache-Control", "private, max-age=3600")
	return a.serveFile(w, r, file, r.URL.Query().Has("original"))
}

// seesFile refuses a file to those who may not see what it belongs to.
func (a *api) seesFile(r *request, file *fieldops.StoredFile) error {
	absent := fieldops.Refuse(fieldops.NotFound, "File not found")
	if file.PreviewOf != nil {
		of, err := a.DB.File(r.Context(), *file.PreviewOf)
		if err != nil {
			return err
		}
		return a.seesFile(r, &of)
	}
	if isAttachedKind(file.RecordKind) {
		return a.seesAttached(r, file)
	}
	if file.RecordID != nil && file.RecordKind == fieldops.RecordSafetyDocument {
		// Of a document in the bin it may still be a file of the project.
		if _, err := a.safetyOf(r, *file.RecordID); fieldops.KindOf(err) != fieldops.NotFound || !r.User.May(fieldops.CanViewFinancials) {
			return err
		}
	}
	if paperwork.IsPicture(file) {
		if !r.User.May(fieldops.CanManageSettings) || !file.RemoveAt.IsZero() {
			return absent // those in use are at /branding/
		}
		return nil
	}
	if isProjectFile(file.RecordKind) {
		f, err := a.seesProjectFile(r, file)
		file.Name = f.Name
		return err
	}
	if file.RecordID == nil || file.RecordKind != fieldops.RecordTimesheet {
		return absent
	}
	find := a.DB.TimesheetsWithImage
	if _, own := fieldops.TimesheetOfPhoto(file.Path); !own {
		find = a.DB.TimesheetsWithFormerImage // others may name it, too
	}
	entries, err := find(r.Context(), *file.RecordID, file.Path)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(entries, func(t fieldops.Timesheet) bool { return r.sees(&t) == nil }) {
		return nil
	}
	if _, err := a.seesProjectFile(r, file); err == nil { // the former product let a file be both
		return nil
	}
	return r.sees(&entries[0])
}

// serveFile writes a file that the person may see: what is shown of it or, as it came,
// the original.
func (a *api) serveFile(w http.ResponseWriter, r *request, file fieldops.StoredFile, original bool) error {
	open := a.Files.Open
	switch {
	case original:
		open = a.Files.OpenOriginal
	case r.URL.Query().Has("preview") && file.PreviewState == fieldops.PreviewMade:
		preview, err := a.DB.PreviewOf(r.Context(), file.ID)
		if err == nil {
			file = preview
		} else if fieldops.KindOf(err) != fieldops.NotFound {
			return err
		}
	}
	content, err := open(r.Context(), file)
	if err != nil {
		return err
	}
	defer content.Close()
	h := w.Header()
	disposition := "attachment"
	if slices.Contains(shownInBrowsers, content.ContentType) && !original {
		disposition = "inline"
	}
	if content.ContentType == "" {
		content.ContentType = "application/octet-stream"
	}
	h.Set("Content-Type", content.ContentType)
	h.Set("Content-Disposition", mime.FormatMediaType(disposition, map[string]string{"filename": file.Name}))
	h.Set("Content-Security-Policy", filePolicy)
	if content.ContentType == "application/pdf" {
		h.Set("Content-Security-Policy", pdfPolicy)
		h.Set("X-Frame-Options", "SAMEORIGIN") // the app's own pages show it in a frame
	}
	if file.SHA256 != "" {
		h.Set("ETag", `"`+file.SHA256[:32]+"-"+strconv.FormatInt(content.Size, 36)+`"`)
	}
	http.ServeContent(w, r.Request, "", time.Time{}, content)
	return nil
}

// photoProjects are the projects whose work has photos, as far as the person may see
// the work.
func (a *api) photoProjects(r *request, _ *nothing) ([]store.PhotoProject, error) {
	return a.DB.PhotoProjects(r.Context(), r.onlyOwn())
}

// onlyOwn is the person who may see their own work only, "" for others.
func (r *request) onlyOwn() fieldops.ID {
	if r.User.SeesAllTimesheets() {
		return ""
	}
	return r.User.ID
}

type photosInput struct {
	ProjectID fieldops.ID `path:"project" format:"uuid"`
	listQuery
}

type galleryPhoto struct {
	fieldops.Photo
	TimesheetID   fieldops.ID   `json:"timesheet_id"`
	TimesheetDate fieldops.Date `json:"timesheet_date"`
	UploadDate    fieldops.Time `json:"upload_date"`
	UserName      string        `json:"user_name"`
	ProjectCode   string        `json:"project_code"`
	ProjectName   string        `json:"project_name"`
	Notes         *string       `json:"notes"`
	Index         int           `json:"image_index"`
	FileName      string        `json:"filename"`
}

// projectPhotos are the photos of a project's work, newest day first. One that
// several entries of an answer share is told once.
func (a *api) projectPhotos(r *request, in *photosInput) ([]galleryPhoto, error) {
	limit, date, id, err := in.place()
	if err != nil {
		return nil, err
	}
	entries, err := a.DB.PhotoEntries(r.Context(), in.ProjectID, r.onlyOwn(), limit, date, id)
	if err != nil {
		return nil, err
	}
	photos, told := []galleryPhoto{}, map[string]bool{}
	for _, t := range entries {
		for index, p := range t.Photos {
			if told[p.URL] {
				continue
			}
			told[p.URL] = true
			photos = append(photos, galleryPhoto{
				Photo: p, TimesheetID: t.ID, TimesheetDate: t.Date, UploadDate: t.CreatedAt, UserName: t.UserName,
				ProjectCode: t.ProjectCode, ProjectName: t.ProjectName, Notes: t.Notes, Index: index, FileName: p.Name,
			})
		}
	}
	if n := len(entries); n > 0 {
		r.linkNext(n == limit, entries[n-1].Date, entries[n-1].ID)
	}
	return photos, nil
}

// linkLasts is how long a link to a file that needs no session is good at least; at
// most it is twice as long.
const linkLasts = time.Hour

// sharedLink is an address under which anybody who has it can read a file for an
// hour or two: for programs that cannot send a session with the address of a picture.
func (a *api) sharedLink(file fieldops.ID) string {
	// Whole hours, so that what is cached under the address is found again.
	expires := a.Clock().Add(2 * linkLasts).Truncate(linkLasts).Unix()
	return a.BackendURL + "/shared/" + file + "?" + url.Values{
		"expires": {strconv.FormatInt(expires, 10)}, "signature": {a.signLink(file, expires)},
	}.Encode()
}

func (a *api) signLink(file fieldops.ID, expires int64) string {
	mac := hmac.New(sha256.New, a.JWTSecret)
	mac.Write([]byte("link to a file\x00" + file + "\x00" + strconv.FormatInt(expires, 10)))
	return hex.EncodeToString(mac.Sum(nil))
}

// shared serves a file by a link that sharedLink made.
func (a *api) shared(w http.ResponseWriter, r *request) error {
	id, query := r.PathValue("id"), r.URL.Query()
	expires, err := strconv.ParseInt(query.Get("expires"), 10, 64)
	if err != nil || !hmac.Equal([]byte(query.Get("signature")), []byte(a.signLink(id, expires))) {
		return fieldops.Refuse(fieldops.Forbidden, "The link is not valid")
	}
	if !a.Clock().Before(time.Unix(expires, 0)) {
		return fieldops.Refuse(fieldops.Forbidden, "The link has expired. Ask for it anew.")
	}
	file, err := a.DB.File(r.Context(), id)
	if err != nil {
		return err
	}
	named := file.RemoveAt.IsZero()
	if named && isProjectFile(file.RecordKind) {
		files, err := a.DB.ProjectFilesOf(r.Context(), file.ID)
		if err != nil {
			return err
		}
		named = len(files) > 0
	}
	if !named {
		return fieldops.Refuse(fieldops.NotFound, "File not found")
	}
	link, err := a.Files.Link(r.Context(), file)
	if err != nil {
		return err
	}
	if link != "" {
		w.Header().Set("Cache-Control", "no-store")
		http.Redirect(w, r.Request, link, http.StatusFound)
		return nil
	}
	w.Header().Set("Cache-Control", "private, max-age=3600")
	return a.serveFile(w, r, file, false) // whoever has a link need not know where it was taken
}

// The upload that can be gone on with follows tus 1.0.0, with the extensions
// creation, termination and expiration: https://tus.io/protocols/resumable-upload.
const (
	tusVersion   = "1.0.0"
	tusExtension = "creation,termination,expiration"
	tusBody      = "application/offset+octet-stream"
)

// purposes are what may be uploaded in pieces, and who may.
var purposes = map[paperwork.Use]fieldops.Permission{
	paperwork.UsePhoto: fieldops.CanCreateTimesheets,
	paperwork.UseFile:  fieldops.CanEditProjects,
	paperwork.UseScan:  "", // whoever is signed in: what it is for is asked when it is used
}

// tus prepares an answer and refuses a client of another version.
func tus(r *request) error {
	r.Header.Set("Tus-Resumable", tusVersion)
	r.Header.Set("Cache-Control", "no-store")
	if r.Method != http.MethodOptions && r.Request.Header.Get("Tus-Resumable") != tusVersion {
		r.Header.Set("Tus-Version", tusVersion)
		return fieldops.Refuse(fieldops.Stale, "The upload protocol is tus %s", tusVersion)
	}
	return nil
}

func (a *api) describeUploads(w http.ResponseWriter, r *request) error {
	if err := tus(r); err != nil {
		return err
	}
	r.Header.Set("Tus-Version", tusVersion)
	r.Header.Set("Tus-Extension", tusExtension)
	r.Header.Set("Tus-Max-Size", strconv.FormatInt(paperwork.UseFile.MaxBytes(), 10))
	w.WriteHeader(r.Status)
	return nil
}

// beginUpload begins an upload. Upload-Metadata says what it is: filename, purpose
// (photo, file or scan), and sha256 in hexadecimal digits, all in base64 as the protocol has it.
func (a *api) beginUpload(w http.ResponseWriter, r *request) error {
	if err := tus(r); err != nil {
		return err
	}
	var f fieldops.Faults
	size, err := strconv.ParseInt(r.Request.Header.Get("Upload-Length"), 10, 64)
	f.Require(err == nil && size > 0, "Upload-Length", "Upload-Length must be the number of bytes that will come")
	about, err := uploadMetadata(r.Request.Header.Get("Upload-Metadata"))
	f.Require(err == nil, "Upload-Metadata", "Upload-Metadata must be pairs of a key and a value in base64")
	use := paperwork.Use(about["purpose"])
	if use == "" {
		use = paperwork.UsePhoto
	}
	permission, known := purposes[use]
	f.Require(known, "purpose", "The purpose of an upload must be photo, file or scan")
	sum, err := hex.DecodeString(about["sha256"])
	f.Require(about["sha256"] == "" || err == nil && len(sum) == sha256.Size, "sha256", "sha256 must have 64 hexadecimal digits")
	if err := f.Err(""); err != nil {
		return err
	}
	if permission != "" && !r.User.May(permission) {
		return fieldops.Refuse(fieldops.Forbidden, "You are not allowed to upload this")
	}
	u, err := a.Files.BeginUpload(r.Context(), r.Actor, use, about["filename"], size, hex.EncodeToString(sum))
	if err != nil {
		return err
	}
	r.Header.Set("Location", "/api/uploads/"+u.ID)
	announce(r, &u, 0)
	w.WriteHeader(r.Status)
	return nil
}

// uploadMetadata reads pairs of a key and, in base64, its value.
func uploadMetadata(header string) (map[string]string, error) {
	about := map[string]string{}
	for pair := range strings.SplitSeq(header, ",") {
		key, encoded, _ := strings.Cut(strings.TrimSpace(pair), " ")
		if key == "" {
			continue
		}
		value, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
		if err != nil {
			return nil, err
		}
		about[key] = string(value)
	}
	return about, nil
}

func announce(r *request, u *store.Upload, offset int64) {
	r.Header.Set("Upload-Offset", strconv.FormatInt(offset, 10))
	r.Header.Set("Upload-Expires", u.ExpiresAt.UTC().Format(http.TimeFormat))
}

// uploadState says how many bytes of an upload have come.
func (a *api) uploadState(w http.ResponseWriter, r *request) error {
	if err := tus(r); err != nil {
		return err
	}
	u, offset, err := a.Files.UploadOffset(r.Context(), r.User.ID, r.PathValue("id"))
	if err != nil {
		return err
	}
	announce(r, &u, offset)
	r.Header.Set("Upload-Length", strconv.FormatInt(u.Size, 10))
	w.WriteHeader(r.Status)
	return nil
}

// continueUpload takes in more of an upload, from where it stands.
func (a *api) continueUpload(w http.ResponseWriter, r *request) error {
	if err := tus(r); err != nil {
		return err
	}
	var f fieldops.Faults
	f.Require(r.Request.Header.Get("Content-Type") == tusBody, "Content-Type", "The content must be %s", tusBody)
	at, err := strconv.ParseInt(r.Request.Header.Get("Upload-Offset"), 10, 64)
	f.Require(err == nil && at >= 0, "Upload-Offset", "Upload-Offset must say at which byte this goes on")
	if err := f.Err(""); err != nil {
		return err
	}
	u, offset, err := a.Files.Append(r.Context(), r.Actor, r.PathValue("id"), at, bodyReader{r.Body, "The piece is too large"})
	if err != nil {
		return err
	}
	announce(r, &u, offset)
	w.WriteHeader(r.Status)
	return nil
}

// endUpload gives an upload up.
func (a *api) endUpload(w http.ResponseWriter, r *request) error {
	if err := tus(r); err != nil {
		return err
	}
	if _, _, err := a.Files.UploadOffset(r.Context(), r.User.ID, r.PathValue("id")); err != nil {
		return err
	}
	if err := a.Files.DropUpload(r.Context(), r.Actor, r.PathValue("id")); err != nil {
		return err
	}
	w.WriteHeader(r.Status)
	return nil
}

func parameter(in, name, doc string, required bool) *huma.Param {
	return &huma.Param{In: in, Name: name, Description: doc, Required: required, Schema: &huma.Schema{Type: huma.TypeString}}
}

func documentFile(_ huma.Registry, op *huma.Operation) {
	op.Parameters = append(op.Parameters,
		parameter("query", "preview", "Present: the small picture, where there is one", false),
		parameter("query", "original", "Present: the file as it came, to be saved", false))
}

func documentLink(_ huma.Registry, op *huma.Operation) {
	op.Parameters = append(op.Parameters,
		parameter("query", "expires", "As the link has it", true),
		parameter("query", "signature", "As the link has it", true))
}

func documentUpload(_ huma.Registry, op *huma.Operation) {
	op.Parameters = append(op.Parameters,
		parameter("header", "Tus-Resumable", tusVersion, true),
		parameter("header", "Upload-Length", "How many bytes will come", true),
		parameter("header", "Upload-Metadata", "filename, purpose (photo, file or scan) and sha256 in hexadecimal digits: pairs of a key and its value in base64, with commas between", false))
}

func documentPiece(_ huma.Registry, op *huma.Operation) {
	op.Parameters = append(op.Parameters,
		parameter("header", "Tus-Resumable", tusVersion, true),
		parameter("header", "Upload-Offset", "At which byte this goes on", true))
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{tusBody: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}}
}

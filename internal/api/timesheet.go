package api

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/paperwork"
	"ampedfieldops/internal/store"
)

// maxForm is the largest multipart body: five photos and the fields.
const maxForm = paperwork.MaxPhotos*paperwork.MaxPhotoBytes + maxJSON

const tooLargeForm = "The request is too large"

// uploadTimeout bounds a request that brings photos, over a phone's network.
const uploadTimeout = 10 * time.Minute

type timesheetAnswer struct {
	fieldops.Timesheet
	Amount         fieldops.Cents `json:"amount"`
	Billable       bool           `json:"billable"`
	InvoiceNumber  *string        `json:"invoice_number"`
	ApprovedByName *string        `json:"approved_by_name"`
	Warnings       []string       `json:"warnings,omitempty"`
}

func (a *api) showTimesheet(t *fieldops.Timesheet) timesheetAnswer {
	t.CloudImageURLs = []string{}
	for _, p := range t.Photos {
		if p.ID != "" && p.Place != fieldops.PlaceLocal {
			t.CloudImageURLs = append(t.CloudImageURLs, a.sharedLink(p.ID))
		}
	}
	return timesheetAnswer{
		Timesheet: *t, Amount: t.Amount(), Billable: !t.NotBillable,
		InvoiceNumber: text(&t.InvoiceNumber), ApprovedByName: text(&t.ApproverName),
	}
}

type listTimesheetsInput struct {
	pageQuery
	withDeleted
	UserID        fieldops.ID   `query:"user_id" format:"uuid"`
	ProjectID     fieldops.ID   `query:"project_id" format:"uuid"`
	ClientID      fieldops.ID   `query:"client_id" format:"uuid"`
	CostCenterID  fieldops.ID   `query:"cost_center_id" format:"uuid"`
	DateFrom      fieldops.Date `query:"date_from"`
	DateTo        fieldops.Date `query:"date_to"`
	BillingStatus string        `query:"billing_status" enum:"unbilled,billed,paid"`
	Approval      string        `query:"approval" enum:"approved,waiting" doc:"waiting: neither approved nor billed"`
}

// listTimesheets shows people their own work; who may see everybody's can
// choose whose.
func (a *api) listTimesheets(r *request, in *listTimesheetsInput) (paged[timesheetAnswer], error) {
	if err := r.seesDeleted(in.IncludeDeleted, fieldops.RecordTimesheet); err != nil {
		return paged[timesheetAnswer]{}, err
	}
	page := in.page()
	filter := store.TimesheetFilter{
		UserID: in.UserID, ProjectID: in.ProjectID, ClientID: in.ClientID, CostCenterID: in.CostCenterID,
		From: in.DateFrom, To: in.DateTo, BillingStatus: in.BillingStatus, Approval: in.Approval, Deleted: in.IncludeDeleted, Page: page,
	}
	if !r.User.SeesAllTimesheets() {
		filter.UserID = r.User.ID
	}
	timesheets, listing, err := a.DB.Timesheets(r.Context(), filter)
	return pageOf(timesheets, listing, page, func(t *fieldops.Timesheet) fieldops.ID { return t.ID }, a.showTimesheet), err
}

// sees refuses work that is not open to the person.
func (r *request) sees(t *fieldops.Timesheet) error {
	if r.owns(t) || r.User.SeesAllTimesheets() {
		return nil
	}
	return fieldops.Refuse(fieldops.Forbidden, "Not authorized to view this timesheet")
}

func (r *request) owns(t *fieldops.Timesheet) bool { return t.UserID != nil && *t.UserID == r.User.ID }

// changes refuses work that is not the person's to change: one's own is, and
// everybody's for those who may write it down for others.
func (r *request) changes(t *fieldops.Timesheet, verb string) error {
	if r.owns(t) || r.User.SeesAllTimesheets() {
		return nil
	}
	return fieldops.Refuse(fieldops.Forbidden, "Not authorized to %s this timesheet", verb)
}

func (a *api) getTimesheet(r *request, in *byAnyID) (timesheetAnswer, error) {
	if err := r.seesDeleted(in.IncludeDeleted, fieldops.RecordTimesheet); err != nil {
		return timesheetAnswer{}, err
	}
	read := a.DB.Timesheet
	if in.IncludeDeleted {
		read = a.DB.AnyTimesheet
	}
	t, err := read(r.Context(), in.ID)
	if err != nil {
		return timesheetAnswer{}, err
	}
	if err := r.sees(&t); err != nil {
		return timesheetAnswer{}, err
	}
	r.Header.Set("ETag", etag(t.UpdatedAt))
	return a.showTimesheet(&t), nil
}

// timesheetInput is what a person sends of a timesheet, as JSON or as the
// fields of a form.
type timesheetInput struct {
	ProjectID       Optional[*string]       `json:"project_id,omitempty"`
	Date            Optional[fieldops.Date] `json:"date,omitempty"`
	Hours           Optional[fieldops.E4]   `json:"hours,omitempty"`
	ActivityTypeID  Optional[*string]       `json:"activity_type_id,omitempty"`
	CostCenterID    Optional[*string]       `json:"cost_center_id,omitempty"`
	ClientID        Optional[*string]       `json:"client_id,omitempty"`
	UserID          Optional[*string]       `json:"user_id,omitempty"`
	Notes           Optional[*string]       `json:"notes,omitempty"`
	Location        Optional[*string]       `json:"location,omitempty"`
	Billable        Optional[yesOrNo]       `json:"billable,omitempty"`
	ImageURLs       Optional[urlList]       `json:"image_urls,omitempty"`
	ClientRequestID Optional[*string]       `json:"client_request_id,omitempty"`
}

// yesOrNo is a truth: JSON's own, or, in a form, the text of it.
type yesOrNo bool

// UnmarshalJSON reads true and false, as they are or as a text.
func (b *yesOrNo) UnmarshalJSON(raw []byte) error {
	switch strings.ToLower(strings.Trim(string(raw), `"`)) {
	case "true", "1":
		*b = true
	case "false", "0":
		*b = false
	default:
		return fieldops.Refuse(fieldops.Invalid, "must be true or false")
	}
	return nil
}

// urlList is a list of URLs: a JSON list, or, in a form, the text of one.
type urlList []string

// UnmarshalJSON reads a list, or a text that holds a list or one URL.
func (l *urlList) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		b = []byte(one)
		if one != "" && !strings.HasPrefix(one, "[") {
			*l = urlList{one}
			return nil
		}
		if one == "" {
			*l = nil
			return nil
		}
	}
	var all []string
	if err := json.Unmarshal(b, &all); err != nil {
		return fieldops.Refuse(fieldops.Invalid, "must be a list of URLs")
	}
	*l = all
	return nil
}

// apply changes a timesheet by what was sent. The images are the caller's.
func (in *timesheetInput) apply(t *fieldops.Timesheet, f *fieldops.Faults) {
	for _, reference := range []struct {
		sent  Optional[*string]
		field string
		place **fieldops.ID
	}{
		{in.ProjectID, "project_id", &t.ProjectID},
		{in.ActivityTypeID, "activity_type_id", &t.ActivityTypeID},
		{in.CostCenterID, "cost_center_id", &t.CostCenterID},
		{in.ClientID, "client_id", &t.ClientID},
		{in.UserID, "user_id", &t.UserID},
	} {
		if reference.sent.Set && (text(reference.sent.Value) != nil || reference.field != "user_id") {
			*reference.place = idOf(reference.sent.Value, reference.field, f)
		}
	}
	in.Date.into(&t.Date)
	in.Hours.into(&t.Hours)
	textInto(in.Notes, &t.Notes)
	textInto(in.Location, &t.Location)
	if in.Billable.Set {
		t.NotBillable = !bool(in.Billable.Value)
	}
}

// missing names the required fields that a new timesheet lacks.
func (in *timesheetInput) missing() (fields []string) {
	absent := func(field string, sent bool) {
		if !sent {
			fields = append(fields, field)
		}
	}
	absent("project_id", text(in.ProjectID.Value) != nil)
	absent("date", in.Date.Set && in.Date.Value != "")
	absent("hours", in.Hours.Set)
	absent("activity_type_id", text(in.ActivityTypeID.Value) != nil)
	absent("cost_center_id", text(in.CostCenterID.Value) != nil)
	return fields
}

// submission is one request that brings a timesheet, its photos, or both.
type submission struct {
	fields map[string]json.RawMessage
	photos []fieldops.StoredFile // whose bytes are kept already
	taken  []fieldops.ID         // the uploads that some came by, which this ends
	asked  []fieldops.ID         // all uploads that it names
	fault  error                 // why one of them cannot be used: a repeat of what was done is none the worse
}

// urls are the addresses of the photos.
func (s *submission) urls() []string {
	urls := make([]string, len(s.photos))
	for i := range s.photos {
		urls[i] = s.photos[i].Path
	}
	return urls
}

// keepPhotos writes down the photos of a submission, for a timesheet that names
// them.
func (a *api) keepPhotos(ctx context.Context, r *request, tx *store.Tx, s *submission) error {
	for i := range s.photos {
		if err := tx.KeepFile(ctx, &s.photos[i]); err != nil {
			return err
		}
	}
	for _, upload := range s.taken {
		if err := tx.TakeUpload(ctx, r.User.ID, upload); err != nil {
			return err
		}
	}
	tx.AfterCommit(func() {
		if err := a.Files.EndUploads(s.taken...); err != nil {
			a.Log.WarnContext(ctx, "the drafts of uploads were not removed; they go in some days", "error", err)
		}
	})
	return nil
}

// fingerprint tells whether another submission brings the same, however its
// fields are ordered and its parts divided.
func (s *submission) fingerprint() ([]byte, error) {
	digest := sha256.New()
	sums := []string{}
	for i := range s.photos[:len(s.photos)-len(s.taken)] { // those behind came by uploads, which are gone when it is repeated
		sums = append(sums, s.photos[i].SHA256)
	}
	err := json.NewEncoder(digest).Encode(struct {
		Fields  map[string]json.RawMessage // written in the order of its keys
		Sums    []string
		Uploads []fieldops.ID `json:",omitempty"`
	}{s.fields, sums, s.asked})
	return digest.Sum(nil), err
}

// readSubmission reads JSON or a form. Photos are kept as they come in, as those of
// the given timesheet; after an error none of them is left.
func (a *api) readSubmission(w http.ResponseWriter, r *request, timesheet fieldops.ID) (s *submission, err error) {
	s = &submission{}
	mediaType, parameters, err := mime.ParseMediaType(r.Request.Header.Get("Content-Type"))
	defer func() {
		if err != nil {
			a.Files.TakeBack(r.Context(), s.photos...)
		}
	}()
	if err != nil || mediaType != "multipart/form-data" {
		if s.fields, err = readJSON(w, r); err != nil {
			return s, err
		}
		return s, a.takeUploads(r, s, timesheet)
	}
	s.fields = map[string]json.RawMessage{}
	form := multipart.NewReader(http.MaxBytesReader(w, r.Body, maxForm), parameters["boundary"])
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return s, a.takeUploads(r, s, timesheet)
		}
		if err != nil {
			return s, bodyError(err, tooLargeForm)
		}
		if err := a.readPart(r, s, part, timesheet); err != nil {
			return s, err
		}
	}
}

// maxField is the longest text field of a form.
const maxField = 64 << 10

func (a *api) readPart(r *request, s *submission, part *multipart.Part, timesheet fieldops.ID) error {
	name, content := part.FormName(), bodyReader{part, tooLargeForm}
	if part.FileName() == "" {
		return readField(name, content, s.fields)
	}
	if name != "images" {
		return fieldops.Refuse(fieldops.Invalid, `Unexpected file field. Use "images" field for file uploads.`)
	}
	if len(s.photos) == paperwork.MaxPhotos {
		return errTooManyPhotos()
	}
	arrival, err := a.Files.Receive(paperwork.UsePhoto, part.FileName(), content)
	if err != nil {
		return err
	}
	return a.keepPhoto(r, s, arrival, timesheet)
}

// readField reads a text field of a form, as if it were one of JSON.
func readField(name string, content io.Reader, fields map[string]json.RawMessage) error {
	value, err := io.ReadAll(io.LimitReader(content, maxField+1))
	if err != nil {
		return err
	}
	if len(value) > maxField || strings.ContainsRune(string(value), 0) {
		return fieldops.Refuse(fieldops.Invalid, "The field %s is too long or holds characters that cannot be kept", name)
	}
	quoted, err := json.Marshal(string(value))
	if string(value) != "undefined" {
		fields[name] = quoted
	}
	return err
}

func (a *api) keepPhoto(r *request, s *submission, arrival *paperwork.Arrival, timesheet fieldops.ID) error {
	file, err := a.Files.Keep(r.Context(), arrival, paperwork.Owner{Kind: fieldops.RecordTimesheet, Record: timesheet, User: &r.User.ID})
	if err != nil {
		return errors.Join(err, arrival.Discard())
	}
	s.photos = append(s.photos, file)
	return nil
}

// takeUploads keeps the photos that came by uploads which could be gone on with,
// behind those of the request itself. A field upload_ids names them.
func (a *api) takeUploads(r *request, s *submission, timesheet fieldops.ID) error {
	raw, ok := s.fields["upload_ids"]
	if !ok {
		return nil
	}
	delete(s.fields, "upload_ids")
	var ids []fieldops.ID
	if err := json.Unmarshal(listOfForm(raw), &ids); err != nil {
		return fieldops.Faults{{Field: "upload_ids", Message: "upload_ids must be a list of the ids of complete uploads"}}.Err("")
	}
	s.asked = ids
	for _, id := range ids {
		if len(s.photos) == paperwork.MaxPhotos {
			return errTooManyPhotos()
		}
		arrival, err := a.Files.Uploaded(r.Context(), r.User.ID, id, paperwork.UsePhoto)
		if fieldops.KindOf(err) == fieldops.NotFound {
			s.fault = err
			return nil
		}
		if err != nil {
			return err
		}
		if err := a.keepPhoto(r, s, arrival, timesheet); err != nil {
			return err
		}
		s.taken = append(s.taken, id)
	}
	return nil
}

func errTooManyPhotos() error {
	return fieldops.Refuse(fieldops.Invalid, "Maximum %d images allowed per timesheet", paperwork.MaxPhotos)
}

// takeBack removes the photos of a change that failed. Where nobody can say whether
// it did, they stay: one too many is no harm, one too few is a photo lost.
func (a *api) takeBack(ctx context.Context, photos []fieldops.StoredFile, err error) {
	if !errors.Is(err, store.ErrInDoubt) {
		a.Files.TakeBack(ctx, photos...)
	}
}

func (a *api) createTimesheet(w http.ResponseWriter, r *request) error {
	return a.takeWork(w, r, "POST /api/timesheets", func(r *request, id fieldops.ID, s *submission) (any, error) {
		var in timesheetInput
		var f fieldops.Faults
		decodeObject(s.fields, reflect.ValueOf(&in).Elem(), "", &f)
		return a.insertTimesheet(r, id, &in, s, f)
	})
}

// takeWork reads a request that brings new work and its photos, inserts it once
// however often it is repeated under one key, and answers. id is the first
// entry's, under which the photos are kept.
func (a *api) takeWork(w http.ResponseWriter, r *request, route string, insert func(r *request, id fieldops.ID, s *submission) (any, error)) error {
	ctx, cancel := context.WithTimeout(r.Context(), uploadTimeout)
	defer cancel()
	r.Request = r.WithContext(ctx)
	id := fieldops.NewID()
	s, err := a.readSubmission(w, r, id)
	if err != nil {
		return err
	}
	stays := false
	defer func() {
		if !stays { // refused, or a repeat whose photos are there already
			a.Files.TakeBack(ctx, s.photos...)
		}
	}()
	create := func(w http.ResponseWriter, r *request) error {
		if s.fault != nil {
			return s.fault
		}
		answer, err := insert(r, id, s)
		stays = err == nil || errors.Is(err, store.ErrInDoubt)
		if err != nil {
			return err
		}
		return writeJSON(w, r.Status, answer)
	}
	key := r.Request.Header.Get("Idempotency-Key")
	if key == "" {
		_ = json.Unmarshal(s.fields["client_request_id"], &key) // one that is no text is none
	}
	if key == "" {
		return create(w, r)
	}
	fingerprint, err := s.fingerprint()
	if err != nil {
		return err
	}
	return a.repeatable(w, r, key, fingerprint, route, true, create)
}

func (a *api) insertTimesheet(r *request, id fieldops.ID, in *timesheetInput, s *submission, f fieldops.Faults) (answer timesheetAnswer, err error) {
	t := fieldops.Timesheet{ID: id, UserID: &r.User.ID, ImageURLs: s.urls()}
	in.apply(&t, &f)
	if len(in.ImageURLs.Value) > 0 {
		f.Add("image_urls", "Photos are sent as files in the field images")
	}
	if err := a.checkSent(r, in, &t, f); err != nil {
		return answer, err
	}
	if *t.UserID != r.User.ID && !r.User.SeesAllTimesheets() {
		return answer, fieldops.Refuse(fieldops.Forbidden, "Not authorized to create timesheets for other users")
	}
	ctx := r.Context()
	err = a.DB.Write(ctx, r.Actor, func(tx *store.Tx) error {
		if err := tx.InsertTimesheet(ctx, &t); err != nil {
			return err
		}
		if err := a.keepPhotos(ctx, r, tx, s); err != nil {
			return err
		}
		if answer, err = a.shownInside(ctx, tx, id); err != nil {
			return err
		}
		return r.keep(tx, answer)
	})
	return answer, err
}

// checkSent refuses a new timesheet that lacks something or that holds what
// cannot be read, naming all of it, together with what is wrong by itself.
func (a *api) checkSent(r *request, in *timesheetInput, t *fieldops.Timesheet, f fieldops.Faults) error {
	missing := in.missing()
	for i := range f {
		if f[i].Field == "hours" {
			f[i].Message = "Invalid hours value. Must be a number."
		}
	}
	if len(f) == 0 && len(missing) == 0 {
		return nil // the store checks it, beside the records that it names
	}
	settings, err := a.DB.Settings(r.Context())
	if err != nil {
		return err
	}
	var own fieldops.Faults
	t.Check(&own, fieldops.DateOf(a.Clock(), settings.Timezone))
	known := func(field string) bool {
		return slices.ContainsFunc(f, func(fault fieldops.Fault) bool { return fault.Field == field })
	}
	for _, field := range missing {
		if !known(field) {
			f.Add(field, "%s is required", field)
		}
	}
	for _, fault := range own {
		if !known(fault.Field) {
			f = append(f, fault)
		}
	}
	if len(missing) == 0 {
		return f.Err("")
	}
	return &fieldops.Error{
		Kind: fieldops.Invalid, Message: "Missing required fields", Faults: f,
		Details: map[string]any{"missing_fields": missing, "details": "Missing required fields: " + strings.Join(missing, ", ")},
	}
}

// shownInside is a timesheet as it stands inside a transaction, with a warning
// when it makes its person's day longer than a day is.
func (a *api) shownInside(ctx context.Context, tx *store.Tx, id fieldops.ID) (timesheetAnswer, error) {
	t, err := tx.Timesheet(ctx, id)
	if err != nil {
		return timesheetAnswer{}, err
	}
	answer := a.showTimesheet(&t)
	if t.UserID == nil {
		return answer, nil
	}
	hours, err := tx.DayHours(ctx, *t.UserID, t.Date)
	if hours > fieldops.MaxHours {
		answer.Warnings = []string{fmt.Sprintf("%s has %s hours on %s now, which is more than a day", t.UserName, hours, t.Date)}
	}
	return answer, err
}

func (a *api) updateTimesheet(w http.ResponseWriter, r *request) error {
	ctx, cancel := context.WithTimeout(r.Context(), uploadTimeout)
	defer cancel()
	r.Request = r.WithContext(ctx)
	id, err := a.changeable(r, "edit")
	if err != nil {
		return err
	}
	s, err := a.readSubmission(w, r, id)
	if err != nil {
		return err
	}
	if s.fault != nil {
		a.Files.TakeBack(ctx, s.photos...)
		return s.fault
	}
	var answer timesheetAnswer
	if len(s.fields) == 0 && len(s.photos) == 0 {
		err = errNoUpdates()
	} else {
		err = a.DB.Write(ctx, r.Actor, func(tx *store.Tx) (err error) {
			answer, err = a.changeTimesheet(ctx, r, tx, id, s)
			return err
		})
	}
	if err != nil {
		a.takeBack(ctx, s.photos, err)
		return err
	}
	r.Header.Set("ETag", etag(answer.UpdatedAt))
	return writeJSON(w, r.Status, answer)
}

// changeable is the id of the path, of a timesheet that the person may change.
// It is asked before photos are taken in.
func (a *api) changeable(r *request, verb string) (fieldops.ID, error) {
	id, ok := fieldops.ParseID(r.PathValue("id"))
	if !ok {
		return "", fieldops.Refuse(fieldops.NotFound, "Timesheet not found")
	}
	t, err := a.DB.Timesheet(r.Context(), id)
	if err != nil {
		return "", err
	}
	return id, r.changes(&t, verb)
}

// changeTimesheet changes a timesheet by what was sent.
func (a *api) changeTimesheet(ctx context.Context, r *request, tx *store.Tx, id fieldops.ID, s *submission) (answer timesheetAnswer, err error) {
	var in timesheetInput
	var f fieldops.Faults
	decodeObject(s.fields, reflect.ValueOf(&in).Elem(), "", &f)
	before, err := tx.LockTimesheet(ctx, id, "edit")
	if err != nil {
		return answer, err
	}
	if err := r.changes(&before, "edit"); err != nil {
		return answer, err
	}
	if err := r.ifMatch(before.UpdatedAt); err != nil {
		return answer, err
	}
	after := before
	in.apply(&after, &f)
	if in.ProjectID.Set && !in.ClientID.Set && !sameID(after.ProjectID, before.ProjectID) {
		after.ClientID = nil // becomes the new project's
	}
	kept := before.ImageURLs
	if in.ImageURLs.Set {
		kept = in.ImageURLs.Value
		if err := checkPhotos(ctx, tx, &before, kept, &f); err != nil {
			return answer, err
		}
	}
	after.ImageURLs = append(s.urls(), kept...)
	if err := f.Err(""); err != nil {
		return answer, err
	}
	if len(after.ImageURLs) > paperwork.MaxPhotos {
		return answer, errTooManyPhotos()
	}
	if !sameID(after.UserID, before.UserID) && !r.User.SeesAllTimesheets() {
		return answer, fieldops.Refuse(fieldops.Forbidden, "Not authorized to create timesheets for other users")
	}
	if !r.User.May(fieldops.CanApproveTimesheets) && !after.SameWork(&before) {
		after.ApprovedAt, after.ApprovedBy = fieldops.Time{}, nil // nobody has approved what it says now
	}
	if err := tx.UpdateTimesheet(ctx, &before, &after); err != nil {
		return answer, err
	}
	if err := a.keepPhotos(ctx, r, tx, s); err != nil {
		return answer, err
	}
	if err := letGo(ctx, tx, &before, &after); err != nil {
		return answer, err
	}
	return a.shownInside(ctx, tx, id)
}

// checkPhotos notes addresses that are no photos of a timesheet: a foreign one would
// go with it. Those that were taken off it and are still there, it gets back.
func checkPhotos(ctx context.Context, tx *store.Tx, t *fieldops.Timesheet, urls []string, f *fieldops.Faults) error {
	var others []string
	for _, url := range urls {
		if !slices.Contains(t.ImageURLs, url) {
			others = append(others, url)
		}
	}
	back, err := tx.RetakeFiles(ctx, fieldops.RecordTimesheet, sharers(t), others...)
	for _, url := range others {
		f.Require(slices.Contains(back, url), "image_urls", "%s is no photo of this timesheet", url)
	}
	return err
}

// sharers are the timesheet and the one that it was written down or split with, by
// whose id their photos are kept.
func sharers(t *fieldops.Timesheet) []fieldops.ID {
	if t.BatchID == nil {
		return []fieldops.ID{t.ID}
	}
	return []fieldops.ID{t.ID, *t.BatchID}
}

// letGo has the photos go, in 30 days, that a change took off a timesheet and that
// no other names.
func letGo(ctx context.Context, tx *store.Tx, before, after *fieldops.Timesheet) error {
	var dropped []string
	for _, url := range before.ImageURLs {
		if !slices.Contains(after.ImageURLs, url) {
			dropped = append(dropped, url)
		}
	}
	unnamed, err := tx.UnnamedImages(ctx, before, dropped)
	if err != nil {
		return err
	}
	return tx.ReleaseFiles(ctx, false, unnamed...)
}

func sameID(a, b *fieldops.ID) bool { return a == b || a != nil && b != nil && *a == *b }

// deleteTimesheet hides the entry. Its photos stay with it, so that it can be
// looked at later.
func (a *api) deleteTimesheet(r *request, in *byID) (answer deletedRecord, err error) {
	ctx := r.Context()
	err = a.DB.Write(ctx, r.Actor, func(tx *store.Tx) error {
		t, err := tx.LockTimesheet(ctx, in.ID, "delete")
		if err != nil {
			return err
		}
		if err := r.changes(&t, "delete"); err != nil {
			return err
		}
		d, err := tx.Delete(ctx, fieldops.RecordTimesheet, t.ID)
		answer = deletedRecord{"Timesheet deleted", d.ID, d.Counts}
		return err
	})
	return answer, err
}

type imagesAnswer struct {
	ImageURLs []string           `json:"image_urls"`
	Message   string             `json:"message"`
	Receipts  []fieldops.Receipt `json:"receipts,omitempty" doc:"Of the photos that this request brought"`
}

func (a *api) addTimesheetImages(w http.ResponseWriter, r *request) error {
	ctx, cancel := context.WithTimeout(r.Context(), uploadTimeout)
	defer cancel()
	r.Request = r.WithContext(ctx)
	id, err := a.changeable(r, "edit")
	if err != nil {
		return err
	}
	s, err := a.readSubmission(w, r, id)
	if err != nil {
		return err
	}
	if s.fault != nil {
		a.Files.TakeBack(ctx, s.photos...)
		return s.fault
	}
	if len(s.photos) == 0 {
		return fieldops.Refuse(fieldops.Invalid, "No files uploaded. Send them in the field images.")
	}
	var t fieldops.Timesheet
	err = a.DB.Write(ctx, r.Actor, func(tx *store.Tx) error {
		before, err := tx.LockTimesheet(ctx, id, "edit")
		if err != nil {
			return err
		}
		if err := r.changes(&before, "edit"); err != nil {
			return err
		}
		t = before
		t.ImageURLs = append(slices.Clone(before.ImageURLs), s.urls()...)
		if len(t.ImageURLs) > paperwork.MaxPhotos {
			return errTooManyPhotos()
		}
		if err := tx.UpdateTimesheet(ctx, &before, &t); err != nil {
			return err
		}
		return a.keepPhotos(ctx, r, tx, s)
	})
	if err != nil {
		a.takeBack(ctx, s.photos, err)
		return err
	}
	receipts := make([]fieldops.Receipt, len(s.photos))
	for i := range s.photos {
		receipts[i] = s.photos[i].Receipt()
	}
	return writeJSON(w, r.Status, imagesAnswer{t.ImageURLs, "Images added", receipts})
}

type imageInput struct {
	byID
	Index int `path:"index"`
}

type captionInput struct {
	imageInput
	Body struct {
		Caption string `json:"caption"`
	}
}

// captionTimesheetImage says what a photo shows. It may be said of billed work too:
// it changes nothing that was billed.
func (a *api) captionTimesheetImage(r *request, in *captionInput) (timesheetAnswer, error) {
	ctx := r.Context()
	caption := strings.TrimSpace(in.Body.Caption)
	if utf8.RuneCountInString(caption) > fieldops.MaxCaption || strings.ContainsRune(caption, 0) {
		return timesheetAnswer{}, fieldops.Faults{{Field: "caption", Message: fmt.Sprintf("A caption has at most %d characters", fieldops.MaxCaption)}}.Err("")
	}
	var t fieldops.Timesheet
	err := a.DB.Write(ctx, r.Actor, func(tx *store.Tx) (err error) {
		if t, err = tx.Timesheet(ctx, in.ID); err != nil {
			return err
		}
		if err := r.changes(&t, "edit"); err != nil {
			return err
		}
		if in.Index < 0 || in.Index >= len(t.Photos) || t.Photos[in.Index].ID == "" {
			return fieldops.Refuse(fieldops.NotFound, "The timesheet has no image %d", in.Index)
		}
		if err := tx.CaptionFile(ctx, t.Photos[in.Index].ID, caption); err != nil {
			return err
		}
		t, err = tx.Timesheet(ctx, in.ID)
		return err
	})
	return a.showTimesheet(&t), err
}

func (a *api) deleteTimesheetImage(r *request, in *imageInput) (imagesAnswer, error) {
	ctx := r.Context()
	var t fieldops.Timesheet
	err := a.DB.Write(ctx, r.Actor, func(tx *store.Tx) error {
		before, err := tx.LockTimesheet(ctx, in.ID, "edit")
		if err != nil {
			return err
		}
		if err := r.changes(&before, "edit"); err != nil {
			return err
		}
		if in.Index < 0 || in.Index >= len(before.ImageURLs) {
			return fieldops.Refuse(fieldops.NotFound, "The timesheet has no image %d", in.Index)
		}
		t = before
		t.ImageURLs = slices.Delete(slices.Clone(before.ImageURLs), in.Index, in.Index+1)
		if err := tx.UpdateTimesheet(ctx, &before, &t); err != nil {
			return err
		}
		return letGo(ctx, tx, &before, &t)
	})
	return imagesAnswer{t.ImageURLs, "Image deleted", nil}, err
}

func documentTimesheet(registry huma.Registry, op *huma.Operation) {
	fields := registry.Schema(reflect.TypeFor[timesheetInput](), true, "TimesheetInput")
	op.RequestBody = withPhotos(fields)
}

// withPhotos is a body of fields to which photos can be added: by a form, or by the
// uploads that have brought them.
func withPhotos(fields *huma.Schema) *huma.RequestBody {
	uploads := &huma.Schema{Type: huma.TypeObject, Properties: map[string]*huma.Schema{"upload_ids": {
		Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeString, Format: "uuid"},
		Description: "Complete uploads of /api/uploads, whose photos come behind the others",
	}}}
	return &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
		"application/json":    {Schema: &huma.Schema{AllOf: []*huma.Schema{fields, uploads}}},
		"multipart/form-data": {Schema: &huma.Schema{AllOf: []*huma.Schema{fields, photoFields(), uploads}}},
	}}
}

func documentImages(_ huma.Registry, op *huma.Operation) {
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"multipart/form-data": {Schema: photoFields()}}}
}

func photoFields() *huma.Schema {
	return &huma.Schema{Type: huma.TypeObject, Properties: map[string]*huma.Schema{"images": {
		Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeString, Format: "binary"},
		Description: "JPEG, PNG, GIF, WebP, HEIC or PDF, at most 10 MB each and five of a timesheet",
	}}}
}

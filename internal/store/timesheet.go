package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"ampedfieldops/internal/fieldops"
)

const timesheetColumns = `t.id, t.user_id, t.project_id, t.client_id, t.activity_type_id, t.cost_center_id, t.date, t.hours_e4,
	t.hourly_rate_e4, t.notes, t.location, t.image_urls, t.cloud_image_urls, t.billing_status, t.invoice_id,
	coalesce(cast(t.sync_status as text), ''), t.xero_sync_id, t.created_at, t.updated_at, t.deleted_at,
	coalesce(u.name, ''), coalesce(p.name, ''), coalesce(p.code, ''), coalesce(c.name, ''),
	coalesce(a.name, ''), coalesce(a.icon, ''), coalesce(a.color, ''),
	coalesce(k.code, ''), coalesce(k.name, ''), coalesce(k.client_po_number, ''), coalesce(i.invoice_number, ''),
	t.cost_rate_e4, not t.billable, t.approved_at, t.approved_by, coalesce(v.name, ''), t.hold_reason, t.batch_id, ` + surroundingColumns + ", coalesce(i.status, '')"

// surroundingColumns are what of project and client decides whether an entry
// can be invoiced.
const surroundingColumns = `coalesce(p.billing_method, ''), coalesce(p.bill_on_completion, false), p.billing_hold, coalesce(p.status, ''), c.billing_hold,
	p.certificate_required, ` + uncertifiedSQL

func surroundingPlaces(t *fieldops.Timesheet) []any {
	return []any{&t.Project.BillingMethod, &t.Project.BillOnCompletion, &t.Project.BillingHold, &t.ProjectStatus, &t.ClientHold, &t.Project.CertificateRequired, &t.Uncertified}
}

// timesheetTables joins what is shown beside a timesheet. The records may have
// been deleted since; the work shows their names all the same.
const timesheetTables = ` /* deleted too */ timesheets t
	left join users u on u.id = t.user_id
	left join /* deleted too */ projects p on p.id = t.project_id
	left join /* deleted too */ clients c on c.id = t.client_id
	left join activity_types a on a.id = t.activity_type_id
	left join cost_centers k on k.id = t.cost_center_id
	left join /* deleted too */ xero_invoices i on i.id = t.invoice_id
	left join users v on v.id = t.approved_by`

func scanTimesheet(rows *sql.Rows, t *fieldops.Timesheet) error {
	var images, cloudImages string
	places := append([]any{
		&t.ID, &t.UserID, &t.ProjectID, &t.ClientID, &t.ActivityTypeID, &t.CostCenterID, &t.Date, &t.Hours,
		&t.HourlyRate, &t.Notes, &t.Location, &images, &cloudImages, &t.BillingStatus, &t.InvoiceID,
		&t.SyncStatus, &t.XeroSyncID, &t.CreatedAt, &t.UpdatedAt, &t.DeletedAt,
		&t.UserName, &t.ProjectName, &t.ProjectCode, &t.ClientName,
		&t.ActivityTypeName, &t.ActivityTypeIcon, &t.ActivityTypeColor,
		&t.CostCenterCode, &t.CostCenterName, &t.ClientPONumber, &t.InvoiceNumber,
		&t.CostRate, &t.NotBillable, &t.ApprovedAt, &t.ApprovedBy, &t.ApproverName, &t.HoldReason, &t.BatchID,
	}, surroundingPlaces(t)...)
	if err := rows.Scan(append(places, &t.InvoiceStatus)...); err != nil {
		return err
	}
	if err := errors.Join(json.Unmarshal([]byte(images), &t.ImageURLs), json.Unmarshal([]byte(cloudImages), &t.CloudImageURLs)); err != nil {
		return fmt.Errorf("the images of timesheet %s: %w", t.ID, err)
	}
	return nil
}

// Timesheet is one timesheet. A deleted one is not found.
func (r reads) Timesheet(ctx context.Context, id fieldops.ID) (fieldops.Timesheet, error) {
	return r.oneTimesheet(ctx, "t.id = $1 and t.deleted_at is null", id)
}

// AnyTimesheet is one timesheet, deleted or not.
func (r reads) AnyTimesheet(ctx context.Context, id fieldops.ID) (fieldops.Timesheet, error) {
	return r.oneTimesheet(ctx, "t.id = $1", id)
}

func (r reads) oneTimesheet(ctx context.Context, condition string, id fieldops.ID) (fieldops.Timesheet, error) {
	found, err := r.collectTimesheets(ctx, " where "+condition, []any{id})
	if err != nil {
		return fieldops.Timesheet{}, err
	}
	if len(found) == 0 {
		return fieldops.Timesheet{}, fieldops.Refuse(fieldops.NotFound, "Timesheet not found")
	}
	return found[0], nil
}

// collectTimesheets reads the timesheets that rest, which follows "from" and the
// tables, chooses.
func (r reads) collectTimesheets(ctx context.Context, rest string, args []any) ([]fieldops.Timesheet, error) {
	found, err := collect(ctx, r, "select "+timesheetColumns+" from"+timesheetTables+rest, args, scanTimesheet)
	if err != nil {
		return nil, err
	}
	return found, r.addPhotos(ctx, found)
}

// addPhotos has timesheets tell what their photos are.
func (r reads) addPhotos(ctx context.Context, timesheets []fieldops.Timesheet) error {
	var urls []string
	for i := range timesheets {
		timesheets[i].Photos = []fieldops.Photo{}
		urls = append(urls, timesheets[i].ImageURLs...)
	}
	files, err := r.FilesAt(ctx, urls)
	if err != nil {
		return err
	}
	for i := range timesheets {
		for _, url := range timesheets[i].ImageURLs {
			f, ours := files[url]
			if !ours { // a link to a picture elsewhere
				f = fieldops.StoredFile{Path: url, PreviewState: fieldops.PreviewNone}
			}
			timesheets[i].Photos = append(timesheets[i].Photos, f.Photo())
		}
	}
	return nil
}

// TimesheetsWithImage are the timesheets, deleted ones too, that name a photo:
// the one it was taken for, whose id is given, and those written down with it.
func (r reads) TimesheetsWithImage(ctx context.Context, id fieldops.ID, url string) ([]fieldops.Timesheet, error) {
	found, err := r.collectTimesheets(ctx, ` where (t.id = $1 or t.batch_id = $1 or t.split_from_id = $1)
		and cast(t.image_urls as text) like $2 escape '\' order by t.id`, []any{id, contains(`"` + url + `"`)})
	if err == nil && len(found) == 0 {
		err = fieldops.Refuse(fieldops.NotFound, "File not found")
	}
	return found, err
}

// TimesheetsWithFormerImage are the timesheets, deleted ones too, that name a
// picture of the former product, whose path does not say to which it belongs.
func (r reads) TimesheetsWithFormerImage(ctx context.Context, _ fieldops.ID, url string) ([]fieldops.Timesheet, error) {
	named := contains(`"` + url + `"`)
	found, err := r.collectTimesheets(ctx, ` where cast(t.image_urls as text) like $1 escape '\'
		or cast(t.cloud_image_urls as text) like $2 escape '\' order by t.id limit 20`, []any{named, named})
	if err == nil && len(found) == 0 {
		err = fieldops.Refuse(fieldops.NotFound, "File not found")
	}
	return found, err
}

// UnnamedImages are those of the photos that a change took off a timesheet which
// no other entry names either, deleted ones included. Whoever else takes photos
// off the same entries waits until the transaction ends.
func (tx *Tx) UnnamedImages(ctx context.Context, t *fieldops.Timesheet, taken []string) ([]string, error) {
	if t.BatchID == nil || len(taken) == 0 {
		return taken, nil
	}
	named, err := collect(ctx, tx.reads, "select cast(image_urls as text) from /* deleted too */ timesheets where batch_id = $1 order by id"+tx.forUpdate(), []any{*t.BatchID},
		func(rows *sql.Rows, images *string) error { return rows.Scan(images) })
	if err != nil {
		return nil, err
	}
	var unnamed []string
	for _, url := range taken {
		if !slices.ContainsFunc(named, func(images string) bool { return strings.Contains(images, `"`+url+`"`) }) {
			unnamed = append(unnamed, url)
		}
	}
	return unnamed, nil
}

// TimesheetFilter chooses timesheets. Zero values choose everything.
type TimesheetFilter struct {
	UserID, ProjectID, ClientID, CostCenterID fieldops.ID
	From, To                                  fieldops.Date // both inclusive
	BillingStatus                             string
	Approval                                  string // approved, or waiting: not approved and not billed
	InvoiceID                                 fieldops.ID
	Deleted                                   bool // deleted ones too
	Page                                      Page
}

// Timesheets lists a page of timesheets, newest day first.
func (r reads) Timesheets(ctx context.Context, f TimesheetFilter) ([]fieldops.Timesheet, Listing, error) {
	w := &where{}
	if !f.Deleted {
		w.and("t.deleted_at is null")
	}
	for _, c := range []struct {
		column string
		id     fieldops.ID
	}{{"user_id", f.UserID}, {"project_id", f.ProjectID}, {"client_id", f.ClientID}, {"cost_center_id", f.CostCenterID}, {"invoice_id", f.InvoiceID}} {
		if c.id != "" {
			w.and("t."+c.column+" = ?", c.id)
		}
	}
	if f.From != "" {
		w.and("t.date >= ?", f.From)
	}
	if f.To != "" {
		w.and("t.date <= ?", f.To)
	}
	if f.BillingStatus != "" {
		w.and("t.billing_status = ?", f.BillingStatus)
	}
	switch f.Approval {
	case "approved":
		w.and("t.approved_at is not null")
	case "waiting":
		w.and("t.approved_at is null and t.billing_status = 'unbilled'")
	}
	return pageOf(ctx, r, "/* deleted too */ timesheets t", w, listOrder{[]string{"t.date", "t.created_at", "t.id"}, true}, f.Page,
		func(rest string, args []any) ([]fieldops.Timesheet, error) {
			return r.collectTimesheets(ctx, " where "+rest, args)
		})
}

// PhotoProject is a project whose work has photos.
type PhotoProject struct {
	ProjectID   fieldops.ID `json:"project_id"`
	ProjectCode string      `json:"project_code"`
	ProjectName string      `json:"project_name"`
	ClientName  string      `json:"client_name"`
	Timesheets  int64       `json:"timesheets_with_images"`
	Images      int64       `json:"total_images"`
}

// PhotoProjects are the projects whose work has photos, the newest work first; of
// one person's work unless user is "". Photos that several entries share count at
// each.
func (r reads) PhotoProjects(ctx context.Context, user fieldops.ID) ([]PhotoProject, error) {
	w := &where{}
	w.and("cast(t.image_urls as text) <> '[]'")
	if user != "" {
		w.and("t.user_id = ?", user)
	}
	return collect(ctx, r, `select p.id, p.code, p.name, coalesce(c.name, ''), count(*), cast(sum(json_array_length(t.image_urls)) as bigint)
		from live_timesheets t join live_projects p on p.id = t.project_id left join live_clients c on c.id = p.client_id
		where `+w.String()+" group by p.id, p.code, p.name, c.name order by max(t.date) desc, p.id", w.args,
		func(rows *sql.Rows, p *PhotoProject) error {
			return rows.Scan(&p.ProjectID, &p.ProjectCode, &p.ProjectName, &p.ClientName, &p.Timesheets, &p.Images)
		})
}

// PhotoEntries are the entries of a project that have photos, newest day first,
// behind one if a day is given; of one person unless user is "". Of entries written
// down together that show the same photos, the last stands for all.
func (r reads) PhotoEntries(ctx context.Context, project, user fieldops.ID, limit int, afterDate fieldops.Date, afterID fieldops.ID) ([]fieldops.Timesheet, error) {
	w := &where{}
	w.and("t.deleted_at is null")
	w.and("t.project_id = ?", project)
	w.and("cast(t.image_urls as text) <> '[]'")
	if user != "" {
		w.and("t.user_id = ?", user)
	}
	same := `not exists (select 1 from live_timesheets o where o.batch_id = t.batch_id and o.project_id = t.project_id and (o.date, o.id) > (t.date, t.id)
		and cast(o.image_urls as text) = cast(t.image_urls as text)`
	if user != "" {
		w.and(same+" and o.user_id = ?)", user)
	} else {
		w.and(same + ")")
	}
	if afterDate != "" {
		w.and("(t.date, t.id) < (?, ?)", afterDate, afterID)
	}
	return r.collectTimesheets(ctx, " where "+w.String()+" order by t.date desc, t.id desc limit "+w.arg(limit), w.args)
}

// DayHours are all hours of a person on a day.
func (r reads) DayHours(ctx context.Context, user fieldops.ID, day fieldops.Date) (fieldops.E4, error) {
	var hours fieldops.E4
	err := r.q.QueryRowContext(ctx, "select cast(coalesce(sum(hours_e4), 0) as bigint) from live_timesheets where user_id = $1 and date = $2", user, day).Scan(&hours)
	return hours, err
}

// InsertTimesheet adds work done. ID, times and billing status are set here,
// the rate is frozen from the activity type, and the client, when it is absent,
// is the project's. Everything wrong with the entry is told at once.
func (tx *Tx) InsertTimesheet(ctx context.Context, t *fieldops.Timesheet) error {
	if t.ID == "" {
		t.ID = fieldops.NewID()
	}
	t.CreatedAt, t.UpdatedAt, t.BillingStatus = tx.Now, tx.Now, fieldops.Unbilled
	if err := tx.checkTimesheet(ctx, nil, t); err != nil {
		return err
	}
	images, err := imageText(t.ImageURLs)
	if err != nil {
		return err
	}
	if _, err := tx.q.ExecContext(ctx, `insert into timesheets (id, user_id, project_id, client_id, activity_type_id, cost_center_id, date,
		hours_e4, hourly_rate_e4, notes, location, image_urls, cloud_image_urls, billing_status, created_at, updated_at,
		cost_rate_e4, billable, batch_id)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, '[]', $13, $14, $14, $15, $16, $17)`,
		t.ID, t.UserID, t.ProjectID, t.ClientID, t.ActivityTypeID, t.CostCenterID, t.Date, int64(t.Hours), int64(t.HourlyRate),
		t.Notes, t.Location, images, t.BillingStatus, tx.Now, int64(t.CostRate), !t.NotBillable, t.BatchID); err != nil {
		return err
	}
	tx.spends(t.ProjectID)
	if err := tx.indexWords(ctx, fieldops.RecordTimesheet, t.ID, nil, keysOf(t.Notes, t.Location)); err != nil {
		return err
	}
	return tx.audit(ctx, "create", "timesheet", t.ID, timesheetDetails(t))
}

func timesheetDetails(t *fieldops.Timesheet) map[string]any {
	return map[string]any{"user_id": t.UserID, "project_id": t.ProjectID, "date": t.Date, "hours": t.Hours, "hourly_rate": t.HourlyRate}
}

func imageText(urls []string) (string, error) {
	if urls == nil {
		urls = []string{}
	}
	b, err := json.Marshal(urls)
	return string(b), err
}

// LockTimesheet reads a timesheet to change it. On PostgreSQL nobody else can
// change it until the transaction ends. Work that was billed is not changed.
func (tx *Tx) LockTimesheet(ctx context.Context, id fieldops.ID, verb string) (fieldops.Timesheet, error) {
	if err := tx.q.QueryRowContext(ctx, "select id from live_timesheets where id = $1"+tx.forUpdate(), id).Scan(&id); err != nil {
		return fieldops.Timesheet{}, notFound(err, "Timesheet")
	}
	t, err := tx.Timesheet(ctx, id)
	if err != nil {
		return fieldops.Timesheet{}, err
	}
	if t.BillingStatus != fieldops.Unbilled {
		refusal := fieldops.Refuse(fieldops.Invalid, "Cannot %s timesheet that has been billed or paid", verb)
		refusal.Details = map[string]any{"billing_status": t.BillingStatus, "invoice_id": t.InvoiceID, "invoice_number": t.InvoiceNumber}
		return fieldops.Timesheet{}, refusal
	}
	return t, nil
}

// UpdateTimesheet writes an unbilled timesheet that LockTimesheet gave, as
// changed. Rate and cost are frozen anew only when the activity or the client
// changed. An approval stays unless the caller has taken it off.
func (tx *Tx) UpdateTimesheet(ctx context.Context, before, t *fieldops.Timesheet) error {
	if err := tx.checkTimesheet(ctx, before, t); err != nil {
		return err
	}
	t.UpdatedAt = tx.Now
	images, err := imageText(t.ImageURLs)
	if err != nil {
		return err
	}
	changed, err := tx.exec(ctx, `update timesheets set user_id = $1, project_id = $2, client_id = $3, activity_type_id = $4, cost_center_id = $5,
		date = $6, hours_e4 = $7, hourly_rate_e4 = $8, notes = $9, location = $10, image_urls = $11, updated_at = $12,
		cost_rate_e4 = $13, billable = $14, approved_at = $15, approved_by = $16
		where id = $17 and billing_status = 'unbilled' and deleted_at is null`,
		t.UserID, t.ProjectID, t.ClientID, t.ActivityTypeID, t.CostCenterID, t.Date, int64(t.Hours), int64(t.HourlyRate),
		t.Notes, t.Location, images, tx.Now, int64(t.CostRate), !t.NotBillable, t.ApprovedAt, t.ApprovedBy, t.ID)
	if err != nil {
		return err
	}
	if changed != 1 {
		return fmt.Errorf("timesheet %s was changed without its lock", t.ID)
	}
	tx.spends(t.ProjectID)
	if err := tx.indexWords(ctx, fieldops.RecordTimesheet, t.ID, keysOf(before.Notes, before.Location), keysOf(t.Notes, t.Location)); err != nil {
		return err
	}
	return tx.audit(ctx, "update", "timesheet", t.ID, timesheetDetails(t))
}

// splitColumns are what both parts of a split entry have in common.
const splitColumns = `user_id, project_id, client_id, activity_type_id, cost_center_id, date, hourly_rate_e4, notes, location,
	image_urls, cloud_image_urls, billing_status, created_at, cost_rate_e4, billable, approved_at, approved_by, hold_reason, batch_id`

// SplitTimesheet makes two entries of a locked unbilled one: it keeps the hours
// that are to be billed, and the rest becomes an entry of its own, of the same
// day, rate and photos. All parts of an entry name the first, and share its batch,
// which guards the photos of one while another shows them.
func (tx *Tx) SplitTimesheet(ctx context.Context, s fieldops.Split) error {
	rest := fieldops.NewID()
	changed, err := tx.exec(ctx, "update timesheets set hours_e4 = $1, updated_at = $2, batch_id = coalesce(batch_id, id) where id = $3 and hours_e4 = $4 and billing_status = 'unbilled' and deleted_at is null",
		int64(s.Billed), tx.Now, s.ID, int64(s.Billed+s.Rest))
	if err != nil {
		return err
	}
	if changed != 1 {
		return fmt.Errorf("timesheet %s was split without its lock", s.ID)
	}
	var notes, location *string
	if err := tx.q.QueryRowContext(ctx, "insert into timesheets (id, split_from_id, hours_e4, updated_at, "+splitColumns+`)
		select $1, coalesce(split_from_id, id), $2, $3, `+splitColumns+" from live_timesheets where id = $4 returning notes, location", rest, int64(s.Rest), tx.Now, s.ID).Scan(&notes, &location); err != nil {
		return err
	}
	if err := tx.indexWords(ctx, fieldops.RecordTimesheet, rest, nil, keysOf(notes, location)); err != nil {
		return err
	}
	return tx.audit(ctx, "split", "timesheet", s.ID, map[string]any{"hours_before": s.Billed + s.Rest, "hours": s.Billed, "rest_id": rest, "rest": s.Rest})
}

// checkTimesheet notes everything wrong with an entry, and fills in client and
// rate. before is nil for a new one; what an edit leaves as it was may name
// records that are no longer in use.
func (tx *Tx) checkTimesheet(ctx context.Context, before, t *fieldops.Timesheet) error {
	settings, err := tx.Settings(ctx)
	if err != nil {
		return err
	}
	var f fieldops.Faults
	t.Check(&f, fieldops.DateOf(tx.Now.Time, settings.Timezone))
	own := len(f)
	if before == nil {
		before = &fieldops.Timesheet{}
	}

	// look reads a record that the entry names and keeps it from being deleted
	// until the transaction ends.
	look := func(field, label string, id, was *fieldops.ID, query string, places ...any) error {
		if id == nil {
			f.Add(field, "%s is required", label)
			return nil
		}
		if was != nil && *was == *id {
			return nil
		}
		err := tx.q.QueryRowContext(ctx, query+tx.forShare(), *id).Scan(places...)
		if errors.Is(err, sql.ErrNoRows) {
			f.Add(field, "%s does not exist or is not in use any more", label)
			return nil
		}
		return err
	}
	var client *fieldops.ID
	var found int
	// The client first, as a deletion takes its locks: otherwise each waits for the other.
	derived := t.ClientID == nil && t.ProjectID != nil && (before.ProjectID == nil || *before.ProjectID != *t.ProjectID)
	if derived {
		if err := noRows(tx.q.QueryRowContext(ctx, "select client_id from live_projects where id = $1", *t.ProjectID).Scan(&t.ClientID)); err != nil {
			return err
		}
	}
	lookAtClient := func() error {
		if t.ClientID == nil {
			return nil
		}
		return look("client_id", "Client", t.ClientID, before.ClientID, "select 1 from live_clients where id = $1", &found)
	}
	if err := errors.Join(
		lookAtClient(),
		look("user_id", "User", t.UserID, before.UserID, "select 1 from users where id = $1 and is_active", &found),
		look("project_id", "Project", t.ProjectID, before.ProjectID, "select client_id from live_projects where id = $1", &client),
		look("activity_type_id", "Activity type", t.ActivityTypeID, before.ActivityTypeID, "select 1 from activity_types where id = $1 and is_active and deleted_at is null", &found),
		look("cost_center_id", "Cost center", t.CostCenterID, before.CostCenterID, "select 1 from cost_centers where id = $1 and is_active and deleted_at is null", &found),
	); err != nil {
		return err
	}
	if derived && client != nil && (t.ClientID == nil || *t.ClientID != *client) {
		t.ClientID = client // it was given to another meanwhile
		if err := lookAtClient(); err != nil {
			return err
		}
	}
	if len(f) > own && own == 0 {
		return f.Err("Invalid project, activity type, or cost center")
	}
	if err := f.Err(""); err != nil {
		return err
	}
	return tx.freezeRates(ctx, before, t)
}

// freezeRates sets what an hour of the entry costs the client, by their own
// rate or else the activity's, and what it costs the firm. An edit that changes
// neither activity nor client leaves both as they were.
func (tx *Tx) freezeRates(ctx context.Context, before, t *fieldops.Timesheet) error {
	same := func(a, b *fieldops.ID) bool { return a == b || a != nil && b != nil && *a == *b }
	if same(before.ActivityTypeID, t.ActivityTypeID) && same(before.ClientID, t.ClientID) {
		return nil
	}
	return tx.q.QueryRowContext(ctx, `select coalesce(o.hourly_rate_e4, a.hourly_rate_e4), coalesce(a.cost_rate_e4, o.hourly_rate_e4, a.hourly_rate_e4)
		from activity_types a left join client_rates o on o.activity_type_id = a.id and o.client_id = $2 where a.id = $1`,
		*t.ActivityTypeID, t.ClientID).Scan(&t.HourlyRate, &t.CostRate)
}

// forShare keeps the rows of a select from being changed or deleted until the
// transaction ends, while others may share them likewise.
func (r reads) forShare() string {
	if r.engine == Postgres {
		return " for share"
	}
	return ""
}

// stands notes of a record that another names, and did not name before, that it does
// not exist. One that does is kept from being deleted until the transaction ends.
func (tx *Tx) stands(ctx context.Context, f *fieldops.Faults, field, label, view string, id, was *fieldops.ID) error {
	if id == nil || was != nil && *was == *id {
		return nil
	}
	var found int
	err := tx.q.QueryRowContext(ctx, "select 1 from "+view+" where id = $1"+tx.forShare(), *id).Scan(&found)
	if errors.Is(err, sql.ErrNoRows) {
		f.Add(field, "%s does not exist", label)
		return nil
	}
	return err
}

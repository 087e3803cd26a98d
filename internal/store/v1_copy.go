package store

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"

	"ampedfieldops/internal/fieldops"
)

// copier is one upgrade under way.
type copier struct {
	*Upgrading
	former *former
	tx     *sql.Tx
	reads  reads
	now    fieldops.Time
}

// file runs the statements of a file of v1/.
func (c *copier) file(name string) func(context.Context) error {
	return func(ctx context.Context) error {
		text, err := upgradeFiles.ReadFile("v1/" + name)
		if err != nil {
			return err
		}
		return run(ctx, c.tx, string(text))
	}
}

// prepare makes the upgrade's own tables and finds what holds for all rows.
func (c *copier) prepare(ctx context.Context) error {
	if err := c.file("prepare.sql")(ctx); err != nil {
		return err
	}
	// Tokens are not taken over: the former product keeps them in clear. But
	// its documents belong to the organisation that they named.
	_, err := c.tx.ExecContext(ctx, `insert into upgrade_facts (now, tenant, currency)
		select $1, case when count(distinct pg_temp.real_id(tenant_id)) = 1 then max(pg_temp.real_id(tenant_id)) else '' end, $2 from old_xero_tokens`,
		c.now, fieldops.ReadSettings(nil).Currency)
	return err
}

// oddity notes what was not as it should be.
func (c *copier) oddity(ctx context.Context, table string, id fieldops.ID, kind, note string, leftOut bool) error {
	_, err := c.tx.ExecContext(ctx, "insert into v1.upgrade_oddities (table_name, entity_id, kind, note, left_out) values ($1, $2, $3, $4, $5)",
		table, orNull(id), kind, note, leftOut)
	return err
}

// load runs a statement over rows as if they were a table named x, whose columns
// are those of table.
func load[T any](ctx context.Context, c *copier, table, statement string, rows []T) error {
	for some := range slices.Chunk(rows, 1000) {
		text, err := json.Marshal(some)
		if err != nil {
			return err
		}
		if _, err := c.tx.ExecContext(ctx, strings.Replace(statement, "x_rows", "json_populate_recordset(cast(null as "+table+"), cast($1 as json))", 1), string(text)); err != nil {
			return fmt.Errorf("%s: %w", table, err)
		}
	}
	return nil
}

// logins gives every person the folded address under which they sign in. Two
// whose addresses differ only in their case could not be told apart.
func (c *copier) logins(ctx context.Context) error {
	type login struct {
		ID     fieldops.ID `json:"id"`
		Folded string      `json:"email_folded"`
	}
	all, err := collect(ctx, c.reads, "select id, email from users order by is_active desc, created_at, id", nil,
		func(rows *sql.Rows, l *login) error { return rows.Scan(&l.ID, &l.Folded) })
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for i := range all {
		l := &all[i]
		l.Folded = fold(strings.TrimSpace(l.Folded))
		if seen[l.Folded] {
			l.Folded += "#" + l.ID
			if err := c.oddity(ctx, "users", l.ID, "email_twice", "somebody else has the same address but for its case: cannot sign in until an admin changes the address", false); err != nil {
				return err
			}
		}
		seen[l.Folded] = true
	}
	return load(ctx, c, "users", "update users u set email_folded = x.email_folded from x_rows x where u.id = x.id", all)
}

// enforcedBefore are the permissions that the former product looked at. Who
// lacks the row of one could not do the thing; the rest everybody could do.
var enforcedBefore = []fieldops.Permission{
	fieldops.CanViewFinancials, fieldops.CanEditProjects, fieldops.CanViewAllTimesheets, fieldops.CanManageClients, fieldops.CanManageUsers,
	fieldops.CanSyncXero, fieldops.CanEditActivityTypes, fieldops.CanManageCostCenters, fieldops.CanManageSettings,
}

// permissions keeps of each person's permissions what differs from the role's.
func (c *copier) permissions(ctx context.Context) error {
	type person struct {
		id      fieldops.ID
		role    fieldops.Role
		granted map[fieldops.Permission]bool
	}
	people, err := collect(ctx, c.reads, "select id, role from users", nil, func(rows *sql.Rows, p *person) error { return rows.Scan(&p.id, &p.role) })
	if err != nil {
		return err
	}
	place := map[fieldops.ID]int{}
	for i := range people {
		people[i].granted = map[fieldops.Permission]bool{}
		place[people[i].id] = i
	}
	type grant struct {
		user    fieldops.ID
		key     fieldops.Permission
		granted bool
	}
	grants, err := collect(ctx, c.reads, "select user_id, permission, coalesce(granted, true) from old_user_permissions where user_id is not null", nil,
		func(rows *sql.Rows, g *grant) error { return rows.Scan(&g.user, &g.key, &g.granted) })
	if err != nil {
		return err
	}
	custom, err := collect(ctx, c.reads, "select key from permissions", nil, func(rows *sql.Rows, p *fieldops.Permission) error { return rows.Scan(p) })
	if err != nil {
		return err
	}
	for _, g := range grants {
		if at, ok := place[g.user]; ok {
			people[at].granted[g.key] = g.granted
		}
	}
	type deviation struct {
		User       fieldops.ID         `json:"user_id"`
		Permission fieldops.Permission `json:"permission"`
		Granted    bool                `json:"granted"`
		At         fieldops.Time       `json:"created_at"`
	}
	var deviations []deviation
	for _, p := range people {
		if p.role == fieldops.RoleAdmin {
			continue // may everything, there and here
		}
		usual := p.role.DefaultPermissions()
		for _, key := range append(fieldops.RoleAdmin.DefaultPermissions(), custom...) {
			granted, said := p.granted[key]
			// A person without a single row comes from before there were any.
			if !said && (len(p.granted) == 0 || !slices.Contains(enforcedBefore, key)) {
				continue
			}
			if granted != slices.Contains(usual, key) {
				deviations = append(deviations, deviation{p.id, key, granted, c.now})
			}
		}
	}
	return load(ctx, c, "user_permissions", "insert into user_permissions (user_id, permission, granted, created_at) select user_id, permission, granted, created_at from x_rows x", deviations)
}

// What is done with the former product's settings.
var (
	secretSettings   = []string{"xero_client_secret", "smtp_password", "google_drive_client_secret", "storage_s3_secret_access_key", "storage_s3_access_key_id"}
	formerSettings   = []string{"company_logo", "company_favicon", "setup_completed", "xero_client_id", "xero_redirect_uri", "xero_auto_sync", "xero_sync_frequency", "smtp_host", "smtp_port", "smtp_user", "smtp_from", "google_drive_client_id", "google_drive_redirect_uri", "payment_reminder_schedule", "storage_driver", "storage_base_path", "storage_s3_bucket", "storage_s3_region", "storage_s3_endpoint", "storage_google_drive_folder_id", "budget_alerts", "timesheet_reminders", "status_notifications", "cloud_storage_provider", "backup_schedule"}
	personalSettings = []string{"recent_searches", "backup_schedule", "timezone", "budget_alerts", "timesheet_reminders", "status_notifications"}
)

// settings takes over the newest value of each setting. Secrets are sealed.
func (c *copier) settings(ctx context.Context) error {
	type setting struct {
		ID    fieldops.ID   `json:"-"`
		User  *fieldops.ID  `json:"user_id,omitempty"`
		Key   string        `json:"key"`
		Value *string       `json:"value"`
		At    fieldops.Time `json:"updated_at"`
	}
	all, err := collect(ctx, c.reads, `select o.id, o.user_id, o.key, o.value, coalesce(o.updated_at, o.created_at, f.now) from old_settings o, upgrade_facts f
		order by coalesce(o.updated_at, o.created_at) desc nulls last, o.created_at desc nulls last, o.id desc`, nil,
		func(rows *sql.Rows, s *setting) error { return rows.Scan(&s.ID, &s.User, &s.Key, &s.Value, &s.At) })
	if err != nil {
		return err
	}
	var global, personal []setting
	seen := map[string]bool{}
	for _, s := range all {
		name := s.Key
		if s.User != nil {
			name += " " + *s.User
		}
		odd := ""
		switch {
		case seen[name]:
			odd = "an older value of " + s.Key + ": the newest counts"
		case s.Key == fieldops.SettingDriveTokens && s.Value != nil && *s.Value != "" && !seen[s.Key]:
			sealed := c.Seal(*s.Value) // of whoever has connected the firm's Drive
			s.User, s.Value, seen[s.Key] = nil, &sealed, true
			global = append(global, s)
		case s.User != nil && !slices.Contains(personalSettings, s.Key):
			odd = "the personal setting " + s.Key + " is not used here: it is kept in v1 only"
		case s.User != nil:
			personal = append(personal, s)
		case s.Value == nil || *s.Value == "":
		case slices.Contains(secretSettings, s.Key):
			sealed := c.Seal(*s.Value)
			s.Value = &sealed
			global = append(global, s)
		default:
			refusal := fieldops.CheckSetting(s.Key, *s.Value)
			switch {
			case refusal == nil:
				global = append(global, s)
			case fieldops.KindOf(refusal) == fieldops.Invalid:
				odd = "the value of " + s.Key + " cannot be used (" + refusal.Error() + "): the default counts"
			case slices.Contains(formerSettings, s.Key):
				global = append(global, s)
			default:
				odd = "the setting " + s.Key + " is not known here: it is kept in v1 only"
			}
		}
		seen[name] = true
		if odd != "" {
			if err := c.oddity(ctx, "settings", s.ID, "setting", odd, true); err != nil {
				return err
			}
		}
	}
	if err := load(ctx, c, "settings", "insert into settings (key, value, updated_at) select key, value, updated_at from x_rows x", global); err != nil {
		return err
	}
	return load(ctx, c, "user_settings", "insert into user_settings (user_id, key, value, updated_at) select user_id, key, value, updated_at from x_rows x", personal)
}

// searched fills in the texts in which people search.
func (c *copier) searched(ctx context.Context) error {
	type record struct {
		ID       fieldops.ID `json:"id"`
		Name     string      `json:"name_folded,omitempty"`
		Searched string      `json:"search_folded"`
	}
	clients, err := collect(ctx, c.reads, "select id, name, contact_name, address, location from /* deleted too */ clients", nil,
		func(rows *sql.Rows, x *record) error {
			var name string
			var contact, address, location *string
			err := rows.Scan(&x.ID, &name, &contact, &address, &location)
			x.Name, x.Searched = fold(name), foldAll(&name, contact, address, location)
			return err
		})
	if err != nil {
		return err
	}
	if err := load(ctx, c, "clients", "update clients c set name_folded = x.name_folded, search_folded = x.search_folded from x_rows x where c.id = x.id", clients); err != nil {
		return err
	}
	projects, err := collect(ctx, c.reads, "select id, code, name, description from /* deleted too */ projects", nil,
		func(rows *sql.Rows, x *record) error {
			var code, name string
			var description *string
			err := rows.Scan(&x.ID, &code, &name, &description)
			x.Searched = foldAll(&code, &name, description)
			return err
		})
	if err != nil {
		return err
	}
	return load(ctx, c, "projects", "update projects p set search_folded = x.search_folded from x_rows x where p.id = x.id", projects)
}

// photos turns embedded pictures into files, and tells of links to other stores.
func (c *copier) photos(ctx context.Context) error {
	type entry struct {
		ID     fieldops.ID     `json:"id"`
		Images json.RawMessage `json:"image_urls"`
		Cloud  json.RawMessage `json:"cloud_image_urls"`
		year   int
	}
	// One by one: an embedded picture can be large.
	ids, err := collect(ctx, c.reads, `select id from /* deleted too */ timesheets where cast(image_urls as text) like '%"data:%' or cast(image_urls as text) like '%"http%'
		or cast(image_urls as text) like '%"uploads/%' or cast(image_urls as text) like '%"timesheets/%' or cast(image_urls as text) like '%"projects/%'
		or cast(cloud_image_urls as text) like '%"http%' order by id`, nil, func(rows *sql.Rows, id *fieldops.ID) error { return rows.Scan(id) })
	if err != nil {
		return err
	}
	for _, id := range ids {
		e := entry{ID: id}
		var images, cloud string
		var at fieldops.Time
		if err := c.tx.QueryRowContext(ctx, "select image_urls, cloud_image_urls, created_at from /* deleted too */ timesheets where id = $1", id).Scan(&images, &cloud, &at); err != nil {
			return err
		}
		e.year = at.Year()
		if e.Images, err = c.mendURLs(ctx, id, e.year, images); err != nil {
			return err
		}
		if e.Cloud, err = c.mendURLs(ctx, id, e.year, cloud); err != nil {
			return err
		}
		if string(e.Images) == "[]" { // they were in the cloud only
			e.Images = e.Cloud
		}
		if err := load(ctx, c, "timesheets", "update timesheets t set image_urls = x.image_urls, cloud_image_urls = x.cloud_image_urls from x_rows x where t.id = x.id", []entry{e}); err != nil {
			return err
		}
	}
	return nil
}

func (c *copier) mendURLs(ctx context.Context, timesheet fieldops.ID, year int, list string) (json.RawMessage, error) {
	var urls []*string
	if err := json.Unmarshal([]byte(list), &urls); err != nil {
		return nil, err
	}
	kept := []string{}
	for _, u := range urls {
		if u == nil || *u == "" {
			continue
		}
		mended, kind, note, err := c.mendURL(timesheet, year, *u)
		if err != nil {
			return nil, err
		}
		if note != "" {
			if err := c.oddity(ctx, "timesheets", timesheet, kind, note, false); err != nil {
				return nil, err
			}
		}
		kept = append(kept, mended)
	}
	return json.Marshal(kept)
}

// mendURL is the address under which a picture can be found from now on, and a
// note when it is another than before.
func (c *copier) mendURL(timesheet fieldops.ID, year int, address string) (mended, kind, note string, err error) {
	if strings.HasPrefix(address, "data:") {
		head, body, _ := strings.Cut(address, ",")
		content, unreadable := base64.StdEncoding.DecodeString(strings.TrimSpace(body))
		if !strings.HasSuffix(head, ";base64") || unreadable != nil {
			return address, "data_uri", "an embedded picture cannot be read: kept as it is", nil //nolint:nilerr // reported as an oddity
		}
		photo := uuid.NewSHA1(uuid.MustParse(timesheet), content).String() // the same when this is repeated
		kept, err := c.KeepPhoto(timesheet, photo, year, content)
		if refused, ok := errors.AsType[*fieldops.Error](err); ok {
			return address, "data_uri", "an embedded picture cannot be kept as a file (" + refused.Message + "): kept as it is", nil
		}
		return kept, "data_uri", "an embedded picture became a file", err
	}
	f, ours := formerFile("", address)
	switch {
	case ours && f.Place != fieldops.PlaceLocal:
		return address, "cloud_link", "a link to " + f.Place.Label() + ": opened from there once the storage is set up with the same account; from S3 also from the data folder, where its file was copied to", nil
	case strings.HasPrefix(address, "http"):
		if u, err := url.Parse(address); err == nil && strings.HasPrefix(u.Path, "/uploads/") {
			return u.Path, "own_link", "the firm's own address stood in front of a picture's: cut off", nil
		}
		return address, "link", "a link to a picture elsewhere: kept as it is", nil
	case !strings.HasPrefix(address, "/"):
		return "/uploads/" + strings.TrimPrefix(address, "uploads/"), "path", "a picture's path lacked its beginning: completed", nil
	}
	return address, "", "", nil
}

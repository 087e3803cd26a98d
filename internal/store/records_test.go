package store_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
	"ampedfieldops/internal/store/storetest"
)

// office is a small firm in a database: a person, a client, a job, a cost
// centre and a kind of work at 95.00 an hour.
type office struct {
	db       *store.DB
	person   fieldops.User
	client   fieldops.Client
	project  fieldops.Project
	center   fieldops.CostCenter
	activity fieldops.ActivityType
}

func newOffice(t *testing.T, db *store.DB) *office {
	t.Helper()
	o := &office{
		db:       db,
		person:   fieldops.User{Email: "Aroha@firm.nz", Name: "Aroha", Role: fieldops.RoleUser, IsActive: true, PasswordHash: "hash"},
		client:   fieldops.Client{Name: "Kōwhai Café"},
		project:  fieldops.Project{Name: "Rewire"},
		center:   fieldops.CostCenter{Code: "CC-1", Name: "Kitchen", IsActive: true},
		activity: fieldops.ActivityType{Name: "Labour", Icon: "Zap", Color: "blue", HourlyRate: 950_000, IsActive: true},
	}
	o.write(t, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.InsertUser(ctx, &o.person); err != nil {
			return err
		}
		if err := tx.InsertClient(ctx, &o.client); err != nil {
			return err
		}
		if err := tx.InsertCostCenter(ctx, &o.center); err != nil {
			return err
		}
		if err := tx.InsertActivityType(ctx, &o.activity); err != nil {
			return err
		}
		o.project.ClientID = &o.client.ID
		return tx.InsertProject(ctx, &o.project, []fieldops.ID{o.center.ID})
	})
	return o
}

// try runs a change as the office's person.
func (o *office) try(t *testing.T, change func(ctx context.Context, tx *store.Tx) error) error {
	t.Helper()
	actor := fieldops.Actor{UserID: o.person.ID, Name: o.person.Name, IP: "192.0.2.1", RequestID: "request-1"}
	if o.person.CreatedAt.IsZero() {
		actor = fieldops.System
	}
	return o.db.Write(t.Context(), actor, func(tx *store.Tx) error { return change(t.Context(), tx) })
}

func (o *office) write(t *testing.T, change func(ctx context.Context, tx *store.Tx) error) {
	t.Helper()
	if err := o.try(t, change); err != nil {
		t.Fatal(err)
	}
}

// work is an entry of the office's person on a day.
func (o *office) work(day fieldops.Date, hours fieldops.E4) fieldops.Timesheet {
	return fieldops.Timesheet{UserID: &o.person.ID, ProjectID: &o.project.ID, ActivityTypeID: &o.activity.ID, CostCenterID: &o.center.ID, Date: day, Hours: hours}
}

func (o *office) book(t *testing.T, day fieldops.Date, hours fieldops.E4) fieldops.Timesheet {
	t.Helper()
	entry := o.work(day, hours)
	o.write(t, func(ctx context.Context, tx *store.Tx) error { return tx.InsertTimesheet(ctx, &entry) })
	return entry
}

// bill puts an entry on an invoice, as far as the timesheet is concerned.
func (o *office) bill(t *testing.T, entry fieldops.Timesheet) fieldops.Invoice {
	t.Helper()
	line := fieldops.Line{ID: fieldops.NewID(), Key: "labour", Description: "Labour", Quantity: entry.Hours, UnitPrice: entry.HourlyRate, TaxRate: 150_000, Timesheets: []fieldops.ID{entry.ID}}
	if err := line.Price(); err != nil {
		t.Fatal(err)
	}
	invoice := fieldops.Invoice{ID: fieldops.NewID(), ClientID: &o.client.ID, ProjectID: &o.project.ID, Status: fieldops.StatusDraft, Currency: "NZD", IssueDate: entry.Date, Lines: []fieldops.Line{line}}
	invoice.SubTotal, invoice.TotalTax, invoice.Total = fieldops.Totals(invoice.Lines)
	o.write(t, func(ctx context.Context, tx *store.Tx) error {
		settings, err := tx.Settings(ctx)
		if err != nil {
			return err
		}
		if invoice.Number, err = tx.TakeInvoiceNumber(ctx, settings); err != nil {
			return err
		}
		if err := tx.InsertInvoice(ctx, &invoice); err != nil {
			return err
		}
		return tx.BillTimesheets(ctx, &invoice)
	})
	return invoice
}

func wantKind(t *testing.T, err error, kind fieldops.ErrorKind, part string) {
	t.Helper()
	if fieldops.KindOf(err) != kind || !strings.Contains(fmt.Sprint(err), part) {
		t.Errorf("error %v (%q), want %s with %q", err, fieldops.KindOf(err), kind, part)
	}
}

func TestEveryChangeLeavesAnAuditEntry(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		o := newOffice(t, db)
		entry := o.book(t, "2026-05-04", 75_000)
		o.write(t, func(ctx context.Context, tx *store.Tx) error {
			before, err := tx.LockTimesheet(ctx, entry.ID, "delete")
			if err != nil {
				return err
			}
			_, err = tx.Delete(ctx, fieldops.RecordTimesheet, before.ID)
			return err
		})
		o.write(t, func(ctx context.Context, tx *store.Tx) error { return tx.SetSetting(ctx, "company_name", "Ohm Ltd") })
		entries, total, err := db.AuditEntries(t.Context(), store.AuditFilter{Limit: 100})
		if err != nil {
			t.Fatal(err)
		}
		var did []string
		for _, e := range slices.Backward(entries) {
			did = append(did, e.Actor+" "+e.Action+" "+e.EntityType)
		}
		want := []string{
			"System create user", "System create client", "System create cost_center", "System create activity_type", "System create project",
			"Aroha create timesheet", "Aroha delete timesheet", "Aroha update setting",
		}
		if diff := cmp.Diff(want, did); diff != "" || total != len(want) {
			t.Errorf("%d entries (-want +got):\n%s", total, diff)
		}
		newest := entries[0]
		if newest.UserID == nil || *newest.UserID != o.person.ID || newest.IPAddress == nil || *newest.IPAddress != "192.0.2.1" ||
			newest.RequestID == nil || *newest.RequestID != "request-1" || !strings.Contains(string(newest.Details), "Ohm Ltd") {
			t.Errorf("the newest entry is %+v", newest)
		}
		only, total, err := db.AuditEntries(t.Context(), store.AuditFilter{UserID: o.person.ID, Action: "delete", EntityType: "timesheet", EntityID: entry.ID, Limit: 10})
		if err != nil || total != 1 || len(only) != 1 || !strings.Contains(string(only[0].Details), `"hours":"7.50"`) {
			t.Errorf("one deletion: %+v, %d, %v", only, total, err)
		}
		if err := o.try(t, func(ctx context.Context, tx *store.Tx) error {
			if err := tx.SetSetting(ctx, "company_name", "Never Ltd"); err != nil {
				return err
			}
			return context.Canceled
		}); err == nil {
			t.Error("a change that failed was committed")
		}
		if _, after, err := db.AuditEntries(t.Context(), store.AuditFilter{Limit: 1}); err != nil || after != len(want) {
			t.Errorf("a change that was rolled back left an entry: %d, %v", after, err)
		}
	})
}

func TestSettings(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		o := &office{db: db}
		set := func(key, value string) error {
			return o.try(t, func(ctx context.Context, tx *store.Tx) error { return tx.SetSetting(ctx, key, value) })
		}
		settings, err := db.Settings(t.Context())
		if err != nil || settings.Currency != "NZD" || settings.SalesTax != 150_000 || settings.InvoicePrefix != "INV-" {
			t.Fatalf("untouched: %+v, %v", settings, err)
		}
		wantKind(t, set("no_such_key", "1"), fieldops.NotFound, "Setting not found")
		wantKind(t, set("default_sales_tax_rate", "much"), fieldops.Invalid, "percentage")
		for key, value := range map[string]string{"default_sales_tax_rate": "12.5", "invoice_prefix": "A-", "invoice_next_number": "40"} {
			if err := set(key, value); err != nil {
				t.Fatal(err)
			}
		}
		if settings, err = db.Settings(t.Context()); err != nil || settings.SalesTax != 125_000 {
			t.Errorf("changed: %+v, %v", settings, err)
		}
		take := func() (number string) {
			o.write(t, func(ctx context.Context, tx *store.Tx) (err error) {
				number, err = tx.TakeInvoiceNumber(ctx, settings)
				return err
			})
			return number
		}
		if first, second := take(), take(); first != "A-00040" || second != "A-00041" {
			t.Errorf("numbers %s, %s", first, second)
		}
		wantKind(t, set("invoice_next_number", "41"), fieldops.Conflict, "raised")
		if err := set("invoice_next_number", "42"); err != nil {
			t.Errorf("the number that is next anyway: %v", err)
		}
		values, err := db.SettingValues(t.Context())
		if err != nil || values["invoice_next_number"] != "42" || values["po_next_number"] != "1" || values["default_sales_tax_rate"] != "12.5" || values["company_name"] != "AmpedFieldOps" {
			t.Errorf("values %v, %v", values, err)
		}
	})
}

func TestPeopleAndTheirPermissions(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		o := newOffice(t, db)
		ctx := t.Context()
		admin := fieldops.User{Email: "boss@firm.nz", Name: "Boss", Role: fieldops.RoleAdmin, IsActive: true}
		o.write(t, func(ctx context.Context, tx *store.Tx) error { return tx.InsertUser(ctx, &admin) })

		twin := fieldops.User{Email: "AROHA@FIRM.NZ", Name: "Twin", Role: fieldops.RoleUser, IsActive: true}
		wantKind(t, o.try(t, func(ctx context.Context, tx *store.Tx) error { return tx.InsertUser(ctx, &twin) }), fieldops.Conflict, "Email already exists")
		nobody := fieldops.User{Email: "nonsense", Role: "owner"}
		err := o.try(t, func(ctx context.Context, tx *store.Tx) error { return tx.InsertUser(ctx, &nobody) })
		for _, part := range []string{"name:", "email:", "role:"} {
			wantKind(t, err, fieldops.Invalid, part)
		}

		found, err := db.UserByEmail(ctx, "aroha@FIRM.nz")
		if err != nil || found.ID != o.person.ID || found.PasswordHash != "hash" {
			t.Fatalf("by address: %+v, %v", found, err)
		}
		if !found.May(fieldops.CanCreateTimesheets) || found.May(fieldops.CanViewFinancials) {
			t.Errorf("a technician's permissions: %v", found.Permissions)
		}
		o.write(t, func(ctx context.Context, tx *store.Tx) error {
			if err := tx.SetPermission(ctx, o.person.ID, fieldops.CanViewFinancials, true); err != nil {
				return err
			}
			if err := tx.SetPermission(ctx, o.person.ID, fieldops.CanCreateTimesheets, false); err != nil {
				return err
			}
			return tx.SetPermission(ctx, admin.ID, fieldops.CanSyncXero, false)
		})
		if found, err = db.User(ctx, o.person.ID); err != nil || found.May(fieldops.CanCreateTimesheets) || !found.May(fieldops.CanViewFinancials) {
			t.Errorf("granted and denied: %v, %v", found.Permissions, err)
		}
		if boss, err := db.User(ctx, admin.ID); err != nil || !boss.May(fieldops.CanSyncXero) || !slices.Contains(boss.Permissions, fieldops.CanSyncXero) {
			t.Errorf("an admin holds everything: %v, %v", boss.Permissions, err)
		}

		admin.IsActive = false
		wantKind(t, o.try(t, func(ctx context.Context, tx *store.Tx) error { return tx.UpdateUser(ctx, &admin) }), fieldops.Conflict, "last admin")
		second := fieldops.User{Email: "second@firm.nz", Name: "Second", Role: fieldops.RoleAdmin, IsActive: true}
		o.write(t, func(ctx context.Context, tx *store.Tx) error {
			if err := tx.InsertUser(ctx, &second); err != nil {
				return err
			}
			return tx.UpdateUser(ctx, &admin)
		})
		second.Email = o.person.Email
		wantKind(t, o.try(t, func(ctx context.Context, tx *store.Tx) error { return tx.UpdateUser(ctx, &second) }), fieldops.Conflict, "Email already in use")
		everybody, err := db.Users(ctx)
		if err != nil || len(everybody) != 3 || everybody[0].Name != "Aroha" {
			t.Errorf("everybody: %+v, %v", everybody, err)
		}
		if n, err := db.CountUsers(ctx); err != nil || n != 3 {
			t.Errorf("%d people, %v", n, err)
		}
	})
}

func TestTwoAdminsCannotDemoteEachOther(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		o := newOffice(t, db)
		admins := make([]fieldops.User, 2)
		for i := range admins {
			admins[i] = fieldops.User{Email: fmt.Sprintf("admin%d@firm.nz", i), Name: "Admin", Role: fieldops.RoleAdmin, IsActive: true}
			o.write(t, func(ctx context.Context, tx *store.Tx) error { return tx.InsertUser(ctx, &admins[i]) })
		}
		refusals := make([]error, 2)
		var all sync.WaitGroup
		for i, u := range admins {
			u.Role = fieldops.RoleUser
			all.Go(func() {
				refusals[i] = o.try(t, func(ctx context.Context, tx *store.Tx) error { return tx.UpdateUser(ctx, &u) })
			})
		}
		all.Wait()
		if (refusals[0] == nil) == (refusals[1] == nil) {
			t.Fatalf("exactly one must be refused: %v, %v", refusals[0], refusals[1])
		}
		refused := refusals[0]
		if refused == nil {
			refused = refusals[1]
		}
		wantKind(t, refused, fieldops.Conflict, "last admin")
	})
}

func TestSessionsEndAndSignInsAreThrottled(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		o := newOffice(t, db)
		ctx := t.Context()
		begin := func() store.Session {
			s := store.Session{UserID: o.person.ID, UserAgent: "test", IPAddress: "192.0.2.1"}
			o.write(t, func(ctx context.Context, tx *store.Tx) error { return tx.InsertSession(ctx, &s, time.Hour) })
			return s
		}
		live := func(s store.Session) bool {
			t.Helper()
			s, err := db.Session(ctx, s.ID)
			if err != nil {
				t.Fatal(err)
			}
			return s.Live(time.Now())
		}
		first, second, third := begin(), begin(), begin()
		if !live(first) || first.Live(time.Now().Add(2*time.Hour)) {
			t.Error("a session lives for its hour")
		}
		o.write(t, func(ctx context.Context, tx *store.Tx) error {
			return tx.TouchSession(ctx, first.ID, tx.Now, 3*time.Hour)
		})
		if seen, err := db.Session(ctx, first.ID); err != nil || !seen.Live(time.Now().Add(2*time.Hour)) || seen.UserAgent != "test" || seen.IPAddress != "192.0.2.1" {
			t.Errorf("a touched session: %+v, %v", seen, err)
		}
		for range 2 {
			o.write(t, func(ctx context.Context, tx *store.Tx) error { return tx.RevokeSession(ctx, first.ID) })
		}
		if live(first) || !live(second) {
			t.Error("one session ends, the other does not")
		}
		o.write(t, func(ctx context.Context, tx *store.Tx) error {
			return tx.SetPassword(ctx, o.person.ID, "new", second.ID)
		})
		if live(third) || !live(second) {
			t.Error("a new password ends all sessions but the one kept")
		}
		o.person.IsActive = false
		o.write(t, func(ctx context.Context, tx *store.Tx) error { return tx.UpdateUser(ctx, &o.person) })
		if live(second) {
			t.Error("a deactivation ends all sessions")
		}
		_, err := db.Session(ctx, fieldops.NewID())
		wantKind(t, err, fieldops.NotFound, "Session")

		try := func(email, ip string) error {
			return o.try(t, func(ctx context.Context, tx *store.Tx) error { return tx.BeginLogin(ctx, email, ip) })
		}
		for range 5 {
			if err := try("Aroha@firm.nz", "192.0.2.7"); err != nil {
				t.Fatal(err)
			}
		}
		err = try("aroha@FIRM.nz", "192.0.2.7")
		wantKind(t, err, fieldops.TooMany, "Too many")
		if wait := err.(*fieldops.Error).RetryAfter; wait < 890 || wait > 901 { //nolint:errorlint,forcetypeassert // wantKind has checked it
			t.Errorf("wait %d s, want about 900", wait)
		}
		if err := try("aroha@firm.nz", "192.0.2.8"); err != nil {
			t.Errorf("another address: %v", err)
		}
		o.write(t, func(ctx context.Context, tx *store.Tx) error {
			return tx.ForgetLoginFailures(ctx, "AROHA@firm.nz", "192.0.2.7")
		})
		if err := try("aroha@firm.nz", "192.0.2.7"); err != nil {
			t.Errorf("after a success: %v", err)
		}
	})
}

func TestClientsAreFoundListedAndDeleted(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		o := newOffice(t, db)
		ctx := t.Context()
		address := "1 Te Ākau Road"
		supplier := fieldops.Client{Name: "Ōtaki Cables", ClientType: fieldops.Supplier, Address: &address}
		both := fieldops.Client{Name: "Both & Co 100%", ClientType: fieldops.CustomerSupplier, Status: fieldops.ClientInactive}
		o.write(t, func(ctx context.Context, tx *store.Tx) error {
			if err := tx.InsertClient(ctx, &supplier); err != nil {
				return err
			}
			return tx.InsertClient(ctx, &both)
		})
		o.book(t, "2026-05-04", 75_000)
		last := o.book(t, "2026-05-06", 10_000)
		for _, c := range []struct {
			filter store.ClientFilter
			want   []string
		}{
			{store.ClientFilter{}, []string{"Both & Co 100%", "Kōwhai Café", "Ōtaki Cables"}},
			{store.ClientFilter{Desc: true}, []string{"Ōtaki Cables", "Kōwhai Café", "Both & Co 100%"}},
			{store.ClientFilter{Search: "kowhai"}, []string{"Kōwhai Café"}},
			{store.ClientFilter{Search: "CAFÉ kōw"}, []string{"Kōwhai Café"}},
			{store.ClientFilter{Search: "akau"}, []string{"Ōtaki Cables"}},
			{store.ClientFilter{Search: "100%"}, []string{"Both & Co 100%"}},
			{store.ClientFilter{Search: "1_0"}, nil},
			{store.ClientFilter{Search: `\`}, nil},
			{store.ClientFilter{Type: fieldops.Supplier}, []string{"Both & Co 100%", "Ōtaki Cables"}},
			{store.ClientFilter{Status: fieldops.ClientActive, Type: fieldops.Customer}, []string{"Kōwhai Café"}},
			{store.ClientFilter{Sort: "created_at"}, []string{"Kōwhai Café", "Ōtaki Cables", "Both & Co 100%"}},
			{store.ClientFilter{Sort: "total_hours", Search: "ka cab"}, []string{"Ōtaki Cables"}},
		} {
			c.filter.Page = store.Page{Number: 1, Size: 10}
			clients, listing, err := db.Clients(ctx, c.filter)
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, client := range clients {
				names = append(names, client.Name)
			}
			if diff := cmp.Diff(c.want, names); diff != "" || listing.Total != len(c.want) {
				t.Errorf("%+v: %d (-want +got):\n%s", c.filter, listing.Total, diff)
			}
		}
		busiest, listing, err := db.Clients(ctx, store.ClientFilter{Sort: "total_hours", Desc: true, Page: store.Page{Number: 1, Size: 1}})
		if err != nil || listing.Total != 3 || len(busiest) != 1 || busiest[0].ID != o.client.ID {
			t.Fatalf("the busiest: %+v, %d, %v", busiest, listing.Total, err)
		}
		if b := busiest[0]; b.ActiveProjects != 1 || b.TotalHours != 85_000 || b.LastContact != last.Date || b.TotalPurchaseOrders != 0 {
			t.Errorf("its sums: %+v", b)
		}
		if page, _, err := db.Clients(ctx, store.ClientFilter{Page: store.Page{Number: 2, Size: 2}}); err != nil || len(page) != 1 || page[0].Name != "Ōtaki Cables" {
			t.Errorf("the second page: %+v, %v", page, err)
		}

		remove := func(id fieldops.ID) error {
			return o.try(t, func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.Delete(ctx, fieldops.RecordClient, id)
				return err
			})
		}
		if err := remove(supplier.ID); err != nil {
			t.Fatal(err)
		}
		wantKind(t, remove(supplier.ID), fieldops.NotFound, "Client not found")
		_, err = db.Client(ctx, supplier.ID)
		wantKind(t, err, fieldops.NotFound, "Client not found")
		if gone, err := db.AnyClient(ctx, supplier.ID); err != nil || gone.DeletedAt.IsZero() {
			t.Errorf("a deleted client can still be named: %+v, %v", gone, err)
		}
		broken := o.client
		broken.Name, broken.ClientType, broken.PaymentTerms.Day = " ", "friend", 99
		err = o.try(t, func(ctx context.Context, tx *store.Tx) error { return tx.UpdateClient(ctx, &broken) })
		for _, part := range []string{"name:", "client_type:", "payment_terms_day:"} {
			wantKind(t, err, fieldops.Invalid, part)
		}
	})
}

func TestAClientInXeroTravelsWhenItsContactChanges(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		o := newOffice(t, db)
		o.write(t, func(ctx context.Context, tx *store.Tx) error {
			_, _, err := tx.RequestSync(ctx, fieldops.DocumentRef{Kind: fieldops.KindClient, ID: o.client.ID}, fieldops.OpCreate)
			return err
		})
		c, err := db.Client(t.Context(), o.client.ID)
		if err != nil || c.SyncStatus != fieldops.SyncPending || c.XeroSyncID == nil {
			t.Fatalf("the client shows %q and %v, %v", c.SyncStatus, c.XeroSyncID, err)
		}
		// A worker of a system in which every lease has passed already sees the
		// newest revision.
		revision := func() (n int64) {
			t.Helper()
			o.write(t, func(ctx context.Context, tx *store.Tx) error {
				claim, err := tx.ClaimIntent(ctx, fieldops.Durations{}, *c.XeroSyncID)
				if err != nil {
					return err
				}
				n = claim.Revision
				return nil
			})
			return n
		}
		asked := revision()
		note := "gate code 1234"
		c.Notes = &note
		o.write(t, func(ctx context.Context, tx *store.Tx) error { return tx.UpdateClient(ctx, &c) })
		if got := revision(); got != asked {
			t.Errorf("a note travels: revision %d, want %d", got, asked)
		}
		c.Name = "Kōwhai Bistro"
		o.write(t, func(ctx context.Context, tx *store.Tx) error { return tx.UpdateClient(ctx, &c) })
		if got := revision(); got != asked+1 {
			t.Errorf("a new name: revision %d, want %d", got, asked+1)
		}
		if again, err := db.Client(t.Context(), o.client.ID); err != nil || again.Name != c.Name || *again.Notes != note {
			t.Errorf("changed: %+v, %v", again, err)
		}
	})
}

func TestProjectCodesAreNeverUsedTwice(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		o := newOffice(t, db)
		year := time.Now().UTC().Add(13 * time.Hour).Year()
		const n = 20
		codes := make([]string, n)
		var all sync.WaitGroup
		for i := range n {
			all.Go(func() {
				p := fieldops.Project{Name: fmt.Sprint("Job ", i)}
				if err := o.try(t, func(ctx context.Context, tx *store.Tx) error { return tx.InsertProject(ctx, &p, nil) }); err != nil {
					t.Error(err)
				}
				codes[i] = p.Code
			})
		}
		all.Wait()
		slices.Sort(codes)
		for i, code := range codes {
			if want := fmt.Sprintf("PRJ-%d-%03d", year, i+2); code != want {
				t.Errorf("code %d is %s, want %s", i, code, want)
			}
		}
		projects, listing, err := db.Projects(t.Context(), store.ProjectFilter{Search: codes[n-1], Page: store.Page{Number: 1, Size: 5}})
		if err != nil || listing.Total != 1 {
			t.Fatalf("by code: %+v, %v", projects, err)
		}
		o.write(t, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Delete(ctx, fieldops.RecordProject, projects[0].ID)
			return err
		})
		next := fieldops.Project{Name: "Next"}
		o.write(t, func(ctx context.Context, tx *store.Tx) error { return tx.InsertProject(ctx, &next, nil) })
		if want := fmt.Sprintf("PRJ-%d-%03d", year, n+2); next.Code != want {
			t.Errorf("after a deletion comes %s, want %s", next.Code, want)
		}
	})
}

func TestProjectsAndTheirSums(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		o := newOffice(t, db)
		ctx := t.Context()
		o.book(t, "2026-05-04", 75_000)          // 712.50
		o.book(t, "2026-05-05", 3_300)           // 31.35
		third := o.book(t, "2026-05-06", 12_500) // 118.75
		o.write(t, func(ctx context.Context, tx *store.Tx) error {
			t, err := tx.LockTimesheet(ctx, third.ID, "delete")
			if err != nil {
				return err
			}
			_, err = tx.Delete(ctx, fieldops.RecordTimesheet, t.ID)
			return err
		})
		p, err := db.Project(ctx, o.project.ID)
		if err != nil || p.HoursLogged != 78_300 || p.ActualCost != 743_85 || p.ClientName != o.client.Name ||
			!cmp.Equal(p.CostCenters, []store.CostCenterName{{ID: o.center.ID, Code: "CC-1", Name: "Kitchen"}}) {
			t.Errorf("%+v, %v", p, err)
		}
		if orders, _, _, err := db.ProjectPurchases(ctx, o.project.ID); err != nil || orders != (store.OrderTotals{}) {
			t.Errorf("orders %+v, %v", orders, err)
		}
		empty := fieldops.Project{Name: "Āwhina House", Status: "quoted", Budget: 10_000_00}
		o.write(t, func(ctx context.Context, tx *store.Tx) error { return tx.InsertProject(ctx, &empty, nil) })
		for _, c := range []struct {
			filter store.ProjectFilter
			want   []string
		}{
			{store.ProjectFilter{Desc: true}, []string{"Āwhina House", "Rewire"}},
			{store.ProjectFilter{Sort: "budget"}, []string{"Rewire", "Āwhina House"}},
			{store.ProjectFilter{Sort: "status"}, []string{"Rewire", "Āwhina House"}},
			{store.ProjectFilter{Sort: "name", Search: "awhina"}, []string{"Āwhina House"}},
			{store.ProjectFilter{ClientID: o.client.ID}, []string{"Rewire"}},
			{store.ProjectFilter{CostCenterID: o.center.ID}, []string{"Rewire"}},
			{store.ProjectFilter{Status: "paid"}, nil},
		} {
			c.filter.Page = store.Page{Number: 1, Size: 10}
			found, listing, err := db.Projects(ctx, c.filter)
			var names []string
			for _, p := range found {
				names = append(names, p.Name)
			}
			if diff := cmp.Diff(c.want, names); diff != "" || err != nil || listing.Total != len(c.want) {
				t.Errorf("%+v: %v, %d (-want +got):\n%s", c.filter, err, listing.Total, diff)
			}
		}

		nowhere := fieldops.NewID()
		wrong := fieldops.Project{Name: "", Status: "lost", ClientID: &nowhere, StartDate: "2026-05-02", EndDate: "2026-05-01"}
		err = o.try(t, func(ctx context.Context, tx *store.Tx) error {
			return tx.InsertProject(ctx, &wrong, []fieldops.ID{o.center.ID, nowhere})
		})
		for _, part := range []string{"name:", "status:", "client_id:", "end_date:", "cost_center_ids[1]:"} {
			wantKind(t, err, fieldops.Invalid, part)
		}
		changed := p.Project
		changed.Name, changed.Status = "Rewired", "completed"
		o.write(t, func(ctx context.Context, tx *store.Tx) error { return tx.UpdateProject(ctx, &changed, []fieldops.ID{}) })
		if p, err = db.Project(ctx, p.ID); err != nil || p.Name != "Rewired" || p.Status != "completed" || len(p.CostCenters) != 0 || p.Code != o.project.Code {
			t.Errorf("changed: %+v, %v", p, err)
		}
	})
}

func TestCostCentersAndActivityTypesInUseStay(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		o := newOffice(t, db)
		ctx := t.Context()
		o.book(t, "2026-05-04", 75_000)
		twin := fieldops.CostCenter{Code: "CC-1", Name: "Twin"}
		wantKind(t, o.try(t, func(ctx context.Context, tx *store.Tx) error { return tx.InsertCostCenter(ctx, &twin) }), fieldops.Invalid, "Cost center code already exists")
		unused := fieldops.CostCenter{Code: "CC-0", Name: "Unused"}
		idle := fieldops.ActivityType{Name: "admin", Icon: "File", Color: "gray", HourlyRate: 500_000}
		o.write(t, func(ctx context.Context, tx *store.Tx) error {
			if err := tx.InsertCostCenter(ctx, &unused); err != nil {
				return err
			}
			return tx.InsertActivityType(ctx, &idle)
		})
		centers, err := db.CostCenters(ctx, false)
		if err != nil || len(centers) != 2 || centers[0].Code != "CC-0" {
			t.Fatalf("%+v, %v", centers, err)
		}
		if k := centers[1]; k.ProjectCount != 1 || k.TotalHours != 75_000 || k.TotalCost != 712_50 {
			t.Errorf("its sums: %+v", k)
		}
		if active, err := db.CostCenters(ctx, true); err != nil || len(active) != 1 {
			t.Errorf("active: %+v, %v", active, err)
		}
		types, err := db.ActivityTypes(ctx, false)
		if err != nil || len(types) != 2 || types[0].Name != "admin" || types[1].UsageCount != 1 {
			t.Errorf("%+v, %v", types, err)
		}
		if active, err := db.ActivityTypes(ctx, true); err != nil || len(active) != 1 {
			t.Errorf("active: %+v, %v", active, err)
		}
		wantKind(t, o.try(t, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteCostCenter(ctx, o.center.ID) }), fieldops.Invalid, "1 timesheets")
		wantKind(t, o.try(t, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteActivityType(ctx, o.activity.ID) }), fieldops.Invalid, "1 timesheets")
		o.write(t, func(ctx context.Context, tx *store.Tx) error {
			if err := tx.DeleteCostCenter(ctx, unused.ID); err != nil {
				return err
			}
			return tx.DeleteActivityType(ctx, idle.ID)
		})
		_, err = db.CostCenter(ctx, unused.ID)
		wantKind(t, err, fieldops.NotFound, "Cost center not found")
		_, err = db.ActivityType(ctx, idle.ID)
		wantKind(t, err, fieldops.NotFound, "Activity type not found")
		again := fieldops.CostCenter{Code: "CC-0", Name: "Again"}
		o.write(t, func(ctx context.Context, tx *store.Tx) error { return tx.InsertCostCenter(ctx, &again) })
	})
}

func TestTheRateOfWorkIsFrozen(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		o := newOffice(t, db)
		ctx := t.Context()
		entry := o.book(t, "2026-05-04", 75_000)
		if entry.HourlyRate != 950_000 || entry.ClientID == nil || *entry.ClientID != o.client.ID || entry.Amount() != 712_50 {
			t.Fatalf("written: %+v", entry)
		}
		change := func(change func(*fieldops.Timesheet)) fieldops.Timesheet {
			t.Helper()
			o.write(t, func(ctx context.Context, tx *store.Tx) error {
				before, err := tx.LockTimesheet(ctx, entry.ID, "edit")
				if err != nil {
					return err
				}
				after := before
				change(&after)
				return tx.UpdateTimesheet(ctx, &before, &after)
			})
			after, err := db.Timesheet(ctx, entry.ID)
			if err != nil {
				t.Fatal(err)
			}
			return after
		}
		travel := fieldops.ActivityType{Name: "Travel", Icon: "Car", Color: "blue", HourlyRate: 601_234, IsActive: true}
		o.activity.HourlyRate = 990_000
		o.write(t, func(ctx context.Context, tx *store.Tx) error {
			if err := tx.InsertActivityType(ctx, &travel); err != nil {
				return err
			}
			return tx.UpdateActivityType(ctx, &o.activity)
		})
		if after := change(func(t *fieldops.Timesheet) { t.Hours = 10_000 }); after.HourlyRate != 950_000 {
			t.Errorf("an edit of hours changed the rate to %s", after.HourlyRate)
		}
		if after := change(func(t *fieldops.Timesheet) { t.ActivityTypeID = &travel.ID }); after.HourlyRate != 601_234 || after.ActivityTypeName != "Travel" {
			t.Errorf("another activity has the rate %s", after.HourlyRate)
		}
		if after := change(func(t *fieldops.Timesheet) { t.ActivityTypeID = &o.activity.ID }); after.HourlyRate != 990_000 {
			t.Errorf("back again it is %s", after.HourlyRate)
		}
		o.center.IsActive = false
		o.write(t, func(ctx context.Context, tx *store.Tx) error { return tx.UpdateCostCenter(ctx, &o.center) })
		if after := change(func(t *fieldops.Timesheet) { t.Hours = 20_000 }); after.Hours != 20_000 {
			t.Error("an edit keeps a cost centre that is not in use any more")
		}
		fresh := o.work("2026-05-05", 10_000)
		wantKind(t, o.try(t, func(ctx context.Context, tx *store.Tx) error { return tx.InsertTimesheet(ctx, &fresh) }), fieldops.Invalid, "cost_center_id: Cost center does not exist or is not in use")
	})
}

func TestEverythingWrongWithATimesheetIsToldAtOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		o := newOffice(t, db)
		nowhere := fieldops.NewID()
		tomorrow := fieldops.DateOf(time.Now(), time.FixedZone("NZDT", 13*3600)).AddDays(3)
		for name, c := range map[string]struct {
			entry fieldops.Timesheet
			parts []string
		}{
			"nothing":       {fieldops.Timesheet{}, []string{"user_id:", "project_id:", "activity_type_id:", "cost_center_id:", "date:", "hours:"}},
			"unknown":       {fieldops.Timesheet{UserID: &nowhere, ProjectID: &nowhere, ActivityTypeID: &nowhere, CostCenterID: &nowhere, ClientID: &nowhere, Date: "2026-05-04", Hours: 10_000}, []string{"Invalid project, activity type, or cost center", "user_id:", "project_id:", "activity_type_id:", "cost_center_id:", "client_id:"}},
			"future":        {o.work(tomorrow, 10_000), []string{"date: Date must not be in the future"}},
			"too short":     {o.work("2026-05-04", 2_499), []string{"Hours must be between 0.25 and 24"}},
			"too long":      {o.work("2026-05-04", 240_100), []string{"Hours must be between 0.25 and 24"}},
			"finer":         {o.work("2026-05-04", 10_010), []string{"two digits"}},
			"long ago":      {o.work("1999-12-31", 10_000), []string{"date:"}},
			"both and more": {o.work(tomorrow, 0), []string{"date:", "hours:"}},
		} {
			err := o.try(t, func(ctx context.Context, tx *store.Tx) error { return tx.InsertTimesheet(ctx, &c.entry) })
			for _, part := range c.parts {
				t.Run(name, func(t *testing.T) { wantKind(t, err, fieldops.Invalid, part) })
			}
		}
		for _, hours := range []fieldops.E4{2_500, 240_000} {
			o.book(t, "2026-05-04", hours)
		}
		if sum, err := db.DayHours(t.Context(), o.person.ID, "2026-05-04"); err != nil || sum != 242_500 {
			t.Errorf("the day has %s hours, %v", sum, err)
		}
	})
}

func TestBilledWorkCannotBeChanged(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		o := newOffice(t, db)
		entry := o.book(t, "2026-05-04", 75_000)
		stale := entry
		invoice := o.bill(t, entry)
		lock := func(verb string) error {
			return o.try(t, func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.LockTimesheet(ctx, entry.ID, verb)
				return err
			})
		}
		wantKind(t, lock("edit"), fieldops.Invalid, "Cannot edit timesheet that has been billed or paid")
		wantKind(t, lock("delete"), fieldops.Invalid, "Cannot delete timesheet that has been billed or paid")
		// Even a caller that kept an old reading cannot write over it.
		if err := o.try(t, func(ctx context.Context, tx *store.Tx) error { return tx.UpdateTimesheet(ctx, &stale, &stale) }); err == nil {
			t.Error("billed work was changed")
		}
		if err := o.try(t, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Delete(ctx, fieldops.RecordTimesheet, stale.ID)
			return err
		}); err == nil {
			t.Error("billed work was deleted")
		}
		got, err := db.Timesheet(t.Context(), entry.ID)
		if err != nil || got.InvoiceNumber != invoice.Number || got.BillingStatus != fieldops.Billed || got.UserName != "Aroha" ||
			got.ProjectCode != o.project.Code || got.ClientName != o.client.Name || got.CostCenterCode != "CC-1" || got.ActivityTypeIcon != "Zap" {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

func TestTimesheetsAreFiltered(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		o := newOffice(t, db)
		ctx := t.Context()
		for _, day := range []fieldops.Date{"2026-05-04", "2026-05-05", "2026-05-06"} {
			o.book(t, day, 10_000)
		}
		billed := o.book(t, "2026-05-07", 10_000)
		invoice := o.bill(t, billed)
		other := fieldops.NewID()
		for _, c := range []struct {
			filter store.TimesheetFilter
			want   []fieldops.Date
		}{
			{store.TimesheetFilter{}, []fieldops.Date{"2026-05-07", "2026-05-06", "2026-05-05", "2026-05-04"}},
			{store.TimesheetFilter{UserID: o.person.ID, ProjectID: o.project.ID, ClientID: o.client.ID, CostCenterID: o.center.ID, From: "2026-05-05", To: "2026-05-06"}, []fieldops.Date{"2026-05-06", "2026-05-05"}},
			{store.TimesheetFilter{BillingStatus: fieldops.Billed}, []fieldops.Date{"2026-05-07"}},
			{store.TimesheetFilter{InvoiceID: invoice.ID}, []fieldops.Date{"2026-05-07"}},
			{store.TimesheetFilter{UserID: other}, nil},
		} {
			c.filter.Page = store.Page{Number: 1, Size: 10}
			found, listing, err := db.Timesheets(ctx, c.filter)
			var days []fieldops.Date
			for _, t := range found {
				days = append(days, t.Date)
			}
			if diff := cmp.Diff(c.want, days); diff != "" || err != nil || listing.Total != len(c.want) {
				t.Errorf("%+v: %v, %d (-want +got):\n%s", c.filter, err, listing.Total, diff)
			}
		}
		page, listing, err := db.Timesheets(ctx, store.TimesheetFilter{Page: store.Page{Number: 2, Size: 3}})
		if err != nil || listing.Total != 4 || len(page) != 1 || page[0].Date != "2026-05-04" {
			t.Errorf("the second page: %+v, %d, %v", page, listing.Total, err)
		}
	})
}

func TestPhotosAreFoundByTheirTimesheet(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		o := newOffice(t, db)
		entry := o.work("2026-05-04", 10_000)
		entry.ImageURLs = []string{"/uploads/timesheets/2026/a_b.jpg", "/uploads/timesheets/2026/a_c.jpg"}
		o.write(t, func(ctx context.Context, tx *store.Tx) error { return tx.InsertTimesheet(ctx, &entry) })
		if got, err := db.TimesheetsWithImage(t.Context(), entry.ID, entry.ImageURLs[1]); err != nil || len(got) != 1 || !cmp.Equal(got[0].ImageURLs, entry.ImageURLs) {
			t.Errorf("%+v, %v", got, err)
		}
		for _, url := range []string{"/uploads/timesheets/2026/a", "%", "/uploads/timesheets/2026/a_b_jpg"} {
			_, err := db.TimesheetsWithImage(t.Context(), entry.ID, url)
			wantKind(t, err, fieldops.NotFound, "File not found")
		}
	})
}

func TestARepeatedRequestFindsItsFirstAnswer(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		o := newOffice(t, db)
		newKey := func(hash string) *store.RequestKey {
			return &store.RequestKey{User: o.person.ID, Route: "POST /api/clients", Key: "k", Hash: hash}
		}
		begin := func(key *store.RequestKey) (kept *store.KeptAnswer) {
			t.Helper()
			o.write(t, func(ctx context.Context, tx *store.Tx) (err error) {
				kept, err = tx.BeginRequest(ctx, key)
				return err
			})
			return kept
		}
		first := newKey("h1")
		if kept := begin(first); kept != nil {
			t.Fatalf("a fresh key is taken: %+v", kept)
		}
		running := begin(newKey("h1"))
		if running == nil || running.Status != 0 || running.Hash != "h1" {
			t.Fatalf("while it runs: %+v", running)
		}
		o.write(t, func(ctx context.Context, tx *store.Tx) error { return tx.FreeRequest(ctx, first) })
		second := newKey("h2")
		if kept := begin(second); kept != nil {
			t.Fatalf("a freed key is taken: %+v", kept)
		}
		wantKind(t, o.try(t, func(ctx context.Context, tx *store.Tx) error { return tx.KeepAnswer(ctx, first, 201, "{}") }), fieldops.Conflict, "took too long")

		third := newKey("h2")
		since := begin(newKey("h2")).Since
		o.write(t, func(ctx context.Context, tx *store.Tx) error {
			if won, err := tx.TakeOverRequest(ctx, third, since); err != nil || !won {
				t.Errorf("taken over: %v, %v", won, err)
			}
			return nil
		})
		o.write(t, func(ctx context.Context, tx *store.Tx) error {
			if won, err := tx.TakeOverRequest(ctx, newKey("h2"), since); err != nil || won {
				t.Errorf("taken over twice: %v, %v", won, err)
			}
			return nil
		})
		wantKind(t, o.try(t, func(ctx context.Context, tx *store.Tx) error { return tx.KeepAnswer(ctx, second, 201, "{}") }), fieldops.Conflict, "took too long")
		o.write(t, func(ctx context.Context, tx *store.Tx) error { return tx.KeepAnswer(ctx, third, 201, `{"id":"x"}`) })
		if kept := begin(newKey("other")); kept == nil || kept.Status != 201 || kept.Body != `{"id":"x"}` || kept.Hash != "h2" {
			t.Errorf("the answer kept: %+v", kept)
		}
		o.write(t, func(ctx context.Context, tx *store.Tx) error { return tx.FreeRequest(ctx, third) })
		if kept := begin(newKey("h2")); kept == nil || kept.Status != 201 {
			t.Errorf("an answer that was kept cannot be freed: %+v", kept)
		}
	})
}

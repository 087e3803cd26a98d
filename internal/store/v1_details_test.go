package store_test

import (
	"context"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
	"ampedfieldops/internal/store/storetest"
)

// id is a record of the fixtures.
func id(last string) string {
	return "00000000-0000-4000-8000-" + strings.Repeat("0", 12-len(last)) + last
}

// storedOf asks where the bytes of a file of a project lie.
func storedOf(file string) string {
	return "select s.place || ' ' || s.ref || ' ' || s.size from project_files f join stored_files s on s.id = f.file_id where f.id = '" + id(file) + "'"
}

// TestUpgradeCleansEveryOddity looks at one record for each condition that real
// databases of the former product are in.
func TestUpgradeCleansEveryOddity(t *testing.T) {
	t.Parallel()
	raw, url := formerFirm(t, 3)
	photos := map[string][]byte{}
	if _, err := openFormer(t, url).MigrateOrUpgrade(t.Context(), upgrading(photos)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ what, query, want string }{
		{"a password goes on working", "select password_hash from users where id = '" + id("1") + "'", "$2a$10$abcdefghijklmnopqrstuuN3JmcjJzv9Yk4WzKkq7Z4y6q8f1x2yS"},
		{"an address is folded to sign in with", "select email_folded from users where id = '" + id("2") + "'", "mere@sparky.co.nz"},
		{"the active of two with one address keeps it", "select email_folded from users where id = '" + id("3") + "'", "mere@sparky.co.nz#" + id("3")},
		{"a manager lacks what the former product looked for and did not find", "select string_agg(permission || ' ' || granted, ', ' order by permission) from user_permissions where user_id = '" + id("2") + "'", "can_manage_clients false"},
		{"a technician has what was granted and lacks what was denied", "select string_agg(permission || ' ' || granted, ', ' order by permission) from user_permissions where user_id = '" + id("4") + "'", "can_create_timesheets false, can_open_the_gate true, can_sync_xero true"},
		{"the newest of duplicate settings wins", "select value from settings where key = 'company_name'", "Sparky Ltd"},
		{"a secret is sealed", "select value from settings where key = 'smtp_password'", "sealed:" + hex.EncodeToString([]byte("hunter2hunter2"))},
		{"an unknown setting is in v1 only", "select count(*) from settings where key = 'made_up_by_somebody'", "0"},
		{"a personal setting stays personal", "select value from user_settings where key = 'recent_searches'", `[{"query":"marae"}]`},
		{"no token is taken over", "select (select count(*) from xero_tokens) + (select count(*) from user_settings where key = 'google_drive_tokens')", "0"},
		{"a client of Xero is synced, under a plain id", "select sync_status || ' ' || xero_contact_id from clients where id = '" + id("c01") + "'", "synced c0000000-0000-4000-8000-000000000001"},
		{"the second of the same contact is not", "select coalesce(cast(sync_status as text), 'no') || coalesce(xero_contact_id, ' none') from clients where id = '" + id("c02") + "'", "no none"},
		{"a Māori name is found", "select count(*) from clients where search_folded like '%maori land trust%hemi%'", "1"},
		{"a deleted client is in the bin", "select d.label from clients c join deletions d on d.id = c.deletion_id where c.id = '" + id("c05") + "'", "Gone"},
		{"new projects are numbered on", "select next from number_series where name = 'project-2026'", "8"},
		{"an unused activity of the same name is gone, used ones stay", "select count(*) from activity_types where deleted_at is null", "3"},
		{"a placeholder is no id, and the invoice waits", "select taken_over || ' ' || sync_status || coalesce(xero_invoice_id, ' none') || coalesce(cast(xero_sync_id as text), ' none') from xero_invoices where id = '" + id("e001") + "'", "true pending none none"},
		{"of two with one number Xero's keeps it", "select invoice_number from xero_invoices where id = '" + id("e002") + "'", "INV-00001"},
		{"the other has a suffix", "select invoice_number like 'INV-00001-%' from xero_invoices where id = '" + id("e001") + "'", "true"},
		{"a placeholder serves where there was no number", "select invoice_number from xero_invoices where id = '" + id("e004") + "'", "INV-1767600000000"},
		{"new invoices are numbered on", "select next from number_series where name = 'invoice'", "14"},
		{"floats are rounded and the total is kept", "select total_cents || ' ' || sum(l.line_amount_cents) || ' ' || string_agg(cast(l.line_amount_cents as text), '+' order by position) from xero_invoices i join xero_invoice_lines l on l.invoice_id = i.id where i.id = '" + id("e001") + "' group by i.id", "76777 76777 69639+7138"},
		{"Xero's lines are read with their tax", "select unit_price_e4 || ' ' || line_amount_cents || ' ' || tax_amount_cents || ' ' || tax_rate_ppm || ' ' || tax_type || ' ' || account_code from xero_invoice_lines where invoice_id = '" + id("e002") + "'", "1000000 10000 1500 150000 OUTPUT2 200"},
		{"of amounts with tax the tax is taken out", "select quantity_e4 || ' ' || unit_price_e4 || ' ' || line_amount_cents || ' ' || tax_amount_cents from xero_invoice_lines where invoice_id = '" + id("e003") + "'", "20000 1000000 20000 3000"},
		{"an invoice without lines has one that says so, and a warning", "select (select description from xero_invoice_lines l where l.invoice_id = i.id) || (sync_warning is not null) from xero_invoices i where id = '" + id("e006") + "'", "Invoice INV-00013true"},
		{"what is paid follows from what is due", "select amount_paid_cents || ' ' || amount_due_cents || ' ' || xero_settled_cents from xero_invoices where id = '" + id("e002") + "'", "5750 5750 5750"},
		{"the id that the second version wrote is Xero's", "select sync_status || ' ' || xero_invoice_id from xero_invoices where id = '" + id("e004") + "'", "synced d0000000-0000-4000-8000-0000000000a4"},
		{"PARTIALLY_PAID is authorised", "select status from xero_invoices where id = '" + id("e004") + "'", "AUTHORISED"},
		{"nobody chose dollars of another country", "select string_agg(distinct currency, ',') from xero_invoices", "NZD"},
		{"a bill is no invoice", "select count(*) from xero_invoices where id in ('" + id("e007") + "', '" + id("e008") + "')", "0"},
		{"its payment is the bill's", "select bill_id from xero_payments where id = '" + id("1003") + "'", id("b1001")},
		{"a voided invoice is in the bin", "select d.label from xero_invoices c join deletions d on d.id = c.deletion_id where c.id = '" + id("e005") + "'", "INV-00012"},
		{"billed work keeps the rate of its invoice", "select hourly_rate_e4 || ' ' || cost_rate_e4 || ' ' || billing_status || (invoice_line_id is not null) || sync_status from timesheets where id = '" + id("d001") + "'", "950050 950050 billedtruepending"},
		{"the second activity of the invoice, too", "select hourly_rate_e4 from timesheets where id = '" + id("d002") + "'", "860000"},
		{"unbilled work gets the rate of its activity", "select hourly_rate_e4 from timesheets where id = '" + id("d004") + "'", "1000000"},
		{"work of a voided invoice is held back", "select billing_status || (hold_reason like '%INV-00012%') from timesheets where id = '" + id("d006") + "'", "unbilledtrue"},
		{"billed work without an invoice is held back", "select billing_status || (hold_reason is not null) from timesheets where id = '" + id("d007") + "'", "unbilledtrue"},
		{"times without a zone are UTC", "select to_char(created_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI') || ' ' || date from timesheets where id = '" + id("d001") + "'", "2026-01-05 20:30 2026-01-05"},
		{"paths of photos are kept", "select image_urls ->> 0 from timesheets where id = '" + id("d001") + "'", "/uploads/projects/00000000-0000-4000-8000-00000000b001/board.jpg"},
		{"links to other stores are addresses here", "select string_agg(u, ' ') from json_array_elements_text((select image_urls from timesheets where id = '" + id("d004") + "')) u", "/uploads/timesheets/ab12/cd34/photo.jpg /uploads/former/abc"},
		{"which know where the bytes are", "select string_agg(place || ' ' || ref, ', ' order by place) from stored_files where record_id = '" + id("d004") + "'", "google-drive abc, s3 timesheets/ab12/cd34/photo.jpg"},
		{"an embedded picture is a file", "select image_urls ->> 0 like '/uploads/timesheets/2026/" + id("d003") + "_%.png' from timesheets where id = '" + id("d003") + "'", "true"},
		{"absent parents stay absent", "select count(*) from timesheets where id = '" + id("d003") + "' and user_id is null and project_id is null and client_id is null and activity_type_id is null", "1"},
		{"PENDING is a draft here", "select status || ' ' || total_cents from xero_quotes where id = '" + id("f001") + "'", "DRAFT 290100"},
		{"and sent where Xero has it", "select status from xero_quotes where id = '" + id("f002") + "'", "SENT"},
		{"CONVERTED is invoiced", "select status from xero_quotes where id = '" + id("f003") + "'", "INVOICED"},
		{"an order's lines keep their ids", "select description || ' ' || cost_center_id from xero_purchase_order_line_items where id = '" + id("a1001") + "'", "Cable " + id("c1")},
		{"a bill knows its order", "select purchase_order_id from xero_bills where id = '" + id("b1001") + "'", id("a001")},
		{"methods are the five", "select string_agg(payment_method, ',' order by id) from xero_payments", "CHECK,BANK_TRANSFER,BANK_TRANSFER,BANK_TRANSFER"},
		{"a payment reconciles one transaction", "select count(*) || ' ' || count(*) filter (where payment_id is not null) from bank_transactions where reconciled", "1 1"},
		{"stock is the sum of its movements", "select string_agg(cast(quantity_e4 as text), ',' order by quantity_e4) from stock_movements", "-12500,125000"},
		{"reminders are told apart", "select string_agg(reminder_type, ',' order by reminder_type) from payment_reminders", "days_7,days_7_again_2"},
		{"activity is audit", "select actor || ' ' || action || ' ' || (details ->> 'total') from audit_entries where entity_type = 'invoice'", "Mere Manager create 1"},
		{"what is in Xero is updated there later, in its organisation", "select count(*) || ' ' || min(tenant_id) || ' ' || min(revision) || ' ' || min(synced_revision) from sync_documents where entity_type = 'invoice'", "5 7e000000-0000-4000-8000-000000000001 1 1"},
		{"a file of a project keeps its id, name and uploader", "select file_name || ' ' || file_type || ' ' || uploaded_by || ' ' || cost_center_id || ' ' || to_char(created_at at time zone 'UTC', 'YYYY-MM-DD HH24') from project_files where id = '" + id("2f01") + "'", "Board plan.pdf pdf " + id("4") + " " + id("c1") + " 2026-01-06 08"},
		{"the key of a storage is one in S3, behind its prefix", storedOf("2f01"), "s3 firm/projects/" + id("b001") + "/files/" + id("c1") + "/ab/cd/" + id("aaaa") + ".pdf 2048"},
		{"an expired link is an object", storedOf("2f02"), "s3 cost-centers/ef/01/order.docx 512"},
		{"a file of a cost centre alone", "select coalesce(cast(project_id as text), 'none') || ' ' || s.record_kind || ' ' || s.path from project_files f join stored_files s on s.id = f.file_id where f.id = '" + id("2f02") + "'", "none cost_center /uploads/cost-centers/ef/01/order.docx"},
		{"a link to Google Drive", storedOf("2f03"), "google-drive drive-id-1 4096"},
		{"what is nowhere or nobody's is in v1 only", "select count(*) || ' ' || (select string_agg(cast(entity_id as text), ' ' order by entity_id) from v1.upgrade_oddities where table_name = 'project_files' and left_out) from project_files where id in ('" + id("2f04") + "', '" + id("2f05") + "')", "0 " + id("2f04") + " " + id("2f05")},
		{"a file that a timesheet shows, too, has the same bytes", "select s.record_kind || ' ' || s.path from project_files f join stored_files s on s.id = f.file_id where f.id = '" + id("2f06") + "'", "timesheet /uploads/projects/" + id("b001") + "/board.jpg"},
		{"one file listed twice is two of the same bytes", "select count(*) || ' ' || count(distinct file_id) from project_files f where file_id in (select id from stored_files where path = '/uploads/projects/plan.pdf')", "2 1"},
		{"a file of a deleted project is in the bin with it", "select (f.deletion_id = p.deletion_id) || ' ' || (f.deleted_at = p.deleted_at) from project_files f join projects p on p.id = f.project_id where f.id = '" + id("2f08") + "'", "true true"},
		{"what stood in the project itself is a file, unless it is one already", "select string_agg(f.file_name || ' ' || s.ref, ', ') from project_files f join stored_files s on s.id = f.file_id where cast(f.id as text) not like '00000000%' and f.file_name <> 'plan.pdf'", "letter.txt projects/" + id("b001") + "/letter.txt"},
		{"a file is found by its name", "select words from project_files where id = '" + id("2f03") + "'", "photo of the board\n"},
		{"a safety document keeps its id, form, state and times", "select title || ' ' || status || ' ' || number || ' ' || (cast(data as jsonb) ->> 'own') || ' ' || created_by || ' ' || cost_center_id || ' ' || to_char(approved_at at time zone 'UTC', 'YYYY-MM-DD HH24') from safety_documents where id = '" + id("5d01") + "'", "Main switchboard approved COC-00001 1 " + id("4") + " " + id("c1") + " 2026-01-07 08"},
		{"its PDF is adopted as what was issued", "select s.event || ' ' || s.revision || ' ' || f.place || ' ' || f.ref || ' ' || f.record_kind || ' ' || f.file_name from safety_document_revisions s join stored_files f on f.id = s.file_id where s.document_id = '" + id("5d01") + "'", "taken_over 1 s3 firm/projects/" + id("b001") + "/safety-documents/ab/cd/coc.pdf safety_document COC-00001.pdf"},
		{"a number that two bear is the first one's", "select coalesce(number, 'none') || ' ' || (cast(data as jsonb) ->> 'certificate_number') || ' ' || (select count(*) from safety_document_revisions where document_id = d.id and file_id is null) from safety_documents d where id = '" + id("5d02") + "'", "none COC-00001 1"},
		{"the PDF of a draft is the draft's, and a form that is none is kept", "select d.title || ' ' || f.path || ' ' || cast(d.data as text) from safety_documents d join stored_files f on f.id = d.draft_file_id where d.id = '" + id("5d03") + "'", "Electrical safety certificate /uploads/projects/draft-esc.pdf {\"former\":[\"a list\"]}"},
		{"a document of no project is in v1 only", "select count(*) || ' ' || (select string_agg(kind, ' ' order by kind) from v1.upgrade_oddities where table_name = 'safety_documents') from safety_documents where id = '" + id("5d04") + "'", "0 file form no_project number"},
		{"a safety document is found by its place", "select words from safety_documents where id = '" + id("5d01") + "'", "coc-00001\nmain switchboard\nwhangarei"},
		{"a scan keeps its id, file, uploader and what was read", "select status || ' ' || document_type || ' ' || user_id || ' ' || project_file_id || ' ' || project_id || ' ' || vendor_name || ' ' || document_number || ' ' || document_date || ' ' || total_cents || ' ' || tax_cents || ' ' || confidence || ' ' || words from document_scans where id = '" + id("5c1") + "'", "completed invoice " + id("4") + " " + id("2f06") + " " + id("b001") + " Copperline CL-881 2025-11-03 115000 15000 87 board.jpg\ncopperline\ncl-881"},
		{"what was not read there can be read here", "select status || ' ' || error_message from document_scans where id = '" + id("5c2") + "'", "failed The former product did not read it. Read it again."},
		{"a bill knows its scan and has the file", "select (b.scanned_document_id = s.id) || ' ' || (s.filed_id = b.id) || ' ' || (a.file_id = s.file_id) from xero_bills b join document_scans s on s.filed_kind = 'bill' and s.filed_id = b.id join attachments a on a.entity_type = 'bill' and a.entity_id = b.id where b.id = '" + id("b1001") + "'", "true true true"},
		{"of two matches of one pair the confirmed one counts", "select count(*) || ' ' || min(score) || ' ' || bool_and(confirmed) || ' ' || min(cast(match_reasons as text)) || ' ' || (select count(*) from v1.upgrade_oddities where table_name = 'document_matches' and left_out) from document_matches", "1 90 true [\"The same total\"] 2"},
		{"a scan without a file is in v1 only", "select count(*) from v1.upgrade_oddities where table_name = 'document_scans' and kind = 'no_file' and left_out", "1"},
		{"the receipt of an expense is a file of its own", "select e.receipt_url || ' ' || f.ref || ' ' || f.record_kind from xero_expenses e join attachments a on a.entity_type = 'expense' and a.entity_id = e.id join stored_files f on f.id = a.file_id where e.id = '" + id("e1001") + "'", "/uploads/receipts/parking.jpg receipts/parking.jpg expense"},
		{"operators' first query", "select count(*) from (select * from sync_logs where status_code >= 400 order by created_at desc) x", "1"},
		{"operators' second query", "select x.sync_status from (select sync_status, xero_sync_id from xero_invoices where id = '" + id("e001") + "') x", "pending"},
		{"operators' third query", "select count(*) from (select request_payload from sync_logs where entity_type = 'invoice' and entity_id = '" + id("e001") + "' order by created_at desc) x", "2"},
		{"the type is where it was", "select cast('failed' as public.sync_status_enum)", "failed"},
	} {
		if got := one(t, raw, c.query); got != c.want {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
	if len(photos) != 1 {
		t.Errorf("%d photos were kept, want 1", len(photos))
	}
}

// TestUpgradeCutShort ends an upgrade at each of its steps; each time the
// database is as it was.
func TestUpgradeCutShort(t *testing.T) {
	t.Parallel()
	raw, url := formerFirm(t, 3)
	before := fingerprint(t, raw, "public")
	db := openFormer(t, url)
	for step := 1; ; step++ {
		ctx, cancel := context.WithCancel(t.Context())
		u := upgrading(map[string][]byte{})
		told := 0
		u.Tell = func(string) {
			if told++; told == step {
				cancel()
			}
		}
		_, err := db.MigrateOrUpgrade(ctx, u)
		cancel()
		if err == nil {
			if step < 10 {
				t.Errorf("it was cut short at %d steps only", step-1)
			}
			return
		}
		same(t, fmt.Sprintf("cut short at step %d", step), fingerprint(t, raw, "public"), before)
		if n := one(t, raw, "select count(*) from pg_tables where schemaname = 'v1' or tablename = 'schema_migrations'"); n != "0" {
			t.Fatalf("cut short at step %d, %s tables remained", step, n)
		}
	}
}

// losingTriggers has PostgreSQL lose a little of each row that is put into the
// named new table: the fault is the database's, so that it does not depend on how
// the upgrade is written.
const losingTriggers = `
	create function lose_a_little() returns trigger language plpgsql as $$ begin %s; return new; end $$;
	create function have_it_lose() returns event_trigger language plpgsql as $$ begin
		if to_regclass('public.%[2]s') is not null
			and exists (select 1 from information_schema.columns where table_schema = 'public' and table_name = '%[2]s' and column_name = '%[3]s')
			and not exists (select 1 from pg_trigger where tgname = 'lose' and tgrelid = to_regclass('public.%[2]s')) then
			create trigger lose before insert on public.%[2]s for each row execute function lose_a_little();
		end if; end $$;
	create event trigger lose_from_now on ddl_command_end when tag in ('CREATE TABLE', 'ALTER TABLE', 'CREATE INDEX') execute function have_it_lose()`

// TestUpgradeThatLosesAnythingIsTakenBack loses a cent, a minute, a row and a
// password on the way, each by itself, and adds something to be sent.
func TestUpgradeThatLosesAnythingIsTakenBack(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ what, table, column, how, says string }{
		{"a cent of an invoice", "xero_invoices", "total_cents", "new.total_cents = new.total_cents - 1", "xero_invoices: totals were"},
		{"a cent of a line", "xero_bill_lines", "line_amount_cents", "new.line_amount_cents = new.line_amount_cents - 1", "xero_bills: the lines of 3 do not add up"},
		{"a hundredth of an hour", "timesheets", "hours_e4", "new.hours_e4 = new.hours_e4 - 100", "timesheets: hours were"},
		{"a file", "project_files", "words", "if new.id = '" + id("2f01") + "' then return null; end if", "project_files: rows were"},
		{"a safety document", "safety_documents", "words", "if new.id = '" + id("5d03") + "' then return null; end if", "safety_documents: rows were"},
		{"the size of a file", "stored_files", "size", "new.size = new.size - 1", "project_files: bytes of files not read yet were"},
		{"a payment", "xero_payments", "amount_cents", "if new.id = '" + id("1001") + "' then return null; end if", "xero_payments: rows were 4 and are 3"},
		{"a password", "users", "password_hash", "new.password_hash = ''", "users: password hashes were"},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			raw, url := formerFirm(t, 3)
			before := fingerprint(t, raw, "public")
			if _, err := raw.ExecContext(t.Context(), fmt.Sprintf(losingTriggers, c.how, c.table, c.column)); err != nil {
				t.Fatal(err)
			}
			_, err := openFormer(t, url).MigrateOrUpgrade(t.Context(), upgrading(map[string][]byte{}))
			if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "nothing is changed") {
				t.Errorf("the upgrade says %v", err)
			}
			same(t, "after the refusal", fingerprint(t, raw, "public"), before)
			if n := one(t, raw, "select count(*) from pg_tables where schemaname = 'v1'"); n != "0" {
				t.Errorf("%s tables are in v1", n)
			}
		})
	}
}

func TestFormerDatabaseIsNotOpenedByMistake(t *testing.T) {
	t.Parallel()
	_, url := formerFirm(t, 0)
	if err := openFormer(t, url).Migrate(t.Context()); !errors.Is(err, store.ErrFormer) {
		t.Errorf("Migrate says %v", err)
	}
}

// TestRollbackWithNewerRecords refuses to lose work, and writes it down first
// when it is told to.
func TestRollbackWithNewerRecords(t *testing.T) {
	t.Parallel()
	raw, url := formerFirm(t, 3)
	before := fingerprint(t, raw, "public")
	db := openFormer(t, url)
	if _, err := db.MigrateOrUpgrade(t.Context(), upgrading(map[string][]byte{})); err != nil {
		t.Fatal(err)
	}
	if _, err := raw.ExecContext(t.Context(), "update clients set name = 'Renamed since', updated_at = now() + interval '1 second' where id = '"+id("c03")+"'"); err != nil {
		t.Fatal(err)
	}
	if _, err := db.RollBackUpgrade(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "1 in clients") {
		t.Fatalf("the rollback says %v", err)
	}
	if got := one(t, raw, "select name from clients where id = '"+id("c03")+"'"); got != "Renamed since" {
		t.Fatalf("after the refusal the client is %q", got)
	}
	written := discarded{}
	if _, err := db.RollBackUpgrade(t.Context(), written.keep); err != nil {
		t.Fatal(err)
	}
	if written["clients"] == nil || !strings.Contains(written["clients"].String(), `"name":"Renamed since"`) || strings.Count(written["clients"].String(), "\n") != 1 {
		t.Errorf("written: %v", written)
	}
	same(t, "after the rollback", fingerprint(t, raw, "public"), before)
}

var upgradedSheets = flag.Int("upgraded-sheets", 10_000, "timesheets of the database that TestUpgradeOfMuchWork upgrades")

// TestUpgradeOfMuchWork is, unless told otherwise, the short form of the
// measurement with 100,000 timesheets.
func TestUpgradeOfMuchWork(t *testing.T) {
	t.Parallel()
	sheets := *upgradedSheets
	raw, url := formerFirm(t, 3)
	if _, err := raw.ExecContext(t.Context(), fmt.Sprintf(`insert into timesheets (user_id, project_id, client_id, activity_type_id, date, hours, notes, image_urls)
		select '%s', '%s', '%s', '%s', date '2026-01-01' + n %% 365, 0.25 + n %% 40 * 0.25, 'work ' || n, array['/uploads/projects/p/' || n || '.jpg'] from generate_series(1, %d) n`,
		id("4"), id("b001"), id("c01"), id("a1"), sheets)); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	if _, err := openFormer(t, url).MigrateOrUpgrade(t.Context(), upgrading(map[string][]byte{})); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d timesheets in %v", sheets, time.Since(begin))
	if got := one(t, raw, "select count(*) from timesheets"); got != strconv.Itoa(sheets+6) {
		t.Errorf("%s timesheets", got)
	}
}

// TestReleasedSchemaOpens opens the database of the previous release, with data,
// in this one.
func TestReleasedSchemaOpens(t *testing.T) {
	t.Parallel()
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			t.Parallel()
			db := openFormer(t, storetest.URL(t, engine))
			if err := store.MigrateTo(t.Context(), db, 2, releasedRows); err != nil {
				t.Fatal(err)
			}
			if err := db.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			sheet, err := db.Timesheet(t.Context(), id("d1"))
			if err != nil || sheet.Hours != 15_000 || sheet.HourlyRate != 1_100_000 || sheet.BillingStatus != fieldops.Billed {
				t.Errorf("the timesheet is %+v, %v", sheet, err)
			}
			invoice, err := db.Invoice(t.Context(), id("e1"))
			if err != nil || invoice.Total != 16_500 || invoice.AmountPaid != 500 || len(invoice.Lines) != 1 || invoice.Sync.Status != fieldops.SyncSynced {
				t.Errorf("the invoice is %+v, %v", invoice, err)
			}
			states, err := db.SyncStates(t.Context(), fieldops.KindInvoice, []fieldops.ID{id("e1")}, 3)
			if err != nil || states[id("e1")].WaitReason != nil {
				t.Errorf("its state is %+v, %v", states[id("e1")], err)
			}
		})
	}
}

const releasedTime = "'2026-11-01T00:00:00.000000Z'"

// releasedRows are rows as the previous release wrote them.
var releasedRows = []string{
	"insert into users (id, email, email_folded, password_hash, name, role, created_at, updated_at) values ('" + id("1") + "', 'a@b.nz', 'a@b.nz', 'x', 'A', 'admin', " + releasedTime + ", " + releasedTime + ")",
	"insert into clients (id, name, name_folded, payment_terms_type, payment_terms_day, search_folded, xero_contact_id, sync_status, created_at, updated_at) values ('" + id("c1") + "', 'C', 'c', 'OFFOLLOWINGMONTH', 20, 'c', 'c0000000-0000-4000-8000-000000000001', 'synced', " + releasedTime + ", " + releasedTime + ")",
	"insert into activity_types (id, name, icon, color, hourly_rate_e4, created_at, updated_at) values ('" + id("a1") + "', 'Labour', 'i', 'c', 1100000, " + releasedTime + ", " + releasedTime + ")",
	"insert into xero_invoices (id, xero_invoice_id, invoice_number, client_id, status, currency, issue_date, subtotal_cents, total_tax_cents, total_cents, amount_paid_cents, amount_due_cents, sync_status, created_at, updated_at) values ('" + id("e1") + "', 'd0000000-0000-4000-8000-000000000001', 'INV-00001', '" + id("c1") + "', 'AUTHORISED', 'NZD', '2026-11-02', 16500, 0, 16500, 500, 16000, 'synced', " + releasedTime + ", " + releasedTime + ")",
	"insert into xero_invoice_lines (id, invoice_id, position, group_key, description, quantity_e4, unit_price_e4, tax_rate_ppm, line_amount_cents, tax_amount_cents) values ('" + id("f1") + "', '" + id("e1") + "', 0, 'k', 'Labour', 15000, 1100000, 0, 16500, 0)",
	"insert into timesheets (id, user_id, client_id, activity_type_id, date, hours_e4, hourly_rate_e4, billing_status, invoice_id, invoice_line_id, sync_status, created_at, updated_at) values ('" + id("d1") + "', '" + id("1") + "', '" + id("c1") + "', '" + id("a1") + "', '2026-11-01', 15000, 1100000, 'billed', '" + id("e1") + "', '" + id("f1") + "', 'synced', " + releasedTime + ", " + releasedTime + ")",
	"insert into sync_documents (entity_type, entity_id, tenant_id, sync_epoch, revision, synced_revision) values ('invoice', '" + id("e1") + "', 't', 3, 1, 1)",
}

// TestWhatAnEarlierVersionLeftIsTakenOver has an installation that was upgraded before
// there was a place for files: its next start takes them over, once.
func TestWhatAnEarlierVersionLeftIsTakenOver(t *testing.T) {
	t.Parallel()
	raw, url := formerFirm(t, 3)
	db := openFormer(t, url)
	if _, err := db.MigrateOrUpgrade(t.Context(), upgrading(map[string][]byte{})); err != nil {
		t.Fatal(err)
	}
	const documents = "select string_agg(cast(x as text), ' ' order by x.id) from (select d.id, d.project_id, d.title, d.number, d.status, d.words, d.updated_at, s.id as step, f.path from safety_documents d left join safety_document_revisions s on s.document_id = d.id left join stored_files f on f.id = s.file_id) x"
	wanted := one(t, raw, documents)
	const rows = "select string_agg(cast(x as text), ' ' order by x.id) from (select f.id, f.project_id, f.file_name, f.words, f.updated_at, s.path, s.place, s.ref from project_files f join stored_files s on s.id = f.file_id) x"
	want := one(t, raw, rows)
	// As an earlier version has left it, with a project that was removed for good since.
	const scans = "select string_agg(cast(x as text), ' ' order by x.id) from (select id, status, words, filed_id, updated_at from document_scans) x"
	wantedScans := one(t, raw, scans)
	for _, statement := range []string{
		"delete from attachments", "delete from document_matches", "update xero_bills set scanned_document_id = null", "delete from document_scans", "delete from stored_files where record_kind = 'expense'",
		"delete from v1.upgrade_oddities where table_name in ('document_scans', 'document_matches')",
		"delete from safety_document_revisions", "delete from safety_documents", "delete from stored_files where record_kind = 'safety_document'",
		"delete from v1.upgrade_oddities where table_name = 'safety_documents'",
		"delete from project_files", "delete from stored_files where record_kind in ('project', 'cost_center')", "drop table v1.taken_over", "delete from v1.upgrade_oddities where table_name in ('project_files', 'projects')",
	} {
		if _, err := raw.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := one(t, raw, scans); got != wantedScans || !strings.Contains(got, id("5c1")) {
		t.Errorf("scans: %s, want %s", got, wantedScans)
	}
	if got := one(t, raw, rows); got != want {
		t.Errorf("taken over later:\n%s\nwant\n%s", got, want)
	}
	if got := one(t, raw, documents); got != wanted {
		t.Errorf("taken over later:\n%s\nwant\n%s", got, wanted)
	}
	if v, err := db.VerifyUpgrade(t.Context(), func(string) bool { return true }); err != nil || len(v.Faults) > 0 {
		t.Errorf("verification: %v %v", v.Faults, err)
	}
	if _, err := raw.ExecContext(t.Context(), "update document_scans set project_file_id = null; delete from project_files where id = '"+id("2f01")+"'"); err != nil {
		t.Fatal(err)
	}
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := one(t, raw, "select count(*) from project_files where id = '"+id("2f01")+"'"); n != "0" {
		t.Error("a file that was removed came back with the next start")
	}
	if _, err := db.RollBackUpgrade(t.Context(), nil); err != nil {
		t.Errorf("rollback: %v", err)
	}
}

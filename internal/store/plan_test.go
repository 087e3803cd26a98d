package store_test

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
	"ampedfieldops/internal/store/storetest"
)

// grows are the tables that hold more rows every day. The others hold what a firm
// has a few of.
var grows = []string{
	"timesheets", "search_words", "xero_invoices", "xero_invoice_lines", "clients", "projects", "project_cost_centers",
	"xero_purchase_orders", "xero_purchase_order_line_items", "xero_payments", "xero_quotes", "xero_quote_lines", "xero_bills", "xero_bill_lines",
	"xero_expenses", "xero_credit_notes", "xero_credit_note_lines", "credit_note_allocations", "bank_transactions", "stock_movements",
	"sync_documents", "sync_intents", "sync_logs", "audit_entries", "deletions", "released_timesheets", "notifications", "mails", "payment_reminders",
}

// scans are the tables that a read goes through from end to end all the same, and
// why.
var scans = map[string]map[string]string{
	"work to invoice": {"projects": "those that keep their work off are looked up once for all entries, which no index of SQLite serves: it sees no way from three alternatives to one condition"},
}

// However much there is, no list, sum or search reads a table that grows from end
// to end.
func TestNoReadScansATableThatGrows(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		o := newOffice(t, db)
		p := o.onePaperOfEachKind(t)
		var asked []store.Asked
		store.Record(db, func(a store.Asked) { asked = append(asked, a) })
		for _, read := range o.reads(p) {
			asked = nil
			if err := read.do(ctx); err != nil {
				t.Fatalf("%s: %v", read.name, err)
			}
			if len(asked) == 0 {
				t.Fatalf("%s asked nothing", read.name)
			}
			for _, a := range asked {
				plan, err := store.Plan(ctx, db, a)
				if err != nil {
					t.Fatalf("%s: %v\n%s", read.name, err, a.Text)
				}
				for _, table := range scanned(db.Engine(), a.Text, plan) {
					if scans[read.name][table] == "" {
						t.Errorf("%s scans %s:\n%s\n%s", read.name, table, a.Text, strings.Join(plan, "\n"))
					}
				}
			}
		}
	})
}

var (
	scanOnPostgres = regexp.MustCompile(`Seq Scan on (\w+)`)
	scanOnSQLite   = regexp.MustCompile(`^SCAN (\w+)$`)
)

// scanned are the tables that grow and that a plan reads from end to end.
func scanned(engine store.Engine, query string, plan []string) (tables []string) {
	for _, step := range plan {
		pattern := scanOnSQLite
		if engine == store.Postgres {
			pattern = scanOnPostgres
		}
		found := pattern.FindStringSubmatch(step)
		if found == nil {
			continue
		}
		table := found[1]
		// SQLite tells the name that the query gives the table.
		if named := regexp.MustCompile(`(\w+) (?:as )?`+table+`\b`).FindAllStringSubmatch(query, -1); engine == store.SQLite && !slices.Contains(grows, table) {
			for _, n := range named {
				if kept := strings.Replace(n[1], "live_", "", 1); slices.Contains(grows, kept) || slices.Contains(grows, "xero_"+kept) {
					table = n[1]
				}
			}
			table = strings.Replace(table, "live_", "", 1)
			if slices.Contains(grows, "xero_"+table) {
				table = "xero_" + table
			}
		}
		if slices.Contains(grows, table) {
			tables = append(tables, table)
		}
	}
	return tables
}

// papers are one of each kind, so that what is read after a list is read too.
type papers struct {
	timesheet fieldops.Timesheet
	invoice   fieldops.Invoice
	order     fieldops.PurchaseOrder
	quote     fieldops.Quote
	bill      fieldops.Bill
	payment   fieldops.Payment
	note      fieldops.CreditNote
	expense   fieldops.Expense
	item      fieldops.Item
}

func (o *office) onePaperOfEachKind(t *testing.T) *papers {
	t.Helper()
	p := &papers{}
	day := fieldops.Date("2026-03-02")
	line := func() []fieldops.Line {
		return []fieldops.Line{{Description: "Cable", Quantity: 1_0000, UnitPrice: 10_0000, Amount: 1000, Tax: 150, TaxRate: 150_000, Key: "a"}}
	}
	o.write(t, func(ctx context.Context, tx *store.Tx) error {
		settings, err := tx.Settings(ctx)
		if err != nil {
			return err
		}
		notes := "Fitted the switchboard"
		p.timesheet = fieldops.Timesheet{
			UserID: &o.person.ID, ProjectID: &o.project.ID, ClientID: &o.client.ID, ActivityTypeID: &o.activity.ID, CostCenterID: &o.center.ID,
			Date: day, Hours: 2_0000, Notes: &notes,
		}
		p.invoice = fieldops.Invoice{Number: "INV-1", ClientID: &o.client.ID, ProjectID: &o.project.ID, Status: fieldops.StatusDraft, Currency: "NZD", IssueDate: day, DueDate: day, SubTotal: 1000, TotalTax: 150, Total: 1150, AmountDue: 1150, Lines: line()}
		p.order = fieldops.PurchaseOrder{Number: "PO-1", SupplierID: &o.client.ID, ProjectID: &o.project.ID, Status: fieldops.StatusDraft, Currency: "NZD", Date: day, SubTotal: 1000, TotalTax: 150, Total: 1150, Lines: line()}
		p.quote = fieldops.Quote{ClientID: &o.client.ID, ProjectID: &o.project.ID, Status: "SENT", Currency: "NZD", IssueDate: day, SubTotal: 1000, TotalTax: 150, Total: 1150, Lines: line()}
		p.bill = fieldops.Bill{Number: "B-1", SupplierID: &o.client.ID, ProjectID: &o.project.ID, Status: fieldops.StatusAuthorised, Currency: "NZD", Date: day, SubTotal: 1000, TotalTax: 150, Total: 1150, AmountDue: 1150, Lines: line()}
		p.note = fieldops.CreditNote{ClientID: &o.client.ID, InvoiceID: &p.invoice.ID, Status: fieldops.StatusAuthorised, Currency: "NZD", Date: day, SubTotal: 1000, TotalTax: 150, Amount: 1150, Lines: line()}
		p.expense = fieldops.Expense{UserID: &o.person.ID, ProjectID: &o.project.ID, Status: "DRAFT", Currency: "NZD", Date: day, Amount: 1150, Tax: 150, Description: &notes}
		p.item = fieldops.Item{Code: "C-1", Name: "Cable", IsActive: true}
		p.payment = fieldops.Payment{InvoiceID: &p.invoice.ID, Amount: 100, Date: day, Method: "CASH", Currency: "NZD"}
		for _, insert := range []func() error{
			func() error { return tx.InsertTimesheet(ctx, &p.timesheet) },
			func() error { return tx.InsertInvoice(ctx, &p.invoice) },
			func() error {
				i := p.invoice
				i.Lines[0].Timesheets = []fieldops.ID{p.timesheet.ID}
				return tx.BillTimesheets(ctx, &i)
			},
			func() error { return tx.InsertPurchaseOrder(ctx, &p.order) },
			func() error { return tx.InsertQuote(ctx, &p.quote, settings) },
			func() error { return tx.InsertBill(ctx, &p.bill) },
			func() error { return tx.InsertCreditNote(ctx, &p.note, settings) },
			func() error { return tx.InsertExpense(ctx, &p.expense) },
			func() error { return tx.InsertItem(ctx, &p.item) },
			func() error { return tx.InsertPayment(ctx, &p.payment) },
		} {
			if err := insert(); err != nil {
				return err
			}
		}
		return nil
	})
	return p
}

// namedRead is a read of the database, by what a person would call it.
type namedRead struct {
	name string
	do   func(ctx context.Context) error
}

// reads are the lists, details, sums and searches of the program.
func (o *office) reads(p *papers) []namedRead {
	db := o.db
	var all []namedRead
	add := func(name string, do func(ctx context.Context) error) { all = append(all, namedRead{name, do}) }
	first, second := store.Page{Number: 1, Size: 20}, store.Page{Number: 2, Size: 1}
	today := fieldops.Date("2026-03-03")
	user, client, project, center := o.person.ID, o.client.ID, o.project.ID, o.center.ID

	for name, f := range map[string]store.ClientFilter{
		"clients": {Page: first}, "clients, last page": {Page: second}, "clients behind one": {Page: store.Page{Number: 1, Size: 20, AfterID: client}},
		"clients, newest": {Sort: "created_at", Desc: true, Page: first}, "clients, searched": {Search: "kow", Page: first}, "clients by hours": {Sort: "total_hours", Desc: true, Page: first},
	} {
		add(name, func(ctx context.Context) error { _, _, err := db.Clients(ctx, f); return err })
	}
	add("a client", func(ctx context.Context) error { _, err := db.ClientSummary(ctx, client, false); return err })
	for name, f := range map[string]store.ProjectFilter{
		"projects": {Desc: true, Page: first}, "projects behind one": {Page: store.Page{Number: 1, Size: 20, AfterID: project}}, "projects of a client": {ClientID: client, Page: first},
		"projects of a cost centre": {CostCenterID: center, Page: first}, "projects of a state": {Status: "quoted", Page: first}, "projects, searched": {Search: "re", Page: first},
		"projects by name": {Sort: "name", Page: first}, "projects by budget": {Sort: "budget", Page: first}, "projects by state": {Sort: "status", Page: first},
	} {
		add(name, func(ctx context.Context) error { _, _, err := db.Projects(ctx, f); return err })
	}
	add("a project", func(ctx context.Context) error { _, err := db.Project(ctx, project); return err })
	add("a project's purchases", func(ctx context.Context) error { _, _, _, err := db.ProjectPurchases(ctx, project); return err })
	add("the board", func(ctx context.Context) error {
		_, err := db.ProjectBoard(ctx, store.ProjectFilter{}, 20, true)
		return err
	})
	for name, f := range map[string]store.TimesheetFilter{
		"timesheets": {Page: first}, "timesheets behind one": {Page: store.Page{Number: 1, Size: 20, AfterID: p.timesheet.ID}}, "timesheets of a person": {UserID: user, Page: first},
		"timesheets of a project": {ProjectID: project, Page: first}, "timesheets of a client": {ClientID: client, Page: first}, "timesheets of a cost centre": {CostCenterID: center, Page: first},
		"timesheets of an invoice": {InvoiceID: p.invoice.ID, Page: first}, "unbilled timesheets": {BillingStatus: fieldops.Unbilled, Page: first}, "timesheets of some days": {From: today, To: today, Page: first},
		"timesheets that wait": {Approval: "waiting", Page: first}, "approved timesheets": {Approval: "approved", Page: first},
	} {
		add(name, func(ctx context.Context) error { _, _, err := db.Timesheets(ctx, f); return err })
	}
	add("a timesheet", func(ctx context.Context) error { _, err := db.Timesheet(ctx, p.timesheet.ID); return err })
	add("a day's hours", func(ctx context.Context) error { _, err := db.DayHours(ctx, user, today); return err })

	for name, f := range map[string]store.DocumentFilter{
		"": {Limit: 100}, " behind one": {Limit: 100, AfterDate: today, AfterID: project}, " of a client": {Limit: 100, ClientID: client},
		" of a project": {Limit: 100, ProjectID: project}, " of a state": {Limit: 100, Status: fieldops.StatusDraft}, ", searched": {Limit: 100, Search: "1"},
		" of some days": {Limit: 100, From: today, To: today},
	} {
		add("invoices"+name, func(ctx context.Context) error { _, err := db.Invoices(ctx, f); return err })
		add("purchase orders"+name, func(ctx context.Context) error { _, err := db.PurchaseOrders(ctx, f); return err })
		add("quotes"+name, func(ctx context.Context) error { _, err := db.Quotes(ctx, f); return err })
		add("bills"+name, func(ctx context.Context) error { _, err := db.Bills(ctx, f); return err })
		add("credit notes"+name, func(ctx context.Context) error { _, err := db.CreditNotes(ctx, f, ""); return err })
	}
	add("an invoice", func(ctx context.Context) error { _, err := db.Invoice(ctx, p.invoice.ID); return err })
	add("an invoice's timesheets", func(ctx context.Context) error { _, err := db.InvoiceTimesheets(ctx, p.invoice.ID); return err })
	add("a purchase order", func(ctx context.Context) error { _, err := db.PurchaseOrder(ctx, p.order.ID); return err })
	add("a quote", func(ctx context.Context) error { _, err := db.Quote(ctx, p.quote.ID); return err })
	add("a bill", func(ctx context.Context) error { _, err := db.Bill(ctx, p.bill.ID); return err })
	add("an order's bills", func(ctx context.Context) error { _, err := db.OrderBills(ctx, p.order.ID); return err })
	add("a credit note", func(ctx context.Context) error { _, err := db.CreditNote(ctx, p.note.ID); return err })
	add("an invoice's credit", func(ctx context.Context) error { _, err := db.Credited(ctx, p.invoice.ID); return err })
	add("expenses", func(ctx context.Context) error {
		_, err := db.Expenses(ctx, store.ExpenseFilter{Limit: 100})
		return err
	})
	add("a project's expenses", func(ctx context.Context) error {
		_, err := db.Expenses(ctx, store.ExpenseFilter{ProjectID: project, Limit: 100})
		return err
	})
	add("an expense", func(ctx context.Context) error { _, err := db.Expense(ctx, p.expense.ID); return err })
	add("payments", func(ctx context.Context) error {
		_, err := db.Payments(ctx, store.PaymentFilter{Limit: 100})
		return err
	})
	add("payments of an invoice", func(ctx context.Context) error {
		_, err := db.Payments(ctx, store.PaymentFilter{InvoiceID: p.invoice.ID, Limit: 100})
		return err
	})
	add("a payment", func(ctx context.Context) error { _, err := db.Payment(ctx, p.payment.ID); return err })
	add("bank transactions", func(ctx context.Context) error {
		_, err := db.BankTransactions(ctx, store.BankFilter{Limit: 100})
		return err
	})
	for _, way := range []string{"RECEIVE", "SPEND"} {
		add("what a bank transaction may be", func(ctx context.Context) error {
			_, err := db.BankSuggestions(ctx, &fieldops.BankTransaction{Type: way, Amount: 1150, Date: today})
			return err
		})
	}
	add("stock movements", func(ctx context.Context) error { _, err := db.StockMovements(ctx, p.item.ID, "", 100); return err })
	add("reminders", func(ctx context.Context) error {
		_, err := db.Reminders(ctx, store.ReminderFilter{Limit: 100})
		return err
	})
	add("overdue invoices", func(ctx context.Context) error {
		_, err := db.OverdueInvoices(ctx, &fieldops.ReminderSchedule{DaysAfterDue: []int{7, 14}}, today, "", 50)
		return err
	})
	add("mails", func(ctx context.Context) error { _, err := db.Mails(ctx, store.MailFilter{Limit: 100}); return err })
	add("mails of a document", func(ctx context.Context) error {
		_, err := db.Mails(ctx, store.MailFilter{EntityType: "invoice", EntityID: p.invoice.ID, Limit: 100})
		return err
	})
	add("the way to Xero", func(ctx context.Context) error { _, err := db.SyncHealth(ctx, fieldops.RealDurations(1)); return err })
	add("notifications", func(ctx context.Context) error { _, _, err := db.Notifications(ctx, user); return err })
	add("the bin", func(ctx context.Context) error {
		_, err := db.Bin(ctx, store.BinFilter{Kinds: []fieldops.RecordKind{fieldops.RecordInvoice}, Limit: 100})
		return err
	})
	for name, f := range map[string]store.AuditFilter{"changes": {Limit: 50}, "changes of a record": {EntityType: "client", EntityID: client, Limit: 50}, "changes of some days": {From: fieldops.At(today.Time()), Limit: 50}} {
		add(name, func(ctx context.Context) error { _, _, err := db.AuditEntries(ctx, f); return err })
	}

	add("unbilled work", func(ctx context.Context) error { _, err := db.Unbilled(ctx, today, "", false); return err })
	add("a client's unbilled work", func(ctx context.Context) error { _, err := db.Unbilled(ctx, today, client, false); return err })
	add("a client's open work", func(ctx context.Context) error {
		_, err := db.OpenTimesheets(ctx, store.OpenFilter{ClientID: client, Limit: 100}, false)
		return err
	})
	add("a project's open work", func(ctx context.Context) error {
		_, err := db.OpenTimesheets(ctx, store.OpenFilter{ProjectID: project, Limit: 100}, false)
		return err
	})
	add("work to invoice", func(ctx context.Context) error {
		_, err := db.BillableWork(ctx, store.Work{ClientID: client})
		return err
	})
	add("cost centres", func(ctx context.Context) error { _, err := db.CostCenters(ctx, false); return err })
	add("costs of cost centres", func(ctx context.Context) error {
		_, err := db.CostCenterCosts(ctx, store.CostCenterPeriod{To: today, Weeks: 8})
		return err
	})
	add("activity types", func(ctx context.Context) error { _, err := db.ActivityTypes(ctx, false); return err })
	add("sales", func(ctx context.Context) error { _, err := db.Summary(ctx, today); return err })
	add("what clients owe", func(ctx context.Context) error { _, err := db.AgedReceivables(ctx, today, first); return err })
	add("what suppliers are owed", func(ctx context.Context) error { _, err := db.AgedPayables(ctx, today, first); return err })
	for _, whose := range []fieldops.ID{"", user} {
		add(fmt.Sprintf("dashboard, own %t", whose != ""), func(ctx context.Context) error {
			_, err := db.Dashboard(ctx, store.DashboardPeriods{Today: today, YearStart: "2026-01-01", Week: today, Month: "2026-03-01", LastMonth: "2026-02-01", LastMonthDay: "2026-02-03"}, whose)
			return err
		})
		add(fmt.Sprintf("search in timesheets, own %t", whose != ""), func(ctx context.Context) error {
			_, err := db.SearchTimesheets(ctx, "switch", whose, 20)
			return err
		})
	}
	add("health of projects", func(ctx context.Context) error { _, err := db.ProjectHealth(ctx, today); return err })
	add("search in clients", func(ctx context.Context) error { _, err := db.SearchClients(ctx, "kow", 5); return err })
	add("search in projects", func(ctx context.Context) error { _, err := db.SearchProjects(ctx, "re", 5); return err })
	for _, kind := range []fieldops.RecordKind{fieldops.RecordInvoice, fieldops.RecordPurchaseOrder, fieldops.RecordQuote} {
		add("search in "+string(kind)+"s", func(ctx context.Context) error { _, err := db.SearchDocuments(ctx, kind, "1", 5); return err })
	}
	for kind, id := range map[fieldops.DocumentKind]fieldops.ID{fieldops.KindInvoice: p.invoice.ID, fieldops.KindPurchaseOrder: p.order.ID, fieldops.KindClient: client} {
		add("sync of a "+string(kind), func(ctx context.Context) error { _, err := db.SyncStates(ctx, kind, []fieldops.ID{id}, 3); return err })
		add("calls about a "+string(kind), func(ctx context.Context) error { _, err := db.SyncLogs(ctx, string(kind), id, 50); return err })
	}
	for name, f := range map[string]store.QueueFilter{"the queue": {}, "what failed": {Phase: fieldops.PhaseFailed}, "what waits": {Phase: fieldops.PhaseWaiting, Kind: fieldops.KindInvoice}, "errors of the queue": {Text: "archived"}} {
		f.Page = store.Page{Number: 1, Size: 25}
		add(name, func(ctx context.Context) error { _, _, err := db.SyncQueue(ctx, f, 3); return err })
	}
	add("the backlog", func(ctx context.Context) error { _, err := db.Backlog(ctx); return err })
	add("the lane", func(ctx context.Context) error { _, err := db.Lane(ctx, fieldops.RealDurations(1)); return err })
	return all
}

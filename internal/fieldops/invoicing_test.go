package fieldops

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const invoicingDay = Date("2026-11-23")

var gst = BillingTerms{
	Today:   invoicingDay,
	Account: "200",
	TaxOf: func(account string) (string, TaxRate) {
		if account == "201" {
			return "ZERORATED", 0
		}
		return "OUTPUT2", 150_000
	},
}

var payer = Client{ID: "c-1", Name: "Kererū Homes", PaymentTerms: DefaultPaymentTerms}

// entry is work of a person on a day.
func entry(id, day, person, project, activity string, hours, rate E4, order string) Timesheet {
	id = fmt.Sprintf("00000000-0000-7000-8000-%012s", id)
	t := Timesheet{
		ID: id, ClientID: &payer.ID, UserID: &person, ProjectID: &project, Date: Date(day), Hours: hours, HourlyRate: rate,
		UserName: person, ProjectCode: "PRJ-" + project, ProjectName: project, ActivityTypeName: activity, ClientPONumber: order,
	}
	if activity != "" {
		t.ActivityTypeID = &activity
	}
	return t
}

func someWork() []Timesheet {
	return []Timesheet{
		entry("1", "2026-11-02", "Jane", "Wiring", "Installation", 4_0000, 95_0000, " PO 1 "),
		entry("2", "2026-11-02", "Tāne", "Wiring", "Installation", 3_3333, 95_0000, "PO 2"),
		entry("3", "2026-11-03", "Jane", "Alarm", "Installation", 2_0000, 100_0000, "PO 1"),
		entry("4", "2026-11-03", "Jane", "Alarm", "", 1_0000, 0, ""),
	}
}

func TestDraftInvoiceGroups(t *testing.T) {
	t.Parallel()
	type line struct {
		Description   string
		Quantity      E4
		Amount, Tax   Cents
		HowManyInLine int
	}
	tests := map[Grouping][]line{
		"": {
			{"Installation - 7.33 hours", 7_3333, 696_66, 104_50, 2},
			{"Installation - 2.00 hours", 2_0000, 200_00, 30_00, 1},
			{"Other - 1.00 hours", 1_0000, 0, 0, 1},
		},
		GroupByPerson: {
			{"Jane - 4.00 hours", 4_0000, 380_00, 57_00, 1},
			{"Tāne - 3.33 hours", 3_3333, 316_66, 47_50, 1},
			{"Jane - 2.00 hours", 2_0000, 200_00, 30_00, 1},
			{"Jane - 1.00 hours", 1_0000, 0, 0, 1},
		},
		GroupByProject: {
			{"PRJ-Wiring Wiring - 7.33 hours", 7_3333, 696_66, 104_50, 2},
			{"PRJ-Alarm Alarm - 2.00 hours", 2_0000, 200_00, 30_00, 1},
			{"PRJ-Alarm Alarm - 1.00 hours", 1_0000, 0, 0, 1},
		},
		GroupByDay: {
			{"2 November 2026 - 7.33 hours", 7_3333, 696_66, 104_50, 2},
			{"3 November 2026 - 2.00 hours", 2_0000, 200_00, 30_00, 1},
			{"3 November 2026 - 1.00 hours", 1_0000, 0, 0, 1},
		},
		GroupByEntry: {
			{"2 November 2026, Installation, Jane - 4.00 hours", 4_0000, 380_00, 57_00, 1},
			{"2 November 2026, Installation, Tāne - 3.33 hours", 3_3333, 316_66, 47_50, 1},
			{"3 November 2026, Installation, Jane - 2.00 hours", 2_0000, 200_00, 30_00, 1},
			{"3 November 2026, Other, Jane - 1.00 hours", 1_0000, 0, 0, 1},
		},
	}
	for by, want := range tests {
		t.Run(string(by), func(t *testing.T) {
			t.Parallel()
			d, err := DraftInvoice(&InvoiceRequest{GroupBy: by}, &payer, someWork(), gst)
			if err != nil {
				t.Fatal(err)
			}
			var got []line
			keys := map[string]bool{}
			for _, l := range d.Lines {
				got = append(got, line{l.Description, l.Quantity, l.Amount, l.Tax, len(l.Timesheets)})
				keys[l.Key] = true
				if l.AccountCode != "200" || l.TaxType != "OUTPUT2" {
					t.Errorf("line %+v", l)
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
			if len(keys) != len(want) {
				t.Errorf("keys %v are not unique", keys)
			}
			if d.SubTotal+d.TotalTax != d.Total || d.From != "2026-11-02" || d.To != "2026-11-03" || len(d.TimesheetIDs) != 4 ||
				*d.Reference != "PO 1, PO 2" || d.IssueDate != invoicingDay || d.DueDate != "2026-12-20" {
				t.Errorf("draft %+v", d)
			}
			if diff := cmp.Diff([]string{"1 timesheet has an hourly rate of 0"}, d.Warnings); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPreviewHashCoversWhatTheProgramMakes(t *testing.T) {
	t.Parallel()
	hash := func(change func(r *InvoiceRequest, c *Client, work []Timesheet, terms *BillingTerms)) string {
		r, c, work, terms := InvoiceRequest{}, payer, someWork(), gst
		if change != nil {
			change(&r, &c, work, &terms)
		}
		d, err := DraftInvoice(&r, &c, work, terms)
		if err != nil {
			t.Fatal(err)
		}
		return d.Hash
	}
	base := hash(nil)
	for name, change := range map[string]func(*InvoiceRequest, *Client, []Timesheet, *BillingTerms){
		"hours": func(_ *InvoiceRequest, _ *Client, w []Timesheet, _ *BillingTerms) { w[0].Hours++ },
		"a changed timesheet": func(_ *InvoiceRequest, _ *Client, w []Timesheet, _ *BillingTerms) {
			w[0].UpdatedAt = At(invoicingDay.Time())
		},
		"the client's order": func(_ *InvoiceRequest, _ *Client, w []Timesheet, _ *BillingTerms) { w[3].ClientPONumber = "PO 9" },
		"an activity's name": func(_ *InvoiceRequest, _ *Client, w []Timesheet, _ *BillingTerms) { w[0].ActivityTypeName = "Repair" },
		"grouping":           func(r *InvoiceRequest, _ *Client, _ []Timesheet, _ *BillingTerms) { r.GroupBy = GroupByDay },
		"payment terms":      func(_ *InvoiceRequest, c *Client, _ []Timesheet, _ *BillingTerms) { c.PaymentTerms.Day = 15 },
		"the day":            func(_ *InvoiceRequest, _ *Client, _ []Timesheet, b *BillingTerms) { b.Today = "2026-11-24" },
		"the account":        func(_ *InvoiceRequest, _ *Client, _ []Timesheet, b *BillingTerms) { b.Account = "201" },
	} {
		if hash(change) == base {
			t.Errorf("%s: the hash stays the same", name)
		}
	}
	words, q := "Cable", E4(1_0000)
	typed := hash(func(r *InvoiceRequest, _ *Client, _ []Timesheet, _ *BillingTerms) {
		r.DueDate, r.Reference = "2027-01-01", &words
		r.Lines = []LineEdit{{Description: &words, Quantity: &q, UnitPrice: &q}}
	})
	if typed != base {
		t.Error("what a person typed changes the hash")
	}
}

// faults are the fields that err complains of.
func faults(err error) []string {
	refused, ok := errors.AsType[*Error](err)
	if !ok {
		return nil
	}
	fields := []string{}
	for _, f := range refused.Faults {
		fields = append(fields, f.Field)
	}
	return fields
}

func TestDraftInvoiceRefuses(t *testing.T) {
	t.Parallel()
	words, one, price := "Cable", E4(1_0000), E4(10_0000)
	invoice := ID("00000000-0000-7000-8000-00000000000a")
	stranger := ID("c-2")
	tests := map[string]struct {
		request InvoiceRequest
		work    func([]Timesheet) []Timesheet
		kind    ErrorKind
		fields  []string
	}{
		"no work":            {work: func([]Timesheet) []Timesheet { return nil }, kind: Invalid, fields: []string{}},
		"billed work":        {work: func(w []Timesheet) []Timesheet { w[1].InvoiceID, w[1].InvoiceNumber = &invoice, "INV-1"; return w }, kind: Conflict, fields: []string{}},
		"work for another":   {work: func(w []Timesheet) []Timesheet { w[1].ClientID = &stranger; return w }, kind: Invalid, fields: []string{"timesheet_ids"}},
		"work for nobody":    {work: func(w []Timesheet) []Timesheet { w[1].ClientID = nil; return w }, kind: Invalid, fields: []string{"timesheet_ids"}},
		"a key that is gone": {request: InvoiceRequest{Lines: []LineEdit{{Key: "activity:x:1", Description: &words}}}, kind: Invalid, fields: []string{"lines[0].key"}},
		"other hours": {
			request: InvoiceRequest{Lines: []LineEdit{{Key: "activity:Installation:95.00", Quantity: &one, UnitPrice: &price}}},
			kind:    Invalid, fields: []string{"lines[0].quantity", "lines[0].unit_price"},
		},
		"less than nothing": {
			request: InvoiceRequest{Lines: []LineEdit{{Description: &words, Quantity: &one, UnitPrice: func() *E4 { p := E4(-2000_0000); return &p }()}}},
			kind:    Invalid, fields: []string{},
		},
		"too many lines": {
			request: InvoiceRequest{GroupBy: GroupByEntry},
			work: func(w []Timesheet) []Timesheet {
				for n := range 200 {
					w = append(w, entry(strconv.Itoa(n+10), "2026-11-05", "Jane", "Alarm", "Testing", 1_0000, 95_0000, ""))
				}
				return w
			},
			kind: Invalid, fields: []string{"lines"},
		},
		"another hash": {request: InvoiceRequest{PreviewHash: "x"}, kind: Conflict, fields: []string{}},
	}
	for name, test := range tests {
		work := someWork()
		if test.work != nil {
			work = test.work(work)
		}
		_, err := DraftInvoice(&test.request, &payer, work, gst)
		if KindOf(err) != test.kind {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(test.fields, faults(err)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestValidateInvoiceRequest(t *testing.T) {
	t.Parallel()
	empty, zero := "", E4(0)
	long := strings.Repeat("ā", MaxDescription+1)
	r := InvoiceRequest{
		ClientID: "x", ProjectID: "y", TimesheetIDs: []ID{}, From: "2026-11-02", To: "2026-11-01", Period: "year", GroupBy: "colour",
		DueDate: "2026-11-22", Number: "Rēchnung", Reference: &long,
		Lines: []LineEdit{{}, {Description: &long, Quantity: &zero, UnitPrice: &zero, AccountCode: "01234567890"}, {Key: "k", Description: &empty}},
	}
	err := r.Validate(invoicingDay)
	if diff := cmp.Diff([]string{
		"client_id", "project_id", "timesheet_ids", "period", "date_to", "group_by", "due_date", "invoice_number", "reference",
		"lines[0].description", "lines[0].quantity", "lines[0].unit_price",
		"lines[1].description", "lines[1].account_code", "lines[1].quantity",
		"lines[2].description",
	}, faults(err)); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
	if err := (&InvoiceRequest{ClientID: " "}).Validate(invoicingDay); err == nil || err.Error() != "Client is required: client_id: Client is required" {
		t.Errorf("without client: %v", err)
	}
	fine := InvoiceRequest{
		ClientID: strings.ToUpper(NewID()), TimesheetIDs: []ID{"0199b3c4-0000-7000-8000-00000000000B", "0199b3c4-0000-7000-8000-00000000000b"},
		Number: " INV 7/b ", DueDate: invoicingDay,
	}
	if err := fine.Validate(invoicingDay); err != nil || fine.Number != "INV 7/b" || len(fine.TimesheetIDs) != 1 || fine.GroupBy != GroupByActivity || fine.ClientID != strings.ToLower(fine.ClientID) {
		t.Errorf("%+v, %v", fine, err)
	}
}

func TestWindow(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		r        InvoiceRequest
		from, to Date
	}{
		{InvoiceRequest{}, "", ""},
		{InvoiceRequest{Period: PeriodWeek}, "2026-11-16", ""},
		{InvoiceRequest{Period: PeriodMonth}, "2026-11-01", ""},
		{InvoiceRequest{From: "2026-10-01", To: "2026-10-31", Period: PeriodWeek}, "2026-10-01", "2026-10-31"},
		{InvoiceRequest{From: "2026-10-01"}, "2026-10-01", ""},
	} {
		if from, to := test.r.Window(invoicingDay); from != test.from || to != test.to {
			t.Errorf("%+v: %q to %q", test.r, from, to)
		}
	}
}

func TestClientReferenceFits(t *testing.T) {
	t.Parallel()
	var work []Timesheet
	for n := range 60 {
		work = append(work, entry(strconv.Itoa(n), "2026-11-02", "Jane", "Wiring", "Installation", 1_0000, 95_0000, fmt.Sprintf("ORDER %03d", n)))
	}
	reference, warnings := clientReference(work)
	if len(*reference) > MaxReference || len(warnings) != 1 {
		t.Errorf("%d characters, %v", len(*reference), warnings)
	}
}

func TestEditInvoiceWithPayments(t *testing.T) {
	t.Parallel()
	for _, i := range []Invoice{{Status: StatusPaid}, {Status: StatusAuthorised, AmountPaid: 1}} {
		if err := i.Edit(&InvoiceEdit{DueDate: invoicingDay}, gst); KindOf(err) != Conflict {
			t.Errorf("%s: %v", i.Status, err)
		}
	}
}

func TestDraftPurchaseOrder(t *testing.T) {
	t.Parallel()
	words, quantity, price, none := "Cable", E4(3_0000), E4(1_2345), ""
	r := PurchaseOrderRequest{
		SupplierID: NewID(), ProjectID: NewID(), Date: invoicingDay, Notes: &none,
		Lines: []PurchaseOrderLine{
			{Description: &words, Quantity: &quantity, UnitAmount: &price, CostCenterID: &none},
			{Description: &words, Quantity: &quantity, UnitAmount: &price, AccountCode: "201"},
		},
	}
	o, err := DraftPurchaseOrder(&r, "NZD", gst)
	if err != nil || o.SubTotal != 7_40 || o.TotalTax != 56 || o.Notes != nil || o.Lines[0].CostCenterID != nil {
		t.Errorf("%+v, %v", o, err)
	}
	long, bad := strings.Repeat("x", MaxNotes+1), "x"
	_, err = DraftPurchaseOrder(&PurchaseOrderRequest{
		SupplierID: "x", Date: invoicingDay, DeliveryDate: "2026-11-22", Number: "ē", Notes: &long, Currency: "USD",
		Lines: []PurchaseOrderLine{{CostCenterID: &bad}},
	}, "NZD", gst)
	if diff := cmp.Diff([]string{
		"supplier_id", "project_id", "delivery_date", "po_number", "notes", "currency",
		"line_items[0].description", "line_items[0].quantity", "line_items[0].unit_amount", "line_items[0].cost_center_id",
	}, faults(err)); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
}

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
	"ampedfieldops/internal/xero/xerosim"
)

const (
	demoCompany  = "Kōwhai Electrical Ltd"
	demoPassword = "demo-password"
	demoDays     = 75 // of work, up to today
)

// The people, clients and kinds of work of the firm that the demonstration
// makes up. Everybody and everything is invented.
var (
	demoPeople = []fieldops.User{
		{Email: "admin@demo.test", Name: "Alex Tāwhai", Role: fieldops.RoleAdmin},
		{Email: "manager@demo.test", Name: "Mere Rangihuna", Role: fieldops.RoleManager},
		{Email: "tech@demo.test", Name: "Sam Fielding", Role: fieldops.RoleUser},
		{Email: "sione@demo.test", Name: "Sione Fifita", Role: fieldops.RoleUser},
		{Email: "priya@demo.test", Name: "Priya Nair", Role: fieldops.RoleUser},
	}

	// Rates in whole dollars: a quarter of an hour is then in whole cents, and the
	// sum of entries is that of the invoice lines, which are rounded one by one.
	demoActivities = []fieldops.ActivityType{
		{Name: "Labour", Icon: "zap", Color: "electric", HourlyRate: 100_0000, CostRate: rate(52_0000)},
		{Name: "Electrician", Icon: "wrench", Color: "voltage", HourlyRate: 95_0000, CostRate: rate(49_0000)},
		{Name: "Apprentice", Icon: "users", Color: "orange", HourlyRate: 62_0000, CostRate: rate(31_0000)},
		{Name: "Testing and certification", Icon: "clipboard-check", Color: "purple", HourlyRate: 115_0000},
		{Name: "Data cabling", Icon: "cable", Color: "warning", HourlyRate: 105_0000},
		{Name: "Fault call-out", Icon: "zap", Color: "red", HourlyRate: 142_0000},
		{Name: "Travel", Icon: "truck", Color: "electric", HourlyRate: 100_0000},
		{Name: "Overnight Allowance", Icon: "file-text", Color: "purple", HourlyRate: 85_0000},
		{Name: "Admin", Icon: "file-text", Color: "grey", HourlyRate: 50_0000},
	}
)

// Places of demoActivities.
const (
	labour = iota
	electrician
	apprentice
	certification
	cabling
	callOut
	travel
	overnight
)

// demoClient is a client or supplier, and whether Xero knows it already.
type demoClient struct {
	name, kind, contact, email, phone, address, location string
	terms                                                fieldops.PaymentTerms
	inXero                                               bool
}

var demoClients = []demoClient{
	{name: "Tāmaki Switchboards Ltd", contact: "Hēmi Paki", email: "accounts@tamaki-switchboards.test", phone: "09 555 0101", address: "14 Neilson Street, Onehunga", location: "Auckland", inXero: true},
	{name: "Harbour View Body Corporate", contact: "Joanna Reid", email: "manager@harbourview.test", phone: "09 555 0117", address: "2 Quay Terrace, Westhaven", location: "Auckland", inXero: true},
	{name: "Ōtaki Dairy Co-operative", contact: "Wiremu Tāmihana", email: "engineering@otakidairy.test", phone: "06 555 0142", address: "380 Rangiuru Road, Ōtaki", location: "Ōtaki", inXero: true, terms: fieldops.PaymentTerms{Type: fieldops.DaysAfterBillDate, Day: 30}},
	{name: "Mount Eden Physiotherapy", contact: "Claire Dunn", email: "claire@mteden-physio.test", phone: "09 555 0163", address: "77 Valley Road, Mount Eden", location: "Auckland", inXero: true, terms: fieldops.PaymentTerms{Type: fieldops.DaysAfterBillDate, Day: 7}},
	{name: "Whānau Āwhina Trust", contact: "Ngaire Pōtiki", email: "tari@whanau-awhina.test", phone: "09 555 0188", address: "51 Great South Road, Papakura", location: "Papakura"},
	{name: "Kererū Homes Ltd", contact: "Dave Lattimer", email: "dave@kereruhomes.test", phone: "07 555 0109", address: "9 Te Rapa Straight, Hamilton", location: "Hamilton"},
	{name: "Pōneke Property Management", contact: "Rāwiri Hughes", email: "invoices@ponekeproperty.test", phone: "04 555 0176", address: "120 Featherston Street, Wellington", location: "Wellington"},
	{name: "Rangitoto Cold Stores", contact: "Ingrid Moller", email: "ingrid@rangitotocold.test", phone: "09 555 0125", address: "33 Link Drive, Wairau Valley", location: "Auckland", terms: fieldops.PaymentTerms{Type: fieldops.DaysAfterBillMonth, Day: 10}},
	{name: "Copperline Wholesale", kind: fieldops.Supplier, contact: "Trade desk", email: "orders@copperline.test", phone: "09 555 0200", address: "6 Ha Crescent, Wiri", location: "Auckland", inXero: true},
	{name: "Brightside Lighting Supplies", kind: fieldops.Supplier, contact: "Moana Faleafa", email: "trade@brightside.test", phone: "09 555 0211", address: "18 Morningside Drive, Kingsland", location: "Auckland"},
	{name: "Taranaki Cable Co", kind: fieldops.Supplier, contact: "Orders", email: "orders@taranakicable.test", phone: "06 555 0222", address: "4 Connett Road, Bell Block", location: "New Plymouth"},
}

// demoProject is a job of work; client and center are places in their lists.
type demoProject struct {
	name           string
	client, center int
	status         string
	budget         fieldops.Cents
	description    string
	work           []int // the kinds of work it takes mostly
}

var demoProjects = []demoProject{
	{"Main switchboard replacement", 0, 1, "in-progress", 38_500_00, "Replace the 800 A main board in three stages, power kept on by a generator.", []int{electrician, labour, certification}},
	{"Test bay wiring", 0, 0, "in-progress", 12_000_00, "Wire four test bays and their emergency stops.", []int{electrician, certification}},
	{"Common area lighting upgrade", 1, 2, "in-progress", 24_000_00, "LED throughout stairwells and car park, with presence sensors.", []int{labour, electrician}},
	{"Vat room power and control", 2, 3, "in-progress", 61_000_00, "Motor control centre, field wiring and commissioning of the new vat room.", []int{electrician, cabling, overnight}},
	{"Clinic fit-out", 3, 0, "completed", 9_800_00, "Power, data and lighting for three treatment rooms.", []int{electrician, cabling}},
	{"Marae kitchen rewire", 4, 4, "in-progress", 18_200_00, "Rewire the wharekai and replace the distribution board.", []int{labour, electrician, certification}},
	{"Lot 12 to 18 new homes", 5, 5, "in-progress", 96_000_00, "Pre-wire and fit-off of seven homes.", []int{labour, electrician}},
	{"Smoke alarm compliance", 6, 0, "in-progress", 7_500_00, "Alarms and certificates for 42 rental homes.", []int{certification, labour}},
	{"Chiller 3 fault finding", 7, 6, "in-progress", 6_000_00, "Nuisance trips of compressor drive 3.", []int{callOut, electrician}},
	{"Access control cabling", 1, 2, "quoted", 14_400_00, "Cabling for 24 doors; waits for the body corporate's meeting.", []int{cabling}},
	{"Show home lighting", 5, 5, "in-progress", 8_600_00, "Lighting of the show home at the price agreed upon.", []int{labour}},
	{"Strip-out of the old switch room", 0, 1, "paid", 3_200_00, "Old boards and cable trays taken out and away.", []int{labour}},
}

// demoWorked is how many of them the working days are shared among.
const demoWorked = 9

// demoFixedPrice is the place of the project that is billed at a fixed price.
const demoFixedPrice = 10

var demoCenters = []struct {
	code, name, order string
	budget            fieldops.Cents
}{
	{"CC-001", "General", "", 0},
	{"TS-4500", "Switchboard stage one", "PO 4500127", 22_000_00},
	{"HV-LGT", "Lighting programme", "HVBC-2291", 24_000_00},
	{"OD-VAT", "Vat room", "4700-88213", 40_000_00},
	{"WA-KAI", "Wharekai", "", 6_000_00},
	{"KH-12", "Lots 12 to 18", "KH/0612", 60_000_00},
	{"RC-REP", "Repairs", "", 0},
}

var demoNotes = [][]string{
	labour:        {"Second fix, level 2", "Pulled sub-mains to the riser", "Fitted trays above the corridor", "Isolated and made safe", ""},
	electrician:   {"Terminated outgoing circuits", "Fitted DIN rails and breakers", "Fit-off and labelling", "Replaced the contactor", ""},
	apprentice:    {"Helped with tray work", "Drilled and fixed back boxes", "Cleaned up and sorted stock"},
	certification: {"Insulation resistance and RCD tests", "Earth loop impedance, results on file", "Certificate of compliance written"},
	cabling:       {"Cat6 to rooms 1 to 3", "Tested and labelled the patch panel"},
	callOut:       {"Tripped at 2 am, reset and logged", "Drive fault F0021, fan replaced"},
	travel:        {"To site and back"},
	overnight:     {"One night, motel"},
}

// demoContacts are the clients that Xero knows already.
func demoContacts() []xerosim.Contact {
	var contacts []xerosim.Contact
	for _, c := range demoClients {
		if c.inXero {
			contacts = append(contacts, xerosim.Contact{Name: c.name, Email: c.email})
		}
	}
	return contacts
}

// demoFirm is the firm as it was stored.
type demoFirm struct {
	people     []fieldops.User
	activities []fieldops.ActivityType
	clients    []fieldops.Client
	centers    []fieldops.CostCenter
	projects   []fieldops.Project
	today      fieldops.Date
}

// makeUpFirm fills the empty database: everything by the ways that people use,
// so that nothing in it could not have been entered. contacts are the ids in
// Xero by name. The same day always has the same work.
func makeUpFirm(ctx context.Context, p *program, contacts map[string]string) (*demoFirm, error) {
	f := &demoFirm{}
	err := p.db.Write(ctx, fieldops.System, func(tx *store.Tx) error {
		if err := f.storeRecords(ctx, tx, contacts); err != nil {
			return err
		}
		if err := f.storeWork(ctx, tx); err != nil {
			return err
		}
		return f.storeDecisions(ctx, tx)
	})
	if err != nil {
		return nil, err
	}
	manager := fieldops.Actor{UserID: f.people[1].ID, Name: f.people[1].Name}
	// The oldest work of three clients is billed: one whom Xero does not know
	// yet, and one by days instead of kinds of work.
	for _, r := range []fieldops.InvoiceRequest{
		{ClientID: f.clients[0].ID, To: f.today.AddDays(-45)},
		{ClientID: f.clients[5].ID, To: f.today.AddDays(-50)},
		{ClientID: f.clients[1].ID, To: f.today.AddDays(-55), GroupBy: fieldops.GroupByDay},
	} {
		if _, err := p.billing.InvoiceTimesheets(ctx, manager, r); err != nil {
			return nil, fmt.Errorf("an invoice: %w", err)
		}
	}
	var orders []fieldops.PurchaseOrder
	for _, o := range []fieldops.PurchaseOrderRequest{
		{
			SupplierID: f.clients[8].ID, ProjectID: f.projects[0].ID, Date: f.today.AddDays(-6), DeliveryDate: f.today.AddDays(4), Notes: text("Deliver to the site office, ask for Sam."),
			Lines: []fieldops.PurchaseOrderLine{
				f.orderLine("Moulded case circuit breaker 800 A, 4 pole", 2, 1840_5000, 1),
				f.orderLine("Copper busbar 80 × 10 mm, per metre", 12_5000, 96_2500, 1),
			},
		},
		{
			SupplierID: f.clients[9].ID, ProjectID: f.projects[2].ID, Date: f.today.AddDays(-2),
			Lines: []fieldops.PurchaseOrderLine{
				f.orderLine("LED batten 1500 mm with sensor", 48, 74_9000, 2),
				f.orderLine("Emergency exit light, maintained", 6, 118_0000, 2),
			},
		},
	} {
		order, err := p.billing.CreatePurchaseOrder(ctx, manager, o)
		if err != nil {
			return nil, fmt.Errorf("a purchase order: %w", err)
		}
		orders = append(orders, order)
	}
	if err := f.storeSafety(ctx, p, manager); err != nil {
		return nil, err
	}
	if err := f.storeFiles(ctx, p, manager); err != nil {
		return nil, fmt.Errorf("the files: %w", err)
	}
	if err := f.storePhotos(ctx, p); err != nil {
		return nil, fmt.Errorf("the photos: %w", err)
	}
	return f, f.storeMoney(ctx, p, manager, orders)
}

// orderLine is a line of an order. A quantity below a thousand is in whole
// pieces.
func (f *demoFirm) orderLine(description string, quantity, price fieldops.E4, center int) fieldops.PurchaseOrderLine {
	if quantity < 1000 {
		quantity *= 1_0000
	}
	return fieldops.PurchaseOrderLine{Description: &description, Quantity: &quantity, UnitAmount: &price, CostCenterID: &f.centers[center].ID}
}

func text(s string) *string { return &s }

func rate(r fieldops.E4) *fieldops.E4 { return &r }

func (f *demoFirm) storeRecords(ctx context.Context, tx *store.Tx, contacts map[string]string) error {
	hash := fieldops.HashPassword(demoPassword)
	for _, u := range demoPeople {
		u.PasswordHash, u.IsActive = hash, true
		if err := tx.InsertUser(ctx, &u); err != nil {
			return err
		}
		f.people = append(f.people, u)
	}
	tx.Actor = fieldops.Actor{UserID: f.people[0].ID, Name: f.people[0].Name}
	for _, s := range [][2]string{
		{"company_name", demoCompany},
		{"xero_sales_account_code", "200"},
		{"xero_purchase_account_code", "300"},
		{fieldops.SettingInvoiceNext, "1041"},
		{fieldops.SettingOrderNext, "318"},
	} {
		if err := tx.SetSetting(ctx, s[0], s[1]); err != nil {
			return err
		}
	}
	settings, err := tx.Settings(ctx)
	if err != nil {
		return err
	}
	f.today = fieldops.DateOf(tx.Now.Time, settings.Timezone)
	for _, a := range demoActivities {
		a.IsActive = true
		if err := tx.InsertActivityType(ctx, &a); err != nil {
			return err
		}
		f.activities = append(f.activities, a)
	}
	for _, c := range demoClients {
		client := fieldops.Client{
			Name: c.name, ClientType: c.kind, ContactName: &c.contact, Email: &c.email, Phone: &c.phone,
			Address: &c.address, Location: &c.location, PaymentTerms: c.terms,
		}
		if id := contacts[c.name]; id != "" {
			client.XeroContactID = &id
		}
		if err := tx.InsertClient(ctx, &client); err != nil {
			return err
		}
		f.clients = append(f.clients, client)
	}
	for _, k := range demoCenters {
		center := fieldops.CostCenter{Code: k.code, Name: k.name, Budget: k.budget, IsActive: true}
		if k.order != "" {
			center.ClientPONumber = &k.order
		}
		if err := tx.InsertCostCenter(ctx, &center); err != nil {
			return err
		}
		f.centers = append(f.centers, center)
	}
	// One client pays rates of their own.
	if err := tx.SetClientRates(ctx, f.clients[6].ID, []fieldops.ClientRate{
		{ActivityTypeID: f.activities[certification].ID, HourlyRate: 108_0000}, {ActivityTypeID: f.activities[labour].ID, HourlyRate: 92_0000},
	}); err != nil {
		return err
	}
	for i, p := range demoProjects {
		project := fieldops.Project{
			Name: p.name, ClientID: &f.clients[p.client].ID, Status: p.status, Budget: p.budget, Description: &p.description,
			StartDate: f.today.AddDays(-demoDays),
		}
		if i == demoFixedPrice {
			project.BillingMethod = fieldops.FixedPrice
			project.EndDate = f.today.AddDays(-3)
		}
		if err := tx.InsertProject(ctx, &project, []fieldops.ID{f.centers[p.center].ID}); err != nil {
			return err
		}
		f.projects = append(f.projects, project)
	}
	return nil
}

// storeWork writes what the three technicians did on every working day: a main
// piece of work, mostly a second one, and now and then the way there or a
// Saturday's call-out.
func (f *demoFirm) storeWork(ctx context.Context, tx *store.Tx) error {
	random := rand.New(rand.NewPCG(2026, 1)) // the same work at every start
	for back := demoDays; back >= 0; back-- {
		day := f.today.AddDays(-back)
		weekday := day.Time().Weekday()
		for technician := 2; technician < len(f.people); technician++ {
			free := weekday == time.Sunday || weekday == time.Saturday && random.IntN(6) > 0 || random.IntN(25) == 0
			if free {
				continue
			}
			// Somebody stays on a job for about a week.
			project := (back/6*2 + technician*3) % demoWorked
			if weekday == time.Saturday {
				project = 8 // the cold store's fault
			}
			main := quarters(random, 16, 26)
			if err := f.storeEntry(ctx, tx, random, technician, project, day, 0, main); err != nil {
				return err
			}
			if random.IntN(10) > 0 {
				if err := f.storeEntry(ctx, tx, random, technician, (project+random.IntN(2)*4)%demoWorked, day, 1, quarters(random, 4, 12)); err != nil {
					return err
				}
			}
			if random.IntN(5) < 2 {
				if err := f.storeTimesheet(ctx, tx, random, technician, project, travel, day, quarters(random, 2, 4)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// storeDecisions writes what the office decided about the work: some of it is
// approved, some is held back, and some was done at a fixed price.
func (f *demoFirm) storeDecisions(ctx context.Context, tx *store.Tx) error {
	random := rand.New(rand.NewPCG(2026, 2))
	for back := 9; back > 3; back-- {
		if err := f.storeTimesheet(ctx, tx, random, 2, demoFixedPrice, labour, f.today.AddDays(-back), quarters(random, 2, 6)); err != nil {
			return err
		}
	}
	of := func(client, last int) ([]fieldops.ID, error) {
		entries, _, err := tx.Timesheets(ctx, store.TimesheetFilter{ClientID: f.clients[client].ID, To: f.today.AddDays(-last), Page: store.Page{Number: 1, Size: 6}})
		ids := make([]fieldops.ID, len(entries))
		for i := range entries {
			ids[i] = entries[i].ID
		}
		return ids, err
	}
	approved, err := of(7, 10)
	if err != nil {
		return err
	}
	if _, err := tx.ApproveTimesheets(ctx, approved, nil); err != nil {
		return err
	}
	held, err := of(6, 12)
	if err != nil {
		return err
	}
	_, err = tx.HoldTimesheets(ctx, held[:min(4, len(held))], "The property manager asks which of the homes were done twice.")
	return err
}

// quarters is a random time between two numbers of quarter hours.
func quarters(random *rand.Rand, least, most int) fieldops.E4 {
	return fieldops.E4(least+random.IntN(most-least+1)) * 2500
}

// storeEntry writes a piece of work on a project: nth chooses among the kinds
// of work that the project takes. The apprentice's hours have a rate of their
// own.
func (f *demoFirm) storeEntry(ctx context.Context, tx *store.Tx, random *rand.Rand, technician, project int, day fieldops.Date, nth int, hours fieldops.E4) error {
	kinds := demoProjects[project].work
	kind := kinds[(nth*(1+random.IntN(len(kinds))))%len(kinds)]
	if technician == len(f.people)-1 && kind != overnight {
		kind = apprentice
	}
	if kind == overnight {
		hours = 1_0000 // the allowance is one for a night
	}
	return f.storeTimesheet(ctx, tx, random, technician, project, kind, day, hours)
}

func (f *demoFirm) storeTimesheet(ctx context.Context, tx *store.Tx, random *rand.Rand, technician, project, kind int, day fieldops.Date, hours fieldops.E4) error {
	t := fieldops.Timesheet{
		UserID: &f.people[technician].ID, ProjectID: &f.projects[project].ID, ActivityTypeID: &f.activities[kind].ID,
		CostCenterID: &f.centers[demoProjects[project].center].ID, Date: day, Hours: hours,
	}
	if notes := demoNotes[kind]; len(notes) > 0 {
		if note := notes[random.IntN(len(notes))]; note != "" {
			t.Notes = &note
		}
	}
	return tx.InsertTimesheet(ctx, &t)
}

package xerosim

import (
	"fmt"
	"math/big"
	"strings"
	"time"
)

// Seed is what a test or a demonstration adds to the default organisation.
type Seed struct {
	Accounts           []Account
	TaxRates           []TaxRate
	TrackingCategories []TrackingCategory
	Items              []Item
	Contacts           []Contact
}

// Account is added to the chart, or replaces the account with its Code.
type Account struct {
	Code, Name string
	Type       string // REVENUE, DIRECTCOSTS, EXPENSE, BANK, …
	TaxType    string // the default on lines; "" means NONE
	Archived   bool
	// EnablePayments allows payments to an account that is not a bank account.
	EnablePayments bool
}

// TaxRate is added, or replaces the rate with its TaxType.
type TaxRate struct {
	Name, TaxType string
	Percent       string // decimal text, for example "15" or "12.5"
	// AppliesTo holds letters of AEXLR: assets, equity, expenses, liabilities, revenue.
	AppliesTo string
}

// TrackingCategory is added with its active options.
type TrackingCategory struct {
	Name    string
	Options []string
}

// Item is added to the price list. Prices are decimal text, "" for none.
type Item struct {
	Code, Name, Description      string
	SalePrice, PurchasePrice     string
	SaleAccount, PurchaseAccount string
}

// Contact is added with status ACTIVE, or ARCHIVED.
type Contact struct {
	Name, Number, Email string
	Archived            bool
}

// Seed adds to the default organisation, now and after every reset. It returns
// an error, and adds nothing, when a value cannot be read.
func (s *Sim) Seed(seed Seed) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.organisations[s.options.TenantID].seed(seed, s.nowLocked()); err != nil {
		return err
	}
	s.seeds = append(s.seeds, seed)
	return nil
}

func (o *organisation) seed(seed Seed, now time.Time) error {
	rates := make([]*taxRate, 0, len(seed.TaxRates))
	for _, t := range seed.TaxRates {
		percent, ok := parseDecimal(t.Percent)
		if !ok {
			return fmt.Errorf("seed tax rate %s: %q is not a percentage", t.TaxType, t.Percent)
		}
		rates = append(rates, &taxRate{name: t.Name, taxType: t.TaxType, report: "OUTPUT", status: "ACTIVE", rate: percent, applies: t.AppliesTo})
	}
	items := make([]*item, 0, len(seed.Items))
	for _, i := range seed.Items {
		made := &item{
			id: stableID(o.id, "item", i.Code), code: i.Code, name: i.Name, description: i.Description,
			saleAccount: i.SaleAccount, purchaseAccount: i.PurchaseAccount,
			sold: i.SalePrice != "", purchased: i.PurchasePrice != "", updated: now,
		}
		for _, price := range []struct {
			text string
			into **big.Rat
		}{{i.SalePrice, &made.salePrice}, {i.PurchasePrice, &made.purchasePrice}} {
			if price.text == "" {
				continue
			}
			parsed, ok := parseDecimal(price.text)
			if !ok {
				return fmt.Errorf("seed item %s: %q is not a price", i.Code, price.text)
			}
			*price.into = parsed
		}
		items = append(items, made)
	}
	for _, t := range rates {
		if known := o.taxRate(t.taxType); known != nil {
			*known = *t
		} else {
			o.taxRates = append(o.taxRates, t)
		}
	}
	o.items = append(o.items, items...)
	for _, a := range seed.Accounts {
		made := &account{
			id: stableID(o.id, "account", a.Code), code: a.Code, name: a.Name, typ: a.Type, taxType: a.TaxType,
			status: "ACTIVE", payments: a.EnablePayments, currency: o.currency, updated: now,
		}
		if made.taxType == "" {
			made.taxType = "NONE"
		}
		if a.Archived {
			made.status = "ARCHIVED"
		}
		if known := o.accountByCode(a.Code); known != nil {
			made.id = known.id
			*known = *made
		} else {
			o.accounts = append(o.accounts, made)
		}
	}
	for _, c := range seed.TrackingCategories {
		made := &trackingCategory{id: stableID(o.id, "tracking", c.Name), name: c.Name, status: "ACTIVE"}
		for _, name := range c.Options {
			made.options = append(made.options, &trackingOption{id: stableID(o.id, "tracking/"+c.Name, name), name: name, status: "ACTIVE"})
		}
		o.categories = append(o.categories, made)
	}
	for _, c := range seed.Contacts {
		made := newContact(stableID(o.id, "contact", c.Name), now)
		made.name, made.number, made.texts["EmailAddress"] = c.Name, c.Number, c.Email
		if c.Archived {
			made.status = "ARCHIVED"
		}
		o.contacts = append(o.contacts, made)
	}
	return nil
}

// newOrganisation makes the books of a new company: the default chart of
// accounts of its country, its tax rates, currencies and one branding theme.
func newOrganisation(id, name, country string, clock func() time.Time) *organisation {
	o := &organisation{
		id: strings.ToLower(id), name: name, country: country, clock: clock, created: clock().AddDate(-2, 0, 0),
		documents: map[*kind][]*document{}, history: map[string][]historyRecord{}, usages: map[string]*usage{},
	}
	var zone, sale, buy, none string
	switch country {
	case "AU":
		o.currency, o.zoneName, zone = "AUD", "AUSEASTERNSTANDARDTIME", "Australia/Sydney"
		sale, buy, none = "OUTPUT", "INPUT", "BASEXCLUDED"
	case "UK":
		o.currency, o.zoneName, zone = "GBP", "GMTSTANDARDTIME", "Europe/London"
		sale, buy, none = "OUTPUT2", "INPUT2", "NONE"
	default:
		o.currency, o.zoneName, zone = "NZD", "NEWZEALANDSTANDARDTIME", "Pacific/Auckland"
		sale, buy, none = "OUTPUT2", "INPUT2", "NONE"
	}
	location, err := time.LoadLocation(zone)
	if err != nil {
		panic(fmt.Sprintf("xerosim: %v", err)) // the zone database is linked in
	}
	o.zone = location
	o.seedTaxRates()
	o.seedAccounts(sale, buy, none)
	o.currencies = []currency{{o.currency, currencyNames[o.currency]}}
	if o.currency != "USD" {
		o.currencies = append(o.currencies, currency{"USD", currencyNames["USD"]})
	}
	o.themes = []*brandingTheme{{id: stableID(o.id, "theme", "Standard"), name: "Standard", created: o.created}}
	return o
}

var currencyNames = map[string]string{
	"AUD": "Australian Dollar", "EUR": "Euro", "GBP": "British Pound", "NZD": "New Zealand Dollar", "USD": "United States Dollar",
}

// seedTaxRates adds the default rates of developer.xero.com/documentation/api/accounting/types (tax rates).
func (o *organisation) seedTaxRates() {
	type rate struct{ taxType, name, percent, applies, report string }
	byCountry := map[string][]rate{
		"NZ": {
			{"OUTPUT2", "15% GST on Income", "15", "AELR", "OUTPUT"},
			{"INPUT2", "15% GST on Expenses", "15", "AEXL", "INPUT"},
			{"ZERORATED", "Zero Rated", "0", "LR", "OUTPUT"},
			{"NONE", "No GST", "0", "AEXLR", "NONE"},
			{"GSTONIMPORTS", "GST on Imports", "0", "AEL", "GSTONIMPORTS"},
			{"OUTPUT", "12.5% GST on Income", "12.5", "AELR", "OUTPUT"},
			{"INPUT", "12.5% GST on Expenses", "12.5", "AEXLR", "INPUT"},
		},
		"AU": {
			{"OUTPUT", "GST on Income", "10", "AELR", "OUTPUT"},
			{"INPUT", "GST on Expenses", "10", "AEXL", "INPUT"},
			{"EXEMPTOUTPUT", "GST Free Income", "0", "AELR", "EXEMPTOUTPUT"},
			{"EXEMPTEXPENSES", "GST Free Expenses", "0", "AEXL", "EXEMPTEXPENSES"},
			{"BASEXCLUDED", "BAS Excluded", "0", "AEXLR", "BASEXCLUDED"},
			{"CAPEXINPUT", "GST on Capital", "10", "AEXL", "CAPITALEXINPUT"},
			{"EXEMPTCAPITAL", "GST Free Capital", "0", "AEXL", "EXEMPTCAPITAL"},
			{"EXEMPTEXPORT", "GST Free Exports", "0", "AELR", "EXEMPTEXPORT"},
			{"INPUTTAXED", "Input Taxed", "0", "AEXLR", "INPUTTAXED"},
			{"GSTONIMPORTS", "GST on Imports", "0", "L", "GSTONIMPORTS"},
			{"GSTONCAPIMPORTS", "GST on Capital Imports", "0", "L", "GSTONCAPIMPORTS"},
		},
		"UK": {
			{"OUTPUT2", "20% (VAT on Income)", "20", "AELR", "OUTPUT"},
			{"INPUT2", "20% (VAT on Expenses)", "20", "AEXL", "INPUT"},
			{"RROUTPUT", "5% (VAT on Income)", "5", "AELR", "OUTPUT"},
			{"RRINPUT", "5% (VAT on Expenses)", "5", "AEXL", "INPUT"},
			{"ZERORATEDOUTPUT", "Zero Rated Income", "0", "AELR", "ZERORATEDOUTPUT"},
			{"ZERORATEDINPUT", "Zero Rated Expenses", "0", "AEXL", "ZERORATEDINPUT"},
			{"EXEMPTOUTPUT", "Exempt Income", "0", "AELR", "EXEMPTOUTPUT"},
			{"EXEMPTINPUT", "Exempt Expenses", "0", "AEXL", "EXEMPTINPUT"},
			{"NONE", "No VAT", "0", "AEXLR", "NONE"},
			{"CAPEXINPUT2", "20% (VAT on Capital Purchases)", "20", "A", "CAPITALEXPENSESINPUT"},
			{"CAPEXOUTPUT2", "20% (VAT on Capital Sales)", "20", "A", "CAPITALSALESOUTPUT"},
		},
	}
	rates, known := byCountry[o.country]
	if !known {
		rates = byCountry["NZ"]
	}
	for _, r := range rates {
		percent, _ := parseDecimal(r.percent) // constants above
		o.taxRates = append(o.taxRates, &taxRate{name: r.name, taxType: r.taxType, report: r.report, status: "ACTIVE", rate: percent, applies: r.applies})
	}
}

func (o *organisation) seedAccounts(sale, buy, none string) {
	type entry struct{ code, name, typ, tax, system string }
	entries := []entry{
		{"090", "Business Bank Account", "BANK", none, ""},
		{"091", "Business Savings Account", "BANK", none, ""},
		{"200", "Sales", "REVENUE", sale, ""},
		{"260", "Other Revenue", "REVENUE", sale, ""},
		{"270", "Interest Income", "REVENUE", none, ""},
		{"300", "Purchases", "DIRECTCOSTS", buy, ""},
		{"310", "Cost of Goods Sold", "DIRECTCOSTS", buy, ""},
		{"320", "Subcontractors", "DIRECTCOSTS", buy, ""},
		{"400", "Advertising", "EXPENSE", buy, ""},
		{"404", "Bank Fees", "EXPENSE", none, ""},
		{"408", "Cleaning", "EXPENSE", buy, ""},
		{"412", "Consulting & Accounting", "EXPENSE", buy, ""},
		{"416", "Depreciation", "DEPRECIATN", none, ""},
		{"420", "Entertainment", "EXPENSE", buy, ""},
		{"425", "Freight & Courier", "EXPENSE", buy, ""},
		{"429", "General Expenses", "EXPENSE", buy, ""},
		{"433", "Insurance", "EXPENSE", buy, ""},
		{"437", "Interest Expense", "EXPENSE", none, ""},
		{"441", "Legal Expenses", "EXPENSE", buy, ""},
		{"445", "Light, Power, Heating", "EXPENSE", buy, ""},
		{"449", "Motor Vehicle Expenses", "EXPENSE", buy, ""},
		{"453", "Office Expenses", "EXPENSE", buy, ""},
		{"461", "Printing & Stationery", "EXPENSE", buy, ""},
		{"469", "Rent", "EXPENSE", buy, ""},
		{"473", "Repairs and Maintenance", "EXPENSE", buy, ""},
		{"477", "Salaries", "EXPENSE", none, ""},
		{"485", "Subscriptions", "EXPENSE", buy, ""},
		{"489", "Telephone & Internet", "EXPENSE", buy, ""},
		{"493", "Travel - National", "EXPENSE", buy, ""},
		{"497", "Bank Revaluations", "EXPENSE", none, "BANKCURRENCYGAIN"},
		{"498", "Unrealised Currency Gains", "EXPENSE", none, "UNREALISEDCURRENCYGAIN"},
		{"499", "Realised Currency Gains", "EXPENSE", none, "REALISEDCURRENCYGAIN"},
		{"505", "Income Tax Expense", "EXPENSE", none, ""},
		{"610", "Accounts Receivable", "CURRENT", none, "DEBTORS"},
		{"620", "Prepayments", "CURRENT", none, ""},
		{"630", "Inventory", "INVENTORY", none, ""},
		{"710", "Office Equipment", "FIXED", buy, ""},
		{"720", "Computer Equipment", "FIXED", buy, ""},
		{"800", "Accounts Payable", "CURRLIAB", none, "CREDITORS"},
		{"801", "Unpaid Expense Claims", "CURRLIAB", none, "UNPAIDEXPCLM"},
		{"820", "GST", "CURRLIAB", none, "GST"},
		{"825", "PAYE Payable", "CURRLIAB", none, ""},
		{"830", "Income Tax", "CURRLIAB", none, ""},
		{"840", "Historical Adjustment", "CURRLIAB", none, "HISTORICAL"},
		{"850", "Suspense", "CURRLIAB", none, ""},
		{"860", "Rounding", "CURRLIAB", none, "ROUNDING"},
		{"877", "Tracking Transfers", "CURRLIAB", none, "TRACKINGTRANSFERS"},
		{"880", "Owner A Drawings", "CURRLIAB", none, ""},
		{"900", "Loan", "TERMLIAB", none, ""},
		{"960", "Retained Earnings", "EQUITY", none, "RETAINEDEARNINGS"},
		{"970", "Owner A Share Capital", "EQUITY", none, ""},
	}
	for _, e := range entries {
		o.accounts = append(o.accounts, &account{
			id: stableID(o.id, "account", e.code), code: e.code, name: e.name, typ: e.typ, taxType: e.tax, system: e.system,
			status: "ACTIVE", payments: e.code == "880", bankNumber: "01-0123-0123456-00", currency: o.currency, updated: o.created,
		})
	}
}

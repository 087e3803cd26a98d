package xerosim

import (
	"math/big"
	"strings"
	"time"

	"github.com/google/uuid"
)

// record is one thing an endpoint lists.
type record interface {
	key() string          // its id
	updatedAt() time.Time // zero where Xero knows no If-Modified-Since
	render(o *organisation, v view) object
}

// view says how much of a record an answer shows.
type view struct {
	detail  bool // line items, the contact's details, payments
	summary bool // summaryOnly=true
	unitdp  int  // decimals of unit amounts: 2, or 4 when asked for
}

// full is how a single record, a page and the control API show things.
var full = view{detail: true, unitdp: 4}

// organisation is one company's books. The simulator's lock guards it.
type organisation struct {
	id, name, country string
	currency          string
	zone              *time.Location
	zoneName          string           // Xero's name for it
	clock             func() time.Time // the simulator's; called under its lock
	created           time.Time
	periodLock        day
	yearLock          day

	accounts   []*account
	taxRates   []*taxRate
	categories []*trackingCategory
	currencies []currency
	themes     []*brandingTheme
	items      []*item
	contacts   []*contact
	documents  map[*kind][]*document
	payments   []*payment
	history    map[string][]historyRecord // by document id
	usages     map[string]*usage          // by client id
	emails     usage                      // e-mails sent today
}

func (o *organisation) usageOf(client string) *usage {
	u := o.usages[client]
	if u == nil {
		u = &usage{}
		o.usages[client] = u
	}
	return u
}

// today is the calendar date in the organisation's own time zone.
func (o *organisation) today() day { return day(o.clock().In(o.zone).Format(time.DateOnly)) }

type account struct {
	id, code, name, typ string
	status              string
	taxType             string
	description         string
	system              string // SystemAccount, "" for an ordinary account
	payments            bool   // EnablePaymentsToAccount
	bankNumber          string
	currency            string
	updated             time.Time
}

// class of an account follows from its type.
func (a *account) class() string {
	switch a.typ {
	case "BANK", "CURRENT", "FIXED", "INVENTORY", "NONCURRENT", "PREPAYMENT":
		return "ASSET"
	case "EQUITY":
		return "EQUITY"
	case "DEPRECIATN", "DIRECTCOSTS", "EXPENSE", "OVERHEADS":
		return "EXPENSE"
	case "OTHERINCOME", "REVENUE", "SALES":
		return "REVENUE"
	default:
		return "LIABILITY"
	}
}

func (a *account) key() string          { return a.id }
func (a *account) updatedAt() time.Time { return a.updated }

func (a *account) render(*organisation, view) object {
	tree := object{
		"AccountID": a.id, "Code": a.code, "Name": a.name, "Status": a.status, "Type": a.typ, "TaxType": a.taxType,
		"Class": a.class(), "EnablePaymentsToAccount": a.payments, "ShowInExpenseClaims": false,
		"SystemAccount": a.system, "HasAttachments": false, "AddToWatchlist": false,
		"ReportingCode": "", "UpdatedDateUTC": msDate(a.updated),
	}
	if a.description != "" {
		tree["Description"] = a.description
	}
	if a.typ == "BANK" {
		tree["BankAccountType"] = "BANK"
		tree["BankAccountNumber"] = a.bankNumber
		tree["CurrencyCode"] = a.currency
	}
	return tree
}

// lineUse is the reason why the account cannot stand on a line, or "".
func (a *account) lineUse() string {
	switch {
	case a.status != "ACTIVE":
		return "Account code '" + a.code + "' has been archived, or has been deleted. Please use another account code."
	case a.typ == "BANK", a.system == "DEBTORS", a.system == "CREDITORS", a.system == "GST",
		a.system == "RETAINEDEARNINGS", strings.HasSuffix(a.system, "CURRENCYGAIN"):
		return "Account code '" + a.code + "' is not a valid code for this document."
	default:
		return ""
	}
}

func (o *organisation) accountByCode(code string) *account {
	for _, a := range o.accounts {
		if a.code == code && a.status != "DELETED" {
			return a
		}
	}
	return nil
}

func (o *organisation) accountByID(id string) *account {
	for _, a := range o.accounts {
		if a.id == id {
			return a
		}
	}
	return nil
}

type taxRate struct {
	name, taxType, report string
	status                string
	rate                  *big.Rat // percent
	applies               string   // letters of A E X L R: assets, equity, expenses, liabilities, revenue
}

func (t *taxRate) key() string          { return t.taxType }
func (t *taxRate) updatedAt() time.Time { return time.Time{} }

func (t *taxRate) appliesTo(class string) bool {
	letter := map[string]string{"ASSET": "A", "EQUITY": "E", "EXPENSE": "X", "LIABILITY": "L", "REVENUE": "R"}[class]
	return strings.Contains(t.applies, letter)
}

func (t *taxRate) render(*organisation, view) object {
	return object{
		"Name": t.name, "TaxType": t.taxType, "ReportTaxType": t.report, "Status": t.status,
		"CanApplyToAssets": t.appliesTo("ASSET"), "CanApplyToEquity": t.appliesTo("EQUITY"),
		"CanApplyToExpenses": t.appliesTo("EXPENSE"), "CanApplyToLiabilities": t.appliesTo("LIABILITY"),
		"CanApplyToRevenue": t.appliesTo("REVENUE"),
		"DisplayTaxRate":    number(t.rate, 4), "EffectiveRate": number(t.rate, 4),
		"TaxComponents": []object{{"Name": t.name, "Rate": number(t.rate, 4), "IsCompound": false, "IsNonRecoverable": false}},
	}
}

func (o *organisation) taxRate(taxType string) *taxRate {
	for _, t := range o.taxRates {
		if strings.EqualFold(t.taxType, taxType) {
			return t
		}
	}
	return nil
}

type trackingCategory struct {
	id, name, status string
	options          []*trackingOption
}

type trackingOption struct{ id, name, status string }

func (c *trackingCategory) key() string          { return c.id }
func (c *trackingCategory) updatedAt() time.Time { return time.Time{} }

func (c *trackingCategory) render(*organisation, view) object {
	options := []object{}
	for _, o := range c.options {
		options = append(options, c.renderOption(o))
	}
	return object{"TrackingCategoryID": c.id, "Name": c.name, "Status": c.status, "Options": options}
}

func (c *trackingCategory) renderOption(o *trackingOption) object {
	return object{
		"TrackingOptionID": o.id, "Name": o.name, "Status": o.status, "TrackingCategoryID": c.id,
		"HasValidationErrors": false, "IsDeleted": o.status == "DELETED", "IsArchived": o.status == "ARCHIVED", "IsActive": o.status == "ACTIVE",
	}
}

type currency struct{ code, description string }

func (c currency) key() string          { return c.code }
func (c currency) updatedAt() time.Time { return time.Time{} }
func (c currency) render(*organisation, view) object {
	return object{"Code": c.code, "Description": c.description}
}

func (o *organisation) hasCurrency(code string) bool {
	for _, c := range o.currencies {
		if c.code == code {
			return true
		}
	}
	return false
}

type brandingTheme struct {
	id, name string
	order    int
	created  time.Time
}

func (t *brandingTheme) key() string          { return t.id }
func (t *brandingTheme) updatedAt() time.Time { return time.Time{} }
func (t *brandingTheme) render(*organisation, view) object {
	return object{
		"BrandingThemeID": t.id, "Name": t.name, "LogoUrl": "", "Type": "INVOICE", "SortOrder": t.order,
		"CreatedDateUTC": msDate(t.created),
	}
}

func (o *organisation) theme(id string) *brandingTheme {
	for _, t := range o.themes {
		if t.id == id {
			return t
		}
	}
	return nil
}

// item is a product or service of the price list.
type item struct {
	id, code, name, description  string
	purchaseDescription          string
	salePrice, purchasePrice     *big.Rat // nil: none
	saleAccount, purchaseAccount string
	saleTax, purchaseTax         string
	sold, purchased              bool
	updated                      time.Time
}

func (i *item) key() string          { return i.id }
func (i *item) updatedAt() time.Time { return i.updated }

func (i *item) render(_ *organisation, v view) object {
	side := func(price *big.Rat, account, tax string) object {
		tree := object{}
		if price != nil {
			tree["UnitPrice"] = number(price, v.unitdp)
		}
		if account != "" {
			tree["AccountCode"] = account
		}
		if tax != "" {
			tree["TaxType"] = tax
		}
		return tree
	}
	return object{
		"ItemID": i.id, "Code": i.code, "Name": i.name, "Description": i.description, "PurchaseDescription": i.purchaseDescription,
		"IsSold": i.sold, "IsPurchased": i.purchased, "IsTrackedAsInventory": false,
		"SalesDetails":    side(i.salePrice, i.saleAccount, i.saleTax),
		"PurchaseDetails": side(i.purchasePrice, i.purchaseAccount, i.purchaseTax),
		"UpdatedDateUTC":  msDate(i.updated),
	}
}

func (o *organisation) item(codeOrID string) *item {
	for _, i := range o.items {
		if i.id == strings.ToLower(codeOrID) || strings.EqualFold(i.code, codeOrID) {
			return i
		}
	}
	return nil
}

func (o *organisation) key() string          { return o.id }
func (o *organisation) updatedAt() time.Time { return time.Time{} }

func (o *organisation) render(*organisation, view) object {
	version, salesBasis := o.country, "PAYMENTS"
	countryCode := o.country
	if o.country == "UK" {
		countryCode = "GB"
	}
	if o.country != "NZ" {
		salesBasis = "ACCRUALS"
	}
	tree := object{
		"OrganisationID": o.id, "Name": o.name, "LegalName": o.name, "PaysTax": true, "Version": version,
		"OrganisationType": "COMPANY", "OrganisationEntityType": "COMPANY", "BaseCurrency": o.currency, "CountryCode": countryCode,
		"IsDemoCompany": true, "OrganisationStatus": "ACTIVE", "FinancialYearEndDay": 31, "FinancialYearEndMonth": 3,
		"TaxNumber": "101-2-303", "SalesTaxBasis": salesBasis, "SalesTaxPeriod": "TWOMONTHS",
		"DefaultSalesTax": "Based on sales invoice or contact default", "DefaultPurchasesTax": "Based on purchase invoice or contact default",
		"CreatedDateUTC": msDate(o.created), "Timezone": o.zoneName, "ShortCode": "!" + strings.ToUpper(o.id[:5]),
		"Class": "DEMO", "Edition": "BUSINESS", "Addresses": []object{}, "Phones": []object{}, "ExternalLinks": []object{},
		"PaymentTerms": object{},
	}
	if o.periodLock != "" {
		tree["PeriodLockDate"] = msDate(o.periodLock.at())
	}
	if o.yearLock != "" {
		tree["EndOfYearLockDate"] = msDate(o.yearLock.at())
	}
	return tree
}

// lockedOn is the reason why nothing dated d can be written, or "".
func (o *organisation) lockedOn(d day) string {
	switch {
	case o.yearLock != "" && d <= o.yearLock:
		return "The document date cannot be before the end of year lock date, currently set at " + o.yearLock.at().Format("2 January 2006")
	case o.periodLock != "" && d <= o.periodLock:
		return "The document date cannot be before the period lock date, currently set at " + o.periodLock.at().Format("2 January 2006")
	default:
		return ""
	}
}

// stableID derives an id from what it belongs to, so that seeded things keep
// their ids over a reset.
func stableID(organisation, kind, name string) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte(organisation+"/"+kind+"/"+name)).String()
}

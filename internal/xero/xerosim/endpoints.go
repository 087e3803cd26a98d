package xerosim

import "strings"

// endpoint is one collection of the Accounting API.
type endpoint struct {
	plural, singular string
	idName           string
	records          func(o *organisation) []record
	find             func(o *organisation, idOrNumber string) record // nil: no reading by id
	prepare          prepare                                         // nil: read only
	errorFlag        string                                          // name of the flag on a refused element
	fields           fieldSet                                        // for where and order; nil: neither is known
	orderOnly        bool                                            // order, but no where
	paging           paging
}

type paging int

const (
	neverPaged paging = iota
	pagedOnRequest
	alwaysPaged
)

// records turns a typed list into records.
func records[T record](list []T) []record {
	made := make([]record, len(list))
	for i, r := range list {
		made[i] = r
	}
	return made
}

// findIn looks for a record by its id.
func findIn[T record](list []T, id string) record {
	for _, r := range list {
		if strings.EqualFold(r.key(), id) {
			return r
		}
	}
	return nil
}

func documentEndpoint(k *kind, fields fieldSet, mode paging) *endpoint {
	return &endpoint{
		plural: k.plural, singular: k.singular, idName: k.idName, prepare: prepareDocument(k), errorFlag: "HasErrors",
		records: func(o *organisation) []record { return records(o.documents[k]) },
		find: func(o *organisation, text string) record {
			if d := o.lookup(k, text); d != nil {
				return d
			}
			return nil
		},
		fields: fields, paging: mode,
	}
}

const commonDocumentTexts = "Type Status Reference CurrencyCode LineAmountTypes Contact.Name Contact.ContactNumber "

// endpoints by lower-case path.
var endpoints = func() map[string]*endpoint {
	orders := documentEndpoint(purchaseOrders, fieldsOf(map[valueKind]string{
		kindText: commonDocumentTexts + "PurchaseOrderNumber", kindID: "PurchaseOrderID Contact.ContactID BrandingThemeID",
		kindNumber: "SubTotal TotalTax Total CurrencyRate", kindBool: "SentToContact", kindTime: "Date DeliveryDate ExpectedArrivalDate UpdatedDateUTC",
	}), alwaysPaged)
	orders.orderOnly = true
	list := []*endpoint{
		documentEndpoint(invoices, fieldsOf(map[valueKind]string{
			kindText: commonDocumentTexts + "InvoiceNumber Url", kindID: "InvoiceID Contact.ContactID BrandingThemeID",
			kindNumber: "SubTotal TotalTax Total AmountDue AmountPaid AmountCredited CurrencyRate",
			kindBool:   "SentToContact HasAttachments IsDiscounted",
			kindTime:   "Date DueDate FullyPaidOnDate ExpectedPaymentDate PlannedPaymentDate UpdatedDateUTC",
		}), pagedOnRequest),
		documentEndpoint(creditNotes, fieldsOf(map[valueKind]string{
			kindText: commonDocumentTexts + "CreditNoteNumber", kindID: "CreditNoteID Contact.ContactID BrandingThemeID",
			kindNumber: "SubTotal TotalTax Total RemainingCredit CurrencyRate", kindBool: "SentToContact",
			kindTime: "Date DueDate FullyPaidOnDate UpdatedDateUTC",
		}), pagedOnRequest),
		orders,
		{
			plural: "Contacts", singular: "Contact", idName: "ContactID", prepare: prepareContact, errorFlag: "HasValidationErrors",
			records: func(o *organisation) []record { return records(o.contacts) },
			find: func(o *organisation, text string) record {
				if c := o.contactByID(strings.ToLower(text)); c != nil {
					return c
				}
				if c := o.contactByNumber(text); c != nil {
					return c
				}
				return nil
			},
			fields: fieldsOf(map[valueKind]string{
				kindText: "Name ContactNumber AccountNumber ContactStatus FirstName LastName EmailAddress CompanyNumber TaxNumber DefaultCurrency",
				kindID:   "ContactID", kindBool: "IsCustomer IsSupplier", kindTime: "UpdatedDateUTC",
			}),
			paging: pagedOnRequest,
		},
		{
			plural: "Payments", singular: "Payment", idName: "PaymentID", prepare: preparePayment, errorFlag: "HasValidationErrors",
			records: func(o *organisation) []record { return records(o.payments) },
			find:    func(o *organisation, id string) record { return findIn(o.payments, id) },
			fields: fieldsOf(map[valueKind]string{
				kindText: "Status PaymentType Reference Invoice.InvoiceNumber Account.Code CreditNote.CreditNoteNumber",
				kindID:   "PaymentID Invoice.InvoiceID Account.AccountID CreditNote.CreditNoteID", kindNumber: "Amount BankAmount CurrencyRate",
				kindBool: "IsReconciled", kindTime: "Date UpdatedDateUTC",
			}),
			paging: pagedOnRequest,
		},
		{
			plural: "Items", singular: "Item", idName: "ItemID", prepare: prepareItem, errorFlag: "HasErrors",
			records: func(o *organisation) []record { return records(o.items) },
			find: func(o *organisation, text string) record {
				if i := o.item(text); i != nil {
					return i
				}
				return nil
			},
			fields: fieldsOf(map[valueKind]string{
				kindText: "Code Name Description", kindID: "ItemID", kindBool: "IsSold IsPurchased", kindTime: "UpdatedDateUTC",
			}),
		},
		{
			plural: "Accounts", singular: "Account", idName: "AccountID",
			records: func(o *organisation) []record { return records(o.accounts) },
			find:    func(o *organisation, id string) record { return findIn(o.accounts, id) },
			fields: fieldsOf(map[valueKind]string{
				kindText: "Code Name Type Status TaxType Class SystemAccount Description BankAccountNumber", kindID: "AccountID",
				kindBool: "EnablePaymentsToAccount", kindTime: "UpdatedDateUTC",
			}),
		},
		{
			plural: "TaxRates", singular: "TaxRate", idName: "TaxType",
			records: func(o *organisation) []record { return records(o.taxRates) },
			find:    func(o *organisation, id string) record { return findIn(o.taxRates, id) },
			fields: fieldsOf(map[valueKind]string{
				kindText: "Name TaxType Status ReportTaxType", kindNumber: "EffectiveRate DisplayTaxRate",
				kindBool: "CanApplyToAssets CanApplyToEquity CanApplyToExpenses CanApplyToLiabilities CanApplyToRevenue",
			}),
		},
		{
			plural: "TrackingCategories", singular: "TrackingCategory", idName: "TrackingCategoryID",
			records: func(o *organisation) []record { return records(o.categories) },
			find:    func(o *organisation, id string) record { return findIn(o.categories, id) },
			fields:  fieldsOf(map[valueKind]string{kindText: "Name Status", kindID: "TrackingCategoryID"}),
		},
		{
			plural: "Currencies", singular: "Currency", idName: "Code",
			records: func(o *organisation) []record { return records(o.currencies) },
			fields:  fieldsOf(map[valueKind]string{kindText: "Code Description"}),
		},
		{
			plural: "BrandingThemes", singular: "BrandingTheme", idName: "BrandingThemeID",
			records: func(o *organisation) []record { return records(o.themes) },
			find:    func(o *organisation, id string) record { return findIn(o.themes, id) },
		},
		{
			plural: "Organisations", singular: "Organisation", idName: "OrganisationID",
			records: func(o *organisation) []record { return []record{o} },
		},
	}
	byPath := map[string]*endpoint{}
	for _, e := range list {
		path := strings.ToLower(e.plural)
		if e.plural == "Organisations" {
			path = "organisation"
		}
		byPath[path] = e
	}
	return byPath
}()

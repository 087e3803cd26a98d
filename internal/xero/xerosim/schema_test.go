package xerosim

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
)

// Every answer that the tests of this package get from the Accounting API is
// held against Xero's own OpenAPI description, when XERO_OPENAPI names its file
// (github.com/XeroAPI/Xero-OpenAPI, xero_accounting.yaml):
//
//	XERO_OPENAPI=… go test ./internal/xero/xerosim

type description struct {
	router routers.Router
	err    error
}

var xeroDescription = sync.OnceValue(func() *description {
	path := os.Getenv("XERO_OPENAPI")
	if path == "" {
		return nil
	}
	openapi3.DefineStringFormatValidator("uuid", openapi3.NewRegexpFormatValidator(idPattern.String()))
	raw := func(body io.Reader, _ http.Header, _ *openapi3.SchemaRef, _ openapi3filter.EncodingFn) (any, error) {
		content, err := io.ReadAll(body)
		return string(content), err
	}
	openapi3filter.RegisterBodyDecoder("application/pdf", raw)
	openapi3filter.RegisterBodyDecoder("application/octet-stream", raw)
	document, err := openapi3.NewLoader().LoadFromFile(path)
	if err != nil {
		return &description{err: err}
	}
	document.Servers = nil // paths are matched without the address
	router, err := legacy.NewRouter(document, openapi3.DisableExamplesValidation(), openapi3.DisableSchemaDefaultsValidation())
	return &description{router: router, err: err}
})

// recordAnswers wraps the simulator so that its answers are validated as they
// pass. Faults that break the connection are not answers and pass unseen.
func recordAnswers(t *testing.T, h http.Handler) http.Handler {
	described := xeroDescription()
	if described == nil {
		return h
	}
	if described.err != nil {
		t.Fatalf("XERO_OPENAPI: %v", described.err)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, apiPrefix+"/") {
			h.ServeHTTP(w, r)
			return
		}
		tee := &teeWriter{ResponseWriter: w, status: http.StatusOK}
		h.ServeHTTP(tee, r)
		if err := described.check(r, tee); err != nil {
			t.Errorf("%s %s: the answer breaks Xero's description: %v\n%.2000s", r.Method, r.URL.Path, err, tee.body.String())
		}
	})
}

type teeWriter struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (w *teeWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func (w *teeWriter) Write(part []byte) (int, error) {
	w.body.Write(part)
	return w.ResponseWriter.Write(part)
}

func (w *teeWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

var errorLine = regexp.MustCompile(`(?m)^.*$`)

func (d *description) check(r *http.Request, w *teeWriter) error {
	contentType := w.Header().Get("Content-Type")
	pdf := strings.HasPrefix(contentType, "application/pdf") && strings.HasSuffix(r.URL.Path, "/pdf")
	if !strings.HasPrefix(contentType, "application/json") && !pdf {
		return nil // XML, PDF by Accept, the gateway's HTML and answers without a body are not described
	}
	bare := r.Clone(context.Background())
	bare.URL = &url.URL{Path: strings.TrimPrefix(r.URL.Path, apiPrefix), RawQuery: r.URL.RawQuery}
	route, parameters, err := d.router.FindRoute(bare)
	if err != nil {
		return nil //nolint:nilerr // a path or method that Xero does not describe, asked for on purpose
	}
	options := &openapi3filter.Options{SkipSettingDefaults: true, ExcludeReadOnlyValidations: true, ExcludeWriteOnlyValidations: true}
	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: bare, PathParams: parameters, Route: route, Options: options},
		Status:                 w.status, Header: w.Header(), Options: options,
	}
	input.SetBodyBytes(w.body.Bytes())
	if err := openapi3filter.ValidateResponse(context.Background(), input); err != nil {
		return fmt.Errorf("status %d: %s", w.status, errorLine.FindString(err.Error()))
	}
	return nil
}

// TestAnswersMatchDescription makes sure that the description is really
// applied, with one call of every kind and one answer that breaks it.
func TestAnswersMatchDescription(t *testing.T) {
	t.Parallel()
	described := xeroDescription()
	if described == nil {
		t.Skip("XERO_OPENAPI is not set: answers are not held against Xero's OpenAPI description")
	}
	x := start(t)
	if err := x.sim.Seed(Seed{
		Items:              []Item{{Code: "CABLE", Name: "Cable", Description: "Cable 2.5 mm2", SalePrice: "3.5", SaleAccount: "200"}},
		TrackingCategories: []TrackingCategory{{Name: "Region", Options: []string{"North"}}},
	}); err != nil {
		t.Fatal(err)
	}
	contact := x.customer("ABC Limited")
	made := x.create(tree{"LineItems": []tree{
		{"Description": "Work", "Quantity": 1, "UnitAmount": 100, "AccountCode": "200", "DiscountRate": 10, "Tracking": []tree{{"Name": "Region", "Option": "North"}}},
		{"ItemCode": "CABLE", "Quantity": 2},
		{"Description": "A remark"},
	}})
	id := made.text("InvoiceID")
	order := x.api("PUT", "/PurchaseOrders", tree{
		"Contact": tree{"ContactID": contact}, "DeliveryDate": "2026-08-01", "ExpectedArrivalDate": "2026-08-02", "DeliveryAddress": "1 Street",
		"LineItems": []tree{{"Description": "Cable", "Quantity": 2, "UnitAmount": "1.2345", "AccountCode": "300"}},
	}).want(200).one("PurchaseOrders").text("PurchaseOrderID")
	note := x.api("PUT", "/CreditNotes", invoice(contact, tree{"Type": "ACCRECCREDIT", "DueDate": nil})).want(200).one("CreditNotes").text("CreditNoteID")
	x.api("PUT", "/CreditNotes/"+note+"/Allocations", tree{"Allocations": []tree{{"Invoice": tree{"InvoiceID": id}, "Amount": 5, "Date": "2026-07-02"}}}).want(200)
	payment := x.api("PUT", "/Payments", tree{"Invoice": tree{"InvoiceID": id}, "Account": tree{"Code": "090"}, "Amount": 5, "Date": "2026-07-02"}).
		want(200).one("Payments").text("PaymentID")
	x.api("PUT", "/Invoices/"+id+"/History", tree{"HistoryRecords": []tree{{"Details": "x"}}}).want(200)
	for _, path := range []string{
		"/Contacts", "/Contacts?page=1", "/Contacts?summaryOnly=true", "/Contacts/" + contact, "/Contacts/" + contact + "/History",
		"/Invoices", "/Invoices?page=1", "/Invoices?summaryOnly=true", "/Invoices/" + id, "/Invoices/" + id + "/OnlineInvoice", "/Invoices/" + id + "/pdf", "/PurchaseOrders/" + order + "/pdf", "/Invoices/" + id + "/History",
		"/CreditNotes", "/CreditNotes?page=1", "/CreditNotes/" + note, "/PurchaseOrders", "/PurchaseOrders/" + order,
		"/Payments", "/Payments?page=1", "/Payments/" + payment, "/Accounts", "/TaxRates", "/TaxRates/OUTPUT2", "/TrackingCategories",
		"/Items", "/Items/CABLE", "/Currencies", "/BrandingThemes", "/Organisation", "/Organisation/Actions",
	} {
		x.api("GET", path, nil).want(200)
		bare, _, _ := strings.Cut(path, "?")
		if _, _, err := described.router.FindRoute(&http.Request{Method: http.MethodGet, URL: &url.URL{Path: bare}}); err != nil {
			t.Errorf("GET %s is not in the description, so its answer was not checked: %v", path, err)
		}
	}
	x.api("GET", "/Invoices/"+id, nil, header{"Accept": "application/pdf"}).want(200)
	x.api("PUT", "/Invoices?summarizeErrors=false", tree{"Invoices": []tree{{"Type": "ACCREC"}}}).want(200)
	x.api("PUT", "/Invoices", tree{"Invoices": []tree{{"Type": "ACCREC"}}}).want(400)

	request, err := http.NewRequest(http.MethodGet, "http://localhost"+apiPrefix+"/Invoices", nil)
	if err != nil {
		t.Fatal(err)
	}
	broken := &teeWriter{ResponseWriter: discard{http.Header{"Content-Type": {"application/json"}}}, status: 200}
	broken.body.WriteString(`{"Invoices":[{"Status":"DONE"}]}`)
	if err := described.check(request, broken); err == nil {
		t.Error("an invoice with the status DONE passes as Xero's")
	}
}

// discard is a ResponseWriter that only has headers.
type discard struct{ headers http.Header }

func (d discard) Header() http.Header         { return d.headers }
func (d discard) WriteHeader(int)             {}
func (d discard) Write(p []byte) (int, error) { return len(p), nil }

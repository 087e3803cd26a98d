package xero

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"ampedfieldops/internal/fieldops"

	"github.com/google/go-cmp/cmp"
)

const (
	idA     = "0193a1b2-0000-7000-8000-00000000000a"
	idB     = "0193a1b2-0000-7000-8000-00000000000b"
	idC     = "0193a1b2-0000-7000-8000-00000000000c"
	remoteA = "b2f5a5d0-1111-4222-8333-00000000000a"
	remoteB = "b2f5a5d0-1111-4222-8333-00000000000b"
	remoteC = "b2f5a5d0-1111-4222-8333-00000000000c"
	someone = "c0ffee00-1111-4222-8333-00000000000f"
)

// invoice is a posting of one line: 2.5 hours at 95.50, 15 % tax.
func invoice(id, number string) fieldops.Posting {
	return fieldops.Posting{
		Ref: fieldops.DocumentRef{Kind: fieldops.KindInvoice, ID: id}, Number: number, ContactID: someone,
		Reference: "PO 4711", Date: "2026-11-23", DueDate: "2026-12-20", Status: fieldops.StatusAuthorised,
		URL: "https://office.example.nz/invoices/" + id,
		Lines: []fieldops.PostingLine{{
			Description: "Labour", Quantity: 25_000, UnitPrice: 955_000, AccountCode: "200", TaxType: "OUTPUT2",
			Amount: 23_875, Tax: 3_581,
		}},
		Total: 27_456, TotalTax: 3_581,
	}
}

func purchaseOrder(id, number string) fieldops.Posting {
	p := invoice(id, number)
	p.Ref.Kind, p.URL = fieldops.KindPurchaseOrder, ""
	p.Lines[0].AccountCode, p.Lines[0].TaxType = "300", "INPUT2"
	return p
}

func client(id, name string) fieldops.Posting {
	return fieldops.Posting{
		Ref: fieldops.DocumentRef{Kind: fieldops.KindClient, ID: id}, Number: id,
		Contact: &fieldops.PostingContact{Name: name, FirstName: "Aroha", LastName: "Ngata", Email: "aroha@example.nz", Phone: "09 555 0123", AddressLine: "1 Queen Street", City: "Auckland"},
	}
}

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func answered(status int, body string) fieldops.Answer {
	return fieldops.Answer{Status: status, ContentType: "application/json", Body: []byte(body), MinuteLeft: -1, DayLeft: -1, AppMinuteLeft: -1}
}

// What a verdict says, without its texts.
type said struct {
	Outcome     fieldops.Outcome
	Status      int
	ID          string
	Whole       bool
	NumberTaken bool
}

func sayings(verdicts []fieldops.Verdict) []said {
	all := make([]said, len(verdicts))
	for i, v := range verdicts {
		all[i] = said{v.Outcome, v.Status, v.RemoteID, v.WholeCall, v.NumberTaken}
	}
	return all
}

func ok(id, number string) string {
	return fmt.Sprintf(`{"Type":"ACCREC","InvoiceID":%q,"InvoiceNumber":%q,"Status":"AUTHORISED","StatusAttributeString":"OK","HasErrors":false,"ValidationErrors":[]}`, id, number)
}

func failed(number, message string) string {
	return fmt.Sprintf(`{"Type":"ACCREC","InvoiceID":"%s","InvoiceNumber":%q,"StatusAttributeString":"ERROR","HasErrors":true,"ValidationErrors":[{"Message":%q}]}`, fieldops.NilID, number, message)
}

func invoices(elements ...string) string {
	return `{"Id":"0e5a8cf3-d4b4-4a0d-8bb9-9d3e5e1c9b5c","Status":"OK","Invoices":[` + strings.Join(elements, ",") + `]}`
}

const (
	html         = "<!DOCTYPE html><html><body><h1>Server Error</h1></body></html>"
	whole        = `{"ErrorNumber":14,"Type":"PostDataInvalidException","Message":"JSON for post data was invalid"}`
	differentKey = `{"ErrorNumber":10,"Type":"ValidationException","Message":"Idempotency Key: a-1 is used with a different request."}`
	notFound     = "The resource you're looking for cannot be found"
)

func TestJudgeOfOneCreate(t *testing.T) {
	t.Parallel()
	c := New(Config{})
	call := must[fieldops.Call](t)(c.Create(fieldops.KindInvoice, []fieldops.Posting{invoice(idA, "INV-1")}))
	for _, x := range []struct {
		name   string
		answer fieldops.Answer
		want   said
	}{
		{"created", answered(200, invoices(ok(remoteA, "INV-1"))), said{fieldops.Confirmed, 200, remoteA, false, false}},
		{"created, a warning", answered(200, invoices(strings.Replace(ok(remoteA, "INV-1"), `"OK"`, `"WARNING"`, 1))), said{fieldops.Confirmed, 200, remoteA, false, false}},
		{"refused inside a 200", answered(200, invoices(failed("INV-1", "Account code '999' is not a valid code for this document."))), said{fieldops.Rejected, 400, "", false, false}},
		{"refused without a number", answered(200, invoices(failed("", "One or more line items must be specified"))), said{fieldops.Rejected, 400, "", false, false}},
		{"refused without words", answered(200, invoices(`{"InvoiceNumber":"INV-1","StatusAttributeString":"ERROR"}`)), said{fieldops.Rejected, 400, "", false, false}},
		{"an error in a line", answered(200, invoices(`{"InvoiceNumber":"INV-1","LineItems":[{"ValidationErrors":[{"Message":"Account must be valid"}]}]}`)), said{fieldops.Rejected, 400, "", false, false}},
		{"number taken", answered(200, invoices(failed("INV-1", "Invoice # must be unique."))), said{fieldops.Evidence, 400, "", false, true}},
		{"number taken, with the id of the taker", answered(200, invoices(strings.Replace(failed("INV-1", "Invoice # must be unique."), fieldops.NilID, remoteA, 1))), said{fieldops.Evidence, 400, "", false, true}},
		{"status moved on", answered(200, invoices(failed("INV-1", "Invoice not of valid status for modification"))), said{fieldops.Evidence, 400, "", false, false}},
		{"an error and an id", answered(200, invoices(strings.Replace(failed("INV-1", "Email address must be valid."), fieldops.NilID, remoteA, 1))), said{fieldops.Unknown, 400, "", false, false}},
		{"OK with the nil id", answered(200, invoices(ok(fieldops.NilID, "INV-1"))), said{fieldops.Unknown, 200, "", false, false}},
		{"OK without an id", answered(200, invoices(`{"InvoiceNumber":"INV-1","StatusAttributeString":"OK"}`)), said{fieldops.Unknown, 200, "", false, false}},
		{"OK with another number", answered(200, invoices(ok(remoteA, "INV-2"))), said{fieldops.Unknown, 200, "", false, false}},
		{"OK without a number", answered(200, invoices(ok(remoteA, ""))), said{fieldops.Unknown, 200, "", false, false}},
		{"no element", answered(200, invoices()), said{fieldops.Unknown, 200, "", false, false}},
		{"no collection", answered(200, `{"Status":"OK"}`), said{fieldops.Unknown, 200, "", false, false}},
		{"another collection", answered(200, `{"Contacts":[]}`), said{fieldops.Unknown, 200, "", false, false}},
		{"an element that is none", answered(200, invoices(`17`)), said{fieldops.Unknown, 200, "", false, false}},
		{"a total that is none", answered(200, invoices(strings.Replace(ok(remoteA, "INV-1"), `"Type"`, `"Total":"many","Type"`, 1))), said{fieldops.Unknown, 200, "", false, false}},
		{"empty", answered(200, ""), said{fieldops.Unknown, 200, "", false, false}},
		{"null", answered(200, "null"), said{fieldops.Unknown, 200, "", false, false}},
		{"HTML with 200", answered(200, html), said{fieldops.Unknown, 200, "", false, false}},
		{"half a JSON", answered(200, invoices(ok(remoteA, "INV-1"))[:90]), said{fieldops.Unknown, 200, "", false, false}},
		{"broken off", fieldops.Answer{Status: 200, Body: []byte(invoices(ok(remoteA, "INV-1"))), Truncated: true}, said{fieldops.Unknown, 200, "", false, false}},
		{"204", answered(204, ""), said{fieldops.Unknown, 204, "", false, false}},
		{"a redirect", answered(302, ""), said{fieldops.Unknown, 302, "", false, false}},
		{"304", answered(304, ""), said{fieldops.Unknown, 304, "", false, false}},

		{"400 with the element", answered(400, `{"Type":"ValidationException","Message":"A validation exception occurred","Elements":[`+failed("INV-1", "Email address must be valid.")+`]}`), said{fieldops.Rejected, 400, "", false, false}},
		{"400 with the element, number taken", answered(400, `{"Type":"ValidationException","Elements":[`+failed("INV-1", "Invoice # must be unique.")+`]}`), said{fieldops.Evidence, 400, "", false, true}},
		{"400 with the collection", answered(400, invoices(failed("INV-1", "Invoice # must be unique."))), said{fieldops.Evidence, 400, "", false, true}},
		{"400 without elements", answered(400, whole), said{fieldops.Rejected, 400, "", false, false}},
		{"400, key used differently", answered(400, differentKey), said{fieldops.Evidence, 400, "", false, false}},
		{"400, key used differently, in text", answered(400, "Idempotency Key: a-1 is used with a different request."), said{fieldops.Evidence, 400, "", false, false}},
		{"400 in XML, number taken", answered(400, `<ApiException><Elements><Message>Invoice # must be unique.</Message></Elements></ApiException>`), said{fieldops.Evidence, 400, "", false, true}},
		{"400 in HTML", answered(400, html), said{fieldops.Rejected, 400, "", false, false}},
		{"400 broken off", fieldops.Answer{Status: 400, Body: []byte(whole[:30]), Truncated: true}, said{fieldops.Unknown, 400, "", false, false}},
		{"404", answered(404, notFound), said{fieldops.Rejected, 404, "", false, false}},
		{"405", answered(405, ""), said{fieldops.Rejected, 405, "", false, false}},
		{"412", answered(412, ""), said{fieldops.Rejected, 412, "", false, false}},
		{"413", answered(413, ""), said{fieldops.Rejected, 413, "", false, false}},
		{"415", answered(415, ""), said{fieldops.Rejected, 415, "", false, false}},
		{"501", answered(501, `<ApiException><Message>The Api Method called is not implemented</Message></ApiException>`), said{fieldops.Rejected, 501, "", false, false}},
		{"409, which is not listed", answered(409, ""), said{fieldops.Unknown, 409, "", false, false}},
		{"418, which is not listed", answered(418, ""), said{fieldops.Unknown, 418, "", false, false}},

		{"401", answered(401, `{"Detail":"TokenExpired: token expired at 09/24/2021 08:23:47"}`), said{fieldops.AuthError, 401, "", false, false}},
		{"401 broken off", fieldops.Answer{Status: 401, Truncated: true}, said{fieldops.AuthError, 401, "", false, false}},
		{"403", answered(403, `{"title":"Forbidden","status":403,"detail":"AuthenticationUnsuccessful"}`), said{fieldops.AuthError, 403, "", false, false}},
		{"429", answered(429, ""), said{fieldops.Throttled, 429, "", false, false}},
		{"429 in HTML", answered(429, html), said{fieldops.Throttled, 429, "", false, false}},
		{"503 with the old rate limit", answered(503, "oauth_problem=rate%20limit%20exceeded&oauth_problem_advice=please%20wait"), said{fieldops.Throttled, 503, "", false, false}},
		{"503 with the rate limit in words", answered(503, "Rate Limit exceeded"), said{fieldops.Throttled, 503, "", false, false}},
		{"503 offline", answered(503, "The Xero API is currently offline for maintenance"), said{fieldops.Unknown, 503, "", false, false}},
		{"500", answered(500, html), said{fieldops.Unknown, 500, "", false, false}},
		{"500 with a good body", answered(500, invoices(ok(remoteA, "INV-1"))), said{fieldops.Unknown, 500, "", false, false}},
		{"502", answered(502, html), said{fieldops.Unknown, 502, "", false, false}},
		{"504", answered(504, ""), said{fieldops.Unknown, 504, "", false, false}},
		{"timeout", fieldops.Answer{Err: errors.New("Xero did not answer within 30s")}, said{fieldops.Unknown, 0, "", false, false}},
		{"nothing at all", fieldops.Answer{}, said{fieldops.Unknown, 0, "", false, false}},
		{"refused connection", fieldops.Answer{NotSent: true, Err: errors.New("connection refused")}, said{fieldops.NotSent, 0, "", false, false}},
	} {
		verdicts := c.Judge(call, x.answer)
		if diff := cmp.Diff([]said{x.want}, sayings(verdicts)); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", x.name, diff)
			continue
		}
		if v := verdicts[0]; v.Outcome != fieldops.Confirmed && v.Message == "" {
			t.Errorf("%s: no word about why", x.name)
		} else if len(v.Response) > 0 && !json.Valid(v.Response) {
			t.Errorf("%s: the response for the log is no JSON: %s", x.name, v.Response)
		}
	}
}

func TestJudgeOfABatch(t *testing.T) {
	t.Parallel()
	c := New(Config{})
	call := must[fieldops.Call](t)(c.Create(fieldops.KindInvoice, []fieldops.Posting{invoice(idA, "INV-1"), invoice(idB, "INV-2"), invoice(idC, "INV-3")}))
	var (
		one       = said{fieldops.Confirmed, 200, remoteA, false, false}
		two       = said{fieldops.Confirmed, 200, remoteB, false, false}
		three     = said{fieldops.Confirmed, 200, remoteC, false, false}
		rejected  = said{fieldops.Rejected, 400, "", false, false}
		unknown   = said{fieldops.Unknown, 200, "", false, false}
		unknown4  = said{fieldops.Unknown, 400, "", false, false}
		wholeCall = said{fieldops.Rejected, 400, "", true, false}
	)
	for _, x := range []struct {
		name   string
		answer fieldops.Answer
		want   []said
	}{
		{"all created", answered(200, invoices(ok(remoteA, "INV-1"), ok(remoteB, "INV-2"), ok(remoteC, "INV-3"))), []said{one, two, three}},
		{"in another order", answered(200, invoices(ok(remoteC, "INV-3"), ok(remoteA, "INV-1"), ok(remoteB, "INV-2"))), []said{one, two, three}},
		{"one refused", answered(200, invoices(ok(remoteA, "INV-1"), failed("INV-2", "Email address must be valid."), ok(remoteC, "INV-3"))), []said{one, rejected, three}},
		{"one refused without its number", answered(200, invoices(ok(remoteA, "INV-1"), failed("", "Email address must be valid."), ok(remoteC, "INV-3"))), []said{one, rejected, three}},
		{"one refused without its number, in another order", answered(200, invoices(ok(remoteC, "INV-3"), failed("", "Email address must be valid."), ok(remoteA, "INV-1"))), []said{one, rejected, three}},
		{"one missing", answered(200, invoices(ok(remoteA, "INV-1"), ok(remoteC, "INV-3"))), []said{one, unknown, three}},
		{"one missing and one without its number", answered(200, invoices(failed("", "x"), ok(remoteC, "INV-3"))), []said{unknown, unknown, three}},
		{"one that is none", answered(200, invoices(ok(remoteA, "INV-1"), `"?"`, ok(remoteC, "INV-3"))), []said{one, unknown, three}},
		{"one twice", answered(200, invoices(ok(remoteB, "INV-2"), ok(remoteB, "INV-2"), ok(remoteC, "INV-3"))), []said{unknown, two, three}},
		{"two that could be it", answered(200, invoices(ok(remoteB, "INV-2"), ok(remoteC, "INV-3"), ok(someone, "INV-2"))), []said{unknown, unknown, three}},
		{"a stranger", answered(200, invoices(ok(remoteA, "INV-1"), ok(remoteB, "INV-9"), ok(remoteC, "INV-3"))), []said{one, unknown, three}},
		{"too many", answered(200, invoices(ok(remoteA, "INV-1"), ok(remoteB, "INV-2"), ok(remoteC, "INV-3"), ok(someone, "INV-9"))), []said{one, two, three}},
		{"one taken", answered(200, invoices(failed("INV-1", "Invoice # must be unique."), ok(remoteB, "INV-2"), ok(remoteC, "INV-3"))), []said{{fieldops.Evidence, 400, "", false, true}, two, three}},
		{"nothing", answered(200, invoices()), []said{unknown, unknown, unknown}},
		{"half a JSON", answered(200, invoices(ok(remoteA, "INV-1"), ok(remoteB, "INV-2"))[:250]), []said{unknown, unknown, unknown}},
		{"only the failing ones", answered(400, `{"Type":"ValidationException","Message":"A validation exception occurred","Elements":[`+failed("INV-2", "Email address must be valid.")+`]}`), []said{unknown4, rejected, unknown4}},
		{"refused whole", answered(400, whole), []said{wholeCall, wholeCall, wholeCall}},
		{"refused whole with no elements", answered(400, `{"Message":"no","Elements":[]}`), []said{wholeCall, wholeCall, wholeCall}},
		{"too large", answered(413, ""), []said{{fieldops.Rejected, 413, "", true, false}, {fieldops.Rejected, 413, "", true, false}, {fieldops.Rejected, 413, "", true, false}}},
		{"key used differently", answered(400, differentKey), []said{{fieldops.Evidence, 400, "", false, false}, {fieldops.Evidence, 400, "", false, false}, {fieldops.Evidence, 400, "", false, false}}},
		{"404 says nothing of a batch", answered(404, notFound), []said{{fieldops.Unknown, 404, "", false, false}, {fieldops.Unknown, 404, "", false, false}, {fieldops.Unknown, 404, "", false, false}}},
		{"500", answered(500, ""), []said{{fieldops.Unknown, 500, "", false, false}, {fieldops.Unknown, 500, "", false, false}, {fieldops.Unknown, 500, "", false, false}}},
	} {
		if diff := cmp.Diff(x.want, sayings(c.Judge(call, x.answer))); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", x.name, diff)
		}
	}
}

func TestJudgeOfChangesByID(t *testing.T) {
	t.Parallel()
	c := New(Config{})
	p := invoice(idA, "INV-1")
	p.RemoteID = strings.ToUpper(remoteA)
	update := must[fieldops.Call](t)(c.Update(p, nil))
	void := must[fieldops.Call](t)(c.Void(p, fieldops.StatusAuthorised))
	voided := strings.Replace(ok(remoteA, "INV-1"), fieldops.StatusAuthorised, fieldops.StatusVoided, 1)
	for _, x := range []struct {
		name   string
		call   fieldops.Call
		answer fieldops.Answer
		want   said
	}{
		{"updated", update, answered(200, invoices(ok(remoteA, "INV-1"))), said{fieldops.Confirmed, 200, remoteA, false, false}},
		{"updated without a status attribute", update, answered(200, invoices(`{"InvoiceID":"`+remoteA+`"}`)), said{fieldops.Confirmed, 200, remoteA, false, false}},
		{"another id", update, answered(200, invoices(ok(remoteB, "INV-1"))), said{fieldops.Unknown, 200, "", false, false}},
		{"refused with its id", update, answered(400, `{"Elements":[`+strings.Replace(failed("INV-1", "This document cannot be edited as it has a payment or credit note allocated to it."), fieldops.NilID, remoteA, 1)+`]}`), said{fieldops.Rejected, 400, "", false, false}},
		{"refused inside a 200 with its id", update, answered(200, invoices(strings.Replace(failed("INV-1", "Email address must be valid."), fieldops.NilID, remoteA, 1))), said{fieldops.Rejected, 400, "", false, false}},
		{"not of valid status", update, answered(400, `{"Elements":[`+failed("INV-1", "Invoice not of valid status for modification")+`]}`), said{fieldops.Evidence, 400, "", false, false}},
		{"gone", update, answered(404, notFound), said{fieldops.Rejected, 404, "", false, false}},
		{"voided", void, answered(200, invoices(voided)), said{fieldops.Confirmed, 200, remoteA, false, false}},
		{"not voided", void, answered(200, invoices(ok(remoteA, "INV-1"))), said{fieldops.Unknown, 200, "", false, false}},
		{"has payments", void, answered(400, `{"Elements":[`+failed("INV-1", "The status VOIDED cannot be applied to the invoice because it has payments or credit notes allocated to it.")+`]}`), said{fieldops.Rejected, 400, "", false, false}},
	} {
		if diff := cmp.Diff([]said{x.want}, sayings(c.Judge(x.call, x.answer))); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", x.name, diff)
		}
	}
}

func TestXerosOwnWords(t *testing.T) {
	t.Parallel()
	c := New(Config{})
	call := must[fieldops.Call](t)(c.Create(fieldops.KindInvoice, []fieldops.Posting{invoice(idA, "INV-1")}))
	for _, x := range []struct{ name, body, want string }{
		{
			"everywhere, each once",
			`{"ErrorNumber":10,"Type":"ValidationException","Message":"A validation exception occurred","Elements":[{"InvoiceNumber":"INV-1",
			 "LineItems":[{"ValidationErrors":[{"Message":"Third."}]},{"ValidationErrors":[{"Message":"First."}]}],
			 "Contact":{"ValidationErrors":[{"Message":"Second."}],"Addresses":[]},
			 "ValidationErrors":[{"Message":"First."}]}]}`,
			"First.; Second.; Third.",
		},
		{"the message when there are no details", whole, "JSON for post data was invalid"},
		{"the detail", `{"Title":"Bad","Detail":"The detail"}`, "The detail"},
		{"plain text", notFound, notFound},
		{"XML", `<ApiException><ErrorNumber>10</ErrorNumber><Message>A</Message><Elements><ValidationError><Message>B</Message></ValidationError></Elements></ApiException>`, "A; B"},
		{"a web page", html, "Xero answered with status 400 and a web page instead of data"},
		{"half a JSON", whole[:20], "Xero answered with status 400 and data that cannot be understood"},
		{"nothing", "", "Xero answered with status 400 and nothing else"},
		{"an empty object", "{}", "Xero answered with status 400 and no explanation"},
	} {
		if got := c.Judge(call, answered(400, x.body))[0].Message; got != x.want {
			t.Errorf("%s: %q, want %q", x.name, got, x.want)
		}
	}
	long := c.Judge(call, answered(500, strings.Repeat("x\x00\xff", 5000)))[0]
	if len(long.Message) > rawKept || len(long.Response) > rawKept+2 || strings.Contains(long.Message, "\x00") || !utf8.ValidString(long.Message) {
		t.Errorf("a long answer that is no text leaves %d bytes of message and %d of response", len(long.Message), len(long.Response))
	}
}

func TestLimitsAndTokensAreToldApart(t *testing.T) {
	t.Parallel()
	texts := map[string]bool{}
	for _, problem := range []string{"minute", "day", "concurrent", "app", ""} {
		texts[RateLimitText(fieldops.Answer{RateProblem: problem})] = true
	}
	if len(texts) != 5 {
		t.Errorf("five limits have %d texts", len(texts))
	}
	for _, x := range []struct {
		status int
		body   string
		want   AuthProblem
	}{
		{401, `{"Detail":"TokenExpired: token expired at 09/24/2021 08:23:47"}`, TokenRefused},
		{401, `{"Detail":"AuthenticationUnsuccessful"}`, TokenRefused},
		{401, ``, TokenRefused},
		{401, `{"Detail":"AuthorizationUnsuccessful"}`, ScopeMissing},
		{403, `{"detail":"AuthenticationUnsuccessful"}`, TenantRefused},
		{403, `{"detail":"insufficent_scope"}`, ScopeMissing},
	} {
		if got := AuthProblemOf(answered(x.status, x.body)); got != x.want {
			t.Errorf("%d %s is %s, want %s", x.status, x.body, got, x.want)
		}
	}
}

func TestJudgeOfCallsThatRead(t *testing.T) {
	t.Parallel()
	c := New(Config{})
	listed := must[fieldops.Call](t)(c.Look(fieldops.KindInvoice, []fieldops.Posting{invoice(idA, "INV-1"), invoice(idB, "INV-2")}))
	for _, x := range []struct {
		name   string
		call   fieldops.Call
		answer fieldops.Answer
		want   []fieldops.Outcome
	}{
		{"found", listed, answered(200, invoices(ok(remoteA, "INV-1"))), []fieldops.Outcome{fieldops.Answered, fieldops.Answered}},
		{"another page", listed, answered(200, `{"pagination":{"page":1,"pageSize":1,"pageCount":2,"itemCount":2},"Invoices":[]}`), []fieldops.Outcome{fieldops.Unknown, fieldops.Unknown}},
		{"500", listed, answered(500, ""), []fieldops.Outcome{fieldops.Unknown, fieldops.Unknown}},
		{"400", listed, answered(400, whole), []fieldops.Outcome{fieldops.Rejected, fieldops.Rejected}},
		{"404 of a list", listed, answered(404, notFound), []fieldops.Outcome{fieldops.Unknown, fieldops.Unknown}},
		{"429", listed, answered(429, ""), []fieldops.Outcome{fieldops.Throttled, fieldops.Throttled}},
		{"401", listed, answered(401, ""), []fieldops.Outcome{fieldops.AuthError, fieldops.AuthError}},
		{"not sent", listed, fieldops.Answer{NotSent: true}, []fieldops.Outcome{fieldops.NotSent, fieldops.NotSent}},
		{"reference", c.OrganisationCall(), answered(200, `{"Organisations":[]}`), []fieldops.Outcome{fieldops.Answered}},
		{"reference, an array", c.ConnectionsCall(), answered(200, `[]`), []fieldops.Outcome{fieldops.Answered}},
		{"reference, half", c.AccountsCall(), answered(200, `{"Accounts":[`), []fieldops.Outcome{fieldops.Unknown}},
		{"reference, offline", c.OrganisationCall(), answered(503, "offline"), []fieldops.Outcome{fieldops.Unknown}},
		{"unchanged list", c.ListCall(fieldops.KindInvoice, 1, someTime), answered(304, ""), []fieldops.Outcome{fieldops.Answered}},
	} {
		var got []fieldops.Outcome
		for _, v := range c.Judge(x.call, x.answer) {
			got = append(got, v.Outcome)
		}
		if diff := cmp.Diff(x.want, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", x.name, diff)
		}
	}
}

func FuzzJudge(f *testing.F) {
	for _, body := range []string{
		invoices(ok(remoteA, "INV-1"), failed("INV-2", "Invoice # must be unique.")), whole, html, differentKey, "", "{", "[]", "null",
		`{"Elements":{"ValidationErrors":{"Message":"x"}}}`, `{"Invoices":{"Contact":[],"LineItems":{},"Date":"/Date(-1+)/","Total":1e999}}`,
		`{"Contacts":[{"Phones":null,"ValidationErrors":"x"}]}`, `{"PurchaseOrders":null,"pagination":{"pageCount":-1}}`,
	} {
		f.Add(200, body)
		f.Add(400, body)
	}
	c := New(Config{})
	known := invoice(idA, "INV-1")
	known.RemoteID = remoteA
	var calls []fieldops.Call
	for _, kind := range []fieldops.DocumentKind{fieldops.KindInvoice, fieldops.KindPurchaseOrder, fieldops.KindClient} {
		a, b := known, known
		a.Ref.Kind, b.Ref.Kind, b.Number = kind, kind, "INV-2"
		a.Contact, b.Contact = &fieldops.PostingContact{Name: "A"}, &fieldops.PostingContact{Name: "B"}
		for _, build := range []func() (fieldops.Call, error){
			func() (fieldops.Call, error) { return c.Create(kind, []fieldops.Posting{a, b}) },
			func() (fieldops.Call, error) { return c.Create(kind, []fieldops.Posting{a}) },
			func() (fieldops.Call, error) { return c.Update(a, nil) },
			func() (fieldops.Call, error) { return c.Void(a, fieldops.StatusAuthorised) },
			func() (fieldops.Call, error) { return c.Look(kind, []fieldops.Posting{a}) },
		} {
			calls = append(calls, must[fieldops.Call](f)(build()))
		}
	}
	f.Fuzz(func(t *testing.T, status int, body string) {
		a := answered(status, body)
		for _, call := range calls {
			verdicts := c.Judge(call, a)
			if len(verdicts) != len(call.Members) {
				t.Fatalf("%d verdicts about %d members", len(verdicts), len(call.Members))
			}
			for _, v := range verdicts {
				if v.Outcome == fieldops.Confirmed && (v.RemoteID == "" || v.RemoteID == fieldops.NilID || v.Remote == nil) {
					t.Fatalf("confirmed without an id: %+v", v)
				}
				if v.Outcome == fieldops.Confirmed && !strings.Contains(strings.ToLower(body), v.RemoteID) {
					t.Fatalf("confirmed with an id that is not in the answer: %+v", v)
				}
				if len(v.Response) > 0 && !json.Valid(v.Response) {
					t.Fatalf("the response for the log is no JSON: %q", v.Response)
				}
			}
		}
	})
}

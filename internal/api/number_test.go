package api

import (
	"bytes"
	"image"
	"image/png"
	"net/http"
	"testing"

	"ampedfieldops/internal/store"
)

// TestEverySeriesOfNumbersIsASetting gives each series its prefix and its next
// number, which the next document bears, and which cannot be lowered again.
func TestEverySeriesOfNumbersIsASetting(t *testing.T) {
	t.Parallel()
	both(t, func(_ *testing.T, f *firm) {
		line := `"line_items":[{"description":"a","amount":100}]`
		f.play([]scenario{{who: "manager", ask: manual, body: `{"client_id":"{client}",` + line + `}`, status: 202, save: "invoice"}})
		for _, s := range []struct {
			prefix, next, make, body, says string
			status                         int
		}{
			{"quote_prefix", "quote_next_number", quoting, `{"client_id":"{client}",` + line + `}`, `"quote_number":"X/00040"`, 201},
			{"credit_note_prefix", "credit_note_next_number", credits, `{"invoice_id":"{invoice}","amount":1}`, `"credit_note_number":"X/00040"`, 201},
			{"bill_prefix", "bill_next_number", "POST /api/xero/bills", `{"supplier_id":"{client}","date":"2026-11-01","line_items":[{"description":"a","quantity":1,"unit_amount":1}]}`, `"bill_number":"X/00040"`, 201},
			{"invoice_prefix", "invoice_next_number", manual, `{"client_id":"{client}",` + line + `}`, `"invoice_number":"X/00040"`, 202},
			{"po_prefix", "po_next_number", "POST /api/xero/purchase-orders", `{"supplier_id":"{client}","project_id":"{project}","date":"2026-11-01","line_items":[{"description":"a","quantity":1,"unit_amount":1}]}`, `"po_number":"X/00040"`, 202},
		} {
			f.play([]scenario{
				{who: "admin", ask: "GET /api/settings/schema", status: 200, parts: []string{`"key":"` + s.prefix + `"`, `"key":"` + s.next + `"`}},
				{who: "admin", ask: "PUT /api/settings/" + s.prefix, body: `{"value":"X/","global":true}`, status: 200},
				{who: "admin", ask: "PUT /api/settings/" + s.next, body: `{"value":"0","global":true}`, status: 400},
				{who: "admin", ask: "PUT /api/settings/" + s.next, body: `{"value":40,"global":true}`, status: 200},
				{who: "manager", ask: s.make, body: s.body, status: s.status, parts: []string{s.says}},
				{who: "admin", ask: "PUT /api/settings/" + s.next, body: `{"value":40,"global":true}`, status: 409, parts: []string{"can only be raised"}},
				{who: "admin", ask: "DELETE /api/settings/" + s.next + "?global=true", status: 400, parts: []string{"can only be raised"}},
				{who: "admin", ask: "GET /api/settings", status: 200, parts: []string{`"` + s.next + `":"41"`}},
			})
		}
	})
}

// TestAnUploadedLogoIsPrinted uploads a logo; the invoice's page has it then.
func TestAnUploadedLogoIsPrinted(t *testing.T) {
	t.Parallel()
	f := newFirm(t, store.SQLite)
	f.play([]scenario{{who: "manager", ask: manual, body: `{"client_id":"{client}","line_items":[{"description":"a","amount":1}]}`, status: 202, save: "invoice"}})
	drawn := func() bool {
		w := f.ask("manager", "GET", "/api/xero/invoices/{invoice}/pdf", "")
		if w.Code != http.StatusOK {
			t.Fatal(w.Code, w.Body)
		}
		return bytes.Contains(w.Body.Bytes(), []byte("/Subtype /Image"))
	}
	if drawn() {
		t.Error("a picture before there is any")
	}
	var logo bytes.Buffer
	if err := png.Encode(&logo, image.NewGray(image.Rect(0, 0, 40, 10))); err != nil {
		t.Fatal(err)
	}
	if w := f.submit("admin", "POST", "/api/settings/logo", nil, []photo{{"logo", "logo.png", logo.String()}}); w.Code != http.StatusOK {
		t.Fatal(w.Code, w.Body)
	}
	if !drawn() {
		t.Error("the logo is not on the page")
	}
}

package check

import (
	"context"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"time"
)

// provider is what the simulated Xero holds and has seen.
type provider struct {
	documents []*remote
	contacts  []*contact
	calls     []*call
}

// remote is an invoice or a purchase order as Xero shows it.
type remote struct {
	InvoiceID, InvoiceNumber             string
	PurchaseOrderID, PurchaseOrderNumber string
	Type, Status, Reference              string
	DateString, DueDateString            string
	DeliveryDateString                   string
	URL                                  string
	CurrencyCode                         string
	Contact                              struct{ ContactID string }
	SubTotal, TotalTax, Total            json.Number
	LineItems                            []struct {
		Description, AccountCode, TaxType string
		Quantity, UnitAmount              json.Number
		LineAmount, TaxAmount             json.Number
	}
}

func (r *remote) kind() string {
	if r.PurchaseOrderID != "" {
		return "purchase_order"
	}
	return "invoice"
}

func (r *remote) id() string     { return r.InvoiceID + r.PurchaseOrderID }
func (r *remote) number() string { return r.InvoiceNumber + r.PurchaseOrderNumber }
func (r *remote) live() bool     { return r.Status != "VOIDED" && r.Status != "DELETED" }

// marker is the id of ours that the link back to us ends in.
func (r *remote) marker() string {
	return r.URL[strings.LastIndexByte(r.URL, '/')+1:]
}

func (r *remote) String() string {
	return fmt.Sprintf("%s %s %s (%s)", r.Status, r.kind(), r.number(), r.id())
}

// contact is a contact as Xero shows it.
type contact struct {
	ContactID, ContactNumber, Name, EmailAddress, ContactStatus string
}

// call is a request that the simulator has seen.
type call struct {
	N              int       `json:"n"`
	At             time.Time `json:"at"`
	Method         string    `json:"method"`
	Path           string    `json:"path"`
	Query          string    `json:"query"`
	Status         int       `json:"status"`
	IdempotencyKey string    `json:"idempotency_key"`
	Body           string    `json:"body"`
	InFlight       int       `json:"in_flight"`
}

const api = "/api.xro/2.0/"

// target is the call's path and query as the program writes them down.
func (c *call) target() string {
	if c.Query == "" {
		return c.Path
	}
	return c.Path + "?" + c.Query
}

// writesDocument says whether the call could change a document.
func (c *call) writesDocument() bool {
	return c.Method != http.MethodGet && strings.HasPrefix(c.Path, api)
}

// elements is how many documents the body carries.
func (c *call) elements() (int, error) {
	var body map[string][]json.RawMessage
	if err := json.Unmarshal([]byte(c.Body), &body); err != nil {
		return 0, err
	}
	n := 0
	for _, list := range body {
		n += len(list)
	}
	return n, nil
}

func readProvider(ctx context.Context, address string) (*provider, error) {
	p := &provider{}
	for _, endpoint := range []string{"Invoices", "PurchaseOrders"} {
		var list []*remote
		if err := control(ctx, address, "documents/"+endpoint, &list); err != nil {
			return nil, err
		}
		p.documents = append(p.documents, list...)
	}
	if err := control(ctx, address, "documents/Contacts", &p.contacts); err != nil {
		return nil, err
	}
	return p, control(ctx, address, "calls", &p.calls)
}

// control reads one answer of the simulator's control API.
func control(ctx context.Context, address, path string, into any) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"/_sim/"+path, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("GET /_sim/%s: %s", path, response.Status)
	}
	return json.NewDecoder(response.Body).Decode(into)
}

// scaled is a decimal number as an integer of 1/by; ok is false when it is
// none.
func scaled(n json.Number, by int64) (result int64, ok bool) {
	r, good := new(big.Rat).SetString(string(n))
	if !good {
		return 0, false
	}
	r.Mul(r, new(big.Rat).SetInt64(by))
	if !r.IsInt() || !r.Num().IsInt64() {
		return 0, false
	}
	return r.Num().Int64(), true
}

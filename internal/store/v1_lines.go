package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math/big"
	"regexp"
	"strings"

	"ampedfieldops/internal/fieldops"
)

// formerLine is a line of a document in one of the two shapes that the former
// product kept: its own, and Xero's. Numbers are kept as they were written.
type formerLine struct {
	id, description, account, taxType, center, item *string
	quantity, unit, amount, tax                     *big.Rat
}

// UnmarshalJSON reads a line of either shape.
func (l *formerLine) UnmarshalJSON(b []byte) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(b, &fields); err != nil {
		return err
	}
	words := func(names ...string) *string {
		for _, name := range names {
			var s string
			if json.Unmarshal(fields[name], &s) == nil && strings.TrimSpace(s) != "" {
				return &s
			}
		}
		return nil
	}
	number := func(names ...string) *big.Rat {
		for _, name := range names {
			text := strings.Trim(string(bytes.TrimSpace(fields[name])), `"`)
			if !plainNumber.MatchString(text) {
				continue
			}
			if n, ok := new(big.Rat).SetString(text); ok {
				return n
			}
		}
		return nil
	}
	l.description = words("description", "Description")
	l.account, l.taxType = words("account_code", "AccountCode"), words("tax_type", "TaxType")
	l.id, l.center, l.item = words("id"), words("cost_center_id"), words("item_id")
	l.quantity = number("quantity", "Quantity")
	l.unit = number("unit_price", "unit_amount", "UnitAmount")
	l.amount = number("amount", "line_amount", "LineAmount")
	l.tax = number("tax_amount", "TaxAmount")
	return nil
}

// plainNumber is a number of a size that money and hours can have.
var plainNumber = regexp.MustCompile(`^-?[0-9]{1,15}(\.[0-9]{1,30})?([eE][-+]?[0-9]{1,2})?$`)

// rounded is n × scale as an integer, rounded half away from zero.
func rounded(n *big.Rat, scale int64) int64 {
	if n == nil {
		return 0
	}
	x := new(big.Rat).Mul(n, new(big.Rat).SetInt64(scale))
	half := big.NewRat(1, 2)
	if x.Sign() < 0 {
		half.Neg(half)
	}
	x.Add(x, half)
	q := new(big.Int).Quo(x.Num(), x.Denom()) // towards zero
	if !q.IsInt64() {
		return 0
	}
	return q.Int64()
}

// copiedLine is a line as our tables have it.
type copiedLine struct {
	ID           fieldops.ID  `json:"id"`
	InvoiceID    *fieldops.ID `json:"invoice_id,omitempty"`
	QuoteID      *fieldops.ID `json:"quote_id,omitempty"`
	BillID       *fieldops.ID `json:"bill_id,omitempty"`
	OrderID      *fieldops.ID `json:"po_id,omitempty"`
	Position     int          `json:"position"`
	GroupKey     string       `json:"group_key"`
	Description  string       `json:"description"`
	Quantity     int64        `json:"quantity_e4"`
	UnitPrice    int64        `json:"unit_price_e4"`
	UnitAmount   int64        `json:"unit_amount_e4"`
	AccountCode  *string      `json:"account_code"`
	TaxType      *string      `json:"tax_type"`
	TaxRate      int64        `json:"tax_rate_ppm"`
	Amount       int64        `json:"line_amount_cents"`
	Tax          int64        `json:"tax_amount_cents"`
	CostCenterID *fieldops.ID `json:"cost_center_id"`
	ItemID       *fieldops.ID `json:"item_id"`
}

// copyLines makes our lines of a document's former ones, such that they add up
// to its total, which is what people signed for and never changes: the lines of
// a document that had none, or whose lines leave a difference, are completed by
// one that says so. complete is false then.
//
// Amounts were floats that nobody had rounded. A line's amount is rounded to the
// cent; up to a cent a line of what that leaves goes into the largest line. Where
// quantity times price is not the amount, the price is the one that makes it so,
// and where there is none, the line is one piece for the amount.
func copyLines(former []formerLine, total int64, name string) (lines []copiedLine, complete bool) {
	lines, net, tax := plainLines(former, name)
	if tax != 0 && net == total {
		// Amounts with tax: ours are without.
		net = 0
		for i := range lines {
			lines[i].Amount -= lines[i].Tax
			net += lines[i].Amount
		}
	}
	difference := total - net - tax
	complete = difference == 0
	if difference != 0 && len(lines) > 0 && max(difference, -difference) <= int64(len(lines)) {
		largest := 0
		for i := range lines {
			if lines[i].Amount > lines[largest].Amount {
				largest = i
			}
		}
		lines[largest].Amount += difference
		difference, complete = 0, true
	}
	if difference != 0 {
		words := name
		if len(lines) > 0 {
			words = "Difference to the total of " + name
		}
		lines = append(lines, copiedLine{ID: fieldops.NewID(), Position: len(lines), Description: words, Amount: difference})
	}
	for i := range lines {
		lines[i].price()
	}
	return lines, complete
}

// plainLines are the former lines with everything rounded by itself.
func plainLines(former []formerLine, name string) (lines []copiedLine, net, tax int64) {
	for i := range former {
		l := &former[i]
		amount := l.amount
		if amount == nil && l.unit != nil {
			quantity := l.quantity
			if quantity == nil {
				quantity = big.NewRat(1, 1)
			}
			amount = new(big.Rat).Mul(quantity, l.unit)
		}
		c := copiedLine{
			ID: fieldops.NewID(), Position: i, Description: name, Quantity: rounded(l.quantity, 10_000), UnitPrice: rounded(l.unit, 10_000),
			AccountCode: l.account, TaxType: l.taxType, Amount: rounded(amount, 100), Tax: rounded(l.tax, 100),
		}
		if id, ok := parseOptional(l.id); ok {
			c.ID = id
		}
		if l.description != nil {
			c.Description = *l.description
		}
		if id, ok := parseOptional(l.center); ok {
			c.CostCenterID = &id
		}
		if id, ok := parseOptional(l.item); ok {
			c.ItemID = &id
		}
		net, tax = net+c.Amount, tax+c.Tax
		lines = append(lines, c)
	}
	return lines, net, tax
}

func parseOptional(s *string) (fieldops.ID, bool) {
	if s == nil {
		return "", false
	}
	return fieldops.ParseID(*s)
}

// price makes quantity × price the amount, and the rate one that gives the tax.
func (l *copiedLine) price() {
	fits := func() bool {
		amount, err := fieldops.Multiply(fieldops.E4(l.Quantity), fieldops.E4(l.UnitPrice))
		return err == nil && int64(amount) == l.Amount
	}
	if !fits() && l.Quantity != 0 {
		l.UnitPrice = rounded(big.NewRat(l.Amount*1_000_000, l.Quantity), 1)
	}
	if !fits() {
		l.Quantity, l.UnitPrice = 10_000, l.Amount*100
	}
	l.UnitAmount = l.UnitPrice
	if l.Tax == 0 {
		return
	}
	for _, rate := range []int64{150_000, 100_000, 200_000, 125_000} {
		if int64(fieldops.TaxRate(rate).Of(fieldops.Cents(l.Amount))) == l.Tax {
			l.TaxRate = rate
			return
		}
	}
	if l.Amount != 0 {
		l.TaxRate = rounded(big.NewRat(l.Tax, l.Amount), 1_000_000)
	}
}

// lines copies the lines of all documents.
func (c *copier) lines(ctx context.Context) error {
	for _, k := range []struct {
		former, table, name, number string
		total, totals               string
		own                         func(l *copiedLine, id *fieldops.ID)
		columns                     string
	}{
		{
			"xero_invoices", "xero_invoice_lines", "Invoice", "invoice_number", "total_cents", "subtotal_cents = x.quantity_e4, total_tax_cents = x.tax_amount_cents",
			func(l *copiedLine, id *fieldops.ID) { l.InvoiceID = id }, "invoice_id, group_key, quantity_e4, unit_price_e4",
		},
		{
			"xero_quotes", "xero_quote_lines", "Quote", "quote_number", "total_cents", "subtotal_cents = x.quantity_e4, total_tax_cents = x.tax_amount_cents, total_cents = x.line_amount_cents",
			func(l *copiedLine, id *fieldops.ID) { l.QuoteID = id }, "quote_id, quantity_e4, unit_price_e4",
		},
		{
			"xero_bills", "xero_bill_lines", "Bill", "bill_number", "amount_cents", "subtotal_cents = x.quantity_e4, total_tax_cents = x.tax_amount_cents",
			func(l *copiedLine, id *fieldops.ID) { l.BillID = id }, "bill_id, quantity_e4, unit_amount_e4, cost_center_id, item_id",
		},
		{
			"xero_purchase_orders", "xero_purchase_order_line_items", "Purchase order", "po_number", "total_amount_cents", "subtotal_cents = x.quantity_e4, total_tax_cents = x.tax_amount_cents",
			func(l *copiedLine, id *fieldops.ID) { l.OrderID = id }, "po_id, quantity_e4, unit_amount_e4, cost_center_id, item_id",
		},
	} {
		insert := "insert into " + k.table + " (id, position, description, account_code, tax_type, tax_rate_ppm, line_amount_cents, tax_amount_cents, " + k.columns +
			") select id, position, description, account_code, tax_type, tax_rate_ppm, line_amount_cents, tax_amount_cents, " +
			strings.Replace(k.columns, "cost_center_id", "(select k.id from cost_centers k where k.id = x.cost_center_id)", 1) + " from x_rows x"
		// The sums of a document travel in the columns of a line.
		settle := "update " + k.former + " d set " + k.totals + " from x_rows x where d.id = x.id"
		body := "cast(o.line_items as text)"
		if k.former == "xero_purchase_orders" {
			body = `coalesce((select cast(json_agg(json_build_object('id', l.id, 'description', l.description, 'quantity', l.quantity, 'unit_amount', l.unit_amount,
				'line_amount', l.line_amount, 'account_code', l.account_code, 'cost_center_id', l.cost_center_id, 'item_id', l.item_id) order by l.created_at, l.id) as text)
				from old_xero_purchase_order_line_items l where l.po_id = o.id), ` + body + ")"
		}
		type document struct {
			id     fieldops.ID
			number string
			total  int64
			remote bool
			body   *string
		}
		remote := map[string]string{"xero_invoices": "xero_invoice_id", "xero_quotes": "xero_quote_id", "xero_bills": "xero_bill_id", "xero_purchase_orders": "xero_po_id"}[k.former]
		for after := fieldops.NilID; ; {
			documents, err := collect(ctx, c.reads, fmt.Sprintf("select d.id, d.%s, d.%s, d.%s is not null, %s from %s d join old_%s o on o.id = d.id where d.id > $1 order by d.id limit 2000",
				k.number, k.total, remote, body, k.former, k.former), []any{after},
				func(rows *sql.Rows, d *document) error {
					return rows.Scan(&d.id, &d.number, &d.total, &d.remote, &d.body)
				})
			if err != nil {
				return err
			}
			if len(documents) == 0 {
				break
			}
			after = documents[len(documents)-1].id
			var lines, sums []copiedLine
			for _, d := range documents {
				own, sum, err := c.documentLines(ctx, k.former, k.name, d.id, d.number, d.total, d.remote, d.body)
				if err != nil {
					return err
				}
				for i := range own {
					k.own(&own[i], &d.id)
				}
				lines, sums = append(lines, own...), append(sums, sum)
			}
			if err := load(ctx, c, k.table, insert, lines); err != nil {
				return err
			}
			if err := load(ctx, c, "xero_invoice_lines", settle, sums); err != nil {
				return err
			}
		}
	}
	for _, s := range []string{
		"update xero_invoices set sync_warning = $1 where sync_status = 'synced' and id in (select entity_id from v1.upgrade_oddities where kind = 'lines' and table_name = 'xero_invoices')",
		"update xero_purchase_orders set sync_warning = $1 where sync_status = 'synced' and id in (select entity_id from v1.upgrade_oddities where kind = 'lines' and table_name = 'xero_purchase_orders')",
	} {
		if _, err := c.tx.ExecContext(ctx, s, "The former product did not have all its lines: compare it with Xero before you change it here, because what stands here is written there then"); err != nil {
			return err
		}
	}
	return nil
}

// documentLines are the lines of one document and, in sum, what they add up to:
// without tax as its quantity, the tax, and both together as its amount.
func (c *copier) documentLines(ctx context.Context, table, kind string, id fieldops.ID, number string, total int64, remote bool, body *string) (lines []copiedLine, sum copiedLine, err error) {
	var former []formerLine
	if body != nil {
		if err := json.Unmarshal([]byte(*body), &former); err != nil {
			former = nil
			if err := c.oddity(ctx, table, id, "lines_unreadable", "its lines cannot be read", false); err != nil {
				return nil, sum, err
			}
		}
	}
	if table == "xero_quotes" && total == 0 && !remote {
		// The former product never added up its own quotes.
		_, net, tax := plainLines(former, kind)
		total = net + tax
		if total != 0 {
			if err := c.oddity(ctx, table, id, "total", "the total was never computed: it is that of the lines, "+fieldops.Cents(total).String(), false); err != nil {
				return nil, sum, err
			}
		}
	}
	lines, complete := copyLines(former, total, kind+" "+number)
	if !complete {
		if err := c.oddity(ctx, table, id, "lines", "its lines are not all there or do not add up: one line says what is missing of the total", false); err != nil {
			return nil, sum, err
		}
	}
	sum = copiedLine{ID: id}
	for _, l := range lines {
		sum.Quantity += l.Amount
		sum.Tax += l.Tax
	}
	sum.Amount = sum.Quantity + sum.Tax
	return lines, sum, nil
}

package main

import (
	"context"
	"fmt"

	"ampedfieldops/internal/billing"
	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// demoItem is something that the firm of the demonstration buys and sells.
type demoItem struct {
	code, name, description string
	purchase, sale          fieldops.E4
	stock                   fieldops.E4 // 0 is not kept in stock
}

var demoItems = []demoItem{
	{"RCBO20", "RCBO 20 A", "RCBO 20 A type A, 30 mA", 46_8000, 79_0000, 38_0000},
	{"LED1500", "LED batten 1500 mm", "LED batten 1500 mm with presence sensor", 74_9000, 119_0000, 12_0000},
	{"TPS25", "TPS cable 2.5 mm²", "TPS cable 2C+E 2.5 mm², per metre", 1_9500, 3_4000, 420_0000},
	{"SMOKE", "Smoke alarm, interconnected", "Photoelectric smoke alarm, wireless interconnect, ten years", 61_2500, 98_0000, 26_0000},
	{"GPODBL", "Double socket outlet", "Double switched socket outlet, white", 14_2000, 29_5000, 0},
	{"COC", "Certificate of compliance", "Certificate of compliance and record of inspection", 0, 65_0000, 0},
}

// demoPastInvoice is an invoice of an earlier month, and how much of it was paid
// when.
type demoPastInvoice struct {
	number         string
	client         int
	back, due      int // days ago; due later than that
	description    string
	quantity       fieldops.E4
	price          fieldops.E4
	paid           fieldops.Cents // -1 is everything, 0 is nothing
	paidBack       int
	method, remark string
}

var demoPast = []demoPastInvoice{
	{"INV-01033", 0, 152, 20, "Annual thermal imaging of the main boards", 1_0000, 4_850_0000, -1, 128, "BANK_TRANSFER", "Tamaki 01033"},
	{"INV-01034", 1, 124, 20, "Emergency lighting test, levels 1 to 9", 9_0000, 685_0000, -1, 101, "BANK_TRANSFER", "HVBC"},
	{"INV-01035", 2, 96, 30, "Compressor room power upgrade", 1_0000, 11_420_0000, -1, 63, "BANK_TRANSFER", "Otaki 4700"},
	{"INV-01036", 2, 93, 30, "Cold store heater circuits", 6_0000, 412_5000, 1500_00, 70, "BANK_TRANSFER", "part"},
	{"INV-01037", 6, 66, 20, "Smoke alarms and certificates, 18 homes", 18_0000, 164_0000, -1, 44, "CREDIT_CARD", ""},
	{"INV-01038", 5, 61, 20, "Temporary builder's supply, lots 12 to 18", 7_0000, 538_0000, 2000_00, 33, "BANK_TRANSFER", "KH 0612"},
	{"INV-01039", 3, 34, 7, "Treatment room lighting", 3_0000, 722_0000, -1, 6, "ONLINE", ""},
	{"INV-01040", 4, 38, 20, "Wharekai switchboard, deposit work", 1_0000, 3_640_0000, 1000_00, 20, "CASH", "Koha night"},
}

// storeMoney makes up what surrounds the invoices: the price list, work of
// earlier months with its payments, quotes, a credit note, bills, expenses and
// what the bank says.
func (f *demoFirm) storeMoney(ctx context.Context, p *program, actor fieldops.Actor, orders []fieldops.PurchaseOrder) error {
	for _, store := range []func(context.Context, *program, fieldops.Actor) error{f.storeItems, f.storePast, f.storeQuotes, f.storeExpenses} {
		if err := store(ctx, p, actor); err != nil {
			return err
		}
	}
	if err := f.storeBills(ctx, p, actor, orders); err != nil {
		return err
	}
	if err := f.storeScans(ctx, p, actor, orders); err != nil {
		return err
	}
	return f.storeBank(ctx, p, actor)
}

func (f *demoFirm) storeItems(ctx context.Context, p *program, actor fieldops.Actor) error {
	return p.db.Write(ctx, actor, func(tx *store.Tx) error {
		for _, d := range demoItems {
			item := fieldops.Item{
				Code: d.code, Name: d.name, Description: text(d.description), PurchasePrice: d.purchase, SalePrice: d.sale,
				IsTracked: d.stock > 0, StockLevel: d.stock, IsActive: true,
			}
			if err := tx.InsertItem(ctx, &item); err != nil {
				return fmt.Errorf("an item: %w", err)
			}
		}
		return nil
	})
}

func (f *demoFirm) storePast(ctx context.Context, p *program, actor fieldops.Actor) error {
	for _, d := range demoPast {
		invoice, err := p.billing.CreateInvoice(ctx, actor, fieldops.ManualInvoice{
			ClientID: f.clients[d.client].ID, Number: d.number, IssueDate: f.today.AddDays(-d.back), DueDate: f.today.AddDays(-d.back + d.due),
			Lines: []fieldops.SaleLine{saleLine(d.description, d.quantity, d.price)},
		})
		if err != nil {
			return fmt.Errorf("an earlier invoice: %w", err)
		}
		var amount *fieldops.Cents
		if d.paid > 0 {
			amount = &d.paid
		}
		payment := fieldops.Payment{Date: f.today.AddDays(-d.paidBack), Method: d.method}
		if d.remark != "" {
			payment.Reference = &d.remark
		}
		if _, err := p.billing.MarkPaid(ctx, actor, invoice.ID, payment, amount, billing.AnyVersion); err != nil {
			return fmt.Errorf("a payment: %w", err)
		}
		if d.number == "INV-01038" {
			part := fieldops.Cents(300_00)
			_, err := p.billing.Credit(ctx, actor, fieldops.CreditRequest{
				InvoiceID: invoice.ID, Amount: &part, Date: f.today.AddDays(-30), Reason: text("One supply was not needed"),
			})
			if err != nil {
				return fmt.Errorf("a credit note: %w", err)
			}
		}
	}
	return nil
}

// demoQuote is an offer and what became of it.
type demoQuote struct {
	client, back, valid int
	title               string
	lines               []fieldops.SaleLine
	actions             []string
}

func (f *demoFirm) storeQuotes(ctx context.Context, p *program, actor fieldops.Actor) error {
	for _, d := range []demoQuote{
		{1, 52, 30, "Security lighting, car park", []fieldops.SaleLine{saleLine("Pole light with sensor, installed", 8_0000, 640_0000)}, []string{"send"}},
		{7, 40, 30, "Defrost control of rooms 4 to 6", []fieldops.SaleLine{saleLine("Controller and sensors", 3_0000, 1_280_0000), saleLine("Commissioning", 12_0000, 115_0000)}, []string{"send", "decline"}},
		{5, 12, 30, "Heat pump circuits, lots 12 to 18", []fieldops.SaleLine{saleLine("Dedicated circuit with isolator", 7_0000, 485_0000)}, []string{"send", "accept"}},
		{1, 5, 30, "Access control cabling, 24 doors", []fieldops.SaleLine{saleLine("Cable and terminate a door", 24_0000, 495_0000), saleLine("Head end rack", 1_0000, 2_520_0000)}, []string{"send"}},
		{3, 1, 30, "Reception fit-out", []fieldops.SaleLine{saleLine("Feature lighting", 6_0000, 210_0000), saleLine("Data outlets", 8_0000, 138_0000)}, nil},
	} {
		expiry := f.today.AddDays(-d.back + d.valid)
		quote, err := p.billing.CreateQuote(ctx, actor, fieldops.QuoteEdit{
			ClientID: &f.clients[d.client].ID, Lines: d.lines, IssueDate: f.today.AddDays(-d.back), ExpiryDate: &expiry, Title: &d.title,
			Terms: text("Valid until the day it expires. Progress claims monthly, payment on the 20th of the following month."),
		})
		for _, action := range d.actions {
			if err == nil {
				_, err = p.billing.MoveQuote(ctx, actor, quote.ID, action, func(fieldops.Time) error { return nil })
			}
		}
		if err != nil {
			return fmt.Errorf("a quote: %w", err)
		}
	}
	return nil
}

func (f *demoFirm) storeExpenses(ctx context.Context, p *program, actor fieldops.Actor) error {
	for _, d := range []struct {
		person, project, back int
		description           string
		amount                fieldops.Cents
		steps                 []string
	}{
		{2, 0, 9, "Parking at Neilson Street", 24_00, []string{fieldops.StatusSubmitted, fieldops.StatusApproved, fieldops.StatusPaid}},
		{3, 3, 6, "Ferry to the island and back", 86_50, []string{fieldops.StatusSubmitted, fieldops.StatusApproved}},
		{2, 6, 3, "Drill bits and anchors", 73_90, []string{fieldops.StatusSubmitted}},
		{4, 2, 1, "Access lift, half a day", 218_50, nil},
	} {
		expense, err := p.billing.CreateExpense(ctx, actor, fieldops.Expense{
			UserID: &f.people[d.person].ID, ProjectID: &f.projects[d.project].ID, Amount: d.amount, Date: f.today.AddDays(-d.back), Description: text(d.description),
		}, billing.ExpenseTax{})
		for _, to := range d.steps {
			if err == nil {
				_, err = p.billing.AdvanceExpense(ctx, actor, expense.ID, to, "advance", func(*fieldops.Expense) error { return nil })
			}
		}
		if err != nil {
			return fmt.Errorf("an expense: %w", err)
		}
	}
	return nil
}

// storeBills bills a part of the second order, and writes down bills without an
// order: one paid, one late.
func (f *demoFirm) storeBills(ctx context.Context, p *program, actor fieldops.Actor, orders []fieldops.PurchaseOrder) error {
	some := fieldops.E4(20_0000)
	_, err := p.billing.ConvertOrder(ctx, actor, orders[1].ID, fieldops.OrderConversion{
		Date: f.today.AddDays(-1), Number: "BL-88120", Lines: []fieldops.ConversionLine{{OrderLineID: orders[1].Lines[0].ID, Quantity: &some}},
	})
	if err != nil {
		return fmt.Errorf("a bill of an order: %w", err)
	}
	for _, d := range []struct {
		number    string
		supplier  int
		back, due int
		project   int
		line      fieldops.PurchaseOrderLine
		paid      fieldops.Cents
		paidBack  int
	}{
		{"CW-20417", 8, 44, 20, 0, f.orderLine("Cable tray and fittings", 1, 1_286_4000, 1), -1, 21},
		{"TCC-5518", 10, 36, 20, 3, f.orderLine("Steel wire armoured cable 35 mm², per metre", 140, 28_7500, 3), 1500_00, 10},
		{"CW-20633", 8, 8, 20, 6, f.orderLine("Consumer units, 12 way", 7, 196_0000, 5), 0, 0},
	} {
		bill, err := p.billing.CreateBill(ctx, actor, fieldops.BillRequest{
			SupplierID: f.clients[d.supplier].ID, ProjectID: f.projects[d.project].ID, Number: d.number,
			Date: f.today.AddDays(-d.back), DueDate: f.today.AddDays(-d.back + d.due), Lines: []fieldops.BillLine{{PurchaseOrderLine: d.line}},
		})
		if err != nil {
			return fmt.Errorf("a bill: %w", err)
		}
		if d.paid == 0 {
			continue
		}
		var amount *fieldops.Cents
		if d.paid > 0 {
			amount = &d.paid
		}
		payment := fieldops.Payment{Date: f.today.AddDays(-d.paidBack), Method: "BANK_TRANSFER", Reference: &d.number}
		if _, err := p.billing.PayBill(ctx, actor, bill.ID, payment, amount, func(fieldops.Time) error { return nil }); err != nil {
			return fmt.Errorf("a payment of a bill: %w", err)
		}
	}
	return nil
}

// storeBank makes up what the bank says of the payments by transfer, the oldest
// two of which are matched with it already, and a few lines of its own.
func (f *demoFirm) storeBank(ctx context.Context, p *program, actor fieldops.Actor) error {
	payments, err := p.db.Payments(ctx, store.PaymentFilter{Method: "BANK_TRANSFER", Limit: 100})
	if err != nil {
		return err
	}
	return p.db.Write(ctx, actor, func(tx *store.Tx) error {
		account := text("Business account")
		fee, card := text("Account fee"), text("Card terminal settlement")
		rows := []fieldops.BankTransaction{
			{ID: fieldops.NewID(), AccountName: account, Date: f.today.AddDays(-24), Amount: 12_50, Type: fieldops.Spend, Description: fee},
			{ID: fieldops.NewID(), AccountName: account, Date: f.today.AddDays(-4), Amount: 318_75, Type: fieldops.Receive, Description: card},
		}
		for _, payment := range payments {
			kind := fieldops.Receive
			if payment.BillID != nil {
				kind = fieldops.Spend
			}
			rows = append(rows, fieldops.BankTransaction{
				ID: fieldops.NewID(), AccountName: account, Date: payment.Date, Amount: payment.Amount, Type: kind,
				Description: text(payment.ClientName), Reference: payment.Reference,
			})
		}
		if _, err := tx.InsertBankTransactions(ctx, rows); err != nil {
			return fmt.Errorf("the bank: %w", err)
		}
		for n := len(payments) - 2; n < len(payments); n++ {
			if err := tx.Reconcile(ctx, rows[2+n].ID, payments[n].ID); err != nil {
				return fmt.Errorf("matching with the bank: %w", err)
			}
		}
		return nil
	})
}

func saleLine(description string, quantity, price fieldops.E4) fieldops.SaleLine {
	return fieldops.SaleLine{Description: &description, Quantity: &quantity, UnitPrice: &price}
}

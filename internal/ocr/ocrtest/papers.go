package ocrtest

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// Paper is a made-up receipt or invoice, and what it says.
type Paper struct {
	Text                                      string
	Supplier, Number, Date, Total, Tax, Order string
}

var goods = []string{"TPS cable 2.5mm 100m", "RCBO 20A 30mA", "Socket double white", "LED panel 600x600", "Conduit 20mm 4m", "Cable ties 100pk", "Junction box IP65", "Screws 8g 30mm", "Heat pump bracket", "Smoke alarm"}

// Made is a paper of one of four forms, the same for the same seed. Its supplier is
// ideal, mitre or corys, as fieldops.ScanContext may name them.
func Made(seed uint64) Paper {
	random := rand.New(rand.NewPCG(seed, 11)) //nolint:gosec // a paper that a test can repeat
	day := time.Date(2026, 11, 1+random.IntN(26), 0, 0, 0, 0, time.UTC)
	var net int64
	var lines []string
	letter := seed%3 == 2
	for range 1 + random.IntN(4) {
		quantity, price := 1+random.Int64N(5), 250+random.Int64N(20_000)
		net += quantity * price
		name := goods[random.IntN(len(goods))]
		if letter {
			lines = append(lines, fmt.Sprintf("%s\t%d\t%s\t%s", name, quantity, money(price), money(quantity*price)))
		} else {
			lines = append(lines, fmt.Sprintf("%-24s %3d %9s %9s", name, quantity, money(price), money(quantity*price)))
		}
	}
	tax := (net*15 + 50) / 100
	total := net + tax
	p := Paper{Date: day.Format(time.DateOnly), Total: money(total), Tax: money(tax)}
	body := strings.Join(lines, "\n")
	switch {
	case letter:
		p.Supplier, p.Number, p.Order = "ideal", fmt.Sprintf("SI-%07d", 4_000_000+random.IntN(999_999)), fmt.Sprintf("PO-%05d", 1+random.IntN(400))
		p.Text = fmt.Sprintf("Ideal Electrical Ltd\nPO Box 14-322, Panmure, Auckland\nGST No. 12-345-678\n\nTax Invoice\n\nBill to: Harbour Electrical Ltd\nInvoice No: %s\nInvoice Date: %s\nYour Order: %s\n\nDescription\tQty\tPrice\tAmount\n%s\n\t\tSub Total\t%s\n\t\tGST 15%%\t%s\n\t\tTotal NZD\t$%s\n\nPlease pay by the 20th of the month following.\n",
			p.Number, day.Format("2 January 2006"), p.Order, body, money(net), p.Tax, p.Total)
	case seed%3 == 1:
		p.Supplier, p.Number = "corys", strconv.Itoa(7_000_000+random.IntN(999_999))
		p.Text = fmt.Sprintf("CORYS ELECTRICAL\n18 Hutt Road, Petone\nGST 10-222-333\nTAX INVOICE %s\nDate: %s\n\n%s\n\n%-24s %23s\n%-24s %23s\n%-24s %23s\nEFTPOS\n", p.Number, day.Format("02/01/2006"), body,
			"Total excl GST", money(net), "GST", p.Tax, "TOTAL", "$"+p.Total)
	default:
		p.Supplier, p.Number = "mitre", fmt.Sprintf("0042-%06d", random.IntN(999_999))
		p.Text = fmt.Sprintf("MITRE 10 MEGA PETONE\n55 Jackson Street, Lower Hutt\nGST No: 086-123-457\nReceipt: %s\n%s 10:32 AM\n\n%s\n\n%-24s %23s\n%-24s %23s\nVISA  ************1234\n", p.Number, day.Format("02/01/06"), body,
			"TOTAL", "$"+p.Total, "GST INCLUDED", "$"+p.Tax)
	}
	return p
}

func money(cents int64) string { return fmt.Sprintf("%d.%02d", cents/100, cents%100) }

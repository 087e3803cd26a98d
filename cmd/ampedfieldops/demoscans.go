package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	"ampedfieldops/internal/billing"
	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/ocr/ocrtest"
	"ampedfieldops/internal/paperwork"
	"ampedfieldops/internal/store"
)

// storeScans makes up receipts and a supplier's invoice, as they come from a phone and
// by mail: one that has become an expense, one that names an order of the firm's, and
// one that somebody should look over. Their texts are given, so that the demonstration
// shows them without a recogniser.
func (f *demoFirm) storeScans(ctx context.Context, p *program, actor fieldops.Actor, orders []fieldops.PurchaseOrder) error {
	day := func(back int) string { return f.today.AddDays(-back).Time().Format("02/01/2006") }
	order := &orders[0]
	technician := fieldops.Actor{UserID: f.people[2].ID, Name: f.people[2].Name}
	receipt, err := f.storeScan(ctx, p, technician, "receipt-hardware.jpg", nil, ocrtest.Look{Skew: 1.2, Noise: 12, Seed: 1}, 94, fmt.Sprintf(`BOLT & BRACE HARDWARE
214 Great South Road, Penrose
GST No: 086-412-775
TAX INVOICE
Receipt: 0071-220418
%s 7:42 AM

MASONRY BIT SET 5PC      34.90
WALL ANCHOR 8MM 50PK     21.60
CABLE CLIPS WHITE         9.50

TOTAL                   $66.00
GST INCLUDED             $8.61
EFTPOS                  $66.00
`, day(2)))
	if err != nil {
		return err
	}
	if _, err := p.billing.CreateExpense(ctx, technician, fieldops.Expense{
		UserID: &technician.UserID, ProjectID: &f.projects[0].ID, Amount: 66_00, Date: f.today.AddDays(-2), Description: text("Bits, anchors and clips"), ScanID: &receipt.ID,
	}, billing.ExpenseTax{}); err != nil {
		return fmt.Errorf("the expense of a receipt: %w", err)
	}
	var lines strings.Builder
	for _, l := range order.Lines {
		fmt.Fprintf(&lines, "%-44s %8s %12s\n", l.Description, l.Quantity, l.Amount)
	}
	invoice := fmt.Sprintf(`%s
PO Box 12-880, Penrose, Auckland
GST No. 11-204-882

Tax Invoice

Invoice No: CW-20719
Invoice Date: %s
Your Order: %s
Due Date: %s

%s
Sub Total   %s
GST 15%%   %s
Total NZD   $%s
`, f.clients[8].Name, day(1), order.Number, f.today.AddDays(19).Time().Format("02/01/2006"), lines.String(), order.SubTotal, order.TotalTax, order.Total)
	if _, err := f.storeScan(ctx, p, actor, "CW-20719.png", order.ProjectID, ocrtest.Look{Letter: true, Size: 22}, 96, invoice); err != nil {
		return err
	}
	_, err = f.storeScan(ctx, p, technician, "fuel.jpg", nil, ocrtest.Look{Shadow: true, Faded: true, Noise: 20, Blur: 1, Seed: 3}, 58, fmt.Sprintf(`SOUTHERN FUEL ONEHUNGA
TAX INVOICE GST 101-882-340
DATE %s  TIME 06:58
PUMP 3  DIESEL
48.20 L @ 2.079        100.21
TOTAL NZD             $100.21
INCL. GST               13.07
VISA
APPROVED
`, day(0)))
	return err
}

// storeScan keeps a printed paper as its scan, and what a recogniser would have read.
func (f *demoFirm) storeScan(ctx context.Context, p *program, actor fieldops.Actor, name string, project *fieldops.ID, look ocrtest.Look, sure int, says string) (fieldops.Scan, error) {
	picture := ocrtest.JPEG(says, look)
	if strings.HasSuffix(name, ".png") {
		picture = ocrtest.PNG(says, look)
	}
	s := fieldops.Scan{ID: fieldops.NewID(), ProjectID: project}
	arrival, err := p.files.Receive(paperwork.UseScan, name, io.Reader(bytes.NewReader(picture)))
	if err != nil {
		return s, fmt.Errorf("a scan: %w", err)
	}
	stored, err := p.files.Keep(ctx, arrival, paperwork.Owner{Kind: fieldops.RecordDocumentScan, Record: s.ID, User: &actor.UserID})
	if err != nil {
		return s, fmt.Errorf("a scan: %w", err)
	}
	var read []fieldops.ScanText
	for line := range strings.Lines(says) {
		read = append(read, fieldops.ScanText{Text: strings.TrimRight(line, "\n"), Confidence: sure})
	}
	err = p.db.Write(ctx, actor, func(tx *store.Tx) error {
		if err := tx.InsertScan(ctx, &s, &stored); err != nil {
			return err
		}
		if _, _, err := tx.BeginReading(ctx, s.ID, s.Run); err != nil {
			return err
		}
		about, err := tx.ScanContext(ctx, tx.Now)
		if err != nil {
			return err
		}
		return tx.KeepReading(ctx, s.ID, s.Run, says, sure, fieldops.ReadScan(read, about))
	})
	if err != nil {
		return s, fmt.Errorf("a scan: %w", err)
	}
	return s, nil
}

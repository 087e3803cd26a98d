package billing_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ampedfieldops/internal/billing"
	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
	"ampedfieldops/internal/store/storetest"
)

// TestABilledOrderStaysWhatItWasInXero bills an order that is in Xero, where no
// bill goes, and edits it then: Xero keeps the status it had, and the edit is not
// refused there.
func TestABilledOrderStaysWhatItWasInXero(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		f := newSandbox(t, db)
		order, err := f.service.CreatePurchaseOrder(ctx, f.actor, fieldops.PurchaseOrderRequest{
			SupplierID: f.clients[0].ID, ProjectID: f.projects[0].ID, Date: "2026-11-23",
			Lines: []fieldops.PurchaseOrderLine{{Description: ref("Switchboard"), Quantity: ref(fieldops.E4(2_0000)), UnitAmount: ref(fieldops.E4(349_9000))}},
		})
		if err != nil {
			t.Fatal(err)
		}
		f.until(fieldops.KindPurchaseOrder, order.ID, fieldops.SyncSynced)
		revision, err := db.PurchaseOrder(ctx, order.ID)
		if err != nil {
			t.Fatal(err)
		}
		bill, err := f.service.ConvertOrder(ctx, f.actor, order.ID, fieldops.OrderConversion{})
		if err != nil {
			t.Fatal(err)
		}
		shown, err := db.PurchaseOrder(ctx, order.ID)
		if err != nil || shown.ShownStatus() != fieldops.StatusBilled || shown.Status != fieldops.StatusDraft || shown.Revision != revision.Revision {
			t.Errorf("after the bill %s, in Xero %s, revision %d, %v", shown.ShownStatus(), shown.Status, shown.Revision, err)
		}
		var before []struct{ PurchaseOrderNumber, Status string }
		f.sim("GET", "/documents/PurchaseOrders", nil, &before)
		if _, err := f.service.EditPurchaseOrder(ctx, f.actor, order.ID, fieldops.PurchaseOrderEdit{Notes: ref("Ring first")}, billing.AnyVersion); err != nil {
			t.Fatal(err)
		}
		f.until(fieldops.KindPurchaseOrder, order.ID, fieldops.SyncSynced)
		var after []struct{ PurchaseOrderNumber, Status string }
		f.sim("GET", "/documents/PurchaseOrders", nil, &after)
		if diff := cmp.Diff(before, after); diff != "" || len(after) != 1 || after[0].Status != fieldops.StatusDraft {
			t.Errorf("Xero's orders %v (-before +after):\n%s", after, diff)
		}
		if shown, err = db.PurchaseOrder(ctx, order.ID); err != nil || shown.ShownStatus() != fieldops.StatusBilled {
			t.Errorf("after the edit %s, %v", shown.ShownStatus(), err)
		}
		var invoices []any
		f.sim("GET", "/documents/Invoices", nil, &invoices)
		if len(invoices) != 0 {
			t.Errorf("bill %s went to Xero: %v", bill.Number, invoices)
		}
	})
}

// ledger is the money of projects as plain Go adds it up, from what was done.
type ledger struct {
	work     map[fieldops.ID]fieldops.Timesheet
	orders   map[fieldops.ID]fieldops.PurchaseOrder
	bills    map[fieldops.ID]fieldops.Bill
	expenses map[fieldops.ID]fieldops.Expense
}

func is(id *fieldops.ID, project fieldops.ID) bool { return id != nil && *id == project }

func (l *ledger) money(project fieldops.ID, cost fieldops.E4) (m store.ProjectMoney) {
	for _, t := range l.work {
		if is(t.ProjectID, project) {
			value, _ := fieldops.Multiply(t.Hours, t.HourlyRate)
			paid, _ := fieldops.Multiply(t.Hours, cost)
			m.Work, m.LabourCost, m.Unbilled = m.Work+value, m.LabourCost+paid, m.Unbilled+value
		}
	}
	billed := map[fieldops.ID]fieldops.E4{}
	for _, b := range l.bills {
		for _, line := range b.Lines {
			if line.OrderLineID != nil {
				billed[*line.OrderLineID] += line.Quantity
			}
			if is(b.ProjectID, project) {
				amount, _ := fieldops.Multiply(line.Quantity, line.UnitPrice)
				m.Bills += amount
			}
		}
	}
	for _, o := range l.orders {
		for _, line := range o.Lines {
			if is(o.ProjectID, project) {
				open, _ := fieldops.Multiply(line.Quantity-billed[line.ID], line.UnitPrice)
				m.Commitments += open
			}
		}
	}
	for _, e := range l.expenses {
		if is(e.ProjectID, project) {
			m.Expenses += e.Amount - e.Tax
		}
	}
	m.ActualCost = m.LabourCost + m.Bills + m.Expenses
	return m
}

// TestProjectMoneyNeverDrifts does a thousand things in a random order, edits
// without hours, moved projects, part bills, deletions and restorations among
// them, and adds up afterwards.
func TestProjectMoneyNeverDrifts(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := newFirm(t, db)
		ctx := t.Context()
		const cost = fieldops.E4(41_3333)
		f.write(func(ctx context.Context, tx *store.Tx) error {
			activity := f.installing
			activity.CostRate = ref(cost)
			return tx.UpdateActivityType(ctx, &activity)
		})
		seed := uint64(time.Now().UnixNano())
		random := rand.New(rand.NewPCG(seed, 1))
		l := ledger{map[fieldops.ID]fieldops.Timesheet{}, map[fieldops.ID]fieldops.PurchaseOrder{}, map[fieldops.ID]fieldops.Bill{}, map[fieldops.ID]fieldops.Expense{}}
		projects := []*fieldops.ID{&f.wiring.ID, &f.alarm.ID, nil}
		price := func() fieldops.E4 { return fieldops.E4(random.IntN(900_0000) + 1) }
		quantity := func() fieldops.E4 { return fieldops.E4(random.IntN(90_0000) + 1) }
		check := func(step int, err error) {
			t.Helper()
			if err != nil {
				t.Fatalf("seed %d, step %d: %v", seed, step, err)
			}
		}
		compare := func(step int) {
			t.Helper()
			for _, p := range projects[:2] {
				got, err := db.Project(ctx, *p)
				check(step, err)
				if diff := cmp.Diff(l.money(*p, cost), got.ProjectMoney); diff != "" {
					t.Fatalf("seed %d, step %d, project %s (-plain Go +rows):\n%s", seed, step, got.Name, diff)
				}
			}
		}
		forget := func(step int, kind fieldops.RecordKind, id fieldops.ID) bool {
			var deletion fieldops.Deletion
			f.write(func(ctx context.Context, tx *store.Tx) (err error) {
				deletion, err = tx.Delete(ctx, kind, id)
				return err
			})
			if random.IntN(2) == 0 {
				return true
			}
			_, err := f.billing.Restore(ctx, f.actor, deletion.ID)
			check(step, err)
			return false
		}
		for step := range 1000 {
			project := projects[random.IntN(3)]
			switch random.IntN(12) {
			case 0, 1:
				w := f.work(random.IntN(20), fieldops.E4(25_00*(random.IntN(40)+1)), func(t *fieldops.Timesheet) { t.ProjectID = projects[random.IntN(2)] })
				l.work[w.ID] = w
			case 2:
				for id := range l.work {
					f.write(func(ctx context.Context, tx *store.Tx) error {
						before, err := tx.LockTimesheet(ctx, id, "edit")
						if err != nil {
							return err
						}
						after := before
						after.ProjectID, after.Notes = projects[random.IntN(2)], ref("moved")
						l.work[id] = after
						return tx.UpdateTimesheet(ctx, &before, &after)
					})
					break
				}
			case 3:
				for id := range l.work {
					if forget(step, fieldops.RecordTimesheet, id) {
						delete(l.work, id)
					}
					break
				}
			case 4, 5:
				order, err := f.order(func(r *fieldops.PurchaseOrderRequest) {
					r.ProjectID = *projects[random.IntN(2)]
					r.Lines = nil
					for n := range random.IntN(3) + 1 {
						r.Lines = append(r.Lines, fieldops.PurchaseOrderLine{Description: ref(fmt.Sprint("line ", n)), Quantity: ref(quantity()), UnitAmount: ref(price())})
					}
				})
				check(step, err)
				l.orders[order.ID] = order
			case 6:
				for id := range l.orders {
					if random.IntN(4) == 0 {
						bills, err := db.OrderBills(ctx, id)
						check(step, err)
						gone, err := f.billing.DeletePurchaseOrder(ctx, f.actor, id)
						if len(bills) > 0 {
							wantKind(t, err, fieldops.Conflict)
							break
						}
						if check(step, err); gone {
							delete(l.orders, id)
						}
						break
					}
					order, err := f.billing.EditPurchaseOrder(ctx, f.actor, id, fieldops.PurchaseOrderEdit{ProjectID: &project}, billing.AnyVersion)
					check(step, err)
					l.orders[id] = order
					break
				}
			case 7, 8:
				for id := range l.orders {
					order, err := db.PurchaseOrder(ctx, id)
					check(step, err)
					var c fieldops.OrderConversion
					if line := order.Lines[random.IntN(len(order.Lines))]; random.IntN(3) > 0 && line.Quantity > line.Billed {
						c.Lines = []fieldops.ConversionLine{{OrderLineID: line.ID, Quantity: ref(fieldops.E4(random.Int64N(int64(line.Quantity-line.Billed)) + 1))}}
					}
					bill, err := f.billing.ConvertOrder(ctx, f.actor, id, c)
					if order.FullyBilled {
						wantKind(t, err, fieldops.Conflict)
						break
					}
					check(step, err)
					l.bills[bill.ID] = bill
					break
				}
			case 9:
				for id, b := range l.bills {
					if random.IntN(2) == 0 {
						part := b.AmountDue/3 + 1
						if paid, err := f.billing.PayBill(ctx, f.actor, id, fieldops.Payment{}, &part, billing.AnyVersion); err == nil {
							l.bills[id] = paid
						} else {
							wantKind(t, err, fieldops.Conflict) // paid already
						}
						break
					}
					if b.AmountPaid == 0 && forget(step, fieldops.RecordBill, id) {
						delete(l.bills, id)
					}
					break
				}
			case 10:
				e, err := f.billing.CreateExpense(ctx, f.actor, fieldops.Expense{
					ProjectID: project, Date: f.today, Description: ref("Parking"), Amount: fieldops.Cents(random.IntN(90_000) + 1),
				}, billing.ExpenseTax{})
				check(step, err)
				l.expenses[e.ID] = e
			case 11:
				for id := range l.expenses {
					if random.IntN(2) == 0 {
						if forget(step, fieldops.RecordExpense, id) {
							delete(l.expenses, id)
						}
						break
					}
					e, err := f.billing.EditExpense(ctx, f.actor, id, func(e *fieldops.Expense) (*billing.ExpenseTax, error) {
						e.ProjectID, e.Amount = project, e.Amount+100
						return nil, nil
					})
					check(step, err)
					l.expenses[id] = e
					break
				}
			}
			if step%50 == 49 {
				compare(step)
			}
		}
		if len(l.work) == 0 || len(l.orders) == 0 || len(l.bills) == 0 || len(l.expenses) == 0 {
			t.Errorf("seed %d left %d timesheets, %d orders, %d bills, %d expenses: this proves nothing", seed, len(l.work), len(l.orders), len(l.bills), len(l.expenses))
		}
	})
}

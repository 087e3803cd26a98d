package bench

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"ampedfieldops/internal/billing"
	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
	"ampedfieldops/internal/store/storetest"
)

// The benchmarks below run the transactions that TestBench measures over HTTP,
// in this process, so that they can be profiled:
//
//	go test -run '^$' -bench InvoiceTimesheets -benchtime 300x -cpuprofile cpu.out ./e2e/bench

func BenchmarkInvoiceTimesheets(b *testing.B) {
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		for _, entries := range []int{5, 500} {
			b.Run(fmt.Sprintf("%s/%d", engine, entries), func(b *testing.B) {
				s := size{clients: 1000, projects: 1000, suppliers: 1, busyClients: 400}
				if entries == 5 {
					s.small = b.N
				} else {
					s.large = b.N
				}
				db := storetest.New(b, engine)
				f := makeFirm(b.Context(), b, db, s)
				service := billing.New(db, billing.NewSync(billing.SyncConfig{DB: db, MaxAttempts: 3}))
				all := append(f.small, f.large...)
				b.ResetTimer()
				for _, w := range all {
					i, err := service.InvoiceTimesheets(b.Context(), f.actor(), w.request())
					if err != nil {
						b.Fatal(err)
					}
					if i.Total == 0 {
						b.Fatal("an invoice without a total")
					}
				}
			})
		}
	}
}

func BenchmarkCreatePurchaseOrder(b *testing.B) {
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		b.Run(string(engine), func(b *testing.B) {
			db := storetest.New(b, engine)
			f := makeFirm(b.Context(), b, db, size{clients: 1000, projects: 1000, suppliers: 20, busyClients: 400, small: 400})
			service := billing.New(db, billing.NewSync(billing.SyncConfig{DB: db, MaxAttempts: 3}))
			var n atomic.Int64
			for b.Loop() {
				if err := f.order(b.Context(), service, int(n.Add(1))); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func (f *firm) actor() fieldops.Actor {
	return fieldops.Actor{UserID: f.people[0].ID, Name: f.people[0].Name, RequestID: "bench"}
}

func (w work) request() fieldops.InvoiceRequest {
	return fieldops.InvoiceRequest{ClientID: w.client, From: w.from, To: w.to}
}

func (f *firm) order(ctx context.Context, service *billing.Service, n int) error {
	r := fieldops.PurchaseOrderRequest{SupplierID: f.suppliers[n%len(f.suppliers)].ID, ProjectID: f.projects[n%len(f.projects)].ID, Date: f.today}
	for range 5 {
		description, quantity, price := "Cable, drum", fieldops.E4(2_5000), fieldops.E4(118_4000)
		r.Lines = append(r.Lines, fieldops.PurchaseOrderLine{Description: &description, Quantity: &quantity, UnitAmount: &price, CostCenterID: &f.center.ID})
	}
	_, err := service.CreatePurchaseOrder(ctx, f.actor(), r)
	return err
}

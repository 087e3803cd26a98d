package store_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
	"ampedfieldops/internal/store/storetest"
)

// TestPagesAreTheWholeList reads lists whose rows tie in all but their id: page
// by page, and row by row behind the one before, both must give every row once
// and in one order, whether the total is counted or kept.
func TestPagesAreTheWholeList(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		o, ctx := newOffice(t, db), t.Context()
		const rows = 23
		o.write(t, func(ctx context.Context, tx *store.Tx) error {
			for i := range rows {
				entry := o.work(fieldops.Date(fmt.Sprintf("2026-05-%02d", 1+i/6)), 10_000)
				if err := tx.InsertTimesheet(ctx, &entry); err != nil {
					return err
				}
				if i == 0 {
					continue // there is a client and a project already
				}
				client := fieldops.Client{Name: fmt.Sprintf("Client %d", i/5)}
				project := fieldops.Project{Name: fmt.Sprintf("Project %d", i/5), Budget: fieldops.Cents(i / 4)}
				if err := tx.InsertClient(ctx, &client); err != nil {
					return err
				}
				if err := tx.InsertProject(ctx, &project, nil); err != nil {
					return err
				}
			}
			return nil
		})
		type list struct {
			name string
			page func(p store.Page) ([]fieldops.ID, store.Listing, error)
		}
		lists := []list{{"timesheets", func(p store.Page) ([]fieldops.ID, store.Listing, error) {
			found, listing, err := db.Timesheets(ctx, store.TimesheetFilter{Page: p})
			return ids(found, func(x fieldops.Timesheet) fieldops.ID { return x.ID }), listing, err
		}}}
		for _, desc := range []bool{false, true} {
			for _, sort := range []string{"name", "created_at", "total_hours"} {
				lists = append(lists, list{fmt.Sprint("clients by ", sort, desc), func(p store.Page) ([]fieldops.ID, store.Listing, error) {
					found, listing, err := db.Clients(ctx, store.ClientFilter{Sort: sort, Desc: desc, Page: p})
					return ids(found, func(x store.ClientSummary) fieldops.ID { return x.ID }), listing, err
				}})
			}
			for _, sort := range []string{"name", "created_at", "budget", "status"} {
				lists = append(lists, list{fmt.Sprint("projects by ", sort, desc), func(p store.Page) ([]fieldops.ID, store.Listing, error) {
					found, listing, err := db.Projects(ctx, store.ProjectFilter{Sort: sort, Desc: desc, Page: p})
					return ids(found, func(x store.ProjectSummary) fieldops.ID { return x.ID }), listing, err
				}})
			}
		}
		for _, exactly := range []int{10_000, 5} {
			store.CountExactly(db, exactly)
			for _, l := range lists {
				whole, listing, err := l.page(store.Page{Number: 1, Size: 100})
				if err != nil || len(whole) != rows || listing.Total != rows || listing.More || listing.Estimated != (exactly < rows) {
					t.Fatalf("%s: %d rows, %+v, %v", l.name, len(whole), listing, err)
				}
				for _, size := range []int{1, 4, 7, 23} {
					var paged, followed []fieldops.ID
					for n := 1; ; n++ {
						page, listing, err := l.page(store.Page{Number: n, Size: size})
						if err != nil {
							t.Fatal(err)
						}
						paged = append(paged, page...)
						if !listing.More {
							break
						}
					}
					for p := (store.Page{Number: 1, Size: size}); ; p.AfterID = followed[len(followed)-1] {
						page, listing, err := l.page(p)
						if err != nil {
							t.Fatal(err)
						}
						followed = append(followed, page...)
						if !listing.More {
							break
						}
					}
					if diff := cmp.Diff(whole, paged); diff != "" {
						t.Errorf("%s in pages of %d (-whole +paged):\n%s", l.name, size, diff)
					}
					if diff := cmp.Diff(whole, followed); diff != "" {
						t.Errorf("%s, %d after the row before (-whole +followed):\n%s", l.name, size, diff)
					}
				}
				if beyond, _, err := l.page(store.Page{Number: 100, Size: 10}); err != nil || len(beyond) > 0 {
					t.Errorf("%s: beyond the end are %d rows, %v", l.name, len(beyond), err)
				}
				_, _, err = l.page(store.Page{Number: 1, Size: 10, AfterID: fieldops.NewID()})
				wantKind(t, err, fieldops.Invalid, "no row to go on behind")
			}
		}
	})
}

func ids[T any](rows []T, id func(T) fieldops.ID) []fieldops.ID {
	all := make([]fieldops.ID, len(rows))
	for i, row := range rows {
		all[i] = id(row)
	}
	return all
}

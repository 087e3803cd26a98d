package store

import (
	"context"
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	"ampedfieldops/internal/fieldops"
)

// However many entries were ever billed, open work is found by its own indexes.
func TestOpenWorkIsNotFoundByAScan(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, err := Open(ctx, "sqlite:"+filepath.Join(t.TempDir(), "plan.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := db.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	everybody, one := &where{}, &where{}
	work := Work{ClientID: "x"}
	invoiced := work.where(db.reads)
	for name, query := range map[string]struct {
		text string
		args []any
	}{
		"everybody's": {"select t.id from " + db.openWork(everybody, nil, ""), everybody.args},
		"a client's":  {"select t.id from " + db.openWork(one, []fieldops.ID{"x"}, ""), one.args},
		"to invoice":  {"select t.id from timesheets t where " + invoiced.String() + " order by t.date", invoiced.args},
	} {
		steps, err := collect(ctx, db.reads, "explain query plan "+query.text, query.args, func(rows *sql.Rows, step *string) error {
			var ignored int
			return rows.Scan(&ignored, &ignored, &ignored, step)
		})
		if err != nil {
			t.Fatal(err)
		}
		plan := strings.Join(steps, "\n")
		if !strings.Contains(plan, "INDEX timesheets_unbilled") || !strings.Contains(plan, "(billing_status=?") ||
			strings.Contains(plan, "SCAN timesheets") || strings.Contains(plan, "timesheets_client") {
			t.Errorf("%s open work is read by\n%s", name, plan)
		}
	}
}

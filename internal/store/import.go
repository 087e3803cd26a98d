package store

import (
	"context"
	"database/sql"
	"fmt"

	"ampedfieldops/internal/fieldops"
)

// Named is a kind of record that a file names by what people call it.
type Named struct {
	what, query string
	folded      bool
}

// What a file can name.
var (
	NamedClient       = Named{"client", "select id from live_clients where name_folded = $1 limit 2", true}
	NamedProject      = Named{"project", "select id from live_projects where code = $1 limit 2", false}
	NamedActivityType = Named{"activity type", "select id from live_activity_types where is_active and lower(name) = lower($1) limit 2", false}
	NamedCostCenter   = Named{"cost centre", "select id from live_cost_centers where is_active and code = $1 limit 2", false}
	NamedUser         = Named{"user with the address", "select id from users where is_active and deleted_at is null and email_folded = $1 limit 2", true}
)

// Find is the one record of a name. That there is none, or several, is told as a
// fault of a field.
func (r reads) Find(ctx context.Context, kind Named, name, field string) (fieldops.ID, error) {
	key := name
	if kind.folded {
		key = fold(name)
	}
	found, err := collect(ctx, r, kind.query, []any{key}, func(rows *sql.Rows, id *fieldops.ID) error { return rows.Scan(id) })
	if err != nil {
		return "", fmt.Errorf("looking for the %s: %w", kind.what, err)
	}
	var f fieldops.Faults
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		f.Add(field, "There is no %s %q", kind.what, name)
	default:
		f.Add(field, "There are several with the name %q; give the id instead", name)
	}
	return "", f.Err("")
}

// NoteImport adds an audit entry about data that came in as a file.
func (tx *Tx) NoteImport(ctx context.Context, what string, rows int) error {
	return tx.audit(ctx, "import", what, "", map[string]any{"rows": rows})
}

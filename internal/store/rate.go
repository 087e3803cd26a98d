package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"ampedfieldops/internal/fieldops"
)

// ClientRates are a client's own rates, by the name of the activity.
func (r reads) ClientRates(ctx context.Context, client fieldops.ID) ([]fieldops.ClientRate, error) {
	return collect(ctx, r, `select a.id, a.name, o.hourly_rate_e4, a.hourly_rate_e4 from client_rates o join live_activity_types a on a.id = o.activity_type_id
		where o.client_id = $1 order by `+r.bytewise("lower(a.name)")+", a.id", []any{client},
		func(rows *sql.Rows, rate *fieldops.ClientRate) error {
			return rows.Scan(&rate.ActivityTypeID, &rate.ActivityTypeName, &rate.HourlyRate, &rate.StandardRate)
		})
}

// SetClientRates replaces the set of a client's own rates, naming everything
// that is wrong with the new one. They hold for work written from now on.
func (tx *Tx) SetClientRates(ctx context.Context, client fieldops.ID, rates []fieldops.ClientRate) error {
	c, err := tx.LockClient(ctx, client)
	if err != nil {
		return err
	}
	var f fieldops.Faults
	fieldops.CheckRates(&f, rates)
	if err := tx.knownActivities(ctx, &f, rates); err != nil {
		return err
	}
	if err := f.Err(""); err != nil {
		return err
	}
	if _, err := tx.q.ExecContext(ctx, "delete from client_rates where client_id = $1", client); err != nil {
		return err
	}
	if len(rates) > 0 {
		var w where
		rows := make([]string, len(rates))
		for i, rate := range rates {
			rows[i] = w.row(client, rate.ActivityTypeID, int64(rate.HourlyRate))
		}
		if _, err := tx.q.ExecContext(ctx, "insert into client_rates (client_id, activity_type_id, hourly_rate_e4) values "+strings.Join(rows, ", "), w.args...); err != nil {
			return err
		}
	}
	return tx.audit(ctx, "update_rates", "client", client, map[string]any{"name": c.Name, "rates": rates})
}

func (tx *Tx) knownActivities(ctx context.Context, f *fieldops.Faults, rates []fieldops.ClientRate) error {
	args := []any{}
	ids := make([]fieldops.ID, 0, len(rates))
	for _, rate := range rates {
		if rate.ActivityTypeID != "" {
			ids = append(ids, rate.ActivityTypeID)
		}
	}
	known, err := collect(ctx, tx.reads, "select id from live_activity_types where id in "+list(&args, ids), args,
		func(rows *sql.Rows, id *fieldops.ID) error { return rows.Scan(id) })
	if err != nil {
		return err
	}
	there := map[fieldops.ID]bool{"": true}
	for _, id := range known {
		there[id] = true
	}
	for i, rate := range rates {
		f.Require(there[rate.ActivityTypeID], fmt.Sprintf("rates[%d].activity_type_id", i), "Activity type does not exist")
	}
	return nil
}

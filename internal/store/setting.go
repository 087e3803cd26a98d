package store

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"

	"ampedfieldops/internal/fieldops"
)

// numberSeries are the settings that are the next number of a series of
// documents.
var numberSeries = map[string]string{
	fieldops.SettingInvoiceNext:    invoiceSeries,
	fieldops.SettingOrderNext:      orderSeries,
	fieldops.SettingQuoteNext:      quoteSeries,
	fieldops.SettingCreditNoteNext: creditNoteSeries,
	fieldops.SettingBillNext:       billSeries,
}

// Settings are the firm's choices with every default filled in.
func (r reads) Settings(ctx context.Context) (fieldops.Settings, error) {
	stored, err := r.storedSettings(ctx)
	if err != nil {
		return fieldops.Settings{}, err
	}
	return fieldops.ReadSettings(stored), nil
}

func (r reads) storedSettings(ctx context.Context) (map[string]string, error) {
	type setting struct{ key, value string }
	all, err := collect(ctx, r, "select key, value from settings where value is not null", nil,
		func(rows *sql.Rows, s *setting) error { return rows.Scan(&s.key, &s.value) })
	if err != nil {
		return nil, err
	}
	stored := make(map[string]string, len(all))
	for _, s := range all {
		stored[s.key] = s.value
	}
	return stored, nil
}

// SettingValues are all settings by key, as text, the next numbers among them.
// Of a secret it tells only, under its key and _set, whether there is one.
func (r reads) SettingValues(ctx context.Context) (map[string]string, error) {
	values, err := r.storedSettings(ctx)
	if err != nil {
		return nil, err
	}
	for key := range values {
		if !fieldops.IsSetting(key) {
			delete(values, key) // of a former version
		}
	}
	for _, key := range fieldops.SettingSecrets {
		values[key+"_set"] = strconv.FormatBool(values[key] != "")
		delete(values, key)
	}
	for _, s := range fieldops.SettingKeys {
		if fieldops.IsSecret(s.Key) {
			continue
		}
		if _, ok := values[s.Key]; !ok {
			values[s.Key] = s.Default
		}
		series, ok := numberSeries[s.Key]
		if !ok {
			continue
		}
		var next int64
		err := r.q.QueryRowContext(ctx, "select next from number_series where name = $1", series).Scan(&next)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return nil, err
		}
		values[s.Key] = strconv.FormatInt(next, 10)
	}
	return values, nil
}

// SealedSetting is the sealed value of a setting that is a secret; "" when there
// is none.
func (r reads) SealedSetting(ctx context.Context, key string) (string, error) {
	var value *string
	err := noRows(r.q.QueryRowContext(ctx, "select value from settings where key = $1", key).Scan(&value))
	if value == nil {
		return "", err
	}
	return *value, err
}

// KeepDriveTokens keeps, sealed, what gives access to Google Drive; "" forgets it.
func (tx *Tx) KeepDriveTokens(ctx context.Context, sealed string) error {
	_, err := tx.exec(ctx, `insert into settings (key, value, updated_at) values ($1, $2, $3)
		on conflict (key) do update set value = excluded.value, updated_at = excluded.updated_at`, fieldops.SettingDriveTokens, sealed, tx.Now)
	if err != nil || tx.Actor.UserID == "" { // a renewal is no change
		return err
	}
	return tx.audit(ctx, "update", "setting", "", map[string]any{"key": fieldops.SettingDriveTokens, "set": sealed != ""})
}

// SetSetting changes one setting; a secret's value is sealed by the caller. It
// refuses an unknown key (NotFound), an unusable value (Invalid), and a next
// number below one that was given out already (Conflict).
func (tx *Tx) SetSetting(ctx context.Context, key, value string) error {
	if err := fieldops.CheckSetting(key, value); err != nil {
		return err
	}
	if series, ok := numberSeries[key]; ok {
		if err := tx.raiseSeries(ctx, series, value); err != nil {
			return err
		}
	} else if _, err := tx.q.ExecContext(ctx, `insert into settings (key, value, updated_at) values ($1, $2, $3)
		on conflict (key) do update set value = excluded.value, updated_at = excluded.updated_at`, key, value, tx.Now); err != nil {
		return err
	}
	if strings.HasSuffix(key, "_account_code") {
		if err := tx.WakeWaiting(ctx, "account"); err != nil { // what waits for an account need not wait longer
			return err
		}
	}
	details := map[string]any{"key": key, "value": value}
	if fieldops.IsSecret(key) {
		details = map[string]any{"key": key, "set": value != ""}
	}
	return tx.audit(ctx, "update", "setting", "", details)
}

// ResetSetting puts a setting back to its default.
func (tx *Tx) ResetSetting(ctx context.Context, key string) error {
	if !fieldops.IsSetting(key) {
		return fieldops.Refuse(fieldops.NotFound, "Setting not found")
	}
	if _, ok := numberSeries[key]; ok {
		return fieldops.Refuse(fieldops.Invalid, "The next number can only be raised")
	}
	if _, err := tx.q.ExecContext(ctx, "delete from settings where key = $1", key); err != nil {
		return err
	}
	return tx.audit(ctx, "delete", "setting", "", map[string]any{"key": key})
}

// UserSettings are what a person's own screens keep.
func (r reads) UserSettings(ctx context.Context, user fieldops.ID) (map[string]string, error) {
	type setting struct{ key, value string }
	all, err := collect(ctx, r, "select key, coalesce(value, '') from user_settings where user_id = $1", []any{user},
		func(rows *sql.Rows, s *setting) error { return rows.Scan(&s.key, &s.value) })
	values := make(map[string]string, len(all))
	for _, s := range all {
		values[s.key] = s.value
	}
	return values, err
}

// A person's own settings are kept within reason.
const maxUserSettings = 100

// SetUserSetting changes one of a person's own settings. It is theirs and no
// record of the firm: it leaves no audit entry.
func (tx *Tx) SetUserSetting(ctx context.Context, user fieldops.ID, key, value string) error {
	if err := fieldops.CheckUserSetting(key, value); err != nil {
		return err
	}
	if _, err := tx.q.ExecContext(ctx, `insert into user_settings (user_id, key, value, updated_at) values ($1, $2, $3, $4)
		on conflict (user_id, key) do update set value = excluded.value, updated_at = excluded.updated_at`, user, key, value, tx.Now); err != nil {
		return err
	}
	var kept int
	if err := tx.q.QueryRowContext(ctx, "select count(*) from user_settings where user_id = $1", user).Scan(&kept); err != nil {
		return err
	}
	if kept > maxUserSettings {
		return fieldops.Refuse(fieldops.Conflict, "You have %d settings of your own already; delete one first", maxUserSettings)
	}
	return nil
}

// DeleteUserSetting forgets one of a person's own settings.
func (tx *Tx) DeleteUserSetting(ctx context.Context, user fieldops.ID, key string) error {
	changed, err := tx.exec(ctx, "delete from user_settings where user_id = $1 and key = $2", user, key)
	if err == nil && changed == 0 {
		err = fieldops.Refuse(fieldops.NotFound, "Setting not found")
	}
	return err
}

func (tx *Tx) raiseSeries(ctx context.Context, series, value string) error {
	next, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		return err // unreachable: CheckSetting has read it
	}
	changed, err := tx.exec(ctx, `insert into number_series (name, next) values ($1, $2)
		on conflict (name) do update set next = excluded.next where number_series.next <= excluded.next`, series, next)
	if err != nil {
		return err
	}
	if changed == 0 {
		return fieldops.Refuse(fieldops.Conflict, "Numbers below the next one were given out already; the next number can only be raised")
	}
	return nil
}

// exec runs a statement and tells how many rows it changed.
func (tx *Tx) exec(ctx context.Context, statement string, args ...any) (int64, error) {
	result, err := tx.q.ExecContext(ctx, statement, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

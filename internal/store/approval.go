package store

import (
	"context"
	"database/sql"
	"fmt"

	"ampedfieldops/internal/fieldops"
)

// ApproveTimesheets approves entries in the actor's name and tells their people.
// What is approved already stays as it is. It returns how many were not. seen is
// when an entry that is to be approved was last changed before the actor saw it:
// with one among them that was changed since, all is refused.
func (tx *Tx) ApproveTimesheets(ctx context.Context, ids []fieldops.ID, seen map[fieldops.ID]fieldops.Time) (int, error) {
	entries, err := tx.lockTimesheets(ctx, ids)
	if err != nil {
		return 0, err
	}
	if err := refuseUnseen(entries, seen); err != nil {
		return 0, err
	}
	changed, err := tx.changeEntries(ctx, entries, "approve", "", func(t *fieldops.Timesheet) bool { return t.ApprovedAt.IsZero() },
		"approved_at = $1, approved_by = $2", tx.Now, orNull(tx.Actor.UserID))
	if err != nil {
		return 0, err
	}
	return len(changed), tx.tellPeople(ctx, changed, "timesheets_approved", tx.Actor.Name+" approved ", "")
}

// UnapproveTimesheets takes approvals back and tells the entries' people why.
// Work that stands on an invoice keeps its approval: with it, all is refused.
func (tx *Tx) UnapproveTimesheets(ctx context.Context, ids []fieldops.ID, reason string) (int, error) {
	entries, err := tx.lockTimesheets(ctx, ids)
	if err != nil {
		return 0, err
	}
	if err := refuseBilled(entries, "an approval is not taken back any more"); err != nil {
		return 0, err
	}
	changed, err := tx.changeEntries(ctx, entries, "unapprove", reason, func(t *fieldops.Timesheet) bool { return !t.ApprovedAt.IsZero() },
		"approved_at = $1, approved_by = $2", fieldops.Time{}, nil)
	if err != nil {
		return 0, err
	}
	return len(changed), tx.tellPeople(ctx, changed, "timesheets_unapproved", tx.Actor.Name+" took back the approval of ", reason)
}

// HoldTimesheets keeps entries off invoices for a reason, or, when it is "",
// releases them. With billed ones among them all is refused.
func (tx *Tx) HoldTimesheets(ctx context.Context, ids []fieldops.ID, reason string) (int, error) {
	entries, err := tx.lockTimesheets(ctx, ids)
	if err != nil {
		return 0, err
	}
	if err := refuseBilled(entries, "it cannot be held back any more"); err != nil {
		return 0, err
	}
	action := "hold"
	if reason == "" {
		action = "release_hold"
	}
	changed, err := tx.changeEntries(ctx, entries, action, reason, func(t *fieldops.Timesheet) bool {
		return (t.HoldReason == nil) == (reason != "") || t.HoldReason != nil && *t.HoldReason != reason
	}, "hold_reason = $1", orNull(reason))
	return len(changed), err
}

// lockTimesheets reads entries to change them, in the order in which invoicing
// locks them too. It names those that are not there.
func (tx *Tx) lockTimesheets(ctx context.Context, ids []fieldops.ID) ([]fieldops.Timesheet, error) {
	w := &where{}
	w.and(tx.among(w, "t.id", ids))
	w.and("t.deleted_at is null")
	const order = " order by t.date, t.created_at, t.id"
	if _, err := collect(ctx, tx.reads, "select t.id from /* deleted too */ timesheets t where "+w.String()+order+tx.forUpdate(), w.args,
		func(rows *sql.Rows, id *fieldops.ID) error { return rows.Scan(id) }); err != nil {
		return nil, err
	}
	entries, err := tx.reads.collectTimesheets(ctx, " where "+w.String()+order, w.args)
	if err != nil {
		return nil, err
	}
	there := make(map[fieldops.ID]bool, len(entries))
	for i := range entries {
		there[entries[i].ID] = true
	}
	var f fieldops.Faults
	for i, id := range ids {
		f.Require(there[id], fmt.Sprintf("ids[%d]", i), "There is no timesheet %s; it may have been deleted", id)
	}
	return entries, f.Err("")
}

// refuseUnseen names the entries that were changed since somebody saw them.
func refuseUnseen(entries []fieldops.Timesheet, seen map[fieldops.ID]fieldops.Time) error {
	type changed struct {
		TimesheetID fieldops.ID   `json:"timesheet_id"`
		Date        fieldops.Date `json:"date"`
		Hours       fieldops.E4   `json:"hours"`
		UserName    string        `json:"user_name"`
	}
	var all []changed
	for i := range entries {
		t := &entries[i]
		if at, ok := seen[t.ID]; ok && !at.Equal(t.UpdatedAt.Time) && t.ApprovedAt.IsZero() {
			all = append(all, changed{t.ID, t.Date, t.Hours, t.UserName})
		}
	}
	if all == nil {
		return nil
	}
	refusal := fieldops.Refuse(fieldops.Conflict, "The entry of %s of %s was changed since you saw it: it has %s hours now. Look at it again", all[0].UserName, all[0].Date, all[0].Hours)
	if len(all) > 1 {
		refusal.Message = fmt.Sprintf("%d of the entries were changed since you saw them; look at them again", len(all))
	}
	refusal.Details = map[string]any{"conflicts": all}
	return refusal
}

// refuseBilled names the entries that stand on invoices.
func refuseBilled(entries []fieldops.Timesheet, consequence string) error {
	type billed struct {
		TimesheetID   fieldops.ID  `json:"timesheet_id"`
		InvoiceID     *fieldops.ID `json:"invoice_id"`
		InvoiceNumber string       `json:"invoice_number"`
	}
	var all []billed
	for i := range entries {
		if t := &entries[i]; t.BillingStatus != fieldops.Unbilled {
			all = append(all, billed{t.ID, t.InvoiceID, t.InvoiceNumber})
		}
	}
	if all == nil {
		return nil
	}
	refusal := fieldops.Refuse(fieldops.Conflict, "The timesheet stands on invoice %s, so %s", all[0].InvoiceNumber, consequence)
	if len(all) > 1 {
		refusal.Message = fmt.Sprintf("%d of the timesheets stand on invoices: %s", len(all), consequence)
	}
	refusal.Details = map[string]any{"conflicts": all}
	return refusal
}

// changeEntries changes those of the locked entries that need it, in one
// statement whose set clause has the given values, and returns them.
func (tx *Tx) changeEntries(ctx context.Context, entries []fieldops.Timesheet, action, reason string, needs func(*fieldops.Timesheet) bool, set string, values ...any) ([]fieldops.Timesheet, error) {
	var changed []fieldops.Timesheet
	var ids []fieldops.ID
	for i := range entries {
		if needs(&entries[i]) {
			changed, ids = append(changed, entries[i]), append(ids, entries[i].ID)
		}
	}
	if changed == nil {
		return nil, nil
	}
	w := &where{args: values}
	now := w.arg(tx.Now)
	w.and(tx.among(w, "id", ids))
	if _, err := tx.q.ExecContext(ctx, "update timesheets set "+set+", updated_at = "+now+" where "+w.String(), w.args...); err != nil {
		return nil, err
	}
	for i := range changed {
		details := timesheetDetails(&changed[i])
		if reason != "" {
			details["reason"] = reason
		}
		if err := tx.audit(ctx, action, "timesheet", changed[i].ID, details); err != nil {
			return nil, err
		}
	}
	return changed, nil
}

// tellPeople notifies each person once of what was done to their entries, but
// not the one who did it.
func (tx *Tx) tellPeople(ctx context.Context, entries []fieldops.Timesheet, kind, title, body string) error {
	var people []fieldops.ID
	of := map[fieldops.ID][]*fieldops.Timesheet{}
	for i := range entries {
		t := &entries[i]
		if t.UserID == nil || *t.UserID == tx.Actor.UserID {
			continue
		}
		if of[*t.UserID] == nil {
			people = append(people, *t.UserID)
		}
		of[*t.UserID] = append(of[*t.UserID], t)
	}
	for _, person := range people {
		theirs := of[person]
		what, link := "your timesheet of "+string(theirs[0].Date), "/timesheets/"+theirs[0].ID
		if len(theirs) > 1 {
			what, link = fmt.Sprintf("%d of your timesheets", len(theirs)), "/timesheets"
		}
		if err := tx.Notify(ctx, person, kind, title+what, body, link); err != nil {
			return err
		}
	}
	return nil
}

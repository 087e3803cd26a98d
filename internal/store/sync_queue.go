package store

import (
	"context"
	"database/sql"
	"strings"

	"ampedfieldops/internal/fieldops"
)

// QueuedDocument is a document on its way to Xero, or one that Xero refused and
// nobody has mended.
type QueuedDocument struct {
	Intent fieldops.ID `json:"xero_sync_id"`
	fieldops.DocumentRef
	Number        string              `json:"number"` // of a client, its name
	Party         *string             `json:"party"`
	Operation     fieldops.Operation  `json:"operation" enum:"create,update,void"`
	Phase         fieldops.Phase      `json:"phase" enum:"queued,sending,checking,waiting,failed"`
	Attempt       int                 `json:"attempt"`
	MaxAttempts   int                 `json:"max_attempts"`
	OpenedAt      fieldops.Time       `json:"opened_at"`
	NextAttemptAt fieldops.Time       `json:"next_attempt_at"` // null once it failed
	CertainAt     fieldops.Time       `json:"certain_at"`
	Reason        *string             `json:"wait_reason"`
	Message       *string             `json:"error_message"` // the reason, or Xero's refusal, for a person
	LastError     *string             `json:"last_error"`    // of the newest call that went wrong
	WhoMustAct    fieldops.WhoMustAct `json:"who_must_act"`
	// Unresolved says that a call was made for it of which nobody knows yet what
	// became.
	Unresolved bool `json:"unresolved"`
}

// Stuck says why sending the document again would be wrong or in vain now; "" when
// a person may have it sent again.
func (d *QueuedDocument) Stuck() string {
	switch {
	case d.Phase == fieldops.PhaseSending:
		return "It is being sent at this moment"
	case d.Unresolved:
		return "It is not known yet whether Xero recorded an earlier attempt; Xero is being asked, and until then nothing is sent again"
	case d.Phase == fieldops.PhaseQueued:
		return "It is next in line already"
	case d.Phase == fieldops.PhaseChecking:
		return "Xero is being asked about it"
	case d.Phase == fieldops.PhaseWaiting && d.Reason != nil && waitsWithAll[*d.Reason]:
		return "It waits as everything does: " + strings.TrimSuffix(d.words(), ".")
	}
	return ""
}

// words are what a person reads about it.
func (d *QueuedDocument) words() string {
	if d.Message == nil {
		return ""
	}
	return *d.Message
}

// Trouble is the same without the document's own number and party, so that equal
// troubles of several documents read alike.
func (d *QueuedDocument) Trouble() string {
	own := []string{}
	if d.Number != "" {
		own = append(own, d.Number, "…")
	}
	if d.Party != nil && *d.Party != "" {
		own = append(own, *d.Party, "…")
	}
	return strings.NewReplacer(own...).Replace(d.words())
}

// waitsWithAll are the reasons that are the lane's and none of a document's own.
var waitsWithAll = map[string]bool{NotConnected: true, NeedsReconnect: true, LanePaused: true, Parked: true, Offline: true, Comparing: true}

// QueueFilter chooses among them. Zero values choose everything.
type QueueFilter struct {
	Phase fieldops.Phase
	Kind  fieldops.DocumentKind
	Text  string // part of number, party or error, in any case
	Page  Page
}

// queuedFrom are the open intents and those of the documents that failed, each with
// its document. SQLite uses an index of what is not synced only where the query
// says the index's own condition too (https://www.sqlite.org/partialindex.html).
const queuedFrom = `(select id from sync_intents where closed_at is null
	union all select xero_sync_id from live_invoices where sync_status = 'failed' and sync_status <> 'synced'
	union all select xero_sync_id from live_purchase_orders where sync_status = 'failed' and sync_status <> 'synced'
	union all select xero_sync_id from live_clients where sync_status = 'failed' and sync_status <> 'synced') queued
	join sync_intents i on i.id = queued.id
	left join /* deleted too */ xero_invoices v on v.id = i.entity_id and i.entity_type = 'invoice'
	left join /* deleted too */ xero_purchase_orders p on p.id = i.entity_id and i.entity_type = 'purchase_order'
	left join /* deleted too */ clients c on c.id = coalesce(v.client_id, p.supplier_id, case when i.entity_type = 'client' then i.entity_id end)`

// waitsForLane holds for an intent that shows the lane's reason because it has none
// of its own.
const waitsForLane = "(i.closed_at is null and i.phase in ('queued', 'waiting') and i.reason is null)"

// SyncQueue lists the documents on their way to Xero and those that failed, what
// has been asked for first in front.
func (r reads) SyncQueue(ctx context.Context, f QueueFilter, maxAttempts int) ([]QueuedDocument, Listing, error) {
	gate, err := r.Gate(ctx)
	if err != nil {
		return nil, Listing{}, err
	}
	w := f.where(gate)
	return pageOf(ctx, r, queuedFrom, w, listOrder{[]string{"i.opened_at", "i.id"}, false}, f.Page, func(rest string, args []any) ([]QueuedDocument, error) {
		return r.queued(ctx, gate, rest, args, maxAttempts)
	})
}

// queuedNow is one intent as the list shows it, nil when the list does not.
func (r reads) queuedNow(ctx context.Context, intent fieldops.ID) (*QueuedDocument, error) {
	gate, err := r.Gate(ctx)
	if err != nil {
		return nil, err
	}
	documents, err := r.queued(ctx, gate, "i.id = $1", []any{intent}, 0)
	if err != nil || len(documents) == 0 {
		return nil, err
	}
	return &documents[0], nil
}

func (f *QueueFilter) where(gate Gate) *where {
	w := &where{}
	switch f.Phase {
	case "":
	case fieldops.PhaseFailed:
		w.and("i.closed_at is not null")
	case fieldops.PhaseWaiting:
		if gate.Closed() {
			w.and("(i.closed_at is null and i.phase = 'waiting' or " + waitsForLane + ")")
		} else {
			w.and("i.closed_at is null and i.phase = 'waiting'")
		}
	default:
		w.and("i.closed_at is null and i.phase = ?", f.Phase)
		if gate.Closed() {
			w.and("not " + waitsForLane)
		}
	}
	if f.Kind != "" {
		w.and("i.entity_type = ?", f.Kind)
	}
	if f.Text != "" {
		like := " like " + w.arg(containing(f.Text)) + " escape '!'"
		either := "lower(coalesce(v.invoice_number, p.po_number, ''))" + like + " or lower(c.name)" + like + " or lower(i.message)" + like +
			" or exists (select 1 from sync_logs l where l.intent_id = i.id and lower(l.error_message)" + like + ")"
		if gate.Closed() && strings.Contains(strings.ToLower(gate.Message), strings.ToLower(f.Text)) {
			either += " or " + waitsForLane
		}
		w.and("(" + either + ")")
	}
	return w
}

func (r reads) queued(ctx context.Context, gate Gate, rest string, args []any, maxAttempts int) ([]QueuedDocument, error) {
	return collect(ctx, r, `select i.id, i.entity_type, i.entity_id, coalesce(v.invoice_number, p.po_number, c.name, ''), case when i.entity_type <> 'client' then c.name end,
		i.operation, i.phase, i.opened_at, i.closed_at, i.next_attempt_at, i.certain_at, i.reason, i.message, i.who_must_act,
		(select count(*) from sync_logs l where l.intent_id = i.id and l.writes),
		(select l.error_message from sync_logs l where l.intent_id = i.id and l.error_message is not null order by l.created_at desc, l.id desc limit 1),
		exists (select 1 from sync_logs l where l.entity_type = i.entity_type and l.entity_id = i.entity_id and l.writes and l.resolved_at is null
			and (l.outcome is null or l.outcome in ('unknown', 'evidence')))
		from `+queuedFrom+" where "+rest, args,
		func(rows *sql.Rows, d *QueuedDocument) error {
			var closed fieldops.Time
			if err := rows.Scan(&d.Intent, &d.Kind, &d.ID, &d.Number, &d.Party, &d.Operation, &d.Phase, &d.OpenedAt, &closed, &d.NextAttemptAt, &d.CertainAt,
				&d.Reason, &d.Message, &d.WhoMustAct, &d.Attempt, &d.LastError, &d.Unresolved); err != nil {
				return err
			}
			d.MaxAttempts = maxAttempts
			switch {
			case !closed.IsZero():
				d.NextAttemptAt, d.CertainAt = fieldops.Time{}, fieldops.Time{}
			case gate.Closed() && d.Reason == nil && (d.Phase == fieldops.PhaseQueued || d.Phase == fieldops.PhaseWaiting):
				d.Phase, d.Reason, d.Message, d.WhoMustAct, d.NextAttemptAt = fieldops.PhaseWaiting, &gate.Reason, &gate.Message, gate.Who, gate.Until
			}
			return nil
		})
}

// StillQueued refuses unless an intent still is what a person saw in the list: its
// document's last, and one that may be sent again.
func (tx *Tx) StillQueued(ctx context.Context, ref fieldops.DocumentRef, intent fieldops.ID) error {
	if _, err := tx.lockSyncDocument(ctx, ref); err != nil {
		return err
	}
	d, err := tx.queuedNow(ctx, intent)
	if err != nil {
		return err
	}
	if d == nil {
		return fieldops.Refuse(fieldops.Conflict, "It has moved on since you looked")
	}
	if why := d.Stuck(); why != "" {
		return fieldops.Refuse(fieldops.Conflict, "%s", why)
	}
	return nil
}

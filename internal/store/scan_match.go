package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"

	"ampedfieldops/internal/fieldops"
)

// candidateTables say, of each kind of record that a scan may belong to, where what is
// compared stands. Records that are void are none.
var candidateTables = []struct {
	kind                            fieldops.RecordKind
	from, number, supplier, clients string
	date, total, status             string
}{
	{fieldops.RecordPurchaseOrder, "live_purchase_orders x left join /* deleted too */ clients c on c.id = x.supplier_id", "x.po_number", "coalesce(c.name, '')", "x.supplier_id", "x.date", "x.total_amount_cents", "x.status not in ('CANCELLED','DELETED')"},
	{fieldops.RecordBill, "live_bills x left join /* deleted too */ clients c on c.id = x.supplier_id", "x.bill_number", "coalesce(c.name, '')", "x.supplier_id", "x.date", "x.amount_cents", "x.status not in ('VOIDED','DELETED')"},
	{fieldops.RecordExpense, "live_expenses x", "''", "coalesce(x.description, '')", "cast(null as uuid)", "x.date", "x.amount_cents", "x.status not in ('VOIDED','DELETED')"},
	{fieldops.RecordInvoice, "live_invoices x left join /* deleted too */ clients c on c.id = x.client_id", "x.invoice_number", "coalesce(c.name, '')", "x.client_id", "x.issue_date", "x.total_cents", "x.status not in ('VOIDED','DELETED')"},
}

// The most records of one kind that are compared because of one thing they share.
const candidatesEach = 200

// MatchCandidates are the records that a scan may belong to: those with a total or a
// date near its own, of its supplier, or whose number ends like one it names. Their
// comparison is fieldops'.
func (r reads) MatchCandidates(ctx context.Context, s *fieldops.Scan) ([]fieldops.MatchCandidate, error) {
	v := &s.Fields
	var all []fieldops.MatchCandidate
	for _, t := range candidateTables {
		seen := map[fieldops.ID]bool{}
		look := func(condition string, args ...any) error {
			w := &where{}
			w.and(t.status)
			w.and(condition, args...)
			found, err := collect(ctx, r, "select x.id, "+t.number+", "+t.supplier+", "+t.clients+", "+t.date+", "+t.total+" from "+t.from+
				" where "+w.String()+fmt.Sprintf(" order by %s desc, x.id desc limit %d", t.date, candidatesEach), w.args,
				func(rows *sql.Rows, c *fieldops.MatchCandidate) error {
					c.Kind = t.kind
					return rows.Scan(&c.ID, &c.Number, &c.Supplier, &c.SupplierID, &c.Date, &c.Total)
				})
			for _, c := range found {
				if !seen[c.ID] {
					seen[c.ID] = true
					all = append(all, c)
				}
			}
			return err
		}
		if v.Total != nil {
			if err := look(t.total+" between ? and ?", int64(*v.Total)-99, int64(*v.Total)+99); err != nil {
				return nil, err
			}
		}
		if v.Date != "" {
			if err := look(t.date+" between ? and ?", v.Date.AddDays(-7), v.Date.AddDays(7)); err != nil {
				return nil, err
			}
		}
		if t.kind == fieldops.RecordExpense {
			continue
		}
		if v.SupplierID != nil {
			if err := look(t.clients+" = ?", *v.SupplierID); err != nil {
				return nil, err
			}
		}
		for _, number := range []string{v.Number, v.OrderNumber} {
			// The digits at its end are enough to find it, however it is written.
			if end := lastDigits(number); end != "" {
				if err := look(t.number+` like ? escape '\'`, "%"+end); err != nil {
					return nil, err
				}
			}
		}
	}
	return all, nil
}

// lastDigits are the last digits of a number without zeros in front, at most five.
func lastDigits(number string) string {
	end := strings.TrimRightFunc(number, func(r rune) bool { return !unicode.IsDigit(r) })
	start := strings.LastIndexFunc(end, func(r rune) bool { return !unicode.IsDigit(r) }) + 1
	digits := strings.TrimLeft(end[max(0, start):], "0")
	return digits[max(0, len(digits)-5):]
}

// FindMatches compares a locked scan with what it may belong to and keeps what fits in
// place of what was proposed before. What a person has confirmed or rejected stays so.
func (tx *Tx) FindMatches(ctx context.Context, s *fieldops.Scan) error {
	candidates, err := tx.MatchCandidates(ctx, s)
	if err != nil {
		return err
	}
	type pair struct {
		kind fieldops.RecordKind
		id   fieldops.ID
	}
	settled := map[pair]bool{}
	decided, err := collect(ctx, tx.reads, "select entity_type, entity_id from document_matches where scan_id = $1 and (confirmed or rejected_at is not null)", []any{s.ID},
		func(rows *sql.Rows, p *pair) error { return rows.Scan(&p.kind, &p.id) })
	if err != nil {
		return err
	}
	for _, p := range decided {
		settled[p] = true
	}
	undecided := candidates[:0]
	for _, c := range candidates {
		if !settled[pair{c.Kind, c.ID}] {
			undecided = append(undecided, c)
		}
	}
	if _, err := tx.q.ExecContext(ctx, "delete from document_matches where scan_id = $1 and not confirmed and rejected_at is null", s.ID); err != nil {
		return err
	}
	for _, m := range fieldops.MatchScan(&s.Fields, undecided) {
		reasons, err := json.Marshal(m.Reasons)
		if err != nil {
			return err
		}
		if _, err := tx.q.ExecContext(ctx, "insert into document_matches (id, scan_id, entity_type, entity_id, score, match_reasons, created_at) values ($1, $2, $3, $4, $5, $6, $7)",
			fieldops.NewID(), s.ID, string(m.Kind), m.EntityID, m.Score, string(reasons), tx.Now); err != nil {
			return err
		}
	}
	return nil
}

const matchColumns = `m.id, m.scan_id, m.entity_type, m.entity_id, m.score, cast(m.match_reasons as text), m.confirmed, m.confirmed_by, m.confirmed_at, m.created_at,
	coalesce(o.po_number, b.bill_number, i.invoice_number, e.description, ''), coalesce(o.total_amount_cents, b.amount_cents, i.total_cents, e.amount_cents, 0),
	coalesce(o.date, b.date, i.issue_date, e.date), coalesce(o.status, b.status, i.status, e.status, '')`

const matchTables = ` document_matches m
	left join live_purchase_orders o on m.entity_type = 'purchase_order' and o.id = m.entity_id
	left join live_bills b on m.entity_type = 'bill' and b.id = m.entity_id
	left join live_invoices i on m.entity_type = 'invoice' and i.id = m.entity_id
	left join live_expenses e on m.entity_type = 'expense' and e.id = m.entity_id`

func scanMatch(rows *sql.Rows, m *fieldops.ScanMatch) error {
	var reasons string
	if err := rows.Scan(&m.ID, &m.ScanID, &m.Kind, &m.EntityID, &m.Score, &reasons, &m.Confirmed, &m.ConfirmedBy, &m.ConfirmedAt, &m.CreatedAt,
		&m.Name, &m.Amount, &m.Date, &m.Status); err != nil {
		return err
	}
	return json.Unmarshal([]byte(reasons), &m.Reasons)
}

// ScanMatches are the records that are proposed for a scan, or that were confirmed,
// the likeliest first. Those that were deleted since are left out.
func (r reads) ScanMatches(ctx context.Context, scan fieldops.ID, confirmed bool) ([]fieldops.ScanMatch, error) {
	w := &where{}
	w.and("m.scan_id = ?", scan)
	w.and("m.rejected_at is null and coalesce(o.id, b.id, i.id, e.id) is not null")
	if confirmed {
		w.and("m.confirmed")
	} else {
		w.and("not m.confirmed")
	}
	return collect(ctx, r, "select "+matchColumns+" from"+matchTables+" where "+w.String()+fmt.Sprintf(" order by m.score desc, m.id limit %d", fieldops.MaxMatches), w.args, scanMatch)
}

// ConfirmMatch puts a scan to a record that was proposed for it. Doing it again changes
// nothing. A scan belongs to one bill or expense at most, and may belong to the order
// that it bills besides.
func (tx *Tx) ConfirmMatch(ctx context.Context, scan, match fieldops.ID) (fieldops.ScanMatch, error) {
	s, err := tx.LockScan(ctx, scan)
	if err != nil {
		return fieldops.ScanMatch{}, err
	}
	found, err := collect(ctx, tx.reads, "select "+matchColumns+" from"+matchTables+" where m.id = $1 and m.scan_id = $2 and coalesce(o.id, b.id, i.id, e.id) is not null", []any{match, scan}, scanMatch)
	if err != nil {
		return fieldops.ScanMatch{}, err
	}
	if len(found) == 0 {
		return fieldops.ScanMatch{}, fieldops.Refuse(fieldops.NotFound, "Match not found")
	}
	m := found[0]
	if m.Confirmed {
		return m, nil
	}
	if m.Kind == fieldops.RecordBill || m.Kind == fieldops.RecordExpense {
		err = tx.FileScan(ctx, scan, m.Kind, m.EntityID)
	} else {
		err = tx.linkScan(ctx, &s, m.Kind, m.EntityID)
	}
	if err != nil {
		return m, err
	}
	m.Confirmed, m.ConfirmedBy, m.ConfirmedAt = true, orNull(tx.Actor.UserID), tx.Now
	if _, err := tx.q.ExecContext(ctx, "update document_matches set confirmed = true, confirmed_by = $1, confirmed_at = $2, rejected_at = null where id = $3", m.ConfirmedBy, tx.Now, m.ID); err != nil {
		return m, err
	}
	return m, tx.audit(ctx, "confirm_document_match", "document_scan", scan, map[string]any{"entity_type": m.Kind, "entity_id": m.EntityID, "score": m.Score})
}

// RejectMatches takes away what is proposed for a scan, all of it or the one match, for
// good. It returns how many those were.
func (tx *Tx) RejectMatches(ctx context.Context, scan, match fieldops.ID) (int64, error) {
	if _, err := tx.LockScan(ctx, scan); err != nil {
		return 0, err
	}
	w := &where{}
	at := w.arg(tx.Now)
	w.and("scan_id = ?", scan)
	w.and("not confirmed and rejected_at is null")
	if match != "" {
		w.and("id = ?", match)
	}
	n, err := tx.exec(ctx, "update document_matches set rejected_at = "+at+" where "+w.String(), w.args...)
	if err != nil {
		return 0, err
	}
	if n == 0 && match != "" {
		return 0, fieldops.Refuse(fieldops.NotFound, "Match not found")
	}
	return n, tx.audit(ctx, "reject_document_matches", "document_scan", scan, map[string]any{"rejected": n, "match_id": orNull(match)})
}

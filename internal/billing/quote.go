package billing

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// CreateQuote makes a quote. also runs in the same transaction, last.
func (s *Service) CreateQuote(ctx context.Context, actor fieldops.Actor, edit fieldops.QuoteEdit, also ...func(*store.Tx, fieldops.Quote) error) (fieldops.Quote, error) {
	var quote fieldops.Quote
	err := s.db.Write(ctx, actor, func(tx *store.Tx) error {
		settings, terms, err := billingTerms(ctx, tx, sales, tx.Now.Time)
		if err != nil {
			return err
		}
		e := edit
		quote = fieldops.Quote{}
		if err := quote.Apply(&e, settings, terms); err != nil {
			return err
		}
		if _, err := sellable(ctx, tx, quote.ClientID, quote.ProjectID, quote.Lines); err != nil {
			return err
		}
		if err := tx.InsertQuote(ctx, &quote, settings); err != nil {
			return err
		}
		if quote, err = tx.Quote(ctx, quote.ID); err != nil {
			return err
		}
		for _, do := range also {
			if err := do(tx, quote); err != nil {
				return err
			}
		}
		return nil
	})
	return quote, err
}

// EditQuote changes a quote that did not become an invoice yet. fresh refuses
// when the person saw another version.
func (s *Service) EditQuote(ctx context.Context, actor fieldops.Actor, id fieldops.ID, edit fieldops.QuoteEdit, fresh func(fieldops.Time) error) (fieldops.Quote, error) {
	var quote fieldops.Quote
	err := s.db.Write(ctx, actor, func(tx *store.Tx) error {
		var err error
		if quote, err = tx.LockQuote(ctx, id); err != nil {
			return err
		}
		if err := fresh(quote.UpdatedAt); err != nil {
			return err
		}
		settings, terms, err := billingTerms(ctx, tx, sales, tx.Now.Time)
		if err != nil {
			return err
		}
		e := edit
		if err := quote.Apply(&e, settings, terms); err != nil {
			return err
		}
		if quote.ClientID != nil && (e.ClientID != nil || e.ProjectID != nil || e.Lines != nil) {
			if _, err := sellable(ctx, tx, quote.ClientID, quote.ProjectID, quote.Lines); err != nil {
				return err
			}
		}
		if err := tx.UpdateQuote(ctx, &quote, e.Lines != nil); err != nil {
			return err
		}
		if err := tx.NoteQuote(ctx, "update", &quote); err != nil {
			return err
		}
		quote, err = tx.Quote(ctx, id)
		return err
	})
	return quote, err
}

// MoveQuote has something happen to a quote: send, accept, decline or reopen. A
// quote that is where it would go already stays as it is.
func (s *Service) MoveQuote(ctx context.Context, actor fieldops.Actor, id fieldops.ID, action string, fresh func(fieldops.Time) error) (fieldops.Quote, error) {
	var quote fieldops.Quote
	err := s.db.Write(ctx, actor, func(tx *store.Tx) error {
		var err error
		if quote, err = tx.LockQuote(ctx, id); err != nil {
			return err
		}
		if err := fresh(quote.UpdatedAt); err != nil {
			return err
		}
		if err := moveQuote(ctx, tx, &quote, action); err != nil {
			return err
		}
		quote, err = tx.Quote(ctx, id)
		return err
	})
	return quote, err
}

func moveQuote(ctx context.Context, tx *store.Tx, quote *fieldops.Quote, action string) error {
	move, known := fieldops.QuoteActions[action]
	if !known {
		return fmt.Errorf("nothing called %q happens to a quote", action)
	}
	if quote.Status == move.To {
		return nil
	}
	if !slices.Contains(move.From, quote.Status) {
		return fieldops.Refuse(fieldops.Conflict, "Quote %s is %s and cannot become %s", quote.Number, strings.ToLower(quote.Status), strings.ToLower(move.To))
	}
	settings, err := tx.Settings(ctx)
	if err != nil {
		return err
	}
	if action == "accept" && quote.Expired(fieldops.DateOf(tx.Now.Time, settings.Timezone)) {
		return fieldops.Refuse(fieldops.Conflict, "Quote %s expired on %s; give it a later expiry date to accept it", quote.Number, quote.ExpiryDate)
	}
	quote.Status = move.To
	if action == "send" && quote.SentAt.IsZero() {
		quote.SentAt = tx.Now
	}
	if err := tx.UpdateQuote(ctx, quote, false); err != nil {
		return err
	}
	return tx.NoteQuote(ctx, action, quote)
}

// ConvertQuote makes the invoice that a quote asks for: exactly one, however
// many ask at once. Only when that invoice was taken back can there be another.
// also runs in the same transaction, last.
func (s *Service) ConvertQuote(ctx context.Context, actor fieldops.Actor, id fieldops.ID, also ...func(*store.Tx, fieldops.Invoice) error) (fieldops.Invoice, error) {
	var invoice fieldops.Invoice
	err := s.db.Write(ctx, actor, func(tx *store.Tx) error {
		quote, err := tx.LockQuote(ctx, id)
		if err != nil {
			return err
		}
		switch {
		case quote.Status == fieldops.QuoteInvoiced:
			refusal := fieldops.Refuse(fieldops.Conflict, "Quote %s became invoice %s already", quote.Number, *quote.InvoiceNo)
			refusal.Details = map[string]any{"invoice_id": quote.InvoiceID, "invoice_number": quote.InvoiceNo}
			return refusal
		case quote.Status == fieldops.QuoteDeclined:
			return fieldops.Refuse(fieldops.Conflict, "Quote %s was declined; reopen it to invoice it", quote.Number)
		case quote.ClientID == nil:
			return fieldops.Refuse(fieldops.Conflict, "Quote %s has no client; choose one first", quote.Number)
		}
		settings, terms, err := billingTerms(ctx, tx, sales, tx.Now.Time)
		if err != nil {
			return err
		}
		client, err := sellable(ctx, tx, quote.ClientID, quote.ProjectID, nil)
		if err != nil {
			return err
		}
		invoice = quote.Invoice(&client, settings, terms.Today)
		if err := place(ctx, tx, settings, &invoice); err != nil {
			return err
		}
		quote.Status, quote.InvoiceID = fieldops.QuoteInvoiced, &invoice.ID
		if err := tx.UpdateQuote(ctx, &quote, false); err != nil {
			return err
		}
		if err := tx.NoteQuote(ctx, "convert", &quote); err != nil {
			return err
		}
		if err := tx.NoteInvoice(ctx, "create", invoice.ID, map[string]any{
			"invoice_number": invoice.Number, "client_id": client.ID, "total": invoice.Total, "quote_number": quote.Number,
		}); err != nil {
			return err
		}
		for _, do := range also {
			if err := do(tx, invoice); err != nil {
				return err
			}
		}
		return nil
	})
	return invoice, err
}

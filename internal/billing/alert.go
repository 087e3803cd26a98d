package billing

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// queuePage is where the web app shows what waits.
const queuePage = "/settings/queue"

// backlogLook is how often it is looked whether something waits too long.
const backlogLook = time.Minute

// RunBacklogAlerts tells people of documents that wait too long for Xero, until
// ctx ends.
func (s *Service) RunBacklogAlerts(ctx context.Context) {
	tick := time.NewTicker(backlogLook)
	defer tick.Stop()
	for {
		if err := s.TellOfBacklog(ctx); err != nil && ctx.Err() == nil {
			s.sync.log.ErrorContext(ctx, "looking for documents that wait too long failed", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// TellOfBacklog tells those who may pause and connect, by a notification and by
// mail, once a document has waited for Xero longer than the firm's limit. They are
// told again only after everything was within the limit. Any number of processes
// may ask at the same time.
func (s *Service) TellOfBacklog(ctx context.Context) error {
	// Nearly always there is nothing to do, and nobody else is kept from writing.
	if _, changes, err := backlogNews(ctx, s.db); err != nil || !changes {
		return err
	}
	mails := s.mailReady(ctx)
	if mails != nil && fieldops.KindOf(mails) == "" {
		return mails
	}
	return s.db.Write(ctx, fieldops.System, func(tx *store.Tx) error {
		if err := tx.AloneInTelling(ctx); err != nil {
			return err
		}
		backlog, changes, err := backlogNews(ctx, tx)
		if err != nil || !changes {
			return err
		}
		if err := tx.Tell(ctx, backlog); err != nil || backlog == nil {
			return err
		}
		settings, err := tx.Settings(ctx)
		if err != nil {
			return err
		}
		words := backlogWords(backlog, &settings)
		people, err := tx.Holders(ctx, fieldops.CanSyncXero)
		for _, id := range people {
			if err := tx.Notify(ctx, id, fieldops.NoticeSyncWaits, words.Title, words.Body, queuePage); err != nil {
				return err
			}
			if mails != nil {
				continue
			}
			person, err := tx.User(ctx, id)
			if err != nil {
				return err
			}
			m := fieldops.Mail{Kind: fieldops.MailSyncWaits, Recipient: person.Email, Subject: words.Title}
			if m.Details, err = json.Marshal(words); err != nil {
				return err
			}
			if err := tx.QueueMail(ctx, &m); err != nil {
				return err
			}
		}
		return err
	})
}

// backlogReader is a database or a transaction.
type backlogReader interface {
	Settings(ctx context.Context) (fieldops.Settings, error)
	Backlog(ctx context.Context) (store.Backlog, error)
	WereTold(ctx context.Context) (bool, error)
}

// backlogNews reports whether what is to be told changes: to the backlog, or to
// nothing when it is nil.
func backlogNews(ctx context.Context, r backlogReader) (*store.Backlog, bool, error) {
	told, err := r.WereTold(ctx)
	if err != nil {
		return nil, false, err
	}
	settings, err := r.Settings(ctx)
	if err != nil {
		return nil, false, err
	}
	backlog, err := r.Backlog(ctx)
	if err != nil {
		return nil, false, err
	}
	late := settings.SyncAlert > 0 && backlog.Age() > settings.SyncAlert
	if !late {
		return nil, told, nil
	}
	return &backlog, !told, nil
}

// backlogLetter is what people are told.
type backlogLetter struct {
	Title string `json:"title"`
	Body  string `json:"body"`
}

func backlogWords(b *store.Backlog, settings *fieldops.Settings) backlogLetter {
	documents, waits := "documents", "wait"
	if b.Count == 1 {
		documents, waits = "document", "waits"
	}
	why := b.Message
	switch b.Reason {
	case store.LanePaused:
		why += " It goes on when somebody resumes it."
	case string(fieldops.PhaseQueued):
		why = "Nothing stands in the way, but no worker takes it up. Look whether one runs."
	case string(fieldops.PhaseSending):
		why = "It is being sent at this moment."
	}
	body := fmt.Sprintf("The first of them since %s.", b.Oldest.In(settings.Timezone).Format("2 January 2006, 15:04"))
	if b.Count == 1 {
		body = fmt.Sprintf("Since %s.", b.Oldest.In(settings.Timezone).Format("2 January 2006, 15:04"))
	}
	if b.Most < b.Count {
		why = fmt.Sprintf("%d of them for this reason: %s", b.Most, why)
	}
	body += " " + why
	return backlogLetter{fmt.Sprintf("%d %s %s for Xero, longer than %s", b.Count, documents, waits, minutes(settings.SyncAlert)), body}
}

func minutes(d time.Duration) string {
	if d == time.Minute {
		return "a minute"
	}
	return fmt.Sprintf("%d minutes", int(d.Minutes()))
}

func (s *Service) composeBacklog(ctx context.Context, m fieldops.Mail) (fieldops.MailMessage, error) {
	var words backlogLetter
	if err := json.Unmarshal(m.Details, &words); err != nil {
		return fieldops.MailMessage{}, err
	}
	settings, err := s.db.Settings(ctx)
	if err != nil {
		return fieldops.MailMessage{}, err
	}
	return Letter{
		Paragraphs: []string{words.Title + ".", words.Body}, Label: "See what waits", URL: s.post.appURL + queuePage, Company: settings.CompanyName,
		Closing: []string{"You are told again only after everything was within that limit. It is set in the settings, under documents."},
	}.Message()
}

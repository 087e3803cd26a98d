package paperwork

import (
	"bytes"
	"context"
	"errors"
	"io"
	"time"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/job"
	"ampedfieldops/internal/sheet"
	"ampedfieldops/internal/store"
)

// Safety keeps safety documents and makes their pages. A page is made once, of what
// was issued, and kept as a file.
type Safety struct {
	db          *store.DB
	files       *Files
	openPicture func(ctx context.Context, url string) (content []byte, contentType string, err error)
}

// NewSafety makes one. openPicture, unless nil, reads the firm's logo at its address.
func NewSafety(db *store.DB, files *Files, openPicture func(ctx context.Context, url string) ([]byte, string, error)) *Safety {
	return &Safety{db, files, openPicture}
}

// Register has the queue deliver the jobs about pages.
func (s *Safety) Register(q *job.Queue) {
	job.Handle(q, func(ctx context.Context, a store.MakeSafetyPage) error {
		err := s.makePage(ctx, a.Revision)
		if fieldops.KindOf(err) == fieldops.NotFound { // removed for good meanwhile
			return nil
		}
		return err
	})
}

// SafetyChange is what somebody wants of a document. nil and "" leave a thing as it
// is.
type SafetyChange struct {
	Title      *string
	Data       []byte // the form
	CostCenter **fieldops.ID
	Signature  *fieldops.Signature
	Status     string // to bring it to
	Reason     string // of reopening it
}

// Create adds a document and brings it to the state that was asked for: all of it or
// nothing. also runs in the same transaction, last.
func (s *Safety) Create(ctx context.Context, actor fieldops.Actor, d fieldops.SafetyDocument, c SafetyChange, may func(*store.Tx, *fieldops.SafetyDocument, string) error,
	also func(*store.Tx, fieldops.SafetyDocument) error,
) (fieldops.SafetyDocument, error) {
	err := s.db.Write(ctx, actor, func(tx *store.Tx) error {
		made := d
		if err := tx.InsertSafetyDocument(ctx, &made); err != nil {
			return err
		}
		if err := s.bring(ctx, tx, &made, &c, may); err != nil {
			return err
		}
		var err error
		if d, err = tx.SafetyDocument(ctx, made.ID); err != nil {
			return err
		}
		return also(tx, d)
	})
	if err != nil {
		return d, err
	}
	return d, s.makePageNow(ctx, &d)
}

// Change changes a document as somebody wants it: all of it or nothing. look sees it,
// locked, before anything happens; may is asked before each step, by its name.
func (s *Safety) Change(ctx context.Context, actor fieldops.Actor, id fieldops.ID, c SafetyChange, look func(*store.Tx, *fieldops.SafetyDocument) error,
	may func(*store.Tx, *fieldops.SafetyDocument, string) error,
) (fieldops.SafetyDocument, error) {
	var changed fieldops.SafetyDocument
	err := s.db.Write(ctx, actor, func(tx *store.Tx) error {
		d, err := tx.LockSafetyDocument(ctx, id)
		if err != nil {
			return err
		}
		if err := look(tx, &d); err != nil {
			return err
		}
		if err := s.change(ctx, tx, &d, &c, may); err != nil {
			return err
		}
		changed, err = tx.SafetyDocument(ctx, id)
		return err
	})
	if err != nil {
		return changed, err
	}
	return changed, s.makePageNow(ctx, &changed)
}

func (s *Safety) change(ctx context.Context, tx *store.Tx, d *fieldops.SafetyDocument, c *SafetyChange, may func(*store.Tx, *fieldops.SafetyDocument, string) error) error {
	if c.Status == fieldops.SafetyDraft && d.Status != fieldops.SafetyDraft {
		if err := may(tx, d, fieldops.SafetyReopened); err != nil {
			return err
		}
		if err := tx.ReopenSafetyDocument(ctx, d, c.Reason); err != nil {
			return err
		}
	}
	before := *d
	if c.Title != nil {
		d.Title = *c.Title
	}
	if c.Data != nil {
		d.Data = c.Data
	}
	if c.CostCenter != nil {
		d.CostCenterID = *c.CostCenter
	}
	sameCenter := (before.CostCenterID == nil) == (d.CostCenterID == nil) && (d.CostCenterID == nil || *before.CostCenterID == *d.CostCenterID)
	if before.Title != d.Title || !sameCenter || c.Data != nil && !fieldops.SameForm(before.Data, d.Data) {
		if d.Status != fieldops.SafetyDraft {
			return fieldops.Refuse(fieldops.Conflict, "%s is %s. Reopen it to change it; that begins its next revision.", before.Name(), d.Status)
		}
		if err := tx.EditSafetyDocument(ctx, &before, d); err != nil {
			return err
		}
	}
	return s.bring(ctx, tx, d, c, may)
}

// bring signs a document and takes it to the state that was asked for.
func (s *Safety) bring(ctx context.Context, tx *store.Tx, d *fieldops.SafetyDocument, c *SafetyChange, may func(*store.Tx, *fieldops.SafetyDocument, string) error) error {
	if c.Signature != nil {
		signature := *c.Signature
		if err := tx.SignSafetyDocument(ctx, d, &signature); err != nil {
			return err
		}
	}
	if c.Status == fieldops.SafetyCompleted && d.Status == fieldops.SafetyApproved {
		return fieldops.Refuse(fieldops.Conflict, "%s is approved already. Reopen it to issue it anew.", d.Name())
	}
	if d.Status == fieldops.SafetyDraft && (c.Status == fieldops.SafetyCompleted || c.Status == fieldops.SafetyApproved) {
		if err := may(tx, d, fieldops.SafetyCompleted); err != nil {
			return err
		}
		if err := tx.CompleteSafetyDocument(ctx, d); err != nil {
			return err
		}
	}
	if d.Status == fieldops.SafetyCompleted && c.Status == fieldops.SafetyApproved {
		if err := may(tx, d, fieldops.SafetyApproved); err != nil {
			return err
		}
		return tx.ApproveSafetyDocument(ctx, d)
	}
	return nil
}

// pageTime is how long somebody who issues a document waits for its page; the job
// makes it otherwise.
const pageTime = 10 * time.Second

// makePageNow makes the page of what was just issued while its issuer waits. A page
// that cannot be made now is made by the job.
func (s *Safety) makePageNow(ctx context.Context, d *fieldops.SafetyDocument) error {
	if d.Status == fieldops.SafetyDraft {
		return nil
	}
	hurried, cancel := context.WithTimeout(ctx, pageTime)
	defer cancel()
	step, err := s.db.SafetyPage(hurried, d.ID, d.Revision)
	if err == nil {
		err = s.makePage(hurried, step)
	}
	if err != nil {
		s.files.log.WarnContext(ctx, "the page of a safety document is made later", "safety_document", d.ID, "error", err)
		return nil
	}
	fresh, err := s.db.SafetyDocument(ctx, d.ID)
	if err == nil {
		*d = fresh
	}
	return nil
}

// makePage makes the page of a step, unless there is one.
func (s *Safety) makePage(ctx context.Context, step fieldops.ID) error {
	r, err := s.db.SafetyRevision(ctx, step)
	if err != nil || r.FileID != nil || r.Paper == nil {
		return err
	}
	file, err := s.draw(ctx, r.Paper)
	if err != nil {
		return err
	}
	kept := false
	err = s.files.write(ctx, func(tx *store.Tx) (err error) {
		kept, err = tx.KeepSafetyPage(ctx, step, &file)
		return err
	})
	if err == nil && !kept {
		s.files.TakeBack(ctx, file) // somebody else has made it
		return nil
	}
	return s.unlessInDoubt(ctx, &file, err)
}

// unlessInDoubt takes a page back whose row was not written. Where nobody can say
// whether it was, the bytes stay: a sweep finds them if nothing names them.
func (s *Safety) unlessInDoubt(ctx context.Context, file *fieldops.StoredFile, err error) error {
	if err != nil && !errors.Is(err, store.ErrInDoubt) {
		s.files.TakeBack(ctx, *file)
	}
	return err
}

// draw draws a page and brings its bytes to where files are kept. Nothing names them
// yet.
func (s *Safety) draw(ctx context.Context, paper *fieldops.SafetyPaper) (fieldops.StoredFile, error) {
	settings, err := s.db.Settings(ctx)
	if err != nil {
		return fieldops.StoredFile{}, err
	}
	var logo []byte
	if s.openPicture != nil && settings.Logo != "" {
		// A page without the logo is better than none.
		if content, _, err := s.openPicture(ctx, settings.Logo); err == nil {
			logo = content
		}
	}
	pdf, err := drawSafety(paper, &settings, logo)
	if err != nil {
		return fieldops.StoredFile{}, err
	}
	arrival, err := s.files.Receive(UseFile, sheet.FileName(paper.Document.FileName()), bytes.NewReader(pdf))
	if err != nil {
		return fieldops.StoredFile{}, err
	}
	file, err := s.files.Keep(ctx, arrival, Owner{Kind: fieldops.RecordSafetyDocument, Record: paper.Document.ID, User: paper.Document.CompletedBy})
	if err != nil {
		err = errors.Join(err, arrival.Discard())
	}
	return file, err
}

// GeneratePage makes the page of a document as it stands, if there is none, and
// returns the document with its address.
func (s *Safety) GeneratePage(ctx context.Context, actor fieldops.Actor, id fieldops.ID) (fieldops.SafetyDocument, error) {
	d, err := s.db.SafetyDocument(ctx, id)
	if err != nil {
		return d, err
	}
	if d.Status != fieldops.SafetyDraft {
		step, err := s.db.SafetyPage(ctx, d.ID, d.Revision)
		if fieldops.KindOf(err) == fieldops.NotFound {
			err = s.db.Write(ctx, actor, func(tx *store.Tx) error {
				now, err := tx.LockSafetyDocument(ctx, id)
				if err == nil {
					step, err = tx.PaperOfFormer(ctx, &now)
				}
				return err
			})
		}
		if err != nil {
			return d, err
		}
		if err := s.makePage(ctx, step); err != nil {
			return d, err
		}
		return s.db.SafetyDocument(ctx, id)
	}
	paper, err := s.db.SafetyPaper(ctx, &d)
	if err != nil {
		return d, err
	}
	file, err := s.draw(ctx, &paper)
	if err != nil {
		return d, err
	}
	err = s.db.Write(ctx, actor, func(tx *store.Tx) error {
		now, err := tx.LockSafetyDocument(ctx, id)
		if err != nil {
			return err
		}
		if now.UpdatedAt != d.UpdatedAt {
			return fieldops.Refuse(fieldops.Conflict, "The document was changed just now. Try again.")
		}
		return tx.KeepDraftPage(ctx, &now, &file)
	})
	if err := s.unlessInDoubt(ctx, &file, err); err != nil {
		return d, err
	}
	return s.db.SafetyDocument(ctx, id)
}

// Page reads the page of a stored file: for mails.
func (s *Safety) Page(ctx context.Context, file fieldops.ID) ([]byte, error) {
	stored, err := s.db.File(ctx, file)
	if err != nil {
		return nil, err
	}
	content, err := s.files.Open(ctx, stored)
	if err != nil {
		return nil, err
	}
	defer content.Close()
	return io.ReadAll(io.LimitReader(content, UseFile.MaxBytes()))
}

package api

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/paperwork"
	"ampedfieldops/internal/store"
)

// attachable tells who may see and change the files of a kind of document: those who
// may see and change the document.
type attachable struct {
	kind fieldops.RecordKind
	sees func(a *api, r *request, id fieldops.ID) error
	// changes is asked inside the transaction that changes, with the document locked.
	changes func(r *request, tx *store.Tx, id fieldops.ID) error
}

var billFiles = attachable{
	kind: fieldops.RecordBill,
	sees: func(a *api, r *request, id fieldops.ID) error {
		_, err := a.DB.Bill(r.Context(), id)
		return err
	},
	changes: func(r *request, tx *store.Tx, id fieldops.ID) error {
		_, err := tx.LockBill(r.Context(), id)
		return err
	},
}

var expenseFiles = attachable{
	kind: fieldops.RecordExpense,
	sees: func(a *api, r *request, id fieldops.ID) error {
		e, err := a.DB.Expense(r.Context(), id)
		if err != nil {
			return err
		}
		return r.ownExpense(&e)
	},
	changes: func(r *request, tx *store.Tx, id fieldops.ID) error {
		e, err := tx.LockExpense(r.Context(), id)
		if err != nil {
			return err
		}
		return r.mayChangeExpense(&e)
	},
}

func (a *api) listAttachments(of attachable) func(*request, *byID) ([]fieldops.AttachedFile, error) {
	return func(r *request, in *byID) ([]fieldops.AttachedFile, error) {
		if err := of.sees(a, r, in.ID); err != nil {
			return nil, err
		}
		return a.DB.Attachments(r.Context(), of.kind, in.ID)
	}
}

// addAttachment attaches a file to a document: one that comes with the request, or, by
// file_id, one that was taken off it.
func (a *api) addAttachment(of attachable) func(http.ResponseWriter, *request) error {
	return func(w http.ResponseWriter, r *request) error {
		id, ok := fieldops.ParseID(r.PathValue("id"))
		if !ok {
			return fieldops.Refuse(fieldops.NotFound, "%s not found", of.kind.Label())
		}
		if err := of.sees(a, r, id); err != nil {
			return err
		}
		route := "POST attachments of " + string(of.kind) + " " + id
		return a.takeFormOr(w, r, paperwork.UseScan, route, func(r *request, form *fileForm) (any, error) {
			if form.arrival == nil {
				return a.attachAgain(r, of, id, form)
			}
			if err := a.DB.MayAttach(r.Context(), of.kind, id); err != nil {
				return nil, errors.Join(err, form.discard())
			}
			var answer []fieldops.AttachedFile
			err := a.keepArrival(r, form, paperwork.Owner{Kind: of.kind, Record: id, User: &r.User.ID}, func(tx *store.Tx, stored *fieldops.StoredFile) error {
				if err := of.changes(r, tx, id); err != nil {
					return err
				}
				if err := tx.KeepFile(r.Context(), stored); err != nil {
					return err
				}
				if err := tx.Attach(r.Context(), of.kind, id, stored.ID, stored.Path); err != nil {
					return err
				}
				var err error
				if answer, err = tx.Attachments(r.Context(), of.kind, id); err != nil {
					return err
				}
				return r.keep(tx, answer)
			})
			return answer, err
		})
	}
}

// attachAgain brings back the file that a form names by file_id.
func (a *api) attachAgain(r *request, of attachable, id fieldops.ID, form *fileForm) (answer []fieldops.AttachedFile, err error) {
	var file string
	ok := json.Unmarshal(form.fields["file_id"], &file) == nil
	if ok {
		file, ok = fieldops.ParseID(file)
	}
	if !ok {
		return nil, fieldops.Faults{{Field: "file_id", Message: "file_id must be the id of a file that was taken off it"}}.Err("")
	}
	ctx := r.Context()
	err = a.DB.Write(ctx, r.Actor, func(tx *store.Tx) (err error) {
		if err := of.changes(r, tx, id); err != nil {
			return err
		}
		if err := tx.Reattach(ctx, of.kind, id, file); err != nil {
			return err
		}
		if answer, err = tx.Attachments(ctx, of.kind, id); err != nil {
			return err
		}
		return r.keep(tx, answer)
	})
	return answer, err
}

type attachmentInput struct {
	byID
	File fieldops.ID `path:"file" format:"uuid"`
}

// removeAttachment takes a file off a document. For 30 days it can be attached again.
func (a *api) removeAttachment(of attachable) func(*request, *attachmentInput) ([]fieldops.AttachedFile, error) {
	return func(r *request, in *attachmentInput) (answer []fieldops.AttachedFile, err error) {
		ctx := r.Context()
		err = a.DB.Write(ctx, r.Actor, func(tx *store.Tx) (err error) {
			if err := of.changes(r, tx, in.ID); err != nil {
				return err
			}
			if err := tx.Detach(ctx, of.kind, in.ID, in.File); err != nil {
				return err
			}
			answer, err = tx.Attachments(ctx, of.kind, in.ID)
			return err
		})
		return answer, err
	}
}

// seesAttached refuses a file of a scan, a bill or an expense to who may see none of
// what it belongs to.
func (a *api) seesAttached(r *request, file *fieldops.StoredFile) error {
	if r.seesMoney() {
		return nil
	}
	open, err := a.DB.FileOpenTo(r.Context(), file.ID, r.User.ID)
	if err == nil && !open {
		err = fieldops.Refuse(fieldops.NotFound, "File not found")
	}
	return err
}

func isAttachedKind(kind fieldops.RecordKind) bool {
	return kind == fieldops.RecordDocumentScan || kind == fieldops.RecordBill || kind == fieldops.RecordExpense
}

func documentAttachment(_ huma.Registry, op *huma.Operation) {
	again := &huma.Schema{Type: huma.TypeObject, Properties: map[string]*huma.Schema{"file_id": {Type: huma.TypeString, Format: "uuid", Description: "In place of a file: one that was taken off it, to be attached again"}}}
	op.RequestBody = fileBody(again, "scan", "A JPEG, PNG, WebP or TIFF image or a PDF file, at most 10 MB")
}

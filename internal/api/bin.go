package api

import (
	"slices"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// binAccess is what it takes to delete a kind of record, to see it in the bin
// and to bring it back. Timesheets are people's own, or anybody's for managers.
var binAccess = map[fieldops.RecordKind]fieldops.Permission{
	fieldops.RecordClient:        fieldops.CanManageClients,
	fieldops.RecordProject:       fieldops.CanEditProjects,
	fieldops.RecordTimesheet:     fieldops.CanDeleteOwnTimesheets,
	fieldops.RecordInvoice:       fieldops.CanCreateInvoices,
	fieldops.RecordPurchaseOrder: fieldops.CanCreateInvoices,
	fieldops.RecordQuote:         fieldops.CanCreateInvoices,
	fieldops.RecordBill:          fieldops.CanCreateInvoices,
	fieldops.RecordExpense:       fieldops.CanCreateInvoices,
	fieldops.RecordPayment:       fieldops.CanCreateInvoices,
	fieldops.RecordCreditNote:    fieldops.CanCreateInvoices,
	fieldops.RecordProjectFile:   fieldops.CanEditProjects,
	fieldops.RecordDocumentScan:  fieldops.CanEditProjects,

	fieldops.RecordSafetyDocument: fieldops.CanEditProjects,
}

// managesOthersWork reports whether other people's timesheets are the person's
// to delete and to restore.
func (r *request) managesOthersWork() bool {
	return r.User.Is(fieldops.RoleAdmin) || r.User.Is(fieldops.RoleManager)
}

// binKinds are the kinds of record whose bin is open to the person.
func (r *request) binKinds() []fieldops.RecordKind {
	kinds := []fieldops.RecordKind{}
	for kind, permission := range binAccess {
		if r.User.May(permission) && (kind != fieldops.RecordTimesheet || r.managesOthersWork()) {
			kinds = append(kinds, kind)
		}
	}
	slices.Sort(kinds)
	return kinds
}

// seesDeleted refuses the wish to see deleted rows of a kind to those who could
// not restore them.
func (r *request) seesDeleted(wanted bool, kind fieldops.RecordKind) error {
	if wanted && !slices.Contains(r.binKinds(), kind) {
		return fieldops.Refuse(fieldops.Forbidden, "Permission denied")
	}
	return nil
}

type listBinInput struct {
	EntityType string      `query:"entity_type" doc:"client, project, timesheet, invoice, purchase_order, quote, bill, expense, payment, credit_note, project_file, document_scan or safety_document"`
	Search     string      `query:"search" doc:"Words of its name or number"`
	Limit      int         `query:"limit" doc:"Rows of the answer, at most 500" default:"100"`
	After      fieldops.ID `query:"after" format:"uuid" doc:"The id of the last row before"`
}

func (a *api) listBin(r *request, in *listBinInput) ([]fieldops.Deletion, error) {
	f := store.BinFilter{Kinds: r.binKinds(), Search: in.Search, Limit: min(in.Limit, 500), AfterID: in.After}
	if f.Limit < 1 {
		f.Limit = 100
	}
	if in.EntityType != "" {
		kind := fieldops.RecordKind(in.EntityType)
		f.Kinds = slices.DeleteFunc(f.Kinds, func(k fieldops.RecordKind) bool { return k != kind })
		if kind == fieldops.RecordTimesheet && len(f.Kinds) == 0 && r.User.May(fieldops.CanDeleteOwnTimesheets) {
			f.Kinds, f.UserID = []fieldops.RecordKind{kind}, r.User.ID
		}
	}
	rows, err := a.DB.Bin(r.Context(), f)
	if n := len(rows); n > 0 && n == f.Limit {
		r.linkAfter(rows[n-1].ID)
	}
	return rows, err
}

type deletionAnswer struct {
	fieldops.Deletion
	Records []fieldops.Record `json:"records"` // at most 200
}

func (a *api) getDeletion(r *request, in *byID) (deletionAnswer, error) {
	d, err := a.DB.Deletion(r.Context(), in.ID)
	if err != nil {
		return deletionAnswer{}, err
	}
	if err := r.mayRestore(&d); err != nil {
		return deletionAnswer{}, err
	}
	records, err := a.DB.DeletedRecords(r.Context(), d.ID, 200)
	return deletionAnswer{d, records}, err
}

// mayRestore refuses a deletion that is not the person's to undo.
func (r *request) mayRestore(d *fieldops.Deletion) error {
	mine := d.UserID != nil && *d.UserID == r.User.ID
	if mine && d.Kind == fieldops.RecordDocumentScan {
		return nil
	}
	own := d.Kind == fieldops.RecordTimesheet && mine
	if r.User.May(binAccess[d.Kind]) && (d.Kind != fieldops.RecordTimesheet || own || r.managesOthersWork()) {
		return nil
	}
	return fieldops.Refuse(fieldops.Forbidden, "Permission denied")
}

type previewDeletionInput struct {
	Kind string      `path:"kind"`
	ID   fieldops.ID `path:"id" format:"uuid"`
}

type deletionPreview struct {
	Label    string                      `json:"label"`
	Counts   map[fieldops.RecordKind]int `json:"counts"`  // what would go along, the record itself included
	Records  []fieldops.Record           `json:"records"` // at most 200
	Refusal  *string                     `json:"refusal"` // why it cannot be deleted now
	Blockers any                         `json:"blockers,omitempty"`
}

// previewDeletion tells what deleting a client or a project would take along.
func (a *api) previewDeletion(r *request, in *previewDeletionInput) (deletionPreview, error) {
	kind := fieldops.RecordKind(in.Kind)
	if _, ok := binAccess[kind]; !ok {
		return deletionPreview{}, fieldops.Refuse(fieldops.NotFound, "There is no kind of record called %q in the bin", in.Kind)
	}
	if !slices.Contains(r.binKinds(), kind) {
		return deletionPreview{}, fieldops.Refuse(fieldops.Forbidden, "Permission denied")
	}
	if kind == fieldops.RecordInvoice || kind == fieldops.RecordPurchaseOrder {
		return deletionPreview{}, fieldops.Refuse(fieldops.Invalid, "An invoice or a purchase order takes nothing along")
	}
	d, records, refusal, err := a.DB.PreviewDeletion(r.Context(), r.Actor, kind, in.ID)
	answer := deletionPreview{Label: d.Label, Counts: d.Counts, Records: records}
	if records == nil {
		answer.Records = []fieldops.Record{}
	}
	if refusal != nil {
		answer.Refusal, answer.Blockers = &refusal.Message, refusal.Details["documents"]
	}
	return answer, err
}

type restoredAnswer struct {
	Message    string                      `json:"message"`
	EntityType fieldops.RecordKind         `json:"entity_type"`
	EntityID   fieldops.ID                 `json:"entity_id"` // the record, or its copy
	Label      string                      `json:"label"`
	Copy       bool                        `json:"copy"` // a new document stands for one that was voided in Xero
	Counts     map[fieldops.RecordKind]int `json:"counts"`
}

func (a *api) restoreDeletion(r *request, in *byID) (restoredAnswer, error) {
	d, err := a.DB.Deletion(r.Context(), in.ID)
	if err != nil {
		return restoredAnswer{}, err
	}
	return a.restore(r, &d)
}

// restoreRecord brings back the deletion that hides one record of a kind.
func (a *api) restoreRecord(kind fieldops.RecordKind) func(*request, *byID) (restoredAnswer, error) {
	return func(r *request, in *byID) (restoredAnswer, error) {
		d, err := a.DB.DeletionOf(r.Context(), kind, in.ID)
		if err != nil {
			return restoredAnswer{}, err
		}
		if d.Kind != kind || d.EntityID != in.ID {
			return restoredAnswer{}, fieldops.Refuse(fieldops.Conflict, "%s was deleted with %s %s; restore that", kind.Label(), d.Kind.Label(), d.Label)
		}
		return a.restore(r, &d)
	}
}

func (a *api) restore(r *request, d *fieldops.Deletion) (restoredAnswer, error) {
	if err := r.mayRestore(d); err != nil {
		return restoredAnswer{}, err
	}
	restored, err := a.Billing.Restore(r.Context(), r.Actor, d.ID)
	if err != nil {
		return restoredAnswer{}, err
	}
	now := restored.Record
	answer := restoredAnswer{
		Message: now.Kind.Label() + " restored", EntityType: now.Kind, EntityID: now.ID, Label: now.Label,
		Copy: now.ID != d.EntityID, Counts: restored.Counts,
	}
	if answer.Copy {
		answer.Message = now.Kind.Label() + " restored as a copy with the number " + now.Label + ", because " + d.Label + " was voided in Xero"
	}
	return answer, nil
}

// deleteRecord hides one record of a kind that is not in Xero.
func (a *api) deleteRecord(kind fieldops.RecordKind) func(*request, *byID) (deletedRecord, error) {
	return func(r *request, in *byID) (deletedRecord, error) {
		var d fieldops.Deletion
		err := a.DB.Write(r.Context(), r.Actor, func(tx *store.Tx) (err error) {
			d, err = tx.Delete(r.Context(), kind, in.ID)
			return err
		})
		return deletedRecord{kind.Label() + " deleted", d.ID, d.Counts}, err
	}
}

// deletedRecord tells what was deleted, and by which id it can be restored.
type deletedRecord struct {
	Message    string                      `json:"message"`
	DeletionID fieldops.ID                 `json:"deletion_id"`
	Counts     map[fieldops.RecordKind]int `json:"counts"`
}

// purgeDeletion removes for good what was deleted 30 days ago or earlier.
func (a *api) purgeDeletion(r *request, in *byID) (message, error) {
	ctx := r.Context()
	err := a.DB.Write(ctx, r.Actor, func(tx *store.Tx) error {
		d, err := tx.LockDeletion(ctx, in.ID)
		if err != nil {
			return err
		}
		return tx.Purge(ctx, &d)
	})
	return message{"Removed for good"}, err
}

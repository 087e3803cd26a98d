package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
	"ampedfieldops/internal/store/storetest"
)

// fullForm is everything that a document of a type must hold, and what a form may
// hold besides.
func fullForm(kind fieldops.SafetyType, change ...string) json.RawMessage {
	form := map[fieldops.SafetyType]map[string]any{
		fieldops.SafetyJSA: {
			"job_description": "Replace the switchboard", "location": "3 Bank Street, Whangārei", "prepared_by_name": "Wiremu",
			"hazards": []map[string]any{{"description": "Live parts", "risk_level": "high", "control_measures": "Isolate, lock out, test for dead"}},
		},
		fieldops.SafetyCompliance: {
			"location": "3 Bank Street, Whangārei", "description": "New switchboard", "installation_date": "2026-05-04", "risk_category": "general",
			"compliance_method": "part_2", "compliance_standards": []string{"AS/NZS 3000:2007"}, "testing_results": []map[string]any{{"test": "Polarity", "result": "Correct"}},
			"inspector_name": "Wiremu", "inspector_license": "E 123456", "contact": "09 555 0100", "safe_to_connect": true,
		},
		fieldops.SafetyESC: {
			"location": "3 Bank Street, Whangārei", "description": "New switchboard", "connection_date": "2026-05-04", "safe_to_use": true,
			"safety_checks": []map[string]any{{"check": "Polarity", "status": "passed"}}, "inspector_name": "Wiremu", "inspector_license": "E 123456", "contact": "09 555 0100",
		},
	}[kind]
	for i := 0; i+1 < len(change); i += 2 {
		form[change[i]] = json.RawMessage(change[i+1])
	}
	data, err := json.Marshal(form)
	if err != nil {
		panic(err)
	}
	return data
}

func signed() *fieldops.Signature {
	return &fieldops.Signature{Role: fieldops.SignerRole, Name: "Wiremu Pōtae", Strokes: fieldops.Strokes{Width: 600, Height: 200, Lines: [][]int{{10, 100, 200, 50, 400, 150}}}}
}

// certify makes a certificate of a project and, with approved, approves it.
func certify(ctx context.Context, tx *store.Tx, project fieldops.ID, kind fieldops.SafetyType, approved bool) error {
	d := fieldops.SafetyDocument{ProjectID: project, Type: kind, Title: "Switchboard", Data: fullForm(kind)}
	if err := tx.InsertSafetyDocument(ctx, &d); err != nil {
		return err
	}
	if err := tx.SignSafetyDocument(ctx, &d, signed()); err != nil {
		return err
	}
	if err := tx.CompleteSafetyDocument(ctx, &d); err != nil || !approved {
		return err
	}
	return tx.ApproveSafetyDocument(ctx, &d)
}

// A document goes its way: its number is taken when it is completed and stays, each
// step stands in its history with what was issued then, and another form takes
// signatures away.
func TestASafetyDocumentFromDraftToItsSecondRevision(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		o := newOffice(t, db)
		for _, kind := range fieldops.SafetyTypes {
			d := fieldops.SafetyDocument{ProjectID: o.project.ID, Type: kind, Title: "Whangārei switchboard", Data: json.RawMessage(`{"mine":"stays"}`)}
			o.write(t, func(ctx context.Context, tx *store.Tx) error { return tx.InsertSafetyDocument(ctx, &d) })
			step := func(do func(ctx context.Context, tx *store.Tx, d *fieldops.SafetyDocument) error) error {
				return db.Write(t.Context(), fieldops.System, func(tx *store.Tx) error {
					var err error
					if d, err = tx.LockSafetyDocument(t.Context(), d.ID); err != nil {
						return err
					}
					return do(t.Context(), tx, &d)
				})
			}
			complete := func(ctx context.Context, tx *store.Tx, d *fieldops.SafetyDocument) error {
				return tx.CompleteSafetyDocument(ctx, d)
			}
			edit := func(data json.RawMessage) error {
				return step(func(ctx context.Context, tx *store.Tx, d *fieldops.SafetyDocument) error {
					before := *d
					d.Data = data
					return tx.EditSafetyDocument(ctx, &before, d)
				})
			}
			sign := func(ctx context.Context, tx *store.Tx, d *fieldops.SafetyDocument) error {
				return tx.SignSafetyDocument(ctx, d, signed())
			}
			refused, ok := errors.AsType[*fieldops.Error](step(complete))
			if !ok || len(refused.Faults) < 4 {
				t.Fatalf("%s: an empty draft is completed: %v", kind, refused)
			}
			if err := edit(fullForm(kind, "mine", `"stays"`)); err != nil {
				t.Fatal(err)
			}
			if refused, ok = errors.AsType[*fieldops.Error](step(complete)); !ok || len(refused.Faults) != 1 || refused.Faults[0].Field != "signature" {
				t.Fatalf("%s: without a signature: %v", kind, refused)
			}
			if err := step(sign); err != nil {
				t.Fatal(err)
			}
			if err := edit(fullForm(kind, "location", `"Somewhere else"`)); err != nil {
				t.Fatal(err)
			}
			if err := step(complete); err == nil {
				t.Fatalf("%s: the signature under another form stays", kind)
			}
			if err := errors.Join(step(sign), step(complete)); err != nil {
				t.Fatal(err)
			}
			number := fmt.Sprintf("%s-00001", strings.ToUpper(kind.Short()))
			if d.Number == nil || *d.Number != number || d.Status != fieldops.SafetyCompleted || d.CompletedAt.IsZero() {
				t.Fatalf("%s: completed as %+v", kind, d)
			}
			if kind.IsCertificate() && (d.Text("certificate_number") != number || d.Text("issue_date") == "" || d.Text("inspector_signature_date") == "") {
				t.Errorf("%s: the form says %s", kind, d.Data)
			}
			if err := step(func(ctx context.Context, tx *store.Tx, d *fieldops.SafetyDocument) error {
				return tx.ApproveSafetyDocument(ctx, d)
			}); err != nil {
				t.Fatal(err)
			}
			if err := step(func(ctx context.Context, tx *store.Tx, d *fieldops.SafetyDocument) error {
				return tx.ReopenSafetyDocument(ctx, d, "Circuit 4 was forgotten")
			}); err != nil {
				t.Fatal(err)
			}
			if d.Revision != 2 || *d.Number != number || !d.ApprovedAt.IsZero() || d.ApprovedBy != nil {
				t.Errorf("%s: reopened as %+v", kind, d)
			}
			if err := step(complete); err == nil {
				t.Errorf("%s: the second revision needs no signature of its own", kind)
			}
			if err := errors.Join(edit(fullForm(kind)), step(sign), step(complete)); err != nil {
				t.Fatal(err)
			}
			steps, err := db.SafetyRevisions(t.Context(), d.ID, "", 10)
			if err != nil || len(steps) != 4 {
				t.Fatalf("%s: %d steps, %v", kind, len(steps), err)
			}
			for i, want := range []string{"2 completed", "2 reopened", "1 approved", "1 completed"} {
				if got := fmt.Sprintf("%d %s", steps[i].Revision, steps[i].Event); got != want {
					t.Errorf("%s: step %d is %q, want %q", kind, i, got, want)
				}
				r, err := db.SafetyRevision(t.Context(), steps[i].ID)
				if err != nil || (r.Paper == nil) != (steps[i].Event == fieldops.SafetyReopened) {
					t.Errorf("%s: %s has the paper %v, %v", kind, want, r.Paper, err)
				}
				if r.Paper != nil && (len(r.Paper.Signatures) != 1 || r.Paper.Document.ProjectName != o.project.Name || r.Paper.Document.Revision != steps[i].Revision) {
					t.Errorf("%s: %s says %+v", kind, want, r.Paper)
				}
			}
			found, err := db.SafetyDocuments(t.Context(), store.SafetyFilter{Search: "whangarei " + number, Limit: 10})
			if err != nil || len(found) != 1 || found[0].ID != d.ID {
				t.Errorf("%s: %d found by its number and place, %v", kind, len(found), err)
			}
		}
	})
}

// However many complete at once, each gets a number of its own, and one that a form
// brings along is taken by one.
func TestNumbersOfCertificatesAreUnique(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		o := newOffice(t, db)
		const people = 8
		var mu sync.Mutex
		var wg sync.WaitGroup
		numbers, taken := map[string]int{}, 0
		for n := range people {
			wg.Go(func() {
				form := fullForm(fieldops.SafetyCompliance)
				if n%2 == 0 {
					form = fullForm(fieldops.SafetyCompliance, "certificate_number", `"K-7781"`)
				}
				d := fieldops.SafetyDocument{ProjectID: o.project.ID, Type: fieldops.SafetyCompliance, Title: "Board", Data: form}
				err := db.Write(t.Context(), fieldops.System, func(tx *store.Tx) error {
					made := d
					if err := tx.InsertSafetyDocument(t.Context(), &made); err != nil {
						return err
					}
					if err := tx.SignSafetyDocument(t.Context(), &made, signed()); err != nil {
						return err
					}
					err := tx.CompleteSafetyDocument(t.Context(), &made)
					d = made
					return err
				})
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					numbers[*d.Number]++
				} else if strings.Contains(err.Error(), "K-7781") {
					taken++
				} else {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if len(numbers) != people/2+1 || numbers["K-7781"] != 1 || taken != people/2-1 {
			t.Errorf("%v, %d refused", numbers, taken)
		}
	})
}

// Certificates that were issued stay for seven years, by themselves and with their
// project; the bin gives back what went into it.
func TestIssuedCertificatesAreKept(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		o := newOffice(t, db)
		var draft fieldops.SafetyDocument
		o.write(t, func(ctx context.Context, tx *store.Tx) error {
			other := fieldops.Project{Name: "Other"}
			if err := tx.InsertProject(ctx, &other, nil); err != nil {
				return err
			}
			draft = fieldops.SafetyDocument{ProjectID: other.ID, Type: fieldops.SafetyCompliance, Title: "Draft", Data: json.RawMessage("{}")}
			return errors.Join(certify(ctx, tx, o.project.ID, fieldops.SafetyESC, false), tx.InsertSafetyDocument(ctx, &draft))
		})
		documents, err := db.SafetyDocuments(t.Context(), store.SafetyFilter{Type: fieldops.SafetyESC, Limit: 1})
		if err != nil || len(documents) != 1 {
			t.Fatal(documents, err)
		}
		remove := func(kind fieldops.RecordKind, id fieldops.ID) (d fieldops.Deletion, err error) {
			err = db.Write(t.Context(), fieldops.System, func(tx *store.Tx) error { d, err = tx.Delete(t.Context(), kind, id); return err })
			return d, err
		}
		if _, err := remove(fieldops.RecordSafetyDocument, documents[0].ID); fieldops.KindOf(err) != fieldops.Conflict || !strings.Contains(err.Error(), "at least 7 years") {
			t.Errorf("an issued certificate goes: %v", err)
		}
		if _, err := remove(fieldops.RecordSafetyDocument, draft.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := db.SafetyDocument(t.Context(), draft.ID); fieldops.KindOf(err) != fieldops.NotFound {
			t.Errorf("a deleted draft is there: %v", err)
		}
		gone, err := remove(fieldops.RecordProject, o.project.ID)
		if err != nil || gone.Counts[fieldops.RecordSafetyDocument] != 1 {
			t.Fatalf("%v, %v", gone.Counts, err)
		}
		purge := func(at time.Duration) error {
			return db.Write(t.Context(), fieldops.System, func(tx *store.Tx) error {
				d, err := tx.LockDeletion(t.Context(), gone.ID)
				if err != nil {
					return err
				}
				tx.Now = tx.Now.Add(at)
				return tx.Purge(t.Context(), &d)
			})
		}
		if err := purge(31 * 24 * time.Hour); fieldops.KindOf(err) != fieldops.Conflict || !strings.Contains(err.Error(), "ESC-00001") {
			t.Errorf("the certificate is removed with its project: %v", err)
		}
		o.write(t, func(ctx context.Context, tx *store.Tx) error {
			d, err := tx.LockDeletion(ctx, gone.ID)
			if err != nil {
				return err
			}
			return tx.Restore(ctx, &d)
		})
		if _, err := db.SafetyDocument(t.Context(), documents[0].ID); err != nil {
			t.Errorf("it did not come back: %v", err)
		}
		if gone, err = remove(fieldops.RecordProject, o.project.ID); err != nil {
			t.Fatal(err)
		}
		if err := purge(8 * 366 * 24 * time.Hour); err != nil {
			t.Errorf("after seven years: %v", err)
		}
	})
}

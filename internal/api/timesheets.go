package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// maxEntries is how many timesheets one request may bring.
const maxEntries = 100

// entriesInput brings several timesheets: as a list of entries, or as people and
// activities, of which each combination is one. What an entry does not say
// itself is taken from the fields beside the list.
type entriesInput struct {
	timesheetInput
	Entries    []timesheetInput `json:"entries,omitempty"`
	People     []string         `json:"people,omitempty"`
	Activities []entryActivity  `json:"activities,omitempty"`
}

type entryActivity struct {
	ActivityTypeID Optional[*string]     `json:"activity_type_id"`
	Hours          Optional[fieldops.E4] `json:"hours"`
	Billable       Optional[yesOrNo]     `json:"billable,omitempty"`
	Notes          Optional[*string]     `json:"notes,omitempty"`
}

// entries are the timesheets that the request asks for, each with where it
// stands in the request.
func (in *entriesInput) entries(f *fieldops.Faults) (all []timesheetInput, places []string) {
	for i, entry := range in.Entries {
		all, places = append(all, in.under(entry)), append(places, fmt.Sprintf("entries[%d].", i))
	}
	people := in.People
	if people == nil {
		people = []string{""}
	}
	for _, person := range people {
		for i, activity := range in.Activities {
			entry := timesheetInput{ActivityTypeID: activity.ActivityTypeID, Hours: activity.Hours, Billable: activity.Billable, Notes: activity.Notes}
			if person != "" {
				entry.UserID = Optional[*string]{true, &person}
			}
			all, places = append(all, in.under(entry)), append(places, fmt.Sprintf("activities[%d].", i))
		}
	}
	f.Require(len(all) > 0, "entries", "Send at least one entry, or at least one person with one activity")
	f.Require(len(in.Entries) == 0 || len(in.Activities) == 0, "entries", "Send either entries, or people and activities")
	f.Require(len(all) <= maxEntries, "entries", "At most %d timesheets can be written at once", maxEntries)
	return all, places
}

// under fills an entry with the common fields that it does not have itself.
func (in *entriesInput) under(entry timesheetInput) timesheetInput {
	common, own := reflect.ValueOf(in.timesheetInput), reflect.ValueOf(&entry).Elem()
	for i := range own.NumField() {
		if !own.Field(i).FieldByName("Set").Bool() {
			own.Field(i).Set(common.Field(i))
		}
	}
	return entry
}

type entriesAnswer struct {
	Timesheets []timesheetAnswer `json:"timesheets"`
	Warnings   []string          `json:"warnings"`
}

func (a *api) createTimesheets(w http.ResponseWriter, r *request) error {
	return a.takeWork(w, r, "POST /api/timesheets/batch", func(r *request, first fieldops.ID, s *submission) (any, error) {
		var in entriesInput
		var f fieldops.Faults
		for _, list := range []string{"entries", "people", "activities"} {
			s.fields[list] = listOfForm(s.fields[list])
			if s.fields[list] == nil {
				delete(s.fields, list)
			}
		}
		decodeObject(s.fields, reflect.ValueOf(&in).Elem(), "", &f)
		entries, places := in.entries(&f)
		f.Require(len(in.ImageURLs.Value) == 0, "image_urls", "Photos are sent as files in the field images")
		if err := f.Err(""); err != nil {
			return nil, err
		}
		return a.insertTimesheets(r, first, entries, places, s)
	})
}

// listOfForm is a JSON list as it is, or one that came as the text of a form's
// field.
func listOfForm(raw json.RawMessage) json.RawMessage {
	var inside string
	if json.Unmarshal(raw, &inside) != nil {
		return raw
	}
	if trimmed := bytes.TrimSpace([]byte(inside)); json.Valid(trimmed) {
		return trimmed
	}
	return raw
}

// insertTimesheets writes all entries or none, and names everything that is
// wrong with any of them. They share the photos, which belong to the first.
func (a *api) insertTimesheets(r *request, first fieldops.ID, entries []timesheetInput, places []string, s *submission) (answer entriesAnswer, err error) {
	timesheets := make([]fieldops.Timesheet, len(entries))
	var f fieldops.Faults
	for i := range entries {
		t := fieldops.Timesheet{ID: first, UserID: &r.User.ID, ImageURLs: s.urls(), BatchID: &first}
		if i > 0 {
			t.ID = fieldops.NewID()
		}
		var own fieldops.Faults
		entries[i].apply(&t, &own)
		f = append(f, placed(own, places[i])...)
		if *t.UserID != r.User.ID && !r.User.SeesAllTimesheets() {
			return answer, fieldops.Refuse(fieldops.Forbidden, "Not authorized to create timesheets for other users")
		}
		timesheets[i] = t
	}
	ctx := r.Context()
	err = a.DB.Write(ctx, r.Actor, func(tx *store.Tx) error {
		faults := slices.Clone(f)
		for i := range timesheets {
			t := timesheets[i]
			err := tx.InsertTimesheet(ctx, &t)
			if refusal, ok := errors.AsType[*fieldops.Error](err); ok && refusal.Kind == fieldops.Invalid {
				for _, fault := range placed(refusal.Faults, places[i]) {
					if !slices.Contains(faults, fault) { // several people share their activity's faults
						faults = append(faults, fault)
					}
				}
			} else if err != nil {
				return err
			}
		}
		if err := faults.Err(""); err != nil {
			return err
		}
		if err := a.keepPhotos(ctx, r, tx, s); err != nil {
			return err
		}
		answer = entriesAnswer{Timesheets: make([]timesheetAnswer, len(timesheets)), Warnings: []string{}}
		for i := range timesheets {
			shown, err := a.shownInside(ctx, tx, timesheets[i].ID)
			if err != nil {
				return err
			}
			for _, warning := range shown.Warnings {
				if !slices.Contains(answer.Warnings, warning) {
					answer.Warnings = append(answer.Warnings, warning)
				}
			}
			shown.Warnings = nil
			answer.Timesheets[i] = shown
		}
		return r.keep(tx, answer)
	})
	return answer, err
}

// placed are faults with where their entry stands before their fields.
func placed(faults fieldops.Faults, place string) (all fieldops.Faults) {
	for _, fault := range faults {
		all.Add(place+fault.Field, "%s", fault.Message)
	}
	return all
}

func documentEntries(registry huma.Registry, op *huma.Operation) {
	fields := registry.Schema(reflect.TypeFor[entriesInput](), true, "TimesheetsInput")
	op.RequestBody = withPhotos(fields)
}

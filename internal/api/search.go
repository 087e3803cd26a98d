package api

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

type searchInput struct {
	Q     string `query:"q" doc:"At least two characters; words are found by their beginnings"`
	Type  string `query:"type" enum:"clients,projects,timesheets,invoices,quotes,purchase_orders,files"`
	Limit int    `query:"limit" doc:"Of each kind, at most 50" default:"20"`
}

// searchAnswer has a list for each kind that was searched and that the person
// may see.
type searchAnswer struct {
	Clients        *[]foundClient         `json:"clients,omitempty"`
	Projects       *[]store.FoundProject  `json:"projects,omitempty"`
	Timesheets     *[]foundTimesheet      `json:"timesheets,omitempty"`
	Invoices       *[]store.FoundDocument `json:"invoices,omitempty"`
	Quotes         *[]store.FoundDocument `json:"quotes,omitempty"`
	PurchaseOrders *[]store.FoundDocument `json:"purchase_orders,omitempty"`
	Files          *[]foundFile           `json:"files,omitempty"`
}

type foundClient struct {
	ID          fieldops.ID `json:"id"`
	Name        string      `json:"name"`
	ContactName *string     `json:"contact_name"`
	Email       *string     `json:"email"`
	Location    *string     `json:"location"`
	Status      string      `json:"status"`
}

type foundTimesheet struct {
	ID          fieldops.ID   `json:"id"`
	Date        fieldops.Date `json:"date"`
	Hours       fieldops.E4   `json:"hours"`
	Notes       *string       `json:"notes"`
	Location    *string       `json:"location"`
	ProjectName string        `json:"project_name"`
	ClientName  string        `json:"client_name"`
	UserName    string        `json:"user_name"`
}

type foundFile struct {
	ID             fieldops.ID  `json:"id"`
	Name           string       `json:"file_name"`
	Type           string       `json:"file_type"`
	Tags           []string     `json:"tags"`
	ProjectID      *fieldops.ID `json:"project_id"`
	ProjectName    string       `json:"project_name"`
	CostCenterID   *fieldops.ID `json:"cost_center_id"`
	CostCenterName string       `json:"cost_center_name"`
}

// search looks through what the person may see, and through their own timesheets
// only, unless everybody's are open to them.
func (a *api) search(r *request, in *searchInput) (answer searchAnswer, err error) {
	limit := min(in.Limit, 50)
	if limit < 1 {
		limit = 20
	}
	long := utf8.RuneCountInString(strings.TrimSpace(in.Q)) >= 2
	wanted := func(kind string, permissions ...fieldops.Permission) bool {
		return (in.Type == "" || in.Type == kind) && slices.ContainsFunc(permissions, r.User.May)
	}
	ctx := r.Context()
	if wanted("clients", fieldops.CanViewClients) {
		found := []foundClient{}
		if long {
			var clients []fieldops.Client
			clients, err = a.DB.SearchClients(ctx, in.Q, limit)
			for _, c := range clients {
				found = append(found, foundClient{c.ID, c.Name, c.ContactName, c.Email, c.Location, c.Status})
			}
		}
		answer.Clients = &found
	}
	if wanted("projects", fieldops.CanViewProjects) && err == nil {
		found := []store.FoundProject{}
		if long {
			found, err = a.DB.SearchProjects(ctx, in.Q, limit)
		}
		answer.Projects = &found
	}
	if wanted("timesheets", fieldops.CanViewOwnTimesheets, fieldops.CanViewAllTimesheets) && err == nil {
		found := []foundTimesheet{}
		if long {
			user := r.User.ID
			if r.User.SeesAllTimesheets() {
				user = ""
			}
			var timesheets []fieldops.Timesheet
			timesheets, err = a.DB.SearchTimesheets(ctx, in.Q, user, limit)
			for _, t := range timesheets {
				found = append(found, foundTimesheet{t.ID, t.Date, t.Hours, t.Notes, t.Location, t.ProjectName, t.ClientName, t.UserName})
			}
		}
		answer.Timesheets = &found
	}
	for _, kind := range []struct {
		name string
		kind fieldops.RecordKind
		into **[]store.FoundDocument
	}{{"invoices", fieldops.RecordInvoice, &answer.Invoices}, {"quotes", fieldops.RecordQuote, &answer.Quotes}, {"purchase_orders", fieldops.RecordPurchaseOrder, &answer.PurchaseOrders}} {
		if err != nil || !wanted(kind.name, fieldops.CanViewFinancials) {
			continue
		}
		found := []store.FoundDocument{}
		if long {
			found, err = a.DB.SearchDocuments(ctx, kind.kind, in.Q, limit)
		}
		*kind.into = &found
	}
	if wanted("files", fieldops.CanViewFinancials) && err == nil {
		found := []foundFile{}
		if long {
			var files []fieldops.ProjectFile
			files, err = a.DB.SearchProjectFiles(ctx, in.Q, limit)
			for _, f := range files {
				found = append(found, foundFile{f.ID, f.Name, f.Type, f.Tags, f.ProjectID, f.ProjectName, f.CostCenterID, f.CostCenterName})
			}
		}
		answer.Files = &found
	}
	return answer, err
}

// maxRecent is how many searches are remembered for each person.
const maxRecent = 10

type recentSearch struct {
	Query     string        `json:"query"`
	Type      string        `json:"type"`
	Timestamp fieldops.Time `json:"timestamp"`
}

func (a *api) recentSearches(r *request, _ *struct{}) ([]recentSearch, error) {
	kept, err := a.DB.RecentSearches(r.Context(), r.User.ID)
	if err != nil {
		return nil, err
	}
	return readRecent(kept), nil
}

// readRecent reads what is kept; what cannot be read is nothing to lose.
func readRecent(kept string) []recentSearch {
	recent := []recentSearch{}
	if json.Unmarshal([]byte(kept), &recent) != nil {
		return []recentSearch{}
	}
	return recent
}

type saveSearchInput struct {
	Body struct {
		Query string `json:"query"`
		Type  string `json:"type,omitempty"`
	}
}

func (a *api) saveSearch(r *request, in *saveSearchInput) (message, error) {
	query := strings.TrimSpace(in.Body.Query)
	var f fieldops.Faults
	f.Require(query != "", "query", "Query is required")
	f.Require(utf8.RuneCountInString(query) <= 200, "query", "A query has at most 200 characters")
	f.Require(len(in.Body.Type) <= 30, "type", "The type has at most 30 characters")
	if err := f.Err(""); err != nil {
		return message{}, err
	}
	return message{"Search saved"}, a.changeRecent(r, func(recent []recentSearch) []recentSearch {
		recent = slices.DeleteFunc(recent, func(s recentSearch) bool { return s.Query == query && s.Type == in.Body.Type })
		recent = slices.Insert(recent, 0, recentSearch{query, in.Body.Type, fieldops.At(a.Clock())})
		return recent[:min(len(recent), maxRecent)]
	})
}

func (a *api) clearSearches(r *request, _ *struct{}) (message, error) {
	return message{"Recent searches cleared"}, a.changeRecent(r, func([]recentSearch) []recentSearch { return []recentSearch{} })
}

func (a *api) changeRecent(r *request, change func([]recentSearch) []recentSearch) error {
	ctx := r.Context()
	return a.DB.Write(ctx, r.Actor, func(tx *store.Tx) error {
		return tx.SetRecentSearches(ctx, r.User.ID, func(before string) (string, error) {
			after, err := json.Marshal(change(readRecent(before)))
			return string(after), err
		})
	})
}

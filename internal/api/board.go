package api

import (
	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

type boardInput struct {
	Cards    int         `query:"cards" doc:"Projects of each state, at most 100" default:"12"`
	ClientID fieldops.ID `query:"client_id" format:"uuid"`
	Search   string      `query:"search" doc:"Words in code, name or description"`
	Archived bool        `query:"archived" doc:"Cards of archived projects, too"`
}

type boardAnswer struct {
	Columns []boardColumn `json:"columns"`
}

type boardColumn struct {
	Status string      `json:"status"` // paid is archived
	Count  int         `json:"count"`
	Cards  []boardCard `json:"cards"` // those changed last come first
}

// boardCard is a project on the board. Its money is for those who may see money.
type boardCard struct {
	ID          fieldops.ID     `json:"id"`
	Code        string          `json:"code"`
	Name        string          `json:"name"`
	Status      string          `json:"status"`
	ClientID    *fieldops.ID    `json:"client_id"`
	ClientName  string          `json:"client_name"`
	HoursLogged fieldops.E4     `json:"hours_logged"`
	EndDate     fieldops.Date   `json:"end_date"`
	BillingHold *string         `json:"billing_hold"`
	Budget      *fieldops.Cents `json:"budget" nullable:"true"`
	ActualCost  *fieldops.Cents `json:"actual_cost" nullable:"true"`
	OverBudget  *bool           `json:"over_budget" nullable:"true"`
}

func (a *api) projectBoard(r *request, in *boardInput) (boardAnswer, error) {
	cards := min(in.Cards, 100)
	if cards < 1 {
		cards = 12
	}
	columns, err := a.DB.ProjectBoard(r.Context(), store.ProjectFilter{ClientID: in.ClientID, Search: in.Search}, cards, in.Archived)
	answer := boardAnswer{Columns: make([]boardColumn, len(columns))}
	for i, c := range columns {
		answer.Columns[i] = boardColumn{Status: c.Status, Count: c.Count, Cards: make([]boardCard, len(c.Projects))}
		for n := range c.Projects {
			p := &c.Projects[n]
			card := boardCard{
				ID: p.ID, Code: p.Code, Name: p.Name, Status: p.Status, ClientID: p.ClientID, ClientName: p.ClientName,
				HoursLogged: p.HoursLogged, EndDate: p.EndDate, BillingHold: p.BillingHold,
			}
			if r.seesMoney() {
				over := p.Budget > 0 && p.ActualCost > p.Budget
				card.Budget, card.ActualCost, card.OverBudget = &p.Budget, &p.ActualCost, &over
			}
			answer.Columns[i].Cards[n] = card
		}
	}
	return answer, err
}

package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"ampedfieldops/internal/fieldops"
)

// BoardColumn are the projects of one state: how many, and those changed last.
type BoardColumn struct {
	Status   string
	Count    int
	Projects []ProjectSummary
}

// ProjectBoard are the projects by state in the order of the states, at most
// cards of each, in as many queries whatever their number. Of archived projects
// there are cards only when asked for. Of the filter, client and search count.
func (r reads) ProjectBoard(ctx context.Context, f ProjectFilter, cards int, archived bool) ([]BoardColumn, error) {
	columns := make([]BoardColumn, len(fieldops.ProjectStatuses))
	place := map[string]*BoardColumn{}
	for i, status := range fieldops.ProjectStatuses {
		columns[i] = BoardColumn{Status: status, Projects: []ProjectSummary{}}
		place[status] = &columns[i]
	}
	w := &where{}
	if f.ClientID != "" {
		w.and("p.client_id = ?", f.ClientID)
	}
	w.andContains("p.search_folded", f.Search)
	if _, err := collect(ctx, r, "select p.status, count(*) from live_projects p where "+w.String()+" group by p.status", w.args,
		func(rows *sql.Rows, _ *struct{}) error {
			var status string
			var n int
			err := rows.Scan(&status, &n)
			if c := place[status]; err == nil {
				c.Count = n
			}
			return err
		}); err != nil {
		return nil, err
	}
	var parts []string
	for _, status := range fieldops.ProjectStatuses {
		if status == "paid" && !archived {
			continue
		}
		parts = append(parts, "select id from (select p.id from live_projects p where p.status = '"+status+"' and "+w.String()+
			fmt.Sprintf(" order by p.updated_at desc, p.id desc limit %d) %s", cards, "of_"+strings.ReplaceAll(status, "-", "_")))
	}
	projects, err := r.projectSummaries(ctx, "p.id in ("+strings.Join(parts, " union all ")+") order by p.updated_at desc, p.id desc", w.args)
	if err != nil {
		return nil, err
	}
	for _, p := range projects {
		c := place[p.Status]
		c.Projects = append(c.Projects, p)
	}
	return columns, nil
}

package api

import (
	"strings"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// clientAnswer is a client as lists show it. What was spent is for those who
// may see money.
type clientAnswer struct {
	fieldops.Client
	ActiveProjects      int             `json:"active_projects"`
	TotalHours          fieldops.E4     `json:"total_hours"`
	LastContact         fieldops.Date   `json:"last_contact"`
	TotalPurchaseOrders int             `json:"total_purchase_orders"`
	TotalSpent          *fieldops.Cents `json:"total_spent" nullable:"true"`
}

func showClient(r *request, c *store.ClientSummary) clientAnswer {
	answer := clientAnswer{Client: c.Client, ActiveProjects: c.ActiveProjects, TotalHours: c.TotalHours, LastContact: c.LastContact, TotalPurchaseOrders: c.TotalPurchaseOrders}
	if r.seesMoney() {
		answer.TotalSpent = &c.TotalSpent
	}
	return answer
}

// seesMoney reports whether sums of money are open to the person.
func (r *request) seesMoney() bool { return r.User.May(fieldops.CanViewFinancials) }

type listClientsInput struct {
	pageQuery
	withDeleted
	Status     string `query:"status" enum:"active,inactive"`
	Search     string `query:"search" doc:"Words in name, contact person, email, address or place"`
	ClientType string `query:"client_type" enum:"customer,supplier,both"`
	Sort       string `query:"sort" enum:"name,created_at,total_hours" default:"name"`
	Order      string `query:"order" enum:"asc,desc,ASC,DESC" default:"asc"`
}

func (a *api) listClients(r *request, in *listClientsInput) (paged[clientAnswer], error) {
	if err := r.seesDeleted(in.IncludeDeleted, fieldops.RecordClient); err != nil {
		return paged[clientAnswer]{}, err
	}
	page := in.page()
	clients, listing, err := a.DB.Clients(r.Context(), store.ClientFilter{
		Status: in.Status, Type: in.ClientType, Search: in.Search, Sort: in.Sort, Desc: strings.EqualFold(in.Order, "desc"),
		Deleted: in.IncludeDeleted, Page: page,
	})
	return pageOf(clients, listing, page, func(c *store.ClientSummary) fieldops.ID { return c.ID }, func(c *store.ClientSummary) clientAnswer { return showClient(r, c) }), err
}

type clientDetail struct {
	clientAnswer
	Projects []clientProject `json:"projects"`
}

type clientProject struct {
	ID         fieldops.ID     `json:"id"`
	Code       string          `json:"code"`
	Name       string          `json:"name"`
	Status     string          `json:"status"`
	Budget     *fieldops.Cents `json:"budget" nullable:"true"`
	ActualCost *fieldops.Cents `json:"actual_cost" nullable:"true"`
}

func (a *api) getClient(r *request, in *byAnyID) (clientDetail, error) {
	ctx := r.Context()
	if err := r.seesDeleted(in.IncludeDeleted, fieldops.RecordClient); err != nil {
		return clientDetail{}, err
	}
	client, err := a.DB.ClientSummary(ctx, in.ID, in.IncludeDeleted)
	if err != nil {
		return clientDetail{}, err
	}
	projects, _, err := a.DB.Projects(ctx, store.ProjectFilter{ClientID: in.ID, Deleted: in.IncludeDeleted, Desc: true, Page: store.Page{Number: 1, Size: 100}})
	detail := clientDetail{showClient(r, &client), make([]clientProject, len(projects))}
	for i := range projects {
		p := showProject(r, &projects[i])
		detail.Projects[i] = clientProject{p.ID, p.Code, p.Name, p.Status, p.Budget, p.ActualCost}
	}
	r.Header.Set("ETag", etag(client.UpdatedAt))
	return detail, err
}

type clientInput struct {
	Name             Optional[string]  `json:"name,omitempty"`
	ContactName      Optional[*string] `json:"contact_name,omitempty"`
	Email            Optional[*string] `json:"email,omitempty"`
	Phone            Optional[*string] `json:"phone,omitempty"`
	Address          Optional[*string] `json:"address,omitempty"`
	Location         Optional[*string] `json:"location,omitempty"`
	BillingAddress   Optional[*string] `json:"billing_address,omitempty"`
	BillingEmail     Optional[*string] `json:"billing_email,omitempty"`
	ClientType       Optional[string]  `json:"client_type,omitempty"`
	Status           Optional[string]  `json:"status,omitempty"`
	Notes            Optional[*string] `json:"notes,omitempty"`
	PaymentTermsType Optional[string]  `json:"payment_terms_type,omitempty"`
	PaymentTermsDay  Optional[int]     `json:"payment_terms_day,omitempty"`
	BillingHold      Optional[*string] `json:"billing_hold,omitempty"`
}

func (in *clientInput) apply(c *fieldops.Client) {
	in.Name.into(&c.Name)
	c.Name = strings.TrimSpace(c.Name)
	textInto(in.ContactName, &c.ContactName)
	textInto(in.Email, &c.Email)
	textInto(in.Phone, &c.Phone)
	textInto(in.Address, &c.Address)
	textInto(in.Location, &c.Location)
	textInto(in.BillingAddress, &c.BillingAddress)
	textInto(in.BillingEmail, &c.BillingEmail)
	in.ClientType.into(&c.ClientType)
	in.Status.into(&c.Status)
	textInto(in.Notes, &c.Notes)
	in.PaymentTermsType.into(&c.PaymentTerms.Type)
	in.PaymentTermsDay.into(&c.PaymentTerms.Day)
	textInto(in.BillingHold, &c.BillingHold)
}

type createClientInput struct {
	Body clientInput
}

func (a *api) createClient(r *request, in *createClientInput) (clientAnswer, error) {
	c := fieldops.Client{ClientType: fieldops.Customer, Status: fieldops.ClientActive, PaymentTerms: fieldops.DefaultPaymentTerms}
	in.Body.apply(&c)
	ctx := r.Context()
	var answer clientAnswer
	err := a.DB.Write(ctx, r.Actor, func(tx *store.Tx) error {
		if err := tx.InsertClient(ctx, &c); err != nil {
			return err
		}
		answer = showClient(r, &store.ClientSummary{Client: c})
		return r.keep(tx, answer)
	})
	return answer, err
}

type updateClientInput struct {
	byID
	Body clientInput
}

func (a *api) updateClient(r *request, in *updateClientInput) (clientAnswer, error) {
	if in.Body == (clientInput{}) {
		return clientAnswer{}, errNoUpdates()
	}
	ctx := r.Context()
	var changed store.ClientSummary
	err := a.DB.Write(ctx, r.Actor, func(tx *store.Tx) error {
		c, err := tx.LockClient(ctx, in.ID)
		if err != nil {
			return err
		}
		if err := r.ifMatch(c.UpdatedAt); err != nil {
			return err
		}
		in.Body.apply(&c)
		if err := tx.UpdateClient(ctx, &c); err != nil {
			return err
		}
		changed, err = tx.ClientSummary(ctx, in.ID, false)
		return err
	})
	if err != nil {
		return clientAnswer{}, err
	}
	r.Header.Set("ETag", etag(changed.UpdatedAt))
	return showClient(r, &changed), nil
}

package api

import (
	"net/url"
	"slices"
	"strings"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// userAnswer is a person as those see them who look after people.
type userAnswer struct {
	ID          fieldops.ID      `json:"id"`
	Email       string           `json:"email"`
	Name        string           `json:"name"`
	Role        fieldops.Role    `json:"role" enum:"admin,manager,user"`
	Avatar      *string          `json:"avatar"`
	IsActive    bool             `json:"is_active"`
	Invited     bool             `json:"invited" doc:"Has no password yet"`
	CreatedAt   fieldops.Time    `json:"created_at"`
	UpdatedAt   fieldops.Time    `json:"updated_at"`
	Permissions []fieldops.Grant `json:"permissions" doc:"Every active permission, and whether the person holds it"`
}

func showUser(u *fieldops.User, all []fieldops.PermissionRecord) userAnswer {
	answer := userAnswer{u.ID, u.Email, u.Name, u.Role, u.Avatar, u.IsActive, u.PasswordHash == "", u.CreatedAt, u.UpdatedAt, []fieldops.Grant{}}
	for _, p := range all {
		if p.IsActive {
			answer.Permissions = append(answer.Permissions, fieldops.Grant{Permission: p.Key, Granted: slices.Contains(u.Permissions, p.Key)})
		}
	}
	return answer
}

type listUsersInput struct {
	Limit int         `query:"limit" doc:"Rows of the answer, at most 500" default:"100"`
	After fieldops.ID `query:"after" format:"uuid" doc:"The id of the last row before"`
}

func (a *api) listUsers(r *request, in *listUsersInput) ([]userAnswer, error) {
	limit := min(in.Limit, 500)
	if limit < 1 {
		limit = 100
	}
	all, err := a.DB.Permissions(r.Context())
	if err != nil {
		return nil, err
	}
	users, err := a.DB.UsersFrom(r.Context(), in.After, limit)
	answer := make([]userAnswer, len(users))
	for i := range users {
		answer[i] = showUser(&users[i], all)
	}
	if len(users) == limit {
		r.linkAfter(users[limit-1].ID)
	}
	return answer, err
}

func (a *api) getUser(r *request, in *byID) (userAnswer, error) {
	if !r.User.Is(fieldops.RoleManager) && !r.User.May(fieldops.CanManageUsers) {
		return userAnswer{}, fieldops.Refuse(fieldops.Forbidden, "Insufficient permissions")
	}
	u, err := a.DB.User(r.Context(), in.ID)
	if err != nil {
		return userAnswer{}, err
	}
	return a.userAnswer(r, &u)
}

func (a *api) userAnswer(r *request, u *fieldops.User) (userAnswer, error) {
	r.Header.Set("ETag", etag(u.UpdatedAt))
	all, err := a.DB.Permissions(r.Context())
	return showUser(u, all), err
}

type createUserInput struct {
	Body struct {
		Email    string        `json:"email" format:"email"`
		Password string        `json:"password,omitempty" doc:"Without one the person is invited"`
		Name     string        `json:"name"`
		Role     fieldops.Role `json:"role" enum:"admin,manager,user"`
	}
}

// invitation is what an admin passes on to somebody who is to choose a
// password.
type invitation struct {
	InvitationLink string `json:"invitation_link,omitempty" doc:"Shown this once; good for seven days and one use"`
	Mailed         bool   `json:"mailed" doc:"The link was mailed, too"`
}

type userCreated struct {
	userAnswer
	invitation
}

func (a *api) createUser(r *request, in *createUserInput) (userCreated, error) {
	b := &in.Body
	u := fieldops.User{Email: strings.TrimSpace(b.Email), Name: strings.TrimSpace(b.Name), Role: b.Role, IsActive: true}
	var f fieldops.Faults
	f.Take(u.Check())
	if b.Password != "" {
		f.Take(fieldops.CheckPassword("password", b.Password))
	}
	if err := f.Err(""); err != nil {
		return userCreated{}, err
	}
	if b.Password != "" {
		u.PasswordHash = fieldops.HashPassword(b.Password)
	}
	ctx := r.Context()
	var invited invitation
	err := a.DB.Write(ctx, r.Actor, func(tx *store.Tx) (err error) {
		if err := tx.InsertUser(ctx, &u); err != nil || b.Password != "" {
			return err
		}
		invited, err = a.invite(r, tx, &u)
		return err
	})
	if err != nil {
		return userCreated{}, err
	}
	if u, err = a.DB.User(ctx, u.ID); err != nil {
		return userCreated{}, err
	}
	answer, err := a.userAnswer(r, &u)
	return userCreated{answer, invited}, err
}

// invite makes an invitation and has another one mailed, if mail can be sent.
func (a *api) invite(r *request, tx *store.Tx, u *fieldops.User) (invitation, error) {
	ctx := r.Context()
	secret, err := tx.InsertLink(ctx, fieldops.LinkInvitation, u.ID, store.InvitationLinkLife)
	if err != nil {
		return invitation{}, err
	}
	link := invitation{InvitationLink: a.FrontendURL + "/accept-invitation?token=" + url.QueryEscape(secret)}
	server, err := a.Post.Server(ctx)
	if err != nil || !server.Configured() {
		return link, err
	}
	link.Mailed = true
	kind := "user"
	return link, tx.QueueMail(ctx, &fieldops.Mail{Kind: fieldops.MailInvitation, Recipient: u.Email, Subject: "Your invitation", EntityType: &kind, EntityID: &u.ID})
}

func (a *api) inviteAgain(r *request, in *byID) (invitation, error) {
	ctx := r.Context()
	var invited invitation
	err := a.DB.Write(ctx, r.Actor, func(tx *store.Tx) error {
		u, err := tx.LockUser(ctx, in.ID)
		if err != nil {
			return err
		}
		if u.PasswordHash != "" || !u.IsActive {
			return fieldops.Refuse(fieldops.Conflict, "Only somebody who is active and has no password yet can be invited")
		}
		invited, err = a.invite(r, tx, &u)
		return err
	})
	return invited, err
}

type updateUserInput struct {
	ID   fieldops.ID `path:"id" format:"uuid"`
	Body struct {
		Name     Optional[string]        `json:"name,omitempty"`
		Email    Optional[string]        `json:"email,omitempty"`
		Role     Optional[fieldops.Role] `json:"role,omitempty" enum:"admin,manager,user"`
		IsActive Optional[bool]          `json:"is_active,omitempty"`
	}
}

func (a *api) updateUser(r *request, in *updateUserInput) (userAnswer, error) {
	b := &in.Body
	if !b.Name.Set && !b.Email.Set && !b.Role.Set && !b.IsActive.Set {
		return userAnswer{}, errNoUpdates()
	}
	ctx := r.Context()
	var u fieldops.User
	err := a.DB.Write(ctx, r.Actor, func(tx *store.Tx) (err error) {
		if u, err = tx.LockUser(ctx, in.ID); err != nil {
			return err
		}
		if err := r.ifMatch(u.UpdatedAt); err != nil {
			return err
		}
		b.Name.into(&u.Name)
		b.Email.into(&u.Email)
		b.Role.into(&u.Role)
		b.IsActive.into(&u.IsActive)
		u.Name, u.Email = strings.TrimSpace(u.Name), strings.TrimSpace(u.Email)
		if err := tx.UpdateUser(ctx, &u); err != nil {
			return err
		}
		u, err = tx.User(ctx, in.ID)
		return err
	})
	if err != nil {
		return userAnswer{}, err
	}
	return a.userAnswer(r, &u)
}

func (a *api) deleteUser(r *request, in *byID) (message, error) {
	err := a.DB.Write(r.Context(), r.Actor, func(tx *store.Tx) error { return tx.HideUser(r.Context(), in.ID) })
	return message{"User deleted"}, err
}

type userPermissionsInput struct {
	ID   fieldops.ID `path:"id" format:"uuid"`
	Body struct {
		Permissions []fieldops.Grant `json:"permissions"`
	}
}

func (a *api) setUserPermissions(r *request, in *userPermissionsInput) (message, error) {
	err := a.DB.Write(r.Context(), r.Actor, func(tx *store.Tx) error {
		return tx.SetPermissions(r.Context(), in.ID, in.Body.Permissions)
	})
	return message{"Permissions updated"}, err
}

type userName struct {
	ID   fieldops.ID   `json:"id"`
	Name string        `json:"name"`
	Role fieldops.Role `json:"role" enum:"admin,manager,user"`
}

func (a *api) listUserNames(r *request, _ *nothing) ([]userName, error) {
	users, err := a.DB.Users(r.Context())
	names := make([]userName, len(users))
	for i, u := range users {
		names[i] = userName{u.ID, u.Name, u.Role}
	}
	return names, err
}

package api

import (
	"net/http"
	"strings"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

type loginInput struct {
	Body struct {
		Email    string `json:"email" format:"email"`
		Password string `json:"password"`
	}
}

type loginAnswer struct {
	User  signedInUser `json:"user"`
	Token string       `json:"token"`
}

type signedInUser struct {
	ID          fieldops.ID           `json:"id"`
	Email       string                `json:"email"`
	Name        string                `json:"name"`
	Role        fieldops.Role         `json:"role" enum:"admin,manager,user"`
	Permissions []fieldops.Permission `json:"permissions"`
}

// login signs a person in. Whether the address is unknown or the password is
// wrong cannot be told apart, neither by the words nor by the time.
func (a *api) login(r *request, in *loginInput) (loginAnswer, error) {
	email := strings.TrimSpace(in.Body.Email)
	var f fieldops.Faults
	f.Require(email != "", "email", "Email is required")
	f.Require(len(email) <= 254, "email", "Email must have at most 254 characters")
	f.Require(in.Body.Password != "", "password", "Password is required")
	if err := f.Err(""); err != nil {
		return loginAnswer{}, err
	}
	r.Actor.Name = "Not signed in"
	user, err := a.provePassword(r, email, in.Body.Password)
	if err != nil {
		return loginAnswer{}, err
	}
	if !user.IsActive {
		return loginAnswer{}, fieldops.Refuse(fieldops.Unauthenticated, "Account is deactivated")
	}
	return a.beginSession(r, user)
}

// beginSession signs a person in who has proved who they are.
func (a *api) beginSession(r *request, user fieldops.User) (loginAnswer, error) {
	r.User, r.Actor.UserID, r.Actor.Name = user, user.ID, user.Name
	scopeOf(r.Context()).userID = user.ID
	session := store.Session{UserID: user.ID, UserAgent: userAgent(r.Request), IPAddress: r.Actor.IP}
	if err := a.DB.Write(r.Context(), r.Actor, func(tx *store.Tx) error {
		return tx.InsertSession(r.Context(), &session, sessionLife)
	}); err != nil {
		return loginAnswer{}, err
	}
	answer := loginAnswer{User: signedInUser{user.ID, user.Email, user.Name, user.Role, user.Permissions}}
	var err error
	if answer.Token, err = a.sessions.sign(&user, session.ID, tokenLife); err != nil {
		return loginAnswer{}, err
	}
	token, err := a.sessions.sign(&user, session.ID, sessionLife)
	if err != nil {
		return loginAnswer{}, err
	}
	r.Header.Add("Set-Cookie", a.cookie(r, token, int(sessionLife.Seconds())).String())
	r.Header.Set("Cache-Control", "no-store")
	return answer, nil
}

// userAgent is what the browser calls itself, cut to what is worth keeping.
func userAgent(r *http.Request) string {
	agent := strings.ToValidUTF8(strings.ReplaceAll(r.UserAgent(), "\x00", ""), "")
	return agent[:min(len(agent), 300)]
}

// provePassword finds the person whose address and password these are, or
// refuses. Tries are counted before the password is looked at, so that guessing
// at the same moment does not help.
func (a *api) provePassword(r *request, email, password string) (fieldops.User, error) {
	ctx, ip := r.Context(), r.Actor.IP
	if err := a.DB.Write(ctx, r.Actor, func(tx *store.Tx) error { return tx.BeginLogin(ctx, email, ip) }); err != nil {
		return fieldops.User{}, err
	}
	user, err := a.DB.UserByEmail(ctx, email)
	hash := user.PasswordHash
	if fieldops.KindOf(err) == fieldops.NotFound || err == nil && hash == "" { // nobody, or somebody who was only invited
		hash = a.unknownUser()
	} else if err != nil {
		return fieldops.User{}, err
	}
	matches, outdated := fieldops.PasswordMatches(hash, password)
	if err != nil || !matches {
		err := a.DB.Write(ctx, r.Actor, func(tx *store.Tx) error { return tx.LoginFailed(ctx, email) })
		if err != nil {
			return fieldops.User{}, err
		}
		return fieldops.User{}, fieldops.Refuse(fieldops.Unauthenticated, "Invalid credentials")
	}
	return user, a.DB.Write(ctx, r.Actor, func(tx *store.Tx) error {
		if outdated {
			if err := tx.Rehash(ctx, user.ID, fieldops.HashPassword(password)); err != nil {
				return err
			}
		}
		return tx.ForgetLoginFailures(ctx, email, ip)
	})
}

type nothing struct{}

func (a *api) logout(r *request, _ *nothing) (message, error) {
	ctx := r.Context()
	err := a.DB.Write(ctx, r.Actor, func(tx *store.Tx) error { return tx.RevokeSession(ctx, r.Session.ID) })
	if err != nil {
		return message{}, err
	}
	r.Header.Add("Set-Cookie", a.cookie(r, "", -1).String())
	return message{"Signed out"}, nil
}

type tokenAnswer struct {
	Token string `json:"token"`
}

func (a *api) refresh(r *request, _ *nothing) (tokenAnswer, error) {
	token, err := a.sessions.sign(&r.User, r.Session.ID, tokenLife)
	return tokenAnswer{token}, err
}

type meAnswer struct {
	ID          fieldops.ID           `json:"id"`
	Email       string                `json:"email"`
	Name        string                `json:"name"`
	Role        fieldops.Role         `json:"role" enum:"admin,manager,user"`
	Avatar      *string               `json:"avatar"`
	CreatedAt   fieldops.Time         `json:"created_at"`
	Permissions []fieldops.Permission `json:"permissions"`
}

func (a *api) me(r *request, _ *nothing) (meAnswer, error) {
	u := &r.User
	return meAnswer{u.ID, u.Email, u.Name, u.Role, u.Avatar, u.CreatedAt, u.Permissions}, nil
}

type profileInput struct {
	Body struct {
		Name   Optional[string]  `json:"name,omitempty"`
		Email  Optional[string]  `json:"email,omitempty"`
		Avatar Optional[*string] `json:"avatar,omitempty"`
	}
}

type profileAnswer struct {
	ID     fieldops.ID   `json:"id"`
	Email  string        `json:"email"`
	Name   string        `json:"name"`
	Role   fieldops.Role `json:"role" enum:"admin,manager,user"`
	Avatar *string       `json:"avatar"`
}

func (a *api) updateProfile(r *request, in *profileInput) (profileAnswer, error) {
	b := &in.Body
	if !b.Name.Set && !b.Email.Set && !b.Avatar.Set {
		return profileAnswer{}, errNoUpdates()
	}
	ctx := r.Context()
	var u fieldops.User
	err := a.DB.Write(ctx, r.Actor, func(tx *store.Tx) (err error) {
		if u, err = tx.LockUser(ctx, r.User.ID); err != nil {
			return err
		}
		b.Name.into(&u.Name)
		b.Email.into(&u.Email)
		textInto(b.Avatar, &u.Avatar)
		u.Name, u.Email = strings.TrimSpace(u.Name), strings.TrimSpace(u.Email)
		return tx.UpdateUser(ctx, &u)
	})
	return profileAnswer{u.ID, u.Email, u.Name, u.Role, u.Avatar}, err
}

func errNoUpdates() error { return fieldops.Refuse(fieldops.Invalid, "No updates provided") }

type changePasswordInput struct {
	Body struct {
		CurrentPassword string `json:"currentPassword"`
		NewPassword     string `json:"newPassword" minLength:"8"`
	}
}

// changePassword leaves this session and ends all others.
func (a *api) changePassword(r *request, in *changePasswordInput) (message, error) {
	if err := fieldops.CheckPassword("newPassword", in.Body.NewPassword); err != nil {
		return message{}, err
	}
	ctx := r.Context()
	_, err := a.provePassword(r, r.User.Email, in.Body.CurrentPassword)
	if fieldops.KindOf(err) == fieldops.Unauthenticated {
		var f fieldops.Faults
		f.Add("currentPassword", "Current password is incorrect")
		return message{}, f.Err("")
	}
	if err != nil {
		return message{}, err
	}
	hash := fieldops.HashPassword(in.Body.NewPassword)
	err = a.DB.Write(ctx, r.Actor, func(tx *store.Tx) error { return tx.SetPassword(ctx, r.User.ID, hash, r.Session.ID) })
	return message{"Password changed successfully"}, err
}

package api

import (
	"strings"
	"time"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// How often what can be guessed at, or annoys others, may be tried.
const (
	forgotPerAddress   = 3
	forgotPerIP        = 20
	resetPerIP         = 3
	invitationsPerIP   = 20
	setupPerIP         = 20
	throttleWindow     = time.Hour
	strangerName       = "Not signed in"
	resetLinkMayFollow = "If an account exists, a reset link will be sent"
)

// throttle counts a try, in a transaction of its own, and refuses one too many.
func (a *api) throttle(r *request, bucket string, limit int64) error {
	r.Actor.Name = strangerName
	return a.DB.Write(r.Context(), r.Actor, func(tx *store.Tx) error {
		return tx.Throttle(r.Context(), bucket, limit, throttleWindow)
	})
}

// register answers clients of the former product, where anybody could make
// themself an admin by it.
func (a *api) register(*request, *nothing) (message, error) {
	return message{}, fieldops.Refuse(fieldops.Forbidden, "Nobody registers by themself here. Ask an admin for an invitation.")
}

type forgotPasswordInput struct {
	Body struct {
		Email string `json:"email" format:"email"`
	}
}

// forgotPassword does the same for every address, so that neither answer nor
// time tells whether it is known: the worker finds out.
func (a *api) forgotPassword(r *request, in *forgotPasswordInput) (message, error) {
	email := strings.TrimSpace(in.Body.Email)
	var f fieldops.Faults
	f.Require(fieldops.ValidEmail(email), "email", "Email must be a valid email address")
	if err := f.Err(""); err != nil {
		return message{}, err
	}
	if err := a.throttle(r, "forgot ip "+r.Actor.IP, forgotPerIP); err != nil {
		return message{}, err
	}
	if err := a.throttle(r, "forgot "+strings.ToLower(email), forgotPerAddress); err != nil {
		return message{}, err
	}
	err := a.DB.Write(r.Context(), r.Actor, func(tx *store.Tx) error { return tx.AskForReset(r.Context(), email) })
	return message{resetLinkMayFollow}, err
}

type resetPasswordInput struct {
	Body struct {
		Token    string `json:"token"`
		Password string `json:"password" minLength:"8"`
	}
}

func (a *api) resetPassword(r *request, in *resetPasswordInput) (message, error) {
	if err := fieldops.CheckPassword("password", in.Body.Password); err != nil {
		return message{}, err
	}
	if err := a.throttle(r, "reset ip "+r.Actor.IP, resetPerIP); err != nil {
		return message{}, err
	}
	hash := fieldops.HashPassword(in.Body.Password)
	err := a.DB.Write(r.Context(), r.Actor, func(tx *store.Tx) error { return tx.ResetPassword(r.Context(), in.Body.Token, hash) })
	return message{"Password reset successful"}, err
}

type acceptInvitationInput struct {
	Body struct {
		Token    string `json:"token"`
		Name     string `json:"name,omitempty"`
		Password string `json:"password" minLength:"8"`
	}
}

func (a *api) acceptInvitation(r *request, in *acceptInvitationInput) (loginAnswer, error) {
	if err := fieldops.CheckPassword("password", in.Body.Password); err != nil {
		return loginAnswer{}, err
	}
	if err := a.throttle(r, "invitation ip "+r.Actor.IP, invitationsPerIP); err != nil {
		return loginAnswer{}, err
	}
	hash := fieldops.HashPassword(in.Body.Password)
	var u fieldops.User
	err := a.DB.Write(r.Context(), r.Actor, func(tx *store.Tx) (err error) {
		u, err = tx.AcceptInvitation(r.Context(), in.Body.Token, strings.TrimSpace(in.Body.Name), hash)
		return err
	})
	if err != nil {
		return loginAnswer{}, err
	}
	return a.beginSession(r, u)
}

type notificationsAnswer struct {
	Notifications []fieldops.Notification `json:"notifications"`
	Unread        int                     `json:"unread"`
}

func (a *api) listNotifications(r *request, _ *nothing) (answer notificationsAnswer, err error) {
	answer.Notifications, answer.Unread, err = a.DB.Notifications(r.Context(), r.User.ID)
	return answer, err
}

func (a *api) readNotification(r *request, in *byID) (message, error) {
	err := a.DB.Write(r.Context(), r.Actor, func(tx *store.Tx) error { return tx.ReadNotification(r.Context(), r.User.ID, in.ID) })
	return message{"Read"}, err
}

func (a *api) readNotifications(r *request, _ *nothing) (message, error) {
	err := a.DB.Write(r.Context(), r.Actor, func(tx *store.Tx) error { return tx.ReadNotifications(r.Context(), r.User.ID) })
	return message{"All read"}, err
}

type listMailsInput struct {
	Kind       string      `query:"kind" enum:"test,invitation,password_reset,invoice,quote,payment_reminder"`
	Status     string      `query:"status" enum:"queued,sending,sent,failed"`
	EntityType string      `query:"entity_type"`
	EntityID   fieldops.ID `query:"entity_id" format:"uuid"`
	Limit      int         `query:"limit" doc:"Rows of the answer, at most 500" default:"100"`
	After      fieldops.ID `query:"after" format:"uuid" doc:"The id of the last row before"`
}

func (a *api) listMails(r *request, in *listMailsInput) ([]fieldops.Mail, error) {
	limit := min(in.Limit, 500)
	if limit < 1 {
		limit = 100
	}
	mails, err := a.DB.Mails(r.Context(), store.MailFilter{
		Kind: fieldops.MailKind(in.Kind), Status: in.Status, EntityType: in.EntityType, EntityID: in.EntityID, Before: in.After, Limit: limit,
	})
	if len(mails) == limit {
		r.linkAfter(mails[limit-1].ID)
	}
	return mails, err
}

func (a *api) sendMailAgain(r *request, in *byID) (m fieldops.Mail, err error) {
	err = a.DB.Write(r.Context(), r.Actor, func(tx *store.Tx) (err error) {
		m, err = tx.SendMailAgain(r.Context(), in.ID)
		return err
	})
	return m, err
}

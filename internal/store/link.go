package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/job"
)

// How long links are good that can be used once.
const (
	SetupLinkLife      = 24 * time.Hour
	InvitationLinkLife = 7 * 24 * time.Hour
	ResetLinkLife      = time.Hour
)

// InsertLink makes a link that is good once, for a person ("" for nobody yet),
// and returns the secret that it carries. Only its hash is kept.
func (tx *Tx) InsertLink(ctx context.Context, purpose string, user fieldops.ID, life time.Duration) (secret string, err error) {
	if _, err := tx.q.ExecContext(ctx, "delete from one_time_links where expires_at < $1", tx.Now.Add(-7*24*time.Hour)); err != nil {
		return "", err
	}
	secret = fieldops.NewSecret()
	_, err = tx.q.ExecContext(ctx, "insert into one_time_links (id, purpose, token_hash, user_id, created_at, expires_at) values ($1, $2, $3, $4, $5, $6)",
		fieldops.NewID(), purpose, fieldops.HashSecret(secret), orNull(user), tx.Now, tx.Now.Add(life))
	return secret, err
}

// UseLink uses a link up, with every other of its purpose for the same person,
// and tells whose it is. What is not good any more is Invalid, in the words of
// expired or unknown.
func (tx *Tx) UseLink(ctx context.Context, purpose, secret, expired, unknown string) (user fieldops.ID, err error) {
	var of *fieldops.ID
	var expires, used fieldops.Time
	err = tx.q.QueryRowContext(ctx, "select user_id, expires_at, used_at from one_time_links where token_hash = $1 and purpose = $2"+tx.forUpdate(),
		fieldops.HashSecret(secret), purpose).Scan(&of, &expires, &used)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return "", fieldops.Refuse(fieldops.Invalid, "%s", unknown)
	case err != nil:
		return "", err
	case !used.IsZero():
		return "", fieldops.Refuse(fieldops.Invalid, "%s", unknown)
	case !tx.Now.Before(expires.Time):
		return "", fieldops.Refuse(fieldops.Invalid, "%s", expired)
	}
	if of == nil {
		_, err = tx.q.ExecContext(ctx, "update one_time_links set used_at = $1 where purpose = $2 and user_id is null and used_at is null", tx.Now, purpose)
		return "", err
	}
	_, err = tx.q.ExecContext(ctx, "update one_time_links set used_at = $1 where purpose = $2 and user_id = $3 and used_at is null", tx.Now, purpose, *of)
	return *of, err
}

// SetUp adds the first admin, once in the life of a database: whoever holds a
// setup link, of however many who try at the same moment.
func (tx *Tx) SetUp(ctx context.Context, secret string, u *fieldops.User) error {
	// All setup links are locked, so that the holders of two do not both find
	// an empty house.
	if _, err := collect(ctx, tx.reads, "select id from one_time_links where purpose = 'setup' order by id"+tx.forUpdate(), nil,
		func(rows *sql.Rows, id *fieldops.ID) error { return rows.Scan(id) }); err != nil {
		return err
	}
	users, err := tx.CountUsers(ctx)
	if err != nil {
		return err
	}
	if users > 0 {
		return fieldops.Refuse(fieldops.Conflict, "This installation has been set up already. Sign in, or ask an admin for an invitation.")
	}
	const wrong = "This setup link is not good any more. Start the program again: it prints a new one."
	if _, err := tx.UseLink(ctx, fieldops.LinkSetup, secret, wrong, wrong); err != nil {
		if fieldops.KindOf(err) == fieldops.Invalid {
			return fieldops.Refuse(fieldops.Forbidden, wrong)
		}
		return err
	}
	u.Role, u.IsActive = fieldops.RoleAdmin, true
	if err := tx.InsertUser(ctx, u); err != nil {
		return err
	}
	return tx.audit(ctx, "setup", "user", u.ID, map[string]any{"email": u.Email})
}

// ResetPassword gives the person who holds a reset link a new password and ends
// all their sessions.
func (tx *Tx) ResetPassword(ctx context.Context, secret, hash string) error {
	user, err := tx.UseLink(ctx, fieldops.LinkPasswordReset, secret, "Reset token expired", "Invalid reset token")
	if err != nil {
		return err
	}
	u, err := tx.User(ctx, user)
	if err != nil || !u.IsActive {
		return fieldops.Refuse(fieldops.Invalid, "Invalid reset token")
	}
	tx.Actor.UserID, tx.Actor.Name = u.ID, u.Name
	if err := tx.SetPassword(ctx, user, hash, ""); err != nil {
		return err
	}
	return tx.audit(ctx, "reset_password", "user", user, nil)
}

// AcceptInvitation lets the person who holds an invitation choose a password
// and, if they like, another name.
func (tx *Tx) AcceptInvitation(ctx context.Context, secret, name, hash string) (fieldops.User, error) {
	user, err := tx.UseLink(ctx, fieldops.LinkInvitation, secret, "This invitation has expired. Ask an admin for a new one.", "This invitation is not good any more. Ask an admin for a new one.")
	if err != nil {
		return fieldops.User{}, err
	}
	u, err := tx.User(ctx, user)
	if err != nil || !u.IsActive {
		return u, fieldops.Refuse(fieldops.Invalid, "This invitation is not good any more. Ask an admin for a new one.")
	}
	tx.Actor.UserID, tx.Actor.Name = u.ID, u.Name
	if name != "" {
		u.Name = name
		if err := tx.UpdateUser(ctx, &u); err != nil {
			return u, err
		}
	}
	if err := tx.SetPassword(ctx, user, hash, ""); err != nil {
		return u, err
	}
	if err := tx.notifyHolders(ctx, fieldops.CanManageUsers, fieldops.NoticeInvitationAccepted, u.Name+" has accepted the invitation", "", "/users"); err != nil {
		return u, err
	}
	return u, tx.audit(ctx, "accept_invitation", "user", user, map[string]any{"email": u.Email})
}

// Throttle counts a try in a bucket and refuses with TooMany when there were
// more than limit of them in the window that began with the first. It is
// counted in a transaction of its own, before what it guards.
func (tx *Tx) Throttle(ctx context.Context, bucket string, limit int64, window time.Duration) error {
	if _, err := tx.q.ExecContext(ctx, "delete from throttles where ends_at <= $1 and bucket <> $2", tx.Now, bucket); err != nil {
		return err
	}
	var tries int64
	var ends fieldops.Time
	err := tx.q.QueryRowContext(ctx, `insert into throttles (bucket, tries, ends_at) values ($1, 1, $2)
		on conflict (bucket) do update set
			tries = case when throttles.ends_at <= $3 then 1 else throttles.tries + 1 end,
			ends_at = case when throttles.ends_at <= $3 then excluded.ends_at else throttles.ends_at end
		returning tries, ends_at`, bucket, tx.Now.Add(window), tx.Now).Scan(&tries, &ends)
	if err != nil {
		return err
	}
	if tries > limit {
		refusal := fieldops.Refuse(fieldops.TooMany, "Too many tries. Try again later.")
		refusal.RetryAfter = int(ends.Sub(tx.Now.Time).Seconds()) + 1
		return refusal
	}
	return nil
}

// ForgotPassword is the job that finds out whether a reset link is to be mailed.
type ForgotPassword struct {
	Email string `json:"email"`
}

// Kind is the job's name.
func (ForgotPassword) Kind() string { return "forgot_password" }

// Queue keeps it with the mails.
func (ForgotPassword) Queue() string { return job.MailQueue }

// AskForReset has a reset link mailed to an address, if somebody signs in with
// it. It does the same for every address.
func (tx *Tx) AskForReset(ctx context.Context, email string) error {
	if err := tx.audit(ctx, "forgot_password", "user", "", map[string]any{"email": email}); err != nil {
		return err
	}
	return tx.Enqueue(ctx, ForgotPassword{email})
}

// MailReset queues the mail with a reset link, if somebody signs in with the
// address. Its link is made when it is sent.
func (tx *Tx) MailReset(ctx context.Context, email string) error {
	u, err := tx.UserByEmail(ctx, email)
	if fieldops.KindOf(err) == fieldops.NotFound || err == nil && (!u.IsActive || u.PasswordHash == "") {
		return nil
	}
	if err != nil {
		return err
	}
	kind := "user"
	return tx.QueueMail(ctx, &fieldops.Mail{Kind: fieldops.MailPasswordReset, Recipient: u.Email, Subject: "Choose a new password", EntityType: &kind, EntityID: &u.ID})
}

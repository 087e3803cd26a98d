package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"ampedfieldops/internal/fieldops"
)

const userColumns = "id, email, name, role, avatar, is_active, created_at, updated_at, password_hash"

func scanUser(row interface{ Scan(...any) error }, u *fieldops.User) error {
	return row.Scan(&u.ID, &u.Email, &u.Name, &u.Role, &u.Avatar, &u.IsActive, &u.CreatedAt, &u.UpdatedAt, &u.PasswordHash)
}

// User is one person with the permissions that hold for them: those of their
// role, what they were granted besides, without what they were denied.
func (r reads) User(ctx context.Context, id fieldops.ID) (fieldops.User, error) {
	return r.oneUser(ctx, "id = $1", id)
}

// UserByEmail finds a person by the address they sign in with, whatever its
// case.
func (r reads) UserByEmail(ctx context.Context, email string) (fieldops.User, error) {
	return r.oneUser(ctx, "email_folded = $1", fold(email))
}

func (r reads) oneUser(ctx context.Context, condition string, value any) (fieldops.User, error) {
	var u fieldops.User
	err := scanUser(r.q.QueryRowContext(ctx, "select "+userColumns+" from users where "+condition, value), &u)
	if err != nil {
		return fieldops.User{}, notFound(err, "User")
	}
	type deviation struct {
		permission fieldops.Permission
		granted    bool
	}
	deviations, err := collect(ctx, r, "select permission, granted from user_permissions where user_id = $1 order by permission", []any{u.ID},
		func(rows *sql.Rows, d *deviation) error { return rows.Scan(&d.permission, &d.granted) })
	if err != nil {
		return fieldops.User{}, err
	}
	u.Permissions = u.Role.DefaultPermissions()
	for _, d := range deviations {
		held := slices.Contains(u.Permissions, d.permission)
		switch {
		case d.granted && !held:
			u.Permissions = append(u.Permissions, d.permission)
		case !d.granted && held && u.Role != fieldops.RoleAdmin:
			u.Permissions = slices.DeleteFunc(u.Permissions, func(p fieldops.Permission) bool { return p == d.permission })
		}
	}
	return u, nil
}

// Users lists everybody by name, without their permissions.
func (r reads) Users(ctx context.Context) ([]fieldops.User, error) {
	return collect(ctx, r, "select "+userColumns+" from users order by name, id", nil,
		func(rows *sql.Rows, u *fieldops.User) error { return scanUser(rows, u) })
}

// CountUsers tells how many people there are, so that the first can be made.
func (r reads) CountUsers(ctx context.Context) (int, error) {
	var n int
	err := r.q.QueryRowContext(ctx, "select count(*) from users").Scan(&n)
	return n, err
}

// InsertUser adds a person. ID and times are set here; the caller has hashed
// the password. An address that somebody else signs in with is a Conflict.
func (tx *Tx) InsertUser(ctx context.Context, u *fieldops.User) error {
	if u.ID == "" {
		u.ID = fieldops.NewID()
	}
	u.CreatedAt, u.UpdatedAt = tx.Now, tx.Now
	if err := u.Check(); err != nil {
		return err
	}
	_, err := tx.q.ExecContext(ctx, `insert into users (id, email, email_folded, password_hash, name, role, avatar, is_active, created_at, updated_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)`,
		u.ID, u.Email, fold(u.Email), u.PasswordHash, u.Name, u.Role, u.Avatar, u.IsActive, tx.Now)
	if breaksUnique(err, "email_folded") {
		return fieldops.Refuse(fieldops.Conflict, "Email already exists")
	}
	if err != nil {
		return err
	}
	return tx.audit(ctx, "create", "user", u.ID, map[string]any{"email": u.Email, "name": u.Name, "role": u.Role})
}

// UpdateUser changes name, address, avatar, role and whether the person may
// sign in. Somebody who may not any more loses their sessions. The last admin
// who may sign in stays one.
func (tx *Tx) UpdateUser(ctx context.Context, u *fieldops.User) error {
	u.UpdatedAt = tx.Now
	if err := u.Check(); err != nil {
		return err
	}
	if u.Role != fieldops.RoleAdmin || !u.IsActive {
		if err := tx.keepAnAdmin(ctx, u.ID); err != nil {
			return err
		}
	}
	changed, err := tx.exec(ctx, `update users set email = $1, email_folded = $2, name = $3, role = $4, avatar = $5, is_active = $6, updated_at = $7
		where id = $8`, u.Email, fold(u.Email), u.Name, u.Role, u.Avatar, u.IsActive, tx.Now, u.ID)
	if breaksUnique(err, "email_folded") {
		return fieldops.Refuse(fieldops.Conflict, "Email already in use")
	}
	if err != nil {
		return err
	}
	if changed == 0 {
		return fieldops.Refuse(fieldops.NotFound, "User not found")
	}
	if !u.IsActive {
		if err := tx.revokeSessions(ctx, u.ID, ""); err != nil {
			return err
		}
	}
	return tx.audit(ctx, "update", "user", u.ID, map[string]any{"email": u.Email, "name": u.Name, "role": u.Role, "is_active": u.IsActive})
}

// keepAnAdmin refuses to go on when nobody but the person could administer.
func (tx *Tx) keepAnAdmin(ctx context.Context, except fieldops.ID) error {
	var wasAdmin bool
	err := tx.q.QueryRowContext(ctx, "select role = 'admin' and is_active from users where id = $1", except).Scan(&wasAdmin)
	if errors.Is(err, sql.ErrNoRows) || err == nil && !wasAdmin {
		return nil
	}
	if err != nil {
		return err
	}
	// Locked, so that two admins cannot demote each other at the same moment.
	others, err := collect(ctx, tx.reads, "select id from users where role = 'admin' and is_active order by id"+tx.forUpdate(), nil,
		func(rows *sql.Rows, id *fieldops.ID) error { return rows.Scan(id) })
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(others, func(id fieldops.ID) bool { return id != except }) {
		return fieldops.Refuse(fieldops.Conflict, "This is the last admin; make somebody else an admin first")
	}
	return nil
}

// SetPermission grants a person a permission that their role does not have, or
// denies them one that it has.
func (tx *Tx) SetPermission(ctx context.Context, user fieldops.ID, permission fieldops.Permission, granted bool) error {
	if _, err := tx.q.ExecContext(ctx, `insert into user_permissions (user_id, permission, granted, created_at) values ($1, $2, $3, $4)
		on conflict (user_id, permission) do update set granted = excluded.granted`, user, permission, granted, tx.Now); err != nil {
		return err
	}
	return tx.audit(ctx, "update_permissions", "user", user, map[string]any{"permission": permission, "granted": granted})
}

// SetPassword replaces a person's password and ends all their sessions but the
// one kept ("" ends all).
func (tx *Tx) SetPassword(ctx context.Context, user fieldops.ID, hash string, kept fieldops.ID) error {
	changed, err := tx.exec(ctx, "update users set password_hash = $1, updated_at = $2 where id = $3", hash, tx.Now, user)
	if err != nil {
		return err
	}
	if changed == 0 {
		return fieldops.Refuse(fieldops.NotFound, "User not found")
	}
	if err := tx.revokeSessions(ctx, user, kept); err != nil {
		return err
	}
	return tx.audit(ctx, "change_password", "user", user, nil)
}

// Rehash replaces the form in which an unchanged password is kept, after the
// person proved to know it.
func (tx *Tx) Rehash(ctx context.Context, user fieldops.ID, hash string) error {
	if _, err := tx.q.ExecContext(ctx, "update users set password_hash = $1 where id = $2", hash, user); err != nil {
		return err
	}
	return tx.audit(ctx, "rehash_password", "user", user, nil)
}

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

// LockUser reads a person to change them. The admins are locked with them, all in
// one order, because whether the last one remains is looked at afterwards.
func (tx *Tx) LockUser(ctx context.Context, id fieldops.ID) (fieldops.User, error) {
	if _, err := collect(ctx, tx.reads, "select id from users where id = $1 or role = 'admin' and is_active and deleted_at is null order by id"+tx.forUpdate(), []any{id},
		func(rows *sql.Rows, id *fieldops.ID) error { return rows.Scan(id) }); err != nil {
		return fieldops.User{}, err
	}
	return tx.User(ctx, id)
}

// UserByEmail finds a person by the address they sign in with, whatever its
// case.
func (r reads) UserByEmail(ctx context.Context, email string) (fieldops.User, error) {
	return r.oneUser(ctx, "email_folded = $1", fold(email))
}

func (r reads) oneUser(ctx context.Context, condition string, value any) (fieldops.User, error) {
	var u fieldops.User
	err := scanUser(r.q.QueryRowContext(ctx, "select "+userColumns+" from users where deleted_at is null and "+condition, value), &u)
	if err != nil {
		return fieldops.User{}, notFound(err, "User")
	}
	grants, err := r.grants(ctx, u.Role, []fieldops.ID{u.ID})
	if err != nil {
		return fieldops.User{}, err
	}
	u.Permissions = u.Role.Effective(grants.ofRole[u.Role], grants.ofPerson[u.ID])
	return u, nil
}

// grants are where roles and people differ from what the program gives them.
type grants struct {
	ofRole   map[fieldops.Role][]fieldops.Grant
	ofPerson map[fieldops.ID][]fieldops.Grant
}

// grants reads those of one role ("" reads all roles') and of some people, in
// one query. A permission that was deactivated is neither granted nor denied.
func (r reads) grants(ctx context.Context, role fieldops.Role, people []fieldops.ID) (grants, error) {
	w := &where{}
	ofRole := "true"
	if role != "" {
		ofRole = "d.role = " + w.arg(role)
	}
	query := `select d.role, d.permission, d.granted, true from role_permissions d
		left join permissions p on p.key = d.permission where ` + ofRole + ` and (p.is_active is null or p.is_active)
		union all select cast(d.user_id as text), d.permission, d.granted, false from user_permissions d
		left join permissions p on p.key = d.permission where d.user_id in ` + list(&w.args, people) + ` and (p.is_active is null or p.is_active)
		order by 2`
	type row struct {
		of      string
		grant   fieldops.Grant
		forRole bool
	}
	rows, err := collect(ctx, r, query, w.args, func(rows *sql.Rows, d *row) error {
		return rows.Scan(&d.of, &d.grant.Permission, &d.grant.Granted, &d.forRole)
	})
	g := grants{map[fieldops.Role][]fieldops.Grant{}, map[fieldops.ID][]fieldops.Grant{}}
	for _, d := range rows {
		if d.forRole {
			g.ofRole[fieldops.Role(d.of)] = append(g.ofRole[fieldops.Role(d.of)], d.grant)
		} else {
			g.ofPerson[d.of] = append(g.ofPerson[d.of], d.grant)
		}
	}
	return g, err
}

// Users lists everybody by name, without their permissions.
func (r reads) Users(ctx context.Context) ([]fieldops.User, error) {
	return collect(ctx, r, "select "+userColumns+" from users where deleted_at is null order by name, id", nil,
		func(rows *sql.Rows, u *fieldops.User) error { return scanUser(rows, u) })
}

// UsersFrom lists people by their ids behind one of them ("" from the first),
// with the permissions that hold for each.
func (r reads) UsersFrom(ctx context.Context, after fieldops.ID, limit int) ([]fieldops.User, error) {
	w := &where{conditions: []string{"deleted_at is null"}}
	if after != "" {
		w.and("id > ?", after)
	}
	users, err := collect(ctx, r, "select "+userColumns+" from users where "+w.String()+" order by id limit "+w.arg(limit), w.args,
		func(rows *sql.Rows, u *fieldops.User) error { return scanUser(rows, u) })
	if err != nil {
		return nil, err
	}
	ids := make([]fieldops.ID, len(users))
	for i := range users {
		ids[i] = users[i].ID
	}
	grants, err := r.grants(ctx, "", ids)
	for i := range users {
		u := &users[i]
		u.Permissions = u.Role.Effective(grants.ofRole[u.Role], grants.ofPerson[u.ID])
	}
	return users, err
}

// Holders are the active people who hold a permission.
func (r reads) Holders(ctx context.Context, permission fieldops.Permission) ([]fieldops.ID, error) {
	var holders []fieldops.ID
	const page = 500
	after := fieldops.ID("")
	for {
		users, err := r.UsersFrom(ctx, after, page)
		if err != nil {
			return nil, err
		}
		for i := range users {
			if users[i].IsActive && users[i].May(permission) {
				holders = append(holders, users[i].ID)
			}
		}
		if len(users) < page {
			return holders, nil
		}
		after = users[len(users)-1].ID
	}
}

// CountUsers tells how many people there are or were, so that the first can be
// made.
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
// who may sign in stays one. What the person was granted or denied besides
// their role stays.
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
	before, err := tx.User(ctx, u.ID)
	if err != nil {
		return err
	}
	changed, err := tx.exec(ctx, `update users set email = $1, email_folded = $2, name = $3, role = $4, avatar = $5, is_active = $6, updated_at = $7
		where id = $8 and deleted_at is null`, u.Email, fold(u.Email), u.Name, u.Role, u.Avatar, u.IsActive, tx.Now, u.ID)
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
	return tx.audit(ctx, "update", "user", u.ID, map[string]any{
		"email": u.Email, "name": u.Name, "role": u.Role, "is_active": u.IsActive,
		"before": map[string]any{"email": before.Email, "name": before.Name, "role": before.Role, "is_active": before.IsActive},
	})
}

// HideUser deletes a person: they cannot sign in any more, and their address is
// free for somebody else. What they did keeps their name. Nobody deletes
// themself, nor the last admin.
func (tx *Tx) HideUser(ctx context.Context, id fieldops.ID) error {
	if id == tx.Actor.UserID {
		return fieldops.Refuse(fieldops.Invalid, "Cannot delete your own account")
	}
	if err := tx.keepAnAdmin(ctx, id); err != nil {
		return err
	}
	u, err := tx.User(ctx, id)
	if err != nil {
		return err
	}
	changed, err := tx.exec(ctx, "update users set deleted_at = $1, updated_at = $1, is_active = false, email_folded = $2, password_hash = '' where id = $3 and deleted_at is null",
		tx.Now, "deleted "+id, id)
	if err != nil {
		return err
	}
	if changed == 0 {
		return fieldops.Refuse(fieldops.NotFound, "User not found")
	}
	if err := tx.revokeSessions(ctx, id, ""); err != nil {
		return err
	}
	for _, statement := range []string{
		"update api_tokens set revoked_at = $1 where user_id = $2 and revoked_at is null",
		"update one_time_links set used_at = $1 where user_id = $2 and used_at is null",
	} {
		if _, err := tx.q.ExecContext(ctx, statement, tx.Now, id); err != nil {
			return err
		}
	}
	return tx.audit(ctx, "delete", "user", id, map[string]any{"email": u.Email, "name": u.Name, "role": u.Role})
}

// keepAnAdmin refuses to go on when nobody but the person could administer.
func (tx *Tx) keepAnAdmin(ctx context.Context, except fieldops.ID) error {
	var wasAdmin bool
	err := tx.q.QueryRowContext(ctx, "select role = 'admin' and is_active from users where id = $1 and deleted_at is null", except).Scan(&wasAdmin)
	if errors.Is(err, sql.ErrNoRows) || err == nil && !wasAdmin {
		return nil
	}
	if err != nil {
		return err
	}
	// Locked, so that two admins cannot demote each other at the same moment.
	others, err := collect(ctx, tx.reads, "select id from users where role = 'admin' and is_active and deleted_at is null order by id"+tx.forUpdate(), nil,
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

// SetPermissions decides some permissions of a person. What then is as their
// role has it is not kept, so that it goes on following the role.
func (tx *Tx) SetPermissions(ctx context.Context, user fieldops.ID, decided []fieldops.Grant) error {
	var role fieldops.Role
	if err := tx.q.QueryRowContext(ctx, "select role from users where id = $1 and deleted_at is null"+tx.forUpdate(), user).Scan(&role); err != nil {
		return notFound(err, "User")
	}
	if err := tx.knownPermissions(ctx, decided); err != nil {
		return err
	}
	g, err := tx.grants(ctx, role, nil)
	if err != nil {
		return err
	}
	ofRole := role.Effective(g.ofRole[role], nil)
	for _, d := range decided {
		if d.Granted == slices.Contains(ofRole, d.Permission) {
			_, err = tx.q.ExecContext(ctx, "delete from user_permissions where user_id = $1 and permission = $2", user, d.Permission)
		} else {
			_, err = tx.q.ExecContext(ctx, `insert into user_permissions (user_id, permission, granted, created_at) values ($1, $2, $3, $4)
				on conflict (user_id, permission) do update set granted = excluded.granted`, user, d.Permission, d.Granted, tx.Now)
		}
		if err != nil {
			return err
		}
	}
	return tx.audit(ctx, "update_permissions", "user", user, map[string]any{"permissions": decided})
}

// SetPassword replaces a person's password and ends all their sessions but the
// one kept ("" ends all).
func (tx *Tx) SetPassword(ctx context.Context, user fieldops.ID, hash string, kept fieldops.ID) error {
	changed, err := tx.exec(ctx, "update users set password_hash = $1, updated_at = $2 where id = $3 and deleted_at is null", hash, tx.Now, user)
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

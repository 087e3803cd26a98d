package store

import (
	"context"
	"database/sql"
	"slices"

	"ampedfieldops/internal/fieldops"
)

const permissionColumns = "id, key, label, description, is_system, is_custom, is_active, created_at, updated_at"

func scanPermission(row interface{ Scan(...any) error }, p *fieldops.PermissionRecord) error {
	return row.Scan(&p.ID, &p.Key, &p.Label, &p.Description, &p.IsSystem, &p.IsCustom, &p.IsActive, &p.CreatedAt, &p.UpdatedAt)
}

// keepPermissions puts the program's own permissions into their table. Words
// that somebody has changed stay.
func (tx *Tx) keepPermissions(ctx context.Context) error {
	for _, p := range fieldops.SystemPermissions() {
		if _, err := tx.q.ExecContext(ctx, `insert into permissions (id, key, label, description, is_system, is_custom, is_active, created_at, updated_at)
			values ($1, $2, $3, $4, true, false, true, $5, $5)
			on conflict (key) do update set is_system = true, is_custom = false, is_active = true`,
			fieldops.NewID(), p.Key, p.Label, p.Description, tx.Now); err != nil {
			return err
		}
	}
	return nil
}

// Permissions lists what can be granted: the program's own first, by their
// labels.
func (r reads) Permissions(ctx context.Context) ([]fieldops.PermissionRecord, error) {
	return collect(ctx, r, "select "+permissionColumns+" from permissions order by is_system desc, label, key", nil,
		func(rows *sql.Rows, p *fieldops.PermissionRecord) error { return scanPermission(rows, p) })
}

// Permission is one of them.
func (r reads) Permission(ctx context.Context, id fieldops.ID) (fieldops.PermissionRecord, error) {
	var p fieldops.PermissionRecord
	err := scanPermission(r.q.QueryRowContext(ctx, "select "+permissionColumns+" from permissions where id = $1", id), &p)
	return p, notFound(err, "Permission")
}

// LockPermission reads a permission to change it.
func (tx *Tx) LockPermission(ctx context.Context, id fieldops.ID) (fieldops.PermissionRecord, error) {
	if err := tx.lockRow(ctx, "permissions", id); err != nil {
		return fieldops.PermissionRecord{}, notFound(err, "Permission")
	}
	return tx.Permission(ctx, id)
}

// InsertPermission adds a permission of the firm's own.
func (tx *Tx) InsertPermission(ctx context.Context, p *fieldops.PermissionRecord) error {
	p.ID, p.IsSystem, p.IsCustom, p.CreatedAt, p.UpdatedAt = fieldops.NewID(), false, true, tx.Now, tx.Now
	if err := p.Check(); err != nil {
		return err
	}
	_, err := tx.q.ExecContext(ctx, `insert into permissions (id, key, label, description, is_system, is_custom, is_active, created_at, updated_at)
		values ($1, $2, $3, $4, false, true, $5, $6, $6)`, p.ID, p.Key, p.Label, p.Description, p.IsActive, tx.Now)
	if breaksUnique(err, "key") {
		return fieldops.Refuse(fieldops.Conflict, "A permission with this key exists already")
	}
	if err != nil {
		return err
	}
	return tx.audit(ctx, "create", "permission", p.ID, map[string]any{"key": p.Key, "label": p.Label})
}

// UpdatePermission changes its words and, of the firm's own, whether it counts.
func (tx *Tx) UpdatePermission(ctx context.Context, p *fieldops.PermissionRecord) error {
	if err := p.Check(); err != nil {
		return err
	}
	if p.IsSystem && !p.IsActive {
		return fieldops.Refuse(fieldops.Invalid, "A permission of the program cannot be deactivated")
	}
	p.UpdatedAt = tx.Now
	changed, err := tx.exec(ctx, "update permissions set label = $1, description = $2, is_active = $3, updated_at = $4 where id = $5",
		p.Label, p.Description, p.IsActive, tx.Now, p.ID)
	if err != nil {
		return err
	}
	if changed == 0 {
		return fieldops.Refuse(fieldops.NotFound, "Permission not found")
	}
	return tx.audit(ctx, "update", "permission", p.ID, map[string]any{"key": p.Key, "label": p.Label, "is_active": p.IsActive})
}

// DeletePermission removes a permission of the firm's own that nobody was
// granted.
func (tx *Tx) DeletePermission(ctx context.Context, id fieldops.ID) error {
	p, err := tx.Permission(ctx, id)
	if err != nil {
		return err
	}
	if p.IsSystem {
		return fieldops.Refuse(fieldops.Invalid, "A permission of the program cannot be deleted")
	}
	var holders int
	if err := tx.q.QueryRowContext(ctx, "select count(*) from user_permissions where permission = $1 and granted", p.Key).Scan(&holders); err != nil {
		return err
	}
	if holders > 0 {
		return fieldops.Refuse(fieldops.Conflict, "This permission is assigned to %d of the users; take it from them first", holders)
	}
	for _, statement := range []string{
		"delete from user_permissions where permission = $1", "delete from role_permissions where permission = $1", "delete from permissions where key = $1",
	} {
		if _, err := tx.q.ExecContext(ctx, statement, p.Key); err != nil {
			return err
		}
	}
	return tx.audit(ctx, "delete", "permission", id, map[string]any{"key": p.Key, "label": p.Label})
}

// RolePermissions tells of each role which of the active permissions it has.
func (r reads) RolePermissions(ctx context.Context) ([]fieldops.PermissionRecord, map[fieldops.Role]map[fieldops.Permission]bool, error) {
	all, err := r.Permissions(ctx)
	if err != nil {
		return nil, nil, err
	}
	all = slices.DeleteFunc(all, func(p fieldops.PermissionRecord) bool { return !p.IsActive })
	g, err := r.grants(ctx, "", nil)
	matrix := map[fieldops.Role]map[fieldops.Permission]bool{}
	for _, role := range fieldops.Roles {
		held := role.Effective(g.ofRole[role], nil)
		matrix[role] = make(map[fieldops.Permission]bool, len(all))
		for _, p := range all {
			matrix[role][p.Key] = slices.Contains(held, p.Key)
		}
	}
	return all, matrix, err
}

// SetRolePermissions decides permissions of roles, for everybody who has the
// role and at once. What people were granted or denied besides stays theirs.
func (tx *Tx) SetRolePermissions(ctx context.Context, decided map[fieldops.Role][]fieldops.Grant) error {
	for _, role := range fieldops.Roles {
		if err := tx.knownPermissions(ctx, decided[role]); err != nil {
			return err
		}
		ofProgram := role.DefaultPermissions()
		for _, d := range decided[role] {
			if role == fieldops.RoleAdmin && d.Permission.IsSystem() && !d.Granted {
				return fieldops.Refuse(fieldops.Invalid, "An admin holds every permission of the program")
			}
			var err error
			if d.Granted == slices.Contains(ofProgram, d.Permission) {
				_, err = tx.q.ExecContext(ctx, "delete from role_permissions where role = $1 and permission = $2", role, d.Permission)
			} else {
				_, err = tx.q.ExecContext(ctx, `insert into role_permissions (role, permission, granted, updated_at) values ($1, $2, $3, $4)
					on conflict (role, permission) do update set granted = excluded.granted, updated_at = excluded.updated_at`, role, d.Permission, d.Granted, tx.Now)
			}
			if err != nil {
				return err
			}
		}
	}
	return tx.audit(ctx, "update_role_permissions", "role", "", decided)
}

// knownPermissions refuses keys that are no permission, all at once.
func (r reads) knownPermissions(ctx context.Context, decided []fieldops.Grant) error {
	all, err := r.Permissions(ctx)
	if err != nil {
		return err
	}
	var f fieldops.Faults
	for _, d := range decided {
		f.Require(slices.ContainsFunc(all, func(p fieldops.PermissionRecord) bool { return p.Key == d.Permission }),
			"permissions", "There is no permission %q", d.Permission)
	}
	return f.Err("")
}

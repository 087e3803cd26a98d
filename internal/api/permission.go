package api

import (
	"maps"
	"slices"
	"strings"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

func (a *api) listPermissions(r *request, _ *nothing) ([]fieldops.PermissionRecord, error) {
	return a.DB.Permissions(r.Context())
}

func (a *api) getPermission(r *request, in *byID) (fieldops.PermissionRecord, error) {
	p, err := a.DB.Permission(r.Context(), in.ID)
	r.Header.Set("ETag", etag(p.UpdatedAt))
	return p, err
}

type createPermissionInput struct {
	Body struct {
		Key         fieldops.Permission `json:"key" pattern:"^[a-z_]+$"`
		Label       string              `json:"label"`
		Description *string             `json:"description,omitempty"`
	}
}

func (a *api) createPermission(r *request, in *createPermissionInput) (fieldops.PermissionRecord, error) {
	p := fieldops.PermissionRecord{Key: in.Body.Key, Label: strings.TrimSpace(in.Body.Label), Description: text(in.Body.Description), IsActive: true}
	err := a.DB.Write(r.Context(), r.Actor, func(tx *store.Tx) error {
		if err := tx.InsertPermission(r.Context(), &p); err != nil {
			return err
		}
		return r.keep(tx, p)
	})
	return p, err
}

type updatePermissionInput struct {
	ID   fieldops.ID `path:"id" format:"uuid"`
	Body struct {
		Label       Optional[string]  `json:"label,omitempty"`
		Description Optional[*string] `json:"description,omitempty"`
		IsActive    Optional[bool]    `json:"is_active,omitempty"`
	}
}

func (a *api) updatePermission(r *request, in *updatePermissionInput) (fieldops.PermissionRecord, error) {
	b := &in.Body
	if !b.Label.Set && !b.Description.Set && !b.IsActive.Set {
		return fieldops.PermissionRecord{}, errNoUpdates()
	}
	var p fieldops.PermissionRecord
	err := a.DB.Write(r.Context(), r.Actor, func(tx *store.Tx) (err error) {
		if p, err = tx.LockPermission(r.Context(), in.ID); err != nil {
			return err
		}
		if err := r.ifMatch(p.UpdatedAt); err != nil {
			return err
		}
		b.Label.into(&p.Label)
		textInto(b.Description, &p.Description)
		b.IsActive.into(&p.IsActive)
		p.Label = strings.TrimSpace(p.Label)
		return tx.UpdatePermission(r.Context(), &p)
	})
	r.Header.Set("ETag", etag(p.UpdatedAt))
	return p, err
}

func (a *api) deletePermission(r *request, in *byID) (message, error) {
	err := a.DB.Write(r.Context(), r.Actor, func(tx *store.Tx) error { return tx.DeletePermission(r.Context(), in.ID) })
	return message{"Permission deleted"}, err
}

type permissionWords struct {
	Key         fieldops.Permission `json:"key"`
	Label       string              `json:"label"`
	Description *string             `json:"description"`
}

type roleMatrix map[fieldops.Role]map[fieldops.Permission]bool

type rolePermissionsAnswer struct {
	Permissions     []permissionWords `json:"permissions"`
	RolePermissions roleMatrix        `json:"rolePermissions"`
}

func (a *api) rolePermissions(r *request, _ *nothing) (rolePermissionsAnswer, error) {
	all, matrix, err := a.DB.RolePermissions(r.Context())
	answer := rolePermissionsAnswer{Permissions: make([]permissionWords, len(all)), RolePermissions: matrix}
	for i, p := range all {
		answer.Permissions[i] = permissionWords{p.Key, p.Label, p.Description}
	}
	return answer, err
}

type rolePermissionsInput struct {
	Body struct {
		RolePermissions roleMatrix `json:"rolePermissions"`
	}
}

func (a *api) setRolePermissions(r *request, in *rolePermissionsInput) (message, error) {
	var f fieldops.Faults
	f.Require(len(in.Body.RolePermissions) > 0, "rolePermissions", "rolePermissions must name at least one role")
	decided := map[fieldops.Role][]fieldops.Grant{}
	for _, role := range slices.Sorted(maps.Keys(in.Body.RolePermissions)) {
		f.Require(role.Valid(), "rolePermissions", "There is no role %q", role)
		for _, p := range slices.Sorted(maps.Keys(in.Body.RolePermissions[role])) {
			decided[role] = append(decided[role], fieldops.Grant{Permission: p, Granted: in.Body.RolePermissions[role][p]})
		}
	}
	if err := f.Err(""); err != nil {
		return message{}, err
	}
	err := a.DB.Write(r.Context(), r.Actor, func(tx *store.Tx) error { return tx.SetRolePermissions(r.Context(), decided) })
	return message{"Role permissions updated successfully"}, err
}

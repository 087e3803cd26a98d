package api

import "ampedfieldops/internal/fieldops"

func (a *api) listUsers(r *request, _ *nothing) ([]fieldops.User, error) {
	return a.DB.Users(r.Context())
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

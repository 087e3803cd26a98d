package fieldops

import "slices"

// Role is what a person is in the firm. An admin may do everything.
type Role string

// The roles. "user" is a technician.
const (
	RoleAdmin   Role = "admin"
	RoleManager Role = "manager"
	RoleUser    Role = "user"
)

// Roles are all of them.
var Roles = []Role{RoleAdmin, RoleManager, RoleUser}

// Permission is the right to do one thing.
type Permission string

// The permissions, by the keys that existing installations use, and two of
// ours: can_create_invoices, because managers may invoice without being able to
// change the connection to Xero, and can_approve_timesheets.
const (
	CanCreateTimesheets    Permission = "can_create_timesheets"
	CanViewOwnTimesheets   Permission = "can_view_own_timesheets"
	CanEditOwnTimesheets   Permission = "can_edit_own_timesheets"
	CanDeleteOwnTimesheets Permission = "can_delete_own_timesheets"
	CanViewProjects        Permission = "can_view_projects"
	CanViewClients         Permission = "can_view_clients"
	CanViewDashboard       Permission = "can_view_dashboard"
	CanViewFinancials      Permission = "can_view_financials"
	CanEditProjects        Permission = "can_edit_projects"
	CanViewAllTimesheets   Permission = "can_view_all_timesheets"
	CanManageClients       Permission = "can_manage_clients"
	CanViewReports         Permission = "can_view_reports"
	CanExportData          Permission = "can_export_data"
	CanManageUsers         Permission = "can_manage_users"
	CanSyncXero            Permission = "can_sync_xero"
	CanEditActivityTypes   Permission = "can_edit_activity_types"
	CanManageCostCenters   Permission = "can_manage_cost_centers"
	CanManageSettings      Permission = "can_manage_settings"
	CanCreateInvoices      Permission = "can_create_invoices"
	CanApproveTimesheets   Permission = "can_approve_timesheets"
)

var userPermissions = []Permission{
	CanCreateTimesheets, CanViewOwnTimesheets, CanEditOwnTimesheets, CanDeleteOwnTimesheets,
	CanViewProjects, CanViewClients, CanViewDashboard,
}

var managerPermissions = append(slices.Clone(userPermissions),
	CanViewFinancials, CanEditProjects, CanViewAllTimesheets, CanManageClients,
	CanViewReports, CanExportData, CanCreateInvoices, CanApproveTimesheets)

var allPermissions = append(slices.Clone(managerPermissions),
	CanManageUsers, CanSyncXero, CanEditActivityTypes, CanManageCostCenters, CanManageSettings)

// DefaultPermissions are what a role may do unless a person was granted or
// denied something.
func (r Role) DefaultPermissions() []Permission {
	switch r {
	case RoleAdmin:
		return slices.Clone(allPermissions)
	case RoleManager:
		return slices.Clone(managerPermissions)
	}
	return slices.Clone(userPermissions)
}

// Valid reports whether r is one of the roles.
func (r Role) Valid() bool { return r == RoleAdmin || r == RoleManager || r == RoleUser }

// User is a person who may sign in.
type User struct {
	ID           ID           `json:"id"`
	Email        string       `json:"email"`
	Name         string       `json:"name"`
	Role         Role         `json:"role"`
	Avatar       *string      `json:"avatar"`
	IsActive     bool         `json:"is_active"`
	CreatedAt    Time         `json:"created_at"`
	UpdatedAt    Time         `json:"updated_at"`
	PasswordHash string       `json:"-"` // "" until an invitation was accepted
	Permissions  []Permission `json:"permissions,omitempty"`
	// Scoped says that a program acts for the person: it may do what
	// Permissions say and nothing else, whatever the person's role.
	Scoped bool `json:"-"`
}

// Is reports whether the person acts with all that their role brings.
func (u *User) Is(role Role) bool { return u.Role == role && !u.Scoped }

// May reports whether the person holds the permission; an admin holds all.
func (u *User) May(p Permission) bool {
	return u.Is(RoleAdmin) || slices.Contains(u.Permissions, p)
}

// Within is the person as a program sees them that acts for them with scopes:
// it holds what the person holds of them.
func (u *User) Within(scopes []Permission) User {
	scoped := *u
	scoped.Scoped = true
	scoped.Permissions = []Permission{}
	for _, p := range scopes {
		if u.May(p) {
			scoped.Permissions = append(scoped.Permissions, p)
		}
	}
	return scoped
}

// SeesAllTimesheets reports whether other people's timesheets are open to the
// person.
func (u *User) SeesAllTimesheets() bool {
	return u.Is(RoleManager) || u.May(CanViewAllTimesheets)
}

// Actor is who a change is made for: a user, or the program itself.
type Actor struct {
	UserID    ID // "" for System
	Name      string
	IP        string
	RequestID string
	// TraceParent is where the trace of the request goes on (W3C traceparent);
	// "" when it is not traced.
	TraceParent string
}

// System is the program acting by itself: the worker, a migration.
var System = Actor{Name: "System"}

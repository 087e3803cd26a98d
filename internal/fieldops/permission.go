package fieldops

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"slices"
)

// PermissionRecord is one thing that can be granted. The program asks for those
// that are IsSystem; a firm's own (IsCustom) are for its own programs to ask for.
type PermissionRecord struct {
	ID          ID         `json:"id"`
	Key         Permission `json:"key"`
	Label       string     `json:"label"`
	Description *string    `json:"description"`
	IsSystem    bool       `json:"is_system"`
	IsCustom    bool       `json:"is_custom"`
	IsActive    bool       `json:"is_active"`
	CreatedAt   Time       `json:"created_at"`
	UpdatedAt   Time       `json:"updated_at"`
}

var permissionKey = regexp.MustCompile(`^[a-z_]{1,100}$`)

// Check refuses a permission that breaks a rule.
func (p *PermissionRecord) Check() error {
	var f Faults
	f.Require(permissionKey.MatchString(string(p.Key)), "key", "Key must be 1 to 100 lower-case letters and underscores")
	required(&f, "label", "Label", p.Label)
	atMost(&f, "label", "Label", 255, &p.Label)
	atMost(&f, "description", "Description", 2000, p.Description)
	return f.Err("")
}

// SystemPermissions are all that the program itself asks for, in the words that
// screens show.
func SystemPermissions() []PermissionRecord {
	words := []struct {
		key                Permission
		label, description string
	}{
		{CanCreateTimesheets, "Create Timesheets", "Write down work"},
		{CanViewOwnTimesheets, "View Own Timesheets", "See one's own work"},
		{CanEditOwnTimesheets, "Edit Own Timesheets", "Change one's own work while it is unbilled"},
		{CanDeleteOwnTimesheets, "Delete Own Timesheets", "Delete one's own work while it is unbilled"},
		{CanViewAllTimesheets, "View All Timesheets", "See everybody's work, and write down work for others"},
		{CanApproveTimesheets, "Approve Timesheets", "Approve work, or send it back"},
		{CanViewProjects, "View Projects", "See projects and cost centres"},
		{CanEditProjects, "Manage Projects", "Add, change and delete projects"},
		{CanViewClients, "View Clients", "See clients and suppliers"},
		{CanManageClients, "Client Administration", "Add, change and delete clients and suppliers"},
		{CanViewDashboard, "View Dashboard", "See the dashboard"},
		{CanViewFinancials, "View Financials", "See rates, costs, budgets and documents with money"},
		{CanCreateInvoices, "Create Invoices", "Invoice work, order from suppliers, and keep the documents around them"},
		{CanViewReports, "View Reports", "See reports"},
		{CanExportData, "Export Data", "Take lists away as files"},
		{CanManageCostCenters, "Cost Center Setup", "Add, change and delete cost centres"},
		{CanEditActivityTypes, "Configure Activity Types", "Add, change and delete kinds of work and their rates"},
		{CanManageUsers, "User Administration", "See who may sign in and what they may do"},
		{CanSyncXero, "Xero Integration", "Connect Xero, and pause what is sent to it"},
		{CanManageSettings, "Manage Settings", "Change the firm's settings"},
	}
	all := make([]PermissionRecord, len(words))
	for i, w := range words {
		all[i] = PermissionRecord{Key: w.key, Label: w.label, Description: &w.description, IsSystem: true, IsActive: true}
	}
	return all
}

// IsSystem reports whether the program itself asks for the permission.
func (p Permission) IsSystem() bool { return slices.Contains(allPermissions, p) }

// Grant is a permission given or denied.
type Grant struct {
	Permission Permission `json:"permission"`
	Granted    bool       `json:"granted"`
}

// Effective are the permissions of a role after the firm's own rules for the
// role, and then for one person. An admin holds every one of the program's.
func (r Role) Effective(ofRole, ofPerson []Grant) []Permission {
	held := r.DefaultPermissions()
	for _, g := range slices.Concat(ofRole, ofPerson) {
		has := slices.Contains(held, g.Permission)
		switch {
		case g.Granted && !has:
			held = append(held, g.Permission)
		case !g.Granted && has && !(r == RoleAdmin && g.Permission.IsSystem()):
			held = slices.DeleteFunc(held, func(p Permission) bool { return p == g.Permission })
		}
	}
	return held
}

// APIToken lets a program act for a person, within scopes.
type APIToken struct {
	ID         ID           `json:"id"`
	UserID     ID           `json:"-"`
	Name       string       `json:"name"`
	Hint       string       `json:"hint"` // its first characters
	Scopes     []Permission `json:"scopes"`
	CreatedAt  Time         `json:"created_at"`
	ExpiresAt  Time         `json:"expires_at"` // null: never
	LastUsedAt Time         `json:"last_used_at"`
	RevokedAt  Time         `json:"-"`
}

// TokenPrefix begins every API token, so that one that leaked can be found.
const TokenPrefix = "afo_"

// NewSecret makes 26 characters that nobody can guess (130 bits).
func NewSecret() string { return rand.Text() }

// HashSecret is what is kept of such a text. It needs no salt and no slowness:
// nobody can try them all.
func HashSecret(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// The purposes of links that are good once.
const (
	LinkSetup         = "setup"
	LinkInvitation    = "invitation"
	LinkPasswordReset = "password_reset"
)

// Notification tells one person of something that happened.
type Notification struct {
	ID        ID      `json:"id"`
	UserID    ID      `json:"-"`
	Kind      string  `json:"kind"`
	Title     string  `json:"title"`
	Body      *string `json:"body"`
	Link      *string `json:"link"` // a path of the web app
	CreatedAt Time    `json:"created_at"`
	ReadAt    Time    `json:"read_at"`
}

// The kinds of notification.
const (
	NoticeSyncFailed         = "sync_failed"
	NoticeSyncWaits          = "sync_waits"
	NoticeMailFailed         = "mail_failed"
	NoticeInvitationAccepted = "invitation_accepted"
)

package api

import (
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"ampedfieldops/internal/fieldops"
)

// This page is every route there is. To add one, write its line below, in the
// section of its noun, with
//
//   - who may use it: anybody, signedIn, adminOnly, or may(permission, …), of
//     which one is enough;
//   - its endpoint: typed(a.listThings) for JSON in and out, where
//     func (a *api) listThings(r *request, in *listThings) (answer, error), or
//     plain(a.handler) for func(w http.ResponseWriter, r *request) error;
//   - one line for the OpenAPI document;
//   - its flags: created or accepted for an answer of 201 or 202, repeatable
//     when it creates something and so honours an Idempotency-Key, once when its
//     answer must not be kept for repeats: it holds a secret, or what it makes
//     goes by itself, transactional when
//     the handler keeps its answer by r.keep in the transaction of its work,
//     ownKey when the handler sees to the key by itself, streams when it may
//     last, empty for an answer of 204.
//
// A handler returns a *fieldops.Error for what the caller did wrong, and any
// other error for what we did. r.User is who asks, r.Actor goes into
// store.DB.Write, r.Header are the headers of the answer.

// route is one line of the table.
type route struct {
	method, path string
	access       access
	endpoint     endpoint
	summary      string
	flags        flags
	body         func(huma.Registry, *huma.Operation) // documents what a plain endpoint reads
	gives        string                               // content type of what a plain endpoint writes
}

type flags uint

const (
	created flags = 1 << iota
	accepted
	repeatable
	transactional
	ownKey
	once
	streams
	empty
)

func (r route) has(f flags) bool { return r.flags&f != 0 }

// status is what a successful answer bears.
func (r route) status() int {
	switch {
	case r.has(created):
		return http.StatusCreated
	case r.has(accepted):
		return http.StatusAccepted
	case r.has(empty):
		return http.StatusNoContent
	}
	return http.StatusOK
}

// access is what it takes to use a route.
type access struct {
	public      bool
	admin       bool
	inPerson    bool                  // not for a program that acts for somebody
	permissions []fieldops.Permission // one is enough; none wants only a session
}

var (
	anybody   = access{public: true}
	signedIn  = access{}
	inPerson  = access{inPerson: true}
	adminOnly = access{admin: true}
)

func may(permissions ...fieldops.Permission) access { return access{permissions: permissions} }

// admits refuses a person who lacks the role or the permission.
func (a access) admits(u *fieldops.User) error {
	if (a.admin || a.inPerson) && u.Scoped {
		return fieldops.Refuse(fieldops.Forbidden, "Not with an API token: sign in for this")
	}
	if a.admin && u.Role != fieldops.RoleAdmin {
		return fieldops.Refuse(fieldops.Forbidden, "Insufficient permissions")
	}
	if len(a.permissions) > 0 && !slices.ContainsFunc(a.permissions, u.May) {
		return fieldops.Refuse(fieldops.Forbidden, "Permission denied")
	}
	return nil
}

func (a access) String() string {
	switch {
	case a.public:
		return "Open to anybody."
	case a.admin:
		return "For admins."
	case a.inPerson:
		return "For everybody who is signed in, but not with an API token."
	case len(a.permissions) == 0:
		return "For everybody who is signed in."
	}
	names := make([]string, len(a.permissions))
	for i, p := range a.permissions {
		names[i] = string(p)
	}
	return "Needs " + strings.Join(names, " or ") + "."
}

// routes is the table.
func (a *api) routes() []route {
	return slices.Concat(a.healthRoutes(), a.peopleRoutes(), a.recordRoutes(), a.binRoutes(), a.purchasingRoutes(), a.settingRoutes(), a.xeroRoutes(), a.fileRoutes(), a.safetyRoutes(), a.scanRoutes())
}

func (a *api) healthRoutes() []route {
	return []route{
		{"GET", "/healthz", anybody, typed(a.processHealth), "Whether the process runs", 0, nil, ""},
		{"GET", "/readyz", anybody, typed(a.readiness), "Whether requests can be served", 0, nil, ""},
		{"GET", "/api/health", anybody, typed(a.health), "How database and Xero stand", 0, nil, ""},
		{"GET", "/metrics", anybody, plain(a.metrics), "Metrics for Prometheus: with METRICS_TOKEN as the bearer token, or for an admin", 0, nil, "text/plain"},
		{"GET", "/api/docs", anybody, plain(a.docs), "The API's documentation, to read", 0, nil, "text/html"},
		{"GET", "/api/openapi.json", anybody, plain(a.openAPI), "This document", 0, nil, "application/json"},
	}
}

func (a *api) peopleRoutes() []route {
	return []route{
		{"POST", "/api/auth/login", anybody, typed(a.login), "Sign in", 0, nil, ""},
		{"POST", "/api/auth/register", anybody, typed(a.register), "Refused: an admin invites people", 0, nil, ""},
		{"POST", "/api/auth/forgot-password", anybody, typed(a.forgotPassword), "Have a link mailed with which to choose a new password", 0, nil, ""},
		{"POST", "/api/auth/reset-password", anybody, typed(a.resetPassword), "Choose a new password with such a link", 0, nil, ""},
		{"POST", "/api/auth/accept-invitation", anybody, typed(a.acceptInvitation), "Choose a password with an invitation, and sign in", 0, nil, ""},
		{"POST", "/api/auth/logout", inPerson, typed(a.logout), "End this session", 0, nil, ""},
		{"POST", "/api/auth/refresh", inPerson, typed(a.refresh), "A fresh token of this session", 0, nil, ""},
		{"GET", "/api/auth/me", signedIn, typed(a.me), "Who I am and what I may do", 0, nil, ""},
		{"PUT", "/api/auth/profile", inPerson, typed(a.updateProfile), "Change my name, address or picture", 0, nil, ""},
		{"PUT", "/api/auth/change-password", inPerson, typed(a.changePassword), "Change my password and end my other sessions", 0, nil, ""},
		{"GET", "/api/auth/sessions", inPerson, typed(a.listSessions), "Where I am signed in", 0, nil, ""},
		{"DELETE", "/api/auth/sessions", inPerson, typed(a.endOtherSessions), "End my other sessions", 0, nil, ""},
		{"DELETE", "/api/auth/sessions/{id}", inPerson, typed(a.endSession), "End one of my sessions", 0, nil, ""},
		{"GET", "/api/tokens", inPerson, typed(a.listTokens), "My API tokens", 0, nil, ""},
		{"POST", "/api/tokens", inPerson, typed(a.createToken), "Let a program act for me, within scopes; the token is shown once", created | once, nil, ""},
		{"DELETE", "/api/tokens/{id}", inPerson, typed(a.revokeToken), "End an API token", 0, nil, ""},

		{"GET", "/api/setup/status", anybody, typed(a.setupStatus), "Whether the first admin has been set up", 0, nil, ""},
		{"GET", "/api/setup/default-admin-status", anybody, typed(a.defaultAdminStatus), "No: nobody can sign in with a default password", 0, nil, ""},
		{"DELETE", "/api/setup/default-admin", adminOnly, typed(a.deleteDefaultAdmin), "Refused: there is no default admin", 0, nil, ""},
		{"POST", "/api/setup/admin", anybody, typed(a.setUpAdmin), "Add the first admin, with the link that the program printed", created | once, nil, ""},
		{"POST", "/api/setup/company", adminOnly, typed(a.setUpCompany), "Name the firm and its time zone", 0, nil, ""},
		{"POST", "/api/setup/client", adminOnly, typed(a.setUpClient), "Add the first client", created | once, nil, ""},
		{"POST", "/api/setup/complete", adminOnly, typed(a.completeSetup), "Say that setting up is done", 0, nil, ""},
		{"GET", "/api/setup/branding", anybody, typed(a.branding), "The firm's name and pictures, for the page to sign in on", 0, nil, ""},

		{"GET", "/api/users", may(fieldops.CanManageUsers), typed(a.listUsers), "Everybody, with what they may do", 0, nil, ""},
		{"POST", "/api/users", adminOnly, typed(a.createUser), "Add a person with a password, or invite them without one", created | once, nil, ""},
		{"GET", "/api/users/names", may(fieldops.CanViewAllTimesheets), typed(a.listUserNames), "Everybody's name", 0, nil, ""},
		{"GET", "/api/users/{id}", may(fieldops.CanManageUsers, fieldops.CanViewAllTimesheets), typed(a.getUser), "One person, for admins, managers and those with can_manage_users", 0, nil, ""},
		{"PUT", "/api/users/{id}", adminOnly, typed(a.updateUser), "Change name, address, role, or whether they may sign in", 0, nil, ""},
		{"DELETE", "/api/users/{id}", adminOnly, typed(a.deleteUser), "Delete a person; what they did keeps their name", 0, nil, ""},
		{"PUT", "/api/users/{id}/permissions", adminOnly, typed(a.setUserPermissions), "Decide what one person may do besides their role", 0, nil, ""},
		{"POST", "/api/users/{id}/invitation", adminOnly, typed(a.inviteAgain), "A new invitation for somebody who has no password yet", 0, nil, ""},
		{"GET", "/api/users/{id}/sessions", adminOnly, typed(a.listUserSessions), "Where a person is signed in", 0, nil, ""},
		{"DELETE", "/api/users/{id}/sessions", adminOnly, typed(a.endUserSessions), "Sign a person out everywhere", 0, nil, ""},
		{"DELETE", "/api/users/{id}/sessions/{session}", adminOnly, typed(a.endUserSession), "End one session of a person", 0, nil, ""},

		{"GET", "/api/permissions", adminOnly, typed(a.listPermissions), "What can be granted", 0, nil, ""},
		{"POST", "/api/permissions", adminOnly, typed(a.createPermission), "Add a permission for the firm's own programs", created | repeatable | transactional, nil, ""},
		{"GET", "/api/permissions/{id}", adminOnly, typed(a.getPermission), "One permission", 0, nil, ""},
		{"PUT", "/api/permissions/{id}", adminOnly, typed(a.updatePermission), "Change its words, or deactivate one of the firm's own", 0, nil, ""},
		{"DELETE", "/api/permissions/{id}", adminOnly, typed(a.deletePermission), "Delete one of the firm's own that nobody holds", 0, nil, ""},
		{"GET", "/api/role-permissions", adminOnly, typed(a.rolePermissions), "What each role may do", 0, nil, ""},
		{"PUT", "/api/role-permissions", adminOnly, typed(a.setRolePermissions), "Change what roles may do, for everybody who has them", 0, nil, ""},

		{"GET", "/api/notifications", inPerson, typed(a.listNotifications), "My newest 50, and how many are unread", 0, nil, ""},
		{"POST", "/api/notifications/read-all", inPerson, typed(a.readNotifications), "I have read all of mine", 0, nil, ""},
		{"POST", "/api/notifications/{id}/read", inPerson, typed(a.readNotification), "I have read this one", 0, nil, ""},

		{"GET", "/api/mails", may(fieldops.CanManageSettings), typed(a.listMails), "Mails and what became of them, newest first", 0, nil, ""},
		{"POST", "/api/mails/{id}/send-again", may(fieldops.CanManageSettings), typed(a.sendMailAgain), "Send a mail again that failed", 0, nil, ""},
	}
}

func (a *api) recordRoutes() []route {
	return []route{
		{"GET", "/api/clients", may(fieldops.CanViewClients), typed(a.listClients), "Clients and suppliers", 0, nil, ""},
		{"POST", "/api/clients", may(fieldops.CanManageClients), typed(a.createClient), "Add a client", created | repeatable | transactional, nil, ""},
		{"GET", "/api/clients/{id}", may(fieldops.CanViewClients), typed(a.getClient), "One client with their projects", 0, nil, ""},
		{"PUT", "/api/clients/{id}", may(fieldops.CanManageClients), typed(a.updateClient), "Change the fields sent", 0, nil, ""},
		{"DELETE", "/api/clients/{id}", may(fieldops.CanManageClients), typed(a.deleteRecord(fieldops.RecordClient)), "Delete a client with all that belongs to them", 0, nil, ""},

		{"GET", "/api/clients/{id}/rates", may(fieldops.CanManageClients), typed(a.clientRates), "A client's own rates", 0, nil, ""},
		{"PUT", "/api/clients/{id}/rates", may(fieldops.CanManageClients), typed(a.setClientRates), "Replace a client's own rates; work already written keeps its own", 0, nil, ""},
		{"GET", "/api/clients/{id}/unbilled", may(fieldops.CanViewFinancials), typed(a.clientUnbilled), "A client's work that is not billed, oldest first, and why", 0, nil, ""},

		{"GET", "/api/projects", may(fieldops.CanViewProjects), typed(a.listProjects), "Projects", 0, nil, ""},
		{"POST", "/api/projects", may(fieldops.CanEditProjects), typed(a.createProject), "Add a project", created | repeatable | transactional, nil, ""},
		{"GET", "/api/projects/{id}", may(fieldops.CanViewProjects), typed(a.getProject), "One project with its newest timesheets", 0, nil, ""},
		{"GET", "/api/projects/board", may(fieldops.CanViewProjects), typed(a.projectBoard), "Projects by state, the first of each with counts", 0, nil, ""},
		{"GET", "/api/projects/{id}/unbilled", may(fieldops.CanViewFinancials), typed(a.projectUnbilled), "A project's work that is not billed, oldest first, and why", 0, nil, ""},
		{"GET", "/api/projects/{id}/financials", may(fieldops.CanViewFinancials), typed(a.projectFinancials), "Budget, cost and commitments", 0, nil, ""},
		{"PUT", "/api/projects/{id}", may(fieldops.CanEditProjects), typed(a.updateProject), "Change the fields sent", 0, nil, ""},
		{"DELETE", "/api/projects/{id}", may(fieldops.CanEditProjects), typed(a.deleteRecord(fieldops.RecordProject)), "Delete a project with all that belongs to it", 0, nil, ""},

		{"GET", "/api/cost-centers", may(fieldops.CanViewProjects, fieldops.CanCreateTimesheets), typed(a.listCostCenters), "Cost centres", 0, nil, ""},
		{"POST", "/api/cost-centers", may(fieldops.CanManageCostCenters), typed(a.createCostCenter), "Add a cost centre", created | repeatable | transactional, nil, ""},
		{"GET", "/api/cost-centers/{id}", may(fieldops.CanViewProjects), typed(a.getCostCenter), "One cost centre with its projects", 0, nil, ""},
		{"PUT", "/api/cost-centers/{id}", may(fieldops.CanManageCostCenters), typed(a.updateCostCenter), "Change the fields sent", 0, nil, ""},
		{"DELETE", "/api/cost-centers/{id}", may(fieldops.CanManageCostCenters), typed(a.deleteCostCenter), "Delete a cost centre nothing is booked to", 0, nil, ""},

		{"GET", "/api/reports/cost-centers", may(fieldops.CanViewReports), typed(a.costCenterReport), "What was spent on cost centres, how fast, and how long the budget lasts", 0, nil, ""},

		{"GET", "/api/search", signedIn, typed(a.search), "Clients, projects, timesheets and documents, as far as I may see them", 0, nil, ""},
		{"GET", "/api/search/recent", signedIn, typed(a.recentSearches), "What I searched for lately", 0, nil, ""},
		{"POST", "/api/search/recent", signedIn, typed(a.saveSearch), "Remember a search", 0, nil, ""},
		{"DELETE", "/api/search/recent", signedIn, typed(a.clearSearches), "Forget my searches", 0, nil, ""},

		{"GET", "/api/dashboard", may(fieldops.CanViewDashboard), typed(a.dashboard), "What the dashboard is made of", 0, nil, ""},
		{"GET", "/api/dashboard/metrics", may(fieldops.CanViewDashboard), typed(a.dashboardMetrics), "Projects, hours and revenue, at most 30 seconds old", 0, nil, ""},
		{"GET", "/api/dashboard/recent-timesheets", may(fieldops.CanViewDashboard), typed(a.recentTimesheets), "The newest timesheets: my own, or everybody's with can_view_all_timesheets", 0, nil, ""},
		{"GET", "/api/dashboard/active-projects", may(fieldops.CanViewDashboard), typed(a.activeProjects), "Projects in progress", 0, nil, ""},
		{"GET", "/api/dashboard/quick-stats", may(fieldops.CanViewDashboard), typed(a.quickStats), "How the projects in progress stand, in percent", 0, nil, ""},

		{"GET", "/api/activity-types", signedIn, typed(a.listActivityTypes), "Activity types", 0, nil, ""},
		{"POST", "/api/activity-types", may(fieldops.CanEditActivityTypes), typed(a.createActivityType), "Add an activity type", created | repeatable | transactional, nil, ""},
		{"GET", "/api/activity-types/{id}", signedIn, typed(a.getActivityType), "One activity type", 0, nil, ""},
		{"PUT", "/api/activity-types/{id}", may(fieldops.CanEditActivityTypes), typed(a.updateActivityType), "Change the fields sent", 0, nil, ""},
		{"DELETE", "/api/activity-types/{id}", may(fieldops.CanEditActivityTypes), typed(a.deleteActivityType), "Delete an activity type without timesheets", 0, nil, ""},

		{"GET", "/api/timesheets", may(fieldops.CanViewOwnTimesheets, fieldops.CanViewAllTimesheets), typed(a.listTimesheets), "Timesheets: my own, or everybody's with can_view_all_timesheets", 0, nil, ""},
		{"POST", "/api/timesheets", may(fieldops.CanCreateTimesheets), plain(a.createTimesheet).writing(new(timesheetAnswer)), "Write down work, with up to five photos", created | ownKey | streams, documentTimesheet, ""},
		{"POST", "/api/timesheets/batch", may(fieldops.CanCreateTimesheets), plain(a.createTimesheets).writing(new(entriesAnswer)), "Write down work of several people or activities with shared photos: all of it or nothing", created | ownKey | streams, documentEntries, ""},
		{"POST", "/api/timesheets/approve", may(fieldops.CanApproveTimesheets), typed(a.approveTimesheets), "Approve work for invoicing", 0, nil, ""},
		{"POST", "/api/timesheets/unapprove", may(fieldops.CanApproveTimesheets), typed(a.unapproveTimesheets), "Take approvals back", 0, nil, ""},
		{"POST", "/api/timesheets/hold", may(fieldops.CanCreateInvoices), typed(a.holdTimesheets), "Keep work off invoices, for a reason", 0, nil, ""},
		{"POST", "/api/timesheets/release-hold", may(fieldops.CanCreateInvoices), typed(a.releaseTimesheets), "Let held work onto invoices again", 0, nil, ""},
		{"GET", "/api/timesheets/{id}/why", may(fieldops.CanViewOwnTimesheets, fieldops.CanViewAllTimesheets), typed(a.whyUnbilled), "Why an entry is unbilled, and what would change it", 0, nil, ""},
		{"GET", "/api/timesheets/{id}", may(fieldops.CanViewOwnTimesheets, fieldops.CanViewAllTimesheets), typed(a.getTimesheet), "One timesheet", 0, nil, ""},
		{"PUT", "/api/timesheets/{id}", may(fieldops.CanEditOwnTimesheets), plain(a.updateTimesheet).writing(new(timesheetAnswer)), "Change unbilled work", streams, documentTimesheet, ""},
		{"DELETE", "/api/timesheets/{id}", may(fieldops.CanDeleteOwnTimesheets), typed(a.deleteTimesheet), "Delete unbilled work", 0, nil, ""},
		{"POST", "/api/timesheets/{id}/images", may(fieldops.CanEditOwnTimesheets), plain(a.addTimesheetImages).writing(new(imagesAnswer)), "Add photos", streams, documentImages, ""},
		{"DELETE", "/api/timesheets/{id}/images/{index}", may(fieldops.CanEditOwnTimesheets), typed(a.deleteTimesheetImage), "Remove a photo, counted from 0", 0, nil, ""},
		{"PUT", "/api/timesheets/{id}/images/{index}", may(fieldops.CanEditOwnTimesheets), typed(a.captionTimesheetImage), "Say what a photo, counted from 0, shows", 0, nil, ""},
		{"GET", "/uploads/{path...}", signedIn, plain(a.upload), "A file of a record that I may see: what is shown of it, by ?preview its small picture, by ?original all of it as it came", streams, documentFile, "application/octet-stream"},
		{"GET", "/api/files/timesheet-images", may(fieldops.CanViewOwnTimesheets, fieldops.CanViewAllTimesheets), typed(a.photoProjects), "The projects whose work has photos, mine or everybody's", 0, nil, ""},
		{"GET", "/api/files/timesheet-images/{project}", may(fieldops.CanViewOwnTimesheets, fieldops.CanViewAllTimesheets), typed(a.projectPhotos), "The photos of a project's work, newest day first; limit counts the entries that have them", 0, nil, ""},
		{"GET", "/shared/{id}", anybody, plain(a.shared), "A file, by a link that is good for an hour or two", streams, documentLink, "application/octet-stream"},
		{"OPTIONS", "/api/uploads", signedIn, plain(a.describeUploads), "What uploads that can be gone on with can do (tus 1.0.0)", empty, nil, ""},
		{"POST", "/api/uploads", signedIn, plain(a.beginUpload), "Begin an upload that can be gone on with after the connection broke (tus 1.0.0)", created | once, documentUpload, ""},
		{"HEAD", "/api/uploads/{id}", signedIn, plain(a.uploadState), "How many bytes of an upload have come", 0, nil, ""},
		{"PATCH", "/api/uploads/{id}", signedIn, plain(a.continueUpload), "Go on with an upload", streams | empty, documentPiece, ""},
		{"DELETE", "/api/uploads/{id}", signedIn, plain(a.endUpload), "Give an upload up", empty, nil, ""},
	}
}

// binRoutes are what was deleted, and the way back. Who may delete a kind of
// record may restore it; the handlers see to that.
func (a *api) binRoutes() []route {
	seesBin := may(fieldops.CanManageClients, fieldops.CanEditProjects, fieldops.CanCreateInvoices, fieldops.CanDeleteOwnTimesheets)
	writes := may(fieldops.CanCreateInvoices)
	restore := func(kind fieldops.RecordKind) endpoint { return typed(a.restoreRecord(kind)) }
	remove := func(kind fieldops.RecordKind) endpoint { return typed(a.deleteRecord(kind)) }
	return []route{
		{"GET", "/api/bin", seesBin, typed(a.listBin), "What was deleted and can be restored, newest first", 0, nil, ""},
		{"GET", "/api/bin/{id}", seesBin, typed(a.getDeletion), "One deletion with the records that it took", 0, nil, ""},
		{"GET", "/api/bin/preview/{kind}/{id}", seesBin, typed(a.previewDeletion), "What a deletion would take along; nothing is changed", 0, nil, ""},
		{"POST", "/api/bin/{id}/restore", seesBin, typed(a.restoreDeletion), "Bring back a record with all that went with it", 0, nil, ""},
		{"DELETE", "/api/bin/{id}", adminOnly, typed(a.purgeDeletion), "Remove for good what was deleted 30 days ago or earlier and never reached Xero", 0, nil, ""},

		{"POST", "/api/clients/{id}/restore", may(fieldops.CanManageClients), restore(fieldops.RecordClient), "Restore a client with all that went with them", 0, nil, ""},
		{"POST", "/api/projects/{id}/restore", may(fieldops.CanEditProjects), restore(fieldops.RecordProject), "Restore a project with all that went with it", 0, nil, ""},
		{"POST", "/api/timesheets/{id}/restore", may(fieldops.CanDeleteOwnTimesheets), restore(fieldops.RecordTimesheet), "Restore a timesheet", 0, nil, ""},
		{"POST", "/api/xero/invoices/{id}/restore", writes, restore(fieldops.RecordInvoice), "Restore an invoice, as a copy if it was voided in Xero", 0, nil, ""},
		{"POST", "/api/xero/purchase-orders/{id}/restore", writes, restore(fieldops.RecordPurchaseOrder), "Restore a purchase order, as a copy if it was deleted in Xero", 0, nil, ""},
		{"POST", "/api/xero/quotes/{id}/restore", writes, restore(fieldops.RecordQuote), "Restore a quote", 0, nil, ""},
		{"POST", "/api/xero/bills/{id}/restore", writes, restore(fieldops.RecordBill), "Restore a bill", 0, nil, ""},
		{"POST", "/api/xero/expenses/{id}/restore", writes, restore(fieldops.RecordExpense), "Restore an expense", 0, nil, ""},
		{"POST", "/api/xero/payments/{id}/restore", writes, restore(fieldops.RecordPayment), "Restore a payment", 0, nil, ""},
		{"POST", "/api/xero/credit-notes/{id}/restore", writes, restore(fieldops.RecordCreditNote), "Restore a credit note", 0, nil, ""},

		{"DELETE", "/api/xero/quotes/{id}", writes, remove(fieldops.RecordQuote), "Delete a quote", 0, nil, ""},
		{"DELETE", "/api/xero/bills/{id}", writes, remove(fieldops.RecordBill), "Delete a bill without payments", 0, nil, ""},
		{"DELETE", "/api/xero/expenses/{id}", writes, remove(fieldops.RecordExpense), "Delete an expense", 0, nil, ""},
		{"DELETE", "/api/xero/payments/{id}", writes, remove(fieldops.RecordPayment), "Delete a payment; its document owes the amount again", 0, nil, ""},
		{"DELETE", "/api/xero/credit-notes/{id}", writes, remove(fieldops.RecordCreditNote), "Delete a credit note; its invoices owe the amounts again", 0, nil, ""},
	}
}

// purchasingRoutes are bills, expenses, items and their stock, and the bank.
// Technicians write down their own expenses, and see only those.
func (a *api) purchasingRoutes() []route {
	sees, writes := may(fieldops.CanViewFinancials), may(fieldops.CanCreateInvoices)
	own := may(fieldops.CanViewFinancials, fieldops.CanCreateTimesheets)
	ownWrites := may(fieldops.CanCreateInvoices, fieldops.CanCreateTimesheets)
	const expense = "/api/xero/expenses/{id}"
	return []route{
		{"POST", "/api/xero/bills", writes, typed(a.createBill), "Write down what a supplier charges", created | repeatable | transactional, nil, ""},
		{"GET", "/api/xero/bills", sees, typed(a.listBills), "Bills, newest first", 0, nil, ""},
		{"GET", "/api/xero/bills/{id}", sees, typed(a.getBill), "One bill", 0, nil, ""},
		{"PUT", "/api/xero/bills/{id}", writes, typed(a.updateBill), "Change the fields sent of a bill that is not paid", 0, nil, ""},
		{"POST", "/api/xero/bills/{id}/pay", writes, typed(a.payBill), "Keep a payment of a bill: of all that is due, unless an amount is sent", repeatable, nil, ""},
		{"PUT", "/api/xero/bills/{id}/mark-paid", writes, typed(a.payBill), "Keep a payment of a bill: of all that is due, unless an amount is sent", 0, nil, ""},
		{"POST", "/api/xero/purchase-orders/{id}/convert-to-bill", writes, typed(a.convertOrder), "Bill what is open of a purchase order, or a part of it", created | repeatable | transactional, nil, ""},

		{"POST", "/api/xero/expenses", ownWrites, typed(a.createExpense), "Write down what I paid for the firm", created | repeatable | transactional, nil, ""},
		{"GET", "/api/xero/expenses", own, typed(a.listExpenses), "Expenses, newest first: my own, or everybody's with can_view_financials", 0, nil, ""},
		{"GET", expense, own, typed(a.getExpense), "One expense", 0, nil, ""},
		{"PUT", expense, ownWrites, typed(a.updateExpense), "Change the fields sent of an expense that is not approved", 0, nil, ""},
		{"POST", expense + "/submit", ownWrites, typed(a.advanceExpense(fieldops.StatusSubmitted, "submit")), "Hand an expense in", 0, nil, ""},
		{"POST", expense + "/approve", writes, typed(a.advanceExpense(fieldops.StatusApproved, "approve")), "Approve an expense", 0, nil, ""},
		{"POST", expense + "/pay", writes, typed(a.advanceExpense(fieldops.StatusPaid, "pay")), "Note that an approved expense was paid back", 0, nil, ""},

		{"GET", "/api/xero/items", sees, typed(a.listItems), "Items by code", 0, nil, ""},
		{"POST", "/api/xero/items", writes, typed(a.createItem), "Add an item", created | repeatable | transactional, nil, ""},
		{"GET", "/api/xero/items/{id}", sees, typed(a.getItem), "One item", 0, nil, ""},
		{"PUT", "/api/xero/items/{id}", writes, typed(a.updateItem), "Change the fields sent", 0, nil, ""},
		{"DELETE", "/api/xero/items/{id}", writes, typed(a.deleteItem), "Delete an item that stands on no document", 0, nil, ""},
		{"PUT", "/api/xero/items/{id}/stock", writes, typed(a.setStock), "Bring the stock to a level", 0, nil, ""},
		{"GET", "/api/xero/items/{id}/movements", sees, typed(a.listMovements), "What moved the stock, newest first", 0, nil, ""},

		{"POST", "/api/xero/bank-transactions/import", writes, plain(a.importBank).writing(new(statementAnswer)), "Import a bank's statement; one that was imported before adds nothing", 0, documentStatement, ""},
		{"POST", "/api/xero/bank-transactions", writes, typed(a.createBank), "Write down one bank transaction", created | repeatable | transactional, nil, ""},
		{"GET", "/api/xero/bank-transactions", sees, typed(a.listBank), "Bank transactions, newest first", 0, nil, ""},
		{"GET", "/api/xero/bank-transactions/{id}", sees, typed(a.getBank), "One bank transaction", 0, nil, ""},
		{"GET", "/api/xero/bank-transactions/{id}/suggestions", sees, typed(a.bankSuggestions), "Payments and open documents that a bank transaction may be", 0, nil, ""},
		{"POST", "/api/xero/reconcile", writes, typed(a.reconcile), "Match a bank transaction with a payment", 0, nil, ""},
		{"POST", "/api/xero/unreconcile", writes, typed(a.unreconcile), "Take a match back", 0, nil, ""},

		{"GET", "/api/xero/summary", sees, typed(a.summary), "What is due, paid, offered and invoiced", 0, nil, ""},
		{"GET", "/api/xero/aged", sees, typed(a.aged), "What is due to us, or from us, by how long it has been overdue", 0, nil, ""},
	}
}

// safetyRoutes are safety documents. Technicians write them on site; see
// safety_document.go for whose is whose.
func (a *api) safetyRoutes() []route {
	sees := may(fieldops.CanViewFinancials, fieldops.CanEditProjects, fieldops.CanCreateTimesheets)
	writes := may(fieldops.CanEditProjects, fieldops.CanCreateTimesheets)
	const document = "/api/safety-documents/{id}"
	return []route{
		{"GET", "/api/safety-documents", sees, typed(a.listSafety), "Safety documents, newest first: those that I began or whose project I have worked on, or all with can_view_financials", 0, nil, ""},
		{"POST", "/api/safety-documents", writes, typed(a.createSafety), "Begin a job safety analysis, a certificate of compliance or an electrical safety certificate", created | repeatable | transactional, nil, ""},
		{"GET", document, sees, typed(a.getSafety), "One safety document with its signatures", 0, nil, ""},
		{"PUT", document, writes, typed(a.updateSafety), "Change the fields sent of a draft, or bring it to another status", 0, nil, ""},
		{"DELETE", document, writes, typed(a.deleteSafety), "Delete a safety document; a certificate that was issued is kept for seven years", 0, nil, ""},
		{"POST", document + "/restore", may(fieldops.CanEditProjects), typed(a.restoreRecord(fieldops.RecordSafetyDocument)), "Restore a safety document", 0, nil, ""},
		{"POST", document + "/complete", writes, typed(a.advanceSafety(fieldops.SafetyCompleted)), "Issue a draft: everything that the form must hold is wanted, and the signature", 0, nil, ""},
		{"POST", document + "/approve", may(fieldops.CanEditProjects), typed(a.advanceSafety(fieldops.SafetyApproved)), "Approve what somebody else has completed", 0, nil, ""},
		{"POST", document + "/reopen", writes, typed(a.advanceSafety(fieldops.SafetyDraft)), "Make it a draft again, as its next revision; what was issued stays", 0, nil, ""},
		{"POST", document + "/signatures", writes, typed(a.signSafety), "Sign a draft, as its maker or as one of the crew", 0, nil, ""},
		{"DELETE", document + "/signatures/{signature}", writes, typed(a.unsignSafety), "Take a signature off a draft", 0, nil, ""},
		{"GET", document + "/revisions", sees, typed(a.safetyRevisions), "What was issued, approved and reopened, newest first", 0, nil, ""},
		{"GET", document + "/revisions/{revision}/pdf", sees, plain(a.safetyRevisionPDF), "The PDF that was made at one of these steps", streams, nil, "application/pdf"},
		{"POST", document + "/generate-pdf", writes, typed(a.generateSafetyPDF), "Make the PDF as the document stands", 0, nil, ""},
		{"GET", document + "/pdf", sees, plain(a.safetyPDF), "The PDF of the document", streams, nil, "application/pdf"},
	}
}

func (a *api) settingRoutes() []route {
	imports := plain(a.importFile).writing(new(importAnswer))
	return []route{
		{"POST", "/api/import/{kind}", may(fieldops.CanManageClients, fieldops.CanEditProjects, fieldops.CanViewAllTimesheets), imports, "Take clients, projects or timesheets from a CSV file: all of its rows or, if one is wrong, none", ownKey | streams, documentImport, ""},
		{"GET", "/api/import/{kind}/template", signedIn, plain(a.importTemplate), "A CSV file with the columns of an import", 0, nil, "text/csv"},

		{"GET", "/api/settings", signedIn, typed(a.listSettings), "The firm's settings: all of them for those who may change them", 0, nil, ""},
		{"PUT", "/api/settings/{key}", signedIn, typed(a.updateSetting), "Change one setting: the firm's with can_manage_settings, or one of mine", 0, nil, ""},
		{"PUT", "/api/settings", signedIn, typed(a.updateSettings), "Change several settings, all or none", 0, nil, ""},
		{"GET", "/api/settings/schema", may(fieldops.CanManageSettings), typed(a.settingsSchema), "What settings there are, for the page that shows them", 0, nil, ""},
		{"GET", "/api/settings/{key}", signedIn, typed(a.getSetting), "One setting: my own, else the firm's", 0, nil, ""},
		{"DELETE", "/api/settings/{key}", signedIn, typed(a.deleteSetting), "Forget a setting of mine, or put one of the firm's back to its default", 0, nil, ""},
		{"GET", "/api/settings/storage", may(fieldops.CanManageSettings), typed(a.getStorage), "Where files are kept, and what lies in each place", 0, nil, ""},
		{"PUT", "/api/settings/storage", may(fieldops.CanManageSettings), typed(a.updateStorage), "Keep new files in another place, after it was tried", 0, nil, ""},
		{"POST", "/api/settings/storage/test", may(fieldops.CanManageSettings), typed(a.tryStorage), "Try a place: keep a small file there, read it back, remove it", 0, nil, ""},
		{"POST", "/api/settings/test-s3", may(fieldops.CanManageSettings), typed(a.tryS3), "Try a bucket of Amazon's", 0, nil, ""},
		{"GET", "/api/settings/storage/google-drive/auth", may(fieldops.CanManageSettings), typed(a.driveConsent), "Where to send the browser to let the program keep files in a Google Drive", 0, nil, ""},
		{"GET", "/api/settings/storage/google-drive/callback", anybody, plain(a.driveCallback), "Where Google sends the browser back to", 0, nil, "text/html"},
		{"GET", "/api/settings/storage/google-drive/status", may(fieldops.CanManageSettings), typed(a.driveStatus), "Whether a Google Drive is connected", 0, nil, ""},
		{"DELETE", "/api/settings/storage/google-drive", may(fieldops.CanManageSettings), typed(a.disconnectDrive), "Forget the access to Google Drive", 0, nil, ""},
		{"GET", "/api/backups/google-drive/auth", may(fieldops.CanManageSettings), typed(a.driveConsent), "As /api/settings/storage/google-drive/auth, where existing clients look for it", 0, nil, ""},
		{"GET", "/api/backups/google-drive/callback", anybody, plain(a.driveCallback), "As /api/settings/storage/google-drive/callback, as Google's console may have it still", 0, nil, "text/html"},
		{"GET", "/api/backups/google-drive/status", may(fieldops.CanManageSettings), typed(a.driveStatus), "As /api/settings/storage/google-drive/status", 0, nil, ""},
		{"POST", "/api/settings/email/test", may(fieldops.CanManageSettings), typed(a.testMail), "Send a test mail and say what came of it", 0, nil, ""},
		{"POST", "/api/settings/logo", may(fieldops.CanManageSettings), plain(a.uploadLogo).writing(new(logoAnswer)), "The firm's logo: JPEG, PNG or WebP, at most 5 MB", streams, documentPicture("logo"), ""},
		{"POST", "/api/settings/favicon", may(fieldops.CanManageSettings), plain(a.uploadFavicon).writing(new(faviconAnswer)), "The firm's favicon: ICO, PNG, JPEG or WebP, at most 2 MB", streams, documentPicture("favicon"), ""},
		{"GET", "/branding/{picture}", anybody, plain(a.brandingPicture), "logo or favicon, for anybody", streams, nil, "image/png"},
		{"GET", "/api/settings/logs/activity", adminOnly, typed(a.listAuditEntries), "Who changed what, newest first", 0, nil, ""},
	}
}

// fileRoutes are the files of projects and cost centres.
func (a *api) fileRoutes() []route {
	sees, changes := may(fieldops.CanViewFinancials), may(fieldops.CanEditProjects)
	return []route{
		{"GET", "/api/files", sees, typed(a.listFiles), "Files of projects and cost centres, newest first", 0, nil, ""},
		{"POST", "/api/files", changes, plain(a.createFile).writing(new(fieldops.ProjectFile)), "Keep a file of a project or a cost centre; with the role user, of a project that I have a timesheet on", created | ownKey | streams, documentForm("An image, PDF, Word or Excel document, text or CSV file, at most 100 MB"), ""},
		{"GET", "/api/files/folders", sees, typed(a.listFolders), "The projects that have files, and cost centres that have some of their own, with the newest file first", 0, nil, ""},
		{"GET", "/api/files/logos", may(fieldops.CanManageSettings), typed(a.listLogos), "The logos and favicons that are kept, newest first", 0, nil, ""},
		{"DELETE", "/api/files/logos/{filename}", may(fieldops.CanManageSettings), typed(a.deleteLogo), "Delete a logo or favicon for good", 0, nil, ""},
		{"GET", "/api/files/{id}", sees, typed(a.getFile), "One file, with a link that needs no session", 0, nil, ""},
		{"GET", "/api/files/{first}/{second}", sees, plain(a.fileParts), "projects/ID and cost-centers/ID list files, newest first; ID/download gives a file out as it came, to be saved", streams, documentFileParts, "application/octet-stream"},
		{"PUT", "/api/files/{id}", changes, typed(a.updateFile), "Rename a file, tag it, or move it to another project or cost centre", 0, nil, ""},
		{"DELETE", "/api/files/{id}", changes, typed(a.deleteFile), "Delete a file", 0, nil, ""},
		{"POST", "/api/files/{id}/restore", changes, typed(a.restoreRecord(fieldops.RecordProjectFile)), "Restore a file", 0, nil, ""},
	}
}

// scanRoutes are receipts and suppliers' documents, and the files of bills and
// expenses. Technicians scan their own receipts, and see only those.
func (a *api) scanRoutes() []route {
	own := may(fieldops.CanViewFinancials, fieldops.CanEditProjects, fieldops.CanCreateTimesheets)
	ownWrites := may(fieldops.CanEditProjects, fieldops.CanCreateInvoices, fieldops.CanCreateTimesheets)
	matches := may(fieldops.CanEditProjects)
	const scan = "/api/document-scan/{id}"
	const bill, expense = "/api/xero/bills/{id}/attachments", "/api/xero/expenses/{id}/attachments"
	sees, writes := may(fieldops.CanViewFinancials), may(fieldops.CanCreateInvoices)
	ownExpense, ownExpenseWrites := may(fieldops.CanViewFinancials, fieldops.CanCreateTimesheets), may(fieldops.CanCreateInvoices, fieldops.CanCreateTimesheets)
	attach := func(of attachable) endpoint { return plain(a.addAttachment(of)).writing(new([]fieldops.AttachedFile)) }
	return []route{
		{"POST", "/api/document-scan/upload", may(fieldops.CanEditProjects), plain(a.uploadScan).writing(new(newScanAnswer)), "Scan a document of a project; its text is read in the background", created | ownKey | streams, documentScan, ""},
		{"POST", "/api/document-scan", ownWrites, plain(a.createScan).writing(new(newScanAnswer)), "Scan a receipt or a supplier's document, with a project or without; its text is read in the background", created | ownKey | streams, documentScan, ""},
		{"GET", "/api/document-scan", own, typed(a.listScans), "Scans, newest first: my own, or everybody's with can_view_financials", 0, nil, ""},
		{"GET", "/api/document-scan/reading", own, typed(a.scanReading), "Whether the text of documents can be read on this server, and what is missing where it cannot", 0, nil, ""},
		{"GET", scan, own, typed(a.getScan), "One scan with what was found in its text", 0, nil, ""},
		{"PUT", scan, ownWrites, typed(a.updateScan), "Put the fields sent right", 0, nil, ""},
		{"DELETE", scan, ownWrites, typed(a.deleteScan), "Delete a scan; what has become of it keeps the file", 0, nil, ""},
		{"POST", scan + "/restore", ownWrites, typed(a.restoreRecord(fieldops.RecordDocumentScan)), "Restore a scan", 0, nil, ""},
		{"POST", scan + "/retry", ownWrites, typed(a.retryScan), "Read the text again", 0, nil, ""},
		{"GET", scan + "/matches", sees, typed(a.scanMatches), "Orders, bills, expenses and invoices that it may belong to, at most five", 0, nil, ""},
		{"POST", scan + "/matches", matches, typed(a.findMatches), "Look anew for what it may belong to", 0, nil, ""},
		{"POST", scan + "/match/reject", matches, typed(a.rejectMatches), "It belongs to none of what is proposed", 0, nil, ""},
		{"POST", scan + "/match/{match}/confirm", matches, typed(a.confirmMatch), "It belongs to this: the file is attached there", 0, nil, ""},
		{"POST", scan + "/match/{match}/reject", matches, typed(a.rejectMatch), "It does not belong to this", 0, nil, ""},

		{"GET", bill, sees, typed(a.listAttachments(billFiles)), "The files of a bill", 0, nil, ""},
		{"POST", bill, writes, attach(billFiles), "Attach a file to a bill", created | ownKey | streams, documentAttachment, ""},
		{"DELETE", bill + "/{file}", writes, typed(a.removeAttachment(billFiles)), "Take a file off a bill; for 30 days it can be attached again", 0, nil, ""},
		{"GET", expense, ownExpense, typed(a.listAttachments(expenseFiles)), "The files of an expense", 0, nil, ""},
		{"POST", expense, ownExpenseWrites, attach(expenseFiles), "Attach a file to an expense", created | ownKey | streams, documentAttachment, ""},
		{"DELETE", expense + "/{file}", ownExpenseWrites, typed(a.removeAttachment(expenseFiles)), "Take a file off an expense; for 30 days it can be attached again", 0, nil, ""},
	}
}

// xeroRoutes are invoices, purchase orders, the connection to Xero and the live
// events.
func (a *api) xeroRoutes() []route {
	sees, invoices, connects := may(fieldops.CanViewFinancials), may(fieldops.CanCreateInvoices), may(fieldops.CanSyncXero)
	return []route{
		{"GET", "/api/xero/unbilled", sees, typed(a.unbilled), "Work that nobody has invoiced yet, by client, project and age", 0, nil, ""},
		{"GET", "/api/xero/unbilled/balance", sees, typed(a.workBalance), "Whether billed and explained work add up to all work", 0, nil, ""},
		{"POST", "/api/xero/invoices/from-timesheets/preview", invoices, typed(a.previewInvoice), "An invoice as it would be made; nothing is changed", 0, nil, ""},
		{"POST", "/api/xero/invoices/from-timesheets", invoices, typed(a.createInvoice), "Invoice unbilled timesheets", accepted | repeatable | transactional, nil, ""},
		{"POST", "/api/xero/invoices/from-timesheets/batch", invoices, typed(a.createInvoices), "Make up to 100 invoices, each for itself", repeatable, nil, ""},
		{"POST", "/api/xero/invoices", invoices, typed(a.createManualInvoice), "Make an invoice without timesheets", accepted | repeatable | transactional, nil, ""},
		{"GET", "/api/xero/invoices", sees, typed(a.listInvoices), "Invoices, newest first", 0, nil, ""},
		{"GET", "/api/xero/invoices/{id}", sees, typed(a.getInvoice), "One invoice with its timesheets", 0, nil, ""},
		{"PUT", "/api/xero/invoices/{id}", invoices, typed(a.updateInvoice), "Change dates, reference or lines", accepted, nil, ""},
		{"DELETE", "/api/xero/invoices/{id}", invoices, typed(a.deleteInvoice), "Take an invoice back and release its timesheets", accepted, nil, ""},
		{"POST", "/api/xero/invoices/{id}/copy", invoices, typed(a.copyInvoice), "Make a new invoice with the lines of another, also of a deleted one", accepted | repeatable | transactional, nil, ""},
		{"POST", "/api/xero/invoices/{id}/send", invoices, typed(a.sendInvoice), "Send an invoice by mail, as a PDF", accepted | repeatable | transactional, nil, ""},
		{"GET", "/api/xero/invoices/{id}/certificates", sees, typed(a.invoiceCertificates), "The approved certificates of the projects on an invoice, which its mail can bring along", 0, nil, ""},
		{"GET", "/api/xero/invoices/{id}/mails", sees, typed(a.invoiceMails), "The mails about an invoice, newest first", 0, nil, ""},
		{"PUT", "/api/xero/invoices/{id}/mark-paid", invoices, typed(a.markPaid), "Keep a payment of an invoice: of all that is due, unless an amount is sent", 0, nil, ""},
		{"GET", "/api/xero/invoices/{id}/pdf", sees, plain(a.invoicePDF), "An invoice to send or to print", 0, nil, "application/pdf"},
		{"GET", "/api/xero/invoices/{id}/sync-status", sees, typed(a.invoiceSync), "How an invoice stands on its way to Xero", 0, nil, ""},
		{"POST", "/api/xero/invoices/{id}/retry-sync", invoices, typed(a.retryInvoice), "Send an invoice again", accepted, nil, ""},

		{"POST", "/api/xero/payments", invoices, typed(a.createPayment), "Keep a payment of an invoice or a bill, whole or in part", created | repeatable | transactional, nil, ""},
		{"GET", "/api/xero/payments", sees, typed(a.listPayments), "Payments, newest first", 0, nil, ""},
		{"GET", "/api/xero/payments/{id}", sees, typed(a.getPayment), "One payment", 0, nil, ""},

		{"POST", "/api/xero/quotes", invoices, typed(a.createQuote), "Offer work at a price", created | repeatable | transactional, nil, ""},
		{"GET", "/api/xero/quotes", sees, typed(a.listQuotes), "Quotes, newest first", 0, nil, ""},
		{"GET", "/api/xero/quotes/{id}", sees, typed(a.getQuote), "One quote", 0, nil, ""},
		{"PUT", "/api/xero/quotes/{id}", invoices, typed(a.updateQuote), "Change the fields sent, until it became an invoice", 0, nil, ""},
		{"POST", "/api/xero/quotes/{id}/send", invoices, typed(a.sendQuote), "Note that a quote was sent, or send it by mail", repeatable, nil, ""},
		{"GET", "/api/xero/quotes/{id}/mails", sees, typed(a.quoteMails), "The mails that a quote was sent with, newest first", 0, nil, ""},
		{"POST", "/api/xero/quotes/{id}/accept", invoices, typed(a.acceptQuote), "Note that the client wants it", 0, nil, ""},
		{"POST", "/api/xero/quotes/{id}/decline", invoices, typed(a.declineQuote), "Note that the client does not want it", 0, nil, ""},
		{"POST", "/api/xero/quotes/{id}/reopen", invoices, typed(a.reopenQuote), "Make it a draft again", 0, nil, ""},
		{"POST", "/api/xero/quotes/{id}/convert", invoices, typed(a.convertQuote), "Make the invoice of a quote, once", accepted | repeatable | transactional, nil, ""},
		{"GET", "/api/xero/quotes/{id}/pdf", sees, plain(a.quotePDF), "A quote to send or to print", 0, nil, "application/pdf"},

		{"GET", "/api/xero/reminders/schedule", sees, typed(a.getReminderSchedule), "When clients are reminded of overdue invoices, and how", 0, nil, ""},
		{"PUT", "/api/xero/reminders/schedule", may(fieldops.CanManageSettings), typed(a.putReminderSchedule), "Change when clients are reminded, and how", 0, nil, ""},
		{"POST", "/api/xero/reminders/send", invoices, typed(a.sendReminder), "Remind a client of an invoice", repeatable, nil, ""},
		{"POST", "/api/xero/reminders/process", invoices, typed(a.processReminders), "Remind of everything that the schedule asks for now", 0, nil, ""},
		{"GET", "/api/xero/reminders/history", sees, typed(a.reminderHistory), "What clients were reminded of, newest first", 0, nil, ""},

		{"POST", "/api/xero/credit-notes", invoices, typed(a.createCreditNote), "Credit an invoice, whole or in part", created | repeatable | transactional, nil, ""},
		{"GET", "/api/xero/credit-notes", sees, typed(a.listCreditNotes), "Credit notes, newest first", 0, nil, ""},
		{"GET", "/api/xero/credit-notes/{id}", sees, typed(a.getCreditNote), "One credit note with what it was set against", 0, nil, ""},
		{"GET", "/api/xero/credit-notes/{id}/pdf", sees, plain(a.creditNotePDF), "A credit note to send or to print", 0, nil, "application/pdf"},
		{"POST", "/api/xero/credit-notes/{id}/apply", invoices, typed(a.applyCreditNote), "Set what is left of it against another invoice", 0, nil, ""},
		{"POST", "/api/xero/credit-notes/{id}/unapply", invoices, typed(a.unapplyCreditNote), "Take an allocation off its invoice", 0, nil, ""},

		{"POST", "/api/xero/purchase-orders", invoices, typed(a.createOrder), "Place an order with a supplier", accepted | repeatable | transactional, nil, ""},
		{"GET", "/api/xero/purchase-orders", sees, typed(a.listOrders), "Purchase orders, newest first", 0, nil, ""},
		{"GET", "/api/xero/purchase-orders/{id}", sees, typed(a.getOrder), "One purchase order", 0, nil, ""},
		{"GET", "/api/xero/purchase-orders/{first}/{second}", sees, plain(a.orderParts), "project/ID and cost-center/ID list purchase orders, ID/sync-status tells how one stands on its way to Xero", 0, nil, "application/json"},
		{"PUT", "/api/xero/purchase-orders/{id}", invoices, typed(a.updateOrder), "Change the fields sent", accepted, nil, ""},
		{"DELETE", "/api/xero/purchase-orders/{id}", invoices, typed(a.deleteOrder), "Take an order back", accepted, nil, ""},
		{"POST", "/api/xero/purchase-orders/{id}/retry-sync", invoices, typed(a.retryOrder), "Send a purchase order again", accepted, nil, ""},
		{"POST", "/api/xero/invoices/{id}/release", invoices, typed(a.releaseInvoice), "Say what an invoice of the former product is: to be sent, in Xero already, or never to go there", accepted, nil, ""},
		{"POST", "/api/xero/purchase-orders/{id}/release", invoices, typed(a.releaseOrder), "Say what a purchase order of the former product is", accepted, nil, ""},
		{"POST", "/api/xero/release", invoices, typed(a.releaseMany), "Say the same of up to 500 documents of the former product, each by itself", accepted, nil, ""},
		{"GET", "/api/clients/{id}/sync-status", sees, typed(a.clientSync), "How a client stands on its way to Xero, as a contact", 0, nil, ""},
		{"POST", "/api/clients/{id}/retry-sync", invoices, typed(a.retryClient), "Send a client to Xero again, or link it to the contact that bears its name", accepted, nil, ""},

		{"GET", "/api/xero/status", signedIn, typed(a.xeroStatus), "How the connection to Xero stands", 0, nil, ""},
		{"GET", "/api/xero/auth/url", connects, typed(a.consentURL), "Where to send a browser to connect Xero", 0, nil, ""},
		{"GET", "/api/xero/callback", anybody, plain(a.xeroCallback), "Where Xero sends the browser back to", 0, nil, "text/html"},
		{"DELETE", "/api/xero/disconnect", connects, typed(a.disconnectXero), "Withdraw our access to Xero", 0, nil, ""},
		{"POST", "/api/xero/lane", connects, typed(a.setLane), "Pause sending to Xero, or let it go on", 0, nil, ""},
		{"GET", "/api/xero/accounts", sees, typed(a.listAccounts), "Xero's accounts as last read", 0, nil, ""},
		{"GET", "/api/xero/tax-rates", sees, typed(a.listTaxRates), "Xero's tax rates as last read", 0, nil, ""},
		{"GET", "/api/xero/sync-health", may(fieldops.CanSyncXero), typed(a.syncHealth), "How the way to Xero goes: what waits, and how the last day went", 0, nil, ""},
		{"GET", "/api/xero/queue", may(fieldops.CanSyncXero), typed(a.syncQueue), "The documents on their way to Xero and those it refused, with why", 0, nil, ""},
		{"GET", "/api/xero/queue/retry-plan", invoices, typed(a.planRetry), "What sending everything again that matches would do; nothing is changed", 0, nil, ""},
		{"POST", "/api/xero/queue/retry", invoices, plain(a.retryQueue).reading(new(retryQueueInput)), "Send everything again that a plan was made of: one line of JSON for each document, as it is done", streams, nil, "application/x-ndjson"},
		{"GET", "/api/xero/sync-logs", sees, typed(a.listSyncLogs), "Every call to Xero about one record, newest first", 0, nil, ""},

		{"GET", queuePagesAt + "/{path...}", adminOnly, plain(a.queuePages), "The queue engine's own pages about its jobs", 0, nil, "text/html"},
		{"POST", queuePagesAt + "/{path...}", adminOnly, plain(a.queuePages), "What those pages ask for: retry, cancel or delete jobs", 0, nil, "application/json"},
		{"PUT", queuePagesAt + "/{path...}", adminOnly, plain(a.queuePages), "What those pages ask for: pause or resume a queue", 0, nil, "application/json"},
		{"PATCH", queuePagesAt + "/{path...}", adminOnly, plain(a.queuePages), "What those pages ask for: change a queue", 0, nil, "application/json"},

		{"GET", "/api/events", signedIn, plain(a.watchEvents), "Live events, as a stream", streams, nil, "text/event-stream"},
	}
}

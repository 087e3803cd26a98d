package billing

import (
	"context"
	"time"

	"ampedfieldops/internal/fieldops"
)

// Provider is the accounting provider as far as this package needs it. Building
// a call and judging its answer are pure; only Send and the OAuth calls use the
// network, each for exactly one exchange.
type Provider interface {
	Create(kind fieldops.DocumentKind, members []fieldops.Posting) (fieldops.Call, error)
	Update(p fieldops.Posting, remote *fieldops.Remote) (fieldops.Call, error)
	Void(p fieldops.Posting, remoteStatus string) (fieldops.Call, error)
	Look(kind fieldops.DocumentKind, members []fieldops.Posting) (fieldops.Call, error)
	LookContactByName(name string) (fieldops.Call, error)
	ListCall(kind fieldops.DocumentKind, page int, since time.Time) fieldops.Call
	OrganisationCall() fieldops.Call
	AccountsCall() fieldops.Call
	TaxRatesCall() fieldops.Call
	ConnectionsCall() fieldops.Call
	ConnectionsOfConsentCall(authEventID string) fieldops.Call

	Send(ctx context.Context, accessToken, tenantID string, call fieldops.Call) fieldops.Answer

	Judge(call fieldops.Call, a fieldops.Answer) []fieldops.Verdict
	ReadFound(call fieldops.Call, a fieldops.Answer) (found [][]fieldops.Remote, complete bool, err error)
	ReadList(call fieldops.Call, a fieldops.Answer) (remotes []fieldops.Remote, more bool, err error)
	ReadOrganisation(a fieldops.Answer) (fieldops.Organisation, error)
	ReadAccounts(a fieldops.Answer) ([]fieldops.Account, error)
	ReadTaxRates(a fieldops.Answer) ([]fieldops.RemoteTaxRate, error)
	ReadConnections(a fieldops.Answer) ([]fieldops.RemoteTenant, error)
	Compare(p fieldops.Posting, r fieldops.Remote) (different []string)
	TotalsDiffer(p fieldops.Posting, r fieldops.Remote) bool
	Mine(p fieldops.Posting, r fieldops.Remote) bool

	AuthorizeURL(state, codeChallenge string, scopes []string) string
	Exchange(ctx context.Context, code, verifier string) (fieldops.TokenSet, fieldops.Answer, error)
	Refresh(ctx context.Context, refreshToken string) (fieldops.TokenSet, fieldops.Answer, error)
	IsInvalidGrant(err error) bool
	Revoke(ctx context.Context, refreshToken string) (fieldops.Answer, error)
	DeleteConnection(ctx context.Context, accessToken, connectionID string) fieldops.Answer
	DocumentURL(kind fieldops.DocumentKind, remoteID, shortCode string) string
}

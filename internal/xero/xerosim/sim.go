// Package xerosim is a faithful Xero on the loopback interface: the identity
// service and the part of the Accounting API that this product uses, with
// Xero's state machines, arithmetic, limits and error texts, and a control API
// (/_sim) that makes it fail, late or silent on demand. It serves tests, the
// demonstration mode and training; it never talks to anything.
//
// What it does follows Xero's public documentation (developer.xero.com) and
// OpenAPI description. Where those are silent, a comment says what was chosen.
package xerosim

import (
	"log/slog"
	"net/http"
	"sync"
	"time"
	_ "time/tzdata" // "today" of an organisation must not depend on the host's zone files

	"github.com/google/uuid"
)

// DefaultTenantID is the tenant id, and organisation id, when Options names none.
const DefaultTenantID = "5c4f1b2e-8f0a-4d5e-9b1c-2d3e4f5a6b7c"

// Options configure a simulator; the zero value is a New Zealand demo company
// with the limits of Xero's Core tier.
type Options struct {
	// Clock gives the time; default time.Now. POST /_sim/clock adds to it.
	Clock func() time.Time
	// Logger reports the control API's doings; nil logs nothing. Tokens and
	// secrets are never logged.
	Logger *slog.Logger
	// Country chooses chart, tax rates, currency and time zone: NZ (default), AU or UK.
	Country string
	// OrganisationName defaults to "Demo Company (NZ)", with the country's code.
	OrganisationName string
	// TenantID is the organisation's id and tenant id; default DefaultTenantID.
	TenantID string
	// ClientID and ClientSecret must match on token calls when set; otherwise
	// any non-empty pair is accepted.
	ClientID, ClientSecret string
	// DayLimit, MinuteLimit and ConcurrentLimit hold per app and organisation;
	// 0 means 5000, 60 and 5, a negative number no limit.
	DayLimit, MinuteLimit, ConcurrentLimit int
	// AccessTokenLife is how long an access token holds, in whole seconds;
	// default 30 minutes.
	AccessTokenLife time.Duration
	// Latency passes before an API call is carried out (identity calls are exempt).
	Latency time.Duration
}

// Sim is one simulated Xero. All methods are safe for concurrent use.
type Sim struct {
	options Options
	stop    chan struct{} // closed by Close
	stopped sync.Once

	// mu guards everything below. A request's effect, from validation to
	// commit, happens under one hold of it, so every commit is atomic.
	mu            sync.Mutex
	offset        time.Duration
	up            bool
	limits        limits
	identity      *identity
	organisations map[string]*organisation
	order         []string // tenant ids in the order they were added
	keys          map[string]*storedAnswer
	appWindows    map[string]*window
	calls         []*call
	callsSeen     int // number of calls ever recorded; the next one's number
	faults        []*fault
	inFlight      int
	late          map[*time.Timer]struct{}
	seeds         []Seed
	doors         []*door // the addresses that ServeXero serves
}

// New makes a freshly seeded simulator.
func New(options Options) *Sim {
	if options.Clock == nil {
		options.Clock = time.Now
	}
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	if options.Country == "" {
		options.Country = "NZ"
	}
	if options.OrganisationName == "" {
		options.OrganisationName = "Demo Company (" + options.Country + ")"
	}
	if options.TenantID == "" {
		options.TenantID = DefaultTenantID
	}
	if options.AccessTokenLife <= 0 {
		options.AccessTokenLife = accessTokenLife
	}
	s := &Sim{options: options, stop: make(chan struct{}), late: map[*time.Timer]struct{}{}}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.resetLocked(false)
	return s
}

// resetLocked brings back the freshly seeded state: documents, limits, clock,
// faults, stored keys and recorded calls. Connections and tokens go too unless
// keepConnections is set.
func (s *Sim) resetLocked(keepConnections bool) {
	for timer := range s.late {
		timer.Stop()
	}
	clear(s.late)
	s.offset = 0
	s.up = true
	s.limits = defaultLimits(s.options)
	s.keys = map[string]*storedAnswer{}
	s.appWindows = map[string]*window{}
	s.calls = nil
	s.callsSeen = 0
	s.faults = nil
	if !keepConnections || s.identity == nil {
		s.identity = newIdentity()
	}
	former := s.organisations
	formerOrder := s.order
	s.organisations = map[string]*organisation{}
	s.order = nil
	s.addOrganisationLocked(s.options.TenantID, s.options.OrganisationName, s.options.Country)
	if keepConnections {
		// A kept connection may lead to an organisation that was added later.
		for _, tenant := range formerOrder {
			if s.organisations[tenant] == nil {
				s.addOrganisationLocked(tenant, former[tenant].name, former[tenant].country)
			}
		}
	}
	for _, seed := range s.seeds {
		// The seed was accepted once over the same base, so it is again.
		_ = s.organisations[s.options.TenantID].seed(seed, s.nowLocked())
	}
}

func (s *Sim) addOrganisationLocked(tenantID, name, country string) {
	s.organisations[tenantID] = newOrganisation(tenantID, name, country, s.nowLocked)
	s.order = append(s.order, tenantID)
}

// nowLocked is the simulator's time: UTC in whole milliseconds, Xero's own precision.
func (s *Sim) nowLocked() time.Time {
	return s.options.Clock().Add(s.offset).UTC().Truncate(time.Millisecond)
}

// Handler serves Xero's paths and the control API under /_sim.
func (s *Sim) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/_sim/", s.controlHandler())
	mux.HandleFunc("/", s.serveXero)
	return mux
}

// Close ends delays in progress and forgets commits that were to come late. The
// handler answers on, without delays. Serve calls it when its context ends;
// whoever uses Handler alone calls it himself.
func (s *Sim) Close() {
	s.stopped.Do(func() { close(s.stop) })
	s.mu.Lock()
	defer s.mu.Unlock()
	for timer := range s.late {
		timer.Stop()
	}
	clear(s.late)
}

// Consent grants access to the default organisation as a person pressing Allow
// on the consent page does, and returns the authorisation code that the page
// would send to redirectURI. The code must be exchanged with the same
// redirectURI within five minutes.
func (s *Sim) Consent(redirectURI string, scopes []string) (code string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.consentLocked(authorisation{redirectURI: redirectURI, scopes: scopes, clientID: s.options.ClientID, tenantID: s.options.TenantID})
}

// newID makes an id as Xero does, a random UUID.
func newID() string { return uuid.NewString() }

package xerosim

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The control API. It answers the loopback interface only.
//
//	POST   /_sim/reset           back to freshly seeded; {"keep_connections":true} keeps tokens and connections
//	GET    /_sim/calls           every identity and API call in order; ?since=N leaves out those before number N
//	GET    /_sim/documents/{X}   all documents of an endpoint, as Xero returns them in full; ?tenant= chooses an organisation
//	POST   /_sim/clock           {"advance_seconds":n} → {"now":…}
//	POST   /_sim/faults          an array of faults, added behind those already there
//	GET    /_sim/faults          the faults that are still to come
//	DELETE /_sim/faults          removes them
//	POST   /_sim/listen          {"up":false}: every connection to Xero is closed without a byte, or refused where
//	                             ServeXero listens; {"up":true} ends it
//	POST   /_sim/edit            {"endpoint","id","set":{…}}: what a person in Xero does, held to Xero's rules
//	POST   /_sim/limits          {"minute","day","concurrent","latency_ms"}, each optional; opens new windows
//	POST   /_sim/disconnect      {"tenant_id"}: the user disconnects the app in Xero
//	POST   /_sim/organisations   {"tenant_id","name","country"}: one more organisation the user can choose
//	GET    /_sim/state           a summary
func (s *Sim) controlHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /_sim/reset", s.controlReset)
	mux.HandleFunc("GET /_sim/calls", s.controlCalls)
	mux.HandleFunc("GET /_sim/documents/{endpoint}", s.controlDocuments)
	mux.HandleFunc("POST /_sim/clock", s.controlClock)
	mux.HandleFunc("POST /_sim/faults", s.controlAddFaults)
	mux.HandleFunc("GET /_sim/faults", s.controlFaults)
	mux.HandleFunc("DELETE /_sim/faults", s.controlClearFaults)
	mux.HandleFunc("POST /_sim/listen", s.controlListen)
	mux.HandleFunc("POST /_sim/edit", s.controlEdit)
	mux.HandleFunc("POST /_sim/limits", s.controlLimits)
	mux.HandleFunc("POST /_sim/disconnect", s.controlDisconnect)
	mux.HandleFunc("POST /_sim/organisations", s.controlOrganisations)
	mux.HandleFunc("GET /_sim/state", s.controlState)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// The Host check keeps out a page that had its name rebound to the
		// loopback address, the Origin check any other page.
		if !loopback(r.RemoteAddr) || !loopback(r.Host) || !loopbackOrigin(r.Header.Get("Origin")) {
			controlError(w, http.StatusForbidden, "the control API answers the loopback interface only")
			return
		}
		if r.Method != http.MethodGet {
			s.options.Logger.Debug("xero simulator control", "method", r.Method, "path", r.URL.Path)
		}
		mux.ServeHTTP(w, r)
	})
}

func loopback(hostPort string) bool {
	host, _, err := net.SplitHostPort(hostPort)
	if err != nil {
		host = strings.Trim(hostPort, "[]")
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

func loopbackOrigin(origin string) bool {
	if origin == "" {
		return true
	}
	parsed, err := url.Parse(origin)
	return err == nil && loopback(parsed.Host)
}

func controlAnswer(w http.ResponseWriter, tree any) { jsonAnswer(http.StatusOK, tree).write(w) }

func controlError(w http.ResponseWriter, status int, text string) {
	jsonAnswer(status, object{"error": text}).write(w)
}

// readControl decodes a control request strictly: a misspelt name in a test
// must not pass for a setting. An empty body is an empty object.
func readControl(w http.ResponseWriter, r *http.Request, into any) bool {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err == nil && len(strings.TrimSpace(string(body))) > 0 {
		decoder := json.NewDecoder(strings.NewReader(string(body)))
		decoder.UseNumber()
		decoder.DisallowUnknownFields()
		err = decoder.Decode(into)
	}
	if err != nil {
		controlError(w, http.StatusBadRequest, "cannot read the request: "+err.Error())
		return false
	}
	return true
}

func (s *Sim) controlReset(w http.ResponseWriter, r *http.Request) {
	var in struct {
		KeepConnections bool `json:"keep_connections"`
	}
	if !readControl(w, r, &in) {
		return
	}
	s.mu.Lock()
	s.resetLocked(in.KeepConnections)
	s.mu.Unlock()
	if err := s.switchXero(true); err != nil {
		controlError(w, http.StatusInternalServerError, err.Error())
		return
	}
	controlAnswer(w, object{"status": "reset"})
}

func (s *Sim) controlCalls(w http.ResponseWriter, r *http.Request) {
	since, _ := strconv.Atoi(r.URL.Query().Get("since")) // absent or unreadable: all
	list := []call{}
	s.mu.Lock()
	for _, c := range s.calls {
		if c.Number >= since {
			list = append(list, *c)
		}
	}
	s.mu.Unlock()
	controlAnswer(w, list)
}

// organisationByID is the organisation that ?tenant= or tenant_id names,
// the default one for "".
func (s *Sim) organisationByID(tenant string) *organisation {
	if tenant == "" {
		tenant = s.options.TenantID
	}
	return s.organisations[strings.ToLower(tenant)]
}

func (s *Sim) controlDocuments(w http.ResponseWriter, r *http.Request) {
	e := endpoints[strings.ToLower(r.PathValue("endpoint"))]
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.organisationByID(r.URL.Query().Get("tenant"))
	if e == nil || o == nil {
		controlError(w, http.StatusNotFound, "no such endpoint or organisation")
		return
	}
	list := []object{}
	for _, record := range e.records(o) {
		list = append(list, record.render(o, full))
	}
	controlAnswer(w, list)
}

func (s *Sim) controlClock(w http.ResponseWriter, r *http.Request) {
	var in struct {
		AdvanceSeconds float64 `json:"advance_seconds"`
	}
	if !readControl(w, r, &in) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.offset += time.Duration(in.AdvanceSeconds * float64(time.Second))
	controlAnswer(w, object{"now": s.nowLocked().Format(time.RFC3339Nano)})
}

func (s *Sim) controlAddFaults(w http.ResponseWriter, r *http.Request) {
	var in []fault
	if !readControl(w, r, &in) {
		return
	}
	var added []*fault
	for i := range in {
		if err := in[i].check(); err != nil {
			controlError(w, http.StatusBadRequest, err.Error())
			return
		}
		if in[i].Times == 0 {
			in[i].Times = 1
		}
		added = append(added, &in[i])
	}
	s.mu.Lock()
	s.faults = append(s.faults, added...)
	s.mu.Unlock()
	s.controlFaults(w, r)
}

func (s *Sim) controlFaults(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	list := []fault{}
	for _, f := range s.faults {
		list = append(list, *f)
	}
	s.mu.Unlock()
	controlAnswer(w, list)
}

func (s *Sim) controlClearFaults(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.faults = nil
	s.mu.Unlock()
	s.controlFaults(w, r)
}

func (s *Sim) controlListen(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Up *bool `json:"up"`
	}
	if !readControl(w, r, &in) {
		return
	}
	if in.Up == nil {
		controlError(w, http.StatusBadRequest, `say {"up":true} or {"up":false}`)
		return
	}
	if err := s.switchXero(*in.Up); err != nil {
		controlError(w, http.StatusInternalServerError, err.Error())
		return
	}
	controlAnswer(w, object{"up": *in.Up})
}

func (s *Sim) controlLimits(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Minute     *int `json:"minute"`
		Day        *int `json:"day"`
		Concurrent *int `json:"concurrent"`
		LatencyMS  *int `json:"latency_ms"`
	}
	if !readControl(w, r, &in) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for given, into := range map[*int]*int{in.Minute: &s.limits.minute, in.Day: &s.limits.day, in.Concurrent: &s.limits.concurrent} {
		if given != nil {
			*into = *given
		}
	}
	if in.LatencyMS != nil {
		s.limits.latency = time.Duration(max(0, *in.LatencyMS)) * time.Millisecond
	}
	for _, o := range s.organisations {
		for _, u := range o.usages {
			u.minute, u.day = window{}, window{}
		}
	}
	controlAnswer(w, object{
		"minute": s.limits.minute, "day": s.limits.day, "concurrent": s.limits.concurrent,
		"latency_ms": s.limits.latency.Milliseconds(),
	})
}

func (s *Sim) controlDisconnect(w http.ResponseWriter, r *http.Request) {
	var in struct {
		TenantID string `json:"tenant_id"`
	}
	if !readControl(w, r, &in) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.organisationByID(in.TenantID)
	if o == nil {
		controlError(w, http.StatusNotFound, "no such organisation")
		return
	}
	s.identity.connections = slices.DeleteFunc(s.identity.connections, func(c *connection) bool { return c.tenantID == o.id })
	controlAnswer(w, object{"disconnected": o.id})
}

func (s *Sim) controlOrganisations(w http.ResponseWriter, r *http.Request) {
	var in struct {
		TenantID string `json:"tenant_id"`
		Name     string `json:"name"`
		Country  string `json:"country"`
	}
	if !readControl(w, r, &in) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if in.TenantID == "" {
		in.TenantID = newID()
	}
	in.TenantID = strings.ToLower(in.TenantID)
	if !idPattern.MatchString(in.TenantID) || in.Name == "" || s.organisations[in.TenantID] != nil {
		controlError(w, http.StatusBadRequest, "an organisation needs a name and a new UUID as tenant_id")
		return
	}
	if in.Country == "" {
		in.Country = s.options.Country
	}
	s.addOrganisationLocked(in.TenantID, in.Name, in.Country)
	controlAnswer(w, object{"tenant_id": in.TenantID, "name": in.Name})
}

func (s *Sim) controlState(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var organisations []object
	for _, tenant := range s.order {
		o := s.organisations[tenant]
		connected := slices.ContainsFunc(s.identity.connections, func(c *connection) bool { return c.tenantID == tenant })
		organisations = append(organisations, object{
			"tenant_id": tenant, "name": o.name, "country": o.country, "connected": connected,
			"contacts": len(o.contacts), "invoices": len(o.documents[invoices]), "credit_notes": len(o.documents[creditNotes]),
			"purchase_orders": len(o.documents[purchaseOrders]), "payments": len(o.payments),
		})
	}
	controlAnswer(w, object{
		"now": s.nowLocked().Format(time.RFC3339Nano), "up": s.up, "calls": s.callsSeen, "in_flight": s.inFlight,
		"faults": len(s.faults), "late_commits": len(s.late), "stored_keys": len(s.keys), "organisations": organisations,
		"limits": object{
			"minute": s.limits.minute, "day": s.limits.day, "concurrent": s.limits.concurrent,
			"latency_ms": s.limits.latency.Milliseconds(),
		},
	})
}

// controlEdit does what a person does in Xero's own screens. Documents,
// contacts, payments and items go through the same rules as the API's updates;
// beyond them it knows:
//
//   - Invoices {"Status":"PAID"}: pays what is due from the first bank account
//   - Contacts {"MergedToContactID":id}: merges, moving the documents
//   - Organisation {"Name","PeriodLockDate","EndOfYearLockDate"}, "" lifts a lock
//   - Accounts {"Status","Name","EnablePaymentsToAccount"}, TaxRates {"Status"}, TrackingCategories {"Status","Name"}
func (s *Sim) controlEdit(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Endpoint string         `json:"endpoint"`
		ID       string         `json:"id"`
		TenantID string         `json:"tenant_id"`
		Set      map[string]any `json:"set"`
	}
	if !readControl(w, r, &in) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.organisationByID(in.TenantID)
	e := endpoints[strings.ToLower(in.Endpoint)]
	if strings.EqualFold(in.Endpoint, "Organisations") {
		e = endpoints["organisation"]
	}
	if e == nil || o == nil {
		controlError(w, http.StatusNotFound, "no such endpoint or organisation")
		return
	}
	problem := &payloadProblem{}
	f := fields{values: in.Set, problem: problem}
	tx := &transaction{org: o, now: s.nowLocked(), mode: createOnly, unitdp: 4}
	var target record = o
	switch {
	case in.ID == "" && e.prepare != nil:
		target = nil // somebody enters a new one
	case e.find != nil:
		if target = e.find(o, in.ID); target == nil {
			controlError(w, http.StatusNotFound, fmt.Sprintf("no %s with the id %q", e.singular, in.ID))
			return
		}
	}
	if target != nil {
		tx.mode, tx.target = updateOnly, target
	}
	edited, problems := o.editAsPerson(e, target, f, tx)
	if problem.found() {
		problems = append(problems, problem.message)
	}
	if len(problems) > 0 {
		jsonAnswer(http.StatusBadRequest, object{"error": strings.Join(problems, " "), "errors": problems}).write(w)
		return
	}
	controlAnswer(w, edited.render(o, full))
}

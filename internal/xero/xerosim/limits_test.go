package xerosim

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestMinuteLimit(t *testing.T) {
	t.Parallel()
	x := start(t, func(o *Options) { o.MinuteLimit, o.DayLimit = 3, 5 })
	for i := range 3 {
		r := x.api("GET", "/Currencies", nil).want(http.StatusOK)
		want := []string{strconv.Itoa(4 - i), strconv.Itoa(2 - i)}
		if diff := cmp.Diff(want, []string{r.header.Get("X-DayLimit-Remaining"), r.header.Get("X-MinLimit-Remaining")}); diff != "" {
			t.Errorf("call %d (-want +got)\n%s", i, diff)
		}
		if r.header.Get("X-AppMinLimit-Remaining") == "" || r.header.Get("Xero-Correlation-Id") == "" {
			t.Errorf("call %d: headers %v", i, r.header)
		}
	}
	x.clock.Advance(20 * time.Second)
	r := x.api("GET", "/Currencies", nil).want(http.StatusTooManyRequests)
	if r.header.Get("X-Rate-Limit-Problem") != "minute" || r.header.Get("Retry-After") != "40" || r.header.Get("X-MinLimit-Remaining") != "0" {
		t.Errorf("429 with %v", r.header)
	}
	x.clock.Advance(40 * time.Second)
	x.api("GET", "/Currencies", nil).want(http.StatusOK)
	x.api("GET", "/Currencies", nil).want(http.StatusOK)
	r = x.api("GET", "/Currencies", nil).want(http.StatusTooManyRequests)
	if r.header.Get("X-Rate-Limit-Problem") != "day" || r.header.Get("Retry-After") != strconv.Itoa(24*3600-60) {
		t.Errorf("429 with %v", r.header)
	}
}

func TestAppMinuteLimit(t *testing.T) {
	t.Parallel()
	x := start(t)
	for range appMinuteLimit {
		x.sim.mu.Lock()
		x.sim.appWindowLocked("app", x.sim.nowLocked()).used++
		x.sim.mu.Unlock()
	}
	r := x.api("GET", "/Currencies", nil).want(http.StatusTooManyRequests)
	if r.header.Get("X-Rate-Limit-Problem") != "appminute" || r.header.Get("Retry-After") == "" {
		t.Errorf("429 with %v", r.header)
	}
}

func TestRefusedCallsAreNotCarriedOutNorCounted(t *testing.T) {
	t.Parallel()
	x := start(t, func(o *Options) { o.MinuteLimit = 1 })
	x.api("PUT", "/Contacts", tree{"Name": "A"}).want(http.StatusOK)
	for range 3 {
		x.api("PUT", "/Contacts", tree{"Name": "B"}).want(http.StatusTooManyRequests)
	}
	x.clock.Advance(time.Minute)
	x.api("PUT", "/Contacts", tree{"Name": "C"}).want(http.StatusOK)
	if got := len(x.documents("Contacts")); got != 2 {
		t.Errorf("%d contacts, want 2", got)
	}
}

func TestReplaysCostCalls(t *testing.T) {
	t.Parallel()
	x := start(t, func(o *Options) { o.MinuteLimit = 2 })
	key := header{"Idempotency-Key": "k"}
	x.api("PUT", "/Contacts", tree{"Name": "A"}, key).want(http.StatusOK)
	x.api("PUT", "/Contacts", tree{"Name": "A"}, key).want(http.StatusOK)
	x.api("PUT", "/Contacts", tree{"Name": "A"}, key).want(http.StatusTooManyRequests)
}

func TestConcurrentLimit(t *testing.T) {
	t.Parallel()
	x := start(t, func(o *Options) { o.ConcurrentLimit = 5; o.Latency = 300 * time.Millisecond })
	var wg sync.WaitGroup
	answers := make([]*response, 8)
	for i := range answers {
		wg.Go(func() {
			r, err := x.try("GET", apiPrefix+"/Currencies", "")
			if err != nil {
				t.Error(err)
				return
			}
			answers[i] = r
		})
	}
	wg.Wait()
	count := map[int]int{}
	for _, r := range answers {
		count[r.status]++
		if r.status == http.StatusTooManyRequests && (r.header.Get("X-Rate-Limit-Problem") != "concurrent" || r.header.Get("Retry-After") != "") {
			t.Errorf("429 with %v", r.header)
		}
	}
	if diff := cmp.Diff(map[int]int{200: 5, 429: 3}, count); diff != "" {
		t.Errorf("answers (-want +got)\n%s", diff)
	}
	x.api("GET", "/Currencies", nil).want(http.StatusOK) // the places are free again
	var calls []call
	x.control("GET", "calls", nil, &calls)
	highest := 0
	for _, c := range calls {
		highest = max(highest, c.InFlight)
	}
	if highest < 6 || highest > 8 {
		t.Errorf("most calls in flight: %d, want 6 to 8", highest)
	}
}

func TestIdempotency(t *testing.T) {
	t.Parallel()
	x := start(t)
	contact := x.customer("ABC Limited")
	key := header{"Idempotency-Key": "key-1"}
	body := invoice(contact, nil)
	first := x.api("PUT", "/Invoices", body, key).want(http.StatusOK)
	second := x.api("PUT", "/Invoices", body, key).want(http.StatusOK)
	if string(first.body) != string(second.body) {
		t.Error("the stored answer was not replayed")
	}
	if got := len(x.documents("Invoices")); got != 1 {
		t.Fatalf("%d invoices after a replay", got)
	}

	const mismatch = "Idempotency Key: key-1 is used with a different request."
	for name, other := range map[string]func() *response{
		"body":   func() *response { return x.api("PUT", "/Invoices", invoice(contact, tree{"Reference": "x"}), key) },
		"method": func() *response { return x.api("POST", "/Invoices", body, key) },
		"url":    func() *response { return x.api("PUT", "/Invoices?unitdp=4", body, key) },
	} {
		if r := other().want(http.StatusBadRequest); r.tree().text("Message") != mismatch {
			t.Errorf("other %s: %s", name, r.body)
		}
	}
	x.api("GET", "/Invoices", nil, key).want(http.StatusOK) // ignored on GET

	long := strings.Repeat("k", 129)
	if r := x.api("PUT", "/Invoices", body, header{"Idempotency-Key": long}).want(http.StatusBadRequest); r.tree().text("Message") != "Idempotency Key: "+long+" with length 129 is too long." {
		t.Errorf("long key: %s", r.body)
	}
	x.api("PUT", "/Invoices", invoice(contact, nil), header{"Idempotency-Key": strings.Repeat("k", 128)}).want(http.StatusOK)

	x.clock.Advance(6 * time.Minute)
	x.api("PUT", "/Invoices", body, key).want(http.StatusOK) // the key means nothing any more
	if got := len(x.documents("Invoices")); got != 3 {
		t.Errorf("%d invoices, want 3", got)
	}
}

func TestErrorsAreReplayed(t *testing.T) {
	t.Parallel()
	x := start(t)
	key := header{"Idempotency-Key": "key-1"}
	x.api("PUT", "/Contacts", tree{"Name": "A"}).want(http.StatusOK)
	x.api("PUT", "/Contacts", tree{"Name": "A", "FirstName": "x"}, key).want(http.StatusBadRequest)
	id := x.documents("Contacts")[0].text("ContactID")
	x.edit("Contacts", id, map[string]any{"Name": "B"})
	x.api("PUT", "/Contacts", tree{"Name": "A", "FirstName": "x"}, key).want(http.StatusBadRequest) // though it would succeed now
	x.api("PUT", "/Contacts", tree{"Name": "A", "FirstName": "x"}).want(http.StatusOK)

	// A 500 is stored too, one from the gateway is not.
	x.faults(map[string]any{"path": "/api.xro/2.0/Contacts", "do": "status", "status": 500})
	for range 2 {
		x.api("PUT", "/Contacts", tree{"Name": "C"}, header{"Idempotency-Key": "key-2"}).want(http.StatusInternalServerError)
	}
	x.faults(map[string]any{"path": "/api.xro/2.0/Contacts", "do": "status", "status": 503})
	x.api("PUT", "/Contacts", tree{"Name": "C"}, header{"Idempotency-Key": "key-3"}).want(http.StatusServiceUnavailable)
	x.api("PUT", "/Contacts", tree{"Name": "C"}, header{"Idempotency-Key": "key-3"}).want(http.StatusOK)
}

func TestKeysAreSharedByOrganisationsOfAnApp(t *testing.T) {
	t.Parallel()
	x := start(t)
	const other = "11111111-2222-4333-8444-555555555555"
	x.control("POST", "organisations", map[string]any{"tenant_id": other, "name": "Second Ltd"}, nil)
	x.sim.mu.Lock()
	x.sim.consentLocked(authorisation{tenantID: other})
	x.sim.mu.Unlock()
	key := header{"Idempotency-Key": "key-1"}
	first := x.api("PUT", "/Contacts", tree{"Name": "A"}, key).want(http.StatusOK)
	second := x.api("PUT", "/Contacts", tree{"Name": "A"}, key, header{"Xero-Tenant-Id": other}).want(http.StatusOK)
	if string(first.body) != string(second.body) {
		t.Error("the store should be per app: put the tenant into the key")
	}
}

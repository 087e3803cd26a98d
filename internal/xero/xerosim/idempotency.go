package xerosim

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"time"
)

// Rules of developer.xero.com/documentation/guides/idempotent-requests/idempotency.
const (
	idempotencyKeyLimit = 128
	idempotencyKeyLife  = 6 * time.Minute
)

// storedAnswer is what a key replays: the first answer, errors included, for
// six minutes from the first call.
type storedAnswer struct {
	fingerprint [sha256.Size]byte
	expires     time.Time
	answer      answer
}

// idempotencyKey is the request's key, or "" where Xero ignores it. The store
// is per app and not per organisation.
func (x *exchange) idempotencyKey() string {
	switch x.method {
	case http.MethodPut, http.MethodPost, http.MethodPatch:
		return x.header.Get("Idempotency-Key")
	default:
		return ""
	}
}

// fingerprint tells requests apart: method, URL and body.
func (x *exchange) fingerprint() [sha256.Size]byte {
	return sha256.Sum256(fmt.Appendf(nil, "%s\n%s?%s\n%s", x.method, x.path, x.rawQuery, x.body))
}

// replayLocked answers from the key store: the stored answer, or a refusal of
// the key itself. nil means that the request is to be carried out.
func (s *Sim) replayLocked(x *exchange, client string, now time.Time) *answer {
	key := x.idempotencyKey()
	if key == "" {
		return nil
	}
	if len(key) > idempotencyKeyLimit {
		a := s.keyRefusal(x, fmt.Sprintf("Idempotency Key: %s with length %d is too long.", key, len(key)))
		return &a
	}
	stored := s.keys[client+"\n"+key]
	if stored == nil || !now.Before(stored.expires) {
		return nil
	}
	if stored.fingerprint != x.fingerprint() {
		a := s.keyRefusal(x, fmt.Sprintf("Idempotency Key: %s is used with a different request.", key))
		return &a
	}
	a := stored.answer
	a.header = a.header.Clone()
	return &a
}

// keyRefusal: Xero does not document where in the body the text stands; here it
// is the exception's Message.
func (s *Sim) keyRefusal(x *exchange, text string) answer {
	tree := exceptionTree(errorValidation, "ValidationException", text)
	tree["Elements"] = []object{}
	return apiAnswer(x.accept(), http.StatusBadRequest, "ApiException", tree)
}

func (s *Sim) storeLocked(x *exchange, client string, a answer, now time.Time) {
	key := x.idempotencyKey()
	if key == "" || len(key) > idempotencyKeyLimit {
		return
	}
	for name, stored := range s.keys {
		if !now.Before(stored.expires) {
			delete(s.keys, name)
		}
	}
	expires := now.Add(idempotencyKeyLife)
	if earlier := s.keys[client+"\n"+key]; earlier != nil {
		expires = earlier.expires // six minutes count from the first call
	}
	s.keys[client+"\n"+key] = &storedAnswer{
		fingerprint: x.fingerprint(),
		expires:     expires,
		answer:      answer{status: a.status, header: a.header.Clone(), body: a.body},
	}
}

// storable reports whether an answer comes from behind the key store. What the
// gateway says never reaches it.
func storable(status int) bool {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return false
	default:
		return true
	}
}

package store

import (
	"strings"
	"sync"
	"time"

	"ampedfieldops/internal/fieldops"
)

const sumsKept = 500

// keptSums are sums and counts over very many rows, as last added up, each by what was
// summed.
type keptSums struct {
	exactly int // countExactly, but for tests
	mu      sync.Mutex
	sums    map[string]*keptSum
	changes int // of documents
}

// ofDocuments begins the names of sums over invoices, bills, credit notes,
// payments and quotes, which this process forgets as soon as it has changed one.
// What another process changes shows after a minute.
const ofDocuments = "documents: "

// changed forgets the sums over documents.
func (k *keptSums) changed() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.changes++
	for of := range k.sums {
		if strings.HasPrefix(of, ofDocuments) {
			delete(k.sums, of)
		}
	}
}

type keptSum struct {
	value  any
	at     time.Time
	adding bool
}

// sumKept is a sum that add works out of so many rows. Of up to 10,000 rows it is
// always exact, and asOf is zero. Beyond that it is added up at most once a
// minute, by one caller while the others get what was there, and asOf tells when.
// Nobody may change what it gives.
func sumKept[T any](r reads, of string, add func() (sum T, rows int, err error)) (sum T, asOf fieldops.Time, err error) {
	known, changes := r.sums.find(of)
	if known != nil {
		if sum, ok := known.value.(T); ok {
			return sum, fieldops.At(known.at), nil
		}
	}
	at, large := time.Now(), false
	defer func() { r.sums.keep(of, keptSum{value: sum, at: at}, changes, large && err == nil) }()
	sum, rows, err := add()
	if large = rows > r.sums.exactly; large {
		asOf = fieldops.At(at)
	}
	return sum, asOf, err
}

// find is a kept sum that will do: it is young enough, or somebody else is adding
// it up already. Whoever is told nil adds up and keeps, and says then how many
// changes there had been.
func (k *keptSums) find(of string) (known *keptSum, changes int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	s := k.sums[of]
	if s == nil || !s.adding && time.Since(s.at) >= countAgain {
		if s != nil {
			s.adding = true
		}
		return nil, k.changes
	}
	return &keptSum{value: s.value, at: s.at}, k.changes
}

// keep keeps a sum of very many rows, or forgets it.
func (k *keptSums) keep(of string, sum keptSum, changes int, worthIt bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !worthIt || strings.HasPrefix(of, ofDocuments) && changes != k.changes {
		delete(k.sums, of)
		return
	}
	if k.sums == nil || len(k.sums) >= sumsKept {
		k.sums = map[string]*keptSum{}
	}
	k.sums[of] = &sum
}

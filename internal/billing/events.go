package billing

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

// Event is something that people who watch their screens should see at once.
type Event struct {
	Name string // "sync", "lane", "scan", "notification" or "resync"
	Data any    // becomes JSON
}

// SyncEvent is the data of a "sync" event: how a document stands now.
type SyncEvent struct {
	fieldops.DocumentRef
	SyncStatus   *string         `json:"sync_status"`
	Phase        *fieldops.Phase `json:"phase"`
	XeroSyncID   *fieldops.ID    `json:"xero_sync_id"`
	ErrorMessage *string         `json:"error_message"`
}

// NotificationEvent is the data of a "notification" event: somebody has one more.
type NotificationEvent struct {
	UserID fieldops.ID `json:"user_id"`
}

// ScanChanged announces that the reading of a scan has begun or ended.
func (e *Events) ScanChanged(s store.ChangedScan) {
	e.Publish(Event{"scan", s})
	e.mu.Lock()
	e.scans = append(e.scans, s)
	e.mu.Unlock()
	e.nudge()
}

// Notified announces that a person has a new notification.
func (e *Events) Notified(user fieldops.ID) {
	e.Publish(Event{"notification", NotificationEvent{user}})
	e.mu.Lock()
	e.notified[user] = struct{}{}
	e.mu.Unlock()
	e.nudge()
}

// Resync is sent to a watcher who was too slow to be told everything: what is on
// the screen has to be loaded again.
var Resync = Event{Name: "resync", Data: struct{}{}}

// watcherBuffer is how many events a watcher may be behind.
const watcherBuffer = 64

// Events tells watchers in this process of changes, and on PostgreSQL the other
// processes, which tell theirs. The zero value is not usable; Run makes it speak.
type Events struct {
	process     fieldops.ID // this one, among those that tell each other
	db          *store.DB
	durations   fieldops.Durations
	maxAttempts int
	log         *slog.Logger

	mu       sync.Mutex
	watchers map[chan Event]struct{}
	closed   bool
	changed  map[fieldops.DocumentRef]struct{} // here
	heard    map[fieldops.DocumentRef]struct{} // elsewhere
	notified map[fieldops.ID]struct{}          // here; others are to be told
	scans    []store.ChangedScan               // here; others are to be told
	lane     bool                              // changed here
	heardOf  bool                              // the lane changed elsewhere
	wake     chan struct{}

	// Run's own: what it last told of the documents that are under way.
	told map[fieldops.DocumentRef]string
}

// lookAround is how often the database is asked how the documents under way
// stand, because another process may be the one that moves them. What arrives between
// two looks is found by having arrived a moment ago.
const lookAround = 2 * time.Second

// NewEvents makes the place where sync's documents are announced.
func NewEvents(db *store.DB, sync *Sync) *Events {
	return &Events{
		process: fieldops.NewID(), db: db, durations: sync.Durations(), maxAttempts: sync.MaxAttempts(), log: sync.log,
		watchers: map[chan Event]struct{}{}, changed: map[fieldops.DocumentRef]struct{}{}, heard: map[fieldops.DocumentRef]struct{}{}, notified: map[fieldops.ID]struct{}{}, wake: make(chan struct{}, 1),
		told: map[fieldops.DocumentRef]string{},
	}
}

// DocumentChanged announces that a document's sync state has changed. It does
// not wait; many changes of one document may be told as one.
func (e *Events) DocumentChanged(ref fieldops.DocumentRef) {
	e.mu.Lock()
	e.changed[ref] = struct{}{}
	e.mu.Unlock()
	e.nudge()
}

// LaneChanged announces that the lane has opened or closed. It does not wait.
func (e *Events) LaneChanged() {
	e.mu.Lock()
	e.lane = true
	e.mu.Unlock()
	e.nudge()
}

func (e *Events) nudge() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// Run tells watchers of what was announced, until ctx ends, and then ends every
// subscription.
func (e *Events) Run(ctx context.Context) {
	defer e.close()
	again := time.NewTicker(lookAround)
	defer again.Stop()
	listening, stop := context.WithCancel(ctx)
	var listener sync.WaitGroup
	listener.Go(func() { e.db.Listen(listening, e.hear, func() { e.Publish(Resync) }) })
	defer listener.Wait()
	defer stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case <-e.wake:
			err = e.tell(ctx)
		case <-again.C:
			err = e.tellOfOthers(ctx)
		}
		if err != nil && ctx.Err() == nil {
			// Watchers cannot know what they have missed.
			e.log.ErrorContext(ctx, "live events could not be read", "error", err)
			e.Publish(Resync)
		}
	}
}

// hear takes what another process tells.
func (e *Events) hear(n store.News) {
	if n.From == e.process {
		return
	}
	for _, user := range n.People {
		e.Publish(Event{"notification", NotificationEvent{user}})
	}
	for _, scan := range n.Scans {
		e.Publish(Event{"scan", scan})
	}
	e.mu.Lock()
	for _, ref := range n.Documents {
		e.heard[ref] = struct{}{}
	}
	e.heardOf = e.heardOf || n.Lane
	e.mu.Unlock()
	e.nudge()
}

// tell tells the other processes what was announced here. It also reads how all
// that was announced here or there stands now, in a few queries however much it
// is, and publishes it: this process's own watchers are told even when the others
// cannot be.
func (e *Events) tell(ctx context.Context) error {
	e.mu.Lock()
	news := store.News{From: e.process, Documents: slices.Collect(maps.Keys(e.changed)), People: slices.Collect(maps.Keys(e.notified)), Scans: e.scans, Lane: e.lane}
	changed, lane := maps.Clone(e.heard), e.lane || e.heardOf
	maps.Copy(changed, e.changed)
	clear(e.changed)
	clear(e.heard)
	clear(e.notified)
	e.scans = nil
	e.lane, e.heardOf = false, false
	watched := len(e.watchers) > 0
	e.mu.Unlock()
	told := e.db.Tell(ctx, news)
	if !watched {
		return told
	}
	return errors.Join(told, e.publishNow(ctx, slices.Collect(maps.Keys(changed)), lane))
}

// publishNow publishes how documents stand now, and the lane if that is asked.
func (e *Events) publishNow(ctx context.Context, refs []fieldops.DocumentRef, lane bool) error {
	if err := e.publishStates(ctx, refs); err != nil {
		return err
	}
	if !lane {
		return nil
	}
	state, err := e.db.Lane(ctx, e.durations)
	if err != nil {
		return err
	}
	e.Publish(Event{"lane", state})
	return nil
}

// tellOfOthers tells of documents that are under way, or were a moment ago, and
// stand otherwise than they were last told of.
func (e *Events) tellOfOthers(ctx context.Context) error {
	e.mu.Lock()
	watched := len(e.watchers) > 0
	e.mu.Unlock()
	if !watched {
		clear(e.told)
		return nil
	}
	underWay, err := e.db.UnderWay(ctx, 5*lookAround)
	if err != nil {
		return err
	}
	arrived := maps.Clone(e.told)
	for _, ref := range underWay {
		delete(arrived, ref)
	}
	if err := e.publishStates(ctx, slices.Concat(underWay, slices.Collect(maps.Keys(arrived)))); err != nil {
		return err
	}
	for ref := range arrived {
		delete(e.told, ref)
	}
	return nil
}

// publishStates publishes how documents stand, unless that was told already.
func (e *Events) publishStates(ctx context.Context, refs []fieldops.DocumentRef) error {
	byKind := map[fieldops.DocumentKind][]fieldops.ID{}
	for _, ref := range refs {
		byKind[ref.Kind] = append(byKind[ref.Kind], ref.ID)
	}
	for kind, ids := range byKind {
		states, err := e.db.SyncStates(ctx, kind, ids, e.maxAttempts)
		if err != nil {
			return err
		}
		for _, id := range ids {
			s := states[id]
			event := SyncEvent{
				DocumentRef: fieldops.DocumentRef{Kind: kind, ID: id},
				SyncStatus:  s.Status, Phase: s.Phase, XeroSyncID: s.XeroSyncID, ErrorMessage: s.ErrorMessage,
			}
			text, err := json.Marshal(event)
			if err != nil {
				return err
			}
			if e.told[event.DocumentRef] != string(text) {
				e.told[event.DocumentRef] = string(text)
				e.Publish(Event{"sync", event})
			}
		}
	}
	return nil
}

// Publish tells every watcher at once. One who has not read the last
// watcherBuffer events gets Resync in their place.
func (e *Events) Publish(event Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for w := range e.watchers {
		select {
		case w <- event:
			continue
		default:
		}
		for range watcherBuffer {
			select {
			case <-w:
				continue
			default:
			}
			break
		}
		w <- Resync // the buffer was just emptied, and only Publish fills it
	}
}

// Subscribe gives a channel of events that is closed when ctx ends or Run
// returns.
func (e *Events) Subscribe(ctx context.Context) <-chan Event {
	w := make(chan Event, watcherBuffer)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		close(w)
		return w
	}
	e.watchers[w] = struct{}{}
	context.AfterFunc(ctx, func() { e.drop(w) })
	return w
}

func (e *Events) drop(w chan Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if _, there := e.watchers[w]; there {
		delete(e.watchers, w)
		close(w)
	}
}

func (e *Events) close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
	for w := range e.watchers {
		delete(e.watchers, w)
		close(w)
	}
}

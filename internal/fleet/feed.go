package fleet

import (
	"context"
	"errors"
	"slices"
	"sort"
	"sync"
)

// Bounds of a Feed.
const (
	feedRing    = 1024 // latest events kept for the watchers of a tenant
	feedBatch   = 64   // events that a watcher is given at a time
	feedWatches = 1024 // at the same time
	feedTenant  = 128  // of one tenant
)

// Feed passes on events as they become durable. A tenant's latest are in one ring
// that all who watch it share: publishing costs the same however many they are, a
// watcher holds no more than its place, and one that has fallen behind the ring reads
// the store until it has caught up. Nothing is kept of tenants that nobody watches.
type Feed struct {
	mu      sync.Mutex
	last    ID // no event that was published has a higher one
	topics  map[ID]*topic
	watches int
	closed  chan struct{}
	once    sync.Once
}

// topic is the events of a tenant that somebody watches.
type topic struct {
	floor   ID // ring has every event after this one
	ring    []Event
	watches int
	changed chan struct{} // closed when there is more
}

// NewFeed returns a feed. No event that is published may have an ID up to last, and
// all that are in the store by now must.
func NewFeed(last ID) *Feed {
	return &Feed{last: last, topics: make(map[ID]*topic), closed: make(chan struct{})}
}

// Publish passes on events that have become durable, in the order of their IDs. It
// must be called in that order too, and never blocks for long.
func (f *Feed) Publish(events []Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var touched []*topic
	for _, e := range events {
		f.last = max(f.last, e.ID)
		t := f.topics[e.Tenant]
		if t == nil {
			continue
		}
		if !slices.Contains(touched, t) {
			touched = append(touched, t)
		}
		if t.ring = append(t.ring, e); len(t.ring) >= 2*feedRing {
			t.floor = t.ring[len(t.ring)-feedRing-1].ID
			t.ring = slices.Clone(t.ring[len(t.ring)-feedRing:])
		}
	}
	for _, t := range touched {
		close(t.changed)
		t.changed = make(chan struct{})
	}
}

// Close ends every watch, and those that begin later at once.
func (f *Feed) Close() { f.once.Do(func() { close(f.closed) }) }

// ErrFeedClosed is what a watch ends with when the program does.
var ErrFeedClosed = errors.New("the feed of events is closed")

// Watch is one reader's place in the events of a tenant. It is for one goroutine.
type Watch struct {
	feed   *Feed
	store  Store
	tenant ID
	topic  *topic
	after  ID
}

// Watch follows the events of the caller's tenant: from those after the event given,
// as far as they are still kept, or with 0 from now on. The caller must close it.
func (f *Fleet) Watch(ctx context.Context, c Caller, after ID) (*Watch, error) {
	if err := c.mayHere(Viewer); err != nil {
		return nil, err
	}
	if err := f.store.Read(ctx, func(r Reader) error { _, err := r.Tenant(ctx, c.Tenant); return err }); err != nil {
		return nil, err
	}
	return f.feed.watch(f.store, c.Tenant, after)
}

func (f *Feed) watch(store Store, tenant, after ID) (*Watch, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	t := f.topics[tenant]
	if f.watches >= feedWatches || t != nil && t.watches >= feedTenant {
		return nil, errorf(CodeTooMany, "too many clients watch events at the same time; end some of them")
	}
	if t == nil {
		t = &topic{floor: f.last, changed: make(chan struct{})}
		f.topics[tenant] = t
	}
	f.watches++
	t.watches++
	if after == 0 {
		after = f.last
	}
	return &Watch{feed: f, store: store, tenant: tenant, topic: t, after: after}, nil
}

// Close ends the watch.
func (w *Watch) Close() {
	w.feed.mu.Lock()
	defer w.feed.mu.Unlock()
	w.feed.watches--
	if w.topic.watches--; w.topic.watches == 0 {
		delete(w.feed.topics, w.tenant)
	}
}

// After is the place: a watch that begins after it goes on where this one is.
func (w *Watch) After() ID { return w.after }

// Next returns the next events, at least one, in the order of their IDs: each once.
// It waits for them until ctx ends, and returns ErrFeedClosed when the feed does.
func (w *Watch) Next(ctx context.Context) ([]Event, error) {
	for {
		select {
		case <-w.feed.closed:
			return nil, ErrFeedClosed
		default:
		}
		found, changed, published := w.look()
		if changed == nil { // the ring begins too late
			var err error
			if found, err = w.catchUp(ctx, published); err != nil {
				return nil, err
			}
			if len(found) == 0 {
				continue
			}
		}
		if n := len(found); n > 0 {
			w.after = max(w.after, found[n-1].ID)
			return found, nil
		}
		select {
		case <-changed:
		case <-w.feed.closed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// look reads the ring. Without changed, the ring does not have all that is next.
func (w *Watch) look() (found []Event, changed chan struct{}, published ID) {
	w.feed.mu.Lock()
	defer w.feed.mu.Unlock()
	ring := w.topic.ring
	if w.after < w.topic.floor {
		return nil, nil, w.feed.last
	}
	from := sort.Search(len(ring), func(i int) bool { return ring[i].ID > w.after })
	return slices.Clone(ring[from:min(len(ring), from+feedBatch)]), w.topic.changed, w.feed.last
}

// catchUp reads the store. All that had been published is there; if no more comes
// from there, the watch has seen all up to it.
func (w *Watch) catchUp(ctx context.Context, published ID) (found []Event, err error) {
	err = w.store.Read(ctx, func(r Reader) error {
		found, err = r.EventsAfter(ctx, w.tenant, w.after, feedBatch)
		return err
	})
	if err == nil && len(found) < feedBatch {
		w.after = max(w.after, published)
	}
	return found, err
}

package fleet

import (
	"context"
	"log/slog"
	"time"
)

// EventStore forgets events.
type EventStore interface {
	// DeleteEvents deletes at most limit events from before a time and returns how
	// many it did.
	DeleteEvents(ctx context.Context, before time.Time, limit int) (int, error)
}

// Retention forgets events that are old.
type Retention struct {
	Store EventStore
	Keep  time.Duration // how long events are kept
	Now   func() time.Time
	Log   *slog.Logger
}

const (
	forgetBatch = 500              // events in one transaction: a few milliseconds
	forgetPause = time.Second / 10 // between two, for others that write
	forgetEvery = 10 * time.Minute
)

// Run forgets until ctx ends: some events at a time, so that nobody waits long.
func (r Retention) Run(ctx context.Context) {
	for {
		n, err := r.Store.DeleteEvents(ctx, r.Now().Add(-r.Keep), forgetBatch)
		if err != nil && ctx.Err() == nil {
			r.Log.ErrorContext(ctx, "old events could not be deleted; trying again later", "error", err)
		}
		wait := forgetEvery
		if n > 0 {
			wait = forgetPause
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return
		}
	}
}

package provision

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/dialplane/dialplane/internal/fleet"
)

// FetchStore keeps fetches; all of one call or none.
type FetchStore interface {
	RecordFetches(ctx context.Context, fetches []fleet.Fetch) error
}

// Journal takes notes of fetches without slowing the phones' answers and writes
// them to the store in batches. When the store falls behind by more than the
// journal holds, further notes are dropped and counted in the log.
type Journal struct {
	store   FetchStore
	log     *slog.Logger
	notes   chan fleet.Fetch
	flush   chan chan struct{}
	dropped atomic.Int64
}

const (
	journalSize  = 65536
	journalBatch = 1000
	journalDelay = 200 * time.Millisecond
	journalPause = 5 * time.Second // after the store has failed
)

// NewJournal makes a journal. Run must be called for it to write.
func NewJournal(store FetchStore, log *slog.Logger) *Journal {
	return &Journal{store: store, log: log, notes: make(chan fleet.Fetch, journalSize), flush: make(chan chan struct{})}
}

// Record takes a note. It never blocks.
func (j *Journal) Record(f fleet.Fetch) {
	select {
	case j.notes <- f:
	default:
		j.dropped.Add(1)
	}
}

// Flush returns once everything recorded before the call is stored, or the store
// has failed. It needs Run.
func (j *Journal) Flush(ctx context.Context) error {
	done := make(chan struct{})
	select {
	case j.flush <- done:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Run writes until ctx is done, then writes what is left and returns. What the
// store does not take is kept and tried again.
func (j *Journal) Run(ctx context.Context) {
	batch := make([]fleet.Fetch, 0, journalBatch)
	timer := time.NewTimer(journalDelay)
	defer timer.Stop()
	waiting := false // for a store that has failed
	for {
		notes := j.notes
		if waiting {
			notes = nil
		}
		select {
		case f := <-notes:
			if len(batch) == 0 {
				timer.Reset(journalDelay)
			}
			if batch = append(batch, f); len(batch) < journalBatch {
				continue
			}
			waiting = !j.write(ctx, &batch)
		case <-timer.C:
			waiting = !j.write(ctx, &batch)
		case done := <-j.flush:
			waiting = !j.drain(ctx, &batch)
			close(done)
		case <-ctx.Done():
			if !j.drain(ctx, &batch) {
				j.log.Error("the last fetches are lost", "count", len(batch)+len(j.notes))
			}
			return
		}
		if waiting {
			timer.Reset(journalPause)
		}
	}
}

// drain writes all that has been recorded, and returns false once the store fails.
func (j *Journal) drain(ctx context.Context, batch *[]fleet.Fetch) bool {
	for {
		select {
		case f := <-j.notes:
			if *batch = append(*batch, f); len(*batch) >= journalBatch && !j.write(ctx, batch) {
				return false
			}
		default:
			return j.write(ctx, batch)
		}
	}
}

// write stores the batch and empties it. It has its own deadline, since the last
// batch is written when everything else has stopped.
func (j *Journal) write(ctx context.Context, batch *[]fleet.Fetch) bool {
	if n := j.dropped.Swap(0); n > 0 {
		j.log.Warn("the store is too slow for the phones' fetches; some were not recorded", "dropped", n)
	}
	if len(*batch) == 0 {
		return true
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err := j.store.RecordFetches(ctx, *batch); err != nil {
		j.log.Error("fetches could not be recorded; they are kept and tried again", "count", len(*batch), "error", err)
		return false
	}
	*batch = (*batch)[:0]
	return true
}

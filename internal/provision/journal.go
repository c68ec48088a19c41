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

// Flush returns once everything recorded before the call is stored, Run permitting.
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

// Run writes until ctx is done, then writes what is left and returns.
func (j *Journal) Run(ctx context.Context) {
	batch := make([]fleet.Fetch, 0, journalBatch)
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	for {
		select {
		case f := <-j.notes:
			if len(batch) == 0 {
				timer.Reset(journalDelay)
			}
			batch = append(batch, f)
			if len(batch) == journalBatch {
				batch = j.write(batch)
			}
		case <-timer.C:
			batch = j.write(batch)
		case done := <-j.flush:
			batch = j.drain(batch)
			close(done)
		case <-ctx.Done():
			j.drain(batch)
			return
		}
	}
}

func (j *Journal) drain(batch []fleet.Fetch) []fleet.Fetch {
	for {
		select {
		case f := <-j.notes:
			batch = append(batch, f)
			if len(batch) == journalBatch {
				batch = j.write(batch)
			}
		default:
			return j.write(batch)
		}
	}
}

// write stores the batch and returns it empty. It has its own deadline, since the
// last batch is written when everything else has stopped.
func (j *Journal) write(batch []fleet.Fetch) []fleet.Fetch {
	if n := j.dropped.Swap(0); n > 0 {
		j.log.Warn("the store is too slow for the phones' fetches; some were not recorded", "dropped", n)
	}
	if len(batch) == 0 {
		return batch
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := j.store.RecordFetches(ctx, batch); err != nil {
		j.log.Error("fetches could not be recorded", "count", len(batch), "error", err)
	}
	return batch[:0]
}

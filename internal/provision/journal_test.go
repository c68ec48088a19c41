package provision_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/provision"
)

// batches keeps the size of each batch, or fails, or blocks until released.
type batches struct {
	mu       sync.Mutex
	sizes    []int
	files    []string
	fail     error
	released chan struct{}
}

func (b *batches) RecordFetches(ctx context.Context, list []fleet.Fetch) error {
	if b.released != nil {
		select {
		case <-b.released:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fail != nil {
		return b.fail
	}
	b.sizes = append(b.sizes, len(list))
	for _, f := range list {
		b.files = append(b.files, f.File)
	}
	return nil
}

func (b *batches) set(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fail = err
}

func (b *batches) written() []int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]int{}, b.sizes...)
}

// run lets the journal write until stop is called, in a bubble of synctest.
func run(j *provision.Journal) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); j.Run(ctx) }()
	return func() { cancel(); <-done }
}

func record(j *provision.Journal, n int) {
	for i := range n {
		j.Record(fleet.Fetch{File: fmt.Sprint(i)})
	}
}

func TestJournalWritesInBatches(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, log := new(batches), new(buffer)
		j := provision.NewJournal(store, slog.New(slog.NewTextHandler(log, nil)))
		stop := run(j)
		record(j, 3)
		synctest.Wait()
		if got := store.written(); len(got) != 0 {
			t.Errorf("written at once: %d", got)
		}
		time.Sleep(200 * time.Millisecond)
		synctest.Wait()
		record(j, 2500)
		synctest.Wait()
		if diff := cmp.Diff([]int{3, 1000, 1000}, store.written()); diff != "" {
			t.Error(diff)
		}
		check(t, j.Flush(t.Context()))
		if diff := cmp.Diff([]int{3, 1000, 1000, 500}, store.written()); diff != "" {
			t.Error(diff)
		}
		check(t, j.Flush(t.Context()))
		record(j, 1200)
		stop()
		got := 0
		for _, n := range store.written()[4:] {
			got += n
		}
		if got != 1200 {
			t.Errorf("%d of 1200 were written at the end", got)
		}
		if log.String() != "" {
			t.Errorf("logged: %s", log.String())
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := j.Flush(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("Flush of a journal that has ended: %v", err)
		}
	})
}

func TestJournalNeverBlocks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, log := &batches{released: make(chan struct{})}, new(buffer)
		j := provision.NewJournal(store, slog.New(slog.NewTextHandler(log, nil)))
		stop := run(j)
		record(j, 1000)
		synctest.Wait() // it is writing these, and cannot
		record(j, 65536+7)
		close(store.released)
		check(t, j.Flush(t.Context()))
		stop()
		got := 0
		for _, n := range store.written() {
			got += n
		}
		if got != 1000+65536 {
			t.Errorf("%d were written", got)
		}
		contains(t, log.String(), "dropped=7")
	})
}

func TestJournalOutlivesAFailingStore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, log := &batches{fail: errDown}, new(buffer)
		j := provision.NewJournal(store, slog.New(slog.NewTextHandler(log, nil)))
		stop := run(j)
		record(j, 5)
		time.Sleep(time.Second)
		synctest.Wait()
		contains(t, log.String(), "fetches could not be recorded", errDown.Error())
		store.set(nil)
		record(j, 2)
		check(t, j.Flush(t.Context()))
		stop()
		if diff := cmp.Diff([]int{7}, store.written()); diff != "" {
			t.Errorf("after the store was back: %s", diff)
		}
		if diff := cmp.Diff([]string{"0", "1", "2", "3", "4", "0", "1"}, store.files); diff != "" {
			t.Errorf("in this order: %s", diff)
		}
	})
}

// A store that takes forever is given up on; the journal ends in finite time.
func TestJournalEndsThoughTheStoreHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, log := &batches{released: make(chan struct{})}, new(buffer)
		j := provision.NewJournal(store, slog.New(slog.NewTextHandler(log, nil)))
		record(j, 1)
		begin := time.Now()
		run(j)()
		if took := time.Since(begin); took > 10*time.Second {
			t.Errorf("it took %s", took)
		}
		contains(t, log.String(), "fetches could not be recorded", "count=1")
	})
}

// Package jobs carries out the orders that the fleet has written down: it makes
// phones fetch their configuration or restart, not too many in a second and none too
// often, until each has done so or it is clear why not.
//
// All is in the store, and the Worker only moves it along: an item is marked as sent,
// with its attempt counted, before its message leaves, and the mark is a lease. If
// the program dies, what was marked is taken up again when the lease has ended; if it
// ends in order, what was not sent is given back at once. So nothing is lost, and a
// phone is told twice only if nobody can know whether it was told.
//
// One goroutine does all the writing. A fixed number of others send.
package jobs

import (
	"context"
	"log/slog"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/mac"
)

// Store keeps the jobs. Its methods may be called at the same time.
type Store interface {
	// ClaimItems makes items that are due the caller's until their lease ends.
	ClaimItems(ctx context.Context, c fleet.Claim) ([]fleet.Errand, error)
	// SettleItems writes down what has become of errands and who has fetched.
	SettleItems(ctx context.Context, at time.Time, s []fleet.Settlement, a []fleet.Arrival) (fleet.Settled, error)
	// OverdueItems returns items sent or accepted whose time is up.
	OverdueItems(ctx context.Context, at time.Time, limit int) ([]fleet.Overdue, error)
	// NextItem returns when an item is next due or overdue, or no time.
	NextItem(ctx context.Context) (time.Time, error)
	// EachWaiting calls f for every phone that was sent something by an item that
	// is still open, and the time of the first.
	EachWaiting(ctx context.Context, f func(m mac.Addr, since time.Time) error) error
	JobRuns(ctx context.Context, id fleet.ID) (bool, error)
	// DeleteJobs deletes some of what ended before a time; 0 if none is left.
	DeleteJobs(ctx context.Context, before time.Time, limit int) (int, error)
}

// Notifier tells one phone what to do. It returns nil if the phone has accepted.
// Otherwise retry says whether trying again later can help, and the error may have a
// method Outcome() string with one of fleet.Outcomes: its text is then shown to
// whoever gave the order, in plain words and without secrets. Texts of other errors
// are only logged.
type Notifier interface {
	Notify(ctx context.Context, tenant fleet.ID, m mac.Addr, kind fleet.JobKind) (retry bool, err error)
}

// Seen says whether a phone has fetched its whole configuration at or after a time,
// as far as was noted elsewhere. It is asked before a phone is told again after a
// crash, or given up as unconfirmed.
type Seen func(ctx context.Context, tenant fleet.ID, m mac.Addr, since time.Time) (bool, error)

// Config is what a Worker works with. Store, Notifier and Log are required.
type Config struct {
	Store    Store
	Notifier Notifier
	Log      *slog.Logger
	Seen     Seen             // may be nil
	Now      func() time.Time // time.Now unless set

	Rate          float64       // messages in a second at most; 200 unless set, math.Inf(1) for no limit
	Parallel      int           // messages at a time at most; 500 unless set
	Spacing       time.Duration // between two messages to one phone at least; 30 s unless set
	Attempts      int           // at one phone at most; 4 unless set
	Backoff       time.Duration // longest wait between attempts beside Spacing; 10 min unless set
	Timeout       time.Duration // of one message; 10 s unless set
	ConfirmWithin time.Duration // how long to wait for the fetch; 5 min unless set
	Keep          time.Duration // how long jobs that have ended are kept; 30 days unless set
}

func (c Config) withDefaults() Config {
	set(&c.Now, time.Now, c.Now == nil)
	set(&c.Rate, 200, c.Rate <= 0)
	set(&c.Parallel, 500, c.Parallel <= 0)
	set(&c.Spacing, 30*time.Second, c.Spacing <= 0)
	set(&c.Attempts, 4, c.Attempts <= 0)
	set(&c.Backoff, 10*time.Minute, c.Backoff <= 0)
	set(&c.Timeout, 10*time.Second, c.Timeout <= 0)
	set(&c.ConfirmWithin, 5*time.Minute, c.ConfirmWithin <= 0)
	set(&c.Keep, 30*24*time.Hour, c.Keep <= 0)
	return c
}

func set[T any](to *T, v T, unset bool) {
	if unset {
		*to = v
	}
}

const (
	grace      = 5 * time.Second  // for messages under way when the worker is to end
	leaseExtra = 30 * time.Second // on top of the timeout: for the queue and the store
	storeRetry = time.Second
	longest    = 10 * time.Minute // between two looks at the store
	pruneEvery = time.Hour
	pruneBatch = 500
	overdueMax = 500
)

// Worker carries out jobs. It implements fleet.Jobs.
type Worker struct {
	cfg   Config
	pace  pacer
	queue chan errand

	signal   chan struct{} // there is something to do
	revision atomic.Int64  // of the jobs: how often they were said to have changed
	queued   atomic.Int64  // errands that no sender has begun

	// waiting has the phones that were sent something by an item that is still
	// open, mac.Addr to time.Time: when the first was. Only the writing goroutine changes it.
	waiting sync.Map
	anybody atomic.Int64 // phones in waiting

	mu       sync.Mutex
	results  []fleet.Settlement
	arrivals map[mac.Addr]time.Time

	held   map[key]bool // errands that are not settled; the writing goroutine's
	pruned time.Time
}

type key struct {
	job fleet.ID
	mac mac.Addr
}

// errand is an errand and the revision of the jobs that it was claimed under.
type errand struct {
	fleet.Errand
	revision int64
}

// New returns a worker that does nothing until it is run.
func New(c Config) *Worker {
	c = c.withDefaults()
	return &Worker{
		cfg: c, pace: pacer{every: time.Duration(float64(time.Second) / c.Rate)}, queue: make(chan errand, c.Parallel),
		signal: make(chan struct{}, 1), arrivals: make(map[mac.Addr]time.Time), held: make(map[key]bool),
	}
}

// Wake says that jobs were added or changed. It never blocks.
func (w *Worker) Wake() {
	w.revision.Add(1)
	w.nudge()
}

func (w *Worker) nudge() {
	select {
	case w.signal <- struct{}{}:
	default:
	}
}

// Fetched says that a phone has fetched its whole configuration. It never blocks for
// long and costs next to nothing for a phone that is not waited for.
func (w *Worker) Fetched(m mac.Addr, at time.Time) {
	if w.anybody.Load() == 0 {
		return
	}
	since, ok := w.waiting.Load(m)
	if !ok || at.Before(since.(time.Time)) {
		return
	}
	w.mu.Lock()
	if at.After(w.arrivals[m]) {
		w.arrivals[m] = at
	}
	w.mu.Unlock()
	w.nudge()
}

// Run carries out jobs until the context ends. Then it waits a few seconds for the
// messages that are under way, gives back what was not sent, and returns. It can be
// run once.
func (w *Worker) Run(ctx context.Context) {
	for w.load(ctx) != nil {
		if !sleep(ctx, storeRetry) {
			return
		}
	}
	// The context of the messages ends later than that of the worker.
	sending, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var senders sync.WaitGroup
	for range w.cfg.Parallel {
		senders.Go(func() { w.send(ctx, sending) })
	}
	for ctx.Err() == nil {
		wait := w.step(ctx)
		select {
		case <-ctx.Done():
		case <-w.signal:
		case <-time.After(wait):
		}
	}
	close(w.queue)
	cut := time.AfterFunc(grace, stop)
	defer cut.Stop()
	senders.Wait()
	if err := w.settle(context.WithoutCancel(ctx)); err != nil {
		w.cfg.Log.ErrorContext(ctx, "what has become of some messages to phones could not be saved; those phones may be told again", "error", err)
	}
}

// load finds out which phones are waited for.
func (w *Worker) load(ctx context.Context) error {
	err := w.cfg.Store.EachWaiting(ctx, func(m mac.Addr, since time.Time) error {
		w.expect(m, since)
		return nil
	})
	if err != nil && ctx.Err() == nil {
		w.cfg.Log.ErrorContext(ctx, "the jobs could not be read; trying again", "error", err)
	}
	return err
}

func (w *Worker) expect(m mac.Addr, since time.Time) {
	if _, there := w.waiting.LoadOrStore(m, since); !there {
		w.anybody.Add(1)
	}
}

// step moves along what there is to move, and returns when to do so again.
func (w *Worker) step(ctx context.Context) (wait time.Duration) {
	wait, err := w.move(ctx)
	if err != nil {
		if ctx.Err() == nil {
			w.cfg.Log.ErrorContext(ctx, "jobs are held up; trying again", "error", err)
		}
		return storeRetry
	}
	return wait
}

func (w *Worker) move(ctx context.Context) (time.Duration, error) {
	if err := w.settle(ctx); err != nil {
		return 0, err
	}
	if err := w.overdue(ctx); err != nil {
		return 0, err
	}
	if err := w.claim(ctx); err != nil {
		return 0, err
	}
	more, err := w.prune(ctx)
	if err != nil || more {
		return 0, err
	}
	next, err := w.cfg.Store.NextItem(ctx)
	if err != nil || next.IsZero() {
		return longest, err
	}
	// What is due and was not claimed waits for room, half a batch of it.
	return min(max(next.Sub(w.cfg.Now()), w.pace.every*time.Duration(w.batch())/2, time.Millisecond), longest), nil
}

// batch is how many errands are claimed at a time: what is sent in a tenth of a
// second, or what can be under way if there is no limit.
func (w *Worker) batch() int {
	return int(math.Ceil(min(w.cfg.Rate/10, float64(w.cfg.Parallel))))
}

// claim takes as many errands as senders can begin soon.
func (w *Worker) claim(ctx context.Context) error {
	room := min(w.batch()-int(w.queued.Load()), w.cfg.Parallel-len(w.held))
	if room <= 0 || room < w.batch()/2 && w.queued.Load() > 0 {
		return nil
	}
	revision := w.revision.Load()
	at := w.cfg.Now()
	queue := w.pace.every * time.Duration(w.batch()) // the longest time until one is sent
	errands, err := w.cfg.Store.ClaimItems(ctx, fleet.Claim{At: at, Lease: queue + w.cfg.Timeout + leaseExtra, Spacing: w.cfg.Spacing + queue, Limit: room})
	if err != nil {
		return err
	}
	for _, e := range errands {
		w.held[key{e.Job, e.MAC}] = true
		w.expect(e.MAC, at.Truncate(time.Millisecond)) // as the store has it
		w.queued.Add(1)
		w.queue <- errand{e, revision} // has room for all that may be held
	}
	return nil
}

// settle writes down what senders and phones have reported. If it cannot, it keeps
// the reports.
func (w *Worker) settle(ctx context.Context) error {
	w.mu.Lock()
	results, arrivals := w.results, w.arrivals
	w.results, w.arrivals = nil, make(map[mac.Addr]time.Time)
	w.mu.Unlock()
	var list []fleet.Arrival
	for m, at := range arrivals {
		list = append(list, fleet.Arrival{MAC: m, At: at})
	}
	err := w.save(ctx, results, list)
	if err != nil {
		w.mu.Lock()
		w.results = append(results, w.results...)
		for m, at := range arrivals {
			if at.After(w.arrivals[m]) {
				w.arrivals[m] = at
			}
		}
		w.mu.Unlock()
	}
	return err
}

func (w *Worker) save(ctx context.Context, results []fleet.Settlement, arrivals []fleet.Arrival) error {
	if len(results) == 0 && len(arrivals) == 0 {
		return nil
	}
	settled, err := w.cfg.Store.SettleItems(ctx, w.cfg.Now(), results, arrivals)
	if err != nil {
		return err
	}
	for _, s := range results {
		delete(w.held, key{s.Job, s.MAC})
	}
	for _, m := range settled.Idle {
		if _, there := w.waiting.LoadAndDelete(m); there {
			w.anybody.Add(-1)
		}
	}
	for _, j := range settled.Done {
		w.cfg.Log.InfoContext(ctx, "a job has ended", "job", j.ID, "tenant", j.Tenant, "kind", j.Kind, "state", j.State,
			"confirmed", j.Counts.Confirmed, "unconfirmed", j.Counts.Unconfirmed, "failed", j.Counts.Failed, "cancelled", j.Counts.Cancelled)
	}
	return nil
}

// overdue decides about items whose time is up: those whose answer was lost with the
// program that waited for it, and those whose phone has not fetched.
func (w *Worker) overdue(ctx context.Context) error {
	at := w.cfg.Now()
	items, err := w.cfg.Store.OverdueItems(ctx, at, overdueMax)
	if err != nil {
		return err
	}
	var results []fleet.Settlement
	for _, i := range items {
		if i.State == fleet.ItemSent && w.held[key{i.Job, i.MAC}] {
			continue // its result is on the way
		}
		s := fleet.Settlement{Errand: i.Errand, From: i.State}
		fetched := false
		if w.cfg.Seen != nil {
			if fetched, err = w.cfg.Seen(ctx, i.Tenant, i.MAC, i.Sent); err != nil {
				return err
			}
		}
		switch {
		case fetched:
			s.To = fleet.ItemConfirmed
		case i.State == fleet.ItemAccepted:
			s.To, s.Reason = fleet.ItemUnconfirmed, "the phone has accepted and not fetched within "+w.cfg.ConfirmWithin.String()
		default:
			w.again(&s, at, i.Sent, fleet.OutcomeTimedOut, "dialplane was interrupted before the phone had answered")
		}
		results = append(results, s)
	}
	return w.save(ctx, results, nil)
}

// again puts an errand off for another attempt, or closes it after the last.
func (w *Worker) again(s *fleet.Settlement, at, sent time.Time, o fleet.Outcome, reason string) {
	s.To, s.Outcome, s.Reason = fleet.ItemFailed, o, reason
	if s.Attempt >= w.cfg.Attempts {
		return
	}
	s.To = fleet.ItemPending
	s.Due = at
	if free := sent.Add(w.cfg.Spacing); free.After(at) {
		s.Due = free
	}
	s.Due = s.Due.Add(jitter(w.cfg.Spacing, w.cfg.Backoff, s.Attempt))
}

// jitter is anything from 0 to twice as long with each attempt, so that phones that
// failed together do not come back together.
func jitter(base, most time.Duration, attempt int) time.Duration {
	ceiling := most
	if d := base << min(attempt-1, 20); d > 0 && d < most {
		ceiling = d
	}
	return rand.N(ceiling + 1) //nolint:gosec // chance, not a secret
}

// prune deletes a little of what ended long ago, and says whether there is more.
func (w *Worker) prune(ctx context.Context) (more bool, err error) {
	at := w.cfg.Now()
	if at.Sub(w.pruned) < pruneEvery {
		return false, nil
	}
	n, err := w.cfg.Store.DeleteJobs(ctx, at.Add(-w.cfg.Keep), pruneBatch)
	if err == nil && n == 0 {
		w.pruned = at
	}
	return n > 0, err
}

func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

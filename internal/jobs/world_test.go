package jobs_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/jobs"
	"github.com/dialplane/dialplane/internal/listquery"
	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/secret"
	"github.com/dialplane/dialplane/internal/store"
)

const tenant = fleet.ID(1)

// message is one that a phone was sent.
type message struct {
	at   time.Time
	mac  mac.Addr
	kind fleet.JobKind
}

// network is phones that answer as they are told to, and a record of all messages.
type network struct {
	// answer is what a phone does; nil for accepting.
	answer func(ctx context.Context, m message) (retry bool, err error)

	mu       sync.Mutex
	messages []message
}

func (n *network) Notify(ctx context.Context, _ fleet.ID, m mac.Addr, kind fleet.JobKind) (bool, error) {
	msg := message{time.Now(), m, kind}
	n.mu.Lock()
	n.messages = append(n.messages, msg)
	n.mu.Unlock()
	if n.answer == nil {
		return false, nil
	}
	return n.answer(ctx, msg)
}

func (n *network) sent() []message {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.messages)
}

// failure is an error that says what it means.
type failure struct {
	outcome fleet.Outcome
	text    string
}

func (f failure) Error() string   { return f.text }
func (f failure) Outcome() string { return string(f.outcome) }

// world is a store with phones in tenant 1, and a worker over it.
type world struct {
	t   testing.TB
	db  *store.DB
	net *network
	cfg jobs.Config
	log *bytes.Buffer

	worker *jobs.Worker
	stop   func() // ends the worker in order
}

func phone(i int) mac.Addr { return mac.Addr{0, 0x15, 0x65, byte(i >> 16), byte(i >> 8), byte(i)} }

func openAt(t testing.TB, dir string) *store.DB {
	t.Helper()
	db, err := store.Open(context.Background(), dir, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// addPhones makes the tenant with one extension that has n phones.
func addPhones(t testing.TB, db *store.DB, n int) {
	t.Helper()
	ctx := context.Background()
	check(t, db.Write(ctx, func(w fleet.Writer) error {
		err := errors.Join(
			w.InsertTenant(ctx, fleet.Tenant{ID: tenant, Name: "One", Domain: "one.example"}),
			w.InsertUser(ctx, fleet.User{ID: 2, Tenant: tenant, ExtensionNumber: "101"}))
		for i := 0; i < n && err == nil; i++ {
			err = w.InsertPhone(ctx, fleet.Phone{ID: fleet.ID(1000 + i), Tenant: tenant, User: 2, MAC: phone(i), Token: secret.New(fmt.Sprint("token ", i))})
		}
		return err
	}))
}

func newWorld(t testing.TB, phones int) *world {
	t.Helper()
	w := &world{t: t, db: openAt(t, t.TempDir()), net: &network{}, log: &bytes.Buffer{}}
	t.Cleanup(func() {
		if w.stop != nil {
			w.stop()
		}
		if err := w.db.Close(); err != nil {
			t.Error(err)
		}
	})
	addPhones(t, w.db, phones)
	w.cfg = jobs.Config{Store: w.db, Notifier: w.net, Log: slog.New(slog.NewTextHandler(w.log, nil))}
	return w
}

// start runs a new worker.
func (w *world) start() {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	w.worker = jobs.New(w.cfg)
	go func() {
		defer close(ended)
		w.worker.Run(ctx)
	}()
	w.stop = func() {
		cancel()
		<-ended
		w.stop = nil
	}
}

// order makes a job for phone i, or for all if it is negative, and returns it, or the
// job that has the phone already.
func (w *world) order(kind fleet.JobKind, i int) fleet.ID {
	w.t.Helper()
	ctx := context.Background()
	j := fleet.Job{ID: w.db.NewID(), Tenant: tenant, Kind: kind, State: fleet.JobRunning, CreatedAt: time.Now()}
	if i >= 0 {
		j.MAC = phone(i)
	}
	check(w.t, w.db.Write(ctx, func(s fleet.Writer) error {
		n, err := s.InsertJob(ctx, j)
		if err == nil && n == 0 {
			j, err = s.OpenJob(ctx, tenant, kind, j.MAC)
		}
		return err
	}))
	if w.worker != nil {
		w.worker.Wake()
	}
	return j.ID
}

func (w *world) steer(job fleet.ID, to fleet.JobState) {
	w.t.Helper()
	ctx := context.Background()
	check(w.t, w.db.Write(ctx, func(s fleet.Writer) error { return s.SetJobState(ctx, tenant, job, to, time.Now()) }))
	w.worker.Wake()
}

func (w *world) job(id fleet.ID) (j fleet.Job) {
	w.t.Helper()
	ctx := context.Background()
	check(w.t, w.db.Read(ctx, func(r fleet.Reader) (err error) {
		j, err = r.Job(ctx, tenant, id)
		return err
	}))
	return j
}

func (w *world) item(job fleet.ID, i int) fleet.JobItem {
	w.t.Helper()
	for _, item := range w.items(job) {
		if item.MAC == phone(i) {
			return item
		}
	}
	w.t.Fatalf("the job has no phone %d", i)
	return fleet.JobItem{}
}

func (w *world) items(job fleet.ID) (items []fleet.JobItem) {
	w.t.Helper()
	ctx := context.Background()
	check(w.t, w.db.Read(ctx, func(r fleet.Reader) (err error) {
		items, _, err = r.JobItems(ctx, tenant, job, listquery.Query{})
		return err
	}))
	return items
}

// fetch is a phone that fetches its configuration now.
func (w *world) fetch(i int) { w.worker.Fetched(phone(i), time.Now()) }

// after lets time pass, and all that is to happen meanwhile.
func after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// counts ends the test's doubts about a job.
func (w *world) counts(job fleet.ID, state fleet.JobState, want fleet.JobCounts) {
	w.t.Helper()
	if j := w.job(job); j.Counts != want || j.State != state || (state == fleet.JobDone || state == fleet.JobCancelled) == j.DoneAt.IsZero() {
		w.t.Errorf("the job is %s, done at %v, with %+v; want %s, %+v", j.State, j.DoneAt, j.Counts, state, want)
	}
}

// intervals checks that messages were as far apart as they must be: any two, and two
// to one phone.
func intervals(t testing.TB, messages []message, apart, each time.Duration) {
	t.Helper()
	last := map[mac.Addr]time.Time{}
	for i, m := range messages {
		if i > 0 && m.at.Sub(messages[i-1].at) < apart {
			t.Errorf("message %d is sent %v after the one before", i, m.at.Sub(messages[i-1].at))
		}
		if before, again := last[m.mac]; again && m.at.Sub(before) < each {
			t.Errorf("the phone %s is sent a message %v after the last", m.mac, m.at.Sub(before))
		}
		last[m.mac] = m.at
	}
}

// faulty is a store that can fail, and that counts what it settles.
type faulty struct {
	*store.DB
	settled atomic.Int64

	mu  sync.Mutex
	err error
}

func (f *faulty) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
}

func (f *faulty) fault() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

func (f *faulty) ClaimItems(ctx context.Context, c fleet.Claim) ([]fleet.Errand, error) {
	if err := f.fault(); err != nil {
		return nil, err
	}
	return f.DB.ClaimItems(ctx, c)
}

func (f *faulty) SettleItems(ctx context.Context, at time.Time, s []fleet.Settlement, a []fleet.Arrival) (fleet.Settled, error) {
	if err := f.fault(); err != nil {
		return fleet.Settled{}, err
	}
	f.settled.Add(1)
	return f.DB.SettleItems(ctx, at, s, a)
}

func (f *faulty) EachWaiting(ctx context.Context, do func(mac.Addr, time.Time) error) error {
	if err := f.fault(); err != nil {
		return err
	}
	return f.DB.EachWaiting(ctx, do)
}

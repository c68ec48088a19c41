package rps_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/listquery"
	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/redirect"
	"github.com/dialplane/dialplane/internal/rps"
	"github.com/dialplane/dialplane/internal/secret"
	"github.com/dialplane/dialplane/internal/store"
)

// fake is a redirect service, all of whose accounts are told apart by their key. It
// does what a fault says before anything else.
type fake struct {
	mu      sync.Mutex
	devices map[mac.Addr]secret.Secret // registered, whichever account
	owner   map[mac.Addr]string
	calls   []call
	// fault, if any, answers a call: nil for it to go on.
	fault func(c call) []error
	// within, if any, runs while a call is under way.
	within func(c call)
	delay  time.Duration // of each call
	most   int           // calls at a time, so far
	now    int
}

type call struct {
	at      time.Time
	key     string
	verb    string
	devices []redirect.Device
}

func newFake() *fake {
	return &fake{devices: make(map[mac.Addr]secret.Secret), owner: make(map[mac.Addr]string)}
}

func (f *fake) service(name string, edits ...func(*redirect.Service)) redirect.Service {
	s := redirect.Service{
		Name: name, Vendor: name, Title: name, Source: "this test", Regions: []redirect.Region{{Name: "world", URL: "https://rps.example.com"}},
		Fields: []redirect.Field{{Name: "key", Title: "the key", Secret: true}}, Batch: 1, Rate: 50, Rest: 30 * time.Second, Lists: true,
		Open: func(a redirect.Account, _ *http.Client, _ func() time.Time) redirect.Client {
			return client{f, a.Value("key")}
		},
	}
	for _, e := range edits {
		e(&s)
	}
	return s
}

type client struct {
	f   *fake
	key string
}

func (c client) do(ctx context.Context, verb string, devices []redirect.Device, each func(redirect.Device) error) []error {
	f := c.f
	made := call{time.Now(), c.key, verb, devices}
	f.mu.Lock()
	f.now++
	f.most = max(f.most, f.now)
	f.calls = append(f.calls, made)
	fault, within, delay := f.fault, f.within, f.delay
	f.mu.Unlock()
	defer func() { f.mu.Lock(); f.now--; f.mu.Unlock() }()
	if within != nil {
		within(made)
	}
	if delay > 0 {
		select {
		case <-time.After(delay):
		case <-ctx.Done():
			return redirect.All(devices, redirect.Errorf(redirect.Unreachable, "given up"))
		}
	}
	var errs []error
	if fault != nil {
		errs = fault(made)
	}
	if errs == nil {
		errs = make([]error, len(devices))
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, d := range devices {
		if i < len(errs) && errs[i] == nil {
			errs[i] = each(d)
		}
	}
	return errs
}

func (c client) Verify(ctx context.Context) error {
	return c.do(ctx, "verify", []redirect.Device{{}}, func(redirect.Device) error { return nil })[0]
}

func (c client) Register(ctx context.Context, devices []redirect.Device) []error {
	return c.do(ctx, "register", devices, func(d redirect.Device) error {
		if owner := c.f.owner[d.MAC]; owner != "" && owner != c.key {
			return redirect.Errorf(redirect.Foreign, "it is registered by somebody else")
		}
		c.f.devices[d.MAC], c.f.owner[d.MAC] = d.URL, c.key
		return nil
	})
}

func (c client) Remove(ctx context.Context, devices []redirect.Device) []error {
	return c.do(ctx, "remove", devices, func(d redirect.Device) error {
		if c.f.owner[d.MAC] == c.key {
			delete(c.f.devices, d.MAC)
			delete(c.f.owner, d.MAC)
		}
		return nil
	})
}

func (c client) Lookup(ctx context.Context, d redirect.Device) (e redirect.Entry, err error) {
	err = c.do(ctx, "lookup", []redirect.Device{d}, func(redirect.Device) error {
		url, there := c.f.devices[d.MAC]
		if !there {
			return redirect.Errorf(redirect.NotFound, "it is not known")
		}
		e = redirect.Entry{MAC: d.MAC, URL: url, Foreign: c.f.owner[d.MAC] != c.key}
		return nil
	})[0]
	return e, err
}

func (c client) List(ctx context.Context, page func([]redirect.Entry) error) error {
	var entries []redirect.Entry
	if err := c.do(ctx, "list", []redirect.Device{{}}, func(redirect.Device) error {
		for _, m := range slices.SortedFunc(maps.Keys(c.f.devices), func(a, b mac.Addr) int { return bytes.Compare(a[:], b[:]) }) {
			if c.f.owner[m] == c.key {
				entries = append(entries, redirect.Entry{MAC: m, URL: c.f.devices[m]})
			}
		}
		return nil
	})[0]; err != nil {
		return err
	}
	for part := range slices.Chunk(entries, 2) {
		if err := page(part); err != nil {
			return err
		}
	}
	return nil
}

// at is where the service sends a device.
func (f *fake) at(m mac.Addr) (url secret.Secret, there bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	url, there = f.devices[m]
	return url, there
}

// parallel is how many calls there were at a time at most.
func (f *fake) parallel() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.most
}

// size is how many devices the service has.
func (f *fake) size() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.devices)
}

// put has a device registered by somebody, or by nobody any more.
func (f *fake) put(m mac.Addr, url, owner string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if owner == "" {
		delete(f.devices, m)
		delete(f.owner, m)
		return
	}
	f.devices[m], f.owner[m] = secret.New(url), owner
}

// slow makes each call last so long.
func (f *fake) slow(delay time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.delay = delay
}

// made returns the calls of an account, those of one verb if it is given.
func (f *fake) made(key, verb string) (list []call) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.calls {
		if c.key == key && (verb == "" || c.verb == verb) {
			list = append(list, c)
		}
	}
	return list
}

func (f *fake) fail(fault func(c call) []error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fault = fault
}

// always fails every call for every device.
func always(err error) func(call) []error {
	return func(c call) []error { return redirect.All(c.devices, err) }
}

const tenant fleet.ID = 1

// world is a worker over a real store with one tenant.
type world struct {
	t      testing.TB
	db     *store.DB
	fake   *fake
	worker *rps.Worker
	log    *buffer
	stop   context.CancelFunc
	ended  chan struct{}
	tokens int
}

type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// newWorld opens a store with an account with each service, the key of which is the
// service's name.
func newWorld(t testing.TB, f *fake, services ...redirect.Service) *world {
	t.Helper()
	w := &world{t: t, fake: f, log: new(buffer)}
	w.open(t.TempDir())
	w.write(func(s fleet.Writer) error {
		return s.InsertTenant(t.Context(), fleet.Tenant{ID: tenant, Name: "one", Domain: "one.example", ProvisioningURL: "https://one.example/"})
	})
	for i, service := range services {
		w.write(func(s fleet.Writer) error {
			return s.InsertRedirectAccount(t.Context(), fleet.RedirectAccount{
				ID: accountID(i), Tenant: tenant, Vendor: service.Vendor, Service: service.Name,
				Secrets: map[string]secret.Secret{"key": secret.New(service.Name)},
			})
		})
	}
	w.make(services)
	return w
}

func accountID(i int) fleet.ID { return fleet.ID(100 + i) }

func (w *world) open(dir string) {
	w.t.Helper()
	db, err := store.Open(context.Background(), dir, slog.New(slog.DiscardHandler))
	check(w.t, err)
	w.db = db
}

func (w *world) make(services []redirect.Service) {
	w.worker = rps.New(rps.Config{Store: w.db, Services: services, Address: address, Log: slog.New(slog.NewTextHandler(w.log, nil))})
}

func address(base string, token secret.Secret) secret.Secret {
	if base == "" {
		base = "https://phones.example/"
	}
	return secret.New(base + "f/" + token.Reveal() + "/")
}

// start runs the worker until the world is closed.
func (w *world) start() {
	ctx, cancel := context.WithCancel(context.Background())
	w.stop, w.ended = cancel, make(chan struct{})
	go func() {
		defer close(w.ended)
		w.worker.Run(ctx)
	}()
}

func (w *world) end() {
	if w.stop != nil {
		w.stop()
		<-w.ended
		w.stop = nil
	}
}

func (w *world) close() {
	w.end()
	check(w.t, w.db.Close())
}

func (w *world) write(f func(fleet.Writer) error) {
	w.t.Helper()
	check(w.t, w.db.Write(context.Background(), f))
}

func address48(n int) mac.Addr {
	return mac.Addr{2, 0, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}
}

// want has devices registered by an account.
func (w *world) want(account int, macs ...mac.Addr) {
	w.t.Helper()
	w.write(func(s fleet.Writer) error {
		for _, m := range macs {
			w.tokens++
			err := s.Redirect(context.Background(), fleet.Wish{
				Account: accountID(account), Tenant: tenant, MAC: m, Vendor: "v", Model: "m",
				Token: secret.New(fmt.Sprintf("planted-token-%d", w.tokens)), Expires: time.Now().Add(1000 * time.Hour),
			}, time.Now(), "somebody")
			if err != nil {
				return err
			}
		}
		return nil
	})
	w.worker.Wake()
}

func (w *world) forget(macs ...mac.Addr) {
	w.t.Helper()
	w.write(func(s fleet.Writer) error {
		for _, m := range macs {
			if err := s.Unredirect(context.Background(), tenant, m, time.Now(), "somebody"); err != nil {
				return err
			}
		}
		return nil
	})
	w.worker.Wake()
}

func (w *world) rows() (list []fleet.Redirection) {
	w.t.Helper()
	check(w.t, w.db.Read(context.Background(), func(r fleet.Reader) (err error) {
		list, _, err = r.Redirections(context.Background(), tenant, listquery.Query{})
		return err
	}))
	return list
}

func (w *world) counts() map[fleet.RedirectStatus]int {
	w.t.Helper()
	n := make(map[fleet.RedirectStatus]int)
	for _, r := range w.rows() {
		n[r.Status]++
	}
	return n
}

func (w *world) account(i int) (a fleet.RedirectAccount) {
	w.t.Helper()
	check(w.t, w.db.Read(context.Background(), func(r fleet.Reader) (err error) {
		a, err = r.RedirectAccount(context.Background(), tenant, accountID(i))
		return err
	}))
	return a
}

// agrees checks that the service has exactly what is wanted.
func (w *world) agrees() {
	w.t.Helper()
	wanted := 0
	for _, r := range w.rows() {
		if r.Want != fleet.WantRegistered {
			w.t.Errorf("%s is still to be forgotten: %+v", r.MAC, r)
			continue
		}
		wanted++
		if got, _ := w.fake.at(r.MAC); r.Status != fleet.RedirectRegistered || !got.Equal(address("https://one.example/", r.Token)) {
			w.t.Errorf("%s is %s (%s), and the service has another address: %v", r.MAC, r.Status, r.Reason, !got.Equal(address("https://one.example/", r.Token)))
		}
	}
	if w.fake.size() != wanted {
		w.t.Errorf("the service has %d devices, %d are wanted", w.fake.size(), wanted)
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func macs(n int) (list []mac.Addr) {
	for i := range n {
		list = append(list, address48(i+1))
	}
	return list
}

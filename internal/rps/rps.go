// Package rps tells the vendors' redirect services what the fleet wants them to know:
// which devices they are to send here, and which to forget.
//
// All is in the store, and the Worker only moves it along. What is wanted of a device
// has a revision; a call takes the device under a lease, and settles it only if nothing
// else is wanted by then. Registering twice is registering once, so after kill -9
// nothing is lost and nothing doubled. Each account with work has a goroutine of its
// own, paced at what its service allows: one that is slow or broken delays no other.
//
// That an account is held (its service is down, has asked to be left alone, or does not
// accept it) is in the store as well, for people to see and for the next start to
// respect. That is why no circuit breaker of a library is used: theirs live in memory.
package rps

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"math"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/redirect"
	"github.com/dialplane/dialplane/internal/secret"
)

// Store keeps what is wanted. Its methods may be called at the same time.
type Store interface {
	// NextRedirections says for each account with work when that is next due.
	NextRedirections(ctx context.Context) (map[fleet.ID]time.Time, error)
	EachRedirectAccount(ctx context.Context, f func(fleet.RedirectAccount) error) error
	// ClaimRedirections makes what is due the caller's until its lease ends.
	ClaimRedirections(ctx context.Context, c fleet.RedirectClaim) ([]fleet.RedirectErrand, error)
	// SettleRedirections writes down what has become of errands, and returns the jobs
	// that have ended.
	SettleRedirections(ctx context.Context, at time.Time, s []fleet.RedirectSettlement) ([]fleet.Job, error)
	Write(ctx context.Context, f func(fleet.Writer) error) error
}

// Config is what a Worker works with. All but Renew, Now and Guard is required.
type Config struct {
	Store    Store
	Services []redirect.Service
	Guard    redirect.Guard
	// Address is the first-access address with a secret part, below a tenant's own base
	// address or, if that is "", the installation's.
	Address func(base string, token secret.Secret) secret.Secret
	// Renew gives some devices whose address has expired another; 0 if there are none.
	Renew func(ctx context.Context) (int, error)
	Log   *slog.Logger
	Now   func() time.Time // time.Now unless set
}

const (
	callTime   = 30 * time.Second // of one call of a client, which may be several of HTTP
	lease      = 5 * time.Minute  // longer than whatever is claimed at a time takes
	grace      = 5 * time.Second  // for calls under way when the worker is to end
	storeRetry = time.Second
	longest    = time.Minute // between two looks at the store
	blocked    = time.Second // until what is due and was not to be had is asked for again
	renewEvery = 10 * time.Minute

	parallelCalls = 32  // of one account
	mostClaimed   = 256 // devices of one account at a time
	mostLanes     = 256 // accounts at a time

	firstRetry   = 5 * time.Second  // of a device, doubled each time
	longestRetry = 10 * time.Minute // of a device or an account
	openAfter    = 3                // calls in a row that fail until the account is held
	firstHold    = 10 * time.Second // doubled each time
)

// Worker tells the services. It implements fleet.Redirects.
type Worker struct {
	cfg      Config
	services map[string]redirect.Service
	signal   chan struct{}
	revision atomic.Int64 // of the accounts and of what is wanted: how often Wake was called

	mu       sync.Mutex
	accounts map[fleet.ID]*state
}

// state is what is remembered of an account while the program runs.
type state struct {
	limit *rate.Limiter
	calls chan struct{} // has one for each that is under way

	mu       sync.Mutex
	http     *http.Client
	endpoint string // that http may call, beside the service's own
	pace     float64
	busy     bool      // it has a lane
	idle     time.Time // until when nothing is to be had
}

// New returns a worker that tells nobody anything until it is run.
func New(c Config) *Worker {
	if c.Now == nil {
		c.Now = time.Now
	}
	w := &Worker{cfg: c, services: make(map[string]redirect.Service), signal: make(chan struct{}, 1), accounts: make(map[fleet.ID]*state)}
	for _, s := range c.Services {
		w.services[s.Name] = s
	}
	return w
}

// Wake is part of fleet.Redirects. It never blocks.
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

// Services is part of fleet.Redirects.
func (w *Worker) Services() []fleet.RedirectService {
	list := make([]fleet.RedirectService, len(w.cfg.Services))
	for i, s := range w.cfg.Services {
		list[i] = fleet.RedirectService{
			Name: s.Name, Vendor: s.Vendor, Title: s.Title, NeedsSerial: s.NeedsSerial, NeedsCode: s.NeedsCode, CheckCode: s.CheckCode,
			Batch: max(s.Batch, 1), Rate: s.Rate, Lists: s.Lists,
		}
		for _, r := range s.Regions {
			list[i].Regions = append(list[i].Regions, fleet.RedirectRegion(r))
		}
		for _, f := range s.Fields {
			list[i].Fields = append(list[i].Fields, fleet.RedirectField(f))
		}
	}
	return list
}

// CheckEndpoint is part of fleet.Redirects.
func (w *Worker) CheckEndpoint(url string) string { return redirect.CheckEndpoint(url) }

// Pace is part of fleet.Redirects.
func (w *Worker) Pace(account fleet.ID) float64 {
	w.mu.Lock()
	s := w.accounts[account]
	w.mu.Unlock()
	if s == nil {
		return 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pace
}

// stateOf returns what is remembered of an account at a service.
func (w *Worker) stateOf(account fleet.ID, service redirect.Service) *state {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.accounts[account]
	if s == nil {
		// No more calls at a time than may begin in a second: those that take several
		// requests wait for the pace in the middle, and not for long.
		parallel := min(parallelCalls, max(1, int(math.Ceil(service.Rate))))
		s = &state{limit: rate.NewLimiter(rate.Limit(service.Rate), 1), calls: make(chan struct{}, parallel)}
		w.accounts[account] = s
	}
	return s
}

// keep forgets the accounts that are no more.
func (w *Worker) keep(accounts map[fleet.ID]fleet.RedirectAccount) {
	w.mu.Lock()
	defer w.mu.Unlock()
	maps.DeleteFunc(w.accounts, func(id fleet.ID, s *state) bool {
		if _, there := accounts[id]; there {
			return false
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.http != nil && !s.busy {
			s.http.CloseIdleConnections()
		}
		return !s.busy
	})
}

// client opens an account. What is wrong with it is an error of kind Denied: only a
// change of the account can help.
func (w *Worker) client(a fleet.RedirectAccount) (redirect.Client, redirect.Service, *state, error) {
	service, known := w.services[a.Service]
	if !known {
		return nil, service, nil, redirect.Errorf(redirect.Denied, "the service %s is not known any more", a.Service)
	}
	s := w.stateOf(a.ID, service)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.http == nil || s.endpoint != a.Endpoint {
		var endpoints []string
		for _, r := range service.Regions {
			endpoints = append(endpoints, r.URL)
		}
		if a.Endpoint != "" {
			endpoints = append(endpoints, a.Endpoint)
		}
		c, err := w.cfg.Guard.Client(endpoints...)
		if err != nil {
			return nil, service, s, redirect.Errorf(redirect.Denied, "%s", err)
		}
		if s.http != nil {
			s.http.CloseIdleConnections()
		}
		c.Transport = paced{c.Transport, s.limit}
		s.http, s.endpoint = c, a.Endpoint
	}
	account := redirect.Account{Endpoint: a.Endpoint, Values: make(map[string]secret.Secret, len(a.Values)+len(a.Secrets))}
	if account.Endpoint == "" && len(service.Regions) > 0 {
		account.Endpoint = strings.TrimRight(service.Regions[0].URL, "/")
	}
	for name, value := range a.Values {
		account.Values[name] = secret.New(value)
	}
	maps.Copy(account.Values, a.Secrets)
	return service.Open(account, s.http, w.cfg.Now), service, s, nil
}

// call waits for its turn and makes a call. If the turn does not come, it returns the
// context's error, and nothing was sent.
func (s *state) call(ctx, sending context.Context, do func(context.Context)) error {
	select {
	case s.calls <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-s.calls }()
	if err := s.limit.Wait(ctx); err != nil {
		return err
	}
	sending, cancel := context.WithTimeout(sending, callTime)
	defer cancel()
	do(context.WithValue(sending, firstRequest{}, new(atomic.Bool)))
	return nil
}

// firstRequest is the key under which a call's context knows whether its first request
// has been made, for which the call has waited.
type firstRequest struct{}

// paced keeps the requests of calls that take several within the account's pace.
type paced struct {
	http.RoundTripper
	limit *rate.Limiter
}

func (p paced) RoundTrip(r *http.Request) (*http.Response, error) {
	if made, ok := r.Context().Value(firstRequest{}).(*atomic.Bool); !ok || made.Swap(true) {
		if err := p.limit.Wait(r.Context()); err != nil {
			return nil, err
		}
	}
	return p.RoundTripper.RoundTrip(r)
}

// CloseIdleConnections is called by http.Client's method of that name.
func (p paced) CloseIdleConnections() {
	if c, ok := p.RoundTripper.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// plainly is an error for people: why, in the words of the service or ours.
func plainly(err error) error {
	var e *redirect.Error
	if errors.As(err, &e) {
		return errors.New(e.Reason)
	}
	return err
}

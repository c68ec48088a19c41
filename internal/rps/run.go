package rps

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/redirect"
)

// Run tells the services what is wanted until the context ends. Then it waits a few
// seconds for the calls that are under way, gives back what was not sent, and returns.
// It can be run once.
func (w *Worker) Run(ctx context.Context) {
	// The context of calls ends later than that of the worker.
	sending, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var lanes sync.WaitGroup
	if w.cfg.Renew != nil {
		lanes.Go(func() { w.renew(ctx) })
	}
	for ctx.Err() == nil {
		wait, err := w.look(ctx, func(a fleet.RedirectAccount, s *state) {
			lanes.Go(func() {
				w.serve(ctx, sending, a)
				s.mu.Lock()
				s.busy = false
				s.mu.Unlock()
				w.nudge()
			})
		})
		if err != nil {
			if ctx.Err() == nil {
				w.cfg.Log.ErrorContext(ctx, "redirect services are not told anything; trying again", "error", err)
			}
			wait = storeRetry
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-w.signal:
		case <-timer.C:
		}
		timer.Stop()
	}
	cut := time.AfterFunc(grace, stop)
	defer cut.Stop()
	lanes.Wait()
}

// renew gives devices whose first-access address has expired another.
func (w *Worker) renew(ctx context.Context) {
	for {
		wait := renewEvery
		switch n, err := w.cfg.Renew(ctx); {
		case err != nil && ctx.Err() == nil:
			w.cfg.Log.ErrorContext(ctx, "first-access addresses that have expired are not renewed; trying again later", "error", err)
		case n > 0:
			wait = storeRetry
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}

// look has each account that has something due served, and returns when to look again.
func (w *Worker) look(ctx context.Context, start func(fleet.RedirectAccount, *state)) (time.Duration, error) {
	due, err := w.cfg.Store.NextRedirections(ctx)
	if err != nil {
		return 0, err
	}
	accounts := make(map[fleet.ID]fleet.RedirectAccount)
	err = w.cfg.Store.EachRedirectAccount(ctx, func(a fleet.RedirectAccount) error { accounts[a.ID] = a; return nil })
	if err != nil {
		var partial interface{ Unreadable() []string }
		if !errors.As(err, &partial) {
			return 0, err
		}
		w.cfg.Log.ErrorContext(ctx, "some accounts at redirect services cannot be read", "accounts", partial.Unreadable(), "error", err)
	}
	w.keep(accounts)
	now, wait, running := w.cfg.Now(), longest, 0
	for id, at := range due {
		a, readable := accounts[id]
		if !readable {
			continue
		}
		if a.HeldReason != "" {
			if a.HeldUntil.IsZero() {
				continue // until somebody changes it
			}
			at = later(at, a.HeldUntil)
		}
		s := w.stateOf(id, w.services[a.Service])
		s.mu.Lock()
		at = later(at, s.idle)
		begin := !s.busy && !at.After(now) && running < mostLanes
		s.busy = s.busy || begin
		if s.busy {
			running++
		}
		s.mu.Unlock()
		switch {
		case begin:
			start(a, s)
		case at.After(now):
			wait = min(wait, at.Sub(now))
		}
	}
	return max(wait, time.Millisecond), nil
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// serve tells one account's service what is due, until nothing is, the account is held,
// or something has changed that it should know.
func (w *Worker) serve(ctx, sending context.Context, a fleet.RedirectAccount) {
	revision := w.revision.Load()
	client, service, s, err := w.client(a)
	if err != nil {
		w.hold(ctx, &a, time.Time{}, plainly(err).Error())
		return
	}
	for ctx.Err() == nil && !a.Held(w.cfg.Now()) {
		limit := w.chunk(service)
		if a.Failures > 0 {
			limit = max(service.Batch, 1) // one call shows whether it works again
		}
		began := w.cfg.Now()
		errands, err := w.cfg.Store.ClaimRedirections(ctx, fleet.RedirectClaim{Account: a.ID, At: began, Lease: lease, Limit: limit})
		if err != nil {
			if ctx.Err() == nil {
				w.cfg.Log.ErrorContext(ctx, "what a redirect service is to be told cannot be read; trying again", "service", a.Service, "error", err)
				s.rest(w.cfg.Now().Add(storeRetry))
			}
			return
		}
		if len(errands) == 0 {
			s.rest(w.cfg.Now().Add(blocked))
			return
		}
		r := round{worker: w, service: service, client: client, state: s, account: &a}
		r.run(ctx, sending, errands)
		w.settle(ctx, a, r.settled)
		if took := w.cfg.Now().Sub(began).Seconds(); r.told > 0 {
			s.saw(float64(r.told) / math.Max(took, float64(r.told)/math.Max(service.Rate*float64(max(service.Batch, 1)), 1e-9)))
		}
		if w.revision.Load() != revision {
			return // the account may be another by now
		}
	}
}

// chunk is how many devices are claimed at a time: what the service takes in a second.
func (w *Worker) chunk(service redirect.Service) int {
	batch := max(service.Batch, 1)
	return max(batch, min(int(math.Ceil(service.Rate))*batch, mostClaimed/batch*batch))
}

func (s *state) rest(until time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.idle = until
}

// saw takes a pace into the mean of those that were seen lately.
func (s *state) saw(pace float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pace == 0 {
		s.pace = pace
	}
	s.pace += (pace - s.pace) / 4
}

// settle writes down what has become of errands. It tries until it can: what was told
// would be told again otherwise.
func (w *Worker) settle(ctx context.Context, a fleet.RedirectAccount, list []fleet.RedirectSettlement) {
	always := context.WithoutCancel(ctx)
	for tries := 0; ; tries++ {
		done, err := w.cfg.Store.SettleRedirections(always, w.cfg.Now(), list)
		if err == nil {
			for _, j := range done {
				w.cfg.Log.InfoContext(ctx, "a job has ended", "job", j.ID, "tenant", j.Tenant, "kind", j.Kind, "state", j.State,
					"confirmed", j.Counts.Confirmed, "failed", j.Counts.Failed, "cancelled", j.Counts.Cancelled)
			}
			return
		}
		w.cfg.Log.ErrorContext(ctx, "what a redirect service was told cannot be saved", "service", a.Service, "error", err)
		if ctx.Err() != nil && tries >= int(grace/storeRetry) {
			return // the leases end, and it is told again
		}
		time.Sleep(storeRetry)
	}
}

// hold keeps an account from being called until a time or, with none, until it is
// changed or verified.
func (w *Worker) hold(ctx context.Context, a *fleet.RedirectAccount, until time.Time, reason string) {
	a.HeldUntil, a.HeldReason = until, reason
	w.cfg.Log.WarnContext(ctx, "an account at a redirect service is held", "service", a.Service, "tenant", a.Tenant, "until", until, "reason", reason)
	w.saveHealth(ctx, *a)
}

// saveHealth writes down how it stands with an account that was not changed meanwhile.
func (w *Worker) saveHealth(ctx context.Context, a fleet.RedirectAccount) {
	err := w.cfg.Store.Write(context.WithoutCancel(ctx), func(s fleet.Writer) error {
		now, err := s.RedirectAccount(ctx, a.Tenant, a.ID)
		if fleet.CodeOf(err) == fleet.CodeNotFound {
			return nil
		}
		if err != nil {
			return err
		}
		if !now.UpdatedAt.Equal(a.UpdatedAt) || now.VerifiedAt.After(a.VerifiedAt) {
			return nil // what was seen of it is of before
		}
		h := now.RedirectHealth
		h.HeldUntil, h.HeldReason, h.Failures = a.HeldUntil, a.HeldReason, a.Failures
		return s.SetRedirectHealth(ctx, a.ID, h)
	})
	if err != nil {
		w.cfg.Log.ErrorContext(ctx, "how it stands with an account at a redirect service cannot be saved", "service", a.Service, "error", err)
		if s := w.stateOf(a.ID, w.services[a.Service]); !a.HeldUntil.IsZero() {
			s.rest(a.HeldUntil)
		} else {
			s.rest(w.cfg.Now().Add(longest))
		}
	}
}

// backoff is a wait that doubles with each failure, between half of it and all of it,
// so that what has failed together does not come back together.
func backoff(first time.Duration, failures int) time.Duration {
	d := longestRetry
	if f := first << min(max(failures-1, 0), 20); f > 0 && f < d {
		d = f
	}
	return d/2 + rand.N(d/2+1) //nolint:gosec // chance, not a secret
}

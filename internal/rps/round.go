package rps

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/redirect"
)

// round is what is told to a service at a time: calls side by side, settled together.
type round struct {
	worker  *Worker
	service redirect.Service
	client  redirect.Client
	state   *state

	mu      sync.Mutex
	account *fleet.RedirectAccount
	settled []fleet.RedirectSettlement
	told    int // devices that the service has answered for
}

// run tells the service of all errands, and leaves what has become of them in settled.
// Once the account is held, what is left is given back.
func (r *round) run(ctx, sending context.Context, errands []fleet.RedirectErrand) {
	var calls sync.WaitGroup
	for _, want := range []fleet.RedirectWant{fleet.WantRemoved, fleet.WantRegistered} {
		var batch []fleet.RedirectErrand
		flush := func() {
			if len(batch) > 0 {
				list := batch
				calls.Go(func() { r.call(ctx, sending, want, list) })
				batch = nil
			}
		}
		for _, e := range errands {
			if e.Want != want || r.unfit(e) {
				continue
			}
			if batch = append(batch, e); len(batch) >= r.service.Batch {
				flush()
			}
		}
		flush()
	}
	calls.Wait()
}

// unfit settles what the service would refuse, as its documents say.
func (r *round) unfit(e fleet.RedirectErrand) bool {
	if e.Want != fleet.WantRegistered || r.service.CheckURL == nil {
		return false
	}
	wrong := r.service.CheckURL(r.worker.cfg.Address(e.Base, e.Token).Reveal())
	if wrong != "" {
		r.settle(fleet.RedirectSettlement{RedirectErrand: e, To: fleet.RedirectRefused, Because: "the address of the phones " + wrong, Unsent: true})
	}
	return wrong != ""
}

func (r *round) settle(s fleet.RedirectSettlement) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.settled = append(r.settled, s)
}

// held says until when the account is held, and why.
func (r *round) held() (fleet.RedirectHealth, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.account.RedirectHealth, r.account.Held(r.worker.cfg.Now())
}

// call tells the service of a batch.
func (r *round) call(ctx, sending context.Context, want fleet.RedirectWant, batch []fleet.RedirectErrand) {
	var errs []error
	sent := false
	waited := r.state.call(ctx, sending, func(ctx context.Context) {
		if _, held := r.held(); held {
			return
		}
		sent = true
		devices := make([]redirect.Device, len(batch))
		for i, e := range batch {
			devices[i] = redirect.Device{MAC: e.MAC, Model: e.Model, Serial: e.Serial, Code: e.Code}
			if want == fleet.WantRegistered {
				devices[i].URL = r.worker.cfg.Address(e.Base, e.Token)
			}
		}
		if want == fleet.WantRegistered {
			errs = r.client.Register(ctx, devices)
		} else {
			errs = r.client.Remove(ctx, devices)
		}
	})
	if waited != nil || !sent {
		h, _ := r.held()
		for _, e := range batch {
			r.settle(fleet.RedirectSettlement{RedirectErrand: e, To: fleet.RedirectPending, Because: h.HeldReason, Next: r.worker.cfg.Now(), Unsent: true})
		}
		return
	}
	for len(errs) < len(batch) { // a client that says too little has said nothing
		errs = append(errs, redirect.Errorf(redirect.BadAnswer, "the service has not answered for the device"))
	}
	r.judge(ctx, errs[:len(batch)])
	for i, e := range batch {
		r.settle(r.verdict(e, errs[i]))
	}
}

// judge takes from the errors of a call what they say of the account.
func (r *round) judge(ctx context.Context, errs []error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var (
		now              = r.worker.cfg.Now()
		failed, answered int
		last             *redirect.Error
		after            time.Duration
		often, denied    *redirect.Error
	)
	for _, err := range errs {
		kind := redirect.KindOf(err)
		if !kind.Temporary() && kind != redirect.Denied {
			answered++
			continue
		}
		failed++
		e := asError(err)
		last, after = e, max(after, e.After)
		switch kind {
		case redirect.TooMany:
			often = e
		case redirect.Denied:
			denied = e
		}
	}
	r.told += answered
	a := r.account
	switch {
	case denied != nil:
		a.Failures++
		r.worker.hold(ctx, a, time.Time{}, denied.Reason)
	case often != nil:
		a.Failures++
		r.holdUntil(ctx, now.Add(max(r.service.Rest, after, backoff(firstHold, a.Failures))), often.Reason)
	case failed > 0 && answered == 0:
		a.Failures++
		if a.Failures >= openAfter || after > 0 {
			r.holdUntil(ctx, now.Add(max(after, backoff(firstHold, a.Failures-openAfter+1))), last.Reason)
		} else {
			r.worker.saveHealth(ctx, *a)
		}
	case answered > 0 && a.Failures > 0 && !a.Held(now):
		a.Failures, a.HeldReason, a.HeldUntil = 0, "", time.Time{}
		r.worker.saveHealth(ctx, *a)
	}
}

// holdUntil holds the account, and never for less than it is held already.
func (r *round) holdUntil(ctx context.Context, until time.Time, reason string) {
	if a := r.account; a.HeldReason != "" && (a.HeldUntil.IsZero() || a.HeldUntil.After(until)) {
		return
	}
	r.worker.hold(ctx, r.account, until, reason)
}

// verdict is what has become of one errand.
func (r *round) verdict(e fleet.RedirectErrand, err error) fleet.RedirectSettlement {
	s := fleet.RedirectSettlement{RedirectErrand: e, To: fleet.RedirectRegistered}
	if e.Want == fleet.WantRemoved {
		s.To = fleet.RedirectRemoved
	}
	kind := redirect.KindOf(err)
	if err != nil {
		s.Because = asError(err).Reason
	}
	switch {
	case err == nil:
	case e.Want == fleet.WantRemoved && (kind == redirect.NotFound || kind == redirect.Foreign):
		s.Because = "" // there is nothing of ours
	case kind == redirect.Foreign:
		s.To = fleet.RedirectForeign
	case kind == redirect.Denied:
		s.To, s.Next, s.Unsent = fleet.RedirectPending, r.worker.cfg.Now(), true // the account is held
	case kind == redirect.TooMany:
		s.To, s.Next, s.Unsent = fleet.RedirectPending, r.worker.cfg.Now(), true // likewise
	case kind.Temporary():
		s.To, s.Next = fleet.RedirectPending, r.worker.cfg.Now().Add(backoff(firstRetry, e.Attempts))
	default:
		s.To = fleet.RedirectRefused
	}
	return s
}

// asError is the error as clients promise it; what another says may hold anything and is
// not repeated.
func asError(err error) *redirect.Error {
	var e *redirect.Error
	if errors.As(err, &e) {
		return e
	}
	return redirect.Errorf(redirect.BadAnswer, "the service was not understood")
}

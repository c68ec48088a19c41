package rps

import (
	"context"
	"time"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/redirect"
)

const (
	syncTime    = 45 * time.Second // of one comparison: somebody waits for it
	mostLookups = 500              // of one comparison, where a service does not list
)

// Verify is part of fleet.Redirects.
func (w *Worker) Verify(ctx context.Context, a fleet.RedirectAccount) error {
	client, _, s, err := w.client(a)
	if err != nil {
		return plainly(err)
	}
	var answer error
	if err := s.call(ctx, ctx, func(ctx context.Context) { answer = client.Verify(ctx) }); err != nil {
		return err
	}
	if answer != nil {
		return plainly(asError(answer))
	}
	return nil
}

// Compare is part of fleet.Redirects. Of a service that does not list what it has, it
// asks about a few hundred devices.
func (w *Worker) Compare(ctx context.Context, a fleet.RedirectAccount, told []fleet.RedirectErrand) (fleet.RedirectDifference, error) {
	client, service, s, err := w.client(a)
	if err != nil {
		return fleet.RedirectDifference{}, plainly(err)
	}
	ctx, cancel := context.WithTimeout(ctx, syncTime)
	defer cancel()
	compare := w.compareEach
	if service.Lists {
		compare = w.compareList
	}
	d, err := compare(ctx, client, s, told)
	for _, e := range told {
		if e.Want == fleet.WantRegistered && (e.Status == fleet.RedirectRefused || e.Status == fleet.RedirectForeign) {
			d.Refused = append(d.Refused, e.MAC)
		}
	}
	return d, err
}

func (w *Worker) compareList(ctx context.Context, client redirect.Client, s *state, told []fleet.RedirectErrand) (d fleet.RedirectDifference, err error) {
	rows := make(map[mac.Addr]fleet.RedirectErrand, len(told))
	for _, e := range told {
		rows[e.MAC] = e
	}
	seen := make(map[mac.Addr]bool, len(told))
	var answer error
	err = s.call(ctx, ctx, func(ctx context.Context) {
		answer = client.List(ctx, func(page []redirect.Entry) error {
			for _, entry := range page {
				if seen[entry.MAC] {
					continue
				}
				seen[entry.MAC] = true
				e, ours := rows[entry.MAC]
				switch {
				case !ours && !entry.Foreign:
					d.Foreign = append(d.Foreign, entry.MAC)
				case !ours:
				default:
					w.compareOne(&d, e, entry)
				}
			}
			return ctx.Err()
		})
	})
	if err != nil {
		return fleet.RedirectDifference{}, err
	}
	if answer != nil {
		return fleet.RedirectDifference{}, plainly(asError(answer))
	}
	for _, e := range told {
		if !seen[e.MAC] && compared(e) && e.Want == fleet.WantRegistered {
			d.Missing = append(d.Missing, e.MAC)
		}
	}
	return d, nil
}

func (w *Worker) compareEach(ctx context.Context, client redirect.Client, s *state, told []fleet.RedirectErrand) (d fleet.RedirectDifference, err error) {
	asked := 0
	for i, e := range told {
		if !compared(e) {
			continue
		}
		if asked++; asked > mostLookups {
			d.Unchecked++
			continue
		}
		var (
			entry  redirect.Entry
			answer error
		)
		err := s.call(ctx, ctx, func(ctx context.Context) {
			entry, answer = client.Lookup(ctx, redirect.Device{MAC: e.MAC, Model: e.Model, Serial: e.Serial, Code: e.Code})
		})
		switch kind := redirect.KindOf(answer); {
		case err != nil || kind == redirect.TooMany || ctx.Err() != nil: // the time is up, or the service has had enough
			for _, rest := range told[i:] {
				if compared(rest) {
					d.Unchecked++
				}
			}
			return d, nil
		case kind == redirect.NotFound && e.Want == fleet.WantRegistered:
			d.Missing = append(d.Missing, e.MAC)
		case kind == redirect.NotFound:
			d.Matched++
		case kind == redirect.Foreign:
			d.Taken = append(d.Taken, e.MAC)
		case answer != nil:
			return fleet.RedirectDifference{}, plainly(asError(answer))
		default:
			w.compareOne(&d, e, entry)
		}
	}
	return d, nil
}

// compared says whether the service should have a device as it was told.
func compared(e fleet.RedirectErrand) bool {
	return e.Due.IsZero() && (e.Status == fleet.RedirectRegistered || e.Status == fleet.RedirectPending)
}

func (w *Worker) compareOne(d *fleet.RedirectDifference, e fleet.RedirectErrand, entry redirect.Entry) {
	switch {
	case !compared(e):
	case entry.Foreign:
		d.Taken = append(d.Taken, e.MAC)
	case e.Status == fleet.RedirectRegistered && (entry.URL.Empty() || entry.URL.Equal(w.cfg.Address(e.Base, e.Token))):
		d.Matched++
	default:
		d.Stale = append(d.Stale, e.MAC)
	}
}

// Forget is part of fleet.Redirects.
func (w *Worker) Forget(ctx context.Context, a fleet.RedirectAccount, macs []mac.Addr) []error {
	errs := make([]error, 0, len(macs))
	client, service, s, err := w.client(a)
	ctx, cancel := context.WithTimeout(ctx, syncTime)
	defer cancel()
	for len(macs) > 0 {
		n := min(len(macs), max(service.Batch, 1))
		devices := make([]redirect.Device, n)
		for i, m := range macs[:n] {
			devices[i].MAC = m
		}
		answers := redirect.All(devices, err)
		if err == nil {
			if late := s.call(ctx, ctx, func(ctx context.Context) { answers = client.Remove(ctx, devices) }); late != nil {
				answers = redirect.All(devices, redirect.Errorf(redirect.Unreachable, "there was no time left; sync again"))
			}
		}
		for i := range devices {
			var one error
			switch {
			case i >= len(answers):
				one = redirect.Errorf(redirect.BadAnswer, "the service has not answered for the device")
			case redirect.KindOf(answers[i]) != redirect.NotFound:
				one = answers[i]
			}
			if one != nil {
				one = plainly(asError(one))
			}
			errs = append(errs, one)
		}
		macs = macs[n:]
	}
	return errs
}

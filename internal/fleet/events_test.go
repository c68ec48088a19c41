package fleet_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/listquery"
	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/secret"
)

// history is what happened to a device in the caller's tenant, oldest first.
func (w *world) history(c fleet.Caller, address string) []fleet.Event {
	w.t.Helper()
	list, count, err := w.Events(w.t.Context(), c, address, listquery.Query{Count: true, Order: []listquery.Order{{Field: "id"}}})
	check(w.t, err)
	if count != len(list) {
		w.t.Errorf("count %d of %d", count, len(list))
	}
	return list
}

func words(list []fleet.Event) []string {
	var out []string
	for _, e := range list {
		out = append(out, string(e.Kind)+": "+e.Text)
	}
	return out
}

func TestHistory(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	check(t, w.UpdatePhone(ctx, w.admin, w.user, w.phone, fleet.PhoneInput{
		Language: new("GERMAN"), Password: new(secret.New("another-web-secret-1")), Transfer: new("BLIND"),
	}))
	check(t, w.UpdatePhone(ctx, w.admin, w.user, w.phone, fleet.PhoneInput{Language: new("GERMAN")})) // as it is
	check(t, w.RotatePhoneURL(ctx, w.admin, w.user, w.phone))
	window := must(w.OpenEnrolment(ctx, w.admin, fleet.EnrolmentInput{MAC: &w.phoneMAC, Minutes: new(5)}))(t)
	check(t, w.CloseEnrolment(ctx, w.admin, window))
	job := must(w.Reboot(ctx, w.admin, w.phoneMAC))(t)
	check(t, w.CancelJob(ctx, w.admin, job))
	check(t, w.DeletePhone(ctx, w.admin, w.user, w.phone))
	check(t, w.db.RecordFetches(ctx, []fleet.Fetch{{Time: w.clock.Now(), Tenant: w.admin.Tenant, MAC: mac.MustParse(w.phoneMAC), File: "a.cfg", Level: "L0", Status: 200, IP: netip.MustParseAddr("192.0.2.7")}}))
	check(t, w.Reject(ctx, w.admin, w.phoneMAC))
	must(w.CreatePhone(ctx, w.admin, w.user, phoneInput(w.phoneMAC)))(t)

	got := w.history(w.admin, "00:15:65:00:00:01")
	want := []string{
		"phone.assigned: assigned to extension 101 as Acme A1", "enrolment.opened: may enrol for 15 minutes",
		"phone.changed: changed: password, language", "phone.rotated: given a new secret address; the old one is dead",
		"enrolment.opened: may enrol for 5 minutes", "enrolment.closed: the enrolment window was closed",
		"command.ordered: reboot ordered", "command.cancelled: the order to reboot is cancelled where it has not been sent",
		"phone.deleted: deleted", "sighting.new: seen for the first time", "fetch.served: fetched a.cfg", "phone.rejected: rejected",
		"phone.assigned: assigned to extension 101 as Acme A1", "phone.unrejected: no longer rejected: it was assigned", "enrolment.opened: may enrol for 15 minutes",
	}
	if diff := cmp.Diff(want, words(got)); diff != "" {
		t.Errorf("the history (-want +got):\n%s", diff)
	}
	for _, e := range got {
		if by := map[bool]string{true: "", false: "alice"}[e.Fetch != nil]; e.Caller != by {
			t.Errorf("%s is by %q", e.Text, e.Caller)
		}
	}
	text := fmt.Sprintf("%+v", got)
	err := w.db.EachPhone(ctx, func(p fleet.Phone) error {
		if strings.Contains(text, p.Token.Reveal()) {
			t.Error("a history has a secret address")
		}
		return nil
	})
	check(t, err)
	for _, s := range []string{plantedSIP, plantedPIN, plantedWeb, plantedDoor, "another-web-secret-1"} {
		if strings.Contains(text, s) {
			t.Errorf("a history has the secret %s", s)
		}
	}

	latest, _, err := w.Events(ctx, w.admin, w.phoneMAC, listquery.Query{Top: 1})
	check(t, err)
	if len(latest) != 1 || latest[0].ID != got[len(got)-1].ID {
		t.Errorf("a history begins with %v", words(latest))
	}
	none, _, err := w.Events(ctx, w.admin, w.phoneMAC, listquery.Query{Search: "no such text"})
	if err != nil || len(none) != 0 {
		t.Errorf("a search that finds nothing: %v, %v", none, err)
	}
	if base := words(w.history(w.admin, w.baseMAC)); len(base) < 2 || base[0] != "phone.assigned: made the DECT base Hall, a Acme D20" {
		t.Errorf("the history of a base: %q", base)
	}
	for what, c := range map[string]struct {
		caller  fleet.Caller
		address string
		code    fleet.Code
	}{
		"another tenant's phone": {w.other, w.phoneMAC, fleet.CodeNotFound},
		"nobody's phone":         {w.admin, "0015650000ff", fleet.CodeNotFound},
		"no address":             {w.admin, "001565", fleet.CodeMalformed},
	} {
		if _, _, err := w.Events(ctx, c.caller, c.address, listquery.Query{}); fleet.CodeOf(err) != c.code {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// An act that fails leaves no event, and one whose event cannot be kept does not
// happen.
func TestEventsAreOfTheAct(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	before := words(w.history(w.admin, w.phoneMAC))
	noAudit := errors.New("the audit log is full")
	w.faulty.fail(noAudit, nil)
	if err := w.RotatePhoneURL(ctx, w.admin, w.user, w.phone); !errors.Is(err, noAudit) {
		t.Fatal(err)
	}
	w.faulty.fail(nil, nil)
	if diff := cmp.Diff(before, words(w.history(w.admin, w.phoneMAC))); diff != "" {
		t.Errorf("an act that was taken back: %s", diff)
	}
}

// act makes n events in a tenant.
func (w *world) act(tenant fleet.ID, n int) {
	w.t.Helper()
	check(w.t, w.db.Write(w.t.Context(), func(s fleet.Writer) error {
		for range n {
			e := fleet.Event{Time: w.clock.Now(), Tenant: tenant, MAC: mac.MustParse(w.phoneMAC), Kind: fleet.EventChanged, Severity: fleet.Info, Text: "changed"}
			if err := s.AddEvent(w.t.Context(), e); err != nil {
				return err
			}
		}
		return nil
	}))
}

func (w *world) stored(tenant, after fleet.ID) (ids []fleet.ID) {
	w.t.Helper()
	check(w.t, w.db.Read(w.t.Context(), func(r fleet.Reader) error {
		list, err := r.EventsAfter(w.t.Context(), tenant, after, 1_000_000)
		for _, e := range list {
			ids = append(ids, e.ID)
		}
		return err
	}))
	return ids
}

// Whoever watches, goes away and comes back is told each event once, in order: from
// the ring, from the store, and across the two.
func TestWatchTellsEachEventOnce(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	here, there := w.admin.Tenant, w.other.Tenant
	watch := must(w.Watch(ctx, w.admin, 0))(t)
	begin := watch.After()
	var got []fleet.ID
	take := func(n int) {
		t.Helper()
		for want := len(got) + n; len(got) < want; {
			list, err := watch.Next(ctx)
			check(t, err)
			for _, e := range list {
				if e.Tenant != here {
					t.Fatalf("an event of another tenant: %+v", e)
				}
				got = append(got, e.ID)
			}
		}
	}
	silent := func(what string) {
		t.Helper()
		done, cancel := context.WithCancel(ctx)
		cancel()
		if list, err := watch.Next(done); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %d events, %v", what, len(list), err)
		}
	}
	silent("before anything happens")
	w.act(here, 3)
	w.act(there, 3)
	w.act(here, 100)
	take(103) // from the ring
	silent("when all is told")

	w.act(here, 2500)
	w.act(there, 5)
	take(2500) // the ring has not all of these
	silent("when it has caught up")

	place := watch.After()
	watch.Close()
	w.act(here, 200)
	watch = must(w.Watch(ctx, w.admin, place))(t)
	take(10) // a batch, perhaps, of what was missed
	w.act(here, 7)
	take(207 - (len(got) - 2603))
	silent("after it came back")
	watch.Close()

	// A program that has just started has nothing in its ring.
	w.act(here, 3)
	feed := fleet.NewFeed(w.db.NewID())
	w.db.Announce(feed.Publish)
	again := fleet.New(fleet.Config{Store: w.db, Changes: w.heard, Catalog: w.catalog, Feed: feed, Now: w.clock.Now, Log: slog.New(slog.DiscardHandler)})
	watch = must(again.Watch(ctx, w.admin, watch.After()))(t)
	take(3)
	w.act(here, 1)
	take(1)
	fresh := must(again.Watch(ctx, w.other, 0))(t)
	w.act(there, 2)
	list := must(fresh.Next(ctx))(t)
	if len(list) != 2 {
		t.Errorf("who begins now is told %d events", len(list))
	}
	fresh.Close()
	watch.Close()

	if diff := cmp.Diff(w.stored(here, begin), got); diff != "" {
		t.Errorf("the events told are not those stored: %s", diff)
	}
}

// The same while others write.
func TestWatchWhileEventsHappen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	here := w.admin.Tenant
	begin := must(w.Watch(ctx, w.admin, 0))(t)
	after := begin.After()
	begin.Close()
	const writers, each = 4, 300
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range each {
				w.act(here, 1)
			}
		})
	}
	results := make(chan []fleet.ID, 3)
	for stride := range 3 {
		wg.Go(func() {
			var got []fleet.ID
			place := after
			for len(got) < writers*each {
				watch, err := w.Watch(ctx, w.admin, place)
				if err != nil {
					t.Error(err)
					return
				}
				for range 1 + 10*stride { // then comes back
					if len(got) >= writers*each {
						break
					}
					list, err := watch.Next(ctx)
					if err != nil {
						t.Error(err)
						return
					}
					for _, e := range list {
						got = append(got, e.ID)
					}
				}
				place = watch.After()
				watch.Close()
			}
			results <- got
		})
	}
	wg.Wait()
	want := w.stored(here, after)
	for range 3 {
		select {
		case got := <-results:
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("not each event once: %s", diff)
			}
		default:
			t.Error("a watcher did not end")
		}
	}
}

func TestWatchEnds(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	watch := must(w.Watch(ctx, w.admin, 0))(t)
	ended := make(chan error)
	go func() {
		_, err := watch.Next(ctx)
		ended <- err
	}()
	w.feed.Close()
	w.feed.Close()
	if err := <-ended; !errors.Is(err, fleet.ErrFeedClosed) {
		t.Error(err)
	}
	w.act(w.admin.Tenant, 1)
	if _, err := watch.Next(ctx); !errors.Is(err, fleet.ErrFeedClosed) {
		t.Error(err)
	}
	watch.Close()
}

func TestWatchesAreBounded(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	var open []*fleet.Watch
	for {
		watch, err := w.Watch(ctx, w.admin, 0)
		if err != nil {
			if fleet.CodeOf(err) != fleet.CodeTooMany || len(open) != 128 {
				t.Errorf("after %d: %v", len(open), err)
			}
			break
		}
		open = append(open, watch)
	}
	must(w.Watch(ctx, w.other, 0))(t).Close() // whom that does not concern
	open[0].Close()
	open[0] = must(w.Watch(ctx, w.admin, 0))(t)
	for _, watch := range open {
		watch.Close()
	}
}

// pile is a number of old events.
type pile struct {
	mu      sync.Mutex
	left    int
	calls   int
	largest int
	before  time.Time
	fail    error
}

func (p *pile) DeleteEvents(_ context.Context, before time.Time, limit int) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fail != nil {
		return 0, p.fail
	}
	n := min(p.left, limit)
	p.left, p.calls, p.largest, p.before = p.left-n, p.calls+1, max(p.largest, n), before
	return n, nil
}

func TestRetention(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		p, log := &pile{left: 100_000}, &syncBuffer{}
		done := make(chan struct{})
		go func() {
			defer close(done)
			fleet.Retention{Store: p, Keep: 24 * time.Hour, Now: time.Now, Log: slog.New(slog.NewTextHandler(log, nil))}.Run(ctx)
		}()
		time.Sleep(time.Minute)
		synctest.Wait()
		p.mu.Lock()
		if p.left != 0 || p.largest > 500 {
			t.Errorf("%d are left after a minute, at most %d were deleted at once", p.left, p.largest)
		}
		if age := time.Since(p.before); age < 24*time.Hour || age > 24*time.Hour+time.Minute {
			t.Errorf("events are kept for %s", age)
		}
		p.left, p.fail = 10, errors.New("the disk is full")
		p.mu.Unlock()
		time.Sleep(15 * time.Minute)
		synctest.Wait()
		if !strings.Contains(log.String(), "the disk is full") {
			t.Errorf("the log is %q", log.String())
		}
		p.mu.Lock()
		p.fail = nil
		p.mu.Unlock()
		time.Sleep(15 * time.Minute)
		synctest.Wait()
		p.mu.Lock()
		if p.left != 0 {
			t.Errorf("%d are left after the store was back", p.left)
		}
		p.mu.Unlock()
		cancel()
		<-done
	})
}

package storetest

import (
	"cmp"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/listquery"
	"github.com/dialplane/dialplane/internal/mac"
)

// history reads what happened to a device, oldest first.
func (s *store) history(tenant fleet.ID, m mac.Addr) []fleet.Event {
	s.t.Helper()
	list := get(s, func(r fleet.Reader) ([]fleet.Event, error) {
		list, _, err := r.Events(s.t.Context(), tenant, m, everything)
		return list, err
	})
	if !slices.IsSortedFunc(list, func(a, b fleet.Event) int { return cmp.Compare(b.ID, a.ID) }) {
		s.t.Error("a history is not latest first")
	}
	slices.Reverse(list)
	return list
}

func kinds(list []fleet.Event) []fleet.EventKind {
	out := make([]fleet.EventKind, 0, len(list))
	for _, e := range list {
		out = append(out, e.Kind)
	}
	return out
}

func (s *store) add(events ...fleet.Event) {
	s.t.Helper()
	s.write(func(w fleet.Writer) error {
		for _, e := range events {
			if err := w.AddEvent(s.t.Context(), e); err != nil {
				return err
			}
		}
		return nil
	})
}

func anEvent(tenant fleet.ID, m mac.Addr, at time.Time) fleet.Event {
	return fleet.Event{
		Time: at, Tenant: tenant, MAC: m, Kind: fleet.EventChanged, Severity: fleet.Info, Text: "changed: language", Caller: "Zoë",
		EventDetails: fleet.EventDetails{
			Changes: []fleet.Change{{Field: "language", From: "a", To: "b"}}, Job: 7, Order: fleet.JobReboot, Attempt: 2, Outcome: fleet.OutcomeRefused, Phones: 3,
		},
	}
}

func testEvents(t *testing.T, s *store) {
	ctx := t.Context()
	here, there := s.newTenant().ID, s.newTenant().ID
	m := macOf(1)
	want := anEvent(here, m, start)
	filled(t, want.EventDetails)
	s.add(want)
	got := s.history(here, m)
	if len(got) != 1 || got[0].ID == 0 {
		t.Fatalf("the history is %v", got)
	}
	want.ID = got[0].ID
	same(t, "an event", got[0], want)
	same(t, "of another tenant", s.history(there, m), nil)
	s.missing("an event of no tenant", func(w fleet.Writer) error { return w.AddEvent(ctx, anEvent(1, m, start)) })

	// What phones do.
	m = s.newPhone(here, s.newUser(here).ID).MAC
	fetch := aFetch(here, m, start)
	fetch.Reason = ""
	at := func(ip string, edit func(*fleet.Fetch)) fleet.Fetch {
		f := fetch
		f.IP = netip.MustParseAddr(ip)
		if edit != nil {
			edit(&f)
		}
		return f
	}
	for _, step := range []struct {
		what string
		f    fleet.Fetch
		want []fleet.EventKind
	}{
		{"first", fetch, []fleet.EventKind{fleet.EventSeen, fleet.EventServed}},
		{"again", fetch, []fleet.EventKind{fleet.EventServed}},
		{"firmware", at("192.0.2.7", func(f *fleet.Fetch) { f.Version = "97" }), []fleet.EventKind{fleet.EventDiffers, fleet.EventServed}},
		{"says nothing of itself", fleet.Fetch{Tenant: here, MAC: m, Time: start, Status: 200, Level: "L2"}, []fleet.EventKind{fleet.EventServed}},
		{"another address of its network", at("192.0.2.8", func(f *fleet.Fetch) { f.Version = "97" }), []fleet.EventKind{fleet.EventDiffers, fleet.EventServed}},
		{"a new network", at("198.51.100.1", func(f *fleet.Fetch) { f.Version = "97" }), []fleet.EventKind{fleet.EventDiffers, fleet.EventServed, fleet.EventSuspicious}},
		{"a network it has been in", at("192.0.2.99", func(f *fleet.Fetch) { f.Version = "97" }), []fleet.EventKind{fleet.EventDiffers, fleet.EventServed}},
		{"a new network, not proven", at("203.0.113.1", func(f *fleet.Fetch) { f.Level, f.Version = "L0", "97" }), []fleet.EventKind{fleet.EventDiffers, fleet.EventServed}},
		{"refused", at("203.0.113.1", func(f *fleet.Fetch) { f.Status, f.Reason, f.Version = 404, "it is rejected", "97" }), []fleet.EventKind{fleet.EventRefused}},
		{"our fault", at("203.0.113.1", func(f *fleet.Fetch) { f.Status, f.Version = 503, "97" }), []fleet.EventKind{fleet.EventFailed}},
		{"enrolled", at("203.0.113.1", func(f *fleet.Fetch) { f.Level, f.Version = "L1", "97" }), []fleet.EventKind{fleet.EventEnrolled}},
		{"doubted", at("203.0.113.1", func(f *fleet.Fetch) { f.Level, f.Version, f.Doubt = "L0", "97", "odd" }), []fleet.EventKind{fleet.EventServed, fleet.EventSuspicious}},
	} {
		before := len(s.history(here, m))
		s.record(step.f)
		same(t, step.what, kinds(s.history(here, m)[before:]), step.want)
	}
	all := s.history(here, m)
	for _, e := range all {
		if e.Fetch == nil || e.Text == "" || e.Caller != "" || e.Severity == "" {
			t.Errorf("an event says too little: %+v", e)
		}
		if (e.Kind == fleet.EventSuspicious || e.Kind == fleet.EventFailed) != (e.Severity == fleet.Warning) {
			t.Errorf("%s is %s", e.Kind, e.Severity)
		}
	}
	same(t, "the firmware", all[3].Changes, []fleet.Change{{Field: "version", From: fetch.Version, To: "97"}})

	// Lists: pages, filters, and the stream's.
	list := func(q listquery.Query) (list []fleet.Event, count int) {
		t.Helper()
		s.read(func(r fleet.Reader) (err error) {
			list, count, err = r.Events(ctx, here, m, q)
			return err
		})
		return list, count
	}
	page, count := list(listquery.Query{Top: 2, Skip: 1, Count: true})
	same(t, "a page", page, []fleet.Event{all[len(all)-2], all[len(all)-3]})
	if count != len(all) {
		t.Errorf("count %d, want %d", count, len(all))
	}
	page, _ = list(listquery.Query{Filter: &listquery.Expr{Op: listquery.Ge, Field: "status", Value: listquery.NumberValue(404)}, Order: []listquery.Order{{Field: "status"}}})
	same(t, "those refused", kinds(page), []fleet.EventKind{fleet.EventRefused, fleet.EventFailed})
	page, _ = list(listquery.Query{Search: "REJECTED"})
	same(t, "a search", kinds(page), []fleet.EventKind{fleet.EventRefused})

	after := func(tenant, id fleet.ID, limit int) []fleet.Event {
		t.Helper()
		return get(s, func(r fleet.Reader) ([]fleet.Event, error) { return r.EventsAfter(ctx, tenant, id, limit) })
	}
	same(t, "all after the first", after(here, want.ID, 1000), all)
	same(t, "some after another", after(here, all[2].ID, 2), all[3:5])
	same(t, "after the last", after(here, all[len(all)-1].ID, 10), nil)
	same(t, "elsewhere", after(there, 0, 10), nil)
}

// What devices cause is bounded, and what matters is not pushed out by what does not.
func testEventBounds(t *testing.T, s *store) {
	tenant := s.newTenant().ID
	phone := s.newPhone(tenant, s.newUser(tenant).ID)
	stranger := macOf(1)
	s.add(anEvent(tenant, phone.MAC, start))
	for _, m := range []mac.Addr{phone.MAC, stranger} {
		var batch []fleet.Fetch
		for i := range 600 {
			f := aFetch(tenant, m, start.Add(time.Duration(i)*time.Second))
			f.Version = []string{"1", "2"}[i%2]
			if i == 300 {
				f.Severity = fleet.High
			}
			batch = append(batch, f)
		}
		batch = append(batch, make([]fleet.Fetch, 0)...)
		s.record(batch...)
		for range 300 {
			batch[0].Version = "2"
			s.record(batch[0])
		}
	}
	count := func(m mac.Addr) map[fleet.EventKind]int {
		n := make(map[fleet.EventKind]int)
		for _, e := range s.history(tenant, m) {
			n[e.Kind]++
		}
		return n
	}
	if n := count(phone.MAC); n[fleet.EventRefused] < 200 || n[fleet.EventRefused] > 201 || n[fleet.EventDiffers] > 100 || n[fleet.EventDiffers] < 50 || n[fleet.EventChanged] != 1 {
		t.Errorf("of a phone are kept %v", n)
	}
	if n := count(stranger); n[fleet.EventRefused] > 11 || n[fleet.EventDiffers] > 10 {
		t.Errorf("of a stranger are kept %v", n)
	}
	high := slices.ContainsFunc(s.history(tenant, phone.MAC), func(e fleet.Event) bool { return e.Severity == fleet.High })
	if high {
		t.Error("600 changes of firmware did not push out anything") // the bound holds for them too
	}
	alarm := aFetch(tenant, phone.MAC, start)
	alarm.Version, alarm.Severity = "2", fleet.High
	s.record(alarm)
	for range 450 {
		alarm.Severity = ""
		s.record(alarm)
	}
	if !slices.ContainsFunc(s.history(tenant, phone.MAC), func(e fleet.Event) bool { return e.Severity == fleet.High }) {
		t.Error("450 ordinary fetches have pushed out an alarm")
	}
}

func testEventsOfJobs(t *testing.T, s *store) {
	ctx := t.Context()
	tenant := s.newTenant().ID
	phone := s.newPhone(tenant, s.newUser(tenant).ID)
	job := fleet.Job{ID: s.NewID(), Tenant: tenant, Kind: fleet.JobReboot, MAC: phone.MAC, State: fleet.JobRunning, Caller: "anna", CreatedAt: start}
	s.write(func(w fleet.Writer) error { _, err := w.InsertJob(ctx, job); return err })
	at := start
	claim := func() fleet.Errand {
		t.Helper()
		at = at.Add(time.Minute)
		claimed, err := s.ClaimItems(ctx, fleet.Claim{At: at, Lease: time.Minute, Limit: 10})
		if err != nil || len(claimed) != 1 {
			t.Fatalf("claimed %v, %v", claimed, err)
		}
		return claimed[0]
	}
	settle := func(e fleet.Errand, st fleet.Settlement, a ...fleet.Arrival) {
		t.Helper()
		st.Errand, st.From = e, fleet.ItemSent
		if _, err := s.SettleItems(ctx, at, []fleet.Settlement{st}, a); err != nil {
			t.Fatal(err)
		}
	}
	settle(claim(), fleet.Settlement{To: fleet.ItemPending, Due: at, Unsent: true}) // says nothing more
	settle(claim(), fleet.Settlement{To: fleet.ItemPending, Due: at, Outcome: fleet.OutcomeTimedOut, Reason: "no answer"})
	second := claim()
	settle(second, fleet.Settlement{To: fleet.ItemAccepted, Due: at.Add(time.Hour)})
	settle(second, fleet.Settlement{To: fleet.ItemFailed}) // late: it is accepted
	if _, err := s.SettleItems(ctx, at, nil, []fleet.Arrival{{MAC: phone.MAC, At: at}}); err != nil {
		t.Fatal(err)
	}
	got := s.history(tenant, phone.MAC)
	same(t, "the events", kinds(got), []fleet.EventKind{
		fleet.EventSent, fleet.EventSent, fleet.EventRetry, fleet.EventSent, fleet.EventAccepted, fleet.EventConfirmed,
	})
	for _, e := range got {
		if e.Job != job.ID || e.Order != fleet.JobReboot || e.Caller != "anna" || e.Text == "" || e.Fetch != nil {
			t.Errorf("an event says too little: %+v", e)
		}
	}
	if e := got[2]; e.Outcome != fleet.OutcomeTimedOut || e.Attempt != 1 || !strings.Contains(e.Text, "no answer") {
		t.Errorf("the failed attempt is %+v", e)
	}
}

// Events are told when they are durable, in the order of their IDs, and no others.
func testAnnounced(t *testing.T, s *store) {
	ctx := t.Context()
	var told []fleet.Event // the store calls one at a time
	s.Announce(func(events []fleet.Event) { told = append(told, events...) })
	tenant := s.newTenant().ID
	m := macOf(1)
	err := s.Write(ctx, func(w fleet.Writer) error {
		if err := w.AddEvent(ctx, anEvent(tenant, m, start)); err != nil {
			return err
		}
		return errStop
	})
	if !errors.Is(err, errStop) || len(told) != 0 {
		t.Fatalf("%v; told of what was taken back: %v", err, told)
	}
	done := make(chan error)
	const writers, each = 4, 25
	for range writers {
		go func() {
			for range each {
				err := s.Write(ctx, func(w fleet.Writer) error {
					if len(told) > 0 && !slices.IsSortedFunc(told, func(a, b fleet.Event) int { return cmp.Compare(a.ID, b.ID) }) {
						t.Error("told out of order")
					}
					return errors.Join(w.AddEvent(ctx, anEvent(tenant, m, start)), w.AddEvent(ctx, anEvent(tenant, m, start)))
				})
				if err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range writers {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	s.record(aFetch(tenant, m, start))
	s.write(func(fleet.Writer) error { return nil }) // after which told is ours
	got := s.history(tenant, m)
	if len(got) != 2*writers*each+2 {
		t.Errorf("%d events", len(got))
	}
	for i := range told { // is not kept
		if told[i].Fetch != nil {
			f := *told[i].Fetch
			f.Time = told[i].Time
			told[i].Fetch = &f
		}
	}
	same(t, "what was told", told, got)
}

func testRetention(t *testing.T, s *store) {
	ctx := t.Context()
	here, there := s.newTenant().ID, s.newTenant().ID
	for i := range 50 {
		at := start.Add(time.Duration(i) * time.Hour)
		s.add(anEvent(here, macOf(1), at), anEvent(there, macOf(2), at))
	}
	before := start.Add(40 * time.Hour)
	total := 0
	for round := 0; ; round++ {
		n, err := s.DeleteEvents(ctx, before, 7)
		if err != nil || n > 7 || round > 50 {
			t.Fatalf("round %d: %d deleted, %v", round, n, err)
		}
		if total += n; n == 0 {
			break
		}
	}
	if total != 80 {
		t.Errorf("%d deleted", total)
	}
	for tenant, m := range map[fleet.ID]mac.Addr{here: macOf(1), there: macOf(2)} {
		left := s.history(tenant, m)
		if len(left) != 10 || left[0].Time.Before(before) {
			t.Errorf("%d are left, from %v on", len(left), left[0].Time)
		}
	}
}

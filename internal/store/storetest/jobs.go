package storetest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/listquery"
	"github.com/dialplane/dialplane/internal/mac"
)

// jobStore is what the worker of jobs needs besides.
type jobStore interface {
	ClaimItems(ctx context.Context, c fleet.Claim) ([]fleet.Errand, error)
	SettleItems(ctx context.Context, at time.Time, s []fleet.Settlement, a []fleet.Arrival) (fleet.Settled, error)
	OverdueItems(ctx context.Context, at time.Time, limit int) ([]fleet.Overdue, error)
	NextItem(ctx context.Context) (time.Time, error)
	EachWaiting(ctx context.Context, f func(m mac.Addr, since time.Time) error) error
	JobRuns(ctx context.Context, id fleet.ID) (bool, error)
	DeleteJobs(ctx context.Context, before time.Time, limit int) (int, error)
}

func (s *store) aJob(tenant fleet.ID, kind fleet.JobKind, m mac.Addr) fleet.Job {
	return fleet.Job{ID: s.NewID(), Tenant: tenant, Kind: kind, MAC: m, State: fleet.JobRunning, Caller: "Änne", CreatedAt: start}
}

// newJob adds a job and returns it as it stands.
func (s *store) newJob(tenant fleet.ID, kind fleet.JobKind, m mac.Addr) fleet.Job {
	s.t.Helper()
	j := s.aJob(tenant, kind, m)
	s.write(func(w fleet.Writer) error { _, err := w.InsertJob(s.t.Context(), j); return err })
	return s.job(j)
}

func (s *store) job(j fleet.Job) fleet.Job {
	s.t.Helper()
	return get(s, func(r fleet.Reader) (fleet.Job, error) { return r.Job(s.t.Context(), j.Tenant, j.ID) })
}

func (s *store) items(j fleet.Job) []fleet.JobItem {
	s.t.Helper()
	return get(s, func(r fleet.Reader) ([]fleet.JobItem, error) {
		items, _, err := r.JobItems(s.t.Context(), j.Tenant, j.ID, everything)
		return items, err
	})
}

func (s *store) newPhones(tenant fleet.ID, n int) (macs []mac.Addr) {
	s.t.Helper()
	user := s.newUser(tenant).ID
	for range n {
		macs = append(macs, s.newPhone(tenant, user).MAC)
	}
	return macs
}

var aClaim = fleet.Claim{At: start, Lease: time.Minute, Spacing: 30 * time.Second, Limit: 100}

func (s *store) claim(c fleet.Claim) []fleet.Errand {
	s.t.Helper()
	claimed, err := s.ClaimItems(s.t.Context(), c)
	if err != nil {
		s.t.Fatal(err)
	}
	return claimed
}

func (s *store) settle(at time.Time, list []fleet.Settlement, arrivals ...fleet.Arrival) fleet.Settled {
	s.t.Helper()
	settled, err := s.SettleItems(s.t.Context(), at, list, arrivals)
	if err != nil {
		s.t.Fatal(err)
	}
	return settled
}

func claimedMACs(claimed []fleet.Errand) (macs []mac.Addr) {
	for _, e := range claimed {
		macs = append(macs, e.MAC)
	}
	return macs
}

func testJobs(t *testing.T, s *store) {
	ctx := t.Context()
	tenant := s.newTenant().ID
	macs := s.newPhones(tenant, 2)
	base := s.newDectPhone(tenant).MAC
	rejected := s.newPhones(tenant, 1)[0]
	s.write(func(w fleet.Writer) error { return w.SetRejected(ctx, tenant, rejected, true) })
	s.newPhones(s.newTenant().ID, 1)

	one := s.newJob(tenant, fleet.JobReprovision, macs[0])
	want := s.aJob(tenant, fleet.JobReprovision, macs[0])
	want.ID, want.Counts = one.ID, fleet.JobCounts{Pending: 1}
	same(t, "Job", one, want)
	same(t, "JobItems", s.items(one), []fleet.JobItem{{Job: one.ID, MAC: macs[0], State: fleet.ItemPending, Due: start, UpdatedAt: start}})

	insert := func(j fleet.Job) (n int) {
		t.Helper()
		s.write(func(w fleet.Writer) (err error) { n, err = w.InsertJob(ctx, j); return err })
		return n
	}
	if n := insert(s.aJob(tenant, fleet.JobReprovision, macs[0])); n != 0 {
		t.Errorf("a phone that waits already is queued %d times", n)
	}
	if n := insert(s.aJob(tenant, fleet.JobReprovision, rejected)); n != 0 {
		t.Errorf("a rejected phone is queued %d times", n)
	}
	all := s.aJob(tenant, fleet.JobReprovision, mac.Addr{})
	if n := insert(all); n != 2 {
		t.Errorf("all phones but two: %d", n)
	}
	for i, m := range []mac.Addr{macs[1], base} {
		if got := s.items(all)[i].MAC; got != m {
			t.Errorf("phone %d is %s", i, got)
		}
	}
	empty := s.aJob(tenant, fleet.JobReprovision, mac.Addr{})
	if n := insert(empty); n != 0 {
		t.Errorf("nothing left: %d", n)
	}
	s.missing("a job for no phone", func(w fleet.Writer) error { _, err := w.Job(ctx, tenant, empty.ID); return err })
	s.missing("a job of no tenant", func(w fleet.Writer) error {
		_, err := w.InsertJob(ctx, s.aJob(1, fleet.JobReboot, mac.Addr{}))
		return err
	})
	s.missing("items of no job", func(w fleet.Writer) error { _, _, err := w.JobItems(ctx, tenant, 1, everything); return err })
	s.missing("the state of no job", func(w fleet.Writer) error { return w.SetJobState(ctx, tenant, 1, fleet.JobPaused, start) })

	open := func(m mac.Addr) fleet.ID {
		t.Helper()
		return get(s, func(r fleet.Reader) (fleet.Job, error) { return r.OpenJob(ctx, tenant, fleet.JobReprovision, m) }).ID
	}
	if open(macs[0]) != one.ID || open(base) != all.ID || open(mac.Addr{}) != all.ID {
		t.Error("OpenJob finds another job")
	}
	s.missing("an open job of another kind", func(w fleet.Writer) error { _, err := w.OpenJob(ctx, tenant, fleet.JobReboot, macs[0]); return err })

	at := start.Add(time.Hour)
	s.write(func(w fleet.Writer) error { return w.SetJobState(ctx, tenant, all.ID, fleet.JobPaused, at) })
	if got := s.claim(aClaim); !slices.Equal(claimedMACs(got), macs[:1]) {
		t.Errorf("claimed %v beside a paused job", got)
	}
	s.write(func(w fleet.Writer) error { return w.SetJobState(ctx, tenant, all.ID, fleet.JobCancelled, at) })
	all.State, all.DoneAt, all.Counts = fleet.JobCancelled, at, fleet.JobCounts{Cancelled: 2}
	same(t, "a cancelled job", s.job(all), all)
	if i := s.items(all)[0]; i.State != fleet.ItemCancelled || !i.Due.IsZero() || !i.UpdatedAt.Equal(at) {
		t.Errorf("a cancelled item is %+v", i)
	}
	s.missing("an open job of a cancelled item", func(w fleet.Writer) error {
		_, err := w.OpenJob(ctx, tenant, fleet.JobReprovision, base)
		return err
	})
	if n := insert(s.aJob(tenant, fleet.JobReprovision, base)); n != 1 {
		t.Errorf("after the cancelled one: %d", n)
	}
}

func testClaims(t *testing.T, s *store) {
	ctx := t.Context()
	tenant := s.newTenant().ID
	macs := s.newPhones(tenant, 3)
	next := func(want time.Time) {
		t.Helper()
		if got, err := s.NextItem(ctx); err != nil || !got.Equal(want) {
			t.Errorf("the next is at %v, want %v, %v", got, want, err)
		}
	}
	next(time.Time{})
	job := s.newJob(tenant, fleet.JobReprovision, mac.Addr{})
	next(start)
	early := aClaim
	early.At = start.Add(-time.Millisecond)
	if got := s.claim(early); len(got) != 0 {
		t.Errorf("claimed before they are due: %v", got)
	}
	two := aClaim
	two.Limit = 2
	claimed := s.claim(two)
	want := fleet.Errand{Tenant: tenant, Job: job.ID, Kind: fleet.JobReprovision, MAC: macs[0], Attempt: 1}
	if len(claimed) != 2 || claimed[0] != want {
		t.Fatalf("claimed %+v", claimed)
	}
	same(t, "a claimed item", s.items(job)[0], fleet.JobItem{Job: job.ID, MAC: macs[0], State: fleet.ItemSent, Attempts: 1, Due: start.Add(time.Minute), UpdatedAt: start})
	if got := s.claim(aClaim); !slices.Equal(claimedMACs(got), macs[2:]) {
		t.Errorf("claimed %v after the others", got)
	}
	if got := s.claim(aClaim); len(got) != 0 {
		t.Errorf("claimed twice: %v", got)
	}
	next(start.Add(time.Minute)) // the leases end

	// What a claim finds too early for its phone it puts off.
	reboot := s.newJob(tenant, fleet.JobReboot, macs[0])
	if got := s.claim(aClaim); len(got) != 0 {
		t.Errorf("claimed %v a moment after the phone was sent something", got)
	}
	next(start.Add(30 * time.Second))
	later := aClaim
	later.At = start.Add(30 * time.Second)
	if got := s.claim(later); len(got) != 1 || got[0].Job != reboot.ID {
		t.Errorf("claimed %v when the spacing was over", got)
	}

	waiting := map[mac.Addr]time.Time{}
	if err := s.EachWaiting(ctx, func(m mac.Addr, since time.Time) error { waiting[m] = since; return nil }); err != nil || len(waiting) != 3 || !waiting[macs[0]].Equal(start) {
		t.Errorf("waiting are %v, %v", waiting, err)
	}
	overdue, err := s.OverdueItems(ctx, start.Add(time.Minute), 2)
	if err != nil || len(overdue) != 2 || overdue[0].State != fleet.ItemSent || !overdue[0].Sent.Equal(start) || overdue[0].Attempt != 1 {
		t.Errorf("overdue are %+v, %v", overdue, err)
	}
	if none, err := s.OverdueItems(ctx, start.Add(59*time.Second), 10); err != nil || len(none) != 0 {
		t.Errorf("overdue before their time: %+v, %v", none, err)
	}
	if runs, err := s.JobRuns(ctx, job.ID); err != nil || !runs {
		t.Error("the job does not run", err)
	}
	if runs, err := s.JobRuns(ctx, 1); err != nil || runs {
		t.Error("no job runs", err)
	}
}

// testTurns proves that jobs share what is claimed, and that none is forgotten.
func testTurns(t *testing.T, s *store) {
	large := s.newTenant().ID
	s.newPhones(large, 60)
	s.newJob(large, fleet.JobReprovision, mac.Addr{})
	small := s.newTenant().ID
	for _, m := range s.newPhones(small, 12) {
		s.newJob(small, fleet.JobReprovision, m)
	}
	five := aClaim
	five.Limit = 5
	first := map[fleet.ID]int{}
	for round := range 30 {
		for _, e := range s.claim(five) {
			first[e.Tenant]++
		}
		if round == 3 && (first[small] != 12 || first[large] < 3) {
			t.Errorf("after four claims of five, %d of the small jobs and %d of the large one are claimed", first[small], first[large])
		}
	}
	if first[large] != 60 || first[small] != 12 {
		t.Errorf("%v were claimed", first)
	}

	for range 6 { // more than a claim takes, and none is soon done
		tenant := s.newTenant().ID
		s.newPhones(tenant, 10)
		s.newJob(tenant, fleet.JobReprovision, mac.Addr{})
	}
	two := aClaim
	two.Limit = 2
	clear(first)
	for range 3 {
		for _, e := range s.claim(two) {
			first[e.Tenant]++
		}
	}
	if len(first) != 6 {
		t.Errorf("three claims of two have served %d of six jobs", len(first))
	}
}

func testSettling(t *testing.T, s *store) {
	ctx := t.Context()
	tenant := s.newTenant().ID
	macs := s.newPhones(tenant, 6)
	job := s.newJob(tenant, fleet.JobReprovision, mac.Addr{})
	claimed := s.claim(aClaim)
	if len(claimed) != 6 {
		t.Fatalf("claimed %v", claimed)
	}
	at := start.Add(time.Second)
	due := start.Add(10 * time.Minute)
	as := func(i int, to fleet.ItemState, o fleet.Outcome, due time.Time) fleet.Settlement {
		return fleet.Settlement{Errand: claimed[i], From: fleet.ItemSent, To: to, Outcome: o, Reason: "why \x00\xff", Due: due}
	}
	unsent := as(3, fleet.ItemPending, "", at)
	unsent.Unsent, unsent.Reason = true, ""
	settled := s.settle(at, []fleet.Settlement{
		as(0, fleet.ItemAccepted, "", due),
		as(1, fleet.ItemPending, fleet.OutcomeUnreachable, due),
		as(2, fleet.ItemFailed, fleet.OutcomeRefused, time.Time{}),
		unsent,
	}, fleet.Arrival{MAC: macs[4], At: start}, fleet.Arrival{MAC: macs[5], At: start.Add(-time.Millisecond)}, fleet.Arrival{MAC: macOf(77), At: at})
	slices.SortFunc(settled.Idle, func(a, b mac.Addr) int { return slices.Compare(a[:], b[:]) })
	idle := []mac.Addr{macs[2], macs[3], macs[4], macOf(77)}
	slices.SortFunc(idle, func(a, b mac.Addr) int { return slices.Compare(a[:], b[:]) })
	if !slices.Equal(settled.Idle, idle) || len(settled.Done) != 0 {
		t.Errorf("settled is %+v, want idle %v", settled, idle)
	}
	same(t, "the items", s.items(job), []fleet.JobItem{
		{Job: job.ID, MAC: macs[0], State: fleet.ItemAccepted, Reason: "why \uFFFD\uFFFD", Attempts: 1, Due: due, UpdatedAt: at},
		{Job: job.ID, MAC: macs[1], State: fleet.ItemPending, Outcome: fleet.OutcomeUnreachable, Reason: "why \uFFFD\uFFFD", Attempts: 1, Due: due, UpdatedAt: at},
		{Job: job.ID, MAC: macs[2], State: fleet.ItemFailed, Outcome: fleet.OutcomeRefused, Reason: "why \uFFFD\uFFFD", Attempts: 1, UpdatedAt: at},
		{Job: job.ID, MAC: macs[3], State: fleet.ItemPending, Due: at, UpdatedAt: at},
		{Job: job.ID, MAC: macs[4], State: fleet.ItemConfirmed, Attempts: 1, UpdatedAt: at},
		{Job: job.ID, MAC: macs[5], State: fleet.ItemSent, Attempts: 1, Due: start.Add(time.Minute), UpdatedAt: start},
	})
	same(t, "the counts", s.job(job).Counts, fleet.JobCounts{Pending: 2, Sent: 1, Accepted: 1, Confirmed: 1, Failed: 1})

	// What is settled already, or is another attempt's, stays.
	wrong := as(5, fleet.ItemFailed, fleet.OutcomeBroken, time.Time{})
	wrong.Attempt++
	gone := as(5, fleet.ItemPending, "", due)
	gone.Job = 1
	s.settle(at, []fleet.Settlement{as(4, fleet.ItemFailed, fleet.OutcomeBroken, time.Time{}), wrong, gone})
	same(t, "the counts after results that come late", s.job(job).Counts, fleet.JobCounts{Pending: 2, Sent: 1, Accepted: 1, Confirmed: 1, Failed: 1})

	// Once the job is cancelled nothing is sent again, and it ends with its last item.
	s.write(func(w fleet.Writer) error { return w.SetJobState(ctx, tenant, job.ID, fleet.JobCancelled, at) })
	s.settle(at, []fleet.Settlement{as(5, fleet.ItemPending, fleet.OutcomeTimedOut, due)})
	if i := s.items(job)[5]; i.State != fleet.ItemCancelled || i.Outcome != fleet.OutcomeTimedOut || !i.Due.IsZero() {
		t.Errorf("the last is %+v", i)
	}
	if n, err := s.DeleteJobs(ctx, due, 100); err != nil || n != 0 {
		t.Errorf("%d rows of a job that has an open item are deleted, %v", n, err)
	}
	settled = s.settle(due, nil, fleet.Arrival{MAC: macs[0], At: due})
	job.State, job.DoneAt, job.Counts = fleet.JobCancelled, at, fleet.JobCounts{Confirmed: 2, Failed: 1, Cancelled: 3}
	same(t, "the jobs that have ended", settled.Done, []fleet.Job{job})
	same(t, "the job", s.job(job), job)
	if again := s.settle(due, nil, fleet.Arrival{MAC: macs[0], At: due}); len(again.Done) != 0 {
		t.Errorf("the job has ended twice: %+v", again)
	}
	same(t, "the list of jobs", get(s, func(r fleet.Reader) ([]fleet.Job, error) {
		list, _, err := r.Jobs(ctx, tenant, listquery.Query{})
		return list, err
	}), []fleet.Job{job})

	if n, err := s.DeleteJobs(ctx, at, 4); err != nil || n != 0 {
		t.Errorf("%d rows of a job that is not old are deleted, %v", n, err)
	}
	var deleted []int
	for {
		n, err := s.DeleteJobs(ctx, due, 4)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			break
		}
		deleted = append(deleted, n)
	}
	if !slices.Equal(deleted, []int{4, 3}) { // six phones and their job
		t.Errorf("%v rows are deleted at a time", deleted)
	}
	s.missing("a job that was deleted", func(w fleet.Writer) error { _, err := w.Job(ctx, tenant, job.ID); return err })
}

// testUnassigned proves that phones which have left a tenant are not sent its orders,
// and that another tenant can give them its own.
func testUnassigned(t *testing.T, s *store) {
	ctx := t.Context()
	here, there := s.newTenant().ID, s.newTenant().ID
	phone := s.newPhone(here, s.newUser(here).ID)
	job := s.newJob(here, fleet.JobReprovision, phone.MAC)
	s.write(func(w fleet.Writer) error { return w.DeletePhone(ctx, here, phone.ID) })
	moved := s.aPhone(there, s.newUser(there).ID)
	moved.MAC, moved.DisabledAt = phone.MAC, time.Time{}
	s.write(func(w fleet.Writer) error { return w.InsertPhone(ctx, moved) })
	theirs := s.newJob(there, fleet.JobReprovision, phone.MAC)
	if got := s.claim(aClaim); len(got) != 1 || got[0].Job != theirs.ID || got[0].Tenant != there {
		t.Errorf("claimed %+v", got)
	}
	got := s.job(job)
	if got.State != fleet.JobDone || got.Counts != (fleet.JobCounts{Cancelled: 1}) {
		t.Errorf("the job of the tenant that it left is %+v", got)
	}
	s.write(func(w fleet.Writer) error { return w.DeleteTenant(ctx, there) })
	settled := s.settle(start, []fleet.Settlement{{Errand: fleet.Errand{Tenant: there, Job: theirs.ID, MAC: phone.MAC, Attempt: 1}, From: fleet.ItemSent, To: fleet.ItemPending, Due: start}})
	if len(settled.Done) != 0 || !slices.Equal(settled.Idle, []mac.Addr{phone.MAC}) {
		t.Errorf("settling for a tenant that is gone: %+v", settled)
	}
}

// testDisabled proves that phones and bases which are disabled get no orders, and
// those that they had before are cancelled.
func testDisabled(t *testing.T, s *store) {
	ctx := t.Context()
	tenant := s.newTenant().ID
	phone, base := s.newPhone(tenant, s.newUser(tenant).ID), s.newDectPhone(tenant)
	disabled := func(m mac.Addr) bool {
		t.Helper()
		return get(s, func(r fleet.Reader) (bool, error) { return r.DeviceDisabled(ctx, tenant, m) })
	}
	if disabled(phone.MAC) || disabled(base.MAC) || disabled(macOf(12345)) {
		t.Error("disabled without having been")
	}
	before := s.newJob(tenant, fleet.JobReboot, mac.Addr{})
	phone.DisabledAt, base.DisabledAt = start, start
	s.write(func(w fleet.Writer) error { return w.UpdatePhone(ctx, phone) })
	s.write(func(w fleet.Writer) error { return w.UpdateDectPhone(ctx, base) })
	if !disabled(phone.MAC) || !disabled(base.MAC) {
		t.Error("not disabled")
	}
	if elsewhere := get(s, func(r fleet.Reader) (bool, error) { return r.DeviceDisabled(ctx, tenant+1, phone.MAC) }); elsewhere {
		t.Error("disabled in another tenant")
	}
	s.write(func(w fleet.Writer) error {
		n, err := w.InsertJob(ctx, s.aJob(tenant, fleet.JobReprovision, mac.Addr{}))
		if n != 0 {
			t.Errorf("%d disabled phones get an order", n)
		}
		return err
	})
	if got := s.claim(aClaim); len(got) != 0 {
		t.Errorf("claimed %+v", got)
	}
	if got := s.job(before); got.State != fleet.JobDone || got.Counts != (fleet.JobCounts{Cancelled: 2}) {
		t.Errorf("the job from before is %+v", got)
	}
	for _, i := range s.items(before) {
		if i.Reason != "the phone is disabled" {
			t.Errorf("%v is cancelled because %q", i.MAC, i.Reason)
		}
	}
	phone.DisabledAt = time.Time{}
	s.write(func(w fleet.Writer) error { return w.UpdatePhone(ctx, phone) })
	s.newJob(tenant, fleet.JobReprovision, phone.MAC)
	if got := s.claim(aClaim); len(got) != 1 || got[0].MAC != phone.MAC {
		t.Errorf("enabled again, claimed %+v", got)
	}
}

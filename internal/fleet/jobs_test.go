package fleet_test

import (
	"testing"
	"time"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/listquery"
	"github.com/dialplane/dialplane/internal/mac"
)

func (w *world) items(job fleet.ID) map[string]fleet.ItemState {
	w.t.Helper()
	states := map[string]fleet.ItemState{}
	for _, i := range must2(w.JobItems(w.t.Context(), w.admin, job, listquery.Query{}))(w.t) {
		states[i.MAC.String()] = i.State
	}
	return states
}

func TestOrdersAreJobs(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	// A second phone of the same extension, which an order to the first leaves alone.
	const sibling = "001565000004"
	must(w.CreatePhone(ctx, w.admin, w.user, phoneInput(sibling)))(t)

	one := must(w.Reprovision(ctx, w.admin, "00:15:65:00:00:01"))(t)
	if got := w.audited(); got != "alice phone.reprovision phone "+w.phoneMAC {
		t.Errorf("audited %q", got)
	}
	if got := w.items(one); len(got) != 1 || got[w.phoneMAC] != fleet.ItemPending {
		t.Errorf("the items are %v", got)
	}
	want := fleet.Job{
		ID: one, Tenant: w.admin.Tenant, Kind: fleet.JobReprovision, MAC: mac.MustParse(w.phoneMAC), State: fleet.JobRunning,
		Caller: "alice", CreatedAt: w.clock.Now(), Counts: fleet.JobCounts{Pending: 1},
	}
	if got := must(w.Job(ctx, w.admin, one))(t); got != want {
		t.Errorf("the job is %+v", got)
	}
	if again := must(w.Reprovision(ctx, w.admin, w.phoneMAC))(t); again != one {
		t.Errorf("a phone that waits already is in the jobs %s and %s", one, again)
	}
	reboot := must(w.Reboot(ctx, w.admin, w.phoneMAC))(t)
	if reboot == one {
		t.Error("a reboot has joined a re-provision")
	}
	base := must(w.Reboot(ctx, w.admin, w.baseMAC))(t)
	if got := w.items(base); len(got) != 1 || got[w.baseMAC] != fleet.ItemPending {
		t.Errorf("the items for a base are %v", got)
	}

	all := must(w.ReprovisionAll(ctx, w.admin))(t)
	if got := w.audited(); got != "alice phone.reprovision every phone" {
		t.Errorf("audited %q", got)
	}
	if got := w.items(all); len(got) != 2 || got[sibling] == "" || got[w.baseMAC] == "" {
		t.Errorf("all phones but the one that waits: %v", got)
	}
	if again := must(w.ReprovisionAll(ctx, w.admin))(t); again != all {
		t.Errorf("an order that adds nothing makes the job %s, after %s", again, all)
	}
	if n := w.waker.woken.Load(); n != 6 {
		t.Errorf("woken %d times for 6 orders", n)
	}
	if list, n, err := w.Jobs(ctx, w.admin, listquery.Query{Count: true}); err != nil || n != 4 || list[3].Counts.Total() != 2 {
		t.Errorf("%d jobs, %+v, %v", n, list, err)
	}
	if heard := w.heard.take(); len(heard) != 2 { // of the sibling's making
		t.Errorf("phones were said to have changed: %q", heard)
	}
}

func TestOrdersToNoPhone(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	const stranger, rejected = "001565000050", "001565000051"
	check(t, w.db.Write(ctx, func(s fleet.Writer) error {
		if err := s.SetRejected(ctx, w.admin.Tenant, mac.MustParse(stranger), false); err != nil {
			return err
		}
		return s.SetRejected(ctx, w.admin.Tenant, mac.MustParse(w.baseMAC), true)
	}))
	check(t, w.Reject(ctx, w.admin, stranger))
	check(t, w.db.Write(ctx, func(s fleet.Writer) error { return s.SetRejected(ctx, w.admin.Tenant, mac.MustParse(rejected), true) }))
	w.heard.take()
	w.refuse([]refusal{
		{name: "a stranger", do: func() error { return second(w.Reprovision(ctx, w.admin, stranger)) }, code: fleet.CodeConflict, says: "not assigned"},
		{name: "a rejected stranger", do: func() error { return second(w.Reboot(ctx, w.admin, rejected)) }, code: fleet.CodeConflict, says: "not assigned"},
		{name: "a rejected base", do: func() error { return second(w.Reboot(ctx, w.admin, w.baseMAC)) }, code: fleet.CodeConflict, says: "rejected"},
	})
	if got := w.items(must(w.ReprovisionAll(ctx, w.admin))(t)); len(got) != 1 || got[w.phoneMAC] == "" {
		t.Errorf("all phones: %v", got)
	}

	check(t, w.DeletePhone(ctx, w.other, w.otherUser, w.otherPhone))
	if id := must(w.ReprovisionAll(ctx, w.other))(t); id != 0 {
		t.Errorf("a tenant without phones has the job %s", id)
	}
	// Without anybody to carry jobs out they wait.
	mute := fleet.New(fleet.Config{Store: w.faulty, Changes: w.heard, Catalog: w.catalog, Now: w.clock.Now})
	if id := must(mute.Reboot(ctx, w.admin, w.phoneMAC))(t); len(w.items(id)) != 1 {
		t.Error("no item")
	}
}

func TestSteeringJobs(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	state := func(id fleet.ID) fleet.Job { t.Helper(); return must(w.Job(ctx, w.admin, id))(t) }
	id := must(w.ReprovisionAll(ctx, w.admin))(t)
	w.waker.woken.Store(0)

	for range 2 { // the second time nothing changes
		check(t, w.PauseJob(ctx, w.admin, id))
	}
	if got := w.audited(); got != "alice job.pause job "+id.String() || state(id).State != fleet.JobPaused {
		t.Errorf("audited %q; %+v", got, state(id))
	}
	w.refuse([]refusal{
		{name: "one that waits in a paused job", do: func() error { return second(w.Reprovision(ctx, w.admin, w.phoneMAC)) }, code: fleet.CodeConflict, says: id.String()},
		{name: "all while a job is paused", do: func() error { return second(w.ReprovisionAll(ctx, w.admin)) }, code: fleet.CodeConflict, says: "paused"},
		{name: "no such job", do: func() error { return w.PauseJob(ctx, w.admin, 1) }, code: fleet.CodeNotFound},
	})
	must(w.Reboot(ctx, w.admin, w.phoneMAC))(t) // is another matter
	must(w.Reprovision(ctx, w.other, w.otherMAC))(t)

	check(t, w.ResumeJob(ctx, w.admin, id))
	if got := state(id).State; got != fleet.JobRunning {
		t.Errorf("resumed, it is %s", got)
	}
	w.clock.advance(time.Minute)
	check(t, w.CancelJob(ctx, w.admin, id))
	got := state(id)
	if got.State != fleet.JobCancelled || !got.DoneAt.Equal(w.clock.Now()) || got.Counts != (fleet.JobCounts{Cancelled: 2}) {
		t.Errorf("cancelled, it is %+v", got)
	}
	check(t, w.CancelJob(ctx, w.admin, id))
	w.refuse([]refusal{
		{name: "resume what is over", do: func() error { return w.ResumeJob(ctx, w.admin, id) }, code: fleet.CodeConflict, says: "cancelled"},
		{name: "pause what is over", do: func() error { return w.PauseJob(ctx, w.admin, id) }, code: fleet.CodeConflict},
	})
	if n := w.waker.woken.Load(); n != 7 {
		t.Errorf("woken %d times", n)
	}
	if next := must(w.ReprovisionAll(ctx, w.admin))(t); next == id {
		t.Error("an order has joined a job that is over")
	}
}

package fleet

import (
	"context"
	"time"

	"github.com/dialplane/dialplane/internal/listquery"
	"github.com/dialplane/dialplane/internal/mac"
)

// JobKind is what a job makes phones do, or has done with them.
type JobKind string

// The kinds of jobs.
const (
	JobReprovision JobKind = "reprovision" // fetch the configuration now
	JobReboot      JobKind = "reboot"
	JobRPS         JobKind = "rps" // not an order to phones: their vendors' redirect services are told of them
)

// JobState is how a job stands.
type JobState string

// The states of a job. The last two are final; items of a cancelled job that were
// sent before are still followed to their end.
const (
	JobRunning   JobState = "running"
	JobPaused    JobState = "paused"
	JobCancelled JobState = "cancelled"
	JobDone      JobState = "done"
)

// ItemState is how far a job has come with one phone.
type ItemState string

// The states of an item. The first three are open: one phone has at most one open
// item of a kind.
const (
	ItemPending     ItemState = "pending"     // to be sent when due
	ItemSent        ItemState = "sent"        // on its way, or was when the program ended
	ItemAccepted    ItemState = "accepted"    // the phone has said yes
	ItemConfirmed   ItemState = "confirmed"   // the phone has fetched its configuration since
	ItemUnconfirmed ItemState = "unconfirmed" // it accepted, and did not fetch in time
	ItemFailed      ItemState = "failed"
	ItemCancelled   ItemState = "cancelled"
)

// Outcome says why the last attempt at a phone did not succeed.
type Outcome string

// The outcomes; "" while there is nothing to say.
const (
	OutcomeChallenged  Outcome = "challenged"  // the phone wants credentials and refused ours, or there are none
	OutcomeUnreachable Outcome = "unreachable" // nothing listens, nobody knows where it is, or it does not answer its PBX
	OutcomeTimedOut    Outcome = "timed-out"   // nobody answered us, the PBX or the phone itself
	OutcomeRefused     Outcome = "refused"     // the phone has said no
	OutcomeBroken      Outcome = "broken"      // a fault of ours
)

// Outcomes lists every outcome.
var Outcomes = []Outcome{OutcomeChallenged, OutcomeUnreachable, OutcomeTimedOut, OutcomeRefused, OutcomeBroken}

// Job is an order to one phone of a tenant, to the bases of a DECT system or to all.
type Job struct {
	ID        ID
	Tenant    ID
	Kind      JobKind
	MAC       mac.Addr // the one phone; zero for every phone or a system
	System    ID       // the DECT system whose bases it is for; 0 for others
	State     JobState
	Caller    string // who gave it
	CreatedAt time.Time
	DoneAt    time.Time // zero while it runs or is paused
	Counts    JobCounts
	// Left is how long a running job of the kind JobRPS is going to take yet; nil of
	// others, and while nobody can tell. The use cases fill it in.
	Left *time.Duration
}

// JobCounts is how many phones of a job are in each state.
type JobCounts struct {
	Pending, Sent, Accepted, Confirmed, Unconfirmed, Failed, Cancelled int
}

// Total is the number of phones in the job.
func (n JobCounts) Total() int {
	return n.Open() + n.Confirmed + n.Unconfirmed + n.Failed + n.Cancelled
}

// Open is the number of phones that something is still to happen with.
func (n JobCounts) Open() int { return n.Pending + n.Sent + n.Accepted }

// Of returns where the phones in a state are counted, or nil for no state.
func (n *JobCounts) Of(s ItemState) *int {
	switch s {
	case ItemPending:
		return &n.Pending
	case ItemSent:
		return &n.Sent
	case ItemAccepted:
		return &n.Accepted
	case ItemConfirmed:
		return &n.Confirmed
	case ItemUnconfirmed:
		return &n.Unconfirmed
	case ItemFailed:
		return &n.Failed
	case ItemCancelled:
		return &n.Cancelled
	}
	return nil
}

// JobItem is one phone of a job.
type JobItem struct {
	Job      ID
	MAC      mac.Addr
	State    ItemState
	Outcome  Outcome
	Reason   string // of the outcome, in plain words
	Attempts int    // so far
	// Due is when something happens next: pending, it is sent; sent, the answer is
	// no longer waited for; accepted, a fetch is no longer waited for. Zero once
	// the item is closed.
	Due       time.Time
	UpdatedAt time.Time
}

// Jobs is what carries jobs out. It is told, after a write has become durable, that
// there is a new job or that one has changed.
type Jobs interface{ Wake() }

// ReprovisionAll makes every phone of the tenant fetch its configuration, DECT bases
// included, rejected and disabled phones not. It returns the job, which has just begun: its
// new one, or the one that already has all phones; 0 if the tenant has no phones.
func (f *Fleet) ReprovisionAll(ctx context.Context, c Caller) (ID, error) {
	return f.order(ctx, c, JobReprovision, mac.Addr{})
}

// Reprovision makes one phone fetch its configuration, and no other of its
// extension. It returns the job: a new one, or the one the phone already waits in.
// The address is in any spelling; one that is none is a CodeMalformed error, and a
// phone that is not assigned, or is rejected or disabled, a CodeConflict.
func (f *Fleet) Reprovision(ctx context.Context, c Caller, address string) (ID, error) {
	return f.orderOne(ctx, c, JobReprovision, address)
}

// Reboot makes one phone restart, as Reprovision makes it fetch.
func (f *Fleet) Reboot(ctx context.Context, c Caller, address string) (ID, error) {
	return f.orderOne(ctx, c, JobReboot, address)
}

func (f *Fleet) orderOne(ctx context.Context, c Caller, kind JobKind, address string) (ID, error) {
	if err := c.mayHere(Operator); err != nil {
		return 0, err
	}
	m, err := parseAddress(address)
	if err != nil {
		return 0, err
	}
	return f.order(ctx, c, kind, m)
}

// order makes a job for one phone or, with no address, for all.
func (f *Fleet) order(ctx context.Context, c Caller, kind JobKind, m mac.Addr) (ID, error) {
	if err := c.mayHere(Operator); err != nil {
		return 0, err
	}
	job := Job{ID: f.store.NewID(), Tenant: c.Tenant, Kind: kind, MAC: m, State: JobRunning, Caller: c.Name}
	err := f.change(ctx, c, "phone."+string(kind), func(w Writer) (string, error) {
		job.CreatedAt = f.now()
		object := "every phone"
		if !m.IsZero() {
			object = "phone " + m.String()
			if err := mayCommand(ctx, w, c.Tenant, m); err != nil {
				return "", err
			}
		}
		if err := notPaused(ctx, w, job); err != nil {
			return "", err
		}
		queued, err := w.InsertJob(ctx, job)
		if err != nil {
			return "", err
		}
		if queued > 0 {
			return object, f.note(ctx, w, c, m, EventOrdered, string(kind)+" ordered", EventDetails{Job: job.ID, Order: kind, Phones: queued})
		}
		joined, err := w.OpenJob(ctx, c.Tenant, kind, m)
		if err != nil && CodeOf(err) != CodeNotFound {
			return "", err
		}
		job.ID = joined.ID // 0 if there is no phone
		return object, nil
	})
	if err != nil {
		return 0, err
	}
	f.wake()
	return job.ID, nil
}

// mayCommand returns why a phone of the tenant takes no orders, or nil.
func mayCommand(ctx context.Context, r Reader, tenant ID, m mac.Addr) error {
	_, ours, err := r.MACTaken(ctx, tenant, m)
	if err != nil {
		return err
	}
	if !ours {
		if _, err := r.PhoneRow(ctx, tenant, m); err != nil {
			return err
		}
		return errorf(CodeConflict, "the phone was seen but is not assigned; give it to an extension first")
	}
	switch disabled, err := r.DeviceDisabled(ctx, tenant, m); {
	case err != nil:
		return err
	case disabled:
		return errorf(CodeConflict, "the phone is disabled; it gets no configuration and takes no orders: enable it first (disabled: false)")
	}
	seen, err := r.Sighting(ctx, m)
	if err != nil && CodeOf(err) != CodeNotFound {
		return err
	}
	if err == nil && seen.Tenant == tenant && seen.Rejected {
		return errorf(CodeConflict, "the phone is rejected; it gets no configuration and takes no orders")
	}
	return nil
}

// notPaused refuses an order to phones that wait in a paused job: they would stay
// there, and whoever gives the order would not know.
func notPaused(ctx context.Context, r Reader, job Job) error {
	var paused Job
	if job.MAC.IsZero() {
		list, _, err := r.Jobs(ctx, job.Tenant, listquery.Query{Top: 1, Filter: &listquery.Expr{Op: listquery.And, Args: []*listquery.Expr{
			{Op: listquery.Eq, Field: "state", Value: listquery.TextValue(string(JobPaused))},
			{Op: listquery.Eq, Field: "kind", Value: listquery.TextValue(string(job.Kind))},
		}}})
		if err != nil {
			return err
		}
		if len(list) > 0 {
			paused = list[0]
		}
	} else {
		found, err := r.OpenJob(ctx, job.Tenant, job.Kind, job.MAC)
		if err != nil && CodeOf(err) != CodeNotFound {
			return err
		}
		if err == nil && found.State == JobPaused {
			paused = found
		}
	}
	if paused.ID == 0 {
		return nil
	}
	return errorf(CodeConflict, "the job %s, which is paused, has this to do already; resume or cancel it", paused.ID)
}

// Jobs lists the jobs of the tenant, oldest first. Those that ended long ago are
// forgotten.
func (f *Fleet) Jobs(ctx context.Context, c Caller, q listquery.Query) (list []Job, count int, err error) {
	if err := c.mayHere(Viewer); err != nil {
		return nil, 0, err
	}
	err = f.store.Read(ctx, func(r Reader) error {
		if list, count, err = r.Jobs(ctx, c.Tenant, q); err != nil {
			return err
		}
		for i := range list {
			if err := f.estimate(ctx, r, &list[i]); err != nil {
				return err
			}
		}
		return nil
	})
	return list, count, err
}

// Job returns a job as it stands.
func (f *Fleet) Job(ctx context.Context, c Caller, id ID) (j Job, err error) {
	if err := c.mayHere(Viewer); err != nil {
		return Job{}, err
	}
	err = f.store.Read(ctx, func(r Reader) error {
		if j, err = r.Job(ctx, c.Tenant, id); err != nil {
			return err
		}
		return f.estimate(ctx, r, &j)
	})
	return j, err
}

// JobItems lists the phones of a job and how far it has come with each.
func (f *Fleet) JobItems(ctx context.Context, c Caller, id ID, q listquery.Query) (list []JobItem, count int, err error) {
	if err := c.mayHere(Viewer); err != nil {
		return nil, 0, err
	}
	err = f.store.Read(ctx, func(r Reader) error {
		if _, err := r.Job(ctx, c.Tenant, id); err != nil {
			return err
		}
		list, count, err = r.JobItems(ctx, c.Tenant, id, q)
		return err
	})
	return list, count, err
}

// CancelJob ends a job: what has not been sent yet never is. A job that is done is a
// CodeConflict.
func (f *Fleet) CancelJob(ctx context.Context, c Caller, id ID) error {
	return f.steer(ctx, c, id, "job.cancel", JobCancelled)
}

// PauseJob holds a job: nothing is sent until it is resumed. A job that is over is a
// CodeConflict.
func (f *Fleet) PauseJob(ctx context.Context, c Caller, id ID) error {
	return f.steer(ctx, c, id, "job.pause", JobPaused)
}

// ResumeJob lets a paused job go on. A job that is over is a CodeConflict.
func (f *Fleet) ResumeJob(ctx context.Context, c Caller, id ID) error {
	return f.steer(ctx, c, id, "job.resume", JobRunning)
}

func (f *Fleet) steer(ctx context.Context, c Caller, id ID, action string, to JobState) error {
	if err := c.mayHere(Operator); err != nil {
		return err
	}
	err := f.change(ctx, c, action, func(w Writer) (string, error) {
		j, err := w.Job(ctx, c.Tenant, id)
		if err != nil {
			return "", err
		}
		object := "job " + id.String()
		switch j.State {
		case to:
			return object, nil
		case JobDone, JobCancelled:
			return "", errorf(CodeConflict, "the job is %s; give the order again to make a new one", j.State)
		}
		if to == JobCancelled {
			text := "the order to " + string(j.Kind) + " is cancelled where it has not been sent"
			if j.Kind == JobRPS {
				text = "redirect services are told of no more phones than they have been"
			}
			if err := f.note(ctx, w, c, j.MAC, EventCancelled, text, EventDetails{Job: id, Order: j.Kind}); err != nil {
				return "", err
			}
		}
		return object, w.SetJobState(ctx, c.Tenant, id, to, f.now())
	})
	if err != nil {
		return err
	}
	f.wake()
	return nil
}

func (f *Fleet) wake() {
	if f.jobs != nil {
		f.jobs.Wake()
	}
	f.redirects.Wake()
}

// Claim asks for items to send.
type Claim struct {
	At      time.Time
	Lease   time.Duration // how long they are the claimer's
	Spacing time.Duration // least time since the phone was last sent anything
	Limit   int
}

// Errand is an item that is to be sent now. The store has counted the attempt.
type Errand struct {
	Tenant, Job ID
	Kind        JobKind
	MAC         mac.Addr
	Attempt     int // from 1
}

// Overdue is an item that was sent or accepted, and whose time is up.
type Overdue struct {
	Errand
	State ItemState
	Sent  time.Time
}

// Settlement is what has become of an errand.
type Settlement struct {
	Errand
	From, To ItemState // nothing happens if it is no longer in From
	Outcome  Outcome
	Reason   string
	Due      time.Time // of an item that stays open
	Unsent   bool      // the attempt does not count
}

// Arrival is a phone's fetch of its whole configuration.
type Arrival struct {
	MAC mac.Addr
	At  time.Time
}

// Settled is what settling has led to.
type Settled struct {
	// Idle are those of the phones settled that no open item has sent anything.
	Idle []mac.Addr
	// Done are the jobs that have ended.
	Done []Job
}

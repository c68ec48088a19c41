package admin

import (
	"context"
	"math"
	"net/http"
	"time"

	"github.com/dialplane/dialplane/internal/fleet"
)

// ordered answers an order to phones: without a body, as ever, but with the job.
type ordered struct {
	Job string `header:"Dialplane-Job" example:"NzAwNTUxOTA5NzczMTQ4MTYw" doc:"Id of the job that carries the order out, for /jobs/{id}; not given if there is no phone."`
}

type job struct {
	ID      string     `json:"id" example:"NzAwNTUxOTA5NzczMTQ4MTYw"`
	Kind    string     `json:"kind" enum:"reprovision,reboot,rps" doc:"What it makes phones do; rps tells the vendors' redirect services of them."`
	MAC     blank      `json:"mac" example:"001565aabbcc" doc:"The one phone; null for every phone of the tenant or every base of a DECT system."`
	System  blank      `json:"dect_system_id" example:"NzAwNTUxOTA5NzczMTQ4MTYw" doc:"The DECT system whose bases it is for."`
	State   string     `json:"state" enum:"running,paused,cancelled,done"`
	Caller  string     `json:"caller" example:"anna" doc:"Who gave the order."`
	Created *time.Time `json:"created" example:"2026-11-23T08:00:00Z"`
	Done    *time.Time `json:"done" example:"2026-11-23T08:01:00Z" doc:"Null while it goes on."`
	Counts  jobCounts  `json:"counts" doc:"How many phones are in each state."`

	EstimatedSeconds *int `json:"estimated_seconds" example:"2000" doc:"How long a job of the kind rps is going to take yet, by the pace that was seen; null of others, and while it cannot be told, as when a service is not to be reached."`
}

type jobCounts struct {
	Pending     int `json:"pending" example:"0" doc:"To be sent."`
	Sent        int `json:"sent" example:"0" doc:"On their way."`
	Accepted    int `json:"accepted" example:"1" doc:"The phone has said yes."`
	Confirmed   int `json:"confirmed" example:"0" doc:"The phone has fetched its configuration since, or its redirect service has been told."`
	Unconfirmed int `json:"unconfirmed" example:"0" doc:"The phone said yes and did not fetch in time."`
	Failed      int `json:"failed" example:"0"`
	Cancelled   int `json:"cancelled" example:"0"`
}

type jobItem struct {
	MAC      string     `json:"mac" example:"001565aabbcc"`
	State    string     `json:"state" enum:"pending,sent,accepted,confirmed,unconfirmed,failed,cancelled"`
	Outcome  blank      `json:"outcome" example:"unreachable" doc:"Why the last attempt did not succeed: challenged, unreachable, timed-out, refused or broken."`
	Reason   blank      `json:"reason" example:"nothing listens at 192.0.2.17:5060" doc:"The same in plain words."`
	Attempts int        `json:"attempts" example:"1"`
	Due      *time.Time `json:"due" example:"2026-11-23T08:00:30Z" doc:"When something happens next; null once it is closed."`
	Updated  *time.Time `json:"updated" example:"2026-11-23T08:00:00Z"`
}

func (s *server) registerJobs() {
	register(s, operation{
		method: http.MethodGet, path: "/jobs", id: "listJobs", tag: tagJobs, status: http.StatusOK, role: fleet.Viewer, fields: fleet.JobFields,
		summary: "List the orders that were given to phones",
	}, func(ctx context.Context, r request, _ *struct{}) (*output[listOf[job]], error) {
		found, n, err := s.Fleet.Jobs(ctx, r.Caller, r.Query)
		return listed(r, found, n, jobOf), err
	})
	register(s, operation{
		method: http.MethodGet, path: "/jobs/{id}", id: "getJob", tag: tagJobs, status: http.StatusOK, role: fleet.Viewer,
		summary: "Get a job as it stands",
	}, func(ctx context.Context, r request, in *ObjectPath) (*output[job], error) {
		j, err := s.Fleet.Job(ctx, r.Caller, in.ID.ref())
		return &output[job]{jobOf(j)}, err
	})
	register(s, operation{
		method: http.MethodGet, path: "/jobs/{id}/items", id: "listJobItems", tag: tagJobs, status: http.StatusOK, role: fleet.Viewer, fields: fleet.JobItemFields,
		summary: "List the phones of a job and how far it has come with each",
	}, func(ctx context.Context, r request, in *ObjectPath) (*output[listOf[jobItem]], error) {
		found, n, err := s.Fleet.JobItems(ctx, r.Caller, in.ID.ref(), r.Query)
		return listed(r, found, n, jobItemOf), err
	})
	for _, verb := range []struct {
		name, summary string
		do            func(context.Context, fleet.Caller, fleet.ID) error
	}{
		{"pause", "Hold a job: nothing is sent until it is resumed", s.Fleet.PauseJob},
		{"resume", "Let a paused job go on", s.Fleet.ResumeJob},
		{"cancel", "End a job: what has not been sent yet never is", s.Fleet.CancelJob},
	} {
		register(s, operation{
			method: http.MethodPost, path: "/jobs/{id}/" + verb.name, id: verb.name + "Job", tag: tagJobs, status: http.StatusOK, role: fleet.Operator,
			summary: verb.summary,
			detail:  "A job that is over is a conflict.",
		}, func(ctx context.Context, r request, in *ObjectPath) (*empty, error) {
			return nothing(verb.do(ctx, r.Caller, in.ID.ref()))
		})
	}
}

func jobOf(j fleet.Job) job {
	out := job{
		ID: j.ID.String(), Kind: string(j.Kind), State: string(j.State), Caller: j.Caller, Created: moment(j.CreatedAt), Done: moment(j.DoneAt),
		Counts: jobCounts(j.Counts), System: blank(j.System.String()),
	}
	if !j.MAC.IsZero() {
		out.MAC = blank(j.MAC.String())
	}
	if j.Left != nil {
		seconds := int(math.Ceil(j.Left.Seconds()))
		out.EstimatedSeconds = &seconds
	}
	return out
}

func jobItemOf(i fleet.JobItem) jobItem {
	return jobItem{
		MAC: i.MAC.String(), State: string(i.State), Outcome: blank(i.Outcome), Reason: blank(i.Reason), Attempts: i.Attempts,
		Due: moment(i.Due), Updated: moment(i.UpdatedAt),
	}
}

package admin

import (
	"context"
	"net/http"
	"time"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/listquery"
	"github.com/dialplane/dialplane/internal/mac"
)

type enrolment struct {
	ID      string     `json:"id" example:"NzAwNTUxOTA5NzczMTQ4MTYw"`
	MAC     blank      `json:"mac" example:"001565aabbcc" doc:"The one phone that may enrol; null for every assigned phone of the tenant."`
	Opened  *time.Time `json:"opened" example:"2026-11-23T08:00:00Z"`
	Expires *time.Time `json:"expires" example:"2026-11-23T08:15:00Z"`
	Used    []string   `json:"used" example:"001565aabbcc" doc:"The phones that have enrolled in it, each of which can do so once."`
}

type enrolmentCreate struct {
	MAC     *string `json:"mac,omitempty" maxLength:"32" example:"00:15:65:aa:bb:cc" doc:"One assigned phone; none for every one of the tenant."`
	Minutes *int    `json:"minutes,omitempty" minimum:"1" maximum:"1440" example:"15" doc:"How long the window stays open; none for the tenant's own."`
}

func (s *server) registerEnrolments() {
	register(s, operation{
		method: http.MethodGet, path: "/enrolments", id: "listEnrolments", tag: tagEnrolments, status: http.StatusOK, role: fleet.Viewer, fields: fleet.EnrolmentFields,
		summary: "List the open enrolment windows",
	}, func(ctx context.Context, r request, _ *struct{}) (*output[listOf[enrolment]], error) {
		found, n, err := s.Fleet.Enrolments(ctx, r.Caller, r.Query)
		return listed(r, found, n, enrolmentOf), err
	})
	register(s, operation{
		method: http.MethodPost, path: "/enrolments", id: "openEnrolment", tag: tagEnrolments, status: http.StatusCreated, role: fleet.Operator,
		summary: "Let phones enrol for some minutes",
		detail:  "Within the window an assigned phone that knows no more than the shared address is given its own secret one, once.",
	}, func(ctx context.Context, r request, in *input[enrolmentCreate]) (*output[created], error) {
		return createdAs(s.Fleet.OpenEnrolment(ctx, r.Caller, fleet.EnrolmentInput{MAC: in.Body.MAC, Minutes: in.Body.Minutes}))
	})
	register(s, operation{
		method: http.MethodGet, path: "/enrolments/{id}", id: "getEnrolment", tag: tagEnrolments, status: http.StatusOK, role: fleet.Viewer,
		summary: "Get an open enrolment window",
	}, func(ctx context.Context, r request, in *ObjectPath) (*output[enrolment], error) {
		one := &listquery.Expr{Op: listquery.Eq, Field: "id", Value: listquery.TextValue(string(in.ID))}
		found, _, err := s.Fleet.Enrolments(ctx, r.Caller, listquery.Query{Filter: one})
		if err == nil && len(found) == 0 {
			err = fleet.NotFound("open enrolment window")
		}
		if err != nil {
			return nil, err
		}
		return &output[enrolment]{enrolmentOf(found[0])}, nil
	})
	register(s, operation{
		method: http.MethodPost, path: "/enrolments/{id}/destroy", id: "closeEnrolment", tag: tagEnrolments, status: http.StatusNoContent, role: fleet.Operator,
		summary: "Shut an enrolment window before its time",
	}, func(ctx context.Context, r request, in *ObjectPath) (*empty, error) {
		return nothing(s.Fleet.CloseEnrolment(ctx, r.Caller, in.ID.ref()))
	})
}

func enrolmentOf(e fleet.Enrolment) enrolment {
	out := enrolment{
		ID: e.ID.String(), Opened: moment(e.Opened), Expires: moment(e.Expires),
		Used: each(mac.Addr.String)(e.Used),
	}
	if !e.MAC.IsZero() {
		out.MAC = blank(e.MAC.String())
	}
	return out
}

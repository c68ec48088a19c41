package fleet

import (
	"context"

	"github.com/dialplane/dialplane/internal/listquery"
)

// EnrolmentInput opens a window. Its faults point at /mac and /minutes.
type EnrolmentInput struct {
	MAC     *string // one assigned phone; nil for all of the tenant
	Minutes *int    // 1–1440; nil for the tenant's own, or 15 where that is 0
}

// OpenEnrolment lets phones enrol for some minutes, each once.
func (f *Fleet) OpenEnrolment(ctx context.Context, c Caller, in EnrolmentInput) (ID, error) {
	panic("unwritten")
}

// Enrolments lists the windows that are open.
func (f *Fleet) Enrolments(ctx context.Context, c Caller, q listquery.Query) ([]Enrolment, int, error) {
	panic("unwritten")
}

// CloseEnrolment shuts a window before its time.
func (f *Fleet) CloseEnrolment(ctx context.Context, c Caller, id ID) error { panic("unwritten") }

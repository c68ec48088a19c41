package fleet

import (
	"context"
	"fmt"
	"time"

	"github.com/dialplane/dialplane/internal/listquery"
	"github.com/dialplane/dialplane/internal/mac"
)

// EnrolmentInput opens a window. Its faults point at /mac and /minutes.
type EnrolmentInput struct {
	MAC     *string // one assigned phone; nil for all of the tenant
	Minutes *int    // 1–1440; nil for the tenant's own, or 15 where that is 0
}

const (
	maxEnrolment     = 24 * time.Hour
	defaultEnrolment = 15 * time.Minute
)

// OpenEnrolment lets phones enrol for some minutes, each once.
func (f *Fleet) OpenEnrolment(ctx context.Context, c Caller, in EnrolmentInput) (ID, error) {
	if err := c.mayHere(Operator); err != nil {
		return 0, err
	}
	e := Enrolment{ID: f.store.NewID(), Tenant: c.Tenant}
	var news redirectNews
	err := f.change(ctx, c, "enrolment.open", func(w Writer) (string, error) {
		t, err := w.Tenant(ctx, c.Tenant)
		if err != nil {
			return "", err
		}
		var v form
		e.Opened = f.now()
		if in.MAC != nil {
			if m, err := mac.Parse(*in.MAC); err != nil {
				v.add("/mac", "%s", err)
			} else if _, ours, err := w.MACTaken(ctx, c.Tenant, m); err != nil {
				return "", err
			} else if disabled, err := w.DeviceDisabled(ctx, c.Tenant, m); err != nil {
				return "", err
			} else if disabled {
				v.conflict("/mac", "the phone %s is disabled, and no window opens for it; enable it first", m)
			} else if !ours {
				v.add("/mac", "no phone of this tenant has the MAC address %s; give it to an extension first", m)
			} else {
				e.MAC = m
			}
		}
		minutes := t.EnrolMinutes
		if minutes == 0 {
			minutes = int(defaultEnrolment / time.Minute)
		}
		set(&v, "/minutes", in.Minutes, &minutes, between(1, int(maxEnrolment/time.Minute)))
		if err := v.err(); err != nil {
			return "", err
		}
		e.Expires = e.Opened.Add(time.Duration(minutes) * time.Minute)
		if err := f.noteWindow(ctx, w, c, e); err != nil {
			return "", err
		}
		if err := f.renew(ctx, w, c, e.MAC, &news); err != nil {
			return "", err
		}
		return e.object(), w.InsertEnrolment(ctx, e)
	})
	if err != nil {
		return 0, err
	}
	return e.ID, f.tell(ctx, append(f.redirected(&news, c.Tenant), f.enrolmentsChanged(c.Tenant, e.MAC))...)
}

// Enrolments lists the windows that are open.
func (f *Fleet) Enrolments(ctx context.Context, c Caller, q listquery.Query) (list []Enrolment, count int, err error) {
	if err := c.mayHere(Viewer); err != nil {
		return nil, 0, err
	}
	err = f.store.Read(ctx, func(r Reader) error {
		list, count, err = r.Enrolments(ctx, c.Tenant, f.now(), q)
		return err
	})
	return list, count, err
}

// CloseEnrolment shuts a window before its time.
func (f *Fleet) CloseEnrolment(ctx context.Context, c Caller, id ID) error {
	if err := c.mayHere(Operator); err != nil {
		return err
	}
	var e Enrolment
	err := f.change(ctx, c, "enrolment.close", func(w Writer) (_ string, err error) {
		if e, err = w.Enrolment(ctx, c.Tenant, id); err != nil {
			return "", err
		}
		if err := f.note(ctx, w, c, e.MAC, EventClosed, "the enrolment window was closed"); err != nil {
			return "", err
		}
		return e.object(), w.DeleteEnrolment(ctx, c.Tenant, id)
	})
	if err != nil {
		return err
	}
	return f.tell(ctx, f.enrolmentsChanged(c.Tenant, e.MAC))
}

func (e Enrolment) object() string {
	if e.MAC.IsZero() {
		return "enrolment of every phone"
	}
	return "enrolment of phone " + e.MAC.String()
}

// welcome opens the window that assigning a phone opens, unless it is disabled, and
// forgets that the phone was once rejected.
func (f *Fleet) welcome(ctx context.Context, w Writer, c Caller, t Tenant, m mac.Addr, disabled bool) error {
	switch seen, err := w.Sighting(ctx, m); {
	case err == nil && seen.Rejected && seen.Tenant == t.ID:
		if err := w.SetRejected(ctx, t.ID, m, false); err != nil {
			return err
		}
		if err := f.note(ctx, w, c, m, EventUnrejected, "no longer rejected: it was assigned"); err != nil {
			return err
		}
	case err != nil && CodeOf(err) != CodeNotFound:
		return err
	}
	if t.EnrolMinutes == 0 || disabled {
		return nil
	}
	now := f.now()
	e := Enrolment{
		ID: f.store.NewID(), Tenant: t.ID, MAC: m,
		Opened: now, Expires: now.Add(time.Duration(t.EnrolMinutes) * time.Minute),
	}
	if err := f.noteWindow(ctx, w, c, e); err != nil {
		return err
	}
	return w.InsertEnrolment(ctx, e)
}

func (f *Fleet) noteWindow(ctx context.Context, w Writer, c Caller, e Enrolment) error {
	return f.note(ctx, w, c, e.MAC, EventOpened, fmt.Sprintf("may enrol for %d minutes", int(e.Expires.Sub(e.Opened)/time.Minute)))
}

// closeFor shuts the windows of one phone.
func (f *Fleet) closeFor(ctx context.Context, w Writer, tenant ID, m mac.Addr) error {
	open, _, err := w.Enrolments(ctx, tenant, f.now(), EnrolmentsOf(m))
	if err != nil {
		return err
	}
	for _, e := range open {
		if err := w.DeleteEnrolment(ctx, tenant, e.ID); err != nil {
			return err
		}
	}
	return nil
}

// EnrolmentsOf asks for the windows for one phone, or, with no address, for those
// for every phone.
func EnrolmentsOf(m mac.Addr) listquery.Query {
	value := listquery.Value{Kind: listquery.Null}
	if !m.IsZero() {
		value = listquery.Value{Kind: listquery.Text, Text: m.String()}
	}
	return listquery.Query{Filter: &listquery.Expr{Op: listquery.Eq, Field: "mac", Value: value}}
}

func (f *Fleet) enrolmentsChanged(tenant ID, m mac.Addr) func(context.Context) error {
	return func(ctx context.Context) error { return f.changes.EnrolmentsChanged(ctx, tenant, m) }
}

package fleet

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/dialplane/dialplane/internal/listquery"
	"github.com/dialplane/dialplane/internal/mac"
)

// Event is something that happened to a phone or DECT base. It holds no secret: of a
// request's path it has the last part alone.
type Event struct {
	// ID rises in the order in which events became durable. The store gives it.
	ID       ID
	Time     time.Time
	Tenant   ID
	MAC      mac.Addr // zero for what concerns every phone of the tenant
	Kind     EventKind
	Severity Severity
	Text     string // in plain words, for people
	Caller   string // who did or ordered it; "" for what the phone did
	// Fetch is the request that the event is, or came with; nil for other events.
	Fetch *Fetch
	EventDetails
}

// EventDetails is what only some kinds of events have.
type EventDetails struct {
	// Changes are what differs from before: of a sighting with both values, of
	// settings by the field alone.
	Changes []Change `json:"changes,omitempty"`
	Job     ID       `json:"job,omitempty"` // that a command belongs to
	Order   JobKind  `json:"order,omitempty"`
	Attempt int      `json:"attempt,omitempty"`
	Outcome Outcome  `json:"outcome,omitempty"`
	Phones  int      `json:"phones,omitempty"` // that an order goes to
}

// Change is a field that is no longer what it was. Settings show no values: they may
// be secret.
type Change struct {
	Field string `json:"field"`
	From  string `json:"from,omitempty"`
	To    string `json:"to,omitempty"`
}

// EventKind says what kind of thing happened.
type EventKind string

// The kinds of events.
const (
	// What phones do. How many of these are kept of each phone is bounded.
	EventSeen       EventKind = "sighting.new"
	EventDiffers    EventKind = "sighting.changed" // its address, model or firmware
	EventServed     EventKind = "fetch.served"
	EventRefused    EventKind = "fetch.refused"
	EventFailed     EventKind = "fetch.failed" // by a fault of ours
	EventSuspicious EventKind = "fetch.suspicious"
	EventEnrolled   EventKind = "enrolment.used"

	// What becomes of orders. EventRetry is a failed attempt that is not the last.
	EventOrdered     EventKind = "command.ordered"
	EventSent        EventKind = "command.sent"
	EventAccepted    EventKind = "command.accepted"
	EventConfirmed   EventKind = "command.confirmed"
	EventUnconfirmed EventKind = "command.unconfirmed"
	EventRetry       EventKind = "command.retry"
	EventUndone      EventKind = "command.failed"
	EventCancelled   EventKind = "command.cancelled"

	// What vendors' redirect services have said.
	EventRedirected    EventKind = "rps.registered"
	EventNotRedirected EventKind = "rps.refused" // or it is somebody else's
	EventUnredirected  EventKind = "rps.removed"

	// What people do.
	EventAssigned   EventKind = "phone.assigned"
	EventChanged    EventKind = "phone.changed"
	EventRotated    EventKind = "phone.rotated" // its secret address
	EventRejected   EventKind = "phone.rejected"
	EventUnrejected EventKind = "phone.unrejected"
	EventDeleted    EventKind = "phone.deleted"
	EventOpened     EventKind = "enrolment.opened"
	EventClosed     EventKind = "enrolment.closed"
)

// EventKinds lists every kind.
var EventKinds = []EventKind{
	EventSeen, EventDiffers, EventServed, EventRefused, EventFailed, EventSuspicious, EventEnrolled,
	EventOrdered, EventSent, EventAccepted, EventConfirmed, EventUnconfirmed, EventRetry, EventUndone, EventCancelled,
	EventRedirected, EventNotRedirected, EventUnredirected,
	EventAssigned, EventChanged, EventRotated, EventRejected, EventUnrejected, EventDeleted, EventOpened, EventClosed,
}

// Severity is how much an event matters.
type Severity string

// The severities.
const (
	Info    Severity = "info"
	Warning Severity = "warning" // somebody may want to look
	High    Severity = "high"    // somebody should: it may be an attack
)

// Event is the event that a request of a phone is.
func (f Fetch) Event() Event {
	e := Event{Time: f.Time, Tenant: f.Tenant, MAC: f.MAC, Severity: f.Severity, Fetch: &f}
	switch {
	case f.Status >= 500:
		e.Kind = EventFailed
	case f.Reason != "" || f.Status >= 400:
		e.Kind = EventRefused
	case f.Level == "L1":
		e.Kind = EventEnrolled
	default:
		e.Kind = EventServed
	}
	if e.Severity == "" {
		e.Severity = Info
		if e.Kind == EventFailed {
			e.Severity = Warning
		}
	}
	e.Text = f.text(e.Kind)
	return e
}

// ByMulticast is the file of a phone that asked for its server by SIP multicast.
const ByMulticast = "(multicast)"

func (f Fetch) text(k EventKind) string {
	var b strings.Builder
	switch asked := f.File == ByMulticast; {
	case asked && k == EventEnrolled:
		return "was given its own address by SIP multicast"
	case asked && k == EventServed:
		return "asked for its server by SIP multicast"
	case asked:
		return "asked for its server by SIP multicast in vain: " + f.Reason
	}
	switch k {
	case EventEnrolled:
		fmt.Fprintf(&b, "enrolled by %s", f.File)
	case EventServed:
		fmt.Fprintf(&b, "fetched %s", f.File)
		if f.Bytes > 0 {
			fmt.Fprintf(&b, ", %d bytes", f.Bytes)
		}
	case EventFailed:
		fmt.Fprintf(&b, "asked for %s and was told to come back", f.File)
	default:
		fmt.Fprintf(&b, "asked for %s in vain", f.File)
		if f.Status == 200 { // it got what strangers get
			b.Reset()
			fmt.Fprintf(&b, "asked for %s and did not get its own configuration", f.File)
		}
	}
	if f.Reason != "" {
		b.WriteString(": " + f.Reason)
	}
	return b.String()
}

// Events lists what happened to a phone or DECT base of the tenant, latest first
// unless the query orders otherwise. The address is in any spelling; one that is none
// is a CodeMalformed error, and a device of which nothing is known a CodeNotFound.
func (f *Fleet) Events(ctx context.Context, c Caller, address string, q listquery.Query) (list []Event, count int, err error) {
	if err := c.mayHere(Viewer); err != nil {
		return nil, 0, err
	}
	m, err := parseAddress(address)
	if err != nil {
		return nil, 0, err
	}
	err = f.store.Read(ctx, func(r Reader) error {
		list, count, err = r.Events(ctx, c.Tenant, m, q)
		if err != nil || len(list) > 0 {
			return err
		}
		return known(ctx, r, c.Tenant, m)
	})
	if err != nil {
		return nil, 0, err
	}
	return list, count, nil
}

// known returns that there is no such phone unless the tenant has it, has seen it or
// remembers something of it.
func known(ctx context.Context, r Reader, tenant ID, m mac.Addr) error {
	if _, ours, err := r.MACTaken(ctx, tenant, m); ours || err != nil {
		return err
	}
	_, err := r.PhoneRow(ctx, tenant, m)
	if CodeOf(err) != CodeNotFound {
		return err
	}
	if past, _, err := r.Events(ctx, tenant, m, listquery.Query{Top: 1}); len(past) > 0 || err != nil {
		return err
	}
	return err
}

// note writes down what the caller does to a device, or with no address to all, as
// part of doing it.
func (f *Fleet) note(ctx context.Context, w Writer, c Caller, m mac.Addr, k EventKind, text string, details ...EventDetails) error {
	e := Event{Time: f.now(), Tenant: c.Tenant, MAC: m, Kind: k, Severity: Info, Text: text, Caller: c.Name}
	for _, d := range details {
		e.EventDetails = d
	}
	return w.AddEvent(ctx, e)
}

// noteChanges writes down which settings of a device the form has changed, if any.
func (f *Fleet) noteChanges(ctx context.Context, w Writer, c Caller, m mac.Addr, v *form) error {
	if len(v.changed) == 0 {
		return nil
	}
	var d EventDetails
	for _, pointer := range v.changed {
		d.Changes = append(d.Changes, Change{Field: strings.ReplaceAll(strings.TrimPrefix(pointer, "/"), "/", ".")})
	}
	names := make([]string, len(d.Changes))
	for i, change := range d.Changes {
		names[i] = change.Field
	}
	return f.note(ctx, w, c, m, EventChanged, "changed: "+strings.Join(names, ", "), d)
}

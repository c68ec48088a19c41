package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/listquery"
	"github.com/dialplane/dialplane/internal/mac"
)

// Of what a device does, so many events are kept beside its last fetches.
const (
	keptNotes           = 100
	keptNotesOfStranger = 10
)

var eventColumns = columns{
	"id":         ownID("id"),
	"time":       timeValue("at"),
	"kind":       filled("kind"),
	"severity":   filled("severity"),
	"text":       {expr: "text"},
	"caller":     {expr: "caller", folded: "caller_folded"},
	"file":       {expr: "file"},
	"level":      {expr: "level"},
	"status":     {expr: "status", kind: numberColumn},
	"ip":         {expr: "ip"},
	"user_agent": {expr: "user_agent"},
	"reason":     {expr: "reason"},
}

const (
	eventFields = `id, at, tenant, mac, kind, severity, text, caller, details, file, level, status, bytes, ip, user_agent, vendor, model, version, reason, etag`
	// isRequest is true of events that are requests themselves.
	isRequest = `kind IN ('fetch.served', 'fetch.refused', 'fetch.failed', 'enrolment.used')`
)

func scanEvent(row scanner) (e fleet.Event, err error) {
	var (
		f       fleet.Fetch
		details string
	)
	err = row.Scan(&e.ID, asTime(&e.Time), &e.Tenant, asMAC(&e.MAC), &e.Kind, &e.Severity, &e.Text, &e.Caller, &details,
		&f.File, &f.Level, &f.Status, &f.Bytes, asIP(&f.IP), &f.UserAgent, &f.Vendor, &f.Model, &f.Version, &f.Reason, &f.ETag)
	if err != nil {
		return fleet.Event{}, err
	}
	if details != "" {
		if err := json.Unmarshal([]byte(details), &e.EventDetails); err != nil {
			return fleet.Event{}, fmt.Errorf("store: the details of an event: %w", err)
		}
	}
	switch e.Kind {
	case fleet.EventSeen, fleet.EventDiffers, fleet.EventSuspicious, fleet.EventServed, fleet.EventRefused, fleet.EventFailed, fleet.EventEnrolled:
	default:
		return e, nil
	}
	f.Time, f.Tenant, f.MAC = e.Time, e.Tenant, e.MAC
	e.Fetch = &f
	if e.Text == "" {
		e.Text = f.Event().Text
	}
	return e, nil
}

func (r *reader) Events(ctx context.Context, tenant fleet.ID, m mac.Addr, q listquery.Query) ([]fleet.Event, int, error) {
	return listOf(ctx, r.conn, q, "id DESC", scanEvent, []source{{eventFields, `FROM events WHERE tenant = $1 AND mac = $2`, eventColumns}}, tenant, macText(m))
}

func (r *reader) EventsAfter(ctx context.Context, tenant, after fleet.ID, limit int) ([]fleet.Event, error) {
	return all(ctx, r.conn, scanEvent, `SELECT `+eventFields+` FROM events WHERE tenant = $1 AND id > $2 ORDER BY id LIMIT $3`, tenant, after, limit)
}

// AddEvent writes down what happened and gives it the next ID. Announce tells of it
// once it is durable.
func (w *writer) AddEvent(ctx context.Context, e fleet.Event) error {
	return w.addEvent(ctx, e, nil)
}

// addEvent keeps an event, in a slot of its device if one is given.
func (w *writer) addEvent(ctx context.Context, e fleet.Event, slot any) error {
	e.ID, e.Text = w.db.ids.next(), clip(e.Text)
	text, details := e.Text, ""
	var f fleet.Fetch
	if e.Fetch != nil {
		f = *e.Fetch
		if e.Text == f.Event().Text {
			text = ""
		}
	}
	if b := jsonText(e.EventDetails); b != "{}" {
		details = b
	}
	if slot != nil {
		if err := w.exec(ctx, `DELETE FROM events WHERE tenant = $1 AND mac = $2 AND slot = $3`, e.Tenant, macText(e.MAC), slot); err != nil {
			return err
		}
	}
	err := w.exec(ctx, `INSERT INTO events (tenant, id, mac, slot, at, kind, severity, text, caller, caller_folded, details,
			file, level, status, bytes, ip, user_agent, vendor, model, version, reason, etag)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)`,
		e.Tenant, e.ID, macText(e.MAC), slot, millis(e.Time), e.Kind, e.Severity, text, e.Caller, fold(e.Caller), details,
		f.File, f.Level, f.Status, f.Bytes, ipText(f.IP), f.UserAgent, f.Vendor, f.Model, f.Version, f.Reason, f.ETag)
	if err == nil && w.db.announce != nil {
		w.happened = append(w.happened, e)
	}
	return err
}

// Announce has to told of events as soon as they are durable, before anybody else
// writes: so it hears them in the order of their IDs. It must not block, nor use the
// store. Announce must be called before anything is written.
func (d *DB) Announce(to func([]fleet.Event)) { d.announce = to }

// noteErrand writes down what has become of an errand, as a doing of whoever ordered it.
func (w *writer) noteErrand(ctx context.Context, at time.Time, i fleet.Errand, k fleet.EventKind, o fleet.Outcome, reason string) error {
	e := fleet.Event{Time: at, Tenant: i.Tenant, MAC: i.MAC, Kind: k, Severity: fleet.Info}
	e.Job, e.Order, e.Attempt, e.Outcome = i.Job, i.Kind, i.Attempt, o
	err := w.row(ctx, `SELECT caller FROM jobs WHERE id = $1`, i.Job).Scan(&e.Caller)
	if err != nil {
		return err
	}
	switch k {
	case fleet.EventSent:
		e.Text = fmt.Sprintf("the order to %s is sent, attempt %d", i.Kind, i.Attempt)
	case fleet.EventAccepted:
		e.Text = fmt.Sprintf("the phone has accepted the order to %s", i.Kind)
	case fleet.EventConfirmed:
		e.Text = fmt.Sprintf("the phone has fetched its configuration after the order to %s", i.Kind)
	case fleet.EventRetry:
		e.Text = fmt.Sprintf("attempt %d of the order to %s failed and is made again", i.Attempt, i.Kind)
	case fleet.EventCancelled:
		e.Text = fmt.Sprintf("the order to %s is cancelled", i.Kind)
	default:
		e.Severity = fleet.Warning
		e.Text = fmt.Sprintf("the order to %s has failed", i.Kind)
		if k == fleet.EventUnconfirmed {
			e.Text = fmt.Sprintf("the order to %s has had no effect", i.Kind)
		}
	}
	if reason != "" {
		e.Text += ": " + reason
	}
	return w.AddEvent(ctx, e)
}

// became is the event that an item's new state is.
func became(s fleet.ItemState) fleet.EventKind {
	switch s {
	case fleet.ItemPending:
		return fleet.EventRetry
	case fleet.ItemSent:
		return fleet.EventSent
	case fleet.ItemAccepted:
		return fleet.EventAccepted
	case fleet.ItemConfirmed:
		return fleet.EventConfirmed
	case fleet.ItemUnconfirmed:
		return fleet.EventUnconfirmed
	case fleet.ItemCancelled:
		return fleet.EventCancelled
	}
	return fleet.EventUndone
}

// seen is what was known of a device before a request.
type seen struct {
	there                  bool // it has asked for something before
	vendor, model, version string
	ip                     netip.Addr
}

func (w *writer) seen(ctx context.Context, tenant fleet.ID, m mac.Addr) (s seen, err error) {
	err = w.row(ctx, `SELECT first_seen > 0, vendor, model, version, ip FROM sightings WHERE tenant = $1 AND mac = $2`, tenant, macText(m)).
		Scan(&s.there, &s.vendor, &s.model, &s.version, asIP(&s.ip))
	if errors.Is(err, sql.ErrNoRows) {
		return seen{}, nil
	}
	return s, err
}

// remember writes down a request and what it shows: that the device is new, or not
// as it was. number is that of the request among the device's, counted from 1.
func (w *writer) remember(ctx context.Context, f fleet.Fetch, before seen, number, notes int64, assigned bool) error {
	fetches, others := int64(keptOfStranger), int64(keptNotesOfStranger)
	if assigned {
		fetches, others = keptFetches, keptNotes
	}
	noted := notes
	note := func(e fleet.Event) error {
		noted++
		return w.addEvent(ctx, e, -1-noted%others)
	}
	if e, ok := before.shows(f); ok {
		if err := note(e); err != nil {
			return err
		}
	}
	doubt, err := w.doubt(ctx, f, before)
	if err != nil {
		return err
	}
	if request := f.Event(); request.Severity == fleet.High { // not to be pushed out by ordinary ones
		err = note(request)
	} else {
		err = w.addEvent(ctx, request, number%fetches)
	}
	if err == nil && doubt != "" {
		err = note(fleet.Event{
			Time: f.Time, Tenant: f.Tenant, MAC: f.MAC, Kind: fleet.EventSuspicious, Severity: fleet.Warning, Fetch: &f,
			Text: doubt + "; if that is not the phone, give it a new secret address and a new password",
		})
	}
	if err != nil || noted == notes {
		return err
	}
	return w.exec(ctx, `UPDATE sightings SET notes = $3 WHERE tenant = $1 AND mac = $2`, f.Tenant, macText(f.MAC), noted)
}

// shows returns the event that a request is beside being a request.
func (s seen) shows(f fleet.Fetch) (e fleet.Event, ok bool) {
	e = fleet.Event{Time: f.Time, Tenant: f.Tenant, MAC: f.MAC, Severity: fleet.Info, Fetch: &f}
	if !s.there {
		e.Kind, e.Text = fleet.EventSeen, "seen for the first time"
		return e, true
	}
	e.Kind = fleet.EventDiffers
	for _, c := range []struct{ field, text, from, to string }{
		{"ip", "its address", ipText(s.ip), ipText(f.IP)},
		{"vendor", "its vendor", s.vendor, f.Vendor},
		{"model", "its model", s.model, f.Model},
		{"version", "its firmware", s.version, f.Version},
	} {
		if c.to == "" || c.from == c.to {
			continue
		}
		if e.Text != "" {
			e.Text += "; "
		}
		e.Text += c.text + " is " + c.to
		if c.from != "" {
			e.Text += " and was " + c.from
		}
		e.Changes = append(e.Changes, fleet.Change{Field: c.field, From: c.from, To: c.to})
	}
	return e, len(e.Changes) > 0
}

// doubt is why it may not be the device that has fetched at its secret address, or
// "": it says so itself, or comes from a network that none of its last fetches came
// from.
func (w *writer) doubt(ctx context.Context, f fleet.Fetch, before seen) (string, error) {
	if f.Doubt != "" {
		return f.Doubt, nil
	}
	if f.Level != "L2" || f.Status != 200 || !f.IP.IsValid() || before.ip.IsValid() && network(before.ip) == network(f.IP) {
		return "", nil
	}
	asked, here := false, false
	err := w.rows(ctx, true, func(row scanner) error {
		var ip netip.Addr
		err := row.Scan(asIP(&ip))
		if ip.IsValid() {
			asked = true
			here = here || network(ip) == network(f.IP)
		}
		return err
	}, `SELECT DISTINCT ip FROM events WHERE tenant = $1 AND mac = $2 AND level = 'L2' AND status = 200 AND `+isRequest, f.Tenant, macText(f.MAC))
	if err != nil || !asked || here {
		return "", err
	}
	return fmt.Sprintf("its secret address was used from %s, a network it has not fetched from before", f.IP), nil
}

// network is what a device stays in when it is given another address: a /24, or a
// /64 of IPv6.
func network(ip netip.Addr) netip.Prefix {
	bits := 64
	if ip = ip.Unmap(); ip.Is4() {
		bits = 24
	}
	p, _ := ip.WithZone("").Prefix(bits) // cannot fail: the bits fit the address
	return p
}

// Fetches returns the last requests of a device, latest first, at most limit.
func (d *DB) Fetches(ctx context.Context, tenant fleet.ID, m mac.Addr, limit int) (fetches []fleet.Fetch, err error) {
	err = d.read(ctx, func(r *reader) error {
		fetches, err = all(ctx, r.conn, func(row scanner) (fleet.Fetch, error) {
			e, err := scanEvent(row)
			if err != nil {
				return fleet.Fetch{}, err
			}
			return *e.Fetch, nil
		}, `SELECT `+eventFields+` FROM events WHERE tenant = $1 AND mac = $2 AND `+isRequest+` ORDER BY id DESC LIMIT $3`, tenant, macText(m), limit)
		return err
	})
	return fetches, err
}

// DeleteEvents deletes events from before a time, at most limit, and returns how many
// it did: 0 if none is left. It looks at the oldest of each tenant alone, so its cost
// does not grow with what is kept, and a transaction holds the writer for no longer
// than limit rows take.
func (d *DB) DeleteEvents(ctx context.Context, before time.Time, limit int) (n int, err error) {
	var tenants []fleet.ID
	err = d.read(ctx, func(r *reader) error {
		tenants, err = all(ctx, r.conn, func(row scanner) (id fleet.ID, err error) {
			err = row.Scan(&id)
			return id, err
		}, `SELECT id FROM tenants t WHERE (SELECT at FROM events WHERE tenant = t.id ORDER BY id LIMIT 1) < $1 LIMIT $2`, millis(before), limit)
		return err
	})
	if err != nil || len(tenants) == 0 {
		return 0, err
	}
	err = d.write(ctx, func(w *writer) error {
		for _, tenant := range tenants {
			deleted, err := w.count(ctx, `DELETE FROM events WHERE tenant = $1 AND at < $2 AND id IN (SELECT id FROM events WHERE tenant = $1 ORDER BY id LIMIT $3)`,
				tenant, millis(before), limit-n)
			if err != nil {
				return err
			}
			if n += int(deleted); n >= limit {
				return nil
			}
		}
		return nil
	})
	return n, err
}

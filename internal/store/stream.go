package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/secret"
)

// UnreadableError is what an Each method returns after it has gone through all
// objects, if the secrets of some could not be opened: those were left out.
type UnreadableError struct {
	Kind string
	// Names are MAC addresses of phones and DECT bases, and IDs of others.
	Names []string
	Err   error // of the first; wraps secret.ErrSealed
}

func (e *UnreadableError) Error() string {
	return fmt.Sprintf("store: %s %s and %d more cannot be read: %v", e.Kind, e.Names[0], len(e.Names)-1, e.Err)
}

func (e *UnreadableError) Unwrap() error { return e.Err }

// Unreadable returns the names, for callers that do not import this package.
func (e *UnreadableError) Unreadable() []string { return e.Names }

// each calls f for every object that the query finds, one at a time.
func each[T any](ctx context.Context, r *reader, kind string, scan func(scanner) (T, error), name func(T) string, f func(T) error, query string, args ...any) error {
	var unreadable UnreadableError
	err := r.rows(ctx, false, func(row scanner) error {
		v, err := scan(row)
		if errors.Is(err, secret.ErrSealed) {
			if unreadable.Err == nil {
				unreadable.Err = err
			}
			unreadable.Names = append(unreadable.Names, name(v))
			return nil
		}
		if err != nil {
			return err
		}
		return f(v)
	}, query, args...)
	if err == nil && unreadable.Err != nil {
		unreadable.Kind = kind
		return &unreadable
	}
	return err
}

// EachTenant calls f for every tenant. As with the other Each methods, f sees one
// consistent state, and an error of f ends the walk and is returned.
func (d *DB) EachTenant(ctx context.Context, f func(fleet.Tenant) error) error {
	return d.read(ctx, func(r *reader) error {
		return each(ctx, r, "tenant", r.scanTenant, func(t fleet.Tenant) string { return t.ID.String() }, f, `SELECT `+tenantFields+` FROM tenants`)
	})
}

// EachServed calls f for every file that a device has fetched at its own address.
func (d *DB) EachServed(ctx context.Context, f func(fleet.Served) error) error {
	return d.read(ctx, func(r *reader) error {
		return each(ctx, r, "served file", func(row scanner) (s fleet.Served, err error) {
			err = row.Scan(asMAC(&s.MAC), &s.File, &s.ETag, asTime(&s.Time))
			return s, err
		}, func(s fleet.Served) string { return s.MAC.String() }, f, `SELECT d.mac, s.file, s.etag, s.at FROM served s JOIN devices d ON d.id = s.device`)
	})
}

// EachUser calls f for every user of every tenant.
func (d *DB) EachUser(ctx context.Context, f func(fleet.User) error) error {
	return d.read(ctx, func(r *reader) error {
		return each(ctx, r, "user", r.scanUser, func(u fleet.User) string { return u.ID.String() }, f, `SELECT `+userFields+` FROM users`)
	})
}

// EachContact calls f for every contact of every tenant.
func (d *DB) EachContact(ctx context.Context, f func(fleet.Contact) error) error {
	return d.read(ctx, func(r *reader) error {
		return each(ctx, r, "contact", scanContact, func(c fleet.Contact) string { return c.ID.String() }, f, `SELECT `+contactFields+` FROM contacts`)
	})
}

// EachFile calls f for every uploaded file of every tenant.
func (d *DB) EachFile(ctx context.Context, f func(fleet.File) error) error {
	return d.read(ctx, func(r *reader) error {
		return each(ctx, r, "file", scanFile, func(f fleet.File) string { return f.ID.String() }, f, `SELECT `+fileFields+` FROM files`)
	})
}

// EachFirmwarePolicy calls f for every firmware policy of every tenant.
func (d *DB) EachFirmwarePolicy(ctx context.Context, f func(fleet.FirmwarePolicy) error) error {
	return d.read(ctx, func(r *reader) error {
		return each(ctx, r, "firmware policy", scanFirmwarePolicy, func(p fleet.FirmwarePolicy) string { return p.ID.String() }, f, `SELECT `+firmwarePolicyFields+` FROM firmware_policies`)
	})
}

// EachPhone calls f for every desk phone of every tenant.
func (d *DB) EachPhone(ctx context.Context, f func(fleet.Phone) error) error {
	return d.read(ctx, func(r *reader) error {
		return each(ctx, r, "phone", r.scanPhone, func(p fleet.Phone) string { return p.MAC.String() }, f, `SELECT `+phoneFields+phoneTables)
	})
}

// EachDectPhone calls f for every DECT base of every tenant, with its members by
// rising handset index.
func (d *DB) EachDectPhone(ctx context.Context, f func(fleet.DectPhone, []fleet.Member) error) error {
	return d.read(ctx, func(r *reader) error {
		return each(ctx, r, "DECT base", r.scanDect, func(d fleet.DectPhone) string { return d.MAC.String() }, func(d fleet.DectPhone) error {
			members, err := r.members(ctx, d.ID)
			if err != nil {
				return err
			}
			return f(d, members)
		}, `SELECT `+dectFields+dectTables)
	})
}

// EachTemplate calls f for every custom template of every tenant.
func (d *DB) EachTemplate(ctx context.Context, f func(fleet.TemplateFile) error) error {
	return d.read(ctx, func(r *reader) error {
		return each(ctx, r, "template", scanTemplate, func(t fleet.TemplateFile) string { return t.Filename }, f, `SELECT `+templateFields+` FROM templates`)
	})
}

// EachEnrolment calls f for every enrolment window of every tenant, those included
// that expired in the last day.
func (d *DB) EachEnrolment(ctx context.Context, f func(fleet.Enrolment) error) error {
	return d.read(ctx, func(r *reader) error {
		return each(ctx, r, "enrolment window", scanEnrolment, func(e fleet.Enrolment) string { return e.ID.String() }, func(e fleet.Enrolment) error {
			if err := r.used(ctx, &e); err != nil {
				return err
			}
			return f(e)
		}, `SELECT `+enrolmentFields+` FROM enrolments`)
	})
}

// EachSighting calls f for every device that was seen or rejected, once for each
// tenant where it was.
func (d *DB) EachSighting(ctx context.Context, f func(fleet.Sighting) error) error {
	return d.read(ctx, func(r *reader) error {
		return each(ctx, r, "sighting", scanSighting, func(s fleet.Sighting) string { return s.MAC.String() }, f, `SELECT `+sightingFields+` FROM sightings s`)
	})
}

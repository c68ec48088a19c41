// Package store keeps the fleet in SQLite: one file in a data directory, with a
// key file beside it. It implements fleet.Store and what the provisioning core
// needs besides.
//
// All changes go through one connection, one transaction at a time, and are on
// the disk when Write returns. Reads have connections of their own and see the
// state as of their beginning; neither waits for the other.
//
// Secrets are sealed to their tenant, object and column, so that the database
// file alone, or a copy of it, gives none away, and rows cannot be swapped.
package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/secret"
)

// NewID returns an ID that no object has or had.
func (d *DB) NewID() fleet.ID { return d.ids.next() }

// Read runs f on one consistent state.
func (d *DB) Read(ctx context.Context, f func(fleet.Reader) error) error {
	return d.read(ctx, func(r *reader) error { return f(r) })
}

// Write runs f in a transaction, alone among writers. f must not call Write. Once
// a method of the Writer has failed, for anything but CodeNotFound, the later ones
// fail too and nothing is kept, whatever f returns.
func (d *DB) Write(ctx context.Context, f func(fleet.Writer) error) error {
	return d.write(ctx, func(w *writer) error { return f(w) })
}

func (d *DB) read(ctx context.Context, f func(*reader) error) error {
	return d.reader.transaction(ctx, "BEGIN", func(c *conn) error {
		return f(&reader{conn: c, keys: d.keys})
	}, nil)
}

func (d *DB) write(ctx context.Context, f func(*writer) error) error {
	w := &writer{reader: reader{keys: d.keys}, db: d}
	return d.writer.transaction(ctx, "BEGIN IMMEDIATE", func(c *conn) error {
		w.conn = c
		if err := f(w); err != nil {
			return err
		}
		return w.exec(ctx, `UPDATE installation SET last_id = $1 WHERE last_id < $1`, d.ids.last.Load())
	}, func() {
		if len(w.happened) > 0 {
			d.announce(w.happened)
		}
	})
}

// reader implements fleet.Reader within one transaction.
type reader struct {
	*conn
	keys *secret.Keyring
}

// writer implements fleet.Writer within one transaction.
type writer struct {
	reader
	db       *DB
	happened []fleet.Event // to be announced
}

var (
	_ fleet.Reader = (*reader)(nil)
	_ fleet.Writer = (*writer)(nil)
)

// one reads one object, or returns that there is no such kind of object.
func one[T any](ctx context.Context, c *conn, kind string, scan func(scanner) (T, error), query string, args ...any) (T, error) {
	v, err := scan(c.row(ctx, query, args...))
	if err != nil {
		var none T
		if errors.Is(err, sql.ErrNoRows) {
			err = fleet.NotFound(kind)
		}
		return none, err
	}
	return v, nil
}

// all reads every object that the query finds.
func all[T any](ctx context.Context, c *conn, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	var found []T
	err := c.rows(ctx, true, func(row scanner) error {
		v, err := scan(row)
		found = append(found, v)
		return err
	}, query, args...)
	if err != nil {
		return nil, err
	}
	return found, nil
}

// change runs a statement that changes one object of a kind.
func (c *conn) change(ctx context.Context, kind, query string, args ...any) error {
	n, err := c.count(ctx, query, args...)
	if err == nil && n == 0 {
		err = fleet.NotFound(kind)
	}
	return err
}

// need returns that there is no such kind of object if the query finds no row.
func (c *conn) need(ctx context.Context, kind, query string, args ...any) error {
	var is int
	err := c.row(ctx, query, args...).Scan(&is)
	if errors.Is(err, sql.ErrNoRows) {
		return fleet.NotFound(kind)
	}
	return err
}

// fold makes texts that differ in case alone the same.
func fold(s string) string { return strings.ToLower(s) }

// scanFunc reads one column.
type scanFunc func(src any) error

// Scan implements sql.Scanner.
func (f scanFunc) Scan(src any) error { return f(src) }

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func asTime(t *time.Time) scanFunc {
	return func(src any) error {
		ms, ok := src.(int64)
		if !ok {
			return fmt.Errorf("a time is %T", src)
		}
		*t = time.Time{}
		if ms != 0 {
			*t = time.UnixMilli(ms).UTC()
		}
		return nil
	}
}

func asMAC(m *mac.Addr) scanFunc {
	return func(src any) error {
		s, ok := src.(string)
		if !ok {
			return fmt.Errorf("a MAC address is %T", src)
		}
		return m.UnmarshalText([]byte(s))
	}
}

func macText(m mac.Addr) string {
	if m.IsZero() {
		return ""
	}
	return m.String()
}

func asIP(ip *netip.Addr) scanFunc {
	return func(src any) (err error) {
		s, ok := src.(string)
		if !ok {
			return fmt.Errorf("an IP address is %T", src)
		}
		*ip = netip.Addr{}
		if s != "" {
			*ip, err = netip.ParseAddr(s)
		}
		return err
	}
}

func ipText(ip netip.Addr) string {
	if !ip.IsValid() {
		return ""
	}
	return ip.String()
}

func asJSON(v any) scanFunc {
	return func(src any) error {
		s, ok := src.(string)
		if !ok {
			return fmt.Errorf("a list is %T", src)
		}
		return json.Unmarshal([]byte(s), v)
	}
}

// jsonText is for lists and maps of texts and numbers, which JSON always takes.
func jsonText(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("store: %T: %v", v, err))
	}
	return string(b)
}

func place(tenant, object fleet.ID, field string) secret.Place {
	return secret.Place{Tenant: int64(tenant), Object: int64(object), Field: field}
}

// sealed opens a column. Tenant and object are read when it is scanned: their
// columns must come before it.
func (r *reader) sealed(s *secret.Secret, tenant, object *fleet.ID, field string) scanFunc {
	return func(src any) (err error) {
		b, ok := src.([]byte)
		if !ok {
			return fmt.Errorf("%s is %T", field, src)
		}
		*s, err = r.keys.Open(b, place(*tenant, *object, field))
		return err
	}
}

func (w *writer) seal(s secret.Secret, tenant, object fleet.ID, field string) []byte {
	return w.keys.Seal(s, place(tenant, object, field))
}

// orNull makes an empty value the database's null.
func orNull[T comparable](v T) any {
	var empty T
	if v == empty {
		return nil
	}
	return v
}

package store

import (
	"context"
	"time"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/listquery"
	"github.com/dialplane/dialplane/internal/mac"
)

var enrolmentColumns = columns{
	"id":      ownID("id"),
	"mac":     {expr: "mac"},
	"opened":  timeValue("opened_at"),
	"expires": timeValue("expires_at"),
}

const enrolmentFields = `id, tenant, mac, opened_at, expires_at`

// keptEnrolment is how long a window is kept after it has closed.
const keptEnrolment = 24 * time.Hour

func scanEnrolment(row scanner) (e fleet.Enrolment, err error) {
	err = row.Scan(&e.ID, &e.Tenant, asMAC(&e.MAC), asTime(&e.Opened), asTime(&e.Expires))
	return e, err
}

func (r *reader) used(ctx context.Context, e *fleet.Enrolment) (err error) {
	e.Used, err = all(ctx, r.conn, func(row scanner) (m mac.Addr, err error) {
		err = row.Scan(asMAC(&m))
		return m, err
	}, `SELECT mac FROM enrolment_uses WHERE enrolment = $1 ORDER BY mac`, e.ID)
	return err
}

func (r *reader) Enrolment(ctx context.Context, tenant, id fleet.ID) (fleet.Enrolment, error) {
	e, err := one(ctx, r.conn, "enrolment window", scanEnrolment, `SELECT `+enrolmentFields+` FROM enrolments WHERE tenant = $1 AND id = $2`, tenant, id)
	if err == nil {
		err = r.used(ctx, &e)
	}
	return e, err
}

func (r *reader) Enrolments(ctx context.Context, tenant fleet.ID, at time.Time, q listquery.Query) ([]fleet.Enrolment, int, error) {
	found, count, err := listOf(ctx, r.conn, q, "id", scanEnrolment,
		[]source{{enrolmentFields, `FROM enrolments WHERE tenant = $1 AND expires_at > $2`, enrolmentColumns}}, tenant, millis(at))
	for i := range found {
		if err == nil {
			err = r.used(ctx, &found[i])
		}
	}
	return found, count, err
}

func (w *writer) InsertEnrolment(ctx context.Context, e fleet.Enrolment) error {
	if err := w.exec(ctx, `DELETE FROM enrolments WHERE tenant = $1 AND expires_at < $2`, e.Tenant, millis(e.Opened.Add(-keptEnrolment))); err != nil {
		return err
	}
	err := w.exec(ctx, `INSERT INTO enrolments (id, tenant, mac, opened_at, expires_at) VALUES ($1, $2, $3, $4, $5)`,
		e.ID, e.Tenant, macText(e.MAC), millis(e.Opened), millis(e.Expires))
	for _, m := range e.Used {
		if err == nil {
			_, err = w.UseEnrolment(ctx, e.ID, m)
		}
	}
	return err
}

func (w *writer) DeleteEnrolment(ctx context.Context, tenant, id fleet.ID) error {
	return w.change(ctx, "enrolment window", `DELETE FROM enrolments WHERE tenant = $1 AND id = $2`, tenant, id)
}

func (w *writer) UseEnrolment(ctx context.Context, id fleet.ID, m mac.Addr) (bool, error) {
	if err := w.need(ctx, "enrolment window", `SELECT 1 FROM enrolments WHERE id = $1`, id); err != nil {
		return false, err
	}
	n, err := w.count(ctx, `INSERT INTO enrolment_uses (enrolment, mac) VALUES ($1, $2) ON CONFLICT (enrolment, mac) DO NOTHING`, id, macText(m))
	return n == 1, err
}

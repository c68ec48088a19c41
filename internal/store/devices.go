package store

import (
	"context"
	"crypto/sha256"
	"time"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/secret"
)

// device points at what desk phones and DECT bases have in common.
type device struct {
	id, tenant              *fleet.ID
	user                    *fleet.ID // nil for a DECT base
	mac                     *mac.Addr
	template, vendor, model *string
	settings                *fleet.DeviceSettings
	token                   *secret.Secret
	created, updated        *time.Time
}

const deviceFields = `d.id, d.tenant, d.mac, d.template, d.vendor, d.model, d.password, d.timezone, d.language, d.codecs,
	d.interface, d.transport, d.rps, d.https, d.device_code, d.disabled_at, d.token, d.created_at, d.updated_at`

const (
	devicePassword = "devices.password"
	deviceToken    = "devices.token"
)

// dest is where deviceFields are scanned to.
func (r *reader) dest(d device) []any {
	s := d.settings
	return []any{
		d.id, d.tenant, asMAC(d.mac), d.template, d.vendor, d.model, r.sealed(&s.Password, d.tenant, d.id, devicePassword), &s.TimeZone, &s.Language, asJSON(&s.Codecs),
		&s.Interface, &s.PreferredTransport, &s.RPS, &s.HTTPS, &s.Code, asTime(&s.DisabledAt), r.sealed(d.token, d.tenant, d.id, deviceToken), asTime(d.created), asTime(d.updated),
	}
}

func hash(token secret.Secret) []byte {
	h := sha256.Sum256([]byte(token.Reveal()))
	return h[:]
}

func (w *writer) insertDevice(ctx context.Context, d device) error {
	var user any
	if d.user != nil {
		user = *d.user
	}
	s := d.settings
	err := w.exec(ctx, `INSERT INTO devices (id, tenant, user_id, mac, template, vendor, model, password, timezone, language, codecs,
			interface, transport, rps, https, token, token_hash, created_at, updated_at, disabled_at, device_code)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)`,
		*d.id, *d.tenant, user, macText(*d.mac), *d.template, *d.vendor, *d.model, w.seal(s.Password, *d.tenant, *d.id, devicePassword), s.TimeZone, s.Language, jsonText(s.Codecs),
		s.Interface, s.PreferredTransport, s.RPS, s.HTTPS, w.seal(*d.token, *d.tenant, *d.id, deviceToken), hash(*d.token), millis(*d.created), millis(*d.updated), millis(s.DisabledAt), s.Code)
	if err != nil {
		return err
	}
	return w.recognise(ctx, d)
}

func (w *writer) updateDevice(ctx context.Context, kind string, d device) error {
	var user any
	if d.user != nil {
		user = *d.user
	}
	s := d.settings
	err := w.change(ctx, kind, `UPDATE devices SET user_id = $3, mac = $4, template = $5, vendor = $6, model = $7, password = $8, timezone = $9, language = $10, codecs = $11,
			interface = $12, transport = $13, rps = $14, https = $15, token = $16, token_hash = $17, updated_at = $18, disabled_at = $19, device_code = $20
		WHERE tenant = $1 AND id = $2`,
		*d.tenant, *d.id, user, macText(*d.mac), *d.template, *d.vendor, *d.model, w.seal(s.Password, *d.tenant, *d.id, devicePassword), s.TimeZone, s.Language, jsonText(s.Codecs),
		s.Interface, s.PreferredTransport, s.RPS, s.HTTPS, w.seal(*d.token, *d.tenant, *d.id, deviceToken), hash(*d.token), millis(*d.updated), millis(s.DisabledAt), s.Code)
	if err != nil {
		return err
	}
	return w.recognise(ctx, d)
}

// recognise ties what was seen of a device in its tenant to it.
func (w *writer) recognise(ctx context.Context, d device) error {
	if err := w.exec(ctx, `UPDATE sightings SET device = NULL WHERE device = $1 AND mac <> $2`, *d.id, macText(*d.mac)); err != nil {
		return err
	}
	return w.exec(ctx, `UPDATE sightings SET device = $1 WHERE tenant = $2 AND mac = $3`, *d.id, *d.tenant, macText(*d.mac))
}

func (r *reader) TemplateUses(ctx context.Context, tenant fleet.ID, filename string) (int, error) {
	var n int
	err := r.row(ctx, `SELECT count(*) FROM devices WHERE tenant = $1 AND template = $2`, tenant, filename).Scan(&n)
	return n, err
}

func (r *reader) MACTaken(ctx context.Context, tenant fleet.ID, m mac.Addr) (taken, ours bool, err error) {
	err = r.rows(ctx, true, func(row scanner) error {
		var owner fleet.ID
		err := row.Scan(&owner)
		taken, ours = true, owner == tenant
		return err
	}, `SELECT tenant FROM devices WHERE mac = $1`, macText(m))
	return taken, ours, err
}

func (r *reader) DeviceDisabled(ctx context.Context, tenant fleet.ID, m mac.Addr) (disabled bool, err error) {
	err = r.row(ctx, `SELECT EXISTS (SELECT 1 FROM devices WHERE tenant = $1 AND mac = $2 AND disabled_at > 0)`, tenant, macText(m)).Scan(&disabled)
	return disabled, err
}

// namedUses is how many devices a Use names.
const namedUses = 3

func (r *reader) ModelUses(ctx context.Context, tenant fleet.ID, filename string) (uses []fleet.Use, err error) {
	err = r.rows(ctx, true, func(row scanner) error {
		var (
			u fleet.Use
			m mac.Addr
		)
		if err := row.Scan(&u.Model, &u.Count, asMAC(&m)); err != nil {
			return err
		}
		if n := len(uses); n == 0 || uses[n-1].Model != u.Model {
			uses = append(uses, u)
		}
		last := &uses[len(uses)-1]
		last.First = append(last.First, m)
		return nil
	}, `SELECT model, uses, mac FROM (
			SELECT model, mac, count(*) OVER (PARTITION BY model) AS uses, row_number() OVER (PARTITION BY model ORDER BY mac) AS place
			FROM devices WHERE tenant = $1 AND template = $2
		) AS numbered WHERE place <= $3 ORDER BY model, mac`, tenant, filename, namedUses)
	return uses, err
}

func (r *reader) EndpointUses(ctx context.Context, tenant fleet.ID, by fleet.Interface, over fleet.Transport) (u fleet.Use, err error) {
	const where = ` FROM devices WHERE tenant = $1 AND interface = $2 AND transport = $3`
	if err := r.row(ctx, `SELECT count(*)`+where, tenant, by, over).Scan(&u.Count); err != nil || u.Count == 0 {
		return u, err
	}
	u.First, err = all(ctx, r.conn, func(row scanner) (m mac.Addr, err error) {
		err = row.Scan(asMAC(&m))
		return m, err
	}, `SELECT mac`+where+` ORDER BY mac LIMIT $4`, tenant, by, over, namedUses)
	return u, err
}

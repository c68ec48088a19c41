package store

import (
	"context"
	"strings"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/listquery"
	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/secret"
)

// Bounds of what devices can make us keep. A stranger is a device that is seen in
// a tenant but not assigned there; anybody can pretend to be many.
const (
	maxStrangers   = 10_000 // in a tenant, without those that were rejected
	trimAfter      = 500    // that are new
	keptFetches    = 200    // of a device
	keptOfStranger = 10
	maxSaid        = 256 // bytes of anything that a device says of itself
)

// strangers is when and how far a tenant's strangers are cut down.
type strangers struct {
	most, trimAfter int
	// new counts those since the last time. Whoever holds the writer's
	// connection may use it.
	new map[fleet.ID]int
}

// A tenant's phone rows are its assigned phones and its strangers.
var (
	assignedRows = source{
		fields: `d.mac AS mac, d.tenant, d.id, u.id, u.extension_number, d.vendor, d.model, COALESCE(s.version, ''), u.display_name, COALESCE(s.ip, ''),
			d.password, u.vm_pin, COALESCE(s.rejected, FALSE)`,
		from: `FROM devices d JOIN users u ON u.id = d.user_id LEFT JOIN sightings s ON s.device = d.id WHERE d.tenant = $1 AND u.tenant = $1`,
		cols: columns{
			"mac":              filled("d.mac"),
			"extension_number": filled("u.extension_number"),
			"vendor":           {expr: "d.vendor"},
			"model":            {expr: "d.model"},
			"fwver":            {expr: "COALESCE(s.version, '')"},
			"name":             {expr: "u.display_name", folded: "u.display_name_folded"},
			"ip":               {expr: "COALESCE(s.ip, '')"},
		},
	}
	strangerRows = source{
		fields: `s.mac AS mac, s.tenant, 0, 0, '', s.vendor, s.model, s.version, '', s.ip, NULL AS password, NULL AS vm_pin, s.rejected`,
		from:   `FROM sightings s WHERE s.tenant = $1 AND s.device IS NULL`,
		cols: columns{
			"mac":              filled("s.mac"),
			"extension_number": {expr: "''"},
			"vendor":           {expr: "s.vendor"},
			"model":            {expr: "s.model"},
			"fwver":            {expr: "s.version"},
			"name":             {expr: "''"},
			"ip":               {expr: "s.ip"},
		},
	}
)

func (r *reader) scanPhoneRow(row scanner) (fleet.PhoneRow, error) {
	var (
		p                    fleet.PhoneRow
		tenant, device, user fleet.ID
	)
	ifAssigned := func(s *secret.Secret, id *fleet.ID, field string) scanFunc {
		open := r.sealed(s, &tenant, id, field)
		return func(src any) error {
			if device == 0 {
				return nil
			}
			return open(src)
		}
	}
	err := row.Scan(asMAC(&p.MAC), &tenant, &device, &user, &p.ExtensionNumber, &p.Vendor, &p.Model, &p.Version, &p.Name, &p.IP,
		ifAssigned(&p.Password, &device, devicePassword), ifAssigned(&p.VMPIN, &user, userVMPIN), &p.Rejected)
	return p, err
}

func (r *reader) PhoneRow(ctx context.Context, tenant fleet.ID, m mac.Addr) (fleet.PhoneRow, error) {
	return one(ctx, r.conn, "phone", r.scanPhoneRow,
		`SELECT `+assignedRows.fields+` `+assignedRows.from+` AND d.mac = $2 UNION ALL SELECT `+strangerRows.fields+` `+strangerRows.from+` AND s.mac = $2`, tenant, macText(m))
}

// PhoneRows lists desk phones and strangers. DECT bases are not among them.
func (r *reader) PhoneRows(ctx context.Context, tenant fleet.ID, q listquery.Query) ([]fleet.PhoneRow, int, error) {
	return listOf(ctx, r.conn, q, "mac", r.scanPhoneRow, []source{assignedRows, strangerRows}, tenant)
}

const sightingFields = `s.mac, s.tenant, s.vendor, s.model, s.version, s.ip, s.user_agent, s.first_seen, s.last_seen, s.rejected`

func scanSighting(row scanner) (s fleet.Sighting, err error) {
	err = row.Scan(asMAC(&s.MAC), &s.Tenant, &s.Vendor, &s.Model, &s.Version, asIP(&s.IP), &s.UserAgent, asTime(&s.FirstSeen), asTime(&s.LastSeen), &s.Rejected)
	return s, err
}

// Sighting returns what was seen of the device in the tenant that it is assigned
// in, or else in the tenant that saw it last: each tenant has its own.
func (r *reader) Sighting(ctx context.Context, m mac.Addr) (fleet.Sighting, error) {
	return one(ctx, r.conn, "sighting", scanSighting, `SELECT `+sightingFields+`
		FROM sightings s WHERE s.mac = $1 ORDER BY s.device IS NULL, s.last_seen DESC, s.tenant LIMIT 1`, macText(m))
}

func (w *writer) SetRejected(ctx context.Context, tenant fleet.ID, m mac.Addr, rejected bool) error {
	return w.exec(ctx, `INSERT INTO sightings (tenant, mac, vendor, model, version, ip, user_agent, first_seen, last_seen, rejected, fetches, device)
		VALUES ($1, $2, '', '', '', '', '', 0, 0, $3, 0, (SELECT id FROM devices WHERE tenant = $1 AND mac = $2))
		ON CONFLICT (tenant, mac) DO UPDATE SET rejected = excluded.rejected`, tenant, macText(m), rejected)
}

// RecordFetches notes what phones have asked for, all or nothing. Of each device
// the last 200 fetches are kept, and of each tenant's unassigned devices the
// 10 000 that were seen last, and for a while some hundreds more. A fetch that names no device, or a tenant that is no
// more, leaves no trace.
func (d *DB) RecordFetches(ctx context.Context, fetches []fleet.Fetch) error {
	return d.write(ctx, func(w *writer) error {
		exists := make(map[fleet.ID]bool)
		for _, f := range fetches {
			known, asked := exists[f.Tenant]
			if !asked {
				err := w.needTenant(ctx, f.Tenant)
				if err != nil && fleet.CodeOf(err) != fleet.CodeNotFound {
					return err
				}
				known = err == nil && f.Tenant != 0
				exists[f.Tenant] = known
			}
			if !known || f.MAC.IsZero() {
				continue
			}
			if err := w.recordFetch(ctx, f); err != nil {
				return err
			}
		}
		for tenant := range exists {
			if err := w.trimStrangers(ctx, tenant); err != nil {
				return err
			}
		}
		return nil
	})
}

func (w *writer) recordFetch(ctx context.Context, f fleet.Fetch) error {
	said := []*string{&f.File, &f.UserAgent, &f.Vendor, &f.Model, &f.Version, &f.Reason, &f.Doubt}
	for _, s := range said {
		*s = clip(*s)
	}
	var (
		number, notes int64
		assigned      bool
		at, ip        = millis(f.Time), ipText(f.IP)
	)
	before, err := w.seen(ctx, f.Tenant, f.MAC)
	if err != nil {
		return err
	}
	err = w.row(ctx, `INSERT INTO sightings (tenant, mac, vendor, model, version, ip, user_agent, first_seen, last_seen, rejected, fetches, device)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, FALSE, 1, (SELECT id FROM devices WHERE tenant = $1 AND mac = $2))
		ON CONFLICT (tenant, mac) DO UPDATE SET
			vendor     = CASE WHEN excluded.vendor <> '' THEN excluded.vendor ELSE sightings.vendor END,
			model      = CASE WHEN excluded.model <> '' THEN excluded.model ELSE sightings.model END,
			version    = CASE WHEN excluded.version <> '' THEN excluded.version ELSE sightings.version END,
			ip         = CASE WHEN excluded.ip <> '' THEN excluded.ip ELSE sightings.ip END,
			user_agent = CASE WHEN excluded.user_agent <> '' THEN excluded.user_agent ELSE sightings.user_agent END,
			first_seen = CASE WHEN sightings.first_seen > 0 THEN sightings.first_seen ELSE excluded.first_seen END,
			last_seen  = CASE WHEN excluded.last_seen > sightings.last_seen THEN excluded.last_seen ELSE sightings.last_seen END,
			fetches    = sightings.fetches + 1
		RETURNING fetches, notes, device IS NOT NULL`,
		f.Tenant, macText(f.MAC), f.Vendor, f.Model, f.Version, ip, f.UserAgent, at).Scan(&number, &notes, &assigned)
	if err != nil {
		return err
	}
	if !assigned && number == 1 {
		n, counted := w.db.strangers.new[f.Tenant]
		if !counted { // since this process began: who knows how many there are
			n = w.db.strangers.trimAfter
		}
		w.db.strangers.new[f.Tenant] = n + 1
	}
	if f.ETag != "" && assigned {
		err := w.exec(ctx, `INSERT INTO served (device, file, etag, at)
			SELECT id, $3, $4, $5 FROM devices WHERE tenant = $1 AND mac = $2
			ON CONFLICT (device, file) DO UPDATE SET etag = excluded.etag, at = excluded.at WHERE served.etag <> excluded.etag`,
			f.Tenant, macText(f.MAC), f.File, f.ETag, at)
		if err != nil {
			return err
		}
	}
	return w.remember(ctx, f, before, number, notes, assigned)
}

// clip makes text of a device fit to be kept.
func clip(s string) string {
	if len(s) > maxSaid {
		s = s[:maxSaid]
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// trimStrangers drops the strangers above the bound, once there are enough new
// ones to be worth it.
func (w *writer) trimStrangers(ctx context.Context, tenant fleet.ID) error {
	if w.db.strangers.new[tenant] < w.db.strangers.trimAfter {
		return nil
	}
	const dropped = `tenant = $1 AND mac IN (
			SELECT mac FROM sightings WHERE tenant = $1 AND device IS NULL AND NOT rejected
			ORDER BY last_seen DESC, mac LIMIT 9223372036854775807 OFFSET $2)`
	for _, drop := range []string{`DELETE FROM events WHERE slot IS NOT NULL AND `, `DELETE FROM sightings WHERE `} {
		if err := w.exec(ctx, drop+dropped, tenant, w.db.strangers.most); err != nil {
			return err
		}
	}
	w.db.strangers.new[tenant] = 0
	return nil
}

package store

import (
	"context"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/listquery"
	"github.com/dialplane/dialplane/internal/mac"
)

var dectColumns = columns{
	"id":       ownID("d.id"),
	"name":     {expr: "p.name", folded: "p.name_folded"},
	"mac":      filled("d.mac"),
	"template": {expr: "d.template"},
	"vendor":   {expr: "d.vendor"},
	"model":    {expr: "d.model"},
	"lines":    {expr: "p.lines", kind: numberColumn},
}

const (
	dectFields = deviceFields + `, p.name, p.tone, p.user_password, p.engineer_password, p.region, p.handset_language, p.lines, p.serial_number, COALESCE(b.system, 0)`
	dectTables = ` FROM devices d JOIN dect_phones p ON p.id = d.id LEFT JOIN dect_system_bases b ON b.dect = d.id `

	dectUser     = "dect_phones.user_password"
	dectEngineer = "dect_phones.engineer_password"
)

func dectDevice(d *fleet.DectPhone) device {
	return device{
		id: &d.ID, tenant: &d.Tenant, mac: &d.MAC, template: &d.Template, vendor: &d.Vendor, model: &d.Model,
		settings: &d.DeviceSettings, token: &d.Token, created: &d.CreatedAt, updated: &d.UpdatedAt,
	}
}

func (r *reader) scanDect(row scanner) (fleet.DectPhone, error) {
	var d fleet.DectPhone
	err := row.Scan(append(r.dest(dectDevice(&d)), &d.Name, &d.Tone,
		r.sealed(&d.UserPassword, &d.Tenant, &d.ID, dectUser), r.sealed(&d.EngineerPassword, &d.Tenant, &d.ID, dectEngineer), &d.Region, &d.HandsetLanguage, &d.Lines, &d.SerialNumber, &d.System)...)
	return d, err
}

func (r *reader) DectPhone(ctx context.Context, tenant, id fleet.ID) (fleet.DectPhone, error) {
	return one(ctx, r.conn, "DECT base", r.scanDect, `SELECT `+dectFields+dectTables+`WHERE d.tenant = $1 AND d.id = $2`, tenant, id)
}

func (r *reader) DectPhones(ctx context.Context, tenant fleet.ID, q listquery.Query) ([]fleet.DectPhone, int, error) {
	return listOf(ctx, r.conn, q, "d.id", r.scanDect, []source{{dectFields, dectTables + `WHERE d.tenant = $1`, dectColumns}}, tenant)
}

func (r *reader) DectPhoneByMAC(ctx context.Context, tenant fleet.ID, m mac.Addr) (fleet.DectPhone, error) {
	return one(ctx, r.conn, "DECT base", r.scanDect, `SELECT `+dectFields+dectTables+`WHERE d.tenant = $1 AND d.mac = $2`, tenant, macText(m))
}

func (r *reader) Members(ctx context.Context, tenant, dect fleet.ID) ([]fleet.Member, error) {
	if err := r.needDect(ctx, tenant, dect); err != nil {
		return nil, err
	}
	return r.members(ctx, dect)
}

func (r *reader) members(ctx context.Context, dect fleet.ID) ([]fleet.Member, error) {
	return all(ctx, r.conn, func(row scanner) (m fleet.Member, err error) {
		err = row.Scan(&m.User, &m.ExtensionNumber, &m.DisplayName, &m.IPUI, &m.HandsetIndex)
		return m, err
	}, `SELECT u.id, u.extension_number, u.display_name, COALESCE(m.ipui, ''), m.handset_index
		FROM dect_members m JOIN users u ON u.id = m.user_id WHERE m.dect = $1 ORDER BY m.handset_index`, dect)
}

func (r *reader) DectOfHandset(ctx context.Context, ipui string) (tenant, dect fleet.ID, err error) {
	at, err := one(ctx, r.conn, "handset", func(row scanner) (at [2]fleet.ID, err error) {
		err = row.Scan(&at[0], &at[1])
		return at, err
	}, `SELECT tenant, dect FROM dect_members WHERE ipui = $1`, ipui)
	return at[0], at[1], err
}

func (r *reader) MemberOf(ctx context.Context, tenant, user fleet.ID) ([]fleet.DectPhone, error) {
	if err := r.needUser(ctx, tenant, user); err != nil {
		return nil, err
	}
	return all(ctx, r.conn, r.scanDect, `SELECT `+dectFields+dectTables+`JOIN dect_members m ON m.dect = p.id WHERE m.tenant = $1 AND m.user_id = $2 ORDER BY d.id`, tenant, user)
}

func (r *reader) needDect(ctx context.Context, tenant, id fleet.ID) error {
	return r.need(ctx, "DECT base", `SELECT 1`+dectTables+`WHERE d.tenant = $1 AND d.id = $2`, tenant, id)
}

func (w *writer) InsertDectPhone(ctx context.Context, d fleet.DectPhone) error {
	if err := w.insertDevice(ctx, dectDevice(&d)); err != nil {
		return err
	}
	return w.exec(ctx, `INSERT INTO dect_phones (id, name, name_folded, tone, user_password, engineer_password, region, handset_language, lines, serial_number)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		d.ID, d.Name, fold(d.Name), d.Tone, w.seal(d.UserPassword, d.Tenant, d.ID, dectUser), w.seal(d.EngineerPassword, d.Tenant, d.ID, dectEngineer),
		d.Region, d.HandsetLanguage, d.Lines, d.SerialNumber)
}

func (w *writer) UpdateDectPhone(ctx context.Context, d fleet.DectPhone) error {
	err := w.change(ctx, "DECT base", `UPDATE dect_phones SET name = $3, name_folded = $4, tone = $5, user_password = $6, engineer_password = $7,
			region = $8, handset_language = $9, lines = $10, serial_number = $11
		WHERE id IN (SELECT id FROM devices WHERE tenant = $1 AND id = $2)`,
		d.Tenant, d.ID, d.Name, fold(d.Name), d.Tone, w.seal(d.UserPassword, d.Tenant, d.ID, dectUser), w.seal(d.EngineerPassword, d.Tenant, d.ID, dectEngineer),
		d.Region, d.HandsetLanguage, d.Lines, d.SerialNumber)
	if err != nil {
		return err
	}
	return w.updateDevice(ctx, "DECT base", dectDevice(&d))
}

func (w *writer) DeleteDectPhone(ctx context.Context, tenant, id fleet.ID) error {
	return w.change(ctx, "DECT base", `DELETE FROM devices WHERE tenant = $1 AND id = $2 AND id IN (SELECT id FROM dect_phones WHERE id = $2)`, tenant, id)
}

func (w *writer) ReplaceMembers(ctx context.Context, tenant, dect fleet.ID, members []fleet.Member) error {
	if err := w.needDect(ctx, tenant, dect); err != nil {
		return err
	}
	if err := w.exec(ctx, `DELETE FROM dect_members WHERE dect = $1`, dect); err != nil {
		return err
	}
	for _, m := range members {
		if err := w.needUser(ctx, tenant, m.User); err != nil {
			return err
		}
		err := w.exec(ctx, `INSERT INTO dect_members (dect, handset_index, tenant, user_id, ipui) VALUES ($1, $2, $3, $4, $5)`,
			dect, m.HandsetIndex, tenant, m.User, orNull(m.IPUI))
		if err != nil {
			return err
		}
	}
	return nil
}

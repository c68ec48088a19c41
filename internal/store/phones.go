package store

import (
	"context"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/listquery"
	"github.com/dialplane/dialplane/internal/mac"
)

var phoneColumns = columns{
	"id":                  ownID("d.id"),
	"mac":                 filled("d.mac"),
	"filename":            {expr: "d.template"},
	"vendor":              {expr: "d.vendor"},
	"model":               {expr: "d.model"},
	"language":            {expr: "d.language"},
	"timezone":            {expr: "d.timezone"},
	"interface":           {expr: "d.interface"},
	"preferred_transport": {expr: "d.transport"},
	"serial_number":       {expr: "p.serial_number"},
	"rps":                 {expr: "d.rps", kind: boolColumn},
	"https":               {expr: "d.https", kind: boolColumn},
}

const (
	phoneFields = deviceFields + `, d.user_id, p.transfer, p.ringtone, p.queue_ringtone, p.external_ringtone, p.date_format, p.time_format,
	p.powerled, p.backlight, p.screensaver, p.lldp, p.wan_vlan, p.wan_vlan_id, p.wan_vlan_priority, p.pc_vlan, p.pc_vlan_id, p.pc_vlan_priority,
	p.serial_number, p.door_password1, p.door_password2`
	phoneTables = ` FROM devices d JOIN phones p ON p.id = d.id `

	phoneDoor1 = "phones.door_password1"
	phoneDoor2 = "phones.door_password2"
)

func phoneDevice(p *fleet.Phone) device {
	return device{
		id: &p.ID, tenant: &p.Tenant, user: &p.User, mac: &p.MAC, template: &p.Filename, vendor: &p.Vendor, model: &p.Model,
		settings: &p.DeviceSettings, token: &p.Token, created: &p.CreatedAt, updated: &p.UpdatedAt,
	}
}

func (r *reader) scanPhone(row scanner) (fleet.Phone, error) {
	var p fleet.Phone
	err := row.Scan(append(r.dest(phoneDevice(&p)), &p.User, &p.Transfer, &p.Ringtone, &p.QueueRingtone, &p.ExternalRingtone, &p.DateFormat, &p.TimeFormat,
		&p.PowerLED, &p.Backlight, &p.Screensaver, &p.EnableLLDP, &p.WANVLAN.Enabled, &p.WANVLAN.ID, &p.WANVLAN.Priority, &p.PCVLAN.Enabled, &p.PCVLAN.ID, &p.PCVLAN.Priority,
		&p.SerialNumber, r.sealed(&p.DoorPassword1, &p.Tenant, &p.ID, phoneDoor1), r.sealed(&p.DoorPassword2, &p.Tenant, &p.ID, phoneDoor2))...)
	return p, err
}

func (r *reader) Phone(ctx context.Context, tenant, id fleet.ID) (fleet.Phone, error) {
	return one(ctx, r.conn, "phone", r.scanPhone, `SELECT `+phoneFields+phoneTables+`WHERE d.tenant = $1 AND d.id = $2`, tenant, id)
}

func (r *reader) PhoneByMAC(ctx context.Context, tenant fleet.ID, m mac.Addr) (fleet.Phone, error) {
	return one(ctx, r.conn, "phone", r.scanPhone, `SELECT `+phoneFields+phoneTables+`WHERE d.tenant = $1 AND d.mac = $2`, tenant, macText(m))
}

func (r *reader) PhonesOfUser(ctx context.Context, tenant, user fleet.ID, q listquery.Query) ([]fleet.Phone, int, error) {
	found, count, err := listOf(ctx, r.conn, q, "d.id", r.scanPhone, []source{{phoneFields, phoneTables + `WHERE d.tenant = $1 AND d.user_id = $2`, phoneColumns}}, tenant, user)
	if err == nil && len(found) == 0 {
		err = r.needUser(ctx, tenant, user)
	}
	return found, count, err
}

func (w *writer) InsertPhone(ctx context.Context, p fleet.Phone) error {
	if err := w.needUser(ctx, p.Tenant, p.User); err != nil {
		return err
	}
	if err := w.insertDevice(ctx, phoneDevice(&p)); err != nil {
		return err
	}
	return w.exec(ctx, `INSERT INTO phones (id, transfer, ringtone, queue_ringtone, external_ringtone, date_format, time_format, powerled, backlight, screensaver,
			lldp, wan_vlan, wan_vlan_id, wan_vlan_priority, pc_vlan, pc_vlan_id, pc_vlan_priority, serial_number, door_password1, door_password2)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)`,
		p.ID, p.Transfer, p.Ringtone, p.QueueRingtone, p.ExternalRingtone, p.DateFormat, p.TimeFormat, p.PowerLED, p.Backlight, p.Screensaver,
		p.EnableLLDP, p.WANVLAN.Enabled, p.WANVLAN.ID, p.WANVLAN.Priority, p.PCVLAN.Enabled, p.PCVLAN.ID, p.PCVLAN.Priority, p.SerialNumber,
		w.seal(p.DoorPassword1, p.Tenant, p.ID, phoneDoor1), w.seal(p.DoorPassword2, p.Tenant, p.ID, phoneDoor2))
}

func (w *writer) UpdatePhone(ctx context.Context, p fleet.Phone) error {
	if err := w.needUser(ctx, p.Tenant, p.User); err != nil {
		return err
	}
	err := w.change(ctx, "phone", `UPDATE phones SET transfer = $3, ringtone = $4, queue_ringtone = $5, external_ringtone = $6, date_format = $7, time_format = $8,
			powerled = $9, backlight = $10, screensaver = $11, lldp = $12, wan_vlan = $13, wan_vlan_id = $14, wan_vlan_priority = $15,
			pc_vlan = $16, pc_vlan_id = $17, pc_vlan_priority = $18, serial_number = $19, door_password1 = $20, door_password2 = $21
		WHERE id IN (SELECT id FROM devices WHERE tenant = $1 AND id = $2)`,
		p.Tenant, p.ID, p.Transfer, p.Ringtone, p.QueueRingtone, p.ExternalRingtone, p.DateFormat, p.TimeFormat,
		p.PowerLED, p.Backlight, p.Screensaver, p.EnableLLDP, p.WANVLAN.Enabled, p.WANVLAN.ID, p.WANVLAN.Priority,
		p.PCVLAN.Enabled, p.PCVLAN.ID, p.PCVLAN.Priority, p.SerialNumber,
		w.seal(p.DoorPassword1, p.Tenant, p.ID, phoneDoor1), w.seal(p.DoorPassword2, p.Tenant, p.ID, phoneDoor2))
	if err != nil {
		return err
	}
	return w.updateDevice(ctx, "phone", phoneDevice(&p))
}

func (w *writer) DeletePhone(ctx context.Context, tenant, id fleet.ID) error {
	return w.change(ctx, "phone", `DELETE FROM devices WHERE tenant = $1 AND id = $2 AND id IN (SELECT id FROM phones WHERE id = $2)`, tenant, id)
}

package store

import (
	"context"
	"encoding/hex"
	"fmt"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/listquery"
)

var fileColumns = columns{
	"id":      ownID("id"),
	"kind":    filled("kind"),
	"name":    {expr: "name", folded: "name_folded", filled: true},
	"vendor":  {expr: "vendor"},
	"version": {expr: "version"},
	"bytes":   {expr: "bytes", kind: numberColumn, filled: true},
	"sha256":  filled("sha256"),
	"created": timeValue("created_at"),
}

var firmwarePolicyColumns = columns{
	"id":     ownID("id"),
	"vendor": filled("vendor"),
}

const (
	fileFields           = `id, tenant, kind, name, vendor, models, version, bytes, sha256, created_at`
	firmwarePolicyFields = `id, tenant, vendor, models, from_version, steps, allow_downgrade, offer_unknown, created_at, updated_at`
)

func asSum(sum *[32]byte) scanFunc {
	return func(src any) error {
		s, _ := src.(string)
		b, err := hex.DecodeString(s)
		if err != nil || len(b) != len(sum) {
			return fmt.Errorf("a SHA-256 is %T of %d characters", src, len(s))
		}
		*sum = [32]byte(b)
		return nil
	}
}

func sumText(sum [32]byte) string { return hex.EncodeToString(sum[:]) }

func scanFile(row scanner) (f fleet.File, err error) {
	err = row.Scan(&f.ID, &f.Tenant, &f.Kind, &f.Name, &f.Vendor, asJSON(&f.Models), &f.Version, &f.Bytes, asSum(&f.SHA256), asTime(&f.CreatedAt))
	return f, err
}

func scanFirmwarePolicy(row scanner) (p fleet.FirmwarePolicy, err error) {
	err = row.Scan(&p.ID, &p.Tenant, &p.Vendor, asJSON(&p.Models), &p.From, asJSON(&p.Steps), &p.AllowDowngrade, &p.OfferUnknown,
		asTime(&p.CreatedAt), asTime(&p.UpdatedAt))
	return p, err
}

func (r *reader) File(ctx context.Context, tenant, id fleet.ID) (fleet.File, error) {
	return one(ctx, r.conn, "file", scanFile, `SELECT `+fileFields+` FROM files WHERE tenant = $1 AND id = $2`, tenant, id)
}

func (r *reader) Files(ctx context.Context, tenant fleet.ID, q listquery.Query) ([]fleet.File, int, error) {
	return listOf(ctx, r.conn, q, "id", scanFile, []source{{fileFields, `FROM files WHERE tenant = $1`, fileColumns}}, tenant)
}

func (r *reader) ContentUsed(ctx context.Context, sum [32]byte) (used bool, err error) {
	err = r.row(ctx, `SELECT EXISTS (SELECT 1 FROM files WHERE sha256 = $1)`, sumText(sum)).Scan(&used)
	return used, err
}

func (r *reader) FirmwarePolicy(ctx context.Context, tenant, id fleet.ID) (fleet.FirmwarePolicy, error) {
	return one(ctx, r.conn, "firmware policy", scanFirmwarePolicy, `SELECT `+firmwarePolicyFields+` FROM firmware_policies WHERE tenant = $1 AND id = $2`, tenant, id)
}

func (r *reader) FirmwarePolicies(ctx context.Context, tenant fleet.ID, q listquery.Query) ([]fleet.FirmwarePolicy, int, error) {
	return listOf(ctx, r.conn, q, "id", scanFirmwarePolicy, []source{{firmwarePolicyFields, `FROM firmware_policies WHERE tenant = $1`, firmwarePolicyColumns}}, tenant)
}

func (w *writer) InsertFile(ctx context.Context, f fleet.File) error {
	return w.exec(ctx, `INSERT INTO files (id, tenant, kind, name, name_folded, vendor, models, version, bytes, sha256, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		f.ID, f.Tenant, f.Kind, f.Name, fold(f.Name), f.Vendor, jsonText(f.Models), f.Version, f.Bytes, sumText(f.SHA256), millis(f.CreatedAt))
}

func (w *writer) DeleteFile(ctx context.Context, tenant, id fleet.ID) error {
	return w.change(ctx, "file", `DELETE FROM files WHERE tenant = $1 AND id = $2`, tenant, id)
}

func (w *writer) InsertFirmwarePolicy(ctx context.Context, p fleet.FirmwarePolicy) error {
	return w.exec(ctx, `INSERT INTO firmware_policies (id, tenant, vendor, models, from_version, steps, allow_downgrade, offer_unknown, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		p.ID, p.Tenant, p.Vendor, jsonText(p.Models), p.From, jsonText(p.Steps), p.AllowDowngrade, p.OfferUnknown, millis(p.CreatedAt), millis(p.UpdatedAt))
}

func (w *writer) UpdateFirmwarePolicy(ctx context.Context, p fleet.FirmwarePolicy) error {
	return w.change(ctx, "firmware policy", `UPDATE firmware_policies
		SET vendor = $3, models = $4, from_version = $5, steps = $6, allow_downgrade = $7, offer_unknown = $8, updated_at = $9
		WHERE tenant = $1 AND id = $2`,
		p.Tenant, p.ID, p.Vendor, jsonText(p.Models), p.From, jsonText(p.Steps), p.AllowDowngrade, p.OfferUnknown, millis(p.UpdatedAt))
}

func (w *writer) DeleteFirmwarePolicy(ctx context.Context, tenant, id fleet.ID) error {
	return w.change(ctx, "firmware policy", `DELETE FROM firmware_policies WHERE tenant = $1 AND id = $2`, tenant, id)
}

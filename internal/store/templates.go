package store

import (
	"context"

	"github.com/dialplane/dialplane/internal/fleet"
)

const templateFields = `tenant, filename, content, updated_at`

func scanTemplate(row scanner) (t fleet.TemplateFile, err error) {
	err = row.Scan(&t.Tenant, &t.Filename, &t.Content, asTime(&t.UpdatedAt))
	return t, err
}

func (r *reader) Template(ctx context.Context, tenant fleet.ID, filename string) (fleet.TemplateFile, error) {
	return one(ctx, r.conn, "template", scanTemplate, `SELECT `+templateFields+` FROM templates WHERE tenant = $1 AND filename = $2`, tenant, filename)
}

func (r *reader) Templates(ctx context.Context, tenant fleet.ID) ([]fleet.TemplateFile, error) {
	return all(ctx, r.conn, scanTemplate, `SELECT `+templateFields+` FROM templates WHERE tenant = $1 ORDER BY filename`, tenant)
}

func (w *writer) PutTemplate(ctx context.Context, t fleet.TemplateFile) error {
	return w.exec(ctx, `INSERT INTO templates (tenant, filename, content, updated_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (tenant, filename) DO UPDATE SET content = excluded.content, updated_at = excluded.updated_at`,
		t.Tenant, t.Filename, t.Content, millis(t.UpdatedAt))
}

func (w *writer) DeleteTemplate(ctx context.Context, tenant fleet.ID, filename string) error {
	return w.change(ctx, "template", `DELETE FROM templates WHERE tenant = $1 AND filename = $2`, tenant, filename)
}

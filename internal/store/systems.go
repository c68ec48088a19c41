package store

import (
	"context"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/listquery"
)

var systemColumns = columns{
	"id":     ownID("id"),
	"name":   {expr: "name", folded: "name_folded", filled: true},
	"number": {expr: "number", kind: numberColumn, filled: true},
	"lines":  {expr: "lines", kind: numberColumn, filled: true},
}

const systemFields = `id, tenant, name, number, lines, created_at, updated_at`

func scanSystem(row scanner) (s fleet.DectSystem, err error) {
	err = row.Scan(&s.ID, &s.Tenant, &s.Name, &s.Number, &s.Lines, asTime(&s.CreatedAt), asTime(&s.UpdatedAt))
	return s, err
}

func scanSystemBase(row scanner) (b fleet.SystemBase, err error) {
	err = row.Scan(&b.Dect, &b.Index, &b.SyncFrom, asMAC(&b.MAC), &b.Name, &b.Model)
	return b, err
}

// fillSystem reads what stands in other tables than the system's own.
func (r *reader) fillSystem(ctx context.Context, s *fleet.DectSystem) (err error) {
	s.Bases, err = all(ctx, r.conn, scanSystemBase, `SELECT b.dect, b.place, b.sync_from, d.mac, p.name, d.model
		FROM dect_system_bases b JOIN dect_phones p ON p.id = b.dect JOIN devices d ON d.id = b.dect WHERE b.system = $1 ORDER BY b.place`, s.ID)
	if err != nil || len(s.Bases) == 0 {
		return err
	}
	return r.row(ctx, `SELECT count(*) FROM dect_members WHERE dect = $1`, s.Bases[0].Dect).Scan(&s.Members)
}

func (r *reader) system(ctx context.Context, query string, args ...any) (fleet.DectSystem, error) {
	s, err := one(ctx, r.conn, "DECT system", scanSystem, query, args...)
	if err == nil {
		err = r.fillSystem(ctx, &s)
	}
	return s, err
}

func (r *reader) DectSystem(ctx context.Context, tenant, id fleet.ID) (fleet.DectSystem, error) {
	return r.system(ctx, `SELECT `+systemFields+` FROM dect_systems WHERE tenant = $1 AND id = $2`, tenant, id)
}

func (r *reader) DectSystemByName(ctx context.Context, tenant fleet.ID, name string) (fleet.DectSystem, error) {
	return r.system(ctx, `SELECT `+systemFields+` FROM dect_systems WHERE tenant = $1 AND name_folded = $2`, tenant, fold(name))
}

func (r *reader) DectSystems(ctx context.Context, tenant fleet.ID, q listquery.Query) ([]fleet.DectSystem, int, error) {
	found, count, err := listOf(ctx, r.conn, q, "id", scanSystem, []source{{systemFields, `FROM dect_systems WHERE tenant = $1`, systemColumns}}, tenant)
	for i := 0; err == nil && i < len(found); i++ {
		err = r.fillSystem(ctx, &found[i])
	}
	if err != nil {
		return nil, 0, err
	}
	return found, count, nil
}

func (r *reader) DectSystemNumbers(ctx context.Context, tenant fleet.ID) ([]int, error) {
	return all(ctx, r.conn, func(row scanner) (n int, err error) {
		err = row.Scan(&n)
		return n, err
	}, `SELECT number FROM dect_systems WHERE tenant = $1 ORDER BY number`, tenant)
}

// EachDectSystem calls f for every multi-cell system of every tenant.
func (d *DB) EachDectSystem(ctx context.Context, f func(fleet.DectSystem) error) error {
	return d.read(ctx, func(r *reader) error {
		return each(ctx, r, "DECT system", scanSystem, func(s fleet.DectSystem) string { return s.ID.String() }, func(s fleet.DectSystem) error {
			if err := r.fillSystem(ctx, &s); err != nil {
				return err
			}
			return f(s)
		}, `SELECT `+systemFields+` FROM dect_systems`)
	})
}

func (w *writer) InsertDectSystem(ctx context.Context, s fleet.DectSystem) error {
	err := w.exec(ctx, `INSERT INTO dect_systems (id, tenant, name, name_folded, number, lines, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		s.ID, s.Tenant, s.Name, fold(s.Name), s.Number, s.Lines, millis(s.CreatedAt), millis(s.UpdatedAt))
	if err != nil {
		return err
	}
	return w.insertSystemBases(ctx, s)
}

func (w *writer) insertSystemBases(ctx context.Context, s fleet.DectSystem) error {
	for _, b := range s.Bases {
		if err := w.needDect(ctx, s.Tenant, b.Dect); err != nil {
			return err
		}
		if err := w.exec(ctx, `INSERT INTO dect_system_bases (system, place, dect, sync_from) VALUES ($1, $2, $3, $4)`, s.ID, b.Index, b.Dect, b.SyncFrom); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) UpdateDectSystem(ctx context.Context, s fleet.DectSystem) error {
	err := w.change(ctx, "DECT system", `UPDATE dect_systems SET name = $3, name_folded = $4, number = $5, lines = $6, updated_at = $7 WHERE tenant = $1 AND id = $2`,
		s.Tenant, s.ID, s.Name, fold(s.Name), s.Number, s.Lines, millis(s.UpdatedAt))
	if err != nil {
		return err
	}
	if err := w.exec(ctx, `DELETE FROM dect_system_bases WHERE system = $1`, s.ID); err != nil {
		return err
	}
	return w.insertSystemBases(ctx, s)
}

func (w *writer) DeleteDectSystem(ctx context.Context, tenant, id fleet.ID) error {
	return w.change(ctx, "DECT system", `DELETE FROM dect_systems WHERE tenant = $1 AND id = $2`, tenant, id)
}

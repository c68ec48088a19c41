package store

import (
	"context"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/listquery"
)

var userColumns = columns{
	"id":               ownID("id"),
	"extension_number": filled("extension_number"),
	"display_name":     {expr: "display_name", folded: "display_name_folded"},
	"auth_name":        {expr: "auth_name", folded: "auth_name_folded"},
}

const userFields = `id, tenant, extension_number, display_name, auth_name, password, vm_pin, keys, created_at, updated_at`

const (
	userPassword = "users.password"
	userVMPIN    = "users.vm_pin"
)

// key is a fleet.Key as it is kept.
type key struct {
	Kind      fleet.KeyKind `json:"kind"`
	Value     string        `json:"value,omitempty"`
	Label     string        `json:"label,omitempty"`
	FirstName string        `json:"first_name,omitempty"`
	LastName  string        `json:"last_name,omitempty"`
}

func keysText(keys []fleet.Key) string {
	var kept []key
	for _, k := range keys {
		kept = append(kept, key(k))
	}
	return jsonText(kept)
}

func (r *reader) scanUser(row scanner) (fleet.User, error) {
	var (
		u    fleet.User
		keys []key
	)
	err := row.Scan(&u.ID, &u.Tenant, &u.ExtensionNumber, &u.DisplayName, &u.AuthName,
		r.sealed(&u.Password, &u.Tenant, &u.ID, userPassword), r.sealed(&u.VMPIN, &u.Tenant, &u.ID, userVMPIN),
		asJSON(&keys), asTime(&u.CreatedAt), asTime(&u.UpdatedAt))
	for _, k := range keys {
		u.Keys = append(u.Keys, fleet.Key(k))
	}
	return u, err
}

func (r *reader) User(ctx context.Context, tenant, id fleet.ID) (fleet.User, error) {
	return one(ctx, r.conn, "user", r.scanUser, `SELECT `+userFields+` FROM users WHERE tenant = $1 AND id = $2`, tenant, id)
}

func (r *reader) UserByExtension(ctx context.Context, tenant fleet.ID, extension string) (fleet.User, error) {
	return one(ctx, r.conn, "user", r.scanUser, `SELECT `+userFields+` FROM users WHERE tenant = $1 AND extension_number = $2`, tenant, extension)
}

func (r *reader) Users(ctx context.Context, tenant fleet.ID, q listquery.Query) ([]fleet.User, int, error) {
	return listOf(ctx, r.conn, q, "id", r.scanUser, []source{{userFields, `FROM users WHERE tenant = $1`, userColumns}}, tenant)
}

// needUser returns that there is no such user unless the tenant has it.
func (r *reader) needUser(ctx context.Context, tenant, id fleet.ID) error {
	return r.need(ctx, "user", `SELECT 1 FROM users WHERE tenant = $1 AND id = $2`, tenant, id)
}

func (w *writer) InsertUser(ctx context.Context, u fleet.User) error {
	return w.exec(ctx, `INSERT INTO users (id, tenant, extension_number, display_name, display_name_folded, auth_name, auth_name_folded,
			password, vm_pin, keys, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		u.ID, u.Tenant, u.ExtensionNumber, u.DisplayName, fold(u.DisplayName), u.AuthName, fold(u.AuthName),
		w.seal(u.Password, u.Tenant, u.ID, userPassword), w.seal(u.VMPIN, u.Tenant, u.ID, userVMPIN), keysText(u.Keys), millis(u.CreatedAt), millis(u.UpdatedAt))
}

func (w *writer) UpdateUser(ctx context.Context, u fleet.User) error {
	return w.change(ctx, "user", `UPDATE users SET extension_number = $3, display_name = $4, display_name_folded = $5, auth_name = $6, auth_name_folded = $7,
			password = $8, vm_pin = $9, keys = $10, updated_at = $11
		WHERE tenant = $1 AND id = $2`,
		u.Tenant, u.ID, u.ExtensionNumber, u.DisplayName, fold(u.DisplayName), u.AuthName, fold(u.AuthName),
		w.seal(u.Password, u.Tenant, u.ID, userPassword), w.seal(u.VMPIN, u.Tenant, u.ID, userVMPIN), keysText(u.Keys), millis(u.UpdatedAt))
}

func (w *writer) DeleteUser(ctx context.Context, tenant, id fleet.ID) error {
	return w.change(ctx, "user", `DELETE FROM users WHERE tenant = $1 AND id = $2`, tenant, id)
}

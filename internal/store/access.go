package store

import (
	"context"
	"fmt"
	"time"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/listquery"
	"github.com/dialplane/dialplane/internal/secret"
)

var (
	accountColumns = columns{
		"id":       ownID("id"),
		"username": {expr: "username", folded: "username_folded"},
		"role":     {expr: "role"},
		"user_id":  {expr: "user_id", kind: idColumn},
		"reveal":   {expr: "reveal", kind: boolColumn},
		"created":  timeValue("created_at"),
	}
	tokenColumns = columns{
		"id":      ownID("id"),
		"name":    {expr: "name", folded: "name_folded"},
		"role":    {expr: "role"},
		"user_id": {expr: "user_id", kind: idColumn},
		"reveal":  {expr: "reveal", kind: boolColumn},
		"created": timeValue("created_at"),
		"expires": timeValue("expires_at"),
		"used":    timeValue("used_at"),
	}
)

const (
	accountFields = `id, tenant, username, password, role, user_id, reveal, created_at`
	tokenFields   = `id, kind, hash, tenant, account, user_id, name, role, reveal, family, created_at, expires_at, used_at` //nolint:gosec // names of columns

	accountPassword = "accounts.password"
)

// keptToken is how long the token of a sign-in is kept after it has expired.
const keptToken = 24 * time.Hour

func (r *reader) scanAccount(row scanner) (fleet.Account, error) {
	var (
		a    fleet.Account
		hash secret.Secret
	)
	err := row.Scan(&a.ID, &a.Tenant, &a.Username, r.sealed(&hash, &a.Tenant, &a.ID, accountPassword), &a.Role, &a.User, &a.Reveal, asTime(&a.CreatedAt))
	a.PasswordHash = hash.Reveal()
	return a, err
}

func scanToken(row scanner) (t fleet.Token, err error) {
	hash := scanFunc(func(src any) error {
		b, ok := src.([]byte)
		if !ok || copy(t.Hash[:], b) != len(t.Hash) {
			return fmt.Errorf("the hash of token %d is not %d bytes", t.ID, len(t.Hash))
		}
		return nil
	})
	err = row.Scan(&t.ID, &t.Kind, hash, &t.Tenant, &t.Account, &t.User, &t.Name, &t.Role, &t.Reveal, &t.Family, asTime(&t.Created), asTime(&t.Expires), asTime(&t.Used))
	return t, err
}

func (r *reader) Account(ctx context.Context, tenant, id fleet.ID) (fleet.Account, error) {
	return one(ctx, r.conn, "account", r.scanAccount, `SELECT `+accountFields+` FROM accounts WHERE tenant = $1 AND id = $2`, tenant, id)
}

func (r *reader) AccountByName(ctx context.Context, tenant fleet.ID, username string) (fleet.Account, error) {
	return one(ctx, r.conn, "account", r.scanAccount, `SELECT `+accountFields+` FROM accounts WHERE tenant = $1 AND username_folded = $2`, tenant, fold(username))
}

func (r *reader) Accounts(ctx context.Context, tenant fleet.ID, q listquery.Query) ([]fleet.Account, int, error) {
	return listOf(ctx, r.conn, q, "id", r.scanAccount, []source{{accountFields, `FROM accounts WHERE tenant = $1`, accountColumns}}, tenant)
}

func (r *reader) Token(ctx context.Context, hash [32]byte) (fleet.Token, error) {
	return one(ctx, r.conn, "token", scanToken, `SELECT `+tokenFields+` FROM tokens WHERE hash = $1`, hash[:])
}

func (r *reader) TokenByID(ctx context.Context, tenant, id fleet.ID) (fleet.Token, error) {
	return one(ctx, r.conn, "token", scanToken, `SELECT `+tokenFields+` FROM tokens WHERE tenant = $1 AND id = $2`, tenant, id)
}

func (r *reader) Tokens(ctx context.Context, tenant fleet.ID, q listquery.Query) ([]fleet.Token, int, error) {
	return listOf(ctx, r.conn, q, "id", scanToken, []source{{tokenFields, `FROM tokens WHERE tenant = $1 AND kind = $2`, tokenColumns}}, tenant, fleet.AccessToken)
}

// needTenant returns that there is no such tenant; 0 is the installation.
func (r *reader) needTenant(ctx context.Context, id fleet.ID) error {
	if id == 0 {
		return nil
	}
	return r.need(ctx, "tenant", `SELECT 1 FROM tenants WHERE id = $1`, id)
}

func (w *writer) InsertAccount(ctx context.Context, a fleet.Account) error {
	if err := w.needTenant(ctx, a.Tenant); err != nil {
		return err
	}
	return w.exec(ctx, `INSERT INTO accounts (id, tenant, username, username_folded, password, role, user_id, reveal, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		a.ID, a.Tenant, a.Username, fold(a.Username), w.seal(secret.New(a.PasswordHash), a.Tenant, a.ID, accountPassword), a.Role, a.User, a.Reveal, millis(a.CreatedAt))
}

func (w *writer) UpdateAccount(ctx context.Context, a fleet.Account) error {
	return w.change(ctx, "account", `UPDATE accounts SET username = $3, username_folded = $4, password = $5, role = $6, user_id = $7, reveal = $8
		WHERE tenant = $1 AND id = $2`,
		a.Tenant, a.ID, a.Username, fold(a.Username), w.seal(secret.New(a.PasswordHash), a.Tenant, a.ID, accountPassword), a.Role, a.User, a.Reveal)
}

func (w *writer) DeleteAccount(ctx context.Context, tenant, id fleet.ID) error {
	if err := w.change(ctx, "account", `DELETE FROM accounts WHERE tenant = $1 AND id = $2`, tenant, id); err != nil {
		return err
	}
	return w.exec(ctx, `DELETE FROM tokens WHERE account = $1`, id)
}

// InsertToken also removes the tokens of the account that have long expired, so
// that signing in every hour does not fill the table.
func (w *writer) InsertToken(ctx context.Context, t fleet.Token) error {
	if err := w.needTenant(ctx, t.Tenant); err != nil {
		return err
	}
	if t.Account != 0 {
		err := w.exec(ctx, `DELETE FROM tokens WHERE account = $1 AND expires_at > 0 AND expires_at < $2`, t.Account, millis(t.Created.Add(-keptToken)))
		if err != nil {
			return err
		}
	}
	return w.exec(ctx, `INSERT INTO tokens (id, kind, hash, tenant, account, user_id, name, name_folded, role, reveal, family, created_at, expires_at, used_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
		t.ID, t.Kind, t.Hash[:], t.Tenant, t.Account, t.User, t.Name, fold(t.Name), t.Role, t.Reveal, t.Family, millis(t.Created), millis(t.Expires), millis(t.Used))
}

func (w *writer) TouchToken(ctx context.Context, id fleet.ID, used time.Time) error {
	return w.change(ctx, "token", `UPDATE tokens SET used_at = $2 WHERE id = $1`, id, millis(used))
}

func (w *writer) DeleteToken(ctx context.Context, tenant, id fleet.ID) error {
	return w.change(ctx, "token", `DELETE FROM tokens WHERE tenant = $1 AND id = $2`, tenant, id)
}

// DeleteFamily leaves the tokens alone that were made by hand: they have no family.
func (w *writer) DeleteFamily(ctx context.Context, family fleet.ID) error {
	return w.exec(ctx, `DELETE FROM tokens WHERE family = $1 AND family <> 0`, family)
}

func (w *writer) Audit(ctx context.Context, r fleet.AuditRecord) error {
	return w.exec(ctx, `INSERT INTO audit (id, at, tenant, caller, address, action, object) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		w.db.NewID(), millis(r.Time), r.Tenant, r.Caller, r.Address, r.Action, r.Object)
}

// AuditLog returns the last records of a tenant, 0 being the installation, latest
// first.
func (d *DB) AuditLog(ctx context.Context, tenant fleet.ID, limit int) (records []fleet.AuditRecord, err error) {
	err = d.read(ctx, func(r *reader) error {
		records, err = all(ctx, r.conn, func(row scanner) (a fleet.AuditRecord, err error) {
			err = row.Scan(asTime(&a.Time), &a.Tenant, &a.Caller, &a.Address, &a.Action, &a.Object)
			return a, err
		}, `SELECT at, tenant, caller, address, action, object FROM audit WHERE tenant = $1 ORDER BY id DESC LIMIT $2`, tenant, limit)
		return err
	})
	return records, err
}

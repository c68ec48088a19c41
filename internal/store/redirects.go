package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/listquery"
	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/secret"
)

var redirectionColumns = columns{
	"mac":        filled("r.mac"),
	"vendor":     filled("r.vendor"),
	"model":      {expr: "r.model"},
	"service":    filled("a.service"),
	"account":    {expr: "r.account", kind: idColumn, filled: true},
	"want":       filled("r.want"),
	"status":     filled("r.status"),
	"reason":     {expr: "r.reason"},
	"updated_at": timeValue("r.updated_at"),
}

const (
	accountAtFields = `id, tenant, vendor, service, endpoint, settings, secrets, verified_at, verify_error, held_until, held_reason, failures, created_at, updated_at`

	redirectionFields = `r.account, r.tenant, r.mac, r.vendor, r.model, r.serial, r.code, a.service, r.want, r.revision, r.status, r.reason,
		r.token, r.expires_at, r.used_at, r.attempts, r.job, r.due_at, r.updated_at`
	redirectionTables = ` FROM redirections r JOIN redirect_accounts a ON a.id = r.account `

	pointerFields = `tenant, mac, token_hash, expires_at, used_at`
	isPointer     = `want = 'registered' AND token_hash IS NOT NULL`

	redirectSecrets  = "redirect_accounts.secrets"
	redirectionToken = "redirections.token"
)

func (r *reader) scanRedirectAccount(row scanner) (a fleet.RedirectAccount, err error) {
	var secrets secret.Secret
	err = row.Scan(&a.ID, &a.Tenant, &a.Vendor, &a.Service, &a.Endpoint, asJSON(&a.Values), r.sealed(&secrets, &a.Tenant, &a.ID, redirectSecrets),
		asTime(&a.VerifiedAt), &a.VerifyError, asTime(&a.HeldUntil), &a.HeldReason, &a.Failures, asTime(&a.CreatedAt), asTime(&a.UpdatedAt))
	if err != nil {
		return a, err
	}
	var kept map[string]string
	if json.Unmarshal([]byte(secrets.Reveal()), &kept) != nil {
		return a, errors.New("the secrets of a redirect account are damaged")
	}
	a.Secrets = make(map[string]secret.Secret, len(kept))
	for name, value := range kept {
		a.Secrets[name] = secret.New(value)
	}
	return a, nil
}

func (w *writer) sealAccount(a fleet.RedirectAccount) []byte {
	kept := make(map[string]string, len(a.Secrets))
	for name, value := range a.Secrets {
		kept[name] = value.Reveal()
	}
	return w.seal(secret.New(jsonText(kept)), a.Tenant, a.ID, redirectSecrets)
}

func (r *reader) RedirectAccount(ctx context.Context, tenant, id fleet.ID) (fleet.RedirectAccount, error) {
	return one(ctx, r.conn, "account", r.scanRedirectAccount, `SELECT `+accountAtFields+` FROM redirect_accounts WHERE tenant = $1 AND id = $2`, tenant, id)
}

func (r *reader) RedirectAccountFor(ctx context.Context, tenant fleet.ID, vendor string) (fleet.RedirectAccount, error) {
	return one(ctx, r.conn, "account", r.scanRedirectAccount, `SELECT `+accountAtFields+` FROM redirect_accounts WHERE tenant = $1 AND vendor = $2`, tenant, vendor)
}

func (r *reader) RedirectAccounts(ctx context.Context, tenant fleet.ID) ([]fleet.RedirectAccount, error) {
	return all(ctx, r.conn, r.scanRedirectAccount, `SELECT `+accountAtFields+` FROM redirect_accounts WHERE tenant = $1 ORDER BY vendor`, tenant)
}

// EachRedirectAccount calls f for every account of every tenant and of the installation.
func (d *DB) EachRedirectAccount(ctx context.Context, f func(fleet.RedirectAccount) error) error {
	return d.read(ctx, func(r *reader) error {
		return each(ctx, r, "redirect account", r.scanRedirectAccount, func(a fleet.RedirectAccount) string { return a.ID.String() }, f, `SELECT `+accountAtFields+` FROM redirect_accounts`)
	})
}

func (w *writer) InsertRedirectAccount(ctx context.Context, a fleet.RedirectAccount) error {
	if a.Tenant != 0 {
		if err := w.needTenant(ctx, a.Tenant); err != nil {
			return err
		}
	}
	return w.exec(ctx, `INSERT INTO redirect_accounts (id, tenant, vendor, service, endpoint, settings, secrets, verified_at, verify_error, held_until, held_reason, failures, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
		a.ID, a.Tenant, a.Vendor, a.Service, a.Endpoint, jsonText(a.Values), w.sealAccount(a), millis(a.VerifiedAt), a.VerifyError,
		millis(a.HeldUntil), a.HeldReason, a.Failures, millis(a.CreatedAt), millis(a.UpdatedAt))
}

func (w *writer) UpdateRedirectAccount(ctx context.Context, a fleet.RedirectAccount) error {
	return w.change(ctx, "account", `UPDATE redirect_accounts SET vendor = $3, service = $4, endpoint = $5, settings = $6, secrets = $7, updated_at = $8 WHERE tenant = $1 AND id = $2`,
		a.Tenant, a.ID, a.Vendor, a.Service, a.Endpoint, jsonText(a.Values), w.sealAccount(a), millis(a.UpdatedAt))
}

func (w *writer) SetRedirectHealth(ctx context.Context, account fleet.ID, h fleet.RedirectHealth) error {
	return w.change(ctx, "account", `UPDATE redirect_accounts SET verified_at = $2, verify_error = $3, held_until = $4, held_reason = $5, failures = $6 WHERE id = $1`,
		account, millis(h.VerifiedAt), clip(h.VerifyError), millis(h.HeldUntil), clip(h.HeldReason), h.Failures)
}

func (w *writer) DeleteRedirectAccount(ctx context.Context, tenant, id fleet.ID, at time.Time) ([]fleet.ID, error) {
	if err := w.need(ctx, "account", `SELECT 1 FROM redirect_accounts WHERE tenant = $1 AND id = $2`, tenant, id); err != nil {
		return nil, err
	}
	tenants, err := all(ctx, w.conn, scanID, `SELECT DISTINCT tenant FROM redirections WHERE account = $1 AND want = 'registered'`, id)
	if err != nil {
		return nil, err
	}
	if err := w.exec(ctx, `UPDATE devices SET rps = FALSE, updated_at = $2 WHERE rps AND EXISTS (
			SELECT 1 FROM redirections r WHERE r.account = $1 AND r.tenant = devices.tenant AND r.mac = devices.mac AND r.want = 'registered')`, id, millis(at)); err != nil {
		return nil, err
	}
	if err := w.closeRedirected(ctx, `SELECT mac FROM redirections WHERE account = $1`, id, at, "the account is deleted"); err != nil {
		return nil, err
	}
	return tenants, w.exec(ctx, `DELETE FROM redirect_accounts WHERE id = $1`, id)
}

// closeRedirected cancels the items of devices that a query for one account finds and
// that have nothing to be told at another.
func (w *writer) closeRedirected(ctx context.Context, devices string, account fleet.ID, at time.Time, reason string) error {
	return w.cancelItems(ctx, `mac IN (`+devices+`) AND NOT EXISTS (
			SELECT 1 FROM redirections o WHERE o.tenant = job_items.tenant AND o.mac = job_items.mac AND o.account <> $1 AND o.due_at > 0)`, at, reason, account)
}

// cancelItems closes open items of jobs of the kind rps, and the jobs that have none
// left. The condition has args from $1 on.
func (w *writer) cancelItems(ctx context.Context, condition string, at time.Time, reason string, args ...any) error {
	n := len(args)
	jobs, err := all(ctx, w.conn, scanID, `UPDATE job_items SET state = 'cancelled', outcome = '', reason = $`+strconv.Itoa(n+1)+`, due_at = 0, updated_at = $`+strconv.Itoa(n+2)+`
		WHERE kind = 'rps' AND `+isOpen+` AND `+condition+` RETURNING job`, append(args, reason, millis(at))...)
	if err != nil {
		return err
	}
	seen := make(map[fleet.ID]bool)
	for _, job := range jobs {
		if seen[job] {
			continue
		}
		seen[job] = true
		if _, err := w.endJob(ctx, job, at); err != nil {
			return err
		}
	}
	return nil
}

func scanID(row scanner) (id fleet.ID, err error) {
	err = row.Scan(&id)
	return id, err
}

// tokenPlace is where the token of a device's redirections is sealed: it stays the same
// when another account takes the device over.
func tokenPlace(tenant fleet.ID, m mac.Addr) secret.Place {
	n, _ := strconv.ParseInt(m.String(), 16, 64) // 48 bits in hex
	return place(tenant, fleet.ID(n), redirectionToken)
}

func (r *reader) redirectionDest(x *fleet.Redirection) []any {
	token := scanFunc(func(src any) (err error) {
		if src == nil {
			return nil
		}
		b, ok := src.([]byte)
		if !ok {
			return fmt.Errorf("%s is %T", redirectionToken, src)
		}
		x.Token, err = r.keys.Open(b, tokenPlace(x.Tenant, x.MAC))
		return err
	})
	return []any{
		&x.Account, &x.Tenant, asMAC(&x.MAC), &x.Vendor, &x.Model, &x.Serial, &x.Code, &x.Service, &x.Want, &x.Revision, &x.Status, &x.Reason,
		token, asTime(&x.Expires), asTime(&x.Used), &x.Attempts, &x.Job, asTime(&x.Due), asTime(&x.UpdatedAt),
	}
}

func (r *reader) scanRedirection(row scanner) (x fleet.Redirection, err error) {
	err = row.Scan(r.redirectionDest(&x)...)
	return x, err
}

func (r *reader) Redirections(ctx context.Context, tenant fleet.ID, q listquery.Query) ([]fleet.Redirection, int, error) {
	return listOf(ctx, r.conn, q, "r.mac, r.account", r.scanRedirection, []source{{redirectionFields, redirectionTables + `WHERE r.tenant = $1`, redirectionColumns}}, tenant)
}

func (r *reader) RedirectionsAt(ctx context.Context, account fleet.ID) (n int, err error) {
	err = r.row(ctx, `SELECT count(*) FROM redirections WHERE account = $1 AND known`, account).Scan(&n)
	return n, err
}

// RedirectionsOf asks for so many devices at a time.
const redirectionsAtOnce = 500

func (r *reader) RedirectionsOf(ctx context.Context, tenant fleet.ID, macs []mac.Addr) (map[mac.Addr]fleet.Redirection, error) {
	found := make(map[mac.Addr]fleet.Redirection)
	for len(macs) > 0 {
		n := min(len(macs), redirectionsAtOnce)
		q := query{args: []any{tenant}}
		places := make([]string, n)
		for i, m := range macs[:n] {
			places[i] = q.bind(macText(m))
		}
		err := r.rows(ctx, false, func(row scanner) error {
			x, err := r.scanRedirection(row)
			if err != nil {
				return err
			}
			if other, there := found[x.MAC]; !there || x.Want == fleet.WantRegistered || other.Want != fleet.WantRegistered && x.UpdatedAt.After(other.UpdatedAt) {
				found[x.MAC] = x
			}
			return nil
		}, `SELECT `+redirectionFields+redirectionTables+`WHERE r.tenant = $1 AND r.mac IN (`+strings.Join(places, ", ")+`)`, q.args...)
		if err != nil {
			return nil, err
		}
		macs = macs[n:]
	}
	return found, nil
}

func (r *reader) RedirectBacklog(ctx context.Context, job fleet.ID) (map[fleet.ID]int, error) {
	backlog := make(map[fleet.ID]int)
	err := r.rows(ctx, true, func(row scanner) error {
		var (
			account fleet.ID
			n       int
		)
		err := row.Scan(&account, &n)
		backlog[account] = n
		return err
	}, `SELECT account, count(*) FROM redirections WHERE job = $1 AND due_at > 0 GROUP BY account`, job)
	return backlog, err
}

func scanPointer(row scanner) (p fleet.Pointer, err error) {
	var hash []byte
	err = row.Scan(&p.Tenant, asMAC(&p.MAC), &hash, asTime(&p.Expires), asTime(&p.Used))
	copy(p.Hash[:], hash)
	return p, err
}

func (r *reader) Pointer(ctx context.Context, tenant fleet.ID, m mac.Addr) (fleet.Pointer, error) {
	return one(ctx, r.conn, "first-access address", scanPointer, `SELECT `+pointerFields+` FROM redirections WHERE tenant = $1 AND mac = $2 AND `+isPointer, tenant, macText(m))
}

func (r *reader) Pointers(ctx context.Context, tenant fleet.ID) ([]fleet.Pointer, error) {
	return all(ctx, r.conn, scanPointer, `SELECT `+pointerFields+` FROM redirections WHERE tenant = $1 AND `+isPointer, tenant)
}

// EachPointer calls f for the first-access address of every device, those included
// that are used or have expired.
func (d *DB) EachPointer(ctx context.Context, f func(fleet.Pointer) error) error {
	return d.read(ctx, func(r *reader) error {
		return each(ctx, r, "first-access address", scanPointer, func(p fleet.Pointer) string { return p.MAC.String() }, f, `SELECT `+pointerFields+` FROM redirections WHERE `+isPointer)
	})
}

func (w *writer) UsePointer(ctx context.Context, tenant fleet.ID, m mac.Addr, hash [32]byte, at time.Time) (bool, error) {
	n, err := w.count(ctx, `UPDATE redirections SET used_at = $4 WHERE tenant = $1 AND mac = $2 AND token_hash = $3 AND used_at = 0 AND expires_at > $4 AND want = 'registered'`,
		tenant, macText(m), hash[:], millis(at))
	return n > 0, err
}

func (w *writer) RotatePointer(ctx context.Context, tenant fleet.ID, m mac.Addr, token secret.Secret, expires, at time.Time, by string) error {
	err := w.change(ctx, "first-access address", `UPDATE redirections SET token = $3, token_hash = $4, expires_at = $5, used_at = 0, revision = revision + 1, status = 'pending', reason = '',
			attempts = 0, job = -1, due_at = $6, updated_at = $6
		WHERE tenant = $1 AND mac = $2 AND want = 'registered'`, tenant, macText(m), w.keys.Seal(token, tokenPlace(tenant, m)), hash(token), millis(expires), millis(at))
	if err != nil {
		return err
	}
	return w.enqueue(ctx, at, by)
}

func (w *writer) Redirect(ctx context.Context, wish fleet.Wish, at time.Time, by string) error {
	if err := w.need(ctx, "account", `SELECT 1 FROM redirect_accounts WHERE id = $1`, wish.Account); err != nil {
		return err
	}
	if err := w.unredirect(ctx, ` AND account <> $3`, wish.Tenant, wish.MAC, at, wish.Account); err != nil {
		return err
	}
	// An address that still leads somewhere is kept: the service may have told the phone.
	const lives = `redirections.tenant = excluded.tenant AND redirections.token_hash IS NOT NULL AND redirections.used_at = 0 AND redirections.expires_at > excluded.updated_at`
	err := w.exec(ctx, `INSERT INTO redirections (account, mac, tenant, vendor, model, serial, code, want, revision, status, reason, token, token_hash, expires_at, used_at, known, attempts, job, due_at, leased_until, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 'registered', 1, 'pending', '', $8, $9, $10, 0, FALSE, 0, -1, $11, 0, $11)
		ON CONFLICT (account, mac) DO UPDATE SET tenant = excluded.tenant, vendor = excluded.vendor, model = excluded.model, serial = excluded.serial, code = excluded.code,
			want = 'registered', revision = redirections.revision + 1, status = 'pending', reason = '', attempts = 0, job = -1, due_at = excluded.due_at, updated_at = excluded.updated_at,
			token = CASE WHEN `+lives+` THEN redirections.token ELSE excluded.token END,
			token_hash = CASE WHEN `+lives+` THEN redirections.token_hash ELSE excluded.token_hash END,
			expires_at = CASE WHEN `+lives+` THEN redirections.expires_at ELSE excluded.expires_at END,
			used_at = 0`,
		wish.Account, macText(wish.MAC), wish.Tenant, wish.Vendor, wish.Model, wish.Serial, wish.Code,
		w.keys.Seal(wish.Token, tokenPlace(wish.Tenant, wish.MAC)), hash(wish.Token), millis(wish.Expires), millis(at))
	if err != nil {
		return err
	}
	return w.enqueue(ctx, at, by)
}

func (w *writer) Unredirect(ctx context.Context, tenant fleet.ID, m mac.Addr, at time.Time, by string) error {
	if err := w.exec(ctx, `DELETE FROM redirections WHERE tenant = $1 AND mac = $2 AND status = 'removed'`, tenant, macText(m)); err != nil {
		return err
	}
	if err := w.unredirect(ctx, ``, tenant, m, at); err != nil {
		return err
	}
	if err := w.enqueue(ctx, at, by); err != nil {
		return err
	}
	return w.cancelItems(ctx, `mac = $1 AND tenant = $2 AND NOT EXISTS (SELECT 1 FROM redirections o WHERE o.tenant = $2 AND o.mac = $1 AND o.due_at > 0)`, at, "the device is no longer to be registered", macText(m), tenant)
}

// unredirect has services forget a device; those that were never told of it need not
// be told. The condition has args from $3 on.
func (w *writer) unredirect(ctx context.Context, condition string, tenant fleet.ID, m mac.Addr, at time.Time, args ...any) error {
	where := ` WHERE tenant = $1 AND mac = $2 AND want = 'registered'` + condition
	args = append([]any{tenant, macText(m)}, args...)
	if err := w.exec(ctx, `DELETE FROM redirections`+where+` AND NOT known`, args...); err != nil {
		return err
	}
	return w.exec(ctx, `UPDATE redirections SET want = 'removed', revision = revision + 1, status = 'pending', reason = '', token = NULL, token_hash = NULL, expires_at = 0, used_at = 0,
		attempts = 0, job = -1, due_at = $`+strconv.Itoa(len(args)+1)+`, updated_at = $`+strconv.Itoa(len(args)+1)+where, append(args, millis(at))...)
}

func (w *writer) RedirectAgain(ctx context.Context, tenant, account fleet.ID, at time.Time, by string) error {
	err := w.exec(ctx, `UPDATE redirections SET revision = revision + 1, status = 'pending', reason = '', attempts = 0, job = CASE WHEN job = 0 THEN 0 ELSE -1 END, due_at = $3, updated_at = $3
		WHERE ($1 = 0 OR tenant = $1) AND ($2 = 0 OR account = $2) AND (want = 'registered' OR status = 'pending')`, tenant, account, millis(at))
	if err != nil {
		return err
	}
	return w.enqueue(ctx, at, by)
}

func (w *writer) MoveRedirections(ctx context.Context, tenant, from, to fleet.ID, at time.Time, by string) error {
	err := w.exec(ctx, `INSERT INTO redirections (account, mac, tenant, vendor, model, serial, code, want, revision, status, reason, token, token_hash, expires_at, used_at, known, attempts, job, due_at, leased_until, updated_at)
		SELECT $3, mac, tenant, vendor, model, serial, code, 'registered', 1, 'pending', '', token, token_hash, expires_at, used_at, FALSE, 0, -1, $4, 0, $4
			FROM redirections WHERE account = $2 AND ($1 = 0 OR tenant = $1) AND want = 'registered'
		ON CONFLICT (account, mac) DO UPDATE SET tenant = excluded.tenant, vendor = excluded.vendor, model = excluded.model, serial = excluded.serial, code = excluded.code,
			want = 'registered', revision = redirections.revision + 1, status = 'pending', reason = '', token = excluded.token, token_hash = excluded.token_hash,
			expires_at = excluded.expires_at, used_at = excluded.used_at, attempts = 0, job = -1, due_at = excluded.due_at, updated_at = excluded.updated_at`,
		tenant, from, to, millis(at))
	if err != nil {
		return err
	}
	where := ` WHERE account = $2 AND ($1 = 0 OR tenant = $1) AND want = 'registered'`
	if err := w.exec(ctx, `DELETE FROM redirections`+where+` AND NOT known`, tenant, from); err != nil {
		return err
	}
	err = w.exec(ctx, `UPDATE redirections SET want = 'removed', revision = revision + 1, status = 'pending', reason = '', token = NULL, token_hash = NULL, expires_at = 0, used_at = 0,
		attempts = 0, job = -1, due_at = $3, updated_at = $3`+where, tenant, from, millis(at))
	if err != nil {
		return err
	}
	return w.enqueue(ctx, at, by)
}

// enqueue puts what the transaction has given the job -1 into the jobs of its tenants.
func (w *writer) enqueue(ctx context.Context, at time.Time, by string) error {
	tenants, err := all(ctx, w.conn, scanID, `SELECT DISTINCT tenant FROM redirections WHERE job = -1 AND due_at > 0`)
	if err != nil || len(tenants) == 0 {
		return err
	}
	// The plus keeps the planner from going through all devices of the tenant.
	const devices = `SELECT mac FROM redirections WHERE job = -1 AND due_at > 0`
	for _, tenant := range tenants {
		job, err := w.redirectJob(ctx, tenant, at, by)
		if err != nil {
			return err
		}
		// What is under way in a cancelled job, or for a tenant that had the device
		// before, is no longer followed there.
		if err := w.cancelItems(ctx, `mac IN (`+devices+` AND +tenant = $2) AND job <> $1`, at, "something else is wanted by now", job, tenant); err != nil {
			return err
		}
		err = w.exec(ctx, `INSERT INTO job_items (job, mac, tenant, kind, state, outcome, reason, attempts, due_at, sent_at, updated_at)
			SELECT DISTINCT $1, mac, tenant, 'rps', 'pending', '', '', 0, $3, 0, $3 FROM redirections WHERE job = -1 AND due_at > 0 AND +tenant = $2
			ON CONFLICT (job, mac) DO UPDATE SET state = 'pending', outcome = '', reason = '', attempts = 0, due_at = excluded.due_at, updated_at = excluded.updated_at`, job, tenant, millis(at))
		if err != nil {
			return err
		}
		if err := w.exec(ctx, `UPDATE redirections SET job = $1 WHERE job = -1 AND due_at > 0 AND +tenant = $2`, job, tenant); err != nil {
			return err
		}
	}
	return nil
}

// redirectJob returns the job of a tenant that has its devices' redirections.
func (w *writer) redirectJob(ctx context.Context, tenant fleet.ID, at time.Time, by string) (fleet.ID, error) {
	var id fleet.ID
	err := w.row(ctx, `SELECT id FROM jobs WHERE tenant = $1 AND kind = 'rps' AND counts = '' AND state IN ('running', 'paused') ORDER BY id DESC LIMIT 1`, tenant).Scan(&id)
	if err == nil || !errors.Is(err, sql.ErrNoRows) {
		return id, err
	}
	id = w.db.ids.next()
	return id, w.exec(ctx, `INSERT INTO jobs (id, tenant, kind, mac, state, caller, caller_folded, created_at, done_at, counts) VALUES ($1, $2, 'rps', '', 'running', $3, $4, $5, 0, '')`,
		id, tenant, by, fold(by), millis(at))
}

// leaveRedirections has the installation's accounts forget the devices of a tenant that
// is about to be deleted. Its own accounts go with it.
func (w *writer) leaveRedirections(ctx context.Context, tenant fleet.ID) error {
	if err := w.exec(ctx, `DELETE FROM redirect_accounts WHERE tenant = $1`, tenant); err != nil {
		return err
	}
	if err := w.exec(ctx, `DELETE FROM redirections WHERE tenant = $1 AND NOT known`, tenant); err != nil {
		return err
	}
	return w.exec(ctx, `UPDATE redirections SET want = 'removed', revision = revision + 1, status = 'pending', reason = '', token = NULL, token_hash = NULL, expires_at = 0, used_at = 0,
		attempts = 0, job = 0, due_at = 1 WHERE tenant = $1`, tenant) // due since ever
}

// ClaimRedirections makes what is due with one account the caller's until its lease
// ends, and counts the attempt. Jobs share, so that a small one does not wait for a
// large one. A device is registered by one account once every other has forgotten it.
func (d *DB) ClaimRedirections(ctx context.Context, c fleet.RedirectClaim) (claimed []fleet.RedirectErrand, err error) {
	err = d.write(ctx, func(w *writer) (err error) {
		claimed, err = w.claimRedirections(ctx, c)
		return err
	})
	if err != nil {
		return nil, err
	}
	return claimed, nil
}

func (w *writer) claimRedirections(ctx context.Context, c fleet.RedirectClaim) ([]fleet.RedirectErrand, error) {
	at := millis(c.At)
	jobs, err := all(ctx, w.conn, scanID, `SELECT id FROM (SELECT 0 AS id UNION ALL SELECT id FROM jobs WHERE state = 'running' AND kind = 'rps') AS j
		WHERE EXISTS (SELECT 1 FROM redirections WHERE account = $1 AND job = j.id AND due_at > 0 AND due_at <= $2) ORDER BY id`, c.Account, at)
	if err != nil {
		return nil, err
	}
	lease := c.At.Add(c.Lease).Truncate(time.Millisecond)
	var claimed []fleet.RedirectErrand
	for i, job := range jobs {
		share := (c.Limit - len(claimed)) / (len(jobs) - i)
		due, err := all(ctx, w.conn, w.scanErrand, `SELECT `+errandFields+redirectionTables+`
			WHERE r.account = $1 AND r.job = $2 AND r.due_at > 0 AND r.due_at <= $3 AND r.leased_until <= $3
				AND (r.want = 'removed' OR NOT EXISTS (SELECT 1 FROM redirections o WHERE o.mac = r.mac AND o.account <> r.account AND o.want = 'removed' AND o.due_at > 0))
			ORDER BY r.due_at, r.mac LIMIT $4`, c.Account, job, at, max(share, 1))
		if err != nil {
			return nil, err
		}
		for _, e := range due {
			e.Attempts++
			e.Lease = lease
			err := w.exec(ctx, `UPDATE redirections SET known = TRUE, attempts = $3, leased_until = $4 WHERE account = $1 AND mac = $2`, e.Account, macText(e.MAC), e.Attempts, millis(lease))
			if err == nil {
				err = w.exec(ctx, `UPDATE job_items SET state = 'sent', attempts = $3, due_at = $4, updated_at = $5 WHERE job = $1 AND mac = $2 AND state = 'pending'`, job, macText(e.MAC), e.Attempts, millis(lease), at)
			}
			if err != nil {
				return nil, err
			}
			claimed = append(claimed, e)
		}
		if len(claimed) >= c.Limit {
			break
		}
	}
	return claimed, nil
}

// SettleRedirections writes down what has become of errands. What has been changed
// while a service was told stays to be told.
func (d *DB) SettleRedirections(ctx context.Context, at time.Time, settlements []fleet.RedirectSettlement) (done []fleet.Job, err error) {
	err = d.write(ctx, func(w *writer) error {
		jobs := make(map[fleet.ID]bool)
		for _, s := range settlements {
			if err := w.settleRedirection(ctx, at, s); err != nil {
				return err
			}
			jobs[s.Job] = true
		}
		for id := range jobs {
			ended, err := w.endJob(ctx, id, at)
			if err != nil {
				return err
			}
			done = append(done, ended...)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return done, nil
}

func (w *writer) settleRedirection(ctx context.Context, at time.Time, s fleet.RedirectSettlement) error {
	const mine = ` WHERE account = $1 AND mac = $2 AND leased_until = $3`
	m := macText(s.MAC)
	reason, due := clip(s.Because), time.Time{}
	item, outcome := fleet.ItemConfirmed, fleet.Outcome("")
	switch s.To {
	case fleet.RedirectPending:
		due, item = s.Next, fleet.ItemPending
		var state fleet.JobState
		err := w.row(ctx, `SELECT state FROM jobs WHERE id = $1`, s.Job).Scan(&state)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if state == fleet.JobCancelled {
			due, item, reason = time.Time{}, fleet.ItemCancelled, jobCancelled
		}
	case fleet.RedirectRefused, fleet.RedirectForeign:
		item, outcome = fleet.ItemFailed, fleet.OutcomeRefused
	}
	attempts := s.Attempts
	if s.Unsent {
		attempts--
	}
	// What is somebody else's, or was never sent, the service does not know from us.
	known := s.To != fleet.RedirectForeign && s.To != fleet.RedirectRemoved
	n, err := w.count(ctx, `UPDATE redirections SET status = $5, reason = $6, due_at = $7, attempts = $8, known = $9, leased_until = 0, updated_at = $10`+mine+` AND revision = $4`,
		s.Account, m, millis(s.Lease), s.Revision, s.To, reason, millis(due), attempts, known, millis(at))
	if err != nil {
		return err
	}
	if n == 0 {
		return w.exec(ctx, `UPDATE redirections SET leased_until = 0`+mine, s.Account, m, millis(s.Lease))
	}
	if s.To == fleet.RedirectRemoved {
		err := w.exec(ctx, `DELETE FROM redirections WHERE account = $1 AND mac = $2 AND NOT EXISTS (SELECT 1 FROM devices d WHERE d.tenant = redirections.tenant AND d.mac = redirections.mac)`, s.Account, m)
		if err != nil {
			return err
		}
	}
	// The item is that of the device: it is closed with the last of its redirections.
	if item != fleet.ItemPending {
		var open bool
		if err := w.row(ctx, `SELECT EXISTS (SELECT 1 FROM redirections WHERE mac = $1 AND tenant = $2 AND job = $3 AND due_at > 0)`, m, s.Tenant, s.Job).Scan(&open); err != nil {
			return err
		}
		if open {
			item, due = fleet.ItemPending, at
		}
	}
	err = w.exec(ctx, `UPDATE job_items SET state = $3, outcome = $4, reason = $5, attempts = $6, due_at = $7, updated_at = $8 WHERE job = $1 AND mac = $2 AND state IN ('pending', 'sent')`,
		s.Job, m, item, outcome, reason, attempts, millis(due), millis(at))
	if err != nil {
		return err
	}
	return w.noteRedirection(ctx, at, s)
}

// jobCancelled is the reason of what will not be told.
const jobCancelled = "the job was cancelled before the service was told; sync with repair, or switch rps off and on"

// noteRedirection writes down what a service has said of a device.
func (w *writer) noteRedirection(ctx context.Context, at time.Time, s fleet.RedirectSettlement) error {
	e := fleet.Event{Time: at, Tenant: s.Tenant, MAC: s.MAC, Severity: fleet.Info}
	switch s.To {
	case fleet.RedirectRegistered:
		e.Kind, e.Text = fleet.EventRedirected, "registered at "+s.Service
	case fleet.RedirectRemoved:
		e.Kind, e.Text = fleet.EventUnredirected, "no longer registered at "+s.Service
	case fleet.RedirectRefused, fleet.RedirectForeign:
		e.Kind, e.Severity, e.Text = fleet.EventNotRedirected, fleet.Warning, "not registered at "+s.Service+": "+s.Because
	default:
		return nil
	}
	if s.Job == 0 { // of a tenant that is no more
		return nil
	}
	e.Job, e.Order, e.Attempt = s.Job, fleet.JobRPS, s.Attempts
	return w.AddEvent(ctx, e)
}

// NextRedirections returns for each account with work in a running job when that is
// next due.
func (d *DB) NextRedirections(ctx context.Context) (next map[fleet.ID]time.Time, err error) {
	next = make(map[fleet.ID]time.Time)
	err = d.read(ctx, func(r *reader) error {
		return r.rows(ctx, true, func(row scanner) error {
			var (
				account fleet.ID
				at      time.Time
			)
			err := row.Scan(&account, asTime(&at))
			next[account] = at
			return err
		}, `SELECT a.id, min((SELECT min(r.due_at) FROM redirections r WHERE r.account = a.id AND r.job = j.id AND r.due_at > 0)) AS due
			FROM redirect_accounts a, (SELECT 0 AS id, 0 AS tenant UNION ALL SELECT id, tenant FROM jobs WHERE state = 'running' AND kind = 'rps') AS j
			WHERE a.tenant IN (0, j.tenant) GROUP BY a.id HAVING due IS NOT NULL`)
	})
	return next, err
}

func (r *reader) ExpiredPointers(ctx context.Context, at time.Time, limit int) ([]fleet.Pointer, error) {
	return all(ctx, r.conn, scanPointer, `SELECT `+pointerFields+` FROM redirections
		WHERE token_hash IS NOT NULL AND used_at = 0 AND status IN ('pending', 'registered') AND expires_at <= $1 ORDER BY expires_at LIMIT $2`, millis(at), limit)
}

func (r *reader) scanErrand(row scanner) (e fleet.RedirectErrand, err error) {
	err = row.Scan(append(r.redirectionDest(&e.Redirection), &e.Base)...)
	return e, err
}

// errandFields are what is told to a service.
const errandFields = redirectionFields + `, COALESCE((SELECT provisioning_url FROM tenants t WHERE t.id = r.tenant), '')`

func (r *reader) RedirectionsTold(ctx context.Context, account fleet.ID) ([]fleet.RedirectErrand, error) {
	return all(ctx, r.conn, r.scanErrand, `SELECT `+errandFields+redirectionTables+`WHERE r.account = $1 ORDER BY r.mac`, account)
}

func (w *writer) RedirectThese(ctx context.Context, account fleet.ID, macs []mac.Addr, at time.Time, by string) error {
	for len(macs) > 0 {
		n := min(len(macs), redirectionsAtOnce)
		q := query{args: []any{account, millis(at)}}
		places := make([]string, n)
		for i, m := range macs[:n] {
			places[i] = q.bind(macText(m))
		}
		err := w.rows(ctx, false, func(scanner) error { return nil }, `UPDATE redirections SET revision = revision + 1, status = 'pending', reason = '', attempts = 0, job = CASE WHEN job = 0 THEN 0 ELSE -1 END, due_at = $2, updated_at = $2
			WHERE account = $1 AND (want = 'registered' OR status = 'pending') AND mac IN (`+strings.Join(places, ", ")+`) RETURNING mac`, q.args...)
		if err != nil {
			return err
		}
		macs = macs[n:]
	}
	return w.enqueue(ctx, at, by)
}

package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/listquery"
	"github.com/dialplane/dialplane/internal/mac"
)

var (
	jobColumns = columns{
		"id":      ownID("id"),
		"kind":    filled("kind"),
		"mac":     {expr: "mac"},
		"state":   filled("state"),
		"caller":  {expr: "caller", folded: "caller_folded"},
		"created": timeValue("created_at"),
		"done":    timeValue("done_at"),
	}
	jobItemColumns = columns{
		"mac":      filled("mac"),
		"state":    filled("state"),
		"outcome":  {expr: "outcome"},
		"attempts": {expr: "attempts", kind: numberColumn},
		"updated":  timeValue("updated_at"),
	}
)

const (
	jobFields  = `id, tenant, kind, mac, state, caller, created_at, done_at, counts, dect_system`
	itemFields = `job, mac, state, outcome, reason, attempts, due_at, updated_at`

	// These stand in the schema's indexes, word for word.
	isOpen    = `state IN ('pending', 'sent', 'accepted')`
	isWaiting = `state IN ('sent', 'accepted')`
)

// scanJob reads a job. Its counts are to be counted if it returns false.
func scanJob(row scanner, j *fleet.Job) (counted bool, err error) {
	var counts string
	err = row.Scan(&j.ID, &j.Tenant, &j.Kind, asMAC(&j.MAC), &j.State, &j.Caller, asTime(&j.CreatedAt), asTime(&j.DoneAt), &counts, &j.System)
	if err != nil || counts == "" {
		return false, err
	}
	return true, asJSON(&j.Counts)(counts)
}

type countedJob struct {
	fleet.Job
	counted bool
}

func scanCounted(row scanner) (j countedJob, err error) {
	j.counted, err = scanJob(row, &j.Job)
	return j, err
}

// countItems fills in the counts of a job that has open items.
func (r *reader) countItems(ctx context.Context, j *countedJob) error {
	if j.counted {
		return nil
	}
	return r.rows(ctx, true, func(row scanner) error {
		var (
			state fleet.ItemState
			n     int
		)
		if err := row.Scan(&state, &n); err != nil {
			return err
		}
		to := j.Counts.Of(state)
		if to == nil {
			return fmt.Errorf("store: a job has an item in the state %q", state)
		}
		*to = n
		return nil
	}, `SELECT state, count(*) FROM job_items WHERE job = $1 GROUP BY state`, j.ID)
}

func (r *reader) Job(ctx context.Context, tenant, id fleet.ID) (fleet.Job, error) {
	return r.job(ctx, `SELECT `+jobFields+` FROM jobs WHERE tenant = $1 AND id = $2`, tenant, id)
}

func (r *reader) job(ctx context.Context, query string, args ...any) (fleet.Job, error) {
	j, err := one(ctx, r.conn, "job", scanCounted, query, args...)
	if err == nil {
		err = r.countItems(ctx, &j)
	}
	return j.Job, err
}

func (r *reader) Jobs(ctx context.Context, tenant fleet.ID, q listquery.Query) ([]fleet.Job, int, error) {
	found, count, err := listOf(ctx, r.conn, q, "id", scanCounted, []source{{jobFields, `FROM jobs WHERE tenant = $1`, jobColumns}}, tenant)
	if err != nil {
		return nil, 0, err
	}
	jobs := make([]fleet.Job, 0, len(found))
	for i := range found {
		if err := r.countItems(ctx, &found[i]); err != nil {
			return nil, 0, err
		}
		jobs = append(jobs, found[i].Job)
	}
	return jobs, count, nil
}

func scanItem(row scanner) (i fleet.JobItem, err error) {
	err = row.Scan(&i.Job, asMAC(&i.MAC), &i.State, &i.Outcome, &i.Reason, &i.Attempts, asTime(&i.Due), asTime(&i.UpdatedAt))
	return i, err
}

func (r *reader) JobItems(ctx context.Context, tenant, job fleet.ID, q listquery.Query) ([]fleet.JobItem, int, error) {
	found, count, err := listOf(ctx, r.conn, q, "mac", scanItem, []source{{itemFields, `FROM job_items WHERE job = $1 AND tenant = $2`, jobItemColumns}}, job, tenant)
	if err == nil && len(found) == 0 {
		err = r.need(ctx, "job", `SELECT 1 FROM jobs WHERE tenant = $1 AND id = $2`, tenant, job)
	}
	return found, count, err
}

func (r *reader) OpenJob(ctx context.Context, tenant fleet.ID, kind fleet.JobKind, m mac.Addr) (fleet.Job, error) {
	if m.IsZero() {
		return r.job(ctx, `SELECT `+jobFields+` FROM jobs WHERE tenant = $1 AND kind = $2 AND counts = '' ORDER BY id DESC LIMIT 1`, tenant, kind)
	}
	return r.job(ctx, `SELECT `+jobFields+` FROM jobs WHERE id IN (
			SELECT job FROM job_items WHERE mac = $1 AND tenant = $2 AND kind = $3 AND `+isOpen+`)`, macText(m), tenant, kind)
}

func (w *writer) InsertJob(ctx context.Context, j fleet.Job) (int, error) {
	if err := w.needTenant(ctx, j.Tenant); err != nil {
		return 0, err
	}
	err := w.exec(ctx, `INSERT INTO jobs (id, tenant, kind, mac, state, caller, caller_folded, created_at, done_at, counts, dect_system)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, '', $9)`,
		j.ID, j.Tenant, j.Kind, macText(j.MAC), fleet.JobRunning, j.Caller, fold(j.Caller), millis(j.CreatedAt), j.System)
	if err != nil {
		return 0, err
	}
	n, err := w.count(ctx, `INSERT INTO job_items (job, mac, tenant, kind, state, outcome, reason, attempts, due_at, sent_at, updated_at)
		SELECT $1, d.mac, d.tenant, $3, 'pending', '', '', 0, $5, 0, $5
		FROM devices d LEFT JOIN sightings s ON s.device = d.id
		WHERE d.tenant = $2 AND ($4 = '' OR d.mac = $4) AND ($6 = 0 OR d.id IN (SELECT dect FROM dect_system_bases WHERE system = $6)) AND NOT COALESCE(s.rejected, FALSE) AND d.disabled_at = 0
			AND NOT EXISTS (SELECT 1 FROM job_items o WHERE o.mac = d.mac AND o.tenant = d.tenant AND o.kind = $3 AND o.`+isOpen+`)
		ORDER BY d.mac`,
		j.ID, j.Tenant, j.Kind, macText(j.MAC), millis(j.CreatedAt), j.System)
	if err == nil && n == 0 {
		err = w.exec(ctx, `DELETE FROM jobs WHERE id = $1`, j.ID)
	}
	return int(n), err
}

func (w *writer) SetJobState(ctx context.Context, tenant, id fleet.ID, state fleet.JobState, at time.Time) error {
	if state != fleet.JobCancelled {
		return w.change(ctx, "job", `UPDATE jobs SET state = $3 WHERE tenant = $1 AND id = $2`, tenant, id, state)
	}
	if err := w.change(ctx, "job", `UPDATE jobs SET state = $3, done_at = $4 WHERE tenant = $1 AND id = $2`, tenant, id, state, millis(at)); err != nil {
		return err
	}
	if err := w.exec(ctx, `UPDATE job_items SET state = 'cancelled', due_at = 0, updated_at = $2 WHERE job = $1 AND state = 'pending'`, id, millis(at)); err != nil {
		return err
	}
	// What is under way with a redirect service is settled as ever.
	if err := w.exec(ctx, `UPDATE redirections SET due_at = 0, reason = $2, updated_at = $3 WHERE job = $1 AND due_at > 0 AND leased_until <= $3`, id, jobCancelled, millis(at)); err != nil {
		return err
	}
	_, err := w.endJob(ctx, id, at)
	return err
}

// endJob ends a job that has no open item, unless it has ended before.
func (w *writer) endJob(ctx context.Context, id fleet.ID, at time.Time) (ended []fleet.Job, err error) {
	var open bool
	if err := w.row(ctx, `SELECT EXISTS (SELECT 1 FROM job_items WHERE job = $1 AND `+isOpen+`)`, id).Scan(&open); err != nil || open {
		return nil, err
	}
	j, err := w.job(ctx, `SELECT `+jobFields+` FROM jobs WHERE id = $1 AND counts = ''`, id)
	if fleet.CodeOf(err) == fleet.CodeNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if j.State != fleet.JobCancelled {
		j.State, j.DoneAt = fleet.JobDone, at
	}
	return []fleet.Job{j}, w.exec(ctx, `UPDATE jobs SET state = $2, done_at = $3, counts = $4 WHERE id = $1`, id, j.State, millis(j.DoneAt), jsonText(j.Counts))
}

// ClaimItems makes items of running jobs, but those of redirect services, the caller's until their lease ends: they
// are sent, with the attempt counted, before the caller sends anything. Jobs take
// turns, so that a small one does not wait for a large one. An item whose phone was
// sent something lately is put off, and one whose phone is no longer there, or is
// disabled, closed.
func (d *DB) ClaimItems(ctx context.Context, c fleet.Claim) (claimed []fleet.Errand, err error) {
	err = d.write(ctx, func(w *writer) (err error) {
		claimed, err = w.claim(ctx, c)
		return err
	})
	if err != nil {
		return nil, err
	}
	return claimed, nil
}

func (w *writer) claim(ctx context.Context, c fleet.Claim) ([]fleet.Errand, error) {
	jobs, err := w.turns(ctx, c)
	if err != nil {
		return nil, err
	}
	var claimed []fleet.Errand
	// Each job has its share first; what others leave goes to those that have more.
	looked := 0 // at so many items: a claim full of phones to put off ends too
	for left := true; left && len(jobs) > 0 && len(claimed) < c.Limit && looked < 10*c.Limit; {
		left = false
		share := max(1, (c.Limit-len(claimed))/len(jobs))
		for _, job := range jobs {
			n := min(share, c.Limit-len(claimed))
			if n == 0 {
				break
			}
			due, err := w.due(ctx, job, c.At, n)
			if err != nil {
				return nil, err
			}
			looked += len(due)
			left = left || len(due) == n
			for _, e := range due {
				ok, err := w.claimOne(ctx, c, e)
				if err != nil {
					return nil, err
				}
				if ok {
					claimed = append(claimed, e.Errand)
				}
			}
		}
	}
	return claimed, nil
}

// turns lists the jobs with something due, those first whose turn it is.
func (w *writer) turns(ctx context.Context, c fleet.Claim) ([]fleet.ID, error) {
	const query = `SELECT id FROM jobs WHERE state = 'running' AND kind <> 'rps' AND id %s $1
		AND EXISTS (SELECT 1 FROM job_items WHERE job = jobs.id AND state = 'pending' AND due_at <= $2) ORDER BY id LIMIT $3`
	var jobs []fleet.ID
	for _, side := range []string{">", "<="} {
		part, err := all(ctx, w.conn, func(row scanner) (id fleet.ID, err error) {
			err = row.Scan(&id)
			return id, err
		}, fmt.Sprintf(query, side), w.db.turn, millis(c.At), c.Limit-len(jobs))
		if err != nil {
			return nil, err
		}
		jobs = append(jobs, part...)
	}
	switch {
	case len(jobs) == c.Limit: // those that found no room are next
		w.db.turn = jobs[len(jobs)-1]
	case len(jobs) > 0:
		w.db.turn = jobs[0]
	}
	return jobs, nil
}

type dueItem struct {
	fleet.Errand
	assigned bool
	disabled bool
	sent     time.Time // the last that the phone was sent
}

func (w *writer) due(ctx context.Context, job fleet.ID, at time.Time, limit int) ([]dueItem, error) {
	return all(ctx, w.conn, func(row scanner) (i dueItem, err error) {
		err = row.Scan(&i.Tenant, &i.Job, &i.Kind, asMAC(&i.MAC), &i.Attempt, &i.assigned, &i.disabled, asTime(&i.sent))
		i.Attempt++
		return i, err
	}, `SELECT tenant, job, kind, mac, attempts,
			EXISTS (SELECT 1 FROM devices d WHERE d.mac = job_items.mac AND d.tenant = job_items.tenant),
			EXISTS (SELECT 1 FROM devices d WHERE d.mac = job_items.mac AND d.tenant = job_items.tenant AND d.disabled_at > 0),
			COALESCE((SELECT max(o.sent_at) FROM job_items o WHERE o.mac = job_items.mac AND o.sent_at > 0), 0)
		FROM job_items WHERE job = $1 AND state = 'pending' AND due_at <= $2 ORDER BY due_at, mac LIMIT $3`, job, millis(at), limit)
}

// claimOne returns false for an item that is not to be sent now.
func (w *writer) claimOne(ctx context.Context, c fleet.Claim, i dueItem) (bool, error) {
	at := millis(c.At)
	reason := ""
	switch {
	case !i.assigned:
		reason = "the phone is no longer assigned"
	case i.disabled:
		reason = "the phone is disabled"
	}
	if reason != "" {
		err := w.exec(ctx, `UPDATE job_items SET state = 'cancelled', reason = $4, due_at = 0, updated_at = $3 WHERE job = $1 AND mac = $2`,
			i.Job, macText(i.MAC), at, reason)
		if err == nil {
			err = w.noteErrand(ctx, c.At, i.Errand, fleet.EventCancelled, "", "the phone is no longer assigned")
		}
		if err == nil {
			_, err = w.endJob(ctx, i.Job, c.At)
		}
		return false, err
	}
	if next := i.sent.Add(c.Spacing); !i.sent.IsZero() && next.After(c.At) {
		return false, w.exec(ctx, `UPDATE job_items SET due_at = $3 WHERE job = $1 AND mac = $2`, i.Job, macText(i.MAC), millis(next))
	}
	err := w.exec(ctx, `UPDATE job_items SET state = 'sent', attempts = $3, sent_at = $4, due_at = $5, updated_at = $4 WHERE job = $1 AND mac = $2`,
		i.Job, macText(i.MAC), i.Attempt, at, millis(c.At.Add(c.Lease)))
	if err != nil {
		return false, err
	}
	return true, w.noteErrand(ctx, c.At, i.Errand, fleet.EventSent, "", "")
}

// SettleItems writes down what has become of errands, and which phones have fetched.
// A fetch confirms what the phone was sent before it. An item of a cancelled job is
// not sent again.
func (d *DB) SettleItems(ctx context.Context, at time.Time, settlements []fleet.Settlement, arrivals []fleet.Arrival) (settled fleet.Settled, err error) {
	err = d.write(ctx, func(w *writer) error {
		jobs, phones := make(map[fleet.ID]bool), make(map[mac.Addr]bool)
		for _, a := range arrivals {
			phones[a.MAC] = true
			confirmed, err := all(ctx, w.conn, func(row scanner) (e fleet.Errand, err error) {
				err = row.Scan(&e.Tenant, &e.Job, &e.Kind, asMAC(&e.MAC), &e.Attempt)
				return e, err
			}, `UPDATE job_items SET state = 'confirmed', outcome = '', reason = '', due_at = 0, updated_at = $3
				WHERE mac = $1 AND `+isOpen+` AND sent_at > 0 AND sent_at <= $2 RETURNING tenant, job, kind, mac, attempts`, macText(a.MAC), millis(a.At), millis(at))
			if err != nil {
				return err
			}
			for _, e := range confirmed {
				jobs[e.Job] = true
				if err := w.noteErrand(ctx, at, e, fleet.EventConfirmed, "", ""); err != nil {
					return err
				}
			}
		}
		for _, s := range settlements {
			phones[s.MAC], jobs[s.Job] = true, true
			if err := w.settle(ctx, at, s); err != nil {
				return err
			}
		}
		for id := range jobs {
			ended, err := w.endJob(ctx, id, at)
			if err != nil {
				return err
			}
			settled.Done = append(settled.Done, ended...)
		}
		for m := range phones {
			var waits bool
			if err := w.row(ctx, `SELECT EXISTS (SELECT 1 FROM job_items WHERE mac = $1 AND `+isOpen+` AND sent_at > 0)`, macText(m)).Scan(&waits); err != nil {
				return err
			}
			if !waits {
				settled.Idle = append(settled.Idle, m)
			}
		}
		return nil
	})
	if err != nil {
		return fleet.Settled{}, err
	}
	return settled, nil
}

func (w *writer) settle(ctx context.Context, at time.Time, s fleet.Settlement) error {
	if s.To == fleet.ItemPending {
		var state fleet.JobState
		err := w.row(ctx, `SELECT state FROM jobs WHERE id = $1`, s.Job).Scan(&state)
		if errors.Is(err, sql.ErrNoRows) {
			return nil // deleted with its tenant
		}
		if err != nil {
			return err
		}
		if state == fleet.JobCancelled {
			s.To, s.Due = fleet.ItemCancelled, time.Time{}
		}
	}
	const where = ` WHERE job = $1 AND mac = $2 AND state = $3 AND attempts = $4`
	if s.Unsent {
		return w.exec(ctx, `UPDATE job_items SET state = $5, attempts = attempts - 1, sent_at = 0, due_at = $6, updated_at = $7`+where,
			s.Job, macText(s.MAC), s.From, s.Attempt, s.To, millis(s.Due), millis(at))
	}
	n, err := w.count(ctx, `UPDATE job_items SET state = $5, outcome = $6, reason = $7, due_at = $8, updated_at = $9`+where,
		s.Job, macText(s.MAC), s.From, s.Attempt, s.To, s.Outcome, clip(s.Reason), millis(s.Due), millis(at))
	if err != nil || n == 0 {
		return err
	}
	return w.noteErrand(ctx, at, s.Errand, became(s.To), s.Outcome, s.Reason)
}

// OverdueItems returns some of the items that were sent or accepted and whose time
// is up.
func (d *DB) OverdueItems(ctx context.Context, at time.Time, limit int) (items []fleet.Overdue, err error) {
	err = d.read(ctx, func(r *reader) error {
		items, err = all(ctx, r.conn, func(row scanner) (i fleet.Overdue, err error) {
			err = row.Scan(&i.Tenant, &i.Job, &i.Kind, asMAC(&i.MAC), &i.Attempt, &i.State, asTime(&i.Sent))
			return i, err
		}, `SELECT tenant, job, kind, mac, attempts, state, sent_at FROM job_items WHERE `+isWaiting+` AND kind <> 'rps' AND due_at <= $1 ORDER BY due_at LIMIT $2`, millis(at), limit)
		return err
	})
	return items, err
}

// NextItem returns when an item is next due to be sent or overdue, or no time.
func (d *DB) NextItem(ctx context.Context) (next time.Time, err error) {
	err = d.read(ctx, func(r *reader) error {
		var send, wait int64
		if err := r.row(ctx, `SELECT COALESCE(min((SELECT min(due_at) FROM job_items WHERE job = jobs.id AND state = 'pending')), 0) FROM jobs WHERE state = 'running' AND kind <> 'rps'`).Scan(&send); err != nil {
			return err
		}
		if err := r.row(ctx, `SELECT COALESCE(min(due_at), 0) FROM job_items WHERE `+isWaiting+` AND kind <> 'rps'`).Scan(&wait); err != nil {
			return err
		}
		if send == 0 || wait > 0 && wait < send {
			send = wait
		}
		return asTime(&next)(send)
	})
	return next, err
}

// EachWaiting calls f for every phone that was sent something by an item that is
// still open, with the time of the first.
func (d *DB) EachWaiting(ctx context.Context, f func(m mac.Addr, since time.Time) error) error {
	return d.read(ctx, func(r *reader) error {
		return r.rows(ctx, true, func(row scanner) error {
			var (
				m     mac.Addr
				since time.Time
			)
			if err := row.Scan(asMAC(&m), asTime(&since)); err != nil {
				return err
			}
			return f(m, since)
		}, `SELECT mac, min(sent_at) FROM job_items WHERE `+isOpen+` AND sent_at > 0 GROUP BY mac`)
	})
}

// JobRuns says whether a job is there and neither paused nor over.
func (d *DB) JobRuns(ctx context.Context, id fleet.ID) (runs bool, err error) {
	err = d.read(ctx, func(r *reader) error {
		return r.row(ctx, `SELECT EXISTS (SELECT 1 FROM jobs WHERE id = $1 AND state = 'running')`, id).Scan(&runs)
	})
	return runs, err
}

// DeleteJobs deletes at most limit items of jobs that ended before a time, and the
// jobs that have none left. It returns how many rows those were: 0 if nothing is
// left to delete.
func (d *DB) DeleteJobs(ctx context.Context, before time.Time, limit int) (n int, err error) {
	err = d.write(ctx, func(w *writer) error {
		const old = `SELECT id FROM jobs WHERE counts <> '' AND done_at < $1`
		items, err := w.count(ctx, `DELETE FROM job_items WHERE (job, mac) IN (SELECT job, mac FROM job_items WHERE job IN (`+old+`) LIMIT $2)`, millis(before), limit)
		if err != nil {
			return err
		}
		jobs, err := w.count(ctx, `DELETE FROM jobs WHERE id IN (`+old+` AND NOT EXISTS (SELECT 1 FROM job_items WHERE job = jobs.id) LIMIT $2)`, millis(before), limit)
		n = int(items + jobs)
		return err
	})
	return n, err
}

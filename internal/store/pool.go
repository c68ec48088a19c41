package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
)

// pool hands out connections. Unlike sql.DB's own, they keep their prepared
// statements from one transaction to the next: preparing costs more than running.
type pool struct {
	db      *sql.DB
	free    chan *conn
	closing chan struct{}
	once    sync.Once
}

var errClosed = errors.New("the store is closed")

func newPool(db *sql.DB, size int) *pool {
	db.SetMaxOpenConns(size)
	db.SetMaxIdleConns(size)
	p := &pool{db: db, free: make(chan *conn, size), closing: make(chan struct{})}
	for range size {
		p.free <- new(conn)
	}
	return p
}

// close waits for every connection to come back.
func (p *pool) close() error {
	var errs []error
	p.once.Do(func() {
		close(p.closing)
		for range cap(p.free) {
			errs = append(errs, (<-p.free).drop())
		}
		errs = append(errs, p.db.Close())
	})
	return errors.Join(errs...)
}

// transaction runs f between begin and COMMIT on one connection, or takes back
// all of what it did. Once a statement has failed, no later one of the same
// transaction runs, and it is not committed, whatever f returns: PostgreSQL
// works so, and SQLite has ended the transaction after some errors. durable, if any,
// runs after COMMIT and before anybody else has the connection.
func (p *pool) transaction(ctx context.Context, begin string, f func(*conn) error, durable func()) (err error) {
	var c *conn
	select {
	case c = <-p.free:
	case <-p.closing:
		return errClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { p.free <- c }()
	select {
	case <-p.closing: // select picks at random
		return errClosed
	default:
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if c.sql == nil {
		if c.sql, err = p.db.Conn(ctx); err != nil {
			return fmt.Errorf("store: %w", err)
		}
		c.prepared = make(map[string]*sql.Stmt)
	}

	// What ends a transaction is never cut short: whether it took effect would
	// remain unknown.
	always := context.WithoutCancel(ctx)
	c.failed = nil
	if err := c.exec(always, begin); err != nil {
		return errors.Join(err, c.drop())
	}
	committed := false
	defer func() {
		if committed {
			return
		}
		c.failed = nil
		if rollback := c.exec(always, "ROLLBACK"); rollback != nil {
			_ = c.drop() // SQLite had rolled back by itself
		}
	}()
	if err := f(c); err != nil {
		return err
	}
	err = c.exec(always, "COMMIT")
	committed = err == nil
	if committed && durable != nil {
		durable()
	}
	return err
}

// conn is one connection and its prepared statements. Whoever has taken it from
// the pool is alone with it.
type conn struct {
	sql      *sql.Conn // nil until first used
	prepared map[string]*sql.Stmt
	failed   error // why the transaction can only end
}

// drop closes the connection; the next transaction opens another.
func (c *conn) drop() error {
	if c.sql == nil {
		return nil
	}
	var errs []error
	for _, s := range c.prepared {
		errs = append(errs, s.Close())
	}
	errs = append(errs, c.sql.Close())
	c.sql, c.prepared = nil, nil
	return errors.Join(errs...)
}

func (c *conn) fail(err error) error {
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		err = translate(err)
		if c.failed == nil {
			c.failed = err
		}
	}
	return err
}

func (c *conn) prepare(ctx context.Context, query string) (*sql.Stmt, error) {
	if c.failed != nil {
		return nil, c.failed
	}
	if s, ok := c.prepared[query]; ok {
		return s, nil
	}
	s, err := c.sql.PrepareContext(ctx, query)
	if err != nil {
		return nil, c.fail(err)
	}
	c.prepared[query] = s
	return s, nil
}

// exec runs a statement.
func (c *conn) exec(ctx context.Context, query string, args ...any) error {
	_, err := c.count(ctx, query, args...)
	return err
}

// count runs a statement and returns how many rows it changed.
func (c *conn) count(ctx context.Context, query string, args ...any) (int64, error) {
	s, err := c.prepare(ctx, query) //nolint:sqlclosecheck // drop closes what is prepared
	if err != nil {
		return 0, err
	}
	r, err := s.ExecContext(ctx, args...)
	if err != nil {
		return 0, c.fail(err)
	}
	return r.RowsAffected()
}

// scanner is a row of a result.
type scanner interface{ Scan(dest ...any) error }

// row runs a query for one row. Its Scan returns sql.ErrNoRows if there is none.
func (c *conn) row(ctx context.Context, query string, args ...any) scanner {
	s, err := c.prepare(ctx, query) //nolint:sqlclosecheck // drop closes what is prepared
	if err != nil {
		return failedRow{err}
	}
	return oneRow{c, s.QueryRowContext(ctx, args...)}
}

type failedRow struct{ err error }

func (r failedRow) Scan(...any) error { return r.err }

type oneRow struct {
	c   *conn
	row *sql.Row
}

func (r oneRow) Scan(dest ...any) error { return r.c.fail(r.row.Scan(dest...)) }

// rows runs a query and calls f for each row. A query that is made for the
// occasion is not worth keeping prepared; keep says whether this one is.
func (c *conn) rows(ctx context.Context, keep bool, f func(scanner) error, query string, args ...any) error {
	if c.failed != nil {
		return c.failed
	}
	run := func() (*sql.Rows, error) { return c.sql.QueryContext(ctx, query, args...) }
	if keep {
		s, err := c.prepare(ctx, query)
		if err != nil {
			return err
		}
		run = func() (*sql.Rows, error) { return s.QueryContext(ctx, args...) }
	}
	rows, err := run()
	if err != nil {
		return c.fail(err)
	}
	defer func() { _ = rows.Close() }() // what it could tell, rows.Err has told
	for rows.Next() {
		if err := f(rows); err != nil {
			return err
		}
	}
	return c.fail(rows.Err())
}

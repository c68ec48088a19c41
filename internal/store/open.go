package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/secret"
)

// The files of a data directory.
const (
	dbFile   = "dialplane.db"
	keyFile  = "dialplane.key"
	lockFile = "dialplane.lock"
)

//go:embed migrations/*.sql
var migrations embed.FS

// DB is a data directory that is open. It implements fleet.Store.
type DB struct {
	writer *pool
	reader *pool
	keys   *secret.Keyring
	ids    ids
	lock   *os.File
	log    *slog.Logger

	strangers strangers
	turn      fleet.ID // the job that was claimed from last; the same holds
	announce  func([]fleet.Event)
}

var _ fleet.Store = (*DB)(nil)

// Open opens the data directory dir, making it if there is none, and brings its
// database to the schema of this program. One process at a time can have a
// directory open. Errors say what to do about them.
func Open(ctx context.Context, dir string, log *slog.Logger) (_ *DB, err error) {
	dir, err = filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	lock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	d := &DB{lock: lock, log: log, strangers: strangers{maxStrangers, trimAfter, make(map[fleet.ID]int)}}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.Close())
		}
	}()

	path := filepath.Join(dir, dbFile)
	if err := touch(path); err != nil {
		return nil, unusable(dir, err)
	}
	if d.writer, err = openPool(ctx, path, 1, false); err != nil {
		return nil, fmt.Errorf("the database %s cannot be opened: %w", path, err)
	}
	if err := d.migrate(ctx, path); err != nil {
		return nil, err
	}
	if err := d.unlock(ctx, filepath.Join(dir, keyFile), path); err != nil {
		return nil, err
	}
	if d.reader, err = openPool(ctx, path, max(4, 2*runtime.GOMAXPROCS(0)), true); err != nil {
		return nil, fmt.Errorf("the database %s cannot be opened: %w", path, err)
	}
	return d, nil
}

// Close waits for what is under way and closes the directory.
func (d *DB) Close() error {
	var errs []error
	for _, p := range []*pool{d.reader, d.writer} {
		if p != nil {
			errs = append(errs, p.close())
		}
	}
	return errors.Join(append(errs, d.lock.Close())...)
}

func unusable(dir string, err error) error {
	return fmt.Errorf("the data directory %s cannot be used: %w; make it a directory that the user running dialplane can write to, or name another one", dir, err)
}

// lockDir makes dir if needed and takes its lock, which ends with the process.
func lockDir(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, unusable(dir, err)
	}
	f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // the operator names the directory
	if err != nil {
		return nil, unusable(dir, err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer func() { _ = f.Close() }()
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, unusable(dir, err)
		}
		holder := make([]byte, 32)
		n, _ := f.ReadAt(holder, 0)
		return nil, fmt.Errorf("the data directory %s is in use by another dialplane (process %s); stop that one first, or name another directory", dir, strings.TrimSpace(string(holder[:n])))
	}
	if err := f.Truncate(0); err != nil {
		return nil, errors.Join(unusable(dir, err), f.Close())
	}
	if _, err := f.WriteAt(fmt.Appendln(nil, os.Getpid()), 0); err != nil {
		return nil, errors.Join(unusable(dir, err), f.Close())
	}
	return f, nil
}

// touch makes the database file, readable by its owner alone; SQLite gives the
// files beside it the same mode.
func touch(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // the operator names the directory
	if err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return errors.Join(err, f.Close())
	}
	return errors.Join(dir.Sync(), dir.Close(), f.Close())
}

// openPool opens the database file. Its LIKE regards case, as PostgreSQL's does.
func openPool(ctx context.Context, path string, size int, readOnly bool) (*pool, error) {
	q := url.Values{"_pragma": {
		"busy_timeout(10000)",
		"journal_mode(WAL)",
		"synchronous(FULL)", // a commit is on the disk when it returns
		"foreign_keys(ON)",
		"case_sensitive_like(ON)",
		"temp_store(MEMORY)",
		"cache_size(-16000)",
		"journal_size_limit(67108864)",
	}, "_txlock": {"immediate"}, "_dqs": {"false"}}
	if readOnly {
		q.Set("_txlock", "deferred")
		q.Set("_query_only", "true")
	}
	dsn := url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}
	db, err := sql.Open("sqlite", dsn.String())
	if err != nil {
		return nil, err
	}
	p := newPool(db, size)
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p, nil
}

// migrate refuses a database of a later schema and brings one of an earlier
// schema up to this program's.
func (d *DB) migrate(ctx context.Context, path string) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, d.writer.db, files,
		goose.WithLogger(goose.NopLogger()), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	has, knows, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("the database %s cannot be read: %w", path, err)
	}
	if has > knows {
		return fmt.Errorf("the database %s has schema version %d, and this dialplane knows versions up to %d: a later dialplane has written it; run that one, or restore the backup made before it was first run", path, has, knows)
	}
	done, err := p.Up(ctx)
	if err != nil {
		return fmt.Errorf("the database %s cannot be brought from schema version %d to %d: %w; it is as it was, so the dialplane that wrote it still runs", path, has, knows, err)
	}
	if len(done) > 0 && has > 0 {
		d.log.InfoContext(ctx, "database migrated", "from", has, "to", knows)
	}
	return nil
}

// unlock loads the key file, or makes it for a new database, and finds out
// whether it is this database's.
func (d *DB) unlock(ctx context.Context, keyPath, dbPath string) error {
	place := secret.Place{Field: "installation.key_check"}
	return d.write(ctx, func(w *writer) error {
		var (
			used  fleet.ID
			check []byte
		)
		err := w.row(ctx, `SELECT last_id, key_check FROM installation`).Scan(&used, &check)
		isNew := errors.Is(err, sql.ErrNoRows)
		switch {
		case isNew:
			d.keys, err = secret.LoadOrCreateKeyring(keyPath)
		case err == nil:
			d.keys, err = secret.LoadKeyring(keyPath)
		}
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%w; the database %s is sealed with it: put it back from a copy, since the passwords in the database cannot be read without it", err, dbPath)
		}
		if err != nil {
			return err
		}
		d.ids.start(used, time.Now)
		if isNew {
			return w.exec(ctx, `INSERT INTO installation (one, last_id, key_check) VALUES (1, 0, $1)`, d.keys.Seal(secret.New("ok"), place))
		}
		if _, err := d.keys.Open(check, place); err != nil {
			return fmt.Errorf("the key file %s is not that of the database %s: %w; put the right one back from a copy", keyPath, dbPath, err)
		}
		if d.keys.Current(check) {
			return nil
		}
		return w.exec(ctx, `UPDATE installation SET key_check = $1`, d.keys.Seal(secret.New("ok"), place))
	})
}

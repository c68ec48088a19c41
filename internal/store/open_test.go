package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/listquery"
	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/secret"
	"github.com/dialplane/dialplane/internal/store"
)

const (
	dbFile  = "dialplane.db"
	keyFile = "dialplane.key"
)

// refused opens a directory and wants an error with all of the words.
func refused(t *testing.T, dir string, words ...string) {
	t.Helper()
	db, err := store.Open(t.Context(), dir, discard())
	if err == nil {
		err = errors.Join(errors.New("it was opened"), db.Close())
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("the error %q does not say %q", err, w)
		}
	}
}

// edit changes a database behind the store's back.
func edit(t *testing.T, dir, query string, args ...any) {
	t.Helper()
	raw, err := sql.Open("sqlite", filepath.Join(dir, dbFile))
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	if _, err := raw.ExecContext(t.Context(), query, args...); err != nil {
		t.Fatal(err)
	}
}

// look reads one value behind the store's back.
func look(t *testing.T, dir string, v any, query string) {
	t.Helper()
	raw, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: filepath.Join(dir, dbFile)}).String())
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	if err := raw.QueryRowContext(t.Context(), query).Scan(v); err != nil {
		t.Fatal(err)
	}
}

// closed makes a data directory with what fill puts there.
func closed(t *testing.T, fill func(w fleet.Writer) error) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	db, err := store.Open(t.Context(), dir, discard())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.Write(t.Context(), fill), db.Close()); err != nil {
		t.Fatal(err)
	}
	return dir
}

func nothing(fleet.Writer) error { return nil }

// someone writes a tenant 1, users 2 and 3, phones 4 and 5, a base 6 and accounts
// 7 and 8, with secrets that are all different and begin with "secret-".
func someone(ctx context.Context) func(w fleet.Writer) error {
	return func(w fleet.Writer) error {
		n := 0
		next := func() secret.Secret { n++; return secret.New(fmt.Sprintf("secret-%03d", n)) }
		err := errors.Join(
			w.InsertTenant(ctx, fleet.Tenant{ID: 1, Name: "One", Domain: "one.example", Notify: fleet.Notify{Password: secret.New("secret-notify")}}),
			w.InsertTenant(ctx, fleet.Tenant{ID: 10, Name: "Ten", Domain: "ten.example", Code: "ten", Notify: fleet.Notify{Password: secret.New("secret-notify")}}))
		for _, id := range []fleet.ID{2, 3} {
			err = errors.Join(err, w.InsertUser(ctx, fleet.User{ID: id, Tenant: 1, ExtensionNumber: fmt.Sprintf("10%d", id), Password: next(), VMPIN: next()}))
		}
		for _, id := range []fleet.ID{4, 5} {
			p := fleet.Phone{ID: id, Tenant: 1, User: 2, MAC: mac.Addr{0, 1, 2, 3, 4, byte(id)}, Token: next(), DoorPassword1: next(), DoorPassword2: next()}
			p.Password = next()
			err = errors.Join(err, w.InsertPhone(ctx, p))
		}
		for _, id := range []fleet.ID{6, 9} {
			d := fleet.DectPhone{ID: id, Tenant: 1, MAC: mac.Addr{0, 1, 2, 3, 4, byte(id)}, Token: next(), UserPassword: next(), EngineerPassword: next()}
			d.Password = next()
			err = errors.Join(err, w.InsertDectPhone(ctx, d))
		}
		for _, id := range []fleet.ID{7, 8} {
			err = errors.Join(err, w.InsertAccount(ctx, fleet.Account{ID: id, Tenant: 1, Username: fmt.Sprint(id), PasswordHash: next().Reveal(), Role: fleet.Admin}))
		}
		for _, id := range []fleet.ID{11, 12} {
			err = errors.Join(err,
				w.InsertRedirectAccount(ctx, fleet.RedirectAccount{ID: id, Tenant: 1, Vendor: fmt.Sprint(id), Secrets: map[string]secret.Secret{"key": next()}}),
				w.Redirect(ctx, fleet.Wish{Account: id, Tenant: 1, MAC: mac.Addr{0, 1, 2, 3, 4, byte(id)}, Token: next()}, time.Unix(1, 0), "somebody"))
		}
		return err
	}
}

func TestFilesAreTheOwnersAlone(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "new", "data")
	db := open(t, dir)
	if err := db.Write(t.Context(), someone(t.Context())); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the directory: %v, %v", info.Mode(), err)
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if info, err := f.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", f.Name(), info.Mode(), err)
		}
		text, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(text, []byte("secret-")) {
			t.Errorf("%s shows a secret", f.Name())
		}
	}
	if len(files) != 5 { // database, its -wal and -shm, key, lock
		t.Errorf("files: %v", files)
	}
}

func TestReopen(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "an odd %20 name?_pragma=x#é;&")
	var last fleet.ID
	for i := range 3 {
		db, err := store.Open(t.Context(), dir, discard())
		if err != nil {
			t.Fatal(err)
		}
		id := db.NewID()
		if id <= last {
			t.Errorf("after reopening: %d, then %d", last, id)
		}
		err = db.Write(t.Context(), func(w fleet.Writer) error {
			return w.InsertTenant(t.Context(), fleet.Tenant{ID: id, Name: fmt.Sprint(i), Domain: fmt.Sprint(i), Code: fmt.Sprint(i)})
		})
		if err != nil {
			t.Fatal(err)
		}
		last = db.NewID()
		n := 0
		if err := db.EachTenant(t.Context(), func(fleet.Tenant) error { n++; return nil }); err != nil || n != i+1 {
			t.Errorf("%d tenants, %v", n, err)
		}
		if err := db.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
		var saved fleet.ID
		look(t, dir, &saved, `SELECT last_id FROM installation`)
		if saved < id || saved > last {
			t.Errorf("object %d was written, %d is saved as the highest ID", id, saved)
		}
		for what, err := range map[string]error{
			"Write": db.Write(t.Context(), nothing),
			"Read":  db.Read(t.Context(), func(fleet.Reader) error { return nil }),
		} {
			if err == nil || !strings.Contains(err.Error(), "closed") {
				t.Errorf("%s after closing: %v", what, err)
			}
		}
	}
}

// IDs must not come again when the clock is set back between two runs.
func TestHighestIDIsKept(t *testing.T) {
	t.Parallel()
	dir := closed(t, nothing)
	far := fleet.ID(1) << 61
	edit(t, dir, `UPDATE installation SET last_id = $1`, far)
	if id := open(t, dir).NewID(); id != far+1 {
		t.Errorf("after %d comes %d", far, id)
	}
}

func TestOneProcessAtATime(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db, err := store.Open(t.Context(), dir, discard())
	if err != nil {
		t.Fatal(err)
	}
	refused(t, dir, dir, "in use by another dialplane", fmt.Sprint(os.Getpid()), "stop that one")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, dir)
}

func TestUnusableDirectory(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{file, filepath.Join(file, "below"), "/proc/none/dialplane"} {
		refused(t, dir, dir, "cannot be used", "can write to", "name another")
	}
	taken := t.TempDir()
	if err := os.Mkdir(filepath.Join(taken, dbFile), 0o700); err != nil {
		t.Fatal(err)
	}
	refused(t, taken, taken, "cannot be used")
}

func TestNotADatabase(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, dbFile), bytes.Repeat([]byte("not a database\n"), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	refused(t, dir, filepath.Join(dir, dbFile), "not a database")
	open(t, t.TempDir()) // and nothing is left locked
}

func TestNewerSchemaIsRefused(t *testing.T) {
	t.Parallel()
	dir := closed(t, someone(t.Context()))
	edit(t, dir, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (4711, TRUE)`)
	before, err := os.ReadFile(filepath.Join(dir, dbFile))
	if err != nil {
		t.Fatal(err)
	}
	refused(t, dir, filepath.Join(dir, dbFile), "4711", "up to ", "later dialplane", "restore the backup")
	if after, err := os.ReadFile(filepath.Join(dir, dbFile)); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the database was changed: %v", err)
	}
}

func TestKeyFile(t *testing.T) {
	t.Parallel()
	line := func(id int, fill byte) string {
		return fmt.Sprintf("%d %s\n", id, base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{fill}, 32)))
	}
	for name, c := range map[string]struct {
		do    func(path string) error
		words []string
	}{
		"missing":        {os.Remove, []string{"put it back", dbFile, "no such file"}},
		"another":        {func(p string) error { return os.WriteFile(p, []byte(line(1, 'x')), 0o600) }, []string{"is not that of the database", "put the right one back"}},
		"another number": {func(p string) error { return os.WriteFile(p, []byte(line(9, 'x')), 0o600) }, []string{"is not that of the database", "key 1"}},
		"for all":        {func(p string) error { return os.Chmod(p, 0o644) }, []string{"chmod 600"}},
		"garbage":        {func(p string) error { return os.WriteFile(p, []byte("x"), 0o600) }, []string{"line 1"}},
		"empty":          {func(p string) error { return os.Truncate(p, 0) }, []string{"no key"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := closed(t, someone(t.Context()))
			path := filepath.Join(dir, keyFile)
			if err := c.do(path); err != nil {
				t.Fatal(err)
			}
			refused(t, dir, append(c.words, path)...)
		})
	}
	t.Run("rotated", func(t *testing.T) {
		t.Parallel()
		dir := closed(t, someone(t.Context()))
		path := filepath.Join(dir, keyFile)
		old, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, append(old, line(2, 'n')...), 0o600); err != nil {
			t.Fatal(err)
		}
		ctx := t.Context()
		password := func(db *store.DB, id fleet.ID) (string, error) {
			var u fleet.User
			err := db.Read(ctx, func(r fleet.Reader) (err error) { u, err = r.User(ctx, 1, id); return err })
			return u.Password.Reveal(), err
		}
		db, err := store.Open(ctx, dir, discard())
		if err != nil {
			t.Fatal(err)
		}
		if p, err := password(db, 2); err != nil || p != "secret-001" {
			t.Errorf("sealed with the old key: %q, %v", p, err)
		}
		err = db.Write(ctx, func(w fleet.Writer) error {
			return w.InsertUser(ctx, fleet.User{ID: 30, Tenant: 1, ExtensionNumber: "130", Password: secret.New("fresh")})
		})
		if err := errors.Join(err, db.Close()); err != nil {
			t.Fatal(err)
		}
		// Without the old key, what the new one sealed can still be read.
		if err := os.WriteFile(path, []byte(line(2, 'n')), 0o600); err != nil {
			t.Fatal(err)
		}
		db = open(t, dir)
		if p, err := password(db, 30); err != nil || p != "fresh" {
			t.Errorf("sealed with the new key: %q, %v", p, err)
		}
		if _, err := password(db, 2); !errors.Is(err, secret.ErrSealed) {
			t.Errorf("sealed with the key that is gone: %v", err)
		}
	})
}

// sealedColumns finds every column that holds something sealed.
func sealedColumns(t *testing.T, dir string) (columns [][2]string) {
	t.Helper()
	raw, err := sql.Open("sqlite", filepath.Join(dir, dbFile))
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	rows, err := raw.QueryContext(t.Context(), `SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c
		WHERE m.type = 'table' AND c.type = 'BYTEA' AND c.name NOT LIKE '%hash' AND m.name <> 'installation'`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var c [2]string
		if err := rows.Scan(&c[0], &c[1]); err != nil {
			t.Fatal(err)
		}
		columns = append(columns, c)
	}
	if err := rows.Err(); err != nil || len(columns) != 12 {
		t.Fatalf("sealed columns: %v, %v", columns, err)
	}
	return columns
}

// readAll reads everything that is sealed and returns the errors.
func readAll(ctx context.Context, db *store.DB) error {
	return db.Read(ctx, func(r fleet.Reader) error {
		var errs []error
		for _, id := range []fleet.ID{1, 10} {
			_, err := r.Tenant(ctx, id)
			errs = append(errs, err)
		}
		for _, id := range []fleet.ID{2, 3} {
			_, err := r.User(ctx, 1, id)
			errs = append(errs, err)
		}
		for _, id := range []fleet.ID{4, 5} {
			_, err := r.Phone(ctx, 1, id)
			errs = append(errs, err)
		}
		for _, id := range []fleet.ID{6, 9} {
			_, err := r.DectPhone(ctx, 1, id)
			errs = append(errs, err)
		}
		for _, id := range []fleet.ID{7, 8} {
			_, err := r.Account(ctx, 1, id)
			errs = append(errs, err)
		}
		_, err := r.RedirectAccounts(ctx, 1)
		errs = append(errs, err)
		_, _, err = r.Redirections(ctx, 1, listquery.Query{})
		errs = append(errs, err)
		return errors.Join(errs...)
	})
}

func TestMovedSecretsDoNotOpen(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	dir := closed(t, someone(ctx))
	columns := sealedColumns(t, dir)
	pristine, err := os.ReadFile(filepath.Join(dir, dbFile))
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range columns {
		for what, query := range map[string]string{
			"another row's":    fmt.Sprintf(`UPDATE %[1]s SET %[2]s = (SELECT o.%[2]s FROM %[1]s o WHERE o.rowid <> %[1]s.rowid)`, c[0], c[1]),
			"another column's": fmt.Sprintf(`UPDATE %s SET %s = (SELECT %s FROM %s LIMIT 1)`, c[0], c[1], columns[(i+1)%len(columns)][1], columns[(i+1)%len(columns)][0]),
			"a bit changed":    fmt.Sprintf(`UPDATE %[1]s SET %[2]s = CAST(substr(%[2]s, 1, length(%[2]s) - 1) || x'00' AS BLOB) WHERE substr(%[2]s, -1) <> x'00'`, c[0], c[1]),
			"emptied":          fmt.Sprintf(`UPDATE %s SET %s = x''`, c[0], c[1]),
		} {
			if err := os.WriteFile(filepath.Join(dir, dbFile), pristine, 0o600); err != nil {
				t.Fatal(err)
			}
			edit(t, dir, query)
			db, err := store.Open(ctx, dir, discard())
			if err != nil {
				t.Fatal(err)
			}
			err = readAll(ctx, db)
			if !errors.Is(err, secret.ErrSealed) || !strings.Contains(err.Error(), c[0]+"."+c[1]) {
				t.Errorf("%s.%s with %s: %v", c[0], c[1], what, err)
			}
			if err != nil && strings.Contains(err.Error(), "secret-") {
				t.Errorf("%s.%s with %s: the error shows a secret", c[0], c[1], what)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// One phone whose secrets are spoilt does not keep the others from being served,
// and is not passed off as unknown.
func TestEachGoesPastWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	dir := closed(t, someone(ctx))
	edit(t, dir, `UPDATE devices SET token = x'00' WHERE id = 4`)
	db := open(t, dir)
	var got []fleet.ID
	err := db.EachPhone(ctx, func(p fleet.Phone) error { got = append(got, p.ID); return nil })
	var unreadable *store.UnreadableError
	if !errors.As(err, &unreadable) || !errors.Is(err, secret.ErrSealed) {
		t.Fatalf("the error is %v", err)
	}
	if len(got) != 1 || got[0] != 5 || fmt.Sprint(unreadable.Unreadable()) != "[000102030404]" || !strings.Contains(err.Error(), "000102030404") {
		t.Errorf("phones %v; not readable: %v: %v", got, unreadable.Names, err)
	}
}

func TestReadsAreManyAtATime(t *testing.T) {
	t.Parallel()
	db := open(t, closed(t, someone(t.Context())))
	const readers = 4 // at least so many connections there are
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	arrived, all := make(chan struct{}, readers), make(chan struct{})
	errs := make(chan error, readers)
	for range readers {
		go func() {
			errs <- db.Read(ctx, func(r fleet.Reader) error {
				if _, err := r.User(ctx, 1, 2); err != nil {
					return err
				}
				arrived <- struct{}{}
				select {
				case <-all: // every other has a transaction open too
					return nil
				case <-ctx.Done():
					return ctx.Err()
				}
			})
		}()
	}
	for range readers {
		select {
		case <-arrived:
		case err := <-errs:
			t.Fatal(err)
		}
	}
	close(all)
	for range readers {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

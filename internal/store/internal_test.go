package store

import (
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/listquery"
)

// modernc.org/sqlite is generated for one version of modernc.org/libc; with
// another it may be wrong in ways that no error tells.
func TestLibcIsTheOneThatSQLiteAsksFor(t *testing.T) {
	t.Parallel()
	required := func(goMod, module string) string {
		text, err := os.ReadFile(goMod)
		if err != nil {
			t.Fatal(err)
		}
		m := regexp.MustCompile(`(?m)^\s*(?:require\s+)?` + regexp.QuoteMeta(module) + `\s+(v\S+)`).FindSubmatch(text)
		if m == nil {
			t.Fatalf("%s does not require %s", goMod, module)
		}
		return string(m[1])
	}
	ours := filepath.Join("..", "..", "go.mod")
	cache := os.Getenv("GOMODCACHE")
	if cache == "" {
		root := os.Getenv("GOPATH")
		if root == "" {
			home, err := os.UserHomeDir()
			if err != nil {
				t.Skip(err)
			}
			root = filepath.Join(home, "go")
		}
		cache = filepath.Join(root, "pkg", "mod")
	}
	theirs := filepath.Join(cache, "modernc.org", "sqlite@"+required(ours, "modernc.org/sqlite"), "go.mod")
	if _, err := os.Stat(theirs); err != nil {
		t.Skipf("the module cache is elsewhere: %v", err)
	}
	if got, want := required(ours, "modernc.org/libc"), required(theirs, "modernc.org/libc"); got != want {
		t.Errorf("go.mod has modernc.org/libc %s, SQLite asks for %s: go get modernc.org/libc@%s", got, want, want)
	}
}

func TestColumnsCoverFields(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fields listquery.Fields
		cols   columns
	}{
		"tenants":    {fleet.TenantFields, tenantColumns},
		"users":      {fleet.UserFields, userColumns},
		"phones":     {fleet.PhoneFields, phoneColumns},
		"assigned":   {fleet.PhoneRowFields, assignedRows.cols},
		"strangers":  {fleet.PhoneRowFields, strangerRows.cols},
		"DECT bases": {fleet.DectFields, dectColumns},
		"enrolments": {fleet.EnrolmentFields, enrolmentColumns},
		"accounts":   {fleet.AccountFields, accountColumns},
		"tokens":     {fleet.TokenFields, tokenColumns},
	} {
		if got, want := slices.Sorted(maps.Keys(c.cols)), slices.Sorted(maps.Keys(c.fields)); !slices.Equal(got, want) {
			t.Errorf("%s: columns for %v, fields %v", name, got, want)
		}
		kinds := map[columnKind]listquery.Kind{
			textColumn: listquery.Text, numberColumn: listquery.Number, boolColumn: listquery.Bool, idColumn: listquery.Text, timeColumn: listquery.Text,
		}
		for field, col := range c.cols {
			if kinds[col.kind] != c.fields[field] {
				t.Errorf("%s: %s is of kind %v in SQL, %v in the list", name, field, col.kind, c.fields[field])
			}
		}
	}
}

// Every unique constraint of the schema has words of its own, but the ids.
func TestRulesAreTheSchemas(t *testing.T) {
	t.Parallel()
	db, err := Open(t.Context(), t.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var unique []string
	err = db.read(t.Context(), func(r *reader) error {
		return r.rows(t.Context(), false, func(row scanner) error {
			var table, columns, origin string
			if err := row.Scan(&table, &columns, &origin); err != nil {
				return err
			}
			names := strings.Split(columns, ",")
			for i := range names {
				names[i] = table + "." + names[i]
			}
			if origin == "u" || table == "dect_members" {
				unique = append(unique, strings.Join(names, ", "))
			}
			return nil
		}, `SELECT m.name, (SELECT group_concat(c.name, ',') FROM pragma_index_info(i.name) c), i.origin
			FROM sqlite_master m, pragma_index_list(m.name) i WHERE m.type = 'table' AND i."unique" = 1 AND m.name NOT LIKE 'goose%'`)
	})
	if err != nil {
		t.Fatal(err)
	}
	// These cannot be broken without breaking that of the id or the address.
	for _, implied := range []string{"users.tenant, users.id", "devices.tenant, devices.id", "sightings.device"} {
		unique = slices.DeleteFunc(unique, func(s string) bool { return s == implied })
	}
	slices.Sort(unique)
	if want := slices.Sorted(maps.Keys(rules)); !slices.Equal(unique, want) {
		t.Errorf("the schema has\n%s\nand there are words for\n%s", strings.Join(unique, "\n"), strings.Join(want, "\n"))
	}
}

func TestIDsRiseWhateverTheClockDoes(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	var g ids
	g.start(0, func() time.Time { return now })
	last := g.next()
	for _, step := range []time.Duration{0, 0, time.Millisecond, time.Hour, -24 * time.Hour, -100 * 365 * 24 * time.Hour, 0} {
		now = now.Add(step)
		id := g.next()
		if id <= last {
			t.Errorf("after a step of %v: %d, then %d", step, last, id)
		}
		last = id
	}
	var restarted ids
	restarted.start(last, func() time.Time { return now }) // the clock is a century back
	if id := restarted.next(); id != last+1 {
		t.Errorf("after a restart: %d, then %d", last, id)
	}
	var late ids
	late.start(0, func() time.Time { return time.Date(2094, 1, 1, 0, 0, 0, 0, time.UTC) })
	if id := late.next(); id <= 0 {
		t.Errorf("in 2094: %d", id)
	}
	var unset ids
	unset.start(0, func() time.Time { return time.Unix(0, 0) })
	if id := unset.next(); id != 1 {
		t.Errorf("with a clock at 1970: %d", id)
	}
}

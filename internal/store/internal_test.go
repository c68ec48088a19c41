package store

import (
	"errors"
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
	"github.com/dialplane/dialplane/internal/mac"
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
		"tenants":      {fleet.TenantFields, tenantColumns},
		"users":        {fleet.UserFields, userColumns},
		"phones":       {fleet.PhoneFields, phoneColumns},
		"assigned":     {fleet.PhoneRowFields, assignedRows.cols},
		"strangers":    {fleet.PhoneRowFields, strangerRows.cols},
		"DECT bases":   {fleet.DectFields, dectColumns},
		"DECT systems": {fleet.DectSystemFields, systemColumns},
		"enrolments":   {fleet.EnrolmentFields, enrolmentColumns},
		"jobs":         {fleet.JobFields, jobColumns},
		"job items":    {fleet.JobItemFields, jobItemColumns},
		"redirected":   {fleet.RedirectionFields, redirectionColumns},
		"accounts":     {fleet.AccountFields, accountColumns},
		"tokens":       {fleet.TokenFields, tokenColumns},
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

// The bound on strangers leaves alone who is assigned, who was rejected, and the
// neighbours.
func TestStrangersAreBounded(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	db, err := Open(ctx, t.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.strangers.most, db.strangers.trimAfter = 20, 5
	address := func(n int) mac.Addr { return mac.Addr{2, 0, 0, 0, byte(n >> 8), byte(n)} }
	start := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	see := func(tenant fleet.ID, n int) fleet.Fetch {
		return fleet.Fetch{Tenant: tenant, MAC: address(n), Time: start.Add(time.Duration(n) * time.Second)}
	}
	const assigned, rejected, oldest, first, last = 1, 2, 3, 100, 199
	err = db.Write(ctx, func(w fleet.Writer) error {
		return errors.Join(
			w.InsertTenant(ctx, fleet.Tenant{ID: 1, Name: "a", Domain: "a", Code: "a"}),
			w.InsertTenant(ctx, fleet.Tenant{ID: 2, Name: "b", Domain: "b", Code: "b"}),
			w.InsertUser(ctx, fleet.User{ID: 3, Tenant: 1, ExtensionNumber: "100"}),
			w.InsertPhone(ctx, fleet.Phone{ID: 4, Tenant: 1, User: 3, MAC: address(assigned)}),
			w.SetRejected(ctx, 1, address(rejected), true))
	})
	if err != nil {
		t.Fatal(err)
	}
	seen := func(tenant fleet.ID) map[mac.Addr]bool {
		m := make(map[mac.Addr]bool)
		if err := db.EachSighting(ctx, func(s fleet.Sighting) error {
			if s.Tenant == tenant {
				m[s.MAC] = true
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return m
	}
	if err := db.RecordFetches(ctx, []fleet.Fetch{see(1, assigned), see(1, rejected), see(1, oldest), see(2, oldest)}); err != nil {
		t.Fatal(err)
	}
	for n := first; n <= last; n++ {
		if err := db.RecordFetches(ctx, []fleet.Fetch{see(1, n), see(1, assigned)}); err != nil {
			t.Fatal(err)
		}
		if got := len(seen(1)); got > 2+20+5 {
			t.Fatalf("after %d: %d sightings", n, got)
		}
	}
	got := seen(1)
	for n, want := range map[int]bool{assigned: true, rejected: true, oldest: false, first: false, last - 10: true, last: true} {
		if got[address(n)] != want {
			t.Errorf("%v is kept: %v", address(n), !want)
		}
	}
	if !seen(2)[address(oldest)] {
		t.Error("the neighbour's stranger is gone")
	}
	if kept, err := db.Fetches(ctx, 1, address(first), 10); err != nil || len(kept) != 0 {
		t.Errorf("fetches of a stranger that was dropped: %v, %v", kept, err)
	}
}

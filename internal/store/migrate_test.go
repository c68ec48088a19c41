package store

import (
	"crypto/sha256"
	"database/sql"
	"fmt"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/pressly/goose/v3"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/listquery"
	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/secret"
)

// written is what testdata/version1.sql holds: rows as the program with schema
// version 1 wrote them. Fields that came later have what their migration gives.
type written struct {
	Tenant    fleet.Tenant
	Users     []fleet.User
	Phone     fleet.Phone
	Dect      fleet.DectPhone
	Members   []fleet.Member
	Template  fleet.TemplateFile
	Enrolment fleet.Enrolment
	Account   fleet.Account
	Token     fleet.Token
	Row       fleet.PhoneRow
	Sighting  fleet.Sighting
	Fetches   []fleet.Fetch
	Audit     []fleet.AuditRecord
}

func version1() written {
	at := time.Date(2026, 11, 23, 8, 0, 0, 123_000_000, time.UTC)
	settings := fleet.DeviceSettings{
		Password: secret.New("web-password"), TimeZone: "Europe/Berlin", Language: "GERMAN", Codecs: []string{"PCMA", "G722"},
		Interface: fleet.WebDomain, PreferredTransport: fleet.TLS, RPS: true, HTTPS: true,
	}
	phone, base := mac.MustParse("001565aabbcc"), mac.MustParse("000413ddeeff")
	w := written{
		Tenant: fleet.Tenant{
			ID: 1, Name: "Müller & Söhne", Domain: "Pbx.example", Code: "c1", Endpoints: map[fleet.Interface]fleet.Endpoint{fleet.WebDomain: {Host: "sip.example", UDP: 5060, TLS: 5061}},
			NTP: []string{"ntp.example"}, TimeZone: "Etc/UTC", Language: "ENGLISH", Tone: "USA", ProvisioningURL: "https://prov.example/", PollMinutes: 1440, RegisterExpires: 3600,
			VoicemailNumber: "*97", PickupCode: "*8", EnrolNetworks: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, EnrolMinutes: 15, CreatedAt: at, UpdatedAt: at,
		},
		Users: []fleet.User{
			{
				ID: 2, Tenant: 1, ExtensionNumber: "101", DisplayName: "Zoë", AuthName: "auth101", Password: secret.New("sip-password"), VMPIN: secret.New("4711"),
				Keys: []fleet.Key{{Kind: fleet.KeyBLF, Value: "102", Label: "Anna", FirstName: "An", LastName: "Na"}}, CreatedAt: at, UpdatedAt: at,
			},
			{ID: 3, Tenant: 1, ExtensionNumber: "102", DisplayName: "Anna", CreatedAt: at, UpdatedAt: at},
		},
		Phone: fleet.Phone{
			ID: 4, Tenant: 1, User: 2, MAC: phone, Filename: "yealink.xml", Vendor: "Yealink", Model: "T54W", DeviceSettings: settings, Transfer: "BLIND",
			Ringtone: "a", QueueRingtone: "b", ExternalRingtone: "c", DateFormat: "d", TimeFormat: "e", PowerLED: "f", Backlight: "g", Screensaver: "h", EnableLLDP: true,
			WANVLAN: fleet.VLAN{Enabled: true, ID: 100, Priority: 5}, PCVLAN: fleet.VLAN{Enabled: true, ID: 200, Priority: 3}, SerialNumber: "SN",
			DoorPassword1: secret.New("1111"), DoorPassword2: secret.New("2222"), Token: secret.New("phone-token"), CreatedAt: at, UpdatedAt: at,
		},
		Dect: fleet.DectPhone{
			ID: 5, Tenant: 1, Name: "Hall", MAC: base, Template: "snom_m.xml", Vendor: "Snom", Model: "M700", DeviceSettings: settings, Tone: "DEU",
			UserPassword: secret.New("user"), EngineerPassword: secret.New("engineer"), Region: "EU", HandsetLanguage: "GERMAN", Lines: 30, Token: secret.New("base-token"), CreatedAt: at, UpdatedAt: at,
		},
		Members: []fleet.Member{
			{User: 2, ExtensionNumber: "101", DisplayName: "Zoë", IPUI: "0123456789", HandsetIndex: 1},
			{User: 3, ExtensionNumber: "102", DisplayName: "Anna", HandsetIndex: 2},
		},
		Template:  fleet.TemplateFile{Tenant: 1, Filename: "own.xml", Content: "<template/>\r\n", UpdatedAt: at},
		Enrolment: fleet.Enrolment{ID: 6, Tenant: 1, MAC: phone, Opened: at, Expires: at.Add(15 * time.Minute), Used: []mac.Addr{phone}},
		Account:   fleet.Account{ID: 7, Tenant: 0, Username: "Root", PasswordHash: "$argon2id$v=19$hash", Role: fleet.Admin, Reveal: true, CreatedAt: at},
		Token: fleet.Token{
			ID: 8, Kind: fleet.AccessToken, Hash: sha256.Sum256([]byte("dpat_token")), Account: 7, Name: "sign-in", Role: fleet.Admin, Reveal: true, Family: 9,
			Created: at, Expires: at.Add(time.Hour), Used: at,
		},
		Sighting: fleet.Sighting{MAC: phone, Tenant: 1, Vendor: "Yealink", Model: "T54W", Version: "96.86", IP: netip.MustParseAddr("192.0.2.7"), UserAgent: "UA", FirstSeen: at, LastSeen: at, Rejected: true},
		Fetches:  []fleet.Fetch{{Time: at, Tenant: 1, MAC: phone, File: "001565aabbcc.cfg", Level: "L2", Status: 200, Bytes: 10, IP: netip.MustParseAddr("192.0.2.7"), UserAgent: "UA", Vendor: "Yealink", Model: "T54W", Version: "96.86", Reason: "r"}},
		Audit:    []fleet.AuditRecord{{Time: at, Tenant: 1, Caller: "root", Address: "192.0.2.1", Action: "phone.create", Object: "phone 001565aabbcc"}},
	}
	w.Row = fleet.PhoneRow{MAC: phone, ExtensionNumber: "101", Name: "Zoë", Vendor: "Yealink", Model: "T54W", Version: "96.86", IP: "192.0.2.7", Password: settings.Password, VMPIN: secret.New("4711"), Rejected: true}
	return w
}

func (w *written) read(t *testing.T, db *DB) {
	t.Helper()
	ctx := t.Context()
	err := db.Read(ctx, func(r fleet.Reader) (err error) {
		steps := []func() error{
			func() error { w.Tenant, err = r.TenantByDomain(ctx, "PBX.example"); return err },
			func() error { w.Users, _, err = r.Users(ctx, 1, listquery.Query{}); return err },
			func() error { w.Phone, err = r.Phone(ctx, 1, 4); return err },
			func() error { w.Dect, err = r.DectPhone(ctx, 1, 5); return err },
			func() error { w.Members, err = r.Members(ctx, 1, 5); return err },
			func() error { w.Template, err = r.Template(ctx, 1, "own.xml"); return err },
			func() error { w.Enrolment, err = r.Enrolment(ctx, 1, 6); return err },
			func() error { w.Account, err = r.AccountByName(ctx, 0, "root"); return err },
			func() error { w.Token, err = r.Token(ctx, sha256.Sum256([]byte("dpat_token"))); return err },
			func() error { w.Row, err = r.PhoneRow(ctx, 1, w.Phone.MAC); return err },
			func() error { w.Sighting, err = r.Sighting(ctx, w.Phone.MAC); return err },
		}
		for i, step := range steps {
			if err := step(); err != nil {
				return fmt.Errorf("step %d: %w", i, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if w.Fetches, err = db.Fetches(ctx, 1, w.Phone.MAC, 10); err != nil {
		t.Fatal(err)
	}
	if w.Audit, err = db.AuditLog(ctx, 1, 10); err != nil {
		t.Fatal(err)
	}
}

// A database of schema version 1 is brought to the present one with all that is
// in it.
func TestMigrationFromVersion1(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text, err := os.ReadFile("testdata/version1.sql")
	if err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile("testdata/version1.key")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, keyFile), key, 0o600); err != nil {
		t.Fatal(err)
	}
	raw, err := sql.Open("sqlite", filepath.Join(dir, dbFile))
	if err != nil {
		t.Fatal(err)
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, raw, files, goose.WithLogger(goose.NopLogger()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.UpTo(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if _, err := raw.ExecContext(t.Context(), string(text)); err != nil {
		t.Fatal(err)
	}
	if err := raw.Close(); err != nil {
		t.Fatal(err)
	}

	db, err := Open(t.Context(), dir, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var got written
	got.read(t, db)
	if d := cmp.Diff(version1(), got, cmp.Comparer(func(a, b secret.Secret) bool { return a.Reveal() == b.Reveal() }),
		cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{}), cmpopts.EquateEmpty()); d != "" {
		t.Errorf("(-written +read):\n%s", d)
	}
	if id := db.NewID(); id <= 10 {
		t.Errorf("a new ID is %d", id)
	}
	var broken []string
	err = db.read(t.Context(), func(r *reader) error {
		return r.rows(t.Context(), false, func(row scanner) error {
			var table string
			err := row.Scan(&table)
			broken = append(broken, table)
			return err
		}, `SELECT DISTINCT "table" FROM pragma_foreign_key_check`)
	})
	if err != nil || len(broken) > 0 {
		t.Errorf("foreign keys are broken in %v, %v", broken, err)
	}
}

// The migrations that have been released must not change: databases have run them.
func TestMigrationsAreNumberedInOrder(t *testing.T) {
	t.Parallel()
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	slices.Sort(names)
	last := 0
	for _, name := range names {
		var number int
		if _, err := fmt.Sscanf(filepath.Base(name), "%05d_", &number); err != nil || number <= last {
			t.Errorf("after migration %d comes %s, %v", last, name, err)
		}
		last = number
		text, err := fs.ReadFile(migrations, name)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), "-- +goose Up") || strings.Contains(string(text), "-- +goose Down") {
			t.Errorf("%s does not go up, or goes down: there is no way back but a backup", name)
		}
	}
}

package fleet_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dialplane/dialplane/internal/blob"
	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/listquery"
	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/secret"
	"github.com/dialplane/dialplane/internal/store"
)

// world is a fleet over a real store with two tenants. The first is the default
// tenant, with an endpoint, an extension 101 with a phone, an extension 102, and a
// DECT base of three lines of which 102 is a member; the second has an extension
// 101 and a phone.
type world struct {
	*fleet.Fleet
	t         *testing.T
	db        *store.DB
	faulty    *faultyStore
	catalog   *catalog
	heard     *recorder
	waker     *waker
	redirects *redirects
	feed      *fleet.Feed
	clock     *clock
	log       *syncBuffer

	root  fleet.Caller // the installation's, in no tenant
	admin fleet.Caller // of the first tenant, may reveal
	other fleet.Caller // admin of the second tenant, may reveal

	user, second, phone, base   fleet.ID
	otherUser, otherPhone       fleet.ID
	otherTenant                 fleet.ID
	adminToken                  secret.Secret
	phoneMAC, baseMAC, otherMAC string

	account, token, window, contact, job, file, policy, redirectAccount fleet.ID // once furnished
	system, cell, spare                                                 fleet.ID // with a system of the base cell, beside the base spare

	files string // the directory of uploaded files
}

func newWorld(t *testing.T) *world {
	t.Helper()
	ctx := t.Context()
	w := &world{
		t: t, catalog: newCatalog(), heard: &recorder{}, waker: &waker{}, redirects: &redirects{},
		clock: &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}, log: &syncBuffer{},
		phoneMAC: "001565000001", baseMAC: "001565000002", otherMAC: "001565000003",
	}
	log := slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	db, err := store.Open(ctx, t.TempDir(), log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	w.db, w.faulty, w.files = db, &faultyStore{Store: db}, t.TempDir()
	contents := must(blob.Open(w.files))(t)
	t.Cleanup(func() { check(t, contents.Close()) })
	w.feed = fleet.NewFeed(db.NewID())
	db.Announce(w.feed.Publish)
	w.Fleet = fleet.New(fleet.Config{
		Store: w.faulty, Changes: w.heard, Catalog: w.catalog, Jobs: w.waker, Feed: w.feed, Now: w.clock.Now, Log: log,
		Contents: contents, Limits: fleet.FileLimits{File: 1000, Tenant: 2000},
		Redirects: w.redirects, Base: "https://phones.example.net/", FirstAccess: time.Hour,
	})
	created, token, err := w.Bootstrap(ctx, secret.Secret{})
	if err != nil || !created {
		t.Fatalf("Bootstrap: %v, %v", created, err)
	}
	w.adminToken = token
	w.root = must(w.Authenticate(ctx, token, "192.0.2.1"))(t)
	w.admin = must(w.ActIn(ctx, w.root, 0))(t)
	w.admin.Installation, w.admin.Name = false, "alice"
	endpoints := map[fleet.Interface]fleet.EndpointInput{fleet.WebDomain: {Host: "sip.example.com", UDP: 5060, TLS: 5061}}
	check(t, w.UpdateMyTenant(ctx, w.admin, fleet.TenantInput{Endpoints: &endpoints}))
	w.user = must(w.CreateUser(ctx, w.admin, userInput("101")))(t)
	w.second = must(w.CreateUser(ctx, w.admin, userInput("102")))(t)
	w.phone = must(w.CreatePhone(ctx, w.admin, w.user, phoneInput(w.phoneMAC)))(t)
	w.base = must(w.CreateDectPhone(ctx, w.admin, dectInput(w.baseMAC)))(t)
	check(t, w.ReplaceMembers(ctx, w.admin, w.base, []fleet.MemberInput{{ExtensionNumber: "102", IPUI: "030ab1ee28"}}))

	w.otherTenant = must(w.CreateTenant(ctx, w.root, fleet.TenantInput{Name: new("Other"), Domain: new("other.example.com"), Endpoints: &endpoints}))(t)
	w.other = must(w.ActIn(ctx, w.root, w.otherTenant))(t)
	w.other.Installation, w.other.Name = false, "mallory"
	w.otherUser = must(w.CreateUser(ctx, w.other, userInput("101")))(t)
	w.otherPhone = must(w.CreatePhone(ctx, w.other, w.otherUser, phoneInput(w.otherMAC)))(t)
	w.heard.take()
	return w
}

// furnish adds to the first tenant an account, a token, an account at a redirect service, a contact, a window for every phone, a
// template case.xml, a job that reboots the base, and a stranger 001565000091.
func (w *world) furnish() {
	w.t.Helper()
	t, ctx := w.t, w.t.Context()
	w.account = must(w.CreateAccount(ctx, w.admin, fleet.AccountInput{Username: new("bob"), Password: new(secret.New("long enough 1")), Role: new("viewer")}))(t)
	token, _, err := w.CreateToken(ctx, w.admin, fleet.TokenInput{Name: new("ci"), Role: new("viewer")})
	check(t, err)
	w.token = token
	w.contact = must(w.CreateContact(ctx, w.admin, taxi))(t)
	w.file = must(w.upload(firmware("A1.rom", "2.0"), "the firmware"))(t)
	w.policy = must(w.CreateFirmwarePolicy(ctx, w.admin, fleet.FirmwarePolicyInput{Vendor: new("Acme"), Steps: &[]string{"2.0"}}))(t)
	w.window = must(w.OpenEnrolment(ctx, w.admin, fleet.EnrolmentInput{}))(t)
	check(t, w.CreateTemplate(ctx, w.admin, "case.xml", "<x/>"))
	check(t, w.db.Write(ctx, func(s fleet.Writer) error {
		return s.SetRejected(ctx, w.admin.Tenant, mac.MustParse("001565000091"), false)
	}))
	w.cell, w.spare = w.newCell("001565000070", "M5"), w.newCell("001565000071", "M5")
	w.system = must(w.CreateDectSystem(ctx, w.admin, fleet.DectSystemInput{Name: new("Works"), Bases: &[]fleet.SystemBaseInput{{Dect: w.cell}}}))(t)
	w.job = must(w.Reboot(ctx, w.admin, w.baseMAC))(t)
	w.redirectAccount = must(w.CreateRedirectAccount(ctx, w.admin, redirectAccount()))(t)
	w.redirects.woken.Store(0)
	w.waker.woken.Store(0)
	w.heard.take()
}

// Secrets that stand in the world; no error and no log may have them.
const (
	plantedSIP    = "planted-sip-secret"
	plantedPIN    = "90210377"
	plantedWeb    = "planted-web-secret"
	plantedUser   = "planted-base-user-secret"
	plantedExpert = "planted-engineer-secret"
	plantedDoor   = "73310842"
)

func userInput(extension string, edits ...func(*fleet.UserInput)) fleet.UserInput {
	in := fleet.UserInput{
		ExtensionNumber: &extension, DisplayName: new("Extension " + extension),
		Password: new(secret.New(plantedSIP)), VMPIN: new(secret.New(plantedPIN)),
	}
	for _, e := range edits {
		e(&in)
	}
	return in
}

func phoneInput(address string, edits ...func(*fleet.PhoneInput)) fleet.PhoneInput {
	in := fleet.PhoneInput{
		MAC: &address, Filename: new("acme-desk.xml"), Vendor: new("Acme"), Model: new("A1"),
		Password: new(secret.New(plantedWeb)), Language: new("english"), Transfer: new("BLIND"),
		TimeZone: new("Europe/Berlin"), Codecs: &[]string{"PCMA", "G722"},
		Interface: new("WEB_DOMAIN"), PreferredTransport: new("TLS"),
		DoorPassword1: new(secret.New(plantedDoor)),
	}
	for _, e := range edits {
		e(&in)
	}
	return in
}

func dectInput(address string, edits ...func(*fleet.DectInput)) fleet.DectInput {
	in := fleet.DectInput{
		Name: new("Hall"), MAC: &address, Template: new("acme-dect.xml"), Vendor: new("Acme"), Model: new("D20"),
		Password: new(secret.New(plantedWeb)), Language: new("GERMAN"), Tone: new("DEU"),
		TimeZone: new("Europe/Berlin"), Codecs: &[]string{"PCMA"},
		Interface: new("WEB_DOMAIN"), PreferredTransport: new("UDP"),
		UserPassword: new(secret.New(plantedUser)), EngineerPassword: new(secret.New(plantedExpert)),
	}
	for _, e := range edits {
		e(&in)
	}
	return in
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		check(t, err)
		return v
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// refusal is a call that must be refused.
type refusal struct {
	name string
	do   func() error
	code fleet.Code // CodeInvalid if empty
	at   []string   // pointers, in any order
	says string     // part of the error's text
}

// refuse runs calls that must be refused and must change nothing.
func (w *world) refuse(cases []refusal) {
	w.t.Helper()
	before := w.state()
	defer func() {
		if diff := cmp.Diff(before, w.state()); diff != "" {
			w.t.Errorf("something has changed:\n%s", diff)
		}
	}()
	for _, c := range cases {
		w.t.Run(c.name, func(t *testing.T) {
			w.faulty.commits.Store(0)
			err := c.do()
			if c.code == "" {
				c.code = fleet.CodeInvalid
			}
			if got := fleet.CodeOf(err); got != c.code {
				t.Fatalf("code %q, want %q: %v", got, c.code, err)
			}
			if got := pointers(err); !slices.Equal(got, slices.Sorted(slices.Values(c.at))) {
				t.Errorf("faults at %q, want %q: %v", got, c.at, err)
			}
			if !strings.Contains(err.Error(), c.says) {
				t.Errorf("%q does not say %q", err, c.says)
			}
			if n := w.faulty.commits.Swap(0); n > 0 {
				t.Errorf("%d transactions were kept", n)
			}
			if heard := w.heard.take(); len(heard) > 0 {
				t.Errorf("changes were told of: %q", heard)
			}
		})
	}
}

func pointers(err error) []string {
	var e *fleet.Error
	if !errors.As(err, &e) {
		return nil
	}
	var at []string
	for _, f := range e.Fields {
		at = append(at, f.Pointer)
	}
	slices.Sort(at)
	return at
}

// state prints all that is stored, secrets and audit records included.
func (w *world) state() []string {
	w.t.Helper()
	ctx := context.Background()
	var out []string
	note := func(kind string, v any) { out = append(out, fmt.Sprintf("%s %+v", kind, v)) }
	reveal := func(s ...secret.Secret) (texts []string) {
		for _, s := range s {
			texts = append(texts, s.Reveal())
		}
		return texts
	}
	err := w.db.Read(ctx, func(r fleet.Reader) error {
		tenants, _, err := r.Tenants(ctx, listquery.Query{})
		if err != nil {
			return err
		}
		for _, t := range append(tenants, fleet.Tenant{}) {
			note("tenant", t)
			users, _, err := r.Users(ctx, t.ID, listquery.Query{})
			if err != nil {
				return err
			}
			for _, u := range users {
				note("user", u)
				note("secrets", reveal(u.Password, u.VMPIN))
				phones, _, err := r.PhonesOfUser(ctx, t.ID, u.ID, listquery.Query{})
				if err != nil {
					return err
				}
				for _, p := range phones {
					note("phone", p)
					note("secrets", reveal(p.Password, p.DoorPassword1, p.DoorPassword2, p.Token))
				}
			}
			bases, _, err := r.DectPhones(ctx, t.ID, listquery.Query{})
			if err != nil {
				return err
			}
			for _, d := range bases {
				note("base", d)
				note("secrets", reveal(d.Password, d.UserPassword, d.EngineerPassword, d.Token))
				members, err := r.Members(ctx, t.ID, d.ID)
				if err != nil {
					return err
				}
				note("members", members)
			}
			systems, _, err := r.DectSystems(ctx, t.ID, listquery.Query{})
			if err != nil {
				return err
			}
			note("systems", systems)
			rows, _, err := r.PhoneRows(ctx, t.ID, listquery.Query{})
			if err != nil {
				return err
			}
			note("rows", rows)
			templates, err := r.Templates(ctx, t.ID)
			if err != nil {
				return err
			}
			note("templates", templates)
			enrolments, _, err := r.Enrolments(ctx, t.ID, w.clock.Now(), listquery.Query{})
			if err != nil {
				return err
			}
			note("enrolments", enrolments)
			files, _, err := r.Files(ctx, t.ID, listquery.Query{})
			if err != nil {
				return err
			}
			note("files", files)
			policies, _, err := r.FirmwarePolicies(ctx, t.ID, listquery.Query{})
			if err != nil {
				return err
			}
			note("policies", policies)
			jobs, _, err := r.Jobs(ctx, t.ID, listquery.Query{})
			if err != nil {
				return err
			}
			note("jobs", jobs)
			accounts, _, err := r.Accounts(ctx, t.ID, listquery.Query{})
			if err != nil {
				return err
			}
			note("accounts", accounts)
			tokens, _, err := r.Tokens(ctx, t.ID, listquery.Query{})
			if err != nil {
				return err
			}
			note("tokens", tokens)
		}
		return nil
	})
	check(w.t, err)
	for _, tenant := range []fleet.ID{0, w.admin.Tenant, w.otherTenant} {
		note("audit", must(w.db.AuditLog(ctx, tenant, 1000))(w.t))
	}
	return out
}

// audited returns the last audit record of the first tenant.
func (w *world) audited() string {
	w.t.Helper()
	log := must(w.db.AuditLog(context.Background(), w.admin.Tenant, 1))(w.t)
	if len(log) == 0 {
		return ""
	}
	return log[0].Caller + " " + log[0].Action + " " + log[0].Object
}

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// recorder is told of changes.
type recorder struct {
	mu    sync.Mutex
	heard []string
	fail  error
}

func (r *recorder) note(format string, args ...any) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.heard = append(r.heard, fmt.Sprintf(format, args...))
	return r.fail
}

func (r *recorder) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	heard := r.heard
	r.heard = nil
	return heard
}

func (r *recorder) TenantChanged(_ context.Context, t fleet.ID) error { return r.note("tenant %d", t) }
func (r *recorder) UserChanged(_ context.Context, _, u fleet.ID) error {
	return r.note("user %d", u)
}
func (r *recorder) ContactChanged(_ context.Context, _, c fleet.ID) error {
	return r.note("contact %d", c)
}
func (r *recorder) PhoneChanged(_ context.Context, _ fleet.ID, m mac.Addr) error {
	return r.note("phone %s", m)
}
func (r *recorder) DectSystemChanged(_ context.Context, _, _ fleet.ID, bases []mac.Addr) error {
	return r.note("system %v", bases)
}
func (r *recorder) TemplateChanged(_ context.Context, _ fleet.ID, name string) error {
	return r.note("template %s", name)
}
func (r *recorder) FilesChanged(_ context.Context, t fleet.ID) error { return r.note("files %d", t) }
func (r *recorder) EnrolmentsChanged(_ context.Context, _ fleet.ID, _ mac.Addr) error {
	return r.note("enrolments")
}

func (r *recorder) RedirectionChanged(_ context.Context, _ fleet.ID, m mac.Addr) error {
	return r.note("redirection %s", m)
}

// waker counts how often it is woken.
type waker struct{ woken atomic.Int64 }

func (w *waker) Wake() { w.woken.Add(1) }

// faultyStore is a store whose audit log, or which as a whole, can fail. It counts
// what it keeps.
type faultyStore struct {
	fleet.Store
	commits atomic.Int64

	mu           sync.Mutex
	audit, whole error
}

func (f *faultyStore) fail(audit, whole error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.audit, f.whole = audit, whole
}

func (f *faultyStore) faults() (audit, whole error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.audit, f.whole
}

func (f *faultyStore) Read(ctx context.Context, do func(fleet.Reader) error) error {
	if _, err := f.faults(); err != nil {
		return err
	}
	return f.Store.Read(ctx, do)
}

func (f *faultyStore) Write(ctx context.Context, do func(fleet.Writer) error) error {
	audit, err := f.faults()
	if err != nil {
		return err
	}
	err = f.Store.Write(ctx, func(w fleet.Writer) error { return do(faultyWriter{w, audit}) })
	if err == nil {
		f.commits.Add(1)
	}
	return err
}

type faultyWriter struct {
	fleet.Writer
	audit error
}

func (f faultyWriter) Audit(ctx context.Context, r fleet.AuditRecord) error {
	if f.audit != nil {
		return f.audit
	}
	return f.Writer.Audit(ctx, r)
}

// catalog has the templates of two makers. A custom template is described as the
// built-in that its content names.
type catalog struct {
	mu     sync.Mutex
	infos  map[string]fleet.TemplateInfo
	custom map[string]string // filename of each Check to its content
	fail   error
}

func newCatalog() *catalog {
	desk := fleet.TemplateInfo{
		Filename: "acme-desk.xml", Vendor: "Acme",
		Models: []fleet.ModelRow{
			{Filename: "acme-desk.xml", Vendor: "Acme", Model: "A1", DisplayName: "Acme A1", Accounts: 2, Keys: 10},
			{Filename: "acme-desk.xml", Vendor: "Acme", Model: "A2", DisplayName: "Acme A2", Accounts: 4, Keys: 20},
		},
		Languages: []string{"ENGLISH", "GERMAN"}, Tones: []string{"USA", "DEU"}, TimeZones: []string{"Europe/Berlin", "Etc/UTC"},
		Ringtones: []string{"Ring 1", "Ring 2"}, QueueRingtones: []string{"Ring 1"}, ExternalRingtones: []string{"Ring 2"},
		DateFormats: []string{"DD/MM/YYYY"}, TimeFormats: []string{"24-hour clock"}, PowerLEDs: []string{"On"}, Backlights: []string{"Always on"},
		Codecs:     []string{"PCMU", "PCMA", "G722", "G729", "OPUS", "ILBC", "G726-16", "G726-24", "G726-32", "G726-40", "G723", "AMR"},
		Transports: []string{"UDP", "TCP", "TLS"}, EnableLLDP: true,
		WANVLAN: fleet.VLAN{ID: 256}, PCVLAN: fleet.VLAN{ID: 254, Priority: 1},
	}
	dect := desk
	dect.Filename, dect.DECT = "acme-dect.xml", true
	dect.Models = []fleet.ModelRow{{Filename: "acme-dect.xml", Vendor: "Acme", Model: "D20", DisplayName: "Acme D20", Handsets: 3}}
	// Of the multi-cell bases M5 leads five members, M9 four and M0 none.
	multi := desk
	multi.Filename, multi.DECT = "acme-multi.xml", true
	multi.Models = []fleet.ModelRow{
		{Filename: "acme-multi.xml", Vendor: "Acme", Model: "M5", DisplayName: "Acme M5", Handsets: 2, Bases: 3, SystemHandsets: 5},
		{Filename: "acme-multi.xml", Vendor: "Acme", Model: "M9", DisplayName: "Acme M9", Handsets: 4, Bases: 2, SystemHandsets: 4},
		{Filename: "acme-multi.xml", Vendor: "Acme", Model: "M0", DisplayName: "Acme M0", Bases: 3},
	}
	cells := multi
	cells.Filename, cells.Vendor = "bolt-multi.xml", "Bolt"
	cells.Models = []fleet.ModelRow{{Filename: "bolt-multi.xml", Vendor: "Bolt", Model: "B9", DisplayName: "Bolt B9", Handsets: 2, Bases: 2, SystemHandsets: 2}}
	bolt := desk
	bolt.Filename, bolt.Vendor = "bolt-desk.xml", "Bolt"
	bolt.Models = []fleet.ModelRow{{Filename: "bolt-desk.xml", Vendor: "Bolt", Model: "B1", DisplayName: "Bolt B1"}}
	return &catalog{
		infos:  map[string]fleet.TemplateInfo{desk.Filename: desk, dect.Filename: dect, bolt.Filename: bolt, multi.Filename: multi, cells.Filename: cells},
		custom: make(map[string]string),
	}
}

func (c *catalog) Builtins() []string {
	return []string{"acme-desk.xml", "acme-dect.xml", "acme-multi.xml", "bolt-desk.xml", "bolt-multi.xml"}
}

func (c *catalog) Builtin(filename string) (string, bool) {
	if !slices.Contains(c.Builtins(), filename) {
		return "", false
	}
	return "<built-in/>", true
}

func (c *catalog) Models(context.Context, fleet.ID) ([]fleet.ModelRow, error) {
	var rows []fleet.ModelRow
	for _, name := range c.Builtins() {
		rows = append(rows, c.infos[name].Models...)
	}
	return rows, nil
}

func (c *catalog) Describe(_ context.Context, _ fleet.ID, filename string) (fleet.TemplateInfo, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fail != nil {
		return fleet.TemplateInfo{}, c.fail
	}
	if like, ok := c.custom[filename]; ok {
		info := c.infos[like]
		info.Filename = filename
		return info, nil
	}
	info, ok := c.infos[filename]
	if !ok {
		return fleet.TemplateInfo{}, fleet.NotFound("template")
	}
	return info, nil
}

func (c *catalog) Check(_ context.Context, _ fleet.ID, filename, content string) (map[string][]string, error) {
	if strings.Contains(content, "{{") {
		return nil, &fleet.Error{Code: fleet.CodeInvalid, Message: "line 1, column 3: an action is not closed"}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	info, ok := c.infos[content]
	if !ok {
		return nil, nil // which says nothing of models
	}
	c.custom[filename] = content
	models := make([]string, len(info.Models))
	for i, m := range info.Models {
		models[i] = strings.ToLower(m.Model) // phones' case does not count
	}
	return map[string][]string{filename: models}, nil
}

// CheckValue has a word that Acme's files reserve, and a maker whose pack is so
// careless as to repeat the value.
func (c *catalog) CheckValue(vendor, value string) string {
	switch {
	case vendor == "Acme" && value == "%NULL%":
		return "%NULL% is how the files write an empty value"
	case vendor == "Bolt" && strings.Contains(value, "<"):
		return fmt.Sprintf("%q has a <", value)
	}
	return ""
}

func (w *world) logger() *slog.Logger { return slog.New(slog.NewTextHandler(w.log, nil)) }

// readOnlyStore cannot be written to.
type readOnlyStore struct{ fleet.Store }

func (readOnlyStore) Write(context.Context, func(fleet.Writer) error) error {
	return errors.New("the disk is full")
}

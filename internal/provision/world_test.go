package provision_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/dialplane/dialplane/internal/blob"
	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/provision"
	"github.com/dialplane/dialplane/internal/secret"
	"github.com/dialplane/dialplane/internal/store"
	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/yealink"
)

// world is a provisioning core over a real store and the real use cases, with
// two tenants. The first is the default tenant, with extensions 101 and 102 and
// 101's phone; the second has a phone of its own 101.
type world struct {
	*fleet.Fleet
	t        *testing.T
	registry *vendor.Registry
	db       *store.DB
	core     *provision.Core
	catalog  *provision.Catalog
	enroller *enroller
	contents *blob.Dir
	fetches  *fetches
	clock    *clock
	log      *buffer

	root, admin, other     fleet.Caller
	user, second, phone    fleet.ID
	otherUser, otherPhone  fleet.ID
	otherTenant            fleet.ID
	phoneMAC, otherMAC     mac.Addr
	unknownMAC             mac.Addr
	base, otherBase        string // shared addresses as paths
	sipSecret, otherSecret string
}

const installation = "http://phones.example.net/"

func newWorld(t *testing.T) *world {
	t.Helper()
	ctx := t.Context()
	w := &world{
		t: t, registry: vendor.NewRegistry(smallYealink(t)), fetches: new(fetches), log: new(buffer), clock: &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)},
		phoneMAC: mac.MustParse("001565000001"), otherMAC: mac.MustParse("001565000002"), unknownMAC: mac.MustParse("001565000003"),
		base: "/", sipSecret: "planted-sip-secret", otherSecret: "planted-other-secret",
	}
	db, err := store.Open(ctx, t.TempDir(), w.logger())
	check(t, err)
	t.Cleanup(func() { check(t, db.Close()) })
	w.db = db
	w.enroller = &enroller{db: db}
	w.contents = must(blob.Open(t.TempDir()))(t)
	t.Cleanup(func() { check(t, w.contents.Close()) })
	w.start()

	_, token, err := w.Bootstrap(ctx, secret.Secret{})
	check(t, err)
	w.root = must(w.Authenticate(ctx, token, "192.0.2.1"))(t)
	w.admin = must(w.ActIn(ctx, w.root, 0))(t)
	endpoints := map[fleet.Interface]fleet.EndpointInput{fleet.WebDomain: {Host: "sip.example.com", UDP: 5060, TCP: 5060, TLS: 5061}}
	check(t, w.UpdateMyTenant(ctx, w.admin, fleet.TenantInput{Domain: new("example.com"), Endpoints: &endpoints, EnrolMinutes: new(0)}))
	w.user = must(w.CreateUser(ctx, w.admin, userInput("101", w.sipSecret)))(t)
	w.second = must(w.CreateUser(ctx, w.admin, userInput("102", "planted-second-secret")))(t)
	w.phone = must(w.CreatePhone(ctx, w.admin, w.user, phoneInput(w.phoneMAC)))(t)

	w.otherTenant = must(w.CreateTenant(ctx, w.root, fleet.TenantInput{Name: new("Other"), Domain: new("other.example.com"), Endpoints: &endpoints, EnrolMinutes: new(0)}))(t)
	w.other = must(w.ActIn(ctx, w.root, w.otherTenant))(t)
	w.otherUser = must(w.CreateUser(ctx, w.other, userInput("101", w.otherSecret)))(t)
	w.otherPhone = must(w.CreatePhone(ctx, w.other, w.otherUser, phoneInput(w.otherMAC)))(t)
	w.otherBase = "/t/" + must(w.MyTenant(ctx, w.other))(t).Code + "/"
	w.fetches.take()
	return w
}

// start loads the fleet anew, as a restart does.
func (w *world) start(edits ...func(*provision.Config)) {
	w.t.Helper()
	w.core, w.catalog = w.load(edits...)
	w.Fleet = fleet.New(fleet.Config{Store: w.db, Changes: w.core, Catalog: w.catalog, Now: w.clock.Now, Log: w.logger(), Contents: w.contents})
}

func (w *world) load(edits ...func(*provision.Config)) (*provision.Core, *provision.Catalog) {
	w.t.Helper()
	registry := w.registry
	catalog := must(provision.NewCatalog(registry, w.logger()))(w.t)
	cfg := provision.Config{
		Registry: registry, Catalog: catalog, Source: w.db, Enroller: w.enroller, Recorder: w.fetches,
		Addresses: provision.Addresses{Base: installation}, Contents: w.contents, Log: w.logger(), Now: w.clock.Now,
	}
	for _, e := range edits {
		e(&cfg)
	}
	return must(provision.New(w.t.Context(), cfg))(w.t), catalog
}

func (w *world) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func userInput(extension, password string, edits ...func(*fleet.UserInput)) fleet.UserInput {
	in := fleet.UserInput{
		ExtensionNumber: &extension, DisplayName: new("Extension " + extension),
		Password: new(secret.New(password)), VMPIN: new(secret.New("90210377")),
	}
	for _, e := range edits {
		e(&in)
	}
	return in
}

func phoneInput(m mac.Addr, edits ...func(*fleet.PhoneInput)) fleet.PhoneInput {
	in := fleet.PhoneInput{
		MAC: new(m.String()), Filename: new("yealink-t4xu.xml"), Vendor: new("Yealink"), Model: new("T46U"),
		Password: new(secret.New("planted-web-secret1")), Language: new("ENGLISH"), Transfer: new("BLIND"),
		TimeZone: new("Europe/Berlin"), Codecs: &[]string{"PCMA", "G722"},
		Interface: new("WEB_DOMAIN"), PreferredTransport: new("UDP"),
	}
	for _, e := range edits {
		e(&in)
	}
	return in
}

// lan is a request from a private address without TLS.
func lan(path string) provision.Request {
	return provision.Request{Path: path, IP: netip.MustParseAddr("192.168.1.20")}
}

func (w *world) get(path string) provision.Answer {
	w.t.Helper()
	return w.core.Answer(w.t.Context(), lan(path))
}

// own is the path of a file at the secret address that a phone has now.
func (w *world) own(c fleet.Caller, user, phone fleet.ID, file string) string {
	w.t.Helper()
	p := must(w.Phone(w.t.Context(), c, user, phone))(w.t)
	return "/p/" + p.Token.Reveal() + "/" + file
}

// mine is the path of the configuration of the first tenant's phone.
func (w *world) mine() string { return w.own(w.admin, w.user, w.phone, w.phoneMAC.String()+".cfg") }

// config fetches the configuration of the first tenant's phone.
func (w *world) config() string {
	w.t.Helper()
	a := w.get(w.mine())
	if a.Status != 200 {
		w.t.Fatalf("status %d", a.Status)
	}
	return string(a.Body)
}

// smallYealink is the Yealink pack with one of its templates: the others take
// most of the time to compile.
func smallYealink(tb testing.TB) vendor.Pack {
	tb.Helper()
	pack, files := yealink.Pack(), make(fstest.MapFS)
	for _, name := range []string{"yealink-base.xml", "yealink-t4xu.xml", "yealink-w-base.xml", "yealink-w5x.xml", "yealink-w7x.xml", "yealink-w8x.xml"} {
		b, err := fs.ReadFile(pack.Templates, name)
		if err != nil {
			tb.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: b}
	}
	pack.Templates = files
	return pack
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

func contains(t *testing.T, body string, wanted ...string) {
	t.Helper()
	for _, s := range wanted {
		if !strings.Contains(body, s) {
			t.Errorf("%q is missing in\n%s", s, body)
		}
	}
}

func lacks(t *testing.T, body string, unwanted ...string) {
	t.Helper()
	for _, s := range unwanted {
		if strings.Contains(body, s) {
			t.Errorf("%q is in\n%s", s, body)
		}
	}
}

var errDown = errors.New("the store is down")

// enroller makes enrolments durable, or fails.
type enroller struct {
	db   *store.DB
	down bool
}

func (e *enroller) UseEnrolment(ctx context.Context, id fleet.ID, m mac.Addr) (first bool, err error) {
	if e.down {
		return false, errDown
	}
	err = e.db.Write(ctx, func(w fleet.Writer) error {
		first, err = w.UseEnrolment(ctx, id, m)
		return err
	})
	return first, err
}

// fetches keeps what is recorded.
type fetches struct {
	mu   sync.Mutex
	list []fleet.Fetch
}

func (f *fetches) Record(n fleet.Fetch) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = append(f.list, n)
}

func (f *fetches) take() []fleet.Fetch {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := f.list
	f.list = nil
	return list
}

// said prints fetches shortly.
func (f *fetches) said() []string {
	var out []string
	for _, n := range f.take() {
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s %s %d %d %s", n.MAC, n.File, n.Level, n.Status, n.Bytes, n.Reason)))
	}
	return out
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

type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

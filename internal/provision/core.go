package provision

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/secret"
	"github.com/dialplane/dialplane/internal/template"
	"github.com/dialplane/dialplane/internal/vendors"
)

// Enroller makes the use of an enrolment window durable. It returns false if the
// phone had used the window before.
type Enroller interface {
	UseEnrolment(ctx context.Context, id fleet.ID, m mac.Addr) (bool, error)
}

// Recorder takes note of a fetch. It must not block.
type Recorder interface{ Record(fleet.Fetch) }

// Config is what a Core needs. Every field is required but Now and CacheBytes.
type Config struct {
	Registry  *vendor.Registry
	Catalog   *Catalog
	Source    Source
	Enroller  Enroller
	Recorder  Recorder
	Addresses Addresses
	Log       *slog.Logger
	Now       func() time.Time // time.Now unless set
	// CacheBytes bounds the rendered files kept in memory; 64 MiB unless set.
	CacheBytes int
}

// Core answers phones. It implements fleet.Changes.
type Core struct {
	registry  *vendor.Registry
	catalog   *Catalog
	source    Source
	enroller  Enroller
	recorder  Recorder
	addresses Addresses
	log       *slog.Logger
	now       func() time.Time

	snap   snapshot
	cache  cache
	shared bootstraps
	views  sync.Pool // *template.View
	clocks sync.Map  // zoneYear → template.Time
}

// New loads the fleet into memory.
func New(ctx context.Context, cfg Config) (*Core, error) {
	c := &Core{
		registry: cfg.Registry, catalog: cfg.Catalog, source: cfg.Source, enroller: cfg.Enroller,
		recorder: cfg.Recorder, addresses: cfg.Addresses, log: cfg.Log, now: cfg.Now,
	}
	if c.now == nil {
		c.now = time.Now
	}
	c.cache.budget = cfg.CacheBytes
	if c.cache.budget == 0 {
		c.cache.budget = 64 << 20
	}
	c.views.New = func() any { return new(template.View) }
	c.shared = newBootstraps(c.catalog.builtins)
	if err := c.snap.load(ctx, c.source, c.catalog); err != nil {
		return nil, err
	}
	c.catalog.core = c
	return c, nil
}

// Request is what a listener knows of a phone's request.
type Request struct {
	Path      string // decoded, with its leading slash
	Head      bool   // the answer's body will not be sent
	UserAgent string
	IP        netip.Addr
	Secure    bool // over TLS
}

// Level is a rung of the ladder.
type Level string

// The rungs.
const (
	L0 Level = "L0" // a file name only
	L1 Level = "L1" // an enrolment window
	L2 Level = "L2" // the phone's secret address
)

// Answer is what a listener sends. Body must not be changed.
type Answer struct {
	Status int // 200, 404 or 503
	Type   string
	ETag   string // quoted; the hash of Body
	Body   []byte
}

var (
	notFound    = Answer{Status: 404, Type: "text/plain; charset=utf-8", Body: []byte("not found\n")}
	unavailable = Answer{Status: 503, Type: "text/plain; charset=utf-8", Body: []byte("try again later\n")}
)

// maxPath bounds request paths; phones' are far shorter.
const maxPath = 512

// Answer decides what the phone gets: identify, authorise, render. Every request
// that names a file is recorded.
func (c *Core) Answer(ctx context.Context, r Request) Answer {
	if len(r.Path) > maxPath || !plain(r.Path) {
		return notFound
	}
	path := strings.TrimLeft(r.Path, "/")
	if rest, ok := strings.CutPrefix(path, phonePrefix); ok {
		token, name, _ := strings.Cut(rest, "/")
		return c.own(r, token, name)
	}
	code := ""
	if rest, ok := strings.CutPrefix(path, tenantPrefix); ok {
		code, path, _ = strings.Cut(rest, "/")
	}
	tenant, ok := c.snap.tenantByCode(code)
	if !ok {
		return notFound
	}
	return c.common(ctx, r, tenant, path)
}

// plain says whether a path is made of the characters that phones' file names
// are made of, without a step upwards.
func plain(path string) bool {
	for i := range len(path) {
		c := path[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case strings.IndexByte("/-_.:~+ ()", c) >= 0:
		default:
			return false
		}
	}
	return !strings.Contains(path, "..")
}

// own answers at a phone's secret address (L2).
func (c *Core) own(r Request, token, name string) Answer {
	d, ok := c.snap.byTokenText(token)
	if !ok {
		c.log.Warn("request with an unknown secret address", "ip", r.IP, "user_agent", r.UserAgent)
		return notFound
	}
	var reason string
	answer := notFound
	if c.snap.isRejected(d.mac) {
		reason = "the phone is rejected"
	} else {
		c.see(d, r.UserAgent)
		answer, reason = c.file(d, strings.TrimLeft(name, "/"))
	}
	c.record(d, r, name, L2, answer, reason)
	return answer
}

// see takes in what the phone says of itself. Most requests say what the one
// before said, and cost one comparison.
func (c *Core) see(d *device, userAgent string) *seen {
	s := d.seen.Load()
	if s != nil && s.userAgent == userAgent {
		return s
	}
	if s == nil {
		s = new(seen)
	}
	next := &seen{userAgent: userAgent, firmware: s.firmware, model: s.model, vendor: s.vendor}
	if id, ok, _ := c.registry.Identify(vendor.Evidence{UserAgent: userAgent}); ok {
		next.vendor, next.model, next.firmware = id.Vendor, id.Model, id.Version
	}
	d.seen.Store(next)
	return next
}

// file finds and renders one of the phone's files.
func (c *Core) file(d *device, name string) (Answer, string) {
	year := c.now().Year()
	key := fileKey(name, d.hex)
	if r := d.files.Load(); r != nil && r.facts.current(d, year) {
		if a, ok := r.find(key); ok {
			r.used.Store(true)
			return a, ""
		}
	}
	f, m, ok := c.gather(d, year)
	if !ok {
		return unavailable, "its template or model is gone"
	}
	file := m.byName[template.Full][key]
	if file == nil {
		file = m.byName[template.Bootstrap][key]
	}
	if file == nil {
		return notFound, "its model has no such file"
	}
	body, err := c.render(&f, m, file)
	if err != nil {
		c.log.Error("a configuration could not be rendered; the phone is told to come back", "mac", d.mac, "file", file.Pattern, "template", f.phone.Filename, "error", err)
		return unavailable, "its file could not be rendered"
	}
	a := answer(file.Type, body)
	c.cache.put(d, f, key, a)
	return a, ""
}

func (c *Core) render(f *facts, m *model, file *template.File) ([]byte, error) {
	v := c.views.Get().(*template.View)
	defer c.views.Put(v)
	f.view(v, m, c.addresses, c.clock(f.phone.TimeZone, f.year))
	return file.Append(nil, v)
}

// fileKey turns the name that a phone asks for into the key of a model's files.
func fileKey(name, hex string) string {
	key := strings.ToLower(name)
	if i := strings.Index(key, hex); i >= 0 {
		return key[:i] + "{mac}" + key[i+len(hex):]
	}
	return key
}

// common answers at the address that every phone may know (L0 and L1).
func (c *Core) common(ctx context.Context, r Request, tenant *tenantSlot, path string) Answer {
	name := path[strings.LastIndexByte(path, '/')+1:]
	if name == "" {
		return notFound
	}
	found, _, err := c.registry.Identify(vendor.Evidence{UserAgent: r.UserAgent, Path: "/" + path})
	if err != nil {
		c.recordStranger(tenant, r, name, found, notFound, err.Error())
		return notFound
	}
	at := vendor.PathMAC(path)
	if d, ok := c.snap.byAddress(at); ok && d.tenant == tenant {
		if a, ok := c.enrol(ctx, r, d, name); ok {
			return a
		}
	}
	a, ok := c.shared.answer(c, tenant, found.Vendor, name, at)
	if !ok {
		a = notFound
	}
	if d, ok := c.snap.byAddress(at); ok && d.tenant == tenant {
		c.see(d, r.UserAgent)
		c.record(d, r, name, L0, a, "")
	} else {
		c.recordStranger(tenant, r, name, found, a, "")
	}
	return a
}

// enrol hands the phone its secret address if an enrolment window is open for it
// (L1). It returns false where the phone is to be answered like any other.
func (c *Core) enrol(ctx context.Context, r Request, d *device, name string) (Answer, bool) {
	now := c.now()
	w := c.snap.windowFor(d, now)
	if w == nil || r.Head || c.snap.isRejected(d.mac) {
		return Answer{}, false
	}
	f, m, ok := c.gather(d, now.Year())
	if !ok {
		return Answer{}, false
	}
	file := m.byName[template.Enrol][fileKey(name, d.hex)]
	if file == nil {
		return Answer{}, false
	}
	networks := f.tenant.EnrolNetworks
	if len(networks) == 0 {
		networks = privateRanges
	}
	switch {
	case !within(r.IP, networks):
		c.log.Warn("enrolment refused: the address is outside the tenant's networks", "mac", d.mac, "ip", r.IP)
		return Answer{}, false
	case !r.Secure && !within(r.IP, privateRanges):
		c.log.Warn("enrolment refused: without TLS it is served to private addresses only", "mac", d.mac, "ip", r.IP)
		return Answer{}, false
	}
	body, err := c.render(&f, m, file)
	if err != nil {
		c.log.Error("an enrolment file could not be rendered", "mac", d.mac, "file", file.Pattern, "error", err)
		c.record(d, r, name, L1, unavailable, "its file could not be rendered")
		return unavailable, true
	}
	first, err := c.enroller.UseEnrolment(ctx, w.ID, d.mac)
	if err != nil {
		c.log.Error("an enrolment could not be stored; the phone is told to come back", "mac", d.mac, "error", err)
		c.record(d, r, name, L1, unavailable, "its enrolment could not be stored")
		return unavailable, true
	}
	w.markUsed(d.mac)
	if !first {
		c.log.Warn("a second enrolment in one window was refused", "mac", d.mac, "ip", r.IP, "user_agent", r.UserAgent)
		return Answer{}, false
	}
	c.see(d, r.UserAgent)
	if !r.Secure {
		c.log.Warn("a phone enrolled over plain HTTP on a private network", "mac", d.mac, "ip", r.IP)
	} else {
		c.log.Info("a phone enrolled", "mac", d.mac, "ip", r.IP)
	}
	a := answer(file.Type, body)
	c.record(d, r, name, L1, a, "")
	return a, true
}

func (c *Core) record(d *device, r Request, name string, level Level, a Answer, reason string) {
	s := d.seen.Load()
	f := fleet.Fetch{
		Time: c.now(), Tenant: d.tenant.id, MAC: d.mac, File: name, Level: string(level), Status: a.Status,
		IP: r.IP, UserAgent: r.UserAgent, Reason: reason,
	}
	if !r.Head && a.Status == 200 {
		f.Bytes = int64(len(a.Body))
	}
	if s != nil {
		f.Vendor, f.Model, f.Version = s.vendor, s.model, s.firmware
	}
	c.recorder.Record(f)
}

// recordStranger notes a request by a phone that nobody has assigned.
func (c *Core) recordStranger(tenant *tenantSlot, r Request, name string, found vendor.Finding, a Answer, reason string) {
	if found.MAC.IsZero() {
		return
	}
	c.recorder.Record(fleet.Fetch{
		Time: c.now(), Tenant: tenant.id, MAC: found.MAC, File: name, Level: string(L0), Status: a.Status, Bytes: int64(len(a.Body)),
		IP: r.IP, UserAgent: r.UserAgent, Vendor: found.Vendor, Model: found.Model, Version: found.Version, Reason: reason,
	})
}

type zoneYear struct {
	zone string
	year int
}

// clock returns the rules of a zone in a year. They are constants of the time
// zone database, so they are worked out once.
func (c *Core) clock(zone string, year int) template.Time {
	key := zoneYear{zone, year}
	if v, ok := c.clocks.Load(key); ok {
		return v.(template.Time)
	}
	t, err := template.Clock(zone, year)
	if err != nil {
		c.log.Error("unknown time zone; the phone gets UTC", "zone", zone, "error", err)
		t = template.Time{Zone: zone, POSIX: "UTC0"}
	}
	c.clocks.Store(key, t)
	return t
}

// Explain renders one of a phone's files and says where each line came from.
func (c *Core) Explain(m mac.Addr, name string) ([]template.Origin, []byte, error) {
	d, ok := c.snap.byAddress(m)
	if !ok {
		return nil, nil, fleet.NotFound("phone")
	}
	f, md, ok := c.gather(d, c.now().Year())
	if !ok {
		return nil, nil, fmt.Errorf("the template or model of phone %s is gone", m)
	}
	file := md.byName[template.Full][fileKey(name, d.hex)]
	if file == nil {
		return nil, nil, fleet.NotFound("file")
	}
	v := new(template.View)
	f.view(v, md, c.addresses, c.clock(f.phone.TimeZone, f.year))
	return file.Explain(v)
}

// PhoneURL is the phone's secret provisioning address, or "" without its token.
func (c *Core) PhoneURL(p fleet.Phone) string { return c.ownURL(p.Tenant, p.Token) }

// DectURL is the base's secret provisioning address, or "" without its token.
func (c *Core) DectURL(d fleet.DectPhone) string { return c.ownURL(d.Tenant, d.Token) }

func (c *Core) ownURL(tenant fleet.ID, token secret.Secret) string {
	slot, ok := c.snap.tenant(tenant)
	if !ok || token.Empty() {
		return ""
	}
	return c.addresses.Phone(slot.data.Load(), token)
}

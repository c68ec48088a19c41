package provision

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"runtime/debug"
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

// Pointers keeps phones' first-access addresses, which their vendors' redirect services
// know.
type Pointers interface {
	// UsePointer makes it durable that an address has led to the phone's own. It
	// returns false if it had before, or is the phone's no longer.
	UsePointer(ctx context.Context, tenant fleet.ID, m mac.Addr, hash [32]byte, at time.Time) (bool, error)
	// RotatePointer gives the phone another address, which the service is told, and
	// tells the Core.
	RotatePointer(ctx context.Context, tenant fleet.ID, m mac.Addr) error
}

// Recorder takes note of a fetch. It must not block.
type Recorder interface{ Record(fleet.Fetch) }

// Config is what a Core needs. Every field is required but those that say otherwise.
type Config struct {
	Registry  *vendor.Registry
	Catalog   *Catalog
	Source    Source
	Enroller  Enroller
	Pointers  Pointers // may be nil where no phone has a first-access address
	Recorder  Recorder
	Addresses Addresses
	Contents  Contents // may be nil where no file was ever uploaded
	Log       *slog.Logger
	Now       func() time.Time // time.Now unless set
	// Fetched is told of every file that a phone was given at its secret address.
	// It must not block. It may be nil.
	Fetched func(m mac.Addr, at time.Time)
	// CacheBytes bounds the rendered files kept in memory; 256 MiB unless set.
	CacheBytes int
}

// Core answers phones. It implements fleet.Changes.
type Core struct {
	registry  *vendor.Registry
	catalog   *Catalog
	source    Source
	enroller  Enroller
	pointers  Pointers
	recorder  Recorder
	addresses Addresses
	contents  Contents
	log       *slog.Logger
	now       func() time.Time
	fetched   func(m mac.Addr, at time.Time)

	snap   snapshot
	cache  cache
	shared bootstraps
	desks  sync.Pool // *desk
	clocks sync.Map  // zoneYear → template.Time

	// What strangers can cause as often as they like is logged now and then.
	unknownToken, outside, plainText, secondUse rarely
}

// New loads the fleet into memory.
func New(ctx context.Context, cfg Config) (*Core, error) {
	c := &Core{
		registry: cfg.Registry, catalog: cfg.Catalog, source: cfg.Source, enroller: cfg.Enroller, pointers: cfg.Pointers,
		recorder: cfg.Recorder, addresses: cfg.Addresses, contents: cfg.Contents, log: cfg.Log, now: cfg.Now, fetched: cfg.Fetched,
	}
	if c.now == nil {
		c.now = time.Now
	}
	c.cache.budget = cfg.CacheBytes
	if c.cache.budget == 0 {
		c.cache.budget = 256 << 20
	}
	c.desks.New = func() any { return new(desk) }
	c.shared = newBootstraps(c.catalog.builtins)
	if err := c.snap.load(ctx, c.source, c.catalog, c.log); err != nil {
		return nil, err
	}
	c.catalog.core = c
	return c, nil
}

// Request is what a listener knows of a phone's request.
type Request struct {
	Path      string // decoded, with its leading slash
	Query     string // as it was sent, without the question mark
	Head      bool   // the answer's body will not be sent
	UserAgent string
	IP        netip.Addr
	Secure    bool // over TLS
	// Local is set if the request comes from this very machine, whatever the
	// address that it used.
	Local bool
}

// Level is a rung of the ladder.
type Level string

// The rungs.
const (
	L0 Level = "L0" // a file name only
	L1 Level = "L1" // an enrolment window, or the first-access address
	L2 Level = "L2" // the phone's secret address
)

// Answer is what a listener sends. Body must not be changed.
type Answer struct {
	Status int // 200, 404 or 503
	Type   string
	ETag   string // quoted; the hash of the body
	Body   []byte
	// Upload takes the place of Body where an uploaded file is the answer.
	Upload *Upload
}

var (
	notFound    = Answer{Status: 404, Type: "text/plain; charset=utf-8", Body: []byte("not found\n")}
	unavailable = Answer{Status: 503, Type: "text/plain; charset=utf-8", Body: []byte("try again later\n")}
)

// maxPath bounds request paths; phones' are far shorter.
const maxPath = 512

// Answer decides what the phone gets: identify, authorise, render. Every request
// that names a file of a phone is recorded. A fault of ours is a 503 for the one
// phone that meets it.
func (c *Core) Answer(ctx context.Context, r Request) (a Answer) {
	defer func() {
		if fault := recover(); fault != nil {
			c.log.Error("a request could not be answered; the phone is told to come back", "fault", fault, "stack", string(debug.Stack()))
			a = unavailable
		}
	}()
	if len(r.Path) > maxPath || !plain(r.Path) {
		return notFound
	}
	path := strings.TrimLeft(r.Path, "/")
	if rest, ok := strings.CutPrefix(path, phonePrefix); ok {
		token, name, _ := strings.Cut(rest, "/")
		return c.own(ctx, r, token, name)
	}
	if rest, ok := strings.CutPrefix(path, firstPrefix); ok {
		token, name, _ := strings.Cut(rest, "/")
		return c.first(ctx, r, token, name)
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

// Proven says whether a path is at an address that phones do not share, so that nobody
// finds files there by trying names.
func Proven(path string) bool {
	path = strings.TrimLeft(path, "/")
	return strings.HasPrefix(path, phonePrefix) || strings.HasPrefix(path, firstPrefix)
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
func (c *Core) own(ctx context.Context, r Request, token, path string) Answer {
	d, ok := c.snap.byTokenText(token)
	if !ok {
		c.warn(&c.unknownToken, r, "requests with an unknown secret address")
		return c.stranger()
	}
	name := lastPart(path)
	if d.disabled() {
		a := c.stranger()
		c.record(d.tenant, d.mac, vendor.Identity{}, r, name, L2, a, "the phone is disabled")
		return a
	}
	if d.rejected.Load() {
		c.record(d.tenant, d.mac, vendor.Identity{}, r, name, L2, notFound, isRejected)
		return notFound
	}
	if address, ok := strings.CutPrefix(strings.TrimLeft(path, "/"), filesPrefix); ok {
		return c.upload(d, r, token, address)
	}
	said, doubt := d.see(c.registry, r.UserAgent)
	as := d.data.Load()
	key := fileKey(strings.TrimLeft(path, "/"), d.mac)
	a, reason, config := c.file(d, token, key, r.Query)
	if a.Status != 200 {
		doubt = ""
	}
	if a.Status == 404 {
		if named, _, _ := c.registry.Identify(vendor.Evidence{Path: "/" + path}); !named.PathMAC.IsZero() && named.PathMAC != d.mac {
			reason = othersFile
		}
	}
	if !config {
		noted := a
		noted.ETag = "" // what is kept of the configuration alone says how a phone is
		c.note(fleet.Fetch{Severity: severityOf(reason), Reason: reason, Doubt: doubt}, d.tenant, d.mac, said.Identity, r, name, L2, noted)
		return a
	}
	if !r.Head {
		now := c.now()
		d.note(key, a, reason, now)
		if a.Status == 200 {
			if as.base != nil {
				d.fetchedAs.Store(as)
			}
			c.arrived(ctx, d, now)
		}
	}
	c.note(fleet.Fetch{Severity: severityOf(reason), Reason: reason, Doubt: doubt}, d.tenant, d.mac, said.Identity, r, name, L2, a)
	return a
}

// stranger is the answer at a secret address that is nobody's.
func (c *Core) stranger() Answer {
	if c.snap.incomplete {
		return unavailable
	}
	return notFound
}

// see takes in what the phone says of itself, and returns why that is to be doubted
// of a phone that has fetched before, or "". Most requests say what the one before
// said, and cost one comparison.
func (d *device) see(registry *vendor.Registry, userAgent string) (_ *seen, doubt string) {
	s := d.seen.Load()
	if s != nil && s.userAgent == userAgent {
		return s, ""
	}
	next := &seen{userAgent: userAgent}
	if s != nil {
		next.Identity = s.Identity
	}
	found, ok, _ := registry.Identify(vendor.Evidence{UserAgent: userAgent})
	if ok {
		next.Identity = found.Identity
	}
	d.seen.Store(next)
	if s == nil || d.served.Load() == nil {
		return next, ""
	}
	switch {
	case !ok && s.Vendor != "":
		doubt = fmt.Sprintf("what used its secret address does not call itself a phone, and was a %s %s", s.Vendor, s.Model)
	case ok && !found.MAC.IsZero() && found.MAC != d.mac:
		doubt = fmt.Sprintf("what used its secret address calls itself the phone %s", found.MAC)
	case ok && s.Model != "" && (found.Vendor != s.Vendor || found.Model != s.Model):
		doubt = fmt.Sprintf("what used its secret address calls itself a %s %s, and was a %s %s", found.Vendor, found.Model, s.Vendor, s.Model)
	}
	return next, doubt
}

// file finds and renders one of the phone's files, and says whether it is one of its
// configuration. The token has to be that of the very version of the phone that the
// file is made from.
func (c *Core) file(d *device, token, key, query string) (a Answer, reason string, config bool) {
	year := c.year()
	if r := d.files.Load(); r != nil && r.facts.current(d, year) {
		if a, ok := r.find(key); ok && r.facts.phone.Token.Equal(secret.New(token)) {
			r.use()
			return a, "", true
		}
	}
	f, m, ok := c.gather(d, year)
	switch {
	case !f.phone.Token.Equal(secret.New(token)):
		return notFound, "its secret address has been changed", true
	case !ok:
		return unavailable, "its extension, template or model is gone", true
	}
	file := m.byName[template.Full][key]
	if file == nil {
		file = m.byName[template.Bootstrap][key]
	}
	if book := m.byName[template.Directory][key]; file == nil && book != nil {
		a, reason = c.phoneBook(d, &f, m, book, query)
		return a, reason, false
	}
	if file == nil {
		return notFound, "its model has no such file", true
	}
	body, err := c.render(&f, m, file)
	if err != nil {
		c.log.Error("a configuration could not be rendered; the phone is told to come back", "mac", d.mac, "file", file.Pattern, "template", f.phone.Filename, "error", err)
		return unavailable, "its file could not be rendered", true
	}
	a = answer(file.Type, body)
	c.cache.put(d, f, key, a)
	return a, "", true
}

// year is the one whose daylight-saving rules phones get. It begins at the same
// moment on every machine.
func (c *Core) year() int { return c.now().UTC().Year() }

// desk is what one rendering needs and the next can use again.
type desk struct {
	view   template.View
	output []byte
}

func (c *Core) render(f *facts, m *model, file *template.File) ([]byte, error) {
	d := c.desks.Get().(*desk)
	defer c.desks.Put(d)
	f.view(&d.view, m, c.addresses, c.clock(f.phone.TimeZone, f.year))
	if file.Level == template.Bootstrap { // at its own address, which it is not to leave
		d.view.Provisioning.SharedURL = d.view.Provisioning.URL
	}
	output, err := file.Append(d.output[:0], &d.view)
	if err != nil {
		return nil, err
	}
	d.output = output
	return bytes.Clone(output), nil
}

// fileKey turns the name that a phone asks for into the key of a model's files.
// The address may be spelled as vendor.PathMAC reads it.
func fileKey(name string, m mac.Addr) string {
	key := strings.ToLower(name)
	digits := m.String()
	if i := strings.Index(key, digits); i >= 0 {
		return key[:i] + "{mac}" + key[i+len(digits):]
	}
	colons := m.Colons()
	for _, spelled := range []string{colons, strings.ReplaceAll(colons, ":", "-")} {
		if i := strings.Index(key, spelled); i >= 0 {
			return key[:i] + "{mac}" + key[i+len(spelled):]
		}
	}
	return key
}

func lastPart(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// common answers at the address that every phone may know (L0 and L1).
func (c *Core) common(ctx context.Context, r Request, tenant *tenantSlot, path string) Answer {
	name := lastPart(path)
	if name == "" {
		return notFound
	}
	found, _, err := c.registry.Identify(vendor.Evidence{UserAgent: r.UserAgent, Path: "/" + path})
	if err != nil {
		reason := err.Error()
		if d, ok := c.snap.byAddress(found.PathMAC); ok && d.tenant == tenant {
			// Somebody asks for this phone's file. It is not where the phone was seen.
			reason = fmt.Sprintf("%s; it came from %s as %q", reason, r.IP, r.UserAgent)
			found.Identity, r.IP, r.UserAgent = vendor.Identity{MAC: d.mac}, netip.Addr{}, ""
		}
		c.note(fleet.Fetch{Severity: fleet.High, Reason: reason}, tenant, found.MAC, found.Identity, r, name, L0, notFound)
		return notFound
	}
	reason := ""
	at := found.PathMAC
	if d, ok := c.snap.byAddress(at); ok && d.tenant == tenant {
		a, why, ok := c.enrol(ctx, r, d, name)
		if ok {
			c.record(tenant, at, found.Identity, r, name, L1, a, why)
			return a
		}
		reason = why
	}
	a, ok := c.shared.answer(c, found.Vendor, found.Model, name, at, c.addresses.Shared(tenant.data.Load()))
	if !ok {
		a = notFound
		if reason == "" {
			reason = unproven
		}
	}
	c.record(tenant, found.MAC, found.Identity, r, name, L0, a, reason)
	return a
}

// Why requests are refused, where that matters beyond the text.
const (
	isRejected   = "the phone is rejected"
	othersFile   = "it asked for another phone's file at its own secret address"
	unproven     = "without the phone's secret address there is no such file"
	usedBefore   = "the phone had enrolled in this window before"
	pointerUsed  = "its first-access address has been used before"
	pointerDead  = "its first-access address has expired"
	notFromThere = "the address is outside the tenant's networks for enrolment"
	needsTLS     = "without TLS, phones enrol from private addresses only"
)

func severityOf(reason string) fleet.Severity {
	switch reason {
	case usedBefore, pointerUsed, othersFile:
		return fleet.High
	case isRejected, notFromThere, needsTLS:
		return fleet.Warning
	}
	return ""
}

// enrol hands the phone its secret address if an enrolment window is open for it
// (L1). It returns false where the phone is to be answered like any other, and
// the reason if it has one to be refused or is to come back.
func (c *Core) enrol(ctx context.Context, r Request, d *device, name string) (Answer, string, bool) {
	switch {
	case d.rejected.Load():
		return Answer{}, isRejected, false
	case r.Head, d.disabled():
		return Answer{}, "", false
	}
	w, used := d.window(c.now())
	if w == nil && !used {
		return Answer{}, "", false
	}
	f, m, ok := c.gather(d, c.year())
	if !ok {
		return Answer{}, "", false
	}
	file, m := m.enrolment(fileKey(name, d.mac))
	if file == nil {
		return Answer{}, "", false
	}
	switch {
	case used:
		c.warn(&c.secondUse, r, "a second enrolment was refused", "mac", d.mac)
		return Answer{}, usedBefore, false
	case !enrolsFrom(f.tenant, r.IP, r.Local):
		c.warn(&c.outside, r, "an enrolment was refused: the address is outside the tenant's networks", "mac", d.mac)
		return Answer{}, notFromThere, false
	case c.inTheClear(r, d):
		return Answer{}, needsTLS, false
	}
	return c.grant(r, d, &f, m, file, func() (bool, error) { return c.use(ctx, d, w) })
}

// grant gives a phone its enrol file once use has made that durable. It returns false
// where the phone is to be answered like any other, and the reason if it had been
// given the file before.
func (c *Core) grant(r Request, d *device, f *facts, m *model, file *template.File, use func() (first bool, err error)) (Answer, string, bool) {
	body, err := c.render(f, m, file)
	if err != nil {
		c.log.Error("an enrolment file could not be rendered", "mac", d.mac, "file", file.Pattern, "error", err)
		return unavailable, "its file could not be rendered", true
	}
	first, err := use()
	if closed, err := gone(err); err != nil {
		c.log.Error("an enrolment could not be stored; the phone is told to come back", "mac", d.mac, "error", err)
		return unavailable, "its enrolment could not be stored", true
	} else if closed {
		return Answer{}, "", false
	}
	if !first {
		c.warn(&c.secondUse, r, "a second enrolment was refused", "mac", d.mac)
		return Answer{}, usedBefore, false
	}
	if r.Secure {
		c.log.Info("a phone enrolled", "mac", d.mac, "ip", r.IP)
	} else {
		c.log.Warn("a phone enrolled over plain HTTP on a private network", "mac", d.mac, "ip", r.IP)
	}
	return answer(file.Type, body), "", true
}

// inTheClear says whether a phone would be handed its secret address where others can
// read it.
func (c *Core) inTheClear(r Request, d *device) bool {
	if r.Secure || r.Local || within(r.IP, privateRanges) {
		return false
	}
	c.warn(&c.plainText, r, "an enrolment was refused: without TLS it is served to private addresses only", "mac", d.mac)
	return true
}

// enrolsFrom says whether the tenant's phones may enrol from an address, or from
// this machine if it names no networks.
func enrolsFrom(t *fleet.Tenant, ip netip.Addr, local bool) bool {
	if len(t.EnrolNetworks) == 0 {
		return local || within(ip, privateRanges)
	}
	return within(ip, t.EnrolNetworks)
}

// use notes durably that the phone has used a window, and says whether it is the
// first time.
func (c *Core) use(ctx context.Context, d *device, w *window) (first bool, err error) {
	if first, err = c.enroller.UseEnrolment(ctx, w.id, d.mac); err == nil {
		w.markUsed(d.mac)
	}
	return first, err
}

// record takes note of a request of the phone m, if it is known which one asked.
func (c *Core) record(tenant *tenantSlot, m mac.Addr, said vendor.Identity, r Request, name string, level Level, a Answer, reason string) {
	c.note(fleet.Fetch{Severity: severityOf(reason), Reason: reason}, tenant, m, said, r, name, level, a)
}

// note is record with what else is known of the request.
func (c *Core) note(f fleet.Fetch, tenant *tenantSlot, m mac.Addr, said vendor.Identity, r Request, name string, level Level, a Answer) {
	if m.IsZero() {
		return
	}
	f.Time, f.Tenant, f.MAC, f.File, f.Level, f.Status = c.now(), tenant.id, m, printable(name), string(level), a.Status
	f.IP, f.UserAgent, f.Vendor, f.Model, f.Version = r.IP, r.UserAgent, said.Vendor, said.Model, said.Version
	if !r.Head && a.Status == 200 && a.Body != nil {
		f.Bytes = int64(len(a.Body))
		if level == L2 {
			f.ETag = a.ETag
		}
	}
	c.recorder.Record(f)
}

// printable leaves out of a name what may be a secret address that was spelled so
// that it was not taken for one.
func printable(name string) string {
	run := 0
	for i := range len(name) {
		letter := name[i] | 0x20
		if 'a' <= letter && letter <= 'z' || '0' <= name[i] && name[i] <= '9' {
			run++
		} else {
			run = 0
		}
		if run >= tokenLength {
			return "(left out)"
		}
	}
	return name
}

// tokenLength is that of the secret part of a phone's address.
const tokenLength = 32

// rarely counts events between two lines of the log.
type rarely struct {
	mu   sync.Mutex
	last time.Time
	n    int
}

// logPause is the time between two lines about the same event.
const logPause = 10 * time.Second

// due counts an event and says whether it is time to log, and how many events the
// line stands for.
func (e *rarely) due(now time.Time) (int, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.n++
	if since := now.Sub(e.last); 0 <= since && since < logPause {
		return 0, false
	}
	n := e.n
	e.last, e.n = now, 0
	return n, true
}

// warn logs an event that strangers can cause, unless it has just been logged.
func (c *Core) warn(e *rarely, r Request, message string, args ...any) {
	if n, ok := e.due(c.now()); ok {
		c.log.Warn(message, append(args, "ip", r.IP, "user_agent", r.UserAgent, "events", n)...)
	}
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
	f, md, ok := c.gather(d, c.year())
	if !ok {
		return nil, nil, fmt.Errorf("the template or model of phone %s is gone", m)
	}
	file := md.byName[template.Full][fileKey(name, d.mac)]
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

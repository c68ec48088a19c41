package provision

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/listquery"
	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
)

// Source streams the fleet into memory at start and reads single objects of it
// again when they change.
type Source interface {
	EachTenant(ctx context.Context, f func(fleet.Tenant) error) error
	EachUser(ctx context.Context, f func(fleet.User) error) error
	EachContact(ctx context.Context, f func(fleet.Contact) error) error
	EachFile(ctx context.Context, f func(fleet.File) error) error
	EachFirmwarePolicy(ctx context.Context, f func(fleet.FirmwarePolicy) error) error
	EachPhone(ctx context.Context, f func(fleet.Phone) error) error
	// EachDectPhone streams DECT bases with their members by rising handset index.
	EachDectPhone(ctx context.Context, f func(fleet.DectPhone, []fleet.Member) error) error
	EachDectSystem(ctx context.Context, f func(fleet.DectSystem) error) error
	EachTemplate(ctx context.Context, f func(fleet.TemplateFile) error) error
	EachEnrolment(ctx context.Context, f func(fleet.Enrolment) error) error
	EachSighting(ctx context.Context, f func(fleet.Sighting) error) error
	EachServed(ctx context.Context, f func(fleet.Served) error) error
	EachPointer(ctx context.Context, f func(fleet.Pointer) error) error
	Read(ctx context.Context, f func(fleet.Reader) error) error
}

// snapshot is the fleet in memory. Its maps are read without locks; writers
// replace single entries.
type snapshot struct {
	tenants sync.Map // fleet.ID → *tenantSlot
	codes   sync.Map // string → *tenantSlot, by the code of the shared address
	users   sync.Map // fleet.ID → *userSlot
	byToken sync.Map // [32]byte → *device
	byMAC   sync.Map // mac.Addr → *device
	systems sync.Map // fleet.ID → *systemSlot
	byFirst sync.Map // [32]byte → *pointer, by the hash of the first-access address
	// rejected are the phones that a tenant does not want, assigned or not.
	rejected sync.Map   // rejection → struct{}
	changes  sync.Mutex // serialises reloads, so that the last one read wins

	// incomplete is set if objects could not be read at the start: whatever is
	// not found may be one of them.
	incomplete bool
}

type rejection struct {
	tenant fleet.ID
	phone  mac.Addr
}

func (s *snapshot) reject(tenant fleet.ID, m mac.Addr, rejected bool) {
	if rejected {
		s.rejected.Store(rejection{tenant, m}, struct{}{})
	} else {
		s.rejected.Delete(rejection{tenant, m})
	}
}

func (s *snapshot) rejects(tenant fleet.ID, m mac.Addr) bool {
	_, ok := s.rejected.Load(rejection{tenant, m})
	return ok
}

type tenantSlot struct {
	id         fleet.ID
	data       atomic.Pointer[fleet.Tenant]
	templates  atomic.Pointer[templateSet]
	windows    sync.Map // mac.Addr → []*window, by the phone that they are for; zero for every phone
	extensions sync.Map // string → *userSlot
	contacts   sync.Map // fleet.ID → *fleet.Contact
	directory  directory
	library    atomic.Pointer[library] // nil where nothing was ever uploaded
	// lines are the users with a line key for an extension, by the extension;
	// under snapshot.changes.
	lines map[string]map[*userSlot]struct{}
}

type userSlot struct {
	id     fleet.ID
	data   atomic.Pointer[fleet.User] // nil if the user is gone or could not be read
	phones []*device                  // under snapshot.changes
	bases  []*device                  // of which the user is a member; under snapshot.changes
}

// device is an assigned phone or DECT base.
type device struct {
	mac      mac.Addr
	hex      string // the MAC as 12 lower-case hex digits
	tenant   *tenantSlot
	user     *userSlot // nil for a DECT base
	data     atomic.Pointer[unit]
	rejected atomic.Bool
	seen     atomic.Pointer[seen]
	files    atomic.Pointer[rendered]
	served   atomic.Pointer[served]
	pointer  atomic.Pointer[pointer] // nil where its vendor's redirect service is told nothing
	// fetchedAs is a base as it was when it last fetched: with the members that it has
	// registered, whoever they are by now. Nil for a base that has not since the start.
	fetchedAs atomic.Pointer[unit]
}

// unit is a phone or a DECT base as an admin has set it up. It is immutable.
type unit struct {
	fleet.Phone                  // of a base, what phones have too; it has no user
	base        *fleet.DectPhone // nil for a desk phone
	members     []member         // of a base, by rising handset index; of a system's, the data master's alone
	system      *systemSlot      // that a base is in, or nil
}

// systemSlot is the place of a multi-cell system of DECT bases.
type systemSlot struct {
	data atomic.Pointer[system] // nil if there is none
}

// system is a multi-cell system as an admin has set it up. It is immutable.
type system struct {
	fleet.DectSystem
	levels []int            // of each base: how far from the root of the clocks
	place  map[fleet.ID]int // of a base, by its ID
	bases  map[mac.Addr]bool
}

func newSystem(s *fleet.DectSystem) *system {
	y := &system{DectSystem: *s, levels: s.SyncLevels(), place: make(map[fleet.ID]int, len(s.Bases)), bases: make(map[mac.Addr]bool, len(s.Bases))}
	for _, b := range s.Bases {
		y.place[b.Dect], y.bases[b.MAC] = b.Index, true
	}
	return y
}

// member is an extension on a handset of a base.
type member struct {
	fleet.Member
	slot *userSlot
}

// disabled says whether an admin has disabled the phone: it is then answered as if
// nobody knew it.
func (d *device) disabled() bool {
	p := d.data.Load()
	return p.Disabled()
}

// seen is what the phone said of itself when it last proved who it was.
type seen struct {
	userAgent string
	vendor.Identity
}

type window struct {
	id              fleet.ID
	opened, expires time.Time

	mu   sync.Mutex
	used map[mac.Addr]bool
}

func (s *snapshot) load(ctx context.Context, src Source, catalog *Catalog, log *slog.Logger) error {
	err := src.EachTenant(ctx, func(t fleet.Tenant) error {
		s.putTenant(&t, catalog)
		return nil
	})
	if err := s.excuse(err, log); err != nil {
		return fmt.Errorf("load tenants: %w", err)
	}
	custom := make(map[fleet.ID]map[string]string)
	err = src.EachTemplate(ctx, func(f fleet.TemplateFile) error {
		if custom[f.Tenant] == nil {
			custom[f.Tenant] = make(map[string]string)
		}
		custom[f.Tenant][f.Filename] = f.Content
		return nil
	})
	if err != nil {
		return fmt.Errorf("load templates: %w", err)
	}
	for id, files := range custom {
		if t, ok := s.tenant(id); ok {
			t.templates.Store(catalog.compile(files, nil))
		}
	}
	err = src.EachUser(ctx, func(u fleet.User) error {
		s.putUser(&u)
		return nil
	})
	if err := s.excuse(err, log); err != nil {
		return fmt.Errorf("load users: %w", err)
	}
	err = src.EachContact(ctx, func(ct fleet.Contact) error {
		if t, ok := s.tenant(ct.Tenant); ok {
			t.putContact(&ct)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("load contacts: %w", err)
	}
	if err := s.loadLibraries(ctx, src); err != nil {
		return err
	}
	err = src.EachPhone(ctx, func(p fleet.Phone) error {
		s.putPhone(&p)
		return nil
	})
	if err := s.excuse(err, log); err != nil {
		return fmt.Errorf("load phones: %w", err)
	}
	err = src.EachDectSystem(ctx, func(y fleet.DectSystem) error {
		s.systemSlot(y.ID).data.Store(newSystem(&y))
		return nil
	})
	if err != nil {
		return fmt.Errorf("load DECT systems: %w", err)
	}
	err = src.EachDectPhone(ctx, func(b fleet.DectPhone, members []fleet.Member) error {
		s.putBase(&b, members)
		return nil
	})
	if err := s.excuse(err, log); err != nil {
		return fmt.Errorf("load DECT bases: %w", err)
	}
	err = src.EachSighting(ctx, func(g fleet.Sighting) error {
		if g.Rejected {
			s.reject(g.Tenant, g.MAC, true)
		}
		if d, ok := s.byAddress(g.MAC); ok {
			d.sighted(&g)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("load sightings: %w", err)
	}
	err = src.EachServed(ctx, func(f fleet.Served) error {
		if d, ok := s.byAddress(f.MAC); ok {
			d.note(fileKey(f.File, f.MAC), Answer{Status: 200, ETag: f.ETag}, "", f.Time)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("load what phones have fetched: %w", err)
	}
	err = src.EachPointer(ctx, func(p fleet.Pointer) error {
		if d, ok := s.byAddress(p.MAC); ok && d.tenant.id == p.Tenant {
			s.point(d, &p)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("load first-access addresses: %w", err)
	}
	type place struct {
		tenant fleet.ID
		phone  mac.Addr
	}
	open := make(map[place][]fleet.Enrolment)
	err = src.EachEnrolment(ctx, func(e fleet.Enrolment) error {
		at := place{e.Tenant, e.MAC}
		open[at] = append(open[at], e)
		return nil
	})
	if err != nil {
		return fmt.Errorf("load enrolment windows: %w", err)
	}
	for at, list := range open {
		if t, ok := s.tenant(at.tenant); ok {
			t.open(at.phone, list)
		}
	}
	return nil
}

// loadLibraries takes in what was uploaded.
func (s *snapshot) loadLibraries(ctx context.Context, src Source) error {
	files, policies := make(map[fleet.ID][]fleet.File), make(map[fleet.ID][]fleet.FirmwarePolicy)
	changed := make(map[fleet.ID]time.Time)
	note := func(tenant fleet.ID, at time.Time) {
		if at.After(changed[tenant]) {
			changed[tenant] = at
		}
	}
	err := src.EachFile(ctx, func(f fleet.File) error {
		files[f.Tenant] = append(files[f.Tenant], f)
		note(f.Tenant, f.CreatedAt)
		return nil
	})
	if err != nil {
		return fmt.Errorf("load uploaded files: %w", err)
	}
	err = src.EachFirmwarePolicy(ctx, func(p fleet.FirmwarePolicy) error {
		policies[p.Tenant] = append(policies[p.Tenant], p)
		note(p.Tenant, p.UpdatedAt)
		return nil
	})
	if err != nil {
		return fmt.Errorf("load firmware policies: %w", err)
	}
	for tenant, at := range changed {
		if slot, ok := s.tenant(tenant); ok {
			slot.library.Store(newLibrary(files[tenant], policies[tenant], at))
		}
	}
	return nil
}

// excuse lets the server start without the objects that the source could not
// open. Their phones are told to come back.
func (s *snapshot) excuse(err error, log *slog.Logger) error {
	var unreadable interface{ Unreadable() []string }
	if !errors.As(err, &unreadable) {
		return err
	}
	s.incomplete = true
	names := unreadable.Unreadable()
	log.Error("some objects cannot be read; their phones are told to come back", "count", len(names), "first", names[:min(10, len(names))], "error", err)
	return nil
}

// sighted takes in what was noted of the phone. Each tenant has notes of its own,
// and only those of the phone's tenant count.
func (d *device) sighted(g *fleet.Sighting) {
	if g.Tenant != d.tenant.id {
		return
	}
	d.rejected.Store(g.Rejected)
	if g.UserAgent != "" {
		d.seen.CompareAndSwap(nil, &seen{g.UserAgent, vendor.Identity{Vendor: g.Vendor, Model: g.Model, Version: g.Version}})
	}
}

// open replaces the windows that are for the phone m, or for every phone.
func (t *tenantSlot) open(m mac.Addr, list []fleet.Enrolment) {
	if len(list) == 0 {
		t.windows.Delete(m)
		return
	}
	open := make([]*window, len(list))
	for i, e := range list {
		open[i] = &window{id: e.ID, opened: e.Opened, expires: e.Expires, used: make(map[mac.Addr]bool, len(e.Used))}
		for _, m := range e.Used {
			open[i].used[m] = true
		}
	}
	t.windows.Store(m, open)
}

// windowsFor returns the windows that are for the phone alone, or, with no address,
// for every phone.
func (t *tenantSlot) windowsFor(m mac.Addr) []*window {
	v, ok := t.windows.Load(m)
	if !ok {
		return nil
	}
	return v.([]*window)
}

// window returns a window in which the phone may enrol now, and whether there is
// one in which it has.
func (d *device) window(now time.Time) (open *window, used bool) {
	for _, m := range [...]mac.Addr{d.mac, {}} {
		for _, w := range d.tenant.windowsFor(m) {
			switch {
			case now.Before(w.opened) || !now.Before(w.expires):
			case w.usedBy(d.mac):
				used = true
			default:
				return w, false
			}
		}
	}
	return nil, used
}

func (w *window) usedBy(m mac.Addr) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.used[m]
}

func (w *window) markUsed(m mac.Addr) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.used[m] = true
}

func (s *snapshot) tenant(id fleet.ID) (*tenantSlot, bool) {
	v, ok := s.tenants.Load(id)
	if !ok {
		return nil, false
	}
	return v.(*tenantSlot), true
}

func (s *snapshot) tenantByCode(code string) (*tenantSlot, bool) {
	v, ok := s.codes.Load(code)
	if !ok {
		return nil, false
	}
	return v.(*tenantSlot), true
}

func (s *snapshot) user(id fleet.ID) (*userSlot, bool) {
	v, ok := s.users.Load(id)
	if !ok {
		return nil, false
	}
	return v.(*userSlot), true
}

func (s *snapshot) byAddress(m mac.Addr) (*device, bool) {
	v, ok := s.byMAC.Load(m)
	if !ok {
		return nil, false
	}
	return v.(*device), true
}

// byTokenText finds the phone whose secret address holds the text. It compares
// hashes, so the time it takes says nothing of how much of the text was right.
func (s *snapshot) byTokenText(text string) (*device, bool) {
	v, ok := s.byToken.Load(sha256.Sum256([]byte(text)))
	if !ok {
		return nil, false
	}
	return v.(*device), true
}

func (s *snapshot) putTenant(t *fleet.Tenant, catalog *Catalog) {
	slot, ok := s.tenant(t.ID)
	if !ok {
		slot = &tenantSlot{id: t.ID}
		slot.templates.Store(catalog.builtins)
		slot.data.Store(t)
		s.tenants.Store(t.ID, slot)
	}
	if old := slot.data.Load(); old.Code != t.Code {
		s.codes.CompareAndDelete(old.Code, slot)
	}
	slot.data.Store(t)
	s.codes.Store(t.Code, slot)
}

func (s *snapshot) removeTenant(id fleet.ID) {
	slot, ok := s.tenant(id)
	if !ok {
		return
	}
	s.tenants.Delete(id)
	s.codes.CompareAndDelete(slot.data.Load().Code, slot)
	slot.extensions.Range(func(_, v any) bool {
		s.removeUser(v.(*userSlot).id)
		return true
	})
	s.rejected.Range(func(k, _ any) bool {
		if k.(rejection).tenant == id {
			s.rejected.Delete(k)
		}
		return true
	})
	s.byMAC.Range(func(_, v any) bool { // those whose user could not be read
		if d := v.(*device); d.tenant == slot {
			s.removePhone(d)
		}
		return true
	})
}

func (s *snapshot) putUser(u *fleet.User) {
	tenant, ok := s.tenant(u.Tenant)
	if !ok {
		return
	}
	slot, ok := s.user(u.ID)
	if !ok {
		slot = &userSlot{id: u.ID}
	}
	old := slot.data.Load()
	if old != nil {
		if old.ExtensionNumber != u.ExtensionNumber {
			tenant.extensions.CompareAndDelete(old.ExtensionNumber, slot)
		}
		tenant.dropLines(slot, old)
	}
	tenant.addLines(slot, u)
	slot.data.Store(u)
	s.users.Store(u.ID, slot)
	tenant.extensions.Store(u.ExtensionNumber, slot)
	if old == nil || old.ExtensionNumber != u.ExtensionNumber || old.DisplayName != u.DisplayName {
		tenant.directory.changed()
	}
}

func (s *snapshot) removeUser(id fleet.ID) {
	slot, ok := s.user(id)
	if !ok {
		return
	}
	s.users.Delete(id)
	if u := slot.data.Swap(nil); u != nil {
		if tenant, ok := s.tenant(u.Tenant); ok {
			tenant.extensions.CompareAndDelete(u.ExtensionNumber, slot)
			tenant.directory.changed()
			tenant.dropLines(slot, u)
		}
	}
	for _, d := range slices.Clone(slot.phones) {
		s.removePhone(d)
	}
}

func (t *tenantSlot) addLines(slot *userSlot, u *fleet.User) {
	for _, k := range u.Keys {
		if k.Kind != fleet.KeyLine || k.Value == "" || k.Value == u.ExtensionNumber {
			continue
		}
		if t.lines == nil {
			t.lines = make(map[string]map[*userSlot]struct{})
		}
		if t.lines[k.Value] == nil {
			t.lines[k.Value] = make(map[*userSlot]struct{})
		}
		t.lines[k.Value][slot] = struct{}{}
	}
}

func (t *tenantSlot) dropLines(slot *userSlot, u *fleet.User) {
	for _, k := range u.Keys {
		if users := t.lines[k.Value]; users != nil {
			if delete(users, slot); len(users) == 0 {
				delete(t.lines, k.Value)
			}
		}
	}
}

// Sharers lists the other phones that register as an extension of the phone m: the
// extension's own, DECT bases that it is a member of, and phones with a line key for
// it. Of a DECT base that is the first member's extension that has none, and else the
// first. Of a base in a multi-cell system it is one of the system's members, and the
// system's other bases, any of which may register it, are among the others. The user is
// the extension's; it is 0 where the phone is not assigned, or is a base without members.
// Sharers waits for changes that are being taken in.
func (c *Core) Sharers(m mac.Addr) (user fleet.ID, others []mac.Addr) {
	c.snap.changes.Lock()
	defer c.snap.changes.Unlock()
	d, ok := c.snap.byAddress(m)
	if !ok {
		return 0, nil
	}
	if d.user != nil {
		return d.user.id, d.sharers(d.user)
	}
	members, siblings := c.snap.membersFor(d)
	for _, member := range members {
		if member.slot.data.Load() == nil {
			continue
		}
		shared := slices.DeleteFunc(d.sharers(member.slot), func(m mac.Addr) bool { return slices.Contains(siblings, m) })
		if user == 0 || len(shared) == 0 {
			user, others = member.slot.id, shared
		}
		if len(shared) == 0 {
			break
		}
	}
	if user != 0 {
		others = append(others, siblings...)
	}
	return user, others
}

// membersFor lists the members of a base, or of the system that it is in, with the
// system's other bases. Those whose extensions the base should have registered come
// first.
func (s *snapshot) membersFor(d *device) (members []member, siblings []mac.Addr) {
	u := d.data.Load()
	y := u.inSystem()
	if y == nil {
		return d.registered(), nil
	}
	for _, b := range y.Bases {
		if b.MAC != d.mac {
			siblings = append(siblings, b.MAC)
		}
		if master, ok := s.byAddress(b.MAC); ok && b.Index == 1 {
			members = master.registered()
		}
	}
	return members, siblings
}

// registered lists the members of a base: first those that it has had since it last
// fetched, then those that it had then, and last those that it does not know of yet.
func (d *device) registered() []member {
	now, then := d.data.Load(), d.fetchedAs.Load()
	if then == nil || then == now {
		return now.members
	}
	has := func(list []member, m member) bool {
		return slices.ContainsFunc(list, func(o member) bool { return o.slot == m.slot })
	}
	var kept, gone, added []member
	for _, m := range then.members {
		if has(now.members, m) {
			kept = append(kept, m)
		} else {
			gone = append(gone, m)
		}
	}
	for _, m := range now.members {
		if !has(then.members, m) {
			added = append(added, m)
		}
	}
	return slices.Concat(kept, gone, added)
}

// sharers lists the other phones that register as a user's extension.
func (d *device) sharers(user *userSlot) (others []mac.Addr) {
	add := func(devices []*device) {
		for _, o := range devices {
			if o != d && !slices.Contains(others, o.mac) {
				others = append(others, o.mac)
			}
		}
	}
	add(user.phones)
	add(user.bases)
	if u := user.data.Load(); u != nil {
		for slot := range d.tenant.lines[u.ExtensionNumber] {
			add(slot.phones)
		}
	}
	return others
}

// slot returns the place of a user, who may be one that could not be read.
func (s *snapshot) slot(id fleet.ID) *userSlot {
	user, ok := s.user(id)
	if !ok {
		user = &userSlot{id: id}
		s.users.Store(id, user)
	}
	return user
}

// putPhone takes in a phone. One whose user could not be read is known all the
// same, so that it is told to come back.
func (s *snapshot) putPhone(p *fleet.Phone) (*device, bool) {
	tenant, ok := s.tenant(p.Tenant)
	if !ok {
		return nil, false
	}
	return s.putUnit(tenant, s.slot(p.User), &unit{Phone: *p}), true
}

// putBase takes in a DECT base with its members, as putPhone does a phone.
func (s *snapshot) putBase(b *fleet.DectPhone, members []fleet.Member) (*device, bool) {
	tenant, ok := s.tenant(b.Tenant)
	if !ok {
		return nil, false
	}
	u := newBase(b, members, func(m fleet.Member) *userSlot { return s.slot(m.User) })
	if b.System != 0 {
		u.system = s.systemSlot(b.System)
	}
	return s.putUnit(tenant, nil, u), true
}

// systemSlot returns the place of a system, which may not be known yet.
func (s *snapshot) systemSlot(id fleet.ID) *systemSlot {
	v, _ := s.systems.LoadOrStore(id, new(systemSlot))
	return v.(*systemSlot)
}

// newBase makes the unit of a base, whose members are by rising handset index.
func newBase(b *fleet.DectPhone, members []fleet.Member, slot func(fleet.Member) *userSlot) *unit {
	u := &unit{base: b, Phone: fleet.Phone{
		ID: b.ID, Tenant: b.Tenant, MAC: b.MAC, Filename: b.Template, Vendor: b.Vendor, Model: b.Model,
		DeviceSettings: b.DeviceSettings, Token: b.Token, CreatedAt: b.CreatedAt, UpdatedAt: b.UpdatedAt,
	}}
	for _, m := range members {
		u.members = append(u.members, member{m, slot(m)})
	}
	return u
}

func (s *snapshot) putUnit(tenant *tenantSlot, user *userSlot, u *unit) *device {
	d, known := s.byAddress(u.MAC)
	if known && (d.tenant != tenant || d.user != user) {
		s.removePhone(d)
		known = false
	}
	if !known {
		d = &device{mac: u.MAC, hex: u.MAC.String(), tenant: tenant, user: user}
		if user != nil {
			user.phones = append(user.phones, d)
		}
	}
	old := d.data.Swap(u)
	if old != nil {
		d.leave(old.members)
	}
	for _, m := range u.members {
		m.slot.bases = append(m.slot.bases, d)
	}
	s.byMAC.Store(u.MAC, d)
	s.byToken.Store(sha256.Sum256([]byte(u.Token.Reveal())), d)
	if old != nil && !old.Token.Equal(u.Token) {
		s.byToken.Delete(sha256.Sum256([]byte(old.Token.Reveal())))
	}
	return d
}

// leave takes the base off what its members know of bases.
func (d *device) leave(members []member) {
	for _, m := range members {
		m.slot.bases = slices.DeleteFunc(m.slot.bases, func(o *device) bool { return o == d })
	}
}

func (s *snapshot) removePhone(d *device) {
	u := d.data.Load()
	s.byMAC.CompareAndDelete(d.mac, d)
	s.byToken.Delete(sha256.Sum256([]byte(u.Token.Reveal())))
	if d.user != nil {
		d.user.phones = slices.DeleteFunc(d.user.phones, func(o *device) bool { return o == d })
	}
	d.leave(u.members)
	s.point(d, nil)
}

// reload reads one object again under the lock that orders reloads, so that of
// two changes the later one is what stays.
func (s *snapshot) reload(ctx context.Context, src Source, f func(fleet.Reader) error) error {
	s.changes.Lock()
	defer s.changes.Unlock()
	return src.Read(ctx, f)
}

// gone turns "there is no such object" into nil and says that it was that.
func gone(err error) (bool, error) {
	var e *fleet.Error
	if errors.As(err, &e) && e.Code == fleet.CodeNotFound {
		return true, nil
	}
	return false, err
}

// TenantChanged reads the tenant again. It is part of fleet.Changes.
func (c *Core) TenantChanged(ctx context.Context, tenant fleet.ID) error {
	return c.snap.reload(ctx, c.source, func(r fleet.Reader) error {
		t, err := r.Tenant(ctx, tenant)
		if missing, err := gone(err); missing || err != nil {
			if missing {
				c.snap.removeTenant(tenant)
			}
			return err
		}
		c.snap.putTenant(&t, c.catalog)
		return nil
	})
}

// UserChanged reads the extension again. It is part of fleet.Changes.
func (c *Core) UserChanged(ctx context.Context, tenant, user fleet.ID) error {
	return c.snap.reload(ctx, c.source, func(r fleet.Reader) error {
		u, err := r.User(ctx, tenant, user)
		if missing, err := gone(err); missing || err != nil {
			if missing {
				c.snap.removeUser(user)
			}
			return err
		}
		c.snap.putUser(&u)
		return nil
	})
}

// ContactChanged reads the contact again. It is part of fleet.Changes.
func (c *Core) ContactChanged(ctx context.Context, tenant, contact fleet.ID) error {
	return c.snap.reload(ctx, c.source, func(r fleet.Reader) error {
		slot, ok := c.snap.tenant(tenant)
		if !ok {
			return nil
		}
		ct, err := r.Contact(ctx, tenant, contact)
		if missing, err := gone(err); missing || err != nil {
			if missing {
				slot.removeContact(contact)
			}
			return err
		}
		slot.putContact(&ct)
		return nil
	})
}

// PhoneChanged reads the phone or DECT base, its members and its sighting again. It
// is part of fleet.Changes.
func (c *Core) PhoneChanged(ctx context.Context, tenant fleet.ID, m mac.Addr) error {
	return c.snap.reload(ctx, c.source, func(r fleet.Reader) error {
		put, missing, err := c.readUnit(ctx, r, tenant, m)
		if missing || err != nil {
			if err != nil {
				return err
			}
			if d, ok := c.snap.byAddress(m); ok && d.tenant.id == tenant {
				c.snap.removePhone(d)
			}
			row, err := r.PhoneRow(ctx, tenant, m)
			if _, err := gone(err); err != nil {
				return err
			}
			c.snap.reject(tenant, m, row.Rejected)
			return nil
		}
		return c.put(ctx, r, tenant, m, put)
	})
}

// put takes a phone or base that was read into the snapshot, with its sighting and its
// first-access address.
func (c *Core) put(ctx context.Context, r fleet.Reader, tenant fleet.ID, m mac.Addr, put func() (*device, bool)) error {
	g, err := r.Sighting(ctx, m)
	if _, err := gone(err); err != nil {
		return err
	}
	d, ok := put()
	if !ok {
		return nil
	}
	d.sighted(&g)
	c.snap.reject(tenant, m, d.rejected.Load())
	return c.readPointer(ctx, r, d)
}

// DectSystemChanged reads a multi-cell system again, and the bases that have joined or
// left it or whose members are others now. It is part of fleet.Changes.
func (c *Core) DectSystemChanged(ctx context.Context, tenant, id fleet.ID, bases []mac.Addr) error {
	return c.snap.reload(ctx, c.source, func(r fleet.Reader) error {
		y, err := r.DectSystem(ctx, tenant, id)
		missing, err := gone(err)
		switch {
		case err != nil:
			return err
		case missing:
			if v, ok := c.snap.systems.LoadAndDelete(id); ok {
				v.(*systemSlot).data.Store(nil)
			}
		default:
			c.snap.systemSlot(id).data.Store(newSystem(&y))
		}
		for _, m := range bases {
			put, missing, err := c.readUnit(ctx, r, tenant, m)
			if err != nil {
				return err
			}
			if missing { // it has been deleted since, which is told of by itself
				continue
			}
			if err := c.put(ctx, r, tenant, m, put); err != nil {
				return err
			}
		}
		return nil
	})
}

// readUnit reads a phone, or a DECT base with its members, and returns what takes it
// into the snapshot.
func (c *Core) readUnit(ctx context.Context, r fleet.Reader, tenant fleet.ID, m mac.Addr) (put func() (*device, bool), missing bool, err error) {
	p, err := r.PhoneByMAC(ctx, tenant, m)
	if missing, err = gone(err); !missing {
		return func() (*device, bool) { return c.snap.putPhone(&p) }, false, err
	}
	b, err := r.DectPhoneByMAC(ctx, tenant, m)
	if missing, err = gone(err); missing || err != nil {
		return nil, missing, err
	}
	members, err := r.Members(ctx, tenant, b.ID)
	return func() (*device, bool) { return c.snap.putBase(&b, members) }, false, err
}

// TemplateChanged compiles the tenant's templates again. It is part of
// fleet.Changes.
func (c *Core) TemplateChanged(ctx context.Context, tenant fleet.ID, _ string) error {
	return c.snap.reload(ctx, c.source, func(r fleet.Reader) error {
		slot, ok := c.snap.tenant(tenant)
		if !ok {
			return nil
		}
		files, err := r.Templates(ctx, tenant)
		if err != nil {
			return err
		}
		custom := make(map[string]string, len(files))
		for _, f := range files {
			custom[f.Filename] = f.Content
		}
		slot.templates.Store(c.catalog.compile(custom, slot.templates.Load()))
		return nil
	})
}

// FilesChanged reads the tenant's uploaded files and firmware policies again. It is
// part of fleet.Changes.
func (c *Core) FilesChanged(ctx context.Context, tenant fleet.ID) error {
	return c.snap.reload(ctx, c.source, func(r fleet.Reader) error {
		slot, ok := c.snap.tenant(tenant)
		if !ok {
			return nil
		}
		files, _, err := r.Files(ctx, tenant, listquery.Query{})
		if err != nil {
			return err
		}
		policies, _, err := r.FirmwarePolicies(ctx, tenant, listquery.Query{})
		if err != nil {
			return err
		}
		slot.library.Store(newLibrary(files, policies, c.now()))
		return nil
	})
}

// EnrolmentsChanged reads the open windows for the phone m again, or, with no
// address, those for every phone. It is part of fleet.Changes.
func (c *Core) EnrolmentsChanged(ctx context.Context, tenant fleet.ID, m mac.Addr) error {
	return c.snap.reload(ctx, c.source, func(r fleet.Reader) error {
		slot, ok := c.snap.tenant(tenant)
		if !ok {
			return nil
		}
		list, _, err := r.Enrolments(ctx, tenant, c.now(), fleet.EnrolmentsOf(m))
		if err == nil {
			slot.open(m, list)
		}
		return err
	})
}

// privateRanges are where a phone may enrol from unless its tenant says otherwise.
var privateRanges = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"),
	netip.MustParsePrefix("172.16.0.0/12"),
	netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("127.0.0.0/8"),
	netip.MustParsePrefix("169.254.0.0/16"),
	netip.MustParsePrefix("::1/128"),
	netip.MustParsePrefix("fe80::/10"),
	netip.MustParsePrefix("fc00::/7"),
}

func within(a netip.Addr, ranges []netip.Prefix) bool {
	a = a.Unmap().WithZone("")
	for _, r := range ranges {
		if r.Contains(a) {
			return true
		}
	}
	return false
}

package provision

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/secret"
	"github.com/dialplane/dialplane/internal/vendors"
)

// pointer is the first-access address of a device: where its vendor's redirect service
// sends it. Whatever is at that service may leak, so the address leads to the device's
// own once, and to nothing from then on (S3).
type pointer struct {
	device  *device
	hash    [32]byte
	expires time.Time
	used    atomic.Bool
}

// point gives a device its first-access address, or takes it away. It is called by
// whoever holds snapshot.changes, or at the start.
func (s *snapshot) point(d *device, p *fleet.Pointer) {
	old := d.pointer.Load()
	if p == nil {
		d.pointer.Store(nil)
	} else {
		next := &pointer{device: d, hash: p.Hash, expires: p.Expires}
		next.used.Store(!p.Used.IsZero())
		d.pointer.Store(next)
		s.byFirst.Store(p.Hash, next)
	}
	if old != nil && (p == nil || old.hash != p.Hash) {
		s.byFirst.CompareAndDelete(old.hash, old)
	}
}

func (s *snapshot) byFirstText(token string) (*pointer, bool) {
	if len(token) != tokenLength {
		return nil, false
	}
	v, ok := s.byFirst.Load(sha256.Sum256([]byte(token)))
	if !ok {
		return nil, false
	}
	return v.(*pointer), true
}

// RedirectionChanged reads the first-access address of the device m again or, with no
// address, those of all devices of the tenant. It is part of fleet.Changes.
func (c *Core) RedirectionChanged(ctx context.Context, tenant fleet.ID, m mac.Addr) error {
	return c.snap.reload(ctx, c.source, func(r fleet.Reader) error {
		if !m.IsZero() {
			d, ok := c.snap.byAddress(m)
			if !ok || d.tenant.id != tenant {
				return nil
			}
			return c.readPointer(ctx, r, d)
		}
		list, err := r.Pointers(ctx, tenant)
		if err != nil {
			return err
		}
		has := make(map[mac.Addr]*fleet.Pointer, len(list))
		for i := range list {
			has[list[i].MAC] = &list[i]
		}
		c.snap.byMAC.Range(func(_, v any) bool {
			if d := v.(*device); d.tenant.id == tenant {
				c.snap.point(d, has[d.mac])
			}
			return true
		})
		return nil
	})
}

func (c *Core) readPointer(ctx context.Context, r fleet.Reader, d *device) error {
	p, err := r.Pointer(ctx, d.tenant.id, d.mac)
	missing, err := gone(err)
	switch {
	case err != nil:
		return err
	case missing:
		c.snap.point(d, nil)
	default:
		c.snap.point(d, &p)
	}
	return nil
}

// first answers at a device's first-access address: with the bootstrap files that its
// boot needs, and once with its enrol file. Where it comes from does not matter, for
// that is what the address is for; in the clear it gets nothing but at home.
func (c *Core) first(ctx context.Context, r Request, token, path string) Answer {
	p, ok := c.snap.byFirstText(token)
	if !ok {
		c.warn(&c.unknownToken, r, "requests with an unknown secret address")
		return c.stranger()
	}
	d, name := p.device, lastPart(path)
	found, known, err := c.registry.Identify(vendor.Evidence{UserAgent: r.UserAgent, Path: "/" + path})
	a, level := c.stranger(), L0
	var reason string
	switch why := d.misfit(found, known, err); {
	case d.disabled():
		reason = "the phone is disabled"
	case d.rejected.Load():
		reason = isRejected
	case why != "":
		c.rotate(ctx, p)
		// It is not where the phone was seen, nor what the phone says of itself.
		reason = fmt.Sprintf("%s; it came from %s as %q, and the address leads nowhere from now on", why, r.IP, r.UserAgent)
		r.IP, r.UserAgent = netip.Addr{}, ""
		c.note(fleet.Fetch{Severity: fleet.High, Reason: reason}, d.tenant, d.mac, vendor.Identity{MAC: d.mac}, r, name, level, a)
		return a
	case p.used.Load():
		reason = pointerUsed
	case !c.now().Before(p.expires):
		reason = pointerDead
	default:
		a, reason, level = c.begin(ctx, r, p, found.Identity, name, token)
	}
	c.record(d.tenant, d.mac, found.Identity, r, name, level, a, reason)
	return a
}

// misfit says why a request cannot be the device's, or "".
func (d *device) misfit(found vendor.Finding, known bool, err error) string {
	u := d.data.Load()
	const what = "what used its first-access address "
	switch {
	case err != nil:
		return what + "contradicts itself: " + err.Error()
	case !known || found.Vendor == "":
		return what + "does not call itself a phone"
	case found.Vendor != u.Vendor:
		return fmt.Sprintf(what+"calls itself a %s %s, and it is a %s %s", found.Vendor, found.Model, u.Vendor, u.Model)
	case !found.MAC.IsZero() && found.MAC != d.mac:
		return fmt.Sprintf(what+"calls itself the phone %s", found.MAC)
	}
	return ""
}

// begin answers a device at its live first-access address.
func (c *Core) begin(ctx context.Context, r Request, p *pointer, said vendor.Identity, name, token string) (Answer, string, Level) {
	d := p.device
	f, m, ok := c.gather(d, c.year())
	if !ok {
		return unavailable, "its extension, template or model is gone", L0
	}
	file, m := m.enrolment(fileKey(name, d.mac))
	if file == nil || r.Head {
		a, ok := c.shared.answer(c, said.Vendor, said.Model, name, d.mac, c.addresses.First(f.tenant, secret.New(token)))
		if !ok {
			return notFound, unproven, L0
		}
		return a, "", L0
	}
	if c.inTheClear(r, d) {
		return notFound, needsTLS, L0
	}
	a, reason, ok := c.grant(r, d, &f, m, file, func() (bool, error) { return c.spend(ctx, p) })
	if !ok {
		return notFound, pointerUsed, L0
	}
	return a, reason, L1
}

// spend notes durably that a first-access address has done its work, and says whether
// it is the first time.
func (c *Core) spend(ctx context.Context, p *pointer) (first bool, err error) {
	if first, err = c.pointers.UsePointer(ctx, p.device.tenant.id, p.device.mac, p.hash, c.now()); err == nil {
		p.used.Store(true)
	}
	return first, err
}

// rotate has a live first-access address that somebody else knows changed. It leads
// nowhere from now on, even if that fails. One that was used or has expired stays as it
// is: whoever reads it at the service must not be given a live one for asking.
func (c *Core) rotate(ctx context.Context, p *pointer) {
	if !c.now().Before(p.expires) || p.used.Swap(true) {
		return
	}
	if err := c.pointers.RotatePointer(ctx, p.device.tenant.id, p.device.mac); err != nil {
		c.log.ErrorContext(ctx, "a phone's first-access address could not be changed; open an enrolment window for the phone to try again", "mac", p.device.mac, "error", err)
	}
}

// arrived takes note of a fetch at the device's own address: its first-access address
// is not needed any more.
func (c *Core) arrived(ctx context.Context, d *device, at time.Time) {
	if c.fetched != nil {
		c.fetched(d.mac, at)
	}
	if p := d.pointer.Load(); p != nil && !p.used.Load() && p.used.CompareAndSwap(false, true) {
		if _, err := c.spend(ctx, p); err != nil {
			p.used.Store(false)
			c.log.ErrorContext(ctx, "that a phone has arrived could not be stored; its first-access address stays", "mac", d.mac, "error", err)
		}
	}
}

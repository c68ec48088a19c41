package provision

import (
	"context"
	"net/netip"
	"time"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
)

// Discovery is a phone that asked for its server by SIP multicast.
type Discovery struct {
	MAC                    mac.Addr
	Vendor, Model, Version string // as it spelled them, or ""
	UserAgent              string
	IP                     netip.Addr
}

// Discover takes note of a phone that asked and says what it gets: no answer if it
// is rejected, its secret address if a window is open for it (which that uses up,
// as L1 does over HTTP), and otherwise an answer without an address, be the phone
// disabled or nobody's. Phones that ask by multicast are the first tenant's. Nothing
// is read from the store.
func (c *Core) Discover(ctx context.Context, d Discovery) (answer bool, url string) {
	tenant, ok := c.snap.tenantByCode("")
	if !ok || d.MAC.IsZero() {
		return false, ""
	}
	said := c.said(d)
	note := fleet.Fetch{
		Time: c.now(), Tenant: tenant.id, MAC: d.MAC, File: fleet.ByMulticast, Level: string(L0), Status: 200, IP: d.IP, UserAgent: d.UserAgent,
		Vendor: said.Vendor, Model: said.Model, Version: said.Version,
	}
	phone, assigned := c.snap.byAddress(d.MAC)
	switch {
	case assigned && phone.tenant != tenant:
		return false, ""
	case c.snap.rejects(tenant.id, d.MAC):
		note.Status, note.Reason, note.Severity = 404, isRejected, severityOf(isRejected)
		c.recorder.Record(note)
		return false, ""
	case assigned && !phone.disabled():
		if url, w := c.invitation(phone, d.IP); w != nil && c.admit(ctx, phone, w) {
			note.Level = string(L1)
			c.recorder.Record(note)
			c.log.Info("a phone that asked by multicast is given its address", "mac", d.MAC, "ip", d.IP)
			return true, url
		}
	}
	c.recorder.Record(note)
	return true, ""
}

// said puts what the phone says of itself in the words of its vendor's pack.
func (c *Core) said(d Discovery) vendor.Identity {
	if found, ok, _ := c.registry.Identify(vendor.Evidence{UserAgent: d.UserAgent}); ok {
		return found.Identity
	}
	said := vendor.Identity{Vendor: d.Vendor, Model: d.Model, Version: d.Version, MAC: d.MAC}
	if p, ok := c.registry.Pack(d.Vendor); ok {
		said.Vendor = p.Name
	} else if p, ok := c.registry.Maker(d.MAC); ok { // it calls itself "OEM", as Snom's phones do
		said.Vendor, said.Model = p.Name, ""
	}
	return said
}

// invitation is the phone's secret address and the window in which it may have it
// at ip, or no window.
func (c *Core) invitation(d *device, ip netip.Addr) (url string, w *window) {
	tenant := d.tenant.data.Load()
	if !invitesTo(tenant, ip) {
		return "", nil
	}
	if w, _ = d.window(c.now()); w == nil {
		return "", nil
	}
	return c.addresses.Phone(tenant, d.data.Load().Token), w
}

// invitesTo says whether the tenant's phones may be given their secret addresses at
// ip. SIP multicast is in the clear, as L1 over HTTP without TLS is.
func invitesTo(t *fleet.Tenant, ip netip.Addr) bool {
	return enrolsFrom(t, ip, false) && within(ip, privateRanges)
}

// admit uses a window for the phone. It returns false if the phone had used it
// before, or if that could not be stored.
func (c *Core) admit(ctx context.Context, d *device, w *window) bool {
	first, err := c.use(ctx, d, w)
	if err != nil {
		c.log.Error("an enrolment could not be stored", "mac", d.mac, "error", err)
	}
	return first && err == nil
}

// inviteTimeout bounds the storing of enrolments by Invite.
const inviteTimeout = 5 * time.Second

// Invite gives a phone that is waiting for an address its own, if it may have it
// where it waits, as in Discover; with no address, every phone of the tenant. send
// sends an address, if a phone waits at an IP address that it is allowed at, and
// returns false otherwise.
func (c *Core) Invite(ctx context.Context, tenant fleet.ID, m mac.Addr, send func(m mac.Addr, url string, allowed func(netip.Addr) bool) bool) {
	slot, ok := c.snap.tenant(tenant)
	if !ok || slot.data.Load().Code != "" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, inviteTimeout)
	defer cancel()
	invite := func(d *device) {
		if d.rejected.Load() || d.disabled() {
			return
		}
		w, _ := d.window(c.now())
		if w == nil {
			return
		}
		t := slot.data.Load()
		allowed := func(ip netip.Addr) bool { return invitesTo(t, ip) }
		if !send(d.mac, c.addresses.Phone(t, d.data.Load().Token), allowed) {
			return
		}
		if c.admit(ctx, d, w) {
			c.recorder.Record(fleet.Fetch{Time: c.now(), Tenant: tenant, MAC: d.mac, File: fleet.ByMulticast, Level: string(L1), Status: 200})
			c.log.Info("a phone that was waiting is given its address", "mac", d.mac)
		}
	}
	if m.IsZero() {
		c.snap.byMAC.Range(func(_, v any) bool {
			if d := v.(*device); d.tenant == slot {
				invite(d)
			}
			return true
		})
	} else if d, ok := c.snap.byAddress(m); ok && d.tenant == slot {
		invite(d)
	}
}

package provision_test

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/provision"
	"github.com/dialplane/dialplane/internal/store"
)

func TestDiscover(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ask := func(m mac.Addr, ip string) (bool, string) {
		return w.core.Discover(t.Context(), provision.Discovery{
			MAC: m, Vendor: "yealink", Model: "T46U", Version: "108.86.0.20", UserAgent: "Yealink SIP-T46U 108.86.0.20", IP: netip.MustParseAddr(ip),
		})
	}
	wants := func(what string, m mac.Addr, ip string, answer, address bool) {
		t.Helper()
		got, url := ask(m, ip)
		if got != answer || (url != "") != address || strings.Contains(url, w.token()) != address {
			t.Errorf("%s: answered %v with %q", what, got, url)
		}
	}
	wants("a stranger", w.unknownMAC, "10.0.0.7", true, false)
	if seen := w.fetches.take(); len(seen) != 1 || seen[0].MAC != w.unknownMAC || seen[0].Vendor != "Yealink" || seen[0].Model != "T46U" || seen[0].Version != "108.86.0.20" {
		t.Errorf("a stranger's question is noted as %+v", seen)
	}
	wants("no address", mac.Addr{}, "10.0.0.7", false, false)
	wants("an assigned phone without a window", w.phoneMAC, "10.0.0.7", true, false)
	wants("another tenant's phone", w.otherMAC, "10.0.0.7", false, false)

	w.open(w.admin, &w.phoneMAC, 15)
	wants("from a public address", w.phoneMAC, "203.0.113.7", true, false)
	wants("in its window", w.phoneMAC, "10.0.0.7", true, true)
	wants("a second time", w.phoneMAC, "10.0.0.7", true, false)
	if body := string(w.get(w.base + w.phoneMAC.String() + ".boot").Body); strings.Contains(body, w.token()) {
		t.Error("the window is used up and opens over HTTP once more")
	}

	w.reject()
	w.open(w.admin, &w.phoneMAC, 15)
	wants("rejected", w.phoneMAC, "10.0.0.7", false, false)
}

func TestInvite(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var sent []string
	at := netip.MustParseAddr("10.0.0.7")
	invite := func(waits bool) {
		sent = nil
		w.core.Invite(t.Context(), must(w.MyTenant(t.Context(), w.admin))(t).ID, mac.Addr{}, func(m mac.Addr, url string, allowed func(netip.Addr) bool) bool {
			if !allowed(at) {
				return false
			}
			if m != w.phoneMAC || !strings.Contains(url, w.token()) {
				t.Errorf("%v is sent %q", m, url)
			}
			sent = append(sent, url)
			return waits
		})
	}
	if invite(true); len(sent) != 0 {
		t.Error("a phone without a window is invited")
	}
	w.open(w.admin, nil, 15)
	if invite(false); len(sent) != 1 {
		t.Errorf("asked %d times for a phone with a window", len(sent))
	}
	if invite(true); len(sent) != 1 {
		t.Error("a phone that did not wait has used its window up")
	}
	if invite(true); len(sent) != 0 {
		t.Error("a phone is invited twice")
	}
	w.open(w.admin, &w.phoneMAC, 1)
	w.clock.advance(time.Hour)
	if invite(true); len(sent) != 0 {
		t.Error("a window that has ended invites")
	}

	// Where the phone waits decides as it does when it asks.
	w.open(w.admin, &w.phoneMAC, 15)
	at = netip.MustParseAddr("203.0.113.7")
	if invite(true); len(sent) != 0 {
		t.Error("a phone at a public address is invited")
	}
	networks := []string{"10.9.0.0/16"}
	check(t, w.UpdateMyTenant(t.Context(), w.admin, fleet.TenantInput{EnrolNetworks: &networks}))
	at = netip.MustParseAddr("10.0.0.7")
	if invite(true); len(sent) != 0 {
		t.Error("a phone outside the tenant's networks is invited")
	}
	at = netip.MustParseAddr("10.9.0.7")
	if invite(true); len(sent) != 1 {
		t.Error("a phone within the tenant's networks is not invited")
	}
}

// A stranger that is rejected hears nothing from the moment on that the admin hears
// "done", and is heard again once accepted; after a restart too, and with nothing
// read from the store when it asks.
func TestRejectedStranger(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	answered := func(want bool) {
		t.Helper()
		if got, _ := w.core.Discover(ctx, provision.Discovery{MAC: w.unknownMAC, IP: netip.MustParseAddr("10.0.0.7")}); got != want {
			t.Errorf("answered: %v, want %v", got, want)
		}
		check(t, w.db.RecordFetches(ctx, w.fetches.take()))
	}
	answered(true)
	for range 2 {
		check(t, w.Reject(ctx, w.admin, w.unknownMAC.String()))
		answered(false)
		w.start(func(c *provision.Config) { c.Source = onlyStreams{w.db} })
		answered(false)
		w.start()
		check(t, w.Accept(ctx, w.admin, w.unknownMAC.String()))
		answered(true)
		w.start()
		answered(true)
	}
	check(t, w.Reject(ctx, w.admin, w.unknownMAC.String()))
	must(w.CreatePhone(ctx, w.admin, w.second, phoneInput(w.unknownMAC)))(t)
	answered(true)
}

// onlyStreams is a source of which single objects cannot be read.
type onlyStreams struct{ *store.DB }

func (onlyStreams) Read(context.Context, func(fleet.Reader) error) error { return errDown }

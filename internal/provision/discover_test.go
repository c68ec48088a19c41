package provision_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/provision"
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
	invite := func(waits bool) {
		sent = nil
		w.core.Invite(t.Context(), must(w.MyTenant(t.Context(), w.admin))(t).ID, mac.Addr{}, func(m mac.Addr, url string) bool {
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
}

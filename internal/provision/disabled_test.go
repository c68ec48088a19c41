package provision_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/provision"
)

// A disabled phone is answered, byte for byte, like one that nobody knows: at its
// secret address, at the shared one with a window open for everybody, and by
// multicast. Enabled again it has all that it had.
func TestDisabled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	disable := func(yes bool) {
		t.Helper()
		check(t, w.UpdatePhone(ctx, w.admin, w.user, w.phone, fleet.PhoneInput{Disabled: &yes}))
	}
	config, mine := w.config(), w.mine()
	w.fetches.take()
	w.open(w.admin, &w.phoneMAC, 60)
	nobodys := strings.Repeat("a", len(w.token()))
	stranger := func(path string) string {
		return strings.NewReplacer(w.token(), nobodys, w.phoneMAC.String(), w.unknownMAC.String()).Replace(path)
	}
	discovery := func() (bool, string) {
		return w.core.Discover(ctx, provision.Discovery{MAC: w.phoneMAC, IP: netip.MustParseAddr("10.0.0.7")})
	}
	alike := func() {
		t.Helper()
		for _, path := range []string{mine, mine + "x", w.base + w.phoneMAC.String() + ".cfg", w.base + w.phoneMAC.String() + ".boot", w.base + "y000000000108.cfg"} {
			if diff := cmp.Diff(w.get(stranger(path)), w.get(path)); diff != "" {
				t.Errorf("%s tells a disabled phone from a stranger:\n%s", strings.ReplaceAll(path, w.token(), "…"), diff)
			}
		}
		if answered, url := discovery(); !answered || url != "" {
			t.Errorf("by multicast it is answered %v, %q", answered, url)
		}
		if s := w.core.Status(w.phoneMAC); s.Word != fleet.Disabled || s.Since.IsZero() || s.Why == "" {
			t.Errorf("its status is %+v", s)
		}
	}

	disable(true)
	since := w.core.Status(w.phoneMAC).Since
	w.open(w.admin, nil, 60)
	alike()
	w.core.Invite(ctx, w.admin.Tenant, w.phoneMAC, func(mac.Addr, string, func(netip.Addr) bool) bool {
		t.Error("it is invited")
		return true
	})
	w.start()
	alike()
	w.clock.advance(time.Minute)
	disable(true) // again: it is disabled since then
	if got := w.core.Status(w.phoneMAC).Since; !got.Equal(since) {
		t.Errorf("it is disabled since %v, then %v", since, got)
	}
	for _, seen := range w.fetches.said() {
		if strings.Contains(seen, "L2 200") || strings.Contains(seen, "L1") {
			t.Errorf("noted %s", seen)
		}
	}

	disable(false)
	if w.mine() != mine || w.config() != config {
		t.Error("once enabled, it has another address or another configuration")
	}
	if s := w.core.Status(w.phoneMAC); s.Word == fleet.Disabled {
		t.Errorf("once enabled, its status is %+v", s)
	}
}

// A phone shares its extension with the others of it, and with those that have a
// line key for it.
func TestSharers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	sharers := func(of mac.Addr, want ...mac.Addr) {
		t.Helper()
		_, got := w.core.Sharers(of)
		slices.SortFunc(got, func(a, b mac.Addr) int { return strings.Compare(a.String(), b.String()) })
		if !slices.Equal(got, want) {
			t.Errorf("%v shares its extension with %v, want %v", of, got, want)
		}
	}
	sharers(w.unknownMAC)
	sharers(w.phoneMAC)
	third := mac.MustParse("001565000005")
	must(w.CreatePhone(ctx, w.admin, w.second, phoneInput(w.unknownMAC)))(t)
	twin := must(w.CreatePhone(ctx, w.admin, w.user, phoneInput(third)))(t)
	sharers(w.phoneMAC, third)
	lines := func(keys ...fleet.KeyInput) {
		t.Helper()
		check(t, w.UpdateUser(ctx, w.admin, w.second, fleet.UserInput{Keys: &keys}))
	}
	lines(fleet.KeyInput{Kind: "line"}, fleet.KeyInput{Kind: "line", Value: "101"})
	for range 2 {
		sharers(w.phoneMAC, w.unknownMAC, third)
		sharers(w.unknownMAC)
		w.start()
	}
	lines(fleet.KeyInput{Kind: "blf", Value: "101"})
	sharers(w.phoneMAC, third)
	check(t, w.DeletePhone(ctx, w.admin, w.user, twin))
	sharers(w.phoneMAC)
	lines(fleet.KeyInput{Kind: "line", Value: "101"})
	sharers(w.phoneMAC, w.unknownMAC)
	check(t, w.DeleteUser(ctx, w.admin, w.second, true))
	sharers(w.phoneMAC)
}

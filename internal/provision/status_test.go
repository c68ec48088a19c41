package provision_test

import (
	"strings"
	"testing"
	"time"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/provision"
	"github.com/dialplane/dialplane/internal/secret"
)

// TestStatus walks one phone through every word that a phone can be described by,
// and shows that the words survive a restart.
func TestStatus(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	now := func(want fleet.StatusWord, why string) {
		t.Helper()
		w.clock.advance(time.Minute)
		s := w.core.Status(w.phoneMAC)
		if s.Word != want || !strings.Contains(s.Why, why) {
			t.Errorf("the phone is %s: %s; want %s: %s", s.Word, s.Why, want, why)
		}
		if want != fleet.Enrolling && want != fleet.Rejected && (s.Since.IsZero() || s.Since.After(w.clock.Now())) {
			t.Errorf("%s since %v", s.Word, s.Since)
		}
	}
	if s := w.core.Status(w.unknownMAC); s.Word != fleet.Discovered {
		t.Errorf("a phone of nobody is %s", s.Word)
	}

	now(fleet.Waiting, "has not asked")
	w.open(w.admin, &w.phoneMAC, 15)
	contains(t, string(w.get(w.base+w.phoneMAC.String()+".boot").Body), "include:config")
	now(fleet.Enrolling, "its own address")

	w.get(w.mine())
	now(fleet.UpToDate, "would get now")
	w.get(w.mine())
	now(fleet.UpToDate, "would get now")

	check(t, w.UpdateUser(ctx, w.admin, w.user, fleet.UserInput{DisplayName: new("Somebody else")}))
	now(fleet.OutOfDate, "its extension changed")
	w.get(w.mine())
	now(fleet.UpToDate, "")
	check(t, w.UpdateMyTenant(ctx, w.admin, fleet.TenantInput{RegisterExpires: new(1234)}))
	now(fleet.OutOfDate, "the tenant changed")
	w.get(w.mine())
	now(fleet.UpToDate, "")
	check(t, w.UpdateUser(ctx, w.admin, w.user, fleet.UserInput{VMPIN: new(secret.New("483920"))}))
	now(fleet.UpToDate, "") // no file holds the PIN

	// What was fetched is durable; the words are worked out from it.
	check(t, w.db.RecordFetches(ctx, w.fetches.take()))
	w.start()
	now(fleet.UpToDate, "")
	check(t, w.UpdatePhone(ctx, w.admin, w.user, w.phone, fleet.PhoneInput{Password: new(secret.New("another-web-password"))}))
	w.start()
	now(fleet.OutOfDate, "the phone's settings changed")
	w.get(w.mine())
	now(fleet.UpToDate, "")

	w.reject()
	now(fleet.Rejected, "an admin")
}

// A fetch tells the one who waits for it; a HEAD, a refusal and a stranger do not.
func TestFetched(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	told := 0
	core, _ := w.load(func(c *provision.Config) {
		c.Fetched = func(m mac.Addr, _ time.Time) {
			told++
			if m != w.phoneMAC {
				t.Errorf("told of %v", m)
			}
		}
	})
	for path, head := range map[string]bool{w.mine(): true, w.mine() + "x": false, w.base + w.phoneMAC.String() + ".cfg": false} {
		core.Answer(t.Context(), provision.Request{Path: path, Head: head})
	}
	if told != 0 {
		t.Errorf("told %d times of what was no fetch", told)
	}
	core.Answer(t.Context(), provision.Request{Path: w.mine()})
	if told != 1 {
		t.Errorf("told %d times of one fetch", told)
	}
}

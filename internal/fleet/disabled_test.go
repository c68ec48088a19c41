package fleet_test

import (
	"testing"
	"time"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/listquery"
	"github.com/dialplane/dialplane/internal/mac"
)

// A phone or base that is disabled has no window and takes no orders; its secrets
// stay, and enabling it gives back all but the windows that were shut.
func TestDisabled(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	phone := func() fleet.Phone { t.Helper(); return must(w.Phone(ctx, w.admin, w.user, w.phone))(t) }
	base := func() fleet.DectPhone { t.Helper(); return must(w.DectPhone(ctx, w.admin, w.base))(t) }
	disable := func(yes bool) {
		t.Helper()
		check(t, w.UpdatePhone(ctx, w.admin, w.user, w.phone, fleet.PhoneInput{Disabled: &yes}))
		check(t, w.UpdateDectPhone(ctx, w.admin, w.base, fleet.DectInput{Disabled: &yes}))
	}
	windows := func(m string) int {
		t.Helper()
		list, _, err := w.Enrolments(ctx, w.admin, fleet.EnrolmentsOf(mac.MustParse(m)))
		check(t, err)
		return len(list)
	}
	open := func(m string) error { return second(w.OpenEnrolment(ctx, w.admin, fleet.EnrolmentInput{MAC: &m})) }
	before, beforeBase := phone(), base()
	if windows(w.phoneMAC) != 1 || windows(w.baseMAC) != 1 {
		t.Fatal("the test is wrong: no windows are open")
	}
	disable(true)
	since := w.clock.Now()
	w.clock.advance(time.Minute)
	disable(true)
	if p, d := phone(), base(); !p.DisabledAt.Equal(since) || !d.DisabledAt.Equal(since) {
		t.Errorf("disabled since %v and %v, want %v", p.DisabledAt, d.DisabledAt, since)
	}
	if windows(w.phoneMAC) != 0 || windows(w.baseMAC) != 0 {
		t.Error("a window is still open")
	}
	var cases []refusal
	for _, m := range []string{w.phoneMAC, w.baseMAC} {
		cases = append(cases,
			refusal{name: "reprovision " + m, do: func() error { return second(w.Reprovision(ctx, w.admin, m)) }, code: fleet.CodeConflict, says: "enable it first"},
			refusal{name: "reboot " + m, do: func() error { return second(w.Reboot(ctx, w.admin, m)) }, code: fleet.CodeConflict, says: "enable it first"},
			refusal{name: "window " + m, do: func() error { return open(m) }, code: fleet.CodeConflict, says: "enable it first", at: []string{"/mac"}})
	}
	w.heard.take()
	w.refuse(cases)
	if id := must(w.ReprovisionAll(ctx, w.admin))(t); id != 0 {
		t.Errorf("disabled phones have the job %s", id)
	}

	disable(false)
	after, afterBase := phone(), base()
	if after.Disabled() || after.Token != before.Token || after.Password != before.Password || after.DoorPassword1 != before.DoorPassword1 ||
		afterBase.Disabled() || afterBase.Token != beforeBase.Token || afterBase.UserPassword != beforeBase.UserPassword {
		t.Error("enabled again, it is not what it was")
	}
	check(t, open(w.phoneMAC))
	if got := w.items(must(w.ReprovisionAll(ctx, w.admin))(t)); len(got) != 2 {
		t.Errorf("all phones: %v", got)
	}
}

// A phone or base can be made disabled; no window opens for it then.
func TestCreateDisabled(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	p := must(w.CreatePhone(ctx, w.admin, w.user, phoneInput("001565000020", func(in *fleet.PhoneInput) { in.Disabled = new(true) })))(t)
	d := must(w.CreateDectPhone(ctx, w.admin, dectInput("001565000021", func(in *fleet.DectInput) { in.Disabled = new(true) })))(t)
	if got := must(w.Phone(ctx, w.admin, w.user, p))(t); !got.DisabledAt.Equal(w.clock.Now()) {
		t.Errorf("the phone is disabled since %v", got.DisabledAt)
	}
	if got := must(w.DectPhone(ctx, w.admin, d))(t); !got.Disabled() {
		t.Error("the base is not disabled")
	}
	list, _, err := w.Enrolments(ctx, w.admin, listquery.Query{})
	check(t, err)
	for _, e := range list {
		if s := e.MAC.String(); s == "001565000020" || s == "001565000021" {
			t.Errorf("a window is open for %s", s)
		}
	}
}

package fleet_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/listquery"
	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/secret"
)

const plantedKey = "planted-redirect-key"

// redirects are two services: that of Acme needs nothing of a device, that of Bolt its
// serial number and a code that ends as the address does.
type redirects struct {
	woken atomic.Int64

	mu        sync.Mutex
	verify    error
	diff      fleet.RedirectDifference
	told      []fleet.RedirectErrand // to Compare
	forgotten []mac.Addr
	pace      float64
}

func (r *redirects) Services() []fleet.RedirectService {
	acme := fleet.RedirectService{
		Name: "acme-rps", Vendor: "Acme", Title: "Acme RPS", Batch: 10, Rate: 5, Lists: true,
		Regions: []fleet.RedirectRegion{{Name: "eu", URL: "https://eu.acme.example/"}, {Name: "us", URL: "https://us.acme.example"}},
		Fields:  []fleet.RedirectField{{Name: "user", Title: "the user's name"}, {Name: "key", Title: "the key", Secret: true}, {Name: "group", Title: "the group", Optional: true}},
	}
	bolt := acme
	bolt.Name, bolt.Vendor, bolt.Title, bolt.NeedsSerial, bolt.NeedsCode = "bolt-rps", "Bolt", "Bolt RPS", true, true
	bolt.CheckCode = func(m mac.Addr, code string) string {
		if !strings.HasSuffix(m.String(), code) {
			return "is not that of this device"
		}
		return ""
	}
	return []fleet.RedirectService{bolt, acme}
}

func (r *redirects) CheckEndpoint(url string) string {
	if !strings.HasPrefix(url, "https://") {
		return "must begin with https://"
	}
	return ""
}

func (r *redirects) Verify(context.Context, fleet.RedirectAccount) error { return r.verify }
func (r *redirects) Pace(fleet.ID) float64                               { return r.pace }
func (r *redirects) Wake()                                               { r.woken.Add(1) }

func (r *redirects) Compare(_ context.Context, _ fleet.RedirectAccount, told []fleet.RedirectErrand) (fleet.RedirectDifference, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.told = told
	diff := r.diff
	diff.Foreign = slices.Clone(diff.Foreign)
	return diff, nil
}

func (r *redirects) Forget(_ context.Context, _ fleet.RedirectAccount, macs []mac.Addr) []error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forgotten = append(r.forgotten, macs...)
	return make([]error, len(macs))
}

func redirectAccount(edits ...func(*fleet.RedirectAccountInput)) fleet.RedirectAccountInput {
	in := fleet.RedirectAccountInput{Service: new("acme-rps"), Values: map[string]secret.Secret{"user": secret.New("u"), "key": secret.New(plantedKey)}}
	for _, e := range edits {
		e(&in)
	}
	return in
}

// rows are the tenant's redirections: "mac want status".
func (w *world) rows(c fleet.Caller) (out []string) {
	w.t.Helper()
	list, _, err := w.Redirections(w.t.Context(), c, listquery.Query{})
	check(w.t, err)
	for _, r := range list {
		if !r.Token.Empty() {
			w.t.Error("the list shows first-access addresses")
		}
		out = append(out, strings.Join([]string{r.MAC.String(), string(r.Want), string(r.Status)}, " "))
	}
	return out
}

func (w *world) wantRows(what string, c fleet.Caller, want ...string) {
	w.t.Helper()
	if got := w.rows(c); !slices.Equal(got, want) {
		w.t.Errorf("%s: %q, want %q", what, got, want)
	}
}

// tell tells the services all that is due, as the worker does.
func (w *world) tell() {
	w.t.Helper()
	ctx, at := w.t.Context(), w.clock.Now()
	var accounts []fleet.ID
	check(w.t, w.db.EachRedirectAccount(ctx, func(a fleet.RedirectAccount) error { accounts = append(accounts, a.ID); return nil }))
	for again := true; again; {
		again = false
		for _, a := range accounts {
			for _, e := range must(w.db.ClaimRedirections(ctx, fleet.RedirectClaim{Account: a, At: at, Lease: time.Minute, Limit: 100}))(w.t) {
				again = true
				s := fleet.RedirectSettlement{RedirectErrand: e, To: fleet.RedirectRegistered}
				if e.Want == fleet.WantRemoved {
					s.To = fleet.RedirectRemoved
				}
				must(w.db.SettleRedirections(ctx, at, []fleet.RedirectSettlement{s}))(w.t)
			}
		}
	}
}

func (w *world) pointer(m string) fleet.Pointer {
	w.t.Helper()
	var p fleet.Pointer
	check(w.t, w.db.Read(w.t.Context(), func(r fleet.Reader) (err error) {
		p, err = r.Pointer(w.t.Context(), w.admin.Tenant, mac.MustParse(m))
		return err
	}))
	return p
}

func TestRedirectAccounts(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	id := must(w.CreateRedirectAccount(ctx, w.admin, redirectAccount(func(in *fleet.RedirectAccountInput) { in.Endpoint = new("EU") })))(t)
	a := must(w.RedirectAccount(ctx, w.admin, id))(t)
	if a.Vendor != "Acme" || a.Endpoint != "https://eu.acme.example" || a.Values["user"] != "u" {
		t.Errorf("%+v", a)
	}
	if key, set := a.Secrets["key"]; !set || !key.Empty() {
		t.Error("a secret is shown, or is said not to be set")
	}
	create := func(edit func(*fleet.RedirectAccountInput)) func() error {
		return func() error { return second(w.CreateRedirectAccount(ctx, w.root, redirectAccount(edit))) }
	}
	w.refuse([]refusal{
		{name: "service", do: create(func(in *fleet.RedirectAccountInput) { in.Service = new("none") }), at: []string{"/service"}, says: "GET /rps_services"},
		{name: "no service", do: create(func(in *fleet.RedirectAccountInput) { in.Service = nil }), at: []string{"/service"}, says: "is required"},
		{name: "region", do: create(func(in *fleet.RedirectAccountInput) { in.Endpoint = new("asia") }), at: []string{"/endpoint"}, says: "one of eu, us"},
		{name: "missing", do: create(func(in *fleet.RedirectAccountInput) { in.Values = nil }), at: []string{"/values/user", "/values/key"}, says: "is required: the key"},
		{name: "unknown", do: create(func(in *fleet.RedirectAccountInput) { in.Values["pin"] = secret.New("1") }), at: []string{"/values/pin"}, says: "user, key, group"},
		{name: "blank", do: create(func(in *fleet.RedirectAccountInput) { in.Values["key"] = secret.Secret{} }), at: []string{"/values/key"}, says: "is required"},
		{name: "control", do: create(func(in *fleet.RedirectAccountInput) { in.Values["key"] = secret.New("a\nb") }), at: []string{"/values/key"}, says: "control"},
		{name: "a second", do: func() error { return second(w.CreateRedirectAccount(ctx, w.admin, redirectAccount())) }, code: fleet.CodeConflict, at: []string{"/service"}, says: "acme-rps"},
		{name: "another service", do: func() error {
			return w.UpdateRedirectAccount(ctx, w.admin, id, fleet.RedirectAccountInput{Service: new("bolt-rps")})
		}, at: []string{"/service"}, says: "cannot be changed"},
	})

	fallback := must(w.CreateRedirectAccount(ctx, w.root, redirectAccount()))(t)
	if list := must(w.RedirectAccounts(ctx, w.admin))(t); len(list) != 1 || list[0].ID != id {
		t.Errorf("the tenant's: %+v", list)
	}
	inherited := must(w.RedirectAccounts(ctx, w.other))(t)
	if len(inherited) != 1 || inherited[0].ID != fallback || inherited[0].Tenant != 0 || inherited[0].Values != nil || len(inherited[0].Secrets) != 0 {
		t.Errorf("inherited: %+v", inherited)
	}
	if _, err := w.RedirectAccount(ctx, w.other, fallback); fleet.CodeOf(err) != fleet.CodeNotFound {
		t.Errorf("the installation's by a tenant: %v", err)
	}
	if list := must(w.RedirectAccounts(ctx, w.root))(t); len(list) != 1 || list[0].ID != fallback {
		t.Errorf("the installation's: %+v", list)
	}

	w.redirects.verify = errors.New("the key is not accepted")
	if a := must(w.VerifyRedirectAccount(ctx, w.admin, id))(t); a.VerifyError != "the key is not accepted" || !a.VerifiedAt.Equal(w.clock.Now()) {
		t.Errorf("refused: %+v", a)
	}
	check(t, w.db.Write(ctx, func(s fleet.Writer) error {
		return s.SetRedirectHealth(ctx, id, fleet.RedirectHealth{HeldReason: "denied"})
	}))
	w.redirects.verify = nil
	if a := must(w.VerifyRedirectAccount(ctx, w.admin, id))(t); a.VerifyError != "" || a.Held(w.clock.Now()) {
		t.Errorf("accepted: %+v", a)
	}
	if strings.Contains(w.log.String(), plantedKey) {
		t.Error("the log has the key")
	}
}

func TestRedirectNeedsAnAccount(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	const free = "001565000010"
	phone := func(edits ...func(*fleet.PhoneInput)) func() error {
		return func() error {
			in := phoneInput(free, edits...)
			in.RPS = new(true)
			return second(w.CreatePhone(ctx, w.admin, w.user, in))
		}
	}
	bolt := func(in *fleet.PhoneInput) {
		in.Filename, in.Vendor, in.Model, in.SerialNumber, in.DeviceCode = new("bolt-desk.xml"), new("Bolt"), new("B1"), new("SN1"), new("0010")
	}
	w.refuse([]refusal{
		{name: "create", do: phone(), at: []string{"/rps"}, says: "of Acme is configured; make one with POST /rps_accounts, where service is acme-rps"},
		{name: "update", do: func() error { return w.UpdatePhone(ctx, w.admin, w.user, w.phone, fleet.PhoneInput{RPS: new(true)}) }, at: []string{"/rps"}},
		{name: "base", do: func() error { return w.UpdateDectPhone(ctx, w.admin, w.base, fleet.DectInput{RPS: new(true)}) }, at: []string{"/rps"}},
	})
	must(w.CreateRedirectAccount(ctx, w.root, redirectAccount(func(in *fleet.RedirectAccountInput) { in.Service = new("bolt-rps") })))(t)
	w.refuse([]refusal{
		{name: "serial", do: phone(bolt, func(in *fleet.PhoneInput) { in.SerialNumber = nil }), at: []string{"/serial_number"}, says: "Bolt RPS"},
		{name: "code", do: phone(bolt, func(in *fleet.PhoneInput) { in.DeviceCode = new("") }), at: []string{"/device_code"}, says: "is required"},
		{name: "wrong code", do: phone(bolt, func(in *fleet.PhoneInput) { in.DeviceCode = new("0011") }), at: []string{"/device_code"}, says: "is not that of this device"},
	})
	id := must(w.CreatePhone(ctx, w.admin, w.user, phoneInput(free, bolt, func(in *fleet.PhoneInput) { in.RPS = new(true) })))(t)
	w.wantRows("by the installation's account", w.admin, free+" registered pending")
	w.heard.take()
	w.refuse([]refusal{{name: "code taken away", do: func() error {
		return w.UpdatePhone(ctx, w.admin, w.user, id, fleet.PhoneInput{DeviceCode: new("")})
	}, at: []string{"/device_code"}}})
}

func TestRedirectFollowsTheDevice(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	w.furnish()
	m := w.phoneMAC
	update := func(in fleet.PhoneInput) {
		t.Helper()
		w.heard.take()
		w.redirects.woken.Store(0)
		check(t, w.UpdatePhone(ctx, w.admin, w.user, w.phone, in))
		if !slices.Contains(w.heard.take(), "redirection "+m) || w.redirects.woken.Load() == 0 {
			t.Error("nobody was told")
		}
	}
	update(fleet.PhoneInput{RPS: new(true)})
	w.wantRows("on", w.admin, m+" registered pending")
	jobs, _, err := w.Jobs(ctx, w.admin, listquery.Query{})
	check(t, err)
	job := jobs[len(jobs)-1]
	if job.Kind != fleet.JobRPS || job.Caller != "alice" || job.Left == nil || *job.Left != 20*time.Millisecond {
		t.Errorf("the job: %+v", job)
	}
	w.redirects.pace = 0.1
	if j := must(w.Job(ctx, w.admin, job.ID))(t); j.Left == nil || *j.Left != 10*time.Second {
		t.Errorf("by the pace that was seen: %v", j.Left)
	}
	check(t, w.db.Write(ctx, func(s fleet.Writer) error {
		return s.SetRedirectHealth(ctx, w.redirectAccount, fleet.RedirectHealth{HeldReason: "the key was revoked"})
	}))
	if j := must(w.Job(ctx, w.admin, job.ID))(t); j.Left != nil {
		t.Errorf("while it is held: %v", j.Left)
	}
	state := func() fleet.RedirectState {
		t.Helper()
		return must(w.RedirectStates(ctx, w.admin, []mac.Addr{mac.MustParse(m)}))(t)[mac.MustParse(m)]
	}
	if s := state(); s.Status != fleet.RedirectPending || !strings.Contains(s.Reason, "the key was revoked") {
		t.Errorf("held: %+v", s)
	}
	check(t, w.UpdateRedirectAccount(ctx, w.admin, w.redirectAccount, fleet.RedirectAccountInput{Values: map[string]secret.Secret{"key": secret.New("another")}}))
	w.tell()
	w.wantRows("told", w.admin, m+" registered registered")
	if s := state(); s.Status != fleet.RedirectRegistered || s.Reason != "" {
		t.Errorf("told: %+v", s)
	}

	before := w.pointer(m)
	check(t, w.UpdatePhone(ctx, w.admin, w.user, w.phone, fleet.PhoneInput{Ringtone: new("Ring 2")}))
	w.wantRows("something else has changed", w.admin, m+" registered registered")
	update(fleet.PhoneInput{SerialNumber: new("SN2")})
	w.wantRows("the serial number has changed", w.admin, m+" registered pending")
	w.tell()
	update(fleet.PhoneInput{Disabled: new(true)})
	w.wantRows("disabled", w.admin, m+" removed pending")
	w.tell()
	w.wantRows("forgotten", w.admin, m+" removed removed")
	update(fleet.PhoneInput{Disabled: new(false)})
	w.tell()
	w.wantRows("enabled", w.admin, m+" registered registered")
	if w.pointer(m).Hash == before.Hash {
		t.Error("the address that was taken away is back")
	}

	// Elsewhere: the tenant's address, and the account.
	check(t, w.UpdateMyTenant(ctx, w.admin, fleet.TenantInput{ProvisioningURL: new("http://10.0.0.1/")}))
	w.wantRows("another address", w.admin, m+" registered pending")
	if s := state(); !strings.Contains(s.Reason, "not https") {
		t.Errorf("unreachable: %+v", s)
	}
	w.tell()
	check(t, w.UpdateRedirectAccount(ctx, w.admin, w.redirectAccount, fleet.RedirectAccountInput{Endpoint: new("us")}))
	w.wantRows("another endpoint", w.admin, m+" registered pending")
	w.tell()

	// A window opens the way again to a phone that has used its address, or lost it.
	window := func() {
		t.Helper()
		must(w.OpenEnrolment(ctx, w.admin, fleet.EnrolmentInput{MAC: &m}))(t)
	}
	live := w.pointer(m)
	window()
	if w.pointer(m) != live {
		t.Error("an address that is good was thrown away")
	}
	check(t, w.db.Write(ctx, func(s fleet.Writer) error {
		_, err := s.UsePointer(ctx, w.admin.Tenant, mac.MustParse(m), live.Hash, w.clock.Now())
		return err
	}))
	window()
	if p := w.pointer(m); p.Hash == live.Hash || !p.Live(w.clock.Now()) {
		t.Errorf("after a window: %+v", p)
	}
	w.tell()
	if n := must(w.RenewPointers(ctx))(t); n != 0 {
		t.Errorf("%d addresses renewed before their time", n)
	}
	w.clock.advance(time.Hour)
	old := w.pointer(m)
	if n := must(w.RenewPointers(ctx))(t); n != 1 || w.pointer(m).Hash == old.Hash {
		t.Errorf("%d addresses renewed", n)
	}
	w.wantRows("renewed", w.admin, m+" registered pending")
	w.tell()

	check(t, w.DeletePhone(ctx, w.admin, w.user, w.phone))
	w.wantRows("deleted", w.admin, m+" removed pending")
	must(w.CreatePhone(ctx, w.other, w.otherUser, phoneInput(m)))(t)
	w.tell()
	w.wantRows("forgotten for good", w.admin)
}

// A tenant is not deleted with the accounts that its devices are registered by.
func TestTenantWithRegisteredDevices(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	must(w.CreateRedirectAccount(ctx, w.other, redirectAccount()))(t)
	rps := func(on bool) {
		t.Helper()
		check(t, w.UpdatePhone(ctx, w.other, w.otherUser, w.otherPhone, fleet.PhoneInput{RPS: new(on)}))
		w.tell()
	}
	rps(true)
	if err := w.DeleteTenant(ctx, w.root, w.otherTenant, false); fleet.CodeOf(err) != fleet.CodeConflict || !strings.Contains(err.Error(), "acme-rps may have 1 device registered") {
		t.Errorf("with a device registered: %v", err)
	}
	rps(false)
	check(t, w.DeleteTenant(ctx, w.root, w.otherTenant, false))
}

func TestRedirectAccountsTakeOver(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	on := fleet.PhoneInput{RPS: new(true)}
	fallback := must(w.CreateRedirectAccount(ctx, w.root, redirectAccount()))(t)
	check(t, w.UpdatePhone(ctx, w.admin, w.user, w.phone, on))
	check(t, w.UpdatePhone(ctx, w.other, w.otherUser, w.otherPhone, on))
	w.tell()
	own := must(w.CreateRedirectAccount(ctx, w.admin, redirectAccount()))(t)
	w.wantRows("an account of its own", w.admin, w.phoneMAC+" removed pending", w.phoneMAC+" registered pending")
	w.wantRows("the neighbour", w.other, w.otherMAC+" registered registered")
	w.tell()
	if err := w.DeleteRedirectAccount(ctx, w.admin, own, false); fleet.CodeOf(err) != fleet.CodeConflict || !strings.Contains(err.Error(), "1 device ") {
		t.Errorf("an account that has devices: %v", err)
	}
	check(t, w.DeleteRedirectAccount(ctx, w.admin, own, true))
	w.wantRows("back at the installation's", w.admin, w.phoneMAC+" registered pending")
	w.heard.take()
	check(t, w.DeleteRedirectAccount(ctx, w.root, fallback, true))
	w.wantRows("none", w.admin)
	if heard := w.heard.take(); len(heard) != 2 {
		t.Errorf("told of %q", heard)
	}
	if p := must(w.Phone(ctx, w.other, w.otherUser, w.otherPhone))(t); p.RPS {
		t.Error("rps is on without an account")
	}
	// What was set before can be changed as ever.
	check(t, w.UpdatePhone(ctx, w.other, w.otherUser, w.otherPhone, fleet.PhoneInput{Ringtone: new("Ring 2")}))
}

func TestSyncRedirectAccount(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	w.furnish()
	check(t, w.UpdatePhone(ctx, w.admin, w.user, w.phone, fleet.PhoneInput{RPS: new(true)}))
	check(t, w.UpdateDectPhone(ctx, w.admin, w.base, fleet.DectInput{RPS: new(true)}))
	w.tell()
	stranger := mac.MustParse("001565ffffff")
	w.redirects.diff = fleet.RedirectDifference{Matched: 1, Refused: []mac.Addr{mac.MustParse(w.phoneMAC)}, Foreign: []mac.Addr{stranger}}
	sync := func(in fleet.RedirectSyncInput) fleet.RedirectSync {
		t.Helper()
		return must(w.SyncRedirectAccount(ctx, w.admin, w.redirectAccount, in))(t)
	}
	if got := sync(fleet.RedirectSyncInput{}); !cmp.Equal(got, fleet.RedirectSync{RedirectDifference: w.redirects.diff}) || len(w.redirects.told) != 2 {
		t.Errorf("a dry run: %+v", got)
	}
	w.wantRows("a dry run", w.admin, w.phoneMAC+" registered registered", w.baseMAC+" registered registered")
	if got := sync(fleet.RedirectSyncInput{Repair: true}); got.Repaired != 1 || len(w.redirects.forgotten) != 0 {
		t.Errorf("a repair: %+v", got)
	}
	w.wantRows("a repair", w.admin, w.phoneMAC+" registered pending", w.baseMAC+" registered registered")
	if got := sync(fleet.RedirectSyncInput{Foreign: []string{"00:15:65:FF:FF:FF"}}); !slices.Equal(got.Forgotten, []mac.Addr{stranger}) || len(got.Foreign) != 0 {
		t.Errorf("a foreign one: %+v", got)
	}
	w.heard.take()
	w.refuse([]refusal{
		{name: "ours", do: func() error {
			return second(w.SyncRedirectAccount(ctx, w.admin, w.redirectAccount, fleet.RedirectSyncInput{Foreign: []string{w.baseMAC}}))
		}, at: []string{"/foreign/0"}, says: "is not among the devices"},
	})
}

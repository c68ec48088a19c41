package storetest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/secret"
)

// redirectStore is what the worker of the redirect services needs besides.
type redirectStore interface {
	EachRedirectAccount(ctx context.Context, f func(fleet.RedirectAccount) error) error
	EachPointer(ctx context.Context, f func(fleet.Pointer) error) error
	ClaimRedirections(ctx context.Context, c fleet.RedirectClaim) ([]fleet.RedirectErrand, error)
	SettleRedirections(ctx context.Context, at time.Time, s []fleet.RedirectSettlement) ([]fleet.Job, error)
	NextRedirections(ctx context.Context) (map[fleet.ID]time.Time, error)
}

const (
	admin  = "Änne"
	vendor = "Yealink"
)

func (s *store) aRedirectAccount(tenant fleet.ID) fleet.RedirectAccount {
	return fleet.RedirectAccount{
		ID: s.NewID(), Tenant: tenant, Vendor: vendor, Service: "yealink-rps", Endpoint: "https://rps.example/api",
		Values: map[string]string{"access_key_id": "id"}, Secrets: map[string]secret.Secret{"access_key_secret": secret.New("planted")},
		CreatedAt: start, UpdatedAt: start.Add(time.Second),
		RedirectHealth: fleet.RedirectHealth{VerifiedAt: start, VerifyError: "no", HeldReason: "busy", HeldUntil: start.Add(time.Minute), Failures: 3},
	}
}

func (s *store) newRedirectAccount(tenant fleet.ID) fleet.RedirectAccount {
	s.t.Helper()
	a := s.aRedirectAccount(tenant)
	s.write(func(w fleet.Writer) error { return w.InsertRedirectAccount(s.t.Context(), a) })
	return a
}

func aToken(m mac.Addr, n int) secret.Secret { return secret.New(fmt.Sprintf("token %d of %s", n, m)) }

// redirect wishes for a device, which gets a first address.
func (s *store) redirect(account, tenant fleet.ID, m mac.Addr, at time.Time) {
	s.t.Helper()
	s.write(func(w fleet.Writer) error {
		return w.Redirect(s.t.Context(), fleet.Wish{
			Account: account, Tenant: tenant, MAC: m, Vendor: vendor, Model: "T54W", Serial: "SN", Code: "4711", Token: aToken(m, 1), Expires: start.Add(24 * time.Hour),
		}, at, admin)
	})
}

func (s *store) redirections(tenant fleet.ID) []fleet.Redirection {
	s.t.Helper()
	return get(s, func(r fleet.Reader) ([]fleet.Redirection, error) {
		list, _, err := r.Redirections(s.t.Context(), tenant, everything)
		return list, err
	})
}

func (s *store) claimRedirections(account fleet.ID, at time.Time) []fleet.RedirectErrand {
	s.t.Helper()
	list, err := s.ClaimRedirections(s.t.Context(), fleet.RedirectClaim{Account: account, At: at, Lease: time.Minute, Limit: 100})
	if err != nil {
		s.t.Fatal(err)
	}
	return list
}

func (s *store) settleRedirections(at time.Time, to fleet.RedirectStatus, errands ...fleet.RedirectErrand) []fleet.Job {
	s.t.Helper()
	var list []fleet.RedirectSettlement
	for _, e := range errands {
		list = append(list, fleet.RedirectSettlement{RedirectErrand: e, To: to, Because: "because", Next: at.Add(time.Minute)})
	}
	done, err := s.SettleRedirections(s.t.Context(), at, list)
	if err != nil {
		s.t.Fatal(err)
	}
	return done
}

// redirectJob returns the latest job of a tenant that has its redirections.
func (s *store) redirectJob(tenant fleet.ID) fleet.Job {
	s.t.Helper()
	jobs := get(s, func(r fleet.Reader) ([]fleet.Job, error) {
		list, _, err := r.Jobs(s.t.Context(), tenant, everything)
		return list, err
	})
	if len(jobs) == 0 {
		s.t.Fatal("there is no job")
	}
	return jobs[len(jobs)-1]
}

func testRedirectAccounts(t *testing.T, s *store) {
	ctx := t.Context()
	tenant, other := s.newTenant().ID, s.newTenant().ID
	a, fallback := s.newRedirectAccount(tenant), s.newRedirectAccount(0)
	s.newRedirectAccount(other)
	same(t, "RedirectAccount", get(s, func(r fleet.Reader) (fleet.RedirectAccount, error) { return r.RedirectAccount(ctx, tenant, a.ID) }), a)
	same(t, "RedirectAccountFor", get(s, func(r fleet.Reader) (fleet.RedirectAccount, error) { return r.RedirectAccountFor(ctx, 0, vendor) }), fallback)
	same(t, "RedirectAccounts", get(s, func(r fleet.Reader) ([]fleet.RedirectAccount, error) { return r.RedirectAccounts(ctx, tenant) }), []fleet.RedirectAccount{a})
	s.missing("another tenant's", func(w fleet.Writer) error { _, err := w.RedirectAccount(ctx, other, a.ID); return err })
	s.missing("another vendor's", func(w fleet.Writer) error { _, err := w.RedirectAccountFor(ctx, tenant, "Snom"); return err })
	s.missing("a tenant", func(w fleet.Writer) error { return w.InsertRedirectAccount(ctx, s.aRedirectAccount(1)) })
	err := s.Write(ctx, func(w fleet.Writer) error { return w.InsertRedirectAccount(ctx, s.aRedirectAccount(tenant)) })
	wantCode(t, "a second account", err, fleet.CodeConflict)
	saysInPlainWords(t, "a second account", err)

	changed := s.aRedirectAccount(tenant)
	changed.ID, changed.Service, changed.Endpoint, changed.Values = a.ID, "yealink-ymcs", "", nil
	changed.Secrets = map[string]secret.Secret{"client_secret": secret.New("other")}
	s.write(func(w fleet.Writer) error { return w.UpdateRedirectAccount(ctx, changed) })
	changed.CreatedAt, changed.RedirectHealth = a.CreatedAt, a.RedirectHealth
	same(t, "after an update", get(s, func(r fleet.Reader) (fleet.RedirectAccount, error) { return r.RedirectAccount(ctx, tenant, a.ID) }), changed)
	changed.RedirectHealth = fleet.RedirectHealth{VerifiedAt: start.Add(time.Hour)}
	s.write(func(w fleet.Writer) error { return w.SetRedirectHealth(ctx, a.ID, changed.RedirectHealth) })
	same(t, "after its health changed", get(s, func(r fleet.Reader) (fleet.RedirectAccount, error) { return r.RedirectAccount(ctx, tenant, a.ID) }), changed)
	n := 0
	if err := s.EachRedirectAccount(ctx, func(fleet.RedirectAccount) error { n++; return nil }); err != nil || n != 3 {
		t.Errorf("EachRedirectAccount: %d, %v", n, err)
	}

	phone := s.newPhone(tenant, s.newUser(tenant).ID)
	s.redirect(a.ID, tenant, phone.MAC, start)
	s.settleRedirections(start, fleet.RedirectRegistered, s.claimRedirections(a.ID, start)...)
	s.redirect(a.ID, tenant, phone.MAC, start)
	if n := get(s, func(r fleet.Reader) (int, error) { return r.RedirectionsAt(ctx, a.ID) }); n != 1 {
		t.Errorf("%d devices are known to the service", n)
	}
	var tenants []fleet.ID
	s.write(func(w fleet.Writer) (err error) {
		tenants, err = w.DeleteRedirectAccount(ctx, tenant, a.ID, start)
		return err
	})
	if !slices.Equal(tenants, []fleet.ID{tenant}) {
		t.Errorf("the account had devices of %v", tenants)
	}
	s.missing("a deleted account", func(w fleet.Writer) error { _, err := w.RedirectAccount(ctx, tenant, a.ID); return err })
	s.missing("deleting it again", func(w fleet.Writer) error { _, err := w.DeleteRedirectAccount(ctx, tenant, a.ID, start); return err })
	if p := get(s, func(r fleet.Reader) (fleet.Phone, error) { return r.Phone(ctx, tenant, phone.ID) }); p.RPS {
		t.Error("a phone has rps on without an account")
	}
	if list := s.redirections(tenant); len(list) != 0 {
		t.Errorf("what a deleted account had: %v", list)
	}
	if j := s.redirectJob(tenant); j.State != fleet.JobDone || j.Counts != (fleet.JobCounts{Cancelled: 1}) {
		t.Errorf("the job of a deleted account: %+v", j)
	}
}

func testRedirections(t *testing.T, s *store) {
	ctx := t.Context()
	tenant := s.newTenant().ID
	a := s.newRedirectAccount(tenant)
	phones := s.newPhones(tenant, 2)
	m := phones[0]
	s.redirect(a.ID, tenant, m, start)
	job := s.redirectJob(tenant)
	want := fleet.Redirection{
		Account: a.ID, Tenant: tenant, MAC: m, Vendor: vendor, Model: "T54W", Serial: "SN", Code: "4711", Service: a.Service, Want: fleet.WantRegistered, Revision: 1, Status: fleet.RedirectPending,
		Token: aToken(m, 1), Expires: start.Add(24 * time.Hour), Job: job.ID, Due: start, UpdatedAt: start,
	}
	same(t, "Redirections", s.redirections(tenant), []fleet.Redirection{want})
	same(t, "RedirectionsOf", get(s, func(r fleet.Reader) (map[mac.Addr]fleet.Redirection, error) {
		return r.RedirectionsOf(ctx, tenant, phones)
	}), map[mac.Addr]fleet.Redirection{m: want})
	same(t, "RedirectBacklog", get(s, func(r fleet.Reader) (map[fleet.ID]int, error) { return r.RedirectBacklog(ctx, job.ID) }), map[fleet.ID]int{a.ID: 1})
	same(t, "the job", job, fleet.Job{ID: job.ID, Tenant: tenant, Kind: fleet.JobRPS, State: fleet.JobRunning, Caller: admin, CreatedAt: start, Counts: fleet.JobCounts{Pending: 1}})
	s.missing("an account", func(w fleet.Writer) error {
		return w.Redirect(ctx, fleet.Wish{Account: 1, Tenant: tenant, MAC: m}, start, admin)
	})
	if got := s.claim(aClaim); len(got) != 0 {
		t.Errorf("the worker of orders has claimed %v", got)
	}

	s.redirect(a.ID, tenant, phones[1], start) // joins
	claimed := s.claimRedirections(a.ID, start)
	if len(claimed) != 2 || claimed[0].Attempts != 1 || claimed[0].Token.Reveal() != want.Token.Reveal() || claimed[0].Base == "" {
		t.Fatalf("claimed %+v", claimed)
	}
	if j := s.redirectJob(tenant); j.ID != job.ID || j.Counts != (fleet.JobCounts{Sent: 2}) {
		t.Errorf("under way: %+v", j)
	}
	if done := s.settleRedirections(start.Add(time.Second), fleet.RedirectRegistered, claimed[0]); len(done) != 0 {
		t.Errorf("a job has ended before its time: %v", done)
	}
	done := s.settleRedirections(start.Add(time.Second), fleet.RedirectForeign, claimed[1])
	if len(done) != 1 || done[0].State != fleet.JobDone || done[0].Counts != (fleet.JobCounts{Confirmed: 1, Failed: 1}) {
		t.Errorf("ended: %+v", done)
	}
	list := s.redirections(tenant)
	if list[0].Status != fleet.RedirectRegistered || !list[0].Due.IsZero() || list[1].Status != fleet.RedirectForeign || list[1].Reason != "because" {
		t.Errorf("settled: %+v", list)
	}
	events := get(s, func(r fleet.Reader) ([]fleet.Event, error) {
		list, _, err := r.Events(ctx, tenant, phones[1], everything)
		return list, err
	})
	if len(events) != 1 || events[0].Kind != fleet.EventNotRedirected || events[0].Severity != fleet.Warning {
		t.Errorf("events: %+v", events)
	}

	// Forgetting: what the service knows it is told, what it does not is let go at once.
	unredirect := func(m mac.Addr) {
		t.Helper()
		s.write(func(w fleet.Writer) error { return w.Unredirect(ctx, tenant, m, start.Add(time.Minute), admin) })
	}
	unredirect(phones[1])
	unredirect(m)
	list = s.redirections(tenant)
	if len(list) != 1 || list[0].MAC != m || list[0].Want != fleet.WantRemoved || list[0].Status != fleet.RedirectPending || !list[0].Token.Empty() {
		t.Fatalf("to be removed: %+v", list)
	}
	s.settleRedirections(start.Add(time.Minute), fleet.RedirectRemoved, s.claimRedirections(a.ID, start.Add(time.Minute))...)
	if list := s.redirections(tenant); len(list) != 1 || list[0].Status != fleet.RedirectRemoved { // its phone is there
		t.Errorf("removed: %+v", list)
	}
	unredirect(m)
	if list := s.redirections(tenant); len(list) != 0 {
		t.Errorf("forgotten: %+v", list)
	}
}

func testRedirectClaims(t *testing.T, s *store) {
	tenant := s.newTenant().ID
	a := s.newRedirectAccount(tenant)
	m := s.newPhones(tenant, 1)[0]
	next := func() time.Time {
		t.Helper()
		all, err := s.NextRedirections(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return all[a.ID]
	}
	if !next().IsZero() {
		t.Error("nothing is due at a time")
	}
	s.redirect(a.ID, tenant, m, start)
	if !next().Equal(start) {
		t.Errorf("the next is due %v", next())
	}
	if got := s.claimRedirections(a.ID, start.Add(-time.Second)); len(got) != 0 {
		t.Errorf("claimed before its time: %v", got)
	}
	first := s.claimRedirections(a.ID, start)
	if got := s.claimRedirections(a.ID, start.Add(59*time.Second)); len(got) != 0 {
		t.Errorf("claimed twice: %v", got)
	}
	again := s.claimRedirections(a.ID, start.Add(time.Minute)) // as after a crash
	if len(first) != 1 || len(again) != 1 || again[0].Attempts != 2 {
		t.Fatalf("claimed %v, then %v", first, again)
	}
	s.settleRedirections(start, fleet.RedirectRegistered, first...)
	if got := s.redirections(tenant)[0]; got.Status != fleet.RedirectPending {
		t.Errorf("settled by whoever lost the lease: %+v", got)
	}
	at := start.Add(2 * time.Minute)
	s.settleRedirections(at, fleet.RedirectPending, again...)
	if got := s.redirections(tenant)[0]; got.Status != fleet.RedirectPending || got.Reason != "because" || !got.Due.Equal(at.Add(time.Minute)) || got.Attempts != 2 {
		t.Errorf("to be tried again: %+v", got)
	}
	if i := s.items(s.redirectJob(tenant))[0]; i.State != fleet.ItemPending || i.Reason != "because" || i.Attempts != 2 {
		t.Errorf("its item: %+v", i)
	}
	third := s.claimRedirections(a.ID, at.Add(time.Minute))
	if _, err := s.SettleRedirections(t.Context(), at, []fleet.RedirectSettlement{{RedirectErrand: third[0], To: fleet.RedirectPending, Next: at, Unsent: true}}); err != nil {
		t.Fatal(err)
	}
	if got := s.redirections(tenant)[0]; got.Attempts != 2 || !got.Due.Equal(at) {
		t.Errorf("given back: %+v", got)
	}

	// Accounts, and jobs within one, do not wait for each other.
	shared := s.newRedirectAccount(0)
	large, small := s.newTenant().ID, s.newTenant().ID
	for _, m := range s.newPhones(large, 20) {
		s.redirect(shared.ID, large, m, start)
	}
	s.redirect(shared.ID, small, s.newPhones(small, 1)[0], start.Add(time.Second))
	got, err := s.ClaimRedirections(t.Context(), fleet.RedirectClaim{Account: shared.ID, At: at, Lease: time.Minute, Limit: 10})
	if err != nil || len(got) < 6 || len(got) > 10 || !slices.ContainsFunc(got, func(e fleet.RedirectErrand) bool { return e.Tenant == small }) {
		t.Errorf("a share of 10: %d, %v", len(got), err)
	}
}

// What is wanted anew while a service is told stays to be told, and not at the same time.
func testRedirectChanges(t *testing.T, s *store) {
	ctx := t.Context()
	tenant := s.newTenant().ID
	a := s.newRedirectAccount(tenant)
	m := s.newPhones(tenant, 1)[0]
	s.redirect(a.ID, tenant, m, start)
	claimed := s.claimRedirections(a.ID, start)
	s.write(func(w fleet.Writer) error { return w.Unredirect(ctx, tenant, m, start.Add(time.Second), admin) })
	if got := s.claimRedirections(a.ID, start.Add(2*time.Second)); len(got) != 0 {
		t.Errorf("claimed while it is under way: %v", got)
	}
	s.settleRedirections(start.Add(3*time.Second), fleet.RedirectRegistered, claimed...)
	if got := s.redirections(tenant)[0]; got.Want != fleet.WantRemoved || got.Status != fleet.RedirectPending {
		t.Errorf("after the late answer: %+v", got)
	}
	again := s.claimRedirections(a.ID, start.Add(3*time.Second))
	if len(again) != 1 || again[0].Want != fleet.WantRemoved || again[0].Attempts != 1 {
		t.Fatalf("claimed again: %+v", again)
	}
	s.redirect(a.ID, tenant, m, start.Add(4*time.Second)) // and back
	s.settleRedirections(start.Add(5*time.Second), fleet.RedirectRemoved, again...)
	s.settleRedirections(start.Add(6*time.Second), fleet.RedirectRegistered, s.claimRedirections(a.ID, start.Add(6*time.Second))...)
	if got := s.redirections(tenant)[0]; got.Status != fleet.RedirectRegistered || got.Revision != 3 {
		t.Errorf("in the end: %+v", got)
	}
	if j := s.redirectJob(tenant); j.State != fleet.JobDone || j.Counts.Total() != 1 {
		t.Errorf("the job: %+v", j)
	}

	told := get(s, func(r fleet.Reader) ([]fleet.RedirectErrand, error) { return r.RedirectionsTold(ctx, a.ID) })
	if len(told) != 1 || told[0].MAC != m || told[0].Token.Empty() || told[0].Base == "" {
		t.Errorf("told: %+v", told)
	}
	s.write(func(w fleet.Writer) error { return w.RedirectThese(ctx, a.ID, []mac.Addr{macOf(1)}, start, admin) })
	if got := s.redirections(tenant)[0]; got.Status != fleet.RedirectRegistered {
		t.Errorf("another device was to be registered anew: %+v", got)
	}
	s.write(func(w fleet.Writer) error {
		return w.RedirectThese(ctx, a.ID, []mac.Addr{m}, start.Add(time.Hour), admin)
	})
	if got := s.redirections(tenant)[0]; got.Status != fleet.RedirectPending || got.Revision != 4 {
		t.Errorf("to be registered anew: %+v", got)
	}
	s.settleRedirections(start.Add(time.Hour), fleet.RedirectRegistered, s.claimRedirections(a.ID, start.Add(time.Hour))...)
	s.write(func(w fleet.Writer) error { return w.RedirectAgain(ctx, tenant, 0, start.Add(time.Hour), admin) })
	if got := s.redirections(tenant)[0]; got.Status != fleet.RedirectPending || got.Revision != 5 || got.Token.Reveal() != aToken(m, 1).Reveal() {
		t.Errorf("to be registered anew: %+v", got)
	}
}

func testRedirectMoves(t *testing.T, s *store) {
	ctx := t.Context()
	tenant, other := s.newTenant().ID, s.newTenant().ID
	fallback := s.newRedirectAccount(0)
	phones := s.newPhones(tenant, 2)
	stays := s.newPhones(other, 1)[0]
	s.redirect(fallback.ID, tenant, phones[0], start)
	s.redirect(fallback.ID, other, stays, start)
	s.settleRedirections(start, fleet.RedirectRegistered, s.claimRedirections(fallback.ID, start)...)
	s.redirect(fallback.ID, tenant, phones[1], start) // not told yet
	own := s.newRedirectAccount(tenant)
	at := start.Add(time.Hour)
	s.write(func(w fleet.Writer) error { return w.MoveRedirections(ctx, tenant, fallback.ID, own.ID, at, admin) })
	if got := s.claimRedirections(own.ID, at); len(got) != 1 || got[0].MAC != phones[1] || got[0].Token.Reveal() != aToken(phones[1], 1).Reveal() {
		t.Errorf("registered before the other account has forgotten it: %+v", got)
	}
	s.settleRedirections(at, fleet.RedirectRemoved, s.claimRedirections(fallback.ID, at)...)
	got := s.claimRedirections(own.ID, at)
	if len(got) != 1 || got[0].MAC != phones[0] || got[0].Token.Reveal() != aToken(phones[0], 1).Reveal() {
		t.Errorf("moved: %+v", got)
	}
	for _, r := range s.redirections(tenant) {
		if r.Account == fallback.ID && r.Want == fleet.WantRegistered {
			t.Errorf("still with the account it had: %+v", r)
		}
	}
	if list := s.redirections(other); len(list) != 1 || list[0].Account != fallback.ID || list[0].Status != fleet.RedirectRegistered {
		t.Errorf("another tenant's: %+v", list)
	}
	p := get(s, func(r fleet.Reader) (fleet.Pointer, error) { return r.Pointer(ctx, tenant, phones[0]) })
	if p.Hash != sha256.Sum256([]byte(aToken(phones[0], 1).Reveal())) {
		t.Error("the first-access address has changed")
	}
}

func testRedirectJobs(t *testing.T, s *store) {
	ctx := t.Context()
	tenant := s.newTenant().ID
	a := s.newRedirectAccount(tenant)
	phones := s.newPhones(tenant, 3)
	for _, m := range phones {
		s.redirect(a.ID, tenant, m, start)
	}
	job := s.redirectJob(tenant)
	set := func(state fleet.JobState) {
		t.Helper()
		s.write(func(w fleet.Writer) error { return w.SetJobState(ctx, tenant, job.ID, state, start.Add(time.Second)) })
	}
	set(fleet.JobPaused)
	if got := s.claimRedirections(a.ID, start); len(got) != 0 {
		t.Errorf("claimed of a paused job: %v", got)
	}
	set(fleet.JobRunning)
	one, err := s.ClaimRedirections(ctx, fleet.RedirectClaim{Account: a.ID, At: start, Lease: time.Minute, Limit: 2})
	if err != nil || len(one) != 2 {
		t.Fatal(one, err)
	}
	set(fleet.JobCancelled)
	if got := s.claimRedirections(a.ID, start.Add(time.Hour)); len(got) != 0 && got[0].MAC == phones[2] {
		t.Errorf("claimed of a cancelled job: %v", got)
	}
	s.settleRedirections(start.Add(2*time.Second), fleet.RedirectRegistered, one[0])
	done := s.settleRedirections(start.Add(2*time.Second), fleet.RedirectPending, one[1])
	if len(done) != 1 || done[0].State != fleet.JobCancelled || done[0].Counts != (fleet.JobCounts{Confirmed: 1, Cancelled: 2}) {
		t.Errorf("ended: %+v", done)
	}
	for _, r := range s.redirections(tenant)[1:] {
		if r.Status != fleet.RedirectPending || !r.Due.IsZero() || r.Reason == "" {
			t.Errorf("cancelled: %+v", r)
		}
	}
	s.write(func(w fleet.Writer) error { return w.RedirectAgain(ctx, tenant, a.ID, start.Add(time.Minute), admin) })
	if j := s.redirectJob(tenant); j.ID == job.ID || j.Counts != (fleet.JobCounts{Pending: 3}) {
		t.Errorf("after the cancelled one: %+v", j)
	}
}

// The installation's account forgets the devices of a tenant that is deleted, and those
// that another tenant has by now it does not.
func testRedirectTenants(t *testing.T, s *store) {
	ctx := t.Context()
	tenant, heir := s.newTenant().ID, s.newTenant().ID
	fallback := s.newRedirectAccount(0)
	own := s.newRedirectAccount(tenant)
	phones := s.newPhones(tenant, 2)
	for _, m := range phones {
		s.redirect(fallback.ID, tenant, m, start)
	}
	s.settleRedirections(start, fleet.RedirectRegistered, s.claimRedirections(fallback.ID, start)...)
	s.write(func(w fleet.Writer) error { return w.DeleteTenant(ctx, tenant) })
	s.missing("its account", func(w fleet.Writer) error { _, err := w.RedirectAccount(ctx, tenant, own.ID); return err })
	s.redirect(fallback.ID, heir, phones[1], start.Add(time.Second))
	got := s.claimRedirections(fallback.ID, start.Add(time.Second))
	if len(got) != 2 || got[0].MAC != phones[0] || got[0].Want != fleet.WantRemoved || got[0].Base != "" || got[1].Tenant != heir || got[1].Want != fleet.WantRegistered {
		t.Fatalf("claimed %+v", got)
	}
	s.settleRedirections(start, fleet.RedirectRemoved, got[0])
	if list := s.redirections(tenant); len(list) != 0 {
		t.Errorf("a deleted tenant's: %+v", list)
	}
}

func testPointers(t *testing.T, s *store) {
	ctx := t.Context()
	tenant := s.newTenant().ID
	a := s.newRedirectAccount(tenant)
	m := s.newPhones(tenant, 1)[0]
	s.redirect(a.ID, tenant, m, start)
	hash := func(n int) [32]byte { return sha256.Sum256([]byte(aToken(m, n).Reveal())) }
	pointer := func() fleet.Pointer {
		t.Helper()
		return get(s, func(r fleet.Reader) (fleet.Pointer, error) { return r.Pointer(ctx, tenant, m) })
	}
	want := fleet.Pointer{Tenant: tenant, MAC: m, Hash: hash(1), Expires: start.Add(24 * time.Hour)}
	same(t, "Pointer", pointer(), want)
	same(t, "Pointers", get(s, func(r fleet.Reader) ([]fleet.Pointer, error) { return r.Pointers(ctx, tenant) }), []fleet.Pointer{want})
	var streamed []fleet.Pointer
	if err := s.EachPointer(ctx, func(p fleet.Pointer) error { streamed = append(streamed, p); return nil }); err != nil {
		t.Error(err)
	}
	same(t, "EachPointer", streamed, []fleet.Pointer{want})
	use := func(hash [32]byte, at time.Time) (first bool) {
		t.Helper()
		s.write(func(w fleet.Writer) (err error) { first, err = w.UsePointer(ctx, tenant, m, hash, at); return err })
		return first
	}
	if use(hash(2), start) || use(hash(1), want.Expires) {
		t.Error("a wrong or expired address was used")
	}
	if !use(hash(1), start.Add(time.Second)) || use(hash(1), start.Add(2*time.Second)) {
		t.Error("an address is not used exactly once")
	}
	want.Used = start.Add(time.Second)
	same(t, "a used one", pointer(), want)
	expired := func(at time.Time) []fleet.Pointer {
		t.Helper()
		return get(s, func(r fleet.Reader) ([]fleet.Pointer, error) { return r.ExpiredPointers(ctx, at, 10) })
	}
	if list := expired(want.Expires); len(list) != 0 {
		t.Errorf("a used one is renewed: %v", list)
	}

	s.settleRedirections(start, fleet.RedirectRegistered, s.claimRedirections(a.ID, start)...)
	expires := start.Add(48 * time.Hour)
	s.write(func(w fleet.Writer) error {
		return w.RotatePointer(ctx, tenant, m, aToken(m, 2), expires, start.Add(time.Minute), admin)
	})
	same(t, "a rotated one", pointer(), fleet.Pointer{Tenant: tenant, MAC: m, Hash: hash(2), Expires: expires})
	if use(hash(1), start) || s.redirections(tenant)[0].Status != fleet.RedirectPending {
		t.Error("the address before still leads somewhere, or the service is not told")
	}
	if list := expired(expires); len(list) != 1 || list[0].MAC != m {
		t.Errorf("expired: %v", list)
	}
	s.redirect(a.ID, tenant, m, start.Add(time.Hour))
	if pointer().Hash != hash(2) {
		t.Error("a live address was thrown away")
	}
	if use(hash(2), start.Add(time.Hour)); pointer().Used.IsZero() {
		t.Error("not used")
	}
	s.redirect(a.ID, tenant, m, start.Add(2*time.Hour))
	if p := pointer(); p.Hash != hash(1) || !p.Used.IsZero() {
		t.Errorf("after a used one: %+v", p)
	}
	s.missing("rotating nothing", func(w fleet.Writer) error {
		return w.RotatePointer(ctx, tenant, macOf(1), aToken(m, 3), expires, start, admin)
	})
	s.write(func(w fleet.Writer) error { return w.Unredirect(ctx, tenant, m, start, admin) })
	s.missing("a pointer to what is to be removed", func(w fleet.Writer) error { _, err := w.Pointer(ctx, tenant, m); return err })
}

// Package storetest is what a store must do to be one: a suite that every backend
// runs.
package storetest

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/secret"
)

// Backend is what Run tests: the domain's store and what the provisioning core
// and the composition root need besides.
type Backend interface {
	fleet.Store
	EachTenant(ctx context.Context, f func(fleet.Tenant) error) error
	EachUser(ctx context.Context, f func(fleet.User) error) error
	EachContact(ctx context.Context, f func(fleet.Contact) error) error
	EachFile(ctx context.Context, f func(fleet.File) error) error
	EachFirmwarePolicy(ctx context.Context, f func(fleet.FirmwarePolicy) error) error
	EachPhone(ctx context.Context, f func(fleet.Phone) error) error
	EachDectPhone(ctx context.Context, f func(fleet.DectPhone, []fleet.Member) error) error
	EachDectSystem(ctx context.Context, f func(fleet.DectSystem) error) error
	EachTemplate(ctx context.Context, f func(fleet.TemplateFile) error) error
	EachEnrolment(ctx context.Context, f func(fleet.Enrolment) error) error
	EachSighting(ctx context.Context, f func(fleet.Sighting) error) error
	EachServed(ctx context.Context, f func(fleet.Served) error) error
	RecordFetches(ctx context.Context, fetches []fleet.Fetch) error
	Fetches(ctx context.Context, tenant fleet.ID, m mac.Addr, limit int) ([]fleet.Fetch, error)
	DeleteEvents(ctx context.Context, before time.Time, limit int) (int, error)
	Announce(to func([]fleet.Event))
	jobStore
	redirectStore
	AuditLog(ctx context.Context, tenant fleet.ID, limit int) ([]fleet.AuditRecord, error)
}

// Run runs the suite. Each call of open gives an empty backend of its own.
func Run(t *testing.T, open func(t *testing.T) Backend) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, *store)
	}{
		{"Tenants", testTenants},
		{"Users", testUsers},
		{"Contacts", testContacts},
		{"Files", testFiles},
		{"FirmwarePolicies", testFirmwarePolicies},
		{"Phones", testPhones},
		{"DectPhones", testDectPhones},
		{"Members", testMembers},
		{"DectSystems", testDectSystems},
		{"Templates", testTemplates},
		{"Enrolments", testEnrolments},
		{"Accounts", testAccounts},
		{"Tokens", testTokens},
		{"Audit", testAudit},
		{"Sightings", testSightings},
		{"Fetches", testFetches},
		{"Served", testServed},
		{"FetchBounds", testFetchBounds},
		{"Events", testEvents},
		{"EventBounds", testEventBounds},
		{"EventsOfJobs", testEventsOfJobs},
		{"Announced", testAnnounced},
		{"Retention", testRetention},
		{"PhoneRows", testPhoneRows},
		{"Jobs", testJobs},
		{"Claims", testClaims},
		{"Turns", testTurns},
		{"Settling", testSettling},
		{"Unassigned", testUnassigned},
		{"Disabled", testDisabled},
		{"RedirectAccounts", testRedirectAccounts},
		{"Redirections", testRedirections},
		{"RedirectClaims", testRedirectClaims},
		{"RedirectChanges", testRedirectChanges},
		{"RedirectMoves", testRedirectMoves},
		{"RedirectJobs", testRedirectJobs},
		{"RedirectTenants", testRedirectTenants},
		{"Pointers", testPointers},
		{"Each", testEach},
		{"Lists", testLists},
		{"ListErrors", testListErrors},
		{"UniqueRules", testUniqueRules},
		{"Isolation", testIsolation},
		{"DeleteTenant", testDeleteTenant},
		{"Atomicity", testAtomicity},
		{"Consistency", testConsistency},
		{"IDs", testIDs},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t, &store{Backend: open(t), t: t})
		})
	}
}

// store is a backend whose errors end the test.
type store struct {
	Backend
	t *testing.T
}

func (s *store) write(f func(fleet.Writer) error) {
	s.t.Helper()
	if err := s.Write(s.t.Context(), f); err != nil {
		s.t.Fatal(err)
	}
}

func (s *store) read(f func(fleet.Reader) error) {
	s.t.Helper()
	if err := s.Read(s.t.Context(), f); err != nil {
		s.t.Fatal(err)
	}
}

// get reads one thing and ends the test if it is not there.
func get[T any](s *store, f func(fleet.Reader) (T, error)) (v T) {
	s.t.Helper()
	s.read(func(r fleet.Reader) (err error) {
		v, err = f(r)
		return err
	})
	return v
}

// wantCode ends nothing, but notes an error of another code; "" is for none.
func wantCode(t *testing.T, what string, err error, code fleet.Code) {
	t.Helper()
	if code == "" && err != nil || code != "" && fleet.CodeOf(err) != code {
		t.Errorf("%s: %v; want code %q", what, err, code)
	}
}

// missing checks that neither reading nor writing finds something.
func (s *store) missing(what string, f func(fleet.Writer) error) {
	s.t.Helper()
	wantCode(s.t, what, s.Write(s.t.Context(), f), fleet.CodeNotFound)
}

var sameValues = cmp.Options{
	cmp.Comparer(func(a, b secret.Secret) bool { return a.Reveal() == b.Reveal() }),
	cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{}),
	cmpopts.EquateEmpty(),
}

func same[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if d := cmp.Diff(want, got, sameValues); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

var errStop = errors.New("stop")

func testAtomicity(t *testing.T, s *store) {
	ctx := t.Context()
	tenant := s.newTenant()
	count := func() int {
		return len(get(s, func(r fleet.Reader) ([]fleet.User, error) {
			users, _, err := r.Users(ctx, tenant.ID, everything)
			return users, err
		}))
	}
	first := s.newUser(tenant.ID)

	err := s.Write(ctx, func(w fleet.Writer) error {
		if err := w.InsertUser(ctx, s.aUser(tenant.ID)); err != nil {
			return err
		}
		if err := w.DeleteUser(ctx, tenant.ID, first.ID); err != nil {
			return err
		}
		return errStop
	})
	if !errors.Is(err, errStop) || count() != 1 {
		t.Errorf("after an error: %v, %d users", err, count())
	}

	func() {
		defer func() { _ = recover() }()
		_ = s.Write(ctx, func(w fleet.Writer) error {
			if err := w.InsertUser(ctx, s.aUser(tenant.ID)); err != nil {
				return err
			}
			panic("stop")
		})
	}()
	if count() != 1 {
		t.Errorf("after a panic: %d users", count())
	}

	err = s.Write(ctx, func(w fleet.Writer) error {
		if err := w.InsertUser(ctx, s.aUser(tenant.ID)); err != nil {
			return err
		}
		again := s.aUser(tenant.ID)
		again.ExtensionNumber = first.ExtensionNumber
		wantCode(t, "the same extension", w.InsertUser(ctx, again), fleet.CodeConflict)
		wantCode(t, "a user after a conflict", w.InsertUser(ctx, s.aUser(tenant.ID)), fleet.CodeConflict)
		return nil // as if nothing had been
	})
	wantCode(t, "a write with a conflict", err, fleet.CodeConflict)
	if count() != 1 {
		t.Errorf("after a conflict: %d users", count())
	}

	s.write(func(w fleet.Writer) error { // what is not there spoils nothing
		if _, err := w.User(ctx, tenant.ID, 1); fleet.CodeOf(err) != fleet.CodeNotFound {
			t.Errorf("no user: %v", err)
		}
		wantCode(t, "deleting nobody", w.DeleteUser(ctx, tenant.ID, 1), fleet.CodeNotFound)
		return w.InsertUser(ctx, s.aUser(tenant.ID))
	})
	if count() != 2 {
		t.Errorf("after a write that missed: %d users", count())
	}

	for _, stage := range []string{"before", "within", "at the end"} {
		cut, cancel := context.WithCancel(ctx)
		if stage == "before" {
			cancel()
		}
		err := s.Write(cut, func(w fleet.Writer) error {
			if err := w.InsertUser(cut, s.aUser(tenant.ID)); err != nil {
				return err
			}
			cancel()
			if stage == "within" {
				return w.InsertUser(cut, s.aUser(tenant.ID))
			}
			return nil
		})
		cancel()
		if !errors.Is(err, context.Canceled) || count() != 2 {
			t.Errorf("cancelled %s: %v, %d users", stage, err, count())
		}
	}
	s.newUser(tenant.ID)
	if count() != 3 {
		t.Error("the writer does not work after it was cancelled")
	}

	cut, cancel := context.WithCancel(ctx)
	err = s.Read(cut, func(r fleet.Reader) error {
		cancel()
		_, err := r.User(cut, tenant.ID, first.ID)
		return err
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled read: %v", err)
	}
}

// testConsistency proves that reads and writes do not wait for each other, and
// that neither sees half of the other: each runs within the other here, so that
// waiting would be for ever.
func testConsistency(t *testing.T, s *store) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tenant := s.newTenant()
	user := s.newUser(tenant.ID)
	name := func(r fleet.Reader) string {
		u, err := r.User(ctx, tenant.ID, user.ID)
		if err != nil {
			t.Error(err)
		}
		return u.DisplayName
	}
	s.read(func(r fleet.Reader) error {
		if got := name(r); got != user.DisplayName {
			t.Errorf("before: %q", got)
		}
		if err := s.Write(ctx, func(w fleet.Writer) error {
			changed := user
			changed.DisplayName = "changed"
			if err := w.UpdateUser(ctx, changed); err != nil {
				return err
			}
			if got := name(w); got != "changed" {
				t.Errorf("the writer does not see its own change: %q", got)
			}
			return s.Read(ctx, func(other fleet.Reader) error {
				if got := name(other); got != user.DisplayName {
					t.Errorf("an uncommitted change is seen: %q", got)
				}
				return nil
			})
		}); err != nil {
			return err
		}
		if got := name(r); got != user.DisplayName {
			t.Errorf("a reader's state changed under it: %q", got)
		}
		return nil
	})
	s.read(func(r fleet.Reader) error {
		if got := name(r); got != "changed" {
			t.Errorf("after: %q", got)
		}
		return nil
	})
}

func testIDs(t *testing.T, s *store) {
	const workers, each = 8, 2000
	got := make(chan []fleet.ID, workers)
	for range workers {
		go func() {
			ids := make([]fleet.ID, each)
			for i := range ids {
				ids[i] = s.NewID()
			}
			got <- ids
		}()
	}
	seen := make(map[fleet.ID]bool)
	for range workers {
		last := fleet.ID(0)
		for _, id := range <-got {
			if id <= last || seen[id] {
				t.Fatalf("%d came after %d, or twice", id, last)
			}
			last, seen[id] = id, true
			if back, ok := fleet.ParseID(id.String()); !ok || back != id {
				t.Fatalf("%d reads back as %d", id, back)
			}
		}
	}
}

// saysInPlainWords checks that an error can be shown to a person.
func saysInPlainWords(t *testing.T, what string, err error) {
	t.Helper()
	for _, word := range []string{"UNIQUE", "constraint", "SQL", "_folded", "devices.", "users."} {
		if err != nil && strings.Contains(err.Error(), word) {
			t.Errorf("%s: %q speaks of %s", what, err, word)
		}
	}
}

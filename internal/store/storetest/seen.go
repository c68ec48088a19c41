package storetest

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/listquery"
	"github.com/dialplane/dialplane/internal/mac"
)

func (s *store) record(fetches ...fleet.Fetch) {
	s.t.Helper()
	if err := s.RecordFetches(s.t.Context(), fetches); err != nil {
		s.t.Fatal(err)
	}
}

func testSightings(t *testing.T, s *store) {
	ctx := t.Context()
	here, there := s.newTenant().ID, s.newTenant().ID
	m := macOf(1)
	sighting := func() fleet.Sighting {
		t.Helper()
		return get(s, func(r fleet.Reader) (fleet.Sighting, error) { return r.Sighting(ctx, m) })
	}
	s.missing("what nobody saw", func(w fleet.Writer) error { _, err := w.Sighting(ctx, m); return err })

	first := aFetch(here, m, start)
	s.record(first)
	want := fleet.Sighting{
		MAC: m, Tenant: here, Vendor: first.Vendor, Model: first.Model, Version: first.Version, IP: first.IP,
		UserAgent: first.UserAgent, FirstSeen: start, LastSeen: start,
	}
	same(t, "the first sighting", sighting(), want)

	s.record(fleet.Fetch{Tenant: here, MAC: m, Time: start.Add(time.Minute)})
	want.LastSeen = start.Add(time.Minute)
	same(t, "after a fetch that says nothing", sighting(), want)

	s.record(fleet.Fetch{Tenant: here, MAC: m, Time: start.Add(time.Second), Version: "2"})
	want.Version = "2"
	same(t, "after a fetch that comes late", sighting(), want)

	reject := func(tenant fleet.ID, rejected bool) {
		s.write(func(w fleet.Writer) error { return w.SetRejected(ctx, tenant, m, rejected) })
	}
	reject(here, true)
	want.Rejected = true
	same(t, "rejected", sighting(), want)
	s.record(fleet.Fetch{Tenant: here, MAC: m, Time: start.Add(time.Hour), IP: netip.MustParseAddr("2001:db8::7"), Vendor: "V", Model: "M", UserAgent: "U"})
	want.LastSeen, want.IP, want.Vendor, want.Model, want.UserAgent = start.Add(time.Hour), netip.MustParseAddr("2001:db8::7"), "V", "M", "U"
	same(t, "rejected and seen again", sighting(), want)
	reject(here, false)
	want.Rejected = false
	same(t, "no longer rejected", sighting(), want)

	// A tenant's shared address can be asked for anybody's MAC address: what is
	// seen there changes nothing elsewhere.
	s.record(aFetch(there, m, start.Add(2*time.Hour)))
	if got := sighting(); got.Tenant != there {
		t.Errorf("a stranger is not where it was seen last: %v", got)
	}
	reject(there, true)
	phone := s.aPhone(here, s.newUser(here).ID)
	phone.MAC = m
	s.write(func(w fleet.Writer) error { return w.InsertPhone(ctx, phone) })
	same(t, "an assigned phone that was seen elsewhere too", sighting(), want)

	m = macOf(2)
	reject(here, true)
	same(t, "rejected before it was seen", sighting(), fleet.Sighting{MAC: m, Tenant: here, Rejected: true})
	s.record(aFetch(here, m, start))
	if got := sighting(); !got.Rejected || !got.FirstSeen.Equal(start) {
		t.Errorf("seen after it was rejected: %+v", got)
	}
	s.missing("rejecting for no tenant", func(w fleet.Writer) error { return w.SetRejected(ctx, 1, m, true) })
}

func testFetches(t *testing.T, s *store) {
	ctx := t.Context()
	tenant := s.newTenant().ID
	m := macOf(1)
	fetch := aFetch(tenant, m, start)
	full := fetch
	full.Severity, full.Doubt = fleet.Warning, "odd"
	filled(t, full)
	bare := fleet.Fetch{Time: start.Add(time.Second), Tenant: tenant, MAC: m}
	s.record(full, bare)
	got := func(m mac.Addr, limit int) []fleet.Fetch {
		t.Helper()
		f, err := s.Fetches(ctx, tenant, m, limit)
		wantCode(t, "Fetches", err, "")
		return f
	}
	same(t, "Fetches", got(m, 10), []fleet.Fetch{bare, fetch})
	same(t, "the last of Fetches", got(m, 1), []fleet.Fetch{bare})
	same(t, "Fetches of nobody", got(macOf(2), 10), nil)
	s.record()

	// What has no device or no tenant is passed over, not a reason to lose the rest.
	s.record(aFetch(tenant, mac.Addr{}, start), aFetch(0, macOf(3), start), aFetch(1, macOf(3), start), aFetch(tenant, macOf(4), start))
	if len(got(macOf(4), 10)) != 1 || len(got(macOf(3), 10)) != 0 {
		t.Error("a fetch in bad company is not recorded")
	}

	// What a device says of itself is cut to size and made text.
	rude := aFetch(tenant, macOf(5), start)
	rude.UserAgent, rude.File, rude.Version = strings.Repeat("ä", 100_000), "a\x00b\xff", strings.Repeat("\xff", 300)
	s.record(rude)
	said := got(macOf(5), 1)[0]
	if len(said.UserAgent) > 1024 || said.File != "a\uFFFDb\uFFFD" || len(said.Version) > 1024 {
		t.Errorf("a rude device: %d bytes of user agent, file %q, %d bytes of version", len(said.UserAgent), said.File, len(said.Version))
	}
}

func testServed(t *testing.T, s *store) {
	tenant := s.newTenant()
	user := s.newUser(tenant.ID)
	phone := s.newPhone(tenant.ID, user.ID)
	served := func(file, etag string, at time.Time) fleet.Fetch {
		f := aFetch(tenant.ID, phone.MAC, at)
		f.File, f.ETag = file, etag
		return f
	}
	stranger := aFetch(tenant.ID, macOf(999), start)
	later := start.Add(time.Hour)
	s.record(served("a.cfg", "1", start), served("b.cfg", "1", start), stranger)
	s.record(served("a.cfg", "1", later), served("b.cfg", "2", later), served("c.cfg", "", later))
	check(t, "EachServed", func(f func(fleet.Served) error) error { return s.EachServed(t.Context(), f) },
		func(a, b any) int { return strings.Compare(a.(fleet.Served).File, b.(fleet.Served).File) },
		[]fleet.Served{{MAC: phone.MAC, File: "a.cfg", ETag: "1", Time: start}, {MAC: phone.MAC, File: "b.cfg", ETag: "2", Time: later}})
}

func testFetchBounds(t *testing.T, s *store) {
	ctx := t.Context()
	tenant := s.newTenant().ID
	phone := s.newPhone(tenant, s.newUser(tenant).ID)
	stranger := macOf(1)

	batch := make([]fleet.Fetch, 0, 500)
	for i := range 250 {
		at := start.Add(time.Duration(i) * time.Second)
		batch = append(batch, aFetch(tenant, phone.MAC, at), aFetch(tenant, stranger, at))
	}
	s.record(batch...)
	for m, bounds := range map[mac.Addr][2]int{phone.MAC: {200, 200}, stranger: {1, 200}} {
		f, err := s.Fetches(ctx, tenant, m, 1000)
		wantCode(t, "Fetches", err, "")
		if len(f) < bounds[0] || len(f) > bounds[1] {
			t.Errorf("%d fetches are kept; want %v", len(f), bounds)
		}
		for i := range f {
			if want := start.Add(time.Duration(249-i) * time.Second); !f[i].Time.Equal(want) {
				t.Fatalf("fetch %d is of %v, want %v", i, f[i].Time, want)
			}
		}
	}
}

func testPhoneRows(t *testing.T, s *store) {
	ctx := t.Context()
	tenant := s.newTenant().ID
	user := s.newUser(tenant)
	seen, unseen := s.newPhone(tenant, user.ID), s.newPhone(tenant, user.ID)
	base := s.newDectPhone(tenant)
	elsewhere := s.fullTenant()
	said := aFetch(tenant, seen.MAC, start)
	said.Model, said.Vendor = "T21", "Other" // not what it is assigned as
	stranger, theirs := macOf(1), elsewhere.phone.MAC
	s.record(said, aFetch(tenant, stranger, start), aFetch(tenant, base.MAC, start), aFetch(tenant, theirs, start))
	s.write(func(w fleet.Writer) error { return w.SetRejected(ctx, tenant, seen.MAC, true) })

	row := func(p fleet.Phone) fleet.PhoneRow {
		return fleet.PhoneRow{
			MAC: p.MAC, ExtensionNumber: user.ExtensionNumber, Name: user.DisplayName, Vendor: p.Vendor, Model: p.Model,
			Password: p.Password, VMPIN: user.VMPIN,
		}
	}
	unassigned := func(m mac.Addr) fleet.PhoneRow {
		return fleet.PhoneRow{MAC: m, Vendor: said.Vendor, Model: said.Model, Version: said.Version, IP: said.IP.String()}
	}
	seenRow, unseenRow, strangerRow, theirsRow := row(seen), row(unseen), unassigned(stranger), unassigned(theirs)
	seenRow.Version, seenRow.IP, seenRow.Rejected = said.Version, said.IP.String(), true
	strangerRow.Vendor, strangerRow.Model = "Yealink", "T54W"
	theirsRow.Vendor, theirsRow.Model = "Yealink", "T54W"
	want := []fleet.PhoneRow{strangerRow, theirsRow, seenRow, unseenRow}
	slices.SortFunc(want, func(a, b fleet.PhoneRow) int { return slices.Compare(a.MAC[:], b.MAC[:]) })
	s.read(func(r fleet.Reader) error {
		rows, count, err := r.PhoneRows(ctx, tenant, listquery.Query{Top: 3, Count: true})
		same(t, "PhoneRows", rows, want[:3])
		if count != len(want) {
			t.Errorf("count %d, want %d", count, len(want))
		}
		return err
	})
	for _, w := range want {
		same(t, "PhoneRow", get(s, func(r fleet.Reader) (fleet.PhoneRow, error) { return r.PhoneRow(ctx, tenant, w.MAC) }), w)
	}
	for what, m := range map[string]mac.Addr{"a base": base.MAC, "nobody": macOf(77), "no address": {}} {
		s.missing(what, func(w fleet.Writer) error { _, err := w.PhoneRow(ctx, tenant, m); return err })
	}

	// What was seen stays with the address: as the phone takes another, as a
	// phone or its user is deleted, as a phone takes one that was seen.
	read := func(m mac.Addr) fleet.PhoneRow {
		t.Helper()
		return get(s, func(r fleet.Reader) (fleet.PhoneRow, error) { return r.PhoneRow(ctx, tenant, m) })
	}
	moved := unseen
	moved.MAC = stranger
	s.write(func(w fleet.Writer) error { return w.UpdatePhone(ctx, moved) })
	movedRow := row(moved)
	movedRow.Version, movedRow.IP = said.Version, said.IP.String()
	same(t, "a phone that took a stranger's address", read(stranger), movedRow)
	s.write(func(w fleet.Writer) error { return w.UpdatePhone(ctx, unseen) })
	same(t, "the stranger again", read(stranger), strangerRow)
	same(t, "the phone again", read(unseen.MAC), unseenRow)

	other := s.newUser(tenant)
	taken := s.aPhone(tenant, other.ID)
	taken.MAC = stranger
	s.write(func(w fleet.Writer) error { return w.InsertPhone(ctx, taken) })
	if got := read(stranger); got.ExtensionNumber != other.ExtensionNumber || got.IP == "" {
		t.Errorf("a stranger that was assigned: %+v", got)
	}
	s.write(func(w fleet.Writer) error { return w.DeleteUser(ctx, tenant, other.ID) })
	same(t, "a stranger whose user was deleted", read(stranger), strangerRow)

	s.write(func(w fleet.Writer) error { return w.DeletePhone(ctx, tenant, seen.ID) })
	gone := unassigned(seen.MAC)
	gone.Rejected = true
	same(t, "the row of a phone that was deleted", get(s, func(r fleet.Reader) (fleet.PhoneRow, error) { return r.PhoneRow(ctx, tenant, seen.MAC) }), gone)
}

// collect gathers what an Each method gives.
func collect[T any](t *testing.T, what string, each func(f func(T) error) error) []T {
	t.Helper()
	var got []T
	wantCode(t, what, each(func(v T) error { got = append(got, v); return nil }), "")
	calls := 0
	err := each(func(T) error { calls++; return errStop })
	if len(got) > 0 && (!errors.Is(err, errStop) || calls != 1) {
		t.Errorf("%s: stopped with %v after %d", what, err, calls)
	}
	return got
}

func testEach(t *testing.T, s *store) {
	ctx := t.Context()
	var (
		tenants    []fleet.Tenant
		users      []fleet.User
		phones     []fleet.Phone
		bases      []fleet.DectPhone
		templates  []fleet.TemplateFile
		enrolments []fleet.Enrolment
	)
	for range 3 {
		f := s.fullTenant()
		tenants, users, phones = append(tenants, f.tenant), append(users, f.user), append(phones, f.phone)
		bases, enrolments = append(bases, f.dect), append(enrolments, f.enrolment)
		templates = append(templates, fleet.TemplateFile{Tenant: f.tenant.ID, Filename: "own.xml", Content: "<x/>", UpdatedAt: start})
	}
	// Each promises no order.
	byKey := func(key func(any) string) func(a, b any) int {
		return func(a, b any) int { return strings.Compare(key(a), key(b)) }
	}
	order := byKey(func(v any) string {
		switch v := v.(type) {
		case fleet.Tenant:
			return v.ID.String()
		case fleet.User:
			return v.ID.String()
		case fleet.Phone:
			return v.ID.String()
		case fleet.DectPhone:
			return v.ID.String()
		case fleet.TemplateFile:
			return v.Tenant.String()
		case fleet.Enrolment:
			return v.ID.String()
		case fleet.Sighting:
			return v.MAC.String()
		}
		panic("unknown")
	})
	check(t, "EachTenant", func(f func(fleet.Tenant) error) error { return s.EachTenant(ctx, f) }, order, tenants)
	check(t, "EachUser", func(f func(fleet.User) error) error { return s.EachUser(ctx, f) }, order, users)
	check(t, "EachPhone", func(f func(fleet.Phone) error) error { return s.EachPhone(ctx, f) }, order, phones)
	check(t, "EachTemplate", func(f func(fleet.TemplateFile) error) error { return s.EachTemplate(ctx, f) }, order, templates)
	check(t, "EachEnrolment", func(f func(fleet.Enrolment) error) error { return s.EachEnrolment(ctx, f) }, order, enrolments)
	check(t, "EachDectPhone", func(f func(fleet.DectPhone) error) error {
		return s.EachDectPhone(ctx, func(d fleet.DectPhone, members []fleet.Member) error {
			if len(members) != 1 {
				t.Errorf("a base with %d members", len(members))
			}
			return f(d)
		})
	}, order, bases)
	sightings := collect(t, "EachSighting", func(f func(fleet.Sighting) error) error { return s.EachSighting(ctx, f) })
	if len(sightings) != 3 {
		t.Errorf("%d sightings", len(sightings))
	}
	// What is read one by one does not keep others from writing.
	err := s.EachUser(ctx, func(u fleet.User) error {
		return s.Write(ctx, func(w fleet.Writer) error { return w.DeleteUser(ctx, u.Tenant, u.ID) })
	})
	wantCode(t, "writing while reading", err, "")
	if left := collect(t, "EachUser", func(f func(fleet.User) error) error { return s.EachUser(ctx, f) }); len(left) != 0 {
		t.Errorf("%d users are left", len(left))
	}
}

func check[T any](t *testing.T, what string, each func(f func(T) error) error, order func(a, b any) int, want []T) {
	t.Helper()
	got := collect(t, what, each)
	for _, list := range [][]T{got, want} {
		slices.SortFunc(list, func(a, b T) int { return order(a, b) })
	}
	same(t, what, got, want)
}

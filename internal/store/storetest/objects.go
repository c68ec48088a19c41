package storetest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/listquery"
	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/secret"
)

func testTenants(t *testing.T, s *store) {
	ctx := t.Context()
	tenant := s.newTenant()
	same(t, "Tenant", get(s, func(r fleet.Reader) (fleet.Tenant, error) { return r.Tenant(ctx, tenant.ID) }), tenant)
	for _, domain := range []string{tenant.Domain, strings.ToUpper(tenant.Domain)} {
		same(t, "TenantByDomain", get(s, func(r fleet.Reader) (fleet.Tenant, error) { return r.TenantByDomain(ctx, domain) }), tenant)
	}

	changed := s.aTenant()
	changed.ID, changed.CreatedAt = tenant.ID, start.Add(time.Hour)
	changed.Endpoints, changed.NTP, changed.EnrolNetworks, changed.Code = nil, nil, nil, ""
	s.write(func(w fleet.Writer) error { return w.UpdateTenant(ctx, changed) })
	changed.CreatedAt = tenant.CreatedAt
	same(t, "the changed tenant", get(s, func(r fleet.Reader) (fleet.Tenant, error) { return r.Tenant(ctx, tenant.ID) }), changed)
	s.missing("the old domain", func(w fleet.Writer) error { _, err := w.TenantByDomain(ctx, tenant.Domain); return err })

	nobody := s.aTenant()
	s.missing("updating no tenant", func(w fleet.Writer) error { return w.UpdateTenant(ctx, nobody) })
	s.missing("deleting no tenant", func(w fleet.Writer) error { return w.DeleteTenant(ctx, nobody.ID) })
	s.write(func(w fleet.Writer) error { return w.DeleteTenant(ctx, tenant.ID) })
	s.missing("a deleted tenant", func(w fleet.Writer) error { _, err := w.Tenant(ctx, tenant.ID); return err })
}

func testUsers(t *testing.T, s *store) {
	ctx := t.Context()
	tenant := s.newTenant()
	user := s.newUser(tenant.ID)
	same(t, "User", get(s, func(r fleet.Reader) (fleet.User, error) { return r.User(ctx, tenant.ID, user.ID) }), user)
	same(t, "UserByExtension", get(s, func(r fleet.Reader) (fleet.User, error) {
		return r.UserByExtension(ctx, tenant.ID, user.ExtensionNumber)
	}), user)

	changed := s.aUser(tenant.ID)
	changed.ID, changed.CreatedAt, changed.Keys, changed.VMPIN = user.ID, start.Add(time.Hour), nil, secret.Secret{}
	s.write(func(w fleet.Writer) error { return w.UpdateUser(ctx, changed) })
	changed.CreatedAt = user.CreatedAt
	same(t, "the changed user", get(s, func(r fleet.Reader) (fleet.User, error) { return r.User(ctx, tenant.ID, user.ID) }), changed)
	s.missing("the old extension", func(w fleet.Writer) error {
		_, err := w.UserByExtension(ctx, tenant.ID, user.ExtensionNumber)
		return err
	})

	nobody := s.aUser(tenant.ID)
	s.missing("updating no user", func(w fleet.Writer) error { return w.UpdateUser(ctx, nobody) })
	nobody.Tenant = s.NewID()
	s.missing("a user of no tenant", func(w fleet.Writer) error { return w.InsertUser(ctx, nobody) })

	phone, dect := s.newPhone(tenant.ID, user.ID), s.newDectPhone(tenant.ID)
	s.write(func(w fleet.Writer) error {
		return w.ReplaceMembers(ctx, tenant.ID, dect.ID, []fleet.Member{{User: user.ID, HandsetIndex: 1}})
	})
	s.write(func(w fleet.Writer) error { return w.DeleteUser(ctx, tenant.ID, user.ID) })
	s.missing("a deleted user", func(w fleet.Writer) error { _, err := w.User(ctx, tenant.ID, user.ID); return err })
	s.missing("a deleted user's phone", func(w fleet.Writer) error { _, err := w.Phone(ctx, tenant.ID, phone.ID); return err })
	if m := get(s, func(r fleet.Reader) ([]fleet.Member, error) { return r.Members(ctx, tenant.ID, dect.ID) }); len(m) != 0 {
		t.Errorf("a deleted user is a member: %v", m)
	}
	s.newPhone(tenant.ID, s.newUser(tenant.ID).ID)
}

func testContacts(t *testing.T, s *store) {
	ctx := t.Context()
	tenant := s.newTenant()
	contact := s.aContact(tenant.ID)
	s.write(func(w fleet.Writer) error { return w.InsertContact(ctx, contact) })
	read := func(r fleet.Reader) (fleet.Contact, error) { return r.Contact(ctx, tenant.ID, contact.ID) }
	same(t, "Contact", get(s, read), contact)
	other := s.newTenant()
	s.missing("a contact of another tenant", func(w fleet.Writer) error { _, err := w.Contact(ctx, other.ID, contact.ID); return err })

	changed := s.aContact(tenant.ID)
	changed.ID, changed.CreatedAt, changed.DisplayName = contact.ID, start.Add(time.Hour), "Taxi"
	changed.Numbers = changed.Numbers[:1]
	s.write(func(w fleet.Writer) error { return w.UpdateContact(ctx, changed) })
	changed.CreatedAt = contact.CreatedAt
	same(t, "the changed contact", get(s, read), changed)
	all := collect(t, "EachContact", func(f func(fleet.Contact) error) error { return s.EachContact(ctx, f) })
	same(t, "EachContact", all, []fleet.Contact{changed})

	nobody := s.aContact(tenant.ID)
	s.missing("updating no contact", func(w fleet.Writer) error { return w.UpdateContact(ctx, nobody) })
	s.missing("deleting no contact", func(w fleet.Writer) error { return w.DeleteContact(ctx, tenant.ID, nobody.ID) })
	s.write(func(w fleet.Writer) error { return w.DeleteContact(ctx, tenant.ID, contact.ID) })
	s.missing("a deleted contact", func(w fleet.Writer) error { _, err := w.Contact(ctx, tenant.ID, contact.ID); return err })
}

func testFiles(t *testing.T, s *store) {
	ctx := t.Context()
	tenant, other := s.newTenant(), s.newTenant()
	file := s.aFile(tenant.ID)
	s.write(func(w fleet.Writer) error { return w.InsertFile(ctx, file) })
	same(t, "File", get(s, func(r fleet.Reader) (fleet.File, error) { return r.File(ctx, tenant.ID, file.ID) }), file)
	s.missing("a file of another tenant", func(w fleet.Writer) error { _, err := w.File(ctx, other.ID, file.ID); return err })
	s.missing("deleting a file of another tenant", func(w fleet.Writer) error { return w.DeleteFile(ctx, other.ID, file.ID) })

	again := file
	again.ID, again.Name = s.NewID(), strings.ToUpper(file.Name)
	err := s.Write(ctx, func(w fleet.Writer) error { return w.InsertFile(ctx, again) })
	wantCode(t, "the same name", err, fleet.CodeConflict)
	saysInPlainWords(t, "the same name", err)
	for _, differs := range []func(*fleet.File){
		func(f *fleet.File) { f.Tenant = other.ID },
		func(f *fleet.File) { f.Kind = fleet.Ringtone },
		func(f *fleet.File) { f.Vendor = "" },
		func(f *fleet.File) { f.Version = "1" },
	} {
		f := file
		f.ID = s.NewID()
		differs(&f)
		s.write(func(w fleet.Writer) error { return w.InsertFile(ctx, f) })
	}
	all := collect(t, "EachFile", func(f func(fleet.File) error) error { return s.EachFile(ctx, f) })
	if len(all) != 5 {
		t.Errorf("EachFile: %d", len(all))
	}

	used := func(sum [32]byte) bool {
		return get(s, func(r fleet.Reader) (bool, error) { return r.ContentUsed(ctx, sum) })
	}
	if used([32]byte{1}) || !used(file.SHA256) {
		t.Error("ContentUsed does not know what is used")
	}
	s.write(func(w fleet.Writer) error { return w.DeleteTenant(ctx, other.ID) })
	if !used(file.SHA256) {
		t.Error("a content that another file has is not used")
	}
	for _, f := range all {
		if f.Tenant == tenant.ID {
			s.write(func(w fleet.Writer) error { return w.DeleteFile(ctx, tenant.ID, f.ID) })
		}
	}
	if used(file.SHA256) {
		t.Error("a content is used by files that are no more")
	}
	s.missing("a deleted file", func(w fleet.Writer) error { _, err := w.File(ctx, tenant.ID, file.ID); return err })
	s.missing("deleting no file", func(w fleet.Writer) error { return w.DeleteFile(ctx, tenant.ID, file.ID) })
}

func testFirmwarePolicies(t *testing.T, s *store) {
	ctx := t.Context()
	tenant, other := s.newTenant(), s.newTenant()
	policy := s.aFirmwarePolicy(tenant.ID)
	s.write(func(w fleet.Writer) error { return w.InsertFirmwarePolicy(ctx, policy) })
	read := func(r fleet.Reader) (fleet.FirmwarePolicy, error) {
		return r.FirmwarePolicy(ctx, tenant.ID, policy.ID)
	}
	same(t, "FirmwarePolicy", get(s, read), policy)

	changed := s.aFirmwarePolicy(tenant.ID)
	changed.ID, changed.CreatedAt, changed.Vendor, changed.Models, changed.From = policy.ID, start.Add(time.Hour), "Snom", nil, ""
	changed.Steps, changed.AllowDowngrade, changed.OfferUnknown, changed.UpdatedAt = []string{"10"}, false, false, start.Add(time.Minute)
	s.write(func(w fleet.Writer) error { return w.UpdateFirmwarePolicy(ctx, changed) })
	changed.CreatedAt = policy.CreatedAt
	same(t, "the changed policy", get(s, read), changed)
	all := collect(t, "EachFirmwarePolicy", func(f func(fleet.FirmwarePolicy) error) error { return s.EachFirmwarePolicy(ctx, f) })
	same(t, "EachFirmwarePolicy", all, []fleet.FirmwarePolicy{changed})

	theirs := changed
	theirs.Tenant = other.ID
	s.missing("a policy of another tenant", func(w fleet.Writer) error { _, err := w.FirmwarePolicy(ctx, other.ID, policy.ID); return err })
	s.missing("updating a policy of another tenant", func(w fleet.Writer) error { return w.UpdateFirmwarePolicy(ctx, theirs) })
	s.missing("deleting a policy of another tenant", func(w fleet.Writer) error { return w.DeleteFirmwarePolicy(ctx, other.ID, policy.ID) })
	s.write(func(w fleet.Writer) error { return w.DeleteFirmwarePolicy(ctx, tenant.ID, policy.ID) })
	s.missing("a deleted policy", func(w fleet.Writer) error { return w.DeleteFirmwarePolicy(ctx, tenant.ID, policy.ID) })
}

func testPhones(t *testing.T, s *store) {
	ctx := t.Context()
	tenant := s.newTenant()
	user := s.newUser(tenant.ID)
	phone := s.newPhone(tenant.ID, user.ID)
	same(t, "Phone", get(s, func(r fleet.Reader) (fleet.Phone, error) { return r.Phone(ctx, tenant.ID, phone.ID) }), phone)
	same(t, "PhoneByMAC", get(s, func(r fleet.Reader) (fleet.Phone, error) { return r.PhoneByMAC(ctx, tenant.ID, phone.MAC) }), phone)

	other := s.newUser(tenant.ID)
	changed := s.aPhone(tenant.ID, other.ID)
	changed.ID, changed.CreatedAt, changed.Codecs, changed.EnableLLDP = phone.ID, start.Add(time.Hour), nil, false
	changed.WANVLAN, changed.DoorPassword2 = fleet.VLAN{}, secret.Secret{}
	s.write(func(w fleet.Writer) error { return w.UpdatePhone(ctx, changed) })
	changed.CreatedAt = phone.CreatedAt
	same(t, "the changed phone", get(s, func(r fleet.Reader) (fleet.Phone, error) { return r.Phone(ctx, tenant.ID, phone.ID) }), changed)

	for i, u := range []fleet.User{user, other} {
		phones := get(s, func(r fleet.Reader) ([]fleet.Phone, error) {
			phones, _, err := r.PhonesOfUser(ctx, tenant.ID, u.ID, everything)
			return phones, err
		})
		if len(phones) != i {
			t.Errorf("user %d has %d phones", i, len(phones))
		}
	}

	dect := s.newDectPhone(tenant.ID)
	asPhone := s.aPhone(tenant.ID, user.ID)
	asPhone.ID = dect.ID
	s.missing("a base as a phone", func(w fleet.Writer) error { _, err := w.Phone(ctx, tenant.ID, dect.ID); return err })
	s.missing("a base as a phone", func(w fleet.Writer) error { return w.UpdatePhone(ctx, asPhone) })
	s.missing("a base as a phone", func(w fleet.Writer) error { return w.DeletePhone(ctx, tenant.ID, dect.ID) })
	s.missing("a phone of no user", func(w fleet.Writer) error { return w.InsertPhone(ctx, s.aPhone(tenant.ID, 1)) })
	s.missing("the phones of no user", func(w fleet.Writer) error {
		_, _, err := w.PhonesOfUser(ctx, tenant.ID, 1, everything)
		return err
	})
	s.missing("updating no phone", func(w fleet.Writer) error { return w.UpdatePhone(ctx, s.aPhone(tenant.ID, user.ID)) })

	for _, c := range []struct {
		m           mac.Addr
		tenant      fleet.ID
		taken, ours bool
	}{
		{changed.MAC, tenant.ID, true, true},
		{changed.MAC, s.newTenant().ID, true, false},
		{dect.MAC, tenant.ID, true, true},
		{phone.MAC, tenant.ID, false, false},
	} {
		s.read(func(r fleet.Reader) error {
			taken, ours, err := r.MACTaken(ctx, c.tenant, c.m)
			if taken != c.taken || ours != c.ours {
				t.Errorf("MACTaken: %v, %v; want %v, %v", taken, ours, c.taken, c.ours)
			}
			return err
		})
	}
	uses := func(filename string) int {
		return get(s, func(r fleet.Reader) (int, error) { return r.TemplateUses(ctx, tenant.ID, filename) })
	}
	if uses(changed.Filename) != 1 || uses(dect.Template) != 1 || uses("none.xml") != 0 {
		t.Errorf("TemplateUses: %d, %d, %d", uses(changed.Filename), uses(dect.Template), uses("none.xml"))
	}

	endpoint := func(by fleet.Interface, over fleet.Transport) fleet.Use {
		return get(s, func(r fleet.Reader) (fleet.Use, error) { return r.EndpointUses(ctx, tenant.ID, by, over) })
	}
	if got := endpoint(fleet.WebDomain, fleet.UDP); got.Count != 0 || got.First != nil {
		t.Errorf("EndpointUses of what nobody uses: %+v", got)
	}
	many := s.newTenant().ID
	owner := s.newUser(many).ID
	var macs []mac.Addr
	for i := range 5 {
		p := s.aPhone(many, owner)
		p.Model = []string{"T54W", "T31P"}[i/4]
		s.write(func(w fleet.Writer) error { return w.InsertPhone(ctx, p) })
		macs = append(macs, p.MAC)
	}
	slices.SortFunc(macs[:4], func(a, b mac.Addr) int { return strings.Compare(a.String(), b.String()) })
	modelUses := get(s, func(r fleet.Reader) ([]fleet.Use, error) { return r.ModelUses(ctx, many, "yealink.xml") })
	if diff := cmp.Diff([]fleet.Use{{Model: "T31P", Count: 1, First: macs[4:]}, {Model: "T54W", Count: 4, First: macs[:3]}}, modelUses); diff != "" {
		t.Errorf("ModelUses (-want +got):\n%s", diff)
	}
	if none := get(s, func(r fleet.Reader) ([]fleet.Use, error) { return r.ModelUses(ctx, many, "none.xml") }); len(none) != 0 {
		t.Errorf("ModelUses of none: %+v", none)
	}
	tenant.ID, many = many, tenant.ID
	if got := endpoint(fleet.PublicIPv6, fleet.TLS); got.Count != 5 || len(got.First) != 3 {
		t.Errorf("EndpointUses: %+v", got)
	}
	tenant.ID = many

	s.write(func(w fleet.Writer) error { return w.DeletePhone(ctx, tenant.ID, phone.ID) })
	s.missing("a deleted phone", func(w fleet.Writer) error { _, err := w.Phone(ctx, tenant.ID, phone.ID); return err })
	s.missing("deleting it again", func(w fleet.Writer) error { return w.DeletePhone(ctx, tenant.ID, phone.ID) })
	s.write(func(w fleet.Writer) error { return w.InsertPhone(ctx, changed) }) // its address is free again
}

func testDectPhones(t *testing.T, s *store) {
	ctx := t.Context()
	tenant := s.newTenant()
	dect := s.newDectPhone(tenant.ID)
	same(t, "DectPhone", get(s, func(r fleet.Reader) (fleet.DectPhone, error) { return r.DectPhone(ctx, tenant.ID, dect.ID) }), dect)

	changed := s.aDectPhone(tenant.ID)
	changed.ID, changed.CreatedAt, changed.Name, changed.RPS, changed.UserPassword = dect.ID, start.Add(time.Hour), "Yard", false, secret.Secret{}
	s.write(func(w fleet.Writer) error { return w.UpdateDectPhone(ctx, changed) })
	changed.CreatedAt = dect.CreatedAt
	same(t, "the changed base", get(s, func(r fleet.Reader) (fleet.DectPhone, error) { return r.DectPhone(ctx, tenant.ID, dect.ID) }), changed)

	phone := s.newPhone(tenant.ID, s.newUser(tenant.ID).ID)
	asBase := s.aDectPhone(tenant.ID)
	asBase.ID = phone.ID
	s.missing("a phone as a base", func(w fleet.Writer) error { _, err := w.DectPhone(ctx, tenant.ID, phone.ID); return err })
	s.missing("a phone as a base", func(w fleet.Writer) error { return w.UpdateDectPhone(ctx, asBase) })
	s.missing("a phone as a base", func(w fleet.Writer) error { return w.DeleteDectPhone(ctx, tenant.ID, phone.ID) })
	s.missing("a phone as a base", func(w fleet.Writer) error { _, err := w.Members(ctx, tenant.ID, phone.ID); return err })

	s.write(func(w fleet.Writer) error { return w.DeleteDectPhone(ctx, tenant.ID, dect.ID) })
	s.missing("a deleted base", func(w fleet.Writer) error { _, err := w.DectPhone(ctx, tenant.ID, dect.ID); return err })
}

func testMembers(t *testing.T, s *store) {
	ctx := t.Context()
	tenant := s.newTenant()
	first, second := s.newDectPhone(tenant.ID), s.newDectPhone(tenant.ID)
	anna, bert := s.newUser(tenant.ID), s.newUser(tenant.ID)
	replace := func(dect fleet.ID, members ...fleet.Member) error {
		return s.Write(ctx, func(w fleet.Writer) error { return w.ReplaceMembers(ctx, tenant.ID, dect, members) })
	}
	members := func(dect fleet.ID) []fleet.Member {
		return get(s, func(r fleet.Reader) ([]fleet.Member, error) { return r.Members(ctx, tenant.ID, dect) })
	}
	member := func(u fleet.User, ipui string, index int) fleet.Member {
		return fleet.Member{User: u.ID, ExtensionNumber: u.ExtensionNumber, DisplayName: u.DisplayName, IPUI: ipui, HandsetIndex: index}
	}
	want := []fleet.Member{member(bert, "0123456789", 1), member(anna, "", 7)}
	wantCode(t, "two members", replace(first.ID, want[1], want[0]), "")
	same(t, "Members", members(first.ID), want)

	for what, list := range map[string][]fleet.Member{
		"one index twice":     {member(anna, "", 1), member(bert, "", 1)},
		"one extension twice": {member(anna, "", 1), member(anna, "", 2)},
		"one IPUI twice":      {member(anna, "aaaaaaaaaa", 1), member(bert, "aaaaaaaaaa", 2)},
	} {
		err := replace(first.ID, list...)
		wantCode(t, what, err, fleet.CodeConflict)
		saysInPlainWords(t, what, err)
		same(t, "after "+what, members(first.ID), want)
	}
	wantCode(t, "an unknown user", replace(first.ID, fleet.Member{User: 1, HandsetIndex: 1}), fleet.CodeNotFound)
	wantCode(t, "an unknown base", replace(1, want...), fleet.CodeNotFound)
	wantCode(t, "an IPUI of another base", replace(second.ID, member(anna, "0123456789", 1)), fleet.CodeConflict)
	wantCode(t, "no IPUI on two bases", replace(second.ID, member(anna, "", 7)), "")
	wantCode(t, "the same again", replace(first.ID, want...), "")

	of := func(u fleet.User) (names []fleet.ID) {
		for _, d := range get(s, func(r fleet.Reader) ([]fleet.DectPhone, error) { return r.MemberOf(ctx, tenant.ID, u.ID) }) {
			names = append(names, d.ID)
		}
		return names
	}
	same(t, "MemberOf", of(anna), []fleet.ID{first.ID, second.ID})
	same(t, "MemberOf", of(bert), []fleet.ID{first.ID})
	same(t, "DectPhoneByMAC", get(s, func(r fleet.Reader) (fleet.DectPhone, error) { return r.DectPhoneByMAC(ctx, tenant.ID, first.MAC) }), first)
	same(t, "DectOfHandset", get(s, func(r fleet.Reader) (at [2]fleet.ID, err error) {
		at[0], at[1], err = r.DectOfHandset(ctx, "0123456789")
		return at, err
	}), [2]fleet.ID{tenant.ID, first.ID})
	s.missing("the base of no handset", func(w fleet.Writer) error { _, _, err := w.DectOfHandset(ctx, "0FFFFFFFFF"); return err })

	wantCode(t, "nobody", replace(first.ID), "")
	same(t, "after removing all", members(first.ID), nil)
	s.missing("the bases of nobody", func(w fleet.Writer) error { _, err := w.MemberOf(ctx, tenant.ID, 1); return err })
}

func testTemplates(t *testing.T, s *store) {
	ctx := t.Context()
	tenant := s.newTenant()
	content := "<?xml version=\"1.0\"?>\r\n\t<template>Ä \u2028 ]]></template>"
	file := fleet.TemplateFile{Tenant: tenant.ID, Filename: "b.xml", Content: content, UpdatedAt: start}
	filled(t, file)
	put := func(f fleet.TemplateFile) {
		t.Helper()
		s.write(func(w fleet.Writer) error { return w.PutTemplate(ctx, f) })
	}
	put(file)
	same(t, "Template", get(s, func(r fleet.Reader) (fleet.TemplateFile, error) { return r.Template(ctx, tenant.ID, "b.xml") }), file)
	file.Content, file.UpdatedAt = strings.Repeat("x", 1<<18), start.Add(time.Hour)
	put(file)
	first := fleet.TemplateFile{Tenant: tenant.ID, Filename: "B.xml", Content: "", UpdatedAt: start}
	put(first)
	same(t, "Templates", get(s, func(r fleet.Reader) ([]fleet.TemplateFile, error) { return r.Templates(ctx, tenant.ID) }), []fleet.TemplateFile{first, file})
	s.write(func(w fleet.Writer) error { return w.DeleteTemplate(ctx, tenant.ID, "b.xml") })
	s.missing("a deleted template", func(w fleet.Writer) error { _, err := w.Template(ctx, tenant.ID, "b.xml"); return err })
	s.missing("deleting it again", func(w fleet.Writer) error { return w.DeleteTemplate(ctx, tenant.ID, "b.xml") })
	s.missing("a template of no tenant", func(w fleet.Writer) error {
		return w.PutTemplate(ctx, fleet.TemplateFile{Tenant: 1, Filename: "x.xml", UpdatedAt: start})
	})
}

func testEnrolments(t *testing.T, s *store) {
	ctx := t.Context()
	tenant := s.newTenant()
	one, all := s.anEnrolment(tenant.ID), s.anEnrolment(tenant.ID)
	all.MAC, all.Used, all.Expires = mac.Addr{}, nil, start.Add(2*time.Hour)
	s.write(func(w fleet.Writer) error {
		if err := w.InsertEnrolment(ctx, one); err != nil {
			return err
		}
		return w.InsertEnrolment(ctx, all)
	})
	for _, e := range []fleet.Enrolment{one, all} {
		same(t, "Enrolment", get(s, func(r fleet.Reader) (fleet.Enrolment, error) { return r.Enrolment(ctx, tenant.ID, e.ID) }), e)
	}
	open := func(at time.Time) []fleet.Enrolment {
		return get(s, func(r fleet.Reader) ([]fleet.Enrolment, error) {
			list, count, err := r.Enrolments(ctx, tenant.ID, at, listquery.Query{Count: true})
			if count != len(list) {
				t.Errorf("count %d of %d", count, len(list))
			}
			return list, err
		})
	}
	same(t, "while both are open", open(one.Expires.Add(-time.Millisecond)), []fleet.Enrolment{one, all})
	same(t, "as one expires", open(one.Expires), []fleet.Enrolment{all})

	use := func(id fleet.ID, m mac.Addr) (first bool) {
		s.write(func(w fleet.Writer) (err error) { first, err = w.UseEnrolment(ctx, id, m); return err })
		return first
	}
	if !use(all.ID, macOf(9)) || use(all.ID, macOf(9)) || !use(all.ID, macOf(8)) || use(one.ID, macOf(1)) {
		t.Error("UseEnrolment does not tell the first time")
	}
	all.Used = []mac.Addr{macOf(8), macOf(9)}
	same(t, "the used window", get(s, func(r fleet.Reader) (fleet.Enrolment, error) { return r.Enrolment(ctx, tenant.ID, all.ID) }), all)
	s.missing("using no window", func(w fleet.Writer) error { _, err := w.UseEnrolment(ctx, 1, macOf(1)); return err })

	s.write(func(w fleet.Writer) error { return w.DeleteEnrolment(ctx, tenant.ID, all.ID) })
	s.missing("a deleted window", func(w fleet.Writer) error { _, err := w.Enrolment(ctx, tenant.ID, all.ID); return err })
	s.missing("deleting it again", func(w fleet.Writer) error { return w.DeleteEnrolment(ctx, tenant.ID, all.ID) })
	s.missing("a window of no tenant", func(w fleet.Writer) error { return w.InsertEnrolment(ctx, s.anEnrolment(1)) })

	later := s.anEnrolment(tenant.ID)
	later.Opened = start.Add(30 * 24 * time.Hour)
	later.Expires = later.Opened.Add(time.Hour)
	s.write(func(w fleet.Writer) error { return w.InsertEnrolment(ctx, later) })
	s.missing("a window that closed long ago", func(w fleet.Writer) error { _, err := w.Enrolment(ctx, tenant.ID, one.ID); return err })
}

func testAccounts(t *testing.T, s *store) {
	ctx := t.Context()
	for _, tenant := range []fleet.ID{s.newTenant().ID, 0} {
		account := s.newAccount(tenant)
		same(t, "Account", get(s, func(r fleet.Reader) (fleet.Account, error) { return r.Account(ctx, tenant, account.ID) }), account)
		same(t, "AccountByName", get(s, func(r fleet.Reader) (fleet.Account, error) {
			return r.AccountByName(ctx, tenant, strings.ToUpper(account.Username))
		}), account)

		changed := s.anAccount(tenant)
		changed.ID, changed.CreatedAt, changed.PasswordHash, changed.User, changed.Reveal = account.ID, start.Add(time.Hour), "$argon2id$other", 0, false
		s.write(func(w fleet.Writer) error { return w.UpdateAccount(ctx, changed) })
		changed.CreatedAt = account.CreatedAt
		same(t, "the changed account", get(s, func(r fleet.Reader) (fleet.Account, error) { return r.Account(ctx, tenant, account.ID) }), changed)
		s.missing("updating no account", func(w fleet.Writer) error { return w.UpdateAccount(ctx, s.anAccount(tenant)) })

		its, another := s.aToken(tenant), s.newToken(tenant)
		its.Account = account.ID
		s.write(func(w fleet.Writer) error { return w.InsertToken(ctx, its) })
		s.write(func(w fleet.Writer) error { return w.DeleteAccount(ctx, tenant, account.ID) })
		s.missing("a deleted account", func(w fleet.Writer) error { _, err := w.Account(ctx, tenant, account.ID); return err })
		s.missing("a deleted account's token", func(w fleet.Writer) error { _, err := w.Token(ctx, its.Hash); return err })
		s.read(func(r fleet.Reader) error { _, err := r.Token(ctx, another.Hash); return err })
		s.missing("deleting it again", func(w fleet.Writer) error { return w.DeleteAccount(ctx, tenant, account.ID) })
	}
	s.missing("an account of no tenant", func(w fleet.Writer) error { return w.InsertAccount(ctx, s.anAccount(1)) })
}

func testTokens(t *testing.T, s *store) {
	ctx := t.Context()
	tenant := s.newTenant().ID
	token := s.newToken(tenant)
	same(t, "Token", get(s, func(r fleet.Reader) (fleet.Token, error) { return r.Token(ctx, token.Hash) }), token)
	same(t, "TokenByID", get(s, func(r fleet.Reader) (fleet.Token, error) { return r.TokenByID(ctx, tenant, token.ID) }), token)

	forever := s.aToken(0)
	forever.Expires, forever.Used, forever.Account, forever.Family, forever.User, forever.Reveal = time.Time{}, time.Time{}, 0, 0, 0, false
	s.write(func(w fleet.Writer) error { return w.InsertToken(ctx, forever) })
	same(t, "a token for ever", get(s, func(r fleet.Reader) (fleet.Token, error) { return r.Token(ctx, forever.Hash) }), forever)

	token.Used = start.Add(3 * time.Hour)
	s.write(func(w fleet.Writer) error { return w.TouchToken(ctx, token.ID, token.Used) })
	same(t, "a touched token", get(s, func(r fleet.Reader) (fleet.Token, error) { return r.Token(ctx, token.Hash) }), token)
	s.missing("touching no token", func(w fleet.Writer) error { return w.TouchToken(ctx, 1, start) })
	s.missing("a token of no tenant", func(w fleet.Writer) error { return w.InsertToken(ctx, s.aToken(1)) })
	s.missing("no token", func(w fleet.Writer) error { _, err := w.Token(ctx, [32]byte{1}); return err })

	refresh := s.aToken(tenant)
	refresh.Kind, refresh.Family = fleet.RefreshToken, token.Family
	s.write(func(w fleet.Writer) error { return w.InsertToken(ctx, refresh) })
	listed := get(s, func(r fleet.Reader) ([]fleet.Token, error) {
		l, _, err := r.Tokens(ctx, tenant, everything)
		return l, err
	})
	same(t, "Tokens", listed, []fleet.Token{token})

	s.write(func(w fleet.Writer) error { return w.DeleteFamily(ctx, 0) }) // ends nothing
	s.write(func(w fleet.Writer) error { return w.DeleteFamily(ctx, token.Family) })
	for _, h := range [][32]byte{token.Hash, refresh.Hash} {
		s.missing("a token of an ended family", func(w fleet.Writer) error { _, err := w.Token(ctx, h); return err })
	}
	s.write(func(w fleet.Writer) error { return w.DeleteToken(ctx, 0, forever.ID) })
	s.missing("a deleted token", func(w fleet.Writer) error { _, err := w.Token(ctx, forever.Hash); return err })
	s.missing("deleting it again", func(w fleet.Writer) error { return w.DeleteToken(ctx, 0, forever.ID) })

	// The tokens of a sign-in go some time after they have expired; those made
	// by hand stay until they are deleted.
	old, byHand, later := s.newToken(tenant), s.aToken(tenant), s.aToken(tenant)
	byHand.Account = 0
	later.Created = start.Add(30 * 24 * time.Hour)
	s.write(func(w fleet.Writer) error { return w.InsertToken(ctx, byHand) })
	s.write(func(w fleet.Writer) error { return w.InsertToken(ctx, later) })
	s.missing("a token that expired long ago", func(w fleet.Writer) error { _, err := w.Token(ctx, old.Hash); return err })
	s.read(func(r fleet.Reader) error { _, err := r.Token(ctx, byHand.Hash); return err })
}

func testAudit(t *testing.T, s *store) {
	ctx := t.Context()
	record := fleet.AuditRecord{Time: start, Tenant: s.newTenant().ID, Caller: "anna", Address: "192.0.2.1", Action: "phone.create", Object: "phone 001565aabbcc"}
	filled(t, record)
	second := record
	second.Action = "phone.delete"
	for _, r := range []fleet.AuditRecord{record, second} {
		s.write(func(w fleet.Writer) error { return w.Audit(ctx, r) })
	}
	_ = s.Write(ctx, func(w fleet.Writer) error { // one with what it tells of
		if err := w.Audit(ctx, record); err != nil {
			return err
		}
		return errStop
	})
	installation := record
	installation.Tenant = 0
	s.write(func(w fleet.Writer) error { return w.Audit(ctx, installation) })
	for tenant, want := range map[fleet.ID][]fleet.AuditRecord{record.Tenant: {second, record}, 0: {installation}, 1: nil} {
		log, err := s.AuditLog(ctx, tenant, 10)
		wantCode(t, "AuditLog", err, "")
		same(t, "AuditLog", log, want)
	}
	if log, _ := s.AuditLog(ctx, record.Tenant, 1); len(log) != 1 || log[0].Action != second.Action {
		t.Errorf("the last record: %v", log)
	}
	s.write(func(w fleet.Writer) error { return w.DeleteTenant(ctx, record.Tenant) })
	if log, _ := s.AuditLog(ctx, record.Tenant, 10); len(log) != 2 {
		t.Error("the audit log of a deleted tenant is gone")
	}
}

func testDeleteTenant(t *testing.T, s *store) {
	ctx := t.Context()
	gone, stays := s.fullTenant(), s.fullTenant()
	s.write(func(w fleet.Writer) error { return w.DeleteTenant(ctx, gone.tenant.ID) })
	for what, read := range gone.reads(ctx) {
		s.missing(what+" of a deleted tenant", func(w fleet.Writer) error { return read(w, gone.tenant.ID) })
	}
	for what, read := range stays.reads(ctx) {
		wantCode(t, what+" of another tenant", s.Read(ctx, func(r fleet.Reader) error { return read(r, stays.tenant.ID) }), "")
	}
	if f, err := s.Fetches(ctx, gone.tenant.ID, gone.phone.MAC, 10); err != nil || len(f) != 0 {
		t.Errorf("fetches of a deleted tenant: %v, %v", f, err)
	}
	_, err := get2(s, func(r fleet.Reader) (fleet.Sighting, error) { return r.Sighting(ctx, gone.phone.MAC) })
	wantCode(t, "a sighting of a deleted tenant", err, fleet.CodeNotFound)
}

func get2[T any](s *store, f func(fleet.Reader) (T, error)) (v T, err error) {
	err = s.Read(s.t.Context(), func(r fleet.Reader) error {
		v, err = f(r)
		return err
	})
	return v, err
}

// full is a tenant with one of everything.
type full struct {
	tenant    fleet.Tenant
	user      fleet.User
	phone     fleet.Phone
	dect      fleet.DectPhone
	enrolment fleet.Enrolment
	account   fleet.Account
	token     fleet.Token
	job       fleet.Job
	file      fleet.File
	policy    fleet.FirmwarePolicy
	system    fleet.DectSystem
}

func (s *store) fullTenant() full {
	s.t.Helper()
	ctx := s.t.Context()
	f := full{tenant: s.newTenant()}
	id := f.tenant.ID
	f.user = s.newUser(id)
	f.phone, f.dect, f.account, f.token = s.newPhone(id, f.user.ID), s.newDectPhone(id), s.newAccount(id), s.newToken(id)
	f.job = s.newJob(id, fleet.JobReboot, mac.Addr{})
	f.system = s.aDectSystem(id, f.dect)
	f.dect.System = f.system.ID
	f.enrolment, f.file, f.policy = s.anEnrolment(id), s.aFile(id), s.aFirmwarePolicy(id)
	s.write(func(w fleet.Writer) error {
		if err := errors.Join(w.InsertFile(ctx, f.file), w.InsertFirmwarePolicy(ctx, f.policy), w.InsertDectSystem(ctx, f.system)); err != nil {
			return err
		}
		if err := w.InsertEnrolment(ctx, f.enrolment); err != nil {
			return err
		}
		if err := w.PutTemplate(ctx, fleet.TemplateFile{Tenant: id, Filename: "own.xml", Content: "<x/>", UpdatedAt: start}); err != nil {
			return err
		}
		return w.ReplaceMembers(ctx, id, f.dect.ID, []fleet.Member{{User: f.user.ID, HandsetIndex: 1}})
	})
	if err := s.RecordFetches(ctx, []fleet.Fetch{aFetch(id, f.phone.MAC, start)}); err != nil {
		s.t.Fatal(err)
	}
	return f
}

// reads is every way to read one of its objects as a tenant.
func (f full) reads(ctx context.Context) map[string]func(r fleet.Reader, tenant fleet.ID) error {
	return map[string]func(r fleet.Reader, tenant fleet.ID) error{
		"User": func(r fleet.Reader, tenant fleet.ID) error { _, err := r.User(ctx, tenant, f.user.ID); return err },
		"UserByExtension": func(r fleet.Reader, tenant fleet.ID) error {
			_, err := r.UserByExtension(ctx, tenant, f.user.ExtensionNumber)
			return err
		},
		"Phone": func(r fleet.Reader, tenant fleet.ID) error { _, err := r.Phone(ctx, tenant, f.phone.ID); return err },
		"DectPhoneByMAC": func(r fleet.Reader, tenant fleet.ID) error {
			_, err := r.DectPhoneByMAC(ctx, tenant, f.dect.MAC)
			return err
		},
		"PhoneByMAC": func(r fleet.Reader, tenant fleet.ID) error {
			_, err := r.PhoneByMAC(ctx, tenant, f.phone.MAC)
			return err
		},
		"PhonesOfUser": func(r fleet.Reader, tenant fleet.ID) error {
			_, _, err := r.PhonesOfUser(ctx, tenant, f.user.ID, everything)
			return err
		},
		"PhoneRow": func(r fleet.Reader, tenant fleet.ID) error {
			_, err := r.PhoneRow(ctx, tenant, f.phone.MAC)
			return err
		},
		"DectPhone": func(r fleet.Reader, tenant fleet.ID) error { _, err := r.DectPhone(ctx, tenant, f.dect.ID); return err },
		"Members":   func(r fleet.Reader, tenant fleet.ID) error { _, err := r.Members(ctx, tenant, f.dect.ID); return err },
		"MemberOf":  func(r fleet.Reader, tenant fleet.ID) error { _, err := r.MemberOf(ctx, tenant, f.user.ID); return err },
		"Template":  func(r fleet.Reader, tenant fleet.ID) error { _, err := r.Template(ctx, tenant, "own.xml"); return err },
		"Enrolment": func(r fleet.Reader, tenant fleet.ID) error {
			_, err := r.Enrolment(ctx, tenant, f.enrolment.ID)
			return err
		},
		"File": func(r fleet.Reader, tenant fleet.ID) error { _, err := r.File(ctx, tenant, f.file.ID); return err },
		"FirmwarePolicy": func(r fleet.Reader, tenant fleet.ID) error {
			_, err := r.FirmwarePolicy(ctx, tenant, f.policy.ID)
			return err
		},
		"DectSystem": func(r fleet.Reader, tenant fleet.ID) error {
			_, err := r.DectSystem(ctx, tenant, f.system.ID)
			return err
		},
		"DectSystemByName": func(r fleet.Reader, tenant fleet.ID) error {
			_, err := r.DectSystemByName(ctx, tenant, f.system.Name)
			return err
		},
		"Job": func(r fleet.Reader, tenant fleet.ID) error { _, err := r.Job(ctx, tenant, f.job.ID); return err },
		"JobItems": func(r fleet.Reader, tenant fleet.ID) error {
			_, _, err := r.JobItems(ctx, tenant, f.job.ID, everything)
			return err
		},
		"OpenJob": func(r fleet.Reader, tenant fleet.ID) error {
			_, err := r.OpenJob(ctx, tenant, f.job.Kind, f.phone.MAC)
			return err
		},
		"Account": func(r fleet.Reader, tenant fleet.ID) error {
			_, err := r.Account(ctx, tenant, f.account.ID)
			return err
		},
		"AccountByName": func(r fleet.Reader, tenant fleet.ID) error {
			_, err := r.AccountByName(ctx, tenant, f.account.Username)
			return err
		},
		"TokenByID": func(r fleet.Reader, tenant fleet.ID) error {
			_, err := r.TokenByID(ctx, tenant, f.token.ID)
			return err
		},
	}
}

// writes is every way to change one of its objects as a tenant.
func (f full) writes(ctx context.Context) map[string]func(w fleet.Writer, tenant fleet.ID) error {
	return map[string]func(w fleet.Writer, tenant fleet.ID) error{
		"UpdateUser": func(w fleet.Writer, tenant fleet.ID) error { f.user.Tenant = tenant; return w.UpdateUser(ctx, f.user) },
		"DeleteUser": func(w fleet.Writer, tenant fleet.ID) error { return w.DeleteUser(ctx, tenant, f.user.ID) },
		"UpdatePhone": func(w fleet.Writer, tenant fleet.ID) error {
			f.phone.Tenant = tenant
			return w.UpdatePhone(ctx, f.phone)
		},
		"DeletePhone": func(w fleet.Writer, tenant fleet.ID) error { return w.DeletePhone(ctx, tenant, f.phone.ID) },
		"UpdateDectPhone": func(w fleet.Writer, tenant fleet.ID) error {
			f.dect.Tenant = tenant
			return w.UpdateDectPhone(ctx, f.dect)
		},
		"DeleteDectPhone": func(w fleet.Writer, tenant fleet.ID) error { return w.DeleteDectPhone(ctx, tenant, f.dect.ID) },
		"ReplaceMembers":  func(w fleet.Writer, tenant fleet.ID) error { return w.ReplaceMembers(ctx, tenant, f.dect.ID, nil) },
		"DeleteTemplate":  func(w fleet.Writer, tenant fleet.ID) error { return w.DeleteTemplate(ctx, tenant, "own.xml") },
		"DeleteEnrolment": func(w fleet.Writer, tenant fleet.ID) error { return w.DeleteEnrolment(ctx, tenant, f.enrolment.ID) },
		"DeleteFile":      func(w fleet.Writer, tenant fleet.ID) error { return w.DeleteFile(ctx, tenant, f.file.ID) },
		"UpdateFirmwarePolicy": func(w fleet.Writer, tenant fleet.ID) error {
			f.policy.Tenant = tenant
			return w.UpdateFirmwarePolicy(ctx, f.policy)
		},
		"DeleteFirmwarePolicy": func(w fleet.Writer, tenant fleet.ID) error {
			return w.DeleteFirmwarePolicy(ctx, tenant, f.policy.ID)
		},
		"UpdateDectSystem": func(w fleet.Writer, tenant fleet.ID) error {
			f.system.Tenant = tenant
			return w.UpdateDectSystem(ctx, f.system)
		},
		"DeleteDectSystem": func(w fleet.Writer, tenant fleet.ID) error { return w.DeleteDectSystem(ctx, tenant, f.system.ID) },
		"SetJobState": func(w fleet.Writer, tenant fleet.ID) error {
			return w.SetJobState(ctx, tenant, f.job.ID, fleet.JobCancelled, start)
		},
		"UpdateAccount": func(w fleet.Writer, tenant fleet.ID) error {
			f.account.Tenant = tenant
			return w.UpdateAccount(ctx, f.account)
		},
		"DeleteAccount": func(w fleet.Writer, tenant fleet.ID) error { return w.DeleteAccount(ctx, tenant, f.account.ID) },
		"DeleteToken":   func(w fleet.Writer, tenant fleet.ID) error { return w.DeleteToken(ctx, tenant, f.token.ID) },
	}
}

func testIsolation(t *testing.T, s *store) {
	ctx := t.Context()
	theirs, ours := s.fullTenant(), s.newTenant()
	me := s.newUser(ours.ID)
	for _, as := range []fleet.ID{ours.ID, 0} {
		for what, read := range theirs.reads(ctx) {
			s.missing(what+" of another tenant", func(w fleet.Writer) error { return read(w, as) })
		}
		for what, write := range theirs.writes(ctx) {
			s.missing(what+" of another tenant", func(w fleet.Writer) error { return write(w, as) })
		}
	}
	for what, write := range map[string]func(w fleet.Writer) error{
		"a phone for their user": func(w fleet.Writer) error { return w.InsertPhone(ctx, s.aPhone(ours.ID, theirs.user.ID)) },
		"their phone for our user": func(w fleet.Writer) error {
			p := s.aPhone(ours.ID, me.ID)
			p.ID = theirs.phone.ID
			return w.UpdatePhone(ctx, p)
		},
		"moving a phone to their user": func(w fleet.Writer) error {
			p := s.aPhone(ours.ID, me.ID)
			if err := w.InsertPhone(ctx, p); err != nil {
				return err
			}
			p.User = theirs.user.ID
			return w.UpdatePhone(ctx, p)
		},
		"their user as a member": func(w fleet.Writer) error {
			d := s.aDectPhone(ours.ID)
			if err := w.InsertDectPhone(ctx, d); err != nil {
				return err
			}
			return w.ReplaceMembers(ctx, ours.ID, d.ID, []fleet.Member{{User: theirs.user.ID, HandsetIndex: 1}})
		},
	} {
		s.missing(what, write)
	}
	s.read(func(r fleet.Reader) error {
		for what, list := range map[string]func() (int, int, error){
			"Users": func() (int, int, error) {
				l, n, err := r.Users(ctx, ours.ID, listquery.Query{Count: true})
				return len(l) - 1, n - 1, err
			},
			"PhoneRows": func() (int, int, error) {
				l, n, err := r.PhoneRows(ctx, ours.ID, listquery.Query{Count: true})
				return len(l), n, err
			},
			"DectPhones": func() (int, int, error) {
				l, n, err := r.DectPhones(ctx, ours.ID, listquery.Query{Count: true})
				return len(l), n, err
			},
			"DectSystems": func() (int, int, error) {
				l, n, err := r.DectSystems(ctx, ours.ID, listquery.Query{Count: true})
				return len(l), n, err
			},
			"DectSystemNumbers": func() (int, int, error) {
				l, err := r.DectSystemNumbers(ctx, ours.ID)
				return len(l), 0, err
			},
			"Enrolments": func() (int, int, error) {
				l, n, err := r.Enrolments(ctx, ours.ID, start, listquery.Query{Count: true})
				return len(l), n, err
			},
			"Jobs": func() (int, int, error) {
				l, n, err := r.Jobs(ctx, ours.ID, listquery.Query{Count: true})
				return len(l), n, err
			},
			"Accounts": func() (int, int, error) {
				l, n, err := r.Accounts(ctx, ours.ID, listquery.Query{Count: true})
				return len(l), n, err
			},
			"Tokens": func() (int, int, error) {
				l, n, err := r.Tokens(ctx, ours.ID, listquery.Query{Count: true})
				return len(l), n, err
			},
			"Templates": func() (int, int, error) { l, err := r.Templates(ctx, ours.ID); return len(l), 0, err },
			"TemplateUses": func() (int, int, error) {
				n, err := r.TemplateUses(ctx, ours.ID, theirs.phone.Filename)
				return n, 0, err
			},
			"ModelUses": func() (int, int, error) {
				l, err := r.ModelUses(ctx, ours.ID, theirs.phone.Filename)
				return len(l), 0, err
			},
			"EndpointUses": func() (int, int, error) {
				u, err := r.EndpointUses(ctx, ours.ID, theirs.phone.Interface, theirs.phone.PreferredTransport)
				return u.Count, len(u.First), err
			},
		} {
			if items, count, err := list(); items != 0 || count != 0 || err != nil {
				t.Errorf("%s has %d of another tenant, counts %d: %v", what, items, count, err)
			}
		}
		return nil
	})
	for what, read := range theirs.reads(ctx) {
		wantCode(t, what+" of their own", s.Read(ctx, func(r fleet.Reader) error { return read(r, theirs.tenant.ID) }), "")
	}
	if f, err := s.Fetches(ctx, ours.ID, theirs.phone.MAC, 10); err != nil || len(f) != 0 {
		t.Errorf("fetches of another tenant: %v, %v", f, err)
	}
}

func testUniqueRules(t *testing.T, s *store) {
	ctx := t.Context()
	there, other := s.fullTenant(), s.newTenant()
	id := there.tenant.ID
	type rule struct {
		words  string
		insert func(w fleet.Writer) error
	}
	aTenant := func(change func(*fleet.Tenant)) func(fleet.Writer) error {
		return func(w fleet.Writer) error { n := s.aTenant(); change(&n); return w.InsertTenant(ctx, n) }
	}
	aPhone := func(change func(*fleet.Phone)) func(fleet.Writer) error {
		return func(w fleet.Writer) error { n := s.aPhone(id, there.user.ID); change(&n); return w.InsertPhone(ctx, n) }
	}
	aBase := func(change func(*fleet.DectPhone)) func(fleet.Writer) error {
		return func(w fleet.Writer) error { n := s.aDectPhone(other.ID); change(&n); return w.InsertDectPhone(ctx, n) }
	}
	for what, r := range map[string]rule{
		"a tenant's name":   {"name", aTenant(func(n *fleet.Tenant) { n.Name = strings.ToUpper(there.tenant.Name) })},
		"a tenant's domain": {"domain", aTenant(func(n *fleet.Tenant) { n.Domain = strings.ToUpper(there.tenant.Domain) })},
		"a tenant's code":   {"code", aTenant(func(n *fleet.Tenant) { n.Code = there.tenant.Code })},
		"a tenant's id":     {"id", aTenant(func(n *fleet.Tenant) { n.ID = id })},
		"an extension": {"extension", func(w fleet.Writer) error {
			n := s.aUser(id)
			n.ExtensionNumber = there.user.ExtensionNumber
			return w.InsertUser(ctx, n)
		}},
		"a user's id":               {"id", func(w fleet.Writer) error { n := s.aUser(other.ID); n.ID = there.user.ID; return w.InsertUser(ctx, n) }},
		"a phone's MAC":             {"MAC", aPhone(func(n *fleet.Phone) { n.MAC = there.phone.MAC })},
		"a base's MAC on a phone":   {"MAC", aPhone(func(n *fleet.Phone) { n.MAC = there.dect.MAC })},
		"a phone's MAC on a base":   {"MAC", aBase(func(n *fleet.DectPhone) { n.MAC = there.phone.MAC })},
		"a base's MAC":              {"MAC", aBase(func(n *fleet.DectPhone) { n.MAC = there.dect.MAC })},
		"a phone's token":           {"secret address", aPhone(func(n *fleet.Phone) { n.Token = there.phone.Token })},
		"a base's token on a phone": {"secret address", aPhone(func(n *fleet.Phone) { n.Token = there.dect.Token })},
		"a phone's id on a base":    {"id", aBase(func(n *fleet.DectPhone) { n.ID = there.phone.ID })},
		"a username": {"username", func(w fleet.Writer) error {
			n := s.anAccount(id)
			n.Username = strings.ToUpper(there.account.Username)
			return w.InsertAccount(ctx, n)
		}},
		"a token's hash": {"token", func(w fleet.Writer) error { n := s.aToken(0); n.Hash = there.token.Hash; return w.InsertToken(ctx, n) }},
		"an extension by updating": {"extension", func(w fleet.Writer) error {
			n := s.aUser(id)
			return firstErr(w.InsertUser(ctx, n), func() error { n.ExtensionNumber = there.user.ExtensionNumber; return w.UpdateUser(ctx, n) })
		}},
		"a phone's MAC by updating":     {"MAC", func(w fleet.Writer) error { n := there.phone; n.MAC = there.dect.MAC; return w.UpdatePhone(ctx, n) }},
		"a base's MAC by updating":      {"MAC", func(w fleet.Writer) error { n := there.dect; n.MAC = there.phone.MAC; return w.UpdateDectPhone(ctx, n) }},
		"a tenant's domain by updating": {"domain", func(w fleet.Writer) error { n := other; n.Domain = there.tenant.Domain; return w.UpdateTenant(ctx, n) }},
	} {
		err := s.Write(ctx, r.insert)
		wantCode(t, what, err, fleet.CodeConflict)
		saysInPlainWords(t, what, err)
		if err != nil && !strings.Contains(err.Error(), r.words) {
			t.Errorf("%s: %q does not speak of the %s", what, err, r.words)
		}
		if err != nil && (strings.Contains(err.Error(), there.tenant.Name) || strings.Contains(err.Error(), there.phone.Token.Reveal())) {
			t.Errorf("%s: %q tells of another tenant's things", what, err)
		}
	}
	// What may be alike.
	s.write(func(w fleet.Writer) error {
		u := s.aUser(other.ID)
		u.ExtensionNumber, u.AuthName = there.user.ExtensionNumber, there.user.AuthName
		a := s.anAccount(other.ID)
		a.Username = there.account.Username
		installation := s.anAccount(0)
		installation.Username = there.account.Username
		d := s.aDectPhone(id)
		d.Name = there.dect.Name
		return firstErr(w.InsertUser(ctx, u),
			func() error { return w.InsertAccount(ctx, a) },
			func() error { return w.InsertAccount(ctx, installation) },
			func() error { return w.InsertDectPhone(ctx, d) },
			func() error { return w.UpdateUser(ctx, there.user) },
			func() error { return w.UpdatePhone(ctx, there.phone) },
			func() error {
				return w.PutTemplate(ctx, fleet.TemplateFile{Tenant: other.ID, Filename: "own.xml", UpdatedAt: start})
			})
	})
}

func firstErr(err error, next ...func() error) error {
	for _, f := range next {
		if err == nil {
			err = f()
		}
	}
	return err
}

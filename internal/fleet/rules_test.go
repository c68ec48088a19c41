package fleet_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/listquery"
	"github.com/dialplane/dialplane/internal/secret"
)

func TestTenantRules(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	in := func(edits ...func(*fleet.TenantInput)) fleet.TenantInput {
		in := fleet.TenantInput{Name: new("Third"), Domain: new("Third.Example.com")}
		for _, e := range edits {
			e(&in)
		}
		return in
	}
	create := func(edits ...func(*fleet.TenantInput)) func() error {
		return func() error {
			_, err := w.CreateTenant(ctx, w.root, in(edits...))
			return err
		}
	}
	endpoint := func(name fleet.Interface, e fleet.EndpointInput) func(*fleet.TenantInput) {
		return func(in *fleet.TenantInput) { in.Endpoints = &map[fleet.Interface]fleet.EndpointInput{name: e} }
	}
	var cases []refusal
	for _, c := range []struct {
		name string
		edit func(*fleet.TenantInput)
		at   string
	}{
		{"blank name", func(in *fleet.TenantInput) { in.Name = new("") }, "/name"},
		{"long name", func(in *fleet.TenantInput) { in.Name = new(strings.Repeat("x", 65)) }, "/name"},
		{"line break in the name", func(in *fleet.TenantInput) { in.Name = new("a\nb") }, "/name"},
		{"domain with a port", func(in *fleet.TenantInput) { in.Domain = new("a.example:5060") }, "/domain"},
		{"domain with a blank", func(in *fleet.TenantInput) { in.Domain = new("a b") }, "/domain"},
		{"impossible address", func(in *fleet.TenantInput) { in.Domain = new("10.0.0.256") }, "/domain"},
		{"unknown interface", endpoint("WEB~/DOMAIN", fleet.EndpointInput{Host: "a", UDP: 1}), "/endpoints/WEB~0~1DOMAIN"},
		{"endpoint without host", endpoint(fleet.SBCDomain, fleet.EndpointInput{UDP: 1}), "/endpoints/SBC_DOMAIN/host"},
		{"endpoint with an address in brackets", endpoint(fleet.PublicIPv6, fleet.EndpointInput{Host: "[::1]", UDP: 1}), "/endpoints/PUBLIC_IPV6/host"},
		{"endpoint without port", endpoint(fleet.SBCDomain, fleet.EndpointInput{Host: "a"}), "/endpoints/SBC_DOMAIN"},
		{"port too high", endpoint(fleet.SBCDomain, fleet.EndpointInput{Host: "a", TCP: 65536}), "/endpoints/SBC_DOMAIN/tcp"},
		{"port below zero", endpoint(fleet.SBCDomain, fleet.EndpointInput{Host: "a", TLS: -1}), "/endpoints/SBC_DOMAIN/tls"},
		{"three time servers", func(in *fleet.TenantInput) { in.NTP = &[]string{"a", "b", "c"} }, "/ntp"},
		{"time server with a scheme", func(in *fleet.TenantInput) { in.NTP = &[]string{"a", "ntp://b"} }, "/ntp/1"},
		{"no time zone", func(in *fleet.TenantInput) { in.TimeZone = new("") }, "/timezone"},
		{"unknown time zone", func(in *fleet.TenantInput) { in.TimeZone = new("Europe/Atlantis") }, "/timezone"},
		{"the machine's time zone", func(in *fleet.TenantInput) { in.TimeZone = new("Local") }, "/timezone"},
		{"time zone as a path", func(in *fleet.TenantInput) { in.TimeZone = new("../etc/passwd") }, "/timezone"},
		{"unknown language", func(in *fleet.TenantInput) { in.Language = new("KLINGON") }, "/language"},
		{"country of two letters", func(in *fleet.TenantInput) { in.Tone = new("DE") }, "/tone"},
		{"address without scheme", func(in *fleet.TenantInput) { in.ProvisioningURL = new("example.com/") }, "/provisioning_url"},
		{"address with credentials", func(in *fleet.TenantInput) { in.ProvisioningURL = new("https://u:p@example.com/") }, "/provisioning_url"},
		{"address with a query", func(in *fleet.TenantInput) { in.ProvisioningURL = new("https://example.com/?x") }, "/provisioning_url"},
		{"address of a file", func(in *fleet.TenantInput) { in.ProvisioningURL = new("file:///etc/passwd") }, "/provisioning_url"},
		{"address without host", func(in *fleet.TenantInput) { in.ProvisioningURL = new("https:///x") }, "/provisioning_url"},
		{"address with an impossible port", func(in *fleet.TenantInput) { in.ProvisioningURL = new("https://a:65536/") }, "/provisioning_url"},
		{"polling never", func(in *fleet.TenantInput) { in.PollMinutes = new(0) }, "/poll_minutes"},
		{"expiry too short", func(in *fleet.TenantInput) { in.RegisterExpires = new(59) }, "/register_expires"},
		{"voicemail number with a letter", func(in *fleet.TenantInput) { in.VoicemailNumber = new("*9a") }, "/voicemail_number"},
		{"pickup code with a blank", func(in *fleet.TenantInput) { in.PickupCode = new("* 8") }, "/pickup_code"},
		{"no network", func(in *fleet.TenantInput) { in.EnrolNetworks = &[]string{"10.0.0.0/8", "lan"} }, "/enrol_networks/1"},
		{"address in a network", func(in *fleet.TenantInput) { in.EnrolNetworks = &[]string{"10.0.0.1/8"} }, "/enrol_networks/0"},
		{"network twice", func(in *fleet.TenantInput) { in.EnrolNetworks = &[]string{"10.0.0.0/8", "10.0.0.0/8"} }, "/enrol_networks/1"},
		{"window too long", func(in *fleet.TenantInput) { in.EnrolMinutes = new(1441) }, "/enrol_minutes"},
	} {
		cases = append(cases, refusal{name: c.name, do: create(c.edit), at: []string{c.at}})
	}
	cases = append(cases,
		refusal{name: "nothing given", do: func() error { _, err := w.CreateTenant(ctx, w.root, fleet.TenantInput{}); return err }, at: []string{"/name", "/domain"}, says: "is required"},
		refusal{name: "many faults at once", do: create(func(in *fleet.TenantInput) { in.Name = new(" a"); in.Tone = new("x"); in.PollMinutes = new(-1) }), at: []string{"/name", "/tone", "/poll_minutes"}},
		refusal{name: "name taken", do: create(func(in *fleet.TenantInput) { in.Name = new("Other") }), code: fleet.CodeConflict},
		refusal{name: "domain taken in another case", do: create(func(in *fleet.TenantInput) { in.Domain = new("OTHER.example.com") }), code: fleet.CodeConflict, at: []string{"/domain"}},
		refusal{name: "domain taken by an update", do: func() error {
			return w.UpdateTenant(ctx, w.root, w.otherTenant, fleet.TenantInput{Domain: new("default.invalid")})
		}, code: fleet.CodeConflict, at: []string{"/domain"}},
		refusal{name: "update of none", do: func() error { return w.UpdateTenant(ctx, w.root, 1, fleet.TenantInput{}) }, code: fleet.CodeNotFound},
		refusal{name: "reading none", do: func() error { _, err := w.Tenant(ctx, w.root, 1); return err }, code: fleet.CodeNotFound},
		refusal{name: "delete of none", do: func() error { return w.DeleteTenant(ctx, w.root, 1, true) }, code: fleet.CodeNotFound},
		refusal{name: "delete of the default", do: func() error { return w.DeleteTenant(ctx, w.root, w.admin.Tenant, true) }, code: fleet.CodeConflict},
	)
	w.refuse(cases)

	id := must(w.CreateTenant(ctx, w.root, in(func(in *fleet.TenantInput) {
		in.Endpoints = &map[fleet.Interface]fleet.EndpointInput{fleet.PublicIPv6: {Host: "2001:db8::1", TLS: 5061}, fleet.SBCDomain: {Host: "SBC.example.com", UDP: 65535}}
		in.NTP, in.TimeZone, in.Language, in.Tone = &[]string{"0.pool.ntp.org", "192.0.2.7"}, new("America/New_York"), new("german"), new("deu")
		in.ProvisioningURL, in.PollMinutes, in.RegisterExpires = new("https://provision.example.com:8443/x/"), new(60), new(120)
		in.VoicemailNumber, in.PickupCode = new("*97"), new("*8")
		in.EnrolNetworks, in.EnrolMinutes = &[]string{"10.1.0.0/16", "2001:db8::/32", "203.0.113.7"}, new(0)
	})))(t)
	got := must(w.Tenant(ctx, w.root, id))(t)
	if len(got.Code) != 16 {
		t.Errorf("code %q", got.Code)
	}
	want := fleet.Tenant{
		ID: id, Name: "Third", Domain: "third.example.com", Code: got.Code,
		Endpoints: map[fleet.Interface]fleet.Endpoint{fleet.PublicIPv6: {Host: "2001:db8::1", TLS: 5061}, fleet.SBCDomain: {Host: "sbc.example.com", UDP: 65535}},
		NTP:       []string{"0.pool.ntp.org", "192.0.2.7"}, TimeZone: "America/New_York", Language: "GERMAN", Tone: "DEU",
		ProvisioningURL: "https://provision.example.com:8443/x/", PollMinutes: 60, RegisterExpires: 120,
		VoicemailNumber: "*97", PickupCode: "*8",
		EnrolNetworks: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("203.0.113.7/32")},
		CreatedAt:     w.clock.Now(), UpdatedAt: w.clock.Now(),
	}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
	check(t, w.UpdateTenant(ctx, w.root, id, fleet.TenantInput{ProvisioningURL: new(""), VoicemailNumber: new("")}))
	if got := must(w.Tenant(ctx, w.root, id))(t); got.ProvisioningURL != "" || got.VoicemailNumber != "" || got.PickupCode != "*8" {
		t.Errorf("an update of two fields left %+v", got)
	}
	if list, _, err := w.Tenants(ctx, w.root, listquery.Query{}); err != nil || len(list) != 3 {
		t.Errorf("%d tenants, %v", len(list), err)
	}
	w.heard.take()
	check(t, w.DeleteTenant(ctx, w.root, w.otherTenant, false))
	if _, err := w.Tenant(ctx, w.root, w.otherTenant); fleet.CodeOf(err) != fleet.CodeNotFound {
		t.Errorf("after its deletion the tenant is %v", err)
	}
	if heard := w.heard.take(); !slices.Equal(heard, []string{fmt.Sprintf("tenant %d", w.otherTenant)}) {
		t.Errorf("heard %q", heard)
	}
}

func TestUserRules(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	create := func(edit func(*fleet.UserInput)) func() error {
		return func() error {
			_, err := w.CreateUser(ctx, w.admin, userInput("200", edit))
			return err
		}
	}
	update := func(in fleet.UserInput) func() error {
		return func() error { return w.UpdateUser(ctx, w.admin, w.user, in) }
	}
	var cases []refusal
	for _, c := range []struct {
		name string
		edit func(*fleet.UserInput)
		at   string
	}{
		{"short extension", func(in *fleet.UserInput) { in.ExtensionNumber = new("20") }, "/extension_number"},
		{"long extension", func(in *fleet.UserInput) { in.ExtensionNumber = new(strings.Repeat("2", 65)) }, "/extension_number"},
		{"extension with a letter", func(in *fleet.UserInput) { in.ExtensionNumber = new("20a") }, "/extension_number"},
		{"full-width digits", func(in *fleet.UserInput) { in.ExtensionNumber = new("２００") }, "/extension_number"},
		{"blank name", func(in *fleet.UserInput) { in.DisplayName = new("") }, "/display_name"},
		{"name too long", func(in *fleet.UserInput) { in.DisplayName = new(strings.Repeat("ä", 1025)) }, "/display_name"},
		{"injected line", func(in *fleet.UserInput) { in.DisplayName = new("A\r\naccount.1.password = x") }, "/display_name"},
		{"text direction", func(in *fleet.UserInput) { in.DisplayName = new("abc\u202e") }, "/display_name"},
		{"not UTF-8", func(in *fleet.UserInput) { in.DisplayName = new("a\xff") }, "/display_name"},
		{"line break in the authentication name", func(in *fleet.UserInput) { in.AuthName = new("a\u2028") }, "/auth_name"},
		{"no password", func(in *fleet.UserInput) { in.Password = new(secret.Secret{}) }, "/password"},
		{"NUL in the password", func(in *fleet.UserInput) { in.Password = new(secret.New("x\x00")) }, "/password"},
		{"blank behind the password", func(in *fleet.UserInput) { in.Password = new(secret.New("x ")) }, "/password"},
		{"letters in the PIN", func(in *fleet.UserInput) { in.VMPIN = new(secret.New("12x4")) }, "/vm_pin"},
		{"keys given twice", func(in *fleet.UserInput) { in.Keys, in.BLFs = &[]fleet.KeyInput{}, &[]fleet.BLFInput{} }, "/blfs"},
		{"too many keys", func(in *fleet.UserInput) { in.Keys = new(make([]fleet.KeyInput, 201)) }, "/keys"},
		{"too many BLFs", func(in *fleet.UserInput) { in.BLFs = new(make([]fleet.BLFInput, 201)) }, "/blfs"},
	} {
		cases = append(cases, refusal{name: c.name, do: create(c.edit), at: []string{c.at}})
	}
	cases = append(cases,
		refusal{name: "nothing given", do: func() error { _, err := w.CreateUser(ctx, w.admin, fleet.UserInput{}); return err }, at: []string{"/extension_number", "/display_name", "/password"}},
		refusal{name: "extension taken", do: create(func(in *fleet.UserInput) { in.ExtensionNumber = new("101") }), code: fleet.CodeConflict, at: []string{"/extension_number"}},
		refusal{name: "extension taken and a fault", do: create(func(in *fleet.UserInput) { in.ExtensionNumber, in.DisplayName = new("101"), new("") }), at: []string{"/extension_number", "/display_name"}},
		refusal{name: "extension taken by an update", do: update(fleet.UserInput{ExtensionNumber: new("102")}), code: fleet.CodeConflict, at: []string{"/extension_number"}},
		refusal{name: "password that the phone cannot be given", do: update(fleet.UserInput{Password: new(secret.New("%NULL%"))}), at: []string{"/password"}, says: "Acme phones"},
		refusal{name: "name that the phone cannot be given", do: update(fleet.UserInput{DisplayName: new("%NULL%")}), at: []string{"/display_name"}},
		refusal{name: "password that the base cannot be given", do: func() error {
			return w.UpdateUser(ctx, w.admin, w.second, fleet.UserInput{Password: new(secret.New("%NULL%"))})
		}, at: []string{"/password"}},
		refusal{name: "reading none", do: func() error { _, err := w.User(ctx, w.admin, 1); return err }, code: fleet.CodeNotFound},
		refusal{name: "update of none", do: func() error { return w.UpdateUser(ctx, w.admin, 1, fleet.UserInput{}) }, code: fleet.CodeNotFound},
		refusal{name: "delete of none", do: func() error { return w.DeleteUser(ctx, w.admin, 1, true) }, code: fleet.CodeNotFound},
		refusal{name: "delete of a member", do: func() error { return w.DeleteUser(ctx, w.admin, w.second, false) }, code: fleet.CodeConflict, says: `"Hall"`},
	)
	w.refuse(cases)

	// Without a phone no maker is asked, and any script may be written.
	id := must(w.CreateUser(ctx, w.admin, userInput("200", func(in *fleet.UserInput) {
		in.DisplayName, in.Password = new("Ωmega ن \u200d "+strings.Repeat("x", 1000)), new(secret.New(`%NULL%`))
		in.ExtensionNumber = new(strings.Repeat("2", 64))
		in.VMPIN = new(secret.Secret{})
	})))(t)
	check(t, w.UpdateUser(ctx, w.admin, id, fleet.UserInput{ExtensionNumber: new("201"), Password: new(secret.New(`"'<&#;=\😀`))}))
	u := must(w.User(ctx, w.admin, id))(t)
	if u.AuthName != "201" || u.Password.Reveal() != `"'<&#;=\😀` {
		t.Errorf("%+v", u)
	}
	check(t, w.UpdateUser(ctx, w.admin, id, fleet.UserInput{AuthName: new("auth"), ExtensionNumber: new("202")}))
	check(t, w.UpdateUser(ctx, w.admin, id, fleet.UserInput{ExtensionNumber: new("203")}))
	if u := must(w.User(ctx, w.admin, id))(t); u.AuthName != "auth" || u.ExtensionNumber != "203" {
		t.Errorf("an own authentication name did not stay: %+v", u)
	}
	check(t, w.UpdateUser(ctx, w.admin, id, fleet.UserInput{AuthName: new("")}))
	if u := must(w.User(ctx, w.admin, id))(t); u.AuthName != "203" {
		t.Errorf("%+v", u)
	}
	// Both tenants have an extension 101 already; a third tenant's is no conflict.
	if list, n, err := w.Users(ctx, w.other, listquery.Query{Count: true}); err != nil || len(list) != 1 || n != 1 {
		t.Errorf("%d users (%d), %v", len(list), n, err)
	}

	w.heard.take()
	check(t, w.DeleteUser(ctx, w.admin, w.user, false))
	want := []string{fmt.Sprintf("user %d", w.user), "phone " + w.phoneMAC, "enrolments"}
	if heard := w.heard.take(); !slices.Equal(heard, want) {
		t.Errorf("heard %q, want %q", heard, want)
	}
	if _, err := w.PhoneRow(ctx, w.admin, w.phoneMAC); fleet.CodeOf(err) != fleet.CodeNotFound {
		t.Errorf("the phone outlived its extension: %v", err)
	}
	check(t, w.DeleteUser(ctx, w.admin, w.second, true))
	if list := must(w.Members(ctx, w.admin, w.base))(t); len(list) != 0 {
		t.Errorf("members %+v", list)
	}
	if heard := w.heard.take(); !slices.Equal(heard, []string{fmt.Sprintf("user %d", w.second), "phone " + w.baseMAC}) {
		t.Errorf("heard %q", heard)
	}
	if list, _, err := w.Enrolments(ctx, w.admin, listquery.Query{}); err != nil || len(list) != 1 {
		t.Errorf("%d windows are open (want the base's), %v", len(list), err)
	}
}

func TestKeyRules(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	keys := func(k ...fleet.KeyInput) fleet.UserInput { return fleet.UserInput{Keys: &k} }
	blfs := func(b ...fleet.BLFInput) fleet.UserInput { return fleet.UserInput{BLFs: &b} }
	check(t, w.UpdateUser(ctx, w.admin, w.second, fleet.UserInput{}))
	odd := must(w.CreateUser(ctx, w.admin, userInput("300", func(in *fleet.UserInput) { in.Password = new(secret.New("%NULL%")) })))(t)
	w.heard.take()
	var cases []refusal
	for _, c := range []struct {
		name string
		in   fleet.UserInput
		at   []string
	}{
		{"unknown kind", keys(fleet.KeyInput{}, fleet.KeyInput{Kind: "magic"}), []string{"/keys/1/kind"}},
		{"nothing with a value", keys(fleet.KeyInput{Kind: "none", Value: "1"}), []string{"/keys/0/value"}},
		{"line of letters", keys(fleet.KeyInput{Kind: "line", Value: "abc"}), []string{"/keys/0/value"}},
		{"line of no extension", keys(fleet.KeyInput{Kind: "line", Value: "999"}), []string{"/keys/0/value"}},
		{"line of one that the phone cannot be given", keys(fleet.KeyInput{Kind: "line", Value: "300"}), []string{"/keys/0/value"}},
		{"lamp without number", keys(fleet.KeyInput{Kind: "blf"}), []string{"/keys/0/value"}},
		{"lamp with the separator of another vendor", keys(fleet.KeyInput{Kind: "blf", Value: "102;x"}), []string{"/keys/0/value"}},
		{"lamp with a blank", keys(fleet.KeyInput{Kind: "blf", Value: "1 2"}), []string{"/keys/0/value"}},
		{"speed dial too long", keys(fleet.KeyInput{Kind: "speed_dial", Value: strings.Repeat("1", 129)}), []string{"/keys/0/value"}},
		{"park without slot", keys(fleet.KeyInput{Kind: "park"}), []string{"/keys/0/value"}},
		{"tones of letters", keys(fleet.KeyInput{Kind: "dtmf", Value: "xyz"}), []string{"/keys/0/value"}},
		{"address of a script", keys(fleet.KeyInput{Kind: "url", Value: "javascript:alert(1)"}), []string{"/keys/0/value"}},
		{"address with credentials", keys(fleet.KeyInput{Kind: "url", Value: "http://u:p@a/"}), []string{"/keys/0/value"}},
		{"label with a line break", keys(fleet.KeyInput{Kind: "blf", Value: "102", Label: "a\nb"}), []string{"/keys/0/label"}},
		{"label reserved by the vendor", keys(fleet.KeyInput{Kind: "blf", Value: "102", Label: "%NULL%"}), []string{"/keys/0/label"}},
		{"names too long", keys(fleet.KeyInput{Kind: "blf", Value: "102", FirstName: strings.Repeat("x", 257), LastName: " x"}), []string{"/keys/0/first_name", "/keys/0/last_name"}},
		{"unknown BLF", blfs(fleet.BLFInput{Key: "BLF", Value: "102"}, fleet.BLFInput{Key: "NIGHT", Value: "5"}), []string{"/blfs/1/key"}},
		{"BLF without number", blfs(fleet.BLFInput{Key: "BLF", LastName: "\x1b"}), []string{"/blfs/0/value", "/blfs/0/last_name"}},
	} {
		cases = append(cases, refusal{name: c.name, do: func() error { return w.UpdateUser(ctx, w.admin, w.user, c.in) }, at: c.at})
	}
	w.refuse(cases)

	check(t, w.UpdateUser(ctx, w.admin, w.user, keys(
		fleet.KeyInput{}, fleet.KeyInput{Kind: "line"}, fleet.KeyInput{Kind: "line", Value: "101"}, fleet.KeyInput{Kind: "line", Value: "102", Label: "Two"},
		fleet.KeyInput{Kind: "blf", Value: "*21102"}, fleet.KeyInput{Kind: "speed_dial", Value: "sip:bob@example.com"}, fleet.KeyInput{Kind: "park", Value: "701"},
		fleet.KeyInput{Kind: "dtmf", Value: "*1,A#"}, fleet.KeyInput{Kind: "url", Value: "http://door.example.com/open?x=1"},
	)))
	check(t, w.UpdateUser(ctx, w.admin, odd, fleet.UserInput{Keys: new(make([]fleet.KeyInput, 200))}))
	var in []fleet.BLFInput
	for _, k := range []string{"blf", "Line", "SPEED_DIAL", "custom speed dial", "Park", "VISUAL_PARK", "dtmf", "url", "NONE", ""} {
		value := "102"
		switch strings.ToUpper(k) {
		case "URL":
			value = "https://a.example.com/"
		case "NONE", "":
			value = ""
		}
		in = append(in, fleet.BLFInput{Key: k, Value: value, FirstName: "F", LastName: "L"})
	}
	check(t, w.UpdateUser(ctx, w.admin, w.user, blfs(in...)))
	var kinds []string
	for _, k := range must(w.User(ctx, w.admin, w.user))(t).Keys {
		kinds = append(kinds, string(k.Kind))
		if k.FirstName != "F" || k.LastName != "L" {
			t.Errorf("%+v", k)
		}
	}
	if want := []string{"blf", "line", "speed_dial", "speed_dial", "park", "park", "dtmf", "url", "none", "none"}; !slices.Equal(kinds, want) {
		t.Error(kinds)
	}
	check(t, w.UpdateUser(ctx, w.admin, w.user, keys()))
	if u := must(w.User(ctx, w.admin, w.user))(t); len(u.Keys) != 0 {
		t.Errorf("%+v", u.Keys)
	}
}

func TestPhoneRules(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	const free = "001565000010"
	create := func(edits ...func(*fleet.PhoneInput)) func() error {
		return func() error {
			_, err := w.CreatePhone(ctx, w.admin, w.second, phoneInput(free, edits...))
			return err
		}
	}
	update := func(in fleet.PhoneInput) func() error {
		return func() error { return w.UpdatePhone(ctx, w.admin, w.user, w.phone, in) }
	}
	// What is wrong on create is wrong on update, but for what never changes.
	type rule struct {
		name string
		edit func(*fleet.PhoneInput)
		at   string
		says string
	}
	rules := []rule{
		{"no web password", func(in *fleet.PhoneInput) { in.Password = new(secret.Secret{}) }, "/password", "empty"},
		{"web password too short", func(in *fleet.PhoneInput) { in.Password = new(secret.New("x9!")) }, "/password", "short"},
		{"factory password", func(in *fleet.PhoneInput) { in.Password = new(secret.New("Admin")) }, "/password", "factory"},
		{"factory user and password", func(in *fleet.PhoneInput) { in.Password = new(secret.New("admin/admin")) }, "/password", "factory"},
		{"reserved web password", func(in *fleet.PhoneInput) { in.Password = new(secret.New("%NULL%")) }, "/password", "Acme"},
		{"line break in the web password", func(in *fleet.PhoneInput) { in.Password = new(secret.New("abcd\nef")) }, "/password", ""},
		{"unknown language", func(in *fleet.PhoneInput) { in.Language = new("KLINGON") }, "/language", "and 4 more"},
		{"language not offered", func(in *fleet.PhoneInput) { in.Language = new("GREEK") }, "/language", "one of ENGLISH, GERMAN"},
		{"unknown transfer", func(in *fleet.PhoneInput) { in.Transfer = new("SOFT") }, "/transfer", "BLIND, ATTENDED, NEW_CALL"},
		{"blank transfer", func(in *fleet.PhoneInput) { in.Transfer = new("") }, "/transfer", ""},
		{"time zone not offered", func(in *fleet.PhoneInput) { in.TimeZone = new("Asia/Tokyo") }, "/timezone", "Europe/Berlin"},
		{"no codec", func(in *fleet.PhoneInput) { in.Codecs = &[]string{} }, "/codecs", "at least one"},
		{"unknown codec", func(in *fleet.PhoneInput) { in.Codecs = &[]string{"PCMA", "SPEEX"} }, "/codecs/1", "and 2 more"},
		{"codec twice", func(in *fleet.PhoneInput) { in.Codecs = &[]string{"PCMA", "PCMU", "PCMA"} }, "/codecs/2", "twice"},
		{"endless codecs", func(in *fleet.PhoneInput) { in.Codecs = new(make([]string, 65)) }, "/codecs", "64"},
		{"unknown interface", func(in *fleet.PhoneInput) { in.Interface = new("WIFI") }, "/interface", "WEB_DOMAIN"},
		{"interface without endpoint", func(in *fleet.PhoneInput) { in.Interface = new("SBC_DOMAIN") }, "/interface", "endpoints.SBC_DOMAIN.host and .tls"},
		{"transport without port", func(in *fleet.PhoneInput) { in.PreferredTransport = new("TCP") }, "/interface", "endpoints.WEB_DOMAIN.tcp"},
		{"unknown transport", func(in *fleet.PhoneInput) { in.PreferredTransport = new("SCTP") }, "/preferred_transport", "UDP"},
		{"ring tone not offered", func(in *fleet.PhoneInput) { in.Ringtone = new("Ring 9") }, "/ringtone", "Ring 1"},
		{"queue tone not offered", func(in *fleet.PhoneInput) { in.QueueRingtone = new("Ring 2") }, "/queue_ringtone", "Ring 1"},
		{"external tone not offered", func(in *fleet.PhoneInput) { in.ExternalRingtone = new("Ring 1") }, "/external_ringtone", "Ring 2"},
		{"date format not offered", func(in *fleet.PhoneInput) { in.DateFormat = new("YYYY") }, "/date_format", ""},
		{"time format not offered", func(in *fleet.PhoneInput) { in.TimeFormat = new("12") }, "/time_format", ""},
		{"LED not offered", func(in *fleet.PhoneInput) { in.PowerLED = new("Off") }, "/powerled", ""},
		{"backlight not offered", func(in *fleet.PhoneInput) { in.Backlight = new("Off") }, "/backlight", ""},
		{"no screensavers", func(in *fleet.PhoneInput) { in.Screensaver = new("Clock") }, "/screensaver", "leave it out"},
		{"redirect service", func(in *fleet.PhoneInput) { in.RPS = new(true) }, "/rps", "redirect service (RPS) of Acme"},
		{"WAN tag too low", func(in *fleet.PhoneInput) { in.WANPortID = new(0) }, "/wan_port_id", "1 to 4094"},
		{"WAN tag too high", func(in *fleet.PhoneInput) { in.WANPortID = new(4095) }, "/wan_port_id", ""},
		{"WAN priority", func(in *fleet.PhoneInput) { in.WANPortPriority = new(8) }, "/wan_port_priority", "0 to 7"},
		{"PC tag", func(in *fleet.PhoneInput) { in.PCPortID = new(-1) }, "/pc_port_id", ""},
		{"PC priority", func(in *fleet.PhoneInput) { in.PCPortPriority = new(-1) }, "/pc_port_priority", ""},
		{"serial number", func(in *fleet.PhoneInput) { in.SerialNumber = new("a\tb") }, "/serial_number", ""},
		{"short door password", func(in *fleet.PhoneInput) { in.DoorPassword1 = new(secret.New("123")) }, "/door_password1", "4 to 8 digits"},
		{"door password of letters", func(in *fleet.PhoneInput) { in.DoorPassword2 = new(secret.New("12a4")) }, "/door_password2", ""},
		{"long door password", func(in *fleet.PhoneInput) { in.DoorPassword2 = new(secret.New("123456789")) }, "/door_password2", ""},
	}
	var cases []refusal
	for _, r := range rules {
		var in fleet.PhoneInput
		r.edit(&in)
		cases = append(cases,
			refusal{name: "create/" + r.name, do: create(r.edit), at: []string{r.at}, says: r.says},
			refusal{name: "update/" + r.name, do: update(in), at: []string{r.at}, says: r.says})
	}
	for _, r := range []rule{
		{"bad address", func(in *fleet.PhoneInput) { in.MAC = new("00:15:65:00:00") }, "/mac", "12 hex digits"},
		{"multicast address", func(in *fleet.PhoneInput) { in.MAC = new("010000000000") }, "/mac", "multicast"},
		{"EUI-64", func(in *fleet.PhoneInput) { in.MAC = new("0015650000010203") }, "/mac", "EUI-64"},
		{"the address as web password", func(in *fleet.PhoneInput) { in.Password = new(secret.New("00:15:65:00:00:10")) }, "/password", "printed"},
		{"no template", func(in *fleet.PhoneInput) { in.Filename = new("none.xml") }, "/filename", "no such template"},
		{"template as a path", func(in *fleet.PhoneInput) { in.Filename = new("../../etc/passwd") }, "/filename", ""},
		{"template of bases", func(in *fleet.PhoneInput) { in.Filename, in.Model = new("acme-dect.xml"), new("D20") }, "/filename", "DECT"},
		{"another vendor", func(in *fleet.PhoneInput) { in.Vendor = new("Bolt") }, "/vendor", "must be Acme"},
		{"vendor in another case", func(in *fleet.PhoneInput) { in.Vendor = new("acme") }, "/vendor", "must be Acme"},
		{"model of another template", func(in *fleet.PhoneInput) { in.Model = new("B1") }, "/model", "one of A1, A2"},
	} {
		cases = append(cases, refusal{name: "create/" + r.name, do: create(r.edit), at: []string{r.at}, says: r.says})
	}
	taken := func(s string) func() error {
		return create(func(in *fleet.PhoneInput) { in.MAC = new(s) })
	}
	cases = append(cases,
		refusal{name: "nothing given", do: func() error { _, err := w.CreatePhone(ctx, w.admin, w.user, fleet.PhoneInput{}); return err }, says: "is required", at: []string{
			"/mac", "/filename", "/vendor", "/model", "/password", "/language", "/transfer", "/timezone", "/codecs", "/interface", "/preferred_transport",
		}},
		refusal{name: "many faults at once", do: create(func(in *fleet.PhoneInput) {
			in.Filename, in.Password, in.WANPortID, in.DoorPassword1 = new("none.xml"), new(secret.New("1234")), new(0), new(secret.New("1"))
		}), at: []string{"/filename", "/password", "/wan_port_id", "/door_password1"}},
		refusal{name: "address taken", do: taken(w.phoneMAC), code: fleet.CodeConflict, at: []string{"/mac"}},
		refusal{name: "address taken in another spelling", do: taken("00-15-65-00-00-01"), code: fleet.CodeConflict, at: []string{"/mac"}},
		refusal{name: "address of a base", do: taken("0015.6500.0002"), code: fleet.CodeConflict, at: []string{"/mac"}},
		refusal{name: "address of another tenant", do: taken("00:15:65:00:00:03"), code: fleet.CodeConflict, at: []string{"/mac"}, says: "outside this tenant"},
		refusal{name: "address taken and a fault", do: create(func(in *fleet.PhoneInput) { in.MAC, in.Model = &w.phoneMAC, new("B1") }), at: []string{"/mac", "/model"}},
		refusal{name: "of no extension", do: func() error { _, err := w.CreatePhone(ctx, w.admin, 1, phoneInput(free)); return err }, code: fleet.CodeNotFound},
		refusal{name: "tagged without a tag", do: func() error {
			w.catalog.mu.Lock()
			info := w.catalog.infos["bolt-desk.xml"]
			info.WANVLAN.ID = 0
			w.catalog.infos["bolt-desk.xml"] = info
			w.catalog.mu.Unlock()
			return create(func(in *fleet.PhoneInput) {
				in.Filename, in.Vendor, in.Model, in.EnableVLANWANPort = new("bolt-desk.xml"), new("Bolt"), new("B1"), new(true)
			})()
		}, at: []string{"/wan_port_id"}, says: "required"},
		refusal{name: "what never changes", do: update(phoneInput(w.phoneMAC)), at: []string{"/mac", "/filename", "/vendor", "/model"}, says: "cannot be changed"},
		refusal{name: "update of none", do: func() error { return w.UpdatePhone(ctx, w.admin, w.user, 1, fleet.PhoneInput{}) }, code: fleet.CodeNotFound},
		refusal{name: "update under another extension", do: func() error { return w.UpdatePhone(ctx, w.admin, w.second, w.phone, fleet.PhoneInput{}) }, code: fleet.CodeNotFound},
		refusal{name: "reading under another extension", do: func() error { _, err := w.Phone(ctx, w.admin, w.second, w.phone); return err }, code: fleet.CodeNotFound},
		refusal{name: "delete under another extension", do: func() error { return w.DeletePhone(ctx, w.admin, w.second, w.phone) }, code: fleet.CodeNotFound},
		refusal{name: "new address under another extension", do: func() error { return w.RotatePhoneURL(ctx, w.admin, w.second, w.phone) }, code: fleet.CodeNotFound},
		refusal{name: "list of no extension", do: func() error { _, _, err := w.UserPhones(ctx, w.admin, 1, listquery.Query{}); return err }, code: fleet.CodeNotFound},
	)
	w.refuse(cases)

	id := must(w.CreatePhone(ctx, w.admin, w.second, phoneInput("00:15:65:00:00:10", func(in *fleet.PhoneInput) {
		in.Ringtone, in.DateFormat, in.PowerLED = new("Ring 2"), new("DD/MM/YYYY"), new("")
		in.EnableVLANWANPort, in.WANPortID, in.WANPortPriority, in.HTTPS, in.RPS = new(true), new(4094), new(7), new(true), new(false)
		in.DoorPassword2, in.SerialNumber = new(secret.New("12345678")), new("SN-1")
	})))(t)
	want := []string{"phone " + free, "enrolments"}
	if heard := w.heard.take(); !slices.Equal(heard, want) {
		t.Errorf("heard %q, want %q", heard, want)
	}
	if got := w.audited(); got != "alice phone.create phone "+free {
		t.Errorf("audited %q", got)
	}
	p := must(w.Phone(ctx, w.admin, w.second, id))(t)
	if len(p.Token.Reveal()) != 32 || strings.Trim(p.Token.Reveal(), "abcdefghijklmnopqrstuvwxyz234567") != "" {
		t.Errorf("the secret address has %d characters", len(p.Token.Reveal()))
	}
	if p.Language != "ENGLISH" || p.Ringtone != "Ring 2" || !p.EnableLLDP || p.WANVLAN != (fleet.VLAN{Enabled: true, ID: 4094, Priority: 7}) || p.PCVLAN != (fleet.VLAN{ID: 254, Priority: 1}) {
		t.Errorf("%+v", p)
	}
	if list, _, err := w.Enrolments(ctx, w.admin, listquery.Query{}); err != nil || !slices.ContainsFunc(list, func(e fleet.Enrolment) bool { return e.MAC == p.MAC }) {
		t.Errorf("no window was opened for the phone: %+v, %v", list, err)
	}
	check(t, w.UpdatePhone(ctx, w.admin, w.second, id, fleet.PhoneInput{Ringtone: new(""), DoorPassword2: new(secret.Secret{}), Codecs: &[]string{"OPUS"}}))
	if p := must(w.Phone(ctx, w.admin, w.second, id))(t); p.Ringtone != "" || !p.DoorPassword2.Empty() || !slices.Equal(p.Codecs, []string{"OPUS"}) || p.Password.Reveal() != plantedWeb || p.SerialNumber != "SN-1" {
		t.Errorf("%+v", p)
	}
	check(t, w.RotatePhoneURL(ctx, w.admin, w.second, id))
	if again := must(w.Phone(ctx, w.admin, w.second, id))(t); again.Token.Equal(p.Token) || len(again.Token.Reveal()) != 32 {
		t.Error("the address did not change")
	}
	if list, _, err := w.UserPhones(ctx, w.admin, w.second, listquery.Query{}); err != nil || len(list) != 1 {
		t.Errorf("%d phones, %v", len(list), err)
	}
	check(t, w.DeletePhone(ctx, w.admin, w.second, id))
	if _, err := w.Phone(ctx, w.admin, w.second, id); fleet.CodeOf(err) != fleet.CodeNotFound {
		t.Errorf("after its deletion the phone is %v", err)
	}
	if list, _, err := w.Enrolments(ctx, w.admin, listquery.Query{}); err != nil || len(list) != 2 {
		t.Errorf("its window outlived the phone: %+v, %v", list, err)
	}
	// A tenant that opens no windows.
	check(t, w.UpdateMyTenant(ctx, w.admin, fleet.TenantInput{EnrolMinutes: new(0)}))
	must(w.CreatePhone(ctx, w.admin, w.second, phoneInput(free)))(t)
	if list, _, err := w.Enrolments(ctx, w.admin, listquery.Query{}); err != nil || len(list) != 2 {
		t.Errorf("%+v, %v", list, err)
	}
}

// A phone's files hold its extension's values, and those of the lines on its keys.
func TestPhoneOfAnExtensionThatTheVendorCannotCarry(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	null := must(w.CreateUser(ctx, w.admin, userInput("300", func(in *fleet.UserInput) { in.Password = new(secret.New("%NULL%")) })))(t)
	label := must(w.CreateUser(ctx, w.admin, userInput("301", func(in *fleet.UserInput) {
		in.Keys = &[]fleet.KeyInput{{Kind: "blf", Value: "101", Label: "%NULL%"}}
	})))(t)
	line := must(w.CreateUser(ctx, w.admin, userInput("302", func(in *fleet.UserInput) {
		in.Keys = &[]fleet.KeyInput{{}, {Kind: "line", Value: "300"}}
	})))(t)
	w.heard.take()
	create := func(user fleet.ID, edits ...func(*fleet.PhoneInput)) func() error {
		return func() error {
			_, err := w.CreatePhone(ctx, w.admin, user, phoneInput("001565000010", edits...))
			return err
		}
	}
	w.refuse([]refusal{
		{name: "password", do: create(null), at: []string{"/vendor"}, says: "the password of the extension cannot be written"},
		{name: "label", do: create(label), at: []string{"/vendor"}, says: "the key 1 of the extension"},
		{name: "line", do: create(line), at: []string{"/vendor"}, says: "password of extension 300, a line on key 2"},
		{name: "member", do: func() error {
			return w.ReplaceMembers(ctx, w.admin, w.base, []fleet.MemberInput{{ExtensionNumber: "102"}, {ExtensionNumber: "300"}})
		}, at: []string{"/items/1/extension_number"}, says: "the password of extension 300"},
	})
	check(t, create(null, func(in *fleet.PhoneInput) {
		in.Filename, in.Vendor, in.Model = new("bolt-desk.xml"), new("Bolt"), new("B1")
	})())
}

// TestNoCodecsToChoose: a template that offers no codecs has phones all the same.
func TestNoCodecsToChoose(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	info := w.catalog.infos["bolt-desk.xml"]
	info.Codecs = nil
	w.catalog.infos["bolt-desk.xml"] = info
	bolt := func(codecs *[]string) func(*fleet.PhoneInput) {
		return func(in *fleet.PhoneInput) {
			in.Filename, in.Vendor, in.Model, in.Codecs = new("bolt-desk.xml"), new("Bolt"), new("B1"), codecs
		}
	}
	w.refuse([]refusal{{name: "a codec all the same", do: func() error {
		_, err := w.CreatePhone(ctx, w.admin, w.second, phoneInput("00:15:65:00:00:22", bolt(&[]string{"PCMA"})))
		return err
	}, at: []string{"/codecs/0"}, says: "leave it out"}})
	id := must(w.CreatePhone(ctx, w.admin, w.second, phoneInput("00:15:65:00:00:21", bolt(nil))))(t)
	check(t, w.UpdatePhone(ctx, w.admin, w.second, id, fleet.PhoneInput{Codecs: &[]string{}}))
	if p := must(w.Phone(ctx, w.admin, w.second, id))(t); len(p.Codecs) != 0 {
		t.Errorf("codecs are %v", p.Codecs)
	}
}

// TestPhoneThatCannotBeToldItsLanguageOrZone: a language and a zone are required, also
// for phones whose template has none to choose.
func TestPhoneThatCannotBeToldItsLanguageOrZone(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	info := w.catalog.infos["acme-desk.xml"]
	info.Languages, info.TimeZones = nil, nil
	w.catalog.infos["acme-desk.xml"] = info
	for name, tt := range map[string]struct {
		edit func(*fleet.PhoneInput)
		ok   bool
	}{
		"any":              {func(in *fleet.PhoneInput) { in.Language, in.TimeZone = new("GREEK"), new("Asia/Tokyo") }, true},
		"no language":      {func(in *fleet.PhoneInput) { in.Language = nil }, false},
		"no such language": {func(in *fleet.PhoneInput) { in.Language = new("KLINGON") }, false},
		"no such zone":     {func(in *fleet.PhoneInput) { in.TimeZone = new("Asia/Edo") }, false},
	} {
		_, err := w.CreatePhone(ctx, w.admin, w.second, phoneInput("001565000010", tt.edit))
		if (err == nil) != tt.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

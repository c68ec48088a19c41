package provision_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/provision"
	"github.com/dialplane/dialplane/internal/secret"
	"github.com/dialplane/dialplane/internal/template"
)

// preview makes the view of a phone of the small template: 3 accounts, 4 keys and
// a module of 2. The tenant has the extensions 102 to 105.
func preview(t *testing.T, keys []fleet.Key, edits ...func(*fleet.Tenant, *fleet.User, *fleet.Phone)) *template.View {
	t.Helper()
	tmpl := must(template.Parse("ours.xml", []byte(custom("", "")), nil, func(string) bool { return true }))(t)
	tenant := fleet.Tenant{
		Domain: "example.com", PickupCode: "*8", NTP: []string{"ntp1", "ntp2"}, RegisterExpires: 600, VoicemailNumber: "*97", PollMinutes: 1440,
		Endpoints: map[fleet.Interface]fleet.Endpoint{fleet.WebDomain: {Host: "sip.example.com", UDP: 5060, TLS: 5061}},
	}
	user := fleet.User{ExtensionNumber: "101", DisplayName: "Ann", Password: secret.New("pw101"), Keys: keys}
	phone := fleet.Phone{Model: "T46U", DeviceSettings: fleet.DeviceSettings{
		TimeZone: "Europe/Berlin", Codecs: []string{"G722", "PCMA"}, Interface: fleet.WebDomain, PreferredTransport: fleet.UDP,
	}, Token: secret.New("token")}
	for _, e := range edits {
		e(&tenant, &user, &phone)
	}
	var others []fleet.User
	for i := 102; i <= 105; i++ {
		ext := fmt.Sprint(i)
		others = append(others, fleet.User{ID: fleet.ID(i), ExtensionNumber: ext, DisplayName: "User " + ext, AuthName: "auth" + ext, Password: secret.New("pw" + ext)})
	}
	v, m, err := provision.Preview(tmpl, tenant, user, others, phone, "1.2.3.4", provision.Addresses{Base: "http://h:1/"}, time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC))
	check(t, err)
	if m.Name != "T46U" {
		t.Errorf("model %q", m.Name)
	}
	return v
}

func showKeys(v *template.View) []string {
	var out []string
	for _, k := range v.Keys {
		out = append(out, strings.TrimRight(fmt.Sprintf("%d m%d.%d %s a%d %s|%s|%s", k.Index, k.Module, k.Slot, k.Kind, k.Account, k.Value, k.Label, k.Pickup), "|"))
	}
	return out
}

func showAccounts(v *template.View) []string {
	var out []string
	for _, a := range v.Accounts {
		out = append(out, fmt.Sprintf("%d %s %s %s %s", a.Index, a.Extension, a.DisplayName, a.AuthName, a.Password))
	}
	for _, s := range v.SpareAccounts {
		out = append(out, fmt.Sprintf("%d spare", s.Index))
	}
	return out
}

func TestKeysAndAccounts(t *testing.T) {
	t.Parallel()
	line := func(v string) fleet.Key { return fleet.Key{Kind: fleet.KeyLine, Value: v} }
	blf := func(v string) fleet.Key { return fleet.Key{Kind: fleet.KeyBLF, Value: v} }
	for _, tt := range []struct {
		name     string
		keys     []fleet.Key
		want     []string
		accounts []string
	}{
		{
			"none: the own line comes first", nil,
			[]string{"1 m0.1 line a1 |101", "2 m0.2 none a1 ", "3 m0.3 none a1 ", "4 m0.4 none a1 ", "5 m1.1 none a1 ", "6 m1.2 none a1 "},
			[]string{"1 101 Ann 101 pw101", "2 spare", "3 spare"},
		},
		{
			"without a line key the own line comes first, and the rest behind it",
			[]fleet.Key{{Kind: fleet.KeyBLF, Value: "200", FirstName: "Bo", LastName: "Li"}, {Kind: fleet.KeySpeedDial, Value: "300", Label: "Three"}, {Kind: fleet.KeyNone, Value: "x", Label: "y"}, blf("201"), blf("202"), blf("203")},
			[]string{"1 m0.1 line a1 |101", "2 m0.2 blf a1 200|Bo Li|*8200", "3 m0.3 speed_dial a1 300|Three", "4 m0.4 none a1 ", "5 m1.1 blf a1 201|201|*8201", "6 m1.2 blf a1 202|202|*8202"},
			[]string{"1 101 Ann 101 pw101", "2 spare", "3 spare"},
		},
		{
			"a line key of its own keeps the places as listed",
			[]fleet.Key{blf("200"), {Kind: fleet.KeyLine, Label: "Mine"}, line("101")},
			[]string{"1 m0.1 blf a1 200|200|*8200", "2 m0.2 line a1 |Mine", "3 m0.3 line a1 |101", "4 m0.4 none a1 ", "5 m1.1 none a1 ", "6 m1.2 none a1 "},
			[]string{"1 101 Ann 101 pw101", "2 spare", "3 spare"},
		},
		{
			"further extensions become accounts in the order of their keys, each once",
			[]fleet.Key{line("103"), line(""), line("102"), line("103")},
			[]string{"1 m0.1 line a2 |103", "2 m0.2 line a1 |101", "3 m0.3 line a3 |102", "4 m0.4 line a2 |103", "5 m1.1 none a1 ", "6 m1.2 none a1 "},
			[]string{"1 101 Ann 101 pw101", "2 103 User 103 auth103 pw103", "3 102 User 102 auth102 pw102"},
		},
		{
			"an extension that is not there, and more than the model has accounts for",
			[]fleet.Key{line("999"), line("102"), line("999"), line("103"), line("104"), line("105")},
			[]string{"1 m0.1 none a1 ", "2 m0.2 line a2 |102", "3 m0.3 none a1 ", "4 m0.4 line a3 |103", "5 m1.1 none a1 ", "6 m1.2 none a1 "},
			[]string{"1 101 Ann 101 pw101", "2 102 User 102 auth102 pw102", "3 103 User 103 auth103 pw103"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := preview(t, tt.keys)
			if diff := cmp.Diff(tt.want, showKeys(v)); diff != "" {
				t.Errorf("keys:\n%s", diff)
			}
			if diff := cmp.Diff(tt.accounts, showAccounts(v)); diff != "" {
				t.Errorf("accounts:\n%s", diff)
			}
		})
	}
}

func TestViewOfAnAccount(t *testing.T) {
	t.Parallel()
	v := preview(t, nil)
	want := template.Account{
		Index: 1, Label: "101", DisplayName: "Ann", Extension: "101", User: "101", AuthName: "101", Password: "pw101",
		Domain: "example.com", Server: "example.com", Port: 5060, Transport: template.Choice{Set: true, Name: "UDP", Value: "0"},
		Outbound: true, OutboundHost: "sip.example.com", OutboundPort: 5060, Expires: 600, Voicemail: "*97",
	}
	if diff := cmp.Diff(want, v.Accounts[0]); diff != "" {
		t.Error(diff)
	}
	v = preview(t, nil, func(t *fleet.Tenant, u *fleet.User, p *fleet.Phone) {
		t.Domain, p.PreferredTransport, u.DisplayName = "SIP.example.com", fleet.TLS, ""
	})
	a := v.Accounts[0]
	if !a.TLS || !a.SRTP || a.Port != 5061 || a.Outbound || a.OutboundHost != "" || a.DisplayName != "101" || a.Transport.Value != "2" {
		t.Errorf("TLS at the domain itself: %+v", a)
	}
}

func TestViewOfCodecs(t *testing.T) {
	t.Parallel()
	show := func(list []template.Choice) string {
		var b strings.Builder
		for _, c := range list {
			fmt.Fprintf(&b, "%d %s ", c.Index, c.Value)
		}
		return strings.TrimSpace(b.String())
	}
	for codecs, want := range map[string][2]string{
		"G722 PCMA":      {"1 g722 2 pcma", "3 pcmu"},
		"pcma":           {"1 pcma", "2 pcmu 3 g722"},
		"OPUS PCMU":      {"1 pcmu", "2 pcma 3 g722"},
		"PCMU PCMA G722": {"1 pcmu 2 pcma 3 g722", ""},
		"":               {"", "1 pcmu 2 pcma 3 g722"},
	} {
		v := preview(t, nil, func(_ *fleet.Tenant, _ *fleet.User, p *fleet.Phone) { p.Codecs = strings.Fields(codecs) })
		if got := [2]string{show(v.Codecs), show(v.SpareCodecs)}; got != want {
			t.Errorf("%q: %q, want %q", codecs, got, want)
		}
	}
}

func TestViewOfTheClock(t *testing.T) {
	t.Parallel()
	v := preview(t, nil)
	if v.Time.NTP1 != "ntp1" || v.Time.NTP2 != "ntp2" || v.Time.POSIX != "CET-1CEST,M3.5.0,M10.5.0/3" || v.TimeZone.Value != "Berlin" {
		t.Errorf("%+v %+v", v.Time, v.TimeZone)
	}
	v = preview(t, nil, func(t *fleet.Tenant, _ *fleet.User, p *fleet.Phone) { t.NTP, p.TimeZone = nil, "Asia/Tokyo" })
	if v.Time.NTP1 != "" || v.Time.DST || v.Time.Offset != 540 || v.TimeZone.Set {
		t.Errorf("a zone that the template does not have: %+v %+v", v.Time, v.TimeZone)
	}
}

func TestViewOfProvisioning(t *testing.T) {
	t.Parallel()
	p := preview(t, nil).Provisioning
	if p.URL != "http://h:1/p/token/" || p.SharedURL != "http://h:1/" || p.Scheme != "http" || p.Host != "h:1" || p.Path != "p/token/" {
		t.Errorf("%+v", p)
	}
	if p.PollHour < 1 || p.PollHour > 4 || p.PollMinute < 0 || p.PollMinute > 59 {
		t.Errorf("polls at %d:%02d", p.PollHour, p.PollMinute)
	}
	p = preview(t, nil, func(t *fleet.Tenant, _ *fleet.User, _ *fleet.Phone) {
		t.ProvisioningURL, t.Code = "https://x.example/prov", "code"
	}).Provisioning
	if p.URL != "https://x.example/prov/p/token/" || p.SharedURL != "https://x.example/prov/t/code/" || p.Path != "prov/p/token/" {
		t.Errorf("%+v", p)
	}
}

func TestPreviewRefuses(t *testing.T) {
	t.Parallel()
	tmpl := must(template.Parse("ours.xml", []byte(custom("", "")), nil, func(string) bool { return true }))(t)
	for _, p := range []fleet.Phone{{Model: "T999"}, {Model: "T46U", DeviceSettings: fleet.DeviceSettings{TimeZone: "Mars/Olympus"}}} {
		if _, _, err := provision.Preview(tmpl, fleet.Tenant{}, fleet.User{}, nil, p, "", provision.Addresses{}, time.Now()); err == nil {
			t.Errorf("%+v: no error", p.Model)
		}
	}
}

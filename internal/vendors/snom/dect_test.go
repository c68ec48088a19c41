package snom

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/template"
	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/settingsxml"
	"github.com/dialplane/dialplane/internal/vendors/vendortest"
)

// dectLacks adds what bases cannot be told.
func dectLacks(lacks vendortest.Lacks) vendortest.Lacks {
	for _, file := range []string{"snom-m3xx.xml", "snom-m7xx.xml"} {
		lacks[file+": lldp"] = "no source has it"
		lacks[file+": pc vlan"] = "a base has one port"
		lacks[file+": account label"] = "a handset shows the name"
		lacks[file+": handset name"] = "it is its account's"
		lacks[file+": ringtones"] = "handsets have their own"
		lacks[file+": background"] = "handsets have their own"
	}
	lacks["snom-m7xx.xml: system bases"] = "bases of a chain find one another"
	return lacks
}

// base returns the template and the model of a base.
func base(t *testing.T, name string) (*template.Template, *template.Model) {
	t.Helper()
	for _, tmpl := range templates(t) {
		for i := range tmpl.Models {
			if tmpl.Models[i].Name == name {
				return tmpl, &tmpl.Models[i]
			}
		}
	}
	t.Fatalf("no template has the %s", name)
	return nil, nil
}

func files(t *testing.T, tmpl *template.Template, m *template.Model, v *template.View, level template.Level) map[string]string {
	t.Helper()
	all := make(map[string]string)
	for _, f := range tmpl.Files(m, level) {
		body, err := f.Append(nil, v)
		if err != nil {
			t.Fatal(err)
		}
		all[f.Name(m, v.MAC)] = string(body)
	}
	return all
}

func TestCodesAreThoseOfTheTemplate(t *testing.T) {
	t.Parallel()
	tmpl, _ := base(t, "M900")
	used := make(map[string]bool)
	for _, o := range tmpl.Profile.Lists["time_zones"].Options {
		if codes[o.Value] == "" {
			t.Errorf("%s: nothing says which clock is meant by %s", o.Name, o.Value)
		}
		used[o.Value] = true
	}
	for code := range codes {
		if !used[code] {
			t.Errorf("no zone has the code %s", code)
		}
	}
}

// TestSystemOfManyHandsets takes a data master with 100 members from the enrolment
// window to its accounts, then with half of them at other places.
func TestSystemOfManyHandsets(t *testing.T) {
	t.Parallel()
	tmpl, m := base(t, "M900")
	const shared, own = "http://prov.example.net/", "http://prov.example.net/p/aaaa/"
	v := template.SampleInSystem(tmpl, m, 1)
	v.MAC = "000413a1b2c3"
	v.Provisioning.SharedURL = shared
	v.Provisioning.SetURL(own)
	all := *v
	for name, places := range map[string]func(i int) bool{
		"the first 100": func(i int) bool { return i <= 100 },
		"half of them":  func(i int) bool { return i > 50 && i <= 150 },
	} {
		v := all
		v.Accounts, v.Handsets, v.SpareAccounts, v.SpareHandsets = nil, nil, nil, nil
		for i, a := range all.Accounts {
			if places(a.Index) {
				v.Accounts, v.Handsets = append(v.Accounts, a), append(v.Handsets, all.Handsets[i])
			} else {
				v.SpareAccounts, v.SpareHandsets = append(v.SpareAccounts, template.Spare{Index: a.Index}), append(v.SpareHandsets, template.Spare{Index: a.Index})
			}
		}
		config, err := bootBase(files(t, tmpl, m, &v, template.Enrol), files(t, tmpl, m, &v, template.Full), shared, own, nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		st := understand(config)
		if len(st.Accounts) != 100 || len(st.Handsets) != 100 {
			t.Fatalf("%s: %d accounts and %d handsets", name, len(st.Accounts), len(st.Handsets))
		}
		if diff := cmp.Diff(vendor.System{Set: true, Master: true, Number: 7}, st.System); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
		for i, h := range st.Handsets {
			want := v.Handsets[i]
			a := st.Accounts[i]
			if h.Index != want.Index || h.Account != want.Account || h.IPUI != want.IPUI || a.User != want.Extension || a.Password == "" ||
				a.Server != "pbx.example.com" || a.Transport != "TLS" || !a.SRTP || a.OutboundProxy != "sbc.example.com" || a.OutboundPort != 5061 {
				t.Errorf("%s: place %d is %+v, %+v", name, want.Index, h, a)
			}
		}
	}
}

// bootBase boots an M900 whose server has files at the shared address and its own.
func bootBase(early, full map[string]string, shared, own string, asked *[]string) (*vendor.Config, error) {
	served := make(map[string]string)
	for name, body := range early {
		served[shared+name] = body
	}
	for name, body := range full {
		served[own+name] = body
	}
	return boot(vendor.Unit{MAC: mac.MustParse("000413a1b2c3"), Model: "M900"}, func(name string) (int, []byte, error) {
		if asked != nil {
			*asked = append(*asked, name)
		}
		if !strings.Contains(name, "://") {
			name = shared + name
		}
		if body, ok := served[name]; ok {
			return http.StatusOK, []byte(body), nil
		}
		return http.StatusNotFound, nil, nil
	})
}

// TestBaseBoots looks at the order of a base's requests, and that one without accounts
// of its own ends at its address as well.
func TestBaseBoots(t *testing.T) {
	t.Parallel()
	tmpl, m := base(t, "M900")
	const shared, own = "http://prov.example.net/", "http://prov.example.net/p/aaaa/"
	v := template.SampleInSystem(tmpl, m, 2)
	v.MAC = "000413a1b2c3"
	v.Provisioning.SetURL(own)
	var asked []string
	config, err := bootBase(files(t, tmpl, m, v, template.Enrol), files(t, tmpl, m, v, template.Full), shared, own, &asked)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"snomM900.htm", "snomM900-000413A1B2C3.htm", "snomM900-firmware.htm",
		own + "snomM900-000413A1B2C3.htm", own + "snomM900-firmware.htm",
	}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Errorf("requests (-want +got)\n%s", diff)
	}
	st := understand(config)
	if len(st.Accounts) > 0 || !st.System.Set || st.System.Master || st.ProvisioningURL != own {
		t.Errorf("the second base is %+v", st)
	}

	asked = nil
	if _, err := bootBase(files(t, tmpl, m, v, template.Full), nil, shared, own, &asked); err != nil || !slices.Equal(asked, want[:3]) {
		t.Errorf("at its own address: %v, requests %v", err, asked)
	}
}

// TestBaseAddresses looks at the ways to the registrar.
func TestBaseAddresses(t *testing.T) {
	t.Parallel()
	tmpl, m := base(t, "M400")
	for name, tt := range map[string]struct {
		change              func(*template.Account)
		host, outbound, via string
		srtp                string
	}{
		"direct":                 {func(a *template.Account) { a.Transport.Value = "udp" }, "pbx.example.com", "pbx.example.com:5070", "udp", "disabled"},
		"direct by another name": {func(a *template.Account) { a.Transport.Value, a.Server = "tcp", "sip.example.com" }, "pbx.example.com", "sip.example.com:5070", "tcp", "disabled"},
		"proxy and an odd port": {func(a *template.Account) {
			a.Transport.Value, a.Outbound, a.OutboundHost, a.OutboundPort = "udp", true, "192.0.2.1", 5080
		}, "pbx.example.com:5070", "192.0.2.1:5080", "udp", "disabled"},
		"TLS": {func(a *template.Account) { a.Transport.Value, a.Port, a.TLS, a.SRTP = "tls", 5061, true, true }, "pbx.example.com", "pbx.example.com:5061", "tls", "mandatory"},
	} {
		v := template.Sample(tmpl, m)
		a := &v.Accounts[0]
		a.Domain, a.Server, a.Port = "pbx.example.com", "pbx.example.com", 5070
		a.Outbound, a.OutboundHost, a.OutboundPort, a.TLS, a.SRTP = false, "", 0, false, false
		tt.change(a)
		settings := render(t, tmpl, m, v)
		for setting, want := range map[string]string{"user_host[1]": tt.host, "user_outbound[1]": tt.outbound, "srv_sip_transport[1]": tt.via, "user_srtp[1]": tt.srtp} {
			if got := settings[setting]; got != want {
				t.Errorf("%s: %s is %q, want %q", name, setting, got, want)
			}
		}
	}
}

// TestPlaceForAnyHandset is a place that any handset may have, by the place's number
// as its PIN.
func TestPlaceForAnyHandset(t *testing.T) {
	t.Parallel()
	tmpl, m := base(t, "M300")
	v := template.Sample(tmpl, m)
	settings := render(t, tmpl, m, v)
	for setting, want := range map[string]string{
		"subscr_dect_ipui[1]": "0x030AB00001", "subscr_dect_ipui[5]": "0xFFFFFFFFFF", "subscr_dect_ac_code[5]": "0005", "subscr_sip_hs_idx[5]": "5", "subscr_sip_line_name[5]": "205",
	} {
		if settings[setting] != want {
			t.Errorf("%s is %q, want %q", setting, settings[setting], want)
		}
	}
	if _, ok := settings["network_sync_enable"]; ok {
		t.Error("a base for one cell is told of a chain")
	}
}

func TestBaseFirmware(t *testing.T) {
	t.Parallel()
	tmpl, m := base(t, "M900")
	v := template.Sample(tmpl, m)
	v.Update.Version, v.Update.Folder = "06.50.0204", "https://a.example/p/x/files/06/"
	settings := render(t, tmpl, m, v)
	for setting, want := range map[string]string{"firmware": "https://a.example/p/x/files/06", "fp_fwu_sw_version": "0650", "fp_fwu_branch_version": "0204"} {
		if settings[setting] != want {
			t.Errorf("%s is %q, want %q", setting, settings[setting], want)
		}
	}
	v.Update = template.Update{}
	if _, ok := render(t, tmpl, m, v)["firmware"]; ok {
		t.Error("a base with nothing to do is told of firmware")
	}
}

func TestUnderstandsWhatOthersWrite(t *testing.T) {
	t.Parallel()
	c, err := settingsxml.Parse("snomM400-000413A1B2C3.htm", []byte(`<settings>
<global><auto_dect_register>on</auto_dect_register><setting_server>http://a.example/x.php?mac={mac}</setting_server></global>
<server>
  <user_host idx="2">pbx.example.com:5070</user_host><srv_sip_transport idx="2">tcp</srv_sip_transport><user_srtp idx="2">optional</user_srtp>
</server>
<extension>
  <user_active idx="4">on</user_active><user_name idx="4">104</user_name><subscr_sip_hs_idx idx="4">2</subscr_sip_hs_idx>
  <subscr_dect_ipui idx="4">0x02b1c3d4e5</subscr_dect_ipui><subscr_sip_ua_data_server_id idx="4">2</subscr_sip_ua_data_server_id>
</extension>
<firmware-settings><pp_fwu_sw_version type="M70">0650</pp_fwu_sw_version></firmware-settings>
</settings>`))
	if err != nil {
		t.Fatal(err)
	}
	st := understand(c)
	want := vendor.State{
		ProvisioningURL: "http://a.example/",
		Accounts:        []vendor.Account{{Index: 4, User: "104", Server: "pbx.example.com", Port: 5070, Transport: "TCP", SRTP: true}},
		Handsets:        []vendor.Handset{{Index: 2, IPUI: "02B1C3D4E5", Account: 4}},
	}
	if diff := cmp.Diff(want, st); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got := c.Get("pp_fwu_sw_version[M70]"); got != "0650" {
		t.Errorf("the firmware of handsets is %q", got)
	}
}

func TestPhoneBook(t *testing.T) {
	t.Parallel()
	book := func(items string) string {
		return "<settings><tbook complete=\"true\">" + items + "</tbook></settings>"
	}
	got, err := directory([]byte(book(`<item context="active" index="1"><name>Ada &amp; Grace</name><number>201</number></item><item><number>+49</number><name>B</name><number_type>mobile</number_type></item>`)))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]vendor.Contact{{Name: "Ada & Grace", Number: "201"}, {Name: "B", Number: "+49"}}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for name, tt := range map[string]struct{ body, want string }{
		"no book":       {"<settings/>", "needs <tbook>"},
		"another":       {"<settings><global/></settings>", "needs <tbook>"},
		"no item":       {book("<entry/>"), "<entry> where <item>"},
		"no number":     {book("<item><name>A</name></item>"), "needs <name> and <number>"},
		"an unknown":    {book("<item><fax>1</fax></item>"), "<fax> is no part"},
		"two books":     {"<settings><tbook/><tbook/></settings>", "stands behind </tbook>"},
		"another root":  {"<settings><tbook/></settings><settings/>", "stands behind </settings>"},
		"an open one":   {"<settings><tbook>", "not well-formed"},
		"text":          {book("x"), "text outside"},
		"not a book":    {"<settingsx/>", "<settings> is expected"},
		"of a browser":  {"<IPPhone/>", "SnomIPPhoneDirectory"},
		"half an entry": {book("<item><name>A<b/></name></item>"), "holds more than text"},
	} {
		if _, err := directory([]byte(tt.body)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want an error with %q", name, err, tt.want)
		}
	}
}

func FuzzPhoneBook(f *testing.F) {
	f.Add([]byte(`<settings><tbook><item><name>A</name><number>1</number></item></tbook></settings>`))
	f.Add([]byte(`<SnomIPPhoneDirectory><DirectoryEntry><Name>A</Name><Telephone>1</Telephone></DirectoryEntry></SnomIPPhoneDirectory>`))
	f.Fuzz(func(t *testing.T, body []byte) {
		contacts, err := directory(body)
		if err != nil && contacts != nil {
			t.Error("contacts in spite of an error")
		}
	})
}

// TestBaseNamesItself looks at what a base says of itself over HTTP and SIP.
func TestBaseNamesItself(t *testing.T) {
	t.Parallel()
	u := vendor.Unit{MAC: mac.MustParse("000413b60680"), Model: "M900", Firmware: "05.20.0001"}
	if got, want := httpUserAgent(u), "Mozilla/4.0 (compatible; Snom M900 05.20.0001 000413b60680)"; got != want {
		t.Errorf("User-Agent %q, want %q", got, want)
	}
	all := discovery(u)
	if len(all) != 1 || all[0].Dialect != "M700" || !strings.Contains(all[0].Subscribe, fmt.Sprintf("snomM900/05.20.0001 (MAC=%s;", u.MAC.Upper())) {
		t.Errorf("a base asks by multicast as %+v", all)
	}
}

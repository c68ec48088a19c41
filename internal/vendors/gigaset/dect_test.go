package gigaset

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialplane/dialplane/internal/template"
	"github.com/dialplane/dialplane/internal/vendors"
)

func TestParseHandsets(t *testing.T) {
	t.Parallel()
	c, err := parse("x.xml", []byte(`<provisioning version="1.1" productID="e2"><firmware><file version="2.65.0" url="https://a.example/f.bin"/></firmware><nvm>
<oper name="DeleteNotProvisionedHS"/>
<oper name="add_hs" value="029e74a599"><param name="hs.RegStatus" value="ToReg"/></oper>
<param name="SipAccount.029e74a599.AuthName" value="1013"/>
<oper name="add_hs" value="00002"><param name="hs.RegStatus" value="ToReg"/></oper>
<oper name="update_dm" value="local"><param name="RegDuration" value="900"/></oper>
</nvm></provisioning>`))
	if err != nil {
		t.Fatal(err)
	}
	want := []vendor.Setting{
		{Name: "firmware", Value: "https://a.example/f.bin", Line: 1},
		{Name: "add_hs.029e74a599.hs.RegStatus", Value: "ToReg", Line: 3},
		{Name: "SipAccount.029e74a599.AuthName", Value: "1013", Line: 4},
		{Name: "add_hs.00002.hs.RegStatus", Value: "ToReg", Line: 5},
		{Name: "update_dm.local.RegDuration", Value: "900", Line: 6},
		{Name: "DeleteNotProvisionedHS", Value: "029e74a599 00002", Line: 6},
	}
	if diff := cmp.Diff(want, c.Settings()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestHandsetsThatStay: without DeleteNotProvisionedHS a file adds handsets to those
// that the base has, with it the base has no others.
func TestHandsetsThatStay(t *testing.T) {
	t.Parallel()
	const server = `<param name="Provisioning.global.ProvisioningServer" value="https://a.example/p/x/%MACD.xml"/>`
	add := func(keys ...string) (opers string) {
		for _, key := range keys {
			opers += `<oper name="add_hs" value="` + key + `"><param name="hs.RegStatus" value="ToReg"/></oper>`
		}
		return opers
	}
	for name, tt := range map[string]struct {
		files []string
		want  []string
	}{
		"one after another": {[]string{server + add("029e74a599"), server + add("00002", "02b6ec8aa5")}, []string{"029E74A599", "", "02B6EC8AA5"}},
		"one for another":   {[]string{server + add("029e74a599", "00002"), `<oper name="DeleteNotProvisionedHS"/>` + server + add("02b6ec8aa5")}, []string{"02B6EC8AA5"}},
		"nobody any more":   {[]string{server + add("029e74a599"), `<oper name="DeleteNotProvisionedHS"/>` + server}, nil},
	} {
		config := new(vendor.Config)
		for _, file := range tt.files {
			c, err := parse("x.xml", []byte(nvm(file)))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			config.Merge(c)
		}
		var got []string
		for _, h := range understand(config).Handsets {
			got = append(got, h.IPUI)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: the base has %q, want %q", name, got, tt.want)
		}
	}
}

func TestParseHandsetsRefuses(t *testing.T) {
	t.Parallel()
	const reg = `<param name="hs.RegStatus" value="ToReg"/>`
	for body, want := range map[string]string{
		`<oper name="add_hs">` + reg + `</oper>`:                                     "is an IPUI",
		`<oper name="add_hs" value="029E74A599">` + reg + `</oper>`:                  "is an IPUI",
		`<oper name="add_hs" value="hunter2">` + reg + `</oper>`:                     "is an IPUI",
		`<oper name="add_hs" value="00001"/>`:                                        "add_hs sets nothing",
		`<oper name="add_hs" value="00001"><b/></oper>`:                              "<b> where <param> is expected",
		`<oper name="add_hs" value="00001">hunter2</oper>`:                           "text in <oper>",
		`<oper name="add_hs" value="00001"><param name="a b" value=""/></oper>`:      "words joined by dots",
		strings.Repeat(`<oper name="add_hs" value="00001">`+reg+`</oper>`, 2):        "appears twice",
		`<oper name="update_dm" value="other"><param name="A" value="1"/></oper>`:    "is local",
		`<oper name="DeleteNotProvisionedHS" value="1"/>`:                            "takes no value",
		`<oper name="DeleteNotProvisionedHS">` + reg + `</oper>`:                     "holds nothing",
		`<param name="A.B" value="1"/><oper name="DeleteNotProvisionedHS"/>`:         "before everything else",
		`<oper name="DeleteNotProvisionedHS"/><oper name="DeleteNotProvisionedHS"/>`: "before everything else",
		`<oper name="format_disk"/>`:                                                 "name of an <oper>",
		`<oper id="1"/>`:                                                             "no attribute id",
	} {
		_, err := parse("x.xml", []byte(nvm(body)))
		if err == nil || !strings.HasPrefix(err.Error(), "x.xml:1: ") || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v, want an error with %q", body, err, want)
		}
	}
}

const frameHead = `<ProviderFrame><Provider><MAC_ADDRESS value="7C2F80123456"/>`

func TestParseFrame(t *testing.T) {
	t.Parallel()
	c, err := parse("x.xml", []byte(`<?xml version="1.0" encoding="UTF-8"?>
<ProviderFrame xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="N510.xsd">
  <Provider>
    <MAC_ADDRESS value="7C2F80123456"/>
    <PROFILE_NAME class="string" value="N510"/>
    <SYMB_ITEM ID="BS_IP_Data1.aucS_SIP_PASSWORD_2" class="symb_item" value='"a&quot;b "'/>
    <SYMB_ITEM ID="BS_VOIP_Data.astVoipAccounts[%].aucS_VOIP_NET_AM_NUMBER_1[%]" class="symb_item" value='""'/>
    <SYMB_ITEM ID="BS_CUSTOM.aucKdsPin[0]" class="symb_item" value="0x12,0x34"/>
  </Provider>
</ProviderFrame>`))
	if err != nil {
		t.Fatal(err)
	}
	want := []vendor.Setting{
		{Name: "MAC_ADDRESS", Value: "7C2F80123456", Line: 4},
		{Name: "PROFILE_NAME", Value: "N510", Line: 5},
		{Name: "BS_IP_Data1.aucS_SIP_PASSWORD_2", Value: `a"b `, Line: 6},
		{Name: "BS_VOIP_Data.astVoipAccounts[%].aucS_VOIP_NET_AM_NUMBER_1[%]", Value: "", Line: 7},
		{Name: "BS_CUSTOM.aucKdsPin[0]", Value: "0x12,0x34", Line: 8},
	}
	if diff := cmp.Diff(want, c.Settings()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestParseFrameRefuses(t *testing.T) {
	t.Parallel()
	item := func(attrs string) string {
		return frameHead + "<SYMB_ITEM " + attrs + "/></Provider></ProviderFrame>"
	}
	for body, want := range map[string]string{
		"<ProviderFrame/>":                                                        "names no MAC_ADDRESS",
		"<ProviderFrame><Provider/></ProviderFrame>":                              "names no MAC_ADDRESS",
		`<ProviderFrame a="hunter2"/>`:                                            "no attribute a",
		"<ProviderFrame><Other/></ProviderFrame>":                                 "holds one <Provider>",
		frameHead + "</Provider><Provider/></ProviderFrame>":                      "holds one <Provider>",
		`<ProviderFrame><Provider a="1"/></ProviderFrame>`:                        "no attribute a",
		`<ProviderFrame><Provider><MAC_ADDRESS value="7c2f80123456"/>`:            "in capitals",
		frameHead + `<PROFILE_NAME/></Provider></ProviderFrame>`:                  "has no value",
		frameHead + `<PROFILE_NAME ID="a" value="b"/></Provider></ProviderFrame>`: "which only a <SYMB_ITEM> has",
		frameHead + `<PROFILE_NAME value="b">hunter2</PROFILE_NAME>`:              "text in <PROFILE_NAME>",
		frameHead + `</Provider></ProviderFrame><ProviderFrame/>`:                 "follows",
		frameHead + `<!ENTITY a "b"></Provider></ProviderFrame>`:                  "no DTD",
		frameHead:                           "not well-formed",
		item(`ID="BS_IP" value="1"`):        "words joined by dots",
		item(`ID="BS.a[x]" value="1"`):      "words joined by dots",
		item(`value="1"`):                   "words joined by dots",
		item(`ID="A.b" value='"hunter2'`):   "do not end",
		item(`ID="A.b" value='"'`):          "do not end",
		item(`ID="A.b" type="1" value="1"`): "no attribute type",
		frameHead + `<SYMB_ITEM ID="A.b" value="1"/><SYMB_ITEM ID="A.b" value="1"/></Provider></ProviderFrame>`: "appears twice",
	} {
		_, err := parse("x.xml", []byte(body))
		if err == nil || !strings.HasPrefix(err.Error(), "x.xml:1: ") || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v, want an error with %q", body, err, want)
		}
	}
}

// rendered returns the whole file of a base.
func rendered(t *testing.T, file, model string, change func(*template.View)) (*vendor.Config, *template.View) {
	t.Helper()
	load := func(name string) ([]byte, error) { return fs.ReadFile(Pack().Templates, name) }
	src, err := load(file)
	if err != nil {
		t.Fatal(err)
	}
	tmpl, err := template.Parse(file, src, load, func(string) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(tmpl.Models, func(m template.Model) bool { return m.Name == model })
	v := template.Sample(tmpl, &tmpl.Models[i])
	change(v)
	body, err := tmpl.Files(&tmpl.Models[i], template.Full)[0].Append(nil, v)
	if err != nil {
		t.Fatal(err)
	}
	c, err := parse("x.xml", body)
	if err != nil {
		t.Fatal(err)
	}
	return c, v
}

// TestAccountsOfBases: what a base says of its members' way to the server, in all the
// ways that there are, without a proxy and without voicemail too.
func TestAccountsOfBases(t *testing.T) {
	t.Parallel()
	for _, transport := range []struct{ name, value string }{{"UDP", "1"}, {"TCP", "2"}, {"TLS", "3"}} {
		for _, outbound := range []bool{true, false} {
			c, v := rendered(t, "gigaset-nx70.xml", "N870-IP-PRO", func(v *template.View) {
				for i := range v.Accounts {
					a := &v.Accounts[i]
					a.Transport.Name, a.Transport.Value, a.SRTP, a.Voicemail = transport.name, transport.value, transport.name == "TLS", ""
					if a.Outbound = outbound; !outbound {
						a.OutboundHost, a.OutboundPort = "", 0
					}
				}
			})
			got := understand(c)
			if len(got.Accounts) != 50 || len(got.Handsets) != 50 {
				t.Fatalf("the base has %d accounts and %d handsets", len(got.Accounts), len(got.Handsets))
			}
			for i, a := range got.Accounts {
				of := v.Accounts[i]
				want := vendor.Account{
					Index: i + 1, Label: of.User, DisplayName: of.DisplayName, User: of.User, AuthName: of.AuthName, Password: of.Password, Server: of.Server, Port: of.Port,
					Transport: transport.name, OutboundProxy: of.OutboundHost, OutboundPort: of.OutboundPort, Expires: of.Expires, SRTP: of.SRTP,
				}
				if diff := cmp.Diff(want, a); diff != "" {
					t.Errorf("%s, outbound %v (-want +got)\n%s", transport.name, outbound, diff)
				}
			}
		}
	}
}

func TestRegion(t *testing.T) {
	t.Parallel()
	for region, want := range map[string]string{"": "", "EU": "EUR", "eur": "EUR", "USA": ""} {
		c, _ := rendered(t, "gigaset-nx70.xml", "N670-IP-PRO", func(v *template.View) { v.Base.Region = region })
		if got := c.Get("DmGlobal.0.SystemRegDomain"); got != want {
			t.Errorf("in the region %q the base is in %q, want %q", region, got, want)
		}
	}
}

// TestN510Address: the base takes its address without http://, and with https://.
func TestN510Address(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"http://a.example:8080/p/x/": "a.example:8080/p/x/001565AABBCC.xml", "https://a.example/p/x/": "https://a.example/p/x/001565AABBCC.xml",
	} {
		c, _ := rendered(t, "gigaset-n510.xml", "N510-IP-PRO", func(v *template.View) { v.Provisioning.SetURL(url) })
		if got := c.Get("S_CONFIGFILE_URL"); got != want {
			t.Errorf("at %s the base is told %q, want %q", url, got, want)
		}
		if got := understand(c).ProvisioningURL; got != url {
			t.Errorf("the base goes to %q, want %q", got, url)
		}
	}
}

// TestFrameClock: a zone that the base is not known to have is none.
func TestFrameClock(t *testing.T) {
	t.Parallel()
	for zone, want := range map[string][2]string{
		"27": {"Europe/Berlin", "none"}, "0x1b": {"Europe/Berlin", "none"}, "0x19": {"none", "0"}, "0x31": {"none", "345"}, "": {"none", "none"}, "x": {"none", "none"}, "0xff": {"none", "none"},
	} {
		for i, summer := range []bool{true, false} {
			got := "none"
			if c := frameClock(zone, summer); c != nil && c.Zone != "" {
				got = c.Zone
			} else if c != nil {
				got = fmt.Sprint(c.Offset)
			}
			if got != want[i] {
				t.Errorf("zone %q, summer time %v: the clock is %s, want %s", zone, summer, got, want[i])
			}
		}
	}
}

func TestDirectory(t *testing.T) {
	t.Parallel()
	entry := func(attrs string) string { return "<list><entry " + attrs + "/></list>" }
	got, err := directory([]byte(entry(`surname="Lovelace" name="Ada" office1="201" office2="" home1=""`)))
	if err != nil || len(got) != 1 || got[0] != (vendor.Contact{Name: "Ada Lovelace", Number: "201"}) {
		t.Errorf("a phone book is read as %v, %v", got, err)
	}
	var long bytes.Buffer
	if err := xml.EscapeText(&long, bytes.Repeat([]byte("x"), maxBook)); err != nil {
		t.Fatal(err)
	}
	for body, want := range map[string]string{
		"<list>":                                          "no well-formed XML",
		entry(`surname="" name="" office1="1"`):           "entry 1",
		entry(`name="hunter2" office1=""`):                "entry 1",
		entry(`name="` + long.String() + `" office1="1"`): "at most 2097152 bytes",
		"<list>" + strings.Repeat(`<entry name="a" office1="1"/>`, maxEntries+1) + "</list>": "at most 2000 entries",
	} {
		if _, err := directory([]byte(body)); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%.60q: %v, want an error with %q", body, err, want)
		}
	}
}

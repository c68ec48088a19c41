package obihai

import (
	"bytes"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialplane/dialplane/internal/template"
	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/vendortest"
)

func TestPack(t *testing.T) {
	t.Parallel()
	const screenless = "an adapter has no screen"
	vendortest.Run(t, Pack(), vendortest.Lacks{
		"tone":       "a tone profile is a list of tones, for no country",
		"language":   "the words that UserPref.Language takes are not documented",
		"ringtones":  "ring tones come in a customization package only",
		"background": "as above",
		"directory":  "the phones search LDAP and BroadWorks, and no file",
		"dtmf key":   "no function of a key sends digits",
		"url key":    "what the function Action URL takes is not documented",

		"obihai-ata.xml: account label": screenless, "obihai-ata2.xml: account label": screenless, "obihai-gateway.xml: account label": screenless,
		"obihai-ata.xml: lldp": "not documented", "obihai-ata2.xml: lldp": "not documented", "obihai-gateway.xml: lldp": "not documented",
		"obihai-dect.xml: account label": "a handset shows its own name", "obihai-dect.xml: pc vlan": "not documented",
		"obihai-dect.xml: handset ipui": "handsets are registered by hand", "obihai-dect.xml: handset language": "as that of the base",

		"obihai-ata.xml: pc vlan": "one port", "obihai-ata2.xml: pc vlan": "a router", "obihai-gateway.xml: pc vlan": "a router",
	})
}

// rendered returns what an OBi1062 reads of the sample that change has been at.
func rendered(t *testing.T, change func(*template.View)) *vendor.Config {
	t.Helper()
	load := func(name string) ([]byte, error) { return fs.ReadFile(Pack().Templates, name) }
	src, err := load("obihai-phone.xml")
	if err != nil {
		t.Fatal(err)
	}
	tmpl, err := template.Parse("obihai-phone.xml", src, load, nil)
	if err != nil {
		t.Fatal(err)
	}
	m := &tmpl.Models[len(tmpl.Models)-1]
	v := template.Sample(tmpl, m)
	change(v)
	body, err := tmpl.Files(m, template.Full)[0].Append(nil, v)
	if err != nil {
		t.Fatal(err)
	}
	c, err := parse("own.xml", bytes.Clone(body))
	if err != nil {
		t.Fatal(err)
	}
	if p := Pack().Parameters.Check(m.Name, c); len(p) > 0 {
		t.Errorf("the dictionary: %v", p)
	}
	return c
}

func TestKeys(t *testing.T) {
	t.Parallel()
	c := rendered(t, func(v *template.View) {
		for i := range v.Keys {
			v.Keys[i].Kind, v.Keys[i].Type.Value = "none", "None"
		}
		k := &v.Keys[2]
		k.Kind, k.Type.Value, k.Account, k.Value, k.Label = "blf", "Busy Lamp Field", 2, "202", "Ada & Co"
	})
	want := []vendor.Key{{Slot: 3, Kind: "blf", Account: 2, Value: "202", Label: "Ada & Co"}}
	if diff := cmp.Diff(want, understand(c).Keys); diff != "" {
		t.Error(diff)
	}
	const phone = "VoiceService.1.Phone.LineKey."
	if f, n := c.Get(phone+"4.Function"), c.Get(phone+"4.Service"); f != "None" || n != "" {
		t.Errorf("the key without a function has %q, %q", f, n)
	}
	if got := c.Get("VoiceService.1.VoiceProfile.2.X_FeatureCode.DirectedCallPickup"); got != "*8" {
		t.Errorf("the code for pickup is %q", got)
	}
}

// TestNoKeys is a phone whose admin has given no key a function: it keeps its own.
func TestNoKeys(t *testing.T) {
	t.Parallel()
	c := rendered(t, func(v *template.View) {
		for i := range v.Keys {
			v.Keys[i].Kind = "none"
		}
	})
	for _, s := range c.Settings() {
		if strings.Contains(s.Name, ".LineKey.") {
			t.Errorf("%s is set", s.Name)
		}
	}
}

// TestHandsets is a base of which the second and the fourth place are taken: each has a
// service of its own, by which it is called, calls and hears of messages, and no other
// handset calls by any.
func TestHandsets(t *testing.T) {
	t.Parallel()
	load := func(name string) ([]byte, error) { return fs.ReadFile(Pack().Templates, name) }
	src, err := load("obihai-dect.xml")
	if err != nil {
		t.Fatal(err)
	}
	tmpl, err := template.Parse("obihai-dect.xml", src, load, nil)
	if err != nil {
		t.Fatal(err)
	}
	v := template.Sample(tmpl, &tmpl.Models[0])
	for i := range v.Accounts {
		v.Accounts[i].Voicemail = "*97"
	}
	v.Accounts, v.Handsets = []template.Account{v.Accounts[1], v.Accounts[3]}, []template.Handset{v.Handsets[1], v.Handsets[3]}
	v.SpareHandsets = []template.Spare{{Index: 1}, {Index: 3}, {Index: 5}, {Index: 6}, {Index: 7}, {Index: 8}}
	v.SpareAccounts = v.SpareHandsets
	body, err := tmpl.Files(&tmpl.Models[0], template.Full)[0].Append(nil, v)
	if err != nil {
		t.Fatal(err)
	}
	c, err := parse("own.xml", body)
	if err != nil {
		t.Fatal(err)
	}
	const line, handset = "VoiceService.1.VoiceProfile.1.Line.", "VoiceService.1.X_HS."
	want := map[string]string{
		line + "2.X_InboundCallRoute": "dt2", line + "4.X_InboundCallRoute": "dt4", line + "2.X_ServProvProfile": "A", line + "4.X_ServProvProfile": "A",
		line + "2.CallingFeatures.MWIEnableMask": "2", line + "4.CallingFeatures.MWIEnableMask": "8",
		handset + "2.OutboundServices": "sp2", handset + "4.OutboundServices": "sp4", handset + "4.PrimaryLine": "SP4 Service",
		handset + "1.Enable": "false", handset + "3.Enable": "false", handset + "9.Enable": "false", handset + "10.Enable": "false",
		"VoiceService.1.VoiceProfile.1.SIP.ProxyServer": v.Accounts[0].Server,
	}
	for name, value := range want {
		if got := c.Get(name); got != value {
			t.Errorf("%s is %q; want %q", name, got, value)
		}
	}
	if got := understand(c).Handsets; len(got) != 2 || got[0].Index != 2 || got[1].Account != 4 {
		t.Errorf("the handsets are %+v", got)
	}
}

func TestRemovedAccounts(t *testing.T) {
	t.Parallel()
	c := rendered(t, func(v *template.View) {
		v.Accounts, v.SpareAccounts = v.Accounts[:2], []template.Spare{{Index: 3}, {Index: 4}}
	})
	if got := understand(c).Accounts; len(got) != 2 {
		t.Errorf("the phone has %d accounts", len(got))
	}
	for _, name := range []string{"AuthUserName", "AuthPassword", "URI"} {
		if value, ok := c.Lookup("VoiceService.1.VoiceProfile.1.Line.3.SIP." + name); !ok || value != "" {
			t.Errorf("%s of the removed account is %q, %v", name, value, ok)
		}
	}
}

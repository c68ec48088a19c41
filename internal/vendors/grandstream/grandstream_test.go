package grandstream_test

import (
	"bytes"
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/dialplane/dialplane/internal/template"
	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/grandstream"
	"github.com/dialplane/dialplane/internal/vendors/vendortest"
)

func TestPack(t *testing.T) {
	t.Parallel()
	pack := grandstream.Pack()
	pack.Templates = withoutLines(t, pack.Templates)
	lacks := vendortest.Lacks{
		"ringtones":                                "phones fetch ring1.bin to ring3.bin, of the maker's own format, from their firmware's folder",
		"url key":                                  "no template names a key mode that fetches a URL",
		"grandstream-gds37xx.xml: clock":           "the zone is a number that no source explains",
		"grandstream-gds37xx.xml: user password":   "no source names the parameter",
		"grandstream-gsc35xx.xml: clock":           "it shows no time",
		"grandstream-gsc35xx.xml: vlan":            "no source names the parameter",
		"grandstream-ht81x.xml: account server":    "its ports share a profile",
		"grandstream-ht81x.xml: account transport": "its ports share a profile",
		"grandstream-ht81x.xml: srtp":              "its ports share a profile",
		"grandstream-ht81x.xml: expires":           "its ports share a profile",
	}
	for _, family := range []string{"gxp16xx", "gxp1628", "gxp1xxx", "gxp20xx", "gac2500", "ht80x", "ht81x", "gds37xx", "gsc35xx"} {
		lacks["grandstream-"+family+".xml: ntp2"] = "it takes one time server"
	}
	for _, family := range []string{"gxp16xx", "gxp1628", "gxp17xx", "gxp1xxx", "gxp20xx", "grp260x", "wp8xx", "gac2500", "ht80x", "ht81x", "gds37xx", "gsc35xx"} {
		lacks["grandstream-"+family+".xml: background"] = "it shows none, or no source names the parameter"
	}
	for _, family := range []string{"ht80x", "ht81x", "gds37xx", "gsc35xx"} {
		lacks["grandstream-"+family+".xml: voicemail"] = "it has no key for messages"
		lacks["grandstream-"+family+".xml: pc vlan"] = "it has no port for a computer, or no source names the parameter"
	}
	for _, family := range []string{"ht80x", "ht81x", "gds37xx"} {
		lacks["grandstream-"+family+".xml: account label"] = "it shows none"
	}
	for _, family := range []string{"ht80x", "ht81x", "gsc35xx"} {
		lacks["grandstream-"+family+".xml: lldp"] = "no source names the parameter"
	}
	for _, family := range []string{"dp715", "dp75x"} {
		lacks["grandstream-"+family+".xml: account label"] = "a handset shows its own name"
		lacks["grandstream-"+family+".xml: ntp2"] = "it takes one time server"
	}
	for _, family := range []string{"dp715", "dp75x", "dp755"} {
		lacks["grandstream-"+family+".xml: pc vlan"] = "a base has one port"
		lacks["grandstream-"+family+".xml: background"] = "handsets have their own"
		lacks["grandstream-"+family+".xml: handset ipui"] = "handsets are subscribed by hand"
		lacks["grandstream-"+family+".xml: handset name"] = "it has ten characters at most, or none: see TestHandsetNames"
	}
	lacks["grandstream-dp715.xml: firmware"] = "it comes by the protocol of the configuration, which the suite has otherwise: see TestPValues"
	lacks["grandstream-dp715.xml: voicemail"] = "no source names the parameter"
	lacks["grandstream-dp715.xml: lldp"] = "no source names the parameter"
	vendortest.Run(t, pack, lacks)
}

// withoutLines takes the line keys out of the templates' kinds of keys. The suite
// puts every kind on every key in turn, but not every key can be a line;
// TestLineKeys looks at those that can.
func withoutLines(t *testing.T, templates fs.FS) fs.FS {
	t.Helper()
	names, err := fs.Glob(templates, "*.xml")
	if err != nil {
		t.Fatal(err)
	}
	without := make(fstest.MapFS)
	for _, name := range names {
		src, err := fs.ReadFile(templates, name)
		if err != nil {
			t.Fatal(err)
		}
		var kept [][]byte
		for line := range bytes.Lines(src) {
			if !bytes.Contains(line, []byte(`<option name="line"`)) {
				kept = append(kept, line)
			}
		}
		without[name] = &fstest.MapFile{Data: bytes.Join(kept, nil)}
	}
	return without
}

// rendered returns what a phone of the model reads of the sample that change has
// been at.
func rendered(t *testing.T, file, model string, change func(*template.View)) (*vendor.Config, *template.View) {
	t.Helper()
	pack := grandstream.Pack()
	load := func(name string) ([]byte, error) { return fs.ReadFile(pack.Templates, name) }
	src, err := load(file)
	if err != nil {
		t.Fatal(err)
	}
	tmpl, err := template.Parse(file, src, load, func(name string) bool { return name == pack.Name })
	if err != nil {
		t.Fatal(err)
	}
	m, ok := tmpl.Model(model)
	if !ok {
		t.Fatalf("%s has no %s", file, model)
	}
	v := template.Sample(tmpl, m)
	v.MAC = "000b82123456"
	change(v)
	config := new(vendor.Config)
	for _, f := range tmpl.Files(m, template.Full) {
		body, err := f.Append(nil, v)
		if err != nil {
			t.Fatal(err)
		}
		c, err := pack.Parse(f.Name(m, v.MAC), body)
		if err != nil {
			t.Fatal(err)
		}
		config.Merge(c)
	}
	return config, v
}

func TestLineKeys(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		file, model string
		lines       int // keys that can be lines
	}{
		{"grandstream-gxp16xx.xml", "GXP1610", 2},
		{"grandstream-gxp16xx.xml", "GXP1625", 2},
		{"grandstream-gxp21xx.xml", "GXP2130", 3},
		{"grandstream-gxp21xx.xml", "GXP2135", 8},
		{"grandstream-gxp21xx.xml", "GXP2140", 4},
		{"grandstream-gxp21xx.xml", "GXP2160", 6},
		{"grandstream-gxp21xx.xml", "GXP2170", 12},
		{"grandstream-grp260x.xml", "GRP2601", 2},
		{"grandstream-grp26xx.xml", "GRP2612W", 16},
		{"grandstream-grp26xx.xml", "GRP2614", 16},
		{"grandstream-grp26xx.xml", "GRP2615", 40},
		{"grandstream-grp26xx.xml", "GRP2670", 12},
	} {
		t.Run(tc.model, func(t *testing.T) {
			t.Parallel()
			var want []vendor.Key
			config, _ := rendered(t, tc.file, tc.model, func(v *template.View) {
				var line template.Choice
				for _, k := range v.Keys {
					if k.Kind == "line" {
						line = k.Type
					}
				}
				for i := range v.Keys {
					k := &v.Keys[i]
					*k = template.Key{Index: k.Index, Module: k.Module, Slot: k.Slot, Kind: "line", Type: line, Account: 1 + i%len(v.Accounts), Label: "Line"}
					if i < tc.lines {
						want = append(want, vendor.Key{Slot: k.Slot, Kind: "line", Account: k.Account, Label: "Line"})
					}
				}
			})
			if diff := cmp.Diff(want, grandstream.Pack().Understand(config).Keys); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestPValues checks the numbers of P-values at the ends of every range against
// the maker's templates.
func TestPValues(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		file, model string
		want        map[string]string
	}{
		{"grandstream-gxp21xx.xml", "GXP2160", map[string]string{
			"P35": "201", "P404": "202", "P504": "203", "P604": "204", "P1704": "205", "P1804": "206", // users
			"P1817": "Reception 206", "P1858": "4", "P98": "4", "P2847": "1", "P2829": "0", "P6757": "1", "P1881": "*8",
			"P1363": "-1", "P1373": "15", "P23800": "-1", "P23868": "5", // virtual keys 1, 6, 7, 24
			"P323": "", "P329": "", "P353": "", "P1460": "5", // physical keys 1, 7, 8, 24
			"P8333": "ntp2.example.com", "P8458": "1", "P285": "3", "P8459": "4",
			"P246": "LCL-0:00LDT-1:00,M3.5.0/01:00:00,M10.5.0/02:00:00",
			"P237": "phones.example.com/d/q7Xw2LkN9sVt4BzR8mHcYp", "P212": "2", "P145": "0",
		}},
		{"grandstream-gxp21xx.xml", "GXP2170", map[string]string{"P23000": "", "P23795": "", "P23964": "5"}},
		{"grandstream-grp26xx.xml", "GRP2615", map[string]string{"P23795": "", "P22174": "1", "P51": "120", "P229": "30"}},
		{"grandstream-grp260x.xml", "GRP2604", map[string]string{"P704": "205", "P804": "206", "P748": "1", "P751": "4", "P781": "*8", "P1704": "unset"}},
		{"grandstream-ht80x.xml", "HT802", map[string]string{"P47": "pbx.example.com:5061", "P735": "202", "P830": "1", "P757": "2", "P194": "1", "P193": "1440"}},
		{"grandstream-ht81x.xml", "HT818", map[string]string{"P4060": "201", "P4067": "208", "P4127": "k9Tz-Wq4_Rm08", "P4602": "1", "P401": "0"}},
		{"grandstream-dp75x.xml", "DP750", map[string]string{
			"P47": "pbx.example.com:5061", "P130": "2", "P243": "1", "P27680": "*97", "P57": "4", "P46": "4", "P98": "2",
			"P4060": "201", "P4064": "205", "P4065": "", "P4595": "1", "P4599": "1", "P4600": "0",
			"P27080": "1", "P27084": "5", "P27085": "101", "P27089": "101",
			"P4300": "1", "P4301": "0", "P4310": "2", "P4320": "3", "P4329": "0", "P4250": "4", "P4251": "0", "P21320": "0", "P21327": "0", "P21328": "5", "P21337": "0",
			"P4000": "f1=400,f2=400;", "P4001": "f1=400,f2=400,c=400/200-400/2000;",
			"P27004": "1", "P5038": "5", "P194": "2", "P20721": "1", "P27740": "1", "P27001": "unset", "P27008": "unset",
		}},
		{"grandstream-dp715.xml", "DP715", map[string]string{
			"P4060": "201", "P4064": "205", "P4599": "1", "P4300": "0", "P4304": "0", "P194": "1", "P285": "3", "P193": "unset", "P212": "2",
			"P192": "phones.example.com/d/q7Xw2LkN9sVt4BzR8mHcYp/files/", "P6767": "unset",
		}},
		{"grandstream-dp755.xml", "DP755", map[string]string{
			"account.1.sip.transport": "Tls Or Tcp", "account.10.sip.userid": "210", "account.11.enable": "No", "account.20.sip.subscriber.userid": "",
			"account.3.sip.huntingGroup": "3", "account.3.assignedTo.hs.3": "Yes", "account.3.assignedTo.hs.4": "No", "account.20.assignedTo.hs.10": "No",
			"hs.10.user.hsName": "210", "dateTime.timezone": "customize", "account.1.sip.subscriber.userId": "unset",
		}},
		{"grandstream-gac2500.xml", "GAC2500", map[string]string{"P1801": "1", "P6767": "2", "P64": "EET-2EEST-3,M3.5.0/03:00:00,M10.5.0/04:00:00"}},
		{"grandstream-gds37xx.xml", "GDS3710", map[string]string{"P10457": "4711", "P404": "201", "P8443": "2"}},
		{"grandstream-gxv33xx.xml", "GXV3480", map[string]string{"account.16.sip.userid": "216", "pks.mpk.2.mode": "BLF", "account.1.sip.blf.callPickup.prefix": "*8"}},
		{"grandstream-gxp20xx.xml", "GXP2124", map[string]string{"P323": "0", "P324": "1", "P1460": "", "P1363": "unset"}},
		{"grandstream-gxp17xx.xml", "GXP1780", map[string]string{"P1363": "-1", "P23804": "0", "P23808": "1"}},
		{"grandstream-gxp1628.xml", "GXP1630", map[string]string{"P323": "0", "P324": "1", "P327": "5", "P353": "0", "P556": "", "P557": ""}},
	} {
		config, _ := rendered(t, tc.file, tc.model, func(*template.View) {})
		for name, want := range tc.want {
			got, ok := config.Lookup(name)
			if want == "unset" && !ok {
				continue
			}
			if !ok && name != "P557" {
				t.Errorf("%s: %s is not set", tc.model, name)
			}
			if want != "" && got != want {
				t.Errorf("%s: %s is %q, want %q", tc.model, name, got, want)
			}
		}
	}
}

func TestWrites(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(*template.View)
		want   map[string]string
	}{
		"registrar of another name": {
			func(v *template.View) {
				v.Accounts[1].Server, v.Accounts[1].Port = "2001:db8::1", 5062
			},
			map[string]string{"P402": "pbx.example.com:5062", "P403": "[2001:db8::1]:5062"},
		},
		"addresses": {
			func(v *template.View) {
				a := &v.Accounts[0]
				a.Domain, a.Server, a.OutboundHost = "2001:db8::2", "2001:db8::2", "[2001:db8::3]"
			},
			map[string]string{"P47": "[2001:db8::2]:5061", "P48": "[2001:db8::3]:5061"},
		},
		"no poll":      {func(v *template.View) { v.Provisioning.PollMinutes = 0 }, map[string]string{"P194": "0"}},
		"hourly poll":  {func(v *template.View) { v.Provisioning.PollMinutes = 10 }, map[string]string{"P194": "1", "P193": "60"}},
		"rare poll":    {func(v *template.View) { v.Provisioning.PollMinutes = 1 << 20 }, map[string]string{"P194": "1", "P193": "86400"}},
		"last hour":    {func(v *template.View) { v.Provisioning.PollHour = 23 }, map[string]string{"P285": "23", "P8459": "0"}},
		"no path":      {func(v *template.View) { v.Provisioning.Path = "" }, map[string]string{"P237": "phones.example.com"}},
		"seconds":      {func(v *template.View) { v.Accounts[0].Expires, v.Accounts[1].Expires = 1, 61 }, map[string]string{"P32": "1", "P412": "2"}},
		"one codec":    {func(v *template.View) { v.Codecs = v.Codecs[:1] }, map[string]string{"P57": "4", "P62": "4", "P46": "4", "P98": "4", "P451": "4", "P458": "4"}},
		"no pickup":    {func(v *template.View) { v.Features.PickupCode = "" }, map[string]string{"P6752": "0", "P1347": "**", "P481": "**"}},
		"no VLANs":     {func(v *template.View) { v.Network = template.Network{} }, map[string]string{"P1684": "0", "P51": "0", "P87": "0", "P229": "0", "P230": "0"}},
		"west, winter": {func(v *template.View) { v.Time = template.Time{NTP1: "n", Offset: -210} }, map[string]string{"P246": "LCL+3:30"}},
		"west, summer": {
			func(v *template.View) {
				v.Time = template.Time{NTP1: "n", Offset: -30, DST: true, DSTOffset: 60, DSTStart: template.Transition{Month: 3, Week: 2, Weekday: 6, Hour: 24}, DSTEnd: template.Transition{Month: 11, Week: 1, Hour: 2, Minute: 5}}
			},
			map[string]string{"P246": "LCL+0:30LDT-0:30,M3.2.6/24:00:00,M11.1.0/02:05:00"},
		},
		"spare accounts": {
			func(v *template.View) {
				for i := 2; i <= 6; i++ {
					v.SpareAccounts = append(v.SpareAccounts, template.Spare{Index: i})
				}
				v.Accounts = v.Accounts[:1]
			},
			map[string]string{"P271": "1", "P401": "0", "P404": "", "P406": "", "P1801": "0", "P1806": "", "P1802": ""},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config, _ := rendered(t, "grandstream-gxp21xx.xml", "GXP2170", tc.change)
			got := make(map[string]string)
			for name := range tc.want {
				value, ok := config.Lookup(name)
				if !ok {
					t.Errorf("%s is not set", name)
				}
				got[name] = value
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestHandsetNames checks that a handset shows its member's name, or the extension
// where the base has no room for the name.
func TestHandsetNames(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ file, model string }{{"grandstream-dp75x.xml", "DP752"}, {"grandstream-dp755.xml", "DP755"}} {
		config, v := rendered(t, tc.file, tc.model, func(v *template.View) {
			v.Handsets[0].DisplayName, v.Handsets[1].DisplayName, v.Handsets[2].DisplayName = "Ada", "", "Zoë Müller"
		})
		want := []string{"Ada", v.Handsets[1].Extension, "Zoë Müller", v.Handsets[3].Extension}
		got := grandstream.Pack().Understand(config).Handsets
		for i := range want {
			if got[i].Name != want[i] {
				t.Errorf("%s: handset %d is called %q, want %q", tc.model, i+1, got[i].Name, want[i])
			}
		}
	}
}

// TestShortZone checks that the zone fits where a DP750 has it.
func TestShortZone(t *testing.T) {
	t.Parallel()
	for zone, want := range map[string]string{
		"UTC":                 "LCL-0",
		"Asia/Kathmandu":      "LCL-5:45",
		"Europe/Berlin":       "LCL-1LDT,M3.5.0,M10.5.0/3",
		"Australia/Adelaide":  "LCL-9:30LDT,M10.1.0,M4.1.0/3",
		"Australia/Lord_Howe": "LCL-10:30LDT-11,M10.1.0,M4.1.0",
		"America/St_Johns":    "LCL+3:30LDT,M3.2.0,M11.1.0",
	} {
		config, _ := rendered(t, "grandstream-dp75x.xml", "DP750", func(v *template.View) {
			var err error
			if v.Time, err = template.Clock(zone, 2026); err != nil {
				t.Fatal(err)
			}
			v.TimeZone = template.Choice{Set: true, Name: zone, Value: zone}
		})
		if got := config.Get("P246"); got != want || len(got) > 32 {
			t.Errorf("%s is %q, want %q", zone, got, want)
		}
	}
}

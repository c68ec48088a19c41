package grandstream_test

import (
	"bytes"
	"io/fs"
	"regexp"
	"strconv"
	"strings"
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
	vendortest.Run(t, pack, vendortest.Lacks{
		"dictionary": "not written yet", "clock": "not read yet",
		"firmware": "not written yet", "ringtones": "not written yet", "background": "not written yet",
		"url key": "no P-value template names a key mode that fetches a URL",
		"ntp2":    "the GXP16xx template has no second server; the golden files of the others show theirs",
	})
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
		{"grandstream-grp26xx.xml", "GRP2601", 2},
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
		{"grandstream-gxp1628.xml", "GXP1630", map[string]string{"P323": "0", "P324": "1", "P327": "5", "P353": "0", "P556": "", "P557": ""}},
	} {
		config, _ := rendered(t, tc.file, tc.model, func(*template.View) {})
		for name, want := range tc.want {
			got, ok := config.Lookup(name)
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

// TestZones renders every time zone, which all templates share: the self-defined
// zone has room for 64 characters, and a value of the maker's has its rules.
func TestZones(t *testing.T) {
	t.Parallel()
	pack := grandstream.Pack()
	load := func(name string) ([]byte, error) { return fs.ReadFile(pack.Templates, name) }
	src, err := load("grandstream-gxp21xx.xml")
	if err != nil {
		t.Fatal(err)
	}
	tmpl, err := template.Parse("grandstream-gxp21xx.xml", src, load, func(string) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	m, _ := tmpl.Model("GXP2130")
	full := tmpl.Files(m, template.Full)[0]
	zones := tmpl.Profile.Lists["time_zones"].Options
	if len(zones) < 590 {
		t.Errorf("the templates know %d zones", len(zones))
	}
	for i := range zones {
		v := template.Sample(tmpl, m)
		if v.Time, err = template.Clock(zones[i].Name, 2026); err != nil {
			t.Errorf("%s: %v", zones[i].Name, err)
			continue
		}
		body, err := full.Append(nil, v)
		if err != nil {
			t.Fatal(err)
		}
		c, err := pack.Parse(full.Name(m, v.MAC), body)
		if err != nil {
			t.Fatal(err)
		}
		posix := c.Get("P246")
		if len(posix) > 64 || !strings.HasPrefix(posix, "LCL") || v.Time.DST != strings.Contains(posix, "LDT") {
			t.Errorf("%s is %q", zones[i].Name, posix)
		}
		if value := zones[i].Value; value != "customize" && !sameRules(value, posix) {
			t.Errorf("%s is %s to the phone, but its rules are %s", zones[i].Name, value, posix)
		}
	}
}

// sameRules compares two zones as POSIX's TZ spells them.
func sameRules(a, b string) bool { return zoneRules(a) == zoneRules(b) }

var posixZone = regexp.MustCompile(`^[A-Za-z]+([-+]?[0-9:]+)(?:([A-Za-z]+)([-+]?[0-9:]+)?(?:,([^,/]+)(?:/([0-9:]+))?,([^,/]+)(?:/([0-9:]+))?)?)?$`)

type rules struct {
	winter, summer int // minutes west of Greenwich
	start, end     string
	startAt, endAt int // minutes after midnight
}

// zoneRules takes a zone apart. One with summer time but without dates has those
// of the United States.
func zoneRules(s string) rules {
	m := posixZone.FindStringSubmatch(s)
	if m == nil {
		return rules{start: "not a zone: " + s}
	}
	r := rules{winter: clock(m[1])}
	if m[2] == "" {
		return r
	}
	r.summer, r.start, r.end, r.startAt, r.endAt = r.winter-60, "M3.2.0", "M11.1.0", 120, 120
	if m[3] != "" {
		r.summer = clock(m[3])
	}
	if m[4] != "" {
		r.start, r.end = m[4], m[6]
	}
	if m[5] != "" {
		r.startAt = clock(m[5])
	}
	if m[7] != "" {
		r.endAt = clock(m[7])
	}
	return r
}

// clock reads hours and minutes: 2, +3:30, -01:00:00.
func clock(s string) int {
	hours, rest, _ := strings.Cut(strings.TrimLeft(s, "+-"), ":")
	minutes, _, _ := strings.Cut(rest, ":")
	h, _ := strconv.Atoi(hours)
	m, _ := strconv.Atoi(minutes)
	if strings.HasPrefix(s, "-") {
		return -60*h - m
	}
	return 60*h + m
}

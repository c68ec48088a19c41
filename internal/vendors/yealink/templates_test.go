package yealink

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialplane/dialplane/internal/template"
	"github.com/dialplane/dialplane/internal/vendors"
)

func parsed(t *testing.T, filename string) *template.Template {
	t.Helper()
	pack := Pack()
	load := func(file string) ([]byte, error) { return fs.ReadFile(pack.Templates, file) }
	src, err := load(filename)
	if err != nil {
		t.Fatal(err)
	}
	tmpl, err := template.Parse(filename, src, load, func(v string) bool { return v == name })
	if err != nil {
		t.Fatal(err)
	}
	return tmpl
}

// all returns every template that has models.
func all(t *testing.T) []*template.Template {
	t.Helper()
	files, err := fs.Glob(Pack().Templates, "*.xml")
	if err != nil {
		t.Fatal(err)
	}
	var list []*template.Template
	for _, file := range files {
		if tmpl := parsed(t, file); !tmpl.Abstract {
			list = append(list, tmpl)
		}
	}
	return list
}

func model(t *testing.T, tmpl *template.Template, name string) *template.Model {
	t.Helper()
	m, ok := tmpl.Model(name)
	if !ok {
		t.Fatalf("%s has no %s", tmpl.Filename, name)
	}
	return m
}

func timeZone(t *testing.T, tmpl *template.Template, zone string) template.Choice {
	t.Helper()
	for _, z := range tmpl.Profile.Lists["time_zones"].Options {
		if z.Name == zone {
			return template.Choice{Set: true, Name: zone, Value: z.Value, Items: z.Items}
		}
	}
	t.Fatalf("no %s", zone)
	return template.Choice{}
}

// render returns the files of a level by name, and what they say together.
func render(t *testing.T, tmpl *template.Template, m *template.Model, level template.Level, v *template.View) (map[string]string, *vendor.Config) {
	t.Helper()
	bodies, config := make(map[string]string), new(vendor.Config)
	for _, f := range tmpl.Files(m, level) {
		body, err := f.Append(nil, v)
		if err != nil {
			t.Fatalf("%s for %s: %v", f.Name(m, v.MAC), m.Name, err)
		}
		c, err := parse(f.Name(m, v.MAC), body)
		if err != nil {
			t.Fatalf("%s: %v", m.Name, err)
		}
		bodies[f.Name(m, v.MAC)] = string(body)
		config.Merge(c)
	}
	return bodies, config
}

func TestModels(t *testing.T) {
	t.Parallel()
	seen := make(map[string]string)
	for _, tmpl := range all(t) {
		for _, m := range tmpl.Models {
			if seen[m.Name] != "" {
				t.Errorf("%s is in %s and in %s", m.Name, seen[m.Name], tmpl.Filename)
			}
			seen[m.Name] = tmpl.Filename
			p, ok := byModel(m.Name)
			if !ok || p.code != m.Vars["code"] {
				t.Errorf("%s has the code %s; the table says %q", m.Name, m.Vars["code"], p.code)
			}
			if m.Accounts > maxAccounts || m.LineKeys > maxLineKeys || m.Modules > maxModules || m.ModuleKeys > maxKeys {
				t.Errorf("%s has more than is looked at", m.Name)
			}
			first, _, _ := strings.Cut(p.firmware, ".")
			if prefix, _, ok := strings.Cut(m.Firmware, "."); ok && prefix != first {
				t.Errorf("%s runs %s, but needs %s", m.Name, p.firmware, m.Firmware)
			}
		}
	}
	for _, want := range strings.Fields("T19P T19P_E2 T20P T21P T21P_E2 T22P T23P T23G T26P T27P T27G T28P T29G T32G T38G T49G VP530 VP59 T73U T73W T74U T74W T77U T85W T87W T88V T88W CP860 CP920 CP925 CP960 CP965 AX83H AX86R T30 T30P T31 T31P T31G T31W T33P T33G T34W T40P T40G T41P T41S T41U T42G T42S T42U T43U T44U T44W T46G T46S T46U T48G T48S T48U T52S T53 T53W T54S T54W T56A T57W T58 T58W W52P W56P W60B W70B W75DM W80DM W90DM W75B W80B W90B") {
		if seen[want] == "" {
			t.Errorf("no template has the %s", want)
		}
		delete(seen, want)
	}
	if len(seen) > 0 {
		t.Errorf("more models than expected: %v", seen)
	}
}

// TestParameters holds what any template writes at any level against the dictionary,
// and looks for rows of the dictionary that no template writes.
func TestParameters(t *testing.T) {
	t.Parallel()
	pack := Pack()
	written := make(map[string]bool)
	for _, tmpl := range all(t) {
		for i := range tmpl.Models {
			m := &tmpl.Models[i]
			views := []*template.View{template.Sample(tmpl, m)}
			if m.SystemHandsets > 0 {
				views = append(views, template.SampleInSystem(tmpl, m, 1))
			}
			for _, v := range views {
				for _, level := range []template.Level{template.Bootstrap, template.Enrol, template.Full} {
					_, config := render(t, tmpl, m, level, v)
					for _, p := range pack.Parameters.Check(m.Name, config) {
						t.Errorf("%s: %s", m.Name, p)
					}
					for _, s := range config.Settings() {
						written[numbers.ReplaceAllString(s.Name, "#")] = true
					}
				}
			}
		}
	}
	for _, p := range pack.Parameters.Parameters() {
		if shape := numbers.ReplaceAllString(ranges.ReplaceAllString(p.Name, "0"), "#"); !written[shape] {
			t.Errorf("no template writes %s; strike it from the dictionary", p.Name)
		}
	}
}

// The numbers in a parameter's name, and the ranges of them in a dictionary's.
var (
	numbers = regexp.MustCompile(`\d+`)
	ranges  = regexp.MustCompile(`\{[^}]*\}`)
)

func TestClock(t *testing.T) {
	t.Parallel()
	tmpl := parsed(t, "yealink-t4xu.xml")
	m := model(t, tmpl, "T46U")
	for zone, want := range map[string]string{
		"Pacific/Marquesas":   "-9:30 0    ",
		"Asia/Kathmandu":      "+5:45 0    ",
		"Europe/Berlin":       "+1 1 1 3/5/7/2 10/5/7/3 60",
		"America/New_York":    "-5 1 1 3/2/7/2 11/1/7/2 60",
		"Australia/Lord_Howe": "+10:30 1 1 10/1/7/2 4/1/7/2 30",
		"Asia/Kolkata":        "+5:30 0    ",
		"UTC":                 "0 0    ",
		// Ends at midnight, which the phone cannot be told: an hour early.
		"Africa/Cairo": "+2 1 1 4/5/5/0 10/5/4/23 60",
	} {
		v := template.Sample(tmpl, m)
		clock, err := template.Clock(zone, 2026)
		if err != nil {
			t.Fatal(err)
		}
		v.Time = clock
		v.TimeZone = timeZone(t, tmpl, zone)
		_, c := render(t, tmpl, m, template.Full, v)
		var got []string
		for _, p := range []string{"time_zone", "summer_time", "dst_time_type", "start_time", "end_time", "offset_time"} {
			got = append(got, c.Get("local_time."+p))
		}
		if diff := cmp.Diff(want, strings.Join(got, " ")); diff != "" {
			t.Errorf("%s: %s", zone, diff)
		}
	}
}

func TestPolling(t *testing.T) {
	t.Parallel()
	tmpl := parsed(t, "yealink-t3x.xml")
	m := model(t, tmpl, "T31P")
	for minutes, want := range map[int]string{0: "0  0  ", 1: "1 1 0  ", 90: "1 90 0  ", 1440: "0  1 1 04:05", 10080: "0  1 7 04:05", 1500: "1 1500 0  "} {
		v := template.Sample(tmpl, m)
		v.Provisioning.PollMinutes, v.Provisioning.PollHour, v.Provisioning.PollMinute = minutes, 4, 5
		_, c := render(t, tmpl, m, template.Full, v)
		var got []string
		for _, p := range []string{"repeat.enable", "repeat.minutes", "flexible.enable", "flexible.interval", "flexible.begin_time"} {
			got = append(got, c.Get("static.auto_provision."+p))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%d minutes: %q; want %q", minutes, strings.Join(got, " "), want)
		}
		if understand(c).PollMinutes != minutes {
			t.Errorf("%d minutes are read as %d", minutes, understand(c).PollMinutes)
		}
	}
}

// TestLeftovers takes away what a phone had and looks that nothing stays.
func TestLeftovers(t *testing.T) {
	t.Parallel()
	for _, tmpl := range all(t) {
		for i := range tmpl.Models {
			m := &tmpl.Models[i]
			full := template.Sample(tmpl, m)
			if len(full.Accounts) == 0 {
				continue
			}
			_, before := render(t, tmpl, m, template.Full, full)

			bare := template.Sample(tmpl, m)
			bare.Accounts = bare.Accounts[:1]
			for n := 2; n <= m.Accounts; n++ {
				bare.SpareAccounts = append(bare.SpareAccounts, template.Spare{Index: n})
			}
			bare.Accounts[0].Outbound, bare.Accounts[0].OutboundHost, bare.Accounts[0].Voicemail = false, "", ""
			for k := range bare.Keys {
				bare.Keys[k] = template.Key{Index: k + 1, Module: bare.Keys[k].Module, Slot: bare.Keys[k].Slot, Kind: "none", Type: template.Choice{Set: true, Name: "none", Value: "0"}}
			}
			bare.Network.WANVLAN.Enabled, bare.Network.PCVLAN.Enabled, bare.Network.LLDP = false, false, false
			bare.SpareCodecs = append(bare.SpareCodecs, bare.Codecs[1:]...)
			bare.Codecs = bare.Codecs[:1]
			bare.Features.PickupCode = ""
			_, after := render(t, tmpl, m, template.Full, bare)

			before.Merge(after) // the phone keeps what the new file does not name
			got := understand(before)
			if len(got.Accounts) != 1 || len(got.Keys) != 0 || len(got.Codecs) != 1 || got.LLDP || got.WANVLAN.ID != 0 || got.PCVLAN.ID != 0 ||
				got.Accounts[0].OutboundProxy != "" || got.Accounts[0].Voicemail != "" {
				t.Errorf("%s keeps %+v", m.Name, got)
			}
			// Keys of expansion modules keep their pickup code: of type 0 they do
			// nothing with it, and three modules have 180.
			for _, s := range before.Settings() {
				if strings.HasSuffix(s.Name, ".password") && !strings.HasPrefix(s.Name, "account.1.") && s.Value != unset ||
					strings.HasPrefix(s.Name, "linekey.") && strings.HasSuffix(s.Name, ".extension") && s.Value != unset {
					t.Errorf("%s keeps %s", m.Name, s.Name)
				}
			}
		}
	}
}

func TestDomain(t *testing.T) {
	t.Parallel()
	tmpl := parsed(t, "yealink-t5x.xml")
	m := model(t, tmpl, "T54W")
	v := template.Sample(tmpl, m)
	v.Accounts[0].Domain, v.Accounts[0].Server, v.Accounts[0].User = "tenant.example", "192.0.2.7", "1001"
	_, c := render(t, tmpl, m, template.Full, v)
	if got := c.Get("account.1.user_name") + " " + c.Get("account.1.sip_server.1.address"); got != "1001@tenant.example 192.0.2.7" {
		t.Errorf("the phone registers %s", got)
	}
	if got := understand(c).Accounts[0].User; got != "1001" {
		t.Errorf("the user is read as %s", got)
	}
}

// TestBootstrap looks at what everybody may fetch: small, without a secret, and
// only telling the phone to come again.
func TestBootstrap(t *testing.T) {
	t.Parallel()
	for _, tmpl := range all(t) {
		for i := range tmpl.Models {
			m := &tmpl.Models[i]
			v := template.Sample(tmpl, m)
			bodies, config := render(t, tmpl, m, template.Bootstrap, v)
			for file, body := range bodies {
				if len(body) > 200 {
					t.Errorf("%s has %d bytes", file, len(body))
				}
				if strings.Contains(body, v.MAC) || strings.Contains(body, v.Provisioning.URL) {
					t.Errorf("%s tells something of the phone:\n%s", file, body)
				}
			}
			for _, s := range config.Settings() {
				if s.Name != overwriteMode && !strings.Contains(s.Name, "auto_provision.repeat.") {
					t.Errorf("%s: %s = %s", m.Name, s.Name, s.Value)
				}
			}
			if config.Get(overwriteMode) != "0" {
				t.Errorf("%s: a phone without an owner would lose its settings", m.Name)
			}
			if got := understand(config).PollMinutes; got != 5 {
				t.Errorf("%s comes again after %d minutes", m.Name, got)
			}
		}
	}
}

package fanvil

import (
	"io/fs"
	"strings"
	"testing"
	_ "time/tzdata" // the same zones on every machine

	"github.com/google/go-cmp/cmp"

	"github.com/dialplane/dialplane/internal/template"
	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/vendortest"
)

func TestPack(t *testing.T) {
	vendortest.Run(t, Pack(), vendortest.Lacks{
		"account label": "a phone shows the title of the line's key",
		"ringtones":     "no source names a parameter that fetches one",
		"background":    "no source names a parameter that fetches one",
	})
}

func load(t *testing.T, name string) *template.Template {
	t.Helper()
	pack := Pack()
	read := func(name string) ([]byte, error) { return fs.ReadFile(pack.Templates, name) }
	src, err := read(name)
	if err != nil {
		t.Fatal(err)
	}
	tmpl, err := template.Parse(name, src, read, nil)
	if err != nil {
		t.Fatal(err)
	}
	return tmpl
}

// render renders the full file of a model and reads it back.
func render(t *testing.T, tmpl *template.Template, model string, edit func(*template.View)) (*vendor.Config, vendor.State) {
	t.Helper()
	m, ok := tmpl.Model(model)
	if !ok {
		t.Fatalf("no model %s", model)
	}
	v := template.Sample(tmpl, m)
	edit(v)
	body, err := tmpl.Files(m, template.Full)[0].Append(nil, v)
	if err != nil {
		t.Fatal(err)
	}
	c, err := parse("x.cfg", body)
	if err != nil {
		t.Fatal(err)
	}
	return c, understand(c)
}

// Both dialects, by a model of each.
var dialects = map[string]string{"fanvil-x.xml": "X4U", "fanvil-x-first.xml": "X4"}

func TestSpareAccountsAreBlanked(t *testing.T) {
	t.Parallel()
	for name, model := range dialects {
		c, state := render(t, load(t, name), model, func(v *template.View) {
			v.Accounts = v.Accounts[:1]
			v.SpareAccounts = []template.Spare{{Index: 2}, {Index: 3}}
		})
		if len(state.Accounts) != 1 {
			t.Errorf("%s: accounts %+v", name, state.Accounts)
		}
		for _, i := range []string{"2", "3"} {
			for _, p := range []string{
				"Phone Number", "Display Name", "Register Addr", "Register User", "Register Pswd",
				"Proxy Addr", "Proxy User", "Proxy Pswd", "Local Domain", "MWI Num",
			} {
				if v, ok := c.Lookup("SIP CONFIG MODULE/SIP" + i + " " + p); !ok || v != "" {
					t.Errorf("%s: SIP%s %s is %q, %v; want it blank", name, i, p, v, ok)
				}
			}
			if v := c.Get("SIP CONFIG MODULE/SIP" + i + " Enable Reg"); v != "0" {
				t.Errorf("%s: SIP%s is on: %q", name, i, v)
			}
		}
	}
}

func TestDoor(t *testing.T) {
	t.Parallel()
	for password, want := range map[string]string{"4711": "4711", "": ""} {
		c, _ := render(t, load(t, "fanvil-x-first.xml"), "i30", func(v *template.View) { v.Door.Password1 = password })
		if got, ok := c.Lookup("EGS CFG MODULE/Opening Password"); got != want || ok != (want != "") {
			t.Errorf("the door opens to %q, %v; want %q", got, ok, want)
		}
	}
}

func TestNothingChosen(t *testing.T) {
	t.Parallel()
	for name, model := range dialects {
		c, state := render(t, load(t, name), model, func(v *template.View) {
			var none template.Choice
			v.Language, v.Tone, v.TimeZone, v.DateFormat, v.TimeFormat = none, none, none, none, none
			v.Ringtone, v.QueueRingtone, v.ExternalRingtone = none, none, none
			v.PowerLED, v.Backlight, v.Screensaver, v.Transfer = none, none, none, none
			v.Time = template.Time{NTP1: "ntp.example.com"}
			v.Network = template.Network{WANVLAN: template.VLAN{ID: 256}, PCVLAN: template.VLAN{ID: 254}}
			v.Web.UserPassword = ""
			v.Provisioning.PollMinutes = 0
		})
		if state.TimeZone != "UTC" || state.Language != "" || state.Tone != "" || state.LLDP || state.UserPassword != "" || state.PollMinutes != 0 {
			t.Errorf("%s: %+v", name, state)
		}
		if diff := cmp.Diff([]string{"ntp.example.com"}, state.NTP); diff != "" {
			t.Error(diff)
		}
		if (state.WANVLAN != vendor.VLAN{} || state.PCVLAN != vendor.VLAN{}) {
			t.Errorf("%s: VLANs %+v %+v", name, state.WANVLAN, state.PCVLAN)
		}
		for _, s := range c.Settings() {
			if strings.Contains(s.Name, " DST ") || strings.HasSuffix(s.Name, "MMI CONFIG MODULE/Account2 Name") && s.Value != "" {
				if s.Value != "0" {
					t.Errorf("%s: %s is %q", name, s.Name, s.Value)
				}
			}
		}
	}
}

func TestPollInterval(t *testing.T) {
	t.Parallel()
	for minutes, want := range map[int]int{0: 0, 1: 60, 59: 60, 60: 60, 150: 120, 1440: 1440, 10080: 10080} {
		for name, model := range dialects {
			_, state := render(t, load(t, name), model, func(v *template.View) { v.Provisioning.PollMinutes = minutes })
			if state.PollMinutes != want {
				t.Errorf("%s: %d minutes become %d, want %d", name, minutes, state.PollMinutes, want)
			}
		}
	}
}

func TestTransfer(t *testing.T) {
	t.Parallel()
	for name, model := range dialects {
		tmpl := load(t, name)
		for choice, want := range map[string]string{"BLIND": "/bb", "ATTENDED": "/ba", "NEW_CALL": "/bc"} {
			c, state := render(t, tmpl, model, func(v *template.View) { v.Transfer, _ = tmpl.Profile.Lists["transfers"].Choose(choice) })
			found := false
			for _, s := range c.Settings() {
				found = found || strings.Contains(s.Name, "Fkey") && strings.Contains(s.Value, want)
			}
			if !found || len(state.Keys) == 0 {
				t.Errorf("%s: %s: no BLF key has %s", name, choice, want)
			}
		}
	}
}

func TestClock(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		offset int
		zone   string
		want   string
	}{{0, "UTC", "0"}, {60, "UTC+1", "4"}, {-210, "UTC-3:30", "-14"}, {345, "UTC+5:45", "23"}, {-660, "UTC-11", "-44"}, {840, "UTC+14", "56"}} {
		got, state := render(t, load(t, "fanvil-v.xml"), "V65", func(v *template.View) {
			v.Time = template.Time{Offset: c.offset, DST: true, DSTOffset: 30, DSTStart: template.Transition{Month: 10, Week: 1, Hour: 2}, DSTEnd: template.Transition{Month: 4, Week: 5, Weekday: 6, Hour: 24}}
		})
		if zone := got.Get("PHONE FEATURE MODULE/Time Zone"); zone != c.want || state.TimeZone != c.zone {
			t.Errorf("%s is %s, %s", c.zone, zone, state.TimeZone)
		}
		var rule []string
		for _, p := range []string{"Type", "Min Offset", "Start Mon", "Start Week", "Start Wday", "Start Hour", "End Mon", "End Week", "End Wday", "End Hour"} {
			rule = append(rule, got.Get("PHONE FEATURE MODULE/DST "+p))
		}
		if diff := cmp.Diff("2 30 10 1 0 2 4 5 6 23", strings.Join(rule, " ")); diff != "" {
			t.Error(diff)
		}
	}
}

// Bootstrap files are the same for every model of a dialect and hold no address
// but the shared one.
func TestBootstrapTellsNothing(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"fanvil-x.xml", "fanvil-v.xml", "fanvil-i.xml", "fanvil-w.xml", "fanvil-x-first.xml"} {
		tmpl := load(t, name)
		var first string
		for i := range tmpl.Models {
			m := &tmpl.Models[i]
			files := tmpl.Files(m, template.Bootstrap)
			if len(files) == 0 {
				t.Errorf("%s has no bootstrap file", m.Name)
			}
			for _, f := range files {
				v := template.Sample(tmpl, m)
				body, err := f.Append(nil, v)
				if err != nil {
					t.Fatal(err)
				}
				if first == "" {
					first = string(body)
				}
				if diff := cmp.Diff(first, string(body)); diff != "" {
					t.Errorf("%s differs: %s", f.Name(m, v.MAC), diff)
				}
				if strings.Contains(string(body), strings.TrimSuffix(v.Provisioning.Path, "/")) || strings.Contains(string(body), v.MAC) {
					t.Errorf("%s of %s tells of the phone", f.Pattern, m.Name)
				}
			}
		}
	}
}

// What a simulated phone asks for is what the templates offer.
func TestCommonFilesAgree(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"fanvil-x.xml", "fanvil-v.xml", "fanvil-i.xml", "fanvil-w.xml", "fanvil-x-first.xml"} {
		tmpl := load(t, name)
		for i := range tmpl.Models {
			m := &tmpl.Models[i]
			if knownModel(m.Name) != m.Name {
				t.Errorf("%s is not in the table of models", m.Name)
			}
			want := ""
			if common, ok := m.Vars["common"]; ok {
				want = common + ".cfg"
			}
			if got := commonFile(m.Name); got != want {
				t.Errorf("%s asks for %q, and the template offers %q", m.Name, got, want)
			}
			if want == "" || m.Name == "X2" {
				continue
			}
			if id, ok := path("/" + want); !ok || id.Model != "" && id.Model != m.Name {
				t.Errorf("%s is taken for %+v, %v; want %s", want, id, ok, m.Name)
			}
		}
	}
}

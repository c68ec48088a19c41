package snom

import (
	"io/fs"
	"strconv"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the zones of this Go, whatever the machine has

	"github.com/dialplane/dialplane/internal/template"
	"github.com/dialplane/dialplane/internal/vendors/settingsxml"
)

func templates(t *testing.T) []*template.Template {
	t.Helper()
	pack := Pack()
	load := func(name string) ([]byte, error) { return fs.ReadFile(pack.Templates, name) }
	names, err := fs.Glob(pack.Templates, "*.xml")
	if err != nil {
		t.Fatal(err)
	}
	var all []*template.Template
	for _, name := range names {
		src, err := load(name)
		if err != nil {
			t.Fatal(err)
		}
		tmpl, err := template.Parse(name, src, load, func(v string) bool { return v == "Snom" })
		if err != nil {
			t.Fatal(err)
		}
		if !tmpl.Abstract {
			all = append(all, tmpl)
		}
	}
	return all
}

// render returns the settings of the file that carries the configuration.
func render(t *testing.T, tmpl *template.Template, m *template.Model, v *template.View) map[string]string {
	t.Helper()
	all := make(map[string]string)
	for _, f := range tmpl.Files(m, template.Full) {
		body, err := f.Append(nil, v)
		if err != nil {
			t.Fatal(err)
		}
		c, err := settingsxml.Parse(f.Name(m, v.MAC), body)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range c.Settings() {
			all[s.Name] = s.Value
		}
	}
	return all
}

// TestModelsAreKnown proves that a template's models are spelled as the
// User-Agent's are, and that their keys can be told apart again.
func TestModelsAreKnown(t *testing.T) {
	t.Parallel()
	used := make(map[settingsxml.Layout]bool)
	for _, tmpl := range templates(t) {
		for i := range tmpl.Models {
			m := &tmpl.Models[i]
			if canonicalModel(strings.ToLower(m.Name)) != m.Name {
				t.Errorf("%s: the model %s is not among those that phones name", tmpl.Filename, m.Name)
			}
			if m.LineKeys == 0 {
				continue
			}
			v := template.Sample(tmpl, m)
			settings := render(t, tmpl, m, v)
			count, last := 0, 0
			for name := range settings {
				if n, ok := strings.CutPrefix(name, "fkey["); ok && strings.HasSuffix(n, "]") {
					number, err := strconv.Atoi(strings.TrimSuffix(n, "]"))
					if err != nil {
						t.Error(err)
					}
					count, last = count+1, max(last, number)
				}
			}
			l := settingsxml.LayoutOf(layouts, count, last)
			if l.Keys != m.LineKeys || l.Modules != m.Modules || l.ModuleKeys != m.ModuleKeys {
				t.Errorf("%s: the keys of the %s are taken for %+v", tmpl.Filename, m.Name, l)
			}
			used[l] = true
		}
	}
	for _, l := range layouts {
		if !used[l] {
			t.Errorf("no model has the layout %+v", l)
		}
		for _, other := range layouts {
			n, o := l.Keys+l.Modules*l.ModuleKeys, other.Keys+other.Modules*other.ModuleKeys
			if l != other && n == o && l.Gap == other.Gap {
				t.Errorf("%+v and %+v have the same numbers", l, other)
			}
		}
	}
}

func TestKeyNumbers(t *testing.T) {
	t.Parallel()
	// Of each model: the number of the first key of each module.
	want := map[string][3]int{
		"D315": {131, 149, 167}, "D345": {174, 192, 210}, "D375": {138, 156, 174}, "D335": {32, 50, 68},
		"715": {5, 23, 41}, "725": {18, 36, 54}, "D717": {3, 21, 39}, "D735": {32, 50, 68}, "D765": {16, 34, 52},
		"D785": {24, 42, 60}, "D865": {40, 100, 160},
	}
	for _, tmpl := range templates(t) {
		for i := range tmpl.Models {
			m := &tmpl.Models[i]
			numbers, ok := want[m.Name]
			if !ok {
				continue
			}
			delete(want, m.Name)
			v := template.Sample(tmpl, m)
			for j := range v.Keys {
				v.Keys[j].Kind, v.Keys[j].Label = "none", strconv.Itoa(v.Keys[j].Module)+"/"+strconv.Itoa(v.Keys[j].Slot)
			}
			settings := render(t, tmpl, m, v)
			for module, n := range numbers {
				if got, want := settings["fkey["+strconv.Itoa(n)+"].label"], strconv.Itoa(module+1)+"/1"; got != want {
					t.Errorf("%s: key %d is %q, want %q", m.Name, n, got, want)
				}
			}
		}
	}
	if len(want) > 0 {
		t.Errorf("no template has the models %v", want)
	}
}

// TestTimeZones proves that nearly every zone there is has an option, and that the
// number in Snom's code is the zone's offset in winter.
func TestTimeZones(t *testing.T) {
	t.Parallel()
	tmpl := templates(t)[0]
	options := tmpl.Profile.Lists["time_zones"].Options
	if len(options) < 590 {
		t.Errorf("%d zones, want all of the IANA's", len(options))
	}
	coded := 0
	for _, o := range options {
		loc, err := time.LoadLocation(o.Name)
		if err != nil {
			t.Errorf("%s: %v", o.Name, err)
			continue
		}
		if o.Value == o.Name {
			continue
		}
		coded++
		hours, err := strconv.ParseFloat(o.Value[strings.IndexAny(o.Value, "+-"):], 64)
		if err != nil {
			t.Errorf("%s: the code %s has no offset", o.Name, o.Value)
		}
		_, january := time.Date(2026, 1, 15, 0, 0, 0, 0, loc).Zone()
		_, july := time.Date(2026, 7, 15, 0, 0, 0, 0, loc).Zone()
		if winter := min(january, july); float64(winter) != hours*3600 {
			t.Errorf("%s is %d s east in winter, but its code is %s", o.Name, winter, o.Value)
		}
	}
	if coded < 150 {
		t.Errorf("%d zones have a code", coded)
	}
}

func TestClock(t *testing.T) {
	t.Parallel()
	tmpl := templates(t)[0]
	m := &tmpl.Models[0]
	sunday := func(month, week, hour int) template.Transition {
		return template.Transition{Month: month, Week: week, Weekday: 0, Hour: hour}
	}
	for name, tt := range map[string]struct {
		time        template.Time
		offset, dst string
	}{
		"Berlin": {template.Time{Offset: 60, DST: true, DSTOffset: 60, DSTStart: sunday(3, 5, 2), DSTEnd: sunday(10, 5, 3)},
			"3600", "3600 03.05.07 02:00:00 10.05.07 03:00:00"}, // the example of Snom's wiki
		"New York":  {template.Time{Offset: -300, DST: true, DSTOffset: 60, DSTStart: sunday(3, 2, 2), DSTEnd: sunday(11, 1, 2)}, "-18000", "3600 03.02.07 02:00:00 11.01.07 02:00:00"},
		"Lord Howe": {template.Time{Offset: 630, DST: true, DSTOffset: 30, DSTStart: sunday(10, 1, 2), DSTEnd: sunday(4, 1, 2)}, "37800", "1800 10.01.07 02:00:00 04.01.07 02:00:00"},
		"Cairo": {template.Time{Offset: 120, DST: true, DSTOffset: 60, DSTStart: template.Transition{Month: 4, Week: 5, Weekday: 5}, DSTEnd: template.Transition{Month: 10, Week: 5, Weekday: 4, Hour: 24}},
			"7200", "3600 04.05.05 00:00:00 10.05.04 23:59:59"},
		"Kathmandu": {template.Time{Offset: 345}, "20700", ""},
	} {
		v := template.Sample(tmpl, m)
		v.Time = tt.time
		settings := render(t, tmpl, m, v)
		if settings["utc_offset"] != tt.offset || settings["dst"] != tt.dst {
			t.Errorf("%s: utc_offset %q, dst %q; want %q, %q", name, settings["utc_offset"], settings["dst"], tt.offset, tt.dst)
		}
	}
}

func TestPolling(t *testing.T) {
	t.Parallel()
	tmpl := templates(t)[0]
	m := &tmpl.Models[0]
	for _, tt := range []struct {
		minutes, hour, minute int
		want                  map[string]string
	}{
		{1440, 1, 5, map[string]string{"mode": "random", "period": "86400", "time": "01:05", "time_rand_end": "01:15"}},
		{1440, 4, 55, map[string]string{"mode": "random", "period": "86400", "time": "04:55", "time_rand_end": "05:05"}},
		{2880, 23, 55, map[string]string{"mode": "random", "period": "172800", "time": "23:55", "time_rand_end": "23:59"}},
		{60, 3, 7, map[string]string{"mode": "rel", "period": "3600", "time": "", "time_rand_end": ""}},
	} {
		v := template.Sample(tmpl, m)
		v.Provisioning.PollMinutes, v.Provisioning.PollHour, v.Provisioning.PollMinute = tt.minutes, tt.hour, tt.minute
		settings := render(t, tmpl, m, v)
		for name, want := range tt.want {
			if got := settings["prov_polling_"+name]; got != want {
				t.Errorf("every %d minutes: prov_polling_%s is %q, want %q", tt.minutes, name, got, want)
			}
		}
	}
}

// TestAddresses looks at the ways to the registrar.
func TestAddresses(t *testing.T) {
	t.Parallel()
	tmpl := templates(t)[0]
	m := &tmpl.Models[0]
	for name, tt := range map[string]struct {
		change         func(*template.Account)
		host, outbound string
		srtp, savp     string
	}{
		"direct": {func(a *template.Account) { a.Transport.Value = "udp" },
			"pbx.example.com", "pbx.example.com:5070;transport=udp", "off", "off"},
		"direct by another name": {func(a *template.Account) { a.Transport.Value, a.Server = "tcp", "sip.example.com" },
			"pbx.example.com", "sip.example.com:5070;transport=tcp", "off", "off"},
		"proxy": {func(a *template.Account) {
			a.Transport.Value, a.Port, a.Outbound, a.OutboundHost, a.OutboundPort = "udp", 5060, true, "192.0.2.1", 5080
		}, "pbx.example.com", "192.0.2.1:5080;transport=udp", "off", "off"},
		"proxy and an odd port": {func(a *template.Account) {
			a.Transport.Value, a.Outbound, a.OutboundHost, a.OutboundPort = "udp", true, "192.0.2.1", 5080
		}, "pbx.example.com:5070", "192.0.2.1:5080;transport=udp", "off", "off"},
		"TLS": {func(a *template.Account) { a.Transport.Value, a.Port, a.TLS, a.SRTP = "tls", 5061, true, true },
			"pbx.example.com", "pbx.example.com:5061;transport=tls", "on", "mandatory"},
		"TLS by a proxy": {func(a *template.Account) {
			a.Transport.Value, a.Port, a.TLS, a.SRTP, a.Outbound, a.OutboundHost, a.OutboundPort = "tls", 5061, true, true, true, "192.0.2.1", 5061
		}, "pbx.example.com", "192.0.2.1:5061;transport=tls", "on", "mandatory"},
	} {
		v := template.Sample(tmpl, m)
		v.Accounts = v.Accounts[:1]
		a := &v.Accounts[0]
		a.Domain, a.Server, a.Port = "pbx.example.com", "pbx.example.com", 5070
		a.Outbound, a.OutboundHost, a.OutboundPort, a.TLS, a.SRTP = false, "", 0, false, false
		tt.change(a)
		settings := render(t, tmpl, m, v)
		for setting, want := range map[string]string{"user_host[1]": tt.host, "user_outbound[1]": tt.outbound, "user_srtp[1]": tt.srtp, "user_savp[1]": tt.savp} {
			if got := settings[setting]; got != want {
				t.Errorf("%s: %s is %q, want %q", name, setting, got, want)
			}
		}
	}
}

// TestKeyFunctions looks at what a key of each kind says to the phone.
func TestKeyFunctions(t *testing.T) {
	t.Parallel()
	tmpl := templates(t)[0]
	m := &tmpl.Models[0]
	for name, tt := range map[string]struct {
		key           template.Key
		want, context string
	}{
		"none":           {template.Key{Kind: "none", Type: template.Choice{Value: "none"}, Account: 1}, "none", "active"},
		"line":           {template.Key{Kind: "line", Type: template.Choice{Value: "line"}, Account: 2}, "line", "2"},
		"blf":            {template.Key{Kind: "blf", Type: template.Choice{Value: "blf"}, Account: 1, Value: "101", Pickup: "*8101"}, "blf 101|*8", "1"},
		"blf, no pickup": {template.Key{Kind: "blf", Type: template.Choice{Value: "blf"}, Account: 1, Value: "101"}, "blf 101", "1"},
		"speed dial":     {template.Key{Kind: "speed_dial", Type: template.Choice{Value: "speed"}, Account: 1, Value: "+4930123"}, "speed +4930123", "1"},
		"park":           {template.Key{Kind: "park", Type: template.Choice{Value: "orbit"}, Account: 1, Value: "701"}, "orbit 701", "1"},
		"dtmf":           {template.Key{Kind: "dtmf", Type: template.Choice{Value: "dtmf"}, Account: 1, Value: "*1#"}, "dtmf *1#", "active"},
		"url":            {template.Key{Kind: "url", Type: template.Choice{Value: "url"}, Account: 1, Value: "https://a.example/?a=1&b=<2>"}, "url https://a.example/?a=1&b=<2>", "active"},
	} {
		v := template.Sample(tmpl, m)
		tt.key.Index, tt.key.Slot = 1, 1
		v.Keys[0] = tt.key
		v.Features.PickupCode = "*8"
		settings := render(t, tmpl, m, v)
		if settings["fkey[0]"] != tt.want || settings["fkey[0].context"] != tt.context {
			t.Errorf("%s: %q in the context %q, want %q in %q", name, settings["fkey[0]"], settings["fkey[0].context"], tt.want, tt.context)
		}
	}
}

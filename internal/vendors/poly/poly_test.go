package poly

import (
	"bytes"
	"fmt"
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
	vendortest.Run(t, Pack(), vendortest.Lacks{
		"directory": "the phone asks for <mac>-directory.xml by itself; no parameter names it",
		"key label": "a line key shows its account's label; TestKeys looks at the others",
		"ntp2":      "tcpIpApp.sntp.address names one server",
		"pc vlan":   "no parameter tags the second port",
		"tone":      "progress tones are chord sets, for no country",
		"url key":   "no document says how a macro opens an address",

		"poly-soundpoint.xml: background": "each screen has parameters of its own",
		"poly-sip3.xml: background":       "as above",
	})
}

// rendered returns what a phone of the model reads of the sample that change has
// been at.
func rendered(t *testing.T, file, model string, change func(*template.View)) *vendor.Config {
	t.Helper()
	load := func(name string) ([]byte, error) { return fs.ReadFile(Pack().Templates, name) }
	src, err := load(file)
	if err != nil {
		t.Fatal(err)
	}
	tmpl, err := template.Parse(file, src, load, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range tmpl.Models {
		m := &tmpl.Models[i]
		if m.Name != model {
			continue
		}
		v := template.Sample(tmpl, m)
		change(v)
		all := new(vendor.Config)
		for _, f := range tmpl.Files(m, template.Full) {
			body, err := f.Append(nil, v)
			if err != nil {
				t.Fatal(err)
			}
			c, err := parse(f.Name(m, v.MAC), bytes.Clone(body))
			if err != nil {
				t.Fatal(err)
			}
			all.Merge(c)
		}
		return all
	}
	t.Fatalf("%s has no model %s", file, model)
	return nil
}

func TestKeys(t *testing.T) {
	t.Parallel()
	c := rendered(t, "poly-vvx.xml", "VVX450", func(v *template.View) {
		for i := range v.Keys {
			v.Keys[i] = template.Key{Index: i + 1, Module: v.Keys[i].Module, Slot: v.Keys[i].Slot, Kind: "none"}
		}
		set := func(n int, kind, value, label string, account int) {
			k := &v.Keys[n-1]
			k.Kind, k.Value, k.Label, k.Account = kind, value, label, account
			k.Type.Value = map[string]string{"line": "Line", "blf": "BLF", "park": "BLF", "speed_dial": "EFK", "dtmf": "EFK"}[kind]
		}
		set(1, "line", "", "", 1)
		set(2, "line", "", "", 1)
		set(3, "park", "701", "Lot", 1)
		set(5, "blf", "202", "Ada", 1)
		set(12, "speed_dial", "+4930", "Taxi & Co", 1)
		set(13, "dtmf", "*2#", "Door", 1)
	})
	want := []vendor.Key{
		{Slot: 1, Kind: "line", Account: 1}, {Slot: 2, Kind: "line", Account: 1},
		{Slot: 3, Kind: "park", Account: 1, Value: "701", Label: "Lot"},
		{Slot: 5, Kind: "blf", Account: 1, Value: "202", Label: "Ada"},
		{Slot: 12, Kind: "speed_dial", Account: 1, Value: "+4930", Label: "Taxi & Co"},
		{Module: 1, Slot: 1, Kind: "dtmf", Account: 1, Value: "*2#", Label: "Door"},
	}
	if diff := cmp.Diff(want, keys(c)); diff != "" {
		t.Error(diff)
	}
	for name, want := range map[string]string{
		"reg.1.lineKeys": "2", "reg.2.lineKeys": "1", "lineKey.4.category": "Unassigned",
		"call.directedCallPickupMethod": "legacy", "call.directedCallPickupString": "*8",
	} {
		if got := c.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

// TestNoKeys is a phone whose admin has given no key a function: it keeps its own.
func TestNoKeys(t *testing.T) {
	t.Parallel()
	c := rendered(t, "poly-vvx.xml", "VVX450", func(v *template.View) {
		for i := range v.Keys {
			v.Keys[i].Kind = "none"
		}
	})
	if got := c.Get("lineKey.reassignment.enabled"); got != "0" {
		t.Errorf("lineKey.reassignment.enabled is %q", got)
	}
	for _, s := range c.Settings() {
		if strings.HasPrefix(s.Name, "attendant.") || strings.HasPrefix(s.Name, "efk.") || strings.HasSuffix(s.Name, ".category") {
			t.Errorf("%s is set", s.Name)
		}
	}
}

// TestManyKeys is a phone with more extensions to watch than it can.
func TestManyKeys(t *testing.T) {
	t.Parallel()
	c := rendered(t, "poly-vvx.xml", "VVX601", func(v *template.View) {
		for i := range v.Keys {
			k := &v.Keys[i]
			k.Kind, k.Value, k.Label, k.Type.Value = "blf", fmt.Sprint(300+i), "x", "BLF"
		}
	})
	if got := keys(c); len(got) != 50 || got[49].Value != "349" {
		t.Errorf("the phone watches %d extensions", len(got))
	}
	if p := Pack().Parameters.Check("VVX601", c); len(p) > 0 {
		t.Errorf("the dictionary: %v", p)
	}
}

func TestRemovedAccounts(t *testing.T) {
	t.Parallel()
	c := rendered(t, "poly-vvx.xml", "VVX250", func(v *template.View) {
		v.SpareAccounts = []template.Spare{{Index: 3}, {Index: 4}}
		v.Accounts = v.Accounts[:2]
	})
	if got := understand(c).Accounts; len(got) != 2 {
		t.Errorf("the phone has %d accounts", len(got))
	}
	if value, ok := c.Lookup("reg.3.auth.password"); !ok || value != "" {
		t.Errorf("reg.3.auth.password is %q, %v", value, ok)
	}
}

func TestPolling(t *testing.T) {
	t.Parallel()
	for minutes, want := range map[int][2]string{
		5: {"rel", "3601"}, 60: {"rel", "3601"}, 90: {"rel", "5400"}, 1440: {"random", "86400"}, 2880: {"random", "172800"},
	} {
		c := rendered(t, "poly-vvx.xml", "VVX150", func(v *template.View) {
			v.Provisioning.PollMinutes, v.Provisioning.PollHour, v.Provisioning.PollMinute = minutes, 23, 55
		})
		if got := [2]string{c.Get("prov.polling.mode"), c.Get("prov.polling.period")}; got != want {
			t.Errorf("every %d minutes: %v, want %v", minutes, got, want)
		}
		if end := c.Get("prov.polling.timeRandomEnd"); want[0] == "random" && end != "23:59" {
			t.Errorf("the window ends at %q", end)
		}
	}
}

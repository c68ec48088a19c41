package yealink

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialplane/dialplane/internal/template"
	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/vendortest"
)

// dectLacks adds what bases and managers cannot be told.
func dectLacks(lacks vendortest.Lacks) vendortest.Lacks {
	for _, file := range []string{"yealink-w5x.xml", "yealink-w7x.xml", "yealink-w8x.xml"} {
		lacks[file+": pc vlan"] = "a base has one port"
		lacks[file+": ringtones"] = "handsets have their own"
		lacks[file+": background"] = "handsets have their own"
	}
	for _, file := range []string{"yealink-w5x.xml", "yealink-w7x.xml"} {
		lacks[file+": handset ipui"] = "handsets are registered by hand"
	}
	lacks["system number"] = "a manager and its bases have no number"
	lacks["system base itself"] = "a manager lists the others"
	lacks["system of others"] = "the manager finds them"
	lacks["settings of others"] = "see TestBaseOfSystem"
	return lacks
}

// TestBaseOfSystem is a base that a manager takes in: it has its logins, its network and
// its firmware, and nothing of members.
func TestBaseOfSystem(t *testing.T) {
	t.Parallel()
	tmpl := parsed(t, "yealink-w8x.xml")
	for _, name := range []string{"W75B", "W80B", "W90B"} {
		m := model(t, tmpl, name)
		v := template.SampleInSystem(tmpl, m, 2)
		_, c := render(t, tmpl, m, template.Full, v)
		for _, p := range Pack().Parameters.Check(m.Name, c) {
			t.Errorf("%s: %s", m.Name, p)
		}
		want := vendor.State{
			AdminPassword: v.Web.AdminPassword, UserPassword: v.Base.UserPassword,
			ProvisioningURL: v.Provisioning.URL, PollMinutes: v.Provisioning.PollMinutes, FirmwareURL: v.Update.URL,
			LLDP: true, WANVLAN: vendor.VLAN{ID: v.Network.WANVLAN.ID, Priority: v.Network.WANVLAN.Priority},
			Clock: understand(new(vendor.Config)).Clock,
		}
		if diff := cmp.Diff(want, understand(c)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		for _, s := range c.Settings() {
			if strings.HasPrefix(s.Name, "account.") || strings.HasPrefix(s.Name, "handset.") || strings.HasPrefix(s.Name, "station.") {
				t.Errorf("%s has %s", name, s.Name)
			}
		}
	}
}

// TestNameOfStation is a name that is longer than a manager takes.
func TestNameOfStation(t *testing.T) {
	t.Parallel()
	tmpl := parsed(t, "yealink-w8x.xml")
	m := model(t, tmpl, "W80DM")
	for name, want := range map[string]string{strings.Repeat("ü", 32): strings.Repeat("ü", 32), strings.Repeat("ü", 33): unset, "": unset} {
		v := template.SampleInSystem(tmpl, m, 1)
		v.System.Bases[1].Name = name
		_, c := render(t, tmpl, m, template.Full, v)
		if got := c.Get("station.allowed.1.name"); got != want {
			t.Errorf("%q is told as %q", name, got)
		}
	}
}

// TestStations looks at how a manager is told the clock of the radio: one base alone has
// the level 1, and no level is above 10.
func TestStations(t *testing.T) {
	t.Parallel()
	tmpl := parsed(t, "yealink-w8x.xml")
	m := model(t, tmpl, "W90DM")
	for name, c := range map[string]struct{ from, want []int }{
		"a chain from the manager":        {[]int{0, 1, 2, 3}, []int{1, 2, 3}},
		"a chain the other way":           {[]int{0, 3, 4, 1}, []int{3, 2, 1}},
		"two chains from the manager":     {[]int{0, 1, 2, 1, 4}, []int{1, 3, 2, 3}},
		"all follow the manager":          {[]int{0, 1, 1, 1}, []int{1, 2, 2}},
		"all follow a base":               {[]int{3, 3, 0, 3}, []int{2, 1, 2}},
		"a manager alone":                 {[]int{0}, nil},
		"the manager amid a chain":        {[]int{2, 0, 1, 3}, []int{1, 3, 4}},
		"a chain longer than the numbers": {[]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := template.SampleInSystem(tmpl, m, 1)
			v.System.Bases, v.System.SpareBases = nil, nil
			for i, from := range c.from {
				level := 1
				for at := from; at != 0; at = c.from[at-1] {
					level++
				}
				v.System.Bases = append(v.System.Bases, template.SystemBase{
					Index: i + 1, MAC: fmt.Sprintf("805ec00000%02x", i), Name: "Hall", Master: i == 0, SyncIndex: from, SyncLevel: level,
				})
			}
			_, config := render(t, tmpl, m, template.Full, v)
			var got []int
			for i := range c.want {
				got = append(got, reader{config}.number("station.allowed."+strconv.Itoa(i+1)+".sync.level"))
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

package template

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var updateZones = flag.Bool("update-zones", false, "work out the offsets in zones.txt anew")

// ruleYear is behind every change that the time zone database knows of, but for
// zones that follow the moon.
const ruleYear = 2037

func TestZones(t *testing.T) {
	t.Parallel()
	var all strings.Builder
	for i, z := range zones() {
		c, err := Clock(z.name, ruleYear)
		if err != nil {
			t.Errorf("%s: %v", z.name, err)
			continue
		}
		if i == 0 && z.name != "UTC" {
			t.Errorf("the first zone is %s, not UTC", z.name)
		}
		if c.Offset != z.offset && !*updateZones {
			t.Errorf("%s is %d minutes east of UTC, and zones.txt says %d; run the test with -update-zones", z.name, c.Offset, z.offset)
		}
		fmt.Fprintf(&all, "%s %d\n", z.name, c.Offset)
	}
	if *updateZones {
		if err := os.WriteFile("zones.txt", []byte(all.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(zones()); n < 500 {
		t.Errorf("zones.txt lists %d zones", n)
	}
}

func TestZonesByRule(t *testing.T) {
	t.Parallel()
	list := func(attributes string) (*List, error) {
		tmpl, err := parse1(head("t", "", oneModel, "<time_zones "+attributes+"/>", file("a", "full", "", "a={{.time_zone.value}}")))
		if err != nil {
			return nil, err
		}
		return tmpl.Profile.Lists["time_zones"], nil
	}
	all, err := list(`rules="30"`)
	if err != nil {
		t.Fatal(err)
	}
	some, err := list(`rules="30" except="Antarctica/Troll Australia/Lord_Howe"`)
	if err != nil {
		t.Fatal(err)
	}
	if len(some.Options) != len(all.Options)-2 {
		t.Errorf("%d zones without two, of %d", len(some.Options), len(all.Options))
	}
	for _, zone := range []string{"Antarctica/Troll", "Australia/Lord_Howe", "Asia/Kathmandu"} {
		if _, ok := some.Choose(zone); ok {
			t.Errorf("%s is offered", zone)
		}
	}
	for attributes, want := range map[string]string{
		`rules="20"`:               "rules is 1, 15, 30 or 60",
		`except="Europe/Berlin"`:   "rules, which is missing",
		`rules="1" except="TrolL"`: "except names TrolL, which is no IANA time zone",
	} {
		if _, err := list(attributes); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("<time_zones %s>: %v, want an error with %q", attributes, err, want)
		}
	}
}

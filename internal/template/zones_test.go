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

package akuvox

import (
	"strings"
	"testing"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/vendortest"
)

func TestPack(t *testing.T) {
	t.Parallel()
	vendortest.Run(t, Pack(), vendortest.Lacks{
		"ringtones":                  "no source says how a phone fetches several",
		"background":                 "no source names the parameter",
		"akuvox-door.xml: lldp":      "no source says that door phones have it",
		"akuvox-door.xml: vlan":      "no source says that door phones have it",
		"akuvox-door.xml: ntp2":      "no source says that door phones have it",
		"akuvox-door.xml: directory": "only some door phones have a screen",
	})
}

// TestPlaces: no name stands for two places, and all zones of one name have one clock,
// which the suite sees to.
func TestPlaces(t *testing.T) {
	t.Parallel()
	seen := make(map[string]string)
	for _, p := range places() {
		for _, name := range []string{p.label, p.zone[strings.LastIndexByte(p.zone, '/')+1:]} {
			if other := seen[name]; other != "" {
				t.Errorf("%s is %s and %s", name, other, p.zone)
			}
			seen[name] = p.zone
			if place(name) != p.zone {
				t.Errorf("%s is %q, want %s", name, place(name), p.zone)
			}
		}
	}
	if zone := place("Atlantis"); zone != "" {
		t.Errorf("Atlantis is %s", zone)
	}
}

func TestIdentify(t *testing.T) {
	t.Parallel()
	vendortest.Understands(t, userAgent, name, map[string]*vendor.Identity{
		"Akuvox R20B 220.30.2.28":                     {Model: "R20", Version: "220.30.2.28"},
		"Akuvox R29C 29.30.10.128":                    {Model: "R29", Version: "29.30.10.128"},
		"Akuvox E10R 10.30.1.1":                       {Model: "E10R", Version: "10.30.1.1"},
		"Akuvox E18 18.30.10.118":                     {Model: "E18", Version: "18.30.10.118"},
		"Akuvox SP-R50P 50.53.6.45 0C:11:05:0A:0B:0C": {Model: "SP-R50P", Version: "50.53.6.45", MAC: mac.MustParse("0c11050a0b0c")},
		"Akuvox SP-R63G 63.0.3.33 0c11050a0b0c":       {Model: "SP-R63G", Version: "63.0.3.33", MAC: mac.MustParse("0c11050a0b0c")},
	})
	vendortest.Strangers(t, userAgent, "", "Akuvox", "Akuvox R20B", " Akuvox R20B 220.30.2.28", "Akuvox R20B 220.30.2.28 x", "Akuvox R20B 220.30.2.28\n", "akuvox R20B 220.30.2.28", "Yealink SIP-T46S 66.86.0.15 80:5e:c0:00:00:00")
	if id, ok := path("/t/acme/0C11050A0B0C.cfg"); !ok || id.MAC != mac.MustParse("0c11050a0b0c") {
		t.Errorf("its own file is understood as %+v, %v", id, ok)
	}
	vendortest.Strangers(t, path, "", "/001565aabbcc.cfg", "/x0c11050a0b0c.cfg", "/0c11050a0b0c.xml", "/0c11050a0b.cfg")
}

func FuzzIdentify(f *testing.F) {
	f.Add("Akuvox SP-R50P 50.53.6.45 0C:11:05:0A:0B:0C")
	f.Add("/0c11050a0b0c.cfg")
	f.Fuzz(func(t *testing.T, s string) {
		if id, ok := userAgent(s); ok && (id.Model == "" || id.Version == "") {
			t.Errorf("%q is understood as %+v", s, id)
		}
		if id, ok := path(s); ok && id.MAC.IsZero() {
			t.Errorf("%q is understood as %+v", s, id)
		}
	})
}

func TestParse(t *testing.T) {
	t.Parallel()
	c, err := parse("a.cfg", []byte("; Conf\nConfig.Certificate.01.Url=\nConfig.Account1.GENERAL.Pwd = a;b#c\n"))
	if err != nil || c.Get("Config.Account1.GENERAL.Pwd") != "a;b#c" {
		t.Errorf("%v", err)
	}
	for _, body := range []string{"Config.A = 1", "Account1.GENERAL.Pwd = 1", "Config.A.B.C.D = 1", "Config..B = 1"} {
		if _, err := parse("a.cfg", []byte(body)); err == nil {
			t.Errorf("%q is accepted", body)
		}
	}
}

func TestDirectoryRefuses(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "<Book/>", "<Directory>", "x"} {
		if _, err := directory([]byte(body)); err == nil {
			t.Errorf("%q is accepted", body)
		}
	}
}

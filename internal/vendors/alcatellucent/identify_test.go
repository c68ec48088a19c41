package alcatellucent

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/vendortest"
)

func TestIdentifyObserved(t *testing.T) {
	t.Parallel()
	for _, o := range vendortest.Rows[struct{ UA, Model, Version string }](t, "testdata/user-agents.jsonl") {
		got, ok := userAgent(o.UA)
		want := vendor.Identity{Vendor: name, Model: o.Model, Version: o.Version}
		if diff := cmp.Diff(want, got); !ok || diff != "" {
			t.Errorf("%q: %v (-want +got):\n%s", o.UA, ok, diff)
		}
	}
}

func TestUserAgent(t *testing.T) {
	t.Parallel()
	addr := mac.MustParse("3c28a620089e")
	vendortest.Understands(t, userAgent, name, map[string]*vendor.Identity{
		"ALE M3-CE 2.11.01.1604 3c28a620089e":     {Model: "M3", Version: "2.11.01.1604", MAC: addr},
		"ALE M7-CE 2.13.38.000.2241":              {Model: "M7", Version: "2.13.38.000.2241"},
		"ALE 8028s-GE 1.51.52.2204 3C28A620089E":  {Model: "8028s-GE", Version: "1.51.52.2204", MAC: addr},
		"ALE H3P 1.20.13 3c28a620089e":            {Model: "H3P", Version: "1.20.13", MAC: addr},
		"Alcatel IP Touch 4028/2.01.20":           {Model: "4028", Version: "2.01.20"},
		"":                                        nil,
		"ALE":                                     nil,
		"ALE M3-CE":                               nil,
		"ALE M3-CE 2.11.01.1604 3c28a620089":      nil,
		"ALE M3-CE 2.11.01.1604 000000000000":     nil,
		"ALE M3-CE 2.11.01.1604 3c28a620089e\n":   nil,
		" ALE M3-CE 2.11.01.1604 3c28a620089e":    nil,
		"ale M3-CE 2.11.01.1604 3c28a620089e":     nil,
		"ALE M3-XX 2.11.01.1604 3c28a620089e":     nil,
		"ALE Z3 2.11.01.1604 3c28a620089e":        nil,
		"Alcatel IP Touch 4028/2.01.20 x":         nil,
		"Alcatel-Lucent 8082 2.01.20":             nil,
		"ALE M3-CE 2" + strings.Repeat(".1", 300): nil,
	})
}

func TestPath(t *testing.T) {
	t.Parallel()
	addr := mac.MustParse("3c28a620089e")
	vendortest.Understands(t, path, name, map[string]*vendor.Identity{
		"/config.3c28a620089e.xml":     {MAC: addr},
		"/p/s/config.3C28A620089E.xml": {MAC: addr},
		"/Config.3c28a620089e.XML":     {MAC: addr},
		"/sipconfig-3c28a620089e.txt":  {MAC: addr},
		"/config.M5.xml":               {Model: "M5"},
		"/config.m5-ce.xml":            {Model: "M5"},
		"/config.h3p.xml":              {Model: "H3P"},
		"/config.8028S-ge.xml":         {Model: "8028s-GE"},
		"/config.xml":                  nil,
		"/config.3c28a620089.xml":      nil,
		"/config.013c28a6200.xml":      nil,
		"/config.010000000000.xml":     nil, // multicast
		"/xconfig.3c28a620089e.xml":    nil,
		"/config.3c28a620089e.xml.old": nil,
		"/3c28a620089e.xml":            nil,
		"/config.local.xml":            nil,
		"/" + strings.Repeat("a", 300): nil,
		"":                             nil,
	})
}

func TestStrangersStayStrangers(t *testing.T) {
	t.Parallel()
	strangers := []string{
		"Yealink SIP-T46U 108.86.0.45 00:15:65:aa:bb:cc", "Grandstream GXP2170 1.0.11.84", "snom300/8.4.18", "Fanvil X3U 2.4.0 0c383ea1b2c3",
		"Aastra 6757i/2.6.0.2019", "Htek UC924E V3.0.4.5", "Panasonic_KX-UT113/01.133 (0080f0c8c381)", "Cisco-CP7942G/9.3.1",
		"/cfg000b82123456.xml", "/y000000000108.cfg", "/001565aabbcc.cfg", "/snom300-000413aabbcc.htm", "/SEP001122334455.cnf.xml", "/aastra.cfg",
	}
	vendortest.Strangers(t, userAgent, strangers...)
	vendortest.Strangers(t, path, strangers...)
}

func FuzzIdentify(f *testing.F) {
	for _, s := range []string{"ALE M3-CE 2.11.01.1604 3c28a620089e", "Alcatel IP Touch 4028/2.01.20", "/config.3c28a620089e.xml", "/config.8028s-GE.xml"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if id, ok := userAgent(s); ok && (id.Model == "" || !strings.HasPrefix(s, "AL") && !strings.HasPrefix(s, "Alcatel")) {
			t.Errorf("%q is taken for %+v", s, id)
		}
		if id, ok := path(s); ok && (id.Model == "") == id.MAC.IsZero() {
			t.Errorf("%q is taken for %+v", s, id)
		}
	})
}

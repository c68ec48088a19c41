package linksys

import (
	"strings"
	"testing"

	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/vendortest"
)

func TestPack(t *testing.T) {
	t.Parallel()
	vendortest.Run(t, Pack(), vendortest.Lacks{
		"account label":          "a line is labelled by its key",
		"dtmf key":               "no function of a key",
		"url key":                "no function of a key",
		"vlan priority":          "not configurable",
		"lldp":                   "not known to these firmwares",
		"semicolon in key label": "divides the fields of a key's function",
		"voicemail":              "one number for the whole phone, Voice_Mail_Number",
		"srtp":                   "a method of Sipura's own, not offered",
		"language":               "needs a dictionary file of the vendor's",
		"ringtones":              "no document says which parameter takes an address",
		"background":             "no document says which parameters select a picture",
		"line key on a module":   "a side-car has no lines",
		"linksys-ata.xml: vlan":  "not configurable",
	})
}

// row is a line of testdata/user-agents.jsonl. Some sources file Linksys's phones under
// Cisco, which sold them later.
type row struct {
	Kind, UA, Model, Version string
}

func TestIdentifiesEveryRowOfItsOwn(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, r := range vendortest.Rows[row](t, "testdata/user-agents.jsonl") {
		if r.Kind == "http-fragment" || r.Kind == "dhcp60" {
			continue
		}
		seen++
		if id, ok := userAgent(r.UA); !ok || id != (vendor.Identity{Vendor: name, Model: r.Model, Version: r.Version}) {
			t.Errorf("userAgent(%q) = %+v, %v", r.UA, id, ok)
		}
	}
	if seen != 3 {
		t.Errorf("%d rows were tried, want 3", seen)
	}
}

func TestUserAgents(t *testing.T) {
	t.Parallel()
	for ua, want := range map[string][2]string{
		"Linksys/PAP2T-5.1.6(LS)":                    {"PAP2T", "5.1.6(LS)"},
		"Linksys/SPA2102-5.2.12":                     {"SPA2102", "5.2.12"},
		"Sipura/SPA3000-3.1.10(GWd)":                 {"SPA3000", "3.1.10(GWd)"},
		"Linksys/SPA962-6.1.5(a) (x1)":               {},
		"Linksys/SPA962-6.1.5(a)(88019FA42805)":      {},
		"Linksys/SPA962":                             {},
		"xLinksys/SPA962-6.1.5(a)":                   {},
		"Linksys/SPA962-6.1.5(a)\n":                  {},
		"Cisco/SPA504G-7.5.2":                        {},
		"Linksys/WRT54G-1.0":                         {},
		"Linksys/SPA962-" + strings.Repeat("1", 300): {},
	} {
		id, ok := userAgent(ua)
		if got := [2]string{id.Model, id.Version}; got != want || ok != (want[0] != "") {
			t.Errorf("userAgent(%q) = %v, %v; want %v", ua, got, ok, want)
		}
	}
}

func TestPaths(t *testing.T) {
	t.Parallel()
	for p, want := range map[string][2]string{
		"/init.cfg":          {"PAP2T", ""},
		"/spa942.cfg":        {"SPA942", ""},
		"/x/SPA2102.cfg":     {"SPA2102", ""},
		"/000E08AABBCC.xml":  {"", "000e08aabbcc"},
		"/0014bfaabbcc.cfg":  {"", "0014bfaabbcc"},
		"/spa504G.cfg":       {},
		"/001565aabbcc.xml":  {},
		"/000e08aabbcc.boot": {},
		"/xinit.cfg":         {},
		"":                   {},
	} {
		id, ok := path(p)
		got := [2]string{id.Model, ""}
		if !id.MAC.IsZero() {
			got[1] = id.MAC.String()
		}
		if got != want || ok != (want != [2]string{}) {
			t.Errorf("path(%q) = %v, %v; want %v", p, got, ok, want)
		}
	}
}

func FuzzUserAgent(f *testing.F) {
	f.Add("Linksys/SPA-942-6.1.5(a) (88019FA42805)")
	f.Fuzz(func(t *testing.T, ua string) {
		if id, ok := userAgent(ua); !ok && id != (vendor.Identity{}) || len(id.Model) > 12 || len(id.Version) > 40 {
			t.Errorf("userAgent(%q) = %+v, %v", ua, id, ok)
		}
	})
}

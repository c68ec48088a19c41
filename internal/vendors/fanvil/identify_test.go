package fanvil

import (
	"strings"
	"testing"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/vendortest"
)

// row is one line of testdata/user-agents.jsonl: what a phone sent, and what is
// known of the sender.
type row struct{ Kind, UA, Path, Vendor, Model, Version, MAC string }

func TestCorpus(t *testing.T) {
	t.Parallel()
	own := 0
	for _, r := range vendortest.Rows[row](t, "testdata/user-agents.jsonl") {
		if r.Vendor != "Fanvil" {
			if id, ok := userAgent(r.UA); ok {
				t.Errorf("%s %q of %q is taken for %+v", r.Kind, r.UA, r.Vendor, id)
			}
			if id, ok := path(r.Path); ok {
				t.Errorf("%s %q of %q is taken for %+v", r.Kind, r.Path, r.Vendor, id)
			}
			continue
		}
		own++
		id, ok := userAgent(r.UA)
		if !ok {
			t.Errorf("%s %q is not recognised", r.Kind, r.UA)
			continue
		}
		// A fragment is a part of a User-Agent and the name of somebody's template,
		// in small letters; the table writes hyphens for blanks.
		want := strings.ReplaceAll(r.Model, " ", "-")
		if r.Kind == "http-fragment" {
			want = strings.ToUpper(want)
		}
		if id.Model != want || id.Version != r.Version || id.MAC.String() != defaultTo(r.MAC, mac.Addr{}.String()) {
			t.Errorf("%q is %+v, want model %q version %q MAC %q", r.UA, id, want, r.Version, r.MAC)
		}
		if r.Path != "" {
			if id, ok := path(r.Path); !ok || id.MAC.String() != r.MAC {
				t.Errorf("%q is %+v, %v", r.Path, id, ok)
			}
		}
	}
	if own < 8 {
		t.Errorf("the corpus has %d rows of Fanvil", own)
	}
}

func defaultTo(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func TestOUIs(t *testing.T) {
	t.Parallel()
	registry := vendor.NewRegistry(Pack())
	for _, r := range vendortest.Rows[struct{ OUI, Vendor string }](t, "testdata/oui_vendor.jsonl") {
		addr, err := mac.Parse(r.OUI + "000001")
		if err != nil {
			continue // a range that no phone can have
		}
		f, ok, err := registry.Identify(vendor.Evidence{Path: "/" + addr.String() + ".xml"})
		if err != nil || ok != (r.Vendor == "fanvil") {
			t.Errorf("%s of %s: %+v, %v, %v", r.OUI, r.Vendor, f, ok, err)
		}
	}
}

func TestVendorClass(t *testing.T) {
	t.Parallel()
	for class, model := range map[string]string{"Fanvil X3U": "X3U", "Fanvil i30": "i30", "": "", "Fanvil": "", "X3U": "", "Fanvil X4U 2.12.7.6": ""} {
		if id, ok := vendorClass(class); ok != (model != "") || ok && id.Model != model {
			t.Errorf("%q is %+v, %v; want %q", class, id, ok, model)
		}
	}
}

func TestUserAgent(t *testing.T) {
	t.Parallel()
	type want struct {
		model, version, mac string
	}
	for ua, w := range map[string]want{
		"Fanvil V65 2.12.2.4 0c383e38e123":        {"V65", "2.12.2.4", "0c383e38e123"},
		"Fanvil X4 2.10.2.6887 0C383E07E16C":      {"X4", "2.10.2.6887", "0c383e07e16c"},
		"Fanvil X6U Pro 0.0.10 0c383e2cd782":      {"X6U-Pro", "0.0.10", "0c383e2cd782"},
		"Fanvil X6U-Pro 0.0.10 0c383e2cd782":      {"X6U-Pro", "0.0.10", "0c383e2cd782"},
		"Fanvil V62 Pro 2.12.20 0c383e2cd782":     {"V62-Pro", "2.12.20", "0c383e2cd782"},
		"Fanvil V62Pro 2.12.20 0c383e2cd782":      {"V62-Pro", "2.12.20", "0c383e2cd782"},
		"Fanvil X6V2 1.12.2 0c383e2cd782":         {"X6-V2", "1.12.2", "0c383e2cd782"},
		"Fanvil X3SG PRO 2.4.12 0c383e2cd782":     {"X3SG-Pro", "2.4.12", "0c383e2cd782"},
		"Fanvil X3SG_Lite 2.4.12 0c383e2cd782":    {"X3SG-Lite", "2.4.12", "0c383e2cd782"},
		"Fanvil X210i-V2 2.12.1.3 0c383e2cd782":   {"X210i-V2", "2.12.1.3", "0c383e2cd782"},
		"Fanvil i10SV 2.12.10.1 0c383e2397f4":     {"i10SV", "2.12.10.1", "0c383e2397f4"},
		"Fanvil H2U-V2 2.12.0 0c383e32342e":       {"H2U-V2", "2.12.0", "0c383e32342e"},
		"Fanvil W611W 2.12.0 0c383e32342e":        {"W611W", "2.12.0", "0c383e32342e"},
		"Fanvil PA2S 1.6.3 0c383e32342e":          {"PA2S", "1.6.3", "0c383e32342e"},
		"Fanvil X4U 2.12.7.6":                     {"X4U", "2.12.7.6", ""},
		"Fanvil X3U":                              {"X3U", "", ""},
		"":                                        {},
		"Fanvil":                                  {},
		"Fanvil ":                                 {},
		"fanvil X4 2.10.2.6887 0c383e07e16c":      {},
		"curl/8.5.0 Fanvil X4 2.10.2.6887":        {},
		" Fanvil X4 2.10.2.6887":                  {},
		"Fanvil X4 2.10.2.6887 ":                  {},
		"Fanvil  X4 2.10.2.6887":                  {},
		"Fanvil X4 2.10.2.6887 0c383e07e16":       {},
		"Fanvil X4 2.10.2.6887 0c383e07e16c0":     {},
		"Fanvil X4 2.10.2.6887 000000000000":      {},
		"Fanvil X4 2.10.2.6887 01383e07e16c":      {},
		"Fanvil X5U-V2 2.12.1 0c3800000000)":      {},
		"Fanvil X4 2.10.2.6887 0c383e07e16c x":    {},
		"Fanvil X4 2 0c383e07e16c":                {},
		"Fanvil X4 2..1 0c383e07e16c":             {},
		"Fanvil X4\n2.10.2 0c383e07e16c":          {},
		"Fanvil 4 2.10.2 0c383e07e16c":            {},
		"Fanvil X4<script> 2.10.2 0c383e07e16c":   {},
		"Fanvil " + strings.Repeat("X", 1<<16):    {},
		"Fanvil X4" + strings.Repeat("-V2", 1000): {},
	} {
		id, ok := userAgent(ua)
		if ok != (w != want{}) {
			t.Errorf("%.60q is %+v, %v", ua, id, ok)
			continue
		}
		if ok && (id.Model != w.model || id.Version != w.version || id.MAC.String() != defaultTo(w.mac, mac.Addr{}.String()) || id.Vendor != "Fanvil") {
			t.Errorf("%q is %+v, want %+v", ua, id, w)
		}
	}
}

func TestPath(t *testing.T) {
	t.Parallel()
	const stranger = "stranger"
	for p, model := range map[string]string{
		"/F0V0V6500000.cfg":                        "V65",
		"/f0v0v6500000.CFG":                        "V65",
		"/a/b/F0VV61G00000.cfg":                    "V61G",
		"F0V00X600000.cfg":                         "X6",
		"F0000X600000.cfg":                         "X6-V2",
		"F0V5UV200000.cfg":                         "X5U-V2",
		"F0V0V6210000.cfg":                         "V62-Pro",
		"F0V0V66100000.cfg":                        "V66-Pro",
		"F0VV6200000.cfg":                          "V62",
		"F0VX21000000.cfg":                         "X210",
		"F0V610W00000.cfg":                         "W610W",
		"F0V10S00000.cfg":                          "i10S",
		"F0V00X200000.cfg":                         "",
		"F0V0Z9900000.cfg":                         "",
		"f0X3shw1.100.cfg":                         "X3S",
		"f0X3sghw1.100.cfg":                        "X3SG",
		"f0X4hw1.100.cfg":                          "X4",
		"fanvil_v67_hw1_1.txt":                     "V67",
		"fanvil_x210_v2_hwv2_0.txt":                "X210-V2",
		"fanvil_v66_pro_hwv1_0.txt":                "V66-Pro",
		"fanvil_i10sv_hw10.txt":                    "i10SV",
		"/y7/0c383e6b0d00.cfg":                     "",
		"00a859000001.cfg":                         "",
		"/805ec079c37f.cfg":                        stranger,
		"/0c383e6b0d00.xml":                        stranger,
		"/0c383e6b0d00.cfg/":                       stranger,
		"/0c383e6b0d0.cfg":                         stranger,
		"/F0V.cfg":                                 stranger,
		"/F0V0V6500000.xml":                        stranger,
		"/F0V0V6500000.cfg.bak":                    stranger,
		"/F0V0V65-0000.cfg":                        stranger,
		"/fanvil.txt":                              stranger,
		"/fanvil_v67_hw.txt":                       stranger,
		"/y000000000108.cfg":                       stranger,
		"/f0001565aabb.cfg":                        stranger,
		"":                                         stranger,
		"/" + strings.Repeat("F0V", 1000) + ".cfg": stranger,
	} {
		id, ok := path(p)
		if ok == (model == stranger) || ok && id.Model != model {
			t.Errorf("%.60q is %+v, %v; want model %q", p, id, ok, model)
		}
	}
}

func TestHTTPUserAgentIsUnderstood(t *testing.T) {
	t.Parallel()
	addr := mac.MustParse("0c383ea1b2c3")
	for _, name := range models {
		for _, firmware := range []string{"", "2.12.1"} {
			ua := httpUserAgent(vendor.Unit{MAC: addr, Model: name, Firmware: firmware})
			if id, ok := userAgent(ua); !ok || id.Model != name || id.MAC != addr || firmware != "" && id.Version != firmware {
				t.Errorf("%q is %+v, %v", ua, id, ok)
			}
		}
	}
}

func FuzzUserAgent(f *testing.F) {
	for _, r := range vendortest.Rows[row](f, "testdata/user-agents.jsonl") {
		if strings.HasPrefix(r.UA, "F") {
			f.Add(r.UA)
		}
	}
	f.Fuzz(func(t *testing.T, ua string) {
		id, ok := userAgent(ua)
		if !ok {
			return
		}
		if !strings.HasPrefix(ua, "Fanvil ") || id.Model == "" || strings.ContainsAny(id.Model, " _\r\n") {
			t.Errorf("%q is %+v", ua, id)
		}
		if again := model(id.Model); again != id.Model {
			t.Errorf("the model %q is respelled %q", id.Model, again)
		}
		if id.Version != "" && !strings.Contains(ua, id.Version) {
			t.Errorf("the version of %q is %q", ua, id.Version)
		}
	})
}

func FuzzPath(f *testing.F) {
	f.Add("/F0V0V6500000.cfg")
	f.Add("/fanvil_v67_hw1_1.txt")
	f.Add("/0c383e6b0d00.cfg")
	f.Fuzz(func(t *testing.T, p string) {
		if id, ok := path(p); ok && id.Model != "" && knownModel(id.Model) != id.Model {
			t.Errorf("%q is %+v", p, id)
		}
	})
}

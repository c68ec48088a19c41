package snom

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/vendortest"
)

// row is a line of testdata/user-agents.jsonl: what public sources say of the
// requests of phones of all vendors.
type row struct {
	Kind, UA, Path, Vendor, Model, Version, MAC string
}

func TestIdentifiesEveryRowOfItsOwn(t *testing.T) {
	t.Parallel()
	registry := vendor.NewRegistry(Pack())
	seen := 0
	for _, r := range vendortest.Rows[row](t, "testdata/user-agents.jsonl") {
		if r.Vendor != "Snom" {
			continue
		}
		seen++
		switch {
		case r.Kind == "http-fragment":
			// A text that a peer looks for within the User-Agent, such as
			// "snom820-SIP": no phone sends it alone.
			if _, ok := userAgent(r.UA); ok {
				t.Errorf("the fragment %q was taken for a User-Agent", r.UA)
			}
			whole := map[string]string{
				"snom820-SIP": "Mozilla/4.0 (compatible; snom820-SIP 8.4.35 1.1.4-IFX-26.11.09)",
				"snom-m3-SIP": "snom-m3-SIP/02.11//18-Aug-10 15:36",
			}[r.UA]
			if id, ok := userAgent(whole); !ok || id.Model != r.Model {
				t.Errorf("userAgent(%q) = %+v, %v; want model %s", whole, id, ok, r.Model)
			}
			continue
		case r.Path == "/desktop.ini":
			// Windows left this file in a peer's folder of templates.
			if _, ok := identifyPath(r.Path); ok {
				t.Errorf("%s was taken for a request of a phone", r.Path)
			}
			continue
		}
		want := vendor.Identity{Vendor: "Snom", Model: r.Model, Version: r.Version}
		if r.MAC != "" {
			want.MAC = mac.MustParse(r.MAC)
		}
		got, ok, err := registry.Identify(vendor.Evidence{UserAgent: r.UA, Path: r.Path})
		if !ok || err != nil {
			t.Errorf("Identify(%q, %q) = %v, %v", r.UA, r.Path, ok, err)
		}
		if diff := cmp.Diff(want, got.Identity); diff != "" {
			t.Errorf("Identify(%q, %q): (-want +got)\n%s", r.UA, r.Path, diff)
		}
	}
	if seen != 19 {
		t.Errorf("the fixtures have %d rows of Snom, want 19", seen)
	}
}

func TestKnowsNoStranger(t *testing.T) {
	t.Parallel()
	for _, r := range vendortest.Rows[row](t, "testdata/user-agents.jsonl") {
		if r.Vendor == "Snom" {
			continue
		}
		if id, ok := userAgent(r.UA); ok {
			t.Errorf("userAgent(%q) = %+v, but it is %s's", r.UA, id, r.Vendor)
		}
		if id, ok := identifyPath(r.Path); ok {
			t.Errorf("identifyPath(%q) = %+v, but it is %s's", r.Path, id, r.Vendor)
		}
	}
}

func TestUserAgents(t *testing.T) {
	t.Parallel()
	type want struct{ model, version, mac string }
	for ua, w := range map[string]want{
		"Mozilla/4.0 (compatible; snom lid 3605)":                                                                                 {},
		"Mozilla/4.0 (compatible; snom320-SIP 6.5.20; snom320 jffs2 v3.36; snom320 linux 3.38)":                                   {"320", "6.5.20", ""},
		"Mozilla/4.0 (compatible; snom710-SIP 8.7.5.35 1.1.5-IFX-05.01.12 000413741767)":                                          {"710", "8.7.5.35", "000413741767"},
		"Mozilla/4.0 (compatible; snomd785-SIP 10.1.33.33 2010.12-00004-g9ba52f5 000413922d24 SXM:0 UXM:12)":                      {"D785", "10.1.33.33", "000413922d24"},
		"Mozilla/4.0 (compatible; snomMP-SIP 8.7.4.7 1.1.5)":                                                                      {"MP", "8.7.4.7", ""},
		"Mozilla/4.0 (compatible; snomD999-SIP 10.1.1.1)":                                                                         {"D999", "10.1.1.1", ""},
		"Mozilla/4.0 (compatible; snom m9 9.1.43)":                                                                                {"M9", "9.1.43", ""},
		"Mozilla/4.0 (compatible; Snom M900 05.20.0001 000413b60680)":                                                             {"M900", "05.20.0001", "000413b60680"},
		"snomM700/03.23.0005 (MAC=0004136A1B2C; SER= 00000; HW=255)":                                                              {"M700", "03.23.0005", "0004136a1b2c"},
		"Mozilla/4.0 (compatible; snomD713-SIP 10.4.5.6 10.4.5-v10-rc2 (Mar 12 2025 - 10:11:12) 000413E59FB4 SXM:0 UXM:0 UXMC:0)": {"D713", "10.4.5.6", "000413e59fb4"},
		"snomD150/10.1.169.13 000413DF0354":                                                                                       {"D150", "10.1.169.13", "000413df0354"},
		"Mozilla/4.0 (compatible; snomD865-SIP 10.1.127.10 2018.03 01005E000001 SXM:0 UXM:0)":                                     {"D865", "10.1.127.10", ""}, // no phone has a multicast address
		"Mozilla/4.0 (compatible; snomD785-SIP 10.1.169.16 2010.12 (Feb 25 2019 - 14:19:43) SXM:0 UXM:0)":                         {"D785", "10.1.169.16", ""},
		"Mozilla/4.0 (compatible; snomD785-SIP 10.1.169.16 00041396D9B4 SXM:0 UXM:0)":                                             {"D785", "10.1.169.16", "00041396d9b4"},
		"Mozilla/4.0 (compatible; snomD785-SIP 10.1.169.16 00041396D9B4)":                                                         {"D785", "10.1.169.16", "00041396d9b4"},
	} {
		got, ok := userAgent(ua)
		if !ok {
			t.Errorf("userAgent(%q): not recognised", ua)
			continue
		}
		g := want{got.Model, got.Version, got.MAC.String()}
		if got.MAC.IsZero() {
			g.mac = ""
		}
		if g != w {
			t.Errorf("userAgent(%q) = %v, want %v", ua, g, w)
		}
	}
	vendortest.Strangers(t, userAgent,
		"", " ", "snom", "Snom", "Mozilla/4.0", "Mozilla/4.0 (compatible; )", "Mozilla/4.0 (compatible; snom)",
		"curl/8.5.0 Mozilla/4.0 (compatible; snom820-SIP 8.4.35 1.1.4)",
		"Mozilla/4.0 (compatible; snom820-SIP 8.4.35 1.1.4) curl/8.5.0",
		"Mozilla/4.0 (compatible; snom820-SIP 8.4.35 1.1.4",
		"Mozilla/4.0 (compatible; snom820-SIP 8.4.35 1.1.4)\n",
		"Mozilla/4.0 (compatible; snom820-SIP )",
		"Mozilla/4.0 (compatible; MSIE 8.0; snom820-SIP 8.4.35 1.1.4)",
		"Mozilla/5.0 (compatible; snom820-SIP 8.4.35 1.1.4)",
		"Mozilla/4.0 (compatible; snom820-SIP 8.4.35 a b c d e f g)",
		"Mozilla/4.0 (compatible; snom820-SIP 8.4.35 1.1.4 (x) (y))",
		"Mozilla/4.0 (compatible; snom820-SIP 8.4.35 1.1.4 <script>)",
		"Mozilla/4.0 (compatible; snomed-SIP)",
		"snomD785/10.1 000413", "snomD785-SIP", "snomD785/", "snomediumD785/10.1 x",
		"Snom D785 10.1", "GigasetP82x/10.1.1", "Mozilla/4.0 (compatible; GigasetP82x-SIP 10.1.1.1 2010.12 000413E20001 SXM:0 UXM:0)",
		"Mozilla/4.0 (compatible; snom820-SIP "+strings.Repeat("8.", 300)+"4)",
	)
}

func TestPaths(t *testing.T) {
	t.Parallel()
	type want struct{ model, mac string }
	for path, w := range map[string]want{
		"/snomD785.htm":              {"D785", ""},
		"/SNOMd785.HTM":              {"D785", ""},
		"/p/abc/snom725.htm":         {"725", ""},
		"/snomD725.htm":              {"725", ""},
		"/snomD785-000413922D24.htm": {"D785", "000413922d24"},
		"/snomd785-000413922d24.htm": {"D785", "000413922d24"},
		"snomD785-000413922D24.htm":  {"D785", "000413922d24"},
		"/snomD785-firmware.htm":     {"D785", ""},
		"/snomM900-000413B60680.htm": {"M900", "000413b60680"},
		"/000413123456.xml":          {"", "000413123456"},
		"/000413E59FB4.xml":          {"", "000413e59fb4"},
		"/prov/000413ABCDEF.htm":     {"", "000413abcdef"},
		"/phones-000413ABCDEF.xml":   {"", "000413abcdef"},
	} {
		got, ok := identifyPath(path)
		if !ok {
			t.Errorf("identifyPath(%q): not recognised", path)
			continue
		}
		g := want{got.Model, ""}
		if !got.MAC.IsZero() {
			g.mac = got.MAC.String()
		}
		if g != w {
			t.Errorf("identifyPath(%q) = %v, want %v", path, g, w)
		}
	}
	vendortest.Strangers(t, identifyPath,
		"", "/", "/snom.htm", "/snomD785", "/snomD785.cfg", "/snomD785.htm.bak", "/snomD785.htm/", "/snomD785-0004139.htm",
		"/snomD785-local.htm", "/xsnomD785.htm", "/001565aabbcc.xml", "/00041312345.xml", "/0004131234567.xml",
		"/GigasetP82x-000413E20001.htm", "/gigasetp82x-000413AA0001.htm", "/desktop.ini",
		"/snom"+strings.Repeat("D", 200)+".htm",
	)
}

func TestOUI(t *testing.T) {
	t.Parallel()
	registry := vendor.NewRegistry(Pack())
	for _, r := range vendortest.Rows[struct{ OUI, Vendor string }](t, "testdata/oui_vendor.jsonl") {
		if r.Vendor != "snom" {
			continue // Gigaset's, which has blocks of the same OUI
		}
		got, ok, err := registry.Identify(vendor.Evidence{Path: "/" + r.OUI + "123456.boot"})
		if !ok || err != nil || got.Vendor != "Snom" {
			t.Errorf("Identify(%s…) = %+v, %v, %v", r.OUI, got, ok, err)
		}
	}
}

// TestHTTPUserAgent proves that the simulated phones name themselves as real
// ones do.
func TestHTTPUserAgent(t *testing.T) {
	t.Parallel()
	for _, model := range []string{"D120", "725", "D785", "D865"} {
		u := vendor.Unit{MAC: mac.MustParse("000413aabbcc"), Model: model, Firmware: "10.1.33.33"}
		want := vendor.Identity{Vendor: "Snom", Model: model, Version: u.Firmware, MAC: u.MAC}
		if got, ok := userAgent(httpUserAgent(u)); !ok || got != want {
			t.Errorf("userAgent(httpUserAgent(%s)) = %+v, %v", model, got, ok)
		}
		u.Firmware = ""
		if got, ok := userAgent(httpUserAgent(u)); !ok || got.Version == "" {
			t.Errorf("without firmware: %+v, %v", got, ok)
		}
	}
}

func FuzzUserAgent(f *testing.F) {
	f.Add("Mozilla/4.0 (compatible; snomD785-SIP 10.1.169.16 2010.12-00001-gd311851f1 (Feb 25 2019 - 14:19:43) 00041396D9B4 SXM:0 UXM:0 UXMC:0)")
	f.Add("Mozilla/4.0 (compatible; snom320-SIP 6.5.20; snom320 jffs2 v3.36; snom320 linux 3.38)")
	f.Add("snomM700/03.23.0005 (MAC=0004136A1B2C; SER= 00000; HW=255)")
	f.Add("snom-m3-SIP/02.11//18-Aug-10 15:36")
	f.Fuzz(func(t *testing.T, ua string) {
		id, ok := userAgent(ua)
		if !ok {
			if id != (vendor.Identity{}) {
				t.Errorf("userAgent(%q) returns %+v for a stranger", ua, id)
			}
			return
		}
		for _, part := range []string{id.Model, id.Version} {
			if len(part) > 32 || strings.ContainsFunc(part, func(r rune) bool { return r <= ' ' || r > '~' }) {
				t.Errorf("userAgent(%q) gives %q", ua, part)
			}
		}
		if _, ok := userAgent(ua + "x"); ok && !strings.HasPrefix(ua, "snom") && !strings.HasPrefix(ua, "Snom ") {
			t.Errorf("userAgent(%q) has no end", ua)
		}
		if _, ok := userAgent("x" + ua); ok {
			t.Errorf("userAgent(%q) has no beginning", ua)
		}
	})
}

func TestVendorClass(t *testing.T) {
	t.Parallel()
	for class, model := range map[string]string{"snom320": "320", "snomD785": "D785", "snomd865": "D865"} {
		if id, ok := vendorClass(class); !ok || id.Vendor != "Snom" || id.Model != model {
			t.Errorf("%q: %+v, %v", class, id, ok)
		}
	}
	vendortest.Strangers(t, vendorClass, "", "snom", "snomD785 ", "xsnom320", "GigasetP82x", "yealink", "snom"+strings.Repeat("1", 99))
}

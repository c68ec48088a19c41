package gigaset

import (
	"strings"
	"testing"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/vendortest"
)

// TestCorpus reads what phones and bases are known to send; DHCP has its own
// evidence.
func TestCorpus(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, r := range vendortest.Rows[struct{ Kind, UA, Path, Model, Version, MAC string }](t, "testdata/user-agents.jsonl") {
		if r.Kind == "dhcp60" {
			continue
		}
		seen++
		id, ok := userAgent(r.UA)
		address, _ := mac.Parse(r.MAC) // may be missing
		if !ok || id.Vendor != name || id.Model != strings.ReplaceAll(r.Model, " ", "-") || id.Version != r.Version || id.MAC != address {
			t.Errorf("%s %q is understood as %+v, %v", r.Kind, r.UA, id, ok)
		}
	}
	if seen != 10 {
		t.Errorf("the corpus has %d rows", seen)
	}
}

func TestUserAgent(t *testing.T) {
	t.Parallel()
	vendortest.Understands(t, userAgent, name, map[string]*vendor.Identity{
		"Gigaset N870 IP PRO/83.V2.43.0+build.5f0a106;7C2F80D0E605;Handset=250": {Model: "N870-IP-PRO", Version: "83.V2.43.0", MAC: mac.MustParse("7c2f80d0e605")},
		"Gigaset N870 VI PRO/83.V2.43.0+build.5f0a106;7C2F80D0E605;Handset=0":   {Model: "N870-VI-PRO", Version: "83.V2.43.0", MAC: mac.MustParse("7c2f80d0e605")},
		"Gigaset N870E IP PRO/83.V2.43.0+build.5f0a106;7C2F80D0E605":            {Model: "N870E-IP-PRO", Version: "83.V2.43.0", MAC: mac.MustParse("7c2f80d0e605")},
		"Gigaset N610 IP PRO/83.V2.64.0-160-g758db0bf;589EC67C2479;Handset=20":  {Model: "N610-IP-PRO", Version: "83.V2.64.0", MAC: mac.MustParse("589ec67c2479")},
		"Gigaset N720 DM PRO/70.089.00.000.000;7C2F80CA21E4":                    {Model: "N720-DM-PRO", Version: "70.089.00.000.000", MAC: mac.MustParse("7c2f80ca21e4")},
		"C610 IP/42.238.00.000.000":                                             {Model: "C610-IP", Version: "42.238.00.000.000"},
		"Maxwell Basic/2.22.4;7C2F80E61AF4":                                     {Model: "Maxwell-Basic", Version: "2.22.4", MAC: mac.MustParse("7c2f80e61af4")},
		"Gigaset Maxwell 4/82.2.23.1":                                           {Model: "Maxwell-4-PRO", Version: "82.2.23.1"},
		"GigasetP825/10.1.37.16 000413E50001":                                   {Model: "P825", Version: "10.1.37.16", MAC: mac.MustParse("000413e50001")},
	})
	vendortest.Strangers(t, userAgent,
		"", "Gigaset", "Maxwell", "Maxwell 3 PRO", "Maxwell 3 PRO/", "Maxwell 5/1.0", "Maxwell 3 PRO/82.2.18.4-release;7C2F80", "Maxwell 3 PRO/82.2.18.4;7C2F80E61AF4;x",
		" N510 IP PRO/42.245.00.000.000", "N510 IP PRO/42.245.00.000.000 ", "N510/42.245.00.000.000", "XN510 IP PRO/42.245.00.000.000",
		"Mozilla/4.0 (compatible; snomD785-SIP 10.1.25.0)", "snomD785/10.1.25.0", "Gigaset P825/10.1", "GigasetP925/10.1", "GigasetP825/10.1\n",
		"Yealink SIP-T46S 66.86.0.15 80:5e:c0:00:00:00", "Gigaset N870 IP PRO/"+strings.Repeat("1", 300),
	)
}

func TestPath(t *testing.T) {
	t.Parallel()
	vendortest.Understands(t, path, name, map[string]*vendor.Identity{
		"/GigasetP82x.htm":                  {},
		"/desktop/GigasetP82x-firmware.htm": {},
		"/gigasetp850-000413E50001.HTM":     {Model: "P850", MAC: mac.MustParse("000413e50001")},
		"/t/acme/7C2F80E61AF4.xml":          {MAC: mac.MustParse("7c2f80e61af4")},
		"/589ec67c2479.xml":                 {MAC: mac.MustParse("589ec67c2479")},
		"/p/42/2/master.bin":                {Model: "N510-IP-PRO"},
		"42/1/version.bin":                  {},
	})
	vendortest.Strangers(t, path,
		"", "/", "/42/3/master.bin", "/142/2/master.bin", "/42/2/master.binx", "/provisioning.xml", "/000413e50001.xml", "/00acdce30001.xml", "/001565aabbcc.xml", "/7C2F80E61AF4.cfg", "/GigasetP82x", "/xGigasetP82x.htm",
		"/GigasetP82x-000413E5.htm", "/snomD785.htm", "/"+strings.Repeat("a", 80)+".xml",
	)
}

func FuzzIdentify(f *testing.F) {
	f.Add("Gigaset N870 IP PRO/83.V2.43.0+build.5f0a106;7C2F80D0E605;Handset=250")
	f.Add("Mozilla/4.0 (compatible; GigasetP820-SIP 10.1.1.0 000413E50000)")
	f.Add("/GigasetP82x-000413E50001.htm")
	f.Fuzz(func(t *testing.T, s string) {
		if id, ok := userAgent(s); ok && (id.Vendor != name || id.Model == "" || id.Version == "") {
			t.Errorf("%q is understood as %+v", s, id)
		}
		if id, ok := path(s); ok && id.Vendor != name {
			t.Errorf("%q is understood as %+v", s, id)
		}
	})
}

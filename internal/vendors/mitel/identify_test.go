package mitel

import (
	"strings"
	"testing"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/vendortest"
)

// TestCorpus reads what phones are known to send. A field that is null is not known.
func TestCorpus(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, r := range vendortest.Rows[struct{ Kind, UA, Path, Model, Version, MAC string }](t, "testdata/user-agents.jsonl") {
		if strings.Contains(r.Kind, "fragment") {
			continue
		}
		seen++
		id, ok := path(r.Path)
		if r.UA != "" {
			id, ok = userAgent(r.UA)
		}
		address, _ := mac.Parse(r.MAC) // one row has a made-up one
		if !ok || id.Vendor != name || id.Model != r.Model || id.Version != r.Version || id.MAC != address {
			t.Errorf("%s %q %q is understood as %+v, %v", r.Kind, r.UA, r.Path, id, ok)
		}
	}
	if seen != 37 {
		t.Errorf("the corpus has %d rows", seen)
	}
}

func TestUserAgent(t *testing.T) {
	t.Parallel()
	vendortest.Understands(t, userAgent, name, map[string]*vendor.Identity{
		"Aastra9480iCT MAC:00-08-5D-03-11-22 V:3.3.1.4365-SIP": {Model: "9480iCT", Version: "3.3.1.4365", MAC: mac.MustParse("00085d031122")},
		"Mitel6930w MAC:14-00-E9-00-00-01 V:8.2.0-SIP":         {Model: "6930w", Version: "8.2.0", MAC: mac.MustParse("1400e9000001")},
		"Aastra 6757iCT/2.6.0.2010":                            {Model: "6757iCT", Version: "2.6.0.2010"},
		"Mitel 6999/9.0.1":                                     {Model: "6999", Version: "9.0.1"},
		"Mitel-5330e-SIP-Phone 06.05.00.11 08000F010203":       {Model: "5330e", Version: "06.05.00.11", MAC: mac.MustParse("08000f010203")},
	})
	vendortest.Strangers(t, userAgent,
		"", "Aastra", "Mitel", "Mitel6940", "Aastra6731i MAC:00-08-5D-23-74-29", "Aastra6731i MAC:00-08-5D-23-74-29 V:2.6.0.2010",
		" Aastra6731i MAC:00-08-5D-23-74-29 V:2.6.0.2010-SIP", "Aastra6731i MAC:00-08-5D-23-74-29 V:2.6.0.2010-SIP ",
		"Aastra6731i MAC:00:08:5D:23:74:29 V:2.6.0.2010-SIP", "Aastra6731i MAC:00-08-5D-23-74 V:2.6.0.2010-SIP",
		"Aastra6731i MAC:00-08-5d-23-74-29 V:2.6.0.2010-SIP", "xAastra6731i MAC:00-08-5D-23-74-29 V:2.6.0.2010-SIP",
		"Aastra6731i MAC:00-08-5D-23-74-29 V:2-SIP", "Mitel Border GW/4.0.0.100-01", "Mitel-3300-ICP 11.0.0.95", "Mitel 6930/",
		"Yealink SIP-T46S 66.86.0.15 80:5e:c0:00:00:00", "Aastra6731i MAC:00-08-5D-23-74-29 V:2.6.0.2010-SIP\n",
		"Mitel-5320-SIP-Phone 06.05.00.11", "Aastra"+strings.Repeat("1", 200),
	)
}

func TestPath(t *testing.T) {
	t.Parallel()
	vendortest.Understands(t, path, name, map[string]*vendor.Identity{
		"/aastra.cfg": {}, "/t/acme/AASTRA.CFG": {}, "/MN_Generic.cfg": {},
		"/6867i.cfg": {Model: "6867i"}, "/57iCT.st": {Model: "57iCT"}, "/6920w.tuz": {Model: "6920w"},
		"/Aastra/00085D123456.cfg": {MAC: mac.MustParse("00085d123456")},
		"/1400e9123456.tuz":        {MAC: mac.MustParse("1400e9123456")},
		"/MN_08000F123456.cfg":     {MAC: mac.MustParse("08000f123456")},
	})
	vendortest.Strangers(t, path,
		"", "/", "/startup.cfg", "/001565aabbcc.cfg", "/00085d123456.xml", "/00085d123456-phone.cfg", "/6867i", "/6867i.cfg.bak", "/x6867i.cfg",
		"/aastra.cfg/x", "/MN_.cfg", "/"+strings.Repeat("0", 80)+".cfg", "/6999.cfg",
	)
}

func FuzzIdentify(f *testing.F) {
	f.Add("Aastra6731i MAC:00-08-5D-23-74-29 V:2.6.0.2010-SIP")
	f.Add("Mitel-5320-SIP-Phone 06.05.00.11 010203040506")
	f.Add("/00085d123456.cfg")
	f.Fuzz(func(t *testing.T, s string) {
		if id, ok := userAgent(s); ok && (id.Vendor != name || id.Model == "" || id.Version == "") {
			t.Errorf("%q is understood as %+v", s, id)
		}
		if id, ok := path(s); ok && id.Vendor != name {
			t.Errorf("%q is understood as %+v", s, id)
		}
	})
}

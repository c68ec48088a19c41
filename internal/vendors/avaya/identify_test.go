package avaya

import (
	"strings"
	"testing"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/vendortest"
)

func TestIdentifyObserved(t *testing.T) {
	t.Parallel()
	vendortest.Observed(t, Pack(), "testdata/user-agents.jsonl")
}

func TestUserAgent(t *testing.T) {
	t.Parallel()
	const browser = "Mozilla/4.0 (compatible; MSIE 6.0) "
	addr := mac.MustParse("c81fea83e85a")
	vendortest.Understands(t, userAgent, name, map[string]*vendor.Identity{
		browser + "AVAYA/J179-4.1.3.0.6 (MAC:c81fea83e85a)":   {Model: "J179", Version: "4.1.3.0.6", MAC: addr},
		"AVAYA/J129-4.0.7.1 (MAC:C81FEA83E85A)":               {Model: "J129", Version: "4.0.7.1", MAC: addr},
		"AVAYA/SIP12x0\x17/04.00.04.00":                       {Version: "04.00.04.00"},
		"AVAYA/SIP12x0\xff/04.01.13.00":                       {Version: "04.01.13.00"},
		"AVAYA/SIP12x0/04.01.13.00":                           nil,
		browser:                                               nil,
		browser + "AVAYA/J179-4.1.3.0.6":                      nil,
		browser + "AVAYA/J179-4.1.3.0.6 (MAC:c81fea83e8)":     nil,
		browser + "AVAYA/J179-4.1.3.0.6 (MAC:000000000000)":   nil,
		browser + "AVAYA/J179-4.1.3.0.6 (MAC:c81fea83e85a) x": nil,
		browser + "AVAYA/J179-4.1.3.0.6 (MAC:c81fea83e85a)\n": nil,
		"Mozilla/5.0 AVAYA/J179-4.1.3.0.6 (MAC:c81fea83e85a)": nil,
		"avaya/j179-4.1.3.0.6 (mac:c81fea83e85a)":             nil,
		"AVAYA/J179-4" + strings.Repeat(".1", 300):            nil,
	})
}

func TestPath(t *testing.T) {
	t.Parallel()
	addr := mac.MustParse("c81fea83e85a")
	vendortest.Understands(t, path, name, map[string]*vendor.Identity{
		"/J100Supgrade.txt":            {},
		"/p/46xxsettings.txt":          {},
		"/c81fea83e85a.txt":            {MAC: addr},
		"/p/s/C81FEA83E85A.cfg":        {MAC: addr},
		"/SIPC81FEA83E85A.cfg":         {MAC: addr},
		"/96x1Supgrade.txt":            nil,
		"/001565aabbcc.txt":            nil,
		"/c81fea83e85a.xml":            nil,
		"/xc81fea83e85a.txt":           nil,
		"/c81fea83e85a.txt.old":        nil,
		"/" + strings.Repeat("a", 300): nil,
		"":                             nil,
	})
}

func FuzzIdentify(f *testing.F) {
	for _, s := range []string{"Mozilla/4.0 (compatible; MSIE 6.0) AVAYA/J179-4.1.3.0.6 (MAC:c81fea83e85a)", "AVAYA/SIP12x0\xff/04.01.13.00", "/c81fea83e85a.txt", "/46xxsettings.txt"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if id, ok := userAgent(s); ok && (id.Version == "" || (id.Model == "") != id.MAC.IsZero()) {
			t.Errorf("%q is taken for %+v", s, id)
		}
		if id, ok := path(s); ok && id.Vendor != name {
			t.Errorf("%q is taken for %+v", s, id)
		}
	})
}

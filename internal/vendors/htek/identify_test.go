package htek

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
	addr := mac.MustParse("001fc11c22a9")
	vendortest.Understands(t, userAgent, name, map[string]*vendor.Identity{
		"Htek UC903 2.0.4.2 00:1f:c1:1c:22:a9":     {Model: "UC903", Version: "2.0.4.2", MAC: addr},
		"Htek UC926E 2.0.4.4.58 001FC11C22A9":      {Model: "UC926E", Version: "2.0.4.4.58", MAC: addr},
		"Htek UC924E V3.0.4.5":                     {Model: "UC924E", Version: "3.0.4.5"},
		"Htek":                                     nil,
		"Htek UC903":                               nil,
		"Htek UC903 2.0.4.2 00:1f:c1:1c:22":        nil,
		"Htek UC903 2.0.4.2 00:00:00:00:00:00":     nil,
		"Htek UC903 2.0.4.2 00:1f:c1:1c:22:a9\n":   nil,
		" Htek UC903 2.0.4.2":                      nil,
		"htek uc903 2.0.4.2":                       nil,
		"Htek XX903 2.0.4.2":                       nil,
		"Mozilla/5.0 Htek UC903 2.0.4.2":           nil,
		"Htek UC903 2" + strings.Repeat(".1", 300): nil,
	})
}

func TestPath(t *testing.T) {
	t.Parallel()
	addr := mac.MustParse("001fc1123456")
	vendortest.Understands(t, path, name, map[string]*vendor.Identity{
		"/cfg001fc1123456.xml":         {MAC: addr},
		"/p/s/CFG001FC1123456":         {MAC: addr},
		"/cfg001fc1123456.bin":         {MAC: addr},
		"/001fc1123456.cfg":            {MAC: addr},
		"/cfg0010.xml":                 {},
		"/cfg0011.xml":                 nil,
		"/cfg000b82123456.xml":         nil, // Grandstream's
		"/001565aabbcc.cfg":            nil,
		"/cfg.xml":                     nil,
		"/xcfg001fc1123456.xml":        nil,
		"/cfg001fc1123456.xml.old":     nil,
		"/cfg001fc112345.xml":          nil,
		"/phonebook.xml":               nil,
		"/y000000000108.cfg":           nil,
		"/" + strings.Repeat("a", 300): nil,
		"":                             nil,
	})
}

func FuzzIdentify(f *testing.F) {
	for _, s := range []string{"Htek UC903 2.0.4.2 00:1f:c1:1c:22:a9", "Htek UC924E V3.0.4.5", "/cfg001fc1123456.xml", "/cfg0010.xml"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if id, ok := userAgent(s); ok && (id.Model == "" || !strings.HasPrefix(s, "Htek UC")) {
			t.Errorf("%q is taken for %+v", s, id)
		}
		if id, ok := path(s); ok && !id.MAC.IsZero() && id.MAC.OUI() != oui {
			t.Errorf("%q is taken for %+v", s, id)
		}
	})
}

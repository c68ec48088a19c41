package htek

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
)

func TestIdentifyObserved(t *testing.T) {
	t.Parallel()
	rows, err := os.ReadFile("testdata/user-agents.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	registry := vendor.NewRegistry(Pack())
	for row := range bytes.Lines(rows) {
		var o struct {
			UA, Path, Model, Version string
			MAC                      mac.Addr
		}
		if err := json.Unmarshal(row, &o); err != nil {
			t.Fatal(err)
		}
		got, ok, err := registry.Identify(vendor.Evidence{UserAgent: o.UA, Path: o.Path})
		want := vendor.Identity{Vendor: name, Model: o.Model, Version: o.Version, MAC: o.MAC}
		if diff := cmp.Diff(want, got.Identity); !ok || err != nil || diff != "" {
			t.Errorf("%q %q: %v %v (-want +got):\n%s", o.UA, o.Path, ok, err, diff)
		}
	}
}

func TestUserAgent(t *testing.T) {
	t.Parallel()
	addr := mac.MustParse("001fc11c22a9")
	for ua, want := range map[string]vendor.Identity{
		"Htek UC903 2.0.4.2 00:1f:c1:1c:22:a9":     {Model: "UC903", Version: "2.0.4.2", MAC: addr},
		"Htek UC926E 2.0.4.4.58 001FC11C22A9":      {Model: "UC926E", Version: "2.0.4.4.58", MAC: addr},
		"Htek UC924E V3.0.4.5":                     {Model: "UC924E", Version: "3.0.4.5"},
		"Htek":                                     {},
		"Htek UC903":                               {},
		"Htek UC903 2.0.4.2 00:1f:c1:1c:22":        {},
		"Htek UC903 2.0.4.2 00:00:00:00:00:00":     {},
		"Htek UC903 2.0.4.2 00:1f:c1:1c:22:a9\n":   {},
		" Htek UC903 2.0.4.2":                      {},
		"htek uc903 2.0.4.2":                       {},
		"Htek XX903 2.0.4.2":                       {},
		"Mozilla/5.0 Htek UC903 2.0.4.2":           {},
		"Htek UC903 2" + strings.Repeat(".1", 300): {},
	} {
		got, ok := userAgent(ua)
		if ok != (want.Model != "") {
			t.Errorf("%q: understood is %v", ua, ok)
		}
		if !ok {
			continue
		}
		want.Vendor = name
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", ua, diff)
		}
	}
}

func TestPath(t *testing.T) {
	t.Parallel()
	addr := mac.MustParse("001fc1123456")
	for p, want := range map[string]*vendor.Identity{
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
	} {
		got, ok := path(p)
		if ok != (want != nil) {
			t.Errorf("%q: understood is %v", p, ok)
		}
		if want == nil || !ok {
			continue
		}
		want.Vendor = name
		if diff := cmp.Diff(*want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", p, diff)
		}
	}
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

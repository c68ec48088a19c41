package sangoma

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
		evidence := vendor.Evidence{UserAgent: o.UA, Path: o.Path}
		got, ok, err := registry.Identify(evidence)
		want := vendor.Identity{Vendor: name, Model: o.Model, Version: o.Version, MAC: o.MAC}
		if diff := cmp.Diff(want, got.Identity); !ok || err != nil || diff != "" {
			t.Errorf("%q %q: %v %v (-want +got):\n%s", o.UA, o.Path, ok, err, diff)
		}
	}
}

func TestUserAgent(t *testing.T) {
	t.Parallel()
	addr := mac.MustParse("000fd3d0b030")
	for ua, want := range map[string]vendor.Identity{
		"Sangoma P330/4.5.3":                       {Model: "P330", Version: "4.5.3"},
		"Sangoma P330 4_27_8 000FD3D0B030":         {Model: "P330", Version: "4.27.8", MAC: addr},
		"Digium D60 2_7_0":                         {},
		"Sangoma S500 V3.0.4.65 00:0f:d3:d0:b0:30": {Model: "S500", Version: "3.0.4.65", MAC: addr},
		"Sangoma":                                    {},
		"Sangoma P330":                               {},
		"Sangoma P330/4":                             {},
		"Sangoma P330/4.5.3 000FD3D0B0":              {},
		"Sangoma P330/4.5.3 000000000000":            {},
		"Sangoma P330/4.5.3\n":                       {},
		" Sangoma P330/4.5.3":                        {},
		"sangoma p330/4.5.3":                         {},
		"Sangoma Q330/4.5.3":                         {},
		"Mozilla/5.0 Sangoma P330/4.5.3":             {},
		"Sangoma P330/4" + strings.Repeat(".1", 300): {},
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
	for p, known := range map[string]bool{
		"/000fd3123456.cfg":            true,
		"/p/s/000FD3123456.CFG":        true,
		"/Digium/000fd3123456.cfg":     true,
		"/cfg000fd3123456.xml":         true,
		"/000fd3123456-contacts.xml":   true,
		"/000fd3123456-smartblf.cfg":   true,
		"/cfg005058123456.xml":         true,
		"/000000000000.cfg":            false, // Polycom's phones ask for it too
		"/001565aabbcc.cfg":            false,
		"/cfg000b82123456.xml":         false,
		"/000fd3123456-local.cfg":      false,
		"/x000fd3123456.cfg":           false,
		"/000fd3123456.cfg.old":        false,
		"/" + strings.Repeat("a", 300): false,
		"":                             false,
	} {
		if id, ok := path(p); ok != known || ok && (id.Vendor != name || id.MAC.IsZero()) {
			t.Errorf("%q is understood as %+v, %v", p, id, ok)
		}
	}
}

func FuzzIdentify(f *testing.F) {
	for _, s := range []string{"Sangoma P330/4.5.3", "Digium D60 2_7_0", "Sangoma P330 4_27_8 000FD3D0B030", "/000fd3123456-contacts.xml"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if id, ok := userAgent(s); ok && (id.Model == "" || strings.HasPrefix(id.Model, "D")) {
			t.Errorf("%q is taken for %+v", s, id)
		}
		if id, ok := path(s); ok && id.MAC.OUI() != "000fd3" && id.MAC.OUI() != "005058" {
			t.Errorf("%q is taken for %+v", s, id)
		}
	})
}

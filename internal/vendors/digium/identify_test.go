package digium

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
			Kind, UA, Path, Model, Version string
			MAC                            mac.Addr
		}
		if err := json.Unmarshal(row, &o); err != nil {
			t.Fatal(err)
		}
		evidence := vendor.Evidence{UserAgent: o.UA, Path: o.Path}
		if o.Kind == "dhcp60" {
			evidence = vendor.Evidence{VendorClass: o.UA}
		}
		got, ok, err := registry.Identify(evidence)
		want := vendor.Identity{Vendor: name, Model: o.Model, Version: o.Version, MAC: o.MAC}
		if diff := cmp.Diff(want, got.Identity); !ok || err != nil || diff != "" {
			t.Errorf("%q %q: %v %v (-want +got):\n%s", o.UA, o.Path, ok, err, diff)
		}
	}
}

func TestUserAgent(t *testing.T) {
	t.Parallel()
	for ua, want := range map[string]vendor.Identity{
		"Digium D60 2_7_0":                {Vendor: name, Model: "D60", Version: "2.7.0"},
		"Sangoma D65 2_9_22 000FD3D0B030": {Vendor: name, Model: "D65", Version: "2.9.22", MAC: mac.MustParse("000fd3d0b030")},
		"Digium D60":                      {},
		"Digium D60 2":                    {},
		"digium D60 2_7_0":                {},
		"Digium D60 2_7_0 ":               {},
		"Digium D60 2_7_0 000000000000":   {},
		"Sangoma P330/4.5.3":              {},
		"":                                {},
	} {
		got, ok := userAgent(ua)
		if ok != (want.Model != "") {
			t.Errorf("%q: understood is %v", ua, ok)
		} else if diff := cmp.Diff(want, got); ok && diff != "" {
			t.Errorf("%q (-want +got):\n%s", ua, diff)
		}
	}
}

func TestVendorClass(t *testing.T) {
	t.Parallel()
	for text, known := range map[string]bool{
		"digium_D70_1_0_5_46476": true,
		"digium_D70":             false,
		"digium_D70_1":           false,
		"digium_T70_1_0":         false,
		"digium_D70_1_0 ":        false,
		"xdigium_D70_1_0":        false,
		"digium_D70_" + strings.Repeat("1", 300) + "_0": false,
		"": false,
	} {
		if id, ok := vendorClass(text); ok != known || ok && (id.Model != "D70" || id.Version != "1.0.5.46476") {
			t.Errorf("%q is understood as %+v, %v", text, id, ok)
		}
	}
}

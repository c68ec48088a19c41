package obihai

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialplane/dialplane/internal/vendors"
)

// observation is a row of testdata: what a device sent, and what it is.
type observation struct {
	UA, Model, Version string
}

func observations(t testing.TB) []observation {
	t.Helper()
	const file = "testdata/user-agents.jsonl"
	rows, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var all []observation
	for row := range bytes.Lines(rows) {
		var o observation
		if err := json.Unmarshal(row, &o); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all = append(all, o)
	}
	if len(all) == 0 {
		t.Fatalf("%s holds nothing", file)
	}
	return all
}

func TestIdentifyObserved(t *testing.T) {
	t.Parallel()
	registry := vendor.NewRegistry(Pack())
	for _, o := range observations(t) {
		got, ok, err := registry.Identify(vendor.Evidence{UserAgent: o.UA})
		want := vendor.Identity{Vendor: name, Model: o.Model, Version: o.Version}
		if diff := cmp.Diff(want, got.Identity); !ok || err != nil || diff != "" {
			t.Errorf("%q: %v, %v (-want +got)\n%s", o.UA, ok, err, diff)
		}
	}
}

func TestUserAgent(t *testing.T) {
	t.Parallel()
	for ua, want := range map[string]vendor.Identity{
		"OBIHAI/OBi202-3.2.2.5921":   {Vendor: name, Model: "OBi202", Version: "3.2.2.5921"},
		"OBIHAI/OBi1062-5.1.11.4858": {Vendor: name, Model: "OBi1062", Version: "5.1.11.4858"},
	} {
		if got, ok := userAgent(ua); !ok || got != want {
			t.Errorf("userAgent(%q) = %+v, %v", ua, got, ok)
		}
	}
	for _, ua := range []string{
		"", "OBIHAI", "OBIHAI/", "OBIHAI/OBi202", "OBIHAI/OBi202-", "OBIHAI/OBi202-3", "OBIHAI/OBi202-3.2.", "OBi202-3.2.2.5921",
		"obihai/OBi202-3.2.2.5921", "x OBIHAI/OBi202-3.2.2.5921", "OBIHAI/OBi202-3.2.2.5921 x", "OBIHAI/OBi202-3.2.2.5921\n",
		"OBIHAI/SPA112-1.4.1", "OBIHAI/OBi202-" + strings.Repeat("1.", 100) + "1",
	} {
		if id, ok := userAgent(ua); ok || id != (vendor.Identity{}) {
			t.Errorf("userAgent(%q) = %+v, %v", ua, id, ok)
		}
	}
}

func TestPath(t *testing.T) {
	t.Parallel()
	for p, want := range map[string]string{
		"/OBi202.xml": "OBi202 000000000000", "/x/obi1062.XML": "OBi1062 000000000000", "/9CADEFA1B2C3.xml": " 9cadefa1b2c3",
	} {
		if id, ok := path(p); !ok || id.Vendor != name || id.Model+" "+id.MAC.String() != want {
			t.Errorf("path(%q) = %+v, %v", p, id, ok)
		}
	}
	for _, p := range []string{"", "/", "/obi.xml", "/obi202.cfg", "/x-obi202.xml", "/0004f2a1b2c3.xml", "/9cadefa1b2.xml", "/9cadefa1b2c3.xml.bak", "/9cadefa1b2c3.xml/"} {
		if id, ok := path(p); ok {
			t.Errorf("path(%q) = %+v", p, id)
		}
	}
}

func FuzzUserAgent(f *testing.F) {
	for _, o := range observations(f) {
		f.Add(o.UA)
	}
	f.Fuzz(func(t *testing.T, ua string) {
		if id, ok := userAgent(ua); ok && (ua != "OBIHAI/"+id.Model+"-"+id.Version || len(ua) > maxName) {
			t.Errorf("userAgent(%q) = %+v", ua, id)
		}
	})
}

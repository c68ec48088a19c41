package escene

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
			UA, Path string
			MAC      mac.Addr
		}
		if err := json.Unmarshal(row, &o); err != nil {
			t.Fatal(err)
		}
		got, ok, err := registry.Identify(vendor.Evidence{UserAgent: o.UA, Path: o.Path})
		if diff := cmp.Diff(vendor.Identity{Vendor: name, MAC: o.MAC}, got.Identity); !ok || err != nil || diff != "" {
			t.Errorf("%q %q: %v %v (-want +got):\n%s", o.UA, o.Path, ok, err, diff)
		}
	}
}

func TestUserAgent(t *testing.T) {
	t.Parallel()
	for ua, want := range map[string]vendor.Identity{
		"ES320VN2 v4.0.2":                      {Vendor: name, Model: "ES320", Version: "4.0.2"},
		"ES206 v1.0":                           {Vendor: name, Model: "ES206", Version: "1.0"},
		"ES620 v2.2.3 SIP":                     {Vendor: name, Model: "ES620", Version: "2.2.3"},
		"":                                     {},
		"ES620":                                {},
		"ES620 v2":                             {},
		"es620 v2.2":                           {},
		"ES62 v2.2":                            {},
		" ES620 v2.2":                          {},
		"ES620 v2.2\n":                         {},
		"ES620 v2.2 \x00":                      {},
		"Mozilla/5.0 ES620 v2.2":               {},
		"ES620 v2" + strings.Repeat(".2", 200): {},
	} {
		got, ok := userAgent(ua)
		if ok != (want.Model != "") {
			t.Errorf("%q: understood is %v", ua, ok)
		} else if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", ua, diff)
		}
	}
}

func TestPath(t *testing.T) {
	t.Parallel()
	for p, known := range map[string]bool{
		"/00268b123456.xml":           true,
		"/p/s/00268B123456.XML":       true,
		"/00268b123456_Extern.xml":    true,
		"/002622123456_Phonebook.xml": true,
		"/002622123456.xml":           false, // others ask for such a file too
		"/00268b123456.cfg":           false,
		"/00268b123456_Other.xml":     false,
		"/x00268b123456.xml":          false,
		"/00268b123456.xml.old":       false,
		"/000000000000_Extern.xml":    false,
		"":                            false,
	} {
		if id, ok := path(p); ok != known || ok && (id.Vendor != name || id.MAC.IsZero()) {
			t.Errorf("%q is understood as %+v, %v", p, id, ok)
		}
	}
}

func FuzzIdentify(f *testing.F) {
	for _, s := range []string{"ES320VN2 v4.0.2", "ES206 v1.0 x", "/00268b123456.xml", "/002622123456_Extern.xml"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if id, ok := userAgent(s); ok && !strings.HasPrefix(s, id.Model) {
			t.Errorf("%q is taken for %+v", s, id)
		}
		if id, ok := path(s); ok && !strings.Contains(strings.ToLower(s), id.MAC.String()) {
			t.Errorf("%q is taken for %+v", s, id)
		}
	})
}

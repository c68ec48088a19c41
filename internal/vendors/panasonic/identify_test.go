package panasonic

import (
	"strings"
	"testing"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/vendortest"
)

// The rows' models are the folders of another server's templates: ut136.
func TestIdentifyObserved(t *testing.T) {
	t.Parallel()
	registry := vendor.NewRegistry(Pack())
	for _, o := range vendortest.Rows[struct {
		Path, Model string
		MAC         mac.Addr
	}](t, "testdata/user-agents.jsonl") {
		got, ok, err := registry.Identify(vendor.Evidence{Path: o.Path})
		if !ok || err != nil || got.Vendor != name || !strings.EqualFold(strings.TrimPrefix(got.Model, "KX-"), o.Model) || got.MAC != o.MAC {
			t.Errorf("%q: %+v, %v, %v", o.Path, got, ok, err)
		}
	}
}

func TestUserAgent(t *testing.T) {
	t.Parallel()
	addr := mac.MustParse("0080f0c8c381")
	vendortest.Understands(t, userAgent, name, map[string]*vendor.Identity{
		"Panasonic_KX-UT113/01.133 (0080f0c8c381)":        {Model: "KX-UT113", Version: "01.133", MAC: addr},
		"Panasonic-KX-TGP600RU/01.061 (0080F0C8C381)":     {Model: "KX-TGP600", Version: "01.061", MAC: addr},
		"Panasonic_KX-HDV130NB/08.001 (0080f0c8c381)":     {Model: "KX-HDV130", Version: "08.001", MAC: addr},
		"Panasonic_KX-HDV130":                             nil,
		"Panasonic_KX-HDV130/08.001":                      nil,
		"Panasonic_KX-HDV130/08.001 (000000000000)":       nil,
		"Panasonic_KX-HDV130/08.001 (0080f0c8c381) x":     nil,
		"xPanasonic_KX-HDV130/08.001 (0080f0c8c381)":      nil,
		"Panasonic_KX-HDV130/08.001 (0080f0c8c381)\n":     nil,
		"panasonic_kx-hdv130/08.001 (0080f0c8c381)":       nil,
		"Panasonic_TV-100/08.001 (0080f0c8c381)":          nil,
		"Panasonic_KX-UT113/0" + strings.Repeat("1", 300): nil,
		"": nil,
	})
}

func TestPath(t *testing.T) {
	t.Parallel()
	addr := mac.MustParse("0080f0c8c381")
	vendortest.Understands(t, path, name, map[string]*vendor.Identity{
		"/Config0080F0C8C381.cfg":      {MAC: addr},
		"/p/s/config0080f0c8c381.cfg":  {MAC: addr},
		"/KX-UT136.cfg":                {Model: "KX-UT136"},
		"/kx-hdv230nb.cfg":             {Model: "KX-HDV230"},
		"/KX-TGP500B04.cfg":            {Model: "KX-TGP500"},
		"/Config0080F0C8C38.cfg":       nil,
		"/Config010000000000.cfg":      nil, // multicast
		"/Config0080F0C8C381.cfg.old":  nil,
		"/0080f0c8c381.cfg":            nil,
		"/cfg0080f0c8c381.xml":         nil,
		"/KX.cfg":                      nil,
		"/y000000000108.cfg":           nil,
		"/" + strings.Repeat("a", 300): nil,
		"":                             nil,
	})
}

func FuzzIdentify(f *testing.F) {
	for _, s := range []string{"Panasonic_KX-UT113/01.133 (0080f0c8c381)", "/Config0080F0C8C381.cfg", "/KX-TGP500B04.cfg"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if id, ok := userAgent(s); ok && (!strings.HasPrefix(id.Model, "KX-") || !strings.HasPrefix(s, "Panasonic") || id.MAC.IsZero()) {
			t.Errorf("%q is taken for %+v", s, id)
		}
		if id, ok := path(s); ok && (id.Model == "") == id.MAC.IsZero() {
			t.Errorf("%q is taken for %+v", s, id)
		}
	})
}

package grandstream

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/vendortest"
)

// observation is a row of testdata: what a device sent, and what it is.
type observation struct {
	Kind, UA, Path, Vendor, Model, Version string
	MAC                                    mac.Addr
}

func TestIdentifyObserved(t *testing.T) {
	t.Parallel()
	registry := vendor.NewRegistry(Pack())
	for _, o := range vendortest.Rows[observation](t, "testdata/user-agents.jsonl") {
		t.Run(o.Kind+" "+o.UA+" "+o.Path, func(t *testing.T) {
			t.Parallel()
			if o.Kind == "http-fragment" {
				testFragment(t, o)
				return
			}
			got, ok, err := registry.Identify(vendor.Evidence{UserAgent: o.UA, Path: o.Path})
			if err != nil || !ok {
				t.Fatalf("not identified: %v, %v", ok, err)
			}
			want := vendor.Identity{Vendor: "Grandstream", Model: o.Model, Version: o.Version, MAC: o.MAC}
			if diff := cmp.Diff(want, got.Identity); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// testFragment checks part of a User-Agent, "HW GXP2170", that another server
// looks for to choose a template; the row's model is that template. It is no
// User-Agent of its own.
func testFragment(t *testing.T, o observation) {
	if id, ok := userAgent(o.UA); ok {
		t.Errorf("the fragment alone is taken for %+v", id)
	}
	id, ok := userAgent("Grandstream Model " + o.UA + " SW 1.0.1.2 DevId 000b82123456")
	want := vendor.Identity{Vendor: "Grandstream", Model: strings.TrimPrefix(o.UA, "HW "), Version: "1.0.1.2", MAC: mac.MustParse("000b82123456")}
	if diff := cmp.Diff(want, id); diff != "" || !ok {
		t.Errorf("%v (-want +got):\n%s", ok, diff)
	}
}

func TestStrangersStayStrangers(t *testing.T) {
	t.Parallel()
	for _, o := range vendortest.Rows[observation](t, "testdata/strangers.jsonl") {
		if id, ok := userAgent(o.UA); ok {
			t.Errorf("%s %q is taken for %+v", o.Vendor, o.UA, id)
		}
		if id, ok := path(o.Path); ok {
			t.Errorf("%s %q is taken for %+v", o.Vendor, o.Path, id)
		}
	}
}

func TestUserAgent(t *testing.T) {
	t.Parallel()
	addr := mac.MustParse("c074adf9e559")
	vendortest.Understands(t, userAgent, "Grandstream", map[string]*vendor.Identity{
		"Grandstream Model HW GXV3350  V1.3A SW 1.0.1.8 DevId c074adf9e559":       {Model: "GXV3350", Version: "1.0.1.8", MAC: addr},
		"Grandstream Model HW GXP1405 SW 1.0.4.23 DevId C0:74:AD:F9:E5:59":        {Model: "GXP1405", Version: "1.0.4.23", MAC: addr},
		"Grandstream Model HW HT801V2 V1.0A SW 1.0.5.4 DevId c074adf9e559":        {Model: "HT801V2", Version: "1.0.5.4", MAC: addr},
		"Grandstream Model HW GRP2612W SW 1.0.5.67":                               {Model: "GRP2612W", Version: "1.0.5.67"},
		"Grandstream GXP2000 (gxp2000e.bin:1.2.5.3/boot55e.bin:1.1.6.9)":          {Model: "GXP2000", Version: "1.1.6.9"},
		"Grandstream GXP2170 1.0.11.84 c074adf9e559":                              {Model: "GXP2170", Version: "1.0.11.84", MAC: addr},
		"Grandstream HT-502  V1.2A 1.0.6.6":                                       {Model: "HT502", Version: "1.0.6.6"},
		"Grandstream DP750 1.0.17.16":                                             {Model: "DP750", Version: "1.0.17.16"},
		"Grandstream GRP2612W 1.0.5.67":                                           {Model: "GRP2612W", Version: "1.0.5.67"},
		"Grandstream":                                                             nil,
		"Grandstream 1.0.5.67":                                                    nil,
		"curl/8.5.0 Grandstream GXP2170 1.0.11.84":                                nil,
		"Grandstream GXP2170 1.0.11.84 (compatible)":                              nil,
		"Grandstream Model HW GXP2170 SW 1.0.11.84 DevId 000000000000":            nil,
		"Grandstream Model HW GXP2170 SW 1.0.11.84 DevId c074adf9e5":              nil,
		"Grandstream Model HW GXP2170 SW 1.0.11.84 DevId c074adf9e559\n":          nil,
		"Mozilla/5.0 Grandstream Model HW GXP2170 SW 1.0 DevId c074adf9e559":      nil,
		"Grandstream Model HW GXP2170 SW 1.0.1 DevId " + strings.Repeat(" ", 300): nil,
	})
}

func TestVendorClass(t *testing.T) {
	t.Parallel()
	for class, model := range map[string]string{
		"Grandstream GSC3516": "GSC3516", "Grandstream GXP2170": "GXP2170", "HT802": "HT802", "HT801V2": "HT801V2",
		"": "", "Grandstream": "", "HT802 ": "", "xHT802": "", "GXP2170": "", "HT802\nHT801": "",
	} {
		id, ok := vendorClass(class)
		if ok != (model != "") || id.Model != model {
			t.Errorf("%q is %+v, %v; want %q", class, id, ok, model)
		}
	}
	if id, ok := vendorClass("DP7XX"); !ok || id != (vendor.Identity{Vendor: "Grandstream"}) {
		t.Errorf("a DECT base is %+v, %v; want Grandstream's, of no certain model", id, ok)
	}
}

func TestPath(t *testing.T) {
	t.Parallel()
	addr := mac.MustParse("000b82123456")
	vendortest.Understands(t, path, "Grandstream", map[string]*vendor.Identity{
		"/cfg000b82123456":             {MAC: addr},
		"/cfg000b82123456.bin":         {MAC: addr},
		"/prov/x/cfg000b82123456.xml":  {MAC: addr},
		"/CFG000B82123456.XML":         {MAC: addr},
		"/v2_cfg000b82123456.xml":      {MAC: addr},
		"/cfg000b82123456.xml.old":     {MAC: addr},
		"/1.0.2-cfg000b82123456_b":     {MAC: addr},
		"/cfggrp2612w.xml":             {Model: "GRP2612W"},
		"/pre_cfght802v2.xml":          {Model: "HT802V2"},
		"/cfg.xml":                     {},
		"/000b82123456.xml":            nil,
		"/000b82123456.cfg":            nil,
		"/cfg":                         nil,
		"/cfg.txt":                     nil,
		"/mycfg000b82123456.xml":       nil,
		"/cfg000b8212345.xml":          nil,
		"/cfg000b821234567.xml":        nil,
		"/cfg010b82123456.xml":         nil, // multicast
		"/cfg000b82123456.xml/":        nil,
		"/cfg000b82123456 .xml":        nil,
		"/y000000000108.cfg":           nil,
		"/phonebook.xml":               nil,
		"/cfg000b82123456.xml?cfg=1":   nil,
		"/" + strings.Repeat("a", 300): nil,
		"":                             nil,
	})
}

func TestOUIs(t *testing.T) {
	t.Parallel()
	registry := vendor.NewRegistry(Pack())
	for _, oui := range []string{"000b82", "c074ad", "ec74d7"} {
		f, ok, err := registry.Identify(vendor.Evidence{Path: "/" + oui + "a1b2c3.xml"})
		if err != nil || !ok || f.Vendor != "Grandstream" {
			t.Errorf("%s: %+v, %v, %v", oui, f, ok, err)
		}
	}
}

func FuzzUserAgent(f *testing.F) {
	for _, o := range vendortest.Rows[observation](f, "testdata/user-agents.jsonl") {
		f.Add(o.UA)
	}
	f.Fuzz(func(t *testing.T, ua string) {
		id, ok := userAgent(ua)
		if !ok {
			return
		}
		if id.Model == "" || id.Model != strings.ToUpper(id.Model) {
			t.Errorf("%q is a Grandstream of the model %q", ua, id.Model)
		}
		if !id.MAC.IsZero() && !strings.EqualFold(ua[:11], "Grandstream") {
			t.Errorf("%q is understood", ua)
		}
	})
}

func FuzzPath(f *testing.F) {
	for _, p := range []string{"/cfg000b82123456.xml", "/v2_cfg000b82123456", "/cfggrp2614.xml", "/cfg.xml"} {
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, p string) {
		id, ok := path(p)
		if ok && !strings.Contains(strings.ToLower(p), "cfg") {
			t.Errorf("%q is taken for %+v", p, id)
		}
	})
}

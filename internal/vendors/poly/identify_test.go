package poly

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
	Kind, UA, Path, Vendor, Model, Version, MAC string
}

func TestIdentifyObserved(t *testing.T) {
	t.Parallel()
	registry := vendor.NewRegistry(Pack())
	for _, o := range vendortest.Rows[observation](t, "testdata/user-agents.jsonl") {
		switch o.Kind {
		case "http-fragment": // part of a User-Agent that another server looks for
			if id, ok := userAgent(o.UA); ok {
				t.Errorf("the fragment %q alone is taken for %+v", o.UA, id)
			}
			if id, ok := userAgent("FileTransport " + o.UA + ".9.1 Type/Application"); !ok || !strings.Contains(strings.ReplaceAll(o.UA, "_", ""), id.Model) {
				t.Errorf("%q in a User-Agent: %+v, %v", o.UA, id, ok)
			}
			continue
		case "dhcp60":
			continue
		}
		got, ok, err := registry.Identify(vendor.Evidence{UserAgent: o.UA, Path: o.Path})
		if err != nil || !ok {
			t.Errorf("%q %q is not identified: %v, %v", o.UA, o.Path, ok, err)
			continue
		}
		want := vendor.Identity{Vendor: "Poly", Model: o.Model, Version: o.Version}
		if o.MAC != "" {
			want.MAC = mac.MustParse(o.MAC)
		}
		if o.UA == "" {
			want.Model = "" // its row names the template that lies at this path
		}
		if diff := cmp.Diff(want, got.Identity); diff != "" {
			t.Errorf("%q %q (-want +got):\n%s", o.UA, o.Path, diff)
		}
	}
}

func TestStrangersStayStrangers(t *testing.T) {
	t.Parallel()
	for _, o := range vendortest.Rows[observation](t, "testdata/strangers.jsonl") {
		vendortest.Strangers(t, userAgent, o.UA)
		vendortest.Strangers(t, path, o.Path)
	}
}

func TestUserAgent(t *testing.T) {
	t.Parallel()
	address := mac.MustParse("f04ea4691c59")
	vendortest.Understands(t, userAgent, name, map[string]*vendor.Identity{
		"PolyEdge-Edge_E350-UA/8.3.1.0614_f04ea4691c59":                                  {Model: "EdgeE350", Version: "8.3.1.0614", MAC: address},
		"Polycom/5.5.2.8571 PolycomVVX-VVX_310-UA/5.5.2.8571":                            {Model: "VVX310", Version: "5.5.2.8571"},
		"FileTransport PolyTrio-Trio_C60-UA/7.2.6.0139 Type/Updater":                     {Model: "TrioC60", Version: "7.2.6.0139"},
		"FileTransport PolyEdge-Edge_E550-UA/8.0.0.1 (SN:F04EA4691C59) Type/Updater":     {Model: "EdgeE550", Version: "8.0.0.1", MAC: address},
		"FileTransport PolycomVVX-VVX_1500-UA/5.9.7.3480 (SN:f04ea4691c59)":              {Model: "VVX1500", Version: "5.9.7.3480", MAC: address},
		"FileTransport PolycomSoundStation-SSDuo-UA/4.0.9.1400 Type/Application":         {Model: "SSDuo", Version: "4.0.9.1400"},
		"FileTransport PolycomSoundPointIP-SPIP_670-UA/4.0.15.1047 Type/Application":     {Model: "SPIP670", Version: "4.0.15.1047"},
		"PolycomRealPresenceTrio-Trio_Visual+-UA/5.7.2.3123":                             {Model: "TrioVisual+", Version: "5.7.2.3123"},
		"FileTransport PolyCCX-CCX_700-UA/9.4.1.0508 (SN:f04ea4691c59) Type/Application": {Model: "CCX700", Version: "9.4.1.0508", MAC: address},
	})
	vendortest.Strangers(t, userAgent,
		"", "Poly", "Polycom", "FileTransport ", "PolycomVVX-VVX_310", "PolycomVVX-VVX_310-UA/", "PolycomVVX-VVX_310-UA/5",
		"curl/8 PolycomVVX-VVX_310-UA/5.5.2.8571", "PolycomVVX-VVX_310-UA/5.5.2.8571 curl/8", "PolycomVVX-VVX_310-UA/5.5.2.8571\n",
		"FileTransport PolycomVVX-VVX_310-UA/5.5.2 Type/Other", "FileTransport PolycomVVX-VVX_310-UA/5.5.2 (SN:0004f2)",
		"PolycomVVX-VVX_310-UA/5.5.2_f04ea4691c59 (SN:0004f2aabbcc)", "Polycom HDX 8000 HD", "Poly Studio X30/4.0",
		"FileTransport FilePoly-VVX_1-UA/1.1", "PolycomVVX-"+strings.Repeat("V", 200)+"-UA/5.5.2",
	)
}

func TestPath(t *testing.T) {
	t.Parallel()
	for p, want := range map[string]string{
		"/000000000000.cfg": "000000000000", "/x/0004F2AABBCC-directory.xml": "0004f2aabbcc", "/0004f2aabbcc-app.log": "0004f2aabbcc",
		"/000000000000-license.cfg": "000000000000", "/sip.ld": "000000000000", "/2345-12600-001.sip.ld": "000000000000",
	} {
		if id, ok := path(p); !ok || id.MAC.String() != want {
			t.Errorf("path(%q) = %+v, %v", p, id, ok)
		}
	}
	vendortest.Strangers(t, path, "", "/", "/0004f2aabbcc.cfg", "/0004f2aabbcc-phones.cfg", "/x-0004f2aabbcc-phone.cfg", "/sip.ld.bak", "/2345.sip.ld", "/000000000000.boot")
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
		if id.Model == "" || len(id.Model) > 16 || len(id.Version) > 32 || !strings.Contains(ua, "-UA/"+id.Version) {
			t.Errorf("userAgent(%q) = %+v", ua, id)
		}
		for _, more := range []string{ua + "x ", "x" + ua} {
			if id, ok := userAgent(more); ok {
				t.Errorf("userAgent(%q) = %+v", more, id)
			}
		}
	})
}

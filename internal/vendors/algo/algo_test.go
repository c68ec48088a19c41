package algo

import (
	"testing"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/vendortest"
)

func TestPack(t *testing.T) {
	t.Parallel()
	vendortest.Run(t, Pack(), vendortest.Lacks{
		"account label": "there is no display",
		"language":      "there is no display",
		"background":    "there is no display",
		"user password": "there is one login",
		"tone":          "no source names the parameter",
		"voicemail":     "an endpoint has no mailbox",
		"srtp":          "no source names the value",
		"pc vlan":       "there is one port",
		"ringtones":     "files are uploaded by hand",
		"firmware":      "no source says what prov.download.fwpath takes",
	})
}

func TestCorpus(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, r := range vendortest.Rows[struct{ Path, MAC string }](t, "testdata/user-agents.jsonl") {
		seen++
		if id, ok := path(r.Path); !ok || id != (vendor.Identity{Vendor: name, MAC: mac.MustParse(r.MAC)}) {
			t.Errorf("%q is understood as %+v, %v", r.Path, id, ok)
		}
	}
	if seen != 1 {
		t.Errorf("the corpus has %d rows", seen)
	}
}

func TestIdentify(t *testing.T) {
	t.Parallel()
	if id, ok := userAgent("Algo-8201/5.2"); !ok || id != (vendor.Identity{Vendor: name, Model: "8201", Version: "5.2"}) {
		t.Errorf("%+v, %v", id, ok)
	}
	vendortest.Strangers(t, userAgent, "", "Algo-8201", "Algo-8201/", "Algo-8201/5.2 x", " Algo-8201/5.2", "algo-8201/5.2", "Algo-8201/5.2\n", "Algo 8201/5.2")
	vendortest.Understands(t, path, name, map[string]*vendor.Identity{
		"/algop8180.conf":                {Model: "8180"},
		"/t/acme/algom0022EE123456.conf": {MAC: mac.MustParse("0022ee123456")},
		"/algo0022ee123456.conf":         {MAC: mac.MustParse("0022ee123456")},
	})
	vendortest.Strangers(t, path, "", "/algop.conf", "/algom0022ee.conf", "/xalgop8180.conf", "/0022ee123456.conf", "/algop8180.cfg")
}

func FuzzIdentify(f *testing.F) {
	f.Add("Algo-8201/5.2")
	f.Add("/algom0022EE123456.conf")
	f.Fuzz(func(t *testing.T, s string) {
		if id, ok := userAgent(s); ok && (id.Model == "" || id.Version == "") {
			t.Errorf("%q is understood as %+v", s, id)
		}
		if id, ok := path(s); ok && id.MAC.IsZero() == (id.Model == "") {
			t.Errorf("%q is understood as %+v", s, id)
		}
	})
}

func TestUnderstand(t *testing.T) {
	t.Parallel()
	c, err := parse("a.conf", []byte("# a comment\nprov.server.method = static\nprov.server.static = a.example:8443\nprov.download.method = https\nprov.download.cfgpath =\nmcast.polycom. = Default\nsip.proxy = pbx.example\nsip.obproxy = sbc.example:x\nsip.transp = tls\nsip.u1.user = 1\nsip.page.use = 1\n"))
	if err != nil {
		t.Fatal(err)
	}
	s := understand(c)
	if s.ProvisioningURL != "https://a.example:8443/" || len(s.Accounts) != 1 || s.Accounts[0].Port != 5061 || s.Accounts[0].OutboundPort != 0 {
		t.Errorf("%+v", s)
	}
	if len(understand(new(vendor.Config)).Accounts) != 0 {
		t.Error("a device without a file has an account")
	}
}

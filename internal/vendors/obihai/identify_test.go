package obihai

import (
	"strings"
	"testing"

	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/vendortest"
)

func TestIdentifyObserved(t *testing.T) {
	t.Parallel()
	vendortest.Observed(t, Pack(), "testdata/user-agents.jsonl")
}

func TestUserAgent(t *testing.T) {
	t.Parallel()
	vendortest.Understands(t, userAgent, name, map[string]*vendor.Identity{
		"OBIHAI/OBi202-3.2.2.5921":   {Model: "OBi202", Version: "3.2.2.5921"},
		"OBIHAI/OBi1062-5.1.11.4858": {Model: "OBi1062", Version: "5.1.11.4858"},
		"OBIHAI/VVXD230-7.1.0.3306":  {Model: "VVXD230", Version: "7.1.0.3306"},
		"VVXD230":                    {Model: "VVXD230"},
	})
	vendortest.Strangers(t, userAgent,
		"", "OBIHAI", "OBIHAI/", "OBIHAI/OBi202", "OBIHAI/OBi202-", "OBIHAI/OBi202-3", "OBIHAI/OBi202-3.2.", "OBi202-3.2.2.5921",
		"obihai/OBi202-3.2.2.5921", "x OBIHAI/OBi202-3.2.2.5921", "OBIHAI/OBi202-3.2.2.5921 x", "OBIHAI/OBi202-3.2.2.5921\n",
		"OBIHAI/SPA112-1.4.1", "OBIHAI/VVXD230", "VVXD230 ", "vvxd230", "VVXD2300", "OBIHAI/OBi202-"+strings.Repeat("1.", 100)+"1",
	)
}

func TestPath(t *testing.T) {
	t.Parallel()
	for p, want := range map[string]string{
		"/OBi202.xml": "OBi202 000000000000", "/x/obi1062.XML": "OBi1062 000000000000", "/VVXD230.xml": "VVXD230 000000000000", "/9CADEFA1B2C3.xml": " 9cadefa1b2c3",
	} {
		if id, ok := path(p); !ok || id.Vendor != name || id.Model+" "+id.MAC.String() != want {
			t.Errorf("path(%q) = %+v, %v", p, id, ok)
		}
	}
	vendortest.Strangers(t, path, "", "/", "/obi.xml", "/obi202.cfg", "/x-obi202.xml", "/0004f2a1b2c3.xml", "/9cadefa1b2.xml", "/9cadefa1b2c3.xml.bak", "/9cadefa1b2c3.xml/")
}

func FuzzUserAgent(f *testing.F) {
	for _, o := range vendortest.Rows[struct{ UA string }](f, "testdata/user-agents.jsonl") {
		f.Add(o.UA)
	}
	f.Fuzz(func(t *testing.T, ua string) {
		if id, ok := userAgent(ua); ok && (ua != d230 && ua != "OBIHAI/"+id.Model+"-"+id.Version || len(ua) > maxName) {
			t.Errorf("userAgent(%q) = %+v", ua, id)
		}
	})
}

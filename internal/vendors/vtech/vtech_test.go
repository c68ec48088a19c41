package vtech

import (
	"testing"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/vendortest"
)

func TestPack(t *testing.T) {
	t.Parallel()
	vendortest.Run(t, Pack(), vendortest.Lacks{
		"key label":              "no source names the parameter",
		"tone":                   "tones are told by their frequencies",
		"ntp2":                   "the phones take one time server",
		"ringtones":              "no source names the parameter",
		"background":             "no source names the parameter",
		"spare codecs":           "no source says how a codec is switched off",
		"vtech-vcs.xml: pc vlan": "there is one port",
	})
}

func TestIdentify(t *testing.T) {
	t.Parallel()
	vendortest.Understands(t, userAgent, name, map[string]*vendor.Identity{
		"Vtech Vesa VSP735 36.185.137.145-0": {Model: "VSP735", Version: "36.185.137.145-0"},
		"Vesa VCS754 1.1.1.1-0":              {Model: "VCS754", Version: "1.1.1.1-0"},
		"VTech Vesa VSP726A 2.0.3.2":         {Model: "VSP726", Version: "2.0.3.2"},
	})
	vendortest.Strangers(t, userAgent, "", "Vesa VCS754", "VTech VSP735", "Vtech Vesa VSP735 1.1.4.0-0 x", " Vesa VCS754 1.1.1.1-0", "Vesa VCS754 1.1.1.1-0\n", "Vesa VXX754 1.1.1.1-0")
	vendortest.Understands(t, path, name, map[string]*vendor.Identity{
		"/VSP735A.cfg":                    {Model: "VSP735"},
		"/t/acme/vcs754.cfg":              {Model: "VCS754"},
		"/VSP735A_00122AA1B2C3.cfg":       {Model: "VSP735", MAC: mac.MustParse("00122aa1b2c3")},
		"/t/acme/VCS754_00122aa1b2c3.cfg": {Model: "VCS754", MAC: mac.MustParse("00122aa1b2c3")},
	})
	vendortest.Strangers(t, path, "", "/00122aa1b2c3.cfg", "/VSP735B.cfg", "/xVSP735A.cfg", "/VSP735A_00122a.cfg", "/VSP735A.xml")
}

func TestVendorClass(t *testing.T) {
	t.Parallel()
	if id, ok := vendorClass("Vtech Vesa VCS754"); !ok || id != (vendor.Identity{Vendor: name, Model: "VCS754"}) {
		t.Errorf("%+v, %v", id, ok)
	}
	vendortest.Strangers(t, vendorClass, "", "Vtech", "Vtech Vesa", "Vtech Vesa VCS754 x", "Vtech Vesa VXX754")
}

func FuzzIdentify(f *testing.F) {
	f.Add("Vtech Vesa VSP735 1.1.4.0-0")
	f.Add("/VSP735A_00122AA1B2C3.cfg")
	f.Fuzz(func(t *testing.T, s string) {
		if id, ok := userAgent(s); ok && (id.Model == "" || id.Version == "") {
			t.Errorf("%q is understood as %+v", s, id)
		}
		if id, ok := path(s); ok && id.Model == "" {
			t.Errorf("%q is understood as %+v", s, id)
		}
	})
}

func TestDirectoryRefuses(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "<Book/>", "<directory>", "x"} {
		if _, err := directory([]byte(body)); err == nil {
			t.Errorf("%q is accepted", body)
		}
	}
}

// TestPoll: a time that is no number of days is an interval, and none is none.
func TestPoll(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]int{
		"provisioning.schedule_mode = interval\nprovisioning.resync_time = 30":        30,
		"provisioning.schedule_mode = interval\nprovisioning.resync_time = 0":         0,
		"provisioning.schedule_mode = weekday\nprovisioning.weekdays = 0,1,2,3,4,5,6": 1440,
		"provisioning.schedule_mode = weekday\nprovisioning.weekdays = 1":             0,
		"# nothing": 0,
	} {
		c, err := parse("a.cfg", []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		if got := understand(c).PollMinutes; got != want {
			t.Errorf("%q polls every %d minutes, want %d", body, got, want)
		}
	}
}

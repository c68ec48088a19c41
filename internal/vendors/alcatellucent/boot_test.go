package alcatellucent

import (
	"testing"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/vendortest"
)

func TestBoot(t *testing.T) {
	t.Parallel()
	const (
		own     = "https://prov.example.net/s/1/"
		mine    = "config.3c28a620089e.xml"
		enrol   = `<setting id="DeviceProvisionServerUrl" value="https://prov.example.net/s/1"/>`
		full    = `<setting id="Account1Enable" value="true"/><setting id="Account1UserName" value="201"/>`
		another = `<setting id="Account1UserName" value="999"/><setting id="SettingLanguage" value="2"/>`
	)
	vendortest.Boots{
		Boot: boot, Unit: vendor.Unit{MAC: mac.MustParse("3c28a620089e")},
		File: settings,
		Want: map[string]string{"Account1UserName": "201"},
	}.Run(t, map[string]vendortest.Start{
		"later files win": {
			Model: "M5", Files: map[string]string{"config.xml": another, "config.M5.xml": another, mine: full},
			Asked: []string{"config.xml", "config.M5.xml", mine},
		},
		"enrolment": {
			Model: "H6", Files: map[string]string{mine: enrol, own + mine: full},
			Asked: []string{"config.xml", mine, own + "config.xml", own + mine},
		},
		"enrolment that leads nowhere": {Model: "M5", Files: map[string]string{mine: enrol}, Fails: vendor.ErrNoConfig},
		"nothing":                      {Model: "M5", Fails: vendor.ErrNoConfig},
		"silence":                      {Model: "M5", Files: map[string]string{"config.M5.xml": "-"}, Fails: vendortest.ErrSilence},
		"out of order":                 {Model: "M5", Files: map[string]string{mine: "503"}, Says: mine + ": status 503"},
		"refused":                      {Model: "M5", Files: map[string]string{mine: "<x/>"}, Says: mine + " line 3"},
	})
}

func TestHTTPUserAgent(t *testing.T) {
	t.Parallel()
	addr := mac.MustParse("3c28a620089e")
	for want, u := range map[string]vendor.Unit{
		"ALE M3-CE 2.11.01.1604 3c28a620089e": {MAC: addr, Model: "M3"},
		"ALE H6W 1.2.3 3c28a620089e":          {MAC: addr, Model: "H6W", Firmware: "1.2.3"},
	} {
		if got := Pack().HTTPUserAgent(u); got != want {
			t.Errorf("User-Agent is %q, want %q", got, want)
		}
	}
}

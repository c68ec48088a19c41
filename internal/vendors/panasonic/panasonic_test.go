package panasonic_test

import (
	"testing"

	"github.com/dialplane/dialplane/internal/vendors/panasonic"
	"github.com/dialplane/dialplane/internal/vendors/vendortest"
)

func TestPack(t *testing.T) {
	t.Parallel()
	lacks := vendortest.Lacks{
		"account label": "a line has none; its key has",
		"key account":   "a BLF or one-touch key calls over the phone's default line",
		"ntp2":          "there is one NTP_ADDR",
		"tone":          "tones are frequencies and cadences, and no list gives them for a country",
		"ringtones":     "no parameter that fetches one is documented",
		"background":    "no parameter that fetches one is documented",

		"panasonic-tgp500.xml: spare codecs": "those not chosen come last: no word for none is known",
	}
	for _, base := range []string{"panasonic-tgp500.xml", "panasonic-tgp600.xml"} {
		lacks[base+": lldp"] = "no parameter is documented"
		lacks[base+": pc vlan"] = "a base has one port"
		lacks[base+": handset ipui"] = "handsets are registered by hand"
		lacks[base+": handset name"] = "no parameter is documented"
	}
	vendortest.Run(t, panasonic.Pack(), lacks)
}

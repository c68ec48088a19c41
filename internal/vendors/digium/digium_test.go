package digium

import (
	"testing"

	"github.com/dialplane/dialplane/internal/vendors/vendortest"
)

func TestPack(t *testing.T) {
	t.Parallel()
	vendortest.Run(t, Pack(), vendortest.Lacks{
		"tone":                     "the tones go by the locale",
		"digium-d.xml: background": "FP: the D6x alone take one",
		"user password":            "there is one password, the administrator's",
		"ntp2":                     "the phones take one time server",
		"poll":                     "the settings of the config re-check could not be read",
		"lldp":                     "a phone that is told its VLAN does not ask for it",
		"key account":              "a contact is dialled from the line in use",
		"ringtones":                "<ringtones> could not be read",
	})
}

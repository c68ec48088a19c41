package sangoma

import (
	"testing"

	"github.com/dialplane/dialplane/internal/vendors/vendortest"
)

func TestPack(t *testing.T) {
	t.Parallel()
	lacks := vendortest.Lacks{
		"tone":                         "the tones go by the locale; P-values for them are not known",
		"sangoma-p.xml: background":    "FP: the D6x alone take one",
		"digium-d.xml: background":     "FP: the D6x alone take one",
		"sangoma-s.xml: vlan priority": "there is one for the phone's own port (P87), none for the PC's",
	}
	for _, family := range []string{"sangoma-p", "digium-d", "digium-d6"} {
		for fact, why := range map[string]string{
			"user password": "there is one password, the administrator's",
			"ntp2":          "the phones take one time server",
			"poll":          "the settings of the config re-check could not be read",
			"lldp":          "a phone that is told its VLAN does not ask for it",
			"key account":   "a contact is dialled from the line in use",
			"ringtones":     "<ringtones> could not be read",
		} {
			lacks[family+".xml: "+fact] = why
		}
	}
	vendortest.Run(t, Pack(), lacks)
}

package cisco

import (
	"testing"

	"github.com/dialplane/dialplane/internal/vendors/vendortest"
)

func TestPack(t *testing.T) {
	t.Parallel()
	lacks := vendortest.Lacks{
		"account label":          "a line is labelled by its key",
		"dtmf key":               "digits are for soft keys alone (Administration Guide 8800, fnc=dtmf)",
		"vlan priority":          "not configurable",
		"semicolon in key label": "divides the fields of a key's function",
		"ringtones":              "no document says which parameter takes an address",
		"background":             "no document says which parameters select a picture",
	}
	only := func(template string, facts vendortest.Lacks) {
		for fact, why := range facts {
			lacks[template+".xml: "+fact] = why
		}
	}
	for _, flat := range []string{"68xx", "78xx", "88xx", "98xx", "spa3xx", "spa5xx", "spa525", "spa1xx", "ata19x", "spa8xxx"} {
		only("cisco-"+flat, vendortest.Lacks{"voicemail": "one number for the whole phone, Voice_Mail_Number"})
		if flat != "98xx" {
			only("cisco-"+flat, vendortest.Lacks{"language": "needs a dictionary file of Cisco's"})
		}
	}
	for _, spa := range []string{"spa3xx", "spa5xx", "spa525"} {
		only("cisco-"+spa, vendortest.Lacks{
			"srtp": "one switch for the whole phone, Secure_Call_Setting", "line key on a module": "a side-car has no lines",
		})
	}
	for _, adapter := range []string{"spa1xx", "ata19x"} {
		only("cisco-"+adapter, vendortest.Lacks{
			"clock": "the zone is a code of the vendor's without a table", "ntp2": "one server", "pc vlan": "not configurable",
		})
	}
	only("cisco-spa8xxx", vendortest.Lacks{"vlan": "not configurable", "lldp": "not configurable"})
	for _, device := range []string{"79xx", "89xx", "cp", "ata190"} {
		only("cisco-"+device, vendortest.Lacks{
			"own address":            "nothing sends the phone elsewhere",
			"poll":                   "the phone fetches at a restart alone",
			"firmware":               "taken by name from where the configuration comes from",
			"user password":          "there is none",
			"language":               "needs locale files of Cisco's",
			"tone":                   "likewise",
			"srtp":                   "needs a trust list",
			"vlan":                   "by CDP, LLDP or the phone's menu",
			"url key":                "no source tells a key's number",
			"park key":               "there is none",
			"codec order":            "one is preferred",
			"account transport":      "one for the whole phone",
			"account outbound proxy": "one for the whole phone",
		})
	}
	vendortest.Run(t, Pack(), lacks)
}

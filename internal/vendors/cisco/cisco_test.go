package cisco

import (
	"testing"

	"github.com/dialplane/dialplane/internal/vendors/vendortest"
)

// What no phone of the flat profile can be told.
func lacks(more vendortest.Lacks) vendortest.Lacks {
	all := vendortest.Lacks{
		"account label":          "a line is labelled by its key",
		"dtmf key":               "digits are for soft keys alone (Administration Guide 8800, fnc=dtmf)",
		"vlan priority":          "not configurable",
		"semicolon in key label": "divides the fields of a key's function",
		"voicemail":              "one number for the whole phone, Voice_Mail_Number",
		"language":               "needs a dictionary file of Cisco's",
		"ringtones":              "no document says which parameter takes an address",
		"background":             "no document says which parameters select a picture",
	}
	for fact, why := range more {
		all[fact] = why
	}
	return all
}

func TestMPP(t *testing.T) {
	t.Parallel()
	vendortest.Run(t, vendortest.Of(Pack(), "cisco-[678]8xx.xml"), lacks(nil))
}

func TestPhoneOS(t *testing.T) {
	t.Parallel()
	all := lacks(nil)
	delete(all, "language")
	vendortest.Run(t, vendortest.Of(Pack(), "cisco-98xx.xml"), all)
}

func TestSPA(t *testing.T) {
	t.Parallel()
	vendortest.Run(t, vendortest.Of(Pack(), "cisco-spa[35]*.xml"), lacks(vendortest.Lacks{
		"srtp":                 "one switch for the whole phone, Secure_Call_Setting",
		"line key on a module": "a side-car has no lines",
	}))
}

func TestAdapters(t *testing.T) {
	t.Parallel()
	more := vendortest.Lacks{
		"clock": "the zone is a code of the vendor's without a table", "ntp2": "one server", "pc vlan": "not configurable",
		"directory": "an adapter shows none",
	}
	vendortest.Run(t, vendortest.Of(Pack(), "cisco-ata19x.xml"), lacks(more))
	more["srtp"] = "no parameter is known"
	vendortest.Run(t, vendortest.Of(Pack(), "cisco-spa1xx.xml"), lacks(more))
	delete(more, "clock")
	delete(more, "ntp2")
	more["vlan"], more["lldp"] = "not configurable", "not configurable"
	vendortest.Run(t, vendortest.Of(Pack(), "cisco-spa8xxx.xml"), lacks(more))
}

func TestEnterprise(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{"cisco-79xx.xml", "cisco-89xx.xml", "cisco-cp.xml", "cisco-ata190.xml"} {
		vendortest.Run(t, vendortest.Of(Pack(), pattern), vendortest.Lacks{
			"own address":                   "nothing sends the phone elsewhere",
			"poll":                          "the phone fetches at a restart alone",
			"firmware":                      "taken by name from where the configuration comes from",
			"ringtones":                     "listed in a file at the same place, with names of that place",
			"background":                    "likewise",
			"account label":                 "a line is labelled by its key",
			"user password":                 "there is none",
			"language":                      "needs locale files of Cisco's",
			"tone":                          "likewise",
			"srtp":                          "needs a trust list",
			"vlan":                          "by CDP, LLDP or the phone's menu",
			"url key":                       "no source tells a key's number",
			"dtmf key":                      "there is none",
			"park key":                      "there is none",
			"codec order":                   "one is preferred",
			"transports of their own":       "one for the whole phone",
			"outbound proxies of their own": "one for the whole phone",
		})
	}
}
